/*
 * gemm_tile.h - what both kinds of tiles (gemm.c, gemm_bf16.c) have in common: their sizes, and how
 * one is multiplied.
 *
 * Whoever includes it has said before what its words are: the type `word`, and
 * `vector add_word(vector sum, word left, vector right)`.
 */
#ifndef SAWB_CORE_KERNEL_GEMM_TILE_H
#define SAWB_CORE_KERNEL_GEMM_TILE_H

#include "core/kernel/gemm.h"
#include "core/kernel/lanes.h"

/* A tile of TILE_ROWS by VECTORS vectors leaves registers for a row of the panel and one of a. With
 * few registers several words at a time are faster. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define TILE_ROWS 8
#define VECTORS 3
#define WORDS 1
#else
#define TILE_ROWS 6
#define VECTORS 2
#define WORDS (LANES == 8 ? 4 : 2)
#endif
#define COLUMNS (VECTORS * LANES)
#define LINE 64 /* bytes of a cache line */

/* How the tiles of either kind are used best, for struct gemm. The first was measured on Intel's
 * AVX-512, the second on AMD's AVX2. */
#if TILE_ROWS == 8
#define OWN_WORDS 8
#define TILE_USE .task_columns = 192, .few_rows = 0, .own_words = OWN_WORDS, .halves = 0
#else
#define OWN_WORDS 0
#define TILE_USE .task_columns = 96, .few_rows = 200, .own_words = OWN_WORDS, .halves = 1
#endif

/* ---- multiplying ----------------------------------------------------------------------------- */

/* y comes from afar, and is needed when the sums are known. */
INLINE void fetch_tile(const struct gemm_tile *tile, int rows) {
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < COLUMNS; column += LINE / (int)sizeof(float))
            __builtin_prefetch(tile->y + (size_t)row * tile->stride + (size_t)column, 1);
}

INLINE void store_tile(const struct gemm_tile *tile, vector sums[TILE_ROWS][VECTORS], int rows) {
    if (tile->accumulate)
        for (int row = 0; row < rows; row++)
            for (int i = 0; i < VECTORS; i++)
                sums[row][i] += load(tile->y + (size_t)row * tile->stride + i * LANES);
    if (tile->bias)
        for (int i = 0; i < VECTORS; i++) {
            vector bias = load(tile->bias + i * LANES);
            for (int row = 0; row < rows; row++)
                sums[row][i] += bias;
        }
    for (int row = 0; row < rows; row++)
        for (int i = 0; i < VECTORS; i++)
            store(tile->y + (size_t)row * tile->stride + i * LANES, sums[row][i]);
}

/* How a tile is multiplied: constants wherever this is used, so that the sums live in registers and
 * few others hold where the rows of a are. */
struct way {
    int rows;
    int packed; /* a: 1: [words][TILE_ROWS], 0: rows where they lie */
    int fetch;  /* 1: as much as the tile says, 0: nothing */
};

/* Where words of a are: of the first row, and of the fourth. From either two more rows are one and
 * two strides away, which an address can say. */
struct left {
    const word *upper, *lower;
    size_t stride;
};

/* sums += of `words` words from left and panel on. */
INLINE void add_words(vector sums[TILE_ROWS][VECTORS], const struct left *left, const word *panel,
                      int words, const struct way way) {
    for (int at = 0; at < words; at++) {
        vector right[VECTORS];
        for (int i = 0; i < VECTORS; i++)
            right[i] = *(const vector *)(const void *)(panel + at * COLUMNS + i * LANES);
        for (int row = 0; row < way.rows; row++) {
            const word *place = row < 3 ? left->upper + (size_t)row * left->stride
                                        : left->lower + (size_t)(row - 3) * left->stride;
            word factor = way.packed ? left->upper[at * TILE_ROWS + row] : place[at];
            for (int i = 0; i < VECTORS; i++)
                sums[row][i] = add_word(sums[row][i], factor, right[i]);
        }
    }
}

/* So many words further. */
INLINE void go_on(struct left *left, const word **panel, int words, const struct way way) {
    *panel += words * COLUMNS;
    left->upper += words * (way.packed ? TILE_ROWS : 1);
    left->lower += words;
    /* Else the compiler has a register for each row, more than there are. */
    __asm__("" : "+r"(left->upper), "+r"(left->lower));
}

INLINE void multiply_rows(const struct gemm_tile *tile, const struct way way) {
    enum { BYTES = WORDS * COLUMNS * sizeof(word) };
    const word *panel = tile->panel;
    struct left left = {.upper = tile->left, .stride = tile->row_stride};
    const char *ahead = tile->ahead;
    const int further = tile->fetch * BYTES / 2;
    vector sums[TILE_ROWS][VECTORS];
    fetch_tile(tile, way.rows);
    for (int row = 0; row < way.rows; row++)
        for (int i = 0; i < VECTORS; i++)
            sums[row][i] = (vector){0};
    left.lower = left.upper + 3 * left.stride;
    int words = tile->words;
    for (; words >= WORDS; words -= WORDS) {
        for (int line = 0; way.fetch && line < BYTES; line += LINE)
            __builtin_prefetch(ahead + line);
        add_words(sums, &left, panel, WORDS, way);
        ahead += further;
        go_on(&left, &panel, WORDS, way);
    }
    for (; words > 0; words--) {
        add_words(sums, &left, panel, 1, way);
        go_on(&left, &panel, 1, way);
    }
    store_tile(tile, sums, way.rows);
}

/* `height` is a constant. Rows that were packed meet panels that were, and are near. */
INLINE void multiply_height(const struct gemm_tile *tile, int height) {
    if (tile->row_stride == 0)
        multiply_rows(tile, (struct way){height, 1, OWN_WORDS > 0});
    else if (OWN_WORDS > 0 || tile->fetch > 0)
        multiply_rows(tile, (struct way){height, 0, 1});
    else
        multiply_rows(tile, (struct way){height, 0, 0});
}

static void multiply_full(const struct gemm_tile *tile) {
#define HEIGHT(height)                                                                             \
    case height:                                                                                   \
        multiply_height(tile, height);                                                             \
        break;
    switch (tile->rows) {
        HEIGHT(1)
        HEIGHT(2)
        HEIGHT(3)
        HEIGHT(4)
        HEIGHT(5)
        HEIGHT(6)
#if TILE_ROWS == 8
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
