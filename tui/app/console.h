/*
 * console.h - commands and their answers, as the console view shows them.
 */
#ifndef SAWB_TUI_APP_CONSOLE_H
#define SAWB_TUI_APP_CONSOLE_H

#include <stddef.h>

#include "core/base/error.h"

struct workbench;
struct figure;

#define CONSOLE_MOST 5000 /* lines that are kept */

enum console_kind { CONSOLE_COMMAND, CONSOLE_RESULT, CONSOLE_NOTE, CONSOLE_ERROR };

struct console_line {
    char *text;
    enum console_kind kind;
};

struct console {
    struct console_line *lines; /* [CONSOLE_MOST], a ring; NULL until there is one */
    int first, count;           /* the oldest, and how many */
    int back;                   /* lines that are scrolled back from the newest */
    size_t added;               /* lines that there ever were */
};

/* Adds a text, a line for each of its lines. What has no memory is left out: it was shown elsewhere
 * too. When one reads further back, the same lines stay in sight. */
void console_add(struct console *console, enum console_kind kind, const char *text);

/* Line `index` from the oldest, NULL past the newest. */
const struct console_line *console_get(const struct console *console, int index);

/* Moves by so many lines, positive: to older ones, as far as there are any. */
void console_scroll(struct console *console, int lines);

/* Scrolls to the nearest older (`older` 1) or newer line that holds `text`, without regard to case.
 * -1: none does. */
int console_find(struct console *console, const char *text, int older);

void console_clear(struct console *console);

/* All lines as a table, for exporters. */
int console_figure(const struct workbench *workbench, struct figure *figure,
                   struct sawb_error *error);

#endif
