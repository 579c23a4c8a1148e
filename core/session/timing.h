/*
 * timing.h - how long a thing takes, or two things measured alternately, so that whatever else the
 * machine is at slows both.
 *
 *     struct timed sides[2] = {{run_dense, &dense}, {run_sparse, &sparse}};
 *     timing_run(sides, 2, &timing_usual, worker, &timing, &error);
 *     ... timing.ratio.median: how many times faster the second is ...
 *
 * Runs come in rounds: each side once, in an order that turns about from round to round. Between
 * two runs the worker breathes, outside of what is timed.
 */
#ifndef SAWB_CORE_SESSION_TIMING_H
#define SAWB_CORE_SESSION_TIMING_H

#include "core/session/worker.h"

#define TIMING_SIDES 2
#define TIMING_ROUNDS_MOST 200

struct timed {
    int (*run)(void *user, struct sawb_error *error); /* 0, or -1 with an error */
    void *user;
};

/* When there are enough rounds. */
struct timing_limits {
    int warm_up, least, affordable, most; /* rounds; most: up to TIMING_ROUNDS_MOST */
    double warm_up_seconds; /* a warm-up that takes longer ends after the round it is at */
    double seconds_enough;  /* after these, `affordable` rounds are enough */
    double seconds_most;    /* after these, `least` rounds are enough */
};
/* At least 5 and up to 200 rounds, 30 where fifteen seconds allow it. */
extern const struct timing_limits timing_usual;
/* At least 5 and up to 200 rounds, no more once so many seconds are over. */
struct timing_limits timing_within(double seconds);

struct spread {
    double median, p10, p90;
};

struct timing {
    int rounds;
    struct spread ms[TIMING_SIDES];
    struct spread ratio; /* of two: the first's time / the second's, round by round */
};

/* `count` 1 or 2. 0, 1 when stopped (the rounds so far count, without any all is 0), -1 when a run
 * fails. */
int timing_run(const struct timed *sides, int count, const struct timing_limits *limits,
               struct worker *worker, struct timing *timing, struct sawb_error *error);

/* The share removed (ascending, `count` of them) from which on `faster` stays at 1 or above, by a
 * straight line between the points on either side of it; NaN: the last is below 1 still. */
double timing_break_even(const double *removed, const double *faster, int count);

/* Nearest ranks. Sorts the values; of none all is 0. */
struct spread spread_of(double *values, int count);

#endif
