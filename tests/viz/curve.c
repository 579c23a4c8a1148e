/*
 * curve.c - tests of curves: golden pictures, spikes, gaps, odd data, nothing outside of the area.
 */
#include "tests/viz/drawing.h"

#include <float.h>
#include <math.h>

#include "tests/golden.h"
#include "viz/curve.h"

#define STEPS 400
#define EVALUATIONS 8

/* A training run: made with + - * / alone, so that it is the same everywhere. */
struct run {
    double step[STEPS], loss[STEPS], other[STEPS];
    double at[EVALUATIONS], validation[EVALUATIONS], accuracy[EVALUATIONS];
    struct series losses[3], quality[1];
};

static void make_run(struct run *run) {
    for (int i = 0; i < STEPS; i++) {
        run->step[i] = i + 1;
        run->loss[i] = 0.18 + 30.0 / (i + 60) + (i * 37 % 11 - 5) * 0.004;
        run->other[i] = i > 180 && i < 230 ? NAN : 0.3 + 8.0 / (i + 30);
    }
    run->loss[300] = 0.7;
    for (int i = 0; i < EVALUATIONS; i++) {
        run->at[i] = 50 * (i + 1);
        run->validation[i] = 0.24 + 0.3 / (i + 1);
        run->accuracy[i] = 0.9 - 0.2 / (i + 1);
    }
    run->losses[0] = (struct series){.name = "loss",
                                     .x = run->step,
                                     .y = run->loss,
                                     .count = STEPS,
                                     .meaning = MEANING_ACCENT_A};
    run->losses[1] = (struct series){.name = "loss B",
                                     .x = run->step,
                                     .y = run->other,
                                     .count = STEPS,
                                     .meaning = MEANING_ACCENT_B};
    run->losses[2] = (struct series){.name = "val loss",
                                     .x = run->at,
                                     .y = run->validation,
                                     .count = EVALUATIONS,
                                     .meaning = MEANING_POSITIVE,
                                     .points = 1};
    run->quality[0] = (struct series){.name = "accuracy",
                                      .x = run->at,
                                      .y = run->accuracy,
                                      .count = EVALUATIONS,
                                      .meaning = MEANING_POSITIVE,
                                      .points = 1};
}

static void add_curve(struct sheet *sheet, const struct curve *curve, int rows, int columns,
                      const struct glyphs *glyphs) {
    struct grid *grid = grid_create(rows, columns, NULL);
    curve_draw(grid_area(grid), curve, glyphs);
    sheet_add(sheet, curve->title, grid);
    grid_free(grid);
}

static void check_golden(const struct glyphs *glyphs, const char *path) {
    static const int sizes[][2] = {{10, 76}, {14, 50}, {5, 40}, {3, 24}, {2, 60}, {4, 19}, {1, 5}};
    static const double one_x[] = {12}, one_y[] = {0.5}, four_x[] = {0, 1, 2, 3};
    static const double constant[] = {0.25, 0.25, 0.25, 0.25}, zero[] = {0, 0, 0, 0};
    static const double signs[] = {-150, 0, 250, 100};
    struct run run;
    make_run(&run);
    struct series single = {
        .name = "single", .x = one_x, .y = one_y, .count = 1, .meaning = MEANING_TEXT};
    struct series lone_point = {.name = "lone point",
                                .x = one_x,
                                .y = one_y,
                                .count = 1,
                                .meaning = MEANING_TEXT,
                                .points = 1};
    struct series flat = {
        .name = "flat", .x = four_x, .y = constant, .count = 4, .meaning = MEANING_TEXT};
    struct series nothing = {
        .name = "zero", .x = four_x, .y = zero, .count = 4, .meaning = MEANING_TEXT};
    struct series negative = {
        .name = "signs", .x = four_x, .y = signs, .count = 4, .meaning = MEANING_TEXT};
    struct series empty = {
        .name = "empty", .x = four_x, .y = signs, .count = 0, .meaning = MEANING_TEXT};
    const struct curve curves[] = {
        {.title = "training", .series = run.losses, .series_count = 3, .x_unit = "step"},
        {.title = "evaluation",
         .series = run.quality,
         .series_count = 1,
         .x_maximum = 400,
         .y_maximum = 1,
         .x_unit = "step"},
        {.title = "single", .series = &single, .series_count = 1, .x_unit = "step"},
        {.title = "lone point", .series = &lone_point, .series_count = 1},
        {.title = "flat", .series = &flat, .series_count = 1},
        {.title = "zero", .series = &nothing, .series_count = 1},
        {.title = "signs", .series = &negative, .series_count = 1},
        {.title = "empty", .series = &empty, .series_count = 1},
    };
    struct sheet sheet;
    sheet_open(&sheet);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        add_curve(&sheet, &curves[0], sizes[i][0], sizes[i][1], glyphs);
    for (size_t i = 1; i < sizeof(curves) / sizeof(curves[0]); i++)
        add_curve(&sheet, &curves[i], 8, 48, glyphs);
    char *text = sheet_close(&sheet);
    assert_int_equal(golden_check(path, text), 0);
    free(text);
}

static void test_golden_utf8(void **state) {
    (void)state;
    check_golden(&glyphs_utf8, "tests/viz/golden/curve_utf8.txt");
}

static void test_golden_ascii(void **state) {
    (void)state;
    check_golden(&glyphs_ascii, "tests/viz/golden/curve_ascii.txt");
}

/* Draws one series over the whole range 0..1 and returns the grid. */
static struct grid *draw_series(const struct series *series, int rows, int columns,
                                double x_maximum, const struct glyphs *glyphs) {
    struct curve curve = {
        .title = "", .series = series, .series_count = 1, .x_maximum = x_maximum, .y_maximum = 1};
    struct grid *grid = grid_create(rows, columns, NULL);
    curve_draw(grid_area(grid), &curve, glyphs);
    return grid;
}

/* How many cells of a row, right of the axis, hold something. */
static int drawn_in_row(const struct grid *grid, int row) {
    int count = 0, behind_axis = 0;
    for (int column = 0; column < grid->columns; column++) {
        const char *glyph = grid->cells[row * grid->columns + column].glyph;
        if (strcmp(glyph, "|") == 0 || strcmp(glyph, "│") == 0)
            behind_axis = 1;
        else if (behind_axis && strcmp(glyph, " ") != 0)
            count++;
    }
    return count;
}

/* One step of 100,000 still shows, wherever it is. */
static void test_spikes_survive(void **state) {
    (void)state;
    enum { COUNT = 100000 };
    double *x = malloc(COUNT * sizeof(*x)), *y = malloc(COUNT * sizeof(*y));
    assert_non_null(x);
    assert_non_null(y);
    for (int i = 0; i < COUNT; i++) {
        x[i] = i;
        y[i] = 0;
    }
    struct series series = {.name = "s", .x = x, .y = y, .count = COUNT, .meaning = MEANING_TEXT};
    static const int places[] = {0, 1, 777, 50000, 99998, 99999};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        for (int ascii = 0; ascii < 2; ascii++) {
            y[places[i]] = 1;
            struct grid *grid =
                draw_series(&series, 12, 60, COUNT - 1, ascii ? &glyphs_ascii : &glyphs_utf8);
            assert_int_equal(drawn_in_row(grid, 1), 1);
            assert_true(drawn_in_row(grid, 10) > 50);
            for (int row = 2; row < 10; row++)
                assert_in_range(drawn_in_row(grid, row), 1, 2);
            grid_free(grid);
            y[places[i]] = 0;
        }
    free(x);
    free(y);
}

static void test_gaps(void **state) {
    (void)state;
    double x[100], y[100];
    for (int i = 0; i < 100; i++) {
        x[i] = i;
        y[i] = i >= 40 && i < 60 ? (i % 3 ? NAN : i % 2 ? INFINITY : -INFINITY) : 0;
    }
    struct series series = {.name = "s", .x = x, .y = y, .count = 100, .meaning = MEANING_TEXT};
    struct grid *grid = draw_series(&series, 5, 53, 99, &glyphs_ascii);
    int drawn = drawn_in_row(grid, 3);
    grid_free(grid);
    y[50] = 0; /* a lone value within the gap is one dot */
    grid = draw_series(&series, 5, 53, 99, &glyphs_ascii);
    assert_int_equal(drawn_in_row(grid, 3), drawn + 1);
    assert_in_range(drawn, 38, 42); /* of 50 columns, a fifth is missing */
    grid_free(grid);
}

static void test_values_outside_the_window(void **state) {
    (void)state;
    double x[] = {0, 10, 20, 30}, y[] = {0.5, 0.5, 7, 0.5};
    struct series series = {.name = "s", .x = x, .y = y, .count = 4, .meaning = MEANING_TEXT};
    /* Steps beyond the window are left out, not squeezed onto its edge: there the line leaves it.
     */
    struct grid *grid = draw_series(&series, 5, 40, 10, &glyphs_ascii);
    assert_int_equal(drawn_in_row(grid, 1), 0);
    grid_free(grid);
    /* Values beyond it stay at the edge. */
    grid = draw_series(&series, 5, 40, 30, &glyphs_ascii);
    assert_true(drawn_in_row(grid, 1) >= 1);
    grid_free(grid);
}

/* A mark is where its value is, in the meaning of its series, and no line hides it. */
static void test_marks(void **state) {
    (void)state;
    double x[] = {0, 1, 2}, y[] = {0, 1, 0}, line[] = {1, 1, 1};
    struct series series[] = {
        {.name = "m", .x = x, .y = y, .count = 3, .meaning = MEANING_POSITIVE, .points = 1},
        {.name = "l", .x = x, .y = line, .count = 3, .meaning = MEANING_ERROR}};
    struct curve curve = {.series = series, .series_count = 2, .x_maximum = 2, .y_maximum = 1};
    struct grid *grid = grid_create(7, 45, NULL);
    curve_draw(grid_area(grid), &curve, &glyphs_utf8);
    int marks = 0;
    for (int row = 1; row < 6; row++)
        for (int column = 0; column < 45; column++) {
            const struct cell *cell = &grid->cells[row * 45 + column];
            if (strcmp(cell->glyph, "•") != 0)
                continue;
            marks++;
            assert_int_equal(cell->meaning, MEANING_POSITIVE);
            assert_true(row == 1 || row == 5);
        }
    assert_int_equal(marks, 3);
    grid_free(grid);
}

static void test_odd_data(void **state) {
    (void)state;
    static const double odd[] = {
        0,        -0.0,    1,      -1,     NAN,   INFINITY, -INFINITY,     DBL_MAX,
        -DBL_MAX, DBL_MIN, 5e-324, 1e-300, 1e300, 1e17,     123456789.125, 0.1};
    unsigned seed = 23;
    for (int round = 0; round < 2000; round++) {
        double x[30], y[30];
        struct series series[3];
        for (int i = 0; i < 30; i++) {
            x[i] = drawing_random(&seed) % 4 ? i : odd[drawing_random(&seed) % 16];
            y[i] = drawing_random(&seed) % 4 ? drawing_random(&seed) % 1000 / 1e3
                                             : odd[drawing_random(&seed) % 16];
        }
        for (int i = 0; i < 3; i++)
            series[i] = (struct series){.name = i ? "loss" : NULL,
                                        .x = x,
                                        .y = y,
                                        .count = (int)(drawing_random(&seed) % 31),
                                        .meaning = (enum meaning)i,
                                        .points = (int)(drawing_random(&seed) % 2),
                                        .look = drawing_random(&seed) % LOOK_END,
                                        .marked = (int)(drawing_random(&seed) % 33),
                                        .unlisted = drawing_random(&seed) % 5 == 0};
        struct curve curve = {.title = round % 3 ? "title" : NULL,
                              .series = series,
                              .series_count = (int)(drawing_random(&seed) % 4),
                              .x_unit = round % 2 ? "step" : NULL,
                              .y_log = round % 4 == 0,
                              .cursor_on = round % 5 == 0,
                              .cursor = odd[drawing_random(&seed) % 16]};
        if (drawing_random(&seed) % 3 == 0) {
            curve.x_minimum = odd[drawing_random(&seed) % 16];
            curve.x_maximum = odd[drawing_random(&seed) % 16];
            curve.y_minimum = odd[drawing_random(&seed) % 16];
            curve.y_maximum = odd[drawing_random(&seed) % 16];
        }
        struct grid *grid = drawing_marked_grid(16, 60);
        struct area area = area_part(grid_area(grid), 1, 2, (int)(drawing_random(&seed) % 16),
                                     (int)(drawing_random(&seed) % 60));
        curve_draw(area, &curve, round % 2 ? &glyphs_utf8 : &glyphs_ascii);
        drawing_check_outside(grid, area);
        grid_free(grid);
    }
}

/* The numbers at the y axis ascend upwards and end in one column. */
static void test_axis_is_aligned(void **state) {
    (void)state;
    unsigned seed = 2;
    for (int round = 0; round < 300; round++) {
        double x[2] = {0, 100}, y[2];
        y[0] = drawing_random(&seed) % 1000 / 100.0 - 4;
        y[1] = y[0] + (1 + drawing_random(&seed) % 1000) / 300.0;
        struct series series = {.name = "s", .x = x, .y = y, .count = 2, .meaning = MEANING_TEXT};
        struct curve curve = {.series = &series, .series_count = 1};
        struct grid *grid = grid_create(5 + (int)(drawing_random(&seed) % 15), 40, NULL);
        curve_draw(grid_area(grid), &curve, &glyphs_ascii);
        double last = INFINITY;
        int numbers = 0, width = -1;
        for (int row = 1; row < grid->rows - 1; row++) {
            char text[64] = "";
            int column = 0;
            while (strcmp(grid->cells[row * 40 + column].glyph, "|") != 0)
                strcat(text, grid->cells[row * 40 + column++].glyph);
            assert_true(width < 0 || column == width);
            width = column;
            char *end;
            double value = strtod(text, &end);
            if (end == text)
                continue;
            assert_string_equal(end, " ");
            assert_true(value < last);
            last = value;
            numbers++;
        }
        assert_true(numbers >= (grid->rows > 5 ? 2 : 1));
        grid_free(grid);
    }
}

/* Lines that are told apart by their dots alone, and by their characters. */
static void test_looks_differ(void **state) {
    (void)state;
    double x[] = {0, 100}, y[] = {0.5, 0.5};
    char *pictures[2][CURVE_LOOKS];
    for (int look = 0; look < CURVE_LOOKS; look++) {
        struct series series = {
            .x = x, .y = y, .count = 2, .look = LOOK_SOLID + (enum curve_look)look};
        for (int ascii = 0; ascii < 2; ascii++) {
            const struct glyphs *glyphs = ascii ? &glyphs_ascii : &glyphs_utf8;
            struct grid *grid = draw_series(&series, 5, 40, 100, glyphs);
            pictures[ascii][look] = export_text(grid);
            grid_free(grid);
            char sign[CURVE_SIGN_BYTES], other[CURVE_SIGN_BYTES];
            curve_sign(sign, series.look, 0, glyphs);
            for (int before = 0; before < look; before++) {
                curve_sign(other, LOOK_SOLID + (enum curve_look)before, 0, glyphs);
                assert_string_not_equal(sign, other);
                assert_string_not_equal(pictures[ascii][look], pictures[ascii][before]);
            }
        }
    }
    for (int look = 0; look < CURVE_LOOKS; look++)
        for (int ascii = 0; ascii < 2; ascii++)
            free(pictures[ascii][look]);
}

/* Rows of the marks of values on a logarithmic axis: equal factors are equal distances, and what
 * has no logarithm is a gap. */
static void test_logarithmic_axis(void **state) {
    (void)state;
    double x[] = {0, 1, 2, 3, 4}, y[] = {0.01, 0.1, 1, 0, -3};
    struct series series = {.x = x, .y = y, .count = 5, .points = 1};
    struct curve curve = {.series = &series, .series_count = 1, .x_maximum = 4, .y_log = 1};
    struct grid *grid = grid_create(13, 40, NULL);
    curve_draw(grid_area(grid), &curve, &glyphs_ascii);
    int rows[3], marks = 0;
    for (int row = 1; row < 13; row++)
        for (int column = 0; column < 40; column++)
            if (strcmp(grid->cells[row * 40 + column].glyph, "*") == 0) {
                assert_true(marks < 3);
                rows[marks++] = row;
            }
    assert_int_equal(marks, 3);
    assert_int_equal(rows[0], 1);
    assert_int_equal(rows[2], 11);
    assert_int_equal(rows[1], 6);
    char *text = export_text(grid);
    assert_non_null(strstr(text, "0.01 |"));
    assert_non_null(strstr(text, " 0.1 |"));
    assert_non_null(strstr(text, "   1 |"));
    free(text);
    grid_free(grid);
}

static void test_cursor(void **state) {
    (void)state;
    double x[] = {0, 10, 20, 30}, y[] = {1, NAN, 3, 4}, sparse_x[] = {5, 15}, sparse_y[] = {7, 8};
    struct series series[] = {
        {.name = "line", .x = x, .y = y, .count = 4},
        {.name = "points", .x = sparse_x, .y = sparse_y, .count = 2, .points = 1},
        {.name = "hidden", .x = x, .y = y, .count = 4, .unlisted = 1}};
    struct curve curve = {.series = series, .series_count = 3, .cursor_on = 1, .cursor = 14};
    struct grid *grid = grid_create(8, 60, NULL);
    curve_draw(grid_area(grid), &curve, &glyphs_utf8);
    char *text = export_text(grid);
    /* The nearest finite value of a line, the last one up to the cursor of points. */
    assert_non_null(strstr(text, "line 3.000"));
    assert_non_null(strstr(text, "points 7.000"));
    assert_null(strstr(text, "hidden"));
    free(text);
    grid_free(grid);
    assert_int_equal(curve_nearest(&series[0], 4), 0);
    assert_int_equal(curve_nearest(&series[0], 10), 0); /* of equals the earlier */
    assert_int_equal(curve_nearest(&series[0], 11), 2);
    assert_int_equal(curve_nearest(&series[0], -1), -1);
    assert_int_equal(curve_nearest(&series[0], 31), -1);
    assert_int_equal(curve_latest(&series[0], 19), 0);
    assert_int_equal(curve_latest(&series[0], 99), 3);
    assert_int_equal(curve_latest(&series[1], 4), -1);
}

/* A click finds the x that the cursor is drawn at. */
static void test_click_meets_cursor(void **state) {
    (void)state;
    double x[] = {0, 1000}, y[] = {0, 0};
    struct series series = {.x = x, .y = y, .count = 2};
    struct grid *grid = grid_create(12, 80, NULL);
    struct area area = area_part(grid_area(grid), 2, 5, 9, 70);
    const struct glyphs *const sets[] = {&glyphs_utf8, &glyphs_ascii};
    for (int set = 0; set < 2; set++) {
        struct curve curve = {.series = &series, .series_count = 1, .y_maximum = 1};
        double at;
        int inside = 0;
        for (int column = -1; column <= 70; column++) {
            if (!curve_at(area, &curve, sets[set], 2, column, &at))
                continue;
            inside++;
            struct curve pointed = curve;
            pointed.cursor_on = 1;
            pointed.cursor = at;
            grid_clear(grid);
            curve_draw(area, &pointed, sets[set]);
            assert_string_equal(area_cell(area, 1, column)->glyph, sets[set]->vertical);
        }
        assert_in_range(inside, 60, 68);
        assert_false(curve_at(area, &curve, sets[set], 0, 30, &at));
        assert_false(curve_at(area, &curve, sets[set], 8, 30, &at));
    }
    grid_free(grid);
}

/* Between two values the line goes through a window that holds neither. */
static void test_line_through_the_window(void **state) {
    (void)state;
    double x[] = {0, 100}, y[] = {0, 1};
    struct series series = {.x = x, .y = y, .count = 2};
    struct curve curve = {
        .series = &series, .series_count = 1, .x_minimum = 40, .x_maximum = 60, .y_maximum = 1};
    struct grid *grid = grid_create(12, 46, NULL);
    curve_draw(grid_area(grid), &curve, &glyphs_ascii);
    int drawn = 0;
    for (int row = 1; row < 11; row++)
        drawn += drawn_in_row(grid, row);
    assert_in_range(drawn, 38, 44); /* a dot in each column */
    assert_int_equal(drawn_in_row(grid, 1), 0);
    grid_free(grid);
}

/* A curve that grows within the same even numbers leaves the axis alone. */
static void test_axis_keeps_still(void **state) {
    (void)state;
    double x[50], y[50];
    char *before = NULL;
    for (int i = 0; i < 50; i++) {
        x[i] = i;
        y[i] = i == 0 ? 0.93 : 0.93 - 0.72 * i / 50.0;
    }
    y[1] = 0.21;
    int changes = 0;
    for (int count = 2; count <= 50; count++) {
        struct series series = {.x = x, .y = y, .count = count};
        struct curve curve = {.series = &series, .series_count = 1, .x_maximum = 50};
        struct grid *grid = grid_create(10, 40, NULL);
        curve_draw(grid_area(grid), &curve, &glyphs_ascii);
        for (int row = 0; row < 10; row++) /* the numbers alone */
            area_fill(area_part(grid_area(grid), row, 5, 1, 35), MEANING_TEXT, " ");
        char *text = export_text(grid);
        changes += before && strcmp(before, text) != 0;
        free(before);
        before = text;
        grid_free(grid);
    }
    free(before);
    assert_int_equal(changes, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_golden_utf8),
    cmocka_unit_test(test_golden_ascii),
    cmocka_unit_test(test_spikes_survive),
    cmocka_unit_test(test_gaps),
    cmocka_unit_test(test_values_outside_the_window),
    cmocka_unit_test(test_marks),
    cmocka_unit_test(test_odd_data),
    cmocka_unit_test(test_axis_is_aligned),
    cmocka_unit_test(test_looks_differ),
    cmocka_unit_test(test_logarithmic_axis),
    cmocka_unit_test(test_cursor),
    cmocka_unit_test(test_click_meets_cursor),
    cmocka_unit_test(test_line_through_the_window),
    cmocka_unit_test(test_axis_keeps_still),
};

TEST_GROUP(tests_viz_curve, tests);
