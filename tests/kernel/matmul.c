/*
 * Matrix products of every shape, by every set this machine has, against three plain loops in
 * double precision; the same bits for any number of threads and for any number of rows; nothing
 * touched outside of the matrices.
 */
#include "core/kernel/matmul.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/kernel/gemm.h"
#include "core/kernel/kernels.h"
#include "core/kernel/scratch.h"
#include "tests/kernel/guarded.h"

/* ---- one product ----------------------------------------------------------------------------- */

enum { Y, BIAS, ACTIVATED, A, B = A + MATMUL_TERMS, MATRICES = B + MATMUL_TERMS };

struct parts {
    struct guarded guards[MATRICES];
    float *start;
    void *packed;
};

static float *drawn_matrix(struct parts *parts, int matrix, size_t count, int at_end) {
    float *values = guarded_open(&parts->guards[matrix], count * sizeof(float), at_end);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)random_normal(1 + (uint64_t)matrix, i);
    return values;
}

/* Floats from one row to the next. */
static size_t left_stride(const struct matmul *product) {
    return (size_t)(product->a_stride ? product->a_stride : product->k);
}

static size_t result_stride(const struct matmul *product) {
    return (size_t)(product->y_stride ? product->y_stride : product->n);
}

/* Floats of y; behind the last row there is nothing. */
static size_t result_count(const struct matmul *product) {
    return (size_t)(product->m - 1) * result_stride(product) + (size_t)product->n;
}

static void make_parts(struct parts *parts, struct matmul *product, int at_end) {
    size_t m = (size_t)product->m, n = (size_t)product->n, k = (size_t)product->k;
    size_t count = result_count(product);
    size_t left = product->shape == MATMUL_WEIGHT ? m * k : (m - 1) * left_stride(product) + k;
    *parts = (struct parts){.start = malloc(count * sizeof(float))};
    assert_non_null(parts->start);
    product->y = drawn_matrix(parts, Y, count, at_end);
    memcpy(parts->start, product->y, count * sizeof(float));
    if (product->after >= AFTER_BIAS)
        product->bias = drawn_matrix(parts, BIAS, n, at_end);
    if (product->after >= AFTER_BIAS_GELU)
        product->activated = drawn_matrix(parts, ACTIVATED, count, at_end);
    for (int term = 0; term < product->terms; term++) {
        product->a[term] = drawn_matrix(parts, A + term, left, at_end);
        product->b[term] = drawn_matrix(parts, B + term, n * k, at_end);
    }
}

static void free_parts(const struct parts *parts) {
    for (int i = 0; i < MATRICES; i++)
        if (parts->guards[i].map)
            guarded_close(&parts->guards[i]);
    free(parts->start);
    free(parts->packed);
}

/* Σ a b, and Σ |a b|, which bounds the error. */
static double element(const struct matmul *product, int row, int column, double *size) {
    double total = 0;
    *size = 0;
    for (int term = 0; term < product->terms; term++) {
        const float *a = product->a[term], *b = product->b[term];
        for (int i = 0; i < product->k; i++) {
            int weight = product->shape == MATMUL_WEIGHT;
            double left =
                weight ? a[i * product->m + row] : a[(size_t)row * left_stride(product) + i];
            double right = product->shape == MATMUL_FORWARD ? b[column * product->k + i]
                                                            : b[i * product->n + column];
            total += left * right;
            *size += fabs(left * right);
        }
    }
    return total;
}

static void check_result(const struct matmul *product, const float *start, double precision) {
    for (int row = 0; row < product->m; row++) {
        for (int column = 0; column < product->n; column++) {
            size_t i = (size_t)row * result_stride(product) + (size_t)column;
            double size, wanted = element(product, row, column, &size);
            wanted += (product->accumulate ? start[i] : 0.0) +
                      (product->bias ? product->bias[column] : 0.0);
            float result = product->y[i];
            if (product->after == AFTER_BIAS_GELU) {
                wanted *= 0.5 * erfc(-wanted / sqrt(2.0));
                result = product->activated[i];
            } else if (product->after == AFTER_BIAS_RELU) {
                wanted = wanted > 0 ? wanted : 0;
                result = product->activated[i];
            }
            double error = fabs(result - wanted);
            if (!(error <= precision * (size + 4.0)))
                fail_msg("shape %d, %d x %d x %d: [%d,%d] is %.9g, not %.9g", product->shape,
                         product->m, product->n, product->k, row, column, (double)result, wanted);
        }
    }
}

/* Between the rows nothing is written. */
static void check_gaps(const struct matmul *product, const float *start) {
    for (int row = 0; row + 1 < product->m; row++) {
        size_t gap = (size_t)row * result_stride(product) + (size_t)product->n;
        size_t bytes = (result_stride(product) - (size_t)product->n) * sizeof(float);
        assert_memory_equal(product->y + gap, start + gap, bytes);
    }
}

static void pack(const struct compute *compute, struct parts *parts, struct matmul *product) {
    size_t bytes = matmul_packed_bytes(compute, product->n, product->k);
    parts->packed = large_memory(bytes);
    assert_non_null(parts->packed);
    matmul_pack(compute, parts->packed, product->b[0], product->n, product->k);
    product->packed = parts->packed;
}

static double precision_of(const struct compute *compute) {
    return compute->gemm->depth == 1 ? 2e-6 : 8e-3; /* bfloat16 keeps 8 bits of each factor */
}

/* The derivative of an activation may be left out. */
static void check_without_slope(const struct compute *compute, struct matmul product) {
    size_t bytes = result_count(&product) * sizeof(float);
    if (product.after < AFTER_BIAS_GELU || product.accumulate)
        return;
    float *both = malloc(bytes);
    assert_non_null(both);
    memcpy(both, product.activated, bytes);
    for (size_t row = 0; row < (size_t)product.m; row++)
        memset(product.activated + row * result_stride(&product), 0,
               (size_t)product.n * sizeof(float));
    product.y = NULL;
    matmul_run(compute, &product, 1);
    assert_memory_equal(both, product.activated, bytes);
    free(both);
}

/* Also packed, which gives the same bits. */
static void check_product(const struct compute *compute, struct matmul product, int at_end) {
    struct parts parts;
    size_t bytes = result_count(&product) * sizeof(float);
    make_parts(&parts, &product, at_end);
    matmul_run(compute, &product, 1);
    check_result(&product, parts.start, precision_of(compute));
    check_gaps(&product, parts.start);
    if (product.shape == MATMUL_FORWARD && product.terms == 1) {
        float *unpacked = malloc(bytes);
        assert_non_null(unpacked);
        memcpy(unpacked, product.y, bytes);
        memcpy(product.y, parts.start, bytes);
        pack(compute, &parts, &product);
        matmul_run(compute, &product, 1);
        assert_memory_equal(unpacked, product.y, bytes);
        free(unpacked);
        check_without_slope(compute, product);
    }
    free_parts(&parts);
}

/* ---- sets ------------------------------------------------------------------------------------ */

/* Runs the check with every set, on `threads` threads, and last with the one that is chosen when
 * none is named: the matrix unit multiplies bfloat16 only then. */
static void with_every_set(int threads, void (*check)(const struct compute *compute)) {
    for (int i = 0, named = 1; named; i++) {
        struct compute compute;
        named = kernels_get(i) != NULL;
        setenv("SAWB_CPU", named ? kernels_get(i)->name : "", 1);
        assert_int_equal(compute_open(&compute, threads, NULL), 0);
        assert_string_equal(compute.gemm->name, kernels_get(named ? i : i - 1)->name);
        if (named)
            check(&compute);
        if (compute_set_precision(&compute, PRECISION_BF16, NULL) == 0)
            check(&compute);
        compute_close(&compute);
    }
    unsetenv("SAWB_CPU");
}

static int drawn(uint64_t key, uint64_t *counter, int most) {
    return 1 + (int)(random_bits(key, (*counter)++) % (uint64_t)most);
}

static void check_sizes(const struct compute *compute) {
    static const int sizes[][3] = {{1, 1, 1},     {3, 5, 7},    {13, 48, 32},
                                   {2, 33, 64},   {1, 97, 385}, {130, 100, 9},
                                   {9, 193, 400}, {17, 2, 771}, {300, 50, 33}};
    enum { FIXED = sizeof(sizes) / sizeof(sizes[0]), DRAWN = 12 };
    uint64_t key = random_key(7, RANDOM_PATTERN, 0, 0), counter = 0;
    for (int i = 0; i < FIXED + DRAWN; i++) {
        struct matmul product = {.m = i < FIXED ? sizes[i][0] : drawn(key, &counter, 40),
                                 .n = i < FIXED ? sizes[i][1] : drawn(key, &counter, 120),
                                 .k = i < FIXED ? sizes[i][2] : drawn(key, &counter, 60)};
        for (int shape = MATMUL_FORWARD; shape <= MATMUL_WEIGHT; shape++) {
            product.shape = (enum matmul_shape)shape;
            product.terms = i % 3 == 2 ? 3 : 1;
            product.accumulate = i % 2;
            product.after = shape == MATMUL_FORWARD ? (enum matmul_after)(i % 4) : AFTER_NOTHING;
            int apart = shape != MATMUL_WEIGHT && i % 5 > 2;
            product.a_stride = apart ? product.k + i : 0;
            product.y_stride = apart ? product.n + 3 : 0;
            check_product(compute, product, i % 2);
        }
    }
}

static void test_products(void **state) {
    (void)state;
    with_every_set(2, check_sizes);
}

/* Gradients of weights are cut by rows and by columns. */
static void check_large_weight(const struct compute *compute) {
    check_product(compute,
                  (struct matmul){.shape = MATMUL_WEIGHT, .m = 200, .n = 390, .k = 5, .terms = 1},
                  1);
}

static void test_large_weight(void **state) {
    (void)state;
    with_every_set(2, check_large_weight);
}

/* ---- the same bits --------------------------------------------------------------------------- */

enum { M = 150, N = 200, K = 400 };

static void run_on(int threads, enum precision precision, const struct matmul *products,
                   int count) {
    struct compute compute;
    assert_int_equal(compute_open(&compute, threads, NULL), 0);
    /* Without it the check is of float32 once more. */
    compute_set_precision(&compute, precision, NULL);
    matmul_run(&compute, products, count);
    compute_close(&compute);
}

static float *numbers(size_t count, uint64_t stream) {
    float *values = malloc(count * sizeof(*values));
    assert_non_null(values);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)random_normal(stream, i);
    return values;
}

static void check_threads_do_not_matter(enum precision precision) {
    float *a = numbers(M * K, 1), *b = numbers(N * K, 2), *bias = numbers(N, 4);
    static const int threads[] = {1, 2, 3, 8};
    for (int shape = MATMUL_FORWARD; shape <= MATMUL_WEIGHT; shape++) {
        float *first = NULL;
        for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
            float *y = numbers(M * N, 3), *activated = numbers(M * N, 3);
            struct matmul product = {.shape = (enum matmul_shape)shape,
                                     .m = M,
                                     .n = N,
                                     .k = K,
                                     .terms = 1,
                                     .a = {a},
                                     .b = {b},
                                     .y = y,
                                     .accumulate = 1,
                                     .after = shape ? AFTER_NOTHING : AFTER_BIAS_GELU,
                                     .bias = bias,
                                     .activated = activated};
            run_on(threads[i], precision, &product, 1);
            float *result = shape ? y : activated;
            free(shape ? activated : y);
            if (first)
                assert_memory_equal(first, result, M * N * sizeof(*result));
            if (first)
                free(result);
            else
                first = result;
        }
        free(first);
    }
    free(a);
    free(b);
    free(bias);
}

/* A row alone is what it is among others. */
static void check_rows_do_not_matter(enum precision precision) {
    float *a = numbers(M * K, 1), *b = numbers(N * K, 2), *all = numbers(M * N, 3);
    struct matmul product = {.m = M, .n = N, .k = K, .terms = 1, .a = {a}, .b = {b}, .y = all};
    run_on(2, precision, &product, 1);
    for (int row = 0; row < M; row += 29) {
        float one[N];
        product.m = 1;
        product.a[0] = a + (size_t)row * K;
        product.y = one;
        run_on(1, precision, &product, 1);
        assert_memory_equal(all + (size_t)row * N, one, sizeof(one));
    }
    free(a);
    free(b);
    free(all);
}

static void check_products_at_once(enum precision precision) {
    float *a = numbers(M * K, 1), *b = numbers(N * K, 2);
    float *apart[2], *together[2];
    struct matmul products[2];
    for (int i = 0; i < 2; i++) {
        apart[i] = numbers(M * N, 3);
        together[i] = numbers(M * N, 3);
        products[i] = (struct matmul){.shape = i ? MATMUL_WEIGHT : MATMUL_INPUT,
                                      .m = M,
                                      .n = N,
                                      .k = K - 30 * i,
                                      .terms = 1,
                                      .a = {a},
                                      .b = {b},
                                      .y = apart[i]};
        run_on(1, precision, &products[i], 1);
        products[i].y = together[i];
    }
    run_on(2, precision, products, 2);
    for (int i = 0; i < 2; i++) {
        assert_memory_equal(apart[i], together[i], M * N * sizeof(float));
        free(apart[i]);
        free(together[i]);
    }
    free(a);
    free(b);
}

static void test_threads_do_not_matter(void **state) {
    (void)state;
    check_threads_do_not_matter(PRECISION_F32);
    check_threads_do_not_matter(PRECISION_BF16);
}

static void test_rows_do_not_matter(void **state) {
    (void)state;
    check_rows_do_not_matter(PRECISION_F32);
    check_rows_do_not_matter(PRECISION_BF16);
}

static void test_products_at_once(void **state) {
    (void)state;
    check_products_at_once(PRECISION_F32);
    check_products_at_once(PRECISION_BF16);
}

static void test_cpu_is_chosen(void **state) {
    (void)state;
    struct compute compute;
    struct sawb_error error;
    setenv("SAWB_CPU", "portable", 1);
    assert_int_equal(compute_open(&compute, 1, &error), 0);
    assert_string_equal(compute.kernels->name, "portable");
    assert_string_equal(compute.gemm->name, "portable");
    compute_close(&compute);
    setenv("SAWB_CPU", "abacus", 1);
    assert_int_equal(compute_open(&compute, 1, &error), -1);
    assert_non_null(strstr(error.message, "abacus"));
    unsetenv("SAWB_CPU");
}

static void test_precision_is_chosen(void **state) {
    (void)state;
    struct compute compute;
    struct sawb_error error = {{0}};
    setenv("SAWB_CPU", "portable", 1);
    assert_int_equal(compute_open(&compute, 1, &error), 0);
    assert_int_equal(compute_set_precision(&compute, PRECISION_BF16, &error), -1);
    assert_non_null(strstr(error.message, "bf16"));
    assert_string_equal(compute.gemm->name, "portable");
    assert_int_equal(compute_set_precision(&compute, PRECISION_F32, &error), 0);
    compute_close(&compute);
    unsetenv("SAWB_CPU");
    assert_int_equal(compute_open(&compute, 1, &error), 0);
    assert_int_equal(compute.precision, PRECISION_F32);
    if (compute_set_precision(&compute, PRECISION_BF16, &error) == 0) {
        assert_int_equal(compute.precision, PRECISION_BF16);
        assert_non_null(strstr(compute.gemm->name, "-bf16"));
        assert_int_equal(compute_set_precision(&compute, PRECISION_F32, &error), 0);
        assert_string_equal(compute.gemm->name, "avx512");
    }
    assert_int_equal(compute.precision, PRECISION_F32);
    compute_close(&compute);
}

static void test_precisions_have_names(void **state) {
    (void)state;
    enum precision found;
    for (int i = 0; i < PRECISIONS; i++) {
        assert_int_equal(precision_find(&found, precision_name((enum precision)i)), 0);
        assert_int_equal(found, i);
    }
    assert_int_equal(precision_find(&found, "f64"), -1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_products),
    cmocka_unit_test(test_large_weight),
    cmocka_unit_test(test_threads_do_not_matter),
    cmocka_unit_test(test_rows_do_not_matter),
    cmocka_unit_test(test_products_at_once),
    cmocka_unit_test(test_cpu_is_chosen),
    cmocka_unit_test(test_precision_is_chosen),
    cmocka_unit_test(test_precisions_have_names),
};
TEST_GROUP(tests_kernel_matmul, tests);
