/*
 * figure_pruning.c - what heads count for, and accuracy against heads removed, as figures.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tui/app/figures.h"
#include "tui/app/pruning.h"
#include "tui/app/workbench.h"
#include "viz/figure.h"

static int add_effects(struct figure *figure, const struct workbench *workbench, int arm,
                       struct sawb_error *error) {
    const struct head_effects *effects = &workbench->pruning.effects[arm];
    char title[120];
    if (!effects->change)
        return 0;
    snprintf(title, sizeof(title), "%c: change of the logit difference (%.3f) without the head",
             "AB"[arm], effects -> before);
    struct panel *panel = figure_matrix(figure, title, effects->layers, effects->heads, error);
    if (!panel || panel_numbers(panel, "layer ", 1, error) < 0 ||
        panel_numbers(panel, "head ", 0, error) < 0 ||
        panel_unit(panel, "logit difference", error) < 0)
        return -1;
    panel->scale = PANEL_DIVERGING;
    for (int i = 0; i < effects->layers * effects->heads; i++) {
        panel->values[i] = (float)effects->change[i];
        panel->mask[i] = !pruning_is_off(workbench, arm, i / effects->heads, i % effects->heads);
    }
    return 0;
}

static int add_curves(struct figure *figure, const struct pruning_run *run,
                      struct sawb_error *error) {
    enum meaning meaning = run->arm == ARM_A ? MEANING_ACCENT_A : MEANING_ACCENT_B;
    struct panel *panel = figure_series(figure, "accuracy", "heads off", "accuracy", error);
    if (!panel || panel_line(panel, run->arm ? "B" : "A", run->heads_off, run->accuracy,
                             run->points, meaning, error) < 0)
        return -1;
    panel = figure_series(figure, "loss", "heads off", "loss", error);
    return !panel || panel_line(panel, run->arm ? "B" : "A", run->heads_off, run->loss, run->points,
                                meaning, error) < 0
               ? -1
               : 0;
}

static int add_order(struct figure *figure, const struct pruning_run *run,
                     struct sawb_error *error) {
    static const struct {
        const char *name;
        int decimals;
    } columns[] = {{"heads off", 0}, {"layer", 0}, {"head", 0}, {"accuracy", 4}, {"loss", 4}};
    struct panel *panel =
        figure_table(figure, "heads in the order of their removal", run->points, error);
    if (!panel)
        return -1;
    for (int c = 0; c < 5; c++) {
        struct panel_column *column =
            panel_column(panel, columns[c].name, COLUMN_NUMBER, columns[c].decimals, error);
        if (!column)
            return -1;
        for (int i = 0; i < run->points; i++) {
            const double values[] = {run->heads_off[i], i ? run->removed[i].layer : NAN,
                                     i ? run->removed[i].head : NAN, run->accuracy[i],
                                     run->loss[i]};
            column->numbers[i] = values[c];
        }
    }
    return 0;
}

int pruning_figure(const struct workbench *workbench, struct figure *figure,
                   struct sawb_error *error) {
    const struct pruning *pruning = &workbench->pruning;
    const struct pruning_run *run = &pruning->run;
    if (!pruning->effects[ARM_A].change && !pruning->effects[ARM_B].change && run->points == 0)
        return error_set(error, "pruning: nothing has been worked out yet; open the view, or prune "
                                "on a data set with `prune FILE`");
    if (figure_title(figure, error, "heads off") < 0 || figure_facts(workbench, figure, error) < 0)
        return -1;
    for (int arm = 0; arm < ARMS; arm++)
        if (add_effects(figure, workbench, arm, error) < 0)
            return -1;
    if (run->points == 0)
        return 0;
    if (figure_fact(figure, error, "pruned on", "%s, %d rows, arm %c", run->file, run->rows,
                    "AB"[run->arm]) < 0 ||
        add_curves(figure, run, error) < 0)
        return -1;
    return add_order(figure, run, error);
}
