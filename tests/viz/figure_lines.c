/*
 * figure_lines.c - figures as characters.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"
#include "viz/figure_lines.h"

static const char *const tokens[] = {"[CLS]", "warm", "film"};

static void fill(struct figure *figure) {
    static const double x[] = {0, 1, 2, 3, 4}, y[] = {0, 1, 4, 9, 16};
    struct sawb_error error;
    assert_int_equal(figure_title(figure, &error, "a figure"), 0);
    struct panel *panel = figure_matrix(figure, "A dense", 3, 3, &error);
    assert_non_null(panel);
    assert_int_equal(panel_row_labels(panel, tokens, &error), 0);
    assert_int_equal(panel_column_labels(panel, tokens, &error), 0);
    for (int i = 0; i < 9; i++)
        panel->values[i] = (float)i / 8;
    panel->mask[1] = 0;
    panel = figure_bars(figure, "changes", 2, 2, "share", &error);
    assert_non_null(panel);
    assert_int_equal(panel_row_labels(panel, tokens, &error), 0);
    panel->bars[0] = 0.5;
    panel->bars[1] = -0.25;
    panel->bars[2] = NAN;
    panel->bars[3] = 0;
    panel = figure_series(figure, "loss", "step", "loss", &error);
    assert_non_null(panel);
    assert_int_equal(panel_line(panel, "run", x, y, 5, MEANING_ACCENT_A, &error), 0);
    panel = figure_table(figure, "numbers", 2, &error);
    assert_non_null(panel);
    struct panel_column *column = panel_column(panel, "name", COLUMN_TEXT, 0, &error);
    assert_non_null(column);
    assert_int_equal(panel_cell(panel, 0, 0, "one", &error), 0);
    column = panel_column(panel, "value", COLUMN_NUMBER, 2, &error);
    assert_non_null(column);
    column->numbers[0] = 1.5;
    column->numbers[1] = NAN;
}

static void assert_has(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in\n%s", part, text);
}

static void test_kinds(void **state) {
    (void)state;
    struct figure figure = {0};
    struct sawb_error error;
    fill(&figure);
    char *text = figure_lines(&figure, &glyphs_utf8, NULL, 60, &error);
    assert_non_null(text);
    assert_int_equal(strncmp(text, "a figure\n\nA dense\n", 18), 0);
    /* The pair that is removed, and the largest of the others. */
    assert_has(text, "[CLS] ▁▁ ·· ▃▃\n");
    assert_has(text, "film  ▇▇ ██ ██\n");
    assert_has(text, "blocked\n");
    assert_has(text, "+0.5\n");
    assert_has(text, "-0.25\n");
    assert_has(text, "\n\nloss   ─ run 16.000\n");
    assert_has(text, "⠊");
    assert_has(text, "\nnumbers\nname  value\none    1.50\n");
    free(text);

    text =
        figure_lines(&figure, &glyphs_ascii, NULL, 1, &error); /* narrower than there is sense in */
    assert_non_null(text);
    for (const char *at = text; *at; at++)
        assert_true((unsigned char)*at < 0x80);
    assert_has(text, "numbers\n");
    free(text);
    figure_free(&figure);
}

/* A map that is wider than the lines says how much of it is there. */
static void test_wide(void **state) {
    (void)state;
    struct figure figure = {0};
    struct sawb_error error;
    assert_non_null(figure_matrix(&figure, "map", 2, 500, &error));
    char *text = figure_lines(&figure, &glyphs_utf8, NULL, 60, &error);
    assert_non_null(text);
    assert_has(text, "of 500 columns\n");
    free(text);
    figure_free(&figure);
    text = figure_lines(&figure, &glyphs_utf8, NULL, 60, &error);
    assert_string_equal(text, "");
    free(text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_kinds),
    cmocka_unit_test(test_wide),
};
TEST_GROUP(tests_viz_figure_lines, tests);
