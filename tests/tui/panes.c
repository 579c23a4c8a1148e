/*
 * panes.c - the tree of panes by itself, and the panes on the screen.
 */
#include "tui/app/panes.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "tests/tui/fixture.h"

/* ---- the tree -------------------------------------------------------------------------------- */

static struct sawb_error error;

/* Views of the panes in reading order as their first letters, the one with the keys in capitals. */
static const char *views_of(const struct panes *panes, int rows, int columns) {
    static char text[PANES_MOST + 1];
    struct pane_place places[PANES_MOST];
    int count = panes_place(panes, rows, columns, places);
    memset(text, 0, sizeof(text));
    for (int i = 0; i < count; i++) {
        char letter = view_get((int)panes->nodes[places[i].pane].view)->name[0];
        text[i] = places[i].pane == panes->focus ? (char)(letter - 'a' + 'A') : letter;
    }
    return text;
}

static void assert_place(const struct panes *panes, int index, int row, int column, int rows,
                         int columns) {
    struct pane_place places[PANES_MOST];
    assert_true(panes_place(panes, 30, 101, places) > index);
    assert_int_equal(places[index].row, row);
    assert_int_equal(places[index].column, column);
    assert_int_equal(places[index].rows, rows);
    assert_int_equal(places[index].columns, columns);
}

static void test_splits(void **state) {
    (void)state;
    struct panes panes = {0};
    assert_string_equal(views_of(&panes, 30, 101), "A");
    assert_place(&panes, 0, 0, 0, 30, 101);
    assert_int_equal(panes_split(&panes, 0, VIEW_HEADS, &error), 0);
    assert_string_equal(views_of(&panes, 30, 101), "aH");
    assert_place(&panes, 0, 0, 0, 30, 50); /* and a column for the border */
    assert_place(&panes, 1, 0, 51, 30, 50);
    assert_int_equal(panes_split(&panes, 1, VIEW_MASK, &error), 0);
    assert_string_equal(views_of(&panes, 30, 101), "ahM");
    assert_place(&panes, 1, 0, 51, 15, 50);
    assert_place(&panes, 2, 15, 51, 15, 50); /* its first row is the border */
    panes_zoom(&panes);
    assert_string_equal(views_of(&panes, 30, 101), "M");
    assert_place(&panes, 0, 0, 0, 30, 101);
    panes_zoom(&panes);
    assert_int_equal(panes_close(&panes, &error), 0);
    assert_string_equal(views_of(&panes, 30, 101), "aH");
    panes_only(&panes);
    assert_string_equal(views_of(&panes, 30, 101), "H");
    assert_int_equal(panes_close(&panes, &error), -1);
    assert_non_null(strstr(error.message, "last pane"));
    for (int i = 1; i < PANES_MOST; i++)
        assert_int_equal(panes_split(&panes, i % 2, VIEW_DATA, &error), 0);
    assert_int_equal(panes_split(&panes, 0, VIEW_DATA, &error), -1);
    assert_int_equal(panes_count(&panes), PANES_MOST);
}

/* What stays takes the room of what is closed, with all that is below it. */
static void test_close_keeps_the_others(void **state) {
    (void)state;
    struct panes panes = {0};
    panes_split(&panes, 0, VIEW_HEADS, &error);
    panes_split(&panes, 1, VIEW_MASK, &error);
    panes_to_side(&panes, PANE_LEFT);
    assert_string_equal(views_of(&panes, 30, 101), "Ahm");
    assert_int_equal(panes_close(&panes, &error), 0);
    assert_string_equal(views_of(&panes, 30, 101), "Hm");
    assert_place(&panes, 0, 0, 0, 15, 101);
    assert_place(&panes, 1, 15, 0, 15, 101);
}

static void test_focus(void **state) {
    (void)state;
    struct panes panes = {0};
    panes_arrange(&panes, 3, 0); /* attention | heads over prediction */
    assert_string_equal(views_of(&panes, 40, 160), "Ahp");
    assert_int_equal(panes_to_side(&panes, PANE_RIGHT), 0);
    assert_string_equal(views_of(&panes, 40, 160), "aHp");
    assert_int_equal(panes_to_side(&panes, PANE_RIGHT), -1);
    assert_int_equal(panes_to_side(&panes, PANE_UP), -1);
    assert_int_equal(panes_to_side(&panes, PANE_DOWN), 0);
    assert_string_equal(views_of(&panes, 40, 160), "ahP");
    assert_int_equal(panes_to_side(&panes, PANE_LEFT), 0);
    assert_string_equal(views_of(&panes, 40, 160), "Ahp");
    panes_step(&panes, -1);
    assert_string_equal(views_of(&panes, 40, 160), "ahP");
    panes_step(&panes, 1);
    assert_string_equal(views_of(&panes, 40, 160), "Ahp");
    assert_int_equal(panes_focus(&panes, PANES_NODES), -1);
    assert_int_equal(panes_focus(&panes, 0), -1); /* a split has no keys */
    panes_only(&panes);
    assert_int_equal(panes_step(&panes, 1), -1);
}

static void test_sizes(void **state) {
    (void)state;
    struct panes panes = {.rows = 30, .columns = 101};
    assert_int_equal(panes_grow_any(&panes, 3), -1);
    panes_split(&panes, 0, VIEW_HEADS, &error);
    assert_int_equal(panes_grow(&panes, 0, 10), 0);
    assert_place(&panes, 1, 0, 41, 30, 60);
    assert_int_equal(panes_grow(&panes, 1, 10), -1); /* nothing above or below */
    panes_split(&panes, 1, VIEW_MASK, &error);
    assert_int_equal(panes_grow(&panes, 1, -6), 0);
    assert_place(&panes, 2, 21, 41, 9, 60);
    assert_int_equal(panes_grow(&panes, 0, -20), 0); /* the split above */
    assert_place(&panes, 2, 21, 61, 9, 40);
    panes_grow_any(&panes, -1000);
    assert_place(&panes, 2, 29, 61, 1, 40);
    panes_to_side(&panes, PANE_LEFT);
    panes_split(&panes, 0, VIEW_DATA, &error);
    panes_equal(&panes); /* three side by side, one of them divided */
    assert_place(&panes, 0, 0, 0, 30, 33);
    assert_place(&panes, 1, 0, 34, 30, 33);
    assert_place(&panes, 2, 0, 68, 15, 33);
}

static void test_borders(void **state) {
    (void)state;
    struct panes panes = {0};
    panes_split(&panes, 0, VIEW_HEADS, &error);
    panes_split(&panes, 1, VIEW_MASK, &error);
    int vertical = panes_border(&panes, 30, 101, 3, 50);
    int horizontal = panes_border(&panes, 30, 101, 15, 60);
    assert_true(vertical >= 0 && horizontal >= 0 && vertical != horizontal);
    assert_int_equal(panes_border(&panes, 30, 101, 15, 30), -1);
    assert_int_equal(panes_border(&panes, 30, 101, 0, 60), -1);
    panes_drag(&panes, vertical, 30, 101, 7, 20);
    assert_place(&panes, 0, 0, 0, 30, 20);
    panes_drag(&panes, horizontal, 30, 101, 22, 90);
    assert_place(&panes, 2, 22, 21, 8, 80);
    panes_drag(&panes, vertical, 30, 101, 7, -500); /* not out of sight */
    assert_place(&panes, 0, 0, 0, 30, 5);
    panes_zoom(&panes);
    assert_int_equal(panes_border(&panes, 30, 101, 3, 5), -1);
}

/* ---- layouts --------------------------------------------------------------------------------- */

static void test_automatic(void **state) {
    (void)state;
    struct panes panes;
    panes_open(&panes);
    panes_fit(&panes, 24, 80, 0);
    assert_string_equal(views_of(&panes, 16, 80), "A");
    panes_fit(&panes, 40, 120, 0);
    assert_string_equal(views_of(&panes, 32, 120), "Ah");
    panes_fit(&panes, 60, 200, 0);
    assert_string_equal(views_of(&panes, 52, 200), "Ahp");
    panes_fit(&panes, 60, 200, 1);
    assert_string_equal(views_of(&panes, 52, 200), "Athp"); /* below the attention */
    panes_fit(&panes, 40, 120, 1);
    assert_string_equal(views_of(&panes, 32, 120), "At");
    panes_fit(&panes, 24, 80, 1);
    assert_string_equal(views_of(&panes, 16, 80), "A");
}

/* Smaller and larger again: what was looked at, and where the keys were. */
static void test_resize_loses_nothing(void **state) {
    (void)state;
    struct panes panes;
    panes_open(&panes);
    panes_fit(&panes, 60, 200, 0);
    panes_step(&panes, -1);
    panes_show(&panes, VIEW_METRICS);
    assert_string_equal(views_of(&panes, 52, 200), "ahM");
    assert_int_equal(panes_previous(&panes), VIEW_PREDICTION);
    panes_fit(&panes, 24, 80, 0);
    assert_string_equal(views_of(&panes, 16, 80), "M");
    panes_fit(&panes, 40, 120, 0);
    assert_string_equal(views_of(&panes, 32, 120), "aM");
    panes_fit(&panes, 60, 200, 0);
    assert_string_equal(views_of(&panes, 52, 200), "ahM");
    assert_int_equal(panes_previous(&panes), VIEW_PREDICTION);
    /* What the user chose is not overruled, and nothing is shown twice by itself. */
    panes_fit(&panes, 24, 80, 0);
    panes_show(&panes, VIEW_ATTENTION);
    panes_fit(&panes, 60, 200, 0);
    assert_string_equal(views_of(&panes, 52, 200), "hpA");
}

static void test_by_hand(void **state) {
    (void)state;
    struct panes panes;
    panes_open(&panes);
    panes_fit(&panes, 24, 80, 0);
    panes_split(&panes, 1, VIEW_DATA, &error);
    panes_fit(&panes, 60, 200, 1);
    assert_string_equal(views_of(&panes, 52, 200), "aD");
    panes_arrange(&panes, 3, 0);
    assert_string_equal(views_of(&panes, 52, 200), "aDp"); /* those that are there, then others */
    panes_fit(&panes, 24, 80, 0);
    assert_string_equal(views_of(&panes, 16, 80), "aDp");
    panes_arrange(&panes, 1, 0);
    assert_string_equal(views_of(&panes, 16, 80), "D");
    panes_arrange(&panes, 4, 0);
    panes_step(&panes, 1);
    panes_split(&panes, 0, VIEW_SWEEP, &error);
    panes_arrange(&panes, 2, 0); /* five become two: the one with the keys stays */
    assert_non_null(strchr(views_of(&panes, 52, 200), 'S'));
    assert_int_equal(panes_count(&panes), 2);
    panes_follow(&panes);
    panes_fit(&panes, 24, 80, 0);
    assert_string_equal(views_of(&panes, 16, 80), "S");
}

/* ---- anything at all ------------------------------------------------------------------------- */

/* Panes and the borders between them cover every cell of the room once. */
static void assert_tiled(const struct panes *panes, int rows, int columns) {
    struct pane_place places[PANES_MOST];
    unsigned char *covered = calloc((size_t)(rows * columns) + 1, 1);
    assert_non_null(covered);
    int count = panes_place(panes, rows, columns, places), found = 0;
    for (int i = 0; i < count; i++) {
        const struct pane_place *place = &places[i];
        found |= place->pane == panes->focus;
        assert_true(place->rows >= 0 && place->columns >= 0);
        for (int row = place->row; row < place->row + place->rows; row++)
            for (int column = place->column; column < place->column + place->columns; column++) {
                assert_true(row < rows && column < columns);
                covered[row * columns + column]++;
            }
    }
    assert_true(found);
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++) {
            int is_covered = covered[row * columns + column];
            assert_true(is_covered <= 1);
            if (!is_covered)
                assert_true(panes_border(panes, rows, columns, row, column) >= 0);
        }
    free(covered);
}

static void assert_whole(const struct panes *panes) {
    int used = 1, splits = panes->nodes[0].first != 0;
    for (int i = 1; i < PANES_NODES; i++) {
        const struct pane_node *node = &panes->nodes[i];
        if (!node->used)
            continue;
        const struct pane_node *parent = &panes->nodes[node->parent];
        assert_true(parent->first == i || parent->second == i);
        used++;
        splits += node->first != 0;
    }
    assert_int_equal(used, 2 * splits + 1);
    assert_int_equal(panes_count(panes), splits + 1);
    assert_int_equal(panes->nodes[panes->focus].first, 0);
}

static void test_random_changes(void **state) {
    (void)state;
    uint64_t key = random_key(7, 0, 0, 0);
    struct panes panes;
    panes_open(&panes);
    for (uint64_t i = 0; i < 4000; i++) {
        uint64_t number = random_bits(key, i), more = number >> 8;
        int rows = (int)(more % 45), columns = (int)(more / 64 % 150);
        switch (number % 14) {
        case 0:
        case 1:
        case 2:
            panes_split(&panes, (int)(more % 2), (enum view)(more / 2 % VIEWS), &error);
            break;
        case 3:
            panes_close(&panes, &error);
            break;
        case 4:
            panes_zoom(&panes);
            break;
        case 5:
            panes_step(&panes, (int)(more % 5) - 2);
            break;
        case 6:
            panes_to_side(&panes, (enum pane_side)(more % 4));
            break;
        case 7:
            panes_grow(&panes, (int)(more % 2), (int)(more / 2 % 60) - 30);
            break;
        case 8:
            panes_drag(&panes, (int)(more % PANES_NODES), rows, columns, (int)(more % 70) - 9,
                       (int)(more % 170) - 9);
            break;
        case 9:
            panes_show(&panes, (enum view)(more % VIEWS));
            break;
        case 10:
            panes_fit(&panes, 10 + rows * 2, columns * 2, (int)(more % 2));
            break;
        case 11:
            if (more % 3 == 0)
                panes_arrange(&panes, (int)(more % 7), (int)(more / 7 % 2));
            break;
        case 12:
            if (more % 3 == 0)
                panes_follow(&panes);
            break;
        default:
            panes_equal(&panes);
            break;
        }
        assert_whole(&panes);
        assert_tiled(&panes, rows, columns);
    }
}

/* ---- on the screen --------------------------------------------------------------------------- */

static const char *glyph_at(const struct grid *grid, int row, int column) {
    return grid->cells[(size_t)row * (size_t)grid->columns + (size_t)column].glyph;
}

static const struct cell *cell_at(const struct grid *grid, int row, int column) {
    return &grid->cells[(size_t)row * (size_t)grid->columns + (size_t)column];
}

/* Borders meet: ┬ where one begins, ┴ where it ends on a rule, in either set of characters. */
static void check_joints(const struct glyphs *glyphs) {
    struct fixture fixture;
    struct grid *grid = grid_create(40, 120, &error);
    fixture_must(grid != NULL);
    fixture_open(&fixture, FIXTURE_TOKENS, glyphs);
    struct panes *panes = &fixture.workbench.panes;
    panes_split(panes, 1, VIEW_TRAINING, &error);
    panes_to_side(panes, PANE_UP);
    panes_split(panes, 0, VIEW_TRAINING, &error);
    fixture.screen->on_map = 1;
    screen_draw(fixture.screen, grid);
    const struct area *room = &fixture.screen->drawn.panes;
    struct pane_place places[PANES_MOST];
    assert_int_equal(panes_place(panes, room->rows, room->columns, places), 3);
    int column = places[0].columns, top = room->row, end = room->row + places[2].row;
    assert_string_equal(glyph_at(grid, top, column), glyphs->joints[2 | 4 | 8]);
    assert_string_equal(glyph_at(grid, top + 1, column), glyphs->vertical);
    assert_string_equal(glyph_at(grid, end, column), glyphs->joints[1 | 4 | 8]);
    assert_string_equal(glyph_at(grid, end, column - 1), glyphs->rule);
    /* The pane with the keys is marked, the others' titles are not bold. */
    assert_string_equal(glyph_at(grid, top, column + 1), glyphs->prompt);
    assert_true(cell_at(grid, top, column + 1)->flags & CELL_BOLD);
    for (int i = 0; i < column; i++)
        assert_false(cell_at(grid, top, i)->flags & CELL_BOLD);
    fixture_close(&fixture);
    grid_free(grid);
}

static void test_joints(void **state) {
    (void)state;
    check_joints(&glyphs_utf8);
    check_joints(&glyphs_ascii);
}

static int row_holds(const struct grid *grid, int row, const char *text) {
    char line[2048] = "";
    for (int column = 0; column < grid->columns; column++)
        strncat(line, glyph_at(grid, row, column), sizeof(line) - strlen(line) - 1);
    return strstr(line, text) != NULL;
}

/* A pane without room says what it is, and is drawn again when there is some. */
static void test_small_panes(void **state) {
    (void)state;
    struct fixture fixture;
    struct grid *grid = grid_create(24, 80, &error);
    fixture_must(grid != NULL);
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct panes *panes = &fixture.workbench.panes;
    panes_split(panes, 1, VIEW_TRAINING, &error);
    screen_draw(fixture.screen, grid);
    panes_grow(panes, 1, -100);
    screen_draw(fixture.screen, grid);
    const struct area *room = &fixture.screen->drawn.panes;
    int last = room->row + room->rows - 1;
    assert_true(row_holds(grid, last, "\342\235\257 training \342\224\200"));
    panes_zoom(panes);
    screen_draw(fixture.screen, grid);
    assert_true(fixture.screen->drawn.alone);
    assert_false(row_holds(grid, last, "training"));
    fixture_close(&fixture);
    grid_free(grid);
}

/* Each text keeps its place while another one is read. */
static void test_texts_keep_their_place(void **state) {
    (void)state;
    struct fixture fixture;
    struct grid *grid = grid_create(40, 120, &error);
    fixture_must(grid != NULL);
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct screen *screen = fixture.screen;
    workbench_show(&fixture.workbench, VIEW_HELP);
    screen_draw(screen, grid);
    screen_key(screen, KEYS_DOWN);
    screen_key(screen, KEYS_DOWN);
    assert_int_equal(screen->scroll, 2);
    screen_command(screen, "help train");
    assert_non_null(screen->answer);
    screen_draw(screen, grid);
    assert_int_equal(screen->scroll, 0);
    screen_key(screen, KEYS_DOWN);
    screen_key(screen, KEYS_ESCAPE);
    screen_draw(screen, grid);
    assert_int_equal(screen->scroll, 2);
    fixture_close(&fixture);
    grid_free(grid);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_splits),
    cmocka_unit_test(test_close_keeps_the_others),
    cmocka_unit_test(test_focus),
    cmocka_unit_test(test_sizes),
    cmocka_unit_test(test_borders),
    cmocka_unit_test(test_automatic),
    cmocka_unit_test(test_resize_loses_nothing),
    cmocka_unit_test(test_by_hand),
    cmocka_unit_test(test_random_changes),
    cmocka_unit_test(test_joints),
    cmocka_unit_test(test_small_panes),
    cmocka_unit_test(test_texts_keep_their_place),
};
TEST_GROUP(tests_tui_panes, tests);
