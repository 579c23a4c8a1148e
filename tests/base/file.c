/*
 * Files: reading, mapping, and replacements that either happen whole or leave everything as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "tests/temporary.h"
#include "tests/test.h"

static void check_content(const char *path, const char *expected) {
    struct sawb_error error;
    char *text;
    size_t size;
    assert_int_equal(file_read(&text, &size, path, &error), 0);
    assert_int_equal(size, strlen(expected));
    assert_string_equal(text, expected);
    free(text);
}

static void reads_and_maps(void **state) {
    (void)state;
    struct temporary folder;
    struct sawb_error error;
    struct file_map map;
    temporary_make(&folder);
    char *path = temporary_path(&folder, "a");
    assert_int_equal(file_replace(path, "three", 5, &error), 0);
    check_content(path, "three");
    assert_int_equal(file_map_open(&map, path, &error), 0);
    assert_int_equal(map.size, 5);
    assert_memory_equal(map.data, "three", 5);
    file_map_close(&map);
    assert_null(map.data);

    assert_int_equal(file_replace(path, "", 0, &error), 0);
    check_content(path, "");
    assert_int_equal(file_map_open(&map, path, &error), 0);
    assert_int_equal(map.size, 0);
    file_map_close(&map);
    free(path);
    temporary_remove(&folder);
}

static void reads_what_has_no_size(void **state) {
    (void)state;
    struct sawb_error error;
    char *text;
    size_t size;
    assert_int_equal(file_read(&text, &size, "/proc/self/status", &error), 0);
    assert_true(size > 0 && strlen(text) == size);
    free(text);
}

static void names_what_cannot_be_read(void **state) {
    (void)state;
    struct temporary folder;
    struct sawb_error error;
    struct file_map map;
    char *text;
    temporary_make(&folder);
    char *absent = temporary_path(&folder, "absent");
    assert_int_equal(file_read(&text, NULL, absent, &error), -1);
    assert_null(text);
    assert_non_null(strstr(error.message, absent));
    assert_non_null(strstr(error.message, strerror(ENOENT)));
    assert_int_equal(file_map_open(&map, absent, &error), -1);
    assert_int_equal(file_map_open(&map, folder.path, &error), -1);
    assert_non_null(strstr(error.message, strerror(EISDIR)));
    assert_int_equal(file_read(&text, NULL, folder.path, &error), -1);
    char *fifo = temporary_path(&folder, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(file_map_open(&map, fifo, &error), -1); /* and does not wait for a writer */
    assert_null(map.data);
    free(fifo);
    free(absent);
    temporary_remove(&folder);
}

static void makes_folders(void **state) {
    (void)state;
    struct temporary folder;
    struct sawb_error error;
    temporary_make(&folder);
    char *deep = temporary_path(&folder, "a/b//c/");
    assert_int_equal(file_make_directory(deep, &error), 0);
    assert_int_equal(file_make_directory(deep, &error), 0);
    assert_true(file_is_directory(deep) && file_exists(deep));
    char *file = temporary_path(&folder, "a/file");
    assert_int_equal(file_replace(file, "x", 1, &error), 0);
    assert_true(file_exists(file) && !file_is_directory(file));
    assert_int_equal(file_make_directory(file, &error), -1);
    assert_non_null(strstr(error.message, "is a file"));
    char *below = temporary_path(&folder, "a/file/d");
    assert_int_equal(file_make_directory(below, &error), -1);
    assert_int_equal(file_make_directory("", &error), -1);
    /* Where nothing can be made: the reason is the first one, not what a later look found. */
    assert_int_equal(file_make_directory("/proc/sawb/out", &error), -1);
    assert_non_null(strstr(error.message, "/proc/sawb"));
    char *dangling = temporary_path(&folder, "dangling");
    assert_int_equal(symlink("nowhere", dangling), 0);
    assert_int_equal(file_make_directory(dangling, &error), -1);
    assert_non_null(strstr(error.message, "is a file"));
    free(dangling);
    free(below);
    free(file);
    free(deep);
    temporary_remove(&folder);
}

static void joins_paths(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"/", "b", "/b"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *path = file_join(cases[i][0], cases[i][1]);
        assert_string_equal(path, cases[i][2]);
        free(path);
    }
}

static void writes_large_and_small_pieces(void **state) {
    (void)state;
    enum { TOTAL = 300000 };
    struct temporary folder;
    struct sawb_error error;
    struct file_writer writer;
    struct file_map map;
    unsigned char *data = malloc(TOTAL);
    assert_non_null(data);
    for (int i = 0; i < TOTAL; i++)
        data[i] = (unsigned char)(i * 7 + i / 256);
    temporary_make(&folder);
    char *path = temporary_path(&folder, "large");
    assert_int_equal(file_begin(&writer, path, &error), 0);
    for (size_t at = 0, size = 1; at < TOTAL; at += size, size = size * 3 + 1) {
        if (size > TOTAL - at)
            size = TOTAL - at;
        assert_int_equal(file_write(&writer, data + at, size, &error), 0);
    }
    assert_false(file_exists(path));
    assert_int_equal(file_commit(&writer, &error), 0);
    assert_int_equal(file_map_open(&map, path, &error), 0);
    assert_int_equal(map.size, TOTAL);
    assert_memory_equal(map.data, data, TOTAL);
    file_map_close(&map);
    assert_int_equal(temporary_entries(folder.path), 1);
    free(path);
    free(data);
    temporary_remove(&folder);
}

static void discarding_leaves_the_old_file(void **state) {
    (void)state;
    struct temporary folder;
    struct sawb_error error;
    struct file_writer writer;
    temporary_make(&folder);
    char *path = temporary_path(&folder, "a");
    assert_int_equal(file_replace(path, "old", 3, &error), 0);
    assert_int_equal(file_begin(&writer, path, &error), 0);
    assert_int_equal(file_write(&writer, "new", 3, &error), 0);
    assert_int_equal(temporary_entries(folder.path), 2);
    file_discard(&writer);
    file_discard(&writer); /* empty by now: nothing happens */
    check_content(path, "old");
    assert_int_equal(temporary_entries(folder.path), 1);
    assert_int_equal(file_write(&writer, "x", 1, &error), -1);
    assert_int_equal(file_commit(&writer, &error), -1);
    free(path);
    temporary_remove(&folder);
}

/* A limit on file sizes stands for a full disk. */
static void full_disk_leaves_the_old_file(void **state) {
    (void)state;
    struct temporary folder;
    struct sawb_error error;
    struct rlimit before;
    static char data[200000];
    temporary_make(&folder);
    char *path = temporary_path(&folder, "a");
    assert_int_equal(file_replace(path, "old", 3, &error), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    int statuses[3] = {0};
    static const size_t sizes[3] = {sizeof(data), 5000, 4096};
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, before.rlim_max});
    for (int i = 0; i < 3; i++) /* fails while writing; only when flushed; not at all */
        statuses[i] = file_replace(path, data, sizes[i], &error);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);

    assert_int_equal(statuses[0], -1);
    assert_int_equal(statuses[1], -1);
    assert_int_equal(statuses[2], 0);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, "ulimit -f"));
    assert_int_equal(temporary_entries(folder.path), 1);
    struct stat properties;
    assert_int_equal(stat(path, &properties), 0);
    assert_int_equal(properties.st_size, 4096);
    free(path);
    temporary_remove(&folder);
}

static void reports_a_full_device(void **state) {
    (void)state;
    struct sawb_error error;
    if (!file_exists("/dev/full"))
        skip();
    assert_int_equal(file_replace("/dev/full", "x", 1, &error), -1);
    assert_non_null(strstr(error.message, strerror(ENOSPC)));
    assert_int_equal(file_replace("/dev/null", "x", 1, &error), 0);
    struct stat properties;
    assert_int_equal(stat("/dev/null", &properties), 0);
    assert_true(S_ISCHR(properties.st_mode)); /* written, not replaced */
}

static void keeps_mode_and_links(void **state) {
    (void)state;
    struct temporary folder;
    struct sawb_error error;
    struct stat properties;
    temporary_make(&folder);
    char *path = temporary_path(&folder, "file");
    char *link = temporary_path(&folder, "link");
    assert_int_equal(file_replace(path, "old", 3, &error), 0);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(symlink("file", link), 0);
    assert_int_equal(file_replace(link, "new", 3, &error), 0);
    check_content(path, "new");
    assert_int_equal(lstat(link, &properties), 0);
    assert_true(S_ISLNK(properties.st_mode));
    assert_int_equal(stat(path, &properties), 0);
    assert_int_equal(properties.st_mode & 0777, 0640);

    char *circle = temporary_path(&folder, "circle");
    assert_int_equal(symlink("circle", circle), 0);
    assert_int_equal(file_replace(circle, "x", 1, &error), -1);
    assert_non_null(strstr(error.message, strerror(ELOOP)));
    free(circle);
    free(link);
    free(path);
    temporary_remove(&folder);
}

static void names_what_cannot_be_written(void **state) {
    (void)state;
    struct temporary folder;
    struct sawb_error error;
    temporary_make(&folder);
    char *below = temporary_path(&folder, "absent/file");
    assert_int_equal(file_replace(below, "x", 1, &error), -1);
    assert_non_null(strstr(error.message, below));
    assert_int_equal(file_replace(folder.path, "x", 1, &error), -1);
    assert_int_equal(file_replace("", "x", 1, &error), -1);
    char *guarded = temporary_path(&folder, "guarded");
    assert_int_equal(file_replace(guarded, "old", 3, &error), 0);
    assert_int_equal(chmod(guarded, 0444), 0);
    if (geteuid() != 0) { /* root may write everywhere */
        assert_int_equal(file_replace(guarded, "x", 1, &error), -1);
        check_content(guarded, "old");
    }
    assert_int_equal(temporary_entries(folder.path), 1);
    free(guarded);
    free(below);
    temporary_remove(&folder);
}

/* What a killed process left goes, and nothing else. */
static void removes_temporaries(void **state) {
    (void)state;
    static const char *const names[] = {".sawb-0123456789abcdef.tmp", "model.tmp",
                                        ".sawb-0123456789abcdef.tmp.txt"};
    struct temporary folder;
    temporary_make(&folder);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < 3; i++) {
            char *path = temporary_path(&folder, names[i]);
            if (pass == 0)
                assert_int_equal(file_replace(path, "x", 1, NULL), 0);
            else
                assert_int_equal(file_exists(path), i > 0);
            free(path);
        }
        file_remove_temporaries(folder.path);
    }
    file_remove_temporaries("/nowhere/at/all");
    temporary_remove(&folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_and_maps),
    cmocka_unit_test(reads_what_has_no_size),
    cmocka_unit_test(names_what_cannot_be_read),
    cmocka_unit_test(makes_folders),
    cmocka_unit_test(joins_paths),
    cmocka_unit_test(writes_large_and_small_pieces),
    cmocka_unit_test(discarding_leaves_the_old_file),
    cmocka_unit_test(full_disk_leaves_the_old_file),
    cmocka_unit_test(reports_a_full_device),
    cmocka_unit_test(keeps_mode_and_links),
    cmocka_unit_test(names_what_cannot_be_written),
    cmocka_unit_test(removes_temporaries),
};
TEST_GROUP(tests_base_file, tests);
