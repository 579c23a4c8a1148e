/*
 * guarded.h - memory between two pages that may not be touched.
 *
 * With `at_end` 1 the array ends where the page after it begins, with 0 it begins where the page
 * before it ends: once each catches a step too far on either side.
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

static inline void guarded_close(const struct guarded *guarded) {
    munmap(guarded->map, guarded->bytes);
}

#endif
