/*
 * term_entry.c - tests of the terminfo entry made in memory: a small one byte by byte after
 * term(5), and who gets it.
 */
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#include "tui/screen/term_entry.h"

static void test_bytes(void **state) {
    (void)state;
    const unsigned char flags[] = {1, 0, 1};
    const int numbers[] = {80, -1, 1 << 24};
    const char *const strings[] = {"\033[H", NULL, "", "a"};
    struct term_entry entry = {"ab", flags, numbers, strings, 3, 3, 4};
    char *text = term_entry_print(&entry);
    assert_string_equal(text, "hex:"
                              "1E02" /* magic of numbers of 32 bits */
                              "0300"
                              "0300"
                              "0300" /* name, flags, numbers */
                              "0400"
                              "0700" /* strings, their table */
                              "616200"
                              "010001" /* "ab", flags: even, no padding */
                              "50000000"
                              "FFFFFFFF"
                              "00000001"
                              "0000"
                              "FFFF"
                              "0400"
                              "0500"
                              "1B5B4800"
                              "00"
                              "6100"
                              "00" /* the table, and padding */
                              "0100"
                              "0000"
                              "0000"
                              "0100"
                              "0400"
                              "01"
                              "00" /* the flag RGB, and padding */
                              "0000"
                              "52474200");
    free(text);
}

static void test_too_large(void **state) {
    (void)state;
    enum { LENGTH = 33000 };
    char *long_text = malloc(LENGTH + 1);
    assert_non_null(long_text);
    memset(long_text, 'x', LENGTH);
    long_text[LENGTH] = '\0';
    const char *const strings[] = {long_text};
    struct term_entry entry = {.name = "ab", .strings = strings, .string_count = 1};
    assert_null(term_entry_print(&entry));
    free(long_text);
}

static void test_wanted(void **state) {
    (void)state;
    assert_true(term_entry_wanted("truecolor", "xterm-256color", NULL, 256));
    assert_true(term_entry_wanted("24bit", "tmux-256color", "/tmp/tmux", 256));
    assert_true(term_entry_wanted("TrueColor", "screen-256color", "/tmp/tmux", 256));
    assert_false(term_entry_wanted("truecolor", "screen-256color", NULL, 256));
    assert_false(term_entry_wanted("truecolor", "screen.xterm-256color", "", 256));
    assert_false(term_entry_wanted(NULL, "xterm-256color", NULL, 256));
    assert_false(term_entry_wanted("", "xterm-256color", NULL, 256));
    assert_false(term_entry_wanted("rxvt", "rxvt-unicode-256color", NULL, 256));
    assert_false(term_entry_wanted("truecolor", "linux", NULL, 8));
    assert_false(term_entry_wanted("truecolor", "xterm-16color", NULL, 16));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_bytes),
    cmocka_unit_test(test_too_large),
    cmocka_unit_test(test_wanted),
};

TEST_GROUP(tests_tui_term_entry, tests);
