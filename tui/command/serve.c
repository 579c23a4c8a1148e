/*
 * serve.c - commands as JSON.
 */
#include "tui/command/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/text/unicode.h"
#include "tui/app/interrupt.h"
#include "tui/command/answer.h"
#include "tui/command/arguments.h"

/* A request in progress, and its answer as far as it has come. */
struct serving {
    struct sink sink, *outer;
    const cJSON *id; /* NULL: none was given */
    cJSON *results, *notes;
    char *error; /* lines; NULL: none */
    int failed;  /* out of memory: the answer lacks something */
};

/* ---- the answer ------------------------------------------------------------------------------ */

static void add(struct serving *serving, cJSON *array, cJSON *item) {
    if (item && array && cJSON_AddItemToArray(array, item))
        return;
    cJSON_Delete(item);
    serving->failed = 1;
}

static void take_result(struct sink *sink, const char *text) {
    struct serving *serving = sink->user;
    cJSON *object = text[0] == '{' ? cJSON_Parse(text) : NULL;
    add(serving, serving->results, object ? object : cJSON_CreateString(text));
}

static void take_note(struct sink *sink, const char *text) {
    struct serving *serving = sink->user;
    add(serving, serving->notes, cJSON_CreateString(text));
}

static void take_error(struct sink *sink, const char *text) {
    struct serving *serving = sink->user;
    size_t used = serving->error ? strlen(serving->error) : 0;
    char *grown = realloc(serving->error, used + strlen(text) + 2);
    if (!grown) {
        serving->failed = 1;
        return;
    }
    stpcpy(stpcpy(grown + used, used ? "\n" : ""), text);
    serving->error = grown;
}

static void add_id(struct record *record, const struct serving *serving) {
    record_item(record, "id", serving->id ? cJSON_Duplicate(serving->id, 1) : cJSON_CreateNull());
}

static void say(struct serving *serving, struct record *record) {
    char *line = record_print(record);
    serving->outer->result(serving->outer, line ? line
                                                : "{\"id\":null,\"status\":1,\"results\":[],"
                                                  "\"notes\":[],\"error\":\"out of memory\"}");
    free(line);
}

static void take_progress(struct sink *sink, const char *text) {
    struct serving *serving = sink->user;
    if (!*text)
        return;
    struct record record = record_begin();
    add_id(&record, serving);
    record_text(&record, "progress", text);
    say(serving, &record);
}

static void answer(struct serving *serving, int status) {
    struct record record = record_begin();
    record.failed |= serving->failed;
    add_id(&record, serving);
    record_number(&record, "status", status);
    record_item(&record, "results", serving->results);
    record_item(&record, "notes", serving->notes);
    record_text(&record, "error", serving->error);
    say(serving, &record);
    free(serving->error);
}

/* ---- the request ----------------------------------------------------------------------------- */

static int run_argv(struct workbench *workbench, const cJSON *argv, struct sink *sink) {
    int count = cJSON_GetArraySize(argv);
    char **words = calloc((size_t)count + 1, sizeof(*words));
    if (!words)
        return command_no_memory(sink);
    int i = 0;
    for (const cJSON *item = argv->child; item; item = item->next)
        words[i++] = item->valuestring;
    /* As in a shell, options may stand in front of the command. */
    int first = arguments_first(count, words);
    const struct command *command = first < count ? command_find(words[first]) : NULL;
    if (command && !(command->where & COMMAND_RAW)) {
        char *name = words[first];
        memmove(words + 1, words, (size_t)first * sizeof(*words));
        words[0] = name;
    }
    int status = command_run_words(workbench, count, words, sink);
    free(words);
    return status;
}

static int is_argv(const cJSON *argv) {
    if (!cJSON_IsArray(argv) || !argv->child)
        return 0;
    for (const cJSON *item = argv->child; item; item = item->next) {
        if (!cJSON_IsString(item))
            return 0;
    }
    return 1;
}

static int check_request(const cJSON *request, struct sawb_error *error) {
    const cJSON *command = cJSON_GetObjectItemCaseSensitive(request, "command");
    const cJSON *argv = cJSON_GetObjectItemCaseSensitive(request, "argv");
    if (!cJSON_IsObject(request))
        return error_set(error, "request: a line holds one object, such as "
                                "{\"id\": 1, \"command\": \"presets\"}");
    for (const cJSON *item = request->child; item; item = item->next) {
        if (strcmp(item->string, "id") != 0 && item != command && item != argv)
            return error_set(error, "request: \"%s\" is none of id, command, argv", item->string);
    }
    if (command && argv)
        return error_set(error, "request: give either command or argv");
    if (command ? !cJSON_IsString(command) : !is_argv(argv))
        return error_set(error, "request: a command is wanted as a text (command) or as an array "
                                "of words (argv)");
    return 0;
}

static int run_request(struct workbench *workbench, const cJSON *request, struct serving *serving) {
    const cJSON *command = cJSON_GetObjectItemCaseSensitive(request, "command");
    const cJSON *argv = cJSON_GetObjectItemCaseSensitive(request, "argv");
    int json = workbench->settings.json;
    workbench->settings.json = 1;
    int status = argv ? run_argv(workbench, argv, &serving->sink)
                      : command_run_script(workbench, command->valuestring, NULL, &serving->sink);
    workbench->settings.json = json;
    return status;
}

void serve_request(struct workbench *workbench, const char *line, size_t length,
                   struct sink *sink) {
    struct serving serving = {
        .outer = sink, .results = cJSON_CreateArray(), .notes = cJSON_CreateArray()};
    struct sawb_error error;
    serving.sink = (struct sink){.result = take_result,
                                 .progress = take_progress,
                                 .note = take_note,
                                 .error = take_error,
                                 .wait = 1,
                                 .where = COMMAND_SCRIPT,
                                 .user = &serving};
    cJSON *request = NULL;
    int status = unicode_validate(line, length, &error);
    if (status == 0) {
        request = json_parse(line, length, "request", &error);
        status = request ? 0 : -1;
    }
    if (status == 0) {
        serving.id = cJSON_GetObjectItemCaseSensitive(request, "id");
        status = check_request(request, &error);
    }
    status = status < 0 ? command_misuse(&serving.sink, &error)
                        : run_request(workbench, request, &serving);
    answer(&serving, status);
    cJSON_Delete(request);
}

/* ---- the command ----------------------------------------------------------------------------- */

int serve_take_input(struct sawb_error *error) {
    int input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input >= 0 && nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0) {
        close(nothing);
        return input;
    }
    error_set(error, "standard input: %s", strerror(errno));
    if (input >= 0)
        close(input);
    if (nothing >= 0)
        close(nothing);
    return -1;
}

COMMAND_HANDLER(command_serve) {
    struct line_reader reader = {0};
    struct sawb_error error;
    char *line;
    size_t length;
    int found;
    if (!arguments_option(arguments, "stdio")) {
        error_set(&error, "serve: say where requests come from: sawb serve --stdio");
        return command_misuse(sink, &error);
    }
    int status = command_settle(workbench, arguments, sink);
    if (status != COMMAND_DONE)
        return status;
    reader.descriptor = serve_take_input(&error);
    if (reader.descriptor < 0)
        return command_fail(sink, &error);
    while ((found = line_read(&reader, &line, &length, &error)) == 1) {
        if (length > 0)
            serve_request(workbench, line, length, sink);
        if (workbench->quit || interrupt_signal())
            break;
    }
    line_reader_free(&reader);
    close(reader.descriptor);
    return found < 0 ? command_fail(sink, &error) : COMMAND_DONE;
}
