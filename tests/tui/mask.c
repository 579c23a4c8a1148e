/*
 * mask.c - the view of masks: its pictures, pairs switched by hand, patterns saved under a name.
 */
#include <math.h>

#include "core/inspect/metrics.h"
#include "tests/tui/command_fixture.h"
#include "tests/tui/pictures.h"
#include "viz/figure.h"

/* ---- pictures -------------------------------------------------------------------------------- */

struct picture {
    const char *title;
    int tokens, rows, columns;
    enum mask_show show;
    const char *spec; /* of B; NULL: topk(0.8) */
};

static const struct picture pictures[] = {
    {"pairs", FIXTURE_TOKENS, 16, 80, MASK_PAIRS, NULL},
    {"pairs", FIXTURE_TOKENS, 24, 80, MASK_PAIRS, NULL},
    {"pairs", FIXTURE_TOKENS, 50, 160, MASK_PAIRS, NULL},
    {"by hand", FIXTURE_TOKENS, 24, 80, MASK_PAIRS,
     "topk(0.8); topk(0.8) & without(5.7) + pairs(5.2, 0.11)@L1.H2"},
    {"blocks", FIXTURE_TOKENS, 24, 80, MASK_BLOCKS, "block_topk(3, 60%)"},
    {"sparsity", FIXTURE_TOKENS, 24, 80, MASK_SPARSITY, NULL},
    {"mass", FIXTURE_TOKENS, 50, 160, MASK_MASS, NULL},
    {"a head off", FIXTURE_TOKENS, 24, 80, MASK_EMPTY, "topk(0.8); heads_off(1.2)"},
    {"long", 60, 24, 80, MASK_PAIRS, NULL},
    {"long", 60, 24, 80, MASK_BLOCKS, NULL},
    {"a quarter", FIXTURE_TOKENS, 12, 40, MASK_PAIRS, NULL},
    {"a quarter", FIXTURE_TOKENS, 12, 40, MASK_SPARSITY, NULL},
    {"smallest", FIXTURE_TOKENS, 5, 20, MASK_PAIRS, NULL},
};

/* Pairs listed by hand are in the answer too, and a head that is off keeps nothing. */
static void obey(struct capture *capture, const char *spec) {
    struct sparsity *sparsity;
    size_t tokens = (size_t)capture->encoding.count;
    fixture_must(sparsity_parse(&sparsity, spec, NULL, NULL) == 0);
    for (int layer = 0; layer < capture->layers; layer++) {
        for (int head = 0; head < capture->heads; head++) {
            uint8_t *mask = capture->mask + capture_head(capture, layer, head);
            for (size_t i = 0; i < tokens * tokens; i++) {
                enum cell_wish wish = sparsity_cell_listed(sparsity, layer, head, (int)(i / tokens),
                                                           (int)(i % tokens));
                mask[i] = wish == CELL_FREE ? mask[i] : wish == CELL_KEEP;
                mask[i] &= (uint8_t)!sparsity_head_is_off(sparsity, layer, head);
            }
        }
    }
    sparsity_free(sparsity);
}

static void open_with(struct fixture *fixture, int tokens, const char *spec,
                      const struct glyphs *glyphs) {
    fixture_open(fixture, tokens, glyphs);
    if (spec) {
        fixture_arm(fixture, ARM_B, spec, tokens, (tokens + 4) / 5, -1, 0.5f);
        obey(fixture->workbench.arms[ARM_B].capture, spec);
    }
    struct capture *captures[ARMS] = {fixture->workbench.arms[ARM_A].capture,
                                      fixture->workbench.arms[ARM_B].capture};
    fixture_must(metrics_measure(captures, ARMS, 0, NULL, NULL) == 0);
}

static void check_golden(const struct glyphs *glyphs, const char *name) {
    struct sheet sheet;
    sheet_open(&sheet);
    for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
        const struct picture *picture = &pictures[i];
        struct fixture fixture;
        open_with(&fixture, picture->tokens, picture->spec, glyphs);
        fixture.workbench.mask.show = picture->show;
        picture_view(&sheet, &fixture, VIEW_MASK, picture->rows, picture->columns, picture->title);
        fixture_close(&fixture);
    }
    picture_check(&sheet, name);
}

static void pictures_utf8(void **state) {
    (void)state;
    check_golden(&glyphs_utf8, "mask-utf8");
}

static void pictures_ascii(void **state) {
    (void)state;
    check_golden(&glyphs_ascii, "mask-ascii");
}

/* At any size nothing is drawn outside, and a click leads to a pair of the sentence. */
static void any_size(void **state) {
    (void)state;
    unsigned seed = 5;
    struct fixture fixture;
    open_with(&fixture, 30, "topk(0.8); local(1) + pairs(3.9)@L1.H2", &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    int clicked = 0;
    for (int round = 0; round < 1200; round++) {
        struct grid *grid = drawing_marked_grid(40, 100);
        struct area area = area_part(
            grid_area(grid), (int)(drawing_random(&seed) % 20), (int)(drawing_random(&seed) % 40),
            (int)(drawing_random(&seed) % 40), (int)(drawing_random(&seed) % 100));
        workbench->mask.show = (enum mask_show)(drawing_random(&seed) % MASK_SHOWS);
        workbench->mask.block = (int)(drawing_random(&seed) % 7);
        workbench->query = (int)(drawing_random(&seed) % 30);
        workbench->key = (int)(drawing_random(&seed) % 30);
        view_mask.draw(fixture.screen, area);
        drawing_check_outside(grid, area);
        struct area bare = area;
        bare.grid = NULL;
        clicked += view_mask.click(fixture.screen, bare, (int)(drawing_random(&seed) % 40),
                                   (int)(drawing_random(&seed) % 100), MOUSE_PRESS);
        assert_true(workbench->query < 30 && workbench->key < 30);
        grid_free(grid);
    }
    assert_true(clicked > 20);
    fixture_close(&fixture);
}

/* What is under the mouse becomes what the cursor is on. */
static void a_click_takes_the_pair(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, FIXTURE_TOKENS, NULL, &glyphs_utf8);
    struct grid *grid = grid_create(24, 80, NULL);
    fixture_must(grid != NULL);
    for (int i = 0; i < FIXTURE_TOKENS; i++) {
        int found = 0;
        fixture.workbench.query = i;
        fixture.workbench.key = (i * 5) % FIXTURE_TOKENS;
        grid_clear(grid);
        view_mask.draw(fixture.screen, grid_area(grid));
        for (int at = 0; at < 24 * 80; at++) {
            if (!(grid->cells[at].flags & CELL_CURSOR))
                continue;
            fixture.workbench.query = fixture.workbench.key = 0;
            view_mask.click(fixture.screen, grid_area(grid), at / 80, at % 80, MOUSE_PRESS);
            found +=
                fixture.workbench.query == i && fixture.workbench.key == (i * 5) % FIXTURE_TOKENS;
        }
        assert_true(found >= 2);
    }
    grid_free(grid);
    fixture_close(&fixture);
}

/* ---- pairs by hand --------------------------------------------------------------------------- */

static void change(struct fixture *fixture, enum mask_switch how, int all, int query, int key,
                   const char *expected) {
    struct sawb_error error;
    struct mask_change change = {how, ARM_B, all ? -1 : 1, all ? -1 : 2, query, key};
    if (mask_switch(&fixture->workbench, &change, &error) < 0)
        fail_msg("%s", error.message);
    assert_string_equal(fixture->workbench.arms[ARM_B].spec, expected);
}

/* Row 5 of head 1.2 keeps the three largest of its scores. */
static void toggling_goes_there_and_back(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, FIXTURE_TOKENS, NULL, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    const struct capture *capture = workbench->arms[ARM_B].capture;
    const uint8_t *row = capture->mask + capture_head(capture, 1, 2) + 5 * FIXTURE_TOKENS;
    int kept = 0, removed = 0;
    while (!row[kept])
        kept++;
    while (row[removed])
        removed++;
    char with[100], without[100];
    snprintf(with, sizeof(with), "topk(0.8); topk(0.8) + pairs(5.%d)@L1.H2", removed);
    snprintf(without, sizeof(without), "topk(0.8); topk(0.8) & without(5.%d)@L1.H2", kept);
    change(&fixture, MASK_TOGGLE, 0, 5, removed, with);
    change(&fixture, MASK_TOGGLE, 0, 5, removed, "topk(0.8)");
    change(&fixture, MASK_TOGGLE, 0, 5, kept, without);
    change(&fixture, MASK_DROP, 0, 5, kept, without);
    /* The pattern keeps it by itself. */
    change(&fixture, MASK_KEEP, 0, 5, kept, "topk(0.8)");
    change(&fixture, MASK_KEEP, 0, 5, kept, "topk(0.8)");
    change(&fixture, MASK_KEEP, 0, 5, removed, with);
    change(&fixture, MASK_FREE, 0, 5, removed, "topk(0.8)");
    snprintf(with, sizeof(with), "topk(0.8) + pairs(5.%d)", removed);
    change(&fixture, MASK_TOGGLE, 1, 5, removed, with);
    change(&fixture, MASK_TOGGLE, 1, 5, removed, "topk(0.8)");
    fixture_close(&fixture);
}

static void a_row_keeps_the_token_itself(void **state) {
    (void)state;
    struct fixture fixture;
    struct sawb_error error;
    open_with(&fixture, FIXTURE_TOKENS, NULL, &glyphs_utf8);
    assert_int_equal(workbench_set_spec(&fixture.workbench, ARM_B, "local(0)", &error), 0);
    struct mask_change itself = {MASK_TOGGLE, ARM_B, 1, 2, 4, 4};
    assert_int_equal(mask_switch(&fixture.workbench, &itself, &error), -1);
    assert_string_equal(error.message, "cell: 4.4 stays: a row keeps at least the token itself");
    assert_string_equal(fixture.workbench.arms[ARM_B].spec, "local(0)");
    itself.query = itself.key = FIXTURE_TOKENS;
    assert_int_equal(mask_switch(&fixture.workbench, &itself, &error), -1);
    assert_int_equal(workbench_set_spec(&fixture.workbench, ARM_B, "heads_off(1.2)", &error), 0);
    itself.query = itself.key = 0;
    assert_int_equal(mask_switch(&fixture.workbench, &itself, &error), -1);
    assert_non_null(strstr(error.message, "head 1.2 is off"));
    fixture_close(&fixture);
}

static void keys_run_commands(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, FIXTURE_TOKENS, "local(2)", &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    workbench_show(workbench, VIEW_MASK);
    screen_key(fixture.screen, KEYS_TAB);
    workbench->query = 3;
    workbench->key = 9;
    screen_key(fixture.screen, ' ');
    assert_string_equal(workbench->arms[ARM_B].spec, "local(2); local(2) + pairs(3.9)@L1.H2");
    screen_key(fixture.screen, 'x');
    assert_string_equal(workbench->arms[ARM_B].spec, "local(2)");
    screen_key(fixture.screen, 'X');
    assert_string_equal(workbench->arms[ARM_B].spec, "local(2) + pairs(3.9)");
    screen_key(fixture.screen, 'D');
    assert_string_equal(workbench->arms[ARM_B].spec, "local(2)");
    screen_key(fixture.screen, 'A');
    screen_key(fixture.screen, ' ');
    assert_string_equal(workbench->arms[ARM_A].spec, "dense; without(3.9)@L1.H2");
    screen_key(fixture.screen, 'm');
    assert_int_equal(workbench->mask.show, MASK_BLOCKS);
    assert_int_equal(mask_block_size(workbench, ARM_B), MASK_BLOCK);
    screen_key(fixture.screen, '+');
    assert_int_equal(mask_block_size(workbench, ARM_B), MASK_BLOCK + 1);
    screen_key(fixture.screen, '=');
    assert_int_equal(workbench->mask.block, 0);
    fixture_close(&fixture);
}

static void numbers_are_those_of_the_answer(void **state) {
    (void)state;
    struct fixture fixture;
    open_with(&fixture, FIXTURE_TOKENS, NULL, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    assert_true(mask_value(workbench, ARM_A, 0, 0, MASK_SPARSITY) == 0);
    assert_true(fabs(mask_value(workbench, ARM_B, 2, 3, MASK_SPARSITY) - 0.75) < 1e-12);
    assert_true(fabs(mask_value(workbench, ARM_A, 1, 1, MASK_MASS) - 1) < 1e-5);
    double mass = mask_value(workbench, ARM_B, 1, 1, MASK_MASS);
    assert_true(mass > 0.25 && mass < 1);
    assert_true(isnan(mask_value(workbench, ARM_B, 9, 1, MASK_SPARSITY)));
    workbench->mask.block = FIXTURE_TOKENS;
    struct block_count count = mask_blocks(workbench, ARM_B, 1, 1, NULL);
    assert_true(count.rows == 1 && count.partial == 1);
    fixture_close(&fixture);
}

static void the_figure_has_all_of_it(void **state) {
    (void)state;
    struct fixture fixture;
    struct figure figure = {0};
    struct sawb_error error;
    open_with(&fixture, FIXTURE_TOKENS, NULL, &glyphs_utf8);
    if (view_get(VIEW_MASK)->figure(&fixture.workbench, &figure, &error) < 0)
        fail_msg("%s", error.message);
    assert_int_equal(figure.panel_count, 2 + 2 + 6);
    const struct panel *pairs = &figure.panels[1], *mass = &figure.panels[9];
    float kept = 0;
    for (int i = 0; i < FIXTURE_TOKENS * FIXTURE_TOKENS; i++)
        kept += pairs->values[i];
    assert_true(kept == FIXTURE_TOKENS * 3);
    assert_int_equal(mass->rows, FIXTURE_LAYERS);
    assert_true(fabs((double)mass->values[1 * FIXTURE_HEADS + 2] -
                     mask_value(&fixture.workbench, ARM_B, 1, 2, MASK_MASS)) < 1e-6);
    figure_free(&figure);
    capture_free(fixture.workbench.arms[ARM_B].capture);
    fixture.workbench.arms[ARM_B].capture = NULL;
    assert_int_equal(view_get(VIEW_MASK)->figure(&fixture.workbench, &figure, &error), -1);
    figure_free(&figure);
    fixture_close(&fixture);
}

/* ---- commands -------------------------------------------------------------------------------- */

static void saved_patterns_have_a_name(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    struct arm *b = &desk.workbench.arms[ARM_B];
    assert_int_equal(desk_run(&desk, "sparsity b topk(0.5)"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "cell drop 0 3 --head 1.0"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "cell keep 2 2 --all-heads"), COMMAND_DONE);
    assert_string_equal(b->spec, "topk(0.5) + pairs(2.2); topk(0.5) & without(0.3) + "
                                 "pairs(2.2)@L1.H0");
    assert_int_equal(desk_run(&desk, "preset-save mine"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_NOTES), "-s mine");
    assert_int_equal(desk_run(&desk, "cells clear --head 1.0"), COMMAND_DONE);
    assert_string_equal(b->spec, "topk(0.5) + pairs(2.2); topk(0.5)@L1.H0");
    assert_int_equal(desk_run(&desk, "cells clear"), COMMAND_DONE);
    assert_string_equal(b->spec, "topk(0.5)");
    assert_int_equal(desk_run(&desk, "preset a mine"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "predict 'a fine film' -s mine --json"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "\"mine\"");
    char line[900];
    snprintf(line, sizeof(line), "train %s/data.tsv --out %s/out -s mine --max-steps 1",
             desk.folder.path, desk.folder.path);
    assert_int_equal(desk_run(&desk, line), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "preset-save topk"), COMMAND_FAILED);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "name of a pattern");
    workbench_close(&desk.workbench);
    struct settings settings = {.model_directory = BERT, .threads = 1, .seed = 1};
    struct sawb_error error;
    if (workbench_open(&desk.workbench, &settings, &error) < 0)
        fail_msg("%s", error.message);
    assert_int_equal(desk_run(&desk, "sparsity b mine"), COMMAND_DONE);
    desk_close(&desk);
}

static void wrong_words_are_told(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "cell flip"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "cell keep 3"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "cell keep 3 x"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "cell keep 3 4 --head 1"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "cell toggle 3 4"), COMMAND_FAILED);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "no answer");
    assert_int_equal(desk_run(&desk, "blocks 0"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "blocks many"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "blocks 16"), COMMAND_DONE);
    assert_int_equal(desk.workbench.mask.block, 16);
    assert_int_equal(desk_run(&desk, "edit-arm a"), COMMAND_DONE);
    assert_int_equal(mask_arm(&desk.workbench), ARM_A);
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(pictures_utf8),
    cmocka_unit_test(pictures_ascii),
    cmocka_unit_test(any_size),
    cmocka_unit_test(a_click_takes_the_pair),
    cmocka_unit_test(toggling_goes_there_and_back),
    cmocka_unit_test(a_row_keeps_the_token_itself),
    cmocka_unit_test(keys_run_commands),
    cmocka_unit_test(numbers_are_those_of_the_answer),
    cmocka_unit_test(the_figure_has_all_of_it),
    cmocka_unit_test(saved_patterns_have_a_name),
    cmocka_unit_test(wrong_words_are_told),
};
TEST_GROUP(tests_tui_mask, tests);
