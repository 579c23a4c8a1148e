/*
 * patterns.c - the table of patterns, and those that do not look at the scores.
 *
 * Notation of the formulas: i query, j key, n tokens, I and J the blocks of i and j.
 */
#include "core/sparsity/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"

static int is_asked(const struct mask_request *request, int i) {
    return i >= request->row && i < request->row + request->rows;
}

/* Keeps keys [begin, end) as far as they exist. */
static void keep_range(uint8_t *row, int tokens, int64_t begin, int64_t end) {
    int last = end < tokens ? (int)end : tokens;
    for (int j = begin > 0 ? (int)begin : 0; j < last; j++)
        row[j] |= KEPT;
}

/* Keeps every `step`-th key of [begin, end), begin >= 0. */
static void keep_every(uint8_t *row, int tokens, int begin, int64_t end, int step) {
    for (int64_t j = begin; j < end && j < tokens; j += step)
        row[j] |= KEPT;
}

/* ---- dense ---------------------------------------------------------------------------------- */

static void fill_dense(const struct term *term, const struct mask_request *request, uint8_t *mask) {
    (void)term;
    FOR_ROWS(i, request) {
        keep_range(mask_row(mask, request, i), request->tokens, 0, request->tokens);
    }
}

/* ---- local(w), local(s): |i-j| <= w; Longformer, arXiv 2004.05150 --------------------------- */

/*
 * The width whose share of removed pairs is nearest to `share`; of two that are equally near, the
 * wider. A band of width w removes m(m - 1) pairs, m = n - w.
 */
static int width_of_share(double share, int tokens) {
    double wanted = share * tokens * tokens;
    double nearest = INFINITY;
    int about = tokens - (int)(0.5 + sqrt(0.25 + wanted)), best = 0;
    for (int width = about > 1 ? about - 1 : 0; width < tokens && width <= about + 1; width++) {
        int64_t m = tokens - width;
        double away = fabs((double)(m * (m - 1)) - wanted);
        if (away <= nearest + 1e-9 * tokens * tokens) {
            nearest = away;
            best = width;
        }
    }
    return best;
}

static int local_width(const struct term *term, int tokens) {
    return term->share < 0 ? term->whole[0] : width_of_share(term->share, tokens);
}

static void fill_local(const struct term *term, const struct mask_request *request, uint8_t *mask) {
    int tokens = request->tokens, width = local_width(term, tokens);
    FOR_ROWS(i, request) {
        keep_range(mask_row(mask, request, i), tokens, i - width, (int64_t)i + width + 1);
    }
}

static void band_local(const struct term *term, int tokens, int *width, int *step) {
    *width = local_width(term, tokens);
    *step = 1;
}

static void reason_local(const struct term *term, const struct mask_request *request, int query,
                         int key, int kept, char *text, size_t size) {
    snprintf(text, size, "|i-j| = %d %s %d", abs(query - key), kept ? "<=" : ">",
             local_width(term, request->tokens));
}

/* ---- dilated(w, r): |i-j| <= w and |i-j| mod r = 0; Longformer ------------------------------ */

static void fill_dilated(const struct term *term, const struct mask_request *request,
                         uint8_t *mask) {
    int tokens = request->tokens, width = term->whole[0], step = term->whole[1];
    FOR_ROWS(i, request) {
        int reach = (width < i ? width : i) / step * step;
        keep_every(mask_row(mask, request, i), tokens, i - reach, (int64_t)i + width + 1, step);
    }
}

static void band_dilated(const struct term *term, int tokens, int *width, int *step) {
    (void)tokens;
    *width = term->whole[0];
    *step = term->whole[1];
}

static void reason_dilated(const struct term *term, const struct mask_request *request, int query,
                           int key, int kept, char *text, size_t size) {
    (void)request;
    int distance = abs(query - key), width = term->whole[0], step = term->whole[1];
    if (distance > width)
        snprintf(text, size, "|i-j| = %d > %d", distance, width);
    else
        snprintf(text, size, "|i-j| = %d is %sa multiple of %d", distance, kept ? "" : "not ",
                 step);
}

/* ---- strided(l): |i-j| < l or |i-j| mod l = 0; after Child et al., arXiv 1904.10509 --------- */

static void fill_strided(const struct term *term, const struct mask_request *request,
                         uint8_t *mask) {
    int tokens = request->tokens, stride = term->whole[0];
    FOR_ROWS(i, request) {
        uint8_t *row = mask_row(mask, request, i);
        keep_range(row, tokens, (int64_t)i - stride + 1, (int64_t)i + stride);
        keep_every(row, tokens, i % stride, tokens, stride);
    }
}

static void reason_strided(const struct term *term, const struct mask_request *request, int query,
                           int key, int kept, char *text, size_t size) {
    (void)request;
    int distance = abs(query - key), stride = term->whole[0];
    if (distance < stride)
        snprintf(text, size, "|i-j| = %d < %d", distance, stride);
    else
        snprintf(text, size, "|i-j| = %d is %sa multiple of %d", distance, kept ? "" : "not ",
                 stride);
}

/* ---- fixed(l, c): i/l = j/l (whole) or j mod l >= l - c; after Child et al. ----------------- */

static void fill_fixed(const struct term *term, const struct mask_request *request, uint8_t *mask) {
    int tokens = request->tokens, window = term->whole[0], summaries = term->whole[1];
    FOR_ROWS(i, request) {
        uint8_t *row = mask_row(mask, request, i);
        int64_t begin = i / window * window;
        keep_range(row, tokens, begin, begin + window);
        for (int64_t end = window; end - summaries < tokens; end += window)
            keep_range(row, tokens, end - summaries, end);
    }
}

static void reason_fixed(const struct term *term, const struct mask_request *request, int query,
                         int key, int kept, char *text, size_t size) {
    (void)request;
    int window = term->whole[0], summaries = term->whole[1];
    if (query / window == key / window)
        snprintf(text, size, "both in window %d", query / window);
    else if (kept)
        snprintf(text, size, "key is among the last %d of window %d", summaries, key / window);
    else
        snprintf(text, size, "windows %d and %d, and key is not among the last %d of its window",
                 query / window, key / window, summaries);
}

/* ---- global(cls | sep | i...): i or j is one of them; Longformer ---------------------------- */

static int is_global(const struct term *term, int tokens, int index) {
    for (int g = 0; g < term->token_count; g++) {
        int token = term->tokens[g] == TOKEN_SEP ? tokens - 1 : term->tokens[g];
        if (token == index)
            return 1;
    }
    return 0;
}

static void fill_global(const struct term *term, const struct mask_request *request,
                        uint8_t *mask) {
    int tokens = request->tokens;
    for (int g = 0; g < term->token_count; g++) {
        int token = term->tokens[g] == TOKEN_SEP ? tokens - 1 : term->tokens[g];
        if (token >= tokens)
            continue;
        if (is_asked(request, token))
            keep_range(mask_row(mask, request, token), tokens, 0, tokens);
        FOR_ROWS(i, request) {
            mask_row(mask, request, i)[token] |= KEPT;
        }
    }
}

static void reason_global(const struct term *term, const struct mask_request *request, int query,
                          int key, int kept, char *text, size_t size) {
    if (!kept)
        snprintf(text, size, "neither token is global");
    else if (is_global(term, request->tokens, query))
        snprintf(text, size, "query %d is global", query);
    else
        snprintf(text, size, "key %d is global", key);
}

/* ---- pairs(q.k, ...), without(q.k, ...): pairs listed by hand ------------------------------- */

static void fill_pairs(const struct term *term, const struct mask_request *request, uint8_t *mask) {
    int tokens = request->tokens;
    for (int t = 0; t + 1 < term->token_count; t += 2) {
        int query = term->tokens[t], key = term->tokens[t + 1];
        if (is_asked(request, query) && key < tokens)
            mask_row(mask, request, query)[key] |= KEPT;
    }
}

static void fill_without(const struct term *term, const struct mask_request *request,
                         uint8_t *mask) {
    int tokens = request->tokens;
    fill_dense(term, request, mask);
    for (int t = 0; t + 1 < term->token_count; t += 2) {
        int query = term->tokens[t], key = term->tokens[t + 1];
        if (is_asked(request, query) && key < tokens)
            mask_row(mask, request, query)[key] &= (uint8_t)~KEPT;
    }
}

static void reason_pairs(const struct term *term, const struct mask_request *request, int query,
                         int key, int kept, char *text, size_t size) {
    (void)term, (void)request;
    snprintf(text, size, "%d.%d is %slisted", query, key, kept ? "" : "not ");
}

static void reason_without(const struct term *term, const struct mask_request *request, int query,
                           int key, int kept, char *text, size_t size) {
    (void)term, (void)request;
    snprintf(text, size, "%d.%d is %slisted", query, key, kept ? "not " : "");
}

/* ---- block_local(b, k): |I-J| <= k/2 (whole); as DeepSpeed counts a window of blocks -------- */

static void fill_block_local(const struct term *term, const struct mask_request *request,
                             uint8_t *mask) {
    int tokens = request->tokens, block = term->whole[0], reach = term->whole[1] / 2;
    FOR_ROWS(i, request) {
        int64_t I = i / block;
        keep_range(mask_row(mask, request, i), tokens, (I - reach) * block,
                   (I + reach + 1) * block);
    }
}

static void reason_block_local(const struct term *term, const struct mask_request *request,
                               int query, int key, int kept, char *text, size_t size) {
    (void)request;
    int block = term->whole[0];
    snprintf(text, size, "blocks %d and %d are %s %d apart", query / block, key / block,
             kept ? "at most" : "more than", term->whole[1] / 2);
}

/* ---- what is drawn by chance ---------------------------------------------------------------- */

/* One stream for each row (or block row) of a head; `step` is 0 for patterns that stay as they
 * are. */
static uint64_t row_key(const struct mask_request *request, int row, uint64_t step) {
    uint64_t head = (uint64_t)(uint32_t)request->layer << 32 | (uint32_t)request->head;
    uint64_t key = random_key(request->seed, RANDOM_PATTERN, head, (uint64_t)row);
    return step ? random_key(key, RANDOM_PATTERN, step, 0) : key;
}

/*
 * Marks `keep` of `count` cells, every choice being equally likely: Floyd's algorithm (Bentley,
 * Floyd 1987, "A sample of brilliance"), with the marks as its set. Cell c is the `width` keys from
 * c * width.
 */
static void keep_sample(uint64_t key, int keep, int count, int width, uint8_t *row, int tokens) {
    for (int last = count - keep; last < count; last++) {
        int cell = (int)(random_uniform(key, (uint64_t)last) * (last + 1));
        if (row[cell * width] & KEPT)
            cell = last;
        keep_range(row, tokens, (int64_t)cell * width, (int64_t)(cell + 1) * width);
    }
}

/* ---- random(s[, step]): k(s) keys of each row ----------------------------------------------- */

static void fill_random(const struct term *term, const struct mask_request *request,
                        uint8_t *mask) {
    int tokens = request->tokens;
    int keep = kept_count(term->share, tokens);
    uint64_t step = term->redrawn ? request->step : 0;
    FOR_ROWS(i, request) {
        keep_sample(row_key(request, i, step), keep, tokens, 1, mask_row(mask, request, i), tokens);
    }
}

static void reason_random(const struct term *term, const struct mask_request *request, int query,
                          int key, int kept, char *text, size_t size) {
    (void)query, (void)key;
    snprintf(text, size, "%sdrawn as one of %d", kept ? "" : "not ",
             kept_count(term->share, request->tokens));
}

/* ---- bigbird(b, g, w, r): BigBird-ITC, arXiv 2007.14062, bidirectional ---------------------- */

static void fill_bigbird(const struct term *term, const struct mask_request *request,
                         uint8_t *mask) {
    int tokens = request->tokens, block = term->whole[0];
    int64_t globals = term->whole[1], reach = term->whole[2] / 2;
    int blocks = 1 + (tokens - 1) / block;
    int drawn = term->whole[3] < blocks ? term->whole[3] : blocks;
    FOR_ROWS(i, request) {
        uint8_t *row = mask_row(mask, request, i);
        int64_t I = i / block;
        /* First, as the sample needs a row without other marks. */
        keep_sample(row_key(request, (int)I, 0), drawn, blocks, block, row, tokens);
        keep_range(row, tokens, (I - reach) * block, (I + reach + 1) * block);
        keep_range(row, tokens, 0, I < globals ? tokens : globals * block);
    }
}

static void reason_bigbird(const struct term *term, const struct mask_request *request, int query,
                           int key, int kept, char *text, size_t size) {
    (void)request;
    int I = query / term->whole[0], J = key / term->whole[0];
    if (abs(I - J) <= term->whole[2] / 2)
        snprintf(text, size, "blocks %d and %d are in one window", I, J);
    else if (I < term->whole[1])
        snprintf(text, size, "query block %d is global", I);
    else if (J < term->whole[1])
        snprintf(text, size, "key block %d is global", J);
    else if (kept)
        snprintf(text, size, "key block %d was drawn for block row %d", J, I);
    else
        snprintf(text, size, "key block %d is not near, global or drawn for block row %d", J, I);
}

/* ---- the table ------------------------------------------------------------------------------ */

static const struct pattern patterns[] = {
    {.name = "dense",
     .usage = "dense",
     .help = "keeps every pair",
     .words = "every pair",
     .fill = fill_dense},
    {.name = "local",
     .usage = "local(w) or local(s)",
     .help = "keeps pairs at most w tokens apart; a share takes the nearest width",
     .words = "pairs at most $0 tokens apart",
     .words_of_share = "pairs within the width that removes about $s",
     .parameters = {{"w", PARAMETER_WIDTH, 0, NULL}},
     .fill = fill_local,
     .band = band_local,
     .reason = reason_local},
    {.name = "dilated",
     .usage = "dilated(w, r)",
     .help = "keeps pairs at most w tokens apart, every r-th only",
     .words = "pairs at most $0 tokens apart, in steps of $1",
     .parameters = {{"w", PARAMETER_WHOLE, 0, NULL}, {"r", PARAMETER_WHOLE, 1, NULL}},
     .fill = fill_dilated,
     .band = band_dilated,
     .reason = reason_dilated},
    {.name = "strided",
     .usage = "strided(l)",
     .help = "keeps pairs less than l tokens apart, and those a multiple of l apart",
     .words = "pairs less than $0 tokens apart, and those a multiple of $0 apart",
     .parameters = {{"l", PARAMETER_WHOLE, 1, NULL}},
     .fill = fill_strided,
     .reason = reason_strided},
    {.name = "fixed",
     .usage = "fixed(l, c)",
     .help = "keeps windows of l tokens, and the last c keys of every window",
     .words = "windows of $0 tokens, and the last $1 of every window",
     .parameters = {{"l", PARAMETER_WHOLE, 1, NULL}, {"c", PARAMETER_WHOLE, 0, "l"}},
     .fill = fill_fixed,
     .reason = reason_fixed},
    {.name = "global",
     .usage = "global(cls | sep | i, ...)",
     .help = "keeps the rows and columns of the tokens listed",
     .words = "rows and columns of $l",
     .parameters = {{"token", PARAMETER_TOKENS, 0, NULL}},
     .fill = fill_global,
     .reason = reason_global},
    {.name = "pairs",
     .usage = "pairs(q.k, ...)",
     .help = "keeps exactly the pairs of query.key listed, from 0",
     .words = "the pairs $l",
     .speaks = SPEAKS_OF_KEPT,
     .parameters = {{"pair", PARAMETER_PAIRS, 0, NULL}},
     .fill = fill_pairs,
     .reason = reason_pairs},
    {.name = "without",
     .usage = "without(q.k, ...)",
     .help = "keeps all pairs but those of query.key listed",
     .words = "all pairs but $l",
     .speaks = SPEAKS_OF_REMOVED,
     .parameters = {{"pair", PARAMETER_PAIRS, 0, NULL}},
     .fill = fill_without,
     .reason = reason_without},
    {.name = "block_local",
     .usage = "block_local(b, k)",
     .help = "keeps blocks of b tokens in a window of k blocks",
     .words = "blocks of $0 tokens in a window of $1 blocks",
     .parameters = {{"b", PARAMETER_WHOLE, 1, NULL}, {"k", PARAMETER_WHOLE, 0, NULL}},
     .fill = fill_block_local,
     .reason = reason_block_local},
    {.name = "bigbird",
     .usage = "bigbird(b, g, w, r)",
     .help = "blocks of b: the first g as rows and columns, a window of w, r at random a row",
     .words = "blocks of $0 tokens: the first $1 as rows and columns, a window of $2, $3 at random "
              "in each row",
     .parameters = {{"b", PARAMETER_WHOLE, 1, NULL},
                    {"g", PARAMETER_WHOLE, 0, NULL},
                    {"w", PARAMETER_WHOLE, 0, NULL},
                    {"r", PARAMETER_WHOLE, 0, NULL}},
     .drawn = 1,
     .fill = fill_bigbird,
     .reason = reason_bigbird},
    {.name = "topk",
     .usage = "topk(s)",
     .help = "keeps the largest scores of each row; the share s is removed",
     .words = "the largest scores of each row, $s removed",
     .parameters = {{"s", PARAMETER_SHARE, 0, NULL}},
     .needs_scores = 1,
     .fill = fill_largest,
     .largest = largest_topk,
     .reason = reason_topk},
    {.name = "block_topk",
     .usage = "block_topk(b, s)",
     .help = "keeps the blocks of b with the largest mean scores of each block row",
     .words = "the blocks of $0 tokens with the largest scores, $s of each block row removed",
     .parameters = {{"b", PARAMETER_WHOLE, 1, NULL}, {"s", PARAMETER_SHARE, 0, NULL}},
     .needs_scores = 1,
     .fill = fill_block_topk,
     .fill_blocks = fill_blocks_topk,
     .reason = reason_block_topk},
    {.name = "threshold",
     .usage = "threshold(s)",
     .help = "keeps scores at or above the row's s-quantile",
     .words = "scores at or above each row's $s quantile",
     .parameters = {{"s", PARAMETER_SHARE, 0, NULL}},
     .needs_scores = 1,
     .fill = fill_largest,
     .largest = largest_threshold,
     .reason = reason_threshold},
    {.name = "nm",
     .usage = "nm(N, M)",
     .help = "keeps the N largest scores of each M consecutive keys",
     .words = "the $0 largest scores of each $1 consecutive keys",
     .parameters = {{"N", PARAMETER_WHOLE, 1, "M"}, {"M", PARAMETER_WHOLE, 1, NULL}},
     .needs_scores = 1,
     .fill = fill_largest,
     .largest = largest_nm,
     .reason = reason_nm},
    {.name = "random",
     .usage = "random(s[, step])",
     .help = "keeps keys at random, the control; with step drawn anew each training step",
     .words = "keys drawn at random, $s of each row removed$r",
     .parameters = {{"s", PARAMETER_SHARE, 0, NULL}, {"step", PARAMETER_STEP, 0, NULL}},
     .drawn = 1,
     .fill = fill_random,
     .reason = reason_random},
    {.name = "heads_off",
     .usage = "heads_off(l.h, ...)",
     .help = "sets the output of the heads listed to zero; a clause of its own",
     .parameters = {{"head", PARAMETER_HEADS, 0, NULL}}},
};

#define PATTERNS ((int)(sizeof(patterns) / sizeof(patterns[0])))

const struct pattern *pattern_at(int index) {
    return index >= 0 && index < PATTERNS ? &patterns[index] : NULL;
}

const struct pattern *pattern_find(const char *name, size_t length) {
    for (int p = 0; p < PATTERNS; p++) {
        if (strlen(patterns[p].name) == length && memcmp(patterns[p].name, name, length) == 0)
            return &patterns[p];
    }
    return NULL;
}

const char *sparsity_pattern_name(int index) {
    const struct pattern *pattern = pattern_at(index);
    return pattern ? pattern->name : NULL;
}

const char *sparsity_pattern_usage(int index) {
    const struct pattern *pattern = pattern_at(index);
    return pattern ? pattern->usage : NULL;
}

const char *sparsity_pattern_help(int index) {
    const struct pattern *pattern = pattern_at(index);
    return pattern ? pattern->help : NULL;
}
