/*
 * attention.c - attention of one head over one sentence, in the plain form.
 */
#include "core/kernel/attention.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

/* y [rows,columns] = factor a b(ᵀ); thin names for OpenBLAS' long argument lists. */
static void product(int transpose_a, int transpose_b, int rows, int columns, int inner,
                    float factor, const float *a, size_t a_stride, const float *b, size_t b_stride,
                    float *y, size_t y_stride) {
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                transpose_b ? CblasTrans : CblasNoTrans, rows, columns, inner, factor, a,
                (int)a_stride, b, (int)b_stride, 0.0f, y, (int)y_stride);
}

static float score_factor(const struct attention_head *head) {
    return 1.0f / sqrtf((float)head->width);
}

static void clear_rows(const struct attention_head *head, float *out) {
    for (int token = 0; token < head->tokens; token++)
        memset(out + (size_t)token * head->stride, 0, (size_t)head->width * sizeof(*out));
}

static uint64_t count_kept(const uint8_t *mask, size_t pairs) {
    uint64_t kept = 0;
    for (size_t i = 0; i < pairs; i++)
        kept += mask[i];
    return kept;
}

static enum mask_kind ask_mask(const struct attention_head *head) {
    if (!head->source)
        return MASK_DENSE;
    struct mask_request request = head->request;
    request.tokens = head->tokens;
    request.scores = head->probabilities; /* scores still */
    return head->source->fill(head->source->user, &request, head->mask);
}

static uint64_t keep_mask(const struct attention_head *head, enum mask_kind kind, size_t pairs,
                          uint8_t *kept) {
    if (kept && kind == MASK_PATTERN)
        memcpy(kept, head->mask, pairs);
    else if (kept)
        memset(kept, kind == MASK_DENSE, pairs);
    return kind == MASK_DENSE ? pairs : kind == MASK_PATTERN ? count_kept(head->mask, pairs) : 0;
}

uint64_t attention_forward(const struct attention_head *head, const struct kernels *kernels,
                           float *out, float *scores, uint8_t *kept) {
    int tokens = head->tokens;
    size_t row = (size_t)tokens, pairs = row * row;
    float *weights = head->probabilities;
    product(0, 1, tokens, tokens, head->width, score_factor(head), head->query, head->stride,
            head->key, head->stride, weights, row);
    if (scores)
        memcpy(scores, weights, pairs * sizeof(*weights));
    enum mask_kind kind = ask_mask(head);
    if (kind == MASK_HEAD_OFF) {
        memset(weights, 0, pairs * sizeof(*weights));
        clear_rows(head, out);
        return keep_mask(head, kind, pairs, kept);
    }
    kernels->softmax(weights, kind == MASK_DENSE ? NULL : head->mask, tokens, tokens);
    const float *used = weights;
    if (head->dropout.threshold) {
        kernels->dropout(head->scratch, weights, pairs, &head->dropout, head->first);
        used = head->scratch;
    }
    product(0, 0, tokens, head->width, tokens, 1.0f, used, row, head->value, head->stride, out,
            head->stride);
    return keep_mask(head, kind, pairs, kept);
}

void attention_backward(const struct attention_head *head, const struct kernels *kernels,
                        const float *out_gradient, float *query_gradient, float *key_gradient,
                        float *value_gradient) {
    int tokens = head->tokens, width = head->width;
    size_t row = (size_t)tokens, pairs = row * row, stride = head->stride;
    const float *used = head->probabilities;
    if (head->dropout.threshold) {
        kernels->dropout(head->scratch, head->probabilities, pairs, &head->dropout, head->first);
        used = head->scratch;
    }
    product(1, 0, tokens, width, tokens, 1.0f, used, row, out_gradient, stride, value_gradient,
            stride);
    float *gradient = head->scratch;
    product(0, 1, tokens, tokens, width, 1.0f, out_gradient, stride, head->value, stride, gradient,
            row);
    if (head->dropout.threshold)
        kernels->dropout(gradient, gradient, pairs, &head->dropout, head->first);
    kernels->softmax_backward(gradient, head->probabilities, tokens, tokens, score_factor(head));
    product(0, 0, tokens, width, tokens, 1.0f, gradient, row, head->key, stride, query_gradient,
            stride);
    product(1, 0, tokens, width, tokens, 1.0f, gradient, row, head->query, stride, key_gradient,
            stride);
}
