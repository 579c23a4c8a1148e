/*
 * step_gate.h - which steps of training a recorded session takes in, so that an hour of them stays
 * small, however fast they come.
 *
 * Up to STEP_GATE_RATE a second all are; of more, neighbours become one: the last of them, with the
 * tokens of all, their speed, and the means of loss, norm and sparsity. The loss is rounded to
 * single precision, the other measurements to 16 bits. The curves and the record are given the
 * same, and a replay the curves again; the run's own log keeps every step as it was.
 */
#ifndef SAWB_TUI_APP_STEP_GATE_H
#define SAWB_TUI_APP_STEP_GATE_H

/* At 18 bytes a step and 10 answers a second an hour is 45 MB. */
#define STEP_GATE_RATE 560.0  /* steps a second */
#define STEP_GATE_BURST 560.0 /* that may come at once */

struct event;

struct step_gate {
    double time, credit; /* of the last step; steps that may pass at once */
    struct event *held;  /* steps that wait for the next one; owned; NULL: none */
    int steps;           /* how many it is made of */
    double seconds;      /* that they took */
};

/* Takes the event over. Returns how many of `ready` (owned by the caller) are to be taken in now,
 * in this order; a step that is held comes before whatever is no step. */
int step_gate_pass(struct step_gate *gate, struct event *event, struct event *ready[2]);

/* Drops what is held. */
void step_gate_clear(struct step_gate *gate);

#endif
