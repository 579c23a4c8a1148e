/*
 * compute.c - choosing kernels for this CPU, and the streams of dropout.
 */
#include "core/kernel/compute.h"

#include <cblas.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/kernel/gemm.h"
#include "core/kernel/kernels.h"
#include "core/kernel/matmul.h"
#include "core/kernel/scratch.h"

#define SCRATCH_TO_SPARE 2 /* for threads that are not the pool's, when it is busy */

const struct kernels *kernels_get(int index) {
    const struct kernels *sets[3] = {&kernels_portable};
    int count = 1;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        sets[count++] = &kernels_avx2;
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
            sets[count++] = &kernels_avx512;
    }
#endif
    return index >= 0 && index < count ? sets[index] : NULL;
}

/* The widest set, or the one that $SAWB_CPU names. */
static const struct kernels *choose(struct sawb_error *error) {
    const char *wanted = getenv("SAWB_CPU");
    const struct kernels *chosen = NULL, *set;
    for (int i = 0; (set = kernels_get(i)); i++)
        if (!wanted || !*wanted || strcmp(wanted, set->name) == 0)
            chosen = set;
    if (!chosen)
        error_set(error,
                  "SAWB_CPU: \"%s\" is no instruction set of this machine; take portable%s%s, or "
                  "unset it",
                  wanted, kernels_get(1) ? ", avx2" : "", kernels_get(2) ? ", avx512" : "");
    return chosen;
}

static int open_threads(struct compute *compute, int threads, struct sawb_error *error) {
    compute->pool = pool_create(threads, error);
    if (!compute->pool)
        return -1;
    compute->scratch = scratch_create(pool_threads(compute->pool) + SCRATCH_TO_SPARE,
                                      matmul_scratch_bytes(), error);
    if (compute->scratch)
        return 0;
    compute_close(compute);
    return -1;
}

int compute_open(struct compute *compute, int threads, struct sawb_error *error) {
    *compute = (struct compute){.kernels = choose(error)};
    if (!compute->kernels)
        return -1;
    openblas_set_num_threads(1);
    compute->gemm = compute->kernels->gemm;
    return open_threads(compute, threads, error);
}

int compute_part(struct compute *part, const struct compute *whole, int threads,
                 struct sawb_error *error) {
    *part = (struct compute){
        .kernels = whole->kernels, .gemm = whole->gemm, .precision = whole->precision};
    return open_threads(part, threads, error);
}

#if defined(__x86_64__)
/* Of EDX in leaf 7. The name of the CPU's feature is known to newer compilers only, and those of
 * the bits differ between gcc and clang. */
#define CPUID_AMX_BF16 (1u << 22)
#define CPUID_AMX_TILE (1u << 24)

/* $SAWB_CPU=avx512 means the vector instructions alone. */
static int amx_there(void) {
    unsigned a, b, c, d;
    const char *wanted = getenv("SAWB_CPU");
    if (wanted && *wanted)
        return 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & CPUID_AMX_BF16) &&
           (d & CPUID_AMX_TILE) && gemm_amx_allowed();
}
#endif

int compute_set_precision(struct compute *compute, enum precision precision,
                          struct sawb_error *error) {
    if (precision == PRECISION_F32) {
        compute->gemm = compute->kernels->gemm;
        compute->precision = precision;
        return 0;
    }
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx512bf16"))
        return error_set(error, "precision: bf16 needs a CPU with AVX512-BF16, which this one has "
                                "not; leave it at f32");
    if (compute->kernels != &kernels_avx512)
        return error_set(error,
                         "precision: bf16 needs the avx512 kernels, SAWB_CPU asks for %s; "
                         "unset it",
                         compute->kernels->name);
    compute->gemm = amx_there() ? &gemm_amx : &gemm_bf16;
    compute->precision = precision;
    return 0;
#else
    return error_set(error, "precision: bf16 needs AVX512-BF16, which only x86 CPUs have; leave it "
                            "at f32");
#endif
}

static const char *const precision_names[PRECISIONS] = {
    [PRECISION_F32] = "f32",
    [PRECISION_BF16] = "bf16",
};

const char *precision_name(enum precision precision) {
    return precision_names[precision];
}

int precision_find(enum precision *precision, const char *name) {
    for (int i = 0; i < PRECISIONS; i++) {
        if (strcmp(precision_names[i], name) != 0)
            continue;
        *precision = (enum precision)i;
        return 0;
    }
    return -1;
}

void compute_close(struct compute *compute) {
    scratch_free(compute->scratch);
    pool_free(compute->pool);
    *compute = (struct compute){0};
}

struct dropout dropout_stream(float rate, uint64_t seed, uint64_t step, uint64_t site) {
    uint64_t bits = random_bits(random_key(seed, RANDOM_DROPOUT, step, site), 0);
    struct dropout dropout = {.low = (uint32_t)bits, .high = (uint32_t)(bits >> 32), .scale = 1.0f};
    if (rate > 0.0f) {
        dropout.threshold = (uint32_t)((double)rate * 4294967296.0);
        dropout.scale = 1.0f / (1.0f - rate);
    }
    return dropout;
}
