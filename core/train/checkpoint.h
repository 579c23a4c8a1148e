/*
 * checkpoint.h - what a training run needs to go on: trainer_state.safetensors.
 *
 * One file, replaced atomically, that is consistent by itself whatever happens to the model's files
 * beside it: "weight.<name>" (the weights in training), "first_moment.<name>",
 * "second_moment.<name>" and, where one is kept, "average.<name>" and "best.<name>", all float32.
 * The metadata says the step, describes the run as it began, lists what was changed on the way and
 * tells of the best evaluation.
 */
#ifndef SAWB_CORE_TRAIN_CHECKPOINT_H
#define SAWB_CORE_TRAIN_CHECKPOINT_H

#include <cJSON.h>
#include <stdint.h>

#include "core/model/weights.h"

/* Key of a description: of matrix products, as precision_name says it. A checkpoint from before it
 * was noted is taken as f32. */
#define CHECKPOINT_PRECISION "precision"

struct training_state {
    const struct model_config *config;
    struct weights *live, *first_moments, *second_moments;
    struct weights *average; /* NULL: none is kept */
    struct weights *best;    /* NULL: none is kept */
    int64_t step;
    /* Written as they are; NULL: nothing. */
    const char *changes;   /* what was changed on the way */
    const char *best_text; /* of the best evaluation */
};

/* `description`: an object of strings, which checkpoint_read compares. */
int checkpoint_write(const struct training_state *state, const char *directory,
                     const cJSON *description, struct sawb_error *error);

/* Fills the weights that `state` points to, and its step. On an error nothing was changed: a tensor
 * that is missing or has another shape, or a description that says something else. */
int checkpoint_read(struct training_state *state, const char *directory, const cJSON *description,
                    struct sawb_error *error);

/* The texts that were saved in `directory`, owned by the caller; NULL: none. */
int checkpoint_texts(char **changes, char **best, const char *directory, struct sawb_error *error);

#endif
