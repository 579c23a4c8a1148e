/*
 * job_rows.c - what two arms say of every row of a data set, the wanted ones first.
 */
#include "core/session/rows.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/session/job.h"

/* Few, so that whoever types a sentence meanwhile is answered at once. */
#define ROWS_AT_ONCE 16

enum { NOT_ASKED = -2, ASKED = -1 }; /* in place of a label */

/* ---- the set --------------------------------------------------------------------------------- */

struct row_set {
    struct dataset dataset;
    atomic_int references;
    pthread_mutex_t mutex;
    int wanted_count; /* under the mutex */
    int wanted[ROWS_WANTED_MOST];
};

int row_set_open(struct row_set **opened, const char *path, struct sawb_error *error) {
    *opened = NULL;
    struct row_set *set = calloc(1, sizeof(*set));
    if (!set)
        return error_set(error, "%s: out of memory for the data set", path);
    if (dataset_open(&set->dataset, path, error) < 0) {
        free(set);
        return -1;
    }
    pthread_mutex_init(&set->mutex, NULL);
    atomic_init(&set->references, 1);
    *opened = set;
    return 0;
}

struct row_set *row_set_retain(struct row_set *set) {
    atomic_fetch_add(&set->references, 1);
    return set;
}

void row_set_release(struct row_set *set) {
    if (!set || atomic_fetch_sub(&set->references, 1) > 1)
        return;
    dataset_free(&set->dataset);
    pthread_mutex_destroy(&set->mutex);
    free(set);
}

const struct dataset *row_set_dataset(const struct row_set *set) {
    return &set->dataset;
}

void row_set_want(struct row_set *set, const int *rows, int count) {
    count = count < ROWS_WANTED_MOST ? count : ROWS_WANTED_MOST;
    pthread_mutex_lock(&set->mutex);
    set->wanted_count = count > 0 ? count : 0;
    if (count > 0)
        memcpy(set->wanted, rows, (size_t)count * sizeof(*rows));
    pthread_mutex_unlock(&set->mutex);
}

/* ---- the job --------------------------------------------------------------------------------- */

struct rows_job {
    struct job job; /* first: a job is freed as what it is */
    struct arm_kept arms[2];
    struct row_set *set;
    uint64_t seed;
    int *labels[2]; /* [rows] what each arm says, or NOT_ASKED, ASKED; while the job runs */
    int next;       /* all rows before it were asked */
    int chosen[ROWS_AT_ONCE];
    struct example examples[ROWS_AT_ONCE];
};

static void choose(struct rows_job *job, int row, int *count) {
    const struct dataset *dataset = &job->set->dataset;
    if (*count == ROWS_AT_ONCE || row < 0 || row >= dataset->count ||
        job->labels[0][row] != NOT_ASKED)
        return;
    job->labels[0][row] = ASKED;
    job->chosen[*count] = row;
    job->examples[(*count)++] = dataset->examples[row];
}

/* Those wanted first. 0 when every row was asked. */
static int choose_rows_to_ask(struct rows_job *job) {
    struct row_set *set = job->set;
    int count = 0;
    pthread_mutex_lock(&set->mutex);
    for (int i = 0; i < set->wanted_count; i++)
        choose(job, set->wanted[i], &count);
    pthread_mutex_unlock(&set->mutex);
    while (count < ROWS_AT_ONCE && job->next < set->dataset.count)
        choose(job, job->next++, &count);
    return count;
}

/* Adds the sums of `part`; the means are made from them at the end. */
static void add_part(struct evaluation *sum, const struct evaluation *part) {
    sum->rows += part->rows;
    sum->labelled += part->labelled;
    sum->correct += part->correct;
    sum->truncated += part->truncated;
    sum->kept += part->kept;
    sum->valid += part->valid;
    sum->seconds += part->seconds;
    if (part->labelled > 0)
        sum->loss += part->loss * part->labelled;
}

static void end_sum(struct evaluation *sum) {
    sum->accuracy = sum->labelled > 0 ? (double)sum->correct / sum->labelled : NAN;
    sum->loss = sum->labelled > 0 ? sum->loss / sum->labelled : NAN;
    sum->realised = sum->valid > 0 ? 1 - (double)sum->kept / (double)sum->valid : 0;
}

static void send_rows(struct rows_job *job, struct worker *worker, int arm,
                      const struct evaluation_row *rows, int count) {
    for (int i = 0; i < count; i++) {
        struct event event = {
            .kind = EVENT_ROW, .arm = arm, .text = strdup(job->examples[rows[i].row].text)};
        event.data.row = rows[i];
        event.data.row.row = job->chosen[rows[i].row];
        job->labels[arm][event.data.row.row] = rows[i].label;
        worker_emit(worker, event);
    }
}

static int ask(struct rows_job *job, struct worker *worker, int arm, int count,
               struct evaluation *sum, struct sawb_error *error) {
    const struct dataset part = {
        .count = count, .examples = job->examples, .path = job->set->dataset.path};
    const struct arm_kept *kept = &job->arms[arm];
    struct evaluator *evaluator;
    if (evaluator_create(&evaluator, kept->model, kept->sparsity, &part, count, job->seed,
                         worker_compute(worker), error) < 0)
        return -1;
    const struct evaluation_row *rows;
    struct evaluation result;
    int answered, status = evaluator_step(evaluator, &rows, &answered, error);
    if (status == 1) {
        send_rows(job, worker, arm, rows, answered);
        evaluator_result(evaluator, &result);
        add_part(sum, &result);
    }
    evaluator_free(evaluator);
    return status < 0 ? -1 : 0;
}

static int ask_all(struct rows_job *job, struct worker *worker, struct sawb_error *error) {
    struct event event = {.kind = EVENT_COMPARISON};
    struct comparison *comparison = &event.data.comparison;
    struct evaluation *sums[2] = {&comparison->a, &comparison->b};
    const struct dataset *dataset = &job->set->dataset;
    int count, stopped = 0;
    while (!stopped && (count = choose_rows_to_ask(job)) > 0) {
        /* A row is asked of both arms or of none. */
        for (int arm = 0; arm < 2; arm++) {
            if (ask(job, worker, arm, count, sums[arm], error) < 0)
                return -1;
            stopped |= worker_breathe(worker);
        }
        worker_progress(worker, "rows", comparison->a.rows, dataset->count);
    }
    for (int arm = 0; arm < 2; arm++)
        end_sum(sums[arm]);
    if (comparison_count(comparison, dataset, job->labels[0], job->labels[1], error) < 0)
        return -1;
    worker_emit(worker, event);
    return stopped;
}

static int rows_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct rows_job *job = (struct rows_job *)base;
    const struct dataset *dataset = &job->set->dataset;
    tell_data(worker, dataset);
    if (check_given_labels(dataset, job->arms[0].model->config.labels, error) < 0)
        return -1;
    for (int arm = 0; arm < 2; arm++) {
        job->labels[arm] = malloc((size_t)dataset->count * sizeof(int));
        if (!job->labels[arm])
            return error_set(error, "rows: out of memory for %d rows", dataset->count);
        for (int row = 0; row < dataset->count; row++)
            job->labels[arm][row] = NOT_ASKED;
    }
    return ask_all(job, worker, error);
}

static void rows_release(struct job *base) {
    struct rows_job *job = (struct rows_job *)base;
    for (int arm = 0; arm < 2; arm++) {
        arm_release(&job->arms[arm]);
        free(job->labels[arm]);
    }
    row_set_release(job->set);
    free(job);
}

struct job *job_rows(const struct job_arm arms[2], struct row_set *set, uint64_t seed,
                     struct sawb_error *error) {
    int labels[2] = {arms[0].model->config.labels, arms[1].model->config.labels};
    if (labels[0] != labels[1]) {
        error_set(error, "rows: A knows %d labels and B %d; they must be the same", labels[0],
                  labels[1]);
        return NULL;
    }
    struct rows_job *job = calloc(1, sizeof(*job));
    if (!job) {
        error_set(error, "rows: out of memory");
        return NULL;
    }
    job->job = (struct job){.name = "rows", .run = rows_run, .release = rows_release};
    job->set = row_set_retain(set);
    job->seed = seed;
    for (int arm = 0; arm < 2; arm++) {
        if (arm_keep(&job->arms[arm], &arms[arm], error) < 0) {
            rows_release(&job->job);
            return NULL;
        }
    }
    return &job->job;
}
