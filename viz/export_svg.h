/*
 * export_svg.h - a drawing as SVG.
 */
#ifndef SAWB_VIZ_EXPORT_SVG_H
#define SAWB_VIZ_EXPORT_SVG_H

#include <stdio.h>

#include "viz/export_drawing.h"

/* The title as <title>, the facts as <desc>; text that has a length is stretched to it. -1: `out`
 * has failed, or the drawing. */
int drawing_svg(const struct drawing *drawing, FILE *out, struct sawb_error *error);

/* Text with what XML reserves escaped; what it forbids becomes '?'. */
void xml_escape(FILE *out, const char *text);

#endif
