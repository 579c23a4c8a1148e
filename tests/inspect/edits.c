/*
 * edits.c - what edits make of a sentence's tokens, and the numbers that compare two answers.
 */
#include "core/inspect/edits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nqui\n##et\n##er\nfilm\n"
                                 "warm\n##ly\n.\n";
#define WITHOUT_MASK "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nfilm\n"

struct bed {
    struct tokenizer *tokenizer;
    struct encoding encoding;
};

static void bed_open(struct bed *bed, const char *pieces, const char *text) {
    struct sawb_error error;
    if (tokenizer_from_vocabulary(&bed->tokenizer, pieces, strlen(pieces), "vocab", &error) < 0 ||
        tokenizer_encode(bed->tokenizer, text, strlen(text), 64, &bed->encoding, &error) < 0)
        fail_msg("%s", error.message);
}

static void bed_close(struct bed *bed) {
    encoding_free(&bed->encoding);
    tokenizer_free(bed->tokenizer);
}

/* The copy as text: "-" before what is dropped, "?" before what is masked, "+" before what is new.
 */
static void expect_copy(struct bed *bed, const struct text_edit *edits, int count,
                        const char *expected) {
    struct edited copy;
    struct sawb_error error;
    char text[256] = "";
    if (edits_apply(bed->tokenizer, &bed->encoding, edits, count, 64, &copy, &error) < 0)
        fail_msg("%s", error.message);
    static const char *const marks[] = {"", "-", "?", "+"};
    int ids = 0;
    for (int i = 0; i < copy.shown_count; i++) {
        const char *piece = tokenizer_piece(bed->tokenizer, copy.shown[i].id);
        strcat(strcat(strcat(text, i ? " " : ""), marks[copy.shown[i].state]), piece);
        if (copy.shown[i].state != TOKEN_DROPPED)
            assert_int_equal(copy.ids[ids++], copy.shown[i].id);
    }
    assert_int_equal(ids, copy.count);
    assert_string_equal(text, expected);
    edited_free(&copy);
}

static void test_changes(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, vocabulary, "a quieter film .");
    struct text_edit edit = {CHANGE_DROP, 2, 9, NULL};
    expect_copy(&bed, NULL, 0, "[CLS] a qui ##et ##er film . [SEP]");
    expect_copy(&bed, &edit, 1, "[CLS] a -qui -##et -##er film . [SEP]");
    edit.change = CHANGE_MASK;
    expect_copy(&bed, &edit, 1, "[CLS] a ?[MASK] ?[MASK] ?[MASK] film . [SEP]");
    edit = (struct text_edit){CHANGE_REPLACE, 2, 9, "warmly"};
    expect_copy(&bed, &edit, 1, "[CLS] a +warm +##ly film . [SEP]");
    edit = (struct text_edit){CHANGE_REPLACE, 2, 9, "warm , quiet"}; /* the comma is unknown */
    expect_copy(&bed, &edit, 1, "[CLS] a +warm +[UNK] +qui +##et film . [SEP]");
    /* Bytes of a part of a word change the tokens that they touch. */
    edit = (struct text_edit){CHANGE_DROP, 6, 7, NULL};
    expect_copy(&bed, &edit, 1, "[CLS] a qui -##et ##er film . [SEP]");
    /* Of two edits of one token the later one counts. */
    struct text_edit two[] = {{CHANGE_DROP, 0, 16, NULL}, {CHANGE_MASK, 10, 14, NULL}};
    expect_copy(&bed, two, 2, "[CLS] -a -qui -##et -##er ?[MASK] -. [SEP]");
    bed_close(&bed);
    bed_open(&bed, WITHOUT_MASK, "a film");
    edit = (struct text_edit){CHANGE_MASK, 2, 6, NULL};
    expect_copy(&bed, &edit, 1, "[CLS] a ?[UNK] [SEP]");
    bed_close(&bed);
}

static void test_errors(void **state) {
    (void)state;
    struct bed bed;
    struct edited copy;
    struct sawb_error error;
    bed_open(&bed, vocabulary, "a film");
    struct text_edit edit = {CHANGE_REPLACE, 2, 6, "  "};
    assert_int_equal(edits_apply(bed.tokenizer, &bed.encoding, &edit, 1, 64, &copy, &error), -1);
    assert_non_null(strstr(error.message, "no tokens"));
    assert_null(copy.ids);
    edit.word = "warm film";
    assert_int_equal(edits_apply(bed.tokenizer, &bed.encoding, &edit, 1, 4, &copy, &error), -1);
    assert_non_null(strstr(error.message, "5 tokens"));
    assert_null(copy.shown);
    edit.word = "\xff";
    assert_int_equal(edits_apply(bed.tokenizer, &bed.encoding, &edit, 1, 64, &copy, &error), -1);
    bed_close(&bed);
}

static void test_units(void **state) {
    (void)state;
    struct bed bed;
    int first, last, *firsts, count;
    bed_open(&bed, vocabulary, "a quieter film .");
    for (int token = 2; token <= 4; token++) {
        assert_int_equal(edits_unit(bed.tokenizer, &bed.encoding, token, UNIT_WORD, &first, &last),
                         1);
        assert_int_equal(first, 2);
        assert_int_equal(last, 4);
        assert_int_equal(edits_unit(bed.tokenizer, &bed.encoding, token, UNIT_TOKEN, &first, &last),
                         1);
        assert_true(first == token && last == token);
    }
    static const int nowhere[] = {-1, 0, 7, 8, 99};
    for (int i = 0; i < 5; i++)
        assert_int_equal(
            edits_unit(bed.tokenizer, &bed.encoding, nowhere[i], UNIT_WORD, &first, &last), 0);
    assert_int_equal(edits_units(bed.tokenizer, &bed.encoding, UNIT_WORD, &firsts, &count, NULL),
                     0);
    static const int words[] = {1, 2, 5, 6};
    assert_int_equal(count, 4);
    assert_memory_equal(firsts, words, sizeof(words));
    free(firsts);
    assert_int_equal(edits_units(bed.tokenizer, &bed.encoding, UNIT_TOKEN, &firsts, &count, NULL),
                     0);
    assert_int_equal(count, 6);
    free(firsts);
    bed_close(&bed);
}

static void test_pairs(void **state) {
    (void)state;
    int high, low;
    const float two[] = {3, -1}, three[] = {0.5f, 2, 2}, last[] = {1, 0, 4, 3};
    logit_pair(two, 2, &high, &low); /* positive and negative, whichever is larger */
    assert_true(high == 1 && low == 0);
    logit_pair(three, 3, &high, &low);
    assert_true(high == 1 && low == 2);
    logit_pair(last, 4, &high, &low);
    assert_true(high == 2 && low == 3);
    logit_pair(two, 1, &high, &low);
    assert_true(high == 0 && low == -1);
}

static void test_answers(void **state) {
    (void)state;
    /* Logits of ln 1, ln 3 and ln 4 are shares of 1/8, 3/8 and 4/8. */
    const float original[] = {0, logf(3), logf(4)}, copy[] = {logf(6), logf(1), logf(1)};
    struct copy_answer answer = copy_answer_of(copy, original, 3);
    assert_int_equal(answer.label, 0);
    assert_true(fabs(answer.probability - 6.0 / 8) < 1e-6);
    assert_true(fabs(answer.kept - 1.0 / 8) < 1e-6);
    assert_true(fabs(answer.difference) < 1e-6); /* of labels 2 and 1 */
    assert_true(fabs(answer.distance - 5.0 / 8) < 1e-6);
    answer = copy_answer_of(original, original, 3);
    assert_true(fabs(answer.difference - log(4.0 / 3)) < 1e-6);
    assert_true(answer.distance == 0);
    const float p[] = {1, 0}, q[] = {0, 1};
    assert_true(total_variation(p, q, 2) == 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_changes), cmocka_unit_test(test_errors),  cmocka_unit_test(test_units),
    cmocka_unit_test(test_pairs),   cmocka_unit_test(test_answers),
};

TEST_GROUP(tests_inspect_edits, tests);
