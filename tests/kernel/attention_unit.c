/*
 * Attention whose products a matrix unit makes, against the vector kernels: queries, keys and
 * values are numbers that bfloat16 holds, so that scores are exact and only the weights are
 * rounded.
 */
#include "core/kernel/attention_unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/kernel/attention.h"
#include "core/kernel/gemm.h"
#include "core/sparsity/sparsity.h"
#include "tests/kernel/guarded.h"

#define HEADS 2

enum { QUERY, KEY, VALUE, OUT, WANTED, ARRAYS };

struct layer {
    int tokens, width;
    struct guarded guards[ARRAYS], capture_guards[2];
    float *array[ARRAYS], *scores[2];
    struct attention_batch batch;
};

static int open_unit(struct compute *compute, struct sawb_error *error) {
    assert_int_equal(compute_open(compute, 2, error), 0);
    return compute_set_precision(compute, PRECISION_BF16, error) == 0 && compute->gemm->attention;
}

/* Multiples of 1/64 from -1 to 1. */
static void open_layer(struct layer *layer, int tokens, int width,
                       const struct mask_source *source) {
    size_t count = (size_t)tokens * HEADS * (size_t)width;
    size_t pairs = HEADS * (size_t)tokens * (size_t)tokens;
    *layer = (struct layer){.tokens = tokens, .width = width};
    for (int a = 0; a < ARRAYS; a++) {
        layer->array[a] = guarded_open(&layer->guards[a], count * sizeof(float), 1);
        for (size_t i = 0; i < count; i++)
            layer->array[a][i] =
                (float)((int)(random_bits(random_key(9, 1, (uint64_t)a, 0), i) % 129) - 64) / 64.0f;
    }
    for (int i = 0; i < 2; i++)
        layer->scores[i] = guarded_open(&layer->capture_guards[i], pairs * sizeof(float), 1);
    static int offsets[2];
    offsets[1] = tokens;
    layer->batch = (struct attention_batch){.sentences = 1,
                                            .offsets = offsets,
                                            .heads = HEADS,
                                            .width = width,
                                            .query = layer->array[QUERY],
                                            .key = layer->array[KEY],
                                            .value = layer->array[VALUE],
                                            .source = source,
                                            .seed = 1,
                                            .dropout = {.scale = 1.0f}};
}

static void close_layer(struct layer *layer) {
    for (int a = 0; a < ARRAYS; a++)
        guarded_close(&layer->guards[a]);
    for (int i = 0; i < 2; i++)
        guarded_close(&layer->capture_guards[i]);
}

static void run(struct layer *layer, const struct compute *compute, float *out, float *scores) {
    struct sawb_error error;
    struct attention *attention;
    struct attention_capture capture = {.scores = scores};
    layer->batch.out = out;
    layer->batch.capture = scores ? &capture : NULL;
    assert_int_equal(attention_create(&attention, compute, &error), 0);
    assert_int_equal(attention_forward(attention, &layer->batch, &error), 0);
    attention_free(attention);
}

static void check_layer(const struct compute *unit, const struct compute *vectors, int tokens,
                        int width, const char *text) {
    struct sparsity *sparsity;
    struct sawb_error error;
    struct layer layer;
    assert_int_equal(sparsity_parse(&sparsity, text, NULL, &error), 0);
    struct mask_source source = sparsity_source(sparsity);
    open_layer(&layer, tokens, width, &source);
    size_t count = (size_t)tokens * HEADS * (size_t)width;
    for (int captured = 0; captured < 2; captured++) {
        run(&layer, vectors, layer.array[WANTED], captured ? layer.scores[0] : NULL);
        run(&layer, unit, layer.array[OUT], captured ? layer.scores[1] : NULL);
        for (size_t i = 0; i < count; i++)
            if (!(fabsf(layer.array[OUT][i] - layer.array[WANTED][i]) <= 4e-3f))
                fail_msg("%s, %d tokens, width %d: %zu is %.7g, not %.7g", text, tokens, width, i,
                         (double)layer.array[OUT][i], (double)layer.array[WANTED][i]);
    }
    for (size_t i = 0; i < HEADS * (size_t)tokens * (size_t)tokens; i++)
        assert_float_equal(layer.scores[0][i], layer.scores[1][i], 1e-5);
    close_layer(&layer);
    sparsity_free(sparsity);
}

static void unit_agrees_with_vectors(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 64},  {2, 16},   {15, 64}, {16, 64}, {17, 16},  {31, 64},
                                   {33, 64}, {64, 256}, {70, 64}, {77, 16}, {129, 64}, {300, 64}};
    static const char *const patterns[] = {"dense",
                                           "local(3)",
                                           "local(0.8)",
                                           "block_local(16, 2)",
                                           "block_local(5, 3)",
                                           "topk(0.8)",
                                           "dilated(9, 3)",
                                           "global(cls)+local(2)"};
    struct compute unit, vectors;
    struct sawb_error error;
    int there = open_unit(&unit, &error);
    assert_int_equal(compute_open(&vectors, 2, &error), 0);
    for (size_t s = 0; there && s < sizeof(sizes) / sizeof(sizes[0]); s++)
        for (size_t p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++)
            check_layer(&unit, &vectors, sizes[s][0], sizes[s][1], patterns[p]);
    compute_close(&unit);
    compute_close(&vectors);
    if (!there)
        skip();
}

/* A NaN reaches the rows it belongs to, and what lies behind the last key is none. */
static void unit_shows_nan(void **state) {
    (void)state;
    struct compute unit;
    struct sawb_error error;
    struct layer layer;
    int there = open_unit(&unit, &error);
    for (int round = 0; there && round < 2; round++) { /* the second meets what the first left */
        open_layer(&layer, round ? 40 : 90, 64, NULL);
        if (!round)
            for (int i = 0; i < 90 * HEADS * 64; i++)
                layer.array[VALUE][i] = layer.array[KEY][i] = NAN;
        run(&layer, &unit, layer.array[OUT], NULL);
        for (int i = 0; i < layer.tokens * HEADS * 64; i++)
            assert_int_equal(!!isnan(layer.array[OUT][i]), !round);
        close_layer(&layer);
    }
    compute_close(&unit);
    if (!there)
        skip();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(unit_agrees_with_vectors),
    cmocka_unit_test(unit_shows_nan),
};

TEST_GROUP(tests_kernel_attention_unit, tests);
