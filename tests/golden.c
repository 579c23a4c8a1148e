/*
 * golden.c - texts compared with committed files.
 */
#include "tests/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"

static int is_update(void) {
    const char *value = getenv("UPDATE_GOLDEN");
    return value && strcmp(value, "1") == 0;
}

static int line_length(const char *text) {
    return (int)strcspn(text, "\n");
}

static void report_difference(const char *path, const char *expected, const char *actual) {
    int line = 1;
    while (*expected && *actual && line_length(expected) == line_length(actual) &&
           memcmp(expected, actual, (size_t)line_length(expected)) == 0) {
        expected += line_length(expected);
        actual += line_length(actual);
        if (*expected != *actual)
            break;
        if (*expected) {
            expected++;
            actual++;
            line++;
        }
    }
    fprintf(stderr,
            "%s:%d: differs (UPDATE_GOLDEN=1 writes it anew)\n  expected: %.*s\n  is:       %.*s\n",
            path, line, line_length(expected), expected, line_length(actual), actual);
}

int golden_check(const char *path, const char *text) {
    struct sawb_error error;
    if (is_update()) {
        if (file_replace(path, text, strlen(text), &error) == 0)
            return 0;
        fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    char *expected;
    if (file_read(&expected, NULL, path, &error) != 0) {
        fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    int same = strcmp(expected, text) == 0;
    if (!same)
        report_difference(path, expected, text);
    free(expected);
    return same ? 0 : -1;
}
