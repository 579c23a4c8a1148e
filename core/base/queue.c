/*
 * queue.c - the bounded queue: a ring under a mutex, and a pipe that holds one byte while the ring
 * holds anything.
 */
#include "core/base/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct queue {
    void **items; /* [capacity], a ring */
    int capacity, first, count, closed;
    int pipe[2];
    pthread_mutex_t mutex;
    pthread_cond_t readable, writable;
};

struct queue *queue_create(int capacity, struct sawb_error *error) {
    if (capacity < 1) {
        error_set(error, "queue: a capacity of %d holds nothing; it must be 1 or more", capacity);
        return NULL;
    }
    struct queue *queue = calloc(1, sizeof(*queue));
    void **items = calloc((size_t)capacity, sizeof(*items));
    if (!queue || !items) {
        error_set(error, "queue: out of memory for %d items", capacity);
        goto fail;
    }
    if (pipe2(queue->pipe, O_CLOEXEC | O_NONBLOCK) < 0) {
        error_set(error, "queue: cannot make a pipe: %s; close some files or raise `ulimit -n`",
                  strerror(errno));
        goto fail;
    }
    queue->items = items;
    queue->capacity = capacity;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->readable, &attributes);
    pthread_cond_init(&queue->writable, &attributes);
    pthread_condattr_destroy(&attributes);
    return queue;

fail:
    free(items);
    free(queue);
    return NULL;
}

void queue_free(struct queue *queue, void (*release)(void *item)) {
    if (!queue)
        return;
    for (int i = 0; release && i < queue->count; i++)
        release(queue->items[((size_t)queue->first + (size_t)i) % (size_t)queue->capacity]);
    pthread_cond_destroy(&queue->writable);
    pthread_cond_destroy(&queue->readable);
    pthread_mutex_destroy(&queue->mutex);
    close(queue->pipe[0]);
    close(queue->pipe[1]);
    free(queue->items);
    free(queue);
}

/* The pipe holds at most one byte, so that neither end can ever have to wait. */
static void mark_readable(struct queue *queue) {
    while (write(queue->pipe[1], "", 1) < 0 && errno == EINTR)
        ;
}

static void mark_empty(struct queue *queue) {
    char byte;
    while (read(queue->pipe[0], &byte, 1) < 0 && errno == EINTR)
        ;
}

int queue_push(struct queue *queue, void *item) {
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == queue->capacity && !queue->closed)
        pthread_cond_wait(&queue->writable, &queue->mutex);
    int status = queue->closed ? -1 : 0;
    if (status == 0) {
        size_t last = ((size_t)queue->first + (size_t)queue->count) % (size_t)queue->capacity;
        queue->items[last] = item;
        if (queue->count++ == 0)
            mark_readable(queue);
        pthread_cond_signal(&queue->readable);
    }
    pthread_mutex_unlock(&queue->mutex);
    return status;
}

/* With the mutex held. */
static void *take_first(struct queue *queue) {
    if (queue->count == 0)
        return NULL;
    void *item = queue->items[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    if (--queue->count == 0)
        mark_empty(queue);
    pthread_cond_signal(&queue->writable);
    return item;
}

void *queue_pop(struct queue *queue) {
    pthread_mutex_lock(&queue->mutex);
    void *item = take_first(queue);
    pthread_mutex_unlock(&queue->mutex);
    return item;
}

static struct timespec deadline_after(int milliseconds) {
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += milliseconds / 1000;
    deadline.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_nsec -= 1000000000;
        deadline.tv_sec++;
    }
    return deadline;
}

void *queue_wait(struct queue *queue, int milliseconds) {
    struct timespec deadline = deadline_after(milliseconds < 0 ? 0 : milliseconds);
    pthread_mutex_lock(&queue->mutex);
    int status = 0;
    while (queue->count == 0 && !queue->closed && status != ETIMEDOUT) {
        if (milliseconds < 0)
            pthread_cond_wait(&queue->readable, &queue->mutex);
        else
            status = pthread_cond_timedwait(&queue->readable, &queue->mutex, &deadline);
    }
    void *item = take_first(queue);
    pthread_mutex_unlock(&queue->mutex);
    return item;
}

int queue_descriptor(const struct queue *queue) {
    return queue->pipe[0];
}

void queue_close(struct queue *queue) {
    pthread_mutex_lock(&queue->mutex);
    queue->closed = 1;
    pthread_cond_broadcast(&queue->readable);
    pthread_cond_broadcast(&queue->writable);
    pthread_mutex_unlock(&queue->mutex);
}
