/*
 * run_state.h - the runs below a folder, and how each is doing, from their logs.
 */
#ifndef SAWB_CORE_SESSION_RUN_STATE_H
#define SAWB_CORE_SESSION_RUN_STATE_H

#include <stdint.h>

#include "core/base/error.h"

enum run_state {
    RUN_STARTING, /* it holds the lock and has not said anything yet */
    RUN_RUNNING,
    RUN_PAUSED,
    RUN_DONE,
    RUN_STOPPED,
    RUN_FAILED,
    RUN_DIED,   /* it was in progress, and its process is no more */
    RUN_UNKNOWN /* a log that does not say how the run ended */
};

struct run_summary {
    char *directory;
    enum run_state state;
    int64_t step, total; /* total 0: not known */
    int64_t pid;         /* of the process that is (or was) at it; 0: not known */
    double loss;         /* of the newest step, NaN: none */
    double accuracy;     /* of the newest evaluation, NaN: none */
    double best;         /* the greatest accuracy, NaN: none */
    int64_t best_step;
    double time; /* when the log was written to, seconds since 1970 */
};

/* "running", "died" ... */
const char *run_state_name(enum run_state state);

/* 0, -1 with an error, also when the folder has no log of a run. To be freed with
 * run_summary_free. */
int run_summary_read(struct run_summary *summary, const char *directory, struct sawb_error *error);
void run_summary_free(struct run_summary *summary);

/* The folder itself and those below it, to a depth of RUNS_DEPTH and without hidden ones, that hold
 * a run: the newest first. Owned by the caller (run_list_free). A folder that cannot be read is
 * passed over, but for the first. */
#define RUNS_DEPTH 5
int run_list(struct run_summary **list, int *count, const char *directory,
             struct sawb_error *error);
void run_list_free(struct run_summary *list, int count);

#endif
