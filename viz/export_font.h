/*
 * export_font.h - letters of our own as strokes, for pictures made of pixels.
 *
 * ASCII, Latin-1 and what figures use besides; letters with accents are put together from their
 * canonical decomposition (utf8proc). A character that is not drawn is a box with its hexadecimal
 * code, so that nothing is lost without a trace.
 */
#ifndef SAWB_VIZ_EXPORT_FONT_H
#define SAWB_VIZ_EXPORT_FONT_H

#include <stddef.h>

/* Strokes of a text: [count, 2] in units of the font's size, x from the text's start, y upwards
 * from its baseline; a NaN x begins a new stroke, and a stroke of one point is a dot. */
struct strokes {
    double *points;
    int count, capacity;
    int failed; /* out of memory */
};

#define FONT_STROKE 0.075 /* width of a stroke, of the size */
#define FONT_STROKE_BOLD 0.115

/*
 * Adds the strokes of a UTF-8 text (bytes that are not are drawn as '?') and returns its width in
 * sizes. `strokes` NULL: only the width. `pitch` 0: each letter has its own width; otherwise each
 * takes so much a terminal column, centred, and made narrower where it is wider.
 */
double font_trace(struct strokes *strokes, const char *text, double pitch);

/* Width in sizes for the layout: with some room for the fonts that show an SVG. */
double font_width(const char *text);

#endif
