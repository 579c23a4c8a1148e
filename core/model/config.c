/*
 * config.c - reading, checking and writing config.json.
 */
#include "core/model/config.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"

/* Larger than any encoder, and small enough that no size computed from them overflows 64 bits. */
#define VOCABULARY_MAX 10000000
#define HIDDEN_MAX 65536
#define LAYERS_MAX 1024
#define FEED_FORWARD_MAX 1048576
#define POSITIONS_MAX 1048576
#define TOKEN_TYPES_MAX 65536
#define DROPOUT_MAX 0.99 /* at 1 nothing is left to scale up */

/* What DistilBERT does not say: it is fixed in its layer norms. */
#define DEFAULT_EPSILON 1e-12f
#define DEFAULT_DROPOUT 0.1f
#define DEFAULT_CLASSIFIER_DROPOUT 0.2f /* DistilBERT's; BERT's is its hidden dropout */

/* One key of config.json that holds a number, under each family's name (NULL: the family has no
 * such key). */
struct number_key {
    const char *names[2]; /* by enum model_family */
    size_t field;         /* offset in struct model_config of an int, or of a float */
    double low, high;
};

#define FIELD(field) offsetof(struct model_config, field)

static const struct number_key sizes[] = {
    {{"vocab_size", "vocab_size"}, FIELD(vocabulary), 1, VOCABULARY_MAX},
    {{"hidden_size", "dim"}, FIELD(hidden), 1, HIDDEN_MAX},
    {{"num_hidden_layers", "n_layers"}, FIELD(layers), 1, LAYERS_MAX},
    {{"num_attention_heads", "n_heads"}, FIELD(heads), 1, HIDDEN_MAX},
    {{"intermediate_size", "hidden_dim"}, FIELD(feed_forward), 1, FEED_FORWARD_MAX},
    {{"max_position_embeddings", "max_position_embeddings"}, FIELD(positions), 2, POSITIONS_MAX},
    {{"type_vocab_size", NULL}, FIELD(token_types), 1, TOKEN_TYPES_MAX},
};

static const struct number_key rates[] = {
    {{"layer_norm_eps", NULL}, FIELD(layer_norm_epsilon), 1e-20, 1},
    {{"hidden_dropout_prob", "dropout"}, FIELD(hidden_dropout), 0, DROPOUT_MAX},
    {{"attention_probs_dropout_prob", "attention_dropout"},
     FIELD(attention_dropout),
     0,
     DROPOUT_MAX},
    {{"classifier_dropout", "seq_classif_dropout"}, FIELD(classifier_dropout), 0, DROPOUT_MAX},
};

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))
#define RATES (sizeof(rates) / sizeof(rates[0]))

static const char *const family_names[] = {"bert", "distilbert"};
static const char *const architectures[] = {"BertForSequenceClassification",
                                            "DistilBertForSequenceClassification"};
static const char *const activation_names[] = {"gelu", "relu"};
static const char *const activation_keys[] = {"hidden_act", "activation"}; /* by family */

/* ---- reading --------------------------------------------------------------------------------- */

/* The text of a key; `fallback` when it is absent or null; NULL with the error set when it is no
 * string. */
static const char *get_string(const cJSON *json, const char *key, const char *fallback,
                              const char *where, struct sawb_error *error) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    if (!item || cJSON_IsNull(item))
        return fallback;
    if (cJSON_IsString(item))
        return item->valuestring;
    error_set(error, "%s: \"%s\" is not a string; write one", where, key);
    return NULL;
}

/* The place of a key's text in names [2]; -1 with the error set. */
static int get_choice(const cJSON *json, const char *key, const char *const names[2],
                      const char *fallback, const char *where, struct sawb_error *error) {
    const char *text = get_string(json, key, fallback, where, error);
    if (!text)
        return -1;
    for (int i = 0; i < 2; i++) {
        if (strcmp(text, names[i]) == 0)
            return i;
    }
    if (!text[0])
        return error_set(error, "%s: \"%s\" is missing; it must be \"%s\" or \"%s\"", where, key,
                         names[0], names[1]);
    return error_set(error, "%s: \"%s\" is \"%.60s\", sawb knows \"%s\" and \"%s\"", where, key,
                     text, names[0], names[1]);
}

/* Refuses what would make the encoder compute something else than the file means. */
static int check_supported(const cJSON *json, const char *where, struct sawb_error *error) {
    static const char *const must_be[][2] = {
        {"position_embedding_type", "absolute"},
        {"problem_type", "single_label_classification"},
    };
    static const char *const must_be_off[] = {"is_decoder", "add_cross_attention",
                                              "is_encoder_decoder"};
    for (size_t i = 0; i < sizeof(must_be) / sizeof(must_be[0]); i++) {
        const char *text = get_string(json, must_be[i][0], must_be[i][1], where, error);
        if (!text)
            return -1;
        if (strcmp(text, must_be[i][1]) != 0)
            return error_set(error, "%s: \"%s\" is \"%.60s\", sawb knows only \"%s\"", where,
                             must_be[i][0], text, must_be[i][1]);
    }
    for (size_t i = 0; i < sizeof(must_be_off) / sizeof(must_be_off[0]); i++) {
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, must_be_off[i])))
            return error_set(error, "%s: \"%s\" is true, sawb knows only encoders", where,
                             must_be_off[i]);
    }
    if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "pruned_heads")) > 0)
        return error_set(
            error, "%s: \"pruned_heads\" is not empty, sawb needs layers of equal shape", where);
    return 0;
}

static int read_sizes(struct model_config *config, const cJSON *json, const char *where,
                      struct sawb_error *error) {
    for (size_t i = 0; i < SIZES; i++) {
        const char *key = sizes[i].names[config->family];
        int *field = (int *)(void *)((char *)config + sizes[i].field);
        if (key && json_get_int(json, key, (int)sizes[i].low, (int)sizes[i].high, 1, field, where,
                                error) < 0)
            return -1;
    }
    if (config->hidden % config->heads != 0)
        return error_set(error,
                         "%s: the hidden size %d is not a multiple of the number of heads %d",
                         where, config->hidden, config->heads);
    return 0;
}

static int read_rates(struct model_config *config, const cJSON *json, const char *where,
                      struct sawb_error *error) {
    config->layer_norm_epsilon = DEFAULT_EPSILON;
    config->hidden_dropout = config->attention_dropout = DEFAULT_DROPOUT;
    config->classifier_dropout = config->family == MODEL_BERT ? NAN : DEFAULT_CLASSIFIER_DROPOUT;
    for (size_t i = 0; i < RATES; i++) {
        const char *key = rates[i].names[config->family];
        float *field = (float *)(void *)((char *)config + rates[i].field);
        if (key &&
            json_get_float(json, key, rates[i].low, rates[i].high, 0, field, where, error) < 0)
            return -1;
    }
    if (isnan(config->classifier_dropout))
        config->classifier_dropout = config->hidden_dropout;
    return 0;
}

void model_config_name_labels(struct model_config *config, int labels) {
    static const char *const sentiment[] = {"NEGATIVE", "POSITIVE"};
    config->labels = labels;
    for (int i = 0; i < labels; i++) {
        if (labels == 2)
            snprintf(config->label_names[i], MODEL_LABEL_BYTES, "%s", sentiment[i]);
        else
            snprintf(config->label_names[i], MODEL_LABEL_BYTES, "LABEL_%d", i);
    }
}

/* "id2label": {"0": "NEGATIVE", ...}, each of 0..K-1 once. */
static int read_label(struct model_config *config, const cJSON *item, const char *where,
                      struct sawb_error *error) {
    char *end;
    long label = strtol(item->string, &end, 10);
    if (item->string[0] < '0' || item->string[0] > '9' || *end || label >= config->labels)
        return error_set(error, "%s: \"id2label\": \"%.20s\" is not a number from 0 to %d", where,
                         item->string, config->labels - 1);
    if (!cJSON_IsString(item) || !item->valuestring[0])
        return error_set(error, "%s: \"id2label\": label %ld has no name; write a string", where,
                         label);
    if (strlen(item->valuestring) >= MODEL_LABEL_BYTES)
        return error_set(error, "%s: \"id2label\": the name of label %ld is longer than %d bytes",
                         where, label, MODEL_LABEL_BYTES - 1);
    if (config->label_names[label][0])
        return error_set(error, "%s: \"id2label\": label %ld is listed twice", where, label);
    snprintf(config->label_names[label], MODEL_LABEL_BYTES, "%s", item->valuestring);
    return 0;
}

static int read_labels(struct model_config *config, const cJSON *json, const char *where,
                       struct sawb_error *error) {
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(json, "id2label");
    if (!names || cJSON_IsNull(names)) {
        int labels = 2;
        if (json_get_int(json, "num_labels", 2, MODEL_LABELS_MAX, 0, &labels, where, error) < 0)
            return -1;
        model_config_name_labels(config, labels);
        return 0;
    }
    int labels = cJSON_GetArraySize(names);
    if (!cJSON_IsObject(names) || labels < 2 || labels > MODEL_LABELS_MAX)
        return error_set(error, "%s: \"id2label\" must be an object that names 2 to %d labels",
                         where, MODEL_LABELS_MAX);
    config->labels = labels;
    for (const cJSON *item = names->child; item; item = item->next) {
        if (read_label(config, item, where, error) < 0)
            return -1;
    }
    return 0;
}

int model_config_read(struct model_config *config, const cJSON *json, const char *where,
                      struct sawb_error *error) {
    *config = (struct model_config){0};
    if (!cJSON_IsObject(json))
        return error_set(error, "%s: is not a JSON object; it must describe a BERT or DistilBERT",
                         where);
    int family = get_choice(json, "model_type", family_names, "", where, error);
    if (family < 0)
        return -1;
    config->family = (enum model_family)family;
    if (check_supported(json, where, error) < 0)
        return -1;
    int activation =
        get_choice(json, activation_keys[family], activation_names, "gelu", where, error);
    if (activation < 0)
        return -1;
    config->activation = (enum activation)activation;
    if (read_sizes(config, json, where, error) < 0 || read_rates(config, json, where, error) < 0)
        return -1;
    return read_labels(config, json, where, error);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Puts the item in the key's place, or at the end; takes the item over. NULL items fail. */
static int put(cJSON *json, const char *key, cJSON *item) {
    int done = item && (cJSON_GetObjectItemCaseSensitive(json, key)
                            ? cJSON_ReplaceItemInObjectCaseSensitive(json, key, item)
                            : cJSON_AddItemToObject(json, key, item));
    if (item && !done)
        cJSON_Delete(item);
    /* Some versions of cJSON replace an item also when there is no memory for its key. */
    return done && item->string ? 0 : -1;
}

static int put_numbers(const struct model_config *config, cJSON *json) {
    const char *base = (const char *)config;
    int status = 0;
    for (size_t i = 0; i < SIZES && status == 0; i++) {
        const char *key = sizes[i].names[config->family];
        const int *field = (const int *)(const void *)(base + sizes[i].field);
        if (key)
            status = put(json, key, cJSON_CreateNumber(*field));
    }
    for (size_t i = 0; i < RATES && status == 0; i++) {
        const char *key = rates[i].names[config->family];
        const float *field = (const float *)(const void *)(base + rates[i].field);
        if (key)
            status = put(json, key, json_float(*field));
    }
    return status;
}

static int put_labels(const struct model_config *config, cJSON *json) {
    cJSON *names = cJSON_CreateObject(), *numbers = cJSON_CreateObject();
    int failed = !names || !numbers;
    for (int i = 0; i < config->labels && !failed; i++) {
        char number[16];
        snprintf(number, sizeof(number), "%d", i);
        failed = !cJSON_AddStringToObject(names, number, config->label_names[i]) ||
                 !cJSON_AddNumberToObject(numbers, config->label_names[i], i);
    }
    if (failed) {
        cJSON_Delete(names);
        cJSON_Delete(numbers);
        return -1;
    }
    if (put(json, "id2label", names) < 0) {
        cJSON_Delete(numbers);
        return -1;
    }
    return put(json, "label2id", numbers);
}

int model_config_write(const struct model_config *config, cJSON *json, struct sawb_error *error) {
    const char *architecture = architectures[config->family];
    cJSON_DeleteItemFromObjectCaseSensitive(json, "num_labels"); /* id2label says it */
    if (put(json, "architectures", cJSON_CreateStringArray(&architecture, 1)) < 0 ||
        put(json, "model_type", cJSON_CreateString(family_names[config->family])) < 0 ||
        put(json, activation_keys[config->family],
            cJSON_CreateString(activation_names[config->activation])) < 0 ||
        put_numbers(config, json) < 0 || put_labels(config, json) < 0)
        return error_set(error, "out of memory for config.json");
    return 0;
}
