/*
 * Error messages: formatting, prefixes, and truncation that leaves valid UTF-8.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "tests/test.h"

#define ROOM (sizeof(((struct sawb_error *)0)->message) - 1)

static void formats_and_returns_failure(void **state) {
    (void)state;
    struct sawb_error error;
    assert_int_equal(error_set(&error, "%s: line %d", "a.tsv", 7), -1);
    assert_string_equal(error.message, "a.tsv: line 7");
    assert_int_equal(error_prefix(&error, "reading %s", "it"), -1);
    assert_string_equal(error.message, "reading it: a.tsv: line 7");
}

static void accepts_no_error(void **state) {
    (void)state;
    assert_int_equal(error_set(NULL, "%d", 1), -1);
    assert_int_equal(error_prefix(NULL, "%d", 1), -1);
}

static void may_quote_itself(void **state) {
    (void)state;
    struct sawb_error error;
    error_set(&error, "inner");
    error_set(&error, "outer (%s)", error.message);
    assert_string_equal(error.message, "outer (inner)");
    error_prefix(&error, "%s", error.message);
    assert_string_equal(error.message, "outer (inner): outer (inner)");
}

/* `filler` bytes of text, then one character: it is kept whole or not at all. */
static void check_cut(size_t filler, const char *character) {
    struct sawb_error error;
    char text[2 * sizeof(error.message)];
    memset(text, 'x', filler);
    strcpy(text + filler, character);
    error_set(&error, "%s", text);
    size_t whole = filler + strlen(character);
    size_t expected = whole <= ROOM ? whole : filler < ROOM ? filler : ROOM;
    assert_int_equal(strlen(error.message), expected);
    assert_memory_equal(error.message, text, expected);
}

static void cuts_between_characters(void **state) {
    (void)state;
    static const char *const characters[] = {"y", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\xac"};
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
        for (size_t filler = ROOM - 6; filler <= ROOM + 2; filler++)
            check_cut(filler, characters[i]);
    }
}

static void cuts_a_prefixed_message(void **state) {
    (void)state;
    struct sawb_error error;
    char text[ROOM + 1];
    memset(text, 'x', ROOM);
    text[ROOM] = '\0';
    memcpy(text + ROOM - 6, "\xe2\x82\xac\xe2\x82\xac", 6);
    error_set(&error, "%s", text);
    assert_int_equal(strlen(error.message), ROOM);
    error_prefix(&error, "p"); /* "p: " takes three bytes: the last euro sign goes */
    assert_int_equal(strlen(error.message), ROOM);
    assert_string_equal(error.message + ROOM - 3, "\xe2\x82\xac");
    error_prefix(&error, "q"); /* now it falls on a boundary; one byte more cuts a character */
    error_prefix(&error, "%s", "");
    size_t length = strlen(error.message);
    assert_true(length <= ROOM && length >= ROOM - 2);
    assert_true((error.message[length - 1] & 0x80) == 0);

    error_set(&error, "inner");
    error_prefix(&error, "%s", text); /* no room is left for what was there */
    assert_int_equal(strlen(error.message), ROOM);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(formats_and_returns_failure),
    cmocka_unit_test(accepts_no_error),
    cmocka_unit_test(may_quote_itself),
    cmocka_unit_test(cuts_between_characters),
    cmocka_unit_test(cuts_a_prefixed_message),
};
TEST_GROUP(tests_base_error, tests);
