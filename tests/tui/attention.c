/*
 * attention.c - the attention view: its reductions against numbers taken from the answer itself,
 * the cursor over what is drawn, the mouse, the figure; pictures stand in attention_screens.c.
 */
#include <math.h>

#include "tests/tui/fixture.h"
#include "tui/screen/view_attention.h"
#include "viz/figure.h"

static float weight_of(const struct workbench *workbench, int arm, int layer, int head, int query,
                       int key) {
    const struct capture *capture = workbench->arms[arm].capture;
    int tokens = capture->encoding.count;
    float weights[FIXTURE_TOKENS];
    assert_true(tokens <= FIXTURE_TOKENS);
    capture_attention(capture, capture_head(capture, layer, head) + (size_t)(query * tokens), 1,
                      weights);
    return weights[key];
}

static int is_kept(const struct workbench *workbench, int arm, int query, int key) {
    const struct capture *capture = workbench->arms[arm].capture;
    return capture->mask[capture_head(capture, workbench->layer, workbench->head) +
                         (size_t)(query * capture->encoding.count + key)];
}

static void make(struct fixture *fixture, int rows, int columns) {
    struct sawb_error error;
    if (attention_update(&fixture->workbench, &error) < 0 ||
        attention_bin(&fixture->workbench, rows, columns, &error) < 0)
        fail_msg("%s", error.message);
}

static struct attention_reading read_at(struct fixture *fixture, int arm, int query, int key) {
    struct attention_reading reading;
    fixture->workbench.query = query;
    fixture->workbench.key = key;
    attention_read(&fixture->workbench, arm, &reading);
    return reading;
}

static void assert_near(double value, double expected) {
    if (!(fabs(value - expected) < 1e-5))
        fail_msg("%.7f is not %.7f", value, expected);
}

/* As the model has it: every cell of both arms. */
static void test_plain(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    make(&fixture, 1, 1);
    for (int arm = 0; arm < ARMS; arm++)
        for (int query = 0; query < FIXTURE_TOKENS; query++)
            for (int key = 0; key < FIXTURE_TOKENS; key++) {
                struct attention_reading reading = read_at(&fixture, arm, query, key);
                double weight = (double)weight_of(workbench, arm, 1, 2, query, key);
                assert_near(reading.value, weight);
                assert_near(reading.weight, weight);
                assert_int_equal(reading.single, 1);
                assert_int_equal(reading.kept, is_kept(workbench, arm, query, key));
                assert_int_equal(reading.pairs_kept, reading.kept);
                assert_ptr_equal(reading.query[0], reading.query[1]);
            }
    fixture_close(&fixture);
}

/* Without [CLS] and [SEP] the weights of a row are what they were by what is left of it. */
static void test_special(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    for (int rescale = 0; rescale < 2; rescale++) {
        workbench->attention.look.special = rescale ? SPECIAL_RESCALE : SPECIAL_HIDE;
        make(&fixture, 1, 1);
        assert_int_equal(workbench->attention.maps.sides[ARM_A].spans.count, FIXTURE_TOKENS - 2);
        for (int query = 1; query < FIXTURE_TOKENS - 1; query++) {
            double left = 0, sum = 0;
            for (int key = 1; key < FIXTURE_TOKENS - 1; key++)
                left += (double)weight_of(workbench, ARM_A, 1, 2, query, key);
            for (int key = 1; key < FIXTURE_TOKENS - 1; key++) {
                struct attention_reading reading = read_at(&fixture, ARM_A, query, key);
                double weight = (double)weight_of(workbench, ARM_A, 1, 2, query, key);
                assert_near(reading.value, rescale ? weight / left : weight);
                assert_near(reading.weight, weight);
                sum += reading.value;
            }
            assert_near(sum, rescale ? 1 : left);
        }
    }
    /* Nothing but special tokens: the view says so. */
    fixture_arm(&fixture, ARM_A, "dense", 1, 1, 0, 1);
    fixture_arm(&fixture, ARM_B, "dense", 1, 1, 0, 1);
    workbench->answers++;
    struct sawb_error error;
    assert_int_equal(attention_update(workbench, &error), -1);
    assert_non_null(strstr(error.message, "special show"));
    fixture_close(&fixture);
}

/* "qui ##et" is one word: its keys summed, its queries averaged. */
static void test_words(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    workbench->attention.look.words = 1;
    make(&fixture, 1, 1);
    assert_string_equal(workbench->attention.maps.sides[ARM_A].labels[2], "quiet");
    for (int arm = 0; arm < ARMS; arm++) {
        double to_word = 0, from_word = 0, inside = 0;
        int kept = 0;
        for (int i = 2; i < 4; i++) {
            to_word += (double)weight_of(workbench, arm, 1, 2, 5, i);
            from_word += (double)weight_of(workbench, arm, 1, 2, i, 5) / 2;
            for (int k = 2; k < 4; k++) {
                inside += (double)weight_of(workbench, arm, 1, 2, i, k) / 2;
                kept += is_kept(workbench, arm, i, k);
            }
        }
        assert_near(read_at(&fixture, arm, 5, 3).value, to_word);
        assert_near(read_at(&fixture, arm, 2, 5).value, from_word);
        struct attention_reading reading = read_at(&fixture, arm, 3, 2);
        assert_near(reading.value, inside);
        assert_int_equal(reading.kept, kept > 0);
        assert_int_equal(reading.pairs, 4);
        assert_int_equal(reading.pairs_kept, kept);
        assert_int_equal(reading.single, 0);
        assert_string_equal(reading.query[0], "quiet");
    }
    fixture_close(&fixture);
}

static void test_mean(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    snprintf(workbench->attention.look.heads, ATTENTION_HEADS_BYTES, "L0 2.3");
    make(&fixture, 1, 1);
    assert_int_equal(workbench->attention.maps.heads, FIXTURE_HEADS + 1);
    double mean = (double)weight_of(workbench, ARM_B, 2, 3, 4, 6) / 5;
    for (int head = 0; head < FIXTURE_HEADS; head++)
        mean += (double)weight_of(workbench, ARM_B, 0, head, 4, 6) / 5;
    struct attention_reading reading = read_at(&fixture, ARM_B, 4, 6);
    assert_near(reading.value, mean);
    assert_int_equal(reading.pairs, 5);
    assert_int_equal(reading.single, 0);
    /* The mean over one head that is not looked at is not explained as the one that is. */
    snprintf(workbench->attention.look.heads, ATTENTION_HEADS_BYTES, "2.3");
    make(&fixture, 1, 1);
    reading = read_at(&fixture, ARM_B, 4, 6);
    assert_int_equal(reading.single, 0);
    assert_near(reading.value, (double)weight_of(workbench, ARM_B, 2, 3, 4, 6));
    fixture_close(&fixture);
}

static void check_heads(const char *text, int count, const int *expected) {
    struct sawb_error error;
    int *chosen;
    int found = attention_heads(text, 3, 4, 1, &chosen, &error);
    if (found != count)
        fail_msg("\"%s\" names %d heads, not %d", text, found, count);
    for (int i = 0; i < count; i++)
        assert_int_equal(chosen[i], expected[i]);
    free(chosen);
}

static void test_names_of_heads(void **state) {
    (void)state;
    struct sawb_error error;
    int *chosen;
    check_heads("all", 12, (int[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    check_heads("layer", 4, (int[]){4, 5, 6, 7});
    check_heads("L2", 4, (int[]){8, 9, 10, 11});
    check_heads("l2.1", 1, (int[]){9});
    check_heads(" 2.1  0.3, 2.1 ", 2, (int[]){3, 9});
    static const char *const wrong[] = {
        "",  "  ",   "L3",  "2.4",   "2.",  "2",    "L",
        "x", "-1.0", "1.x", "1.2.3", "L1x", "alll", "0.99999999999999999"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (attention_heads(wrong[i], 3, 4, 1, &chosen, &error) >= 0)
            fail_msg("\"%s\" is taken for heads", wrong[i]);
        assert_null(chosen);
        assert_true(strlen(error.message) > 0);
    }
    assert_int_equal(attention_heads("all", 0, 0, 0, &chosen, &error), -1); /* no model */
}

/* Scores as they are; logarithms of the weights, also of merged ones. */
static void test_modes(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    const struct capture *a = workbench->arms[ARM_A].capture;
    workbench->mode = MAP_SCORE;
    make(&fixture, 1, 1);
    assert_near(read_at(&fixture, ARM_A, 3, 4).value,
                (double)a->scores[capture_head(a, 1, 2) + 3 * FIXTURE_TOKENS + 4]);
    workbench->mode = MAP_LOG;
    workbench->attention.look.words = 1;
    make(&fixture, 1, 1);
    assert_near(read_at(&fixture, ARM_A, 5, 2).value,
                log10((double)weight_of(workbench, ARM_A, 1, 2, 5, 2) +
                      (double)weight_of(workbench, ARM_A, 1, 2, 5, 3)));
    fixture_close(&fixture);
}

/* What is drawn is B - A of what is drawn, under every reduction. */
static void test_difference(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, 40, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    struct attention_look *look = &workbench->attention.look;
    for (int round = 0; round < 32; round++) {
        look->words = round & 1;
        look->transpose = round >> 1 & 1;
        look->special = round & 4 ? SPECIAL_RESCALE : SPECIAL_SHOW;
        look->bins = round & 8 ? REDUCE_MEAN : REDUCE_MAX;
        snprintf(look->heads, sizeof(look->heads), "%s", round & 16 ? "all" : "");
        make(&fixture, 1 + round % 3, 1 + round % 4);
        const struct attention_maps *maps = &workbench->attention.maps;
        const struct attention_map *a = &maps->sides[ARM_A].shown, *b = &maps->sides[ARM_B].shown;
        double largest = 0;
        assert_int_equal(maps->difference.rows, a->rows);
        for (int i = 0; i < a->rows * a->columns; i++) {
            double difference = (double)b->values[i] - (double)a->values[i];
            assert_near((double)maps->difference.values[i], difference);
            largest = fmax(largest, fabs(difference));
        }
        assert_near((double)maps->largest, largest);
    }
    fixture_close(&fixture);
}

/* Made anew when something changed, and only then. */
static void test_made_once(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    make(&fixture, 1, 1);
    const float *values = workbench->attention.maps.sides[ARM_A].shown.values;
    workbench->query = 0;
    workbench->attention.look.threshold = 0.1;
    workbench->attention.look.row = 1;
    make(&fixture, 1, 1);
    assert_ptr_equal(workbench->attention.maps.sides[ARM_A].shown.values, values);
    workbench->head = 0;
    make(&fixture, 1, 1);
    assert_near(read_at(&fixture, ARM_A, 4, 6).value,
                (double)weight_of(workbench, ARM_A, 1, 0, 4, 6));
    /* A newer answer at the same address. */
    struct capture *capture = workbench->arms[ARM_A].capture;
    float before = weight_of(workbench, ARM_A, 1, 0, 0, 0);
    capture->scores[capture_head(capture, 1, 0)] += 1.0f;
    capture->milliseconds = 2;
    make(&fixture, 1, 1);
    assert_true(weight_of(workbench, ARM_A, 1, 0, 0, 0) > before);
    assert_near(read_at(&fixture, ARM_A, 0, 0).value,
                (double)weight_of(workbench, ARM_A, 1, 0, 0, 0));
    fixture_close(&fixture);
}

static void check_cursor(struct fixture *fixture, const char *line, int query, int key) {
    screen_command(fixture->screen, line);
    if (fixture->workbench.query != query || fixture->workbench.key != key)
        fail_msg("%s goes to %d %d, not %d %d", line, fixture->workbench.query,
                 fixture->workbench.key, query, key);
}

/* The arrows go by what is drawn: bins, words, what is not hidden, in the direction seen. */
static void test_cursor(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    check_cursor(&fixture, "cursor right", 5, 3);
    check_cursor(&fixture, "cursor up", 4, 3);
    screen_command(fixture.screen, "words on");
    check_cursor(&fixture, "cursor left", 4, 1);
    check_cursor(&fixture, "cursor right", 4, 2);
    check_cursor(&fixture, "cursor right", 4, 4);
    screen_command(fixture.screen, "transpose on");
    check_cursor(&fixture, "cursor up", 4, 2);
    check_cursor(&fixture, "cursor left", 2, 2);
    screen_command(fixture.screen, "special hide");
    check_cursor(&fixture, "cursor top", 2, 1);
    check_cursor(&fixture, "cursor last", FIXTURE_TOKENS - 2, 1);
    screen_command(fixture.screen, "special show");
    screen_command(fixture.screen, "words off");
    screen_command(fixture.screen, "transpose off");
    make(&fixture, 4, 3);
    check_cursor(&fixture, "cursor first", FIXTURE_TOKENS - 2, 1); /* it is in the first bin */
    check_cursor(&fixture, "cursor right", FIXTURE_TOKENS - 2, 3);
    check_cursor(&fixture, "cursor up", 4, 3);
    check_cursor(&fixture, "cursor bottom", 8, 3);
    fixture_close(&fixture);
}

static int click_at(struct fixture *fixture, struct area area, int row, int column) {
    return view_attention.click(fixture->screen, area, row, column, MOUSE_PRESS);
}

/* A click on every place that shows a cell puts the cursor there: seen by what is then marked. */
static void test_click(void **state) {
    (void)state;
    static const int sizes[][2] = {{16, 80}, {8, 40}, {34, 120}, {5, 22}};
    for (int look = 0; look < 4; look++)
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
            struct fixture fixture;
            fixture_open(&fixture, 30, &glyphs_utf8);
            fixture.workbench.attention.look.words = look & 1;
            fixture.workbench.attention.look.transpose = look >> 1;
            struct grid *grid = grid_create(sizes[s][0] + 2, sizes[s][1] + 2, NULL);
            struct area area = area_part(grid_area(grid), 1, 1, sizes[s][0], sizes[s][1]);
            int found = 0;
            view_attention.draw(fixture.screen, area);
            for (int row = 0; row < area.rows; row++)
                for (int column = 0; column < area.columns; column++) {
                    struct attention_look before = fixture.workbench.attention.look;
                    if (!click_at(&fixture, area, row, column))
                        continue;
                    assert_memory_equal(&before, &fixture.workbench.attention.look, sizeof(before));
                    grid_clear(grid);
                    view_attention.draw(fixture.screen, area);
                    if (area_cell(area, row, column)->flags & CELL_CURSOR)
                        found++;
                }
            if (sizes[s][0] > 5)
                assert_true(found > 20);
            grid_free(grid);
            fixture_close(&fixture);
        }
}

/* Wherever the first token of a line stands: that of the row is the key, that of the column, below
 * it, the query. */
static void test_click_on_the_row(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    workbench->attention.look.row = 1;
    struct grid *grid = grid_create(24, 80, NULL);
    struct area area = grid_area(grid);
    view_attention.draw(fixture.screen, area);
    int keys = 0, queries = 0;
    for (int row = 0; row < area.rows; row++) {
        workbench->query = 5;
        workbench->key = 2;
        if (!click_at(&fixture, area, row, 3))
            continue;
        assert_true((workbench->query == 5 && workbench->key == 0) ||
                    (workbench->query == 0 && workbench->key == 2));
        assert_false(workbench->key == 0 && queries);
        keys += workbench->key == 0;
        queries += workbench->query == 0;
    }
    assert_true(keys >= 4 && queries >= 4); /* bars and tokens of both arms */
    assert_int_equal(click_at(&fixture, area, 0, 3), 0);
    assert_int_equal(click_at(&fixture, area, 2, 79), 0);
    grid_free(grid);
    fixture_close(&fixture);
}

static void test_titles(void **state) {
    (void)state;
    struct fixture fixture;
    char text[256];
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    struct attention_look *look = &workbench->attention.look;
    make(&fixture, 1, 1);
    attention_reductions_text(workbench, 0, text, sizeof(text));
    assert_string_equal(text, "");
    attention_place_text(workbench, text, sizeof(text));
    assert_string_equal(text, "layer 1  head 2");
    *look = (struct attention_look){.threshold = 0.05,
                                    .special = SPECIAL_RESCALE,
                                    .words = 1,
                                    .transpose = 1,
                                    .heads = "L2 0.1"};
    make(&fixture, 4, 2);
    attention_reductions_text(workbench, 1, text, sizeof(text));
    assert_string_equal(text, "no [CLS] [SEP] (sum 1), words, key rows, max 4x2, <0.05 faint");
    attention_reductions_text(workbench, 0, text, sizeof(text));
    assert_string_equal(text, "no [CLS] [SEP] (rescaled), words (sum of keys, mean of queries), "
                              "keys as rows, max of 4x2, below 0.05 faint");
    attention_place_text(workbench, text, sizeof(text));
    assert_string_equal(text, "mean of L2 0.1");
    workbench->mode = MAP_SCORE;
    look->bins = REDUCE_MEAN;
    make(&fixture, 3, 3);
    attention_reductions_text(workbench, 0, text, sizeof(text));
    assert_string_equal(text, "no [CLS] [SEP], words (mean of kept), keys as rows, mean of 3x3");
    fixture_close(&fixture);
}

static void test_bin_size(void **state) {
    (void)state;
    static const struct {
        int zoom, spans, rows, columns, bin_rows, bin_columns;
    } cases[] = {{ZOOM_AUTO, 12, 9, 22, 1, 1},   {ZOOM_AUTO, 44, 9, 22, 1, 1},
                 {ZOOM_AUTO, 45, 9, 22, 3, 3},   {ZOOM_AUTO, 512, 9, 22, 24, 24},
                 {ZOOM_FIT, 512, 9, 22, 57, 24}, {ZOOM_FIT, 9, 9, 22, 1, 1},
                 {ZOOM_FIT, 12, 0, 0, 12, 12},   {4, 512, 9, 22, 4, 4},
                 {64, 12, 9, 22, 12, 12},        {ZOOM_AUTO, 0, 0, 0, 1, 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct attention_look look = {.zoom = cases[i].zoom};
        int rows, columns;
        attention_bin_size(&look, cases[i].spans, cases[i].rows, cases[i].columns, &rows, &columns);
        assert_int_equal(rows, cases[i].bin_rows);
        assert_int_equal(columns, cases[i].bin_columns);
    }
}

static void test_figure(void **state) {
    (void)state;
    struct fixture fixture;
    struct sawb_error error;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct workbench *workbench = &fixture.workbench;
    workbench->attention.look.words = 1;
    make(&fixture, 3, 3); /* the screen's bins are not those of the figure */
    struct figure figure = {0};
    if (attention_figure(workbench, &figure, &error) < 0)
        fail_msg("%s", error.message);
    assert_int_equal(figure.panel_count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(figure.panels[i].rows, FIXTURE_TOKENS - 1);
        assert_int_equal(figure.panels[i].scale, i == 2 ? PANEL_DIVERGING : PANEL_SEQUENTIAL);
        assert_string_equal(figure.panels[i].row_labels[2], "quiet");
        assert_string_equal(figure.panels[i].column_labels[2], "quiet");
    }
    assert_string_equal(figure.panels[1].title, "B topk(0.8)");
    assert_near((double)figure.panels[0].values[4 * (FIXTURE_TOKENS - 1) + 2],
                (double)weight_of(workbench, ARM_A, 1, 2, 5, 2) +
                    (double)weight_of(workbench, ARM_A, 1, 2, 5, 3));
    assert_int_equal(workbench->attention.maps.bin_rows, 3); /* left alone */
    int said = 0;
    for (int i = 0; i < figure.fact_count; i++)
        said |= strcmp(figure.facts[i].name, "shown") == 0 &&
                strstr(figure.facts[i].value, "sum of keys") != NULL;
    assert_true(said);
    figure_free(&figure);
    workbench->attention.look.maps = MAPS_DIFFERENCE;
    assert_int_equal(attention_figure(workbench, &figure, &error), 0);
    assert_int_equal(figure.panel_count, 1);
    figure_free(&figure);
    fixture_close(&fixture);
}

static void check_command(struct fixture *fixture, const char *line, enum message_kind kind) {
    fixture->workbench.message_kind = MESSAGE_NONE;
    screen_command(fixture->screen, line);
    if (fixture->workbench.message_kind != kind)
        fail_msg("%s: %s", line, fixture->workbench.message);
}

static void test_commands(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    struct attention_look *look = &fixture.workbench.attention.look;
    static const char *const good[] = {
        "mode log",        "mode next",     "mean all",       "mean L2 0.1",     "mean next",
        "mean off",        "threshold 0.2", "threshold next", "special rescale", "special next",
        "words toggle",    "transpose on",  "row on",         "bins mean",       "bins next",
        "zoom-map 4",      "zoom-map in",   "zoom-map out",   "zoom-map fit",    "zoom-map auto",
        "maps difference", "maps next"};
    static const char *const bad[] = {"mode sideways", "mean L9",     "mean 0.9",    "mean nobody",
                                      "threshold 2",   "threshold x", "threshold 0", "zoom-map 0",
                                      "zoom-map 1000", "zoom-map up", "bins median", "words maybe",
                                      "threshold nan", "mean"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        check_command(&fixture, good[i], MESSAGE_COMMAND);
    struct attention_look before = *look;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_command(&fixture, bad[i], MESSAGE_ERROR);
    assert_memory_equal(&before, look, sizeof(before));
    assert_near(look->threshold, 0); /* after 0.2 comes off */
    assert_int_equal(look->maps, MAPS_ALL);
    assert_int_equal(fixture.workbench.mode, MAP_WEIGHT);
    fixture_close(&fixture);
}

/* Every key of the view runs a command that is there. */
static void test_keys(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, FIXTURE_TOKENS, &glyphs_utf8);
    for (const struct key_binding *key = view_attention.keys; key->command; key++) {
        assert_int_equal(key->focus, FOCUS_MAP);
        assert_non_null(key->note);
        check_command(&fixture, key->command, MESSAGE_COMMAND);
    }
    fixture_close(&fixture);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_plain),
    cmocka_unit_test(test_special),
    cmocka_unit_test(test_words),
    cmocka_unit_test(test_mean),
    cmocka_unit_test(test_names_of_heads),
    cmocka_unit_test(test_modes),
    cmocka_unit_test(test_difference),
    cmocka_unit_test(test_made_once),
    cmocka_unit_test(test_cursor),
    cmocka_unit_test(test_click),
    cmocka_unit_test(test_click_on_the_row),
    cmocka_unit_test(test_titles),
    cmocka_unit_test(test_bin_size),
    cmocka_unit_test(test_figure),
    cmocka_unit_test(test_commands),
    cmocka_unit_test(test_keys),
};
TEST_GROUP(tests_tui_attention, tests);
