/*
 * allocations.h - counting what the test program allocates.
 */
#ifndef SAWB_TESTS_ALLOCATIONS_H
#define SAWB_TESTS_ALLOCATIONS_H

/* How many blocks were asked for so far, by any thread; -1 where it cannot be counted (another C
 * library than glibc, or one with a sanitizer's own malloc). */
long allocations(void);

#endif
