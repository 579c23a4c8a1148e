/*
 * attention_vectors.h - the vectors that attention_tiles.h is written in: of LANES floats, whatever
 * the instruction set has. Included by it alone, once for each set.
 */
#ifndef SAWB_CORE_KERNEL_ATTENTION_VECTORS_H
#define SAWB_CORE_KERNEL_ATTENTION_VECTORS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "core/kernel/lanes.h"
#include "core/kernel/marks.h"
#include "core/kernel/power.h"
#include "core/kernel/transpose.h"

#define UNROLL _Pragma("GCC unroll 16")

typedef int32_t integers __attribute__((vector_size(LANES * 4)));
typedef uint32_t naturals __attribute__((vector_size(LANES * 4)));

/* ---- vectors --------------------------------------------------------------------------------- */

#if LANES < 16
/* Where a lane of `choice` is -1 a's, where it is 0 b's. */
INLINE vector choose(integers choice, vector a, vector b) {
#if LANES == 8
    return (vector)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)choice);
#else
    return (vector)(((integers)a & choice) | ((integers)b & ~choice));
#endif
}
#endif

/* b where either is NaN. */
INLINE vector larger(vector a, vector b) {
#if LANES == 16
    return (vector)_mm512_max_ps((__m512)a, (__m512)b);
#elif LANES == 8
    return (vector)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return choose(a > b, a, b);
#endif
}

/* 2^x for x <= 127, to 2 units in the last place; 0 or next to nothing below LEAST_POWER. NaN
 * stays, as arithmetic makes it. */
#define LEAST_POWER (-100.0f) /* many processors take a hundred times as long for subnormals */
INLINE vector power_of_two(vector x) {
#if LANES == 16
    vector whole = (vector)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEAREST_INT);
    vector power = FRACTION_POWER(x - whole);
    return (vector)_mm512_scalef_ps((__m512)power, (__m512)whole);
#else
    vector clamped = larger(all_of(LEAST_POWER), x);
    vector shifted = clamped + POWER_ROUNDER;
    vector power = FRACTION_POWER(clamped - (shifted - POWER_ROUNDER));
    /* Multiplied by adding to the exponent. */
    return (vector)((naturals)power + ((naturals)shifted << 23));
#endif
}

/* x in the lanes whose bit of `bits` is set, `removed` in the others; `which` of the tile's
 * vectors. */
INLINE vector masked(unsigned bits, int which, vector x, vector removed) {
#if LANES == 16
    (void)which;
    return (vector)_mm512_mask_mov_ps((__m512)removed, (__mmask16)bits, (__m512)x);
#else
    integers bit = {0};
    for (int i = 0; i < LANES; i++)
        bit[i] = 1 << i;
    return choose((((integers){0} + (int32_t)(bits >> (which * LANES))) & bit) != 0, x, removed);
#endif
}

/* Bit i: mark i, of up to LANES, is not 0. */
INLINE unsigned bits_of_marks(const uint8_t *marks, int count) {
    unsigned bits = 0;
    if (count == LANES)
        return bits_of_lanes(marks);
    for (int i = 0; i < count; i++)
        bits |= (marks[i] != 0u) << i;
    return bits;
}

/* Lane i changes places with lane i ^ far, 4 or 8. */
INLINE vector swapped(vector x, int far) {
#if LANES == 16
    return far == 8
               ? __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
               : __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10,
                                         11);
#elif LANES == 8
    (void)far;
    return __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3);
#else
    (void)far;
    return x;
#endif
}

/* The largest lane of each of four vectors, and the sum of its lanes: lanes i, i + 4, ... of the
 * result are of the i-th. Two vectors are mixed and joined to one of both, until there is one of
 * all four. */
INLINE vector largest_of_four(const vector *x) {
    vector even = larger(LOWER(x[0], x[2]), UPPER(x[0], x[2]));
    vector odd = larger(LOWER(x[1], x[3]), UPPER(x[1], x[3]));
    vector all = larger(LOWER(even, odd), UPPER(even, odd));
    UNROLL for (int far = LANES / 2; far >= 4; far /= 2) all = larger(all, swapped(all, far));
    return all;
}

INLINE vector sums_of_four(const vector *x) {
    vector even = LOWER(x[0], x[2]) + UPPER(x[0], x[2]);
    vector odd = LOWER(x[1], x[3]) + UPPER(x[1], x[3]);
    vector all = LOWER(even, odd) + UPPER(even, odd);
    UNROLL for (int far = LANES / 2; far >= 4; far /= 2) all = all + swapped(all, far);
    return all;
}

INLINE float sum_of(vector value) {
    const vector same[4] = {value, value, value, value};
    return sums_of_four(same)[0];
}

INLINE float largest_of(vector value) {
    const vector same[4] = {value, value, value, value};
    return largest_of_four(same)[0];
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* Has a row fetched that is read soon: rows lie too far apart for the processor to guess. */
INLINE void expect(const float *row, int width) {
    for (int d = 0; d < width; d += 64 / (int)sizeof(*row))
        __builtin_prefetch(row + d);
}

INLINE void clear_row(float *row, const int width) {
    for (int d = 0; d < width; d += LANES)
        store(row + d, (vector){0});
}

/* to [padded] = from [width], zero behind; padded is a multiple of LANES. */
INLINE void copy_row(float *to, const float *from, int width, const int padded) {
    if (width < padded) {
        clear_row(to, padded);
        memcpy(to, from, (size_t)width * sizeof(*to));
        return;
    }
    for (int d = 0; d < padded; d += LANES)
        store(to + d, load(from + d));
}

#endif
