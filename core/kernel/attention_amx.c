/*
 * attention_amx.c - the products of attention by the matrix unit of Intel CPUs.
 *
 * Scores come as keys times queries and sums as values turned times weights, so that both leave
 * the unit with a query a lane, as the vector kernels want them.
 */
#include "core/kernel/attention_unit.h"

/* The Makefile asks for it on x86-64; see gemm_amx.c. */
#if defined(__AMX_BF16__) || defined(__AMXBF16__)

#include <string.h>

#include "core/kernel/amx.h"
#include "core/kernel/transpose.h"

#define SIDE AMX_SIDE
#define STEPS (2 * SIDE) /* of a register's row */
#define CHUNK_MOST 128
#define AHEAD 16 /* rows that are fetched before they are packed */

/* ---- packing --------------------------------------------------------------------------------- */

static __mmask16 lanes_of(int count) {
    return count >= LANES ? 0xffff : count <= 0 ? 0 : (__mmask16)((1u << count) - 1);
}

static void pack_key(uint16_t *to, const float *row, int width, int wide) {
    for (int d = 0; d < wide; d += LANES) {
        __m512 part =
            row ? _mm512_maskz_loadu_ps(lanes_of(width - d), row + d) : _mm512_setzero_ps();
        _mm256_storeu_si256((__m256i *)(void *)(to + d), (__m256i)_mm512_cvtneps_pbh(part));
    }
}

/* SIDE values turned: of each dimension as many numbers side by side. */
static void pack_values(uint16_t *to, int room, const float *value, size_t stride, int rows,
                        int width, int padded) {
    for (int d = 0; d < padded; d += LANES) {
        vector part[LANES];
        for (int i = 0; i < LANES; i++)
            part[i] = i < rows ? (vector)_mm512_maskz_loadu_ps(lanes_of(width - d),
                                                               value + (size_t)i * stride + d)
                               : (vector){0};
        transpose(part);
        for (int i = 0; i < LANES; i++)
            _mm256_storeu_si256((__m256i *)(void *)(to + (size_t)(d + i) * (size_t)room),
                                (__m256i)_mm512_cvtneps_pbh((__m512)part[i]));
    }
}

static void expect_row(const float *row, int width) {
    for (int d = 0; d < width; d += LANES)
        __builtin_prefetch(row + d);
}

static void pack(struct attention_words *words, const float *key, const float *value, size_t stride,
                 int tokens, int width, int padded, int end) {
    for (; words->packed < end && words->packed < words->room; words->packed += SIDE) {
        int first = words->packed, rows = tokens - first < SIDE ? tokens - first : SIDE;
        for (int i = 0; i < SIDE; i++) {
            size_t at = (size_t)(first + i) * stride, next = at + AHEAD * stride;
            if (first + i + AHEAD < tokens) {
                expect_row(key + next, width);
                expect_row(value + next, width);
            }
            pack_key(words->keys + (size_t)(first + i) * (size_t)words->wide,
                     i < rows ? key + at : NULL, width, words->wide);
        }
        pack_values(words->values + first, words->room, value + (size_t)first * stride, stride,
                    rows, width, padded);
    }
}

/* Numbers of an even and an odd step, lane by lane, as words. */
static __m512i pairs(__m512 even, __m512 odd) {
    const __m512i order =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                         21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(odd, even));
}

static void take(uint32_t *queries, const float *columns, int wide, int padded) {
    for (int d = 0; d < wide; d += 2) {
        const float *even = columns + d * SIDE;
        __m512i words = d < padded ? pairs(_mm512_loadu_ps(even), _mm512_loadu_ps(even + SIDE))
                                   : _mm512_setzero_si512();
        _mm512_storeu_si512(queries + d / 2 * SIDE, words);
    }
}

/* ---- products -------------------------------------------------------------------------------- */

static void multiply(float *products, const struct attention_words *words, int key, int count,
                     const uint32_t *queries) {
    size_t wide = (size_t)words->wide;
    for (int j = 0; j < count; j += 2 * SIDE) {
        const uint16_t *first = words->keys + (size_t)(key + j) * wide,
                       *second = first + SIDE * wide;
        _tile_zero(0);
        _tile_zero(1);
        for (size_t d = 0; d < wide; d += STEPS) {
            _tile_loadd(4, first + d, wide * sizeof(*first));
            _tile_loadd(5, second + d, wide * sizeof(*first));
            _tile_loadd(6, queries + d / 2 * SIDE, AMX_LINE);
            _tile_dpbf16ps(0, 4, 6);
            _tile_dpbf16ps(1, 5, 6);
        }
        _tile_stored(0, products + j * SIDE, AMX_LINE);
        _tile_stored(1, products + (j + SIDE) * SIDE, AMX_LINE);
    }
}

/* The weights of a chunk as words of two keys; returns how many keys they are then. */
static int pair_weights(uint32_t *to, float *weights, int count) {
    int whole = (count + STEPS - 1) / STEPS * STEPS;
    memset(weights + count * SIDE, 0, (size_t)((whole - count) * SIDE) * sizeof(*weights));
    for (int j = 0; j < whole; j += 2)
        _mm512_storeu_si512(to + j / 2 * SIDE, pairs(_mm512_loadu_ps(weights + j * SIDE),
                                                     _mm512_loadu_ps(weights + (j + 1) * SIDE)));
    return whole;
}

/* Up to four registers of sums at once, 64 dimensions. */
static void weigh_part(float *sums, const uint32_t *weights, const uint16_t *values, size_t room,
                       int count, int registers) {
#define FOR_REGISTERS(call)                                                                        \
    do {                                                                                           \
        call(0);                                                                                   \
        if (registers > 1)                                                                         \
            call(1);                                                                               \
        if (registers > 2)                                                                         \
            call(2);                                                                               \
        if (registers > 3)                                                                         \
            call(3);                                                                               \
    } while (0)
#define LOAD(i) _tile_loadd(i, sums + (i)*SIDE * SIDE, AMX_LINE)
#define STORE(i) _tile_stored(i, sums + (i)*SIDE * SIDE, AMX_LINE)
#define ADD(i)                                                                                     \
    do {                                                                                           \
        _tile_loadd(5, values + (size_t)((i)*SIDE) * room + j, room * sizeof(*values));            \
        _tile_dpbf16ps(i, 5, 6);                                                                   \
    } while (0)
    FOR_REGISTERS(LOAD);
    for (int j = 0; j < count; j += STEPS) {
        _tile_loadd(6, weights + j / 2 * SIDE, AMX_LINE);
        FOR_REGISTERS(ADD);
    }
    FOR_REGISTERS(STORE);
#undef FOR_REGISTERS
#undef LOAD
#undef STORE
#undef ADD
}

static void weigh(float *sums, float *weights, const struct attention_words *words, int key,
                  int count, int padded) {
    uint32_t pairs_of_keys[CHUNK_MOST / 2 * SIDE] __attribute__((aligned(64)));
    size_t room = (size_t)words->room;
    int whole = pair_weights(pairs_of_keys, weights, count);
    for (int d = 0; d < padded; d += 4 * SIDE)
        weigh_part(sums + d * SIDE, pairs_of_keys, words->values + (size_t)d * room + key, room,
                   whole, padded - d < 4 * SIDE ? (padded - d) / SIDE : 4);
}

static void end(void) {
    _tile_release();
}

const struct attention_unit attention_amx = {
    .pack = pack,
    .begin = amx_configure,
    .end = end,
    .take = take,
    .multiply = multiply,
    .weigh = weigh,
};

#endif
