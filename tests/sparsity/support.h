/*
 * support.h - the few steps that all tests of patterns take.
 */
#ifndef SAWB_TESTS_SPARSITY_SUPPORT_H
#define SAWB_TESTS_SPARSITY_SUPPORT_H

#include <stdlib.h>

#include "core/sparsity/sparsity.h"
#include "tests/test.h"

/* The specification parsed; the test fails with the message when it cannot be. */
static inline struct sparsity *parsed(const char *text, const struct presets *presets) {
    struct sparsity *sparsity;
    struct sawb_error error;
    if (sparsity_parse(&sparsity, text, presets, &error) < 0)
        fail_msg("%s", error.message);
    return sparsity;
}

/* The message of a specification that cannot be parsed. */
static inline void assert_fault(const char *text, const struct presets *presets,
                                const char *message) {
    struct sparsity *sparsity = NULL;
    struct sawb_error error;
    assert_int_equal(sparsity_parse(&sparsity, text, presets, &error), -1);
    assert_null(sparsity);
    assert_string_equal(error.message, message);
}

/* The presets that ship with sawb. */
static inline struct presets *shipped_presets(void) {
    struct sawb_error error;
    struct presets *presets = presets_create();
    assert_non_null(presets);
    if (presets_load(presets, "samples/presets.json", &error) < 0)
        fail_msg("%s", error.message);
    return presets;
}

/* As tests/oracle/masks.py describes them: [n,n], of eight values only when `tied`. */
static inline float *oracle_scores(int tokens, int tied) {
    size_t pairs = (size_t)tokens * (size_t)tokens;
    float *scores = malloc(pairs * sizeof(float));
    uint32_t x = tied ? 2 : 1;
    assert_non_null(scores);
    for (size_t p = 0; p < pairs; p++) {
        x = 1664525u * x + 1013904223u;
        scores[p] = (float)(tied ? x >> 29 << 29 : x >> 8 << 8) / 0x1p28f - 8.0f;
    }
    return scores;
}

/* The mask of a head, written out for heads that are dense or off too; owned by the caller. */
static inline uint8_t *filled(const struct sparsity *sparsity, const struct mask_request *request) {
    size_t pairs = (size_t)request->tokens * (size_t)request->tokens;
    uint8_t *mask = malloc(pairs);
    assert_non_null(mask);
    enum mask_kind kind = sparsity_mask(sparsity, request, mask);
    for (size_t p = 0; kind != MASK_PATTERN && p < pairs; p++)
        mask[p] = kind == MASK_DENSE;
    return mask;
}

static inline int kept_in_row(const uint8_t *mask, int tokens, int row) {
    int kept = 0;
    for (int j = 0; j < tokens; j++)
        kept += mask[row * tokens + j];
    return kept;
}

#endif
