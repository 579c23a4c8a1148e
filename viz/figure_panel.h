/*
 * figure_panel.h - what the kinds of panels share: inside of figure_draw.
 */
#ifndef SAWB_VIZ_FIGURE_PANEL_H
#define SAWB_VIZ_FIGURE_PANEL_H

#include "viz/figure_draw.h"

#define LABEL_SIZE 10.0   /* of most texts, in pixels as all below */
#define SMALL_SIZE 8.5    /* of numbers at bars, of the caption */
#define TITLE_SIZE 12.0   /* of a panel */
#define TITLE_HEIGHT 20.0 /* of the line it stands in */
#define LABEL_MOST 110.0  /* width of a label, longer ones are cut */

struct style {
    const struct palette *palette;
    uint32_t ink, faint;
    double map;      /* side of a square heatmap */
    double gap;      /* between panels */
    int is_small;    /* many maps: without labels */
    double map_head; /* room above every heatmap, so that they stand in line */
};

struct extent {
    double width, height;
};

/* A kind of panel: its size, title included, and how it is drawn with its top left at (x, y).
 * `with_bar`: a heatmap has its colour bar. */
struct panel_kind_row {
    struct extent (*measure)(const struct style *style, const struct panel *panel, int with_bar);
    void (*draw)(const struct style *style, const struct panel *panel, int with_bar,
                 struct drawing *drawing, double x, double y);
};
extern const struct panel_kind_row figure_matrix_panel, figure_series_panel, figure_bars_panel,
    figure_table_panel;

/* ---- texts ---- */

/* Colour of a meaning, the ink where it has none of its own. */
uint32_t style_color(const struct style *style, int meaning);

/* Of the lines of a grid: a breath of the page's other side. */
uint32_t color_between(const struct style *style);

/* A text cut to a width with an ellipsis, without control characters. Returns `out`. */
#define FIT_BYTES 256
char *text_fit(char out[FIT_BYTES], const char *text, double size, double width);
double text_width(const char *text, double size);

/* Title of a panel, in the colour of the arm that it names ("A dense"). */
void draw_title(const struct style *style, struct drawing *drawing, const char *title, double x,
                double y, double width);

/* A legend of lines or squares in rows of at most `width`. Returns its height; `drawing` NULL: only
 * that. `dash` negative: squares. */
struct legend_entry {
    const char *name;
    uint32_t color;
    double dash;
};
double draw_legend(const struct style *style, struct drawing *drawing,
                   const struct legend_entry *entries, int count, double x, double y, double width);

/* ---- axes (figure_axis.c) ---- */

#define TICKS_MOST 12
struct axis {
    double low, high;
    int count, decimals;
    double ticks[TICKS_MOST];
};

/* Ticks at 1, 2 or 5 times a power of ten, at most `most` steps. `outwards`: low and high move out
 * to ticks. A range that is empty or not finite becomes one around it. */
struct axis axis_make(double low, double high, int most, int outwards);
/* Of a value as a share of the axis, 0 to 1. */
double axis_share(const struct axis *axis, double value);
/* A number as its axis writes it, a true minus before negative ones. */
#define NUMBER_BYTES 48
char *axis_number(char out[NUMBER_BYTES], const struct axis *axis, double value);
/* Width of the widest of its numbers. */
double axis_width(const struct axis *axis, double size);

/* ---- heatmaps (figure_matrix.c) ---- */

/* What the labels and the name above a matrix take. */
double matrix_head(const struct style *style, const struct panel *panel);

/* Range of the colours of a matrix: what it says, or what its kept values need. */
void matrix_range(const struct panel *panel, double *low, double *high);

/* ---- bars (figure_bars.c) ---- */

/* The first group has the colour of A, the second that of B. */
uint32_t bars_color(const struct palette *palette, int group);

#endif
