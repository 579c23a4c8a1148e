/*
 * update.c - what AdamW does to each weight, for every instruction set.
 *
 * Compiled as simd.c is, but without fused products and sums: division and root are exact in IEEE
 * arithmetic, so that all sets give the same bits. Memory is what these loops wait for.
 */
#include "core/kernel/kernels.h"

#include <math.h>

#include "core/kernel/set.h"

#define LANES 16 /* partial sums, added up in a fixed order */

static double squares(const float *restrict x, size_t count) {
    double lanes[LANES] = {0}, sum = 0;
    size_t whole = count / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES) {
#pragma omp simd
        for (int lane = 0; lane < LANES; lane++)
            lanes[lane] += (double)x[i + (size_t)lane] * (double)x[i + (size_t)lane];
    }
    for (size_t i = whole; i < count; i++)
        sum += (double)x[i] * (double)x[i];
    for (int lane = 0; lane < LANES; lane++)
        sum += lanes[lane];
    return sum;
}

/* A first moment, 0 where it is too small to move a weight by a bit. Without gradients it would
 * shrink into the subnormals and stay there, which many processors take ten times as long for. */
static inline float settled(float moment) {
    return fabsf(moment) < 1e-25f ? 0.0f : moment;
}

static void adam(float *restrict weight, float *restrict gradient, float *restrict first,
                 float *restrict second, size_t count, const struct adam_update *update) {
    const float lerp = (float)(1 - ADAM_BETA_1), decay = (float)ADAM_BETA_2;
    const float fresh = (float)(1 - ADAM_BETA_2), epsilon = (float)ADAM_EPSILON;
    const float clip = update->clip, keep = update->keep;
    const float rate = -update->rate, root = update->root;
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        float g = gradient[i] * clip;
        float m = settled(first[i] + lerp * (g - first[i]));
        float v = second[i] * decay + fresh * g * g;
        weight[i] = weight[i] * keep + rate * m / (sqrtf(v) / root + epsilon);
        first[i] = m;
        second[i] = v;
        gradient[i] = 0;
    }
}

static void adam_idle(float *restrict weight, float *restrict first, float *restrict second,
                      size_t count, const struct adam_update *update) {
    const float lerp = (float)(1 - ADAM_BETA_1), decay = (float)ADAM_BETA_2;
    const float epsilon = (float)ADAM_EPSILON, keep = update->keep;
    const float rate = -update->rate, root = update->root;
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        float m = settled(first[i] + lerp * (0 - first[i]));
        float v = second[i] * decay;
        weight[i] = weight[i] * keep + rate * m / (sqrtf(v) / root + epsilon);
        first[i] = m;
        second[i] = v;
    }
}

static void scale(float *restrict x, size_t count, float factor) {
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        x[i] *= factor;
}

static void follow(float *restrict average, const float *restrict weight, size_t count,
                   float share) {
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        average[i] += share * (weight[i] - average[i]);
}

const struct update_kernels OF_SET(update_kernels) = {
    .squares = squares,
    .adam = adam,
    .adam_idle = adam_idle,
    .scale = scale,
    .follow = follow,
};
