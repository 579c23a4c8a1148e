/*
 * attention_capture.c - what attention writes for a viewer, and what it leaves out for want of one.
 */
#include <string.h>

#include "core/kernel/attention_kernels.h"
#include "tests/kernel/attention_layer.h"

static void check_capture(const char *text, int heads, int tokens, const struct kernels *kernels) {
    struct layer layer;
    struct sparsity *sparsity = parsed(text);
    struct mask_source source = sparsity_source(sparsity);
    open_layer(&layer, &tokens, 1, heads, 32, 1, 1);
    use_set(&layer, kernels);
    layer.batch.source = &source;
    size_t pairs = (size_t)tokens * (size_t)tokens, all = (size_t)heads * pairs;
    struct guarded guards[3];
    float *shares = guarded_open(&guards[2], all * sizeof(float), 1);
    struct attention_capture capture = {guarded_open(&guards[0], all * sizeof(float), 1),
                                        guarded_open(&guards[1], all, 1)};
    layer.batch.capture = &capture;
    for (int round = 0; round < 2; round++) { /* without a backward pass to come, and with one */
        layer.batch.log_sums = round ? layer.array[LOG_SUMS] : NULL;
        assert_int_equal(attention_forward(layer.attention, &layer.batch, &layer.error), 0);
        kernels->attention->softmax(shares, capture.scores, capture.mask, heads * tokens, tokens);
        plain.tokens = tokens;
        for (int h = 0; h < heads; h++) {
            plain_forward(&layer, 0, h, 0);
            compare(&layer, OUT, plain.out, 0, h, "out");
            assert_memory_equal(plain.mask, capture.mask + (size_t)h * pairs, pairs);
            for (size_t p = 0; p < pairs; p++) {
                size_t i = p / (size_t)tokens, j = p % (size_t)tokens;
                float share = shares[(size_t)h * pairs + p];
                assert_float_equal(capture.scores[(size_t)h * pairs + p], plain.score[i][j], 1e-5);
                assert_float_equal(share, plain.share[i][j], 1e-5);
                assert_true(plain.mask[p] || share == 0.0f);
            }
        }
    }
    /* Either may be missing. */
    struct attention_capture part = {.mask = capture.mask};
    memset(capture.mask, 7, all);
    layer.batch.capture = &part;
    assert_int_equal(attention_forward(layer.attention, &layer.batch, &layer.error), 0);
    assert_memory_equal(plain.mask, capture.mask + all - pairs, pairs);
    for (int i = 0; i < 3; i++)
        guarded_close(&guards[i]);
    close_layer(&layer);
    sparsity_free(sparsity);
}

static void capture_keeps_scores_and_mask(void **state) {
    (void)state;
    const struct kernels *kernels;
    for (int i = 0; (kernels = kernels_get(i)); i++)
        for (size_t s = 0; s < SPECIFICATIONS; s++)
            check_capture(specifications[s], 2, s % 2 ? 37 : 16, kernels);
}

/* Of the first token alone: one row of out, and of queries, is there without a viewer, who sees
 * all of them. */
static void check_first(int tokens, int width, const struct kernels *kernels, int viewed) {
    struct layer layer, first;
    struct guarded guards[2];
    size_t pairs = (size_t)tokens * (size_t)tokens, row = 2 * (size_t)width;
    float *scores[2]; /* of all, and of the first alone */
    for (int i = 0; i < 2; i++)
        scores[i] = guarded_open(&guards[i], 2 * pairs * sizeof(float), 1);
    struct attention_capture whole = {.scores = scores[0]}, part = {.scores = scores[1]};
    open_layer(&layer, &tokens, 1, 2, width, 1, 1);
    use_set(&layer, kernels);
    layer.batch.log_sums = NULL;
    layer.batch.capture = &whole;
    assert_int_equal(attention_forward(layer.attention, &layer.batch, &layer.error), 0);

    int one = 1;
    open_layer(&first, &one, 1, 2, width, 1, 1); /* the same first row */
    layer.batch.out = first.array[OUT];
    layer.batch.query = viewed ? layer.array[QUERY] : first.array[QUERY];
    layer.batch.capture = viewed ? &part : NULL;
    layer.batch.queries = 1;
    memcpy(first.array[QUERY], layer.array[QUERY], row * sizeof(float));
    assert_int_equal(attention_forward(layer.attention, &layer.batch, &layer.error), 0);
    for (size_t d = 0; d < row; d++)
        assert_float_equal(first.array[OUT][d], layer.array[OUT][d], 1e-6);
    if (viewed)
        assert_memory_equal(scores[0], scores[1], 2 * pairs * sizeof(float));
    for (int i = 0; i < 2; i++)
        guarded_close(&guards[i]);
    close_layer(&first);
    close_layer(&layer);
}

static void the_first_token_alone(void **state) {
    (void)state;
    static const int tokens[] = {1, 3, 16, 37, 128, 150};
    const struct kernels *kernels;
    for (int i = 0; (kernels = kernels_get(i)); i++)
        for (size_t t = 0; t < sizeof(tokens) / sizeof(tokens[0]); t++)
            for (int viewed = 0; viewed < 2; viewed++) {
                check_first(tokens[t], 32, kernels, viewed);
                check_first(tokens[t], 20, kernels, viewed);
            }
}

/* A dense layer gives the same to the bit, whether anybody looks or not. */
static void looking_changes_nothing(void **state) {
    (void)state;
    static const int tokens[] = {1, 23, 128, 150, 200};
    const struct kernels *kernels;
    for (int i = 0; (kernels = kernels_get(i)); i++)
        for (size_t t = 0; t < sizeof(tokens) / sizeof(tokens[0]); t++) {
            struct layer layer;
            size_t pairs = (size_t)tokens[t] * (size_t)tokens[t];
            size_t bytes = (size_t)tokens[t] * 2 * 32 * sizeof(float);
            open_layer(&layer, &tokens[t], 1, 2, 32, 1, 1);
            use_set(&layer, kernels);
            layer.batch.log_sums = NULL;
            assert_int_equal(attention_forward(layer.attention, &layer.batch, &layer.error), 0);
            float *unseen = malloc(bytes), *scores = malloc(2 * pairs * sizeof(float));
            assert_true(unseen && scores);
            memcpy(unseen, layer.array[OUT], bytes);
            struct attention_capture capture = {.scores = scores};
            layer.batch.capture = &capture;
            assert_int_equal(attention_forward(layer.attention, &layer.batch, &layer.error), 0);
            assert_memory_equal(unseen, layer.array[OUT], bytes);
            free(unseen);
            free(scores);
            close_layer(&layer);
        }
}

/* More than caches hold takes another way to memory. */
static void large_captures_are_the_same(void **state) {
    (void)state;
    const struct kernels *kernels;
    for (int i = 0; (kernels = kernels_get(i)); i++) {
        check_capture("dense", 5, 115, kernels);
        check_capture("dense", 5, 128, kernels);
        check_capture("dense", 2, 187, kernels);
        check_capture("dense", 2, 200, kernels);
        check_capture("topk(0.5)", 2, 187, kernels);
        check_capture("local(9)", 2, 187, kernels);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(capture_keeps_scores_and_mask),
    cmocka_unit_test(the_first_token_alone),
    cmocka_unit_test(looking_changes_nothing),
    cmocka_unit_test(large_captures_are_the_same),
};

TEST_GROUP(tests_kernel_attention_capture, tests);
