/*
 * data.c - the state of the data view: answers as they come, order, filter, cursor, sums, files.
 */
#include "tests/tui/data_fixture.h"

#include "viz/figure.h"
#include "viz/table.h"

struct bench {
    struct temporary folder;
    struct model model;
    struct data data;
    struct sawb_error error;
};

static void bench_open(struct bench *bench) {
    memset(bench, 0, sizeof(*bench));
    temporary_make(&bench->folder);
    bench->model.config = data_config();
    data_fixture_open(&bench->data, &bench->folder);
}

static void bench_answer(struct bench *bench) {
    data_fixture_begin(&bench->data, "dense", "topk(0.8)", &bench->model);
    data_fixture_answer(&bench->data, 0, DATA_ROWS, 100);
    data_fixture_end(&bench->data, 0);
}

static void bench_close(struct bench *bench) {
    data_close(&bench->data);
    temporary_remove(&bench->folder);
}

/* The shown rows in their order, as digits. */
static void assert_order(const struct data *data, const char *expected) {
    char digits[32] = "";
    for (int i = 0; i < data->shown; i++)
        digits[i] = (char)('0' + data->order[i]);
    digits[data->shown] = '\0';
    assert_string_equal(digits, expected);
}

static void test_opened(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench);
    const struct data *data = &bench.data;
    assert_int_equal(data->dataset->count, DATA_ROWS);
    assert_order(data, "01234567");
    assert_int_equal(data->rows[0].words, 5);
    assert_int_equal(data->rows[6].words, 2);
    assert_int_equal(data->rows[4].gold, -1);
    assert_int_equal(data->rows[0].answers[0].label, -1);
    assert_true(isnan(row_confidence(&data->rows[0])));
    assert_int_equal(data->all.rows, 0);
    bench_close(&bench);
}

/* An error leaves what is open. */
static void test_open_fails(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench);
    const struct model_config config = data_config();
    assert_int_equal(data_open(&bench.data, "tests/no-such.tsv", &config, &bench.error), -1);
    assert_non_null(strstr(bench.error.message, "tests/no-such.tsv"));
    assert_int_equal(bench.data.dataset->count, DATA_ROWS);
    bench_close(&bench);
    assert_int_equal(data_check(&bench.data, &bench.error), -1);
    assert_non_null(strstr(bench.error.message, "`data FILE`"));
}

static void test_answers(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench);
    bench_answer(&bench);
    const struct row_facts *row = &bench.data.rows[1];
    assert_int_equal(row->answers[0].label, 0);
    assert_int_equal(row->answers[1].label, 1);
    assert_float_equal(row->answers[0].confidence, 0.9, 1e-6);
    assert_float_equal(row->answers[1].confidence, 0.6, 1e-6);
    assert_float_equal(row_confidence(row), 0.6, 1e-6);
    /* Gold is 0: A gives it 0.9, B 0.4. */
    assert_float_equal(row_delta(row), -0.5, 1e-6);
    /* Without a gold label A's answer counts, 1: 0.55 and 0.35. */
    assert_float_equal(row_delta(&bench.data.rows[4]), -0.2, 1e-6);
    const struct tally *all = &bench.data.all;
    assert_int_equal(all->rows, 8);
    assert_int_equal(all->labelled, 7);
    assert_int_equal(all->flips, 4); /* 1, 2, 4, and 6, where A's half is label 0 */
    assert_int_equal(all->correct[0], 4);
    assert_int_equal(all->correct[1], 5);
    assert_int_equal(all->only[0], 1);
    assert_int_equal(all->only[1], 2);
    double loss = -(log(0.9) + log(0.9) + log(0.35) + log(0.2) + log(0.95) + log(0.5) + log(0.85));
    assert_float_equal(tally_loss(all, 0), loss / 7, 1e-6);
    assert_float_equal(bench.data.realised[1], 0.793, 1e-12);
    assert_false(bench.data.running);
    bench_close(&bench);
}

static void test_progress(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench);
    data_fixture_begin(&bench.data, "dense", "topk(0.8)", &bench.model);
    assert_true(bench.data.running);
    assert_true(bench.data.seconds_left < 0);
    data_fixture_answer(&bench.data, 0, 3, 100);
    /* Three rows came in the two seconds from 100 to 102: five more take 10/3. */
    assert_int_equal(bench.data.answered, 3);
    assert_float_equal(bench.data.seconds_left, 10.0 / 3, 1e-9);
    assert_int_equal(bench.data.all.rows, 3);
    /* Half a second later the sums may be old, at the end they are not. */
    struct event event = data_fixture_event(3, 0, 102.1);
    data_event(&bench.data, &event);
    event = data_fixture_event(3, 1, 102.2);
    data_event(&bench.data, &event);
    assert_int_equal(bench.data.answered, 4);
    assert_int_equal(bench.data.all.rows, 3);
    data_fixture_end(&bench.data, 1);
    assert_int_equal(bench.data.all.rows, 4);
    assert_true(bench.data.stopped && !bench.data.running);
    bench_close(&bench);
}

/* Events of other jobs, of rows and arms that there are not. */
static void test_strange_events(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench);
    struct event event = data_fixture_event(0, 0, 1);
    data_event(&bench.data, &event); /* nothing was asked yet */
    data_fixture_begin(&bench.data, "dense", "dense", &bench.model);
    event.job = DATA_JOB + 1;
    data_event(&bench.data, &event);
    event.job = DATA_JOB;
    event.data.row.row = DATA_ROWS;
    data_event(&bench.data, &event);
    event.data.row.row = 0;
    event.arm = 2;
    data_event(&bench.data, &event);
    assert_int_equal(bench.data.rows[0].answers[0].label, -1);
    assert_int_equal(bench.data.answered, 0);
    bench_close(&bench);
}

static void test_again_drops_answers(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench);
    bench_answer(&bench);
    data_fixture_begin(&bench.data, "dense", "local(1)", &bench.model);
    assert_int_equal(bench.data.all.rows, 0);
    assert_int_equal(bench.data.rows[0].answers[1].label, -1);
    assert_true(isnan(bench.data.realised[1]));
    assert_string_equal(bench.data.asked[1].spec, "local(1)");
    bench_close(&bench);
}

static void test_filter(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench);
    bench_answer(&bench);
    struct data *data = &bench.data;
    assert_int_equal(data_set_filter(data, "flips", &bench.error), 0);
    assert_order(data, "1246");
    assert_int_equal(data->shown_tally.rows, 4);
    assert_int_equal(data->shown_tally.labelled, 3);
    assert_int_equal(data->shown_tally.only[1], 2);
    assert_int_equal(data->all.rows, 8);
    /* A fault leaves the filter as it was. */
    assert_int_equal(data_set_filter(data, "len>", &bench.error), -1);
    assert_order(data, "1246");
    assert_string_equal(data->filter_text, "flips");
    assert_int_equal(data_set_filter(data, "gold=pos conf<0.55", &bench.error), 0);
    assert_order(data, "6");
    assert_int_equal(data_set_filter(data, NULL, &bench.error), 0);
    assert_order(data, "01234567");
    bench_close(&bench);
}

static void test_sort(void **state) {
    (void)state;
    static const struct {
        const char *words, *order;
    } cases[] = {
        {"row", "01234567"},    {"row desc", "76543210"},
        {"text", "02574136"},   {"gold", "13702564"},
        {"a", "12670345"},      {"gold desc", "02561374"}, /* without a label last */
        {"b desc", "01235647"}, {"conf", "64120375"},
        {"delta", "14036572"},  {"delta desc", "27563041"},
        {"len", "76423015"},    {"LEN DESC", "50123467"},
    };
    struct bench bench;
    bench_open(&bench);
    bench_answer(&bench);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(data_set_sort(&bench.data, cases[i].words, &bench.error), 0);
        assert_order(&bench.data, cases[i].order);
    }
    bench_close(&bench);
}

static void test_sort_words(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench);
    struct data *data = &bench.data;
    for (int i = 0; data_key_name(i); i++) {
        assert_int_equal(data_set_sort(data, data_key_name(i), &bench.error), 0);
        assert_int_equal((int)data->key, i);
    }
    assert_int_equal(data_set_sort(data, "next", &bench.error), 0);
    assert_int_equal(data->key, DATA_ROW);
    assert_int_equal(data_set_sort(data, "previous", &bench.error), 0);
    assert_int_equal(data->key, DATA_LENGTH);
    assert_int_equal(data_set_sort(data, "reverse", &bench.error), 0);
    assert_true(data->key == DATA_LENGTH && data->descending);
    static const char *const wrong[] = {"size", "", "row up", "conf descending", "nex"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(data_set_sort(data, wrong[i], &bench.error), -1);
        assert_non_null(strstr(bench.error.message, "must be row, text, gold"));
    }
    assert_int_equal(data->key, DATA_LENGTH);
    bench_close(&bench);
}

/* The cursor goes with its row; where the row is hidden it stays at its place. */
static void test_cursor(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench);
    bench_answer(&bench);
    struct data *data = &bench.data;
    data_select(data, 2);
    assert_int_equal(data->row, 2);
    data_set_sort(data, "row desc", NULL);
    assert_int_equal(data->row, 2);
    assert_int_equal(data->position, 5);
    data_set_filter(data, "wrong", NULL); /* 6 3 2 1 */
    assert_order(data, "6321");
    assert_int_equal(data->position, 2);
    data_set_filter(data, "right", NULL); /* 7 5 0 */
    assert_int_equal(data->position, 2);
    assert_int_equal(data->row, 0);
    data_set_filter(data, "nowhere", NULL);
    assert_int_equal(data->shown, 0);
    data_select(data, 3);
    assert_int_equal(data->row, 0); /* kept for when rows are shown again */
    data_set_filter(data, NULL, NULL);
    assert_int_equal(data->position, 7);
    data_select(data, 100);
    assert_int_equal(data->position, 7);
    data_select(data, -100);
    assert_int_equal(data->position, 0);
    bench_close(&bench);
}

static void test_find(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench);
    bench_answer(&bench);
    struct data *data = &bench.data;
    static const int flips[] = {1, 2, 4, 6, 1};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(data_find(data, NULL, 1, &bench.error), 0);
        assert_int_equal(data->row, flips[i]);
    }
    assert_int_equal(data_find(data, NULL, -1, &bench.error), 0);
    assert_int_equal(data->row, 6);
    assert_int_equal(data_find(data, "/rain$/", 1, &bench.error), 0);
    assert_int_equal(data->row, 3);
    assert_int_equal(data_find(data, NULL, 1, &bench.error), 0); /* the only one, again */
    assert_int_equal(data->row, 3);
    assert_int_equal(data_find(data, "len>", 1, &bench.error), -1);
    assert_int_equal(data_find(data, "absent", 1, &bench.error), -1);
    assert_non_null(strstr(bench.error.message, "absent"));
    assert_int_equal(data->row, 3);
    data_set_filter(data, "nothing", NULL);
    assert_int_equal(data_find(data, "a", 1, &bench.error), -1);
    bench_close(&bench);
}

/* Another model may call its labels otherwise: what the filter says is read again, and goes when it
 * says nothing any more. */
static void test_other_labels(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench);
    struct data *data = &bench.data;
    data_set_filter(data, "gold=pos", NULL);
    assert_order(data, "0256");
    struct model other = {.config = {.labels = 2, .label_names = {"positive", "other"}}};
    data_fixture_begin(data, "dense", "dense", &other);
    assert_order(data, "137");
    struct model third = {.config = {.labels = 2, .label_names = {"x", "y"}}};
    data_fixture_begin(data, "dense", "dense", &third);
    assert_null(data->filter);
    assert_null(data->filter_text);
    assert_order(data, "01234567");
    bench_close(&bench);
}

/* What is saved opens as a data set of the rows that were shown. */
static void test_saved_opens_again(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench);
    bench_answer(&bench);
    struct data *data = &bench.data;
    data_set_filter(data, "flips", NULL);
    data_set_sort(data, "len", NULL);
    assert_order(data, "6421");
    char *path = temporary_path(&bench.folder, "saved.tsv"), *text;
    assert_int_equal(data_save(data, path, &bench.error), 0);
    assert_int_equal(file_read(&text, NULL, path, &bench.error), 0);
    static const char begin[] =
        "row\tlabel\tgold\ta\tb\tconfidence_a\tconfidence_b\tdelta\tsentence\n"
        "6\t1\tPOSITIVE\tNEGATIVE\tPOSITIVE\t0.5000\t0.5100\t0.0100\t"
        "\330\241\331\204\330\247\331\205 good\n"
        "4\t-1\t\tPOSITIVE\tNEGATIVE\t0.5500\t0.6500\t-0.2000\tno label here\n";
    assert_int_equal(strncmp(text, begin, strlen(begin)), 0);
    free(text);
    struct dataset again;
    assert_int_equal(dataset_open(&again, path, &bench.error), 0);
    assert_int_equal(again.count, 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(again.examples[i].text, data->rows[data->order[i]].text);
        assert_int_equal(again.examples[i].label, data->rows[data->order[i]].gold);
    }
    dataset_free(&again);
    assert_int_equal(data_save(data, "no-such-folder/x.tsv", &bench.error), -1);
    free(path);
    bench_close(&bench);
}

/* Tens of thousands of rows: only that the results are those of a count by hand. */
static void test_many_rows(void **state) {
    (void)state;
    enum { MANY = 60000 };
    struct bench bench;
    bench_open(&bench);
    const struct model_config config = data_config();
    char *path = temporary_path(&bench.folder, "many.txt"), *text = malloc((size_t)MANY * 16);
    assert_non_null(text);
    size_t used = 0;
    for (int i = 0; i < MANY; i++)
        used += (size_t)sprintf(text + used, "row %d\n", (i * 7919) % MANY);
    assert_int_equal(file_replace(path, text, used, &bench.error), 0);
    assert_int_equal(data_open(&bench.data, path, &config, &bench.error), 0);
    assert_int_equal(data_set_filter(&bench.data, "/7$/ or 123", &bench.error), 0);
    int expected = 0;
    for (int i = 0; i < MANY; i++) {
        char number[16];
        snprintf(number, sizeof(number), "%d", i);
        expected += i % 10 == 7 || strstr(number, "123");
    }
    assert_int_equal(bench.data.shown, expected);
    assert_int_equal(data_set_sort(&bench.data, "text desc", &bench.error), 0);
    assert_string_equal(bench.data.rows[bench.data.order[0]].text, "row 9997");
    free(text);
    free(path);
    bench_close(&bench);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_opened),
    cmocka_unit_test(test_open_fails),
    cmocka_unit_test(test_answers),
    cmocka_unit_test(test_progress),
    cmocka_unit_test(test_strange_events),
    cmocka_unit_test(test_again_drops_answers),
    cmocka_unit_test(test_filter),
    cmocka_unit_test(test_sort),
    cmocka_unit_test(test_sort_words),
    cmocka_unit_test(test_cursor),
    cmocka_unit_test(test_find),
    cmocka_unit_test(test_other_labels),
    cmocka_unit_test(test_saved_opens_again),
    cmocka_unit_test(test_many_rows),
};

TEST_GROUP(tests_tui_data, tests);
