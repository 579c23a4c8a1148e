/*
 * weights.h - every weight of the encoder, declared once.
 *
 * A row: field, rows, columns (1 row: a vector), kind, BERT's name, DistilBERT's name (NULL: the
 * family has no such weight). Matrices are row-major [out, in], as PyTorch keeps them: y = x Wᵀ +
 * b.
 */
#ifndef SAWB_CORE_MODEL_WEIGHTS_H
#define SAWB_CORE_MODEL_WEIGHTS_H

#include <stddef.h>

#include "core/model/config.h"

/* Sizes are written with the members of `c`, a const struct model_config pointer. */
#define WEIGHTS_EMBEDDING(W)                                                                       \
    W(word_embeddings, c->vocabulary, c->hidden, MATRIX, "embeddings.word_embeddings.weight",      \
      "embeddings.word_embeddings.weight")                                                         \
    W(position_embeddings, c->positions, c->hidden, MATRIX,                                        \
      "embeddings.position_embeddings.weight", "embeddings.position_embeddings.weight")            \
    W(token_type_embeddings, c->token_types, c->hidden, MATRIX,                                    \
      "embeddings.token_type_embeddings.weight", NULL)                                             \
    W(embedding_norm_weight, 1, c->hidden, NORM, "embeddings.LayerNorm.weight",                    \
      "embeddings.LayerNorm.weight")                                                               \
    W(embedding_norm_bias, 1, c->hidden, BIAS, "embeddings.LayerNorm.bias",                        \
      "embeddings.LayerNorm.bias")

#define WEIGHTS_LAYER(W)                                                                           \
    W(query_weight, c->hidden, c->hidden, MATRIX, "attention.self.query.weight",                   \
      "attention.q_lin.weight")                                                                    \
    W(query_bias, 1, c->hidden, BIAS, "attention.self.query.bias", "attention.q_lin.bias")         \
    W(key_weight, c->hidden, c->hidden, MATRIX, "attention.self.key.weight",                       \
      "attention.k_lin.weight")                                                                    \
    W(key_bias, 1, c->hidden, BIAS, "attention.self.key.bias", "attention.k_lin.bias")             \
    W(value_weight, c->hidden, c->hidden, MATRIX, "attention.self.value.weight",                   \
      "attention.v_lin.weight")                                                                    \
    W(value_bias, 1, c->hidden, BIAS, "attention.self.value.bias", "attention.v_lin.bias")         \
    W(attention_output_weight, c->hidden, c->hidden, MATRIX, "attention.output.dense.weight",      \
      "attention.out_lin.weight")                                                                  \
    W(attention_output_bias, 1, c->hidden, BIAS, "attention.output.dense.bias",                    \
      "attention.out_lin.bias")                                                                    \
    W(attention_norm_weight, 1, c->hidden, NORM, "attention.output.LayerNorm.weight",              \
      "sa_layer_norm.weight")                                                                      \
    W(attention_norm_bias, 1, c->hidden, BIAS, "attention.output.LayerNorm.bias",                  \
      "sa_layer_norm.bias")                                                                        \
    W(intermediate_weight, c->feed_forward, c->hidden, MATRIX, "intermediate.dense.weight",        \
      "ffn.lin1.weight")                                                                           \
    W(intermediate_bias, 1, c->feed_forward, BIAS, "intermediate.dense.bias", "ffn.lin1.bias")     \
    W(output_weight, c->hidden, c->feed_forward, MATRIX, "output.dense.weight", "ffn.lin2.weight") \
    W(output_bias, 1, c->hidden, BIAS, "output.dense.bias", "ffn.lin2.bias")                       \
    W(output_norm_weight, 1, c->hidden, NORM, "output.LayerNorm.weight",                           \
      "output_layer_norm.weight")                                                                  \
    W(output_norm_bias, 1, c->hidden, BIAS, "output.LayerNorm.bias", "output_layer_norm.bias")

#define WEIGHTS_HEAD(W)                                                                            \
    W(pooler_weight, c->hidden, c->hidden, MATRIX, "pooler.dense.weight", "pre_classifier.weight") \
    W(pooler_bias, 1, c->hidden, BIAS, "pooler.dense.bias", "pre_classifier.bias")                 \
    W(classifier_weight, c->labels, c->hidden, MATRIX, "classifier.weight", "classifier.weight")   \
    W(classifier_bias, 1, c->labels, BIAS, "classifier.bias", "classifier.bias")

/* Each weight begins a cache line, which is also the size of the widest vectors. */
#define WEIGHT_ALIGNMENT ((size_t)64)

enum weight_kind { WEIGHT_MATRIX, WEIGHT_BIAS, WEIGHT_NORM };

struct packed_weights; /* packed.h */

#define WEIGHTS_FIELD(field, rows, columns, kind, bert, distilbert) float *field;
struct layer_weights {
    WEIGHTS_LAYER(WEIGHTS_FIELD)
};
struct weights {
    WEIGHTS_EMBEDDING(WEIGHTS_FIELD)
    WEIGHTS_HEAD(WEIGHTS_FIELD)
    struct layer_weights *layer;   /* [L] */
    void *block;                   /* holds the weights that lie in no mapped file; NULL: all do */
    struct packed_weights *packed; /* of an opened model, which owns it; NULL: these may change */
};
#undef WEIGHTS_FIELD

#define WEIGHT_NAME_BYTES 96

/* One weight of a model, as the walk meets it. */
struct weight {
    char name[WEIGHT_NAME_BYTES]; /* as in a checkpoint of a sequence classifier, e.g.
                                     "bert.encoder.layer.0. ..." */
    const char *bare;  /* the same without the "bert." or "distilbert." prefix (points into name) */
    float **pointer;   /* where the field stands */
    int rows, columns; /* [rows, columns]; a vector has rows 1 */
    int dimensions;    /* 1 or 2 */
    size_t count;      /* rows * columns */
    enum weight_kind kind;
    int layer;   /* 0.. of an encoder layer, -1 otherwise */
    int is_head; /* pooler or classifier */
};

/* How many weights there are: weights_get takes 0 <= index < weights_count. */
int weights_count(const struct model_config *config);

/* Weight `index`, in the order of declaration (embeddings, layers, head). `weights` may be NULL
 * when only names and shapes are wanted. */
void weights_get(const struct model_config *config, struct weights *weights, int index,
                 struct weight *weight);

size_t weights_total(const struct model_config *config); /* floats of all weights together */

/*
 * In two steps, for weights some of which lie elsewhere: weights_prepare leaves every pointer NULL;
 * after some were set to borrowed memory, weights_fill makes one zeroed block for those that are
 * still NULL, each aligned to 64 bytes. On failure weights_free takes away what there is.
 */
int weights_prepare(struct weights *weights, const struct model_config *config,
                    struct sawb_error *error);
int weights_fill(struct weights *weights, const struct model_config *config,
                 struct sawb_error *error);

/* One zeroed block for all weights of a model (weights, gradients or a moment of the optimiser),
 * pointers set. Free with weights_free. */
int weights_allocate(struct weights *weights, const struct model_config *config,
                     struct sawb_error *error);
void weights_free(struct weights *weights, const struct model_config *config);

#endif
