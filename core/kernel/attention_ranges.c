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
#include "core/kernel/stream.h"

#define WIDEST (LANES == 16 ? 4 : 3)           /* vectors of keys in a product: 12 or 16 sums */
#define WIDE_CHUNK (LANES == 16 ? 144 : CHUNK) /* the most of a tile alone, of wide keys */
#define STRIDE ATTENTION_WEIGHT_STRIDE         /* of the products and weights of two queries */

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

/* Those that any query of a group keeps, in a chunk. */
struct keys {
    int begin, end;
    int whole; /* end - begin, rounded up to whole vectors */
    int all;   /* 1: all queries keep all, and those are whole vectors */
};

static struct keys keys_from(int begin, int end) {
    int count = end > begin ? end - begin : 0;
    int whole = (count + LANES - 1) / LANES * LANES;
    return (struct keys){begin, begin + count, whole, whole == count};
}

/* What any query of a group keeps. */
INLINE struct attention_range range_of_group(const struct attention_tile *tile, int group) {
    const struct attention_range *range = tile->range + group * GROUP;
    struct attention_range all = range[0];
    for (int r = 1; r < GROUP; r++) {
        all.begin = range[r].begin < all.begin ? range[r].begin : all.begin;
        all.end = range[r].end > all.end ? range[r].end : all.end;
    }
    return all;
}

/* The first key of the block that a range begins in: chunks are counted from there, so that all but
 * the first one begin with a block. */
INLINE int block_of(const struct attention_range *range) {
    return range->begin / LANES * LANES;
}

/* The chunk of `length` keys is so many keys further on. */
INLINE struct keys keys_of_group(const struct attention_tile *tile, int group, int further,
                                 int length) {
    const struct attention_range *range = tile->range + group * GROUP;
    struct attention_range all = range_of_group(tile, group);
    int from = block_of(&all) + further, to = from + length;
    int begin = from > all.begin ? from : all.begin, end = to < all.end ? to : all.end;
    struct keys found = keys_from(begin, end);
    for (int r = 0; r < GROUP; r++)
        found.all &= range[r].begin <= begin && range[r].end >= end;
    return found;
}

/* The most keys that a group of these tiles has, from its first block on. */
static int most_keys(const struct attention_tile *tiles, int count) {
    int most = 0;
    for (int t = 0; t < count; t++)
        for (int g = 0; g * GROUP < tiles[t].rows; g++) {
            struct attention_range all = range_of_group(&tiles[t], g);
            int keys = all.end > all.begin ? all.end - block_of(&all) : 0;
            most = keys > most ? keys : most;
        }
    return most;
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

/*
 * Keys are turned in blocks of LANES, and loads that begin within a block cost a fifth of the
 * products. So the first vector is the block that the first key is in; keys that the block behind
 * the last vector has take lanes there of keys before the first one, and what they make is stored
 * behind the last vector once more. No other lane of that block is used: nothing may have been
 * turned there yet, and what happens to be there may take the processor a hundred times as long.
 */
struct turned {
    const float *keys, *behind; /* the first vector's block, and the one behind the last */
    size_t block;               /* floats */
    unsigned own;               /* lanes of the first vector that are not `behind` */
    int width;
};

/* products [GROUP,·] with `vectors` vectors of keys. again: where those of the first are stored
 * once more; 0: it is whole. */
INLINE void multiply_keys(const struct group *group, const struct turned *turned, float *products,
                          int again, const int vectors, const int split) {
    const struct group from = *group;
    const struct turned keys = *turned;
    vector sum[GROUP][WIDEST];
    UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] =
        (vector){0};
    for (int d = 0; d < keys.width; d++) {
        vector key[WIDEST];
        UNROLL for (int v = 0; v < vectors; v++) key[v] =
            load(keys.keys + (size_t)v * keys.block + d * LANES);
        if (split)
            key[0] = masked(keys.own, 0, key[0], load(keys.behind + d * LANES));
        UNROLL for (int r = 0; r < GROUP; r++) {
            vector query = all_of(from.query[r][d]);
            UNROLL for (int v = 0; v < vectors; v++) sum[r][v] += query * key[v];
        }
    }
    UNROLL for (int r = 0; r < GROUP; r++) {
        UNROLL for (int v = 0; v < vectors; v++)
            store(products + r * STRIDE + v * LANES, sum[r][v]);
        if (split)
            store(products + r * STRIDE + again, sum[r][0]);
    }
}

/* products [GROUP,·] with the keys, in their order; up to LANES before each row are written. */
static void multiply_group(const struct attention_view *view, const struct group *group,
                           const struct keys *keys, float *products) {
    int before = keys->begin % LANES, behind = keys->end - (keys->begin - before + keys->whole);
    int again = behind > 0 ? keys->whole : 0;
    struct turned turned = {.keys = view->turned +
                                    (size_t)(keys->begin - before) * (size_t)view->padded,
                            .block = LANES * (size_t)view->padded,
                            .own = again > 0 ? ~0u << behind : ~0u,
                            .width = view->width};
    turned.behind = turned.keys + (size_t)keys->whole * (size_t)view->padded;
    products -= before;
    for (int left = keys->whole / LANES, vectors; left > 0; left -= vectors, again = 0) {
        vectors = keys_at_once(left);
        if (again > 0)
            FOR_KEYS(vectors, multiply_keys(group, &turned, products, again, AT_ONCE, 1));
        else
            FOR_KEYS(vectors, multiply_keys(group, &turned, products, again, AT_ONCE, 0));
        turned.keys += (size_t)vectors * turned.block;
        products += vectors * LANES;
    }
}

/* Scores [·,T] from the products [GROUP,STRIDE] of a group with `count` keys, of as many queries as
 * there are. */
static void copy_scores(const struct attention_view *view, float *scores, const float *products,
                        int rows, int count) {
    const float factor = view->factor;
    for (int r = 0; r < GROUP && r < rows; r++, scores += view->tokens, products += STRIDE) {
        if (view->past)
            stream_row(scores, products, (size_t)count, factor);
        for (int j = 0; !view->past && j < count; j++)
            scores[j] = products[j] * factor;
    }
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
            copy_scores(view, scores + (size_t)row * (size_t)view->tokens + key, view->weights,
                        rows - row, count);
        }
    }
}

/* ---- softmax --------------------------------------------------------------------------------- */

/* Running, of the queries of a tile. largest: of the products, in lane i that of query i mod 4. */
struct softmax {
    vector largest[ATTENTION_GROUPS];
    vector total[ROWS];
};

/* Bits of the lanes from the i-th on, and of those below it. */
INLINE unsigned lanes_from(int i) {
    return i < LANES ? ~0u << i : 0;
}

INLINE unsigned lanes_below(int i) {
    return i > 0 ? ~(~0u << i) : 0;
}

INLINE void keep_lanes(float *products, unsigned lanes) {
    store(products, masked(lanes, 0, load(products), all_of(REMOVED)));
}

/* Removes a query's products with keys before and behind its range. */
INLINE void remove_others(float *products, const struct keys *keys,
                          const struct attention_range *range) {
    int begin = range->begin - keys->begin;
    int end = (range->end < keys->end ? range->end : keys->end) - keys->begin;
    for (int at = 0; at < begin && at < keys->whole; at += LANES)
        keep_lanes(products + at, lanes_from(begin - at));
    for (int at = keys->whole - LANES; at >= 0 && at + LANES > end; at -= LANES)
        keep_lanes(products + at, lanes_below(end - at));
}

/* The largest of the products [GROUP,·] with `count` keys and of those before; times `factor` they
 * are shifts. factors: what the sums so far, relative to a smaller one, are to be multiplied
 * with. */
INLINE void find_largest(const float *products, int count, float factor, vector *largest,
                         float *shifts, float *factors) {
    vector most[GROUP];
    float lanes[2][LANES];
    UNROLL for (int r = 0; r < GROUP; r++) most[r] = load(products + r * STRIDE);
    for (int j = LANES; j < count; j += LANES)
        UNROLL for (int r = 0; r < GROUP; r++) most[r] =
            larger(load(products + r * STRIDE + j), most[r]);
    vector now = larger(largest_of_four(most), *largest);
    store(lanes[0], now * factor);
    store(lanes[1], power_of_two((*largest - now) * factor));
    memcpy(shifts, lanes[0], GROUP * sizeof(*shifts));
    memcpy(factors, lanes[1], GROUP * sizeof(*factors));
    *largest = now;
}

/* Products [GROUP,·] with `count` keys become weights, which are added to the total. */
INLINE void soften(float *weights, int count, float factor, const float *shifts,
                   const float *factors, vector *total) {
    vector sum[GROUP], shift[GROUP];
    UNROLL for (int r = 0; r < GROUP; r++) {
        sum[r] = total[r] * factors[r];
        shift[r] = all_of(shifts[r]);
    }
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

/* A tile at work: the sums and the softmax of its queries, where its scores are wanted, and where
 * they are known. */
struct work {
    const struct attention_tile *tile;
    float *sums;        /* [ROWS,padded] */
    float *scores;      /* rows [·,T] or NULL */
    const float *known; /* [rows,T] or NULL */
    float factor;       /* of the products, which makes them scores; 1: they are */
    struct softmax softmax;
};

/* The chunk that is so many keys further on in the range of each group. */
struct chunk {
    int further, length, first, last;
    struct keys keys[ATTENTION_GROUPS];
    float factors[ROWS]; /* see soften */
};

INLINE float *weights_of(const struct attention_view *view, int group) {
    return view->weights + group * GROUP * STRIDE;
}

APART void multiply_tile(const struct attention_view *view, const struct work *work,
                         const struct chunk *chunk) {
    const struct attention_tile *tile = work->tile;
    for (int g = 0; g * GROUP < tile->rows; g++) {
        const struct keys *keys = &chunk->keys[g];
        float *weights = weights_of(view, g);
        struct group group = group_at(view, tile->first, tile->rows, g);
        multiply_group(view, &group, keys, weights);
        if (work->scores)
            copy_scores(view,
                        work->scores + (size_t)(g * GROUP) * (size_t)view->tokens + keys->begin,
                        weights, tile->rows - g * GROUP, keys->end - keys->begin);
    }
}

/* Scores that are known, without those that the mask removes, in the place of products. */
static void take_scores(const struct attention_view *view, const struct work *work,
                        const struct chunk *chunk) {
    const struct attention_tile *tile = work->tile;
    for (int row = 0; row < (tile->rows + GROUP - 1) / GROUP * GROUP; row++) {
        const struct keys *keys = &chunk->keys[row / GROUP];
        int there = row < tile->rows ? row : tile->rows - 1;
        size_t at = (size_t)there * (size_t)view->tokens + (size_t)keys->begin;
        float *weights = view->weights + row * STRIDE;
        for (int j = 0; j < keys->whole; j += LANES) {
            int count = keys->end - keys->begin - j < LANES ? keys->end - keys->begin - j : LANES;
            store(weights + j, kept_scores(work->known + at, tile->mask + at, j, count));
        }
    }
}

/* The largest products of all groups first: each takes its time, which the next one's fills. Of
 * queries whose rows of out nobody wants there were only scores. */
APART void soften_tile(const struct attention_view *view, struct work *work, struct chunk *chunk) {
    const float factor = work->factor * LOG2_E;
    const int wanted = wanted_of(view, work->tile);
    float shifts[ROWS];
    for (int g = 0; g * GROUP < wanted; g++) {
        const struct keys *keys = &chunk->keys[g];
        float *weights = weights_of(view, g), *factors = chunk->factors + g * GROUP;
        for (int r = 0; r < GROUP; r++) {
            factors[r] = 1.0f;
            if (!keys->all && !work->known)
                remove_others(weights + r * STRIDE, keys, &work->tile->range[g * GROUP + r]);
        }
        if (keys->whole > 0)
            find_largest(weights, keys->whole, factor, &work->softmax.largest[g],
                         shifts + g * GROUP, factors);
    }
    for (int g = 0; g * GROUP < wanted; g++)
        if (chunk->keys[g].whole > 0)
            soften(weights_of(view, g), chunk->keys[g].whole, factor, shifts + g * GROUP,
                   chunk->factors + g * GROUP, work->softmax.total + g * GROUP);
}

/* totals [LANES]: of the queries of a group, exactly 0 for those that keep no key. */
INLINE void totals_of(const struct work *work, int group, float *totals) {
    const struct attention_range *range = work->tile->range + group * GROUP;
    store(totals, sums_of_four(work->softmax.total + group * GROUP));
    for (int r = 0; r < GROUP; r++)
        totals[r] = range[r].begin < range[r].end ? totals[r] : 0.0f;
}

/* Where what a group's values make is stored, and what it is multiplied with before. */
struct results {
    float *row[GROUP];
    float scale[GROUP];
};

/* The sums; for the last chunk the rows of out, if those are whole vectors. */
INLINE struct results results_of(const struct attention_view *view, const struct work *work,
                                 int group, int last, const int padded) {
    const struct attention_tile *tile = work->tile;
    struct results results;
    float totals[LANES];
    UNROLL for (int r = 0; r < GROUP; r++) {
        results.row[r] = work->sums + (group * GROUP + r) * padded;
        results.scale[r] = 1.0f;
    }
    if (!last)
        return results;
    totals_of(work, group, totals);
    UNROLL for (int r = 0; r < GROUP; r++) {
        int row = group * GROUP + r;
        results.scale[r] = share_of(totals[r]);
        if (view->width == padded && row < wanted_of(view, tile))
            results.row[r] = view->out + (size_t)token_at(view, tile->first + row) * view->stride;
    }
    return results;
}

/* Σ weight · value, and the sums that are there, if any, times their factors. */
INLINE void add_values(const struct attention_view *view, const struct keys *keys,
                       const struct weights *weights, const float *sums, const float *factors,
                       const struct results *results, const struct ahead *ahead, int column,
                       const int vectors, const int padded) {
    const float *values = view->values + (size_t)keys->begin * (size_t)padded + column;
    vector sum[GROUP][WIDE];
    UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] =
        (vector){0};
    if (sums)
        UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] =
            load(sums + column + r * padded + v * LANES) * factors[r];
    add_keys(sum, weights, values, NULL, 0, keys->end - keys->begin, ahead, column, vectors,
             padded);
    UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int v = 0; v < vectors; v++)
        store(results->row[r] + column + v * LANES, sum[r][v] * results->scale[r]);
}

static void drop_group(const struct attention_view *view, const struct attention_tile *tile,
                       int group, const struct keys *keys, float *weights) {
    int32_t list[ATTENTION_CHUNK_MOST];
    for (int j = 0; j < keys->end - keys->begin; j++)
        list[j] = keys->begin + j;
    for (int r = 0; r < GROUP && group * GROUP + r < tile->rows; r++)
        drop_list(view, tile->first + group * GROUP + r, list, keys->end - keys->begin,
                  weights + r * STRIDE);
}

INLINE void weigh_group(const struct attention_view *view, const struct work *work,
                        const struct chunk *chunk, int g, struct fetched *fetched,
                        const int padded) {
    const struct keys *keys = &chunk->keys[g];
    const float *sums = chunk->first ? NULL : work->sums + g * GROUP * padded;
    const struct weights weights = {weights_of(view, g), 1, STRIDE};
    const struct results results = results_of(view, work, g, chunk->last, padded);
    if (view->dropout.threshold)
        drop_group(view, work->tile, g, keys, weights_of(view, g));
    struct ahead ahead = ahead_of(view, fetched, (keys->end - keys->begin) / FETCH_KEYS);
    FOR_COLUMNS(padded, d,
                add_values(view, keys, &weights, sums, chunk->factors + g * GROUP, &results, &ahead,
                           d, AT_ONCE, padded));
}

APART void weigh_tile(const struct attention_view *view, const struct work *work,
                      const struct chunk *chunk, struct fetched *fetched) {
    for (int g = 0; g * GROUP < work->tile->rows; g++) {
        if (g * GROUP < wanted_of(view, work->tile) &&
            (chunk->keys[g].whole > 0 || chunk->first || chunk->last))
            FOR_WIDTH(view->padded, weigh_group(view, work, chunk, g, fetched, PADDED));
    }
}

/* First all products with keys, then all with values, so that either are in the nearest cache. */
INLINE void forward_chunk(const struct attention_view *view, struct work *work, struct chunk *chunk,
                          struct fetched *fetched) {
    for (int g = 0; g * GROUP < work->tile->rows; g++)
        chunk->keys[g] = keys_of_group(work->tile, g, chunk->further, chunk->length);
    if (work->known)
        take_scores(view, work, chunk);
    else
        multiply_tile(view, work, chunk);
    soften_tile(view, work, chunk);
    weigh_tile(view, work, chunk, fetched);
}

/* Rows of out that are no whole vectors, and the logarithms of the queries' sums. */
static void finish_work(const struct attention_view *view, const struct work *work) {
    const struct attention_tile *tile = work->tile;
    float totals[LANES], largest[LANES];
    for (int r = 0; r < tile->rows; r++) {
        size_t token = (size_t)token_at(view, tile->first + r);
        if (r % GROUP == 0) {
            totals_of(work, r / GROUP, totals);
            store(largest, work->softmax.largest[r / GROUP] * work->factor);
        }
        if (view->width < view->padded && r < wanted_of(view, tile))
            memcpy(view->out + token * view->stride, work->sums + r * view->padded,
                   (size_t)view->width * sizeof(float));
        if (view->log_sums)
            view->log_sums[token * view->log_stride] =
                log_sum_of(totals[r % GROUP], largest[r % GROUP]);
    }
}

/* Keys of a chunk. A tile alone has long ones, which look at the largest product seldomer, and even
 * ones, so that none has a few keys left over. */
static int chunk_length(const struct attention_view *view, int most, int count) {
    int longest = view->padded > 32 ? WIDE_CHUNK : ATTENTION_CHUNK_MOST;
    int chunks = (most + longest - 1) / longest;
    if (count > 1 || chunks == 0)
        return CHUNK;
    return (most + chunks * LANES - 1) / (chunks * LANES) * LANES;
}

/* The chunks of keys go by once for all tiles, so that each is read from afar once. */
void OF_SET(attention_range_tiles)(const struct attention_view *view,
                                   const struct attention_tile *tiles, int count,
                                   const float *known) {
    struct work work[ATTENTION_TOGETHER];
    struct fetched fetched = {0};
    int most = most_keys(tiles, count), length = chunk_length(view, most, count);
    for (int t = 0; t < count; t++) {
        size_t at = (size_t)(tiles[t].first - tiles[0].first) * (size_t)view->tokens;
        work[t].tile = &tiles[t];
        work[t].sums = view->sums + (size_t)(t * ROWS * view->padded);
        work[t].scores = view->scores ? view->scores + at : NULL;
        work[t].known = tiles[t].mask ? known : NULL;
        work[t].factor = tiles[t].mask ? 1.0f : view->factor;
        for (int g = 0; g < ATTENTION_GROUPS; g++)
            work[t].softmax.largest[g] = all_of(LOWEST);
        for (int r = 0; r < ROWS; r++)
            work[t].softmax.total[r] = (vector){0};
    }
    for (int further = 0; further == 0 || further < most; further += length) {
        struct chunk chunk = {.further = further,
                              .length = length,
                              .first = further == 0,
                              .last = further + length >= most};
        for (int t = 0; t < count; t++)
            forward_chunk(view, &work[t], &chunk, &fetched);
    }
    for (int t = 0; t < count && (view->log_sums || view->width < view->padded); t++)
        finish_work(view, &work[t]);
}
