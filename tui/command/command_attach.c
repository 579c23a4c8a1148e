/*
 * command_attach.c - watching and steering a run of another process, and the runs of a folder.
 */
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/session/run_line.h"
#include "core/session/run_log.h"
#include "core/session/run_state.h"
#include "core/session/steer.h"
#include "tui/app/format.h"
#include "tui/app/interrupt.h"
#include "tui/command/answer.h"
#include "tui/command/arguments.h"
#include "tui/command/handlers.h"
#include "tui/command/relay.h"
#include "viz/table.h"

#define PROGRESS_SECONDS 0.1
#define HOUR 3600.0
#define DAY (24 * HOUR)

/* Sleeps until there may be something new, or a signal has come. */
static void wait_for(int descriptor, double seconds) {
    struct pollfd polled[2] = {{.fd = descriptor, .events = POLLIN},
                               {.fd = interrupt_descriptor(), .events = POLLIN}};
    poll(polled, 2, seconds < 0 ? -1 : (int)(seconds * 1e3) + 1);
}

/* ---- watching, for a pipe or a terminal without the screen ----------------------------------- */

static int left(struct sink *sink) {
    sink->progress(sink, "");
    sink_note(sink, "the run goes on; `attach` comes back to it");
    return COMMAND_FAILED;
}

static int tell_death(struct sink *sink, const char *directory) {
    struct sawb_error error;
    sink->progress(sink, "");
    error_set(&error, "%s: the run has died: " ATTACH_DEATH, directory);
    return command_fail(sink, &error);
}

/* Every line of the log as it stands there. */
static int follow_lines(struct run_feed *feed, const char *directory, struct sink *sink) {
    struct run_line line = {0};
    const char *text;
    size_t length;
    int status, failed = 0;
    while ((status = run_feed_line(feed, &text, &length)) >= 0) {
        if (interrupt_signal())
            return left(sink);
        if (status == 0) {
            wait_for(run_feed_descriptor(feed), run_feed_patience(feed));
            continue;
        }
        if (run_line_read(&line, text, length) < 0)
            return command_no_memory(sink);
        if (line.kind != RUN_LINE_OTHER || strstr(text, "\"change\""))
            sink->result(sink, text);
        if (line.kind == RUN_LINE_BEGUN || line.kind == RUN_LINE_ENDED)
            failed = line.status < 0;
        run_line_free(&line);
    }
    if (!run_feed_end(feed))
        return tell_death(sink, directory);
    return failed ? COMMAND_FAILED : COMMAND_DONE;
}

/* What the run tells, as `train` itself tells it. */
static int follow_events(struct workbench *workbench, struct sink *sink) {
    struct training_reader reader = {.workbench = workbench, .sink = sink};
    double shown = 0;
    while (!interrupt_signal()) {
        struct event *event = attach_next(workbench);
        if (!event) {
            wait_for(attach_descriptor(workbench), attach_wait(workbench));
            continue;
        }
        int done = event->kind == EVENT_DONE, status = event->status;
        command_pass_on(sink, NULL, event);
        training_read(&reader, event);
        workbench_event(workbench, event);
        if (done) {
            sink->progress(sink, "");
            attach_end(workbench);
            return status < 0 ? COMMAND_FAILED : COMMAND_DONE;
        }
        if (workbench->progress[0] && clock_seconds() - shown > PROGRESS_SECONDS) {
            sink->progress(sink, workbench->progress);
            shown = clock_seconds();
        }
    }
    attach_end(workbench);
    return left(sink);
}

static int follow(struct workbench *workbench, const char *directory, int watch,
                  struct sink *sink) {
    struct sawb_error error;
    struct run_feed *feed;
    if (!workbench->settings.json)
        return attach_begin(workbench, directory, watch, &error) < 0
                   ? command_fail(sink, &error)
                   : follow_events(workbench, sink);
    if (run_feed_open(&feed, directory, 1, &error) < 0)
        return command_fail(sink, &error);
    int status = follow_lines(feed, directory, sink);
    run_feed_free(feed);
    return status;
}

/* ---- one request ----------------------------------------------------------------------------- */

struct request {
    const char *words;
    const char *directory;
    struct workbench *workbench;
    struct sink *sink;
};

static int is_word(const struct request *request, const char *word) {
    return strncasecmp(request->words, word, strlen(word)) == 0;
}

static void tell_evaluation(const struct request *request, const char *text,
                            const struct run_line *line) {
    if (request->workbench->settings.json)
        request->sink->result(request->sink, text);
    else
        sink_result(request->sink, "step %" PRId64 "  accuracy %.4f  loss %.4f", line->step,
                    line->evaluation.accuracy, line->evaluation.loss);
}

/* 1: the line answers the request, with *status. */
static int answers(const struct request *request, const char *text, const struct run_line *line,
                   int *status) {
    if (line->kind == RUN_LINE_NOTE)
        sink_note(request->sink, "%s", line->text);
    if (line->kind == RUN_LINE_EVALUATION && is_word(request, "evaluate"))
        tell_evaluation(request, text, line);
    if (line->kind != RUN_LINE_STEERED || !is_word(request, steering_name(line->steered)))
        return 0;
    *status = line->done ? COMMAND_DONE : COMMAND_FAILED;
    if (request->workbench->settings.json)
        request->sink->result(request->sink, text);
    return 1;
}

/* The run has ended, which was what was asked for, or not. */
static int after_end(const struct request *request, const struct run_feed *feed) {
    struct sawb_error error;
    if (!run_feed_end(feed))
        return tell_death(request->sink, request->directory);
    if (is_word(request, "stop"))
        return COMMAND_DONE;
    error_set(&error, "%s: the run ended before it could follow", request->directory);
    return command_fail(request->sink, &error);
}

static int await_answer(const struct request *request, struct run_feed *feed) {
    struct sawb_error error;
    struct run_line line;
    const char *text, *refusal;
    size_t length;
    int status, result = COMMAND_FAILED, answered = 0;
    while (!answered && (status = run_feed_line(feed, &text, &length)) >= 0) {
        if (interrupt_signal())
            return left(request->sink);
        if (status == 0 && (refusal = run_feed_refusal(feed))) {
            error_set(&error, "%s", refusal);
            return command_misuse(request->sink, &error);
        }
        if (status == 0) {
            wait_for(run_feed_descriptor(feed), run_feed_patience(feed));
            continue;
        }
        if (run_line_read(&line, text, length) < 0)
            return command_no_memory(request->sink);
        answered = answers(request, text, &line, &result);
        run_line_free(&line);
    }
    return answered ? result : after_end(request, feed);
}

/* The run tells of the future only: what it has told is passed over. */
static int ask(const struct request *request) {
    struct sawb_error error;
    struct run_feed *feed;
    const char *text;
    size_t length;
    int status;
    if (run_feed_open(&feed, request->directory, 0, &error) < 0)
        return command_fail(request->sink, &error);
    while ((status = run_feed_line(feed, &text, &length)) == 1)
        ;
    if (status < 0)
        error_set(&error, "%s: the run is not in progress; `runs %s` tells how it ended",
                  request->directory, request->directory);
    if (status < 0 || run_feed_ask(feed, request->words, &error) < 0)
        status = command_fail(request->sink, &error);
    else
        status = await_answer(request, feed);
    run_feed_free(feed);
    return status;
}

/* ---- attach ---------------------------------------------------------------------------------- */

/* What no run could follow is refused before the run is asked; what its model does not take, it
 * refuses itself. */
static int check_words(const struct workbench *workbench, const char *words,
                       struct sawb_error *error) {
    if (strcmp(words, "stop") == 0)
        return 0;
    struct steering *steering = steering_read(words, workbench->presets, 0, 0, error);
    if (!steering)
        return error_prefix(error, "attach");
    steering_free(steering);
    return 0;
}

static int send_words(struct workbench *workbench, const struct arguments *arguments,
                      struct sink *sink) {
    char *words = arguments_join(arguments, 1);
    if (!words)
        return command_no_memory(sink);
    struct request request = {words, arguments_get(arguments, 0), workbench, sink};
    struct sawb_error error;
    int status =
        check_words(workbench, words, &error) < 0 ? command_misuse(sink, &error) : ask(&request);
    free(words);
    return status;
}

/* The model of the sentence is what the run has saved last, if it has and no other was named. */
static void prefer_checkpoint(struct workbench *workbench, const char *directory) {
    char *weights = file_join(directory, "model.safetensors");
    if (!workbench->model_directory && weights && file_exists(weights)) {
        workbench->model_directory = strdup(directory);
        if (workbench_load(workbench, NULL) < 0) {
            free(workbench->model_directory);
            workbench->model_directory = NULL;
        }
    }
    free(weights);
}

/* The line that does the same on the screen. */
static int open_screen(struct workbench *workbench, const char *directory, int watch,
                       struct sink *sink) {
    struct sawb_error error;
    struct run_feed *feed;
    char *quoted = word_escape(directory), *line = NULL;
    if (!quoted || asprintf(&line, "attach%s -- %s", watch ? " --watch" : "", quoted) < 0)
        line = NULL;
    free(quoted);
    if (!line)
        return command_no_memory(sink);
    /* What is wrong is told before there is a screen. */
    int status =
        run_feed_open(&feed, directory, 1, &error) < 0 ? command_fail(sink, &error) : COMMAND_DONE;
    if (status == COMMAND_DONE) {
        run_feed_free(feed);
        prefer_checkpoint(workbench, directory);
        status = sink->screen(workbench, line, sink);
    }
    free(line);
    return status;
}

static COMMAND_HANDLER(run_attach) {
    const char *directory = arguments_get(arguments, 0);
    int watch = arguments_option(arguments, "watch") != NULL;
    struct sawb_error error;
    if (watch && arguments_count(arguments) > 1) {
        error_set(&error, "attach: --watch only watches; leave it or \"%s\" out",
                  arguments_get(arguments, 1));
        return command_misuse(sink, &error);
    }
    if (arguments_count(arguments) > 1 && !sink->wait) {
        error_set(&error, "attach: here it takes the folder alone; then `run %s` asks the run",
                  arguments_get(arguments, 1));
        return command_misuse(sink, &error);
    }
    if (arguments_count(arguments) > 1)
        return send_words(workbench, arguments, sink);
    if (sink->wait && sink->screen && !workbench->settings.json)
        return open_screen(workbench, directory, watch, sink);
    if (sink->wait)
        return follow(workbench, directory, watch, sink);
    if (attach_begin(workbench, directory, watch, &error) < 0)
        return command_fail(sink, &error);
    if (workbench_view(workbench) != VIEW_TRAINING)
        workbench_show(workbench, VIEW_TRAINING);
    return COMMAND_DONE;
}

static COMMAND_HANDLER(run_detach) {
    struct sawb_error error;
    (void)arguments;
    if (!workbench->run.attached) {
        error_set(&error, "detach: no run of another process is watched; `attach DIR` does that");
        return command_fail(sink, &error);
    }
    attach_end(workbench);
    sink_note(sink, "%s is left to itself", run_title(&workbench->run));
    return COMMAND_DONE;
}

/* ---- runs of a folder ------------------------------------------------------------------------ */

/* "14:05" of today, else the day; for programs the full moment. */
static void moment_text(char *text, size_t size, double time, int full) {
    time_t seconds = (time_t)time;
    double age = clock_wall() - time;
    struct tm parts;
    localtime_r(&seconds, &parts);
    if (full)
        strftime(text, size, "%Y-%m-%d %H:%M:%S", &parts);
    else if (age < HOUR && age >= 0)
        snprintf(text, size, "%.0f %s ago", age < 60 ? age : age / 60, age < 60 ? "s" : "min");
    else
        strftime(text, size, age < DAY / 2 ? "%H:%M" : "%Y-%m-%d %H:%M", &parts);
}

static char *summary_json(const struct run_summary *summary) {
    struct record record = record_begin();
    record_text(&record, "folder", summary->directory);
    record_text(&record, "state", run_state_name(summary->state));
    record_number(&record, "step", (double)summary->step);
    record_number(&record, "total", summary->total > 0 ? (double)summary->total : NAN);
    record_number(&record, "loss", summary->loss);
    record_number(&record, "accuracy", summary->accuracy);
    record_number(&record, "best_accuracy", summary->best);
    record_number(&record, "best_step", isnan(summary->best) ? NAN : (double)summary->best_step);
    record_number(&record, "pid", summary->pid > 0 ? (double)summary->pid : NAN);
    record_number(&record, "time", floor(summary->time * 1e3) / 1e3);
    return record_print(&record);
}

static int number_cell(struct table *table, double value) {
    return isnan(value) ? table_add(table, "%s", "-") : table_add(table, "%.4f", value);
}

static int fill_summaries(struct table *table, const struct run_summary *list, int count,
                          int full) {
    int status = 0;
    for (int i = 0; i < count; i++) {
        const struct run_summary *summary = &list[i];
        char moment[40];
        moment_text(moment, sizeof(moment), summary->time, full);
        status |= table_add(table, "%s", summary->directory);
        status |= table_add(table, "%s", run_state_name(summary->state));
        status |= table_add(table, "%" PRId64, summary->step);
        status |= summary->total > 0 ? table_add(table, "%" PRId64, summary->total)
                                     : table_add(table, "%s", "-");
        status |= number_cell(table, summary->loss);
        status |= number_cell(table, summary->accuracy);
        status |= number_cell(table, summary->best);
        status |= table_add(table, "%s", moment);
        if (status == 0 && (summary->state == RUN_FAILED || summary->state == RUN_DIED))
            table_mark(table, TABLE_BAD);
    }
    return status;
}

static int print_summaries(struct workbench *workbench, const struct run_summary *list, int count,
                           struct sink *sink) {
    static const char *const titles[] = {"folder", "state",     ">step", ">of",
                                         ">loss",  ">accuracy", ">best", "when"};
    struct sawb_error error;
    struct relay relay;
    struct sink *objects = command_objects(workbench, sink, &relay);
    for (int i = 0; i < count; i++)
        if (sink_result_owned(objects, summary_json(&list[i])) != COMMAND_DONE)
            return COMMAND_FAILED;
    if (workbench->settings.json)
        return COMMAND_DONE;
    struct table *table = table_create(titles, sizeof(titles) / sizeof(titles[0]), &error);
    if (!table)
        return command_fail(sink, &error);
    int full = workbench->settings.tables == TABLES_TSV;
    char *text =
        fill_summaries(table, list, count, full) == 0 ? command_table(workbench, table) : NULL;
    table_free(table);
    return sink_result_owned(sink, text);
}

int command_list_folder(struct workbench *workbench, const char *directory, struct sink *sink) {
    struct run_summary *list;
    struct sawb_error error;
    int count;
    if (run_list(&list, &count, directory, &error) < 0)
        return command_fail(sink, &error);
    int status = COMMAND_DONE;
    if (count == 0)
        sink_note(sink, "no run below %s; `train DIR --run DIR` makes one", directory);
    else
        status = print_summaries(workbench, list, count, sink);
    run_list_free(list, count);
    return status;
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct option_row attach_options[] = {
    {"watch", 0, ARGUMENT_NONE, NULL, "only watch: nothing can be asked of the run from here"},
    {0},
};

const struct command commands_attach[] = {
    {.name = "attach",
     .usage = "DIR [pause|continue|checkpoint|evaluate|stop|rate X|sparsity SPEC]",
     .positionals = {{ARGUMENT_DIRECTORY, NULL},
                     {ARGUMENT_TEXT, "pause|continue|checkpoint|evaluate|stop|rate|sparsity"},
                     {ARGUMENT_TEXT, NULL}},
     .minimum = 1,
     .maximum = -1,
     .help = "watch the run of a folder, whichever process is at it, and steer it",
     .details =
         "DIR is the folder of `train --run DIR` (or --out). On a terminal the screen opens with "
         "the curves from the first step on, and `run pause`, `run rate X` ... work as in the "
         "session of the run itself; without one, or with --json, what the run tells is printed "
         "until it ends. With a word behind DIR that one thing is asked of the run, and the answer "
         "awaited. Any number can watch; the run never waits for them, and goes on when they "
         "leave. Only the owner of a run can steer it: its socket DIR/run.socket is nobody else's.",
     .options = attach_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE,
     .run = run_attach},
    {.name = "detach",
     .usage = "",
     .help = "leave the run that `attach` watches; it goes on",
     .where = COMMAND_SCREEN | COMMAND_BARE,
     .run = run_detach},
    {0},
};
