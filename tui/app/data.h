/*
 * data.h - a data set as a table: its rows, what A and B say of each, which are shown in which
 * order, and the sums over them.
 *
 * Nothing here waits: answers come as events of a job (core/session/rows.h). The order and the sums
 * are worked out anew after every change of filter or sorting, and while answers come, twice a
 * second.
 */
#ifndef SAWB_TUI_APP_DATA_H
#define SAWB_TUI_APP_DATA_H

#include "core/inspect/compare.h"
#include "core/session/rows.h"
#include "tui/app/data_filter.h"

struct workbench;
struct table;
struct figure;

enum data_key {
    DATA_ROW,
    DATA_TEXT,
    DATA_GOLD,
    DATA_A,
    DATA_B,
    DATA_CONFIDENCE,
    DATA_DELTA,
    DATA_LENGTH,
    DATA_KEYS
};

/* What the answers were asked of; a change makes them stale. */
struct data_asked {
    char *spec;     /* NULL: never asked */
    uint64_t model; /* fingerprint */
};

struct data {
    struct row_set *set;           /* NULL: no data set is open */
    const struct dataset *dataset; /* of the set */
    struct row_facts *rows;        /* [dataset->count] */

    char (*names)[MODEL_LABEL_BYTES]; /* [labels] */
    int labels;

    char *filter_text;     /* NULL: every row is shown */
    struct filter *filter; /* of it, NULL too */
    char *search_text;     /* what `data find` looks for; NULL: rows that flip */
    struct filter *search;
    enum data_key key; /* sorted by */
    int descending;
    int *order; /* [shown] rows in the order they are shown */
    int shown;

    int row, position; /* under the cursor: its number in the data set, its place in the order */
    int first, page;   /* of the order: the first in sight, and how many are */
    int shift;         /* terminal columns by which the texts are scrolled */

    struct data_asked asked[2];
    uint64_t seed;
    int job;              /* that answers the rows, or did last; 0: none */
    int running, stopped; /* of that job; stopped: rows are left without an answer */
    int waiting;          /* 1: the rows are to be asked when the long job under way has ended */
    int answered;         /* rows that both arms have answered */
    double begun;         /* time of the job's first answer, 0: none yet */
    double seconds_left;  /* negative: not known */
    double refreshed;     /* when the order was made */
    struct tally all, shown_tally;
    double realised[2]; /* sparsity over the answered rows; NaN until the job has ended */
};

/* Opens a file in place of what is open, which stays after an error. `config` names the labels. The
 * filter goes, the sorting stays. */
int data_open(struct data *data, const char *path, const struct model_config *config,
              struct sawb_error *error);
void data_close(struct data *data);

/* An error that says what to do when no data set is open. */
int data_check(const struct data *data, struct sawb_error *error);

/*
 * Answering: `data_begin` after the job of data_job was submitted under that number. Answers that
 * are there are dropped.
 */
struct job *data_job(const struct data *data, const struct job_arm arms[2], uint64_t seed,
                     struct sawb_error *error);
int data_begin(struct data *data, int job, const struct job_arm arms[2], uint64_t seed,
               struct sawb_error *error);

/* Takes what the job says; events of others are none of its business. */
void data_event(struct data *data, const struct event *event);

/* The same for the data set of the workbench, whose rows are asked when they wait for that. After
 * all others have taken the event. */
void data_take(struct workbench *workbench, const struct event *event);

/* Asks the arms of the workbench about every row. */
int data_again(struct workbench *workbench, struct sawb_error *error);

/* 1 when there are answers, but of other patterns or models than those of the workbench. */
int data_is_stale(const struct workbench *workbench);

/* NULL: every row. After an error the filter is as it was. */
int data_set_filter(struct data *data, const char *expression, struct sawb_error *error);

/* "conf", "conf desc", "next", "previous", "reverse". */
int data_set_sort(struct data *data, const char *words, struct sawb_error *error);
const char *data_key_name(int key); /* NULL past the last */

/* Order and sums from what is known now. */
void data_refresh(struct data *data);

/* Puts the cursor to a place in the order, pulled into it. */
void data_select(struct data *data, long long position);

/* To the next row (step -1: the one before) that the expression holds for, round the end; NULL: the
 * expression of the last time. -1 with an error when there is none. */
int data_find(struct data *data, const char *expression, int step, struct sawb_error *error);

/* Name of a label, or its number; "" for none. In `room` where it has to be made. */
const char *data_label(const struct data *data, int label, char room[16]);

/* The shown rows, at most `most` of them, as a table owned by the caller: row, label, gold, a, b,
 * confidence_a, confidence_b, delta, sentence. NULL with an error. */
struct table *data_table(const struct data *data, int most, struct sawb_error *error);

/* Writes the shown rows as TSV, which opens as a data set again. */
int data_save(const struct data *data, const char *path, struct sawb_error *error);

/* The same as a figure of at most a thousand rows (struct view_row). */
int data_figure(const struct workbench *workbench, struct figure *figure, struct sawb_error *error);

#endif
