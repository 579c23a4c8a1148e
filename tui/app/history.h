/*
 * history.h - what a training run has told so far: its curves, growing as events or the lines of a
 * log come.
 */
#ifndef SAWB_TUI_APP_HISTORY_H
#define SAWB_TUI_APP_HISTORY_H

#include <stdint.h>

#include "core/session/jobs.h"

/* What x counts. */
enum run_axis { AXIS_STEP, AXIS_EPOCH, AXIS_TOKENS, AXIS_TIME, AXES };

/* A curve's moving average: m ← β m + (1 − β) x, shown as m / (1 − βᵗ), so that its start is not
 * drawn towards 0 (Kingma, Ba 2015, arXiv 1412.6980, section 3). A NaN is passed over. */
struct smoothed {
    double *values;      /* [steps] */
    double mean, weight; /* m and 1 − βᵗ after the last one */
};

struct run_history {
    char *name;          /* the output folder; NULL: no run yet */
    struct model *model; /* the run started from; retained; NULL: read from a log */
    int job;             /* number of the training job, 0: not of this session */
    int running, paused;
    int attached;        /* 1: of another process, which is watched (attach.h) */
    int look;            /* from 0: which line and colour it is drawn with */
    int64_t total_steps; /* 0: not known */
    struct step_report last;

    int steps, step_capacity;
    double *step, *epoch, *tokens, *time; /* [steps] by axis; tokens since the first one, time in
                                             seconds of steps, without evaluations and pauses */
    double *loss, *learning_rate, *gradient_norm, *speed, *realised; /* [steps] */
    double smoothing;                                                /* β; 0: none */
    struct smoothed smooth_loss, smooth_norm, smooth_speed;

    int evaluations, evaluation_capacity;
    double *evaluation_step, *evaluation_epoch, *evaluation_tokens, *evaluation_time;
    double *evaluation_loss, *evaluation_accuracy; /* [evaluations] */

    double tokens_per_second; /* smoothed */
    double first_time;        /* of the first step event of this run (seconds since 1970) */
    int64_t first_step;       /* its step: above 1 in a resumed run */
    double pause_time;        /* when it was paused */
    double seconds_left;      /* estimate, negative: unknown */
};

/* 0, or -1 when out of memory: the point is then missing from the curves. `time`: seconds since
 * 1970. A step that was there before replaces it and all that came after. */
int history_step(struct run_history *run, const struct step_report *report, double time);
int history_evaluation(struct run_history *run, int64_t step, const struct evaluation *evaluation);

/* Pauses do not count for the time that is left. */
void history_pause(struct run_history *run, int paused, double time);

/* Takes a line of a log (core/session/run_line.h) in; one that is not such a line is passed over.
 * -1 when out of memory. */
int history_line(struct run_history *run, const char *text, size_t length);

/* The average of another β, from the first step on. */
void history_smooth(struct run_history *run, double smoothing);

/* x of the steps [steps] and of the evaluations [evaluations]. */
const double *history_x(const struct run_history *run, enum run_axis axis);
const double *history_evaluation_x(const struct run_history *run, enum run_axis axis);

/* The evaluation of the greatest accuracy, of equals that of the least loss; -1: none. */
int history_best(const struct run_history *run);

/* Everything freed and zero again. */
void history_clear(struct run_history *run);

#endif
