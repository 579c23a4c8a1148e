/*
 * job_train.h - the training job, as the two files that make it share it: job_train.c the loop,
 * job_steer.c what is asked of it on the way.
 */
#ifndef SAWB_CORE_SESSION_JOB_TRAIN_H
#define SAWB_CORE_SESSION_JOB_TRAIN_H

#include "core/session/job.h"
#include "core/session/run_log.h"
#include "core/session/run_socket.h"

/* A sentence that the run captures at each evaluation, under each pattern that is watched. */
struct pins {
    char *texts[TRAIN_PINS];
    int count;
    struct sparsity *patterns[TRAIN_PATTERNS]; /* NULL: none */
    int64_t captured; /* step of the newest captures of all pins, -1: none yet */
};

struct train_job {
    struct job job; /* first: a job is freed as what it is */
    struct arm_kept arm;
    struct train_job_options options; /* its strings are those below */
    char *data, *validation, *out;
    struct pins pins;
    struct sparsity_plan *plan; /* NULL: none */

    /* While it runs. */
    struct dataset training, checking; /* checking: the validation set; empty without one */
    struct model *model;               /* the copy in training */
    struct model *teacher;             /* NULL: none */
    struct trainer *trainer;
    int64_t first, step; /* steps made before this run began, and now */
    int64_t evaluated;   /* step of the newest evaluation, -1: none */
    int64_t eval_every;
    int paused;
    double realised;     /* of the newest step */
    struct ranks *ranks; /* that share the run; NULL: this process alone */
    struct run_log log;
    int log_failed;                /* was told: nothing more is written */
    const struct presets *presets; /* of requests from outside; borrowed, may be NULL */
    struct run_socket *socket;     /* NULL: nobody can attach */
};

/* job_train.c */

/* 1: this process writes the run's files and answers questions about it. */
int train_is_first(const struct train_job *job);

/* 0 also without a validation set; 1 stopped. */
int train_evaluate(struct train_job *job, struct worker *worker, struct sawb_error *error);

/* Writes a line into the run's log (and frees it) and tells those who watch. A log that cannot be
 * written is told once, and the run goes on without. */
void train_log(struct train_job *job, struct worker *worker, char *line);

/* job_steer.c */

/* Breathes, follows what is in the mailbox, and while the run is paused waits for more. 0 go on, 1
 * stop, -1 error. */
int train_obey(struct train_job *job, struct worker *worker, struct sawb_error *error);

/* Sends the captures of all pins at the present step, once for a step. A capture that fails is a
 * note. */
void train_capture_pins(struct train_job *job, struct worker *worker);

/* Copies the sentences and patterns of the options. */
int pins_keep(struct pins *pins, const struct job_arm *arm, const struct train_job_options *options,
              struct sawb_error *error);
void pins_free(struct pins *pins);

#endif
