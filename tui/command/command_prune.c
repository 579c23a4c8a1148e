/*
 * command_prune.c - heads off: one by hand, many by what a data set says.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "viz/table.h"

#define ROWS_DEFAULT 200
#define MOST_NUMBER 1000000

static int switched_arm(const struct workbench *workbench, const struct arguments *arguments) {
    const char *arm = arguments_option(arguments, "arm");
    return arm ? (strcasecmp(arm, "a") == 0 ? ARM_A : ARM_B) : mask_arm(workbench);
}

/* ---- ablate ---------------------------------------------------------------------------------- */

static COMMAND_HANDLER(run_ablate) {
    const char *head = arguments_get(arguments, 0), *how = arguments_get(arguments, 1);
    int arm = switched_arm(workbench, arguments), status;
    struct sawb_error error;
    struct head_place place;
    if (head && strcasecmp(head, "none") == 0) {
        status = pruning_all_on(workbench, arm, &error);
        return status < 0 ? command_fail(sink, &error) : COMMAND_DONE;
    }
    if (command_head_place(workbench, head, &place, &error) < 0) {
        error_prefix(&error, "ablate");
        return command_misuse(sink, &error);
    }
    enum head_switch change = !how || strcasecmp(how, "toggle") == 0 ? HEAD_TOGGLE
                              : strcasecmp(how, "off") == 0          ? HEAD_OFF
                                                                     : HEAD_ON;
    status = pruning_switch(workbench, arm, place, change, &error);
    return status < 0 ? command_fail(sink, &error) : COMMAND_DONE;
}

/* ---- prune ----------------------------------------------------------------------------------- */

struct pruning_out {
    struct workbench *workbench;
    struct sink *sink;
    int failed;
};

static char *point_json(const struct point *point) {
    struct record record = record_begin();
    record_number(&record, "heads_off", point->x);
    record_number(&record, "layer", point->index > 0 ? point->values[PRUNE_LAYER] : NAN);
    record_number(&record, "head", point->index > 0 ? point->values[PRUNE_HEAD] : NAN);
    record_number(&record, "accuracy", point->values[PRUNE_ACCURACY]);
    record_number(&record, "loss", point->values[PRUNE_LOSS]);
    record_number(&record, "rows", point->values[PRUNE_ROWS]);
    return record_print(&record);
}

static void read_point(void *user, const struct event *event) {
    struct pruning_out *out = user;
    const struct point *point = &event->data.point;
    if (event->kind != EVENT_POINT || strcmp(point->series, SERIES_PRUNING) != 0)
        return;
    if (out->workbench->settings.json) {
        out->failed |= sink_result_owned(out->sink, point_json(point)) != COMMAND_DONE;
        return;
    }
    command_keep(out->workbench, point_json(point));
    static const char *const titles[] = {">heads_off", "head", ">accuracy", ">loss"};
    static const int widths[] = {9, 6, 8, 8};
    char head[32] = "-";
    if (point->index > 0)
        snprintf(head, sizeof(head), "%d.%d", (int)point->values[PRUNE_LAYER],
                 (int)point->values[PRUNE_HEAD]);
    struct table *table = table_create(titles, 4, NULL);
    int failed = !table || table_add(table, "%d", (int)point->x) < 0 ||
                 table_add(table, "%s", head) < 0 ||
                 table_add(table, "%.4f", point->values[PRUNE_ACCURACY]) < 0 ||
                 table_add(table, "%.4f", point->values[PRUNE_LOSS]) < 0;
    if (!failed)
        table_least(table, widths);
    out->failed |= command_tell_row(out->workbench, table, failed, (int)point->index, out->sink) !=
                   COMMAND_DONE;
}

static int apply(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    const char *word = arguments_get(arguments, 1);
    struct sawb_error error;
    char *end = NULL;
    long count = word ? strtol(word, &end, 10) : -1;
    if (!word || end == word || *end || count < 0 || count > MOST_NUMBER) {
        error_set(&error, "prune: `prune apply N` takes the first N heads off that were removed");
        return command_misuse(sink, &error);
    }
    int arm = arguments_option(arguments, "arm") ? switched_arm(workbench, arguments)
                                                 : workbench->pruning.run.arm;
    if (pruning_apply(workbench, arm, (int)count, &error) < 0)
        return command_fail(sink, &error);
    return COMMAND_DONE;
}

/* The arm's own model and pattern where a screen shows them, else as command_arm has them. */
static int pruned_arm(struct workbench *workbench, const struct arguments *arguments,
                      struct sink *sink, int which, struct job_arm *arm) {
    struct sawb_error error;
    if (sink->wait)
        return command_arm(workbench, arguments, sink, arm);
    if (command_load(workbench, sink, &error) < 0)
        return command_fail(sink, &error);
    *arm = (struct job_arm){model_retain(workbench->arms[which].model), workbench->arms[which].spec,
                            workbench->presets};
    return COMMAND_DONE;
}

static COMMAND_HANDLER(run_prune) {
    const char *file = arguments_get(arguments, 0), *by = arguments_option(arguments, "by");
    long rows = ROWS_DEFAULT, until = 0;
    struct sawb_error error;
    if (strcasecmp(file, "apply") == 0)
        return apply(workbench, arguments, sink);
    if (arguments_count(arguments) > 1) {
        error_set(&error, "prune: one file, not two");
        return command_misuse(sink, &error);
    }
    if (arguments_int(arguments, "rows", 0, MOST_NUMBER, &rows, &error) < 0 ||
        arguments_int(arguments, "until", 0, MOST_NUMBER, &until, &error) < 0)
        return command_misuse(sink, &error);
    int which = sink->wait && !arguments_option(arguments, "arm")
                    ? ARM_A
                    : switched_arm(workbench, arguments);
    struct job_arm arm;
    int status = pruned_arm(workbench, arguments, sink, which, &arm);
    if (status != COMMAND_DONE)
        return status;
    struct prune_options options = {
        .path = file,
        .rows = (int)rows,
        .until = (int)until,
        .arm = which,
        .by = by && strcasecmp(by, "one-at-a-time") == 0 ? PRUNE_ONE_AT_A_TIME : PRUNE_GREEDY,
        .seed = workbench->settings.seed};
    int number = workbench_submit(workbench, job_prune(&arm, &options, &error), &error);
    model_release(arm.model);
    if (number < 0 || pruning_begin(workbench, number, which, file, &error) < 0)
        return command_fail(sink, &error);
    if (!sink->wait) {
        workbench_show(workbench, VIEW_PRUNING);
        return COMMAND_DONE;
    }
    struct pruning_out out = {workbench, sink, 0};
    struct waiting waiting = {sink, NULL, read_point, &out};
    status = command_wait(workbench, number, &waiting);
    return out.failed ? COMMAND_FAILED : status;
}

static const struct option_row ablate_options[] = {
    {"arm", 0, ARGUMENT_CHOICE, "a|b", "arm that is changed (default: that of edit-arm, b)"},
    {0},
};

static const struct option_row prune_options[] = {
    {"rows", 0, ARGUMENT_NUMBER, "N",
     "a sample of so many rows, drawn by the seed, 0: all (default: 200)"},
    {"until", 0, ARGUMENT_NUMBER, "N", "end when so many heads are removed (default: all)"},
    {"by", 0, ARGUMENT_CHOICE, "greedy|one-at-a-time",
     "try every head in every round, or only in the first, which is faster (default: greedy)"},
    {"arm", 0, ARGUMENT_CHOICE, "a|b",
     "arm whose model and pattern are pruned (default: that of edit-arm, b; in a shell a)"},
    {0},
};

const struct command commands_prune[] = {
    {.name = "ablate",
     .usage = "[L.H|none] [toggle|off|on]",
     .positionals = {{ARGUMENT_HEAD, "none"}, {ARGUMENT_CHOICE, "toggle|off|on"}},
     .maximum = 2,
     .help = "switch a head off, so that its output is zero, or on again; none: all heads on",
     .details = "Without L.H (layer and head, from 0) the head looked at. It becomes part of the "
                "arm's pattern, `heads_off(L.H)`, and so of training and of what is saved.",
     .options = ablate_options,
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_ablate},
    {.name = "prune",
     .usage = "FILE | apply N",
     .positionals = {{ARGUMENT_FILE, "apply"}, {ARGUMENT_NUMBER, NULL}},
     .minimum = 1,
     .maximum = 2,
     .help = "remove heads one by one, always the one that costs least accuracy on FILE",
     .details =
         "Each round tries every head that is left and removes the one without which accuracy, "
         "and of equals the loss, is best. A row for each removal: heads off, the head, accuracy "
         "and loss. `prune apply N` then switches "
         "the first N off in the arm.",
     .options = prune_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE,
     .run = run_prune},
    {0},
};
