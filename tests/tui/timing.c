/*
 * timing.c - the view timing: its pictures, cursor, figure, when A and B are measured; and the
 * sweeps of bench.
 */
#include "tui/app/timing.h"

#include <math.h>

#include "tests/tui/command_fixture.h"
#include "tests/tui/pictures.h"
#include "viz/figure.h"

static void assert_near(double value, double expected, double tolerance) {
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.9g is not %.9g (within %g)", value, expected, tolerance);
}

/* ---- by hand --------------------------------------------------------------------------------- */

static void hand_point(struct timing_state *state, int length, int family, int target) {
    const struct timing_options *options = &state->options;
    int tokens = options->lengths[length];
    double share = options->targets[target], kept = 1 - share;
    struct timing_point *point =
        &state->points[(length * options->family_count + family) * options->target_count + target];
    double dense = 0.002 * tokens * tokens / 64 + 0.01, overhead = family ? 1.4 : 1.1;
    *point = (struct timing_point){.rounds = 40,
                                   .target = share,
                                   .realised = share * 0.98,
                                   .dense = dense,
                                   .sparse = dense * kept * overhead + 0.004,
                                   .share = 0.4};
    point->pattern = sweep_pattern(family ? "block_topk(16, ?)" : "local(?)", share, 0);
    snprintf(point->kernel, sizeof(point->kernel), "%s", family ? "block select" : "band");
    point->ratio = point->dense / point->sparse;
    point->ratio_p10 = point->ratio * 0.9;
    point->ratio_p90 = point->ratio * 1.2;
    point->p10 = point->sparse * 0.9;
    point->p90 = point->sparse * 1.2;
}

static void hand_live(struct timing_state *state) {
    state->live[TIME_KERNEL] = (struct timing_live){.rounds = 60,
                                                    .tokens = 12,
                                                    .ms = {0.0123, 0.0101},
                                                    .ratio = 1.22,
                                                    .ratio_p10 = 1.1,
                                                    .ratio_p90 = 1.4,
                                                    .share = 1,
                                                    .kernels = {"dense", "select"}};
    state->live[TIME_MODEL] = (struct timing_live){.rounds = 41,
                                                   .tokens = 12,
                                                   .ms = {1.503, 1.498},
                                                   .ratio = 1.003,
                                                   .ratio_p10 = 0.96,
                                                   .ratio_p90 = 1.05,
                                                   .share = 0.05,
                                                   .kernels = {"dense", "select"}};
}

static struct workbench *open_look(struct fixture *fixture, const struct glyphs *glyphs,
                                   enum timing_what what) {
    fixture_open(fixture, FIXTURE_TOKENS, glyphs);
    struct workbench *workbench = &fixture->workbench;
    struct timing_state *state = &workbench->timing;
    struct sawb_error error;
    struct timing_options options = {.what = what,
                                     .lengths = {32, 128, 512},
                                     .length_count = 3,
                                     .families = {"local", "block_topk"},
                                     .family_count = 2,
                                     .targets = {0, 0.4, 0.6, 0.8, 0.9},
                                     .target_count = 5,
                                     .seconds = 0.3};
    fixture_must(timing_begin(workbench, 7, &options, &fixture->model, &error) == 0);
    for (int i = 0; i < 28; i++) /* the last two have not come yet */
        hand_point(state, i / 10, i / 5 % 2, i % 5);
    hand_live(state);
    state->live_answer = workbench->prediction_job;
    workbench_show(workbench, VIEW_TIMING);
    screen_key(fixture->screen, KEYS_TAB);
    return workbench;
}

static void close_look(struct fixture *fixture) {
    timing_free(&fixture->workbench.timing);
    fixture_close(fixture);
}

static void draw_all(const struct glyphs *glyphs, const char *name) {
    struct fixture fixture;
    struct sheet sheet;
    struct workbench *workbench = open_look(&fixture, glyphs, TIME_KERNEL);
    sheet_open(&sheet);
    picture_screen(&sheet, &fixture, 24, 80, "kernel, under way");
    picture_screen(&sheet, &fixture, 50, 160, "kernel, under way");
    picture_view(&sheet, &fixture, VIEW_TIMING, 10, 40, "a quarter");
    picture_view(&sheet, &fixture, VIEW_TIMING, 5, 20, "the smallest");
    workbench->timing.options.what = TIME_MODEL;
    workbench->timing.running = 0;
    workbench->timing.stopped = 1;
    workbench->timing.live_answer = -1;
    picture_screen(&sheet, &fixture, 40, 120, "model, stopped, A and B of an earlier answer");
    timing_free(&workbench->timing);
    picture_screen(&sheet, &fixture, 24, 80, "nothing yet");
    picture_check(&sheet, name);
    close_look(&fixture);
}

static void test_pictures(void **state) {
    (void)state;
    draw_all(&glyphs_utf8, "timing-utf8");
    draw_all(&glyphs_ascii, "timing-ascii");
}

static void test_nothing_outside(void **state) {
    (void)state;
    struct fixture fixture;
    open_look(&fixture, &glyphs_utf8, TIME_MODEL);
    picture_nothing_outside(&fixture, VIEW_TIMING, 40);
    close_look(&fixture);
}

static void test_values(void **state) {
    (void)state;
    struct timing_point point = {
        .realised = 0.8, .dense = 10, .sparse = 4, .ratio = 2.4, .share = 0.25};
    assert_near(timing_value(&point, TIMING_SHOWS_TIME, TIMING_LINE_IDEAL), 2, 1e-12);
    assert_near(timing_value(&point, TIMING_SHOWS_GAIN, TIMING_LINE_IDEAL), 5, 1e-12);
    /* 1 / (0.75 + 0.25 0.2) */
    assert_near(timing_value(&point, TIMING_SHOWS_GAIN, TIMING_LINE_CEILING), 1.25, 1e-12);
    assert_near(timing_value(&point, TIMING_SHOWS_TIME, TIMING_LINE_CEILING), 8, 1e-12);
    assert_near(timing_value(&point, TIMING_SHOWS_GAIN, TIMING_LINE_SPARSE), 2.4, 1e-12);
    assert_near(timing_ceiling(0, 0.9), 1, 1e-12);
}

static void test_cursor(void **state) {
    (void)state;
    struct fixture fixture;
    double x[TIMING_POINTS_MOST], y[TIMING_POINTS_MOST];
    struct workbench *workbench = open_look(&fixture, &glyphs_utf8, TIME_KERNEL);
    struct timing_state *timing = &workbench->timing;
    assert_int_equal(timing->length, 2);
    assert_int_equal(timing->target, 3); /* 80 % */
    screen_key(fixture.screen, '<');
    screen_key(fixture.screen, KEYS_RIGHT);
    screen_key(fixture.screen, KEYS_DOWN);
    screen_key(fixture.screen, KEYS_DOWN);
    assert_int_equal(timing->length, 1);
    assert_int_equal(timing->target, 4);
    assert_int_equal(timing->family, 1);
    assert_int_equal(
        timing_curve(timing, 1, TIMING_BY_LENGTH, TIMING_SHOWS_TIME, TIMING_LINE_SPARSE, x, y),
        2); /* that of 512 tokens has not come */
    assert_true(x[0] == 32 && x[1] == 128);
    assert_near(y[1], timing_at(timing, 1, 1, 4)->sparse, 1e-12);
    assert_int_equal(
        timing_curve(timing, 0, TIMING_BY_SPARSITY, TIMING_SHOWS_GAIN, TIMING_LINE_DENSE, x, y), 5);
    assert_true(y[3] == 1 && x[4] > x[3]);
    screen_key(fixture.screen, 'b');
    assert_string_equal(workbench->arms[ARM_B].spec, "block_topk(16, 0.9)");
    screen_key(fixture.screen, '>');
    screen_key(fixture.screen, 'b'); /* has not come */
    assert_int_equal(workbench->message_kind, MESSAGE_ERROR);
    close_look(&fixture);
}

static void test_figure(void **state) {
    (void)state;
    struct fixture fixture;
    struct figure figure = {0};
    struct sawb_error error;
    struct workbench *workbench = open_look(&fixture, &glyphs_utf8, TIME_MODEL);
    assert_int_equal(timing_figure(workbench, &figure, &error), 0);
    assert_int_equal(figure.panel_count, 6); /* A and B, four plots, the points */
    const struct panel *gain = &figure.panels[2], *table = &figure.panels[5];
    assert_int_equal(gain->series_count, 4); /* two families, dense, the ceiling */
    assert_string_equal(gain->series[3].name, "Amdahl's ceiling");
    assert_int_equal(table->rows, 30);
    assert_string_equal(table->table[1].texts[3], "local(0.8)");
    assert_true(isnan(table->table[4].numbers[29]));
    figure_free(&figure);
    timing_free(&workbench->timing);
    assert_int_equal(timing_figure(workbench, &figure, &error), -1);
    assert_holds(error.message, "bench kernel --sweep");
    figure_free(&figure);
    close_look(&fixture);
}

/* ---- through commands ------------------------------------------------------------------------ */

static void test_script(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "bench kernel --sweep n,s --lengths 8,20 --sparsities 50,75 "
                                     "--family 'topk, block_local(4, ?)' --seconds 0.001"),
                     COMMAND_DONE);
    const char *told = desk_told(&desk, TOLD_RESULTS);
    assert_holds(told, "pattern");
    assert_holds(told, "topk(0.75)");
    assert_holds(told, "block_local(4, ");
    assert_holds(told, "kernel, time at n = 20");
    assert_int_equal(desk_run(&desk, "bench model --sweep s --lengths 8 --sparsities 0.5 "
                                     "--family topk --seconds 0.001 --json"),
                     COMMAND_DONE);
    told = desk_told(&desk, TOLD_RESULTS);
    assert_holds(told, "{\"name\":\"model\",\"n\":8,\"family\":\"topk\",\"sparsity\":{\"spec\":"
                       "\"topk(0.5)\",\"target\":0.5,\"realised\":0.5},\"kernel\":");
    assert_holds(told, "\"attention_share\":0.");
    assert_int_equal(desk_run(&desk, "timing apply"), COMMAND_DONE);
    assert_string_equal(desk.workbench.arms[ARM_B].spec, "topk(0.5)");
    assert_int_equal(desk_run(&desk, "timing measure"), COMMAND_DONE);
    assert_true(desk.workbench.timing.live[TIME_MODEL].rounds >= 5);
    assert_int_equal(desk_run(&desk, "bench forward --lengths 6,9 --seconds 0.001 --json"),
                     COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "{\"name\":\"forward\",\"n\":9,");
    desk_close(&desk);
}

static void test_usage(void **state) {
    (void)state;
    struct desk desk;
    static const struct refused wrong[] = {
        {"bench kernel --sweep x", "--sweep", COMMAND_USAGE},
        {"bench forward --sweep n", "kernel, model or train", COMMAND_USAGE},
        {"bench kernel --sweep n --lengths 1,2", "from 2", COMMAND_USAGE},
        {"bench kernel --sweep n --lengths 8,", "--lengths", COMMAND_USAGE},
        {"bench kernel --sweep s --sparsities 1,100", "below 100 %", COMMAND_USAGE},
        {"bench kernel --sweep s --family ,", "a name is missing", COMMAND_USAGE},
        {"bench kernel --sweep s --family dense", "is no family", COMMAND_FAILED},
        {"bench model --sweep n --lengths 4000", "4000", COMMAND_FAILED},
        {"bench forward --lengths x", "--lengths", COMMAND_USAGE},
        {"bench forward data.tsv", "is too much", COMMAND_USAGE},
        {"bench train data.tsv --sweep n", "is too much", COMMAND_USAGE},
        {"timing apply", "no point yet", COMMAND_FAILED}};
    desk_open(&desk, 1);
    desk_refuses(&desk, wrong, sizeof(wrong) / sizeof(wrong[0]));
    desk_close(&desk);
}

/* A and B are timed by themselves once for each answer, when the view is in sight. */
static void test_follow(void **state) {
    (void)state;
    struct desk desk;
    struct sawb_error error;
    struct workbench *workbench = &desk.workbench;
    desk_open(&desk, 0);
    assert_int_equal(workbench_begin(workbench, "a fine film", &error), 0);
    while (workbench->answers < ARMS)
        desk_take(&desk);
    double late = workbench->prediction_time + 60;
    assert_true(timing_patience(workbench, late) < 0); /* not in sight */
    workbench_show(workbench, VIEW_TIMING);
    assert_true(timing_patience(workbench, workbench->prediction_time) > 0);
    assert_true(timing_patience(workbench, late) == 0);
    timing_follow(workbench, late);
    assert_true(workbench->timing.live_job > 0);
    while (workbench->timing.live_job)
        desk_take(&desk);
    assert_true(workbench->timing.live[TIME_KERNEL].rounds >= 5);
    assert_true(workbench->timing.live[TIME_MODEL].rounds >= 5);
    assert_true(timing_patience(workbench, late) < 0); /* once */
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_pictures), cmocka_unit_test(test_nothing_outside),
    cmocka_unit_test(test_values),   cmocka_unit_test(test_cursor),
    cmocka_unit_test(test_figure),   cmocka_unit_test(test_script),
    cmocka_unit_test(test_usage),    cmocka_unit_test(test_follow),
};

TEST_GROUP(tests_tui_timing, tests);
