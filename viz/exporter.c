/*
 * exporter.c - a grid as marks of a drawing, or as text.
 */
#include "viz/exporter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/file.h"
#include "core/text/unicode.h"
#include "viz/color.h"
#include "viz/export_raster.h"
#include "viz/export_svg.h"

#define CELL_WIDTH 9.0
#define CELL_HEIGHT 18.0
#define EIGHTHS 8
#define MARGIN_X 18.0
#define MARGIN_Y 13.0
#define CORNER 9.0
#define FONT_SIZE 14.8 /* monospaced fonts advance by about 0.6 of it: a cell */
#define BASELINE 13.3
#define STROKE 1.0
#define HEAVY_STROKE 2.4
#define UNDERLINE_TOP 15.3
#define DOT_SIZE 3.4 /* diameter of a braille dot */
#define CURSOR_WIDTH 1.8

char *export_text(const struct grid *grid) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (int row = 0; row < grid->rows; row++) {
        const struct cell *cells = grid->cells + (size_t)row * (size_t)grid->columns;
        int used = grid->columns;
        while (used > 0 && strcmp(cells[used - 1].glyph, " ") == 0)
            used--;
        for (int column = 0; column < used; column++)
            fputs(cells[column].glyph, out);
        fputc('\n', out);
    }
    int failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

/* ---- looks ----------------------------------------------------------------------------------- */

struct paint {
    uint32_t ink, background;
    int has_background, bold, underline;
};

static struct paint paint_of(const struct cell *cell, const struct palette *palette) {
    const struct look *look = &palette->looks[cell->meaning < MEANING_COUNT ? cell->meaning : 0];
    struct paint paint = {palette->ink, palette->page, look->background != COLOR_OWN, 0, 0};
    if (look->foreground != COLOR_OWN)
        paint.ink = look->foreground;
    if (paint.has_background)
        paint.background = look->background;
    if (look->dim)
        paint.ink = color_mix(paint.ink, paint.background, 0.45);
    if (look->reverse || cell->flags & CELL_REVERSE) {
        uint32_t ink = paint.ink;
        paint.ink = paint.background;
        paint.background = ink;
        paint.has_background = 1;
    }
    paint.bold = look->bold || cell->flags & CELL_BOLD;
    paint.underline = look->underline || cell->flags & CELL_UNDERLINE;
    return paint;
}

static int same_paint(struct paint a, struct paint b) {
    return a.ink == b.ink && a.background == b.background && a.has_background == b.has_background &&
           a.bold == b.bold && a.underline == b.underline;
}

/* ---- a row of cells -------------------------------------------------------------------------- */

struct picture {
    struct drawing drawing;
    const struct grid *grid;
    const struct palette *palette;
    int row;
    const struct cell *cells; /* of this row */
};

static struct paint paint_at(const struct picture *picture, int column) {
    return paint_of(&picture->cells[column], picture->palette);
}

static int32_t code_point_at(const struct picture *picture, int column) {
    const char *glyph = picture->cells[column].glyph;
    int32_t code_point = 0;
    return unicode_decode(glyph, strlen(glyph), &code_point) ? code_point : 0;
}

static double left_of(int column) {
    return MARGIN_X + column * CELL_WIDTH;
}

static double top_of(int row) {
    return MARGIN_Y + row * CELL_HEIGHT;
}

/* Rectangles behind the cells that have a background, one for each run of the same. */
static void draw_backgrounds(struct picture *picture) {
    int columns = picture->grid->columns;
    for (int start = 0, end; start < columns; start = end) {
        struct paint paint = paint_at(picture, start);
        for (end = start + 1; end < columns; end++) {
            struct paint next = paint_at(picture, end);
            if (next.has_background != paint.has_background || next.background != paint.background)
                break;
        }
        if (paint.has_background)
            drawing_rectangle(&picture->drawing, left_of(start), top_of(picture->row),
                              (end - start) * CELL_WIDTH, CELL_HEIGHT, paint.background);
    }
}

static void draw_underlines(struct picture *picture) {
    int columns = picture->grid->columns;
    for (int start = 0, end; start < columns; start = end) {
        struct paint paint = paint_at(picture, start);
        for (end = start + 1; end < columns; end++) {
            struct paint next = paint_at(picture, end);
            if (next.underline != paint.underline || next.ink != paint.ink)
                break;
        }
        if (paint.underline)
            drawing_rectangle(&picture->drawing, left_of(start),
                              top_of(picture->row) + UNDERLINE_TOP, (end - start) * CELL_WIDTH,
                              STROKE, paint.ink);
    }
}

/* A frame around the cells under a view's cursor: their colours stay readable. */
static void draw_cursor_frames(struct picture *picture) {
    int columns = picture->grid->columns;
    for (int start = 0, end; start < columns; start = end) {
        int marked = picture->cells[start].flags & CELL_CURSOR;
        for (end = start + 1; end < columns; end++)
            if ((picture->cells[end].flags & CELL_CURSOR) != marked)
                break;
        if (marked)
            drawing_frame(&picture->drawing, left_of(start), top_of(picture->row),
                          (end - start) * CELL_WIDTH, CELL_HEIGHT, STROKE, picture->palette->ink);
    }
}

/* ---- shapes drawn as such, so that no font can displace them --------------------------------- */

/* Blocks as a part of the cell in eighths: from its left and its bottom. 0 for other characters. */
static int block_size(int32_t code_point, int *left, int *width, int *bottom, int *height) {
    *left = *bottom = 0;
    *width = *height = EIGHTHS;
    if (code_point >= 0x2581 && code_point <= 0x2588) /* ▁ to █ */
        *height = (int)(code_point - 0x2580);
    else if (code_point >= 0x2589 && code_point <= 0x258f) /* ▉ to ▏ */
        *width = (int)(0x2590 - code_point);
    else if (code_point == 0x2580) /* ▀ */
        *height = *bottom = EIGHTHS / 2;
    else if (code_point == 0x2590) /* ▐ */
        *width = *left = EIGHTHS / 2;
    else
        return 0;
    return 1;
}

/* Arms of a box character from the middle: 1 left, 2 right, 4 up, 8 down; 16: heavy. */
static int box_arms(int32_t code_point) {
    static const struct {
        int32_t code_point;
        int arms;
    } boxes[] = {
        {0x2500, 3}, {0x2501, 19}, {0x2502, 12}, {0x250c, 10}, {0x2510, 9},
        {0x2514, 6}, {0x2518, 5},  {0x251c, 14}, {0x2524, 13}, {0x252c, 11},
        {0x2534, 7}, {0x253c, 15}, {0x254b, 31},
    };
    for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++)
        if (boxes[i].code_point == code_point)
            return boxes[i].arms;
    return 0;
}

/* Signs that fonts draw differently (or as an emoji), in pixels of the cell. */
#define SIGN_POINTS 5
struct sign {
    int32_t code_point;
    int count;
    double stroke; /* 0: filled */
    double points[2 * SIGN_POINTS];
};

static const struct sign *find_sign(int32_t code_point) {
    static const struct sign signs[] = {
        {0x00b7, 1, 2.0, {4.5, 9.5}},                                           /* · */
        {0x2022, 1, 5.0, {4.5, 9.5}},                                           /* • */
        {0x2192, 5, 1.2, {0.7, 9.5, 8, 9.5, 5.3, 6.8, 8, 9.5, 5.3, 12.2}},      /* → */
        {0x254c, 5, 1.0, {0.6, 9, 3.4, 9, NAN, NAN, 5.6, 9, 8.4, 9}},           /* ╌ */
        {0x25b2, 3, 0, {4.5, 5, 8, 12.5, 1, 12.5}},                             /* ▲ */
        {0x25b6, 3, 0, {1.1, 4.7, 8.1, 9, 1.1, 13.3}},                          /* ▶ */
        {0x25bc, 3, 0, {1, 5.5, 8, 5.5, 4.5, 13}},                              /* ▼ */
        {0x25c6, 4, 0, {4.5, 4.7, 8.2, 9.2, 4.5, 13.7, 0.8, 9.2}},              /* ◆ */
        {0x2713, 3, 1.6, {1.2, 9.8, 3.6, 12.8, 7.8, 5.2}},                      /* ✓ */
        {0x2717, 5, 1.6, {1.6, 5.6, 7.4, 12.8, NAN, NAN, 7.4, 5.6, 1.6, 12.8}}, /* ✗ */
        {0x276f, 3, 1.8, {2.7, 4.3, 6.1, 9, 2.7, 13.7}},                        /* ❯ */
    };
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (signs[i].code_point == code_point)
            return &signs[i];
    return NULL;
}

static int is_braille(int32_t code_point) {
    return code_point >= 0x2800 && code_point <= 0x28ff;
}

static int is_shape(int32_t code_point) {
    int part[4];
    return block_size(code_point, &part[0], &part[1], &part[2], &part[3]) || box_arms(code_point) ||
           is_braille(code_point) || find_sign(code_point) != NULL;
}

static void draw_block(struct picture *picture, int start, int end, uint32_t ink) {
    int left, width, bottom, height;
    block_size(code_point_at(picture, start), &left, &width, &bottom, &height);
    double wide = (end - start) * CELL_WIDTH * width / EIGHTHS;
    double high = CELL_HEIGHT * height / EIGHTHS;
    drawing_rectangle(&picture->drawing, left_of(start) + CELL_WIDTH * left / EIGHTHS,
                      top_of(picture->row) + CELL_HEIGHT - CELL_HEIGHT * bottom / EIGHTHS - high,
                      wide, high, ink);
}

static void draw_box(struct picture *picture, int start, int end, int arms, uint32_t ink) {
    double stroke = arms & 16 ? HEAVY_STROKE : STROKE, half = stroke / 2;
    double x = left_of(start), y = top_of(picture->row), width = (end - start) * CELL_WIDTH;
    double middle_x = x + CELL_WIDTH / 2, middle_y = y + CELL_HEIGHT / 2;
    double left = arms & 1 ? x : middle_x - half, right = arms & 2 ? x + width : middle_x + half;
    double top = arms & 4 ? y : middle_y - half;
    double bottom = arms & 8 ? y + CELL_HEIGHT : middle_y + half;
    if (arms & 3)
        drawing_rectangle(&picture->drawing, left, middle_y - half, right - left, stroke, ink);
    if (arms & 12)
        drawing_rectangle(&picture->drawing, middle_x - half, top, stroke, bottom - top, ink);
}

/* The dots of a cell; runs share an element of the SVG. */
static void draw_braille(struct picture *picture, int column, uint32_t ink) {
    /* Column and row of the dot of each bit. */
    static const unsigned char places[8][2] = {{0, 0}, {0, 1}, {0, 2}, {1, 0},
                                               {1, 1}, {1, 2}, {0, 3}, {1, 3}};
    int bits = (int)(code_point_at(picture, column) & 0xff);
    for (int bit = 0; bit < 8; bit++)
        if (bits >> bit & 1)
            drawing_dot(&picture->drawing,
                        left_of(column) + CELL_WIDTH / 4 + places[bit][0] * CELL_WIDTH / 2,
                        top_of(picture->row) + CELL_HEIGHT / 8 + places[bit][1] * CELL_HEIGHT / 4,
                        DOT_SIZE, ink);
}

static void draw_sign(struct picture *picture, int column, const struct sign *sign, uint32_t ink) {
    double points[2 * SIGN_POINTS];
    for (int i = 0; i < sign->count; i++) {
        points[2 * i] = left_of(column) + sign->points[2 * i];
        points[2 * i + 1] = top_of(picture->row) + sign->points[2 * i + 1];
    }
    if (sign->stroke > 0)
        drawing_line(&picture->drawing, points, sign->count, sign->stroke, 0, ink);
    else
        drawing_polygon(&picture->drawing, points, sign->count, ink);
}

/* Draws the shape at `start` and those that join it to the right. Returns the column behind. */
static int draw_shape(struct picture *picture, int start) {
    int32_t code_point = code_point_at(picture, start);
    struct paint paint = paint_at(picture, start);
    int left, width, bottom, height, columns = picture->grid->columns;
    int is_block = block_size(code_point, &left, &width, &bottom, &height);
    int arms = box_arms(code_point), end = start + 1;
    int joins = (is_block && width == EIGHTHS) || (arms & 15) == 3;
    while (joins && end < columns && same_paint(paint_at(picture, end), paint) &&
           code_point_at(picture, end) == code_point)
        end++;
    if (is_block)
        draw_block(picture, start, end, paint.ink);
    else if (arms)
        draw_box(picture, start, end, arms, paint.ink);
    else if (is_braille(code_point))
        draw_braille(picture, start, paint.ink);
    else
        draw_sign(picture, start, find_sign(code_point), paint.ink);
    return end;
}

/* ---- text ------------------------------------------------------------------------------------ */

static int is_blank(const struct cell *cell) {
    return strcmp(cell->glyph, " ") == 0 || (!cell->glyph[0] && !(cell->flags & CELL_TAIL));
}

static int is_wide(const struct picture *picture, int column) {
    return column + 1 < picture->grid->columns && picture->cells[column + 1].flags & CELL_TAIL;
}

/* Draws the run of characters of one look at `start`, up to a blank. Returns the column behind. */
static int draw_text(struct picture *picture, int start) {
    struct paint paint = paint_at(picture, start);
    int end = start + 1;
    if (is_wide(picture, start))
        end = start + 2;
    else
        while (end < picture->grid->columns && !is_blank(&picture->cells[end]) &&
               !is_wide(picture, end) && !is_shape(code_point_at(picture, end)) &&
               same_paint(paint_at(picture, end), paint))
            end++;
    char *text = malloc((size_t)(end - start) * CELL_BYTES + 1), *at = text;
    if (!text) {
        picture->drawing.failed = 1;
        return end;
    }
    for (int column = start; column < end; column++)
        at = stpcpy(at, picture->cells[column].glyph);
    struct lettering lettering = {.size = FONT_SIZE,
                                  .color = paint.ink,
                                  .bold = paint.bold,
                                  .length = (end - start) * CELL_WIDTH};
    drawing_text(&picture->drawing, left_of(start), top_of(picture->row) + BASELINE, &lettering,
                 text);
    free(text);
    return end;
}

static void draw_row(struct picture *picture, int row) {
    int columns = picture->grid->columns;
    picture->row = row;
    picture->cells = picture->grid->cells + (size_t)row * (size_t)columns;
    draw_backgrounds(picture);
    for (int column = 0; column < columns;) {
        if (is_blank(&picture->cells[column]) || picture->cells[column].flags & CELL_TAIL)
            column++;
        else if (is_shape(code_point_at(picture, column)))
            column = draw_shape(picture, column);
        else
            column = draw_text(picture, column);
    }
    draw_underlines(picture);
    draw_cursor_frames(picture);
}

struct drawing grid_draw(const struct grid *grid, const struct palette *palette) {
    struct picture picture = {.drawing = drawing_begin(2 * MARGIN_X + grid->columns * CELL_WIDTH,
                                                       2 * MARGIN_Y + grid->rows * CELL_HEIGHT,
                                                       palette->page),
                              .grid = grid,
                              .palette = palette};
    picture.drawing.corner = CORNER;
    picture.drawing.monospace = 1;
    for (int row = 0; row < grid->rows; row++)
        draw_row(&picture, row);
    if (grid->cursor_row >= 0 && grid->cursor_row < grid->rows && grid->cursor_column >= 0 &&
        grid->cursor_column < grid->columns)
        drawing_rectangle(&picture.drawing, left_of(grid->cursor_column), top_of(grid->cursor_row),
                          CURSOR_WIDTH, CELL_HEIGHT, palette->ink);
    return picture.drawing;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int ends_in(const char *path, const char *ending) {
    size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcasecmp(path + length - tail, ending) == 0;
}

/* A picture as the bytes of its file, owned by the caller; NULL after an error. */
static char *print_picture(const struct drawing *drawing, int is_png, double scale, size_t *size,
                           struct sawb_error *error) {
    char *data = NULL;
    FILE *out = open_memstream(&data, size);
    int status = !out     ? error_set(error, "picture: out of memory")
                 : is_png ? drawing_png(drawing, scale, out, error)
                          : drawing_svg(drawing, out, error);
    if (out && fclose(out) != 0 && status == 0)
        status = error_set(error, "picture: out of memory");
    if (status == 0)
        return data;
    free(data);
    return NULL;
}

int grid_write(const struct grid *grid, const struct palette *palette, double scale,
               const char *path, struct sawb_error *error) {
    int is_png = ends_in(path, ".png");
    size_t size = 0;
    char *data;
    if (is_png || ends_in(path, ".svg")) {
        struct drawing drawing = grid_draw(grid, palette);
        data = print_picture(&drawing, is_png, scale, &size, error);
        drawing_free(&drawing);
    } else {
        data = export_text(grid);
        size = data ? strlen(data) : 0;
        if (!data)
            error_set(error, "picture: out of memory");
    }
    int status = data ? file_replace(path, data, size, error) : -1;
    free(data);
    return status;
}
