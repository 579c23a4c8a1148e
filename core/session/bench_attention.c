/*
 * bench_attention.c - the attention of all heads of one layer, alone.
 */
#include <stdlib.h>

#include "core/base/random.h"
#include "core/kernel/attention.h"
#include "core/kernel/scratch.h"
#include "core/session/bench.h"

struct bench_attention {
    struct attention *attention;
    struct attention_batch batch;
    int offsets[2];
    float *memory; /* of the matrices [n,C] */
};

void bench_attention_free(struct bench_attention *bench) {
    if (!bench)
        return;
    attention_free(bench->attention);
    free(bench->memory);
    free(bench);
}

/* Unit normal: scores of random directions are as spread as those of a trained model's mild heads.
 */
static void fill_rows(const struct bench *bench, float *rows, size_t count, uint64_t stream) {
    uint64_t key = random_key(bench->seed, RANDOM_PATTERN, stream, 0);
    for (size_t i = 0; i < count; i++)
        rows[i] = (float)random_normal(key, i);
}

int bench_prepare_attention(struct bench *bench, struct sawb_error *error) {
    enum { QUERY, KEY, VALUE, OUT, MATRICES };
    if (bench->beside)
        return 0;
    const struct model_config *config = &bench->model->config;
    size_t count = (size_t)bench->n * (size_t)config->hidden;
    struct bench_attention *own = calloc(1, sizeof(*own));
    bench->attention = own;
    if (own)
        own->memory = large_memory(MATRICES * count * sizeof(float));
    if (!own || !own->memory)
        return error_set(error, "bench: out of memory for %d tokens", bench->n);
    for (uint64_t i = QUERY; i < OUT; i++)
        fill_rows(bench, own->memory + i * count, count, 4 + i);
    own->offsets[1] = bench->n;
    own->batch = (struct attention_batch){.sentences = 1,
                                          .offsets = own->offsets,
                                          .heads = config->heads,
                                          .width = config->hidden / config->heads,
                                          .query = own->memory + QUERY * count,
                                          .key = own->memory + KEY * count,
                                          .value = own->memory + VALUE * count,
                                          .out = own->memory + OUT * count,
                                          .seed = bench->seed};
    return attention_create(&own->attention, &bench->compute, error);
}

int bench_run_attention(void *user, struct sawb_error *error) {
    struct bench *bench = user;
    const struct bench_attention *own = (bench->beside ? bench->beside : bench)->attention;
    struct attention_batch batch = own->batch;
    batch.source = &bench->source;
    return attention_forward(own->attention, &batch, error);
}

int bench_kernel(const struct bench *bench, const char **name, struct sawb_error *error) {
    struct mask_request request = {.tokens = bench->n, .seed = bench->seed};
    struct attention_choice choice;
    struct attention *attention;
    if (attention_create(&attention, &bench->compute, error) < 0)
        return -1;
    int status = attention_choose(attention, &bench->source, &request, &choice, error);
    *name = status == 0 ? attention_kernel_name(choice.kernel) : "";
    attention_free(attention);
    return status;
}
