/*
 * attention_ranges.c - attention forwards where each query keeps keys that follow one another: all
 * of them, a band, a block.
 *
 * The lanes of a vector are keys here, taken from the turned ones; scores lie as [query][key]. A
 * group of queries works on no key that none of its own keeps, and there are lanes to mask only
 * where ranges begin and end.
 *
 * Compiled once for each instruction set (set.h).
 */
#include "core/kernel/attention_tiles.h"
#include "core/kernel/set.h"

#define WIDEST (LANES == 16 ? 4 : 3)   /* vectors of keys in a product: 12 or 16 sums */
#define STRIDE ATTENTION_WEIGHT_STRIDE /* of the products and weights of two queries */

/* The largest product so far is this at the least; next to it a removed one weighs nothing. */
#define LOWEST (0.25f * REMOVED)

#define FOR_KEYS(count, call)                                                                      \
    do {                                                                                           \
        if (WIDEST == 4 && (count) == 4)                                                           \
            WITH(WIDEST, call);                                                                    \
        else if ((count) == 3)                                                                     \
            WITH(3, call);                                                                         \
        else if ((count) == 2)                                                                     \
            WITH(2, call);                                                                         \
        else                                                                                       \
            WITH(1, call);                                                                         \
    } while (0)

/* How many of the vectors left are multiplied at once: a single one at the end would keep the
 * processor waiting. */
INLINE int keys_at_once(int left) {
    if (left >= WIDEST + 2 || left == WIDEST)
        return WIDEST;
    return left > WIDEST ? WIDEST - 1 : left;
}

/* ---- keys of a group ------------------------------------------------------------------------- */

/*
 * Keys are turned in blocks, so that a group takes them from the last whole vector on that begins
 * at or before its first one. What that holds of keys before is of no use, and is replaced by the
 * keys behind the last vector: lane l of the first one is key line + l from `split` on, and below
 * it key line + ring + l.
 */
struct keys {
    int begin, end;  /* of the keys */
    int line, split; /* begin = line + split */
    int ring;        /* end - begin, rounded up to whole vectors */
    int all;         /* 1: all queries keep all that are in the ring */
};

static struct keys keys_from(int begin, int end) {
    int split = begin % LANES;
    return (struct keys){begin,
                         end,
                         begin - split,
                         split,
                         (end - begin + LANES - 1) / LANES * LANES,
                         (end - begin) % LANES == 0};
}

/* Those that any query of a group keeps, in the chunk that is so many keys further on. */
static struct keys keys_of_group(const struct attention_tile *tile, int group, int further) {
    struct attention_range keys = tile->range[group * GROUP];
    for (int r = 1; r < GROUP; r++) {
        const struct attention_range *range = &tile->range[group * GROUP + r];
        keys.begin = range->begin < keys.begin ? range->begin : keys.begin;
        keys.end = range->end > keys.end ? range->end : keys.end;
    }
    if (keys.end - keys.begin > CHUNK) { /* cut where vectors begin */
        int cut = keys.begin - keys.begin % LANES + further;
        keys.begin = cut > keys.begin ? cut : keys.begin;
        keys.end = cut + CHUNK < keys.end ? cut + CHUNK : keys.end;
    } else {
        keys.begin += further;
    }
    struct keys found = keys_from(keys.begin, keys.end > keys.begin ? keys.end : keys.begin);
    for (int r = 0; r < GROUP; r++) {
        const struct attention_range *range = &tile->range[group * GROUP + r];
        found.all &= range->begin <= keys.begin && range->end >= keys.end;
    }
    return found;
}

/* list [ring] the key of each place; the last key where there is none. */
static void list_keys(const struct keys *keys, int32_t *list) {
    for (int j = 0; j < keys->ring; j++) {
        int key = keys->line + j + (j < keys->split ? keys->ring : 0);
        list[j] = key < keys->end ? key : keys->end - 1;
    }
}

/* ---- products -------------------------------------------------------------------------------- */

/* Where the queries of a group are; the last one stands for those that are not there. */
struct group {
    const float *query[GROUP];
};

static struct group group_at(const struct attention_view *view, int first, int rows, int group) {
    struct group found;
    for (int r = 0; r < GROUP; r++) {
        int row = group * GROUP + r < rows ? group * GROUP + r : rows - 1;
        found.query[r] = view->query + (size_t)token_at(view, first + row) * view->stride;
    }
    return found;
}

/* Where key `key`, a multiple of LANES, stands among the turned ones. */
INLINE const float *turned_key(const struct attention_view *view, int key) {
    return view->turned + (size_t)(key / ROWS * ROWS) * (size_t)view->padded + key % ROWS;
}

/* products [GROUP,·] with `vectors` vectors of keys, from place `at` on; split: as the first is. */
INLINE void multiply_keys(const struct attention_view *view, const struct group *group,
                          const struct keys *keys, int at, float *products, const int vectors,
                          const int split) {
    const float *turned[WIDEST], *behind = turned_key(view, keys->line + keys->ring);
    const unsigned own = ~0u << keys->split;
    vector sum[GROUP][WIDEST];
    UNROLL for (int v = 0; v < vectors; v++) turned[v] =
        turned_key(view, keys->line + at + v * LANES);
    UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] =
        (vector){0};
    for (int d = 0; d < view->width; d++) {
        vector key[WIDEST];
        UNROLL for (int v = 0; v < vectors; v++) key[v] = load(turned[v] + d * ROWS);
        if (split)
            key[0] = masked(own, 0, key[0], load(behind + d * ROWS));
        UNROLL for (int r = 0; r < GROUP; r++) {
            vector query = all_of(group->query[r][d]);
            UNROLL for (int v = 0; v < vectors; v++) sum[r][v] += query * key[v];
        }
    }
    UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int v = 0; v < vectors; v++)
        store(products + at + r * STRIDE + v * LANES, sum[r][v]);
}

static void multiply_group(const struct attention_view *view, const struct group *group,
                           const struct keys *keys, float *products) {
    for (int at = 0, vectors; at < keys->ring; at += vectors * LANES) {
        vectors = keys_at_once((keys->ring - at) / LANES);
        if (at == 0 && keys->split > 0)
            FOR_KEYS(vectors, multiply_keys(view, group, keys, at, products, AT_ONCE, 1));
        else
            FOR_KEYS(vectors, multiply_keys(view, group, keys, at, products, AT_ONCE, 0));
    }
}

/* Products of a group become rows of scores [·,T], those that are there. */
static void copy_scores(const struct attention_view *view, const float *products, int rows,
                        int count, float *scores) {
    for (int r = 0; r < GROUP && r < rows; r++)
        for (int j = 0; j < count; j++)
            scores[(size_t)r * (size_t)view->tokens + (size_t)j] =
                products[r * STRIDE + j] * view->factor;
}

/* A chunk of keys goes by for all queries, to be in the nearest cache for all but the first. */
void OF_SET(attention_range_scores)(const struct attention_view *view, int first, int rows,
                                    float *scores) {
    for (int key = 0; key < view->tokens; key += CHUNK) {
        int count = view->tokens - key < CHUNK ? view->tokens - key : CHUNK;
        struct keys keys = keys_from(key, key + count);
        for (int row = 0; row < rows; row += GROUP) {
            struct group group = group_at(view, first, rows, row / GROUP);
            multiply_group(view, &group, &keys, view->weights);
            copy_scores(view, view->weights, rows - row, count,
                        scores + (size_t)row * (size_t)view->tokens + key);
        }
    }
}

/* ---- softmax --------------------------------------------------------------------------------- */

/* Running, of the queries of a tile. largest: of the products, in lane i that of query i mod 4. */
struct softmax {
    vector largest[ATTENTION_GROUPS];
    vector total[ROWS];
};

/* The bits of lanes [begin, end). */
static unsigned lanes_between(int begin, int end) {
    return ((1u << (end - begin)) - 1) << begin;
}

/* Removes the places of a query's products whose keys are not of its range. They follow one another
 * when the first place comes after the last. */
static void remove_others(float *products, const struct keys *keys,
                          const struct attention_range *range) {
    int begin = range->begin > keys->begin ? range->begin : keys->begin;
    int end = range->end < keys->end ? range->end : keys->end;
    int none = end <= begin, left = none ? keys->ring : keys->ring - (end - begin);
    int at = none ? 0 : end - keys->line;
    for (int count; left > 0; left -= count, at += count) {
        at -= at >= keys->ring ? keys->ring : 0;
        int lane = at % LANES;
        count = left < LANES - lane ? left : LANES - lane;
        float *product = products + at - lane;
        store(product,
              masked(lanes_between(lane, lane + count), 0, all_of(REMOVED), load(product)));
    }
}

/* Products [GROUP,·] with `count` keys become weights. first: those are the first keys. factors:
 * what the sums so far are to be multiplied with, as they were relative to a smaller largest
 * product. */
INLINE void soften(float *weights, int count, int first, float factor, vector *largest,
                   vector *total, float *factors) {
    vector most[GROUP], sum[GROUP];
    float shift[LANES], smaller[LANES];
    UNROLL for (int r = 0; r < GROUP; r++) most[r] = load(weights + r * STRIDE);
    for (int j = LANES; j < count; j += LANES)
        UNROLL for (int r = 0; r < GROUP; r++) most[r] =
            larger(load(weights + r * STRIDE + j), most[r]);
    vector now = larger(largest_of_four(most), *largest);
    store(shift, now * factor);
    UNROLL for (int r = 0; r < GROUP; r++) sum[r] = (vector){0};
    if (!first) {
        store(smaller, power_of_two((*largest - now) * factor));
        memcpy(factors, smaller, GROUP * sizeof(*factors));
        UNROLL for (int r = 0; r < GROUP; r++) sum[r] = total[r] * smaller[r];
    }
    *largest = now;
    for (int j = 0; j < count; j += LANES)
        UNROLL for (int r = 0; r < GROUP; r++) {
            float *at = weights + r * STRIDE + j;
            vector power = power_of_two(load(at) * factor - shift[r]);
            store(at, power);
            sum[r] += power;
        }
    UNROLL for (int r = 0; r < GROUP; r++) total[r] = sum[r];
}

/* ---- tiles ----------------------------------------------------------------------------------- */

/* A tile at work: the sums and the softmax of its queries, and where its scores are wanted. */
struct work {
    const struct attention_tile *tile;
    float *sums, *scores; /* [ROWS,padded]; rows [·,T] or NULL */
    struct softmax softmax;
};

INLINE float *weights_of(const struct attention_view *view, int group) {
    return view->weights + group * GROUP * STRIDE;
}

static void multiply_tile(const struct attention_view *view, const struct work *work,
                          const struct keys *keys) {
    const struct attention_tile *tile = work->tile;
    for (int g = 0; g * GROUP < tile->rows; g++, keys++) {
        float *weights = weights_of(view, g);
        struct group group = group_at(view, tile->first, tile->rows, g);
        multiply_group(view, &group, keys, weights);
        if (work->scores)
            copy_scores(view, weights, tile->rows - g * GROUP, keys->end - keys->begin,
                        work->scores + (size_t)(g * GROUP) * (size_t)view->tokens + keys->begin);
    }
}

/* factors [ROWS]: see soften. */
INLINE void soften_tile(const struct attention_view *view, struct work *work,
                        const struct keys *keys, int first, float *factors) {
    for (int g = 0; g * GROUP < work->tile->rows; g++, keys++) {
        float *weights = weights_of(view, g);
        for (int r = 0; r < GROUP && !keys->all; r++)
            remove_others(weights + r * STRIDE, keys, &work->tile->range[g * GROUP + r]);
        if (keys->ring > 0)
            soften(weights, keys->ring, first, view->factor * LOG2_E, &work->softmax.largest[g],
                   work->softmax.total + g * GROUP, factors + g * GROUP);
    }
}

/* sums [GROUP,·] += Σ weight · value. factors: see soften; NULL: nothing is there yet. */
INLINE void add_values(const struct attention_view *view, const struct keys *keys,
                       const struct weights *weights, float *sums, const float *factors,
                       const float *const *soon, int column, const int vectors, const int padded) {
    const float *values = view->values + (size_t)keys->line * (size_t)padded + column;
    int begin = keys->split, end = keys->split + keys->end - keys->begin;
    vector sum[GROUP][WIDE];
    sums += column;
    UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] =
        (vector){0};
    if (factors)
        UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] =
            load(sums + r * padded + v * LANES) * factors[r];
    add_keys(sum, weights, values, NULL, begin, end, soon, column, vectors, padded);
    UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int v = 0; v < vectors; v++)
        store(sums + r * padded + v * LANES, sum[r][v]);
}

static void drop_group(const struct attention_view *view, const struct attention_tile *tile,
                       int group, const struct keys *keys, float *weights) {
    int32_t list[CHUNK];
    list_keys(keys, list);
    for (int r = 0; r < GROUP && group * GROUP + r < tile->rows; r++)
        drop_list(view, tile->first + group * GROUP + r, list, keys->ring, weights + r * STRIDE);
}

/* Weights of keys behind the last vector are taken behind it as well, so that all are in the order
 * of their keys from `split` on. */
INLINE void put_in_order(float *weights, const struct keys *keys) {
    for (int r = 0; r < GROUP; r++)
        store(weights + r * STRIDE + keys->ring, load(weights + r * STRIDE));
}

/* first: nothing is in the sums yet. */
INLINE void weigh_tile(const struct attention_view *view, const struct work *work,
                       const struct keys *keys, const float *factors, int first,
                       struct fetched *fetched, const int padded) {
    const float *soon[CHUNK / FETCH_KEYS];
    for (int g = 0; g * GROUP < work->tile->rows; g++, keys++) {
        if (!first && keys->ring == 0)
            continue;
        float *sums = work->sums + g * GROUP * padded;
        const float *scale = first ? NULL : factors + g * GROUP;
        const struct weights weights = {weights_of(view, g), 1, STRIDE};
        if (view->dropout.threshold)
            drop_group(view, work->tile, g, keys, weights_of(view, g));
        if (keys->split > 0)
            put_in_order(weights_of(view, g), keys);
        soon_of(view, fetched, (keys->end - keys->begin) / FETCH_KEYS, soon);
        for (int d = 0, vectors; d < padded; d += vectors * LANES) {
            vectors = vectors_in(padded - d);
            FOR_VECTORS(vectors,
                        add_values(view, keys, &weights, sums, scale, soon, d, AT_ONCE, padded));
        }
    }
}

/* A chunk of each group's keys: first all products with keys, then all with values, so that either
 * are in the nearest cache. Returns whether there was any. */
INLINE int forward_chunk(const struct attention_view *view, struct work *work, int further,
                         struct fetched *fetched, const int padded) {
    struct keys keys[ATTENTION_GROUPS];
    float factors[ROWS];
    int any = 0;
    for (int g = 0; g * GROUP < work->tile->rows; g++) {
        keys[g] = keys_of_group(work->tile, g, further);
        any |= keys[g].ring > 0;
    }
    if (!any && further > 0)
        return 0;
    multiply_tile(view, work, keys);
    if (further == 0)
        soften_tile(view, work, keys, 1, factors);
    else
        soften_tile(view, work, keys, 0, factors);
    weigh_tile(view, work, keys, factors, further == 0, fetched, padded);
    return any;
}

INLINE void finish_work(const struct attention_view *view, const struct work *work,
                        const int padded) {
    const struct attention_tile *tile = work->tile;
    for (int row = 0; row < tile->rows; row += GROUP) {
        float totals[LANES], largest[LANES];
        store(totals, sums_of_four(work->softmax.total + row));
        store(largest, work->softmax.largest[row / GROUP] * view->factor);
        for (int r = 0; r < GROUP && row + r < tile->rows; r++) {
            int any = tile->range[row + r].begin < tile->range[row + r].end;
            finish_row(view, tile->first + row + r, work->sums + (row + r) * padded,
                       any ? totals[r] : 0.0f, largest[r]);
        }
    }
}

/* The chunks of keys go by once for all tiles, so that each is read from afar once. */
INLINE void forward_tiles(const struct attention_view *view, const struct attention_tile *tiles,
                          int count, const int padded) {
    struct work work[ATTENTION_TOGETHER];
    struct fetched fetched = {0};
    int any = 1;
    for (int t = 0; t < count; t++) {
        size_t at = (size_t)(tiles[t].first - tiles[0].first) * (size_t)view->tokens;
        work[t].tile = &tiles[t];
        work[t].sums = view->sums + (size_t)(t * ROWS * padded);
        work[t].scores = view->scores ? view->scores + at : NULL;
        for (int g = 0; g < ATTENTION_GROUPS; g++)
            work[t].softmax.largest[g] = all_of(LOWEST);
        for (int r = 0; r < ROWS; r++)
            work[t].softmax.total[r] = (vector){0};
    }
    for (int further = 0; any; further += CHUNK) {
        any = 0;
        for (int t = 0; t < count; t++)
            any |= forward_chunk(view, &work[t], further, &fetched, padded);
    }
    for (int t = 0; t < count; t++)
        finish_work(view, &work[t], padded);
}

void OF_SET(attention_range_tiles)(const struct attention_view *view,
                                   const struct attention_tile *tiles, int count) {
    FOR_WIDTH(view->padded, forward_tiles(view, tiles, count, PADDED));
}
