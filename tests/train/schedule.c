/*
 * The learning rate of each step, against values worked out by hand.
 */
#include "core/train/schedule.h"

#include "tests/test.h"

static void assert_rates(double warmup, double hold, const double *shares, int total) {
    struct schedule schedule = schedule_plan(warmup, hold, total);
    for (int step = 0; step <= total; step++)
        assert_float_equal(schedule_rate(&schedule, 4, step), 4 * shares[step], 1e-15);
}

static void test_warmup_of_two_steps(void **state) {
    (void)state;
    const double shares[] = {0.0, 0.5, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0.0};
    assert_rates(2, 0, shares, 10);
    assert_rates(0.2, 0, shares, 10);
    assert_rates(2, 0.1, shares, 10); /* held for less than the warm-up takes */
}

static void test_no_warmup_begins_at_the_peak(void **state) {
    (void)state;
    const double shares[] = {1.0, 0.75, 0.5, 0.25, 0.0};
    assert_rates(0, 0, shares, 4);
}

static void test_held_at_the_peak(void **state) {
    (void)state;
    const double shares[] = {0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0};
    assert_rates(1, 0.6, shares, 9); /* from 5.4 steps on, rounded down */
}

static void test_warmup_longer_than_the_run(void **state) {
    (void)state;
    const double shares[] = {0.0, 0.125, 0.25, 0.375, 0.5};
    assert_rates(8, 0.5, shares, 4);
}

static void test_steps_of_a_plan(void **state) {
    (void)state;
    const struct {
        double warmup, hold;
        int64_t total, steps, decay;
    } rows[] = {
        {0, 0, 100, 0, 0}, {0.06, 0, 100, 6, 6},    {0.06, 0, 101, 7, 7},         {0.5, 0, 1, 1, 1},
        {1, 0, 100, 1, 1}, {250, 0, 100, 250, 250}, {0.06, 0.7, 2105, 127, 1473},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct schedule schedule = schedule_plan(rows[i].warmup, rows[i].hold, rows[i].total);
        assert_int_equal(schedule.warmup, rows[i].steps);
        assert_int_equal(schedule.decay, rows[i].decay);
    }
}

static void test_average_forgets_the_start(void **state) {
    (void)state;
    assert_float_equal(schedule_average(0.999, 1), 2.0 / 11, 1e-15);
    assert_float_equal(schedule_average(0.999, 90), 0.91, 1e-15);
    assert_float_equal(schedule_average(0.999, 100000), 0.999, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_warmup_of_two_steps), cmocka_unit_test(test_no_warmup_begins_at_the_peak),
    cmocka_unit_test(test_held_at_the_peak),    cmocka_unit_test(test_warmup_longer_than_the_run),
    cmocka_unit_test(test_steps_of_a_plan),     cmocka_unit_test(test_average_forgets_the_start),
};

TEST_GROUP(tests_train_schedule, tests);
