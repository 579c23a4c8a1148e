/*
 * simd.c - the kernels, written so that the compiler can vectorise them for any instruction set.
 *
 * Compiled as kernels_portable, and by the Makefile once more for each set in SIMD_SETS, with
 * KERNELS_SET defined.
 */
#include "core/kernel/kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

#ifndef KERNELS_SET
#define KERNELS_SET portable
#endif
#define JOIN(a, b) a##b
#define KERNELS_NAME(set) JOIN(kernels_, set)
#define QUOTE(text) #text
#define KERNELS_LABEL(set) QUOTE(set)

/* ---- functions of one number ----------------------------------------------------------------- */

static inline float float_of_bits(int32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/*
 * e^x to about 2 units in the last place for x <= 88; 0 below -87. x = n ln 2 + r with |r| <=
 * ln(2)/2, then the Taylor polynomial of e^r.
 */
static inline float exponential(float x) {
    const float log2_e = 1.44269504f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
    const float rounder = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    float clamped = x > -87.0f ? x < 88.0f ? x : 88.0f : -87.0f; /* NaN: -87 */
    float n = clamped * log2_e + rounder - rounder;
    float r = clamped - n * ln2_high - n * ln2_low;
    float polynomial = 1.0f / 5040.0f;
    polynomial = polynomial * r + 1.0f / 720.0f;
    polynomial = polynomial * r + 1.0f / 120.0f;
    polynomial = polynomial * r + 1.0f / 24.0f;
    polynomial = polynomial * r + 1.0f / 6.0f;
    polynomial = polynomial * r + 0.5f;
    polynomial = polynomial * r + 1.0f;
    polynomial = polynomial * r + 1.0f;
    float power = float_of_bits(((int32_t)n + 127) * (1 << 23));
    float value = polynomial * power;
    return x < -87.0f ? 0.0f : x == x ? value : x;
}

/*
 * The normal distribution: Φ(x), and its density φ(x). The scaled tail Φ(-|x|) e^(x²/2) is a
 * polynomial in 1 / (1 + 0.34 |x|), fitted by tests/oracle/normal_tail.py; its error is below 3e-9.
 */
static inline float normal(float x, float *density) {
    float size = fabsf(x);
    float t = 1.0f / (1.0f + 0.34f * size);
    float bell = exponential(-0.5f * size * size);
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
    return x < 0.0f ? tail : 1.0f - tail;
}

/* 32 random bits of an element (a mixer of C. Wellons' hash prospector, "lowbias32", keyed twice).
 */
static inline uint32_t element_bits(const struct dropout *dropout, uint32_t index) {
    uint32_t x = index + dropout->low;
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x += dropout->high;
    x *= 0x846ca68bU;
    return x ^ (x >> 16);
}

static inline float element_factor(const struct dropout *dropout, uint32_t index) {
    return element_bits(dropout, index) < dropout->threshold ? 0.0f : dropout->scale;
}

/* ---- bias and activation --------------------------------------------------------------------- */

static void bias(float *y, size_t stride, const float *restrict values, int rows, int columns) {
    for (int row = 0; row < rows; row++) {
        float *restrict line = y + (size_t)row * stride;
#pragma omp simd
        for (int column = 0; column < columns; column++)
            line[column] += values[column];
    }
}

static void bias_gelu(float *after, float *before, size_t stride, const float *restrict values,
                      int rows, int columns) {
    for (int row = 0; row < rows; row++) {
        float *restrict in = before + (size_t)row * stride;
        float *restrict out = after + (size_t)row * stride;
#pragma omp simd
        for (int column = 0; column < columns; column++) {
            float density, x = in[column] + values[column];
            in[column] = x;
            out[column] = x * normal(x, &density);
        }
    }
}

static void bias_relu(float *after, float *before, size_t stride, const float *restrict values,
                      int rows, int columns) {
    for (int row = 0; row < rows; row++) {
        float *restrict in = before + (size_t)row * stride;
        float *restrict out = after + (size_t)row * stride;
#pragma omp simd
        for (int column = 0; column < columns; column++) {
            float x = in[column] + values[column];
            in[column] = x;
            out[column] = x > 0.0f ? x : 0.0f;
        }
    }
}

static void gelu_backward(float *restrict gradient, const float *restrict before, size_t count) {
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        float density, x = before[i];
        float share = normal(x, &density);
        gradient[i] *= share + x * density;
    }
}

static void relu_backward(float *restrict gradient, const float *restrict before, size_t count) {
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        gradient[i] = before[i] > 0.0f ? gradient[i] : 0.0f;
}

/* ---- layer norm ------------------------------------------------------------------------------ */

/* line = residual + dropout(line); returns its sum. */
static float residual_line(float *restrict line, const float *restrict residual, int columns,
                           const struct dropout *dropout, uint32_t first) {
    float total = 0.0f;
    if (dropout->threshold) {
#pragma omp simd
        for (int column = 0; column < columns; column++)
            line[column] *= element_factor(dropout, first + (uint32_t)column);
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

static void norm_backward(float *input_gradient, const float *out_gradient, const float *sum,
                          const float *mean, const float *scale, const float *restrict weight,
                          int rows, int columns) {
    float share = 1.0f / (float)columns;
    for (int row = 0; row < rows; row++) {
        size_t start = (size_t)row * (size_t)columns;
        const float *out = out_gradient + start, *in = sum + start;
        float *result = input_gradient + start;
        float center = mean[row], inverse = scale[row], total = 0.0f, along = 0.0f;
#pragma omp simd reduction(+ : total, along)
        for (int column = 0; column < columns; column++) {
            float gradient = out[column] * weight[column];
            total += gradient;
            along += gradient * (in[column] - center);
        }
        float shift = total * share, slope = along * share * inverse * inverse;
#pragma omp simd
        for (int column = 0; column < columns; column++)
            result[column] =
                inverse * (out[column] * weight[column] - shift - (in[column] - center) * slope);
    }
}

static void norm_backward_weights(float *restrict weight_gradient, float *restrict bias_gradient,
                                  const float *out_gradient, const float *sum, const float *mean,
                                  const float *scale, int rows, int columns, size_t stride) {
    for (int row = 0; row < rows; row++) {
        const float *restrict out = out_gradient + (size_t)row * stride;
        const float *restrict in = sum + (size_t)row * stride;
        float center = mean[row], inverse = scale[row];
#pragma omp simd
        for (int column = 0; column < columns; column++) {
            bias_gradient[column] += out[column];
            weight_gradient[column] += out[column] * (in[column] - center) * inverse;
        }
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

/* ---- softmax --------------------------------------------------------------------------------- */

static float largest_kept(const float *restrict line, const uint8_t *restrict keep, int columns) {
    float largest = -FLT_MAX;
    if (!keep) {
#pragma omp simd reduction(max : largest)
        for (int column = 0; column < columns; column++)
            largest = line[column] > largest ? line[column] : largest;
        return largest;
    }
#pragma omp simd reduction(max : largest)
    for (int column = 0; column < columns; column++) {
        float value = keep[column] ? line[column] : -FLT_MAX;
        largest = value > largest ? value : largest;
    }
    return largest;
}

static float exponentials(float *restrict line, const uint8_t *restrict keep, int columns,
                          float largest) {
    float total = 0.0f;
    if (!keep) {
#pragma omp simd reduction(+ : total)
        for (int column = 0; column < columns; column++) {
            float value = exponential(line[column] - largest);
            line[column] = value;
            total += value;
        }
        return total;
    }
#pragma omp simd reduction(+ : total)
    for (int column = 0; column < columns; column++) {
        float value = exponential(line[column] - largest);
        value = keep[column] ? value : 0.0f;
        line[column] = value;
        total += value;
    }
    return total;
}

static void softmax(float *scores, const uint8_t *mask, int rows, int columns) {
    for (int row = 0; row < rows; row++) {
        size_t start = (size_t)row * (size_t)columns;
        const uint8_t *keep = mask ? mask + start : NULL;
        float *restrict line = scores + start;
        float total = exponentials(line, keep, columns, largest_kept(line, keep, columns));
        /* Also for a row of NaN, which must stay visible. */
        float inverse = total == 0.0f ? 0.0f : 1.0f / total;
#pragma omp simd
        for (int column = 0; column < columns; column++)
            line[column] *= inverse;
    }
}

static void softmax_backward(float *gradient, const float *probabilities, int rows, int columns,
                             float factor) {
    for (int row = 0; row < rows; row++) {
        float *restrict line = gradient + (size_t)row * (size_t)columns;
        const float *restrict share = probabilities + (size_t)row * (size_t)columns;
        float along = 0.0f;
#pragma omp simd reduction(+ : along)
        for (int column = 0; column < columns; column++)
            along += line[column] * share[column];
#pragma omp simd
        for (int column = 0; column < columns; column++)
            line[column] = share[column] * (line[column] - along) * factor;
    }
}

const struct kernels KERNELS_NAME(KERNELS_SET) = {
    .name = KERNELS_LABEL(KERNELS_SET),
    .bias = bias,
    .bias_gelu = bias_gelu,
    .bias_relu = bias_relu,
    .gelu_backward = gelu_backward,
    .relu_backward = relu_backward,
    .residual_norm = residual_norm,
    .norm_backward = norm_backward,
    .norm_backward_weights = norm_backward_weights,
    .column_sums = column_sums,
    .dropout = dropout,
    .softmax = softmax,
    .softmax_backward = softmax_backward,
    .add = add,
};
