/*
 * screen.c - pictures of the screen at several sizes against golden ones, and what must hold at
 * every size.
 */
#include "tests/golden.h"
#include "tests/tui/fixture.h"
#include "tests/tui/sound.h"
#include "viz/exporter.h"

#define GOLDEN "tests/tui/golden/"

static void check(struct fixture *fixture, int columns, int rows, const char *name) {
    struct sawb_error error;
    char path[160];
    struct grid *grid = grid_create(rows, columns, &error);
    fixture_must(grid != NULL);
    screen_draw(fixture->screen, grid);
    char *text = export_text(grid);
    fixture_must(text != NULL);
    snprintf(path, sizeof(path), GOLDEN "%s.txt", name);
    assert_int_equal(golden_check(path, text), 0);
    free(text);
    grid_free(grid);
}

static const struct { int columns, rows; } sizes[] = {{80, 24}, {120, 40}, {200, 60}, {60, 16}};

static void check_sizes(struct fixture *fixture, const char *name) {
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char full[80];
        snprintf(full, sizeof(full), "%s-%dx%d", name, sizes[i].columns, sizes[i].rows);
        check(fixture, sizes[i].columns, sizes[i].rows, full);
    }
}

static void test_attention(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    check_sizes(&fixture, "attention-utf8");
    fixture_close(&fixture);
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_ascii);
    check_sizes(&fixture, "attention-ascii");
    fixture_close(&fixture);
}

static void test_long_sentence(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, 40, &glyphs_utf8);
    fixture.workbench.query = 30;
    fixture.workbench.key = 35;
    fixture.workbench.mode = MAP_SCORE;
    screen_key(fixture.screen, KEYS_TAB);
    check(&fixture, 80, 24, "long-utf8-80x24");
    fixture_close(&fixture);
}

static void test_training(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    fixture_run(&fixture, 300, 1200);
    fixture.workbench.arms[ARM_A].capture->training_step = 300;
    check_sizes(&fixture, "training-utf8");
    workbench_show(&fixture.workbench, VIEW_TRAINING);
    check(&fixture, 80, 24, "curves-utf8-80x24");
    check(&fixture, 120, 40, "curves-utf8-120x40");
    fixture_close(&fixture);
}

static void test_no_run(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_ascii);
    workbench_show(&fixture.workbench, VIEW_TRAINING);
    check(&fixture, 80, 24, "no-run-ascii-80x24");
    fixture_close(&fixture);
}

/* Arms that cannot be compared cell by cell, answers that are late, an error of two lines. */
static void test_other_tokens(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    fixture_arm(&fixture, ARM_B, "local(1)", FIXTURE_TOKENS - 2, 3, -1, -2);
    fixture.workbench.arms[ARM_B].stale = 1;
    workbench_message(&fixture.workbench, MESSAGE_ERROR, "%s",
                      "sparsity: column 6: share must be at least 0 and below 1, not 1.8\n"
                      "  topk(1.8)\n       ^");
    check(&fixture, 80, 24, "differ-utf8-80x24");
    fixture_close(&fixture);
}

/* Three panes and their borders, the one at the right has the keys. */
static void test_panes(void **state) {
    (void)state;
    static const struct glyphs *const sets[] = {&glyphs_utf8, &glyphs_ascii};
    for (int i = 0; i < 2; i++) {
        struct fixture fixture;
        struct sawb_error error;
        fixture_open(&fixture, FIXTURE_TOKENS, sets[i]);
        struct panes *panes = &fixture.workbench.panes;
        panes_split(panes, 1, VIEW_DATA, &error);
        panes_to_side(panes, PANE_UP);
        panes_split(panes, 0, VIEW_TRAINING, &error);
        fixture.screen->on_map = 1;
        check(&fixture, 120, 40, i ? "panes-ascii-120x40" : "panes-utf8-120x40");
        fixture_close(&fixture);
    }
}

static void test_prompt(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    screen_key(fixture.screen, KEYS_TAB);
    screen_key(fixture.screen, ':');
    screen_key(fixture.screen, 's');
    screen_key(fixture.screen, KEYS_TAB);
    check(&fixture, 80, 24, "prompt-utf8-80x24");
    fixture_close(&fixture);
}

/* Every view at every size, also absurd ones. */
static void test_all_sizes(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, 30, &glyphs_utf8);
    fixture_run(&fixture, 100, 400);
    for (int rows = 0; rows <= 70; rows += rows < 30 ? 1 : 7) {
        for (int columns = 0; columns <= 210; columns += columns < 64 ? 5 : 9) {
            struct grid *grid = grid_create(rows, columns, NULL);
            fixture_must(grid != NULL);
            for (int view = 0; view < VIEWS; view++) {
                workbench_show(&fixture.workbench, (enum view)view);
                fixture.screen->prompt_open = (rows + columns) % 3 == 0;
                screen_draw(fixture.screen, grid);
                assert_sound(grid);
            }
            grid_free(grid);
        }
    }
    fixture_close(&fixture);
}

static int holds(const struct grid *grid, const char *text) {
    char *picture = export_text(grid);
    fixture_must(picture != NULL);
    int found = strstr(picture, text) != NULL;
    free(picture);
    return found;
}

static void test_too_small(void **state) {
    (void)state;
    struct fixture fixture;
    struct grid *grid = grid_create(10, 40, NULL);
    fixture_must(grid != NULL);
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    screen_draw(fixture.screen, grid);
    assert_true(holds(grid, "sawb needs 60 x 16"));
    assert_true(holds(grid, "this terminal is 40 x 10"));
    grid_free(grid);
    fixture_close(&fixture);
}

static void test_nothing_yet(void **state) {
    (void)state;
    struct fixture fixture;
    struct grid *grid = grid_create(24, 80, NULL);
    fixture_must(grid != NULL);
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    for (int arm = 0; arm < ARMS; arm++) {
        capture_free(fixture.workbench.arms[arm].capture);
        fixture.workbench.arms[arm].capture = NULL;
    }
    screen_draw(fixture.screen, grid);
    assert_true(holds(grid, "the model reads the sentence"));
    grid_free(grid);
    fixture_close(&fixture);
}

/* Old answers look old only after a while: what comes at once shall not flicker. */
static void test_late_answers(void **state) {
    (void)state;
    struct fixture fixture;
    struct grid *grids[2] = {grid_create(24, 80, NULL), grid_create(24, 80, NULL)};
    fixture_must(grids[0] && grids[1]);
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    size_t bytes = 24 * 80 * sizeof(struct cell);
    assert_true(screen_patience(fixture.screen) < 0);
    screen_draw(fixture.screen, grids[0]);
    fixture.workbench.arms[ARM_A].stale = fixture.workbench.arms[ARM_B].stale = 1;
    fixture.workbench.prediction_time = FIXTURE_NOW - 0.05;
    screen_draw(fixture.screen, grids[1]);
    assert_memory_equal(grids[0]->cells, grids[1]->cells, bytes);
    assert_true(screen_patience(fixture.screen) > 0);
    fixture.screen->now += screen_patience(fixture.screen);
    assert_true(screen_patience(fixture.screen) < 0);
    screen_draw(fixture.screen, grids[1]);
    assert_memory_not_equal(grids[0]->cells, grids[1]->cells, bytes);
    grid_free(grids[0]);
    grid_free(grids[1]);
    fixture_close(&fixture);
}

/* Help tells every key with a note and every command of the screen. */
static void test_help_is_complete(void **state) {
    (void)state;
    struct fixture fixture;
    struct grid *grid = grid_create(300, 200, NULL);
    fixture_must(grid != NULL);
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    workbench_show(&fixture.workbench, VIEW_HELP);
    screen_draw(fixture.screen, grid);
    const struct key_binding *key;
    const struct command *command;
    for (int i = 0; (key = keys_get(i)); i++)
        if (key->note && !holds(grid, key->note))
            fail_msg("help does not say \"%s\"", key->note);
    for (int i = 0; (command = command_get(i)); i++)
        if (command->where & COMMAND_SCREEN && !holds(grid, command->help))
            fail_msg("help does not say what %s does", command->name);
    grid_free(grid);
    fixture_close(&fixture);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_attention),    cmocka_unit_test(test_long_sentence),
    cmocka_unit_test(test_training),     cmocka_unit_test(test_no_run),
    cmocka_unit_test(test_other_tokens), cmocka_unit_test(test_panes),
    cmocka_unit_test(test_prompt),       cmocka_unit_test(test_all_sizes),
    cmocka_unit_test(test_too_small),    cmocka_unit_test(test_nothing_yet),
    cmocka_unit_test(test_late_answers), cmocka_unit_test(test_help_is_complete),
};
TEST_GROUP(tests_tui_screen, tests);
