/*
 * log_steps.c - steps of training that share a record: what goes in comes out, in its order.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/random.h"
#include "core/session/log_reader.h"
#include "core/session/record.h"
#include "core/session/record_steps.h"
#include "tests/temporary.h"
#include "tests/test.h"

#define STEPS 300

/* A number from 0 to 1, of single precision. */
static double noise(int64_t step, int what) {
    return (float)random_uniform(random_key(1, RANDOM_INIT, (uint64_t)what, 0), (uint64_t)step);
}

/* A step as a fast run tells it and the recorder rounds it (tui/app/step_gate.h): 630 a second, of
 * sentences of any length under a pattern. */
static struct event step_event(int64_t step) {
    struct event event = {.kind = EVENT_STEP, .sequence = 40 + (uint64_t)step, .job = 3};
    event.step = step;
    event.time = 1.79e9 + (double)step / 630 + 2e-4 * noise(step, 1);
    event.data.report =
        (struct step_report){.step = step,
                             .total_steps = 2268000,
                             .epoch = (double)step * 8 / 67349,
                             .loss = (float)(0.3 + noise(step, 2)),
                             .learning_rate = 1e-4 * (1 - (double)step / 2268000),
                             .gradient_norm = (float)(1 + 3 * noise(step, 3)),
                             .tokens = 60 + (int)(90 * noise(step, 4)),
                             .tokens_per_second = 6e4 + (int)(5e3 * noise(step, 5)),
                             .realised = 0.5 + (int)(6e3 * noise(step, 6)) / 65536.0};
    return event;
}

static struct bytes body_of(const struct event *event) {
    struct bytes body = {0};
    record_event(&body, event, 0, 0);
    assert_int_equal(body.failed, 0);
    return body;
}

static struct log_stamp stamp_of(const struct event *event) {
    return (struct log_stamp){event->time, event->step, (uint64_t)event->step / 100 << 2 | 3};
}

static int add(struct steps *steps, const struct event *event) {
    struct bytes body = body_of(event);
    struct log_stamp stamp = stamp_of(event);
    int added = steps_add(steps, &stamp, body.data, body.size);
    bytes_free(&body);
    return added;
}

static void assert_step(const struct log_stamp *stamp, const void *body, size_t size,
                        const struct event *event) {
    struct bytes expected = body_of(event);
    struct log_stamp taken = stamp_of(event);
    assert_int_equal(size, expected.size);
    assert_memory_equal(body, expected.data, size);
    assert_memory_equal(&stamp->time, &taken.time, sizeof(taken.time));
    assert_int_equal(stamp->step, taken.step);
    assert_int_equal(stamp->state, taken.state);
    bytes_free(&expected);
}

static void assert_same(const struct steps *steps, int index, const struct event *event) {
    struct bytes body = {0};
    struct log_stamp stamp = steps_stamp(steps, index);
    steps_body(steps, index, &body);
    assert_int_equal(body.failed, 0);
    assert_step(&stamp, body.data, body.size, event);
    bytes_free(&body);
}

/* Every bit comes back, a shorter piece is refused, and a step takes few bytes. */
static void test_round_trip(void **state) {
    (void)state;
    struct steps steps = {.count = 0}, read;
    struct bytes packed = {0};
    for (int i = 0; i < STEPS; i++) {
        struct event event = step_event(i + 1);
        assert_int_equal(add(&steps, &event), 1);
    }
    steps_pack(&steps, &packed);
    assert_int_equal(packed.failed, 0);
    for (size_t size = 0; size < packed.size; size++) {
        unsigned char *cut = malloc(size + 1); /* so that a sanitizer sees what is read beyond */
        assert_non_null(cut);
        memcpy(cut, packed.data, size);
        assert_int_equal(steps_unpack(&read, cut, size), -1);
        free(cut);
    }
    assert_int_equal(steps_unpack(&read, packed.data, packed.size), 0);
    assert_int_equal(read.count, STEPS);
    for (int i = 0; i < STEPS; i++) {
        struct event event = step_event(i + 1);
        assert_same(&read, i, &event);
    }
    if (getenv("SAWB_MEASURE"))
        print_message("# %-32s %10.2f bytes\n", "a step among others", (double)packed.size / STEPS);
    assert_true(packed.size < 17 * STEPS);
    bytes_free(&packed);
}

/* Numbers that no run tells, and steps that do not follow each other. */
static void test_odd_numbers(void **state) {
    (void)state;
    static const double odd[] = {NAN, -NAN, INFINITY, -INFINITY, 0, -0.0, 5e-324, 1e300};
    struct steps steps = {.count = 0}, read;
    struct event events[8];
    struct bytes packed = {0};
    for (int i = 0; i < 8; i++) {
        events[i] = step_event(i * 1000003 % 17);
        events[i].time = 1000 - i;
        events[i].arm = i % 2 ? -i : INT32_MAX;
        events[i].sequence = i % 2 ? UINT64_MAX : 0;
        events[i].data.report.total_steps = i % 2 ? INT64_MAX : INT64_MIN;
        events[i].data.report.epoch = odd[i];
        events[i].data.report.learning_rate = odd[7 - i];
        events[i].data.report.loss = odd[(i + 3) % 8];
        assert_int_equal(add(&steps, &events[i]), 1);
    }
    steps_pack(&steps, &packed);
    assert_int_equal(steps_unpack(&read, packed.data, packed.size), 0);
    assert_int_equal(read.count, 8);
    for (int i = 0; i < 8; i++)
        assert_same(&read, i, &events[i]);
    bytes_free(&packed);
}

static void test_refused(void **state) {
    (void)state;
    struct steps steps = {.count = 0};
    struct event step = step_event(1), note = {.kind = EVENT_NOTE, .text = "a note"};
    struct bytes body = body_of(&step);
    struct log_stamp stamp = stamp_of(&step);
    assert_int_equal(add(&steps, &note), 0);
    assert_int_equal(steps_add(&steps, &stamp, body.data, body.size - 1), 0);
    assert_int_equal(steps.count, 0);
    bytes_free(&body);
    for (int i = 0; i < STEPS_MOST; i++)
        assert_int_equal(add(&steps, &step), 1);
    assert_int_equal(add(&steps, &step), 0);
    assert_int_equal(steps.count, STEPS_MOST);
    assert_int_equal(steps_unpack(&steps, (const unsigned char *)"\0", 1), -1);
    assert_int_equal(steps_unpack(&steps, (const unsigned char *)"\377\377\377\377\17", 5), -1);
}

/* ---- in a file ------------------------------------------------------------------------------- */

static void append_step(struct log *log, int64_t step) {
    struct event event = step_event(step);
    struct bytes body = body_of(&event);
    struct log_stamp stamp = stamp_of(&event);
    assert_int_equal(log_append(log, LOG_EVENT, &stamp, body.data, body.size), 0);
}

static void append_text(struct log *log, int64_t step) {
    struct log_stamp stamp = {5, step, 0};
    assert_int_equal(log_append(log, LOG_TEXT, &stamp, strdup("{\"text\":\"x\"}"), 12), 0);
}

/* Steps 1 to STEPS, an edit after each 50th and at the very end after one step alone. */
static unsigned char *make_file(const struct temporary *folder, size_t *size) {
    struct sawb_error error;
    struct log *log;
    char *bytes, *path = temporary_path(folder, "steps.sawb");
    assert_int_equal(log_create(&log, path, NULL, &error), 0);
    for (int64_t step = 1; step <= STEPS; step++) {
        append_step(log, step);
        if (step % 50 == 0 || step == STEPS - 1)
            append_text(log, step);
    }
    assert_int_equal(log_close(log, &error), 0);
    assert_int_equal(file_read(&bytes, size, path, &error), 0);
    free(path);
    return (unsigned char *)bytes;
}

static int is_text_after(int64_t step) {
    return step > 0 && (step % 50 == 0 || step == STEPS - 1);
}

/* What is read is the beginning of what was written, one by one. */
static void assert_beginning(const struct log_reader *reader) {
    int64_t step = 0;
    int text = 0;
    for (size_t i = 0; i < reader->count; i++) {
        const struct log_record *record = &reader->records[i];
        if (is_text_after(step) && !text) {
            assert_int_equal(record->type, LOG_TEXT);
            assert_int_equal(record->stamp.step, step);
            text = 1;
            continue;
        }
        struct event event = step_event(++step);
        text = 0;
        assert_int_equal(record->type, LOG_EVENT);
        assert_step(&record->stamp, record->body, record->size, &event);
    }
}

#define RECORDS (STEPS + STEPS / 50 + 1)

static void test_order(void **state) {
    (void)state;
    struct temporary folder;
    struct log_reader reader;
    struct sawb_error error;
    size_t size;
    temporary_make(&folder);
    unsigned char *bytes = make_file(&folder, &size);
    assert_int_equal(log_reader_parse(&reader, bytes, size, "a", &error), 0);
    assert_int_equal(reader.count, RECORDS);
    assert_int_equal(reader.lost, 0);
    assert_beginning(&reader);
    assert_true(reader.records[reader.count - 1].number < 100); /* of the file, though */
    log_reader_close(&reader);
    free(bytes);
    temporary_remove(&folder);
}

/* Cut at every byte: the steps of whole records are there, and no part of another. */
static void test_cuts(void **state) {
    (void)state;
    struct temporary folder;
    struct log_reader reader;
    struct sawb_error error;
    size_t size, before = 0;
    temporary_make(&folder);
    unsigned char *bytes = make_file(&folder, &size);
    for (size_t cut = LOG_HEADER_BYTES; cut < size; cut++) {
        assert_int_equal(log_reader_parse(&reader, bytes, cut, "a", &error), 0);
        assert_true(reader.count >= before && reader.count < RECORDS);
        assert_int_equal(reader.trusted + reader.lost, cut);
        assert_int_equal(reader.lost > 0, reader.problem[0] != '\0');
        if (reader.count > before)
            assert_beginning(&reader);
        before = reader.count;
        log_reader_close(&reader);
    }
    assert_int_equal(before, RECORDS - 1);
    free(bytes);
    temporary_remove(&folder);
}

/* A record that passes its check and holds no steps is damage like any other. */
static void test_no_steps(void **state) {
    (void)state;
    struct temporary folder;
    struct log_reader reader;
    struct sawb_error error;
    struct log *log;
    struct log_stamp stamp = {1, 0, 0};
    temporary_make(&folder);
    char *path = temporary_path(&folder, "a.sawb");
    assert_int_equal(log_create(&log, path, NULL, &error), 0);
    append_text(log, 1);
    assert_int_equal(log_append(log, LOG_STEPS, &stamp, strdup("none"), 4), 0);
    append_text(log, 2);
    assert_int_equal(log_close(log, &error), 0);
    assert_int_equal(log_reader_open(&reader, path, &error), 0);
    assert_int_equal(reader.count, 1);
    assert_non_null(strstr(reader.problem, "steps"));
    log_reader_close(&reader);
    free(path);
    temporary_remove(&folder);
}

/* Steps do not wait for the end: whoever looks soon after finds them. */
static void test_written_soon(void **state) {
    (void)state;
    struct temporary folder;
    struct log_reader reader = {.count = 0};
    struct sawb_error error;
    struct log *log;
    temporary_make(&folder);
    char *path = temporary_path(&folder, "a.sawb");
    assert_int_equal(log_create(&log, path, NULL, &error), 0);
    for (int64_t step = 1; step <= 10; step++)
        append_step(log, step);
    for (int i = 0; i < 2000 && reader.count < 10; i++) {
        log_reader_close(&reader);
        usleep(10000);
        assert_int_equal(log_reader_open(&reader, path, &error), 0);
    }
    assert_int_equal(reader.count, 10);
    assert_beginning(&reader);
    log_reader_close(&reader);
    assert_int_equal(log_close(log, &error), 0);
    free(path);
    temporary_remove(&folder);
}

/* A file that goes on from any place of another: whole records as they are, the others again. */
static void test_goes_on(void **state) {
    (void)state;
    struct temporary folder;
    struct log_reader reader, again;
    struct sawb_error error;
    size_t size;
    temporary_make(&folder);
    char *path = temporary_path(&folder, "steps.sawb"), *next = temporary_path(&folder, "b.sawb");
    free(make_file(&folder, &size));
    assert_int_equal(log_reader_open(&reader, path, &error), 0);
    for (size_t count = 1; count <= reader.count; count += count < 60 ? 1 : 41) {
        struct log_before before;
        struct log *log;
        size_t whole = log_reader_before(&reader, count, &before);
        assert_true(whole <= count);
        assert_true(whole == count || reader.records[whole].number == (uint32_t)before.count + 1);
        assert_int_equal(log_create(&log, next, &before, &error), 0);
        for (size_t i = whole; i < count; i++) {
            const struct log_record *record = &reader.records[i];
            unsigned char *body = malloc(record->size);
            assert_non_null(body);
            memcpy(body, record->body, record->size);
            assert_int_equal(log_append(log, record->type, &record->stamp, body, record->size), 0);
        }
        assert_int_equal(log_close(log, &error), 0);
        assert_int_equal(log_reader_open(&again, next, &error), 0);
        assert_int_equal(again.lost, 0);
        assert_int_equal(again.count, count);
        assert_beginning(&again);
        log_reader_close(&again);
        unlink(next);
    }
    log_reader_close(&reader);
    free(path);
    free(next);
    temporary_remove(&folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_odd_numbers),
    cmocka_unit_test(test_refused),      cmocka_unit_test(test_order),
    cmocka_unit_test(test_cuts),         cmocka_unit_test(test_no_steps),
    cmocka_unit_test(test_written_soon), cmocka_unit_test(test_goes_on),
};

TEST_GROUP(tests_session_log_steps, tests);
