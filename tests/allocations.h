/*
 * allocations.h - counting what the test program allocates, and refusing some of it.
 */
#ifndef SAWB_TESTS_ALLOCATIONS_H
#define SAWB_TESTS_ALLOCATIONS_H

/* How many blocks were asked for so far, by any thread; -1 where it cannot be counted (another C
 * library than glibc, or one with a sanitizer's own malloc). */
long allocations(void);

/* The `which`-th block asked for from now on, by any thread, is not given; 0: all are. Does nothing
 * where they cannot be counted. */
void refuse_allocation(long which);

#endif
