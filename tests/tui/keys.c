/*
 * keys.c - every row of the key table can be reached and does something.
 */
#include "tui/screen/keys.h"

#include <string.h>

#include "tests/test.h"
#include "tui/command/command.h"
#include "tui/screen/screen.h"

static int is_action(const char *text) {
    size_t length = strcspn(text, " ");
    const struct screen_action *action;
    for (int i = 0; (action = screen_action_get(i)); i++)
        if (strlen(action->name) == length && strncmp(action->name, text, length) == 0)
            return 1;
    return 0;
}

static void test_rows_run_something(void **state) {
    (void)state;
    const struct key_binding *row;
    for (int i = 0; (row = keys_get(i)); i++) {
        char name[32] = "";
        const char *text = row->command;
        memcpy(name, text, strcspn(text, " "));
        const struct command *command = command_find(name);
        if (is_action(text)) {
            assert_null(command); /* one word never means two things */
            continue;
        }
        if (!command || !(command->where & COMMAND_SCREEN))
            fail_msg("key row %d: \"%s\" is neither an action nor a command of the screen", i,
                     text);
    }
}

static void test_rows_are_found(void **state) {
    (void)state;
    const struct key_binding *row;
    for (int i = 0; (row = keys_get(i)); i++) {
        const struct key_binding *found =
            keys_find(NULL, row->focus, row->then ? row->key : 0, row->then ? row->then : row->key);
        char name[40];
        keys_binding_name(row, name, sizeof(name));
        if (found != row)
            fail_msg("\"%s\" is bound twice, or hidden", name);
        if (row->then)
            assert_true(keys_begins(NULL, row->focus, row->key));
        else
            assert_false(keys_begins(NULL, row->focus, row->key));
    }
}

static void test_rows_are_told(void **state) {
    (void)state;
    const struct key_binding *row, *other;
    for (int i = 0; (row = keys_get(i)); i++) {
        int told = row->note != NULL;
        for (int j = 0; !told && (other = keys_get(j)); j++)
            told = other->note && strcmp(other->command, row->command) == 0;
        if (!told)
            fail_msg("\"%s\" has no note", row->command);
        assert_int_equal(row->hint == NULL, row->hint_keys == NULL);
    }
}

static void test_fallbacks(void **state) {
    (void)state;
    assert_string_equal(keys_find(NULL, FOCUS_SENTENCE, 0, KEYS_ALT | '2')->command,
                        "preset b moderate_sparse");
    assert_string_equal(keys_find(NULL, FOCUS_SENTENCE, KEYS_ALT | 'a', '1')->command,
                        "preset a light_sparse");
    assert_null(keys_find(NULL, FOCUS_SENTENCE, 0, '2'));
    assert_null(keys_find(NULL, FOCUS_SENTENCE, 0, KEYS_ALT | 'b')); /* the line editor's */
    assert_string_equal(keys_find(NULL, FOCUS_MAP, 0, KEYS_ALT | ':')->command, "prompt");
    assert_true(keys_begins(NULL, FOCUS_SENTENCE, KEYS_ALT | 'a'));
    assert_true(keys_begins(NULL, FOCUS_MAP, KEYS_ALT | 'a'));
    assert_false(keys_begins(NULL, FOCUS_SENTENCE, 'a'));
    assert_false(keys_begins(NULL, FOCUS_PROMPT, 'a'));
    assert_string_equal(keys_find(NULL, FOCUS_TEXT, 0, 'c')->command, "view training");
    assert_string_equal(keys_find(NULL, FOCUS_TEXT, 0, KEYS_DOWN)->command, "scroll 1");
    assert_string_equal(keys_find(NULL, FOCUS_PROMPT, 0, KEYS_CONTROL('c'))->command, "cancel");
    assert_string_equal(keys_find(NULL, FOCUS_MAP, 0, KEYS_CONTROL('c'))->command, "interrupt");
    assert_null(keys_find(NULL, FOCUS_PROMPT, 0, 'x'));
}

/* Line editing and the keys of the sentence and the prompt do not get in each other's way. */
static void test_editing_keys_are_free(void **state) {
    (void)state;
    const struct line_binding *binding;
    for (int i = 0; (binding = line_editor_binding(i)); i++) {
        assert_null(keys_find(NULL, FOCUS_SENTENCE, 0, binding->key));
        assert_null(keys_find(NULL, FOCUS_PROMPT, 0, binding->key));
        assert_non_null(binding->note);
        if (binding->also)
            assert_null(keys_find(NULL, FOCUS_PROMPT, 0, binding->also));
    }
}

static void test_names(void **state) {
    (void)state;
    static const struct {
        int key;
        const char *name;
    } named[] = {{'x', "x"},
                 {KEYS_CONTROL('c'), "Ctrl-C"},
                 {KEYS_ALT | 'b', "Alt-b"},
                 {KEYS_CTRL | KEYS_LEFT, "Ctrl-Left"},
                 {KEYS_BACK_TAB, "Shift-Tab"},
                 {KEYS_TAB, "Tab"},
                 {KEYS_ENTER, "Enter"},
                 {KEYS_ESCAPE, "Esc"},
                 {' ', "Space"},
                 {0xe9, "\303\251"},
                 {KEYS_LAST, "?"}};
    char name[16];
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        keys_name(named[i].key, name, sizeof(name));
        assert_string_equal(name, named[i].name);
    }
    keys_name(KEYS_CTRL | KEYS_LEFT, name, 5);
    assert_string_equal(name, "Ctrl");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_rows_run_something),    cmocka_unit_test(test_rows_are_found),
    cmocka_unit_test(test_rows_are_told),         cmocka_unit_test(test_fallbacks),
    cmocka_unit_test(test_editing_keys_are_free), cmocka_unit_test(test_names),
};
TEST_GROUP(tests_tui_keys, tests);
