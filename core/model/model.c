/*
 * model.c - opening, copying and saving a sequence classifier.
 */
#include "core/model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/random.h"
#include "core/model/packed.h"
#include "core/model/safetensors.h"

#define WEIGHTS_FILE "model.safetensors"
#define CONFIG_FILE "config.json"
#define NEW_WEIGHT_DEVIATION 0.02  /* BERT's initializer_range */
#define SCAN_VALUES ((size_t)8192) /* what the checks look at while it is in the cache */

/* ---- lifetime -------------------------------------------------------------------------------- */

static struct model *model_new(const char *directory, struct sawb_error *error) {
    struct model *model = calloc(1, sizeof(*model));
    char *copy = strdup(directory);
    if (!model || !copy) {
        error_set(error, "%s: out of memory for a model", directory);
        free(model);
        free(copy);
        return NULL;
    }
    model->directory = copy;
    atomic_init(&model->references, 1);
    return model;
}

struct model *model_retain(struct model *model) {
    atomic_fetch_add_explicit(&model->references, 1, memory_order_relaxed);
    return model;
}

void model_release(struct model *model) {
    if (!model || atomic_fetch_sub_explicit(&model->references, 1, memory_order_acq_rel) > 1)
        return;
    packed_free(model->weights.packed);
    weights_free(&model->weights, &model->config);
    file_map_close(&model->map);
    tokenizer_free(model->tokenizer);
    cJSON_Delete(model->json);
    free(model->directory);
    free(model);
}

int model_token_limit(const struct model *model) {
    return model->config.positions;
}

/* ---- values of weights ----------------------------------------------------------------------- */

/* A value depends on seed, weight and place alone. */
static void initialise_weight(const struct weight *weight, int index, uint64_t seed) {
    float *values = *weight->pointer;
    uint64_t key = random_key(seed, RANDOM_INIT, (uint64_t)index, 0);
    for (size_t i = 0; i < weight->count; i++)
        values[i] = weight->kind == WEIGHT_MATRIX
                        ? (float)(NEW_WEIGHT_DEVIATION * random_normal(key, i))
                        : (weight->kind == WEIGHT_NORM ? 1.0f : 0.0f);
}

static int all_finite(const float *values, size_t count) {
    const uint32_t exponent = 0x7f800000;
    uint32_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, values + i, sizeof(bits));
        found |= (bits & exponent) == exponent;
    }
    return !found;
}

static inline uint64_t stir(uint64_t hash, uint64_t word) {
    hash ^= word;
    return (hash << 29 | hash >> 35) * 0x9e3779b97f4a7c15ULL;
}

/* Four chains of dependent multiplications side by side: as fast as memory is read. */
static uint64_t hash_values(uint64_t hash, const float *values, size_t count) {
    uint64_t lanes[4] = {hash, hash + 1, hash + 2, hash + 3};
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint64_t words[4];
        memcpy(words, values + i, sizeof(words));
        for (int lane = 0; lane < 4; lane++)
            lanes[lane] = stir(lanes[lane], words[lane]);
    }
    for (; i < count; i++) {
        uint32_t word;
        memcpy(&word, values + i, sizeof(word));
        lanes[0] = stir(lanes[0], word);
    }
    for (int lane = 1; lane < 4; lane++)
        lanes[0] = stir(lanes[0], lanes[lane]);
    return random_mix(lanes[0]);
}

/* Adds the values to *hash. -1 when one of them is not finite. */
static int scan_values(const float *values, size_t count, uint64_t *hash) {
    int finite = 1;
    for (size_t begin = 0; begin < count; begin += SCAN_VALUES) {
        size_t size = count - begin < SCAN_VALUES ? count - begin : SCAN_VALUES;
        finite &= all_finite(values + begin, size);
        *hash = hash_values(*hash, values + begin, size);
    }
    return finite ? 0 : -1;
}

uint64_t model_fingerprint(const struct model *model) {
    struct weights weights = model->weights;
    uint64_t hash = 0;
    for (int i = 0; i < weights_count(&model->config); i++) {
        struct weight weight;
        weights_get(&model->config, &weights, i, &weight);
        scan_values(*weight.pointer, weight.count, &hash);
    }
    return hash;
}

/* ---- opening --------------------------------------------------------------------------------- */

struct opening {
    struct model *model;
    uint64_t seed;
    struct safetensors file;
    const struct tensor **tensors; /* of each weight; NULL: a new head's */
    int count;                     /* weights */
};

/* [2,3], as messages show a shape. */
static void shape_text(char *text, size_t size, int dimensions, const int64_t *shape) {
    size_t used = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < dimensions && used < size; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%lld", i ? "," : "", (long long)shape[i]);
    if (used < size)
        snprintf(text + used, size - used, "]");
}

static void weight_shape(const struct weight *weight, int64_t shape[TENSOR_DIMENSIONS]) {
    int is_matrix = weight->dimensions == 2;
    memset(shape, 0, TENSOR_DIMENSIONS * sizeof(*shape));
    shape[0] = is_matrix ? weight->rows : weight->columns;
    shape[1] = is_matrix ? weight->columns : 0;
}

static int check_tensor(const struct opening *opening, const struct weight *weight,
                        const struct tensor *tensor, struct sawb_error *error) {
    const char *path = opening->file.path;
    int64_t shape[TENSOR_DIMENSIONS];
    weight_shape(weight, shape);
    if (tensor->dimensions != weight->dimensions ||
        memcmp(tensor->shape, shape, sizeof(shape)) != 0) {
        char found[192], wanted[64];
        shape_text(found, sizeof(found), tensor->dimensions, tensor->shape);
        shape_text(wanted, sizeof(wanted), weight->dimensions, shape);
        return error_set(error, "%s: tensor \"%s\" is %s, config.json says %s", path, tensor->name,
                         found, wanted);
    }
    if (tensor->type != TENSOR_F32 && tensor->type != TENSOR_F16 && tensor->type != TENSOR_BF16)
        return error_set(error, "%s: tensor \"%s\" is of type %s, it must be F32, F16 or BF16",
                         path, tensor->name, tensor_type_name(tensor->type));
    return 0;
}

/* The older names of layer norms: LayerNorm.gamma and LayerNorm.beta. */
static const struct tensor *find_older(const struct safetensors *file, const char *name) {
    static const char *const names[][2] = {{"LayerNorm.weight", "LayerNorm.gamma"},
                                           {"LayerNorm.bias", "LayerNorm.beta"}};
    for (int i = 0; i < 2; i++) {
        const char *end = strstr(name, names[i][0]);
        char older[WEIGHT_NAME_BYTES];
        if (!end)
            continue;
        snprintf(older, sizeof(older), "%.*s%s", (int)(end - name), name, names[i][1]);
        return safetensors_find(file, older);
    }
    return NULL;
}

static const struct tensor *find_tensor(const struct safetensors *file,
                                        const struct weight *weight) {
    const char *const names[] = {weight->name, weight->bare};
    for (int i = 0; i < 2; i++) {
        const struct tensor *tensor = safetensors_find(file, names[i]);
        if (!tensor)
            tensor = find_older(file, names[i]);
        if (tensor)
            return tensor;
    }
    return NULL;
}

/* A weight of the head may be missing together with its bias, and the bias with its weight. */
static int may_be_missing(const struct opening *opening, const struct weight *weight, int index) {
    struct weight partner;
    int is_bias = weight->kind == WEIGHT_BIAS;
    if (!weight->is_head)
        return 0;
    weights_get(&opening->model->config, NULL, is_bias ? index - 1 : index + 1, &partner);
    return !find_tensor(&opening->file, &partner);
}

static int find_all(struct opening *opening, struct sawb_error *error) {
    const struct model_config *config = &opening->model->config;
    opening->count = weights_count(config);
    opening->tensors = calloc((size_t)opening->count, sizeof(const struct tensor *));
    if (!opening->tensors)
        return error_set(error, "%s: out of memory for %d weights", opening->file.path,
                         opening->count);
    for (int i = 0; i < opening->count; i++) {
        struct weight weight;
        weights_get(config, NULL, i, &weight);
        const struct tensor *tensor = find_tensor(&opening->file, &weight);
        if (!tensor && !may_be_missing(opening, &weight, i))
            return error_set(error,
                             "%s: tensor \"%s\" is missing; take the weights that belong to this "
                             "config.json",
                             opening->file.path, weight.name);
        if (tensor && check_tensor(opening, &weight, tensor, error) < 0)
            return -1;
        opening->tensors[i] = tensor;
    }
    return 0;
}

/* Float32 weights stay in the mapping where a float may be read. Returns how many do. */
static int map_weights(struct opening *opening) {
    struct model *model = opening->model;
    int mapped = 0;
    for (int i = 0; i < opening->count; i++) {
        const struct tensor *tensor = opening->tensors[i];
        struct weight weight;
        if (!tensor || tensor->type != TENSOR_F32 || (uintptr_t)tensor->data % _Alignof(float) != 0)
            continue;
        weights_get(&model->config, &model->weights, i, &weight);
        *weight.pointer = (float *)(uintptr_t)tensor->data;
        mapped++;
    }
    return mapped;
}

/* The others move into a block of the model's own. All must be finite. */
static int place_weights(struct opening *opening, struct sawb_error *error) {
    struct model *model = opening->model;
    if (weights_prepare(&model->weights, &model->config, error) < 0)
        return -1;
    int mapped = map_weights(opening);
    if (weights_fill(&model->weights, &model->config, error) < 0)
        return -1;
    for (int i = 0; i < opening->count; i++) {
        const struct tensor *tensor = opening->tensors[i];
        struct weight weight;
        weights_get(&model->config, &model->weights, i, &weight);
        if (!tensor)
            initialise_weight(&weight, i, opening->seed);
        else if (tensor->data != *weight.pointer &&
                 tensor_to_float(tensor, *weight.pointer, error) < 0)
            return -1;
        if (scan_values(*weight.pointer, weight.count, &model->fingerprint) < 0)
            return error_set(error,
                             "%s: tensor \"%s\" holds NaN or infinity; take another checkpoint",
                             opening->file.path, weight.name);
    }
    if (mapped > 0) {
        model->map = opening->file.map;
        opening->file.map = (struct file_map){0};
    }
    model->weights.packed = packed_create(&model->map, error);
    return model->weights.packed ? 0 : -1;
}

static void write_note(struct opening *opening) {
    struct model *model = opening->model;
    int new_pooler = 0, new_classifier = 0;
    int spare = opening->file.count;
    for (int i = 0; i < opening->count; i++) {
        struct weight weight;
        weights_get(&model->config, &model->weights, i, &weight);
        spare -= opening->tensors[i] != NULL;
        new_pooler |= weight.pointer == &model->weights.pooler_weight && !opening->tensors[i];
        new_classifier |=
            weight.pointer == &model->weights.classifier_weight && !opening->tensors[i];
    }
    /* A constant that some checkpoints carry along: 0, 1, 2, ... */
    static const char *const constants[] = {"embeddings.position_ids",
                                            "bert.embeddings.position_ids",
                                            "distilbert.embeddings.position_ids"};
    for (int i = 0; i < 3; i++)
        spare -= safetensors_find(&opening->file, constants[i]) != NULL;

    /* DistilBERT's pooler, the pre_classifier, belongs to its head. */
    int is_bert = model->config.family == MODEL_BERT;
    unsigned long long seed = opening->seed;
    char parts[3][192];
    int count = 0;
    if (new_pooler && (is_bert || !new_classifier))
        snprintf(parts[count++], sizeof(parts[0]), "new %s (seed %llu)",
                 is_bert ? "pooler" : "pre_classifier", seed);
    if (new_classifier)
        snprintf(parts[count++], sizeof(parts[0]), "new classifier head (seed %llu)", seed);
    else if (!cJSON_GetObjectItemCaseSensitive(model->json, "id2label"))
        snprintf(parts[count++], sizeof(parts[0]),
                 "config.json has no label names: 0 is %s, 1 is %s", model->config.label_names[0],
                 model->config.label_names[1]);
    if (spare > 0)
        snprintf(parts[count++], sizeof(parts[0]), "%d tensor%s of another head left aside", spare,
                 spare == 1 ? "" : "s");
    size_t used = 0;
    for (int i = 0; i < count && used < sizeof(model->note); i++)
        used += (size_t)snprintf(model->note + used, sizeof(model->note) - used, "%s%s",
                                 i ? "; " : "", parts[i]);
}

static int open_weights(struct opening *opening, const char *path,
                        const struct model_options *options, struct sawb_error *error) {
    struct model_config *config = &opening->model->config;
    if (safetensors_open(&opening->file, path, error) < 0)
        return -1;
    int new_head = !safetensors_find(&opening->file, "classifier.weight");
    if (new_head && options->labels != 0 && options->labels != config->labels) {
        if (options->labels < 2 || options->labels > MODEL_LABELS_MAX)
            return error_set(error, "%s: a new head cannot have %d labels; ask for 2 to %d", path,
                             options->labels, MODEL_LABELS_MAX);
        model_config_name_labels(config, options->labels);
    }
    if (find_all(opening, error) < 0 || place_weights(opening, error) < 0)
        return -1;
    write_note(opening);
    return 0;
}

static int open_tokenizer(struct model *model, struct sawb_error *error) {
    if (tokenizer_open(&model->tokenizer, model->directory, error) < 0)
        return -1;
    int size = tokenizer_size(model->tokenizer);
    if (size != model->config.vocabulary)
        return error_set(
            error,
            "%s: vocab.txt has %d word pieces, config.json says %d; take the vocab.txt "
            "that belongs to the weights",
            model->directory, size, model->config.vocabulary);
    return 0;
}

int model_open(struct model **model, const char *directory, const struct model_options *options,
               struct sawb_error *error) {
    *model = NULL;
    if (!file_is_directory(directory))
        return error_set(
            error, "%s: is not a folder; name one with config.json, " WEIGHTS_FILE " and vocab.txt",
            directory);
    struct opening opening = {.model = model_new(directory, error), .seed = options->seed};
    if (!opening.model)
        return -1;
    int status = -1;
    char *config_path = file_join(directory, CONFIG_FILE);
    char *weights_path = file_join(directory, WEIGHTS_FILE);
    if (!config_path || !weights_path)
        error_set(error, "%s: out of memory for a path", directory);
    else if ((opening.model->json = json_parse_file(config_path, error)) &&
             model_config_read(&opening.model->config, opening.model->json, config_path, error) ==
                 0 &&
             open_weights(&opening, weights_path, options, error) == 0)
        status = open_tokenizer(opening.model, error);

    free(config_path);
    free(weights_path);
    free(opening.tensors);
    safetensors_close(&opening.file);
    if (status == 0)
        *model = opening.model;
    else
        model_release(opening.model);
    return status;
}

/* ---- making and copying ---------------------------------------------------------------------- */

int model_create(struct model **model, const struct model_config *config,
                 struct tokenizer *tokenizer, uint64_t seed, struct sawb_error *error) {
    *model = NULL;
    int size = tokenizer_size(tokenizer);
    if (size != config->vocabulary)
        return error_set(error, "a model of %d word pieces cannot take a vocabulary of %d",
                         config->vocabulary, size);
    struct model *fresh = model_new("", error);
    if (!fresh)
        return -1;
    fresh->config = *config;
    fresh->json = cJSON_CreateObject();
    if (!fresh->json || model_config_write(config, fresh->json, error) < 0 ||
        weights_allocate(&fresh->weights, config, error) < 0) {
        model_release(fresh);
        return -1;
    }
    for (int i = 0; i < weights_count(config); i++) {
        struct weight weight;
        weights_get(config, &fresh->weights, i, &weight);
        initialise_weight(&weight, i, seed);
    }
    fresh->fingerprint = model_fingerprint(fresh);
    fresh->tokenizer = tokenizer;
    *model = fresh;
    return 0;
}

int model_copy(struct model **copy, const struct model *source, struct sawb_error *error) {
    *copy = NULL;
    struct model *fresh = model_new(source->directory, error);
    if (!fresh)
        return -1;
    fresh->config = source->config;
    fresh->json = cJSON_Duplicate(source->json, 1);
    if (!fresh->json) {
        model_release(fresh);
        return error_set(error, "%s: out of memory for a copy of the model", source->directory);
    }
    if (weights_allocate(&fresh->weights, &source->config, error) < 0) {
        model_release(fresh);
        return -1;
    }
    struct weights weights = source->weights;
    for (int i = 0; i < weights_count(&source->config); i++) {
        struct weight from, to;
        weights_get(&source->config, &weights, i, &from);
        weights_get(&source->config, &fresh->weights, i, &to);
        memcpy(*to.pointer, *from.pointer, from.count * sizeof(float));
    }
    file_map_rest(&source->map);
    memcpy(fresh->note, source->note, sizeof(fresh->note));
    fresh->fingerprint = source->fingerprint;
    fresh->tokenizer = tokenizer_retain(source->tokenizer);
    *copy = fresh;
    return 0;
}

/* ---- saving ---------------------------------------------------------------------------------- */

/* The weights, under a temporary name until the writer is committed. */
static int stage_weights(const struct model *model, struct file_writer *writer, const char *path,
                         enum model_storage storage, struct sawb_error *error) {
    int count = weights_count(&model->config);
    struct weights weights = model->weights;
    struct weight *walk = calloc((size_t)count, sizeof(*walk)); /* holds the names */
    struct tensor *tensors = calloc((size_t)count, sizeof(*tensors));
    cJSON *metadata = cJSON_CreateObject();
    int status = -1;
    if (!walk || !tensors || !cJSON_AddStringToObject(metadata, "format", "pt")) {
        error_set(error, "%s: out of memory", path);
        goto done;
    }
    for (int i = 0; i < count; i++) {
        weights_get(&model->config, &weights, i, &walk[i]);
        tensors[i] = (struct tensor){.name = walk[i].name,
                                     .type = storage == STORE_F16 ? TENSOR_F16 : TENSOR_F32,
                                     .dimensions = walk[i].dimensions,
                                     .data = *walk[i].pointer};
        weight_shape(&walk[i], tensors[i].shape);
    }
    status = safetensors_stage(writer, path, tensors, count, metadata, error);
done:
    free(walk);
    free(tensors);
    cJSON_Delete(metadata);
    return status;
}

/* The key by which transformers knows the type of the weights, and the one it had before. */
static int write_type(cJSON *json, enum model_storage storage) {
    static const char *const keys[] = {"dtype", "torch_dtype"};
    for (int i = 0; i < 2; i++) {
        cJSON_DeleteItemFromObjectCaseSensitive(json, keys[i]);
        if (!cJSON_AddStringToObject(json, keys[i], storage == STORE_F16 ? "float16" : "float32"))
            return -1;
    }
    return 0;
}

static int save_config(const struct model *model, const char *path, enum model_storage storage,
                       struct sawb_error *error) {
    cJSON *json = cJSON_Duplicate(model->json, 1);
    char *text = NULL;
    if (json && model_config_write(&model->config, json, error) == 0 &&
        write_type(json, storage) == 0)
        text = cJSON_Print(json);
    cJSON_Delete(json);
    if (!text)
        return error_set(error, "%s: out of memory", path);
    struct file_writer writer;
    int status = file_begin(&writer, path, error);
    if (status == 0)
        status = file_write(&writer, text, strlen(text), error);
    if (status == 0)
        status = file_write(&writer, "\n", 1, error);
    if (status == 0)
        status = file_commit(&writer, error);
    cJSON_free(text);
    return status;
}

int model_save(const struct model *model, const char *directory, enum model_storage storage,
               struct sawb_error *error) {
    int existed = file_exists(directory);
    if (file_make_directory(directory, error) < 0)
        return -1;
    char *config_path = file_join(directory, CONFIG_FILE);
    char *weights_path = file_join(directory, WEIGHTS_FILE);
    struct file_writer writer = {.descriptor = -1};
    int status = -1;
    if (!config_path || !weights_path)
        error_set(error, "%s: out of memory for a path", directory);
    else if (stage_weights(model, &writer, weights_path, storage, error) == 0 &&
             save_config(model, config_path, storage, error) == 0 &&
             tokenizer_save(model->tokenizer, directory, error) == 0)
        status = file_commit(&writer, error);
    if (status < 0) {
        file_discard(&writer);
        if (!existed)
            rmdir(directory);
    }
    free(config_path);
    free(weights_path);
    return status;
}
