/*
 * exporter.c - tests of pictures and texts of a grid.
 */
#include "tests/viz/drawing.h"

#include "tests/golden.h"
#include "core/base/file.h"
#include "tests/temporary.h"
#include "tests/viz/xml.h"
#include "viz/export_svg.h"
#include "viz/exporter.h"

static void test_text(void **state) {
    (void)state;
    struct grid *grid = grid_create(3, 10, NULL);
    struct area area = grid_area(grid);
    area_text(area, 0, 2, MEANING_TEXT, 0, "\xe6\x97\xa5x e\xcc\x81");
    area_text(area, 2, 9, MEANING_TEXT, 0, "!");
    char *text = export_text(grid);
    assert_string_equal(text, "  \xe6\x97\xa5x e\xcc\x81\n\n         !\n");
    free(text);
    grid_free(grid);
    grid = grid_create(0, 5, NULL);
    text = export_text(grid);
    assert_string_equal(text, "");
    free(text);
    grid_free(grid);
}

static char *svg_of(const struct grid *grid, int index) {
    struct palette palette;
    char *text = NULL;
    size_t size;
    palette_make(&palette, index);
    struct drawing drawing = grid_draw(grid, &palette);
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(drawing_svg(&drawing, out, NULL), 0);
    fclose(out);
    drawing_free(&drawing);
    return text;
}

static void check_count(const struct grid *grid, const char *name, int expected) {
    char *svg = svg_of(grid, 0);
    assert_non_null(svg);
    assert_int_equal(xml_count(svg, name), expected);
    free(svg);
}

static void test_golden(void **state) {
    (void)state;
    struct grid *grid = grid_create(4, 24, NULL);
    struct area area = grid_area(grid);
    int column = area_text(area, 0, 1, MEANING_TITLE, 0, "a < b & c > \"d\"");
    area_text(area, 0, column + 2, MEANING_ACCENT_A, CELL_UNDERLINE, "\xe6\x97\xa5 e\xcc\x81");
    area_text(area, 1, 0, MEANING_WEIGHT + 3, 0, "▁▁▂▄▄");
    area_text(area, 1, 5, MEANING_WEIGHT + 12, CELL_CURSOR, "██");
    area_text(area, 1, 8, MEANING_ACCENT_B, 0, "██▌");
    area_text(area, 1, 12, MEANING_BLOCKED, 0, "··");
    area_text(area, 2, 0, MEANING_ACCENT_A, 0, "⡇⠀⣿");
    area_text(area, 2, 4, MEANING_FAINT, 0, "──│┌┘┼╌");
    area_text(area, 2, 12, MEANING_NOTE, 0, "▶ ❯ → • ✓✗◆▲");
    area_text(area, 3, 0, MEANING_DIFFERENCE, 0, "−9");
    area_text(area, 3, 2, MEANING_DIFFERENCE + 15, 0, "+9");
    area_text(area, 3, 5, MEANING_TEXT, CELL_REVERSE | CELL_BOLD, "reverse");
    grid->cursor_row = 3;
    grid->cursor_column = 14;
    struct sheet sheet;
    sheet_open(&sheet);
    for (int i = 0; palette_name(i); i++) {
        char *svg = svg_of(grid, i);
        assert_non_null(svg);
        xml_count(svg, "svg");
        fprintf(sheet.out, "== %s\n%s", palette_name(i), svg);
        free(svg);
    }
    char *text = sheet_close(&sheet);
    assert_int_equal(golden_check("tests/viz/golden/exporter_svg.txt", text), 0);
    free(text);
    grid_free(grid);
}

/* Runs: one element each, however many cells. */
static void test_runs(void **state) {
    (void)state;
    struct grid *grid = grid_create(2, 30, NULL);
    struct area area = grid_area(grid);
    check_count(grid, "rect", 1); /* the page */
    check_count(grid, "text", 0);
    area_text(area, 0, 0, MEANING_TEXT, 0, "████████████");
    check_count(grid, "rect", 2);
    area_text(area, 0, 12, MEANING_ACCENT_A, 0, "██");
    check_count(grid, "rect", 3);
    area_text(area, 1, 0, MEANING_TEXT, 0, "two words");
    check_count(grid, "text", 2);
    area_text(area, 1, 0, MEANING_KEY, 0, "t");
    check_count(grid, "text", 3);
    area_text(area, 1, 10, MEANING_TEXT, 0, "⣿⣿⣿");
    check_count(grid, "path", 1);
    area_fill(area_part(area, 1, 20, 1, 10), MEANING_SELECTED, " ");
    check_count(grid, "rect", 4);
    grid->cursor_row = 1;
    check_count(grid, "rect", 5);
    grid->cursor_column = 30; /* not on the page */
    check_count(grid, "rect", 4);
    grid_free(grid);
}

/* Text of a length is as wide as its cells, whatever the font. */
static void test_text_length(void **state) {
    (void)state;
    struct grid *grid = grid_create(1, 10, NULL);
    area_text(grid_area(grid), 0, 2, MEANING_TEXT, 0, "abc");
    char *svg = svg_of(grid, 0);
    assert_non_null(strstr(
        svg, "<text x=\"36\" y=\"26.3\" font-size=\"14.8\" fill=\"#d3d7de\" textLength=\"27\""));
    free(svg);
    grid_clear(grid);
    area_text(grid_area(grid), 0, 0, MEANING_TEXT, 0,
              "a\xe6\x97\xa5"
              "b");
    svg = svg_of(grid, 0);
    assert_non_null(strstr(svg, "textLength=\"18\""));
    assert_int_equal(xml_count(svg, "text"), 3);
    free(svg);
    grid_free(grid);
}

/* Bytes that are UTF-8 but not XML do not spoil the picture. */
static void test_no_character_breaks_it(void **state) {
    (void)state;
    struct grid *grid = grid_create(1, 20, NULL);
    area_text(grid_area(grid), 0, 0, MEANING_TEXT, 0, "<\xef\xbf\xbe&\xef\xbf\xbf\x01\xff>");
    char *svg = svg_of(grid, 0);
    assert_non_null(strstr(svg, ">&lt;?&amp;???&gt;</text>"));
    assert_null(strstr(svg, "\xef\xbf\xbe"));
    xml_count(svg, "text");
    free(svg);
    grid_free(grid);
}

static void test_random_grids(void **state) {
    (void)state;
    static const char *const pieces[] = {"a",         "█", "▌", "⣿",       "─",
                                         "│",         "·", "<", "&",       "\xe6\x97\xa5",
                                         "e\xcc\x81", "▶", " ", "\xcc\x81"};
    unsigned seed = 9;
    for (int round = 0; round < 200; round++) {
        struct grid *grid =
            grid_create((int)(drawing_random(&seed) % 6), (int)(drawing_random(&seed) % 20), NULL);
        for (int i = 0; i < 80; i++)
            area_text(grid_area(grid), (int)(drawing_random(&seed) % 6),
                      (int)(drawing_random(&seed) % 20),
                      (enum meaning)(drawing_random(&seed) % MEANING_COUNT),
                      drawing_random(&seed) % 16, pieces[drawing_random(&seed) % 14]);
        char *svg = svg_of(grid, round % 3);
        assert_non_null(svg);
        assert_int_equal(xml_count(svg, "svg"), 1);
        free(svg);
        grid_free(grid);
    }
}

static char *read_back(const struct temporary *folder, const char *name, size_t *size) {
    char *path = temporary_path(folder, name), *data = NULL;
    assert_int_equal(file_read(&data, size, path, NULL), 0);
    free(path);
    return data;
}

/* The ending chooses; what is there before a failure stays. */
static void test_files(void **state) {
    (void)state;
    struct temporary folder;
    struct palette palette;
    struct sawb_error error;
    struct grid *grid = grid_create(2, 20, NULL);
    static const char *const names[] = {"a.svg", "a.PNG", "a.txt", "a"};
    static const char *const begins[] = {"<svg ", "\x89PNG\r\n", "w\xc3\xb6rds\n",
                                         "w\xc3\xb6rds\n"};
    temporary_make(&folder);
    palette_make(&palette, 0);
    area_text(grid_area(grid), 0, 0, MEANING_ACCENT_A, 0, "w\xc3\xb6rds");
    for (int i = 0; i < 4; i++) {
        size_t size;
        char *path = temporary_path(&folder, names[i]);
        assert_int_equal(grid_write(grid, &palette, 2, path, &error), 0);
        char *data = read_back(&folder, names[i], &size);
        assert_memory_equal(data, begins[i], strlen(begins[i]));
        free(data);
        free(path);
    }
    char *path = temporary_path(&folder, "a.PNG");
    assert_int_equal(grid_write(grid, &palette, 1e9, path, &error), -1);
    assert_non_null(strstr(error.message, "too large"));
    size_t size;
    char *data = read_back(&folder, "a.PNG", &size);
    assert_memory_equal(data, begins[1], strlen(begins[1]));
    free(data);
    free(path);
    assert_int_equal(temporary_entries(folder.path), 4);
    grid_free(grid);
    temporary_remove(&folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_text),
    cmocka_unit_test(test_golden),
    cmocka_unit_test(test_runs),
    cmocka_unit_test(test_text_length),
    cmocka_unit_test(test_no_character_breaks_it),
    cmocka_unit_test(test_random_grids),
    cmocka_unit_test(test_files),
};

TEST_GROUP(tests_viz_exporter, tests);
