/*
 * attention_chunks.h - tiles by their runs and lists, for the forward and the backward pass alike:
 * the keys of a tile in chunks, and queries with lists. Included by attention_simd.c and
 * attention_backward.c alone, once for each instruction set.
 *
 * The lanes of a vector are the queries of a tile: scores lie as [key][query], so that maxima,
 * exponentials, masks and sums are whole vectors, and a key is 16 numbers wide. Products keep 8 or
 * 16 sums in registers, one operand broadcast from memory.
 */
#ifndef SAWB_CORE_KERNEL_ATTENTION_CHUNKS_H
#define SAWB_CORE_KERNEL_ATTENTION_CHUNKS_H

#include "core/kernel/attention_tiles.h"

#define VECTORS (ROWS / LANES)     /* of the queries of a tile */
#define KEYS_AT_ONCE (8 / VECTORS) /* in a product with the queries: 8 sums */
#define STRAIGHT 16                /* keys that follow one another, where there are registers */
#define LISTED 4                   /* vectors of values of one query: 8 sums */

typedef float octet __attribute__((vector_size(32)));
typedef float unaligned_octet __attribute__((vector_size(32), aligned(4), may_alias));

/* ---- turning rows into columns --------------------------------------------------------------- */

#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

/* Turns 8 octets, as unpacking pairs, fours and halves does it. */
INLINE void turn_octets(octet *x) {
    octet pair[8], four[8];
    UNROLL for (int i = 0; i < 8; i += 2) {
        pair[i] = SHUFFLE(x[i], x[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        pair[i + 1] = SHUFFLE(x[i], x[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    UNROLL for (int i = 0; i < 8; i += 4) {
        four[i] = SHUFFLE(pair[i], pair[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        four[i + 1] = SHUFFLE(pair[i], pair[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        four[i + 2] = SHUFFLE(pair[i + 1], pair[i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
        four[i + 3] = SHUFFLE(pair[i + 1], pair[i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
    }
    UNROLL for (int i = 0; i < 4; i++) {
        x[i] = SHUFFLE(four[i], four[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        x[i + 4] = SHUFFLE(four[i], four[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

/* to [columns,·] = factor from [rows,·] turned; `from` is read in whole blocks of LANES. */
static void turn(float *restrict to, size_t to_stride, const float *restrict from,
                 size_t from_stride, int rows, int columns, float factor) {
    for (int i = 0; i < rows; i += LANES) {
        size_t bytes = (size_t)(rows - i < LANES ? rows - i : LANES) * sizeof(*to);
        for (int j = 0; j < columns; j += LANES) {
            vector x[LANES];
            const float *source = from + (size_t)i * from_stride + (size_t)j;
            float *target = to + (size_t)j * to_stride + (size_t)i;
            load_columns(x, source, from_stride);
            if (rows - i >= LANES && columns - j >= LANES) {
                UNROLL for (int k = 0; k < LANES; k++)
                    store(target + (size_t)k * to_stride, x[k] * factor);
                continue;
            }
            for (int k = 0; k < LANES && k < columns - j; k++) {
                vector line = x[k] * factor;
                memcpy(target + (size_t)k * to_stride, &line, bytes);
            }
        }
    }
}

/* ---- queries of a tile ----------------------------------------------------------------------- */

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
    for (int r = rows; r < ROWS; r++)
        clear_row(taken + r * padded, padded);
    if (turned)
        turn(turned, ROWS, taken, (size_t)padded, ROWS, padded, factor);
}

/* ---- products -------------------------------------------------------------------------------- */

/* products [count,ROWS] of as many rows with the turned queries: what costs half of all. row: where
 * each is; NULL: they follow one another from `first` on, which is the first one in any case. */
INLINE void multiply_rows(float *products, const float *const *row, const float *first,
                          const float *columns, const int count, const int padded) {
    vector sum[STRAIGHT][VECTORS];
    UNROLL for (int k = 0; k < count; k++) UNROLL for (int v = 0; v < VECTORS; v++) sum[k][v] =
        (vector){0};
    for (int d = 0; d < padded; d++) {
        vector query[VECTORS];
        UNROLL for (int v = 0; v < VECTORS; v++) query[v] = load(columns + d * ROWS + v * LANES);
        UNROLL for (int k = 0; k < count; k++) {
            vector key = all_of(row ? row[k][d] : first[k * padded + d]);
            UNROLL for (int v = 0; v < VECTORS; v++) sum[k][v] += key * query[v];
        }
    }
    UNROLL for (int k = 0; k < count; k++) UNROLL for (int v = 0; v < VECTORS; v++)
        store(products + k * ROWS + v * LANES, sum[k][v]);
}

/* Of 8 rows wherever they are. */
INLINE void multiply_scattered(float *products, const float *const *row, const float *columns,
                               const int padded) {
    UNROLL for (int k = 0; k < 8; k += KEYS_AT_ONCE)
        multiply_rows(products + k * ROWS, row + k, row[k], columns, KEYS_AT_ONCE, padded);
}

/* sums [GROUP,·] += Σ over keys of weight · row; `vectors` of each row are worked out. */
INLINE void add_weighted(float *sums, const struct weights *weights, const float *rows,
                         const int32_t *places, int begin, int end, const struct ahead *ahead,
                         int column, const int vectors, const int padded) {
    vector sum[GROUP][WIDE];
    UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] =
        load(sums + column + r * padded + v * LANES);
    add_keys(sum, weights, rows + column, places, begin, end, ahead, column, vectors, padded);
    UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int v = 0; v < vectors; v++)
        store(sums + column + r * padded + v * LANES, sum[r][v]);
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
    struct fetched fetched;
    int pieces;
    int32_t keys[CHUNK + 8];
    int32_t places[CHUNK + 8]; /* of their rows: floats behind the first one */
    struct piece piece[CHUNK];
};

/* Takes the next keys; 0 when there are no more. */
static int next_chunk(struct chunk *chunk, int padded) {
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
    for (int j = 0; j < chunk->count + 8; j++)
        chunk->places[j] = chunk->keys[j] * padded;
    return chunk->count > 0;
}

/* products [count rounded up to 8, ROWS] of the chunk's rows with the turned queries. */
INLINE void multiply_all(const struct chunk *chunk, float *products, const float *rows,
                         const float *columns, const int padded) {
    for (int j = 0, step; j < chunk->count; j += step) {
        const int32_t *keys = chunk->keys + j, *places = chunk->places + j;
        float *product = products + j * ROWS;
        if (LANES == 16 && chunk->count - j >= STRAIGHT &&
            keys[STRAIGHT - 1] - keys[0] == STRAIGHT - 1) {
            multiply_rows(product, NULL, rows + places[0], columns, STRAIGHT, padded);
            step = STRAIGHT;
            continue;
        }
        const float *row[8];
        UNROLL for (int k = 0; k < 8; k++) row[k] = rows + places[k];
        multiply_scattered(product, row, columns, padded);
        step = 8;
    }
}

APART void multiply_chunk(const struct chunk *chunk, float *products, const float *rows,
                          const float *columns, int padded) {
    FOR_WIDTH(padded, multiply_all(chunk, products, rows, columns, PADDED));
}

INLINE void weigh_all(const struct attention_view *view, const struct attention_tile *tile,
                      struct chunk *chunk, float *sums, const float *weights, const float *rows,
                      const int padded) {
    for (int g = 0; g < ATTENTION_GROUPS; g++) {
        int begin = tile->reach[g].begin - chunk->at, end = tile->reach[g].end - chunk->at;
        begin = begin > 0 ? begin : 0;
        end = end < chunk->count ? end : chunk->count;
        if (begin >= end)
            continue;
        struct weights own = {weights + g * GROUP, ROWS, 1};
        struct ahead ahead = ahead_of(view, &chunk->fetched, (end - begin) / FETCH_KEYS);
        FOR_COLUMNS(padded, d,
                    add_weighted(sums + g * GROUP * padded, &own, rows, chunk->places, begin, end,
                                 &ahead, d, AT_ONCE, padded));
    }
}

/* sums of the queries of a tile += what its weights and the chunk's rows make. */
APART void weigh_chunk(const struct attention_view *view, const struct attention_tile *tile,
                       struct chunk *chunk, float *sums, const float *weights, const float *rows) {
    FOR_WIDTH(view->padded, weigh_all(view, tile, chunk, sums, weights, rows, PADDED));
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

/* sum += Σ weight · row over the keys from the j-th on that are below `end`, of `vectors` of each
 * row; even and odd ones apart, so that there are sums enough to keep the processor busy. Returns
 * the next j. */
INLINE int add_listed(float *sum, const float *weights, const float *rows, const int32_t *keys,
                      int j, int count, int end, const int vectors, const int padded) {
    vector even[LISTED], odd[LISTED];
    UNROLL for (int v = 0; v < vectors; v++) {
        even[v] = load(sum + v * LANES);
        odd[v] = (vector){0};
    }
    for (; j + 1 < count && keys[j + 1] < end; j += 2) {
        const float *a = rows + (size_t)keys[j] * (size_t)padded;
        const float *b = rows + (size_t)keys[j + 1] * (size_t)padded;
        UNROLL for (int v = 0; v < vectors; v++) {
            even[v] += weights[j] * load(a + v * LANES);
            odd[v] += weights[j + 1] * load(b + v * LANES);
        }
    }
    int last = j < count && keys[j] < end;
    UNROLL for (int v = 0; v < vectors; v++) {
        if (last)
            even[v] += weights[j] * load(rows + (size_t)keys[j] * (size_t)padded + v * LANES);
        store(sum + v * LANES, even[v] + odd[v]);
    }
    return j + last;
}

/* The same over the whole width, sum [padded]. */
INLINE int weigh_list(float *sum, const float *weights, const float *rows, const int32_t *keys,
                      int begin, int count, int end, const int padded) {
    int next = begin;
    FOR_COLUMNS_OF(
        LISTED, padded, d,
        next = add_listed(sum + d, weights, rows + d, keys, begin, count, end, AT_ONCE, padded));
    return next;
}

/* The elements behind the last one, up to a whole vector. */
INLINE void pad_list(float *list, int count, float value) {
    for (int j = count; j % ROWS; j++)
        list[j] = value;
}

#endif
