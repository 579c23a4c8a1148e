/*
 * attention_simd.c - attention by tiles, in vectors of whatever length the instruction set has; the
 * way back is in attention_backward.c.
 *
 * Compiled as attention_kernels_portable, and once more for each wider set (set.h).
 */
#include <math.h>

#include "core/kernel/attention_chunks.h"
#include "core/kernel/set.h"

#define PACK_AHEAD 16 /* rows */

/* ---- tiles ----------------------------------------------------------------------------------- */

/* The running softmax of a tile's queries; largest in natural units. */
struct softmax {
    vector largest[VECTORS], total[VECTORS];
};

/* Removed pairs get a score that is below all. */
APART void largest_of_chunk(const struct chunk *chunk, float *weights, vector *largest) {
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

INLINE void exponentials_of_piece(const struct piece *piece, float *weights, const vector *largest,
                                  vector *total, const int partial) {
    for (int j = piece->begin; j < piece->end; j++) {
        UNROLL for (int v = 0; v < VECTORS; v++) {
            float *at = weights + j * ROWS + v * LANES;
            vector power = power_of_two(load(at) * LOG2_E - largest[v]);
            if (partial)
                power = masked(piece->bits[j - piece->begin], v, power, (vector){0});
            store(at, power);
            total[v] += power;
        }
    }
}

APART void exponentials_of_chunk(const struct chunk *chunk, float *weights,
                                 struct softmax *softmax) {
    vector largest[VECTORS], total[VECTORS];
    UNROLL for (int v = 0; v < VECTORS; v++) {
        largest[v] = softmax->largest[v] * LOG2_E;
        total[v] = softmax->total[v];
    }
    for (int i = 0; i < chunk->pieces; i++) {
        if (chunk->piece[i].bits)
            exponentials_of_piece(&chunk->piece[i], weights, largest, total, 1);
        else
            exponentials_of_piece(&chunk->piece[i], weights, largest, total, 0);
    }
    UNROLL for (int v = 0; v < VECTORS; v++) softmax->total[v] = total[v];
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

/* The same of sums turned. */
INLINE void rescale_turned(struct softmax *softmax, const vector *largest, float *sums,
                           int padded) {
    vector factor[VECTORS];
    UNROLL for (int v = 0; v < VECTORS; v++) {
        factor[v] = power_of_two((softmax->largest[v] - largest[v]) * LOG2_E);
        softmax->largest[v] = largest[v];
        softmax->total[v] *= factor[v];
    }
    for (int d = 0; d < padded; d++)
        UNROLL for (int v = 0; v < VECTORS; v++) {
            float *at = sums + d * ROWS + v * LANES;
            store(at, load(at) * factor[v]);
        }
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

/* Where the words of the queries of the place-th tile are. */
INLINE size_t unit_queries_at(const struct attention_view *view, int place) {
    return (size_t)place * ROWS * (size_t)view->words->wide / 2;
}

/* One chunk of keys for the queries of the place-th tile. */
static void forward_chunk(const struct attention_view *view, const struct attention_tile *tile,
                          struct chunk *chunk, float *scores, int place, struct softmax *softmax) {
    const int padded = view->padded;
    const size_t room = (size_t)place * ROWS * (size_t)padded;
    const struct attention_unit *unit = view->unit;
    vector largest[VECTORS];
    float *weights = view->weights, *sums = view->sums + room;
    if (unit)
        unit->multiply(weights, view->words, chunk->keys[0], chunk->count,
                       view->unit_queries + unit_queries_at(view, place));
    else
        multiply_chunk(chunk, weights, view->keys, view->columns + room, padded);
    if (scores)
        turn(scores + chunk->at, (size_t)view->tokens, weights, ROWS, chunk->count, tile->rows,
             1.0f);
    if (wanted_of(view, tile) <= 0)
        return;
    for (int v = 0; v < VECTORS; v++)
        largest[v] = softmax->largest[v];
    largest_of_chunk(chunk, weights, largest);
    if (chunk->at > 0 && unit)
        rescale_turned(softmax, largest, sums, padded);
    else if (chunk->at > 0)
        rescale(softmax, largest, sums, padded);
    else
        memcpy(softmax->largest, largest, sizeof(largest));
    exponentials_of_chunk(chunk, weights, softmax);
    if (view->dropout.threshold)
        drop_chunk(view, tile, chunk, weights);
    if (unit)
        unit->weigh(sums, weights, view->words, chunk->keys[0], chunk->count, padded);
    else
        weigh_chunk(view, tile, chunk, sums, weights, view->values);
}

/* The rows of a tile that were not listed, from its sums. */
static void finish_tile(const struct attention_view *view, const struct attention_tile *tile,
                        const struct softmax *softmax, const float *sums) {
    const int padded = view->padded;
    if (view->unit) {
        turn(view->rows, (size_t)padded, sums, ROWS, padded, ROWS, 1.0f);
        sums = view->rows;
    }
    for (int r = 0; r < wanted_of(view, tile); r++)
        if (!(tile->listed >> r & 1))
            finish_row(view, tile->first + r, sums + r * padded,
                       softmax->total[r / LANES][r % LANES],
                       softmax->largest[r / LANES][r % LANES]);
}

/* Up to ROWS rows of a matrix turned in blocks [padded,block], zeros for those that are not there;
 * straight from where they are if they are whole. */
INLINE void take_columns(const struct attention_view *view, const float *matrix, int first,
                         int rows, float *turned, int block, float factor, const int padded) {
    const float *from = matrix + (size_t)first * view->stride;
    size_t stride = view->stride;
    if (rows < ROWS || view->width < padded || view->order) {
        take_rows(view, matrix, first, rows, view->rows, NULL, 1.0f, padded);
        from = view->rows;
        stride = (size_t)padded;
    }
    for (int row = 0; row < ROWS; row += block)
        turn(turned + row * padded, (size_t)block, from + (size_t)row * stride, stride, block,
             padded, factor);
}

/* The chunks of keys go by once for all tiles, so that each is read from afar once. */
static void forward_runs(const struct attention_view *view, const struct attention_tile *tiles,
                         int count) {
    const int padded = view->padded;
    struct softmax softmax[ATTENTION_TOGETHER];
    struct chunk chunk = {.tile = tiles};
    const size_t room = ROWS * (size_t)padded;
    for (int t = 0; t < count; t++) {
        float *columns = view->columns + (size_t)t * room;
        take_columns(view, view->query, tiles[t].first, tiles[t].rows, columns, ROWS, view->factor,
                     padded);
        if (view->unit)
            view->unit->take(view->unit_queries + unit_queries_at(view, t), columns,
                             view->words->wide, padded);
        for (int v = 0; v < VECTORS; v++) {
            softmax[t].largest[v] = all_of(REMOVED);
            softmax[t].total[v] = (vector){0};
        }
    }
    memset(view->sums, 0, (size_t)count * room * sizeof(float));
    if (view->unit)
        view->unit->begin();
    while (next_chunk(&chunk, padded)) {
        for (int t = 0; t < count; t++) {
            size_t at = (size_t)(tiles[t].first - tiles[0].first) * (size_t)view->tokens;
            float *scores = view->scores ? view->scores + at : NULL;
            forward_chunk(view, &tiles[t], &chunk, scores, t, &softmax[t]);
        }
    }
    if (view->unit)
        view->unit->end();
    for (int t = 0; t < count; t++)
        finish_tile(view, &tiles[t], &softmax[t], view->sums + (size_t)t * room);
}

/* ---- listed queries -------------------------------------------------------------------------- */

/* A listed query at work. */
struct listed {
    const int32_t *keys;
    int row, count, next; /* keys; the next one whose value is weighed */
    float *weights, *sum;
    float total, largest;
};

/* The scores of a query's list, with pad_list. known: see the kernel. */
INLINE void score_list(const struct attention_view *view, const struct listed *listed,
                       const float *known, const int padded) {
    if (known) {
        const float *scores = known + (size_t)listed->row * (size_t)view->tokens;
        for (int j = 0; j < listed->count; j++)
            listed->weights[j] = scores[listed->keys[j]];
    } else {
        multiply_list(listed->weights, view->rows + listed->row * padded, view->keys, listed->keys,
                      listed->count, view->factor, padded);
    }
    pad_list(listed->weights, listed->count, REMOVED);
}

/* Scores become weights. */
INLINE void soften_list(struct listed *listed) {
    vector most = all_of(REMOVED), total = {0};
    for (int j = 0; j < listed->count; j += LANES)
        most = larger(load(listed->weights + j), most);
    listed->largest = largest_of(most);
    for (int j = 0; j < listed->count; j += LANES) {
        vector power = power_of_two((load(listed->weights + j) - listed->largest) * LOG2_E);
        store(listed->weights + j, power);
        total += power;
    }
    listed->total = listed->count > 0 ? sum_of(total) : 0.0f;
}

/* The listed queries of a tile. Their values go by in chunks, to be in the nearest cache for all
 * but the first of them. */
INLINE void forward_lists(const struct attention_view *view, const struct attention_tile *tile,
                          const float *known, const int padded) {
    struct listed listed[ROWS];
    const int32_t *list = tile->list;
    int count = 0;
    if (!known)
        take_rows(view, view->query, tile->first, tile->rows, view->rows, NULL, 1.0f, padded);
    for (int r = 0; r < tile->rows; r++) {
        if (!(tile->listed >> r & 1))
            continue;
        struct listed *one = &listed[count++];
        *one =
            (struct listed){.keys = list + 1,
                            .row = r,
                            .count = list[0],
                            .weights = view->list + (size_t)r * attention_list_floats(view->tokens),
                            .sum = view->sums + r * padded};
        list += list[0] + 1;
        score_list(view, one, known, padded);
        soften_list(one);
        if (view->dropout.threshold)
            drop_list(view, tile->first + r, one->keys, one->count, one->weights);
    }
    memset(view->sums, 0, (size_t)(ROWS * padded) * sizeof(*view->sums));
    for (int end = CHUNK; end < view->tokens + CHUNK; end += CHUNK)
        for (int i = 0; i < count; i++)
            listed[i].next =
                weigh_list(listed[i].sum, listed[i].weights, view->values, listed[i].keys,
                           listed[i].next, listed[i].count, end, padded);
    for (int i = 0; i < count; i++)
        finish_row(view, tile->first + listed[i].row, listed[i].sum, listed[i].total,
                   listed[i].largest);
}

static void forward(const struct attention_view *view, const struct attention_tile *tiles,
                    int count, const float *known) {
    if (tiles->ranges && !view->unit) {
        OF_SET(attention_range_tiles)(view, tiles, count, known);
        return;
    }
    if (has_runs(tiles))
        forward_runs(view, tiles, count);
    if (tiles->listed)
        FOR_WIDTH(view->padded, forward_lists(view, tiles, known, PADDED));
}

/* ---- rows of scores -------------------------------------------------------------------------- */

/* Their weights next to the largest. */
INLINE vector weights_at(float *out, const float *scores, const uint8_t *mask, float shift, int at,
                         int count) {
    vector power = power_of_two(kept_scores(scores, NULL, at, count) * LOG2_E - all_of(shift));
    if (mask)
        power = masked(bits_of_marks(mask + at, count), 0, power, (vector){0});
    if (count == LANES)
        store(out + at, power);
    else
        memcpy(out + at, &power, (size_t)count * sizeof(float));
    return power;
}

/* `rows` rows at once: one alone would wait for its sum. */
INLINE void softmax_some(float *out, const float *scores, const uint8_t *mask, int columns,
                         const int rows) {
    const size_t stride = (size_t)columns;
    const int whole = columns / LANES * LANES, left = columns - whole;
    vector most[GROUP], total[GROUP];
    float shift[GROUP];
#define MASK(r) (mask ? mask + (r)*stride : NULL)
    UNROLL for (int r = 0; r < rows; r++) {
        most[r] = all_of(LOWEST);
        total[r] = (vector){0};
        if (left > 0)
            most[r] = larger(kept_scores(scores + r * stride, MASK(r), whole, left), most[r]);
    }
    for (int j = 0; j < whole; j += LANES)
        UNROLL for (int r = 0; r < rows; r++) most[r] =
            larger(kept_scores(scores + r * stride, MASK(r), j, LANES), most[r]);
    UNROLL for (int r = 0; r < rows; r++) shift[r] = largest_of(most[r]) * LOG2_E;
    for (int j = 0; j < whole; j += LANES)
        UNROLL for (int r = 0; r < rows; r++) total[r] +=
            weights_at(out + r * stride, scores + r * stride, MASK(r), shift[r], j, LANES);
    UNROLL for (int r = 0; r < rows; r++) {
        if (left > 0)
            total[r] +=
                weights_at(out + r * stride, scores + r * stride, MASK(r), shift[r], whole, left);
    }
#undef MASK
    UNROLL for (int r = 0; r < rows; r++) {
        float *row = out + r * stride;
        const float share = share_of(sum_of(total[r]));
        for (int j = 0; j < whole; j += LANES)
            store(row + j, load(row + j) * share);
        for (int j = whole; j < columns; j++)
            row[j] *= share;
    }
}

INLINE void softmax_all(float *out, const float *scores, const uint8_t *mask, int rows,
                        int columns) {
    size_t at = 0;
    int row = 0;
    for (; row + GROUP <= rows; row += GROUP, at += GROUP * (size_t)columns)
        softmax_some(out + at, scores + at, mask ? mask + at : NULL, columns, GROUP);
    for (; row < rows; row++, at += (size_t)columns)
        softmax_some(out + at, scores + at, mask ? mask + at : NULL, columns, 1);
}

static void softmax(float *out, const float *scores, const uint8_t *mask, int rows, int columns) {
    if (mask)
        softmax_all(out, scores, mask, rows, columns);
    else
        softmax_all(out, scores, NULL, rows, columns);
}

/* ---- packing --------------------------------------------------------------------------------- */

INLINE void pack_rows(const struct attention_view *view, float *packed, const float *rows,
                      int begin, int end, const int padded) {
    for (int place = begin; place < end; place++) {
        if (place + PACK_AHEAD < end)
            expect(rows + (size_t)token_at(view, place + PACK_AHEAD) * view->stride, padded);
        copy_row(packed + (size_t)place * (size_t)padded,
                 rows + (size_t)token_at(view, place) * view->stride, view->width, padded);
    }
}

static void pack(const struct attention_view *view, float *packed, const float *rows, int begin,
                 int end) {
    FOR_WIDTH(view->padded, pack_rows(view, packed, rows, begin, end, PADDED));
}

INLINE void turn_rows(const struct attention_view *view, float *turned, const float *rows,
                      int begin, int end, const int padded) {
    for (int first = begin; first < end; first += ROWS) {
        for (int row = first + ROWS; row < first + 2 * ROWS && row < end; row++)
            expect(rows + (size_t)token_at(view, row) * view->stride, padded);
        take_columns(view, rows, first, end - first < ROWS ? end - first : ROWS,
                     turned + (size_t)first * (size_t)padded, LANES, 1.0f, padded);
    }
}

static void turn_keys(const struct attention_view *view, float *turned, const float *rows,
                      int begin, int end) {
    FOR_WIDTH(view->padded, turn_rows(view, turned, rows, begin, end, PADDED));
}

/* The mean of `count` rows, of `vectors` of each. */
INLINE void mean_of_rows(float *mean, const float *rows, size_t stride, int count,
                         const int vectors) {
    vector sum[WIDE];
    UNROLL for (int v = 0; v < vectors; v++) sum[v] = (vector){0};
    for (int i = 0; i < count; i++, rows += stride)
        UNROLL for (int v = 0; v < vectors; v++) sum[v] += load(rows + v * LANES);
    UNROLL for (int v = 0; v < vectors; v++) store(mean + v * LANES, sum[v] / (float)count);
}

static void block_means(float *means, const float *rows, size_t stride, int tokens, int width,
                        int padded, int block) {
    int whole = width / LANES * LANES;
    for (int first = 0; first < tokens; first += block, means += padded) {
        int count = tokens - first < block ? tokens - first : block;
        const float *row = rows + (size_t)first * stride;
        for (int i = first + block; i < first + 2 * block && i < tokens; i++)
            expect(rows + (size_t)i * stride, width);
        FOR_COLUMNS(whole, d, mean_of_rows(means + d, row + d, stride, count, AT_ONCE));
        for (int d = whole; d < padded; d++) {
            float sum = 0.0f;
            for (int i = 0; i < count && d < width; i++)
                sum += row[(size_t)i * stride + (size_t)d];
            means[d] = sum / (float)count;
        }
    }
}

const struct attention_kernels OF_SET(attention_kernels) = {
    .pack = pack,
    .turn = turn_keys,
    .forward = forward,
    .backward = OF_SET(attention_tile_backward),
    .score_rows = OF_SET(attention_range_scores),
    .mark = OF_SET(mark_largest),
    .list = OF_SET(list_marked),
    .softmax = softmax,
    .block_means = block_means,
};
