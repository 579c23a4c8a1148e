/*
 * queue.h - a bounded queue of pointers between threads, with a file descriptor that can be polled.
 *
 * Order is kept and nothing is ever dropped: a full queue makes the writer wait. After queue_close
 * a push fails and pops drain what is left.
 */
#ifndef SAWB_CORE_BASE_QUEUE_H
#define SAWB_CORE_BASE_QUEUE_H

#include "core/base/error.h"

struct queue;

struct queue *queue_create(int capacity, struct sawb_error *error);

/* `release` is called for what is still in the queue; may be NULL. */
void queue_free(struct queue *queue, void (*release)(void *item));

/* 0, or -1 when the queue is closed (the caller keeps the item). Waits while the queue is full. */
int queue_push(struct queue *queue, void *item);

/* The oldest item, or NULL at once when there is none. */
void *queue_pop(struct queue *queue);

/* The oldest item; waits up to `milliseconds` (negative: without end). NULL on time-out or when the
 * queue is closed and empty. */
void *queue_wait(struct queue *queue, int milliseconds);

/* Readable while the queue holds something; borrowed. */
int queue_descriptor(const struct queue *queue);

void queue_close(struct queue *queue);

#endif
