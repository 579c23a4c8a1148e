/*
 * log_reader.c - the records of a session file, checked one by one.
 */
#include "core/session/log_reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/session/record_bytes.h"

const char *log_type_name(enum log_type type) {
    static const char *const names[LOG_TYPES] = {
        [LOG_BEGIN] = "begin",         [LOG_MODEL] = "model",   [LOG_COMMAND] = "command",
        [LOG_TEXT] = "text",           [LOG_WISH] = "wish",     [LOG_SIGHT] = "sight",
        [LOG_EVENT] = "event",         [LOG_ARRAYS] = "arrays", [LOG_MARKER] = "marker",
        [LOG_CONFIGURED] = "settings", [LOG_END] = "end",       [LOG_LIVE] = "live"};
    return (unsigned)type < LOG_TYPES && names[type] ? names[type] : "unknown";
}

static int read_header(struct log_reader *reader, struct reading *reading, const char *where,
                       struct sawb_error *error) {
    const unsigned char *magic = reading_take(reading, LOG_MAGIC_BYTES);
    uint32_t version = reading_u32(reading);
    reader->begun = reading_f64(reading);
    uint32_t crc = reading_u32(reading);
    if (reading->size == 0)
        return error_set(error, "%s: is empty; a session file begins with a header", where);
    if (!magic || memcmp(magic, LOG_MAGIC, LOG_MAGIC_BYTES) != 0)
        return error_set(error, "%s: is no session file of sawb", where);
    if (reading->failed)
        return error_set(error, "%s: ends in its header", where);
    if (crc != crc32(0, reading->data, LOG_HEADER_BYTES - 4) || !isfinite(reader->begun))
        return error_set(error, "%s: its header is damaged", where);
    if (version != LOG_VERSION)
        return error_set(error, "%s: is of version %u, this sawb reads version %d", where,
                         (unsigned)version, LOG_VERSION);
    return 0;
}

static int add(struct log_reader *reader, size_t *capacity, const struct log_record *record) {
    if (reader->count == *capacity) {
        size_t larger = *capacity ? 2 * *capacity : 256;
        struct log_record *grown = realloc(reader->records, larger * sizeof(*grown));
        if (!grown)
            return -1;
        reader->records = grown;
        *capacity = larger;
    }
    reader->records[reader->count++] = *record;
    return 0;
}

/* The record at hand; NULL and it is good, otherwise what is wrong with it. */
static const char *read_record(struct reading *reading, uint32_t number,
                               struct log_record *record) {
    const unsigned char *head = reading_take(reading, 8);
    uint32_t crc = reading_u32(reading);
    if (reading->failed)
        return "the file ends in a record";
    struct reading sizes = {head, 8, 0, 0};
    uint32_t length = reading_u32(&sizes);
    uint32_t type = reading_u32(&sizes);
    if (length > LOG_PAYLOAD_MOST)
        return "a record does not pass its check";
    const unsigned char *payload = reading_take(reading, length);
    if (!payload)
        return "the file ends in a record";
    if (crc != log_crc(number, head, payload, length))
        return "a record does not pass its check";
    struct reading inner = {payload, length, 0, 0};
    record->type = (enum log_type)type;
    record->stamp.time = reading_f64(&inner);
    record->stamp.step = (int64_t)reading_varint(&inner);
    record->stamp.state = reading_varint(&inner);
    record->body = payload + inner.at;
    record->size = length - inner.at;
    if (inner.failed || !isfinite(record->stamp.time) || record->stamp.step < 0 || type == 0 ||
        type >= LOG_TYPES)
        return "a record of a kind that this sawb does not know";
    return NULL;
}

int log_reader_parse(struct log_reader *reader, const unsigned char *bytes, size_t size,
                     const char *where, struct sawb_error *error) {
    struct reading reading = {bytes, size, 0, 0};
    size_t capacity = 0;
    *reader = (struct log_reader){0};
    if (read_header(reader, &reading, where, error) < 0)
        return -1;
    reader->trusted = reading.at;
    while (reading.at < size) {
        struct log_record record;
        const char *wrong = read_record(&reading, (uint32_t)reader->count + 1, &record);
        if (wrong) {
            reader->lost = size - reader->trusted;
            snprintf(reader->problem, sizeof(reader->problem),
                     "%zu byte%s after record %zu %s lost: %s", reader->lost,
                     reader->lost == 1 ? "" : "s", reader->count, reader->lost == 1 ? "is" : "are",
                     wrong);
            break;
        }
        if (add(reader, &capacity, &record) < 0) {
            log_reader_close(reader);
            return error_set(error, "%s: out of memory for its records", where);
        }
        reader->trusted = reading.at;
    }
    return 0;
}

int log_reader_open(struct log_reader *reader, const char *path, struct sawb_error *error) {
    struct file_map map;
    *reader = (struct log_reader){0};
    if (file_map_open(&map, path, error) < 0)
        return -1;
    if (log_reader_parse(reader, map.data, map.size, path, error) < 0) {
        file_map_close(&map);
        return -1;
    }
    reader->map = map;
    return 0;
}

void log_reader_close(struct log_reader *reader) {
    free(reader->records);
    if (reader->map.data)
        file_map_close(&reader->map);
    *reader = (struct log_reader){0};
}
