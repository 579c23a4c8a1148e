/*
 * attention.c - the maps of the attention view, made when something changed.
 */
#include "tui/app/attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/words.h"
#include "tui/app/workbench.h"
#include "viz/heatmap.h"

#define PAGES_TO_SCROLL 2 /* a map of more screens than that is binned */

static void clear_side(struct attention_side *side) {
    for (int i = 0; side->labels && i < side->spans.count; i++)
        free(side->labels[i]);
    free(side->labels);
    free(side->row_labels);
    free(side->column_labels);
    free(side->span_of);
    spans_free(&side->spans);
    attention_map_free(&side->map);
    attention_map_free(&side->shown);
    memset(side, 0, sizeof(*side));
}

static void clear_maps(struct attention_maps *maps) {
    for (int arm = 0; arm < ARMS; arm++)
        clear_side(&maps->sides[arm]);
    attention_map_free(&maps->difference);
    free(maps->chosen);
    int rows = maps->bin_rows, columns = maps->bin_columns; /* what a moving cursor counts in */
    memset(maps, 0, sizeof(*maps));
    maps->bin_rows = rows;
    maps->bin_columns = columns;
}

void attention_clear(struct attention *attention) {
    clear_maps(&attention->maps);
    memset(attention, 0, sizeof(*attention));
}

static struct attention_source source_of(const struct workbench *workbench) {
    const struct attention_look *look = &workbench->attention.look;
    struct attention_source source = {.prediction = workbench->prediction_job,
                                      .answers = workbench->answers,
                                      .layer = workbench->layer,
                                      .head = workbench->head,
                                      .mode = workbench->mode,
                                      .special = look->special,
                                      .words = look->words,
                                      .transpose = look->transpose};
    for (int arm = 0; arm < ARMS; arm++) {
        const struct capture *capture = workbench->arms[arm].capture;
        source.captures[arm] = capture;
        source.milliseconds[arm] = capture ? capture->milliseconds : 0;
        source.steps[arm] = capture ? capture->training_step : 0;
    }
    memcpy(source.heads, look->heads, sizeof(source.heads));
    return source;
}

static int same_source(const struct attention_source *a, const struct attention_source *b) {
    for (int arm = 0; arm < ARMS; arm++)
        if (a->captures[arm] != b->captures[arm] || a->steps[arm] != b->steps[arm] ||
            a->milliseconds[arm] < b->milliseconds[arm] ||
            a->milliseconds[arm] > b->milliseconds[arm])
            return 0;
    return a->prediction == b->prediction && a->answers == b->answers && a->layer == b->layer &&
           a->head == b->head && a->mode == b->mode && a->special == b->special &&
           a->words == b->words && a->transpose == b->transpose && strcmp(a->heads, b->heads) == 0;
}

/* ---- one arm --------------------------------------------------------------------------------- */

/* A piece as it is, or the pieces of a word without what marks their continuation. */
static char *label_of(char *const *pieces, struct span span) {
    size_t length = 1;
    for (int i = 0; i < span.length; i++)
        length += strlen(pieces[span.first + i]);
    char *label = malloc(length);
    if (!label)
        return NULL;
    size_t used = strlen(pieces[span.first]);
    memcpy(label, pieces[span.first], used + 1);
    for (int i = 1; i < span.length; i++) {
        const char *piece = pieces[span.first + i] + WORD_CONTINUATION_BYTES;
        memcpy(label + used, piece, strlen(piece) + 1);
        used += strlen(piece);
    }
    return label;
}

static int make_labels(struct attention_side *side, char *const *pieces, struct sawb_error *error) {
    side->span_of = malloc((size_t)side->tokens * sizeof(*side->span_of));
    side->labels = calloc((size_t)side->spans.count + 1, sizeof(*side->labels));
    if (!side->span_of || !side->labels)
        return error_set(error, "attention: out of memory for %d tokens", side->tokens);
    spans_of_tokens(&side->spans, side->tokens, side->span_of);
    for (int i = 0; i < side->spans.count; i++) {
        side->labels[i] = label_of(pieces, side->spans.spans[i]);
        if (!side->labels[i])
            return error_set(error, "attention: out of memory for %d tokens", side->tokens);
        int columns = heatmap_label_columns(side->labels[i]);
        side->longest_label = columns > side->longest_label ? columns : side->longest_label;
    }
    return 0;
}

/* The chosen heads of a capture, one after the other. */
struct chosen {
    const struct attention_maps *maps;
    const struct capture *capture;
    float *weights; /* [T,T] of one; NULL: scores are wanted */
};

static struct reduce_head give_head(void *user, int index) {
    const struct chosen *chosen = user;
    const struct capture *capture = chosen->capture;
    int head = chosen->maps->chosen[index];
    size_t at = capture_head(capture, head / capture->heads, head % capture->heads);
    if (chosen->weights)
        capture_attention(capture, at, capture->encoding.count, chosen->weights);
    return (struct reduce_head){chosen->weights ? chosen->weights : capture->scores + at,
                                capture_mask(capture, at)};
}

/* The mean over the chosen heads, [T,T]. */
static int make_mean(const struct attention_maps *maps, const struct capture *capture,
                     enum map_mode mode, struct attention_map *map, struct sawb_error *error) {
    struct chosen chosen = {maps, capture, NULL};
    int tokens = capture->encoding.count, scores = mode == MAP_SCORE;
    if (!scores) {
        chosen.weights = malloc((size_t)tokens * (size_t)tokens * sizeof(*chosen.weights));
        if (!chosen.weights)
            return error_set(error, "attention: out of memory for %d tokens", tokens);
    }
    int status = reduce_heads(map, tokens, give_head, &chosen, maps->heads,
                              scores ? REDUCE_SCORES : REDUCE_WEIGHTS, error);
    free(chosen.weights);
    return status;
}

static int make_side(struct attention_maps *maps, int arm, struct sawb_error *error) {
    const struct attention_source *source = &maps->source;
    const struct capture *capture = source->captures[arm];
    struct attention_side *side = &maps->sides[arm];
    enum reduce_kind kind = source->mode == MAP_SCORE ? REDUCE_SCORES : REDUCE_WEIGHTS;
    side->tokens = capture->encoding.count;
    if (spans_make(&side->spans, (const char *const *)capture->pieces, side->tokens, source->words,
                   source->special != SPECIAL_SHOW, error) < 0 ||
        make_labels(side, capture->pieces, error) < 0)
        return -1;
    if (side->spans.count == 0)
        return error_set(error, "only [CLS] and [SEP] here, which are hidden: special show");
    if (make_mean(maps, capture, source->mode, &side->map, error) < 0)
        return -1;
    if (source->special == SPECIAL_RESCALE && kind == REDUCE_WEIGHTS)
        reduce_rescale(&side->map, &side->spans);
    if (side->spans.count < side->tokens) {
        struct attention_map merged;
        if (reduce_spans(&merged, &side->map, &side->spans, kind, error) < 0)
            return -1;
        attention_map_free(&side->map);
        side->map = merged;
    }
    if (source->transpose)
        reduce_transpose(&side->map);
    return 0;
}

/* ---- both ------------------------------------------------------------------------------------ */

static int same_tokens(const struct capture *a, const struct capture *b) {
    if (a->encoding.count != b->encoding.count)
        return 0;
    for (int i = 0; i < a->encoding.count; i++)
        if (strcmp(a->pieces[i], b->pieces[i]) != 0)
            return 0;
    return 1;
}

static int choose_heads(struct attention_maps *maps, struct sawb_error *error) {
    const struct attention_source *source = &maps->source;
    const struct capture *a = source->captures[ARM_A], *b = source->captures[ARM_B];
    int layers = a->layers < b->layers ? a->layers : b->layers;
    int heads = a->heads < b->heads ? a->heads : b->heads;
    if (source->layer >= layers || source->head >= heads)
        return error_set(error, "the model reads the sentence");
    if (source->heads[0]) {
        maps->heads =
            attention_heads(source->heads, layers, heads, source->layer, &maps->chosen, error);
    } else {
        maps->chosen = malloc(sizeof(*maps->chosen));
        maps->heads = 1;
        if (!maps->chosen)
            return error_set(error, "attention: out of memory");
        maps->chosen[0] = source->layer * heads + source->head;
    }
    /* A model with more heads than the other numbers its own differently. */
    if (maps->heads > 0 && a->heads != b->heads)
        return error_set(error, "the models have %d and %d heads: open the same kind for both",
                         a->heads, b->heads);
    return maps->heads > 0 ? 0 : -1;
}

int attention_update(struct workbench *workbench, struct sawb_error *error) {
    struct attention_maps *maps = &workbench->attention.maps;
    struct attention_source source = source_of(workbench);
    if (maps->made && same_source(&source, &maps->source))
        return 0;
    clear_maps(maps);
    maps->source = source;
    if (!source.captures[ARM_A] || !source.captures[ARM_B])
        return error_set(error, "the model reads the sentence");
    if (choose_heads(maps, error) < 0 || make_side(maps, ARM_A, error) < 0 ||
        make_side(maps, ARM_B, error) < 0)
        return -1;
    maps->comparable = same_tokens(source.captures[ARM_A], source.captures[ARM_B]);
    maps->made = 1;
    return 0;
}

/* Of the first span of each bin of `size`. NULL: out of memory. */
static const char **bin_labels(const struct attention_side *side, int count, int size) {
    const char **labels = malloc((size_t)count * sizeof(*labels));
    for (int i = 0; labels && i < count; i++)
        labels[i] = side->labels[i * size];
    return labels;
}

static int show_side(struct attention_maps *maps, struct attention_side *side,
                     struct sawb_error *error) {
    enum map_mode mode = maps->source.mode;
    attention_map_free(&side->shown);
    free(side->row_labels);
    free(side->column_labels);
    side->row_labels = side->column_labels = NULL;
    if (reduce_bins(&side->shown, &side->map, maps->bin_rows, maps->bin_columns, maps->bins,
                    mode == MAP_SCORE ? REDUCE_SCORES : REDUCE_WEIGHTS, error) < 0)
        return -1;
    side->row_labels = bin_labels(side, side->shown.rows, maps->bin_rows);
    side->column_labels = bin_labels(side, side->shown.columns, maps->bin_columns);
    if (!side->row_labels || !side->column_labels)
        return error_set(error, "attention: out of memory for %d rows", side->shown.rows);
    if (mode == MAP_LOG)
        reduce_log(&side->shown, ATTENTION_LOG_FLOOR);
    reduce_range(&side->shown, &maps->low, &maps->high);
    return 0;
}

int attention_bin(struct workbench *workbench, int rows, int columns, struct sawb_error *error) {
    struct attention_maps *maps = &workbench->attention.maps;
    enum reduce_bins bins = workbench->attention.look.bins;
    if (maps->made > 1 && maps->bin_rows == rows && maps->bin_columns == columns &&
        maps->bins == bins)
        return 0;
    maps->made = 1;
    maps->bin_rows = rows;
    maps->bin_columns = columns;
    maps->bins = bins;
    maps->low = INFINITY;
    maps->high = -INFINITY;
    maps->largest = 0;
    attention_map_free(&maps->difference);
    for (int arm = 0; arm < ARMS; arm++)
        if (show_side(maps, &maps->sides[arm], error) < 0)
            return -1;
    if (maps->low > maps->high)
        maps->low = maps->high = 0;
    if (maps->comparable &&
        reduce_difference(&maps->difference, &maps->sides[ARM_A].shown, &maps->sides[ARM_B].shown,
                          maps->source.mode != MAP_WEIGHT, &maps->largest, error) < 0)
        return -1;
    maps->made = 2;
    return 0;
}

static int divide_up(int count, int parts) {
    return parts > 0 ? count / parts + (count % parts > 0) : count;
}

void attention_bin_size(const struct attention_look *look, int spans, int visible_rows,
                        int visible_columns, int *rows, int *columns) {
    *rows = *columns = 1;
    if (look->zoom > 0)
        *rows = *columns = look->zoom < spans ? look->zoom : spans;
    else if (look->zoom == ZOOM_FIT || spans > PAGES_TO_SCROLL * visible_columns)
        *rows = *columns = divide_up(spans, visible_columns);
    if (look->zoom == ZOOM_FIT)
        *rows = divide_up(spans, visible_rows);
    *rows = *rows > 0 ? *rows : 1;
    *columns = *columns > 0 ? *columns : 1;
}
