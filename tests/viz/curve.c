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
    run->losses[0] = (struct series){"loss", run->step, run->loss, STEPS, MEANING_ACCENT_A, 0};
    run->losses[1] = (struct series){"loss B", run->step, run->other, STEPS, MEANING_ACCENT_B, 0};
    run->losses[2] =
        (struct series){"val loss", run->at, run->validation, EVALUATIONS, MEANING_POSITIVE, 1};
    run->quality[0] =
        (struct series){"accuracy", run->at, run->accuracy, EVALUATIONS, MEANING_POSITIVE, 1};
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
    struct series single = {"single", one_x, one_y, 1, MEANING_TEXT, 0};
    struct series lone_point = {"lone point", one_x, one_y, 1, MEANING_TEXT, 1};
    struct series flat = {"flat", four_x, constant, 4, MEANING_TEXT, 0};
    struct series nothing = {"zero", four_x, zero, 4, MEANING_TEXT, 0};
    struct series negative = {"signs", four_x, signs, 4, MEANING_TEXT, 0};
    struct series empty = {"empty", four_x, signs, 0, MEANING_TEXT, 0};
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
    struct series series = {"s", x, y, COUNT, MEANING_TEXT, 0};
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
    struct series series = {"s", x, y, 100, MEANING_TEXT, 0};
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
    struct series series = {"s", x, y, 4, MEANING_TEXT, 0};
    /* Steps beyond the window are left out, not squeezed onto its edge. */
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
    struct series series[] = {{"m", x, y, 3, MEANING_POSITIVE, 1},
                              {"l", x, line, 3, MEANING_ERROR, 0}};
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
            series[i] = (struct series){i ? "loss" : NULL,
                                        x,
                                        y,
                                        (int)(drawing_random(&seed) % 31),
                                        (enum meaning)i,
                                        (int)(drawing_random(&seed) % 2)};
        struct curve curve = {.title = round % 3 ? "title" : NULL,
                              .series = series,
                              .series_count = (int)(drawing_random(&seed) % 4),
                              .x_unit = round % 2 ? "step" : NULL};
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
        struct series series = {"s", x, y, 2, MEANING_TEXT, 0};
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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_golden_utf8),
    cmocka_unit_test(test_golden_ascii),
    cmocka_unit_test(test_spikes_survive),
    cmocka_unit_test(test_gaps),
    cmocka_unit_test(test_values_outside_the_window),
    cmocka_unit_test(test_marks),
    cmocka_unit_test(test_odd_data),
    cmocka_unit_test(test_axis_is_aligned),
};

TEST_GROUP(tests_viz_curve, tests);
