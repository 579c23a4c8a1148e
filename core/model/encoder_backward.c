/*
 * encoder_backward.c - the backward pass of the encoder.
 *
 * The gradient of a layer's output arrives in gradients->out and leaves there as that of its input.
 * Weight gradients are added up by columns or rows of the weight, so that their sums do not depend
 * on threads.
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

/* Leaves out the products that nobody wants: their result has no place. */
static void run_products(const struct encoder *encoder, const struct matmul *products, int count) {
    struct matmul wanted[PRODUCTS_MOST];
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (products[i].y)
            wanted[kept++] = products[i];
    matmul_run(&encoder->compute, wanted, kept);
}

/* ---- sums over rows, by columns -------------------------------------------------------------- */

struct column_job {
    const struct encoder *encoder;
    float *sums;      /* of a bias; or of a norm's bias */
    float *norm_sums; /* of a norm's weight; NULL: a plain bias */
    const float *x;   /* [N,columns] */
    const float *sum, *mean, *scale;
    int columns;
};

static void sum_columns(void *user, int task) {
    const struct column_job *job = user;
    const struct kernels *kernels = job->encoder->compute.kernels;
    int begin = task * COLUMNS_PER_TASK, rows = job->encoder->tokens;
    int columns = job->columns - begin;
    columns = columns < COLUMNS_PER_TASK ? columns : COLUMNS_PER_TASK;
    size_t stride = (size_t)job->columns;
    if (job->norm_sums)
        kernels->norm_backward_weights(job->norm_sums + begin, job->sums + begin, job->x + begin,
                                       job->sum + begin, job->mean, job->scale, rows, columns,
                                       stride);
    else
        kernels->column_sums(job->sums + begin, job->x + begin, rows, columns, stride);
}

static void run_column_job(const struct encoder *encoder, struct column_job job) {
    job.encoder = encoder;
    if (!job.sums)
        return;
    pool_run(encoder->compute.pool, (job.columns + COLUMNS_PER_TASK - 1) / COLUMNS_PER_TASK,
             sum_columns, &job);
}

static void bias_gradient(const struct encoder *encoder, float *gradient, const float *y_gradient,
                          int columns) {
    run_column_job(encoder,
                   (struct column_job){.sums = gradient, .x = y_gradient, .columns = columns});
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* out: gradient of the norm's output -> of the sum before it; inner: that after dropout. */
static void norm_rows(void *user, int task) {
    const struct backward *pass = user;
    struct encoder *encoder = pass->encoder;
    const struct encoder_norm *norm = &pass->norm;
    const struct kernels *kernels = encoder->compute.kernels;
    int hidden = encoder->config.hidden, rows = encoder_task_rows(encoder, task);
    size_t begin = (size_t)task * ROWS_PER_TASK, at = begin * (size_t)hidden;
    float *out = encoder->gradients.out + at;
    kernels->norm_backward(out, out, norm->sum + at, norm->mean + begin, norm->scale + begin,
                           norm->weight, rows, hidden);
    kernels->dropout(encoder->gradients.inner + at, out, (size_t)rows * (size_t)hidden,
                     &norm->dropout, (uint32_t)at);
}

/* The norm that pass->norm describes: its weights' gradients, then its rows. */
static void norm_backward(struct backward *pass, float *weight_gradient, float *bias_sums) {
    struct encoder *encoder = pass->encoder;
    run_column_job(encoder, (struct column_job){.sums = bias_sums,
                                                .norm_sums = weight_gradient,
                                                .x = encoder->gradients.out,
                                                .sum = pass->norm.sum,
                                                .mean = pass->norm.mean,
                                                .scale = pass->norm.scale,
                                                .columns = encoder->config.hidden});
    pool_run(encoder->compute.pool, encoder_row_tasks(encoder), norm_rows, pass);
}

static void activation_rows(void *user, int task) {
    const struct backward *pass = user;
    struct encoder *encoder = pass->encoder;
    const struct kernels *kernels = encoder->compute.kernels;
    size_t wide = (size_t)encoder->config.feed_forward, at = (size_t)task * ROWS_PER_TASK * wide;
    size_t count = (size_t)encoder_task_rows(encoder, task) * wide;
    const float *before = encoder->layers[pass->layer].before + at;
    float *gradient = encoder->gradients.wide + at;
    if (encoder->config.activation == ACTIVATION_GELU)
        kernels->gelu_backward(gradient, before, count);
    else
        kernels->relu_backward(gradient, before, count);
}

/* How the loss changes with a gate on this head's output. */
static double gate_gradient(const struct attention_head *head, const float *out,
                            const float *out_gradient) {
    double sum = 0.0;
    for (int token = 0; token < head->tokens; token++) {
        size_t row = (size_t)token * head->stride;
        for (int i = 0; i < head->width; i++)
            sum += (double)out[row + (size_t)i] * (double)out_gradient[row + (size_t)i];
    }
    return sum;
}

static void attention_head_backward(void *user, int index) {
    const struct backward *pass = user;
    struct encoder *encoder = pass->encoder;
    struct gradient_buffers *gradients = &encoder->gradients;
    struct attention_head head = encoder_attention_head(encoder, pass->layer, index);
    size_t at = encoder_head_offset(encoder, index);
    double *gates = encoder->options.gate_gradients;
    if (gates)
        gates[pass->layer * encoder->sentences * encoder->config.heads + index] = gate_gradient(
            &head, encoder->layers[pass->layer].context + at, gradients->context + at);
    attention_backward(&head, encoder->compute.kernels, gradients->context + at,
                       gradients->query + at, gradients->key + at, gradients->value + at);
}

/* ---- a layer --------------------------------------------------------------------------------- */

static void feed_forward_backward(struct backward *pass) {
    struct encoder *encoder = pass->encoder;
    const struct compute *compute = &encoder->compute;
    const struct layer_weights *weights = &pass->weights->layer[pass->layer];
    struct layer_weights *sums = &pass->gradients->layer[pass->layer];
    const struct layer_buffers *buffers = &encoder->layers[pass->layer];
    struct gradient_buffers *gradients = &encoder->gradients;
    int rows = encoder->tokens, hidden = encoder->config.hidden,
        wide = encoder->config.feed_forward;

    pass->norm = encoder_output_norm(encoder, weights, pass->layer);
    norm_backward(pass, sums->output_norm_weight, sums->output_norm_bias);
    bias_gradient(encoder, sums->output_bias, gradients->inner, hidden);
    struct matmul output[2] = {
        weight_product(sums->output_weight, hidden, wide, rows, gradients->inner,
                       buffers->activated),
        input_product(gradients->wide, 0, rows, wide, hidden, gradients->inner,
                      weights->output_weight),
    };
    run_products(encoder, output, 2);
    pool_run(compute->pool, encoder_row_tasks(encoder), activation_rows, pass);
    bias_gradient(encoder, sums->intermediate_bias, gradients->wide, wide);
    struct matmul intermediate[2] = {
        weight_product(sums->intermediate_weight, wide, hidden, rows, gradients->wide,
                       buffers->attention_out),
        input_product(gradients->out, 1, rows, hidden, wide, gradients->wide,
                      weights->intermediate_weight),
    };
    run_products(encoder, intermediate, 2);
}

static void attention_output_backward(struct backward *pass) {
    struct encoder *encoder = pass->encoder;
    const struct layer_weights *weights = &pass->weights->layer[pass->layer];
    struct layer_weights *sums = &pass->gradients->layer[pass->layer];
    const struct layer_buffers *buffers = &encoder->layers[pass->layer];
    struct gradient_buffers *gradients = &encoder->gradients;
    int rows = encoder->tokens, hidden = encoder->config.hidden;

    pass->norm = encoder_attention_norm(encoder, weights, pass->layer);
    norm_backward(pass, sums->attention_norm_weight, sums->attention_norm_bias);
    bias_gradient(encoder, sums->attention_output_bias, gradients->inner, hidden);
    struct matmul products[2] = {
        weight_product(sums->attention_output_weight, hidden, hidden, rows, gradients->inner,
                       buffers->context),
        input_product(gradients->context, 0, rows, hidden, hidden, gradients->inner,
                      weights->attention_output_weight),
    };
    run_products(encoder, products, 2);
}

static void projections_backward(struct backward *pass) {
    struct encoder *encoder = pass->encoder;
    const struct layer_weights *weights = &pass->weights->layer[pass->layer];
    struct layer_weights *sums = &pass->gradients->layer[pass->layer];
    struct gradient_buffers *gradients = &encoder->gradients;
    int rows = encoder->tokens, hidden = encoder->config.hidden;
    const float *x = encoder_layer_input(encoder, pass->layer);

    bias_gradient(encoder, sums->query_bias, gradients->query, hidden);
    bias_gradient(encoder, sums->key_bias, gradients->key, hidden);
    bias_gradient(encoder, sums->value_bias, gradients->value, hidden);
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

static void backward_layer(struct backward *pass) {
    feed_forward_backward(pass);
    attention_output_backward(pass);
    pool_run(pass->encoder->compute.pool, pass->encoder->sentences * pass->encoder->config.heads,
             attention_head_backward, pass);
    projections_backward(pass);
}

/* ---- the ends -------------------------------------------------------------------------------- */

/* B rows only: from the logits' gradient to that of the last layer's output, zero but for [CLS]. */
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
    kernels->dropout(gradients->pooled, gradients->pooled, count, &dropout, 0);
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
    memset(gradients->out, 0, (size_t)encoder->tokens * width * sizeof(float));
    for (int b = 0; b < sentences; b++)
        memcpy(gradients->out + (size_t)encoder->offsets[b] * width,
               gradients->first + (size_t)b * width, width * sizeof(float));
}

static void embedding_dropout_rows(void *user, int task) {
    const struct backward *pass = user;
    struct encoder *encoder = pass->encoder;
    struct dropout dropout =
        encoder_dropout(encoder, encoder->options.hidden_dropout, SITE_EMBEDDING);
    size_t hidden = (size_t)encoder->config.hidden, at = (size_t)task * ROWS_PER_TASK * hidden;
    float *out = encoder->gradients.out + at;
    encoder->compute.kernels->dropout(out, out, (size_t)encoder_task_rows(encoder, task) * hidden,
                                      &dropout, (uint32_t)at);
}

static void embedding_norm_rows(void *user, int task) {
    const struct backward *pass = user;
    struct encoder *encoder = pass->encoder;
    int hidden = encoder->config.hidden;
    size_t begin = (size_t)task * ROWS_PER_TASK, at = begin * (size_t)hidden;
    float *out = encoder->gradients.out + at;
    encoder->compute.kernels->norm_backward(
        out, out, encoder->embedding_sum + at, encoder->embedding_mean + begin,
        encoder->embedding_scale + begin, pass->weights->embedding_norm_weight,
        encoder_task_rows(encoder, task), hidden);
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
    int rows = encoder_row_tasks(encoder), hidden = encoder->config.hidden;
    pool_run(pool, rows, embedding_dropout_rows, pass);
    run_column_job(encoder, (struct column_job){.sums = pass->gradients->embedding_norm_bias,
                                                .norm_sums = pass->gradients->embedding_norm_weight,
                                                .x = encoder->gradients.out,
                                                .sum = encoder->embedding_sum,
                                                .mean = encoder->embedding_mean,
                                                .scale = encoder->embedding_scale,
                                                .columns = hidden});
    pool_run(pool, rows, embedding_norm_rows, pass);
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
    for (pass.layer = encoder->config.layers - 1; pass.layer >= pass.lowest; pass.layer--)
        backward_layer(&pass);
    if (gradients->word_embeddings)
        embedding_backward(&pass);
    encoder->state = ENCODER_EMPTY;
    return 0;
}
