/*
 * log_reader.c - the records of a session file, checked one by one.
 */
#include "core/session/log_reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/session/record_steps.h"

const char *log_type_name(enum log_type type) {
    static const char *const names[LOG_TYPES] = {
        [LOG_BEGIN] = "begin",         [LOG_MODEL] = "model",   [LOG_COMMAND] = "command",
        [LOG_TEXT] = "text",           [LOG_WISH] = "wish",     [LOG_SIGHT] = "sight",
        [LOG_EVENT] = "event",         [LOG_ARRAYS] = "arrays", [LOG_MARKER] = "marker",
        [LOG_CONFIGURED] = "settings", [LOG_END] = "end",       [LOG_LIVE] = "live",
        [LOG_STEPS] = "steps"};
    return (unsigned)type < LOG_TYPES && names[type] ? names[type] : "unknown";
}

/* Bodies that are not in the file as they are. */
struct log_unpacked {
    struct log_unpacked *next;
    struct bytes bytes;
};

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

/* The steps of a record one by one: *wrong says so when it holds none. -1 when out of memory. */
static int add_steps(struct log_reader *reader, size_t *capacity, const struct log_record *record,
                     struct steps *steps, const char **wrong) {
    struct log_unpacked *unpacked = calloc(1, sizeof(*unpacked));
    size_t begins[STEPS_MOST + 1] = {0};
    if (!unpacked)
        return -1;
    unpacked->next = reader->unpacked;
    reader->unpacked = unpacked;
    if (steps_unpack(steps, record->body, record->size) < 0) {
        *wrong = "a record of steps that cannot be unpacked";
        return 0;
    }
    for (int i = 0; i < steps->count; i++) {
        steps_body(steps, i, &unpacked->bytes);
        begins[i + 1] = unpacked->bytes.size;
    }
    int status = unpacked->bytes.failed ? -1 : 0;
    for (int i = 0; i < steps->count && status == 0; i++) {
        struct log_record step = {LOG_EVENT, record->number, steps_stamp(steps, i),
                                  unpacked->bytes.data + begins[i], begins[i + 1] - begins[i]};
        status = add(reader, capacity, &step);
    }
    return status;
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
    record->number = number;
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

static void tell_loss(struct log_reader *reader, const char *wrong) {
    snprintf(reader->problem, sizeof(reader->problem), "%zu byte%s after record %zu %s lost: %s",
             reader->lost, reader->lost == 1 ? "" : "s", reader->count,
             reader->lost == 1 ? "is" : "are", wrong);
}

/* All that can be trusted. -1 when out of memory. */
static int read_records(struct log_reader *reader, struct reading *reading) {
    struct steps *steps = malloc(sizeof(*steps));
    size_t capacity = 0;
    int status = steps ? 0 : -1;
    reader->trusted = reading->at;
    for (uint32_t number = 1; status == 0 && reading->at < reading->size; number++) {
        struct log_record record;
        const char *wrong = read_record(reading, number, &record);
        if (!wrong && record.type == LOG_STEPS)
            status = add_steps(reader, &capacity, &record, steps, &wrong);
        else if (!wrong)
            status = add(reader, &capacity, &record);
        if (wrong) {
            reader->lost = reading->size - reader->trusted;
            tell_loss(reader, wrong);
            break;
        }
        reader->trusted = reading->at;
    }
    free(steps);
    return status;
}

int log_reader_parse(struct log_reader *reader, const unsigned char *bytes, size_t size,
                     const char *where, struct sawb_error *error) {
    struct reading reading = {bytes, size, 0, 0};
    *reader = (struct log_reader){0};
    if (read_header(reader, &reading, where, error) < 0)
        return -1;
    if (read_records(reader, &reading) == 0)
        return 0;
    log_reader_close(reader);
    return error_set(error, "%s: out of memory for its records", where);
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

size_t log_reader_before(const struct log_reader *reader, size_t count, struct log_before *before) {
    size_t whole = count;
    while (whole > 0 && whole < reader->count &&
           reader->records[whole].number == reader->records[whole - 1].number)
        whole--;
    uint32_t number = whole > 0 ? reader->records[whole - 1].number : 0;
    struct reading reading = {reader->map.data, reader->map.size, LOG_HEADER_BYTES, 0};
    for (uint32_t i = 0; i < number; i++)
        reading_take(&reading, (size_t)reading_u32(&reading) + LOG_RECORD_BYTES - 4);
    *before = (struct log_before){reader->map.data + LOG_HEADER_BYTES,
                                  reading.at - LOG_HEADER_BYTES, number};
    return whole;
}

void log_reader_close(struct log_reader *reader) {
    free(reader->records);
    while (reader->unpacked) {
        struct log_unpacked *first = reader->unpacked;
        reader->unpacked = first->next;
        bytes_free(&first->bytes);
        free(first);
    }
    if (reader->map.data)
        file_map_close(&reader->map);
    *reader = (struct log_reader){0};
}
