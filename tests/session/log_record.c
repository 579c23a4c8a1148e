/*
 * log_record.c - events and arrays as the bodies of records.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/inspect/metrics.h"
#include "core/session/jobs.h"
#include "core/session/record.h"
#include "core/session/record_arrays.h"
#include "core/session/record_bytes.h"
#include "tests/inspect/attention_of.h"
#include "tests/inspect/bed.h"

/* Written and read again; also every shorter piece of it is refused. */
static struct event *again(const struct event *event, uint64_t like, const struct bytes *earlier) {
    struct bytes bytes = {0};
    struct sawb_error error;
    record_event(&bytes, event, like, 3);
    assert_int_equal(bytes.failed, 0);
    for (size_t size = 0; size < bytes.size; size++) {
        unsigned char *cut = malloc(size + 1); /* so that a sanitizer sees what is read beyond */
        assert_non_null(cut);
        memcpy(cut, bytes.data, size);
        struct event *none =
            record_event_read(cut, size, event->time, event->step, earlier ? earlier->data : NULL,
                              earlier ? earlier->size : 0, &error);
        assert_null(none);
        free(cut);
    }
    struct event *read =
        record_event_read(bytes.data, bytes.size, event->time, event->step,
                          earlier ? earlier->data : NULL, earlier ? earlier->size : 0, &error);
    if (!read)
        fail_msg("%s", error.message);
    assert_int_equal(read->kind, event->kind);
    assert_int_equal(read->sequence, event->sequence);
    assert_int_equal(read->job, event->job);
    assert_int_equal(read->arm, event->arm);
    assert_true(read->time == event->time);
    assert_int_equal(read->step, event->step);
    bytes_free(&bytes);
    return read;
}

static void test_texts(void **state) {
    (void)state;
    enum event_kind kinds[] = {EVENT_NOTE, EVENT_ERROR, EVENT_PROGRESS, EVENT_ROW, EVENT_POINT};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct event event = {.kind = kinds[i],
                              .sequence = 300 + i,
                              .time = 1.7e9 + 0.123456789,
                              .job = 12,
                              .arm = 1,
                              .step = 77,
                              .text = "caf\303\251 \"quoted\""};
        if (event.kind == EVENT_PROGRESS) {
            event.data.progress.done = 5;
            event.data.progress.total = INT64_MAX;
        } else if (event.kind == EVENT_ROW) {
            event.data.row =
                (struct evaluation_row){.row = 9, .gold = -1, .label = 1, .loss = 0.5f};
            event.data.row.logits[0] = -1.5f;
            event.data.row.logits[1] = NAN;
        } else if (event.kind == EVENT_POINT) {
            event.data.point = (struct point){SERIES_SWEEP, -1, 4, 0.1, {1, NAN, INFINITY}};
        }
        struct event *read = again(&event, 0, NULL);
        assert_string_equal(read->text, event.text);
        if (event.kind == EVENT_ROW) {
            assert_int_equal(read->data.row.gold, -1);
            assert_memory_equal(read->data.row.logits, event.data.row.logits,
                                sizeof(event.data.row.logits));
        } else if (event.kind == EVENT_POINT) {
            assert_string_equal(read->data.point.series, SERIES_SWEEP);
            assert_int_equal(read->data.point.index, -1);
            assert_memory_equal(read->data.point.values, event.data.point.values,
                                sizeof(event.data.point.values));
        } else if (event.kind == EVENT_PROGRESS) {
            assert_true(read->data.progress.total == INT64_MAX);
        }
        event_free(read);
    }
}

/* Of any series a job tells, and the replay must know what it is. */
static void test_series(void **state) {
    (void)state;
    static const char *const all[] = {SERIES_IMPORTANCE,  SERIES_COPIES,   SERIES_OCCLUDE,
                                      SERIES_ABLATION,    SERIES_PRUNING,  SERIES_SWEEP,
                                      SERIES_TIMING,      STEERING_SERIES, SERIES_SPEED,
                                      SERIES_LIVE_TIMING, SERIES_PROFILE};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct event event = {.kind = EVENT_POINT, .text = "a text"};
        event.data.point = (struct point){all[i], 1, 2, 0.5, {1, 2, 3, 4, 5, 6, 7, 8}};
        struct event *read = again(&event, 0, NULL);
        assert_string_equal(read->data.point.series, all[i]);
        assert_memory_equal(read->data.point.values, event.data.point.values,
                            sizeof(event.data.point.values));
        event_free(read);
    }
}

static void test_numbers(void **state) {
    (void)state;
    struct event step = {.kind = EVENT_STEP, .sequence = 1, .job = 2, .step = 5, .time = 3};
    step.data.report = (struct step_report){.step = 5,
                                            .total_steps = 1000,
                                            .epoch = 0.1,
                                            .loss = 0.3,
                                            .learning_rate = 5e-5,
                                            .gradient_norm = NAN,
                                            .tokens = 600,
                                            .tokens_per_second = 2310.5,
                                            .realised = 0.7};
    struct event *read = again(&step, 0, NULL);
    assert_true(read->data.report.step == 5 && read->data.report.total_steps == 1000 &&
                read->data.report.tokens == 600);
    assert_true(read->data.report.epoch == 0.1 && read->data.report.loss == 0.3 &&
                read->data.report.learning_rate == 5e-5);
    assert_true(isnan(read->data.report.gradient_norm) && read->data.report.realised == 0.7);
    assert_true(read->data.report.tokens_per_second == 2310.5);
    event_free(read);

    int flips[] = {3, 70000, 2};
    struct event both = {.kind = EVENT_COMPARISON, .sequence = 1 << 20};
    both.data.comparison =
        (struct comparison){.a = {.rows = 4, .accuracy = 0.1, .kept = UINT64_MAX},
                            .b = {.loss = NAN},
                            .a_only = 2,
                            .mcnemar_p = 0.3,
                            .flips = 3,
                            .flip_rows = flips};
    read = again(&both, 0, NULL);
    assert_int_equal(read->data.comparison.flips, 3);
    assert_memory_equal(read->data.comparison.flip_rows, flips, sizeof(flips));
    assert_true(read->data.comparison.a.accuracy == 0.1);
    assert_true(read->data.comparison.a.kept == UINT64_MAX);
    assert_true(isnan(read->data.comparison.b.loss));
    event_free(read);

    struct event done = {.kind = EVENT_DONE, .status = -1};
    read = again(&done, 0, NULL);
    assert_int_equal(read->status, -1);
    event_free(read);

    struct event bench = {.kind = EVENT_BENCH};
    bench.data.measurement = (struct measurement){"forward", 32, 5, 1.25, 1, 2};
    read = again(&bench, 0, NULL);
    assert_string_equal(read->data.measurement.name, "forward");
    assert_true(read->data.measurement.median_ms == 1.25);
    event_free(read);
}

static void assert_same_answer(const struct capture *a, const struct capture *b) {
    assert_string_equal(a->text, b->text);
    assert_string_equal(a->spec, b->spec);
    assert_string_equal(a->pattern, b->pattern);
    assert_int_equal(a->encoding.count, b->encoding.count);
    size_t tokens = (size_t)a->encoding.count, labels = (size_t)a->labels;
    assert_memory_equal(a->encoding.ids, b->encoding.ids, tokens * sizeof(int));
    assert_memory_equal(a->encoding.offsets, b->encoding.offsets,
                        tokens * sizeof(*a->encoding.offsets));
    for (size_t i = 0; i < tokens; i++)
        assert_string_equal(a->pieces[i], b->pieces[i]);
    assert_memory_equal(a->logits, b->logits, labels * sizeof(float));
    assert_memory_equal(a->probabilities, b->probabilities, labels * sizeof(float));
    assert_int_equal(a->label, b->label);
    assert_string_equal(a->label_name, b->label_name);
    assert_true(a->target == b->target && a->realised == b->realised);
    assert_true(a->seed == b->seed && a->milliseconds == b->milliseconds);
}

static void test_predictions(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, "bert");
    struct event event = {.kind = EVENT_PREDICTION, .sequence = 7, .job = 1, .time = 5};
    event.data.capture = capture_text(&bed, "topk(0.5)", "w7 w8 w9");
    struct event *read = again(&event, 0, NULL);
    assert_same_answer(event.data.capture, read->data.capture);
    assert_null(read->data.capture->scores);
    event_free(read);

    /* The next one brings what has changed only. */
    struct bytes first = {0}, second = {0};
    record_event(&first, &event, 0, 1);
    struct event later = {.kind = EVENT_PREDICTION, .sequence = 9, .job = 2, .time = 6};
    later.data.capture = capture_text(&bed, "topk(0.5)", "w7 w8 w9");
    later.data.capture->logits[0] = 0.25f;
    assert_int_equal(record_alike(event.data.capture, later.data.capture), 1);
    read = again(&later, 7, &first);
    assert_same_answer(later.data.capture, read->data.capture);
    event_free(read);
    record_event(&second, &later, 7, 1);
    assert_true(second.size < 100);

    /* What it is like is missing, or is like another one. */
    assert_null(record_event_read(second.data, second.size, 1, 0, NULL, 0, NULL));
    assert_null(record_event_read(second.data, second.size, 1, 0, second.data, second.size, NULL));
    struct event_head head;
    assert_int_equal(record_event_head(second.data, second.size, &head), 0);
    assert_int_equal(head.like, 7);
    assert_int_equal(head.model, 1);
    struct capture *other = capture_text(&bed, "topk(0.5)", "w7 w8");
    assert_int_equal(record_alike(event.data.capture, other), 0);
    capture_free(other);
    bytes_free(&first);
    bytes_free(&second);
    event_clear(&event);
    event_clear(&later);
    bed_close(&bed);
}

static struct capture *bare(const struct capture *from) {
    struct event event = {.kind = EVENT_PREDICTION};
    event.data.capture = (struct capture *)from;
    struct event *read = again(&event, 0, NULL);
    struct capture *capture = read->data.capture;
    read->data.capture = NULL;
    event_free(read);
    return capture;
}

/* The same body as older versions wrote it, with the attention or the logarithm of each row's sum
 * at its end, `more` numbers. Takes the body. */
static unsigned char *as_before(unsigned char *body, size_t *size, unsigned flag, size_t more) {
    struct reading reading = {body, *size, 0, 0};
    struct bytes old = {0};
    bytes_varint(&old, reading_varint(&reading));
    bytes_u8(&old, reading_u8(&reading) | flag);
    for (int i = 0; i < 3; i++) /* layers, heads, tokens */
        bytes_signed(&old, reading_signed(&reading));
    char *kernels = reading_string(&reading);
    bytes_string(&old, kernels);
    uLongf plain = (uLongf)reading_varint(&reading), packed = compressBound(plain + 4 * more);
    unsigned char *numbers = calloc(plain + 4 * more, 1), *room = malloc(packed);
    assert_true(numbers && room);
    assert_int_equal(uncompress(numbers, &plain, body + reading.at, (uLong)(*size - reading.at)),
                     Z_OK);
    bytes_varint(&old, plain + 4 * more);
    assert_int_equal(compress(room, &packed, numbers, plain + 4 * more), Z_OK);
    bytes_put(&old, room, packed);
    assert_int_equal(old.failed | reading.failed, 0);
    free(room);
    free(numbers);
    free(kernels);
    free(body);
    *size = old.size;
    return old.data;
}

static void test_arrays(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, "bert");
    enum { ATTENTION = 4, LOG_SUMS = 8 };
    static const char *const patterns[] = {"topk(0.6); heads_off(0.1)", "topk(0.6); heads_off(0.1)",
                                           "dense", "dense", "local(2)"};
    for (int round = 0; round < 5; round++) {
        int exact = round > 0;
        struct capture *from = capture_text(&bed, patterns[round], "w7 w8 w9 w10 w11");
        size_t tokens = (size_t)from->encoding.count, pairs = tokens * tokens;
        size_t heads = (size_t)from->layers * (size_t)from->heads;
        struct capture *to = bare(from);
        struct arrays *arrays = arrays_copy(from, 7, exact);
        assert_non_null(arrays);
        assert_int_equal(arrays_bytes(arrays), heads * pairs * (sizeof(float) + 1));
        size_t size;
        unsigned char *body = arrays_pack(arrays, &size);
        assert_non_null(body);
        if (round == 3)
            body = as_before(body, &size, ATTENTION, heads * pairs);
        if (round == 4)
            body = as_before(body, &size, LOG_SUMS, heads * tokens);
        struct arrays_head head;
        assert_int_equal(arrays_head(body, size, &head), 0);
        assert_int_equal(head.sequence, 7);
        assert_int_equal(head.exact, exact);
        for (size_t cut = 0; cut < size; cut += 7)
            assert_int_equal(arrays_unpack(body, cut, to, NULL), -1);
        assert_null(to->scores);
        assert_int_equal(arrays_unpack(body, size, to, &bed.error), 0);
        uint8_t *mask = mask_of(from);
        assert_memory_equal(mask, to->mask, heads * pairs);
        free(mask);
        assert_ptr_equal(from->kernels, to->kernels);
        float *before = attention_of(from), *after = attention_of(to);
        for (size_t h = 0; h < heads; h++) {
            float low = INFINITY, high = -INFINITY;
            for (size_t i = h * pairs; i < (h + 1) * pairs; i++) {
                low = fminf(low, from->scores[i]);
                high = fmaxf(high, from->scores[i]);
            }
            double bound = ((double)high - (double)low) / 131070 * 1.01 + 1e-7;
            for (size_t i = h * pairs; i < (h + 1) * pairs; i++) {
                assert_true(fabs((double)from->scores[i] - (double)to->scores[i]) <=
                            (exact ? 0 : bound));
                assert_true(fabs((double)before[i] - (double)after[i]) <= (exact ? 0 : 2 * bound));
            }
        }
        free(before);
        free(after);
        /* Of another shape. */
        struct capture *other = capture_text(&bed, "dense", "w7 w8");
        struct capture *stranger = bare(other);
        assert_int_equal(arrays_unpack(body, size, stranger, &bed.error), -1);
        assert_null(stranger->scores);
        capture_free(other);
        capture_free(stranger);
        free(body);
        arrays_free(arrays);
        capture_free(from);
        capture_free(to);
    }
    bed_close(&bed);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_texts),   cmocka_unit_test(test_series),
    cmocka_unit_test(test_numbers), cmocka_unit_test(test_predictions),
    cmocka_unit_test(test_arrays),
};

TEST_GROUP(tests_session_log_record, tests);
