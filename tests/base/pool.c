/*
 * The thread pool: each index once, nested and concurrent loops, results that do not depend on the
 * threads.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "core/base/pool.h"
#include "core/base/thread.h"
#include "tests/test.h"

enum { MOST = 1000 };

static struct pool *make(int threads) {
    struct sawb_error error;
    struct pool *pool = pool_create(threads, &error);
    assert_non_null(pool);
    return pool;
}

static void count_index(void *user, int index) {
    atomic_fetch_add(&((atomic_int *)user)[index], 1);
}

static void runs_each_index_once(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 3, 8};
    static const int counts[] = {0, 1, 2, 3, 7, 64, MOST};
    for (size_t t = 0; t < sizeof(threads) / sizeof(threads[0]); t++) {
        struct pool *pool = make(threads[t]);
        assert_int_equal(pool_threads(pool), threads[t]);
        for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
            atomic_int seen[MOST + 1] = {0};
            pool_run(pool, counts[c], count_index, seen);
            for (int i = 0; i <= MOST; i++)
                assert_int_equal(atomic_load(&seen[i]), i < counts[c]);
        }
        pool_free(pool);
    }
}

/* Thousands of short loops, as a forward pass makes them. */
static void survives_many_short_loops(void **state) {
    (void)state;
    struct pool *pool = make(3);
    atomic_int seen[5] = {0};
    for (int loop = 0; loop < 3000; loop++)
        pool_run(pool, 2 + loop % 4, count_index, seen);
    assert_int_equal(atomic_load(&seen[0]), 3000);
    assert_int_equal(atomic_load(&seen[1]), 3000);
    assert_int_equal(atomic_load(&seen[4]), 750);
    pool_free(pool);
}

/* Helpers fall asleep between loops and must wake again. */
static void wakes_sleepers(void **state) {
    (void)state;
    struct pool *pool = make(4);
    atomic_int seen[16] = {0};
    for (int loop = 0; loop < 10; loop++) {
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        pool_run(pool, 16, count_index, seen);
    }
    for (int i = 0; i < 16; i++)
        assert_int_equal(atomic_load(&seen[i]), 10);
    pool_free(pool);
}

struct nest {
    struct pool *pool;
    atomic_int seen[8][16];
};

struct inner {
    struct nest *nest;
    int outer;
};

static void run_inner(void *user, int index) {
    const struct inner *inner = user;
    atomic_fetch_add(&inner->nest->seen[inner->outer][index], 1);
}

static void run_outer(void *user, int index) {
    struct nest *nest = user;
    struct inner inner = {nest, index};
    pool_run(nest->pool, 16, run_inner, &inner);
}

static void nests(void **state) {
    (void)state;
    struct nest nest = {.pool = make(3)};
    pool_run(nest.pool, 8, run_outer, &nest);
    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < 16; j++)
            assert_int_equal(atomic_load(&nest.seen[i][j]), 1);
    }
    pool_free(nest.pool);
}

struct caller {
    struct pool *pool;
    atomic_int seen[32];
};

static void *call_often(void *user) {
    struct caller *caller = user;
    for (int loop = 0; loop < 300; loop++)
        pool_run(caller->pool, 32, count_index, caller->seen);
    return NULL;
}

/* Two threads use one pool at the same time: one gets the helpers, the other works alone. */
static void serves_two_callers(void **state) {
    (void)state;
    struct pool *pool = make(3);
    struct caller callers[2] = {{.pool = pool}, {.pool = pool}};
    struct sawb_error error;
    pthread_t thread;
    assert_int_equal(thread_start(&thread, call_often, &callers[0], "test", &error), 0);
    call_often(&callers[1]);
    pthread_join(thread, NULL);
    for (int c = 0; c < 2; c++) {
        for (int i = 0; i < 32; i++)
            assert_int_equal(atomic_load(&callers[c].seen[i]), 300);
    }
    pool_free(pool);
}

static void refuses_bad_counts(void **state) {
    (void)state;
    struct sawb_error error;
    assert_null(pool_create(-1, &error));
    assert_non_null(strstr(error.message, "-1"));
    assert_null(pool_create(1000000, &error));
    struct pool *pool = make(0);
    assert_true(pool_threads(pool) >= 1);
    pool_free(pool);
    pool_free(NULL);
}

static void *report_mask(void *user) {
    pthread_sigmask(SIG_SETMASK, NULL, user);
    return NULL;
}

static void threads_leave_signals_alone(void **state) {
    (void)state;
    struct sawb_error error;
    pthread_t thread;
    sigset_t inside, before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_int_equal(thread_start(&thread, report_mask, &inside, "test", &error), 0);
    pthread_join(thread, NULL);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_true(sigismember(&inside, SIGINT) && sigismember(&inside, SIGWINCH));
    assert_false(sigismember(&inside, SIGSEGV));
    assert_int_equal(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(runs_each_index_once),
    cmocka_unit_test(survives_many_short_loops),
    cmocka_unit_test(wakes_sleepers),
    cmocka_unit_test(nests),
    cmocka_unit_test(serves_two_callers),
    cmocka_unit_test(refuses_bad_counts),
    cmocka_unit_test(threads_leave_signals_alone),
};
TEST_GROUP(tests_base_pool, tests);
