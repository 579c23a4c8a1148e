/*
 * pictures.h - views and whole screens of a fixture as pictures of a sheet.
 */
#ifndef SAWB_TESTS_TUI_PICTURES_H
#define SAWB_TESTS_TUI_PICTURES_H

#include "tests/golden.h"
#include "tests/tui/fixture.h"
#include "tests/viz/drawing.h"

/* A view alone, as in a pane of this size. */
static inline void picture_view(struct sheet *sheet, struct fixture *fixture, enum view view,
                                int rows, int columns, const char *title) {
    struct grid *grid = grid_create(rows, columns, NULL);
    fixture_must(grid != NULL);
    screen_view_get((int)view)->draw(fixture->screen, grid_area(grid));
    sheet_add(sheet, title, grid);
    grid_free(grid);
}

/* A view keeps to its area, however small: of 0 rows up to so many. */
static inline void picture_nothing_outside(struct fixture *fixture, enum view view, int rows_most) {
    for (int rows = 0; rows < rows_most; rows++)
        for (int columns = 0; columns < 140; columns += 7) {
            struct grid *grid = drawing_marked_grid(rows_most + 4, 150);
            struct area area = area_part(grid_area(grid), 2, 3, rows, columns);
            screen_view_get((int)view)->draw(fixture->screen, area);
            drawing_check_outside(grid, area);
            grid_free(grid);
        }
}

/* All of the screen. */
static inline void picture_screen(struct sheet *sheet, struct fixture *fixture, int rows,
                                  int columns, const char *title) {
    struct grid *grid = grid_create(rows, columns, NULL);
    fixture_must(grid != NULL);
    screen_draw(fixture->screen, grid);
    sheet_add(sheet, title, grid);
    grid_free(grid);
}

/* Closes the sheet and compares it with tests/tui/golden/NAME.txt. */
static inline void picture_check(struct sheet *sheet, const char *name) {
    char path[160];
    char *text = sheet_close(sheet);
    snprintf(path, sizeof(path), "tests/tui/golden/%s.txt", name);
    assert_int_equal(golden_check(path, text), 0);
    free(text);
}

#endif
