/*
 * timing.c - the points of a timing sweep as they come, and what A and B take.
 */
#include "tui/app/timing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/workbench.h"

#define IDLE_SECONDS 0.8 /* after the last question, before A and B are timed */

/* ---- the sweep ------------------------------------------------------------------------------- */

static int point_count(const struct timing_options *options) {
    return options->length_count * options->family_count * options->target_count;
}

static void free_points(struct timing_state *state) {
    for (int i = 0; state->points && i < point_count(&state->options); i++)
        free(state->points[i].pattern);
    for (int i = 0; i < state->options.family_count; i++)
        free(state->families[i]);
    free(state->points);
    free(state->model);
}

void timing_free(struct timing_state *state) {
    free_points(state);
    *state = (struct timing_state){0};
}

int timing_begin(struct workbench *workbench, int job, const struct timing_options *options,
                 const struct model *model, struct sawb_error *error) {
    struct timing_state *now = &workbench->timing, state = *now;
    state.options = *options;
    state.job = job;
    state.running = 1;
    state.stopped = state.length = state.family = state.target = 0;
    state.model = strdup(model->directory ? model->directory : "");
    state.points = calloc((size_t)point_count(options), sizeof(*state.points));
    int failed = !state.model || !state.points;
    state.options.family_count = 0;
    for (int i = 0; i < options->family_count && !failed; i++) {
        state.families[i] = strdup(options->families[i]);
        state.options.families[i] = NULL;
        failed = !state.families[i];
        state.options.family_count = i + 1;
    }
    if (failed) {
        state.options.length_count = 0;
        free_points(&state);
        return error_set(error, "bench: out of memory");
    }
    /* The cursor: the longest, and the share nearest to four fifths. */
    state.length = options->length_count - 1;
    for (int i = 0; i < options->target_count; i++)
        if (fabs(options->targets[i] - 0.8) < fabs(options->targets[state.target] - 0.8))
            state.target = i;
    free_points(now);
    *now = state;
    workbench->changed = 1;
    return 0;
}

static int clamp(int value, int count) {
    return value < 0 || count <= 0 ? 0 : value >= count ? count - 1 : value;
}

void timing_move(struct workbench *workbench, int lengths, int families, int targets) {
    struct timing_state *state = &workbench->timing;
    state->length = clamp(state->length + lengths, state->options.length_count);
    state->family = clamp(state->family + families, state->options.family_count);
    state->target = clamp(state->target + targets, state->options.target_count);
    workbench->changed = 1;
}

const struct timing_point *timing_at(const struct timing_state *state, int length, int family,
                                     int target) {
    const struct timing_options *options = &state->options;
    if (!state->points || length < 0 || length >= options->length_count || family < 0 ||
        family >= options->family_count || target < 0 || target >= options->target_count)
        return NULL;
    return &state->points[(length * options->family_count + family) * options->target_count +
                          target];
}

int timing_apply(struct workbench *workbench, struct sawb_error *error) {
    const struct timing_state *state = &workbench->timing;
    const struct timing_point *point =
        timing_at(state, state->length, state->family, state->target);
    if (!point || point->rounds == 0)
        return error_set(error, "timing: there is no point yet; `bench kernel --sweep n,s` "
                                "measures some");
    return workbench_set_spec(workbench, ARM_B, point->pattern, error);
}

double timing_ceiling(double share, double sparsity) {
    return 1 / (1 - share + share * (1 - sparsity));
}

double timing_value(const struct timing_point *point, enum timing_shown shown,
                    enum timing_line line) {
    double ideal = timing_ceiling(1, point->realised);
    double ceiling = timing_ceiling(point->share, point->realised);
    double gains[TIMING_LINES] = {[TIMING_LINE_SPARSE] = point->ratio,
                                  [TIMING_LINE_DENSE] = 1,
                                  [TIMING_LINE_IDEAL] = ideal,
                                  [TIMING_LINE_CEILING] = ceiling};
    double times[TIMING_LINES] = {[TIMING_LINE_SPARSE] = point->sparse,
                                  [TIMING_LINE_DENSE] = point->dense,
                                  [TIMING_LINE_IDEAL] = point->dense / ideal,
                                  [TIMING_LINE_CEILING] = point->dense / ceiling};
    return shown == TIMING_SHOWS_GAIN ? gains[line] : times[line];
}

int timing_compares(enum timing_what what, enum timing_shown shown, enum timing_line line) {
    if (line == TIMING_LINE_CEILING)
        return what != TIME_KERNEL;
    return line != TIMING_LINE_IDEAL || what == TIME_KERNEL || shown == TIMING_SHOWS_TIME;
}

int timing_curve(const struct timing_state *state, int family, enum timing_axis axis,
                 enum timing_shown shown, enum timing_line line, double *x, double *y) {
    int along =
        axis == TIMING_BY_LENGTH ? state->options.length_count : state->options.target_count;
    int count = 0;
    for (int i = 0; i < along; i++) {
        int by_length = axis == TIMING_BY_LENGTH;
        const struct timing_point *point =
            timing_at(state, by_length ? i : state->length, family, by_length ? state->target : i);
        if (!point || point->rounds == 0)
            continue;
        double at = by_length ? state->options.lengths[i] : 100 * point->realised;
        int place = count++;
        for (; place > 0 && x[place - 1] > at; place--) {
            x[place] = x[place - 1];
            y[place] = y[place - 1];
        }
        x[place] = at;
        y[place] = timing_value(point, shown, line);
    }
    return count;
}

/* ---- A and B --------------------------------------------------------------------------------- */

static int is_wanted(const struct workbench *workbench) {
    const struct timing_state *state = &workbench->timing;
    return !workbench->replay && workbench->worker && workbench->automatic &&
           panes_shows(&workbench->panes, VIEW_TIMING) && workbench->prediction_job > 0 &&
           workbench->answers == ARMS && !workbench->long_job && !state->live_job &&
           state->live_answer != workbench->prediction_job && workbench->text[0];
}

double timing_patience(const struct workbench *workbench, double now) {
    double wait = workbench->prediction_time + IDLE_SECONDS - now;
    if (!is_wanted(workbench))
        return -1;
    return wait > 0 ? wait : 0;
}

void timing_follow(struct workbench *workbench, double now) {
    struct sawb_error error;
    if (timing_patience(workbench, now) == 0 && timing_measure(workbench, &error) < 0)
        workbench_message(workbench, MESSAGE_ERROR, "%s", error.message);
}

int timing_measure(struct workbench *workbench, struct sawb_error *error) {
    struct timing_state *state = &workbench->timing;
    struct job_arm arms[ARMS];
    if (workbench_start(workbench, error) < 0 || workbench_load(workbench, error) < 0)
        return -1;
    if (workbench->long_job)
        return error_set(error, "timing: long work is under way, which would be measured with it");
    state->live_answer = workbench->prediction_job;
    for (int i = 0; i < ARMS; i++)
        arms[i] =
            (struct job_arm){workbench->arms[i].model, workbench->arms[i].spec, workbench->presets};
    int number = worker_submit(
        workbench->worker, job_live_timing(arms, workbench->text, workbench->settings.seed, error),
        error);
    if (number < 0)
        return -1;
    state->live_job = worker_is_mute(workbench->worker) ? 0 : number;
    workbench->changed = 1;
    return 0;
}

/* ---- what comes ------------------------------------------------------------------------------ */

/* The line of a text: the first, or the second. */
static void take_line(char *line, size_t size, const char *text, int second) {
    const char *end = text ? strchr(text, '\n') : NULL;
    const char *begin = !text ? "" : second ? (end ? end + 1 : "") : text;
    size_t length = !second && end ? (size_t)(end - text) : strlen(begin);
    length = length < size ? length : size - 1;
    memcpy(line, begin, length);
    line[length] = '\0';
}

void timing_take_point(struct workbench *workbench, const struct event *event) {
    struct timing_state *state = &workbench->timing;
    const struct point *point = &event->data.point;
    const double *values = point->values;
    if (event->job != state->job || !state->points || point->index < 0 ||
        point->index >= point_count(&state->options) || !event->text)
        return;
    size_t length = strcspn(event->text, "\n");
    char *pattern = strndup(event->text, length);
    if (!pattern) {
        workbench_message(workbench, MESSAGE_ERROR, "out of memory for the points");
        return;
    }
    struct timing_point *place = &state->points[point->index];
    free(place->pattern);
    *place = (struct timing_point){.rounds = (int)values[TIMING_ROUNDS],
                                   .pattern = pattern,
                                   .target = values[TIMING_TARGET],
                                   .realised = point->x,
                                   .dense = values[TIMING_DENSE],
                                   .sparse = values[TIMING_SPARSE],
                                   .p10 = values[TIMING_SPARSE_P10],
                                   .p90 = values[TIMING_SPARSE_P90],
                                   .ratio = values[TIMING_RATIO],
                                   .ratio_p10 = values[TIMING_RATIO_P10],
                                   .ratio_p90 = values[TIMING_RATIO_P90],
                                   .share = values[TIMING_SHARE]};
    take_line(place->kernel, sizeof(place->kernel), event->text, 1);
}

void timing_take_live(struct workbench *workbench, const struct event *event) {
    struct timing_state *state = &workbench->timing;
    const struct point *point = &event->data.point;
    const double *values = point->values;
    if (point->index < 0 || point->index >= TIMING_LIVE_PARTS)
        return;
    struct timing_live *live = &state->live[point->index];
    *live = (struct timing_live){.rounds = (int)values[LIVE_ROUNDS],
                                 .tokens = (int)values[LIVE_TOKENS],
                                 .ms = {values[LIVE_A], values[LIVE_B]},
                                 .p10 = {values[LIVE_A_P10], values[LIVE_B_P10]},
                                 .p90 = {values[LIVE_A_P90], values[LIVE_B_P90]},
                                 .ratio = values[LIVE_RATIO],
                                 .ratio_p10 = values[LIVE_RATIO_P10],
                                 .ratio_p90 = values[LIVE_RATIO_P90],
                                 .share = values[LIVE_SHARE]};
    for (int arm = 0; arm < ARMS; arm++)
        take_line(live->kernels[arm], sizeof(live->kernels[arm]), event->text, arm);
}

void timing_take_end(struct workbench *workbench, const struct event *event) {
    struct timing_state *state = &workbench->timing;
    if (event->job == state->live_job && state->live_job) {
        state->live_job = 0;
        /* What was interrupted is measured when there is time again. */
        if (event->status == 1)
            state->live_answer = 0;
    }
    if (event->job != state->job || !state->running)
        return;
    state->running = 0;
    state->stopped = event->status != 0;
}
