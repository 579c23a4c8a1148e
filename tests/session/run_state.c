/*
 * run_state.c - runs as others see them: the state that logs and locks tell, the runs of a folder,
 * and a feed that follows a log while it grows, is begun anew, or breaks off.
 */
#include "core/session/run_state.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/session/run_feed.h"
#include "core/session/run_line.h"
#include "core/session/run_log.h"
#include "core/session/run_socket.h"
#include "tests/temporary.h"
#include "tests/test.h"

#define BEGUN "{\"step\":0,\"state\":\"running\",\"total\":40,\"pid\":7,\"time\":1000.5}\n"
#define STEP(n) "{\"step\":" #n ",\"loss\":0." #n ",\"tokens\":3}\n"
#define EVALUATED(n, accuracy)                                                                     \
    "{\"step\":" #n ",\"eval\":{\"accuracy\":" #accuracy ",\"loss\":1}}\n"
#define PAUSED "{\"step\":2,\"steered\":\"pause\",\"done\":true,\"time\":1001}\n"
#define CONTINUED "{\"step\":2,\"steered\":\"continue\",\"done\":true,\"time\":1002}\n"
#define ENDED(state) "{\"step\":3,\"state\":\"" state "\",\"error\":null,\"time\":1003}\n"

static void write_log(const char *directory, const char *text) {
    struct sawb_error error;
    char *path = file_join(directory, RUN_LOG_FILE);
    assert_int_equal(file_make_directory(directory, &error), 0);
    assert_int_equal(file_replace(path, text, strlen(text), &error), 0);
    free(path);
}

static enum run_state state_of(const char *directory, const char *text) {
    struct run_summary summary;
    struct sawb_error error;
    write_log(directory, text);
    if (run_summary_read(&summary, directory, &error) < 0)
        fail_msg("%s", error.message);
    run_summary_free(&summary);
    return summary.state;
}

/* The same while a run holds the lock. */
static enum run_state locked_state_of(const char *directory, const char *text) {
    struct run_summary summary;
    struct run_log log, second;
    struct sawb_error error;
    write_log(directory, text);
    assert_int_equal(run_log_begin(&log, directory, &error), 0);
    assert_int_equal(run_log_begin(&second, directory, &error), -1);
    assert_non_null(strstr(error.message, "another run is in progress"));
    run_log_end(&second);
    assert_int_equal(run_summary_read(&summary, directory, &error), 0);
    run_summary_free(&summary);
    run_log_end(&log);
    return summary.state;
}

static void test_states(void **state) {
    (void)state;
    struct temporary folder;
    temporary_make(&folder);
    const char *path = folder.path;
    assert_int_equal(state_of(path, BEGUN STEP(1) ENDED("done")), RUN_DONE);
    assert_int_equal(state_of(path, BEGUN STEP(1) ENDED("stopped")), RUN_STOPPED);
    assert_int_equal(state_of(path, BEGUN STEP(1) ENDED("failed")), RUN_FAILED);
    assert_int_equal(state_of(path, BEGUN STEP(1)), RUN_DIED);
    assert_int_equal(state_of(path, BEGUN STEP(1) PAUSED), RUN_DIED);
    assert_int_equal(state_of(path, STEP(1)), RUN_UNKNOWN);
    assert_int_equal(state_of(path, BEGUN ENDED("done") BEGUN STEP(1)), RUN_DIED);
    assert_int_equal(locked_state_of(path, BEGUN STEP(1)), RUN_RUNNING);
    assert_int_equal(locked_state_of(path, BEGUN STEP(1) PAUSED), RUN_PAUSED);
    assert_int_equal(locked_state_of(path, BEGUN STEP(1) PAUSED CONTINUED), RUN_RUNNING);
    assert_int_equal(locked_state_of(path, BEGUN STEP(1) ENDED("done")), RUN_STARTING);
    assert_int_equal(locked_state_of(path, ""), RUN_STARTING);
    temporary_remove(&folder);
}

/* A log that nothing was written to leaves nothing behind; one that was there stays. */
static void test_unused_log(void **state) {
    (void)state;
    struct temporary folder;
    struct run_log log;
    struct sawb_error error;
    temporary_make(&folder);
    assert_int_equal(run_log_begin(&log, folder.path, &error), 0);
    run_log_end(&log);
    assert_int_equal(temporary_entries(folder.path), 0);
    write_log(folder.path, STEP(1));
    assert_int_equal(run_log_begin(&log, folder.path, &error), 0);
    run_log_end(&log);
    assert_int_equal(temporary_entries(folder.path), 1);
    temporary_remove(&folder);
}

/* The first line of a run says in which precision it goes on. */
static void test_first_line(void **state) {
    (void)state;
    struct run_line line;
    char *text = run_log_begun(3, 40, PRECISION_BF16);
    assert_non_null(text);
    assert_non_null(strstr(text, "\"precision\":\"bf16\""));
    assert_int_equal(run_line_read(&line, text, strlen(text)), 0);
    assert_int_equal(line.kind, RUN_LINE_BEGUN);
    assert_int_equal(line.step, 3);
    assert_int_equal(line.total, 40);
    run_line_free(&line);
    free(text);
}

static void test_summary(void **state) {
    (void)state;
    struct temporary folder;
    struct run_summary summary;
    struct sawb_error error;
    temporary_make(&folder);
    write_log(folder.path, BEGUN STEP(1) EVALUATED(1, 0.5) STEP(2) EVALUATED(2, 0.75) STEP(3)
                               EVALUATED(3, 0.625) "{\"step\":3,\"note\":\"no \\\"eval\\\"\"}\n"
                                                   "{\"step\":4,\"loss\":0.1}\n{\"step\":5,\"lo");
    assert_int_equal(run_summary_read(&summary, folder.path, &error), 0);
    assert_int_equal(summary.step, 4);
    assert_int_equal(summary.total, 40);
    assert_int_equal(summary.pid, 7);
    assert_true(summary.loss == 0.1);
    assert_true(summary.accuracy == 0.625);
    assert_true(summary.best == 0.75);
    assert_int_equal(summary.best_step, 2);
    run_summary_free(&summary);

    write_log(folder.path, STEP(1) "{\"step\":-4,\"loss\":1}\nnoise\n{}\n[1]\n{\"step\":\"9\"}\n");
    assert_int_equal(run_summary_read(&summary, folder.path, &error), 0);
    assert_int_equal(summary.step, 1);
    assert_true(isnan(summary.accuracy) && isnan(summary.best));
    run_summary_free(&summary);
    write_log(folder.path, "of another program\n{\"x\":1}\n");
    assert_int_equal(run_summary_read(&summary, folder.path, &error), -1);
    temporary_remove(&folder);
}

static void test_list(void **state) {
    (void)state;
    struct temporary folder;
    struct run_summary *list;
    struct sawb_error error;
    int count;
    temporary_make(&folder);
    static const char *const names[] = {"a", "b/c", ".hidden", "d/e/f/g/h/too-deep", "other"};
    for (int i = 0; i < 5; i++) {
        char *path = temporary_path(&folder, names[i]);
        char *log = file_join(path, RUN_LOG_FILE);
        write_log(path, i == 4 ? "of another program\n" : BEGUN STEP(1));
        struct timespec times[2] = {{.tv_sec = 1000 + i}, {.tv_sec = 1000 + i}};
        assert_int_equal(utimensat(AT_FDCWD, log, times, 0), 0);
        free(log);
        free(path);
    }
    char *circle = temporary_path(&folder, "circle");
    assert_int_equal(symlink(folder.path, circle), 0);
    assert_int_equal(run_list(&list, &count, folder.path, &error), 0);
    assert_int_equal(count, 2);
    assert_non_null(strstr(list[0].directory, "b/c")); /* the newest */
    assert_true(list[0].time == 1001);
    assert_non_null(strstr(list[1].directory, "/a"));
    run_list_free(list, count);
    assert_int_equal(run_list(&list, &count, "/nowhere/at/all", &error), -1);
    free(circle);
    temporary_remove(&folder);
}

/* ---- feeds ----------------------------------------------------------------------------------- */

static void assert_line(struct run_feed *feed, const char *expected) {
    const char *text;
    size_t length;
    assert_int_equal(run_feed_line(feed, &text, &length), 1);
    assert_int_equal(length, strcspn(expected, "\n"));
    assert_memory_equal(text, expected, length);
}

static void assert_no_line(struct run_feed *feed, int expected) {
    const char *text;
    size_t length;
    assert_int_equal(run_feed_line(feed, &text, &length), expected);
}

static void say(struct run_log *log, const char *line) {
    struct sawb_error error;
    assert_int_equal(run_log_write(log, strndup(line, strlen(line) - 1), &error), 0);
}

static struct run_feed *open_feed(const char *directory) {
    struct run_feed *feed;
    struct sawb_error error;
    if (run_feed_open(&feed, directory, 0, &error) < 0)
        fail_msg("%s", error.message);
    return feed;
}

/* Without a socket, by the log alone: a late one gets all of it, then what comes. */
static void test_feed(void **state) {
    (void)state;
    struct temporary folder;
    struct run_log log;
    struct sawb_error error;
    temporary_make(&folder);
    struct run_feed *feed;
    assert_int_equal(run_feed_open(&feed, folder.path, 0, &error), -1);
    assert_non_null(strstr(error.message, "no run"));
    assert_int_equal(run_log_begin(&log, folder.path, &error), 0);
    assert_int_equal(run_log_start(&log, 1, &error), 0);
    say(&log, BEGUN);
    say(&log, STEP(1));
    feed = open_feed(folder.path);
    assert_line(feed, BEGUN);
    assert_line(feed, STEP(1));
    assert_no_line(feed, 0);
    assert_int_equal(run_feed_ask(feed, "pause", &error), -1);
    assert_non_null(strstr(error.message, "can only be watched")); /* nobody listens */
    assert_true(run_feed_patience(feed) > 0);
    say(&log, STEP(2));
    assert_line(feed, STEP(2));
    say(&log, ENDED("done"));
    run_log_end(&log);
    assert_line(feed, ENDED("done"));
    assert_no_line(feed, -1);
    assert_int_equal(run_feed_end(feed), 1);
    run_feed_free(feed);

    /* The same folder again, by one that dies in the middle of a line. */
    assert_int_equal(run_log_begin(&log, folder.path, &error), 0);
    feed = open_feed(folder.path);
    assert_int_equal(run_log_start(&log, 0, &error), 0);
    say(&log, BEGUN);
    say(&log, STEP(3));
    assert_int_equal(write(log.descriptor, "{\"step\":4,\"lo", 13), 13);
    for (int i = 0; i < 6; i++)
        assert_no_line(feed, 1);
    assert_no_line(feed, 0);
    run_log_end(&log);
    assert_no_line(feed, -1);
    assert_int_equal(run_feed_end(feed), 0);
    run_feed_free(feed);
    temporary_remove(&folder);
}

/* A run that begins its log anew is read from its start. */
static void test_feed_anew(void **state) {
    (void)state;
    struct temporary folder;
    struct run_log log;
    struct sawb_error error;
    temporary_make(&folder);
    write_log(folder.path, BEGUN STEP(1) STEP(2) ENDED("done"));
    assert_int_equal(run_log_begin(&log, folder.path, &error), 0);
    struct run_feed *feed = open_feed(folder.path);
    for (int i = 0; i < 4; i++)
        assert_no_line(feed, 1);
    assert_no_line(feed, 0);
    assert_int_equal(run_log_start(&log, 1, &error), 0);
    say(&log, BEGUN);
    assert_line(feed, BEGUN);
    run_log_end(&log);
    assert_no_line(feed, -1);
    assert_int_equal(run_feed_end(feed), 0);
    run_feed_free(feed);
    temporary_remove(&folder);
}

/* Also when it has grown beyond what was read of the one before. */
static void test_feed_overtaken(void **state) {
    (void)state;
    struct temporary folder;
    struct run_log log;
    struct sawb_error error;
    temporary_make(&folder);
    write_log(folder.path, BEGUN STEP(7) ENDED("done"));
    assert_int_equal(run_log_begin(&log, folder.path, &error), 0);
    struct run_feed *feed = open_feed(folder.path);
    for (int i = 0; i < 3; i++)
        assert_no_line(feed, 1);
    assert_no_line(feed, 0);
    assert_int_equal(run_log_start(&log, 1, &error), 0);
    say(&log, STEP(0));
    for (int i = 0; i < 9; i++)
        say(&log, STEP(1));
    assert_line(feed, STEP(0));
    for (int i = 0; i < 9; i++)
        assert_line(feed, STEP(1));
    assert_no_line(feed, 0);
    run_log_end(&log);
    run_feed_free(feed);
    temporary_remove(&folder);
}

/* What a run is asked before it listens is asked when it does; `log` is started meanwhile. */
static void ask_early(const char *directory, struct run_log *log, struct worker *worker) {
    static const struct model_config config = {.layers = 1, .heads = 1};
    struct sawb_error error;
    struct run_feed *feed = open_feed(directory);
    const char *text, *refusal = NULL;
    size_t length;
    while (run_feed_line(feed, &text, &length) == 1)
        ;
    assert_int_equal(run_feed_ask(feed, "dance", &error), 0);
    assert_no_line(feed, 0);
    assert_true(run_feed_patience(feed) > 0);
    assert_int_equal(run_log_start(log, 0, &error), 0);
    say(log, BEGUN);
    assert_line(feed, BEGUN);
    struct run_socket *run = run_socket_open(directory, worker, NULL, &config, &error);
    assert_non_null(run);
    for (int i = 0; i < 20000 && !refusal; i++) {
        assert_no_line(feed, 0);
        refusal = run_feed_refusal(feed);
        usleep(1000);
    }
    assert_non_null(strstr(refusal, "dance"));
    assert_true(run_feed_descriptor(feed) >= 0);
    run_socket_close(run);
    run_feed_free(feed);
}

static void test_feed_early(void **state) {
    (void)state;
    struct temporary folder;
    struct run_log log;
    struct sockaddr_un left = {.sun_family = AF_UNIX};
    struct sawb_error error;
    temporary_make(&folder);
    struct queue *events = queue_create(4, &error);
    struct worker *worker = worker_create(NULL, events, &error);
    assert_int_equal(run_log_begin(&log, folder.path, &error), 0);
    ask_early(folder.path, &log, worker);
    run_log_end(&log);

    /* Where another one was killed. */
    snprintf(left.sun_path, sizeof(left.sun_path), "%.80s/" RUN_SOCKET_FILE, folder.path);
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(dead, (struct sockaddr *)&left, sizeof(left)), 0);
    close(dead);
    assert_int_equal(run_log_begin(&log, folder.path, &error), 0);
    ask_early(folder.path, &log, worker);

    /* One that nobody can ask, for want of a socket: it is told. */
    struct run_feed *feed = open_feed(folder.path);
    const char *text;
    size_t length;
    while (run_feed_line(feed, &text, &length) == 1)
        ;
    assert_int_equal(run_feed_ask(feed, "pause", &error), -1);
    run_feed_free(feed);
    run_log_end(&log);
    worker_free(worker);
    queue_free(events, NULL);
    temporary_remove(&folder);
}

#define WATCHED_STEPS 3000

/* A run that tells its steps as fast as it can. */
static void *run_quickly(void *user) {
    const char *directory = user;
    static const struct model_config config = {.layers = 1, .heads = 1};
    struct run_log log;
    struct sawb_error error;
    struct queue *events = queue_create(4, &error);
    struct worker *worker = worker_create(NULL, events, &error);
    int status = run_log_begin(&log, directory, &error) | run_log_start(&log, 1, &error);
    struct run_socket *run = run_socket_open(directory, worker, NULL, &config, &error);
    for (int step = 1; step <= WATCHED_STEPS && status == 0 && run; step++) {
        struct step_report report = {.step = step};
        status = run_log_write(&log, run_log_step(&report), &error);
        run_socket_log(run, log.size);
    }
    status |= run_log_write(&log, run_log_ended(WATCHED_STEPS, 0, NULL), &error);
    run_socket_close(run);
    run_log_end(&log);
    worker_free(worker);
    queue_free(events, NULL);
    return status == 0 && run ? NULL : user;
}

/* Reads on, as far as there is something; 0: that was all. *step: the last one that was told. */
static int sees_in_order(struct run_feed *feed, int64_t *step) {
    struct run_line line;
    const char *text;
    size_t length;
    int status;
    while ((status = run_feed_line(feed, &text, &length)) == 1) {
        assert_int_equal(run_line_read(&line, text, length), 0);
        if (line.kind == RUN_LINE_STEP && line.step != ++*step)
            fail_msg("step %d was told behind step %d", (int)line.step, (int)*step - 1);
        run_line_free(&line);
    }
    return status == 0;
}

/* Whoever comes, and whenever, sees each step once and in order. */
static void test_feed_any_moment(void **state) {
    (void)state;
    enum { WATCHERS = 40 };
    struct temporary folder;
    struct run_feed *feeds[WATCHERS] = {NULL};
    int64_t steps[WATCHERS] = {0};
    struct sawb_error error;
    pthread_t thread;
    void *failed;
    int going = 1;
    temporary_make(&folder);
    assert_int_equal(pthread_create(&thread, NULL, run_quickly, folder.path), 0);
    for (int count = 0; going || count < WATCHERS;) {
        if (count < WATCHERS && run_feed_open(&feeds[count], folder.path, count % 2, &error) == 0)
            count++;
        going = 0;
        for (int i = 0; i < count; i++)
            going |= sees_in_order(feeds[i], &steps[i]);
    }
    pthread_join(thread, &failed);
    assert_null(failed);
    for (int i = 0; i < WATCHERS; i++) {
        assert_int_equal(steps[i], WATCHED_STEPS);
        assert_int_equal(run_feed_end(feeds[i]), 1);
        run_feed_free(feeds[i]);
    }
    temporary_remove(&folder);
}

/* What the socket tells besides: progress, refusals, and its end. */
static void test_feed_socket(void **state) {
    (void)state;
    static const struct model_config config = {.layers = 1, .heads = 1};
    struct temporary folder;
    struct run_log log;
    struct run_progress progress = {.what = ""};
    struct sawb_error error;
    temporary_make(&folder);
    struct queue *events = queue_create(4, &error);
    struct worker *worker = worker_create(NULL, events, &error);
    assert_int_equal(run_log_begin(&log, folder.path, &error), 0);
    assert_int_equal(run_log_start(&log, 1, &error), 0);
    struct run_socket *run = run_socket_open(folder.path, worker, NULL, &config, &error);
    assert_non_null(run);
    say(&log, BEGUN);
    struct run_feed *feed = open_feed(folder.path), *watcher;
    assert_int_equal(run_feed_open(&watcher, folder.path, 1, &error), 0);
    assert_int_equal(run_feed_ask(watcher, "pause", &error), -1);
    assert_int_equal(run_feed_ask(feed, "two\nlines", &error), -1);
    assert_int_equal(run_feed_ask(feed, "dance", &error), 0);
    const char *refusal = NULL;
    int seen = 0;
    assert_line(feed, BEGUN);
    assert_line(watcher, BEGUN);
    for (int i = 0; i < 20000 && !(refusal && seen); i++) {
        assert_no_line(feed, 0);
        assert_no_line(watcher, 0);
        refusal = refusal ? refusal : run_feed_refusal(feed);
        run_socket_progress(run, "evaluate", 3, 8); /* who comes later does not hear of it */
        seen |= run_feed_progress(feed, &progress);
        usleep(1000);
    }
    assert_non_null(strstr(refusal, "dance"));
    assert_string_equal(progress.what, "evaluate");
    assert_int_equal(progress.done, 3);
    assert_int_equal(progress.total, 8);
    say(&log, ENDED("stopped"));
    run_socket_close(run);
    run_log_end(&log);
    assert_line(feed, ENDED("stopped"));
    assert_no_line(feed, -1);
    assert_int_equal(run_feed_end(feed), 1);
    run_feed_free(feed);
    run_feed_free(watcher);
    worker_free(worker);
    queue_free(events, NULL);
    temporary_remove(&folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_states),
    cmocka_unit_test(test_unused_log),
    cmocka_unit_test(test_first_line),
    cmocka_unit_test(test_summary),
    cmocka_unit_test(test_list),
    cmocka_unit_test(test_feed),
    cmocka_unit_test(test_feed_anew),
    cmocka_unit_test(test_feed_socket),
    cmocka_unit_test(test_feed_overtaken),
    cmocka_unit_test(test_feed_early),
    cmocka_unit_test(test_feed_any_moment),
};

TEST_GROUP(tests_session_run_state, tests);
