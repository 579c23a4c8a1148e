/*
 * log.c - session files: what is written is read, and nothing that was damaged is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/random.h"
#include "core/session/log_reader.h"
#include "tests/temporary.h"
#include "tests/test.h"

#define RECORDS 40

static void append(struct log *log, int index) {
    char text[64];
    struct log_stamp stamp = {1000.25 + index, index % 3 ? index : 0, (uint64_t)index << 2 | 1};
    snprintf(text, sizeof(text), "{\"line\":\"record %d %.*s\"}", index, index % 17,
             "................");
    assert_int_equal(log_append(log, LOG_COMMAND, &stamp, strdup(text), strlen(text)), 0);
}

/* A file of RECORDS records; owned by the caller. */
static unsigned char *make_file(size_t *size) {
    struct temporary folder;
    struct sawb_error error;
    struct log *log;
    char *bytes;
    temporary_make(&folder);
    char *path = temporary_path(&folder, "a.sawb");
    assert_int_equal(log_create(&log, path, NULL, &error), 0);
    for (int i = 0; i < RECORDS; i++)
        append(log, i);
    assert_int_equal(log_close(log, &error), 0);
    assert_int_equal(file_read(&bytes, size, path, &error), 0);
    free(path);
    temporary_remove(&folder);
    return (unsigned char *)bytes;
}

static void assert_record(const struct log_record *record, int index) {
    char text[64];
    snprintf(text, sizeof(text), "{\"line\":\"record %d %.*s\"}", index, index % 17,
             "................");
    assert_int_equal(record->type, LOG_COMMAND);
    assert_true(record->stamp.time == 1000.25 + index);
    assert_int_equal(record->stamp.step, index % 3 ? index : 0);
    assert_int_equal(record->stamp.state, (uint64_t)index << 2 | 1);
    assert_int_equal(record->size, strlen(text));
    assert_memory_equal(record->body, text, record->size);
}

static void test_round_trip(void **state) {
    (void)state;
    struct log_reader reader;
    struct sawb_error error;
    size_t size;
    unsigned char *bytes = make_file(&size);
    assert_int_equal(log_reader_parse(&reader, bytes, size, "a", &error), 0);
    assert_int_equal(reader.count, RECORDS);
    assert_int_equal(reader.lost, 0);
    assert_int_equal(reader.trusted, size);
    assert_string_equal(reader.problem, "");
    for (int i = 0; i < RECORDS; i++)
        assert_record(&reader.records[i], i);
    log_reader_close(&reader);
    free(bytes);
}

/* Written by hand after log.h: a header and one record whose CRC python's zlib.crc32 gives. */
static void test_known_bytes(void **state) {
    (void)state;
    static const unsigned char file[] = {
        's', 'a', 'w', 'b', '-', 's',  'e',  's', 's',  'i',  'o',  'n',  1,    0,
        0,   0,   0,   0,   0,   0,    0,    0,   0xf0, 0x3f, 0x17, 0x3e, 0x1b, 0x5f,
        13,  0,   0,   0,   4,   0,    0,    0,   0x3a, 0xe8, 0xaf, 0x63, 0,    0,
        0,   0,   0,   0,   0,   0x40, 0xac, 2,   5,    '{',  '}'};
    struct log_reader reader;
    struct sawb_error error;
    assert_int_equal(log_reader_parse(&reader, file, sizeof(file), "a", &error), 0);
    assert_true(reader.begun == 1);
    assert_int_equal(reader.count, 1);
    assert_int_equal(reader.records[0].type, LOG_TEXT);
    assert_true(reader.records[0].stamp.time == 2);
    assert_int_equal(reader.records[0].stamp.step, 300);
    assert_int_equal(reader.records[0].stamp.state, 5);
    assert_int_equal(reader.records[0].size, 2);
    log_reader_close(&reader);
}

/* Cut at every byte of its last three records: the whole ones before it are there. */
static void test_cuts(void **state) {
    (void)state;
    struct log_reader whole, reader;
    struct sawb_error error;
    size_t size;
    unsigned char *bytes = make_file(&size);
    assert_int_equal(log_reader_parse(&whole, bytes, size, "a", &error), 0);
    size_t from = (size_t)(whole.records[RECORDS - 3].body - bytes) - 12 - 12;
    for (size_t cut = from; cut < size; cut++) {
        size_t expected = 0;
        while (expected < RECORDS &&
               (size_t)(whole.records[expected].body + whole.records[expected].size - bytes) <= cut)
            expected++;
        assert_int_equal(log_reader_parse(&reader, bytes, cut, "a", &error), 0);
        assert_int_equal(reader.count, expected);
        assert_int_equal(reader.trusted + reader.lost, cut);
        assert_int_equal(reader.lost > 0, reader.problem[0] != '\0');
        for (size_t i = 0; i < reader.count; i++)
            assert_record(&reader.records[i], (int)i);
        log_reader_close(&reader);
    }
    log_reader_close(&whole);
    free(bytes);
}

/* 10,000 bytes changed, one at a time: what is read is what was written, up to the damage. */
static void test_flips(void **state) {
    (void)state;
    struct log_reader reader;
    struct sawb_error error;
    size_t size;
    unsigned char *bytes = make_file(&size);
    uint64_t key = random_key(1, RANDOM_INIT, 7, 0);
    for (uint64_t i = 0; i < 10000; i++) {
        uint64_t bits = random_bits(key, i);
        size_t at = (size_t)(bits % size);
        unsigned char was = bytes[at], change = (unsigned char)(bits >> 40 & 255);
        bytes[at] ^= change ? change : 1;
        if (log_reader_parse(&reader, bytes, size, "a", &error) == 0) {
            assert_true(at >= LOG_HEADER_BYTES);
            assert_true(reader.count < RECORDS);
            assert_true(reader.lost > 0 && reader.problem[0]);
            assert_true(reader.trusted <= at);
            for (size_t k = 0; k < reader.count; k++)
                assert_record(&reader.records[k], (int)k);
            log_reader_close(&reader);
        } else {
            assert_true(at < LOG_HEADER_BYTES);
        }
        bytes[at] = was;
    }
    free(bytes);
}

/* A record that is left out, or comes twice, is told. */
static void test_moved_records(void **state) {
    (void)state;
    struct log_reader whole, reader;
    struct sawb_error error;
    size_t size;
    unsigned char *bytes = make_file(&size);
    assert_int_equal(log_reader_parse(&whole, bytes, size, "a", &error), 0);
    size_t begin = (size_t)(whole.records[9].body + whole.records[9].size - bytes);
    size_t end = (size_t)(whole.records[10].body + whole.records[10].size - bytes);
    log_reader_close(&whole);
    memmove(bytes + begin, bytes + end, size - end);
    assert_int_equal(log_reader_parse(&reader, bytes, size - (end - begin), "a", &error), 0);
    assert_int_equal(reader.count, 10);
    assert_true(reader.lost > 0);
    log_reader_close(&reader);
    free(bytes);
}

static void test_not_over_another(void **state) {
    (void)state;
    struct temporary folder;
    struct sawb_error error;
    struct log *log, *second;
    temporary_make(&folder);
    char *path = temporary_path(&folder, "a.sawb");
    assert_int_equal(log_create(&log, path, NULL, &error), 0);
    assert_int_equal(log_create(&second, path, NULL, &error), -1);
    assert_non_null(strstr(error.message, "never written over"));
    assert_null(second);
    assert_int_equal(log_close(log, &error), 0);
    assert_int_equal(log_create(&second, path, NULL, &error), -1);
    free(path);
    temporary_remove(&folder);
}

/* A disk that is full: the recording ends, says so, and what was written before is there. */
static void test_full_disk(void **state) {
    (void)state;
    struct temporary folder;
    struct sawb_error error;
    struct log *log;
    struct log_reader reader;
    struct rlimit before, limit;
    temporary_make(&folder);
    char *path = temporary_path(&folder, "a.sawb");
    assert_int_equal(log_create(&log, path, NULL, &error), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 1000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    for (int i = 0; i < RECORDS; i++) {
        struct log_stamp stamp = {1, 0, 0};
        (void)!log_append(log, LOG_COMMAND, &stamp, strdup("{\"line\":\"the same each time\"}"),
                          28);
    }
    assert_int_equal(log_close(log, &error), -1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_non_null(strstr(error.message, "the recording ends here"));
    assert_int_equal(log_reader_open(&reader, path, &error), 0);
    assert_true(reader.count > 10 && reader.count < RECORDS);
    log_reader_close(&reader);
    free(path);
    temporary_remove(&folder);
}

static void test_strangers(void **state) {
    (void)state;
    struct log_reader reader;
    struct sawb_error error;
    static const unsigned char other[] = "sawb-sessiom and much more that is no session at all";
    assert_int_equal(log_reader_parse(&reader, other, sizeof(other), "a", &error), -1);
    assert_non_null(strstr(error.message, "no session file"));
    assert_int_equal(log_reader_parse(&reader, NULL, 0, "a", &error), -1);
    assert_non_null(strstr(error.message, "empty"));
    assert_int_equal(log_reader_open(&reader, "tests/no-such.sawb", &error), -1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_known_bytes),
    cmocka_unit_test(test_cuts),          cmocka_unit_test(test_flips),
    cmocka_unit_test(test_moved_records), cmocka_unit_test(test_not_over_another),
    cmocka_unit_test(test_full_disk),     cmocka_unit_test(test_strangers),
};

TEST_GROUP(tests_session_log, tests);
