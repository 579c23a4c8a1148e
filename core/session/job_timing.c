/*
 * job_timing.c - dense against sparse over lengths, families and sparsities; and A against B for
 * the sentence at hand.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/profile.h"
#include "core/session/bench.h"
#include "core/session/sweep.h"
#include "core/session/timing.h"

#define STEP_TOKENS 1024 /* of a training step */
#define STEP_SENTENCES_MOST 32

const char *const timing_words[TIME_WHATS] = {"kernel", "model", "train"};
static const char *const measure_names[TIME_WHATS] = {"attention", "forward", "train_step"};

static const struct {
    const char *name, *pattern;
} families[] = {{"block_local", "block_local(16, ?)"},
                {"block_topk", "block_topk(16, ?)"},
                {"bigbird", "bigbird(16, 1, ?, 0)"}};

const char *timing_family_find(const char *name) {
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        if (strcmp(families[i].name, name) == 0)
            return families[i].pattern;
    return sweep_family_find(name);
}

/* ---- the job --------------------------------------------------------------------------------- */

struct timing_job {
    struct job job;
    struct arm_kept arm;                 /* of the dense pattern */
    struct timing_options options;       /* its families are not used */
    char *patterns[SWEEP_FAMILIES_MOST]; /* with a `?` */
    int whole[SWEEP_FAMILIES_MOST];      /* 1: it stands for a whole number */
};

struct timing_run_state {
    const struct timing_job *job;
    struct worker *worker;
    const struct measure *measure;
    struct profile profile;
    struct bench dense;
    int index; /* of the next point */

    /* Of the family at this length. */
    double removed[SWEEP_TARGETS_MOST], faster[SWEEP_TARGETS_MOST];
};

static int sentences_of(const struct timing_job *job, int tokens) {
    int sentences = STEP_TOKENS / tokens;
    if (job->options.what != TIME_TRAIN || sentences < 1)
        return 1;
    return sentences < STEP_SENTENCES_MOST ? sentences : STEP_SENTENCES_MOST;
}

static struct bench bench_at(const struct timing_run_state *run, const struct sparsity *sparsity,
                             int tokens) {
    return (struct bench){.model = run->job->arm.model,
                          .sparsity = sparsity,
                          .compute = *worker_compute(run->worker),
                          .seed = run->job->options.seed,
                          .n = tokens,
                          .sentences = sentences_of(run->job, tokens)};
}

/* The dense side, with an eye on what it spends on attention. */
static int run_dense(void *user, struct sawb_error *error) {
    struct timing_run_state *run = user;
    profile_begin(&run->profile, run->dense.compute.pool);
    return run->measure->run(&run->dense, error);
}

/* Takes `text` over. */
static void send(struct timing_run_state *run, const struct timing *timing, int family,
                 double target, double realised, char *text) {
    const struct timing_options *options = &run->job->options;
    struct event event = {.kind = EVENT_POINT, .text = text};
    event.data.point = (struct point){
        .series = SERIES_TIMING,
        .index = run->index,
        .count = options->length_count * options->family_count * options->target_count,
        .x = realised,
        .values = {[TIMING_TOKENS] = run->dense.n,
                   [TIMING_FAMILY] = family,
                   [TIMING_TARGET] = target,
                   [TIMING_DENSE] = timing->ms[0].median,
                   [TIMING_SPARSE] = timing->ms[1].median,
                   [TIMING_SPARSE_P10] = timing->ms[1].p10,
                   [TIMING_SPARSE_P90] = timing->ms[1].p90,
                   [TIMING_RATIO] = timing->ratio.median,
                   [TIMING_RATIO_P10] = timing->ratio.p10,
                   [TIMING_RATIO_P90] = timing->ratio.p90,
                   [TIMING_SHARE] = options->what == TIME_KERNEL ? 1 : bench_share(&run->profile),
                   [TIMING_ROUNDS] = timing->rounds}};
    worker_emit(run->worker, event);
}

static int time_pattern(struct timing_run_state *run, const char *pattern,
                        const struct sparsity *sparsity, int family, int target,
                        struct sawb_error *error) {
    const struct timing_job *job = run->job;
    struct sweep_search search = {.config = &job->arm.model->config, .seed = job->options.seed};
    struct bench sparse = bench_at(run, sparsity, run->dense.n);
    sparse.beside = &run->dense;
    struct timed sides[2] = {{run_dense, run}, {run->measure->run, &sparse}};
    struct timing_limits limits = timing_within(job->options.seconds);
    struct timing timing;
    double realised;
    int status = sweep_realised_at(&search, sparsity, run->dense.n, &realised, error);
    if (status == 0)
        status = bench_prepare(&sparse, run->measure, error);
    if (status == 0)
        status = timing_run(sides, 2, &limits, run->worker, &timing, error);
    char *text = NULL;
    const char *kernel;
    if (status == 0)
        status = bench_kernel(&sparse, &kernel, error);
    if (status == 0 && asprintf(&text, "%s\n%s", pattern, kernel) < 0)
        status = error_set(error, "bench: out of memory");
    if (status == 0) {
        run->removed[target] = realised;
        run->faster[target] = timing.ratio.median;
        send(run, &timing, family, job->options.targets[target], realised, text);
    }
    bench_release(&sparse);
    return status;
}

static int time_point(struct timing_run_state *run, int family, int target, double number,
                      struct sawb_error *error) {
    const struct timing_job *job = run->job;
    const struct model_config *config = &job->arm.model->config;
    char *pattern = sweep_pattern(job->patterns[family], number, job->whole[family]);
    struct sparsity *sparsity = NULL;
    int status = pattern ? sparsity_parse(&sparsity, pattern, NULL, error)
                         : error_set(error, "bench: out of memory");
    if (status == 0)
        status = sparsity_check(sparsity, config->layers, config->heads, error);
    if (status == 0)
        status = time_pattern(run, pattern, sparsity, family, target, error);
    sparsity_free(sparsity);
    free(pattern);
    return status;
}

/* From where on the family saves time; of targets in another order nothing is said. */
static void tell_break_even(struct timing_run_state *run, int family) {
    int count = run->job->options.target_count, ascends = count > 1;
    for (int i = 1; i < count; i++)
        ascends = ascends && run->removed[i] >= run->removed[i - 1];
    double share = timing_break_even(run->removed, run->faster, count);
    if (ascends && isnan(share))
        worker_note(run->worker, "%s, n = %d: slower than dense at each of these sparsities",
                    run->job->patterns[family], run->dense.n);
    else if (ascends)
        worker_note(run->worker, "%s, n = %d: no slower than dense from %.0f %% removed on",
                    run->job->patterns[family], run->dense.n, 100 * share);
}

/* All targets of a family at the length of the dense side. */
static int time_family(struct timing_run_state *run, int family, struct sawb_error *error) {
    const struct timing_options *options = &run->job->options;
    struct sweep_search search = {.family = run->job->patterns[family],
                                  .targets = options->targets,
                                  .count = options->target_count,
                                  .config = &run->job->arm.model->config,
                                  .seed = options->seed};
    int numbers[SWEEP_TARGETS_MOST], whole = run->job->whole[family], status = 0;
    if (whole)
        status = sweep_numbers_at(&search, run->dense.n, numbers, run->worker, error);
    for (int target = 0; status == 0 && target < options->target_count; target++, run->index++) {
        worker_progress(run->worker, timing_words[options->what], run->index,
                        (int64_t)options->length_count * options->family_count *
                            options->target_count);
        status = time_point(run, family, target, whole ? numbers[target] : options->targets[target],
                            error);
    }
    if (status == 0)
        tell_break_even(run, family);
    return status;
}

static int time_length(struct timing_run_state *run, int tokens, struct sawb_error *error) {
    run->profile = (struct profile){0};
    run->dense = bench_at(run, run->job->arm.sparsity, tokens);
    run->dense.compute.profile = &run->profile;
    int status = bench_prepare(&run->dense, run->measure, error);
    for (int family = 0; status == 0 && family < run->job->options.family_count; family++)
        status = time_family(run, family, error);
    bench_release(&run->dense);
    return status;
}

static int timing_job_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    const struct timing_job *job = (const struct timing_job *)base;
    const struct timing_options *options = &job->options;
    struct timing_run_state run = {
        .job = job, .worker = worker, .measure = bench_find(measure_names[options->what])};
    int status = 0;
    worker_note(worker, "%s, threads: %d", job->arm.model->directory,
                pool_threads(worker_compute(worker)->pool));
    for (int i = 0; status == 0 && i < options->length_count; i++)
        status = time_length(&run, options->lengths[i], error);
    return status;
}

static void timing_job_release(struct job *base) {
    struct timing_job *job = (struct timing_job *)base;
    for (int i = 0; i < job->options.family_count; i++)
        free(job->patterns[i]);
    arm_release(&job->arm);
    free(job);
}

/* ---- making one ------------------------------------------------------------------------------ */

static int fits(const char *pattern, struct sawb_error *error) {
    struct sparsity *sparsity;
    if (!pattern)
        return error_set(error, "bench: out of memory");
    if (sparsity_parse(&sparsity, pattern, NULL, error) < 0)
        return -1;
    sparsity_free(sparsity);
    return 0;
}

static int add_family(struct timing_job *job, int family, const char *name,
                      struct sawb_error *error) {
    const char *pattern = timing_family_find(name);
    if (!strchr(pattern, '?'))
        return error_set(error,
                         "bench: \"%s\" is no family: name local, block_local, block_topk, topk or "
                         "another that `sweep` knows, or write a pattern with a ? for what varies: "
                         "block_topk(8, ?)",
                         name);
    if (copy_text(&job->patterns[family], pattern, error) < 0)
        return -1;
    char *share = sweep_pattern(pattern, 0.5, 0), *number = sweep_pattern(pattern, 1, 1);
    job->whole[family] = fits(share, NULL) < 0;
    int status = job->whole[family] ? fits(number, error) : 0;
    free(share);
    free(number);
    return status;
}

static int check(const struct timing_options *options, const struct model *model,
                 struct sawb_error *error) {
    int limit = options->what == TIME_KERNEL ? INT32_MAX : model_token_limit(model);
    for (int i = 0; i < options->length_count; i++)
        if (options->lengths[i] < 2 || options->lengths[i] > limit)
            return error_set(error, "bench: a length of %d tokens; this model takes 2 to %d",
                             options->lengths[i], limit);
    for (int i = 0; i < options->target_count; i++)
        if (!(options->targets[i] >= 0 && options->targets[i] < 1))
            return error_set(error, "bench: a share must be at least 0 and below 1, not %g",
                             options->targets[i]);
    if (options->length_count < 1 || options->family_count < 1 || options->target_count < 1)
        return error_set(error, "bench: a length, a family and a share are needed");
    return 0;
}

struct job *job_timing(const struct job_arm *arm, const struct timing_options *options,
                       struct sawb_error *error) {
    const struct job_arm plain = {arm->model, "dense", arm->presets};
    if (check(options, arm->model, error) < 0)
        return NULL;
    struct timing_job *job = calloc(1, sizeof(*job));
    if (!job) {
        error_set(error, "bench: out of memory");
        return NULL;
    }
    job->job = (struct job){.name = "bench", .run = timing_job_run, .release = timing_job_release};
    job->options = *options;
    int status = arm_keep(&job->arm, &plain, error);
    for (int i = 0; i < options->family_count && status == 0; i++)
        status = add_family(job, i, options->families[i], error);
    if (status == 0)
        return &job->job;
    timing_job_release(&job->job);
    return NULL;
}
