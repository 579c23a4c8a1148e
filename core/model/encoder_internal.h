/*
 * encoder_internal.h - what the forward and the backward pass share.
 */
#ifndef SAWB_CORE_MODEL_ENCODER_INTERNAL_H
#define SAWB_CORE_MODEL_ENCODER_INTERNAL_H

#include "core/kernel/attention.h"
#include "core/kernel/kernels.h"
#include "core/kernel/matmul.h"
#include "core/model/encoder.h"

/*
 *   EMPTY ── encoder_forward ──▶ FORWARDED ── encoder_backward ──▶ EMPTY
 *     ▲                             │  ▲
 *     └── a forward pass failed ────┘  └── encoder_forward
 */
enum encoder_state { ENCODER_EMPTY, ENCODER_FORWARDED };

/* Activations of one layer. In ENCODER_INFERENCE all layers share one of these. */
struct layer_buffers {
    float *query, *key, *value; /* [N,C] */
    float *probabilities; /* [NH, Σ T²]: of sentence b and head h at NH * pair_offsets[b] + h T² */
    float *context;       /* [N,C] heads' outputs side by side */
    float *attention_sum;                    /* [N,C] before the layer norm */
    float *attention_mean, *attention_scale; /* [N] */
    float *attention_out;                    /* [N,C] */
    float *before, *activated;               /* [N,F] around the activation */
    float *output_sum;                       /* [N,C] before the layer norm */
    float *output_mean, *output_scale;       /* [N] */
    float *out;                              /* [N,C]; the next layer's input */
};

/* Gradients on the way down; ENCODER_TRAINING only. */
struct gradient_buffers {
    float *out, *inner;         /* [N,C] */
    float *query, *key, *value; /* [N,C] */
    float *context;             /* [N,C] */
    float *wide;                /* [N,F] */
    float *pooled, *first;      /* [B,C] */
};

struct encoder {
    struct model_config config;
    enum encoder_mode mode;
    enum encoder_state state;
    struct compute compute;
    struct encoder_options options; /* of the last forward pass */

    /* What there is room for. */
    int token_room, sentence_room;
    size_t pair_room;

    /* The last batch. */
    int sentences, tokens;
    int *ids, *positions; /* [N] */
    int *offsets;         /* [B+1] */
    size_t *pair_offsets; /* [B+1] Σ T² of the sentences before */
    uint64_t *kept;       /* [B,NH] of the layer at work */
    uint64_t kept_pairs, valid_pairs;

    /* One block each, cut up by encoder_reserve. */
    void *block;
    float *embedding_sum, *embedding_mean, *embedding_scale, *embedded;
    struct layer_buffers *layers; /* [L] */
    float *scratch;               /* [NH, Σ T²] */
    uint8_t *mask;                /* [NH, Σ T²] */
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

/* The residual sum and layer norm that end each half of a layer: out = LN(residual + dropout(sum)).
 */
struct encoder_norm {
    float *out, *sum;           /* [N,C] */
    float *mean, *scale;        /* [N] */
    const float *residual;      /* [N,C] */
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

/* One head of one sentence, index = b NH + h, as the attention kernels take it. */
struct attention_head encoder_attention_head(const struct encoder *encoder, int layer, int index);

/* Offset of that head in a [N,C] matrix. */
size_t encoder_head_offset(const struct encoder *encoder, int index);

/* Rows are handed to the pool in pieces of this many, whatever the number of threads. */
#define ROWS_PER_TASK 32

static inline int encoder_row_tasks(const struct encoder *encoder) {
    return (encoder->tokens + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
}

static inline int encoder_task_rows(const struct encoder *encoder, int task) {
    int left = encoder->tokens - task * ROWS_PER_TASK;
    return left < ROWS_PER_TASK ? left : ROWS_PER_TASK;
}

#endif
