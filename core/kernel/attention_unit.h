/*
 * attention_unit.h - the two products of attention by a matrix unit, with bfloat16 factors.
 *
 * A gemm (gemm.h) of such a unit has one of these. Softmax, masks and dropout stay with the vector
 * kernels (attention_simd.c): they find scores as [key][query] as ever, but sums turned,
 * [padded,16]. Keys of a chunk have to follow one another.
 */
#ifndef SAWB_CORE_KERNEL_ATTENTION_UNIT_H
#define SAWB_CORE_KERNEL_ATTENTION_UNIT_H

#include <stddef.h>
#include <stdint.h>

#define ATTENTION_UNIT_KEYS 32 /* are multiplied at once: as many more than T may be read */

/* Keys and values of a head, rounded. wide: HS rounded up to a multiple of 32. */
struct attention_words {
    uint16_t *keys;   /* [room,wide], zeros behind HS and T */
    uint16_t *values; /* turned, [padded,room], the same */
    int room, wide;
    int packed; /* keys so far, a multiple of 16 */
};

static inline int attention_words_room(int tokens) {
    return (tokens + ATTENTION_UNIT_KEYS - 1) / ATTENTION_UNIT_KEYS * ATTENTION_UNIT_KEYS +
           ATTENTION_UNIT_KEYS;
}

struct attention_unit {
    /* Rows [T,width] of keys and values, `stride` apart, from words->packed to at least `end`, up
     * to the room. */
    void (*pack)(struct attention_words *words, const float *key, const float *value, size_t stride,
                 int tokens, int width, int padded, int end);

    /* Around all calls of the three below, on the thread that makes them. */
    void (*begin)(void);
    void (*end)(void);

    /* queries [wide/2,16], pairs of steps, of those of a tile turned [padded,16]. */
    void (*take)(uint32_t *queries, const float *columns, int wide, int padded);

    /* products [count rounded up to 32, 16] of the keys from `key` on. */
    void (*multiply)(float *products, const struct attention_words *words, int key, int count,
                     const uint32_t *queries);

    /* sums [padded,16] += Σ over keys of weight [count,16] · value; weights are written up to a
     * multiple of 32 keys. */
    void (*weigh)(float *sums, float *weights, const struct attention_words *words, int key,
                  int count, int padded);
};

#if defined(__x86_64__)
extern const struct attention_unit attention_amx;
#endif

#endif
