/*
 * encoder.c - memory of the encoder and its forward pass.
 *
 * Source: Devlin et al. 2018 (arXiv 1810.04805), Sanh et al. 2019 (arXiv 1910.01108): post-norm
 * layers, x = LN(x + attention(x)), x = LN(x + feed-forward(x)), classified at [CLS].
 */
#include "core/model/encoder_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64

/* ---- memory ---------------------------------------------------------------------------------- */

/* Cuts a block into arrays; with base NULL it only adds up the sizes. */
struct cutter {
    unsigned char *base;
    size_t used;
    int overflow;
};

static void *cut(struct cutter *cutter, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2 - ALIGNMENT ||
        cutter->used > SIZE_MAX / 2 - bytes) {
        cutter->overflow = 1;
        return NULL;
    }
    size_t start = cutter->used;
    cutter->used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return cutter->base ? cutter->base + start : NULL;
}

static float *cut_floats(struct cutter *cutter, size_t rows, size_t columns) {
    size_t count;
    if (__builtin_mul_overflow(rows, columns, &count)) {
        cutter->overflow = 1;
        return NULL;
    }
    return cut(cutter, count, sizeof(float));
}

static void cut_layer(struct encoder *encoder, struct cutter *cutter, struct layer_buffers *layer,
                      size_t tokens, size_t pairs) {
    size_t hidden = (size_t)encoder->config.hidden, wide = (size_t)encoder->config.feed_forward;
    layer->query = cut_floats(cutter, tokens, hidden);
    layer->key = cut_floats(cutter, tokens, hidden);
    layer->value = cut_floats(cutter, tokens, hidden);
    layer->probabilities = cut_floats(cutter, pairs, (size_t)encoder->config.heads);
    layer->context = cut_floats(cutter, tokens, hidden);
    layer->attention_sum = cut_floats(cutter, tokens, hidden);
    layer->attention_mean = cut_floats(cutter, tokens, 1);
    layer->attention_scale = cut_floats(cutter, tokens, 1);
    layer->attention_out = cut_floats(cutter, tokens, hidden);
    layer->before = cut_floats(cutter, tokens, wide);
    layer->activated = cut_floats(cutter, tokens, wide);
    layer->output_sum = cut_floats(cutter, tokens, hidden);
    layer->output_mean = cut_floats(cutter, tokens, 1);
    layer->output_scale = cut_floats(cutter, tokens, 1);
    /* Without a backward pass the input is not needed again once the output is known. */
    layer->out =
        encoder->mode == ENCODER_TRAINING ? cut_floats(cutter, tokens, hidden) : encoder->embedded;
}

static void cut_gradients(struct encoder *encoder, struct cutter *cutter, size_t tokens,
                          size_t sentences) {
    size_t hidden = (size_t)encoder->config.hidden;
    struct gradient_buffers *gradients = &encoder->gradients;
    gradients->out = cut_floats(cutter, tokens, hidden);
    gradients->inner = cut_floats(cutter, tokens, hidden);
    gradients->query = cut_floats(cutter, tokens, hidden);
    gradients->key = cut_floats(cutter, tokens, hidden);
    gradients->value = cut_floats(cutter, tokens, hidden);
    gradients->context = cut_floats(cutter, tokens, hidden);
    gradients->wide = cut_floats(cutter, tokens, (size_t)encoder->config.feed_forward);
    gradients->pooled = cut_floats(cutter, sentences, hidden);
    gradients->first = cut_floats(cutter, sentences, hidden);
}

static void cut_all(struct encoder *encoder, struct cutter *cutter, int token_room,
                    int sentence_room, size_t pair_room) {
    size_t tokens = (size_t)token_room, sentences = (size_t)sentence_room;
    size_t heads = (size_t)encoder->config.heads, hidden = (size_t)encoder->config.hidden;
    encoder->ids = cut(cutter, tokens, sizeof(int));
    encoder->positions = cut(cutter, tokens, sizeof(int));
    encoder->offsets = cut(cutter, sentences + 1, sizeof(int));
    encoder->pair_offsets = cut(cutter, sentences + 1, sizeof(size_t));
    encoder->kept = cut(cutter, sentences * heads, sizeof(uint64_t));
    encoder->embedding_sum = cut_floats(cutter, tokens, hidden);
    encoder->embedding_mean = cut_floats(cutter, tokens, 1);
    encoder->embedding_scale = cut_floats(cutter, tokens, 1);
    encoder->embedded = cut_floats(cutter, tokens, hidden);
    encoder->first = cut_floats(cutter, sentences, hidden);
    encoder->pooled = cut_floats(cutter, sentences, hidden);
    encoder->pooled_dropped = cut_floats(cutter, sentences, hidden);
    encoder->mask = cut(cutter, pair_room, heads);
    int training = encoder->mode == ENCODER_TRAINING;
    for (int layer = 0; layer < encoder->config.layers; layer++) {
        if (training || layer == 0)
            cut_layer(encoder, cutter, &encoder->layers[layer], tokens, pair_room);
        else
            encoder->layers[layer] = encoder->layers[0];
    }
    if (training) {
        encoder->scratch = cut_floats(cutter, pair_room, heads);
        cut_gradients(encoder, cutter, tokens, sentences);
    }
}

int encoder_create(struct encoder **result, const struct model_config *config,
                   enum encoder_mode mode, const struct compute *compute,
                   struct sawb_error *error) {
    *result = NULL;
    struct encoder *encoder = calloc(1, sizeof(*encoder));
    struct layer_buffers *layers = calloc((size_t)config->layers, sizeof(*layers));
    if (!encoder || !layers) {
        free(encoder);
        free(layers);
        return error_set(error, "encoder: out of memory for %d layers", config->layers);
    }
    encoder->config = *config;
    encoder->mode = mode;
    encoder->compute = *compute;
    encoder->layers = layers;
    *result = encoder;
    return 0;
}

void encoder_free(struct encoder *encoder) {
    if (!encoder)
        return;
    free(encoder->block);
    free(encoder->layers);
    free(encoder);
}

int encoder_reserve(struct encoder *encoder, int tokens, int sentences, size_t pairs,
                    struct sawb_error *error) {
    if (tokens <= encoder->token_room && sentences <= encoder->sentence_room &&
        pairs <= encoder->pair_room)
        return 0;
    tokens = tokens > encoder->token_room ? tokens : encoder->token_room;
    sentences = sentences > encoder->sentence_room ? sentences : encoder->sentence_room;
    pairs = pairs > encoder->pair_room ? pairs : encoder->pair_room;
    struct cutter cutter = {0};
    cut_all(encoder, &cutter, tokens, sentences, pairs);
    void *block = cutter.overflow ? NULL : aligned_alloc(ALIGNMENT, cutter.used + ALIGNMENT);
    free(encoder->block);
    encoder->block = block;
    encoder->state = ENCODER_EMPTY;
    if (!block) {
        encoder->token_room = encoder->sentence_room = 0;
        encoder->pair_room = 0;
        return error_set(error,
                         "encoder: out of memory for %d tokens in %d sentences (%.0f MB); take "
                         "shorter sentences or a smaller batch",
                         tokens, sentences, (double)cutter.used / 1e6);
    }
    cutter = (struct cutter){.base = block};
    cut_all(encoder, &cutter, tokens, sentences, pairs);
    encoder->token_room = tokens;
    encoder->sentence_room = sentences;
    encoder->pair_room = pairs;
    return 0;
}

/* ---- shared with the backward pass ----------------------------------------------------------- */

struct dropout encoder_dropout(const struct encoder *encoder, float rate, int site) {
    return dropout_stream(rate, encoder->options.dropout_seed, encoder->options.dropout_step,
                          (uint64_t)site);
}

float *encoder_layer_input(const struct encoder *encoder, int layer) {
    return layer == 0 ? encoder->embedded : encoder->layers[layer - 1].out;
}

struct encoder_norm encoder_attention_norm(const struct encoder *encoder,
                                           const struct layer_weights *weights, int layer) {
    const struct layer_buffers *buffers = &encoder->layers[layer];
    /* DistilBERT drops nothing here. */
    float rate = encoder->config.family == MODEL_BERT ? encoder->options.hidden_dropout : 0.0f;
    return (struct encoder_norm){
        .out = buffers->attention_out,
        .sum = buffers->attention_sum,
        .mean = buffers->attention_mean,
        .scale = buffers->attention_scale,
        .residual = encoder_layer_input(encoder, layer),
        .weight = weights->attention_norm_weight,
        .bias = weights->attention_norm_bias,
        .dropout = encoder_dropout(encoder, rate, layer * SITES_PER_LAYER + SITE_ATTENTION_OUT),
    };
}

struct encoder_norm encoder_output_norm(const struct encoder *encoder,
                                        const struct layer_weights *weights, int layer) {
    const struct layer_buffers *buffers = &encoder->layers[layer];
    return (struct encoder_norm){
        .out = buffers->out,
        .sum = buffers->output_sum,
        .mean = buffers->output_mean,
        .scale = buffers->output_scale,
        .residual = buffers->attention_out,
        .weight = weights->output_norm_weight,
        .bias = weights->output_norm_bias,
        .dropout = encoder_dropout(encoder, encoder->options.hidden_dropout,
                                   layer * SITES_PER_LAYER + SITE_OUTPUT),
    };
}

size_t encoder_head_offset(const struct encoder *encoder, int index) {
    int heads = encoder->config.heads, sentence = index / heads, head = index % heads;
    return (size_t)encoder->offsets[sentence] * (size_t)encoder->config.hidden +
           (size_t)head * (size_t)(encoder->config.hidden / heads);
}

struct attention_head encoder_attention_head(const struct encoder *encoder, int layer, int index) {
    int heads = encoder->config.heads, sentence = index / heads, head = index % heads;
    const struct layer_buffers *buffers = &encoder->layers[layer];
    size_t tokens = (size_t)(encoder->offsets[sentence + 1] - encoder->offsets[sentence]);
    size_t at = encoder_head_offset(encoder, index);
    size_t pairs_at =
        encoder->pair_offsets[sentence] * (size_t)heads + (size_t)head * tokens * tokens;
    return (struct attention_head){
        .tokens = (int)tokens,
        .width = encoder->config.hidden / heads,
        .stride = (size_t)encoder->config.hidden,
        .query = buffers->query + at,
        .key = buffers->key + at,
        .value = buffers->value + at,
        .probabilities = buffers->probabilities + pairs_at,
        .scratch = encoder->scratch ? encoder->scratch + pairs_at : NULL,
        .mask = encoder->mask + pairs_at,
        .source = encoder->options.mask,
        .request = {.layer = layer,
                    .head = head,
                    .sentence = sentence,
                    .seed = encoder->options.seed,
                    .step = encoder->options.mask_step},
        .dropout = encoder_dropout(encoder, encoder->options.attention_dropout,
                                   layer * SITES_PER_LAYER + SITE_ATTENTION),
        .first = (uint32_t)pairs_at,
    };
}

/* ---- the batch ------------------------------------------------------------------------------- */

static int check_batch(const struct encoder *encoder, const struct encoder_batch *batch,
                       size_t *pairs, struct sawb_error *error) {
    *pairs = 0;
    if (batch->sentences < 1 || batch->offsets[0] != 0)
        return error_set(error, "encoder: a batch needs at least one sentence, the first at 0");
    for (int b = 0; b < batch->sentences; b++) {
        int64_t tokens = (int64_t)batch->offsets[b + 1] - batch->offsets[b];
        if (tokens < 1 || tokens > encoder->config.positions)
            return error_set(error,
                             "encoder: sentence %d of the batch has %lld tokens; the model takes 1 "
                             "to %d",
                             b + 1, (long long)tokens, encoder->config.positions);
        *pairs += (size_t)(tokens * tokens);
    }
    for (int i = 0; i < batch->offsets[batch->sentences]; i++)
        if (batch->ids[i] < 0 || batch->ids[i] >= encoder->config.vocabulary)
            return error_set(error,
                             "encoder: token %d of the batch has id %d; the vocabulary has 0 to %d",
                             i + 1, batch->ids[i], encoder->config.vocabulary - 1);
    return 0;
}

static void take_batch(struct encoder *encoder, const struct encoder_batch *batch) {
    encoder->sentences = batch->sentences;
    encoder->tokens = batch->offsets[batch->sentences];
    memcpy(encoder->ids, batch->ids, (size_t)encoder->tokens * sizeof(int));
    encoder->offsets[0] = 0;
    encoder->pair_offsets[0] = 0;
    for (int b = 0; b < batch->sentences; b++) {
        int begin = batch->offsets[b], end = batch->offsets[b + 1];
        for (int i = begin; i < end; i++)
            encoder->positions[i] = i - begin;
        encoder->offsets[b + 1] = end;
        encoder->pair_offsets[b + 1] =
            encoder->pair_offsets[b] + (size_t)(end - begin) * (size_t)(end - begin);
    }
}

/* ---- layers ---------------------------------------------------------------------------------- */

/* A loop over rows or heads of one layer. */
struct pass {
    struct encoder *encoder;
    const struct weights *weights;
    int layer;
    struct encoder_norm norm; /* the one that norm_rows applies */
};

static void embed_rows(void *user, int task) {
    const struct pass *pass = user;
    struct encoder *encoder = pass->encoder;
    const struct weights *weights = pass->weights;
    const struct kernels *kernels = encoder->compute.kernels;
    size_t hidden = (size_t)encoder->config.hidden;
    int rows = encoder_task_rows(encoder, task);
    size_t begin = (size_t)task * ROWS_PER_TASK, at = begin * hidden;
    for (size_t row = begin; row < begin + (size_t)rows; row++) {
        float *sum = encoder->embedding_sum + row * hidden;
        memcpy(sum, weights->word_embeddings + (size_t)encoder->ids[row] * hidden,
               hidden * sizeof(float));
        kernels->add(sum, weights->position_embeddings + (size_t)encoder->positions[row] * hidden,
                     hidden);
        if (encoder->config.token_types > 0)
            kernels->add(sum, weights->token_type_embeddings, hidden);
    }
    const struct dropout none = {.scale = 1.0f};
    kernels->residual_norm(encoder->embedded + at, encoder->embedding_sum + at,
                           encoder->embedding_mean + begin, encoder->embedding_scale + begin, NULL,
                           weights->embedding_norm_weight, weights->embedding_norm_bias, rows,
                           (int)hidden, encoder->config.layer_norm_epsilon, &none, 0);
    struct dropout dropout =
        encoder_dropout(encoder, encoder->options.hidden_dropout, SITE_EMBEDDING);
    if (dropout.threshold)
        kernels->dropout(encoder->embedded + at, encoder->embedded + at, (size_t)rows * hidden,
                         &dropout, (uint32_t)at);
}

static void attend_head(void *user, int index) {
    const struct pass *pass = user;
    struct encoder *encoder = pass->encoder;
    struct attention_head head = encoder_attention_head(encoder, pass->layer, index);
    const struct encoder_capture *capture = encoder->options.capture;
    size_t pairs = (size_t)head.tokens * (size_t)head.tokens;
    size_t at = ((size_t)pass->layer * (size_t)encoder->config.heads + (size_t)index) * pairs;
    float *scores = capture && capture->scores ? capture->scores + at : NULL;
    uint8_t *mask = capture && capture->mask ? capture->mask + at : NULL;
    float *out = encoder->layers[pass->layer].context + encoder_head_offset(encoder, index);
    encoder->kept[index] = attention_forward(&head, encoder->compute.kernels, out, scores, mask);
    if (capture && capture->attention)
        memcpy(capture->attention + at, head.probabilities, pairs * sizeof(float));
}

static void norm_rows(void *user, int task) {
    const struct pass *pass = user;
    struct encoder *encoder = pass->encoder;
    const struct encoder_norm *norm = &pass->norm;
    int hidden = encoder->config.hidden;
    size_t begin = (size_t)task * ROWS_PER_TASK, at = begin * (size_t)hidden;
    encoder->compute.kernels->residual_norm(
        norm->out + at, norm->sum + at, norm->mean + begin, norm->scale + begin,
        norm->residual + at, norm->weight, norm->bias, encoder_task_rows(encoder, task), hidden,
        encoder->config.layer_norm_epsilon, &norm->dropout, (uint32_t)at);
}

/* y = x wᵀ + bias over all tokens. */
static struct matmul linear(const struct encoder *encoder, float *y, int out, const float *x,
                            int in, const float *weight, const float *bias) {
    return (struct matmul){.shape = MATMUL_FORWARD,
                           .m = encoder->tokens,
                           .n = out,
                           .k = in,
                           .terms = 1,
                           .a = {x},
                           .b = {weight},
                           .y = y,
                           .after = AFTER_BIAS,
                           .bias = bias};
}

static void forward_layer(struct pass *pass) {
    struct encoder *encoder = pass->encoder;
    const struct compute *compute = &encoder->compute;
    const struct layer_weights *weights = &pass->weights->layer[pass->layer];
    struct layer_buffers *buffers = &encoder->layers[pass->layer];
    int hidden = encoder->config.hidden, wide = encoder->config.feed_forward;
    const float *x = encoder_layer_input(encoder, pass->layer);

    struct matmul projections[3] = {
        linear(encoder, buffers->query, hidden, x, hidden, weights->query_weight,
               weights->query_bias),
        linear(encoder, buffers->key, hidden, x, hidden, weights->key_weight, weights->key_bias),
        linear(encoder, buffers->value, hidden, x, hidden, weights->value_weight,
               weights->value_bias),
    };
    matmul_run(compute, projections, 3);
    int heads = encoder->sentences * encoder->config.heads;
    pool_run(compute->pool, heads, attend_head, pass);
    for (int i = 0; i < heads; i++)
        encoder->kept_pairs += encoder->kept[i];

    struct matmul attention_output =
        linear(encoder, buffers->attention_sum, hidden, buffers->context, hidden,
               weights->attention_output_weight, weights->attention_output_bias);
    matmul_run(compute, &attention_output, 1);
    pass->norm = encoder_attention_norm(encoder, weights, pass->layer);
    pool_run(compute->pool, encoder_row_tasks(encoder), norm_rows, pass);

    struct matmul intermediate =
        linear(encoder, buffers->before, wide, buffers->attention_out, hidden,
               weights->intermediate_weight, weights->intermediate_bias);
    intermediate.after =
        encoder->config.activation == ACTIVATION_GELU ? AFTER_BIAS_GELU : AFTER_BIAS_RELU;
    intermediate.activated = buffers->activated;
    matmul_run(compute, &intermediate, 1);

    struct matmul output = linear(encoder, buffers->output_sum, hidden, buffers->activated, wide,
                                  weights->output_weight, weights->output_bias);
    matmul_run(compute, &output, 1);
    pass->norm = encoder_output_norm(encoder, weights, pass->layer);
    pool_run(compute->pool, encoder_row_tasks(encoder), norm_rows, pass);
}

/* ---- the classifier -------------------------------------------------------------------------- */

/* Over B rows, which is little work: BERT tanh(W x + b), DistilBERT ReLU, then the classifier. */
static void classify(struct encoder *encoder, const struct weights *weights, float *logits) {
    int hidden = encoder->config.hidden, sentences = encoder->sentences;
    const float *last = encoder->layers[encoder->config.layers - 1].out;
    size_t count = (size_t)sentences * (size_t)hidden;
    for (int b = 0; b < sentences; b++)
        memcpy(encoder->first + (size_t)b * (size_t)hidden,
               last + (size_t)encoder->offsets[b] * (size_t)hidden, (size_t)hidden * sizeof(float));
    struct matmul pooler = {.shape = MATMUL_FORWARD,
                            .m = sentences,
                            .n = hidden,
                            .k = hidden,
                            .terms = 1,
                            .a = {encoder->first},
                            .b = {weights->pooler_weight},
                            .y = encoder->pooled,
                            .after = AFTER_BIAS,
                            .bias = weights->pooler_bias};
    matmul_run(&encoder->compute, &pooler, 1);
    int tanh_pooler = encoder->config.family == MODEL_BERT;
    for (size_t i = 0; i < count; i++) {
        float value = encoder->pooled[i];
        encoder->pooled[i] = tanh_pooler ? tanhf(value) : value < 0.0f ? 0.0f : value;
    }
    struct dropout dropout =
        encoder_dropout(encoder, encoder->options.classifier_dropout, SITE_CLASSIFIER);
    encoder->compute.kernels->dropout(encoder->pooled_dropped, encoder->pooled, count, &dropout, 0);
    struct matmul classifier = {.shape = MATMUL_FORWARD,
                                .m = sentences,
                                .n = encoder->config.labels,
                                .k = hidden,
                                .terms = 1,
                                .a = {encoder->pooled_dropped},
                                .b = {weights->classifier_weight},
                                .y = logits,
                                .after = AFTER_BIAS,
                                .bias = weights->classifier_bias};
    matmul_run(&encoder->compute, &classifier, 1);
}

/* ---- the pass -------------------------------------------------------------------------------- */

static void capture_hidden(const struct encoder *encoder, int state, const float *x) {
    const struct encoder_capture *capture = encoder->options.capture;
    if (!capture || !capture->hidden_states)
        return;
    size_t count = (size_t)encoder->tokens * (size_t)encoder->config.hidden;
    memcpy(capture->hidden_states + (size_t)state * count, x, count * sizeof(float));
}

static int check_options(const struct encoder *encoder, const struct encoder_batch *batch,
                         const struct encoder_options *options, struct sawb_error *error) {
    if (options->capture && batch->sentences != 1)
        return error_set(error, "encoder: only one sentence at a time can be captured, not %d",
                         batch->sentences);
    if (encoder->mode == ENCODER_INFERENCE &&
        (options->hidden_dropout > 0 || options->attention_dropout > 0 ||
         options->classifier_dropout > 0))
        return error_set(error, "encoder: dropout needs an encoder in training mode");
    return 0;
}

int encoder_forward(struct encoder *encoder, const struct weights *weights,
                    const struct encoder_batch *batch, const struct encoder_options *options,
                    float *logits, struct sawb_error *error) {
    size_t pairs;
    encoder->state = ENCODER_EMPTY;
    if (check_batch(encoder, batch, &pairs, error) < 0 ||
        check_options(encoder, batch, options, error) < 0 ||
        encoder_reserve(encoder, batch->offsets[batch->sentences], batch->sentences, pairs, error) <
            0)
        return -1;
    take_batch(encoder, batch);
    encoder->options = *options;
    encoder->kept_pairs = 0;
    encoder->valid_pairs =
        (uint64_t)pairs * (uint64_t)encoder->config.layers * (uint64_t)encoder->config.heads;

    struct pass pass = {.encoder = encoder, .weights = weights};
    pool_run(encoder->compute.pool, encoder_row_tasks(encoder), embed_rows, &pass);
    capture_hidden(encoder, 0, encoder->embedded);
    for (pass.layer = 0; pass.layer < encoder->config.layers; pass.layer++) {
        forward_layer(&pass);
        capture_hidden(encoder, pass.layer + 1, encoder->layers[pass.layer].out);
    }
    classify(encoder, weights, logits);
    encoder->state = ENCODER_FORWARDED;
    return 0;
}

void encoder_pairs(const struct encoder *encoder, uint64_t *kept, uint64_t *valid) {
    *kept = encoder->kept_pairs;
    *valid = encoder->valid_pairs;
}
