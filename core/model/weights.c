/*
 * weights.c - the walk over the declared weights, and blocks that hold them all.
 */
#include "core/model/weights.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct declaration {
    size_t field; /* offset in struct weights, or in struct layer_weights */
    int rows, columns;
    enum weight_kind kind;
    const char *names[2]; /* by enum model_family; NULL: the family has no such weight */
};

#define DECLARE(structure, field, rows, columns, kind, bert, distilbert)                           \
    {offsetof(structure, field), rows, columns, WEIGHT_##kind, {bert, distilbert}},
#define DECLARE_IN_MODEL(...) DECLARE(struct weights, __VA_ARGS__)
#define DECLARE_IN_LAYER(...) DECLARE(struct layer_weights, __VA_ARGS__)
#define COUNT_ONE(...) +1

enum section { SECTION_EMBEDDING, SECTION_LAYER, SECTION_HEAD };
enum {
    EMBEDDING_ROWS = WEIGHTS_EMBEDDING(COUNT_ONE),
    LAYER_ROWS = WEIGHTS_LAYER(COUNT_ONE),
    HEAD_ROWS = WEIGHTS_HEAD(COUNT_ONE),
    ROWS_MAX = EMBEDDING_ROWS + LAYER_ROWS + HEAD_ROWS
};

/* The weights of one section that the family has, into out [ROWS_MAX]. Returns how many. */
static int section_weights(const struct model_config *c, enum section section,
                           struct declaration *out) {
    const struct declaration embedding[] = {WEIGHTS_EMBEDDING(DECLARE_IN_MODEL)};
    const struct declaration layer[] = {WEIGHTS_LAYER(DECLARE_IN_LAYER)};
    const struct declaration head[] = {WEIGHTS_HEAD(DECLARE_IN_MODEL)};
    const struct declaration *all = section == SECTION_EMBEDDING ? embedding
                                    : section == SECTION_LAYER   ? layer
                                                                 : head;
    int rows = section == SECTION_EMBEDDING ? EMBEDDING_ROWS
               : section == SECTION_LAYER   ? LAYER_ROWS
                                            : HEAD_ROWS;
    int count = 0;
    for (int i = 0; i < rows; i++)
        if (all[i].names[c->family])
            out[count++] = all[i];
    return count;
}

int weights_count(const struct model_config *config) {
    struct declaration rows[ROWS_MAX];
    return section_weights(config, SECTION_EMBEDDING, rows) +
           config->layers * section_weights(config, SECTION_LAYER, rows) +
           section_weights(config, SECTION_HEAD, rows);
}

/*
 * BERT: "bert." before all but the classifier. DistilBERT: "distilbert." before the encoder's
 * weights only, since its pre_classifier belongs to the head.
 */
static void name_weight(struct weight *weight, const struct model_config *config,
                        enum section section, const char *name) {
    static const char *const prefixes[] = {"bert.", "distilbert."};
    static const char *const stacks[] = {"encoder", "transformer"};
    int without_prefix = section == SECTION_HEAD && (config->family == MODEL_DISTILBERT ||
                                                     strncmp(name, "classifier.", 11) == 0);
    const char *prefix = without_prefix ? "" : prefixes[config->family];
    int length = snprintf(weight->name, sizeof(weight->name), "%s", prefix);
    weight->bare = weight->name + length;
    if (section == SECTION_LAYER)
        length += snprintf(weight->name + length, sizeof(weight->name) - (size_t)length,
                           "%s.layer.%d.", stacks[config->family], weight->layer);
    snprintf(weight->name + length, sizeof(weight->name) - (size_t)length, "%s", name);
}

void weights_get(const struct model_config *config, struct weights *weights, int index,
                 struct weight *weight) {
    struct declaration rows[ROWS_MAX];
    enum section section = SECTION_EMBEDDING;
    int layer = -1;
    int count = section_weights(config, SECTION_EMBEDDING, rows);
    if (index >= count) {
        index -= count;
        section = SECTION_LAYER;
        count = section_weights(config, SECTION_LAYER, rows);
        layer = index / count;
        if (layer < config->layers) {
            index %= count;
        } else {
            index -= config->layers * count;
            layer = -1;
            section = SECTION_HEAD;
            section_weights(config, SECTION_HEAD, rows);
        }
    }
    const struct declaration *row = &rows[index];
    *weight = (struct weight){.rows = row->rows,
                              .columns = row->columns,
                              .dimensions = row->kind == WEIGHT_MATRIX ? 2 : 1,
                              .count = (size_t)row->rows * (size_t)row->columns,
                              .kind = row->kind,
                              .layer = layer,
                              .is_head = section == SECTION_HEAD};
    name_weight(weight, config, section, row->names[config->family]);
    if (weights) {
        char *structure = layer < 0 ? (char *)weights : (char *)&weights->layer[layer];
        weight->pointer = (float **)(void *)(structure + row->field);
    }
}

size_t weights_total(const struct model_config *config) {
    size_t total = 0;
    for (int i = 0; i < weights_count(config); i++) {
        struct weight weight;
        weights_get(config, NULL, i, &weight);
        total += weight.count;
    }
    return total;
}

static size_t padded_count(size_t count) {
    const size_t unit = WEIGHT_ALIGNMENT / sizeof(float);
    return (count + unit - 1) / unit * unit;
}

int weights_prepare(struct weights *weights, const struct model_config *config,
                    struct sawb_error *error) {
    *weights = (struct weights){0};
    weights->layer = calloc((size_t)config->layers, sizeof(*weights->layer));
    if (!weights->layer)
        return error_set(error, "out of memory for the weights of %d layers", config->layers);
    return 0;
}

int weights_fill(struct weights *weights, const struct model_config *config,
                 struct sawb_error *error) {
    size_t floats = 0, bytes;
    int count = weights_count(config);
    struct weight weight;
    for (int i = 0; i < count; i++) {
        weights_get(config, weights, i, &weight);
        if (!*weight.pointer && __builtin_add_overflow(floats, padded_count(weight.count), &floats))
            return error_set(error, "the weights of the model are too large for this machine");
    }
    if (floats == 0)
        return 0;
    if (__builtin_mul_overflow(floats, sizeof(float), &bytes) ||
        __builtin_add_overflow(bytes, WEIGHT_ALIGNMENT, &bytes))
        return error_set(error, "the weights of the model are too large for this machine");
    /* Large blocks of calloc are zero pages that cost nothing before they are touched. */
    weights->block = calloc(bytes, 1);
    if (!weights->block)
        return error_set(error, "out of memory for the weights: %zu MB are needed",
                         bytes / 1000000);
    uintptr_t address = (uintptr_t)weights->block;
    float *next = (float *)((address + WEIGHT_ALIGNMENT - 1) / WEIGHT_ALIGNMENT * WEIGHT_ALIGNMENT);
    for (int i = 0; i < count; i++) {
        weights_get(config, weights, i, &weight);
        if (*weight.pointer)
            continue;
        *weight.pointer = next;
        next += padded_count(weight.count);
    }
    return 0;
}

int weights_allocate(struct weights *weights, const struct model_config *config,
                     struct sawb_error *error) {
    if (weights_prepare(weights, config, error) < 0)
        return -1;
    if (weights_fill(weights, config, error) == 0)
        return 0;
    weights_free(weights, config);
    return -1;
}

void weights_free(struct weights *weights, const struct model_config *config) {
    (void)config;
    free(weights->block);
    free(weights->layer);
    *weights = (struct weights){0};
}
