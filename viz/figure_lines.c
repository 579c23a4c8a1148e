/*
 * figure_lines.c - panels in a grid, and a grid as lines.
 */
#include "viz/figure_lines.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viz/bar.h"
#include "viz/curve.h"
#include "viz/exporter.h"
#include "viz/heatmap.h"
#include "viz/table.h"

#define COLUMNS_LEAST 20
#define CURVE_ROWS 16
#define MAP_HEAD 4 /* rows of a map for its labels and the key to its shades */
#define BAR_LABEL_MOST 24
#define BAR_NUMBER 12

/* ---- lines ----------------------------------------------------------------------------------- */

/* Where a figure goes, and how. */
struct lines {
    FILE *out;
    const struct glyphs *glyphs;
    const struct ansi *ansi; /* NULL: without colour */
    int columns;
};

/* Lines without the empty ones at the end. -1 when out of memory. */
static int print_grid(const struct lines *lines, const struct grid *grid) {
    char *text = lines->ansi ? ansi_text(lines->ansi, grid) : export_text(grid);
    if (!text)
        return -1;
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n')
        length--;
    fprintf(lines->out, "%.*s\n", (int)length, text);
    free(text);
    return 0;
}

/* ---- panels ---------------------------------------------------------------------------------- */

static int has_negative(const struct panel *panel) {
    for (int i = 0; i < panel->rows * panel->columns; i++) {
        if (panel->mask[i] && panel->values[i] < 0)
            return 1;
    }
    return 0;
}

static int matrix_rows(const struct panel *panel) {
    return panel->rows + MAP_HEAD;
}

static void draw_matrix(struct area area, const struct panel *panel, const struct glyphs *glyphs) {
    struct heatmap map = {.rows = panel->rows,
                          .columns = panel->columns,
                          .values = panel->values,
                          .mask = panel->mask,
                          .row_labels = (const char *const *)panel->row_labels,
                          .column_labels = (const char *const *)panel->column_labels,
                          .scale = panel->scale == PANEL_DIVERGING ? HEATMAP_DIFFERENCE
                                   : has_negative(panel)           ? HEATMAP_SCORE
                                                                   : HEATMAP_WEIGHT,
                          .cursor_row = -1,
                          .cursor_column = -1};
    if (panel->minimum < panel->maximum) {
        map.minimum = (float)panel->minimum;
        map.maximum = (float)panel->maximum;
    }
    struct area cells = area_part(area, 0, 0, area.rows - 1, area.columns);
    struct heatmap_layout layout = heatmap_layout(&map, cells.rows, cells.columns);
    heatmap_scroll(&map, layout);
    heatmap_draw(cells, &map, glyphs);
    int used = layout.label_rows + layout.visible_rows;
    int end = heatmap_legend(area, used, 0, &map, glyphs);
    if (layout.visible_columns < panel->columns)
        area_printf(area, used, end + 2, MEANING_FAINT, 0, "%d of %d columns",
                    layout.visible_columns, panel->columns);
}

static int series_rows(const struct panel *panel) {
    (void)panel;
    return CURVE_ROWS;
}

static void draw_series(struct area area, const struct panel *panel, const struct glyphs *glyphs) {
    struct series *series = calloc((size_t)panel->series_count + 1, sizeof(*series));
    if (!series)
        return;
    for (int i = 0; i < panel->series_count; i++) {
        const struct panel_series *line = &panel->series[i];
        series[i] = (struct series){.name = line->name,
                                    .x = line->x,
                                    .y = line->y,
                                    .count = line->count,
                                    .meaning = line->meaning,
                                    .points = line->points};
    }
    struct curve curve = {.title = panel->title,
                          .series = series,
                          .series_count = panel->series_count,
                          .x_unit = panel->x_name};
    curve_draw(area, &curve, glyphs);
    free(series);
}

static int bars_rows(const struct panel *panel) {
    return panel->rows * panel->columns;
}

static double largest_bar(const struct panel *panel, int *is_signed) {
    double largest = 0;
    *is_signed = 0;
    for (int i = 0; i < panel->rows * panel->columns; i++) {
        if (isfinite(panel->bars[i]) && fabs(panel->bars[i]) > largest)
            largest = fabs(panel->bars[i]);
        *is_signed |= panel->bars[i] < 0;
    }
    return largest > 0 ? largest : 1;
}

/* The name of a bar stands at its first group, that of a group at each of its bars. */
static void draw_bars(struct area area, const struct panel *panel, const struct glyphs *glyphs) {
    int is_signed, widths[2] = {0, 0};
    double largest = largest_bar(panel, &is_signed);
    char *const *names[2] = {panel->row_labels, panel->column_labels};
    for (int which = 0; which < 2; which++) {
        for (int i = 0; names[which] && i < (which ? panel->columns : panel->rows); i++) {
            int width = names[which][i] ? text_columns(names[which][i]) : 0;
            widths[which] = width > widths[which] ? width : widths[which];
        }
        widths[which] = widths[which] > BAR_LABEL_MOST ? BAR_LABEL_MOST : widths[which];
    }
    int at = widths[0] + 1 + widths[1] + (widths[1] > 0);
    int room = area.columns - at - BAR_NUMBER;
    for (int row = 0; row < panel->rows * panel->columns; row++) {
        int bar = row / panel->columns, group = row % panel->columns;
        double value = panel->bars[row];
        if (group == 0 && panel->row_labels && panel->row_labels[bar])
            area_text(area_part(area, row, 0, 1, widths[0]), 0, 0, MEANING_TEXT, 0,
                      panel->row_labels[bar]);
        if (panel->column_labels && panel->column_labels[group])
            area_text(area_part(area, row, widths[0] + 1, 1, widths[1]), 0, 0, MEANING_FAINT, 0,
                      panel->column_labels[group]);
        if (!isfinite(value) || room < 3)
            continue;
        if (is_signed)
            bar_draw_signed(area, row, at, room, value / largest, MEANING_ACCENT_A, glyphs);
        else
            bar_draw(area, row, at, room, value / largest, MEANING_ACCENT_A, glyphs);
        area_printf(area, row, at + room + 1, MEANING_TEXT, 0, is_signed ? "%+.4g" : "%.4g", value);
    }
}

static const struct drawn_kind {
    int (*rows)(const struct panel *panel);
    void (*draw)(struct area area, const struct panel *panel, const struct glyphs *glyphs);
} drawn_kinds[] = {[PANEL_MATRIX] = {matrix_rows, draw_matrix},
                   [PANEL_SERIES] = {series_rows, draw_series},
                   [PANEL_BARS] = {bars_rows, draw_bars}};

static int print_drawn(const struct lines *lines, const struct panel *panel,
                       struct sawb_error *error) {
    int rows = drawn_kinds[panel->kind].rows(panel);
    struct grid *grid = grid_create(rows < GRID_MOST ? rows : GRID_MOST, lines->columns, error);
    if (!grid)
        return -1;
    drawn_kinds[panel->kind].draw(grid_area(grid), panel, lines->glyphs);
    int status = print_grid(lines, grid);
    grid_free(grid);
    return status < 0 ? error_set(error, "out of memory for a picture") : 0;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static int add_cell(struct table *table, const struct panel_column *column, int row) {
    if (column->kind == COLUMN_TEXT)
        return table_add(table, "%s", column->texts[row] ? column->texts[row] : "");
    if (!isfinite(column->numbers[row]))
        return table_add(table, "%s", "");
    return table_add(table, "%.*f", column->decimals, column->numbers[row]);
}

static char *print_table(const struct panel *panel, const struct glyphs *glyphs, int columns) {
    char names[TABLE_COLUMNS_MOST][64];
    const char *titles[TABLE_COLUMNS_MOST];
    int count = panel->columns < TABLE_COLUMNS_MOST ? panel->columns : TABLE_COLUMNS_MOST;
    for (int i = 0; i < count; i++) {
        snprintf(names[i], sizeof(names[i]), "%s%s",
                 panel->table[i].kind == COLUMN_NUMBER ? ">" : "", panel->table[i].name);
        titles[i] = names[i];
    }
    struct table *table = table_create(titles, count, NULL);
    int failed = !table;
    for (int row = 0; row < panel->rows && !failed; row++)
        for (int i = 0; i < count && !failed; i++)
            failed = add_cell(table, &panel->table[i], row) < 0;
    char *text = failed ? NULL : table_print(table, columns, glyphs->ellipsis);
    table_free(table);
    return text;
}

/* ---- the figure ------------------------------------------------------------------------------ */

static int print_panel(const struct lines *lines, const struct panel *panel,
                       struct sawb_error *error) {
    /* Curves have it in the line of their legend. */
    if (panel->kind != PANEL_SERIES && panel->title && *panel->title)
        fprintf(lines->out, "%s%s%s%s\n", panel->title, panel->unit ? " (" : "",
                panel->unit ? panel->unit : "", panel->unit ? ")" : "");
    if (panel->kind != PANEL_TABLE)
        return print_drawn(lines, panel, error);
    char *text = print_table(panel, lines->glyphs, lines->columns);
    if (!text)
        return error_set(error, "out of memory for a table");
    fputs(text, lines->out);
    free(text);
    return 0;
}

char *figure_lines(const struct figure *figure, const struct glyphs *glyphs,
                   const struct ansi *ansi, int columns, struct sawb_error *error) {
    char *text = NULL;
    size_t size = 0;
    struct lines lines = {.out = open_memstream(&text, &size),
                          .glyphs = glyphs,
                          .ansi = ansi,
                          .columns = columns > COLUMNS_LEAST ? columns : COLUMNS_LEAST};
    if (!lines.out) {
        error_set(error, "out of memory for a picture");
        return NULL;
    }
    int status = 0;
    if (figure->title)
        fprintf(lines.out, "%s\n", figure->title);
    for (int i = 0; i < figure->panel_count && status == 0; i++) {
        fputc('\n', lines.out);
        status = print_panel(&lines, &figure->panels[i], error);
    }
    int failed = ferror(lines.out);
    failed |= fclose(lines.out) != 0;
    if (failed && status == 0)
        status = error_set(error, "out of memory for a picture");
    if (status == 0)
        return text;
    free(text);
    return NULL;
}
