/*
 * bookmarks.c - a short list of places.
 */
#include "tui/app/bookmarks.h"

#include <stdio.h>
#include <string.h>

#include "tui/app/workbench.h"

static struct bookmark *find(struct bookmarks *bookmarks, const char *name) {
    for (int i = 0; i < bookmarks->count; i++)
        if (strcmp(bookmarks->rows[i].name, name) == 0)
            return &bookmarks->rows[i];
    return NULL;
}

const struct bookmark *bookmark_set(struct workbench *workbench, const char *name,
                                    struct sawb_error *error) {
    struct bookmarks *bookmarks = &workbench->bookmarks;
    char number[BOOKMARK_BYTES];
    for (int i = 1; !name; i++) {
        snprintf(number, sizeof(number), "%d", i);
        if (!find(bookmarks, number))
            name = number;
    }
    if (strlen(name) >= BOOKMARK_BYTES) {
        error_set(error, "bookmark: a name has at most %d bytes", BOOKMARK_BYTES - 1);
        return NULL;
    }
    struct bookmark *bookmark = find(bookmarks, name);
    if (!bookmark && bookmarks->count == BOOKMARKS_MOST) {
        error_set(error, "bookmark: there are %d already; `bookmark --forget NAME` drops one",
                  BOOKMARKS_MOST);
        return NULL;
    }
    if (!bookmark)
        bookmark = &bookmarks->rows[bookmarks->count++];
    *bookmark = (struct bookmark){.layer = workbench->layer,
                                  .head = workbench->head,
                                  .query = workbench->query,
                                  .key = workbench->key};
    snprintf(bookmark->name, sizeof(bookmark->name), "%s", name);
    return bookmark;
}

int bookmark_jump(struct workbench *workbench, const char *name, struct sawb_error *error) {
    const struct bookmark *bookmark = find(&workbench->bookmarks, name);
    if (!bookmark)
        return error_set(error, "jump: there is no bookmark \"%s\"; `bookmarks` lists them", name);
    workbench->layer = bookmark->layer;
    workbench->head = bookmark->head;
    workbench->query = bookmark->query;
    workbench->key = bookmark->key;
    workbench_clamp(workbench);
    return 0;
}

int bookmark_forget(struct workbench *workbench, const char *name) {
    struct bookmarks *bookmarks = &workbench->bookmarks;
    struct bookmark *bookmark = find(bookmarks, name);
    if (!bookmark)
        return -1;
    size_t after = (size_t)(&bookmarks->rows[--bookmarks->count] - bookmark);
    memmove(bookmark, bookmark + 1, after * sizeof(*bookmark));
    return 0;
}
