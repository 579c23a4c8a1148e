/*
 * allocations.c - malloc and its kin, counted and passed on to glibc's own unless they are refused.
 */
#include "tests/allocations.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                         \
    __has_feature(thread_sanitizer)
#define OTHER_MALLOC
#endif
#endif

#if !defined(__GLIBC__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||        \
    defined(OTHER_MALLOC)

long allocations(void) {
    return -1;
}

void refuse_allocation(long which) {
    (void)which;
}

#else

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_long made;
static atomic_long refused; /* the number of a block; 0: none */

long allocations(void) {
    return atomic_load(&made);
}

void refuse_allocation(long which) {
    atomic_store(&refused, which > 0 ? atomic_load(&made) + which : 0);
}

/* Counts a block; whether it may be given. */
static int allowed(void) {
    long number = atomic_fetch_add_explicit(&made, 1, memory_order_relaxed) + 1;
    if (number != atomic_load_explicit(&refused, memory_order_relaxed))
        return 1;
    errno = ENOMEM;
    return 0;
}

void *malloc(size_t size) {
    return allowed() ? __libc_malloc(size) : NULL;
}

void *calloc(size_t count, size_t size) {
    return allowed() ? __libc_calloc(count, size) : NULL;
}

void *realloc(void *block, size_t size) {
    return allowed() ? __libc_realloc(block, size) : NULL;
}

void *aligned_alloc(size_t alignment, size_t size) {
    return allowed() ? __libc_memalign(alignment, size) : NULL;
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    *block = aligned_alloc(alignment, size);
    return *block ? 0 : ENOMEM;
}

#endif
