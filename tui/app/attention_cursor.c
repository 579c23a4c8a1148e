/*
 * attention_cursor.c - the cursor of the attention view, in tokens, and the cell that is drawn.
 */
#include "tui/app/attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/workbench.h"

static int clamp(int value, int count) {
    return value < 0 || count <= 0 ? 0 : value >= count ? count - 1 : value;
}

/* Spans of a bin of queries or of keys. */
static int spans_of_bin(const struct attention_maps *maps, int of_keys) {
    int is_row = of_keys == maps->source.transpose;
    int spans = is_row ? maps->bin_rows : maps->bin_columns;
    return spans > 0 ? spans : 1;
}

/* The bin of what is drawn that a token is in. */
static int bin_of(const struct attention_maps *maps, int arm, int of_keys, int token) {
    const struct attention_side *side = &maps->sides[arm];
    return side->span_of[clamp(token, side->tokens)] / spans_of_bin(maps, of_keys);
}

void attention_cell(const struct workbench *workbench, int arm, int *row, int *column) {
    const struct attention_maps *maps = &workbench->attention.maps;
    int query = bin_of(maps, arm, 0, workbench->query), key = bin_of(maps, arm, 1, workbench->key);
    *row = maps->source.transpose ? key : query;
    *column = maps->source.transpose ? query : key;
}

/* The token of a bin that the cursor goes to: the one it is at, if that lies in the bin. */
static int token_of(const struct attention_maps *maps, int arm, int of_keys, int bin, int token) {
    const struct attention_side *side = &maps->sides[arm];
    int size = spans_of_bin(maps, of_keys), count = side->spans.count;
    bin = clamp(bin, count / size + (count % size > 0));
    if (bin_of(maps, arm, of_keys, token) == bin)
        return token;
    return side->spans.spans[bin * size].first;
}

void attention_tokens(const struct workbench *workbench, int arm, int row, int column, int *query,
                      int *key) {
    const struct attention_maps *maps = &workbench->attention.maps;
    int transpose = maps->source.transpose;
    *query = token_of(maps, arm, 0, transpose ? column : row, workbench->query);
    *key = token_of(maps, arm, 1, transpose ? row : column, workbench->key);
}

void attention_move(struct workbench *workbench, int rows, int columns) {
    struct sawb_error error;
    int row, column;
    if (attention_update(workbench, &error) < 0) {
        workbench->query += rows;
        workbench->key += columns;
        workbench_clamp(workbench);
        return;
    }
    /* The shorter of two different sentences is where the cursor may be. */
    const struct attention_side *sides = workbench->attention.maps.sides;
    int arm = sides[ARM_B].tokens < sides[ARM_A].tokens ? ARM_B : ARM_A;
    attention_cell(workbench, arm, &row, &column);
    attention_tokens(workbench, arm, row + rows, column + columns, &workbench->query,
                     &workbench->key);
}

/* The spans of a bin. */
static struct span bin_spans(const struct attention_maps *maps, int arm, int of_keys, int token) {
    int size = spans_of_bin(maps, of_keys), count = maps->sides[arm].spans.count;
    int first = bin_of(maps, arm, of_keys, token) * size;
    int past = first + size < count ? first + size : count;
    return (struct span){.first = first, .length = past - first};
}

static int tokens_of(const struct attention_side *side, struct span spans) {
    int tokens = 0;
    for (int i = 0; i < spans.length; i++)
        tokens += side->spans.spans[spans.first + i].length;
    return tokens;
}

/* Pairs of the cell that a head keeps. */
static long pairs_kept(const struct attention_side *side, const uint8_t *mask, struct span queries,
                       struct span keys) {
    long kept = 0;
    for (int i = 0; i < queries.length; i++) {
        struct span query = side->spans.spans[queries.first + i];
        for (int j = 0; j < keys.length; j++) {
            struct span key = side->spans.spans[keys.first + j];
            kept += reduce_kept(mask, side->tokens, query.first, query.first + query.length,
                                key.first, key.first + key.length);
        }
    }
    return kept;
}

void attention_read(const struct workbench *workbench, int arm, struct attention_reading *reading) {
    const struct attention_maps *maps = &workbench->attention.maps;
    const struct attention_side *side = &maps->sides[arm];
    const struct capture *capture = maps->source.captures[arm];
    struct span queries = bin_spans(maps, arm, 0, workbench->query);
    struct span keys = bin_spans(maps, arm, 1, workbench->key);
    int row, column;
    memset(reading, 0, sizeof(*reading));
    attention_cell(workbench, arm, &row, &column);
    size_t cell = (size_t)row * (size_t)side->shown.columns + (size_t)column;
    reading->query[0] = side->labels[queries.first];
    reading->query[1] = side->labels[queries.first + queries.length - 1];
    reading->key[0] = side->labels[keys.first];
    reading->key[1] = side->labels[keys.first + keys.length - 1];
    reading->query_spans = queries.length;
    reading->key_spans = keys.length;
    reading->queries = tokens_of(side, queries);
    reading->keys = tokens_of(side, keys);
    reading->kept = side->shown.mask[cell];
    reading->value = (double)side->shown.values[cell];
    for (int i = 0; i < maps->heads; i++) {
        int layer = maps->chosen[i] / capture->heads, head = maps->chosen[i] % capture->heads;
        const uint8_t *mask = capture_mask(capture, capture_head(capture, layer, head));
        reading->pairs_kept += pairs_kept(side, mask, queries, keys);
    }
    reading->pairs = (long)reading->queries * reading->keys * maps->heads;
    reading->single = reading->pairs == 1 &&
                      maps->chosen[0] == workbench->layer * capture->heads + workbench->head;
    if (!reading->single)
        return;
    size_t at =
        capture_head(capture, maps->chosen[0] / capture->heads, maps->chosen[0] % capture->heads) +
        (size_t)side->spans.spans[queries.first].first * (size_t)side->tokens;
    int place = side->spans.spans[keys.first].first;
    float *weights = malloc((size_t)side->tokens * sizeof(*weights));
    if (weights)
        capture_attention(capture, at, 1, weights);
    reading->score = (double)capture->scores[at + (size_t)place];
    reading->weight = weights ? (double)weights[place] : (double)NAN;
    free(weights);
}
