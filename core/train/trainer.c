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
#include "core/base/ranks.h"
#include "core/kernel/profile.h"
#include "core/model/encoder.h"
#include "core/train/batch.h"
#include "core/train/changes.h"
#include "core/train/checkpoint.h"
#include "core/train/course.h"
#include "core/train/groups.h"
#include "core/train/noise.h"
#include "core/train/optimiser.h"
#include "core/train/options.h"
#include "core/train/schedule.h"
#include "core/train/slice.h"
#include "core/train/teacher.h"

#define LINES_SHOWN 8 /* of a batch, in an error */

struct trainer {
    struct train_options options;
    struct compute compute;
    struct model *model;              /* in training */
    struct model *average;            /* NULL: none is kept */
    const struct sparsity *sparsity;  /* of the beginning: trainer_sparsity is in force */
    const struct sparsity_plan *plan; /* NULL: none */
    int new_pattern;                  /* the plan's, with the newest step */
    struct changes changes;
    struct best best;
    struct mask_source mask;
    struct encoder_options forward;

    struct token_set set;
    struct batch_room room;
    int *order;          /* [set.count] of the epoch `order_epoch` */
    int64_t order_epoch; /* -1: none yet */

    struct batch_most most; /* of the run */

    struct teacher *teacher; /* NULL: none */
    struct word_swap *swap;  /* NULL: words stay */
    struct encoder *encoder;
    struct optimiser *optimiser;
    float *logits, *logit_gradients; /* [B,K] */
    float *taught;                   /* [B,K] the teacher's */

    int64_t step, total; /* steps done, in all */
    struct schedule schedule;
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
    if (course_set(&trainer->set, trainer->model, dataset, options, trainer->compute.pool, error) <
        0)
        return -1;
    return token_set_add_noise(&trainer->set, options->label_noise, trainer->model->config.labels,
                               options->seed, error);
}

/* Of a full step. */
static int64_t step_sentences(const struct trainer *trainer) {
    return (int64_t)trainer->options.batch_size * trainer->options.accumulate;
}

static void set_length(struct trainer *trainer) {
    const struct train_options *options = &trainer->options;
    trainer->steps_per_epoch = course_steps_per_epoch(trainer->set.count, options);
    trainer->total = course_steps(trainer->set.count, options);
    trainer->schedule = schedule_plan(options->warmup, options->hold, trainer->total);
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

/* Everything a step needs, for the largest batch there will be. */
static int make_rooms(struct trainer *trainer, struct sawb_error *error) {
    const struct model_config *config = &trainer->model->config;
    int sentences = trainer->options.batch_size;
    if (sentences > trainer->set.count)
        sentences = trainer->set.count;
    if (batch_room_create(&trainer->room, &trainer->set, sentences, error) < 0)
        return -1;
    size_t logits = (size_t)sentences * (size_t)config->labels;
    trainer->order = malloc((size_t)trainer->set.count * sizeof(*trainer->order));
    trainer->logits = malloc(logits * sizeof(*trainer->logits));
    trainer->logit_gradients = malloc(logits * sizeof(*trainer->logit_gradients));
    trainer->taught = malloc(logits * sizeof(*trainer->taught));
    if (!trainer->order || !trainer->logits || !trainer->logit_gradients || !trainer->taught)
        return error_set(error, "train: out of memory for batches of %d sentences", sentences);
    if (encoder_create(&trainer->encoder, config, ENCODER_TRAINING, &trainer->compute, error) < 0)
        return -1;
    if (course_look(&trainer->most, NULL, &trainer->set, &trainer->options, error) < 0)
        return -1;
    return encoder_reserve(trainer->encoder, trainer->most.tokens, trainer->most.sentences, error);
}

static int make_optimiser(struct trainer *trainer, struct sawb_error *error) {
    const struct train_options *options = &trainer->options;
    struct model *model = trainer->model;
    double *rates = calloc((size_t)groups_count(&model->config), sizeof(*rates));
    if (!rates)
        return error_set(error, "train: out of memory for the optimiser");
    int status = groups_rates(rates, &model->config, options->freeze, options->layer_decay, error);
    if (status == 0)
        status = optimiser_create(&trainer->optimiser, &model->config, &model->weights,
                                  trainer->average ? &trainer->average->weights : NULL,
                                  options->weight_decay, rates, &trainer->compute, error);
    free(rates);
    return status;
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
    if (make_optimiser(trainer, error) < 0)
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
    teacher_free(trainer->teacher);
    word_swap_free(trainer->swap);
    if (trainer->optimiser)
        optimiser_settle(trainer->optimiser);
    optimiser_free(trainer->optimiser);
    batch_room_free(&trainer->room);
    token_set_free(&trainer->set);
    changes_free(&trainer->changes);
    best_free(&trainer->best);
    free(trainer->order);
    free(trainer->logits);
    free(trainer->logit_gradients);
    free(trainer->taught);
    model_release(trainer->average);
    model_release(trainer->model);
    free(trainer);
}

/* ---- a step ---------------------------------------------------------------------------------- */

/* The sentences (numbers in the set) of the step to come. */
static const int *step_order(struct trainer *trainer, int *count) {
    int64_t epoch = trainer->step / trainer->steps_per_epoch;
    int64_t most = step_sentences(trainer);
    int64_t first = trainer->step % trainer->steps_per_epoch * most;
    int64_t left = trainer->set.count - first;
    *count = (int)(left < most ? left : most);
    if (trainer->order_epoch != epoch) {
        course_order(trainer->order, trainer->set.count, trainer->options.seed, epoch);
        trainer->order_epoch = epoch;
    }
    return trainer->order + first;
}

static int not_finite(const struct trainer *trainer, const char *what, double value,
                      const int *chosen, int sentences, struct sawb_error *error) {
    char lines[160];
    size_t used = 0;
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

/* Weighs the gradient of the mean over some sentences as their part of the step's mean. */
static void weigh_gradients(struct trainer *trainer, int sentences, float share) {
    size_t count = (size_t)sentences * (size_t)trainer->model->config.labels;
    for (size_t i = 0; i < count; i++)
        trainer->logit_gradients[i] *= share;
}

/* What the batches of a step come to. */
struct step_sums {
    double loss; /* mean over the sentences of the step */
    int tokens;
    uint64_t kept, valid;
};

/* The mean loss of the slice from its logits; its gradient goes to trainer->logit_gradients. */
static double slice_loss(struct trainer *trainer, const struct batch_slice *slice) {
    const struct train_options *options = &trainer->options;
    struct lesson lesson = {.logits = trainer->taught,
                            .sentences = slice->batch.sentences,
                            .classes = trainer->model->config.labels,
                            .temperature = options->temperature,
                            .alpha = options->alpha};
    double loss = cross_entropy(trainer->logits, slice->labels, lesson.sentences, lesson.classes,
                                options->label_smoothing, trainer->logit_gradients);
    return trainer->teacher ? teacher_loss(&lesson, trainer->logits, loss, trainer->logit_gradients)
                            : loss;
}

/* Forward and backward over this rank's slice of the packed batch, the sentences `chosen`: its
 * gradients are added, weighed by its share of the step. */
static int differentiate_slice(struct trainer *trainer, const struct batch_slice *slice,
                               const int *chosen, double share, struct step_sums *sums,
                               struct sawb_error *error) {
    const struct weights *weights = &trainer->model->weights;
    const struct encoder_batch *batch = &slice->batch;
    trainer->forward.before = slice->before;
    if (encoder_forward(trainer->encoder, weights, batch, &trainer->forward, trainer->logits,
                        error) < 0)
        return error_prefix(error, "train: step %" PRId64, trainer->step + 1);
    double loss = slice_loss(trainer, slice);
    if (!isfinite(loss))
        return not_finite(trainer, "loss", loss, chosen, batch->sentences, error);
    weigh_gradients(trainer, batch->sentences, (float)share);
    profile_lap(trainer->compute.profile, OPERATION_CLASSIFIER, 0, 0);
    if (encoder_backward(trainer->encoder, weights, trainer->logit_gradients,
                         optimiser_gradients(trainer->optimiser), error) < 0)
        return error_prefix(error, "train: step %" PRId64, trainer->step + 1);
    uint64_t kept, valid;
    encoder_pairs(trainer->encoder, &kept, &valid);
    sums->loss += share * loss;
    sums->tokens += batch->offsets[batch->sentences];
    sums->kept += kept;
    sums->valid += valid;
    return 0;
}

/* The teacher's logits of the slice, if there is a teacher, go to trainer->taught. */
static int ask_teacher(struct trainer *trainer, const struct batch_slice *slice, const int *chosen,
                       struct sawb_error *error) {
    const struct encoder_batch *batch = &slice->batch;
    if (!trainer->teacher || batch->sentences == 0)
        return 0;
    int status = trainer->swap ? teacher_read(trainer->teacher, batch, trainer->taught, error)
                               : teacher_logits(trainer->teacher, chosen + slice->before.sentences,
                                                batch->sentences, trainer->taught, error);
    profile_lap(trainer->compute.profile, OPERATION_TEACHER, 0, 0);
    return status == 0 ? 0 : error_prefix(error, "train: step %" PRId64, trainer->step + 1);
}

/* Packs a batch, of which *slice becomes this rank's part, and adds noise: all of it, since every
 * rank touches the whole batch's rows of the embeddings, whose gradients are summed. The teacher
 * reads it between what is meant for it and what is not. */
static int make_batch(struct trainer *trainer, struct batch_slice *slice, const int *chosen,
                      int count, struct sawb_error *error) {
    const struct train_options *options = &trainer->options;
    const struct ranks *ranks = trainer->compute.ranks;
    struct noise noise = {.room = &trainer->room,
                          .set = &trainer->set,
                          .chosen = chosen,
                          .seed = options->seed,
                          .step = (uint64_t)trainer->step + 1};
    batch_pack(&trainer->room, &trainer->set, chosen, count);
    batch_slice(slice, &trainer->room, ranks_index(ranks), ranks_count(ranks));
    if (trainer->swap)
        noise_swap(&noise, trainer->swap, options->word_swap);
    profile_lap(trainer->compute.profile, OPERATION_BATCH, 0, 0);
    if (ask_teacher(trainer, slice, chosen, error) < 0)
        return -1;
    if (options->word_dropout > 0)
        noise_drop(&noise, trainer->model->tokenizer, options->word_dropout);
    profile_lap(trainer->compute.profile, OPERATION_BATCH, 0, 0);
    return 0;
}

/* Makes batch `number` of the step, which has `all` sentences, and differentiates this rank's slice
 * of it. */
static int differentiate_batch(struct trainer *trainer, const int *chosen, int count, int number,
                               int all, struct step_sums *sums, struct sawb_error *error) {
    const struct encoder_batch *batch = &trainer->room.batch;
    uint64_t step = (uint64_t)trainer->step, batches = (uint64_t)trainer->options.accumulate;
    struct batch_slice slice;
    if (make_batch(trainer, &slice, chosen, count, error) < 0)
        return -1;
    trainer->forward.mask_step = step + 1;
    trainer->forward.dropout_step = step * batches + (uint64_t)number + 1;
    optimiser_touch(trainer->optimiser, batch->ids, batch->offsets[batch->sentences]);
    if (slice.batch.sentences == 0)
        return 0;
    return differentiate_slice(trainer, &slice, chosen + slice.before.sentences,
                               (double)slice.batch.sentences / all, sums, error);
}

/* Adds what the ranks have come to. Returns how many have failed. */
static int join_sums(struct step_sums *sums, int failed, struct ranks *ranks) {
    double values[] = {sums->loss, sums->tokens, (double)sums->kept, (double)sums->valid, failed};
    if (!ranks)
        return failed;
    ranks_sum(ranks, values, 5);
    *sums = (struct step_sums){.loss = values[0],
                               .tokens = (int)values[1],
                               .kept = (uint64_t)values[2],
                               .valid = (uint64_t)values[3]};
    return (int)values[4];
}

/* All batches of the step, over all ranks. The gradients, their norm and the sums, or an error with
 * all gradients zero again. */
static int differentiate(struct trainer *trainer, struct step_sums *sums, double *norm,
                         struct sawb_error *error) {
    int count, status = 0, most = trainer->options.batch_size;
    const int *chosen = step_order(trainer, &count);
    struct ranks *ranks = trainer->compute.ranks;
    *sums = (struct step_sums){0};
    for (int done = 0; done < count && status == 0; done += most) {
        int sentences = count - done < most ? count - done : most;
        status =
            differentiate_batch(trainer, chosen + done, sentences, done / most, count, sums, error);
    }
    int failed = join_sums(sums, status < 0, ranks);
    if (failed == 0) {
        optimiser_sum(trainer->optimiser, ranks);
        profile_lap(ranks ? trainer->compute.profile : NULL, OPERATION_RANKS, 0, 0);
        *norm = optimiser_norm(trainer->optimiser);
        if (!isfinite(*norm))
            status = not_finite(trainer, "gradient norm", *norm, chosen, count, error);
    }
    if (failed == 0 && status == 0)
        return 0;
    optimiser_clear(trainer->optimiser);
    return ranks_agree(ranks, status, error);
}

static double epochs_done(const struct trainer *trainer) {
    int64_t epoch = trainer->step / trainer->steps_per_epoch;
    int64_t sentences = trainer->step % trainer->steps_per_epoch * step_sentences(trainer);
    return (double)epoch + (double)sentences / trainer->set.count;
}

/* Makes the plan's change that is due. */
static int follow_plan(struct trainer *trainer, struct sawb_error *error) {
    const char *pattern = trainer->plan ? sparsity_plan_at(trainer->plan, trainer->step) : NULL;
    struct sparsity *sparsity;
    trainer->new_pattern = pattern != NULL;
    if (!pattern || strcmp(pattern, sparsity_pattern(trainer_sparsity(trainer))) == 0)
        return 0;
    if (sparsity_parse(&sparsity, pattern, NULL, error) < 0)
        return -1;
    return trainer_change_sparsity(trainer, sparsity, error);
}

int trainer_follow(struct trainer *trainer, const struct sparsity_plan *plan,
                   struct sawb_error *error) {
    const struct model_config *config = &trainer->model->config;
    if (sparsity_plan_check(plan, config->layers, config->heads, error) < 0)
        return -1;
    trainer->plan = plan;
    return follow_plan(trainer, error);
}

/* A teacher that reads what swapping leaves of a batch. */
static int teach_swapped(struct trainer *trainer, struct model *teacher, struct sawb_error *error) {
    const struct compute *compute = &trainer->compute;
    const struct model *model = trainer->model;
    if (teacher_create_live(&trainer->teacher, teacher, model, &trainer->most, compute, error) < 0)
        return -1;
    int status = word_swap_create(&trainer->swap, model->tokenizer, teacher,
                                  teacher_pieces(trainer->teacher), compute, error);
    file_map_rest(&teacher->map); /* the neighbours are known; steps read some of its words only */
    return status;
}

int trainer_teach(struct trainer *trainer, struct model *teacher, const struct dataset *dataset,
                  struct sawb_error *error) {
    teacher_free(trainer->teacher);
    word_swap_free(trainer->swap);
    trainer->teacher = NULL;
    trainer->swap = NULL;
    if (trainer->options.word_swap > 0)
        return teach_swapped(trainer, teacher, error);
    return teacher_create(&trainer->teacher, teacher, trainer->model, dataset, &trainer->set,
                          &trainer->compute, error);
}

int trainer_pattern_is_new(const struct trainer *trainer) {
    return trainer->new_pattern;
}

int trainer_step(struct trainer *trainer, struct step_report *report, struct sawb_error *error) {
    if (trainer->step >= trainer->total)
        return 0;
    if (train_options_check_teacher(&trainer->options, trainer->teacher != NULL, error) < 0 ||
        follow_plan(trainer, error) < 0)
        return -1;
    double begin = clock_seconds(), norm = 0;
    if (trainer->compute.profile)
        profile_begin(trainer->compute.profile, trainer->compute.pool);
    struct step_sums sums;
    if (differentiate(trainer, &sums, &norm, error) < 0)
        return -1;
    double rate = schedule_rate(&trainer->schedule, trainer_rate(trainer), trainer->step);
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

    *report = (struct step_report){.step = trainer->step,
                                   .total_steps = trainer->total,
                                   .epoch = epochs_done(trainer),
                                   .loss = sums.loss,
                                   .learning_rate = rate,
                                   .gradient_norm = norm,
                                   .tokens = sums.tokens,
                                   .tokens_per_second = sums.tokens / (clock_seconds() - begin),
                                   .realised = 1 - (double)sums.kept / (double)sums.valid};
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

int trainer_judge(struct trainer *trainer, double accuracy, double loss, struct sawb_error *error) {
    return best_judge(&trainer->best, trainer_model(trainer), trainer->step, accuracy, loss, error);
}

const struct best *trainer_best(const struct trainer *trainer) {
    return &trainer->best;
}

int trainer_is_stale(const struct trainer *trainer) {
    return trainer->options.stop_after > 0 && trainer->best.stale >= trainer->options.stop_after;
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

/* Checked, but not in force yet. */
static int read_changes(const struct trainer *trainer, struct changes *changes, const char *text,
                        const char *directory, struct sawb_error *error) {
    const struct model_config *config = &trainer->model->config;
    if (changes_parse(changes, text, directory, error) < 0)
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
    char data[64], rates[64], heads[16], teacher[32] = "none";
    if (trainer->teacher)
        snprintf(teacher, sizeof(teacher), "%016" PRIx64,
                 teacher_model(trainer->teacher)->fingerprint);
    snprintf(data, sizeof(data), "%d sentences (%016" PRIx64 ")", trainer->set.count,
             token_set_fingerprint(&trainer->set));
    snprintf(rates, sizeof(rates), "%.9g %.9g %.9g", (double)forward->hidden_dropout,
             (double)forward->attention_dropout, (double)forward->classifier_dropout);
    snprintf(heads, sizeof(heads), "%d", trainer->model->config.heads);
    if (train_options_describe(&trainer->options, json, error) < 0)
        return -1;
    if (!cJSON_AddStringToObject(json, "data", data) ||
        !cJSON_AddStringToObject(json, CHECKPOINT_PRECISION,
                                 precision_name(trainer->compute.precision)) ||
        !cJSON_AddStringToObject(json, "dropout rates", rates) ||
        !cJSON_AddStringToObject(json, "heads", heads) ||
        !cJSON_AddStringToObject(json, "teacher", teacher) ||
        !cJSON_AddStringToObject(json, "sparsity", sparsity_pattern(trainer->sparsity)) ||
        !cJSON_AddStringToObject(json, "sparsity-schedule",
                                 trainer->plan ? sparsity_plan_text(trainer->plan) : "none"))
        return error_set(error, "train: out of memory for a description of the run");
    return 0;
}

static struct training_state state_of(struct trainer *trainer, const struct best *best) {
    optimiser_settle(trainer->optimiser);
    return (struct training_state){
        .config = &trainer->model->config,
        .live = &trainer->model->weights,
        .first_moments = optimiser_first_moments(trainer->optimiser),
        .second_moments = optimiser_second_moments(trainer->optimiser),
        .average = trainer->average ? &trainer->average->weights : NULL,
        .best = best->model ? &best->model->weights : NULL,
        .step = trainer->step,
    };
}

static cJSON *make_description(const struct trainer *trainer, struct sawb_error *error) {
    cJSON *description = cJSON_CreateObject();
    if (!description)
        error_set(error, "train: out of memory for a description of the run");
    else if (describe(trainer, description, error) == 0)
        return description;
    cJSON_Delete(description);
    return NULL;
}

static int write_checkpoint(struct trainer *trainer, const char *directory,
                            struct sawb_error *error) {
    char best[BEST_TEXT_BYTES], *changes;
    struct training_state state = state_of(trainer, &trainer->best);
    if (changes_print(&trainer->changes, &changes, error) < 0)
        return -1;
    best_print(&trainer->best, best);
    state.changes = changes;
    state.best_text = state.best ? best : NULL;
    cJSON *description = make_description(trainer, error);
    int status = description ? checkpoint_write(&state, directory, description, error) : -1;
    cJSON_Delete(description);
    free(changes);
    return status;
}

int trainer_save(struct trainer *trainer, const char *directory, struct sawb_error *error) {
    if (file_make_directory(directory, error) < 0 ||
        write_checkpoint(trainer, directory, error) < 0)
        return -1;
    return model_save(trainer_model(trainer), directory, STORE_F32, error);
}

/* ---- ranks ----------------------------------------------------------------------------------- */

/* Of the step, the description and all weights. */
static int fingerprint(struct trainer *trainer, uint64_t *print, struct sawb_error *error) {
    struct model *model = trainer->model;
    cJSON *description = make_description(trainer, error);
    if (!description)
        return -1;
    char *text = cJSON_PrintUnformatted(description);
    cJSON_Delete(description);
    if (!text)
        return error_set(error, "train: out of memory for a description of the run");
    *print = random_mix((uint64_t)trainer->step + 1);
    for (const char *c = text; *c; c++)
        *print = random_mix(*print + (unsigned char)*c);
    cJSON_free(text);
    for (int i = 0; i < weights_count(&model->config); i++) {
        struct weight weight;
        weights_get(&model->config, &model->weights, i, &weight);
        for (size_t at = 0; at < weight.count; at++) {
            uint32_t bits;
            memcpy(&bits, *weight.pointer + at, sizeof(bits));
            *print = random_mix(*print + bits);
        }
    }
    return 0;
}

int trainer_compare(struct trainer *trainer, struct sawb_error *error) {
    struct ranks *ranks = trainer->compute.ranks;
    uint64_t own = 0;
    if (!ranks)
        return 0;
    optimiser_settle(trainer->optimiser);
    int status = fingerprint(trainer, &own, error);
    return ranks_compare(ranks, &own, 1, status,
                         "train: has other weights, data or options than rank 0; give all ranks "
                         "the same files and options, and the same kernels (SAWB_CPU) where their "
                         "processors differ",
                         error);
}

/* What a checkpoint holds besides the weights of the run. */
struct resumed {
    struct changes changes;
    struct best best;
};

static void resumed_free(struct resumed *resumed) {
    changes_free(&resumed->changes);
    best_free(&resumed->best);
}

/* The texts, and room for the best weights. On an error there is nothing to free. */
static int resumed_begin(struct resumed *resumed, const struct trainer *trainer,
                         const char *directory, struct sawb_error *error) {
    char *changes, *best;
    *resumed = (struct resumed){.changes = changes_none()};
    if (checkpoint_texts(&changes, &best, directory, error) < 0)
        return -1;
    int status = read_changes(trainer, &resumed->changes, changes, directory, error);
    if (status == 0 && best)
        status = best_parse(&resumed->best, best, directory, error);
    if (status == 0 && best)
        status = model_copy(&resumed->best.model, trainer->model, error);
    free(changes);
    free(best);
    if (status < 0)
        resumed_free(resumed);
    return status;
}

static int read_checkpoint(struct trainer *trainer, const struct best *best, const char *directory,
                           struct sawb_error *error) {
    struct training_state state = state_of(trainer, best);
    cJSON *description = make_description(trainer, error);
    int status = description ? checkpoint_read(&state, directory, description, error) : -1;
    cJSON_Delete(description);
    trainer->step = state.step;
    return status;
}

int trainer_resume(struct trainer *trainer, const char *directory, struct sawb_error *error) {
    struct resumed resumed;
    if (resumed_begin(&resumed, trainer, directory, error) < 0)
        return error_prefix(error, "cannot resume");
    if (read_checkpoint(trainer, &resumed.best, directory, error) < 0) {
        resumed_free(&resumed);
        return error_prefix(error, "cannot resume");
    }
    changes_free(&trainer->changes);
    best_free(&trainer->best);
    trainer->changes = resumed.changes;
    trainer->best = resumed.best;
    trainer->mask = sparsity_source(trainer_sparsity(trainer));
    optimiser_moments_changed(trainer->optimiser);
    file_remove_temporaries(directory); /* of the run that is resumed, if it was killed in a save */
    return 0;
}
