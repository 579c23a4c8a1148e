/*
 * command_sweep.c - sweep: measuring against sparsity, and moving over what was measured.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tui/command/answer.h"
#include "tui/command/arguments.h"
#include "tui/command/handlers.h"
#include "tui/command/relay.h"
#include "viz/table.h"

#define ROWS_DEFAULT 256
#define ROWS_MOST 10000000

static const struct option_row sweep_options[] = {
    {"family", 0, ARGUMENT_FAMILY, "NAME,...",
     "families to compare: names, or patterns with a ? for what varies (default: topk)"},
    {"points", 0, ARGUMENT_TEXT, "LIST",
     "shares to remove, e.g. 50,80,90 in % or 0.5,0.8 (default: 0 to 90 in tens, and 95)"},
    {"rows", 0, ARGUMENT_NUMBER, "N", "rows of the sample, chosen by the seed (default: 256)"},
    {"arm", 0, ARGUMENT_CHOICE, "a|b", "arm whose model is measured (default: a)"},
    {0},
};

/* ---- what to measure ------------------------------------------------------------------------- */

/* Owned names, and where the job's options point to them. */
struct request {
    struct sweep_options options;
    char *names[SWEEP_FAMILIES_MOST];
};

static void request_free(struct request *request) {
    for (int i = 0; i < request->options.family_count; i++)
        free(request->names[i]);
}

/* Bytes up to a comma outside of brackets. */
static size_t part_length(const char *text) {
    size_t at = 0;
    for (int depth = 0; text[at] && (text[at] != ',' || depth > 0); at++) {
        depth += text[at] == '(';
        depth -= text[at] == ')';
    }
    return at;
}

int family_list(const char *command, const char *list, char *names[SWEEP_FAMILIES_MOST],
                const char *families[SWEEP_FAMILIES_MOST], int *count, struct sawb_error *error) {
    for (const char *at = list;; at++) {
        size_t begin = strspn(at, " "), length = part_length(at + begin);
        if (length == 0)
            return error_set(error, "%s: --family: a name is missing in \"%s\"", command, list);
        if (*count == SWEEP_FAMILIES_MOST)
            return error_set(error, "%s: --family: at most %d families can be compared", command,
                             SWEEP_FAMILIES_MOST);
        char *name = strndup(at + begin, length);
        if (!name)
            return error_set(error, "%s: out of memory", command);
        names[*count] = name;
        families[(*count)++] = name;
        at += begin + length;
        if (!*at)
            return 0;
    }
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int share_list(const char *option, const char *list, double shares[SWEEP_TARGETS_MOST], int *count,
               struct sawb_error *error) {
    *count = 0;
    for (const char *at = list;; at++) {
        char *end;
        double value = strtod(at, &end);
        int wrong = end == at;
        if (!wrong && (*end == '%' || value >= 1))
            value /= 100;
        end += !wrong && *end == '%';
        wrong |= !(value >= 0 && value < 1) || (*end && *end != ',');
        if (wrong)
            return error_set(error,
                             "%s: shares from 0 to below 100 %%, separated by commas, are needed: "
                             "50,80,90 or 0.5,0.8; not \"%s\"",
                             option, list);
        if (*count == SWEEP_TARGETS_MOST)
            return error_set(error, "%s: at most %d can be measured", option, SWEEP_TARGETS_MOST);
        shares[(*count)++] = value;
        at = end;
        if (!*at)
            break;
    }
    qsort(shares, (size_t)*count, sizeof(double), by_value);
    return 0;
}

/* Adds to those there are. */
static int add_families(struct request *request, const char *list, struct sawb_error *error) {
    struct sweep_options *options = &request->options;
    return family_list("sweep", list, request->names, options->families, &options->family_count,
                       error);
}

static int read_request(struct workbench *workbench, const struct arguments *arguments,
                        struct request *request, struct sawb_error *error) {
    const char *points = arguments_option(arguments, "points");
    struct sweep_options *options = &request->options;
    long rows = ROWS_DEFAULT;
    *options = (struct sweep_options){.path = arguments_get(arguments, 0),
                                      .seed = workbench->settings.seed};
    if (arguments_int(arguments, "rows", 1, ROWS_MOST, &rows, error) < 0 ||
        share_list("sweep: --points", points ? points : "0,10,20,30,40,50,60,70,80,90,95",
                   options->targets, &options->target_count, error) < 0)
        return -1;
    options->rows = (int)rows;
    for (int i = 0; i < arguments->option_count; i++)
        if (strcmp(arguments->options[i].row->name, "family") == 0 &&
            add_families(request, arguments->options[i].value, error) < 0)
            return -1;
    return options->family_count > 0 ? 0 : add_families(request, "topk", error);
}

/* ---- what was measured ----------------------------------------------------------------------- */

static int tell_json(const struct sweep_state *state, struct sink *sink) {
    int status = COMMAND_DONE;
    for (int i = 0; i < state->family_count * state->target_count && status == COMMAND_DONE; i++) {
        const struct sweep_result *result = &state->results[i];
        if (result->rows == 0)
            continue;
        struct record record = record_begin();
        record_text(&record, "family", state->families[i / state->target_count]);
        record_sparsity(&record, result->pattern, result->target, result->realised);
        record_number(&record, "accuracy", result->values[SHOWN_ACCURACY]);
        record_number(&record, "standard_error", sweep_standard_error(result));
        record_number(&record, "loss", result->values[SHOWN_LOSS]);
        record_number(&record, "mass_kept", result->values[SHOWN_MASS]);
        record_number(&record, "agreement", result->values[SHOWN_AGREEMENT]);
        record_number(&record, "rows", result->rows);
        status = sink_result_owned(sink, record_print(&record));
    }
    return status;
}

static int add_number(struct table *table, double value) {
    return isnan(value) ? table_add(table, "%s", "") : table_add(table, "%.6g", value);
}

static int tell_table(const struct workbench *workbench, struct sink *sink) {
    static const char *const titles[] = {"family",          ">target", ">removed",   ">accuracy",
                                         ">standard_error", ">loss",   ">mass_kept", ">agreement",
                                         ">rows",           "pattern"};
    const struct sweep_state *state = &workbench->sweep;
    struct table *table = table_create(titles, sizeof(titles) / sizeof(titles[0]), NULL);
    int failed = !table;
    for (int i = 0; i < state->family_count * state->target_count && !failed; i++) {
        const struct sweep_result *result = &state->results[i];
        if (result->rows == 0)
            continue;
        failed = table_add(table, "%s", state->families[i / state->target_count]) < 0 ||
                 add_number(table, result->target) < 0 || add_number(table, result->realised) < 0 ||
                 add_number(table, result->values[SHOWN_ACCURACY]) < 0 ||
                 add_number(table, sweep_standard_error(result)) < 0 ||
                 add_number(table, result->values[SHOWN_LOSS]) < 0 ||
                 add_number(table, result->values[SHOWN_MASS]) < 0 ||
                 add_number(table, result->values[SHOWN_AGREEMENT]) < 0 ||
                 table_add(table, "%d", result->rows) < 0 ||
                 table_add(table, "%s", result->pattern) < 0;
    }
    return command_tell_table(workbench, table, failed, sink);
}

/* Also what a stopped sweep has got: whole curves of fewer rows. */
static int tell(struct workbench *workbench, struct sink *sink) {
    const struct sweep_state *state = &workbench->sweep;
    if (state->dense.rows == 0)
        return COMMAND_DONE;
    if (state->dense.labelled > 0)
        sink_note(sink, "dense: accuracy %.4f (standard error %.4f), loss %.4f on %d rows",
                  state->dense.values[SHOWN_ACCURACY], sweep_standard_error(&state->dense),
                  state->dense.values[SHOWN_LOSS], state->dense.rows);
    else
        sink_note(sink, "the rows have no labels: there is neither accuracy nor loss");
    struct relay relay;
    int status = tell_json(state, command_objects(workbench, sink, &relay));
    return status != COMMAND_DONE || workbench->settings.json ? status
                                                              : tell_table(workbench, sink);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int measure(struct workbench *workbench, const struct arguments *arguments,
                   struct sink *sink) {
    struct request request = {.names = {NULL}};
    struct sawb_error error;
    struct job_arm arm;
    if (read_request(workbench, arguments, &request, &error) < 0) {
        request_free(&request);
        return command_misuse(sink, &error);
    }
    int status = command_arm(workbench, arguments, sink, &arm);
    if (status != COMMAND_DONE) {
        request_free(&request);
        return status;
    }
    struct job *job = job_sweep(&arm, &request.options, &error);
    int number = workbench_submit(workbench, job, &error);
    if (number < 0 || sweep_begin(workbench, number, &request.options, arm.model, &error) < 0) {
        status = command_fail(sink, &error);
    } else if (sink->wait) {
        struct waiting waiting = {.sink = sink};
        status = command_wait(workbench, number, &waiting);
        if (workbench->sweep.stopped && workbench->sweep.dense.rows > 0)
            sink_note(sink, "the sweep was stopped: its points are those of %d rows",
                      workbench->sweep.dense.rows);
        int told = tell(workbench, sink);
        status = status == COMMAND_DONE ? told : status;
    } else {
        workbench_show(workbench, VIEW_SWEEP);
    }
    model_release(arm.model);
    request_free(&request);
    return status;
}

static int move(struct workbench *workbench, const char *word, const char *second,
                struct sink *sink) {
    static const struct {
        const char *name;
        int family, target;
    } moves[] = {{"left", 0, -1},
                 {"right", 0, 1},
                 {"up", -1, 0},
                 {"down", 1, 0},
                 {"first", 0, -SWEEP_TARGETS_MOST},
                 {"last", 0, SWEEP_TARGETS_MOST}};
    struct sawb_error error;
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        if (strcasecmp(word, moves[i].name) == 0) {
            sweep_move(workbench, moves[i].family, moves[i].target);
            return COMMAND_DONE;
        }
    long number = second ? strtol(second, NULL, 10) : 0;
    if (number < 1 || number > workbench->sweep.target_count) {
        error_set(&error, "sweep point: there are %d points, numbered from 1",
                  workbench->sweep.target_count);
        return command_misuse(sink, &error);
    }
    sweep_move(workbench, 0, (int)number - 1 - workbench->sweep.target);
    return COMMAND_DONE;
}

static int show(struct workbench *workbench, const char *word, struct sink *sink) {
    static const char *const names[SWEEP_SHOWN] = {"accuracy", "loss", "mass", "agreement"};
    struct sawb_error error;
    int found = word && strcasecmp(word, "next") == 0
                    ? ((int)workbench->sweep.shown + 1) % SWEEP_SHOWN
                    : -1;
    for (int i = 0; word && i < SWEEP_SHOWN; i++)
        found = strcasecmp(word, names[i]) == 0 ? i : found;
    if (found < 0) {
        error_set(&error, "sweep show: must be accuracy, loss, mass, agreement or next");
        return command_misuse(sink, &error);
    }
    workbench->sweep.shown = (enum sweep_shown)found;
    workbench->changed = 1;
    return COMMAND_DONE;
}

static int command_sweep(struct workbench *workbench, const struct arguments *arguments,
                         struct sink *sink) {
    static const char *const moves[] = {"left", "right", "up", "down", "first", "last", "point"};
    const char *word = arguments_get(arguments, 0), *second = arguments_get(arguments, 1);
    struct sawb_error error;
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        if (strcasecmp(word, moves[i]) == 0)
            return move(workbench, word, second, sink);
    if (strcasecmp(word, "show") == 0)
        return show(workbench, second, sink);
    if (strcasecmp(word, "apply") == 0) {
        if (sweep_apply(workbench, &error) < 0)
            return command_fail(sink, &error);
        sink_note(sink, "B: %s", workbench->arms[ARM_B].spec);
        return COMMAND_DONE;
    }
    if (second) {
        error_set(&error, "sweep: \"%s\" is too much; one file is measured at a time", second);
        return command_misuse(sink, &error);
    }
    return measure(workbench, arguments, sink);
}

const struct command commands_sweep[] = {
    {.name = "sweep",
     .usage = "FILE|left|right|up|down|first|last|point N|show QUANTITY|apply",
     .positionals = {{ARGUMENT_FILE, "left|right|up|down|first|last|point|show|apply"},
                     {ARGUMENT_TEXT, "accuracy|loss|mass|agreement|next"}},
     .minimum = 1,
     .maximum = 2,
     .help = "accuracy, loss, mass kept and agreement with dense against sparsity, on a data set",
     .details =
         "The families are topk, threshold, block_topk, random, local, block_local, dilated, "
         "strided, fixed, bigbird and nm; a pattern of one's own has a ? for what varies, e.g. "
         "\"topk(?)+global(cls)\" or \"block_topk(8, ?)\". Where that is a share it is the target; "
         "local takes for each sentence the width that comes nearest; where it is a whole number, "
         "the one is taken whose realised sparsity on these rows is nearest. All points advance "
         "together over the rows, so that a stopped sweep is one of fewer rows. Mass kept is the "
         "share of the dense attention that the mask keeps, mean over queries, heads, layers and "
         "rows; agreement the share of rows with the dense model's label. On the screen the other "
         "words move over the points, choose what is "
         "shown first, and give B the pattern under the cursor.",
     .options = sweep_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE,
     .run = command_sweep},
    {0},
};
