/*
 * mask.h - what attention asks of whoever decides which pairs are kept.
 *
 * Kernels and the encoder know no patterns: they are handed a `mask_source` (core/sparsity makes
 * one) and apply what it writes before the softmax.
 */
#ifndef SAWB_CORE_KERNEL_MASK_H
#define SAWB_CORE_KERNEL_MASK_H

#include <stdint.h>

enum mask_kind {
    MASK_DENSE,    /* every pair is kept; the mask was not written */
    MASK_PATTERN,  /* the mask was written, every row keeps at least one key */
    MASK_HEAD_OFF, /* the head's output is zero; the mask was not written and counts as all 0 */
};

struct mask_request {
    int layer, head;
    int sentence;        /* of the batch, from 0 */
    int tokens;          /* n: valid tokens, no padding */
    const float *scores; /* [n,n] before the softmax; NULL when needs_scores says 0 */
    uint64_t seed;       /* for random patterns */
    uint64_t step;       /* training step, for random(s, step) */
};

struct mask_source {
    /* 1 when this head's pattern looks at the scores. */
    int (*needs_scores)(const void *user, int layer, int head);
    /* Writes mask [n,n] (1 kept, 0 removed). Called from several threads at once. */
    enum mask_kind (*fill)(const void *user, const struct mask_request *request, uint8_t *mask);
    const void *user;
};

#endif
