/*
 * Masks against those that tests/oracle/masks.py wrote out from the definitions, and what holds of
 * all.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "tests/sparsity/support.h"

#define VECTORS "tests/sparsity/vectors/masks.txt"

static int hex_value(char digit) {
    return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

static int hex_bit(const char *hex, size_t bit) {
    return hex_value(hex[bit / 4]) >> (3 - bit % 4) & 1;
}

static void check_mask(const char *spec, const struct mask_request *request, const char *expected) {
    size_t tokens = (size_t)request->tokens;
    uint8_t *mask = malloc(tokens * tokens);
    struct sparsity *sparsity = parsed(spec, NULL);
    assert_non_null(mask);
    memset(mask, 0xaa, tokens * tokens);
    enum mask_kind kind = sparsity_mask(sparsity, request, mask);
    assert_int_equal(kind == MASK_HEAD_OFF, strcmp(expected, "off") == 0);
    assert_int_equal(kind == MASK_DENSE,
                     sparsity_head_is_dense(sparsity, request->layer, request->head));
    for (size_t pair = 0; kind != MASK_HEAD_OFF && pair < tokens * tokens; pair++) {
        int bit = hex_bit(expected, pair);
        if ((kind == MASK_DENSE ? 1 : mask[pair]) != bit)
            fail_msg("%s, n = %zu, layer %d, head %d: pair (%zu, %zu) should be %d", spec, tokens,
                     request->layer, request->head, pair / tokens, pair % tokens, bit);
    }
    sparsity_free(sparsity);
    free(mask);
}

static void match_the_definitions(void **state) {
    (void)state;
    struct sawb_error error;
    char *text;
    int lines = 0;
    if (file_read(&text, NULL, VECTORS, &error) < 0)
        fail_msg("%s", error.message);
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n")) != NULL && *line) {
        const char *field[6];
        for (int f = 0; f < 6; f++) {
            field[f] = strsep(&line, "\t");
            assert_non_null(field[f]);
        }
        int tokens = atoi(field[0]);
        float *scores = oracle_scores(tokens, strcmp(field[1], "tied") == 0);
        struct mask_request request = {
            .layer = atoi(field[2]), .head = atoi(field[3]), .tokens = tokens, .scores = scores};
        check_mask(field[5], &request, field[4]);
        free(scores);
        lines++;
    }
    assert_true(lines > 500);
    free(text);
}

static const char *const all_patterns[] = {"dense",
                                           "local(2)",
                                           "local(90%)",
                                           "dilated(4, 2)",
                                           "strided(3)",
                                           "fixed(4, 1)",
                                           "global(sep, 1)",
                                           "block_local(3, 2)",
                                           "topk(0.7)",
                                           "block_topk(2, .5)",
                                           "threshold(0.6)",
                                           "nm(1, 4)",
                                           "random(0.8)",
                                           "random(.5, step)",
                                           "heads_off(0.0)",
                                           "bigbird(2, 1, 1, 1)",
                                           "global(1000000)",
                                           "nm(10, 13)",
                                           "pairs(3.3, 9.1)",
                                           "without(0.0)",
                                           "topk(.9) & random(.9)"};

static void rows_are_never_empty_whatever_the_scores(void **state) {
    (void)state;
    static const float odd[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 1.0f, -3e38f, 3e38f, 1e-45f};
    enum { MOST = 70 };
    float scores[MOST * MOST];
    uint32_t x = 3;
    for (size_t p = 0; p < MOST * MOST; p++) {
        x = 1664525u * x + 1013904223u;
        scores[p] = p < MOST * 2 ? NAN : odd[(x >> 24) % 9];
    }
    for (size_t s = 0; s < sizeof(all_patterns) / sizeof(all_patterns[0]); s++) {
        struct sparsity *sparsity = parsed(all_patterns[s], NULL);
        for (int tokens = 1; tokens <= MOST; tokens += tokens < 10 ? 1 : 9) {
            struct mask_request request = {
                .layer = 1, .head = 1, .tokens = tokens, .scores = scores};
            uint8_t *mask = filled(sparsity, &request);
            for (int p = 0; p < tokens * tokens; p++)
                assert_true(mask[p] <= 1);
            for (int i = 0; i < tokens; i++)
                assert_true(kept_in_row(mask, tokens, i) > 0);
            free(mask);
        }
        sparsity_free(sparsity);
    }
}

static int kept_share(double share, int tokens) {
    int kept = (int)ceil((1 - share) * tokens - 1e-9);
    return kept < 1 ? 1 : kept;
}

/* Missing scores rank last, and the count is kept all the same. */
static void topk_keeps_its_count_among_odd_scores(void **state) {
    (void)state;
    /* Four of five are kept: of the first row all numbers and the first NaN; +0 and -0 tie. */
    // clang-format off
    const float scores[] = {NAN, -INFINITY, NAN, 1, INFINITY,
                            NAN, NAN, NAN, NAN, NAN,
                            0.0f, -0.0f, 0.0f, -0.0f, -1,
                            -INFINITY, -INFINITY, -INFINITY, -INFINITY, NAN,
                            INFINITY, INFINITY, INFINITY, INFINITY, INFINITY};
    // clang-format on
    static const char *const rows[] = {"11011", "11110", "11110", "11110", "11110"};
    struct sparsity *sparsity = parsed("topk(0.2)", NULL);
    struct mask_request request = {.tokens = 5, .scores = scores};
    uint8_t *mask = filled(sparsity, &request);
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 5; j++)
            assert_int_equal(mask[i * 5 + j], rows[i][j] - '0');
    }
    free(mask);
    sparsity_free(sparsity);
}

/* The grain is one key a row; of local, which has two diagonals more or less, half of that. */
static void check_realised(const char *pattern, double share) {
    char spec[64];
    snprintf(spec, sizeof(spec), "%s(%.2f)", pattern, share);
    struct sparsity *sparsity = parsed(spec, NULL);
    assert_float_equal(sparsity_target(sparsity), share, 1e-12);
    for (int tokens = 10; tokens <= 60; tokens += 5) {
        float *scores = oracle_scores(tokens, 0);
        struct mask_request request = {.tokens = tokens, .scores = scores};
        uint8_t *mask = filled(sparsity, &request);
        assert_true(fabs(sparsity_realised(mask, tokens) - share) <= 1.0001 / tokens);
        free(mask);
        free(scores);
    }
    sparsity_free(sparsity);
}

static void realised_sparsity_is_near_the_target(void **state) {
    (void)state;
    static const char *const patterns[] = {"topk", "threshold", "random", "local"};
    static const double shares[] = {0.25, 0.4, 0.6, 0.8, 0.9};
    for (int p = 0; p < 4; p++) {
        for (int s = 0; s < 5; s++)
            check_realised(patterns[p], shares[s]);
    }
}

/* Longer than any sentence of a model: the count is still exact, nothing overflows the stack. */
static void long_rows_are_exact(void **state) {
    (void)state;
    enum { TOKENS = 1500 };
    float *scores = oracle_scores(TOKENS, 1);
    struct mask_request request = {.tokens = TOKENS, .scores = scores, .seed = 5};
    static const char *const specs[] = {"topk(0.8)", "random(0.8)", "block_topk(1, 0.8)"};
    for (int s = 0; s < 3; s++) {
        struct sparsity *sparsity = parsed(specs[s], NULL);
        uint8_t *mask = filled(sparsity, &request);
        for (int i = 0; i < TOKENS; i++)
            assert_int_equal(kept_in_row(mask, TOKENS, i), kept_share(0.8, TOKENS));
        free(mask);
        sparsity_free(sparsity);
    }
    free(scores);
}

static void realised_counts_pairs(void **state) {
    (void)state;
    const uint8_t mask[] = {1, 0, 0, 1, 1, 0, 1, 1, 1};
    assert_float_equal(sparsity_realised(mask, 3), 1.0 / 3, 1e-12);
    assert_float_equal(sparsity_realised(mask, 1), 0, 0);
    assert_float_equal(sparsity_realised(mask, 0), 0, 0);
}

static void the_source_is_the_sparsity(void **state) {
    (void)state;
    struct sparsity *sparsity = parsed("topk(0.5); dense@L1; local(1)@L2; heads_off(3.0)", NULL);
    struct mask_source source = sparsity_source(sparsity);
    float *scores = oracle_scores(6, 0);
    static const enum mask_kind kinds[] = {MASK_PATTERN, MASK_DENSE, MASK_PATTERN, MASK_HEAD_OFF};
    for (int layer = 0; layer < 4; layer++) {
        struct mask_request request = {.layer = layer, .tokens = 6, .scores = scores};
        uint8_t from_source[36] = {0}, direct[36] = {0};
        assert_int_equal(source.needs_scores(source.user, layer, 0), layer == 0);
        assert_int_equal(sparsity_needs_scores(sparsity, layer, 0), layer == 0);
        assert_int_equal(source.fill(source.user, &request, from_source), kinds[layer]);
        assert_int_equal(sparsity_mask(sparsity, &request, direct), kinds[layer]);
        assert_memory_equal(from_source, direct, sizeof(direct));
    }
    free(scores);
    sparsity_free(sparsity);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(match_the_definitions),
    cmocka_unit_test(rows_are_never_empty_whatever_the_scores),
    cmocka_unit_test(topk_keeps_its_count_among_odd_scores),
    cmocka_unit_test(realised_sparsity_is_near_the_target),
    cmocka_unit_test(long_rows_are_exact),
    cmocka_unit_test(realised_counts_pairs),
    cmocka_unit_test(the_source_is_the_sparsity),
};

TEST_GROUP(tests_sparsity_masks, tests);
