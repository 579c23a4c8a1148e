/*
 * course.h - which sentences the steps of a run take, known beforehand: the order of an epoch is a
 * function of the seed.
 */
#ifndef SAWB_CORE_TRAIN_COURSE_H
#define SAWB_CORE_TRAIN_COURSE_H

#include "core/train/batch.h"
#include "core/train/trainer.h"

/* The sentences of a run with their own labels, tokenised. The result owns all it holds. */
int course_set(struct token_set *set, const struct model *model, const struct dataset *dataset,
               const struct train_options *options, struct pool *pool, struct sawb_error *error);

/* order [count]: the sentences of an epoch (from 0), one batch after the other. */
void course_order(int *order, int count, uint64_t seed, int64_t epoch);

int64_t course_steps_per_epoch(int count, const struct train_options *options);
int64_t course_steps(int count, const struct train_options *options); /* in all */

/* A batch of a run. */
struct course_batch {
    int64_t step;      /* steps made before */
    const int *chosen; /* [count] sentences of the set */
    int count;
};

/* Calls `visit` for each batch of a run on the set in turn (of the first COURSE_EPOCHS epochs where
 * it is longer). */
#define COURSE_EPOCHS 32
int course_visit(const struct token_set *set, const struct train_options *options,
                 void (*visit)(void *user, const struct course_batch *batch), void *user,
                 struct sawb_error *error);

/* Looks at the batches that course_visit visits. `seen` [count], zeroed (NULL: not wanted): 1 for
 * the sentences that are in any. */
int course_look(struct batch_most *most, unsigned char *seen, const struct token_set *set,
                const struct train_options *options, struct sawb_error *error);

#endif
