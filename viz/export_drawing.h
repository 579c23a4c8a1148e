/*
 * export_drawing.h - a picture as a list of marks: what SVG and PNG both show, so that they cannot
 * differ.
 *
 *     struct drawing drawing = drawing_begin(400, 300, 0xffffff);
 *     drawing_rectangle(&drawing, 10, 10, 80, 40, 0x336699);
 *     drawing_text(&drawing, 50, 34, &lettering, "A");
 *     status = drawing_svg(&drawing, out, &error);
 *     drawing_free(&drawing);
 *
 * The unit is the CSS pixel (1/96 inch), the origin is at the top left, y goes down, and later
 * marks lie on earlier ones. A mark that found no memory is remembered in `failed`, which the back
 * ends tell, so that nobody who draws has to ask.
 */
#ifndef SAWB_VIZ_EXPORT_DRAWING_H
#define SAWB_VIZ_EXPORT_DRAWING_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "viz/figure.h"

enum mark_kind { MARK_RECTANGLE, MARK_FRAME, MARK_LINE, MARK_POLYGON, MARK_TEXT };

enum anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };

struct lettering {
    double size; /* of the font: about the height from the tops of b to the tails of p */
    uint32_t color;
    enum anchor anchor;
    int bold;
    double angle;  /* degrees, counterclockwise about the anchor; 90 reads upwards */
    double length; /* 0: as long as it comes; otherwise each character has the same share of it, as
                      in a grid */
};

struct mark {
    enum mark_kind kind;
    uint32_t color;
    double x, y, width, height; /* rectangle, frame; text: x, y of the anchor on the baseline */
    double stroke;              /* width of a line or a frame */
    double dash;                /* of a line, 0: none: length of a dash and of the gap */
    double *points;             /* [count, 2] of a line or a polygon (convex). In a line an x that
                                   is NaN begins a new one; a line of one point is a dot */
    int count;
    char *text;
    struct lettering lettering;
};

struct drawing {
    double width, height;
    uint32_t page;
    double corner; /* radius of the page's corners */
    int monospace; /* 1: letters of one width, for grids */
    struct mark *marks;
    size_t count, capacity;
    int failed;
    /* What it is and where it comes from, borrowed; written into the file. */
    const char *title;
    const struct figure_fact *facts;
    int fact_count;
};

struct drawing drawing_begin(double width, double height, uint32_t page);
void drawing_free(struct drawing *drawing);

void drawing_rectangle(struct drawing *drawing, double x, double y, double width, double height,
                       uint32_t color);
void drawing_frame(struct drawing *drawing, double x, double y, double width, double height,
                   double stroke, uint32_t color);
/* Copies the points. */
void drawing_line(struct drawing *drawing, const double *points, int count, double stroke,
                  double dash, uint32_t color);
void drawing_segment(struct drawing *drawing, double x, double y, double to_x, double to_y,
                     double stroke, uint32_t color);
void drawing_dot(struct drawing *drawing, double x, double y, double diameter, uint32_t color);
void drawing_polygon(struct drawing *drawing, const double *points, int count, uint32_t color);
void drawing_text(struct drawing *drawing, double x, double y, const struct lettering *lettering,
                  const char *text);

#endif
