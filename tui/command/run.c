/*
 * run.c - from a line to the handler of its row, and what handlers share.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/command/answer.h"
#include "tui/command/arguments.h"
#include "tui/command/handlers.h"
#include "tui/command/relay.h"
#include "tui/command/text.h"
#include "viz/table.h"

/* ---- answers --------------------------------------------------------------------------------- */

int command_fail(struct sink *sink, const struct sawb_error *error) {
    sink->error(sink, error->message);
    return COMMAND_FAILED;
}

int command_misuse(struct sink *sink, const struct sawb_error *error) {
    sink->error(sink, error->message);
    return COMMAND_USAGE;
}

int command_no_memory(struct sink *sink) {
    sink->error(sink, "out of memory");
    return COMMAND_FAILED;
}

int sink_result_owned(struct sink *sink, char *text) {
    if (!text)
        return command_no_memory(sink);
    size_t length = strlen(text);
    if (length > 0 && text[length - 1] == '\n')
        text[length - 1] = '\0';
    sink->result(sink, text);
    free(text);
    return COMMAND_DONE;
}

void sink_result(struct sink *sink, const char *format, ...) {
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        command_no_memory(sink);
        return;
    }
    sink->result(sink, text);
    free(text);
}

void sink_note(struct sink *sink, const char *format, ...) {
    char *text;
    va_list arguments;
    if (!sink->note)
        return;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    sink->note(sink, text);
    free(text);
}

/* How a terminal shows the titles (row -1) and rows of a table. */
static const char *row_style(const struct table *table, long row) {
    if (row < 0)
        return "\033[1;36m";
    enum table_mark mark = table_marked(table, (size_t)row);
    return mark == TABLE_BAD ? "\033[31m" : mark == TABLE_ODD ? "\033[33m" : NULL;
}

/* The printed table in colour, which it takes over. NULL when out of memory. */
static char *paint(const struct table *table, char *printed) {
    struct text text;
    if (!printed || text_begin(&text) < 0) {
        free(printed);
        return NULL;
    }
    long row = -1;
    for (const char *at = printed; *at; row++) {
        int length = (int)strcspn(at, "\n");
        const char *style = row_style(table, row);
        fprintf(text.stream, style ? "%s%.*s\033[0m\n" : "%s%.*s\n", style ? style : "", length,
                at);
        at += length + (at[length] == '\n');
    }
    free(printed);
    return text_end(&text);
}

static char *lay_out(const struct workbench *workbench, const struct table *table, int width) {
    const struct settings *settings = &workbench->settings;
    if (settings->tables == TABLES_TSV)
        return table_tsv(table);
    char *text = table_print(table, width, settings->ascii ? "~" : "…");
    return settings->colors > 0 && settings_in_color(settings, 1) ? paint(table, text) : text;
}

char *command_table(const struct workbench *workbench, const struct table *table) {
    return lay_out(workbench, table, workbench->settings.table_width);
}

char *command_whole_table(const struct workbench *workbench, const struct table *table) {
    return lay_out(workbench, table, 0);
}

int command_tell_table(const struct workbench *workbench, struct table *table, int failed,
                       struct sink *sink) {
    if (workbench->settings.json) {
        table_free(table);
        return failed ? COMMAND_FAILED : COMMAND_DONE;
    }
    char *text = failed || !table ? NULL : command_whole_table(workbench, table);
    table_free(table);
    return sink_result_owned(sink, text);
}

int command_tell_row(const struct workbench *workbench, struct table *row, int failed, int told,
                     struct sink *sink) {
    char *text = failed || !row ? NULL : command_table(workbench, row);
    if (text && told > 0) {
        size_t titles = strcspn(text, "\n") + 1;
        memmove(text, text + titles, strlen(text + titles) + 1);
    }
    table_free(row);
    return sink_result_owned(sink, text);
}

/* ---- the model of a command ------------------------------------------------------------------ */

int command_load(struct workbench *workbench, struct sink *sink, struct sawb_error *error) {
    int loaded = workbench->arms[ARM_A].model != NULL;
    if (workbench_load(workbench, error) < 0)
        return -1;
    const struct model *model = workbench->arms[ARM_A].model;
    if (!loaded && model->note[0])
        sink_note(sink, "%s: %s", model->directory, model->note);
    return 0;
}

int command_settle(struct workbench *workbench, const struct arguments *arguments,
                   struct sink *sink) {
    const char *model = arguments_option(arguments, "model");
    const char *spec = arguments_option(arguments, "sparsity");
    struct sawb_error error;
    if (spec && workbench_set_spec(workbench, ARM_A, spec, &error) < 0)
        return command_misuse(sink, &error);
    if (model && workbench->arms[ARM_A].model) {
        if (workbench_set_model(workbench, -1, model, &error) < 0)
            return command_fail(sink, &error);
    } else if (model) {
        char *copy = strdup(model);
        if (!copy)
            return command_no_memory(sink);
        free(workbench->model_directory);
        workbench->model_directory = copy;
    }
    return COMMAND_DONE;
}

static int arm_model(struct workbench *workbench, const char *directory, int arm, struct sink *sink,
                     struct model **model, struct sawb_error *error) {
    if (!directory) {
        if (command_load(workbench, sink, error) < 0)
            return -1;
        *model = model_retain(workbench->arms[arm].model);
        return 0;
    }
    if (workbench_model(workbench, directory, model, error) < 0)
        return -1;
    if ((*model)->note[0])
        sink_note(sink, "%s: %s", (*model)->directory, (*model)->note);
    return 0;
}

int command_arm(struct workbench *workbench, const struct arguments *arguments, struct sink *sink,
                struct job_arm *arm) {
    const char *which = arguments_option(arguments, "arm");
    const char *spec = arguments_option(arguments, "sparsity");
    int index = which && (*which == 'b' || *which == 'B') ? ARM_B : ARM_A;
    struct sparsity *sparsity;
    struct sawb_error error;
    *arm = (struct job_arm){NULL, spec ? spec : workbench->arms[index].spec, workbench->presets};
    /* A fault of the pattern is told before a large model is opened. */
    if (sparsity_parse(&sparsity, arm->spec, arm->presets, &error) < 0)
        return command_misuse(sink, &error);
    sparsity_free(sparsity);
    if (workbench_start(workbench, &error) < 0 ||
        arm_model(workbench, arguments_option(arguments, "model"), index, sink, &arm->model,
                  &error) < 0)
        return command_fail(sink, &error);
    return COMMAND_DONE;
}

/* ---- running --------------------------------------------------------------------------------- */

static unsigned doors(const struct sink *sink) {
    if (sink->where)
        return sink->where;
    return sink->wait ? COMMAND_SHELL | COMMAND_SCRIPT : COMMAND_SCREEN;
}

static int may_run(const struct command *command, const struct sink *sink,
                   struct sawb_error *error) {
    if (command->where & doors(sink))
        return 0;
    if (sink->where && command->where & COMMAND_SHELL)
        return error_set(error, "%s: works only in a shell: sawb %s", command->name, command->name);
    return error_set(error, "%s: %s", command->name,
                     sink->wait ? "works only on the screen of the workbench"
                                : "works only in a shell or a script, not on this screen");
}

void command_keep(struct workbench *workbench, char *json) {
    scripting_keep(&workbench->scripting, json);
}

/* Of results as JSON the last object is kept. */
static void keep_result(struct sink *sink, const char *text) {
    struct relay *relay = relay_of(sink);
    if (text[0] == '{')
        command_keep(relay->user, strdup(text));
    relay->outer->result(relay->outer, text);
}

/* Of results that are not asked for. */
static void keep_only(struct sink *sink, const char *text) {
    command_keep(relay_of(sink)->user, strdup(text));
}

struct sink *command_objects(struct workbench *workbench, struct sink *sink, struct relay *relay) {
    if (workbench->settings.json)
        return sink;
    relay_open(relay, sink);
    relay->sink.result = keep_only;
    relay->user = workbench;
    return &relay->sink;
}

int command_object(struct workbench *workbench, struct record *record, struct sink *sink) {
    struct relay relay;
    return sink_result_owned(command_objects(workbench, sink, &relay), record_print(record));
}

static int run_arguments(struct workbench *workbench, const struct arguments *arguments,
                         struct sink *sink) {
    const struct command *command = arguments->command;
    struct sawb_error error;
    if (arguments_option(arguments, "help"))
        return arguments_option(arguments, "json") || workbench->settings.json
                   ? sink_result_owned(sink, command_usage_json(command))
                   : sink_result_owned(sink, command_usage(command));
    if (may_run(command, sink, &error) < 0)
        return command_misuse(sink, &error);
    /* Options of a line count for that line only. */
    struct settings kept = workbench->settings;
    if (arguments_settings(arguments, &workbench->settings, &error) < 0) {
        workbench->settings = kept;
        return command_misuse(sink, &error);
    }
    workbench->settings.model_directory = kept.model_directory;
    struct relay relay;
    if (!(command->where & COMMAND_ASIDE)) {
        scripting_begin(&workbench->scripting, command->name);
        if (workbench->settings.json) {
            relay_open(&relay, sink);
            relay.sink.result = keep_result;
            relay.user = workbench;
            sink = &relay.sink;
        }
    }
    int status = command->where & COMMAND_BARE ? 0 : command_load(workbench, sink, &error);
    status = status < 0 ? command_fail(sink, &error) : command->run(workbench, arguments, sink);
    workbench->settings = kept;
    return status;
}

static const struct command *find_or_say(const char *name, struct sink *sink) {
    const struct command *command = command_find(name);
    if (command)
        return command;
    struct sawb_error error;
    const char *near = command_suggest(name, doors(sink));
    if (near)
        error_set(&error, "unknown command \"%s\"; did you mean \"%s\"?", name, near);
    else
        error_set(&error, "unknown command \"%s\"; `help` lists them all", name);
    command_misuse(sink, &error);
    return NULL;
}

/* The words behind a COMMAND_RAW command's name as one line; NULL when out of memory. */
static char *join_words(int count, char *const *words) {
    size_t length = 1;
    for (int i = 0; i < count; i++)
        length += strlen(words[i]) + 1;
    char *line = malloc(length), *at = line;
    if (!line)
        return NULL;
    for (int i = 0; i < count; i++)
        at += sprintf(at, i > 0 ? " %s" : "%s", words[i]);
    *at = '\0';
    return line;
}

int command_run_words(struct workbench *workbench, int count, char *const *words,
                      struct sink *sink) {
    struct arguments arguments;
    struct sawb_error error;
    if (count == 0)
        return COMMAND_DONE;
    const struct command *command = find_or_say(words[0], sink);
    if (!command)
        return COMMAND_USAGE;
    int status;
    if (command->where & COMMAND_RAW) {
        char *rest = join_words(count - 1, words + 1);
        if (!rest)
            return command_no_memory(sink);
        status = arguments_parse_raw(&arguments, command, rest, &error);
        free(rest);
    } else {
        status = arguments_parse(&arguments, command, count - 1, words + 1, &error);
    }
    if (status < 0)
        return command_misuse(sink, &error);
    status = run_arguments(workbench, &arguments, sink);
    arguments_free(&arguments);
    return status;
}

int command_run(struct workbench *workbench, const char *line, struct sink *sink) {
    struct words words;
    struct arguments arguments;
    struct sawb_error error;
    if (words_split(&words, line, &error) < 0)
        return command_fail(sink, &error);
    int status = COMMAND_DONE;
    if (words.count == 0 || words.texts[0][0] == '#')
        goto done;
    const struct command *command = find_or_say(words.texts[0], sink);
    if (!command) {
        status = COMMAND_USAGE;
        goto done;
    }
    int raw = (command->where & COMMAND_RAW) != 0;
    if (!raw && words.open) {
        error_set(&error, "%s: a quote is never closed", command->name);
        status = command_misuse(sink, &error);
        goto done;
    }
    status = raw ? arguments_parse_raw(&arguments, command, line + words.ends[0], &error)
                 : arguments_parse(&arguments, command, words.count - 1, words.texts + 1, &error);
    if (status < 0) {
        status = command_misuse(sink, &error);
        goto done;
    }
    int entered = recorder_enter(workbench, line, command->run == command_run_file);
    status = run_arguments(workbench, &arguments, sink);
    recorder_leave(workbench, entered);
    arguments_free(&arguments);
done:
    words_free(&words);
    return status;
}
