/*
 * export_svg.c - tests of figures as SVG: well-formed, complete, and the same picture as the PNG.
 */
#include "tests/viz/figures_fixture.h"

#include "tests/golden.h"
#include "tests/viz/xml.h"
#include "viz/export_raster.h"
#include "viz/export_svg.h"
#include "viz/figure_draw.h"
#include "viz/figure_panel.h"

#define MINUS "\xe2\x88\x92"

static void check_holds(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in the picture", part);
}

static char *color_text(char text[16], uint32_t color) {
    snprintf(text, 16, "\"#%06x\"", (unsigned)color);
    return text;
}

/* Lines without length in a colour. */
static int dots_of(const char *svg, const char *color) {
    int count = 0;
    for (const char *path = svg; (path = strstr(path, color)); path++)
        for (const char *at = path; *at != '>'; at++)
            count += at[0] == 'h' && at[1] == '0';
    return count;
}

static void test_golden(void **state) {
    (void)state;
    struct figure figure = {0};
    size_t size;
    figure_of_all(&figure);
    char *svg = figure_text_of(&figure, "a.svg", &size);
    assert_int_equal(xml_count(svg, "svg"), 1);
    assert_int_equal(golden_check("tests/viz/golden/figure.svg", svg), 0);
    free(svg);
    figure_free(&figure);
}

static void test_contents(void **state) {
    (void)state;
    struct figure figure = {0};
    struct palette palette;
    char color[16];
    size_t size;
    figure_of_all(&figure);
    palette_make(&palette, palette_find("light"));
    char *svg = figure_text_of(&figure, "a.svg", &size);
    check_holds(svg, "<title>layer 1 head 2</title>\n<desc>pattern B: topk(80%)\n"
                     "sentence: a fine film\nof 90 %\n</desc>");
    check_holds(svg, ">##ly</text>");
    check_holds(svg, "transform=\"rotate(-90 ");
    check_holds(svg, ">removed by the mask</text>");
    check_holds(svg, ">weight</text>");
    check_holds(svg, ">run 2</text>");
    check_holds(svg, "stroke-dasharray=");
    check_holds(svg, ">a &amp; &lt;b&gt; \"c\" {d} 50% $_^~\\# |");
    check_holds(svg, MINUS "12.00</text>");
    check_holds(svg, color_text(color, palette_weight(&palette, 1)));
    check_holds(svg, color_text(color, palette_difference(&palette, 1)));
    check_holds(svg, color_text(color, palette_difference(&palette, 2 * 16 / 62.0 - 1)));
    /* A pair of B that the mask removed is a dot on the page; the legend has one more. */
    assert_int_equal(dots_of(svg, color_text(color, palette.looks[MEANING_BLOCKED].foreground)), 6);
    free(svg);
    figure_free(&figure);
}

/* Tiny, blocked and absent differ also in grey, in every palette. */
static void test_states_in_grey(void **state) {
    (void)state;
    for (int index = 0; palette_name(index); index++) {
        struct palette palette;
        struct figure figure = {0};
        struct raster raster;
        palette_make(&palette, index);
        struct panel *panel = figure_matrix(&figure, "A", 1, 3, NULL);
        assert_non_null(panel);
        panel->values[0] = 1e-6f;
        panel->mask[1] = 0;
        panel->values[2] = NAN;
        panel->maximum = 1;
        struct drawing drawing = figure_draw(&figure, &palette);
        assert_int_equal(drawing_raster(&drawing, 2, &raster, NULL), 0);
        /* The cells are the widest rectangle's neighbours: find the first of the map. */
        const struct mark *cell = NULL, *dots = NULL;
        for (size_t i = 0; i < drawing.count && !dots; i++) {
            const struct mark *mark = &drawing.marks[i];
            if (mark->kind == MARK_RECTANGLE && !cell)
                cell = mark;
            else if (mark->kind == MARK_LINE)
                dots = mark;
        }
        assert_non_null(cell);
        assert_non_null(dots);
        double grey[3], middle[3];
        for (int i = 0; i < 3; i++) {
            double sum = 0;
            int side = (int)(2 * cell->width) - 4,
                left = (int)(2 * (cell->x + i * cell->width)) + 2;
            int top = (int)(2 * cell->y) + 2;
            for (int y = 0; y < side; y++)
                for (int x = 0; x < side; x++)
                    sum += raster.rgb[3 * ((top + y) * raster.width + left + x) + 1];
            grey[i] = sum / side / side;
            middle[i] = raster.rgb[3 * ((top + side / 2) * raster.width + left + side / 2) + 1];
        }
        assert_true(fabs(grey[0] - grey[2]) > 6);
        assert_true(fabs(middle[1] - middle[2]) > 40); /* the dot */
        assert_true(fabs(middle[1] - middle[0]) > 15 || fabs(grey[1] - grey[0]) > 6);
        raster_free(&raster);
        drawing_free(&drawing);
        figure_free(&figure);
    }
}

static void test_escape(void **state) {
    (void)state;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    xml_escape(out, "<a href=\"&\">\xff\x01\x7f\xef\xbf\xbe\xef\xbf\xbf\xed\xa0\x80\t\n\xc3\xa9");
    fclose(out);
    assert_string_equal(text, "&lt;a href=\"&amp;\"&gt;???\?\?\?\?\?\t\n\xc3\xa9");
    free(text);
}

/* What lies within the picture stays there, whatever the labels. */
static void test_nothing_outside(void **state) {
    (void)state;
    static const char *const labels[] = {"WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", "i", ""};
    for (int kind = 0; kind < 4; kind++) {
        struct figure figure = {0};
        struct palette palette;
        struct panel *panel = kind == 0   ? figure_matrix(&figure, labels[0], 3, 3, NULL)
                              : kind == 1 ? figure_series(&figure, labels[0], labels[0], "y", NULL)
                              : kind == 2 ? figure_bars(&figure, labels[0], 3, 3, labels[0], NULL)
                                          : figure_table(&figure, labels[0], 3, NULL);
        assert_non_null(panel);
        if (kind == 0 || kind == 2) {
            figure_must(panel_row_labels(panel, labels, NULL));
            figure_must(panel_column_labels(panel, labels, NULL));
        } else if (kind == 1) {
            double x[] = {-1e6, 2e6}, y[] = {1e9, -1e9};
            figure_must(panel_line(panel, labels[0], x, y, 2, MEANING_TEXT, NULL));
        } else {
            figure_must(panel_column(panel, labels[0], COLUMN_TEXT, 0, NULL) ? 0 : -1);
            for (int row = 0; row < 3; row++)
                figure_must(panel_cell(panel, row, 0, labels[row], NULL));
        }
        figure_must(
            figure_fact(&figure, NULL, "sentence", "%s %s %s", labels[0], labels[0], labels[0]));
        palette_make(&palette, 1);
        struct drawing drawing = figure_draw(&figure, &palette);
        assert_int_equal(drawing.failed, 0);
        for (size_t i = 0; i < drawing.count; i++) {
            const struct mark *mark = &drawing.marks[i];
            double width = mark->width, height = mark->height, x = mark->x, y = mark->y;
            if (mark->kind == MARK_TEXT && mark->lettering.angle == 0) {
                width = text_width(mark->text, mark->lettering.size);
                x -= mark->lettering.anchor == ANCHOR_END      ? width
                     : mark->lettering.anchor == ANCHOR_MIDDLE ? width / 2
                                                               : 0;
            }
            if (mark->kind == MARK_TEXT && mark->lettering.angle != 0) {
                height = text_width(mark->text, mark->lettering.size);
                y -= mark->lettering.anchor == ANCHOR_START    ? height
                     : mark->lettering.anchor == ANCHOR_MIDDLE ? height / 2
                                                               : 0;
            }
            if (mark->kind == MARK_LINE || mark->kind == MARK_POLYGON)
                continue;
            if (!(x >= 0 && y >= 0 && x + width <= drawing.width && y + height <= drawing.height))
                fail_msg("kind %d: a mark (%s) at %g %g of %g x %g is outside of %g x %g", kind,
                         mark->text ? mark->text : "", x, y, width, height, drawing.width,
                         drawing.height);
        }
        drawing_free(&drawing);
        figure_free(&figure);
    }
}

/* Ticks stand at even numbers within the axis. */
static void test_axes(void **state) {
    (void)state;
    static const struct {
        double low, high;
        int outwards, count;
        const char *first, *last; /* ticks */
    } cases[] = {
        {0, 1, 0, 6, "0.0", "1.0"},         {0.13, 0.87, 1, 6, "0.0", "1.0"},
        {0.13, 0.87, 0, 4, "0.2", "0.8"},   {-3, 12, 1, 5, MINUS "5", "15"},
        {0, 2100, 0, 5, "0", "2000"},       {-0.02, 0.01, 0, 4, MINUS "0.02", "0.01"},
        {0, 1234567, 0, 3, "0", "1000000"}, {0.001, 0.0013, 0, 4, "0.0010", "0.0013"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct axis axis = axis_make(cases[i].low, cases[i].high, 5, cases[i].outwards);
        char number[NUMBER_BYTES];
        assert_int_equal(axis.count, cases[i].count);
        assert_string_equal(axis_number(number, &axis, axis.ticks[0]), cases[i].first);
        assert_string_equal(axis_number(number, &axis, axis.ticks[axis.count - 1]), cases[i].last);
        for (int k = 0; k < axis.count; k++) {
            double share = axis_share(&axis, axis.ticks[k]);
            assert_true(share > -1e-6 && share < 1 + 1e-6);
            assert_true(k == 0 || axis.ticks[k] > axis.ticks[k - 1]);
        }
        if (cases[i].outwards) {
            assert_true(axis.low <= cases[i].low && axis.high >= cases[i].high);
            assert_true(axis.low == axis.ticks[0] || fabs(axis.low - axis.ticks[0]) < 1e-9);
        }
    }
    char number[NUMBER_BYTES];
    struct axis axis = axis_make(NAN, INFINITY, 5, 1);
    assert_true(axis.count >= 2 && axis.low < axis.high);
    axis = axis_make(-1, 1, 4, 0);
    assert_string_equal(axis_number(number, &axis, -0.5), MINUS "0.5");
    assert_string_equal(axis_number(number, &axis, -0.0001), "0.0");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_golden),          cmocka_unit_test(test_contents),
    cmocka_unit_test(test_states_in_grey),  cmocka_unit_test(test_escape),
    cmocka_unit_test(test_nothing_outside), cmocka_unit_test(test_axes),
};

TEST_GROUP(tests_viz_export_svg, tests);
