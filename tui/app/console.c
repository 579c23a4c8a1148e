/*
 * console.c - a ring of lines.
 */
#include "tui/app/console.h"

#include <stdlib.h>
#include <string.h>

static void add_line(struct console *console, enum console_kind kind, const char *text,
                     size_t length) {
    char *copy = strndup(text, length);
    if (!console->lines)
        console->lines = calloc(CONSOLE_MOST, sizeof(*console->lines));
    if (!copy || !console->lines) {
        free(copy);
        return;
    }
    if (console->count == CONSOLE_MOST) {
        free(console->lines[console->first].text);
        console->first = (console->first + 1) % CONSOLE_MOST;
        console->count--;
    }
    console->lines[(console->first + console->count) % CONSOLE_MOST] =
        (struct console_line){copy, kind};
    console->count++;
    console->added++;
    if (console->back > 0)
        console_scroll(console, 1);
}

void console_add(struct console *console, enum console_kind kind, const char *text) {
    for (;;) {
        size_t length = strcspn(text, "\n");
        add_line(console, kind, text, length);
        if (!text[length])
            return;
        text += length + 1;
    }
}

const struct console_line *console_get(const struct console *console, int index) {
    if (index < 0 || index >= console->count)
        return NULL;
    return &console->lines[(console->first + index) % CONSOLE_MOST];
}

void console_scroll(struct console *console, int lines) {
    int most = console->count > 0 ? console->count - 1 : 0;
    int back = lines > most ? most : lines < -most ? -most : lines;
    console->back += back;
    console->back = console->back < 0 ? 0 : console->back > most ? most : console->back;
}

int console_find(struct console *console, const char *text, int older) {
    int step = older ? -1 : 1;
    for (int i = console->count - 1 - console->back + step; i >= 0 && i < console->count;
         i += step) {
        if (strcasestr(console_get(console, i)->text, text)) {
            console->back = console->count - 1 - i;
            return 0;
        }
    }
    return -1;
}

void console_clear(struct console *console) {
    for (int i = 0; i < console->count; i++)
        free(console->lines[(console->first + i) % CONSOLE_MOST].text);
    free(console->lines);
    memset(console, 0, sizeof(*console));
}
