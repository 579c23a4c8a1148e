/*
 * Patterns in plain words.
 */
#include <string.h>

#include "tests/sparsity/support.h"

static void patterns_in_words(void **state) {
    (void)state;
    static const struct {
        const char *spec, *words;
    } cases[] = {
        {"dense", "every pair"},
        {"local(1)@L0", "every pair"},
        {"heads_off(1.2)", "off: its output is zero"},
        {"local(2)", "pairs at most 2 tokens apart"},
        {"local(80%)", "pairs within the width that removes about 80 %"},
        {"dilated(6, 2)", "pairs at most 6 tokens apart, in steps of 2"},
        {"strided(3)", "pairs less than 3 tokens apart, and those a multiple of 3 apart"},
        {"fixed(4, 1)", "windows of 4 tokens, and the last 1 of every window"},
        {"global(cls, sep, 3)", "rows and columns of [CLS], [SEP], token 3"},
        {"pairs(0.3, 2.1)", "the pairs 0.3, 2.1"},
        {"without(0.3)", "all pairs but 0.3"},
        {"block_local(2, 3)", "blocks of 2 tokens in a window of 3 blocks"},
        {"bigbird(2, 1, 3, 4)", "blocks of 2 tokens: the first 1 as rows and columns, a window of "
                                "3, 4 at random in each row"},
        {"topk(0.8)", "the largest scores of each row, 80 % removed"},
        {"topk(62.5%)", "the largest scores of each row, 62.5 % removed"},
        {"block_topk(4, .5)",
         "the blocks of 4 tokens with the largest scores, 50 % of each block row removed"},
        {"threshold(.5)", "scores at or above each row's 50 % quantile"},
        {"nm(2, 4)", "the 2 largest scores of each 4 consecutive keys"},
        {"random(.5)", "keys drawn at random, 50 % of each row removed"},
        {"random(.5, step)", "keys drawn at random, 50 % of each row removed, anew each step"},
        {"topk(0.8) & without(3.5) + pairs(4.1)@L1.H2",
         "this head: the largest scores of each row, 80 % removed; without 3.5; also the pairs "
         "4.1"},
        {"local(1)@L1-2", "layers 1-2: pairs at most 1 tokens apart"},
        {"local(1)@L1.H1-2", "layer 1, heads 1-2: pairs at most 1 tokens apart"},
        {"local(1)@L0-1.H2", "layers 0-1, head 2: pairs at most 1 tokens apart"},
        {"local(2) & global(cls)",
         "pairs at most 2 tokens apart; of these only rows and columns of [CLS]"},
        {"pairs(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)",
         "the pairs 0.0, 0.1, 0.2, 0.3, 0.4, 0.5 and 2 more"},
    };
    char words[400];
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct sparsity *sparsity = parsed(cases[c].spec, NULL);
        sparsity_words(sparsity, 1, 2, words, sizeof(words));
        assert_string_equal(words, cases[c].words);
        sparsity_words(sparsity, 1, 2, words, 5);
        assert_int_equal(strlen(words), 4);
        sparsity_free(sparsity);
    }
}

/* However long, what is written fits. */
static void long_patterns_are_cut(void **state) {
    (void)state;
    char spec[4000] = "local(1)", words[2000];
    for (int i = 0; i < 40; i++)
        strcat(spec, " + (random(0.123456789) & without(100000.100000, 1.1, 2.2, 3.3, 4.4))");
    struct sparsity *sparsity = parsed(spec, NULL);
    sparsity_words(sparsity, 0, 0, words, sizeof(words));
    assert_true(strlen(words) > 400 && strlen(words) < 1024);
    sparsity_free(sparsity);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(patterns_in_words),
    cmocka_unit_test(long_patterns_are_cut),
};
TEST_GROUP(tests_sparsity_words, tests);
