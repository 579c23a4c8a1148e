/*
 * Every kernel of every set this machine has, against a plain loop in double precision.
 */
#include "core/kernel/attention_kernels.h"
#include "core/kernel/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "tests/test.h"

#define ROWS_MAX 5
#define COLUMNS_MAX 131
#define COUNT_MAX (ROWS_MAX * COLUMNS_MAX)

static const int sizes[][2] = {{1, 1}, {3, 2}, {2, 7}, {5, 16}, {3, 33}, {4, 64}, {5, 131}};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static void fill(float *values, size_t count, uint64_t stream, double spread) {
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(spread * random_normal(stream, i));
}

static void near_to(float value, double wanted, double tolerance) {
    if (!(fabs(value - wanted) <= tolerance * (1.0 + fabs(wanted))))
        fail_msg("%.9g is not %.9g", (double)value, wanted);
}

static double normal_share(double x) {
    return 0.5 * erfc(-x / sqrt(2.0));
}

static double normal_density(double x) {
    return exp(-0.5 * x * x) / sqrt(8.0 * atan(1.0));
}

/* What the way back makes of gradients of 2, and its sums over rows. */
static void check_slope(const struct kernels *kernels, const float *slope, int rows, int columns) {
    float gradient[COUNT_MAX], sums[COLUMNS_MAX];
    for (int i = 0; i < rows * columns; i++)
        gradient[i] = 2.0f;
    kernels->slope_backward(gradient, sums, slope, rows, columns);
    for (int column = 0; column < columns; column++) {
        double sum = 0;
        for (int row = 0; row < rows; row++) {
            assert_true(gradient[row * columns + column] == 2.0f * slope[row * columns + column]);
            sum += gradient[row * columns + column];
        }
        near_to(sums[column], sum, 1e-6);
    }
}

static void check_activation(const struct kernels *kernels, int rows, int columns) {
    float before[COUNT_MAX], input[COUNT_MAX], after[COUNT_MAX], bias[COLUMNS_MAX];
    size_t count = (size_t)rows * (size_t)columns;
    fill(input, count, 1, 3.0);
    fill(bias, (size_t)columns, 2, 1.0);
    input[0] = -40.0f;
    input[count - 1] = 40.0f;
    memcpy(before, input, sizeof(before));
    kernels->bias_gelu(after, before, (size_t)columns, bias, rows, columns);
    for (size_t i = 0; i < count; i++) {
        float x = input[i] + bias[i % (size_t)columns];
        near_to(after[i], x * normal_share(x), 3e-7);
        near_to(before[i], normal_share(x) + x * normal_density(x), 1e-6);
    }
    check_slope(kernels, before, rows, columns);
    memcpy(before, input, sizeof(before));
    kernels->bias_gelu(before, before, (size_t)columns, bias, rows, columns);
    assert_memory_equal(before, after, count * sizeof(float));

    memcpy(before, input, sizeof(before));
    kernels->bias_relu(after, before, (size_t)columns, bias, rows, columns);
    for (size_t i = 0; i < count; i++) {
        float x = input[i] + bias[i % (size_t)columns];
        assert_true(after[i] == (x > 0 ? x : 0.0f));
        assert_true(before[i] == (x > 0 ? 1.0f : 0.0f));
    }
    check_slope(kernels, before, rows, columns);
    memcpy(before, input, sizeof(before));
    kernels->bias_relu(before, before, (size_t)columns, bias, rows, columns);
    assert_memory_equal(before, after, count * sizeof(float));

    fill(before, count, 3, 1.0);
    memcpy(after, input, sizeof(after));
    kernels->add(after, before, count);
    for (size_t i = 0; i < count; i++)
        assert_true(after[i] == input[i] + before[i]);
}

/* Where the density comes to nothing, and numbers that are none. */
static void check_gelu_far_out(const struct kernels *kernels) {
    static const float far[] = {-13.19f, -13.24f, -13.26f, -100.0f, -1e30f};
    static const float none[2] = {0};
    for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
        float before[2] = {far[i], -far[i]}, after[2];
        kernels->bias_gelu(after, before, 2, none, 1, 2);
        near_to(after[0], 0, 1e-36);
        assert_true(after[1] == -far[i]);
        near_to(before[0], 0, 1e-35);
        assert_true(before[1] == 1.0f);
    }
    float before[2] = {NAN, 0.0f}, after[2];
    kernels->bias_gelu(after, before, 2, none, 1, 2);
    assert_true(isnan(after[0]) && isnan(before[0]));
    assert_true(after[1] == 0.0f && before[1] == 0.5f);
}

static void check_norm(const struct kernels *kernels, int rows, int columns) {
    float in[COUNT_MAX], sum[COUNT_MAX], out[COUNT_MAX], residual[COUNT_MAX];
    float weight[COLUMNS_MAX], bias[COLUMNS_MAX], mean[ROWS_MAX], scale[ROWS_MAX];
    const float epsilon = 1e-5f;
    size_t count = (size_t)rows * (size_t)columns;
    const struct dropout none = {.scale = 1.0f};
    fill(in, count, 3, 2.0);
    fill(residual, count, 4, 1.0);
    fill(weight, (size_t)columns, 5, 1.0);
    fill(bias, (size_t)columns, 6, 1.0);
    memcpy(sum, in, sizeof(sum));
    kernels->residual_norm(out, sum, mean, scale, residual, weight, bias, rows, columns, epsilon,
                           &none, 0);
    for (int row = 0; row < rows; row++) {
        size_t at = (size_t)row * (size_t)columns;
        double center = 0, square = 0;
        for (int c = 0; c < columns; c++)
            center += ((double)in[at + (size_t)c] + residual[at + (size_t)c]) / columns;
        for (int c = 0; c < columns; c++)
            square +=
                pow((double)in[at + (size_t)c] + residual[at + (size_t)c] - center, 2) / columns;
        double inverse = 1.0 / sqrt(square + epsilon);
        near_to(mean[row], center, 1e-6);
        near_to(scale[row], inverse, 1e-5);
        for (int c = 0; c < columns; c++) {
            double x = (double)in[at + (size_t)c] + residual[at + (size_t)c];
            near_to(sum[at + (size_t)c], x, 1e-6);
            near_to(out[at + (size_t)c], (x - center) * inverse * weight[c] + bias[c], 1e-4);
        }
    }
}

/* Σ out * gradient as a function of the norm's input, for finite differences. */
static double norm_loss(const double *x, const float *gradient, const float *weight, int columns) {
    double center = 0, square = 0, loss = 0;
    for (int c = 0; c < columns; c++)
        center += x[c] / columns;
    for (int c = 0; c < columns; c++)
        square += (x[c] - center) * (x[c] - center) / columns;
    for (int c = 0; c < columns; c++)
        loss += gradient[c] * weight[c] * (x[c] - center) / sqrt(square + 1e-5);
    return loss;
}

static void check_norm_backward(const struct kernels *kernels, int rows, int columns) {
    float sum[COUNT_MAX], out[COUNT_MAX], gradient[COUNT_MAX], back[COUNT_MAX];
    float inner[COUNT_MAX], dropped[COUNT_MAX], alone[COUNT_MAX];
    float weight[COLUMNS_MAX], bias[COLUMNS_MAX] = {0}, mean[ROWS_MAX], scale[ROWS_MAX];
    float fused[3 * COLUMNS_MAX], sums[COLUMNS_MAX] = {0}, inner_sums[COLUMNS_MAX] = {0};
    const float *weight_sum = fused, *bias_sum = fused + columns;
    const struct dropout dropout = dropout_stream(0.3f, 1, 2, 3);
    size_t count = (size_t)rows * (size_t)columns;
    const struct dropout none = {.scale = 1.0f};
    fill(sum, count, 7, 2.0);
    fill(gradient, count, 8, 1.0);
    fill(weight, (size_t)columns, 9, 1.0);
    kernels->residual_norm(out, sum, mean, scale, NULL, weight, bias, rows, columns, 1e-5f, &none,
                           0);
    memcpy(back, gradient, sizeof(back));
    memcpy(alone, gradient, sizeof(alone));
    kernels->norm_backward(alone, NULL, fused, sum, mean, scale, weight, rows, columns, &none, 0);
    kernels->norm_backward(back, inner, fused, sum, mean, scale, weight, rows, columns, &dropout,
                           17);
    assert_memory_equal(back, alone, count * sizeof(*back));
    kernels->dropout(dropped, back, count, &dropout, 17);
    assert_memory_equal(inner, dropped, count * sizeof(*inner));
    kernels->column_sums(inner_sums, inner, rows, columns, (size_t)columns);
    kernels->column_sums(sums, gradient, rows, columns, (size_t)columns);
    for (int c = 0; c < columns; c++) {
        double wanted = 0, plain = 0;
        for (int row = 0; row < rows; row++) {
            size_t i = (size_t)(row * columns + c);
            plain += gradient[i];
            wanted += (double)gradient[i] * (sum[i] - (double)mean[row]) * scale[row];
        }
        near_to(bias_sum[c], plain, 1e-5);
        near_to(sums[c], plain, 1e-5);
        near_to(weight_sum[c], wanted, 1e-4);
        assert_true(fused[2 * columns + c] == inner_sums[c]);
    }
    for (int row = 0; row < rows; row++) {
        double x[COLUMNS_MAX];
        size_t at = (size_t)row * (size_t)columns;
        for (int c = 0; c < columns; c++)
            x[c] = sum[at + (size_t)c];
        for (int c = 0; c < columns; c++) {
            double place = x[c], step = 1e-5;
            x[c] = place + step;
            double above = norm_loss(x, gradient + at, weight, columns);
            x[c] = place - step;
            double below = norm_loss(x, gradient + at, weight, columns);
            x[c] = place;
            near_to(back[at + (size_t)c], (above - below) / (2 * step), 2e-3);
        }
    }
}

static void check_softmax(const struct kernels *kernels, int rows, int columns, int masked) {
    float scores[COUNT_MAX] = {0}, shares[COUNT_MAX];
    uint8_t mask[COUNT_MAX] = {0};
    size_t count = (size_t)rows * (size_t)columns;
    fill(scores, count, 10, 20.0);
    for (size_t i = 0; i < count; i++)
        mask[i] = !masked || (random_bits(12, i) & 1);
    kernels->attention->softmax(shares, scores, masked ? mask : NULL, rows, columns);
    for (size_t at = 0; at < count; at += (size_t)columns) {
        double total = 0;
        for (size_t i = at; i < at + (size_t)columns; i++)
            total += mask[i] ? exp((double)scores[i]) : 0.0;
        for (size_t i = at; i < at + (size_t)columns; i++) {
            if (!mask[i])
                assert_true(shares[i] == 0.0f);
            else
                near_to(shares[i], exp((double)scores[i]) / total, 1e-6);
        }
    }
    kernels->attention->softmax(scores, scores, masked ? mask : NULL, rows, columns);
    assert_memory_equal(scores, shares, count * sizeof(float));
}

typedef void kernel_check(const struct kernels *kernels, int rows, int columns);

static void on_all(kernel_check *check) {
    const struct kernels *kernels;
    for (int set = 0; (kernels = kernels_get(set)); set++)
        for (size_t i = 0; i < SIZES; i++)
            check(kernels, sizes[i][0], sizes[i][1]);
}

static void softmax_dense(const struct kernels *kernels, int rows, int columns) {
    check_softmax(kernels, rows, columns, 0);
}

static void softmax_masked(const struct kernels *kernels, int rows, int columns) {
    check_softmax(kernels, rows, columns, 1);
}

static void test_activation(void **state) {
    (void)state;
    on_all(check_activation);
    for (int set = 0; kernels_get(set); set++)
        check_gelu_far_out(kernels_get(set));
}

static void test_norm(void **state) {
    (void)state;
    on_all(check_norm);
}

static void test_norm_backward(void **state) {
    (void)state;
    on_all(check_norm_backward);
}

static void test_softmax(void **state) {
    (void)state;
    on_all(softmax_dense);
    on_all(softmax_masked);
}

static void test_softmax_shows_nan(void **state) {
    (void)state;
    const struct kernels *kernels;
    for (int set = 0; (kernels = kernels_get(set)); set++) {
        float row[3] = {1.0f, NAN, 2.0f};
        kernels->attention->softmax(row, row, NULL, 1, 3);
        assert_true(isnan(row[0]) && isnan(row[1]) && isnan(row[2]));
        const uint8_t nothing[3] = {0, 0, 0};
        float empty[3] = {1.0f, 2.0f, 3.0f};
        kernels->attention->softmax(empty, empty, nothing, 1, 3);
        assert_true(empty[0] == 0 && empty[1] == 0 && empty[2] == 0);
    }
}

/* A weight without gradients: its first moment comes to nothing instead of staying the least
 * subnormal, and it keeps still from then on. */
static void test_idle_moments_settle(void **state) {
    (void)state;
    enum { WEIGHTS = 37, STEPS = 600 };
    const struct adam_update update = {.clip = 1, .keep = 1, .rate = 1e-3f, .root = 1};
    const struct kernels *kernels;
    for (int set = 0; (kernels = kernels_get(set)); set++)
        for (int idle = 0; idle < 2; idle++) {
            float weight[WEIGHTS], gradient[WEIGHTS] = {0}, first[WEIGHTS], second[WEIGHTS];
            for (int i = 0; i < WEIGHTS; i++) {
                weight[i] = 1.0f;
                first[i] = i % 2 ? -1e-3f : 1e-3f;
                second[i] = 1e-6f;
            }
            for (int step = 0; step < STEPS; step++)
                if (idle)
                    kernels->update->adam_idle(weight, first, second, WEIGHTS, &update);
                else
                    kernels->update->adam(weight, gradient, first, second, WEIGHTS, &update);
            for (int i = 0; i < WEIGHTS; i++) {
                assert_true(first[i] == 0.0f);
                near_to(weight[i], i % 2 ? 1.009 : 0.991, 1e-3);
            }
        }
}

static void test_dropout(void **state) {
    (void)state;
    enum { COUNT = 100000 };
    float *ones = malloc(COUNT * sizeof(*ones)), *out = malloc(COUNT * sizeof(*out));
    float *first = malloc(COUNT * sizeof(*first));
    assert_true(ones && out && first);
    for (int i = 0; i < COUNT; i++)
        ones[i] = 1.0f;
    const struct kernels *kernels;
    for (int set = 0; (kernels = kernels_get(set)); set++) {
        struct dropout dropout = dropout_stream(0.1f, 7, 3, 5);
        kernels->dropout(out, ones, COUNT, &dropout, 0);
        int dropped = 0, pairs = 0;
        for (int i = 0; i < COUNT; i++) {
            dropped += out[i] == 0.0f;
            pairs += i > 0 && out[i] == 0.0f && out[i - 1] == 0.0f;
            assert_true(out[i] == 0.0f || out[i] == dropout.scale);
        }
        /* Five standard deviations of a binomial; neighbours are independent. */
        assert_in_range(dropped, 10000 - 475, 10000 + 475);
        assert_in_range(pairs, 1000 - 160, 1000 + 160);
        if (set == 0)
            memcpy(first, out, COUNT * sizeof(*first));
        assert_memory_equal(first, out, COUNT * sizeof(*first));
        kernels->dropout(out, ones + 17, COUNT - 17, &dropout, 17);
        assert_memory_equal(first + 17, out, (COUNT - 17) * sizeof(*first));
        dropout = dropout_stream(0.1f, 7, 4, 5);
        kernels->dropout(out, ones, COUNT, &dropout, 0);
        assert_memory_not_equal(first, out, COUNT * sizeof(*first));
    }
    free(ones);
    free(out);
    free(first);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_activation),          cmocka_unit_test(test_norm),
    cmocka_unit_test(test_norm_backward),       cmocka_unit_test(test_softmax),
    cmocka_unit_test(test_softmax_shows_nan),   cmocka_unit_test(test_dropout),
    cmocka_unit_test(test_idle_moments_settle),
};
TEST_GROUP(tests_kernel_kernels, tests);
