/*
 * log.h - the session file: records, one after the other, that are only ever appended.
 *
 *     log_create(&log, "20260131-120000-4711.sawb", &error);
 *     log_append(log, LOG_TEXT, &stamp, bytes, size);      takes the bytes over, never waits
 *     log_close(log);
 *
 * A thread of its own writes, so that nobody waits for the disk. A write that fails (a full disk,
 * or a limit of one's own) ends the recording: log_failed says so, and all that comes later is
 * dropped.
 *
 * Steps of training that follow each other within LOG_STEPS_SECONDS share a record
 * (record_steps.h); whatever else is appended comes after them. A crash of sawb loses no more than
 * these; log_reader.h gives them one by one again.
 *
 * The file, little endian:
 *     header   12 bytes "sawb-session", u32 version, f64 seconds since 1970, u32 CRC of these 24
 *     record   u32 bytes of the payload, u32 type, u32 CRC, payload
 *     payload  f64 seconds since 1970, varint training step, varint stamp.state, body
 * The CRC (zlib's crc32) is over the record's number in the file (u32, from 1), its length, its
 * type and its payload: a record that was changed, left out or moved does not pass. A varint has
 * seven bits a byte, the least first. The body is JSON or binary (record.h), by its type.
 */
#ifndef SAWB_CORE_SESSION_LOG_H
#define SAWB_CORE_SESSION_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

#define LOG_VERSION 1
#define LOG_MAGIC "sawb-session"
#define LOG_MAGIC_BYTES 12
#define LOG_HEADER_BYTES 28
#define LOG_RECORD_BYTES 12
#define LOG_PAYLOAD_MOST (256u << 20)
#define LOG_STEPS_SECONDS 0.4

enum log_type {
    LOG_BEGIN = 1,  /* JSON: what the session starts from */
    LOG_MODEL,      /* JSON: a model that the record before it opened */
    LOG_COMMAND,    /* JSON: a command line, before it is run */
    LOG_TEXT,       /* JSON: the sentence was edited */
    LOG_WISH,       /* JSON: a view asked for what it lacks */
    LOG_SIGHT,      /* JSON: what of the sight has changed, or the presets */
    LOG_EVENT,      /* binary: what the worker told, in the order it was taken */
    LOG_ARRAYS,     /* binary: scores and masks of a prediction that was told before */
    LOG_MARKER,     /* JSON: a name for this moment */
    LOG_CONFIGURED, /* JSON: the user's own settings have been read */
    LOG_END,        /* JSON: the session was closed */
    LOG_LIVE,       /* JSON: what is before it was taken from another session, and gone on from */
    LOG_STEPS,      /* binary: LOG_EVENT records of steps, many in one */
    LOG_TYPES
};

/* Records of another file, as they are in it. */
struct log_before {
    const unsigned char *bytes;
    size_t size, count;
};

struct log_stamp {
    double time;    /* seconds since 1970 */
    int64_t step;   /* of the run in training, 0: none */
    uint64_t state; /* of the worker, see recorder.h */
};

struct log;

/* Makes a new file, locked for as long as it is written; one that is there is an error. `before`:
 * records that it begins with, NULL: none. */
int log_create(struct log **log, const char *path, const struct log_before *before,
               struct sawb_error *error);

/* The file may grow to so many bytes, 0: without end. What would go beyond that ends the recording,
 * but for arrays, which are left out. */
void log_set_limit(struct log *log, uint64_t bytes);

/* Takes the body over (free), also after an error. -1 when the recording has ended. Never waits:
 * when more than LOG_WAITING_MOST bytes wait for the disk, the recording ends. */
#define LOG_WAITING_MOST ((size_t)64 << 20)
int log_append(struct log *log, enum log_type type, const struct log_stamp *stamp, void *body,
               size_t size);

/* The same for a body that is made on the writing thread: `make` returns it (malloc), or NULL and
 * nothing is written. `user` is released after that. `weight`: bytes it takes while it waits. */
struct log_work {
    void *(*make)(void *user, size_t *size);
    void (*release)(void *user);
    void *user;
    size_t weight;
};
int log_append_later(struct log *log, enum log_type type, const struct log_stamp *stamp,
                     const struct log_work *work);

/* Bytes written, and those that wait. */
uint64_t log_bytes(struct log *log);

/* 1 when the recording has ended early; the error says why. */
int log_failed(struct log *log, struct sawb_error *error);
const char *log_path(const struct log *log);

/* Waits until all is written and synced, and frees. 0, or -1 when some of it was not written. NULL
 * is fine. */
int log_close(struct log *log, struct sawb_error *error);

#endif
