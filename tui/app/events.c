/*
 * events.c - what the worker tells, taken into the workbench's state.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/format.h"
#include "tui/app/history.h"
#include "tui/app/workbench.h"

#define PACE_SECONDS 1.0   /* before it is told how long work will take */
#define FOLLOW_SECONDS 0.1 /* between two answers that follow a model in training */

int workbench_begin_run(struct workbench *workbench, int job, struct model *model, const char *name,
                        struct sawb_error *error) {
    char *copy = strdup(name);
    if (!copy)
        return error_set(error, "train: out of memory");
    attach_end(workbench);
    runs_put_away(workbench, name);
    workbench->run.name = copy;
    workbench->run.model = model ? model_retain(model) : NULL;
    workbench->run.job = job;
    workbench->run.running = 1;
    pinned_begin(workbench);
    workbench->changed = 1;
    return 0;
}

static void take_prediction(struct workbench *workbench, struct event *event) {
    if (workbench->run.running && event->job == workbench->run.job)
        pinned_take(workbench, event);
    if (event->job != workbench->prediction_job || event->arm < 0 || event->arm >= ARMS)
        return;
    struct arm *arm = &workbench->arms[event->arm];
    struct capture **place = pinned_place(workbench, event->arm), *before = *place;
    *place = event->data.capture;
    event->data.capture = before; /* freed with the event */
    arm->stale = 0;
    workbench->answers++;
    if (place != &arm->capture)
        return;
    workbench_clamp(workbench);
    heads_take_capture(workbench, event->arm, before);
    if (workbench->answers == ARMS)
        heads_answered(workbench);
}

void workbench_pass_answer(struct workbench *workbench, int job, int arm) {
    if (job != workbench->prediction_job)
        return;
    workbench->arms[arm].stale = 0;
    if (++workbench->answers == ARMS)
        heads_answered(workbench);
}

/* A step of a run has changed the weights: ask again, but never faster than answers come. */
static void follow_training(struct workbench *workbench, double now) {
    if (!workbench->live || workbench->answers < ARMS ||
        now - workbench->prediction_time < FOLLOW_SECONDS)
        return;
    struct sawb_error error;
    if (workbench_predict(workbench, &error) < 0)
        workbench_message(workbench, MESSAGE_ERROR, "%s", error.message);
}

static void take_step(struct workbench *workbench, const struct event *event) {
    struct run_history *run = &workbench->run;
    if (event->job != run->job)
        return;
    if (history_step(run, &event->data.report, event->time) < 0)
        workbench_message(workbench, MESSAGE_ERROR, "out of memory for the curves");
    char step[FORMAT_BYTES], total[FORMAT_BYTES], speed[FORMAT_BYTES], left[FORMAT_BYTES];
    format_duration(left, run->seconds_left);
    snprintf(workbench->progress, sizeof(workbench->progress),
             "train %s/%s  loss %.3f  %s tok/s%s%s%s", format_count(step, run->last.step),
             format_count(total, run->total_steps), run->last.loss,
             format_count(speed, (int64_t)(run->tokens_per_second + 0.5)), left[0] ? "  " : "",
             left, left[0] ? " left" : "");
    if (run->attached) /* its weights are not here */
        return;
    pinned_watch(workbench);
    follow_training(workbench, event->time);
}

static void take_evaluation(struct workbench *workbench, const struct event *event) {
    const struct evaluation *evaluation = &event->data.evaluation;
    if (event->job == workbench->run.job) {
        if (history_evaluation(&workbench->run, event->step, evaluation) < 0)
            workbench_message(workbench, MESSAGE_ERROR, "out of memory for the curves");
        return;
    }
    if (isnan(evaluation->accuracy))
        workbench_message(workbench, MESSAGE_NOTE, "%d rows, none with a label", evaluation->rows);
    else
        workbench_message(workbench, MESSAGE_NOTE,
                          "%d rows  accuracy %.4f  loss %.4f  sparsity %.1f %%  %.1f s",
                          evaluation->rows, evaluation->accuracy, evaluation->loss,
                          100 * evaluation->realised, evaluation->seconds);
}

static void take_comparison(struct workbench *workbench, const struct comparison *comparison) {
    workbench_message(workbench, MESSAGE_NOTE,
                      "accuracy A %.4f  B %.4f  only A right %d  only B %d  p %.3g  %d flips",
                      comparison->a.accuracy, comparison->b.accuracy, comparison->a_only,
                      comparison->b_only, comparison->mcnemar_p, comparison->flips);
}

/* The arms that watched a run go on with the weights it has saved. */
static void open_checkpoint(struct workbench *workbench) {
    struct run_history *run = &workbench->run;
    struct sawb_error error;
    int looked_back = pinned_step(workbench) >= 0;
    for (int arm = 0; arm < ARMS; arm++) {
        if (workbench->arms[arm].model != run->model)
            continue;
        int both = arm == ARM_A && workbench->arms[ARM_B].model == run->model;
        if (workbench_set_model(workbench, both ? -1 : arm, run->name, &error) < 0) {
            workbench_message(workbench, MESSAGE_ERROR, "%s", error.message);
            return;
        }
        if (both)
            break;
    }
    if (looked_back && pinned_step(workbench) < 0 && pinned_scrub(workbench, &error) < 0)
        workbench_message(workbench, MESSAGE_ERROR, "%s", error.message);
}

static void take_end(struct workbench *workbench, const struct event *event) {
    struct run_history *run = &workbench->run;
    prediction_take_end(workbench, event);
    sweep_take_end(workbench, event);
    timing_take_end(workbench, event);
    pruning_take_end(workbench, event);
    if (event->job == workbench->prediction_job)
        workbench->answers = ARMS;
    if (event->job == workbench->long_job) {
        workbench->long_job = 0;
        workbench->progress[0] = '\0';
        if (event->status == 1 && event->job != run->job)
            workbench_message(workbench, MESSAGE_NOTE, "stopped");
    }
    if (event->job != run->job || !run->running)
        return;
    run->running = 0;
    if (run->attached)
        workbench->progress[0] = '\0';
    if (event->status >= 0 && workbench->live && !run->attached)
        open_checkpoint(workbench);
    runs_take_end(workbench);
}

static void take_speed(struct workbench *workbench, const struct event *event) {
    const double *values = event->data.point.values;
    workbench_message(workbench, MESSAGE_NOTE, "train  %.0f tokens/s  %.1f ms a step",
                      values[SPEED_MEDIAN], values[SPEED_STEP_MS]);
}

/* Who takes the points of which series. */
static const struct {
    const char *series;
    void (*take)(struct workbench *workbench, const struct event *event);
} takers[] = {{SERIES_COPIES, prediction_take_copy},
              {SERIES_OCCLUDE, prediction_take_occlusion},
              {SERIES_SWEEP, sweep_take_point},
              {SERIES_TIMING, timing_take_point},
              {SERIES_LIVE_TIMING, timing_take_live},
              {SERIES_IMPORTANCE, heads_take_importance},
              {SERIES_ABLATION, pruning_take_effect},
              {SERIES_PRUNING, pruning_take_point},
              {STEERING_SERIES, runs_take_steering},
              {SERIES_SPEED, take_speed},
              {NULL, NULL}};

static void take_point(struct workbench *workbench, const struct event *event) {
    for (size_t i = 0; takers[i].series; i++)
        if (strcmp(takers[i].series, event->data.point.series) == 0)
            takers[i].take(workbench, event);
}

/* How far a job is and, once that can be told, how long it will take. */
static void take_progress(struct workbench *workbench, const struct event *event) {
    char done[FORMAT_BYTES], total[FORMAT_BYTES], left[FORMAT_BYTES] = "";
    struct pace *pace = &workbench->pace;
    int64_t now = event->data.progress.done, end = event->data.progress.total;
    if (pace->job != event->job || now < pace->done)
        *pace = (struct pace){event->job, now, event->time};
    double seconds = event->time - pace->time, steps = (double)(now - pace->done);
    if (seconds > PACE_SECONDS && steps > 0 && now < end)
        format_duration(left, (double)(end - now) * seconds / steps);
    snprintf(workbench->progress, sizeof(workbench->progress), "%s %s/%s%s%s%s", event->text,
             format_count(done, now), format_count(total, end), left[0] ? "  " : "", left,
             left[0] ? " left" : "");
}

static void take(struct workbench *workbench, struct event *event) {
    recorder_event(workbench, event);
    switch (event->kind) {
    case EVENT_NOTE:
        workbench_message(workbench, MESSAGE_NOTE, "%s", event->text);
        break;
    case EVENT_ERROR:
        workbench_message(workbench, MESSAGE_ERROR, "%s", event->text);
        break;
    case EVENT_PROGRESS:
        take_progress(workbench, event);
        break;
    case EVENT_PREDICTION:
        take_prediction(workbench, event);
        break;
    case EVENT_STEP:
        take_step(workbench, event);
        break;
    case EVENT_EVALUATION:
        take_evaluation(workbench, event);
        break;
    case EVENT_ROW:
    case EVENT_DATA:
        break;
    case EVENT_COMPARISON:
        if (event->job != workbench->data.job) /* its view shows more of it */
            take_comparison(workbench, &event->data.comparison);
        break;
    case EVENT_BENCH:
        workbench_message(workbench, MESSAGE_NOTE, "%s  n %d  median %.3f ms",
                          event->data.measurement.name, event->data.measurement.n,
                          event->data.measurement.median_ms);
        break;
    case EVENT_POINT:
        take_point(workbench, event);
        break;
    case EVENT_DONE:
        take_end(workbench, event);
        break;
    }
    data_take(workbench, event);
    workbench->changed = 1;
    recorder_done(workbench);
    event_free(event);
}

void workbench_event(struct workbench *workbench, struct event *event) {
    struct event *ready[2];
    int count = recorder_pass(workbench, event, ready);
    for (int i = 0; i < count; i++)
        take(workbench, ready[i]);
}
