/*
 * training.c - the view of the curves: pictures at several sizes, what its keys run, the mouse.
 */
#include <math.h>

#include "tests/golden.h"
#include "tests/tui/fixture.h"
#include "viz/exporter.h"

#define GOLDEN "tests/tui/golden/"

static char *picture(struct fixture *fixture, int columns, int rows) {
    struct sawb_error error;
    struct grid *grid = grid_create(rows, columns, &error);
    fixture_must(grid != NULL);
    screen_draw(fixture->screen, grid);
    char *text = export_text(grid);
    fixture_must(text != NULL);
    grid_free(grid);
    return text;
}

static void check(struct fixture *fixture, int columns, int rows, const char *name) {
    char path[160], *text = picture(fixture, columns, rows);
    snprintf(path, sizeof(path), GOLDEN "runs-%s-%dx%d.txt", name, columns, rows);
    assert_int_equal(golden_check(path, text), 0);
    free(text);
}

static void open_view(struct fixture *fixture, const struct glyphs *glyphs) {
    fixture_open(fixture, FIXTURE_TOKENS, glyphs);
    runs_open(&fixture->workbench.runs);
    fixture->workbench.run.smoothing = fixture->workbench.runs.smoothing;
    fixture->screen->on_map = 1;
    workbench_show(&fixture->workbench, VIEW_TRAINING);
}

static void add_run(struct fixture *fixture, const char *name, int steps, double shift) {
    struct runs *runs = &fixture->workbench.runs;
    struct run_history *run = &runs->others[runs->count++].history;
    *run = (struct run_history){.seconds_left = -1, .smoothing = runs->smoothing};
    run->look = runs->count;
    fixture_curves(run, name, steps, steps, shift);
    run->running = 0;
}

static const struct glyphs *const sets[] = {&glyphs_utf8, &glyphs_ascii};
static const char *const set_names[] = {"utf8", "ascii"};

static void test_one_run(void **state) {
    (void)state;
    for (int set = 0; set < 2; set++) {
        struct fixture fixture;
        char name[64];
        open_view(&fixture, sets[set]);
        fixture_run(&fixture, 300, 1200);
        snprintf(name, sizeof(name), "one-%s", set_names[set]);
        check(&fixture, 80, 24, name);
        check(&fixture, 160, 50, name);
        fixture_close(&fixture);
    }
}

/* Several runs, of different length, with the cursor: a table reads them out. */
static void test_several_runs(void **state) {
    (void)state;
    for (int set = 0; set < 2; set++) {
        struct fixture fixture;
        char name[64];
        open_view(&fixture, sets[set]);
        fixture_run(&fixture, 300, 600);
        add_run(&fixture, "runs/longer", 500, 0.15);
        add_run(&fixture, "runs/a name that is far too long to be shown whole", 90, -0.1);
        runs_go(&fixture.workbench, 211);
        snprintf(name, sizeof(name), "several-%s", set_names[set]);
        check(&fixture, 80, 24, name);
        check(&fixture, 160, 50, name);
        fixture.workbench.runs.curve = CURVE_ALL;
        fixture.workbench.runs.log_scale = 1;
        snprintf(name, sizeof(name), "all-%s", set_names[set]);
        check(&fixture, 80, 24, name);
        check(&fixture, 160, 50, name);
        fixture_close(&fixture);
    }
}

static void test_nothing_yet(void **state) {
    (void)state;
    struct fixture fixture;
    open_view(&fixture, &glyphs_utf8);
    check(&fixture, 80, 24, "none");
    fixture.workbench.run.name = fixture_copy("runs/first");
    fixture.workbench.run.running = 1;
    check(&fixture, 80, 24, "starting");
    fixture_close(&fixture);
}

/* At every size there is something, and never anything outside of the screen. */
static void test_every_size(void **state) {
    (void)state;
    struct fixture fixture;
    open_view(&fixture, &glyphs_utf8);
    fixture_run(&fixture, 300, 600);
    add_run(&fixture, "runs/longer", 500, 0.15);
    for (int choice = 0; choice < CURVE_CHOICES; choice++) {
        fixture.workbench.runs.curve = (enum curve_choice)choice;
        for (int rows = 1; rows < 30; rows++)
            for (int columns = 4; columns < 170; columns += 9) {
                struct sawb_error error;
                struct grid *grid = grid_create(rows, columns, &error);
                fixture_must(grid != NULL);
                struct area area = grid_area(grid);
                screen_view_get(VIEW_TRAINING)->draw(fixture.screen, area);
                screen_view_get(VIEW_TRAINING)
                    ->click(fixture.screen, area, rows - 1, columns - 1, MOUSE_PRESS);
                grid_free(grid);
            }
    }
    fixture_close(&fixture);
}

static void press(struct fixture *fixture, const char *keys) {
    for (; *keys; keys++)
        screen_key(fixture->screen, (unsigned char)*keys);
}

static void test_keys(void **state) {
    (void)state;
    struct fixture fixture;
    open_view(&fixture, &glyphs_utf8);
    fixture_run(&fixture, 300, 300);
    const struct runs *runs = &fixture.workbench.runs;
    screen_key(fixture.screen, KEYS_LEFT);
    assert_int_equal(runs->cursor_on, 1);
    assert_int_equal(runs->cursor, 300);
    screen_key(fixture.screen, KEYS_LEFT);
    assert_int_equal(runs->cursor, 298); /* by a hundredth of what is shown */
    screen_key(fixture.screen, KEYS_HOME);
    assert_int_equal(runs->cursor, 0);
    press(&fixture, "b");
    assert_int_equal(runs->cursor, 300);
    press(&fixture, "+");
    assert_true(runs->from < runs->to);
    press(&fixture, "=y");
    assert_true(runs->from == runs->to && runs->log_scale);
    press(&fixture, "jX");
    assert_int_equal(runs->curve, CURVE_LOSS);
    assert_int_equal(runs->axis, AXIS_EPOCH);
    screen_key(fixture.screen, KEYS_BACKSPACE);
    assert_int_equal(runs->cursor_on, 0);
    press(&fixture, "m");
    assert_true(runs->smoothing == 0.98);
    /* A key shows the command it ran, and an error stays. */
    press(&fixture, " ");
    assert_int_equal(fixture.workbench.message_kind, MESSAGE_ERROR);
    assert_non_null(strstr(fixture.workbench.message, "run toggle: no run is in progress"));
    press(&fixture, "Rr");
    assert_string_equal(line_editor_text(&fixture.screen->prompt), "run rate ");
    fixture_close(&fixture);
}

/* Every key of the view runs a line of the command table, or a word of the screen. */
static void test_every_key_has_a_command(void **state) {
    (void)state;
    for (const struct key_binding *row = screen_view_get(VIEW_TRAINING)->keys; row->command;
         row++) {
        char word[32];
        snprintf(word, sizeof(word), "%.*s", (int)strcspn(row->command, " "), row->command);
        if (strcmp(word, "prompt") != 0 && !command_find(word))
            fail_msg("%s is no command", word);
        assert_int_equal(row->focus, FOCUS_MAP);
    }
}

/* A press in the plot puts the cursor below the mouse; the wheel zooms. */
static void test_mouse(void **state) {
    (void)state;
    struct fixture fixture;
    open_view(&fixture, &glyphs_utf8);
    fixture_run(&fixture, 300, 300);
    const struct runs *runs = &fixture.workbench.runs;
    struct sawb_error error;
    struct grid *grid = grid_create(16, 80, &error);
    fixture_must(grid != NULL);
    struct area area = grid_area(grid);
    const struct view_ops *view = screen_view_get(VIEW_TRAINING);
    int64_t last = -1;
    for (int column = 12; column < 78; column += 5) {
        assert_int_equal(view->click(fixture.screen, area, 4, column, MOUSE_PRESS), 1);
        assert_true(runs->cursor > last);
        last = runs->cursor;
        grid_clear(grid);
        view->draw(fixture.screen, area);
        int found = 0; /* the line of the cursor goes through the cell */
        for (int row = 2; row < 7; row++)
            found |= strcmp(area_cell(area, row, column)->glyph, "│") == 0;
        assert_true(found);
    }
    assert_int_equal(view->click(fixture.screen, area, 0, 30, MOUSE_PRESS), 0);
    assert_int_equal(view->click(fixture.screen, area, 4, 30, MOUSE_RELEASE), 0);
    assert_int_equal(view->click(fixture.screen, area, 4, 30, MOUSE_WHEEL_UP), 1);
    assert_true(fabs(runs->to - runs->from - 150) < 1e-9);
    grid_free(grid);
    fixture_close(&fixture);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_one_run),     cmocka_unit_test(test_several_runs),
    cmocka_unit_test(test_nothing_yet), cmocka_unit_test(test_every_size),
    cmocka_unit_test(test_keys),        cmocka_unit_test(test_every_key_has_a_command),
    cmocka_unit_test(test_mouse),
};

TEST_GROUP(tests_tui_training, tests);
