/*
 * matmul.c - splitting matrix products over the pool.
 */
#include "core/kernel/matmul.h"

#include <cblas.h>

#include "core/kernel/kernels.h"

#define TASK_FLOPS 2e6 /* a smaller piece is not worth a thread's attention */
#define PIECE_STEP 32  /* pieces are multiples of it, so that no vector is cut */
#define PIECES_MAX 16

/* Which rows of b (columns of y), or rows of y, a task takes; y of MATMUL_WEIGHT is cut by rows. */
static int extent(const struct matmul *product) {
    return product->shape == MATMUL_WEIGHT ? product->m : product->n;
}

static int piece_size(const struct matmul *product) {
    double flops = 2.0 * product->m * product->n * product->k * product->terms;
    int pieces = flops < PIECES_MAX * TASK_FLOPS ? 1 + (int)(flops / TASK_FLOPS) : PIECES_MAX;
    int size = (extent(product) + pieces - 1) / pieces;
    return (size + PIECE_STEP - 1) / PIECE_STEP * PIECE_STEP;
}

static int piece_count(const struct matmul *product) {
    int size = piece_size(product);
    return (extent(product) + size - 1) / size;
}

static void multiply_piece(const struct matmul *product, int term, int begin, int size) {
    int m = product->m, n = product->n, k = product->k;
    const float *a = product->a[term], *b = product->b[term];
    float beta = term > 0 || product->accumulate ? 1.0f : 0.0f;
    size_t from = (size_t)begin;
    switch (product->shape) {
    case MATMUL_FORWARD:
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, size, k, 1.0f, a, k,
                    b + from * (size_t)k, k, beta, product->y + from, n);
        break;
    case MATMUL_INPUT:
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, size, k, 1.0f, a, k, b + from, n,
                    beta, product->y + from, n);
        break;
    case MATMUL_WEIGHT:
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, size, n, k, 1.0f, a + from, m, b, n,
                    beta, product->y + from * (size_t)n, n);
        break;
    }
}

static void finish_piece(const struct matmul *product, const struct kernels *kernels, int begin,
                         int size) {
    size_t stride = (size_t)product->n;
    float *y = product->y + begin;
    switch (product->after) {
    case AFTER_NOTHING:
        break;
    case AFTER_BIAS:
        kernels->bias(y, stride, product->bias + begin, product->m, size);
        break;
    case AFTER_BIAS_GELU:
        kernels->bias_gelu(product->activated + begin, y, stride, product->bias + begin, product->m,
                           size);
        break;
    case AFTER_BIAS_RELU:
        kernels->bias_relu(product->activated + begin, y, stride, product->bias + begin, product->m,
                           size);
        break;
    }
}

struct run {
    const struct matmul *products;
    int count;
    const struct kernels *kernels;
};

static void run_piece(void *user, int index) {
    const struct run *run = user;
    const struct matmul *product = run->products;
    for (int pieces; index >= (pieces = piece_count(product)); product++)
        index -= pieces;
    int size = piece_size(product), begin = index * size;
    if (begin + size > extent(product))
        size = extent(product) - begin;
    for (int term = 0; term < product->terms; term++)
        multiply_piece(product, term, begin, size);
    finish_piece(product, run->kernels, begin, size);
}

void matmul_run(const struct compute *compute, const struct matmul *products, int count) {
    struct run run = {products, count, compute->kernels};
    int pieces = 0;
    for (int i = 0; i < count; i++)
        pieces += piece_count(&products[i]);
    pool_run(compute->pool, pieces, run_piece, &run);
}
