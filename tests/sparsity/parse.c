/*
 * The language: what is read how, and where the caret stands when it cannot be read.
 */
#include <stdio.h>
#include <string.h>

#include "tests/sparsity/support.h"

/* Both specifications give the same masks in every head of a small model. */
static void assert_same(const char *text, const char *other, const struct presets *presets) {
    struct sparsity *a = parsed(text, presets), *b = parsed(other, presets);
    float *scores = oracle_scores(13, 0);
    for (int layer = 0; layer < 4; layer++) {
        for (int head = 0; head < 4; head++) {
            struct mask_request request = {
                .layer = layer, .head = head, .tokens = 13, .scores = scores};
            uint8_t *first = filled(a, &request), *second = filled(b, &request);
            if (memcmp(first, second, 13 * 13) != 0)
                fail_msg("\"%s\" is not \"%s\" in layer %d, head %d", text, other, layer, head);
            free(first);
            free(second);
        }
    }
    free(scores);
    sparsity_free(a);
    sparsity_free(b);
}

static void blanks_and_spellings_do_not_matter(void **state) {
    (void)state;
    assert_same("topk(0.8)", " topk ( 80 % ) ", NULL);
    assert_same("topk(0.8)", "topk(.80)", NULL);
    assert_same("topk(0.5)", "\ttopk(\n50.0%)\r\n", NULL);
    assert_same("local(1)+global(cls,sep)@L1.H2", " local( 1 )+ global(cls , sep) @ L 1 . H 2 ",
                NULL);
    assert_same("heads_off(0.1,2.3)", "heads_off ( 0.1 , 2.3 )", NULL);
    assert_same("random(.5,step)", "random( .5 , step )", NULL);
    assert_same("topk(0.8)", "((topk(0.8)))", NULL);
}

static void both_binds_tighter_than_either(void **state) {
    (void)state;
    assert_same("local(0) + dilated(6,2) & topk(0.5)", "local(0) + (dilated(6,2) & topk(0.5))",
                NULL);
    assert_same("dilated(6,2) & topk(0.5) + local(0)", "local(0) + (dilated(6,2) & topk(0.5))",
                NULL);
    assert_same("local(1) & (local(2) + (local(3) & (topk(.5) + nm(1,3))))", "local(1)", NULL);
}

static void shares_and_widths_are_told_apart(void **state) {
    (void)state;
    struct sparsity *width = parsed("local(0)", NULL), *share = parsed("local(0%)", NULL);
    assert_float_equal(sparsity_target(width), -1, 0);
    assert_float_equal(sparsity_target(share), 0, 0);
    sparsity_free(width);
    sparsity_free(share);
    assert_same("local(0.0)", "local(12)", NULL);
    assert_same("local(99.9%)", "local(0)", NULL);
}

/* 3 tokens: widths 0, 1, 2 remove 6/9, 2/9, 0; 4/9 lies midway between the first two. */
static void of_two_widths_as_near_the_wider_is_taken(void **state) {
    (void)state;
    const uint8_t band[] = {1, 1, 0, 1, 1, 1, 0, 1, 1}, all[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct mask_request request = {.tokens = 3};
    static const struct {
        const char *spec;
        int is_band;
    } cases[] = {{"local(0.444444444444444)", 1},
                 {"local(0.4)", 1},
                 {"local(0.112)", 1},
                 {"local(0.11)", 0}};
    for (int c = 0; c < 4; c++) {
        struct sparsity *sparsity = parsed(cases[c].spec, NULL);
        uint8_t *mask = filled(sparsity, &request);
        assert_memory_equal(mask, cases[c].is_band ? band : all, 9);
        free(mask);
        sparsity_free(sparsity);
    }
    /* 2 tokens: 1/2 or 0 can be removed; a quarter is midway. */
    request.tokens = 2;
    struct sparsity *sparsity = parsed("local(25%)", NULL);
    uint8_t *mask = filled(sparsity, &request);
    assert_memory_equal(mask, all, 4);
    free(mask);
    sparsity_free(sparsity);
}

static void later_clauses_win(void **state) {
    (void)state;
    assert_same("topk(0.5); local(1)", "local(1)", NULL);
    assert_same("local(1)@L0-3; local(2)@L1; local(3)@L1.H1-2",
                "local(1); local(3)@L1.H1; local(3)@L1.H2; local(2)@L1.H0; local(2)@L1.H3", NULL);
    assert_same("local(1)@L2", "dense; local(1)@L2", NULL);
    assert_same("heads_off(1.1); local(1)", "local(1)", NULL);
    assert_same("local(1); heads_off(1.1); dense@L1.H1", "local(1); dense@L1.H1", NULL);
}

static void text_and_pattern_are_kept(void **state) {
    (void)state;
    struct presets *presets = shipped_presets();
    static const char *const cases[][2] = {
        {"topk(0.8)", "topk(0.8)"},
        {" light_sparse ", "topk(40%)"},
        {"aggressive_sparse:local", "local(80%)"},
        {"moderate_sparse : block_topk@L1; dense@L2", "block_topk(2, 60%)@L1; dense@L2"},
        {"light_sparse + global(cls) ;heads_off(0.0)", "topk(40%) + global(cls) ;heads_off(0.0)"},
    };
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct sparsity *sparsity = parsed(cases[c][0], presets);
        assert_string_equal(sparsity_text(sparsity), cases[c][0]);
        assert_string_equal(sparsity_pattern(sparsity), cases[c][1]);
        assert_same(cases[c][0], sparsity_pattern(sparsity), presets);
        sparsity_free(sparsity);
    }
    presets_free(presets);
}

static void target_is_that_of_a_single_share(void **state) {
    (void)state;
    struct presets *presets = shipped_presets();
    static const struct {
        const char *spec;
        double target;
    } cases[] = {{"dense", 0},
                 {"topk(0.8)", 0.8},
                 {"(topk(12.5%))", 0.125},
                 {"block_topk(2, 0.6)", 0.6},
                 {"threshold(0.3)", 0.3},
                 {"random(0.7, step)", 0.7},
                 {"local(40%)", 0.4},
                 {"light_sparse", 0.4},
                 {"moderate_sparse:local", 0.6},
                 {"aggressive_sparse:block_topk", 0.8},
                 {"local(3)", -1},
                 {"nm(2,4)", -1},
                 {"topk(0.8)@L0", -1},
                 {"topk(0.8)@L0-1000000", -1},
                 {"topk(0.8)+global(cls)", -1},
                 {"topk(0.8); dense@L0", -1},
                 {"heads_off(0.0)", -1}};
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct sparsity *sparsity = parsed(cases[c].spec, presets);
        assert_float_equal(sparsity_target(sparsity), cases[c].target, 1e-15);
        sparsity_free(sparsity);
    }
    presets_free(presets);
}

static void dense_is_known_as_such(void **state) {
    (void)state;
    static const struct {
        const char *spec;
        int dense;
    } cases[] = {{"dense", 1},
                 {"(dense)", 1},
                 {"topk(0.5) + dense", 1},
                 {"topk(0.5) & dense", 0},
                 {"dense & dense + local(1)", 1},
                 {"topk(0.5); dense", 1},
                 {"dense; topk(0.5)@L5", 0},
                 {"dense; topk(0.5)@L5; dense@L4-6", 1},
                 {"topk(0.5)@L5.H3; dense@L4-5.H0-2; dense@L5.H3-9", 1},
                 {"topk(0.5)@L5.H3; dense@L4-5.H0-2; dense@L5.H4-9", 0},
                 {"topk(0.5)@L2-5.H3-4; dense@L2-3; dense@L4-5.H3", 0},
                 {"topk(0.5)@L2-5.H3-4; dense@L2-3; dense@L4-5.H3-4", 1},
                 {"topk(0.5); dense@L0-100", 0},
                 {"heads_off(0.0)", 0},
                 {"heads_off(0.0); dense@L0", 1},
                 {"topk(0)", 0}};
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct sparsity *sparsity = parsed(cases[c].spec, NULL);
        if (sparsity_is_dense(sparsity) != cases[c].dense)
            fail_msg("%s", cases[c].spec);
        sparsity_free(sparsity);
    }
}

static void faults_are_pointed_at(void **state) {
    (void)state;
    struct presets *presets = shipped_presets();
    static const char *const cases[][2] = {
        {"topk(1.8)", "sparsity: column 6: share must be at least 0 and below 1, not 1.8\n"
                      "  topk(1.8)\n"
                      "       ^"},
        {"topk(80)",
         "sparsity: column 6: share must be at least 0 and below 1, not 80; a percentage "
         "has a % after it\n"
         "  topk(80)\n"
         "       ^"},
        {"topk(100 %)", "sparsity: column 6: share must be at least 0 and below 1, not 100 %\n"
                        "  topk(100 %)\n"
                        "       ^"},
        {"topk(-0.5)", "sparsity: column 6: share must be at least 0 and below 1, not -0.5\n"
                       "  topk(-0.5)\n"
                       "       ^"},
        {"local(2.5)",
         "sparsity: column 7: share must be at least 0 and below 1, not 2.5; a width is "
         "a whole number, without a point\n"
         "  local(2.5)\n"
         "        ^"},
        {"local(-1)", "sparsity: column 7: w must be a whole number from 0 to 1000000, not -1\n"
                      "  local(-1)\n"
                      "        ^"},
        {"dilated(4, 0)", "sparsity: column 12: r must be a whole number from 1 to 1000000, not 0\n"
                          "  dilated(4, 0)\n"
                          "             ^"},
        {"strided(9999999)",
         "sparsity: column 9: l must be a whole number from 1 to 1000000, not 9999999\n"
         "  strided(9999999)\n"
         "          ^"},
        {"nm(5, 4)", "sparsity: column 4: N may not be larger than M: 5 > 4\n"
                     "  nm(5, 4)\n"
                     "     ^"},
        {"fixed(4, 5)", "sparsity: column 10: c may not be larger than l: 5 > 4\n"
                        "  fixed(4, 5)\n"
                        "           ^"},
        {"dense(1)", "sparsity: column 6: dense takes no arguments\n"
                     "  dense(1)\n"
                     "       ^"},
        {"topk", "sparsity: column 5: topk needs its arguments in parentheses: topk(s)\n"
                 "  topk\n"
                 "      ^"},
        {"topk()", "sparsity: column 6: s, a share such as 0.8 or 80%, is expected\n"
                   "  topk()\n"
                   "       ^"},
        {"topk(0.8", "sparsity: column 9: a ')' is expected: topk(s)\n"
                     "  topk(0.8\n"
                     "          ^"},
        {"topk(0.8, 2)", "sparsity: column 11: an argument too many: topk(s)\n"
                         "  topk(0.8, 2)\n"
                         "            ^"},
        {"bigbird(4, 1)", "sparsity: column 13: an argument is missing: bigbird(b, g, w, r)\n"
                          "  bigbird(4, 1)\n"
                          "              ^"},
        {"topk(0.1234567890123456)", "sparsity: column 6: a number of more than 15 digits\n"
                                     "  topk(0.1234567890123456)\n"
                                     "       ^"},
        {"random(0.5, stop)",
         "sparsity: column 13: only the word step may follow here: random(s[, step])\n"
         "  random(0.5, stop)\n"
         "              ^"},
        {"global(cls, mask)", "sparsity: column 13: cls, sep or a token's index is expected\n"
                              "  global(cls, mask)\n"
                              "              ^"},
        {"global()", "sparsity: column 8: cls, sep or a token's index is expected\n"
                     "  global()\n"
                     "         ^"},
        {"pairs()", "sparsity: column 7: a query's index is expected\n"
                    "  pairs()\n"
                    "        ^"},
        {"pairs(3)", "sparsity: column 7: a pair is written query.key, as in pairs(0.3, 2.1)\n"
                     "  pairs(3)\n"
                     "        ^"},
        {"without(3.)", "sparsity: column 11: a key's index is expected\n"
                        "  without(3.)\n"
                        "            ^"},
        {"without(3.1 2.2)", "sparsity: column 13: a ')' is expected: without(q.k, ...)\n"
                             "  without(3.1 2.2)\n"
                             "              ^"},
        {"topq(0.8)", "sparsity: column 1: no pattern or preset is called \"topq\"; did you mean "
                      "topk?\n"
                      "  topq(0.8)\n"
                      "  ^"},
        {"agressive_sparse", "sparsity: column 1: no pattern or preset is called "
                             "\"agressive_sparse\"; did you mean aggressive_sparse?\n"
                             "  agressive_sparse\n"
                             "  ^"},
        {"light_sparse:topp",
         "sparsity: column 14: preset light_sparse has no family \"topp\"; it has "
         "topk, local, block_topk\n"
         "  light_sparse:topp\n"
         "               ^"},
        {"light_sparse:",
         "sparsity: column 14: preset light_sparse has no family \"\"; it has topk, "
         "local, block_topk\n"
         "  light_sparse:\n"
         "               ^"},
        {"", "sparsity: column 1: a pattern or preset is expected, such as topk(0.8) or dense\n"
             "  \n"
             "  ^"},
        {"dense;",
         "sparsity: column 7: a pattern or preset is expected, such as topk(0.8) or dense\n"
         "  dense;\n"
         "        ^"},
        {"local(1) + & dense",
         "sparsity: column 12: a pattern or preset is expected, such as topk(0.8) or dense\n"
         "  local(1) + & dense\n"
         "             ^"},
        {"local(1) dense", "sparsity: column 10: a '+', '&', '@' or ';' is expected\n"
                           "  local(1) dense\n"
                           "           ^"},
        {"(local(1)", "sparsity: column 10: a '+', '&' or ')' is expected\n"
                      "  (local(1)\n"
                      "           ^"},
        {"local(1))", "sparsity: column 9: a '+', '&', '@' or ';' is expected\n"
                      "  local(1))\n"
                      "          ^"},
        {"dense@H2", "sparsity: column 7: a place is written L2, L0-3 or L2.H5\n"
                     "  dense@H2\n"
                     "        ^"},
        {"dense@L2.3", "sparsity: column 10: a place is written L2, L0-3 or L2.H5\n"
                       "  dense@L2.3\n"
                       "           ^"},
        {"dense@L", "sparsity: column 8: a layer's number is expected\n"
                    "  dense@L\n"
                    "         ^"},
        {"dense@L3-1", "sparsity: column 8: a range goes up: 1-3\n"
                       "  dense@L3-1\n"
                       "         ^"},
        {"dense@L1.H2-", "sparsity: column 13: a head's number is expected\n"
                         "  dense@L1.H2-\n"
                         "              ^"},
        {"dense@L99999999999",
         "sparsity: column 8: a layer's number may not be larger than 1000000\n"
         "  dense@L99999999999\n"
         "         ^"},
        {"heads_off(3)", "sparsity: column 11: a head is written layer.head, as in heads_off(0.3, "
                         "2.1)\n"
                         "  heads_off(3)\n"
                         "            ^"},
        {"heads_off(3.)", "sparsity: column 13: a head's number is expected\n"
                          "  heads_off(3.)\n"
                          "              ^"},
        {"heads_off(0.1)@L0", "sparsity: column 15: heads_off names its heads itself and takes no "
                              "place\n"
                              "  heads_off(0.1)@L0\n"
                              "                ^"},
        {"heads_off(0.1) + dense",
         "sparsity: column 16: heads_off must be a clause of its own, set off "
         "by ';'\n"
         "  heads_off(0.1) + dense\n"
         "                 ^"},
        {"dense & heads_off(0.1)",
         "sparsity: column 9: heads_off must be a clause of its own, set off "
         "by ';'\n"
         "  dense & heads_off(0.1)\n"
         "          ^"},
        /* Columns are characters; what would upset a terminal is not shown as it is. */
        {"d\xc3\xa9nse",
         "sparsity: column 1: no pattern or preset is called \"d\"; there are dense, "
         "local, dilated, strided, fixed, global, pairs, without, block_local, bigbird, "
         "topk, block_topk, threshold, nm, random, heads_off, and the presets\n"
         "  d\xc3\xa9nse\n"
         "  ^"},
        {"dense \xe2\x82\xac \xff\x1b[1m",
         "sparsity: column 7: a '+', '&', '@' or ';' is expected\n"
         "  dense \xe2\x82\xac ? [1m\n"
         "        ^"},
        {"dense\n+\n\xe2\x82\xac",
         "sparsity: column 9: a pattern or preset is expected, such as topk(0.8) or dense\n"
         "  dense + \xe2\x82\xac\n"
         "          ^"},
    };
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
        assert_fault(cases[c][0], presets, cases[c][1]);
    presets_free(presets);
}

static void a_long_text_is_shown_around_the_fault(void **state) {
    (void)state;
    char text[2000];
    struct sparsity *sparsity;
    struct sawb_error error;
    text[0] = '\0';
    for (int i = 0; i < 150; i++)
        strcat(text, "local(3) + ");
    strcat(text, "topk(7) + local(1)");
    assert_int_equal(sparsity_parse(&sparsity, text, NULL, &error), -1);
    const char *shown = strchr(error.message, '\n') + 1;
    const char *caret_line = strchr(shown, '\n') + 1;
    const char *caret = strchr(caret_line, '^');
    assert_non_null(caret);
    assert_memory_equal(shown, "  ...", 5);
    assert_true(caret_line - shown < 90);
    assert_memory_equal(shown + (caret - caret_line), "7) + local(1)\n", 14);
    assert_non_null(strstr(error.message, "column 1656: "));
}

/* Neither takes more memory or stack than the limits allow, and both say so. */
static void what_is_too_long_or_deep_is_refused(void **state) {
    (void)state;
    static char text[40000];
    struct sparsity *sparsity;
    struct sawb_error error;
    memset(text, '(', 20000);
    assert_int_equal(sparsity_parse(&sparsity, text, NULL, &error), -1);
    assert_non_null(strstr(error.message, "column 33: presets or parentheses nested more than 32"));
    memset(text, 0, sizeof(text));
    for (int i = 0; i < 1025; i++)
        strcat(text, i ? "+local(1)" : "local(1)");
    assert_int_equal(sparsity_parse(&sparsity, text, NULL, &error), -1);
    assert_non_null(strstr(error.message, "more than 1024 patterns"));
    memset(text, 0, sizeof(text));
    for (int i = 0; i < 1025; i++)
        strcat(text, i ? ",0.1" : "heads_off(0.1");
    assert_int_equal(sparsity_parse(&sparsity, text, NULL, &error), -1);
    assert_non_null(strstr(error.message, "more than 1024 clauses and heads"));
}

/* Eight operands may wait at a time: one for each bit of the mask. */
static void the_stack_has_eight_places(void **state) {
    (void)state;
    const char *deepest = "local(0)+(local(0)+(local(0)+(local(0)+(local(0)+(local(0)+(local(0)+"
                          "local(3)))))))";
    assert_same(deepest, "local(3)", NULL);
    assert_same(
        "local(5)&(local(4)&(local(9)&(local(3)&(local(7)&(local(8)&(local(9)&topk(0.1)))))))",
        "local(3) & topk(0.1)", NULL);
    assert_fault("dense&(dense&(dense&(dense&(dense&(dense&(dense&(dense&dense)))))))", NULL,
                 "sparsity: column 56: nested too deeply; write the innermost expressions first\n"
                 "  dense&(dense&(dense&(dense&(dense&(dense&(dense&(dense&dense)))))))\n"
                 "                                                         ^");
}

static void check_points_at_what_the_model_lacks(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"topk(0.8); dense@L6",
         "sparsity: column 18: layer 6 is not in the model, whose layers are "
         "L0 to L5\n"
         "  topk(0.8); dense@L6\n"
         "                   ^"},
        {"topk(0.8)@L4-7",
         "sparsity: column 11: layer 7 is not in the model, whose layers are L0 to "
         "L5\n"
         "  topk(0.8)@L4-7\n"
         "            ^"},
        {"topk(0.8)@L2.H12",
         "sparsity: column 11: head 12 is not in the model, whose heads are H0 to "
         "H11\n"
         "  topk(0.8)@L2.H12\n"
         "            ^"},
        {"heads_off(5.11, 0.12)",
         "sparsity: column 17: head 12 is not in the model, whose heads are H0 "
         "to H11\n"
         "  heads_off(5.11, 0.12)\n"
         "                  ^"}};
    struct sawb_error error;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct sparsity *sparsity = parsed(cases[c][0], NULL);
        assert_int_equal(sparsity_check(sparsity, 6, 12, &error), -1);
        assert_string_equal(error.message, cases[c][1]);
        assert_int_equal(sparsity_check(sparsity, 8, 13, &error), 0);
        sparsity_free(sparsity);
    }
    struct sparsity *sparsity = parsed("topk(0.8); heads_off(5.11); dense@L0-5.H0-11", NULL);
    assert_int_equal(sparsity_check(sparsity, 6, 12, &error), 0);
    sparsity_free(sparsity);
}

static void the_table_describes_itself(void **state) {
    (void)state;
    int count = 0;
    for (; sparsity_pattern_name(count); count++) {
        const char *name = sparsity_pattern_name(count);
        assert_memory_equal(sparsity_pattern_usage(count), name, strlen(name));
        assert_true(strlen(sparsity_pattern_help(count)) > 10);
    }
    assert_int_equal(count, 16);
    assert_null(sparsity_pattern_usage(count));
    assert_null(sparsity_pattern_help(count));
    assert_null(sparsity_pattern_name(-1));
}

/* Specifications broken at every place: a result or a fault, never a crash (run under sanitizers).
 */
static void broken_texts_are_survived(void **state) {
    (void)state;
    static const char *const seeds[] = {
        "light_sparse:local + global(cls, sep, 3) & local(80%); heads_off(0.1, 2.3); dense@L0-3.H1",
        "(bigbird(2,1,3,1) & random(0.5, step)) + fixed(4,1)@L2; nm(2,4)@L1; block_topk(3, 60 %)"};
    static const char alphabet[] = "()+&;@.,:%-LH0123456789 abclopstk_\xc3\n";
    struct presets *presets = shipped_presets();
    uint32_t x = 11;
    for (int round = 0; round < 4000; round++) {
        char text[200];
        strcpy(text, seeds[round % 2]);
        for (int edit = 0; edit <= round % 5; edit++) {
            x = 1664525u * x + 1013904223u;
            text[(x >> 8) % strlen(text)] = alphabet[(x >> 24) % (sizeof(alphabet) - 1)];
        }
        struct sparsity *sparsity;
        struct sawb_error error;
        if (sparsity_parse(&sparsity, text, presets, &error) < 0) {
            assert_non_null(strchr(error.message, '^'));
            continue;
        }
        assert_same(text, sparsity_pattern(sparsity), presets);
        sparsity_free(sparsity);
    }
    presets_free(presets);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(blanks_and_spellings_do_not_matter),
    cmocka_unit_test(both_binds_tighter_than_either),
    cmocka_unit_test(shares_and_widths_are_told_apart),
    cmocka_unit_test(of_two_widths_as_near_the_wider_is_taken),
    cmocka_unit_test(later_clauses_win),
    cmocka_unit_test(text_and_pattern_are_kept),
    cmocka_unit_test(target_is_that_of_a_single_share),
    cmocka_unit_test(dense_is_known_as_such),
    cmocka_unit_test(faults_are_pointed_at),
    cmocka_unit_test(a_long_text_is_shown_around_the_fault),
    cmocka_unit_test(what_is_too_long_or_deep_is_refused),
    cmocka_unit_test(the_stack_has_eight_places),
    cmocka_unit_test(check_points_at_what_the_model_lacks),
    cmocka_unit_test(the_table_describes_itself),
    cmocka_unit_test(broken_texts_are_survived),
};

TEST_GROUP(tests_sparsity_parse, tests);
