/*
 * random.c - what is drawn from the counter-based stream beyond single numbers.
 */
#include "core/base/random.h"

#include <math.h>

double random_normal(uint64_t key, uint64_t counter) {
    const double two_pi = 6.283185307179586476925286766559;
    double radius = random_uniform(key, counter);
    double angle = random_uniform(random_mix(key ^ 0x5851f42d4c957f2dULL), counter);
    /* 1 - u lies in (0, 1], so that the logarithm is finite. */
    return sqrt(-2.0 * log(1.0 - radius)) * cos(two_pi * angle);
}

/* Uniform in [0, bound) for bound < 2^32; the bias is below bound / 2^32. */
static uint64_t random_below(uint64_t key, uint64_t counter, uint64_t bound) {
    return ((random_bits(key, counter) >> 32) * bound) >> 32;
}

void random_permutation(uint64_t key, int *order, int count) {
    for (int i = 0; i < count; i++)
        order[i] = i;
    for (int i = count - 1; i > 0; i--) {
        int j = (int)random_below(key, (uint64_t)i, (uint64_t)i + 1);
        int swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
}
