/*
 * Laps: no moment is lost or counted twice, and waiting is what the pool did not work.
 */
#include "core/kernel/profile.h"

#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "core/base/clock.h"
#include "tests/test.h"

static void test_laps_add_up(void **state) {
    (void)state;
    struct pool *pool = pool_create(1, NULL);
    struct profile profile = {0};
    profile_begin(&profile, pool);
    double begin = profile.last;
    for (int i = 0; i < 5; i++) {
        profile_lap(&profile, OPERATION_NORM, 2, 3);
        profile_lap(&profile, OPERATION_FORWARD, 0, 0);
    }
    double sum = 0;
    for (int i = 0; i < OPERATIONS; i++)
        sum += profile.rows[i].seconds;
    assert_true(sum >= 0 && profile.last <= clock_seconds());
    assert_true(fabs(sum - (profile.last - begin)) < 1e-6);
    assert_int_equal(profile.rows[OPERATION_NORM].laps, 5);
    assert_true(profile.rows[OPERATION_NORM].flops == 10);
    assert_true(profile.rows[OPERATION_NORM].bytes == 15);
    assert_int_equal(profile.rows[OPERATION_UPDATE].laps, 0);
    profile_lap(NULL, OPERATION_NORM, 1, 1);
    pool_free(pool);
}

/* One of two tasks ends at once, the other naps from then on: however late a thread comes to its
 * task, the nap is waited for. */
static void nap(void *user, int index) {
    atomic_int *ended = user;
    struct timespec span = {0, 80000000};
    if (index == 1) {
        atomic_store(ended, 1);
        return;
    }
    while (!atomic_load(ended))
        sched_yield();
    nanosleep(&span, NULL);
}

static void test_waiting_is_seen(void **state) {
    (void)state;
    struct pool *pool = pool_create(2, NULL);
    struct profile profile = {0};
    atomic_int ended = 0;
    pool_measure(pool, 1);
    profile_begin(&profile, pool);
    pool_run(pool, 2, nap, &ended);
    profile_lap(&profile, OPERATION_NORM, 0, 0);
    const struct profile_row *row = &profile.rows[OPERATION_NORM];
    assert_true(row->idle > 0.04);
    assert_true(row->idle < 2 * row->seconds);
    pool_measure(pool, 0);
    assert_true(pool_times(pool).helped == 0 && pool_times(pool).waited == 0);
    pool_run(pool, 2, nap, &ended);
    assert_true(pool_times(pool).helped == 0 && pool_times(pool).waited == 0);
    pool_free(pool);
}

static void test_all_have_names(void **state) {
    (void)state;
    for (int i = 0; i < OPERATIONS; i++)
        assert_non_null(operation_name((enum operation)i));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_laps_add_up),
    cmocka_unit_test(test_waiting_is_seen),
    cmocka_unit_test(test_all_have_names),
};
TEST_GROUP(tests_kernel_profile, tests);
