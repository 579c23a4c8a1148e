/*
 * teacher.c - the teacher's forward pass, and the loss.
 */
#include "core/train/teacher.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct teacher {
    struct model *model;
    struct encoder *encoder;
    float *logits; /* [B,K] of the largest batch */
};

/* The student's ids must mean the same to the teacher. */
static int check_vocabulary(const struct model *model, const struct model *student,
                            struct sawb_error *error) {
    const struct tokenizer *own = model->tokenizer, *other = student->tokenizer;
    int size = tokenizer_size(own);
    if (size != tokenizer_size(other))
        return error_set(error,
                         "train: teacher %s: has %d word pieces, the model in training %d; a "
                         "teacher must have the same vocabulary",
                         model->directory, size, tokenizer_size(other));
    for (int id = 0; id < size; id++)
        if (strcmp(tokenizer_piece(own, id), tokenizer_piece(other, id)) != 0)
            return error_set(error,
                             "train: teacher %s: word piece %d is \"%s\", in the model in training "
                             "\"%s\"; a teacher must have the same vocabulary",
                             model->directory, id, tokenizer_piece(own, id),
                             tokenizer_piece(other, id));
    return 0;
}

static int check_labels(const struct model *model, const struct model *student,
                        struct sawb_error *error) {
    if (model->config.labels == student->config.labels)
        return 0;
    return error_set(error, "train: teacher %s: has %d labels, the model in training %d",
                     model->directory, model->config.labels, student->config.labels);
}

static int teacher_fill(struct teacher *teacher, const struct batch_size *most,
                        const struct compute *compute, struct sawb_error *error) {
    const struct model_config *config = &teacher->model->config;
    teacher->logits =
        calloc((size_t)most->sentences * (size_t)config->labels, sizeof(*teacher->logits));
    if (!teacher->logits)
        return error_set(error, "train: out of memory for a teacher");
    if (encoder_create(&teacher->encoder, config, ENCODER_INFERENCE, compute, error) < 0)
        return -1;
    return encoder_reserve(teacher->encoder, most->tokens, most->sentences, most->pairs, error);
}

int teacher_create(struct teacher **created, struct model *model, const struct model *student,
                   const struct batch_size *most, const struct compute *compute,
                   struct sawb_error *error) {
    *created = NULL;
    if (check_vocabulary(model, student, error) < 0 || check_labels(model, student, error) < 0)
        return -1;
    struct teacher *teacher = calloc(1, sizeof(*teacher));
    if (!teacher)
        return error_set(error, "train: out of memory for a teacher");
    teacher->model = model_retain(model);
    if (teacher_fill(teacher, most, compute, error) < 0) {
        teacher_free(teacher);
        return -1;
    }
    *created = teacher;
    return 0;
}

void teacher_free(struct teacher *teacher) {
    if (!teacher)
        return;
    encoder_free(teacher->encoder);
    model_release(teacher->model);
    free(teacher->logits);
    free(teacher);
}

const struct model *teacher_model(const struct teacher *teacher) {
    return teacher->model;
}

const float *teacher_logits(struct teacher *teacher, const struct encoder_batch *batch,
                            struct sawb_error *error) {
    const struct encoder_options options = {0};
    if (encoder_forward(teacher->encoder, &teacher->model->weights, batch, &options,
                        teacher->logits, error) == 0)
        return teacher->logits;
    error_prefix(error, "the teacher");
    return NULL;
}

/* log Σ exp(logits / T), with the largest taken out so that nothing overflows. */
static double log_sum(const float *logits, int classes, double temperature) {
    double largest = logits[0];
    for (int k = 1; k < classes; k++)
        largest = fmax(largest, logits[k]);
    double total = exp((logits[0] - largest) / temperature);
    for (int k = 1; k < classes; k++)
        total += exp((logits[k] - largest) / temperature);
    return largest / temperature + log(total);
}

double teacher_loss(const struct lesson *lesson, const float *student, double cross_entropy,
                    float *gradients) {
    double t = lesson->temperature, alpha = lesson->alpha, divergence = 0;
    int classes = lesson->classes;
    for (int b = 0; b < lesson->sentences; b++) {
        size_t row = (size_t)b * (size_t)classes;
        const float *z = student + row, *u = lesson->logits + row;
        double z_sum = log_sum(z, classes, t), u_sum = log_sum(u, classes, t);
        for (int k = 0; k < classes; k++) {
            double log_q = z[k] / t - z_sum, log_p = u[k] / t - u_sum, p = exp(log_p);
            double pull = t * (exp(log_q) - p) / lesson->sentences;
            divergence += p * (log_p - log_q);
            gradients[row + (size_t)k] =
                (float)((1 - alpha) * (double)gradients[row + (size_t)k] + alpha * pull);
        }
    }
    return (1 - alpha) * cross_entropy + alpha * t * t * divergence / lesson->sentences;
}
