/*
 * simd.c - the kernels, written so that the compiler can vectorise them for any instruction set.
 *
 * Compiled as kernels_portable, and once more for each wider set (set.h).
 */
#include "core/base/bits.h"
#include "core/kernel/attention_kernels.h"
#include "core/kernel/gemm.h"
#include "core/kernel/kernels.h"
#include "core/kernel/lanes.h"
#include "core/kernel/power.h"
#include "core/kernel/set.h"

#include <math.h>
#include <string.h>

/* ---- functions of one number ----------------------------------------------------------------- */

/* 2^x for -126.5 <= x <= 127, and 0 from -126.6 to -127.4; see core/kernel/power.h. */
static inline float power_of_two(float x) {
    const float rounder = POWER_ROUNDER + 127.0f;
    float shifted = x + rounder, r = x - (shifted - rounder);
    return FRACTION_POWER(r) * float_of_bits(bits_of_float(shifted) << 23);
}

/*
 * |x|, but no more than 13.25, where e^(-x²/2) is 0 already. Numbers without a sign are ordered as
 * their bits are, and of whole numbers the smaller one is taken without a branch: one would keep
 * compilers from vectorising what follows for sets that have no masks.
 */
static inline float limited_size(float x) {
    int32_t bits = (int32_t)bits_of_float(fabsf(x)), most = (int32_t)bits_of_float(13.25f);
    return float_of_bits((uint32_t)(bits < most ? bits : most));
}

/*
 * The normal distribution: Φ(x), and its density φ(x). The scaled tail Φ(-|x|) e^(x²/2) is a
 * polynomial in 1 / (1 + 0.34 |x|), fitted by tests/oracle/normal_tail.py; its error is below 3e-9.
 */
static inline float normal(float x, float *density) {
    float size = limited_size(x);
    float t = 1.0f / (1.0f + 0.34f * size);
    float bell = power_of_two(-0.72134752f * size * size); /* -log2(e) / 2 */
    float tail = -0.011190271f;
    tail = tail * t + 0.10109751f;
    tail = tail * t + -0.319444892f;
    tail = tail * t + 0.400609232f;
    tail = tail * t + -0.122366809f;
    tail = tail * t + 0.192358521f;
    tail = tail * t + 0.122277894f;
    tail = tail * t + 0.136658818f;
    tail = tail * t * bell;
    *density = 0.398942280f * bell;
    /* 1 - tail, or tail below 0; without a branch as above. */
    return 0.5f + copysignf(0.5f, x) - copysignf(tail, x);
}

static inline float element_factor(const struct dropout *dropout, uint32_t index) {
    DROPOUT_BITS(index, dropout);
    return index < dropout->threshold ? 0.0f : dropout->scale;
}

/* ---- bias and activation --------------------------------------------------------------------- */

static inline float gelu_of(float x, float *slope) {
    float density, share = normal(x, &density);
    *slope = share + x * density;
    return x * share;
}

static inline float relu_of(float x, float *slope) {
    *slope = x > 0.0f ? 1.0f : 0.0f;
    return x > 0.0f ? x : 0.0f;
}

INLINE void activate_rows(float *after, float *before, size_t stride, const float *restrict values,
                          int rows, int columns, const int gelu, const int derived) {
    for (int row = 0; row < rows; row++) {
        float *in = before + (size_t)row * stride, *out = after + (size_t)row * stride;
#pragma omp simd
        for (int column = 0; column < columns; column++) {
            float slope, x = in[column] + values[column];
            out[column] = gelu ? gelu_of(x, &slope) : relu_of(x, &slope);
            if (derived)
                in[column] = slope;
        }
    }
}

INLINE void activate(float *after, float *before, size_t stride, const float *values, int rows,
                     int columns, const int gelu) {
    if (after == before)
        activate_rows(after, before, stride, values, rows, columns, gelu, 0);
    else
        activate_rows(after, before, stride, values, rows, columns, gelu, 1);
}

static void bias_gelu(float *after, float *before, size_t stride, const float *values, int rows,
                      int columns) {
    activate(after, before, stride, values, rows, columns, 1);
}

static void bias_relu(float *after, float *before, size_t stride, const float *values, int rows,
                      int columns) {
    activate(after, before, stride, values, rows, columns, 0);
}

static void slope_backward(float *gradient, float *restrict sums, const float *slope, int rows,
                           int columns) {
    memset(sums, 0, (size_t)columns * sizeof(*sums));
    for (int row = 0; row < rows; row++) {
        float *restrict line = gradient + (size_t)row * (size_t)columns;
        const float *restrict factors = slope + (size_t)row * (size_t)columns;
#pragma omp simd
        for (int column = 0; column < columns; column++) {
            line[column] *= factors[column];
            sums[column] += line[column];
        }
    }
}

/* ---- layer norm ------------------------------------------------------------------------------ */

/* line = residual + dropout(line); returns its sum. residual may be NULL. */
static float residual_line(float *restrict line, const float *restrict residual, int columns,
                           const struct dropout *dropout, uint32_t first) {
    const struct dropout key = *dropout;
    float total = 0.0f;
    if (key.threshold && residual) {
#pragma omp simd reduction(+ : total)
        for (int column = 0; column < columns; column++) {
            float x = line[column] * element_factor(&key, first + (uint32_t)column);
            line[column] = x + residual[column];
            total += line[column];
        }
        return total;
    }
    if (residual) {
#pragma omp simd
        for (int column = 0; column < columns; column++)
            line[column] += residual[column];
    }
#pragma omp simd reduction(+ : total)
    for (int column = 0; column < columns; column++)
        total += line[column];
    return total;
}

static void residual_norm(float *out, float *sum, float *mean, float *scale, const float *residual,
                          const float *restrict weight, const float *restrict norm_bias, int rows,
                          int columns, float epsilon, const struct dropout *dropout,
                          uint32_t first) {
    float share = 1.0f / (float)columns;
    for (int row = 0; row < rows; row++) {
        size_t start = (size_t)row * (size_t)columns;
        float *restrict line = sum + start, *restrict result = out + start;
        float center = share * residual_line(line, residual ? residual + start : NULL, columns,
                                             dropout, first + (uint32_t)start);
        float squares = 0.0f;
#pragma omp simd reduction(+ : squares)
        for (int column = 0; column < columns; column++) {
            float off = line[column] - center;
            squares += off * off;
        }
        float inverse = 1.0f / sqrtf(squares * share + epsilon);
#pragma omp simd
        for (int column = 0; column < columns; column++)
            result[column] = (line[column] - center) * inverse * weight[column] + norm_bias[column];
        mean[row] = center;
        scale[row] = inverse;
    }
}

/* One row of the way back, with its part of the sums of weight and bias. */
static void norm_line_backward(float *restrict gradient, float *restrict weight_sums,
                               float *restrict bias_sums, const float *restrict in, float center,
                               float inverse, const float *restrict weight, int columns) {
    float share = 1.0f / (float)columns, total = 0.0f, along = 0.0f;
#pragma omp simd reduction(+ : total, along)
    for (int column = 0; column < columns; column++) {
        float given = gradient[column], off = in[column] - center;
        float weighted = given * weight[column];
        total += weighted;
        along += weighted * off;
        bias_sums[column] += given;
        weight_sums[column] += given * off * inverse;
    }
    float shift = total * share, slope = along * share * inverse * inverse;
#pragma omp simd
    for (int column = 0; column < columns; column++)
        gradient[column] =
            inverse * (gradient[column] * weight[column] - shift - (in[column] - center) * slope);
}

/* inner = dropout(line), which is added to the sums. */
static void drop_line(float *restrict inner, float *restrict sums, const float *restrict line,
                      int columns, const struct dropout *dropout, uint32_t first) {
    const struct dropout key = *dropout;
#pragma omp simd
    for (int column = 0; column < columns; column++) {
        inner[column] = line[column] * element_factor(&key, first + (uint32_t)column);
        sums[column] += inner[column];
    }
}

static void norm_backward(float *gradient, float *inner, float *sums, const float *sum,
                          const float *mean, const float *scale, const float *weight, int rows,
                          int columns, const struct dropout *dropout, uint32_t first) {
    memset(sums, 0, 3 * (size_t)columns * sizeof(*sums));
    for (int row = 0; row < rows; row++) {
        size_t start = (size_t)row * (size_t)columns;
        norm_line_backward(gradient + start, sums, sums + columns, sum + start, mean[row],
                           scale[row], weight, columns);
        if (inner)
            drop_line(inner + start, sums + 2 * columns, gradient + start, columns, dropout,
                      first + (uint32_t)start);
    }
}

/* ---- sums and dropout ------------------------------------------------------------------------ */

static void column_sums(float *restrict sums, const float *x, int rows, int columns,
                        size_t stride) {
    for (int row = 0; row < rows; row++) {
        const float *restrict line = x + (size_t)row * stride;
#pragma omp simd
        for (int column = 0; column < columns; column++)
            sums[column] += line[column];
    }
}

static void dropout(float *out, const float *x, size_t count, const struct dropout *stream,
                    uint32_t first) {
    const struct dropout key = *stream;
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        out[i] = x[i] * element_factor(&key, first + (uint32_t)i);
}

static void add(float *restrict y, const float *restrict x, size_t count) {
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        y[i] += x[i];
}

const struct kernels OF_SET(kernels) = {
    .name = SET_NAME,
    .update = &OF_SET(update_kernels),
    .attention = &OF_SET(attention_kernels),
    .gemm = &OF_SET(gemm),
    .measure = &OF_SET(measure_kernels),
    .bias_gelu = bias_gelu,
    .bias_relu = bias_relu,
    .slope_backward = slope_backward,
    .residual_norm = residual_norm,
    .norm_backward = norm_backward,
    .column_sums = column_sums,
    .dropout = dropout,
    .add = add,
};
