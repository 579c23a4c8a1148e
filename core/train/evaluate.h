/*
 * evaluate.h - accuracy and loss of a model under a pattern on a labelled data set.
 */
#ifndef SAWB_CORE_TRAIN_EVALUATE_H
#define SAWB_CORE_TRAIN_EVALUATE_H

#include "core/kernel/compute.h"
#include "core/model/model.h"
#include "core/sparsity/sparsity.h"
#include "core/text/dataset.h"

struct evaluation_row {
    int row;                        /* from 0, of the data set */
    int gold, label;                /* gold -1: none */
    float logits[MODEL_LABELS_MAX]; /* [K] */
    float loss;                     /* cross-entropy; 0 without a gold label */
};

struct evaluation {
    int rows, labelled, correct, truncated;
    double accuracy, loss; /* over labelled rows; NaN without any */
    double realised;       /* sparsity over all rows, layers and heads: 1 - kept / valid */
    uint64_t kept, valid;  /* query-key pairs */
    double seconds;
};

struct evaluator;

/* The data set, model and pattern must outlive the evaluator. */
int evaluator_create(struct evaluator **evaluator, const struct model *model,
                     const struct sparsity *sparsity, const struct dataset *dataset, int batch,
                     uint64_t seed, const struct compute *compute, struct sawb_error *error);

/* Before the first step: of `count` evaluators that were made alike this one runs every count-th
 * batch, from batch `index` on. */
void evaluator_share(struct evaluator *evaluator, int index, int count);

/* After the last step: from here on evaluator_result is of all ranks' rows. */
void evaluator_join(struct evaluator *evaluator, struct ranks *ranks);

/* Runs the next batch. Returns 1 with *rows (borrowed until the next call) and *count, 0 at the
 * end, -1 on error. */
int evaluator_step(struct evaluator *evaluator, const struct evaluation_row **rows, int *count,
                   struct sawb_error *error);

/* Of all rows so far. */
void evaluator_result(const struct evaluator *evaluator, struct evaluation *result);
void evaluator_free(struct evaluator *evaluator);

#endif
