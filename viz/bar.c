/*
 * bar.c - a horizontal bar, exact to an eighth of a column (to its half where it grows to the
 * left, for which there are no finer characters).
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

#define RIGHT_HALF "\xe2\x96\x90" /* ▐ */

/* Grows from its right edge. */
static void draw_to_the_left(struct area area, int row, int column, int columns, double share,
                             enum meaning meaning, const struct glyphs *glyphs) {
    if (!(share > 0))
        return;
    int halves = (int)floor((share > 1 ? 1 : share) * columns * 2);
    halves = halves > 0 ? halves : 1;
    for (int i = 0; i < halves / 2; i++)
        area_text(area, row, column + columns - 1 - i, meaning, 0, glyphs->bar[EIGHTHS]);
    if (halves % 2)
        area_text(area, row, column + columns - 1 - halves / 2, meaning, 0,
                  glyphs->unicode ? RIGHT_HALF : glyphs->bar[EIGHTHS / 2]);
}

void bar_draw_signed(struct area area, int row, int column, int columns, double share,
                     enum meaning meaning, const struct glyphs *glyphs) {
    if (columns < 3 || column >= area.columns)
        return;
    int half = ((columns < GRID_MOST ? columns : GRID_MOST) - 1) / 2;
    bar_draw(area, row, column, half, 0, meaning, glyphs);
    draw_to_the_left(area, row, column, half, -share, meaning, glyphs);
    area_text(area, row, column + half, MEANING_FAINT, 0, glyphs->vertical);
    bar_draw(area, row, column + half + 1, half, share, meaning, glyphs);
}
