/*
 * session_again.c - commands of a session run once more, in the state that they were given in.
 */
#include "tui/command/session_again.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/session/record.h"
#include "tui/app/interrupt.h"
#include "tui/command/session.h"

#define WAIT_MS 100

/* ---- what jobs have told --------------------------------------------------------------------- */

static int jobs_until(const struct log_record *record) {
    return (int)(record->stamp.state >> 2 & 0x3fffffff);
}

void session_jobs(const struct log_reader *log, size_t command, int console, int *first,
                  int *last) {
    size_t i = command + 1;
    /* A console waits for its jobs: what comes before its next line is of this one. */
    while (i < log->count &&
           (log->records[i].type == LOG_MODEL || log->records[i].type == LOG_ARRAYS ||
            (console && (log->records[i].type == LOG_EVENT || log->records[i].type == LOG_SIGHT))))
        i++;
    *first = jobs_until(&log->records[command]) + 1;
    *last = i < log->count ? jobs_until(&log->records[i]) : *first - 1;
}

static int add_event(struct told *told, struct event *event) {
    if (told->count == told->capacity) {
        int larger = told->capacity ? 2 * told->capacity : 64;
        struct event **grown = realloc(told->events, (size_t)larger * sizeof(struct event *));
        if (!grown)
            return -1;
        told->events = grown;
        told->capacity = larger;
    }
    told->events[told->count++] = event;
    return 0;
}

int session_told(const struct log_reader *log, size_t from, int first, int last, struct told *told,
                 struct sawb_error *error) {
    *told = (struct told){0};
    for (size_t i = from; i < log->count; i++) {
        const struct log_record *record = &log->records[i];
        struct event_head head;
        if (record->type != LOG_EVENT || record_event_head(record->body, record->size, &head) < 0 ||
            head.job < first || head.job > last || head.kind == EVENT_PREDICTION ||
            head.kind == EVENT_PROGRESS)
            continue;
        struct event *event = record_event_read(record->body, record->size, record->stamp.time,
                                                record->stamp.step, NULL, 0, error);
        if (event && add_event(told, event) == 0)
            continue;
        if (event)
            error_set(error, "session: out of memory");
        event_free(event);
        told_free(told);
        return -1;
    }
    return 0;
}

void told_free(struct told *told) {
    for (int i = 0; i < told->count; i++)
        event_free(told->events[i]);
    free(told->events);
    *told = (struct told){0};
}

/* ---- running --------------------------------------------------------------------------------- */

static void ignore(struct sink *sink, const char *text) {
    (void)sink;
    (void)text;
}

static void keep_error(struct sink *sink, const char *text) {
    error_set(sink->user, "%s", text);
}

/* Until the newest job has ended, and no long one runs; those up to `ended` are over. */
static void settle(struct workbench *workbench, int ended) {
    for (;;) {
        struct worker_state state = worker_state(workbench->worker);
        int waits = state.busy || ended < state.numbers;
        if (interrupt_signal()) {
            worker_stop(workbench->worker);
            return;
        }
        struct event *event = queue_wait(workbench->events, waits ? WAIT_MS : 0);
        if (!event && !waits)
            return;
        if (event && event->kind == EVENT_DONE && event->job > ended)
            ended = event->job;
        if (event)
            workbench_event(workbench, event);
    }
}

/* Runs the line in the workbench, which is live. -1 with what it said when it fails. */
static int run(struct workbench *workbench, const char *line, int console,
               struct sawb_error *error) {
    struct sink sink = {.result = ignore,
                        .progress = ignore,
                        .note = ignore,
                        .error = keep_error,
                        .wait = console,
                        .user = error};
    int before = worker_state(workbench->worker).numbers;
    workbench->automatic = !console;
    error_set(error, "it fails");
    if (command_run(workbench, line, &sink) != COMMAND_DONE)
        return -1;
    if (!console) /* whose commands have waited */
        settle(workbench, before);
    return 0;
}

/* The events after the place where the file `path` goes on live, of jobs above `before`. */
static int read_again(const char *path, int before, struct told *told, struct sawb_error *error) {
    struct log_reader log;
    if (log_reader_open(&log, path, error) < 0)
        return -1;
    size_t live = 0;
    for (size_t i = 0; i < log.count; i++)
        live = log.records[i].type == LOG_LIVE ? i : live;
    int status = session_told(&log, live, before + 1, INT32_MAX, told, error);
    log_reader_close(&log);
    return status;
}

/* Goes live before the record and runs its line, recorded in `settings->session.file`. */
static int go_and_run(struct replay *replay, size_t record, const char *line, int console,
                      int *before, struct sawb_error *error) {
    struct workbench *workbench = replay_workbench(replay);
    uint64_t prints[ARMS];
    if (replay_go(replay, record, error) < 0)
        return -1;
    for (int arm = 0; arm < ARMS; arm++)
        prints[arm] = workbench->arms[arm].model->fingerprint;
    int given = worker_state(workbench->worker).numbers;
    if (replay_leave(replay, error) < 0)
        return -1;
    for (int arm = 0; arm < ARMS; arm++)
        if (workbench->arms[arm].model->fingerprint != prints[arm])
            return error_set(error, "%s: has changed since", workbench->arms[arm].model->directory);
    settle(workbench, given);
    *before = worker_state(workbench->worker).numbers;
    if (run(workbench, line, console, error) < 0)
        return -1;
    return recorder_close(workbench, error);
}

int session_again(const struct replay *session, size_t record, const struct settings *settings,
                  const char *line, int console, struct told *told, struct sawb_error *error) {
    const char *temporary = getenv("TMPDIR");
    char folder[512], file[sizeof(folder) + 8];
    struct settings own = *settings;
    struct replay *replay;
    int before = 0;
    *told = (struct told){0};
    snprintf(folder, sizeof(folder), "%s/sawb-verify.XXXXXX",
             temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(folder))
        return error_set(error, "%s: cannot be made to verify in", folder);
    snprintf(file, sizeof(file), "%s/again", folder);
    own.session = (struct session_settings){.file = file, .limit = (uint64_t)1 << 40};
    int status = replay_open(&replay, replay_path(session), &own, session_run_line, NULL, error);
    if (status == 0) {
        status = go_and_run(replay, record, line, console, &before, error);
        struct workbench *workbench = replay_workbench(replay);
        recorder_close(workbench, NULL);
        replay_free(replay);
    }
    if (status == 0)
        status = read_again(file, before, told, error);
    unlink(file);
    rmdir(folder);
    return status;
}
