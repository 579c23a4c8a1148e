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
    float *query, *key, *value, *out; /* [n,C] */
};

void bench_attention_free(struct bench_attention *bench) {
    if (!bench)
        return;
    attention_free(bench->attention);
    free(bench->query);
    free(bench->key);
    free(bench->value);
    free(bench->out);
    free(bench);
}

/* Unit normal: scores of random directions are as spread as those of a trained model's mild heads.
 */
static float *random_rows(const struct bench *bench, uint64_t stream) {
    size_t count = (size_t)bench->n * (size_t)bench->model->config.hidden;
    uint64_t key = random_key(bench->seed, RANDOM_PATTERN, stream, 0);
    float *rows = large_memory(count * sizeof(*rows));
    for (size_t i = 0; rows && i < count; i++)
        rows[i] = (float)random_normal(key, i);
    return rows;
}

int bench_prepare_attention(struct bench *bench, struct sawb_error *error) {
    const struct model_config *config = &bench->model->config;
    struct bench_attention *own = calloc(1, sizeof(*own));
    bench->attention = own;
    if (!own)
        return error_set(error, "bench: out of memory for %d tokens", bench->n);
    own->query = random_rows(bench, 4);
    own->key = random_rows(bench, 5);
    own->value = random_rows(bench, 6);
    own->out = random_rows(bench, 7);
    if (!own->query || !own->key || !own->value || !own->out)
        return error_set(error, "bench: out of memory for %d tokens", bench->n);
    own->offsets[1] = bench->n;
    own->batch = (struct attention_batch){.sentences = 1,
                                          .offsets = own->offsets,
                                          .heads = config->heads,
                                          .width = config->hidden / config->heads,
                                          .query = own->query,
                                          .key = own->key,
                                          .value = own->value,
                                          .out = own->out,
                                          .source = &bench->source,
                                          .seed = bench->seed};
    return attention_create(&own->attention, &bench->compute, error);
}

int bench_run_attention(void *user, struct sawb_error *error) {
    struct bench *bench = user;
    return attention_forward(bench->attention->attention, &bench->attention->batch, error);
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
