/*
 * job_bench.c - how long things take, as a job: the measurements of bench.h one after the other.
 */
#include <stdlib.h>
#include <string.h>

#include "core/session/bench.h"
#include "core/session/timing.h"

#define TRAIN_BATCH 32

struct bench_job {
    struct job job;
    struct arm_kept arm;
    char *filter; /* NULL: all */
    struct bench_options options;
};

static int measure_one(const struct measure *measure, int n, const struct bench_job *job,
                       struct worker *worker, struct sawb_error *error) {
    struct bench bench = {.model = job->arm.model,
                          .sparsity = job->arm.sparsity,
                          .compute = *worker_compute(worker),
                          .seed = job->options.seed,
                          .n = n,
                          .sentences = TRAIN_BATCH};
    struct timing timing;
    struct timing_limits limits =
        job->options.seconds > 0 ? timing_within(job->options.seconds) : timing_usual;
    struct timed sides[TIMING_SIDES] = {{measure->run, &bench}, {measure->without, &bench}};
    int status = bench_prepare(&bench, measure, error);
    if (status == 0)
        status = timing_run(sides, measure->without ? 2 : 1, &limits, worker, &timing, error);
    double flops = bench.flops;
    bench_release(&bench);
    if (status != 0)
        return status;
    if (flops > 0)
        worker_note(worker, "%s, %d: %.1f GFLOP/s", measure->name, n,
                    flops / (1e6 * timing.ms[0].median));
    if (measure->without)
        worker_note(worker, "%s, %d: takes %.1f %% more than without, in turns", measure->name, n,
                    100 * (timing.ratio.median - 1));
    struct event event = {.kind = EVENT_BENCH};
    event.data.measurement = (struct measurement){.name = measure->name,
                                                  .n = n,
                                                  .runs = timing.rounds,
                                                  .median_ms = timing.ms[0].median,
                                                  .p10_ms = timing.ms[0].p10,
                                                  .p90_ms = timing.ms[0].p90};
    worker_emit(worker, event);
    return 0;
}

static int is_wanted(const struct bench_job *job, const struct measure *measure) {
    return !job->filter || strstr(measure->name, job->filter);
}

/* At the lengths asked for, or its own; those above the model's limit become the limit, once. */
static int measure_lengths(const struct measure *measure, const struct bench_job *job,
                           struct worker *worker, struct sawb_error *error) {
    const struct bench_options *options = &job->options;
    const int *lengths = options->length_count ? options->lengths : measure->lengths;
    int count = options->length_count ? options->length_count : BENCH_LENGTHS;
    int limit = measure->any_length ? INT32_MAX : model_token_limit(job->arm.model);
    for (int i = 0; i < count && lengths[i] > 0; i++) {
        int n = lengths[i] < limit ? lengths[i] : limit;
        int status = measure_one(measure, n, job, worker, error);
        if (status != 0 || n == limit)
            return status;
    }
    return 0;
}

static int bench_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    const struct bench_job *job = (const struct bench_job *)base;
    const struct measure *measure;
    int status = 0;
    worker_note(worker, "%s, pattern %s, threads: %d", job->arm.model->directory,
                sparsity_text(job->arm.sparsity), pool_threads(worker_compute(worker)->pool));
    for (int i = 0; status == 0 && (measure = bench_measure(i)); i++)
        if (is_wanted(job, measure))
            status = measure_lengths(measure, job, worker, error);
    return status;
}

static void bench_job_release(struct job *base) {
    struct bench_job *job = (struct bench_job *)base;
    arm_release(&job->arm);
    free(job->filter);
    free(job);
}

static int check_filter(const struct bench_job *job, struct sawb_error *error) {
    char names[256] = "";
    const struct measure *measure;
    for (int i = 0; (measure = bench_measure(i)); i++) {
        if (is_wanted(job, measure))
            return 0;
        strncat(names, i ? ", " : "", sizeof(names) - strlen(names) - 1);
        strncat(names, measure->name, sizeof(names) - strlen(names) - 1);
    }
    return error_set(error, "bench: no measurement's name holds \"%s\"; there are %s", job->filter,
                     names);
}

struct job *job_bench(const struct job_arm *arm, const struct bench_options *options,
                      struct sawb_error *error) {
    struct bench_job *job = calloc(1, sizeof(*job));
    if (!job) {
        error_set(error, "bench: out of memory");
        return NULL;
    }
    job->job = (struct job){.name = "bench", .run = bench_run, .release = bench_job_release};
    job->options = *options;
    job->options.filter = NULL;
    if (copy_text(&job->filter, options->filter, error) < 0 || check_filter(job, error) < 0 ||
        arm_keep(&job->arm, arm, error) < 0) {
        bench_job_release(&job->job);
        return NULL;
    }
    return &job->job;
}
