/*
 * heads.h - all heads of both arms: which number of them is looked at, in what order, and which are
 * searched for. The views heads and metrics and their commands share it.
 *
 *     heads_place_parse(&workbench, "b.entropy", &place, &error);
 *     heads_sort(&workbench, place, 1);
 *     order = heads_order(&workbench, &count);
 */
#ifndef SAWB_TUI_APP_HEADS_H
#define SAWB_TUI_APP_HEADS_H

#include <stddef.h>

#include "core/base/error.h"
#include "core/inspect/importance.h"
#include "core/inspect/metrics.h"

struct workbench;
struct event;
struct figure;

/* Whose heads. */
enum heads_of { HEADS_A, HEADS_B, HEADS_DIFFERENCE, HEADS_KINDS };

/* A number of a head: a metric of A, of B, or B - A. */
struct heads_place {
    int metric; /* enum metric_index */
    enum heads_of of;
};

enum heads_comparison { HEADS_ABOVE, HEADS_FROM, HEADS_BELOW, HEADS_TO }; /* > >= < <= */

struct heads_search {
    int active;
    struct heads_place place;
    enum heads_comparison comparison;
    double value;
};

struct heads {
    enum heads_of of; /* whose maps are shown */
    int sorted;       /* 0: in the order of layers and heads */
    struct heads_place sort;
    int descending;
    struct heads_search search;
    int column; /* of the table of metrics, under the cursor: index of struct heads_place's order */

    /* Of the last picture: where it begins and how much of it there is. The views keep them. */
    int first_row, columns, rows, first_head;   /* of the maps */
    int first_line, lines, first_metric_column; /* of the table */

    /* The importance is worked out on demand, and from then on for every new answer. */
    int importance_wanted, importance_job;
    int importance_labelled,
        importance_label; /* of the loss; not labelled: each arm's predicted one */
    enum importance_scale importance_scale;
    double importance_time; /* when it was asked for */
    int importance_old[2];  /* 1: an arm shows the values of an earlier answer */
    double *importance;     /* [importance_count] of the arm that is told */
    int importance_count;
};

void heads_free(struct heads *heads);

/* Heads there are in both arms: workbench_layers * workbench_heads. Head `index` is layer * NH +
 * head. */
int heads_count(const struct workbench *workbench);
int heads_cursor(const struct workbench *workbench);        /* the index of the head looked at */
void heads_look_at(struct workbench *workbench, int index); /* pulled into what there is */

/* NaN where there is none. */
double heads_value(const struct workbench *workbench, struct heads_place place, int index);
int heads_off(const struct workbench *workbench, int arm, int index);

/* The indices in the order in which they are listed, NaN last, owned by the caller (free). NULL
 * without heads or memory. */
int *heads_order(const struct workbench *workbench, int *count);

/* "entropy", "b.entropy", "d.entropy" (B - A); without a prefix, of what the maps show. An error
 * lists the metrics. */
int heads_place_parse(const struct workbench *workbench, const char *text,
                      struct heads_place *place, struct sawb_error *error);
/* "entropy of B". Returns `text`. */
char *heads_place_text(struct heads_place place, char *text, size_t size);

/* Columns of the table of metrics: A, B of each, one of those that are of both. 0 past the last. */
int heads_place_get(int index, struct heads_place *place);

/* "sep>0.9", blanks allowed. Takes the search and looks at the first head, in the order listed and
 * from the one looked at on, for which it holds. */
int heads_find(struct workbench *workbench, const char *text, struct sawb_error *error);
int heads_matches(const struct workbench *workbench, int index); /* 0 without a search */
int heads_matching(const struct workbench *workbench);           /* how many */
/* To the next (1) or previous (-1) that matches, round the end; 0 when there is none. */
int heads_find_next(struct workbench *workbench, int step);

/*
 * Moves the head looked at. Over the maps: left, right, up, down, page-up, page-down, first, last;
 * in the list: previous, next, previous-page, next-page; or to a head, "3.7". -1 when the word is
 * none of these, or names no head.
 */
int heads_move(struct workbench *workbench, const char *word, struct sawb_error *error);

/* Asks for the importance of the heads of the present answers. */
int heads_ask_importance(struct workbench *workbench, struct sawb_error *error);

/* A new answer of an arm has come in the place of `before` (NULL: none), which is still there. */
void heads_take_capture(struct workbench *workbench, int arm, const struct capture *before);
/* All arms have answered: what is wanted for each answer is asked for. */
void heads_answered(struct workbench *workbench);
/* EVENT_POINT of SERIES_IMPORTANCE. */
void heads_take_importance(struct workbench *workbench, const struct event *event);

/* Figures (views.h), figure_heads.c: every head as a small matrix in one large one; the table of
 * metrics. */
int heads_figure(const struct workbench *workbench, struct figure *figure,
                 struct sawb_error *error);
int metrics_figure(const struct workbench *workbench, struct figure *figure,
                   struct sawb_error *error);

#endif
