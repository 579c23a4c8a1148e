/*
 * exporter.h - a grid as a picture or as text.
 */
#ifndef SAWB_VIZ_EXPORTER_H
#define SAWB_VIZ_EXPORTER_H

#include "viz/grid.h"
#include "viz/palette.h"

/* Text of the grid, a line a row, trailing blanks cut; owned by the caller (free), NULL when out of
 * memory. */
char *export_text(const struct grid *grid);

/* An SVG picture: page background, one <text> per run of equal look with exact columns (textLength
 * or x per glyph, so that fonts of other widths stay aligned), rectangles for backgrounds. Owned by
 * the caller (free). */
char *export_svg(const struct grid *grid, const struct palette *palette);

#endif
