/*
 * reduce.h - a map of queries and keys made smaller or easier to read: mean over heads, special
 * tokens left out, word pieces merged, transposed, binned, on a logarithmic scale.
 *
 *     reduce_heads(&map, T, give, user, heads, REDUCE_WEIGHTS, &error);      [T,T]
 *     spans_make(&spans, pieces, T, words, hide, &error);
 *     reduce_rescale(&map, &spans);
 *     reduce_spans(&merged, &map, &spans, REDUCE_WEIGHTS, &error);           [S,S]
 *     reduce_bins(&binned, &merged, 4, 2, REDUCE_MAX, REDUCE_WEIGHTS, &error);  [ceil(S/4),
 * ceil(S/2)]
 *
 * Pure functions. Each takes the mask along: a cell is kept when at least one of the pairs that it
 * is made of is kept. What adds up and what does not is told by the kind:
 *
 *     weights   are shares of a query: over keys they are summed, over queries and heads averaged,
 *               removed pairs counting as the 0 that they are. A row that sums to 1 still does
 *     scores    are no shares: they are averaged over the pairs that are kept, since a removed one
 *               has no score to speak of
 *
 * A function that makes a map gives an error, and no map, when out of memory.
 */
#ifndef SAWB_CORE_INSPECT_REDUCE_H
#define SAWB_CORE_INSPECT_REDUCE_H

#include <stdint.h>

#include "core/base/error.h"

enum reduce_kind { REDUCE_WEIGHTS, REDUCE_SCORES };
enum reduce_bins { REDUCE_MAX, REDUCE_MEAN };

/* Queries by keys; transposed, keys by queries. */
struct attention_map {
    int rows, columns;
    float *values; /* [rows, columns] */
    uint8_t *mask; /* [rows, columns] 1 kept, 0 removed; the value of a removed cell is 0 */
};
void attention_map_free(struct attention_map *map); /* and zeroed */

/* Runs of tokens, one for each row (and column) of a merged map; tokens in none are left out. */
struct span {
    int first, length; /* tokens */
};
struct spans {
    int count;
    struct span *spans; /* [count], in the order of the sentence */
};

/*
 * A span for each token; with `words`, one for each word: pieces that begin with "##" go with the
 * piece before. With `hide`, "[CLS]" and "[SEP]" are left out. Free with spans_free.
 */
int spans_make(struct spans *spans, const char *const *pieces, int tokens, int words, int hide,
               struct sawb_error *error);
void spans_free(struct spans *spans); /* and zeroed */

/* The span of each token [tokens], of one that is left out the nearest span, the later of two;
 * all -1 when there are no spans. */
void spans_of_tokens(const struct spans *spans, int tokens, int *span_of);

/* The mean of `heads` maps of [tokens, tokens]; values of removed pairs are not looked at. `give`
 * is asked for one after the other. */
struct reduce_head {
    const float *values; /* these last until the next one is asked for */
    const uint8_t *mask;
};
typedef struct reduce_head reduce_give(void *user, int head);
int reduce_heads(struct attention_map *map, int tokens, reduce_give *give, void *user, int heads,
                 enum reduce_kind kind, struct sawb_error *error);

/* Divides each row of weights by what its keys in the spans have together, so that what is shown of
 * a row sums to 1; a row that has nothing there stays as it is. */
void reduce_rescale(struct attention_map *map, const struct spans *spans);

/* One cell for each pair of spans: weights summed over the keys of a span and averaged over its
 * queries; scores averaged over both. */
int reduce_spans(struct attention_map *merged, const struct attention_map *map,
                 const struct spans *spans, enum reduce_kind kind, struct sawb_error *error);

/* Rows become columns, in place; for square maps. */
void reduce_transpose(struct attention_map *map);

/*
 * One cell for each bin of `rows` by `columns` cells (fewer at the right and lower edge): the
 * largest of those that are kept, or their mean. The mean of weights counts removed pairs as 0.
 */
int reduce_bins(struct attention_map *binned, const struct attention_map *map, int rows,
                int columns, enum reduce_bins how, enum reduce_kind kind, struct sawb_error *error);

/* Decimal logarithms of weights, none below `floor` (also negative); removed cells stay 0. */
void reduce_log(struct attention_map *map, float floor);

/*
 * B - A of two maps of the same size. `both`: where only one of them keeps a cell there is nothing
 * to compare and the cell counts as removed (scores, logarithms); otherwise a removed cell is the 0
 * that it is (weights). Returns the largest absolute difference in *largest.
 */
int reduce_difference(struct attention_map *difference, const struct attention_map *a,
                      const struct attention_map *b, int both, float *largest,
                      struct sawb_error *error);

/* Widens *low .. *high by the finite values that are kept; begin with INFINITY and -INFINITY. */
void reduce_range(const struct attention_map *map, float *low, float *high);

/* How many of the mask's cells in rows [row, row_end) and columns [column, column_end) are kept;
 * `width` is the mask's number of columns. */
long reduce_kept(const uint8_t *mask, int width, int row, int row_end, int column, int column_end);

#endif
