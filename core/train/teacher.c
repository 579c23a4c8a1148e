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
    struct token_set set;
    struct batch_room room; /* of a piece */
    float *logits;          /* [sentences of the set, K] */
    unsigned char *known;   /* [pieces] 1: its logits are there */
};

static int check_labels(const struct model *model, const struct model *student,
                        struct sawb_error *error) {
    if (model->config.labels == student->config.labels)
        return 0;
    return error_set(error, "train: teacher %s: has %d labels, the model in training %d",
                     model->directory, model->config.labels, student->config.labels);
}

static int teacher_fill(struct teacher *teacher, const struct dataset *dataset,
                        const struct token_set *set, const struct compute *compute,
                        struct sawb_error *error) {
    const struct model *model = teacher->model;
    size_t count = (size_t)set->count;
    teacher->logits = calloc(count * (size_t)model->config.labels + 1, sizeof(*teacher->logits));
    teacher->known = calloc(count / TEACHER_PIECE + 1, 1);
    if (!teacher->logits || !teacher->known)
        return error_set(error, "train: out of memory for a teacher of %d sentences", set->count);
    if (token_set_create(&teacher->set, model->tokenizer, dataset, set->rows, set->count,
                         model_token_limit(model), compute->pool, error) < 0 ||
        batch_room_create(&teacher->room, &teacher->set, TEACHER_PIECE, error) < 0 ||
        encoder_create(&teacher->encoder, &model->config, ENCODER_INFERENCE, compute, error) < 0)
        return -1;
    /* Opening it has read all of its file, of which only the words of the set are read again once
     * the rest is packed. */
    file_map_rest(&model->map);
    struct batch_most most = {0};
    batch_look(&most, &teacher->set, NULL, set->count, TEACHER_PIECE);
    return encoder_reserve(teacher->encoder, most.tokens, most.sentences, error);
}

int teacher_create(struct teacher **created, struct model *model, const struct model *student,
                   const struct dataset *dataset, const struct token_set *set,
                   const struct compute *compute, struct sawb_error *error) {
    *created = NULL;
    if (check_labels(model, student, error) < 0)
        return -1;
    struct teacher *teacher = calloc(1, sizeof(*teacher));
    if (!teacher)
        return error_set(error, "train: out of memory for a teacher");
    teacher->model = model_retain(model);
    if (teacher_fill(teacher, dataset, set, compute, error) < 0) {
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
    batch_room_free(&teacher->room);
    token_set_free(&teacher->set);
    model_release(teacher->model);
    free(teacher->logits);
    free(teacher->known);
    free(teacher);
}

const struct model *teacher_model(const struct teacher *teacher) {
    return teacher->model;
}

int teacher_truncated(const struct teacher *teacher) {
    return teacher->set.truncated;
}

static int read_piece(struct teacher *teacher, int piece, struct sawb_error *error) {
    const struct encoder_options options = {0};
    int chosen[TEACHER_PIECE], first = piece * TEACHER_PIECE, count = teacher->set.count - first;
    count = count < TEACHER_PIECE ? count : TEACHER_PIECE;
    for (int i = 0; i < count; i++)
        chosen[i] = first + i;
    batch_pack(&teacher->room, &teacher->set, chosen, count);
    float *logits = teacher->logits + (size_t)first * (size_t)teacher->model->config.labels;
    if (encoder_forward(teacher->encoder, &teacher->model->weights, &teacher->room.batch, &options,
                        logits, error) < 0)
        return error_prefix(error, "the teacher");
    teacher->known[piece] = 1;
    return 0;
}

int teacher_logits(struct teacher *teacher, const int *chosen, int count, float *logits,
                   struct sawb_error *error) {
    size_t classes = (size_t)teacher->model->config.labels;
    for (int i = 0; i < count; i++) {
        int piece = chosen[i] / TEACHER_PIECE;
        if (!teacher->known[piece] && read_piece(teacher, piece, error) < 0)
            return -1;
        memcpy(logits + (size_t)i * classes, teacher->logits + (size_t)chosen[i] * classes,
               classes * sizeof(*logits));
    }
    return 0;
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
