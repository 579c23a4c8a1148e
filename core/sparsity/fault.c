/*
 * fault.c - what is said about a specification that cannot be read.
 */
#include "core/sparsity/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define EXCERPT_CHARACTERS 72
#define EXCERPT_BEFORE 48 /* of them before the fault, when the text is longer */

static int is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

size_t identifier_length(const char *text) {
    size_t length = 0;
    while (is_letter(text[length]) ||
           (length > 0 && ((text[length] >= '0' && text[length] <= '9') || text[length] == '-')))
        length++;
    return length;
}

/* Bytes of the character at `at`; 1 for a byte that starts none. */
static size_t character_bytes(const char *at) {
    unsigned char first = (unsigned char)*at;
    size_t length = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
    for (size_t i = 1; i < length; i++) {
        if (((unsigned char)at[i] & 0xc0) != 0x80)
            return 1;
    }
    return length;
}

static int character_column(const char *text, size_t offset) {
    int column = 1;
    for (size_t at = 0; at < offset && text[at]; at += character_bytes(text + at))
        column++;
    return column;
}

/* Copies characters first, first + 1, ... of the text, those that would upset a terminal replaced.
 */
static void copy_excerpt(const char *text, int first, char *excerpt) {
    size_t used = 0;
    int column = 1;
    for (const char *at = text; *at && column < first + EXCERPT_CHARACTERS; column++) {
        size_t bytes = character_bytes(at);
        if (column >= first) {
            unsigned char byte = (unsigned char)*at;
            if (byte < ' ' || byte == 0x7f)
                excerpt[used++] = ' ';
            else if (byte >= 0x80 && bytes == 1)
                excerpt[used++] = '?';
            else
                for (size_t i = 0; i < bytes; i++)
                    excerpt[used++] = at[i];
        }
        at += bytes;
    }
    excerpt[used] = '\0';
}

int specification_fault(struct sawb_error *error, const char *origin, const char *text,
                        size_t offset, const char *format, ...) {
    char message[400], excerpt[EXCERPT_CHARACTERS * 4 + 1];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    int column = character_column(text, offset);
    int first = column > EXCERPT_CHARACTERS ? column - EXCERPT_BEFORE : 1;
    copy_excerpt(text, first, excerpt);
    const char *cut = first > 1 ? "..." : "";
    int indent = (int)strlen(cut) + column - first;
    return error_set(error, "%s: column %d: %s\n  %s%s\n  %*s^", origin, column, message, cut,
                     excerpt, indent, "");
}

/* ---- suggestions ---------------------------------------------------------------------------- */

#define MOST_NAME 32

/* Edits (insert, delete, replace) from one name to the other; MOST_NAME when either is too long. */
static int edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    int row[MOST_NAME + 1];
    if (a_length > MOST_NAME || b_length > MOST_NAME)
        return MOST_NAME;
    for (size_t j = 0; j <= b_length; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= a_length; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= b_length; j++) {
            int replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            int moved = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = replaced < moved ? replaced : moved;
        }
    }
    return row[b_length];
}

void suggest_name(const struct presets *presets, const char *name, size_t length, char *text,
                  size_t size) {
    const char *nearest = NULL;
    int least = length <= 4 ? 2 : 3; /* more edits than this less one are another word */
    for (int p = 0; pattern_at(p); p++) {
        const char *other = pattern_at(p)->name;
        int edits = edit_distance(name, length, other, strlen(other));
        if (edits < least) {
            least = edits;
            nearest = other;
        }
    }
    for (int p = 0; p < presets_count(presets); p++) {
        const char *other = presets_at(presets, p)->name;
        int edits = edit_distance(name, length, other, strlen(other));
        if (edits < least) {
            least = edits;
            nearest = other;
        }
    }
    if (nearest) {
        snprintf(text, size, "; did you mean %s?", nearest);
        return;
    }
    size_t used = (size_t)snprintf(text, size, "; there are");
    for (int p = 0; pattern_at(p) && used < size; p++)
        used += (size_t)snprintf(text + used, size - used, "%s %s", p > 0 ? "," : "",
                                 pattern_at(p)->name);
    if (used < size && presets_count(presets) > 0)
        snprintf(text + used, size - used, ", and the presets");
}
