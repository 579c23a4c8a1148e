/*
 * choice.c - tests of core/text/choice: which pieces of a vocabulary a text needs.
 */
#include "core/text/choice.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "tests/temporary.h"
#include "tests/test.h"

static const char theirs[] =
    "[PAD]\n[unused0]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nf\ni\nl\nm\na\nz\n##f\n"
    "##i\n##l\n##m\n##z\nfilm\n##ing\nfilmi\nthe\nmill\n";

static struct tokenizer *open_theirs(void) {
    struct tokenizer *tokenizer;
    struct sawb_error error = {"no message"};
    if (tokenizer_from_vocabulary(&tokenizer, theirs, strlen(theirs), "theirs", &error) < 0)
        fail_msg("%s", error.message);
    return tokenizer;
}

static void parse(struct dataset *dataset, const char *text) {
    struct sawb_error error = {"no message"};
    if (dataset_parse(dataset, text, strlen(text), "lines", &error) < 0)
        fail_msg("%s", error.message);
}

static void put(const struct temporary *folder, const char *name, const char *text) {
    char *path = temporary_path(folder, name);
    struct sawb_error error;
    assert_int_equal(file_replace(path, text, strlen(text), &error), 0);
    free(path);
}

/* The pieces in their order, each with a blank behind it. */
static const char *pieces_of(const struct tokenizer *tokenizer) {
    static char text[256];
    text[0] = '\0';
    for (int id = 0; id < tokenizer_size(tokenizer); id++)
        strcat(strcat(text, tokenizer_piece(tokenizer, id)), " ");
    return text;
}

static void expect_choice(const char *text, int size, const char *pieces) {
    struct tokenizer *source = open_theirs(), *chosen;
    struct sawb_error error = {"no message"};
    struct dataset dataset;
    parse(&dataset, text);
    if (choose_pieces(&chosen, source, &dataset, size, NULL, NULL, &error) < 0)
        fail_msg("%s", error.message);
    assert_string_equal(pieces_of(chosen), pieces);
    tokenizer_free(chosen);
    tokenizer_free(source);
    dataset_free(&dataset);
}

static void test_keeps_what_is_used_and_its_characters(void **state) {
    (void)state;
    /* "zz" is z ##z; "filming" is filmi and nothing that goes on with it: [UNK]. */
    expect_choice("Film film the\nzz filming\n", 100,
                  "[PAD] [UNK] [CLS] [SEP] [MASK] f i l m z ##f ##i ##l ##m ##z film the ");
}

static void test_the_most_used_where_room_is_short(void **state) {
    (void)state;
    expect_choice("the the film mill mill\n", 15,
                  "[PAD] [UNK] [CLS] [SEP] [MASK] f i l m ##f ##i ##l ##m the mill ");
    /* Of those used alike the first of the vocabulary. */
    expect_choice("mill the film\n", 14,
                  "[PAD] [UNK] [CLS] [SEP] [MASK] f i l m ##f ##i ##l ##m film ");
}

static void test_keeps_the_rules(void **state) {
    (void)state;
    static const char cased[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nThe\nfilm\n";
    static const char settings[] = "{\"do_lower_case\":false}";
    struct temporary folder;
    struct tokenizer *source, *chosen;
    struct sawb_error error;
    struct dataset dataset;
    struct encoding encoding;
    temporary_make(&folder);
    put(&folder, "vocab.txt", cased);
    put(&folder, "tokenizer_config.json", settings);
    assert_int_equal(tokenizer_open(&source, folder.path, &error), 0);
    parse(&dataset, "The film\n");
    assert_int_equal(choose_pieces(&chosen, source, &dataset, 100, NULL, NULL, &error), 0);
    assert_int_equal(tokenizer_encode(chosen, "The film", 8, 100, &encoding, &error), 0);
    assert_int_equal(encoding.count, 4);
    assert_string_equal(tokenizer_piece(chosen, encoding.ids[1]), "The");
    encoding_free(&encoding);
    tokenizer_free(chosen);
    tokenizer_free(source);
    dataset_free(&dataset);
    temporary_remove(&folder);
}

/* What the text does not use is spelt with the characters; what they cannot spell is [UNK]. */
static void test_spells_other_text(void **state) {
    (void)state;
    struct tokenizer *source = open_theirs(), *chosen;
    struct sawb_error error = {"no message"};
    struct dataset dataset;
    struct encoding encoding;
    parse(&dataset, "film\n");
    assert_int_equal(choose_pieces(&chosen, source, &dataset, 100, NULL, NULL, &error), 0);
    assert_int_equal(tokenizer_encode(chosen, "mill zz", 7, 100, &encoding, &error), 0);
    static const char *const pieces[] = {"[CLS]", "m", "##i", "##l", "##l", "[UNK]", "[SEP]"};
    assert_int_equal(encoding.count, 7);
    for (int t = 0; t < 7; t++)
        assert_string_equal(tokenizer_piece(chosen, encoding.ids[t]), pieces[t]);
    encoding_free(&encoding);
    tokenizer_free(chosen);
    tokenizer_free(source);
    dataset_free(&dataset);
}

static int yes(void *user) {
    (void)user;
    return 1;
}

static void test_no_room_and_a_stop(void **state) {
    (void)state;
    struct tokenizer *source = open_theirs(), *chosen;
    struct sawb_error error = {""};
    struct dataset dataset;
    parse(&dataset, "film\n");
    /* 5 special tokens, and f i l m in both forms. */
    assert_int_equal(choose_pieces(&chosen, source, &dataset, 12, NULL, NULL, &error), -1);
    assert_non_null(strstr(error.message, "12 word pieces is too small"));
    assert_non_null(strstr(error.message, "are 13; choose a larger one"));
    assert_null(chosen);
    assert_int_equal(choose_pieces(&chosen, source, &dataset, 13, yes, NULL, &error), -1);
    assert_non_null(strstr(error.message, "stopped"));
    assert_null(chosen);
    tokenizer_free(source);
    dataset_free(&dataset);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_keeps_what_is_used_and_its_characters),
    cmocka_unit_test(test_the_most_used_where_room_is_short),
    cmocka_unit_test(test_keeps_the_rules),
    cmocka_unit_test(test_spells_other_text),
    cmocka_unit_test(test_no_room_and_a_stop),
};

TEST_GROUP(tests_text_choice, tests);
