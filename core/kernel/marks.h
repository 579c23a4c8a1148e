/*
 * marks.h - LANES marks at once, bytes of which those that are not 0 count, as bits and from them.
 */
#ifndef SAWB_CORE_KERNEL_MARKS_H
#define SAWB_CORE_KERNEL_MARKS_H

#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "core/kernel/lanes.h"

/* Bit i: mark i is not 0. */
INLINE unsigned bits_of_lanes(const uint8_t *marks) {
#if LANES == 16
    __m128i mark = _mm_loadu_si128((const __m128i *)(const void *)marks);
    return _mm_test_epi8_mask(mark, mark);
#elif LANES == 8
    __m128i mark = _mm_loadl_epi64((const __m128i *)(const void *)marks);
    return ~(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(mark, _mm_setzero_si128())) & 0xff;
#else
    unsigned bits = 0;
    for (int i = 0; i < LANES; i++)
        bits |= (marks[i] != 0u) << i;
    return bits;
#endif
}

/* marks |= 1 where a bit is set. */
INLINE void mark_lanes(uint8_t *marks, unsigned bits) {
#if LANES == 16
    __m128i *at = (__m128i *)(void *)marks;
    _mm_storeu_si128(at,
                     _mm_or_si128(_mm_loadu_si128(at), _mm_maskz_set1_epi8((__mmask16)bits, 1)));
#elif LANES == 8
    /* Bit i goes to byte i, which is a power of two or 0 then, and carries into its highest bit. */
    const uint64_t each = 0x0101010101010101, apart = 0x8040201008040201;
    uint64_t old, spread = bits * each & apart;
    memcpy(&old, marks, sizeof(old));
    old |= (spread + 0x7f * each) >> 7 & each;
    memcpy(marks, &old, sizeof(old));
#else
    for (int i = 0; i < LANES; i++)
        marks[i] |= (uint8_t)(bits >> i & 1);
#endif
}

#endif
