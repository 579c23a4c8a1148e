/*
 * attention_tiles.h - what all passes over tiles have in common: products of weights and values,
 * what is fetched meanwhile, and how a query ends. Included once for each instruction set.
 *
 * Exponentials are powers of two, of scores times log2(e).
 */
#ifndef SAWB_CORE_KERNEL_ATTENTION_TILES_H
#define SAWB_CORE_KERNEL_ATTENTION_TILES_H

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/kernel/attention_kernels.h"
#include "core/kernel/attention_vectors.h"

#define ROWS ATTENTION_ROWS
#define CHUNK ATTENTION_CHUNK
#define GROUP ATTENTION_GROUP
#define FETCH_KEYS 8               /* are weighed while a row is fetched that is read soon */
#define WIDE (LANES == 16 ? 4 : 2) /* vectors of values in a product: 8 or 16 sums */

#define LOG2_E 1.44269504f
#define REMOVED (-0.25f * FLT_MAX) /* a score below all, and finite times LOG2_E */

/* The widths of common models have code of their own. */
#define FOR_WIDTH(padded, call)                                                                    \
    do {                                                                                           \
        if ((padded) == 64) {                                                                      \
            enum { PADDED = 64 };                                                                  \
            call;                                                                                  \
        } else if ((padded) == 32) {                                                               \
            enum { PADDED = 32 };                                                                  \
            call;                                                                                  \
        } else {                                                                                   \
            const int PADDED = (padded);                                                           \
            call;                                                                                  \
        }                                                                                          \
    } while (0)

/* ---- tokens and dropout ---------------------------------------------------------------------- */

/* What the elements of a stream are multiplied with. */
INLINE vector dropout_factors(const struct dropout *dropout, naturals index) {
    DROPOUT_BITS(index, dropout);
    integers dropped = (integers)(index < dropout->threshold);
    return (vector)((integers)all_of(dropout->scale) & ~dropped);
}

INLINE int token_at(const struct attention_view *view, int place) {
    return view->order ? view->order[place] : place;
}

/* The list's weights times the dropout of the query's pairs. */
INLINE void drop_list(const struct attention_view *view, int place, const int32_t *keys, int count,
                      float *weights) {
    uint32_t row = view->first + (uint32_t)token_at(view, place) * (uint32_t)view->tokens;
    for (int j = 0; j < count; j += LANES) {
        naturals index = {0};
        for (int k = 0; k < LANES; k++)
            index[k] = row + (uint32_t)token_at(view, keys[j + k < count ? j + k : count - 1]);
        store(weights + j, load(weights + j) * dropout_factors(&view->dropout, index));
    }
}

/* ---- weights and values ---------------------------------------------------------------------- */

/* sum += weight · row of one key, of `vectors` of the row. */
INLINE void add_key(vector sum[GROUP][WIDE], const float *weight, size_t row_stride,
                    const float *row, const int vectors) {
    vector value[WIDE];
    UNROLL for (int v = 0; v < vectors; v++) value[v] = load(row + v * LANES);
    UNROLL for (int r = 0; r < GROUP; r++) {
        vector share = all_of(weight[(size_t)r * row_stride]);
        UNROLL for (int v = 0; v < vectors; v++) sum[r][v] += share * value[v];
    }
}

/* The weights of a group's queries at key j are r * row_stride behind weights + j * key_stride. */
struct weights {
    const float *weights;
    size_t key_stride, row_stride;
};

/* sum += Σ weight · row over the keys at [begin, end); keys NULL: the j-th is row j. soon: what is
 * fetched meanwhile, a row for every FETCH_KEYS keys, from `column` on: half of the loads are to
 * spare. */
INLINE void add_keys(vector sum[GROUP][WIDE], const struct weights *weights, const float *rows,
                     const int32_t *keys, int begin, int end, const float *const *soon, int column,
                     const int vectors, const int padded) {
    enum { LINE = 16 };
    const int lines = vectors * LANES > LINE ? vectors * LANES / LINE : 1;
    int j = begin;
    for (; j + FETCH_KEYS <= end; j += FETCH_KEYS, soon++) {
        UNROLL for (int k = 0; k < FETCH_KEYS; k++) {
            if (k % (FETCH_KEYS / lines) == 0)
                __builtin_prefetch(*soon + column + k / (FETCH_KEYS / lines) * LINE);
            add_key(sum, weights->weights + (size_t)(j + k) * weights->key_stride,
                    weights->row_stride,
                    rows + (size_t)(keys ? keys[j + k] : j + k) * (size_t)padded, vectors);
        }
    }
    for (; j < end; j++)
        add_key(sum, weights->weights + (size_t)j * weights->key_stride, weights->row_stride,
                rows + (size_t)(keys ? keys[j] : j) * (size_t)padded, vectors);
}

/* A call with a number as the constant AT_ONCE. */
#define WITH(number, call)                                                                         \
    do {                                                                                           \
        enum { AT_ONCE = (number) };                                                               \
        call;                                                                                      \
    } while (0)

/* How many vectors of a row have sums in registers, of `left` floats; and a call with their number.
 */
INLINE int vectors_in(int left) {
    return left >= WIDE * LANES ? WIDE : left >= 2 * LANES ? 2 : 1;
}

#define FOR_VECTORS(count, call)                                                                   \
    do {                                                                                           \
        if ((count) == WIDE)                                                                       \
            WITH(WIDE, call);                                                                      \
        else if ((count) == 2)                                                                     \
            WITH(2, call);                                                                         \
        else                                                                                       \
            WITH(1, call);                                                                         \
    } while (0)

/* Of the rows that the next tiles will read: how many of each matrix were fetched, and the matrix
 * that is next. */
struct fetched {
    int rows, matrix;
};

/* Rows to be fetched meanwhile; when there are no more of them, what is there already. */
INLINE void soon_of(const struct attention_view *view, struct fetched *fetched, int count,
                    const float **soon) {
    for (int i = 0; i < count; i++) {
        soon[i] = view->sums;
        if (fetched->rows >= view->ahead_rows)
            continue;
        soon[i] = view->ahead[fetched->matrix] + (size_t)fetched->rows * view->stride;
        if (++fetched->matrix == view->ahead_count) {
            fetched->matrix = 0;
            fetched->rows++;
        }
    }
}

/* ---- results --------------------------------------------------------------------------------- */

/* The query's row of out, and the logarithm of its sum. */
INLINE void finish_row(const struct attention_view *view, int place, const float *sums, float total,
                       float largest) {
    size_t token = (size_t)token_at(view, place);
    float *out = view->out + token * view->stride;
    float inverse = total == 0.0f ? 0.0f : 1.0f / total; /* also of NaN, which must stay visible */
    int d = 0;
    for (; d + LANES <= view->width; d += LANES)
        store(out + d, load(sums + d) * inverse);
    for (; d < view->width; d++)
        out[d] = sums[d] * inverse;
    if (view->log_sums)
        view->log_sums[token * view->log_stride] = total == 0.0f ? 0.0f : largest + logf(total);
}

#endif
