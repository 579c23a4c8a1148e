/*
 * job_importance.c - the importance of every head for the loss of a sentence, while somebody types.
 */
#include <stdlib.h>
#include <string.h>

#include "core/inspect/importance.h"
#include "core/session/job.h"

struct importance_job {
    struct job job; /* first: a job is freed as what it is */
    struct question question;
    int label;
};

static void send_values(struct worker *worker, int arm, int64_t step, const double *values,
                        int heads) {
    for (int i = 0; i < heads; i++) {
        struct event event = {.kind = EVENT_POINT, .arm = arm, .step = step};
        event.data.point = (struct point){
            .series = SERIES_IMPORTANCE, .index = i, .count = heads, .values = {values[i]}};
        worker_emit(worker, event);
    }
}

static int measure_arm(const struct importance_job *job, int arm, struct worker *worker,
                       struct sawb_error *error) {
    int64_t step;
    const struct model *model =
        arm_model(&job->question.arms[arm], worker, job->question.follow, &step);
    int heads = model->config.layers * model->config.heads;
    struct encoding encoding;
    if (tokenizer_encode(model->tokenizer, job->question.text, strlen(job->question.text),
                         model_token_limit(model), &encoding, error) < 0)
        return -1;
    double *values = calloc((size_t)heads, sizeof(*values));
    int status =
        values ? importance_measure(values, model, job->question.arms[arm].sparsity, &encoding,
                                    job->label, job->question.seed, worker_compute(worker), error)
               : error_set(error, "importance: out of memory for %d heads", heads);
    if (status == 0)
        send_values(worker, arm, step, values, heads);
    free(values);
    encoding_free(&encoding);
    return status;
}

static int importance_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    const struct importance_job *job = (struct importance_job *)base;
    for (int arm = 0; arm < job->question.count; arm++) {
        if (worker_breathe(worker))
            return 1;
        if (measure_arm(job, arm, worker, error) < 0)
            return -1;
    }
    return 0;
}

static void importance_release(struct job *base) {
    struct importance_job *job = (struct importance_job *)base;
    question_release(&job->question);
    free(job);
}

struct job *job_importance(const struct job_arm *arms, int count, const char *text, int label,
                           uint64_t seed, int follow, struct sawb_error *error) {
    struct importance_job *job = calloc(1, sizeof(*job));
    if (!job) {
        error_set(error, "importance: out of memory");
        return NULL;
    }
    job->job = (struct job){.name = "importance",
                            .run = importance_run,
                            .release = importance_release,
                            .urgent = LANE_MEASUREMENT};
    job->label = label;
    if (question_keep(&job->question, "importance", arms, count, text, seed, follow, error) == 0)
        return &job->job;
    importance_release(&job->job);
    return NULL;
}
