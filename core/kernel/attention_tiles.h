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
#define FETCH_KEYS 6               /* are weighed while a row is fetched that is read soon */
#define WIDE (LANES == 16 ? 4 : 2) /* vectors of values in a product: 8 or 16 sums */

#define LOG2_E 1.44269504f
#define REMOVED (-0.25f * FLT_MAX) /* a score below all, and finite times LOG2_E */
#define LOWEST                                                                                     \
    (0.25f * REMOVED) /* the largest one is this at the least: removed ones, next to               \
                         it, weigh nothing */

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
        UNROLL for (int v = 0; v < vectors; v++) add_product(&sum[r][v], share, value[v]);
    }
}

/* The weights of a group's queries at key j are r * row_stride behind weights + j * key_stride. */
struct weights {
    const float *weights;
    size_t key_stride, row_stride;
};

/* Rows to be fetched meanwhile, one for every FETCH_KEYS keys, which there are so many of: half of
 * the loads are to spare. */
struct ahead {
    const float *row;
    size_t stride;
    int rows;
};

/* sum += Σ weight · row over `count` keys from the j-th on. places: of their rows; NULL: the j-th
 * is row j. */
INLINE void add_some(vector sum[GROUP][WIDE], const struct weights *weights, const float *rows,
                     const int32_t *places, int j, const int count, const int vectors,
                     const int padded) {
    UNROLL for (int k = j; k < j + count; k++)
        add_key(sum, weights->weights + (size_t)k * weights->key_stride, weights->row_stride,
                places ? rows + places[k] : rows + (size_t)k * (size_t)padded, vectors);
}

/* The same over the keys at [begin, end). ahead: from `column` on. */
INLINE void add_keys(vector sum[GROUP][WIDE], const struct weights *weights, const float *rows,
                     const int32_t *places, int begin, int end, const struct ahead *ahead,
                     int column, const int vectors, const int padded) {
    enum { LINE = 16 };
    const int lines = vectors * LANES > LINE ? vectors * LANES / LINE : 1;
    const float *row = ahead->row + column;
    int j = begin;
    for (; j < begin + ahead->rows * FETCH_KEYS; j += FETCH_KEYS, row += ahead->stride) {
        UNROLL for (int k = 0; k < lines; k++) __builtin_prefetch(row + k * LINE);
        add_some(sum, weights, rows, places, j, FETCH_KEYS, vectors, padded);
    }
    for (; j + FETCH_KEYS <= end; j += FETCH_KEYS)
        add_some(sum, weights, rows, places, j, FETCH_KEYS, vectors, padded);
    for (; j < end; j++)
        add_some(sum, weights, rows, places, j, 1, vectors, padded);
}

/* A call with a number as the constant AT_ONCE. */
#define WITH(number, call)                                                                         \
    do {                                                                                           \
        enum { AT_ONCE = (number) };                                                               \
        call;                                                                                      \
    } while (0)

/* A call for as many vectors of a row as have sums in registers, from column `d` on, until there
 * are no more. */
#define FOR_COLUMNS(padded, d, call) FOR_COLUMNS_OF(WIDE, padded, d, call)
#define FOR_COLUMNS_OF(wide, padded, d, call)                                                      \
    do {                                                                                           \
        int d = 0;                                                                                 \
        for (; d + (wide)*LANES <= (padded); d += (wide)*LANES)                                    \
            WITH(wide, call);                                                                      \
        if ((wide) > 2 && d + 2 * LANES <= (padded)) {                                             \
            WITH(2, call);                                                                         \
            d += 2 * LANES;                                                                        \
        }                                                                                          \
        if (d < (padded))                                                                          \
            WITH(1, call);                                                                         \
    } while (0)

/* Of the rows that the next tiles will read: the matrix that is fetched, and how many of it were.
 */
struct fetched {
    int matrix, rows;
};

/* The next rows, `most` at the most. */
INLINE struct ahead ahead_of(const struct attention_view *view, struct fetched *fetched, int most) {
    if (fetched->matrix == view->ahead_count)
        return (struct ahead){.row = view->sums};
    int left = view->ahead_rows - fetched->rows, rows = left < most ? left : most;
    struct ahead ahead = {view->ahead[fetched->matrix] + (size_t)fetched->rows * view->stride,
                          view->stride, rows};
    fetched->rows += rows;
    if (rows == left)
        *fetched = (struct fetched){.matrix = fetched->matrix + 1};
    return ahead;
}

/* ---- results --------------------------------------------------------------------------------- */

/* What the sums of a query are multiplied with that has this total, 0 when it keeps no key; NaN
 * must stay visible. */
INLINE float share_of(float total) {
    return total == 0.0f ? 0.0f : 1.0f / total;
}

INLINE float log_sum_of(float total, float largest) {
    return total == 0.0f ? 0.0f : largest + logf(total);
}

/* `count` scores from the at-th on, up to LANES; those that there are not, or that the mask (NULL:
 * none) does not keep, are removed. */
INLINE vector kept_scores(const float *scores, const uint8_t *mask, int at, int count) {
    vector score = all_of(REMOVED);
    if (count == LANES)
        score = load(scores + at);
    else
        memcpy(&score, scores + at, (size_t)count * sizeof(float));
    return mask ? masked(bits_of_marks(mask + at, count), 0, score, all_of(REMOVED)) : score;
}

/* How many of a tile's queries, its first ones, get their rows of out. */
INLINE int wanted_of(const struct attention_view *view, const struct attention_tile *tile) {
    int left = view->wanted - tile->first;
    return left < tile->rows ? left : tile->rows;
}

/* The query's row of out, and the logarithm of its sum. */
INLINE void finish_row(const struct attention_view *view, int place, const float *sums, float total,
                       float largest) {
    size_t token = (size_t)token_at(view, place);
    float *out = view->out + token * view->stride;
    float share = share_of(total);
    int d = 0;
    for (; d + LANES <= view->width; d += LANES)
        store(out + d, load(sums + d) * share);
    for (; d < view->width; d++)
        out[d] = sums[d] * share;
    if (view->log_sums)
        view->log_sums[token * view->log_stride] = log_sum_of(total, largest);
}

#endif
