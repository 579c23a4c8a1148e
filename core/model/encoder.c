/*
 * encoder.c - memory of the encoder and its forward pass.
 *
 * Source: Devlin et al. 2018 (arXiv 1810.04805), Sanh et al. 2019 (arXiv 1910.01108): post-norm
 * layers, x = LN(x + attention(x)), x = LN(x + feed-forward(x)), classified at [CLS].
 */
#include "core/model/encoder_internal.h"
#include "core/model/packed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/scratch.h"

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
                      size_t tokens) {
    size_t hidden = (size_t)encoder->config.hidden, wide = (size_t)encoder->config.feed_forward;
    layer->query = cut_floats(cutter, tokens, hidden);
    layer->key = cut_floats(cutter, tokens, hidden);
    layer->value = cut_floats(cutter, tokens, hidden);
    layer->context = cut_floats(cutter, tokens, hidden);
    layer->log_sums = encoder->mode == ENCODER_TRAINING
                          ? cut_floats(cutter, tokens, (size_t)encoder->config.heads)
                          : NULL;
    layer->attention_sum = cut_floats(cutter, tokens, hidden);
    layer->attention_mean = cut_floats(cutter, tokens, 1);
    layer->attention_scale = cut_floats(cutter, tokens, 1);
    layer->attention_out = cut_floats(cutter, tokens, hidden);
    if (encoder->mode == ENCODER_TRAINING)
        layer->slope = cut_floats(cutter, tokens, wide);
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
    size_t tasks = (tokens + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    size_t widest = hidden > (size_t)encoder->config.feed_forward
                        ? hidden
                        : (size_t)encoder->config.feed_forward;
    gradients->sums = cut_floats(cutter, tasks * SUMS_MOST, widest);
    gradients->pooled = cut_floats(cutter, sentences, hidden);
    gradients->first = cut_floats(cutter, sentences, hidden);
}

static void cut_all(struct encoder *encoder, struct cutter *cutter, int token_room,
                    int sentence_room) {
    size_t tokens = (size_t)token_room, sentences = (size_t)sentence_room;
    size_t heads = (size_t)encoder->config.heads, hidden = (size_t)encoder->config.hidden;
    encoder->ids = cut(cutter, tokens, sizeof(int));
    encoder->positions = cut(cutter, tokens, sizeof(int));
    encoder->offsets = cut(cutter, sentences + 1, sizeof(int));
    encoder->kept = cut(cutter, sentences * heads, sizeof(uint64_t));
    encoder->embedding_sum = cut_floats(cutter, tokens, hidden);
    encoder->embedding_mean = cut_floats(cutter, tokens, 1);
    encoder->embedding_scale = cut_floats(cutter, tokens, 1);
    encoder->embedded = cut_floats(cutter, tokens, hidden);
    encoder->first = cut_floats(cutter, sentences, hidden);
    encoder->pooled = cut_floats(cutter, sentences, hidden);
    encoder->pooled_dropped = cut_floats(cutter, sentences, hidden);
    int training = encoder->mode == ENCODER_TRAINING;
    for (int layer = 0; layer < encoder->config.layers; layer++) {
        if (training || layer == 0)
            cut_layer(encoder, cutter, &encoder->layers[layer], tokens);
        else
            encoder->layers[layer] = encoder->layers[0];
    }
    if (training)
        cut_gradients(encoder, cutter, tokens, sentences);
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
    if (attention_create(&encoder->attention, compute, error) < 0) {
        encoder_free(encoder);
        return -1;
    }
    *result = encoder;
    return 0;
}

void encoder_free(struct encoder *encoder) {
    if (!encoder)
        return;
    attention_free(encoder->attention);
    free(encoder->block);
    free(encoder->layers);
    free(encoder);
}

int encoder_reserve(struct encoder *encoder, int tokens, int sentences, struct sawb_error *error) {
    const struct model_config *config = &encoder->config;
    int longest = tokens < config->positions ? tokens : config->positions;
    if (attention_reserve(encoder->attention, sentences * config->heads, longest,
                          config->hidden / config->heads, error) < 0)
        return -1;
    if (tokens <= encoder->token_room && sentences <= encoder->sentence_room)
        return 0;
    tokens = tokens > encoder->token_room ? tokens : encoder->token_room;
    sentences = sentences > encoder->sentence_room ? sentences : encoder->sentence_room;
    struct cutter cutter = {0};
    cut_all(encoder, &cutter, tokens, sentences);
    void *block = cutter.overflow ? NULL : large_memory(cutter.used);
    free(encoder->block);
    encoder->block = block;
    encoder->state = ENCODER_EMPTY;
    if (!block) {
        encoder->token_room = encoder->sentence_room = 0;
        return error_set(error,
                         "encoder: out of memory for %d tokens in %d sentences (%.0f MB); take "
                         "shorter sentences or a smaller batch",
                         tokens, sentences, (double)cutter.used / 1e6);
    }
    cutter = (struct cutter){.base = block};
    cut_all(encoder, &cutter, tokens, sentences);
    encoder->token_room = tokens;
    encoder->sentence_room = sentences;
    return 0;
}

size_t encoder_bytes(const struct model_config *config, enum encoder_mode mode, int tokens,
                     int sentences) {
    struct encoder encoder = {.config = *config, .mode = mode};
    struct cutter cutter = {0};
    encoder.layers = calloc((size_t)config->layers, sizeof(*encoder.layers));
    if (!encoder.layers)
        return 0;
    cut_all(&encoder, &cutter, tokens, sentences);
    free(encoder.layers);
    return cutter.overflow ? 0 : large_bytes(cutter.used);
}

/* ---- shared with the backward pass ----------------------------------------------------------- */

struct dropout encoder_dropout(const struct encoder *encoder, float rate, int site) {
    return dropout_stream(rate, encoder->options.dropout_seed, encoder->options.dropout_step,
                          (uint64_t)site);
}

float *encoder_layer_input(const struct encoder *encoder, int layer) {
    return layer == 0 ? encoder->embedded : encoder->layers[layer - 1].out;
}

void encoder_take_first(const struct encoder *encoder, float *to, const float *from) {
    size_t hidden = (size_t)encoder->config.hidden;
    for (int b = 0; b < encoder->sentences; b++)
        memcpy(to + (size_t)b * hidden, from + (size_t)encoder->offsets[b] * hidden,
               hidden * sizeof(float));
}

/* Where rows are sentences', those are counted. */
static uint32_t norm_stream(const struct encoder *encoder, int layer) {
    return encoder_ends_in_first(encoder, layer) ? encoder_sentence_stream(encoder)
                                                 : encoder_row_stream(encoder, 0);
}

struct encoder_norm encoder_attention_norm(const struct encoder *encoder,
                                           const struct layer_weights *weights, int layer) {
    const struct layer_buffers *buffers = &encoder->layers[layer];
    /* DistilBERT drops nothing here. */
    float rate = encoder->config.family == MODEL_BERT ? encoder->options.hidden_dropout : 0.0f;
    return (struct encoder_norm){
        .rows = encoder_rows(encoder, layer),
        .stream = norm_stream(encoder, layer),
        .out = buffers->attention_out,
        .sum = buffers->attention_sum,
        .mean = buffers->attention_mean,
        .scale = buffers->attention_scale,
        .residual = encoder_ends_in_first(encoder, layer) ? encoder->first
                                                          : encoder_layer_input(encoder, layer),
        .weight = weights->attention_norm_weight,
        .bias = weights->attention_norm_bias,
        .dropout = encoder_dropout(encoder, rate, layer * SITES_PER_LAYER + SITE_ATTENTION_OUT),
    };
}

struct encoder_norm encoder_output_norm(const struct encoder *encoder,
                                        const struct layer_weights *weights, int layer) {
    const struct layer_buffers *buffers = &encoder->layers[layer];
    return (struct encoder_norm){
        .rows = encoder_rows(encoder, layer),
        .stream = norm_stream(encoder, layer),
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

struct attention_batch encoder_attention(const struct encoder *encoder, int layer) {
    const struct layer_buffers *buffers = &encoder->layers[layer];
    const struct encoder_options *options = &encoder->options;
    int heads = encoder->config.heads;
    return (struct attention_batch){
        .sentences = encoder->sentences,
        .offsets = encoder->offsets,
        .heads = heads,
        .width = encoder->config.hidden / heads,
        .query = buffers->query,
        .key = buffers->key,
        .value = buffers->value,
        .out = buffers->context,
        .log_sums = buffers->log_sums,
        .source = options->mask,
        .layer = layer,
        .first_sentence = options->before.sentences,
        .seed = options->seed,
        .step = options->mask_step,
        .dropout = encoder_dropout(encoder, options->attention_dropout,
                                   layer * SITES_PER_LAYER + SITE_ATTENTION),
        .first = (uint32_t)(options->before.pairs * (size_t)heads),
        .kept = encoder->kept,
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
    for (int b = 0; b < batch->sentences; b++) {
        int begin = batch->offsets[b], end = batch->offsets[b + 1];
        for (int i = begin; i < end; i++)
            encoder->positions[i] = i - begin;
        encoder->offsets[b + 1] = end;
    }
}

/* ---- layers ---------------------------------------------------------------------------------- */

/* A loop over rows or heads of one layer. */
struct pass {
    struct encoder *encoder;
    const struct weights *weights;
    const struct weights *packed; /* NULL: products pack as they go */
    int layer;
    int first_only;           /* 1: of this layer's attention only what is classified is wanted */
    struct encoder_norm norm; /* the one that norm_rows applies */
};

/* What a row becomes depends on nothing but itself: smaller pieces than those of the backward pass,
 * so that a short sentence keeps two threads busy. */
#define FORWARD_ROWS 16

static int forward_tasks(int rows) {
    return (rows + FORWARD_ROWS - 1) / FORWARD_ROWS;
}

static int forward_rows(int rows, int task) {
    int left = rows - task * FORWARD_ROWS;
    return left < FORWARD_ROWS ? left : FORWARD_ROWS;
}

static void embed_rows(void *user, int task) {
    const struct pass *pass = user;
    struct encoder *encoder = pass->encoder;
    const struct weights *weights = pass->weights;
    const struct kernels *kernels = encoder->compute.kernels;
    size_t hidden = (size_t)encoder->config.hidden;
    int rows = forward_rows(encoder->tokens, task);
    size_t begin = (size_t)task * FORWARD_ROWS, at = begin * hidden;
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
                         &dropout, encoder_row_stream(encoder, begin));
}

static void count_kept(struct encoder *encoder, const struct attention_batch *batch) {
    uint64_t kept = 0;
    for (int i = 0; i < batch->sentences * batch->heads; i++)
        kept += encoder->kept[i];
    encoder->kept_pairs += kept * (uint64_t)(encoder->config.heads / batch->heads);
}

static int attend(const struct pass *pass, struct sawb_error *error) {
    struct encoder *encoder = pass->encoder;
    const struct encoder_capture *capture = encoder->options.capture;
    struct attention_batch batch = encoder_attention(encoder, pass->layer);
    batch.queries = pass->first_only;
    size_t tokens = (size_t)encoder->tokens;
    size_t at = (size_t)pass->layer * (size_t)encoder->config.heads * tokens * tokens;
    struct attention_capture maps;
    if (capture && (capture->scores || capture->mask)) {
        maps = (struct attention_capture){capture->scores ? capture->scores + at : NULL,
                                          capture->mask ? capture->mask + at : NULL};
        batch.capture = &maps;
    }
    if (attention_forward(encoder->attention, &batch, error) < 0)
        return -1;
    count_kept(encoder, &batch);
    encoder_lap_attention(encoder, OPERATION_ATTENTION, 2);
    return 0;
}

static void norm_rows(void *user, int task) {
    const struct pass *pass = user;
    struct encoder *encoder = pass->encoder;
    const struct encoder_norm *norm = &pass->norm;
    int hidden = encoder->config.hidden;
    size_t begin = (size_t)task * FORWARD_ROWS, at = begin * (size_t)hidden;
    encoder->compute.kernels->residual_norm(
        norm->out + at, norm->sum + at, norm->mean + begin, norm->scale + begin,
        norm->residual + at, norm->weight, norm->bias, forward_rows(norm->rows, task), hidden,
        encoder->config.layer_norm_epsilon, &norm->dropout, norm->stream + (uint32_t)at);
}

/* A linear layer's weights, those packed (NULL: none) beside them. */
struct dense {
    const float *weight, *packed, *bias;
};
#define DENSE(weights, packed, name)                                                               \
    (struct dense) {                                                                               \
        (weights)->name##_weight, (packed)->name##_weight, (weights)->name##_bias                  \
    }

/* y [rows,out] = x wᵀ + bias. */
static struct matmul linear(int rows, float *y, int out, const float *x, int in,
                            struct dense dense) {
    return (struct matmul){.shape = MATMUL_FORWARD,
                           .m = rows,
                           .n = out,
                           .k = in,
                           .terms = 1,
                           .a = {x},
                           .b = {dense.weight},
                           .packed = dense.packed,
                           .y = y,
                           .after = AFTER_BIAS,
                           .bias = dense.bias};
}

/* Where nobody learns from it either, the attention of the others is of no use, unless a pattern is
 * to look at their scores. */
static int attends_first(const struct pass *pass) {
    const struct encoder *encoder = pass->encoder;
    const struct attention_batch batch = encoder_attention(encoder, pass->layer);
    return encoder->mode == ENCODER_INFERENCE && encoder_ends_in_first(encoder, pass->layer) &&
           attention_all_dense(&batch);
}

/* Queries, keys and values of all heads, and what attention makes of them. */
static int attend_by_heads(struct pass *pass, const struct layer_weights *weights,
                           const struct layer_weights *packed, struct sawb_error *error) {
    struct encoder *encoder = pass->encoder;
    struct layer_buffers *buffers = &encoder->layers[pass->layer];
    int rows = encoder->tokens, queries = rows, hidden = encoder->config.hidden;
    const float *x = encoder_layer_input(encoder, pass->layer), *asking = x;
    if (pass->first_only && !encoder->options.capture) { /* a viewer wants the others' scores */
        asking = encoder->first;
        queries = encoder->sentences;
    }
    struct matmul projections[3] = {
        linear(queries, buffers->query, hidden, asking, hidden, DENSE(weights, packed, query)),
        linear(rows, buffers->key, hidden, x, hidden, DENSE(weights, packed, key)),
        linear(rows, buffers->value, hidden, x, hidden, DENSE(weights, packed, value)),
    };
    matmul_run(&encoder->compute, projections, 3);
    encoder_lap_product(encoder, OPERATION_FORWARD, queries + 2 * rows, hidden, hidden);
    return attend(pass, error);
}

/*
 * A query q of a head finds q·(W x + b) = (Wᵀ q)·x + q·b, of which the softmax does not see q·b,
 * and its answer is Σ p (W x + b) = W Σ p x + b. So the first tokens' queries, turned round, go to
 * the layer's input itself: NH rows a sentence are multiplied by the weights of keys and values
 * instead of T. Not for one sentence, which is what gets looked at, to come out the same to the bit
 * whether somebody looks or not; nor where products round to bfloat16, and would do so twice.
 */
static int asks_input(const struct pass *pass) {
    const struct encoder *encoder = pass->encoder;
    return pass->first_only && encoder->sentences > 1 &&
           encoder->compute.precision == PRECISION_F32 &&
           encoder->tokens >= encoder->sentences * encoder->config.heads;
}

#define HEADS_TOGETHER 16

/* The product of the first head, and those of all others, each so many floats further on. */
static void multiply_heads(const struct encoder *encoder, struct matmul product, int a_step,
                           int y_step) {
    int heads = encoder->config.heads, width = encoder->config.hidden / heads;
    for (int head = 0; head < heads;) {
        struct matmul products[HEADS_TOGETHER];
        int count = 0;
        for (; count < HEADS_TOGETHER && head < heads; head++) {
            products[count++] = product;
            product.a[0] += a_step;
            product.b[0] += (size_t)width * (size_t)encoder->config.hidden;
            product.y += y_step;
            if (product.bias)
                product.bias += width;
        }
        matmul_run(&encoder->compute, products, count);
    }
    encoder_lap_product(encoder, OPERATION_FORWARD, encoder->sentences, encoder->config.hidden,
                        encoder->config.hidden);
}

static int attend_to_input(struct pass *pass, const struct layer_weights *weights,
                           const struct layer_weights *packed, struct sawb_error *error) {
    struct encoder *encoder = pass->encoder;
    struct layer_buffers *buffers = &encoder->layers[pass->layer];
    int sentences = encoder->sentences, hidden = encoder->config.hidden;
    int heads = encoder->config.heads, width = hidden / heads;
    const float *x = encoder_layer_input(encoder, pass->layer);
    float *asking = buffers->key, *answers = buffers->value; /* [B,NH,C] */
    struct matmul query = linear(sentences, buffers->query, hidden, encoder->first, hidden,
                                 DENSE(weights, packed, query));
    matmul_run(&encoder->compute, &query, 1);
    encoder_lap_product(encoder, OPERATION_FORWARD, sentences, hidden, hidden);
    /* Attention of width C divides by √C, not √HS. */
    const float factor = sqrtf((float)heads);
    for (size_t i = 0; i < (size_t)sentences * (size_t)hidden; i++)
        buffers->query[i] *= factor;
    struct matmul turned = {.shape = MATMUL_INPUT,
                            .m = sentences,
                            .n = hidden,
                            .k = width,
                            .terms = 1,
                            .a = {buffers->query},
                            .b = {weights->key_weight},
                            .y = asking,
                            .a_stride = hidden,
                            .y_stride = heads * hidden};
    multiply_heads(encoder, turned, width, hidden);

    struct attention_batch batch = encoder_attention(encoder, pass->layer);
    batch.heads = 1;
    batch.width = hidden;
    batch.queries = heads;
    batch.query = asking;
    batch.key = batch.value = x;
    batch.out = answers;
    batch.source = NULL;
    if (attention_forward(encoder->attention, &batch, error) < 0)
        return -1;
    count_kept(encoder, &batch);
    profile_lap(encoder->compute.profile, OPERATION_ATTENTION,
                4.0 * encoder->tokens * heads * hidden, 0);

    struct matmul value = linear(sentences, buffers->context, width, answers, hidden,
                                 (struct dense){weights->value_weight, NULL, weights->value_bias});
    value.a_stride = heads * hidden;
    value.y_stride = hidden;
    multiply_heads(encoder, value, hidden, width);
    return 0;
}

static int forward_layer(struct pass *pass, struct sawb_error *error) {
    struct encoder *encoder = pass->encoder;
    const struct compute *compute = &encoder->compute;
    const struct layer_weights *weights = &pass->weights->layer[pass->layer];
    static const struct layer_weights none;
    const struct layer_weights *packed = pass->packed ? &pass->packed->layer[pass->layer] : &none;
    struct layer_buffers *buffers = &encoder->layers[pass->layer];
    int hidden = encoder->config.hidden, wide = encoder->config.feed_forward;
    int rows = encoder_rows(encoder, pass->layer);
    const float *context = buffers->context;
    pass->first_only = attends_first(pass);
    if (encoder_ends_in_first(encoder, pass->layer))
        encoder_take_first(encoder, encoder->first, encoder_layer_input(encoder, pass->layer));
    if ((asks_input(pass) ? attend_to_input(pass, weights, packed, error)
                          : attend_by_heads(pass, weights, packed, error)) < 0)
        return -1;
    if (encoder_ends_in_first(encoder, pass->layer) && !pass->first_only) {
        encoder_take_first(encoder, encoder->pooled, context);
        context = encoder->pooled;
    }

    struct matmul attention_output = linear(rows, buffers->attention_sum, hidden, context, hidden,
                                            DENSE(weights, packed, attention_output));
    matmul_run(compute, &attention_output, 1);
    encoder_lap_product(encoder, OPERATION_FORWARD, rows, hidden, hidden);
    pass->norm = encoder_attention_norm(encoder, weights, pass->layer);
    pool_run(compute->pool, forward_tasks(rows), norm_rows, pass);
    encoder_lap_rows(encoder, OPERATION_NORM, rows, 4, hidden);

    struct matmul intermediate = linear(rows, buffers->slope, wide, buffers->attention_out, hidden,
                                        DENSE(weights, packed, intermediate));
    intermediate.after =
        encoder->config.activation == ACTIVATION_GELU ? AFTER_BIAS_GELU : AFTER_BIAS_RELU;
    intermediate.activated = buffers->activated;
    matmul_run(compute, &intermediate, 1);
    encoder_lap_product(encoder, OPERATION_FORWARD_ACTIVATION, rows, wide, hidden);

    struct matmul output = linear(rows, buffers->output_sum, hidden, buffers->activated, wide,
                                  DENSE(weights, packed, output));
    matmul_run(compute, &output, 1);
    encoder_lap_product(encoder, OPERATION_FORWARD, rows, hidden, wide);
    pass->norm = encoder_output_norm(encoder, weights, pass->layer);
    pool_run(compute->pool, forward_tasks(rows), norm_rows, pass);
    encoder_lap_rows(encoder, OPERATION_NORM, rows, 4, hidden);
    return 0;
}

/* ---- the classifier -------------------------------------------------------------------------- */

/* Over B rows, which is little work: BERT tanh(W x + b), DistilBERT ReLU, then the classifier. */
static void classify(const struct pass *pass, float *logits) {
    static const struct weights none;
    struct encoder *encoder = pass->encoder;
    const struct weights *weights = pass->weights, *packed = pass->packed ? pass->packed : &none;
    int hidden = encoder->config.hidden, sentences = encoder->sentences;
    const float *last = encoder->layers[encoder->config.layers - 1].out;
    size_t count = (size_t)sentences * (size_t)hidden;
    if (encoder_ends_in_first(encoder, encoder->config.layers - 1))
        memcpy(encoder->first, last, count * sizeof(float));
    else
        encoder_take_first(encoder, encoder->first, last);
    struct matmul pooler = linear(sentences, encoder->pooled, hidden, encoder->first, hidden,
                                  DENSE(weights, packed, pooler));
    matmul_run(&encoder->compute, &pooler, 1);
    int tanh_pooler = encoder->config.family == MODEL_BERT;
    for (size_t i = 0; i < count; i++) {
        float value = encoder->pooled[i];
        encoder->pooled[i] = tanh_pooler ? tanhf(value) : value < 0.0f ? 0.0f : value;
    }
    struct dropout dropout =
        encoder_dropout(encoder, encoder->options.classifier_dropout, SITE_CLASSIFIER);
    encoder->compute.kernels->dropout(encoder->pooled_dropped, encoder->pooled, count, &dropout,
                                      encoder_sentence_stream(encoder));
    struct matmul classifier =
        linear(sentences, logits, encoder->config.labels, encoder->pooled_dropped, hidden,
               DENSE(weights, packed, classifier));
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
        encoder_reserve(encoder, batch->offsets[batch->sentences], batch->sentences, error) < 0)
        return -1;
    take_batch(encoder, batch);
    encoder->options = *options;
    encoder->kept_pairs = 0;
    encoder->pairs = pairs;

    struct pass pass = {.encoder = encoder, .weights = weights};
    if (weights->packed)
        pass.packed = packed_get(weights->packed, weights, &encoder->config, &encoder->compute);
    pool_run(encoder->compute.pool, forward_tasks(encoder->tokens), embed_rows, &pass);
    encoder_lap_rows(encoder, OPERATION_EMBEDDING, encoder->tokens, 4, encoder->config.hidden);
    capture_hidden(encoder, 0, encoder->embedded);
    for (pass.layer = 0; pass.layer < encoder->config.layers; pass.layer++) {
        if (forward_layer(&pass, error) < 0)
            return -1;
        capture_hidden(encoder, pass.layer + 1, encoder->layers[pass.layer].out);
    }
    classify(&pass, logits);
    profile_lap(encoder->compute.profile, OPERATION_CLASSIFIER, 0, 0);
    encoder->state = ENCODER_FORWARDED;
    return 0;
}

void encoder_pairs(const struct encoder *encoder, uint64_t *kept, uint64_t *valid) {
    *kept = encoder->kept_pairs;
    *valid = (uint64_t)encoder->pairs * (uint64_t)encoder->config.layers *
             (uint64_t)encoder->config.heads;
}
