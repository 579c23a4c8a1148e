/*
 * encoder_backward.c - the backward pass of the encoder.
 *
 * The gradient of a layer's output arrives in gradients->out and leaves there as that of its input,
 * [N,C]; of the last layer, down to its attention, [B,C] of the first tokens (encoder_rows).
 * Sums over rows are made for each task, which has the rows in its cache, and added up in the order
 * of the tasks: nothing depends on threads.
 */
#include "core/model/encoder_internal.h"

#include <string.h>

#define COLUMNS_PER_TASK 64
#define PRODUCTS_MOST 4 /* at once */

struct backward {
    struct encoder *encoder;
    const struct weights *weights;
    struct weights *gradients;
    int layer, lowest;        /* at work; the last one to be visited */
    struct encoder_norm norm; /* the one that norm_rows takes back */
};

/* ---- products -------------------------------------------------------------------------------- */

/* weight_gradient [out,in] += y_gradientᵀ x. */
static struct matmul weight_product(float *weight_gradient, int out, int in, int rows,
                                    const float *y_gradient, const float *x) {
    return (struct matmul){.shape = MATMUL_WEIGHT,
                           .m = out,
                           .n = in,
                           .k = rows,
                           .terms = 1,
                           .a = {y_gradient},
                           .b = {x},
                           .y = weight_gradient,
                           .accumulate = 1};
}

/* x_gradient [rows,in] (+)= y_gradient weight. */
static struct matmul input_product(float *x_gradient, int accumulate, int rows, int in, int out,
                                   const float *y_gradient, const float *weight) {
    return (struct matmul){.shape = MATMUL_INPUT,
                           .m = rows,
                           .n = in,
                           .k = out,
                           .terms = 1,
                           .a = {y_gradient},
                           .b = {weight},
                           .y = x_gradient,
                           .accumulate = accumulate};
}

/* One after the other, so that each kind has a time of its own. */
static void run_and_lap(const struct compute *compute, const struct matmul *products, int count) {
    for (int i = 0; i < count; i++) {
        const struct matmul *product = &products[i];
        matmul_run(compute, product, 1);
        profile_lap(compute->profile,
                    product->shape == MATMUL_WEIGHT ? OPERATION_WEIGHT : OPERATION_INPUT,
                    2.0 * product->m * product->n * product->k * product->terms, 0);
    }
}

/* Leaves out the products that nobody wants: their result has no place. */
static void run_products(const struct encoder *encoder, const struct matmul *products, int count) {
    struct matmul wanted[PRODUCTS_MOST];
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (products[i].y)
            wanted[kept++] = products[i];
    if (encoder->compute.profile)
        run_and_lap(&encoder->compute, wanted, kept);
    else
        matmul_run(&encoder->compute, wanted, kept);
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* The sums of a task over its rows, [SUMS_MOST,columns]. */
static float *task_sums(const struct encoder *encoder, int task, int columns) {
    return encoder->gradients.sums + (size_t)task * SUMS_MOST * (size_t)columns;
}

/* Adds the sums `number` of all tasks, one after the other; NULL: nobody wants them. */
static void add_sums(const struct encoder *encoder, int rows, float *gradient, int number,
                     int columns) {
    if (!gradient)
        return;
    for (int task = 0; task < encoder_row_tasks(rows); task++)
        encoder->compute.kernels->add(
            gradient, task_sums(encoder, task, columns) + (size_t)number * (size_t)columns,
            (size_t)columns);
}

/* out: gradient of the norm's output -> of the sum before it; inner: that after dropout. */
static void norm_rows(void *user, int task) {
    const struct backward *pass = user;
    struct encoder *encoder = pass->encoder;
    const struct encoder_norm *norm = &pass->norm;
    int hidden = encoder->config.hidden;
    size_t begin = (size_t)task * ROWS_PER_TASK, at = begin * (size_t)hidden;
    encoder->compute.kernels->norm_backward(
        encoder->gradients.out + at, encoder->gradients.inner + at,
        task_sums(encoder, task, hidden), norm->sum + at, norm->mean + begin, norm->scale + begin,
        norm->weight, encoder_task_rows(norm->rows, task), hidden, &norm->dropout,
        norm->stream + (uint32_t)at);
}

/* The norm that pass->norm describes, and the bias of the product before it. */
static void norm_backward(struct backward *pass, float *weight_gradient, float *norm_bias_gradient,
                          float *bias_gradient) {
    struct encoder *encoder = pass->encoder;
    int hidden = encoder->config.hidden, rows = pass->norm.rows;
    pool_run(encoder->compute.pool, encoder_row_tasks(rows), norm_rows, pass);
    add_sums(encoder, rows, weight_gradient, 0, hidden);
    add_sums(encoder, rows, norm_bias_gradient, 1, hidden);
    add_sums(encoder, rows, bias_gradient, 2, hidden);
    encoder_lap_rows(encoder, OPERATION_NORM_BACKWARD, rows, 4, hidden);
}

static void activation_rows(void *user, int task) {
    const struct backward *pass = user;
    struct encoder *encoder = pass->encoder;
    int wide = encoder->config.feed_forward, rows = encoder_rows(encoder, pass->layer);
    size_t at = (size_t)task * ROWS_PER_TASK * (size_t)wide;
    encoder->compute.kernels->slope_backward(
        encoder->gradients.wide + at, task_sums(encoder, task, wide),
        encoder->layers[pass->layer].slope + at, encoder_task_rows(rows, task), wide);
}

static void activation_backward(struct backward *pass, float *bias_gradient) {
    struct encoder *encoder = pass->encoder;
    int wide = encoder->config.feed_forward, rows = encoder_rows(encoder, pass->layer);
    pool_run(encoder->compute.pool, encoder_row_tasks(rows), activation_rows, pass);
    add_sums(encoder, rows, bias_gradient, 0, wide);
    encoder_lap_rows(encoder, OPERATION_ACTIVATION_BACKWARD, rows, 3, wide);
}

static void projection_rows(void *user, int task) {
    const struct backward *pass = user;
    struct encoder *encoder = pass->encoder;
    const struct gradient_buffers *gradients = &encoder->gradients;
    const float *projections[SUMS_MOST] = {gradients->query, gradients->key, gradients->value};
    size_t hidden = (size_t)encoder->config.hidden, at = (size_t)task * ROWS_PER_TASK * hidden;
    float *sums = task_sums(encoder, task, (int)hidden);
    memset(sums, 0, SUMS_MOST * hidden * sizeof(*sums));
    for (size_t i = 0; i < SUMS_MOST; i++)
        encoder->compute.kernels->column_sums(sums + i * hidden, projections[i] + at,
                                              encoder_task_rows(encoder->tokens, task), (int)hidden,
                                              hidden);
}

static void projection_biases_backward(struct backward *pass, struct layer_weights *gradients) {
    struct encoder *encoder = pass->encoder;
    int hidden = encoder->config.hidden, rows = encoder->tokens;
    if (!gradients->query_bias)
        return;
    pool_run(encoder->compute.pool, encoder_row_tasks(rows), projection_rows, pass);
    add_sums(encoder, rows, gradients->query_bias, 0, hidden);
    add_sums(encoder, rows, gradients->key_bias, 1, hidden);
    add_sums(encoder, rows, gradients->value_bias, 2, hidden);
    encoder_lap_rows(encoder, OPERATION_COLUMN_SUMS, rows, 3, hidden);
}

/* How the loss changes with a gate on this head's output. */
static double gate_gradient(const struct encoder *encoder, const float *out,
                            const float *out_gradient, int sentence, int head) {
    size_t hidden = (size_t)encoder->config.hidden, width = hidden / (size_t)encoder->config.heads;
    double sum = 0.0;
    for (int token = encoder->offsets[sentence]; token < encoder->offsets[sentence + 1]; token++) {
        size_t row = (size_t)token * hidden + (size_t)head * width;
        for (size_t i = row; i < row + width; i++)
            sum += (double)out[i] * (double)out_gradient[i];
    }
    return sum;
}

static void gate_head(void *user, int index) {
    const struct backward *pass = user;
    const struct encoder *encoder = pass->encoder;
    int heads = encoder->config.heads;
    encoder->options.gate_gradients[pass->layer * encoder->sentences * heads + index] =
        gate_gradient(encoder, encoder->layers[pass->layer].context, encoder->gradients.context,
                      index / heads, index % heads);
}

static int attention_heads_backward(struct backward *pass, struct sawb_error *error) {
    struct encoder *encoder = pass->encoder;
    const struct gradient_buffers *gradients = &encoder->gradients;
    if (encoder->options.gate_gradients)
        pool_run(encoder->compute.pool, encoder->sentences * encoder->config.heads, gate_head,
                 pass);
    struct attention_batch batch = encoder_attention(encoder, pass->layer);
    struct attention_gradients sums = {gradients->context, gradients->query, gradients->key,
                                       gradients->value};
    return attention_backward(encoder->attention, &batch, &sums, error);
}

/* ---- a layer --------------------------------------------------------------------------------- */

static void feed_forward_backward(struct backward *pass) {
    struct encoder *encoder = pass->encoder;
    const struct layer_weights *weights = &pass->weights->layer[pass->layer];
    struct layer_weights *sums = &pass->gradients->layer[pass->layer];
    const struct layer_buffers *buffers = &encoder->layers[pass->layer];
    struct gradient_buffers *gradients = &encoder->gradients;
    int rows = encoder_rows(encoder, pass->layer), hidden = encoder->config.hidden;
    int wide = encoder->config.feed_forward;

    pass->norm = encoder_output_norm(encoder, weights, pass->layer);
    norm_backward(pass, sums->output_norm_weight, sums->output_norm_bias, sums->output_bias);
    struct matmul output[2] = {
        weight_product(sums->output_weight, hidden, wide, rows, gradients->inner,
                       buffers->activated),
        input_product(gradients->wide, 0, rows, wide, hidden, gradients->inner,
                      weights->output_weight),
    };
    run_products(encoder, output, 2);
    activation_backward(pass, sums->intermediate_bias);
    struct matmul intermediate[2] = {
        weight_product(sums->intermediate_weight, wide, hidden, rows, gradients->wide,
                       buffers->attention_out),
        input_product(gradients->out, 1, rows, hidden, wide, gradients->wide,
                      weights->intermediate_weight),
    };
    run_products(encoder, intermediate, 2);
}

/* [B,C] of the first tokens becomes [N,C] where it stands, zero for all others. */
static void spread_first(const struct encoder *encoder, float *rows) {
    size_t hidden = (size_t)encoder->config.hidden;
    for (int b = encoder->sentences - 1; b >= 0; b--) {
        size_t begin = (size_t)encoder->offsets[b], end = (size_t)encoder->offsets[b + 1];
        memmove(rows + begin * hidden, rows + (size_t)b * hidden, hidden * sizeof(float));
        memset(rows + (begin + 1) * hidden, 0, (end - begin - 1) * hidden * sizeof(float));
    }
}

static void attention_output_backward(struct backward *pass) {
    struct encoder *encoder = pass->encoder;
    const struct layer_weights *weights = &pass->weights->layer[pass->layer];
    struct layer_weights *sums = &pass->gradients->layer[pass->layer];
    const struct layer_buffers *buffers = &encoder->layers[pass->layer];
    struct gradient_buffers *gradients = &encoder->gradients;
    int rows = encoder_rows(encoder, pass->layer), hidden = encoder->config.hidden;
    int first = encoder_ends_in_first(encoder, pass->layer);
    const float *context = buffers->context;

    pass->norm = encoder_attention_norm(encoder, weights, pass->layer);
    norm_backward(pass, sums->attention_norm_weight, sums->attention_norm_bias,
                  sums->attention_output_bias);
    if (first) {
        encoder_take_first(encoder, gradients->pooled, context);
        context = gradients->pooled;
    }
    struct matmul products[2] = {
        weight_product(sums->attention_output_weight, hidden, hidden, rows, gradients->inner,
                       context),
        input_product(gradients->context, 0, rows, hidden, hidden, gradients->inner,
                      weights->attention_output_weight),
    };
    run_products(encoder, products, 2);
    if (first) {
        spread_first(encoder, gradients->out);
        spread_first(encoder, gradients->context);
    }
}

static void projections_backward(struct backward *pass) {
    struct encoder *encoder = pass->encoder;
    const struct layer_weights *weights = &pass->weights->layer[pass->layer];
    struct layer_weights *sums = &pass->gradients->layer[pass->layer];
    struct gradient_buffers *gradients = &encoder->gradients;
    int rows = encoder->tokens, hidden = encoder->config.hidden;
    const float *x = encoder_layer_input(encoder, pass->layer);

    projection_biases_backward(pass, sums);
    struct matmul products[4] = {
        weight_product(sums->query_weight, hidden, hidden, rows, gradients->query, x),
        weight_product(sums->key_weight, hidden, hidden, rows, gradients->key, x),
        weight_product(sums->value_weight, hidden, hidden, rows, gradients->value, x),
        {.shape = MATMUL_INPUT,
         .m = rows,
         .n = hidden,
         .k = hidden,
         .terms = 3,
         .a = {gradients->query, gradients->key, gradients->value},
         .b = {weights->query_weight, weights->key_weight, weights->value_weight},
         .y =
             pass->layer > pass->lowest || pass->gradients->word_embeddings ? gradients->out : NULL,
         .accumulate = 1},
    };
    run_products(encoder, products, 4);
}

static int backward_layer(struct backward *pass, struct sawb_error *error) {
    feed_forward_backward(pass);
    attention_output_backward(pass);
    if (attention_heads_backward(pass, error) < 0)
        return -1;
    encoder_lap_attention(pass->encoder, OPERATION_ATTENTION_BACKWARD, 4);
    projections_backward(pass);
    return 0;
}

/* ---- the ends -------------------------------------------------------------------------------- */

/* B rows only: from the logits' gradient to that of the last layer's output. */
static void classifier_backward(struct backward *pass, const float *logit_gradients) {
    struct encoder *encoder = pass->encoder;
    const struct weights *weights = pass->weights;
    struct weights *sums = pass->gradients;
    const struct kernels *kernels = encoder->compute.kernels;
    struct gradient_buffers *gradients = &encoder->gradients;
    int hidden = encoder->config.hidden, labels = encoder->config.labels;
    int sentences = encoder->sentences;
    size_t width = (size_t)hidden, count = (size_t)sentences * width;

    if (sums->classifier_bias)
        kernels->column_sums(sums->classifier_bias, logit_gradients, sentences, labels,
                             (size_t)labels);
    struct matmul classifier[2] = {
        weight_product(sums->classifier_weight, labels, hidden, sentences, logit_gradients,
                       encoder->pooled_dropped),
        input_product(gradients->pooled, 0, sentences, hidden, labels, logit_gradients,
                      weights->classifier_weight),
    };
    run_products(encoder, classifier, 2);
    struct dropout dropout =
        encoder_dropout(encoder, encoder->options.classifier_dropout, SITE_CLASSIFIER);
    kernels->dropout(gradients->pooled, gradients->pooled, count, &dropout,
                     encoder_sentence_stream(encoder));
    for (size_t i = 0; i < count; i++) {
        float value = encoder->pooled[i];
        gradients->pooled[i] *= encoder->config.family == MODEL_BERT ? 1.0f - value * value
                                : value > 0.0f                       ? 1.0f
                                                                     : 0.0f;
    }
    if (sums->pooler_bias)
        kernels->column_sums(sums->pooler_bias, gradients->pooled, sentences, hidden, width);
    struct matmul pooler[2] = {
        weight_product(sums->pooler_weight, hidden, hidden, sentences, gradients->pooled,
                       encoder->first),
        input_product(gradients->first, 0, sentences, hidden, hidden, gradients->pooled,
                      weights->pooler_weight),
    };
    run_products(encoder, pooler, 2);
    memcpy(gradients->out, gradients->first, count * sizeof(float));
    if (!encoder_ends_in_first(encoder, encoder->config.layers - 1))
        spread_first(encoder, gradients->out);
}

static void embedding_rows(void *user, int task) {
    const struct backward *pass = user;
    struct encoder *encoder = pass->encoder;
    const struct kernels *kernels = encoder->compute.kernels;
    struct dropout dropout =
        encoder_dropout(encoder, encoder->options.hidden_dropout, SITE_EMBEDDING);
    int hidden = encoder->config.hidden, rows = encoder_task_rows(encoder->tokens, task);
    size_t begin = (size_t)task * ROWS_PER_TASK, at = begin * (size_t)hidden;
    float *out = encoder->gradients.out + at;
    kernels->dropout(out, out, (size_t)rows * (size_t)hidden, &dropout,
                     encoder_row_stream(encoder, begin));
    kernels->norm_backward(out, NULL, task_sums(encoder, task, hidden), encoder->embedding_sum + at,
                           encoder->embedding_mean + begin, encoder->embedding_scale + begin,
                           pass->weights->embedding_norm_weight, rows, hidden, &dropout, 0);
}

/* A slice of columns for all tokens, in order: rows of one word meet, and must not race. */
static void embedding_columns(void *user, int task) {
    const struct backward *pass = user;
    struct encoder *encoder = pass->encoder;
    const struct kernels *kernels = encoder->compute.kernels;
    struct weights *sums = pass->gradients;
    size_t hidden = (size_t)encoder->config.hidden, begin = (size_t)task * COLUMNS_PER_TASK;
    size_t columns = hidden - begin < COLUMNS_PER_TASK ? hidden - begin : COLUMNS_PER_TASK;
    for (int i = 0; i < encoder->tokens; i++) {
        const float *gradient = encoder->gradients.out + (size_t)i * hidden + begin;
        kernels->add(sums->word_embeddings + (size_t)encoder->ids[i] * hidden + begin, gradient,
                     columns);
        kernels->add(sums->position_embeddings + (size_t)encoder->positions[i] * hidden + begin,
                     gradient, columns);
        if (encoder->config.token_types > 0)
            kernels->add(sums->token_type_embeddings + begin, gradient, columns);
    }
}

static void embedding_backward(struct backward *pass) {
    struct encoder *encoder = pass->encoder;
    struct pool *pool = encoder->compute.pool;
    int hidden = encoder->config.hidden, rows = encoder->tokens;
    pool_run(pool, encoder_row_tasks(rows), embedding_rows, pass);
    add_sums(encoder, rows, pass->gradients->embedding_norm_weight, 0, hidden);
    add_sums(encoder, rows, pass->gradients->embedding_norm_bias, 1, hidden);
    pool_run(pool, (hidden + COLUMNS_PER_TASK - 1) / COLUMNS_PER_TASK, embedding_columns, pass);
}

/* A layer's weights are wanted all or none. */
static int lowest_layer(const struct backward *pass) {
    const struct encoder *encoder = pass->encoder;
    int layers = encoder->config.layers, layer = 0;
    if (pass->gradients->word_embeddings || encoder->options.gate_gradients)
        return 0;
    while (layer < layers && !pass->gradients->layer[layer].query_weight)
        layer++;
    return layer;
}

int encoder_backward(struct encoder *encoder, const struct weights *weights,
                     const float *logit_gradients, struct weights *gradients,
                     struct sawb_error *error) {
    if (encoder->mode != ENCODER_TRAINING)
        return error_set(error, "encoder: a backward pass needs an encoder in training mode");
    if (encoder->state != ENCODER_FORWARDED)
        return error_set(error, "encoder: a backward pass follows a forward pass, once");
    struct backward pass = {.encoder = encoder, .weights = weights, .gradients = gradients};
    pass.lowest = lowest_layer(&pass);
    classifier_backward(&pass, logit_gradients);
    profile_lap(encoder->compute.profile, OPERATION_CLASSIFIER, 0, 0);
    for (pass.layer = encoder->config.layers - 1; pass.layer >= pass.lowest; pass.layer--) {
        if (backward_layer(&pass, error) < 0) {
            encoder->state = ENCODER_EMPTY;
            return -1;
        }
    }
    if (gradients->word_embeddings)
        embedding_backward(&pass);
    encoder_lap_rows(encoder, OPERATION_EMBEDDING_BACKWARD, encoder->tokens, 4,
                     encoder->config.hidden);
    encoder->state = ENCODER_EMPTY;
    return 0;
}
