/*
 * table.h - rows and columns of text, aligned for people or as TSV for programs, and tables of any
 * length as they are looked at.
 */
#ifndef SAWB_VIZ_TABLE_H
#define SAWB_VIZ_TABLE_H

#include <stddef.h>

#include "core/base/error.h"
#include "viz/glyphs.h"
#include "viz/grid.h"

struct table;

/* `columns` titles; a title that starts with '>' is a number column, flush right and aligned on the
 * point (the '>' is not shown). Owned by the caller (table_free); NULL when out of memory. */
struct table *table_create(const char *const *titles, int columns, struct sawb_error *error);
void table_free(struct table *table);

/* One cell after the other; a row is complete after `columns` cells. Tabs and line breaks in a cell
 * become blanks. -1 when out of memory. */
int table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What a row says beside its cells; a door may give it a colour. */
enum table_mark { TABLE_PLAIN, TABLE_ODD, TABLE_BAD };

/* Marks the row whose last cell was added last. */
void table_mark(struct table *table, enum table_mark mark);

/* The mark of row `row`, from 0, the titles not counted. */
enum table_mark table_marked(const struct table *table, size_t row);

/* Least columns of each column when printed, so that tables of one row each stand below each other.
 * Borrowed. */
void table_least(struct table *table, const int *widths);

/* The whole table as text, owned by the caller (free), NULL when out of memory. `width` 0:
 * unlimited; otherwise the widest text columns are cut to fit, and end in the ellipsis. Control
 * characters and invalid bytes are printed as '?'. */
char *table_print(const struct table *table, int width, const char *ellipsis);

/* The same as tab-separated values, bytes as they were given; owned by the caller (free). */
char *table_tsv(const struct table *table);

/* ---- in an area ---- */

/* Columns keep their width whatever is in sight, so that nothing moves while one scrolls. */
struct table_column {
    const char *title;
    int number; /* 1: flush right, the visible cells aligned on the point */
    int width;
    int elastic; /* 1: takes what room is left, `width` at least; one column may be so */
    int rank;    /* where room is missing, those of the highest rank go first; 0: stays */
};

struct table_cell {
    const char *text; /* in `room`, or of whoever fills the cell */
    enum meaning meaning;
    unsigned flags;
    char room[64];
};

/* What is seen of a table, which is asked for its cells. */
struct table_view {
    const struct table_column *columns;
    int column_count;
    int rows, first; /* rows in all; the first that is drawn */
    int selected;    /* row under the cursor, -1: none */
    unsigned sorted; /* columns whose titles have a mark, as bits */
    int descending;
    int shift; /* terminal columns by which the elastic column is scrolled to the left */
    void (*cell)(void *user, int row, int column,
                 struct table_cell *cell); /* may be NULL of rows 0 */
    void *user;
};

#define TABLE_COLUMNS_MOST 32

/* Titles in the first row of the area, then rows. A text that does not fit ends in an ellipsis,
 * one that is scrolled begins with one. */
void table_draw(struct area area, const struct table_view *view, const struct glyphs *glyphs);

/* `first`, changed as little as it takes for `selected` to be in sight in so many rows of `total`.
 */
int table_scroll(int first, int selected, int visible, int total);

#endif
