/*
 * trainer.h - fine-tuning, one step at a time; the caller owns the loop.
 *
 *     trainer_create(&trainer, model, sparsity, dataset, &options, compute, &error);
 *     while ((status = trainer_step(trainer, &report, &error)) == 1)
 *         ... show report, evaluate, save, stop ...
 *     trainer_save(trainer, "runs/first", &error);
 *
 * AdamW (Loshchilov, Hutter 2019, arXiv 1711.05101) with linear warm-up and decay, global-norm
 * clipping, decay only on matrices. Batches keep a random composition (a new seeded order each
 * epoch, the last batch may be smaller) and are packed without padding. The same seed gives the
 * same weights bit for bit, for any number of threads, also when stopped and resumed. No step
 * allocates, but for one that changes the pattern by a plan.
 */
#ifndef SAWB_CORE_TRAIN_TRAINER_H
#define SAWB_CORE_TRAIN_TRAINER_H

#include "core/kernel/compute.h"
#include "core/model/model.h"
#include "core/sparsity/sparsity.h"
#include "core/text/dataset.h"
#include "core/train/best.h"
#include "core/train/plan.h"

#define TRAIN_FREEZE_BYTES 128

struct train_options {
    int epochs; /* 1 and above; not used when max_steps says how long to go */
    int batch_size;
    /* Batches of a step, 1 and above: their gradients are added up, so that a step is that of one
     * batch of accumulate * batch_size sentences (up to rounding, and with dropout drawn anew for
     * each batch), in the memory of one of batch_size. */
    int accumulate;
    double learning_rate;
    double warmup; /* below 1: share of all steps; 1 and above: steps */
    double hold;   /* share of all steps after which the rate decays, at once by default */
    double weight_decay;
    double dropout;     /* negative: the model's own three rates; otherwise all three */
    double clip;        /* global gradient norm; 0: none */
    double fraction;    /* of the data set, seeded */
    double label_noise; /* share of labels replaced by another one, seeded */
    double label_smoothing;
    double word_dropout;             /* share of tokens replaced by [UNK] in training */
    double word_swap;                /* share of words replaced by others (noise.h), in what the
                                        teacher reads, too: needs one */
    double layer_decay;              /* of the learning rate with depth (groups.h); 1: none */
    char freeze[TRAIN_FREEZE_BYTES]; /* what is not trained (groups.h); "": nothing */
    double temperature, alpha;       /* of distillation (teacher.h); without a teacher not used */
    double average; /* decay of an exponential moving average of the weights; 0: none */
    int stop_after; /* evaluations in a row without a better one after which the run's owner ends
                       it (trainer_judge); 0: never */
    int max_steps;  /* steps in all, which the schedule follows too; 0: by epochs */
    int max_tokens; /* of a sentence, [CLS] and [SEP] included; at most the model's positions are
                       used */
    uint64_t seed;
};

/* 1 epoch, batch 32 (one a step), learning rate 5e-5, warm-up 0.06, decay 0.01, clip 1, 128 tokens,
 * seed 1, the model's dropout. */
struct train_options train_options_default(void);

struct step_report {
    int64_t step; /* from 1 */
    int64_t total_steps;
    double epoch; /* epochs done, e.g. 0.25 */
    double loss, learning_rate, gradient_norm;
    int tokens;               /* real tokens of this step's batches */
    double tokens_per_second; /* of this step */
    double realised;          /* sparsity of these batches */
};

struct trainer;

/*
 * `model` must own its weights (model_copy or model_create); the trainer retains it and changes
 * them in place. `sparsity` must outlive the trainer; the data set is tokenised here and not needed
 * afterwards. An error when an option is out of range, the data set is empty or a label is missing
 * or too large.
 */
int trainer_create(struct trainer **trainer, struct model *model, const struct sparsity *sparsity,
                   const struct dataset *dataset, const struct train_options *options,
                   const struct compute *compute, struct sawb_error *error);

/* 1: a step was made, 0: all steps are done, -1: error. A loss or gradient that is not finite names
 * the step and the lines of its batch; the weights before it stay. */
int trainer_step(struct trainer *trainer, struct step_report *report, struct sawb_error *error);

/*
 * From the next step on: another peak of the learning rate's schedule, another pattern (taken over,
 * also after an error). Both are kept in the checkpoint with their step, so that a resumed run goes
 * on as this one does; the description that trainer_resume compares stays that of the beginning.
 */
int trainer_change_rate(struct trainer *trainer, double rate, struct sawb_error *error);
int trainer_change_sparsity(struct trainer *trainer, struct sparsity *sparsity,
                            struct sawb_error *error);

/*
 * Before the first step and trainer_resume: the run follows the plan, which is borrowed and takes
 * the place of the pattern that the trainer was made with. What is changed by
 * trainer_change_sparsity holds until the plan's next change. Its changes are kept in the
 * checkpoint like others, its text in the description.
 */
int trainer_follow(struct trainer *trainer, const struct sparsity_plan *plan,
                   struct sawb_error *error);

/* Before the first step and trainer_resume: distils from the teacher (teacher.h), which is
 * retained, with the options' temperature and alpha. `dataset` is the one the trainer was made
 * with. An error when the labels do not fit, or words are to be swapped and the teacher has not all
 * word pieces of the model. */
int trainer_teach(struct trainer *trainer, struct model *teacher, const struct dataset *dataset,
                  struct sawb_error *error);

/* 1 when the plan changed the pattern with the newest step. */
int trainer_pattern_is_new(const struct trainer *trainer);

/* The pattern in force. Borrowed until the next change. */
const struct sparsity *trainer_sparsity(const struct trainer *trainer);
double trainer_rate(const struct trainer *trainer); /* the peak in force */

/* The model to look at and to evaluate: the averaged weights when averaging, otherwise the model in
 * training. Borrowed; to be read between steps only. Asking for it makes the deferred steps of word
 * embeddings (optimiser.h), in both. */
const struct model *trainer_model(struct trainer *trainer);

/* Says what trainer_model evaluates to, so that the best weights are kept, also in the checkpoint.
 */
int trainer_judge(struct trainer *trainer, double accuracy, double loss, struct sawb_error *error);

/* Borrowed; model NULL: nothing was judged. */
const struct best *trainer_best(const struct trainer *trainer);

/* 1 when `stop_after` evaluations in a row were no better than the best. */
int trainer_is_stale(const struct trainer *trainer);

/*
 * Makes the folder and writes trainer_state.safetensors, which holds all that resuming needs, then
 * the model (as trainer_model, float32). Each file is replaced atomically; the state is written
 * first, so that a full disk leaves the checkpoint that was there.
 */
int trainer_save(struct trainer *trainer, const char *directory, struct sawb_error *error);

/* Of ranks, by all of them: an error when one has other weights, data or options, or is at another
 * step, than rank 0. One process alone is always like itself. */
int trainer_compare(struct trainer *trainer, struct sawb_error *error);

/* Goes on from what trainer_save left in `directory`, with what was changed on the way; an error,
 * with nothing changed, when options, pattern, model shape or data set differ. */
int trainer_resume(struct trainer *trainer, const char *directory, struct sawb_error *error);

int64_t trainer_total_steps(const struct trainer *trainer);
int64_t trainer_steps_done(const struct trainer *trainer);
int trainer_sentences(const struct trainer *trainer); /* in one epoch, after `fraction` */
int trainer_truncated(
    const struct trainer *trainer); /* of these, how many were cut to max_tokens */
void trainer_free(struct trainer *trainer);

#endif
