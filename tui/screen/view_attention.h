/*
 * view_attention.h - the parts of the attention view: maps side by side, the cursor's read-out, the
 * row view, the list of numbers. All of them draw the maps that attention_update has made.
 */
#ifndef SAWB_TUI_SCREEN_VIEW_ATTENTION_H
#define SAWB_TUI_SCREEN_VIEW_ATTENTION_H

#include "tui/screen/screen.h"
#include "viz/heatmap.h"

enum { MAP_A, MAP_B, MAP_DIFFERENCE, MAPS };

/* A map as it is drawn, with its scale, threshold and cursor; before bins are made (`bare`) its
 * size without them and its labels. */
struct heatmap attention_map_of(const struct screen *screen, int which, int with_labels, int bare);

/* Which maps stand where in an area, with its border, titles and caption. */
struct maps_layout {
    int count;
    int which[MAPS];           /* [count] */
    struct heatmap maps[MAPS]; /* [count] */
    struct area parts[MAPS];   /* [count] */
    struct area overview;      /* without rows when all of the maps is in sight */
    int reductions;            /* rows of text that says what was done to them */
};

/* Makes what is drawn, bins included, for an area of this size. -1: out of memory. */
int attention_lay_out(struct screen *screen, struct area area, struct maps_layout *layout);
void attention_draw_maps(struct screen *screen, struct area area);
/* Rows of text that say what was done to the maps, in an area of this size. */
int attention_reduction_rows(const struct screen *screen, struct area area);
/* The cell of a map at a place of the area, a coordinate of -1 in the labels of the other; *arm is
 * that of its tokens. 0: there is none. */
int attention_map_at(struct screen *screen, struct area area, int row, int column, int *arm,
                     int *map_row, int *map_column);

/* Query, key, what is drawn there for either arm, and why: in 1 to 3 rows. */
void attention_draw_readout(struct screen *screen, struct area area);

/* The cursor's row of the maps as bars over the sentence, and its column where that has room.
 * Returns the rows it took. */
int attention_draw_row(struct screen *screen, struct area area);
/* The cell of a token at a place of the area, as attention_map_at. */
int attention_row_at(struct screen *screen, struct area area, int row, int column, int *arm,
                     int *map_row, int *map_column);

/* The cursor's row of the maps in numbers, as much of it around the cursor as has room. */
void attention_draw_list(struct screen *screen, struct area area);

#endif
