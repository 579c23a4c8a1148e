/*
 * record.h - events as the bodies of LOG_EVENT records, and back.
 *
 * Everything an event says is kept exactly, but for the arrays of a prediction (record_arrays.h)
 * and its hidden states. The time and the training step are those of the record's stamp.
 *
 * Predictions of one sentence under one pattern follow each other by the thousand while a model is
 * trained. Only the first says the sentence, its tokens, the pattern and the shape; the others are
 * `like` it: they name its event number and bring what has changed. What a prediction is like is
 * never like another one.
 */
#ifndef SAWB_CORE_SESSION_RECORD_H
#define SAWB_CORE_SESSION_RECORD_H

#include "core/session/event.h"
#include "core/session/record_bytes.h"

/* What a record says before it is read whole. */
struct event_head {
    enum event_kind kind;
    uint64_t sequence;
    int job, arm;
    uint64_t like;  /* EVENT_PREDICTION: number of the event it is like, 0: says all itself */
    uint64_t model; /* EVENT_PREDICTION: which LOG_MODEL record (from 1) answered, 0: not known */
};

/* Appends the body; `like` and `model` as above. */
void record_event(struct bytes *bytes, const struct event *event, uint64_t like, uint64_t model);

/* 1 when `capture` may be said as being like `earlier`. */
int record_alike(const struct capture *earlier, const struct capture *capture);

/* -1 when the bytes are no event. */
int record_event_head(const unsigned char *body, size_t size, struct event_head *head);

/*
 * The event, owned by the caller (event_free); a prediction's capture has no arrays, and metrics
 * that are all NaN when it had any. `like`, `like_size`: the body of the event it is like, NULL
 * when there is none. NULL with an error when the bytes are not what they should be.
 */
struct event *record_event_read(const unsigned char *body, size_t size, double time, int64_t step,
                                const unsigned char *like, size_t like_size,
                                struct sawb_error *error);

#endif
