/*
 * heads.c - the order of the heads, searching, moving, their importance, their figures, and the
 * pictures of the views heads and metrics.
 */
#include "tui/app/heads.h"

#include <math.h>

#include "tests/inspect/attention_of.h"
#include "tests/tui/pictures.h"
#include "viz/figure.h"

#define HEADS (FIXTURE_LAYERS * FIXTURE_HEADS)
#define OFF 1 /* the head of B that is off */

static void measure(struct fixture *fixture) {
    struct arm *arms = fixture->workbench.arms;
    struct capture *captures[ARMS] = {arms[ARM_A].capture, arms[ARM_B].capture};
    assert_int_equal(metrics_measure(captures, ARMS, 1, NULL, NULL), 0);
}

/* The fixture with one head of B off, measured. */
static struct workbench *open(struct fixture *fixture, int tokens, const struct glyphs *glyphs) {
    fixture_open(fixture, tokens, glyphs);
    struct capture *b = fixture->workbench.arms[ARM_B].capture;
    size_t pairs = (size_t)tokens * (size_t)tokens;
    memset(b->mask + OFF * pairs, 0, pairs);
    measure(fixture);
    return &fixture->workbench;
}

static void close_fixture(struct fixture *fixture) {
    heads_free(&fixture->workbench.heads);
    fixture_close(fixture);
}

static struct heads_place place_of(const struct workbench *workbench, const char *text) {
    struct heads_place place;
    struct sawb_error error;
    if (heads_place_parse(workbench, text, &place, &error) < 0)
        fail_msg("%s", error.message);
    return place;
}

static void sort_by(struct workbench *workbench, const char *text, int descending) {
    workbench->heads.sort = place_of(workbench, text);
    workbench->heads.sorted = 1;
    workbench->heads.descending = descending;
}

/* ---- order ----------------------------------------------------------------------------------- */

static void test_places(void **state) {
    (void)state;
    struct fixture fixture;
    struct workbench *workbench = open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct heads_place place;
    struct sawb_error error;
    char text[64];
    place = place_of(workbench, "entropy");
    assert_true(place.metric == METRIC_ENTROPY && place.of == HEADS_A);
    workbench->heads.of = HEADS_B;
    assert_true(place_of(workbench, "dist").of == HEADS_B);
    place = place_of(workbench, "D.mass");
    assert_true(place.metric == METRIC_MASS && place.of == HEADS_DIFFERENCE);
    assert_string_equal(heads_place_text(place, text, sizeof(text)), "mass of B - A");
    assert_string_equal(heads_place_text(place_of(workbench, "a.divergence"), text, sizeof(text)),
                        "divergence");
    assert_int_equal(heads_place_parse(workbench, "x.mass", &place, &error), -1);
    assert_int_equal(heads_place_parse(workbench, "weight", &place, &error), -1);
    assert_non_null(strstr(error.message, "entropy, normalised"));
    assert_int_equal(heads_place_parse(workbench, "", &place, &error), -1);
    /* Two columns for each metric but those of both. */
    int columns = 0;
    while (heads_place_get(columns, &place))
        columns++;
    assert_int_equal(columns, 2 * METRICS - 1);
    assert_int_equal(heads_place_get(-1, &place), 0);
    close_fixture(&fixture);
}

/* The numbers in the order listed never go the wrong way, and those that are none come last. */
static void expect_order(const struct workbench *workbench, int none) {
    int count, seen[HEADS] = {0}, *order = heads_order(workbench, &count);
    assert_non_null(order);
    assert_int_equal(count, HEADS);
    for (int i = 0; i < count; i++) {
        seen[order[i]]++;
        double value = heads_value(workbench, workbench->heads.sort, order[i]);
        assert_int_equal(isnan(value), i >= HEADS - none);
        if (i == 0 || isnan(value))
            continue;
        double before = heads_value(workbench, workbench->heads.sort, order[i - 1]);
        assert_true(workbench->heads.descending ? before >= value : before <= value);
        if (before == value)
            assert_true(order[i - 1] < order[i]);
    }
    for (int i = 0; i < HEADS; i++)
        assert_int_equal(seen[i], 1);
    free(order);
}

static void test_order(void **state) {
    (void)state;
    struct fixture fixture;
    struct workbench *workbench = open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    int count, *order = heads_order(workbench, &count);
    for (int i = 0; i < HEADS; i++)
        assert_int_equal(order[i], i);
    free(order);
    for (int descending = 0; descending < 2; descending++) {
        sort_by(workbench, "a.entropy", descending);
        expect_order(workbench, 0);
        sort_by(workbench, "b.entropy", descending);
        expect_order(workbench, 1);
        sort_by(workbench, "d.cls", descending);
        expect_order(workbench, 1);
        sort_by(workbench, "a.sparsity", descending); /* all the same */
        expect_order(workbench, 0);
        sort_by(workbench, "importance", descending); /* nobody has asked */
        expect_order(workbench, HEADS);
    }
    struct heads_place difference = place_of(workbench, "d.self");
    struct heads_place a = place_of(workbench, "a.self"), b = place_of(workbench, "b.self");
    assert_true(heads_value(workbench, difference, 5) ==
                heads_value(workbench, b, 5) - heads_value(workbench, a, 5));
    assert_true(isnan(heads_value(workbench, a, HEADS)));
    assert_true(isnan(heads_value(workbench, a, -1)));
    assert_true(heads_off(workbench, ARM_B, OFF) && !heads_off(workbench, ARM_A, OFF));
    close_fixture(&fixture);
}

static void test_without_answers(void **state) {
    (void)state;
    struct workbench workbench = {0};
    struct figure figure = {0};
    struct sawb_error error;
    int count;
    assert_null(heads_order(&workbench, &count));
    assert_int_equal(count, 0);
    heads_look_at(&workbench, 3);
    assert_int_equal(heads_move(&workbench, "down", &error), 0);
    assert_int_equal(heads_move(&workbench, "last", &error), 0);
    assert_int_equal(heads_move(&workbench, "0.0", &error), -1);
    assert_int_equal(heads_find_next(&workbench, 1), 0);
    assert_int_equal(heads_figure(&workbench, &figure, &error), -1);
    assert_int_equal(metrics_figure(&workbench, &figure, &error), -1);
    assert_non_null(strstr(error.message, "no answer yet"));
    figure_free(&figure);
}

/* ---- searching and moving -------------------------------------------------------------------- */

static void test_find(void **state) {
    (void)state;
    struct fixture fixture;
    struct workbench *workbench = open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct sawb_error error;
    static const char *const wrong[] = {"",        "entropy",    "entropy>",  "entropy>x",
                                        "x>1",     ">1",         "entropy=1", "entropy>1 2",
                                        "c.cls>1", "entropy>nan"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        error.message[0] = '\0';
        assert_int_equal(heads_find(workbench, wrong[i], &error), -1);
        assert_true(strlen(error.message) > 10);
        assert_false(workbench->heads.search.active);
    }
    assert_int_equal(heads_matching(workbench), 0);
    /* The middle of the values: half of the heads lie above. */
    sort_by(workbench, "a.entropy", 1);
    int count, *order = heads_order(workbench, &count);
    double middle = heads_value(workbench, workbench->heads.sort, order[HEADS / 2]);
    char text[64];
    snprintf(text, sizeof(text), " a.entropy > %.17g ", middle);
    heads_look_at(workbench, order[3]);
    assert_int_equal(heads_find(workbench, text, &error), 0);
    assert_int_equal(heads_matching(workbench), HEADS / 2);
    assert_int_equal(heads_cursor(workbench), order[3]); /* matches already */
    assert_true(heads_find_next(workbench, 1));
    assert_int_equal(heads_cursor(workbench), order[4]);
    assert_true(heads_find_next(workbench, 1) && heads_find_next(workbench, 1));
    assert_int_equal(heads_cursor(workbench), order[0]); /* round the end */
    assert_true(heads_find_next(workbench, -1));
    assert_int_equal(heads_cursor(workbench), order[5]);
    snprintf(text, sizeof(text), "a.entropy>=%.17g", middle);
    assert_int_equal(heads_find(workbench, text, &error), 0);
    assert_int_equal(heads_matching(workbench), HEADS / 2 + 1);
    snprintf(text, sizeof(text), "a.entropy<%.17g", middle);
    heads_find(workbench, text, &error);
    assert_int_equal(heads_matching(workbench), HEADS / 2 - 1);
    snprintf(text, sizeof(text), "a.entropy<=%.17g", middle);
    heads_find(workbench, text, &error);
    assert_int_equal(heads_matching(workbench), HEADS / 2);
    /* What is no number is like nothing. */
    assert_int_equal(heads_find(workbench, "b.entropy<9", &error), 0);
    assert_int_equal(heads_matching(workbench), HEADS - 1);
    assert_int_equal(heads_find(workbench, "a.entropy>9", &error), 0);
    assert_int_equal(heads_find_next(workbench, 1), 0);
    free(order);
    close_fixture(&fixture);
}

static void expect_move(struct workbench *workbench, const char *word, int expected) {
    struct sawb_error error;
    assert_int_equal(heads_move(workbench, word, &error), 0);
    if (heads_cursor(workbench) != expected)
        fail_msg("%s goes to head %d, not %d", word, heads_cursor(workbench), expected);
}

static void test_move(void **state) {
    (void)state;
    struct fixture fixture;
    struct workbench *workbench = open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct sawb_error error;
    heads_look_at(workbench, 0);
    expect_move(workbench, "left", 0);
    expect_move(workbench, "right", 1);
    expect_move(workbench, "down", 5);
    expect_move(workbench, "next", 6);
    expect_move(workbench, "last", 11);
    expect_move(workbench, "down", 11);
    expect_move(workbench, "next", 11);
    expect_move(workbench, "up", 7);
    expect_move(workbench, "previous", 6);
    expect_move(workbench, "first", 0);
    expect_move(workbench, "2.3", 11);
    workbench->heads.rows = 2;
    expect_move(workbench, "page-up", 3);
    workbench->heads.lines = 5;
    expect_move(workbench, "next-page", 7);
    static const char *const wrong[] = {"3.0", "0.4", "1", "1.", ".2", "1.2x", "x", "-1.0", "1.-1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(heads_move(workbench, wrong[i], &error), -1);
    assert_int_equal(heads_cursor(workbench), 7);
    /* Sorted, the places of the list count. */
    sort_by(workbench, "a.entropy", 0);
    int count, *order = heads_order(workbench, &count);
    workbench->heads.columns = 5;
    expect_move(workbench, "first", order[0]);
    expect_move(workbench, "right", order[1]);
    expect_move(workbench, "down", order[6]);
    expect_move(workbench, "previous", order[5]);
    expect_move(workbench, "up", order[0]);
    free(order);
    close_fixture(&fixture);
}

/* ---- importance ------------------------------------------------------------------------------ */

static void tell(struct workbench *workbench, int job, int arm, int index, double value) {
    struct event event = {.kind = EVENT_POINT, .job = job, .arm = arm};
    event.data.point = (struct point){
        .series = SERIES_IMPORTANCE, .index = index, .count = HEADS, .values = {value}};
    heads_take_importance(workbench, &event);
}

static double importance_of(const struct workbench *workbench, int arm, int index) {
    return heads_value(workbench, (struct heads_place){METRIC_IMPORTANCE, arm ? HEADS_B : HEADS_A},
                       index);
}

static void test_importance(void **state) {
    (void)state;
    struct fixture fixture;
    struct workbench *workbench = open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    workbench->heads.importance_wanted = 1;
    workbench->heads.importance_job = 7;
    workbench->heads.importance_scale = IMPORTANCE_PAPER;
    for (int i = 0; i < HEADS; i++) {
        assert_true(isnan(importance_of(workbench, ARM_B, 0)));
        tell(workbench, 6, ARM_B, i, 100); /* an older job */
        tell(workbench, 7, 2, i, 100);
        tell(workbench, 7, ARM_B, i, i % FIXTURE_HEADS);
    }
    /* Each layer 0 1 2 3: over its norm, then from 0 to 1. */
    for (int i = 0; i < HEADS; i++) {
        assert_true(fabs(importance_of(workbench, ARM_B, i) - i % FIXTURE_HEADS / 3.0) < 1e-12);
        assert_true(isnan(importance_of(workbench, ARM_A, i)));
    }
    /* A new answer shows the old values until they are told anew. */
    struct capture *before = workbench->arms[ARM_B].capture;
    workbench->arms[ARM_B].capture = fixture_capture(FIXTURE_TOKENS, "topk(0.8)", 3, 0.8, 0.5f);
    measure(&fixture);
    heads_take_capture(workbench, ARM_B, before);
    capture_free(before);
    assert_true(workbench->heads.importance_old[ARM_B]);
    assert_true(importance_of(workbench, ARM_B, 3) == 1);
    for (int i = 0; i < HEADS; i++)
        tell(workbench, 7, ARM_B, i, 1);
    assert_false(workbench->heads.importance_old[ARM_B]);
    assert_true(importance_of(workbench, ARM_B, 3) == importance_of(workbench, ARM_B, 0));
    /* Points that do not begin at the first are of nobody. */
    tell(workbench, 7, ARM_A, HEADS, 1);
    assert_true(isnan(importance_of(workbench, ARM_A, 0)));
    close_fixture(&fixture);
}

/* ---- figures --------------------------------------------------------------------------------- */

static void test_heads_figure(void **state) {
    (void)state;
    struct fixture fixture;
    struct workbench *workbench = open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct figure figure = {0};
    struct sawb_error error;
    if (heads_figure(workbench, &figure, &error) < 0)
        fail_msg("%s", error.message);
    const struct panel *panel = &figure.panels[0];
    int step = FIXTURE_TOKENS + 1;
    assert_int_equal(panel->rows, FIXTURE_LAYERS * step - 1);
    assert_int_equal(panel->columns, FIXTURE_HEADS * step - 1);
    const struct capture *a = workbench->arms[ARM_A].capture;
    float *of_a = attention_of(a);
    for (int row = 0; row < panel->rows; row++) {
        for (int column = 0; column < panel->columns; column++) {
            float value = panel->values[row * panel->columns + column];
            int query = row % step, key = column % step;
            if (query == FIXTURE_TOKENS || key == FIXTURE_TOKENS) {
                assert_true(isnan(value));
                continue;
            }
            size_t at = capture_head(a, row / step, column / step);
            assert_true(value == of_a[at + (size_t)(query * FIXTURE_TOKENS + key)]);
        }
    }
    assert_string_equal(panel->row_labels[FIXTURE_TOKENS / 2], "layer 0");
    assert_string_equal(panel->column_labels[step + FIXTURE_TOKENS / 2], "head 1");
    assert_string_equal(panel->column_labels[0], "");
    figure_free(&figure);

    workbench->heads.of = HEADS_DIFFERENCE;
    assert_int_equal(heads_figure(workbench, &figure, &error), 0);
    assert_int_equal(figure.panels[0].scale, PANEL_DIVERGING);
    const struct capture *b = workbench->arms[ARM_B].capture;
    float *of_b = attention_of(b);
    assert_true(figure.panels[0].values[1] == of_b[1] - of_a[1]);
    free(of_a);
    free(of_b);
    assert_int_equal(figure.panels[0].mask[1], 1); /* A keeps all */
    figure_free(&figure);

    workbench->heads.of = HEADS_B;
    assert_int_equal(heads_figure(workbench, &figure, &error), 0);
    for (int i = 0; i < FIXTURE_TOKENS; i++)
        assert_int_equal(figure.panels[0].mask[i], b->mask[i]);
    figure_free(&figure);
    workbench->heads.of = HEADS_DIFFERENCE;

    free(b->pieces[1]);
    b->pieces[1] = fixture_copy("other");
    assert_int_equal(heads_figure(workbench, &figure, &error), -1);
    assert_non_null(strstr(error.message, "no difference"));
    figure_free(&figure);
    close_fixture(&fixture);
}

/* A long sentence is binned, which is said. */
static void test_binned_figure(void **state) {
    (void)state;
    struct fixture fixture;
    struct workbench *workbench = open(&fixture, 40, &glyphs_utf8);
    struct figure figure = {0};
    assert_int_equal(heads_figure(workbench, &figure, NULL), 0);
    const struct panel *panel = &figure.panels[0];
    assert_int_equal(panel->rows, FIXTURE_LAYERS * 17 - 1);
    float *attention = attention_of(workbench->arms[ARM_A].capture);
    float largest = 0; /* of queries 0 to 2 and keys 0 to 2, which are bin 0 of 16 */
    for (int i = 0; i < 9; i++)
        largest = fmaxf(largest, attention[i / 3 * 40 + i % 3]);
    assert_true(panel->values[0] == largest);
    free(attention);
    int told = 0;
    for (int i = 0; i < figure.fact_count; i++)
        told |= strstr(figure.facts[i].value, "largest weight of each") != NULL;
    assert_true(told);
    figure_free(&figure);
    close_fixture(&fixture);
}

static void test_metrics_figure(void **state) {
    (void)state;
    struct fixture fixture;
    struct workbench *workbench = open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct figure figure = {0};
    sort_by(workbench, "b.entropy", 1);
    int count, *order = heads_order(workbench, &count);
    assert_int_equal(metrics_figure(workbench, &figure, NULL), 0);
    const struct panel *panel = &figure.panels[0];
    assert_int_equal(panel->kind, PANEL_TABLE);
    assert_int_equal(panel->rows, HEADS);
    assert_int_equal(panel->columns, 2 + 2 * METRICS - 1);
    assert_string_equal(panel->table[3].name, "entropy B");
    for (int i = 0; i < HEADS; i++) {
        assert_true(panel->table[0].numbers[i] == order[i] / FIXTURE_HEADS);
        assert_true(panel->table[1].numbers[i] == order[i] % FIXTURE_HEADS);
        double value = heads_value(workbench, workbench->heads.sort, order[i]);
        assert_true(isnan(value) ? isnan(panel->table[3].numbers[i])
                                 : panel->table[3].numbers[i] == value);
    }
    free(order);
    figure_free(&figure);
    close_fixture(&fixture);
}

/* ---- pictures -------------------------------------------------------------------------------- */

static void test_pictures_of_heads(void **state) {
    (void)state;
    for (int ascii = 0; ascii < 2; ascii++) {
        struct fixture fixture;
        struct sheet sheet;
        struct workbench *workbench =
            open(&fixture, FIXTURE_TOKENS, ascii ? &glyphs_ascii : &glyphs_utf8);
        sheet_open(&sheet);
        picture_view(&sheet, &fixture, VIEW_HEADS, 24, 80, "dense");
        picture_view(&sheet, &fixture, VIEW_HEADS, 50, 160, "dense");
        picture_view(&sheet, &fixture, VIEW_HEADS, 12, 40, "a quarter");
        picture_view(&sheet, &fixture, VIEW_HEADS, 5, 20, "the least");
        workbench->heads.of = HEADS_B;
        sort_by(workbench, "b.entropy", 1);
        heads_find(workbench, "b.entropy>0.7", NULL);
        picture_view(&sheet, &fixture, VIEW_HEADS, 24, 80, "sorted and searched, a head off");
        picture_view(&sheet, &fixture, VIEW_HEADS, 12, 40, "sorted, scrolled");
        workbench->heads.sorted = 0;
        workbench->heads.of = HEADS_DIFFERENCE;
        picture_view(&sheet, &fixture, VIEW_HEADS, 18, 80, "difference");
        picture_view(&sheet, &fixture, VIEW_HEADS, 48, 120, "difference, pair by pair");
        picture_check(&sheet, ascii ? "heads-ascii" : "heads-utf8");
        close_fixture(&fixture);
    }
}

static void test_pictures_of_metrics(void **state) {
    (void)state;
    for (int ascii = 0; ascii < 2; ascii++) {
        struct fixture fixture;
        struct sheet sheet;
        struct workbench *workbench =
            open(&fixture, FIXTURE_TOKENS, ascii ? &glyphs_ascii : &glyphs_utf8);
        sheet_open(&sheet);
        picture_view(&sheet, &fixture, VIEW_METRICS, 24, 80, "by layer");
        picture_view(&sheet, &fixture, VIEW_METRICS, 50, 160, "by layer");
        picture_view(&sheet, &fixture, VIEW_METRICS, 12, 40, "a quarter");
        picture_view(&sheet, &fixture, VIEW_METRICS, 5, 20, "the least");
        sort_by(workbench, "b.entropy", 0);
        heads_find(workbench, "b.entropy>0.7", NULL);
        workbench->heads.column = 16;
        picture_view(&sheet, &fixture, VIEW_METRICS, 16, 80, "sorted, searched, columns scrolled");
        picture_check(&sheet, ascii ? "metrics-ascii" : "metrics-utf8");
        close_fixture(&fixture);
    }
}

/* Both views stay in their area, whatever its size, and where the cursor is can be seen. */
static void test_every_size(void **state) {
    (void)state;
    struct fixture fixture;
    struct workbench *workbench = open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    unsigned random = 5;
    for (int i = 0; i < 600; i++) {
        struct grid *grid = drawing_marked_grid(40, 120);
        struct area area =
            area_part(grid_area(grid), (int)(drawing_random(&random) % 10),
                      (int)(drawing_random(&random) % 20), (int)(drawing_random(&random) % 30),
                      (int)(drawing_random(&random) % 100));
        workbench->heads.of = (enum heads_of)(drawing_random(&random) % HEADS_KINDS);
        workbench->heads.sorted = (int)(drawing_random(&random) % 2);
        workbench->heads.sort =
            (struct heads_place){(int)(drawing_random(&random) % METRICS), HEADS_B};
        workbench->heads.column = (int)(drawing_random(&random) % (2 * METRICS - 1));
        heads_look_at(workbench, (int)(drawing_random(&random) % HEADS));
        screen_view_get(i % 2 ? VIEW_HEADS : VIEW_METRICS)->draw(fixture.screen, area);
        drawing_check_outside(grid, area);
        grid_free(grid);
    }
    close_fixture(&fixture);
}

/* A click looks at the head that is drawn there. */
static void test_clicks(void **state) {
    (void)state;
    struct fixture fixture;
    struct workbench *workbench = open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct grid *grid = grid_create(24, 80, NULL);
    struct area area = grid_area(grid);
    const struct view_ops *heads = screen_view_get(VIEW_HEADS);
    const struct view_ops *metrics = screen_view_get(VIEW_METRICS);
    heads->draw(fixture.screen, area);
    assert_int_equal(heads->click(fixture.screen, area, 0, 5, MOUSE_PRESS), 0);
    assert_int_equal(heads->click(fixture.screen, area, 4, 5, MOUSE_WHEEL_UP), 0);
    assert_int_equal(heads->click(fixture.screen, area, 3, 6, MOUSE_PRESS), 1);
    assert_int_equal(heads_cursor(workbench), 0);
    assert_int_equal(heads->click(fixture.screen, area, 11, 70, MOUSE_PRESS), 1);
    assert_int_equal(heads_cursor(workbench), HEADS - 1);
    metrics->draw(fixture.screen, area);
    assert_int_equal(metrics->click(fixture.screen, area, 4, 30, MOUSE_PRESS), 1);
    assert_int_equal(heads_cursor(workbench), 1);
    assert_int_equal(metrics->click(fixture.screen, area, 1, 30, MOUSE_PRESS), 0);
    assert_int_equal(metrics->click(fixture.screen, area, 4, 30, MOUSE_DOUBLE), 1);
    assert_int_equal(workbench_view(workbench), VIEW_ATTENTION);
    grid_free(grid);
    close_fixture(&fixture);
}

/* Every key of the two views is a command of the screen, and told in help. */
static void test_keys(void **state) {
    (void)state;
    static const enum view views[] = {VIEW_HEADS, VIEW_METRICS};
    for (size_t view = 0; view < sizeof(views) / sizeof(views[0]); view++) {
        const struct key_binding *keys = screen_view_get(views[view])->keys;
        for (int i = 0; keys[i].command; i++) {
            char name[32] = "";
            int told = keys[i].note != NULL;
            memcpy(name, keys[i].command, strcspn(keys[i].command, " "));
            if (strcmp(name, "prompt") == 0)
                continue;
            const struct command *command = command_find(name);
            if (!command || !(command->where & COMMAND_SCREEN))
                fail_msg("\"%s\" is no command of the screen", keys[i].command);
            for (int j = 0; keys[j].command; j++)
                told |= keys[j].note && strcmp(keys[j].command, keys[i].command) == 0;
            assert_true(told);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_places),
    cmocka_unit_test(test_order),
    cmocka_unit_test(test_without_answers),
    cmocka_unit_test(test_find),
    cmocka_unit_test(test_move),
    cmocka_unit_test(test_importance),
    cmocka_unit_test(test_heads_figure),
    cmocka_unit_test(test_binned_figure),
    cmocka_unit_test(test_metrics_figure),
    cmocka_unit_test(test_pictures_of_heads),
    cmocka_unit_test(test_pictures_of_metrics),
    cmocka_unit_test(test_every_size),
    cmocka_unit_test(test_clicks),
    cmocka_unit_test(test_keys),
};

TEST_GROUP(tests_tui_heads, tests);
