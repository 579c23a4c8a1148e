/*
 * job.c - what several jobs need.
 */
#include "core/session/job.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/ranks.h"

int arm_keep(struct arm_kept *kept, const struct job_arm *arm, struct sawb_error *error) {
    *kept = (struct arm_kept){0};
    const struct model_config *config = &arm->model->config;
    if (sparsity_parse(&kept->sparsity, arm->spec, arm->presets, error) < 0)
        return -1;
    if (sparsity_check(kept->sparsity, config->layers, config->heads, error) < 0) {
        sparsity_free(kept->sparsity);
        kept->sparsity = NULL;
        return -1;
    }
    kept->model = model_retain(arm->model);
    return 0;
}

void arm_release(struct arm_kept *kept) {
    if (kept->sparsity)
        sparsity_free(kept->sparsity);
    model_release(kept->model);
    *kept = (struct arm_kept){0};
}

static int same_shape(const struct model_config *a, const struct model_config *b) {
    return a->family == b->family && a->activation == b->activation &&
           a->vocabulary == b->vocabulary && a->hidden == b->hidden && a->layers == b->layers &&
           a->heads == b->heads && a->feed_forward == b->feed_forward &&
           a->positions == b->positions && a->token_types == b->token_types &&
           a->labels == b->labels;
}

const struct model *arm_model(const struct arm_kept *arm, const struct worker *worker, int follow,
                              int64_t *step) {
    const struct model *training = follow ? worker_training(worker, step) : NULL;
    if (training && same_shape(&training->config, &arm->model->config))
        return training;
    *step = 0;
    return arm->model;
}

int copy_text(char **copy, const char *text, struct sawb_error *error) {
    *copy = text ? strdup(text) : NULL;
    if (text && !*copy)
        return error_set(error, "job: out of memory for a text of %zu bytes", strlen(text));
    return 0;
}

int question_keep(struct question *question, const char *name, const struct job_arm *arms,
                  int count, const char *text, uint64_t seed, int follow,
                  struct sawb_error *error) {
    if (count < 1 || count > 2)
        return error_set(error, "%s: %d arms; 1 or 2 can be run", name, count);
    *question = (struct question){.count = count, .follow = follow, .seed = seed};
    int status = copy_text(&question->text, text, error);
    for (int arm = 0; status == 0 && arm < count; arm++)
        status = arm_keep(&question->arms[arm], &arms[arm], error);
    return status;
}

void question_release(struct question *question) {
    for (int arm = 0; arm < 2; arm++)
        arm_release(&question->arms[arm]);
    free(question->text);
    *question = (struct question){0};
}

int check_given_labels(const struct dataset *dataset, int labels, struct sawb_error *error) {
    for (int i = 0; i < dataset->count; i++) {
        const struct example *example = &dataset->examples[i];
        if (example->label < -1 || example->label >= labels)
            return error_set(error,
                             "%s: line %d: label %d is out of range; the model knows 0 to %d",
                             dataset->path, example->line, example->label, labels - 1);
    }
    return 0;
}

void tell_data(struct worker *worker, const struct dataset *dataset) {
    struct event event = {.kind = EVENT_DATA, .text = strdup(dataset->path)};
    event.data.read = (struct data_print){(int64_t)dataset->bytes, dataset->hash, dataset->count};
    worker_emit(worker, event);
}

int validation_file(char **path, const char *data, const char *validation,
                    struct sawb_error *error) {
    *path = NULL;
    if (!validation && !file_is_directory(data))
        return 0;
    *path = validation ? strdup(validation) : file_join(data, "dev.tsv");
    if (!*path)
        return error_set(error, "train: out of memory");
    if (!validation && !file_exists(*path)) {
        free(*path);
        *path = NULL;
    }
    return 0;
}

char *training_file(const char *data, struct sawb_error *error) {
    char *path = file_is_directory(data) ? file_join(data, "train.tsv") : strdup(data);
    if (!path)
        error_set(error, "%s: out of memory", data);
    return path;
}

int evaluation_run(const struct evaluation_walk *walk, struct worker *worker,
                   struct evaluation *result, struct sawb_error *error) {
    struct ranks *ranks = walk->ranks;
    struct evaluator *evaluator;
    int status = evaluator_create(&evaluator, walk->model, walk->sparsity, walk->dataset,
                                  EVALUATION_BATCH, walk->seed, worker_compute(worker), error);
    if (ranks_agree(ranks, status, error) < 0) {
        evaluator_free(evaluator);
        return -1;
    }
    evaluator_share(evaluator, ranks_index(ranks), ranks_count(ranks));

    const struct evaluation_row *rows;
    int64_t done = walk->done;
    int count, stopped = 0;
    while (!stopped && (status = evaluator_step(evaluator, &rows, &count, error)) == 1) {
        for (int i = 0; walk->each && i < count; i++)
            walk->each(walk->user, worker, &rows[i]);
        done += (int64_t)count * ranks_count(ranks);
        worker_progress(worker, walk->what, done < walk->total ? done : walk->total, walk->total);
        stopped = worker_breathe(worker);
    }
    status = ranks_agree(ranks, stopped ? 0 : status, error);
    if (status == 0 && ranks_stop(ranks, stopped))
        status = 1;
    if (status == 0) {
        evaluator_join(evaluator, ranks);
        evaluator_result(evaluator, result);
    }
    evaluator_free(evaluator);
    return status;
}

/* Multiplications of one pass: between two passes a keystroke is served, so a pass has to be short,
 * but one of few tokens spends its time on reading weights. */
#define PASS_COST 1.5e9
#define PASS_TOKENS_LEAST 32

int job_copies_at_once(const struct model_config *config, int tokens) {
    double hidden = config->hidden, wide = config->feed_forward;
    double cost = config->layers * (4 * hidden * hidden + 2 * hidden * wide);
    double most = PASS_COST / cost;
    most = most < PASS_TOKENS_LEAST ? PASS_TOKENS_LEAST : most;
    most = most > JOB_COPIES_MOST ? JOB_COPIES_MOST : most;
    return (int)most > tokens ? (int)most / tokens : 1;
}
