/*
 * trainer.c - one step at a time: batch, forward, loss, backward, update.
 *
 * Everything random is a function of (seed, step or epoch, row), and the place in the data set is a
 * function of the step, so that the step, the weights and the moments are all a run needs to go on.
 */
#include "core/train/trainer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/model/encoder.h"
#include "core/train/batch.h"
#include "core/train/changes.h"
#include "core/train/checkpoint.h"
#include "core/train/optimiser.h"
#include "core/train/options.h"
#include "core/train/schedule.h"

#define LINES_SHOWN 8 /* of a batch, in an error */

struct trainer {
    struct train_options options;
    struct compute compute;
    struct model *model;             /* in training */
    struct model *average;           /* NULL: none is kept */
    const struct sparsity *sparsity; /* of the beginning: trainer_sparsity is in force */
    struct changes changes;
    struct mask_source mask;
    struct encoder_options forward;

    struct token_set set;
    struct batch_room room;
    int *order;          /* [set.count] of the epoch `order_epoch` */
    int64_t order_epoch; /* -1: none yet */

    struct encoder *encoder;
    struct optimiser *optimiser;
    float *logits, *logit_gradients; /* [B,K] */

    int64_t step, total, warmup; /* steps done, in all, of warm-up */
    int64_t steps_per_epoch;
};

/* ---- setting up ------------------------------------------------------------------------------ */

static int check_arguments(const struct model *model, const struct sparsity *sparsity,
                           const struct dataset *dataset, const struct train_options *options,
                           struct sawb_error *error) {
    if (train_options_check(options, error) < 0)
        return -1;
    if (dataset->count == 0)
        return error_set(error, "%s: has no sentences to train on", dataset->path);
    if (model->map.data)
        return error_set(error, "%s: the weights of an opened model are read-only; train a copy",
                         model->directory);
    if (sparsity_check(sparsity, model->config.layers, model->config.heads, error) < 0)
        return -1;
    return dataset_check_labels(dataset, model->config.labels, error);
}

static int make_set(struct trainer *trainer, const struct dataset *dataset,
                    struct sawb_error *error) {
    const struct train_options *options = &trainer->options;
    int limit = model_token_limit(trainer->model), count;
    if (options->max_tokens < limit)
        limit = options->max_tokens;
    int *rows;
    if (choose_rows(&rows, &count, dataset->count, options->fraction, options->seed, error) < 0)
        return -1;
    int status = token_set_create(&trainer->set, trainer->model->tokenizer, dataset, rows, count,
                                  limit, trainer->compute.pool, error);
    free(rows);
    if (status < 0)
        return -1;
    return token_set_add_noise(&trainer->set, options->label_noise, trainer->model->config.labels,
                               options->seed, error);
}

static void set_length(struct trainer *trainer) {
    const struct train_options *options = &trainer->options;
    trainer->steps_per_epoch =
        ((int64_t)trainer->set.count + options->batch_size - 1) / options->batch_size;
    trainer->total =
        options->max_steps > 0 ? options->max_steps : options->epochs * trainer->steps_per_epoch;
    trainer->warmup = schedule_warmup(options->warmup, trainer->total);
}

static void set_forward(struct trainer *trainer) {
    const struct model_config *config = &trainer->model->config;
    const struct train_options *options = &trainer->options;
    int own = options->dropout < 0;
    float rate = (float)options->dropout;
    trainer->mask = sparsity_source(trainer->sparsity);
    trainer->forward = (struct encoder_options){
        .mask = &trainer->mask,
        .seed = options->seed,
        .hidden_dropout = own ? config->hidden_dropout : rate,
        .attention_dropout = own ? config->attention_dropout : rate,
        .classifier_dropout = own ? config->classifier_dropout : rate,
        .dropout_seed = options->seed,
    };
}

/* Everything a step needs, for the largest batch there can be. */
static int make_rooms(struct trainer *trainer, struct sawb_error *error) {
    const struct model_config *config = &trainer->model->config;
    int tokens, sentences = trainer->options.batch_size;
    if (sentences > trainer->set.count)
        sentences = trainer->set.count;
    size_t pairs;
    if (batch_room_create(&trainer->room, &trainer->set, sentences, &tokens, &pairs, error) < 0)
        return -1;
    size_t logits = (size_t)sentences * (size_t)config->labels;
    trainer->order = malloc((size_t)trainer->set.count * sizeof(*trainer->order));
    trainer->logits = malloc(logits * sizeof(*trainer->logits));
    trainer->logit_gradients = malloc(logits * sizeof(*trainer->logit_gradients));
    if (!trainer->order || !trainer->logits || !trainer->logit_gradients)
        return error_set(error, "train: out of memory for batches of %d sentences", sentences);
    if (encoder_create(&trainer->encoder, config, ENCODER_TRAINING, &trainer->compute, error) < 0)
        return -1;
    return encoder_reserve(trainer->encoder, tokens, sentences, pairs, error);
}

static int trainer_fill(struct trainer *trainer, const struct dataset *dataset,
                        struct sawb_error *error) {
    struct model *model = trainer->model;
    if (make_set(trainer, dataset, error) < 0)
        return -1;
    set_length(trainer);
    set_forward(trainer);
    if (trainer->options.average > 0 && model_copy(&trainer->average, model, error) < 0)
        return -1;
    if (optimiser_create(&trainer->optimiser, &model->config, &model->weights,
                         trainer->average ? &trainer->average->weights : NULL,
                         trainer->options.weight_decay, trainer->compute.pool, error) < 0)
        return -1;
    return make_rooms(trainer, error);
}

int trainer_create(struct trainer **created, struct model *model, const struct sparsity *sparsity,
                   const struct dataset *dataset, const struct train_options *options,
                   const struct compute *compute, struct sawb_error *error) {
    *created = NULL;
    if (check_arguments(model, sparsity, dataset, options, error) < 0)
        return -1;
    struct trainer *trainer = calloc(1, sizeof(*trainer));
    if (!trainer)
        return error_set(error, "train: out of memory for a trainer");
    trainer->options = *options;
    trainer->compute = *compute;
    trainer->model = model_retain(model);
    trainer->sparsity = sparsity;
    trainer->changes = changes_none();
    trainer->order_epoch = -1;
    if (trainer_fill(trainer, dataset, error) < 0) {
        trainer_free(trainer);
        return -1;
    }
    *created = trainer;
    return 0;
}

void trainer_free(struct trainer *trainer) {
    if (!trainer)
        return;
    encoder_free(trainer->encoder);
    if (trainer->optimiser)
        optimiser_settle(trainer->optimiser);
    optimiser_free(trainer->optimiser);
    batch_room_free(&trainer->room);
    token_set_free(&trainer->set);
    changes_free(&trainer->changes);
    free(trainer->order);
    free(trainer->logits);
    free(trainer->logit_gradients);
    model_release(trainer->average);
    model_release(trainer->model);
    free(trainer);
}

/* ---- a step ---------------------------------------------------------------------------------- */

/* Replaces word pieces of the packed batch by [UNK]. */
static void drop_words(struct trainer *trainer, const int *chosen, uint64_t step) {
    const struct tokenizer *tokenizer = trainer->model->tokenizer;
    const int unknown = tokenizer_special(tokenizer, TOKEN_UNK);
    const int begin = tokenizer_special(tokenizer, TOKEN_CLS);
    const int end = tokenizer_special(tokenizer, TOKEN_SEP);
    const struct encoder_batch *batch = &trainer->room.batch;
    for (int b = 0; b < batch->sentences; b++) {
        uint64_t row = (uint64_t)trainer->set.rows[chosen[b]];
        uint64_t key = random_key(trainer->options.seed, RANDOM_WORD_DROPOUT, step, row);
        int *ids = trainer->room.ids + batch->offsets[b];
        int length = batch->offsets[b + 1] - batch->offsets[b];
        for (int t = 0; t < length; t++)
            if (ids[t] != begin && ids[t] != end &&
                random_uniform(key, (uint64_t)t) < trainer->options.word_dropout)
                ids[t] = unknown;
    }
}

/* Packs the batch of the step to come; returns its sentences (numbers in the set). */
static const int *next_batch(struct trainer *trainer) {
    int64_t epoch = trainer->step / trainer->steps_per_epoch;
    int64_t first = trainer->step % trainer->steps_per_epoch * trainer->options.batch_size;
    int64_t left = trainer->set.count - first;
    int count = (int)(left < trainer->options.batch_size ? left : trainer->options.batch_size);
    if (trainer->order_epoch != epoch) {
        uint64_t key = random_key(trainer->options.seed, RANDOM_SHUFFLE, (uint64_t)epoch, 0);
        random_permutation(key, trainer->order, trainer->set.count);
        trainer->order_epoch = epoch;
    }
    const int *chosen = trainer->order + first;
    batch_pack(&trainer->room, &trainer->set, chosen, count);
    if (trainer->options.word_dropout > 0)
        drop_words(trainer, chosen, (uint64_t)trainer->step + 1);
    return chosen;
}

static int not_finite(const struct trainer *trainer, const char *what, double value,
                      const int *chosen, struct sawb_error *error) {
    char lines[160];
    size_t used = 0;
    int sentences = trainer->room.batch.sentences;
    for (int i = 0; i < sentences && i < LINES_SHOWN; i++)
        used += (size_t)snprintf(lines + used, sizeof(lines) - used, "%s%d", i > 0 ? ", " : "",
                                 trainer->set.lines[chosen[i]]);
    if (sentences > LINES_SHOWN)
        snprintf(lines + used, sizeof(lines) - used, ", and %d more", sentences - LINES_SHOWN);
    return error_set(error,
                     "train: step %" PRId64 ": the %s is not finite (%g) on the batch of lines %s; "
                     "the weights of the step before are kept; try a smaller learning rate",
                     trainer->step + 1, what, value, lines);
}

/* Forward and backward. The gradients and the loss of the batch, or an error with all gradients
 * zero again. */
static int differentiate(struct trainer *trainer, const int *chosen, double *loss, double *norm,
                         struct sawb_error *error) {
    const struct encoder_batch *batch = &trainer->room.batch;
    const struct weights *weights = &trainer->model->weights;
    trainer->forward.mask_step = trainer->forward.dropout_step = (uint64_t)trainer->step + 1;
    optimiser_touch(trainer->optimiser, batch->ids, batch->offsets[batch->sentences]);
    if (encoder_forward(trainer->encoder, weights, batch, &trainer->forward, trainer->logits,
                        error) < 0) {
        optimiser_clear(trainer->optimiser);
        return error_prefix(error, "train: step %" PRId64, trainer->step + 1);
    }
    *loss = cross_entropy(trainer->logits, trainer->room.labels, batch->sentences,
                          trainer->model->config.labels, trainer->options.label_smoothing,
                          trainer->logit_gradients);
    if (!isfinite(*loss)) {
        optimiser_clear(trainer->optimiser);
        return not_finite(trainer, "loss", *loss, chosen, error);
    }
    int status = encoder_backward(trainer->encoder, weights, trainer->logit_gradients,
                                  optimiser_gradients(trainer->optimiser), error);
    if (status < 0) {
        error_prefix(error, "train: step %" PRId64, trainer->step + 1);
    } else {
        *norm = optimiser_norm(trainer->optimiser);
        if (!isfinite(*norm))
            status = not_finite(trainer, "gradient norm", *norm, chosen, error);
    }
    if (status < 0)
        optimiser_clear(trainer->optimiser);
    return status;
}

static double epochs_done(const struct trainer *trainer) {
    int64_t epoch = trainer->step / trainer->steps_per_epoch;
    int64_t sentences = trainer->step % trainer->steps_per_epoch * trainer->options.batch_size;
    return (double)epoch + (double)sentences / trainer->set.count;
}

int trainer_step(struct trainer *trainer, struct step_report *report, struct sawb_error *error) {
    if (trainer->step >= trainer->total)
        return 0;
    double begin = clock_seconds(), loss = 0, norm = 0;
    const int *chosen = next_batch(trainer);
    if (differentiate(trainer, chosen, &loss, &norm, error) < 0)
        return -1;
    double rate =
        schedule_rate(trainer_rate(trainer), trainer->step, trainer->warmup, trainer->total);
    trainer->step++;
    struct optimiser_step update = {.step = trainer->step,
                                    .rate = rate,
                                    .norm = norm,
                                    .clip = trainer->options.clip,
                                    .average_decay =
                                        schedule_average(trainer->options.average, trainer->step)};
    optimiser_update(trainer->optimiser, &update);
    if (trainer->step == trainer->total)
        optimiser_settle(trainer->optimiser);

    uint64_t kept, valid;
    encoder_pairs(trainer->encoder, &kept, &valid);
    int tokens = trainer->room.offsets[trainer->room.batch.sentences];
    *report = (struct step_report){.step = trainer->step,
                                   .total_steps = trainer->total,
                                   .epoch = epochs_done(trainer),
                                   .loss = loss,
                                   .learning_rate = rate,
                                   .gradient_norm = norm,
                                   .tokens = tokens,
                                   .tokens_per_second = tokens / (clock_seconds() - begin),
                                   .realised = 1 - (double)kept / (double)valid};
    return 1;
}

const struct model *trainer_model(struct trainer *trainer) {
    optimiser_settle(trainer->optimiser);
    return trainer->average ? trainer->average : trainer->model;
}

int64_t trainer_total_steps(const struct trainer *trainer) {
    return trainer->total;
}

int64_t trainer_steps_done(const struct trainer *trainer) {
    return trainer->step;
}

int trainer_sentences(const struct trainer *trainer) {
    return trainer->set.count;
}

int trainer_truncated(const struct trainer *trainer) {
    return trainer->set.truncated;
}

/* ---- changes on the way ---------------------------------------------------------------------- */

static int check_rate(const struct trainer *trainer, double rate, struct sawb_error *error) {
    struct train_options options = trainer->options;
    options.learning_rate = rate;
    return train_options_check(&options, error);
}

int trainer_change_rate(struct trainer *trainer, double rate, struct sawb_error *error) {
    if (check_rate(trainer, rate, error) < 0)
        return -1;
    return changes_add_rate(&trainer->changes, trainer->step, rate, error);
}

int trainer_change_sparsity(struct trainer *trainer, struct sparsity *sparsity,
                            struct sawb_error *error) {
    const struct model_config *config = &trainer->model->config;
    if (sparsity_check(sparsity, config->layers, config->heads, error) < 0) {
        sparsity_free(sparsity);
        return -1;
    }
    if (changes_add_sparsity(&trainer->changes, trainer->step, sparsity, error) < 0)
        return -1;
    trainer->mask = sparsity_source(sparsity);
    return 0;
}

const struct sparsity *trainer_sparsity(const struct trainer *trainer) {
    return trainer->changes.sparsity ? trainer->changes.sparsity : trainer->sparsity;
}

double trainer_rate(const struct trainer *trainer) {
    return trainer->changes.rate < 0 ? trainer->options.learning_rate : trainer->changes.rate;
}

/* The changes of a checkpoint, checked, but not in force yet. */
static int read_changes(const struct trainer *trainer, struct changes *changes,
                        const char *directory, struct sawb_error *error) {
    const struct model_config *config = &trainer->model->config;
    char *text;
    if (checkpoint_changes(&text, directory, error) < 0)
        return -1;
    int status = changes_parse(changes, text, directory, error);
    free(text);
    if (status < 0)
        return -1;
    if ((changes->rate >= 0 && check_rate(trainer, changes->rate, error) < 0) ||
        (changes->sparsity &&
         sparsity_check(changes->sparsity, config->layers, config->heads, error) < 0)) {
        changes_free(changes);
        return -1;
    }
    return 0;
}

/* ---- saving and resuming --------------------------------------------------------------------- */

static int describe(const struct trainer *trainer, cJSON *json, struct sawb_error *error) {
    const struct encoder_options *forward = &trainer->forward;
    char data[64], rates[64], heads[16];
    snprintf(data, sizeof(data), "%d sentences (%016" PRIx64 ")", trainer->set.count,
             token_set_fingerprint(&trainer->set));
    snprintf(rates, sizeof(rates), "%.9g %.9g %.9g", (double)forward->hidden_dropout,
             (double)forward->attention_dropout, (double)forward->classifier_dropout);
    snprintf(heads, sizeof(heads), "%d", trainer->model->config.heads);
    if (train_options_describe(&trainer->options, json, error) < 0)
        return -1;
    if (!cJSON_AddStringToObject(json, "data", data) ||
        !cJSON_AddStringToObject(json, "dropout rates", rates) ||
        !cJSON_AddStringToObject(json, "heads", heads) ||
        !cJSON_AddStringToObject(json, "sparsity", sparsity_pattern(trainer->sparsity)))
        return error_set(error, "train: out of memory for a description of the run");
    return 0;
}

static struct training_state state_of(struct trainer *trainer) {
    optimiser_settle(trainer->optimiser);
    return (struct training_state){
        .config = &trainer->model->config,
        .live = &trainer->model->weights,
        .first_moments = optimiser_first_moments(trainer->optimiser),
        .second_moments = optimiser_second_moments(trainer->optimiser),
        .average = trainer->average ? &trainer->average->weights : NULL,
        .step = trainer->step,
    };
}

/* Calls write or read with the state and the description of the run. */
static int with_state(struct trainer *trainer, const char *directory, int reading,
                      struct sawb_error *error) {
    cJSON *description = cJSON_CreateObject();
    if (!description)
        return error_set(error, "train: out of memory for a description of the run");
    struct training_state state = state_of(trainer);
    char *changes;
    if (changes_print(&trainer->changes, &changes, error) < 0) {
        cJSON_Delete(description);
        return -1;
    }
    int status = describe(trainer, description, error);
    state.changes = changes;
    if (status == 0)
        status = reading ? checkpoint_read(&state, directory, description, error)
                         : checkpoint_write(&state, directory, description, error);
    cJSON_Delete(description);
    free(changes);
    trainer->step = state.step;
    return status;
}

int trainer_save(struct trainer *trainer, const char *directory, struct sawb_error *error) {
    if (file_make_directory(directory, error) < 0 || with_state(trainer, directory, 0, error) < 0)
        return -1;
    return model_save(trainer_model(trainer), directory, STORE_F32, error);
}

int trainer_resume(struct trainer *trainer, const char *directory, struct sawb_error *error) {
    struct changes changes;
    if (read_changes(trainer, &changes, directory, error) < 0)
        return error_prefix(error, "cannot resume");
    if (with_state(trainer, directory, 1, error) < 0) {
        changes_free(&changes);
        return error_prefix(error, "cannot resume");
    }
    changes_free(&trainer->changes);
    trainer->changes = changes;
    trainer->mask = sparsity_source(trainer_sparsity(trainer));
    optimiser_moments_changed(trainer->optimiser);
    return 0;
}
