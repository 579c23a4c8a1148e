/*
 * matmul.h - matrix products on all threads, with what follows them done while the result is in the
 * cache.
 *
 * OpenBLAS multiplies; the pool splits. The split depends on the sizes alone, never on the number
 * of threads, so that results do not either.
 */
#ifndef SAWB_CORE_KERNEL_MATMUL_H
#define SAWB_CORE_KERNEL_MATMUL_H

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
    float *y;
    int accumulate; /* 1: the products are added to y */
    enum matmul_after after;
    const float *bias; /* [n] */
    float *activated;  /* [m,n] for AFTER_BIAS_GELU and _RELU; y keeps the value before */
};

/* Independent products, all at once. */
void matmul_run(const struct compute *compute, const struct matmul *products, int count);

#endif
