/*
 * mask.h - what attention asks of whoever decides which pairs are kept.
 *
 * Kernels and the encoder know no patterns: they are handed a `mask_source` (core/sparsity makes
 * one) and compute what it keeps. A source may also say what is known of a mask before anything is
 * computed (its shape), so that attention need not ask for it again, or need not compute all scores
 * to ask.
 */
#ifndef SAWB_CORE_KERNEL_MASK_H
#define SAWB_CORE_KERNEL_MASK_H

#include <stdint.h>

#include "core/kernel/largest.h"

enum mask_kind {
    MASK_DENSE,    /* every pair is kept; the mask was not written */
    MASK_PATTERN,  /* the mask was written, every row keeps at least one key */
    MASK_HEAD_OFF, /* the head's output is zero; the mask was not written and counts as all 0 */
};

struct mask_request {
    int layer, head;
    int sentence;        /* of the batch, from 0 */
    int tokens;          /* n: valid tokens, no padding */
    int row, rows;       /* queries [row, row + rows) are asked for; rows 0: all n, from 0 */
    const float *scores; /* [rows,n] before the softmax; NULL when needs_scores says 0 */
    mark_largest *mark;  /* of the instruction set in use; NULL: the portable one */
    uint64_t seed;       /* for random patterns */
    uint64_t step;       /* training step, for random(s, step) */
};

enum mask_form {
    MASK_FORM_ASK,    /* nothing is known: ask for all rows at once */
    MASK_FORM_DENSE,  /* as MASK_DENSE */
    MASK_FORM_OFF,    /* as MASK_HEAD_OFF */
    MASK_FORM_BAND,   /* |i-j| <= width and |i-j| mod step = 0 */
    MASK_FORM_FIXED,  /* a pattern that does not depend on scores */
    MASK_FORM_SCORES, /* one that does */
    MASK_FORM_BLOCKS, /* one of blocks of b x b pairs, chosen by their mean scores */
};

/* What is known of the mask of one head over n tokens. */
struct mask_shape {
    enum mask_form form;
    /* BAND, FIXED: masks of the same identity and the same n are the same. */
    uint64_t identity;
    int width, step; /* BAND */
    int block;       /* BLOCKS: b */
    /* But for ASK, DENSE, OFF: row and rows of a request are multiples of it, or end at n. 0: all n
     * at once. */
    int multiple;
};

/* The least common multiple of two numbers of rows; 0 (all at once) beyond `most`. */
static inline int mask_multiple(int a, int b, int most) {
    int x = a, y = b;
    while (y) {
        int rest = x % y;
        x = y;
        y = rest;
    }
    return a / x > most / b ? 0 : a / x * b;
}

struct mask_source {
    /* 1 when this head's pattern looks at the scores. */
    int (*needs_scores)(const void *user, int layer, int head);
    /* Writes mask [rows,n] (1 kept, 0 removed). Called from several threads at once. */
    enum mask_kind (*fill)(const void *user, const struct mask_request *request, uint8_t *mask);
    const void *user;
    /* Of a request without rows and scores. NULL: MASK_FORM_ASK for all. */
    struct mask_shape (*shape)(const void *user, const struct mask_request *request);
    /* For MASK_FORM_BLOCKS: the same as fill on the grid of blocks. tokens counts blocks, scores
     * [rows,n] are means over the pairs of a block, the mask says which blocks are kept. */
    enum mask_kind (*fill_blocks)(const void *user, const struct mask_request *request,
                                  uint8_t *mask);
};

#endif
