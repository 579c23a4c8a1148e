/*
 * memory.h - what a training run will take of memory, worked out before it is taken.
 *
 * Counted as it will be resident: the embeddings' gradients and moments only where words of the
 * data come to have them, activations for the largest batch that the run will meet (course.h), a
 * teacher's matrices packed. Of a run in one process: a rank of several holds Open MPI besides, and
 * activations of its part of a batch only.
 */
#ifndef SAWB_CORE_TRAIN_MEMORY_H
#define SAWB_CORE_TRAIN_MEMORY_H

#include "core/train/trainer.h"

/* How long it is held. What is held for a step stays in between; evaluations and checkpoints are
 * not made at once. */
enum memory_life { MEMORY_RUN, MEMORY_STEP, MEMORY_EVALUATION, MEMORY_CHECKPOINT, MEMORY_LIVES };
extern const char *const memory_lives[MEMORY_LIVES]; /* "run", "step", ... */

struct memory_row {
    enum memory_life life;
    char what[96];
    double bytes;
};

#define MEMORY_ROWS 24
struct memory_plan {
    struct memory_row rows[MEMORY_ROWS];
    int count;
    double most; /* at once */
};

struct memory_question {
    const struct model *model;
    const struct dataset *training, *checking; /* checking NULL: nothing is evaluated */
    const struct train_options *options;
    const struct model *teacher; /* NULL: none */
    int evaluation_batch;
    int keeps_best;
    const struct compute *compute;
};

/* Tokenises the data, and forgets it again. */
int memory_plan(struct memory_plan *plan, const struct memory_question *question,
                struct sawb_error *error);

#endif
