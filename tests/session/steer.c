/*
 * steer.c - steering a run between two steps: pause, rate, pattern, checkpoint, branch, pinned
 * sentences, and its log, through a real worker on the tiny classifier of tests/model/vectors/bert.
 */
#include "core/session/steer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/inspect/metrics.h"
#include "core/session/jobs.h"
#include "core/session/run_line.h"
#include "core/session/run_log.h"
#include "tests/temporary.h"
#include "tests/test.h"

#define BERT "tests/model/vectors/bert"
#define LIMIT_MS 60000
#define EVENTS_MAX 8192

struct bed {
    struct temporary folder;
    char *data, *out;
    struct compute compute;
    struct queue *events;
    struct worker *worker;
    struct model *model;
    struct sawb_error error;
    struct event *seen[EVENTS_MAX];
    int count;
};

#define assert_done(call)                                                                          \
    do {                                                                                           \
        struct sawb_error problem = {""};                                                          \
        if ((call) < 0)                                                                            \
            fail_msg("%s: %s", #call, problem.message);                                            \
    } while (0)

static void bed_open(struct bed *bed) {
    static const char rows[] =
        "sentence\tlabel\nthe film is warm\t1\na cold story\t0\nvery good\t1\n"
        "the joke was bad\t0\na bright song\t1\nnever dull\t1\nslow\t0\n"
        "the ending is fine\t1\n";
    memset(bed, 0, sizeof(*bed));
    temporary_make(&bed->folder);
    bed->data = temporary_path(&bed->folder, "data");
    bed->out = temporary_path(&bed->folder, "out");
    assert_done(file_make_directory(bed->data, &problem));
    for (int i = 0; i < 2; i++) {
        char *path = file_join(bed->data, i ? "dev.tsv" : "train.tsv");
        assert_done(file_replace(path, rows, sizeof(rows) - 1, &problem));
        free(path);
    }
    assert_done(compute_open(&bed->compute, 1, &problem));
    bed->events = queue_create(64, &bed->error);
    bed->worker = worker_create(&bed->compute, bed->events, &bed->error);
    assert_non_null(bed->worker);
    assert_done(model_open(&bed->model, BERT, &(struct model_options){.seed = 1}, &problem));
}

static void forget(struct bed *bed) {
    for (int i = 0; i < bed->count; i++)
        event_free(bed->seen[i]);
    bed->count = 0;
}

static void release_event(void *event) {
    event_free(event);
}

static void bed_close(struct bed *bed) {
    forget(bed);
    worker_free(bed->worker);
    queue_free(bed->events, release_event);
    model_release(bed->model);
    compute_close(&bed->compute);
    free(bed->data);
    free(bed->out);
    temporary_remove(&bed->folder);
}

/* The next event, which is kept. */
static struct event *next(struct bed *bed) {
    struct event *event = queue_wait(bed->events, LIMIT_MS);
    assert_non_null(event);
    assert_true(bed->count < EVENTS_MAX);
    bed->seen[bed->count++] = event;
    return event;
}

static struct event *wait_for(struct bed *bed, enum event_kind kind) {
    struct event *event;
    while ((event = next(bed))->kind != kind)
        ;
    return event;
}

/* The answer to a request. */
static const struct point *answer(struct bed *bed, enum steering_kind kind) {
    for (;;) {
        const struct event *event = wait_for(bed, EVENT_POINT);
        assert_string_equal(event->data.point.series, STEERING_SERIES);
        if ((enum steering_kind)event->data.point.values[0] == kind)
            return &event->data.point;
    }
}

static void steer(struct bed *bed, struct steering *steering) {
    assert_non_null(steering);
    if (worker_steer(bed->worker, steering, &bed->error) < 0)
        fail_msg("%s", bed->error.message);
}

static void steer_simply(struct bed *bed, enum steering_kind kind, const char *text) {
    steer(bed, steering_create(kind, text, &bed->error));
}

static void steer_rate(struct bed *bed, double rate) {
    struct steering *steering = steering_create(STEER_RATE, NULL, &bed->error);
    steering->number = rate;
    steer(bed, steering);
}

static void steer_pattern(struct bed *bed, enum steering_kind kind, int arm, const char *spec) {
    struct steering *steering = steering_create(kind, NULL, &bed->error);
    steering->arm = arm;
    assert_done(sparsity_parse(&steering->sparsity, spec, NULL, &problem));
    steer(bed, steering);
}

static struct train_job_options options_of(const struct bed *bed, int steps) {
    struct train_job_options options = {
        .train = train_options_default(), .data = bed->data, .out = bed->out};
    options.train.batch_size = 3;
    options.train.max_steps = steps;
    options.train.warmup = 0;
    options.train.learning_rate = 1e-3;
    options.eval_every = 4;
    return options;
}

static int begin(struct bed *bed, const struct train_job_options *options, const char *spec) {
    struct job_arm arm = {bed->model, spec, NULL};
    int number = worker_submit(bed->worker, job_train(&arm, options, &bed->error), &bed->error);
    if (number < 0)
        fail_msg("%s", bed->error.message);
    return number;
}

static int has_note(const struct bed *bed, const char *part) {
    for (int i = 0; i < bed->count; i++)
        if (bed->seen[i]->kind == EVENT_NOTE && strstr(bed->seen[i]->text, part))
            return 1;
    return 0;
}

static int count_of(const struct bed *bed, enum event_kind kind) {
    int count = 0;
    for (int i = 0; i < bed->count; i++)
        count += bed->seen[i]->kind == kind;
    return count;
}

static const struct step_report *report_of(const struct bed *bed, int64_t step) {
    for (int i = 0; i < bed->count; i++)
        if (bed->seen[i]->kind == EVENT_STEP && bed->seen[i]->step == step)
            return &bed->seen[i]->data.report;
    fail_msg("step %d was not made", (int)step);
    return NULL;
}

static char *weights_in(const char *folder, size_t *size) {
    char *bytes, *path = file_join(folder, "model.safetensors");
    assert_done(file_read(&bytes, size, path, &problem));
    free(path);
    return bytes;
}

static int same_weights(const char *a, const char *b) {
    size_t sizes[2];
    char *left = weights_in(a, &sizes[0]), *right = weights_in(b, &sizes[1]);
    int same = sizes[0] == sizes[1] && memcmp(left, right, sizes[0]) == 0;
    free(left);
    free(right);
    return same;
}

/* ---- */

static void sleep_briefly(void) {
    nanosleep(&(struct timespec){.tv_nsec = 150000000}, NULL);
}

static double processor_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Threads of the pool may look out for work for a moment. */
static int becomes_idle(void) {
    for (int i = 0; i < 40; i++) {
        double before = processor_seconds();
        sleep_briefly();
        if (processor_seconds() - before < 0.02)
            return 1;
    }
    return 0;
}

/* A paused run makes no steps and no heat, answers the sentence, and goes on. */
static void test_pause(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct train_job_options options = options_of(&bed, 12);
    begin(&bed, &options, "dense");
    steer_simply(&bed, STEER_PAUSE, NULL); /* in the mailbox before the first step, or soon after */
    int64_t at = (int64_t)answer(&bed, STEER_PAUSE)->x;
    int steps = count_of(&bed, EVENT_STEP);
    assert_int_equal(steps, at);
    assert_true(becomes_idle());
    assert_null(queue_pop(bed.events));

    struct job_arm arm = {bed.model, "dense", NULL};
    assert_true(worker_submit(bed.worker, job_predict(&arm, 1, "a warm song", 1, 1, &bed.error),
                              &bed.error) > 0);
    wait_for(&bed, EVENT_PREDICTION);
    wait_for(&bed, EVENT_DONE);
    assert_int_equal(count_of(&bed, EVENT_STEP), steps);

    steer_simply(&bed, STEER_PAUSE, NULL); /* twice is no fault */
    answer(&bed, STEER_PAUSE);
    steer_simply(&bed, STEER_CONTINUE, NULL);
    answer(&bed, STEER_CONTINUE);
    assert_int_equal(wait_for(&bed, EVENT_DONE)->status, 0);
    assert_int_equal(count_of(&bed, EVENT_STEP), 12);
    assert_true(has_note(&bed, "paused after step"));
    bed_close(&bed);
}

static void test_stop_while_paused(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct train_job_options options = options_of(&bed, 1000000);
    begin(&bed, &options, "dense");
    wait_for(&bed, EVENT_STEP);
    steer_simply(&bed, STEER_PAUSE, NULL);
    answer(&bed, STEER_PAUSE);
    worker_stop(bed.worker);
    assert_int_equal(wait_for(&bed, EVENT_DONE)->status, 1);
    assert_int_equal(
        worker_steer(bed.worker, steering_create(STEER_PAUSE, NULL, &bed.error), &bed.error), -1);
    assert_non_null(strstr(bed.error.message, "no run is in progress"));
    begin(&bed, &options, "dense");
    wait_for(&bed, EVENT_STEP);
    steer_simply(&bed, STEER_PAUSE, NULL);
    answer(&bed, STEER_PAUSE);
    bed_close(&bed); /* the same when the worker goes */
}

/* A rate and a pattern from a step on, which a resumed run keeps, bit for bit. */
static void test_changes_are_resumed(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    char *other = temporary_path(&bed.folder, "other");
    struct train_job_options options = options_of(&bed, 12);
    for (int run = 0; run < 2; run++) {
        options.out = run ? other : bed.out;
        begin(&bed, &options, "dense");
        steer_simply(&bed, STEER_PAUSE, NULL);
        int64_t at = (int64_t)answer(&bed, STEER_PAUSE)->x;
        if (at != 0) { /* the run was faster than the mailbox: both have to change at step 0 */
            worker_stop(bed.worker);
            wait_for(&bed, EVENT_DONE);
            run--;
            forget(&bed);
            continue;
        }
        steer_rate(&bed, 1e-3 / 3);
        steer_pattern(&bed, STEER_SPARSITY, 0, "topk(0.5)");
        assert_true(answer(&bed, STEER_RATE)->values[1] == 0);
        assert_true(answer(&bed, STEER_SPARSITY)->values[1] == 0);
        steer_simply(&bed, STEER_CONTINUE, NULL);
        if (run) { /* broken off somewhere on the way */
            wait_for(&bed, EVENT_STEP);
            worker_stop(bed.worker);
        }
        wait_for(&bed, EVENT_DONE);
    }
    const struct step_report *first = report_of(&bed, 1);
    assert_true(fabs(first->learning_rate - 1e-3 / 3) < 1e-12);
    assert_true(first->realised > 0.2);
    assert_true(has_note(&bed, "pattern topk(0.5) from step 1 on"));
    assert_false(same_weights(bed.out, other));
    forget(&bed);
    options.resume = 1;
    begin(&bed, &options, "dense");
    assert_int_equal(wait_for(&bed, EVENT_DONE)->status, 0);
    assert_true(has_note(&bed, "pattern topk(0.5)"));
    assert_true(same_weights(bed.out, other));
    free(other);
    bed_close(&bed);
}

static void test_what_cannot_be_changed(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct train_job_options options = options_of(&bed, 1000000);
    begin(&bed, &options, "dense");
    steer_rate(&bed, -1);
    assert_true(answer(&bed, STEER_RATE)->values[1] < 0);
    steer_pattern(&bed, STEER_SPARSITY, 0, "topk(0.5)@L70");
    assert_true(answer(&bed, STEER_SPARSITY)->values[1] < 0);
    steer_simply(&bed, STEER_BRANCH, bed.out);
    assert_true(answer(&bed, STEER_BRANCH)->values[1] < 0);
    steer_simply(&bed, STEER_BRANCH, "/dev/null/x");
    assert_true(answer(&bed, STEER_BRANCH)->values[1] < 0);
    wait_for(&bed, EVENT_STEP); /* and the run goes on */
    worker_stop(bed.worker);
    assert_int_equal(wait_for(&bed, EVENT_DONE)->status, 1);
    bed_close(&bed);
}

/* A branch is a checkpoint of its own that a second run goes on from, with the log so far. */
static void test_branch(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    char *branch = temporary_path(&bed.folder, "branch");
    struct train_job_options options = options_of(&bed, 12);
    begin(&bed, &options, "dense");
    wait_for(&bed, EVENT_STEP);
    steer_simply(&bed, STEER_PAUSE, NULL);
    answer(&bed, STEER_PAUSE);
    steer_simply(&bed, STEER_CHECKPOINT, NULL);
    steer_simply(&bed, STEER_EVALUATE, NULL);
    steer_simply(&bed, STEER_BRANCH, branch);
    assert_true(answer(&bed, STEER_CHECKPOINT)->values[1] == 0);
    answer(&bed, STEER_EVALUATE);
    assert_true(count_of(&bed, EVENT_EVALUATION) > 0);
    int64_t at = (int64_t)answer(&bed, STEER_BRANCH)->x;
    assert_true(at > 0 && same_weights(bed.out, branch));
    steer_simply(&bed, STEER_CONTINUE, NULL);
    wait_for(&bed, EVENT_DONE);
    forget(&bed);
    options.out = branch;
    options.resume = 1;
    begin(&bed, &options, "dense");
    assert_int_equal(wait_for(&bed, EVENT_DONE)->status, 0);
    assert_int_equal(count_of(&bed, EVENT_STEP), 12 - at);
    assert_true(same_weights(bed.out, branch));
    char *log, *path = file_join(branch, RUN_LOG_FILE);
    assert_done(file_read(&log, NULL, path, &problem));
    int steps = 0;
    for (const char *at_step = log; (at_step = strstr(at_step, "\"lr\":")); at_step++)
        steps++;
    assert_int_equal(steps, 12);
    free(log);
    free(path);
    free(branch);
    bed_close(&bed);
}

/* Captures of the pinned sentences at the start, at each evaluation and at the end, measured. */
static void test_pins(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    const char *const pins[] = {"a warm song", "never bad"};
    struct train_job_options options = options_of(&bed, 10);
    options.pins = pins;
    options.pin_count = 2;
    options.patterns[0] = "dense";
    options.patterns[1] = "topk(0.5)";
    begin(&bed, &options, "dense");
    assert_int_equal(wait_for(&bed, EVENT_DONE)->status, 0);
    static const int64_t steps[] = {0, 4, 8, 10};
    int seen = 0;
    for (int i = 0; i < bed.count; i++) {
        const struct event *event = bed.seen[i];
        if (event->kind != EVENT_PREDICTION)
            continue;
        const struct capture *capture = event->data.capture;
        assert_int_equal(event->step, steps[seen / 4]);
        assert_int_equal(event->arm, seen % 2);
        assert_string_equal(capture->text, pins[seen / 2 % 2]);
        assert_string_equal(capture->spec, seen % 2 ? "topk(0.5)" : "dense");
        assert_false(isnan(capture_metric(capture, 0, 0, METRIC_ENTROPY)));
        seen++;
    }
    assert_int_equal(seen, 16);
    /* What was sent at the end is what the saved model says. */
    struct model *saved;
    struct sparsity *dense;
    struct capture *capture;
    assert_done(model_open(&saved, bed.out, &(struct model_options){.seed = 1}, &problem));
    assert_done(sparsity_parse(&dense, "dense", NULL, &problem));
    assert_done(capture_run(&capture, saved, dense, pins[0], 1, &bed.compute, &problem));
    for (int i = bed.count - 1, left = 4; i >= 0 && left > 0; i--)
        if (bed.seen[i]->kind == EVENT_PREDICTION && --left == 0)
            assert_memory_equal(bed.seen[i]->data.capture->logits, capture->logits,
                                (size_t)capture->labels * sizeof(float));
    capture_free(capture);
    sparsity_free(dense);
    model_release(saved);
    bed_close(&bed);
}

/* Sentences and patterns that come and go while the run is under way. */
static void test_pins_on_the_way(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct train_job_options options = options_of(&bed, 1000000);
    options.eval_every = 1000000;
    options.patterns[0] = "dense";
    begin(&bed, &options, "dense");
    wait_for(&bed, EVENT_STEP);
    steer_simply(&bed, STEER_PAUSE, NULL);
    int64_t at = (int64_t)answer(&bed, STEER_PAUSE)->x;
    assert_int_equal(count_of(&bed, EVENT_PREDICTION), 0);
    steer_simply(&bed, STEER_PIN, "a warm song");
    answer(&bed, STEER_PIN);
    assert_int_equal(count_of(&bed, EVENT_PREDICTION), 1);
    steer_simply(&bed, STEER_PIN, "a warm song"); /* is pinned already */
    answer(&bed, STEER_PIN);
    assert_int_equal(count_of(&bed, EVENT_PREDICTION), 1);
    steer_pattern(&bed, STEER_PATTERN, 1, "local(1)");
    answer(&bed, STEER_PATTERN);
    assert_int_equal(count_of(&bed, EVENT_PREDICTION), 3);
    for (int i = 0; i < bed.count; i++)
        assert_true(bed.seen[i]->kind != EVENT_PREDICTION || bed.seen[i]->step == at);
    for (int i = 0; i < TRAIN_PINS; i++) {
        char text[16];
        snprintf(text, sizeof(text), "good %d", i);
        steer_simply(&bed, STEER_PIN, text);
        assert_int_equal(answer(&bed, STEER_PIN)->values[1] < 0, i == TRAIN_PINS - 1);
    }
    steer_simply(&bed, STEER_UNPIN, "a warm song");
    answer(&bed, STEER_UNPIN);
    steer_simply(&bed, STEER_UNPIN, "a warm song");
    answer(&bed, STEER_UNPIN);
    worker_stop(bed.worker);
    wait_for(&bed, EVENT_DONE);
    bed_close(&bed);
}

/* A line of a step or an evaluation. */
static int is_point(const char *line) {
    struct run_line read;
    assert_int_equal(run_line_read(&read, line, strcspn(line, "\n")), 0);
    run_line_free(&read);
    return read.kind == RUN_LINE_STEP || read.kind == RUN_LINE_EVALUATION;
}

/* The file holds what was told, line by line. */
static void test_log(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct train_job_options options = options_of(&bed, 5);
    char *log, *path = file_join(bed.out, RUN_LOG_FILE);
    for (int run = 0; run < 2; run++) { /* the second one begins the file anew */
        forget(&bed);
        begin(&bed, &options, "topk(0.5)");
        assert_int_equal(wait_for(&bed, EVENT_DONE)->status, 0);
    }
    assert_done(file_read(&log, NULL, path, &problem));
    char *line = log;
    for (int i = 0; i < bed.count; i++) {
        const struct event *event = bed.seen[i];
        if (event->kind != EVENT_STEP && event->kind != EVENT_EVALUATION)
            continue;
        char *expected = event->kind == EVENT_STEP
                             ? run_log_step(&event->data.report)
                             : run_log_evaluation(event->step, &event->data.evaluation);
        while (*line && !is_point(line))
            line = strchr(line, '\n') + 1;
        size_t length = strcspn(line, "\n");
        assert_int_equal(length, strlen(expected));
        assert_memory_equal(line, expected, length);
        free(expected);
        line += length + 1;
    }
    assert_non_null(strstr(log, "{\"step\":1,\"sparsity\":{\"spec\":\"topk(0.5)\",\"realised\":"));
    free(log);
    free(path);
    bed_close(&bed);
}

/* What follows a torn line begins on its own; numbers that are none are null. */
static void test_log_lines(void **state) {
    (void)state;
    struct temporary folder;
    struct run_log log;
    temporary_make(&folder);
    char *text, *path = temporary_path(&folder, RUN_LOG_FILE);
    assert_done(file_replace(path, "{\"step\":1}\n{\"st", 15, &problem));
    assert_done(run_log_begin(&log, folder.path, &problem));
    assert_done(run_log_start(&log, 0, &problem));
    assert_done(run_log_write(&log, run_log_rate(3, 0.25), &problem));
    assert_done(run_log_write(&log, run_log_pattern(4, "local(\"1\")"), &problem));
    struct step_report report = {.step = 5, .loss = NAN, .epoch = 0.5};
    assert_done(run_log_write(&log, run_log_step(&report), &problem));
    run_log_end(&log);
    assert_done(file_read(&text, NULL, path, &problem));
    assert_string_equal(text, "{\"step\":1}\n{\"st\n{\"step\":3,\"change\":{\"lr\":0.25}}\n"
                              "{\"step\":4,\"change\":{\"sparsity\":\"local(\\\"1\\\")\"}}\n"
                              "{\"step\":5,\"epoch\":0.5,\"loss\":null,\"lr\":0,\"grad_norm\":0,"
                              "\"tokens\":0,\"tokens_per_second\":0}\n");
    free(text);
    assert_done(run_log_begin(&log, "/dev/null", &problem));
    struct sawb_error error;
    assert_int_equal(run_log_start(&log, 1, &error), -1);
    assert_non_null(strstr(error.message, RUN_LOG_FILE));
    run_log_end(&log);
    free(path);
    temporary_remove(&folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_pause),
    cmocka_unit_test(test_stop_while_paused),
    cmocka_unit_test(test_changes_are_resumed),
    cmocka_unit_test(test_what_cannot_be_changed),
    cmocka_unit_test(test_branch),
    cmocka_unit_test(test_pins),
    cmocka_unit_test(test_pins_on_the_way),
    cmocka_unit_test(test_log),
    cmocka_unit_test(test_log_lines),
};

TEST_GROUP(tests_session_steer, tests);
