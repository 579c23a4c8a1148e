/*
 * sweep.h - accuracy, loss, mass kept and agreement with the dense model against sparsity: the
 * state of the view SWEEP. The results stay until the next sweep.
 */
#ifndef SAWB_TUI_APP_SWEEP_H
#define SAWB_TUI_APP_SWEEP_H

#include "core/session/jobs.h"
#include "viz/grid.h"

struct workbench;
struct figure;

enum sweep_shown { SHOWN_ACCURACY, SHOWN_LOSS, SHOWN_MASS, SHOWN_AGREEMENT, SWEEP_SHOWN };

struct sweep_result {
    int rows;      /* 0: not told yet */
    int labelled;  /* of them; without any, accuracy and loss are NaN */
    char *pattern; /* as it was measured */
    double target, realised;
    double values[SWEEP_SHOWN]; /* by enum sweep_shown */
};

struct sweep_state {
    char *path, *model;                   /* data set, folder of the model; NULL: no sweep yet */
    int family_count, target_count, rows; /* rows asked for */
    char *families[SWEEP_FAMILIES_MOST];
    struct sweep_result dense, *results; /* [family, target] */
    int job, running, stopped;
    int family, target;     /* under the cursor */
    enum sweep_shown shown; /* where there is room for one */
};

void sweep_free(struct sweep_state *state);

/* Empties the state for the job just submitted. */
int sweep_begin(struct workbench *workbench, int job, const struct sweep_options *options,
                const struct model *model, struct sawb_error *error);

/* Moves the cursor over targets and families; stays inside. */
void sweep_move(struct workbench *workbench, int families, int targets);

/* NULL: there is none. */
const struct sweep_result *sweep_at(const struct sweep_state *state, int family, int target);

/* Arm B takes the pattern under the cursor. */
int sweep_apply(struct workbench *workbench, struct sawb_error *error);

/* "accuracy", "loss", "mass kept", "agreement"; and its decimals in a table. */
const char *sweep_shown_name(enum sweep_shown shown);

/* What marks a family's line. */
enum meaning sweep_meaning(int family);

/* The points of a family that are known, by ascending realised sparsity in %: x and y
 * [SWEEP_TARGETS_MOST]. Returns how many. */
int sweep_line(const struct sweep_state *state, int family, enum sweep_shown shown, double *x,
               double *y);

/* Standard error of an accuracy, sqrt(a (1 - a) / labelled); NaN without labels. */
double sweep_standard_error(const struct sweep_result *result);

void sweep_take_point(struct workbench *workbench, const struct event *event);
void sweep_take_end(struct workbench *workbench, const struct event *event);

int sweep_figure(const struct workbench *workbench, struct figure *figure,
                 struct sawb_error *error);

#endif
