/*
 * gemm.c - float32 tiles, written with the compiler's vectors for any instruction set.
 *
 * Compiled as gemm_portable, and once more for each wider set (set.h).
 */
#include <string.h>

#include "core/kernel/lanes.h"
#include "core/kernel/set.h"

typedef float word;

INLINE vector add_word(vector sum, word left, vector right) {
    add_product(&sum, all_of(left), right);
    return sum;
}

#include "core/kernel/gemm_tile.h"
#include "core/kernel/transpose.h"

/* LANES columns of a panel, from as many rows of b; LANES steps at a time. */
static void pack_full(float *panel, const float *b, size_t stride, int steps) {
    int step = 0;
    for (; step + LANES <= steps; step += LANES) {
        vector columns[LANES];
        load_columns(columns, b + step, stride);
        for (int i = 0; i < LANES; i++)
            *(vector *)(void *)(panel + (size_t)(step + i) * COLUMNS) = columns[i];
    }
    for (; step < steps; step++)
        for (int i = 0; i < LANES; i++)
            panel[(size_t)step * COLUMNS + (size_t)i] = b[(size_t)i * stride + (size_t)step];
}

static void pack_rows(void *out, const float *b, size_t stride, int columns, int steps) {
    for (int first = 0; first < COLUMNS; first += LANES) {
        float *panel = (float *)out + first;
        const float *rows = b + (size_t)first * stride;
        if (first + LANES <= columns) {
            pack_full(panel, rows, stride, steps);
            continue;
        }
        for (int step = 0; step < steps; step++)
            for (int i = 0; i < LANES; i++)
                panel[(size_t)step * COLUMNS + (size_t)i] =
                    first + i < columns ? rows[(size_t)i * stride + (size_t)step] : 0.0f;
    }
}

static void pack_columns(void *out, const float *b, size_t stride, int columns, int steps) {
    float *panel = out;
    for (int step = 0; step < steps; step++) {
        if (columns == COLUMNS) {
            memcpy(panel, b, COLUMNS * sizeof(float));
        } else {
            memcpy(panel, b, (size_t)columns * sizeof(float));
            memset(panel + columns, 0, (size_t)(COLUMNS - columns) * sizeof(float));
        }
        b += stride;
        panel += COLUMNS;
    }
}

static void left_columns(void *out, size_t tile_words, const float *a, size_t stride, int rows,
                         int steps) {
    for (int step = 0; step < steps; step++) {
        const float *line = a + (size_t)step * stride;
        float *place = (float *)out + (size_t)step * TILE_ROWS;
        int row = 0;
        for (; row + TILE_ROWS <= rows; row += TILE_ROWS, place += tile_words)
            memcpy(place, line + row, TILE_ROWS * sizeof(float));
        if (row < rows)
            memcpy(place, line + row, (size_t)(rows - row) * sizeof(float));
    }
}

const struct gemm OF_SET(gemm) = {
    .name = SET_NAME,
    .rows = TILE_ROWS,
    .columns = COLUMNS,
    .depth = 1,
    .unit = 1,
    TILE_USE,
    .pack_rows = pack_rows,
    .pack_columns = pack_columns,
    .left_columns = left_columns,
    .multiply = multiply,
};
