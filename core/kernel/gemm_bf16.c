/*
 * gemm_bf16.c - tiles of bfloat16 factors and float32 sums, by AVX512-BF16.
 *
 * A word holds two steps of k, and one instruction adds both products of each: twice the rate of
 * float32. Factors are rounded to nearest even on packing; they keep 8 significant bits.
 */
#ifdef __AVX512BF16__ /* the Makefile asks for it on x86-64; a checker of sources does not */

#include <immintrin.h>

#include "core/kernel/gemm_lanes.h"

#define STEPS_AT_ONCE (2 * LANES)

/* ---- the tile -------------------------------------------------------------------------------- */

INLINE void multiply_rows(const struct gemm_tile *tile, int rows) {
    const int32_t *left = tile->left, *panel = tile->panel;
    const size_t row_stride = tile->row_stride, word_stride = tile->word_stride;
    vector sums[TILE_ROWS][VECTORS];
    fetch(tile, rows);
    for (int row = 0; row < rows; row++)
        for (int i = 0; i < VECTORS; i++)
            sums[row][i] = (vector){0};
    for (int word = 0; word < tile->words; word++) {
        __m512i right[VECTORS];
        for (int i = 0; i < VECTORS; i++) {
            right[i] = _mm512_load_si512(panel + i * LANES);
            __builtin_prefetch(panel + PREFETCH_STEPS * COLUMNS + i * LANES);
        }
        for (int row = 0; row < rows; row++) {
            __m512i factor = _mm512_set1_epi32(left[(size_t)row * row_stride]);
            for (int i = 0; i < VECTORS; i++)
                sums[row][i] = (vector)_mm512_dpbf16_ps((__m512)sums[row][i], (__m512bh)factor,
                                                        (__m512bh)right[i]);
        }
        left += word_stride;
        panel += COLUMNS;
    }
    store(tile, sums, rows);
}

static void multiply_full(const struct gemm_tile *tile) {
    switch (tile->rows) { MULTIPLY_HEIGHTS(multiply_rows, tile) }
}

static void multiply(const struct gemm_tile *tile) {
    if (tile->columns == COLUMNS)
        multiply_full(tile);
    else
        multiply_edge(tile, multiply_full);
}

/* ---- packing --------------------------------------------------------------------------------- */

static __mmask16 first_lanes(int count) {
    return count >= LANES ? 0xffff : count <= 0 ? 0 : (__mmask16)((1u << count) - 1);
}

/* Up to STEPS_AT_ONCE numbers that follow one another, as words; zeros past the last. */
INLINE __m512i words_along(const float *values, int count) {
    __m512 low = _mm512_maskz_loadu_ps(first_lanes(count), values);
    __m512 high = _mm512_maskz_loadu_ps(first_lanes(count - LANES), values + LANES);
    return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

/* Words of two numbers of the same column, of an even and an odd step. */
INLINE __m512i words_across(const float *even, const float *odd, int count) {
    __mmask16 lanes = first_lanes(count);
    __m512i low =
        _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(lanes, even)));
    if (!odd)
        return low;
    __m512i high =
        _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(lanes, odd)));
    return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

static void pack_rows(void *out, const float *b, size_t stride, int columns, int steps) {
    for (int first = 0; first < COLUMNS; first += LANES) {
        for (int step = 0; step < steps; step += STEPS_AT_ONCE) {
            int left = steps - step, words = (left + 1) / 2;
            int32_t *panel = (int32_t *)out + (size_t)(step / 2) * COLUMNS + (size_t)first;
            vector rows[LANES];
            for (int i = 0; i < LANES; i++)
                rows[i] = first + i < columns
                              ? (vector)words_along(b + (size_t)(first + i) * stride + step, left)
                              : (vector){0};
            transpose(rows);
            for (int i = 0; i < LANES && i < words; i++)
                _mm512_store_ps(panel + (size_t)i * COLUMNS, (__m512)rows[i]);
        }
    }
}

static void pack_columns(void *out, const float *b, size_t stride, int columns, int steps) {
    int32_t *panel = out;
    for (int step = 0; step < steps; step += 2) {
        for (int first = 0; first < COLUMNS; first += LANES) {
            const float *even = b + (size_t)step * stride + first;
            const float *odd = step + 1 < steps ? even + stride : NULL;
            _mm512_store_si512(panel + first, words_across(even, odd, columns - first));
        }
        panel += COLUMNS;
    }
}

static void left_rows(void *out, const float *a, size_t stride, int rows, int steps) {
    int words = (steps + 1) / 2;
    for (int row = 0; row < rows; row++) {
        int32_t *place = (int32_t *)out + (size_t)row * (size_t)words;
        const float *line = a + (size_t)row * stride;
        for (int word = 0; word < words; word += LANES)
            _mm512_mask_storeu_epi32(place + word, first_lanes(words - word),
                                     words_along(line + 2 * word, steps - 2 * word));
    }
}

/* Two tiles at a time. */
static void left_columns(void *out, size_t tile_words, const float *a, size_t stride, int rows,
                         int steps) {
    for (int step = 0; step < steps; step += 2) {
        int32_t *place = (int32_t *)out + (size_t)(step / 2) * TILE_ROWS;
        for (int row = 0; row < rows; row += LANES) {
            const float *even = a + (size_t)step * stride + row;
            const float *odd = step + 1 < steps ? even + stride : NULL;
            __m512i words = words_across(even, odd, rows - row);
            _mm256_storeu_si256((__m256i *)(void *)place, _mm512_castsi512_si256(words));
            if (row + TILE_ROWS < rows)
                _mm256_storeu_si256((__m256i *)(void *)(place + tile_words),
                                    _mm512_extracti64x4_epi64(words, 1));
            place += 2 * tile_words;
        }
    }
}

const struct gemm gemm_bf16 = {
    .name = "avx512-bf16",
    .rows = TILE_ROWS,
    .columns = COLUMNS,
    .depth = 2,
    .pack_rows = pack_rows,
    .pack_columns = pack_columns,
    .left_rows = left_rows,
    .left_columns = left_columns,
    .multiply = multiply,
};

#endif
