/*
 * rows.c - every row of a data set answered by two arms through a real worker: against evaluate and
 * compare, wanted rows first, stopped, with a prediction in between.
 */
#include "core/session/rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "tests/temporary.h"
#include "tests/test.h"

#define BERT "tests/model/vectors/bert"
#define LIMIT_MS 60000
#define ROWS 70
#define EVENTS_MAX 1024

struct bed {
    struct temporary folder;
    char *path;
    struct compute compute;
    struct queue *events;
    struct worker *worker;
    struct model *model;
    struct row_set *set;
    struct job_arm arms[2];
    struct event *seen[EVENTS_MAX]; /* of the job that was waited for last */
    int count;
    struct sawb_error error;
};

static void must(struct bed *bed, int status) {
    if (status < 0)
        fail_msg("%s", bed->error.message);
}

static void write_rows(struct bed *bed) {
    static const char *const words[] = {"film", "story", "warm", "dull", "good",
                                        "bad",  "never", "very", "fine"};
    char *text = calloc(ROWS + 1, 64);
    assert_non_null(text);
    strcpy(text, "sentence\tlabel\n");
    for (int row = 0; row < ROWS; row++) {
        for (int i = 0; i <= row % 5; i++)
            strcat(strcat(text, words[(row * 7 + i * 4) % 9]), i == row % 5 ? "\t" : " ");
        strcat(text, row % 10 == 9 ? "-1\n" : row % 3 ? "1\n" : "0\n");
    }
    bed->path = temporary_path(&bed->folder, "rows.tsv");
    must(bed, file_replace(bed->path, text, strlen(text), &bed->error));
    free(text);
}

static void bed_open(struct bed *bed) {
    memset(bed, 0, sizeof(*bed));
    temporary_make(&bed->folder);
    write_rows(bed);
    must(bed, compute_open(&bed->compute, 1, &bed->error));
    /* One event at a time: a job cannot end before a test that stops it has begun to read. */
    bed->events = queue_create(1, &bed->error);
    bed->worker = worker_create(&bed->compute, bed->events, &bed->error);
    assert_non_null(bed->worker);
    must(bed, model_open(&bed->model, BERT, &(struct model_options){.seed = 1}, &bed->error));
    must(bed, row_set_open(&bed->set, bed->path, &bed->error));
    bed->arms[0] = (struct job_arm){.model = bed->model, .spec = "dense"};
    bed->arms[1] = (struct job_arm){.model = bed->model, .spec = "local(1)"};
}

static void forget(struct bed *bed) {
    while (bed->count > 0)
        event_free(bed->seen[--bed->count]);
}

static void bed_close(struct bed *bed) {
    forget(bed);
    worker_free(bed->worker);
    queue_free(bed->events, (void (*)(void *))event_free);
    row_set_release(bed->set);
    model_release(bed->model);
    compute_close(&bed->compute);
    free(bed->path);
    temporary_remove(&bed->folder);
}

static int submit(struct bed *bed, struct job *job) {
    int number = worker_submit(bed->worker, job, &bed->error);
    must(bed, number);
    return number;
}

/* Keeps what comes until the job's end and returns its status. */
static int wait_for_end(struct bed *bed, int number) {
    for (;;) {
        struct event *event = queue_wait(bed->events, LIMIT_MS);
        assert_non_null(event);
        assert_true(bed->count < EVENTS_MAX);
        bed->seen[bed->count++] = event;
        if (event->kind == EVENT_DONE && event->job == number)
            return event->status;
    }
}

static int run(struct bed *bed, struct job *job) {
    forget(bed);
    return wait_for_end(bed, submit(bed, job));
}

static struct job *rows_job(struct bed *bed) {
    return job_rows(bed->arms, bed->set, 1, &bed->error);
}

/* Event `index` of a kind; NULL past the last. */
static struct event *seen(struct bed *bed, enum event_kind kind, int index) {
    for (int i = 0; i < bed->count; i++)
        if (bed->seen[i]->kind == kind && index-- == 0)
            return bed->seen[i];
    return NULL;
}

static void test_as_evaluate_and_compare(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    static float logits[2][ROWS][2];
    struct event *event;
    bed.arms[1].spec = "local(1); heads_off(1.0, 1.1)";
    for (int arm = 0; arm < 2; arm++) {
        assert_int_equal(run(&bed, job_evaluate(&bed.arms[arm], bed.path, 1, 1, &bed.error)), 0);
        for (int i = 0; (event = seen(&bed, EVENT_ROW, i)); i++)
            memcpy(logits[arm][i], event->data.row.logits, sizeof(logits[arm][i]));
    }
    assert_int_equal(run(&bed, job_compare(&bed.arms[0], &bed.arms[1], bed.path, 1, &bed.error)),
                     0);
    struct comparison expected = seen(&bed, EVENT_COMPARISON, 0)->data.comparison;
    int flips[ROWS];
    memcpy(flips, expected.flip_rows, (size_t)expected.flips * sizeof(int));

    assert_int_equal(run(&bed, rows_job(&bed)), 0);
    const struct dataset *dataset = row_set_dataset(bed.set);
    int answered[2][ROWS] = {{0}}, rows = 0;
    for (; (event = seen(&bed, EVENT_ROW, rows)); rows++) {
        int row = event->data.row.row, arm = event->arm;
        assert_in_range(row, 0, ROWS - 1);
        assert_string_equal(event->text, dataset->examples[row].text);
        assert_int_equal(event->data.row.gold, dataset->examples[row].label);
        assert_int_equal(answered[arm][row]++, 0);
        assert_true(arm == 0 || answered[0][row]); /* A first */
        for (int label = 0; label < 2; label++)
            assert_float_equal(event->data.row.logits[label], logits[arm][row][label], 1e-5);
    }
    assert_int_equal(rows, 2 * ROWS);
    struct event *end = seen(&bed, EVENT_COMPARISON, 0);
    assert_non_null(end);
    const struct comparison *got = &end->data.comparison;
    const struct evaluation *sums[2][2] = {{&got->a, &expected.a}, {&got->b, &expected.b}};
    for (int arm = 0; arm < 2; arm++) {
        assert_int_equal(sums[arm][0]->rows, ROWS);
        assert_int_equal(sums[arm][0]->labelled, ROWS - ROWS / 10);
        assert_int_equal(sums[arm][0]->correct, sums[arm][1]->correct);
        assert_float_equal(sums[arm][0]->accuracy, sums[arm][1]->accuracy, 1e-12);
        assert_float_equal(sums[arm][0]->loss, sums[arm][1]->loss, 1e-5);
        assert_float_equal(sums[arm][0]->realised, sums[arm][1]->realised, 1e-12);
    }
    assert_true(got->b.realised > 0.1);
    assert_int_equal(got->a_only, expected.a_only);
    assert_int_equal(got->b_only, expected.b_only);
    assert_int_equal(got->flips, expected.flips);
    assert_true(got->flips > 0);
    assert_memory_equal(got->flip_rows, flips, (size_t)got->flips * sizeof(int));
    bed_close(&bed);
}

/* Numbers that are no rows, and rows that are named twice, do no harm. */
static void test_wanted_first(void **state) {
    (void)state;
    struct bed bed;
    const int wanted[] = {64, 3, -1, 3, ROWS, 40};
    const int expected[] = {64, 3, 40, 0, 1, 2, 4};
    bed_open(&bed);
    row_set_want(bed.set, wanted, sizeof(wanted) / sizeof(wanted[0]));
    assert_int_equal(run(&bed, rows_job(&bed)), 0);
    for (int i = 0; i < 7; i++)
        assert_int_equal(seen(&bed, EVENT_ROW, i)->data.row.row, expected[i]);
    bed_close(&bed);
}

static void test_more_wanted_than_there_is_room_for(void **state) {
    (void)state;
    struct bed bed;
    int wanted[ROWS_WANTED_MOST + 50];
    bed_open(&bed);
    for (int i = 0; i < ROWS_WANTED_MOST + 50; i++)
        wanted[i] = ROWS - 1 - i % ROWS;
    row_set_want(bed.set, wanted, ROWS_WANTED_MOST + 50);
    assert_int_equal(run(&bed, rows_job(&bed)), 0);
    assert_int_equal(seen(&bed, EVENT_ROW, 0)->data.row.row, ROWS - 1);
    assert_null(seen(&bed, EVENT_ROW, 2 * ROWS));
    bed_close(&bed);
}

/* The reader stops it after the first row: what was answered is counted, both arms alike. */
static void test_stopped(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    int number = submit(&bed, rows_job(&bed));
    struct event *event = queue_wait(bed.events, LIMIT_MS);
    assert_non_null(event);
    assert_int_equal(event->kind, EVENT_DATA);
    assert_int_equal(event->data.read.rows, ROWS);
    event_free(event);
    event = queue_wait(bed.events, LIMIT_MS);
    assert_non_null(event);
    assert_int_equal(event->kind, EVENT_ROW);
    event_free(event);
    worker_stop(bed.worker);
    assert_int_equal(wait_for_end(&bed, number), 1);
    struct event *end = seen(&bed, EVENT_COMPARISON, 0);
    assert_non_null(end);
    assert_in_range(end->data.comparison.a.rows, 1, ROWS - 1);
    assert_int_equal(end->data.comparison.a.rows, end->data.comparison.b.rows);
    bed_close(&bed);
}

/* A sentence that is typed meanwhile is answered before the rows are done. */
static void test_prediction_meanwhile(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    int number = submit(&bed, rows_job(&bed));
    int prediction = submit(&bed, job_predict(bed.arms, 2, "a fine film", 1, 0, &bed.error));
    assert_int_equal(wait_for_end(&bed, number), 0);
    int predicted = 0, rows_after = 0;
    for (int i = 0; i < bed.count; i++) {
        predicted += bed.seen[i]->job == prediction && bed.seen[i]->kind == EVENT_PREDICTION;
        rows_after += predicted == 2 && bed.seen[i]->kind == EVENT_ROW;
    }
    assert_int_equal(predicted, 2);
    assert_true(rows_after > 0);
    bed_close(&bed);
}

static void test_faults(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct row_set *set;
    assert_int_equal(row_set_open(&set, "tests/no-such.tsv", &bed.error), -1);
    assert_null(set);
    bed.arms[1].spec = "local(";
    assert_null(rows_job(&bed));
    bed.arms[1].spec = "dense@L9";
    assert_null(rows_job(&bed));
    bed.arms[1].spec = "dense";
    struct model other = {.config = bed.model->config};
    other.config.labels = 3;
    bed.arms[1].model = &other;
    assert_null(rows_job(&bed));
    assert_non_null(strstr(bed.error.message, "A knows 2 labels and B 3"));
    bed.arms[1].model = bed.model;

    /* A label that the model does not know is told with its line before any work. */
    static const char text[] = "sentence\tlabel\ngood\t1\nbad\t5\n";
    must(&bed, file_replace(bed.path, text, strlen(text), &bed.error));
    row_set_release(bed.set);
    must(&bed, row_set_open(&bed.set, bed.path, &bed.error));
    assert_int_equal(run(&bed, rows_job(&bed)), -1);
    assert_null(seen(&bed, EVENT_ROW, 0));
    assert_non_null(strstr(seen(&bed, EVENT_ERROR, 0)->text, "line 3: label 5"));
    bed_close(&bed);
}

/* The job keeps the rows until it ends, whoever else lets go of them. */
static void test_set_outlives_its_reader(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct job *job = rows_job(&bed);
    row_set_release(bed.set);
    bed.set = NULL;
    assert_int_equal(run(&bed, job), 0);
    assert_non_null(seen(&bed, EVENT_ROW, 2 * ROWS - 1));
    bed_close(&bed);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_as_evaluate_and_compare),
    cmocka_unit_test(test_wanted_first),
    cmocka_unit_test(test_more_wanted_than_there_is_room_for),
    cmocka_unit_test(test_stopped),
    cmocka_unit_test(test_prediction_meanwhile),
    cmocka_unit_test(test_faults),
    cmocka_unit_test(test_set_outlives_its_reader),
};

TEST_GROUP(tests_session_rows, tests);
