/*
 * timing.h - what sparsity saves: the state of the view TIMING. A and B as they are measured while
 * the view is in sight, and the points of the last `bench kernel|model|train --sweep`.
 */
#ifndef SAWB_TUI_APP_TIMING_H
#define SAWB_TUI_APP_TIMING_H

#include "core/session/jobs.h"
#include "viz/grid.h"

struct workbench;
struct figure;

#define TIMING_KERNEL_BYTES 24

struct timing_point {
    int rounds;                         /* 0: not measured yet */
    char *pattern;                      /* as it was measured */
    char kernel[TIMING_KERNEL_BYTES];   /* that ran it */
    double target, realised;            /* sparsity */
    double dense, sparse, p10, p90;     /* milliseconds */
    double ratio, ratio_p10, ratio_p90; /* dense / sparse */
    double share;                       /* of attention in the dense time */
};

/* A and B: the attention of a layer (enum timing_what: TIME_KERNEL) or all of it (TIME_MODEL). */
struct timing_live {
    int rounds; /* 0: not measured yet */
    int tokens;
    double ms[2], p10[2], p90[2];       /* by arm */
    double ratio, ratio_p10, ratio_p90; /* A / B */
    double share;
    char kernels[2][TIMING_KERNEL_BYTES];
};
#define TIMING_LIVE_PARTS 2

struct timing_state {
    char *model;                   /* folder of the one swept; NULL: no sweep yet */
    struct timing_options options; /* its families are those below */
    char *families[SWEEP_FAMILIES_MOST];
    struct timing_point *points; /* [length, family, target] */
    int job, running, stopped;
    int length, family, target; /* under the cursor */

    struct timing_live live[TIMING_LIVE_PARTS];
    int live_job;    /* number of the job under way, 0: none */
    int live_answer; /* number of the prediction that is being measured or was */
};

void timing_free(struct timing_state *state);

/* Empties the points for the job just submitted. */
int timing_begin(struct workbench *workbench, int job, const struct timing_options *options,
                 const struct model *model, struct sawb_error *error);

/* NULL: there is none. */
const struct timing_point *timing_at(const struct timing_state *state, int length, int family,
                                     int target);

/* Moves the cursor; stays inside. */
void timing_move(struct workbench *workbench, int lengths, int families, int targets);

/* Arm B takes the pattern under the cursor. */
int timing_apply(struct workbench *workbench, struct sawb_error *error);

/* What a plot shows of points, each against an axis with the other at the cursor. */
enum timing_axis { TIMING_BY_LENGTH, TIMING_BY_SPARSITY };
enum timing_shown { TIMING_SHOWS_TIME, TIMING_SHOWS_GAIN };
enum timing_line {
    TIMING_LINE_SPARSE,  /* of a family */
    TIMING_LINE_DENSE,   /* of it, as measured beside it; a gain of 1 */
    TIMING_LINE_IDEAL,   /* dense × (1 − s), s as realised */
    TIMING_LINE_CEILING, /* Amdahl's, 1 / (1 − f s), f the measured share of attention */
    TIMING_LINES
};
/* Whether a plot shows the line: a kernel's ceiling is its ideal, and what would be ideal for
 * attention alone lies far above all gains of a whole model. */
int timing_compares(enum timing_what what, enum timing_shown shown, enum timing_line line);

#define TIMING_POINTS_MOST SWEEP_TARGETS_MOST

/* Points by ascending x (tokens, or realised sparsity in %): x and y [TIMING_POINTS_MOST], y in
 * milliseconds or times as fast. Returns how many. */
int timing_curve(const struct timing_state *state, int family, enum timing_axis axis,
                 enum timing_shown shown, enum timing_line line, double *x, double *y);

/* How a point does by a line: milliseconds or times as fast. */
double timing_value(const struct timing_point *point, enum timing_shown shown,
                    enum timing_line line);

/* What B would gain at most of A's time when attention took a share f and B's pattern took away s
 * of it. */
double timing_ceiling(double share, double sparsity);

/* When the view is in sight, answers are there and nothing else is to be done: measures A and B,
 * once for each answer. */
void timing_follow(struct workbench *workbench, double now);
/* Seconds until timing_follow has something to do; negative: nothing. */
double timing_patience(const struct workbench *workbench, double now);
/* Measures A and B again. */
int timing_measure(struct workbench *workbench, struct sawb_error *error);

void timing_take_point(struct workbench *workbench, const struct event *event);
void timing_take_live(struct workbench *workbench, const struct event *event);
void timing_take_end(struct workbench *workbench, const struct event *event);

/* The plots alone: along each axis of which the sweep has several values. */
int timing_plots(const struct workbench *workbench, struct figure *figure,
                 struct sawb_error *error);
int timing_figure(const struct workbench *workbench, struct figure *figure,
                  struct sawb_error *error);

#endif
