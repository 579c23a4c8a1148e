/*
 * attention_of.h - attention and mask of all heads of a capture at once.
 */
#ifndef SAWB_TESTS_INSPECT_ATTENTION_OF_H
#define SAWB_TESTS_INSPECT_ATTENTION_OF_H

#include <stdlib.h>

#include "core/inspect/capture.h"
#include "tests/test.h"

/* [L,NH,T,T], owned by the caller. */
static inline float *attention_of(const struct capture *capture) {
    size_t pairs = capture_head(capture, capture->layers, 0);
    float *attention = malloc((pairs + 1) * sizeof(*attention));
    assert_non_null(attention);
    capture_attention(capture, 0, capture->layers * capture->heads * capture->encoding.count,
                      attention);
    return attention;
}

/* The same of its mask. */
static inline uint8_t *mask_of(const struct capture *capture) {
    uint8_t *mask = malloc(capture_head(capture, capture->layers, 0) + 1);
    assert_non_null(mask);
    capture_masks(capture, mask);
    return mask;
}

#endif
