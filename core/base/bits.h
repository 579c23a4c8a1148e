/*
 * bits.h - the bits of a float (IEEE 754), and back.
 */
#ifndef SAWB_CORE_BASE_BITS_H
#define SAWB_CORE_BASE_BITS_H

#include <stdint.h>
#include <string.h>

static inline float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline uint32_t bits_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

#endif
