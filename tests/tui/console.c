/*
 * console.c - the lines of the console view.
 */
#include <stdio.h>
#include <string.h>

#include "tests/tui/pictures.h"
#include "tui/app/figures.h"
#include "tui/screen/prompt.h"
#include "viz/figure.h"

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

/* ---- pictures -------------------------------------------------------------------------------- */

static void add_all(struct sheet *sheet, struct fixture *fixture, int columns, int rows) {
    struct workbench *workbench = &fixture->workbench;
    picture_view(sheet, fixture, VIEW_CONSOLE, rows, columns, "console: nothing yet");
    console_add(&workbench->console, CONSOLE_COMMAND, "presets");
    console_add(&workbench->console, CONSOLE_RESULT,
                "dense\nlight_sparse   topk(0.4)\ncaf\303\251");
    console_add(&workbench->console, CONSOLE_NOTE, "the screen is saved in a.svg");
    console_add(
        &workbench->console, CONSOLE_ERROR,
        "sparsity: nowhere(1): there is no such pattern; a long line that a narrow view cuts");
    picture_view(sheet, fixture, VIEW_CONSOLE, rows, columns, "console");
    console_scroll(&workbench->console, 2);
    picture_view(sheet, fixture, VIEW_CONSOLE, rows, columns, "console: two lines back");
    console_clear(&workbench->console);
    snprintf(workbench->help_find, sizeof(workbench->help_find), "undo");
    picture_view(sheet, fixture, VIEW_HELP, rows, columns, "help: a search");
    snprintf(workbench->help_find, sizeof(workbench->help_find), "nothing like it");
    picture_view(sheet, fixture, VIEW_HELP, rows, columns, "help: nothing found");
    workbench->help_find[0] = '\0';
}

static void test_pictures(void **state) {
    (void)state;
    for (int ascii = 0; ascii < 2; ascii++) {
        struct fixture fixture;
        struct sheet sheet;
        fixture_open(&fixture, 5, ascii ? &glyphs_ascii : &glyphs_utf8);
        sheet_open(&sheet);
        add_all(&sheet, &fixture, 80, 24);
        add_all(&sheet, &fixture, 160, 50);
        add_all(&sheet, &fixture, 20, 5);
        picture_check(&sheet, ascii ? "console-ascii" : "console-utf8");
        fixture_close(&fixture);
    }
}

static void test_figure(void **state) {
    (void)state;
    struct fixture fixture;
    struct figure figure = {0};
    struct sawb_error error;
    fixture_open(&fixture, 5, &glyphs_utf8);
    assert_int_equal(console_figure(&fixture.workbench, &figure, &error), -1);
    console_add(&fixture.workbench.console, CONSOLE_COMMAND, "presets");
    console_add(&fixture.workbench.console, CONSOLE_ERROR, "no");
    assert_int_equal(console_figure(&fixture.workbench, &figure, &error), 0);
    assert_int_equal(figure.panels[0].rows, 2);
    assert_string_equal(figure.panels[0].table[0].texts[1], "error");
    assert_string_equal(figure.panels[0].table[1].texts[0], "presets");
    figure_free(&figure);
    snprintf(fixture.workbench.help_find, sizeof(fixture.workbench.help_find), "undo");
    assert_int_equal(help_figure(&fixture.workbench, &figure, &error), 0);
    assert_int_equal(figure.panels[0].rows, 2);
    assert_string_equal(figure.panels[0].table[0].texts[1], "redo");
    figure_free(&figure);
    snprintf(fixture.workbench.help_find, sizeof(fixture.workbench.help_find), "nothing like it");
    assert_int_equal(help_figure(&fixture.workbench, &figure, &error), -1);
    figure_free(&figure);
    fixture_close(&fixture);
}

/* The search over commands: the best first, Enter runs it or opens the prompt for more words. */
static void test_finder(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, 5, &glyphs_utf8);
    struct screen *screen = fixture.screen;
    prompt_find(screen, "");
    assert_true(screen->finding && screen->completion_count > 50);
    prompt_cancel(screen, "");
    assert_false(screen->finding || screen->prompt_open);
    prompt_find(screen, "exchange");
    assert_string_equal(screen->completions[screen->chosen].text, "swap");
    prompt_cancel(screen, "");
    prompt_find(screen, "sparsity pattern arm");
    assert_string_equal(screen->completions[0].text, "sparsity ");
    prompt_accept(screen, "");
    assert_true(screen->prompt_open && !screen->finding);
    assert_string_equal(line_editor_text(&screen->prompt), "sparsity ");
    prompt_cancel(screen, "");
    prompt_find(screen, "qqqqqqqq");
    assert_int_equal(screen->completion_count, 0);
    prompt_complete(screen, "");
    prompt_accept(screen, "");
    assert_false(screen->prompt_open);
    fixture_close(&fixture);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_lines),        cmocka_unit_test(test_the_oldest_make_room),
    cmocka_unit_test(test_reading_back), cmocka_unit_test(test_pictures),
    cmocka_unit_test(test_figure),       cmocka_unit_test(test_finder),
};
TEST_GROUP(tests_tui_console, tests);
