/*
 * compare.c - sums over rows that two arms have answered, and McNemar's exact p against
 * tests/oracle/mcnemar.py.
 */
#include "core/inspect/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#define VECTORS "tests/inspect/vectors/mcnemar.txt"

static void test_mcnemar(void **state) {
    (void)state;
    FILE *file = fopen(VECTORS, "r");
    assert_non_null(file);
    int b, c, count = 0;
    double p;
    for (; fscanf(file, "%d %d %lf", &b, &c, &p) == 3; count++) {
        double got = mcnemar_exact(b, c);
        if (!(fabs(got - p) <= 1e-9 * p))
            fail_msg("b %d, c %d: %.17g, not %.17g", b, c, got, p);
        assert_true(got == mcnemar_exact(c, b));
    }
    fclose(file);
    assert_true(count >= 20);
}

/* Five rows by hand: gold, A, B. */
static const struct {
    int gold, labels[2];
    float losses[2];
} rows[] = {
    {1, {1, 1}, {0.25f, 0.5f}},  /* both right */
    {0, {0, 1}, {0.5f, 2.0f}},   /* only A */
    {1, {0, 1}, {1.5f, 0.125f}}, /* only B */
    {1, {0, 0}, {1.0f, 4.0f}},   /* neither */
    {-1, {1, 0}, {0, 0}},        /* no label, a flip all the same */
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_tally(void **state) {
    (void)state;
    struct tally tally = {0};
    assert_true(isnan(tally_accuracy(&tally, 0)) && isnan(tally_loss(&tally, 1)));
    for (int i = 0; i < ROWS; i++)
        tally_add(&tally, rows[i].gold, rows[i].labels, rows[i].losses);
    assert_int_equal(tally.rows, 5);
    assert_int_equal(tally.labelled, 4);
    assert_int_equal(tally.flips, 3);
    assert_int_equal(tally.correct[0], 2);
    assert_int_equal(tally.correct[1], 2);
    assert_int_equal(tally.only[0], 1);
    assert_int_equal(tally.only[1], 1);
    assert_float_equal(tally_accuracy(&tally, 0), 0.5, 0);
    assert_float_equal(tally_loss(&tally, 0), 3.25 / 4, 1e-12);
    assert_float_equal(tally_loss(&tally, 1), 6.625 / 4, 1e-12);
}

static void test_losses_without_label(void **state) {
    (void)state;
    struct tally tally = {0};
    tally_add(&tally, -1, (const int[]){0, 0}, (const float[]){NAN, NAN});
    tally_add(&tally, 0, (const int[]){0, 1}, (const float[]){1, 2});
    assert_float_equal(tally_loss(&tally, 0), 1, 0);
    assert_float_equal(tally_loss(&tally, 1), 2, 0);
}

static void test_comparison(void **state) {
    (void)state;
    static const char text[] = "sentence\tlabel\na\t1\nb\t0\nc\t1\nd\t1\ne\t-1\nf\t0\n";
    /* The last row was asked of A alone: it is left out. */
    const int a[] = {1, 0, 0, 0, 1, 0}, b[] = {1, 1, 1, 0, 0, -1};
    struct dataset dataset;
    struct comparison comparison = {.a_only = 7};
    struct sawb_error error;
    assert_int_equal(dataset_parse(&dataset, text, strlen(text), "x.tsv", &error), 0);
    assert_int_equal(comparison_count(&comparison, &dataset, a, b, &error), 0);
    assert_int_equal(comparison.a_only, 1);
    assert_int_equal(comparison.b_only, 1);
    assert_float_equal(comparison.mcnemar_p, 1, 0);
    assert_int_equal(comparison.flips, 3);
    const int expected[] = {1, 2, 4};
    assert_memory_equal(comparison.flip_rows, expected, sizeof(expected));
    free(comparison.flip_rows);
    dataset_free(&dataset);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_mcnemar),
    cmocka_unit_test(test_tally),
    cmocka_unit_test(test_losses_without_label),
    cmocka_unit_test(test_comparison),
};

TEST_GROUP(tests_inspect_compare, tests);
