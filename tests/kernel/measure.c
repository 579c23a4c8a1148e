/*
 * measure.c - numbers of rows of attention against plain loops in double precision, on every
 * instruction set, with guard pages at both ends.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/kernels.h"
#include "tests/kernel/guarded.h"
#include "tests/test.h"

#define TOKENS_MOST 150
#define TOLERANCE 2e-6

struct row {
    double weights[TOKENS_MOST];
};

/* A row that sums to 1, of which every `apart`-th key has nothing. */
static struct row row_of(int tokens, int apart, uint32_t seed) {
    struct row row = {{0}};
    double sum = 0;
    for (int key = 0; key < tokens; key++) {
        seed = seed * 1664525u + 1013904223u;
        int nothing = tokens > 1 && key % apart == apart - 1;
        row.weights[key] = nothing ? 0 : exp((double)(seed >> 8) / (1 << 24) * 12);
        sum += row.weights[key];
    }
    for (int key = 0; key < tokens; key++)
        row.weights[key] = (double)(float)(row.weights[key] / sum);
    return row;
}

static double times_log(double x, double y) {
    return x > 0 ? x * log(y) : 0;
}

static void check(const struct measure_kernels *kernels, int tokens, uint32_t seed) {
    struct guarded guards[3];
    size_t bytes = (size_t)tokens * sizeof(float);
    float *p = guarded_open(&guards[0], bytes, 1), *q = guarded_open(&guards[1], bytes, 1);
    uint8_t *mask = guarded_open(&guards[2], (size_t)tokens, 1);
    struct row a = row_of(tokens, 3, seed), b = row_of(tokens, 5, seed + 1);
    int query = (int)(seed % (uint32_t)tokens);
    double entropy = 0, distance = 0, mass = 0, divergence = 0;
    for (int key = 0; key < tokens; key++) {
        double x = a.weights[key], y = b.weights[key], middle = (x + y) / 2;
        p[key] = (float)x;
        q[key] = (float)y;
        mask[key] = key % 4 != 1;
        entropy -= times_log(x, x);
        distance += x * abs(query - key);
        mass += mask[key] ? x : 0;
        divergence += (times_log(x, x / middle) + times_log(y, y / middle)) / 2;
    }
    assert_true(fabs(kernels->entropy(p, tokens) - entropy) <= TOLERANCE);
    assert_true(fabs(kernels->distance(p, query, tokens) - distance) <= TOLERANCE * tokens);
    assert_true(fabs(kernels->mass(p, mask, tokens) - mass) <= TOLERANCE);
    assert_true(fabs(kernels->divergence(p, q, tokens) - divergence) <= TOLERANCE);
    assert_true(kernels->divergence(p, p, tokens) <= 1e-12);
    /* Rows that hardly differ: of second order, and not lost in rounding. */
    if (tokens > 1) {
        p[0] = p[1] = 0.25f;
        memcpy(q, p, bytes);
        q[0] = 0.24f;
        q[1] = 0.26f;
        double little = 0;
        for (int key = 0; key < 2; key++) {
            double x = (double)p[key], y = (double)q[key], middle = (x + y) / 2;
            little += (times_log(x, x / middle) + times_log(y, y / middle)) / 2;
        }
        assert_true(fabs(kernels->divergence(p, q, tokens) - little) <= 0.001 * little);
    }
    for (int i = 0; i < 3; i++)
        guarded_close(&guards[i]);
}

static void rows_are_measured(void **state) {
    (void)state;
    const struct kernels *kernels;
    for (int i = 0; (kernels = kernels_get(i)); i++)
        for (int tokens = 1; tokens <= TOKENS_MOST; tokens += tokens < 40 ? 1 : 11)
            check(kernels->measure, tokens, (uint32_t)tokens * 77u);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_are_measured),
};

TEST_GROUP(tests_kernel_measure, tests);
