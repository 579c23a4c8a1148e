/*
 * stream.h - rows of floats that go to memory past the caches, which would read the lines before
 * they are written, and lose others for them. Compiled for each instruction set (lanes.h).
 *
 * Another thread sees them once the one that wrote has called stream_end.
 */
#ifndef SAWB_CORE_KERNEL_STREAM_H
#define SAWB_CORE_KERNEL_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/kernel/lanes.h"

INLINE void stream_float(float *to, float value) {
#if defined(__SSE2__)
    int bits;
    memcpy(&bits, &value, sizeof(bits));
    _mm_stream_si32((int *)(void *)to, bits);
#else
    *to = value;
#endif
}

/* `to` is aligned to a whole vector. */
INLINE void stream_vector(float *to, vector value) {
#if LANES == 16
    _mm512_stream_ps(to, (__m512)value);
#elif LANES == 8
    _mm256_stream_ps(to, (__m256)value);
#elif defined(__SSE2__)
    _mm_stream_ps(to, (__m128)value);
#else
    store(to, value);
#endif
}

/* to [count] = from * factor. */
INLINE void stream_row(float *to, const float *from, size_t count, float factor) {
    size_t i = 0;
    for (; i < count && (uintptr_t)(to + i) % sizeof(vector); i++)
        stream_float(to + i, from[i] * factor);
    for (; i + LANES <= count; i += LANES)
        stream_vector(to + i, load(from + i) * factor);
    for (; i < count; i++)
        stream_float(to + i, from[i] * factor);
}

INLINE void stream_end(void) {
#if defined(__SSE2__)
    _mm_sfence();
#endif
}

#endif
