/*
 * optimiser.h - AdamW with clipping, in PyTorch's order of operations.
 *
 * One update at step t (from 1), for each weight w with gradient g (Loshchilov, Hutter 2019, arXiv
 * 1711.05101): g ← g · min(1, clip / (norm + 1e-6)) w ← w · (1 − rate · decay) matrices only,
 * embeddings among them m ← m + (1 − β1)(g − m),   v ← β2 v + (1 − β2) g² w ← w − (rate / (1 −
 * β1ᵗ)) · m / (√v / √(1 − β2ᵗ) + ε) with β1 = 0.9, β2 = 0.999, ε = 1e-8. An average of the weights,
 * where one is kept, follows: a ← a + (1 − d)(w − a).
 *
 * A batch touches few rows of the word embeddings. Rows whose gradient is zero are left out of the
 * norm; those that never had another (so that m = v = 0) only decay; and the steps of rows outside
 * of the batches are made later (optimiser_settle). All give bit for bit what the dense update
 * gives.
 */
#ifndef SAWB_CORE_TRAIN_OPTIMISER_H
#define SAWB_CORE_TRAIN_OPTIMISER_H

#include <stdint.h>

#include "core/kernel/compute.h"
#include "core/base/ranks.h"
#include "core/model/weights.h"

struct optimiser;

/* `live` and `average` (NULL: none is kept) are borrowed, as is what `compute` points to; gradients
 * and moments are the optimiser's, and zero. `rates` [L+2] (copied; NULL: 1 for all) multiplies the
 * learning rate of each group of weights (groups.h); 0 freezes a group: its weights are never
 * written, its average stays what it was, and its gradients are NULL. */
int optimiser_create(struct optimiser **optimiser, const struct model_config *config,
                     struct weights *live, struct weights *average, double weight_decay,
                     const double *rates, const struct compute *compute, struct sawb_error *error);
void optimiser_free(struct optimiser *optimiser); /* NULL is fine */

/* Borrowed. The backward pass adds to the gradients, of word embeddings only to the rows that are
 * named next. */
struct weights *optimiser_gradients(struct optimiser *optimiser);
struct weights *optimiser_first_moments(struct optimiser *optimiser);  /* m */
struct weights *optimiser_second_moments(struct optimiser *optimiser); /* v */

/* Says which rows of the word embeddings the next pass reads and its gradients may touch: ids
 * [count], repeats are fine. To be called before the forward pass: these rows become up to date. */
void optimiser_touch(struct optimiser *optimiser, const int *ids, int count);

/* Adds up the gradients of all ranks, of word embeddings in the rows that were named: every rank
 * names the same, in the same order. NULL: nothing happens. */
void optimiser_sum(struct optimiser *optimiser, struct ranks *ranks);

/* The global norm √Σ g². The same for any number of threads. */
double optimiser_norm(struct optimiser *optimiser);

struct optimiser_step {
    int64_t step; /* t, from 1 */
    double rate;
    double norm; /* as optimiser_norm gave it */
    double clip; /* 0: none */
    double average_decay;
};

/* One update; the gradients are zero afterwards. */
void optimiser_update(struct optimiser *optimiser, const struct optimiser_step *step);

/* Brings the rows of the word embeddings up to date that are not in batches; before weights,
 * average or moments are read from outside. */
void optimiser_settle(struct optimiser *optimiser);

/* Zeroes the gradients without an update. */
void optimiser_clear(struct optimiser *optimiser);

/* To be called after weights and moments were written from outside. */
void optimiser_moments_changed(struct optimiser *optimiser);

#endif
