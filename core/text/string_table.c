/*
 * string_table.c - strings numbered in the order of their coming.
 */
#include "core/text/string_table.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/array.h"

#define SLOTS_MIN 64

/* FNV-1a, which goes on byte by byte: the hash of a longer string continues that of its beginning.
 */
#define HASH_START 0x811c9dc5u

static uint32_t hash_byte(uint32_t hash, char byte) {
    return (hash ^ (unsigned char)byte) * 0x01000193u;
}

static uint32_t hash_bytes(uint32_t hash, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        hash = hash_byte(hash, text[i]);
    return hash;
}

/* Its low bits are FNV's weak side: the high ones are mixed in. */
static size_t first_slot(uint32_t hash, size_t slot_count) {
    return (hash ^ (hash >> 15)) & (slot_count - 1);
}

const char *string_table_text(const struct string_table *table, int id) {
    return table->bytes + table->begins[id];
}

size_t string_table_length(const struct string_table *table, int id) {
    return table->begins[id + 1] - table->begins[id] - 1;
}

/* The id of the string of this hash that is `prefix` and then `text`, or -1. */
static int find_joined(const struct string_table *table, uint32_t hash, const char *prefix,
                       size_t prefix_length, const char *text, size_t length) {
    size_t slot = first_slot(hash, table->slot_count);
    for (; table->slots[slot].next_id; slot = (slot + 1) & (table->slot_count - 1)) {
        int id = table->slots[slot].next_id - 1;
        if (table->slots[slot].hash != hash ||
            string_table_length(table, id) != prefix_length + length)
            continue;
        const char *candidate = string_table_text(table, id);
        if (memcmp(candidate, prefix, prefix_length) == 0 &&
            memcmp(candidate + prefix_length, text, length) == 0)
            return id;
    }
    return -1;
}

int string_table_find(const struct string_table *table, const char *text, size_t length) {
    if (table->slot_count == 0)
        return -1;
    return find_joined(table, hash_bytes(HASH_START, text, length), "", 0, text, length);
}

int string_table_longest(const struct string_table *table, const char *prefix, const char *text,
                         size_t length, size_t *matched) {
    size_t prefix_length = strlen(prefix);
    int best = -1;
    *matched = 0;
    if (table->longest <= prefix_length)
        return -1;
    if (length > table->longest - prefix_length)
        length = table->longest - prefix_length;
    uint32_t hash = hash_bytes(HASH_START, prefix, prefix_length);
    for (size_t taken = 1; taken <= length; taken++) {
        hash = hash_byte(hash, text[taken - 1]);
        int id = find_joined(table, hash, prefix, prefix_length, text, taken);
        if (id >= 0) {
            best = id;
            *matched = taken;
        }
    }
    return best;
}

static void insert(struct string_slot *slots, size_t slot_count, uint32_t hash, int id) {
    size_t slot = first_slot(hash, slot_count);
    while (slots[slot].next_id)
        slot = (slot + 1) & (slot_count - 1);
    slots[slot] = (struct string_slot){hash, id + 1};
}

/* Room for one string more of `length` bytes. */
static int reserve(struct string_table *table, size_t length) {
    if (table->count >= INT_MAX - 1 || length >= PTRDIFF_MAX - table->used)
        return -1;
    char *bytes = array_grow(table->bytes, &table->bytes_capacity, table->used + length + 1, 1);
    if (!bytes)
        return -1;
    table->bytes = bytes;
    size_t *begins = array_grow(table->begins, &table->begins_capacity, (size_t)table->count + 2,
                                sizeof(*begins));
    if (!begins)
        return -1;
    table->begins = begins;
    if ((size_t)table->count < table->slot_count / 2)
        return 0;

    size_t slot_count = table->slot_count ? table->slot_count * 2 : SLOTS_MIN;
    struct string_slot *slots = calloc(slot_count, sizeof(*slots));
    if (!slots)
        return -1;
    for (size_t i = 0; i < table->slot_count; i++)
        if (table->slots[i].next_id)
            insert(slots, slot_count, table->slots[i].hash, table->slots[i].next_id - 1);
    free(table->slots);
    table->slots = slots;
    table->slot_count = slot_count;
    return 0;
}

int string_table_add(struct string_table *table, const char *text, size_t length) {
    int id = string_table_find(table, text, length);
    if (id >= 0)
        return id;
    if (reserve(table, length) < 0)
        return -1;
    id = table->count++;
    memcpy(table->bytes + table->used, text, length);
    table->bytes[table->used + length] = '\0';
    table->begins[id] = table->used;
    table->used += length + 1;
    table->begins[id + 1] = table->used;
    if (length > table->longest)
        table->longest = length;
    insert(table->slots, table->slot_count, hash_bytes(HASH_START, text, length), id);
    return id;
}

void string_table_free(struct string_table *table) {
    free(table->bytes);
    free(table->begins);
    free(table->slots);
    *table = (struct string_table){0};
}
