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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_golden),         cmocka_unit_test(test_points_are_aligned),
    cmocka_unit_test(test_width_is_kept),  cmocka_unit_test(test_unfinished_and_empty),
    cmocka_unit_test(test_cells_are_safe), cmocka_unit_test(test_many_rows),
};

TEST_GROUP(tests_viz_table, tests);
