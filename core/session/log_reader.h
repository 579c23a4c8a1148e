/*
 * log_reader.h - a session file read again, as far as it can be trusted.
 *
 *     log_reader_open(&reader, "session.sawb", &error);
 *     for (size_t i = 0; i < reader.count; i++) ... reader.records[i] ...
 *     if (reader.lost) ... reader.problem says what is missing ...
 *     log_reader_close(&reader);
 *
 * Steps that share a record in the file are given as LOG_EVENT records of their own.
 *
 * Every record is checked when the file is opened. Reading ends at the first one that is cut short
 * or does not pass its check: whatever follows cannot be told from the damage, and counts as lost.
 */
#ifndef SAWB_CORE_SESSION_LOG_READER_H
#define SAWB_CORE_SESSION_LOG_READER_H

#include "core/base/file.h"
#include "core/session/log.h"

struct log_record {
    enum log_type type;
    uint32_t number; /* of the record in the file, from 1: steps may share one (LOG_STEPS) */
    struct log_stamp stamp;
    const unsigned char *body; /* [size] in the file, or unpacked */
    size_t size;
};

struct log_reader {
    struct file_map map;
    double begun; /* seconds since 1970 */
    struct log_record *records;
    size_t count;
    struct log_unpacked *unpacked; /* what steps were in records with others */
    size_t trusted;                /* bytes of the file up to the end of the last whole record */
    size_t lost;                   /* bytes after them */
    char problem[160];             /* "12 bytes after record 7 are lost: ..."; empty: nothing is */
};

/* An error when the file cannot be read or is no session of a version that is known. */
int log_reader_open(struct log_reader *reader, const char *path, struct sawb_error *error);

/* The same of bytes in memory, which stay the caller's. `where` names them in errors. */
int log_reader_parse(struct log_reader *reader, const unsigned char *bytes, size_t size,
                     const char *where, struct sawb_error *error);
void log_reader_close(struct log_reader *reader);

/* For log_create: the records of the file that hold nothing but the first `count`, which is above
 * 0. Returns how many of these they hold; those that are left share a record with later ones.
 * `before` is valid until log_reader_close. */
size_t log_reader_before(const struct log_reader *reader, size_t count, struct log_before *before);

const char *log_type_name(enum log_type type);

#endif
