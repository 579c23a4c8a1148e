/*
 * importance.c - the gradient of a gate on each head.
 */
#include "core/inspect/importance.h"

#include <math.h>
#include <stddef.h>

#include "core/model/encoder.h"

const char *importance_scale_name(int scale) {
    static const char *const names[IMPORTANCE_SCALES] = {"none", "layer", "paper"};
    return scale >= 0 && scale < IMPORTANCE_SCALES ? names[scale] : NULL;
}

static int largest(const float *values, int count) {
    int best = 0;
    for (int i = 1; i < count; i++)
        best = values[i] > values[best] ? i : best;
    return best;
}

int importance_measure(double *importance, const struct model *model,
                       const struct sparsity *sparsity, const struct encoding *encoding, int label,
                       uint64_t seed, const struct compute *compute, struct sawb_error *error) {
    const struct model_config *config = &model->config;
    struct mask_source source = sparsity_source(sparsity);
    struct encoder_options options = {.mask = &source, .seed = seed, .gate_gradients = importance};
    int offsets[2] = {0, encoding->count};
    struct encoder_batch batch = {1, offsets, encoding->ids};
    float logits[MODEL_LABELS_MAX], logit_gradients[MODEL_LABELS_MAX];
    struct weights nothing = {0};
    struct encoder *encoder;

    if (label >= config->labels)
        return error_set(error, "importance: the labels of this model are 0 to %d, not %d",
                         config->labels - 1, label);
    if (sparsity_check(sparsity, config->layers, config->heads, error) < 0 ||
        weights_prepare(&nothing, config, error) < 0)
        return -1;
    int status = encoder_create(&encoder, config, ENCODER_TRAINING, compute, error);
    if (status == 0) {
        status = encoder_forward(encoder, &model->weights, &batch, &options, logits, error);
        if (label < 0 && status == 0)
            label = largest(logits, config->labels);
        if (status == 0) {
            cross_entropy(logits, &label, 1, config->labels, 0.0, logit_gradients);
            status = encoder_backward(encoder, &model->weights, logit_gradients, &nothing, error);
        }
        encoder_free(encoder);
    }
    weights_free(&nothing, config);
    for (int i = 0; status == 0 && i < config->layers * config->heads; i++)
        importance[i] = fabs(importance[i]);
    return status;
}

static void divide_by_norm(double *values, int count) {
    double squares = 0.0;
    for (int i = 0; i < count; i++)
        squares += isnan(values[i]) ? 0.0 : values[i] * values[i];
    for (int i = 0; i < count && squares > 0.0; i++)
        values[i] /= sqrt(squares);
}

static void stretch(double *values, int count) {
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < count; i++) {
        low = fmin(low, values[i]);
        high = fmax(high, values[i]);
    }
    for (int i = 0; i < count && high > low; i++)
        values[i] = (values[i] - low) / (high - low);
}

void importance_rescale(double *values, int layers, int heads, enum importance_scale scale) {
    if (scale == IMPORTANCE_RAW)
        return;
    for (int layer = 0; layer < layers; layer++)
        divide_by_norm(values + layer * heads, heads);
    if (scale == IMPORTANCE_PAPER)
        stretch(values, layers * heads);
}
