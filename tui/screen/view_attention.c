/*
 * view_attention.c - the attention view: maps or the row view, the cursor's read-out, and under
 * them, where there is room, the cursor's row in numbers and the curves of a run.
 */
#include "tui/screen/view_attention.h"

#include <stdio.h>

#define RULES 2        /* above and below the maps */
#define CURVES_LEAST 9 /* rows from which the curves of a run stand under the maps */
#define ROWS_FOR_CURVES 30
#define LIST_LEAST 5
#define LABELS_MOST 4 /* rows for the labels of columns, where there is room for more */
#define ROWS_FOR_READOUT 6
#define ROWS_FOR_WHY 9 /* a row an arm */
#define ROWS_FOR_DIFFERENCE 20

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static int readout_rows(struct area area) {
    return area.rows >= ROWS_FOR_DIFFERENCE ? 3
           : area.rows >= ROWS_FOR_WHY      ? 2
           : area.rows >= ROWS_FOR_READOUT  ? 1
                                            : 0;
}

/* The parts below one another, in rows. */
struct division {
    int top, readout, list, curves;
};

/* `wanted`: rows that the maps need to be seen whole; the rest is shared out. */
static struct division divide(const struct screen *screen, struct area area, int wanted) {
    const struct attention_maps *maps = &screen->workbench->attention.maps;
    int items = maps->comparable ? maps->sides[ARM_A].spans.count : 0;
    struct division division = {.readout = readout_rows(area)};
    int has_run = screen->workbench->run.name != NULL;
    int spare = area.rows - division.readout - wanted;
    if (has_run && (spare >= CURVES_LEAST || area.rows >= ROWS_FOR_CURVES))
        division.curves = CURVES_LEAST; /* where there is much room the maps scroll for them */
    spare -= division.curves;
    if (spare >= smaller(1 + items, LIST_LEAST))
        division.list = smaller(1 + items, spare);
    if (has_run && division.curves)
        division.curves = area.rows - division.readout - division.list -
                          smaller(wanted, area.rows - division.readout - division.curves);
    division.top = smaller(wanted, area.rows - division.readout - division.list - division.curves);
    return division;
}

/* With maps at the top. */
static struct division division_of(const struct screen *screen, struct area area) {
    int spans = screen->workbench->attention.maps.sides[ARM_A].spans.count;
    int labels = area.rows - spans >= 2 * (RULES + LABELS_MOST) ? LABELS_MOST - 1 : 1;
    return divide(screen, area, RULES + attention_reduction_rows(screen, area) + labels + spans);
}

static void draw_below(struct screen *screen, struct area area, struct division division) {
    int row = division.top;
    if (screen->workbench->attention.maps.made < 2)
        return;
    attention_draw_readout(screen, area_part(area, row, 0, division.readout, area.columns));
    row += division.readout;
    if (division.list)
        attention_draw_list(screen, area_part(area, row, 0, division.list, area.columns));
    row += division.list;
    if (division.curves)
        curves_draw(screen, area_part(area, row, 0, division.curves, area.columns));
}

static void draw(struct screen *screen, struct area area) {
    struct workbench *workbench = screen->workbench;
    struct sawb_error error;
    if (attention_update(workbench, &error) < 0) {
        area_rule(area, 0, screen->glyphs);
        draw_cut(area, 2, 3, area.columns - 4, MEANING_FAINT, 0, error.message, screen->glyphs);
        return;
    }
    if (workbench->attention.look.row) {
        int readout = readout_rows(area);
        int top =
            attention_draw_row(screen, area_part(area, 0, 0, area.rows - readout, area.columns));
        int wanted = smaller(top, area.rows - readout);
        draw_below(screen, area, divide(screen, area, wanted));
        return;
    }
    struct division division = division_of(screen, area);
    attention_draw_maps(screen, area_part(area, 0, 0, division.top, area.columns));
    draw_below(screen, area, division);
}

/* The cursor goes to the cell; in a label, to the token alone. */
static int click(struct screen *screen, struct area area, int row, int column,
                 enum mouse_event event) {
    struct workbench *workbench = screen->workbench;
    struct area top = area_part(area, 0, 0, area.rows - readout_rows(area), area.columns);
    int arm, cell_row, cell_column, query, key;
    char line[64];
    if ((event != MOUSE_PRESS && event != MOUSE_DRAG) || attention_update(workbench, NULL) < 0)
        return 0;
    if (workbench->attention.look.row) {
        if (!attention_row_at(screen, top, row, column, &arm, &cell_row, &cell_column))
            return 0;
    } else {
        top.rows = division_of(screen, area).top;
        if (!attention_map_at(screen, top, row, column, &arm, &cell_row, &cell_column))
            return 0;
    }
    int here_row, here_column;
    attention_cell(workbench, arm, &here_row, &here_column);
    attention_tokens(workbench, arm, cell_row < 0 ? here_row : cell_row,
                     cell_column < 0 ? here_column : cell_column, &query, &key);
    int last = workbench_tokens(workbench) - 1; /* of the shorter sentence */
    snprintf(line, sizeof(line), "cursor %d %d", smaller(query, last), smaller(key, last));
    screen_command(screen, line);
    return 1;
}

static const struct key_binding keys[] = {
    {FOCUS_MAP, 'r', 0, "row toggle", "the cursor's row as bars over the sentence, or the maps",
     "r", "row", 0},
    {FOCUS_MAP, 'W', 0, "words toggle", "pieces or words", "W", "words", 0},
    {FOCUS_MAP, 'C', 0, "special next", "[CLS] and [SEP]: shown, left out, left out and rescaled",
     "C", "[CLS]", 0},
    {FOCUS_MAP, 'M', 0, "mean next", "the mean over the layer's heads, over all, or one head", "M",
     "mean", 0},
    {FOCUS_MAP, 'T', 0, "transpose toggle", "keys or queries as rows", NULL, NULL, 0},
    {FOCUS_MAP, 'f', 0, "threshold next", "draw small weights faintly, from more and more on", NULL,
     NULL, 0},
    {FOCUS_MAP, 'd', 0, "maps next", "A, B and their difference, or one of them", NULL, NULL, 0},
    {FOCUS_MAP, 'B', 0, "bins next", "what a bin shows: its largest value or the mean", NULL, NULL,
     0},
    {FOCUS_MAP, '+', 0, "zoom-map in", "fewer tokens in a bin", NULL, NULL, 0},
    {FOCUS_MAP, '-', 0, "zoom-map out", "more tokens in a bin", NULL, NULL, 0},
    {FOCUS_MAP, '=', 0, "zoom-map fit", "all of the map in sight", NULL, NULL, 0},
    {FOCUS_MAP, '|', 0, "zoom-map auto", "bins as there is room", NULL, NULL, 0},
    {0},
};

const struct view_ops view_attention = {.keys = keys, .draw = draw, .click = click};
