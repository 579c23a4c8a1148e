/*
 * worker.h - the thread that does long work, and the queue through which it speaks.
 *
 *     worker_create(&compute, events, &error);
 *     number = worker_submit(worker, job_train(&arm, &options, &error), &error);
 *     ... read events until EVENT_DONE of that number ...
 *     worker_free(worker);
 *
 * Jobs run one after the other. A job that lasts calls worker_breathe between its steps: there an
 * urgent job (a prediction for the screen) is served, and the call says whether the running job
 * shall stop. Urgent jobs have lanes: of each lane only the newest counts. It replaces (and
 * frees) one that has not started, of which nothing is ever heard, and one that runs is told to
 * stop at its next breath. Every other job ends with exactly one EVENT_DONE, after which the worker
 * takes the next long job.
 *
 * No event is dropped while the worker lives: a full queue makes the worker wait for its reader.
 */
#ifndef SAWB_CORE_SESSION_WORKER_H
#define SAWB_CORE_SESSION_WORKER_H

#include "core/base/queue.h"
#include "core/session/event.h"
#include "core/session/steer.h"

struct worker;

/* What waits in an earlier lane is served first, also while a job of a later lane breathes. */
enum job_lane {
    LANE_LONG,        /* not urgent: one at a time, may be stopped */
    LANE_PREDICTION,  /* answers to the sentence */
    LANE_COPIES,      /* answers to edited copies of it */
    LANE_OCCLUSION,   /* what every token of it counts for */
    LANE_MEASUREMENT, /* what is worked out of an answer: the importance of its heads */
    LANE_ABLATION,    /* answers with one head off */
    LANE_TIMING,      /* how long answers take: whatever else waits ends it */
    LANES
};

struct job {
    const char *name; /* "predict", "train", ...; static */
    /* 0 done, 1 stopped, -1 failed (the error is sent as EVENT_ERROR, then EVENT_DONE follows). */
    int (*run)(struct job *job, struct worker *worker, struct sawb_error *error);
    void (*release)(struct job *job); /* frees the job itself */
    int number;                       /* given by worker_submit */
    int urgent;                       /* its lane, 0: LANE_LONG */
    int steerable;                    /* 1: a long job that reads worker_steering */
    /* Sees what the job tells, on the worker's thread, before its reader does; NULL: does not. */
    void (*hear)(struct job *job, struct worker *worker, const struct event *event);
};

/* Events go to `events`; it and `compute` are borrowed and must outlive the worker. NULL with an
 * error when there is no memory or no thread. */
struct worker *worker_create(const struct compute *compute, struct queue *events,
                             struct sawb_error *error);

/*
 * For looking at a session again: a worker without a thread. It takes jobs and gives them numbers
 * as any other, but frees them at once, and never speaks. What it seems to be at is said to it.
 */
struct worker *worker_create_mute(struct sawb_error *error);
int worker_is_mute(const struct worker *worker);
struct worker_state {
    int numbers; /* the last one given */
    int busy, steerable;
};
struct worker_state worker_state(struct worker *worker);
/* Of a mute one, or of one that has not had a job yet. */
void worker_set_state(struct worker *worker, const struct worker_state *state);
/* The number that the next job would get, given away without one: for a job of a mute worker, or
 * one that somebody else does. */
int worker_skip(struct worker *worker);

/* Takes over the job and returns its number (from 1). Refuses (-1, freed) a second long job while
 * one runs or waits. A NULL job is -1 with the error as it is, so that a constructor can stand in
 * the call. */
int worker_submit(struct worker *worker, struct job *job, struct sawb_error *error);

/* Asks the long job to stop at its next breath. Safe in any thread; without a long job nothing
 * happens. */
void worker_stop(struct worker *worker);
int worker_busy(const struct worker *worker); /* a long job runs or waits */

/*
 * Stops the long job as worker_stop does (a training job saves its weights), waits for the thread
 * and frees. Closes the queue first, so that a reader who no longer reads cannot hold the worker
 * up: what is in the queue can still be popped, what the jobs say from then on is dropped. NULL is
 * fine.
 */
void worker_free(struct worker *worker);

/* Takes a request to the run in progress over; it is followed between two steps. Safe in any
 * thread. -1 (and freed) when no run that can be steered is under way, or when very many requests
 * wait; a NULL request is -1 with the error as it is. What comes too late for a run is told by a
 * note. */
int worker_steer(struct worker *worker, struct steering *steering, struct sawb_error *error);
int worker_steerable(struct worker *worker);

/* For jobs, on the worker's thread only. */
int worker_breathe(struct worker *worker); /* 1: stop now */
/* The oldest request, owned by the job (steering_free); NULL: there is none. */
struct steering *worker_steering(struct worker *worker);
/* Sleeps until an urgent job or a request waits, or the job shall stop. */
void worker_rest(struct worker *worker);
const struct compute *worker_compute(const struct worker *worker);

/* The model in training that predictions shall follow, worked out by `model` when it is asked for;
 * NULL: none. Borrowed: the training job withdraws it before it frees it. *step becomes 0 when
 * there is none. */
typedef const struct model *training_model(void *user);
void worker_set_training(struct worker *worker, training_model *model, void *user, int64_t step);
const struct model *worker_training(const struct worker *worker, int64_t *step);

/* Fills sequence, time and job, takes the event's content over and queues it. A job for whose
 * events there was no memory (also one of a kind that has a text, given without) ends as failed. */
void worker_emit(struct worker *worker, struct event event);
void worker_note(struct worker *worker, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* EVENT_PROGRESS at most ten times a second, and always at the end (done = total). `total` 0: not
 * known. */
void worker_progress(struct worker *worker, const char *what, int64_t done, int64_t total);

#endif
