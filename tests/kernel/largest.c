/*
 * largest.c - the k largest of a row, with every instruction set, against their ranks (which
 * tests/sparsity/select.c compares with sorting).
 */
#include "core/kernel/largest.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/kernel/attention_kernels.h"
#include "core/kernel/kernels.h"
#include "core/sparsity/internal.h"
#include "tests/test.h"

#define MOST 1500

static uint32_t next(uint32_t *x) {
    *x = *x * 1664525u + 1013904223u;
    return *x >> 8;
}

/* The kinds of rows that differ in how they are cut. */
enum kind { SPREAD, FEW_VALUES, ALIKE, WITH_NAN, WITH_INFINITY, TINY_AND_HUGE, ONE_FAR, KINDS };

static float draw(uint32_t *x, enum kind kind, int j) {
    float value = (float)next(x) / (float)(1 << 23) - 1;
    switch (kind) {
    case FEW_VALUES:
        return (float)(next(x) % 5) - 2;
    case ALIKE:
        return next(x) % 2 ? 0.0f : -0.0f;
    case WITH_NAN:
        return next(x) % 4 ? value : NAN;
    case WITH_INFINITY:
        return next(x) % 8 ? value : next(x) % 2 ? INFINITY : -INFINITY;
    case TINY_AND_HUGE:
        return ldexpf(value, (int)(next(x) % 270) - 145);
    case ONE_FAR:
        return j == 3 ? 1e30f : value;
    default:
        return value + value * value * value;
    }
}

/* ranks [count]. The list may be followed by a vector of anything, but by no more. */
static void check_list(list_largest *largest, const float *values, int count, int keep,
                       const int *ranks) {
    static int32_t list[MOST + 17];
    int kept = keep < count ? keep : count, next = 0;
    list[count + 16] = -1;
    assert_int_equal(largest(values, count, keep, list), kept);
    for (int j = 0; j < count; j++)
        if (ranks[j] <= keep)
            assert_int_equal(list[next++], j);
    assert_int_equal(next, kept);
    assert_int_equal(list[count + 16], -1);
}

static void check_rows(list_largest *largest, int count, enum kind kind, uint32_t seed) {
    /* Behind the row there is nothing: to read it would be found by the sanitizers. */
    float *values = malloc((size_t)count * sizeof(*values));
    int ranks[MOST];
    for (int j = 0; j < count; j++)
        values[j] = draw(&seed, kind, j);
    for (int j = 0; j < count; j++)
        ranks[j] = rank_of(values, count, j);
    for (int keep = 1; keep <= count + 1; keep += 1 + count / 6)
        check_list(largest, values, count, keep, ranks);
    free(values);
}

static void agrees_with_ranks(void **state) {
    (void)state;
    static const int long_counts[] = {127, 128, 500, 513, 600, 1024, MOST};
    const struct kernels *kernels;
    for (int set = 0; (kernels = kernels_get(set)); set++) {
        list_largest *largest = kernels->attention->largest;
        for (int kind = 0; kind < KINDS; kind++) {
            for (int count = 1; count < 80; count++)
                check_rows(largest, count, (enum kind)kind, (uint32_t)(count + kind));
            for (size_t i = 0; i < sizeof(long_counts) / sizeof(long_counts[0]); i++)
                check_rows(largest, long_counts[i], (enum kind)kind, (uint32_t)i);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(agrees_with_ranks),
};

TEST_GROUP(tests_kernel_largest, tests);
