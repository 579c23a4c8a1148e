/*
 * command_results.c - what the commands that compute answer: the JSON of the contract, the tables,
 * and the streams.
 */
#include <math.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/model/safetensors.h"
#include "tests/tui/command_fixture.h"

/* Line `index` of what was told, as JSON; the caller deletes it. */
static cJSON *told_json(const struct desk *desk, int index) {
    const char *at = desk_told(desk, TOLD_RESULTS);
    for (; index > 0 && *at; index--)
        at += strcspn(at, "\n") + 1;
    cJSON *json = json_parse(at, strcspn(at, "\n"), "told", NULL);
    assert_non_null(json);
    return json;
}

static int told_lines(const struct desk *desk, int kind) {
    int lines = 0;
    for (const char *at = desk_told(desk, kind); *at; at++)
        lines += *at == '\n';
    return lines;
}

static const cJSON *item(const cJSON *json, const char *key) {
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(json, key);
    if (!found)
        fail_msg("no key \"%s\"", key);
    return found;
}

static double number(const cJSON *json, const char *key) {
    assert_true(cJSON_IsNumber(item(json, key)));
    return item(json, key)->valuedouble;
}

static const char *text(const cJSON *json, const char *key) {
    assert_true(cJSON_IsString(item(json, key)));
    return item(json, key)->valuestring;
}

/* Exactly these keys, in any order. */
static void assert_keys(const cJSON *json, const char *const *keys, int count) {
    assert_int_equal(cJSON_GetArraySize(json), count);
    for (int i = 0; i < count; i++)
        item(json, keys[i]);
}
#define ASSERT_KEYS(json, ...)                                                                     \
    do {                                                                                           \
        static const char *const keys[] = {__VA_ARGS__};                                           \
        assert_keys(json, keys, (int)(sizeof(keys) / sizeof(keys[0])));                            \
    } while (0)

/* ---- predict and tokens ---------------------------------------------------------------------- */

static void test_predict_json(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "predict --json 'a fine film' '' -s topk(0.5)"), COMMAND_DONE);
    assert_int_equal(told_lines(&desk, TOLD_RESULTS), 2);
    cJSON *json = told_json(&desk, 0);
    ASSERT_KEYS(json, "text", "tokens", "ids", "logits", "probs", "label", "sparsity");
    assert_string_equal(text(json, "text"), "a fine film");
    const cJSON *tokens = item(json, "tokens"), *probs = item(json, "probs");
    static const char *const pieces[] = {"[CLS]", "a", "fine", "film", "[SEP]"};
    assert_int_equal(cJSON_GetArraySize(tokens), 5);
    assert_int_equal(cJSON_GetArraySize(item(json, "ids")), 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(cJSON_GetArrayItem(tokens, i)->valuestring, pieces[i]);
    double a = cJSON_GetArrayItem(probs, 0)->valuedouble;
    double b = cJSON_GetArrayItem(probs, 1)->valuedouble;
    double za = cJSON_GetArrayItem(item(json, "logits"), 0)->valuedouble;
    double zb = cJSON_GetArrayItem(item(json, "logits"), 1)->valuedouble;
    assert_true(fabs(a + b - 1) < 1e-6);
    assert_true(fabs(a - 1 / (1 + exp(zb - za))) < 1e-6);
    assert_string_equal(text(json, "label"), a > b ? "NEGATIVE" : "POSITIVE");
    const cJSON *sparsity = item(json, "sparsity");
    ASSERT_KEYS(sparsity, "spec", "target", "realised");
    assert_string_equal(text(sparsity, "spec"), "topk(0.5)");
    assert_true(number(sparsity, "target") == 0.5);
    /* 3 of 5 are kept. */
    assert_true(fabs(number(sparsity, "realised") - 0.4) < 1e-9);
    cJSON_Delete(json);

    json = told_json(&desk, 1);
    assert_int_equal(cJSON_GetArraySize(item(json, "tokens")), 2);
    cJSON_Delete(json);

    assert_int_equal(desk_run(&desk, "predict --json fine -s local(1)"), COMMAND_DONE);
    json = told_json(&desk, 0);
    assert_true(cJSON_IsNull(item(item(json, "sparsity"), "target")));
    cJSON_Delete(json);
    desk_close(&desk);
}

static void test_predict_text(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "predict 'a fine film'"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "sparsity   0.0 %  a fine film\n");
    /* The sentence of the workbench goes to both arms. */
    assert_int_equal(desk_run(&desk, "text dull"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "predict"), COMMAND_DONE);
    assert_int_equal(told_lines(&desk, TOLD_RESULTS), 2);
    assert_int_equal(strncmp(desk_told(&desk, TOLD_RESULTS), "A  ", 3), 0);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "\nB  ");
    /* What does not fit is said. */
    assert_int_equal(
        desk_run(&desk, "predict 'a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a'"),
        COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_NOTES), "longer than 32 tokens");
    desk_close(&desk);
}

/* Runs a line with `input` as standard input. */
static int run_with_input(struct desk *desk, const char *line, const char *input, size_t length) {
    char *path = temporary_path(&desk->folder, "input");
    assert_int_equal(file_replace(path, input, length, NULL), 0);
    int kept = dup(STDIN_FILENO);
    assert_non_null(freopen(path, "r", stdin));
    int status = desk_run(desk, line);
    assert_true(dup2(kept, STDIN_FILENO) >= 0);
    close(kept);
    free(path);
    return status;
}

static void test_stream(void **state) {
    (void)state;
    static const char input[] = "a fine film\r\n\nbad \xff\nbad\0line\nlast";
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(run_with_input(&desk, "predict --json -", input, sizeof(input) - 1),
                     COMMAND_FAILED);
    assert_int_equal(told_lines(&desk, TOLD_RESULTS), 3);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "{\"text\":\"a fine film\",");
    assert_holds(desk_told(&desk, TOLD_RESULTS), "\n{\"text\":\"\",");
    assert_holds(desk_told(&desk, TOLD_RESULTS), "\n{\"text\":\"last\",");
    assert_int_equal(told_lines(&desk, TOLD_ERRORS), 2);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "line 3: ");
    assert_holds(desk_told(&desk, TOLD_ERRORS), "line 4: ");

    /* A line longer than any buffer. */
    size_t length = 300000;
    char *line = malloc(length);
    assert_non_null(line);
    memset(line, 'a', length);
    line[length - 1] = '\n';
    assert_int_equal(run_with_input(&desk, "tokens --json -", line, length), COMMAND_DONE);
    cJSON *json = told_json(&desk, 0);
    assert_int_equal(strlen(text(json, "text")), length - 1);
    cJSON_Delete(json);
    free(line);
    assert_int_equal(run_with_input(&desk, "predict -", "", 0), COMMAND_DONE);
    assert_string_equal(desk_told(&desk, TOLD_RESULTS), "");
    desk_close(&desk);
}

static void test_tokens(void **state) {
    (void)state;
    static const int ends[][2] = {{0, 0}, {0, 4}, {5, 11}, {11, 12}, {0, 0}};
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "tokens --json 'Fine st\xc3\xb6ry!'"), COMMAND_DONE);
    cJSON *json = told_json(&desk, 0);
    ASSERT_KEYS(json, "text", "tokens", "ids", "offsets");
    const cJSON *offsets = item(json, "offsets");
    assert_int_equal(cJSON_GetArraySize(offsets), 5);
    for (int i = 0; i < 5; i++) {
        const cJSON *pair = cJSON_GetArrayItem(offsets, i);
        for (int k = 0; k < 2; k++)
            assert_int_equal(cJSON_GetArrayItem(pair, k)->valueint, ends[i][k]);
    }
    cJSON_Delete(json);
    assert_int_equal(desk_run(&desk, "tokens fine"), COMMAND_DONE);
    assert_int_equal(told_lines(&desk, TOLD_RESULTS), 4);
    desk_close(&desk);
}

/* ---- data sets ------------------------------------------------------------------------------- */

static void test_eval(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "eval --json --rows %s/data.tsv"), COMMAND_DONE);
    assert_int_equal(told_lines(&desk, TOLD_RESULTS), 5);
    int right = 0;
    for (int i = 0; i < 4; i++) {
        cJSON *json = told_json(&desk, i);
        ASSERT_KEYS(json, "row", "text", "gold", "logits", "label");
        assert_int_equal((int)number(json, "row"), i);
        right += strcmp(text(json, "gold"), text(json, "label")) == 0;
        cJSON_Delete(json);
    }
    cJSON *json = told_json(&desk, 4);
    ASSERT_KEYS(json, "rows", "accuracy", "loss", "seconds", "sparsity");
    assert_int_equal((int)number(json, "rows"), 4);
    assert_true(number(json, "accuracy") == right / 4.0);
    cJSON_Delete(json);

    assert_int_equal(desk_run(&desk, "eval %s/data.tsv --arm b"), COMMAND_DONE);
    assert_int_equal(told_lines(&desk, TOLD_RESULTS), 2);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "aggressive_sparse");
    assert_int_equal(desk_run(&desk, "eval --json %s/sentences.txt"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_NOTES), "no labels");
    json = told_json(&desk, 0);
    assert_true(cJSON_IsNull(item(json, "accuracy")));
    cJSON_Delete(json);

    desk_write(&desk, "data.tsv", "sentence\tlabel\nfine\t1\nbad\t2\n");
    assert_int_equal(desk_run(&desk, "eval %s/data.tsv"), COMMAND_FAILED);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "data.tsv");
    desk_close(&desk);
}

static void test_compare(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "compare --json dense " BERT "=topk(0.5) %s/data.tsv"),
                     COMMAND_DONE);
    cJSON *json = told_json(&desk, 0);
    ASSERT_KEYS(json, "a", "b", "a_only", "b_only", "mcnemar_p", "flips");
    assert_string_equal(text(item(item(json, "a"), "sparsity"), "spec"), "dense");
    assert_string_equal(text(item(item(json, "b"), "sparsity"), "spec"), "topk(0.5)");
    assert_string_equal(text(item(json, "b"), "model"), BERT);
    assert_true(cJSON_IsArray(item(json, "flips")));
    cJSON_Delete(json);
    assert_int_equal(desk_run(&desk, "compare " BERT " dense %s/data.tsv -s local(1)"),
                     COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "local(1)");
    assert_holds(desk_told(&desk, TOLD_RESULTS), "McNemar");
    assert_int_equal(desk_run(&desk, "compare %s/data.tsv"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "aggressive_sparse");
    assert_int_equal(desk_run(&desk, "compare dense " DISTILBERT " %s/data.tsv"), COMMAND_FAILED);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "labels");
    desk_close(&desk);
}

static void test_bench(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "bench --json mask"), COMMAND_DONE);
    cJSON *json = told_json(&desk, 0);
    assert_string_equal(text(json, "name"), "mask");
    assert_true(number(json, "n") > 0);
    assert_true(number(json, "p10_ms") <= number(json, "median_ms"));
    assert_true(number(json, "median_ms") <= number(json, "p90_ms"));
    cJSON_Delete(json);
    assert_int_equal(desk_run(&desk, "bench mask"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "median ms");
    desk_close(&desk);
}

/* ---- files that are written ------------------------------------------------------------------ */

static void test_export(void **state) {
    (void)state;
    static const char *const names[] = {"scores",        "attention", "mask",
                                        "hidden_states", "logits",    "grad.classifier.bias"};
    struct desk desk;
    struct safetensors file;
    struct sawb_error error;
    desk_open(&desk, 1);
    assert_int_equal(
        desk_run(&desk, "export --json %s/x.safetensors --text 'a fine film' --gradients 1"),
        COMMAND_DONE);
    char *path = temporary_path(&desk.folder, "x.safetensors");
    cJSON *json = told_json(&desk, 0);
    assert_string_equal(text(json, "file"), path);
    cJSON_Delete(json);
    if (safetensors_open(&file, path, &error) < 0)
        fail_msg("%s", error.message);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_non_null(safetensors_find(&file, names[i]));
    const struct tensor *scores = safetensors_find(&file, "scores");
    assert_int_equal(scores->dimensions, 4);
    assert_int_equal(scores->shape[3], 5);
    safetensors_close(&file);
    free(path);
    desk_close(&desk);
}

static void test_train(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "train %s/data.tsv --validation tests/../tests/none --out x"),
                     COMMAND_FAILED);
    char line[1024];
    snprintf(line, sizeof(line),
             "train --json %s/data.tsv --validation %s/data.tsv --out %s/run --max-steps 3 "
             "--batch-size 2 --eval-every 2",
             desk.folder.path, desk.folder.path, desk.folder.path);
    assert_int_equal(desk_run(&desk, line), COMMAND_DONE);
    assert_int_equal(told_lines(&desk, TOLD_RESULTS), 5); /* 3 steps, evaluations after 2 and 3 */
    for (int i = 0; i < 5; i++) {
        static const int is_evaluation[] = {0, 0, 1, 0, 1};
        static const int steps[] = {1, 2, 2, 3, 3};
        cJSON *json = told_json(&desk, i);
        assert_int_equal((int)number(json, "step"), steps[i]);
        if (is_evaluation[i]) {
            ASSERT_KEYS(json, "step", "eval");
            ASSERT_KEYS(item(json, "eval"), "accuracy", "loss");
        } else {
            ASSERT_KEYS(json, "step", "epoch", "loss", "lr", "grad_norm", "tokens",
                        "tokens_per_second");
        }
        cJSON_Delete(json);
    }
    assert_int_equal(desk.workbench.run.steps, 3);
    assert_int_equal(desk.workbench.run.evaluations, 2);
    assert_int_equal(desk_run(&desk, "predict fine -m %s/run"), COMMAND_DONE);

    snprintf(line, sizeof(line),
             "train %s/data.tsv --validation %s/data.tsv --out %s/other --max-steps 2",
             desk.folder.path, desk.folder.path, desk.folder.path);
    assert_int_equal(desk_run(&desk, line), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "val loss");
    assert_int_equal(told_lines(&desk, TOLD_RESULTS), 2);
    desk_close(&desk);
}

static void test_new(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    char line[1024];
    snprintf(
        line, sizeof(line),
        "new %s/data.tsv --out %s/new --vocabulary 40 --hidden 8 --layers 1 --heads 2 --labels 3",
        desk.folder.path, desk.folder.path);
    assert_int_equal(desk_run(&desk, line), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "predict --json fine -m %s/new"), COMMAND_DONE);
    cJSON *json = told_json(&desk, 0);
    assert_int_equal(cJSON_GetArraySize(item(json, "probs")), 3);
    cJSON_Delete(json);
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_predict_json), cmocka_unit_test(test_predict_text),
    cmocka_unit_test(test_stream),       cmocka_unit_test(test_tokens),
    cmocka_unit_test(test_eval),         cmocka_unit_test(test_compare),
    cmocka_unit_test(test_bench),        cmocka_unit_test(test_export),
    cmocka_unit_test(test_train),        cmocka_unit_test(test_new),
};
TEST_GROUP(tests_tui_command_results, tests);
