/*
 * presets.c - specifications with a name, read from JSON files and saved to them.
 *
 * A file is read into a copy of what is there, every preset of which is then parsed; only when all
 * are sound does the copy take the place of the old ones. So presets that were loaded always parse.
 */
#include "core/sparsity/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/sparsity/presets_json.h"

#define COMMENT_KEY "//"
#define MOST_NAME_BYTES 64

struct presets {
    struct preset *items;
    int count, capacity;
};

struct presets *presets_create(void) {
    return calloc(1, sizeof(struct presets));
}

static void preset_clear(struct preset *preset) {
    free(preset->name);
    free(preset->family);
    free(preset->label);
    free(preset->specification);
    free(preset->path);
}

static void presets_clear(struct presets *presets) {
    for (int p = 0; p < presets->count; p++)
        preset_clear(&presets->items[p]);
    free(presets->items);
    *presets = (struct presets){NULL, 0, 0};
}

void presets_free(struct presets *presets) {
    if (!presets)
        return;
    presets_clear(presets);
    free(presets);
}

int presets_count(const struct presets *presets) {
    return presets ? presets->count : 0;
}

const struct preset *presets_at(const struct presets *presets, int index) {
    return index >= 0 && index < presets_count(presets) ? &presets->items[index] : NULL;
}

const char *presets_name(const struct presets *presets, int index) {
    const struct preset *preset = presets_at(presets, index);
    return preset ? preset->label : NULL;
}

const char *presets_specification(const struct presets *presets, int index) {
    const struct preset *preset = presets_at(presets, index);
    return preset ? preset->specification : NULL;
}

static int is_same(const char *text, const char *other, size_t length) {
    return strlen(text) == length && memcmp(text, other, length) == 0;
}

const struct preset *presets_find(const struct presets *presets, const char *name,
                                  size_t name_length, const char *family, size_t family_length) {
    const struct preset *preset;
    for (int p = 0; (preset = presets_at(presets, p)) != NULL; p++) {
        if (is_same(preset->name, name, name_length) &&
            (!family || (preset->family && is_same(preset->family, family, family_length))))
            return preset;
    }
    return NULL;
}

/* ---- loading -------------------------------------------------------------------------------- */

static int no_memory(const char *path, struct sawb_error *error) {
    return error_set(error, "%s: not enough memory for the presets", path);
}

/* The first of a name is listed by its name alone. */
static int presets_add(struct presets *presets, const char *name, const char *family,
                       const char *specification, const char *path) {
    if (presets->count == presets->capacity) {
        int capacity = presets->capacity > 0 ? 2 * presets->capacity : 16;
        struct preset *larger = realloc(presets->items, (size_t)capacity * sizeof(struct preset));
        if (!larger)
            return -1;
        presets->items = larger;
        presets->capacity = capacity;
    }
    char label[2 * MOST_NAME_BYTES + 2];
    int is_first = !presets_find(presets, name, strlen(name), NULL, 0);
    snprintf(label, sizeof(label), "%s%s%s", name, is_first ? "" : ":", is_first ? "" : family);
    struct preset *preset = &presets->items[presets->count];
    *preset = (struct preset){.name = strdup(name),
                              .family = family ? strdup(family) : NULL,
                              .label = strdup(label),
                              .specification = strdup(specification),
                              .path = strdup(path)};
    if (!preset->name || (family && !preset->family) || !preset->label || !preset->specification ||
        !preset->path) {
        preset_clear(preset);
        return -1;
    }
    presets->count++;
    return 0;
}

/* Checks the spelling of a name or family, and that nothing before it in the object has it too. */
static int check_name(const cJSON *object, const cJSON *item, const char *what, const char *path,
                      struct sawb_error *error) {
    const char *name = item->string;
    size_t length = identifier_length(name);
    if (length == 0 || name[length] || length > MOST_NAME_BYTES)
        return error_set(error,
                         "%s: %s \"%.80s\": a name has letters, digits, '_' and '-', a letter or "
                         "'_' first, and at most %d bytes",
                         path, what, name, MOST_NAME_BYTES);
    for (const cJSON *other = object->child; other != item; other = other->next) {
        if (strcmp(other->string, name) == 0)
            return error_set(error, "%s: %s \"%s\" stands there twice; take one out", path, what,
                             name);
    }
    return 0;
}

static int check_preset(const cJSON *root, const cJSON *item, const char *path,
                        struct sawb_error *error) {
    const char *name = item->string;
    if (check_name(root, item, "preset", path, error) < 0)
        return -1;
    if (pattern_find(name, strlen(name)) &&
        !(cJSON_IsString(item) && strcmp(item->valuestring, name) == 0))
        return error_set(error,
                         "%s: preset \"%s\": this is the name of a pattern; choose another name",
                         path, name);
    if (cJSON_IsString(item))
        return 0;
    if (!cJSON_IsObject(item) || !item->child)
        return error_set(error,
                         "%s: preset \"%s\" must be a specification (\"topk(80%%)\") or an object "
                         "of families ({\"topk\": \"topk(80%%)\", ...})",
                         path, name);
    for (const cJSON *family = item->child; family; family = family->next) {
        if (check_name(item, family, "family", path, error) < 0)
            return error_prefix(error, "preset \"%s\"", name);
        if (!cJSON_IsString(family))
            return error_set(error, "%s: preset \"%s\": family \"%s\" must be a specification",
                             path, name, family->string);
    }
    return 0;
}

static int add_from_file(struct presets *presets, const cJSON *item, const char *path) {
    if (cJSON_IsString(item))
        return presets_add(presets, item->string, NULL, item->valuestring, path);
    for (const cJSON *family = item->child; family; family = family->next) {
        if (presets_add(presets, item->string, family->string, family->valuestring, path) < 0)
            return -1;
    }
    return 0;
}

/* What is there, with the file's presets in the place of those of the same name, and then the rest
 * of the file's. */
static int merge(struct presets *merged, const struct presets *old, const cJSON *root,
                 const char *path) {
    for (int p = 0; p < old->count; p++) {
        const struct preset *preset = &old->items[p];
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, preset->name);
        int is_first = !presets_find(merged, preset->name, strlen(preset->name), NULL, 0);
        int status = !item      ? presets_add(merged, preset->name, preset->family,
                                              preset->specification, preset->path)
                     : is_first ? add_from_file(merged, item, path)
                                : 0;
        if (status < 0)
            return -1;
    }
    for (const cJSON *item = root->child; item; item = item->next) {
        if (strcmp(item->string, COMMENT_KEY) != 0 &&
            !presets_find(old, item->string, strlen(item->string), NULL, 0) &&
            add_from_file(merged, item, path) < 0)
            return -1;
    }
    return 0;
}

static int load(struct presets *merged, const struct presets *old, const cJSON *root,
                const char *path, struct sawb_error *error) {
    if (!cJSON_IsObject(root))
        return error_set(error, "%s: presets are one JSON object, {\"name\": \"topk(80%%)\", ...}",
                         path);
    for (const cJSON *item = root->child; item; item = item->next) {
        if (strcmp(item->string, COMMENT_KEY) != 0 && check_preset(root, item, path, error) < 0)
            return -1;
    }
    if (merge(merged, old, root, path) < 0)
        return no_memory(path, error);
    for (int p = 0; p < merged->count; p++) {
        if (sparsity_parse_preset(merged, &merged->items[p], error) < 0)
            return -1;
    }
    return 0;
}

int presets_load(struct presets *presets, const char *path, struct sawb_error *error) {
    cJSON *root = json_parse_file(path, error);
    if (!root)
        return -1;
    struct presets merged = {NULL, 0, 0};
    int status = load(&merged, presets, root, path, error);
    cJSON_Delete(root);
    if (status < 0) {
        presets_clear(&merged);
        return -1;
    }
    presets_clear(presets);
    *presets = merged;
    return 0;
}

int presets_read(struct presets *presets, const cJSON *object, const char *where,
                 struct sawb_error *error) {
    const struct presets none = {NULL, 0, 0};
    struct presets fresh = {NULL, 0, 0};
    int status = load(&fresh, &none, object, where, error);
    presets_clear(status == 0 ? presets : &fresh);
    if (status == 0)
        *presets = fresh;
    return status;
}

static int add_to_object(cJSON *object, const struct preset *preset) {
    cJSON *families = cJSON_GetObjectItemCaseSensitive(object, preset->name);
    if (preset->family && !families)
        families = cJSON_AddObjectToObject(object, preset->name);
    cJSON *into = preset->family ? families : object;
    const char *name = preset->family ? preset->family : preset->name;
    return into && cJSON_AddStringToObject(into, name, preset->specification) ? 0 : -1;
}

cJSON *presets_json(const struct presets *presets) {
    cJSON *object = cJSON_CreateObject();
    for (int p = 0; object && p < presets_count(presets); p++) {
        if (add_to_object(object, presets_at(presets, p)) < 0) {
            cJSON_Delete(object);
            return NULL;
        }
    }
    return object;
}

/* ---- saving ---------------------------------------------------------------------------------- */

static int check_new_name(const char *name, struct sawb_error *error) {
    size_t length = identifier_length(name);
    if (length == 0 || name[length] || length > MOST_NAME_BYTES)
        return error_set(error,
                         "preset \"%.80s\": a name has letters, digits, '_' and '-', a letter or "
                         "'_' first, and at most %d bytes",
                         name, MOST_NAME_BYTES);
    if (pattern_find(name, length))
        return error_set(error, "preset \"%s\": this is the name of a pattern; choose another name",
                         name);
    return 0;
}

/* The file's object, or an empty one where there is no file; NULL with an error. */
static cJSON *read_object(const char *path, struct sawb_error *error) {
    cJSON *root = file_exists(path) ? json_parse_file(path, error) : cJSON_CreateObject();
    if (!root && !file_exists(path))
        no_memory(path, error);
    if (!root || cJSON_IsObject(root))
        return root;
    error_set(error, "%s: presets are one JSON object; the file stays as it is", path);
    cJSON_Delete(root);
    return NULL;
}

static int make_folder(const char *path, struct sawb_error *error) {
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return 0;
    char *folder = strndup(path, (size_t)(slash - path));
    int status = folder ? file_make_directory(folder, error) : no_memory(path, error);
    free(folder);
    return status;
}

static int put(cJSON *root, const char *name, const char *pattern) {
    cJSON *value = cJSON_CreateString(pattern);
    int there = cJSON_GetObjectItemCaseSensitive(root, name) != NULL;
    int done = value && (there ? cJSON_ReplaceItemInObjectCaseSensitive(root, name, value)
                               : cJSON_AddItemToObject(root, name, value));
    if (!done)
        cJSON_Delete(value);
    return done;
}

static int write_object(const cJSON *root, const char *path, struct sawb_error *error) {
    char *text = cJSON_Print(root);
    int status = text ? make_folder(path, error) : no_memory(path, error);
    if (status == 0)
        status = file_replace(path, text, strlen(text), error);
    free(text);
    return status;
}

/* Only what can be loaded is written, and only what was written is loaded. */
static int save_pattern(struct presets *presets, const char *path, const char *name,
                        const char *pattern, struct sawb_error *error) {
    struct presets merged = {NULL, 0, 0};
    cJSON *root = read_object(path, error);
    int status = !root ? -1 : put(root, name, pattern) ? 0 : no_memory(path, error);
    if (status == 0)
        status = load(&merged, presets, root, path, error);
    if (status == 0)
        status = write_object(root, path, error);
    cJSON_Delete(root);
    presets_clear(status == 0 ? presets : &merged);
    if (status == 0)
        *presets = merged;
    return status;
}

int presets_save(struct presets *presets, const char *path, const char *name,
                 const char *specification, struct sawb_error *error) {
    struct sparsity *parsed;
    if (check_new_name(name, error) < 0 ||
        sparsity_parse(&parsed, specification, presets, error) < 0)
        return -1;
    int status = save_pattern(presets, path, name, sparsity_pattern(parsed), error);
    sparsity_free(parsed);
    return status;
}
