/*
 * sweep.c - the command sweep, its cursor and figure, and the pictures of the view.
 */
#include "tui/app/sweep.h"

#include <math.h>

#include "tests/tui/command_fixture.h"
#include "tests/tui/pictures.h"
#include "viz/figure.h"

static void assert_near(double value, double expected, double tolerance) {
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.9g is not %.9g (within %g)", value, expected, tolerance);
}

/* ---- by hand --------------------------------------------------------------------------------- */

static void hand_result(struct sweep_result *result, const char *family, double target, int step,
                        int rows) {
    *result = (struct sweep_result){.rows = rows, .labelled = rows, .target = target};
    result->pattern = sweep_pattern(family, target, 0);
    result->realised = target * 0.97;
    result->values[SHOWN_ACCURACY] = 0.86 - 0.15 * step * target * target;
    result->values[SHOWN_LOSS] = 0.4 + 0.3 * step * target * target;
    result->values[SHOWN_MASS] = 1 - target * (0.4 + 0.3 * step);
    result->values[SHOWN_AGREEMENT] = 1 - 0.1 * step * target;
}

static struct workbench *open_look(struct fixture *fixture, const struct glyphs *glyphs) {
    static const double targets[] = {0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95};
    fixture_open(fixture, FIXTURE_TOKENS, glyphs);
    struct workbench *workbench = &fixture->workbench;
    struct sweep_state *state = &workbench->sweep;
    struct sawb_error error;
    struct sweep_options options = {.path = "data/dev.tsv",
                                    .families = {"topk", "random"},
                                    .family_count = 2,
                                    .target_count = 9,
                                    .rows = 256};
    memcpy(options.targets, targets, sizeof(targets));
    fixture_must(sweep_begin(workbench, 7, &options, &fixture->model, &error) == 0);
    hand_result(&state->dense, "dense", 0, 0, 192);
    for (int i = 0; i < 18; i++)
        if (i < 15) /* the others have not come yet */
            hand_result(&state->results[i], i < 9 ? "topk(?)" : "random(?)", targets[i % 9],
                        1 + i / 9, 192);
    state->target = 6;
    workbench_show(workbench, VIEW_SWEEP);
    screen_key(fixture->screen, KEYS_TAB);
    return workbench;
}

static void close_look(struct fixture *fixture) {
    sweep_free(&fixture->workbench.sweep);
    fixture_close(fixture);
}

static void draw_all(const struct glyphs *glyphs, const char *name) {
    struct fixture fixture;
    struct sheet sheet;
    struct workbench *workbench = open_look(&fixture, glyphs);
    sheet_open(&sheet);
    picture_screen(&sheet, &fixture, 24, 80, "two families, under way");
    picture_screen(&sheet, &fixture, 50, 160, "two families, under way");
    picture_view(&sheet, &fixture, VIEW_SWEEP, 10, 40, "a quarter");
    picture_view(&sheet, &fixture, VIEW_SWEEP, 20, 60, "a quarter");
    picture_view(&sheet, &fixture, VIEW_SWEEP, 5, 20, "the smallest");
    for (int i = 0; i < 18; i++) {
        workbench->sweep.results[i].labelled = 0;
        workbench->sweep.results[i].values[SHOWN_ACCURACY] = (double)NAN;
        workbench->sweep.results[i].values[SHOWN_LOSS] = (double)NAN;
    }
    workbench->sweep.dense.labelled = 0;
    workbench->sweep.running = 0;
    workbench->sweep.stopped = 1;
    workbench->sweep.shown = SHOWN_AGREEMENT;
    picture_screen(&sheet, &fixture, 24, 80, "no labels, stopped");
    sweep_free(&workbench->sweep);
    picture_screen(&sheet, &fixture, 24, 80, "no sweep");
    picture_check(&sheet, name);
    close_look(&fixture);
}

static void test_pictures(void **state) {
    (void)state;
    draw_all(&glyphs_utf8, "sweep-utf8");
    draw_all(&glyphs_ascii, "sweep-ascii");
}

static void test_nothing_outside(void **state) {
    (void)state;
    struct fixture fixture;
    open_look(&fixture, &glyphs_utf8);
    picture_nothing_outside(&fixture, VIEW_SWEEP, 40);
    close_look(&fixture);
}

static void test_lines(void **state) {
    (void)state;
    struct fixture fixture;
    double x[SWEEP_TARGETS_MOST], y[SWEEP_TARGETS_MOST];
    struct workbench *workbench = open_look(&fixture, &glyphs_utf8);
    struct sweep_state *sweep = &workbench->sweep;
    assert_int_equal(sweep_line(sweep, 0, SHOWN_ACCURACY, x, y), 9);
    assert_int_equal(sweep_line(sweep, 1, SHOWN_ACCURACY, x, y), 6);
    /* A whole number whose realised sparsity falls as its target rises. */
    sweep->results[2].realised = 0.9;
    assert_int_equal(sweep_line(sweep, 0, SHOWN_MASS, x, y), 9);
    for (int i = 1; i < 9; i++)
        assert_true(x[i] >= x[i - 1]);
    assert_near(x[7], 90, 1e-9);
    assert_near(y[7], sweep->results[2].values[SHOWN_MASS], 1e-12);
    /* sqrt(0.8 0.2 / 100) */
    struct sweep_result result = {.labelled = 100, .values = {0.8}};
    assert_near(sweep_standard_error(&result), 0.04, 1e-12);
    result.labelled = 0;
    assert_true(isnan(sweep_standard_error(&result)));
    close_look(&fixture);
}

static void test_cursor(void **state) {
    (void)state;
    struct fixture fixture;
    struct workbench *workbench = open_look(&fixture, &glyphs_utf8);
    struct sweep_state *sweep = &workbench->sweep;
    screen_key(fixture.screen, KEYS_RIGHT);
    assert_int_equal(sweep->target, 7);
    screen_key(fixture.screen, KEYS_END);
    screen_key(fixture.screen, 'l');
    assert_int_equal(sweep->target, 8);
    screen_key(fixture.screen, 'j');
    screen_key(fixture.screen, 'j');
    assert_int_equal(sweep->family, 1);
    screen_command(fixture.screen, "sweep apply"); /* this point has not come yet */
    assert_holds(workbench->message, "no point yet");
    screen_key(fixture.screen, KEYS_HOME);
    assert_int_equal(sweep->target, 0);
    screen_command(fixture.screen, "sweep point 3");
    assert_int_equal(sweep->target, 2);
    screen_key(fixture.screen, 'b');
    assert_string_equal(workbench->arms[ARM_B].spec, "random(0.4)");
    screen_key(fixture.screen, 'm');
    assert_int_equal(sweep->shown, SHOWN_LOSS);
    screen_command(fixture.screen, "sweep point 10");
    assert_int_equal(workbench->message_kind, MESSAGE_ERROR);
    screen_command(fixture.screen, "sweep show speed");
    assert_holds(workbench->message, "accuracy, loss");
    close_look(&fixture);
}

static void test_click(void **state) {
    (void)state;
    struct fixture fixture;
    struct workbench *workbench = open_look(&fixture, &glyphs_utf8);
    const struct view_ops *view = screen_view_get(VIEW_SWEEP);
    struct grid *grid = grid_create(30, 160, NULL);
    fixture_must(grid != NULL);
    struct area area = grid_area(grid);
    view->draw(fixture.screen, area);
    /* The table stands at the right, under a title, the lines' names and its head. */
    assert_int_equal(view->click(fixture.screen, area, 3 + 4, 150, MOUSE_PRESS), 1);
    assert_int_equal(workbench->sweep.target, 4);
    assert_int_equal(view->click(fixture.screen, area, 6, 9, MOUSE_PRESS), 1);
    assert_int_equal(workbench->sweep.target, 0);
    assert_int_equal(view->click(fixture.screen, area, 0, 9, MOUSE_PRESS), 0);
    assert_int_equal(view->click(fixture.screen, area, 6, 9, MOUSE_WHEEL_DOWN), 0);
    grid_free(grid);
    close_look(&fixture);
}

static void test_figure(void **state) {
    (void)state;
    struct fixture fixture;
    struct figure figure = {0};
    struct sawb_error error;
    struct workbench *workbench = open_look(&fixture, &glyphs_utf8);
    assert_int_equal(sweep_figure(workbench, &figure, &error), 0);
    assert_int_equal(figure.panel_count, SWEEP_SHOWN + 1);
    const struct panel *plot = &figure.panels[SHOWN_MASS], *table = &figure.panels[SWEEP_SHOWN];
    assert_int_equal(plot->series_count, 2);
    assert_int_equal(plot->series[1].count, 6);
    assert_near(plot->series[0].y[6], 1 - 0.8 * 0.7, 1e-12);
    assert_int_equal(table->rows, 18);
    assert_string_equal(table->table[0].texts[6], "topk(0.8)");
    assert_true(isnan(table->table[2].numbers[17]));
    figure_free(&figure);
    sweep_free(&workbench->sweep);
    assert_int_equal(sweep_figure(workbench, &figure, &error), -1);
    assert_holds(error.message, "sweep FILE");
    figure_free(&figure);
    close_look(&fixture);
}

/* ---- through the command --------------------------------------------------------------------- */

static int lines_of(const char *text) {
    int lines = 0;
    for (; (text = strchr(text, '\n')); text++)
        lines++;
    return lines;
}

static void test_script(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    desk.workbench.settings.tables = TABLES_TSV;
    assert_int_equal(
        desk_run(&desk, "sweep %s/data.tsv --family 'topk, block_topk(2, ?)' --points 80%,0.5"),
        COMMAND_DONE);
    const char *told = desk_told(&desk, TOLD_RESULTS);
    assert_int_equal(lines_of(told), 5);
    assert_holds(told, "family\ttarget\tremoved\taccuracy\tstandard_error\tloss\t");
    assert_holds(told, "\ntopk\t0.5\t");
    assert_holds(told, "\t4\tblock_topk(2, 0.8)\n");
    assert_holds(desk_told(&desk, TOLD_NOTES), "dense: accuracy ");
    const struct sweep_state *sweep = &desk.workbench.sweep;
    assert_int_equal(sweep->running, 0);
    assert_int_equal(sweep->dense.rows, 4);
    assert_int_equal(desk_run(&desk, "sweep %s/sentences.txt --points 50 --rows 2 --json"),
                     COMMAND_DONE);
    told = desk_told(&desk, TOLD_RESULTS);
    assert_int_equal(lines_of(told), 1);
    assert_holds(told, "{\"family\":\"topk\",\"sparsity\":{\"spec\":\"topk(0.5)\",\"target\":0.5,"
                       "\"realised\":");
    assert_holds(told, "\"accuracy\":null,\"standard_error\":null,\"loss\":null,\"mass_kept\":");
    assert_holds(told, "\"rows\":2}");
    assert_int_equal(desk_run(&desk, "sweep apply"), COMMAND_DONE);
    assert_string_equal(desk.workbench.arms[ARM_B].spec, "topk(0.5)");
    desk_close(&desk);
}

static void test_usage(void **state) {
    (void)state;
    struct desk desk;
    static const struct refused wrong[] = {
        {"sweep %s/data.tsv --points 100", "below 100 %", COMMAND_USAGE},
        {"sweep %s/data.tsv --points 50,", "shares", COMMAND_USAGE},
        {"sweep %s/data.tsv --points -1", "shares", COMMAND_USAGE},
        {"sweep %s/data.tsv --points nan", "shares", COMMAND_USAGE},
        {"sweep %s/data.tsv --family topk,", "a name is missing", COMMAND_USAGE},
        {"sweep %s/data.tsv --family a,b,c,d,e,f,g", "at most 6", COMMAND_USAGE},
        {"sweep %s/data.tsv --rows 0", "rows", COMMAND_USAGE},
        {"sweep %s/data.tsv --family dense", "is no family", COMMAND_FAILED},
        {"sweep %s/data.tsv more", "is too much", COMMAND_USAGE},
        {"sweep %s/none.tsv", "none.tsv", COMMAND_FAILED},
        {"sweep apply", "no point yet", COMMAND_FAILED}};
    desk_open(&desk, 1);
    desk_refuses(&desk, wrong, sizeof(wrong) / sizeof(wrong[0]));
    sweep_free(&desk.workbench.sweep);
    assert_int_equal(desk_run(&desk, "sweep point 1"), COMMAND_USAGE);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "there are");
    desk_close(&desk);
}

/* On the screen: at once, in the background; a second one has to wait. */
static void test_background(void **state) {
    (void)state;
    struct desk desk;
    struct workbench *workbench = &desk.workbench;
    desk_open(&desk, 0);
    assert_int_equal(desk_run(&desk, "sweep %s/data.tsv"), COMMAND_DONE);
    assert_int_equal(workbench_view(workbench), VIEW_SWEEP);
    assert_int_equal(workbench->sweep.target_count, 11);
    assert_int_equal(workbench->sweep.running, 1);
    while (workbench->sweep.running)
        desk_take(&desk);
    for (int target = 0; target < 11; target++)
        assert_int_equal(sweep_at(&workbench->sweep, 0, target)->rows, 4);
    assert_null(sweep_at(&workbench->sweep, 1, 0));
    assert_string_equal(workbench->progress, "");
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_pictures),   cmocka_unit_test(test_nothing_outside),
    cmocka_unit_test(test_lines),      cmocka_unit_test(test_cursor),
    cmocka_unit_test(test_click),      cmocka_unit_test(test_figure),
    cmocka_unit_test(test_script),     cmocka_unit_test(test_usage),
    cmocka_unit_test(test_background),
};

TEST_GROUP(tests_tui_sweep, tests);
