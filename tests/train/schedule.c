/*
 * The learning rate of each step, against values worked out by hand.
 */
#include "core/train/schedule.h"

#include "tests/test.h"

static void test_warmup_of_two_steps(void **state) {
    (void)state;
    const double shares[] = {0.0, 0.5, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0.0};
    for (int step = 0; step <= 10; step++)
        assert_float_equal(schedule_rate(4, step, 2, 10), 4 * shares[step], 1e-15);
}

static void test_no_warmup_begins_at_the_peak(void **state) {
    (void)state;
    assert_float_equal(schedule_rate(3, 0, 0, 4), 3, 0);
    assert_float_equal(schedule_rate(3, 1, 0, 4), 2.25, 0);
    assert_float_equal(schedule_rate(3, 3, 0, 4), 0.75, 0);
}

static void test_warmup_longer_than_the_run(void **state) {
    (void)state;
    assert_float_equal(schedule_rate(1, 3, 8, 4), 0.375, 0);
    assert_float_equal(schedule_rate(1, 4, 4, 4), 0, 0);
}

static void test_warmup_steps(void **state) {
    (void)state;
    assert_int_equal(schedule_warmup(0, 100), 0);
    assert_int_equal(schedule_warmup(0.06, 100), 6);
    assert_int_equal(schedule_warmup(0.06, 101), 7);
    assert_int_equal(schedule_warmup(0.5, 1), 1);
    assert_int_equal(schedule_warmup(1, 100), 1);
    assert_int_equal(schedule_warmup(250, 100), 250);
}

static void test_average_forgets_the_start(void **state) {
    (void)state;
    assert_float_equal(schedule_average(0.999, 1), 2.0 / 11, 1e-15);
    assert_float_equal(schedule_average(0.999, 90), 0.91, 1e-15);
    assert_float_equal(schedule_average(0.999, 100000), 0.999, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_warmup_of_two_steps),
    cmocka_unit_test(test_no_warmup_begins_at_the_peak),
    cmocka_unit_test(test_warmup_longer_than_the_run),
    cmocka_unit_test(test_warmup_steps),
    cmocka_unit_test(test_average_forgets_the_start),
};

TEST_GROUP(tests_train_schedule, tests);
