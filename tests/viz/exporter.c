/*
 * exporter.c - tests of pictures and texts of a grid.
 */
#include "tests/viz/drawing.h"

#include "tests/golden.h"
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

/*
 * A strict reader of the XML that export_svg writes: balanced tags, quoted attributes, escaped
 * text. Counts the elements of one name.
 */
static int read_svg(const char *svg, const char *name) {
    char open[16][16];
    int depth = 0, count = 0, roots = 0;
    for (const char *at = svg; *at;) {
        if (*at != '<') {
            assert_true(*at != '>');
            if (*at == '&') {
                assert_true(strncmp(at, "&amp;", 5) == 0 || strncmp(at, "&lt;", 4) == 0 ||
                            strncmp(at, "&gt;", 4) == 0);
            }
            assert_true((unsigned char)*at >= ' ' || *at == '\n');
            at++;
            continue;
        }
        at++;
        if (*at == '/') {
            assert_true(depth > 0);
            depth--;
            size_t length = strlen(open[depth]);
            assert_memory_equal(at + 1, open[depth], length);
            assert_int_equal(at[1 + length], '>');
            at += length + 2;
            continue;
        }
        size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz");
        assert_in_range(length, 1, 15);
        assert_true(depth < 16);
        memcpy(open[depth], at, length);
        open[depth][length] = '\0';
        count += strcmp(open[depth], name) == 0;
        roots += depth == 0;
        at += length;
        while (*at == ' ') {
            at += 1 + strcspn(at, "=");
            assert_int_equal(*at, '"');
            size_t value = strcspn(at + 1, "\"<&");
            at += 1 + value;
            assert_int_equal(*at, '"');
            at++;
        }
        if (*at == '/')
            at++;
        else
            depth++;
        assert_int_equal(*at, '>');
        at++;
    }
    assert_int_equal(depth, 0);
    assert_int_equal(roots, 1);
    return count;
}

static void check_count(const struct grid *grid, const char *name, int expected) {
    char *svg = export_svg(grid, palette_get(0));
    assert_non_null(svg);
    assert_int_equal(read_svg(svg, name), expected);
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
    area_text(area, 2, 12, MEANING_NOTE, 0, "▶ ❯ → •");
    area_text(area, 3, 0, MEANING_DIFFERENCE, 0, "−9");
    area_text(area, 3, 2, MEANING_DIFFERENCE + 15, 0, "+9");
    area_text(area, 3, 5, MEANING_TEXT, CELL_REVERSE | CELL_BOLD, "reverse");
    grid->cursor_row = 3;
    grid->cursor_column = 14;
    struct sheet sheet;
    sheet_open(&sheet);
    for (int i = 0; palette_get(i); i++) {
        char *svg = export_svg(grid, palette_get(i));
        assert_non_null(svg);
        read_svg(svg, "svg");
        fprintf(sheet.out, "== %s\n%s", palette_get(i)->name, svg);
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
    area_text(area, 0, 12, MEANING_KEY, 0, "██");
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
    char *svg = export_svg(grid, palette_get(0));
    assert_non_null(strstr(svg, "<text x=\"320\" y=\"238\" textLength=\"240\""));
    free(svg);
    grid_clear(grid);
    area_text(grid_area(grid), 0, 0, MEANING_TEXT, 0,
              "a\xe6\x97\xa5"
              "b");
    svg = export_svg(grid, palette_get(0));
    assert_non_null(strstr(svg, "textLength=\"160\""));
    assert_int_equal(read_svg(svg, "text"), 3);
    free(svg);
    grid_free(grid);
}

/* Bytes that are UTF-8 but not XML do not spoil the picture. */
static void test_no_character_breaks_it(void **state) {
    (void)state;
    struct grid *grid = grid_create(1, 20, NULL);
    area_text(grid_area(grid), 0, 0, MEANING_TEXT, 0, "<\xef\xbf\xbe&\xef\xbf\xbf\x01\xff>");
    char *svg = export_svg(grid, palette_get(0));
    assert_non_null(strstr(svg, ">&lt;?&amp;???&gt;</text>"));
    assert_null(strstr(svg, "\xef\xbf\xbe"));
    read_svg(svg, "text");
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
        char *svg = export_svg(grid, palette_get(round % 3));
        assert_non_null(svg);
        assert_int_equal(read_svg(svg, "svg"), 1);
        free(svg);
        grid_free(grid);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_text),
    cmocka_unit_test(test_golden),
    cmocka_unit_test(test_runs),
    cmocka_unit_test(test_text_length),
    cmocka_unit_test(test_no_character_breaks_it),
    cmocka_unit_test(test_random_grids),
};

TEST_GROUP(tests_viz_exporter, tests);
