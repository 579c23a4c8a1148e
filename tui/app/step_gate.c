/*
 * step_gate.c - a bucket that fills with time and that every step takes from.
 */
#include "tui/app/step_gate.h"

#include <math.h>

#include "core/session/event.h"

#define LOSS_BITS 24 /* of single precision */
#define BITS 16      /* of the others: five digits */

static double rounded(double value, int bits) {
    int exponent;
    if (!isfinite(value))
        return value;
    double fraction = frexp(value, &exponent);
    return ldexp(round(ldexp(fraction, bits)), exponent - bits);
}

static void round_report(struct step_report *report) {
    report->loss = rounded(report->loss, LOSS_BITS);
    report->gradient_norm = rounded(report->gradient_norm, BITS);
    report->tokens_per_second = rounded(report->tokens_per_second, BITS);
    report->realised = rounded(report->realised, BITS);
}

static double seconds_of(const struct step_report *report) {
    double speed = report->tokens_per_second;
    return speed > 0 && isfinite(speed) ? report->tokens / speed : 0;
}

/* The mean of `count` values, of which the last is `value` and the others have the mean `mean`. */
static double mean_with(double mean, double value, int count) {
    return mean + (value - mean) / count;
}

/* Makes the event one of itself and of all that is held. */
static void join(struct step_gate *gate, struct event *event) {
    struct step_report *report = &event->data.report;
    double seconds = seconds_of(report);
    if (gate->held) {
        const struct step_report *held = &gate->held->data.report;
        int count = ++gate->steps;
        gate->seconds += seconds;
        report->loss = mean_with(held->loss, report->loss, count);
        report->gradient_norm = mean_with(held->gradient_norm, report->gradient_norm, count);
        report->realised = mean_with(held->realised, report->realised, count);
        report->tokens += held->tokens;
        report->tokens_per_second = gate->seconds > 0 ? report->tokens / gate->seconds : 0;
    } else {
        gate->steps = 1;
        gate->seconds = seconds;
    }
    step_gate_clear(gate);
}

static int has_credit(struct step_gate *gate, double now) {
    double passed = now - gate->time;
    gate->time = now;
    if (passed > 0) /* a clock that was set back gives nothing */
        gate->credit = fmin(gate->credit + passed * STEP_GATE_RATE, STEP_GATE_BURST);
    if (gate->credit < 1)
        return 0;
    gate->credit--;
    return 1;
}

int step_gate_pass(struct step_gate *gate, struct event *event, struct event *ready[2]) {
    int count = 0;
    int other = event->kind != EVENT_STEP || (gate->held && gate->held->job != event->job);
    if (gate->held && other) {
        ready[count++] = gate->held;
        round_report(&gate->held->data.report);
        gate->held = NULL;
    }
    if (event->kind == EVENT_STEP) {
        join(gate, event);
        if (!has_credit(gate, event->time)) {
            gate->held = event;
            return count;
        }
        round_report(&event->data.report);
    }
    ready[count++] = event;
    return count;
}

void step_gate_clear(struct step_gate *gate) {
    event_free(gate->held);
    gate->held = NULL;
}
