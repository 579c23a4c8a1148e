/*
 * event.h - what happens, as a stream: the screen, the pipe, the log and later the replay all read
 * it.
 *
 * Events carry a sequence number, the wall time and, where it applies, the training step. An event
 * owns what it points to and is freed by its reader:
 *
 *     while ((event = queue_wait(events, -1))) {
 *         ... look at event->kind and the member of event->data that belongs to it ...
 *         event_free(event);
 *     }
 */
#ifndef SAWB_CORE_SESSION_EVENT_H
#define SAWB_CORE_SESSION_EVENT_H

#include <stdint.h>

#include "core/inspect/capture.h"
#include "core/inspect/compare.h"
#include "core/train/evaluate.h"
#include "core/train/trainer.h"

enum event_kind {
    EVENT_NOTE,       /* text: something worth a line */
    EVENT_ERROR,      /* text: a job failed */
    EVENT_PROGRESS,   /* progress: done of total of what `text` names */
    EVENT_PREDICTION, /* capture: an arm's answer to the sentence */
    EVENT_STEP,       /* report */
    EVENT_EVALUATION, /* evaluation */
    EVENT_ROW,        /* row: one evaluated example */
    EVENT_COMPARISON, /* comparison of two arms on a data set */
    EVENT_BENCH,      /* measurement */
    EVENT_POINT,      /* point: one of a series that a job works out */
    EVENT_DONE,       /* the job ended; status 0 done, 1 stopped by the user, -1 failed */
    EVENT_DATA        /* data: the job has read the data set `text` */
};

/* What tells a data set from a later one of the same name (core/text/dataset.h). */
struct data_print {
    int64_t bytes;
    uint64_t hash;
    int rows;
};

struct measurement {
    const char *name; /* static */
    int n;            /* tokens it was run at */
    int runs;
    double median_ms, p10_ms, p90_ms;
};

/* One point of a series: an occluded token, a head removed, a sparsity tried, a kernel timed. */
#define POINT_VALUES 12
struct point {
    const char *series; /* static; says what x and the values are */
    int index, count;   /* this one, from 0, of how many; count 0: not known */
    double x;
    double values[POINT_VALUES];
};

struct event {
    enum event_kind kind;
    uint64_t sequence; /* from 1, without gaps */
    double time;       /* seconds since 1970 */
    int job;           /* which job speaks (worker_submit) */
    int arm;           /* EVENT_PREDICTION, EVENT_ROW, EVENT_POINT: 0 A, 1 B */
    int status;        /* EVENT_DONE */
    int64_t step;      /* training step, 0: none */
    char *text;        /* NOTE, ERROR, PROGRESS; ROW: the sentence; DATA: the path */
    union {
        struct {
            int64_t done, total; /* total 0: not known */
        } progress;
        struct capture *capture;
        struct step_report report;
        struct evaluation evaluation;
        struct evaluation_row row;
        struct comparison comparison;
        struct measurement measurement;
        struct point point;
        struct data_print read;
    } data;
};

void event_free(struct event *event); /* NULL is fine */

/* Frees what the event points to, but not the event itself. */
void event_clear(struct event *event);

#endif
