/*
 * job_train.c - fine-tuning as a job: steps, evaluations, checkpoints, and what others ask for in
 * between.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ranks.h"
#include "core/session/job_train.h"
#include "core/train/groups.h"
#include "core/train/options.h"

#define EVALUATIONS_PER_EPOCH 5
#define STEPS_BETWEEN_EVALUATIONS 50 /* at least, where the user does not say */

/* Data */

static int open_labelled(struct dataset *dataset, const char *path, int labels,
                         struct sawb_error *error) {
    if (dataset_open(dataset, path, error) < 0)
        return -1;
    if (dataset_check_labels(dataset, labels, error) == 0)
        return 0;
    dataset_free(dataset);
    *dataset = (struct dataset){0};
    return -1;
}

static int open_data(struct train_job *job, struct sawb_error *error) {
    int labels = job->arm.model->config.labels;
    char *path = training_file(job->data, error);
    int status = path ? open_labelled(&job->training, path, labels, error) : -1;
    free(path);
    if (status < 0 || validation_file(&path, job->data, job->validation, error) < 0)
        return -1;
    if (path)
        status = open_labelled(&job->checking, path, labels, error);
    free(path);
    return status;
}

static void announce(const struct train_job *job, struct worker *worker) {
    const struct model *model = job->arm.model;
    int truncated = trainer_truncated(job->trainer);
    int has_note = model->note[0] != '\0';
    worker_note(
        worker,
        "training %s%s%s: %d of %d rows of %s, %" PRId64 " steps from step %" PRId64 ", pattern %s",
        model->directory, has_note ? ", " : "", model->note, trainer_sentences(job->trainer),
        job->training.count, job->training.path, trainer_total_steps(job->trainer), job->step + 1,
        sparsity_text(trainer_sparsity(job->trainer)));
    if (job->teacher)
        worker_note(worker, "distilling from %s%s%s at temperature %g, alpha %g",
                    job->teacher->directory, job->teacher->note[0] ? ", " : "", job->teacher->note,
                    job->options.train.temperature, job->options.train.alpha);
    if (job->options.train.word_swap > 0)
        worker_note(worker, "%g of the words are swapped in what both read, anew in each step",
                    job->options.train.word_swap);
    if (job->ranks)
        worker_note(worker, "on %d ranks, this one with %d threads", ranks_count(job->ranks),
                    pool_threads(worker_compute(worker)->pool));
    if (truncated > 0)
        worker_note(worker, "%d sentences are too long and lose their end", truncated);
    if (job->checking.count > 0)
        worker_note(worker, "evaluating on %d rows of %s every %" PRId64 " steps and at the end",
                    job->checking.count, job->checking.path, job->eval_every);
    else
        worker_note(worker, "no validation set: nothing is evaluated on the way");
}

/* Evaluation */

static int64_t default_interval(const struct train_job *job) {
    int64_t total = trainer_total_steps(job->trainer), epochs = job->options.train.epochs;
    int64_t parts = EVALUATIONS_PER_EPOCH * (epochs > 0 ? epochs : 1);
    int64_t interval = (total + parts - 1) / parts;
    return interval < STEPS_BETWEEN_EVALUATIONS ? STEPS_BETWEEN_EVALUATIONS : interval;
}

int train_is_first(const struct train_job *job) {
    return ranks_index(job->ranks) == 0;
}

/* A log that cannot be written is no reason to stop. */
static void give_log_up(struct train_job *job, struct worker *worker,
                        const struct sawb_error *error) {
    job->log_failed = 1;
    worker_note(worker, "the run's log ends here, training goes on: %s", error->message);
}

void train_log(struct train_job *job, struct worker *worker, char *line) {
    struct sawb_error error;
    if (job->log_failed || !job->log.started)
        free(line);
    else if (run_log_write(&job->log, line, &error) < 0)
        give_log_up(job, worker, &error);
    else
        run_socket_log(job->socket, job->log.size);
}

/* What the job tells goes into its log too, and its progress to those who watch. */
static void train_hear(struct job *base, struct worker *worker, const struct event *event) {
    struct train_job *job = (struct train_job *)base;
    const struct point *point = &event->data.point;
    switch (event->kind) {
    case EVENT_STEP:
        train_log(job, worker, run_log_step(&event->data.report));
        break;
    case EVENT_EVALUATION:
        train_log(job, worker, run_log_evaluation(event->step, &event->data.evaluation));
        break;
    case EVENT_NOTE:
        train_log(job, worker, run_log_note(job->step, event->text));
        break;
    case EVENT_POINT:
        if (strcmp(point->series, STEERING_SERIES) == 0 && point->values[0] < STEER_PIN)
            train_log(job, worker,
                      run_log_steered(event->step, (enum steering_kind)point->values[0],
                                      point->values[1] == 0));
        break;
    case EVENT_PROGRESS:
        run_socket_progress(job->socket, event->text, event->data.progress.done,
                            event->data.progress.total);
        break;
    default:
        break;
    }
}

/* From here on the run is there for others: its log grows, and one can attach to it. */
static void open_doors(struct train_job *job, struct worker *worker) {
    struct sawb_error error;
    if (!train_is_first(job))
        return;
    if (run_log_start(&job->log, job->first == 0, &error) < 0)
        give_log_up(job, worker, &error);
    train_log(job, worker,
              run_log_begun(job->step, trainer_total_steps(job->trainer),
                            worker_compute(worker)->precision));
    job->socket = run_socket_open(job->out, worker, job->presets, &job->model->config, &error);
    if (!job->socket)
        worker_note(worker, "nobody can attach to this run: %s", error.message);
}

/* How the run ended stands in the log whatever went wrong with it before, if it can be written. */
static void close_doors(struct train_job *job, int status, const struct sawb_error *problem) {
    struct sawb_error error;
    if (job->log.started && (!job->log_failed || run_log_start(&job->log, 0, &error) == 0))
        (void)!run_log_write(&job->log,
                             run_log_ended(job->step, status, status < 0 ? problem->message : NULL),
                             &error);
    run_socket_close(job->socket);
    job->socket = NULL;
}

int train_evaluate(struct train_job *job, struct worker *worker, struct sawb_error *error) {
    const struct sparsity *sparsity = trainer_sparsity(job->trainer);
    job->evaluated = job->step;
    if (trainer_compare(job->trainer, error) < 0)
        return -1;
    train_capture_pins(job, worker);
    if (job->checking.count == 0)
        return 0;
    struct evaluation_walk walk = {.model = trainer_model(job->trainer),
                                   .sparsity = sparsity,
                                   .dataset = &job->checking,
                                   .seed = job->options.train.seed,
                                   .what = "evaluate",
                                   .total = job->checking.count,
                                   .ranks = job->ranks};
    struct event event = {.kind = EVENT_EVALUATION, .step = job->step};
    int status = evaluation_run(&walk, worker, &event.data.evaluation, error);
    if (status != 0)
        return status;
    worker_emit(worker, event);
    train_log(job, worker, run_log_sparsity(job->step, sparsity_text(sparsity), job->realised));
    if (!job->options.keep_best)
        return 0;
    return trainer_judge(job->trainer, event.data.evaluation.accuracy, event.data.evaluation.loss,
                         error);
}

/* The loop */

/* On the way: a full disk may have room again at the next checkpoint, so the run goes on. */
static void save_checkpoint(const struct train_job *job, struct worker *worker) {
    struct sawb_error error;
    if (train_is_first(job) && trainer_save(job->trainer, job->out, &error) < 0)
        worker_note(worker,
                    "the checkpoint of step %" PRId64 " was not written, training goes on: %s",
                    job->step, error.message);
}

/* The model that a finished run leaves. */
static const struct best *best_of(const struct train_job *job) {
    const struct best *best = trainer_best(job->trainer);
    return job->options.keep_best && best->model ? best : NULL;
}

static int save_model(const struct train_job *job, struct sawb_error *error) {
    const struct best *best = best_of(job);
    return model_save(best ? best->model : trainer_model(job->trainer), job->out,
                      job->options.storage, error);
}

/* The checkpoint, then the weights in the storage and of the step that were asked for. */
static int save_result(const struct train_job *job, struct worker *worker,
                       struct sawb_error *error) {
    const struct best *best = best_of(job);
    if (trainer_save(job->trainer, job->out, error) < 0)
        return -1;
    if ((best || job->options.storage != STORE_F32) && save_model(job, error) < 0)
        return -1;
    if (best)
        worker_note(worker, "saved %s: the weights of step %" PRId64 ", accuracy %.2f %%", job->out,
                    best->step, 100 * best->accuracy);
    else
        worker_note(worker, "saved %s after step %" PRId64, job->out, job->step);
    return 0;
}

static int save_stopped(const struct train_job *job, struct worker *worker,
                        struct sawb_error *error) {
    if (job->step == job->first) {
        worker_note(worker, "stopped before the first step; %s stays as it is", job->out);
        return 1;
    }
    if (trainer_save(job->trainer, job->out, error) < 0)
        return -1;
    worker_note(worker, "stopped after step %" PRId64 ", weights saved in %s", job->step, job->out);
    return 1;
}

/* For those who look while the run goes on. */
static const struct model *model_now(void *user) {
    return trainer_model(user);
}

static void tell_step(struct train_job *job, struct worker *worker,
                      const struct step_report *report) {
    struct event event = {.kind = EVENT_STEP, .step = report->step, .data.report = *report};
    const char *spec = sparsity_text(trainer_sparsity(job->trainer));
    int first = job->step == job->first;
    if (trainer_pattern_is_new(job->trainer) && job->step > 0) {
        train_log(job, worker, run_log_pattern(job->step, spec));
        worker_note(worker, "pattern %s from step %" PRId64 " on, by the schedule", spec,
                    report->step);
    }
    job->step = report->step;
    job->realised = report->realised;
    worker_emit(worker, event);
    if (first || trainer_pattern_is_new(job->trainer))
        train_log(job, worker, run_log_sparsity(job->step, spec, job->realised));
    worker_set_training(worker, model_now, job->trainer, job->step);
}

/* Early stopping: whether the run ends here. */
static int has_enough(const struct train_job *job, struct worker *worker) {
    const struct best *best = trainer_best(job->trainer);
    if (!trainer_is_stale(job->trainer))
        return 0;
    worker_note(worker,
                "ended after step %" PRId64 ": no better evaluation in %d since step %" PRId64,
                job->step, best->stale, best->step);
    return 1;
}

/* 0 all steps made or enough of them, 1 stopped, -1 error. */
static int make_steps(struct train_job *job, struct worker *worker, struct sawb_error *error) {
    struct step_report report;
    int status;
    if (has_enough(job, worker))
        return 0;
    while ((status = train_obey(job, worker, error)) == 0) {
        status = trainer_step(job->trainer, &report, error);
        if (status != 1)
            return status;
        tell_step(job, worker, &report);
        if (job->step < report.total_steps && job->step % job->eval_every == 0) {
            status = train_evaluate(job, worker, error);
            if (status != 0 || has_enough(job, worker))
                return status;
            save_checkpoint(job, worker);
            if (job->checking.count == 0)
                worker_note(worker, "step %" PRId64 " of %" PRId64 ": loss %.4f, %.0f tokens/s",
                            job->step, report.total_steps, report.loss, report.tokens_per_second);
        }
    }
    return status;
}

/* What a run leaves that was stopped (status 1) or has ended (0). */
static int save_end(const struct train_job *job, struct worker *worker, int status,
                    struct sawb_error *error) {
    if (status == 1)
        return save_stopped(job, worker, error);
    if (job->step > job->first)
        return save_result(job, worker, error);
    /* The run may have been killed behind its last checkpoint and before its model was written. */
    worker_note(worker, "all %" PRId64 " steps were made before; only the model is written to %s",
                job->step, job->out);
    return save_model(job, error);
}

static int run_training(struct train_job *job, struct worker *worker, struct sawb_error *error) {
    int status = make_steps(job, worker, error);
    if (status == 0 && job->step > job->first && job->evaluated != job->step)
        status = train_evaluate(job, worker, error);
    if (status < 0)
        return -1;
    if (train_is_first(job))
        status = save_end(job, worker, status, error);
    return ranks_agree(job->ranks, status, error);
}

/* Opens the teacher, if there is one. */
static int open_teacher(struct train_job *job, struct sawb_error *error) {
    struct model_options options = {.seed = job->options.train.seed,
                                    .labels = job->arm.model->config.labels};
    if (!job->options.teacher[0] ||
        model_open(&job->teacher, job->options.teacher, &options, error) == 0)
        return 0;
    return error_prefix(error, "train: teacher");
}

/* What stands in files. A mistyped name leaves no folder behind. */
static int open_files(struct train_job *job, struct worker *worker, struct sawb_error *error) {
    if (job->options.resume && !file_is_directory(job->out))
        return error_set(error, "%s: there is no such folder to resume from", job->out);
    if (open_data(job, error) < 0 || open_teacher(job, error) < 0)
        return -1;
    tell_data(worker, &job->training);
    if (job->checking.count > 0)
        tell_data(worker, &job->checking);
    if (job->options.train.stop_after > 0 && job->checking.count == 0)
        return error_set(error, "train: stop-after needs a validation set: --validation FILE, or "
                                "dev.tsv in the folder of the data");
    return 0;
}

/* The trainer with its plan, teacher and checkpoint. */
static int make_trainer(struct train_job *job, struct worker *worker, struct sawb_error *error) {
    if (model_copy(&job->model, job->arm.model, error) < 0 ||
        trainer_create(&job->trainer, job->model, job->arm.sparsity, &job->training,
                       &job->options.train, worker_compute(worker), error) < 0)
        return -1;
    if (job->plan && trainer_follow(job->trainer, job->plan, error) < 0)
        return -1;
    if (job->teacher && trainer_teach(job->trainer, job->teacher, &job->training, error) < 0)
        return -1;
    return job->options.resume ? trainer_resume(job->trainer, job->out, error) : 0;
}

static int open_all(struct train_job *job, struct worker *worker, struct sawb_error *error) {
    /* The folder before the work, so that a run of hours does not end in one that cannot be
     * written. */
    if (open_files(job, worker, error) < 0 || file_make_directory(job->out, error) < 0 ||
        (train_is_first(job) && run_log_begin(&job->log, job->out, error) < 0))
        return -1;
    return make_trainer(job, worker, error);
}

/* Of ranks: an error when one would evaluate otherwise than rank 0, for which that one would wait.
 */
static int compare_evaluations(const struct train_job *job, struct sawb_error *error) {
    uint64_t own[] = {job->checking.hash, (uint64_t)job->eval_every,
                      (uint64_t)job->options.keep_best};
    return ranks_compare(job->ranks, own, sizeof(own) / sizeof(own[0]), 0,
                         "train: has other data or intervals of evaluation than rank 0; give all "
                         "ranks the same files and options",
                         error);
}

static int prepare(struct train_job *job, struct worker *worker, struct sawb_error *error) {
    job->ranks = worker_compute(worker)->ranks;
    int status = open_all(job, worker, error);
    if (ranks_agree(job->ranks, status, error) < 0 || trainer_compare(job->trainer, error) < 0)
        return -1;
    job->eval_every = job->options.eval_every > 0 ? job->options.eval_every : default_interval(job);
    if (compare_evaluations(job, error) < 0)
        return -1;
    job->first = job->step = trainer_steps_done(job->trainer);
    job->evaluated = -1;
    open_doors(job, worker);
    announce(job, worker);
    train_capture_pins(job, worker);
    return 0;
}

static int train_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct train_job *job = (struct train_job *)base;
    int status = prepare(job, worker, error);
    if (status == 0)
        status = run_training(job, worker, error);
    worker_set_training(worker, NULL, NULL, 0);
    close_doors(job, status, error);
    return status;
}

static void train_release(struct job *base) {
    struct train_job *job = (struct train_job *)base;
    trainer_free(job->trainer);
    model_release(job->model);
    model_release(job->teacher);
    dataset_free(&job->training);
    dataset_free(&job->checking);
    run_log_end(&job->log);
    pins_free(&job->pins);
    sparsity_plan_free(job->plan);
    arm_release(&job->arm);
    free(job->data);
    free(job->validation);
    free(job->out);
    free(job);
}

/* Reads the schedule of patterns, if there is one. */
static int plan_keep(struct sparsity_plan **plan, const struct job_arm *arm,
                     const struct train_job_options *options, struct sawb_error *error) {
    const struct model_config *config = &arm->model->config;
    if (!options->sparsity_schedule[0])
        return 0;
    if (sparsity_plan_parse(plan, options->sparsity_schedule, arm->presets, error) < 0)
        return -1;
    return sparsity_plan_check(*plan, config->layers, config->heads, error);
}

struct job *job_train(const struct job_arm *arm, const struct train_job_options *options,
                      struct sawb_error *error) {
    if (train_options_check(&options->train, error) < 0 ||
        groups_check(options->train.freeze, arm->model->config.layers, error) < 0)
        return NULL;
    if (options->eval_every < 0) {
        error_set(error, "train: eval-every is %" PRId64 ", it must be 0 (by itself) or more steps",
                  options->eval_every);
        return NULL;
    }
    struct train_job *job = calloc(1, sizeof(*job));
    if (!job) {
        error_set(error, "train: out of memory");
        return NULL;
    }
    job->job = (struct job){.name = "train",
                            .run = train_run,
                            .release = train_release,
                            .steerable = 1,
                            .hear = train_hear};
    job->presets = arm->presets;
    job->options = *options;
    job->options.keep_best |= options->train.stop_after > 0;
    job->log.descriptor = -1;
    if (copy_text(&job->data, options->data, error) < 0 ||
        copy_text(&job->validation, options->validation, error) < 0 ||
        copy_text(&job->out, options->out, error) < 0 || arm_keep(&job->arm, arm, error) < 0 ||
        pins_keep(&job->pins, arm, options, error) < 0 ||
        plan_keep(&job->plan, arm, options, error) < 0) {
        train_release(&job->job);
        return NULL;
    }
    job->options.data = job->data;
    job->options.validation = job->validation;
    job->options.out = job->out;
    job->options.pins = NULL;
    job->options.pin_count = 0;
    memset(job->options.patterns, 0, sizeof(job->options.patterns));
    return &job->job;
}
