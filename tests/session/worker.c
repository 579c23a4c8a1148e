/*
 * worker.c - the worker with jobs made for the test: order, urgency, stopping, and a reader who
 * does not read.
 */
#include "core/session/worker.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/test.h"

#define LIMIT_MS                                                                                   \
    20000 /* far more than anything here takes: then the test fails instead of hanging */

/* A job that counts; what it does is chosen by `mode`. */
enum mode {
    MODE_QUICK,
    MODE_UNTIL_STOPPED,
    MODE_FAIL,
    MODE_FLOOD,
    MODE_PROGRESS,
    MODE_TRAIN,
    MODE_LOSE
};

struct counts {
    atomic_int started, breaths, released;
    atomic_int hold; /* while 1 a job does not breathe */
    atomic_int saw_stop;
};

struct fake {
    struct job job;
    enum mode mode;
    int id;
    struct counts *counts;
};

struct bed {
    struct queue *events;
    struct worker *worker;
    struct counts counts;
    struct sawb_error error;
};

static void pause_briefly(void) {
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

static void wait_for(const atomic_int *value, int at_least) {
    for (int i = 0; i < LIMIT_MS * 5 && atomic_load(value) < at_least; i++)
        pause_briefly();
    assert_true(atomic_load(value) >= at_least);
}

static int run_until_stopped(struct fake *fake, struct worker *worker) {
    for (;;) {
        while (atomic_load(&fake->counts->hold))
            pause_briefly();
        if (worker_breathe(worker)) {
            atomic_store(&fake->counts->saw_stop, 1);
            return 1;
        }
        atomic_fetch_add(&fake->counts->breaths, 1);
        pause_briefly();
    }
}

static int flood(struct worker *worker) {
    for (int i = 1; i <= 500; i++) {
        struct event event = {.kind = EVENT_STEP, .step = i};
        event.data.report.step = i;
        worker_emit(worker, event);
        if (worker_breathe(worker))
            return 1;
    }
    return 0;
}

/* Never looked into. */
static const struct model *pretend(void *user) {
    static const struct model pretended;
    (void)user;
    return &pretended;
}

static int fake_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct fake *fake = (struct fake *)base;
    int64_t step;
    atomic_fetch_add(&fake->counts->started, 1);
    worker_note(worker, "job %d", fake->id);
    switch (fake->mode) {
    case MODE_UNTIL_STOPPED:
        return run_until_stopped(fake, worker);
    case MODE_FAIL:
        return error_set(error, "job %d fell over", fake->id);
    case MODE_FLOOD:
        return flood(worker);
    case MODE_PROGRESS:
        for (int i = 1; i <= 20000; i++)
            worker_progress(worker, "counting", i, 20000);
        return 0;
    case MODE_TRAIN:
        worker_set_training(worker, pretend, NULL, 7);
        if (worker_training(worker, &step) != pretend(NULL) || step != 7)
            return error_set(error, "the model in training is not known");
        worker_set_training(worker, NULL, NULL, 9);
        if (worker_training(worker, &step) || step != 0)
            return error_set(error, "the model in training is still known");
        return 0;
    case MODE_LOSE:
        worker_emit(worker, (struct event){.kind = EVENT_ROW}); /* as after a failed strdup */
        return 0;
    case MODE_QUICK:
        break;
    }
    return 0;
}

static void fake_release(struct job *base) {
    struct fake *fake = (struct fake *)base;
    atomic_fetch_add(&fake->counts->released, 1);
    free(fake);
}

static struct job *fake_job(struct bed *bed, enum mode mode, int urgent, int id) {
    struct fake *fake = calloc(1, sizeof(*fake));
    assert_non_null(fake);
    fake->job =
        (struct job){.name = "fake", .run = fake_run, .release = fake_release, .urgent = urgent};
    fake->mode = mode;
    fake->id = id;
    fake->counts = &bed->counts;
    return &fake->job;
}

static void bed_open(struct bed *bed, int capacity) {
    memset(bed, 0, sizeof(*bed));
    bed->events = queue_create(capacity, &bed->error);
    assert_non_null(bed->events);
    bed->worker = worker_create(NULL, bed->events, &bed->error);
    assert_non_null(bed->worker);
}

static void release_event(void *event) {
    event_free(event);
}

static void bed_close(struct bed *bed) {
    worker_free(bed->worker);
    queue_free(bed->events, release_event);
}

static struct event *next(struct bed *bed) {
    struct event *event = queue_wait(bed->events, LIMIT_MS);
    assert_non_null(event);
    return event;
}

static void expect_note(struct bed *bed, int job, const char *text) {
    struct event *event = next(bed);
    assert_int_equal(event->kind, EVENT_NOTE);
    assert_int_equal(event->job, job);
    assert_string_equal(event->text, text);
    event_free(event);
}

static void expect_done(struct bed *bed, int job, int status) {
    struct event *event = next(bed);
    assert_int_equal(event->kind, EVENT_DONE);
    assert_int_equal(event->job, job);
    assert_int_equal(event->status, status);
    event_free(event);
}

static void test_jobs_run_in_order(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 8);
    uint64_t sequence = 0;
    double before = (double)time(NULL) - 1;
    for (int id = 1; id <= 20; id++) {
        assert_int_equal(worker_submit(bed.worker, fake_job(&bed, MODE_QUICK, 0, id), NULL), id);
        for (int i = 0; i < 2; i++) {
            struct event *event = next(&bed);
            assert_int_equal(event->kind, i == 0 ? EVENT_NOTE : EVENT_DONE);
            assert_int_equal(event->job, id);
            assert_true(event->sequence == ++sequence);
            assert_true(event->time > before && event->time < before + 3600);
            before = event->time - 1e-3;
            event_free(event);
        }
        /* Whoever has read the end may submit the next job at once. */
        assert_int_equal(worker_busy(bed.worker), 0);
    }
    assert_int_equal(atomic_load(&bed.counts.released), 20);
    bed_close(&bed);
}

static void test_second_long_job_is_refused(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 8);
    int number = worker_submit(bed.worker, fake_job(&bed, MODE_UNTIL_STOPPED, 0, 1), &bed.error);
    assert_int_equal(worker_busy(bed.worker), 1);
    assert_int_equal(worker_submit(bed.worker, fake_job(&bed, MODE_QUICK, 0, 2), &bed.error), -1);
    assert_non_null(strstr(bed.error.message, "another long job"));
    assert_int_equal(atomic_load(&bed.counts.released), 1);
    expect_note(&bed, number, "job 1");
    worker_stop(bed.worker);
    expect_done(&bed, number, 1);
    assert_true(worker_submit(bed.worker, fake_job(&bed, MODE_QUICK, 0, 3), &bed.error) > number);
    bed_close(&bed);
}

static void test_null_job_keeps_the_error(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 8);
    error_set(&bed.error, "the constructor's");
    assert_int_equal(worker_submit(bed.worker, NULL, &bed.error), -1);
    assert_string_equal(bed.error.message, "the constructor's");
    bed_close(&bed);
}

static void test_newest_urgent_job_is_served_inside_a_long_one(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 16);
    atomic_store(&bed.counts.hold, 1);
    int lasting = worker_submit(bed.worker, fake_job(&bed, MODE_UNTIL_STOPPED, 0, 1), NULL);
    expect_note(&bed, lasting, "job 1");
    int newest = 0;
    for (int id = 2; id <= 4; id++) {
        newest = worker_submit(bed.worker, fake_job(&bed, MODE_QUICK, 1, id), &bed.error);
        assert_true(newest > 0);
    }
    assert_int_equal(atomic_load(&bed.counts.released), 2); /* the two that were replaced */
    atomic_store(&bed.counts.hold, 0);
    expect_note(&bed, newest, "job 4");
    expect_done(&bed, newest, 0);

    /* The long job goes on under its own number, and an urgent one does not end it. */
    int after = atomic_load(&bed.counts.breaths);
    wait_for(&bed.counts.breaths, after + 3);
    assert_int_equal(worker_busy(bed.worker), 1);
    worker_stop(bed.worker);
    expect_done(&bed, lasting, 1);
    assert_int_equal(atomic_load(&bed.counts.started), 2);
    bed_close(&bed);
}

static void test_urgent_job_runs_without_a_long_one(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 16);
    int number = worker_submit(bed.worker, fake_job(&bed, MODE_QUICK, 1, 5), NULL);
    assert_int_equal(worker_busy(bed.worker), 0);
    expect_note(&bed, number, "job 5");
    expect_done(&bed, number, 0);
    bed_close(&bed);
}

static void test_stop_touches_only_the_present_job(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 1024);
    worker_stop(bed.worker); /* nothing runs: nothing happens */
    int number = worker_submit(bed.worker, fake_job(&bed, MODE_FLOOD, 0, 1), NULL);
    expect_note(&bed, number, "job 1");
    for (int i = 1; i <= 500; i++)
        event_free(next(&bed));
    expect_done(&bed, number, 0);
    bed_close(&bed);
}

static void test_failure_is_told(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 8);
    int number = worker_submit(bed.worker, fake_job(&bed, MODE_FAIL, 0, 3), NULL);
    expect_note(&bed, number, "job 3");
    struct event *event = next(&bed);
    assert_int_equal(event->kind, EVENT_ERROR);
    assert_string_equal(event->text, "job 3 fell over");
    event_free(event);
    expect_done(&bed, number, -1);
    bed_close(&bed);
}

static void test_lost_event_fails_the_job(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 8);
    int number = worker_submit(bed.worker, fake_job(&bed, MODE_LOSE, 0, 1), NULL);
    expect_note(&bed, number, "job 1");
    struct event *event = next(&bed);
    assert_int_equal(event->kind, EVENT_ERROR);
    assert_non_null(strstr(event->text, "out of memory"));
    event_free(event);
    expect_done(&bed, number, -1);
    number = worker_submit(bed.worker, fake_job(&bed, MODE_QUICK, 0, 2), NULL);
    expect_note(&bed, number, "job 2");
    expect_done(&bed, number, 0); /* the next one has nothing to do with it */
    bed_close(&bed);
}

static void test_slow_reader_loses_nothing(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 1);
    int number = worker_submit(bed.worker, fake_job(&bed, MODE_FLOOD, 0, 1), NULL);
    expect_note(&bed, number, "job 1");
    for (int i = 1; i <= 500; i++) {
        if (i % 100 == 0)
            pause_briefly();
        struct event *event = next(&bed);
        assert_int_equal(event->kind, EVENT_STEP);
        assert_int_equal(event->step, i);
        event_free(event);
    }
    expect_done(&bed, number, 0);
    bed_close(&bed);
}

static void test_progress_is_throttled(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 32000);
    worker_submit(bed.worker, fake_job(&bed, MODE_PROGRESS, 0, 1), NULL);
    int seen = 0, finished = 0;
    double begin = 0, end = 0;
    for (int kind = EVENT_NOTE; kind != EVENT_DONE;) {
        struct event *event = next(&bed);
        kind = (int)event->kind;
        if (kind == EVENT_PROGRESS) {
            assert_string_equal(event->text, "counting");
            seen++;
            finished = event->data.progress.done == event->data.progress.total;
        }
        begin = begin > 0 ? begin : event->time;
        end = event->time;
        event_free(event);
    }
    assert_int_equal(finished, 1);
    assert_true(seen <= 2 + (int)((end - begin) / 0.09));
    bed_close(&bed);
}

static void test_training_model_is_handed_on(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 8);
    int number = worker_submit(bed.worker, fake_job(&bed, MODE_TRAIN, 0, 1), NULL);
    expect_note(&bed, number, "job 1");
    expect_done(&bed, number, 0);
    bed_close(&bed);
}

static void test_free_while_running(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 8);
    worker_submit(bed.worker, fake_job(&bed, MODE_UNTIL_STOPPED, 0, 1), NULL);
    wait_for(&bed.counts.started, 1);
    bed_close(&bed);
    assert_int_equal(atomic_load(&bed.counts.saw_stop), 1);
    assert_int_equal(atomic_load(&bed.counts.released), 1);
}

static void test_free_with_a_full_queue_that_nobody_reads(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 2);
    worker_submit(bed.worker, fake_job(&bed, MODE_FLOOD, 0, 1), NULL);
    wait_for(&bed.counts.started, 1);
    for (int i = 0; i < 20; i++) /* time to fill the queue and to wait in it */
        pause_briefly();
    worker_free(bed.worker);
    assert_int_equal(atomic_load(&bed.counts.released), 1);

    /* What was queued can still be read, in order, and then the stream ends. */
    for (uint64_t sequence = 1; sequence <= 2; sequence++) {
        struct event *event = queue_wait(bed.events, LIMIT_MS);
        assert_non_null(event);
        assert_true(event->sequence == sequence);
        event_free(event);
    }
    assert_null(queue_wait(bed.events, -1));
    queue_free(bed.events, release_event);
}

static void test_free_releases_jobs_that_wait(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 8);
    atomic_store(&bed.counts.hold, 1);
    worker_submit(bed.worker, fake_job(&bed, MODE_UNTIL_STOPPED, 1, 1), NULL);
    wait_for(&bed.counts.started, 1);
    worker_submit(bed.worker, fake_job(&bed, MODE_QUICK, 0, 2), NULL);
    worker_submit(bed.worker, fake_job(&bed, MODE_QUICK, 1, 3), NULL);
    atomic_store(&bed.counts.hold, 0);
    bed_close(&bed);
    assert_int_equal(atomic_load(&bed.counts.started), 1);
    assert_int_equal(atomic_load(&bed.counts.released), 3);
}

static void test_free_of_null(void **state) {
    (void)state;
    worker_free(NULL);
    event_free(NULL);
}

static int steer(struct bed *bed, enum steering_kind kind) {
    return worker_steer(bed->worker, steering_create(kind, "text", &bed->error), &bed->error);
}

/* Requests wait in their order for a job that reads them; no other job takes any. */
static void test_mailbox(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 8);
    assert_int_equal(steer(&bed, STEER_PAUSE), -1);
    assert_non_null(strstr(bed.error.message, "run pause: no run is in progress"));
    assert_int_equal(worker_steer(bed.worker, NULL, &bed.error), -1);
    for (int steerable = 0; steerable < 2; steerable++) {
        struct job *job = fake_job(&bed, MODE_UNTIL_STOPPED, 0, steerable);
        job->steerable = steerable;
        int number = worker_submit(bed.worker, job, &bed.error);
        expect_note(&bed, number, steerable ? "job 1" : "job 0");
        assert_int_equal(worker_steerable(bed.worker), steerable);
        assert_int_equal(steer(&bed, STEER_RATE), steerable ? 0 : -1);
        assert_int_equal(steer(&bed, STEER_BRANCH), steerable ? 0 : -1);
        worker_stop(bed.worker);
        if (steerable) { /* this one has read none */
            expect_note(&bed, number, "run rate came too late: the run has ended");
            expect_note(&bed, number, "run branch came too late: the run has ended");
        }
        expect_done(&bed, number, 1);
        assert_int_equal(worker_steerable(bed.worker), 0);
    }
    /* What is left when the worker goes is freed with it. */
    struct job *job = fake_job(&bed, MODE_UNTIL_STOPPED, 0, 2);
    job->steerable = 1;
    worker_submit(bed.worker, job, &bed.error);
    assert_int_equal(steer(&bed, STEER_PIN), 0);
    bed_close(&bed);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_jobs_run_in_order),
    cmocka_unit_test(test_second_long_job_is_refused),
    cmocka_unit_test(test_null_job_keeps_the_error),
    cmocka_unit_test(test_newest_urgent_job_is_served_inside_a_long_one),
    cmocka_unit_test(test_urgent_job_runs_without_a_long_one),
    cmocka_unit_test(test_stop_touches_only_the_present_job),
    cmocka_unit_test(test_failure_is_told),
    cmocka_unit_test(test_lost_event_fails_the_job),
    cmocka_unit_test(test_slow_reader_loses_nothing),
    cmocka_unit_test(test_progress_is_throttled),
    cmocka_unit_test(test_training_model_is_handed_on),
    cmocka_unit_test(test_mailbox),
    cmocka_unit_test(test_free_while_running),
    cmocka_unit_test(test_free_with_a_full_queue_that_nobody_reads),
    cmocka_unit_test(test_free_releases_jobs_that_wait),
    cmocka_unit_test(test_free_of_null),
};

TEST_GROUP(tests_session_worker, tests);
