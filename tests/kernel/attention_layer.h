/*
 * attention_layer.h - a layer's worth of numbers for tests of attention, between pages that may not
 * be touched, the plain formulas in double precision, and the patterns that are tried.
 */
#ifndef SAWB_TESTS_KERNEL_ATTENTION_LAYER_H
#define SAWB_TESTS_KERNEL_ATTENTION_LAYER_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/kernel/attention.h"
#include "core/sparsity/sparsity.h"
#include "tests/kernel/guarded.h"

#define SEED 3
#define FIRST 5 /* of the dropout stream */
#define TOKENS_MOST 277
#define WIDTH_MOST 96

/* ---- a layer's worth of numbers -------------------------------------------------------------- */

enum array {
    QUERY,
    KEY,
    VALUE,
    OUT,
    OUT_GRADIENT,
    QUERY_GRADIENT,
    KEY_GRADIENT,
    VALUE_GRADIENT,
    LOG_SUMS,
    ARRAYS
};

struct layer {
    int offsets[4], sentences, heads, width;
    struct guarded guards[ARRAYS];
    float *array[ARRAYS];
    uint64_t kept[16];
    struct compute compute;
    struct attention *attention;
    struct attention_batch batch;
    struct sawb_error error;
};

static inline size_t count_of(const struct layer *layer, int array) {
    size_t tokens = (size_t)layer->offsets[layer->sentences], heads = (size_t)layer->heads;
    return tokens * heads * (array == LOG_SUMS ? 1 : (size_t)layer->width);
}

static inline void fill_array(struct layer *layer, int array, double scale) {
    uint64_t key = random_key(SEED, 1, (uint64_t)array, 0);
    for (size_t i = 0, count = count_of(layer, array); i < count; i++)
        layer->array[array][i] = (float)(scale * random_normal(key, i));
}

static inline void open_layer(struct layer *layer, const int *tokens, int sentences, int heads,
                              int width, int threads, int at_end) {
    *layer = (struct layer){.sentences = sentences, .heads = heads, .width = width};
    for (int b = 0; b < sentences; b++)
        layer->offsets[b + 1] = layer->offsets[b] + tokens[b];
    for (int a = 0; a < ARRAYS; a++) {
        layer->array[a] =
            guarded_open(&layer->guards[a], count_of(layer, a) * sizeof(float), at_end);
        fill_array(layer, a, 1.0);
    }
    if (compute_open(&layer->compute, threads, &layer->error) < 0 ||
        attention_create(&layer->attention, &layer->compute, &layer->error) < 0)
        fail_msg("%s", layer->error.message);
    layer->batch = (struct attention_batch){.sentences = sentences,
                                            .offsets = layer->offsets,
                                            .heads = heads,
                                            .width = width,
                                            .query = layer->array[QUERY],
                                            .key = layer->array[KEY],
                                            .value = layer->array[VALUE],
                                            .out = layer->array[OUT],
                                            .log_sums = layer->array[LOG_SUMS],
                                            .seed = SEED,
                                            .step = 1,
                                            .dropout = {.scale = 1.0f},
                                            .first = FIRST,
                                            .kept = layer->kept};
}

static inline void close_layer(struct layer *layer) {
    attention_free(layer->attention);
    compute_close(&layer->compute);
    for (int a = 0; a < ARRAYS; a++)
        guarded_close(&layer->guards[a]);
}

/* Another instruction set than the widest. */
static inline void use_set(struct layer *layer, const struct kernels *kernels) {
    attention_free(layer->attention);
    layer->compute.kernels = kernels;
    assert_int_equal(attention_create(&layer->attention, &layer->compute, &layer->error), 0);
}

/* ---- the plain form -------------------------------------------------------------------------- */

struct plain {
    int tokens;
    double score[TOKENS_MOST][TOKENS_MOST], share[TOKENS_MOST][TOKENS_MOST];
    double factor[TOKENS_MOST][TOKENS_MOST]; /* dropout */
    uint8_t mask[TOKENS_MOST * TOKENS_MOST];
    double out[TOKENS_MOST][WIDTH_MOST], query[TOKENS_MOST][WIDTH_MOST];
    double key[TOKENS_MOST][WIDTH_MOST], value[TOKENS_MOST][WIDTH_MOST];
};

static struct plain plain; /* too large for the stack */

/* Element d of a token of the head at work. */
static inline double at(const struct layer *layer, enum array array, int sentence, int head,
                        int token, int d) {
    size_t row = (size_t)(layer->offsets[sentence] + token);
    return (double)
        layer->array[array][(row * (size_t)layer->heads + (size_t)head) * (size_t)layer->width +
                            (size_t)d];
}

static inline double product(const struct layer *layer, enum array a, int i, enum array b, int j,
                             int sentence, int head) {
    double sum = 0;
    for (int d = 0; d < layer->width; d++)
        sum += at(layer, a, sentence, head, i, d) * at(layer, b, sentence, head, j, d);
    return sum;
}

static inline void plain_mask(const struct layer *layer, int sentence, int head) {
    size_t pairs = (size_t)plain.tokens * (size_t)plain.tokens;
    const struct mask_source *source = layer->batch.source;
    float *scores = malloc(pairs * sizeof(*scores));
    for (int i = 0; i < plain.tokens; i++)
        for (int j = 0; j < plain.tokens; j++)
            scores[i * plain.tokens + j] = (float)plain.score[i][j];
    struct mask_request request = {.head = head,
                                   .sentence = sentence,
                                   .tokens = plain.tokens,
                                   .scores = scores,
                                   .seed = SEED,
                                   .step = 1};
    enum mask_kind kind = source ? source->fill(source->user, &request, plain.mask) : MASK_DENSE;
    if (kind != MASK_PATTERN)
        memset(plain.mask, kind == MASK_DENSE, pairs);
    free(scores);
}

static inline void plain_softmax(int i) {
    double largest = -INFINITY, total = 0;
    for (int j = 0; j < plain.tokens; j++)
        if (plain.mask[i * plain.tokens + j])
            largest = fmax(largest, plain.score[i][j]);
    for (int j = 0; j < plain.tokens; j++) {
        int kept = plain.mask[i * plain.tokens + j];
        plain.share[i][j] = kept ? exp(plain.score[i][j] - largest) : 0;
        total += plain.share[i][j];
    }
    for (int j = 0; j < plain.tokens; j++)
        plain.share[i][j] = total > 0 ? plain.share[i][j] / total : 0;
}

static inline void plain_forward(const struct layer *layer, int sentence, int head,
                                 uint32_t first) {
    double root = sqrt(layer->width);
    memset(plain.out, 0, sizeof(plain.out));
    for (int i = 0; i < plain.tokens; i++)
        for (int j = 0; j < plain.tokens; j++)
            plain.score[i][j] = product(layer, QUERY, i, KEY, j, sentence, head) / root;
    plain_mask(layer, sentence, head);
    for (int i = 0; i < plain.tokens; i++) {
        plain_softmax(i);
        for (int j = 0; j < plain.tokens; j++) {
            float one = 1.0f, factor;
            layer->compute.kernels->dropout(&factor, &one, 1, &layer->batch.dropout,
                                            first + (uint32_t)(i * plain.tokens + j));
            plain.factor[i][j] = (double)factor;
            for (int d = 0; d < layer->width; d++)
                plain.out[i][d] +=
                    plain.share[i][j] * plain.factor[i][j] * at(layer, VALUE, sentence, head, j, d);
        }
    }
}

static inline void compare(const struct layer *layer, enum array array, double wanted[][WIDTH_MOST],
                           int sentence, int head, const char *what) {
    for (int i = 0; i < plain.tokens; i++) {
        for (int d = 0; d < layer->width; d++) {
            double value = at(layer, array, sentence, head, i, d);
            if (!(fabs(value - wanted[i][d]) <= 1e-5))
                fail_msg("%s: %s of %d tokens, width %d, sentence %d, head %d: [%d,%d] is %.9g, "
                         "not %.9g",
                         layer->compute.kernels->name, what, plain.tokens, layer->width, sentence,
                         head, i, d, value, wanted[i][d]);
        }
    }
}

/* ---- patterns ---------------------------------------------------------------------------------
 */

static const char *const specifications[] = {
    "dense",
    "local(3)",
    "local(80%)",
    "dilated(9, 3)",
    "dilated(40, 7)",
    "strided(5)",
    "fixed(8, 2)",
    "global(cls, sep)+local(2)",
    "pairs(0.0, 1.2)",
    "without(0.0, 3.2)",
    "block_local(16, 2)",
    "block_local(5, 3)",
    "bigbird(4, 1, 3, 1)",
    "topk(0.8)",
    "topk(0.2)",
    "block_topk(2, 0.6)",
    "block_topk(8, 0.6)",
    "block_topk(16, 0.8)",
    "threshold(0.5)",
    "nm(2, 4)",
    "random(0.8)",
    "random(0.97, step)",
    "topk(0.5)&local(9)",
    "block_topk(8, 0.5)+global(cls)",
    "heads_off(0.1); local(2)@L0.H0",
};
#define SPECIFICATIONS (sizeof(specifications) / sizeof(specifications[0]))

static inline struct sparsity *parsed(const char *text) {
    struct sparsity *sparsity;
    struct sawb_error error;
    if (sparsity_parse(&sparsity, text, NULL, &error) < 0)
        fail_msg("%s", error.message);
    return sparsity;
}

#endif
