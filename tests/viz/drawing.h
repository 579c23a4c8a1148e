/*
 * drawing.h - what the tests of views share: random numbers, sheets for golden files, and the proof
 * that nothing was drawn outside of an area.
 */
#ifndef SAWB_TESTS_VIZ_DRAWING_H
#define SAWB_TESTS_VIZ_DRAWING_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"
#include "viz/exporter.h"
#include "viz/grid.h"

/* A small linear congruential generator: the same numbers everywhere. */
static inline unsigned drawing_random(unsigned *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* A number from -8 to 71, rarely an extreme one. */
static inline int drawing_coordinate(unsigned *state) {
    static const int extremes[] = {-2147483647 - 1, 2147483647, -1000000, 1000000};
    if (drawing_random(state) % 16 == 0)
        return extremes[drawing_random(state) % 4];
    return (int)(drawing_random(state) % 80) - 8;
}

/* Draws upon a grid full of a mark that no view draws, to be told from what a view left alone. */
#define DRAWING_MARK "\xc2\xa7" /* § */

static inline struct grid *drawing_marked_grid(int rows, int columns) {
    struct grid *grid = grid_create(rows, columns, NULL);
    assert_non_null(grid);
    area_fill(grid_area(grid), MEANING_ERROR, DRAWING_MARK);
    return grid;
}

/* Fails when a cell outside of the area has changed, or when wide characters are torn. */
static inline void drawing_check_outside(const struct grid *grid, struct area area) {
    for (int row = 0; row < grid->rows; row++)
        for (int column = 0; column < grid->columns; column++) {
            const struct cell *cell = &grid->cells[row * grid->columns + column];
            int inside = row >= area.row && row < area.row + area.rows && column >= area.column &&
                         column < area.column + area.columns;
            if (!inside) {
                assert_string_equal(cell->glyph, DRAWING_MARK);
                assert_int_equal(cell->meaning, MEANING_ERROR);
                assert_int_equal(cell->flags, 0);
            }
            assert_true(cell->meaning < MEANING_COUNT);
            assert_int_equal(cell->glyph[0] == '\0', (cell->flags & CELL_TAIL) != 0);
            if (cell->flags & CELL_TAIL)
                assert_true(column > 0 && cell[-1].glyph[0] && text_columns(cell[-1].glyph) == 2);
            else if (text_columns(cell->glyph) == 2)
                assert_true(column + 1 < grid->columns && cell[1].flags & CELL_TAIL);
        }
}

/* Several pictures one below the other, each under its title. */
struct sheet {
    FILE *out;
    char *text;
    size_t size;
};

static inline void sheet_open(struct sheet *sheet) {
    sheet->text = NULL;
    sheet->out = open_memstream(&sheet->text, &sheet->size);
    assert_non_null(sheet->out);
}

static inline void sheet_add(struct sheet *sheet, const char *title, const struct grid *grid) {
    char *text = export_text(grid);
    assert_non_null(text);
    fprintf(sheet->out, "== %s, %d rows, %d columns\n%s", title, grid->rows, grid->columns, text);
    free(text);
}

/* The whole text, owned by the caller. */
static inline char *sheet_close(struct sheet *sheet) {
    assert_int_equal(fclose(sheet->out), 0);
    return sheet->text;
}

#endif
