/*
 * dataset.h - labelled sentences from a file.
 *
 * Read by the file's ending:
 *   .tsv    a header line names the columns, `sentence` and `label` among them, separated by tabs
 *           (GLUE); a quote is a character like any other, an empty cell an empty sentence
 *   .jsonl  one object a line: "sentence" (or "text"), and "label" if there is one
 *   other   plain lines without labels; a blank line between others is an empty sentence
 * A label is a whole number from 0 on; -1 stands for none. Lines end with LF or CRLF, a byte order
 * mark at the start and blank lines at the end are passed over. Every other fault is an error with
 * its line.
 */
#ifndef SAWB_CORE_TEXT_DATASET_H
#define SAWB_CORE_TEXT_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

struct example {
    const char *text; /* valid UTF-8 without NUL, NUL-terminated, owned by the data set */
    size_t length;
    int label; /* -1: none */
    int line;  /* line in the file, from 1 */
};

struct dataset {
    int count; /* at least 1 */
    struct example *examples;
    char *path;    /* as it was opened */
    size_t bytes;  /* of the file */
    uint64_t hash; /* of them (FNV-1a), for telling files apart */
    void *storage;
};

/* On error the data set is empty and owns nothing. A file without a sentence is an error. */
int dataset_open(struct dataset *dataset, const char *path, struct sawb_error *error);

/* The same from `size` bytes in memory, which are copied; `path` names them and gives the ending.
 */
int dataset_parse(struct dataset *dataset, const char *text, size_t size, const char *path,
                  struct sawb_error *error);
/* Of a file's bytes, as in struct dataset. */
uint64_t dataset_hash(const char *text, size_t size);

void dataset_free(struct dataset *dataset);

/* An error naming the line when a label is missing or not in [0, labels). */
int dataset_check_labels(const struct dataset *dataset, int labels, struct sawb_error *error);

#endif
