/*
 * pool.c - the thread pool.
 *
 * A forward pass makes hundreds of loops of a few microseconds each, so a thread without work keeps
 * looking for some for a while before it sleeps.
 *
 * A loop is published by setting `remaining` to its count. An index is claimed by taking one off
 * `remaining`; only after that are body, user, count and the shares read. That is safe without a
 * generation number: while a claimed index is not finished the caller cannot leave pool_run, so
 * what is read belongs to the loop the index was claimed from.
 */
#include "core/base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/thread.h"

#define POOL_THREADS_MAX 1024
#define CACHE_LINE 64
#define SPIN_NANOSECONDS 50000
#define SPIN_LOADS 64 /* looks at the counter between two looks at the clock */

/* Of the indices of a loop; each on a cache line of its own. */
struct share {
    _Alignas(CACHE_LINE) atomic_int left; /* which nobody has claimed */
};

struct pool {
    /* Apart, so that claiming and finishing do not pull the same cache line to and fro. */
    _Alignas(CACHE_LINE) atomic_int remaining;  /* indices nobody has claimed */
    _Alignas(CACHE_LINE) atomic_int unfinished; /* indices whose body has not returned */

    /* For pool_times; nanoseconds. */
    _Alignas(CACHE_LINE) atomic_int_fast64_t helped;
    int64_t waited;
    int measured;

    _Alignas(CACHE_LINE) atomic_int sleepers; /* threads waiting for `work` */
    atomic_int caller_sleeps;                 /* the caller waits for `finished` */
    atomic_int stop;
    atomic_flag
        busy; /* a loop runs: another one, from a body or from another thread, runs inline */

    void (*body)(void *user, int index);
    void *user;
    int count;

    int threads;          /* with the caller */
    atomic_int started;   /* helpers that have their number */
    struct share *shares; /* [threads] */
    pthread_t *helpers;   /* [threads - 1] */
    pthread_mutex_t mutex;
    pthread_cond_t work, finished;
};

static int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Takes one off a counter; returns what it was, 0: nothing was left. */
static int take_one(atomic_int *counter) {
    int value = atomic_load_explicit(counter, memory_order_relaxed);
    while (value > 0 && !atomic_compare_exchange_weak_explicit(
                            counter, &value, value - 1, memory_order_acquire, memory_order_relaxed))
        ;
    return value;
}

/* The first index of a thread's share of the present loop. */
static int share_begin(const struct pool *pool, int thread) {
    return (int)((int64_t)pool->count * thread / pool->threads);
}

/* Claims an index of the present loop, of the thread's own share as long as there is one; -1 when
 * none is left. What is taken off `remaining` is there in some share. */
static int pool_claim(struct pool *pool, int thread) {
    if (take_one(&pool->remaining) == 0)
        return -1;
    for (int share = thread;; share = (share + 1) % pool->threads) {
        int left = take_one(&pool->shares[share].left);
        if (left > 0)
            return share_begin(pool, share + 1) - left;
    }
}

/* Runs indices until none is left to claim. What a helper works is known before the caller can see
 * that the loop ended. */
static void pool_work(struct pool *pool, int thread) {
    int index;
    while ((index = pool_claim(pool, thread)) >= 0) {
        int64_t begin = thread > 0 && pool->measured ? nanoseconds() : 0;
        pool->body(pool->user, index);
        if (begin)
            atomic_fetch_add(&pool->helped, nanoseconds() - begin);
        if (atomic_fetch_sub(&pool->unfinished, 1) == 1 && atomic_load(&pool->caller_sleeps)) {
            pthread_mutex_lock(&pool->mutex);
            pthread_cond_signal(&pool->finished);
            pthread_mutex_unlock(&pool->mutex);
        }
    }
}

/* Waits a short while, awake, until `value` is zero (or no longer zero). Returns whether it came.
 */
static int spin_until(atomic_int *value, int zero) {
    int64_t deadline = nanoseconds() + SPIN_NANOSECONDS;
    do {
        for (int i = 0; i < SPIN_LOADS; i++) {
            if ((atomic_load_explicit(value, memory_order_acquire) == 0) == zero)
                return 1;
        }
        sched_yield(); /* another thread may need this processor to get to what is waited for */
    } while (nanoseconds() < deadline);
    return 0;
}

static void *pool_helper(void *user) {
    struct pool *pool = user;
    int thread = atomic_fetch_add(&pool->started, 1) + 1;
    for (;;) {
        if (!spin_until(&pool->remaining, 0)) {
            pthread_mutex_lock(&pool->mutex);
            atomic_fetch_add(&pool->sleepers, 1);
            while (atomic_load(&pool->remaining) == 0 && !atomic_load(&pool->stop))
                pthread_cond_wait(&pool->work, &pool->mutex);
            atomic_fetch_sub(&pool->sleepers, 1);
            pthread_mutex_unlock(&pool->mutex);
        }
        if (atomic_load(&pool->stop))
            return NULL;
        pool_work(pool, thread);
    }
}

static int processor_count(void) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0 && CPU_COUNT(&allowed) > 0)
        return CPU_COUNT(&allowed);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : online > POOL_THREADS_MAX ? POOL_THREADS_MAX : (int)online;
}

struct pool *pool_create(int threads, struct sawb_error *error) {
    if (threads < 0 || threads > POOL_THREADS_MAX) {
        error_set(error, "threads: %d is not a number from 0 (one per processor) to %d", threads,
                  POOL_THREADS_MAX);
        return NULL;
    }
    if (threads == 0)
        threads = processor_count();

    struct pool *pool = aligned_alloc(CACHE_LINE, sizeof(*pool));
    pthread_t *helpers = calloc((size_t)threads, sizeof(*helpers));
    struct share *shares = aligned_alloc(CACHE_LINE, (size_t)threads * sizeof(*shares));
    if (!pool || !helpers || !shares) {
        error_set(error, "threads: out of memory for a pool of %d", threads);
        free(pool);
        free(helpers);
        free(shares);
        return NULL;
    }
    memset(pool, 0, sizeof(*pool));
    for (int thread = 0; thread < threads; thread++)
        atomic_init(&shares[thread].left, 0);
    pool->shares = shares;
    atomic_flag_clear(&pool->busy);
    pool->helpers = helpers;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->finished, NULL);
    for (pool->threads = 1; pool->threads < threads; pool->threads++) {
        if (thread_start(&helpers[pool->threads - 1], pool_helper, pool, "thread pool", error) <
            0) {
            pool_free(pool);
            return NULL;
        }
    }
    return pool;
}

void pool_free(struct pool *pool) {
    if (!pool)
        return;
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->stop, 1);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    for (int i = 0; i < pool->threads - 1; i++)
        pthread_join(pool->helpers[i], NULL);
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->helpers);
    free(pool->shares);
    free(pool);
}

int pool_threads(const struct pool *pool) {
    return pool->threads;
}

void pool_measure(struct pool *pool, int on) {
    pool->measured = on;
    pool->waited = 0;
    atomic_store(&pool->helped, 0);
}

struct pool_times pool_times(const struct pool *pool) {
    return (struct pool_times){1e-9 * (double)atomic_load(&pool->helped),
                               1e-9 * (double)pool->waited};
}

static void wake_helpers(struct pool *pool, int wanted) {
    int sleepers = atomic_load(&pool->sleepers);
    if (sleepers == 0)
        return;
    pthread_mutex_lock(&pool->mutex);
    if (wanted < sleepers) {
        for (int i = 0; i < wanted; i++)
            pthread_cond_signal(&pool->work);
    } else {
        pthread_cond_broadcast(&pool->work);
    }
    pthread_mutex_unlock(&pool->mutex);
}

static void wait_until_finished(struct pool *pool) {
    if (spin_until(&pool->unfinished, 1))
        return;
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->caller_sleeps, 1);
    while (atomic_load(&pool->unfinished) > 0)
        pthread_cond_wait(&pool->finished, &pool->mutex);
    atomic_store(&pool->caller_sleeps, 0);
    pthread_mutex_unlock(&pool->mutex);
}

void pool_run(struct pool *pool, int count, void (*body)(void *user, int index), void *user) {
    if (count <= 1 || pool->threads == 1 ||
        atomic_flag_test_and_set_explicit(&pool->busy, memory_order_acquire)) {
        for (int i = 0; i < count; i++)
            body(user, i);
        return;
    }
    pool->body = body;
    pool->user = user;
    pool->count = count;
    atomic_store(&pool->unfinished, count);
    for (int share = 0; share < pool->threads; share++)
        atomic_store_explicit(&pool->shares[share].left,
                              share_begin(pool, share + 1) - share_begin(pool, share),
                              memory_order_relaxed);
    /* Sequentially consistent with `sleepers`: either the helper sees the work before it sleeps, or
     * it is seen asleep here. */
    atomic_store(&pool->remaining, count);
    wake_helpers(pool, count - 1);
    pool_work(pool, 0);
    int64_t begin = pool->measured ? nanoseconds() : 0;
    wait_until_finished(pool);
    if (pool->measured)
        pool->waited += nanoseconds() - begin;
    atomic_flag_clear_explicit(&pool->busy, memory_order_release);
}
