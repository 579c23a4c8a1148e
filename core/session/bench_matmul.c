/*
 * bench_matmul.c - the matrix products of the model's own layers, for n tokens at once, beside one
 * large product by OpenBLAS: how near they come to what the machine can do.
 */
#include <cblas.h>
#include <stdlib.h>

#include "core/base/random.h"
#include "core/kernel/matmul.h"
#include "core/kernel/scratch.h"
#include "core/session/bench.h"

#define LARGE 1536 /* rows, columns and steps of the large product */

struct bench_matmul {
    struct matmul product;
    float *a, *b, *y;
    void *packed;
};

static float *numbers(size_t count, uint64_t key) {
    float *values = large_memory(count * sizeof(*values));
    for (size_t i = 0; values && i < count; i++)
        values[i] = (float)random_normal(key, i);
    return values;
}

/* y [m,n] of k steps; with `packed` as in a forward pass of a model that does not change. */
static int prepare(struct bench *bench, enum matmul_shape shape, int m, int n, int k, int packed,
                   struct sawb_error *error) {
    size_t rows = (size_t)m, columns = (size_t)n, steps = (size_t)k;
    struct bench_matmul *matmul = bench->matmul = calloc(1, sizeof(*matmul));
    if (!matmul)
        return error_set(error, "bench: out of memory");
    matmul->a = numbers(rows * steps, random_key(bench->seed, RANDOM_PATTERN, 5, 0));
    matmul->b = numbers(columns * steps, random_key(bench->seed, RANDOM_PATTERN, 6, 0));
    matmul->y = numbers(rows * columns, random_key(bench->seed, RANDOM_PATTERN, 7, 0));
    if (packed)
        matmul->packed = large_memory(matmul_packed_bytes(&bench->compute, n, k));
    if (!matmul->a || !matmul->b || !matmul->y || (packed && !matmul->packed))
        return error_set(error, "bench: out of memory for a product of %d x %d x %d", m, n, k);
    if (packed)
        matmul_pack(&bench->compute, matmul->packed, matmul->b, n, k);
    matmul->product = (struct matmul){.shape = shape,
                                      .m = m,
                                      .n = n,
                                      .k = k,
                                      .terms = 1,
                                      .a = {matmul->a},
                                      .b = {matmul->b},
                                      .packed = matmul->packed,
                                      .y = matmul->y};
    bench->flops = 2.0 * m * n * k;
    return 0;
}

static int hidden(const struct bench *bench) {
    return bench->model->config.hidden;
}

static int wide(const struct bench *bench) {
    return bench->model->config.feed_forward;
}

int bench_prepare_square(struct bench *bench, struct sawb_error *error) {
    return prepare(bench, MATMUL_FORWARD, bench->n, hidden(bench), hidden(bench), 1, error);
}

int bench_prepare_widening(struct bench *bench, struct sawb_error *error) {
    return prepare(bench, MATMUL_FORWARD, bench->n, wide(bench), hidden(bench), 1, error);
}

int bench_prepare_narrowing(struct bench *bench, struct sawb_error *error) {
    return prepare(bench, MATMUL_FORWARD, bench->n, hidden(bench), wide(bench), 1, error);
}

int bench_prepare_training(struct bench *bench, struct sawb_error *error) {
    return prepare(bench, MATMUL_FORWARD, bench->n, wide(bench), hidden(bench), 0, error);
}

int bench_prepare_input(struct bench *bench, struct sawb_error *error) {
    return prepare(bench, MATMUL_INPUT, bench->n, hidden(bench), wide(bench), 0, error);
}

int bench_prepare_weight(struct bench *bench, struct sawb_error *error) {
    return prepare(bench, MATMUL_WEIGHT, wide(bench), hidden(bench), bench->n, 0, error);
}

int bench_run_matmul(void *user, struct sawb_error *error) {
    const struct bench *bench = user;
    (void)error;
    matmul_run(&bench->compute, &bench->matmul->product, 1);
    return 0;
}

int bench_prepare_large(struct bench *bench, struct sawb_error *error) {
    return prepare(bench, MATMUL_FORWARD, LARGE, LARGE, LARGE, 0, error);
}

/* OpenBLAS with threads of its own, as many as the pool has. */
int bench_run_sgemm(void *user, struct sawb_error *error) {
    const struct bench *bench = user;
    const struct bench_matmul *matmul = bench->matmul;
    (void)error;
    openblas_set_num_threads(pool_threads(bench->compute.pool));
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, LARGE, LARGE, LARGE, 1.0f, matmul->a,
                LARGE, matmul->b, LARGE, 0.0f, matmul->y, LARGE);
    openblas_set_num_threads(1);
    return 0;
}

void bench_matmul_free(struct bench_matmul *matmul) {
    if (!matmul)
        return;
    free(matmul->a);
    free(matmul->b);
    free(matmul->y);
    free(matmul->packed);
    free(matmul);
}
