/*
 * undo.c - a list of states, and where in it the workbench is.
 */
#include "tui/app/undo.h"

#include <stdlib.h>
#include <string.h>

#include "tui/app/workbench.h"

#define TYPING_SECONDS 1.5 /* edits closer together are one step */

static void state_clear(struct undo_state *state) {
    for (int arm = 0; arm < ARMS; arm++) {
        free(state->specs[arm]);
        model_release(state->models[arm]);
    }
    free(state->text);
    memset(state, 0, sizeof(*state));
}

/* Where one looks; no step of its own. */
static void state_place(struct undo_state *state, const struct workbench *workbench) {
    state->layer = workbench->layer;
    state->head = workbench->head;
    state->query = workbench->query;
    state->key = workbench->key;
}

static int state_take(struct undo_state *state, const struct workbench *workbench) {
    *state = (struct undo_state){.text = strdup(workbench->text ? workbench->text : ""),
                                 .mode = workbench->mode,
                                 .look = workbench->attention.look};
    int complete = state->text != NULL;
    for (int arm = 0; arm < ARMS; arm++) {
        const struct arm *from = &workbench->arms[arm];
        state->specs[arm] = strdup(from->spec ? from->spec : "dense");
        state->models[arm] = from->model ? model_retain(from->model) : NULL;
        complete = complete && state->specs[arm];
    }
    state_place(state, workbench);
    if (complete)
        return 0;
    state_clear(state);
    return -1;
}

static int same_text(const struct undo_state *state, const struct workbench *workbench) {
    return strcmp(state->text, workbench->text ? workbench->text : "") == 0;
}

static int same_look(const struct attention_look *a, const struct attention_look *b) {
    return a->threshold == b->threshold && a->special == b->special && a->words == b->words &&
           a->transpose == b->transpose && a->row == b->row && a->bins == b->bins &&
           a->zoom == b->zoom && a->maps == b->maps && strcmp(a->heads, b->heads) == 0;
}

/* All but the sentence and the place. */
static int same_rest(const struct undo_state *state, const struct workbench *workbench) {
    const struct attention_look *look = &workbench->attention.look;
    for (int arm = 0; arm < ARMS; arm++) {
        const struct arm *now = &workbench->arms[arm];
        int other = state->models[arm] && state->models[arm] != now->model;
        if (other || strcmp(state->specs[arm], now->spec ? now->spec : "dense") != 0)
            return 0;
    }
    return state->mode == workbench->mode && same_look(&state->look, look);
}

/* Forgets the steps ahead, and the oldest when there is no more room. */
static void make_room(struct undo *undo) {
    while (undo->count > undo->at + 1)
        state_clear(&undo->states[--undo->count]);
    if (undo->count < UNDO_MOST)
        return;
    state_clear(&undo->states[0]);
    memmove(undo->states, undo->states + 1, (UNDO_MOST - 1) * sizeof(undo->states[0]));
    undo->count--;
    undo->at--;
}

void undo_note(struct workbench *workbench, double now) {
    struct undo *undo = &workbench->undo;
    struct undo_state state;
    if (undo->count > 0) {
        struct undo_state *newest = &undo->states[undo->at];
        int text = same_text(newest, workbench), rest = same_rest(newest, workbench);
        if (text && rest) {
            state_place(newest, workbench);
            return;
        }
        if (rest && undo->typing && now - undo->time < TYPING_SECONDS &&
            undo->at == undo->count - 1) {
            char *copy = strdup(workbench->text ? workbench->text : "");
            if (copy) {
                free(newest->text);
                newest->text = copy;
                undo->time = now;
            }
            return;
        }
        undo->typing = !text && rest;
    }
    undo->time = now;
    if (state_take(&state, workbench) < 0) {
        undo_clear(undo);
        return;
    }
    if (undo->count > 0)
        make_room(undo);
    undo->states[undo->count] = state;
    undo->at = undo->count++;
}

int undo_step(struct workbench *workbench, int direction, struct sawb_error *error) {
    struct undo *undo = &workbench->undo;
    int to = undo->at + direction;
    if (to < 0 || to >= undo->count)
        return error_set(error, direction < 0 ? "undo: this is the oldest state that is kept"
                                              : "redo: nothing was undone");
    struct undo_state *state = &undo->states[to];
    if (workbench_restore(workbench, state->text, state->specs, state->models, error) < 0)
        return -1;
    undo->at = to;
    undo->typing = 0;
    workbench->layer = state->layer;
    workbench->head = state->head;
    workbench->query = state->query;
    workbench->key = state->key;
    workbench->mode = state->mode;
    workbench->attention.look = state->look;
    workbench_clamp(workbench);
    return 0;
}

void undo_clear(struct undo *undo) {
    for (int i = 0; i < undo->count; i++)
        state_clear(&undo->states[i]);
    memset(undo, 0, sizeof(*undo));
}
