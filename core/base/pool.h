/*
 * pool.h - a fixed set of threads that share loops.
 *
 *     pool_run(pool, count, body, user)  calls body(user, i) for every i in [0, count), once each.
 *
 * The calling thread takes part. Which thread runs an index is not fixed, so a body must write only
 * what belongs to its index: then results do not depend on the number of threads. But each thread
 * begins with its own part of [0, count), the caller with the first, and takes from the others when
 * that is done: loops whose indices go over the same data in the same order find it in the caches.
 */
#ifndef SAWB_CORE_BASE_POOL_H
#define SAWB_CORE_BASE_POOL_H

#include "core/base/error.h"

struct pool;

/* `threads` counts the caller; 0 takes the number of processors. */
struct pool *pool_create(int threads, struct sawb_error *error);
void pool_free(struct pool *pool);
int pool_threads(const struct pool *pool);

/* Seconds, of all loops since pool_measure(pool, 1), which costs a look at the clock for each
 * index: what the helping threads worked, and what the caller waited for them. */
struct pool_times {
    double helped, waited;
};
void pool_measure(struct pool *pool, int on); /* not while a loop runs */
struct pool_times pool_times(const struct pool *pool);

void pool_run(struct pool *pool, int count, void (*body)(void *user, int index), void *user);

#endif
