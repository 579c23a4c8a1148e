/*
 * input.h - what a terminal sends, as keys, pasted text and the mouse.
 *
 * Bytes go in as they come; events come out when they are whole. sawb decodes by itself so that
 * pastes, Alt, modified arrows and invalid UTF-8 mean the same everywhere, and so that it can be
 * tested without a terminal.
 *
 *     input_feed(&input, bytes, count);
 *     while ((kind = input_next(&input, late, &event)) != INPUT_NOTHING)
 *         ... event.key, or event.text and event.length ...
 */
#ifndef SAWB_TUI_SCREEN_INPUT_H
#define SAWB_TUI_SCREEN_INPUT_H

#include <stddef.h>

#include "tui/screen/keys.h"

#define INPUT_PASTE_CHUNK 65536 /* a longer paste is given out in parts */

/* All zero: nothing has come yet. */
struct input {
    unsigned char *bytes; /* [capacity]; bytes[at..count) are not decoded yet */
    size_t at, count, capacity;
    int pasting; /* inside of a bracketed paste */
    int parts;   /* of it that were given out */
    char *paste; /* the last paste given out */
};

enum input_kind {
    INPUT_NOTHING, /* more bytes are needed */
    INPUT_KEY,
    INPUT_MOUSE,  /* event.mouse */
    INPUT_PASTE,  /* text[length], borrowed until the next call, may hold anything */
    INPUT_INVALID /* `length` bytes were not UTF-8 and were dropped */
};

struct input_mouse {
    enum mouse_event event;
    int row, column; /* from 0 */
};

struct input_event {
    int key;
    struct input_mouse mouse;
    const char *text;
    size_t length;
    int continued; /* a later part of a paste that came in parts */
};

/* 0, or -1 when out of memory (the bytes are dropped). */
int input_feed(struct input *input, const void *bytes, size_t count);

/* `late`: no more bytes came for a while, so what looks like the start of a sequence is all there
 * is. */
enum input_kind input_next(struct input *input, int late, struct input_event *event);

/* Milliseconds to wait until what is left counts as late; -1: nothing is left. */
int input_patience(const struct input *input);
void input_free(struct input *input);

#endif
