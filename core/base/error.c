/*
 * error.c - formatting of error messages.
 */
#include "core/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Takes off a UTF-8 sequence that truncation has cut in two. */
static void trim_partial_character(char *text) {
    size_t end = strlen(text);
    size_t lead = end;
    while (lead > 0 && end - lead < 3 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
        lead--;
    if (lead == 0)
        return;
    unsigned char first = (unsigned char)text[lead - 1];
    size_t wanted = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    if (wanted > end - lead + 1)
        text[lead - 1] = '\0';
}

static void message_assign(struct sawb_error *error, const char *text, int length) {
    size_t size = sizeof(error->message);
    if (length < 0) {
        memcpy(error->message, "an error without a message", 27);
        return;
    }
    size_t kept = (size_t)length < size ? (size_t)length : size - 1;
    memcpy(error->message, text, kept);
    error->message[kept] = '\0';
    if ((size_t)length >= size)
        trim_partial_character(error->message);
}

int error_set(struct sawb_error *error, const char *format, ...) {
    if (!error)
        return -1;
    /* Not in place: an argument may be the message that is there. */
    struct sawb_error fresh;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(fresh.message, sizeof(fresh.message), format, arguments);
    va_end(arguments);
    message_assign(error, fresh.message, length);
    return -1;
}

int error_prefix(struct sawb_error *error, const char *format, ...) {
    if (!error)
        return -1;
    struct sawb_error prefix, joined;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(prefix.message, sizeof(prefix.message), format, arguments);
    va_end(arguments);
    if (length < 0)
        return -1;
    size_t used =
        (size_t)length < sizeof(prefix.message) ? (size_t)length : sizeof(prefix.message) - 1;
    size_t size = sizeof(joined.message);
    memcpy(joined.message, prefix.message, used);
    joined.message[used] = '\0';
    length = (int)used + snprintf(joined.message + used, size - used, ": %s", error->message);
    message_assign(error, joined.message, length);
    return -1;
}
