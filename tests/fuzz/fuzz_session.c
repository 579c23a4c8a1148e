/*
 * fuzz_session.c - the reader of session files. The first byte chooses: the file as it stands,
 * which seldom passes its checks; or one whose records are given their checks here, so that events,
 * arrays and steps are reached. tests/fuzz/seeds/fuzz_session has one of each kind.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/session/log_reader.h"
#include "core/session/record.h"
#include "core/session/record_arrays.h"
#include "core/session/record_steps.h"

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

/* How many steps, and the first bytes of their planes, as the body of a record: what is deflated
 * would not be reached otherwise. What can be unpacked comes out the same when it is packed. */
static void put_steps(struct bytes *file, const uint8_t *data, size_t length) {
    static struct steps steps, again;
    size_t count = length > 0 ? data[0] % 8 : 0, size = count * STEP_WORDS * sizeof(uint64_t);
    unsigned char planes[8 * STEP_WORDS * sizeof(uint64_t)] = {0}, packed[2 * sizeof(planes)];
    uLongf room = sizeof(packed);
    struct bytes body = {0}, once_more = {0};
    if (length > 1)
        memcpy(planes, data + 1, length - 1 < size ? length - 1 : size);
    if (compress2(packed, &room, planes, (uLong)size, 1) != Z_OK)
        abort();
    bytes_varint(&body, count);
    bytes_put(&body, packed, room);
    if (!body.failed && steps_unpack(&steps, body.data, body.size) == 0) {
        steps_pack(&steps, &once_more);
        if (!once_more.failed &&
            (steps_unpack(&again, once_more.data, once_more.size) < 0 ||
             again.count != steps.count ||
             memcmp(again.words, steps.words, (size_t)steps.count * sizeof(steps.words[0])) != 0))
            abort();
    }
    if (!body.failed)
        bytes_put(file, body.data, body.size);
    bytes_free(&body);
    bytes_free(&once_more);
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
        uint32_t type = data[0] % LOG_TYPES;
        bytes_u32(&file, 0);
        bytes_u32(&file, type);
        bytes_u32(&file, 0);
        bytes_f64(&file, 1);
        bytes_varint(&file, 0);
        bytes_varint(&file, 0);
        if (type == LOG_STEPS)
            put_steps(&file, data + 2, length);
        else
            bytes_put(&file, data + 2, length);
        if (file.failed)
            break;
        size_t payload = file.size - at - LOG_RECORD_BYTES;
        bytes_set_u32(&file, at, (uint32_t)payload);
        bytes_set_u32(&file, at + 8,
                      log_crc(++number, file.data + at, file.data + at + 12, payload));
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
