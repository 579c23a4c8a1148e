/*
 * encoder.h - the forward and backward pass of a BERT or DistilBERT sequence classifier.
 *
 *     struct encoder *encoder;
 *     encoder_create(&encoder, &model->config, ENCODER_INFERENCE, compute, &error);
 *     encoder_reserve(encoder, tokens, sentences, &error);
 *     encoder_forward(encoder, &model->weights, &batch, &options, logits, &error);
 *     encoder_free(encoder);
 *
 * Sentences of a batch are packed without padding: N tokens in all, sentence b holds tokens
 * offsets[b] .. offsets[b+1]-1. Attention runs inside each sentence. Shapes are row-major:
 * x [N,C], scores [NH,T,T] for one sentence, logits [B,K].
 */
#ifndef SAWB_CORE_MODEL_ENCODER_H
#define SAWB_CORE_MODEL_ENCODER_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/kernel/compute.h"
#include "core/kernel/mask.h"
#include "core/model/weights.h"

struct encoder;

enum encoder_mode {
    ENCODER_INFERENCE, /* forward only; activations of one layer at a time */
    ENCODER_TRAINING   /* keeps what the backward pass needs */
};

struct encoder_batch {
    int sentences;      /* B */
    const int *offsets; /* [B+1]; offsets[0] = 0, offsets[B] = N */
    const int *ids;     /* [N] word piece ids */
};

/* What of a batch stands before the part of it that a pass is given: where dropout and patterns are
 * drawn by place, the part draws what it would within the whole. */
struct encoder_place {
    int sentences, tokens;
    size_t pairs; /* Σ T² */
};

/* What is kept of one sentence (B must be 1) for viewing; any pointer may be NULL. */
struct encoder_capture {
    float *scores;        /* [L,NH,T,T] Q Kᵀ / √HS, before mask and softmax */
    uint8_t *mask;        /* [L,NH,T,T] 1 kept, 0 removed */
    float *hidden_states; /* [L+1,T,C] the embeddings' output, then each layer's */
};

struct encoder_options {
    const struct mask_source *mask;  /* NULL: dense */
    uint64_t seed;                   /* of random patterns */
    uint64_t mask_step;              /* of patterns redrawn each training step */
    struct encoder_capture *capture; /* NULL: nothing is kept */
    /* Dropout; all 0 in evaluation. Only in ENCODER_TRAINING. */
    float hidden_dropout, attention_dropout, classifier_dropout;
    uint64_t dropout_seed, dropout_step;
    struct encoder_place before; /* zero: the batch is whole */
    /* [L,B,NH] The backward pass writes d loss / d ξ at ξ = 1 of a gate ξ that multiplies a head's
     * output: Σ output · its gradient over the sentence. NULL: not wanted. Only in
     * ENCODER_TRAINING. */
    double *gate_gradients;
};

int encoder_create(struct encoder **encoder, const struct model_config *config,
                   enum encoder_mode mode, const struct compute *compute, struct sawb_error *error);
void encoder_free(struct encoder *encoder); /* NULL is fine */

/*
 * Makes room for batches of up to `tokens` tokens (N) in `sentences` sentences (B). Rooms only
 * grow. encoder_forward calls it by itself; called before with the largest sizes to come, no later
 * step allocates, but for what patterns other than dense need, and the last layer of several
 * sentences in ENCODER_INFERENCE (attention_bytes of width C).
 */
int encoder_reserve(struct encoder *encoder, int tokens, int sentences, struct sawb_error *error);

/* The bytes of what an encoder reserves for so much, but for its attention's (attention_bytes); 0
 * when out of memory. */
size_t encoder_bytes(const struct model_config *config, enum encoder_mode mode, int tokens,
                     int sentences);

/*
 * Writes logits [B,K]. They do not depend on threads; in ENCODER_INFERENCE those of several
 * sentences are those of each alone but for rounding. An error when an id lies outside the
 * vocabulary, a sentence is empty or longer than the positions, or there is not enough memory.
 */
int encoder_forward(struct encoder *encoder, const struct weights *weights,
                    const struct encoder_batch *batch, const struct encoder_options *options,
                    float *logits, struct sawb_error *error);

/*
 * Adds the gradient of the last forward pass's batch to `gradients`, given d loss / d logits [B,K].
 * ENCODER_TRAINING only, once after each forward pass and with the same weights; anything else is
 * an error. Weights whose pointer in `gradients` is NULL (weights_prepare) are passed over, those
 * of a layer or of the embeddings all or none; where all below a layer are (and no gate_gradients
 * are wanted), the pass ends there.
 */
int encoder_backward(struct encoder *encoder, const struct weights *weights,
                     const float *logit_gradients, struct weights *gradients,
                     struct sawb_error *error);

/* Of the last forward pass: pairs kept by the masks and all valid pairs, over sentences, layers and
 * heads. */
void encoder_pairs(const struct encoder *encoder, uint64_t *kept, uint64_t *valid);

/* Mean cross-entropy of logits [B,K] at labels [B] with label smoothing; with gradients [B,K] also
 * d loss / d logits. */
double cross_entropy(const float *logits, const int *labels, int sentences, int classes,
                     double smoothing, float *gradients);

/* The label of logits [K]: the largest, of equals the first. */
int label_of(const float *logits, int classes);

/* probabilities [K] of logits [K]. */
void probabilities_of(const float *logits, int classes, float *probabilities);

#endif
