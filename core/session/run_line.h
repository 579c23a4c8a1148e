/*
 * run_line.h - a line of a run's log (run_log.h), read.
 *
 *     struct run_line line;
 *     run_line_read(&line, text, length);
 *     ... look at line.kind and the members that belong to it ...
 *     run_line_free(&line);
 */
#ifndef SAWB_CORE_SESSION_RUN_LINE_H
#define SAWB_CORE_SESSION_RUN_LINE_H

#include "core/session/event.h"
#include "core/session/steer.h"

enum run_line_kind {
    RUN_LINE_OTHER,      /* no line of a run, or one of a later version: to be passed over */
    RUN_LINE_BEGUN,      /* total, pid, time */
    RUN_LINE_STEP,       /* report, without its total and what the pattern removed */
    RUN_LINE_EVALUATION, /* evaluation: accuracy and loss */
    RUN_LINE_SPARSITY,   /* realised */
    RUN_LINE_STEERED,    /* steered, done, time */
    RUN_LINE_NOTE,       /* text */
    RUN_LINE_ENDED       /* status, time; text: the problem, or NULL */
};

struct run_line {
    enum run_line_kind kind;
    int64_t step;
    double time; /* seconds since 1970; 0: the line does not say it */
    struct step_report report;
    struct evaluation evaluation;
    double realised;
    enum steering_kind steered;
    int done;   /* 1: it was followed */
    int status; /* as of EVENT_DONE */
    int64_t total, pid;
    char *text;
};

/* What is missing or null is NaN. -1 when out of memory; nothing needs to be freed then. */
int run_line_read(struct run_line *line, const char *text, size_t length);
void run_line_free(struct run_line *line);

#endif
