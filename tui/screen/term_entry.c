/*
 * term_entry.c - the compiled form of a terminfo entry.
 */
#include "tui/screen/term_entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAGIC_32_BIT 01036
#define ENTRY_MOST 32767
#define SGR_RGB(kind) "\033[" kind ";2;%p1%{65536}%/%d;%p1%{256}%/%{255}%&%d;%p1%{255}%&%dm"

const char term_entry_foreground[] = SGR_RGB("38");
const char term_entry_background[] = SGR_RGB("48");

/* Bytes as hexadecimal text. */
struct writer {
    FILE *out;
    int count; /* of bytes behind the prefix */
};

static void put_byte(struct writer *writer, int byte) {
    fprintf(writer->out, "%02X", byte & 255);
    writer->count++;
}

static void put_bytes(struct writer *writer, const char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        put_byte(writer, bytes[i]);
}

static void put_number(struct writer *writer, int number, int bytes) {
    unsigned bits = (unsigned)number;
    for (int i = 0; i < bytes; i++)
        put_byte(writer, (int)(bits >> 8 * i));
}

static void put_padding(struct writer *writer) {
    if (writer->count % 2)
        put_byte(writer, 0);
}

/* Length of the string table, NULs included. */
static size_t table_size(const struct term_entry *entry) {
    size_t size = 0;
    for (int i = 0; i < entry->string_count; i++)
        size += entry->strings[i] ? strlen(entry->strings[i]) + 1 : 0;
    return size;
}

static void put_strings(struct writer *writer, const struct term_entry *entry) {
    size_t place = 0;
    for (int i = 0; i < entry->string_count; i++) {
        put_number(writer, entry->strings[i] ? (int)place : -1, 2);
        place += entry->strings[i] ? strlen(entry->strings[i]) + 1 : 0;
    }
    for (int i = 0; i < entry->string_count; i++)
        if (entry->strings[i])
            put_bytes(writer, entry->strings[i], strlen(entry->strings[i]) + 1);
}

/* The extended part: one flag with its name, no numbers, no strings. */
static void put_extended(struct writer *writer) {
    static const char name[] = "RGB";
    const int header[] = {1, 0, 0, 1, sizeof(name)};
    put_padding(writer);
    for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++)
        put_number(writer, header[i], 2);
    put_byte(writer, 1);
    put_padding(writer);
    put_number(writer, 0, 2); /* where its name begins */
    put_bytes(writer, name, sizeof(name));
}

static void put_entry(struct writer *writer, const struct term_entry *entry) {
    size_t name = strlen(entry->name) + 1;
    const int header[] = {MAGIC_32_BIT,        (int)name,           entry->flag_count,
                          entry->number_count, entry->string_count, (int)table_size(entry)};
    for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++)
        put_number(writer, header[i], 2);
    put_bytes(writer, entry->name, name);
    for (int i = 0; i < entry->flag_count; i++)
        put_byte(writer, entry->flags[i]);
    put_padding(writer);
    for (int i = 0; i < entry->number_count; i++)
        put_number(writer, entry->numbers[i] < 0 ? -1 : entry->numbers[i], 4);
    put_strings(writer, entry);
    put_extended(writer);
}

char *term_entry_print(const struct term_entry *entry) {
    char *text = NULL;
    size_t size = 0;
    struct writer writer = {.out = open_memstream(&text, &size)};
    if (!writer.out)
        return NULL;
    fputs("hex:", writer.out);
    put_entry(&writer, entry);
    int failed = ferror(writer.out) || writer.count > ENTRY_MOST;
    if (fclose(writer.out) == 0 && !failed)
        return text;
    free(text);
    return NULL;
}

int term_entry_wanted(const char *colorterm, const char *term, const char *tmux, int colors) {
    if (!colorterm || colors < 256)
        return 0;
    if (strcasecmp(colorterm, "truecolor") != 0 && strcasecmp(colorterm, "24bit") != 0)
        return 0;
    return !term || strncmp(term, "screen", 6) != 0 || (tmux && tmux[0]);
}
