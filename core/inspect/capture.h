/*
 * capture.h - everything one forward pass of one sentence shows, kept for viewing.
 *
 *     capture_run(&capture, model, sparsity, "a fine film", 1, &compute, &error);
 *     capture_attention(capture, capture_head(capture, layer, head), T, attention);
 *     ... attention[query * T + key] ...
 *     capture_free(capture);
 *
 * Scores and mask are kept. The attention is their softmax, worked out by who looks at it: that
 * takes no more time than to write it in the pass and read it again, and half of the memory.
 *
 * What holds of every capture: where the mask is 0 the attention is 0; a row of the attention sums
 * to 1, or to 0 in a head that is off; the diagonal of a row that would keep nothing is kept.
 */
#ifndef SAWB_CORE_INSPECT_CAPTURE_H
#define SAWB_CORE_INSPECT_CAPTURE_H

#include <stdint.h>

#include "core/kernel/compute.h"
#include "core/model/model.h"
#include "core/sparsity/sparsity.h"
#include "core/text/tokenizer.h"

struct capture {
    char *text;
    struct encoding encoding; /* T tokens */
    char **pieces;            /* [T] spelling of each token */
    int layers, heads, hidden, labels;
    float *scores;                 /* [L,NH,T,T] before the softmax, Q Kᵀ / √HS */
    uint8_t *mask;                 /* [L,NH,T,T] 1 kept, 0 removed; or [T,T], see all_kept */
    int all_kept;                  /* 1: by all heads, whose mask is one and the same */
    const struct kernels *kernels; /* that made it, whose softmax gives the attention */
    float *logits, *probabilities; /* [K] */
    int label;                     /* the most probable; of equals the first */
    char label_name[MODEL_LABEL_BYTES];
    char *spec;             /* the specification as given */
    char *pattern;          /* with presets written out */
    double target;          /* -1: none */
    double realised;        /* over all layers and heads */
    uint64_t seed;          /* of random patterns */
    uint64_t training_step; /* 0: not from a run in training */
    double milliseconds;    /* of the forward pass */
    double *metrics;        /* [L,NH,METRICS] see metrics.h; NULL: not measured */
};

/*
 * Tokenises (cut to the model's limit: encoding.truncated), runs and keeps. The caller owns
 * *capture, which is NULL after an error: the text is not UTF-8, the pattern names a layer or head
 * that the model does not have, there is not enough memory.
 */
int capture_run(struct capture **capture, const struct model *model,
                const struct sparsity *sparsity, const char *text, uint64_t seed,
                const struct compute *compute, struct sawb_error *error);
void capture_free(struct capture *capture); /* NULL is fine */

/* Memory for scores or mask of a capture that is made in another way. Not cleared. NULL: there is
 * none. Free with free. */
void *capture_memory(size_t bytes);

/* Where [T,T] of one head begin. */
static inline size_t capture_head(const struct capture *capture, int layer, int head) {
    size_t tokens = (size_t)capture->encoding.count;
    return ((size_t)layer * (size_t)capture->heads + (size_t)head) * tokens * tokens;
}

/* The mask of the pairs from `at` on, to the end of their head. */
static inline const uint8_t *capture_mask(const struct capture *capture, size_t at) {
    size_t pairs = (size_t)capture->encoding.count * (size_t)capture->encoding.count;
    return capture->mask + (capture->all_kept ? at % pairs : at);
}

/* mask [L,NH,T,T] of all heads. */
void capture_masks(const struct capture *capture, uint8_t *mask);

/* Gives a capture that has none the mask that keeps all pairs. -1 when out of memory. */
int capture_keep_all(struct capture *capture);

/* attention [rows,T] of the rows of pairs from `at` on, the first one of a row: one, those of a
 * head, or of all. */
void capture_attention(const struct capture *capture, size_t at, int rows, float *attention);

/*
 * Writes scores, attention, mask (U8) and logits as safetensors, shaped as above, and hidden_states
 * [L+1,T,C], the embeddings' output and each layer's, for which the sentence runs once more; with
 * text, spec, pattern, seed, model and version as metadata. With `label` >= 0 also grad.<name> for
 * every weight: the gradient of the cross-entropy at that label, dropout off, under the same
 * pattern. `model` and `sparsity` are those the capture was made with.
 */
int capture_export(const struct capture *capture, const struct model *model,
                   const struct sparsity *sparsity, int label, const char *path,
                   const struct compute *compute, struct sawb_error *error);

#endif
