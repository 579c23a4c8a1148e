/*
 * encoder_internal.h - what the forward and the backward pass share.
 */
#ifndef SAWB_CORE_MODEL_ENCODER_INTERNAL_H
#define SAWB_CORE_MODEL_ENCODER_INTERNAL_H

#include "core/kernel/attention.h"
#include "core/kernel/kernels.h"
#include "core/kernel/matmul.h"
#include "core/kernel/profile.h"
#include "core/model/encoder.h"

/*
 *   EMPTY ── encoder_forward ──▶ FORWARDED ── encoder_backward ──▶ EMPTY
 *     ▲                             │  ▲
 *     └── a forward pass failed ────┘  └── encoder_forward
 */
enum encoder_state { ENCODER_EMPTY, ENCODER_FORWARDED };

/* Activations of one layer; behind `context` only of the rows that go on (encoder_rows). In
 * ENCODER_INFERENCE all layers share one of these. */
struct layer_buffers {
    float *query, *key, *value;              /* [N,C] */
    float *context;                          /* [N,C] heads' outputs side by side */
    float *log_sums;                         /* [N,NH] of the softmax; NULL in ENCODER_INFERENCE */
    float *attention_sum;                    /* [N,C] before the layer norm */
    float *attention_mean, *attention_scale; /* [N] */
    float *attention_out;                    /* [N,C] */
    float *slope, *activated;          /* [N,F] the activation, and its derivative there (NULL in
                                          ENCODER_INFERENCE) */
    float *output_sum;                 /* [N,C] before the layer norm */
    float *output_mean, *output_scale; /* [N] */
    float *out;                        /* [N,C]; the next layer's input */
};

#define SUMS_MOST 3 /* of one kind of task over rows */

/* Gradients on the way down; ENCODER_TRAINING only. */
struct gradient_buffers {
    float *out, *inner;         /* [N,C] */
    float *query, *key, *value; /* [N,C] */
    float *context;             /* [N,C] */
    float *wide;                /* [N,F] */
    float *sums; /* [tasks over rows,SUMS_MOST,F or C] for biases and norms, of each task */
    float *pooled, *first; /* [B,C] */
};

struct encoder {
    struct model_config config;
    enum encoder_mode mode;
    enum encoder_state state;
    struct compute compute;
    struct attention *attention;
    struct encoder_options options; /* of the last forward pass */

    /* What there is room for. */
    int token_room, sentence_room;

    /* The last batch. */
    int sentences, tokens;
    int *ids, *positions; /* [N] */
    int *offsets;         /* [B+1] */
    uint64_t *kept;       /* [B,NH] of the layer at work */
    uint64_t kept_pairs;  /* of all layers so far */
    size_t pairs;         /* Σ T² */

    /* One block each, cut up by encoder_reserve. */
    void *block;
    float *embedding_sum, *embedding_mean, *embedding_scale, *embedded;
    struct layer_buffers *layers; /* [L] */
    float *first, *pooled,
        *pooled_dropped; /* [B,C] [CLS] of each sentence, after the pooler, after dropout */
    struct gradient_buffers gradients;
};

/* Where dropout strikes; each place and layer has a stream of its own. */
enum dropout_site {
    SITE_ATTENTION,
    SITE_ATTENTION_OUT,
    SITE_OUTPUT,
    SITES_PER_LAYER,
    SITE_EMBEDDING = 1 << 20,
    SITE_CLASSIFIER
};

struct dropout encoder_dropout(const struct encoder *encoder, float rate, int site);

/* The classifier reads the first token of each sentence: what becomes of the others after the
 * attention of the last layer is worked out only for those who look at hidden states. */
static inline int encoder_ends_in_first(const struct encoder *encoder, int layer) {
    const struct encoder_capture *capture = encoder->options.capture;
    return layer == encoder->config.layers - 1 && !(capture && capture->hidden_states);
}

/* Rows that go on after the attention of a layer: N, or B. */
static inline int encoder_rows(const struct encoder *encoder, int layer) {
    return encoder_ends_in_first(encoder, layer) ? encoder->sentences : encoder->tokens;
}

/* to [B,C] gets the rows of `from` [N,C] at which sentences begin. */
void encoder_take_first(const struct encoder *encoder, float *to, const float *from);

/* The residual sum and layer norm that end each half of a layer, over the rows that go on:
 * out = LN(residual + dropout(sum)). */
struct encoder_norm {
    int rows;
    uint32_t stream;            /* of dropout, where the first row begins */
    float *out, *sum;           /* [rows,C] */
    float *mean, *scale;        /* [rows] */
    const float *residual;      /* [rows,C] */
    const float *weight, *bias; /* [C] */
    struct dropout dropout;
};

/* After the attention, and after the feed-forward part. */
struct encoder_norm encoder_attention_norm(const struct encoder *encoder,
                                           const struct layer_weights *weights, int layer);
struct encoder_norm encoder_output_norm(const struct encoder *encoder,
                                        const struct layer_weights *weights, int layer);

/* The input of a layer: what the layer before put out, or the embeddings. [N,C] */
float *encoder_layer_input(const struct encoder *encoder, int layer);

/* The heads of a layer, as attention takes them; both passes work on the same. */
struct attention_batch encoder_attention(const struct encoder *encoder, int layer);

/* Where the dropout streams of [N,C] and [B,C] begin for a row, and for the sentences. */
static inline uint32_t encoder_row_stream(const struct encoder *encoder, size_t row) {
    return (uint32_t)(((size_t)encoder->options.before.tokens + row) *
                      (size_t)encoder->config.hidden);
}

static inline uint32_t encoder_sentence_stream(const struct encoder *encoder) {
    return (uint32_t)encoder->options.before.sentences * (uint32_t)encoder->config.hidden;
}

/* Laps of the profile, if there is one: what read and wrote `passes` matrices [N,columns]; a
 * product over all tokens; attention, which multiplies `products` times T² by HS for each head. */
static inline void encoder_lap_rows(const struct encoder *encoder, enum operation operation,
                                    int rows, double passes, int columns) {
    profile_lap(encoder->compute.profile, operation, 0, sizeof(float) * passes * rows * columns);
}

static inline void encoder_lap_product(const struct encoder *encoder, enum operation operation,
                                       int rows, int out, int in) {
    profile_lap(encoder->compute.profile, operation, 2.0 * rows * out * in, 0);
}

static inline void encoder_lap_attention(const struct encoder *encoder, enum operation operation,
                                         int products) {
    profile_lap(encoder->compute.profile, operation,
                2.0 * products * (double)encoder->pairs * encoder->config.hidden, 0);
}

/* Rows are handed to the pool in pieces of this many, whatever the number of threads. */
#define ROWS_PER_TASK 32

static inline int encoder_row_tasks(int rows) {
    return (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
}

static inline int encoder_task_rows(int rows, int task) {
    int left = rows - task * ROWS_PER_TASK;
    return left < ROWS_PER_TASK ? left : ROWS_PER_TASK;
}

#endif
