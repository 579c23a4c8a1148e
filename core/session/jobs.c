/*
 * jobs.c - prediction, evaluation and comparison.
 */
#include "core/session/jobs.h"

#include <stdlib.h>
#include <string.h>

#include "core/session/job.h"

/* Prediction */

struct predict_job {
    struct job job; /* first: a job is freed as what it is */
    struct arm_kept arms[2];
    int count, follow;
    char *text;
    uint64_t seed;
};

static int same_shape(const struct model_config *a, const struct model_config *b) {
    return a->family == b->family && a->activation == b->activation &&
           a->vocabulary == b->vocabulary && a->hidden == b->hidden && a->layers == b->layers &&
           a->heads == b->heads && a->feed_forward == b->feed_forward &&
           a->positions == b->positions && a->token_types == b->token_types &&
           a->labels == b->labels;
}

static int predict_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct predict_job *job = (struct predict_job *)base;
    int64_t step;
    const struct model *training = worker_training(worker, &step);
    for (int arm = 0; arm < job->count; arm++) {
        const struct model *model = job->arms[arm].model;
        int follows = job->follow && training && same_shape(&training->config, &model->config);
        struct event event = {.kind = EVENT_PREDICTION, .arm = arm, .step = follows ? step : 0};
        if (capture_run(&event.data.capture, follows ? training : model, job->arms[arm].sparsity,
                        job->text, job->seed, worker_compute(worker), error) < 0)
            return -1;
        event.data.capture->training_step = (uint64_t)event.step;
        worker_emit(worker, event);
    }
    return 0;
}

static void predict_release(struct job *base) {
    struct predict_job *job = (struct predict_job *)base;
    for (int arm = 0; arm < 2; arm++)
        arm_release(&job->arms[arm]);
    free(job->text);
    free(job);
}

struct job *job_predict(const struct job_arm *arms, int count, const char *text, uint64_t seed,
                        int follow, struct sawb_error *error) {
    if (count < 1 || count > 2) {
        error_set(error, "predict: %d arms; 1 or 2 can be run", count);
        return NULL;
    }
    struct predict_job *job = calloc(1, sizeof(*job));
    if (!job) {
        error_set(error, "predict: out of memory");
        return NULL;
    }
    job->job = (struct job){
        .name = "predict", .run = predict_run, .release = predict_release, .urgent = 1};
    job->count = count;
    job->seed = seed;
    job->follow = follow;
    int status = copy_text(&job->text, text, error);
    for (int arm = 0; status == 0 && arm < count; arm++)
        status = arm_keep(&job->arms[arm], &arms[arm], error);
    if (status == 0)
        return &job->job;
    predict_release(&job->job);
    return NULL;
}

/* Evaluation and comparison: one data set, one or two arms */

struct data_job {
    struct job job;
    struct arm_kept arms[2];
    int rows; /* 1: each row is sent */
    char *path;
    uint64_t seed;
    struct dataset dataset; /* open while the job runs */
    int *labels[2];         /* comparison: [rows] what each arm says */
};

static void send_row(void *user, struct worker *worker, const struct evaluation_row *row) {
    const struct data_job *job = user;
    struct event event = {.kind = EVENT_ROW, .text = strdup(job->dataset.examples[row->row].text)};
    event.data.row = *row;
    worker_emit(worker, event);
}

static int evaluate_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct data_job *job = (struct data_job *)base;
    const struct arm_kept *arm = &job->arms[0];
    if (dataset_open(&job->dataset, job->path, error) < 0)
        return -1;
    struct evaluation_walk walk = {.model = arm->model,
                                   .sparsity = arm->sparsity,
                                   .dataset = &job->dataset,
                                   .seed = job->seed,
                                   .what = "evaluate",
                                   .total = job->dataset.count,
                                   .each = job->rows ? send_row : NULL,
                                   .user = job};
    struct event event = {.kind = EVENT_EVALUATION};
    int status = check_given_labels(&job->dataset, arm->model->config.labels, error);
    if (status == 0)
        status = evaluation_run(&walk, worker, &event.data.evaluation, error);
    if (status == 0)
        worker_emit(worker, event);
    dataset_free(&job->dataset);
    return status;
}

static void keep_label(void *user, struct worker *worker, const struct evaluation_row *row) {
    (void)worker;
    int *labels = user; /* [rows] */
    labels[row->row] = row->label;
}

/* Counts where the arms differ. */
static int count_differences(const struct data_job *job, struct comparison *comparison) {
    int rows = job->dataset.count;
    comparison->flip_rows = malloc((size_t)rows * sizeof(int));
    if (!comparison->flip_rows)
        return -1;
    for (int row = 0; row < rows; row++) {
        int a = job->labels[0][row], b = job->labels[1][row];
        int gold = job->dataset.examples[row].label;
        if (a != b)
            comparison->flip_rows[comparison->flips++] = row;
        if (gold >= 0 && (a == gold) != (b == gold)) {
            comparison->a_only += a == gold;
            comparison->b_only += b == gold;
        }
    }
    comparison->mcnemar_p = mcnemar_exact(comparison->a_only, comparison->b_only);
    return 0;
}

static int compare_arms(struct data_job *job, struct worker *worker, struct sawb_error *error) {
    struct event event = {.kind = EVENT_COMPARISON};
    struct evaluation *results[2] = {&event.data.comparison.a, &event.data.comparison.b};
    int rows = job->dataset.count;
    for (int arm = 0; arm < 2; arm++) {
        job->labels[arm] = calloc((size_t)rows, sizeof(int));
        if (!job->labels[arm])
            return error_set(error, "compare: out of memory for %d rows", rows);
        struct evaluation_walk walk = {.model = job->arms[arm].model,
                                       .sparsity = job->arms[arm].sparsity,
                                       .dataset = &job->dataset,
                                       .seed = job->seed,
                                       .what = arm == 0 ? "compare: A" : "compare: B",
                                       .done = (int64_t)arm * rows,
                                       .total = 2 * (int64_t)rows,
                                       .each = keep_label,
                                       .user = job->labels[arm]};
        int status = evaluation_run(&walk, worker, results[arm], error);
        if (status != 0)
            return status;
    }
    if (count_differences(job, &event.data.comparison) < 0)
        return error_set(error, "compare: out of memory for %d rows", rows);
    worker_emit(worker, event);
    return 0;
}

static int compare_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct data_job *job = (struct data_job *)base;
    if (dataset_open(&job->dataset, job->path, error) < 0)
        return -1;
    int status = check_given_labels(&job->dataset, job->arms[0].model->config.labels, error);
    if (status == 0)
        status = compare_arms(job, worker, error);
    for (int arm = 0; arm < 2; arm++)
        free(job->labels[arm]);
    dataset_free(&job->dataset);
    return status;
}

static void data_release(struct job *base) {
    struct data_job *job = (struct data_job *)base;
    for (int arm = 0; arm < 2; arm++)
        arm_release(&job->arms[arm]);
    free(job->path);
    free(job);
}

static struct data_job *
data_job_create(const char *name, int (*run)(struct job *, struct worker *, struct sawb_error *),
                const struct job_arm *const arms[], int count, const char *path, uint64_t seed,
                struct sawb_error *error) {
    struct data_job *job = calloc(1, sizeof(*job));
    if (!job) {
        error_set(error, "%s: out of memory", name);
        return NULL;
    }
    job->job = (struct job){.name = name, .run = run, .release = data_release};
    job->seed = seed;
    int status = copy_text(&job->path, path, error);
    for (int arm = 0; status == 0 && arm < count; arm++)
        status = arm_keep(&job->arms[arm], arms[arm], error);
    if (status == 0)
        return job;
    data_release(&job->job);
    return NULL;
}

struct job *job_evaluate(const struct job_arm *arm, const char *path, int rows, uint64_t seed,
                         struct sawb_error *error) {
    struct data_job *job = data_job_create("evaluate", evaluate_run, &arm, 1, path, seed, error);
    if (!job)
        return NULL;
    job->rows = rows;
    return &job->job;
}

struct job *job_compare(const struct job_arm *a, const struct job_arm *b, const char *path,
                        uint64_t seed, struct sawb_error *error) {
    if (a->model->config.labels != b->model->config.labels) {
        error_set(error, "compare: A knows %d labels and B %d; they must be the same",
                  a->model->config.labels, b->model->config.labels);
        return NULL;
    }
    const struct job_arm *arms[] = {a, b};
    struct data_job *job = data_job_create("compare", compare_run, arms, 2, path, seed, error);
    return job ? &job->job : NULL;
}
