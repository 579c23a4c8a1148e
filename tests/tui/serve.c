/*
 * serve.c - requests of another program, and the answers of commands held against their schemas.
 */
#include "core/base/json.h"
#include "core/session/run_log.h"
#include "tests/tui/command_fixture.h"
#include "tui/command/arguments.h"
#include "tui/command/schema.h"
#include "tui/command/serve.h"

/* ---- requests -------------------------------------------------------------------------------- */

static void ask_bytes(struct desk *desk, const char *line, size_t length) {
    desk_forget(desk);
    serve_request(&desk->workbench, line, length, &desk->sink);
}

/* The answer to a request, which is the last line; owned by the caller. */
static cJSON *ask(struct desk *desk, const char *line) {
    ask_bytes(desk, line, strlen(line));
    char *told = desk->told[TOLD_RESULTS];
    assert_non_null(told);
    told[strlen(told) - 1] = '\0';
    char *last = strrchr(told, '\n');
    cJSON *answer = cJSON_Parse(last ? last + 1 : told);
    assert_non_null(answer);
    return answer;
}

static void check_answer(struct desk *desk, const char *request, int status, const char *id,
                         const char *error) {
    cJSON *answer = ask(desk, request);
    char *printed = cJSON_PrintUnformatted(cJSON_GetObjectItem(answer, "id"));
    const char *said = cJSON_GetStringValue(cJSON_GetObjectItem(answer, "error"));
    assert_int_equal(cJSON_GetObjectItem(answer, "status")->valueint, status);
    assert_string_equal(printed, id);
    assert_int_equal(said != NULL, error != NULL);
    if (error)
        assert_holds(said, error);
    free(printed);
    cJSON_Delete(answer);
}

static void test_requests(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    check_answer(&desk, "{\"id\":1,\"command\":\"predict 'a fine film'\"}", 0, "1", NULL);
    check_answer(&desk, "{\"id\":\"x\",\"argv\":[\"predict\",\"a fine film\"]}", 0, "\"x\"", NULL);
    check_answer(&desk, "{\"id\":{\"a\":[1]},\"command\":\"swap\"}", 0, "{\"a\":[1]}", NULL);
    check_answer(&desk, "{\"command\":\"# nothing\"}", 0, "null", NULL);
    check_answer(&desk, "{\"id\":2,\"command\":\"eval /nowhere.tsv\"}", 1, "2", "/nowhere.tsv");
    check_answer(&desk, "{\"id\":3,\"command\":\"evla x\"}", 2, "3", "did you mean");
    check_answer(&desk, "{\"id\":4,\"command\":\"assert x == 1\"}", 2, "4", "left no result");
    /* As in a shell, options may stand in front of the command. */
    check_answer(&desk, "{\"id\":4,\"argv\":[\"-s\",\"dense\",\"predict\",\"film\"]}", 0, "4",
                 NULL);
    check_answer(&desk, "{\"id\":4,\"argv\":[\"--nonsense\",\"predict\"]}", 2, "4", "--nonsense");
    /* What is no request. */
    check_answer(&desk, "nonsense", 2, "null", "not valid JSON");
    check_answer(&desk, "", 2, "null", "JSON");
    check_answer(&desk, "[]", 2, "null", "one object");
    check_answer(&desk, "{\"id\":5}", 2, "5", "a command is wanted");
    check_answer(&desk, "{\"id\":5,\"command\":7}", 2, "5", "a command is wanted");
    check_answer(&desk, "{\"id\":5,\"argv\":[]}", 2, "5", "a command is wanted");
    check_answer(&desk, "{\"id\":5,\"argv\":[\"swap\",1]}", 2, "5", "a command is wanted");
    check_answer(&desk, "{\"id\":5,\"argv\":[\"swap\"],\"command\":\"swap\"}", 2, "5", "either");
    check_answer(&desk, "{\"id\":5,\"comand\":\"swap\"}", 2, "5", "\"comand\" is none of");
    check_answer(&desk, "{\"id\":6,\"command\":\"\xff\"}", 2, "null", "UTF-8");
    /* Doors do not open inside of this one, and the screen's commands have no screen. */
    check_answer(&desk, "{\"id\":7,\"command\":\"serve --stdio\"}", 2, "7", "only in a shell");
    check_answer(&desk, "{\"id\":7,\"command\":\"console\"}", 2, "7", "only in a shell");
    check_answer(&desk, "{\"id\":7,\"command\":\"view data\"}", 2, "7", "screen");
    /* Whether --json was given is as before. */
    assert_int_equal(desk.workbench.settings.json, 0);
    desk_close(&desk);
}

/* One workbench for all requests; texts, objects, notes and several errors in the answers. */
static void test_answers(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    cJSON_Delete(ask(&desk, "{\"command\":\"text a fine film\\nsparsity b topk(0.5)\"}"));
    cJSON *answer = ask(&desk, "{\"id\":1,\"command\":\"predict; help swap\"}");
    const cJSON *results = cJSON_GetObjectItem(answer, "results");
    assert_int_equal(cJSON_GetArraySize(results), 3);
    const cJSON *sparsity = cJSON_GetObjectItem(cJSON_GetArrayItem(results, 1), "sparsity");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(sparsity, "spec")), "topk(0.5)");
    const cJSON *help = cJSON_GetObjectItem(cJSON_GetArrayItem(results, 2), "command");
    assert_string_equal(cJSON_GetStringValue(help), "swap");
    cJSON_Delete(answer);

    answer = ask(&desk, "{\"command\":\"palette light\"}");
    assert_string_equal(
        cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(answer, "notes"), 0)),
        "palette light");
    cJSON_Delete(answer);

    cJSON_Delete(ask(&desk, "{\"command\":\"let x = kept\"}"));
    answer = ask(&desk, "{\"command\":\"echo $x\"}");
    const cJSON *echo = cJSON_GetArrayItem(cJSON_GetObjectItem(answer, "results"), 0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(echo, "echo")), "kept");
    cJSON_Delete(answer);

    cJSON_Delete(ask(&desk, "{\"command\":\"quit\"}"));
    assert_int_equal(desk.workbench.quit, 1);
    desk_close(&desk);
}

/* Every beginning of a request, and each of its bytes replaced: an answer each, no crash. */
static void test_damaged(void **state) {
    (void)state;
    static const char line[] =
        "{\"id\":[1,\"\\u00e9\"],\"argv\":[\"echo\",\"a \\\"b\\\" \xc3\xa9\"]}";
    static const char replacements[] = {'\0', '"', '\\', '{', ']', '\xff', '9'};
    struct desk desk;
    char copy[sizeof(line)];
    desk_open(&desk, 1);
    for (size_t length = 0; length < sizeof(line); length++) {
        ask_bytes(&desk, line, length);
        assert_holds(desk_told(&desk, TOLD_RESULTS), "\"status\":");
    }
    for (size_t at = 0; at + 1 < sizeof(line); at++) {
        for (size_t i = 0; i < sizeof(replacements); i++) {
            memcpy(copy, line, sizeof(line));
            copy[at] = replacements[i];
            ask_bytes(&desk, copy, sizeof(line) - 1);
            assert_holds(desk_told(&desk, TOLD_RESULTS), "\"status\":");
        }
    }
    desk_close(&desk);
}

/* ---- schemas --------------------------------------------------------------------------------- */

static int fits(const char **schema, const cJSON *value);

static int take(const char **schema, const char *text) {
    *schema += strspn(*schema, " ");
    size_t length = strlen(text);
    if (strncmp(*schema, text, length) != 0)
        return 0;
    *schema += length;
    return 1;
}

/* Passes over a kind without a value to hold against it. */
static int fits_object(const char **schema, const cJSON *object) {
    const cJSON *field = object ? object->child : NULL;
    int good = !object || cJSON_IsObject(object);
    while (!take(schema, "}")) {
        take(schema, ",");
        *schema += strspn(*schema, " ");
        size_t length = strcspn(*schema, ":");
        good = good && (!object || (field && strlen(field->string) == length &&
                                    strncmp(field->string, *schema, length) == 0));
        *schema += length + 1;
        good = fits(schema, good ? field : NULL) && good;
        field = field ? field->next : NULL;
    }
    return good && !field;
}

static int fits_array(const char **schema, const cJSON *array) {
    const char *kind = *schema;
    int good = !array || cJSON_IsArray(array);
    fits(schema, NULL);
    for (const cJSON *item = array ? array->child : NULL; item && good; item = item->next) {
        const char *again = kind;
        good = fits(&again, item);
    }
    return take(schema, "]") && good;
}

/* Whether the value is of the kind at *schema, which moves behind it. NULL: any is. */
static int fits(const char **schema, const cJSON *value) {
    int good = 0;
    if (take(schema, "{"))
        good = fits_object(schema, value);
    else if (take(schema, "["))
        good = fits_array(schema, value);
    else if (take(schema, "text"))
        good = !value || cJSON_IsString(value);
    else if (take(schema, "number"))
        good = !value || cJSON_IsNumber(value);
    else if (take(schema, "any"))
        good = 1;
    else
        fail_msg("no kind: %s", *schema);
    if (take(schema, "?"))
        good |= value && cJSON_IsNull(value);
    return good;
}

/* Whether a line is one of a command's objects; *row becomes which. */
static int is_described(const char *command, const char *line, int *row) {
    const struct schema *schema;
    cJSON *object = cJSON_Parse(line);
    int found = 0;
    assert_non_null(object);
    for (int i = 0; !found && (schema = schema_get(i)); i++) {
        const char *fields = schema->fields;
        if (strcmp(schema->command, command) == 0 && fits(&fields, object)) {
            found = 1;
            *row = i;
        }
    }
    cJSON_Delete(object);
    return found;
}

/* As if the run of the folder had been asked something. */
static void tell_steering(const char *directory) {
    struct run_log log;
    struct sawb_error error;
    assert_int_equal(run_log_begin(&log, directory, &error), 0);
    assert_int_equal(run_log_start(&log, 0, &error), 0);
    assert_int_equal(run_log_write(&log, run_log_steered(2, STEER_EVALUATE, 1), &error), 0);
    run_log_end(&log);
}

/* Every object of real answers has exactly the fields of a row, and every row of these commands is
 * met. */
static void begin_session(struct desk *desk, const char *name) {
    struct sawb_error error;
    char *path = temporary_path(&desk->folder, name);
    desk->workbench.settings.session.file = path;
    assert_int_equal(recorder_start(&desk->workbench, &error), 0);
    desk->workbench.settings.session.file = NULL;
    free(path);
}

/* A session with one prediction in it, and another one that goes on. */
static void record_sessions(struct desk *desk) {
    struct sawb_error error;
    assert_int_equal(workbench_load(&desk->workbench, &error), 0);
    begin_session(desk, "a.sawb");
    assert_int_equal(desk_run(desk, "predict 'a fine film'"), COMMAND_DONE);
    assert_int_equal(recorder_close(&desk->workbench, &error), 0);
    begin_session(desk, "b.sawb");
}

static void test_schemas(void **state) {
    (void)state;
    static const char *const lines[] = {
        "predict 'a fine film' -s topk(0.5)",
        "predict 'a fine film' -s local(1)",
        "tokens 'a fine film'",
        "eval %s/data.tsv --rows",
        "eval %s/sentences.txt --rows",
        "compare dense topk(0.8) %s/data.tsv",
        "rows dense topk(0.8) %s/data.tsv",
        "rows dense topk(0.8) %s/sentences.txt",
        ("train %s/data.tsv --max-steps 2 --eval-every 1 --validation %s/data.tsv "
         "--sparsity-schedule 'dense@0-1; topk(0.5)@1-2'"),
        "attach %s/out-train",
        "new %s/data.tsv --vocabulary 50 --hidden 8 --layers 1 --heads 2",
        "export %s/x.safetensors --text 'a film'",
        "save %s/x.svg attention --text 'a film'",
        "show attention --text 'a film'",
        "metrics 'a fine film'",
        "occlude 'a fine film'",
        "prune %s/data.tsv --until 1",
        "sweep %s/data.tsv --points 0.5",
        "bench tokenize",
        "bench train --profile --steps 2 --batch-size 4",
        "bench kernel --sweep n --lengths 16 --family local --seconds 0.01",
        "memory %s/data.tsv",
        "presets",
        "echo this",
        "bind x swap",
        "bind",
        "keys",
        "pin a fine film",
        "pins",
        "runs",
        "runs %s",
        "metrics --list",
        "data %s/data.tsv",
        "filter",
        "set",
        "palette",
        "bookmark here",
        "bookmarks",
        "help",
        "help --find sweep",
        "help swap",
        "help json",
        "swap --help",
        "edit mask --token 1",
        "sessions list",
        "sessions show %s/a.sawb",
        "sessions prune --keep 100",
        "marker here",
        "replay %s/a.sawb --verify",
        "replay %s/a.sawb %s/a.tsv --to tsv",
    };
    struct desk desk;
    struct sawb_error error;
    int met[96] = {0}, row = 0;
    const struct schema *schema;
    desk_open(&desk, 1);
    setenv("XDG_STATE_HOME", desk.folder.path, 1);
    record_sessions(&desk);
    static const char *const folders[] = {"sawb", "sawb/sessions"};
    for (int i = 0; i < 2; i++) {
        char *path = temporary_path(&desk.folder, folders[i]);
        assert_int_equal(file_make_directory(path, NULL), 0);
        free(path);
    }
    desk_write(&desk, "sawb/sessions/one.sawb", "x");
    desk.workbench.settings.json = 1;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char line[1024] = "", name[32];
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(lines[i], " "), lines[i]);
        if (strstr(lines[i], " --help"))
            snprintf(name, sizeof(name), "help");
        for (const char *at = lines[i]; *at; at++) {
            size_t used = strlen(line);
            int folder = strncmp(at, "%s", 2) == 0;
            snprintf(line + used, sizeof(line) - used, folder ? "%s" : "%.1s",
                     folder ? desk.folder.path : at);
            at += folder;
        }
        if (strcmp(name, "train") == 0 || strcmp(name, "new") == 0) {
            size_t used = strlen(line);
            snprintf(line + used, sizeof(line) - used, " --out %s/out-%s", desk.folder.path, name);
        }
        if (strcmp(name, "attach") == 0)
            tell_steering(line + strlen("attach "));
        desk_forget(&desk);
        if (command_run(&desk.workbench, line, &desk.sink) != COMMAND_DONE)
            fail_msg("%s: %s", line, desk_told(&desk, TOLD_ERRORS));
        char *rest = desk.told[TOLD_RESULTS], *answer;
        while (rest && (answer = strsep(&rest, "\n")) && *answer) {
            if (!is_described(name, answer, &row))
                fail_msg("%s answers what `help json` does not say: %s", line, answer);
            met[row] = 1;
        }
    }
    for (int i = 0; (schema = schema_get(i)); i++) {
        assert_true(i < 96);
        assert_true(strcmp(schema->command, "serve") == 0 || command_find(schema->command));
        if (!met[i] && strcmp(schema->command, "serve") != 0)
            fail_msg("no answer is as `help json` says of %s%s", schema->command, schema->when);
    }
    desk.workbench.settings.json = 0;
    assert_int_equal(recorder_close(&desk.workbench, &error), 0);
    unsetenv("XDG_STATE_HOME");

    ask_bytes(&desk, "{\"id\":1,\"command\":\"presets\"}", 29);
    char *answer = desk.told[TOLD_RESULTS];
    answer[strcspn(answer, "\n")] = '\0';
    assert_true(is_described("serve", answer, &row));
    assert_true(!is_described("serve", "{\"id\":1,\"progress\":7}", &row));
    assert_true(!is_described("serve", "{\"id\":1}", &row));
    assert_true(!is_described("serve", "{\"id\":1,\"progress\":\"x\",\"more\":1}", &row));

    assert_int_equal(desk_run(&desk, "help json"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "\npredict\n    {text: text, tokens: [text]");
    desk_close(&desk);
}

/* Why a command answers no objects. */
static const struct {
    const char *name, *reason;
} text_only[] = {
    {"manual", "roff, for man"},
    {"completions", "a script for a shell"},
    {"console", "what is typed there answers"},
};

static int has_schema(const char *name) {
    const struct schema *schema;
    for (int i = 0; (schema = schema_get(i)); i++)
        if (strcmp(schema->command, name) == 0)
            return 1;
    for (size_t i = 0; i < sizeof(text_only) / sizeof(text_only[0]); i++)
        if (strcmp(text_only[i].name, name) == 0)
            return 1;
    return 0;
}

static const char *sample_of(enum argument_kind kind) {
    return kind == ARGUMENT_NUMBER || kind == ARGUMENT_ROW    ? "1"
           : kind == ARGUMENT_HEAD                            ? "0.1"
           : kind == ARGUMENT_DIRECTORY                       ? BERT
           : kind == ARGUMENT_SPEC || kind == ARGUMENT_PRESET ? "dense"
                                                              : "x";
}

/* Runs the command with one word of its first argument, and samples of the others that it needs. */
static void run_sample(struct desk *desk, const struct command *command, const char *word,
                       size_t length) {
    char line[256];
    int used = snprintf(line, sizeof(line), "%s %.*s", command->name, (int)length, word);
    for (int place = 1; place < command->minimum; place++) {
        const struct positional_row row = positional_at(command, place);
        const char *sample = row.choices ? row.choices : sample_of(row.kind);
        used += snprintf(line + used, sizeof(line) - (size_t)used, " %.*s",
                         (int)strcspn(sample, "|"), sample);
    }
    desk->sink.wait = (command->where & COMMAND_SCRIPT) != 0;
    desk_forget(desk);
    command_run(&desk->workbench, line, &desk->sink);
    if (*desk_told(desk, TOLD_RESULTS))
        fail_msg("%s answers, but `help json` does not say what: %s", line,
                 desk_told(desk, TOLD_RESULTS));
}

/* A command whose answer is not described says nothing, whatever it is asked. */
static void test_the_others_are_silent(void **state) {
    (void)state;
    struct desk desk;
    const struct command *command;
    desk_open(&desk, 1);
    desk.workbench.settings.json = 1;
    for (int i = 0; (command = command_get(i)); i++) {
        if (has_schema(command->name))
            continue;
        const struct positional_row first = command->positionals[0];
        const char *words = first.choices ? first.choices : sample_of(first.kind);
        if (first.kind == ARGUMENT_NONE || command->minimum == 0)
            run_sample(&desk, command, "", 0);
        for (const char *at = words; first.kind != ARGUMENT_NONE && *at;) {
            size_t length = strcspn(at, "|");
            run_sample(&desk, command, at, length);
            at += length + (at[length] == '|');
        }
    }
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_requests),
    cmocka_unit_test(test_answers),
    cmocka_unit_test(test_damaged),
    cmocka_unit_test(test_schemas),
    cmocka_unit_test(test_the_others_are_silent),
};
TEST_GROUP(tests_tui_serve, tests);
