/*
 * job_live_timing.c - what A and B take for the sentence at hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/profile.h"
#include "core/session/bench.h"
#include "core/session/timing.h"

#define ROUNDS_MOST 60

/* What is timed, for how long. */
static const struct {
    enum timing_what what;
    const char *measure;
    double seconds;
} parts[] = {{TIME_KERNEL, "attention", 0.4}, {TIME_MODEL, "forward", 1.0}};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

struct live_job {
    struct job job;
    struct question question;
};

struct live_side {
    const struct measure *measure;
    struct bench bench;
    struct profile profile;
};

static int run_side(void *user, struct sawb_error *error) {
    struct live_side *side = user;
    profile_begin(&side->profile, side->bench.compute.pool);
    return side->measure->run(&side->bench, error);
}

/* Takes `text` over. */
static void send(struct worker *worker, enum timing_what what, int tokens, double share,
                 const struct timing *timing, char *text) {
    const struct spread *a = &timing->ms[0], *b = &timing->ms[1], *ratio = &timing->ratio;
    struct event event = {.kind = EVENT_POINT, .text = text};
    event.data.point = (struct point){.series = SERIES_LIVE_TIMING,
                                      .index = (int)what,
                                      .count = PARTS,
                                      .values = {a->median, a->p10, a->p90, b->median, b->p10,
                                                 b->p90, ratio->median, ratio->p10, ratio->p90,
                                                 timing->rounds, tokens, share}};
    worker_emit(worker, event);
}

static int prepare(struct live_side sides[2], const struct question *question, int part,
                   const struct encoding *encodings, struct worker *worker,
                   struct sawb_error *error) {
    int status = 0;
    for (int arm = 0; status == 0 && arm < 2; arm++) {
        struct live_side *side = &sides[arm];
        *side = (struct live_side){.measure = bench_find(parts[part].measure)};
        side->bench = (struct bench){.model = question->arms[arm].model,
                                     .sparsity = question->arms[arm].sparsity,
                                     .compute = *worker_compute(worker),
                                     .seed = question->seed,
                                     .n = encodings[arm].count};
        side->bench.compute.profile = &side->profile;
        if (arm > 0 && side->bench.model == sides[0].bench.model &&
            side->bench.n == sides[0].bench.n)
            side->bench.beside = &sides[0].bench;
        status = bench_prepare(&side->bench, side->measure, error);
        if (status == 0 && side->bench.ids)
            memcpy(side->bench.ids, encodings[arm].ids, (size_t)side->bench.n * sizeof(int));
    }
    return status;
}

static int tell(struct live_side sides[2], int part, const struct timing *timing,
                struct worker *worker, struct sawb_error *error) {
    const char *kernels[2];
    char *text;
    for (int arm = 0; arm < 2; arm++)
        if (bench_kernel(&sides[arm].bench, &kernels[arm], error) < 0)
            return -1;
    if (asprintf(&text, "%s\n%s", kernels[0], kernels[1]) < 0)
        return error_set(error, "timing: out of memory");
    double share = parts[part].what == TIME_KERNEL ? 1 : bench_share(&sides[0].profile);
    send(worker, parts[part].what, sides[0].bench.n, share, timing, text);
    return 0;
}

static int time_part(const struct question *question, int part, const struct encoding *encodings,
                     struct worker *worker, struct sawb_error *error) {
    struct live_side sides[2] = {0};
    struct timed timed[2] = {{run_side, &sides[0]}, {run_side, &sides[1]}};
    struct timing_limits limits = timing_within(parts[part].seconds);
    struct timing timing;
    limits.most = ROUNDS_MOST;
    int status = prepare(sides, question, part, encodings, worker, error);
    if (status == 0)
        status = timing_run(timed, 2, &limits, worker, &timing, error);
    if (status == 0)
        status = tell(sides, part, &timing, worker, error);
    for (int arm = 0; arm < 2; arm++)
        bench_release(&sides[arm].bench);
    return status;
}

static int live_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    const struct question *question = &((struct live_job *)base)->question;
    struct encoding encodings[2] = {0};
    int status = 0;
    for (int arm = 0; status == 0 && arm < 2; arm++) {
        const struct model *model = question->arms[arm].model;
        status = tokenizer_encode(model->tokenizer, question->text, strlen(question->text),
                                  model_token_limit(model), &encodings[arm], error);
    }
    for (int part = 0; status == 0 && part < (int)PARTS; part++)
        status = time_part(question, part, encodings, worker, error);
    for (int arm = 0; arm < 2; arm++)
        encoding_free(&encodings[arm]);
    return status;
}

static void live_release(struct job *base) {
    struct live_job *job = (struct live_job *)base;
    question_release(&job->question);
    free(job);
}

struct job *job_live_timing(const struct job_arm arms[2], const char *text, uint64_t seed,
                            struct sawb_error *error) {
    struct live_job *job = calloc(1, sizeof(*job));
    if (!job) {
        error_set(error, "timing: out of memory");
        return NULL;
    }
    job->job = (struct job){
        .name = "timing", .run = live_run, .release = live_release, .urgent = LANE_TIMING};
    if (question_keep(&job->question, "timing", arms, 2, text, seed, 0, error) == 0)
        return &job->job;
    live_release(&job->job);
    return NULL;
}
