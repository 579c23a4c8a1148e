/*
 * packed.c - packing the weights of an opened model once.
 */
#include "core/model/packed.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/kernel/matmul.h"
#include "core/kernel/scratch.h"

#define PACKINGS_MOST 2 /* float32 and bfloat16 */
#define ALIGNMENT ((size_t)64)

struct packing {
    const struct gemm *gemm; /* NULL: none yet */
    struct weights weights;
    struct model_config config;
};

struct packed_weights {
    const struct file_map *map;
    pthread_mutex_t mutex;
    struct packing packings[PACKINGS_MOST]; /* under the mutex; one that is made stays */
};

struct packed_weights *packed_create(const struct file_map *map, struct sawb_error *error) {
    struct packed_weights *packed = calloc(1, sizeof(*packed));
    if (!packed) {
        error_set(error, "out of memory for a model");
        return NULL;
    }
    packed->map = map;
    pthread_mutex_init(&packed->mutex, NULL);
    return packed;
}

void packed_free(struct packed_weights *packed) {
    if (!packed)
        return;
    for (int i = 0; i < PACKINGS_MOST; i++)
        if (packed->packings[i].gemm)
            weights_free(&packed->packings[i].weights, &packed->packings[i].config);
    pthread_mutex_destroy(&packed->mutex);
    free(packed);
}

/* The embeddings are looked up, not multiplied. */
static int is_packed(const struct weight *weight) {
    return weight->kind == WEIGHT_MATRIX && (weight->layer >= 0 || weight->is_head);
}

static size_t room_of(const struct weight *weight, const struct compute *compute) {
    size_t bytes = matmul_packed_bytes(compute, weight->rows, weight->columns);
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Gives whole pages of a weight back that a file holds. */
static void drop_mapped(const struct file_map *map, const struct weight *weight) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = (uintptr_t)*weight->pointer, end = begin + weight->count * sizeof(float);
    uintptr_t map_begin = (uintptr_t)map->data;
    if (!map->data || begin < map_begin || end > map_begin + map->size)
        return;
    begin = (begin + page - 1) / page * page;
    end = end / page * page;
    if (begin < end)
        madvise((void *)begin, end - begin, MADV_DONTNEED); /* else they stay, no more */
}

static size_t block_bytes(const struct model_config *config, const struct compute *compute) {
    size_t bytes = 0;
    for (int i = 0; i < weights_count(config); i++) {
        struct weight weight;
        weights_get(config, NULL, i, &weight);
        if (is_packed(&weight))
            bytes += room_of(&weight, compute);
    }
    return bytes;
}

size_t packed_bytes(const struct model_config *config, const struct compute *compute) {
    return large_bytes(block_bytes(config, compute));
}

static int pack(struct packing *packing, const struct file_map *map, const struct weights *source,
                const struct model_config *config, const struct compute *compute) {
    struct weights from = *source, *to = &packing->weights;
    struct weight weight;
    int count = weights_count(config);
    if (weights_prepare(to, config, NULL) < 0)
        return -1;
    unsigned char *next = to->block = large_memory(block_bytes(config, compute));
    if (!next) {
        weights_free(to, config);
        return -1;
    }
    for (int i = 0; i < count; i++) {
        struct weight place;
        weights_get(config, &from, i, &weight);
        weights_get(config, to, i, &place);
        if (!is_packed(&weight))
            continue;
        matmul_pack(compute, next, *weight.pointer, weight.rows, weight.columns);
        *place.pointer = (float *)(void *)next;
        next += room_of(&weight, compute);
        drop_mapped(map, &weight);
    }
    packing->config = *config;
    packing->gemm = compute->gemm;
    return 0;
}

const struct weights *packed_get(struct packed_weights *packed, const struct weights *weights,
                                 const struct model_config *config, const struct compute *compute) {
    const struct weights *found = NULL;
    pthread_mutex_lock(&packed->mutex);
    for (int i = 0; i < PACKINGS_MOST && !found; i++) {
        struct packing *packing = &packed->packings[i];
        if (packing->gemm ? packing->gemm == compute->gemm
                          : pack(packing, packed->map, weights, config, compute) == 0)
            found = &packing->weights;
    }
    pthread_mutex_unlock(&packed->mutex);
    return found;
}
