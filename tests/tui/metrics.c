/*
 * metrics.c - the command `metrics` in a shell and on the screen, and the commands of its view.
 */
#include <math.h>

#include "core/base/json.h"
#include "tests/tui/command_fixture.h"

/* The classifier of tests/model/vectors/bert has two layers of two heads. */
#define HEADS 4

static int told_lines(const struct desk *desk, int kind) {
    int lines = 0;
    for (const char *at = desk_told(desk, kind); *at; at++)
        lines += *at == '\n';
    return lines;
}

static cJSON *told_json(const struct desk *desk, int index) {
    const char *at = desk_told(desk, TOLD_RESULTS);
    for (; index > 0 && *at; index--)
        at += strcspn(at, "\n") + 1;
    cJSON *json = json_parse(at, strcspn(at, "\n"), "told", NULL);
    assert_non_null(json);
    return json;
}

/* NaN for null. */
static double number(const cJSON *json, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    assert_non_null(item);
    if (cJSON_IsNull(item))
        return NAN;
    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static void test_json(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "metrics 'a fine film' --json -s 'topk(0.5);heads_off(1.0)'"),
                     COMMAND_DONE);
    assert_int_equal(told_lines(&desk, TOLD_RESULTS), 2 * HEADS);
    for (int i = 0; i < 2 * HEADS; i++) {
        cJSON *json = told_json(&desk, i);
        const struct metric *metric;
        int off = i == 5; /* B of head 1.0 */
        assert_int_equal(cJSON_GetArraySize(json), 4 + METRICS);
        assert_string_equal(cJSON_GetObjectItem(json, "arm")->valuestring, i % 2 ? "B" : "A");
        assert_true(number(json, "layer") == i / 4 && number(json, "head") == i / 2 % 2);
        for (int m = 0; (metric = metric_get(m)); m++)
            number(json, metric->name);
        assert_int_equal(isnan(number(json, "entropy")), off);
        assert_true(isnan(number(json, "importance")) == 0);
        assert_true(off ? number(json, "importance") == 0 : number(json, "importance") > 0);
        double sparsity = i % 2 == 0 ? 0 : off ? 1 : 0.4; /* 3 of 5 keys */
        assert_true(fabs(number(json, "sparsity") - sparsity) < 1e-12);
        cJSON_Delete(json);
    }
    desk_close(&desk);
}

static void test_tables(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "metrics 'a fine film' --csv --sort b.entropy --ascending"),
                     COMMAND_DONE);
    assert_int_equal(told_lines(&desk, TOLD_RESULTS), 1 + 2 * HEADS);
    assert_int_equal(
        strncmp(desk_told(&desk, TOLD_RESULTS), "layer,head,arm,entropy,normalised,", 34), 0);
    double before = -1;
    const char *at = desk_told(&desk, TOLD_RESULTS);
    for (int i = 0; i < HEADS; i++) {
        double entropy;
        int layer, head;
        at = strchr(strchr(at, '\n') + 1, '\n') + 1; /* the title or B, then A */
        assert_int_equal(sscanf(at, "%d,%d,B,%lf", &layer, &head, &entropy), 3);
        assert_true(entropy >= before);
        before = entropy;
    }
    assert_false(desk.workbench.heads.sorted); /* an option counts for its line only */
    assert_int_equal(desk_run(&desk, "metrics 'a fine film'"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "mass kept");
    assert_int_equal(desk_run(&desk, "metrics --list"), COMMAND_DONE);
    assert_int_equal(told_lines(&desk, TOLD_RESULTS), METRICS + 1);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "arXiv 1905.10650");
    assert_int_equal(desk_run(&desk, "metrics --list --json"), COMMAND_DONE);
    assert_int_equal(told_lines(&desk, TOLD_RESULTS), METRICS);
    desk_close(&desk);
}

/* The importance at a label, and scaled. */
static void test_importance_options(void **state) {
    (void)state;
    struct desk desk;
    double values[3][HEADS];
    static const char *const options[] = {"--label 0", "--label 1",
                                          "--label predicted --scale layer"};
    desk_open(&desk, 1);
    for (int i = 0; i < 3; i++) {
        char line[120];
        snprintf(line, sizeof(line), "metrics 'a fine film' --json %s", options[i]);
        assert_int_equal(desk_run(&desk, line), COMMAND_DONE);
        for (int head = 0; head < HEADS; head++) {
            cJSON *json = told_json(&desk, 2 * head);
            values[i][head] = number(json, "importance");
            cJSON_Delete(json);
        }
    }
    /* Of two labels the gradients differ by the factor p / (1 - p) only. */
    for (int head = 1; head < HEADS; head++)
        assert_true(fabs(values[0][head] / values[0][0] - values[1][head] / values[1][0]) < 1e-4);
    assert_true(fabs(values[0][0] - values[1][0]) > 1e-6);
    for (int layer = 0; layer < 2; layer++)
        assert_true(fabs(hypot(values[2][2 * layer], values[2][2 * layer + 1]) - 1) < 1e-9);
    assert_int_equal(desk_run(&desk, "metrics 'a fine film' --label 2"), COMMAND_FAILED);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "0 to 1, not 2");
    desk_close(&desk);
}

static void test_errors(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "metrics"), COMMAND_USAGE);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "give a sentence");
    assert_int_equal(desk_run(&desk, "metrics x --sort beauty"), COMMAND_USAGE);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "no metric \"beauty\"");
    assert_int_equal(desk_run(&desk, "metrics x --label two"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "metrics x --scale two"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "metrics x -s 'topk(2)'"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "metrics x -m nowhere"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "rank entropy"), COMMAND_USAGE); /* of the screen */
    desk_close(&desk);
}

/* What a line names is measured and forgotten; the workbench of a script stays as it was. */
static void test_script(void **state) {
    (void)state;
    struct desk desk;
    struct workbench *workbench = &desk.workbench;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "text a fine film"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "sparsity b local(1)"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "metrics --json"), COMMAND_DONE);
    cJSON *json = told_json(&desk, 1);
    assert_string_equal(cJSON_GetObjectItem(json, "spec")->valuestring, "local(1)");
    cJSON_Delete(json);
    assert_int_equal(desk_run(&desk, "metrics bad --json -s topk(0.5) -m " DISTILBERT),
                     COMMAND_DONE);
    json = told_json(&desk, 1);
    assert_string_equal(cJSON_GetObjectItem(json, "spec")->valuestring, "topk(0.5)");
    cJSON_Delete(json);
    assert_string_equal(workbench->text, "a fine film");
    assert_string_equal(workbench->arms[ARM_B].spec, "local(1)");
    assert_non_null(strstr(workbench->arms[ARM_A].model->directory, "/bert"));
    assert_null(workbench->arms[ARM_A].capture);
    desk_close(&desk);
}

/* What completion offers are the metrics of the table; a job takes one or two arms. */
static void test_choices(void **state) {
    (void)state;
    const struct metric *metric;
    char all[256] = "";
    for (int i = 0; (metric = metric_get(i)); i++)
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s|", metric->name);
    static const char *const commands[] = {"rank", "find", "metric"};
    for (int i = 0; i < 3; i++)
        assert_holds(command_find(commands[i])->positionals[0].choices, i < 2 ? all : "|entropy|");
    struct sawb_error error;
    assert_null(job_importance(NULL, 0, "a", -1, 1, 0, &error));
    assert_holds(error.message, "0 arms");
}

/* ---- on the screen --------------------------------------------------------------------------- */

/* Takes events until nothing is on its way. */
static void settle(struct desk *desk) {
    struct workbench *workbench = &desk->workbench;
    int importance = 0;
    while (workbench->answers < ARMS ||
           (workbench->heads.importance_job && importance < workbench->heads.importance_job)) {
        struct event *event = queue_wait(workbench->events, 10000);
        if (!event)
            fail_msg("nothing comes");
        if (event->kind == EVENT_DONE && event->job == workbench->heads.importance_job)
            importance = event->job;
        workbench_event(workbench, event);
    }
}

static double value(const struct desk *desk, int metric, enum heads_of of, int index) {
    return heads_value(&desk->workbench, (struct heads_place){metric, of}, index);
}

static void test_answers_are_measured(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    assert_int_equal(workbench_begin(&desk.workbench, "a fine film", NULL), 0);
    settle(&desk);
    for (int i = 0; i < HEADS; i++) {
        assert_true(value(&desk, METRIC_ENTROPY, HEADS_A, i) > 0);
        assert_true(value(&desk, METRIC_MASS, HEADS_B, i) < 1);
        assert_true(value(&desk, METRIC_DIVERGENCE, HEADS_B, i) > 0);
        assert_true(isnan(value(&desk, METRIC_IMPORTANCE, HEADS_A, i)));
    }
    assert_int_equal(desk_run(&desk, "metrics"), COMMAND_DONE);
    assert_int_equal(told_lines(&desk, TOLD_RESULTS), 1 + 2 * HEADS);
    assert_int_equal(desk_run(&desk, "metrics 'other words'"), COMMAND_USAGE);
    desk_close(&desk);
}

/* Asked for once, the importance comes with every answer until it is not wanted any more. */
static void test_importance_follows(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    assert_int_equal(workbench_begin(&desk.workbench, "a fine film", NULL), 0);
    settle(&desk);
    assert_int_equal(desk_run(&desk, "importance"), COMMAND_DONE);
    settle(&desk);
    double first = value(&desk, METRIC_IMPORTANCE, HEADS_A, 0);
    assert_true(first > 0 && value(&desk, METRIC_IMPORTANCE, HEADS_B, HEADS - 1) > 0);
    assert_int_equal(desk_run(&desk, "text the dull story"), COMMAND_DONE);
    settle(&desk);
    assert_true(value(&desk, METRIC_IMPORTANCE, HEADS_A, 0) > 0);
    assert_true(value(&desk, METRIC_IMPORTANCE, HEADS_A, 0) != first);
    assert_int_equal(desk_run(&desk, "importance off"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "text bad"), COMMAND_DONE);
    settle(&desk);
    assert_true(isnan(value(&desk, METRIC_IMPORTANCE, HEADS_A, 0)));
    /* To rank by it is to ask for it. */
    assert_int_equal(desk_run(&desk, "rank importance"), COMMAND_DONE);
    settle(&desk);
    assert_true(value(&desk, METRIC_IMPORTANCE, HEADS_A, 0) > 0);
    desk_close(&desk);
}

static void test_commands_of_the_views(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    struct heads *heads = &desk.workbench.heads;
    assert_int_equal(workbench_begin(&desk.workbench, "a fine film", NULL), 0);
    settle(&desk);
    assert_int_equal(desk_run(&desk, "heads 1.1"), COMMAND_DONE);
    assert_true(desk.workbench.layer == 1 && desk.workbench.head == 1);
    assert_int_equal(desk_run(&desk, "heads 1.2"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "heads b"), COMMAND_DONE);
    assert_int_equal(heads->of, HEADS_B);
    assert_int_equal(desk_run(&desk, "heads cycle"), COMMAND_DONE);
    assert_int_equal(heads->of, HEADS_DIFFERENCE);
    assert_int_equal(desk_run(&desk, "heads cycle"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "rank b.sep asc"), COMMAND_DONE);
    assert_true(heads->sorted && heads->sort.metric == METRIC_SEP && heads->sort.of == HEADS_B &&
                !heads->descending);
    assert_int_equal(desk_run(&desk, "rank next"), COMMAND_DONE);
    assert_true(heads->sort.metric == METRIC_SELF && heads->descending);
    assert_int_equal(desk_run(&desk, "rank reverse"), COMMAND_DONE);
    assert_false(heads->descending);
    assert_int_equal(desk_run(&desk, "rank next desc"), COMMAND_DONE); /* the metric */
    assert_true(heads->sort.metric == METRIC_NEXT && heads->descending);
    assert_int_equal(desk_run(&desk, "rank off"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "rank previous"), COMMAND_DONE);
    assert_int_equal(heads->sort.metric, METRIC_IMPORTANCE);
    assert_int_equal(desk_run(&desk, "rank next"), COMMAND_DONE);
    assert_false(heads->sorted);
    assert_int_equal(desk_run(&desk, "rank beauty"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "metric distance"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "metric right"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "rank here"), COMMAND_DONE);
    assert_true(heads->sort.metric == METRIC_DISTANCE && heads->sort.of == HEADS_B);
    assert_int_equal(desk_run(&desk, "rank here"), COMMAND_DONE);
    assert_false(heads->descending);
    assert_int_equal(desk_run(&desk, "metric x"), COMMAND_USAGE);
    for (int i = 0; i < 3 * METRICS; i++)
        desk_run(&desk, "metric right");
    assert_int_equal(heads->column, 2 * METRICS - 2);
    assert_int_equal(desk_run(&desk, "find entropy > 0"), COMMAND_DONE);
    assert_int_equal(heads_matching(&desk.workbench), HEADS);
    assert_int_equal(desk_run(&desk, "find next"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "find entropy>99"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "find off"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "find next"), COMMAND_FAILED);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "nothing was searched for");
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_json),
    cmocka_unit_test(test_tables),
    cmocka_unit_test(test_importance_options),
    cmocka_unit_test(test_errors),
    cmocka_unit_test(test_script),
    cmocka_unit_test(test_choices),
    cmocka_unit_test(test_answers_are_measured),
    cmocka_unit_test(test_importance_follows),
    cmocka_unit_test(test_commands_of_the_views),
};

TEST_GROUP(tests_tui_metrics, tests);
