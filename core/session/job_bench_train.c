/*
 * job_bench_train.c - how fast a training step is and where its time goes, as a job.
 *
 * Real steps of a real trainer, on a data set or on sentences drawn by the seed whose lengths are
 * spread as those of short reviews are.
 */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/base/resident.h"
#include "core/kernel/profile.h"
#include "core/session/bench.h"
#include "core/session/timing.h"

#define WARM_UP_STEPS 3
#define SGEMM_ROUNDS 15 /* of a step and one large product, in turns */
#define LENGTH_LEAST 3  /* tokens of a drawn sentence, and by how many more on average */
#define LENGTH_MORE 10.3
#define LENGTH_MOST 61
#define WORD_BYTES_MOST 15
#define ROW_BYTES_MOST ((size_t)(LENGTH_LEAST + LENGTH_MOST + 1) * (WORD_BYTES_MOST + 1))

struct train_bench {
    struct job job;
    struct arm_kept arm;
    struct train_bench_options options; /* its text is `data` */
    char *data;
    struct dataset dataset;
    struct model *model;
    struct trainer *trainer;
    struct profile profile;
    double *seconds; /* [options.steps] */
    double *speeds;  /* [options.steps] tokens a second */
    int64_t tokens;
};

/* ---- what is trained on ---------------------------------------------------------------------- */

/* A word piece that is a word of few letters; "the" where there is none. */
static const char *draw_word(const struct tokenizer *tokenizer, uint64_t key, uint64_t *counter) {
    uint64_t size = (uint64_t)tokenizer_size(tokenizer);
    for (uint64_t tries = 0; tries < size; tries++) {
        uint64_t drawn = random_bits(key, (*counter)++) % size;
        const char *piece = tokenizer_piece(tokenizer, (int)drawn);
        if (strlen(piece) <= WORD_BYTES_MOST && piece[0] != '[' && piece[0] != '#')
            return piece;
    }
    return "the";
}

/* Rows "sentence<TAB>label" with a header, owned by the caller; NULL when out of memory. */
static char *draw_rows(const struct train_bench *bench, size_t *size) {
    static const char header[] = "sentence\tlabel\n";
    const struct tokenizer *tokenizer = bench->arm.model->tokenizer;
    uint64_t key = random_key(bench->options.seed, RANDOM_PATTERN, 4, 0), counter = 0;
    size_t rows = (size_t)bench->options.batch_size *
                  (size_t)(WARM_UP_STEPS + bench->options.steps + SGEMM_ROUNDS);
    char *text = calloc(sizeof(header) + rows * ROW_BYTES_MOST, 1), *end = text;
    if (!text)
        return NULL;
    end = stpcpy(end, header);
    for (size_t row = 0; row < rows; row++) {
        double more = -LENGTH_MORE * log(1 - random_uniform(key, counter++));
        int words = LENGTH_LEAST - 2 + (int)(more < LENGTH_MOST ? more : LENGTH_MOST);
        for (int word = 0; word < words; word++) {
            end = stpcpy(end, draw_word(tokenizer, key, &counter));
            *end++ = ' ';
        }
        end = stpcpy(end, row % 2 ? "\t1\n" : "\t0\n");
    }
    *size = (size_t)(end - text);
    return text;
}

static int open_data(struct train_bench *bench, struct sawb_error *error) {
    if (bench->data) {
        char *path = training_file(bench->data, error);
        int status = path ? dataset_open(&bench->dataset, path, error) : -1;
        free(path);
        return status;
    }
    size_t size = 0;
    char *text = draw_rows(bench, &size);
    int status = text ? dataset_parse(&bench->dataset, text, size, "drawn sentences.tsv", error)
                      : error_set(error, "bench: out of memory for sentences");
    free(text);
    return status;
}

static int prepare(struct train_bench *bench, const struct compute *given,
                   struct sawb_error *error) {
    struct train_options options = train_options_default();
    struct compute compute = *given;
    size_t steps = (size_t)bench->options.steps;
    bench->seconds = calloc(steps, sizeof(*bench->seconds));
    bench->speeds = calloc(steps, sizeof(*bench->speeds));
    if (!bench->seconds || !bench->speeds)
        return error_set(error, "bench: out of memory for %d steps", bench->options.steps);
    options.batch_size = bench->options.batch_size;
    options.max_steps = WARM_UP_STEPS + bench->options.steps + SGEMM_ROUNDS;
    options.seed = bench->options.seed;
    if (bench->options.profile)
        compute.profile = &bench->profile;
    if (open_data(bench, error) < 0 || model_copy(&bench->model, bench->arm.model, error) < 0)
        return -1;
    return trainer_create(&bench->trainer, bench->model, bench->arm.sparsity, &bench->dataset,
                          &options, &compute, error);
}

/* ---- measuring ------------------------------------------------------------------------------- */

/* 0 all steps made, 1 stopped, -1 error. */
static int make_steps(struct train_bench *bench, struct worker *worker, struct sawb_error *error) {
    struct step_report report;
    for (int i = -WARM_UP_STEPS; i < bench->options.steps; i++) {
        if (i == 0)
            memset(bench->profile.rows, 0, sizeof(bench->profile.rows));
        double begin = clock_seconds();
        if (trainer_step(bench->trainer, &report, error) < 0)
            return -1;
        double seconds = clock_seconds() - begin;
        if (i >= 0) {
            bench->seconds[i] = seconds;
            bench->speeds[i] = report.tokens / seconds;
            bench->tokens += report.tokens;
        }
        if (worker_breathe(worker))
            return 1;
        worker_progress(worker, "train", i + WARM_UP_STEPS + 1,
                        WARM_UP_STEPS + bench->options.steps);
    }
    return 0;
}

static void tell(struct worker *worker, const char *series, const char *text, struct point point) {
    struct event event = {.kind = EVENT_POINT, .text = strdup(text)};
    event.data.point = point;
    event.data.point.series = series;
    worker_emit(worker, event);
}

static double per_second(double work, double seconds) {
    return work > 0 && seconds > 0 ? 1e-9 * work / seconds : NAN;
}

static void tell_profile(const struct train_bench *bench, struct worker *worker) {
    int threads = pool_threads(worker_compute(worker)->pool);
    double total = 0;
    for (int i = 0; i < OPERATIONS; i++)
        total += bench->profile.rows[i].seconds;
    for (int i = 0; i < OPERATIONS; i++) {
        const struct profile_row *row = &bench->profile.rows[i];
        if (row->laps == 0)
            continue;
        struct point point = {.index = i, .count = OPERATIONS};
        point.x = 1e3 * row->seconds / bench->options.steps;
        point.values[PROFILE_SHARE] = row->seconds / total;
        point.values[PROFILE_GFLOPS] = per_second(row->flops, row->seconds);
        point.values[PROFILE_GIGABYTES] = per_second(row->bytes, row->seconds);
        point.values[PROFILE_IDLE] = fmax(0, row->idle) / (row->seconds * threads);
        tell(worker, SERIES_PROFILE, operation_name((enum operation)i), point);
    }
}

static void tell_speed(struct train_bench *bench, struct worker *worker) {
    int steps = bench->options.steps;
    double total = 0;
    for (int i = 0; i < steps; i++)
        total += bench->seconds[i];
    struct spread speed = spread_of(bench->speeds, steps);
    struct point point = {.count = 1, .x = steps};
    point.values[SPEED_MEAN] = (double)bench->tokens / total;
    point.values[SPEED_MEDIAN] = speed.median;
    point.values[SPEED_P10] = speed.p10;
    point.values[SPEED_P90] = speed.p90;
    point.values[SPEED_STEP_MS] = 1e3 * spread_of(bench->seconds, steps).median;
    point.values[SPEED_TOKENS] = (double)bench->tokens / steps;
    point.values[SPEED_PEAK_MB] = 1e-6 * resident_peak();
    tell(worker, SERIES_SPEED, bench->dataset.path, point);
}

/* Of a step, by the weights of the layers' matrices: each is multiplied with three times. */
static double flops_of(const struct model_config *config, int tokens) {
    double hidden = config->hidden, wide = config->feed_forward;
    return 6 * config->layers * (4 * hidden * hidden + 2 * hidden * wide) * tokens;
}

/* What a step makes of the rate of OpenBLAS' sgemm, both measured in turns. Its memory comes after
 * the peak was told. */
static int compare_sgemm(const struct train_bench *bench, struct worker *worker,
                         struct sawb_error *error) {
    double shares[SGEMM_ROUNDS], rates[SGEMM_ROUNDS];
    struct bench large = {.model = bench->arm.model,
                          .sparsity = bench->arm.sparsity,
                          .compute = *worker_compute(worker)};
    const struct measure *sgemm = bench_find("matmul_sgemm");
    struct step_report report;
    int status = bench_prepare(&large, sgemm, error);
    for (int i = 0; i < SGEMM_ROUNDS && status == 0; i++) {
        double begin = clock_seconds();
        status = trainer_step(bench->trainer, &report, error) < 0 ? -1 : 0;
        double between = clock_seconds();
        if (status == 0)
            status = sgemm->run(&large, error);
        double end = clock_seconds();
        rates[i] = per_second(large.flops, end - between);
        shares[i] =
            per_second(flops_of(&bench->arm.model->config, report.tokens), between - begin) /
            rates[i];
        if (status == 0 && worker_breathe(worker))
            status = 1;
    }
    bench_release(&large);
    if (status != 0)
        return status;
    worker_note(
        worker,
        "a step makes %.0f %% of the rate of OpenBLAS' sgemm (%s, %.0f GFLOP/s), by 6 x the "
        "weights of the layers a token; in turns, median of %d",
        100 * spread_of(shares, SGEMM_ROUNDS).median, openblas_get_corename(),
        spread_of(rates, SGEMM_ROUNDS).median, SGEMM_ROUNDS);
    return 0;
}

static int bench_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct train_bench *bench = (struct train_bench *)base;
    struct pool *pool = worker_compute(worker)->pool;
    if (prepare(bench, worker_compute(worker), error) < 0)
        return -1;
    worker_note(worker, "%s on %s, pattern %s, batches of %d, threads: %d",
                bench->arm.model->directory, bench->dataset.path,
                sparsity_text(bench->arm.sparsity), bench->options.batch_size, pool_threads(pool));
    pool_measure(pool, bench->options.profile);
    int status = make_steps(bench, worker, error);
    pool_measure(pool, 0);
    if (status != 0)
        return status;
    if (bench->options.profile)
        tell_profile(bench, worker);
    tell_speed(bench, worker);
    return bench->options.profile ? compare_sgemm(bench, worker, error) : 0;
}

static void train_bench_release(struct job *base) {
    struct train_bench *bench = (struct train_bench *)base;
    trainer_free(bench->trainer);
    model_release(bench->model);
    dataset_free(&bench->dataset);
    arm_release(&bench->arm);
    free(bench->seconds);
    free(bench->speeds);
    free(bench->data);
    free(bench);
}

struct job *job_bench_train(const struct job_arm *arm, const struct train_bench_options *options,
                            struct sawb_error *error) {
    if (options->steps < 1 || options->batch_size < 1) {
        error_set(error, "bench: %d steps of batches of %d; both must be 1 or more", options->steps,
                  options->batch_size);
        return NULL;
    }
    struct train_bench *bench = calloc(1, sizeof(*bench));
    if (!bench) {
        error_set(error, "bench: out of memory");
        return NULL;
    }
    bench->job = (struct job){.name = "bench", .run = bench_run, .release = train_bench_release};
    bench->options = *options;
    bench->options.data = NULL;
    if (copy_text(&bench->data, options->data, error) < 0 ||
        arm_keep(&bench->arm, arm, error) < 0) {
        train_bench_release(&bench->job);
        return NULL;
    }
    return &bench->job;
}
