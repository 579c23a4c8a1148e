/*
 * bookmarks.h - places to come back to: a head, or a cell of its map.
 */
#ifndef SAWB_TUI_APP_BOOKMARKS_H
#define SAWB_TUI_APP_BOOKMARKS_H

#include "core/base/error.h"

struct workbench;

#define BOOKMARKS_MOST 64
#define BOOKMARK_BYTES 32

struct bookmark {
    char name[BOOKMARK_BYTES];
    int layer, head, query, key;
};

struct bookmarks {
    struct bookmark rows[BOOKMARKS_MOST]; /* [count], in the order they were made */
    int count;
};

/* Keeps the present place; `name` NULL: the smallest number that is free. A name that is taken
 * moves to here. Returns the bookmark, NULL with an error when there are too many or the name is
 * too long. */
const struct bookmark *bookmark_set(struct workbench *workbench, const char *name,
                                    struct sawb_error *error);

/* Goes there, as far as the model and the sentence have it. An error when there is none. */
int bookmark_jump(struct workbench *workbench, const char *name, struct sawb_error *error);

/* -1: there is none. */
int bookmark_forget(struct workbench *workbench, const char *name);

#endif
