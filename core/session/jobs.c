/*
 * jobs.c - prediction, evaluation and comparison.
 */
#include "core/session/jobs.h"

#include <stdlib.h>
#include <string.h>

#include "core/inspect/metrics.h"
#include "core/session/job.h"

/* Prediction */

struct predict_job {
    struct job job; /* first: a job is freed as what it is */
    struct question question;
};

static int predict_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct predict_job *job = (struct predict_job *)base;
    const struct compute *compute = worker_compute(worker);
    const struct model *models[2] = {NULL, NULL};
    struct capture *captures[2] = {NULL, NULL};
    int count = 0, status = 0;
    for (; count < job->question.count; count++) {
        const struct arm_kept *arm = &job->question.arms[count];
        int64_t step = 0;
        models[count] = arm_model(arm, worker, job->question.follow, &step);
        status = capture_run(&captures[count], models[count], arm->sparsity, job->question.text,
                             job->question.seed, compute, error);
        if (status < 0)
            break;
        captures[count]->training_step = (uint64_t)step;
    }
    if (status == 0)
        status = metrics_measure(captures, count, models[0] == models[1], compute->pool, error);
    for (int arm = 0; arm < count; arm++) {
        struct event event = {
            .kind = EVENT_PREDICTION, .arm = arm, .step = (int64_t)captures[arm]->training_step};
        event.data.capture = captures[arm];
        worker_emit(worker, event);
    }
    return status;
}

static void predict_release(struct job *base) {
    struct predict_job *job = (struct predict_job *)base;
    question_release(&job->question);
    free(job);
}

struct job *job_predict(const struct job_arm *arms, int count, const char *text, uint64_t seed,
                        int follow, struct sawb_error *error) {
    struct predict_job *job = calloc(1, sizeof(*job));
    if (!job) {
        error_set(error, "predict: out of memory");
        return NULL;
    }
    job->job = (struct job){.name = "predict",
                            .run = predict_run,
                            .release = predict_release,
                            .urgent = LANE_PREDICTION};
    if (question_keep(&job->question, "predict", arms, count, text, seed, follow, error) == 0)
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
    tell_data(worker, &job->dataset);
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
    if (comparison_count(&event.data.comparison, &job->dataset, job->labels[0], job->labels[1],
                         error) < 0)
        return -1;
    worker_emit(worker, event);
    return 0;
}

static int compare_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct data_job *job = (struct data_job *)base;
    if (dataset_open(&job->dataset, job->path, error) < 0)
        return -1;
    tell_data(worker, &job->dataset);
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
