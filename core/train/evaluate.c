/*
 * evaluate.c - a data set through a model, batch after batch, in the order of its rows.
 */
#include "core/train/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/ranks.h"
#include "core/model/encoder.h"
#include "core/train/batch.h"

struct evaluator {
    const struct model *model;
    struct mask_source mask;
    struct encoder_options options;
    struct token_set set;
    struct batch_room room;
    struct encoder *encoder;
    float *logits;               /* [B,K] */
    struct evaluation_row *rows; /* [B] */
    int batch;                   /* B */
    int next;                    /* row, of the next batch */
    int skipped;                 /* rows between two batches, which others run */
    int done;                    /* rows so far */
    int labelled, correct;
    double loss; /* sum over the labelled */
    uint64_t kept, valid;
    double seconds;
};

static int check_arguments(const struct model *model, const struct sparsity *sparsity,
                           const struct dataset *dataset, int batch, struct sawb_error *error) {
    if (batch < 1)
        return error_set(error, "evaluate: batch size is %d, it must be at least 1", batch);
    if (sparsity_check(sparsity, model->config.layers, model->config.heads, error) < 0)
        return -1;
    for (int i = 0; i < dataset->count; i++)
        if (dataset->examples[i].label >= model->config.labels)
            return error_set(error, "%s: line %d: label %d is not one of the model's %d (from 0)",
                             dataset->path, dataset->examples[i].line, dataset->examples[i].label,
                             model->config.labels);
    return 0;
}

static int evaluator_fill(struct evaluator *evaluator, const struct dataset *dataset,
                          const struct compute *compute, struct sawb_error *error) {
    const struct model *model = evaluator->model;
    size_t count = (size_t)evaluator->batch;
    if (token_set_create(&evaluator->set, model->tokenizer, dataset, NULL, dataset->count,
                         model_token_limit(model), compute->pool, error) < 0 ||
        batch_room_create(&evaluator->room, &evaluator->set, evaluator->batch, error) < 0)
        return -1;
    evaluator->logits = calloc(count * (size_t)model->config.labels, sizeof(*evaluator->logits));
    evaluator->rows = calloc(count, sizeof(*evaluator->rows));
    if (!evaluator->logits || !evaluator->rows)
        return error_set(error, "evaluate: out of memory for batches of %d sentences",
                         evaluator->batch);
    if (encoder_create(&evaluator->encoder, &model->config, ENCODER_INFERENCE, compute, error) < 0)
        return -1;
    struct batch_most most = {0};
    batch_look(&most, &evaluator->set, NULL, evaluator->set.count, evaluator->batch);
    return most.tokens > 0 ? encoder_reserve(evaluator->encoder, most.tokens, most.sentences, error)
                           : 0;
}

int evaluator_create(struct evaluator **created, const struct model *model,
                     const struct sparsity *sparsity, const struct dataset *dataset, int batch,
                     uint64_t seed, const struct compute *compute, struct sawb_error *error) {
    *created = NULL;
    if (check_arguments(model, sparsity, dataset, batch, error) < 0)
        return -1;
    double begin = clock_seconds();
    struct evaluator *evaluator = calloc(1, sizeof(*evaluator));
    if (!evaluator)
        return error_set(error, "evaluate: out of memory");
    evaluator->model = model;
    evaluator->mask = sparsity_source(sparsity);
    evaluator->options = (struct encoder_options){.mask = &evaluator->mask, .seed = seed};
    evaluator->batch = batch < dataset->count ? batch : dataset->count > 0 ? dataset->count : 1;
    if (evaluator_fill(evaluator, dataset, compute, error) < 0) {
        evaluator_free(evaluator);
        return -1;
    }
    evaluator->seconds = clock_seconds() - begin;
    *created = evaluator;
    return 0;
}

void evaluator_free(struct evaluator *evaluator) {
    if (!evaluator)
        return;
    encoder_free(evaluator->encoder);
    batch_room_free(&evaluator->room);
    token_set_free(&evaluator->set);
    free(evaluator->logits);
    free(evaluator->rows);
    free(evaluator);
}

void evaluator_share(struct evaluator *evaluator, int index, int count) {
    evaluator->next = index * evaluator->batch;
    evaluator->skipped = (count - 1) * evaluator->batch;
}

void evaluator_join(struct evaluator *evaluator, struct ranks *ranks) {
    double values[] = {evaluator->done, evaluator->labelled,     evaluator->correct,
                       evaluator->loss, (double)evaluator->kept, (double)evaluator->valid};
    if (!ranks)
        return;
    ranks_sum(ranks, values, 6);
    evaluator->done = (int)values[0];
    evaluator->labelled = (int)values[1];
    evaluator->correct = (int)values[2];
    evaluator->loss = values[3];
    evaluator->kept = (uint64_t)values[4];
    evaluator->valid = (uint64_t)values[5];
}

static void fill_row(struct evaluator *evaluator, int b) {
    int classes = evaluator->model->config.labels;
    const float *logits = evaluator->logits + (size_t)b * (size_t)classes;
    struct evaluation_row *row = &evaluator->rows[b];
    *row = (struct evaluation_row){.row = evaluator->next + b,
                                   .gold = evaluator->room.labels[b],
                                   .label = label_of(logits, classes)};
    memcpy(row->logits, logits, (size_t)classes * sizeof(*logits));
    if (row->gold < 0)
        return;
    double loss = cross_entropy(logits, &row->gold, 1, classes, 0, NULL);
    row->loss = (float)loss;
    evaluator->loss += loss;
    evaluator->labelled++;
    evaluator->correct += row->label == row->gold;
}

int evaluator_step(struct evaluator *evaluator, const struct evaluation_row **rows, int *count,
                   struct sawb_error *error) {
    int left = evaluator->set.count - evaluator->next;
    if (left <= 0)
        return 0;
    double begin = clock_seconds();
    *count = left < evaluator->batch ? left : evaluator->batch;
    batch_pack(&evaluator->room, &evaluator->set, evaluator->set.rows + evaluator->next, *count);
    if (encoder_forward(evaluator->encoder, &evaluator->model->weights, &evaluator->room.batch,
                        &evaluator->options, evaluator->logits, error) < 0)
        return error_prefix(error, "evaluate: batch from line %d on",
                            evaluator->set.lines[evaluator->next]);
    uint64_t kept, valid;
    encoder_pairs(evaluator->encoder, &kept, &valid);
    evaluator->kept += kept;
    evaluator->valid += valid;
    for (int b = 0; b < *count; b++)
        fill_row(evaluator, b);
    evaluator->done += *count;
    evaluator->next += *count + evaluator->skipped;
    evaluator->seconds += clock_seconds() - begin;
    *rows = evaluator->rows;
    return 1;
}

void evaluator_result(const struct evaluator *evaluator, struct evaluation *result) {
    *result = (struct evaluation){.rows = evaluator->done,
                                  .labelled = evaluator->labelled,
                                  .correct = evaluator->correct,
                                  .truncated = evaluator->set.truncated,
                                  .kept = evaluator->kept,
                                  .valid = evaluator->valid,
                                  .accuracy = NAN,
                                  .loss = NAN,
                                  .seconds = evaluator->seconds};
    if (evaluator->labelled > 0) {
        result->accuracy = (double)evaluator->correct / evaluator->labelled;
        result->loss = evaluator->loss / evaluator->labelled;
    }
    if (evaluator->valid > 0)
        result->realised = 1 - (double)evaluator->kept / (double)evaluator->valid;
}
