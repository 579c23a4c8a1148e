/*
 * file.h - files read whole or mapped, and written so that a crash never leaves half of one.
 */
#ifndef SAWB_CORE_BASE_FILE_H
#define SAWB_CORE_BASE_FILE_H

#include <stddef.h>

#include "core/base/error.h"

/* A file mapped read-only. `data` is NULL and size 0 for an empty file. */
struct file_map {
    const unsigned char *data;
    size_t size;
};

int file_map_open(struct file_map *map, const char *path, struct sawb_error *error);
void file_map_close(struct file_map *map);
/* Gives the memory of what was read back; what is read again comes from the file. */
void file_map_rest(const struct file_map *map);

/* Reads a whole file; *text is NUL-terminated and owned by the caller (free). *size may be NULL. */
int file_read(char **text, size_t *size, const char *path, struct sawb_error *error);

/*
 * A replacement of `path`: written beside it under a temporary name, and only after fsync renamed
 * over it by file_commit (which also syncs the folder). file_discard drops it. After either, the
 * struct is empty again. A failed write (disk full) is an error of file_write, file_sync or
 * file_commit, and leaves the old file as it was and no temporary file behind.
 */
struct file_writer {
    int descriptor;
    char *path;
    char *temporary;
    unsigned char *buffer;
    size_t buffered;
};

int file_begin(struct file_writer *writer, const char *path, struct sawb_error *error);
int file_write(struct file_writer *writer, const void *data, size_t size, struct sawb_error *error);

/* Brings what was written to the disk, so that of file_commit little more than the rename is left
 * to fail: for files that change together. */
int file_sync(struct file_writer *writer, struct sawb_error *error);
int file_commit(struct file_writer *writer, struct sawb_error *error);
void file_discard(struct file_writer *writer);

/* Replaces `path` by these bytes in one go. */
int file_replace(const char *path, const void *data, size_t size, struct sawb_error *error);

/* Removes the temporary files that writers of a killed process left in a folder. Only where nobody
 * writes into it. */
void file_remove_temporaries(const char *directory);

/* Makes a folder and its parents; one that is there is fine. Checks that it can be written to. */
int file_make_directory(const char *path, struct sawb_error *error);

int file_exists(const char *path);
int file_is_directory(const char *path);

/* "directory/name", owned by the caller; NULL when out of memory. */
char *file_join(const char *directory, const char *name);

#endif
