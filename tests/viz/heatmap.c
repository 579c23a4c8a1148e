/*
 * heatmap.c - tests of attention maps: golden pictures, and properties over random maps.
 */
#include "tests/viz/drawing.h"

#include <limits.h>
#include <math.h>

#include "tests/golden.h"
#include "viz/heatmap.h"

#define TOKENS 11

static const char *const tokens[TOKENS] = {"[CLS]", "a",         "gorgeous", ",", "wit",  "##ty",
                                           ",",     "seductive", "movie",    ".", "[SEP]"};

/* Attention of two arms: dense, and local(2) with a global first token. */
struct sample {
    float a[TOKENS * TOKENS], b[TOKENS * TOKENS], difference[TOKENS * TOKENS];
    uint8_t mask[TOKENS * TOKENS];
    struct heatmap maps[3];
};

static void fill_row(struct sample *sample, int row) {
    float sums[2] = {0, 0};
    for (int column = 0; column < TOKENS; column++) {
        int index = row * TOKENS + column, far = row > column ? row - column : column - row;
        int weight = row * 7 + column * column * 5 + (row ^ column) * 3;
        sample->mask[index] = far <= 2 || column == 0 || row == 0;
        sample->a[index] = (float)(1 + weight % 17 * (weight % 5));
        sample->b[index] = sample->mask[index] ? sample->a[index] : 0;
        sums[0] += sample->a[index];
        sums[1] += sample->b[index];
    }
    for (int column = 0; column < TOKENS; column++) {
        int index = row * TOKENS + column;
        sample->a[index] /= sums[0];
        sample->b[index] /= sums[1];
        sample->difference[index] = sample->b[index] - sample->a[index];
    }
}

/* The last key's column of the last query is absent. */
static void make_sample(struct sample *sample) {
    for (int row = 0; row < TOKENS; row++)
        fill_row(sample, row);
    sample->a[TOKENS * TOKENS - 1] = NAN;
    sample->difference[TOKENS * TOKENS - 1] = NAN;
    struct heatmap map = {.rows = TOKENS,
                          .columns = TOKENS,
                          .row_labels = tokens,
                          .column_labels = tokens,
                          .cursor_row = 4,
                          .cursor_column = 5};
    for (int i = 0; i < 3; i++)
        sample->maps[i] = map;
    sample->maps[0].values = sample->a;
    sample->maps[1].values = sample->b;
    sample->maps[1].mask = sample->mask;
    sample->maps[2].values = sample->difference;
    sample->maps[2].mask_other = sample->mask;
    sample->maps[2].scale = HEATMAP_DIFFERENCE;
}

/* Three maps side by side, as the screen shows them, and their legends below. */
static void draw_three(struct sheet *sheet, struct sample *sample, int rows, int columns,
                       int all_labelled, const struct glyphs *glyphs) {
    struct grid *grid = grid_create(rows + 1, columns, NULL);
    struct area parts[3], area = area_part(grid_area(grid), 0, 0, rows, columns);
    struct heatmap maps[3];
    const struct heatmap *pointers[3];
    for (int i = 0; i < 3; i++) {
        maps[i] = sample->maps[i];
        if (i > 0 && !all_labelled)
            maps[i].row_labels = NULL;
        pointers[i] = &maps[i];
    }
    heatmap_split(area, pointers, 3, 2, parts);
    int column = 0;
    for (int i = 0; i < 3; i++) {
        heatmap_scroll(&maps[i], heatmap_layout(&maps[i], parts[i].rows, parts[i].columns));
        heatmap_draw(parts[i], &maps[i], glyphs);
        if (i > 0)
            column += 4 + heatmap_legend(grid_area(grid), rows, column, &maps[i], glyphs);
    }
    sheet_add(sheet, all_labelled ? "all labelled" : "labels once", grid);
    grid_free(grid);
}

static void check_golden(const struct glyphs *glyphs, const char *path) {
    static const int sizes[][3] = {{13, 80, 0}, {12, 80, 0}, {12, 80, 1}, {14, 130, 1},
                                   {14, 56, 0}, {9, 56, 0},  {9, 34, 0},  {5, 24, 0},
                                   {2, 60, 0},  {4, 7, 0},   {1, 1, 0}};
    struct sample sample;
    struct sheet sheet;
    make_sample(&sample);
    sheet_open(&sheet);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        draw_three(&sheet, &sample, sizes[i][0], sizes[i][1], sizes[i][2], glyphs);
    char *text = sheet_close(&sheet);
    assert_int_equal(golden_check(path, text), 0);
    free(text);
}

static void test_golden_utf8(void **state) {
    (void)state;
    check_golden(&glyphs_utf8, "tests/viz/golden/heatmap_utf8.txt");
}

static void test_golden_ascii(void **state) {
    (void)state;
    check_golden(&glyphs_ascii, "tests/viz/golden/heatmap_ascii.txt");
}

/* A map of one row of these values, drawn without labels into an area of this width. */
static char *draw_values(struct heatmap *map, int columns, const struct glyphs *glyphs) {
    struct grid *grid = grid_create(1, columns, NULL);
    map->rows = 1;
    map->cursor_row = map->cursor_column = -1;
    heatmap_draw(grid_area(grid), map, glyphs);
    char *text = export_text(grid);
    grid_free(grid);
    return text;
}

static void check_values(struct heatmap map, int columns, const struct glyphs *glyphs,
                         const char *expected) {
    char *text = draw_values(&map, columns, glyphs);
    assert_string_equal(text, expected);
    free(text);
}

static void test_three_states(void **state) {
    (void)state;
    const float values[] = {0.9f, NAN, 0, 0.9f};
    const uint8_t mask[] = {0, 1, 1, 1};
    struct heatmap map = {.columns = 4, .values = values, .mask = mask, .maximum = 1};
    check_values(map, 4, &glyphs_utf8, "· ▁█\n");
    check_values(map, 8, &glyphs_utf8, "··  ▁▁██\n");
    check_values(map, 11, &glyphs_utf8, "··    ▁▁ ██\n");
    check_values(map, 4, &glyphs_ascii, ". 09\n");
    check_values(map, 8, &glyphs_ascii, ".   0 9\n");
    map.scale = HEATMAP_DIFFERENCE;
    map.mask_other = mask;
    check_values(map, 4, &glyphs_utf8, "· ▁╋\n");
    check_values(map, 8, &glyphs_utf8, "··  ▁▁+8\n");
    check_values(map, 8, &glyphs_ascii, " .   0+8\n");
}

static void test_parts_of_the_scale(void **state) {
    (void)state;
    const float values[] = {0, 0.1249f, 0.1251f, 0.5f, 0.99f, 1, 2, -1, INFINITY};
    struct heatmap map = {.columns = 9, .values = values, .maximum = 1};
    check_values(map, 9, &glyphs_utf8, "▁▁▂▅███▁█\n");
    check_values(map, 9, &glyphs_ascii, "011599909\n");
    map.maximum = 0; /* from the values, infinities apart: 2 */
    check_values(map, 9, &glyphs_ascii, "000245909\n");
    const float scores[] = {-3, -2, -1, 0, 1};
    struct heatmap score = {.columns = 5, .values = scores, .scale = HEATMAP_SCORE};
    check_values(score, 5, &glyphs_ascii, "02579\n");
    score.minimum = -1;
    score.maximum = 1;
    check_values(score, 5, &glyphs_ascii, "00059\n");
    const float zeros[] = {0, 0};
    struct heatmap flat = {.columns = 2, .values = zeros};
    check_values(flat, 2, &glyphs_utf8, "▁▁\n");
    flat.scale = HEATMAP_SCORE;
    check_values(flat, 2, &glyphs_utf8, "▁▁\n");
    flat.scale = HEATMAP_DIFFERENCE;
    check_values(flat, 2, &glyphs_utf8, "▁▁\n");
}

/* The scale is taken from kept values only: a blocked score may be anything. */
static void test_blocked_values_do_not_count(void **state) {
    (void)state;
    const float values[] = {1, 2, 100, -INFINITY};
    const uint8_t mask[] = {1, 1, 0, 0};
    struct heatmap map = {.columns = 4, .values = values, .mask = mask, .scale = HEATMAP_SCORE};
    check_values(map, 4, &glyphs_ascii, "09..\n");
}

static void test_signs(void **state) {
    (void)state;
    const float values[] = {-1, -0.5f, -0.12f, -0.04f, 0, 0.04f, 0.12f, 0.5f, 1};
    struct heatmap map = {.columns = 9, .values = values, .scale = HEATMAP_DIFFERENCE};
    check_values(map, 18, &glyphs_utf8, "−9−5−1▁▁▁▁▁▁+1+5+9\n");
    check_values(map, 18, &glyphs_ascii, "-9-5-1 0 0 0+1+5+9\n");
    check_values(map, 9, &glyphs_utf8, "━━−▁▁▁+╋╋\n");
    check_values(map, 9, &glyphs_ascii, "==-000+##\n");
}

static void test_blocked_in_both_only(void **state) {
    (void)state;
    const float values[] = {-1, 1, 1, 1};
    const uint8_t a[] = {1, 0, 0, 1}, b[] = {0, 1, 0, 1};
    struct heatmap map = {
        .columns = 4, .values = values, .mask = a, .mask_other = b, .scale = HEATMAP_DIFFERENCE};
    check_values(map, 4, &glyphs_ascii, "=#.#\n");
    map.mask_other = NULL;
    check_values(map, 4, &glyphs_ascii, "=###\n");
}

static enum meaning meaning_of(const struct grid *grid, int row, int column) {
    return (enum meaning)area_cell(grid_area((struct grid *)(uintptr_t)grid), row, column)->meaning;
}

static void test_meanings(void **state) {
    (void)state;
    const float values[] = {0, 0.5f, 1, 1};
    const uint8_t mask[] = {1, 1, 1, 0};
    struct heatmap map = {.rows = 1,
                          .columns = 4,
                          .values = values,
                          .mask = mask,
                          .maximum = 1,
                          .cursor_row = -1,
                          .cursor_column = -1};
    struct grid *grid = grid_create(1, 4, NULL);
    heatmap_draw(grid_area(grid), &map, &glyphs_utf8);
    assert_int_equal(meaning_of(grid, 0, 0), MEANING_WEIGHT);
    assert_int_equal(meaning_of(grid, 0, 1), MEANING_WEIGHT + RAMP_STEPS / 2);
    assert_int_equal(meaning_of(grid, 0, 2), MEANING_WEIGHT + RAMP_STEPS - 1);
    assert_int_equal(meaning_of(grid, 0, 3), MEANING_BLOCKED);
    const float differences[] = {-1, -0.1f, 0, 1};
    struct heatmap signs = {.rows = 1,
                            .columns = 4,
                            .values = differences,
                            .scale = HEATMAP_DIFFERENCE,
                            .cursor_row = -1,
                            .cursor_column = -1};
    heatmap_draw(grid_area(grid), &signs, &glyphs_utf8);
    assert_int_equal(meaning_of(grid, 0, 0), MEANING_DIFFERENCE);
    assert_int_equal(meaning_of(grid, 0, 1), MEANING_DIFFERENCE + RAMP_STEPS / 2 - 2);
    assert_in_range(meaning_of(grid, 0, 2), MEANING_DIFFERENCE + RAMP_STEPS / 2 - 1,
                    MEANING_DIFFERENCE + RAMP_STEPS / 2);
    assert_int_equal(meaning_of(grid, 0, 3), MEANING_DIFFERENCE + RAMP_STEPS - 1);
    grid_free(grid);
}

static void test_cursor(void **state) {
    (void)state;
    struct sample sample;
    make_sample(&sample);
    struct heatmap *map = &sample.maps[0];
    struct grid *grid = grid_create(13, 40, NULL);
    heatmap_draw(grid_area(grid), map, &glyphs_utf8);
    struct heatmap_layout layout = heatmap_layout(map, 13, 40);
    assert_int_equal(layout.cell_columns, 2);
    for (int row = 0; row < grid->rows; row++)
        for (int column = 0; column < grid->columns; column++) {
            const struct cell *cell = &grid->cells[row * grid->columns + column];
            int cell_column = layout.first_cell_column + 2 * map->cursor_column;
            int is_cursor = row == layout.label_rows + map->cursor_row &&
                            (column == cell_column || column == cell_column + 1);
            int is_row_label = row == layout.label_rows + map->cursor_row && column < 3;
            int is_column_label = row == 1 && column >= cell_column && column < cell_column + 3;
            unsigned expected = is_cursor                         ? CELL_CURSOR
                                : is_row_label || is_column_label ? CELL_BOLD | CELL_UNDERLINE
                                                                  : 0;
            assert_int_equal(cell->flags, expected);
        }
    grid_free(grid);
}

/* A map of any size and content over the given storage. */
#define RANDOM_MOST 40
struct random_map {
    struct heatmap map;
    float values[RANDOM_MOST * RANDOM_MOST];
    uint8_t mask[RANDOM_MOST * RANDOM_MOST], mask_other[RANDOM_MOST * RANDOM_MOST];
    const char *labels[RANDOM_MOST];
};

static void make_random(struct random_map *random, unsigned *seed) {
    static const char *const words[] = {"[CLS]",  "##ing",    "##", "",  "a", "incomprehensibility",
                                        "日本語", "\xff\x1b", "é",  NULL};
    static const float odd[] = {0, 1, -1, NAN, INFINITY, -INFINITY, 1e38f, -1e38f, 1e-40f};
    struct heatmap map = {0};
    map.rows = (int)(drawing_random(seed) % (RANDOM_MOST + 1));
    map.columns = (int)(drawing_random(seed) % (RANDOM_MOST + 1));
    for (int i = 0; i < RANDOM_MOST * RANDOM_MOST; i++) {
        random->values[i] = drawing_random(seed) % 8 == 0
                                ? odd[drawing_random(seed) % 9]
                                : (float)(drawing_random(seed) % 2000) / 1000 - 1;
        random->mask[i] = drawing_random(seed) % 3 > 0;
        random->mask_other[i] = drawing_random(seed) % 3 > 0;
    }
    for (int i = 0; i < RANDOM_MOST; i++)
        random->labels[i] = words[drawing_random(seed) % 10];
    map.values = random->values;
    map.mask = drawing_random(seed) % 2 ? random->mask : NULL;
    map.mask_other = drawing_random(seed) % 2 ? random->mask_other : NULL;
    map.row_labels = drawing_random(seed) % 3 ? random->labels : NULL;
    map.column_labels = drawing_random(seed) % 3 ? random->labels : NULL;
    map.scale = (enum heatmap_scale)(drawing_random(seed) % 3);
    map.minimum = drawing_random(seed) % 2 ? -1 : 0;
    map.maximum = drawing_random(seed) % 2 ? 1 : 0;
    map.cursor_row = drawing_coordinate(seed);
    map.cursor_column = drawing_coordinate(seed);
    map.first_row = drawing_coordinate(seed);
    map.first_column = drawing_coordinate(seed);
    random->map = map;
}

static void test_random_maps(void **state) {
    (void)state;
    static struct random_map random;
    unsigned seed = 11;
    for (int round = 0; round < 1500; round++) {
        make_random(&random, &seed);
        struct grid *grid = drawing_marked_grid(24, 90);
        struct area area = area_part(grid_area(grid), 2, 3, (int)(drawing_random(&seed) % 22),
                                     (int)(drawing_random(&seed) % 90));
        const struct glyphs *glyphs = round % 2 ? &glyphs_utf8 : &glyphs_ascii;
        heatmap_draw(area, &random.map, glyphs); /* wherever the scroll position is */
        struct heatmap_layout layout = heatmap_layout(&random.map, area.rows, area.columns);
        heatmap_scroll(&random.map, layout);
        heatmap_draw(area, &random.map, glyphs);
        int used = heatmap_legend(area, drawing_coordinate(&seed),
                                  (int)(drawing_random(&seed) % 20), &random.map, glyphs);
        assert_true(used >= 0 && used <= area.columns);
        drawing_check_outside(grid, area);
        /* What the layout says fits, and the cursor is in sight. */
        const struct heatmap *map = &random.map;
        assert_true(layout.label_rows + layout.visible_rows <= (area.rows > 0 ? area.rows : 0));
        assert_true(layout.visible_rows <= map->rows && layout.visible_columns <= map->columns);
        assert_true(layout.visible_columns == 0 ||
                    layout.first_cell_column + layout.visible_columns * layout.cell_columns -
                            (layout.cell_columns == 3) <=
                        area.columns);
        if (layout.visible_rows > 0 && map->cursor_row >= 0 && map->cursor_row < map->rows)
            assert_in_range(map->cursor_row - map->first_row, 0, layout.visible_rows - 1);
        if (layout.visible_columns > 0 && map->cursor_column >= 0 &&
            map->cursor_column < map->columns)
            assert_in_range(map->cursor_column - map->first_column, 0, layout.visible_columns - 1);
        assert_true(map->first_row >= 0 && map->first_column >= 0);
        grid_free(grid);
    }
}

static void test_scroll_is_lazy(void **state) {
    (void)state;
    struct heatmap map = {.rows = 30, .columns = 30, .cursor_row = 5};
    struct heatmap_layout layout = {.visible_rows = 10, .visible_columns = 10, .cell_columns = 1};
    heatmap_scroll(&map, layout);
    assert_int_equal(map.first_row, 0);
    map.cursor_row = 10;
    heatmap_scroll(&map, layout);
    assert_int_equal(map.first_row, 1);
    map.cursor_row = 9;
    heatmap_scroll(&map, layout);
    assert_int_equal(map.first_row, 1);
    map.cursor_row = 29;
    heatmap_scroll(&map, layout);
    assert_int_equal(map.first_row, 20);
    map.cursor_row = -1;
    heatmap_scroll(&map, layout);
    assert_int_equal(map.first_row, 20);
    map.rows = 12; /* a shorter sentence */
    heatmap_scroll(&map, layout);
    assert_int_equal(map.first_row, 2);
}

/* All parts are apart, inside, and laid out alike. */
static void test_split(void **state) {
    (void)state;
    static struct random_map random;
    unsigned seed = 5;
    for (int round = 0; round < 3000; round++) {
        make_random(&random, &seed);
        random.map.rows = random.map.columns = 2 + (int)(drawing_random(&seed) % (RANDOM_MOST - 2));
        random.map.row_labels = random.labels;
        struct heatmap plain = random.map;
        plain.row_labels = NULL;
        int labelled = (int)(drawing_random(&seed) % 8);
        const struct heatmap *maps[3];
        for (int i = 0; i < 3; i++)
            maps[i] = labelled >> i & 1 ? &random.map : &plain;
        struct grid *grid = grid_create(20, 160, NULL);
        struct area area =
            area_part(grid_area(grid), 1, 1, 18, 40 + (int)(drawing_random(&seed) % 118));
        struct area parts[3];
        heatmap_split(area, maps, 3, 2, parts);
        struct heatmap_layout first = heatmap_layout(maps[0], 18, parts[0].columns);
        for (int i = 0; i < 3; i++) {
            struct heatmap_layout layout = heatmap_layout(maps[i], 18, parts[i].columns);
            assert_int_equal(layout.cell_columns, first.cell_columns);
            assert_int_equal(layout.visible_columns, first.visible_columns);
            assert_true(parts[i].column >= area.column && parts[i].columns > 0);
            assert_true(parts[i].column + parts[i].columns <= area.column + area.columns);
            assert_true(i == 0 ||
                        parts[i].column == parts[i - 1].column + parts[i - 1].columns + 2);
        }
        grid_free(grid);
    }
}

static void check_legend(struct heatmap map, const struct glyphs *glyphs, const char *expected) {
    struct grid *grid = grid_create(1, 60, NULL);
    int used = heatmap_legend(grid_area(grid), 0, 0, &map, glyphs);
    char *text = export_text(grid);
    assert_string_equal(text, expected);
    assert_int_equal(used, text_columns(expected) - 1); /* its line break would be a '?' */
    free(text);
    grid_free(grid);
}

static void test_legends(void **state) {
    (void)state;
    const float values[] = {0.42f, -1.5f};
    const uint8_t mask[] = {1, 1};
    struct heatmap map = {.rows = 1, .columns = 2, .values = values, .mask = mask};
    check_legend(map, &glyphs_utf8, "0 ▁▂▃▄▅▆▇█ 0.42   · blocked\n");
    map.mask = NULL;
    check_legend(map, &glyphs_ascii, "0 0123456789 0.42\n");
    map.scale = HEATMAP_SCORE;
    check_legend(map, &glyphs_utf8, "−1.50 ▁▂▃▄▅▆▇█ 0.42\n");
    map.scale = HEATMAP_DIFFERENCE;
    check_legend(map, &glyphs_utf8, "A −9−6−3▁▁+3+6+9 B   9 = 1.50\n");
    map.cell_columns = 1;
    check_legend(map, &glyphs_ascii, "A =-0+# B   to 1.50\n");
}

/* In one column the largest third of the differences is bold; in two the numbers say it. */
static void test_strong_differences_are_bold(void **state) {
    (void)state;
    const float values[] = {-1, -0.6f, -0.2f, 0, 0.2f, 0.6f, 1};
    struct heatmap map = {.rows = 1,
                          .columns = 7,
                          .values = values,
                          .maximum = 1,
                          .scale = HEATMAP_DIFFERENCE,
                          .cursor_row = 0,
                          .cursor_column = 6};
    struct grid *grid = grid_create(1, 14, NULL);
    heatmap_draw(area_part(grid_area(grid), 0, 0, 1, 7), &map, &glyphs_utf8);
    for (int i = 0; i < 7; i++)
        assert_int_equal(grid->cells[i].flags, i == 0   ? CELL_BOLD
                                               : i == 6 ? CELL_BOLD | CELL_CURSOR
                                                        : 0);
    grid_clear(grid);
    heatmap_draw(grid_area(grid), &map, &glyphs_utf8);
    assert_int_equal(grid->cells[0].flags, 0);
    grid_free(grid);
}

static void test_threshold(void **state) {
    (void)state;
    const float values[] = {0.9f, 0.2f, 0.4f, 0.5f, 0.2f, NAN};
    const uint8_t mask[] = {1, 1, 1, 1, 0, 1};
    struct heatmap map = {
        .columns = 6, .values = values, .mask = mask, .maximum = 1, .threshold = 0.5f};
    check_values(map, 6, &glyphs_utf8, "█▁▁▅·\n");
    check_values(map, 6, &glyphs_ascii, "9005.\n");
    struct grid *grid = grid_create(1, 6, NULL);
    map.rows = 1;
    heatmap_draw(grid_area(grid), &map, &glyphs_utf8);
    assert_int_equal(meaning_of(grid, 0, 1), MEANING_FAINT);
    assert_int_equal(meaning_of(grid, 0, 3), MEANING_WEIGHT + RAMP_STEPS / 2);
    assert_int_equal(meaning_of(grid, 0, 4), MEANING_BLOCKED);
    grid_free(grid);
    const float differences[] = {-0.4f, 0.6f, -0.6f, 0.4f};
    struct heatmap signs = {.columns = 4,
                            .values = differences,
                            .maximum = 1,
                            .threshold = 0.5f,
                            .scale = HEATMAP_DIFFERENCE};
    check_values(signs, 4, &glyphs_utf8, "▁╋━▁\n");
    const float logarithms[] = {-3, -1, -2};
    struct heatmap logs = {
        .columns = 3, .values = logarithms, .minimum = -4, .threshold = -2, .scale = HEATMAP_SCORE};
    check_values(logs, 3, &glyphs_ascii, "075\n");
}

static void test_glyph_and_share(void **state) {
    (void)state;
    const float values[] = {0.5f, 2, -1, 0.25f};
    const uint8_t mask[] = {1, 1, 1, 0};
    struct heatmap map = {.rows = 2, .columns = 2, .values = values, .mask = mask, .maximum = 1};
    const char *glyph;
    assert_int_equal(heatmap_cell(&map, 0, 0, &glyphs_ascii, &glyph),
                     MEANING_WEIGHT + RAMP_STEPS / 2);
    assert_string_equal(glyph, "5");
    assert_int_equal(heatmap_cell(&map, 1, 1, &glyphs_ascii, &glyph), MEANING_BLOCKED);
    assert_string_equal(glyph, ".");
    const double shares[] = {0.5, 1, 0, 0.25};
    for (int i = 0; i < 4; i++)
        assert_true(fabs(heatmap_share(&map, i / 2, i % 2) - shares[i]) < 1e-6);
}

/* What heatmap_at finds is what heatmap_draw put there: every cell of a map that scrolls. */
static void test_at(void **state) {
    (void)state;
    enum { N = 12 };
    float values[N * N] = {0};
    const char *labels[N];
    for (int i = 0; i < N; i++)
        labels[i] = "word";
    struct heatmap map = {.rows = N,
                          .columns = N,
                          .values = values,
                          .row_labels = labels,
                          .column_labels = labels,
                          .maximum = 1,
                          .first_row = 3,
                          .first_column = 1};
    static const int sizes[][2] = {{20, 50}, {20, 30}, {8, 20}, {8, 14}};
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        int rows = sizes[s][0], columns = sizes[s][1], found = 0, row, column;
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) {
                if (!heatmap_at(&map, rows, columns, i, j, &row, &column))
                    continue;
                if (row < 0 || column < 0)
                    continue;
                found++;
                map.cursor_row = row;
                map.cursor_column = column;
                struct grid *grid = grid_create(rows, columns, NULL);
                heatmap_draw(grid_area(grid), &map, &glyphs_utf8);
                struct heatmap_layout layout = heatmap_layout(&map, rows, columns);
                int in_gap = layout.cell_columns == 3 &&
                             (j - layout.first_cell_column) % layout.cell_columns == 2;
                assert_true(in_gap || area_cell(grid_area(grid), i, j)->flags & CELL_CURSOR);
                grid_free(grid);
            }
        assert_true(found > 0);
    }
    struct heatmap_layout layout = heatmap_layout(&map, 20, 50);
    int row, column;
    assert_int_equal(heatmap_at(&map, 20, 50, layout.label_rows, 0, &row, &column), 1);
    assert_int_equal(row, 0); /* a label: the row alone; all of the map is in sight here */
    assert_int_equal(column, -1);
    assert_int_equal(heatmap_at(&map, 20, 50, 0, layout.first_cell_column, &row, &column), 1);
    assert_int_equal(row, -1);
    assert_int_equal(column, 0);
    assert_int_equal(heatmap_at(&map, 20, 50, 0, 0, &row, &column), 0);
    assert_int_equal(heatmap_at(&map, 20, 50, -1, 20, &row, &column), 0);
    assert_int_equal(heatmap_at(&map, 20, 50, 19, 20, &row, &column), 0);
}

static void check_overview(struct heatmap_sight sight, const char *expected) {
    static const float zeros[4 * 8];
    struct heatmap whole = {.rows = 4,
                            .columns = 8,
                            .values = zeros,
                            .maximum = 1,
                            .cursor_row = -1,
                            .cursor_column = -1};
    struct grid *grid = grid_create(4, 8, NULL);
    heatmap_overview(grid_area(grid), &whole, sight, &glyphs_ascii);
    char *text = export_text(grid);
    assert_string_equal(text, expected);
    free(text);
    grid_free(grid);
}

static void test_overview(void **state) {
    (void)state;
    check_overview((struct heatmap_sight){64, 64, 0, 32, 48, 32}, "0000+--+\n0000|00|\n"
                                                                  "0000+--+\n00000000\n");
    check_overview((struct heatmap_sight){64, 64, 32, 0, 32, 64}, "00000000\n00000000\n"
                                                                  "+------+\n+------+\n");
    check_overview((struct heatmap_sight){64, 64, 63, 63, 1, 1}, "00000000\n00000000\n"
                                                                 "00000000\n0000000*\n");
    check_overview((struct heatmap_sight){64, 64, 16, 8, 16, 24}, "00000000\n0[-]0000\n"
                                                                  "00000000\n00000000\n");
    /* More in sight than there is: a map that has just become smaller. */
    check_overview((struct heatmap_sight){8, 8, 6, 6, 20, 20}, "00000000\n00000000\n"
                                                               "00000000\n000000[]\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_golden_utf8),
    cmocka_unit_test(test_golden_ascii),
    cmocka_unit_test(test_three_states),
    cmocka_unit_test(test_parts_of_the_scale),
    cmocka_unit_test(test_blocked_values_do_not_count),
    cmocka_unit_test(test_signs),
    cmocka_unit_test(test_blocked_in_both_only),
    cmocka_unit_test(test_meanings),
    cmocka_unit_test(test_cursor),
    cmocka_unit_test(test_random_maps),
    cmocka_unit_test(test_scroll_is_lazy),
    cmocka_unit_test(test_split),
    cmocka_unit_test(test_legends),
    cmocka_unit_test(test_strong_differences_are_bold),
    cmocka_unit_test(test_threshold),
    cmocka_unit_test(test_glyph_and_share),
    cmocka_unit_test(test_at),
    cmocka_unit_test(test_overview),
};

TEST_GROUP(tests_viz_heatmap, tests);
