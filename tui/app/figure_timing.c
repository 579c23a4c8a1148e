/*
 * figure_timing.c - the view TIMING as a figure: time and gain against length and sparsity, A
 * beside B, and the table of the points.
 */
#include <math.h>
#include <stdio.h>

#include "tui/app/figures.h"

/* The cursor's family beside what it is measured against; the other families as they are. */
static const struct {
    enum timing_line line;
    const char *name;
    enum meaning meaning;
} references[] = {{TIMING_LINE_DENSE, "dense", MEANING_ACCENT_A},
                  {TIMING_LINE_IDEAL, "ideal: dense x (1 - s)", MEANING_FAINT},
                  {TIMING_LINE_CEILING, "Amdahl's ceiling", MEANING_NOTE}};

static int add_line(struct panel *panel, const struct timing_state *state, const char *name,
                    int family, enum timing_axis axis, enum timing_shown shown,
                    enum timing_line line, enum meaning meaning, struct sawb_error *error) {
    double x[TIMING_POINTS_MOST], y[TIMING_POINTS_MOST];
    int count = timing_curve(state, family, axis, shown, line, x, y);
    if (panel_line(panel, name, x, y, count, meaning, error) < 0)
        return -1;
    panel->series[panel->series_count - 1].points = line == TIMING_LINE_SPARSE;
    return 0;
}

static int add_plot(const struct timing_state *state, enum timing_axis axis,
                    enum timing_shown shown, struct figure *figure, struct sawb_error *error) {
    char title[96];
    const struct timing_options *options = &state->options;
    if (axis == TIMING_BY_LENGTH)
        snprintf(title, sizeof(title), "%s, %s at %g %% removed", timing_words[options->what],
                 shown == TIMING_SHOWS_TIME ? "time" : "times as fast",
                 100 * options->targets[state->target]);
    else
        snprintf(title, sizeof(title), "%s, %s at n = %d", timing_words[options->what],
                 shown == TIMING_SHOWS_TIME ? "time" : "times as fast",
                 options->lengths[state->length]);
    struct panel *panel =
        figure_series(figure, title, axis == TIMING_BY_LENGTH ? "tokens (n)" : "pairs removed, %",
                      shown == TIMING_SHOWS_TIME ? "milliseconds" : "dense / sparse", error);
    for (int family = 0; panel && family < options->family_count; family++)
        if (add_line(panel, state, state->families[family], family, axis, shown, TIMING_LINE_SPARSE,
                     sweep_meaning(family), error) < 0)
            return -1;
    for (size_t i = 0; panel && i < sizeof(references) / sizeof(references[0]); i++) {
        if (!timing_compares(options->what, shown, references[i].line))
            continue;
        if (add_line(panel, state, references[i].name, state->family, axis, shown,
                     references[i].line, references[i].meaning, error) < 0)
            return -1;
    }
    return panel ? 0 : -1;
}

int timing_plots(const struct workbench *workbench, struct figure *figure,
                 struct sawb_error *error) {
    const struct timing_state *state = &workbench->timing;
    const struct timing_options *options = &state->options;
    for (int axis = 0; axis < 2; axis++) {
        if ((axis == TIMING_BY_LENGTH ? options->length_count : options->target_count) < 2)
            continue;
        for (int shown = 0; shown < 2; shown++)
            if (add_plot(state, (enum timing_axis)axis, (enum timing_shown)shown, figure, error) <
                0)
                return -1;
    }
    return 0;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static double removed_of(const struct timing_point *point) {
    return 100 * point->realised;
}
static double dense_of(const struct timing_point *point) {
    return point->dense;
}
static double sparse_of(const struct timing_point *point) {
    return point->sparse;
}
static double p10_of(const struct timing_point *point) {
    return point->p10;
}
static double p90_of(const struct timing_point *point) {
    return point->p90;
}
static double ideal_of(const struct timing_point *point) {
    return timing_value(point, TIMING_SHOWS_TIME, TIMING_LINE_IDEAL);
}
static double ratio_of(const struct timing_point *point) {
    return point->ratio;
}
static double ratio_p10_of(const struct timing_point *point) {
    return point->ratio_p10;
}
static double ratio_p90_of(const struct timing_point *point) {
    return point->ratio_p90;
}
static double share_of(const struct timing_point *point) {
    return 100 * point->share;
}
static double ceiling_of(const struct timing_point *point) {
    return timing_value(point, TIMING_SHOWS_GAIN, TIMING_LINE_CEILING);
}
static double rounds_of(const struct timing_point *point) {
    return point->rounds;
}

static const struct {
    const char *name;
    int decimals;
    double (*value)(const struct timing_point *point);
} columns[] = {
    {"removed %", 2, removed_of},  {"dense ms", 4, dense_of},  {"sparse ms", 4, sparse_of},
    {"p10 ms", 4, p10_of},         {"p90 ms", 4, p90_of},      {"ideal ms", 4, ideal_of},
    {"dense/sparse", 3, ratio_of}, {"p10", 3, ratio_p10_of},   {"p90", 3, ratio_p90_of},
    {"attention %", 1, share_of},  {"ceiling", 3, ceiling_of}, {"runs", 0, rounds_of}};

static int add_points(const struct timing_state *state, struct figure *figure,
                      struct sawb_error *error) {
    const struct timing_options *options = &state->options;
    int rows = options->length_count * options->family_count * options->target_count;
    struct panel *panel = figure_table(figure, "points", rows, error);
    if (!panel)
        return -1;
    int rows_of_length = options->family_count * options->target_count;
    struct panel_column *lengths = panel_column(panel, "n", COLUMN_NUMBER, 0, error);
    for (int i = 0; lengths && i < rows; i++) {
        int length = i / rows_of_length;
        lengths->numbers[i] = options->lengths[length];
    }
    if (!lengths || !panel_column(panel, "pattern", COLUMN_TEXT, 0, error) ||
        !panel_column(panel, "kernel", COLUMN_TEXT, 0, error))
        return -1;
    for (int i = 0; i < rows; i++)
        if (state->points[i].rounds &&
            (panel_cell(panel, i, 1, state->points[i].pattern, error) < 0 ||
             panel_cell(panel, i, 2, state->points[i].kernel, error) < 0))
            return -1;
    for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
        struct panel_column *column =
            panel_column(panel, columns[c].name, COLUMN_NUMBER, columns[c].decimals, error);
        for (int i = 0; column && i < rows; i++)
            column->numbers[i] =
                state->points[i].rounds ? columns[c].value(&state->points[i]) : (double)NAN;
        if (!column)
            return -1;
    }
    return 0;
}

static int add_live(const struct timing_state *state, struct figure *figure,
                    struct sawb_error *error) {
    static const char *const names[] = {"attention of a layer", "whole model"};
    static const char *const titles[] = {"A ms",    "A p10", "A p90",  "B ms",
                                         "B p10",   "B p90", "A/B",    "A/B p10",
                                         "A/B p90", "runs",  "tokens", "attention %"};
    struct panel *panel = figure_table(figure, "A and B now", TIMING_LIVE_PARTS, error);
    if (!panel || !panel_column(panel, "time of", COLUMN_TEXT, 0, error) ||
        !panel_column(panel, "kernel A", COLUMN_TEXT, 0, error) ||
        !panel_column(panel, "kernel B", COLUMN_TEXT, 0, error))
        return -1;
    for (int part = 0; part < TIMING_LIVE_PARTS; part++)
        if (panel_cell(panel, part, 0, names[part], error) < 0 ||
            panel_cell(panel, part, 1, state->live[part].kernels[0], error) < 0 ||
            panel_cell(panel, part, 2, state->live[part].kernels[1], error) < 0)
            return -1;
    for (int c = 0; c < (int)(sizeof(titles) / sizeof(titles[0])); c++) {
        struct panel_column *column = panel_column(panel, titles[c], COLUMN_NUMBER,
                                                   c < 9    ? 4
                                                   : c < 11 ? 0
                                                            : 1,
                                                   error);
        for (int part = 0; column && part < TIMING_LIVE_PARTS; part++) {
            const struct timing_live *live = &state->live[part];
            double values[] = {live->ms[0],     live->p10[0], live->p90[0], live->ms[1],
                               live->p10[1],    live->p90[1], live->ratio,  live->ratio_p10,
                               live->ratio_p90, live->rounds, live->tokens, 100 * live->share};
            column->numbers[part] = live->rounds ? values[c] : (double)NAN;
        }
        if (!column)
            return -1;
    }
    return 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

int timing_figure(const struct workbench *workbench, struct figure *figure,
                  struct sawb_error *error) {
    const struct timing_state *state = &workbench->timing;
    const struct timing_options *options = &state->options;
    int live = state->live[0].rounds || state->live[1].rounds;
    if (!state->model && !live)
        return error_set(error, "timing: there is nothing yet; `bench kernel --sweep n,s` measures "
                                "dense against sparse, `timing measure` A against B");
    if (figure_title(figure, error,
                     state->model ? "time of dense and sparse %s" : "time of A and B",
                     state->model ? timing_words[options->what] : "") < 0 ||
        figure_facts(workbench, figure, error) < 0)
        return -1;
    if (live && add_live(state, figure, error) < 0)
        return -1;
    if (!state->model)
        return 0;
    if (figure_fact(figure, error, "timed model", "%s", state->model) < 0 ||
        figure_fact(figure, error, "seconds a point", "%g", options->seconds) < 0)
        return -1;
    if (timing_plots(workbench, figure, error) < 0)
        return -1;
    return add_points(state, figure, error);
}
