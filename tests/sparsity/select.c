/*
 * Selection against sorting, on rows with ties, infinities and missing values.
 */
#include <math.h>
#include <string.h>

#include "core/sparsity/internal.h"
#include "tests/sparsity/support.h"

enum { MOST = 40 };

/* By value, NaN last, then by index. */
static int compare(const void *a, const void *b, void *user) {
    const float *values = user;
    int i = *(const int *)a, j = *(const int *)b;
    int i_missing = isnan(values[i]) != 0, j_missing = isnan(values[j]) != 0;
    if (i_missing != j_missing)
        return i_missing - j_missing;
    if (!i_missing && values[i] != values[j])
        return values[i] > values[j] ? -1 : 1;
    return i - j;
}

static void draw_row(uint32_t *x, int kind, float *values, int count) {
    static const float odd[] = {NAN, INFINITY, -INFINITY, 0, -0.0f, 1e-45f, -1e-45f, 3e38f, -2, 2};
    for (int j = 0; j < count; j++) {
        *x = 1664525u * *x + 1013904223u;
        if (kind == 0)
            values[j] = (float)(*x >> 8) / 0x1p20f - 8;
        else if (kind == 1)
            values[j] = (float)(*x >> 30);
        else
            values[j] = odd[(*x >> 16) % 10];
    }
}

static void agrees_with_sorting(void **state) {
    (void)state;
    float values[MOST];
    int order[MOST];
    uint32_t x = 5;
    for (int round = 0; round < 600; round++) {
        int count = 1 + round % MOST;
        draw_row(&x, round % 3, values, count);
        for (int j = 0; j < count; j++)
            order[j] = j;
        qsort_r(order, (size_t)count, sizeof(int), compare, values);
        for (int keep = 1; keep <= count; keep += 1 + count / 7) {
            int expected[MOST] = {0}, kept = 0;
            for (int k = 0; k < keep; k++)
                expected[order[k]] = 1;
            struct cut cut = cut_largest_portable(values, count, keep);
            for (int j = 0; j < count; j++) {
                int keeps = cut_keeps(&cut, values[j]);
                assert_int_equal(keeps, expected[j]);
                kept += keeps;
            }
            assert_int_equal(kept, keep);
        }
        for (int k = 0; k < count; k++)
            assert_int_equal(rank_of(values, count, order[k]), k + 1);
    }
}

static void quantiles_interpolate(void **state) {
    (void)state;
    const float values[] = {4, 1, 3, 2, 5};
    assert_float_equal(quantile(values, 5, 0), 1, 0);
    assert_float_equal(quantile(values, 5, 0.25), 2, 0);
    assert_float_equal(quantile(values, 5, 0.8), 4.2, 1e-12);
    assert_float_equal(quantile(values, 5, 0.999), 4.996, 1e-12);
    assert_float_equal(quantile(values, 1, 0.7), 4, 0);
    const float tied[] = {2, 2, 2, 2, -0.0f, 0};
    assert_float_equal(quantile(tied, 6, 0.5), 2, 0);
    assert_float_equal(quantile(tied, 6, 0.2), 0, 0);
}

/* 0.55 of 100 steps is 55.000000000000007 as a double; the 56th smallest is meant, and kept. */
static void a_whole_rank_stays_whole(void **state) {
    (void)state;
    float values[101];
    for (int j = 0; j < 101; j++)
        values[j] = (float)((j * 37) % 101) / 8;
    assert_true(quantile(values, 101, 0.55) == 55.0 / 8); /* to the last bit of a double */
    assert_true(quantile(values, 101, 0.29) == 29.0 / 8);
}

static void quantiles_of_infinities(void **state) {
    (void)state;
    const float values[] = {INFINITY, -INFINITY, 1, NAN};
    assert_true(isinf(quantile(values, 4, 0)) && quantile(values, 4, 0) < 0);
    assert_true(quantile(values, 4, 0.4) < 0 && isinf(quantile(values, 4, 0.4)));
    assert_true(quantile(values, 4, 0.7) > 0 && isinf(quantile(values, 4, 0.7)));
}

static void shares_round_up_what_stays(void **state) {
    (void)state;
    assert_int_equal(kept_count(0.8, 5), 1); /* 1.0000000000000002 before the small term */
    assert_int_equal(kept_count(0.8, 6), 2);
    assert_int_equal(kept_count(0.999, 6), 1);
    assert_int_equal(kept_count(0, 6), 6);
    assert_int_equal(kept_count(0.4, 5), 3);
    for (int n = 1; n <= 300; n++) {
        for (int percent = 0; percent < 100; percent++) {
            int exact = ((100 - percent) * n + 99) / 100;
            assert_int_equal(kept_count(percent / 100.0, n), exact < 1 ? 1 : exact);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(agrees_with_sorting),        cmocka_unit_test(quantiles_interpolate),
    cmocka_unit_test(a_whole_rank_stays_whole),   cmocka_unit_test(quantiles_of_infinities),
    cmocka_unit_test(shares_round_up_what_stays),
};

TEST_GROUP(tests_sparsity_select, tests);
