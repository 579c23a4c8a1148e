/*
 * curve.h - curves over training steps, sparsities, heads removed ..., in braille (2x4 dots a cell)
 * or in ASCII.
 *
 *     struct series series[] = {{.name = "A", .x = x, .y = y, .count = n,
 *                                .meaning = MEANING_ACCENT_A}};
 *     struct curve curve = {.title = "accuracy", .series = series, .series_count = 1,
 *                           .x_unit = "% removed", .cursor_on = 1, .cursor = 40};
 *     curve_draw(area, &curve, glyphs);
 */
#ifndef SAWB_VIZ_CURVE_H
#define SAWB_VIZ_CURVE_H

#include "viz/glyphs.h"
#include "viz/grid.h"

/* How a line is told from others without colour: its dots (braille) or its character (ASCII).
 * LOOK_BY_INDEX: that of its place among the series. */
enum curve_look {
    LOOK_BY_INDEX,
    LOOK_SOLID,
    LOOK_DASHED,
    LOOK_DOTTED,
    LOOK_DASH_DOT,
    LOOK_SHORT_DASHES,
    LOOK_SPARSE_DOTS,
    LOOK_LONG_DASHES,
    LOOK_DOUBLE_DOTS,
    LOOK_END
};
#define CURVE_LOOKS (LOOK_END - LOOK_SOLID)

struct series {
    const char *name;
    const double *x, *y; /* [count]; x ascends; a NaN in y leaves a gap */
    int count;
    enum meaning meaning;
    int points; /* 1: each value is marked (sparse series such as evaluations) */
    enum curve_look look;
    int marked;   /* 1 + index of a value that stands out (the best one); 0: none */
    int unlisted; /* 1: not in the legend, e.g. the raw values behind a smoothed line */
    int scatter;  /* 1: each value is a dot, no line joins them */
};

struct curve {
    const char *title;
    const struct series *series;
    int series_count;
    double x_minimum, x_maximum; /* equal: taken from the data */
    double y_minimum, y_maximum; /* equal: taken from the data, rounded outwards to even numbers */
    const char *x_unit;          /* under the axis, e.g. "step" */
    int y_log;                   /* 1: logarithmic y; values of 0 and below leave gaps */
    int cursor_on;               /* 1: a line at x = `cursor`, whose values stand in the legend
                                    instead of the last ones: of a line the value nearest to it,
                                    of points the last one up to it */
    double cursor;
};

/* Title and legend with each series' last value (or that at the cursor) on the first row, y axis
 * with aligned numbers at the left, x axis below. Needs at least 3 rows and 20 columns; smaller
 * areas get the values as text. */
void curve_draw(struct area area, const struct curve *curve, const struct glyphs *glyphs);

/* The sign of a line in a legend, NUL-terminated; `points`: of one that is marked. */
#define CURVE_SIGN_BYTES 16
void curve_sign(char sign[CURVE_SIGN_BYTES], enum curve_look look, int points,
                const struct glyphs *glyphs);

/* Index of the finite value nearest to x (of equals the earlier), -1: there is none or x lies
 * before the first or behind the last. */
int curve_nearest(const struct series *series, double x);
/* Index of the last finite value up to x, -1: there is none. */
int curve_latest(const struct series *series, double x);

/* The x under a column of the area that curve_draw was given (a mouse click): 1 with *x, 0 when the
 * column or row is not in the plot. */
int curve_at(struct area area, const struct curve *curve, const struct glyphs *glyphs, int row,
             int column, double *x);

#endif
