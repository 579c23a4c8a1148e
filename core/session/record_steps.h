/*
 * record_steps.h - many steps of training in one record, whose body this is.
 *
 * The numbers of the steps (their event and the stamp it was taken with) are kept exactly, to the
 * bit. What follows from the step before is kept as its distance from that, number by number and
 * in planes of bytes (all first bytes, then all second ones ...), which is deflated (RFC 1950). A
 * number that is noise takes as many bytes as it has that are not 0: those of single precision
 * three, of double precision seven.
 */
#ifndef SAWB_CORE_SESSION_RECORD_STEPS_H
#define SAWB_CORE_SESSION_RECORD_STEPS_H

#include "core/session/log.h"
#include "core/session/record_bytes.h"

/* Numbers of a step, steps of a record. */
#define STEP_WORDS 15
#define STEPS_MOST 512

struct steps {
    int count;
    uint64_t words[STEPS_MOST][STEP_WORDS];
};

/* Adds the step that is the body of a LOG_EVENT record. 0 when it is no step, or there is no room
 * for it: nothing is added. */
int steps_add(struct steps *steps, const struct log_stamp *stamp, const void *body, size_t size);

/* The stamp of one of them, and its body as steps_add has taken it. */
struct log_stamp steps_stamp(const struct steps *steps, int index);
void steps_body(const struct steps *steps, int index, struct bytes *body);

/* Appends the body of all; it fails without memory. */
void steps_pack(const struct steps *steps, struct bytes *body);

/* -1 when the bytes are no steps, or when there is no memory. */
int steps_unpack(struct steps *steps, const unsigned char *body, size_t size);

#endif
