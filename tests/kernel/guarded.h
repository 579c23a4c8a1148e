/*
 * guarded.h - memory between two pages that may not be touched.
 *
 * The array ends where the page after it begins; the page before it begins right before the page
 * that it is on, so that a step too far back is caught only from the first page's start. Twice,
 * with `at_end` 0 and 1, catches both.
 */
#ifndef SAWB_TESTS_KERNEL_GUARDED_H
#define SAWB_TESTS_KERNEL_GUARDED_H

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/test.h"

struct guarded {
    void *map;
    size_t bytes;
};

static inline void *guarded_open(struct guarded *guarded, size_t bytes, int at_end) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), inner = (bytes + page - 1) / page * page;
    inner = inner > 0 ? inner : page;
    guarded->bytes = inner + 2 * page;
    guarded->map =
        mmap(NULL, guarded->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(guarded->map != MAP_FAILED);
    unsigned char *base = guarded->map;
    assert_int_equal(mprotect(base, page, PROT_NONE), 0);
    assert_int_equal(mprotect(base + page + inner, page, PROT_NONE), 0);
    return at_end ? base + page + inner - bytes : base + page;
}

static inline void guarded_close(struct guarded *guarded) {
    munmap(guarded->map, guarded->bytes);
}

#endif
