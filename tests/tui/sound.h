/*
 * sound.h - what holds for every picture of the screen: each cell has a meaning, and no wide
 * character is cut in two.
 */
#ifndef SAWB_TESTS_TUI_SOUND_H
#define SAWB_TESTS_TUI_SOUND_H

#include "tests/test.h"
#include "viz/grid.h"

static inline void assert_sound(const struct grid *grid) {
    for (int row = 0; row < grid->rows; row++) {
        const struct cell *cells = grid->cells + (size_t)row * (size_t)grid->columns;
        for (int column = 0; column < grid->columns; column++) {
            int columns;
            char glyph[CELL_BYTES];
            assert_true(cells[column].meaning < MEANING_COUNT);
            if (cells[column].flags & CELL_TAIL) {
                assert_true(column > 0);
                text_next(cells[column - 1].glyph, glyph, &columns);
                assert_int_equal(columns, 2);
            } else {
                text_next(cells[column].glyph, glyph, &columns);
                assert_int_equal(columns == 2,
                                 column + 1 < grid->columns && cells[column + 1].flags & CELL_TAIL);
            }
        }
    }
    assert_true(grid->cursor_row < grid->rows && grid->cursor_column <= grid->columns);
}

#endif
