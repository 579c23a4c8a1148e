/*
 * reduce.c - reductions of attention maps against numbers worked out by hand.
 */
#include "core/inspect/reduce.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#define TOKENS 5

static const char *const pieces[TOKENS] = {"[CLS]", "un", "##happ", "##y", "[SEP]"};

/* Rows that sum to 1; where the mask is 0 the weight is 0. */
static const float weights[TOKENS * TOKENS] = {
    0.50f, 0.10f, 0.20f, 0.00f, 0.20f, /* [CLS] */
    0.10f, 0.20f, 0.30f, 0.10f, 0.30f, /* un */
    0.00f, 0.40f, 0.00f, 0.40f, 0.20f, /* ##happ */
    0.25f, 0.25f, 0.00f, 0.25f, 0.25f, /* ##y */
    0.00f, 0.00f, 0.00f, 0.00f, 1.00f, /* [SEP] */
};
static const uint8_t mask[TOKENS * TOKENS] = {
    1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1,
};

/* Heads of maps that all lie in memory. */
struct maps {
    const float *const *values;
    const uint8_t *const *masks;
};

static struct reduce_head give(void *user, int head) {
    const struct maps *maps = user;
    return (struct reduce_head){maps->values[head], maps->masks[head]};
}

static int reduce(struct attention_map *map, int tokens, const float *const *values,
                  const uint8_t *const *masks, int heads, enum reduce_kind kind) {
    struct maps maps = {values, masks};
    return reduce_heads(map, tokens, give, &maps, heads, kind, NULL);
}

static void check(const struct attention_map *map, int rows, int columns, const float *values,
                  const uint8_t *kept) {
    assert_int_equal(map->rows, rows);
    assert_int_equal(map->columns, columns);
    for (int i = 0; i < rows * columns; i++) {
        if (fabsf(map->values[i] - values[i]) > 1e-6f)
            fail_msg("cell %d is %.7f, not %.7f", i, (double)map->values[i], (double)values[i]);
        assert_int_equal(map->mask[i], kept[i]);
    }
}

static struct attention_map one_head(enum reduce_kind kind) {
    const float *values[] = {weights};
    const uint8_t *masks[] = {mask};
    struct attention_map map;
    assert_int_equal(reduce(&map, TOKENS, values, masks, 1, kind), 0);
    return map;
}

static void test_one_head_is_itself(void **state) {
    (void)state;
    struct attention_map map = one_head(REDUCE_WEIGHTS);
    check(&map, TOKENS, TOKENS, weights, mask);
    attention_map_free(&map);
}

/* Two heads of two tokens. */
static void test_mean_over_heads(void **state) {
    (void)state;
    const float a[] = {0.75f, 0.25f, 1, 9}, b[] = {0.25f, 0.75f, 0.5f, 0.5f};
    const uint8_t mask_a[] = {1, 1, 1, 0}, mask_b[] = {1, 1, 1, 1}, none[] = {0, 0, 0, 0};
    const float *values[] = {a, b};
    const uint8_t *masks[] = {mask_a, mask_b}, *no_masks[] = {none, none};
    struct attention_map map;
    assert_int_equal(reduce(&map, 2, values, masks, 2, REDUCE_WEIGHTS), 0);
    check(&map, 2, 2, (const float[]){0.5f, 0.5f, 0.75f, 0.25f}, (const uint8_t[]){1, 1, 1, 1});
    attention_map_free(&map);
    assert_int_equal(reduce(&map, 2, values, masks, 2, REDUCE_SCORES), 0);
    check(&map, 2, 2, (const float[]){0.5f, 0.5f, 0.75f, 0.5f}, (const uint8_t[]){1, 1, 1, 1});
    attention_map_free(&map);
    assert_int_equal(reduce(&map, 2, values, no_masks, 2, REDUCE_SCORES), 0);
    check(&map, 2, 2, (const float[]){0, 0, 0, 0}, none);
    attention_map_free(&map);
}

static void test_spans(void **state) {
    (void)state;
    static const struct {
        int words, hide, count;
        struct span spans[TOKENS];
    } cases[] = {{0, 0, 5, {{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}}},
                 {1, 0, 3, {{0, 1}, {1, 3}, {4, 1}}},
                 {0, 1, 3, {{1, 1}, {2, 1}, {3, 1}}},
                 {1, 1, 1, {{1, 3}}}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct spans spans;
        assert_int_equal(spans_make(&spans, pieces, TOKENS, cases[i].words, cases[i].hide, NULL),
                         0);
        assert_int_equal(spans.count, cases[i].count);
        for (int k = 0; k < spans.count; k++) {
            assert_int_equal(spans.spans[k].first, cases[i].spans[k].first);
            assert_int_equal(spans.spans[k].length, cases[i].spans[k].length);
        }
        spans_free(&spans);
    }
}

/* A continuation without a word before it, and what only looks like one. */
static void test_odd_spans(void **state) {
    (void)state;
    static const char *const odd[] = {"##ing", "a", "##", "[SEP]", "##s"};
    struct spans spans;
    int span_of[TOKENS];
    assert_int_equal(spans_make(&spans, odd, TOKENS, 1, 1, NULL), 0);
    assert_int_equal(spans.count, 4); /* not joined over the hidden [SEP] */
    spans_of_tokens(&spans, TOKENS, span_of);
    assert_memory_equal(span_of, ((int[]){0, 1, 2, 3, 3}), sizeof(span_of));
    spans_free(&spans);
    assert_int_equal(spans_make(&spans, pieces, TOKENS, 1, 1, NULL), 0);
    spans_of_tokens(&spans, TOKENS, span_of);
    assert_memory_equal(span_of, ((int[]){0, 0, 0, 0, 0}), sizeof(span_of));
    spans_free(&spans);
    assert_int_equal(spans_make(&spans, pieces, 1, 0, 1, NULL), 0); /* [CLS] alone, hidden */
    spans_of_tokens(&spans, 1, span_of);
    assert_int_equal(span_of[0], -1);
    spans_free(&spans);
}

/* un: 0.2 + 0.3 + 0.1 = 0.6; ##happ: 0.8; ##y: 0.5; [CLS]: 0.3. [SEP] has nothing there. */
static void test_rescale(void **state) {
    (void)state;
    static const float shown[] = {1 / 3.0f, 0.5f, 1 / 6.0f, 0.5f, 0, 0.5f, 0.5f, 0, 0.5f};
    static const uint8_t kept[] = {1, 1, 1, 1, 0, 1, 1, 0, 1};
    struct attention_map map = one_head(REDUCE_WEIGHTS), small;
    struct spans spans;
    assert_int_equal(spans_make(&spans, pieces, TOKENS, 0, 1, NULL), 0);
    reduce_rescale(&map, &spans);
    assert_true(fabsf(map.values[4 * TOKENS + 4] - 1) < 1e-6f); /* left as it was */
    assert_int_equal(reduce_spans(&small, &map, &spans, REDUCE_WEIGHTS, NULL), 0);
    check(&small, 3, 3, shown, kept);
    attention_map_free(&small);
    attention_map_free(&map);
    spans_free(&spans);
}

/* Keys summed, queries averaged: [CLS]->unhappy 0.3, unhappy->[CLS] (0.1+0+0.25)/3,
 * unhappy->unhappy (0.6+0.8+0.5)/3, unhappy->[SEP] (0.3+0.2+0.25)/3. */
static void test_words(void **state) {
    (void)state;
    static const float words[] = {0.5f, 0.3f, 0.2f, 0.35f / 3, 1.9f / 3, 0.75f / 3, 0, 0, 1};
    static const uint8_t kept[] = {1, 1, 1, 1, 1, 1, 0, 0, 1};
    struct attention_map map = one_head(REDUCE_WEIGHTS), merged;
    struct spans spans;
    assert_int_equal(spans_make(&spans, pieces, TOKENS, 1, 0, NULL), 0);
    assert_int_equal(reduce_spans(&merged, &map, &spans, REDUCE_WEIGHTS, NULL), 0);
    check(&merged, 3, 3, words, kept);
    for (int row = 0; row < 3; row++)
        assert_true(fabsf(merged.values[row * 3] + merged.values[row * 3 + 1] +
                          merged.values[row * 3 + 2] - 1) < 1e-6f);
    attention_map_free(&merged);
    /* As scores: the mean of the pairs that are kept, of which unhappy->unhappy has 7. */
    assert_int_equal(reduce_spans(&merged, &map, &spans, REDUCE_SCORES, NULL), 0);
    assert_true(fabsf(merged.values[4] - 1.9f / 7) < 1e-6f);
    assert_true(fabsf(merged.values[1] - 0.15f) < 1e-6f);
    attention_map_free(&merged);
    attention_map_free(&map);
    spans_free(&spans);
}

/* Every row sums to 1 after hiding with rescaling, merging and averaging over heads. */
static void test_rows_sum_to_one(void **state) {
    (void)state;
    enum { N = 37, HEADS = 3 };
    static float values[HEADS][N * N];
    static uint8_t masks[HEADS][N * N];
    const char *names[N];
    unsigned seed = 7;
    for (int i = 0; i < N; i++)
        names[i] = i == 0 ? "[CLS]" : i == N - 1 ? "[SEP]" : i % 3 == 2 ? "##x" : "w";
    for (int i = 0; i < HEADS * N; i++) {
        float *row = values[i / N] + i % N * N, sum = 0;
        for (int k = 0; k < N; k++) {
            seed = seed * 1664525u + 1013904223u;
            masks[i / N][i % N * N + k] = seed >> 30 || k == 5;
            row[k] = masks[i / N][i % N * N + k] ? (float)(1 + (seed >> 8) % 1000) : 0;
            sum += row[k];
        }
        for (int k = 0; k < N; k++)
            row[k] /= sum;
    }
    const float *heads[HEADS] = {values[0], values[1], values[2]};
    const uint8_t *kept[HEADS] = {masks[0], masks[1], masks[2]};
    for (int hide = 0; hide < 2; hide++) {
        struct attention_map map, merged;
        struct spans spans;
        assert_int_equal(reduce(&map, N, heads, kept, HEADS, REDUCE_WEIGHTS), 0);
        assert_int_equal(spans_make(&spans, names, N, 1, hide, NULL), 0);
        if (hide)
            reduce_rescale(&map, &spans);
        assert_int_equal(reduce_spans(&merged, &map, &spans, REDUCE_WEIGHTS, NULL), 0);
        for (int row = 0; row < merged.rows; row++) {
            double sum = 0;
            for (int column = 0; column < merged.columns; column++)
                sum += (double)merged.values[row * merged.columns + column];
            assert_true(fabs(sum - 1) < 1e-5);
        }
        attention_map_free(&merged);
        attention_map_free(&map);
        spans_free(&spans);
    }
}

static void test_transpose(void **state) {
    (void)state;
    enum { N = 70 }; /* more than two tiles */
    static float values[N * N];
    static uint8_t kept[N * N];
    const float *heads[] = {values};
    const uint8_t *masks[] = {kept};
    struct attention_map map;
    for (int i = 0; i < N * N; i++) {
        kept[i] = i % 7 != 0;
        values[i] = kept[i] ? (float)i : 0;
    }
    assert_int_equal(reduce(&map, N, heads, masks, 1, REDUCE_SCORES), 0);
    reduce_transpose(&map);
    for (int row = 0; row < N; row++)
        for (int column = 0; column < N; column++) {
            assert_int_equal((int)map.values[row * N + column], (int)values[column * N + row]);
            assert_int_equal(map.mask[row * N + column], kept[column * N + row]);
        }
    attention_map_free(&map);
}

/* Bins of 2 x 3 over 5 x 5: the last ones have 1 row or 2 columns. */
static void test_bins(void **state) {
    (void)state;
    static const float largest[] = {0.5f, 0.3f, 0.4f, 0.4f, 0, 1};
    static const float mean[] = {1.4f / 6, 0.6f / 4, 0.9f / 6, 1.1f / 4, 0, 0.5f};
    static const float mean_kept[] = {1.4f / 6, 0.6f / 3, 0.9f / 3, 1.1f / 4, 0, 1};
    static const uint8_t kept[] = {1, 1, 1, 1, 0, 1};
    struct attention_map map = one_head(REDUCE_WEIGHTS), binned;
    assert_int_equal(reduce_bins(&binned, &map, 2, 3, REDUCE_MAX, REDUCE_WEIGHTS, NULL), 0);
    check(&binned, 3, 2, largest, kept);
    attention_map_free(&binned);
    assert_int_equal(reduce_bins(&binned, &map, 2, 3, REDUCE_MEAN, REDUCE_WEIGHTS, NULL), 0);
    check(&binned, 3, 2, mean, kept);
    attention_map_free(&binned);
    assert_int_equal(reduce_bins(&binned, &map, 2, 3, REDUCE_MEAN, REDUCE_SCORES, NULL), 0);
    check(&binned, 3, 2, mean_kept, kept);
    attention_map_free(&binned);
    assert_int_equal(reduce_bins(&binned, &map, 1, 1, REDUCE_MEAN, REDUCE_WEIGHTS, NULL), 0);
    check(&binned, TOKENS, TOKENS, weights, mask);
    attention_map_free(&binned);
    assert_int_equal(reduce_bins(&binned, &map, 9, 9, REDUCE_MAX, REDUCE_WEIGHTS, NULL), 0);
    check(&binned, 1, 1, (const float[]){1}, (const uint8_t[]){1});
    attention_map_free(&binned);
    attention_map_free(&map);
}

static void test_log(void **state) {
    (void)state;
    const float values[] = {1, 0.01f, 0, 0.5f};
    const uint8_t kept[] = {1, 1, 1, 0};
    const float *heads[] = {values};
    const uint8_t *masks[] = {kept};
    struct attention_map map;
    assert_int_equal(reduce(&map, 2, heads, masks, 1, REDUCE_WEIGHTS), 0);
    reduce_log(&map, -9);
    check(&map, 2, 2, (const float[]){0, -2, -9, 0}, kept);
    attention_map_free(&map);
}

static void test_difference_and_range(void **state) {
    (void)state;
    float a_values[] = {0.5f, 0.5f, 0, 0}, b_values[] = {0.25f, 0, 0.75f, 0};
    uint8_t a_mask[] = {1, 1, 0, 0}, b_mask[] = {1, 0, 1, 0};
    struct attention_map a = {2, 2, a_values, a_mask}, b = {2, 2, b_values, b_mask}, difference;
    float largest, low = INFINITY, high = -INFINITY;
    assert_int_equal(reduce_difference(&difference, &a, &b, 0, &largest, NULL), 0);
    check(&difference, 2, 2, (const float[]){-0.25f, -0.5f, 0.75f, 0},
          (const uint8_t[]){1, 1, 1, 0});
    assert_true(fabsf(largest - 0.75f) < 1e-6f);
    attention_map_free(&difference);
    assert_int_equal(reduce_difference(&difference, &a, &b, 1, &largest, NULL), 0);
    check(&difference, 2, 2, (const float[]){-0.25f, 0, 0, 0}, (const uint8_t[]){1, 0, 0, 0});
    assert_true(fabsf(largest - 0.25f) < 1e-6f);
    attention_map_free(&difference);
    a_values[3] = 99; /* removed: does not count */
    b_values[0] = INFINITY;
    reduce_range(&a, &low, &high);
    reduce_range(&b, &low, &high);
    assert_true(fabsf(low - 0.5f) < 1e-6f && fabsf(high - 0.75f) < 1e-6f);
}

static void test_kept(void **state) {
    (void)state;
    assert_int_equal(reduce_kept(mask, TOKENS, 0, TOKENS, 0, TOKENS), 17);
    assert_int_equal(reduce_kept(mask, TOKENS, 1, 4, 1, 4), 7);
    assert_int_equal(reduce_kept(mask, TOKENS, 4, 5, 0, 4), 0);
    assert_int_equal(reduce_kept(mask, TOKENS, 2, 2, 0, 4), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_one_head_is_itself),
    cmocka_unit_test(test_mean_over_heads),
    cmocka_unit_test(test_spans),
    cmocka_unit_test(test_odd_spans),
    cmocka_unit_test(test_rescale),
    cmocka_unit_test(test_words),
    cmocka_unit_test(test_rows_sum_to_one),
    cmocka_unit_test(test_transpose),
    cmocka_unit_test(test_bins),
    cmocka_unit_test(test_log),
    cmocka_unit_test(test_difference_and_range),
    cmocka_unit_test(test_kept),
};

TEST_GROUP(tests_inspect_reduce, tests);
