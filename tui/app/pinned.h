/*
 * pinned.h - sentences whose states a run stores as it learns, and looking back at them.
 *
 * The run sends a capture of each pinned sentence under the patterns of A and B at its start, at
 * each evaluation and at its end. They are kept packed (core/inspect/stored.h), all together in at
 * most PINNED_BYTES: when that is full, every second state of the sentence that has most is left
 * out, never the first and the newest. While one looks back ("scrub on"), the arms hold the stored
 * captures of the step under the cursor of the curves, so that every view shows them; the live ones
 * wait beside, and any change of sentence, pattern or model goes back to them.
 */
#ifndef SAWB_TUI_APP_PINNED_H
#define SAWB_TUI_APP_PINNED_H

#include "core/inspect/stored.h"
#include "core/session/jobs.h"

struct workbench;

#define PINNED_BYTES ((size_t)64 << 20)
#define PINNED_ARMS TRAIN_PATTERNS

struct pinned_state {
    int64_t step;
    struct stored *arms[PINNED_ARMS]; /* NULL: none */
};

struct pinned_sentence {
    char *text;
    struct pinned_state *states; /* [count], steps ascend */
    int count, capacity;
};

struct pinned {
    struct pinned_sentence sentences[TRAIN_PINS];
    int count;
    size_t bytes;                      /* of all that is stored */
    int thinned;                       /* 1: some were left out for want of room */
    char *watched[PINNED_ARMS];        /* patterns that the run was told */
    int scrub;                         /* 1 + index of the sentence looked at; 0: live */
    int64_t step;                      /* that is shown while looking back */
    struct capture *live[PINNED_ARMS]; /* meanwhile: the newest answers */
};

void pinned_free(struct pinned *pinned);

/* Pins a sentence, also for the run in progress. */
int pinned_add(struct workbench *workbench, const char *text, struct sawb_error *error);
int pinned_remove(struct workbench *workbench, const char *text, struct sawb_error *error);

/* Fills pins and patterns of a run's options; `pins` is room for what they point to. */
void pinned_options(const struct workbench *workbench, struct train_job_options *options,
                    const char *pins[TRAIN_PINS]);

/* The run that begins knows the present patterns. */
void pinned_begin(struct workbench *workbench);

/* A capture that the run has sent (left in the event); and the patterns of the arms, told to the
 * run when they have changed. */
void pinned_take(struct workbench *workbench, const struct event *event);
void pinned_watch(struct workbench *workbench);

/* Looks back: at the present sentence if it is pinned, otherwise at the one pinned last, which
 * becomes the sentence. */
int pinned_scrub(struct workbench *workbench, struct sawb_error *error);
void pinned_live(struct workbench *workbench);

/* Shows the stored state nearest to the cursor of the curves; nothing while live. */
void pinned_follow(struct workbench *workbench);

/* The stored step before or after `step`; 0 when there is none or while live. */
int pinned_neighbour(const struct workbench *workbench, int64_t step, int direction,
                     int64_t *stored);

/* The step of the stored state that is shown, -1: live. */
int64_t pinned_step(const struct workbench *workbench);

/* Where a new answer of the arm belongs: the arm itself, or beside it while one looks back. */
struct capture **pinned_place(struct workbench *workbench, int arm);

#endif
