/*
 * line_editor.c - editing by graphemes, cutting, history, limits and drawing.
 */
#include "tui/screen/line_editor.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/text/unicode.h"
#include "tests/test.h"
#include "tui/screen/keys.h"

static void type(struct line_editor *editor, const char *text) {
    size_t dropped = 0;
    assert_int_equal(line_editor_insert(editor, text, strlen(text), &dropped, NULL), 0);
    assert_int_equal(dropped, 0);
}

static void press(struct line_editor *editor, int key, enum line_outcome outcome) {
    assert_int_equal(line_editor_key(editor, key), outcome);
}

#define assert_line(editor, expected, at)                                                          \
    do {                                                                                           \
        assert_string_equal(line_editor_text(editor), expected);                                   \
        assert_int_equal((editor)->cursor, at);                                                    \
    } while (0)

static void test_typing(void **state) {
    (void)state;
    struct line_editor editor = {0};
    assert_line(&editor, "", 0);
    press(&editor, 'a', LINE_CHANGED);
    press(&editor, 0xe9, LINE_CHANGED);
    press(&editor, KEYS_LEFT, LINE_MOVED);
    press(&editor, 'b', LINE_CHANGED);
    assert_line(&editor, "ab\303\251", 2);
    press(&editor, KEYS_BACKSPACE, LINE_CHANGED);
    press(&editor, KEYS_DELETE, LINE_CHANGED);
    assert_line(&editor, "a", 1);
    press(&editor, KEYS_DELETE, LINE_MOVED);
    press(&editor, KEYS_PAGE_UP, LINE_UNKNOWN);
    press(&editor, KEYS_CONTROL('g'), LINE_UNKNOWN);
    line_editor_free(&editor);
}

/* e with two marks, a flag of two letters, a family joined by zero-width joiners: one step each. */
static void test_graphemes(void **state) {
    (void)state;
    static const char *const clusters[] = {"e\314\201\314\243", "\360\237\207\253\360\237\207\267",
                                           "\360\237\221\251\342\200\215\360\237\221\247",
                                           "\341\204\222\341\205\241\341\206\253"};
    struct line_editor editor = {0};
    for (int i = 0; i < 4; i++)
        type(&editor, clusters[i]);
    size_t at = editor.length;
    for (int i = 3; i >= 0; i--) {
        press(&editor, KEYS_LEFT, LINE_MOVED);
        at -= strlen(clusters[i]);
        assert_int_equal(editor.cursor, at);
    }
    for (int i = 0; i < 4; i++) {
        press(&editor, KEYS_DELETE, LINE_CHANGED);
        at += strlen(clusters[i]);
    }
    assert_line(&editor, "", 0);
    line_editor_free(&editor);
}

/* A mark typed behind a letter joins it: the cursor is never inside. */
static void test_joining(void **state) {
    (void)state;
    struct line_editor editor = {0};
    type(&editor, "ae");
    press(&editor, KEYS_LEFT, LINE_MOVED);
    press(&editor, 0x301, LINE_CHANGED);
    assert_line(&editor, "a\314\201e", 3);
    press(&editor, KEYS_HOME, LINE_MOVED);
    press(&editor, KEYS_RIGHT, LINE_MOVED);
    assert_int_equal(editor.cursor, 3);
    line_editor_free(&editor);
}

static void test_words(void **state) {
    (void)state;
    struct line_editor editor = {0};
    type(&editor, "one two-three  four");
    press(&editor, KEYS_CTRL | KEYS_LEFT, LINE_MOVED);
    assert_int_equal(editor.cursor, 15);
    press(&editor, KEYS_ALT | 'b', LINE_MOVED);
    assert_int_equal(editor.cursor, 8);
    press(&editor, KEYS_ALT | 'f', LINE_MOVED);
    assert_int_equal(editor.cursor, 13);
    press(&editor, KEYS_CONTROL('w'), LINE_CHANGED);
    assert_line(&editor, "one   four", 4);
    press(&editor, KEYS_END, LINE_MOVED);
    press(&editor, KEYS_CONTROL('y'), LINE_CHANGED);
    assert_line(&editor, "one   fourtwo-three", 19);
    press(&editor, KEYS_CONTROL('u'), LINE_CHANGED);
    assert_line(&editor, "", 0);
    press(&editor, KEYS_CONTROL('y'), LINE_CHANGED);
    press(&editor, KEYS_CONTROL('a'), LINE_MOVED);
    press(&editor, KEYS_ALT | 'd', LINE_CHANGED);
    assert_line(&editor, "   fourtwo-three", 0);
    press(&editor, KEYS_CONTROL('k'), LINE_CHANGED);
    assert_line(&editor, "", 0);
    line_editor_free(&editor);
}

static void test_history(void **state) {
    (void)state;
    struct line_editor editor = {0};
    const char *lines[] = {"first", "first", "  ", "second"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(line_editor_set(&editor, lines[i], NULL), 0);
        line_editor_remember(&editor);
    }
    assert_int_equal(editor.history_count, 2);
    assert_int_equal(line_editor_set(&editor, "draft", NULL), 0);
    press(&editor, KEYS_UP, LINE_CHANGED);
    assert_line(&editor, "second", 6);
    press(&editor, KEYS_UP, LINE_CHANGED);
    assert_line(&editor, "first", 5);
    press(&editor, KEYS_UP, LINE_MOVED);
    press(&editor, KEYS_CONTROL('n'), LINE_CHANGED);
    press(&editor, KEYS_DOWN, LINE_CHANGED);
    assert_line(&editor, "draft", 5);
    press(&editor, KEYS_DOWN, LINE_MOVED);
    for (int i = 0; i < LINE_EDITOR_HISTORY + 10; i++) {
        char line[16];
        line[0] = (char)('a' + i % 26);
        line[1] = (char)('a' + i / 26 % 26);
        line[2] = '\0';
        assert_int_equal(line_editor_set(&editor, line, NULL), 0);
        line_editor_remember(&editor);
    }
    assert_int_equal(editor.history_count, LINE_EDITOR_HISTORY);
    line_editor_free(&editor);
}

static void test_cleaning(void **state) {
    (void)state;
    struct line_editor editor = {0};
    static const char dirty[] = "a\tb\r\nc\nd\033[31m\377\302\205e\342\200\250f";
    size_t dropped = 0;
    assert_int_equal(line_editor_insert(&editor, dirty, sizeof(dirty) - 1, &dropped, NULL), 0);
    assert_line(&editor, "a b c d[31m e f", 15);
    assert_int_equal(dropped, 2);
    line_editor_free(&editor);
}

static void test_replace(void **state) {
    (void)state;
    struct line_editor editor = {0};
    struct sawb_error error;
    type(&editor, "preset b ligh");
    assert_int_equal(line_editor_replace(&editor, 9, 13, "light_sparse", 12, &error), 0);
    assert_line(&editor, "preset b light_sparse", 21);
    assert_int_equal(line_editor_replace(&editor, 9, 99, "x", 1, &error), -1);
    assert_int_equal(line_editor_replace(&editor, 9, 8, "x", 1, &error), -1);
    assert_line(&editor, "preset b light_sparse", 21);
    line_editor_free(&editor);
}

static void test_limit(void **state) {
    (void)state;
    struct line_editor editor = {0};
    struct sawb_error error;
    char *text = malloc(LINE_EDITOR_LIMIT + 1);
    assert_non_null(text);
    memset(text, 'a', LINE_EDITOR_LIMIT);
    text[LINE_EDITOR_LIMIT] = '\0';
    assert_int_equal(line_editor_set(&editor, text, &error), 0);
    assert_int_equal(line_editor_insert(&editor, "b", 1, NULL, &error), -1);
    assert_non_null(strstr(error.message, "full"));
    press(&editor, 'b', LINE_FAILED);
    assert_int_equal(editor.length, LINE_EDITOR_LIMIT);
    /* One word as long as the line is still left, and cut, at once. */
    press(&editor, KEYS_ALT | 'b', LINE_MOVED);
    assert_int_equal(editor.cursor, 0);
    press(&editor, KEYS_END, LINE_MOVED);
    press(&editor, KEYS_CONTROL('w'), LINE_CHANGED);
    assert_line(&editor, "", 0);
    free(text);
    line_editor_free(&editor);
}

/* Random keys: the text stays valid and the cursor on a boundary that moving left and right keeps.
 */
static void test_noise(void **state) {
    (void)state;
    static const int letters[] = {'a', ' ', 0xe9, 0x301, 0x200d, 0x1f1eb, 0x1f469, 0x1100, 0x1161};
    for (uint64_t round = 0; round < 50; round++) {
        struct line_editor editor = {0};
        uint64_t key = random_key(round, 3, 0, 0);
        for (uint64_t i = 0; i < 200; i++) {
            uint64_t bits = random_bits(key, i);
            const struct line_binding *binding = line_editor_binding((int)((bits >> 8) % 16));
            int pressed = binding && bits % 3 == 0 ? binding->key : letters[(bits >> 16) % 9];
            line_editor_key(&editor, pressed);
            if (bits % 17 == 0)
                line_editor_remember(&editor);
            assert_int_equal(unicode_validate(line_editor_text(&editor), editor.length, NULL), 0);
            assert_true(editor.cursor <= editor.length);
            size_t before = editor.cursor;
            if (before < editor.length) {
                press(&editor, KEYS_RIGHT, LINE_MOVED);
                press(&editor, KEYS_LEFT, LINE_MOVED);
                assert_int_equal(editor.cursor, before);
            }
        }
        line_editor_free(&editor);
    }
}

/* The cursor is in sight wherever it stands, on the character it is before. */
static void test_drawing(void **state) {
    (void)state;
    struct line_editor editor = {0};
    struct grid *grid = grid_create(1, 20, NULL);
    assert_non_null(grid);
    type(&editor, "a fine \347\214\253 film about a small town by the sea");
    press(&editor, KEYS_HOME, LINE_MOVED);
    for (;;) {
        grid_clear(grid);
        line_editor_draw(&editor, grid_area(grid), 0, 2, 16, MEANING_TEXT, 1, &glyphs_utf8);
        assert_int_equal(grid->cursor_row, 0);
        assert_in_range(grid->cursor_column, 2, 17);
        assert_string_equal(grid->cells[1].glyph, " ");
        assert_string_equal(grid->cells[18].glyph, " ");
        char under[8] = {0};
        const char *at = line_editor_text(&editor) + editor.cursor;
        if (!*at)
            break;
        size_t bytes = text_prefix(at, (unsigned char)*at >= 0x80 ? 2 : 1);
        memcpy(under, at, bytes);
        if (grid->cursor_column > 2 && grid->cursor_column < 17)
            assert_string_equal(grid->cells[grid->cursor_column].glyph, under);
        press(&editor, KEYS_RIGHT, LINE_MOVED);
    }
    grid_free(grid);
    line_editor_free(&editor);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_typing),  cmocka_unit_test(test_graphemes),
    cmocka_unit_test(test_joining), cmocka_unit_test(test_words),
    cmocka_unit_test(test_history), cmocka_unit_test(test_cleaning),
    cmocka_unit_test(test_replace), cmocka_unit_test(test_limit),
    cmocka_unit_test(test_noise),   cmocka_unit_test(test_drawing),
};
TEST_GROUP(tests_tui_line_editor, tests);
