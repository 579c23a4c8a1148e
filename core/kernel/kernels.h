/*
 * kernels.h - the memory-bound loops of the encoder, once for each instruction set.
 *
 * simd.c is one portable source; the Makefile compiles it again with wider instruction sets, and
 * compute_open chooses the widest this CPU has (or the one that $SAWB_CPU names). All matrices are
 * row-major; `stride` is the distance of two rows where it may be larger than the row.
 */
#ifndef SAWB_CORE_KERNEL_KERNELS_H
#define SAWB_CORE_KERNEL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Which elements of one tensor are dropped: a pure function of (seed, step, site, element), so that
 * the backward pass asks again instead of keeping a mask, and threads do not matter.
 */
struct dropout {
    uint32_t low, high; /* key of the stream */
    uint32_t
        threshold; /* dropped when the element's 32 random bits are below; 0: nothing is dropped */
    float scale;   /* of what stays: 1 / (1 - rate) */
};

struct dropout dropout_stream(float rate, uint64_t seed, uint64_t step, uint64_t site);

/* x, the index of an element, becomes its 32 random bits (a mixer of C. Wellons' hash prospector,
 * "lowbias32", keyed twice). A uint32_t, or a vector of them. */
#define DROPOUT_BITS(x, dropout)                                                                   \
    do {                                                                                           \
        (x) += (dropout)->low;                                                                     \
        (x) ^= (x) >> 16;                                                                          \
        (x) *= 0x7feb352dU;                                                                        \
        (x) ^= (x) >> 15;                                                                          \
        (x) += (dropout)->high;                                                                    \
        (x) *= 0x846ca68bU;                                                                        \
        (x) ^= (x) >> 16;                                                                          \
    } while (0)

/* AdamW's constants (optimiser.h), and the numbers of one step of a group of weights, rounded to
 * float where PyTorch rounds its scalars. */
#define ADAM_BETA_1 0.9
#define ADAM_BETA_2 0.999
#define ADAM_EPSILON 1e-8
struct adam_update {
    float clip;
    float keep; /* 1 - rate * decay; 1 where nothing decays */
    float rate; /* rate / (1 - β1ᵗ) */
    float root; /* √(1 - β2ᵗ) */
};

/* Loops over all weights, the same bits from every set. */
struct update_kernels {
    double (*squares)(const float *x, size_t count); /* Σ x² in double precision */

    /* One step of AdamW; the gradient is zero afterwards. */
    void (*adam)(float *weight, float *gradient, float *first, float *second, size_t count,
                 const struct adam_update *update);
    void (*adam_idle)(float *weight, float *first, float *second, size_t count,
                      const struct adam_update *update); /* the same for a gradient of zero */

    void (*scale)(float *x, size_t count, float factor);
    /* average += share (weight - average). */
    void (*follow)(float *average, const float *weight, size_t count, float share);
};

/* Of a row of attention, T weights. Sums are double precision. */
struct measure_kernels {
    double (*entropy)(const float *weights, int tokens); /* -Σ p ln p in nats, 0 ln 0 = 0 */
    double (*distance)(const float *weights, int query, int tokens);       /* Σ p |query - key| */
    double (*mass)(const float *weights, const uint8_t *mask, int tokens); /* Σ p of mask 1 */
    /* Jensen-Shannon divergence of two rows, in nats: KL(p|m)/2 + KL(q|m)/2, m = (p+q)/2. */
    double (*divergence)(const float *p, const float *q, int tokens);
};

struct attention_kernels; /* attention_kernels.h */
struct gemm;              /* gemm.h */

struct kernels {
    const struct update_kernels *update;
    const struct attention_kernels *attention;
    const struct gemm *gemm; /* float32 */
    const struct measure_kernels *measure;
    const char *name; /* "portable", "avx2", "avx512" */

    /* x = before + bias; after = GELU(x) = x Φ(x) (Hendrycks, Gimpel 2016, arXiv 1606.08415;
     * exact), before = its derivative, which comes along with it and is all that the way back
     * needs; after == before: it is not wanted. */
    void (*bias_gelu)(float *after, float *before, size_t stride, const float *bias, int rows,
                      int columns);
    void (*bias_relu)(float *after, float *before, size_t stride, const float *bias, int rows,
                      int columns);

    /* gradient [rows,columns] *= slope, and sums [columns] = the sum of its rows then. */
    void (*slope_backward)(float *gradient, float *sums, const float *slope, int rows, int columns);

    /*
     * sum = residual + dropout(sum); out = layer norm of sum (Ba et al. 2016, arXiv 1607.06450), by
     * rows. residual NULL: none. mean, scale (1 / standard deviation) [rows]. `first`: index of the
     * first element for the dropout stream.
     */
    void (*residual_norm)(float *out, float *sum, float *mean, float *scale, const float *residual,
                          const float *weight, const float *bias, int rows, int columns,
                          float epsilon, const struct dropout *dropout, uint32_t first);

    /*
     * gradient [rows,columns] of out becomes that of the sum, and inner that before its dropout
     * (NULL: not wanted). sums [3,columns] = over all rows the gradients of weight and bias and the
     * sum of inner.
     */
    void (*norm_backward)(float *gradient, float *inner, float *sums, const float *sum,
                          const float *mean, const float *scale, const float *weight, int rows,
                          int columns, const struct dropout *dropout, uint32_t first);

    /* sums [columns] += the sum of x's rows. */
    void (*column_sums)(float *sums, const float *x, int rows, int columns, size_t stride);

    /* out = x with dropout; may be the same memory. */
    void (*dropout)(float *out, const float *x, size_t count, const struct dropout *dropout,
                    uint32_t first);

    /* y += x. */
    void (*add)(float *y, const float *x, size_t count);
};

extern const struct kernels kernels_portable;
extern const struct update_kernels update_kernels_portable;
extern const struct measure_kernels measure_kernels_portable;
#if defined(__x86_64__)
extern const struct kernels kernels_avx2, kernels_avx512;
extern const struct update_kernels update_kernels_avx2, update_kernels_avx512;
extern const struct measure_kernels measure_kernels_avx2, measure_kernels_avx512;
#endif

/* Sets by index, narrowest first; NULL past the last. Only sets this CPU can run. */
const struct kernels *kernels_get(int index);

#endif
