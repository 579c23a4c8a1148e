/*
 * The encoder against PyTorch (vectors of tests/oracle/engine.py) and against finite differences.
 *
 * Tolerances: the vectors were made in float64, so what differs is float32 rounding of sums of at
 * most a few dozen terms: 1e-5 for activations, 1e-4 relative for gradients.
 */
#include "core/model/encoder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/kernel/attention_kernels.h"
#include "core/kernel/kernels.h"
#include "core/model/model.h"
#include "core/model/safetensors.h"
#include "core/sparsity/sparsity.h"
#include "tests/test.h"

#define SENTENCES 3
#define VECTORS "tests/model/vectors/"

static struct sawb_error error;

#define check(call)                                                                                \
    do {                                                                                           \
        if ((call) < 0)                                                                            \
            fail_msg("%s", error.message);                                                         \
    } while (0)

struct fixture {
    struct model *model;
    struct safetensors vectors;
    struct sparsity *sparsity;
    struct mask_source source;
    struct compute compute;
};

static void open_fixture(struct fixture *fixture, const char *family, const char *pattern,
                         const char *spec) {
    char path[128];
    snprintf(path, sizeof(path), VECTORS "%s", family);
    check(model_open(&fixture->model, path, &(struct model_options){.seed = 1}, &error));
    snprintf(path, sizeof(path), VECTORS "%s_%s.safetensors", family, pattern);
    check(safetensors_open(&fixture->vectors, path, &error));
    check(sparsity_parse(&fixture->sparsity, spec, NULL, &error));
    fixture->source = sparsity_source(fixture->sparsity);
    check(compute_open(&fixture->compute, 2, &error));
}

static void close_fixture(struct fixture *fixture) {
    compute_close(&fixture->compute);
    sparsity_free(fixture->sparsity);
    safetensors_close(&fixture->vectors);
    model_release(fixture->model);
}

static const struct tensor *find(const struct fixture *fixture, const char *format, int sentence,
                                 const char *name) {
    char full[160];
    snprintf(full, sizeof(full), format, sentence, name);
    const struct tensor *tensor = safetensors_find(&fixture->vectors, full);
    if (!tensor)
        fail_msg("%s is not in the vectors", full);
    return tensor;
}

static float *floats(const struct tensor *tensor) {
    float *values = malloc((tensor->count ? tensor->count : 1) * sizeof(*values));
    assert_non_null(values);
    check(tensor_to_float(tensor, values, &error));
    return values;
}

static int *sentence_ids(const struct fixture *fixture, int sentence, int *count) {
    const struct tensor *tensor = find(fixture, "s%d.%s", sentence, "ids");
    float *values = floats(tensor);
    int *ids = malloc(tensor->count * sizeof(*ids));
    assert_non_null(ids);
    for (size_t i = 0; i < tensor->count; i++)
        ids[i] = (int)values[i];
    *count = (int)tensor->count;
    free(values);
    return ids;
}

static int sentence_label(const struct fixture *fixture, int sentence) {
    float *value = floats(find(fixture, "s%d.%s", sentence, "label"));
    int label = (int)value[0];
    free(value);
    return label;
}

static void compare(const char *what, const float *values, const float *wanted, size_t count,
                    double tolerance) {
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)values[i] - wanted[i]) <= tolerance))
            fail_msg("%s: element %zu is %.9g, not %.9g", what, i, (double)values[i],
                     (double)wanted[i]);
}

static void compare_tensor(const struct fixture *fixture, int sentence, const char *name,
                           const float *values) {
    const struct tensor *tensor = find(fixture, "s%d.%s", sentence, name);
    float *wanted = floats(tensor);
    compare(name, values, wanted, tensor->count, 1e-5);
    free(wanted);
}

static void check_sentence(struct fixture *fixture, struct encoder *encoder, int sentence) {
    int tokens, *ids = sentence_ids(fixture, sentence, &tokens);
    const struct model_config *config = &fixture->model->config;
    size_t pairs = (size_t)(config->layers * config->heads) * (size_t)(tokens * tokens);
    size_t states = (size_t)(config->layers + 1) * (size_t)(tokens * config->hidden);
    struct encoder_capture capture = {
        .scores = malloc(pairs * sizeof(float)),
        .mask = malloc(pairs),
        .hidden_states = malloc(states * sizeof(float)),
    };
    struct encoder_batch batch = {1, (int[]){0, tokens}, ids};
    struct encoder_options options = {.mask = &fixture->source, .capture = &capture};
    float logits[MODEL_LABELS_MAX];
    check(encoder_forward(encoder, &fixture->model->weights, &batch, &options, logits, &error));
    compare_tensor(fixture, sentence, "scores", capture.scores);
    float *attention = malloc(pairs * sizeof(float));
    assert_non_null(attention);
    fixture->compute.kernels->attention->softmax(attention, capture.scores, capture.mask,
                                                 config->layers * config->heads * tokens, tokens);
    compare_tensor(fixture, sentence, "attention", attention);
    free(attention);
    compare_tensor(fixture, sentence, "hidden_states", capture.hidden_states);
    compare_tensor(fixture, sentence, "logits", logits);
    assert_memory_equal(capture.mask, find(fixture, "s%d.%s", sentence, "mask")->data, pairs);
    uint64_t kept, valid, counted = 0;
    encoder_pairs(encoder, &kept, &valid);
    for (size_t i = 0; i < pairs; i++)
        counted += capture.mask[i];
    assert_int_equal(kept, counted);
    assert_int_equal(valid, pairs);
    free(capture.scores);
    free(capture.mask);
    free(capture.hidden_states);
    free(ids);
}

/* All sentences packed into one batch; gradients of the mean loss. */
struct packed {
    int ids[64], offsets[SENTENCES + 1], labels[SENTENCES];
    struct encoder_batch batch;
};

static void pack(const struct fixture *fixture, struct packed *packed) {
    packed->offsets[0] = 0;
    for (int s = 0; s < SENTENCES; s++) {
        int tokens, *ids = sentence_ids(fixture, s, &tokens);
        memcpy(packed->ids + packed->offsets[s], ids, (size_t)tokens * sizeof(int));
        packed->offsets[s + 1] = packed->offsets[s] + tokens;
        packed->labels[s] = sentence_label(fixture, s);
        free(ids);
    }
    packed->batch = (struct encoder_batch){SENTENCES, packed->offsets, packed->ids};
}

static double loss_of(const struct fixture *fixture, struct encoder *encoder,
                      const struct packed *packed, const struct encoder_options *options,
                      float *gradients) {
    float logits[SENTENCES * MODEL_LABELS_MAX];
    check(encoder_forward(encoder, &fixture->model->weights, &packed->batch, options, logits,
                          &error));
    return cross_entropy(logits, packed->labels, SENTENCES, fixture->model->config.labels, 0.0,
                         gradients);
}

static double norm_of(const float *values, size_t count) {
    double squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += (double)values[i] * values[i];
    return sqrt(squares);
}

static void check_gradients(struct fixture *fixture, struct encoder *encoder) {
    const struct model_config *config = &fixture->model->config;
    struct packed packed;
    pack(fixture, &packed);
    struct encoder_options options = {.mask = &fixture->source};
    float logit_gradients[SENTENCES * MODEL_LABELS_MAX];
    struct weights gradients;
    check(weights_allocate(&gradients, config, &error));
    loss_of(fixture, encoder, &packed, &options, logit_gradients);
    check(encoder_backward(encoder, &fixture->model->weights, logit_gradients, &gradients, &error));
    for (int i = 0; i < weights_count(config); i++) {
        struct weight weight;
        weights_get(config, &gradients, i, &weight);
        char name[WEIGHT_NAME_BYTES + 8];
        snprintf(name, sizeof(name), "grad.%s", weight.name);
        const struct tensor *tensor = safetensors_find(&fixture->vectors, name);
        assert_non_null(tensor);
        float *wanted = floats(tensor);
        /* Relative to the weight's own gradient; a key bias' is zero but for rounding. */
        double size = norm_of(wanted, weight.count);
        compare(name, *weight.pointer, wanted, weight.count, 1e-4 * size + 2e-7);
        free(wanted);
    }
    weights_free(&gradients, config);
}

/* With nobody looking, the last layer works the first tokens out alone: of one sentence to the same
 * bits, of several without keys and values. */
static void check_packed(const struct fixture *fixture, struct encoder *inference,
                         struct encoder *training) {
    struct packed packed;
    struct encoder_options options = {.mask = &fixture->source};
    const struct weights *weights = &fixture->model->weights;
    size_t labels = (size_t)fixture->model->config.labels;
    float seen[SENTENCES * MODEL_LABELS_MAX], unseen[SENTENCES * MODEL_LABELS_MAX];
    pack(fixture, &packed);
    check(encoder_forward(training, weights, &packed.batch, &options, seen, &error));
    check(encoder_forward(inference, weights, &packed.batch, &options, unseen, &error));
    compare("logits", unseen, seen, SENTENCES * labels, 1e-6);
    for (size_t s = 0; s < SENTENCES; s++) {
        int offsets[2] = {0, packed.offsets[s + 1] - packed.offsets[s]};
        struct encoder_batch alone = {1, offsets, packed.ids + packed.offsets[s]};
        check(encoder_forward(inference, weights, &alone, &options, unseen, &error));
        assert_memory_equal(unseen, seen + s * labels, labels * sizeof(float));
    }
}

static void check_family(const char *family, const char *pattern, const char *spec) {
    struct fixture fixture;
    struct encoder *inference, *training;
    open_fixture(&fixture, family, pattern, spec);
    const struct model_config *config = &fixture.model->config;
    check(encoder_create(&inference, config, ENCODER_INFERENCE, &fixture.compute, &error));
    check(encoder_create(&training, config, ENCODER_TRAINING, &fixture.compute, &error));
    for (int s = 0; s < SENTENCES; s++) {
        check_sentence(&fixture, inference, s);
        check_sentence(&fixture, training, s);
    }
    check_packed(&fixture, inference, training);
    check_gradients(&fixture, training);
    encoder_free(inference);
    encoder_free(training);
    close_fixture(&fixture);
}

static void test_bert(void **state) {
    (void)state;
    check_family("bert", "dense", "dense");
    check_family("bert", "local", "local(1)");
    check_family("bert", "topk", "topk(0.5)");
}

static void test_distilbert(void **state) {
    (void)state;
    check_family("distilbert", "dense", "dense");
    check_family("distilbert", "local", "local(1)");
    check_family("distilbert", "topk", "topk(0.5)");
}

/*
 * Finite differences with dropout on: the masks are functions of seed and step, so the loss is
 * smooth. Weights of every kind are moved along their own gradient, which makes the change as large
 * as it gets.
 */
static void check_differences(const char *family, const char *spec) {
    struct fixture fixture;
    struct encoder *encoder;
    open_fixture(&fixture, family, "dense", spec);
    struct model *moved;
    check(model_copy(&moved, fixture.model, &error));
    model_release(fixture.model);
    fixture.model = moved;
    check(encoder_create(&encoder, &moved->config, ENCODER_TRAINING, &fixture.compute, &error));
    struct packed packed;
    pack(&fixture, &packed);
    struct encoder_options options = {.mask = &fixture.source,
                                      .seed = 3,
                                      .hidden_dropout = 0.2f,
                                      .attention_dropout = 0.3f,
                                      .classifier_dropout = 0.1f,
                                      .dropout_seed = 5,
                                      .dropout_step = 9};
    float logit_gradients[SENTENCES * MODEL_LABELS_MAX];
    struct weights gradients;
    check(weights_allocate(&gradients, &moved->config, &error));
    loss_of(&fixture, encoder, &packed, &options, logit_gradients);
    check(encoder_backward(encoder, &moved->weights, logit_gradients, &gradients, &error));
    for (int i = 0; i < weights_count(&moved->config); i++) {
        struct weight weight, gradient;
        weights_get(&moved->config, &moved->weights, i, &weight);
        weights_get(&moved->config, &gradients, i, &gradient);
        double size = norm_of(*gradient.pointer, weight.count);
        if (size < 1e-4)
            continue;
        double losses[2], step = 2e-3;
        float *saved = malloc(weight.count * sizeof(*saved));
        assert_non_null(saved);
        memcpy(saved, *weight.pointer, weight.count * sizeof(*saved));
        for (int side = 0; side < 2; side++) {
            for (size_t k = 0; k < weight.count; k++)
                (*weight.pointer)[k] =
                    saved[k] + (float)((side ? -step : step) * (*gradient.pointer)[k] / size);
            losses[side] = loss_of(&fixture, encoder, &packed, &options, NULL);
        }
        memcpy(*weight.pointer, saved, weight.count * sizeof(*saved));
        free(saved);
        double slope = (losses[0] - losses[1]) / (2 * step);
        if (fabs(slope - size) > 5e-3 * size + 1e-4)
            fail_msg("%s: slope %.7g, gradient %.7g", weight.name, slope, size);
    }
    weights_free(&gradients, &moved->config);
    encoder_free(encoder);
    close_fixture(&fixture);
}

static void test_finite_differences(void **state) {
    (void)state;
    check_differences("bert", "dense");
    check_differences("bert", "local(2)@L0; heads_off(1.1)");
    check_differences("distilbert", "random(0.4)");
}

/* Alone, hidden states are asked for: the last layer is worked out for all tokens then. */
static void check_packing(const char *name, const char *spec) {
    struct fixture fixture;
    struct encoder *encoder;
    open_fixture(&fixture, "bert", name, spec);
    const struct model_config *config = &fixture.model->config;
    check(encoder_create(&encoder, config, ENCODER_INFERENCE, &fixture.compute, &error));
    struct packed packed;
    pack(&fixture, &packed);
    struct encoder_options options = {.mask = &fixture.source}, looked_at = options;
    struct encoder_capture capture = {
        .hidden_states = malloc((size_t)(config->layers + 1) * (size_t)config->positions *
                                (size_t)config->hidden * sizeof(float))};
    looked_at.capture = &capture;
    float together[SENTENCES * 2], alone[2];
    check(encoder_forward(encoder, &fixture.model->weights, &packed.batch, &options, together,
                          &error));
    uint64_t kept[2], valid[2], sum[2] = {0};
    encoder_pairs(encoder, &kept[0], &valid[0]);
    for (int s = 0; s < SENTENCES; s++) {
        int offsets[2] = {0, packed.offsets[s + 1] - packed.offsets[s]};
        struct encoder_batch batch = {1, offsets, packed.ids + packed.offsets[s]};
        check(encoder_forward(encoder, &fixture.model->weights, &batch, &looked_at, alone, &error));
        compare("logits", together + s * 2, alone, 2, 1e-6);
        encoder_pairs(encoder, &kept[1], &valid[1]);
        sum[0] += kept[1];
        sum[1] += valid[1];
    }
    assert_int_equal(kept[0], sum[0]);
    assert_int_equal(valid[0], sum[1]);
    free(capture.hidden_states);
    encoder_free(encoder);
    close_fixture(&fixture);
}

static void test_packing_changes_nothing(void **state) {
    (void)state;
    check_packing("topk", "topk(0.5)");
    check_packing("dense", "dense");
    check_packing("dense", "dense; heads_off(1.1)");
}

static void test_refuses_bad_batches(void **state) {
    (void)state;
    struct fixture fixture;
    struct encoder *encoder;
    open_fixture(&fixture, "bert", "dense", "dense");
    check(encoder_create(&encoder, &fixture.model->config, ENCODER_INFERENCE, &fixture.compute,
                         &error));
    struct encoder_options options = {0};
    float logits[2];
    const struct weights *weights = &fixture.model->weights;
    struct encoder_batch outside = {1, (int[]){0, 2}, (int[]){2, 40}};
    assert_int_equal(encoder_forward(encoder, weights, &outside, &options, logits, &error), -1);
    assert_non_null(strstr(error.message, "id 40"));
    struct encoder_batch empty = {1, (int[]){0, 0}, (int[]){2}};
    assert_int_equal(encoder_forward(encoder, weights, &empty, &options, logits, &error), -1);
    int ids[33] = {0};
    struct encoder_batch longer = {1, (int[]){0, 33}, ids};
    assert_int_equal(encoder_forward(encoder, weights, &longer, &options, logits, &error), -1);
    assert_non_null(strstr(error.message, "1 to 32"));
    struct weights none = {0};
    assert_int_equal(encoder_backward(encoder, weights, logits, &none, &error), -1);
    encoder_free(encoder);
    close_fixture(&fixture);
}

static void test_cross_entropy(void **state) {
    (void)state;
    const float logits[4] = {1.0f, 2.0f, 1000.0f, -1000.0f};
    const int labels[2] = {1, 0};
    float gradients[4];
    double loss = cross_entropy(logits, labels, 2, 2, 0.0, gradients);
    double share = 1.0 / (1.0 + exp(1.0));
    assert_true(fabs(loss - 0.5 * -log(1.0 - share)) < 1e-9);
    assert_true(fabs(gradients[0] - 0.5 * share) < 1e-7);
    assert_true(fabs(gradients[1] + 0.5 * share) < 1e-7);
    assert_true(gradients[2] == 0.0f && gradients[3] == 0.0f);
    loss = cross_entropy(logits, labels, 1, 2, 0.2, gradients);
    assert_true(fabs(loss - (-0.9 * log(1.0 - share) - 0.1 * log(share))) < 1e-9);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_bert),
    cmocka_unit_test(test_distilbert),
    cmocka_unit_test(test_finite_differences),
    cmocka_unit_test(test_packing_changes_nothing),
    cmocka_unit_test(test_refuses_bad_batches),
    cmocka_unit_test(test_cross_entropy),
};
TEST_GROUP(tests_model_encoder, tests);
