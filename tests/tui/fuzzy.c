/*
 * fuzzy.c - which text fits a few letters best.
 */
#include <string.h>

#include "tests/test.h"
#include "tui/command/fuzzy.h"

static void test_what_does_not_fit(void **state) {
    (void)state;
    assert_int_equal(fuzzy_score("x", "swap"), -1);
    assert_int_equal(fuzzy_score("paws", "swap"), -1); /* the order counts */
    assert_int_equal(fuzzy_score("swap x", "swap"), -1);
    assert_int_equal(fuzzy_score("a", ""), -1);
    assert_int_equal(fuzzy_score("swapp", "swap"), -1);
}

static void test_what_fits(void **state) {
    (void)state;
    assert_int_equal(fuzzy_score("", "swap"), 0);
    assert_int_equal(fuzzy_score("  ", "swap"), 0);
    assert_true(fuzzy_score("sp", "swap") > 0);
    assert_true(fuzzy_score("SP", "swap") == fuzzy_score("sp", "SWAP"));
    assert_true(fuzzy_score("two one", "one two") > 0); /* words in any order */
}

static void better(const char *pattern, const char *more, const char *less) {
    if (fuzzy_score(pattern, more) <= fuzzy_score(pattern, less))
        fail_msg("\"%s\": \"%s\" (%d) should be before \"%s\" (%d)", pattern, more,
                 fuzzy_score(pattern, more), less, fuzzy_score(pattern, less));
}

static void test_order(void **state) {
    (void)state;
    better("view", "view heads", "vie with a widow"); /* letters that follow one another */
    better("sb", "sparsity b", "absorb");             /* starts of words */
    better("h", "head -1", "the cursor is here, far from the beginning of it");
    better("pane", "pane next", "paint a new edge");
    better("ab", "xx ab", "a xx b xx"); /* the best place, not the first */
}

static void test_long_texts(void **state) {
    (void)state;
    char text[3 * FUZZY_BYTES];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 2] = 'z';
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(fuzzy_score("z", text), -1);
    assert_true(fuzzy_score("aaaa", text) > 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_what_does_not_fit),
    cmocka_unit_test(test_what_fits),
    cmocka_unit_test(test_order),
    cmocka_unit_test(test_long_texts),
};
TEST_GROUP(tests_tui_fuzzy, tests);
