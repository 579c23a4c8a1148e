/*
 * transpose.h - as many vectors as one has lanes, turned: what packing needs.
 */
#ifndef SAWB_CORE_KERNEL_TRANSPOSE_H
#define SAWB_CORE_KERNEL_TRANSPOSE_H

#include "core/kernel/lanes.h"

/* Interleaves the lower, or the upper, halves of two vectors. */
#if LANES == 16
#define LOWER(x, y)                                                                                \
    __builtin_shufflevector(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define UPPER(x, y)                                                                                \
    __builtin_shufflevector(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define HALVINGS 4
#elif LANES == 8
#define LOWER(x, y) __builtin_shufflevector(x, y, 0, 8, 1, 9, 2, 10, 3, 11)
#define UPPER(x, y) __builtin_shufflevector(x, y, 4, 12, 5, 13, 6, 14, 7, 15)
#define HALVINGS 3
#else
#define LOWER(x, y) __builtin_shufflevector(x, y, 0, 4, 1, 5)
#define UPPER(x, y) __builtin_shufflevector(x, y, 2, 6, 3, 7)
#define HALVINGS 2
#endif

/* A perfect shuffle of the rows' words for each power of two that LANES is: then they stand as
 * columns. */
INLINE void transpose(vector rows[LANES]) {
    for (int round = 0; round < HALVINGS; round++) {
        vector mixed[LANES];
        for (int i = 0; i < LANES / 2; i++) {
            mixed[2 * i] = LOWER(rows[i], rows[i + LANES / 2]);
            mixed[2 * i + 1] = UPPER(rows[i], rows[i + LANES / 2]);
        }
        for (int i = 0; i < LANES; i++)
            rows[i] = mixed[i];
    }
}

#endif
