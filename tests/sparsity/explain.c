/*
 * Why a pair is kept: the words for each pattern, and that they agree with the mask everywhere.
 */
#include <string.h>

#include "tests/sparsity/support.h"

/* Row 0 of 6 tokens has the order of keys 3, 0, 1 (ties with 4), 4, 5, 2; row 1 is constant. */
static const float scores[36] = {4, 3, -1, 5, 3, 2, 7, 7, 7, 7, 7, 7, 0, 1, 2, 3, 4, 5,
                                 5, 4, 3,  2, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0};

static void words_say_why(void **state) {
    (void)state;
    static const struct {
        const char *spec;
        int query, key;
        const char *reason;
    } cases[] = {
        {"dense", 0, 5, "kept: dense"},
        {"local(1)@L1", 0, 5, "kept: dense"},
        {"heads_off(0.0)", 0, 5, "removed: the head is off"},
        {"local(2)", 0, 5, "removed: |i-j| = 5 > 2"},
        {"local(2)", 3, 1, "kept: |i-j| = 2 <= 2"},
        {"local(40%)", 5, 0, "removed: |i-j| = 5 > 2"},
        {"dilated(4, 2)", 0, 5, "removed: |i-j| = 5 > 4"},
        {"dilated(4, 2)", 0, 3, "removed: |i-j| = 3 is not a multiple of 2"},
        {"dilated(4, 2)", 0, 4, "kept: |i-j| = 4 is a multiple of 2"},
        {"strided(2)", 0, 1, "kept: |i-j| = 1 < 2"},
        {"strided(2)", 0, 4, "kept: |i-j| = 4 is a multiple of 2"},
        {"strided(2)", 0, 5, "removed: |i-j| = 5 is not a multiple of 2"},
        {"fixed(3, 1)", 0, 1, "kept: both in window 0"},
        {"fixed(3, 1)", 0, 5, "kept: key is among the last 1 of window 1"},
        {"fixed(3, 1)", 0, 4,
         "removed: windows 0 and 1, and key is not among the last 1 of its window"},
        {"global(cls, 3)", 0, 4, "kept: query 0 is global"},
        {"global(cls, 3)", 4, 3, "kept: key 3 is global"},
        {"global(cls, sep)", 4, 5, "kept: key 5 is global"},
        {"global(cls, 3)", 4, 5, "removed: neither token is global"},
        {"pairs(0.4, 2.2)", 0, 4, "kept: 0.4 is listed"},
        {"pairs(0.4, 2.2)", 0, 3, "removed: 0.3 is not listed"},
        {"without(0.4, 2.2)", 0, 4, "removed: 0.4 is listed"},
        {"without(0.4, 2.2)", 0, 3, "kept: 0.3 is not listed"},
        {"local(2) & without(0.1) + pairs(0.4)", 0, 1, "removed: without: 0.1 is listed"},
        {"local(2) & without(0.1) + pairs(0.4)", 0, 4, "kept: pairs: 0.4 is listed"},
        {"local(2) & without(0.1) + pairs(0.4)", 0, 2, "kept: local: |i-j| = 2 <= 2"},
        {"local(2) & without(0.1) + pairs(0.4)", 0, 5, "removed: local: |i-j| = 5 > 2"},
        {"block_local(2, 3)", 0, 3, "kept: blocks 0 and 1 are at most 1 apart"},
        {"block_local(2, 3)", 0, 5, "removed: blocks 0 and 2 are more than 1 apart"},
        {"bigbird(2, 1, 1, 0)", 2, 3, "kept: blocks 1 and 1 are in one window"},
        {"bigbird(2, 1, 1, 0)", 0, 5, "kept: query block 0 is global"},
        {"bigbird(2, 1, 1, 0)", 4, 1, "kept: key block 0 is global"},
        {"bigbird(2, 1, 1, 0)", 4, 3,
         "removed: key block 1 is not near, global or drawn for block row 2"},
        {"bigbird(2, 0, 1, 3)", 4, 3, "kept: key block 1 was drawn for block row 2"},
        {"topk(0.6)", 0, 3, "kept: rank 1 of 3"},
        {"topk(0.6)", 0, 1, "kept: rank 3 of 3"},
        {"topk(0.6)", 0, 4, "removed: rank 4, 3 are kept"},
        {"topk(0.9)", 0, 2, "removed: rank 6, 1 is kept"},
        {"topk(0.6)", 1, 2, "kept: rank 3 of 3"},
        {"block_topk(2, 0.5)", 0, 1, "kept: key block 0 is rank 1 of 2"},
        {"block_topk(2, 0.5)", 0, 4, "kept: key block 2 is rank 2 of 2"},
        {"block_topk(2, 0.7)", 0, 4, "removed: key block 2 is rank 2, 1 is kept"},
        {"threshold(0.4)", 0, 4, "kept: score 3.000 >= 3.000, the row's 40 % quantile"},
        {"threshold(0.9)", 0, 0, "removed: score 4.000 < 4.500, the row's 90 % quantile"},
        {"nm(2, 4)", 0, 1, "removed: rank 3 among keys 0-3, 2 are kept"},
        {"nm(1, 4)", 0, 3, "kept: rank 1 of 1 among keys 0-3"},
        {"nm(1, 4)", 0, 5, "removed: rank 2 among keys 4-5, 1 is kept"},
        {"random(0)", 0, 5, "kept: drawn as one of 6"},
        {"global(9)", 2, 2, "kept: the row kept nothing else"},
        {"global(9)", 2, 3, "removed: neither token is global"},
        {"global(9)+global(8)", 2, 2, "kept: the row kept nothing else"},
        {"topk(0.9) & global(sep)", 2, 2, "removed: topk: rank 4, 1 is kept"},
        {"local(1) + topk(0.6)", 0, 3, "kept: topk: rank 1 of 3"},
        {"local(1) + topk(0.6)", 0, 1, "kept: local: |i-j| = 1 <= 1"},
        {"local(1) + topk(0.6)", 0, 5, "removed: local: |i-j| = 5 > 1; topk: rank 5, 3 are kept"},
        {"local(4) & topk(0.6)", 0, 3, "kept: local: |i-j| = 3 <= 4; topk: rank 1 of 3"},
        {"local(4) & topk(0.6)", 0, 4, "removed: topk: rank 4, 3 are kept"},
        {"local(4) & topk(0.6)", 0, 5, "removed: local: |i-j| = 5 > 4"},
        {"local(1) & dense", 0, 1, "kept: local: |i-j| = 1 <= 1; dense"},
        {"(local(1) + global(sep)) & topk(0.6)", 0, 4,
         "removed: local: |i-j| = 4 > 1; global: neither token is global"},
        {"local(0)", 6, 0, ""},
        {"local(0)", 0, -1, ""},
    };
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct sparsity *sparsity = parsed(cases[c].spec, NULL);
        struct mask_request request = {.tokens = 6, .scores = scores};
        char text[256];
        sparsity_explain(sparsity, &request, cases[c].query, cases[c].key, text, sizeof(text));
        if (strcmp(text, cases[c].reason) != 0)
            fail_msg("%s (%d, %d): \"%s\", not \"%s\"", cases[c].spec, cases[c].query, cases[c].key,
                     text, cases[c].reason);
        sparsity_free(sparsity);
    }
}

static void words_agree_with_the_mask(void **state) {
    (void)state;
    static const char *const specs[] = {
        "local(40%)",        "dilated(4, 3)",       "strided(3)",
        "fixed(4, 1)",       "global(cls, 4)",      "local(1) & without(2.3) + pairs(4.0)",
        "block_local(2, 3)", "bigbird(2, 1, 1, 1)", "topk(0.7)",
        "threshold(0.7)",    "block_topk(2, 0.5)",  "nm(1, 3)",
        "random(0.7, step)", "topk(.8)&local(1)",   "topk(.8)&(local(1)+global(cls))+random(0.9)"};
    float *tied = oracle_scores(11, 1);
    for (size_t s = 0; s < sizeof(specs) / sizeof(specs[0]); s++) {
        struct sparsity *sparsity = parsed(specs[s], NULL);
        struct mask_request request = {
            .layer = 2, .head = 1, .tokens = 11, .scores = tied, .seed = 4, .step = 9};
        uint8_t *mask = filled(sparsity, &request);
        for (int pair = 0; pair < 11 * 11; pair++) {
            char text[256];
            sparsity_explain(sparsity, &request, pair / 11, pair % 11, text, sizeof(text));
            const char *expected = mask[pair] ? "kept: " : "removed: ";
            assert_memory_equal(text, expected, strlen(expected));
            assert_true(strlen(text) > strlen(expected));
        }
        free(mask);
        sparsity_free(sparsity);
    }
    free(tied);
}

static void the_text_fits(void **state) {
    (void)state;
    struct mask_request request = {.tokens = 6, .scores = scores};
    struct sparsity *sparsity = parsed("topk(0.6)", NULL);
    char text[8] = "???????";
    sparsity_explain(sparsity, &request, 0, 0, text, 6);
    assert_string_equal(text, "kept:");
    assert_int_equal(text[6], '?');
    sparsity_explain(sparsity, &request, 0, 0, text, 0);
    assert_string_equal(text, "kept:");
    sparsity_free(sparsity);
    /* Reasons of many patterns are cut, not run over. */
    sparsity = parsed("local(0)+local(0)+local(0)+local(0)+local(0)+local(0)+local(0)+local(0)+"
                      "local(0)+local(0)+local(0)+local(0)+local(0)+local(0)+local(0)+local(0)",
                      NULL);
    char wide[600];
    sparsity_explain(sparsity, &request, 0, 5, wide, sizeof(wide));
    assert_in_range(strlen(wide), 200, 300);
    sparsity_free(sparsity);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(words_say_why),
    cmocka_unit_test(words_agree_with_the_mask),
    cmocka_unit_test(the_text_fits),
};

TEST_GROUP(tests_sparsity_explain, tests);
