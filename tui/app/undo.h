/*
 * undo.h - going back and forth over changes of state: sentence, patterns, models, what of the maps
 * is shown.
 *
 * After each command and each edit, undo_note compares the workbench with what it knows. A change
 * of the sentence, a pattern, a model or the look of the maps is a step that can be undone; where
 * one looks (layer, head, cursor) is not, but comes back with its step. Edits of the sentence in
 * quick succession are one step.
 */
#ifndef SAWB_TUI_APP_UNDO_H
#define SAWB_TUI_APP_UNDO_H

#include "core/base/error.h"
#include "core/model/model.h"
#include "tui/app/attention.h"

struct workbench;

#define UNDO_MOST 200 /* steps that are kept */

struct undo_state {
    char *text, *specs[2];
    struct model *models[2]; /* retained; NULL: not loaded yet */
    int layer, head, query, key;
    enum map_mode mode;
    struct attention_look look;
};

struct undo {
    struct undo_state states[UNDO_MOST]; /* [count], the oldest first */
    int count, at;                       /* `at`: the state the workbench is in */
    int typing;                          /* 1: the newest step is an edit that may grow */
    double time;                         /* of the newest step */
};

/* `now` in seconds. When there is no memory for the step, all older ones are forgotten. */
void undo_note(struct workbench *workbench, double now);

/* -1 back, +1 forth. An error when there is nothing to go to; the workbench is as it was then. */
int undo_step(struct workbench *workbench, int direction, struct sawb_error *error);

void undo_clear(struct undo *undo);

#endif
