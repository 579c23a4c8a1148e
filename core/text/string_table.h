/*
 * string_table.h - strings numbered 0, 1, 2, ... in the order of their coming, found by hash.
 *
 * Starts as `struct string_table table = {0}`. Holds word pieces (and finds the longest that a word
 * begins with) and, when a vocabulary is learned, words.
 */
#ifndef SAWB_CORE_TEXT_STRING_TABLE_H
#define SAWB_CORE_TEXT_STRING_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct string_slot {
    uint32_t hash;
    int next_id; /* id + 1; 0: an empty slot */
};

struct string_table {
    int count;
    size_t longest; /* bytes of the longest string */
    char *bytes;    /* the strings, each NUL-terminated, one after the other */
    size_t used, bytes_capacity;
    size_t *begins; /* [count + 1] where each string begins; the last is `used` */
    size_t begins_capacity;
    struct string_slot *slots; /* open addressing, a power of two of them, at most half full */
    size_t slot_count;
};

/* The id of text[0..length), added when it is new. -1 when memory is out; the table is then as it
 * was. */
int string_table_add(struct string_table *table, const char *text, size_t length);

/* Its id, or -1. */
int string_table_find(const struct string_table *table, const char *text, size_t length);

/*
 * The longest string that is `prefix` followed by one or more of the leading bytes of
 * text[0..length). Returns its id and in *matched how many bytes of `text` it takes; -1 when there
 * is none.
 */
int string_table_longest(const struct string_table *table, const char *prefix, const char *text,
                         size_t length, size_t *matched);

/* Borrowed until the next string_table_add. */
const char *string_table_text(const struct string_table *table, int id);
size_t string_table_length(const struct string_table *table, int id);

void string_table_free(struct string_table *table);

#endif
