/*
 * export_drawing.c - the list of marks grows.
 */
#include "viz/export_drawing.h"

#include <stdlib.h>
#include <string.h>

struct drawing drawing_begin(double width, double height, uint32_t page) {
    return (struct drawing){.width = width, .height = height, .page = page};
}

void drawing_free(struct drawing *drawing) {
    for (size_t i = 0; i < drawing->count; i++) {
        free(drawing->marks[i].points);
        free(drawing->marks[i].text);
    }
    free(drawing->marks);
    memset(drawing, 0, sizeof(*drawing));
}

/* Takes over what the mark owns. */
static void add(struct drawing *drawing, struct mark mark) {
    if (drawing->count == drawing->capacity) {
        size_t capacity = drawing->capacity ? 2 * drawing->capacity : 256;
        struct mark *grown = realloc(drawing->marks, capacity * sizeof(*grown));
        if (!grown) {
            drawing->failed = 1;
            free(mark.points);
            free(mark.text);
            return;
        }
        drawing->marks = grown;
        drawing->capacity = capacity;
    }
    drawing->marks[drawing->count++] = mark;
}

void drawing_rectangle(struct drawing *drawing, double x, double y, double width, double height,
                       uint32_t color) {
    add(drawing, (struct mark){.kind = MARK_RECTANGLE,
                               .color = color,
                               .x = x,
                               .y = y,
                               .width = width,
                               .height = height});
}

void drawing_frame(struct drawing *drawing, double x, double y, double width, double height,
                   double stroke, uint32_t color) {
    add(drawing, (struct mark){.kind = MARK_FRAME,
                               .color = color,
                               .x = x,
                               .y = y,
                               .width = width,
                               .height = height,
                               .stroke = stroke});
}

static void add_points(struct drawing *drawing, struct mark mark, const double *points, int count) {
    size_t bytes = (size_t)count * 2 * sizeof(double);
    if (count <= 0)
        return;
    mark.points = malloc(bytes);
    mark.count = count;
    if (!mark.points) {
        drawing->failed = 1;
        return;
    }
    memcpy(mark.points, points, bytes);
    add(drawing, mark);
}

void drawing_line(struct drawing *drawing, const double *points, int count, double stroke,
                  double dash, uint32_t color) {
    struct mark mark = {.kind = MARK_LINE, .color = color, .stroke = stroke, .dash = dash};
    add_points(drawing, mark, points, count);
}

void drawing_segment(struct drawing *drawing, double x, double y, double to_x, double to_y,
                     double stroke, uint32_t color) {
    double points[] = {x, y, to_x, to_y};
    drawing_line(drawing, points, 2, stroke, 0, color);
}

void drawing_dot(struct drawing *drawing, double x, double y, double diameter, uint32_t color) {
    double point[] = {x, y};
    drawing_line(drawing, point, 1, diameter, 0, color);
}

void drawing_polygon(struct drawing *drawing, const double *points, int count, uint32_t color) {
    struct mark mark = {.kind = MARK_POLYGON, .color = color};
    add_points(drawing, mark, points, count);
}

void drawing_text(struct drawing *drawing, double x, double y, const struct lettering *lettering,
                  const char *text) {
    struct mark mark = {.kind = MARK_TEXT,
                        .color = lettering->color,
                        .x = x,
                        .y = y,
                        .text = strdup(text),
                        .lettering = *lettering};
    if (!mark.text) {
        drawing->failed = 1;
        return;
    }
    add(drawing, mark);
}
