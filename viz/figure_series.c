/*
 * figure_series.c - curves in a frame of axes, with a legend above.
 */
#include <math.h>
#include <stdlib.h>

#include "viz/figure_panel.h"

#define PLOT_WIDTH 400.0
#define PLOT_HEIGHT 210.0
#define TICK 4.0
#define GAP 4.0
#define CURVE_STROKE 1.6
#define POINT 4.5 /* diameter of a marked value */
#define X_TICKS 7
#define Y_TICKS 6

struct layout {
    struct axis x, y;
    double left, top, bottom; /* room for the numbers and names, and the legend */
};

/* Lines are told apart without colour too. */
static double dash_of(int index) {
    static const double dashes[] = {0, 5, 2, 9};
    return dashes[index % 4];
}

static void range_of(const struct panel *panel, int is_y, double *low, double *high) {
    *low = INFINITY;
    *high = -INFINITY;
    for (int i = 0; i < panel->series_count; i++) {
        const struct panel_series *series = &panel->series[i];
        for (int k = 0; k < series->count; k++) {
            double value = is_y ? series->y[k] : series->x[k];
            if (!isfinite(series->x[k]) || !isfinite(series->y[k]))
                continue;
            *low = fmin(*low, value);
            *high = fmax(*high, value);
        }
    }
}

static int legend_of(const struct style *style, const struct panel *panel,
                     struct legend_entry **entries) {
    *entries = calloc((size_t)panel->series_count + 1, sizeof(**entries));
    for (int i = 0; *entries && i < panel->series_count; i++)
        (*entries)[i] = (struct legend_entry){
            panel->series[i].name, style_color(style, (int)panel->series[i].meaning), dash_of(i)};
    return *entries ? panel->series_count : 0;
}

static struct layout lay_out(const struct style *style, const struct panel *panel) {
    struct layout layout;
    struct legend_entry *entries;
    double low, high;
    range_of(panel, 0, &low, &high);
    layout.x = axis_make(low, high, X_TICKS, 0);
    range_of(panel, 1, &low, &high);
    layout.y = axis_make(low, high, Y_TICKS, 1);
    layout.left = LABEL_SIZE + GAP + axis_width(&layout.y, LABEL_SIZE) + GAP + TICK;
    layout.bottom = TICK + GAP + LABEL_SIZE + GAP + LABEL_SIZE + GAP;
    int count = legend_of(style, panel, &entries);
    layout.top = TITLE_HEIGHT + draw_legend(style, NULL, entries, count, 0, 0, PLOT_WIDTH);
    free(entries);
    return layout;
}

static struct extent measure(const struct style *style, const struct panel *panel, int with_bar) {
    struct layout layout = lay_out(style, panel);
    (void)with_bar;
    /* The last number of the x axis stands out by half. */
    return (struct extent){layout.left + PLOT_WIDTH + axis_width(&layout.x, LABEL_SIZE) / 2,
                           layout.top + PLOT_HEIGHT + layout.bottom};
}

static void draw_axes(const struct style *style, const struct panel *panel,
                      const struct layout *layout, struct drawing *drawing, double left,
                      double top) {
    uint32_t grid = color_between(style);
    struct lettering lettering = {.size = LABEL_SIZE, .color = style->ink, .anchor = ANCHOR_END};
    char number[NUMBER_BYTES], name[FIT_BYTES];
    double bottom = top + PLOT_HEIGHT;
    for (int i = 0; i < layout->y.count; i++) {
        double at = bottom - PLOT_HEIGHT * axis_share(&layout->y, layout->y.ticks[i]);
        drawing_rectangle(drawing, left, at - 0.25, PLOT_WIDTH, 0.5, grid);
        drawing_rectangle(drawing, left - TICK, at - 0.4, TICK, 0.8, style->faint);
        drawing_text(drawing, left - TICK - GAP, at + LABEL_SIZE * 0.35, &lettering,
                     axis_number(number, &layout->y, layout->y.ticks[i]));
    }
    lettering.anchor = ANCHOR_MIDDLE;
    for (int i = 0; i < layout->x.count; i++) {
        double at = left + PLOT_WIDTH * axis_share(&layout->x, layout->x.ticks[i]);
        drawing_rectangle(drawing, at - 0.4, bottom, 0.8, TICK, style->faint);
        drawing_text(drawing, at, bottom + TICK + GAP + LABEL_SIZE * 0.8, &lettering,
                     axis_number(number, &layout->x, layout->x.ticks[i]));
    }
    drawing_rectangle(drawing, left - 0.4, top, 0.8, PLOT_HEIGHT + 0.8, style->faint);
    drawing_rectangle(drawing, left - 0.4, bottom, PLOT_WIDTH + 0.4, 0.8, style->faint);
    drawing_text(drawing, left + PLOT_WIDTH / 2, bottom + layout->bottom - GAP, &lettering,
                 text_fit(name, panel->x_name, LABEL_SIZE, PLOT_WIDTH));
    lettering.angle = 90;
    drawing_text(drawing, left - layout->left + LABEL_SIZE, top + PLOT_HEIGHT / 2, &lettering,
                 text_fit(name, panel->y_name, LABEL_SIZE, PLOT_HEIGHT));
}

static void draw_curve(const struct style *style, const struct panel_series *series, int index,
                       const struct layout *layout, struct drawing *drawing, double left,
                       double top) {
    uint32_t color = style_color(style, (int)series->meaning);
    double *points = malloc(((size_t)series->count + 1) * 2 * sizeof(*points));
    if (!points) {
        drawing->failed = 1;
        return;
    }
    for (int i = 0; i < series->count; i++) {
        int known = isfinite(series->x[i]) && isfinite(series->y[i]);
        points[2 * i] =
            known ? left + PLOT_WIDTH * axis_share(&layout->x, series->x[i]) : (double)NAN;
        points[2 * i + 1] =
            known ? top + PLOT_HEIGHT * (1 - axis_share(&layout->y, series->y[i])) : (double)NAN;
    }
    drawing_line(drawing, points, series->count, CURVE_STROKE, dash_of(index), color);
    for (int i = 0; series->points && i < series->count; i++)
        if (!isnan(points[2 * i]))
            drawing_dot(drawing, points[2 * i], points[2 * i + 1], POINT, color);
    free(points);
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
    draw_axes(style, panel, &layout, drawing, left, top);
    for (int i = 0; i < panel->series_count; i++)
        draw_curve(style, &panel->series[i], i, &layout, drawing, left, top);
}

const struct panel_kind_row figure_series_panel = {measure, draw};
