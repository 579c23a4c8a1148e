/*
 * figure.h - what a view shows as data, before it is drawn: the one thing that exporters read.
 *
 *     struct figure figure = {0};
 *     figure_title(&figure, "layer 2 head 3", &error);
 *     figure_fact(&figure, &error, "sentence", "%s", text);
 *     struct panel *panel = figure_matrix(&figure, "A dense", T, T, &error);
 *     ... panel->values[query * T + key] = ...; figure_labels(panel->rows, T, pieces, &error) ...
 *     figure_write(&figure, "head.svg", NULL, &error);   // viz/export_file.h
 *     figure_free(&figure);
 *
 * A figure is a title, facts about where it comes from (model, pattern, sentence, seed, version)
 * and panels side by side or one below the other: matrices, series of points, bars in groups,
 * tables. The figure owns all it holds; every text given is copied. A function that returns a
 * pointer gives NULL, and one that returns an int -1, with an error when out of memory.
 */
#ifndef SAWB_VIZ_FIGURE_H
#define SAWB_VIZ_FIGURE_H

#include <stdint.h>

#include "core/base/error.h"
#include "viz/grid.h"

enum panel_kind { PANEL_MATRIX, PANEL_SERIES, PANEL_BARS, PANEL_TABLE };

/* How the values of a matrix become colours. */
enum panel_scale {
    PANEL_SEQUENTIAL, /* minimum .. maximum */
    PANEL_DIVERGING   /* -maximum .. maximum: B - A */
};

struct panel_series {
    char *name;
    double *x, *y; /* [count]; a NaN y leaves a gap */
    int count;
    enum meaning meaning; /* of the line: MEANING_ACCENT_A ... */
    int points;           /* 1: points as well as the line */
};

enum column_kind { COLUMN_TEXT, COLUMN_NUMBER };

struct panel_column {
    char *name;
    enum column_kind kind;
    int decimals;    /* of numbers */
    char **texts;    /* [rows] of COLUMN_TEXT; NULL: empty */
    double *numbers; /* [rows] of COLUMN_NUMBER; NaN: empty */
};

struct panel {
    enum panel_kind kind;
    char *title;
    int rows, columns; /* matrix: queries, keys; bars: bars, groups; table: rows, columns */
    /* Matrix. */
    float *values;                      /* [rows, columns]; NaN: absent. Begins as zeros */
    uint8_t *mask;                      /* [rows, columns] 1 kept, 0 removed by the pattern. Begins
                                           as ones */
    char **row_labels, **column_labels; /* [rows], [columns]; bars: row_labels name the bars,
                                           column_labels the groups */
    enum panel_scale scale;
    double minimum, maximum; /* of the scale; equal: taken from the values that are kept */
    char *unit;              /* what a value is: "weight", "score"; bars: the value axis */
    char *x_name, *y_name;   /* of the axes: series have them, a matrix may (see panel_axes) */
    /* Series. */
    struct panel_series *series;
    int series_count;
    /* Bars. */
    double *bars; /* [rows, columns] bar, group; NaN: none. Begins as zeros */
    /* Table. */
    struct panel_column *table; /* [columns] */
};

struct figure_fact {
    char *name, *value;
};

struct figure {
    char *title;
    struct figure_fact *facts;
    int fact_count;
    struct panel *panels;
    int panel_count;
    int stacked; /* 1: panels one below the other */
    int across;  /* panels side by side, 0: as many as there is room for */
};

int figure_title(struct figure *figure, struct sawb_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int figure_fact(struct figure *figure, struct sawb_error *error, const char *name,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A new last panel. The pointer holds until the next panel is added. */
struct panel *figure_matrix(struct figure *figure, const char *title, int rows, int columns,
                            struct sawb_error *error);
struct panel *figure_series(struct figure *figure, const char *title, const char *x_name,
                            const char *y_name, struct sawb_error *error);
struct panel *figure_bars(struct figure *figure, const char *title, int bars, int groups,
                          const char *unit, struct sawb_error *error);
struct panel *figure_table(struct figure *figure, const char *title, int rows,
                           struct sawb_error *error);

/* Copies into the panel. */
int panel_row_labels(struct panel *panel, const char *const *labels, struct sawb_error *error);
int panel_column_labels(struct panel *panel, const char *const *labels, struct sawb_error *error);
/* "layer 0", "layer 1", ... for `word` "layer "; `rows` 1: of the rows, 0: of the columns. */
int panel_numbers(struct panel *panel, const char *word, int rows, struct sawb_error *error);
int panel_unit(struct panel *panel, const char *unit, struct sawb_error *error);
int panel_axes(struct panel *panel, const char *x_name, const char *y_name,
               struct sawb_error *error);
int panel_line(struct panel *panel, const char *name, const double *x, const double *y, int count,
               enum meaning meaning, struct sawb_error *error);
/* A new last column of a table, empty. The pointer holds until the next one is added. */
struct panel_column *panel_column(struct panel *panel, const char *name, enum column_kind kind,
                                  int decimals, struct sawb_error *error);
int panel_cell(struct panel *panel, int row, int column, const char *text,
               struct sawb_error *error); /* of a COLUMN_TEXT */

void figure_free(struct figure *figure); /* and zeroed */

#endif
