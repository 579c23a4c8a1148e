/*
 * largest.c - the k largest of a row and of its parts, with every instruction set, against their
 * ranks (which tests/sparsity/select.c compares with sorting).
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

/* What is kept, by the rank of each among those of its part. */
static int is_kept(const float *values, int count, const struct largest *largest, int j) {
    int of = largest->of > 0 ? largest->of : count, begin = j / of * of;
    int part = of < count - begin ? of : count - begin;
    int rank = rank_of(values + begin, part, j - begin);
    for (int i = 0; i < part && largest->ties && rank > largest->keep; i++)
        if (values[i] == values[j] && rank_of(values, count, i) <= largest->keep)
            rank = largest->keep;
    return rank <= largest->keep;
}

/* Behind marks and numbers there is nothing: the sanitizers find what reads or writes it. A list
 * may be followed by a vector of anything, but by no more. */
static void check_row(const struct attention_kernels *kernels, const float *values, int count,
                      const struct largest *largest) {
    static int32_t list[MOST + 17];
    uint8_t *marks = calloc((size_t)count, 1);
    int next = 0;
    kernels->mark(values, count, largest, marks);
    list[count + 16] = -1;
    int listed = kernels->list(marks, count, list);
    for (int j = 0; j < count; j++) {
        assert_int_equal(marks[j], is_kept(values, count, largest, j));
        if (marks[j])
            assert_int_equal(list[next++], j);
    }
    assert_int_equal(next, listed);
    assert_int_equal(list[count + 16], -1);
    free(marks);
}

static void check_rows(const struct attention_kernels *kernels, int count, enum kind kind,
                       uint32_t seed) {
    static const int parts[] = {1, 2, 3, 4, 5, 8, 16, 32, 40};
    float *values = malloc((size_t)count * sizeof(*values));
    for (int j = 0; j < count; j++)
        values[j] = draw(&seed, kind, j);
    for (int keep = 1; keep <= count + 1; keep += 1 + count / 4)
        for (int ties = 0; ties < 2; ties++)
            check_row(kernels, values, count, &(struct largest){.keep = keep, .ties = ties});
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        for (int keep = 1; keep <= parts[i]; keep += 1 + parts[i] / 3)
            check_row(kernels, values, count, &(struct largest){.keep = keep, .of = parts[i]});
    free(values);
}

static void agrees_with_ranks(void **state) {
    (void)state;
    static const int long_counts[] = {127, 128, 500, 513, 600, 1024, MOST};
    const struct kernels *kernels;
    for (int set = 0; (kernels = kernels_get(set)); set++) {
        for (int kind = 0; kind < KINDS; kind++) {
            for (int count = 1; count < 80; count++)
                check_rows(kernels->attention, count, (enum kind)kind, (uint32_t)(count + kind));
            for (size_t i = 0; i < sizeof(long_counts) / sizeof(long_counts[0]); i++)
                check_rows(kernels->attention, long_counts[i], (enum kind)kind, (uint32_t)i);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(agrees_with_ranks),
};

TEST_GROUP(tests_kernel_largest, tests);
