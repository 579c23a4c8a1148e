/*
 * runs.h - the runs whose curves are overlaid, and how the view TRAINING shows them.
 *
 * The run of this session that is in progress (or ended last) is workbench->run; those before it
 * and those read from a folder's log.jsonl, finished or still growing, stand beside it.
 */
#ifndef SAWB_TUI_APP_RUNS_H
#define SAWB_TUI_APP_RUNS_H

#include "tui/app/history.h"
#include "viz/curve.h"

struct workbench;
struct figure;

#define RUNS_MOST 8 /* at once, each with its own line */
#define BRANCHES_MOST 4

/* Which curves: one of them, the loss and the accuracy, or all. */
enum curve_choice {
    CURVE_MAIN,
    CURVE_LOSS,
    CURVE_ACCURACY,
    CURVE_RATE,
    CURVE_NORM,
    CURVE_SPEED,
    CURVE_SPARSITY,
    CURVE_ALL,
    CURVE_CHOICES
};

struct other_run {
    struct run_history history;
    char *log;      /* path of the file that is followed; NULL: a run of this session */
    int64_t offset; /* bytes of it that were read: whole lines */
};

/* How the run of this session was started, to start another one like it from a branch. */
struct run_recipe {
    struct train_job_options options; /* without `out`, pins and patterns */
    char *data, *validation;          /* what the options point to */
    char *spec;
};

/* A second run that starts where `run branch` has saved this one, when this one ends. */
struct run_branch {
    char *out;
    int saved;               /* 1: its checkpoint is written */
    int changed;             /* 1: begins with a change: */
    enum steering_kind kind; /* STEER_RATE or STEER_SPARSITY */
    double rate;
    char *spec;
};

struct runs {
    struct other_run others[RUNS_MOST - 1]; /* oldest first */
    int count;
    double looked; /* at the logs, the last time */
    struct run_recipe recipe;
    struct run_branch branches[BRANCHES_MOST];
    int branch_count;

    enum curve_choice curve;
    enum run_axis axis;
    int log_scale;
    double smoothing; /* β of the moving average, 0: none */
    double from, to;  /* x that is shown, in units of the axis; equal: all */
    int cursor_on;
    int64_t cursor; /* a step of the leading run */
};

void runs_open(struct runs *runs);
void runs_free(struct runs *runs);

/* By place: the run of this session first, if there is one. */
int runs_count(const struct workbench *workbench);
const struct run_history *runs_get(const struct workbench *workbench, int index);

/* The run whose steps the cursor goes over: the first that has any. NULL: none. */
const struct run_history *runs_lead(const struct workbench *workbench);

/* The last part of the folder's path. */
const char *run_title(const struct run_history *run);

/* Overlays the run of a folder, from the lines of its log. */
int runs_add(struct workbench *workbench, const char *directory, struct sawb_error *error);
/* By folder, its last part, or number (from 1, as `runs` lists them); the run in progress stays. */
int runs_remove(struct workbench *workbench, const char *name, struct sawb_error *error);
void runs_clear(struct workbench *workbench); /* all but the run of this session */

/* Reads what has come to the logs that are followed, once a second at most. */
void runs_follow(struct workbench *workbench, double now);
/* Seconds until it is worth looking again; negative: no log is followed. */
double runs_patience(const struct workbench *workbench, double now);

/* Makes room for a new run in workbench->run: one that was there is kept beside it, unless it wrote
 * to the same folder `name`. */
void runs_put_away(struct workbench *workbench, const char *name);
/* The run that was just begun goes on from what its folder's log holds. */
int runs_resume(struct workbench *workbench, struct sawb_error *error);

/* Keeps how the run was started. `options` and its strings are copied. */
int runs_keep_recipe(struct workbench *workbench, const struct train_job_options *options,
                     const char *spec, struct sawb_error *error);

/* Asks the run to save a branch in `out`. `kind` STEERING_KINDS: without a change. */
int runs_branch(struct workbench *workbench, const char *out, enum steering_kind kind, double rate,
                const char *spec, struct sawb_error *error);
void runs_forget_branches(struct workbench *workbench);

/* What the run has answered to a request (the series of steer.h), and its end. */
void runs_take_steering(struct workbench *workbench, const struct event *event);
void runs_take_end(struct workbench *workbench);

/* ---- how they are shown ---- */

/* "step", "epoch", "tokens", "time". */
const char *run_axis_name(enum run_axis axis);

void runs_set_smoothing(struct workbench *workbench, double smoothing);
void runs_set_axis(struct workbench *workbench, enum run_axis axis);

/* The x that is shown; 0 when there are no points. */
int runs_range(const struct workbench *workbench, double *from, double *to);
void runs_zoom(struct workbench *workbench, double factor); /* below 1: closer */
void runs_pan(struct workbench *workbench, double share);   /* of what is shown, to the right */

/* x of the cursor, or 0 when there is none. */
int runs_cursor(const struct workbench *workbench, double *x);
int64_t runs_step_at(const struct workbench *workbench, double x); /* the step nearest to x */
void runs_go(struct workbench *workbench, int64_t step);
/* By a hundredth of what is shown (at least a step) to the left (-1) or right (1); while stored
 * states are looked at, to the next of them. */
void runs_move(struct workbench *workbench, int direction);

/* The panels of the choice that is made, in order; of several those that have something to show.
 * Returns how many, at least 1. */
#define RUN_PANELS 6
int runs_panels(const struct workbench *workbench, enum curve_choice panels[RUN_PANELS]);

/* One panel: the curves of all runs, the faint ones (not smoothed) first. They point into the runs'
 * histories. */
#define PANEL_SERIES_MOST (3 * RUNS_MOST)
struct runs_panel {
    char title[64]; /* with the smoothing */
    const char *y_name;
    struct series series[PANEL_SERIES_MOST];
    char names[PANEL_SERIES_MOST][64];
    int count;
};
void runs_panel(const struct workbench *workbench, enum curve_choice which,
                struct runs_panel *panel);

/* What a run is drawn with. */
enum meaning run_meaning(const struct run_history *run);
enum curve_look run_look(const struct run_history *run);

int training_figure(const struct workbench *workbench, struct figure *figure,
                    struct sawb_error *error);

#endif
