/*
 * points.h - a worker on the tiny classifiers, and the points that one of its jobs tells.
 */
#ifndef SAWB_TESTS_SESSION_POINTS_H
#define SAWB_TESTS_SESSION_POINTS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/session/jobs.h"
#include "tests/test.h"

#define BERT "tests/model/vectors/bert"             /* 2 labels */
#define DISTILBERT "tests/model/vectors/distilbert" /* 3 labels */
#define POINTS_LIMIT_MS 60000

struct points {
    struct compute compute;
    struct queue *events;
    struct worker *worker;
    struct model *model;
    struct sawb_error error;
    /* Of the newest job. */
    struct event *seen; /* [count] its points; they own their texts */
    int count;
    int status;
    char message[256]; /* its error */
};

static inline void points_open(struct points *points, const char *directory) {
    memset(points, 0, sizeof(*points));
    assert_int_equal(compute_open(&points->compute, 2, &points->error), 0);
    points->events = queue_create(64, &points->error);
    points->worker = worker_create(&points->compute, points->events, &points->error);
    assert_non_null(points->worker);
    if (model_open(&points->model, directory, &(struct model_options){.seed = 1}, &points->error) <
        0)
        fail_msg("%s", points->error.message);
}

static inline void points_forget(struct points *points) {
    for (int i = 0; i < points->count; i++)
        free(points->seen[i].text);
    free(points->seen);
    points->seen = NULL;
    points->count = 0;
    points->message[0] = '\0';
}

static inline void points_close(struct points *points) {
    points_forget(points);
    worker_free(points->worker);
    queue_free(points->events, (void (*)(void *))event_free);
    model_release(points->model);
    compute_close(&points->compute);
}

/* Keeps a point; notes the error and the end of `job`. Frees the event. 1: the job has ended. */
static inline int points_take(struct points *points, int job, struct event *event) {
    int ours = event->job == job, done = ours && event->kind == EVENT_DONE;
    if (done)
        points->status = event->status;
    if (ours && event->kind == EVENT_ERROR)
        snprintf(points->message, sizeof(points->message), "%s", event->text);
    if (ours && event->kind == EVENT_POINT) {
        points->seen = realloc(points->seen, (size_t)(points->count + 1) * sizeof(*points->seen));
        assert_non_null(points->seen);
        points->seen[points->count++] = *event;
        event->text = NULL;
    }
    event_free(event);
    return done;
}

/* Runs a job to its end. */
static inline void points_run(struct points *points, struct job *job) {
    points_forget(points);
    int number = worker_submit(points->worker, job, &points->error);
    if (number < 0)
        fail_msg("%s", points->error.message);
    for (;;) {
        struct event *event = queue_wait(points->events, POINTS_LIMIT_MS);
        assert_non_null(event);
        if (points_take(points, number, event))
            return;
    }
}

static inline void points_run_well(struct points *points, struct job *job) {
    points_run(points, job);
    if (points->status != 0)
        fail_msg("the job failed: %s", points->message);
}

/* What another path says of a text: one sentence, one pass, everything kept. */
static inline struct capture *points_capture(struct points *points, const char *spec,
                                             const char *text) {
    struct sparsity *sparsity;
    struct capture *capture;
    assert_int_equal(sparsity_parse(&sparsity, spec, NULL, NULL), 0);
    assert_int_equal(
        capture_run(&capture, points->model, sparsity, text, 1, &points->compute, NULL), 0);
    sparsity_free(sparsity);
    return capture;
}

static inline void assert_near(double value, double expected, double tolerance) {
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.9g is not %.9g (within %g)", value, expected, tolerance);
}

#endif
