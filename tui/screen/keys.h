/*
 * keys.h - what a key does: one table from a key, per focus, to the text of a command.
 *
 * Help, the hints at the bottom and the tests read this table. Before it come the bindings of the
 * user (key_map.h), then the keys of the view that is shown.
 */
#ifndef SAWB_TUI_SCREEN_KEYS_H
#define SAWB_TUI_SCREEN_KEYS_H

#include "tui/app/key_map.h"

/* What the mouse did. */
enum mouse_event {
    MOUSE_PRESS,  /* the left button */
    MOUSE_DOUBLE, /* pressed there again at once */
    MOUSE_DRAG,   /* moved with the left button down, also to outside of where it went down */
    MOUSE_RELEASE,
    MOUSE_WHEEL_UP,
    MOUSE_WHEEL_DOWN
};

/* Row `index`, NULL past the last. */
const struct key_binding *keys_get(int index);

/* Where bindings are looked up, in this order; both may be NULL. */
struct key_sources {
    const struct key_map *user;
    const struct key_binding *own; /* of the view; ends with a row without a command */
};

/* Row `index` of the sources and then of the table, NULL past the last. */
const struct key_binding *keys_row(const struct key_sources *sources, int index);

/*
 * The binding of `key` (or of `first` followed by `key`; first 0: none), NULL when there is none,
 * or when the key begins one of two keys in a source that comes before. What FOCUS_TEXT does not
 * bind is looked up in FOCUS_MAP. Alt makes no difference on the map, and in FOCUS_SENTENCE it
 * makes a map key work while typing. At the prompt the user's bindings do not count: it can always
 * be closed.
 */
const struct key_binding *keys_find(const struct key_sources *sources, enum focus focus, int first,
                                    int key);

/* 1 when `key` begins a binding of two keys. */
int keys_begins(const struct key_sources *sources, enum focus focus, int key);

/* 1 when the row is what its keys do in this focus: no row that comes before has them. */
int keys_holds(const struct key_sources *sources, enum focus focus,
               const struct key_binding *binding);

#endif
