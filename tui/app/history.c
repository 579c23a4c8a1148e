/*
 * history.c - the curves of a run, growing.
 */
#include "tui/app/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/session/run_line.h"

#define FIRST_CAPACITY 256
#define SPEED_SMOOTHING 0.95 /* about the last twenty steps */
#define STEP_SERIES 12
#define EVALUATION_SERIES 6

/* ---- room ------------------------------------------------------------------------------------ */

/* All that has a value for each step. */
static void step_series(struct run_history *run, double **series[STEP_SERIES]) {
    double **const all[STEP_SERIES] = {&run->step,
                                       &run->epoch,
                                       &run->tokens,
                                       &run->time,
                                       &run->loss,
                                       &run->learning_rate,
                                       &run->gradient_norm,
                                       &run->speed,
                                       &run->realised,
                                       &run->smooth_loss.values,
                                       &run->smooth_norm.values,
                                       &run->smooth_speed.values};
    memcpy(series, all, sizeof(all));
}

static void evaluation_series(struct run_history *run, double **series[EVALUATION_SERIES]) {
    double **const all[EVALUATION_SERIES] = {&run->evaluation_step,   &run->evaluation_epoch,
                                             &run->evaluation_tokens, &run->evaluation_time,
                                             &run->evaluation_loss,   &run->evaluation_accuracy};
    memcpy(series, all, sizeof(all));
}

/* Makes room for one more in each of `series`. A series that could be enlarged stays enlarged. */
static int grow(double **const series[], int count, int used, int *capacity) {
    if (used < *capacity)
        return 0;
    int larger = *capacity ? *capacity * 2 : FIRST_CAPACITY;
    for (int i = 0; i < count; i++) {
        double *grown = realloc(*series[i], (size_t)larger * sizeof(*grown));
        if (!grown)
            return -1;
        *series[i] = grown;
    }
    *capacity = larger;
    return 0;
}

void history_clear(struct run_history *run) {
    double **steps[STEP_SERIES], **evaluations[EVALUATION_SERIES];
    step_series(run, steps);
    evaluation_series(run, evaluations);
    for (int i = 0; i < STEP_SERIES; i++)
        free(*steps[i]);
    for (int i = 0; i < EVALUATION_SERIES; i++)
        free(*evaluations[i]);
    model_release(run->model);
    free(run->name);
    memset(run, 0, sizeof(*run));
    run->seconds_left = -1;
}

/* ---- smoothing ------------------------------------------------------------------------------- */

static void smooth_next(struct smoothed *smoothed, double smoothing, const double *values,
                        int index) {
    if (index == 0)
        smoothed->mean = smoothed->weight = 0;
    if (isfinite(values[index])) {
        smoothed->mean = smoothing * smoothed->mean + (1 - smoothing) * values[index];
        smoothed->weight = smoothing * smoothed->weight + (1 - smoothing);
    }
    smoothed->values[index] =
        isfinite(values[index]) ? smoothed->mean / smoothed->weight : values[index];
}

static void smooth_all(struct run_history *run, int from) {
    for (int i = from; i < run->steps; i++) {
        smooth_next(&run->smooth_loss, run->smoothing, run->loss, i);
        smooth_next(&run->smooth_norm, run->smoothing, run->gradient_norm, i);
        smooth_next(&run->smooth_speed, run->smoothing, run->speed, i);
    }
}

void history_smooth(struct run_history *run, double smoothing) {
    run->smoothing = smoothing;
    smooth_all(run, 0);
}

/* ---- points ---------------------------------------------------------------------------------- */

/* Leaves out what a run that was resumed from an earlier step makes anew. */
static void rewind_to(struct run_history *run, double step) {
    if (run->steps == 0 || run->step[run->steps - 1] < step)
        return;
    while (run->steps > 0 && run->step[run->steps - 1] >= step)
        run->steps--;
    while (run->evaluations > 0 && run->evaluation_step[run->evaluations - 1] >= step)
        run->evaluations--;
    smooth_all(run, 0);
}

static int append_step(struct run_history *run, const struct step_report *report) {
    double **series[STEP_SERIES];
    step_series(run, series);
    rewind_to(run, (double)report->step);
    if (grow(series, STEP_SERIES, run->steps, &run->step_capacity) < 0)
        return -1;
    int at = run->steps++;
    double tokens = report->tokens, speed = report->tokens_per_second;
    double seconds = speed > 0 && isfinite(speed) ? tokens / speed : 0;
    run->step[at] = (double)report->step;
    run->epoch[at] = report->epoch;
    run->tokens[at] = (at > 0 ? run->tokens[at - 1] : 0) + tokens;
    run->time[at] = (at > 0 ? run->time[at - 1] : 0) + seconds;
    run->loss[at] = report->loss;
    run->learning_rate[at] = report->learning_rate;
    run->gradient_norm[at] = report->gradient_norm;
    run->speed[at] = speed;
    run->realised[at] = report->realised;
    smooth_all(run, at);
    return 0;
}

static void estimate(struct run_history *run, const struct step_report *report, double time) {
    if (run->first_step == 0) {
        run->first_step = report->step;
        run->first_time = time;
        run->tokens_per_second = report->tokens_per_second;
    } else {
        run->tokens_per_second = SPEED_SMOOTHING * run->tokens_per_second +
                                 (1 - SPEED_SMOOTHING) * report->tokens_per_second;
    }
    int64_t made = report->step - run->first_step, left = report->total_steps - report->step;
    run->seconds_left = made > 0 ? (time - run->first_time) / (double)made * (double)left : -1;
}

int history_step(struct run_history *run, const struct step_report *report, double time) {
    estimate(run, report, time);
    run->last = *report;
    run->total_steps = report->total_steps;
    return append_step(run, report);
}

void history_pause(struct run_history *run, int paused, double time) {
    if (paused && !run->paused)
        run->pause_time = time;
    else if (!paused && run->paused)
        run->first_time += time - run->pause_time;
    run->paused = paused;
}

int history_evaluation(struct run_history *run, int64_t step, const struct evaluation *evaluation) {
    double **series[EVALUATION_SERIES];
    evaluation_series(run, series);
    while (run->evaluations > 0 && run->evaluation_step[run->evaluations - 1] >= (double)step)
        run->evaluations--;
    if (grow(series, EVALUATION_SERIES, run->evaluations, &run->evaluation_capacity) < 0)
        return -1;
    int at = run->evaluations++, last = run->steps - 1;
    run->evaluation_step[at] = (double)step;
    run->evaluation_epoch[at] = last >= 0 ? run->epoch[last] : 0;
    run->evaluation_tokens[at] = last >= 0 ? run->tokens[last] : 0;
    run->evaluation_time[at] = last >= 0 ? run->time[last] : 0;
    run->evaluation_loss[at] = evaluation->loss;
    run->evaluation_accuracy[at] = evaluation->accuracy;
    return 0;
}

/* ---- lines of a log -------------------------------------------------------------------------- */

static int take_step(struct run_history *run, struct step_report *report) {
    /* Lines of steps do not say the sparsity: the last one that was told holds on. */
    report->realised = run->steps > 0 ? run->realised[run->steps - 1] : NAN;
    report->total_steps = run->total_steps;
    run->last = *report;
    run->tokens_per_second = isfinite(report->tokens_per_second) ? report->tokens_per_second : 0;
    return append_step(run, report);
}

int history_line(struct run_history *run, const char *text, size_t length) {
    struct run_line line;
    if (run_line_read(&line, text, length) < 0)
        return -1;
    int status = 0;
    switch (line.kind) {
    case RUN_LINE_STEP:
        status = take_step(run, &line.report);
        break;
    case RUN_LINE_EVALUATION:
        status = history_evaluation(run, line.step, &line.evaluation);
        break;
    case RUN_LINE_SPARSITY:
        if (run->steps > 0)
            run->realised[run->steps - 1] = run->last.realised = line.realised;
        break;
    case RUN_LINE_BEGUN:
        run->total_steps = line.total;
        break;
    case RUN_LINE_STEERED:
    case RUN_LINE_NOTE:
    case RUN_LINE_ENDED:
    case RUN_LINE_OTHER:
        break;
    }
    run_line_free(&line);
    return status;
}

/* ---- what is asked of it --------------------------------------------------------------------- */

const double *history_x(const struct run_history *run, enum run_axis axis) {
    const double *const columns[AXES] = {[AXIS_STEP] = run->step,
                                         [AXIS_EPOCH] = run->epoch,
                                         [AXIS_TOKENS] = run->tokens,
                                         [AXIS_TIME] = run->time};
    return columns[axis];
}

const double *history_evaluation_x(const struct run_history *run, enum run_axis axis) {
    const double *const columns[AXES] = {[AXIS_STEP] = run->evaluation_step,
                                         [AXIS_EPOCH] = run->evaluation_epoch,
                                         [AXIS_TOKENS] = run->evaluation_tokens,
                                         [AXIS_TIME] = run->evaluation_time};
    return columns[axis];
}

int history_best(const struct run_history *run) {
    int best = -1;
    for (int i = 0; i < run->evaluations; i++) {
        double accuracy = run->evaluation_accuracy[i], loss = run->evaluation_loss[i];
        if (isnan(accuracy))
            continue;
        if (best < 0 || accuracy > run->evaluation_accuracy[best] ||
            (accuracy == run->evaluation_accuracy[best] && loss < run->evaluation_loss[best]))
            best = i;
    }
    return best;
}
