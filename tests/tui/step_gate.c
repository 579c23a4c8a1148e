/*
 * step_gate.c - which steps pass, and what becomes of the others.
 */
#include "tui/app/step_gate.h"

#include <math.h>
#include <stdlib.h>

#include "core/session/event.h"
#include "tests/test.h"

#define BEGIN 1.7e9

static struct event *make(enum event_kind kind, int job, int64_t step, double time) {
    struct event *event = calloc(1, sizeof(*event));
    assert_non_null(event);
    event->kind = kind;
    event->job = job;
    event->step = step;
    event->time = time;
    event->data.report = (struct step_report){.step = step,
                                              .loss = (double)step,
                                              .gradient_norm = 2 * (double)step,
                                              .tokens = 100,
                                              .tokens_per_second = step % 2 ? 1000 : 500,
                                              .realised = 0.5};
    return event;
}

/* A gate that has no credit left, and has passed everything so far. */
static void use_up(struct step_gate *gate) {
    struct event *ready[2];
    int passed = 0;
    while (step_gate_pass(gate, make(EVENT_STEP, 1, ++passed, BEGIN), ready) == 1)
        event_free(ready[0]);
    assert_true(gate->steps == 1 && passed <= STEP_GATE_BURST + 1);
    step_gate_clear(gate);
}

/* Below the rate nothing is held, however long it goes on. */
static void test_slow(void **state) {
    (void)state;
    struct step_gate gate = {.credit = 0};
    struct event *ready[2];
    for (int64_t step = 1; step <= 5000; step++) {
        struct event *event = make(EVENT_STEP, 1, step, BEGIN + (double)step / 550);
        assert_int_equal(step_gate_pass(&gate, event, ready), 1);
        assert_ptr_equal(ready[0], event);
        assert_int_equal(event->data.report.tokens, 100);
        event_free(event);
    }
}

/* Three held ones and another kind of event: they become one before it. */
static void test_joined(void **state) {
    (void)state;
    struct step_gate gate = {.credit = 0};
    struct event *ready[2];
    use_up(&gate);
    for (int64_t step = 1001; step <= 1003; step++)
        assert_int_equal(step_gate_pass(&gate, make(EVENT_STEP, 1, step, BEGIN), ready), 0);
    struct event *other = make(EVENT_EVALUATION, 1, 0, BEGIN);
    assert_int_equal(step_gate_pass(&gate, other, ready), 2);
    assert_ptr_equal(ready[1], other);
    const struct step_report *report = &ready[0]->data.report;
    assert_int_equal(ready[0]->kind, EVENT_STEP);
    assert_int_equal(ready[0]->step, 1003);
    assert_int_equal(report->step, 1003);
    assert_int_equal(report->tokens, 300);
    assert_true(report->loss == 1002 && report->gradient_norm == 2004 && report->realised == 0.5);
    /* 300 tokens in 0.1 + 0.2 + 0.1 s */
    assert_true(fabs(report->tokens_per_second - 750) < 0.02);
    event_free(ready[0]);
    event_free(ready[1]);
    assert_null(gate.held);
}

/* With new credit the next step brings those that wait; one of another run does not take them. */
static void test_freed(void **state) {
    (void)state;
    struct step_gate gate = {.credit = 0};
    struct event *ready[2];
    use_up(&gate);
    assert_int_equal(step_gate_pass(&gate, make(EVENT_STEP, 1, 7, BEGIN), ready), 0);
    assert_int_equal(step_gate_pass(&gate, make(EVENT_STEP, 1, 8, BEGIN + 0.01), ready), 1);
    assert_int_equal(ready[0]->data.report.tokens, 200);
    event_free(ready[0]);
    use_up(&gate);
    assert_int_equal(step_gate_pass(&gate, make(EVENT_STEP, 1, 9, BEGIN), ready), 0);
    assert_int_equal(step_gate_pass(&gate, make(EVENT_STEP, 2, 1, BEGIN + 1), ready), 2);
    assert_int_equal(ready[0]->job, 1);
    assert_int_equal(ready[1]->job, 2);
    assert_int_equal(ready[1]->data.report.tokens, 100);
    event_free(ready[0]);
    event_free(ready[1]);
}

/* Numbers of few bits, and those that are none stay as they are. */
static void test_rounded(void **state) {
    (void)state;
    struct step_gate gate = {.credit = 0};
    struct event *ready[2], *event = make(EVENT_STEP, 1, 1, BEGIN);
    event->data.report.loss = 0.1;
    event->data.report.gradient_norm = INFINITY;
    event->data.report.tokens_per_second = 2310.123456;
    event->data.report.realised = NAN;
    assert_int_equal(step_gate_pass(&gate, event, ready), 1);
    assert_true(event->data.report.loss == (double)0.1f);
    assert_true(isinf(event->data.report.gradient_norm) && isnan(event->data.report.realised));
    assert_true(fabs(event->data.report.tokens_per_second / 2310.123456 - 1) < 1.0 / 65536);
    event_free(event);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_slow),
    cmocka_unit_test(test_joined),
    cmocka_unit_test(test_freed),
    cmocka_unit_test(test_rounded),
};

TEST_GROUP(tests_tui_step_gate, tests);
