/*
 * data_commands.c - data, filter, sort and rows, on a model that computes.
 */
#include "core/base/json.h"
#include "tests/tui/command_fixture.h"
#include "viz/figure.h"

/* Takes events until nothing is under way. */
static void settle(struct desk *desk) {
    struct workbench *workbench = &desk->workbench;
    while (workbench->long_job || workbench->data.waiting)
        desk_take(desk);
}

static void assert_ran(struct desk *desk, const char *line) {
    if (desk_run(desk, line) != COMMAND_DONE)
        fail_msg("%s: %s", line, desk_told(desk, TOLD_ERRORS));
}

static void assert_refused(struct desk *desk, const char *line, const char *part) {
    assert_int_not_equal(desk_run(desk, line), COMMAND_DONE);
    assert_holds(desk_told(desk, TOLD_ERRORS), part);
}

static void test_script(void **state) {
    (void)state;
    struct desk desk;
    char *text;
    desk_open(&desk, 1);
    assert_ran(&desk, "data %s/data.tsv");
    assert_holds(desk_told(&desk, TOLD_RESULTS), "4 of 4 rows shown, 4 answered; accuracy A ");
    assert_int_equal(desk.workbench.data.all.labelled, 4);
    assert_ran(&desk, "filter gold=1");
    assert_holds(desk_told(&desk, TOLD_NOTES), "2 of 4 rows");
    assert_ran(&desk, "sort len desc");
    assert_ran(&desk, "data save %s/saved.tsv");
    assert_holds(desk_told(&desk, TOLD_NOTES), "2 rows are saved in ");
    char *path = temporary_path(&desk.folder, "saved.tsv");
    assert_int_equal(file_read(&text, NULL, path, NULL), 0);
    assert_holds(text, "\t0.");
    assert_true(strstr(text, "a fine film") < strstr(text, "very good !"));
    free(text);
    free(path);
    assert_ran(&desk, "data %s/saved.tsv"); /* what was saved opens again */
    assert_int_equal(desk.workbench.data.dataset->count, 2);
    assert_ran(&desk, "filter");
    assert_holds(desk_told(&desk, TOLD_RESULTS), "conf_a<NUMBER");
    desk_close(&desk);
}

static void test_screen(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    struct workbench *workbench = &desk.workbench;
    struct data *data = &workbench->data;
    assert_ran(&desk, "data %s/data.tsv");
    assert_int_equal(workbench_view(workbench), VIEW_DATA);
    assert_true(data->running);
    settle(&desk);
    assert_int_equal(data->all.rows, 4);
    assert_false(data_is_stale(workbench));

    assert_ran(&desk, "data select +1");
    assert_ran(&desk, "data open");
    assert_string_equal(workbench->text, "the dull story");
    assert_int_equal(workbench_view(workbench), VIEW_ATTENTION);
    assert_ran(&desk, "data next");
    assert_string_equal(workbench->text, "bad");
    assert_ran(&desk, "data previous");
    assert_ran(&desk, "data previous");
    assert_ran(&desk, "data previous"); /* there is none before the first */
    assert_string_equal(workbench->text, "a fine film");
    assert_ran(&desk, "data open 3");
    assert_string_equal(workbench->text, "very good !");
    assert_ran(&desk, "view data");
    assert_int_equal(data->row, 3); /* the place is kept */
    assert_ran(&desk, "data find /^the/");
    assert_int_equal(data->row, 1);

    assert_ran(&desk, "sparsity b local(1)");
    assert_true(data_is_stale(workbench));
    assert_ran(&desk, "data again");
    settle(&desk);
    assert_false(data_is_stale(workbench));
    assert_true(data->realised[ARM_B] > 0);
    assert_ran(&desk, "data close");
    assert_null(data->set);
    desk_close(&desk);
}

/* While other work is under way the rows wait for their turn; those of another file are left. */
static void test_waits(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    struct data *data = &desk.workbench.data;
    assert_ran(&desk, "eval %s/data.tsv");
    assert_ran(&desk, "data %s/data.tsv");
    assert_holds(desk_told(&desk, TOLD_NOTES), "when the work under way has ended");
    assert_true(data->waiting && !data->running);
    settle(&desk);
    assert_int_equal(data->all.rows, 4);
    assert_ran(&desk, "data again");
    assert_ran(&desk, "data %s/sentences.txt"); /* plain lines, without labels */
    settle(&desk);
    assert_int_equal(data->all.rows, data->dataset->count);
    assert_int_equal(data->all.labelled, 0);
    desk_close(&desk);
}

static void test_refusals(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    assert_refused(&desk, "data again", "no data set is open");
    assert_refused(&desk, "filter flips", "no data set is open");
    assert_refused(&desk, "sort len", "no data set is open");
    assert_refused(&desk, "data no-such.tsv", "no-such.tsv");
    assert_null(desk.workbench.data.set);
    assert_ran(&desk, "data %s/data.tsv");
    settle(&desk);
    assert_refused(&desk, "data open 4", "there are rows 0 to 3");
    assert_refused(&desk, "data open x", "not \"x\"");
    assert_refused(&desk, "data select", "there are rows 0 to 3");
    assert_refused(&desk, "data shift much", "number of columns");
    assert_refused(&desk, "data save", "the name of a file is missing");
    assert_refused(&desk, "data find len>", "column 5");
    assert_refused(&desk, "data a b", "needs quotes");
    assert_refused(&desk, "filter len>>3", "column 5");
    assert_refused(&desk, "sort size", "must be one of");
    assert_ran(&desk, "filter gold=1");
    assert_refused(&desk, "data open 1", "the filter hides row 1");
    assert_ran(&desk, "filter nowhere");
    assert_refused(&desk, "data open", "the filter shows no row");
    assert_refused(&desk, "rows x", "only in a shell or a script");
    desk_close(&desk);
}

static void test_rows(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_ran(&desk, "rows dense local(1) %s/data.tsv --filter 'len>1' --sort 'len desc' --json");
    const char *line = desk_told(&desk, TOLD_RESULTS);
    static const int expected[] = {0, 1, 3};
    for (int i = 0; i < 3; i++, line = strchr(line, '\n') + 1) {
        cJSON *object = json_parse(line, strcspn(line, "\n"), "row", NULL);
        assert_non_null(object);
        assert_int_equal(cJSON_GetObjectItem(object, "row")->valueint, expected[i]);
        assert_true(cJSON_IsString(cJSON_GetObjectItem(object, "b")));
        assert_true(cJSON_IsNumber(cJSON_GetObjectItem(object, "delta")));
        cJSON_Delete(object);
    }
    cJSON *sums = json_parse(line, strcspn(line, "\n"), "sums", NULL);
    assert_non_null(sums);
    assert_int_equal(cJSON_GetObjectItem(sums, "rows")->valueint, 4);
    assert_int_equal(cJSON_GetObjectItem(sums, "shown")->valueint, 3);
    cJSON *shown = cJSON_GetObjectItem(sums, "of_shown");
    assert_int_equal(cJSON_GetObjectItem(shown, "labelled")->valueint, 3);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(shown, "accuracy")), 2);
    cJSON_Delete(sums);

    assert_refused(&desk, "rows dense %s/data.tsv", "rows A B FILE");
    assert_refused(&desk, "rows %s/data.tsv --filter 'gold=x'", "there is no such label");
    assert_refused(&desk, "rows %s/data.tsv --sort size", "must be row, text");
    assert_refused(&desk, "rows no-such.tsv", "no-such.tsv");
    assert_null(desk.workbench.data.set); /* what the screen has open is another thing */
    desk_close(&desk);
}

/* -m and -s count where no arms are named. */
static void test_rows_of_other_arms(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_ran(&desk, "rows %s/data.tsv -s local(1) --json");
    const char *sums = strstr(desk_told(&desk, TOLD_RESULTS), "\"sparsity\":[0,0.");
    assert_non_null(sums);
    assert_ran(&desk, "rows %s/data.tsv -s dense --json");
    assert_holds(desk_told(&desk, TOLD_RESULTS), "\"sparsity\":[0,0]");
    assert_refused(&desk, "rows %s/data.tsv -m no-such-model", "no-such-model");
    assert_refused(&desk, "rows %s/data.tsv -s nonsense(", "sparsity");
    desk_close(&desk);
}

static void test_figure(void **state) {
    (void)state;
    struct desk desk;
    struct figure figure = {0};
    struct sawb_error error;
    desk_open(&desk, 1);
    const struct view_row *view = view_get(VIEW_DATA);
    assert_int_equal(view->figure(&desk.workbench, &figure, &error), -1);
    assert_non_null(strstr(error.message, "`data FILE`"));
    figure_free(&figure);
    assert_ran(&desk, "data %s/data.tsv");
    assert_ran(&desk, "filter gold=0");
    assert_int_equal(view->figure(&desk.workbench, &figure, &error), 0);
    assert_int_equal(figure.panel_count, 1);
    assert_int_equal(figure.panels[0].kind, PANEL_TABLE);
    assert_int_equal(figure.panels[0].rows, 2);
    assert_int_equal(figure.panels[0].columns, 8);
    assert_string_equal(figure.panels[0].table[7].texts[1], "bad");
    assert_float_equal(figure.panels[0].table[0].numbers[1], 2, 0);
    int facts = 0;
    for (int i = 0; i < figure.fact_count; i++)
        facts += strcmp(figure.facts[i].name, "filter") == 0 ||
                 strcmp(figure.facts[i].value, "2 of 4") == 0;
    assert_int_equal(facts, 2);
    figure_free(&figure);
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_script), cmocka_unit_test(test_screen),
    cmocka_unit_test(test_waits),  cmocka_unit_test(test_refusals),
    cmocka_unit_test(test_rows),   cmocka_unit_test(test_rows_of_other_arms),
    cmocka_unit_test(test_figure),
};

TEST_GROUP(tests_tui_data_commands, tests);
