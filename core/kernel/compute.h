/*
 * compute.h - where numbers are crunched: a thread pool and the kernels chosen for this CPU.
 */
#ifndef SAWB_CORE_KERNEL_COMPUTE_H
#define SAWB_CORE_KERNEL_COMPUTE_H

#include "core/base/error.h"
#include "core/base/pool.h"

struct kernels;

struct compute {
    struct pool *pool;
    const struct kernels *kernels;
};

/* `threads` 0: one per processor. OpenBLAS is told to use one thread: the pool splits the work. */
int compute_open(struct compute *compute, int threads, struct sawb_error *error);
void compute_close(struct compute *compute);

#endif
