/*
 * figure_draw.h - a figure laid out as a drawing, which SVG and PNG then show.
 *
 * Widths of texts are only estimated (font_width), so that nothing depends on the fonts of whoever
 * looks: labels are anchored at the side where they must be exact and have room to spare at the
 * other.
 */
#ifndef SAWB_VIZ_FIGURE_DRAW_H
#define SAWB_VIZ_FIGURE_DRAW_H

#include "viz/export_drawing.h"
#include "viz/figure.h"
#include "viz/palette.h"

/* The drawing borrows title and facts of the figure; drawing_free it. A drawing that has no memory
 * says so in `failed`. */
struct drawing figure_draw(const struct figure *figure, const struct palette *palette);

#endif
