/*
 * minimap.c - a matrix of attention in a few cells.
 */
#include "viz/minimap.h"

#include <math.h>
#include <stdlib.h>

#include "core/text/unicode.h"
#include "viz/heatmap.h"

#define DOT_ROWS 4
#define DOT_COLUMNS 2
#define BRAILLE 0x2800
#define DOT_SHARE 0.5f        /* of the row's largest, from which a dot stands */
#define DIFFERENCE_LEAST 0.1f /* of the maximum, from which a sign stands */
#define TINY 1e-6f            /* below, a row has nothing to show */

static int smaller(int a, int b) {
    return a < b ? a : b;
}

enum minimap_kind minimap_kind(int tokens, int difference, int rows, int columns,
                               const struct glyphs *glyphs) {
    if (rows >= tokens && columns >= tokens)
        return MINIMAP_PAIRS;
    return difference || !glyphs->unicode ? MINIMAP_BINS : MINIMAP_DOTS;
}

/* How many times a dot is repeated downwards and to the right: the map grows in whole steps, and is
 * at most twice as wide as it is high. */
static void dot_scale(int tokens, int rows, int columns, int *down, int *right) {
    int high = rows * DOT_ROWS / tokens, wide = columns * DOT_COLUMNS / tokens;
    *down = high > 1 && wide > 1 ? smaller(high, wide) : 1;
    *right = wide > 1 ? smaller(wide, 2 * *down) : 1;
}

/* Dots of a side, before they are repeated. */
static int dots_of(int tokens, int cells, int dots, int scale) {
    return scale > 1 ? tokens : smaller(tokens, cells * dots);
}

void minimap_fit(int tokens, int difference, const struct glyphs *glyphs, int *rows, int *columns) {
    int down, right;
    if (tokens <= 0 || *rows <= 0 || *columns <= 0)
        return;
    switch (minimap_kind(tokens, difference, *rows, *columns, glyphs)) {
    case MINIMAP_PAIRS:
        *columns = *columns >= 2 * tokens ? 2 * tokens : tokens;
        *rows = tokens;
        break;
    case MINIMAP_DOTS:
        dot_scale(tokens, *rows, *columns, &down, &right);
        *rows = (dots_of(tokens, *rows, DOT_ROWS, down) * down + DOT_ROWS - 1) / DOT_ROWS;
        *columns =
            (dots_of(tokens, *columns, DOT_COLUMNS, right) * right + DOT_COLUMNS - 1) / DOT_COLUMNS;
        break;
    case MINIMAP_BINS:
        *rows = smaller(*rows, tokens);
        *columns = smaller(*columns, tokens);
        break;
    }
}

/* The first token of a bin, which token · bins / tokens is: divided once for each bin, not for each
 * pair. */
static int bin_begin(int bin, int tokens, int bins) {
    return (int)(((int64_t)bin * tokens + bins - 1) / bins);
}

void minimap_bins(const float *values, int tokens, int rows, int columns, float *bins) {
    for (int i = 0; i < rows * columns; i++)
        bins[i] = 0.0f;
    for (int query = 0; query < tokens; query++) {
        float *row = bins + (int)((int64_t)query * rows / tokens) * columns;
        const float *from = values + (size_t)query * (size_t)tokens;
        for (int column = 0, key = 0; column < columns; column++) {
            int end = bin_begin(column + 1, tokens, columns);
            float most = row[column];
            for (; key < end; key++)
                most = fabsf(from[key]) > fabsf(most) ? from[key] : most;
            row[column] = most;
        }
    }
}

static float row_largest(const float *row, int columns) {
    float largest = 0.0f;
    for (int i = 0; i < columns; i++)
        largest = fabsf(row[i]) > largest ? fabsf(row[i]) : largest;
    return largest;
}

/* A step of the sequential ramp: the root brings small weights out. */
static enum meaning weight_meaning(float value, float maximum) {
    float share = value > 0.0f && maximum > 0.0f ? sqrtf(value / maximum) : 0.0f;
    int step = share >= 1.0f ? RAMP_STEPS - 1 : (int)(share * RAMP_STEPS);
    return (enum meaning)(MEANING_WEIGHT + step);
}

/* ---- dots ------------------------------------------------------------------------------------ */

static void draw_dots(struct area area, const struct minimap *map, int rows, int columns,
                      const float *bins, int down, int right) {
    /* Bits of the braille dots, by row and column. */
    static const int bits[DOT_ROWS][DOT_COLUMNS] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    int cell_rows = (rows * down + DOT_ROWS - 1) / DOT_ROWS;
    int cell_columns = (columns * right + DOT_COLUMNS - 1) / DOT_COLUMNS;
    for (int i = 0; i < cell_rows; i++) {
        for (int j = 0; j < cell_columns; j++) {
            char glyph[8] = "";
            int dots = 0;
            float largest = 0.0f;
            for (int k = 0; k < DOT_ROWS * DOT_COLUMNS; k++) {
                int row = (i * DOT_ROWS + k / DOT_COLUMNS) / down;
                int column = (j * DOT_COLUMNS + k % DOT_COLUMNS) / right;
                if (row >= rows || column >= columns)
                    continue;
                float value = bins[row * columns + column];
                float most = row_largest(bins + row * columns, columns);
                largest = value > largest ? value : largest;
                if (most > TINY && value >= DOT_SHARE * most)
                    dots |= bits[k / DOT_COLUMNS][k % DOT_COLUMNS];
            }
            if (!dots)
                continue;
            unicode_encode(BRAILLE + dots, glyph);
            area_text(area, i, j, weight_meaning(largest, map->maximum), 0, glyph);
        }
    }
}

/* ---- bins ------------------------------------------------------------------------------------ */

static void draw_weights(struct area area, const struct minimap *map, int rows, int columns,
                         const float *bins) {
    static const char ink[] = " .:-=+*#%@";
    for (int i = 0; i < rows; i++) {
        float most = row_largest(bins + i * columns, columns);
        for (int j = 0; j < columns; j++) {
            float value = bins[i * columns + j], share = most > TINY ? value / most : 0.0f;
            int step = share >= 1.0f ? 9 : (int)(share * 10.0f);
            char glyph[2] = {ink[step], '\0'};
            area_text(area, i, j, weight_meaning(value, map->maximum), 0, glyph);
        }
    }
}

static void draw_signs(struct area area, const struct minimap *map, int rows, int columns,
                       const float *bins, const struct glyphs *glyphs) {
    int half = RAMP_STEPS / 2;
    for (int i = 0; i < rows * columns; i++) {
        float share = bins[i] / map->maximum;
        int step = (int)(fminf(fabsf(share), 1.0f) * (float)(half - 1));
        if (fabsf(share) < DIFFERENCE_LEAST)
            area_text(area, i / columns, i % columns, MEANING_FAINT, 0, glyphs->blocked);
        else if (share > 0.0f)
            area_text(area, i / columns, i % columns,
                      (enum meaning)(MEANING_DIFFERENCE + half + step), 0, "+");
        else
            area_text(area, i / columns, i % columns,
                      (enum meaning)(MEANING_DIFFERENCE + half - 1 - step), 0, glyphs->minus);
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

/* B - A [T,T], owned by the caller; NULL when out of memory. */
static float *difference_of(const struct minimap *map) {
    size_t count = (size_t)map->tokens * (size_t)map->tokens;
    float *difference = malloc(count * sizeof(*difference));
    for (size_t i = 0; difference && i < count; i++)
        difference[i] = map->other[i] - map->values[i];
    return difference;
}

void minimap_draw(struct area area, const struct minimap *map, const struct glyphs *glyphs) {
    int rows = area.rows, columns = area.columns, down = 1, right = 1;
    if (map->tokens <= 0 || rows <= 0 || columns <= 0)
        return;
    enum minimap_kind kind = minimap_kind(map->tokens, map->other != NULL, rows, columns, glyphs);
    float *difference = map->other ? difference_of(map) : NULL;
    const float *values = map->other ? difference : map->values;
    if (!values)
        return;
    if (kind == MINIMAP_PAIRS) {
        struct heatmap heatmap = {.rows = map->tokens,
                                  .columns = map->tokens,
                                  .values = values,
                                  .mask = map->mask,
                                  .cursor_row = -1,
                                  .cursor_column = -1,
                                  .scale = map->other ? HEATMAP_DIFFERENCE : HEATMAP_WEIGHT,
                                  .maximum = map->maximum};
        minimap_fit(map->tokens, map->other != NULL, glyphs, &rows, &columns);
        heatmap_draw(area_part(area, 0, 0, rows, columns), &heatmap, glyphs);
        free(difference);
        return;
    }
    if (kind == MINIMAP_DOTS) {
        dot_scale(map->tokens, rows, columns, &down, &right);
        rows = dots_of(map->tokens, rows, DOT_ROWS, down);
        columns = dots_of(map->tokens, columns, DOT_COLUMNS, right);
    } else {
        rows = smaller(rows, map->tokens);
        columns = smaller(columns, map->tokens);
    }
    float *bins = malloc((size_t)rows * (size_t)columns * sizeof(*bins));
    if (bins) {
        minimap_bins(values, map->tokens, rows, columns, bins);
        if (kind == MINIMAP_DOTS)
            draw_dots(area, map, rows, columns, bins, down, right);
        else if (map->other)
            draw_signs(area, map, rows, columns, bins, glyphs);
        else
            draw_weights(area, map, rows, columns, bins);
    }
    free(bins);
    free(difference);
}
