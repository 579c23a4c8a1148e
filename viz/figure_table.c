/*
 * figure_table.c - a table as text in columns between rules.
 */
#include <math.h>
#include <stdio.h>

#include "viz/figure_panel.h"

#define ROW_HEIGHT 15.0
#define COLUMN_GAP 16.0
#define CELL_MOST 280.0 /* width of a cell, longer texts are cut */
#define RULE 0.8
#define ROWS_MOST 400 /* drawn; the others are told of, and are in the text formats */
#define COLUMNS_MOST 64

static int rows_drawn(const struct panel *panel) {
    return panel->rows > ROWS_MOST ? ROWS_MOST : panel->rows;
}

static int columns_drawn(const struct panel *panel) {
    return panel->columns > COLUMNS_MOST ? COLUMNS_MOST : panel->columns;
}

/* What a cell shows, empty where there is nothing. */
static char *cell_text(const struct panel_column *column, int row, char out[FIT_BYTES]) {
    char number[NUMBER_BYTES];
    out[0] = '\0';
    if (column->kind == COLUMN_TEXT)
        return text_fit(out, column->texts[row] ? column->texts[row] : "", LABEL_SIZE, CELL_MOST);
    if (isnan(column->numbers[row]))
        return out;
    struct axis axis = {.low = -1, .high = 1, .decimals = column->decimals};
    snprintf(out, FIT_BYTES, "%s", axis_number(number, &axis, column->numbers[row]));
    return out;
}

/* A column of numbers that nothing has been worked out for is left out. */
static int is_empty(const struct panel *panel, const struct panel_column *column) {
    for (int row = 0; row < panel->rows; row++)
        if (column->kind == COLUMN_TEXT || !isnan(column->numbers[row]))
            return 0;
    return panel->rows > 0 && column->kind == COLUMN_NUMBER;
}

/* Negative: not drawn. */
static void column_widths(const struct panel *panel, double widths[COLUMNS_MOST]) {
    for (int i = 0; i < columns_drawn(panel); i++) {
        const struct panel_column *column = &panel->table[i];
        char text[FIT_BYTES];
        if (is_empty(panel, column)) {
            widths[i] = -COLUMN_GAP;
            continue;
        }
        widths[i] =
            text_width(text_fit(text, column->name, LABEL_SIZE, CELL_MOST), LABEL_SIZE) * 1.1;
        for (int row = 0; row < rows_drawn(panel); row++)
            widths[i] = fmax(widths[i], text_width(cell_text(column, row, text), LABEL_SIZE));
    }
}

static double table_width(const struct panel *panel, const double *widths) {
    double width = 0;
    for (int i = 0; i < columns_drawn(panel); i++)
        width += widths[i] + COLUMN_GAP;
    return fmax(width - COLUMN_GAP, 0);
}

static struct extent measure(const struct style *style, const struct panel *panel, int with_bar) {
    double widths[COLUMNS_MOST];
    (void)style;
    (void)with_bar;
    column_widths(panel, widths);
    int lines = 1 + rows_drawn(panel) + (rows_drawn(panel) < panel->rows);
    return (struct extent){fmax(table_width(panel, widths), text_width(panel->title, TITLE_SIZE)),
                           TITLE_HEIGHT + lines * ROW_HEIGHT + 12};
}

static void draw(const struct style *style, const struct panel *panel, int with_bar,
                 struct drawing *drawing, double x, double y) {
    double widths[COLUMNS_MOST], column_x = x;
    column_widths(panel, widths);
    double width = table_width(panel, widths), top = y + TITLE_HEIGHT;
    double first = top + ROW_HEIGHT + 6, bottom = first + rows_drawn(panel) * ROW_HEIGHT + 2;
    (void)with_bar;
    draw_title(style, drawing, panel->title, x, y, fmax(width, CELL_MOST));
    drawing_rectangle(drawing, x, top, width, 2 * RULE, style->ink);
    drawing_rectangle(drawing, x, top + ROW_HEIGHT + 3, width, RULE, style->faint);
    drawing_rectangle(drawing, x, bottom, width, 2 * RULE, style->ink);
    for (int i = 0; i < columns_drawn(panel); i++) {
        const struct panel_column *column = &panel->table[i];
        if (widths[i] < 0)
            continue;
        int is_number = column->kind == COLUMN_NUMBER;
        double at = is_number ? column_x + widths[i] : column_x;
        struct lettering lettering = {.size = LABEL_SIZE,
                                      .color = style->ink,
                                      .anchor = is_number ? ANCHOR_END : ANCHOR_START,
                                      .bold = 1};
        char text[FIT_BYTES];
        drawing_text(drawing, at, top + ROW_HEIGHT - 2, &lettering,
                     text_fit(text, column->name, LABEL_SIZE, CELL_MOST));
        lettering.bold = 0;
        for (int row = 0; row < rows_drawn(panel); row++)
            if (*cell_text(column, row, text))
                drawing_text(drawing, at, first + (row + 1) * ROW_HEIGHT - 4, &lettering, text);
        column_x += widths[i] + COLUMN_GAP;
    }
    if (rows_drawn(panel) < panel->rows) {
        char more[FIT_BYTES];
        snprintf(more, sizeof(more), "and %d rows more, which .tsv, .csv and .txt hold",
                 panel->rows - rows_drawn(panel));
        drawing_text(drawing, x, bottom + ROW_HEIGHT,
                     &(struct lettering){.size = SMALL_SIZE, .color = style->faint}, more);
    }
}

const struct panel_kind_row figure_table_panel = {measure, draw};
