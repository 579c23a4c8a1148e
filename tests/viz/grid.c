/*
 * grid.c - tests of cells, areas and text.
 */
#include "tests/viz/drawing.h"

#include <limits.h>

#include "viz/glyphs.h"

static const struct cell *at(const struct grid *grid, int row, int column) {
    return &grid->cells[row * grid->columns + column];
}

static void check_row(const struct grid *grid, int row, const char *expected) {
    char text[4096] = "";
    for (int column = 0; column < grid->columns; column++)
        strcat(text, at(grid, row, column)->glyph);
    assert_string_equal(text, expected);
}

static void check_text(const char *text, const char *drawn, int columns) {
    struct grid *grid = grid_create(1, 8, NULL);
    assert_int_equal(area_text(grid_area(grid), 0, 0, MEANING_TEXT, 0, text), columns);
    check_row(grid, 0, drawn);
    grid_free(grid);
}

static void test_create(void **state) {
    (void)state;
    struct sawb_error error = {""};
    assert_null(grid_create(-1, 5, &error));
    assert_non_null(strstr(error.message, "-1 rows"));
    assert_null(grid_create(5, GRID_MOST + 1, &error));
    struct grid *empty = grid_create(0, 0, &error);
    assert_non_null(empty);
    assert_int_equal(area_text(grid_area(empty), 0, 0, MEANING_TEXT, 0, "x"), 0);
    grid_free(empty);
    grid_free(NULL);
    struct grid *grid = grid_create(2, 3, &error);
    assert_int_equal(grid->cursor_row, -1);
    area_text(grid_area(grid), 1, 0, MEANING_KEY, CELL_BOLD, "abc");
    grid->cursor_row = 1;
    grid_clear(grid);
    assert_int_equal(grid->cursor_row, -1);
    check_row(grid, 1, "   ");
    assert_int_equal(at(grid, 1, 0)->meaning, MEANING_TEXT);
    assert_int_equal(at(grid, 1, 0)->flags, 0);
    grid_free(grid);
}

static void test_text(void **state) {
    (void)state;
    check_text("abc", "abc     ", 3);
    check_text("", "        ", 0);
    check_text("caf\xc3\xa9", "caf\xc3\xa9    ", 4);
    /* A letter and its combining mark are one cell. */
    check_text("e\xcc\x81x", "e\xcc\x81x      ", 2);
    /* A mark with nothing to join stands on a blank. */
    check_text("\xcc\x81x", " \xcc\x81x      ", 2);
    check_text("\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac    ", 4);
    /* Joiners and variation selectors draw nothing. */
    check_text("a\xe2\x80\x8d\xef\xb8\x8f"
               "b",
               "ab      ", 2);
    check_text("\xe2\x80\x8d", "        ", 0);
}

static void test_unsafe_text(void **state) {
    (void)state;
    check_text("a\x1b[2Jb", "a?[2Jb  ", 6);
    check_text("\t\n\r\x7f\x01", "?????   ", 5);
    check_text("\xc2\x9bm", "?m      ", 2);        /* C1: a terminal's CSI */
    check_text("\xe2\x80\xaeq", "?q      ", 2);    /* right-to-left override */
    check_text("\xe2\x80\xa8q", "?q      ", 2);    /* line separator */
    check_text("\xff\xfe", "??      ", 2);         /* no UTF-8 at all */
    check_text("\xe6\x97", "??      ", 2);         /* cut short */
    check_text("\xed\xa0\x80", "???     ", 3);     /* a surrogate */
    check_text("\xc0\x80", "??      ", 2);         /* an overlong NUL */
    check_text("\xf5\x80\x80\x80", "????    ", 4); /* beyond Unicode */
}

static void test_many_marks(void **state) {
    (void)state;
    char text[200] = "e";
    for (int i = 0; i < 60; i++)
        strcat(text, "\xcc\x81");
    struct grid *grid = grid_create(1, 4, NULL);
    assert_int_equal(area_text(grid_area(grid), 0, 0, MEANING_TEXT, 0, text), 1);
    assert_int_equal(strlen(at(grid, 0, 0)->glyph), 23); /* as many whole marks as fit */
    assert_string_equal(at(grid, 0, 1)->glyph, " ");
    assert_int_equal(text_columns(text), 1);
    assert_int_equal(text_prefix(text, 1), strlen(text));
    grid_free(grid);
}

static void test_clipping(void **state) {
    (void)state;
    struct grid *grid = grid_create(3, 6, NULL);
    struct area area = grid_area(grid);
    assert_int_equal(area_text(area, 0, 4, MEANING_TEXT, 0, "abc"), 2);
    check_row(grid, 0, "    ab");
    assert_int_equal(area_text(area, 1, -2, MEANING_TEXT, 0, "abc"), 3);
    check_row(grid, 1, "c     ");
    /* A wide character that would be cut is left out, at either edge. */
    assert_int_equal(area_text(area, 1, 5, MEANING_TEXT, 0, "\xe6\x97\xa5"), 0);
    assert_int_equal(area_text(area, 1, -1, MEANING_TEXT, 0, "\xe6\x97\xa5z"), 3);
    check_row(grid, 1, "cz    ");
    /* Rows outside: nothing is drawn, the count is the same. */
    assert_int_equal(area_text(area, 3, 0, MEANING_TEXT, 0, "abc"), 3);
    assert_int_equal(area_text(area, -1, 0, MEANING_TEXT, 0, "abc"), 3);
    assert_int_equal(area_text(area, INT_MIN, INT_MAX, MEANING_TEXT, 0, "abc"), 0);
    check_row(grid, 2, "      ");
    grid_free(grid);
}

static void test_wide_overlap(void **state) {
    (void)state;
    struct grid *grid = grid_create(2, 6, NULL);
    struct area area = grid_area(grid);
    area_text(area, 0, 1, MEANING_TEXT, CELL_BOLD, "\xe6\x97\xa5");
    assert_int_equal(at(grid, 0, 2)->flags, CELL_TAIL | CELL_BOLD);
    /* Either half is drawn over: the other becomes blank. */
    area_text(area, 0, 2, MEANING_TEXT, 0, "x");
    check_row(grid, 0, "  x   ");
    assert_int_equal(at(grid, 0, 1)->flags, CELL_BOLD);
    area_text(area, 1, 1, MEANING_TEXT, 0, "\xe6\x97\xa5");
    area_text(area, 1, 1, MEANING_TEXT, 0, "y");
    check_row(grid, 1, " y    ");
    assert_int_equal(at(grid, 1, 2)->flags, 0);
    /* A wide character over the halves of two. */
    area_text(area, 0, 0, MEANING_TEXT, 0, "\xe6\x97\xa5\xe6\x9c\xac");
    area_text(area, 0, 1, MEANING_TEXT, 0, "\xe6\x9c\xac");
    check_row(grid, 0, " \xe6\x9c\xac   ");
    /* The half that lies outside of the area is blanked too: half a character is none. */
    area_text(area, 1, 2, MEANING_TEXT, 0, "\xe6\x97\xa5");
    area_text(area_part(area, 1, 3, 1, 2), 0, 0, MEANING_TEXT, 0, "z");
    check_row(grid, 1, " y z  ");
    grid_free(grid);
}

static void test_flags_cannot_forge_a_tail(void **state) {
    (void)state;
    struct grid *grid = grid_create(1, 2, NULL);
    area_text(grid_area(grid), 0, 0, MEANING_TEXT, CELL_TAIL | CELL_REVERSE, "x");
    assert_int_equal(at(grid, 0, 0)->flags, CELL_REVERSE);
    grid_free(grid);
}

static void test_parts(void **state) {
    (void)state;
    struct grid *grid = grid_create(10, 20, NULL);
    struct area part = area_part(grid_area(grid), 2, 3, 4, 5);
    assert_int_equal(part.row, 2);
    assert_int_equal(part.column, 3);
    assert_int_equal(part.rows, 4);
    assert_int_equal(part.columns, 5);
    struct area inner = area_part(part, -1, 2, 3, INT_MAX);
    assert_int_equal(inner.row, 2);
    assert_int_equal(inner.column, 5);
    assert_int_equal(inner.rows, 2);
    assert_int_equal(inner.columns, 3);
    struct area none = area_part(part, 4, 0, 3, 3);
    assert_int_equal(none.rows, 0);
    none = area_part(part, 0, 0, -3, 3);
    assert_int_equal(none.rows, 0);
    none = area_part(part, INT_MAX, INT_MIN, INT_MAX, INT_MAX);
    assert_int_equal(none.rows, 0);
    assert_int_equal(none.columns, 0);
    assert_null(area_cell(part, 4, 0));
    assert_null(area_cell(part, 0, -1));
    assert_ptr_equal(area_cell(part, 1, 1), at(grid, 3, 4));
    grid_free(grid);
}

static void test_right_and_printf(void **state) {
    (void)state;
    struct grid *grid = grid_create(4, 8, NULL);
    struct area area = grid_area(grid);
    assert_int_equal(area_text_right(area, 0, 8, MEANING_TEXT, 0, "12.5"), 4);
    check_row(grid, 0, "    12.5");
    area_text_right(area, 1, 3, MEANING_TEXT, 0, "12345");
    check_row(grid, 1, "345     ");
    area_text_right(area, 1, INT_MIN, MEANING_TEXT, 0, "12345");
    assert_int_equal(area_printf(area, 2, 1, MEANING_TEXT, 0, "%d%s", 42, "x"), 3);
    check_row(grid, 2, " 42x    ");
    area_rule(area, 3, &glyphs_ascii);
    check_row(grid, 3, "--------");
    assert_int_equal(at(grid, 3, 0)->meaning, MEANING_FAINT);
    area_fill(area_part(area, 0, 0, 2, 2), MEANING_KEY, "#");
    check_row(grid, 0, "##  12.5");
    check_row(grid, 1, "##5     ");
    grid_free(grid);
}

static void test_prefix(void **state) {
    (void)state;
    assert_int_equal(text_columns("a\xe6\x97\xa5"
                                  "e\xcc\x81\x1b"),
                     5);
    assert_int_equal(text_prefix("abc", 2), 2);
    assert_int_equal(text_prefix("abc", 9), 3);
    assert_int_equal(text_prefix("abc", 0), 0);
    assert_int_equal(text_prefix("abc", -1), 0);
    assert_int_equal(text_prefix("\xe6\x97\xa5x", 1), 0);
    assert_int_equal(text_prefix("e\xcc\x81x", 1), 3);
}

/* Random text at random places of random parts, the extremes of int included. */
static void test_nothing_outside(void **state) {
    (void)state;
    static const char *const pieces[] = {"a",    "\xe6\x97\xa5", "\xcc\x81",         "\x1b",
                                         "\xff", "\xe2\x96\x88", "\xf0\x9f\x99\x82", "\xe2\x80\x8d",
                                         " ",    "\xe6"};
    unsigned seed = 7;
    for (int round = 0; round < 2000; round++) {
        struct grid *grid = drawing_marked_grid(12, 30);
        struct area area =
            area_part(grid_area(grid), drawing_coordinate(&seed), drawing_coordinate(&seed),
                      drawing_coordinate(&seed), drawing_coordinate(&seed));
        for (int i = 0; i < 4; i++) {
            char text[64] = "";
            for (unsigned left = drawing_random(&seed) % 12; left > 0; left--)
                strcat(text, pieces[drawing_random(&seed) % 10]);
            int row = drawing_coordinate(&seed), column = drawing_coordinate(&seed);
            int used = area_text(area, row, column, MEANING_KEY, CELL_BOLD, text);
            assert_true(used >= 0 && used <= text_columns(text));
            area_text_right(area, row, column, MEANING_NOTE, 0, text);
        }
        area_rule(area, drawing_coordinate(&seed), &glyphs_utf8);
        drawing_check_outside(grid, area);
        grid_free(grid);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_create),
    cmocka_unit_test(test_text),
    cmocka_unit_test(test_unsafe_text),
    cmocka_unit_test(test_many_marks),
    cmocka_unit_test(test_clipping),
    cmocka_unit_test(test_wide_overlap),
    cmocka_unit_test(test_flags_cannot_forge_a_tail),
    cmocka_unit_test(test_parts),
    cmocka_unit_test(test_right_and_printf),
    cmocka_unit_test(test_prefix),
    cmocka_unit_test(test_nothing_outside),
};

TEST_GROUP(tests_viz_grid, tests);
