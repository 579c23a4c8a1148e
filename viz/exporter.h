/*
 * exporter.h - a grid, such as the screen, as a picture or as text.
 */
#ifndef SAWB_VIZ_EXPORTER_H
#define SAWB_VIZ_EXPORTER_H

#include "viz/export_drawing.h"
#include "viz/grid.h"
#include "viz/palette.h"

/* Text of the grid, a line a row, trailing blanks cut; owned by the caller (free), NULL when out of
 * memory. */
char *export_text(const struct grid *grid);

/* The grid as marks (drawing_free): a text for each run of equal look, stretched to its columns so
 * that fonts of other widths stay aligned; blocks, rules and braille as shapes, which no font can
 * displace; rectangles for backgrounds. */
struct drawing grid_draw(const struct grid *grid, const struct palette *palette);

/* Replaces the file at `path`: a picture when it ends in .svg or .png (of `scale` times the size),
 * otherwise text. */
int grid_write(const struct grid *grid, const struct palette *palette, double scale,
               const char *path, struct sawb_error *error);

#endif
