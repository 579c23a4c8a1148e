/*
 * job_train.c - fine-tuning as a job: steps, evaluations, checkpoints, and what others ask for in
 * between.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/session/job_train.h"
#include "core/train/options.h"

#define EVALUATIONS_PER_EPOCH 5
#define STEPS_BETWEEN_EVALUATIONS 50 /* at least, where the user does not say */

/* Data */

/* The validation file: as asked for, or dev.tsv of a folder. *path NULL: there is none. */
static int validation_file(const struct train_job *job, char **path, struct sawb_error *error) {
    *path = NULL;
    if (!job->validation && !file_is_directory(job->data))
        return 0;
    *path = job->validation ? strdup(job->validation) : file_join(job->data, "dev.tsv");
    if (!*path)
        return error_set(error, "train: out of memory");
    if (!job->validation && !file_exists(*path)) {
        free(*path);
        *path = NULL;
    }
    return 0;
}

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
    if (status < 0 || validation_file(job, &path, error) < 0)
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

static void copy_weights(struct model *to, const struct model *from) {
    struct weights source =
        from->weights; /* weights_get hands out pointers that could be written */
    for (int i = 0; i < weights_count(&to->config); i++) {
        struct weight old, new;
        weights_get(&to->config, &to->weights, i, &old);
        weights_get(&from->config, &source, i, &new);
        memcpy(*old.pointer, *new.pointer, new.count * sizeof(float));
    }
}

static int remember_best(struct train_job *job, const struct evaluation *evaluation,
                         struct sawb_error *error) {
    const struct evaluation *best = &job->best_evaluation;
    if (job->best && (evaluation->accuracy < best->accuracy ||
                      (evaluation->accuracy == best->accuracy && evaluation->loss >= best->loss)))
        return 0;
    if (!job->best && model_copy(&job->best, job->model, error) < 0)
        return -1;
    copy_weights(job->best, trainer_model(job->trainer));
    job->best_evaluation = *evaluation;
    job->best_step = job->step;
    return 0;
}

void train_log(struct train_job *job, struct worker *worker, char *line) {
    struct sawb_error error;
    if (job->log_failed) {
        free(line);
    } else if (run_log_write(&job->log, line, job->first == 0, &error) < 0) {
        job->log_failed = 1;
        worker_note(worker, "the run's log ends here, training goes on: %s", error.message);
    }
}

int train_evaluate(struct train_job *job, struct worker *worker, struct sawb_error *error) {
    const struct sparsity *sparsity = trainer_sparsity(job->trainer);
    job->evaluated = job->step;
    train_capture_pins(job, worker);
    if (job->checking.count == 0)
        return 0;
    struct evaluation_walk walk = {.model = trainer_model(job->trainer),
                                   .sparsity = sparsity,
                                   .dataset = &job->checking,
                                   .seed = job->options.train.seed,
                                   .what = "evaluate",
                                   .total = job->checking.count};
    struct event event = {.kind = EVENT_EVALUATION, .step = job->step};
    int status = evaluation_run(&walk, worker, &event.data.evaluation, error);
    if (status != 0)
        return status;
    worker_emit(worker, event);
    train_log(job, worker, run_log_evaluation(job->step, &event.data.evaluation));
    train_log(job, worker, run_log_sparsity(job->step, sparsity_text(sparsity), job->realised));
    return job->options.keep_best ? remember_best(job, &event.data.evaluation, error) : 0;
}

/* The loop */

/* On the way: a full disk may have room again at the next checkpoint, so the run goes on. */
static void save_checkpoint(const struct train_job *job, struct worker *worker) {
    struct sawb_error error;
    if (trainer_save(job->trainer, job->out, &error) < 0)
        worker_note(worker,
                    "the checkpoint of step %" PRId64 " was not written, training goes on: %s",
                    job->step, error.message);
}

/* The weights of a finished run, in the storage and of the step that were asked for. */
static int save_result(const struct train_job *job, struct worker *worker,
                       struct sawb_error *error) {
    const struct model *result = job->best ? job->best : trainer_model(job->trainer);
    if (trainer_save(job->trainer, job->out, error) < 0)
        return -1;
    if ((job->best || job->options.storage != STORE_F32) &&
        model_save(result, job->out, job->options.storage, error) < 0)
        return -1;
    if (job->best)
        worker_note(worker, "saved %s: the weights of step %" PRId64 ", accuracy %.2f %%", job->out,
                    job->best_step, 100 * job->best_evaluation.accuracy);
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

static void tell_step(struct train_job *job, struct worker *worker,
                      const struct step_report *report) {
    struct event event = {.kind = EVENT_STEP, .step = report->step, .data.report = *report};
    const char *spec = sparsity_text(trainer_sparsity(job->trainer));
    int first = job->step == job->first;
    job->step = report->step;
    job->realised = report->realised;
    worker_emit(worker, event);
    train_log(job, worker, run_log_step(report));
    if (first)
        train_log(job, worker, run_log_sparsity(job->step, spec, job->realised));
    worker_set_training(worker, trainer_model(job->trainer), job->step);
}

/* 0 all steps made, 1 stopped, -1 error. */
static int make_steps(struct train_job *job, struct worker *worker, struct sawb_error *error) {
    struct step_report report;
    int status;
    while ((status = train_obey(job, worker, error)) == 0) {
        status = trainer_step(job->trainer, &report, error);
        if (status != 1)
            return status;
        tell_step(job, worker, &report);
        if (job->step < report.total_steps && job->step % job->eval_every == 0) {
            status = train_evaluate(job, worker, error);
            if (status != 0)
                return status;
            save_checkpoint(job, worker);
            if (job->checking.count == 0)
                worker_note(worker, "step %" PRId64 " of %" PRId64 ": loss %.4f, %.0f tokens/s",
                            job->step, report.total_steps, report.loss, report.tokens_per_second);
        }
    }
    return status;
}

static int run_training(struct train_job *job, struct worker *worker, struct sawb_error *error) {
    int status = make_steps(job, worker, error);
    if (status == 0 && job->step == job->first) {
        worker_note(worker, "all %" PRId64 " steps were made before; %s stays as it is",
                    trainer_total_steps(job->trainer), job->out);
        return 0;
    }
    if (status == 0 && job->evaluated != job->step)
        status = train_evaluate(job, worker, error);
    if (status < 0)
        return -1;
    return status == 1 ? save_stopped(job, worker, error) : save_result(job, worker, error);
}

static int prepare(struct train_job *job, struct worker *worker, struct sawb_error *error) {
    if (job->options.resume && !file_is_directory(job->out))
        return error_set(error, "%s: there is no such folder to resume from", job->out);
    /* The folder before the work, so that a run of hours does not end in one that cannot be
     * written; the data before the folder, so that a mistyped name leaves none behind. */
    if (open_data(job, error) < 0 || file_make_directory(job->out, error) < 0 ||
        model_copy(&job->model, job->arm.model, error) < 0 ||
        trainer_create(&job->trainer, job->model, job->arm.sparsity, &job->training,
                       &job->options.train, worker_compute(worker), error) < 0)
        return -1;
    if (job->options.resume && trainer_resume(job->trainer, job->out, error) < 0)
        return -1;
    job->eval_every = job->options.eval_every > 0 ? job->options.eval_every : default_interval(job);
    job->first = job->step = trainer_steps_done(job->trainer);
    job->evaluated = -1;
    announce(job, worker);
    train_capture_pins(job, worker);
    return run_log_begin(&job->log, job->out, error);
}

static int train_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct train_job *job = (struct train_job *)base;
    int status = prepare(job, worker, error);
    if (status == 0)
        status = run_training(job, worker, error);
    worker_set_training(worker, NULL, 0);
    return status;
}

static void train_release(struct job *base) {
    struct train_job *job = (struct train_job *)base;
    if (job->trainer)
        trainer_free(job->trainer);
    model_release(job->model);
    model_release(job->best);
    dataset_free(&job->training);
    dataset_free(&job->checking);
    run_log_end(&job->log);
    pins_free(&job->pins);
    arm_release(&job->arm);
    free(job->data);
    free(job->validation);
    free(job->out);
    free(job);
}

struct job *job_train(const struct job_arm *arm, const struct train_job_options *options,
                      struct sawb_error *error) {
    if (train_options_check(&options->train, error) < 0)
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
    job->job =
        (struct job){.name = "train", .run = train_run, .release = train_release, .steerable = 1};
    job->options = *options;
    job->log.descriptor = -1;
    if (copy_text(&job->data, options->data, error) < 0 ||
        copy_text(&job->validation, options->validation, error) < 0 ||
        copy_text(&job->out, options->out, error) < 0 || arm_keep(&job->arm, arm, error) < 0 ||
        pins_keep(&job->pins, arm, options, error) < 0) {
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
