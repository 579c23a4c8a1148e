/*
 * attention_tiles.h - what the forward and the backward pass over tiles have in common: products of
 * queries, keys and values, and the keys of a tile in chunks. Included by attention_simd.c and
 * attention_backward.c alone, once for each instruction set.
 *
 * Within a tile the lanes of a vector are its queries: scores lie as [key][query], so that maxima,
 * exponentials, masks and sums are whole vectors, and a key is 16 numbers wide. Products keep 8 or
 * 16 sums in registers, one operand broadcast from memory. Exponentials are powers of two, of
 * scores times log2(e).
 */
#ifndef SAWB_CORE_KERNEL_ATTENTION_TILES_H
#define SAWB_CORE_KERNEL_ATTENTION_TILES_H

#include <float.h>
#include <string.h>

#include "core/kernel/attention_kernels.h"
#include "core/kernel/attention_vectors.h"

#define ROWS ATTENTION_ROWS
#define CHUNK ATTENTION_CHUNK
#define GROUP ATTENTION_GROUP
#define VECTORS (ROWS / LANES)     /* of the queries of a tile */
#define KEYS_AT_ONCE (8 / VECTORS) /* in a product with the queries: 8 sums */
#define STRAIGHT 16                /* keys that follow one another, where there are registers */
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

/* ---- queries of a tile ----------------------------------------------------------------------- */

/* What the elements of a stream are multiplied with. */
INLINE vector dropout_factors(const struct dropout *dropout, naturals index) {
    DROPOUT_BITS(index, dropout);
    integers dropped = (integers)(index < dropout->threshold);
    return (vector)((integers)all_of(dropout->scale) & ~dropped);
}

INLINE int token_at(const struct attention_view *view, int place) {
    return view->order ? view->order[place] : place;
}

/* Index in the dropout stream of each query's pair with token 0. */
INLINE void stream_rows(const struct attention_view *view, const struct attention_tile *tile,
                        naturals *index) {
    for (int r = 0; r < ROWS; r++) {
        int token = token_at(view, r < tile->rows ? tile->first + r : tile->first);
        index[r / LANES][r % LANES] = view->first + (uint32_t)token * (uint32_t)view->tokens;
    }
}

/* Whether any query of a tile is not listed. */
INLINE int has_runs(const struct attention_tile *tile) {
    return tile->listed != (1u << tile->rows) - 1;
}

/* The rows of a tile's queries (or of their gradients) [ROWS,padded], and turned (NULL: listed
 * queries alone do without). */
INLINE void take_rows(const struct attention_view *view, const float *matrix, int first, int rows,
                      float *taken, float *turned, float factor, const int padded) {
    for (int r = 0; r < rows; r++)
        copy_row(taken + r * padded, matrix + (size_t)token_at(view, first + r) * view->stride,
                 view->width, padded);
    if (rows < ROWS)
        memset(taken + rows * padded, 0, (size_t)(ROWS - rows) * (size_t)padded * sizeof(*taken));
    if (turned)
        turn(turned, ROWS, taken, (size_t)padded, ROWS, padded, factor);
}

/* ---- products -------------------------------------------------------------------------------- */

/* What is needed soon after STRAIGHT keys: rows, and rows of scores that lie `tokens` apart (NULL:
 * none). Memory answers late and only so many questions at once, so they are spread. */
struct soon {
    const float *row[STRAIGHT / 8 * ATTENTION_AHEAD];
    float *scores;
    size_t tokens;
    int at, line,
        due; /* where fetch_soon is: a row, a line of it, and steps since the last score */
};

/* Once for two steps of a product of STRAIGHT keys: all are fetched when it ends. */
INLINE void fetch_soon(struct soon *soon, const int padded) {
    __builtin_prefetch(soon->row[soon->at] + soon->line);
    soon->line += 16;
    if (soon->line == padded) {
        soon->line = 0;
        soon->at++;
    }
    if (!soon->scores)
        return;
    for (soon->due += 2 * ROWS; soon->due >= padded; soon->due -= padded) {
        __builtin_prefetch(soon->scores, 1);
        soon->scores += soon->tokens;
    }
}

/* products [count,ROWS] of as many rows with the turned queries: what costs half of all. row: where
 * each is; NULL: they follow one another from `first` on, and `soon` is fetched meanwhile. */
INLINE void multiply_rows(float *products, const float *const *row, const float *first,
                          const float *columns, const int count, struct soon *soon,
                          const int padded) {
    vector sum[STRAIGHT][VECTORS];
    UNROLL for (int k = 0; k < count; k++) UNROLL for (int v = 0; v < VECTORS; v++) sum[k][v] =
        (vector){0};
    for (int step = 0; step < padded; step += 2) {
        if (!row)
            fetch_soon(soon, padded);
        UNROLL for (int d = step; d < step + 2; d++) {
            vector query[VECTORS];
            UNROLL for (int v = 0; v < VECTORS; v++) query[v] =
                load(columns + d * ROWS + v * LANES);
            UNROLL for (int k = 0; k < count; k++) {
                vector key = all_of(row ? row[k][d] : first[k * padded + d]);
                UNROLL for (int v = 0; v < VECTORS; v++) sum[k][v] += key * query[v];
            }
        }
    }
    UNROLL for (int k = 0; k < count; k++) UNROLL for (int v = 0; v < VECTORS; v++)
        store(products + k * ROWS + v * LANES, sum[k][v]);
}

/* Of 8 rows wherever they are. */
INLINE void multiply_scattered(float *products, const float *const *row, const float *columns,
                               const int padded) {
    UNROLL for (int k = 0; k < 8; k += KEYS_AT_ONCE)
        multiply_rows(products + k * ROWS, row + k, NULL, columns, KEYS_AT_ONCE, NULL, padded);
}

/* sums [GROUP,·] += Σ over keys of weight · row; `vectors` of each row are worked out. */
INLINE void add_weighted(float *sums, const float *weights, size_t key_stride, size_t row_stride,
                         const float *rows, const int32_t *keys, int begin, int end,
                         const int vectors, const int padded) {
    vector sum[GROUP][WIDE];
    UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] =
        load(sums + r * padded + v * LANES);
    for (int j = begin; j < end; j++) {
        const float *row = rows + (size_t)keys[j] * (size_t)padded;
        const float *weight = weights + (size_t)j * key_stride;
        vector value[WIDE];
        UNROLL for (int v = 0; v < vectors; v++) value[v] = load(row + v * LANES);
        UNROLL for (int r = 0; r < GROUP; r++) {
            vector share = all_of(weight[(size_t)r * row_stride]);
            UNROLL for (int v = 0; v < vectors; v++) sum[r][v] += share * value[v];
        }
    }
    UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int v = 0; v < vectors; v++)
        store(sums + r * padded + v * LANES, sum[r][v]);
}

/* How many vectors of a row have sums in registers, of `left` floats; and a call with their number
 * as the constant AT_ONCE. */
INLINE int vectors_in(int left) {
    return left >= WIDE * LANES ? WIDE : left >= 2 * LANES ? 2 : 1;
}

#define FOR_VECTORS(count, call)                                                                   \
    do {                                                                                           \
        if ((count) == WIDE) {                                                                     \
            enum { AT_ONCE = WIDE };                                                               \
            call;                                                                                  \
        } else if ((count) == 2) {                                                                 \
            enum { AT_ONCE = 2 };                                                                  \
            call;                                                                                  \
        } else {                                                                                   \
            enum { AT_ONCE = 1 };                                                                  \
            call;                                                                                  \
        }                                                                                          \
    } while (0)

/* The same over the whole width. */
INLINE void weigh_group(float *sums, const float *weights, size_t key_stride, size_t row_stride,
                        const float *rows, const int32_t *keys, int begin, int end,
                        const int padded) {
    for (int d = 0, count; d < padded; d += count * LANES) {
        count = vectors_in(padded - d);
        FOR_VECTORS(count, add_weighted(sums + d, weights, key_stride, row_stride, rows + d, keys,
                                        begin, end, AT_ONCE, padded));
    }
}

/* ---- chunks of a tile's keys ----------------------------------------------------------------- */

/* Of consecutive places of a chunk. */
struct piece {
    int begin, end;
    const uint16_t *bits; /* NULL: all queries keep all */
};

struct chunk {
    const struct attention_tile *tile;
    int run, used; /* the next to take: a run, and how many of its keys are gone */
    int at;        /* position of this chunk's first key among all of the tile */
    int count;     /* keys; 8 more may be read, which are the last one again */
    int ahead;     /* rows of the next tiles that were fetched */
    float *scores; /* rows [·,T] for those of the tile; NULL: not wanted */
    int pieces;
    int32_t keys[CHUNK + 8];
    struct piece piece[CHUNK];
};

/* Takes the next keys; 0 when there are no more. */
static int next_chunk(struct chunk *chunk) {
    const struct attention_tile *tile = chunk->tile;
    chunk->at += chunk->count;
    chunk->count = chunk->pieces = 0;
    while (chunk->run < tile->runs && chunk->count < CHUNK) {
        const struct attention_run *run = &tile->run[chunk->run];
        int left = run->count - chunk->used, room = CHUNK - chunk->count;
        int taken = left < room ? left : room;
        int32_t *keys = chunk->keys + chunk->count, first = run->key + chunk->used;
        for (int j = 0; j < taken; j++)
            keys[j] = first + j;
        chunk->piece[chunk->pieces++] = (struct piece){
            chunk->count, chunk->count + taken,
            run->bits == ATTENTION_ALL ? NULL : tile->bits + run->bits + chunk->used};
        chunk->count += taken;
        chunk->used += taken;
        if (chunk->used == run->count) {
            chunk->run++;
            chunk->used = 0;
        }
    }
    for (int j = 0; j < 8 && chunk->count > 0; j++)
        chunk->keys[chunk->count + j] = chunk->keys[chunk->count - 1];
    return chunk->count > 0;
}

/* What is fetched between the products of the next STRAIGHT keys: as many rows of the next tiles as
 * two for 8 keys, and where the scores go, whose rows no processor foresees. */
INLINE struct soon soon_after(const struct attention_view *view, struct chunk *chunk, int j,
                              const float *columns) {
    struct soon soon = {.scores = chunk->scores ? chunk->scores + chunk->at + j : NULL,
                        .tokens = (size_t)view->tokens};
    for (int i = 0; i < STRAIGHT / 8; i++, chunk->ahead++)
        for (int k = 0; k < ATTENTION_AHEAD; k++)
            soon.row[i * ATTENTION_AHEAD + k] =
                view->ahead[k] && chunk->ahead < view->ahead_rows
                    ? view->ahead[k] + (size_t)chunk->ahead * view->stride
                    : columns; /* which is there already */
    return soon;
}

/* products [count rounded up to 8, ROWS] of the chunk's rows with the turned queries. */
INLINE void multiply_chunk(const struct attention_view *view, struct chunk *chunk, float *products,
                           const float *rows, const float *columns, const int padded) {
    for (int j = 0, step; j < chunk->count; j += step) {
        const int32_t *keys = chunk->keys + j;
        float *product = products + j * ROWS;
        if (LANES == 16 && chunk->count - j >= STRAIGHT &&
            keys[STRAIGHT - 1] - keys[0] == STRAIGHT - 1) {
            struct soon soon = soon_after(view, chunk, j, columns);
            multiply_rows(product, NULL, rows + (size_t)keys[0] * (size_t)padded, columns, STRAIGHT,
                          &soon, padded);
            step = STRAIGHT;
            continue;
        }
        const float *row[8];
        for (int k = 0; k < ATTENTION_AHEAD && chunk->ahead < view->ahead_rows; k++)
            if (view->ahead[k])
                expect(view->ahead[k] + (size_t)chunk->ahead * view->stride, view->width);
        UNROLL for (int k = 0; k < 8; k++) row[k] = rows + (size_t)keys[k] * (size_t)padded;
        multiply_scattered(product, row, columns, padded);
        chunk->ahead++;
        step = 8;
    }
}

/* sums of the queries of a tile += what its weights and the chunk's rows make. */
INLINE void weigh_chunk(const struct attention_tile *tile, const struct chunk *chunk, float *sums,
                        const float *weights, const float *rows, const int padded) {
    for (int g = 0; g < ATTENTION_GROUPS; g++) {
        int begin = tile->reach[g].begin - chunk->at, end = tile->reach[g].end - chunk->at;
        begin = begin > 0 ? begin : 0;
        end = end < chunk->count ? end : chunk->count;
        if (begin < end)
            weigh_group(sums + g * GROUP * padded, weights + g * GROUP, ROWS, 1, rows, chunk->keys,
                        begin, end, padded);
    }
}

/* ---- listed queries: one row at a time ------------------------------------------------------- */

/* The lanes of a vector as an octet of the same sum. */
#if LANES == 16
#define FOLDED(x)                                                                                  \
    (SHUFFLE(x, x, 0, 1, 2, 3, 4, 5, 6, 7) + SHUFFLE(x, x, 8, 9, 10, 11, 12, 13, 14, 15))
#elif LANES == 8
#define FOLDED(x) (x)
#else
#define FOLDED(x) SHUFFLE(x, (vector){0}, 0, 1, 2, 3, 4, 5, 6, 7)
#endif

/* products [count rounded up to 8] of a query with rows of the keys; at most the last is read
 * again. */
INLINE void multiply_list(float *products, const float *query, const float *rows,
                          const int32_t *keys, int count, float factor, const int padded) {
    for (int j = 0; j < count; j += 8) {
        octet sums[8];
        UNROLL for (int k = 0; k < 8; k++) {
            int key = keys[j + k < count ? j + k : count - 1];
            const float *row = rows + (size_t)key * (size_t)padded;
            vector sum = load(query) * load(row);
            for (int d = LANES; d < padded; d += LANES)
                sum += load(query + d) * load(row + d);
            sums[k] = FOLDED(sum);
        }
        turn_octets(sums);
        octet total = ((sums[0] + sums[1]) + (sums[2] + sums[3])) +
                      ((sums[4] + sums[5]) + (sums[6] + sums[7]));
        *(unaligned_octet *)(products + j) = total * factor;
    }
}

/* sum += Σ weight · row over the keys, of `vectors` of each row; even and odd keys apart, so that
 * there are sums enough to keep the processor busy. */
INLINE void add_listed(float *sum, const float *weights, const float *rows, const int32_t *keys,
                       int count, const int vectors, const int padded) {
    vector even[WIDE], odd[WIDE];
    UNROLL for (int v = 0; v < vectors; v++) {
        even[v] = load(sum + v * LANES);
        odd[v] = (vector){0};
    }
    int j = 0;
    for (; j + 1 < count; j += 2) {
        const float *a = rows + (size_t)keys[j] * (size_t)padded;
        const float *b = rows + (size_t)keys[j + 1] * (size_t)padded;
        UNROLL for (int v = 0; v < vectors; v++) {
            even[v] += weights[j] * load(a + v * LANES);
            odd[v] += weights[j + 1] * load(b + v * LANES);
        }
    }
    UNROLL for (int v = 0; v < vectors; v++) {
        if (j < count)
            even[v] += weights[j] * load(rows + (size_t)keys[j] * (size_t)padded + v * LANES);
        store(sum + v * LANES, even[v] + odd[v]);
    }
}

/* The same over the whole width, sum [padded]. */
INLINE void weigh_list(float *sum, const float *weights, const float *rows, const int32_t *keys,
                       int count, const int padded) {
    for (int d = 0, vectors; d < padded; d += vectors * LANES) {
        vectors = vectors_in(padded - d);
        FOR_VECTORS(vectors, add_listed(sum + d, weights, rows + d, keys, count, AT_ONCE, padded));
    }
}

/* The list's weights times the dropout of the query's pairs. */
static void drop_list(const struct attention_view *view, int place, const int32_t *keys, int count,
                      float *weights) {
    uint32_t row = view->first + (uint32_t)token_at(view, place) * (uint32_t)view->tokens;
    for (int j = 0; j < count; j += LANES) {
        naturals index = {0};
        for (int k = 0; k < LANES; k++)
            index[k] = row + (uint32_t)token_at(view, keys[j + k < count ? j + k : count - 1]);
        store(weights + j, load(weights + j) * dropout_factors(&view->dropout, index));
    }
}

/* The elements behind the last one, up to a whole vector. */
static void pad_list(float *list, int count, float value) {
    for (int j = count; j % ROWS; j++)
        list[j] = value;
}

#endif
