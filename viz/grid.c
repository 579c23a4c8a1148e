/*
 * grid.c - cells, areas and the text drawn into them.
 */
#include "viz/grid.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/unicode.h"
#include "viz/glyphs.h"

#define ASCII_END 0x80
#define ZERO_WIDTH_NON_JOINER 0x200c
#define ZERO_WIDTH_JOINER 0x200d

static void cell_set(struct cell *cell, enum meaning meaning, unsigned flags, const char *glyph) {
    size_t length = strlen(glyph);
    if (length >= CELL_BYTES)
        length = CELL_BYTES - 1;
    memcpy(cell->glyph, glyph, length);
    memset(cell->glyph + length, 0, CELL_BYTES - length);
    cell->meaning = (uint8_t)meaning;
    cell->flags = (uint8_t)flags;
}

struct grid *grid_create(int rows, int columns, struct sawb_error *error) {
    if (rows < 0 || columns < 0 || rows > GRID_MOST || columns > GRID_MOST) {
        error_set(error, "a grid of %d rows and %d columns: each must be 0 to %d", rows, columns,
                  GRID_MOST);
        return NULL;
    }
    size_t count = (size_t)rows * (size_t)columns;
    struct grid *grid = malloc(sizeof(*grid));
    struct cell *cells = calloc(count ? count : 1, sizeof(*cells));
    if (!grid || !cells) {
        error_set(error, "out of memory for a grid of %d rows and %d columns", rows, columns);
        free(grid);
        free(cells);
        return NULL;
    }
    *grid = (struct grid){.rows = rows, .columns = columns, .cells = cells};
    grid_clear(grid);
    return grid;
}

void grid_free(struct grid *grid) {
    if (!grid)
        return;
    free(grid->cells);
    free(grid);
}

void grid_clear(struct grid *grid) {
    size_t count = (size_t)grid->rows * (size_t)grid->columns;
    for (size_t i = 0; i < count; i++)
        cell_set(&grid->cells[i], MEANING_TEXT, 0, " ");
    grid->cursor_row = -1;
    grid->cursor_column = 0;
}

struct area grid_area(struct grid *grid) {
    return (struct area){grid, 0, 0, grid->rows, grid->columns};
}

/* The part of [start, start + length) that lies within [0, limit); its start, and its length in
 * *kept. */
static int clip_span(int start, int length, int limit, int *kept) {
    long long end = (long long)start + (length > 0 ? length : 0);
    long long first = start > 0 ? start : 0;
    if (end > limit)
        end = limit;
    *kept = end > first ? (int)(end - first) : 0;
    return *kept ? (int)first : 0;
}

struct area area_part(struct area area, int row, int column, int rows, int columns) {
    struct area part = {.grid = area.grid};
    part.row = area.row + clip_span(row, rows, area.rows, &part.rows);
    part.column = area.column + clip_span(column, columns, area.columns, &part.columns);
    return part;
}

struct cell *area_cell(struct area area, int row, int column) {
    if (row < 0 || column < 0 || row >= area.rows || column >= area.columns)
        return NULL;
    int grid_row = area.row + row, grid_column = area.column + column;
    if (grid_row < 0 || grid_column < 0 || grid_row >= area.grid->rows ||
        grid_column >= area.grid->columns)
        return NULL;
    return &area.grid->cells[(size_t)grid_row * (size_t)area.grid->columns + (size_t)grid_column];
}

/* The joiners and selectors that change how neighbours look: terminals do not agree on what they do
 * to the width, so they are left out. */
static int draws_nothing(int32_t code_point) {
    return code_point == ZERO_WIDTH_NON_JOINER || code_point == ZERO_WIDTH_JOINER ||
           (code_point >= 0xfe00 && code_point <= 0xfe0f) ||
           (code_point >= 0xe0100 && code_point <= 0xe01ef);
}

static int is_unsafe(int32_t code_point) {
    return unicode_is_control(code_point) ||
           (code_point != ' ' && unicode_is_whitespace(code_point) &&
            unicode_width(code_point) == 0) ||
           code_point == '\t' || code_point == '\n' || code_point == '\r';
}

static int is_mark(int32_t code_point) {
    return code_point >= ASCII_END && !is_unsafe(code_point) && unicode_width(code_point) == 0;
}

/* strnlen over the few bytes that one code point may have. */
static size_t available(const char *text) {
    return strnlen(text, UNICODE_BYTES_MAX);
}

/* Adds the marks that follow to the glyph (as many as fit). Returns the bytes they took. */
static size_t take_marks(const char *text, char glyph[CELL_BYTES], size_t used) {
    size_t taken = 0;
    while ((unsigned char)text[taken] >= ASCII_END) {
        int32_t code_point;
        int bytes = unicode_decode(text + taken, available(text + taken), &code_point);
        if (bytes == 0)
            break;
        if (!draws_nothing(code_point)) {
            if (!is_mark(code_point))
                break;
            if (used + (size_t)bytes < CELL_BYTES) {
                memcpy(glyph + used, text + taken, (size_t)bytes);
                used += (size_t)bytes;
            }
        }
        taken += (size_t)bytes;
    }
    return taken;
}

size_t text_next(const char *text, char glyph[CELL_BYTES], int *columns) {
    memset(glyph, 0, CELL_BYTES);
    *columns = 0;
    if (!*text)
        return 0;
    int32_t code_point;
    int bytes = unicode_decode(text, available(text), &code_point);
    if (bytes && draws_nothing(code_point))
        return (size_t)bytes;
    size_t used;
    if (bytes == 0 || is_unsafe(code_point)) {
        glyph[0] = '?';
        used = 1;
        bytes = bytes ? bytes : 1;
        *columns = 1;
    } else if (is_mark(code_point)) {
        /* Nothing to join: it stands on a blank, and take_marks finds it. */
        glyph[0] = ' ';
        used = 1;
        bytes = 0;
        *columns = 1;
    } else {
        memcpy(glyph, text, (size_t)bytes);
        used = (size_t)bytes;
        *columns = unicode_width(code_point) == 2 ? 2 : 1;
    }
    return (size_t)bytes + take_marks(text + bytes, glyph, used);
}

int text_columns(const char *text) {
    char glyph[CELL_BYTES];
    int total = 0, columns;
    for (size_t bytes; (bytes = text_next(text, glyph, &columns)) > 0; text += bytes)
        total += columns;
    return total;
}

size_t text_prefix(const char *text, int columns) {
    char glyph[CELL_BYTES];
    size_t length = 0;
    int total = 0, width;
    for (size_t bytes; (bytes = text_next(text + length, glyph, &width)) > 0; length += bytes) {
        if (width > columns - total)
            break;
        total += width;
    }
    return length;
}

static void blank_half(struct cell *cell) {
    enum meaning meaning = (enum meaning)cell->meaning;
    cell_set(cell, meaning, cell->flags & ~(unsigned)CELL_TAIL, " ");
}

/* Draws one character whose `columns` cells all lie in the area. */
static void put_character(struct area area, int row, int column, int columns, enum meaning meaning,
                          unsigned flags, const char *glyph) {
    struct area whole = grid_area(area.grid);
    int grid_row = area.row + row, grid_column = area.column + column;
    struct cell *cell = area_cell(whole, grid_row, grid_column);
    struct cell *before = area_cell(whole, grid_row, grid_column - 1);
    struct cell *after = area_cell(whole, grid_row, grid_column + columns);
    if (!cell || !area_cell(whole, grid_row, grid_column + columns - 1))
        return;
    if (before && cell->flags & CELL_TAIL)
        blank_half(before);
    if (after && after->flags & CELL_TAIL)
        blank_half(after);
    flags &= ~(unsigned)CELL_TAIL;
    cell_set(cell, meaning, flags, glyph);
    if (columns == 2)
        cell_set(cell + 1, meaning, flags | CELL_TAIL, "");
}

int area_text(struct area area, int row, int column, enum meaning meaning, unsigned flags,
              const char *text) {
    char glyph[CELL_BYTES];
    int columns;
    int at = column;
    for (size_t bytes; (bytes = text_next(text, glyph, &columns)) > 0; text += bytes) {
        if (columns > (long long)area.columns - at)
            break;
        if (columns > 0 && at >= 0 && row >= 0 && row < area.rows)
            put_character(area, row, at, columns, meaning, flags, glyph);
        at += columns;
    }
    return at - column;
}

int area_printf(struct area area, int row, int column, enum meaning meaning, unsigned flags,
                const char *format, ...) {
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return 0;
    int columns = area_text(area, row, column, meaning, flags, text);
    free(text);
    return columns;
}

int area_text_right(struct area area, int row, int column_end, enum meaning meaning, unsigned flags,
                    const char *text) {
    long long start = (long long)column_end - text_columns(text);
    return area_text(area, row, start < INT_MIN ? INT_MIN : (int)start, meaning, flags, text);
}

void area_rule(struct area area, int row, const struct glyphs *glyphs) {
    for (int column = 0; column < area.columns; column++)
        area_text(area, row, column, MEANING_FAINT, 0, glyphs->rule);
}

void area_fill(struct area area, enum meaning meaning, const char *glyph) {
    for (int row = 0; row < area.rows; row++)
        for (int column = 0; column < area.columns; column++)
            area_text(area, row, column, meaning, 0, glyph);
}
