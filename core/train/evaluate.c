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
#include "core/train/ahead.h"

struct evaluator {
    const struct model *model;
    struct mask_source mask;
    struct token_set set;
    struct ahead *ahead;
    struct evaluation_row *rows; /* [B] */
    int batch;                   /* B */
    int done;                    /* rows so far */
    int labelled, correct;
    double loss; /* sum over the labelled */
    uint64_t kept, valid;
    double begin, seconds;
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

static int evaluator_fill(struct evaluator *evaluator, const struct dataset *dataset, uint64_t seed,
                          const struct compute *compute, struct sawb_error *error) {
    const struct model *model = evaluator->model;
    const struct encoder_options options = {.mask = &evaluator->mask, .seed = seed};
    if (token_set_create(&evaluator->set, model->tokenizer, dataset, NULL, dataset->count,
                         model_token_limit(model), compute->pool, error) < 0)
        return -1;
    evaluator->rows = calloc((size_t)evaluator->batch, sizeof(*evaluator->rows));
    if (!evaluator->rows)
        return error_set(error, "evaluate: out of memory for batches of %d sentences",
                         evaluator->batch);
    if (ahead_create(&evaluator->ahead, model, &evaluator->set, evaluator->batch, &options, compute,
                     error) < 0)
        return error_prefix(error, "evaluate");
    return 0;
}

int evaluator_create(struct evaluator **created, const struct model *model,
                     const struct sparsity *sparsity, const struct dataset *dataset, int batch,
                     uint64_t seed, const struct compute *compute, struct sawb_error *error) {
    *created = NULL;
    if (check_arguments(model, sparsity, dataset, batch, error) < 0)
        return -1;
    struct evaluator *evaluator = calloc(1, sizeof(*evaluator));
    if (!evaluator)
        return error_set(error, "evaluate: out of memory");
    evaluator->begin = clock_seconds();
    evaluator->model = model;
    evaluator->mask = sparsity_source(sparsity);
    evaluator->batch = batch < dataset->count ? batch : dataset->count > 0 ? dataset->count : 1;
    if (evaluator_fill(evaluator, dataset, seed, compute, error) < 0) {
        evaluator_free(evaluator);
        return -1;
    }
    *created = evaluator;
    return 0;
}

void evaluator_free(struct evaluator *evaluator) {
    if (!evaluator)
        return;
    ahead_free(evaluator->ahead);
    token_set_free(&evaluator->set);
    free(evaluator->rows);
    free(evaluator);
}

void evaluator_share(struct evaluator *evaluator, int index, int count) {
    ahead_share(evaluator->ahead, index, count);
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

static void fill_row(struct evaluator *evaluator, const struct ahead_answers *answers, int b) {
    int classes = evaluator->model->config.labels;
    const float *logits = answers->logits + (size_t)b * (size_t)classes;
    struct evaluation_row *row = &evaluator->rows[b];
    *row = (struct evaluation_row){.row = answers->first + b,
                                   .gold = evaluator->set.labels[answers->first + b],
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
    struct ahead_answers answers;
    int status = ahead_next(evaluator->ahead, &answers, error);
    if (status < 0)
        return error_prefix(error, "evaluate");
    if (status == 0)
        return 0;
    for (int b = 0; b < answers.count; b++)
        fill_row(evaluator, &answers, b);
    evaluator->kept += answers.kept;
    evaluator->valid += answers.valid;
    evaluator->done += answers.count;
    evaluator->seconds = clock_seconds() - evaluator->begin;
    *rows = evaluator->rows;
    *count = answers.count;
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
