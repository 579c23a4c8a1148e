/*
 * fuzz_session.c - the reader of session files. The first byte chooses: the file as it stands,
 * which seldom passes its checks; or one whose records are given their checks here, so that events
 * and arrays are reached.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/session/log_reader.h"
#include "core/session/record.h"
#include "core/session/record_arrays.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_event(const struct log_reader *reader, size_t at) {
    const struct log_record *record = &reader->records[at];
    const struct log_record *first = &reader->records[0];
    struct sawb_error error;
    struct event_head head;
    record_event_head(record->body, record->size, &head);
    struct event *event = record_event_read(record->body, record->size, record->stamp.time,
                                            record->stamp.step, first->body, first->size, &error);
    if (!event)
        return;
    if (event->kind == EVENT_PREDICTION && event->data.capture->encoding.count < 64 &&
        event->data.capture->layers * event->data.capture->heads < 64) {
        struct bytes again = {0};
        for (size_t i = 0; i < reader->count; i++)
            if (reader->records[i].type == LOG_ARRAYS)
                arrays_unpack(reader->records[i].body, reader->records[i].size, event->data.capture,
                              &error);
        record_event(&again, event, 0, 0);
        bytes_free(&again);
    }
    event_free(event);
}

static void read_file(const unsigned char *bytes, size_t size) {
    struct log_reader reader;
    struct sawb_error error;
    if (log_reader_parse(&reader, bytes, size, "fuzz", &error) < 0)
        return;
    if (reader.trusted + reader.lost != size || !reader.lost != !reader.problem[0])
        abort();
    for (size_t i = 0; i < reader.count; i++)
        if (reader.records[i].type == LOG_EVENT)
            read_event(&reader, i);
    log_reader_close(&reader);
}

/* Pieces, each of a type, a length and so many bytes, as a file that passes its checks. */
static void read_pieces(const uint8_t *data, size_t size) {
    static const unsigned char header[] = {'s', 'a', 'w',  'b',  '-',  's',  'e',  's', 's', 'i',
                                           'o', 'n', 1,    0,    0,    0,    0,    0,   0,   0,
                                           0,   0,   0xf0, 0x3f, 0x17, 0x3e, 0x1b, 0x5f};
    struct bytes file = {0};
    uint32_t number = 0;
    bytes_put(&file, header, sizeof(header));
    while (size >= 2) {
        size_t length = data[1] < size - 2 ? data[1] : size - 2, at = file.size;
        bytes_u32(&file, (uint32_t)length + 10);
        bytes_u32(&file, data[0] % LOG_TYPES);
        bytes_u32(&file, 0);
        bytes_f64(&file, 1);
        bytes_varint(&file, 0);
        bytes_varint(&file, 0);
        bytes_put(&file, data + 2, length);
        if (file.failed)
            break;
        bytes_set_u32(&file, at + 8,
                      log_crc(++number, file.data + at, file.data + at + 12, length + 10));
        data += 2 + length;
        size -= 2 + length;
    }
    if (!file.failed)
        read_file(file.data, file.size);
    bytes_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    if (data[0] & 1)
        read_pieces(data + 1, size - 1);
    else
        read_file(data + 1, size - 1);
    return 0;
}
