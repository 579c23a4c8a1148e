/*
 * text.h - a text that grows while it is written.
 */
#ifndef SAWB_TUI_COMMAND_TEXT_H
#define SAWB_TUI_COMMAND_TEXT_H

#include <stdio.h>

/*
 *     struct text text;
 *     text_begin(&text);
 *     fprintf(text.stream, ...);
 *     return text_end(&text);
 *
 * `stream` is NULL when there is no memory: then write nothing.
 */
struct text {
    FILE *stream;
    char *bytes;
    size_t size;
};

/* 0, or -1 when out of memory. */
int text_begin(struct text *text);

/* What was written, owned by the caller (free); NULL when memory ran out. */
char *text_end(struct text *text);

#endif
