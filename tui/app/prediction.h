/*
 * prediction.h - what both arms say of the sentence, of edited copies of it, and of it without each
 * of its tokens: the state of the view PREDICTION.
 *
 * A copy belongs to the sentence it was made of. It is kept when the sentence changes and shown
 * again when the sentence is back.
 */
#ifndef SAWB_TUI_APP_PREDICTION_H
#define SAWB_TUI_APP_PREDICTION_H

#include "core/session/jobs.h"

struct workbench;
struct figure;

#define COPIES_KEPT_MOST 12

enum occlusion_by { OCCLUSION_MASK, OCCLUSION_DROP, OCCLUSION_OFF, OCCLUSIONS };

/* What an arm says of a copy, as the worker has told it. */
struct copy_said {
    int known;
    int label;
    double probability;                   /* of that label */
    double kept, kept_before;             /* of the original's label, and there */
    double difference, difference_before; /* of the logits at the original's pair, and there */
    double distance;                      /* total variation */
};

struct sentence_copy {
    char *text;              /* the sentence it is a copy of; NULL: there is no copy */
    struct text_edit *edits; /* [count]; words are owned */
    int count;
    char *name; /* what was done, e.g. "mask warm" */
    int shown_count;
    char **pieces;            /* [shown_count] of the copy, with the dropped ones in their places */
    enum token_state *states; /* [shown_count] */
    struct copy_said said[2]; /* by arm */
};

/* The sentence without each of its units. */
struct occlusion {
    int tokens;    /* of arm A; 0: nothing yet */
    char **pieces; /* [tokens] */
    enum occlusion_by by;
    enum edit_unit unit;
    struct copy_said *said; /* [tokens, arms]: of the unit that begins at this token */
    int *width;             /* [tokens] tokens of that unit, 0: none begins here */
    int points;             /* that have come */
    int complete;
};

struct prediction_state {
    enum edit_unit unit; /* what an edit and a bar of the occlusion cover */
    struct sentence_copy now, kept[COPIES_KEPT_MOST];
    int kept_count;
    int copies_job, copies_for; /* newest job, and the prediction it belongs to */
    int copies_changed;         /* there are copies that were not asked about */
    struct sentence_copy *asked[COPIES_KEPT_MOST + 1]; /* by the copy's index in that job */
    enum occlusion_by by;
    int occlusion_job, occlusion_for;
    int occluding;       /* that job has not ended */
    double occlude_time; /* when it was asked for */
    char *question;      /* what it was asked about: sentence, models, patterns */
    struct occlusion shown, coming;
};

void prediction_free(struct prediction_state *state);

/*
 * Changes the unit at `token` (an index into arm A's tokens of the present sentence) in the copy at
 * hand, which is made when there is none. The same change again takes it back. `word`: of
 * CHANGE_REPLACE. After an error everything is as it was.
 */
int prediction_edit(struct workbench *workbench, enum text_change change, const char *word,
                    int token, struct sawb_error *error);
void prediction_reset(struct workbench *workbench);

/* Copies of the present sentence: the kept ones in order, then the one at hand. Returns how many.
 */
int prediction_copies(const struct workbench *workbench,
                      const struct sentence_copy *copies[COPIES_KEPT_MOST + 1]);
/* Puts the copy at hand into the list. */
int prediction_keep(struct workbench *workbench, struct sawb_error *error);
/* Takes copy `number` (from 1, of prediction_copies) away. */
int prediction_forget(struct workbench *workbench, int number, struct sawb_error *error);

void prediction_set_occlusion(struct workbench *workbench, enum occlusion_by by);
void prediction_set_unit(struct workbench *workbench, enum edit_unit unit);

/*
 * Asks the worker for what the view lacks: answers to copies, the occlusion. Called when the view
 * is drawn and cheap when nothing is missing; it waits until both arms have answered, so that
 * typing goes first, and while a run is followed it asks no faster than answers come.
 */
void prediction_wish(struct workbench *workbench);

/* The newest occlusion worth looking at: one under way is shown only when it takes long, so that
 * nothing flickers. NULL: none. */
const struct occlusion *prediction_occlusion(const struct workbench *workbench, double now);

/* Reads an EVENT_POINT of SERIES_COPIES or SERIES_OCCLUDE. */
void copy_said_read(struct copy_said *said, const struct point *point);

/* Events of the jobs above. */
void prediction_take_copy(struct workbench *workbench, const struct event *event);
void prediction_take_occlusion(struct workbench *workbench, const struct event *event);
void prediction_take_end(struct workbench *workbench, const struct event *event);

int prediction_figure(const struct workbench *workbench, struct figure *figure,
                      struct sawb_error *error);

#endif
