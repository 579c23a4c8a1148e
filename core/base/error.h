/*
 * error.h - one way to say what went wrong.
 *
 * Every function of core that can fail takes a `struct sawb_error *` and returns -1 (or NULL) after
 * filling it. A message names what, where and what to do, and is fit to be shown to the user as it
 * is:
 *
 *     if (tensor->columns != expected)
 *         return error_set(error, "%s: tensor \"%s\" is [%d,%d], config.json says [%d,%d]", ...);
 */
#ifndef SAWB_CORE_BASE_ERROR_H
#define SAWB_CORE_BASE_ERROR_H

struct sawb_error {
    char message[1024];
};

/* Formats the message and returns -1. `error` may be NULL when the caller does not care. */
int error_set(struct sawb_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " before the message that is there. Returns -1. */
int error_prefix(struct sawb_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
