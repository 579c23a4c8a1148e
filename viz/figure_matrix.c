/*
 * figure_matrix.c - a matrix as a heatmap: cells, labels of tokens, a colour bar.
 *
 * Four states differ also in grey: a value (tinted, however small), a pair that the mask removed
 * (a dot on the page; where cells are too small for dots, a lattice of them), an absent one (the
 * bare page), and the ends of the scale.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viz/figure_panel.h"

#define CELL_MOST 22.0
#define CELL_WHOLE 2.0 /* from here on a cell is a whole number of pixels */
#define LABEL_SIZE_LEAST 6.5
#define LABEL_GAP 4.0
#define TITLE_MOST 180.0 /* that a title may be wider than its map */
#define BAR_GAP 12.0
#define BAR_WIDTH 10.0
#define BAR_MOST 170.0
#define BAR_LEAST 60.0
#define BAR_STEPS 64
#define TICK 3.0
#define LEVELS 63 /* colours of a scale; odd, so that a diverging one has a middle */
#define BLOCKED_LEVEL 254
#define ABSENT_LEVEL 255
#define DOT_CELL 6.0 /* width of a cell from which each has its own dot */

struct layout {
    double cell, width, height; /* of a cell (square), of the map */
    double label_size;
    int label_step;              /* every so many rows and columns have a label */
    double left, top;            /* room for the labels of rows, of columns */
    double x_name, y_name;       /* room for the names of the axes */
    double bar_height, bar_room; /* 0: no colour bar */
    struct axis axis;
};

void matrix_range(const struct panel *panel, double *low, double *high) {
    size_t count = (size_t)panel->rows * (size_t)panel->columns;
    *low = panel->minimum;
    *high = panel->maximum;
    if (!(*low < *high)) {
        *low = INFINITY;
        *high = -INFINITY;
        for (size_t i = 0; i < count; i++) {
            if (!panel->mask[i] || !isfinite(panel->values[i]))
                continue;
            *low = fmin(*low, (double)panel->values[i]);
            *high = fmax(*high, (double)panel->values[i]);
        }
        if (!(*low <= *high))
            *low = *high = 0;
    }
    if (panel->scale == PANEL_DIVERGING) {
        *high = fmax(fabs(*low), fabs(*high));
        *low = -*high;
    }
    if (!(*low < *high))
        *high = *low + 1;
}

static const char *label_of(char *const *labels, int index, char number[16]) {
    if (labels)
        return labels[index];
    snprintf(number, 16, "%d", index);
    return number;
}

/* Every so many cells have a label; numbers go in even steps. */
static int step_of(const struct panel *panel, double size, double cell) {
    int step = (int)ceil(size * 1.1 / cell), even = 1;
    if (panel->row_labels || panel->column_labels || step == 1)
        return step;
    for (int factor = 2; even < 2 * step; factor = factor == 2 ? 5 : 2)
        even *= factor;
    return even;
}

/* The next cell after `index` that has a label, `step` cells from it at least; -1: the first. */
static int next_label(char *const *labels, int count, int step, int index) {
    index = index < 0 ? 0 : index + step;
    while (labels && index < count && !labels[index][0])
        index++;
    return index;
}

static double widest_label(char *const *labels, int count, int step, double size) {
    double widest = 0;
    for (int i = next_label(labels, count, step, -1); i < count;
         i = next_label(labels, count, step, i)) {
        char number[16];
        widest = fmax(widest, text_width(label_of(labels, i, number), size));
    }
    return fmin(widest, LABEL_MOST) + LABEL_GAP;
}

static struct layout lay_out(const struct style *style, const struct panel *panel, int with_bar) {
    struct layout layout = {0};
    int most = panel->rows > panel->columns ? panel->rows : panel->columns;
    double low, high;
    layout.cell = fmin(style->map / (most > 0 ? most : 1), CELL_MOST);
    layout.cell = layout.cell >= CELL_WHOLE ? floor(layout.cell) : fmax(layout.cell, 1);
    layout.width = layout.cell * panel->columns;
    layout.height = layout.cell * panel->rows;
    layout.label_size = fmin(fmax(layout.cell * 0.8, LABEL_SIZE_LEAST), LABEL_SIZE);
    layout.label_step = step_of(panel, layout.label_size, layout.cell);
    if (!style->is_small) {
        layout.left =
            widest_label(panel->row_labels, panel->rows, layout.label_step, layout.label_size);
        layout.top = widest_label(panel->column_labels, panel->columns, layout.label_step,
                                  layout.label_size);
    }
    layout.x_name = panel->x_name && panel->x_name[0] ? LABEL_SIZE + 4 : 0;
    layout.y_name = panel->y_name && panel->y_name[0] ? LABEL_SIZE + 4 : 0;
    if (with_bar) {
        matrix_range(panel, &low, &high);
        layout.bar_height = fmin(fmax(layout.height, BAR_LEAST), BAR_MOST);
        layout.axis = axis_make(low, high, layout.bar_height < 100 ? 3 : 5, 0);
        layout.bar_room = BAR_GAP + BAR_WIDTH + TICK + 3 + axis_width(&layout.axis, SMALL_SIZE) +
                          (panel->unit ? SMALL_SIZE + 5 : 0);
    }
    return layout;
}

double matrix_head(const struct style *style, const struct panel *panel) {
    struct layout layout = lay_out(style, panel, 0);
    return layout.x_name + layout.top;
}

static struct extent measure(const struct style *style, const struct panel *panel, int with_bar) {
    struct layout layout = lay_out(style, panel, with_bar);
    double height = fmax(layout.height, layout.bar_height), before = layout.y_name + layout.left;
    double title = fmin(text_width(panel->title, TITLE_SIZE * 1.08) + 1, TITLE_MOST);
    return (struct extent){before + fmax(layout.width + layout.bar_room, title),
                           TITLE_HEIGHT + style->map_head + height};
}

/* ---- cells ----------------------------------------------------------------------------------- */

static uint8_t level_of(float value, int kept, double low, double high) {
    if (isnan(value))
        return ABSENT_LEVEL;
    if (!kept)
        return BLOCKED_LEVEL;
    double share = ((double)value - low) / (high - low);
    share = share > 0 ? share < 1 ? share : 1 : 0;
    return (uint8_t)(share * (LEVELS - 1) + 0.5);
}

static uint32_t level_color(const struct style *style, const struct panel *panel, int level) {
    double share = (double)level / (LEVELS - 1);
    return panel->scale == PANEL_DIVERGING ? palette_difference(style->palette, 2 * share - 1)
                                           : palette_weight(style->palette, share);
}

/* Runs of cells of one level, a rectangle each. */
static void draw_level(const struct panel *panel, const uint8_t *levels, int level, uint32_t color,
                       const struct layout *layout, struct drawing *drawing, double x, double y) {
    for (int row = 0; row < panel->rows; row++) {
        const uint8_t *line = levels + (size_t)row * (size_t)panel->columns;
        for (int start = 0, end; start < panel->columns; start = end) {
            for (end = start + 1; end < panel->columns && line[end] == line[start]; end++)
                continue;
            if (line[start] == level)
                drawing_rectangle(drawing, x + start * layout->cell, y + row * layout->cell,
                                  (end - start) * layout->cell, layout->cell, color);
        }
    }
}

/* Dots of the removed pairs; of small cells only some, in a lattice. */
static void draw_blocked(const struct style *style, const struct panel *panel,
                         const uint8_t *levels, const struct layout *layout,
                         struct drawing *drawing, double x, double y) {
    int every = layout->cell >= DOT_CELL ? 1 : (int)ceil(DOT_CELL / layout->cell);
    double *points = malloc((size_t)panel->rows * (size_t)panel->columns * 4 * sizeof(*points) + 1);
    int count = 0;
    if (!points) {
        drawing->failed = 1;
        return;
    }
    for (int row = 0; row < panel->rows; row += every)
        for (int column = row / every % 2 * (every / 2); column < panel->columns; column += every) {
            if (levels[(size_t)row * (size_t)panel->columns + (size_t)column] != BLOCKED_LEVEL)
                continue;
            points[2 * count] = x + (column + 0.5) * layout->cell;
            points[2 * count + 1] = y + (row + 0.5) * layout->cell;
            points[2 * count + 2] = points[2 * count + 3] = NAN;
            count += 2;
        }
    drawing_line(drawing, points, count, fmin(fmax(layout->cell * 0.2, 1.2), 2.6), 0,
                 style_color(style, MEANING_BLOCKED));
    free(points);
}

static void draw_cells(const struct style *style, const struct panel *panel,
                       const struct layout *layout, struct drawing *drawing, double x, double y) {
    size_t count = (size_t)panel->rows * (size_t)panel->columns;
    uint8_t *levels = malloc(count ? count : 1), used[256] = {0};
    double low, high;
    if (!levels) {
        drawing->failed = 1;
        return;
    }
    matrix_range(panel, &low, &high);
    for (size_t i = 0; i < count; i++) {
        levels[i] = level_of(panel->values[i], panel->mask[i], low, high);
        used[levels[i]] = 1;
    }
    for (int level = 0; level < LEVELS; level++)
        if (used[level])
            draw_level(panel, levels, level, level_color(style, panel, level), layout, drawing, x,
                       y);
    if (used[BLOCKED_LEVEL])
        draw_blocked(style, panel, levels, layout, drawing, x, y);
    free(levels);
    drawing_frame(drawing, x, y, layout->width, layout->height, 0.8, style->faint);
}

/* ---- labels, colour bar, legend -------------------------------------------------------------- */

static void draw_labels(const struct style *style, const struct panel *panel,
                        const struct layout *layout, struct drawing *drawing, double x, double y) {
    struct lettering lettering = {.size = layout->label_size, .color = style->ink};
    double middle = layout->label_size * 0.35; /* of small letters over the baseline */
    char text[FIT_BYTES], number[16];
    int step = layout->label_step;
    lettering.anchor = ANCHOR_END;
    for (int row = next_label(panel->row_labels, panel->rows, step, -1); row < panel->rows;
         row = next_label(panel->row_labels, panel->rows, step, row))
        drawing_text(
            drawing, x - LABEL_GAP, y + (row + 0.5) * layout->cell + middle, &lettering,
            text_fit(text, label_of(panel->row_labels, row, number), lettering.size, LABEL_MOST));
    lettering.anchor = ANCHOR_START;
    lettering.angle = 90;
    for (int column = next_label(panel->column_labels, panel->columns, step, -1);
         column < panel->columns;
         column = next_label(panel->column_labels, panel->columns, step, column))
        drawing_text(drawing, x + (column + 0.5) * layout->cell + middle, y - LABEL_GAP, &lettering,
                     text_fit(text, label_of(panel->column_labels, column, number), lettering.size,
                              LABEL_MOST));
}

static void draw_axis_names(const struct style *style, const struct panel *panel,
                            const struct layout *layout, struct drawing *drawing, double x,
                            double y) {
    struct lettering lettering = {
        .size = LABEL_SIZE, .color = style->faint, .anchor = ANCHOR_MIDDLE};
    char name[FIT_BYTES];
    if (layout->x_name > 0)
        drawing_text(drawing, x + layout->width / 2, y - layout->top - 4, &lettering,
                     text_fit(name, panel->x_name, LABEL_SIZE, layout->width));
    lettering.angle = 90;
    if (layout->y_name > 0)
        drawing_text(drawing, x - layout->left - 4, y + layout->height / 2, &lettering,
                     text_fit(name, panel->y_name, LABEL_SIZE, layout->height));
}

static void draw_bar(const struct style *style, const struct panel *panel,
                     const struct layout *layout, struct drawing *drawing, double x, double y) {
    const struct axis *axis = &layout->axis;
    double step = layout->bar_height / BAR_STEPS;
    for (int i = 0; i < BAR_STEPS; i++) {
        double level = (BAR_STEPS - 1 - i) * (LEVELS - 1.0) / (BAR_STEPS - 1);
        drawing_rectangle(drawing, x, y + i * step, BAR_WIDTH, step,
                          level_color(style, panel, (int)(level + 0.5)));
    }
    drawing_frame(drawing, x, y, BAR_WIDTH, layout->bar_height, 0.8, style->faint);
    struct lettering lettering = {.size = SMALL_SIZE, .color = style->ink};
    for (int i = 0; i < axis->count; i++) {
        char number[NUMBER_BYTES];
        double at = y + layout->bar_height * (1 - axis_share(axis, axis->ticks[i]));
        drawing_rectangle(drawing, x + BAR_WIDTH, at - 0.4, TICK, 0.8, style->faint);
        drawing_text(drawing, x + BAR_WIDTH + TICK + 3, at + SMALL_SIZE * 0.35, &lettering,
                     axis_number(number, axis, axis->ticks[i]));
    }
    if (!panel->unit)
        return;
    char unit[FIT_BYTES];
    lettering.angle = 90;
    drawing_text(drawing, x - BAR_GAP + layout->bar_room - 1, y + layout->bar_height, &lettering,
                 text_fit(unit, panel->unit, SMALL_SIZE, layout->bar_height + style->map_head));
}

static void draw(const struct style *style, const struct panel *panel, int with_bar,
                 struct drawing *drawing, double x, double y) {
    struct layout layout = lay_out(style, panel, with_bar);
    double left = floor(x + layout.y_name + layout.left + 0.5);
    double top = floor(y + TITLE_HEIGHT + style->map_head + 0.5);
    draw_title(style, drawing, panel->title, left, y,
               fmax(layout.width + layout.bar_room, TITLE_MOST));
    draw_cells(style, panel, &layout, drawing, left, top);
    if (!style->is_small)
        draw_labels(style, panel, &layout, drawing, left, top);
    draw_axis_names(style, panel, &layout, drawing, left, top);
    if (with_bar)
        draw_bar(style, panel, &layout, drawing, left + layout.width + BAR_GAP, top);
}

const struct panel_kind_row figure_matrix_panel = {measure, draw};
