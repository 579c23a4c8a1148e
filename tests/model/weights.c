/*
 * The declared weights: every name and shape as transformers wrote them, and blocks that hold them
 * all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/model/safetensors.h"
#include "core/model/weights.h"
#include "tests/test.h"

static const char *const folders[] = {"tests/model/vectors/bert", "tests/model/vectors/distilbert"};

static void read_config(struct model_config *config, const char *folder) {
    struct sawb_error error;
    char path[128];
    snprintf(path, sizeof(path), "%s/config.json", folder);
    cJSON *json = json_parse_file(path, &error);
    assert_non_null(json);
    assert_int_equal(model_config_read(config, json, path, &error), 0);
    cJSON_Delete(json);
}

/* Both ways: each tensor of the checkpoint is declared, each declaration is in the checkpoint. */
static void match_the_checkpoints(void **state) {
    (void)state;
    for (int f = 0; f < 2; f++) {
        struct model_config config;
        struct safetensors file;
        struct sawb_error error;
        char path[128];
        size_t total = 0;
        read_config(&config, folders[f]);
        snprintf(path, sizeof(path), "%s/model.safetensors", folders[f]);
        assert_int_equal(safetensors_open(&file, path, &error), 0);
        assert_int_equal(weights_count(&config), file.count);
        for (int i = 0; i < file.count; i++) {
            struct weight weight;
            weights_get(&config, NULL, i, &weight);
            const struct tensor *tensor = safetensors_find(&file, weight.name);
            if (!tensor)
                fail_msg("%s is not in %s", weight.name, path);
            assert_int_equal(weight.dimensions, tensor->dimensions);
            assert_int_equal(weight.columns, tensor->shape[tensor->dimensions - 1]);
            assert_int_equal(weight.rows, tensor->dimensions == 2 ? tensor->shape[0] : 1);
            assert_int_equal(weight.count, tensor->count);
            assert_null(weight.pointer);
            total += tensor->count;
        }
        assert_int_equal(weights_total(&config), total);
        safetensors_close(&file);
    }
}

static void know_layer_kind_and_bare_name(void **state) {
    (void)state;
    for (int f = 0; f < 2; f++) {
        static const char *const prefixes[] = {"bert.", "distilbert."};
        struct model_config config;
        int heads = 0, layers = 0;
        read_config(&config, folders[f]);
        for (int i = 0; i < weights_count(&config); i++) {
            struct weight weight;
            char layer[32];
            weights_get(&config, NULL, i, &weight);
            size_t prefix = strlen(prefixes[f]);
            if (strncmp(weight.name, prefixes[f], prefix) == 0)
                assert_string_equal(weight.bare, weight.name + prefix);
            else
                assert_string_equal(weight.bare, weight.name);
            snprintf(layer, sizeof(layer), "layer.%d.", weight.layer);
            assert_int_equal(weight.layer >= 0, strstr(weight.name, ".layer.") != NULL);
            assert_true(weight.layer < 0 || strstr(weight.name, layer));
            int is_bias = strcmp(strrchr(weight.name, '.'), ".bias") == 0;
            int is_norm = strstr(weight.name, "ayerNorm") || strstr(weight.name, "layer_norm");
            assert_int_equal(weight.kind, is_bias   ? WEIGHT_BIAS
                                          : is_norm ? WEIGHT_NORM
                                                    : WEIGHT_MATRIX);
            heads += weight.is_head;
            layers += weight.layer >= 0;
        }
        assert_int_equal(heads, 4);
        assert_int_equal(layers, 16 * config.layers);
    }
}

static int is_inside(const float *pointer, size_t count, const float *other, size_t other_count) {
    return pointer < other + other_count && other < pointer + count;
}

static void blocks_are_zero_aligned_and_apart(void **state) {
    (void)state;
    struct model_config config;
    struct weights weights;
    struct sawb_error error;
    read_config(&config, folders[0]);
    assert_int_equal(weights_allocate(&weights, &config, &error), 0);
    int count = weights_count(&config);
    for (int i = 0; i < count; i++) {
        struct weight weight, other;
        weights_get(&config, &weights, i, &weight);
        assert_non_null(*weight.pointer);
        assert_int_equal((uintptr_t)*weight.pointer % 64, 0);
        for (size_t k = 0; k < weight.count; k++) {
            assert_true((*weight.pointer)[k] == 0);
            (*weight.pointer)[k] = 1; /* the sanitizer sees a write past the end */
        }
        for (int j = 0; j < i; j++) {
            weights_get(&config, &weights, j, &other);
            assert_ptr_not_equal(other.pointer, weight.pointer);
            assert_false(is_inside(*weight.pointer, weight.count, *other.pointer, other.count));
        }
    }
    assert_non_null(weights.layer[config.layers - 1].output_norm_bias);
    weights_free(&weights, &config);
    assert_null(weights.word_embeddings);
    weights_free(&weights, &config);
}

static void distilbert_has_no_token_types(void **state) {
    (void)state;
    struct model_config config;
    struct weights weights;
    struct sawb_error error;
    read_config(&config, folders[1]);
    assert_int_equal(weights_allocate(&weights, &config, &error), 0);
    assert_null(weights.token_type_embeddings);
    weights_free(&weights, &config);
}

static void fill_only_what_is_missing(void **state) {
    (void)state;
    struct model_config config;
    struct weights weights;
    struct sawb_error error;
    static float elsewhere[40 * 16];
    read_config(&config, folders[0]);
    assert_int_equal(weights_prepare(&weights, &config, &error), 0);
    weights.word_embeddings = elsewhere;
    weights.layer[1].query_bias = elsewhere;
    assert_int_equal(weights_fill(&weights, &config, &error), 0);
    assert_ptr_equal(weights.word_embeddings, elsewhere);
    assert_ptr_equal(weights.layer[1].query_bias, elsewhere);
    assert_non_null(weights.layer[0].query_bias);
    weights_free(&weights, &config);
}

static void refuse_what_no_machine_holds(void **state) {
    (void)state;
    struct model_config config;
    struct weights weights;
    struct sawb_error error;
    read_config(&config, folders[0]);
    config.vocabulary = config.hidden = 2000000000;
    config.feed_forward = 2000000000;
    assert_int_equal(weights_allocate(&weights, &config, &error), -1);
    assert_non_null(strstr(error.message, "too large"));
    assert_null(weights.layer);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(match_the_checkpoints),
    cmocka_unit_test(know_layer_kind_and_bare_name),
    cmocka_unit_test(blocks_are_zero_aligned_and_apart),
    cmocka_unit_test(distilbert_has_no_token_types),
    cmocka_unit_test(fill_only_what_is_missing),
    cmocka_unit_test(refuse_what_no_machine_holds),
};
TEST_GROUP(tests_model_weights, tests);
