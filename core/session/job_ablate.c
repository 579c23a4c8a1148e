/*
 * job_ablate.c - one sentence with each head off alone, many heads in one forward pass.
 *
 * Source: Michel et al. 2019 (arXiv 1905.10650), section 3.1. A pass is a batch of copies of the
 * sentence, in each of which another head is off.
 */
#include <stdlib.h>
#include <string.h>

#include "core/model/encoder.h"
#include "core/session/job.h"

struct ablate_job {
    struct job job; /* first: a job is freed as what it is */
    struct question question;
};

/* One arm at work. */
struct ablation {
    const struct model *model;
    struct mask_source pattern; /* of the arm */
    struct encoding encoding;
    struct encoder *encoder;
    float base[MODEL_LABELS_MAX]; /* [K] logits with all heads of the pattern */
    /* The batch, in room for `room` copies. */
    int room;
    int *off;      /* [room] the head that is off in each copy, layer * NH + head; -1: none */
    int *offsets;  /* [room + 1] */
    int *ids;      /* [room, T] */
    float *logits; /* [room, K] */
};

/* ---- the pattern with one more head off in each copy ----------------------------------------- */

static int alone_needs_scores(const void *user, int layer, int head) {
    const struct ablation *ablation = user;
    return ablation->pattern.needs_scores(ablation->pattern.user, layer, head);
}

static int is_off(const struct ablation *ablation, const struct mask_request *request) {
    int index = request->layer * ablation->model->config.heads + request->head;
    return ablation->off[request->sentence] == index;
}

static enum mask_kind alone_fill(const void *user, const struct mask_request *request,
                                 uint8_t *mask) {
    const struct ablation *ablation = user;
    if (is_off(ablation, request))
        return MASK_HEAD_OFF;
    return ablation->pattern.fill(ablation->pattern.user, request, mask);
}

static struct mask_shape alone_shape(const void *user, const struct mask_request *request) {
    const struct ablation *ablation = user;
    if (is_off(ablation, request))
        return (struct mask_shape){.form = MASK_FORM_OFF};
    return ablation->pattern.shape(ablation->pattern.user, request);
}

static enum mask_kind alone_fill_blocks(const void *user, const struct mask_request *request,
                                        uint8_t *mask) {
    const struct ablation *ablation = user;
    return ablation->pattern.fill_blocks(ablation->pattern.user, request, mask);
}

/* ---- passes ---------------------------------------------------------------------------------- */

static int ablation_open(struct ablation *ablation, const struct ablate_job *job, int arm,
                         const struct worker *worker, int64_t *step, struct sawb_error *error) {
    ablation->model = arm_model(&job->question.arms[arm], worker, job->question.follow, step);
    ablation->pattern = sparsity_source(job->question.arms[arm].sparsity);
    const struct model_config *config = &ablation->model->config;
    if (tokenizer_encode(ablation->model->tokenizer, job->question.text, strlen(job->question.text),
                         model_token_limit(ablation->model), &ablation->encoding, error) < 0)
        return -1;
    ablation->room = job_copies_at_once(config, ablation->encoding.count);
    size_t room = (size_t)ablation->room, tokens = (size_t)ablation->encoding.count;
    ablation->off = calloc(room, sizeof(*ablation->off));
    ablation->offsets = calloc(room + 1, sizeof(*ablation->offsets));
    ablation->ids = calloc(room * tokens, sizeof(*ablation->ids));
    ablation->logits = calloc(room * (size_t)config->labels, sizeof(*ablation->logits));
    if (!ablation->off || !ablation->offsets || !ablation->ids || !ablation->logits)
        return error_set(error, "ablate: out of memory");
    for (size_t i = 0; i < room; i++) {
        ablation->offsets[i + 1] = (int)((i + 1) * tokens);
        memcpy(ablation->ids + i * tokens, ablation->encoding.ids, tokens * sizeof(*ablation->ids));
    }
    return encoder_create(&ablation->encoder, config, ENCODER_INFERENCE, worker_compute(worker),
                          error);
}

static void ablation_close(struct ablation *ablation) {
    encoder_free(ablation->encoder);
    encoding_free(&ablation->encoding);
    free(ablation->off);
    free(ablation->offsets);
    free(ablation->ids);
    free(ablation->logits);
}

/* Copy i of the batch has the head first + i off. */
static int forward(struct ablation *ablation, int first, int count, uint64_t seed,
                   struct sawb_error *error) {
    struct mask_source alone = {.needs_scores = alone_needs_scores,
                                .fill = alone_fill,
                                .user = ablation,
                                .shape = alone_shape,
                                .fill_blocks = alone_fill_blocks};
    struct encoder_batch batch = {count, ablation->offsets, ablation->ids};
    struct encoder_options options = {.mask = &alone, .seed = seed};
    for (int i = 0; i < count; i++)
        ablation->off[i] = first + i;
    return encoder_forward(ablation->encoder, &ablation->model->weights, &batch, &options,
                           ablation->logits, error);
}

static void send(const struct ablation *ablation, int arm, int64_t step, int index, int heads,
                 const float *logits, struct worker *worker) {
    int labels = ablation->model->config.labels;
    struct copy_answer before = copy_answer_of(ablation->base, ablation->base, labels);
    struct copy_answer after = copy_answer_of(logits, ablation->base, labels);
    struct event event = {.kind = EVENT_POINT, .arm = arm, .step = step};
    struct point *point = &event.data.point;
    *point = (struct point){.series = SERIES_ABLATION, .index = index, .count = heads, .x = index};
    point->values[ABLATION_DIFFERENCE] = after.difference;
    point->values[ABLATION_BEFORE] = before.difference;
    point->values[ABLATION_KEPT] = after.kept;
    point->values[ABLATION_KEPT_BEFORE] = before.kept;
    worker_emit(worker, event);
}

static int ablate_arm(const struct ablate_job *job, int arm, struct worker *worker,
                      struct sawb_error *error) {
    struct ablation ablation = {0};
    int64_t step = 0;
    int status = ablation_open(&ablation, job, arm, worker, &step, error);
    int labels = status == 0 ? ablation.model->config.labels : 0;
    int heads = status == 0 ? ablation.model->config.layers * ablation.model->config.heads : 0;
    /* Head -1 is none: the answer that the others are compared with. */
    for (int first = -1; status == 0 && first < heads; first += ablation.room) {
        int left = heads - first, count = left < ablation.room ? left : ablation.room;
        status = forward(&ablation, first, count, job->question.seed, error);
        if (status == 0 && first < 0)
            memcpy(ablation.base, ablation.logits, (size_t)labels * sizeof(*ablation.base));
        for (int i = first < 0; status == 0 && i < count; i++)
            send(&ablation, arm, step, first + i, heads, ablation.logits + i * labels, worker);
        if (status == 0 && worker_breathe(worker))
            status = 1;
    }
    ablation_close(&ablation);
    return status;
}

/* ---- the job --------------------------------------------------------------------------------- */

static int ablate_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    const struct ablate_job *job = (const struct ablate_job *)base;
    int status = 0;
    for (int arm = 0; arm < job->question.count && status == 0; arm++)
        status = ablate_arm(job, arm, worker, error);
    return status;
}

static void ablate_release(struct job *base) {
    struct ablate_job *job = (struct ablate_job *)base;
    question_release(&job->question);
    free(job);
}

struct job *job_ablate(const struct job_arm *arms, int count, const char *text, uint64_t seed,
                       int follow, struct sawb_error *error) {
    struct ablate_job *job = calloc(1, sizeof(*job));
    if (!job) {
        error_set(error, "ablate: out of memory");
        return NULL;
    }
    job->job = (struct job){
        .name = "ablate", .run = ablate_run, .release = ablate_release, .urgent = LANE_ABLATION};
    if (question_keep(&job->question, "ablate", arms, count, text, seed, follow, error) == 0)
        return &job->job;
    ablate_release(&job->job);
    return NULL;
}
