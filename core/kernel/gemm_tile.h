/*
 * gemm_tile.h - what both kinds of tiles (gemm.c, gemm_bf16.c) have in common: their sizes, and how
 * one is multiplied.
 *
 * Whoever includes it has said before what its words are: the type `word`, and
 * `vector add_product(vector sum, word left, vector right)`.
 */
#ifndef SAWB_CORE_KERNEL_GEMM_TILE_H
#define SAWB_CORE_KERNEL_GEMM_TILE_H

#include "core/kernel/gemm.h"
#include "core/kernel/lanes.h"

/* A tile of TILE_ROWS by VECTORS vectors leaves registers for a row of the panel and one of a. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define TILE_ROWS 8
#else
#define TILE_ROWS 4
#endif
#define VECTORS 3
#define COLUMNS (VECTORS * LANES)
#define PREFETCH_STEPS 8
#define LINE_FLOATS 16 /* of a cache line */

/* ---- multiplying ----------------------------------------------------------------------------- */

/* y comes from afar, and is needed when the sums are known. */
INLINE void fetch_tile(const struct gemm_tile *tile, int rows) {
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < COLUMNS; column += LINE_FLOATS)
            __builtin_prefetch(tile->y + (size_t)row * tile->stride + (size_t)column, 1);
}

INLINE void store_tile(const struct gemm_tile *tile, vector sums[TILE_ROWS][VECTORS], int rows) {
    for (int row = 0; row < rows; row++) {
        float *line = tile->y + (size_t)row * tile->stride;
        for (int i = 0; i < VECTORS; i++) {
            if (tile->accumulate)
                sums[row][i] += load(line + i * LANES);
            if (tile->bias)
                sums[row][i] += load(tile->bias + i * LANES);
            store(line + i * LANES, sums[row][i]);
        }
    }
}

/* `rows` is a constant wherever this is called, so that the sums live in registers. */
INLINE void multiply_rows(const struct gemm_tile *tile, int rows) {
    const word *left = tile->left, *panel = tile->panel;
    const size_t row_stride = tile->row_stride, word_stride = tile->word_stride;
    vector sums[TILE_ROWS][VECTORS];
    fetch_tile(tile, rows);
    for (int row = 0; row < rows; row++)
        for (int i = 0; i < VECTORS; i++)
            sums[row][i] = (vector){0};
    for (int at = 0; at < tile->words; at++) {
        vector right[VECTORS];
        for (int i = 0; i < VECTORS; i++) {
            right[i] = *(const vector *)(const void *)(panel + i * LANES);
            __builtin_prefetch(panel + PREFETCH_STEPS * COLUMNS + i * LANES);
        }
        for (int row = 0; row < rows; row++) {
            word factor = left[(size_t)row * row_stride];
            for (int i = 0; i < VECTORS; i++)
                sums[row][i] = add_product(sums[row][i], factor, right[i]);
        }
        left += word_stride;
        panel += COLUMNS;
    }
    store_tile(tile, sums, rows);
}

static void multiply_full(const struct gemm_tile *tile) {
#define HEIGHT(rows)                                                                               \
    case rows:                                                                                     \
        multiply_rows(tile, rows);                                                                 \
        break;
    switch (tile->rows) {
        HEIGHT(1)
        HEIGHT(2)
        HEIGHT(3)
        HEIGHT(4)
#if TILE_ROWS == 8
        HEIGHT(5)
        HEIGHT(6)
        HEIGHT(7)
        HEIGHT(8)
#endif
    }
#undef HEIGHT
}

/* At the edge of y the columns past it are worked out too, and left aside. */
static void multiply_edge(const struct gemm_tile *tile) {
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

static void multiply(const struct gemm_tile *tile) {
    if (tile->columns == COLUMNS)
        multiply_full(tile);
    else
        multiply_edge(tile);
}

#endif
