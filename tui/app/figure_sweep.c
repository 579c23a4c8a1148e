/*
 * figure_sweep.c - the view SWEEP as a figure: four plots and the table of their points.
 */
#include <math.h>

#include "tui/app/figures.h"

static int add_plot(const struct sweep_state *state, enum sweep_shown shown, struct figure *figure,
                    struct sawb_error *error) {
    const char *name = sweep_shown_name(shown);
    struct panel *panel = figure_series(figure, name, "pairs removed, %", name, error);
    for (int family = 0; panel && family < state->family_count; family++) {
        double x[SWEEP_TARGETS_MOST], y[SWEEP_TARGETS_MOST];
        int count = sweep_line(state, family, shown, x, y);
        if (panel_line(panel, state->families[family], x, y, count, sweep_meaning(family), error) <
            0)
            return -1;
        panel->series[panel->series_count - 1].points = 1;
    }
    return panel ? 0 : -1;
}

static int add_column(struct panel *panel, const struct sweep_state *state, const char *name,
                      int decimals, double (*value)(const struct sweep_result *result),
                      struct sawb_error *error) {
    struct panel_column *column = panel_column(panel, name, COLUMN_NUMBER, decimals, error);
    for (int i = 0; column && i < panel->rows; i++)
        column->numbers[i] = state->results[i].rows ? value(&state->results[i]) : (double)NAN;
    return column ? 0 : -1;
}

static double target_of(const struct sweep_result *result) {
    return 100 * result->target;
}
static double realised_of(const struct sweep_result *result) {
    return 100 * result->realised;
}
static double accuracy_of(const struct sweep_result *result) {
    return result->values[SHOWN_ACCURACY];
}
static double loss_of(const struct sweep_result *result) {
    return result->values[SHOWN_LOSS];
}
static double mass_of(const struct sweep_result *result) {
    return result->values[SHOWN_MASS];
}
static double agreement_of(const struct sweep_result *result) {
    return result->values[SHOWN_AGREEMENT];
}
static double rows_of(const struct sweep_result *result) {
    return result->rows;
}

static const struct {
    const char *name;
    int decimals;
    double (*value)(const struct sweep_result *result);
} columns[] = {{"target %", 1, target_of},     {"removed %", 2, realised_of},
               {"accuracy", 4, accuracy_of},   {"standard error", 4, sweep_standard_error},
               {"loss", 4, loss_of},           {"mass kept", 4, mass_of},
               {"agreement", 4, agreement_of}, {"rows", 0, rows_of}};

static int add_table(const struct sweep_state *state, struct figure *figure,
                     struct sawb_error *error) {
    int rows = state->family_count * state->target_count;
    struct panel *panel = figure_table(figure, "points", rows, error);
    if (!panel || !panel_column(panel, "pattern", COLUMN_TEXT, 0, error))
        return -1;
    for (int i = 0; i < rows; i++)
        if (state->results[i].pattern &&
            panel_cell(panel, i, 0, state->results[i].pattern, error) < 0)
            return -1;
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        if (add_column(panel, state, columns[i].name, columns[i].decimals, columns[i].value,
                       error) < 0)
            return -1;
    return 0;
}

int sweep_figure(const struct workbench *workbench, struct figure *figure,
                 struct sawb_error *error) {
    const struct sweep_state *state = &workbench->sweep;
    if (!state->path || state->dense.rows == 0)
        return error_set(error, "sweep: there is none yet; `sweep FILE` measures one");
    if (figure_title(figure, error, "sweep over %s", state->path) < 0 ||
        figure_facts(workbench, figure, error) < 0 ||
        figure_fact(figure, error, "swept model", "%s", state->model) < 0 ||
        figure_fact(figure, error, "data", "%s", state->path) < 0 ||
        figure_fact(figure, error, "rows", "%d", state->dense.rows) < 0)
        return -1;
    if (state->dense.labelled > 0 && figure_fact(figure, error, "dense accuracy", "%.4f",
                                                 state->dense.values[SHOWN_ACCURACY]) < 0)
        return -1;
    for (int shown = 0; shown < SWEEP_SHOWN; shown++)
        if (add_plot(state, (enum sweep_shown)shown, figure, error) < 0)
            return -1;
    return add_table(state, figure, error);
}
