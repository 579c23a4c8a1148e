/*
 * gemm.h - the inner loops of matrix products, once for each instruction set.
 *
 * y = a b is worked out in tiles of `rows` by `columns` numbers that stay in registers. For them b
 * is packed into panels: `columns` columns of b side by side, one step of k after the other, so
 * that a tile reads its panel from end to end. a is broadcast from where it lies, number by number.
 *
 * What is packed is counted in words of 4 bytes: a float32, or two bfloat16 of the steps 2i and
 * 2i + 1. A panel is [words][columns], with zeros where b has no more columns or steps.
 *
 * Every element of y is the same chain of sums, whatever tile it falls in: how a product is cut up
 * does not change its bits.
 *
 * Source of the scheme: Goto, van de Geijn 2008, "Anatomy of high-performance matrix
 * multiplication"; here a, not b, is the operand that stays in the first-level cache.
 */
#ifndef SAWB_CORE_KERNEL_GEMM_H
#define SAWB_CORE_KERNEL_GEMM_H

#include <stddef.h>
#include <stdint.h>

struct attention_unit; /* attention_unit.h */

struct gemm_tile {
    const void *left;  /* a: word w of row r at left + r row_stride + w (in words), or as the set
                          packed it */
    size_t row_stride; /* 0: packed */
    const void *panel; /* b, aligned to 64 bytes */
    int words;
    const void *ahead; /* what other tiles will read, is fetched meanwhile */
    int fetch;         /* of it: 0: nothing, 1: half as much as this tile reads, 2: as much */
    int rows, columns; /* of y: 1 to those of the set */
    float *y;
    size_t stride;     /* of y, between two rows */
    int accumulate;    /* 1: y += a b */
    const float *bias; /* [columns], added to every row; NULL: none */
};

struct gemm {
    const char *name;  /* e.g. "avx512", "avx512-bf16", "amx-bf16" */
    int rows, columns; /* of a full tile */
    int depth;         /* steps of k in a word */
    int unit;          /* steps are made up to a multiple of it, with zeros */
    int task_columns;  /* of y that one task works out: the more, the seldomer a is packed */

    /* Up to so many rows, tiles go down a panel before they go on to the next one, which they fetch
     * meanwhile, so that multiplying and reading weights from memory go on at once; 0: never, as
     * where rows of a have to be packed. */
    int few_rows;
    int own_words; /* a tile fetches its own panel so many words ahead; 0: the next one */
    int halves;    /* 1: two tiles of half the rows are faster than a full one and a low one */

    /* One panel of b^T [columns, steps] (weights in a forward pass) and of b [steps, columns]; rows
     * lie `stride` floats apart. */
    void (*pack_rows)(void *panel, const float *b, size_t stride, int columns, int steps);
    void (*pack_columns)(void *panel, const float *b, size_t stride, int columns, int steps);

    /* a [rows, steps] as [rows][words], or as only the set knows; NULL: it can be read in place. */
    void (*left_rows)(void *left, const float *a, size_t stride, int rows, int steps);

    /* a^T [steps, rows] as tiles that begin `tile_words` apart: [words][gemm rows], or as only the
     * set knows. */
    void (*left_columns)(void *left, size_t tile_words, const float *a, size_t stride, int rows,
                         int steps);

    void (*multiply)(const struct gemm_tile *tile);

    const struct attention_unit *attention; /* for its products; NULL: they are float32 */
};

extern const struct gemm gemm_portable;
#if defined(__x86_64__)
extern const struct gemm gemm_avx2, gemm_avx512, gemm_bf16, gemm_amx;

/* Asks the system for the tiles' registers; 0: it has none. Once for the process, at any time. */
int gemm_amx_allowed(void);
#endif

static inline int gemm_words(const struct gemm *gemm, int steps) {
    return (steps + gemm->unit - 1) / gemm->unit * gemm->unit / gemm->depth;
}

static inline int gemm_panels(const struct gemm *gemm, int columns) {
    return (columns + gemm->columns - 1) / gemm->columns;
}

#endif
