/*
 * matmul.h - matrix products on all threads, with what follows them done while the result is in the
 * cache.
 *
 * Each element of a result is the same chain of sums however the work is cut up (gemm.h): results
 * depend neither on the number of threads nor on how many rows are worked out at once.
 */
#ifndef SAWB_CORE_KERNEL_MATMUL_H
#define SAWB_CORE_KERNEL_MATMUL_H

#include <stddef.h>

#include "core/kernel/compute.h"

enum matmul_shape {
    MATMUL_FORWARD, /* y [m,n] = Σ a [m,k] b [n,k]ᵀ: activations by weights */
    MATMUL_INPUT,   /* y [m,n] = Σ a [m,k] b [k,n]: gradient of activations */
    MATMUL_WEIGHT   /* y [m,n] = Σ a [k,m]ᵀ b [k,n]: gradient of weights */
};

enum matmul_after { AFTER_NOTHING, AFTER_BIAS, AFTER_BIAS_GELU, AFTER_BIAS_RELU };

#define MATMUL_TERMS 3

struct matmul {
    enum matmul_shape shape;
    int m, n, k;
    int terms; /* 1 to 3 products are added up */
    const float *a[MATMUL_TERMS], *b[MATMUL_TERMS];
    const void *packed; /* b[0] as matmul_pack left it; NULL: b is packed on the way */
    float *y;
    /* Floats between two rows of a and of y; 0: they lie close together. Not of MATMUL_WEIGHT. */
    int a_stride, y_stride;
    int accumulate; /* 1: the products are added to y */
    enum matmul_after after;
    const float *bias; /* [n] */
    /* [m,n] as y for AFTER_BIAS_GELU and _RELU; y becomes the derivative there, NULL: it is not
     * wanted. */
    float *activated;
};

/* Independent products, all at once. */
void matmul_run(const struct compute *compute, const struct matmul *products, int count);

/*
 * b [n,k] of MATMUL_FORWARD in the order in which compute's kernels read it: for weights that many
 * products share. `packed` is aligned to 64 bytes and has room for matmul_packed_bytes, which is
 * about the size of b (n is rounded up to whole panels; half of that with bfloat16). It fits the
 * compute's gemm alone.
 */
size_t matmul_packed_bytes(const struct compute *compute, int n, int k);
void matmul_pack(const struct compute *compute, void *packed, const float *b, int n, int k);

/* The work space that a thread needs (compute_open). */
size_t matmul_scratch_bytes(void);

#endif
