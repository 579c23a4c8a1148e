/*
 * temporary.h - a folder of its own for a test that writes files.
 */
#ifndef SAWB_TESTS_TEMPORARY_H
#define SAWB_TESTS_TEMPORARY_H

struct temporary {
    char path[256];
};

/* Makes an empty folder under $TMPDIR or /tmp; the test fails when that is not possible. */
void temporary_make(struct temporary *folder);

/* Removes it with all that is in it. */
void temporary_remove(struct temporary *folder);

/* "folder/name", owned by the caller (free). */
char *temporary_path(const struct temporary *folder, const char *name);

/* How many entries there are in a folder, hidden ones too; -1 when it cannot be read. */
int temporary_entries(const char *path);

#endif
