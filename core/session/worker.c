/*
 * worker.c - the worker thread.
 *
 * A place for a job that waits in each lane, urgent ones and a long one, under one mutex. The mutex
 * is never held while a job runs or while an event is pushed: pushing waits for the reader, and the
 * reader may be the thread that submits.
 */
#include "core/session/worker.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/thread.h"

#define PROGRESS_SECONDS 0.1
#define REQUESTS_MOST 1000 /* that wait for a run */

/* A job with the event that will end it, made when it is submitted: the end is told even when
 * memory has run out meanwhile. */
struct waiting {
    struct job *job; /* NULL: none */
    struct event *done;
};

struct worker {
    const struct compute *compute;
    struct queue *events;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t work;
    struct waiting waiting[LANES]; /* under the mutex */
    int numbers;                   /* under the mutex: the last one given */
    struct steering *first, *last; /* under the mutex: requests to the long job, oldest first */
    int requests;                  /* under the mutex: of them */
    int steerable;                 /* under the mutex: the long job takes them */
    atomic_int busy;               /* a long job runs or waits */
    atomic_int stop;               /* the long job shall stop */
    atomic_int closing;
    int mute; /* there is no thread */

    /* Of the worker's thread alone. */
    int job;             /* number of the one that runs */
    struct job *running; /* NULL: none, or it only ends */
    int lane;            /* where it came from */
    int lost;            /* an event of this job found no memory */
    uint64_t sequence;
    double progress_time;     /* monotonic, of the last progress event */
    training_model *training; /* NULL: nothing is in training */
    void *training_user;
    int64_t training_step;
};

static void discard(struct waiting *waiting) {
    if (waiting->job)
        waiting->job->release(waiting->job);
    free(waiting->done);
    *waiting = (struct waiting){0};
}

static void emit(struct worker *worker, struct event *event) {
    event->sequence = ++worker->sequence;
    event->time = clock_wall();
    event->job = worker->job;
    if (queue_push(worker->events, event) < 0)
        event_free(event);
}

static int needs_text(enum event_kind kind) {
    return kind == EVENT_NOTE || kind == EVENT_ERROR || kind == EVENT_PROGRESS ||
           kind == EVENT_ROW || kind == EVENT_DATA;
}

void worker_emit(struct worker *worker, struct event event) {
    struct event *queued = malloc(sizeof(*queued));
    if (!queued || (needs_text(event.kind) && !event.text)) {
        worker->lost = 1;
        event_clear(&event);
        free(queued);
        return;
    }
    *queued = event;
    if (worker->running && worker->running->hear)
        worker->running->hear(worker->running, worker, queued);
    emit(worker, queued);
}

void worker_note(struct worker *worker, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    worker_emit(worker, (struct event){.kind = EVENT_NOTE, .text = length < 0 ? NULL : text});
}

void worker_progress(struct worker *worker, const char *what, int64_t done, int64_t total) {
    double now = clock_seconds();
    int finished = total > 0 && done >= total;
    if (!finished && now - worker->progress_time < PROGRESS_SECONDS)
        return;
    worker->progress_time = now;
    struct event event = {.kind = EVENT_PROGRESS, .text = strdup(what)};
    event.data.progress.done = done;
    event.data.progress.total = total;
    worker_emit(worker, event);
}

const struct compute *worker_compute(const struct worker *worker) {
    return worker->compute;
}

void worker_set_training(struct worker *worker, training_model *model, void *user, int64_t step) {
    worker->training = model;
    worker->training_user = user;
    worker->training_step = model ? step : 0;
}

const struct model *worker_training(const struct worker *worker, int64_t *step) {
    *step = worker->training_step;
    return worker->training ? worker->training(worker->training_user) : NULL;
}

/* ---- steering -------------------------------------------------------------------------------- */

int worker_steer(struct worker *worker, struct steering *steering, struct sawb_error *error) {
    if (!steering)
        return -1;
    pthread_mutex_lock(&worker->mutex);
    int steerable = worker->steerable, full = worker->requests == REQUESTS_MOST;
    if (steerable && !full) {
        worker->requests++;
        if (worker->last)
            worker->last->next = steering;
        else
            worker->first = steering;
        worker->last = steering;
        pthread_cond_signal(&worker->work);
    }
    pthread_mutex_unlock(&worker->mutex);
    if (steerable && !full)
        return 0;
    if (full)
        error_set(error, "run %s: %d requests wait already", steering_name(steering->kind),
                  REQUESTS_MOST);
    else
        error_set(error, "run %s: no run is in progress; `train DIR --out DIR` starts one",
                  steering_name(steering->kind));
    steering_free(steering);
    return -1;
}

int worker_steerable(struct worker *worker) {
    pthread_mutex_lock(&worker->mutex);
    int steerable = worker->steerable;
    pthread_mutex_unlock(&worker->mutex);
    return steerable;
}

struct steering *worker_steering(struct worker *worker) {
    pthread_mutex_lock(&worker->mutex);
    struct steering *steering = worker->first;
    if (steering) {
        worker->first = steering->next;
        worker->requests--;
    }
    if (!worker->first)
        worker->last = NULL;
    pthread_mutex_unlock(&worker->mutex);
    if (steering)
        steering->next = NULL;
    return steering;
}

/* The run has ended: what it has not read comes too late. */
static void end_steering(struct worker *worker) {
    struct steering *steering;
    pthread_mutex_lock(&worker->mutex);
    worker->steerable = 0;
    pthread_mutex_unlock(&worker->mutex);
    while ((steering = worker_steering(worker))) {
        worker_note(worker, "run %s came too late: the run has ended",
                    steering_name(steering->kind));
        steering_free(steering);
    }
}

static int urgent_waits(const struct worker *worker) {
    for (int lane = LANE_LONG + 1; lane < LANES; lane++)
        if (worker->waiting[lane].job)
            return 1;
    return 0;
}

void worker_rest(struct worker *worker) {
    pthread_mutex_lock(&worker->mutex);
    while (!worker->first && !urgent_waits(worker) && !atomic_load(&worker->stop) &&
           !atomic_load(&worker->closing))
        pthread_cond_wait(&worker->work, &worker->mutex);
    pthread_mutex_unlock(&worker->mutex);
}

/* ---- jobs ------------------------------------------------------------------------------------ */

/* Runs a job to its end and tells it. May be nested: an urgent job inside a later lane's. */
static void run_job(struct worker *worker, struct waiting waiting) {
    struct job *job = waiting.job, *outer_running = worker->running;
    int outer_job = worker->job, outer_lane = worker->lane, outer_lost = worker->lost;
    int lane = job->urgent;
    worker->job = job->number;
    worker->lane = lane;
    worker->lost = 0;
    worker->running = job;

    struct sawb_error error = {{0}};
    int status = job->run(job, worker, &error);
    if (status >= 0 && worker->lost)
        status = error_set(&error, "%s: out of memory, some of what was to be said is missing",
                           job->name);
    worker->running = NULL;
    job->release(job);
    if (status < 0)
        worker_emit(worker, (struct event){.kind = EVENT_ERROR, .text = strdup(error.message)});
    if (lane == LANE_LONG)
        end_steering(worker);
    /* Before the last event: whoever has read it may submit the next job. */
    if (lane == LANE_LONG)
        atomic_store(&worker->busy, 0);
    *waiting.done = (struct event){.kind = EVENT_DONE, .status = status};
    emit(worker, waiting.done);

    worker->running = outer_running;
    worker->job = outer_job;
    worker->lane = outer_lane;
    worker->lost = outer_lost;
}

static struct waiting take(struct waiting *place) {
    struct waiting taken = *place;
    *place = (struct waiting){0};
    return taken;
}

/* What waits in the first urgent lane before `lane`; without a job when there is none. Under the
 * mutex. */
static struct waiting take_urgent(struct worker *worker, int lane) {
    for (int i = LANE_LONG + 1; i < lane; i++)
        if (worker->waiting[i].job)
            return take(&worker->waiting[i]);
    return (struct waiting){0};
}

int worker_breathe(struct worker *worker) {
    int lane = worker->lane, newer = 0;
    while (!atomic_load(&worker->closing)) {
        pthread_mutex_lock(&worker->mutex);
        newer = lane != LANE_LONG && worker->waiting[lane].job;
        if (lane == LANE_TIMING)
            newer |= urgent_waits(worker) || worker->waiting[LANE_LONG].job;
        struct waiting urgent = {0};
        if (lane != LANE_TIMING)
            urgent = take_urgent(worker, lane == LANE_LONG ? LANES : lane);
        pthread_mutex_unlock(&worker->mutex);
        if (!urgent.job)
            break;
        run_job(worker, urgent);
        if (lane == LANE_LONG)
            break; /* one at a breath: its steps get on, however much is asked */
    }
    if (atomic_load(&worker->closing))
        return 1;
    return lane == LANE_LONG ? atomic_load(&worker->stop) : newer;
}

static void *worker_main(void *user) {
    struct worker *worker = user;
    pthread_mutex_lock(&worker->mutex);
    while (!atomic_load(&worker->closing)) {
        struct waiting next = take_urgent(worker, LANES);
        if (!next.job)
            next = take(&worker->waiting[LANE_LONG]);
        if (!next.job) {
            pthread_cond_wait(&worker->work, &worker->mutex);
            continue;
        }
        pthread_mutex_unlock(&worker->mutex);
        run_job(worker, next);
        pthread_mutex_lock(&worker->mutex);
    }
    pthread_mutex_unlock(&worker->mutex);
    return NULL;
}

struct worker *worker_create(const struct compute *compute, struct queue *events,
                             struct sawb_error *error) {
    struct worker *worker = calloc(1, sizeof(*worker));
    if (!worker) {
        error_set(error, "worker: out of memory");
        return NULL;
    }
    worker->compute = compute;
    worker->events = events;
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->work, NULL);
    if (thread_start(&worker->thread, worker_main, worker, "worker", error) < 0) {
        pthread_cond_destroy(&worker->work);
        pthread_mutex_destroy(&worker->mutex);
        free(worker);
        return NULL;
    }
    return worker;
}

/* ---- a mute worker --------------------------------------------------------------------------- */

struct worker *worker_create_mute(struct sawb_error *error) {
    struct worker *worker = calloc(1, sizeof(*worker));
    if (!worker) {
        error_set(error, "worker: out of memory");
        return NULL;
    }
    worker->mute = 1;
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->work, NULL);
    return worker;
}

int worker_is_mute(const struct worker *worker) {
    return worker->mute;
}

struct worker_state worker_state(struct worker *worker) {
    pthread_mutex_lock(&worker->mutex);
    struct worker_state state = {worker->numbers, atomic_load(&worker->busy), worker->steerable};
    pthread_mutex_unlock(&worker->mutex);
    return state;
}

void worker_set_state(struct worker *worker, const struct worker_state *state) {
    worker->numbers = state->numbers;
    atomic_store(&worker->busy, state->busy);
    worker->steerable = state->steerable;
}

int worker_skip(struct worker *worker) {
    pthread_mutex_lock(&worker->mutex);
    int number = ++worker->numbers;
    pthread_mutex_unlock(&worker->mutex);
    return number;
}

/* What it is told is forgotten, so that nothing waits. */
static void forget_all(struct worker *worker) {
    for (int lane = 0; lane < LANES; lane++)
        discard(&worker->waiting[lane]);
    for (struct steering *steering; (steering = worker_steering(worker));)
        steering_free(steering);
}

int worker_submit(struct worker *worker, struct job *job, struct sawb_error *error) {
    if (!job)
        return -1;
    struct waiting waiting = {job, malloc(sizeof(*waiting.done))};
    if (!waiting.done) {
        discard(&waiting);
        return error_set(error, "worker: out of memory for a job");
    }

    pthread_mutex_lock(&worker->mutex);
    if (job->urgent == LANE_LONG && atomic_load(&worker->busy)) {
        pthread_mutex_unlock(&worker->mutex);
        error_set(error, "%s: another long job is under way; wait for it or stop it first",
                  job->name);
        discard(&waiting);
        return -1;
    }
    int number = ++worker->numbers;
    job->number = number;
    struct waiting replaced = take(&worker->waiting[job->urgent]);
    worker->waiting[job->urgent] = waiting;
    if (job->urgent == LANE_LONG) {
        atomic_store(&worker->stop, 0);
        atomic_store(&worker->busy, 1);
        worker->steerable = job->steerable;
    }
    pthread_cond_signal(&worker->work);
    pthread_mutex_unlock(&worker->mutex);
    discard(&replaced);
    if (worker->mute)
        forget_all(worker);
    return number;
}

void worker_stop(struct worker *worker) {
    pthread_mutex_lock(&worker->mutex);
    atomic_store(&worker->stop, 1);
    pthread_cond_signal(&worker->work);
    pthread_mutex_unlock(&worker->mutex);
}

int worker_busy(const struct worker *worker) {
    return atomic_load(&worker->busy);
}

void worker_free(struct worker *worker) {
    if (!worker)
        return;
    pthread_mutex_lock(&worker->mutex);
    atomic_store(&worker->closing, 1);
    pthread_cond_signal(&worker->work);
    pthread_mutex_unlock(&worker->mutex);
    if (!worker->mute) {
        queue_close(worker->events);
        pthread_join(worker->thread, NULL);
    }
    forget_all(worker);
    pthread_cond_destroy(&worker->work);
    pthread_mutex_destroy(&worker->mutex);
    free(worker);
}
