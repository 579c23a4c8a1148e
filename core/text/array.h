/*
 * array.h - growing an array by doubling, with checked sizes.
 */
#ifndef SAWB_CORE_TEXT_ARRAY_H
#define SAWB_CORE_TEXT_ARRAY_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define ARRAY_CAPACITY_MIN 16

/*
 * The array with room for `needed` items of `size` bytes, *capacity raised to what it holds now (an
 * array of NULL has capacity 0). NULL when memory is out or the size overflows; the old array is
 * then as it was.
 */
static inline void *array_grow(void *array, size_t *capacity, size_t needed, size_t size) {
    if (array && needed <= *capacity)
        return array;
    size_t wanted = *capacity < ARRAY_CAPACITY_MIN ? ARRAY_CAPACITY_MIN : *capacity;
    while (wanted < needed) {
        if (wanted > SIZE_MAX / 2)
            return NULL;
        wanted *= 2;
    }
    if (wanted > PTRDIFF_MAX / size)
        return NULL;
    void *grown = realloc(array, wanted * size);
    if (grown)
        *capacity = wanted;
    return grown;
}

#endif
