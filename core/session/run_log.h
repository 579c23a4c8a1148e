/*
 * run_log.h - what a run tells, as lines of JSON: the file log.jsonl in the run's folder, the
 * record of the run that everybody reads (run_line.h), also while it grows.
 *
 * The file only grows: one object a line, written with one write each and never synced, so that a
 * step does not wait for the disk and a reader may follow it. A crash can tear the last line, which
 * readers leave out. Lines:
 *
 *     {"step","state":"running","total","pid","precision","time"}   a run begins, after so many
 *                                                steps
 *     {"step","epoch","loss","lr","grad_norm","tokens","tokens_per_second"}   each step
 *     {"step","eval":{"accuracy","loss"}}               each evaluation
 *     {"step","sparsity":{"spec","realised"}}    of the training batch: with the first step, each
 *                                                evaluation and each change of pattern
 *     {"step","change":{"lr"|"sparsity"}}        what was steered, in force from the next step on
 *     {"step","steered","done","time"}           a request was followed ("pause", "rate" ...), or
 *                                                could not be
 *     {"step","note"}                            what was worth a line
 *     {"step","state":"done"|"stopped"|"failed","error","time"}   how the run ended
 *
 * Steps and evaluations are those of `train --json`. Times are seconds since 1970. A resumed run
 * goes on in the same file; where its steps come a second time, the later lines count.
 *
 * While a run is in progress it holds a lock on the file, which the system lets go when the process
 * ends, however it ends: a run that is "running" without the lock has died.
 */
#ifndef SAWB_CORE_SESSION_RUN_LOG_H
#define SAWB_CORE_SESSION_RUN_LOG_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/kernel/compute.h"
#include "core/session/steer.h"
#include "core/train/evaluate.h"
#include "core/train/trainer.h"

#define RUN_LOG_FILE "log.jsonl"

/* Each line's text, owned by the caller (free), NULL when out of memory. */
char *run_log_begun(int64_t step, int64_t total, enum precision precision);
char *run_log_step(const struct step_report *report);
char *run_log_evaluation(int64_t step, const struct evaluation *evaluation);
char *run_log_sparsity(int64_t step, const char *spec, double realised);
char *run_log_rate(int64_t step, double rate);
char *run_log_pattern(int64_t step, const char *spec);
char *run_log_steered(int64_t step, enum steering_kind kind, int done);
char *run_log_note(int64_t step, const char *text);
/* `status` as of EVENT_DONE; `problem` NULL but for -1. */
char *run_log_ended(int64_t step, int status, const char *problem);

/* The file of a run. */
struct run_log {
    char *path;
    int descriptor; /* -1: not open */
    int64_t size;   /* bytes of it, all whole lines; 0 before run_log_start */
    int started;
};

/* Locks the file of a folder, which stays as it is (or empty). -1 with an error when another run is
 * in progress there, or out of memory; that it cannot be opened is told by run_log_start. */
int run_log_begin(struct run_log *log, const char *directory, struct sawb_error *error);

/* From here on lines are written: behind a whole last line, or into an empty file when `fresh`. */
int run_log_start(struct run_log *log, int fresh, struct sawb_error *error);

/* Writes a line (and frees it; NULL is an error: out of memory). */
int run_log_write(struct run_log *log, char *line, struct sawb_error *error);

/* Copies what the file holds so far into another folder, as a run that was stopped at `step`;
 * nothing when there is none. */
int run_log_copy(const struct run_log *log, const char *directory, int64_t step,
                 struct sawb_error *error);

/* Lets the lock go; one that is all zero is fine. A file that was never written to is removed. */
void run_log_end(struct run_log *log);

/* Whether a run holds the lock of this file. */
int run_log_is_locked(int descriptor);

#endif
