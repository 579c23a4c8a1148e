/*
 * heatmap.h - a matrix of attention as cells.
 *
 * Cells are two columns wide when they fit (squares), three (a square and a gap) when there is room
 * to spare, one when the sentence is longer; when even that does not fit the map scrolls to keep
 * the cursor in sight and marks the cut sides with an ellipsis. Bins are made before, by
 * core/inspect/reduce.h.
 *
 * Three states look different in every glyph set, also without colour (UTF-8 / ASCII, a cell of two
 * columns, then of one):
 *
 *     blocked by the mask      ··  / .      ·  / .
 *     absent or padded (NaN)   blank        blank
 *     allowed but tiny         ▁▁  / 0      ▁  / 0
 *
 * Weights and scores are parts of their scale, ▁▂▃▄▅▆▇█ or tenths 0..9. Differences B - A are
 * ninths of the scale's maximum: "+3" and "−3" in two columns. In one column they are signs of
 * three strengths, a third of the scale each: where B is larger + ╋ and a bold ╋ (ASCII + # #),
 * where A is larger − ━ and a bold ━ (ASCII - = =).
 *
 * With a threshold, kept cells below it (differences: nearer to 0) are drawn as tiny ones, faint.
 */
#ifndef SAWB_VIZ_HEATMAP_H
#define SAWB_VIZ_HEATMAP_H

#include "viz/glyphs.h"
#include "viz/grid.h"

enum heatmap_scale {
    HEATMAP_WEIGHT,     /* 0 .. maximum, sequential ramp */
    HEATMAP_DIFFERENCE, /* -maximum .. maximum, diverging ramp, with signs */
    HEATMAP_SCORE,      /* minimum .. maximum, sequential ramp */
};

struct heatmap {
    int rows, columns;         /* queries, keys */
    const float *values;       /* [rows, columns]; NaN: absent or padded, left blank */
    const uint8_t *mask;       /* [rows, columns] 1 kept, 0 blocked; NULL: all kept */
    const uint8_t *mask_other; /* HEATMAP_DIFFERENCE: B's mask; a pair blocked in both is blocked */
    const char *const *row_labels; /* tokens, drawn at the left; continuation pieces "##x" as
                                      "·x"; NULL: none */
    const char *const
        *column_labels; /* tokens, drawn above, cut to the room there is; NULL: none */
    int longest_label;  /* columns of the longest of either, as heatmap_label_columns has them; 0:
                           found out each time */
    enum heatmap_scale scale;
    float threshold;        /* values below it are faint; 0: none. Of weights and differences;
                               scores may be below 0: any but 0 counts */
    float minimum, maximum; /* of the scale; maximum 0 (for scores: not above the minimum):
                               taken from the values that are kept */
    int cursor_row, cursor_column; /* -1: none */
    int first_row, first_column;   /* of the visible part; see heatmap_scroll */
    int cell_columns;              /* of the last layout, for the legend; set by heatmap_scroll */
};

/* Columns of a cell (3, 2 or 1) and visible cells for an area of this size, labels included. */
struct heatmap_layout {
    int label_columns; /* width of the row labels, 0: none */
    int label_rows;    /* of the column labels; more than one when the rows are not needed */
    int cell_columns;
    int first_cell_column; /* of the area: where the cells begin */
    int visible_rows, visible_columns;
};
struct heatmap_layout heatmap_layout(const struct heatmap *map, int area_rows, int area_columns);

/*
 * Cuts an area into side-by-side parts for `count` maps of the same size (such as A, B and B - A),
 * `gap` columns apart, so that all get the same width of a cell. Maps without row labels take less
 * room: at 80 columns three maps of 11 tokens keep two-column cells when only the first has labels.
 */
void heatmap_split(struct area area, const struct heatmap *const *maps, int count, int gap,
                   struct area *parts);

/* Moves first_row and first_column so that the cursor is visible, and no further than needed. */
void heatmap_scroll(struct heatmap *map, struct heatmap_layout layout);

/* The cursor's cell has CELL_CURSOR; its row and column labels are bold and underlined. */
void heatmap_draw(struct area area, const struct heatmap *map, const struct glyphs *glyphs);

/* The glyph of one column that a cell of weights or scores is drawn with, and its meaning. */
enum meaning heatmap_cell(const struct heatmap *map, int row, int column,
                          const struct glyphs *glyphs, const char **glyph);
/* Where the cell's value lies on the scale, 0 .. 1. */
double heatmap_share(const struct heatmap *map, int row, int column);

/* A token as labels have it ("##x" as "·x"): its columns, and drawn into at most so many. */
int heatmap_label_columns(const char *token);
void heatmap_label(struct area area, int row, int column, int columns, const char *token,
                   enum meaning meaning, unsigned flags, const struct glyphs *glyphs);

/* The cell of the map that heatmap_draw put at (row, column) of an area of this size, which may be
 * that of a label: then the other of *map_row and *map_column is -1. 0: there is none. */
int heatmap_at(const struct heatmap *map, int area_rows, int area_columns, int row, int column,
               int *map_row, int *map_column);

/*
 * A small picture of a whole map, one column a cell, with a frame around the part in sight: cells
 * of `whole` stand for the bins of a map of `rows` by `columns` cells, of which those from
 * (first_row, first_column) on, `visible_*` many, are in sight.
 */
struct heatmap_sight {
    int rows, columns, first_row, first_column, visible_rows, visible_columns;
};
void heatmap_overview(struct area area, const struct heatmap *whole, struct heatmap_sight sight,
                      const struct glyphs *glyphs);

/* The key to the ramp in one line; returns columns used:
 * "0 ▁▂▃▄▅▆▇█ 0.42   · blocked", and for differences "A −9−6−3▁▁+3+6+9 B   9 = 0.42", in one column
 * "A ━−▁+╋ B   to 0.42". */
int heatmap_legend(struct area area, int row, int column, const struct heatmap *map,
                   const struct glyphs *glyphs);

#endif
