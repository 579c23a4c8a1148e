/*
 * attention_vectors.h - the vectors that attention_tiles.h is written in: of LANES floats, whatever
 * the instruction set has. Included by it alone, once for each set.
 */
#ifndef SAWB_CORE_KERNEL_ATTENTION_VECTORS_H
#define SAWB_CORE_KERNEL_ATTENTION_VECTORS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "core/kernel/lanes.h"
#include "core/kernel/transpose.h"

#define UNROLL _Pragma("GCC unroll 16")

typedef int32_t integers __attribute__((vector_size(LANES * 4)));
typedef uint32_t naturals __attribute__((vector_size(LANES * 4)));
typedef float octet __attribute__((vector_size(32)));
typedef float unaligned_octet __attribute__((vector_size(32), aligned(4), may_alias));

/* ---- vectors --------------------------------------------------------------------------------- */

#if LANES < 16
/* Where a lane of `choice` is -1 a's, where it is 0 b's. */
INLINE vector choose(integers choice, vector a, vector b) {
    return (vector)(((integers)a & choice) | ((integers)b & ~choice));
}
#endif

INLINE vector larger(vector a, vector b) {
#if LANES == 16
    return (vector)_mm512_max_ps((__m512)a, (__m512)b);
#else
    return choose(a > b, a, b);
#endif
}

/* 2^x for x <= 127, to 2 units in the last place; 0 or next to nothing below -126. NaN stays. */
INLINE vector power_of_two(vector x) {
#if LANES == 16
    vector whole = (vector)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEAREST_INT);
    vector r = x - whole;
#else
    const float rounder = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    vector clamped = choose(x < all_of(-126.0f), all_of(-126.0f), x);
    vector shifted = clamped + rounder;
    vector r = clamped - (shifted - rounder);
#endif
    vector p = all_of(1.5403530e-4f); /* ln(2)^k / k! */
    p = p * r + 1.3333558e-3f;
    p = p * r + 9.6181291e-3f;
    p = p * r + 5.5504109e-2f;
    p = p * r + 2.4022651e-1f;
    p = p * r + 6.9314718e-1f;
    p = p * r + 1.0f;
#if LANES == 16
    return (vector)_mm512_scalef_ps((__m512)p, (__m512)whole);
#else
    vector scaled = (vector)((integers)p + ((integers)shifted << 23));
    return choose(x == x, scaled, x);
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

INLINE float sum_of(vector value) {
    float sum = 0.0f;
    for (int i = 0; i < LANES; i++)
        sum += value[i];
    return sum;
}

INLINE float largest_of(vector value) {
    float largest = value[0];
    for (int i = 1; i < LANES; i++)
        largest = value[i] > largest ? value[i] : largest;
    return largest;
}

/* ---- turning rows into columns --------------------------------------------------------------- */

#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

/* Turns 8 octets, as unpacking pairs, fours and halves does it. */
INLINE void turn_octets(octet *x) {
    octet pair[8], four[8];
    UNROLL for (int i = 0; i < 8; i += 2) {
        pair[i] = SHUFFLE(x[i], x[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        pair[i + 1] = SHUFFLE(x[i], x[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    UNROLL for (int i = 0; i < 8; i += 4) {
        four[i] = SHUFFLE(pair[i], pair[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        four[i + 1] = SHUFFLE(pair[i], pair[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        four[i + 2] = SHUFFLE(pair[i + 1], pair[i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
        four[i + 3] = SHUFFLE(pair[i + 1], pair[i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
    }
    UNROLL for (int i = 0; i < 4; i++) {
        x[i] = SHUFFLE(four[i], four[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        x[i + 4] = SHUFFLE(four[i], four[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

/* to [columns,·] = factor from [rows,·] turned; `from` is read in whole blocks of LANES. */
static void turn(float *restrict to, size_t to_stride, const float *restrict from,
                 size_t from_stride, int rows, int columns, float factor) {
    for (int i = 0; i < rows; i += LANES) {
        size_t bytes = (size_t)(rows - i < LANES ? rows - i : LANES) * sizeof(*to);
        for (int j = 0; j < columns; j += LANES) {
            vector x[LANES];
            const float *source = from + (size_t)i * from_stride + (size_t)j;
            float *target = to + (size_t)j * to_stride + (size_t)i;
            UNROLL for (int k = 0; k < LANES; k++) x[k] = load(source + (size_t)k * from_stride);
            transpose(x);
            if (rows - i >= LANES && columns - j >= LANES) {
                UNROLL for (int k = 0; k < LANES; k++)
                    store(target + (size_t)k * to_stride, x[k] * factor);
                continue;
            }
            for (int k = 0; k < LANES && k < columns - j; k++) {
                vector line = x[k] * factor;
                memcpy(target + (size_t)k * to_stride, &line, bytes);
            }
        }
    }
}

/* Has a row fetched that is read soon: rows lie too far apart for the processor to guess. */
INLINE void expect(const float *row, int width) {
    for (int d = 0; d < width; d += 64 / (int)sizeof(*row))
        __builtin_prefetch(row + d);
}

/* to [padded] = from [width], zero behind. */
INLINE void copy_row(float *to, const float *from, int width, int padded) {
    int d = 0;
    for (; d + LANES <= width; d += LANES)
        store(to + d, load(from + d));
    for (; d < width; d++)
        to[d] = from[d];
    for (; d < padded; d++)
        to[d] = 0.0f;
}

#endif
