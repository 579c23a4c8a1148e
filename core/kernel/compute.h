/*
 * compute.h - where numbers are crunched: a thread pool and the kernels chosen for this CPU.
 */
#ifndef SAWB_CORE_KERNEL_COMPUTE_H
#define SAWB_CORE_KERNEL_COMPUTE_H

#include "core/base/error.h"
#include "core/base/pool.h"

struct gemm;
struct kernels;
struct profile;
struct ranks;
struct scratch;

/* Of the factors of matrix products, see compute_set_precision. */
enum precision { PRECISION_F32, PRECISION_BF16, PRECISIONS };

struct compute {
    struct pool *pool;
    const struct kernels *kernels;
    const struct gemm *gemm;  /* the inner loops of matrix products */
    enum precision precision; /* that they work in */
    struct scratch *scratch;  /* a piece for each thread that multiplies */
    struct profile *profile;  /* NULL: nobody asks where the time goes */
    struct ranks *ranks;      /* NULL: this process alone. Training is split over them (ranks.h) */
};

/* `threads` 0: one per processor. OpenBLAS is told to use one thread: the pool splits the work. */
int compute_open(struct compute *compute, int threads, struct sawb_error *error);

/* `threads` threads of its own that compute as those of `whole` do, alone and without a profile.
 * Closed as any other. */
int compute_part(struct compute *part, const struct compute *whole, int threads,
                 struct sawb_error *error);

/*
 * Of the factors of matrix products; sums, weights in training and everything else are float32
 * either way. bfloat16 keeps 8 significant bits, and is refused where the CPU cannot multiply it
 * (AVX512-BF16). compute_open begins with float32.
 */
int compute_set_precision(struct compute *compute, enum precision precision,
                          struct sawb_error *error);
void compute_close(struct compute *compute);

/* "f32" or "bf16", which checkpoints and sessions keep: other numbers come of the other one. */
const char *precision_name(enum precision precision);

/* The precision of a name; -1: there is none. */
int precision_find(enum precision *precision, const char *name);

#endif
