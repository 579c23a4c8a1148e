/*
 * pruning.c - heads off: the view's pictures, switching, pruning on a data set.
 */
#include <math.h>

#include "core/base/json.h"
#include "tests/tui/command_fixture.h"
#include "tests/tui/pictures.h"
#include "viz/figure.h"

static void send(struct workbench *workbench, const char *series, int job, int arm, int index,
                 int count, double x, const double values[5]) {
    struct event *event = calloc(1, sizeof(*event));
    fixture_must(event != NULL);
    *event = (struct event){.kind = EVENT_POINT, .job = job, .arm = arm};
    event->data.point = (struct point){.series = series, .index = index, .count = count, .x = x};
    memcpy(event->data.point.values, values, 5 * sizeof(double));
    workbench_event(workbench, event);
}

/* Effects of `known` heads of each arm. */
static void add_effects(struct workbench *workbench, int known) {
    int heads = FIXTURE_LAYERS * FIXTURE_HEADS;
    workbench->pruning.job = 7;
    for (int arm = 0; arm < ARMS; arm++) {
        for (int i = 0; i < known; i++) {
            double before = arm ? 1.0 : 2.5, change = (i * 5 % 12 - 5) / (arm ? 8.0 : 10.0);
            send(workbench, SERIES_ABLATION, 7, arm, i, heads, i,
                 (double[5]){[ABLATION_DIFFERENCE] = before + change, [ABLATION_BEFORE] = before});
        }
    }
}

/* A run of so many points of nine. */
static void add_run(struct workbench *workbench, int points) {
    struct sawb_error error;
    if (pruning_begin(workbench, 9, ARM_B, "dev.tsv", &error) < 0)
        fail_msg("%s", error.message);
    for (int i = 0; i < points; i++)
        send(workbench, SERIES_PRUNING, 9, ARM_B, i, 9, workbench->pruning.run.off_count + i,
             (double[5]){[PRUNE_ACCURACY] = 0.9 - 0.01 * i * i / 2,
                         [PRUNE_LOSS] = 0.3 + 0.02 * i,
                         [PRUNE_LAYER] = i ? i % 3 : -1,
                         [PRUNE_HEAD] = i ? i * 3 % 4 : -1,
                         [PRUNE_ROWS] = 200});
}

/* Switches off what B's specification says, in the answer too. */
static void open_with(struct fixture *fixture, const char *spec, int known, int points,
                      const struct glyphs *glyphs) {
    struct sawb_error error;
    fixture_open(fixture, FIXTURE_TOKENS, glyphs);
    if (spec && workbench_set_spec(&fixture->workbench, ARM_B, spec, &error) < 0)
        fail_msg("%s", error.message);
    fixture->workbench.arms[ARM_B].stale = 0;
    if (known)
        add_effects(&fixture->workbench, known);
    if (points >= 0)
        add_run(&fixture->workbench, points);
}

static void close_it(struct fixture *fixture) {
    pruning_clear(&fixture->workbench.pruning);
    fixture_close(fixture);
}

/* ---- pictures -------------------------------------------------------------------------------- */

static const struct picture {
    const char *title;
    int rows, columns, known, points; /* points -1: no run */
    const char *spec;
} pictures[] = {
    {"nothing known yet", 16, 80, 0, -1, NULL},
    {"half of it", 16, 80, 7, -1, "topk(0.8); heads_off(0.1, 1.2)"},
    {"all", 50, 160, 12, -1, "topk(0.8); heads_off(0.1, 1.2)"},
    {"first round", 16, 80, 12, 0, NULL},
    {"a run", 16, 80, 12, 6, NULL},
    {"a run", 24, 80, 12, 9, "topk(0.8); heads_off(0.1)"},
    {"a run", 50, 160, 12, 9, NULL},
    {"a quarter", 12, 40, 12, -1, NULL},
    {"a quarter", 12, 40, 12, 6, NULL},
    {"a quarter", 25, 80, 12, 6, NULL},
    {"smallest", 5, 20, 12, 6, NULL},
};

static void check_golden(const struct glyphs *glyphs, const char *name) {
    struct sheet sheet;
    sheet_open(&sheet);
    for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
        const struct picture *picture = &pictures[i];
        struct fixture fixture;
        open_with(&fixture, picture->spec, picture->known, picture->points, glyphs);
        picture_view(&sheet, &fixture, VIEW_PRUNING, picture->rows, picture->columns,
                     picture->title);
        close_it(&fixture);
    }
    picture_check(&sheet, name);
}

static void pictures_utf8(void **state) {
    (void)state;
    check_golden(&glyphs_utf8, "pruning-utf8");
}

static void pictures_ascii(void **state) {
    (void)state;
    check_golden(&glyphs_ascii, "pruning-ascii");
}

static void any_size(void **state) {
    (void)state;
    unsigned seed = 11;
    for (int points = -1; points < 8; points += 4) {
        struct fixture fixture;
        int clicked = 0;
        open_with(&fixture, "topk(0.8); heads_off(2.0)", 9, points, &glyphs_utf8);
        for (int round = 0; round < 500; round++) {
            struct grid *grid = drawing_marked_grid(40, 120);
            struct area area =
                area_part(grid_area(grid), (int)(drawing_random(&seed) % 20),
                          (int)(drawing_random(&seed) % 40), (int)(drawing_random(&seed) % 40),
                          (int)(drawing_random(&seed) % 120));
            fixture.workbench.layer = (int)(drawing_random(&seed) % FIXTURE_LAYERS);
            fixture.workbench.head = (int)(drawing_random(&seed) % FIXTURE_HEADS);
            view_pruning.draw(fixture.screen, area);
            drawing_check_outside(grid, area);
            struct area bare = area;
            bare.grid = NULL;
            clicked += view_pruning.click(fixture.screen, bare, (int)(drawing_random(&seed) % 12),
                                          (int)(drawing_random(&seed) % 50), MOUSE_PRESS);
            grid_free(grid);
        }
        assert_true(clicked > 10);
        close_it(&fixture);
    }
}

/* What is under the mouse becomes the head looked at; twice switches it. */
static void a_click_takes_the_head(void **state) {
    (void)state;
    static const int sizes[][2] = {{80, -1}, {60, -1}, {80, 4}};
    for (int size = 0; size < 3; size++) {
        struct fixture fixture;
        open_with(&fixture, NULL, 12, sizes[size][1], &glyphs_utf8);
        struct workbench *workbench = &fixture.workbench;
        struct grid *grid = grid_create(20, sizes[size][0], NULL);
        fixture_must(grid != NULL);
        workbench->layer = 2;
        workbench->head = 1;
        view_pruning.draw(fixture.screen, grid_area(grid));
        int last = -1;
        for (int at = 0; at < grid->rows * grid->columns; at++)
            last = grid->cells[at].flags & CELL_CURSOR ? at : last;
        fixture_must(last >= 0);
        workbench->layer = workbench->head = 0;
        int row = last / grid->columns, column = last % grid->columns;
        assert_int_equal(
            view_pruning.click(fixture.screen, grid_area(grid), row, column, MOUSE_PRESS), 1);
        assert_true(workbench->layer == 2 && workbench->head == 1);
        view_pruning.click(fixture.screen, grid_area(grid), row, column, MOUSE_DOUBLE);
        assert_string_equal(workbench->arms[ARM_B].spec, "topk(0.8); heads_off(2.1)");
        grid_free(grid);
        close_it(&fixture);
    }
}

/* ---- state ----------------------------------------------------------------------------------- */

static void effects_are_taken_in(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, NULL, 5, -1, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    const struct head_effects *effects = &workbench->pruning.effects[ARM_A];
    assert_true(effects->before == 2.5);
    assert_true(fabs(effects->change[1] - 0.0) < 1e-12 && fabs(effects->change[2] - 0.5) < 1e-12);
    assert_true(isnan(effects->change[5]));
    /* Of another job, or no head of the model. */
    double values[5] = {9, 1};
    send(workbench, SERIES_ABLATION, 6, ARM_A, 1, 12, 0, values);
    send(workbench, SERIES_ABLATION, 7, ARM_A, 12, 13, 0, values);
    send(workbench, SERIES_ABLATION, 7, 2, 0, 12, 0, values);
    assert_true(fabs(effects->change[1]) < 1e-12);
    close_it(&fixture);
}

static void heads_are_applied_in_order(void **state) {
    (void)state;
    struct fixture fixture;
    struct sawb_error error;
    open_with(&fixture, "topk(0.8); heads_off(2.3)", 0, 4, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    assert_int_equal(pruning_apply(workbench, ARM_B, 4, &error), -1);
    assert_string_equal(error.message, "prune: only 3 heads have been removed, not 4");
    assert_int_equal(pruning_apply(workbench, ARM_B, 2, &error), 0);
    assert_string_equal(workbench->arms[ARM_B].spec, "topk(0.8); heads_off(2.3, 1.3, 2.2)");
    assert_int_equal(pruning_apply(workbench, ARM_B, 0, &error), 0);
    assert_string_equal(workbench->arms[ARM_B].spec, "topk(0.8); heads_off(2.3)");
    assert_int_equal(pruning_apply(workbench, ARM_A, 1, &error), 0);
    assert_string_equal(workbench->arms[ARM_A].spec, "dense; heads_off(2.3, 1.3)");
    pruning_clear(&workbench->pruning);
    assert_int_equal(pruning_apply(workbench, ARM_A, 0, &error), -1);
    close_it(&fixture);
}

static void keys_run_commands(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, NULL, 12, -1, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    workbench_show(workbench, VIEW_PRUNING);
    screen_key(fixture.screen, KEYS_TAB);
    screen_key(fixture.screen, KEYS_RIGHT);
    screen_key(fixture.screen, KEYS_DOWN);
    assert_true(workbench->layer == 2 && workbench->head == 3);
    screen_key(fixture.screen, ' ');
    assert_string_equal(workbench->arms[ARM_B].spec, "topk(0.8); heads_off(2.3)");
    screen_key(fixture.screen, KEYS_LEFT);
    screen_key(fixture.screen, ' ');
    assert_string_equal(workbench->arms[ARM_B].spec, "topk(0.8); heads_off(2.2, 2.3)");
    screen_key(fixture.screen, ' ');
    assert_string_equal(workbench->arms[ARM_B].spec, "topk(0.8); heads_off(2.3)");
    screen_key(fixture.screen, 'D');
    assert_string_equal(workbench->arms[ARM_B].spec, "topk(0.8)");
    screen_key(fixture.screen, 'A');
    screen_key(fixture.screen, ' ');
    assert_string_equal(workbench->arms[ARM_A].spec, "dense; heads_off(2.2)");
    close_it(&fixture);
}

static void the_figure_has_all_of_it(void **state) {
    (void)state;
    struct fixture fixture;
    struct figure figure = {0};
    struct sawb_error error;
    open_with(&fixture, "topk(0.8); heads_off(0.1)", 12, 5, &glyphs_utf8);
    if (view_get(VIEW_PRUNING)->figure(&fixture.workbench, &figure, &error) < 0)
        fail_msg("%s", error.message);
    assert_int_equal(figure.panel_count, 5);
    assert_int_equal(figure.panels[1].mask[1], 0);
    assert_int_equal(figure.panels[0].mask[1], 1);
    assert_int_equal(figure.panels[2].series[0].count, 5);
    assert_int_equal(figure.panels[4].rows, 5);
    assert_true(figure.panels[4].table[2].numbers[1] == 3);
    figure_free(&figure);
    pruning_clear(&fixture.workbench.pruning);
    assert_int_equal(view_get(VIEW_PRUNING)->figure(&fixture.workbench, &figure, &error), -1);
    figure_free(&figure);
    close_it(&fixture);
}

/* ---- commands -------------------------------------------------------------------------------- */

static void ablating(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    struct arm *arms = desk.workbench.arms;
    assert_int_equal(desk_run(&desk, "sparsity b topk(0.5)"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "ablate 1.0"), COMMAND_DONE);
    assert_string_equal(arms[ARM_B].spec, "topk(0.5); heads_off(1.0)");
    assert_int_equal(desk_run(&desk, "ablate 1.0 off"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "ablate 0.1 --arm a"), COMMAND_DONE);
    assert_string_equal(arms[ARM_A].spec, "dense; heads_off(0.1)");
    assert_int_equal(desk_run(&desk, "ablate 1.0"), COMMAND_DONE);
    assert_string_equal(arms[ARM_B].spec, "topk(0.5)");
    assert_int_equal(desk_run(&desk, "ablate 1.0 on"), COMMAND_DONE);
    assert_string_equal(arms[ARM_B].spec, "topk(0.5)");
    assert_int_equal(desk_run(&desk, "ablate none --arm a"), COMMAND_DONE);
    assert_string_equal(arms[ARM_A].spec, "dense");
    assert_int_equal(desk_run(&desk, "ablate 1"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "ablate 1.0.2"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "open " BERT), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "ablate 5.0"), COMMAND_FAILED);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "not in the model");
    desk_close(&desk);
}

static void pruning_from_a_shell(void **state) {
    (void)state;
    struct desk desk;
    int off, layer, head;
    desk_open(&desk, 1);
    desk.workbench.settings.tables = TABLES_TSV;
    assert_int_equal(desk_run(&desk, "prune %s/data.tsv --until 2"), COMMAND_DONE);
    const char *told = desk_told(&desk, TOLD_RESULTS);
    assert_int_equal(strncmp(told, "heads_off\thead\taccuracy\tloss\n0\t-\t0.", 35), 0);
    const char *last = strstr(told, "\n2\t");
    assert_non_null(last);
    assert_int_equal(sscanf(last, "%d %d.%d", &off, &layer, &head), 3);
    assert_int_equal(desk_run(&desk, "prune apply 1"), COMMAND_DONE);
    assert_holds(desk.workbench.arms[ARM_A].spec, "dense; heads_off(");
    assert_int_equal(desk_run(&desk, "prune apply 9"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "prune apply"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "prune apply -1"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "prune a b"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "prune no-such.tsv"), COMMAND_FAILED);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "no-such.tsv");
    assert_int_equal(
        desk_run(&desk, "prune %s/data.tsv --json --by one-at-a-time --arm b --rows 3"),
        COMMAND_DONE);
    cJSON *json = json_parse(desk_told(&desk, TOLD_RESULTS),
                             strcspn(desk_told(&desk, TOLD_RESULTS), "\n"), "told", NULL);
    assert_non_null(json);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "layer")));
    assert_true(cJSON_GetObjectItem(json, "rows")->valuedouble == 3);
    cJSON_Delete(json);
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(pictures_utf8),
    cmocka_unit_test(pictures_ascii),
    cmocka_unit_test(any_size),
    cmocka_unit_test(a_click_takes_the_head),
    cmocka_unit_test(effects_are_taken_in),
    cmocka_unit_test(heads_are_applied_in_order),
    cmocka_unit_test(keys_run_commands),
    cmocka_unit_test(the_figure_has_all_of_it),
    cmocka_unit_test(ablating),
    cmocka_unit_test(pruning_from_a_shell),
};
TEST_GROUP(tests_tui_pruning, tests);
