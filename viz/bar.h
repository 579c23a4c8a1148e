/*
 * bar.h - a horizontal bar for a share in [0, 1], or for a change in [-1, 1].
 */
#ifndef SAWB_VIZ_BAR_H
#define SAWB_VIZ_BAR_H

#include "viz/glyphs.h"
#include "viz/grid.h"

void bar_draw(struct area area, int row, int column, int columns, double share,
              enum meaning meaning, const struct glyphs *glyphs);

/* A bar from an axis in the middle, to the left for a negative `share` and to the right for a
 * positive one. Takes an odd number of columns, at most `columns`, and at least 3. */
void bar_draw_signed(struct area area, int row, int column, int columns, double share,
                     enum meaning meaning, const struct glyphs *glyphs);

#endif
