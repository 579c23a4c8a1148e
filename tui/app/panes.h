/*
 * panes.h - how the room for views is divided: a tree of splits whose leaves each show a view.
 *
 * Pure state and arithmetic, without drawing. Sizes are in cells. A split puts its second part to
 * the right of the first, with a column for the border between them, or below it, where the first
 * row of the lower part (a rule with the view's title) is the border. All zero is one pane that
 * shows the attention and stays one.
 */
#ifndef SAWB_TUI_APP_PANES_H
#define SAWB_TUI_APP_PANES_H

#include "core/base/error.h"
#include "tui/app/views.h"

#define PANES_MOST 8
#define PANES_NODES (2 * PANES_MOST - 1)
#define PANES_ROWS_LEAST 4 /* a smaller pane shows its title only */
#define PANES_COLUMNS_LEAST 20
#define PANES_SLOTS 4 /* panes of the largest layout */

enum pane_side { PANE_LEFT, PANE_RIGHT, PANE_UP, PANE_DOWN };

struct pane_node {
    int used;          /* node 0, the root, is in use always */
    int parent;        /* of the root: 0 */
    int first, second; /* the parts of a split; 0: this is a pane */
    int down;          /* 1: the second part is below the first, 0: at its right */
    double ratio;      /* share of the first part, in (0, 1) */
    enum view view, previous;
    int slot; /* of a layout that this pane fills */
};

/* What a place of a layout shows, also while there is no room for it. */
struct pane_slot {
    enum view view, previous;
    int chosen; /* 1: by the user, who is not overruled */
};

struct panes {
    struct pane_node nodes[PANES_NODES];
    int focus;  /* node of the pane that has the keys */
    int zoomed; /* 1: that pane fills all the room */
    /* 1: the layout follows the size, until panes are changed by hand. */
    int automatic;
    int arranged, arranged_for_run; /* what the layout was made for; arranged 0: not made yet */
    struct pane_slot slots[PANES_SLOTS];
    int rows, columns; /* room that was there last; 0: not known */
};

struct pane_place {
    int pane; /* node */
    int row, column, rows, columns;
};

/* One pane that becomes more of them as the size allows. */
void panes_open(struct panes *panes);

int panes_count(const struct panes *panes);

/* Where the panes stand in so much room, in reading order; while one is zoomed, it alone. Returns
 * how many. Those that have no room at all have 0 rows or columns. */
int panes_place(const struct panes *panes, int rows, int columns,
                struct pane_place places[PANES_MOST]);

/* The pane that has the keys goes on in the first half and `view` gets the other one, with the
 * keys. */
int panes_split(struct panes *panes, int down, enum view view, struct sawb_error *error);
int panes_close(struct panes *panes, struct sawb_error *error); /* the last one stays: an error */
void panes_only(struct panes *panes);
void panes_zoom(struct panes *panes); /* and back */

/* 1 when both are divided alike and show the same. */
int panes_same(const struct panes *a, const struct panes *b);

/* 1 when a pane in sight shows the view. */
int panes_shows(const struct panes *panes, enum view view);

/* The view of the pane that has the keys, and another one in its place. */
enum view panes_view(const struct panes *panes);
enum view panes_previous(const struct panes *panes);
void panes_show(struct panes *panes, enum view view);

/* To another pane: `pane` itself, the next or the one before in reading order (round the end), the
 * nearest at a side. -1: there is none. */
int panes_focus(struct panes *panes, int pane);
int panes_step(struct panes *panes, int step);
int panes_to_side(struct panes *panes, enum pane_side side);

/* Makes the pane that has the keys larger by so many cells (smaller when negative), at the nearest
 * border of this direction. -1: there is none. */
int panes_grow(struct panes *panes, int down, int cells);
/* The same at the nearest border of any direction. */
int panes_grow_any(struct panes *panes, int cells);
/* Every split gives each of its panes as much. */
void panes_equal(struct panes *panes);

/* A layout of 1 to PANES_SLOTS panes: those that are there, then the views one wants to see most.
 * `run`: there is a run to be watched. The layout stays as it is from now on. */
void panes_arrange(struct panes *panes, int count, int run);
/* As panes_arrange, as many as have room now and whenever that changes. */
void panes_follow(struct panes *panes);
/* The terminal has so many rows and columns: an automatic layout adapts. */
void panes_fit(struct panes *panes, int rows, int columns, int run);

/* The split whose border is at this place of so much room, -1: none; and moving the border there.
 */
int panes_border(const struct panes *panes, int rows, int columns, int row, int column);
void panes_drag(struct panes *panes, int split, int rows, int columns, int row, int column);

#endif
