/*
 * attach.c - from the log of another process's run to events of the workbench.
 */
#include "tui/app/attach.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/session/run_line.h"
#include "tui/app/workbench.h"

struct attachment {
    struct run_feed *feed;
    int job;
    int told;  /* the end was told */
    int more;  /* there may be lines beyond those that were taken in */
    int begun; /* a line that says when the run began was read */
    int64_t total;
    double time; /* of the newest line, seconds since 1970 */
    uint64_t sequence;
    struct step_report last; /* step 0: none */
    double realised;         /* what the pattern removed, as it was told last */
    struct event *waiting;   /* the one after the one that was given out; NULL: none */
};

/* ---- events ---------------------------------------------------------------------------------- */

static struct event *make(struct attachment *attached, enum event_kind kind, int64_t step) {
    struct event *event = calloc(1, sizeof(*event));
    if (!event)
        return NULL;
    event->kind = kind;
    event->job = attached->job;
    event->step = step;
    event->sequence = ++attached->sequence;
    event->time = attached->time;
    return event;
}

/* With a text; NULL when out of memory. */
static struct event *make_text(struct attachment *attached, enum event_kind kind, int64_t step,
                               const char *text) {
    struct event *event = make(attached, kind, step);
    char *copy = event ? strdup(text) : NULL;
    if (copy)
        event->text = copy;
    else
        free(event);
    return copy ? event : NULL;
}

static struct event *make_step(struct attachment *attached) {
    struct event *event = make(attached, EVENT_STEP, attached->last.step);
    if (event)
        event->data.report = attached->last;
    return event;
}

/*
 * Lines of steps do not say when they were written, which the time that is left is worked out of:
 * they follow each other as fast as the steps were. At the end of the log it is now.
 */
static void pass_time(struct attachment *attached, const struct run_line *line) {
    double now = clock_wall();
    const struct step_report *report = &line->report;
    if (line->time > 0)
        attached->time = line->time;
    else if (line->kind == RUN_LINE_STEP && report->tokens_per_second > 0)
        attached->time += report->tokens / report->tokens_per_second;
    if (attached->time > now || !attached->begun)
        attached->time = now;
}

static struct event *take_step(struct attachment *attached, const struct run_line *line) {
    attached->last = line->report;
    attached->last.total_steps = attached->total;
    attached->last.realised = attached->realised;
    return make_step(attached);
}

/* The step of the line was told without it. */
static struct event *take_sparsity(struct attachment *attached, const struct run_line *line) {
    int same = attached->last.step == line->step && line->step > 0;
    double before = attached->last.realised;
    attached->realised = line->realised;
    if (!same || before == line->realised)
        return NULL;
    attached->last.realised = line->realised;
    return make_step(attached);
}

static struct event *take_evaluation(struct attachment *attached, const struct run_line *line) {
    struct event *event = make(attached, EVENT_EVALUATION, line->step);
    if (event) {
        event->data.evaluation = line->evaluation;
        event->data.evaluation.realised = attached->realised;
    }
    return event;
}

static struct event *take_steered(struct attachment *attached, const struct run_line *line) {
    struct event *event = make(attached, EVENT_POINT, line->step);
    if (event)
        event->data.point = (struct point){.series = STEERING_SERIES,
                                           .x = (double)line->step,
                                           .values = {line->steered, line->done ? 0 : -1}};
    return event;
}

/* The event of the end, behind an error in words when there is one. */
static struct event *make_end(struct attachment *attached, int status, const char *problem) {
    struct event *event =
        problem ? make_text(attached, EVENT_ERROR, attached->last.step, problem) : NULL;
    struct event *done = make(attached, EVENT_DONE, attached->last.step);
    attached->told = 1;
    if (done)
        done->status = status;
    if (!event)
        return done;
    attached->waiting = done;
    return event;
}

static struct event *of_line(struct attachment *attached, const struct run_line *line) {
    pass_time(attached, line);
    switch (line->kind) {
    case RUN_LINE_BEGUN:
        attached->begun = 1;
        attached->time = line->time;
        attached->total = line->total;
        attached->told = 0;
        return NULL;
    case RUN_LINE_STEP:
        return take_step(attached, line);
    case RUN_LINE_SPARSITY:
        return take_sparsity(attached, line);
    case RUN_LINE_EVALUATION:
        return take_evaluation(attached, line);
    case RUN_LINE_STEERED:
        return take_steered(attached, line);
    case RUN_LINE_NOTE:
        return make_text(attached, EVENT_NOTE, line->step, line->text);
    case RUN_LINE_ENDED:
        return make_end(attached, line->status, line->text);
    case RUN_LINE_OTHER:
        break;
    }
    return NULL;
}

/* What comes besides the lines, once all of them are read. */
static struct event *besides(struct attachment *attached) {
    const char *refusal = run_feed_refusal(attached->feed);
    struct run_progress progress;
    attached->time = clock_wall();
    if (refusal)
        return make_text(attached, EVENT_ERROR, attached->last.step, refusal);
    if (!run_feed_progress(attached->feed, &progress))
        return NULL;
    struct event *event = make_text(attached, EVENT_PROGRESS, attached->last.step, progress.what);
    if (event) {
        event->data.progress.done = progress.done;
        event->data.progress.total = progress.total;
    }
    return event;
}

static struct event *make_death(struct attachment *attached) {
    char text[200];
    snprintf(text, sizeof(text), "the run has died after step %" PRId64 ": " ATTACH_DEATH,
             attached->last.step);
    return make_end(attached, -1, text);
}

struct event *attach_next(struct workbench *workbench) {
    struct attachment *attached = workbench->attached;
    struct run_line line;
    const char *text;
    size_t length;
    int status;
    if (!attached)
        return NULL;
    struct event *event = attached->waiting;
    attached->waiting = NULL;
    while (!event && (status = run_feed_line(attached->feed, &text, &length)) == 1) {
        if (run_line_read(&line, text, length) < 0)
            continue;
        event = of_line(attached, &line);
        run_line_free(&line);
    }
    if (!event && !attached->told)
        event = status < 0 ? make_death(attached) : besides(attached);
    return event;
}

int attach_follow(struct workbench *workbench, int most) {
    struct event *event;
    for (int i = 0; i < most; i++) {
        if (!(event = attach_next(workbench))) {
            if (workbench->attached)
                workbench->attached->more = 0;
            return 0;
        }
        workbench_event(workbench, event);
    }
    if (workbench->attached)
        workbench->attached->more = 1;
    return 1;
}

/* ---- beginning and leaving ------------------------------------------------------------------- */

void attach_free(struct attachment *attachment) {
    if (!attachment)
        return;
    run_feed_free(attachment->feed);
    if (attachment->waiting)
        event_free(attachment->waiting);
    free(attachment);
}

void attach_end(struct workbench *workbench) {
    struct run_history *run = &workbench->run;
    if (!run->attached)
        return;
    attach_free(workbench->attached);
    workbench->attached = NULL;
    run->attached = run->running = run->paused = 0;
    workbench->progress[0] = '\0';
    workbench->changed = 1;
}

static int open_feed(struct attachment **opened, const char *directory, int watch,
                     struct sawb_error *error) {
    struct attachment *attached = calloc(1, sizeof(*attached));
    if (!attached)
        return error_set(error, "attach: out of memory");
    if (run_feed_open(&attached->feed, directory, watch, error) < 0) {
        free(attached);
        return error_prefix(error, "attach");
    }
    attached->realised = NAN;
    attached->more = 1;
    *opened = attached;
    return 0;
}

int attach_begin(struct workbench *workbench, const char *directory, int watch,
                 struct sawb_error *error) {
    if (workbench_start(workbench, error) < 0)
        return -1;
    if (workbench->run.running && !workbench->run.attached)
        return error_set(error,
                         "attach: a run of this session is in progress; its curves stand here");
    size_t length = strlen(directory);
    char *name =
        strndup(directory, length > 1 && directory[length - 1] == '/' ? length - 1 : length);
    if (!name)
        return error_set(error, "attach: out of memory");
    attach_end(workbench);
    struct attachment *attached = NULL; /* of a replay: none */
    int mute = worker_is_mute(workbench->worker), job = 0;
    int status = mute ? 0 : open_feed(&attached, name, watch, error);
    if (status == 0) {
        job = worker_skip(workbench->worker);
        status = workbench_begin_run(workbench, job, NULL, name, error);
    }
    free(name);
    if (status < 0) {
        attach_free(attached);
        return -1;
    }
    if (attached)
        attached->job = job;
    workbench->attached = attached;
    workbench->run.attached = 1;
    return 0;
}

/* ---- while it is watched --------------------------------------------------------------------- */

int attach_ask(struct workbench *workbench, const char *words, struct sawb_error *error) {
    if (!workbench->attached) /* a replay: the run has answered already */
        return 0;
    return run_feed_ask(workbench->attached->feed, words, error);
}

int attach_descriptor(const struct workbench *workbench) {
    return workbench->attached ? run_feed_descriptor(workbench->attached->feed) : -1;
}

double attach_wait(const struct workbench *workbench) {
    const struct attachment *attached = workbench->attached;
    if (!attached)
        return -1;
    return attached->more ? 0 : run_feed_patience(attached->feed);
}
