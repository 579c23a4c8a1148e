/*
 * command_help.c - help made from the tables: how a command is used, which there are, presets and
 * patterns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/command/answer.h"
#include "tui/app/figures.h"
#include "tui/command/handlers.h"
#include "tui/command/relay.h"
#include "tui/command/schema.h"
#include "tui/command/text.h"
#include "viz/table.h"

#define HELP_COLUMN 30 /* where the help of an option begins, after two blanks */
#define HELP_WIDTH 80

/* ---- usage ----------------------------------------------------------------------------------- */

/* Writes text from `column` on, in lines of HELP_WIDTH that begin at `indent`. */
static void print_wrapped(FILE *out, const char *text, int indent, int column) {
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column > indent && column + 1 + length > HELP_WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        }
        column += fprintf(out, column > indent ? " %.*s" : "%.*s", length, text);
        text += length + (text[length] == ' ');
    }
    fputc('\n', out);
}

/* A name and its help beside it, below it when the name is long. */
static void print_row(FILE *out, const char *name, const char *help) {
    fprintf(out, "  %-*s", HELP_COLUMN, name);
    if (strlen(name) >= HELP_COLUMN)
        fprintf(out, "\n  %*s", HELP_COLUMN, "");
    print_wrapped(out, help, HELP_COLUMN + 2, HELP_COLUMN + 2);
}

static void print_option(FILE *out, const struct option_row *row) {
    char name[64];
    snprintf(name, sizeof(name), "%c%c%s--%s%s%s", row->letter ? '-' : ' ',
             row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
             row->value ? " " : "", row->value ? row->value : "");
    print_row(out, name, row->help);
}

static void print_options(FILE *out, const char *title, const struct option_row *rows) {
    if (!rows)
        return;
    fprintf(out, "\n%s:\n", title);
    for (const struct option_row *row = rows; row->name; row++)
        print_option(out, row);
}

char *command_usage(const struct command *command) {
    struct text text;
    if (text_begin(&text) < 0)
        return NULL;
    FILE *out = text.stream;
    fprintf(out, "usage: %s%s%s%s%s\n", command->where & COMMAND_SHELL ? "sawb " : "",
            command->name, command->options ? " [options]" : "", command->usage[0] ? " " : "",
            command->usage);
    print_wrapped(out, command->help, 0, 0);
    if (command->alias)
        fprintf(out, "short: %s\n", command->alias);
    if (command->details) {
        fputc('\n', out);
        print_wrapped(out, command->details, 0, 0);
    }
    print_options(out, "options", command->options);
    if (command->where & COMMAND_SHELL)
        print_options(out, "options of every command", command_common_options());
    return text_end(&text);
}

static cJSON *options_json(const struct option_row *rows, int *failed) {
    cJSON *array = cJSON_CreateArray();
    for (const struct option_row *row = rows; array && row && row->name; row++) {
        char letter[2] = {row->letter, '\0'};
        struct record record = record_begin();
        record_text(&record, "name", row->name);
        record_text(&record, "letter", row->letter ? letter : NULL);
        record_text(&record, "value", row->value);
        record_text(&record, "help", row->help);
        if (record.failed || !cJSON_AddItemToArray(array, record.object)) {
            cJSON_Delete(record.object);
            *failed = 1;
        }
    }
    return array;
}

static struct record usage_record(const struct command *command) {
    struct record record = record_begin();
    record_text(&record, "command", command->name);
    record_text(&record, "alias", command->alias);
    record_text(&record, "usage", command->usage);
    record_text(&record, "help", command->help);
    record_text(&record, "details", command->details);
    record_item(&record, "options", options_json(command->options, &record.failed));
    return record;
}

char *command_usage_json(const struct command *command) {
    struct record record = usage_record(command);
    return record_print(&record);
}

/* ---- likely misspellings --------------------------------------------------------------------- */

#define NAME_LONGEST 16

static int least(int a, int b, int c) {
    int smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

/* Edits from a to b: insertions, deletions, replacements, neighbours exchanged (optimal string
 * alignment). 100 for words too long to be a name. */
static int edit_distance(const char *a, const char *b) {
    int m = (int)strlen(a), n = (int)strlen(b);
    int cost[NAME_LONGEST + 1][NAME_LONGEST + 1];
    if (m > NAME_LONGEST || n > NAME_LONGEST)
        return 100;
    for (int i = 0; i <= m; i++) {
        for (int j = 0; j <= n; j++) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            cost[i][j] = least(cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                               cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = least(cost[i][j], cost[i - 2][j - 2] + 1, 100);
        }
    }
    return cost[m][n];
}

const char *command_suggest(const char *word, unsigned where) {
    const struct command *command, *best = NULL;
    int best_distance = 3;
    for (int i = 0; (command = command_get(i)); i++) {
        int distance = edit_distance(word, command->name);
        /* A short name is too easily like another word. */
        int allowed = strlen(command->name) < 6 ? 1 : 2;
        if ((command->where & where) && distance <= allowed && distance < best_distance) {
            best = command;
            best_distance = distance;
        }
    }
    return best ? best->name : NULL;
}

/* ---- help ------------------------------------------------------------------------------------ */

static void print_commands(FILE *out, const char *title, unsigned where, unsigned not_where) {
    const struct command *command;
    fprintf(out, "\n%s:\n", title);
    for (int i = 0; (command = command_get(i)); i++) {
        char name[80];
        if (!(command->where & where) || (command->where & not_where))
            continue;
        snprintf(name, sizeof(name), "%s %s", command->name, command->usage);
        print_row(out, name, command->help);
    }
}

char *command_overview(void) {
    struct text text;
    if (text_begin(&text) < 0)
        return NULL;
    FILE *out = text.stream;
    fprintf(out, "usage: sawb [options] [SENTENCE]           open the workbench\n"
                 "       sawb [options] COMMAND [arguments]  run one command\n"
                 "       sawb [options] -c 'COMMAND; ...'    run several\n"
                 "       sawb [options] < SCRIPT             the same, as `run -` does\n\n"
                 "See what dense and sparse attention do to a sentence, side by side, and train.\n"
                 "Without a terminal on stdout, SENTENCE is predicted as by predict.\n"
                 "sawb COMMAND --help tells more about one; -- ends the options.\n"
                 "Tables are aligned on a terminal, and TSV where standard output is none.\n");
    print_commands(out, "commands", COMMAND_SHELL, 0);
    print_commands(out, "commands of the workbench (its `:` prompt) and of scripts",
                   COMMAND_SCREEN | COMMAND_SCRIPT, COMMAND_SHELL);
    print_options(out, "options", command_common_options());
    for (const struct option_row *row = command_program()->options; row->name; row++)
        print_option(out, row);
    return text_end(&text);
}

/* What is answered with --json, each field a line of its own kind. */
static char *json_text(void) {
    const struct schema *row;
    struct text text;
    if (text_begin(&text) < 0)
        return NULL;
    fprintf(text.stream, "With --json results are objects, one a line, with exactly these fields; "
                         "behind a ? a null\nmay stand instead:\n");
    for (int i = 0; (row = schema_get(i)); i++) {
        fprintf(text.stream, "\n%s%s\n    ", row->command, row->when);
        print_wrapped(text.stream, row->fields, 4, 4);
    }
    return text_end(&text);
}

/* The same as objects. */
static int tell_schemas(struct sink *sink) {
    const struct schema *row;
    int status = COMMAND_DONE;
    for (int i = 0; (row = schema_get(i)) && status == COMMAND_DONE; i++) {
        struct record record = record_begin();
        record_text(&record, "answer_of", row->command);
        record_text(&record, "when", row->when);
        record_text(&record, "fields", row->fields);
        status = sink_result_owned(sink, record_print(&record));
    }
    return status;
}

static int is_found(const struct command *command, const char *find) {
    return !find || strcasestr(command->name, find) || strcasestr(command->usage, find) ||
           strcasestr(command->help, find);
}

/* The commands that hold a text, all with NULL, an object each. */
static int tell_commands(const char *find, struct sink *sink) {
    const struct command *command;
    int status = COMMAND_DONE;
    for (int i = 0; (command = command_get(i)) && status == COMMAND_DONE; i++)
        if (is_found(command, find))
            status = sink_result_owned(sink, command_usage_json(command));
    return status;
}

/* The lines of the overview that hold a text. */
static int find_lines(const char *find, struct sink *sink) {
    char *overview = command_overview(), *rest = overview, *line;
    if (!overview)
        return command_no_memory(sink);
    while ((line = strsep(&rest, "\n")))
        if (strcasestr(line, find))
            sink->result(sink, line);
    free(overview);
    return COMMAND_DONE;
}

int command_help(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    const char *name = arguments_get(arguments, 0), *find = arguments_option(arguments, "find");
    int json = workbench->settings.json;
    if (find && sink->wait)
        return json ? tell_commands(find, sink) : find_lines(find, sink);
    if (!name && !sink->wait) {
        snprintf(workbench->help_find, sizeof(workbench->help_find), "%s", find ? find : "");
        workbench_show(workbench, VIEW_HELP);
        workbench->changed = 1;
        return COMMAND_DONE;
    }
    if (!name)
        return json ? tell_commands(NULL, sink) : sink_result_owned(sink, command_overview());
    const struct command *command = command_find(name);
    if (command)
        return sink_result_owned(sink, json ? command_usage_json(command) : command_usage(command));
    if (strcmp(name, "json") == 0)
        return json ? tell_schemas(sink) : sink_result_owned(sink, json_text());
    struct sawb_error error;
    error_set(&error, "help: there is no command \"%s\"; `help` lists them all", name);
    return command_misuse(sink, &error);
}

/* The commands of the screen that hold what the help view searches. */
static int is_wanted(const struct workbench *workbench, const struct command *command) {
    const char *find = workbench->help_find;
    return (command->where & COMMAND_SCREEN) &&
           (!find[0] || strcasestr(command->name, find) || strcasestr(command->help, find));
}

int help_figure(const struct workbench *workbench, struct figure *figure,
                struct sawb_error *error) {
    const struct command *command;
    int rows = 0, row = 0;
    for (int i = 0; (command = command_get(i)); i++)
        rows += is_wanted(workbench, command);
    if (rows == 0)
        return error_set(error, "help: no command holds \"%s\"", workbench->help_find);
    struct panel *panel = figure_table(figure, "commands", rows, error);
    if (!panel || figure_title(figure, error, "commands of the workbench") < 0 ||
        figure_fact(figure, error, "version", "sawb %s", SAWB_VERSION) < 0 ||
        !panel_column(panel, "command", COLUMN_TEXT, 0, error) ||
        !panel_column(panel, "arguments", COLUMN_TEXT, 0, error) ||
        !panel_column(panel, "help", COLUMN_TEXT, 0, error))
        return -1;
    for (int i = 0; (command = command_get(i)); i++) {
        if (!is_wanted(workbench, command))
            continue;
        if (panel_cell(panel, row, 0, command->name, error) < 0 ||
            panel_cell(panel, row, 1, command->usage, error) < 0 ||
            panel_cell(panel, row, 2, command->help, error) < 0)
            return -1;
        row++;
    }
    return 0;
}

/* ---- presets and patterns -------------------------------------------------------------------- */

static int list_json(const struct presets *presets, struct sink *sink) {
    int status = COMMAND_DONE;
    for (int i = 0; i < presets_count(presets) && status == COMMAND_DONE; i++) {
        struct record record = record_begin();
        record_text(&record, "preset", presets_name(presets, i));
        record_text(&record, "spec", presets_specification(presets, i));
        status = sink_result_owned(sink, record_print(&record));
    }
    for (int i = 0; sparsity_pattern_name(i) && status == COMMAND_DONE; i++) {
        struct record record = record_begin();
        record_text(&record, "pattern", sparsity_pattern_name(i));
        record_text(&record, "usage", sparsity_pattern_usage(i));
        record_text(&record, "help", sparsity_pattern_help(i));
        status = sink_result_owned(sink, record_print(&record));
    }
    return status;
}

/* For programs: both lists as one table. */
static int list_table(const struct workbench *workbench, struct sink *sink) {
    static const char *const titles[] = {"kind", "name", "usage", "help"};
    const struct presets *presets = workbench->presets;
    struct table *table = table_create(titles, 4, NULL);
    int failed = !table;
    for (int i = 0; i < presets_count(presets) && !failed; i++)
        failed = table_add(table, "preset") < 0 ||
                 table_add(table, "%s", presets_name(presets, i)) < 0 ||
                 table_add(table, "%s", presets_specification(presets, i)) < 0 ||
                 table_add(table, "%s", "") < 0;
    for (int i = 0; sparsity_pattern_name(i) && !failed; i++)
        failed = table_add(table, "pattern") < 0 ||
                 table_add(table, "%s", sparsity_pattern_name(i)) < 0 ||
                 table_add(table, "%s", sparsity_pattern_usage(i)) < 0 ||
                 table_add(table, "%s", sparsity_pattern_help(i)) < 0;
    return command_tell_table(workbench, table, failed, sink);
}

static char *list_text(const struct presets *presets) {
    struct text text;
    if (text_begin(&text) < 0)
        return NULL;
    fprintf(text.stream, "presets:\n");
    for (int i = 0; i < presets_count(presets); i++)
        print_row(text.stream, presets_name(presets, i), presets_specification(presets, i));
    fprintf(text.stream, "\npatterns, joined with + (kept by either) and & (kept by both), "
                         "restricted with @L2.H5:\n");
    for (int i = 0; sparsity_pattern_name(i); i++)
        print_row(text.stream, sparsity_pattern_usage(i), sparsity_pattern_help(i));
    return text_end(&text);
}

int command_presets(struct workbench *workbench, const struct arguments *arguments,
                    struct sink *sink) {
    (void)arguments;
    struct relay relay;
    int status = list_json(workbench->presets, command_objects(workbench, sink, &relay));
    if (status != COMMAND_DONE || workbench->settings.json)
        return status;
    return workbench->settings.tables == TABLES_TSV
               ? list_table(workbench, sink)
               : sink_result_owned(sink, list_text(workbench->presets));
}
