/*
 * figure_bars.c - horizontal bars, one row for each label and in it one bar for each group, so that
 * labels are read without turning the head.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "viz/figure_panel.h"

#define PLOT_WIDTH 300.0
#define BAR_HEIGHT 9.0
#define BAR_GAP 1.0
#define ROW_GAP 6.0
#define THIN_ROWS 40 /* more rows than this are thin and have no numbers */
#define THIN_BAR 4.0
#define THIN_GAP 2.0
#define TICK 4.0
#define GAP 4.0
#define TICKS 6
#define OVERHANG 34.0 /* of the number at the end of the longest bar */

struct layout {
    struct axis axis;
    double bar, row, gap, label_size;
    int label_step;
    double left, top, height;
    int numbers, decimals;
};

uint32_t bars_color(const struct palette *palette, int group) {
    static const enum meaning meanings[] = {MEANING_ACCENT_A, MEANING_ACCENT_B, MEANING_POSITIVE,
                                            MEANING_NEGATIVE, MEANING_NOTE,     MEANING_FAINT};
    struct style style = {.palette = palette};
    return style_color(&style, meanings[group % 6]);
}

/* Zero is always there: a bar begins at it. */
static struct axis axis_of(const struct panel *panel) {
    double low = 0, high = 0;
    for (int i = 0; i < panel->rows * panel->columns; i++) {
        if (!isfinite(panel->bars[i]))
            continue;
        low = fmin(low, panel->bars[i]);
        high = fmax(high, panel->bars[i]);
    }
    if (panel->minimum < panel->maximum) {
        low = fmin(panel->minimum, low);
        high = fmax(panel->maximum, high);
    }
    return axis_make(low, high > low ? high : low + 1, TICKS, 1);
}

static int legend_of(const struct style *style, const struct panel *panel,
                     struct legend_entry **entries) {
    *entries = calloc((size_t)panel->columns + 1, sizeof(**entries));
    if (!*entries || panel->columns < 2 || !panel->column_labels)
        return 0;
    for (int i = 0; i < panel->columns; i++)
        (*entries)[i] =
            (struct legend_entry){panel->column_labels[i], bars_color(style->palette, i), -1};
    return panel->columns;
}

static const char *label_of(const struct panel *panel, int row, char number[16]) {
    if (panel->row_labels)
        return panel->row_labels[row];
    snprintf(number, 16, "%d", row);
    return number;
}

static struct layout lay_out(const struct style *style, const struct panel *panel) {
    int thin = panel->rows > THIN_ROWS;
    struct layout layout = {.axis = axis_of(panel),
                            .bar = thin ? THIN_BAR : BAR_HEIGHT,
                            .gap = thin ? THIN_GAP : ROW_GAP,
                            .numbers = !thin};
    struct legend_entry *entries;
    char number[16];
    layout.row = panel->columns * (layout.bar + BAR_GAP) + layout.gap;
    layout.label_size = fmin(LABEL_SIZE, fmax(layout.row, SMALL_SIZE));
    layout.label_step = (int)ceil(layout.label_size / layout.row);
    for (int row = 0; row < panel->rows; row++)
        layout.left =
            fmax(layout.left, text_width(label_of(panel, row, number), layout.label_size));
    layout.left = fmin(layout.left, LABEL_MOST) + 2 * GAP;
    layout.height = panel->rows * layout.row + layout.gap;
    int count = legend_of(style, panel, &entries);
    layout.top = TITLE_HEIGHT + draw_legend(style, NULL, entries, count, 0, 0, PLOT_WIDTH);
    layout.decimals = layout.axis.decimals + 2 > 4 ? 4 : layout.axis.decimals + 2;
    free(entries);
    return layout;
}

static struct extent measure(const struct style *style, const struct panel *panel, int with_bar) {
    struct layout layout = lay_out(style, panel);
    (void)with_bar;
    return (struct extent){layout.left + PLOT_WIDTH + OVERHANG,
                           layout.top + layout.height + TICK + GAP + 2 * (LABEL_SIZE + GAP)};
}

static void draw_axis(const struct style *style, const struct panel *panel,
                      const struct layout *layout, struct drawing *drawing, double left,
                      double top) {
    struct lettering lettering = {.size = LABEL_SIZE, .color = style->ink, .anchor = ANCHOR_MIDDLE};
    uint32_t grid = color_between(style);
    double bottom = top + layout->height;
    char unit[FIT_BYTES];
    for (int i = 0; i < layout->axis.count; i++) {
        char number[NUMBER_BYTES];
        double at = left + PLOT_WIDTH * axis_share(&layout->axis, layout->axis.ticks[i]);
        drawing_rectangle(drawing, at - 0.25, top, 0.5, layout->height, grid);
        drawing_rectangle(drawing, at - 0.4, bottom, 0.8, TICK, style->faint);
        drawing_text(drawing, at, bottom + TICK + GAP + LABEL_SIZE * 0.8, &lettering,
                     axis_number(number, &layout->axis, layout->axis.ticks[i]));
    }
    drawing_rectangle(drawing, left, bottom, PLOT_WIDTH, 0.8, style->faint);
    drawing_text(drawing, left + PLOT_WIDTH / 2, bottom + TICK + GAP + 2 * LABEL_SIZE + GAP,
                 &lettering, text_fit(unit, panel->unit, LABEL_SIZE, PLOT_WIDTH));
}

static void draw_row(const struct style *style, const struct panel *panel,
                     const struct layout *layout, int row, struct drawing *drawing, double left,
                     double top) {
    double zero = left + PLOT_WIDTH * axis_share(&layout->axis, 0);
    for (int group = 0; group < panel->columns; group++) {
        double value = panel->bars[row * panel->columns + group];
        double y = top + group * (layout->bar + BAR_GAP);
        if (!isfinite(value))
            continue;
        double end = left + PLOT_WIDTH * axis_share(&layout->axis, value);
        drawing_rectangle(drawing, fmin(zero, end), y, fabs(end - zero), layout->bar,
                          bars_color(style->palette, group));
        if (!layout->numbers)
            continue;
        struct axis fine = layout->axis;
        char number[NUMBER_BYTES];
        fine.decimals = layout->decimals;
        drawing_text(drawing, fmax(zero, end) + 3, y + layout->bar - 1.5,
                     &(struct lettering){.size = SMALL_SIZE, .color = style->faint},
                     axis_number(number, &fine, value));
    }
    if (row % layout->label_step)
        return;
    char text[FIT_BYTES], number[16];
    double middle = top + (layout->row - layout->gap) / 2 + layout->label_size * 0.35;
    drawing_text(
        drawing, left - 2 * GAP, middle,
        &(struct lettering){.size = layout->label_size, .color = style->ink, .anchor = ANCHOR_END},
        text_fit(text, label_of(panel, row, number), layout->label_size, LABEL_MOST));
}

static void draw(const struct style *style, const struct panel *panel, int with_bar,
                 struct drawing *drawing, double x, double y) {
    struct layout layout = lay_out(style, panel);
    struct legend_entry *entries;
    double left = floor(x + layout.left + 0.5), top = floor(y + layout.top + 0.5);
    (void)with_bar;
    draw_title(style, drawing, panel->title, left, y, PLOT_WIDTH);
    int count = legend_of(style, panel, &entries);
    draw_legend(style, drawing, entries, count, left, y + TITLE_HEIGHT, PLOT_WIDTH);
    free(entries);
    draw_axis(style, panel, &layout, drawing, left, top);
    for (int row = 0; row < panel->rows; row++)
        draw_row(style, panel, &layout, row, drawing, left, top + layout.gap + row * layout.row);
    drawing_rectangle(drawing, left + PLOT_WIDTH * axis_share(&layout.axis, 0) - 0.4, top, 0.8,
                      layout.height, style->faint);
}

const struct panel_kind_row figure_bars_panel = {measure, draw};
