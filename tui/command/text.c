/*
 * text.c - growing texts, by the C library's memory streams.
 */
#include "tui/command/text.h"

#include <stdlib.h>

int text_begin(struct text *text) {
    *text = (struct text){0};
    text->stream = open_memstream(&text->bytes, &text->size);
    return text->stream ? 0 : -1;
}

char *text_end(struct text *text) {
    int failed = ferror(text->stream);
    failed |= fclose(text->stream) != 0;
    if (!failed)
        return text->bytes;
    free(text->bytes);
    return NULL;
}
