/*
 * views.h - what the workbench can show: a row for each view.
 *
 * A row says what a view is called and how it becomes a figure, which `show`, `save` and the
 * exporters use without a screen. How it is drawn on a terminal and which keys it has stands in
 * tui/screen (struct view_ops), in the same order.
 */
#ifndef SAWB_TUI_APP_VIEWS_H
#define SAWB_TUI_APP_VIEWS_H

#include "core/base/error.h"

struct workbench;
struct figure;

enum view {
    VIEW_ATTENTION,
    VIEW_HEADS,
    VIEW_MASK,
    VIEW_PREDICTION,
    VIEW_METRICS,
    VIEW_PRUNING,
    VIEW_DATA,
    VIEW_TRAINING,
    VIEW_SWEEP,
    VIEW_TIMING,
    VIEW_CONSOLE,
    VIEW_HELP,
    VIEWS
};

/* Their names, for commands to choose from. */
#define VIEW_NAMES                                                                                 \
    "attention|heads|mask|prediction|metrics|pruning|data|training|sweep|timing|console|help"

struct view_row {
    const char *name;
    const char *help; /* one line */
    /* What the view shows now, as a figure that the caller frees; an error when there is nothing
     * yet, which says what to do. */
    int (*figure)(const struct workbench *workbench, struct figure *figure,
                  struct sawb_error *error);
};

/* Row `index`, NULL past the last. */
const struct view_row *view_get(int index);

/* The view of this name (a prefix that only one has is enough), -1: none. */
int view_find(const char *name);

#endif
