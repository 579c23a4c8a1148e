/*
 * runs_look.c - how the runs are shown: which part of x, where the cursor stands.
 */
#include <math.h>
#include <string.h>

#include "tui/app/workbench.h"

#define MOVE_PARTS 100 /* a move of the cursor is such a part of what is shown */

const char *run_axis_name(enum run_axis axis) {
    static const char *const names[AXES] = {"step", "epoch", "tokens", "time"};
    return names[axis];
}

void runs_set_smoothing(struct workbench *workbench, double smoothing) {
    struct runs *runs = &workbench->runs;
    runs->smoothing = smoothing;
    history_smooth(&workbench->run, smoothing);
    for (int i = 0; i < runs->count; i++)
        history_smooth(&runs->others[i].history, smoothing);
    workbench->changed = 1;
}

void runs_set_axis(struct workbench *workbench, enum run_axis axis) {
    workbench->runs.axis = axis;
    workbench->runs.from = workbench->runs.to = 0;
    workbench->changed = 1;
}

/* The next of 1, 1.5, 2, 3, 5, 7, 10 times a power of ten: an axis that grows with the run changes
 * seldom. */
static double round_up(double value) {
    static const double factors[] = {1, 1.5, 2, 3, 5, 7, 10};
    double power = pow(10, floor(log10(value)));
    for (int i = 0; i < 7; i++)
        if (value <= factors[i] * power * (1 + 1e-9))
            return factors[i] * power;
    return 10 * power;
}

/* Where x of a run ends, or will end. */
static double end_of(const struct run_history *run, enum run_axis axis) {
    double last = history_x(run, axis)[run->steps - 1], step = run->step[run->steps - 1];
    if (!run->running || run->total_steps <= 0 || !(last > 0))
        return last;
    if (axis == AXIS_STEP)
        return (double)run->total_steps;
    if (axis == AXIS_EPOCH)
        return fmax(ceil(last * (double)run->total_steps / step - 0.01), last);
    return round_up(last);
}

static int full_range(const struct workbench *workbench, double *from, double *to) {
    const struct run_history *run;
    *from = *to = 0;
    for (int i = 0; (run = runs_get(workbench, i)); i++)
        if (run->steps > 0)
            *to = fmax(*to, end_of(run, workbench->runs.axis));
    return *to > *from;
}

int runs_range(const struct workbench *workbench, double *from, double *to) {
    const struct runs *runs = &workbench->runs;
    int any = full_range(workbench, from, to);
    if (any && runs->from < runs->to) {
        *from = runs->from;
        *to = runs->to;
    }
    return any;
}

/* Shows [from, to], moved into what there is. */
static void show_range(struct workbench *workbench, double from, double to) {
    struct runs *runs = &workbench->runs;
    double low, high;
    if (!full_range(workbench, &low, &high))
        return;
    workbench->changed = 1;
    if (to - from >= high - low) {
        runs->from = runs->to = 0;
        return;
    }
    double moved = fmax(low - from, 0) - fmax(to - high, 0);
    runs->from = from + moved;
    runs->to = to + moved;
}

void runs_zoom(struct workbench *workbench, double factor) {
    double from, to, x, low, high;
    if (!runs_range(workbench, &from, &to) || !full_range(workbench, &low, &high))
        return;
    double middle = runs_cursor(workbench, &x) && x >= from && x <= to ? x : (from + to) / 2;
    double width = fmax((to - from) * factor, (high - low) / 10000);
    /* The middle keeps its place on the screen. */
    double left = middle - width * ((middle - from) / (to - from));
    show_range(workbench, left, left + width);
}

void runs_pan(struct workbench *workbench, double share) {
    double from, to;
    if (!runs_range(workbench, &from, &to))
        return;
    double by = (to - from) * share;
    show_range(workbench, from + by, to + by);
}

/* ---- the cursor ------------------------------------------------------------------------------ */

/* The last index whose x is not above; 0 when all are. */
static int index_of(const double *x, int count, double value) {
    int low = 0, high = count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (x[middle] <= value)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

int runs_cursor(const struct workbench *workbench, double *x) {
    const struct run_history *lead = runs_lead(workbench);
    if (!workbench->runs.cursor_on || !lead)
        return 0;
    /* Before the first step there is one place more, that of the weights the run began with. */
    double step = (double)workbench->runs.cursor;
    *x = step < lead->step[0]
             ? 0
             : history_x(lead, workbench->runs.axis)[index_of(lead->step, lead->steps, step)];
    return 1;
}

/* Keeps the place in sight. */
static void follow_cursor(struct workbench *workbench) {
    double from, to, x;
    if (!runs_cursor(workbench, &x) || !runs_range(workbench, &from, &to))
        return;
    if (x < from)
        show_range(workbench, x, x + (to - from));
    else if (x > to)
        show_range(workbench, x - (to - from), x);
}

void runs_go(struct workbench *workbench, int64_t step) {
    const struct run_history *lead = runs_lead(workbench);
    struct runs *runs = &workbench->runs;
    if (!lead)
        return;
    int64_t last = (int64_t)lead->step[lead->steps - 1];
    runs->cursor = step < 0 ? 0 : step > last ? last : step;
    runs->cursor_on = 1;
    follow_cursor(workbench);
    pinned_follow(workbench);
    workbench->changed = 1;
}

int64_t runs_step_at(const struct workbench *workbench, double x) {
    const struct run_history *lead = runs_lead(workbench);
    if (!lead)
        return 0;
    const double *places = history_x(lead, workbench->runs.axis);
    int index = index_of(places, lead->steps, x);
    if (index + 1 < lead->steps && places[index + 1] - x < x - places[index])
        index++;
    return x < places[0] / 2 ? 0 : (int64_t)lead->step[index];
}

void runs_move(struct workbench *workbench, int direction) {
    const struct run_history *lead = runs_lead(workbench);
    double from, to;
    int64_t stored;
    if (!lead || !runs_range(workbench, &from, &to))
        return;
    int64_t at =
        workbench->runs.cursor_on ? workbench->runs.cursor : (int64_t)lead->step[lead->steps - 1];
    if (pinned_neighbour(workbench, at, direction, &stored)) {
        runs_go(workbench, stored);
        return;
    }
    const double *x = history_x(lead, workbench->runs.axis);
    int shown = index_of(x, lead->steps, to) - index_of(x, lead->steps, from);
    int index = index_of(lead->step, lead->steps, (double)at);
    int by = shown / MOVE_PARTS > 0 ? shown / MOVE_PARTS : 1;
    if (workbench->runs.cursor_on)
        index += direction * by;
    if (index < 0)
        runs_go(workbench, 0);
    else
        runs_go(workbench, (int64_t)lead->step[index < lead->steps ? index : lead->steps - 1]);
}
