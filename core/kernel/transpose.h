/*
 * transpose.h - as many vectors as one has lanes, turned: what packing needs.
 */
#ifndef SAWB_CORE_KERNEL_TRANSPOSE_H
#define SAWB_CORE_KERNEL_TRANSPOSE_H

#include <stddef.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "core/kernel/lanes.h"

/* Interleaves the lower, or the upper, halves of each four lanes of two vectors: crossing from four
 * to four takes an instruction of its own. */
#if LANES == 16
#define LOWER(x, y)                                                                                \
    __builtin_shufflevector(x, y, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define UPPER(x, y)                                                                                \
    __builtin_shufflevector(x, y, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#elif LANES == 8
#define LOWER(x, y) __builtin_shufflevector(x, y, 0, 8, 1, 9, 4, 12, 5, 13)
#define UPPER(x, y) __builtin_shufflevector(x, y, 2, 10, 3, 11, 6, 14, 7, 15)
#else
#define LOWER(x, y) __builtin_shufflevector(x, y, 0, 4, 1, 5)
#define UPPER(x, y) __builtin_shufflevector(x, y, 2, 6, 3, 7)
#endif

/* Four lanes from each of LANES / 4 rows, `apart` floats from one another. */
INLINE vector load_fours(const float *row, size_t apart) {
#if LANES == 16
    __m512 fours = _mm512_castps128_ps512(_mm_loadu_ps(row));
    fours = _mm512_mask_broadcast_f32x4(fours, 0x00f0, _mm_loadu_ps(row + apart));
    fours = _mm512_mask_broadcast_f32x4(fours, 0x0f00, _mm_loadu_ps(row + 2 * apart));
    return (vector)_mm512_mask_broadcast_f32x4(fours, 0xf000, _mm_loadu_ps(row + 3 * apart));
#elif LANES == 8
    return (vector)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(row)),
                                        _mm_loadu_ps(row + apart), 1);
#else
    (void)apart;
    return load(row);
#endif
}

/* Turns each four by four of four vectors: a perfect shuffle for each power of two that four is. */
INLINE void turn_fours(vector *rows) {
    for (int times = 0; times < 2; times++) {
        vector mixed[4] = {LOWER(rows[0], rows[2]), UPPER(rows[0], rows[2]),
                           LOWER(rows[1], rows[3]), UPPER(rows[1], rows[3])};
        for (int i = 0; i < 4; i++)
            rows[i] = mixed[i];
    }
}

/* columns = LANES numbers of each of LANES rows, turned. */
INLINE void load_columns(vector columns[LANES], const float *rows, size_t stride) {
    for (int four = 0; four < LANES; four += 4) {
        for (int i = 0; i < 4; i++)
            columns[four + i] = load_fours(rows + (size_t)i * stride + four, 4 * stride);
        turn_fours(columns + four);
    }
}

#if LANES == 16
/* The same of LANES vectors. */
INLINE void transpose(vector rows[LANES]) {
    vector fours[LANES];
    for (int i = 0; i < 4; i++) {
        const __m512 *row = (const __m512 *)rows + i;
        __m512 low = _mm512_shuffle_f32x4(row[0], row[4], 0x88);
        __m512 low_odd = _mm512_shuffle_f32x4(row[0], row[4], 0xdd);
        __m512 high = _mm512_shuffle_f32x4(row[8], row[12], 0x88);
        __m512 high_odd = _mm512_shuffle_f32x4(row[8], row[12], 0xdd);
        fours[i] = (vector)_mm512_shuffle_f32x4(low, high, 0x88);
        fours[4 + i] = (vector)_mm512_shuffle_f32x4(low_odd, high_odd, 0x88);
        fours[8 + i] = (vector)_mm512_shuffle_f32x4(low, high, 0xdd);
        fours[12 + i] = (vector)_mm512_shuffle_f32x4(low_odd, high_odd, 0xdd);
    }
    for (int four = 0; four < LANES; four += 4)
        turn_fours(fours + four);
    for (int i = 0; i < LANES; i++)
        rows[i] = fours[i];
}
#endif

#endif
