/*
 * gemm_lanes.h - the compiler's vectors at the width of the instruction set a file is compiled for,
 * and what both kinds of tiles (gemm.c, gemm_bf16.c) do with them.
 */
#ifndef SAWB_CORE_KERNEL_GEMM_LANES_H
#define SAWB_CORE_KERNEL_GEMM_LANES_H

#include "core/kernel/gemm.h"

/* A tile of TILE_ROWS by VECTORS vectors leaves registers for a row of the panel and one of a. */
#if defined(__AVX512F__)
#define LANES 16
#define TILE_ROWS 8
#elif defined(__AVX2__)
#define LANES 8
#define TILE_ROWS 4
#else
#define LANES 4
#if defined(__aarch64__)
#define TILE_ROWS 8
#else
#define TILE_ROWS 4
#endif
#endif
#define VECTORS 3
#define COLUMNS (VECTORS * LANES)
#define PREFETCH_STEPS 8
#define LINE_FLOATS 16 /* of a cache line */

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef float loose_vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

/* ---- the sums of a tile ---------------------------------------------------------------------- */

/* y comes from afar, and is needed when the sums are known. */
INLINE void fetch(const struct gemm_tile *tile, int rows) {
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < COLUMNS; column += LINE_FLOATS)
            __builtin_prefetch(tile->y + (size_t)row * tile->stride + (size_t)column, 1);
}

INLINE void store(const struct gemm_tile *tile, vector sums[TILE_ROWS][VECTORS], int rows) {
    for (int row = 0; row < rows; row++) {
        loose_vector *line = (loose_vector *)(void *)(tile->y + (size_t)row * tile->stride);
        for (int i = 0; i < VECTORS; i++) {
            if (tile->accumulate)
                sums[row][i] += line[i];
            if (tile->bias)
                sums[row][i] += *(const loose_vector *)(const void *)(tile->bias + i * LANES);
            line[i] = sums[row][i];
        }
    }
}

/* At the edge of y the columns past it are worked out too, and left aside. */
INLINE void multiply_edge(const struct gemm_tile *tile,
                          void (*multiply_full)(const struct gemm_tile *tile)) {
    float room[TILE_ROWS * COLUMNS];
    struct gemm_tile full = *tile;
    full.y = room;
    full.stride = COLUMNS;
    full.columns = COLUMNS;
    full.accumulate = 0;
    full.bias = NULL;
    multiply_full(&full);
    for (int row = 0; row < tile->rows; row++) {
        float *y = tile->y + (size_t)row * tile->stride, *line = room + (size_t)row * COLUMNS;
        for (int column = 0; column < tile->columns; column++) {
            float sum = tile->accumulate ? line[column] + y[column] : line[column];
            y[column] = tile->bias ? sum + tile->bias[column] : sum;
        }
    }
}

/* ---- transposing ----------------------------------------------------------------------------- */

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

/* ---- all heights of a tile ------------------------------------------------------------------- */

/* Calls `multiply_rows` with the number of rows as a constant, so that the sums live in registers.
 */
#define MULTIPLY_HEIGHTS_4(multiply_rows, tile)                                                    \
    case 1:                                                                                        \
        multiply_rows(tile, 1);                                                                    \
        break;                                                                                     \
    case 2:                                                                                        \
        multiply_rows(tile, 2);                                                                    \
        break;                                                                                     \
    case 3:                                                                                        \
        multiply_rows(tile, 3);                                                                    \
        break;                                                                                     \
    case 4:                                                                                        \
        multiply_rows(tile, 4);                                                                    \
        break;
#if TILE_ROWS == 8
#define MULTIPLY_HEIGHTS(multiply_rows, tile)                                                      \
    MULTIPLY_HEIGHTS_4(multiply_rows, tile)                                                        \
    case 5:                                                                                        \
        multiply_rows(tile, 5);                                                                    \
        break;                                                                                     \
    case 6:                                                                                        \
        multiply_rows(tile, 6);                                                                    \
        break;                                                                                     \
    case 7:                                                                                        \
        multiply_rows(tile, 7);                                                                    \
        break;                                                                                     \
    case 8:                                                                                        \
        multiply_rows(tile, 8);                                                                    \
        break;
#else
#define MULTIPLY_HEIGHTS MULTIPLY_HEIGHTS_4
#endif

#endif
