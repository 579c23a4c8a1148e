/*
 * lanes.h - the compiler's vectors at the width of the instruction set a file is compiled for.
 */
#ifndef SAWB_CORE_KERNEL_LANES_H
#define SAWB_CORE_KERNEL_LANES_H

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif

#define INLINE static inline __attribute__((always_inline))
#define APART static __attribute__((noinline)) /* so that its loops have all registers */

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef float unaligned_vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

INLINE vector load(const float *from) {
    return *(const unaligned_vector *)from;
}

INLINE void store(float *to, vector value) {
    *(unaligned_vector *)to = value;
}

/* Less zero, which compilers leave out; plus zero would change -0. */
INLINE vector all_of(float value) {
    return value - (vector){0};
}

/* sum += a b. Compilers put the sum where a or b was, which takes copies where loops keep many. */
INLINE void add_product(vector *sum, vector a, vector b) {
#if LANES == 8
    __asm__("vfmadd231ps %2, %1, %0" : "+x"(*sum) : "x"(a), "x"(b));
#else
    *sum += a * b;
#endif
}

#endif
