/*
 * attention.h - scaled dot-product attention of one head over one sentence.
 *
 * The plain form: it keeps the probabilities, which the viewer shows and the backward pass needs.
 * Source: Vaswani et al. 2017 (arXiv 1706.03762). A = softmax(Q Kᵀ / √HS, where kept), out =
 * dropout(A) V.
 */
#ifndef SAWB_CORE_KERNEL_ATTENTION_H
#define SAWB_CORE_KERNEL_ATTENTION_H

#include <stdint.h>

#include "core/kernel/kernels.h"
#include "core/kernel/mask.h"

struct attention_head {
    int tokens;                       /* T */
    int width;                        /* HS */
    size_t stride;                    /* C: distance of two tokens in query, key, value and out */
    const float *query, *key, *value; /* [T,HS] */
    float *probabilities;             /* [T,T] */
    float *scratch;                   /* [T,T] */
    uint8_t *mask;                    /* [T,T], room for the pattern */
    const struct mask_source *source; /* NULL: dense */
    struct mask_request request;      /* layer, head, seed, step; the rest is filled in */
    struct dropout dropout;
    uint32_t first; /* index of the first pair for the dropout stream */
};

/*
 * Writes out [T,HS] and probabilities (before dropout). `scores` [T,T] and `kept` [T,T], when not
 * NULL, get the scores before the softmax and the mask. Returns the number of pairs kept.
 */
uint64_t attention_forward(const struct attention_head *head, const struct kernels *kernels,
                           float *out, float *scores, uint8_t *kept);

/* Writes the gradients of query, key and value [T,HS] (stride C) from that of out [T,HS] and the
 * probabilities the forward pass left. */
void attention_backward(const struct attention_head *head, const struct kernels *kernels,
                        const float *out_gradient, float *query_gradient, float *key_gradient,
                        float *value_gradient);

#endif
