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

/* Interleaves the lower, or the upper, halves of two vectors; of eight lanes those of either four,
 * as crossing from four to four takes an instruction of its own. */
#if LANES == 16
#define LOWER(x, y)                                                                                \
    __builtin_shufflevector(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define UPPER(x, y)                                                                                \
    __builtin_shufflevector(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif LANES == 8
#define LOWER(x, y) __builtin_shufflevector(x, y, 0, 8, 1, 9, 4, 12, 5, 13)
#define UPPER(x, y) __builtin_shufflevector(x, y, 2, 10, 3, 11, 6, 14, 7, 15)
#else
#define LOWER(x, y) __builtin_shufflevector(x, y, 0, 4, 1, 5)
#define UPPER(x, y) __builtin_shufflevector(x, y, 2, 6, 3, 7)
#endif

/* A perfect shuffle of the words of `count` rows for each power of two that this is: then they
 * stand as columns. */
INLINE void transpose_some(vector *rows, const int count) {
    for (int half = count / 2; half > 0; half /= 2) {
        vector mixed[LANES] = {{0}};
        for (int i = 0; i < count / 2; i++) {
            mixed[2 * i] = LOWER(rows[i], rows[i + count / 2]);
            mixed[2 * i + 1] = UPPER(rows[i], rows[i + count / 2]);
        }
        for (int i = 0; i < count; i++)
            rows[i] = mixed[i];
    }
}

#if LANES == 8
INLINE vector load_halves(const float *lower, const float *upper) {
    return (vector)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(lower)),
                                        _mm_loadu_ps(upper), 1);
}
#else
INLINE void transpose(vector rows[LANES]) {
    transpose_some(rows, LANES);
}
#endif

/* columns = LANES numbers of each of LANES rows, turned. */
INLINE void load_columns(vector columns[LANES], const float *rows, size_t stride) {
#if LANES == 8
    for (int i = 0; i < 4; i++) {
        const float *lower = rows + (size_t)i * stride, *upper = lower + 4 * stride;
        columns[i] = load_halves(lower, upper);
        columns[i + 4] = load_halves(lower + 4, upper + 4);
    }
    transpose_some(columns, 4);
    transpose_some(columns + 4, 4);
#else
    for (int i = 0; i < LANES; i++)
        columns[i] = load(rows + (size_t)i * stride);
    transpose(columns);
#endif
}

#endif
