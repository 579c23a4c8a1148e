/*
 * figure_heads.c - the heads and their metrics as figures.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/figures.h"
#include "tui/app/heads.h"
#include "tui/app/workbench.h"
#include "viz/figure.h"
#include "viz/minimap.h"

#define SIDE_MOST 16 /* queries and keys of a small matrix; longer sentences are binned */

static int nothing(const char *what, struct sawb_error *error) {
    return error_set(error, "%s: there is no answer yet; set a sentence with `text`", what);
}

/* ---- heads ----------------------------------------------------------------------------------- */

/* Writes the matrices of all heads with a blank row and column between. `other`: B - A. */
static int fill_mosaic(struct panel *panel, const struct capture *capture,
                       const struct capture *other, int side, struct sawb_error *error) {
    int tokens = capture->encoding.count, step = side + 1;
    size_t pairs = (size_t)tokens * (size_t)tokens;
    float *bins = malloc((size_t)side * (size_t)side * sizeof(*bins));
    float *values = malloc(2 * pairs * sizeof(*values));
    for (int i = 0; i < panel->rows * panel->columns; i++)
        panel->values[i] = NAN;
    for (int index = 0; bins && values && index < capture->layers * capture->heads; index++) {
        int row = index / capture->heads * step, column = index % capture->heads * step;
        capture_attention(capture, (size_t)index * pairs, tokens, values);
        if (other)
            capture_attention(other, (size_t)index * pairs, tokens, values + pairs);
        for (size_t i = 0; i < pairs && other; i++)
            values[i] = values[pairs + i] - values[i];
        minimap_bins(values, tokens, side, side, bins);
        for (int i = 0; i < side; i++)
            memcpy(panel->values + (row + i) * panel->columns + column, bins + i * side,
                   (size_t)side * sizeof(*bins));
        /* A bin is removed when all of its pairs are, in both arms. */
        const uint8_t *mask = capture_mask(capture, (size_t)index * pairs);
        const uint8_t *other_mask = other ? capture_mask(other, (size_t)index * pairs) : mask;
        for (size_t i = 0; i < pairs; i++)
            values[i] = mask[i] || other_mask[i];
        minimap_bins(values, tokens, side, side, bins);
        for (int i = 0; i < side * side; i++)
            panel->mask[(row + i / side) * panel->columns + column + i % side] = bins[i] > 0.0f;
    }
    int status = bins && values ? 0 : error_set(error, "heads: out of memory");
    free(bins);
    free(values);
    return status;
}

/* Names of the layers or heads at the first of their rows, nothing at the others. */
static int name_places(struct panel *panel, const char *what, int count, int side, int rows,
                       struct sawb_error *error) {
    char(*names)[24] = calloc((size_t)count, sizeof(*names));
    const char **labels = calloc((size_t)count * (size_t)(side + 1), sizeof(*labels));
    int status = names && labels ? 0 : error_set(error, "heads: out of memory");
    for (int i = 0; status == 0 && i < count * (side + 1); i++) {
        labels[i] = i % (side + 1) == side / 2 ? names[i / (side + 1)] : "";
        snprintf(names[i / (side + 1)], sizeof(*names), "%s %d", what, i / (side + 1));
    }
    if (status == 0)
        status = rows ? panel_row_labels(panel, labels, error)
                      : panel_column_labels(panel, labels, error);
    free(labels);
    free(names);
    return status;
}

static int add_mosaic(struct figure *figure, const char *title, const struct capture *capture,
                      const struct capture *other, struct sawb_error *error) {
    int side = capture->encoding.count < SIDE_MOST ? capture->encoding.count : SIDE_MOST;
    struct panel *panel = figure_matrix(figure, title, capture->layers * (side + 1) - 1,
                                        capture->heads * (side + 1) - 1, error);
    if (!panel)
        return -1;
    panel->scale = other ? PANEL_DIVERGING : PANEL_SEQUENTIAL;
    panel->minimum = other ? -1 : 0;
    panel->maximum = 1;
    if (panel_unit(panel, "weight", error) < 0 ||
        name_places(panel, "layer", capture->layers, side, 1, error) < 0 ||
        name_places(panel, "head", capture->heads, side, 0, error) < 0)
        return -1;
    return fill_mosaic(panel, capture, other, side, error);
}

int heads_figure(const struct workbench *workbench, struct figure *figure,
                 struct sawb_error *error) {
    const struct capture *a = workbench->arms[ARM_A].capture, *b = workbench->arms[ARM_B].capture;
    enum heads_of of = workbench->heads.of;
    char title[64];
    if (!a || !b)
        return nothing("heads", error);
    if (of == HEADS_DIFFERENCE && !captures_comparable(a, b))
        return error_set(error,
                         "heads: A and B have other tokens or heads; there is no difference");
    const struct capture *shown = of == HEADS_B ? b : a;
    if (figure_title(figure, error, "all heads") < 0 || figure_facts(workbench, figure, error) < 0)
        return -1;
    if (shown->encoding.count > SIDE_MOST &&
        figure_fact(figure, error, "bins", "%d x %d tokens in %d x %d: the largest weight of each",
                    shown->encoding.count, shown->encoding.count, SIDE_MOST, SIDE_MOST) < 0)
        return -1;
    snprintf(title, sizeof(title), "%s",
             of == HEADS_DIFFERENCE ? "B - A"
             : of == HEADS_B        ? "B"
                                    : "A");
    return add_mosaic(figure, title, shown, of == HEADS_DIFFERENCE ? b : NULL, error);
}

/* ---- metrics --------------------------------------------------------------------------------- */

/* Places of the heads, in the order listed. */
static int add_places(struct panel *panel, const int *order, int count, int heads,
                      struct sawb_error *error) {
    for (int i = 0; i < 2; i++) {
        struct panel_column *column =
            panel_column(panel, i ? "head" : "layer", COLUMN_NUMBER, 0, error);
        if (!column)
            return -1;
        for (int row = 0; row < count; row++)
            column->numbers[row] = i ? order[row] % heads : order[row] / heads;
    }
    return 0;
}

int metrics_figure(const struct workbench *workbench, struct figure *figure,
                   struct sawb_error *error) {
    struct heads_place place;
    int count;
    if (!workbench->arms[ARM_A].capture || !workbench->arms[ARM_B].capture)
        return nothing("metrics", error);
    if (figure_title(figure, error, "metrics of the heads") < 0 ||
        figure_facts(workbench, figure, error) < 0)
        return -1;
    int *order = heads_order(workbench, &count);
    struct panel *panel = order ? figure_table(figure, "metrics", count, error) : NULL;
    int status = panel ? add_places(panel, order, count, workbench_heads(workbench), error)
                       : error_set(error, "metrics: there are no heads, or there is no memory");
    for (int i = 0; status == 0 && heads_place_get(i, &place); i++) {
        const struct metric *metric = metric_get(place.metric);
        char name[64];
        snprintf(name, sizeof(name), "%s%s", metric->name,
                 metric->both          ? ""
                 : place.of == HEADS_B ? " B"
                                       : " A");
        struct panel_column *column =
            panel_column(panel, name, COLUMN_NUMBER, metric->decimals, error);
        status = column ? 0 : -1;
        for (int row = 0; status == 0 && row < count; row++)
            column->numbers[row] = heads_value(workbench, place, order[row]);
    }
    free(order);
    return status;
}
