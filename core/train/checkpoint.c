/*
 * checkpoint.c - writing and reading trainer_state.safetensors.
 */
#include "core/train/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/kernel/compute.h"
#include "core/model/safetensors.h"

#define STATE_FILE "trainer_state.safetensors"
#define STATE_FORMAT "sawb trainer state 1"
#define STATE_CHANGES "changes"
#define STATE_BEST "best"
#define STATE_NAME_BYTES (WEIGHT_NAME_BYTES + 16)
#define PARTS 5

struct part {
    const char *name;
    struct weights *weights;
};

static int state_parts(const struct training_state *state, struct part parts[PARTS]) {
    parts[0] = (struct part){"weight", state->live};
    parts[1] = (struct part){"first_moment", state->first_moments};
    parts[2] = (struct part){"second_moment", state->second_moments};
    int count = 3;
    if (state->average)
        parts[count++] = (struct part){"average", state->average};
    if (state->best)
        parts[count++] = (struct part){"best", state->best};
    return count;
}

static void name_tensor(char name[STATE_NAME_BYTES], const struct part *part,
                        const struct weight *weight) {
    snprintf(name, STATE_NAME_BYTES, "%s.%s", part->name, weight->name);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void fill_tensor(struct tensor *tensor, char *name, const struct part *part,
                        const struct weight *weight) {
    name_tensor(name, part, weight);
    *tensor = (struct tensor){.name = name,
                              .type = TENSOR_F32,
                              .dimensions = weight->dimensions,
                              .count = weight->count,
                              .data = (const unsigned char *)*weight->pointer,
                              .size = weight->count * sizeof(float)};
    tensor->shape[0] = weight->dimensions == 2 ? weight->rows : weight->columns;
    tensor->shape[1] = weight->dimensions == 2 ? weight->columns : 0;
}

static cJSON *make_metadata(const struct training_state *state, const cJSON *description,
                            struct sawb_error *error) {
    char step[32];
    snprintf(step, sizeof(step), "%" PRId64, state->step);
    cJSON *metadata = cJSON_Duplicate(description, 1);
    if (metadata && cJSON_AddStringToObject(metadata, "format", STATE_FORMAT) &&
        cJSON_AddStringToObject(metadata, "step", step) &&
        (!state->changes || cJSON_AddStringToObject(metadata, STATE_CHANGES, state->changes)) &&
        (!state->best_text || cJSON_AddStringToObject(metadata, STATE_BEST, state->best_text)))
        return metadata;
    cJSON_Delete(metadata);
    error_set(error, "train: out of memory for a checkpoint's metadata");
    return NULL;
}

static int write_state(const struct training_state *state, const char *path, const cJSON *metadata,
                       struct sawb_error *error) {
    struct part parts[PARTS];
    int part_count = state_parts(state, parts), weights = weights_count(state->config);
    size_t count = (size_t)part_count * (size_t)weights;
    struct tensor *tensors = calloc(count, sizeof(*tensors));
    char(*names)[STATE_NAME_BYTES] = calloc(count, sizeof(*names));
    int status = -1;
    if (!tensors || !names) {
        error_set(error, "%s: out of memory for a checkpoint", path);
    } else {
        for (size_t i = 0; i < count; i++) {
            const struct part *part = &parts[i / (size_t)weights];
            struct weight weight;
            weights_get(state->config, part->weights, (int)(i % (size_t)weights), &weight);
            fill_tensor(&tensors[i], names[i], part, &weight);
        }
        status = safetensors_write(path, tensors, (int)count, metadata, error);
    }
    free(tensors);
    free(names);
    return status;
}

int checkpoint_write(const struct training_state *state, const char *directory,
                     const cJSON *description, struct sawb_error *error) {
    cJSON *metadata = make_metadata(state, description, error);
    char *path = metadata ? file_join(directory, STATE_FILE) : NULL;
    int status = -1;
    if (path)
        status = write_state(state, path, metadata, error);
    else if (metadata)
        error_set(error, "%s: out of memory", directory);
    free(path);
    cJSON_Delete(metadata);
    return status;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The header's "__metadata__": a u64 header size, then JSON. The file was checked by
 * safetensors_open. */
static cJSON *read_metadata(const struct safetensors *file, struct sawb_error *error) {
    uint64_t size = 0;
    for (int i = 7; i >= 0; i--)
        size = size << 8 | file->map.data[i];
    cJSON *header = json_parse((const char *)file->map.data + 8, (size_t)size, file->path, error);
    if (!header)
        return NULL;
    cJSON *metadata = cJSON_DetachItemFromObjectCaseSensitive(header, "__metadata__");
    cJSON_Delete(header);
    const char *format = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, "format"));
    if (format && strcmp(format, STATE_FORMAT) == 0)
        return metadata;
    cJSON_Delete(metadata);
    error_set(error, "%s: is not a \"%s\"; resume from a folder this version of sawb has saved",
              file->path, STATE_FORMAT);
    return NULL;
}

/* What a checkpoint means that does not say it; NULL: nothing. */
static const char *unsaid_value(const char *key) {
    if (strcmp(key, CHECKPOINT_PRECISION) == 0)
        return precision_name(PRECISION_F32);
    return strcmp(key, "word-swap") == 0 ? "0" : NULL;
}

static int check_metadata(const cJSON *metadata, const cJSON *description, const char *path,
                          int64_t *step, struct sawb_error *error) {
    const cJSON *item;
    cJSON_ArrayForEach(item, description) {
        const char *said =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, item->string));
        const char *saved = said ? said : unsaid_value(item->string);
        if (!saved || strcmp(saved, item->valuestring) != 0)
            return error_set(error,
                             "%s: the saved run has %s %s%s, this one %s; resume with the same "
                             "options and data, or begin a new run in another folder",
                             path, item->string, saved ? saved : "(none)",
                             saved && !said ? " (as it says none)" : "", item->valuestring);
    }
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, "step"));
    char *end = NULL;
    errno = 0;
    *step = text ? strtoll(text, &end, 10) : -1;
    if (!text || errno != 0 || end == text || *end != '\0' || *step < 0)
        return error_set(error, "%s: the metadata has no valid step; begin a new run", path);
    return 0;
}

static const struct tensor *find_tensor(const struct safetensors *file, const struct part *part,
                                        const struct weight *weight, struct sawb_error *error) {
    char name[STATE_NAME_BYTES];
    struct tensor wanted;
    fill_tensor(&wanted, name, part, weight);
    const struct tensor *found = safetensors_find(file, name);
    if (!found)
        error_set(error, "%s: tensor \"%s\" is missing; the model is another one", file->path,
                  name);
    else if (found->type != TENSOR_F32 || found->dimensions != wanted.dimensions ||
             found->shape[0] != wanted.shape[0] ||
             (wanted.dimensions == 2 && found->shape[1] != wanted.shape[1]))
        error_set(error,
                  "%s: tensor \"%s\" has not the shape [%d,%d] or not the type F32 of this "
                  "model; the model is another one",
                  file->path, name, weight->rows, weight->columns);
    else
        return found;
    return NULL;
}

/* Checks all tensors first (copy 0), copies them then (copy 1). */
static int read_tensors(const struct training_state *state, const struct safetensors *file,
                        int copy, struct sawb_error *error) {
    struct part parts[PARTS];
    int part_count = state_parts(state, parts), weights = weights_count(state->config);
    for (int i = 0; i < part_count * weights; i++) {
        const struct part *part = &parts[i / weights];
        struct weight weight;
        weights_get(state->config, part->weights, i % weights, &weight);
        const struct tensor *tensor = find_tensor(file, part, &weight, error);
        if (!tensor)
            return -1;
        if (copy)
            memcpy(*weight.pointer, tensor->data, tensor->size);
    }
    return 0;
}

static int read_state(struct training_state *state, const struct safetensors *file,
                      const cJSON *description, struct sawb_error *error) {
    cJSON *metadata = read_metadata(file, error);
    if (!metadata)
        return -1;
    int64_t step = 0;
    int status = check_metadata(metadata, description, file->path, &step, error);
    cJSON_Delete(metadata);
    if (status < 0 || read_tensors(state, file, 0, error) < 0 ||
        read_tensors(state, file, 1, error) < 0)
        return -1;
    state->step = step;
    return 0;
}

static int copy_metadata(char **text, const cJSON *metadata, const char *key, const char *path,
                         struct sawb_error *error) {
    const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, key));
    if (found && !(*text = strdup(found)))
        return error_set(error, "%s: out of memory", path);
    return 0;
}

/* Opens the state of a run; *path is owned by the caller. */
static int open_state(struct safetensors *file, char **path, const char *directory,
                      struct sawb_error *error) {
    *path = file_join(directory, STATE_FILE);
    if (!*path)
        return error_set(error, "%s: out of memory", directory);
    if (safetensors_open(file, *path, error) == 0)
        return 0;
    free(*path);
    return -1;
}

int checkpoint_texts(char **changes, char **best, const char *directory, struct sawb_error *error) {
    struct safetensors file;
    char *path;
    *changes = *best = NULL;
    if (open_state(&file, &path, directory, error) < 0)
        return -1;
    cJSON *metadata = read_metadata(&file, error);
    int status = metadata ? copy_metadata(changes, metadata, STATE_CHANGES, path, error) : -1;
    if (status == 0)
        status = copy_metadata(best, metadata, STATE_BEST, path, error);
    if (status < 0) {
        free(*changes);
        *changes = NULL;
    }
    cJSON_Delete(metadata);
    safetensors_close(&file);
    free(path);
    return status;
}

int checkpoint_read(struct training_state *state, const char *directory, const cJSON *description,
                    struct sawb_error *error) {
    struct safetensors file;
    char *path;
    if (open_state(&file, &path, directory, error) < 0)
        return -1;
    int status = read_state(state, &file, description, error);
    safetensors_close(&file);
    free(path);
    return status;
}
