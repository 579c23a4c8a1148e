/*
 * jobs.h - the long and the urgent work sawb knows, as jobs for the worker.
 *
 * Constructors retain the models, copy the strings and parse the specifications they are given, and
 * own nothing of the caller's afterwards; files are opened by the job itself, on the worker's
 * thread. NULL with an error when out of memory or when an argument is wrong, also a specification
 * that does not parse or does not fit the model.
 */
#ifndef SAWB_CORE_SESSION_JOBS_H
#define SAWB_CORE_SESSION_JOBS_H

#include "core/session/worker.h"

struct job_arm {
    struct model *model;
    const char *spec;
    const struct presets *presets; /* for names in `spec`; may be NULL */
};

/*
 * Urgent: predicts `text` with each arm and sends EVENT_PREDICTION for each (1 or 2 arms).
 * `follow`: while a model is in training, arms whose model has the same shape use its present
 * weights; the capture and the event say at which step.
 */
struct job *job_predict(const struct job_arm *arms, int count, const char *text, uint64_t seed,
                        int follow, struct sawb_error *error);

/* EVENT_ROW for each row when `rows`, EVENT_PROGRESS on the way, EVENT_EVALUATION at the end. Rows
 * without a label are predicted and do not count. When stopped, the rows so far are sent, but no
 * evaluation. */
struct job *job_evaluate(const struct job_arm *arm, const char *path, int rows, uint64_t seed,
                         struct sawb_error *error);

/* EVENT_PROGRESS on the way, EVENT_COMPARISON at the end. Both models need the same labels. */
struct job *job_compare(const struct job_arm *a, const struct job_arm *b, const char *path,
                        uint64_t seed, struct sawb_error *error);

struct train_job_options {
    struct train_options train;
    const char *data;       /* folder with train.tsv and dev.tsv (GLUE), or a single file */
    const char *validation; /* NULL: dev.tsv in the folder if it is there, none for a single file */
    const char *out;        /* folder of the checkpoint */
    int64_t eval_every;     /* steps; 0: five times an epoch at most, and at the end */
    int resume;             /* go on from what is in `out` */
    int keep_best; /* 1: a finished run leaves the weights of its most accurate evaluation (of
                    * equals the one of lower loss) in `out` instead of the last */
    enum model_storage storage; /* of the weights a finished run leaves */
};

/*
 * EVENT_STEP each step, EVENT_EVALUATION with step, a checkpoint at each evaluation, when stopped
 * and at the end. The arm's model is not changed: its weights are copied. A checkpoint that cannot
 * be written is a note while there are steps left and an error at the end.
 */
struct job *job_train(const struct job_arm *arm, const struct train_job_options *options,
                      struct sawb_error *error);

/*
 * EVENT_BENCH for each measurement whose name holds `filter` (NULL: all): tokenize, mask, forward,
 * forward_capture, train_step, at several lengths n. A measurement is at least 5 and up to 200
 * timed runs after warm-up, 30 where fifteen seconds allow it.
 */
struct job *job_bench(const struct job_arm *arm, const char *filter, uint64_t seed,
                      struct sawb_error *error);

struct new_job_options {
    const char
        *data; /* the vocabulary is learned from it: folder with train.tsv, or a single file */
    const char *out; /* folder of the new model */
    enum model_family family;
    int vocabulary; /* word pieces at most; fewer when the text does not have them */
    int hidden, layers, heads, feed_forward, positions, labels;
    double dropout; /* all three rates */
    uint64_t seed;
};

/* BERT, 8000 word pieces, 4 layers of 4 heads, hidden 128, feed-forward 512, 128 positions, 2
 * labels, dropout 0.1, seed 1. */
struct new_job_options new_job_options_default(void);

/* A new encoder with random weights, for training from scratch: learns a vocabulary and saves all
 * to `out`. */
struct job *job_new(const struct new_job_options *options, struct sawb_error *error);

#endif
