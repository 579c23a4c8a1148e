/*
 * keys.c - every row of the key table can be reached and does something.
 */
#include "tui/screen/keys.h"

#include <stdio.h>
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

/* Every key of the table, and a few more, is what its name says. */
static void test_names_are_read(void **state) {
    (void)state;
    static const int others[] = {
        KEYS_F1,
        KEYS_F1 + 19,
        KEYS_CTRL | KEYS_LEFT,
        KEYS_ALT | KEYS_DELETE,
        KEYS_ALT | ' ',
        KEYS_CONTROL('\\'),
        KEYS_CONTROL('_'),
        KEYS_ALT | KEYS_CONTROL('x'),
        KEYS_PAGE_UP,
        KEYS_BACK_TAB,
        0xe9,
        0x732b,
        KEYS_ALT | 0xe9,
        KEYS_ALT | KEYS_CTRL | KEYS_UP,
    };
    struct sawb_error error;
    const struct key_binding *row;
    char name[KEYS_NAME_BYTES];
    int key, then;
    for (int i = 0; (row = keys_get(i)); i++) {
        keys_binding_name(row, name, sizeof(name));
        assert_int_equal(keys_parse(name, &key, &then, &error), 0);
        assert_int_equal(key, row->key);
        assert_int_equal(then, row->then);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        keys_name(others[i], name, sizeof(name));
        assert_int_equal(keys_parse(name, &key, &then, &error), 0);
        assert_int_equal(key, others[i]);
        assert_int_equal(then, 0);
    }
}

static void test_spellings(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int key, then;
    } rows[] = {{"ctrl-x", KEYS_CONTROL('x'), 0},
                {"CTRL-X", KEYS_CONTROL('x'), 0},
                {"  g   a ", 'g', 'a'},
                {"pgdn", KEYS_PAGE_DOWN, 0},
                {"escape", KEYS_ESCAPE, 0},
                {"f12", KEYS_F1 + 11, 0},
                {"F", 'F', 0},
                {"-", '-', 0},
                {"Alt--", KEYS_ALT | '-', 0},
                {"Ctrl-I", KEYS_TAB, 0}, /* the same to a terminal */
                {"Ctrl-M", KEYS_ENTER, 0},
                {"Ctrl-J", KEYS_ENTER, 0},
                {"Ctrl-H", KEYS_BACKSPACE, 0},
                {"Ctrl-[", KEYS_ESCAPE, 0}};
    static const char *const wrong[] = {
        "",       "  ",   "ab",    "F0",   "F21",        "F1x",           "Ctrl-",
        "Ctrl-1", "Alt-", "g a b", "\377", "Ctrl-Space", "Ctrl-\303\251", "g Hyper"};
    struct sawb_error error;
    int key, then;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(keys_parse(rows[i].text, &key, &then, &error), 0);
        assert_int_equal(key, rows[i].key);
        assert_int_equal(then, rows[i].then);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (keys_parse(wrong[i], &key, &then, &error) == 0)
            fail_msg("\"%s\" is taken for a key", wrong[i]);
        assert_non_null(strstr(error.message, "key"));
    }
}

static const char *command_of(const struct key_sources *sources, enum focus focus, int first,
                              int key) {
    const struct key_binding *row = keys_find(sources, focus, first, key);
    return row ? row->command : "";
}

/* The user's bindings go before those of the view, these before the table's. */
static void test_order(void **state) {
    (void)state;
    static const struct key_binding own[] = {
        {FOCUS_MAP, 'x', 0, "own x", "x", NULL, NULL, 0},
        {FOCUS_MAP, 'e', 'e', "own e e", "e e", NULL, NULL, 0},
        {FOCUS_MAP, 'a', 0, "own a", "a", NULL, NULL, 0},
        {0},
    };
    struct sawb_error error;
    struct key_map map = {0};
    const struct key_sources sources = {&map, own};
    assert_string_equal(command_of(&sources, FOCUS_MAP, 0, 'x'), "own x");
    assert_string_equal(command_of(NULL, FOCUS_MAP, 0, 'x'), "swap");
    /* Two keys of the view hide the table's one, one hides the table's two. */
    assert_string_equal(command_of(&sources, FOCUS_MAP, 0, 'e'), "");
    assert_true(keys_begins(&sources, FOCUS_MAP, 'e'));
    assert_string_equal(command_of(&sources, FOCUS_MAP, 'e', 'e'), "own e e");
    assert_string_equal(command_of(&sources, FOCUS_MAP, 0, 'a'), "own a");
    assert_false(keys_begins(&sources, FOCUS_MAP, 'a'));

    assert_int_equal(keys_bind(&map, FOCUS_MAP, "x", "user x", &error), 0);
    assert_int_equal(keys_bind(&map, FOCUS_MAP, "g z", "user g z", &error), 0);
    assert_int_equal(keys_bind(&map, FOCUS_ANY, "Ctrl-X", "user Ctrl-X", &error), 0);
    assert_int_equal(keys_bind(&map, FOCUS_ANY, "Ctrl-C", "user Ctrl-C", &error), 0);
    assert_string_equal(command_of(&sources, FOCUS_MAP, 0, 'x'), "user x");
    assert_string_equal(command_of(&sources, FOCUS_TEXT, 0, 'x'), "user x");
    assert_string_equal(command_of(&sources, FOCUS_SENTENCE, 0, 'x'), "");
    assert_string_equal(command_of(&sources, FOCUS_SENTENCE, 0, KEYS_ALT | 'x'), "user x");
    assert_string_equal(command_of(&sources, FOCUS_MAP, 'g', 'z'), "user g z");
    assert_string_equal(command_of(&sources, FOCUS_MAP, 'g', 'h'), "view heads");
    assert_string_equal(command_of(&sources, FOCUS_SENTENCE, 0, KEYS_CONTROL('x')), "user Ctrl-X");
    assert_string_equal(command_of(&sources, FOCUS_SENTENCE, 0, KEYS_CONTROL('c')), "user Ctrl-C");
    assert_string_equal(command_of(&sources, FOCUS_PROMPT, 0, KEYS_CONTROL('c')), "cancel");
    assert_int_equal(keys_row(&sources, 0)->key, 'x');
    assert_string_equal(keys_row(&sources, map.count)->command, "own x");
    assert_ptr_equal(keys_row(&sources, map.count + 3), keys_get(0));
    assert_false(keys_holds(&sources, FOCUS_MAP, &own[0]));
    assert_true(keys_holds(&sources, FOCUS_MAP, &own[1]));
    key_map_free(&map);
    assert_string_equal(command_of(&sources, FOCUS_MAP, 0, 'x'), "own x");
}

/* A key cannot both do something and begin a sequence: the newer binding wins. */
static void test_bindings_collide(void **state) {
    (void)state;
    struct sawb_error error;
    struct key_map map = {0};
    assert_int_equal(keys_bind(&map, FOCUS_MAP, "x", "one", &error), 0);
    assert_int_equal(keys_bind(&map, FOCUS_MAP, "x", "two", &error), 0);
    assert_int_equal(map.count, 1);
    assert_string_equal(map.rows[0].command, "two");
    assert_int_equal(keys_bind(&map, FOCUS_MAP, "x a", "three", &error), 0);
    assert_int_equal(keys_bind(&map, FOCUS_MAP, "x b", "four", &error), 0);
    assert_int_equal(map.count, 2);
    assert_int_equal(keys_bind(&map, FOCUS_MAP, "x", "five", &error), 0);
    assert_int_equal(map.count, 1);
    assert_int_equal(keys_unbind(&map, "x a", &error), -1);
    assert_int_equal(keys_unbind(&map, "nokey", &error), -1);
    assert_int_equal(keys_unbind(&map, "x", &error), 0);
    assert_int_equal(map.count, 0);
    assert_int_equal(keys_bind(&map, FOCUS_MAP, "nokey", "six", &error), -1);
    assert_int_equal(keys_usual_focus('x'), FOCUS_MAP);
    assert_int_equal(keys_usual_focus(KEYS_ENTER), FOCUS_MAP);
    assert_int_equal(keys_usual_focus(KEYS_UP), FOCUS_MAP);
    assert_int_equal(keys_usual_focus(KEYS_CONTROL('x')), FOCUS_ANY);
    assert_int_equal(keys_usual_focus(KEYS_F1), FOCUS_ANY);
    assert_int_equal(keys_usual_focus(KEYS_ALT | 'x'), FOCUS_ANY);
    key_map_free(&map);
}

/* Rows of the views' own: each runs something, is told, and is not hidden. */
static void test_views_keys(void **state) {
    (void)state;
    for (int view = 0; view < VIEWS; view++) {
        const struct view_ops *ops = screen_view_get(view);
        if (!ops || !ops->keys)
            continue;
        const struct key_sources sources = {NULL, ops->keys};
        for (const struct key_binding *row = ops->keys; row->command; row++) {
            char name[KEYS_NAME_BYTES], word[64] = "";
            keys_binding_name(row, name, sizeof(name));
            snprintf(word, sizeof(word), "%.*s", (int)strcspn(row->command, " "), row->command);
            const struct command *command = command_find(word);
            if (!is_action(row->command) && !(command && command->where & COMMAND_SCREEN))
                fail_msg("%s: \"%s\" runs \"%s\", which is neither an action nor a command",
                         view_get(view)->name, name, row->command);
            if (!keys_holds(&sources, row->focus, row))
                fail_msg("%s: \"%s\" is bound twice", view_get(view)->name, name);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_rows_run_something),
    cmocka_unit_test(test_rows_are_found),
    cmocka_unit_test(test_rows_are_told),
    cmocka_unit_test(test_fallbacks),
    cmocka_unit_test(test_editing_keys_are_free),
    cmocka_unit_test(test_names),
    cmocka_unit_test(test_names_are_read),
    cmocka_unit_test(test_spellings),
    cmocka_unit_test(test_order),
    cmocka_unit_test(test_bindings_collide),
    cmocka_unit_test(test_views_keys),
};
TEST_GROUP(tests_tui_keys, tests);
