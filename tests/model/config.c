/*
 * config.json: both families read, everything unsupported or wrong refused by name, round trips.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/random.h"
#include "core/model/config.h"
#include "tests/test.h"

static const char *const paths[] = {"tests/model/vectors/bert/config.json",
                                    "tests/model/vectors/distilbert/config.json"};

static cJSON *open_json(int family) {
    struct sawb_error error;
    cJSON *json = json_parse_file(paths[family], &error);
    assert_non_null(json);
    return json;
}

static void reads_bert(void **state) {
    (void)state;
    struct model_config config;
    struct sawb_error error;
    cJSON *json = open_json(MODEL_BERT);
    assert_int_equal(model_config_read(&config, json, "c", &error), 0);
    cJSON_Delete(json);
    assert_int_equal(config.family, MODEL_BERT);
    assert_int_equal(config.activation, ACTIVATION_GELU);
    assert_int_equal(config.vocabulary, 40);
    assert_int_equal(config.hidden, 16);
    assert_int_equal(config.layers, 2);
    assert_int_equal(config.heads, 2);
    assert_int_equal(config.feed_forward, 24);
    assert_int_equal(config.positions, 32);
    assert_int_equal(config.token_types, 2);
    assert_int_equal(config.labels, 2);
    assert_true(config.layer_norm_epsilon == 1e-12f);
    assert_true(config.hidden_dropout == 0.1f && config.attention_dropout == 0.1f);
    assert_true(config.classifier_dropout == 0.1f); /* null: the hidden dropout */
    assert_string_equal(config.label_names[0], "NEGATIVE");
    assert_string_equal(config.label_names[1], "POSITIVE");
}

static void reads_distilbert(void **state) {
    (void)state;
    struct model_config config;
    struct sawb_error error;
    cJSON *json = open_json(MODEL_DISTILBERT);
    assert_int_equal(model_config_read(&config, json, "c", &error), 0);
    cJSON_Delete(json);
    assert_int_equal(config.family, MODEL_DISTILBERT);
    assert_int_equal(config.hidden, 16);
    assert_int_equal(config.layers, 2);
    assert_int_equal(config.heads, 2);
    assert_int_equal(config.feed_forward, 24);
    assert_int_equal(config.token_types, 0);
    assert_int_equal(config.labels, 3);
    assert_true(config.layer_norm_epsilon == 1e-12f);
    assert_true(config.classifier_dropout == 0.2f);
    assert_string_equal(config.label_names[1], "NEUTRAL");
}

/* A change to a good configuration, "key": value, and a word that the refusal must hold. */
static void refuses_by_name(void **state) {
    (void)state;
    static const struct {
        int family;
        const char *key, *value, *word;
    } cases[] = {
        {MODEL_BERT, "model_type", "\"roberta\"", "\"roberta\""},
        {MODEL_BERT, "model_type", "null", "\"model_type\" is missing"},
        {MODEL_BERT, "model_type", "3", "not a string"},
        {MODEL_BERT, "hidden_act", "\"gelu_new\"", "\"gelu_new\""},
        {MODEL_DISTILBERT, "activation", "\"silu\"", "\"activation\""},
        {MODEL_BERT, "position_embedding_type", "\"relative_key\"", "\"relative_key\""},
        {MODEL_BERT, "is_decoder", "true", "\"is_decoder\""},
        {MODEL_BERT, "add_cross_attention", "true", "\"add_cross_attention\""},
        {MODEL_BERT, "problem_type", "\"regression\"", "\"problem_type\""},
        {MODEL_BERT, "problem_type", "\"multi_label_classification\"", "\"problem_type\""},
        {MODEL_BERT, "pruned_heads", "{\"0\": [1]}", "\"pruned_heads\""},
        {MODEL_BERT, "vocab_size", "0", "\"vocab_size\""},
        {MODEL_BERT, "vocab_size", "-5", "\"vocab_size\""},
        {MODEL_BERT, "vocab_size", "1e18", "\"vocab_size\""},
        {MODEL_BERT, "vocab_size", "null", "\"vocab_size\" is missing"},
        {MODEL_BERT, "hidden_size", "16.5", "whole number"},
        {MODEL_BERT, "hidden_size", "\"16\"", "not a number"},
        {MODEL_BERT, "hidden_size", "17", "not a multiple"},
        {MODEL_BERT, "num_attention_heads", "0", "\"num_attention_heads\""},
        {MODEL_BERT, "num_attention_heads", "3", "not a multiple"},
        {MODEL_BERT, "num_hidden_layers", "0", "\"num_hidden_layers\""},
        {MODEL_DISTILBERT, "n_layers", "100000", "\"n_layers\""},
        {MODEL_DISTILBERT, "dim", "null", "\"dim\" is missing"},
        {MODEL_BERT, "max_position_embeddings", "1", "\"max_position_embeddings\""},
        {MODEL_BERT, "type_vocab_size", "0", "\"type_vocab_size\""},
        {MODEL_BERT, "layer_norm_eps", "0", "\"layer_norm_eps\""},
        {MODEL_BERT, "hidden_dropout_prob", "1", "\"hidden_dropout_prob\""},
        {MODEL_BERT, "hidden_dropout_prob", "-0.1", "\"hidden_dropout_prob\""},
        {MODEL_BERT, "id2label", "[\"a\", \"b\"]", "\"id2label\""},
        {MODEL_BERT, "id2label", "{\"0\": \"a\"}", "2 to 64"},
        {MODEL_BERT, "id2label", "{\"0\": \"a\", \"2\": \"b\"}", "\"2\""},
        {MODEL_BERT, "id2label", "{\"0\": \"a\", \"00\": \"b\"}", "twice"},
        {MODEL_BERT, "id2label", "{\"0\": \"a\", \"-1\": \"b\"}", "\"-1\""},
        {MODEL_BERT, "id2label", "{\"0\": \"a\", \"1x\": \"b\"}", "\"1x\""},
        {MODEL_BERT, "id2label", "{\"0\": \"a\", \"1\": 5}", "label 1"},
        {MODEL_BERT, "id2label", "{\"0\": \"a\", \"1\": \"\"}", "label 1"},
        {MODEL_BERT, "id2label",
         "{\"0\": \"a\", \"1\": "
         "\"0123456789012345678901234567890123456789012345678901234567890123\"}",
         "longer than 63"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct model_config config;
        struct sawb_error error;
        cJSON *json = open_json(cases[i].family);
        cJSON *value = json_parse(cases[i].value, strlen(cases[i].value), "case", &error);
        assert_non_null(value);
        cJSON_DeleteItemFromObjectCaseSensitive(json, cases[i].key);
        cJSON_AddItemToObject(json, cases[i].key, value);
        if (model_config_read(&config, json, "dir/config.json", &error) == 0)
            fail_msg("%s: %s was taken", cases[i].key, cases[i].value);
        if (!strstr(error.message, "dir/config.json: ") || !strstr(error.message, cases[i].word))
            fail_msg("%s: %s", cases[i].word, error.message);
        cJSON_Delete(json);
    }
}

static void refuses_what_is_no_object(void **state) {
    (void)state;
    struct model_config config;
    struct sawb_error error;
    cJSON *json = cJSON_CreateArray();
    assert_int_equal(model_config_read(&config, json, "c", &error), -1);
    cJSON_Delete(json);
    json = cJSON_CreateObject();
    assert_int_equal(model_config_read(&config, json, "c", &error), -1);
    cJSON_Delete(json);
}

static void names_labels_of_its_own(void **state) {
    (void)state;
    struct model_config config;
    struct sawb_error error;
    cJSON *json = open_json(MODEL_BERT);
    cJSON_DeleteItemFromObjectCaseSensitive(json, "id2label");
    assert_int_equal(model_config_read(&config, json, "c", &error), 0);
    assert_int_equal(config.labels, 2);
    assert_string_equal(config.label_names[1], "POSITIVE");
    cJSON_AddNumberToObject(json, "num_labels", 5);
    assert_int_equal(model_config_read(&config, json, "c", &error), 0);
    assert_int_equal(config.labels, 5);
    assert_string_equal(config.label_names[4], "LABEL_4");
    cJSON_Delete(json);
}

/* The optional keys have transformers' defaults. */
static void knows_the_defaults(void **state) {
    (void)state;
    static const char *const optional[] = {"layer_norm_eps", "hidden_dropout_prob", "hidden_act",
                                           "attention_probs_dropout_prob", "classifier_dropout"};
    struct model_config config;
    struct sawb_error error;
    cJSON *json = open_json(MODEL_BERT);
    for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++)
        cJSON_DeleteItemFromObjectCaseSensitive(json, optional[i]);
    assert_int_equal(model_config_read(&config, json, "c", &error), 0);
    assert_int_equal(config.activation, ACTIVATION_GELU);
    assert_true(config.layer_norm_epsilon == 1e-12f && config.hidden_dropout == 0.1f &&
                config.attention_dropout == 0.1f && config.classifier_dropout == 0.1f);
    cJSON_AddNumberToObject(json, "hidden_dropout_prob", 0.25);
    cJSON_AddStringToObject(json, "hidden_act", "relu");
    assert_int_equal(model_config_read(&config, json, "c", &error), 0);
    assert_true(config.classifier_dropout == 0.25f);
    assert_int_equal(config.activation, ACTIVATION_RELU);
    cJSON_Delete(json);
}

static void writes_what_it_reads(void **state) {
    (void)state;
    for (int family = 0; family < 2; family++) {
        struct model_config config, again;
        struct sawb_error error;
        cJSON *json = open_json(family);
        assert_int_equal(model_config_read(&config, json, "c", &error), 0);
        cJSON_AddStringToObject(json, "a_key_of_others", "stays");
        cJSON_AddNumberToObject(json, "num_labels", config.labels);
        config.hidden_dropout = 0.3f;
        config.activation = ACTIVATION_RELU;
        memset(config.label_names[0], 0, MODEL_LABEL_BYTES);
        strcpy(config.label_names[0], "bad");
        assert_int_equal(model_config_write(&config, json, &error), 0);
        assert_int_equal(model_config_read(&again, json, "c", &error), 0);
        assert_memory_equal(&config, &again, sizeof(config));
        assert_string_equal(
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "a_key_of_others")),
            "stays");
        assert_null(cJSON_GetObjectItemCaseSensitive(json, "num_labels"));
        const cJSON *ids = cJSON_GetObjectItemCaseSensitive(json, "label2id");
        assert_int_equal(cJSON_GetArraySize(ids), config.labels);
        assert_true(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(ids, "bad")) == 0);
        cJSON_Delete(json);

        json = cJSON_CreateObject();
        assert_int_equal(model_config_write(&config, json, &error), 0);
        assert_int_equal(model_config_read(&again, json, "c", &error), 0);
        assert_memory_equal(&config, &again, sizeof(config));
        cJSON_Delete(json);
    }
}

/* Bytes of a good file changed at random: read or refused, never more. */
static void survives_mutations(void **state) {
    (void)state;
    for (int family = 0; family < 2; family++) {
        cJSON *json = open_json(family);
        char *text = json_print(json);
        cJSON_Delete(json);
        assert_non_null(text);
        size_t size = strlen(text);
        int taken = 0, refused = 0;
        for (uint64_t round = 0; round < 4000; round++) {
            struct model_config config;
            struct sawb_error error;
            uint64_t key = random_key(round, (uint64_t)family, 0, 0);
            char *copy = malloc(size);
            assert_non_null(copy);
            memcpy(copy, text, size);
            for (uint64_t i = 0; i < 1 + round % 4; i++)
                copy[random_bits(key, 2 * i) % size] = (char)random_bits(key, 2 * i + 1);
            json = json_parse(copy, size, "c", &error);
            int status = json ? model_config_read(&config, json, "c", &error) : -1;
            taken += status == 0;
            refused += status < 0;
            if (status == 0)
                assert_int_equal(config.hidden % config.heads, 0);
            cJSON_Delete(json);
            free(copy);
        }
        assert_true(taken > 100 && refused > 100);
        free(text);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_bert),
    cmocka_unit_test(reads_distilbert),
    cmocka_unit_test(refuses_by_name),
    cmocka_unit_test(refuses_what_is_no_object),
    cmocka_unit_test(names_labels_of_its_own),
    cmocka_unit_test(knows_the_defaults),
    cmocka_unit_test(writes_what_it_reads),
    cmocka_unit_test(survives_mutations),
};
TEST_GROUP(tests_model_config, tests);
