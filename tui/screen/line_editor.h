/*
 * line_editor.h - one line of UTF-8 text that is edited in place, with its history.
 *
 *     struct line_editor editor = {0};
 *     line_editor_insert(&editor, "naïve", 6, &dropped, &error);
 *     line_editor_key(&editor, KEYS_LEFT);
 *     ... line_editor_text(&editor) ...
 *     line_editor_free(&editor);
 *
 * The cursor moves and deletes by what a reader sees as one character (a grapheme: a letter with
 * its combining marks). The text never holds control characters or invalid UTF-8.
 */
#ifndef SAWB_TUI_SCREEN_LINE_EDITOR_H
#define SAWB_TUI_SCREEN_LINE_EDITOR_H

#include <stddef.h>

#include "viz/glyphs.h"
#include "viz/grid.h"

#define LINE_EDITOR_LIMIT 131072 /* bytes of a line */
#define LINE_EDITOR_HISTORY 500  /* lines kept */

/* All zero: an empty line without a history. */
struct line_editor {
    char *text; /* [capacity], NUL-terminated; NULL while empty from the start */
    size_t length, capacity;
    size_t cursor; /* byte, at a grapheme's boundary */
    char *killed;  /* what was cut last; NULL: nothing */
    char **history;
    int history_count;
    int history_at; /* index of the line shown; history_count: the one being written */
    char *draft;    /* the one being written, while an older one is shown */
};

void line_editor_free(struct line_editor *editor);
const char *line_editor_text(const struct line_editor *editor);

/* Replaces the line; the cursor goes to its end. 0, or -1 (too long, out of memory) and the line
 * stays. */
int line_editor_set(struct line_editor *editor, const char *text, struct sawb_error *error);

/*
 * Inserts at the cursor. Tabs and line breaks become one blank each (CR LF: one), other control
 * characters and invalid UTF-8 are left out and counted in *dropped (may be NULL). 0, or -1 and the
 * line stays as it was.
 */
int line_editor_insert(struct line_editor *editor, const char *text, size_t length, size_t *dropped,
                       struct sawb_error *error);

/* Bytes [begin, end) become `length` bytes of text, cleaned as line_editor_insert does; the cursor
 * goes to their end. 0, or -1 and the line stays as it was. */
int line_editor_replace(struct line_editor *editor, size_t begin, size_t end, const char *text,
                        size_t length, struct sawb_error *error);

/* Does what the key asks for, printable characters are inserted. */
enum line_outcome {
    LINE_UNKNOWN, /* not an editing key: nothing happened */
    LINE_MOVED,   /* the text is the same */
    LINE_CHANGED,
    LINE_FAILED /* too long or out of memory: nothing happened */
};
enum line_outcome line_editor_key(struct line_editor *editor, int key);

/* Keeps the line in the history (not twice in a row, not when blank). */
void line_editor_remember(struct line_editor *editor);

/* Editing keys for help: row `index`, NULL past the last. `also`: a second key that does the same,
 * 0: none. */
struct line_binding {
    int key, also;
    const char *note;
    enum line_outcome (*act)(struct line_editor *editor);
};
const struct line_binding *line_editor_binding(int index);

/* Puts the cursor where a place of the line is seen that is drawn in `columns` columns. */
void line_editor_point(struct line_editor *editor, int columns, int column);

/* Draws the part around the cursor into `columns` columns; with `cursor` the grid's cursor is put
 * there. */
void line_editor_draw(const struct line_editor *editor, struct area area, int row, int column,
                      int columns, enum meaning meaning, int cursor, const struct glyphs *glyphs);

#endif
