/*
 * record_bytes.c - numbers as bytes, least byte first, whatever the machine.
 */
#include "core/session/record_bytes.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

void bytes_put(struct bytes *bytes, const void *data, size_t size) {
    if (bytes->failed || size == 0)
        return;
    if (size > bytes->capacity - bytes->size) {
        size_t needed, capacity = bytes->capacity ? bytes->capacity : 64;
        if (__builtin_add_overflow(bytes->size, size, &needed)) {
            bytes->failed = 1;
            return;
        }
        while (capacity < needed)
            capacity = capacity > SIZE_MAX / 2 ? needed : 2 * capacity;
        unsigned char *grown = realloc(bytes->data, capacity);
        if (!grown) {
            bytes->failed = 1;
            return;
        }
        bytes->data = grown;
        bytes->capacity = capacity;
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

void bytes_u8(struct bytes *bytes, unsigned value) {
    unsigned char byte = (unsigned char)value;
    bytes_put(bytes, &byte, 1);
}

static void split(uint64_t value, unsigned char *out, int count) {
    for (int i = 0; i < count; i++)
        out[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t join(const unsigned char *in, int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value |= (uint64_t)in[i] << (8 * i);
    return value;
}

void bytes_u32(struct bytes *bytes, uint32_t value) {
    unsigned char room[4];
    split(value, room, 4);
    bytes_put(bytes, room, 4);
}

void bytes_set_u32(struct bytes *bytes, size_t at, uint32_t value) {
    if (!bytes->failed)
        split(value, bytes->data + at, 4);
}

void bytes_f32(struct bytes *bytes, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    bytes_u32(bytes, bits);
}

void bytes_f64(struct bytes *bytes, double value) {
    unsigned char room[8];
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    split(bits, room, 8);
    bytes_put(bytes, room, 8);
}

void bytes_varint(struct bytes *bytes, uint64_t value) {
    unsigned char room[10];
    size_t count = 0;
    do {
        room[count++] = (unsigned char)((value & 127) | (value > 127 ? 128 : 0));
        value >>= 7;
    } while (value);
    bytes_put(bytes, room, count);
}

void bytes_signed(struct bytes *bytes, int64_t value) {
    bytes_varint(bytes, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

void bytes_string(struct bytes *bytes, const char *text) {
    size_t length = text ? strlen(text) : 0;
    bytes_varint(bytes, text ? (uint64_t)length + 1 : 0);
    bytes_put(bytes, text, length);
}

void bytes_free(struct bytes *bytes) {
    free(bytes->data);
    *bytes = (struct bytes){0};
}

const unsigned char *reading_take(struct reading *reading, size_t size) {
    if (reading->failed || size > reading->size - reading->at) {
        reading->failed = 1;
        return NULL;
    }
    const unsigned char *taken = reading->data + reading->at;
    reading->at += size;
    return taken;
}

unsigned reading_u8(struct reading *reading) {
    const unsigned char *byte = reading_take(reading, 1);
    return byte ? *byte : 0;
}

uint32_t reading_u32(struct reading *reading) {
    const unsigned char *taken = reading_take(reading, 4);
    return taken ? (uint32_t)join(taken, 4) : 0;
}

float reading_f32(struct reading *reading) {
    uint32_t bits = reading_u32(reading);
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

double reading_f64(struct reading *reading) {
    const unsigned char *taken = reading_take(reading, 8);
    uint64_t bits = taken ? join(taken, 8) : 0;
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

uint64_t reading_varint(struct reading *reading) {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        unsigned byte = reading_u8(reading);
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return value;
    }
    reading->failed = 1;
    return 0;
}

int64_t reading_signed(struct reading *reading) {
    uint64_t value = reading_varint(reading);
    return (int64_t)((value >> 1) ^ (value & 1 ? UINT64_MAX : 0));
}

int reading_int(struct reading *reading, int low, int high) {
    int64_t value = reading_signed(reading);
    if (value < low || value > high)
        reading->failed = 1;
    return reading->failed ? low : (int)value;
}

char *reading_string(struct reading *reading) {
    uint64_t length = reading_varint(reading);
    if (length == 0 || reading->failed)
        return NULL;
    const unsigned char *taken =
        length - 1 > reading->size ? NULL : reading_take(reading, (size_t)(length - 1));
    char *text =
        taken && !memchr(taken, '\0', (size_t)(length - 1)) ? malloc((size_t)length) : NULL;
    if (!text) {
        reading->failed = 1;
        return NULL;
    }
    memcpy(text, taken, (size_t)(length - 1));
    text[length - 1] = '\0';
    return text;
}

uint32_t log_crc(uint32_t number, const unsigned char head[8], const void *payload, size_t size) {
    unsigned char room[4];
    split(number, room, 4);
    uLong crc = crc32(0, room, 4);
    crc = crc32(crc, head, 8);
    return (uint32_t)crc32(crc, payload, (uInt)size);
}
