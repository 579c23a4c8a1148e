/*
 * largest.h - the k largest numbers of a row, or of parts of it, exactly.
 *
 *     struct cut cut = cut_largest_portable(values, count, keep);
 *     for (int j = 0; j < count; j++)
 *         if (cut_keeps(&cut, values[j])) ...      exactly `keep` times
 *
 * NaN counts as below everything, -0 equals +0, and of equal numbers the first are kept. The time
 * is at most some 35 passes over the row, whatever it holds, and no memory is needed.
 */
#ifndef SAWB_CORE_KERNEL_LARGEST_H
#define SAWB_CORE_KERNEL_LARGEST_H

#include <math.h>
#include <stdint.h>

struct cut {
    float threshold;
    int ties;    /* how many that equal the threshold are still to be kept */
    int missing; /* how many that are NaN */
};

static inline int cut_keeps(struct cut *cut, float value) {
    if (value > cut->threshold)
        return 1;
    if (value == cut->threshold)
        return cut->ties > 0 && cut->ties--;
    return isnan(value) && cut->missing > 0 && cut->missing--;
}

/* Once for each instruction set; what is kept is the same. */
typedef struct cut cut_largest(const float *values, int count, int keep);
extern cut_largest cut_largest_portable;

/* Which numbers of a row are kept. */
struct largest {
    int keep; /* the largest */
    int of;   /* of each so many that follow one another, 0: of all; the last may be fewer */
    int ties; /* 1: all that equal the last one kept, too; `of` is 0 then */
};

/* marks [count] |= 1 for those kept, as cut_largest does. */
typedef void mark_largest(const float *values, int count, const struct largest *largest,
                          uint8_t *marks);
extern mark_largest mark_largest_portable;

/* list [count + 16] = the places, rising, of the marks, which are 0 or 1. Returns how many. */
typedef int list_marked(const uint8_t *marks, int count, int32_t *list);
extern list_marked list_marked_portable;

#if defined(__x86_64__)
extern cut_largest cut_largest_avx2, cut_largest_avx512;
extern mark_largest mark_largest_avx2, mark_largest_avx512;
extern list_marked list_marked_avx2, list_marked_avx512;
#endif

#endif
