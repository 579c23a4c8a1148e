/*
 * job_sweep.c - accuracy, loss, mass kept and agreement with the dense model against sparsity.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/encoder.h"
#include "core/session/job.h"
#include "core/session/sweep.h"
#include "core/train/batch.h"

#define BATCH 32
#define ATTENTION_MOST (16u << 20) /* numbers of dense attention kept for a batch */

/* ---- the job --------------------------------------------------------------------------------- */

struct sweep_point {
    int family;
    double target;
    char *pattern;
    struct sparsity *sparsity;
    /* Sums over the rows so far. */
    double loss, mass;
    int correct, agreed;
    uint64_t kept, valid;
};

struct sweep_job {
    struct job job;
    struct arm_kept arm;
    char *path;
    char *patterns[SWEEP_FAMILIES_MOST]; /* with a `?` */
    int whole[SWEEP_FAMILIES_MOST];      /* 1: it stands for a whole number */
    int family_count, target_count, rows;
    double targets[SWEEP_TARGETS_MOST];
    uint64_t seed;
    int count;                         /* of points */
    struct sweep_point dense, *points; /* [count] */
};

static int no_memory(struct sawb_error *error) {
    return error_set(error, "sweep: out of memory");
}

/* Takes the pattern over; NULL: there was no memory for it. */
static int open_point(const struct sweep_job *job, struct sweep_point *point, char *pattern,
                      const struct presets *presets, struct sawb_error *error) {
    const struct model_config *config = &job->arm.model->config;
    point->pattern = pattern;
    if (!pattern)
        return no_memory(error);
    if (sparsity_parse(&point->sparsity, pattern, presets, error) < 0)
        return -1;
    return sparsity_check(point->sparsity, config->layers, config->heads, error);
}

static void close_point(struct sweep_point *point) {
    free(point->pattern);
    if (point->sparsity)
        sparsity_free(point->sparsity);
    *point = (struct sweep_point){0};
}

/* The patterns that wait for the sentences: those with a whole number. */
static int choose_numbers(struct sweep_job *job, const struct token_set *set, struct worker *worker,
                          struct sawb_error *error) {
    int numbers[SWEEP_TARGETS_MOST] = {0}, status = 0;
    for (int f = 0; f < job->family_count && status == 0; f++) {
        struct sweep_point *points = job->points + f * job->target_count;
        struct sweep_search search = {.family = job->patterns[f],
                                      .targets = job->targets,
                                      .count = job->target_count,
                                      .config = &job->arm.model->config,
                                      .set = set,
                                      .seed = job->seed};
        if (job->whole[f])
            status = sweep_numbers(&search, numbers, worker, error);
        for (int t = 0; t < job->target_count && job->whole[f] && status == 0; t++)
            status = open_point(job, &points[t], sweep_pattern(job->patterns[f], numbers[t], 1),
                                NULL, error);
    }
    return status;
}

/* ---- attention that is kept ------------------------------------------------------------------ */

/* A mask source that keeps the dense weights of a batch, and then counts what of them masks keep.
 */
struct weigher {
    const struct sparsity *sparsity; /* NULL: the dense pass */
    int layers, heads;
    size_t *begins;   /* [B] where a sentence's weights begin */
    float *attention; /* sentence by sentence [L,NH,T,T] */
    double *mass;     /* [B,L,NH] mean over queries */
};

static void softmax_row(const float *scores, float *weights, size_t count) {
    float most = scores[0], sum = 0;
    for (size_t j = 1; j < count; j++)
        most = scores[j] > most ? scores[j] : most;
    for (size_t j = 0; j < count; j++) {
        weights[j] = expf(scores[j] - most);
        sum += weights[j];
    }
    for (size_t j = 0; j < count; j++)
        weights[j] /= sum;
}

static int weigher_needs_scores(const void *user, int layer, int head) {
    const struct weigher *weigher = user;
    return !weigher->sparsity || sparsity_needs_scores(weigher->sparsity, layer, head);
}

static enum mask_kind weigher_fill(const void *user, const struct mask_request *request,
                                   uint8_t *mask) {
    const struct weigher *weigher = user;
    size_t tokens = (size_t)request->tokens, pairs = tokens * tokens;
    size_t place = (size_t)request->layer * (size_t)weigher->heads + (size_t)request->head;
    float *weights = weigher->attention + weigher->begins[request->sentence] + place * pairs;
    if (!weigher->sparsity) {
        for (size_t i = 0; i < tokens; i++)
            softmax_row(request->scores + i * tokens, weights + i * tokens, tokens);
        return MASK_DENSE;
    }
    enum mask_kind kind = sparsity_mask(weigher->sparsity, request, mask);
    double kept = kind == MASK_DENSE ? (double)tokens : 0;
    for (size_t p = 0; kind == MASK_PATTERN && p < pairs; p++)
        kept += mask[p] ? (double)weights[p] : 0;
    size_t places = (size_t)weigher->layers * (size_t)weigher->heads;
    weigher->mass[(size_t)request->sentence * places + place] = kept / (double)tokens;
    return kind;
}

/* ---- rows ------------------------------------------------------------------------------------ */

struct sweep_run {
    struct sweep_job *job;
    struct worker *worker;
    struct dataset dataset;
    struct token_set set;
    struct batch_room room;
    struct encoder *encoder;
    struct weigher weigher;
    int batch;     /* B at most */
    float *logits; /* [B,K] */
    int *agree;    /* [B] labels of the dense model */
    int *order;    /* [rows] */
    int rows;      /* done */
    int labelled;  /* of them */
};

/* Sentences far apart in the file stand side by side, so that the first batches are a sample of
 * all: files are often sorted. */
static void spread(int *order, int count, int batch) {
    int stride = (count + batch - 1) / batch, at = 0;
    for (int first = 0; first < stride; first++)
        for (int i = first; i < count; i += stride)
            order[at++] = i;
}

static int run_open(struct sweep_run *run, struct sawb_error *error) {
    struct sweep_job *job = run->job;
    const struct model *model = job->arm.model;
    int *chosen = NULL, count, longest = 1;
    if (dataset_open(&run->dataset, job->path, error) < 0)
        return -1;
    tell_data(run->worker, &run->dataset);
    if (check_given_labels(&run->dataset, model->config.labels, error) < 0)
        return -1;
    double share = job->rows < run->dataset.count ? (double)job->rows / run->dataset.count : 1;
    if (choose_rows(&chosen, &count, run->dataset.count, share, job->seed, error) < 0)
        return -1;
    int status =
        token_set_create(&run->set, model->tokenizer, &run->dataset, chosen, count,
                         model_token_limit(model), worker_compute(run->worker)->pool, error);
    free(chosen);
    if (status < 0)
        return -1;
    for (int i = 0; i < count; i++)
        longest =
            token_set_length(&run->set, i) > longest ? token_set_length(&run->set, i) : longest;
    size_t places = (size_t)model->config.layers * (size_t)model->config.heads;
    size_t one = (size_t)longest * (size_t)longest * places;
    run->batch = one * BATCH <= ATTENTION_MOST ? BATCH : (int)(ATTENTION_MOST / one);
    run->batch = run->batch < 1 ? 1 : run->batch > count ? count : run->batch;
    size_t batch = (size_t)run->batch;
    if (batch_room_create(&run->room, &run->set, run->batch, error) < 0 ||
        encoder_create(&run->encoder, &model->config, ENCODER_INFERENCE,
                       worker_compute(run->worker), error) < 0 ||
        encoder_reserve(run->encoder, run->room.tokens, run->batch, error) < 0)
        return -1;
    run->logits = calloc(batch * (size_t)model->config.labels, sizeof(*run->logits));
    run->agree = calloc(batch, sizeof(*run->agree));
    run->order = calloc((size_t)count, sizeof(*run->order));
    run->weigher = (struct weigher){.layers = model->config.layers,
                                    .heads = model->config.heads,
                                    .begins = calloc(batch, sizeof(size_t)),
                                    .attention = calloc(run->room.pairs * places, sizeof(float)),
                                    .mass = calloc(batch * places, sizeof(double))};
    if (!run->logits || !run->agree || !run->order || !run->weigher.begins ||
        !run->weigher.attention || !run->weigher.mass)
        return no_memory(error);
    spread(run->order, count, run->batch);
    return 0;
}

static void run_close(struct sweep_run *run) {
    free(run->weigher.begins);
    free(run->weigher.attention);
    free(run->weigher.mass);
    free(run->logits);
    free(run->agree);
    free(run->order);
    encoder_free(run->encoder);
    batch_room_free(&run->room);
    token_set_free(&run->set);
    dataset_free(&run->dataset);
}

/* The batch that is packed, through one point's pattern. `dense`: the pass that the others are
 * compared with. */
static int run_batch(struct sweep_run *run, struct sweep_point *point, int count, int dense,
                     struct sawb_error *error) {
    const struct model *model = run->job->arm.model;
    int classes = model->config.labels;
    run->weigher.sparsity = dense ? NULL : point->sparsity;
    struct mask_source mask = {
        .needs_scores = weigher_needs_scores, .fill = weigher_fill, .user = &run->weigher};
    struct encoder_options options = {.mask = &mask, .seed = run->job->seed};
    if (encoder_forward(run->encoder, &model->weights, &run->room.batch, &options, run->logits,
                        error) < 0)
        return error_prefix(error, "sweep: %s", point->pattern);
    uint64_t kept, valid;
    encoder_pairs(run->encoder, &kept, &valid);
    point->kept += kept;
    point->valid += valid;
    size_t places = (size_t)model->config.layers * (size_t)model->config.heads;
    for (int b = 0; b < count; b++) {
        const float *logits = run->logits + (size_t)b * (size_t)classes;
        int label = label_of(logits, classes), gold = run->room.labels[b];
        double mass = 0;
        if (dense)
            run->agree[b] = label;
        for (size_t place = 0; place < places; place++)
            mass += dense ? 1 : run->weigher.mass[(size_t)b * places + place];
        point->mass += mass / (double)places;
        point->agreed += label == run->agree[b];
        if (gold < 0)
            continue;
        point->correct += label == gold;
        point->loss += cross_entropy(logits, &gold, 1, classes, 0, NULL);
    }
    return 0;
}

static void send(const struct sweep_run *run, const struct sweep_point *point, int index) {
    struct event event = {.kind = EVENT_POINT, .text = strdup(point->pattern)};
    double *values = event.data.point.values, labelled = run->labelled;
    event.data.point = (struct point){.series = SERIES_SWEEP,
                                      .index = index,
                                      .count = run->job->count,
                                      .x = 1 - (double)point->kept / (double)point->valid};
    values[SWEEP_TARGET] = point->target;
    values[SWEEP_ACCURACY] = run->labelled ? point->correct / labelled : (double)NAN;
    values[SWEEP_LOSS] = run->labelled ? point->loss / labelled : (double)NAN;
    values[SWEEP_MASS] = point->mass / run->rows;
    values[SWEEP_AGREEMENT] = (double)point->agreed / run->rows;
    values[SWEEP_ROWS] = run->rows;
    values[SWEEP_LABELLED] = run->labelled;
    values[SWEEP_FAMILY] = point->family;
    worker_emit(run->worker, event);
}

/* Packs the sentences order[first ..], notes where their weights go. */
static void pack(struct sweep_run *run, int first, int count) {
    size_t places = (size_t)run->weigher.layers * (size_t)run->weigher.heads, at = 0;
    batch_pack(&run->room, &run->set, run->order + first, count);
    for (int b = 0; b < count; b++) {
        size_t tokens = (size_t)token_set_length(&run->set, run->order[first + b]);
        run->weigher.begins[b] = at;
        at += tokens * tokens * places;
    }
}

/* One batch of rows through every point. 1: stopped, and then the points that had not had the batch
 * yet stay as they were told last. */
static int run_rows(struct sweep_run *run, int first, int count, struct sawb_error *error) {
    struct sweep_job *job = run->job;
    pack(run, first, count);
    if (run_batch(run, &job->dense, count, 1, error) < 0)
        return -1;
    run->rows += count;
    for (int b = 0; b < count; b++)
        run->labelled += run->room.labels[b] >= 0;
    send(run, &job->dense, -1);
    for (int i = 0; i < job->count; i++) {
        if (worker_breathe(run->worker))
            return 1;
        if (run_batch(run, &job->points[i], count, 0, error) < 0)
            return -1;
        send(run, &job->points[i], i);
        worker_progress(run->worker, "sweep",
                        (int64_t)first * job->count + (i + 1) * (int64_t)count,
                        (int64_t)run->set.count * job->count);
    }
    return 0;
}

static int sweep_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct sweep_job *job = (struct sweep_job *)base;
    struct sweep_run run = {.job = job, .worker = worker};
    int status = run_open(&run, error);
    if (status == 0)
        status = choose_numbers(job, &run.set, worker, error);
    if (status == 0 && run.set.truncated > 0)
        worker_note(worker, "%d of %d texts are longer than %d tokens, their ends were left out",
                    run.set.truncated, run.set.count, model_token_limit(job->arm.model));
    for (int first = 0; status == 0 && first < run.set.count; first += run.batch) {
        int left = run.set.count - first;
        status = run_rows(&run, first, left < run.batch ? left : run.batch, error);
        if (status == 0 && worker_breathe(worker))
            status = first + run.batch < run.set.count;
    }
    run_close(&run);
    return status;
}

static void sweep_release(struct job *base) {
    struct sweep_job *job = (struct sweep_job *)base;
    for (int i = 0; job->points && i < job->count; i++)
        close_point(&job->points[i]);
    free(job->points);
    close_point(&job->dense);
    for (int i = 0; i < job->family_count; i++)
        free(job->patterns[i]);
    free(job->path);
    arm_release(&job->arm);
    free(job);
}

/* ---- making one ------------------------------------------------------------------------------ */

/* The points of a family: those of shares at once, while the presets are at hand. */
static int add_family(struct sweep_job *job, const char *name, const struct presets *presets,
                      struct sawb_error *error) {
    const char *pattern = sweep_family_find(name);
    struct sweep_point probe = {0};
    if (!strchr(pattern, '?'))
        return error_set(error,
                         "sweep: \"%s\" is no family: name topk, threshold, block_topk, random, "
                         "local, block_local, dilated, strided, fixed, bigbird or nm, or write a "
                         "pattern with a ? for what varies: block_topk(8, ?)",
                         name);
    int family = job->family_count++;
    struct sweep_point *points = job->points + family * job->target_count;
    if (copy_text(&job->patterns[family], pattern, error) < 0)
        return -1;
    int is_share = open_point(job, &probe, sweep_pattern(pattern, 0.5, 0), presets, NULL) == 0;
    close_point(&probe);
    job->whole[family] = !is_share;
    int status = is_share ? 0 : open_point(job, &probe, sweep_pattern(pattern, 1, 1), NULL, error);
    close_point(&probe);
    for (int t = 0; t < job->target_count && status == 0; t++) {
        points[t].family = family;
        points[t].target = job->targets[t];
        if (is_share)
            status = open_point(job, &points[t], sweep_pattern(pattern, job->targets[t], 0),
                                presets, error);
    }
    return status;
}

static int check_options(const struct sweep_options *options, struct sawb_error *error) {
    if (options->family_count < 1 || options->family_count > SWEEP_FAMILIES_MOST ||
        options->target_count < 1 || options->target_count > SWEEP_TARGETS_MOST ||
        options->rows < 1)
        return error_set(error, "sweep: 1 to %d families, 1 to %d shares and a row are needed",
                         SWEEP_FAMILIES_MOST, SWEEP_TARGETS_MOST);
    for (int i = 0; i < options->target_count; i++)
        if (!(options->targets[i] >= 0 && options->targets[i] < 1))
            return error_set(error, "sweep: a share must be at least 0 and below 1, not %g",
                             options->targets[i]);
    return 0;
}

struct job *job_sweep(const struct job_arm *arm, const struct sweep_options *options,
                      struct sawb_error *error) {
    const struct job_arm plain = {arm->model, "dense", arm->presets};
    if (check_options(options, error) < 0)
        return NULL;
    struct sweep_job *job = calloc(1, sizeof(*job));
    if (!job) {
        no_memory(error);
        return NULL;
    }
    job->job = (struct job){.name = "sweep", .run = sweep_run, .release = sweep_release};
    job->rows = options->rows;
    job->seed = options->seed;
    job->target_count = options->target_count;
    memcpy(job->targets, options->targets, sizeof(job->targets));
    job->count = options->family_count * options->target_count;
    job->points = calloc((size_t)job->count, sizeof(*job->points));
    job->dense.family = -1;
    int status = job->points ? copy_text(&job->path, options->path, error) : no_memory(error);
    if (status == 0)
        status = arm_keep(&job->arm, &plain, error);
    if (status == 0)
        status = open_point(job, &job->dense, strdup("dense"), NULL, error);
    for (int i = 0; i < options->family_count && status == 0; i++)
        status = add_family(job, options->families[i], arm->presets, error);
    if (status == 0)
        return &job->job;
    sweep_release(&job->job);
    return NULL;
}
