/*
 * sweep.c - the points of a sweep as they come, and the cursor on them.
 */
#include "tui/app/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/workbench.h"

void sweep_free(struct sweep_state *state) {
    for (int i = 0; state->results && i < state->family_count * state->target_count; i++)
        free(state->results[i].pattern);
    for (int i = 0; i < state->family_count; i++)
        free(state->families[i]);
    free(state->results);
    free(state->dense.pattern);
    free(state->path);
    free(state->model);
    *state = (struct sweep_state){0};
}

int sweep_begin(struct workbench *workbench, int job, const struct sweep_options *options,
                const struct model *model, struct sawb_error *error) {
    size_t count = (size_t)options->family_count * (size_t)options->target_count;
    struct sweep_state state = {.target_count = options->target_count,
                                .rows = options->rows,
                                .job = job,
                                .running = 1,
                                .shown = workbench->sweep.shown};
    state.path = strdup(options->path);
    state.model = strdup(model->directory ? model->directory : "");
    state.results = calloc(count, sizeof(*state.results));
    int failed = !state.path || !state.model || !state.results;
    for (int i = 0; i < options->family_count && !failed; i++) {
        state.families[i] = strdup(options->families[i]);
        failed = !state.families[i];
        state.family_count = i + 1;
    }
    if (failed) {
        sweep_free(&state);
        return error_set(error, "sweep: out of memory");
    }
    for (size_t i = 0; i < count; i++)
        state.results[i].target = options->targets[i % (size_t)options->target_count];
    sweep_free(&workbench->sweep);
    workbench->sweep = state;
    workbench->changed = 1;
    return 0;
}

static int clamp(int value, int count) {
    return value < 0 || count <= 0 ? 0 : value >= count ? count - 1 : value;
}

void sweep_move(struct workbench *workbench, int families, int targets) {
    struct sweep_state *state = &workbench->sweep;
    state->family = clamp(state->family + families, state->family_count);
    state->target = clamp(state->target + targets, state->target_count);
    workbench->changed = 1;
}

const struct sweep_result *sweep_at(const struct sweep_state *state, int family, int target) {
    if (family < 0 || family >= state->family_count || target < 0 || target >= state->target_count)
        return NULL;
    return &state->results[family * state->target_count + target];
}

int sweep_apply(struct workbench *workbench, struct sawb_error *error) {
    const struct sweep_state *state = &workbench->sweep;
    const struct sweep_result *result = sweep_at(state, state->family, state->target);
    if (!result || result->rows == 0)
        return error_set(error, "sweep: there is no point yet; `sweep FILE` measures some");
    return workbench_set_spec(workbench, ARM_B, result->pattern, error);
}

const char *sweep_shown_name(enum sweep_shown shown) {
    static const char *const names[SWEEP_SHOWN] = {"accuracy", "loss", "mass kept", "agreement"};
    return names[shown];
}

enum meaning sweep_meaning(int family) {
    static const enum meaning meanings[SWEEP_FAMILIES_MOST] = {MEANING_ACCENT_B, MEANING_ACCENT_A,
                                                               MEANING_NOTE,     MEANING_POSITIVE,
                                                               MEANING_NEGATIVE, MEANING_TITLE};
    return meanings[family % SWEEP_FAMILIES_MOST];
}

int sweep_line(const struct sweep_state *state, int family, enum sweep_shown shown, double *x,
               double *y) {
    int count = 0;
    for (int t = 0; t < state->target_count; t++) {
        const struct sweep_result *result = sweep_at(state, family, t);
        if (!result || result->rows == 0)
            continue;
        /* A whole number need not fall as its target rises: sorted in. */
        int at = count++;
        for (; at > 0 && x[at - 1] > 100 * result->realised; at--) {
            x[at] = x[at - 1];
            y[at] = y[at - 1];
        }
        x[at] = 100 * result->realised;
        y[at] = result->values[shown];
    }
    return count;
}

double sweep_standard_error(const struct sweep_result *result) {
    double accuracy = result->values[SHOWN_ACCURACY];
    return result->labelled > 0 ? sqrt(accuracy * (1 - accuracy) / result->labelled) : (double)NAN;
}

void sweep_take_point(struct workbench *workbench, const struct event *event) {
    struct sweep_state *state = &workbench->sweep;
    const struct point *point = &event->data.point;
    if (event->job != state->job || point->index < -1 ||
        point->index >= state->family_count * state->target_count)
        return;
    struct sweep_result *result = point->index < 0 ? &state->dense : &state->results[point->index];
    char *pattern = event->text ? strdup(event->text) : NULL;
    if (!pattern) {
        workbench_message(workbench, MESSAGE_ERROR, "sweep: out of memory");
        return;
    }
    free(result->pattern);
    result->pattern = pattern;
    result->target = point->values[SWEEP_TARGET];
    result->realised = point->x;
    result->rows = (int)point->values[SWEEP_ROWS];
    result->labelled = (int)point->values[SWEEP_LABELLED];
    result->values[SHOWN_ACCURACY] = point->values[SWEEP_ACCURACY];
    result->values[SHOWN_LOSS] = point->values[SWEEP_LOSS];
    result->values[SHOWN_MASS] = point->values[SWEEP_MASS];
    result->values[SHOWN_AGREEMENT] = point->values[SWEEP_AGREEMENT];
}

void sweep_take_end(struct workbench *workbench, const struct event *event) {
    struct sweep_state *state = &workbench->sweep;
    if (event->job != state->job || !state->running)
        return;
    state->running = 0;
    state->stopped = event->status != 0;
}
