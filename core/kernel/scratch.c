/*
 * scratch.c - lending pieces of memory, and large pages.
 */
#include "core/kernel/scratch.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define CACHE_LINE ((size_t)64)
#define LARGE_PAGE ((size_t)1 << 21)

struct scratch {
    int pieces;
    size_t bytes;
    unsigned char *memory; /* [pieces, bytes] */
    atomic_flag taken[];   /* [pieces] */
};

static size_t unit_of(size_t bytes) {
    return bytes < LARGE_PAGE ? CACHE_LINE : LARGE_PAGE;
}

size_t large_bytes(size_t bytes) {
    size_t unit = unit_of(bytes);
    return bytes > SIZE_MAX - unit ? 0 : (bytes + unit - 1) / unit * unit;
}

void *large_memory(size_t bytes) {
    size_t unit = unit_of(bytes), size = large_bytes(bytes);
    void *memory = size < bytes ? NULL : aligned_alloc(unit, size);
    if (memory && unit == LARGE_PAGE)
        madvise(memory, size, MADV_HUGEPAGE); /* without it, only slower */
    return memory;
}

struct scratch *scratch_create(int pieces, size_t bytes, struct sawb_error *error) {
    struct scratch *scratch = malloc(sizeof(*scratch) + (size_t)pieces * sizeof(atomic_flag));
    bytes = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    unsigned char *memory = large_memory((size_t)pieces * bytes);
    if (!scratch || !memory) {
        free(scratch);
        free(memory);
        error_set(error, "out of memory for %d threads' work space (%zu MB)", pieces,
                  (size_t)pieces * bytes / 1000000);
        return NULL;
    }
    *scratch = (struct scratch){.pieces = pieces, .bytes = bytes, .memory = memory};
    for (int i = 0; i < pieces; i++)
        atomic_flag_clear(&scratch->taken[i]);
    return scratch;
}

void scratch_free(struct scratch *scratch) {
    if (!scratch)
        return;
    free(scratch->memory);
    free(scratch);
}

void *scratch_take(struct scratch *scratch) {
    for (;;) {
        for (int i = 0; i < scratch->pieces; i++)
            if (!atomic_flag_test_and_set_explicit(&scratch->taken[i], memory_order_acquire))
                return scratch->memory + (size_t)i * scratch->bytes;
        sched_yield();
    }
}

void scratch_give(struct scratch *scratch, void *piece) {
    size_t index = (size_t)((unsigned char *)piece - scratch->memory) / scratch->bytes;
    atomic_flag_clear_explicit(&scratch->taken[index], memory_order_release);
}
