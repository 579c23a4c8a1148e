/*
 * console.c - the lines of the console view.
 */
#include <stdio.h>
#include <string.h>

#include "tests/test.h"
#include "tui/app/console.h"

static void test_lines(void **state) {
    (void)state;
    struct console console = {0};
    assert_null(console_get(&console, 0));
    console_add(&console, CONSOLE_COMMAND, "presets");
    console_add(&console, CONSOLE_RESULT, "dense\n\nlocal");
    assert_int_equal(console.count, 4);
    assert_int_equal(console_get(&console, 0)->kind, CONSOLE_COMMAND);
    assert_string_equal(console_get(&console, 1)->text, "dense");
    assert_string_equal(console_get(&console, 2)->text, "");
    assert_string_equal(console_get(&console, 3)->text, "local");
    assert_null(console_get(&console, 4));
    assert_null(console_get(&console, -1));
    console_clear(&console);
    assert_int_equal(console.count, 0);
    console_clear(&console);
}

static void test_the_oldest_make_room(void **state) {
    (void)state;
    struct console console = {0};
    char text[32];
    for (int i = 0; i < CONSOLE_MOST + 7; i++) {
        snprintf(text, sizeof(text), "line %d", i);
        console_add(&console, CONSOLE_RESULT, text);
    }
    assert_int_equal(console.count, CONSOLE_MOST);
    assert_string_equal(console_get(&console, 0)->text, "line 7");
    assert_string_equal(console_get(&console, CONSOLE_MOST - 1)->text, text);
    console_clear(&console);
}

static void test_reading_back(void **state) {
    (void)state;
    struct console console = {0};
    console_scroll(&console, 5);
    assert_int_equal(console.back, 0);
    console_add(&console, CONSOLE_RESULT, "one\ntwo\nthree\nFour");
    console_scroll(&console, 2);
    assert_int_equal(console.back, 2);
    console_add(&console, CONSOLE_RESULT, "five"); /* the same lines stay in sight */
    assert_int_equal(console.back, 3);
    console_scroll(&console, 1 << 30);
    assert_int_equal(console.back, 4);
    console_scroll(&console, -(1 << 30));
    assert_int_equal(console.back, 0);
    assert_int_equal(console_find(&console, "FOUR", 1), 0);
    assert_int_equal(console.back, 1);
    assert_int_equal(console_find(&console, "one", 1), 0);
    assert_int_equal(console.back, 4);
    assert_int_equal(console_find(&console, "one", 1), -1);
    assert_int_equal(console_find(&console, "five", 0), 0);
    assert_int_equal(console.back, 0);
    console_clear(&console);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_lines),
    cmocka_unit_test(test_the_oldest_make_room),
    cmocka_unit_test(test_reading_back),
};
TEST_GROUP(tests_tui_console, tests);
