/*
 * bench.h - what can be measured: a row of a table for each, which job_bench.c,
 * job_timing.c and job_live_timing.c time.
 *
 *     bench_prepare(&bench, measure, &error);
 *     ... measure->run(&bench, &error) again and again ...
 *     bench_release(&bench);
 */
#ifndef SAWB_CORE_SESSION_BENCH_H
#define SAWB_CORE_SESSION_BENCH_H

#include "core/model/encoder.h"
#include "core/session/job.h"

#define BENCH_LENGTHS 4

/* What a measurement works on; all but the first fields are filled by its preparation. */
struct bench {
    struct model *model; /* borrowed, as the pattern */
    const struct sparsity *sparsity;
    struct compute compute;
    uint64_t seed;
    int n;         /* tokens */
    int sentences; /* train_step: of n tokens each */

    /* attention: works on the matrices of this one, which is prepared and of the same n; NULL: on
     * its own. */
    const struct bench *beside;

    struct mask_source source;
    int *ids;      /* [n] [CLS], random word pieces, [SEP] */
    char *text;    /* tokenize, train_step: about n tokens */
    float *scores; /* mask: [n,n]; forward_attention: the attention [L,NH,n,n] */
    uint8_t *mask; /* mask: [n,n]; forward_...: [L,NH,n,n], NULL: dense */
    struct encoder *encoder;
    struct encoder_capture capture;
    struct example *examples; /* train_step: [sentences] of the same text */
    struct dataset dataset;
    char path[8]; /* of the data set, for its messages */
    struct model *copy;
    struct trainer *trainer;
    struct bench_attention *attention; /* attention */
    struct bench_matmul *matmul;       /* matmul_... */
    double flops;                      /* of a run; 0: not told */
};

struct measure {
    const char *name;
    int lengths[BENCH_LENGTHS]; /* n; 0 ends */
    int (*prepare)(struct bench *bench, struct sawb_error *error);
    int (*run)(void *bench, struct sawb_error *error);
    int (*without)(void *bench, struct sawb_error *error); /* what it adds something to, timed in
                                                              turns with it; NULL: nothing */
    int any_length; /* 1: n may lie above the model's limit */
};

/* Row `index`, NULL past the last. */
const struct measure *bench_measure(int index);
const struct measure *bench_find(const char *name); /* exact; there must be one */

/* All is freed again by bench_release, also after a failure. */
int bench_prepare(struct bench *bench, const struct measure *measure, struct sawb_error *error);
void bench_release(struct bench *bench);

/* Of a prepared bench: the name of the kernel that runs the attention of the first head under the
 * pattern. */
int bench_kernel(const struct bench *bench, const char **name, struct sawb_error *error);

/* Share of attention in all that a profile has seen; NaN when that is nothing. */
struct profile;
double bench_share(const struct profile *profile);

/* Of bench_attention.c. */
struct bench_attention;
int bench_prepare_attention(struct bench *bench, struct sawb_error *error);
int bench_run_attention(void *user, struct sawb_error *error);
void bench_attention_free(struct bench_attention *attention); /* NULL is fine */

/* Of bench_matmul.c: products of n tokens with weights packed once, those of a training step, and
 * the large one that they are held against. */
struct bench_matmul;
int bench_prepare_square(struct bench *bench, struct sawb_error *error);
int bench_prepare_widening(struct bench *bench, struct sawb_error *error);
int bench_prepare_narrowing(struct bench *bench, struct sawb_error *error);
int bench_prepare_training(struct bench *bench, struct sawb_error *error);
int bench_prepare_input(struct bench *bench, struct sawb_error *error);
int bench_prepare_weight(struct bench *bench, struct sawb_error *error);
int bench_run_matmul(void *user, struct sawb_error *error);
int bench_prepare_large(struct bench *bench, struct sawb_error *error);
int bench_run_sgemm(void *user, struct sawb_error *error);
void bench_matmul_free(struct bench_matmul *matmul); /* NULL is fine */

#endif
