/*
 * pruning.h - heads that are off: what each counts for on the sentence, and what is left of the
 * accuracy of a data set when they go one after the other. The state of the view PRUNING.
 *
 * A head is off by the pattern language (heads_off), so it is off in every answer, export and run.
 */
#ifndef SAWB_TUI_APP_PRUNING_H
#define SAWB_TUI_APP_PRUNING_H

#include <stddef.h>

#include "core/base/error.h"
#include "core/sparsity/edit.h"

struct workbench;
struct event;
struct figure;

/* What an arm says with each head off alone. */
struct head_effects {
    int layers, heads;
    double *change; /* [layers, heads] of the logit difference; NaN: not known yet */
    double before;  /* logit difference with all heads of the pattern */
    int old;        /* 1: worked out for an earlier answer */
};

/* Heads removed one after the other. */
struct pruning_run {
    char *file; /* NULL: no run yet */
    int job;    /* its number, 0: none */
    int running;
    int arm, rows, count_all; /* points it will have, 0: not known yet */
    struct head_place *off;   /* [off_count] heads that were off before it began */
    int off_count;
    /* Points: the first without a head removed. */
    int points, capacity;
    double *heads_off, *accuracy, *loss; /* [points] */
    struct head_place *removed;          /* [points]; the first is none */
};

struct pruning {
    struct head_effects effects[2]; /* by arm */
    int job, asked_for;             /* the newest job, and the prediction it belongs to */
    double asked_time;
    struct pruning_run run;
};

void pruning_clear(struct pruning *pruning);

/* Asks the worker what each head counts for, when the answers it would belong to are new. Called
 * when the view is drawn; cheap when nothing is missing. */
void pruning_wish(struct workbench *workbench);

enum head_switch { HEAD_TOGGLE, HEAD_OFF, HEAD_ON };
/* Switches a head of the arm. All others, and the rest of the pattern, stay as they are. */
int pruning_switch(struct workbench *workbench, int arm, struct head_place place,
                   enum head_switch how, struct sawb_error *error);
/* Switches all heads of the arm on. */
int pruning_all_on(struct workbench *workbench, int arm, struct sawb_error *error);

/* 1 when the head is off in the arm's pattern. */
int pruning_is_off(const struct workbench *workbench, int arm, int layer, int head);

/* Empties the run for the job just submitted, on `arm` whose heads that are off stay off. */
int pruning_begin(struct workbench *workbench, int job, int arm, const char *file,
                  struct sawb_error *error);

/* Gives an arm the heads that were off when the run began and the first `count` it removed. */
int pruning_apply(struct workbench *workbench, int arm, int count, struct sawb_error *error);

/* Events of the jobs: SERIES_ABLATION, SERIES_PRUNING, the end. */
void pruning_take_effect(struct workbench *workbench, const struct event *event);
void pruning_take_point(struct workbench *workbench, const struct event *event);
void pruning_take_end(struct workbench *workbench, const struct event *event);

/* The effect of every head, and the curve of the run. */
int pruning_figure(const struct workbench *workbench, struct figure *figure,
                   struct sawb_error *error);

#endif
