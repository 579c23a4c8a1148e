/*
 * gemm_bf16.c - tiles of bfloat16 factors and float32 sums, by AVX512-BF16.
 *
 * A word holds two steps of k, and one instruction adds both products of each: twice the rate of
 * float32.
 */
#ifdef __AVX512BF16__ /* the Makefile asks for it on x86-64; a checker of sources does not */

#include <immintrin.h>

#include "core/kernel/lanes.h"

typedef int32_t word;

INLINE vector add_word(vector sum, word left, vector right) {
    return (vector)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32(left),
                                    (__m512bh)right);
}

#include "core/kernel/gemm_tile.h"

#include "core/kernel/gemm_pairs.h"

/* ---- packing of a ---------------------------------------------------------------------------- */

static void left_rows(void *out, const float *a, size_t stride, int rows, int steps) {
    int words = (steps + 1) / 2;
    for (int row = 0; row < rows; row++) {
        int32_t *place = (int32_t *)out + (size_t)row * (size_t)words;
        const float *line = a + (size_t)row * stride;
        for (int at = 0; at < words; at += LANES)
            _mm512_mask_storeu_epi32(place + at, first_lanes(words - at),
                                     words_along(line + 2 * at, steps - 2 * at));
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
    .unit = 2,
    TILE_USE,
    .pack_rows = pack_rows,
    .pack_columns = pack_columns,
    .left_rows = left_rows,
    .left_columns = left_columns,
    .multiply = multiply,
};

#endif
