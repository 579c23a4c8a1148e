/*
 * attention_plan.h - what each head of a batch is to be computed with, and the layouts kept for it.
 */
#ifndef SAWB_CORE_KERNEL_ATTENTION_PLAN_H
#define SAWB_CORE_KERNEL_ATTENTION_PLAN_H

#include "core/kernel/attention_layout.h"

struct attention_cache;

/* One head of one sentence. */
struct attention_plan {
    struct mask_shape shape;
    struct mask_request request;           /* without rows and scores */
    const struct attention_layout *layout; /* of BAND and FIXED; borrowed from the cache */
    int multiple;     /* ASK, SCORES, and all when captured: queries that are asked for at once */
    int needs_scores; /* to ask */
    size_t pairs;     /* of the batch before this head */
};

/* For a head of a sentence of the batch, without rows and scores. */
struct mask_request attention_request(const struct attention_batch *batch, int sentence, int head);

struct attention_cache *attention_cache_create(void);
void attention_cache_free(struct attention_cache *cache); /* NULL is fine */

/* Plans [B,NH]; layouts that are missing are made on all threads. They stay until the next call. */
int attention_plan(struct attention_cache *cache, struct pool *pool,
                   const struct attention_batch *batch, struct attention_plan *plans,
                   struct sawb_error *error);

/* The same for one head without a batch around it. */
int attention_plan_one(struct attention_cache *cache, struct pool *pool,
                       const struct mask_source *source, const struct mask_request *request,
                       struct attention_plan *plan, struct sawb_error *error);

#endif
