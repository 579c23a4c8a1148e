/*
 * teacher.c - the teacher's forward pass, and the loss.
 */
#include "core/train/teacher.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/array.h"

struct teacher {
    struct model *model;
    struct encoder *encoder;
    struct token_set set;
    struct batch_room room; /* of a piece */
    float *logits;          /* [sentences of the set, K] */
    unsigned char *known;   /* [pieces] 1: its logits are there */
    /* Of teacher_create_live; the others are of teacher_create. */
    int *pieces; /* [V of the student] */
    int *ids;    /* [N] of a batch */
    size_t ids_capacity;
};

static int check_labels(const struct model *model, const struct model *student,
                        struct sawb_error *error) {
    if (model->config.labels == student->config.labels)
        return 0;
    return error_set(error, "train: teacher %s: has %d labels, the model in training %d",
                     model->directory, model->config.labels, student->config.labels);
}

/* What both kinds have. */
static struct teacher *make(struct model *model, const struct model *student,
                            const struct compute *compute, struct sawb_error *error) {
    if (check_labels(model, student, error) < 0)
        return NULL;
    struct teacher *teacher = calloc(1, sizeof(*teacher));
    if (!teacher) {
        error_set(error, "train: out of memory for a teacher");
        return NULL;
    }
    teacher->model = model_retain(model);
    if (encoder_create(&teacher->encoder, &model->config, ENCODER_INFERENCE, compute, error) == 0)
        return teacher;
    teacher_free(teacher);
    return NULL;
}

/* Gives it away when it is whole. */
static int hand_over(struct teacher **created, struct teacher *teacher, int status) {
    if (status < 0)
        teacher_free(teacher);
    else
        *created = teacher;
    return status;
}

static int open_sentences(struct teacher *teacher, const struct dataset *dataset,
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
        batch_room_create(&teacher->room, &teacher->set, TEACHER_PIECE, error) < 0)
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
    struct teacher *teacher = make(model, student, compute, error);
    if (!teacher)
        return -1;
    return hand_over(created, teacher, open_sentences(teacher, dataset, set, compute, error));
}

/* ---- word pieces of the student -------------------------------------------------------------- */

int teacher_find_pieces(int **pieces, const struct model *model, const struct model *student,
                        struct sawb_error *error) {
    int size = tokenizer_size(student->tokenizer);
    int *found = *pieces = malloc((size_t)size * sizeof(*found));
    if (!found)
        return error_set(error, "train: out of memory for the %d word pieces of a teacher", size);
    for (int id = 0; id < size; id++) {
        const char *piece = tokenizer_piece(student->tokenizer, id);
        found[id] = tokenizer_find(model->tokenizer, piece);
        if (found[id] >= 0)
            continue;
        free(found);
        *pieces = NULL;
        return error_set(error,
                         "train: teacher %s: does not have the word piece \"%s\" of the model in "
                         "training, so it cannot read sentences with swapped words; make a model "
                         "that shares the pieces (`sawb new --words-from %s`), or leave word-swap "
                         "out",
                         model->directory, piece, model->directory);
    }
    return 0;
}

/* Only grows, as the encoder's rooms do. */
static int reserve_ids(struct teacher *teacher, int tokens, struct sawb_error *error) {
    int *ids =
        array_grow(teacher->ids, &teacher->ids_capacity, (size_t)tokens, sizeof(*teacher->ids));
    if (!ids)
        return error_set(error, "train: out of memory for a teacher of %d tokens", tokens);
    teacher->ids = ids;
    return 0;
}

static int open_batches(struct teacher *teacher, const struct model *student,
                        const struct batch_most *most, struct sawb_error *error) {
    const struct model *model = teacher->model;
    int limit = model_token_limit(model);
    if (most->longest > limit)
        return error_set(error,
                         "train: teacher %s: reads at most %d tokens, and a sentence has %d; take "
                         "max-tokens %d, or leave word-swap out",
                         model->directory, limit, most->longest, limit);
    if (teacher_find_pieces(&teacher->pieces, model, student, error) < 0)
        return -1;
    if (reserve_ids(teacher, most->tokens, error) < 0)
        return -1;
    file_map_rest(&model->map);
    return encoder_reserve(teacher->encoder, most->tokens, most->sentences, error);
}

int teacher_create_live(struct teacher **created, struct model *model, const struct model *student,
                        const struct batch_most *most, const struct compute *compute,
                        struct sawb_error *error) {
    *created = NULL;
    struct teacher *teacher = make(model, student, compute, error);
    if (!teacher)
        return -1;
    return hand_over(created, teacher, open_batches(teacher, student, most, error));
}

const int *teacher_pieces(const struct teacher *teacher) {
    return teacher->pieces;
}

int teacher_read(struct teacher *teacher, const struct encoder_batch *batch, float *logits,
                 struct sawb_error *error) {
    const struct encoder_options options = {0};
    int tokens = batch->offsets[batch->sentences];
    if (reserve_ids(teacher, tokens, error) < 0)
        return -1;
    for (int t = 0; t < tokens; t++)
        teacher->ids[t] = teacher->pieces[batch->ids[t]];
    struct encoder_batch read = {batch->sentences, batch->offsets, teacher->ids};
    if (encoder_forward(teacher->encoder, &teacher->model->weights, &read, &options, logits,
                        error) < 0)
        return error_prefix(error, "the teacher");
    return 0;
}

/* ---- both ------------------------------------------------------------------------------------ */

void teacher_free(struct teacher *teacher) {
    if (!teacher)
        return;
    encoder_free(teacher->encoder);
    batch_room_free(&teacher->room);
    token_set_free(&teacher->set);
    model_release(teacher->model);
    free(teacher->logits);
    free(teacher->known);
    free(teacher->pieces);
    free(teacher->ids);
    free(teacher);
}

const struct model *teacher_model(const struct teacher *teacher) {
    return teacher->model;
}

int teacher_truncated(const struct teacher *teacher) {
    return teacher->set.truncated;
}

/* ---- whole sentences ------------------------------------------------------------------------- */

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

/* ---- the loss -------------------------------------------------------------------------------- */

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
