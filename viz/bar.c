/*
 * bar.c - a horizontal bar, exact to an eighth of a column.
 */
#include "viz/bar.h"

#include <math.h>

#define EIGHTHS 8

void bar_draw(struct area area, int row, int column, int columns, double share,
              enum meaning meaning, const struct glyphs *glyphs) {
    if (!(share > 0))
        share = 0;
    if (share > 1)
        share = 1;
    /* Rounded down: only a whole share fills the bar. What is there at all shows at least a sliver.
     */
    long long eighths = (long long)floor(share * columns * EIGHTHS);
    if (eighths == 0 && share > 0)
        eighths = 1;
    long long end = (long long)column + columns;
    for (int at = column > 0 ? column : 0; at < end && at < area.columns; at++) {
        long long filled = eighths - ((long long)at - column) * EIGHTHS;
        filled = filled < 0 ? 0 : filled > EIGHTHS ? EIGHTHS : filled;
        area_text(area, row, at, filled ? meaning : MEANING_TEXT, 0, glyphs->bar[filled]);
    }
}
