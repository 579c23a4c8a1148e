/*
 * steer.h - what a run in progress can be asked to do, between two steps.
 *
 *     worker_steer(worker, steering_create(STEER_PAUSE, NULL, &error), &error);
 *
 * A request waits in the worker's mailbox (worker.h) until the run's next breath. The run answers
 * each with an EVENT_POINT of the series STEERING_SERIES (x: the step after which it was followed,
 * values[0]: the kind, values[1]: 0 done, -1 failed, values[2]: the rate) and, but for pins and
 * patterns, a note in words.
 */
#ifndef SAWB_CORE_SESSION_STEER_H
#define SAWB_CORE_SESSION_STEER_H

#include "core/base/error.h"
#include "core/sparsity/sparsity.h"

#define STEERING_SERIES "steering"

enum steering_kind {
    STEER_PAUSE,
    STEER_CONTINUE,
    STEER_CHECKPOINT,
    STEER_EVALUATE,
    STEER_RATE,     /* number: the peak of the schedule from the next step on */
    STEER_SPARSITY, /* sparsity: the pattern from the next step on */
    STEER_BRANCH,   /* text: the folder that takes a checkpoint of now */
    STEER_PIN,      /* text: a sentence whose captures the run sends at each evaluation */
    STEER_UNPIN,    /* text: no longer */
    STEER_PATTERN,  /* arm, sparsity: a pattern that pinned sentences are captured with */
    STEERING_KINDS
};

#define STEER_RATE_MOST 100

struct steering {
    enum steering_kind kind;
    int arm;
    double number;
    char *text;
    struct sparsity *sparsity;
    struct steering *next; /* in the mailbox */
};

/* An empty request of this kind, `text` copied (may be NULL). NULL with an error when out of
 * memory.
 */
struct steering *steering_create(enum steering_kind kind, const char *text,
                                 struct sawb_error *error);

/*
 * From the words of the command `run`: "pause", "continue", "checkpoint", "evaluate", "rate X" or
 * "sparsity SPEC", which must fit a model of so many layers and heads (0: not checked). NULL with
 * an error, also for words that only the session of the run itself can follow.
 */
struct steering *steering_read(const char *text, const struct presets *presets, int layers,
                               int heads, struct sawb_error *error);

void steering_free(struct steering *steering); /* NULL is fine */

/* "pause", "rate" ...: the word of the command `run`. */
const char *steering_name(enum steering_kind kind);

#endif
