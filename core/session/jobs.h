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

#include "core/inspect/edits.h"
#include "core/session/worker.h"
#include "core/train/memory.h"

struct job_arm {
    struct model *model;
    const char *spec;
    const struct presets *presets; /* for names in `spec`; may be NULL */
};

/*
 * Urgent: predicts `text` with each arm and sends EVENT_PREDICTION for each (1 or 2 arms),
 * measured. `follow`: while a model is in training, arms whose model has the same shape use its
 * present weights; the capture and the event say at which step.
 */
struct job *job_predict(const struct job_arm *arms, int count, const char *text, uint64_t seed,
                        int follow, struct sawb_error *error);

/*
 * Urgent: how much the loss of `text` hangs on each head (importance.h), for 1 or 2 arms. Sends
 * EVENT_POINT of SERIES_IMPORTANCE for each head: index = layer * NH + head, of count = L * NH;
 * values[0] is the importance, not scaled; the event says the arm. `label` -1: the predicted one.
 * `follow` as above.
 */
#define SERIES_IMPORTANCE "importance"
struct job *job_importance(const struct job_arm *arms, int count, const char *text, int label,
                           uint64_t seed, int follow, struct sawb_error *error);

/* What an EVENT_POINT says of an edited copy: `values` by these, `x` the first changed token of the
 * first arm's sentence, `arm` whose answer it is. */
#define SERIES_COPIES "copies"   /* of job_copies: index is the copy */
#define SERIES_OCCLUDE "occlude" /* of job_occlude: index is the unit */
enum copy_value {
    COPY_LABEL,
    COPY_PROBABILITY, /* of that label */
    COPY_KEPT,        /* probability of the original's label, and that of the original */
    COPY_KEPT_BEFORE,
    COPY_DIFFERENCE, /* logit difference at the original's pair, and that of the original */
    COPY_DIFFERENCE_BEFORE,
    COPY_DISTANCE, /* total variation of the two answers */
    COPY_TOKENS    /* of the first arm's sentence that were changed */
};

/*
 * Urgent: predicts edited copies of `text` with each arm (1 or 2), many in one pass, and sends
 * SERIES_COPIES for each copy and arm. The edits and their words are copied. `follow` as in
 * job_predict. Serves predictions on the way; a newer job of the kind ends it.
 */
struct text_copy {
    const struct text_edit *edits;
    int count;
};
struct job *job_copies(const struct job_arm *arms, int count, const char *text,
                       const struct text_copy *copies, int copy_count, uint64_t seed, int follow,
                       struct sawb_error *error);

/* The same for one copy for each unit (token or word of the first arm) with that unit masked or
 * dropped: SERIES_OCCLUDE. */
struct job *job_occlude(const struct job_arm *arms, int count, const char *text,
                        enum text_change by, enum edit_unit unit, uint64_t seed, int follow,
                        struct sawb_error *error);

/*
 * Urgent: what every head of `text` counts for in each arm (1 or 2): the answer with that head
 * alone off, on top of the arm's pattern. Sends SERIES_ABLATION for each head: index = layer * NH +
 * head of count = L * NH, `arm`, and values by enum ablation_value. A head that is off already
 * changes nothing. `follow` as in job_predict.
 */
#define SERIES_ABLATION "ablation"
enum ablation_value {
    ABLATION_DIFFERENCE, /* logit difference at the pair of the answer with all heads, see
                            logit_pair; and that of the answer itself */
    ABLATION_BEFORE,
    ABLATION_KEPT, /* probability of the answer's label, and that of the answer itself */
    ABLATION_KEPT_BEFORE
};
struct job *job_ablate(const struct job_arm *arms, int count, const char *text, uint64_t seed,
                       int follow, struct sawb_error *error);

enum prune_by {
    PRUNE_GREEDY,       /* every round tries every head that is left */
    PRUNE_ONE_AT_A_TIME /* the order is that of one round */
};

struct prune_options {
    const char *path; /* of the data set; every row that is used needs a label */
    int rows;         /* a sample of so many, drawn by the seed; 0: all of them */
    int until;        /* heads to remove; 0: all */
    int arm;          /* said in the events */
    enum prune_by by;
    uint64_t seed;
};

/*
 * Removes head after head, on top of the arm's pattern (Michel et al. 2019, arXiv 1905.10650, by
 * accuracy instead of by gradient): each time the one without which accuracy, and of equals the
 * loss, on the sample is best; of equals the first. Sends SERIES_PRUNING at the start and after
 * each removal: index from 0, count of all points, x the heads that are off, values by enum
 * prune_value. When stopped the points so far stay.
 */
#define SERIES_PRUNING "pruning"
enum prune_value {
    PRUNE_ACCURACY,
    PRUNE_LOSS,
    PRUNE_LAYER, /* of the head removed; -1 at the start */
    PRUNE_HEAD,
    PRUNE_ROWS /* of the sample */
};
struct job *job_prune(const struct job_arm *arm, const struct prune_options *options,
                      struct sawb_error *error);

/* EVENT_ROW for each row when `rows`, EVENT_PROGRESS on the way, EVENT_EVALUATION at the end. Rows
 * without a label are predicted and do not count. When stopped, the rows so far are sent, but no
 * evaluation. */
struct job *job_evaluate(const struct job_arm *arm, const char *path, int rows, uint64_t seed,
                         struct sawb_error *error);

/* EVENT_PROGRESS on the way, EVENT_COMPARISON at the end. Both models need the same labels. */
struct job *job_compare(const struct job_arm *a, const struct job_arm *b, const char *path,
                        uint64_t seed, struct sawb_error *error);

/* Sentences a run keeps watch over, and the patterns it captures them with: those of A and B. */
#define TRAIN_PINS 4
#define TRAIN_PATTERNS 2

/* What an EVENT_POINT of job_sweep says, x being the realised sparsity: `values` by these; `text`
 * is the pattern. index counts family by family, target by target; -1 is the dense model. */
#define SERIES_SWEEP "sweep"
enum sweep_value {
    SWEEP_TARGET,
    SWEEP_ACCURACY, /* NaN without labels */
    SWEEP_LOSS,     /* NaN without labels */
    SWEEP_MASS, /* dense attention that the mask keeps: mean over queries, heads, layers, rows */
    SWEEP_AGREEMENT, /* share of rows with the dense model's label */
    SWEEP_ROWS,      /* so far */
    SWEEP_LABELLED,  /* of them */
    SWEEP_FAMILY     /* from 0 */
};

/*
 * Families that can be swept: a name and the pattern that it stands for, with a `?` for what
 * varies. NULL past the last.
 */
const char *sweep_family_name(int index);
const char *sweep_family_pattern(int index);

/* The pattern of a family at a whole number or a share, owned by the caller; NULL when out of
 * memory. A share is written with a point, so that local(?) takes it as one. */
char *sweep_pattern(const char *family, double value, int whole);

#define SWEEP_FAMILIES_MOST 6
#define SWEEP_TARGETS_MOST 40
struct sweep_options {
    const char *path; /* data set */
    /* Names, or patterns of one's own with a `?`, e.g. "topk(?)+global(cls)". */
    const char *families[SWEEP_FAMILIES_MOST];
    int family_count;
    double targets[SWEEP_TARGETS_MOST]; /* shares in [0, 1) */
    int target_count;
    int rows; /* of the data set, chosen by the seed; more than there are: all */
    uint64_t seed;
};

/*
 * Accuracy and what goes with it against sparsity, for the arm's model; its pattern does not count.
 * All points advance together over the rows, so that whole curves are there from the first batch
 * on, and a stopped sweep is one of fewer rows. Where `?` stands for a share it is the target;
 * where it stands for a whole number, the one whose realised sparsity on these rows is nearest, of
 * equals the smallest. EVENT_POINTs after each batch, EVENT_PROGRESS on the way.
 */
struct job *job_sweep(const struct job_arm *arm, const struct sweep_options *options,
                      struct sawb_error *error);

#define TRAIN_SCHEDULE_BYTES 1024
#define TRAIN_TEACHER_BYTES 1024

struct train_job_options {
    struct train_options train;
    char sparsity_schedule[TRAIN_SCHEDULE_BYTES]; /* core/train/plan.h; "": the arm's pattern */
    char teacher[TRAIN_TEACHER_BYTES];            /* folder of the model to distil from; "": none */
    const char *data;       /* folder with train.tsv and dev.tsv (GLUE), or a single file */
    const char *validation; /* NULL: dev.tsv in the folder if it is there, none for a single file */
    const char *out;        /* folder of the checkpoint */
    int64_t eval_every;     /* steps; 0: five times an epoch at most, and at the end */
    int resume;             /* go on from what is in `out` */
    int keep_best; /* 1, or where train.stop_after is given: a finished run leaves the weights of
                    * its most accurate evaluation (of equals the one of lower loss) in `out`
                    * instead of the last */
    enum model_storage storage; /* of the weights a finished run leaves */
    const char *const *pins;    /* [pin_count] sentences, at most TRAIN_PINS */
    int pin_count;
    const char *patterns[TRAIN_PATTERNS]; /* of the captures; NULL: none */
};

/*
 * EVENT_STEP each step, EVENT_EVALUATION with step, a checkpoint at each evaluation, when stopped
 * and at the end. The arm's model is not changed: its weights are copied. A checkpoint that cannot
 * be written is a note while there are steps left and an error at the end.
 *
 * The same is written into log.jsonl in `out` (run_log.h). Takes requests (steer.h). At its start,
 * at each evaluation and at the end it sends an EVENT_PREDICTION with `step` for each pinned
 * sentence and pattern (`arm`: the pattern's number).
 */
struct job *job_train(const struct job_arm *arm, const struct train_job_options *options,
                      struct sawb_error *error);

#define BENCH_LENGTHS_MOST 16
struct bench_options {
    const char *filter;              /* NULL: all measurements */
    int lengths[BENCH_LENGTHS_MOST]; /* tokens; those above the model's limit become it */
    int length_count;                /* 0: those that go with each measurement */
    double seconds;                  /* of a measurement; 0: as long as 30 runs take, up to 15 */
    uint64_t seed;
};

/*
 * EVENT_BENCH for each measurement whose name holds the filter: tokenize, mask, attention (of all
 * heads of one layer), forward, forward_capture, forward_attention, train_step, at several lengths
 * n. A measurement is at least 5 and up to 200 timed runs after warm-up, 30 where fifteen seconds
 * allow it.
 */
struct job *job_bench(const struct job_arm *arm, const struct bench_options *options,
                      struct sawb_error *error);

/* What dense and sparse are compared in. */
enum timing_what {
    TIME_KERNEL, /* the attention of all heads of one layer */
    TIME_MODEL,  /* the forward pass of one sentence */
    TIME_TRAIN,  /* a training step of about a thousand tokens */
    TIME_WHATS
};
extern const char *const timing_words[TIME_WHATS]; /* "kernel", "model", "train" */

/* What an EVENT_POINT of job_timing says, x being the realised sparsity: `values` by these; `text`
 * is the pattern, a line break and the kernel that ran it. index counts length by length, family by
 * family, target by target. */
#define SERIES_TIMING "timing"
enum timing_value {
    TIMING_TOKENS,
    TIMING_FAMILY, /* from 0 */
    TIMING_TARGET,
    TIMING_DENSE, /* median milliseconds of the dense runs */
    TIMING_SPARSE,
    TIMING_SPARSE_P10,
    TIMING_SPARSE_P90,
    TIMING_RATIO, /* dense / sparse, of runs one after the other: median */
    TIMING_RATIO_P10,
    TIMING_RATIO_P90,
    TIMING_SHARE, /* of attention in the dense time, as measured; 1 for a kernel */
    TIMING_ROUNDS
};

struct timing_options {
    enum timing_what what;
    int lengths[BENCH_LENGTHS_MOST]; /* tokens */
    int length_count;
    const char *families[SWEEP_FAMILIES_MOST]; /* as those of a sweep */
    int family_count;
    double targets[SWEEP_TARGETS_MOST]; /* shares in [0, 1) */
    int target_count;
    double seconds; /* of a point */
    uint64_t seed;
};

/*
 * Urgent, and of the last lane: whatever else comes ends it. What A and B take for `text`,
 * alternately, about a second and a half in all: SERIES_LIVE_TIMING for the attention of all heads
 * of the first layer (index 0, enum timing_what) and for the whole forward pass (index 1), values
 * by enum live_value; `text` is the kernel of A, a line break and that of B.
 */
#define SERIES_LIVE_TIMING "timing of arms"
enum live_value {
    LIVE_A, /* median milliseconds */
    LIVE_A_P10,
    LIVE_A_P90,
    LIVE_B,
    LIVE_B_P10,
    LIVE_B_P90,
    LIVE_RATIO, /* A / B */
    LIVE_RATIO_P10,
    LIVE_RATIO_P90,
    LIVE_ROUNDS,
    LIVE_TOKENS,
    LIVE_SHARE /* of attention in the time of A; 1 for a kernel */
};
struct job *job_live_timing(const struct job_arm arms[2], const char *text, uint64_t seed,
                            struct sawb_error *error);

/* The pattern that a family's name stands for here, where blocks are of 16 tokens; or `name`. */
const char *timing_family_find(const char *name);

/*
 * Times dense and sparse alternately, point by point, for the arm's model; its pattern does not
 * count. EVENT_POINT for each point, EVENT_PROGRESS on the way. Where `?` stands for a whole number
 * it is the one whose realised sparsity at that length is nearest. A kernel takes heads and widths
 * of the model, but any length; a model and its training only up to the limit.
 */
struct job *job_timing(const struct job_arm *arm, const struct timing_options *options,
                       struct sawb_error *error);

/* What a run of job_train will take of memory, by its options and files (core/train/memory.h).
 * Opens the files and closes them again. */
int train_memory(struct memory_plan *plan, struct model *model,
                 const struct train_job_options *options, const struct compute *compute,
                 struct sawb_error *error);

/*
 * Steps of training on `data` (as train_job_options.data; NULL: drawn sentences), of which nothing
 * is kept. Sends SERIES_SPEED at the end: `text` names the data, x is the number of steps, `values`
 * by enum speed_value. With `profile`, first SERIES_PROFILE for each operation that took time
 * (`text`), index of count: x is its milliseconds in a step, values by enum profile_value, NaN:
 * does not apply.
 */
#define SERIES_SPEED "speed"
enum speed_value {
    SPEED_MEDIAN, /* tokens a second of a step: median and first and last tenth */
    SPEED_P10,
    SPEED_P90,
    SPEED_MEAN,    /* all tokens by all seconds */
    SPEED_STEP_MS, /* median */
    SPEED_TOKENS,  /* of a step, mean */
    SPEED_PEAK_MB  /* of memory, of the process; 0: not known */
};
#define SERIES_PROFILE "profile"
enum profile_value {
    PROFILE_SHARE,
    PROFILE_GFLOPS,    /* a second */
    PROFILE_GIGABYTES, /* a second, of what has to be read and written at least */
    PROFILE_IDLE       /* share of the threads' time in which they waited */
};
struct train_bench_options {
    const char *data;
    int steps, batch_size;
    int profile;
    uint64_t seed;
};
struct job *job_bench_train(const struct job_arm *arm, const struct train_bench_options *options,
                            struct sawb_error *error);

struct new_job_options {
    const char
        *data; /* the vocabulary is learned from it: folder with train.tsv, or a single file */
    const char *out;        /* folder of the new model */
    const char *words_from; /* folder of a model of whose word pieces the vocabulary is chosen
                               instead (choice.h), with their embeddings (transfer.h); NULL: these
                               are random */
    enum model_family family;
    int vocabulary; /* word pieces at most; fewer when the text does not have them */
    int hidden, layers, heads, feed_forward, positions, labels;
    double dropout; /* all three rates */
    uint64_t seed;
};

/* BERT, 8000 word pieces, 4 layers of 4 heads, hidden 128, feed-forward 512, 128 positions, 2
 * labels, dropout 0.1, seed 1. */
struct new_job_options new_job_options_default(void);

/* A new encoder with random weights, for training from scratch: learns or chooses a vocabulary and
 * saves all to `out`. */
struct job *job_new(const struct new_job_options *options, struct sawb_error *error);

#endif
