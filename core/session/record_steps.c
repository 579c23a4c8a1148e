/*
 * record_steps.c - steps as planes of bytes, deflated.
 *
 * Body: varint steps, deflated bytes. Before the deflation: of each number of a step, of each of
 * its 8 bytes from the least on, the bytes of all steps.
 */
#include "core/session/record_steps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/session/record.h"

#define WORD_BYTES 8
#define DEFLATE_LEVEL 6

/* The numbers of a step, in their order in the record. */
enum {
    WORD_SEQUENCE,
    WORD_JOB,
    WORD_ARM,
    WORD_TIME,
    WORD_STAMP_STEP,
    WORD_STATE,
    WORD_STEP,
    WORD_TOTAL,
    WORD_TOKENS,
    WORD_EPOCH,
    WORD_RATE,
    WORD_LOSS,
    WORD_NORM,
    WORD_SPEED,
    WORD_REALISED
};
_Static_assert(WORD_REALISED + 1 == STEP_WORDS, "a number of a step is missing");

/* What is kept of a number: itself; its distance from the one before it, or from the line through
 * the two before it (on_line, for which the step stands before them in the list); or, of a
 * measurement, its bits with the lowest ones on top, which are 0 in single precision. Bits of a
 * double count up as its value does, so that what is on a line but for rounding is a few of them
 * off. */
enum kept { KEPT_WHOLE, KEPT_STEP, KEPT_BEND, KEPT_TURNED };
static const enum kept kept[STEP_WORDS] = {
    [WORD_SEQUENCE] = KEPT_STEP, [WORD_JOB] = KEPT_STEP,        [WORD_ARM] = KEPT_STEP,
    [WORD_TIME] = KEPT_STEP,     [WORD_STAMP_STEP] = KEPT_STEP, [WORD_STATE] = KEPT_STEP,
    [WORD_STEP] = KEPT_STEP,     [WORD_TOTAL] = KEPT_STEP,      [WORD_TOKENS] = KEPT_WHOLE,
    [WORD_EPOCH] = KEPT_BEND,    [WORD_RATE] = KEPT_BEND,       [WORD_LOSS] = KEPT_TURNED,
    [WORD_NORM] = KEPT_TURNED,   [WORD_SPEED] = KEPT_TURNED,    [WORD_REALISED] = KEPT_TURNED};
#define TURN 29 /* bits that a double has more than a float */

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static double double_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* ---- one step -------------------------------------------------------------------------------- */

int steps_add(struct steps *steps, const struct log_stamp *stamp, const void *body, size_t size) {
    struct event_head head;
    if (steps->count == STEPS_MOST || record_event_head(body, size, &head) < 0 ||
        head.kind != EVENT_STEP)
        return 0;
    struct event *event = record_event_read(body, size, stamp->time, stamp->step, NULL, 0, NULL);
    if (!event)
        return 0;
    const struct step_report *report = &event->data.report;
    const uint64_t words[STEP_WORDS] = {[WORD_SEQUENCE] = event->sequence,
                                        [WORD_JOB] = (uint64_t)event->job,
                                        [WORD_ARM] = (uint64_t)event->arm,
                                        [WORD_TIME] = bits_of(stamp->time),
                                        [WORD_STAMP_STEP] = (uint64_t)stamp->step,
                                        [WORD_STATE] = stamp->state,
                                        [WORD_STEP] = (uint64_t)report->step,
                                        [WORD_TOTAL] = (uint64_t)report->total_steps,
                                        [WORD_TOKENS] = (uint64_t)report->tokens,
                                        [WORD_EPOCH] = bits_of(report->epoch),
                                        [WORD_RATE] = bits_of(report->learning_rate),
                                        [WORD_LOSS] = bits_of(report->loss),
                                        [WORD_NORM] = bits_of(report->gradient_norm),
                                        [WORD_SPEED] = bits_of(report->tokens_per_second),
                                        [WORD_REALISED] = bits_of(report->realised)};
    memcpy(steps->words[steps->count++], words, sizeof(words));
    event_free(event);
    return 1;
}

struct log_stamp steps_stamp(const struct steps *steps, int index) {
    const uint64_t *words = steps->words[index];
    return (struct log_stamp){.time = double_of(words[WORD_TIME]),
                              .step = (int64_t)words[WORD_STAMP_STEP],
                              .state = words[WORD_STATE]};
}

void steps_body(const struct steps *steps, int index, struct bytes *body) {
    const uint64_t *words = steps->words[index];
    struct event event = {.kind = EVENT_STEP,
                          .sequence = words[WORD_SEQUENCE],
                          .job = (int)words[WORD_JOB],
                          .arm = (int)words[WORD_ARM]};
    event.data.report = (struct step_report){.step = (int64_t)words[WORD_STEP],
                                             .total_steps = (int64_t)words[WORD_TOTAL],
                                             .epoch = double_of(words[WORD_EPOCH]),
                                             .loss = double_of(words[WORD_LOSS]),
                                             .learning_rate = double_of(words[WORD_RATE]),
                                             .gradient_norm = double_of(words[WORD_NORM]),
                                             .tokens = (int)words[WORD_TOKENS],
                                             .tokens_per_second = double_of(words[WORD_SPEED]),
                                             .realised = double_of(words[WORD_REALISED])};
    record_event(body, &event, 0, 0);
}

/* ---- all of them ----------------------------------------------------------------------------- */

#define RUN_MOST ((int64_t)1 << 20)

/* The number on the line through the two before it, over their steps. In whole numbers, so that it
 * is the same wherever it is worked out. */
static uint64_t on_line(const struct steps *steps, int index, int word) {
    const uint64_t *now = steps->words[index], *before = steps->words[index - 1];
    const uint64_t *earlier = steps->words[index - 2];
    int64_t next = (int64_t)(now[WORD_STEP] - before[WORD_STEP]);
    int64_t run = (int64_t)(before[WORD_STEP] - earlier[WORD_STEP]);
    int64_t rise = (int64_t)(before[word] - earlier[word]);
    if (run <= 0 || run > RUN_MOST || next < 0 || next > RUN_MOST)
        return before[word];
    return before[word] + (uint64_t)(rise / run) * (uint64_t)next +
           (uint64_t)(rise % run * next / run);
}

/* What the number would be if it went on as those before it. */
static uint64_t expected(const struct steps *steps, int index, int word) {
    if (index == 0)
        return 0;
    return kept[word] == KEPT_STEP || index == 1 ? steps->words[index - 1][word]
                                                 : on_line(steps, index, word);
}

/* Distances on both sides of 0 have zeros above. */
static uint64_t fold(uint64_t distance) {
    return (distance << 1) ^ (distance >> 63 ? UINT64_MAX : 0);
}

static uint64_t unfold(uint64_t folded) {
    return (folded >> 1) ^ (folded & 1 ? UINT64_MAX : 0);
}

static uint64_t keep(const struct steps *steps, int index, int word) {
    uint64_t value = steps->words[index][word];
    if (kept[word] == KEPT_WHOLE)
        return value;
    if (kept[word] == KEPT_TURNED)
        return value >> TURN | value << (64 - TURN);
    return fold(value - expected(steps, index, word));
}

static uint64_t restore(const struct steps *steps, int index, int word, uint64_t value) {
    if (kept[word] == KEPT_WHOLE)
        return value;
    if (kept[word] == KEPT_TURNED)
        return value << TURN | value >> (64 - TURN);
    return unfold(value) + expected(steps, index, word);
}

void steps_pack(const struct steps *steps, struct bytes *body) {
    size_t count = (size_t)steps->count, size = count * STEP_WORDS * WORD_BYTES;
    uLongf room = compressBound((uLong)size);
    unsigned char *planes = malloc(size), *packed = malloc(room);
    for (size_t i = 0; planes && i < count; i++)
        for (int word = 0; word < STEP_WORDS; word++) {
            uint64_t value = keep(steps, (int)i, word);
            for (size_t byte = 0; byte < WORD_BYTES; byte++)
                planes[((size_t)word * WORD_BYTES + byte) * count + i] =
                    (unsigned char)(value >> (8 * byte));
        }
    bytes_varint(body, count);
    if (planes && packed && compress2(packed, &room, planes, (uLong)size, DEFLATE_LEVEL) == Z_OK)
        bytes_put(body, packed, room);
    else
        body->failed = 1;
    free(planes);
    free(packed);
}

/* Whether the steps may have been in a file one by one. */
static int are_steps(const struct steps *steps) {
    for (int i = 0; i < steps->count; i++) {
        struct log_stamp stamp = steps_stamp(steps, i);
        if (!isfinite(stamp.time) || stamp.step < 0)
            return 0;
    }
    return 1;
}

int steps_unpack(struct steps *steps, const unsigned char *body, size_t size) {
    struct reading reading = {body, size, 0, 0};
    uint64_t count = reading_varint(&reading);
    size_t left = size - reading.at;
    const unsigned char *packed = reading_take(&reading, left);
    steps->count = 0;
    if (!packed || count == 0 || count > STEPS_MOST)
        return -1;
    uLongf length = (uLongf)(count * STEP_WORDS * WORD_BYTES), room = length;
    unsigned char *planes = malloc(length);
    if (!planes || uncompress(planes, &room, packed, (uLong)left) != Z_OK || room != length) {
        free(planes);
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        for (int word = 0; word < STEP_WORDS; word++) {
            uint64_t value = 0;
            for (size_t byte = 0; byte < WORD_BYTES; byte++)
                value |= (uint64_t)planes[((size_t)word * WORD_BYTES + byte) * count + i]
                         << (8 * byte);
            steps->words[i][word] = restore(steps, (int)i, word, value);
        }
    free(planes);
    steps->count = (int)count;
    return are_steps(steps) ? 0 : -1;
}
