/*
 * bar.c - tests of the bar.
 */
#include "tests/viz/drawing.h"

#include <limits.h>
#include <math.h>

#include "viz/bar.h"

static void check_bar(int columns, double share, const struct glyphs *glyphs,
                      const char *expected) {
    struct grid *grid = grid_create(1, 6, NULL);
    bar_draw(grid_area(grid), 0, 1, columns, share, MEANING_ACCENT_A, glyphs);
    char *text = export_text(grid);
    assert_string_equal(text, expected);
    free(text);
    grid_free(grid);
}

static void test_eighths(void **state) {
    (void)state;
    static const char *const one[] = {"\n",   " ▏\n", " ▎\n", " ▍\n", " ▌\n",
                                      " ▋\n", " ▊\n", " ▉\n", " █\n"};
    for (int i = 0; i <= 8; i++)
        check_bar(1, i / 8.0, &glyphs_utf8, one[i]);
    check_bar(4, 0.5, &glyphs_utf8, " ██\n");
    check_bar(4, 0.5 + 1 / 32.0, &glyphs_utf8, " ██▏\n");
    check_bar(4, 0.999, &glyphs_utf8, " ███▉\n"); /* only a whole share fills it */
    check_bar(4, 1, &glyphs_utf8, " ████\n");
    check_bar(4, 1e-9, &glyphs_utf8, " ▏\n"); /* nothing that is there is invisible */
    check_bar(4, 0.55, &glyphs_ascii, " ##.\n");
}

static void test_odd_shares(void **state) {
    (void)state;
    check_bar(4, 0, &glyphs_utf8, "\n");
    check_bar(4, -1, &glyphs_utf8, "\n");
    check_bar(4, NAN, &glyphs_utf8, "\n");
    check_bar(4, 7, &glyphs_utf8, " ████\n");
    check_bar(4, INFINITY, &glyphs_utf8, " ████\n");
    check_bar(0, 1, &glyphs_utf8, "\n");
    check_bar(-3, 1, &glyphs_utf8, "\n");
    check_bar(40, 1, &glyphs_utf8, " █████\n");
    check_bar(INT_MAX, 0.5, &glyphs_utf8, " █████\n");
}

static void test_clipped_left(void **state) {
    (void)state;
    struct grid *grid = grid_create(1, 6, NULL);
    bar_draw(grid_area(grid), 0, -2, 4, 0.875, MEANING_ACCENT_A, &glyphs_utf8);
    char *text = export_text(grid);
    assert_string_equal(text, "█▌\n");
    free(text);
    grid_free(grid);
}

static void check_signed(int columns, double share, const struct glyphs *glyphs,
                         const char *expected) {
    struct grid *grid = grid_create(1, 10, NULL);
    bar_draw_signed(grid_area(grid), 0, 1, columns, share, MEANING_ACCENT_B, glyphs);
    char *text = export_text(grid);
    assert_string_equal(text, expected);
    free(text);
    grid_free(grid);
}

static void test_signed(void **state) {
    (void)state;
    check_signed(9, 0, &glyphs_utf8, "     │\n");
    check_signed(9, 1, &glyphs_utf8, "     │████\n");
    check_signed(9, -1, &glyphs_utf8, " ████│\n");
    check_signed(9, 0.53125, &glyphs_utf8, "     │██▏\n");
    check_signed(9, -0.625, &glyphs_utf8, "  ▐██│\n");
    check_signed(9, -1e-9, &glyphs_utf8, "    ▐│\n");
    check_signed(9, -7, &glyphs_utf8, " ████│\n");
    check_signed(10, NAN, &glyphs_utf8, "     │\n"); /* an odd number of columns */
    check_signed(9, -0.625, &glyphs_ascii, "  -##|\n");
    check_signed(2, 1, &glyphs_utf8, "\n");
    unsigned seed = 5;
    for (int round = 0; round < 500; round++) {
        struct grid *grid = drawing_marked_grid(6, 20);
        struct area area = area_part(grid_area(grid), 1, 3, 3, 9);
        bar_draw_signed(area, drawing_coordinate(&seed), drawing_coordinate(&seed),
                        drawing_coordinate(&seed), drawing_random(&seed) % 300 / 100.0 - 1.5,
                        MEANING_POSITIVE, &glyphs_utf8);
        drawing_check_outside(grid, area);
        grid_free(grid);
    }
}

static void test_nothing_outside(void **state) {
    (void)state;
    unsigned seed = 3;
    for (int round = 0; round < 500; round++) {
        struct grid *grid = drawing_marked_grid(6, 20);
        struct area area = area_part(grid_area(grid), 1, 3, 3, 9);
        bar_draw(area, drawing_coordinate(&seed), drawing_coordinate(&seed),
                 drawing_coordinate(&seed), drawing_random(&seed) % 100 / 90.0, MEANING_POSITIVE,
                 &glyphs_utf8);
        drawing_check_outside(grid, area);
        grid_free(grid);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_eighths),         cmocka_unit_test(test_odd_shares),
    cmocka_unit_test(test_clipped_left),    cmocka_unit_test(test_signed),
    cmocka_unit_test(test_nothing_outside),
};

TEST_GROUP(tests_viz_bar, tests);
