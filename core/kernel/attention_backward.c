/*
 * attention_backward.c - the way back through attention by tiles: scores and probabilities are
 * worked out again.
 *
 * Compiled once for each instruction set (set.h).
 */
#include "core/kernel/attention_chunks.h"
#include "core/kernel/set.h"

#define SPREAD (LANES == 16 ? 4 : 2) /* keys whose gradients are in registers */

/* Rows of `count` keys += Σ over the tile's queries of weight [key,ROWS] · row [ROWS,padded]. */
INLINE void spread_keys(float *sums, const int32_t *places, const float *weights, const float *rows,
                        const int count, const int vectors, const int padded) {
    vector sum[SPREAD][WIDE];
    UNROLL for (int k = 0; k < count; k++) UNROLL for (int v = 0; v < vectors; v++) sum[k][v] =
        load(sums + places[k] + v * LANES);
    for (int r = 0; r < ROWS; r++) {
        vector value[WIDE];
        UNROLL for (int v = 0; v < vectors; v++) value[v] = load(rows + r * padded + v * LANES);
        UNROLL for (int k = 0; k < count; k++) {
            vector share = all_of(weights[k * ROWS + r]);
            UNROLL for (int v = 0; v < vectors; v++) add_product(&sum[k][v], share, value[v]);
        }
    }
    UNROLL for (int k = 0; k < count; k++) UNROLL for (int v = 0; v < vectors; v++)
        store(sums + places[k] + v * LANES, sum[k][v]);
}

INLINE void spread_all(float *sums, const float *weights, const float *rows,
                       const struct chunk *chunk, const int padded) {
    const int32_t *places = chunk->places;
    int j = 0;
    for (; j + SPREAD <= chunk->count; j += SPREAD)
        FOR_COLUMNS(padded, d,
                    spread_keys(sums + d, places + j, weights + j * ROWS, rows + d, SPREAD, AT_ONCE,
                                padded));
    for (; j < chunk->count; j++)
        FOR_COLUMNS(
            padded, d,
            spread_keys(sums + d, places + j, weights + j * ROWS, rows + d, 1, AT_ONCE, padded));
}

APART void spread(float *sums, const float *weights, const float *rows, const struct chunk *chunk,
                  int padded) {
    FOR_WIDTH(padded, spread_all(sums, weights, rows, chunk, PADDED));
}

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
APART void gradients_of_chunk(const struct attention_view *view, const struct chunk *chunk,
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

static void backward_runs(const struct attention_view *view, const struct attention_tile *tile,
                          const float *along, const float *log_sums) {
    struct chunk chunk = {.tile = tile};
    float *weights = view->weights, *grads = view->weight_grads;
    int padded = view->padded;
    memset(view->sums, 0, ROWS * (size_t)padded * sizeof(float));
    while (next_chunk(&chunk, padded)) {
        multiply_chunk(&chunk, weights, view->keys, view->columns, padded);
        multiply_chunk(&chunk, grads, view->values, view->column_grads, padded);
        gradients_of_chunk(view, &chunk, weights, grads, along, log_sums);
        spread(view->value_sums, weights, view->row_grads, &chunk, padded);
        spread(view->key_sums, grads, view->rows, &chunk, padded);
        weigh_chunk(view, tile, &chunk, view->sums, grads, view->keys);
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
    weigh_list(sum, grads, view->keys, keys, 0, count, view->tokens, padded);
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
        backward_runs(view, tile, along, log_sums);
    const int32_t *list = tile->list;
    for (int r = 0; r < tile->rows; r++) {
        if (tile->listed >> r & 1) {
            backward_list(view, tile, r, list + 1, list[0], along[r], log_sums[r], padded);
            list += list[0] + 1;
        }
        memcpy(view->query_gradient + (size_t)token_at(view, tile->first + r) * view->stride,
               view->sums + r * padded, (size_t)view->width * sizeof(float));
    }
}

void OF_SET(attention_tile_backward)(const struct attention_view *view,
                                     const struct attention_tile *tile) {
    FOR_WIDTH(view->padded, backward_tile(view, tile, PADDED));
}
