/*
 * reduce.c - a map of queries and keys made smaller or easier to read.
 */
#include "core/inspect/reduce.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/tokenizer.h"
#include "core/text/words.h"

#define TILE 32 /* side of the squares in which a map is transposed: two fit in the cache */

void attention_map_free(struct attention_map *map) {
    free(map->values);
    free(map->mask);
    memset(map, 0, sizeof(*map));
}

static int map_create(struct attention_map *map, int rows, int columns, struct sawb_error *error) {
    size_t cells = (size_t)rows * (size_t)columns;
    memset(map, 0, sizeof(*map));
    map->rows = rows;
    map->columns = columns;
    map->values = calloc(cells ? cells : 1, sizeof(*map->values));
    map->mask = calloc(cells ? cells : 1, sizeof(*map->mask));
    if (map->values && map->mask)
        return 0;
    attention_map_free(map);
    return error_set(error, "attention map: out of memory for %d x %d cells", rows, columns);
}

/* ---- spans ----------------------------------------------------------------------------------- */

static int is_hidden(const char *piece) {
    return strcmp(piece, special_token_spelling(TOKEN_CLS)) == 0 ||
           strcmp(piece, special_token_spelling(TOKEN_SEP)) == 0;
}

static int goes_on(const char *piece) {
    return strncmp(piece, WORD_CONTINUATION, WORD_CONTINUATION_BYTES) == 0 &&
           piece[WORD_CONTINUATION_BYTES];
}

int spans_make(struct spans *spans, const char *const *pieces, int tokens, int words, int hide,
               struct sawb_error *error) {
    spans->count = 0;
    spans->spans = calloc(tokens > 0 ? (size_t)tokens : 1, sizeof(*spans->spans));
    if (!spans->spans)
        return error_set(error, "attention map: out of memory for %d tokens", tokens);
    for (int i = 0; i < tokens; i++) {
        struct span *last = spans->count ? &spans->spans[spans->count - 1] : NULL;
        if (hide && is_hidden(pieces[i]))
            continue;
        if (words && goes_on(pieces[i]) && last && last->first + last->length == i)
            last->length++;
        else
            spans->spans[spans->count++] = (struct span){.first = i, .length = 1};
    }
    return 0;
}

void spans_free(struct spans *spans) {
    free(spans->spans);
    memset(spans, 0, sizeof(*spans));
}

void spans_of_tokens(const struct spans *spans, int tokens, int *span_of) {
    int span = 0;
    for (int i = 0; i < tokens; i++) {
        while (span < spans->count - 1 && spans->spans[span].first + spans->spans[span].length <= i)
            span++;
        span_of[i] = spans->count ? span : -1;
    }
}

/* ---- reductions ------------------------------------------------------------------------------ */

int reduce_heads(struct attention_map *map, int tokens, reduce_give *give, void *user, int heads,
                 enum reduce_kind kind, struct sawb_error *error) {
    size_t cells = (size_t)tokens * (size_t)tokens;
    if (map_create(map, tokens, tokens, error) < 0)
        return -1;
    uint16_t *kept = calloc(cells ? cells : 1, sizeof(*kept));
    if (!kept) {
        attention_map_free(map);
        return error_set(error, "attention map: out of memory for %d tokens", tokens);
    }
    for (int head = 0; head < heads; head++) {
        struct reduce_head one = give(user, head);
        for (size_t i = 0; i < cells; i++) {
            map->values[i] += one.mask[i] ? one.values[i] : 0;
            kept[i] = (uint16_t)(kept[i] + (one.mask[i] != 0));
        }
    }
    for (size_t i = 0; i < cells; i++) {
        int count = kind == REDUCE_WEIGHTS ? heads : kept[i];
        map->mask[i] = kept[i] > 0;
        map->values[i] = count > 0 ? map->values[i] / (float)count : 0;
    }
    free(kept);
    return 0;
}

void reduce_rescale(struct attention_map *map, const struct spans *spans) {
    for (int row = 0; row < map->rows; row++) {
        float *values = map->values + (size_t)row * (size_t)map->columns;
        double sum = 0;
        for (int i = 0; i < spans->count; i++)
            for (int k = 0; k < spans->spans[i].length; k++)
                sum += (double)values[spans->spans[i].first + k];
        if (!(sum > 0))
            continue;
        for (int column = 0; column < map->columns; column++)
            values[column] = (float)((double)values[column] / sum);
    }
}

/* A sum over cells, and how many of them are kept. */
struct gathered {
    double sum;
    float largest;
    long kept;
};

static struct gathered gather(const struct attention_map *map, int row, int row_end, int column,
                              int column_end) {
    struct gathered gathered = {.largest = -INFINITY};
    for (int i = row; i < row_end; i++) {
        size_t at = (size_t)i * (size_t)map->columns;
        for (int j = column; j < column_end; j++) {
            if (!map->mask[at + (size_t)j])
                continue;
            float value = map->values[at + (size_t)j];
            gathered.sum += (double)value;
            gathered.largest = value > gathered.largest ? value : gathered.largest;
            gathered.kept++;
        }
    }
    return gathered;
}

int reduce_spans(struct attention_map *merged, const struct attention_map *map,
                 const struct spans *spans, enum reduce_kind kind, struct sawb_error *error) {
    if (map_create(merged, spans->count, spans->count, error) < 0)
        return -1;
    for (int i = 0; i < spans->count; i++) {
        struct span query = spans->spans[i];
        for (int j = 0; j < spans->count; j++) {
            struct span key = spans->spans[j];
            struct gathered cell = gather(map, query.first, query.first + query.length, key.first,
                                          key.first + key.length);
            size_t at = (size_t)i * (size_t)spans->count + (size_t)j;
            long count = kind == REDUCE_WEIGHTS ? query.length : cell.kept;
            merged->mask[at] = cell.kept > 0;
            merged->values[at] = cell.kept > 0 ? (float)(cell.sum / (double)count) : 0;
        }
    }
    return 0;
}

static void transpose_tile(struct attention_map *map, int row, int column) {
    int count = map->rows;
    for (int i = row; i < row + TILE && i < count; i++) {
        for (int j = column > i ? column : i + 1; j < column + TILE && j < count; j++) {
            size_t here = (size_t)i * (size_t)count + (size_t)j;
            size_t there = (size_t)j * (size_t)count + (size_t)i;
            float value = map->values[here];
            uint8_t kept = map->mask[here];
            map->values[here] = map->values[there];
            map->mask[here] = map->mask[there];
            map->values[there] = value;
            map->mask[there] = kept;
        }
    }
}

void reduce_transpose(struct attention_map *map) {
    for (int row = 0; row < map->rows; row += TILE)
        for (int column = row; column < map->columns; column += TILE)
            transpose_tile(map, row, column);
}

static int bins_of(int count, int size) {
    return count / size + (count % size > 0);
}

int reduce_bins(struct attention_map *binned, const struct attention_map *map, int rows,
                int columns, enum reduce_bins how, enum reduce_kind kind,
                struct sawb_error *error) {
    if (map_create(binned, bins_of(map->rows, rows), bins_of(map->columns, columns), error) < 0)
        return -1;
    for (int i = 0; i < binned->rows; i++) {
        int row = i * rows, row_end = row + rows < map->rows ? row + rows : map->rows;
        for (int j = 0; j < binned->columns; j++) {
            int column = j * columns;
            int column_end = column + columns < map->columns ? column + columns : map->columns;
            struct gathered cell = gather(map, row, row_end, column, column_end);
            size_t at = (size_t)i * (size_t)binned->columns + (size_t)j;
            long pairs = (long)(row_end - row) * (column_end - column);
            if (cell.kept == 0)
                continue;
            double mean = cell.sum / (double)(kind == REDUCE_WEIGHTS ? pairs : cell.kept);
            binned->mask[at] = 1;
            binned->values[at] = how == REDUCE_MAX ? cell.largest : (float)mean;
        }
    }
    return 0;
}

void reduce_log(struct attention_map *map, float floor) {
    size_t cells = (size_t)map->rows * (size_t)map->columns;
    for (size_t i = 0; i < cells; i++) {
        if (!map->mask[i])
            continue;
        float value = log10f(map->values[i]);
        map->values[i] = value > floor ? value : floor; /* also what is not a number */
    }
}

int reduce_difference(struct attention_map *difference, const struct attention_map *a,
                      const struct attention_map *b, int both, float *largest,
                      struct sawb_error *error) {
    if (map_create(difference, a->rows, a->columns, error) < 0)
        return -1;
    size_t cells = (size_t)a->rows * (size_t)a->columns;
    *largest = 0;
    for (size_t i = 0; i < cells; i++) {
        int kept = both ? a->mask[i] && b->mask[i] : a->mask[i] || b->mask[i];
        difference->mask[i] = kept != 0;
        difference->values[i] = kept ? b->values[i] - a->values[i] : 0;
        *largest = fmaxf(*largest, fabsf(difference->values[i]));
    }
    return 0;
}

void reduce_range(const struct attention_map *map, float *low, float *high) {
    size_t cells = (size_t)map->rows * (size_t)map->columns;
    for (size_t i = 0; i < cells; i++) {
        if (!map->mask[i] || !isfinite(map->values[i]))
            continue;
        *low = fminf(*low, map->values[i]);
        *high = fmaxf(*high, map->values[i]);
    }
}

long reduce_kept(const uint8_t *mask, int width, int row, int row_end, int column, int column_end) {
    long kept = 0;
    for (int i = row; i < row_end; i++)
        for (int j = column; j < column_end; j++)
            kept += mask[(size_t)i * (size_t)width + (size_t)j] != 0;
    return kept;
}
