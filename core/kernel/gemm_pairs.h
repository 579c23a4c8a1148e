/*
 * gemm_pairs.h - packing of bfloat16 words, for both kinds of tiles that multiply them
 * (gemm_bf16.c, gemm_amx.c).
 *
 * A word holds two steps of k. Numbers are rounded to nearest even and keep 8 significant bits.
 * Whoever includes it has said before how many COLUMNS a panel has.
 */
#ifndef SAWB_CORE_KERNEL_GEMM_PAIRS_H
#define SAWB_CORE_KERNEL_GEMM_PAIRS_H

#include <immintrin.h>

#include "core/kernel/transpose.h"

#define STEPS_AT_ONCE (2 * LANES)

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

#endif
