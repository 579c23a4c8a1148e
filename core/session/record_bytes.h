/*
 * record_bytes.h - little endian numbers put one after the other, and taken apart again.
 *
 * Both sides remember a failure, so that a caller looks once at the end: writing fails without
 * memory, reading fails past the end, and gives zeros from there on.
 */
#ifndef SAWB_CORE_SESSION_RECORD_BYTES_H
#define SAWB_CORE_SESSION_RECORD_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
    unsigned char *data; /* owned */
    size_t size, capacity;
    int failed;
};

void bytes_put(struct bytes *bytes, const void *data, size_t size);
void bytes_u8(struct bytes *bytes, unsigned value);
void bytes_u32(struct bytes *bytes, uint32_t value);
void bytes_set_u32(struct bytes *bytes, size_t at, uint32_t value);
void bytes_f32(struct bytes *bytes, float value);
void bytes_f64(struct bytes *bytes, double value);
void bytes_varint(struct bytes *bytes, uint64_t value);
void bytes_signed(struct bytes *bytes, int64_t value);    /* a varint, small when near 0 */
void bytes_string(struct bytes *bytes, const char *text); /* NULL is kept apart from "" */
void bytes_free(struct bytes *bytes);

struct reading {
    const unsigned char *data;
    size_t size, at;
    int failed;
};

/* The next `size` bytes where they stand; NULL past the end. */
const unsigned char *reading_take(struct reading *reading, size_t size);
unsigned reading_u8(struct reading *reading);
uint32_t reading_u32(struct reading *reading);
float reading_f32(struct reading *reading);
double reading_f64(struct reading *reading);
uint64_t reading_varint(struct reading *reading);
int64_t reading_signed(struct reading *reading);
/* A number from `low` to `high`, or a failure and `low`. */
int reading_int(struct reading *reading, int low, int high);
/* Owned by the caller (free); NULL for NULL and after a failure. */
char *reading_string(struct reading *reading);

/* The check of a record, see log.h; `head` are its length and type. */
uint32_t log_crc(uint32_t number, const unsigned char head[8], const void *payload, size_t size);

#endif
