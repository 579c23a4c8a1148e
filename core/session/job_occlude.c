/*
 * job_occlude.c - edited copies of a sentence through both arms, many in one forward pass.
 *
 * Source of occlusion: Zeiler & Fergus 2014 (arXiv 1311.2901), for tokens Li et al. 2016
 * (arXiv 1612.08220): how far the answer moves when one part of the input is taken away.
 */
#include <stdlib.h>
#include <string.h>

#include "core/model/encoder.h"
#include "core/session/job.h"

struct copies_job {
    struct job job; /* first: a job is freed as what it is */
    struct question question;
    const char *series;
    struct text_edit *edits; /* of all copies, one copy's after the other's; words are owned */
    int edit_count;
    int *begins; /* [copies + 1] where each copy's edits begin */
    int copies;
    /* Of an occlusion, whose copies are known when the sentence is tokenised. */
    int occludes;
    enum text_change by;
    enum edit_unit unit;
};

/* One arm at work. */
struct copy_pass {
    const struct model *model;
    int64_t step;
    struct mask_source mask;
    struct encoding encoding;
    struct encoder *encoder;
    struct copy_answer before;    /* to the original */
    float base[MODEL_LABELS_MAX]; /* [K] its logits */
    /* The batch: copies first .. first + count - 1, of which copy 0 is the original. */
    int count, tokens;
    int *offsets;  /* [count + 1] */
    int *ids;      /* [tokens] */
    float *logits; /* [count, K] */
};

static int no_memory(const struct copies_job *job, struct sawb_error *error) {
    return error_set(error, "%s: out of memory", job->job.name);
}

static int pass_open(struct copy_pass *pass, const struct copies_job *job, int arm,
                     const struct worker *worker, struct sawb_error *error) {
    pass->model = arm_model(&job->question.arms[arm], worker, job->question.follow, &pass->step);
    pass->mask = sparsity_source(job->question.arms[arm].sparsity);
    if (tokenizer_encode(pass->model->tokenizer, job->question.text, strlen(job->question.text),
                         model_token_limit(pass->model), &pass->encoding, error) < 0)
        return -1;
    return encoder_create(&pass->encoder, &pass->model->config, ENCODER_INFERENCE,
                          worker_compute(worker), error);
}

static void pass_close(struct copy_pass *pass) {
    encoder_free(pass->encoder);
    encoding_free(&pass->encoding);
    free(pass->offsets);
    free(pass->ids);
    free(pass->logits);
}

/* A copy of the original for each of its units. */
static int make_units(struct copies_job *job, const struct copy_pass *pass,
                      struct sawb_error *error) {
    const struct tokenizer *tokenizer = pass->model->tokenizer;
    const struct encoding *encoding = &pass->encoding;
    int *firsts, first, last;
    if (edits_units(tokenizer, encoding, job->unit, &firsts, &job->copies, error) < 0)
        return -1;
    size_t count = (size_t)job->copies;
    job->edits = calloc(count + 1, sizeof(*job->edits));
    job->begins = calloc(count + 1, sizeof(*job->begins));
    int status = job->edits && job->begins ? 0 : no_memory(job, error);
    for (int i = 0; status == 0 && i < job->copies; i++) {
        edits_unit(tokenizer, encoding, firsts[i], job->unit, &first, &last);
        job->edits[i] = (struct text_edit){.change = job->by,
                                           .begin = encoding->offsets[first][0],
                                           .end = encoding->offsets[last][1]};
        job->begins[i + 1] = i + 1;
    }
    free(firsts);
    return status;
}

static int add_copy(const struct copies_job *job, struct copy_pass *pass, int index,
                    struct sawb_error *error) {
    struct edited copy;
    const struct text_edit *edits = index > 0 ? job->edits + job->begins[index - 1] : NULL;
    int count = index > 0 ? job->begins[index] - job->begins[index - 1] : 0;
    if (edits_apply(pass->model->tokenizer, &pass->encoding, edits, count,
                    model_token_limit(pass->model), &copy, error) < 0)
        return -1;
    size_t tokens = (size_t)pass->tokens + (size_t)copy.count;
    int *ids = realloc(pass->ids, tokens * sizeof(*ids));
    int status = ids ? 0 : no_memory(job, error);
    if (ids) {
        pass->ids = ids;
        memcpy(ids + pass->tokens, copy.ids, (size_t)copy.count * sizeof(*ids));
        pass->tokens += copy.count;
        pass->offsets[++pass->count] = pass->tokens;
    }
    edited_free(&copy);
    return status;
}

static int forward(const struct copies_job *job, struct copy_pass *pass, int first, int count,
                   struct sawb_error *error) {
    size_t labels = (size_t)pass->model->config.labels;
    free(pass->offsets);
    free(pass->logits);
    pass->offsets = calloc((size_t)count + 1, sizeof(*pass->offsets));
    pass->logits = calloc((size_t)count * labels, sizeof(*pass->logits));
    if (!pass->offsets || !pass->logits)
        return no_memory(job, error);
    pass->count = pass->tokens = 0;
    for (int i = 0; i < count; i++)
        if (add_copy(job, pass, first + i, error) < 0)
            return -1;
    struct encoder_batch batch = {count, pass->offsets, pass->ids};
    struct encoder_options options = {.mask = &pass->mask, .seed = job->question.seed};
    return encoder_forward(pass->encoder, &pass->model->weights, &batch, &options, pass->logits,
                           error);
}

/* The first changed token, and how many there are, in the first arm's sentence. */
static int changed_tokens(const struct copies_job *job, const struct encoding *encoding, int copy,
                          int *first) {
    int count = 0;
    *first = -1;
    for (int token = 1; token < encoding->count - 1; token++) {
        int changed = 0;
        for (int i = job->begins[copy]; i < job->begins[copy + 1] && !changed; i++)
            changed = encoding->offsets[token][0] < job->edits[i].end &&
                      encoding->offsets[token][1] > job->edits[i].begin;
        *first = changed && count == 0 ? token : *first;
        count += changed;
    }
    return count;
}

static void send(const struct copies_job *job, const struct copy_pass *pass, int arm, int copy,
                 const struct encoding *encoding, const float *logits, struct worker *worker) {
    struct copy_answer after = copy_answer_of(logits, pass->base, pass->model->config.labels);
    struct event event = {.kind = EVENT_POINT, .arm = arm, .step = pass->step};
    struct point *point = &event.data.point;
    int first, tokens = changed_tokens(job, encoding, copy, &first);
    *point = (struct point){.series = job->series, .index = copy, .count = job->copies, .x = first};
    point->values[COPY_LABEL] = after.label;
    point->values[COPY_PROBABILITY] = after.probability;
    point->values[COPY_KEPT] = after.kept;
    point->values[COPY_KEPT_BEFORE] = pass->before.kept;
    point->values[COPY_DIFFERENCE] = after.difference;
    point->values[COPY_DIFFERENCE_BEFORE] = pass->before.difference;
    point->values[COPY_DISTANCE] = after.distance;
    point->values[COPY_TOKENS] = tokens;
    worker_emit(worker, event);
}

/* The copies first .. first + count - 1, of which copy 0 is the original, through one arm. */
static int answer(const struct copies_job *job, struct copy_pass *pass, int arm, int first,
                  int count, const struct encoding *encoding, struct worker *worker,
                  struct sawb_error *error) {
    int labels = pass->model->config.labels;
    if (forward(job, pass, first, count, error) < 0)
        return -1;
    if (first == 0) {
        memcpy(pass->base, pass->logits, (size_t)labels * sizeof(*pass->base));
        pass->before = copy_answer_of(pass->base, pass->base, labels);
    }
    for (int i = first == 0; i < count; i++)
        send(job, pass, arm, first + i - 1, encoding, pass->logits + (size_t)i * (size_t)labels,
             worker);
    return 0;
}

static int copies_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct copies_job *job = (struct copies_job *)base;
    struct copy_pass passes[2] = {{0}};
    int status = 0, at_once = JOB_COPIES_MOST;
    for (int arm = 0; status == 0 && arm < job->question.count; arm++)
        status = pass_open(&passes[arm], job, arm, worker, error);
    if (status == 0 && job->occludes)
        status = make_units(job, &passes[0], error);
    for (int arm = 0; status == 0 && arm < job->question.count; arm++) {
        int copies = job_copies_at_once(&passes[arm].model->config, passes[arm].encoding.count);
        at_once = copies < at_once ? copies : at_once;
    }
    for (int first = 0; status == 0 && first <= job->copies; first += at_once) {
        int left = job->copies + 1 - first, count = left < at_once ? left : at_once;
        for (int arm = 0; status == 0 && arm < job->question.count; arm++) {
            status =
                answer(job, &passes[arm], arm, first, count, &passes[0].encoding, worker, error);
            if (status == 0 && worker_breathe(worker))
                status = 1;
        }
    }
    for (int arm = 0; arm < 2; arm++)
        pass_close(&passes[arm]);
    return status;
}

static void copies_release(struct job *base) {
    struct copies_job *job = (struct copies_job *)base;
    question_release(&job->question);
    for (int i = 0; i < job->edit_count; i++)
        free((char *)job->edits[i].word);
    free(job->edits);
    free(job->begins);
    free(job);
}

static struct copies_job *create(const char *name, const struct job_arm *arms, int count,
                                 const char *text, uint64_t seed, int follow,
                                 struct sawb_error *error) {
    struct copies_job *job = calloc(1, sizeof(*job));
    if (!job) {
        error_set(error, "%s: out of memory", name);
        return NULL;
    }
    job->job = (struct job){.name = name, .run = copies_run, .release = copies_release};
    if (question_keep(&job->question, name, arms, count, text, seed, follow, error) == 0)
        return job;
    copies_release(&job->job);
    return NULL;
}

/* The edits of the copies, with words of their own. */
static int keep_copies(struct copies_job *job, const struct text_copy *copies, int count,
                       struct sawb_error *error) {
    size_t edits = 0;
    for (int i = 0; i < count; i++)
        edits += (size_t)copies[i].count;
    job->edits = calloc(edits + 1, sizeof(*job->edits));
    job->begins = calloc((size_t)count + 1, sizeof(*job->begins));
    if (!job->edits || !job->begins)
        return no_memory(job, error);
    for (int i = 0; i < count; i++, job->copies++) {
        job->begins[i + 1] = job->begins[i];
        for (int j = 0; j < copies[i].count; j++) {
            char *word;
            if (copy_text(&word, copies[i].edits[j].word, error) < 0)
                return -1;
            struct text_edit *edit = &job->edits[job->edit_count++];
            *edit = copies[i].edits[j];
            edit->word = word;
            job->begins[i + 1]++;
        }
    }
    return 0;
}

struct job *job_copies(const struct job_arm *arms, int count, const char *text,
                       const struct text_copy *copies, int copy_count, uint64_t seed, int follow,
                       struct sawb_error *error) {
    struct copies_job *job = create("edit", arms, count, text, seed, follow, error);
    if (!job)
        return NULL;
    job->job.urgent = LANE_COPIES;
    job->series = SERIES_COPIES;
    if (keep_copies(job, copies, copy_count, error) == 0)
        return &job->job;
    copies_release(&job->job);
    return NULL;
}

struct job *job_occlude(const struct job_arm *arms, int count, const char *text,
                        enum text_change by, enum edit_unit unit, uint64_t seed, int follow,
                        struct sawb_error *error) {
    if (by == CHANGE_REPLACE) {
        error_set(error, "occlude: a token can be masked or dropped");
        return NULL;
    }
    struct copies_job *job = create("occlude", arms, count, text, seed, follow, error);
    if (!job)
        return NULL;
    job->job.urgent = LANE_OCCLUSION;
    job->series = SERIES_OCCLUDE;
    job->occludes = 1;
    job->by = by;
    job->unit = unit;
    return &job->job;
}
