/*
 * temporary.c - a folder of its own for a test that writes files.
 */
#include "tests/temporary.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/test.h"

void temporary_make(struct temporary *folder) {
    const char *parent = getenv("TMPDIR");
    snprintf(folder->path, sizeof(folder->path), "%s/sawb-test-XXXXXX",
             parent && parent[0] ? parent : "/tmp");
    assert_non_null(mkdtemp(folder->path));
}

static int remove_entry(const char *path, const struct stat *properties, int type,
                        struct FTW *walk) {
    (void)properties;
    (void)type;
    (void)walk;
    return remove(path);
}

void temporary_remove(struct temporary *folder) {
    assert_int_equal(nftw(folder->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

char *temporary_path(const struct temporary *folder, const char *name) {
    char *path;
    assert_true(asprintf(&path, "%s/%s", folder->path, name) > 0);
    return path;
}

int temporary_entries(const char *path) {
    DIR *directory = opendir(path);
    int count = -2; /* without "." and ".." */
    if (!directory)
        return -1;
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}
