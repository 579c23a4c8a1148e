/*
 * key_map.h - keys, their names, and the bindings a user makes while sawb runs.
 *
 * A key is a code point, or one of the codes below, with modifiers added. Ctrl with a letter is the
 * control character itself, as terminals send it. What sawb binds by itself stands in
 * tui/screen/keys.c and in the views.
 */
#ifndef SAWB_TUI_APP_KEY_MAP_H
#define SAWB_TUI_APP_KEY_MAP_H

#include <stddef.h>

#include "core/base/error.h"

#define KEYS_FUNCTIONS 20 /* F1 ... */

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
    KEYS_F1,
    KEYS_LAST = KEYS_F1 + KEYS_FUNCTIONS
};

/* Modifiers, added to a code. */
#define KEYS_ALT (1 << 24)
#define KEYS_CTRL (1 << 25)
#define KEYS_CONTROL(letter) ((letter)&0x1f)

#define KEYS_NAME_BYTES 96 /* room for the name of any binding */

/* Who takes the keys. FOCUS_MAP stands for the view, whichever is shown; FOCUS_TEXT for a text that
 * is read over it (help, a command's answer); FOCUS_REPLAY for the bar below a session that is
 * looked at again, which leaves to the view what it does not bind. */
enum focus { FOCUS_SENTENCE, FOCUS_MAP, FOCUS_TEXT, FOCUS_PROMPT, FOCUS_REPLAY, FOCUS_ANY };

struct key_binding {
    enum focus focus;
    int key;
    int then;            /* a second key that has to follow, 0: none */
    const char *command; /* a line of the command language, or a word of screen_actions */
    const char *note; /* what it does, for help; NULL: told by another row with the same command */
    const char *hint_keys, *hint; /* for the line of hints; NULL: not shown there */
    int needed;                   /* 1: a hint that is shown also where there is little room */
};

/* "Ctrl-A", "Alt-b", "Up", "F1", "x" ... NUL-terminated, cut to size. */
void keys_name(int key, char *name, size_t size);
void keys_binding_name(const struct key_binding *binding, char *name, size_t size);

/* The inverse of keys_binding_name: a name, or two with blanks between. *then is 0 for one. 0, or
 * -1 with an error that says which names there are. */
int keys_parse(const char *text, int *key, int *then, struct sawb_error *error);

/* Bindings of the user. All zero: none. */
struct key_map {
    struct key_binding *rows; /* [count], each owns its command */
    int count;
};
void key_map_free(struct key_map *map);

/*
 * Binds a key (or two, "g x") to a line of the command language, in place of what the map held for
 * it. 0, or -1 and nothing has changed.
 */
int keys_bind(struct key_map *map, enum focus focus, const char *keys, const char *command,
              struct sawb_error *error);
/* Takes the user's binding of this key away: what sawb does with it by itself is back. An error
 * when there is none. */
int keys_unbind(struct key_map *map, const char *keys, struct sawb_error *error);

/*
 * Where a binding of the user holds that is made without saying so: a key that writes something or
 * is needed for editing (letters, Enter, arrows) while a view has the keys, any other (Ctrl-X, F5)
 * everywhere but at the prompt.
 */
enum focus keys_usual_focus(int key);

#endif
