/*
 * vocabulary.c - tests of core/text/vocabulary. The oracle (tests/oracle/tokens.py) counts all
 * pairs anew for each merge.
 */
#include "core/text/vocabulary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/text/tokenizer.h"
#include "tests/test.h"

#define VECTORS "tests/text/vectors/"

static void parse(struct dataset *dataset, const char *text) {
    struct sawb_error error = {"no message"};
    if (dataset_parse(dataset, text, strlen(text), "lines", &error) < 0)
        fail_msg("%s", error.message);
}

static void test_learns_what_the_plain_algorithm_learns(void **state) {
    (void)state;
    static const int sizes[] = {40, 100, 1000};
    struct dataset dataset;
    struct sawb_error error = {"no message"};
    assert_int_equal(dataset_open(&dataset, VECTORS "corpus.txt", &error), 0);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char path[64], *expected, *text;
        snprintf(path, sizeof(path), VECTORS "learned_%d.txt", sizes[i]);
        assert_int_equal(file_read(&expected, NULL, path, &error), 0);
        assert_int_equal(vocabulary_learn(&text, &dataset, sizes[i], NULL, NULL, &error), 0);
        assert_string_equal(text, expected);
        free(text);
        free(expected);
    }
    dataset_free(&dataset);
}

static void test_covers_the_text_it_learned_from(void **state) {
    (void)state;
    struct dataset dataset;
    struct sawb_error error;
    struct tokenizer *tokenizer;
    char *text;
    parse(&dataset,
          "warm warmer warmest, cold colder coldest!\n\xc3\xa9lan \xc3\xa9lan, ! w3 3w\n");
    assert_int_equal(vocabulary_learn(&text, &dataset, 60, NULL, NULL, &error), 0);
    assert_int_equal(tokenizer_from_vocabulary(&tokenizer, text, strlen(text), "learned", &error),
                     0);
    free(text);
    for (int which = 0; which < SPECIAL_TOKENS; which++)
        assert_int_equal(tokenizer_special(tokenizer, (enum special_token)which), which);
    for (int i = 0; i < dataset.count; i++) {
        struct encoding encoding;
        assert_int_equal(tokenizer_encode(tokenizer, dataset.examples[i].text,
                                          dataset.examples[i].length, 99, &encoding, &error),
                         0);
        for (int t = 0; t < encoding.count; t++)
            assert_int_not_equal(encoding.ids[t], tokenizer_special(tokenizer, TOKEN_UNK));
        encoding_free(&encoding);
    }
    /* Both forms of a letter, one of a sign. */
    assert_true(tokenizer_find(tokenizer, "3") >= 0 && tokenizer_find(tokenizer, "##3") >= 0);
    assert_true(tokenizer_find(tokenizer, "!") >= 0 && tokenizer_find(tokenizer, "##!") < 0);
    tokenizer_free(tokenizer);
    dataset_free(&dataset);
}

static void test_too_little_text_or_room(void **state) {
    (void)state;
    struct dataset dataset;
    struct sawb_error error;
    char *text;
    parse(&dataset, "abc\n");
    assert_int_equal(vocabulary_learn(&text, &dataset, 100, NULL, NULL, &error), -1);
    assert_non_null(strstr(error.message, "too little"));
    assert_null(text);
    dataset_free(&dataset);
    parse(&dataset, "aa aa aa\n");
    assert_int_equal(vocabulary_learn(&text, &dataset, 6, NULL, NULL, &error), -1);
    assert_null(text);
    assert_int_equal(vocabulary_learn(&text, &dataset, -1, NULL, NULL, &error), -1);
    assert_int_equal(vocabulary_learn(&text, &dataset, 7, NULL, NULL, &error), 0);
    assert_string_equal(text, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##a\n");
    free(text);
    dataset_free(&dataset);
}

/* Says yes at the question number *left. */
static int countdown(void *left) {
    return --*(int *)left == 0;
}

static void test_can_be_cancelled(void **state) {
    (void)state;
    struct dataset dataset;
    struct sawb_error error;
    assert_int_equal(dataset_open(&dataset, VECTORS "corpus.txt", &error), 0);
    for (int question = 1; question < 12; question++) {
        int left = question;
        char *text;
        assert_int_equal(vocabulary_learn(&text, &dataset, 100, countdown, &left, &error), -1);
        assert_null(text);
        assert_int_equal(left, 0);
        assert_non_null(strstr(error.message, "stopped"));
    }
    dataset_free(&dataset);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_learns_what_the_plain_algorithm_learns),
    cmocka_unit_test(test_covers_the_text_it_learned_from),
    cmocka_unit_test(test_too_little_text_or_room),
    cmocka_unit_test(test_can_be_cancelled),
};

TEST_GROUP(tests_text_vocabulary, tests);
