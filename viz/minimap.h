/*
 * minimap.h - a matrix of attention in a few cells, to be seen beside many others.
 *
 * Where every pair has a cell of its own, that is a heatmap without labels. Below, weights are dots
 * of braille, two columns and four rows of them in a cell: a dot stands where a pair (or the
 * largest of the pairs that share the dot) has at least half of the largest weight of its row, so
 * that the shape shows whatever the height; the cell's place on the sequential ramp is the root of
 * its largest weight. In ASCII a cell has one bin and ten glyphs of growing ink, for tenths of the
 * row's largest. Differences have one bin a cell: + where B is larger, - where A is, a dot where
 * neither is by a tenth of the maximum.
 */
#ifndef SAWB_VIZ_MINIMAP_H
#define SAWB_VIZ_MINIMAP_H

#include <stdint.h>

#include "viz/glyphs.h"
#include "viz/grid.h"

struct minimap {
    int tokens;          /* T, of queries and keys */
    const float *values; /* [T,T] weights, of A when there is another */
    const float *other;  /* [T,T] those of B, and B - A is shown; NULL: weights */
    const uint8_t *mask; /* [T,T] 1 kept; seen where every pair has a cell; NULL: all kept */
    float maximum;       /* of the colours, and of differences; > 0 */
};

enum minimap_kind {
    MINIMAP_PAIRS, /* a cell or two for every pair */
    MINIMAP_DOTS,
    MINIMAP_BINS
};

/* How a map of T tokens is drawn in `rows` x `columns` cells. */
enum minimap_kind minimap_kind(int tokens, int difference, int rows, int columns,
                               const struct glyphs *glyphs);

/* The cells of these that it fills: rows and columns come out no larger than they went in. */
void minimap_fit(int tokens, int difference, const struct glyphs *glyphs, int *rows, int *columns);

/* Draws from the upper left corner; nothing when out of memory. */
void minimap_draw(struct area area, const struct minimap *map, const struct glyphs *glyphs);

/* The largest absolute value, with its sign, of each of rows x columns bins of a matrix [T,T]. */
void minimap_bins(const float *values, int tokens, int rows, int columns, float *bins);

#endif
