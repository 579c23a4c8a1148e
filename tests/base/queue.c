/*
 * The queue between threads: order, waiting when full, draining after close, the pollable
 * descriptor.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/queue.h"
#include "tests/test.h"

static int is_readable(const struct queue *queue) {
    struct pollfd entry = {.fd = queue_descriptor(queue), .events = POLLIN};
    return poll(&entry, 1, 0) == 1;
}

static struct queue *make(int capacity) {
    struct sawb_error error;
    struct queue *queue = queue_create(capacity, &error);
    assert_non_null(queue);
    return queue;
}

static void keeps_order_and_polls(void **state) {
    (void)state;
    struct queue *queue = make(3);
    int items[7];
    assert_null(queue_pop(queue));
    assert_false(is_readable(queue));
    for (int round = 0; round < 5; round++) { /* goes round the ring */
        assert_int_equal(queue_push(queue, &items[round]), 0);
        assert_int_equal(queue_push(queue, &items[round + 1]), 0);
        assert_true(is_readable(queue));
        assert_ptr_equal(queue_pop(queue), &items[round]);
        assert_true(is_readable(queue));
        assert_ptr_equal(queue_wait(queue, 0), &items[round + 1]);
        assert_false(is_readable(queue));
    }
    queue_free(queue, NULL);
}

static void refuses_bad_capacity(void **state) {
    (void)state;
    struct sawb_error error;
    assert_null(queue_create(0, &error));
    assert_non_null(strstr(error.message, "capacity"));
    queue_free(NULL, NULL);
}

static void drains_after_close(void **state) {
    (void)state;
    struct queue *queue = make(2);
    int item;
    assert_int_equal(queue_push(queue, &item), 0);
    queue_close(queue);
    assert_int_equal(queue_push(queue, &item), -1);
    assert_ptr_equal(queue_wait(queue, -1), &item);
    assert_null(queue_wait(queue, -1));
    assert_null(queue_pop(queue));
    queue_free(queue, NULL);
}

static void waits_no_longer_than_asked(void **state) {
    (void)state;
    struct queue *queue = make(1);
    double begin = clock_seconds();
    assert_null(queue_wait(queue, 20));
    double waited = clock_seconds() - begin;
    assert_true(waited >= 0.019 && waited < 5);
    queue_free(queue, NULL);
}

static void release_and_clear(void *item) {
    *(int *)item = 0;
}

static void releases_what_is_left(void **state) {
    (void)state;
    struct queue *queue = make(4);
    int items[] = {1, 1, 1};
    for (int i = 0; i < 3; i++)
        queue_push(queue, &items[i]);
    queue_pop(queue);
    queue_free(queue, release_and_clear);
    assert_int_equal(items[0], 1);
    assert_int_equal(items[1] + items[2], 0);
}

enum { WRITERS = 3, EACH = 2000 };

struct writer {
    struct queue *queue;
    int numbers[EACH];
};

static void *write_all(void *user) {
    struct writer *writer = user;
    for (int i = 0; i < EACH; i++) {
        if (queue_push(writer->queue, &writer->numbers[i]) < 0)
            return writer;
    }
    return NULL;
}

/* Three threads through a ring of two places: nothing is lost, each writer's order is kept. */
static void carries_between_threads(void **state) {
    (void)state;
    struct queue *queue = make(2);
    struct writer *writers = calloc(WRITERS, sizeof(*writers));
    pthread_t threads[WRITERS];
    int next[WRITERS] = {0};
    assert_non_null(writers);
    for (int w = 0; w < WRITERS; w++) {
        writers[w].queue = queue;
        for (int i = 0; i < EACH; i++)
            writers[w].numbers[i] = w * EACH + i;
        assert_int_equal(pthread_create(&threads[w], NULL, write_all, &writers[w]), 0);
    }
    for (int i = 0; i < WRITERS * EACH; i++) {
        int *number = queue_wait(queue, -1);
        assert_non_null(number);
        int writer = *number / EACH;
        assert_int_equal(*number % EACH, next[writer]++);
    }
    for (int w = 0; w < WRITERS; w++) {
        void *failed;
        pthread_join(threads[w], &failed);
        assert_null(failed);
    }
    assert_false(is_readable(queue));
    queue_free(queue, NULL);
    free(writers);
}

/* A writer that waits for room is let go by close, and told so. */
static void close_frees_a_waiting_writer(void **state) {
    (void)state;
    struct queue *queue = make(1);
    struct writer *writer = calloc(1, sizeof(*writer));
    pthread_t thread;
    void *failed;
    assert_non_null(writer);
    writer->queue = queue;
    assert_int_equal(pthread_create(&thread, NULL, write_all, writer), 0);
    assert_non_null(queue_wait(queue, -1));
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    queue_close(queue);
    pthread_join(thread, &failed);
    assert_ptr_equal(failed, writer);
    queue_free(queue, NULL);
    free(writer);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(keeps_order_and_polls),        cmocka_unit_test(refuses_bad_capacity),
    cmocka_unit_test(drains_after_close),           cmocka_unit_test(waits_no_longer_than_asked),
    cmocka_unit_test(releases_what_is_left),        cmocka_unit_test(carries_between_threads),
    cmocka_unit_test(close_frees_a_waiting_writer),
};
TEST_GROUP(tests_base_queue, tests);
