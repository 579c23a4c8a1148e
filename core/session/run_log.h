/*
 * run_log.h - what a run tells, as lines of JSON: those of `train --json` and of the file log.jsonl
 * in the run's folder.
 *
 * The file only grows: one object a line, written with one write each and never synced, so that a
 * step does not wait for the disk and a reader may follow it. A crash can tear the last line, which
 * readers leave out. Lines:
 *
 *     {"step","epoch","loss","lr","grad_norm","tokens","tokens_per_second"}   each step
 *     {"step","eval":{"accuracy","loss"}}                                     each evaluation
 *     {"step","sparsity":{"spec","realised"}}    of the training batch: with the first step, each
 *                                                evaluation and each change of pattern
 *     {"step","change":{"lr"|"sparsity"}}        what was steered, in force from the next step on
 *
 * A resumed run goes on in the same file; where its steps come a second time, the later lines
 * count.
 */
#ifndef SAWB_CORE_SESSION_RUN_LOG_H
#define SAWB_CORE_SESSION_RUN_LOG_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/train/evaluate.h"
#include "core/train/trainer.h"

#define RUN_LOG_FILE "log.jsonl"

/* Each line's text, owned by the caller (free), NULL when out of memory. */
char *run_log_step(const struct step_report *report);
char *run_log_evaluation(int64_t step, const struct evaluation *evaluation);
char *run_log_sparsity(int64_t step, const char *spec, double realised);
char *run_log_rate(int64_t step, double rate);
char *run_log_pattern(int64_t step, const char *spec);

/* The file of a run, opened for the first line. */
struct run_log {
    char *path;
    int descriptor; /* -1: not open */
};

/* `directory` is copied into the path. -1 with an error when out of memory. */
int run_log_begin(struct run_log *log, const char *directory, struct sawb_error *error);

/* Writes a line (and frees it; NULL is an error: out of memory). The first one begins a new file
 * when `fresh`, and otherwise goes on behind a whole last line. */
int run_log_write(struct run_log *log, char *line, int fresh, struct sawb_error *error);

/* Copies what the file holds so far into another folder; nothing when there is none. */
int run_log_copy(const struct run_log *log, const char *directory, struct sawb_error *error);
void run_log_end(struct run_log *log);

#endif
