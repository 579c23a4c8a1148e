/*
 * command_metrics.c - the metrics of all heads, and the commands of the views heads and metrics.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/json.h"
#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "tui/command/relay.h"
#include "viz/glyphs.h"
#include "viz/table.h"

static int changed(struct workbench *workbench) {
    workbench->changed = 1;
    return COMMAND_DONE;
}

/* ---- metrics --------------------------------------------------------------------------------- */

/* The formulas. */
static int list_metrics(struct workbench *workbench, struct sink *sink) {
    static const char *const titles[] = {"metric", "unit", "formula"};
    struct table *table = table_create(titles, 3, NULL);
    const struct metric *metric;
    int failed = !table;
    for (int i = 0; (metric = metric_get(i)); i++) {
        struct record record = record_begin();
        record_text(&record, "name", metric->name);
        record_text(&record, "unit", metric->unit);
        record_text(&record, "formula", metric->formula);
        failed = failed || command_object(workbench, &record, sink) != COMMAND_DONE ||
                 table_add(table, "%s", metric->name) < 0 ||
                 table_add(table, "%s", metric->unit) < 0 ||
                 table_add(table, "%s", metric->formula) < 0;
    }
    return command_tell_table(workbench, table, failed, sink);
}

static char *json_row(const struct workbench *workbench, int arm, int index) {
    struct record record = record_begin();
    const struct metric *metric;
    int heads = workbench_heads(workbench), layer = index / heads;
    record_text(&record, "arm", arm ? "B" : "A");
    record_text(&record, "spec", workbench->arms[arm].capture->spec);
    record_number(&record, "layer", layer);
    record_number(&record, "head", index % heads);
    for (int i = 0; (metric = metric_get(i)); i++) {
        struct heads_place place = {i, arm ? HEADS_B : HEADS_A};
        record_number(&record, metric->name, heads_value(workbench, place, index));
    }
    return record_print(&record);
}

/* `precise`: all digits, for programs. An empty cell where there is no number. */
static int add_row(struct table *table, const struct workbench *workbench, int arm, int index,
                   int precise) {
    int heads = workbench_heads(workbench), status = 0;
    const struct metric *metric;
    status |= table_add(table, "%d", index / heads);
    status |= table_add(table, "%d", index % heads);
    status |= table_add(table, "%s", arm ? "B" : "A");
    for (int i = 0; (metric = metric_get(i)); i++) {
        struct heads_place place = {i, arm ? HEADS_B : HEADS_A};
        double value = heads_value(workbench, place, index);
        if (isnan(value))
            status |= table_add(table, "%s", precise ? "" : "-");
        else
            status |= precise ? table_add(table, "%.9g", value)
                              : table_add(table, "%.*f", metric->decimals, value);
    }
    return status;
}

/* Rows in the order listed, A above B. Owned by the caller; NULL when out of memory. */
static struct table *make_table(const struct workbench *workbench, const int *order, int count,
                                int precise) {
    const char *titles[3 + METRICS] = {">layer", ">head", "arm"};
    char names[METRICS][24];
    const struct metric *metric;
    for (int i = 0; (metric = metric_get(i)); i++) {
        snprintf(names[i], sizeof(names[i]), ">%s", precise ? metric->name : metric->title);
        titles[3 + i] = names[i];
    }
    struct table *table = table_create(titles, 3 + METRICS, NULL);
    int status = table ? 0 : -1;
    for (int i = 0; status == 0 && i < count * ARMS; i++)
        status = add_row(table, workbench, i % ARMS, order[i / ARMS], precise);
    if (status == 0)
        return table;
    table_free(table);
    return NULL;
}

/* No cell holds a comma, a quote or a tab: tabs become commas. */
static char *comma_separated(char *text) {
    for (char *at = text; at && *at; at++)
        if (*at == '\t')
            *at = ',';
    return text;
}

static int tell_metrics(struct workbench *workbench, const struct arguments *arguments,
                        struct sink *sink) {
    int count, *order = heads_order(workbench, &count), status = COMMAND_DONE;
    int csv = arguments_option(arguments, "csv") != NULL;
    if (!order)
        return command_no_memory(sink);
    struct relay relay;
    struct sink *objects = command_objects(workbench, sink, &relay);
    for (int i = 0; status == COMMAND_DONE && i < count * ARMS; i++)
        status = sink_result_owned(objects, json_row(workbench, i % ARMS, order[i / ARMS]));
    if (status == COMMAND_DONE && !workbench->settings.json) {
        struct table *table = make_table(workbench, order, count, csv);
        char *text = !table ? NULL
                     : csv  ? comma_separated(table_tsv(table))
                            : command_table(workbench, table);
        status = sink_result_owned(sink, text);
        table_free(table);
    }
    free(order);
    return status;
}

/* Waits for the answers to the workbench's sentence, and for the importance. */
static int measure(struct workbench *workbench, struct sink *sink) {
    struct waiting waiting = {.sink = sink};
    struct sawb_error error;
    int wanted = workbench->heads.importance_wanted;
    workbench->heads.importance_wanted = 0;
    int status = workbench_predict(workbench, &error) < 0
                     ? command_fail(sink, &error)
                     : command_wait(workbench, workbench->prediction_job, &waiting);
    workbench->heads.importance_wanted = wanted;
    if (status != COMMAND_DONE)
        return status;
    if (heads_ask_importance(workbench, &error) < 0)
        return command_fail(sink, &error);
    return command_wait(workbench, workbench->heads.importance_job, &waiting);
}

/* Reads --label and --scale; those not given stay as they are. */
static int take_importance_options(struct workbench *workbench, const struct arguments *arguments,
                                   struct sawb_error *error) {
    struct heads *heads = &workbench->heads;
    const char *label = arguments_option(arguments, "label");
    const char *scale = arguments_option(arguments, "scale");
    long number = 0;
    if (label && strcasecmp(label, "predicted") == 0)
        heads->importance_labelled = 0;
    else if (label) {
        if (arguments_int(arguments, "label", 0, INT_MAX, &number, error) < 0)
            return -1;
        heads->importance_labelled = 1;
        heads->importance_label = (int)number;
    }
    for (int i = 0; scale && importance_scale_name(i); i++)
        if (strcasecmp(scale, importance_scale_name(i)) == 0)
            heads->importance_scale = (enum importance_scale)i;
    return 0;
}

static int take_sort_option(struct workbench *workbench, const struct arguments *arguments,
                            struct sawb_error *error) {
    struct heads *heads = &workbench->heads;
    const char *sort = arguments_option(arguments, "sort");
    if (!sort)
        return 0;
    if (heads_place_parse(workbench, sort, &heads->sort, error) < 0)
        return error_prefix(error, "metrics");
    heads->sorted = 1;
    heads->descending = arguments_option(arguments, "ascending") == NULL;
    return 0;
}

/* On the screen: what the answers say. */
static int tell_present(struct workbench *workbench, const struct arguments *arguments,
                        struct sink *sink) {
    struct sawb_error error;
    if (arguments_count(arguments) > 0) {
        error_set(&error, "metrics: on the screen the sentence is set with `text`");
        return command_misuse(sink, &error);
    }
    if (workbench_tokens(workbench) == 0) {
        error_set(&error, "metrics: there is no answer yet");
        return command_fail(sink, &error);
    }
    return tell_metrics(workbench, arguments, sink);
}

/* The workbench's own arms and sentence while a command looks at others. */
struct put_aside {
    struct arm arms[ARMS];
    char *text;
};

/* Puts copies in the place of the arms, without answers, and of the sentence. */
static int put_aside(struct workbench *workbench, struct put_aside *aside) {
    int status = 0;
    aside->text = workbench->text;
    workbench->text = strdup(aside->text);
    for (int i = 0; i < ARMS; i++) {
        struct arm *arm = &workbench->arms[i];
        aside->arms[i] = *arm;
        *arm = (struct arm){.spec = strdup(arm->spec), .stale = 1};
        if (aside->arms[i].model)
            arm->model = model_retain(aside->arms[i].model);
        status |= arm->spec ? 0 : -1;
    }
    return workbench->text ? status : -1;
}

static void put_back(struct workbench *workbench, struct put_aside *aside) {
    for (int i = 0; i < ARMS; i++) {
        capture_free(workbench->arms[i].capture);
        free(workbench->arms[i].spec);
        model_release(workbench->arms[i].model);
        workbench->arms[i] = aside->arms[i];
    }
    free(workbench->text);
    workbench->text = aside->text;
    workbench->prediction_job = workbench->heads.importance_job = 0;
    workbench_clamp(workbench);
}

/* The text, the pattern of B and the model that the line names. */
static int set_up(struct workbench *workbench, const struct arguments *arguments,
                  struct sink *sink) {
    const char *text = arguments_get(arguments, 0);
    const char *spec = arguments_option(arguments, "sparsity");
    const char *model = arguments_option(arguments, "model");
    struct sawb_error error;
    if (spec && workbench_set_spec(workbench, ARM_B, spec, &error) < 0)
        return command_misuse(sink, &error);
    if ((model && workbench_set_model(workbench, -1, model, &error) < 0) ||
        (text && workbench_set_text(workbench, text, &error) < 0))
        return command_fail(sink, &error);
    return COMMAND_DONE;
}

/* In a shell or a script: what the line names is measured, and forgotten. */
static int tell_measured(struct workbench *workbench, const struct arguments *arguments,
                         struct sink *sink) {
    struct put_aside aside;
    struct sawb_error error;
    if (arguments_count(arguments) == 0 && workbench->text[0] == '\0') {
        error_set(&error, "metrics: no text; give a sentence");
        return command_misuse(sink, &error);
    }
    if (workbench_start(workbench, &error) < 0 ||
        (!arguments_option(arguments, "model") && command_load(workbench, sink, &error) < 0))
        return command_fail(sink, &error);
    int status = put_aside(workbench, &aside) < 0 ? command_no_memory(sink)
                                                  : set_up(workbench, arguments, sink);
    if (status == COMMAND_DONE)
        status = measure(workbench, sink);
    if (status == COMMAND_DONE)
        status = tell_metrics(workbench, arguments, sink);
    put_back(workbench, &aside);
    return status;
}

static int command_metrics(struct workbench *workbench, const struct arguments *arguments,
                           struct sink *sink) {
    struct sawb_error error;
    if (arguments_option(arguments, "list"))
        return list_metrics(workbench, sink);
    struct heads kept = workbench->heads;
    if (take_sort_option(workbench, arguments, &error) < 0 ||
        take_importance_options(workbench, arguments, &error) < 0)
        return command_misuse(sink, &error);
    int status = sink->wait ? tell_measured(workbench, arguments, sink)
                            : tell_present(workbench, arguments, sink);
    /* Options of a line count for that line only. */
    struct heads *heads = &workbench->heads;
    heads->sorted = kept.sorted;
    heads->sort = kept.sort;
    heads->descending = kept.descending;
    heads->importance_labelled = kept.importance_labelled;
    heads->importance_label = kept.importance_label;
    heads->importance_scale = kept.importance_scale;
    return status;
}

/* ---- the screen ------------------------------------------------------------------------------ */

/* "a", "b", "difference", or "cycle" from one to the next: whose maps are shown. 0 when it is none.
 */
static int show_heads_of(struct heads *heads, const char *word) {
    static const char *const names[HEADS_KINDS] = {"a", "b", "difference"};
    if (strcasecmp(word, "cycle") == 0) {
        heads->of = (heads->of + 1) % HEADS_KINDS;
        return 1;
    }
    for (int i = 0; i < HEADS_KINDS; i++) {
        if (strcasecmp(word, names[i]) == 0) {
            heads->of = (enum heads_of)i;
            return 1;
        }
    }
    return 0;
}

static int command_heads(struct workbench *workbench, const struct arguments *arguments,
                         struct sink *sink) {
    const char *word = arguments_get(arguments, 0);
    struct sawb_error error;
    if (!show_heads_of(&workbench->heads, word) && heads_move(workbench, word, &error) < 0)
        return command_misuse(sink, &error);
    return changed(workbench);
}

static int command_metric(struct workbench *workbench, const struct arguments *arguments,
                          struct sink *sink) {
    const char *word = arguments_get(arguments, 0);
    struct heads *heads = &workbench->heads;
    struct heads_place place;
    struct sawb_error error;
    int count = 0, found = -1;
    for (; heads_place_get(count, &place); count++)
        if (metric_find(word, strlen(word)) == place.metric && found < 0)
            found = count;
    if (strcasecmp(word, "left") == 0)
        heads->column -= heads->column > 0;
    else if (strcasecmp(word, "right") == 0)
        heads->column += heads->column < count - 1;
    else if (found >= 0)
        heads->column = found;
    else {
        error_set(&error,
                  "metric: must be left, right or the name of a metric, not \"%s\"; "
                  "`metrics --list` lists them",
                  word);
        return command_misuse(sink, &error);
    }
    return changed(workbench);
}

/* The metric `step` after the one sorted by, of the same arm; past the ends: not sorted. */
static void rank_next(struct heads *heads, int step) {
    int metric = heads->sorted ? heads->sort.metric + step : step > 0 ? 0 : METRICS - 1;
    if (!heads->sorted)
        heads->sort.of = heads->of;
    heads->sorted = metric >= 0 && metric < METRICS;
    heads->descending = 1;
    if (heads->sorted)
        heads->sort.metric = metric;
}

static int rank_by(struct workbench *workbench, const char *word, const char *way,
                   struct sawb_error *error) {
    struct heads *heads = &workbench->heads;
    struct heads_place place;
    if (heads_place_parse(workbench, word, &place, error) < 0)
        return error_prefix(error, "rank");
    heads->sort = place;
    heads->sorted = 1;
    heads->descending = !way || strcasecmp(way, "desc") == 0;
    return 0;
}

static void rank_here(struct heads *heads) {
    struct heads_place place = {0};
    heads_place_get(heads->column, &place);
    int again = heads->sorted && heads->sort.metric == place.metric && heads->sort.of == place.of;
    heads->descending = again ? !heads->descending : 1;
    heads->sort = place;
    heads->sorted = 1;
}

/* A gradient that nobody has asked for yet would rank nothing. */
static int importance_for_rank(struct workbench *workbench, struct sink *sink) {
    struct heads *heads = &workbench->heads;
    struct sawb_error error;
    if (!heads->sorted || heads->sort.metric != METRIC_IMPORTANCE || heads->importance_wanted)
        return COMMAND_DONE;
    heads->importance_wanted = 1;
    return heads_ask_importance(workbench, &error) < 0 ? command_fail(sink, &error) : COMMAND_DONE;
}

static int command_rank(struct workbench *workbench, const struct arguments *arguments,
                        struct sink *sink) {
    const char *word = arguments_get(arguments, 0);
    struct heads *heads = &workbench->heads;
    struct sawb_error error;
    if (strcasecmp(word, "off") == 0)
        heads->sorted = 0;
    else if (strcasecmp(word, "reverse") == 0)
        heads->descending = !heads->descending;
    else if (strcasecmp(word, "here") == 0)
        rank_here(heads);
    else if (strcasecmp(word, "next") == 0 && arguments_count(arguments) == 1)
        rank_next(heads, 1);
    else if (strcasecmp(word, "previous") == 0 && arguments_count(arguments) == 1)
        rank_next(heads, -1);
    else if (rank_by(workbench, word, arguments_get(arguments, 1), &error) < 0)
        return command_misuse(sink, &error);
    changed(workbench);
    return importance_for_rank(workbench, sink);
}

static int command_find_heads(struct workbench *workbench, const struct arguments *arguments,
                              struct sink *sink) {
    const char *text = arguments_get(arguments, 0);
    struct heads *heads = &workbench->heads;
    struct sawb_error error;
    changed(workbench);
    if (!text || strcasecmp(text, "off") == 0) {
        heads->search.active = 0;
        return COMMAND_DONE;
    }
    if (strcasecmp(text, "next") == 0 || strcasecmp(text, "previous") == 0) {
        if (heads_find_next(workbench, strcasecmp(text, "next") == 0 ? 1 : -1))
            return COMMAND_DONE;
        error_set(&error, heads->search.active ? "find: no head is like that"
                                               : "find: nothing was searched for yet; as in "
                                                 "`find entropy>0.5`");
        return command_fail(sink, &error);
    }
    if (heads_find(workbench, text, &error) < 0)
        return command_misuse(sink, &error);
    if (heads_matching(workbench) == 0) {
        error_set(&error, "find: no head has %s", text + strspn(text, " "));
        return command_fail(sink, &error);
    }
    return COMMAND_DONE;
}

static int command_importance(struct workbench *workbench, const struct arguments *arguments,
                              struct sink *sink) {
    const char *word = arguments_get(arguments, 0);
    struct heads *heads = &workbench->heads;
    struct sawb_error error;
    if (take_importance_options(workbench, arguments, &error) < 0)
        return command_misuse(sink, &error);
    heads->importance_wanted = word && strcasecmp(word, "off") == 0      ? 0
                               : word && strcasecmp(word, "toggle") == 0 ? !heads->importance_wanted
                                                                         : 1;
    changed(workbench);
    if (heads->importance_wanted)
        return heads_ask_importance(workbench, &error) < 0 ? command_fail(sink, &error)
                                                           : COMMAND_DONE;
    heads->importance_job = 0; /* what is on its way is not wanted any more */
    return COMMAND_DONE;
}

/* ---- the rows -------------------------------------------------------------------------------- */

#define LABEL_HELP "of the loss of the importance, from 0; predicted: the one predicted (default)"
#define SCALE_HELP                                                                                 \
    "of the importance: none (default), layer (over the l2 norm of its layer), paper (then from "  \
    "0 "                                                                                           \
    "to 1 over all heads)"

static const struct option_row metrics_options[] = {
    {"list", 0, ARGUMENT_NONE, NULL, "the metrics with their units and formulas"},
    {"csv", 0, ARGUMENT_NONE, NULL, "as comma-separated values"},
    {"sort", 0, ARGUMENT_TEXT, "METRIC",
     "in the order of a metric, largest first; a., b. or d. (B - A) before it says of which arm"},
    {"ascending", 0, ARGUMENT_NONE, NULL, "smallest first"},
    {"label", 0, ARGUMENT_TEXT, "N", LABEL_HELP},
    {"scale", 0, ARGUMENT_CHOICE, "none|layer|paper", SCALE_HELP},
    {0},
};

static const struct option_row importance_options[] = {
    {"label", 0, ARGUMENT_TEXT, "N", LABEL_HELP},
    {"scale", 0, ARGUMENT_CHOICE, "none|layer|paper", SCALE_HELP},
    {0},
};

#define METRIC_CHOICES                                                                             \
    "entropy|normalised|distance|cls|sep|self|previous|next|sparsity|blocks|mass|divergence|"      \
    "importance"

const struct command commands_metrics[] = {
    {.name = "metrics",
     .usage = "[TEXT]",
     .positionals = {{ARGUMENT_TEXT, NULL}},
     .maximum = 1,
     .help = "numbers of every head of A and B: entropy, distance, shares, sparsity, importance",
     .details =
         "A row for each layer, head and arm. In a shell A is dense and B has the pattern of "
         "-s (default: aggressive_sparse). `metrics --list` says what each number is. With "
         "--json an object a line: arm, spec, layer, head and each metric by its name, "
         "null where it is not defined, as the entropy of a head that is off.",
     .options = metrics_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE,
     .run = command_metrics},
    {.name = "heads",
     .usage = "a|b|difference|cycle | MOVE | L.H",
     .positionals = {{ARGUMENT_HEAD,
                      "a|b|difference|cycle|left|right|up|down|first|last|page-up|page-down|"
                      "previous|next|previous-page|next-page"}},
     .minimum = 1,
     .maximum = 1,
     .help = "whose maps the view of all heads shows, or which head is looked at",
     .details =
         "MOVE is left, right, up, down, page-up or page-down over the maps, previous, next, "
         "previous-page or next-page along their list, first or last; L.H is a head such "
         "as 3.7. cycle goes from A to B to B - A.",
     .where = COMMAND_SCREEN,
     .run = command_heads},
    {.name = "metric",
     .usage = "left|right|METRIC",
     .positionals = {{ARGUMENT_TEXT, "left|right|" METRIC_CHOICES}},
     .minimum = 1,
     .maximum = 1,
     .help = "move the cursor over the columns of the metrics, or to one",
     .where = COMMAND_SCREEN,
     .run = command_metric},
    {.name = "rank",
     .usage = "METRIC [desc|asc] | next|previous|reverse|here|off",
     .positionals = {{ARGUMENT_TEXT, METRIC_CHOICES "|next|previous|reverse|here|off"},
                     {ARGUMENT_CHOICE, "desc|asc"}},
     .minimum = 1,
     .maximum = 2,
     .help = "list the heads in the order of a metric",
     .details = "METRIC is of the arm whose maps are shown; a., b. or d. (B - A) before it names "
                "another, as in `rank d.entropy`. `rank next` takes the next metric of the table; "
                "so that `next` can also be sorted by, `rank next desc` does that.",
     .where = COMMAND_SCREEN,
     .run = command_rank},
    {.name = "find",
     .usage = "METRIC>NUMBER | next|previous|off",
     .positionals = {{ARGUMENT_TEXT, METRIC_CHOICES "|next|previous|off"}},
     .maximum = -1,
     .help = "mark the heads for which this holds, as in entropy>0.5 or b.sep<=0.1",
     .where = COMMAND_SCREEN | COMMAND_RAW,
     .run = command_find_heads},
    {.name = "importance",
     .usage = "[on|off|toggle]",
     .positionals = {{ARGUMENT_CHOICE, "on|off|toggle"}},
     .maximum = 1,
     .help = "the gradient importance of every head, now and for each new answer",
     .options = importance_options,
     .where = COMMAND_SCREEN,
     .run = command_importance},
    {0},
};
