/*
 * attention_kernels.h - the inner loops of attention, once for each instruction set.
 *
 * Portable sources that the Makefile compiles again with wider instruction sets: attention_ranges.c
 * and attention_simd.c for the forward pass, attention_backward.c. A kernel works on one head of
 * one sentence: its values, and its keys, packed ("padded" floats a row, HS rounded up, zero behind
 * HS) or turned in blocks, its queries where they stand. Where the layout has an order, queries,
 * keys and values are counted by their places in it.
 */
#ifndef SAWB_CORE_KERNEL_ATTENTION_KERNELS_H
#define SAWB_CORE_KERNEL_ATTENTION_KERNELS_H

#include "core/kernel/attention_layout.h"
#include "core/kernel/attention_unit.h"
#include "core/kernel/largest.h"

#define ATTENTION_AHEAD 4        /* queries, keys, values, out */
#define ATTENTION_CHUNK 128      /* keys between two looks at the running maximum */
#define ATTENTION_CHUNK_MOST 224 /* the same of a tile alone, whose keys follow one another */
#define ATTENTION_WEIGHT_STRIDE (ATTENTION_CHUNK_MOST + 16) /* an odd number of cache lines */
#define ATTENTION_TOGETHER 4 /* tiles of the same keys that read them at once */

struct attention_view {
    int tokens, width;    /* T, HS */
    int padded;           /* HS rounded up to a multiple of 16 */
    size_t stride;        /* of two tokens in query, out and the gradients */
    float factor;         /* 1 / √HS */
    const int32_t *order; /* [T] token of each place; NULL: in order */
    const float *query;
    float *out;                 /* backward: read */
    const float *keys, *values; /* [T,padded] packed, aligned to 64 bytes */
    const float *turned;        /* keys [blocks of 16 keys,padded,16], the same */
    float *log_sums;            /* of token i at i * log_stride; NULL: not wanted */
    size_t log_stride;
    struct dropout dropout;
    uint32_t first; /* of the head's first pair in the dropout stream */

    /* [rows,T] of all queries of the tiles, which keep all keys in order; NULL: not wanted. */
    float *scores;
    int past;   /* 1: those go past the caches (stream.h); not with a matrix unit */
    int wanted; /* queries before this one get their rows of out */

    /* What multiplies in the place of keys and values; NULL: the vector kernels. All keys of the
     * tiles follow one another then, without listed queries. */
    const struct attention_unit *unit;
    const struct attention_words *words;
    uint32_t *unit_queries; /* [wide/2,16] of each tile */

    /* The backward pass only. */
    const float *out_gradient;
    float *query_gradient;
    float *key_sums, *value_sums; /* [T,padded] packed; added to */

    /* Rows that the next tile will read, fetched between products: `ahead_rows` from each of the
     * first `ahead_count` of these. */
    const float *ahead[ATTENTION_AHEAD];
    int ahead_rows, ahead_count;

    /* Work space, all aligned to 64 bytes. */
    float *rows, *row_grads; /* queries of a tile [16,padded], and the gradient of out */
    float *columns, *sums;   /* of each tile: queries turned [padded,16], and sums [16,padded] */
    float *column_grads;     /* [padded,16] */
    float *weights, *weight_grads; /* [16,ATTENTION_WEIGHT_STRIDE], and 16 before the first */
    float *list;                   /* [16,attention_list_floats] */
    float *list_grads;             /* [attention_list_floats] */
};

/* Floats of turned keys: what is behind the last block may be read as well. */
static inline size_t attention_turned_floats(int tokens, int padded) {
    return (size_t)(attention_tiles(tokens) + 1) * ATTENTION_ROWS * (size_t)padded;
}

static inline size_t attention_list_floats(int tokens) {
    return (size_t)attention_tiles(tokens) * ATTENTION_ROWS;
}

/* Floats of work space for `tokens` and `padded`. */
static inline size_t attention_work_floats(int tokens, int padded) {
    return (3 + 2 * ATTENTION_TOGETHER) * (size_t)ATTENTION_ROWS * (size_t)padded +
           (1 + 2 * ATTENTION_WEIGHT_STRIDE) * ATTENTION_ROWS +
           (ATTENTION_ROWS + 1) * attention_list_floats(tokens);
}

struct attention_kernels {
    /* packed [tokens,padded] of rows [tokens,width], from place `begin` to `end`. */
    void (*pack)(const struct attention_view *view, float *packed, const float *rows, int begin,
                 int end);

    /* Blocks [padded,16] of rows [tokens,width], from place `begin`, a multiple of 16, to `end`;
     * zeros for rows that are missing in the last block. */
    void (*turn)(const struct attention_view *view, float *turned, const float *rows, int begin,
                 int end);

    /* Out (and log_sums, scores) of the queries of `count` tiles, up to ATTENTION_TOGETHER; several
     * are of the same keys, without listed queries. known: scores of a tile's queries with all keys
     * [rows,T], as score_rows gave them, for listed and masked ones; NULL: they are worked out. */
    void (*forward)(const struct attention_view *view, const struct attention_tile *tiles,
                    int count, const float *known);

    /* Gradients of the queries of a tile, and what it adds to those of keys and values. */
    void (*backward)(const struct attention_view *view, const struct attention_tile *tile);

    /* scores [rows,T] of the queries from `first` with all keys: Q Kᵀ / √HS. */
    void (*score_rows)(const struct attention_view *view, int first, int rows, float *scores);

    mark_largest *mark;
    list_marked *list;

    /* Softmax of rows of scores [rows,columns], of what mask [rows,columns] keeps (NULL: all), and
     * exactly 0 elsewhere: the probabilities that the forward kernel weighs values with. `out` may
     * be `scores`. */
    void (*softmax)(float *out, const float *scores, const uint8_t *mask, int rows, int columns);

    /* means [blocks,padded] of each `block` rows [tokens,width] (fewer in the last one). */
    void (*block_means)(float *means, const float *rows, size_t stride, int tokens, int width,
                        int padded, int block);
};

/* Parts of the tables below. */
typedef void attention_way_back(const struct attention_view *view,
                                const struct attention_tile *tile);
typedef void attention_ranges(const struct attention_view *view, const struct attention_tile *tiles,
                              int count, const float *known);
typedef void attention_scores(const struct attention_view *view, int first, int rows,
                              float *scores);
extern attention_way_back attention_tile_backward_portable;
extern attention_ranges attention_range_tiles_portable;
extern attention_scores attention_range_scores_portable;
extern const struct attention_kernels attention_kernels_portable;
#if defined(__x86_64__)
extern attention_way_back attention_tile_backward_avx2, attention_tile_backward_avx512;
extern attention_ranges attention_range_tiles_avx2, attention_range_tiles_avx512;
extern attention_scores attention_range_scores_avx2, attention_range_scores_avx512;
extern const struct attention_kernels attention_kernels_avx2, attention_kernels_avx512;
#endif

#endif
