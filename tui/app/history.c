/*
 * history.c - the curves of a run, growing.
 */
#include "tui/app/history.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256
#define SPEED_SMOOTHING 0.95 /* about the last twenty steps */

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
    double **const series[] = {&run->step, &run->loss, &run->learning_rate, &run->gradient_norm};
    if (grow(series, 4, run->steps, &run->step_capacity) < 0)
        return -1;
    run->step[run->steps] = (double)report->step;
    run->loss[run->steps] = report->loss;
    run->learning_rate[run->steps] = report->learning_rate;
    run->gradient_norm[run->steps] = report->gradient_norm;
    run->steps++;
    return 0;
}

int history_evaluation(struct run_history *run, int64_t step, const struct evaluation *evaluation) {
    double **const series[] = {&run->evaluation_step, &run->evaluation_loss,
                               &run->evaluation_accuracy};
    if (grow(series, 3, run->evaluations, &run->evaluation_capacity) < 0)
        return -1;
    run->evaluation_step[run->evaluations] = (double)step;
    run->evaluation_loss[run->evaluations] = evaluation->loss;
    run->evaluation_accuracy[run->evaluations] = evaluation->accuracy;
    run->evaluations++;
    return 0;
}

void history_clear(struct run_history *run) {
    model_release(run->model);
    free(run->name);
    free(run->step);
    free(run->loss);
    free(run->learning_rate);
    free(run->gradient_norm);
    free(run->evaluation_step);
    free(run->evaluation_loss);
    free(run->evaluation_accuracy);
    memset(run, 0, sizeof(*run));
    run->seconds_left = -1;
}
