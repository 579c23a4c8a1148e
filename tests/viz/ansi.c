/*
 * ansi.c - tests of cells as escape sequences.
 */
#include "viz/ansi.h"

#include "tests/viz/drawing.h"

/* A palette of one look, known by heart. */
static void make(struct ansi *ansi, int colors) {
    *ansi = (struct ansi){.count = colors};
    for (int meaning = 0; meaning < MEANING_COUNT; meaning++)
        ansi->colors[meaning] = (struct terminal_look){-1, -1};
}

static void check_look(const struct ansi *ansi, enum meaning meaning, unsigned flags,
                       const char *expected) {
    struct cell cell = {.glyph = "x", .meaning = (uint8_t)meaning, .flags = (uint8_t)flags};
    char code[ANSI_BYTES];
    assert_string_equal(ansi_look(ansi, &cell, code), expected);
}

static void test_attributes(void **state) {
    (void)state;
    struct ansi ansi;
    make(&ansi, 256);
    ansi.looks[MEANING_TITLE].bold = 1;
    ansi.looks[MEANING_FAINT].dim = 1;
    ansi.looks[MEANING_KEY].underline = 1;
    ansi.looks[MEANING_SELECTED].reverse = 1;
    check_look(&ansi, MEANING_TEXT, 0, "\033[0m");
    check_look(&ansi, MEANING_TITLE, 0, "\033[0;1m");
    check_look(&ansi, MEANING_FAINT, 0, "\033[0;2m");
    check_look(&ansi, MEANING_KEY, 0, "\033[0;4m");
    check_look(&ansi, MEANING_SELECTED, 0, "\033[0;7m");
    check_look(&ansi, MEANING_TEXT, CELL_BOLD, "\033[0;1m");
    check_look(&ansi, MEANING_TEXT, CELL_UNDERLINE, "\033[0;4m");
    check_look(&ansi, MEANING_TEXT, CELL_REVERSE, "\033[0;7m");
    check_look(&ansi, MEANING_TEXT, CELL_CURSOR, "\033[0;7m");
    check_look(&ansi, MEANING_FAINT, CELL_BOLD | CELL_UNDERLINE | CELL_CURSOR, "\033[0;1;2;4;7m");
}

static void test_colors(void **state) {
    (void)state;
    static const struct {
        int count;
        struct terminal_look look;
        const char *sequence;
    } cases[] = {
        {ANSI_TRUE_COLOR, {0x0102ff, -1}, "\033[0;38;2;1;2;255m"},
        {ANSI_TRUE_COLOR, {-1, 0xff8000}, "\033[0;48;2;255;128;0m"},
        {ANSI_TRUE_COLOR, {0xffffff, 0xffffff}, "\033[0;38;2;255;255;255;48;2;255;255;255m"},
        {256, {0, 255}, "\033[0;38;5;0;48;5;255m"},
        {16, {7, 0}, "\033[0;37;40m"},
        {16, {8, 15}, "\033[0;90;107m"}, /* the bright half */
        {8, {1, 7}, "\033[0;31;47m"},
        {0, {1, 7}, "\033[0m"}, /* none */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ansi ansi;
        make(&ansi, cases[i].count);
        ansi.colors[MEANING_NOTE] = cases[i].look;
        check_look(&ansi, MEANING_NOTE, 0, cases[i].sequence);
    }
}

/* Every look of every palette fits into its place, and is taken off again. */
static void test_longest(void **state) {
    (void)state;
    static const int counts[] = {0, 8, 16, 256, ANSI_TRUE_COLOR};
    for (int index = 0; palette_name(index); index++) {
        struct palette palette;
        palette_make(&palette, index);
        for (size_t i = 0; i < 5 * (size_t)MEANING_COUNT; i++) {
            struct cell cell = {.glyph = "x", .meaning = (uint8_t)(i / 5), .flags = 0x0f};
            struct ansi ansi;
            char code[ANSI_BYTES];
            ansi_make(&ansi, &palette, counts[i % 5]);
            ansi_look(&ansi, &cell, code);
            assert_int_equal(code[strlen(code) - 1], 'm');
            ansi_strip(code);
            assert_string_equal(code, "");
        }
    }
}

/* What the terminal says of itself. */
static void test_terminals(void **state) {
    (void)state;
    static const struct {
        const char *direct, *name;
        int colors;
    } cases[] = {
        {NULL, NULL, 0},
        {NULL, "", 0},
        {NULL, "dumb", 0},
        {"truecolor", "dumb", 0},
        {"truecolor", "xterm", ANSI_TRUE_COLOR},
        {"24BIT", "xterm", ANSI_TRUE_COLOR},
        {"yes", "xterm", 8},
        {NULL, "tmux-256color", 256},
        {NULL, "xterm-direct", 256},
        {NULL, "xterm-16color", 16},
        {NULL, "vt100", 8},
    };
    static const char *const names[] = {"COLORTERM", "TERM"};
    char *kept[2];
    for (int i = 0; i < 2; i++)
        kept[i] = getenv(names[i]) ? strdup(getenv(names[i])) : NULL;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *values[] = {cases[i].direct, cases[i].name};
        for (int k = 0; k < 2; k++)
            assert_int_equal(values[k] ? setenv(names[k], values[k], 1) : unsetenv(names[k]), 0);
        assert_int_equal(ansi_colors(), cases[i].colors);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(kept[i] ? setenv(names[i], kept[i], 1) : unsetenv(names[i]), 0);
        free(kept[i]);
    }
}

static void check_strip(const char *text, const char *expected) {
    char *copy = strdup(text);
    assert_non_null(copy);
    ansi_strip(copy);
    assert_string_equal(copy, expected);
    free(copy);
}

static void test_strip(void **state) {
    (void)state;
    check_strip("", "");
    check_strip("plain [0m", "plain [0m");
    check_strip("\033[0;1;38;5;20mred\033[0m and \033[Kthe rest", "red and the rest");
    check_strip("\033[0m\033[1m", "");
    check_strip("cut \033[38;5", "cut "); /* nothing is read beyond the end */
    check_strip("cut \033[", "cut ");
    check_strip("cut \033", "cut \033");
}

static void test_alike(void **state) {
    (void)state;
    struct cell a = {"a", MEANING_TEXT, 0}, b = {"b", MEANING_TEXT, 0};
    assert_true(ansi_alike(&a, &b));
    b.flags = CELL_BOLD;
    assert_false(ansi_alike(&a, &b));
    b = (struct cell){"a", MEANING_FAINT, 0};
    assert_false(ansi_alike(&a, &b));
}

/* Sequences stand where the look changes; a blank that looks like nothing is left out at the end
 * of a row, one that is seen is not. */
static void test_text(void **state) {
    (void)state;
    struct grid *grid = grid_create(5, 6, NULL);
    struct ansi ansi;
    assert_non_null(grid);
    make(&ansi, 8);
    ansi.colors[MEANING_ERROR] = (struct terminal_look){1, -1};
    ansi.colors[MEANING_BLOCKED] = (struct terminal_look){-1, 4};
    struct area area = grid_area(grid);
    area_text(area, 0, 0, MEANING_TEXT, 0, "ab");
    area_text(area, 0, 2, MEANING_ERROR, 0, "cd");
    area_text(area, 2, 0, MEANING_BLOCKED, 0, " ");
    area_text(area, 3, 1, MEANING_TEXT, CELL_CURSOR, " ");
    area_text(area, 4, 0, MEANING_TEXT, 0, "\347\234\213!"); /* a wide character */
    char *text = ansi_text(&ansi, grid);
    assert_non_null(text);
    assert_string_equal(text, "\033[0mab\033[0;31mcd\033[0m\n"
                              "\n"
                              "\033[0;44m \033[0m\n"
                              "\033[0m \033[0;7m \033[0m\n"
                              "\033[0m\347\234\213!\033[0m\n");
    free(text);
    grid_free(grid);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_attributes), cmocka_unit_test(test_colors),
    cmocka_unit_test(test_longest),    cmocka_unit_test(test_terminals),
    cmocka_unit_test(test_strip),      cmocka_unit_test(test_alike),
    cmocka_unit_test(test_text),
};

TEST_GROUP(tests_viz_ansi, tests);
