/*
 * command_bench.c - bench: how long things take; its sweeps, which time dense against sparse; and
 * timing, which moves over what they have measured.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/json.h"
#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "tui/command/relay.h"
#include "viz/figure.h"
#include "viz/table.h"

#define FAMILIES_DEFAULT "local,block_local,block_topk,topk"
#define TARGETS_DEFAULT "0,0.2,0.4,0.6,0.8,0.9,0.95"
#define TARGET_DEFAULT 0.8
#define LENGTH_DEFAULT 512
#define LENGTH_MOST 16384
#define SECONDS_MOST 3600

/* ---- a list of lengths ----------------------------------------------------------------------- */

static int read_lengths(const char *list, int lengths[BENCH_LENGTHS_MOST], int *count,
                        struct sawb_error *error) {
    *count = 0;
    for (const char *at = list;; at++) {
        char *end;
        long value = strtol(at, &end, 10);
        if (end == at || value < 2 || value > LENGTH_MOST || (*end && *end != ','))
            return error_set(error,
                             "bench: --lengths: numbers of tokens from 2 to %d, separated by "
                             "commas, are needed: 32,128,512; not \"%s\"",
                             LENGTH_MOST, list);
        if (*count == BENCH_LENGTHS_MOST)
            return error_set(error, "bench: --lengths: at most %d can be measured",
                             BENCH_LENGTHS_MOST);
        lengths[(*count)++] = (int)value;
        at = end;
        if (!*at)
            return 0;
    }
}

static int by_length(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

/* ---- the measurements ------------------------------------------------------------------------ */

struct telling {
    struct workbench *workbench;
    struct sink *sink;
    int lines, failed; /* told so far; one of them could not be */
};

static void read_measurement(void *user, const struct event *event) {
    struct telling *telling = user;
    static const char *const titles[] = {"name", ">n", ">runs", ">median ms", ">p10 ms", ">p90 ms"};
    static const int widths[] = {18, 5, 5, 12, 10, 10};
    const struct measurement *measurement = &event->data.measurement;
    if (event->kind != EVENT_BENCH)
        return;
    if (telling->workbench->settings.json) {
        telling->failed |=
            sink_result_owned(telling->sink, answer_measurement(measurement)) != COMMAND_DONE;
        return;
    }
    command_keep(telling->workbench, answer_measurement(measurement));
    struct table *table = table_create(titles, 6, NULL);
    int failed = !table || table_add(table, "%s", measurement->name) < 0 ||
                 table_add(table, "%d", measurement->n) < 0 ||
                 table_add(table, "%d", measurement->runs) < 0 ||
                 table_add(table, "%.4f", measurement->median_ms) < 0 ||
                 table_add(table, "%.4f", measurement->p10_ms) < 0 ||
                 table_add(table, "%.4f", measurement->p90_ms) < 0;
    if (!failed)
        table_least(table, widths);
    telling->failed |= command_tell_row(telling->workbench, table, failed, telling->lines++,
                                        telling->sink) != COMMAND_DONE;
}

static int measure(struct workbench *workbench, const struct arguments *arguments,
                   struct sink *sink) {
    struct telling telling = {.workbench = workbench, .sink = sink};
    struct waiting waiting = {sink, NULL, read_measurement, &telling};
    struct bench_options options = {.filter = arguments_get(arguments, 0),
                                    .seed = workbench->settings.seed};
    const char *lengths = arguments_option(arguments, "lengths");
    struct sawb_error error;
    struct job_arm arm;
    if ((lengths && read_lengths(lengths, options.lengths, &options.length_count, &error) < 0) ||
        arguments_double(arguments, "seconds", 0.001, SECONDS_MOST, &options.seconds, &error) < 0)
        return command_misuse(sink, &error);
    int status = command_arm(workbench, arguments, sink, &arm);
    if (status != COMMAND_DONE)
        return status;
    status = command_job(workbench, job_bench(&arm, &options, &error), &waiting, &error);
    model_release(arm.model);
    return status == COMMAND_DONE && telling.failed ? COMMAND_FAILED : status;
}

/* ---- what to sweep --------------------------------------------------------------------------- */

/* Owned names, and where the job's options point to them. */
struct request {
    struct timing_options options;
    char *names[SWEEP_FAMILIES_MOST];
};

static void request_free(struct request *request) {
    for (int i = 0; i < SWEEP_FAMILIES_MOST; i++)
        free(request->names[i]);
}

/* The axes, and what stands still: 80 %, 512 tokens. */
static int read_axes(const char *axes, int *by_length_too, int *by_sparsity_too,
                     struct sawb_error *error) {
    static const char *const words[] = {"n", "s", "n,s", "s,n"};
    for (int i = 0; i < 4; i++)
        if (strcasecmp(axes, words[i]) == 0) {
            *by_length_too = i != 1;
            *by_sparsity_too = i != 0;
            return 0;
        }
    return error_set(error, "bench: --sweep: n (length), s (sparsity) or n,s; not \"%s\"", axes);
}

/* Lengths that go with what is timed, up to what the model takes. */
static void usual_lengths(struct timing_options *options, int several, int limit) {
    static const int kernel[] = {32, 64, 128, 256, 512, 1024, 2048};
    static const int model[] = {8, 16, 32, 64, 128, 256, 512};
    const int *lengths = options->what == TIME_KERNEL ? kernel : model;
    int most = options->what == TIME_KERNEL ? LENGTH_MOST : limit;
    options->length_count = 0;
    for (int i = 0; several && i < 7 && lengths[i] <= most; i++)
        options->lengths[options->length_count++] = lengths[i];
    if (options->length_count == 0)
        options->lengths[options->length_count++] = LENGTH_DEFAULT < most ? LENGTH_DEFAULT : most;
}

static int read_request(struct workbench *workbench, const struct arguments *arguments, int what,
                        const struct model *model, struct request *request,
                        struct sawb_error *error) {
    struct timing_options *options = &request->options;
    const char *axes = arguments_option(arguments, "sweep");
    const char *lengths = arguments_option(arguments, "lengths");
    const char *targets = arguments_option(arguments, "sparsities");
    const char *families = arguments_option(arguments, "family");
    int several_lengths = 0, several_targets = 0;
    *options = (struct timing_options){.what = (enum timing_what)what,
                                       .seconds = what == TIME_TRAIN ? 1 : 0.3,
                                       .seed = workbench->settings.seed};
    if (read_axes(axes, &several_lengths, &several_targets, error) < 0 ||
        arguments_double(arguments, "seconds", 0.001, SECONDS_MOST, &options->seconds, error) < 0 ||
        family_list("bench", families ? families : FAMILIES_DEFAULT, request->names,
                    options->families, &options->family_count, error) < 0)
        return -1;
    usual_lengths(options, several_lengths, model_token_limit(model));
    if (lengths && read_lengths(lengths, options->lengths, &options->length_count, error) < 0)
        return -1;
    qsort(options->lengths, (size_t)options->length_count, sizeof(int), by_length);
    options->targets[options->target_count++] = TARGET_DEFAULT;
    if ((targets || several_targets) &&
        share_list("bench: --sparsities", targets ? targets : TARGETS_DEFAULT, options->targets,
                   &options->target_count, error) < 0)
        return -1;
    return 0;
}

/* ---- what a sweep tells ---------------------------------------------------------------------- */

static char *answer_point(const struct timing_state *state, int length, int family, int target) {
    const struct timing_point *point = timing_at(state, length, family, target);
    struct record record = record_begin();
    record_text(&record, "name", timing_words[state->options.what]);
    record_number(&record, "n", state->options.lengths[length]);
    record_text(&record, "family", state->families[family]);
    record_sparsity(&record, point->pattern, point->target, point->realised);
    record_text(&record, "kernel", point->kernel);
    record_number(&record, "runs", point->rounds);
    record_number(&record, "dense_ms", point->dense);
    record_number(&record, "median_ms", point->sparse);
    record_number(&record, "p10_ms", point->p10);
    record_number(&record, "p90_ms", point->p90);
    record_number(&record, "ideal_ms", timing_value(point, TIMING_SHOWS_TIME, TIMING_LINE_IDEAL));
    record_number(&record, "ratio", point->ratio);
    record_number(&record, "ratio_p10", point->ratio_p10);
    record_number(&record, "ratio_p90", point->ratio_p90);
    record_number(&record, "attention_share", point->share);
    record_number(&record, "ceiling", timing_value(point, TIMING_SHOWS_GAIN, TIMING_LINE_CEILING));
    return record_print(&record);
}

static void read_point(void *user, const struct event *event) {
    struct telling *telling = user;
    telling->lines += event->kind == EVENT_POINT;
}

static int tell_objects(const struct timing_state *state, struct sink *sink) {
    const struct timing_options *options = &state->options;
    int status = COMMAND_DONE;
    for (int i = 0; i < options->length_count; i++)
        for (int f = 0; f < options->family_count; f++)
            for (int t = 0; t < options->target_count && status == COMMAND_DONE; t++)
                if (timing_at(state, i, f, t)->rounds)
                    status = sink_result_owned(sink, answer_point(state, i, f, t));
    return status;
}

static int add_point(struct table *table, int tokens, const struct timing_point *point) {
    return table_add(table, "%d", tokens) < 0 || table_add(table, "%s", point->pattern) < 0 ||
           table_add(table, "%.1f", 100 * point->realised) < 0 ||
           table_add(table, "%s", point->kernel) < 0 ||
           table_add(table, "%.4f", point->dense) < 0 ||
           table_add(table, "%.4f", point->sparse) < 0 ||
           table_add(table, "%.4f", timing_value(point, TIMING_SHOWS_TIME, TIMING_LINE_IDEAL)) <
               0 ||
           table_add(table, "%.2f", point->ratio) < 0 ||
           table_add(table, "%.2f-%.2f", point->ratio_p10, point->ratio_p90) < 0 ||
           table_add(table, "%.2f", timing_value(point, TIMING_SHOWS_GAIN, TIMING_LINE_CEILING)) <
               0 ||
           table_add(table, "%.1f", 100 * point->share) < 0 ||
           table_add(table, "%d", point->rounds) < 0;
}

static int tell_table(const struct workbench *workbench, struct sink *sink) {
    static const char *const titles[] = {">n",        "pattern",    ">removed %",   "kernel",
                                         ">dense ms", ">sparse ms", ">ideal ms",    ">times faster",
                                         ">p10-p90",  ">ceiling",   ">attention %", ">runs"};
    const struct timing_state *state = &workbench->timing;
    const struct timing_options *options = &state->options;
    struct table *table = table_create(titles, sizeof(titles) / sizeof(titles[0]), NULL);
    int failed = !table;
    for (int i = 0; i < options->length_count; i++)
        for (int f = 0; f < options->family_count; f++)
            for (int t = 0; t < options->target_count && !failed; t++)
                if (timing_at(state, i, f, t)->rounds)
                    failed = add_point(table, options->lengths[i], timing_at(state, i, f, t));
    char *text = failed ? NULL : command_table(workbench, table);
    table_free(table);
    return sink_result_owned(sink, text);
}

static int tell_picture(const struct workbench *workbench, struct sink *sink) {
    struct figure figure = {0};
    struct sawb_error error;
    if (timing_plots(workbench, &figure, &error) == 0)
        return command_draw(workbench, &figure, sink);
    figure_free(&figure);
    return command_fail(sink, &error);
}

/* Also what a stopped sweep has got. */
static int tell(struct workbench *workbench, struct sink *sink) {
    struct relay relay;
    int status = tell_objects(&workbench->timing, command_objects(workbench, sink, &relay));
    if (status != COMMAND_DONE || workbench->settings.json)
        return status;
    status = tell_table(workbench, sink);
    return status == COMMAND_DONE ? tell_picture(workbench, sink) : status;
}

static int sweep(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    struct telling telling = {.workbench = workbench, .sink = sink};
    struct waiting waiting = {sink, NULL, read_point, &telling};
    struct request request = {.names = {NULL}};
    const char *word = arguments_get(arguments, 0);
    struct sawb_error error;
    struct job_arm arm;
    int what = 0;
    while (word && what < TIME_WHATS && strcmp(word, timing_words[what]) != 0)
        what++;
    if (what == TIME_WHATS) {
        error_set(&error, "bench: --sweep times kernel, model or train, not \"%s\"", word);
        return command_misuse(sink, &error);
    }
    int status = command_arm(workbench, arguments, sink, &arm);
    if (status != COMMAND_DONE)
        return status;
    if (read_request(workbench, arguments, what, arm.model, &request, &error) < 0) {
        model_release(arm.model);
        request_free(&request);
        return command_misuse(sink, &error);
    }
    int job = workbench_submit(workbench, job_timing(&arm, &request.options, &error), &error);
    if (job < 0 || timing_begin(workbench, job, &request.options, arm.model, &error) < 0) {
        status = command_fail(sink, &error);
    } else if (sink->wait) {
        status = command_wait(workbench, job, &waiting);
        int told = telling.lines > 0 ? tell(workbench, sink) : COMMAND_DONE;
        status = status == COMMAND_DONE ? told : status;
    } else {
        workbench_show(workbench, VIEW_TIMING);
    }
    model_release(arm.model);
    request_free(&request);
    return status;
}

int command_bench(struct workbench *workbench, const struct arguments *arguments,
                  struct sink *sink) {
    const char *name = arguments_get(arguments, 0), *data = arguments_get(arguments, 1);
    int sweeps = arguments_option(arguments, "sweep") != NULL;
    struct sawb_error error;
    if (!sweeps && name && strcmp(name, "train") == 0)
        return command_bench_train(workbench, arguments, sink);
    if (data) {
        error_set(&error,
                  "bench: \"%s\" is too much; only `bench train` without --sweep takes data", data);
        return command_misuse(sink, &error);
    }
    return sweeps ? sweep(workbench, arguments, sink) : measure(workbench, arguments, sink);
}

/* ---- timing ---------------------------------------------------------------------------------- */

static COMMAND_HANDLER(command_timing) {
    static const struct {
        const char *name;
        int length, family, target;
    } moves[] = {{"left", 0, 0, -1}, {"right", 0, 0, 1},    {"up", 0, -1, 0},
                 {"down", 0, 1, 0},  {"shorter", -1, 0, 0}, {"longer", 1, 0, 0}};
    const char *word = arguments_get(arguments, 0);
    struct sawb_error error;
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        if (strcasecmp(word, moves[i].name) == 0) {
            timing_move(workbench, moves[i].length, moves[i].family, moves[i].target);
            return COMMAND_DONE;
        }
    if (strcasecmp(word, "apply") == 0) {
        if (timing_apply(workbench, &error) < 0)
            return command_fail(sink, &error);
        sink_note(sink, "B: %s", workbench->arms[ARM_B].spec);
        return COMMAND_DONE;
    }
    if (timing_measure(workbench, &error) < 0)
        return command_fail(sink, &error);
    struct waiting waiting = {.sink = sink};
    return sink->wait ? command_wait(workbench, workbench->timing.live_job, &waiting)
                      : COMMAND_DONE;
}

#define TIMING_WORDS "measure|left|right|up|down|shorter|longer|apply"

const struct command commands_timing[] = {
    {.name = "timing",
     .usage = TIMING_WORDS,
     .positionals = {{ARGUMENT_CHOICE, TIMING_WORDS}},
     .minimum = 1,
     .maximum = 1,
     .help = "measure A against B, and move over the points of `bench --sweep`",
     .details =
         "measure times the attention of a layer and the whole model for the sentence, A and B in "
         "turns for about a second and a half, and gives way to whatever else is asked; while the "
         "view timing is in sight that is done once for each answer by itself. left and right "
         "choose a sparsity, up and down a family, shorter and longer a length; apply gives B the "
         "pattern under the cursor.",
     .where = COMMAND_SCRIPT | COMMAND_SCREEN,
     .run = command_timing},
    {0},
};
