/*
 * job_prune.c - heads removed one after the other, with what is left of the accuracy.
 */
#include <stdlib.h>
#include <string.h>

#include "core/session/job.h"
#include "core/sparsity/edit.h"
#include "core/train/batch.h"

struct candidate {
    struct head_place place;
    struct evaluation without; /* the sample without this head too */
};

struct prune_job {
    struct job job; /* first: a job is freed as what it is */
    struct arm_kept arm;
    struct prune_options options;
    char *path;
    /* While it runs. */
    struct dataset data, sample; /* the sample borrows the data's texts */
    struct head_place *off;      /* [heads] those that are off, in the order of their removal */
    int off_count;
    struct candidate *left; /* [left_count] heads that are on */
    int left_count, rounds;
    int64_t evaluations, evaluations_all;
};

static int no_memory(struct sawb_error *error) {
    return error_set(error, "prune: out of memory");
}

/* ---- what is pruned, and on what ------------------------------------------------------------- */

static int open_sample(struct prune_job *job, struct worker *worker, struct sawb_error *error) {
    int *rows, all, wanted = job->options.rows;
    if (dataset_open(&job->data, job->path, error) < 0)
        return -1;
    tell_data(worker, &job->data);
    all = job->data.count;
    double fraction = wanted > 0 && wanted < all ? (double)wanted / all : 1;
    job->sample = (struct dataset){.path = job->data.path};
    if (choose_rows(&rows, &job->sample.count, all, fraction, job->options.seed, error) < 0)
        return -1;
    job->sample.examples = malloc((size_t)job->sample.count * sizeof(*job->sample.examples));
    for (int i = 0; job->sample.examples && i < job->sample.count; i++)
        job->sample.examples[i] = job->data.examples[rows[i]];
    free(rows);
    if (!job->sample.examples)
        return no_memory(error);
    return dataset_check_labels(&job->sample, job->arm.model->config.labels, error);
}

static int list_heads(struct prune_job *job, struct sawb_error *error) {
    const struct model_config *config = &job->arm.model->config;
    size_t heads = (size_t)config->layers * (size_t)config->heads;
    job->off = calloc(heads, sizeof(*job->off));
    job->left = calloc(heads, sizeof(*job->left));
    if (!job->off || !job->left)
        return no_memory(error);
    for (int layer = 0; layer < config->layers; layer++) {
        for (int head = 0; head < config->heads; head++) {
            struct head_place place = {layer, head};
            if (sparsity_head_is_off(job->arm.sparsity, layer, head))
                job->off[job->off_count++] = place;
            else
                job->left[job->left_count++].place = place;
        }
    }
    int until = job->options.until;
    job->rounds = until > 0 && until < job->left_count ? until : job->left_count;
    int64_t left = job->left_count, rounds = job->rounds;
    job->evaluations_all = job->options.by == PRUNE_GREEDY
                               ? 1 + rounds * left - rounds * (rounds - 1) / 2
                               : 1 + left + rounds;
    return 0;
}

/* ---- rounds ---------------------------------------------------------------------------------- */

/* The sample with the first `count` heads of job->off off. 0, 1 when stopped, -1 with an error. */
static int evaluate(struct prune_job *job, int count, struct worker *worker,
                    struct evaluation *result, struct sawb_error *error) {
    struct sparsity *sparsity = NULL;
    char *spec =
        sparsity_set_heads_off(sparsity_pattern(job->arm.sparsity), NULL, job->off, count, error);
    int status = spec ? sparsity_parse(&sparsity, spec, NULL, error) : -1;
    free(spec);
    if (status < 0)
        return -1;
    struct evaluation_walk walk = {.model = job->arm.model,
                                   .sparsity = sparsity,
                                   .dataset = &job->sample,
                                   .seed = job->options.seed,
                                   .what = "prune",
                                   .done = job->evaluations * job->sample.count,
                                   .total = job->evaluations_all * job->sample.count};
    status = evaluation_run(&walk, worker, result, error);
    job->evaluations++;
    sparsity_free(sparsity);
    return status;
}

static int is_better(const struct evaluation *a, const struct evaluation *b) {
    return a->correct != b->correct ? a->correct > b->correct : a->loss < b->loss;
}

/* Tries the heads that are left, each on top of those that are off. */
static int try_heads(struct prune_job *job, struct worker *worker, struct sawb_error *error) {
    int status = 0;
    for (int i = 0; i < job->left_count && status == 0; i++) {
        job->off[job->off_count] = job->left[i].place;
        status = evaluate(job, job->off_count + 1, worker, &job->left[i].without, error);
    }
    return status;
}

static void send(const struct prune_job *job, struct worker *worker, int index,
                 const struct evaluation *evaluation) {
    struct event event = {.kind = EVENT_POINT, .arm = job->options.arm};
    struct point *point = &event.data.point;
    struct head_place removed = {-1, -1};
    if (index > 0)
        removed = job->off[job->off_count - 1];
    *point = (struct point){
        .series = SERIES_PRUNING, .index = index, .count = job->rounds + 1, .x = job->off_count};
    point->values[PRUNE_ACCURACY] = evaluation->accuracy;
    point->values[PRUNE_LOSS] = evaluation->loss;
    point->values[PRUNE_LAYER] = removed.layer;
    point->values[PRUNE_HEAD] = removed.head;
    point->values[PRUNE_ROWS] = evaluation->rows;
    worker_emit(worker, event);
}

/* Moves the best head that is left to those that are off, with what is left without it. */
static void remove_best(struct prune_job *job, struct evaluation *without) {
    int best = 0;
    for (int i = 1; i < job->left_count; i++) {
        if (is_better(&job->left[i].without, &job->left[best].without))
            best = i;
    }
    *without = job->left[best].without;
    job->off[job->off_count++] = job->left[best].place;
    job->left_count--;
    memmove(job->left + best, job->left + best + 1,
            (size_t)(job->left_count - best) * sizeof(*job->left));
}

static int prune(struct prune_job *job, struct worker *worker, struct sawb_error *error) {
    struct evaluation evaluation;
    int greedy = job->options.by == PRUNE_GREEDY;
    int status = evaluate(job, job->off_count, worker, &evaluation, error);
    if (status == 0)
        send(job, worker, 0, &evaluation);
    for (int round = 1; round <= job->rounds && status == 0; round++) {
        if (greedy || round == 1)
            status = try_heads(job, worker, error);
        if (status != 0)
            break;
        remove_best(job, &evaluation);
        if (!greedy)
            status = evaluate(job, job->off_count, worker, &evaluation, error);
        if (status == 0)
            send(job, worker, round, &evaluation);
    }
    return status;
}

/* ---- the job --------------------------------------------------------------------------------- */

static int prune_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct prune_job *job = (struct prune_job *)base;
    int status = open_sample(job, worker, error);
    if (status == 0)
        status = list_heads(job, error);
    if (status == 0)
        status = prune(job, worker, error);
    free(job->off);
    free(job->left);
    free(job->sample.examples);
    dataset_free(&job->data);
    return status;
}

static void prune_release(struct job *base) {
    struct prune_job *job = (struct prune_job *)base;
    arm_release(&job->arm);
    free(job->path);
    free(job);
}

struct job *job_prune(const struct job_arm *arm, const struct prune_options *options,
                      struct sawb_error *error) {
    struct prune_job *job = calloc(1, sizeof(*job));
    if (!job) {
        no_memory(error);
        return NULL;
    }
    job->job = (struct job){.name = "prune", .run = prune_run, .release = prune_release};
    job->options = *options;
    if (copy_text(&job->path, options->path, error) == 0 && arm_keep(&job->arm, arm, error) == 0)
        return &job->job;
    prune_release(&job->job);
    return NULL;
}
