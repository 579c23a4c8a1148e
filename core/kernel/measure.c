/*
 * measure.c - numbers of a row of attention.
 *
 * The loops have no branches and no calls, so that the compiler can vectorise them. Compiled once
 * for each instruction set (set.h).
 */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/kernels.h"
#include "core/kernel/set.h"

/*
 * ln x to about 2 units in the last place for x >= FLT_MIN, about -88 for 0. x = 2^n m with m in
 * [√½, √2), and ln m = 2 artanh((m - 1) / (m + 1)) as a series, whose next term is below 3e-9 of
 * it.
 */
static inline float natural_log(float x) {
    const float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
    const int32_t root_half = 0x3f3504f3, one = 0x3f800000;
    int32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    bits += one - root_half;
    float n = (float)((bits >> 23) - 127), m;
    bits = (bits & 0x7fffff) + root_half;
    memcpy(&m, &bits, sizeof(m));
    float s = (m - 1.0f) / (m + 1.0f), square = s * s;
    float series = 1.0f / 9.0f;
    series = series * square + 1.0f / 7.0f;
    series = series * square + 1.0f / 5.0f;
    series = series * square + 1.0f / 3.0f;
    series = series * square * (2.0f * s) + 2.0f * s;
    return n * ln2_high + (n * ln2_low + series);
}

static double entropy(const float *weights, int tokens) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int key = 0; key < tokens; key++)
        sum -= (double)(weights[key] * natural_log(weights[key]));
    return sum > 0.0 ? sum : 0.0;
}

static double distance(const float *weights, int query, int tokens) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int key = 0; key < tokens; key++)
        sum += (double)(weights[key] * (float)abs(query - key));
    return sum;
}

static double mass(const float *weights, const uint8_t *mask, int tokens) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int key = 0; key < tokens; key++)
        sum += (double)(weights[key] * (float)mask[key]);
    return sum;
}

static double divergence(const float *p, const float *q, int tokens) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int key = 0; key < tokens; key++) {
        float middle = 0.5f * (p[key] + q[key]) + FLT_MIN; /* not 0 */
        float a = p[key] * natural_log(p[key] / middle), b = q[key] * natural_log(q[key] / middle);
        sum += (double)(a + b);
    }
    return sum > 0.0 ? 0.5 * sum : 0.0;
}

const struct measure_kernels OF_SET(measure_kernels) = {
    .entropy = entropy,
    .distance = distance,
    .mass = mass,
    .divergence = divergence,
};
