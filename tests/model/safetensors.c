/*
 * safetensors: files of the reference implementation, every truncation, lying headers, mutations,
 * and writing.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/base/random.h"
#include "core/model/safetensors.h"
#include "tests/temporary.h"
#include "tests/test.h"

#define CHECKPOINT "tests/model/vectors/bert/model.safetensors"
#define VECTORS "tests/model/vectors/bert_dense.safetensors"

/* A file in memory: size, header text, `data` bytes of 0, 1, 2, ... Owned by the caller. */
static unsigned char *compose(const char *header, size_t data, size_t *size) {
    uint64_t length = strlen(header);
    *size = 8 + length + data;
    unsigned char *bytes = malloc(*size);
    assert_non_null(bytes);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    for (size_t i = 0; i < data; i++)
        bytes[8 + length + i] = (unsigned char)i;
    return bytes;
}

static void reads_the_reference_implementation(void **state) {
    (void)state;
    struct safetensors file;
    struct sawb_error error;
    assert_int_equal(safetensors_open(&file, VECTORS, &error), 0);
    const struct tensor *mask = safetensors_find(&file, "s1.mask");
    assert_non_null(mask);
    assert_int_equal(mask->type, TENSOR_U8);
    assert_int_equal(mask->dimensions, 4);
    assert_int_equal(mask->shape[0], 2);
    assert_int_equal(mask->shape[3], 7);
    assert_int_equal(mask->count, 2 * 2 * 7 * 7);
    assert_int_equal(mask->size, mask->count);

    /* [CLS] is 2, [SEP] is 3, and a row of attention is a distribution. */
    float ids[7], attention[2 * 2 * 7 * 7];
    assert_int_equal(tensor_to_float(safetensors_find(&file, "s1.ids"), ids, &error), 0);
    assert_true(ids[0] == 2 && ids[6] == 3);
    assert_int_equal(tensor_to_float(safetensors_find(&file, "s1.attention"), attention, &error),
                     0);
    float sum = 0;
    for (int i = 0; i < 7; i++)
        sum += attention[i];
    assert_true(fabsf(sum - 1) < 1e-6f);

    assert_null(safetensors_find(&file, "absent"));
    assert_null(safetensors_find(&file, ""));
    assert_int_equal(tensor_to_float(mask, attention, &error), -1);
    assert_non_null(strstr(error.message, "U8"));
    safetensors_close(&file);
    safetensors_close(&file);
    assert_null(safetensors_find(&file, "s1.ids"));
}

/* Any proper beginning of a file is refused with a message that names it. */
static void refuses_every_truncation(void **state) {
    (void)state;
    struct file_map map;
    struct sawb_error error;
    assert_int_equal(file_map_open(&map, CHECKPOINT, &error), 0);
    uint64_t header;
    memcpy(&header, map.data, 8);
    for (size_t size = 0; size < map.size; size += size < 8 + header + 64 ? 1 : 61) {
        struct safetensors file;
        unsigned char *copy = malloc(size ? size : 1); /* the sanitizer guards its end */
        assert_non_null(copy);
        memcpy(copy, map.data, size);
        assert_int_equal(safetensors_parse(&file, copy, size, "m.safetensors", &error), -1);
        assert_non_null(strstr(error.message, "m.safetensors: "));
        safetensors_close(&file);
        free(copy);
    }
    struct safetensors whole;
    assert_int_equal(safetensors_parse(&whole, map.data, map.size, "m", &error), 0);
    safetensors_close(&whole);
    file_map_close(&map);
}

static void says_that_a_file_is_cut_short(void **state) {
    (void)state;
    struct temporary folder;
    struct file_map map;
    struct safetensors file;
    struct sawb_error error;
    temporary_make(&folder);
    char *path = temporary_path(&folder, "m.safetensors");
    assert_int_equal(file_map_open(&map, CHECKPOINT, &error), 0);
    assert_int_equal(file_replace(path, map.data, map.size - 100, &error), 0);
    file_map_close(&map);
    assert_int_equal(safetensors_open(&file, path, &error), -1);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, "cut short"));
    assert_int_equal(file_replace(path, "", 0, &error), 0);
    assert_int_equal(safetensors_open(&file, path, &error), -1);
    assert_non_null(strstr(error.message, "too short"));
    free(path);
    temporary_remove(&folder);
}

#define ENTRY(name, type, shape, begin, end)                                                       \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

static void refuses_lying_headers(void **state) {
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        const char *word; /* NULL: a good file */
    } cases[] = {
        {"{}", 0, NULL},
        {"{}   ", 0, NULL},
        {"{" ENTRY("a", "F32", "[2]", "0", "8") "}", 8, NULL},
        {"{" ENTRY("a", "F32", "[]", "0", "4") "}", 4, NULL},
        {"{" ENTRY("a", "F32", "[0,5]", "0", "0") "}", 0, NULL},
        {"{" ENTRY("b", "U8", "[4]", "2", "6") "," ENTRY("a", "F16", "[1]", "0", "2") "}", 6, NULL},
        {"{\"__metadata__\":{\"format\":\"pt\"}," ENTRY("a", "I64", "[1]", "0", "8") "}", 8, NULL},
        {"[]", 0, "not a JSON object"},
        {"", 0, "is empty"},
        {"{", 0, "not valid JSON"},
        {"{\"a\":3}", 0, "not an object"},
        {"{\"__metadata__\":[]}", 0, "__metadata__"},
        {"{\"__metadata__\":{\"n\":3}}", 0, "not a string"},
        {"{" ENTRY("a", "F33", "[2]", "0", "8") "}", 8, "unknown type \"F33\""},
        {"{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "no \"dtype\""},
        {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "no \"shape\""},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "data_offsets"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8, "data_offsets"},
        {"{" ENTRY("a", "F32", "[-2]", "0", "8") "}", 8, "dimension 1"},
        {"{" ENTRY("a", "F32", "[1,2.5]", "0", "8") "}", 8, "dimension 2"},
        {"{" ENTRY("a", "F32", "[\"2\"]", "0", "8") "}", 8, "dimension 1"},
        {"{" ENTRY("a", "F32", "[1e30]", "0", "8") "}", 8, "dimension 1"},
        {"{" ENTRY("a", "F32", "[4294967296,4294967296]", "0", "8") "}", 8, "too large"},
        {"{" ENTRY("a", "F32", "[4611686018427387904]", "0", "8") "}", 8, "dimension 1"},
        {"{" ENTRY("a", "F32", "[9007199254740992,1024]", "0", "8") "}", 8, "too large"},
        {"{" ENTRY("a", "F32", "[1,1,1,1,1,1,1,1,2]", "0", "8") "}", 8, "dimensions"},
        {"{" ENTRY("a", "F32", "[3]", "0", "8") "}", 8, "need 12"},
        {"{" ENTRY("a", "F32", "[1]", "0", "8") "}", 8, "need 4"},
        {"{" ENTRY("a", "F32", "[2]", "8", "0") "}", 8, "data_offsets"},
        {"{" ENTRY("a", "F32", "[2]", "-8", "0") "}", 8, "data_offsets"},
        {"{" ENTRY("a", "F32", "[2]", "0", "8") "}", 7, "cut short"},
        {"{" ENTRY("a", "F32", "[2]", "9007199254740984", "9007199254740992") "}", 8, "cut short"},
        {"{" ENTRY("a", "F32", "[2]", "0", "8") "}", 9, "last 1 bytes"},
        {"{" ENTRY("a", "F32", "[2]", "4", "12") "}", 12, "4 bytes before"},
        {"{" ENTRY("a", "F32", "[2]", "0", "8") "," ENTRY("b", "F32", "[2]", "4", "12") "}", 12,
         "overlap"},
        {"{" ENTRY("a", "F32", "[2]", "0", "8") "," ENTRY("b", "F32", "[2]", "0", "8") "}", 8,
         "overlap"},
        {"{" ENTRY("a", "F32", "[1]", "0", "4") "," ENTRY("b", "F32", "[1]", "8", "12") "}", 12,
         "4 bytes before"},
        {"{" ENTRY("a", "U8", "[1]", "0", "1") "," ENTRY("a", "U8", "[1]", "1", "2") "}", 2,
         "listed twice"},
        {"{" ENTRY("a\\u001b[2J", "U8", "[1]", "0", "1") "}", 1, "control character 0x1b"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct safetensors file;
        struct sawb_error error;
        size_t size;
        unsigned char *bytes = compose(cases[i].header, cases[i].data, &size);
        int status = safetensors_parse(&file, bytes, size, "m", &error);
        if (!cases[i].word && status < 0)
            fail_msg("%s: %s", cases[i].header, error.message);
        if (cases[i].word && (status == 0 || !strstr(error.message, cases[i].word)))
            fail_msg("%s: %s", cases[i].header, status == 0 ? "was taken" : error.message);
        safetensors_close(&file);
        free(bytes);
    }
}

static void refuses_lying_sizes(void **state) {
    (void)state;
    static const uint64_t sizes[] = {3,          100,        100000001,     1ULL << 40,
                                     1ULL << 63, UINT64_MAX, UINT64_MAX - 7};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct safetensors file;
        struct sawb_error error;
        size_t size;
        unsigned char *bytes = compose("{}", 0, &size);
        memcpy(bytes, &sizes[i], 8);
        assert_int_equal(safetensors_parse(&file, bytes, size, "m", &error), -1);
        assert_non_null(strstr(error.message, "header"));
        safetensors_close(&file);
        free(bytes);
    }
}

static void refuses_long_names(void **state) {
    (void)state;
    struct safetensors file;
    struct sawb_error error;
    char header[2 * TENSOR_NAME_BYTES], name[TENSOR_NAME_BYTES + 1];
    size_t size;
    memset(name, 'n', sizeof(name));
    name[TENSOR_NAME_BYTES] = '\0';
    for (int too_long = 0; too_long < 2; too_long++) {
        snprintf(header, sizeof(header),
                 "{\"%s\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
                 name + !too_long);
        unsigned char *bytes = compose(header, 1, &size);
        assert_int_equal(safetensors_parse(&file, bytes, size, "m", &error), too_long ? -1 : 0);
        safetensors_close(&file);
        free(bytes);
    }
}

/* Thousands of files with changed bytes in the header: whatever is taken must be sound. */
static void survives_mutations(void **state) {
    (void)state;
    static const char header[] = "{" ENTRY("b", "F16", "[2,3]", "0", "12") "," ENTRY(
        "a", "F32", "[5]", "12", "32") "," ENTRY("c", "BF16", "[4]", "32", "40") "}";
    size_t size, header_end = 8 + sizeof(header) - 1;
    unsigned char *good = compose(header, 40, &size);
    int taken = 0, refused = 0;
    for (uint64_t round = 0; round < 20000; round++) {
        struct safetensors file;
        struct sawb_error error;
        float values[64];
        uint64_t key = random_key(round, 0, 0, 0);
        unsigned char *bytes = malloc(size);
        assert_non_null(bytes);
        memcpy(bytes, good, size);
        for (uint64_t i = 0; i < 1 + round % 3; i++) {
            uint64_t place = random_bits(key, 3 * i) % header_end;
            uint64_t value = random_bits(key, 3 * i + 1);
            if (random_bits(key, 3 * i + 2) % 2) /* digits find more than bytes at random */
                bytes[place] = (unsigned char)('0' + value % 10);
            else
                bytes[place] ^= (unsigned char)(1u << value % 8);
        }
        int status = safetensors_parse(&file, bytes, size, "m", &error);
        size_t total = 0;
        for (int i = 0; i < file.count && status == 0; i++) {
            const struct tensor *tensor = &file.tensors[i];
            assert_ptr_equal(safetensors_find(&file, tensor->name), tensor);
            total += tensor->size;
            if (tensor->type <= TENSOR_BF16)
                assert_int_equal(tensor_to_float(tensor, values, &error), 0);
        }
        if (status == 0)
            assert_int_equal(total, 40);
        taken += status == 0;
        refused += status < 0;
        safetensors_close(&file);
        free(bytes);
    }
    assert_true(taken > 100 && refused > 10000);
    free(good);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* What the bits of a float16 mean, by the definition. */
static double meaning_of_half(uint16_t half) {
    int exponent = half >> 10 & 31, mantissa = half & 1023;
    double magnitude = exponent == 0    ? ldexp(mantissa, -24)
                       : exponent == 31 ? (mantissa ? NAN : INFINITY)
                                        : ldexp(1024 + mantissa, exponent - 25);
    return half & 0x8000 ? -magnitude : magnitude;
}

static void halves_read_back(void **state) {
    (void)state;
    for (uint32_t half = 0; half <= UINT16_MAX; half++) {
        double expected = meaning_of_half((uint16_t)half);
        float value = half_to_float((uint16_t)half);
        if (isnan(expected)) {
            assert_true(isnan(value));
            assert_true(isnan(half_to_float(float_to_half(value))));
            continue;
        }
        assert_true((double)value == expected && !signbit(value) == !signbit(expected));
        assert_int_equal(float_to_half(value), half);
    }
}

/* Between two neighbours: nearer one wins, the middle goes to the even one. */
static void halves_round_to_nearest_even(void **state) {
    (void)state;
    for (uint16_t half = 0; half < 0x7bff; half++) {
        float low = half_to_float(half), high = half_to_float((uint16_t)(half + 1));
        float middle = low + (high - low) / 2; /* exact in float32 */
        assert_int_equal(float_to_half(nextafterf(middle, low)), half);
        assert_int_equal(float_to_half(nextafterf(middle, high)), half + 1);
        assert_int_equal(float_to_half(middle), half + (half & 1));
        assert_int_equal(float_to_half(-middle), 0x8000 | (half + (half & 1)));
    }
    assert_int_equal(float_to_half(65519.996f), 0x7bff);
    assert_int_equal(float_to_half(65520.f), 0x7c00);
    assert_int_equal(float_to_half(-INFINITY), 0xfc00);
    assert_int_equal(float_to_half(1e-30f), 0);
}

static void widens_at_any_alignment(void **state) {
    (void)state;
    enum { COUNT = 37 };
    unsigned char bytes[4 * COUNT + 3];
    float values[COUNT], out[COUNT];
    struct sawb_error error;
    for (int i = 0; i < COUNT; i++)
        values[i] = (float)(i - 18) * 0.375f;
    for (size_t shift = 0; shift < 3; shift++) {
        struct tensor tensor = {.name = "x", .data = bytes + shift, .count = COUNT};
        for (int type = TENSOR_F32; type <= TENSOR_BF16; type++) {
            for (size_t i = 0; i < COUNT; i++) {
                uint32_t bits;
                memcpy(&bits, &values[i], 4);
                uint16_t half = type == TENSOR_F16 ? float_to_half(values[i]) : bits >> 16;
                if (type == TENSOR_F32)
                    memcpy(bytes + shift + 4 * i, &bits, 4);
                else
                    memcpy(bytes + shift + 2 * i, &half, 2);
            }
            tensor.type = (enum tensor_type)type;
            tensor.size = COUNT * (type == TENSOR_F32 ? 4 : 2);
            assert_int_equal(tensor_to_float(&tensor, out, &error), 0);
            assert_memory_equal(out, values, sizeof(out)); /* few bits: exact in each type */
        }
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

static void writes_all_types(void **state) {
    (void)state;
    static const float matrix[] = {1, -2.5f, 3, 4, 5, 6.25f};
    static const uint8_t mask[] = {1, 0, 1};
    static const int64_t ids[] = {-1, 1LL << 40};
    static const float halves[] = {0.5f, 1.0f / 3, 65504};
    static const float scalar = 7;
    const struct tensor tensors[] = {
        {.name = "matrix", .type = TENSOR_F32, .dimensions = 2, .shape = {2, 3}, .data = matrix},
        {.name = "mask", .type = TENSOR_U8, .dimensions = 1, .shape = {3}, .data = mask},
        {.name = "ids", .type = TENSOR_I64, .dimensions = 1, .shape = {2}, .data = ids},
        {.name = "halves", .type = TENSOR_F16, .dimensions = 1, .shape = {3}, .data = halves},
        {.name = "scalar", .type = TENSOR_F32, .data = &scalar},
        {.name = "nothing", .type = TENSOR_F32, .dimensions = 1, .shape = {0}},
    };
    struct temporary folder;
    struct safetensors file;
    struct sawb_error error;
    uint64_t header;
    float out[6];
    temporary_make(&folder);
    char *path = temporary_path(&folder, "all.safetensors");
    cJSON *metadata = cJSON_CreateObject();
    cJSON_AddStringToObject(metadata, "text", "\xc3\xa9 \"quoted\"");
    assert_int_equal(safetensors_write(path, tensors, 6, metadata, &error), 0);
    cJSON_Delete(metadata);

    assert_int_equal(safetensors_open(&file, path, &error), 0);
    assert_int_equal(file.count, 6);
    memcpy(&header, file.map.data, 8);
    assert_int_equal(header % 8, 0);
    const unsigned char *data = file.map.data + 8 + header; /* in the order given */
    for (int i = 0; i < 6; i++) {
        const struct tensor *tensor = safetensors_find(&file, tensors[i].name);
        assert_non_null(tensor);
        assert_ptr_equal(tensor->data, data);
        assert_int_equal(tensor->type, tensors[i].type);
        assert_int_equal(tensor->dimensions, tensors[i].dimensions);
        assert_memory_equal(tensor->shape, tensors[i].shape, sizeof(tensor->shape));
        data += tensor->size;
        if (tensor->type != TENSOR_F16)
            assert_memory_equal(tensor->data, tensors[i].data ? tensors[i].data : "", tensor->size);
    }
    assert_int_equal(tensor_to_float(safetensors_find(&file, "halves"), out, &error), 0);
    assert_true(out[0] == 0.5f && out[1] == 0.333251953125f && out[2] == 65504);
    safetensors_close(&file);
    free(path);
    temporary_remove(&folder);
}

static void writes_an_empty_list(void **state) {
    (void)state;
    struct temporary folder;
    struct safetensors file;
    struct sawb_error error;
    temporary_make(&folder);
    char *path = temporary_path(&folder, "none.safetensors");
    assert_int_equal(safetensors_write(path, NULL, 0, NULL, &error), 0);
    assert_int_equal(safetensors_open(&file, path, &error), 0);
    assert_int_equal(file.count, 0);
    safetensors_close(&file);
    free(path);
    temporary_remove(&folder);
}

static void refuses_to_write(void **state) {
    (void)state;
    static float values[] = {1, 70000, 2};
    static const struct {
        struct tensor tensor;
        const char *word;
    } cases[] = {
        {{.name = "x", .type = TENSOR_F16, .dimensions = 1, .shape = {3}, .data = values}, "70000"},
        {{.name = "x", .type = TENSOR_BF16, .dimensions = 1, .shape = {3}, .data = values}, "BF16"},
        {{.name = "x", .type = TENSOR_OTHER, .dimensions = 1, .shape = {3}, .data = values},
         "another type"},
        {{.name = "x", .type = TENSOR_F32, .dimensions = 1, .shape = {-3}, .data = values},
         "too large"},
        {{.name = "x", .type = TENSOR_F32, .dimensions = 2, .shape = {INT64_MAX, 9}}, "too large"},
        {{.name = "a", .type = TENSOR_F32, .dimensions = 1, .shape = {3}, .data = values}, "taken"},
        {{.name = "__metadata__", .type = TENSOR_F32, .data = values}, "taken"},
    };
    struct temporary folder;
    struct sawb_error error;
    temporary_make(&folder);
    char *path = temporary_path(&folder, "x.safetensors");
    assert_int_equal(file_replace(path, "old", 3, &error), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct tensor tensors[] = {
            {.name = "a", .type = TENSOR_F32, .dimensions = 1, .shape = {3}, .data = values},
            cases[i].tensor};
        assert_int_equal(safetensors_write(path, tensors, 2, NULL, &error), -1);
        if (!strstr(error.message, cases[i].word) || !strstr(error.message, path))
            fail_msg("%s: %s", cases[i].word, error.message);
        assert_int_equal(temporary_entries(folder.path), 1);
    }
    /* What is no finite number already stays what it is. */
    values[1] = INFINITY;
    assert_int_equal(safetensors_write(path, &cases[0].tensor, 1, NULL, &error), 0);
    free(path);
    temporary_remove(&folder);
}

static void full_disk_leaves_the_old_file(void **state) {
    (void)state;
    static float values[50000];
    const struct tensor tensor = {
        .name = "x", .type = TENSOR_F32, .dimensions = 1, .shape = {50000}, .data = values};
    struct temporary folder;
    struct sawb_error error;
    struct rlimit before;
    temporary_make(&folder);
    char *path = temporary_path(&folder, "x.safetensors");
    assert_int_equal(file_replace(path, "old", 3, &error), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){100000, before.rlim_max});
    int status = safetensors_write(path, &tensor, 1, NULL, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, -1);
    assert_int_equal(temporary_entries(folder.path), 1);
    char *text;
    assert_int_equal(file_read(&text, NULL, path, &error), 0);
    assert_string_equal(text, "old");
    free(text);
    free(path);
    temporary_remove(&folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_the_reference_implementation),
    cmocka_unit_test(refuses_every_truncation),
    cmocka_unit_test(says_that_a_file_is_cut_short),
    cmocka_unit_test(refuses_lying_headers),
    cmocka_unit_test(refuses_lying_sizes),
    cmocka_unit_test(refuses_long_names),
    cmocka_unit_test(survives_mutations),
    cmocka_unit_test(halves_read_back),
    cmocka_unit_test(halves_round_to_nearest_even),
    cmocka_unit_test(widens_at_any_alignment),
    cmocka_unit_test(writes_all_types),
    cmocka_unit_test(writes_an_empty_list),
    cmocka_unit_test(refuses_to_write),
    cmocka_unit_test(full_disk_leaves_the_old_file),
};
TEST_GROUP(tests_model_safetensors, tests);
