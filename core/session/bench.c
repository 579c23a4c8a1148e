/*
 * bench.c - the measurements: what each prepares for a length n, and a run of it.
 */
#include "core/session/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/inspect/capture.h"
#include "core/kernel/attention_kernels.h"
#include "core/kernel/profile.h"
#include "core/session/sweep.h"

#define TRAIN_STEPS 1000 /* more than are ever timed */

static int out_of_memory(const struct bench *bench, struct sawb_error *error) {
    return error_set(error, "bench: out of memory for %d tokens", bench->n);
}

/* tokenize */

/* Words of the model's own vocabulary, joined by blanks, with the two special tokens n pieces long.
 */
static int prepare_text(struct bench *bench, struct sawb_error *error) {
    const struct tokenizer *tokenizer = bench->model->tokenizer;
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

static int run_tokenize(void *user, struct sawb_error *error) {
    struct bench *bench = user;
    struct encoding encoding;
    if (tokenizer_encode(bench->model->tokenizer, bench->text, strlen(bench->text), bench->n,
                         &encoding, error) < 0)
        return -1;
    encoding_free(&encoding);
    return 0;
}

/* mask: the pattern of every head of every layer on random scores */

static int prepare_mask(struct bench *bench, struct sawb_error *error) {
    bench->scores = drawn_scores(bench->n, bench->seed);
    bench->mask = malloc((size_t)bench->n * (size_t)bench->n);
    return bench->scores && bench->mask ? 0 : out_of_memory(bench, error);
}

static int run_mask(void *user, struct sawb_error *error) {
    struct bench *bench = user;
    (void)error;
    const struct model_config *config = &bench->model->config;
    for (int layer = 0; layer < config->layers; layer++) {
        for (int head = 0; head < config->heads; head++) {
            struct mask_request request = {.layer = layer,
                                           .head = head,
                                           .tokens = bench->n,
                                           .scores = bench->scores,
                                           .seed = bench->seed};
            sparsity_mask(bench->sparsity, &request, bench->mask);
        }
    }
    return 0;
}

/* forward, forward_capture and forward_attention */

static int prepare_forward(struct bench *bench, struct sawb_error *error) {
    const struct model *model = bench->model;
    uint64_t key = random_key(bench->seed, RANDOM_PATTERN, 3, 0);
    bench->ids = malloc((size_t)bench->n * sizeof(int));
    if (!bench->ids)
        return out_of_memory(bench, error);
    for (int i = 0; i < bench->n; i++)
        bench->ids[i] =
            (int)(random_bits(key, (uint64_t)i) % (uint64_t)tokenizer_size(model->tokenizer));
    bench->ids[0] = tokenizer_special(model->tokenizer, TOKEN_CLS);
    bench->ids[bench->n - 1] = tokenizer_special(model->tokenizer, TOKEN_SEP);
    return encoder_create(&bench->encoder, &model->config, ENCODER_INFERENCE, &bench->compute,
                          error);
}

static int prepare_capture(struct bench *bench, struct sawb_error *error) {
    const struct model_config *config = &bench->model->config;
    size_t heads = (size_t)config->layers * (size_t)config->heads, n = (size_t)bench->n, pairs;
    if (__builtin_mul_overflow(heads, n * n, &pairs) || pairs > SIZE_MAX / sizeof(float))
        return out_of_memory(bench, error);
    int dense = sparsity_is_dense(bench->sparsity);
    bench->mask = dense ? NULL : capture_memory(pairs);
    bench->capture = (struct encoder_capture){.scores = capture_memory(pairs * sizeof(float)),
                                              .mask = bench->mask};
    if ((!dense && !bench->mask) || !bench->capture.scores)
        return out_of_memory(bench, error);
    return prepare_forward(bench, error);
}

static int prepare_maps(struct bench *bench, struct sawb_error *error) {
    if (prepare_capture(bench, error) < 0)
        return -1;
    size_t heads = (size_t)bench->model->config.layers * (size_t)bench->model->config.heads;
    bench->scores = capture_memory(heads * (size_t)bench->n * (size_t)bench->n * sizeof(float));
    return bench->scores ? 0 : out_of_memory(bench, error);
}

static int run_pass(struct bench *bench, struct encoder_capture *capture,
                    struct sawb_error *error) {
    int offsets[2] = {0, bench->n};
    struct encoder_batch batch = {1, offsets, bench->ids};
    struct encoder_options options = {
        .mask = &bench->source, .seed = bench->seed, .capture = capture};
    float logits[MODEL_LABELS_MAX];
    return encoder_forward(bench->encoder, &bench->model->weights, &batch, &options, logits, error);
}

static int run_forward(void *user, struct sawb_error *error) {
    return run_pass(user, NULL, error);
}

static int run_capture(void *user, struct sawb_error *error) {
    struct bench *bench = user;
    return run_pass(bench, &bench->capture, error);
}

static void soften_head(void *user, int head) {
    const struct bench *bench = user;
    size_t at = (size_t)head * (size_t)bench->n * (size_t)bench->n;
    bench->compute.kernels->attention->softmax(bench->scores + at, bench->capture.scores + at,
                                               bench->mask ? bench->mask + at : NULL, bench->n,
                                               bench->n);
}

/* The attention of all heads written out, as other runtimes give it. */
static int run_maps(void *user, struct sawb_error *error) {
    struct bench *bench = user;
    if (run_capture(user, error) < 0)
        return -1;
    pool_run(bench->compute.pool, bench->model->config.layers * bench->model->config.heads,
             soften_head, bench);
    return 0;
}

/* train_step: forward, backward and optimiser on sentences of n tokens */

static int prepare_train(struct bench *bench, struct sawb_error *error) {
    size_t count = (size_t)bench->sentences;
    if (prepare_text(bench, error) < 0)
        return -1;
    bench->examples = calloc(count, sizeof(*bench->examples));
    if (!bench->examples)
        return out_of_memory(bench, error);
    int labels = bench->model->config.labels;
    for (int i = 0; i < bench->sentences; i++)
        bench->examples[i] = (struct example){bench->text, strlen(bench->text), i % labels, i + 1};
    strcpy(bench->path, "bench");
    bench->dataset = (struct dataset){
        .count = bench->sentences, .examples = bench->examples, .path = bench->path};
    struct train_options options = train_options_default();
    options.batch_size = bench->sentences;
    options.max_steps = TRAIN_STEPS;
    options.epochs = options.max_steps; /* one batch is an epoch */
    options.max_tokens = bench->n;
    options.seed = bench->seed;
    if (model_copy(&bench->copy, bench->model, error) < 0)
        return -1;
    return trainer_create(&bench->trainer, bench->copy, bench->sparsity, &bench->dataset, &options,
                          &bench->compute, error);
}

static int run_train(void *user, struct sawb_error *error) {
    struct bench *bench = user;
    struct step_report report;
    return trainer_step(bench->trainer, &report, error) < 0 ? -1 : 0;
}

/* The table */

static const struct measure measures[] = {
    {"tokenize", {8, 32, 128, 512}, prepare_text, run_tokenize, NULL, 0},
    {"mask", {8, 32, 128, 512}, prepare_mask, run_mask, NULL, 0},
    {"attention", {32, 128, 512, 2048}, bench_prepare_attention, bench_run_attention, NULL, 1},
    {"matmul_square", {8, 32, 128, 512}, bench_prepare_square, bench_run_matmul, NULL, 1},
    {"matmul_widen", {8, 32, 128, 512}, bench_prepare_widening, bench_run_matmul, NULL, 1},
    {"matmul_narrow", {8, 32, 128, 512}, bench_prepare_narrowing, bench_run_matmul, NULL, 1},
    {"matmul_train", {750}, bench_prepare_training, bench_run_matmul, NULL, 1},
    {"matmul_input", {750}, bench_prepare_input, bench_run_matmul, NULL, 1},
    {"matmul_weight", {750}, bench_prepare_weight, bench_run_matmul, NULL, 1},
    {"matmul_sgemm", {1536}, bench_prepare_large, bench_run_sgemm, NULL, 1},
    {"forward", {8, 32, 128, 512}, prepare_forward, run_forward, NULL, 0},
    {"forward_capture", {8, 32, 128, 512}, prepare_capture, run_capture, run_forward, 0},
    {"forward_attention", {8, 32, 128, 512}, prepare_maps, run_maps, run_forward, 0},
    {"train_step", {24}, prepare_train, run_train, NULL, 0},
};
#define MEASURES ((int)(sizeof(measures) / sizeof(measures[0])))

const struct measure *bench_measure(int index) {
    return index >= 0 && index < MEASURES ? &measures[index] : NULL;
}

const struct measure *bench_find(const char *name) {
    int index = 0;
    while (strcmp(measures[index].name, name) != 0)
        index++;
    return &measures[index];
}

int bench_prepare(struct bench *bench, const struct measure *measure, struct sawb_error *error) {
    bench->source = sparsity_source(bench->sparsity);
    return measure->prepare(bench, error);
}

double bench_share(const struct profile *profile) {
    double attention = profile->rows[OPERATION_ATTENTION].seconds +
                       profile->rows[OPERATION_ATTENTION_BACKWARD].seconds;
    double all = 0;
    for (int i = 0; i < OPERATIONS; i++)
        all += profile->rows[i].seconds;
    return all > 0 ? attention / all : (double)NAN;
}

void bench_release(struct bench *bench) {
    trainer_free(bench->trainer);
    model_release(bench->copy);
    encoder_free(bench->encoder);
    bench_attention_free(bench->attention);
    bench_matmul_free(bench->matmul);
    free(bench->examples);
    free(bench->capture.scores);
    free(bench->mask);
    free(bench->scores);
    free(bench->text);
    free(bench->ids);
    *bench = (struct bench){0};
}
