/*
 * gemm_amx.c - tiles of bfloat16 factors and float32 sums, by the matrix unit of Intel CPUs.
 *
 * A register holds 16 rows of 16 words, and one instruction adds up the 8,192 products of two of
 * them. y is worked out in 32 by 32 numbers, four registers; two more hold a and two b.
 *
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18.
 */
#include "core/kernel/gemm.h"

/* The Makefile asks for it on x86-64; a checker of sources does not. The first name is gcc's, the
 * other that of older clangs. */
#if defined(__AMX_BF16__) || defined(__AMXBF16__)

#include <sys/syscall.h>
#include <unistd.h>

#define TILE_ROWS 32
#define COLUMNS 32
#define SIDE AMX_SIDE
#define LINE_BYTES AMX_LINE
#define BLOCK_WORDS ((size_t)TILE_ROWS * SIDE) /* of a, from one register's depth to the next */

#include "core/kernel/amx.h"
#include "core/kernel/attention_unit.h"
#include "core/kernel/gemm_pairs.h"

/* ---- packing --------------------------------------------------------------------------------- */

static int whole(int steps) {
    return (steps + STEPS_AT_ONCE - 1) / STEPS_AT_ONCE * STEPS_AT_ONCE;
}

/* The words of the panel up to a multiple of SIDE are zeros. */
static void clear_rest(void *out, int steps) {
    int32_t *panel = out;
    for (int word = (steps + 1) / 2; word < whole(steps) / 2; word++)
        for (int first = 0; first < COLUMNS; first += LANES)
            _mm512_store_si512(panel + (size_t)word * COLUMNS + first, _mm512_setzero_si512());
}

static void pack_rows_whole(void *panel, const float *b, size_t stride, int columns, int steps) {
    pack_rows(panel, b, stride, columns, steps);
    clear_rest(panel, steps);
}

static void pack_columns_whole(void *panel, const float *b, size_t stride, int columns, int steps) {
    pack_columns(panel, b, stride, columns, steps);
    clear_rest(panel, steps);
}

/* a lies as the registers are loaded: [words / SIDE][TILE_ROWS][SIDE]. */
static void left_rows(void *out, const float *a, size_t stride, int rows, int steps) {
    for (int step = 0; step < steps; step += STEPS_AT_ONCE) {
        int32_t *place = (int32_t *)out + (size_t)(step / STEPS_AT_ONCE) * BLOCK_WORDS;
        for (int row = 0; row < rows; row++)
            _mm512_storeu_si512(place + (size_t)row * SIDE,
                                words_along(a + (size_t)row * stride + step, steps - step));
    }
}

/* SIDE rows of a, from up to STEPS_AT_ONCE rows of a^T. */
static void turn(int32_t *place, const float *a, size_t stride, int rows, int steps) {
    vector words[LANES];
    for (int i = 0; i < LANES; i++) {
        const float *even = a + (size_t)(2 * i) * stride;
        words[i] = 2 * i < steps
                       ? (vector)words_across(even, 2 * i + 1 < steps ? even + stride : NULL, rows)
                       : (vector){0};
    }
    transpose(words);
    for (int i = 0; i < LANES; i++)
        _mm512_storeu_ps(place + (size_t)i * SIDE, (__m512)words[i]);
}

static void left_columns(void *out, size_t tile_words, const float *a, size_t stride, int rows,
                         int steps) {
    for (int row = 0; row < rows; row += SIDE) {
        int32_t *place = (int32_t *)out + (size_t)(row / TILE_ROWS) * tile_words +
                         (size_t)(row % TILE_ROWS) * SIDE;
        for (int step = 0; step < steps; step += STEPS_AT_ONCE) {
            turn(place, a + (size_t)step * stride + row, stride, rows - row, steps - step);
            place += BLOCK_WORDS;
        }
    }
}

/* ---- multiplying ----------------------------------------------------------------------------- */

/* Registers 0 to 3 are y, 4 and 5 a, 6 and 7 b. */
static void load_sums(const float *y, size_t bytes, int lower) {
    _tile_loadd(0, y, bytes);
    _tile_loadd(1, y + SIDE, bytes);
    if (lower) {
        _tile_loadd(2, (const char *)y + SIDE * bytes, bytes);
        _tile_loadd(3, (const char *)(y + SIDE) + SIDE * bytes, bytes);
    }
}

static void clear_sums(void) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

static void store_sums(float *y, size_t bytes, int lower) {
    _tile_stored(0, y, bytes);
    _tile_stored(1, y + SIDE, bytes);
    if (lower) {
        _tile_stored(2, (char *)y + SIDE * bytes, bytes);
        _tile_stored(3, (char *)(y + SIDE) + SIDE * bytes, bytes);
    }
}

/* `lower`: of a's 32 rows more than the first 16 are there. */
static void add_products(const struct gemm_tile *tile, int lower) {
    const int32_t *left = tile->left, *panel = tile->panel;
    for (int word = 0; word < tile->words; word += SIDE) {
        _tile_loadd(4, left, LINE_BYTES);
        _tile_loadd(6, panel, COLUMNS * sizeof(int32_t));
        _tile_loadd(7, panel + SIDE, COLUMNS * sizeof(int32_t));
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        if (lower) {
            _tile_loadd(5, left + (size_t)SIDE * SIDE, LINE_BYTES);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
        }
        left += BLOCK_WORDS;
        panel += (size_t)SIDE * COLUMNS;
    }
}

static void take_sums(float *room, const struct gemm_tile *tile) {
    for (int row = 0; row < tile->rows; row++) {
        const float *line = tile->y + (size_t)row * tile->stride;
        for (int first = 0; first < COLUMNS; first += LANES)
            _mm512_storeu_ps(
                room + (size_t)row * COLUMNS + first,
                _mm512_maskz_loadu_ps(first_lanes(tile->columns - first), line + first));
    }
}

static void give_sums(const struct gemm_tile *tile, const float *room) {
    for (int first = 0; first < tile->columns; first += LANES) {
        __mmask16 lanes = first_lanes(tile->columns - first);
        __m512 bias =
            tile->bias ? _mm512_maskz_loadu_ps(lanes, tile->bias + first) : _mm512_set1_ps(-0.0f);
        for (int row = 0; row < tile->rows; row++) {
            __m512 sum = _mm512_loadu_ps(room + (size_t)row * COLUMNS + first);
            _mm512_mask_storeu_ps(tile->y + (size_t)row * tile->stride + first, lanes,
                                  _mm512_add_ps(sum, bias));
        }
    }
}

/* Sums go straight from and to y where a whole tile of it lies there. */
static void multiply(const struct gemm_tile *tile) {
    float room[TILE_ROWS * COLUMNS] __attribute__((aligned(64)));
    int lower = tile->rows > SIDE;
    int straight = tile->rows == TILE_ROWS && tile->columns == COLUMNS && !tile->bias;
    size_t bytes = straight ? tile->stride * sizeof(float) : COLUMNS * sizeof(float);
    float *sums = straight ? tile->y : room;
    amx_configure();
    if (tile->accumulate && !straight)
        take_sums(room, tile);
    if (tile->accumulate)
        load_sums(sums, bytes, lower);
    else
        clear_sums();
    add_products(tile, lower);
    store_sums(sums, bytes, lower);
    _tile_release();
    if (!straight)
        give_sums(tile, room);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Of arch_prctl(2), which older headers do not name. */
#define REQUEST_PERMISSION 0x1023
#define TILE_DATA 18

int gemm_amx_allowed(void) {
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

const struct gemm gemm_amx = {
    .name = "amx-bf16",
    .rows = TILE_ROWS,
    .columns = COLUMNS,
    .depth = 2,
    .unit = STEPS_AT_ONCE,
    .task_columns = 384,
    .pack_rows = pack_rows_whole,
    .pack_columns = pack_columns_whole,
    .left_rows = left_rows,
    .left_columns = left_columns,
    .multiply = multiply,
    .attention = &attention_amx,
};

#endif
