/*
 * timing.c - rounds of runs, and the jobs that time dense against sparse and A against B.
 */
#include "core/session/timing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/session/jobs.h"
#include "tests/test.h"

#define MODEL "tests/model/vectors/bert"

static void test_spread(void **state) {
    (void)state;
    double values[] = {9, 1, 8, 2, 7, 3, 6, 4, 5, 0};
    struct spread spread = spread_of(values, 10);
    assert_true(spread.median == 5 && spread.p10 == 1 && spread.p90 == 9);
    double one = 4;
    spread = spread_of(&one, 1);
    assert_true(spread.median == 4 && spread.p10 == 4 && spread.p90 == 4);
    spread = spread_of(NULL, 0);
    assert_true(spread.median == 0);
}

/* ---- rounds, on a worker of their own -------------------------------------------------------- */

struct rounds_job {
    struct job job;
    struct timing_limits limits;
    int fail_at; /* the run that fails, 0: none */
    char order[64];
    int runs, status;
    struct timing timing;
};

struct side {
    struct rounds_job *job;
    char name;
};

static int run_side(void *user, struct sawb_error *error) {
    struct side *side = user;
    struct rounds_job *job = side->job;
    job->order[job->runs++] = side->name;
    return job->runs == job->fail_at ? error_set(error, "the run fails") : 0;
}

static int rounds_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct rounds_job *job = (struct rounds_job *)base;
    struct side sides[2] = {{job, 'a'}, {job, 'b'}};
    struct timed timed[2] = {{run_side, &sides[0]}, {run_side, &sides[1]}};
    job->status = timing_run(timed, 2, &job->limits, worker, &job->timing, error);
    return job->status;
}

static void rounds_release(struct job *job) {
    (void)job; /* the test's own */
}

/* A worker, and reading it until its job is done. */
struct bed {
    struct compute compute;
    struct queue *events;
    struct worker *worker;
    struct sawb_error error;
};

static void bed_open(struct bed *bed) {
    assert_int_equal(compute_open(&bed->compute, 1, &bed->error), 0);
    bed->events = queue_create(256, &bed->error);
    assert_non_null(bed->events);
    bed->worker = worker_create(&bed->compute, bed->events, &bed->error);
    assert_non_null(bed->worker);
}

static void bed_close(struct bed *bed) {
    worker_free(bed->worker);
    queue_free(bed->events, (void (*)(void *))event_free);
    compute_close(&bed->compute);
}

/* Runs the job; what it says of `kind` goes to `take`. Returns its status. */
static int run_job(struct bed *bed, struct job *job, void (*take)(void *user, struct event *event),
                   void *user) {
    int number = worker_submit(bed->worker, job, &bed->error);
    assert_true(number > 0);
    for (;;) {
        struct event *event = queue_wait(bed->events, 20000);
        assert_non_null(event);
        int done = event->kind == EVENT_DONE && event->job == number, status = event->status;
        if (take && event->kind == EVENT_POINT)
            take(user, event);
        event_free(event);
        if (done)
            return status;
    }
}

static struct timing_limits few(int warm_up, int rounds) {
    return (struct timing_limits){.warm_up = warm_up,
                                  .least = rounds,
                                  .affordable = rounds,
                                  .most = rounds,
                                  .warm_up_seconds = 10};
}

static void test_rounds_take_turns(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct rounds_job job = {
        .job = {.name = "rounds", .run = rounds_run, .release = rounds_release},
        .limits = few(1, 4)};
    assert_int_equal(run_job(&bed, &job.job, NULL, NULL), 0);
    assert_string_equal(job.order, "ab"
                                   "abbaabba");
    assert_int_equal(job.timing.rounds, 4);
    assert_true(job.timing.ratio.p10 <= job.timing.ratio.median &&
                job.timing.ratio.median <= job.timing.ratio.p90);
    struct rounds_job failing = {.job = job.job, .limits = few(1, 4), .fail_at = 6};
    assert_int_equal(run_job(&bed, &failing.job, NULL, NULL), -1);
    assert_int_equal(failing.runs, 6);
    assert_int_equal(failing.timing.rounds, 1); /* those before count */
    bed_close(&bed);
}

/* ---- dense against sparse -------------------------------------------------------------------- */

#define POINTS 8
struct told {
    struct point points[POINTS];
    char texts[POINTS][64];
    int count;
};

static void take_point(void *user, struct event *event) {
    struct told *told = user;
    assert_true(told->count < POINTS);
    told->points[told->count] = event->data.point;
    snprintf(told->texts[told->count++], sizeof(told->texts[0]), "%s", event->text);
}

static struct model *open_model(void) {
    struct model_options options = {.seed = 1};
    struct sawb_error error;
    struct model *model;
    if (model_open(&model, MODEL, &options, &error) < 0)
        fail_msg("%s", error.message);
    return model;
}

static void test_sweep_points(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct model *model = open_model();
    struct job_arm arm = {model, "dense", NULL};
    for (int what = 0; what < TIME_WHATS; what++) {
        struct told told = {.count = 0};
        struct timing_options options = {.what = (enum timing_what)what,
                                         .lengths = {10, 16},
                                         .length_count = 2,
                                         .families = {"topk", "block_local(4, ?)"},
                                         .family_count = 2,
                                         .targets = {0.5, 0.7},
                                         .target_count = 2,
                                         .seconds = 0.001,
                                         .seed = 1};
        assert_int_equal(run_job(&bed, job_timing(&arm, &options, &bed.error), take_point, &told),
                         0);
        assert_int_equal(told.count, 8);
        for (int i = 0; i < 8; i++) {
            const struct point *point = &told.points[i];
            const double *values = point->values;
            assert_string_equal(point->series, SERIES_TIMING);
            assert_int_equal(point->index, i);
            assert_int_equal(point->count, 8);
            assert_true(values[TIMING_TOKENS] == (i < 4 ? 10 : 16));
            assert_true(values[TIMING_FAMILY] == i / 2 % 2);
            assert_true(values[TIMING_TARGET] == (i % 2 ? 0.7 : 0.5));
            assert_true(values[TIMING_DENSE] > 0 && values[TIMING_SPARSE] > 0);
            assert_true(values[TIMING_RATIO_P10] <= values[TIMING_RATIO] &&
                        values[TIMING_RATIO] <= values[TIMING_RATIO_P90]);
            assert_true(values[TIMING_ROUNDS] >= 5);
            assert_true(what == TIME_KERNEL ? values[TIMING_SHARE] == 1
                                            : values[TIMING_SHARE] > 0 && values[TIMING_SHARE] < 1);
        }
        /* topk(0.7) of 10 keys keeps 3; at 16 tokens 4 x 4 blocks, of which block_local(4, 0)
         * keeps the 4 on the diagonal and (4, 2) 10: 0.75 and 0.375 removed. */
        assert_true(fabs(told.points[1].x - 0.7) < 1e-12);
        assert_int_equal(strncmp(told.texts[0], "topk(0.5)\n", 10), 0);
        assert_true(told.texts[0][10] != '\0');
        assert_true(fabs(told.points[6].x - 0.375) < 1e-12);
        assert_int_equal(strncmp(told.texts[6], "block_local(4, 2)\n", 18), 0);
        assert_true(fabs(told.points[7].x - 0.75) < 1e-12);
    }
    model_release(model);
    bed_close(&bed);
}

static void test_sweep_refuses(void **state) {
    (void)state;
    struct sawb_error error;
    struct model *model = open_model();
    struct job_arm arm = {model, "dense", NULL};
    struct timing_options options = {.what = TIME_MODEL,
                                     .lengths = {5000},
                                     .length_count = 1,
                                     .families = {"topk"},
                                     .family_count = 1,
                                     .targets = {0.5},
                                     .target_count = 1,
                                     .seconds = 0.001};
    assert_null(job_timing(&arm, &options, &error));
    assert_non_null(strstr(error.message, "5000"));
    options.lengths[0] = 8;
    options.targets[0] = 1;
    assert_null(job_timing(&arm, &options, &error));
    assert_non_null(strstr(error.message, "below 1"));
    options.targets[0] = 0.5;
    options.families[0] = "dense";
    assert_null(job_timing(&arm, &options, &error));
    assert_non_null(strstr(error.message, "no family"));
    model_release(model);
}

static void test_break_even(void **state) {
    (void)state;
    const double removed[] = {0, 0.2, 0.4, 0.4, 0.8};
    const double rises[] = {0.9, 0.95, 1.05, 1.05, 2}, falls_again[] = {1.1, 0.9, 1, 0.5, 1.5};
    const double always[] = {1, 1.2, 1.4, 1.4, 2}, never[] = {0.9, 1.2, 1.4, 1.4, 0.99};
    assert_float_equal(timing_break_even(removed, rises, 5), 0.3, 1e-12);
    assert_float_equal(timing_break_even(removed, falls_again, 5), 0.6, 1e-12);
    assert_true(timing_break_even(removed, always, 5) == 0);
    assert_true(isnan(timing_break_even(removed, never, 5)));
    assert_true(isnan(timing_break_even(removed, never, 0)));
}

/* ---- A against B ----------------------------------------------------------------------------- */

static void test_live(void **state) {
    (void)state;
    struct bed bed;
    struct told told = {.count = 0};
    bed_open(&bed);
    struct model *model = open_model();
    struct job_arm arms[2] = {{model, "dense", NULL}, {model, "local(1)", NULL}};
    assert_int_equal(
        run_job(&bed, job_live_timing(arms, "a fine film", 1, &bed.error), take_point, &told), 0);
    assert_int_equal(told.count, 2);
    for (int i = 0; i < 2; i++) {
        const double *values = told.points[i].values;
        assert_string_equal(told.points[i].series, SERIES_LIVE_TIMING);
        assert_int_equal(told.points[i].index, i);
        assert_true(values[LIVE_A] > 0 && values[LIVE_B] > 0 && values[LIVE_ROUNDS] >= 5);
        assert_true(values[LIVE_A_P10] <= values[LIVE_A] && values[LIVE_A] <= values[LIVE_A_P90]);
        assert_non_null(strchr(told.texts[i], '\n'));
    }
    model_release(model);
    bed_close(&bed);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_spread),       cmocka_unit_test(test_rounds_take_turns),
    cmocka_unit_test(test_sweep_points), cmocka_unit_test(test_sweep_refuses),
    cmocka_unit_test(test_break_even),   cmocka_unit_test(test_live),
};

TEST_GROUP(tests_session_timing, tests);
