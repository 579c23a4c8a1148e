/*
 * exporter.c - a grid as an SVG picture or as text.
 *
 * All coordinates are whole numbers (a cell is CELL_WIDTH by CELL_HEIGHT units, scaled by the
 * viewBox), so that no locale can write them with a comma.
 */
#include "viz/exporter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/unicode.h"

#define CELL_WIDTH 80
#define CELL_HEIGHT 160
#define EIGHTHS 8
#define CELL_PIXELS 9 /* width of a cell */
#define MARGIN_X 160
#define MARGIN_Y 120
#define FONT_SIZE 132 /* monospaced fonts advance by about 0.6 of it: 80 units */
#define BASELINE 118
#define STROKE 10
#define UNDERLINE_TOP 136
#define DOT_STROKE 30 /* diameter of a braille dot */
#define CURSOR_WIDTH 16

static const char font_family[] =
    "ui-monospace, 'SF Mono', SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', "
    "'Liberation Mono', monospace";

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

/* ---- looks ---- */

struct paint {
    uint32_t ink, background;
    int has_background, bold, underline;
};

static uint32_t mix_half(uint32_t a, uint32_t b) {
    return ((a >> 1) & 0x7f7f7f) + ((b >> 1) & 0x7f7f7f);
}

static struct paint paint_of(const struct cell *cell, const struct palette *palette) {
    const struct look *look = &palette->looks[cell->meaning < MEANING_COUNT ? cell->meaning : 0];
    struct paint paint = {palette->ink, palette->page, look->background >= 0, 0, 0};
    if (look->foreground >= 0)
        paint.ink = palette_rgb(look->foreground);
    if (paint.has_background)
        paint.background = palette_rgb(look->background);
    if (look->dim)
        paint.ink = mix_half(paint.ink, paint.background);
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

/* ---- a row of cells ---- */

struct picture {
    FILE *out;
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

static int left_of(int column) {
    return MARGIN_X + column * CELL_WIDTH;
}

static int top_of(int row) {
    return MARGIN_Y + row * CELL_HEIGHT;
}

static void write_rectangle(FILE *out, int x, int y, int width, int height, uint32_t colour) {
    fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n", x, y,
            width, height, (unsigned)colour);
}

/* Rectangles behind the cells that have a background, one for each run of the same. */
static void write_backgrounds(const struct picture *picture) {
    int columns = picture->grid->columns;
    for (int start = 0, end; start < columns; start = end) {
        struct paint paint = paint_at(picture, start);
        for (end = start + 1; end < columns; end++) {
            struct paint next = paint_at(picture, end);
            if (next.has_background != paint.has_background || next.background != paint.background)
                break;
        }
        if (paint.has_background)
            write_rectangle(picture->out, left_of(start), top_of(picture->row),
                            (end - start) * CELL_WIDTH, CELL_HEIGHT, paint.background);
    }
}

static void write_underlines(const struct picture *picture) {
    int columns = picture->grid->columns;
    for (int start = 0, end; start < columns; start = end) {
        struct paint paint = paint_at(picture, start);
        for (end = start + 1; end < columns; end++) {
            struct paint next = paint_at(picture, end);
            if (next.underline != paint.underline || next.ink != paint.ink)
                break;
        }
        if (paint.underline)
            write_rectangle(picture->out, left_of(start), top_of(picture->row) + UNDERLINE_TOP,
                            (end - start) * CELL_WIDTH, STROKE, paint.ink);
    }
}

/* A frame around the cells under a view's cursor: their colours stay readable. */
static void write_cursor_frames(const struct picture *picture) {
    int columns = picture->grid->columns;
    for (int start = 0, end; start < columns; start = end) {
        int marked = picture->cells[start].flags & CELL_CURSOR;
        for (end = start + 1; end < columns; end++)
            if ((picture->cells[end].flags & CELL_CURSOR) != marked)
                break;
        if (marked)
            fprintf(picture->out,
                    "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" "
                    "stroke=\"#%06x\" stroke-width=\"%d\"/>\n",
                    left_of(start), top_of(picture->row), (end - start) * CELL_WIDTH, CELL_HEIGHT,
                    (unsigned)picture->palette->ink, STROKE);
    }
}

/* ---- shapes drawn as such, so that no font can displace them ---- */

/* Blocks ▁ to █ and ▉ to ▏ as a width and a height in eighths; 0 for other characters. */
static int block_size(int32_t code_point, int *width, int *height) {
    *width = *height = EIGHTHS;
    if (code_point >= 0x2581 && code_point <= 0x2588)
        *height = (int)(code_point - 0x2580);
    else if (code_point >= 0x2589 && code_point <= 0x258f)
        *width = (int)(0x2590 - code_point);
    else
        return 0;
    return 1;
}

/* Arms of a box character from the middle: 1 left, 2 right, 4 up, 8 down. */
static int box_arms(int32_t code_point) {
    static const struct {
        int32_t code_point;
        int arms;
    } boxes[] = {
        {0x2500, 3},  {0x2502, 12}, {0x250c, 10}, {0x2510, 9}, {0x2514, 6},  {0x2518, 5},
        {0x251c, 14}, {0x2524, 13}, {0x252c, 11}, {0x2534, 7}, {0x253c, 15},
    };
    for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++)
        if (boxes[i].code_point == code_point)
            return boxes[i].arms;
    return 0;
}

/* Signs that fonts draw differently (or as an emoji): a path from (x, y) in the cell, in its units.
 */
struct sign {
    int32_t code_point;
    int x, y, width; /* of the stroke; 0: filled */
    const char *path;
};

static const struct sign *find_sign(int32_t code_point) {
    static const struct sign signs[] = {
        {0x00b7, 40, 84, 18, "h0"},                      /* · */
        {0x2022, 40, 84, 44, "h0"},                      /* • */
        {0x25b6, 10, 42, 0, "l62 38l-62 38z"},           /* ▶ */
        {0x276f, 24, 38, 16, "l30 42l-30 42"},           /* ❯ */
        {0x2192, 6, 84, 11, "h66m-24 -24l24 24l-24 24"}, /* → */
        {0x254c, 5, 80, 10, "h25m20 0h25"},              /* ╌ */
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
    int width, height;
    return block_size(code_point, &width, &height) || box_arms(code_point) ||
           is_braille(code_point) || find_sign(code_point) != NULL;
}

static void write_block(const struct picture *picture, int start, int end, int width, int height,
                        uint32_t ink) {
    int wide = (end - start) * CELL_WIDTH * width / EIGHTHS;
    int high = CELL_HEIGHT * height / EIGHTHS;
    write_rectangle(picture->out, left_of(start), top_of(picture->row) + CELL_HEIGHT - high, wide,
                    high, ink);
}

static void write_box(const struct picture *picture, int start, int end, int arms, uint32_t ink) {
    int x = left_of(start), y = top_of(picture->row), width = (end - start) * CELL_WIDTH;
    int half_stroke = STROKE / 2;
    int middle_x = x + CELL_WIDTH / 2, middle_y = y + CELL_HEIGHT / 2;
    int left = arms & 1 ? x : middle_x - half_stroke;
    int right = arms & 2 ? x + width : middle_x + half_stroke;
    int top = arms & 4 ? y : middle_y - half_stroke;
    int bottom = arms & 8 ? y + CELL_HEIGHT : middle_y + half_stroke;
    if (arms & 3)
        write_rectangle(picture->out, left, middle_y - half_stroke, right - left, STROKE, ink);
    if (arms & 12)
        write_rectangle(picture->out, middle_x - half_stroke, top, STROKE, bottom - top, ink);
}

/* Dots as strokes of no length with round ends: one path for a run of cells. */
static void write_braille(const struct picture *picture, int start, int end, uint32_t ink) {
    /* Column and row of the dot of each bit. */
    static const unsigned char places[8][2] = {{0, 0}, {0, 1}, {0, 2}, {1, 0},
                                               {1, 1}, {1, 2}, {0, 3}, {1, 3}};
    fprintf(picture->out,
            "<path shape-rendering=\"auto\" fill=\"none\" stroke=\"#%06x\" stroke-width=\"%d\" "
            "stroke-linecap=\"round\" d=\"",
            (unsigned)ink, DOT_STROKE);
    for (int column = start; column < end; column++) {
        int bits = (int)(code_point_at(picture, column) & 0xff);
        for (int bit = 0; bit < 8; bit++)
            if (bits >> bit & 1)
                fprintf(picture->out, "M%d %dh0",
                        left_of(column) + CELL_WIDTH / 4 + places[bit][0] * CELL_WIDTH / 2,
                        top_of(picture->row) + CELL_HEIGHT / 8 + places[bit][1] * CELL_HEIGHT / 4);
    }
    fputs("\"/>\n", picture->out);
}

static void write_sign(const struct picture *picture, int column, const struct sign *sign,
                       uint32_t ink) {
    int x = left_of(column) + sign->x, y = top_of(picture->row) + sign->y;
    if (sign->width == 0)
        fprintf(picture->out, "<path shape-rendering=\"auto\" fill=\"#%06x\" d=\"M%d %d%s\"/>\n",
                (unsigned)ink, x, y, sign->path);
    else
        fprintf(picture->out,
                "<path shape-rendering=\"auto\" fill=\"none\" stroke=\"#%06x\" stroke-width=\"%d\" "
                "stroke-linecap=\"round\" "
                "d=\"M%d %d%s\"/>\n",
                (unsigned)ink, sign->width, x, y, sign->path);
}

/* Draws the shape at `start` and those that join it to the right. Returns the column behind. */
static int write_shape(const struct picture *picture, int start) {
    int32_t code_point = code_point_at(picture, start);
    struct paint paint = paint_at(picture, start);
    int width, height, columns = picture->grid->columns;
    int is_block = block_size(code_point, &width, &height), arms = box_arms(code_point);
    int joins = (is_block && width == EIGHTHS) || arms == 3, end = start + 1;
    while (end < columns && same_paint(paint_at(picture, end), paint)) {
        int32_t next = code_point_at(picture, end);
        if (is_braille(code_point) ? !is_braille(next) : !joins || next != code_point)
            break;
        end++;
    }
    if (is_block)
        write_block(picture, start, end, width, height, paint.ink);
    else if (arms)
        write_box(picture, start, end, arms, paint.ink);
    else if (is_braille(code_point))
        write_braille(picture, start, end, paint.ink);
    else
        write_sign(picture, start, find_sign(code_point), paint.ink);
    return end;
}

/* ---- text ---- */

static void write_escaped(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out);
        else if (strncmp(text, "\xef\xbf\xbe", 3) == 0 || strncmp(text, "\xef\xbf\xbf", 3) == 0) {
            fputc('?', out); /* U+FFFE and U+FFFF are UTF-8 but not XML */
            text += 2;
        } else
            fputc(*text, out);
    }
}

static int is_blank(const struct cell *cell) {
    return strcmp(cell->glyph, " ") == 0 || (!cell->glyph[0] && !(cell->flags & CELL_TAIL));
}

static int is_wide(const struct picture *picture, int column) {
    return column + 1 < picture->grid->columns && picture->cells[column + 1].flags & CELL_TAIL;
}

/* Writes the run of characters of one look at `start`, up to a blank. Returns the column behind. */
static int write_text(const struct picture *picture, int start) {
    struct paint paint = paint_at(picture, start);
    int end = start + 1;
    if (is_wide(picture, start))
        end = start + 2;
    else
        while (end < picture->grid->columns && !is_blank(&picture->cells[end]) &&
               !is_wide(picture, end) && !is_shape(code_point_at(picture, end)) &&
               same_paint(paint_at(picture, end), paint))
            end++;
    fprintf(picture->out,
            "<text x=\"%d\" y=\"%d\" textLength=\"%d\" lengthAdjust=\"spacingAndGlyphs\" "
            "fill=\"#%06x\"%s>",
            left_of(start), top_of(picture->row) + BASELINE, (end - start) * CELL_WIDTH,
            (unsigned)paint.ink, paint.bold ? " font-weight=\"bold\"" : "");
    for (int column = start; column < end; column++)
        write_escaped(picture->out, picture->cells[column].glyph);
    fputs("</text>\n", picture->out);
    return end;
}

static void write_row(struct picture *picture, int row) {
    int columns = picture->grid->columns;
    picture->row = row;
    picture->cells = picture->grid->cells + (size_t)row * (size_t)columns;
    write_backgrounds(picture);
    for (int column = 0; column < columns;) {
        if (is_blank(&picture->cells[column]) || picture->cells[column].flags & CELL_TAIL)
            column++;
        else if (is_shape(code_point_at(picture, column)))
            column = write_shape(picture, column);
        else
            column = write_text(picture, column);
    }
    write_underlines(picture);
    write_cursor_frames(picture);
}

static void write_picture(struct picture *picture) {
    const struct grid *grid = picture->grid;
    const struct palette *palette = picture->palette;
    int width = 2 * MARGIN_X + grid->columns * CELL_WIDTH;
    int height = 2 * MARGIN_Y + grid->rows * CELL_HEIGHT;
    fprintf(picture->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\">\n",
            width * CELL_PIXELS / CELL_WIDTH, height * CELL_PIXELS / CELL_WIDTH, width, height);
    fprintf(picture->out, "<rect width=\"%d\" height=\"%d\" rx=\"%d\" fill=\"#%06x\"/>\n", width,
            height, CELL_WIDTH, (unsigned)palette->page);
    fprintf(picture->out,
            "<g font-family=\"%s\" font-size=\"%d\" shape-rendering=\"crispEdges\">\n", font_family,
            FONT_SIZE);
    for (int row = 0; row < grid->rows; row++)
        write_row(picture, row);
    if (grid->cursor_row >= 0 && grid->cursor_row < grid->rows && grid->cursor_column >= 0 &&
        grid->cursor_column < grid->columns)
        write_rectangle(picture->out, left_of(grid->cursor_column), top_of(grid->cursor_row),
                        CURSOR_WIDTH, CELL_HEIGHT, palette->ink);
    fputs("</g>\n</svg>\n", picture->out);
}

char *export_svg(const struct grid *grid, const struct palette *palette) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    struct picture picture = {.out = out, .grid = grid, .palette = palette};
    write_picture(&picture);
    int failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}
