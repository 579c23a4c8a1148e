/*
 * attention_simd.c - attention by tiles, in vectors of whatever length the instruction set has.
 *
 * Within a tile the lanes of a vector are its queries: scores lie as [key][query], so that maxima,
 * exponentials, masks and sums are whole vectors, and a key is 16 numbers wide. Products keep 8 or
 * 16 sums in registers, one operand broadcast from memory. Exponentials are powers of two, of
 * scores times log2(e).
 *
 * Compiled as attention_kernels_portable, and once more for each wider set (set.h).
 */
#include "core/kernel/attention_kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/kernel/attention_vectors.h"
#include "core/kernel/set.h"

#define ROWS ATTENTION_ROWS
#define CHUNK ATTENTION_CHUNK
#define GROUP ATTENTION_GROUP
#define VECTORS (ROWS / LANES)       /* of the queries of a tile */
#define KEYS_AT_ONCE (8 / VECTORS)   /* in a product with the queries: 8 sums */
#define STRAIGHT 16                  /* keys that follow one another, where there are registers */
#define WIDE (LANES == 16 ? 4 : 2)   /* vectors of values in a product: 8 or 16 sums */
#define SPREAD (LANES == 16 ? 4 : 2) /* keys whose gradients are in registers */
#define PACK_AHEAD 16                /* rows */

#define LOG2_E 1.44269504f
#define REMOVED (-0.25f * FLT_MAX) /* a score below all, and finite times LOG2_E */

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

/* The queries of a tile turned [padded,ROWS], straight from where they are if they are whole. */
INLINE void take_columns(const struct attention_view *view, int first, int rows, float *turned,
                         const int padded) {
    if (rows == ROWS && view->width == padded && !view->order)
        turn(turned, ROWS, view->query + (size_t)first * view->stride, view->stride, ROWS, padded,
             view->factor);
    else
        take_rows(view, view->query, first, rows, view->rows, turned, view->factor, padded);
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

/* Rows of `count` keys += Σ over the tile's queries of weight [key,ROWS] · row [ROWS,padded]. */
INLINE void spread_keys(float *const *row, const float *weights, const float *rows, const int count,
                        const int vectors, const int padded) {
    vector sum[SPREAD][WIDE];
    UNROLL for (int k = 0; k < count; k++) UNROLL for (int v = 0; v < vectors; v++) sum[k][v] =
        load(row[k] + v * LANES);
    for (int r = 0; r < ROWS; r++) {
        vector value[WIDE];
        UNROLL for (int v = 0; v < vectors; v++) value[v] = load(rows + r * padded + v * LANES);
        UNROLL for (int k = 0; k < count; k++) {
            vector share = all_of(weights[k * ROWS + r]);
            UNROLL for (int v = 0; v < vectors; v++) sum[k][v] += share * value[v];
        }
    }
    UNROLL for (int k = 0; k < count; k++) UNROLL for (int v = 0; v < vectors; v++)
        store(row[k] + v * LANES, sum[k][v]);
}

INLINE void spread(float *sums, const float *weights, const float *rows, const int32_t *keys,
                   int count, const int padded) {
    for (int j = 0; j < count;) {
        int several = count - j >= SPREAD;
        const float *weight = weights + j * ROWS;
        for (int d = 0, vectors; d < padded; d += vectors * LANES) {
            float *row[SPREAD];
            vectors = vectors_in(padded - d);
            for (int k = 0; k < (several ? SPREAD : 1); k++)
                row[k] = sums + (size_t)keys[j + k] * (size_t)padded + (size_t)d;
            if (several)
                FOR_VECTORS(vectors, spread_keys(row, weight, rows + d, SPREAD, AT_ONCE, padded));
            else
                FOR_VECTORS(vectors, spread_keys(row, weight, rows + d, 1, AT_ONCE, padded));
        }
        j += several ? SPREAD : 1;
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

/* ---- forward: tiles -------------------------------------------------------------------------- */

/* The running softmax of a tile's queries; largest in natural units. */
struct softmax {
    vector largest[VECTORS], total[VECTORS];
};

/* Removed pairs get a score that is below all. */
INLINE void largest_of_chunk(const struct chunk *chunk, float *weights, vector *largest) {
    for (int i = 0; i < chunk->pieces; i++) {
        const struct piece *piece = &chunk->piece[i];
        if (!piece->bits) {
            for (int j = piece->begin; j < piece->end; j++)
                UNROLL for (int v = 0; v < VECTORS; v++) largest[v] =
                    larger(load(weights + j * ROWS + v * LANES), largest[v]);
            continue;
        }
        for (int j = piece->begin; j < piece->end; j++) {
            unsigned bits = piece->bits[j - piece->begin];
            UNROLL for (int v = 0; v < VECTORS; v++) {
                float *at = weights + j * ROWS + v * LANES;
                vector score = masked(bits, v, load(at), all_of(REMOVED));
                store(at, score);
                largest[v] = larger(score, largest[v]);
            }
        }
    }
}

INLINE void exponentials_of_chunk(const struct chunk *chunk, float *weights,
                                  struct softmax *softmax) {
    vector largest[VECTORS];
    UNROLL for (int v = 0; v < VECTORS; v++) largest[v] = softmax->largest[v] * LOG2_E;
    for (int i = 0; i < chunk->pieces; i++) {
        const struct piece *piece = &chunk->piece[i];
        for (int j = piece->begin; j < piece->end; j++) {
            UNROLL for (int v = 0; v < VECTORS; v++) {
                float *at = weights + j * ROWS + v * LANES;
                vector power = power_of_two(load(at) * LOG2_E - largest[v]);
                if (piece->bits)
                    power = masked(piece->bits[j - piece->begin], v, power, (vector){0});
                store(at, power);
                softmax->total[v] += power;
            }
        }
    }
}

/* What was summed up so far was relative to a smaller largest score. */
INLINE void rescale(struct softmax *softmax, const vector *largest, float *sums, int padded) {
    float factors[ROWS];
    UNROLL for (int v = 0; v < VECTORS; v++) {
        vector factor = power_of_two((softmax->largest[v] - largest[v]) * LOG2_E);
        softmax->largest[v] = largest[v];
        softmax->total[v] *= factor;
        store(factors + v * LANES, factor);
    }
    for (int r = 0; r < ROWS; r++)
        for (int d = 0; d < padded; d += LANES)
            store(sums + r * padded + d, load(sums + r * padded + d) * factors[r]);
}

/* Multiplies the chunk's weights [count,ROWS] with the dropout of their pairs. */
static void drop_chunk(const struct attention_view *view, const struct attention_tile *tile,
                       const struct chunk *chunk, float *weights) {
    naturals index[VECTORS];
    stream_rows(view, tile, index);
    for (int j = 0; j < chunk->count; j++) {
        uint32_t token = (uint32_t)token_at(view, chunk->keys[j]);
        for (int v = 0; v < VECTORS; v++) {
            float *at = weights + j * ROWS + v * LANES;
            store(at, load(at) * dropout_factors(&view->dropout, index[v] + token));
        }
    }
}

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

/* One chunk of keys for the queries of a tile. */
INLINE void forward_chunk(const struct attention_view *view, const struct attention_tile *tile,
                          struct chunk *chunk, const float *columns, struct softmax *softmax,
                          float *sums, const int padded) {
    vector largest[VECTORS];
    float *weights = view->weights, *scores = chunk->scores;
    multiply_chunk(view, chunk, weights, view->keys, columns, padded);
    if (scores)
        turn(scores + chunk->at, (size_t)view->tokens, weights, ROWS, chunk->count, tile->rows,
             1.0f);
    for (int v = 0; v < VECTORS; v++)
        largest[v] = softmax->largest[v];
    largest_of_chunk(chunk, weights, largest);
    if (chunk->at > 0)
        rescale(softmax, largest, sums, padded);
    else
        memcpy(softmax->largest, largest, sizeof(largest));
    exponentials_of_chunk(chunk, weights, softmax);
    if (view->dropout.threshold)
        drop_chunk(view, tile, chunk, weights);
    weigh_chunk(tile, chunk, sums, weights, view->values, padded);
}

/* The chunks of keys go by once for all tiles, so that each is read from afar once. */
INLINE void forward_runs(const struct attention_view *view, const struct attention_tile *tiles,
                         int count, const int padded) {
    struct softmax softmax[ATTENTION_TOGETHER];
    struct chunk chunk = {.tile = tiles};
    const size_t room = ROWS * (size_t)padded;
    for (int t = 0; t < count; t++) {
        take_columns(view, tiles[t].first, tiles[t].rows, view->columns + (size_t)t * room, padded);
        for (int v = 0; v < VECTORS; v++) {
            softmax[t].largest[v] = all_of(REMOVED);
            softmax[t].total[v] = (vector){0};
        }
    }
    memset(view->sums, 0, (size_t)count * room * sizeof(float));
    while (next_chunk(&chunk)) {
        for (int t = 0; t < count; t++) {
            size_t at = (size_t)(tiles[t].first - tiles[0].first) * (size_t)view->tokens;
            chunk.scores = view->scores ? view->scores + at : NULL;
            forward_chunk(view, &tiles[t], &chunk, view->columns + (size_t)t * room, &softmax[t],
                          view->sums + (size_t)t * room, padded);
        }
    }
    for (int t = 0; t < count; t++)
        for (int r = 0; r < tiles[t].rows; r++)
            if (!(tiles[t].listed >> r & 1))
                finish_row(view, tiles[t].first + r,
                           view->sums + (size_t)t * room + (size_t)(r * padded),
                           softmax[t].total[r / LANES][r % LANES],
                           softmax[t].largest[r / LANES][r % LANES]);
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

INLINE void forward_list(const struct attention_view *view, const struct attention_tile *tile,
                         int row, const int32_t *keys, int count, const float *known,
                         const int padded) {
    float *weights = view->list, *sum = view->sums;
    if (known) {
        const float *scores = known + (size_t)row * (size_t)view->tokens;
        for (int j = 0; j < count; j++)
            weights[j] = scores[keys[j]];
    } else {
        multiply_list(weights, view->rows + row * padded, view->keys, keys, count, view->factor,
                      padded);
    }
    pad_list(weights, count, REMOVED);
    vector most = all_of(REMOVED), total = {0};
    for (int j = 0; j < count; j += LANES)
        most = larger(load(weights + j), most);
    float largest = largest_of(most);
    for (int j = 0; j < count; j += LANES) {
        vector power = power_of_two((load(weights + j) - largest) * LOG2_E);
        store(weights + j, power);
        total += power;
    }
    if (view->dropout.threshold)
        drop_list(view, tile->first + row, keys, count, weights);
    memset(sum, 0, (size_t)padded * sizeof(*sum));
    weigh_list(sum, weights, view->values, keys, count, padded);
    finish_row(view, tile->first + row, sum, count > 0 ? sum_of(total) : 0.0f, largest);
}

/* The listed queries of a tile. */
INLINE void forward_lists(const struct attention_view *view, const struct attention_tile *tile,
                          const float *known, const int padded) {
    const int32_t *list = tile->list;
    take_rows(view, view->query, tile->first, tile->rows, view->rows, NULL, 1.0f, padded);
    for (int r = 0; r < tile->rows; r++) {
        if (!(tile->listed >> r & 1))
            continue;
        forward_list(view, tile, r, list + 1, list[0], known, padded);
        list += list[0] + 1;
    }
}

INLINE void forward_tiles(const struct attention_view *view, const struct attention_tile *tiles,
                          int count, const float *known, const int padded) {
    if (has_runs(tiles))
        forward_runs(view, tiles, count, padded);
    if (tiles->listed)
        forward_lists(view, tiles, known, padded);
}

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

static void forward(const struct attention_view *view, const struct attention_tile *tiles,
                    int count, const float *known) {
    FOR_WIDTH(view->padded, forward_tiles(view, tiles, count, known, PADDED));
}

/* ---- backward -------------------------------------------------------------------------------- */

/* Σ over the width of out and its gradient: what the softmax takes back from every pair of a query.
 * Listed queries have theirs too. */
static void find_along(const struct attention_view *view, const struct attention_tile *tile,
                       float *along, float *log_sums) {
    for (int r = 0; r < ROWS; r++) {
        along[r] = log_sums[r] = 0.0f;
        if (r >= tile->rows)
            continue;
        size_t token = (size_t)token_at(view, tile->first + r);
        const float *restrict out = view->out + token * view->stride;
        const float *restrict gradient = view->row_grads + r * view->padded;
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (int d = 0; d < view->width; d++)
            sum += out[d] * gradient[d];
        along[r] = sum;
        log_sums[r] = view->log_sums[token * view->log_stride] * LOG2_E;
    }
}

/* weights: scores -> what the values were weighed with; grads: of those -> of the scores. */
INLINE void gradients_of_chunk(const struct attention_view *view, const struct chunk *chunk,
                               float *weights, float *grads, const float *along,
                               const float *log_sums) {
    naturals index[VECTORS];
    int drops = view->dropout.threshold != 0;
    unsigned listed = chunk->tile->listed; /* not of the runs, not even of whole ones */
    if (drops)
        stream_rows(view, chunk->tile, index);
    for (int i = 0; i < chunk->pieces; i++) {
        const struct piece *piece = &chunk->piece[i];
        int partial = piece->bits || listed;
        for (int j = piece->begin; j < piece->end; j++) {
            unsigned bits = piece->bits ? piece->bits[j - piece->begin] : ~listed;
            UNROLL for (int v = 0; v < VECTORS; v++) {
                float *at = weights + j * ROWS + v * LANES, *slope = grads + j * ROWS + v * LANES;
                vector share = power_of_two(load(at) - load(log_sums + v * LANES));
                vector gradient = load(slope);
                if (partial)
                    share = masked(bits, v, share, (vector){0});
                vector used = share;
                if (drops) {
                    uint32_t token = (uint32_t)token_at(view, chunk->keys[j]);
                    vector factor = dropout_factors(&view->dropout, index[v] + token);
                    used = share * factor;
                    gradient = gradient * factor;
                }
                store(at, used);
                store(slope, share * (gradient - load(along + v * LANES)) * view->factor);
            }
        }
    }
}

INLINE void backward_runs(const struct attention_view *view, const struct attention_tile *tile,
                          const float *along, const float *log_sums, const int padded) {
    struct chunk chunk = {.tile = tile};
    float *weights = view->weights, *grads = view->weight_grads;
    memset(view->sums, 0, ROWS * (size_t)padded * sizeof(float));
    while (next_chunk(&chunk)) {
        multiply_chunk(view, &chunk, weights, view->keys, view->columns, padded);
        multiply_chunk(view, &chunk, grads, view->values, view->column_grads, padded);
        gradients_of_chunk(view, &chunk, weights, grads, along, log_sums);
        spread(view->value_sums, weights, view->row_grads, chunk.keys, chunk.count, padded);
        spread(view->key_sums, grads, view->rows, chunk.keys, chunk.count, padded);
        weigh_chunk(tile, &chunk, view->sums, grads, view->keys, padded);
    }
}

INLINE void backward_list(const struct attention_view *view, const struct attention_tile *tile,
                          int row, const int32_t *keys, int count, float along, float log_sum,
                          const int padded) {
    const float *query = view->rows + row * padded, *gradient = view->row_grads + row * padded;
    float *weights = view->list, *grads = view->list_grads, *sum = view->sums + row * padded;
    multiply_list(weights, query, view->keys, keys, count, view->factor * LOG2_E, padded);
    multiply_list(grads, gradient, view->values, keys, count, 1.0f, padded);
    pad_list(weights, count, REMOVED);
    pad_list(grads, count, 0.0f);
    for (int j = 0; j < count; j += LANES)
        store(weights + j, power_of_two(load(weights + j) - log_sum));
    if (view->dropout.threshold)
        drop_list(view, tile->first + row, keys, count, grads);
    for (int j = 0; j < count; j += LANES)
        store(grads + j, load(weights + j) * (load(grads + j) - along) * view->factor);
    if (view->dropout.threshold)
        drop_list(view, tile->first + row, keys, count, weights);
    memset(sum, 0, (size_t)padded * sizeof(*sum));
    weigh_list(sum, grads, view->keys, keys, count, padded);
    for (int j = 0; j < count; j++) {
        size_t at = (size_t)keys[j] * (size_t)padded;
        float *value = view->value_sums + at, *key = view->key_sums + at;
        for (int d = 0; d < padded; d += LANES) {
            store(value + d, load(value + d) + weights[j] * load(gradient + d));
            store(key + d, load(key + d) + grads[j] * load(query + d));
        }
    }
}

INLINE void backward_tile(const struct attention_view *view, const struct attention_tile *tile,
                          const int padded) {
    float along[ROWS], log_sums[ROWS];
    int runs = has_runs(tile);
    take_rows(view, view->query, tile->first, tile->rows, view->rows, runs ? view->columns : NULL,
              view->factor * LOG2_E, padded);
    take_rows(view, view->out_gradient, tile->first, tile->rows, view->row_grads,
              runs ? view->column_grads : NULL, 1.0f, padded);
    find_along(view, tile, along, log_sums);
    if (runs)
        backward_runs(view, tile, along, log_sums, padded);
    const int32_t *list = tile->list;
    for (int r = 0; r < tile->rows; r++) {
        if (tile->listed >> r & 1) {
            backward_list(view, tile, r, list + 1, list[0], along[r], log_sums[r], padded);
            list += list[0] + 1;
        }
        copy_row(view->query_gradient + (size_t)token_at(view, tile->first + r) * view->stride,
                 view->sums + r * padded, view->width, view->width);
    }
}

static void backward(const struct attention_view *view, const struct attention_tile *tile) {
    FOR_WIDTH(view->padded, backward_tile(view, tile, PADDED));
}

/* ---- rows of scores -------------------------------------------------------------------------- */

INLINE void score_tile(const struct attention_view *view, int first, int rows, float *scores,
                       const int padded) {
    struct attention_run run;
    struct attention_tile tile = attention_tile_dense(&run, view->tokens, first);
    struct chunk chunk = {.tile = &tile, .scores = scores};
    take_rows(view, view->query, first, rows, view->rows, view->columns, view->factor, padded);
    while (next_chunk(&chunk)) {
        multiply_chunk(view, &chunk, view->weights, view->keys, view->columns, padded);
        turn(scores + chunk.at, (size_t)view->tokens, view->weights, ROWS, chunk.count, rows, 1.0f);
    }
}

static void score_rows(const struct attention_view *view, int first, int rows, float *scores) {
    FOR_WIDTH(view->padded, score_tile(view, first, rows, scores, PADDED));
}

/* Bit i: pair i, of up to LANES, is kept. */
INLINE unsigned bits_of(const uint8_t *keep, int count) {
    unsigned bits = 0;
    for (int i = 0; i < count; i++)
        bits |= (keep[i] != 0u) << i;
    return bits;
}

static void probabilities(float *out, const float *scores, const uint8_t *mask,
                          const float *log_sums, size_t log_stride, int rows, int columns) {
    for (int row = 0; row < rows; row++) {
        const vector log_sum = all_of(log_sums[(size_t)row * log_stride]) * LOG2_E;
        size_t at = (size_t)row * (size_t)columns;
        for (int left = columns; left > 0; left -= LANES, at += LANES) {
            int count = left < LANES ? left : LANES;
            vector score = {0};
            if (count == LANES)
                score = load(scores + at);
            else
                memcpy(&score, scores + at, (size_t)count * sizeof(float));
            vector share = power_of_two(score * LOG2_E - log_sum);
            if (mask)
                share = masked(bits_of(mask + at, count), 0, share, (vector){0});
            if (count == LANES)
                store(out + at, share);
            else
                memcpy(out + at, &share, (size_t)count * sizeof(float));
        }
    }
}

/* ---- packing --------------------------------------------------------------------------------- */

static void pack(const struct attention_view *view, float *packed, const float *rows, int begin,
                 int end) {
    for (int place = begin; place < end; place++) {
        if (place + PACK_AHEAD < end)
            expect(rows + (size_t)token_at(view, place + PACK_AHEAD) * view->stride, view->width);
        copy_row(packed + (size_t)place * (size_t)view->padded,
                 rows + (size_t)token_at(view, place) * view->stride, view->width, view->padded);
    }
}

static void block_means(float *means, const float *rows, size_t stride, int tokens, int width,
                        int padded, int block) {
    for (int first = 0; first < tokens; first += block, means += padded) {
        int count = tokens - first < block ? tokens - first : block;
        memset(means, 0, (size_t)padded * sizeof(*means));
        for (int i = first; i < first + count; i++) {
            const float *restrict row = rows + (size_t)i * stride;
            if (i + PACK_AHEAD < tokens)
                expect(row + PACK_AHEAD * stride, width);
            for (int d = 0; d < width; d++)
                means[d] += row[d];
        }
        for (int d = 0; d < width; d++)
            means[d] /= (float)count;
    }
}

const struct attention_kernels OF_SET(attention_kernels) = {
    .pack = pack,
    .forward = forward,
    .backward = backward,
    .score_rows = score_rows,
    .probabilities = probabilities,
    .block_means = block_means,
};
