/*
 * Models: opened from what transformers saved, from variants of it and from spoilt folders; saved,
 * copied, created.
 */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/model/model.h"
#include "core/model/safetensors.h"
#include "tests/temporary.h"
#include "tests/test.h"

static const char *const folders[] = {"tests/model/vectors/bert", "tests/model/vectors/distilbert"};
static const struct model_options seed_one = {.seed = 1};

static struct model *open_model(const char *folder) {
    struct sawb_error error = {""};
    struct model *model;
    if (model_open(&model, folder, &seed_one, &error) < 0)
        fail_msg("%s", error.message);
    return model;
}

static void copy_file(const char *from_folder, const char *to_folder, const char *name) {
    struct sawb_error error;
    char *text, *from = file_join(from_folder, name), *to = file_join(to_folder, name);
    size_t size;
    assert_int_equal(file_read(&text, &size, from, &error), 0);
    assert_int_equal(file_replace(to, text, size, &error), 0);
    free(text);
    free(from);
    free(to);
}

/* A folder with the three files of a checkpoint, which a test may then spoil. */
static void copy_checkpoint(struct temporary *folder, const char *from) {
    temporary_make(folder);
    copy_file(from, folder->path, "config.json");
    copy_file(from, folder->path, "model.safetensors");
    copy_file(from, folder->path, "vocab.txt");
}

static void write_text(const struct temporary *folder, const char *name, const char *text) {
    struct sawb_error error;
    char *path = temporary_path(folder, name);
    assert_int_equal(file_replace(path, text, strlen(text), &error), 0);
    free(path);
}

static void remove_file(const struct temporary *folder, const char *name) {
    char *path = temporary_path(folder, name);
    assert_int_equal(unlink(path), 0);
    free(path);
}

/* Sets one key of the folder's config.json; NULL takes it out. */
static void set_key(const struct temporary *folder, const char *key, const char *value) {
    struct sawb_error error;
    char *path = temporary_path(folder, "config.json");
    cJSON *json = json_parse_file(path, &error);
    assert_non_null(json);
    cJSON_DeleteItemFromObjectCaseSensitive(json, key);
    if (value)
        cJSON_AddItemToObject(json, key, cJSON_Parse(value));
    char *text = json_print(json);
    write_text(folder, "config.json", text);
    free(text);
    cJSON_Delete(json);
    free(path);
}

/* How a rewritten file differs from the checkpoint; NULL and 0: not at all. */
struct change {
    const char *without[4]; /* tensors whose names hold one of these are left out */
    const char *cut;        /* this beginning is taken off names */
    const char *from, *to;  /* this part of a name is replaced */
    const char *extra;      /* one more tensor of this name */
    const char *spoil;      /* the first value of this tensor becomes NaN */
    const char *flat;       /* this matrix becomes a vector */
    const char *bytes;      /* this tensor is written as U8 */
    enum tensor_type type;  /* F32 or F16 */
};

static int is_left_out(const struct change *change, const char *name) {
    for (int i = 0; i < 4 && change->without[i]; i++)
        if (strstr(name, change->without[i]))
            return 1;
    return 0;
}

/* The name of a tensor after the change, owned by the caller. */
static char *changed_name(const struct change *change, const char *name) {
    size_t cut = change->cut ? strlen(change->cut) : 0;
    if (change->cut && strncmp(name, change->cut, cut) == 0)
        name += cut;
    const char *found = change->from ? strstr(name, change->from) : NULL;
    char *result;
    if (found)
        assert_true(asprintf(&result, "%.*s%s%s", (int)(found - name), name, change->to,
                             found + strlen(change->from)) > 0);
    else
        result = strdup(name);
    assert_non_null(result);
    return result;
}

static int is_named(const char *name, const char *wanted) {
    return wanted && strcmp(name, wanted) == 0;
}

/* Writes the folder's model.safetensors anew. */
static void rewrite(const struct temporary *folder, const struct change *change) {
    struct safetensors file;
    struct sawb_error error = {""};
    struct tensor tensors[64];
    float *values[64];
    static const float spare[3] = {0};
    int count = 0;
    char *path = temporary_path(folder, "model.safetensors");
    assert_int_equal(safetensors_open(&file, path, &error), 0);
    for (int i = 0; i < file.count; i++) {
        struct tensor *tensor = &tensors[count];
        const char *name = file.tensors[i].name;
        if (is_left_out(change, name))
            continue;
        *tensor = file.tensors[i];
        values[count] = malloc(tensor->size);
        assert_non_null(values[count]);
        assert_int_equal(tensor_to_float(tensor, values[count], &error), 0);
        if (is_named(name, change->spoil))
            values[count][0] = NAN;
        if (is_named(name, change->flat)) {
            tensor->dimensions = 1;
            tensor->shape[0] = (int64_t)tensor->count;
        }
        tensor->type = is_named(name, change->bytes) ? TENSOR_U8 : change->type;
        tensor->data = values[count++];
        tensor->name = changed_name(change, name);
    }
    int all = count;
    if (change->extra)
        tensors[all++] = (struct tensor){.name = change->extra,
                                         .type = TENSOR_F32,
                                         .dimensions = 1,
                                         .shape = {3},
                                         .data = spare};
    if (safetensors_write(path, tensors, all, NULL, &error) < 0)
        fail_msg("%s", error.message);
    for (int i = 0; i < count; i++) {
        free(values[i]);
        free((char *)(uintptr_t)tensors[i].name);
    }
    safetensors_close(&file);
    free(path);
}

static void check_refusal(const struct temporary *folder, const char *word) {
    struct sawb_error error = {""};
    struct model *model;
    if (model_open(&model, folder->path, &seed_one, &error) == 0)
        fail_msg("was opened, expected: %s", word);
    assert_null(model);
    if (!strstr(error.message, word) || !strstr(error.message, folder->path))
        fail_msg("expected \"%s\" and the folder in: %s", word, error.message);
}

static void check_equal_weights(const struct model *a, const struct model *b) {
    struct weights first = a->weights, second = b->weights;
    assert_int_equal(weights_count(&a->config), weights_count(&b->config));
    for (int i = 0; i < weights_count(&a->config); i++) {
        struct weight one, two;
        weights_get(&a->config, &first, i, &one);
        weights_get(&b->config, &second, i, &two);
        assert_string_equal(one.name, two.name);
        assert_memory_equal(*one.pointer, *two.pointer, one.count * sizeof(float));
    }
}

/* ---- opening --------------------------------------------------------------------------------- */

static void opens_what_transformers_saved(void **state) {
    (void)state;
    for (int f = 0; f < 2; f++) {
        struct model *model = open_model(folders[f]);
        struct safetensors file;
        struct sawb_error error;
        char *path = file_join(folders[f], "model.safetensors");
        assert_int_equal(safetensors_open(&file, path, &error), 0);
        for (int i = 0; i < weights_count(&model->config); i++) {
            struct weight weight;
            weights_get(&model->config, &model->weights, i, &weight);
            const struct tensor *tensor = safetensors_find(&file, weight.name);
            assert_memory_equal(*weight.pointer, tensor->data, tensor->size);
            /* Read in place, not copied. */
            const unsigned char *place = (const unsigned char *)*weight.pointer;
            assert_true(place > model->map.data && place < model->map.data + model->map.size);
        }
        assert_null(model->weights.block);
        assert_string_equal(model->note, "");
        assert_string_equal(model->directory, folders[f]);
        assert_int_equal(model_token_limit(model), 32);
        assert_int_equal(tokenizer_size(model->tokenizer), 40);
        assert_true(model->fingerprint == model_fingerprint(model));
        safetensors_close(&file);
        free(path);
        model_release(model);
    }
}

/* Names without prefix, older names, an extra constant: the same weights. */
static void opens_other_spellings(void **state) {
    (void)state;
    static const struct {
        int family;
        struct change change;
    } cases[] = {
        {0, {.cut = "bert."}},
        {1, {.cut = "distilbert."}},
        {0, {.from = "LayerNorm.weight", .to = "LayerNorm.gamma"}},
        {0, {.from = "LayerNorm.bias", .to = "LayerNorm.beta", .cut = "bert."}},
        {0, {.extra = "embeddings.position_ids"}},
        {0, {.extra = "bert.embeddings.position_ids"}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct temporary folder;
        copy_checkpoint(&folder, folders[cases[i].family]);
        rewrite(&folder, &cases[i].change);
        struct model *model = open_model(folder.path);
        struct model *original = open_model(folders[cases[i].family]);
        check_equal_weights(model, original);
        assert_true(model->fingerprint == original->fingerprint);
        assert_string_equal(model->note, "");
        model_release(original);
        model_release(model);
        temporary_remove(&folder);
    }
}

/* A header whose size is no multiple of 4 leaves the floats where they cannot be read in place. */
static void opens_unaligned_floats(void **state) {
    (void)state;
    struct temporary folder;
    struct file_map map;
    struct sawb_error error;
    copy_checkpoint(&folder, folders[0]);
    char *path = temporary_path(&folder, "model.safetensors");
    assert_int_equal(file_map_open(&map, path, &error), 0);
    uint64_t length;
    memcpy(&length, map.data, 8);
    unsigned char *bytes = malloc(map.size + 1);
    assert_non_null(bytes);
    memcpy(bytes, map.data, 8 + length);
    bytes[8 + length] = ' ';
    memcpy(bytes + 9 + length, map.data + 8 + length, map.size - 8 - length);
    length++;
    memcpy(bytes, &length, 8);
    assert_int_equal(file_replace(path, bytes, map.size + 1, &error), 0);
    struct model *model = open_model(folder.path), *original = open_model(folders[0]);
    check_equal_weights(model, original);
    assert_non_null(model->weights.block);
    assert_null(model->map.data); /* nothing points there any more */
    model_release(original);
    model_release(model);
    free(bytes);
    file_map_close(&map);
    free(path);
    temporary_remove(&folder);
}

static double standard_deviation(const float *values, size_t count) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
        squares += (double)values[i] * values[i];
    }
    return sqrt(squares / (double)count - sum * sum / ((double)count * (double)count));
}

static void makes_new_heads(void **state) {
    (void)state;
    static const struct {
        int family;
        struct change change;
        const char *note;
    } cases[] = {
        {0, {.without = {"classifier"}, .cut = "bert."}, "new classifier head (seed 1)"},
        {0,
         {.without = {"classifier", "pooler"}},
         "new pooler (seed 1); new classifier head (seed 1)"},
        {0, {.without = {"pooler"}}, "new pooler (seed 1)"},
        {1, {.without = {"classifier"}, .cut = "distilbert."}, "new classifier head (seed 1)"},
        {0,
         {.without = {"classifier"}, .extra = "cls.predictions.bias"},
         "new classifier head (seed 1); 1 tensor of another head left aside"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct temporary folder;
        copy_checkpoint(&folder, folders[cases[i].family]);
        rewrite(&folder, &cases[i].change);
        struct model *model = open_model(folder.path), *again = open_model(folder.path);
        assert_string_equal(model->note, cases[i].note);
        check_equal_weights(model, again);
        if (strstr(model->note, "head")) {
            size_t count = (size_t)(model->config.labels * model->config.hidden);
            double deviation = standard_deviation(model->weights.classifier_weight, count);
            assert_true(deviation > 0.01 && deviation < 0.03);
            assert_true(model->weights.classifier_bias[0] == 0);
        }
        model_release(again);
        struct sawb_error error;
        assert_int_equal(
            model_open(&again, folder.path, &(struct model_options){.seed = 2}, &error), 0);
        assert_true(model->fingerprint != again->fingerprint);
        model_release(again);
        model_release(model);
        temporary_remove(&folder);
    }
}

static void new_heads_have_the_labels_asked_for(void **state) {
    (void)state;
    struct temporary folder;
    struct model *model;
    struct sawb_error error;
    copy_checkpoint(&folder, folders[1]);
    rewrite(&folder, &(struct change){.without = {"classifier"}});
    assert_int_equal(model_open(&model, folder.path, &(struct model_options){.labels = 5}, &error),
                     0);
    assert_int_equal(model->config.labels, 5);
    assert_string_equal(model->config.label_names[4], "LABEL_4");
    model_release(model);
    assert_int_equal(model_open(&model, folder.path, &(struct model_options){.labels = 65}, &error),
                     -1);
    assert_non_null(strstr(error.message, "65"));
    temporary_remove(&folder);

    /* A head that is there keeps its own. */
    assert_int_equal(model_open(&model, folders[1], &(struct model_options){.labels = 5}, &error),
                     0);
    assert_int_equal(model->config.labels, 3);
    model_release(model);
}

static void says_that_labels_have_no_names(void **state) {
    (void)state;
    struct temporary folder;
    copy_checkpoint(&folder, folders[0]);
    set_key(&folder, "id2label", NULL);
    struct model *model = open_model(folder.path);
    assert_non_null(strstr(model->note, "0 is NEGATIVE, 1 is POSITIVE"));
    model_release(model);
    temporary_remove(&folder);
}

#define QUERY "bert.encoder.layer.1.attention.self.query.weight"

static void refuses_wrong_tensors(void **state) {
    (void)state;
    static const struct {
        struct change change;
        const char *word;
    } cases[] = {
        {{.without = {"layer.1.attention.self.query.weight"}}, "\"" QUERY "\" is missing"},
        {{.without = {"position_embeddings"}},
         "\"bert.embeddings.position_embeddings.weight\" is missing"},
        {{.without = {"classifier.bias"}}, "\"classifier.bias\" is missing"},
        {{.without = {"pooler.dense.weight"}}, "\"bert.pooler.dense.weight\" is missing"},
        {{.flat = QUERY}, "tensor \"" QUERY "\" is [256], config.json says [16,16]"},
        {{.bytes = QUERY}, "tensor \"" QUERY "\" is of type U8"},
        {{.spoil = QUERY}, "tensor \"" QUERY "\" holds NaN"},
        {{.spoil = "classifier.bias", .type = TENSOR_F16}, "\"classifier.bias\" holds NaN"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct temporary folder;
        copy_checkpoint(&folder, folders[0]);
        rewrite(&folder, &cases[i].change);
        check_refusal(&folder, cases[i].word);
        temporary_remove(&folder);
    }
}

static void refuses_configs_that_do_not_fit(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"vocab_size", "48",
         "embeddings.word_embeddings.weight\" is [40,16], config.json says [48,16]"},
        {"hidden_size", "32", "is [40,16], config.json says [40,32]"},
        {"num_hidden_layers", "3", "layer.2.attention.self.query.weight\" is missing"},
        {"id2label", "{\"0\":\"a\",\"1\":\"b\",\"2\":\"c\"}",
         "\"classifier.weight\" is [2,16], config.json says [3,16]"},
        {"model_type", "\"gpt2\"", "/config.json: \"model_type\" is \"gpt2\""},
        {"model_type", "\"distilbert\"", "/config.json: the key \"dim\" is missing"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct temporary folder;
        copy_checkpoint(&folder, folders[0]);
        set_key(&folder, cases[i][0], cases[i][1]);
        check_refusal(&folder, cases[i][2]);
        temporary_remove(&folder);
    }
}

static void refuses_spoilt_folders(void **state) {
    (void)state;
    struct temporary folder;
    struct model *model;
    struct sawb_error error;
    assert_int_equal(model_open(&model, "tests/absent", &seed_one, &error), -1);
    assert_non_null(strstr(error.message, "tests/absent: is not a folder"));

    static const char *const files[] = {"config.json", "model.safetensors", "vocab.txt"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        copy_checkpoint(&folder, folders[0]);
        remove_file(&folder, files[i]);
        check_refusal(&folder, files[i]);
        temporary_remove(&folder);
    }
    copy_checkpoint(&folder, folders[0]);
    write_text(&folder, "config.json", "{\"model_type\": \"bert\",\n}");
    check_refusal(&folder, "config.json: line 2, column 1");
    temporary_remove(&folder);

    copy_checkpoint(&folder, folders[0]);
    write_text(&folder, "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nfilm\n");
    check_refusal(&folder, "vocab.txt has 6 word pieces, config.json says 40");
    temporary_remove(&folder);

    copy_checkpoint(&folder, folders[0]);
    char *path = temporary_path(&folder, "model.safetensors");
    assert_int_equal(truncate(path, 20000), 0);
    check_refusal(&folder, "cut short");
    free(path);
    temporary_remove(&folder);
}

/* ---- saving ---------------------------------------------------------------------------------- */

static void round_trips(void **state) {
    (void)state;
    for (int f = 0; f < 2; f++) {
        struct temporary folder;
        struct safetensors old_file, new_file;
        struct sawb_error error;
        temporary_make(&folder);
        char *target = temporary_path(&folder, "deep/saved");
        struct model *model = open_model(folders[f]);
        assert_int_equal(model_save(model, target, STORE_F32, &error), 0);
        struct model *saved = open_model(target);
        check_equal_weights(model, saved);
        assert_true(model->fingerprint == saved->fingerprint);
        assert_memory_equal(&model->config, &saved->config, sizeof(model->config));
        assert_string_equal(saved->note, "");
        assert_int_equal(tokenizer_size(saved->tokenizer), 40);
        assert_string_equal(tokenizer_piece(saved->tokenizer, 6), "a");

        /* The same tensors byte for byte, under the same names. */
        char *old_path = file_join(folders[f], "model.safetensors");
        char *new_path = file_join(target, "model.safetensors");
        assert_int_equal(safetensors_open(&old_file, old_path, &error), 0);
        assert_int_equal(safetensors_open(&new_file, new_path, &error), 0);
        assert_int_equal(old_file.count, new_file.count);
        for (int i = 0; i < old_file.count; i++) {
            const struct tensor *a = &old_file.tensors[i], *b = &new_file.tensors[i];
            assert_string_equal(a->name, b->name);
            assert_int_equal(a->dimensions, b->dimensions);
            assert_memory_equal(a->shape, b->shape, sizeof(a->shape));
            assert_memory_equal(a->data, b->data, a->size);
        }
        safetensors_close(&new_file);
        safetensors_close(&old_file);
        free(new_path);
        free(old_path);
        model_release(saved);
        model_release(model);
        free(target);
        temporary_remove(&folder);
    }
}

static const char *string_of(const struct model *model, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(model->json, key));
}

static void stores_float16(void **state) {
    (void)state;
    struct temporary folder;
    struct sawb_error error;
    temporary_make(&folder);
    struct model *model = open_model(folders[0]);
    assert_int_equal(model_save(model, folder.path, STORE_F16, &error), 0);
    struct model *half = open_model(folder.path);
    assert_string_equal(string_of(half, "dtype"), "float16");
    assert_string_equal(string_of(half, "torch_dtype"), "float16");
    for (int i = 0; i < weights_count(&model->config); i++) {
        struct weight exact, rounded;
        weights_get(&model->config, &model->weights, i, &exact);
        weights_get(&half->config, &half->weights, i, &rounded);
        for (size_t k = 0; k < exact.count; k++)
            assert_true((*rounded.pointer)[k] == half_to_float(float_to_half((*exact.pointer)[k])));
    }
    assert_true(half->fingerprint != model->fingerprint);
    assert_non_null(half->weights.block);
    assert_null(half->map.data);

    /* Over the folder it was opened from, and as float32 of the same values: nothing changes. */
    assert_int_equal(model_save(half, folder.path, STORE_F32, &error), 0);
    struct model *again = open_model(folder.path);
    check_equal_weights(half, again);
    assert_true(half->fingerprint == again->fingerprint);
    assert_string_equal(string_of(again, "dtype"), "float32");
    model_release(again);
    model_release(half);
    model_release(model);
    temporary_remove(&folder);
}

static void keeps_the_keys_of_others(void **state) {
    (void)state;
    struct temporary folder;
    struct sawb_error error;
    copy_checkpoint(&folder, folders[0]);
    set_key(&folder, "architectures", "[\"BertModel\"]");
    set_key(&folder, "a_key_of_others", "\"stays\"");
    struct model *model = open_model(folder.path);
    assert_int_equal(model_save(model, folder.path, STORE_F32, &error), 0);
    struct model *saved = open_model(folder.path);
    assert_string_equal(string_of(saved, "a_key_of_others"), "stays");
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(saved->json, "architectures");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(names, 0)),
                        "BertForSequenceClassification");
    model_release(saved);
    model_release(model);
    temporary_remove(&folder);
}

static void float16_overflow_leaves_nothing(void **state) {
    (void)state;
    struct temporary folder;
    struct model *copy;
    struct sawb_error error;
    temporary_make(&folder);
    char *target = temporary_path(&folder, "saved");
    struct model *model = open_model(folders[0]);
    assert_int_equal(model_copy(&copy, model, &error), 0);
    copy->weights.layer[1].query_weight[3] = -1e5f;
    assert_int_equal(model_save(copy, target, STORE_F16, &error), -1);
    assert_non_null(strstr(error.message, QUERY));
    assert_false(file_exists(target));
    assert_int_equal(model_save(copy, target, STORE_F32, &error), 0);
    model_release(copy);
    model_release(model);
    free(target);
    temporary_remove(&folder);
}

static void failed_saves_leave_the_old_model(void **state) {
    (void)state;
    struct temporary folder;
    struct sawb_error error;
    struct rlimit before;
    copy_checkpoint(&folder, folders[0]);
    struct model *model = open_model(folders[1]);
    char *fresh = temporary_path(&folder, "fresh");
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){10000, before.rlim_max});
    int over_old = model_save(model, folder.path, STORE_F32, &error);
    int into_new = model_save(model, fresh, STORE_F32, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(over_old, -1);
    assert_int_equal(into_new, -1);
    assert_non_null(strstr(error.message, "model.safetensors"));
    assert_int_equal(temporary_entries(folder.path), 3);
    struct model *old = open_model(folder.path), *original = open_model(folders[0]);
    check_equal_weights(old, original);
    model_release(original);
    model_release(old);

    char *file = temporary_path(&folder, "vocab.txt");
    assert_int_equal(model_save(model, file, STORE_F32, &error), -1);
    assert_non_null(strstr(error.message, "is a file"));
    assert_int_equal(model_save(model, "/proc/sawb", STORE_F32, &error), -1);
    assert_non_null(strstr(error.message, "/proc/sawb"));
    free(file);
    model_release(model);
    free(fresh);
    temporary_remove(&folder);
}

/* ---- making, copying, sharing ---------------------------------------------------------------- */

static struct model *create(int family, uint64_t seed) {
    struct model *like = open_model(folders[family]), *model;
    struct sawb_error error;
    assert_int_equal(
        model_create(&model, &like->config, tokenizer_retain(like->tokenizer), seed, &error), 0);
    model_release(like);
    return model;
}

static void creates_random_models(void **state) {
    (void)state;
    for (int family = 0; family < 2; family++) {
        struct model *model = create(family, 7), *again = create(family, 7);
        struct model *other = create(family, 8);
        for (int i = 0; i < weights_count(&model->config); i++) {
            struct weight weight;
            weights_get(&model->config, &model->weights, i, &weight);
            const float *values = *weight.pointer;
            double deviation = standard_deviation(values, weight.count);
            if (weight.kind == WEIGHT_MATRIX)
                assert_true(deviation > 0.012 && deviation < 0.028);
            else
                assert_true(deviation < 1e-9 && values[0] == (weight.kind == WEIGHT_NORM));
        }
        check_equal_weights(model, again);
        assert_true(model->fingerprint == again->fingerprint);
        assert_true(model->fingerprint != other->fingerprint);

        struct temporary folder;
        struct sawb_error error;
        temporary_make(&folder);
        assert_int_equal(model_save(model, folder.path, STORE_F32, &error), 0);
        struct model *saved = open_model(folder.path);
        check_equal_weights(model, saved);
        model_release(saved);
        temporary_remove(&folder);
        model_release(other);
        model_release(again);
        model_release(model);
    }
}

static void refuses_a_vocabulary_of_another_size(void **state) {
    (void)state;
    struct model *like = open_model(folders[0]), *model;
    struct model_config config = like->config;
    struct sawb_error error;
    config.vocabulary = 39;
    assert_int_equal(model_create(&model, &config, like->tokenizer, 1, &error), -1);
    assert_null(model);
    assert_non_null(strstr(error.message, "39"));
    model_release(like);
}

static void copies_stand_alone(void **state) {
    (void)state;
    struct model *model = open_model(folders[1]), *copy;
    struct sawb_error error;
    uint64_t fingerprint = model->fingerprint;
    assert_int_equal(model_copy(&copy, model, &error), 0);
    check_equal_weights(model, copy);
    assert_true(copy->fingerprint == fingerprint);
    assert_ptr_equal(copy->tokenizer, model->tokenizer);
    copy->weights.layer[0].key_bias[1] += 1;
    assert_true(model_fingerprint(copy) != fingerprint);
    assert_true(model_fingerprint(model) == fingerprint);
    model_release(model);
    assert_string_equal(tokenizer_piece(copy->tokenizer, 2), "[CLS]");
    assert_int_equal(copy->config.labels, 3);
    model_release(copy);
}

/* One bit of any weight, and two values exchanged, show. */
static void fingerprints_see_every_change(void **state) {
    (void)state;
    struct model *model = create(0, 3);
    uint64_t before = model_fingerprint(model);
    for (int i = 0; i < weights_count(&model->config); i++) {
        struct weight weight;
        weights_get(&model->config, &model->weights, i, &weight);
        float *values = *weight.pointer;
        size_t places[] = {0, weight.count / 2, weight.count - 1};
        for (int k = 0; k < 3; k++) {
            float value = values[places[k]];
            values[places[k]] = nextafterf(value, 5);
            assert_true(model_fingerprint(model) != before);
            values[places[k]] = -value - 1;
            assert_true(model_fingerprint(model) != before);
            values[places[k]] = value;
        }
        if (weight.kind == WEIGHT_MATRIX) {
            float first = values[0];
            values[0] = values[8];
            values[8] = first;
            assert_true(model_fingerprint(model) != before);
            values[8] = values[0];
            values[0] = first;
        }
    }
    assert_true(model_fingerprint(model) == before);
    model_release(model);
}

static void *retain_and_release(void *user) {
    for (int i = 0; i < 10000; i++)
        model_release(model_retain(user));
    return NULL;
}

static void is_shared_between_threads(void **state) {
    (void)state;
    struct model *model = open_model(folders[0]);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, retain_and_release, model), 0);
    retain_and_release(model);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&model->references), 1);
    model_release(model);
    model_release(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(opens_what_transformers_saved),
    cmocka_unit_test(opens_other_spellings),
    cmocka_unit_test(opens_unaligned_floats),
    cmocka_unit_test(makes_new_heads),
    cmocka_unit_test(new_heads_have_the_labels_asked_for),
    cmocka_unit_test(says_that_labels_have_no_names),
    cmocka_unit_test(refuses_wrong_tensors),
    cmocka_unit_test(refuses_configs_that_do_not_fit),
    cmocka_unit_test(refuses_spoilt_folders),
    cmocka_unit_test(round_trips),
    cmocka_unit_test(stores_float16),
    cmocka_unit_test(keeps_the_keys_of_others),
    cmocka_unit_test(float16_overflow_leaves_nothing),
    cmocka_unit_test(failed_saves_leave_the_old_model),
    cmocka_unit_test(creates_random_models),
    cmocka_unit_test(refuses_a_vocabulary_of_another_size),
    cmocka_unit_test(copies_stand_alone),
    cmocka_unit_test(fingerprints_see_every_change),
    cmocka_unit_test(is_shared_between_threads),
};
TEST_GROUP(tests_model_model, tests);
