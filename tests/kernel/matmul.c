/*
 * Matrix products of every shape against three plain loops, and the same result for any number of
 * threads.
 */
#include "core/kernel/matmul.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/kernel/kernels.h"
#include "tests/test.h"

static float *numbers(size_t count, uint64_t stream) {
    float *values = malloc(count * sizeof(*values));
    assert_non_null(values);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)random_normal(stream, i);
    return values;
}

static double element(const struct matmul *product, int row, int column) {
    double total = 0;
    for (int term = 0; term < product->terms; term++) {
        const float *a = product->a[term], *b = product->b[term];
        for (int i = 0; i < product->k; i++) {
            int weight = product->shape == MATMUL_WEIGHT;
            double left = weight ? a[i * product->m + row] : a[row * product->k + i];
            double right = product->shape == MATMUL_FORWARD ? b[column * product->k + i]
                                                            : b[i * product->n + column];
            total += left * right;
        }
    }
    return total;
}

static void check_product(const struct compute *compute, enum matmul_shape shape, int m, int n,
                          int k, int terms, int accumulate) {
    size_t count = (size_t)m * (size_t)n;
    float *y = numbers(count, 1), *start = numbers(count, 1), *bias = numbers((size_t)n, 2);
    float *activated = calloc(count, sizeof(*activated));
    assert_non_null(activated);
    struct matmul product = {
        .shape = shape, .m = m, .n = n, .k = k, .terms = terms, .y = y, .accumulate = accumulate};
    float *a[MATMUL_TERMS], *b[MATMUL_TERMS];
    for (int term = 0; term < terms; term++) {
        product.a[term] = a[term] = numbers((size_t)m * (size_t)k, 3 + (uint64_t)term);
        product.b[term] = b[term] = numbers((size_t)n * (size_t)k, 6 + (uint64_t)term);
    }
    if (shape == MATMUL_FORWARD) {
        product.after = terms == 1 ? AFTER_BIAS_GELU : AFTER_BIAS;
        product.bias = bias;
        product.activated = activated;
    }
    matmul_run(compute, &product, 1);
    for (int row = 0; row < m; row++) {
        for (int column = 0; column < n; column++) {
            size_t i = (size_t)row * (size_t)n + (size_t)column;
            double wanted = element(&product, row, column) + (accumulate ? start[i] : 0.0) +
                            (product.bias ? bias[column] : 0.0);
            assert_true(fabs(y[i] - wanted) < 1e-5 * k + 1e-5);
            if (product.after == AFTER_BIAS_GELU)
                assert_true(fabs(activated[i] - y[i] * 0.5 * erfc(-y[i] / sqrt(2.0))) < 1e-5);
        }
    }
    for (int term = 0; term < terms; term++) {
        free(a[term]);
        free(b[term]);
    }
    free(y);
    free(start);
    free(bias);
    free(activated);
}

static void test_products(void **state) {
    (void)state;
    struct compute compute;
    assert_int_equal(compute_open(&compute, 2, NULL), 0);
    static const int shapes[][3] = {
        {1, 1, 1}, {3, 5, 7}, {13, 48, 32}, {2, 33, 64}, {130, 200, 70}};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        for (int shape = MATMUL_FORWARD; shape <= MATMUL_WEIGHT; shape++) {
            const int *size = shapes[i];
            check_product(&compute, (enum matmul_shape)shape, size[0], size[1], size[2], 1, 0);
            check_product(&compute, (enum matmul_shape)shape, size[0], size[1], size[2], 3, 1);
        }
    }
    compute_close(&compute);
}

static void test_threads_do_not_matter(void **state) {
    (void)state;
    enum { M = 150, N = 600, K = 96 };
    float *a = numbers(M * K, 1), *b = numbers(N * K, 2);
    float *results[3];
    for (int threads = 1; threads <= 3; threads++) {
        struct compute compute;
        assert_int_equal(compute_open(&compute, threads, NULL), 0);
        float *y = results[threads - 1] = numbers(M * N, 3);
        struct matmul product = {.shape = MATMUL_FORWARD,
                                 .m = M,
                                 .n = N,
                                 .k = K,
                                 .terms = 1,
                                 .a = {a},
                                 .b = {b},
                                 .y = y};
        matmul_run(&compute, &product, 1);
        assert_memory_equal(results[0], y, M * N * sizeof(*y));
        compute_close(&compute);
    }
    for (int i = 0; i < 3; i++)
        free(results[i]);
    free(a);
    free(b);
}

static void test_cpu_is_chosen(void **state) {
    (void)state;
    struct compute compute;
    struct sawb_error error;
    setenv("SAWB_CPU", "portable", 1);
    assert_int_equal(compute_open(&compute, 1, &error), 0);
    assert_string_equal(compute.kernels->name, "portable");
    compute_close(&compute);
    setenv("SAWB_CPU", "abacus", 1);
    assert_int_equal(compute_open(&compute, 1, &error), -1);
    assert_non_null(strstr(error.message, "abacus"));
    unsetenv("SAWB_CPU");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_products),
    cmocka_unit_test(test_threads_do_not_matter),
    cmocka_unit_test(test_cpu_is_chosen),
};
TEST_GROUP(tests_kernel_matmul, tests);
