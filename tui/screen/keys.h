/*
 * keys.h - what a key does: one table from a key, per focus, to the text of a command.
 *
 * A key is a code point, or one of the codes below, with modifiers added. Ctrl with a letter is the
 * control character itself, as terminals send it. Help, the hints at the bottom and the tests read
 * this table.
 */
#ifndef SAWB_TUI_SCREEN_KEYS_H
#define SAWB_TUI_SCREEN_KEYS_H

#include <stddef.h>

enum keys_code {
    KEYS_TAB = 9,
    KEYS_ENTER = 13,
    KEYS_ESCAPE = 27,
    KEYS_FIRST = 0x110000, /* past the last code point */
    KEYS_BACKSPACE = KEYS_FIRST,
    KEYS_UP,
    KEYS_DOWN,
    KEYS_LEFT,
    KEYS_RIGHT,
    KEYS_HOME,
    KEYS_END,
    KEYS_PAGE_UP,
    KEYS_PAGE_DOWN,
    KEYS_INSERT,
    KEYS_DELETE,
    KEYS_BACK_TAB,
    KEYS_LAST
};

/* Modifiers, added to a code. */
#define KEYS_ALT (1 << 24)
#define KEYS_CTRL (1 << 25)
#define KEYS_CONTROL(letter) ((letter)&0x1f)

/* Who takes the keys. FOCUS_MAP stands for the view, whichever is shown; FOCUS_TEXT for a text that
 * is read over it (help, a command's answer). */
enum focus { FOCUS_SENTENCE, FOCUS_MAP, FOCUS_TEXT, FOCUS_PROMPT, FOCUS_ANY };

struct key_binding {
    enum focus focus;
    int key;
    int then;            /* a second key that has to follow, 0: none */
    const char *command; /* a line of the command language, or a word of screen_actions */
    const char *note; /* what it does, for help; NULL: told by another row with the same command */
    const char *hint_keys, *hint; /* for the line of hints; NULL: not shown there */
    int needed;                   /* 1: a hint that is shown also where there is little room */
};

/* Row `index`, NULL past the last. */
const struct key_binding *keys_get(int index);

/*
 * The binding of `key` (or of `first` followed by `key`; first 0: none), NULL when there is none.
 * `own`: rows of the view that is shown, which go before those of the table (NULL: none). What
 * FOCUS_TEXT does not bind is looked up in FOCUS_MAP. Alt makes no difference on the map, and in
 * FOCUS_SENTENCE it makes a map key work while typing.
 */
const struct key_binding *keys_find(const struct key_binding *own, enum focus focus, int first,
                                    int key);

/* 1 when `key` begins a binding of two keys. */
int keys_begins(const struct key_binding *own, enum focus focus, int key);

/* "Ctrl-A", "Alt-b", "Up", "x" ... NUL-terminated, cut to size. */
void keys_name(int key, char *name, size_t size);
void keys_binding_name(const struct key_binding *binding, char *name, size_t size);

#endif
