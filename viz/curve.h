/*
 * curve.h - curves over training steps, in braille (2x4 dots a cell) or in ASCII.
 */
#ifndef SAWB_VIZ_CURVE_H
#define SAWB_VIZ_CURVE_H

#include "viz/glyphs.h"
#include "viz/grid.h"

struct series {
    const char *name;
    const double *x, *y; /* [count]; x ascends; a NaN in y leaves a gap */
    int count;
    enum meaning meaning;
    int points; /* 1: each value is marked (sparse series such as evaluations) */
};

struct curve {
    const char *title;
    const struct series *series;
    int series_count;
    double x_minimum, x_maximum; /* equal: taken from the data */
    double y_minimum, y_maximum; /* equal: taken from the data, with a little room */
    const char *x_unit;          /* under the axis, e.g. "step" */
};

/* Title and legend with each series' last value on the first row, y axis with aligned numbers at
 * the left, x axis below. Needs at least 3 rows and 20 columns; smaller areas get the last values
 * as text. */
void curve_draw(struct area area, const struct curve *curve, const struct glyphs *glyphs);

#endif
