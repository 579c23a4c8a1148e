/*
 * export_raster.c - marks as pixels.
 *
 * What is smooth (lines, polygons, letters) is first a map of coverage, 0 to 255, over its own
 * box: by the distance of a pixel's centre from the line, the largest of all pieces, so that joints
 * and crossings are no darker than the line. Then it is laid over what is there.
 */
#include "viz/export_raster.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "viz/export_font.h"

struct canvas {
    struct raster *raster;
    double scale;
    int failed;
};

static int clamp(double value, int most) {
    return value < 0 ? 0 : value > most ? most : (int)value;
}

static void fill(struct raster *raster, int left, int top, int right, int bottom, uint32_t color) {
    for (int y = top; y < bottom; y++) {
        uint8_t *pixel = raster->rgb + ((size_t)y * (size_t)raster->width + (size_t)left) * 3;
        for (int x = left; x < right; x++, pixel += 3) {
            pixel[0] = (uint8_t)(color >> 16);
            pixel[1] = (uint8_t)(color >> 8);
            pixel[2] = (uint8_t)color;
        }
    }
}

/* At least one pixel where there is anything. */
static void fill_rectangle(struct canvas *canvas, double x, double y, double width, double height,
                           uint32_t color) {
    struct raster *raster = canvas->raster;
    double scale = canvas->scale;
    if (!(width > 0 && height > 0))
        return;
    double left = floor(x * scale + 0.5), right = floor((x + width) * scale + 0.5);
    double top = floor(y * scale + 0.5), bottom = floor((y + height) * scale + 0.5);
    right = right > left ? right : left + 1;
    bottom = bottom > top ? bottom : top + 1;
    fill(raster, clamp(left, raster->width), clamp(top, raster->height),
         clamp(right, raster->width), clamp(bottom, raster->height), color);
}

static void fill_frame(struct canvas *canvas, const struct mark *mark) {
    double half = mark->stroke / 2, wide = mark->width + mark->stroke;
    double x = mark->x - half, y = mark->y - half;
    fill_rectangle(canvas, x, y, wide, mark->stroke, mark->color);
    fill_rectangle(canvas, x, y + mark->height, wide, mark->stroke, mark->color);
    fill_rectangle(canvas, x, y, mark->stroke, mark->height + mark->stroke, mark->color);
    fill_rectangle(canvas, x + mark->width, y, mark->stroke, mark->height + mark->stroke,
                   mark->color);
}

/* ---- coverage -------------------------------------------------------------------------------- */

struct coverage {
    int left, top, width, height; /* of the box, in pixels of the picture */
    uint8_t *map;                 /* [height, width] */
};

/* A map over the points (in pixels) with so much room around; empty when it lies outside. */
static int coverage_begin(struct coverage *coverage, struct canvas *canvas, const double *points,
                          int count, double room) {
    double left = INFINITY, right = -INFINITY, top = INFINITY, bottom = -INFINITY;
    for (int i = 0; i < count; i++) {
        double x = points[2 * i], y = points[2 * i + 1];
        if (isnan(x) || isnan(y))
            continue;
        left = fmin(left, x - room);
        right = fmax(right, x + room);
        top = fmin(top, y - room);
        bottom = fmax(bottom, y + room);
    }
    memset(coverage, 0, sizeof(*coverage));
    if (!(left <= right))
        return 0;
    coverage->left = clamp(floor(left), canvas->raster->width);
    coverage->top = clamp(floor(top), canvas->raster->height);
    coverage->width = clamp(ceil(right), canvas->raster->width) - coverage->left;
    coverage->height = clamp(ceil(bottom), canvas->raster->height) - coverage->top;
    if (coverage->width <= 0 || coverage->height <= 0)
        return 0;
    coverage->map = calloc((size_t)coverage->width, (size_t)coverage->height);
    if (!coverage->map)
        canvas->failed = 1;
    return coverage->map != NULL;
}

static void coverage_raise(struct coverage *coverage, int x, int y, double share) {
    uint8_t *place = coverage->map + (size_t)y * (size_t)coverage->width + (size_t)x;
    int value = (int)(share * 255 + 0.5);
    *place = value > *place ? (uint8_t)(value < 255 ? value : 255) : *place;
}

/* A piece of a line with round ends. */
static void coverage_segment(struct coverage *coverage, double x, double y, double to_x,
                             double to_y, double radius) {
    /* A line thinner than a pixel is paler, not thinner. */
    double thin = radius < 0.5 ? 2 * radius : 1;
    radius = radius < 0.5 ? 0.5 : radius;
    double room = radius + 1, dx = to_x - x, dy = to_y - y, square = dx * dx + dy * dy;
    int left = clamp(floor(fmin(x, to_x) - room) - coverage->left, coverage->width);
    int right = clamp(ceil(fmax(x, to_x) + room) - coverage->left, coverage->width);
    int top = clamp(floor(fmin(y, to_y) - room) - coverage->top, coverage->height);
    int bottom = clamp(ceil(fmax(y, to_y) + room) - coverage->top, coverage->height);
    for (int row = top; row < bottom; row++)
        for (int column = left; column < right; column++) {
            double px = coverage->left + column + 0.5 - x, py = coverage->top + row + 0.5 - y;
            double along = square > 0 ? (px * dx + py * dy) / square : 0;
            along = along < 0 ? 0 : along > 1 ? 1 : along;
            double inside = radius + 0.5 - hypot(px - along * dx, py - along * dy);
            if (inside > 0)
                coverage_raise(coverage, column, row, thin * (inside < 1 ? inside : 1));
        }
}

/* Lays the colour over the picture. */
static void coverage_end(struct coverage *coverage, struct canvas *canvas, uint32_t color) {
    const int wanted[3] = {color >> 16 & 255, color >> 8 & 255, color & 255};
    for (int row = 0; row < coverage->height; row++)
        for (int column = 0; column < coverage->width; column++) {
            int share = coverage->map[(size_t)row * (size_t)coverage->width + (size_t)column];
            if (!share)
                continue;
            size_t at = (size_t)(coverage->top + row) * (size_t)canvas->raster->width +
                        (size_t)(coverage->left + column);
            uint8_t *pixel = canvas->raster->rgb + at * 3;
            for (int i = 0; i < 3; i++)
                pixel[i] = (uint8_t)((pixel[i] * (255 - share) + wanted[i] * share + 127) / 255);
        }
    free(coverage->map);
}

/* ---- marks ----------------------------------------------------------------------------------- */

/* Walks a piece in dashes and gaps; *travelled goes on over the joints. */
static void dashed_segment(struct coverage *coverage, const double from[2], const double to[2],
                           double radius, double dash, double *travelled) {
    double length = hypot(to[0] - from[0], to[1] - from[1]), at = 0;
    while (at < length) {
        double phase = fmod(*travelled, 2 * dash);
        double left = (phase < dash ? dash : 2 * dash) - phase;
        double step = fmin(fmax(left, dash / 64), length - at);
        double a = at / length, b = (at + step) / length;
        if (phase < dash)
            coverage_segment(coverage, from[0] + a * (to[0] - from[0]),
                             from[1] + a * (to[1] - from[1]), from[0] + b * (to[0] - from[0]),
                             from[1] + b * (to[1] - from[1]), radius);
        at += step;
        *travelled += step;
    }
}

/* Points in pixels; an x that is NaN begins a new line. */
static void draw_lines(struct canvas *canvas, const double *points, int count, double radius,
                       double dash, uint32_t color) {
    struct coverage coverage;
    double travelled = 0;
    if (!coverage_begin(&coverage, canvas, points, count, radius + 1))
        return;
    for (int i = 0; i < count; i++) {
        const double *point = points + 2 * i;
        int begins = i == 0 || isnan(point[-2]);
        if (isnan(point[0]))
            continue;
        int alone = begins && (i + 1 == count || isnan(point[2]));
        if (begins)
            travelled = 0;
        if (alone)
            coverage_segment(&coverage, point[0], point[1], point[0], point[1], radius);
        else if (!begins && dash > 0)
            dashed_segment(&coverage, point - 2, point, radius, dash, &travelled);
        else if (!begins)
            coverage_segment(&coverage, point[-2], point[-1], point[0], point[1], radius);
    }
    coverage_end(&coverage, canvas, color);
}

/* The polygon is convex: inside is where every edge has the pixel on the same side. */
static void draw_polygon(struct canvas *canvas, const double *points, int count, uint32_t color) {
    struct coverage coverage;
    double area = 0;
    if (!coverage_begin(&coverage, canvas, points, count, 1))
        return;
    for (int i = 0; i < count; i++) {
        const double *one = points + 2 * i, *other = points + 2 * ((i + 1) % count);
        area += one[0] * other[1] - one[1] * other[0];
    }
    for (int row = 0; row < coverage.height; row++)
        for (int column = 0; column < coverage.width; column++) {
            double x = coverage.left + column + 0.5, y = coverage.top + row + 0.5, inside = 1;
            for (int i = 0; i < count; i++) {
                const double *one = points + 2 * i, *other = points + 2 * ((i + 1) % count);
                double dx = other[0] - one[0], dy = other[1] - one[1], length = hypot(dx, dy);
                double side = (dx * (y - one[1]) - dy * (x - one[0])) * (area < 0 ? -1 : 1);
                if (length > 0)
                    inside = fmin(inside, side / length + 0.5);
            }
            if (inside > 0)
                coverage_raise(&coverage, column, row, inside);
        }
    coverage_end(&coverage, canvas, color);
}

static void draw_text(struct canvas *canvas, const struct mark *mark) {
    const struct lettering *lettering = &mark->lettering;
    struct strokes strokes = {0};
    int columns = text_columns(mark->text);
    double pitch =
        lettering->length > 0 && columns > 0 ? lettering->length / columns / lettering->size : 0;
    double width = font_trace(&strokes, mark->text, pitch);
    double start = lettering->anchor == ANCHOR_MIDDLE ? width / 2
                   : lettering->anchor == ANCHOR_END  ? width
                                                      : 0;
    double angle = lettering->angle * (acos(-1) / 180), size = lettering->size * canvas->scale;
    double right = cos(angle) * size, up = sin(angle) * size;
    for (int i = 0; i < strokes.count; i++) {
        double *point = strokes.points + 2 * i, along = point[0] - start, above = point[1];
        point[0] = mark->x * canvas->scale + along * right - above * up;
        point[1] = mark->y * canvas->scale - along * up - above * right;
    }
    double stroke = (lettering->bold ? FONT_STROKE_BOLD : FONT_STROKE) * size;
    draw_lines(canvas, strokes.points, strokes.count, fmax(stroke, 1) / 2, 0, mark->color);
    canvas->failed |= strokes.failed;
    free(strokes.points);
}

/* The points of a mark in pixels, owned by the caller. */
static double *scaled(struct canvas *canvas, const struct mark *mark) {
    double *points = malloc((size_t)mark->count * 2 * sizeof(*points));
    if (!points)
        canvas->failed = 1;
    for (int i = 0; points && i < 2 * mark->count; i++)
        points[i] = mark->points[i] * canvas->scale;
    return points;
}

static void draw_mark(struct canvas *canvas, const struct mark *mark) {
    double *points = mark->points ? scaled(canvas, mark) : NULL;
    switch (mark->kind) {
    case MARK_RECTANGLE:
        fill_rectangle(canvas, mark->x, mark->y, mark->width, mark->height, mark->color);
        break;
    case MARK_FRAME:
        fill_frame(canvas, mark);
        break;
    case MARK_LINE:
        if (points)
            draw_lines(canvas, points, mark->count, mark->stroke * canvas->scale / 2,
                       mark->dash * canvas->scale, mark->color);
        break;
    case MARK_POLYGON:
        if (points)
            draw_polygon(canvas, points, mark->count, mark->color);
        break;
    case MARK_TEXT:
        draw_text(canvas, mark);
        break;
    }
    free(points);
}

int drawing_raster(const struct drawing *drawing, double scale, struct raster *raster,
                   struct sawb_error *error) {
    double width = ceil(drawing->width * scale), height = ceil(drawing->height * scale);
    memset(raster, 0, sizeof(*raster));
    if (!(width >= 1 && height >= 1 && width * height <= RASTER_MOST))
        return error_set(error,
                         "png: a picture of %.0f x %.0f pixels is too large; use a smaller "
                         "--scale, or .svg",
                         width, height);
    raster->width = (int)width;
    raster->height = (int)height;
    raster->rgb = malloc((size_t)raster->width * (size_t)raster->height * 3);
    if (!raster->rgb)
        return error_set(error, "png: out of memory for %d x %d pixels", raster->width,
                         raster->height);
    struct canvas canvas = {.raster = raster, .scale = scale, .failed = drawing->failed};
    fill(raster, 0, 0, raster->width, raster->height, drawing->page);
    for (size_t i = 0; i < drawing->count; i++)
        draw_mark(&canvas, &drawing->marks[i]);
    if (!canvas.failed)
        return 0;
    raster_free(raster);
    return error_set(error, "png: out of memory");
}

void raster_free(struct raster *raster) {
    free(raster->rgb);
    memset(raster, 0, sizeof(*raster));
}
