/*
 * ranks.h - the processes of one run, which mpirun started side by side.
 *
 *     mpirun -n 4 sawb train DIR --out RUN
 *
 *     if (ranks_asked() > 1)
 *         ranks_open(&ranks, &error);
 *     ranks_sum(ranks, values, 3);
 *     ranks_close(ranks, failed);
 *
 * Each process is a rank, numbered from 0. What is called on a `struct ranks` here is called by all
 * ranks, in the same order and with the same sizes, or they wait for each other for ever; the few
 * that are exceptions say so. NULL stands for one process alone: its sums are what they were.
 *
 * Open MPI only, loaded when ranks are opened: a program that runs alone neither waits for it to
 * load nor needs it. Without Open MPI's mpi.h at build time ranks_open says that there is none.
 */
#ifndef SAWB_CORE_BASE_RANKS_H
#define SAWB_CORE_BASE_RANKS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

struct ranks;

/* How many processes mpirun started, this one's number, that among those of its machine, and how
 * many threads each should have so that these share its processors. Without mpirun 1, 0, 0 and 0
 * (one per processor). Nothing has to be open. */
int ranks_asked(void);
int ranks_number(void);
int ranks_number_here(void);
int ranks_threads(void);

/* Once a process, at its beginning. From here on one thread at a time may call what follows. */
int ranks_open(struct ranks **ranks, struct sawb_error *error);

/* Frees. `failed`: this rank ends with an error; unless all have agreed to end, this ends the
 * others too, and does not return. */
void ranks_close(struct ranks *ranks, int failed);

int ranks_count(const struct ranks *ranks); /* not collective */
int ranks_index(const struct ranks *ranks); /* not collective */

/* 1 when all ranks have agreed to end, as one has failed or wants to stop. Not collective. */
int ranks_ending(const struct ranks *ranks);

/* 1 until the first call that all ranks make together: where one that fails before it can still
 * tell the others, by ranks_agree. Not collective. */
int ranks_silent(const struct ranks *ranks);

/* `status` is below 0 on a rank that has failed, with its error. Returns `status` where none has;
 * otherwise -1 on all, with the error of the first that has, which names that rank. */
int ranks_agree(struct ranks *ranks, int status, struct sawb_error *error);

/* Sums over the ranks, the same bits on each. */
void ranks_sum(struct ranks *ranks, double *values, int count);
void ranks_sum_floats(struct ranks *ranks, float *values, size_t count);

/* 1 when a rank wants all to stop: then all end by themselves. */
int ranks_stop(struct ranks *ranks, int wanted);

/* Returns when all ranks are here. One that has to wait for long sleeps, as nothing else here does.
 */
void ranks_meet(struct ranks *ranks);

/* Copies the bytes of rank 0 to all. */
void ranks_share(struct ranks *ranks, void *bytes, int size);

/* As ranks_agree, after an error `difference` where the status is 0 but one of the numbers
 * own[0..count) is not rank 0's; count is at most RANKS_NUMBERS. */
#define RANKS_NUMBERS 4
int ranks_compare(struct ranks *ranks, const uint64_t *own, int count, int status,
                  const char *difference, struct sawb_error *error);

#endif
