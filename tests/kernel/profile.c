/*
 * Laps: no moment is lost or counted twice, and waiting is what the pool did not work.
 */
#include "core/kernel/profile.h"

#include <math.h>
#include <time.h>

#include "core/base/clock.h"
#include "tests/test.h"

static void nap(void *user, int index) {
    const struct timespec *spans = user;
    nanosleep(&spans[index], NULL);
}

static void test_laps_add_up(void **state) {
    (void)state;
    struct pool *pool = pool_create(1, NULL);
    struct profile profile = {0};
    double begin = clock_seconds();
    profile_begin(&profile, pool);
    for (int i = 0; i < 5; i++) {
        profile_lap(&profile, OPERATION_NORM, 2, 3);
        profile_lap(&profile, OPERATION_FORWARD, 0, 0);
    }
    double sum = 0;
    for (int i = 0; i < OPERATIONS; i++)
        sum += profile.rows[i].seconds;
    assert_true(sum >= 0 && sum <= clock_seconds() - begin);
    assert_true(fabs(sum - (profile.last - begin)) < 0.01);
    assert_int_equal(profile.rows[OPERATION_NORM].laps, 5);
    assert_true(profile.rows[OPERATION_NORM].flops == 10);
    assert_true(profile.rows[OPERATION_NORM].bytes == 15);
    assert_int_equal(profile.rows[OPERATION_UPDATE].laps, 0);
    profile_lap(NULL, OPERATION_NORM, 1, 1);
    pool_free(pool);
}

/* Of two threads one naps long and the other shortly: what is left is waited for. */
static void test_waiting_is_seen(void **state) {
    (void)state;
    struct pool *pool = pool_create(2, NULL);
    struct profile profile = {0};
    struct timespec spans[2] = {{0, 40000000}, {0, 1000000}};
    pool_measure(pool, 1);
    profile_begin(&profile, pool);
    pool_run(pool, 2, nap, spans);
    profile_lap(&profile, OPERATION_NORM, 0, 0);
    const struct profile_row *row = &profile.rows[OPERATION_NORM];
    assert_true(row->idle > 0.03);
    assert_true(row->idle < 2 * row->seconds);
    pool_measure(pool, 0);
    assert_true(pool_times(pool).helped == 0 && pool_times(pool).waited == 0);
    pool_run(pool, 2, nap, spans);
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
