/*
 * data_screen.c - pictures of the data view against golden ones, and its keys and clicks.
 */
#include "tests/golden.h"
#include "tests/tui/data_fixture.h"
#include "tests/tui/fixture.h"
#include "viz/exporter.h"

#define GOLDEN "tests/tui/golden/"

struct scene {
    struct fixture fixture;
    struct temporary folder;
};

static struct data *scene_open(struct scene *scene, const struct glyphs *glyphs) {
    fixture_open(&scene->fixture, FIXTURE_TOKENS, glyphs);
    temporary_make(&scene->folder);
    data_fixture_open(&scene->fixture.workbench.data, &scene->folder);
    workbench_show(&scene->fixture.workbench, VIEW_DATA);
    scene->fixture.screen->on_map = 1;
    return &scene->fixture.workbench.data;
}

/* All rows are answered under the patterns of the fixture. */
static struct data *scene_answered(struct scene *scene, const struct glyphs *glyphs) {
    struct data *data = scene_open(scene, glyphs);
    data_fixture_begin(data, "dense", "topk(0.8)", &scene->fixture.model);
    data_fixture_answer(data, 0, DATA_ROWS, 100);
    data_fixture_end(data, 0);
    return data;
}

static void scene_close(struct scene *scene) {
    data_close(&scene->fixture.workbench.data);
    temporary_remove(&scene->folder);
    fixture_close(&scene->fixture);
}

static char *picture(struct scene *scene, int columns, int rows) {
    struct grid *grid = grid_create(rows, columns, NULL);
    fixture_must(grid != NULL);
    screen_draw(scene->fixture.screen, grid);
    char *text = export_text(grid);
    fixture_must(text != NULL);
    grid_free(grid);
    return text;
}

static void check(struct scene *scene, const char *name, int columns, int rows) {
    char path[160], *text = picture(scene, columns, rows);
    snprintf(path, sizeof(path), GOLDEN "data-%s-%dx%d.txt", name, columns, rows);
    assert_int_equal(golden_check(path, text), 0);
    free(text);
}

/* The view alone in an area, as a pane draws it. */
static void check_pane(struct scene *scene, const char *name, int columns, int rows) {
    struct grid *grid = grid_create(rows, columns, NULL);
    char path[160];
    fixture_must(grid != NULL);
    view_data.draw(scene->fixture.screen, grid_area(grid));
    char *text = export_text(grid);
    fixture_must(text != NULL);
    snprintf(path, sizeof(path), GOLDEN "data-%s-%dx%d.txt", name, columns, rows);
    assert_int_equal(golden_check(path, text), 0);
    free(text);
    grid_free(grid);
}

static int shows(struct scene *scene, const char *part) {
    char *text = picture(scene, 100, 40);
    int found = strstr(text, part) != NULL;
    free(text);
    return found;
}

static void test_pictures(void **state) {
    (void)state;
    static const struct glyphs *const sets[] = {&glyphs_utf8, &glyphs_ascii};
    static const char *const names[] = {"utf8", "ascii"};
    for (int i = 0; i < 2; i++) {
        struct scene scene;
        struct data *data = scene_answered(&scene, sets[i]);
        data_select(data, 2);
        check(&scene, names[i], 80, 24);
        check(&scene, names[i], 160, 50);
        scene_close(&scene);
    }
}

static void test_filtered(void **state) {
    (void)state;
    struct scene scene;
    struct data *data = scene_answered(&scene, &glyphs_utf8);
    data_set_filter(data, "flips or /caf/", NULL);
    data_set_sort(data, "conf desc", NULL);
    data->shift = 10;
    check(&scene, "filtered", 80, 24);
    check(&scene, "filtered", 160, 50);
    scene_close(&scene);
}

static void test_panes(void **state) {
    (void)state;
    struct scene scene;
    struct data *data = scene_answered(&scene, &glyphs_utf8);
    check_pane(&scene, "pane", 40, 8);
    check_pane(&scene, "pane", 20, 5);
    data_set_filter(data, "wrong", NULL);
    check_pane(&scene, "pane", 60, 20);
    scene_close(&scene);
}

static void test_nothing_open(void **state) {
    (void)state;
    struct scene scene;
    struct data *data = scene_open(&scene, &glyphs_ascii);
    data_close(data);
    check(&scene, "none", 80, 24);
    scene_close(&scene);
}

static void test_states(void **state) {
    (void)state;
    struct scene scene;
    struct data *data = scene_open(&scene, &glyphs_utf8);
    assert_true(shows(&scene, "0 of 8: r asks all"));
    data_fixture_begin(data, "dense", "topk(0.8)", &scene.fixture.model);
    data_fixture_answer(data, 0, 3, 100);
    assert_true(shows(&scene, "3 of 8, 3 s left"));
    data_fixture_end(data, 1);
    assert_true(shows(&scene, "3 of 8: r asks all"));
    data_fixture_begin(data, "dense", "topk(0.8)", &scene.fixture.model);
    data_fixture_answer(data, 0, DATA_ROWS, 100);
    data_fixture_end(data, 0);
    assert_false(shows(&scene, "r asks"));
    free(scene.fixture.workbench.arms[ARM_B].spec);
    scene.fixture.workbench.arms[ARM_B].spec = fixture_copy("local(1)");
    assert_true(shows(&scene, "stale: r asks again"));
    data_fixture_begin(data, "dense", "topk(0.8)", &scene.fixture.model);
    assert_true(shows(&scene, "stale: r asks again")); /* also while old work is under way */
    data_set_filter(data, "nowhere", NULL);
    assert_true(shows(&scene, "`filter off` shows all"));
    data->waiting = 1;
    assert_true(shows(&scene, "waits for other work"));
    scene_close(&scene);
}

/* Every size, also absurd ones, with the cursor everywhere. */
static void test_all_sizes(void **state) {
    (void)state;
    struct scene scene;
    struct data *data = scene_answered(&scene, &glyphs_utf8);
    for (int rows = 0; rows < 40; rows++) {
        for (int columns = 0; columns < 170; columns += 3) {
            struct grid *grid = grid_create(rows, columns, NULL);
            fixture_must(grid != NULL);
            data_set_filter(data, rows % 2 ? "flips" : NULL, NULL);
            data_select(data, columns % 9);
            data->shift = columns % 7 * 20;
            view_data.draw(scene.fixture.screen, grid_area(grid));
            assert_true(data->first >= 0 && data->first <= data->position);
            grid_free(grid);
        }
    }
    scene_close(&scene);
}

/* The keys that change nothing but the view; those that ask the model need a real one. */
static void test_keys(void **state) {
    (void)state;
    struct scene scene;
    struct data *data = scene_answered(&scene, &glyphs_utf8);
    struct screen *screen = scene.fixture.screen;
    free(picture(&scene, 80, 24));
    screen_key(screen, 'j');
    screen_key(screen, KEYS_DOWN);
    assert_int_equal(data->row, 2);
    screen_key(screen, 'k');
    assert_int_equal(data->row, 1);
    screen_key(screen, KEYS_END);
    assert_int_equal(data->row, DATA_ROWS - 1);
    screen_key(screen, KEYS_HOME);
    assert_int_equal(data->row, 0);
    screen_key(screen, KEYS_PAGE_DOWN);
    assert_int_equal(data->row, DATA_ROWS - 1);
    screen_key(screen, KEYS_PAGE_UP);
    assert_int_equal(data->row, 0);
    screen_key(screen, 'n');
    assert_int_equal(data->row, 1);
    screen_key(screen, 'N');
    assert_int_equal(data->row, 6);
    screen_key(screen, KEYS_RIGHT);
    screen_key(screen, 'l');
    screen_key(screen, 'h');
    assert_int_equal(data->shift, 10);
    screen_key(screen, '>');
    assert_int_equal(data->key, DATA_TEXT);
    screen_key(screen, 'I');
    assert_true(data->descending);
    screen_key(screen, '<');
    assert_int_equal(data->key, DATA_ROW);
    for (const char *key = "/film"; *key; key++)
        screen_key(screen, *key);
    screen_key(screen, KEYS_ENTER);
    assert_string_equal(data->filter_text, "/film");
    assert_int_equal(data->shown, 1);
    screen_key(screen, 'F');
    assert_null(data->filter);
    screen_key(screen, 'f');
    assert_true(screen->prompt_open);
    scene_close(&scene);
}

static void test_click(void **state) {
    (void)state;
    struct scene scene;
    struct data *data = scene_answered(&scene, &glyphs_utf8);
    struct screen *screen = scene.fixture.screen;
    struct grid *grid = grid_create(16, 80, NULL);
    fixture_must(grid != NULL);
    struct area area = grid_area(grid);
    view_data.draw(screen, area);
    /* A rule, four rows of sums, the titles, then the rows. */
    assert_int_equal(view_data.click(screen, area, 6 + 3, 20, MOUSE_PRESS), 1);
    assert_int_equal(data->row, 3);
    assert_int_equal(view_data.click(screen, area, 6 + DATA_ROWS, 20, MOUSE_PRESS), 0);
    assert_int_equal(view_data.click(screen, area, 2, 20, MOUSE_PRESS), 0);
    assert_int_equal(view_data.click(screen, area, 6, 20, MOUSE_WHEEL_UP), 0);
    assert_int_equal(data->row, 3);
    assert_int_equal(view_data.click(screen, area, 5, 20, MOUSE_PRESS), 1);
    assert_int_equal(data->key, DATA_TEXT);
    grid_free(grid);
    scene_close(&scene);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_pictures), cmocka_unit_test(test_filtered),
    cmocka_unit_test(test_panes),    cmocka_unit_test(test_nothing_open),
    cmocka_unit_test(test_states),   cmocka_unit_test(test_all_sizes),
    cmocka_unit_test(test_keys),     cmocka_unit_test(test_click),
};

TEST_GROUP(tests_tui_data_screen, tests);
