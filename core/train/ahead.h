/*
 * ahead.h - the sentences of a set through a model, batch after batch, several batches at once.
 *
 * Threads that share one batch meet after each product and wait for the slowest, which on cores
 * that others use, too, is another one each time. Here runners take whole batches of their own and
 * run ahead of whoever asks for the answers, who gets them in the order of the set.
 *
 *     ahead_create(&ahead, model, &set, 32, &options, compute, &error);
 *     while ((status = ahead_next(ahead, &answers, &error)) == 1) ...
 *     ahead_free(ahead);
 */
#ifndef SAWB_CORE_TRAIN_AHEAD_H
#define SAWB_CORE_TRAIN_AHEAD_H

#include "core/kernel/compute.h"
#include "core/model/model.h"
#include "core/train/batch.h"

struct ahead;

/* Of one batch. */
struct ahead_answers {
    int first, count;     /* sentences of the set */
    const float *logits;  /* [count,K] */
    uint64_t kept, valid; /* encoder_pairs */
};

/* Model, set (all rows of a data set), compute and what the options point to are borrowed until
 * ahead_free. Where one runner will do it works in ahead_next, with `compute`; several divide as
 * many threads of their own among them. */
int ahead_create(struct ahead **ahead, const struct model *model, const struct token_set *set,
                 int batch, const struct encoder_options *options, const struct compute *compute,
                 struct sawb_error *error);

/* Before the first ahead_next: only every count-th batch, from batch `index` on. */
void ahead_share(struct ahead *ahead, int index, int count);

/* Waits for the next batch. Returns 1 with *answers (borrowed until the next call), 0 at the end,
 * -1 on error. */
int ahead_next(struct ahead *ahead, struct ahead_answers *answers, struct sawb_error *error);

/* Waits for the batches at work; NULL is fine. */
void ahead_free(struct ahead *ahead);

/* How many runners share `threads` threads over so many sentences, in batches of up to `tokens`
 * tokens: each has as many to itself. */
int ahead_runners(int threads, int sentences, int batch, int tokens);

#endif
