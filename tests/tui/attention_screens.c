/*
 * attention_screens.c - pictures of the attention view, and what must hold of it at any size.
 */
#include "tests/golden.h"
#include "tests/tui/fixture.h"
#include "tests/viz/drawing.h"

struct picture {
    const char *title;
    int tokens, rows, columns;
    enum map_mode mode;
    struct attention_look look;
};

static const struct picture pictures[] = {
    {"one head", FIXTURE_TOKENS, 24, 80, MAP_WEIGHT, {.words = 0}},
    {"one head", FIXTURE_TOKENS, 50, 160, MAP_WEIGHT, {.words = 0}},
    {"words, rescaled, faint",
     FIXTURE_TOKENS,
     24,
     80,
     MAP_WEIGHT,
     {.words = 1, .special = SPECIAL_RESCALE, .threshold = 0.05}},
    {"scores, keys as rows", FIXTURE_TOKENS, 24, 80, MAP_SCORE, {.transpose = 1}},
    {"logarithm of the mean", FIXTURE_TOKENS, 50, 160, MAP_LOG, {.heads = "all"}},
    {"row", FIXTURE_TOKENS, 24, 80, MAP_WEIGHT, {.row = 1}},
    {"row, words, not rescaled",
     60,
     50,
     160,
     MAP_WEIGHT,
     {.row = 1, .words = 1, .special = SPECIAL_HIDE}},
    {"long row", 200, 24, 80, MAP_WEIGHT, {.row = 1}},
    {"difference", FIXTURE_TOKENS, 24, 80, MAP_WEIGHT, {.maps = MAPS_DIFFERENCE}},
    {"long, binned", 200, 24, 80, MAP_WEIGHT, {.words = 0}},
    {"long, binned", 200, 50, 160, MAP_WEIGHT, {.bins = REDUCE_MEAN}},
    {"long, all in sight", 200, 24, 80, MAP_WEIGHT, {.zoom = ZOOM_FIT}},
    {"long, single tokens", 200, 24, 80, MAP_WEIGHT, {.zoom = 1}},
    {"everything",
     200,
     24,
     80,
     MAP_WEIGHT,
     {.words = 1,
      .special = SPECIAL_RESCALE,
      .threshold = 0.05,
      .transpose = 1,
      .heads = "L1 0.2 2.1"}},
    {"a quarter", FIXTURE_TOKENS, 12, 40, MAP_WEIGHT, {.words = 0}},
    {"a quarter", FIXTURE_TOKENS, 12, 40, MAP_WEIGHT, {.row = 1}},
    {"a quarter", 200, 12, 40, MAP_WEIGHT, {.words = 1}},
    {"a quarter", FIXTURE_TOKENS, 25, 80, MAP_WEIGHT, {.words = 0}},
    {"small", FIXTURE_TOKENS, 8, 40, MAP_WEIGHT, {.words = 0}},
    {"smallest", FIXTURE_TOKENS, 5, 20, MAP_WEIGHT, {.words = 0}},
};

static void add_picture(struct sheet *sheet, const struct picture *picture,
                        const struct glyphs *glyphs) {
    struct fixture fixture;
    fixture_open(&fixture, picture->tokens, glyphs);
    fixture.workbench.mode = picture->mode;
    fixture.workbench.attention.look = picture->look;
    struct grid *grid = grid_create(picture->rows, picture->columns, NULL);
    fixture_must(grid != NULL);
    view_attention.draw(fixture.screen, grid_area(grid));
    sheet_add(sheet, picture->title, grid);
    grid_free(grid);
    fixture_close(&fixture);
}

static void check_golden(const struct glyphs *glyphs, const char *path) {
    struct sheet sheet;
    sheet_open(&sheet);
    for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++)
        add_picture(&sheet, &pictures[i], glyphs);
    char *text = sheet_close(&sheet);
    assert_int_equal(golden_check(path, text), 0);
    free(text);
}

static void test_golden_utf8(void **state) {
    (void)state;
    check_golden(&glyphs_utf8, "tests/tui/golden/attention-utf8.txt");
}

static void test_golden_ascii(void **state) {
    (void)state;
    check_golden(&glyphs_ascii, "tests/tui/golden/attention-ascii.txt");
}

static void random_look(struct fixture *fixture, unsigned *seed) {
    static const char *const heads[] = {"", "", "all", "layer", "L1 0.2", "L9"};
    struct attention_look *look = &fixture->workbench.attention.look;
    look->threshold = drawing_random(seed) % 2 ? 0.1 : 0;
    look->special = (enum attention_special)(drawing_random(seed) % SPECIAL_CHOICES);
    look->words = (int)(drawing_random(seed) % 2);
    look->transpose = (int)(drawing_random(seed) % 2);
    look->row = drawing_random(seed) % 4 == 0;
    look->bins = drawing_random(seed) % 2 ? REDUCE_MAX : REDUCE_MEAN;
    look->zoom = (int)(drawing_random(seed) % 8) - 1;
    look->maps = (enum attention_maps_shown)(drawing_random(seed) % MAPS_CHOICES);
    snprintf(look->heads, sizeof(look->heads), "%s", heads[drawing_random(seed) % 6]);
    fixture->workbench.mode = (enum map_mode)(drawing_random(seed) % MAP_MODES);
    fixture->workbench.layer = (int)(drawing_random(seed) % FIXTURE_LAYERS);
    fixture->workbench.query = (int)(drawing_random(seed) % 40);
    fixture->workbench.key = (int)(drawing_random(seed) % 40);
    workbench_clamp(&fixture->workbench);
}

/* Any look, at any size, with equal and with other tokens: inside of its area, and no click that
 * leads out of the sentence. */
static void test_any_size(void **state) {
    (void)state;
    unsigned seed = 3;
    for (int other = 0; other < 2; other++) {
        struct fixture fixture;
        fixture_open(&fixture, 30, &glyphs_utf8);
        if (other)
            fixture_arm(&fixture, ARM_B, "local(3)", 17, 9, -1, -0.3f);
        for (int round = 0; round < 1500; round++) {
            struct grid *grid = drawing_marked_grid(60, 130);
            struct area area = area_part(grid_area(grid), 2, 3, (int)(drawing_random(&seed) % 56),
                                         (int)(drawing_random(&seed) % 125));
            random_look(&fixture, &seed);
            fixture.screen->glyphs = round % 2 ? &glyphs_utf8 : &glyphs_ascii;
            view_attention.draw(fixture.screen, area);
            drawing_check_outside(grid, area);
            view_attention.click(fixture.screen, area, (int)(drawing_random(&seed) % 60) - 2,
                                 (int)(drawing_random(&seed) % 130) - 2, MOUSE_DRAG);
            assert_in_range(fixture.workbench.query, 0, other ? 16 : 29);
            assert_in_range(fixture.workbench.key, 0, other ? 16 : 29);
            grid_free(grid);
        }
        fixture_close(&fixture);
    }
}

static void test_nothing_to_show(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct grid *grid = grid_create(16, 80, NULL);
    snprintf(fixture.workbench.attention.look.heads, ATTENTION_HEADS_BYTES, "L7");
    view_attention.draw(fixture.screen, grid_area(grid));
    char *text = export_text(grid);
    assert_non_null(strstr(text, "there is no layer 7"));
    free(text);
    fixture.workbench.attention.look.heads[0] = '\0';
    capture_free(fixture.workbench.arms[ARM_A].capture);
    fixture.workbench.arms[ARM_A].capture = NULL;
    grid_clear(grid);
    view_attention.draw(fixture.screen, grid_area(grid));
    text = export_text(grid);
    assert_non_null(strstr(text, "the model reads the sentence"));
    free(text);
    assert_int_equal(view_attention.click(fixture.screen, grid_area(grid), 3, 10, MOUSE_PRESS), 0);
    grid_free(grid);
    fixture_close(&fixture);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_golden_utf8),
    cmocka_unit_test(test_golden_ascii),
    cmocka_unit_test(test_any_size),
    cmocka_unit_test(test_nothing_to_show),
};
TEST_GROUP(tests_tui_attention_screens, tests);
