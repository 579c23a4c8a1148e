/*
 * capture.c - one forward pass of one sentence, kept.
 */
#include "core/inspect/capture.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/kernel/attention_kernels.h"
#include "core/kernel/kernels.h"
#include "core/kernel/scratch.h"
#include "core/model/encoder.h"

#define KEPT_MOST ((size_t)32 << 20) /* bytes that malloc keeps to give them again */

void capture_free(struct capture *capture) {
    if (!capture)
        return;
    for (int i = 0; capture->pieces && i < capture->encoding.count; i++)
        free(capture->pieces[i]);
    free(capture->pieces);
    encoding_free(&capture->encoding);
    free(capture->text);
    free(capture->scores);
    free(capture->mask);
    free(capture->logits);
    free(capture->probabilities);
    free(capture->spec);
    free(capture->pattern);
    free(capture->metrics);
    free(capture);
}

/* What malloc does not keep is new each time, and half of a pass over 512 tokens went into its
 * small pages. */
void *capture_memory(size_t bytes) {
    return bytes < KEPT_MOST ? malloc(bytes) : large_memory(bytes);
}

void capture_attention(const struct capture *capture, size_t at, int rows, float *attention) {
    const uint8_t *mask = capture->all_kept ? NULL : capture->mask + at;
    capture->kernels->attention->softmax(attention, capture->scores + at, mask, rows,
                                         capture->encoding.count);
}

void capture_masks(const struct capture *capture, uint8_t *mask) {
    size_t count = capture_head(capture, capture->layers, 0);
    if (capture->all_kept)
        memset(mask, 1, count);
    else
        memcpy(mask, capture->mask, count);
}

int capture_keep_all(struct capture *capture) {
    size_t pairs = (size_t)capture->encoding.count * (size_t)capture->encoding.count;
    capture->all_kept = 1;
    capture->mask = malloc(pairs + 1);
    if (!capture->mask)
        return -1;
    memset(capture->mask, 1, pairs);
    return 0;
}

/* a * b * c * d floats; NULL also when that overflows. */
static float *allocate_floats(size_t a, size_t b, size_t c, size_t d) {
    size_t count, bytes;
    if (__builtin_mul_overflow(a, b, &count) || __builtin_mul_overflow(count, c, &count) ||
        __builtin_mul_overflow(count, d, &count) ||
        __builtin_mul_overflow(count, sizeof(float), &bytes))
        return NULL;
    return capture_memory(bytes);
}

static int copy_pieces(struct capture *capture, const struct tokenizer *tokenizer) {
    int tokens = capture->encoding.count;
    capture->pieces = calloc((size_t)tokens, sizeof(*capture->pieces));
    if (!capture->pieces)
        return -1;
    for (int i = 0; i < tokens; i++) {
        capture->pieces[i] = strdup(tokenizer_piece(tokenizer, capture->encoding.ids[i]));
        if (!capture->pieces[i])
            return -1;
    }
    return 0;
}

/* Everything whose size is known once the sentence is tokenised. */
static int allocate(struct capture *capture, const struct sparsity *sparsity) {
    size_t tokens = (size_t)capture->encoding.count;
    size_t layers = (size_t)capture->layers, heads = (size_t)capture->heads;
    size_t labels = (size_t)capture->labels;
    capture->scores = allocate_floats(layers, heads, tokens, tokens);
    if (!capture->scores)
        return -1;
    if (sparsity_is_dense(sparsity))
        capture_keep_all(capture);
    else
        capture->mask =
            capture_memory(layers * heads * tokens * tokens); /* fits: four times as much did */
    capture->logits = allocate_floats(labels, 1, 1, 1);
    capture->probabilities = allocate_floats(labels, 1, 1, 1);
    capture->spec = strdup(sparsity_text(sparsity));
    capture->pattern = strdup(sparsity_pattern(sparsity));
    return capture->mask && capture->logits && capture->probabilities && capture->spec &&
                   capture->pattern
               ? 0
               : -1;
}

static int run_forward(struct capture *capture, const struct model *model,
                       const struct sparsity *sparsity, const struct compute *compute,
                       struct sawb_error *error) {
    struct mask_source source = sparsity_source(sparsity);
    uint8_t *mask = capture->all_kept ? NULL : capture->mask;
    struct encoder_capture kept = {capture->scores, mask, NULL};
    struct encoder_options options = {.mask = &source, .seed = capture->seed, .capture = &kept};
    int offsets[2] = {0, capture->encoding.count};
    struct encoder_batch batch = {1, offsets, capture->encoding.ids};

    struct encoder *encoder;
    if (encoder_create(&encoder, &model->config, ENCODER_INFERENCE, compute, error) < 0)
        return -1;
    double begin = clock_seconds();
    int status =
        encoder_forward(encoder, &model->weights, &batch, &options, capture->logits, error);
    capture->milliseconds = 1e3 * (clock_seconds() - begin);
    if (status == 0) {
        uint64_t pairs_kept, pairs_valid;
        encoder_pairs(encoder, &pairs_kept, &pairs_valid);
        capture->realised = 1.0 - (double)pairs_kept / (double)pairs_valid;
    }
    encoder_free(encoder);
    return status;
}

static void choose_label(struct capture *capture, const struct model_config *config) {
    probabilities_of(capture->logits, capture->labels, capture->probabilities);
    for (int k = 1; k < capture->labels; k++) {
        if (capture->logits[k] > capture->logits[capture->label])
            capture->label = k;
    }
    memcpy(capture->label_name, config->label_names[capture->label], MODEL_LABEL_BYTES);
}

int capture_run(struct capture **capture, const struct model *model,
                const struct sparsity *sparsity, const char *text, uint64_t seed,
                const struct compute *compute, struct sawb_error *error) {
    const struct model_config *config = &model->config;
    *capture = NULL;
    if (sparsity_check(sparsity, config->layers, config->heads, error) < 0)
        return -1;
    struct capture *made = calloc(1, sizeof(*made));
    if (!made)
        return error_set(error, "capture: out of memory");
    made->layers = config->layers;
    made->heads = config->heads;
    made->hidden = config->hidden;
    made->labels = config->labels;
    made->seed = seed;
    made->target = sparsity_target(sparsity);
    made->kernels = compute->kernels;

    if (tokenizer_encode(model->tokenizer, text, strlen(text), model_token_limit(model),
                         &made->encoding, error) < 0)
        goto fail;
    made->text = strdup(text);
    if (!made->text || copy_pieces(made, model->tokenizer) < 0 || allocate(made, sparsity) < 0) {
        error_set(error, "capture: out of memory for %d layers of %d heads over %d tokens",
                  made->layers, made->heads, made->encoding.count);
        goto fail;
    }
    if (run_forward(made, model, sparsity, compute, error) < 0)
        goto fail;
    choose_label(made, config);
    *capture = made;
    return 0;

fail:
    capture_free(made);
    return -1;
}
