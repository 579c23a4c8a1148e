/*
 * safetensors.c - checking and reading a file's header, and writing files.
 */
#include "core/model/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bits.h"
#include "core/base/json.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "tensors are used as they lie in the file, which is little-endian");

#define LENGTH_BYTES ((size_t)8)
#define HEADER_BYTES_MAX ((uint64_t)100000000) /* the reference implementation's limit */
#define WHOLE_NUMBER_MAX 9007199254740992.0    /* 2^53: JSON numbers are read as double */
#define METADATA_KEY "__metadata__"
#define CHUNK_VALUES 4096

/* ---- types ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum tensor_type type;
    size_t bytes; /* of one element */
} types[] = {
    {"F32", TENSOR_F32, 4},       {"F16", TENSOR_F16, 2},       {"BF16", TENSOR_BF16, 2},
    {"U8", TENSOR_U8, 1},         {"I64", TENSOR_I64, 8},       {"BOOL", TENSOR_OTHER, 1},
    {"I8", TENSOR_OTHER, 1},      {"F8_E5M2", TENSOR_OTHER, 1}, {"F8_E4M3", TENSOR_OTHER, 1},
    {"F8_E8M0", TENSOR_OTHER, 1}, {"I16", TENSOR_OTHER, 2},     {"U16", TENSOR_OTHER, 2},
    {"I32", TENSOR_OTHER, 4},     {"U32", TENSOR_OTHER, 4},     {"U64", TENSOR_OTHER, 8},
    {"F64", TENSOR_OTHER, 8},     {"C64", TENSOR_OTHER, 8},
};
#define TYPES ((int)(sizeof(types) / sizeof(types[0])))

const char *tensor_type_name(enum tensor_type type) {
    return type == TENSOR_OTHER ? "another type" : types[type].name;
}

/* Sets count and size from the shape. -1 when they do not fit into size_t. */
static int measure(struct tensor *tensor, size_t element) {
    tensor->count = 1;
    int too_large = 0;
    for (int i = 0; i < tensor->dimensions; i++)
        too_large |= __builtin_mul_overflow(tensor->count, tensor->shape[i], &tensor->count);
    too_large |= __builtin_mul_overflow(tensor->count, element, &tensor->size);
    return too_large ? -1 : 0;
}

/* ---- reading the header ---------------------------------------------------------------------- */

/* Where a header is read: what error messages need, and the data its offsets must lie in. */
struct header {
    const char *where;
    const unsigned char *data;
    size_t size;
};

/* 0 and *number when the item is a whole number that a double holds exactly. */
static int whole_number(const cJSON *item, int64_t *number) {
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
        item->valuedouble > WHOLE_NUMBER_MAX || item->valuedouble != floor(item->valuedouble))
        return -1;
    *number = (int64_t)item->valuedouble;
    return 0;
}

static int check_name(const struct header *header, const char *name, struct sawb_error *error) {
    if (strlen(name) >= TENSOR_NAME_BYTES)
        return error_set(error, "%s: the name of tensor \"%.40s...\" is longer than %d bytes",
                         header->where, name, TENSOR_NAME_BYTES - 1);
    for (const char *at = name; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return error_set(error, "%s: the name of a tensor holds the control character 0x%02x",
                             header->where, (unsigned)(unsigned char)*at);
    }
    return 0;
}

/* Fills type and returns the bytes of an element; 0 with the error set when there is no such type.
 */
static size_t read_type(const struct header *header, const cJSON *entry, struct tensor *tensor,
                        struct sawb_error *error) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    if (!cJSON_IsString(name)) {
        error_set(error, "%s: tensor \"%s\" has no \"dtype\"", header->where, tensor->name);
        return 0;
    }
    for (int i = 0; i < TYPES; i++) {
        if (strcmp(types[i].name, name->valuestring) == 0) {
            tensor->type = types[i].type;
            return types[i].bytes;
        }
    }
    error_set(error, "%s: tensor \"%s\" has the unknown type \"%.40s\"", header->where,
              tensor->name, name->valuestring);
    return 0;
}

static int read_shape(const struct header *header, const cJSON *entry, struct tensor *tensor,
                      struct sawb_error *error) {
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    if (!cJSON_IsArray(shape))
        return error_set(error, "%s: tensor \"%s\" has no \"shape\"", header->where, tensor->name);
    for (const cJSON *side = shape->child; side; side = side->next) {
        if (tensor->dimensions == TENSOR_DIMENSIONS)
            return error_set(error, "%s: tensor \"%s\" has more than %d dimensions", header->where,
                             tensor->name, TENSOR_DIMENSIONS);
        if (whole_number(side, &tensor->shape[tensor->dimensions++]) < 0)
            return error_set(error,
                             "%s: tensor \"%s\": dimension %d of its shape is not a whole number",
                             header->where, tensor->name, tensor->dimensions);
    }
    return 0;
}

static int read_offsets(const struct header *header, const cJSON *entry, struct tensor *tensor,
                        struct sawb_error *error) {
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    int64_t begin, end;
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
        whole_number(offsets->child, &begin) < 0 || whole_number(offsets->child->next, &end) < 0 ||
        begin > end)
        return error_set(error, "%s: tensor \"%s\": \"data_offsets\" must be [begin, end]",
                         header->where, tensor->name);
    if ((uint64_t)end > header->size)
        return error_set(error,
                         "%s: tensor \"%s\" ends at byte %lld of the data, which has only %zu; the "
                         "file is cut short: copy it again",
                         header->where, tensor->name, (long long)end, header->size);
    if ((uint64_t)(end - begin) != tensor->size)
        return error_set(error, "%s: tensor \"%s\" takes %lld bytes, its shape and type need %zu",
                         header->where, tensor->name, (long long)(end - begin), tensor->size);
    tensor->data = header->data + begin;
    return 0;
}

static int read_tensor(const struct header *header, const cJSON *entry, struct tensor *tensor,
                       struct sawb_error *error) {
    if (!cJSON_IsObject(entry))
        return error_set(error, "%s: the entry of tensor \"%s\" is not an object", header->where,
                         tensor->name);
    size_t element = read_type(header, entry, tensor, error);
    if (element == 0 || read_shape(header, entry, tensor, error) < 0)
        return -1;
    if (measure(tensor, element) < 0)
        return error_set(error, "%s: tensor \"%s\": its shape is too large", header->where,
                         tensor->name);
    return read_offsets(header, entry, tensor, error);
}

static int check_metadata(const struct header *header, const cJSON *metadata,
                          struct sawb_error *error) {
    if (!cJSON_IsObject(metadata))
        return error_set(error, "%s: \"" METADATA_KEY "\" is not an object", header->where);
    for (const cJSON *item = metadata->child; item; item = item->next) {
        if (!cJSON_IsString(item))
            return error_set(error, "%s: \"" METADATA_KEY "\": \"%.40s\" is not a string",
                             header->where, item->string);
    }
    return 0;
}

/* Makes room for all tensors and their names. */
static int allocate_tensors(struct safetensors *file, const struct header *header,
                            const cJSON *json, struct sawb_error *error) {
    size_t count = 0, bytes = 0;
    for (const cJSON *entry = json->child; entry; entry = entry->next) {
        if (strcmp(entry->string, METADATA_KEY) == 0)
            continue;
        if (check_name(header, entry->string, error) < 0)
            return -1;
        bytes += strlen(entry->string) + 1;
        count++;
    }
    file->tensors = calloc(count + 1, sizeof(*file->tensors));
    file->names = malloc(bytes + 1);
    if (!file->tensors || !file->names)
        return error_set(error, "%s: out of memory for %zu tensors", header->where, count);
    return 0;
}

static int read_tensors(struct safetensors *file, const struct header *header, const cJSON *json,
                        struct sawb_error *error) {
    if (allocate_tensors(file, header, json, error) < 0)
        return -1;
    char *name = file->names;
    for (const cJSON *entry = json->child; entry; entry = entry->next) {
        if (strcmp(entry->string, METADATA_KEY) == 0) {
            if (check_metadata(header, entry, error) < 0)
                return -1;
            continue;
        }
        struct tensor *tensor = &file->tensors[file->count++];
        size_t length = strlen(entry->string) + 1;
        tensor->name = memcpy(name, entry->string, length);
        name += length;
        if (read_tensor(header, entry, tensor, error) < 0)
            return -1;
    }
    return 0;
}

static int by_place(const void *a, const void *b) {
    const struct tensor *first = a, *second = b;
    if (first->data != second->data)
        return (const char *)first->data < (const char *)second->data ? -1 : 1;
    return (first->size > second->size) - (first->size < second->size);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

/* The data must be used from end to end, each byte once. Leaves the tensors sorted by place. */
static int check_cover(struct safetensors *file, const struct header *header,
                       struct sawb_error *error) {
    qsort(file->tensors, (size_t)file->count, sizeof(*file->tensors), by_place);
    const unsigned char *end = header->data;
    for (int i = 0; i < file->count; i++) {
        const struct tensor *tensor = &file->tensors[i];
        const unsigned char *begin = tensor->data;
        if (begin < end)
            return error_set(error, "%s: tensors \"%s\" and \"%s\" overlap", header->where,
                             file->tensors[i - 1].name, tensor->name);
        if (begin > end)
            return error_set(error, "%s: %zu bytes before tensor \"%s\" belong to no tensor",
                             header->where, (size_t)(begin - end), tensor->name);
        end = begin + tensor->size;
    }
    size_t rest = header->size - (size_t)(end - header->data);
    if (rest > 0)
        return error_set(error, "%s: the last %zu bytes belong to no tensor", header->where, rest);
    return 0;
}

/* Leaves the tensors sorted by name. */
static int check_unique(struct safetensors *file, const struct header *header,
                        struct sawb_error *error) {
    qsort(file->tensors, (size_t)file->count, sizeof(*file->tensors), by_name);
    for (int i = 1; i < file->count; i++) {
        if (strcmp(file->tensors[i - 1].name, file->tensors[i].name) == 0)
            return error_set(error, "%s: tensor \"%s\" is listed twice", header->where,
                             file->tensors[i].name);
    }
    return 0;
}

static cJSON *parse_header(const unsigned char *data, size_t size, size_t *header_size,
                           const char *where, struct sawb_error *error) {
    uint64_t length;
    if (size < LENGTH_BYTES) {
        error_set(error, "%s: is %zu bytes, too short for a safetensors file; copy it again", where,
                  size);
        return NULL;
    }
    memcpy(&length, data, LENGTH_BYTES);
    if (length > HEADER_BYTES_MAX) {
        error_set(error, "%s: a header of %llu bytes cannot be; it is not a safetensors file",
                  where, (unsigned long long)length);
        return NULL;
    }
    if (length > size - LENGTH_BYTES) {
        error_set(error,
                  "%s: its header should be %llu bytes, but only %zu are left; the file is cut "
                  "short: copy it again",
                  where, (unsigned long long)length, size - LENGTH_BYTES);
        return NULL;
    }
    *header_size = (size_t)length;
    struct sawb_error fault;
    cJSON *json = json_parse((const char *)data + LENGTH_BYTES, *header_size, "its header", &fault);
    if (!json) {
        error_set(error, "%s: %s", where, fault.message);
        return NULL;
    }
    if (!cJSON_IsObject(json)) {
        error_set(error, "%s: its header is not a JSON object; it is not a safetensors file",
                  where);
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

int safetensors_parse(struct safetensors *file, const void *data, size_t size, const char *where,
                      struct sawb_error *error) {
    *file = (struct safetensors){.path = strdup(where)};
    if (!file->path)
        return error_set(error, "%s: out of memory", where);
    size_t header_size;
    cJSON *json = parse_header(data, size, &header_size, where, error);
    if (!json)
        return -1;
    const struct header header = {.where = where,
                                  .data = (const unsigned char *)data + LENGTH_BYTES + header_size,
                                  .size = size - LENGTH_BYTES - header_size};
    int status = read_tensors(file, &header, json, error);
    cJSON_Delete(json);
    if (status == 0)
        status = check_cover(file, &header, error);
    if (status == 0)
        status = check_unique(file, &header, error);
    return status;
}

int safetensors_open(struct safetensors *file, const char *path, struct sawb_error *error) {
    *file = (struct safetensors){0};
    struct file_map map;
    if (file_map_open(&map, path, error) < 0)
        return -1;
    int status = safetensors_parse(file, map.data, map.size, path, error);
    file->map = map;
    if (status < 0)
        safetensors_close(file);
    return status;
}

void safetensors_close(struct safetensors *file) {
    file_map_close(&file->map);
    free(file->tensors);
    free(file->names);
    free(file->path);
    *file = (struct safetensors){0};
}

const struct tensor *safetensors_find(const struct safetensors *file, const char *name) {
    const struct tensor key = {.name = name};
    if (file->count == 0)
        return NULL;
    return bsearch(&key, file->tensors, (size_t)file->count, sizeof(key), by_name);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Masks instead of branches, and no subnormal float32 numbers, so that a loop over it becomes
 * vectors. */
static inline float widen(uint16_t half) {
    const uint32_t rebias = 112u << 23; /* exponent bias 127 instead of 15 */
    uint32_t magnitude = half & 0x7fffu;
    uint32_t is_special = -(uint32_t)(magnitude >= 0x7c00); /* infinity, NaN: all ones, or zero */
    uint32_t is_subnormal = -(uint32_t)(magnitude < 0x400);
    uint32_t normal = (magnitude << 13) + rebias + (rebias & is_special);
    uint32_t subnormal = bits_of_float((float)(int32_t)magnitude * 0x1p-24f);
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    return float_of_bits((subnormal & is_subnormal) | (normal & ~is_subnormal) | sign);
}

float half_to_float(uint16_t half) {
    return widen(half);
}

uint16_t float_to_half(float value) {
    uint32_t bits = bits_of_float(value);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000u);
    bits &= 0x7fffffffu;
    if (bits > 0x7f800000u) /* NaN */
        return sign | 0x7e00u;
    if (bits >= 0x477ff000u) /* 65520, halfway from the largest number to the next, and all above */
        return sign | 0x7c00u;
    if (bits <
        0x38800000u) /* below 2^-14. The unit of the last place of 0.5f is float16's smallest. */
        return sign | (uint16_t)(bits_of_float(float_of_bits(bits) + 0.5f) - 0x3f000000u);
    bits += 0xfffu + (bits >> 13 & 1u);
    return sign | (uint16_t)((bits >> 13) - (112u << 10));
}

int tensor_to_float(const struct tensor *tensor, float *out, struct sawb_error *error) {
    const unsigned char *data = tensor->data;
    uint16_t half;
    if (tensor->count == 0)
        return 0;
    switch (tensor->type) {
    case TENSOR_F32:
        memcpy(out, data, tensor->size);
        return 0;
    case TENSOR_F16:
        for (size_t i = 0; i < tensor->count; i++) {
            memcpy(&half, data + 2 * i, sizeof(half));
            out[i] = widen(half);
        }
        return 0;
    case TENSOR_BF16:
        for (size_t i = 0; i < tensor->count; i++) {
            memcpy(&half, data + 2 * i, sizeof(half));
            out[i] = float_of_bits((uint32_t)half << 16);
        }
        return 0;
    default:
        return error_set(error, "tensor \"%s\" is %s, it must be F32, F16 or BF16", tensor->name,
                         tensor_type_name(tensor->type));
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

static int add_number(cJSON *array, int64_t number) {
    cJSON *item = cJSON_CreateNumber((double)number);
    if (item && cJSON_AddItemToArray(array, item))
        return 0;
    cJSON_Delete(item);
    return -1;
}

/* Adds a tensor's entry and moves *offset past its data. */
static int describe_tensor(cJSON *json, const struct tensor *tensor, size_t *offset,
                           const char *path, struct sawb_error *error) {
    if (tensor->type == TENSOR_OTHER || tensor->type == TENSOR_BF16)
        return error_set(error, "%s: tensor \"%s\": %s is not written; store F32 or F16", path,
                         tensor->name, tensor_type_name(tensor->type));
    struct tensor measured = *tensor;
    size_t end;
    if (measure(&measured, types[tensor->type].bytes) < 0 ||
        __builtin_add_overflow(*offset, measured.size, &end) || (double)end > WHOLE_NUMBER_MAX)
        return error_set(error, "%s: tensor \"%s\": its shape is too large", path, tensor->name);
    if (strcmp(tensor->name, METADATA_KEY) == 0 ||
        cJSON_GetObjectItemCaseSensitive(json, tensor->name))
        return error_set(error, "%s: tensor \"%s\": the name is taken", path, tensor->name);

    cJSON *entry = cJSON_AddObjectToObject(json, tensor->name);
    const cJSON *type = cJSON_AddStringToObject(entry, "dtype", types[tensor->type].name);
    cJSON *shape = cJSON_AddArrayToObject(entry, "shape");
    cJSON *offsets = cJSON_AddArrayToObject(entry, "data_offsets");
    int failed = !type || !shape || !offsets || add_number(offsets, (int64_t)*offset) < 0 ||
                 add_number(offsets, (int64_t)end) < 0;
    for (int i = 0; i < tensor->dimensions && !failed; i++)
        failed = add_number(shape, tensor->shape[i]) < 0;
    if (failed)
        return error_set(error, "%s: out of memory for the header", path);
    *offset = end;
    return 0;
}

/* The header's text; NULL with the error set. Owned by the caller. */
static char *describe_all(const struct tensor *tensors, int count, const cJSON *metadata,
                          const char *path, struct sawb_error *error) {
    char *text = NULL;
    size_t offset = 0;
    int status = 0;
    cJSON *json = cJSON_CreateObject();
    cJSON *copy = metadata ? cJSON_Duplicate(metadata, 1) : NULL;
    if (!json || (metadata && !copy) ||
        (copy && !cJSON_AddItemToObject(json, METADATA_KEY, copy))) {
        cJSON_Delete(copy);
        status = error_set(error, "%s: out of memory for the header", path);
    }
    for (int i = 0; i < count && status == 0; i++)
        status = describe_tensor(json, &tensors[i], &offset, path, error);
    if (status == 0) {
        text = json_print(json);
        if (!text)
            error_set(error, "%s: out of memory for the header", path);
    }
    cJSON_Delete(json);
    return text;
}

/* Spaces after the JSON let the data begin at a multiple of 8. */
static int write_header(struct file_writer *writer, const char *text, struct sawb_error *error) {
    size_t length = strlen(text);
    size_t padding = (LENGTH_BYTES - length % LENGTH_BYTES) % LENGTH_BYTES;
    uint64_t size = length + padding;
    if (file_write(writer, &size, LENGTH_BYTES, error) < 0 ||
        file_write(writer, text, length, error) < 0)
        return -1;
    return file_write(writer, "        ", padding, error);
}

static int write_halves(struct file_writer *writer, const struct tensor *tensor, size_t count,
                        struct sawb_error *error) {
    const float *values = tensor->data;
    uint16_t halves[CHUNK_VALUES];
    for (size_t begin = 0; begin < count; begin += CHUNK_VALUES) {
        size_t size = count - begin < CHUNK_VALUES ? count - begin : CHUNK_VALUES;
        for (size_t i = 0; i < size; i++) {
            float value = values[begin + i];
            halves[i] = float_to_half(value);
            if ((halves[i] & 0x7fff) == 0x7c00 && isfinite(value)) {
                error_set(error, "%s: tensor \"%s\" holds %g, which float16 cannot; store float32",
                          writer->path, tensor->name, (double)value);
                file_discard(writer);
                return -1;
            }
        }
        if (file_write(writer, halves, size * sizeof(halves[0]), error) < 0)
            return -1;
    }
    return 0;
}

int safetensors_stage(struct file_writer *writer, const char *path, const struct tensor *tensors,
                      int count, const cJSON *metadata, struct sawb_error *error) {
    *writer = (struct file_writer){.descriptor = -1};
    char *text = describe_all(tensors, count, metadata, path, error);
    if (!text)
        return -1;
    int status = file_begin(writer, path, error);
    if (status == 0)
        status = write_header(writer, text, error);
    free(text);
    for (int i = 0; i < count && status == 0; i++) {
        struct tensor measured = tensors[i];
        measure(&measured, types[measured.type].bytes);
        status = measured.type == TENSOR_F16
                     ? write_halves(writer, &measured, measured.count, error)
                     : file_write(writer, measured.data, measured.size, error);
    }
    return status < 0 ? -1 : file_sync(writer, error);
}

int safetensors_write(const char *path, const struct tensor *tensors, int count,
                      const cJSON *metadata, struct sawb_error *error) {
    struct file_writer writer;
    if (safetensors_stage(&writer, path, tensors, count, metadata, error) < 0)
        return -1;
    return file_commit(&writer, error);
}
