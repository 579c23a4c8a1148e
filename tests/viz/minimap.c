/*
 * minimap.c - small maps: their dots by hand, how they fit, and that they stay in their area.
 */
#include "viz/minimap.h"

#include <math.h>

#include "tests/viz/drawing.h"

static const char *glyph_at(const struct grid *grid, int row, int column) {
    return grid->cells[row * grid->columns + column].glyph;
}

/* The largest of each bin, differences by their size. */
static void test_bins(void **state) {
    (void)state;
    const float values[9] = {0.1f, -0.9f, 0.2f, 0.3f, 0.4f, 0.5f, 0.0f, 0.0f, -0.6f};
    float bins[9];
    minimap_bins(values, 3, 2, 2, bins);
    /* Rows and columns 0 and 1 share the first bin: 0 * 2 / 3 = 1 * 2 / 3 = 0. */
    assert_true(bins[0] == -0.9f && bins[1] == 0.5f && bins[2] == 0.0f && bins[3] == -0.6f);
    minimap_bins(values, 3, 3, 3, bins);
    assert_memory_equal(bins, values, sizeof(values));
}

/* Eight tokens, each looking at itself, in 4 x 2 cells of dots: a diagonal. */
static void test_dots(void **state) {
    (void)state;
    float values[64] = {0};
    for (int i = 0; i < 8; i++)
        values[i * 8 + i] = 1;
    values[7] = 0.5f; /* half of the row's largest stands, */
    values[1] = 0.4f; /* less does not */
    struct grid *grid = grid_create(2, 4, NULL);
    struct minimap map = {.tokens = 8, .values = values, .maximum = 1};
    assert_int_equal(minimap_kind(8, 0, 2, 4, &glyphs_utf8), MINIMAP_DOTS);
    minimap_draw(grid_area(grid), &map, &glyphs_utf8);
    assert_string_equal(glyph_at(grid, 0, 0), "\xe2\xa0\x91"); /* ⠑ dots 1 and 5 */
    assert_string_equal(glyph_at(grid, 0, 1), "\xe2\xa2\x84"); /* ⢄ dots 3 and 8 */
    assert_string_equal(glyph_at(grid, 0, 3), "\xe2\xa0\x88"); /* ⠈ dot 4 */
    assert_string_equal(glyph_at(grid, 1, 2), "\xe2\xa0\x91");
    assert_string_equal(glyph_at(grid, 1, 3), "\xe2\xa2\x84");
    assert_string_equal(glyph_at(grid, 0, 2), " ");
    assert_int_equal(grid->cells[0].meaning, MEANING_WEIGHT + RAMP_STEPS - 1);
    assert_int_equal(grid->cells[3].meaning, MEANING_WEIGHT + (int)(sqrtf(0.5f) * RAMP_STEPS));
    grid_free(grid);
}

/* Where there is room a dot is repeated, in whole steps: 2 tokens in 2 x 2 cells. */
static void test_dots_are_repeated(void **state) {
    (void)state;
    const float values[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    struct grid *grid = grid_create(2, 3, NULL);
    struct minimap map = {.tokens = 3, .values = values, .maximum = 1};
    minimap_draw(grid_area(grid), &map, &glyphs_utf8);
    assert_string_equal(glyph_at(grid, 0, 0), "\xe2\xa0\x9b"); /* ⠛ two by two */
    assert_string_equal(glyph_at(grid, 0, 1), "\xe2\xa3\xa4"); /* ⣤ */
    assert_string_equal(glyph_at(grid, 1, 2), "\xe2\xa0\x9b");
    grid_free(grid);
}

static void test_ink_and_signs(void **state) {
    (void)state;
    float a[16] = {0}, b[16] = {0};
    a[0] = 1;
    a[1] = 0.55f;
    b[3] = 0.8f;
    b[0] = 0.99f;
    struct grid *grid = grid_create(2, 4, NULL);
    struct minimap map = {.tokens = 4, .values = a, .maximum = 1};
    minimap_draw(grid_area(grid), &map, &glyphs_ascii);
    assert_string_equal(glyph_at(grid, 0, 0), "@");
    assert_string_equal(glyph_at(grid, 0, 1), "+"); /* tenth 5 of 0..9 */
    assert_string_equal(glyph_at(grid, 0, 2), " ");
    grid_clear(grid);
    map.other = b;
    minimap_draw(grid_area(grid), &map, &glyphs_utf8);
    assert_string_equal(glyph_at(grid, 0, 0), glyphs_utf8.blocked); /* -0.01: nothing */
    assert_string_equal(glyph_at(grid, 0, 1), glyphs_utf8.minus);
    assert_string_equal(glyph_at(grid, 0, 3), "+");
    assert_true(grid->cells[1].meaning >= MEANING_DIFFERENCE &&
                grid->cells[1].meaning < MEANING_DIFFERENCE + RAMP_STEPS / 2);
    assert_true(grid->cells[3].meaning >= MEANING_DIFFERENCE + RAMP_STEPS / 2);
    grid_free(grid);
}

/* What a map says it fills, it fills, and nothing beyond. */
static void test_fit(void **state) {
    (void)state;
    unsigned random = 3;
    float values[40 * 40], other[40 * 40];
    for (int i = 0; i < 40 * 40; i++) {
        values[i] = 1; /* all stands */
        other[i] = 0;
    }
    for (int i = 0; i < 500; i++) {
        int tokens = 1 + (int)(drawing_random(&random) % 40);
        int rows = 1 + (int)(drawing_random(&random) % 24);
        int columns = 1 + (int)(drawing_random(&random) % 60), difference = i % 3 == 0;
        const struct glyphs *glyphs = i % 2 ? &glyphs_utf8 : &glyphs_ascii;
        int high = rows, wide = columns;
        struct grid *grid = drawing_marked_grid(30, 70);
        struct minimap map = {
            .tokens = tokens, .values = values, .other = difference ? other : NULL, .maximum = 1};
        minimap_fit(tokens, difference, glyphs, &high, &wide);
        assert_true(high >= 1 && high <= rows && wide >= 1 && wide <= columns);
        minimap_draw(area_part(grid_area(grid), 2, 3, rows, columns), &map, glyphs);
        drawing_check_outside(grid, area_part(grid_area(grid), 2, 3, high, wide));
        assert_string_not_equal(glyph_at(grid, 2, 3), DRAWING_MARK);
        assert_string_not_equal(glyph_at(grid, 2 + high - 1, 3 + wide - 1), DRAWING_MARK);
        /* The size that a map takes is a size at which it takes the same. */
        int again_high = high, again_wide = wide;
        minimap_fit(tokens, difference, glyphs, &again_high, &again_wide);
        assert_true(again_high <= high && again_wide <= wide);
        grid_free(grid);
    }
    struct minimap nothing = {.tokens = 0};
    struct grid *grid = drawing_marked_grid(3, 3);
    minimap_draw(grid_area(grid), &nothing, &glyphs_utf8);
    drawing_check_outside(grid, area_part(grid_area(grid), 0, 0, 0, 0));
    grid_free(grid);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_bins),
    cmocka_unit_test(test_dots),
    cmocka_unit_test(test_dots_are_repeated),
    cmocka_unit_test(test_ink_and_signs),
    cmocka_unit_test(test_fit),
};

TEST_GROUP(tests_viz_minimap, tests);
