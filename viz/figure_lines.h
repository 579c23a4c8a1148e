/*
 * figure_lines.h - a figure as lines of characters for a terminal: matrices in shades, series in
 * braille (or ASCII), bars, tables; panels one below the other.
 */
#ifndef SAWB_VIZ_FIGURE_LINES_H
#define SAWB_VIZ_FIGURE_LINES_H

#include "viz/ansi.h"
#include "viz/figure.h"
#include "viz/glyphs.h"

/* Lines of at most `columns` terminal columns (20 at least), what does not fit is cut; `ansi` NULL:
 * without colour. Owned by the caller (free); NULL with an error. */
char *figure_lines(const struct figure *figure, const struct glyphs *glyphs,
                   const struct ansi *ansi, int columns, struct sawb_error *error);

#endif
