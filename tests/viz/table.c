/*
 * table.c - tests of tables.
 */
#include "tests/viz/drawing.h"

#include "tests/golden.h"
#include "viz/table.h"

static struct table *example(void) {
    static const char *const titles[] = {"pattern", ">accuracy", ">loss", ">removed", "note"};
    struct sawb_error error;
    struct table *table = table_create(titles, 5, &error);
    assert_non_null(table);
    static const char *const cells[][5] = {
        {"dense", "0.898", "0.289", "0 %", ""},
        {"local(2)", "0.87", "0.3315", "61.25 %", "a short window"},
        {"topk(0.8)", "1", "12", "79.3 %", "the largest scores of each row, kept by rank"},
        {"na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac", "-0.5", "-", "1,240",
         "wide and combined: e\xcc\x81"},
    };
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
        for (int j = 0; j < 5; j++)
            assert_int_equal(table_add(table, "%s", cells[i][j]), 0);
    return table;
}

static void test_golden(void **state) {
    (void)state;
    struct sheet sheet;
    sheet_open(&sheet);
    struct table *table = example();
    static const int widths[] = {0, 80, 60, 46, 10};
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        char *text = table_print(table, widths[i], i % 2 ? "~" : "…");
        assert_non_null(text);
        fprintf(sheet.out, "== width %d\n%s", widths[i], text);
        free(text);
    }
    char *tsv = table_tsv(table);
    fprintf(sheet.out, "== TSV\n%s", tsv);
    free(tsv);
    table_free(table);
    char *text = sheet_close(&sheet);
    assert_int_equal(golden_check("tests/viz/golden/table.txt", text), 0);
    free(text);
}

/* Where the n-th line's first '.' stands. */
static int point_of_line(const char *text, int line) {
    while (line-- > 0)
        text = strchr(text, '\n') + 1;
    const char *point = strchr(text, '.');
    return point ? (int)(point - text) : -1;
}

static void test_points_are_aligned(void **state) {
    (void)state;
    static const char *const titles[] = {">value"};
    struct table *table = table_create(titles, 1, NULL);
    const double values[] = {1.5, 123.25, 0.0625, 99999.125};
    for (int i = 0; i < 4; i++)
        table_add(table, "%.*f", i + 1, values[i]);
    char *text = table_print(table, 0, "");
    for (int i = 1; i <= 4; i++)
        assert_int_equal(point_of_line(text, i), 5);
    free(text);
    table_free(table);
}

static void test_width_is_kept(void **state) {
    (void)state;
    struct table *table = example();
    for (int width = 46; width < 130; width++) {
        char *text = table_print(table, width, "…");
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
            assert_true(text_columns(line) <= width);
            assert_true(line[strlen(line) - 1] != ' ');
        }
        free(text);
    }
    table_free(table);
}

static void test_unfinished_and_empty(void **state) {
    (void)state;
    static const char *const titles[] = {"a", ">b"};
    struct table *table = table_create(titles, 2, NULL);
    char *text = table_print(table, 0, "…");
    assert_string_equal(text, "a  b\n");
    free(text);
    text = table_tsv(table);
    assert_string_equal(text, "a\tb\n");
    free(text);
    table_add(table, "x");
    text = table_print(table, 1, "…");
    assert_string_equal(text, "a  b\nx\n");
    free(text);
    text = table_tsv(table);
    assert_string_equal(text, "a\tb\nx\t\n");
    free(text);
    table_free(table);
    table_free(NULL);
    struct sawb_error error;
    assert_null(table_create(titles, 0, &error));
    assert_non_null(strstr(error.message, "at least one column"));
}

static void test_cells_are_safe(void **state) {
    (void)state;
    static const char *const titles[] = {"a\tb"};
    struct table *table = table_create(titles, 1, NULL);
    table_add(table, "x\ty\r\nz\x1b[1m\xff");
    char *text = table_print(table, 0, "…");
    assert_string_equal(text, "a b\nx y  z?[1m?\n");
    free(text);
    text = table_tsv(table);
    assert_string_equal(text, "a b\nx y  z\x1b[1m\xff\n");
    free(text);
    table_free(table);
}

static void test_many_rows(void **state) {
    (void)state;
    static const char *const titles[] = {">n", "text"};
    struct table *table = table_create(titles, 2, NULL);
    for (int i = 0; i < 5000; i++) {
        table_add(table, "%d", i);
        table_add(table, "row %d", i);
    }
    char *text = table_tsv(table);
    assert_non_null(strstr(text, "\n4999\trow 4999\n"));
    free(text);
    text = table_print(table, 0, "…");
    assert_non_null(strstr(text, "\n   0  row 0\n"));
    free(text);
    table_free(table);
}

/* ---- in an area ---- */

static const char *const seen[][4] = {
    {"0", "dense", "1.5", "a short text"},
    {"1", "local(2)", "-12.25", "a text that is longer than any column it may stand in"},
    {"2", "na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac", "-",
     "\xe7\x8c\xab\xe7\x8c\xab\xe7\x8c\xab e\xcc\x81 wide"},
    {"3", "", "1000", ""},
    {"4", "topk(0.8)", "0.125", "\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85 right to left"},
};
enum { SEEN = sizeof(seen) / sizeof(seen[0]) };

static void fill(void *user, int row, int column, struct table_cell *cell) {
    (void)user;
    assert_in_range(row, 0, SEEN - 1);
    cell->text = seen[row][column];
}

static const struct table_column columns[] = {
    {.title = "row", .number = 1, .width = 4},
    {.title = "pattern", .width = 8, .rank = 1},
    {.title = "loss", .number = 1, .width = 8, .rank = 2},
    {.title = "text", .width = 10, .elastic = 1},
};

static struct table_view view_of(int first, int selected) {
    return (struct table_view){.columns = columns,
                               .column_count = 4,
                               .rows = SEEN,
                               .first = first,
                               .selected = selected,
                               .sorted = 1 << 2,
                               .cell = fill};
}

static void test_view_golden(void **state) {
    (void)state;
    static const int widths[] = {80, 50, 40, 30, 20, 12};
    struct sheet sheet;
    sheet_open(&sheet);
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        struct table_view view = view_of(i % 2, 1);
        struct grid *grid = grid_create(6, widths[i], NULL);
        assert_non_null(grid);
        view.descending = i % 2;
        view.shift = i == 1 ? 9 : 0;
        table_draw(grid_area(grid), &view, i == 2 ? &glyphs_ascii : &glyphs_utf8);
        sheet_add(&sheet, "view", grid);
        grid_free(grid);
    }
    char *text = sheet_close(&sheet);
    assert_int_equal(golden_check("tests/viz/golden/table-view.txt", text), 0);
    free(text);
}

/* Nothing outside of the area, no wide character torn, whatever the size and the scroll. */
static void test_view_stays_inside(void **state) {
    (void)state;
    unsigned random = 5;
    for (int i = 0; i < 3000; i++) {
        struct grid *grid = drawing_marked_grid(12, 60);
        struct area area =
            area_part(grid_area(grid), drawing_coordinate(&random), drawing_coordinate(&random),
                      drawing_coordinate(&random), drawing_coordinate(&random));
        struct table_view view =
            view_of((int)(drawing_random(&random) % SEEN), (int)(drawing_random(&random) % 7) - 1);
        view.shift = (int)(drawing_random(&random) % 80);
        table_draw(area, &view, &glyphs_utf8);
        drawing_check_outside(grid, area);
        grid_free(grid);
    }
}

/* The selected row is filled, the mark stands on the sorted column alone. */
static void test_view_marks(void **state) {
    (void)state;
    struct table_view view = view_of(0, 2);
    struct grid *grid = grid_create(6, 50, NULL);
    assert_non_null(grid);
    table_draw(grid_area(grid), &view, &glyphs_utf8);
    for (int row = 0; row < 6; row++)
        for (int column = 0; column < 50; column++)
            assert_int_equal(grid->cells[row * 50 + column].meaning == MEANING_SELECTED, row == 3);
    int marks = 0;
    for (int column = 0; column < 50; column++)
        marks += strcmp(grid->cells[column].glyph, glyphs_utf8.rising) == 0;
    assert_int_equal(marks, 1);
    grid_free(grid);
}

static void test_scroll(void **state) {
    (void)state;
    assert_int_equal(table_scroll(0, 0, 10, 100), 0);
    assert_int_equal(table_scroll(0, 9, 10, 100), 0);
    assert_int_equal(table_scroll(0, 10, 10, 100), 1);
    assert_int_equal(table_scroll(50, 20, 10, 100), 20);
    assert_int_equal(table_scroll(50, 55, 10, 100), 50);
    assert_int_equal(table_scroll(95, 99, 10, 100), 90); /* no room is left empty */
    assert_int_equal(table_scroll(5, 2, 10, 4), 0);
    assert_int_equal(table_scroll(3, 0, 0, 0), 0);
}

/* Tables of one row each, as they are told one after the other, stand below each other. */
static void test_rows_alone(void **state) {
    (void)state;
    static const char *const titles[] = {">n", "word"};
    static const int widths[] = {5, 6};
    for (int i = 0; i < 2; i++) {
        struct table *table = table_create(titles, 2, NULL);
        assert_non_null(table);
        assert_int_equal(table_add(table, "%d", i ? 1234 : 7), 0);
        assert_int_equal(table_add(table, "x"), 0);
        table_mark(table, TABLE_BAD);
        table_least(table, widths);
        char *text = table_print(table, 0, "~");
        assert_string_equal(text, i ? "    n  word\n 1234  x\n" : "    n  word\n    7  x\n");
        assert_int_equal(table_marked(table, 0), TABLE_BAD);
        assert_int_equal(table_marked(table, 1), TABLE_PLAIN);
        free(text);
        table_free(table);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_rows_alone),
    cmocka_unit_test(test_golden),
    cmocka_unit_test(test_points_are_aligned),
    cmocka_unit_test(test_width_is_kept),
    cmocka_unit_test(test_unfinished_and_empty),
    cmocka_unit_test(test_cells_are_safe),
    cmocka_unit_test(test_many_rows),
    cmocka_unit_test(test_view_golden),
    cmocka_unit_test(test_view_stays_inside),
    cmocka_unit_test(test_view_marks),
    cmocka_unit_test(test_scroll),
};

TEST_GROUP(tests_viz_table, tests);
