/*
 * string_table.c - tests of core/text/string_table.
 */
#include "core/text/string_table.h"

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

static void test_empty_table_finds_nothing(void **state) {
    (void)state;
    struct string_table table = {0};
    size_t matched;
    assert_int_equal(string_table_find(&table, "a", 1), -1);
    assert_int_equal(string_table_longest(&table, "", "a", 1, &matched), -1);
    string_table_free(&table);
}

static void test_numbers_in_order_of_coming(void **state) {
    (void)state;
    struct string_table table = {0};
    char text[16];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 5000; i++) {
            int length = snprintf(text, sizeof(text), "%d", i * 7919);
            assert_int_equal(string_table_add(&table, text, (size_t)length), i);
        }
    assert_int_equal(table.count, 5000);
    for (int i = 0; i < 5000; i++) {
        int length = snprintf(text, sizeof(text), "%d", i * 7919);
        assert_int_equal(string_table_find(&table, text, (size_t)length), i);
        assert_string_equal(string_table_text(&table, i), text);
        assert_int_equal(string_table_length(&table, i), length);
    }
    assert_int_equal(string_table_find(&table, "7918", 4), -1);
    string_table_free(&table);
}

static void test_holds_any_bytes(void **state) {
    (void)state;
    struct string_table table = {0};
    assert_int_equal(string_table_add(&table, "a\0b", 3), 0);
    assert_int_equal(string_table_add(&table, "a\0c", 3), 1);
    assert_int_equal(string_table_add(&table, "a", 1), 2);
    assert_int_equal(string_table_add(&table, "", 0), 3);
    assert_int_equal(string_table_find(&table, "a\0c", 3), 1);
    assert_int_equal(string_table_find(&table, "", 0), 3);
    assert_int_equal(string_table_length(&table, 0), 3);
    string_table_free(&table);
}

static void test_longest_match(void **state) {
    (void)state;
    static const char *const strings[] = {"a", "abc", "##a", "##ab", "abcdefg", "##", "", "b"};
    struct string_table table = {0};
    for (int i = 0; i < 8; i++)
        assert_int_equal(string_table_add(&table, strings[i], strlen(strings[i])), i);
    size_t matched;
    assert_int_equal(string_table_longest(&table, "", "abcdef", 6, &matched), 1);
    assert_int_equal(matched, 3);
    assert_int_equal(string_table_longest(&table, "", "abcdefgh", 8, &matched), 4);
    assert_int_equal(matched, 7);
    assert_int_equal(string_table_longest(&table, "", "ab", 2, &matched), 0);
    assert_int_equal(matched, 1);
    assert_int_equal(string_table_longest(&table, "##", "abc", 3, &matched), 3);
    assert_int_equal(matched, 2);
    /* "##" and "" are there, but nothing of the text would be taken. */
    assert_int_equal(string_table_longest(&table, "##", "xyz", 3, &matched), -1);
    assert_int_equal(matched, 0);
    assert_int_equal(string_table_longest(&table, "", "", 0, &matched), -1);
    string_table_free(&table);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_empty_table_finds_nothing),
    cmocka_unit_test(test_numbers_in_order_of_coming),
    cmocka_unit_test(test_holds_any_bytes),
    cmocka_unit_test(test_longest_match),
};

TEST_GROUP(tests_text_string_table, tests);
