/*
 * bar.h - a horizontal bar for a share in [0, 1].
 */
#ifndef SAWB_VIZ_BAR_H
#define SAWB_VIZ_BAR_H

#include "viz/glyphs.h"
#include "viz/grid.h"

void bar_draw(struct area area, int row, int column, int columns, double share,
              enum meaning meaning, const struct glyphs *glyphs);

#endif
