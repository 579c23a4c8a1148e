/*
 * job.h - what the files that implement jobs share. Others include jobs.h.
 */
#ifndef SAWB_CORE_SESSION_JOB_H
#define SAWB_CORE_SESSION_JOB_H

#include "core/session/jobs.h"

/* An arm as a job keeps it. */
struct arm_kept {
    struct model *model; /* retained */
    struct sparsity *sparsity;
};

/* Retains and parses; an error when the specification does not fit the model. `kept` stays empty
 * then. */
int arm_keep(struct arm_kept *kept, const struct job_arm *arm, struct sawb_error *error);
void arm_release(struct arm_kept *kept);

/* The model that answers for the arm: with `follow` the one in training, if there is one of the
 * same shape; *step is then the step it is at, otherwise 0. Borrowed while the job runs. */
const struct model *arm_model(const struct arm_kept *arm, const struct worker *worker, int follow,
                              int64_t *step);

/* What a job that asks about a sentence keeps of its arguments. */
struct question {
    struct arm_kept arms[2];
    int count, follow; /* of arms; see arm_model */
    char *text;
    uint64_t seed;
};

/* An error, after the job's `name`, when there are not 1 or 2 arms or arm_keep fails; to be
 * released then too. */
int question_keep(struct question *question, const char *name, const struct job_arm *arms,
                  int count, const char *text, uint64_t seed, int follow, struct sawb_error *error);
void question_release(struct question *question);

/* How many copies of a sentence of so many tokens a pass may hold, so that what is urgent waits for
 * some tens of milliseconds at most: 1 to JOB_COPIES_MOST. */
#define JOB_COPIES_MOST 1024
int job_copies_at_once(const struct model_config *config, int tokens);

/* A copy, or NULL for NULL. -1 with an error when out of memory. */
int copy_text(char **copy, const char *text, struct sawb_error *error);

/* Whether labels that are given (not -1) lie in [0, labels): an error naming file and line
 * otherwise. */
int check_given_labels(const struct dataset *dataset, int labels, struct sawb_error *error);

/* Sends EVENT_DATA for a data set that the job has read. */
void tell_data(struct worker *worker, const struct dataset *dataset);

/* The file to learn from: `data` itself, or train.tsv when it is a folder. Owned by the caller;
 * NULL with an error. */
char *training_file(const char *data, struct sawb_error *error);
/* The validation file: `validation`, or dev.tsv of a folder, if it is there. *path is owned by the
 * caller; NULL: there is none. */
int validation_file(char **path, const char *data, const char *validation,
                    struct sawb_error *error);

#define EVALUATION_BATCH 16 /* sentences at once */

/*
 * Evaluates a model to the end, breathing between the batches. `each` (may be NULL) is called for
 * every row, `what` names the work in progress events, which count from `done` to `total` rows.
 * Returns 0 with *result, 1 when stopped, -1 with an error.
 */
struct evaluation_walk {
    const struct model *model;
    const struct sparsity *sparsity;
    const struct dataset *dataset;
    uint64_t seed;
    const char *what;
    int64_t done, total;
    void (*each)(void *user, struct worker *worker, const struct evaluation_row *row);
    void *user;
    struct ranks *ranks; /* that share the rows, each with its own `each`; NULL: none */
};
int evaluation_run(const struct evaluation_walk *walk, struct worker *worker,
                   struct evaluation *result, struct sawb_error *error);

#endif
