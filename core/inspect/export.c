/*
 * export.c - a capture as a safetensors file.
 */
#include "core/inspect/capture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/version.h"
#include "core/model/encoder.h"
#include "core/model/safetensors.h"

enum { CAPTURE_TENSORS = 5 };

#define GRADIENT_PREFIX "grad."
#define GRADIENT_NAME_BYTES (sizeof(GRADIENT_PREFIX) + WEIGHT_NAME_BYTES)

/* The last part of the model's path: a name without saying where it lies on this machine. */
static char *model_name(const struct model *model) {
    const char *path = model->directory ? model->directory : "";
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    return strndup(path + begin, end - begin);
}

/* NULL when out of memory. */
static cJSON *describe(const struct capture *capture, const struct model *model) {
    char seed[24];
    snprintf(seed, sizeof(seed), "%" PRIu64, capture->seed);
    char *name = model_name(model);
    const char *const rows[][2] = {
        {"text", capture->text}, {"spec", capture->spec}, {"pattern", capture->pattern},
        {"seed", seed},          {"model", name},         {"version", SAWB_VERSION}};
    cJSON *metadata = name ? cJSON_CreateObject() : NULL;
    for (size_t i = 0; metadata && i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!cJSON_AddStringToObject(metadata, rows[i][0], rows[i][1])) {
            cJSON_Delete(metadata);
            metadata = NULL;
        }
    }
    free(name);
    return metadata;
}

static void set_tensor(struct tensor *tensor, const char *name, enum tensor_type type,
                       const void *data, int dimensions, const int *shape) {
    *tensor = (struct tensor){.name = name, .type = type, .data = data, .dimensions = dimensions};
    tensor->count = 1;
    for (int i = 0; i < dimensions; i++) {
        tensor->shape[i] = shape[i];
        tensor->count *= (size_t)shape[i];
    }
    tensor->size = tensor->count * (type == TENSOR_U8 ? 1 : sizeof(float));
}

static void add_capture(struct tensor tensors[CAPTURE_TENSORS], const struct capture *capture,
                        const float *attention, const uint8_t *mask, const float *hidden_states) {
    int tokens = capture->encoding.count;
    const int pairs[] = {capture->layers, capture->heads, tokens, tokens};
    const int states[] = {capture->layers + 1, tokens, capture->hidden};
    const int logits[] = {capture->labels};
    set_tensor(&tensors[0], "scores", TENSOR_F32, capture->scores, 4, pairs);
    set_tensor(&tensors[1], "attention", TENSOR_F32, attention, 4, pairs);
    set_tensor(&tensors[2], "hidden_states", TENSOR_F32, hidden_states, 3, states);
    set_tensor(&tensors[3], "logits", TENSOR_F32, capture->logits, 1, logits);
    /* Last, so that all that stands before it is aligned for floats. */
    set_tensor(&tensors[4], "mask", TENSOR_U8, mask, 4, pairs);
}

static void add_gradients(struct tensor *tensors, char (*names)[GRADIENT_NAME_BYTES],
                          const struct model_config *config, struct weights *gradients) {
    for (int i = 0; i < weights_count(config); i++) {
        struct weight weight;
        weights_get(config, gradients, i, &weight);
        const int matrix[] = {weight.rows, weight.columns};
        const int vector[] = {weight.columns};
        snprintf(names[i], GRADIENT_NAME_BYTES, GRADIENT_PREFIX "%s", weight.name);
        set_tensor(&tensors[i], names[i], TENSOR_F32, *weight.pointer, weight.dimensions,
                   weight.dimensions == 1 ? vector : matrix);
    }
}

/* Runs the capture's sentence once more: for hidden_states [L+1,T,C] (NULL: not wanted), or for
 * d loss / d weight at a label, which is added to `gradients` (NULL: not wanted). */
static int run_again(const struct capture *capture, const struct model *model,
                     const struct sparsity *sparsity, const struct compute *compute,
                     float *hidden_states, int label, struct weights *gradients,
                     struct sawb_error *error) {
    struct mask_source source = sparsity_source(sparsity);
    struct encoder_capture kept = {.hidden_states = hidden_states};
    struct encoder_options options = {
        .mask = &source, .seed = capture->seed, .capture = hidden_states ? &kept : NULL};
    int offsets[2] = {0, capture->encoding.count};
    struct encoder_batch batch = {1, offsets, capture->encoding.ids};
    float logits[MODEL_LABELS_MAX], logit_gradients[MODEL_LABELS_MAX];

    struct encoder *encoder;
    if (encoder_create(&encoder, &model->config, gradients ? ENCODER_TRAINING : ENCODER_INFERENCE,
                       compute, error) < 0)
        return -1;
    int status = encoder_forward(encoder, &model->weights, &batch, &options, logits, error);
    if (status == 0 && gradients) {
        cross_entropy(logits, &label, 1, capture->labels, 0.0, logit_gradients);
        status = encoder_backward(encoder, &model->weights, logit_gradients, gradients, error);
    }
    encoder_free(encoder);
    return status;
}

static int check_export(const struct capture *capture, const struct model *model, int label,
                        struct sawb_error *error) {
    const struct model_config *config = &model->config;
    if (capture->layers != config->layers || capture->heads != config->heads ||
        capture->hidden != config->hidden || capture->labels != config->labels)
        return error_set(error, "export: %s is not the model this sentence was run with",
                         model->directory ? model->directory : "the model");
    if (label >= config->labels)
        return error_set(
            error, "export: label %d is out of range; the model knows 0 (%s) to %d (%s)", label,
            config->label_names[0], config->labels - 1, config->label_names[config->labels - 1]);
    return 0;
}

int capture_export(const struct capture *capture, const struct model *model,
                   const struct sparsity *sparsity, int label, const char *path,
                   const struct compute *compute, struct sawb_error *error) {
    const struct model_config *config = &model->config;
    if (check_export(capture, model, label, error) < 0)
        return -1;

    int gradient_count = label >= 0 ? weights_count(config) : 0;
    int count = gradient_count + CAPTURE_TENSORS, status = -1;
    struct weights gradients = {0};
    if (gradient_count > 0 && weights_allocate(&gradients, config, error) < 0)
        return -1;
    struct tensor *tensors = calloc((size_t)count, sizeof(*tensors));
    char(*names)[GRADIENT_NAME_BYTES] = calloc((size_t)count, sizeof(*names));
    cJSON *metadata = describe(capture, model);
    float *hidden_states = malloc((size_t)(capture->layers + 1) * (size_t)capture->encoding.count *
                                  (size_t)capture->hidden * sizeof(*hidden_states));
    size_t pairs = capture_head(capture, capture->layers, 0);
    float *attention = capture_memory(pairs * sizeof(*attention));
    uint8_t *mask = capture_memory(pairs);
    if (!tensors || !names || !metadata || !hidden_states || !attention || !mask) {
        error_set(error, "export: out of memory for %d tensors", count);
        goto done;
    }
    if (gradient_count > 0) {
        add_gradients(tensors, names, config, &gradients);
        if (run_again(capture, model, sparsity, compute, NULL, label, &gradients, error) < 0)
            goto done;
    }
    if (run_again(capture, model, sparsity, compute, hidden_states, -1, NULL, error) < 0)
        goto done;
    capture_attention(capture, 0, capture->layers * capture->heads * capture->encoding.count,
                      attention);
    capture_masks(capture, mask);
    add_capture(tensors + gradient_count, capture, attention, mask, hidden_states);
    status = safetensors_write(path, tensors, count, metadata, error);

done:
    cJSON_Delete(metadata);
    free(attention);
    free(mask);
    free(hidden_states);
    free(names);
    free(tensors);
    weights_free(&gradients, config);
    return status;
}
