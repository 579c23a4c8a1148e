/*
 * runs_panels.c - the curves of the runs, panel by panel: for the screen, and as a figure.
 */
#include <stdio.h>

#include "tui/app/figures.h"
#include "tui/app/workbench.h"

enum meaning run_meaning(const struct run_history *run) {
    static const enum meaning meanings[RUNS_MOST] = {
        MEANING_NOTE,     MEANING_ACCENT_A, MEANING_ACCENT_B, MEANING_NEGATIVE,
        MEANING_POSITIVE, MEANING_TITLE,    MEANING_TEXT,     MEANING_KEY};
    return meanings[run->look % RUNS_MOST];
}

enum curve_look run_look(const struct run_history *run) {
    return LOOK_SOLID + (enum curve_look)(run->look % CURVE_LOOKS);
}

/* What a panel shows of a run. */
struct source {
    const double *values, *smooth; /* [steps]; smooth NULL: never smoothed */
    const double *evaluations;     /* [evaluations] */
};

static struct source source_of(const struct run_history *run, enum curve_choice which) {
    switch (which) {
    case CURVE_ACCURACY:
        return (struct source){NULL, NULL, run->evaluation_accuracy};
    case CURVE_RATE:
        return (struct source){run->learning_rate, NULL, NULL};
    case CURVE_NORM:
        return (struct source){run->gradient_norm, run->smooth_norm.values, NULL};
    case CURVE_SPEED:
        return (struct source){run->speed, run->smooth_speed.values, NULL};
    case CURVE_SPARSITY:
        return (struct source){run->realised, NULL, NULL};
    case CURVE_MAIN:
    case CURVE_LOSS:
    case CURVE_ALL:
    case CURVE_CHOICES:
        break;
    }
    return (struct source){run->loss, run->smooth_loss.values, run->evaluation_loss};
}

/* The next series of the panel, empty but for what holds of all of the run. */
static struct series *add_series(struct runs_panel *panel, const struct run_history *run,
                                 const char *kind, int alone) {
    struct series *series = &panel->series[panel->count];
    char *name = panel->names[panel->count++];
    if (alone)
        snprintf(name, sizeof(panel->names[0]), "%s", kind);
    else
        snprintf(name, sizeof(panel->names[0]), "%.40s%s%s", run_title(run), *kind ? " " : "",
                 kind);
    *series = (struct series){.name = name, .meaning = run_meaning(run), .look = run_look(run)};
    return series;
}

static void add_steps(const struct workbench *workbench, struct runs_panel *panel,
                      const struct run_history *run, const double *values, int raw) {
    int alone = runs_count(workbench) == 1;
    const char *kind = raw ? "raw" : alone ? "training" : "";
    struct series *series = add_series(panel, run, kind, alone);
    series->x = history_x(run, workbench->runs.axis);
    series->y = values;
    series->count = run->steps;
    if (!raw)
        return;
    series->meaning = MEANING_FAINT;
    series->scatter = 1;
    series->unlisted = 1;
}

static void add_evaluations(const struct workbench *workbench, struct runs_panel *panel,
                            const struct run_history *run, const double *values) {
    int alone = runs_count(workbench) == 1;
    struct series *series = add_series(panel, run, "validation", alone);
    if (alone)
        series->meaning = MEANING_TITLE;
    series->x = history_evaluation_x(run, workbench->runs.axis);
    series->y = values;
    series->count = run->evaluations;
    series->points = 1;
    series->marked = 1 + history_best(run);
}

static void title_of(const struct workbench *workbench, enum curve_choice which, int smoothed,
                     struct runs_panel *panel) {
    static const char *const titles[CURVE_CHOICES] = {
        [CURVE_LOSS] = "loss",          [CURVE_ACCURACY] = "accuracy",
        [CURVE_RATE] = "learning rate", [CURVE_NORM] = "gradient norm",
        [CURVE_SPEED] = "tokens/s",     [CURVE_SPARSITY] = "realised sparsity"};
    const struct runs *runs = &workbench->runs;
    panel->y_name = titles[which];
    if (smoothed)
        snprintf(panel->title, sizeof(panel->title), "%s smoothed %.4g", panel->y_name,
                 runs->smoothing);
    else
        snprintf(panel->title, sizeof(panel->title), "%s", panel->y_name);
}

void runs_panel(const struct workbench *workbench, enum curve_choice which,
                struct runs_panel *panel) {
    const struct run_history *run;
    int smooth = workbench->runs.smoothing > 0, smoothed = 0;
    panel->count = 0;
    for (int i = 0; (run = runs_get(workbench, i)); i++) {
        struct source source = source_of(run, which);
        if (source.values && source.smooth && smooth)
            add_steps(workbench, panel, run, source.values, 1);
    }
    for (int i = 0; (run = runs_get(workbench, i)); i++) {
        struct source source = source_of(run, which);
        int take_smooth = smooth && source.smooth;
        smoothed |= take_smooth;
        if (source.values)
            add_steps(workbench, panel, run, take_smooth ? source.smooth : source.values, 0);
        if (source.evaluations && run->evaluations > 0)
            add_evaluations(workbench, panel, run, source.evaluations);
    }
    title_of(workbench, which, smoothed, panel);
}

/* Whether any run has something to show there. */
static int has_panel(const struct workbench *workbench, enum curve_choice which) {
    const struct run_history *run;
    for (int i = 0; (run = runs_get(workbench, i)); i++)
        if (which == CURVE_ACCURACY ? run->evaluations > 0 : run->steps > 0)
            return 1;
    return 0;
}

int runs_panels(const struct workbench *workbench, enum curve_choice panels[RUN_PANELS]) {
    static const enum curve_choice all[RUN_PANELS] = {CURVE_LOSS, CURVE_ACCURACY, CURVE_RATE,
                                                      CURVE_NORM, CURVE_SPEED,    CURVE_SPARSITY};
    enum curve_choice choice = workbench->runs.curve;
    int most = choice == CURVE_ALL ? RUN_PANELS : choice == CURVE_MAIN ? 2 : 0, count = 0;
    for (int i = 0; i < most; i++)
        if (has_panel(workbench, all[i]))
            panels[count++] = all[i];
    if (count == 0)
        panels[count++] = most ? CURVE_LOSS : choice;
    return count;
}

/* ---- figure ---------------------------------------------------------------------------------- */

static int add_panel(const struct workbench *workbench, enum curve_choice which,
                     struct figure *figure, struct sawb_error *error) {
    struct runs_panel from;
    runs_panel(workbench, which, &from);
    struct panel *panel =
        figure_series(figure, from.title, run_axis_name(workbench->runs.axis), from.y_name, error);
    if (!panel)
        return -1;
    for (int i = 0; i < from.count; i++) {
        const struct series *series = &from.series[i];
        if (series->count == 0)
            continue;
        if (panel_line(panel, series->name, series->x, series->y, series->count, series->meaning,
                       error) < 0)
            return -1;
        panel->series[panel->series_count - 1].points = series->points;
    }
    return 0;
}

static int add_facts(const struct workbench *workbench, struct figure *figure,
                     struct sawb_error *error) {
    const struct run_history *run;
    if (figure_facts(workbench, figure, error) < 0)
        return -1;
    for (int i = 0; (run = runs_get(workbench, i)); i++) {
        int best = history_best(run);
        int status = best < 0
                         ? figure_fact(figure, error, "run", "%s, %lld steps", run->name,
                                       (long long)run->last.step)
                         : figure_fact(figure, error, "run",
                                       "%s, %lld steps, best accuracy %.4f at step %.0f", run->name,
                                       (long long)run->last.step, run->evaluation_accuracy[best],
                                       run->evaluation_step[best]);
        if (status < 0)
            return -1;
    }
    return 0;
}

int training_figure(const struct workbench *workbench, struct figure *figure,
                    struct sawb_error *error) {
    enum curve_choice panels[RUN_PANELS];
    int count = runs_panels(workbench, panels);
    if (!runs_lead(workbench))
        return error_set(error,
                         "training: there are no curves yet; `train` starts a run, `runs add "
                         "DIR` reads one");
    if (figure_title(figure, error, "training") < 0 || add_facts(workbench, figure, error) < 0)
        return -1;
    figure->stacked = count <= 2;
    for (int i = 0; i < count; i++)
        if (add_panel(workbench, panels[i], figure, error) < 0)
            return -1;
    return 0;
}
