/*
 * job_bench.c - how long things take, as a job.
 *
 * One table of measurements. Each is prepared for a length n, then run a few times to warm up and
 * timed run by run on the monotonic clock; between two runs the worker breathes, outside of what is
 * timed.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/model/encoder.h"
#include "core/session/job.h"

#define WARM_UP_RUNS 3
#define WARM_UP_SECONDS 1.0 /* a warm-up that takes longer ends after the run it is at */
#define RUNS_WANTED 200
#define RUNS_AFFORDABLE 30 /* within SECONDS_MOST */
#define RUNS_LEAST 5
#define SECONDS_ENOUGH 1.0 /* after these, RUNS_AFFORDABLE are enough */
#define SECONDS_MOST 15.0  /* after these, RUNS_LEAST are enough */
#define TRAIN_BATCH 32

/* What the measurements work on; filled anew for each. */
struct bench {
    struct arm_kept arm;
    const struct compute *compute;
    uint64_t seed;
    int n; /* tokens */
    struct mask_source source;
    int *ids;      /* [n] [CLS], random word pieces, [SEP] */
    char *text;    /* tokenize, train_step: about n tokens */
    float *scores; /* mask: [n,n] */
    uint8_t *mask; /* mask, forward_capture: [n,n] or [L,NH,n,n] */
    struct encoder *encoder;
    struct encoder_capture capture;
    struct example *examples; /* train_step: [TRAIN_BATCH] of the same text */
    struct dataset dataset;
    char path[8]; /* of the data set, for its messages */
    struct model *model;
    struct trainer *trainer;
};

struct bench_job {
    struct job job;
    struct arm_kept arm;
    char *filter; /* NULL: all */
    uint64_t seed;
};

static int out_of_memory(const struct bench *bench, struct sawb_error *error) {
    return error_set(error, "bench: out of memory for %d tokens", bench->n);
}

/* tokenize */

/* Words of the model's own vocabulary, joined by blanks, with the two special tokens n pieces long.
 */
static int prepare_text(struct bench *bench, struct sawb_error *error) {
    const struct tokenizer *tokenizer = bench->arm.model->tokenizer;
    uint64_t key = random_key(bench->seed, RANDOM_PATTERN, 1, 0);
    size_t room = (size_t)bench->n * 16 + 1, length = 0;
    bench->text = calloc(room, 1);
    if (!bench->text)
        return out_of_memory(bench, error);
    uint64_t tries = 64 * (uint64_t)bench->n, counter = 0;
    for (int words = 0; words < bench->n - 2 && counter < tries; counter++) {
        uint64_t size = (uint64_t)tokenizer_size(tokenizer);
        const char *piece = tokenizer_piece(tokenizer, (int)(random_bits(key, counter) % size));
        size_t bytes = strlen(piece);
        if (bytes > 15 || piece[0] == '[' || piece[0] == '#')
            continue;
        memcpy(bench->text + length, piece, bytes);
        bench->text[length + bytes] = ' ';
        length += bytes + 1;
        words++;
    }
    return 0;
}

static int run_tokenize(struct bench *bench, struct sawb_error *error) {
    struct encoding encoding;
    if (tokenizer_encode(bench->arm.model->tokenizer, bench->text, strlen(bench->text), bench->n,
                         &encoding, error) < 0)
        return -1;
    encoding_free(&encoding);
    return 0;
}

/* mask: the pattern of every head of every layer on random scores */

static int prepare_mask(struct bench *bench, struct sawb_error *error) {
    size_t pairs = (size_t)bench->n * (size_t)bench->n;
    bench->scores = malloc(pairs * sizeof(float));
    bench->mask = malloc(pairs);
    if (!bench->scores || !bench->mask)
        return out_of_memory(bench, error);
    uint64_t key = random_key(bench->seed, RANDOM_PATTERN, 2, 0);
    for (size_t i = 0; i < pairs; i++)
        bench->scores[i] = (float)random_normal(key, i);
    return 0;
}

static int run_mask(struct bench *bench, struct sawb_error *error) {
    (void)error;
    const struct model_config *config = &bench->arm.model->config;
    for (int layer = 0; layer < config->layers; layer++) {
        for (int head = 0; head < config->heads; head++) {
            struct mask_request request = {.layer = layer,
                                           .head = head,
                                           .tokens = bench->n,
                                           .scores = bench->scores,
                                           .seed = bench->seed};
            sparsity_mask(bench->arm.sparsity, &request, bench->mask);
        }
    }
    return 0;
}

/* forward and forward_capture */

static int prepare_forward(struct bench *bench, struct sawb_error *error) {
    const struct model *model = bench->arm.model;
    uint64_t key = random_key(bench->seed, RANDOM_PATTERN, 3, 0);
    bench->ids = malloc((size_t)bench->n * sizeof(int));
    if (!bench->ids)
        return out_of_memory(bench, error);
    for (int i = 0; i < bench->n; i++)
        bench->ids[i] =
            (int)(random_bits(key, (uint64_t)i) % (uint64_t)tokenizer_size(model->tokenizer));
    bench->ids[0] = tokenizer_special(model->tokenizer, TOKEN_CLS);
    bench->ids[bench->n - 1] = tokenizer_special(model->tokenizer, TOKEN_SEP);
    return encoder_create(&bench->encoder, &model->config, ENCODER_INFERENCE, bench->compute,
                          error);
}

static int prepare_capture(struct bench *bench, struct sawb_error *error) {
    const struct model_config *config = &bench->arm.model->config;
    size_t heads = (size_t)config->layers * (size_t)config->heads, n = (size_t)bench->n, pairs;
    size_t states = ((size_t)config->layers + 1) * n * (size_t)config->hidden;
    if (__builtin_mul_overflow(heads, n * n, &pairs) || pairs > SIZE_MAX / sizeof(float))
        return out_of_memory(bench, error);
    bench->mask = malloc(pairs);
    bench->capture =
        (struct encoder_capture){malloc(pairs * sizeof(float)), malloc(pairs * sizeof(float)),
                                 bench->mask, malloc(states * sizeof(float))};
    if (!bench->mask || !bench->capture.scores || !bench->capture.attention ||
        !bench->capture.hidden_states)
        return out_of_memory(bench, error);
    return prepare_forward(bench, error);
}

static int run_forward(struct bench *bench, struct sawb_error *error) {
    int offsets[2] = {0, bench->n};
    struct encoder_batch batch = {1, offsets, bench->ids};
    struct encoder_options options = {.mask = &bench->source,
                                      .seed = bench->seed,
                                      .capture = bench->capture.scores ? &bench->capture : NULL};
    float logits[MODEL_LABELS_MAX];
    return encoder_forward(bench->encoder, &bench->arm.model->weights, &batch, &options, logits,
                           error);
}

/* train_step: forward, backward and optimiser on 32 sentences of n tokens */

static int prepare_train(struct bench *bench, struct sawb_error *error) {
    if (prepare_text(bench, error) < 0)
        return -1;
    bench->examples = calloc(TRAIN_BATCH, sizeof(*bench->examples));
    if (!bench->examples)
        return out_of_memory(bench, error);
    int labels = bench->arm.model->config.labels;
    for (int i = 0; i < TRAIN_BATCH; i++)
        bench->examples[i] = (struct example){bench->text, strlen(bench->text), i % labels, i + 1};
    strcpy(bench->path, "bench");
    bench->dataset =
        (struct dataset){.count = TRAIN_BATCH, .examples = bench->examples, .path = bench->path};
    struct train_options options = train_options_default();
    options.batch_size = TRAIN_BATCH;
    options.max_steps = WARM_UP_RUNS + RUNS_WANTED;
    options.epochs = options.max_steps; /* one batch is an epoch */
    options.max_tokens = bench->n;
    options.seed = bench->seed;
    if (model_copy(&bench->model, bench->arm.model, error) < 0)
        return -1;
    return trainer_create(&bench->trainer, bench->model, bench->arm.sparsity, &bench->dataset,
                          &options, bench->compute, error);
}

static int run_train(struct bench *bench, struct sawb_error *error) {
    struct step_report report;
    return trainer_step(bench->trainer, &report, error) < 0 ? -1 : 0;
}

/* The table */

struct measure {
    const char *name;
    int lengths[4]; /* n; 0 ends; those above the model's limit become the limit, once */
    int (*prepare)(struct bench *bench, struct sawb_error *error);
    int (*run)(struct bench *bench, struct sawb_error *error);
};

static const struct measure measures[] = {
    {"tokenize", {8, 32, 128, 512}, prepare_text, run_tokenize},
    {"mask", {8, 32, 128, 512}, prepare_mask, run_mask},
    {"forward", {8, 32, 128, 512}, prepare_forward, run_forward},
    {"forward_capture", {8, 32, 128, 512}, prepare_capture, run_forward},
    {"train_step", {24}, prepare_train, run_train},
};

#define MEASURES (sizeof(measures) / sizeof(measures[0]))
#define LENGTHS (sizeof(measures[0].lengths) / sizeof(measures[0].lengths[0]))

static void bench_empty(struct bench *bench) {
    if (bench->trainer)
        trainer_free(bench->trainer);
    model_release(bench->model);
    encoder_free(bench->encoder);
    free(bench->examples);
    free(bench->capture.scores);
    free(bench->capture.attention);
    free(bench->capture.hidden_states);
    free(bench->mask);
    free(bench->scores);
    free(bench->text);
    free(bench->ids);
}

static int enough(int runs, double seconds) {
    if (runs >= RUNS_WANTED)
        return 1;
    if (runs >= RUNS_AFFORDABLE)
        return seconds >= SECONDS_ENOUGH;
    return runs >= RUNS_LEAST && seconds >= SECONDS_MOST;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Nearest rank of the sorted times. */
static double quantile(const double *sorted, int count, double share) {
    int index = (int)(share * count);
    return 1e3 * sorted[index < count ? index : count - 1];
}

/* 0 with times [*runs] filled, 1 stopped, -1 error. */
static int time_runs(const struct measure *measure, struct bench *bench, struct worker *worker,
                     double times[RUNS_WANTED], int *runs, struct sawb_error *error) {
    double begin = clock_seconds();
    for (int i = 0; i < WARM_UP_RUNS && clock_seconds() - begin < WARM_UP_SECONDS; i++) {
        if (measure->run(bench, error) < 0)
            return -1;
        if (worker_breathe(worker))
            return 1;
    }
    double total = 0;
    for (*runs = 0; !enough(*runs, total); (*runs)++) {
        begin = clock_seconds();
        int status = measure->run(bench, error);
        times[*runs] = clock_seconds() - begin;
        total += times[*runs];
        if (status < 0)
            return -1;
        if (worker_breathe(worker))
            return 1;
    }
    return 0;
}

static int measure_one(const struct measure *measure, int n, const struct bench_job *job,
                       struct worker *worker, struct sawb_error *error) {
    struct bench bench = {.arm = job->arm,
                          .compute = worker_compute(worker),
                          .seed = job->seed,
                          .n = n,
                          .source = sparsity_source(job->arm.sparsity)};
    double times[RUNS_WANTED];
    int runs = 0;
    int status = measure->prepare(&bench, error);
    if (status == 0)
        status = time_runs(measure, &bench, worker, times, &runs, error);
    bench_empty(&bench);
    if (status != 0)
        return status;
    qsort(times, (size_t)runs, sizeof(*times), compare_doubles);
    struct event event = {.kind = EVENT_BENCH};
    event.data.measurement = (struct measurement){.name = measure->name,
                                                  .n = n,
                                                  .runs = runs,
                                                  .median_ms = quantile(times, runs, 0.5),
                                                  .p10_ms = quantile(times, runs, 0.1),
                                                  .p90_ms = quantile(times, runs, 0.9)};
    worker_emit(worker, event);
    return 0;
}

static int is_wanted(const struct bench_job *job, const struct measure *measure) {
    return !job->filter || strstr(measure->name, job->filter);
}

static int bench_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    const struct bench_job *job = (const struct bench_job *)base;
    int limit = model_token_limit(job->arm.model);
    worker_note(worker, "%s, pattern %s, threads: %d", job->arm.model->directory,
                sparsity_text(job->arm.sparsity), pool_threads(worker_compute(worker)->pool));
    for (size_t i = 0; i < MEASURES; i++) {
        if (!is_wanted(job, &measures[i]))
            continue;
        for (size_t k = 0; k < LENGTHS && measures[i].lengths[k] > 0; k++) {
            int n = measures[i].lengths[k] < limit ? measures[i].lengths[k] : limit;
            int status = measure_one(&measures[i], n, job, worker, error);
            if (status != 0)
                return status;
            if (n == limit)
                break;
        }
    }
    return 0;
}

static void bench_release(struct job *base) {
    struct bench_job *job = (struct bench_job *)base;
    arm_release(&job->arm);
    free(job->filter);
    free(job);
}

static int check_filter(const struct bench_job *job, struct sawb_error *error) {
    char names[128] = "";
    for (size_t i = 0; i < MEASURES; i++) {
        if (is_wanted(job, &measures[i]))
            return 0;
        strncat(names, i ? ", " : "", sizeof(names) - strlen(names) - 1);
        strncat(names, measures[i].name, sizeof(names) - strlen(names) - 1);
    }
    return error_set(error, "bench: no measurement's name holds \"%s\"; there are %s", job->filter,
                     names);
}

struct job *job_bench(const struct job_arm *arm, const char *filter, uint64_t seed,
                      struct sawb_error *error) {
    struct bench_job *job = calloc(1, sizeof(*job));
    if (!job) {
        error_set(error, "bench: out of memory");
        return NULL;
    }
    job->job = (struct job){.name = "bench", .run = bench_run, .release = bench_release};
    job->seed = seed;
    if (copy_text(&job->filter, filter, error) < 0 || check_filter(job, error) < 0 ||
        arm_keep(&job->arm, arm, error) < 0) {
        bench_release(&job->job);
        return NULL;
    }
    return &job->job;
}
