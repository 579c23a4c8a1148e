/*
 * random.h - counter-based random numbers.
 *
 * A number is a pure function of (key, counter), so that streams do not depend on threads, on order
 * or on what was drawn before. The mixer is the finaliser of SplitMix64 (Steele, Lea, Flood 2014,
 * "Fast splittable pseudorandom number generators").
 */
#ifndef SAWB_CORE_BASE_RANDOM_H
#define SAWB_CORE_BASE_RANDOM_H

#include <stdint.h>

static inline uint64_t random_mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/* A key for one stream. `purpose` separates uses of the same seed (dropout, shuffling, masks, ...).
 */
static inline uint64_t random_key(uint64_t seed, uint64_t purpose, uint64_t a, uint64_t b) {
    uint64_t key = random_mix(seed + 0x9e3779b97f4a7c15ULL);
    key = random_mix(key ^ (purpose * 0xd1342543de82ef95ULL + 1));
    key = random_mix(key ^ (a * 0xaf251af3b0f025b5ULL + 2));
    return random_mix(key ^ (b * 0xb564ef22ec7aece5ULL + 3));
}

static inline uint64_t random_bits(uint64_t key, uint64_t counter) {
    return random_mix(key + counter * 0x9e3779b97f4a7c15ULL);
}

/* Uniform in [0, 1). */
static inline double random_uniform(uint64_t key, uint64_t counter) {
    return (double)(random_bits(key, counter) >> 11) * 0x1.0p-53;
}

/* Standard normal (Box-Muller on two uniforms of the same counter). */
double random_normal(uint64_t key, uint64_t counter);

/* Fills order[0..count) with a seeded permutation of 0..count-1 (Fisher-Yates). */
void random_permutation(uint64_t key, int *order, int count);

enum random_purpose {
    RANDOM_INIT = 1,
    RANDOM_SHUFFLE,
    RANDOM_DROPOUT,
    RANDOM_PATTERN,
    RANDOM_FRACTION,
    RANDOM_LABEL_NOISE,
    RANDOM_WORD_DROPOUT,
    RANDOM_WORD_SWAP,
};

#endif
