/*
 * timing.c - rounds of runs on the monotonic clock.
 */
#include "core/session/timing.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/clock.h"

const struct timing_limits timing_usual = {.warm_up = 3,
                                           .least = 5,
                                           .affordable = 30,
                                           .most = TIMING_ROUNDS_MOST,
                                           .warm_up_seconds = 1,
                                           .seconds_enough = 1,
                                           .seconds_most = 15};

struct timing_limits timing_within(double seconds) {
    return (struct timing_limits){.warm_up = 3,
                                  .least = 5,
                                  .affordable = 5,
                                  .most = TIMING_ROUNDS_MOST,
                                  .warm_up_seconds = seconds / 4,
                                  .seconds_enough = seconds,
                                  .seconds_most = seconds};
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double rank(const double *sorted, int count, double share) {
    int index = (int)(share * count);
    return sorted[index < count ? index : count - 1];
}

struct spread spread_of(double *values, int count) {
    if (count == 0)
        return (struct spread){0};
    qsort(values, (size_t)count, sizeof(*values), compare_doubles);
    return (struct spread){rank(values, count, 0.5), rank(values, count, 0.1),
                           rank(values, count, 0.9)};
}

static int enough(const struct timing_limits *limits, int rounds, double seconds) {
    if (rounds >= limits->most)
        return 1;
    if (rounds >= limits->affordable)
        return seconds >= limits->seconds_enough;
    return rounds >= limits->least && seconds >= limits->seconds_most;
}

/* Every side once; `seconds` by side. */
static int run_round(const struct timed *sides, int count, int round, struct worker *worker,
                     double seconds[TIMING_SIDES], struct sawb_error *error) {
    for (int i = 0; i < count; i++) {
        int side = (i + round) % count;
        double begin = clock_seconds();
        int status = sides[side].run(sides[side].user, error);
        seconds[side] = clock_seconds() - begin;
        if (status < 0)
            return -1;
        if (worker_breathe(worker))
            return 1;
    }
    return 0;
}

int timing_run(const struct timed *sides, int count, const struct timing_limits *limits,
               struct worker *worker, struct timing *timing, struct sawb_error *error) {
    double ms[TIMING_SIDES][TIMING_ROUNDS_MOST], ratios[TIMING_ROUNDS_MOST];
    double seconds[TIMING_SIDES] = {0}, begin = clock_seconds(), total = 0;
    int status = 0, rounds = 0;
    *timing = (struct timing){0};
    for (int i = 0; status == 0 && i < limits->warm_up &&
                    (i == 0 || clock_seconds() - begin < limits->warm_up_seconds);
         i++)
        status = run_round(sides, count, i, worker, seconds, error);
    while (status == 0 && !enough(limits, rounds, total)) {
        status = run_round(sides, count, rounds, worker, seconds, error);
        if (status != 0)
            break;
        for (int side = 0; side < count; side++) {
            ms[side][rounds] = 1e3 * seconds[side];
            total += seconds[side];
        }
        ratios[rounds] = count > 1 && seconds[1] > 0 ? seconds[0] / seconds[1] : 1;
        rounds++;
    }
    timing->rounds = rounds;
    for (int side = 0; side < count; side++)
        timing->ms[side] = spread_of(ms[side], rounds);
    if (count > 1)
        timing->ratio = spread_of(ratios, rounds);
    return status;
}

double timing_break_even(const double *removed, const double *faster, int count) {
    int first = count;
    while (first > 0 && faster[first - 1] >= 1)
        first--;
    if (first == count)
        return NAN;
    if (first == 0)
        return removed[0];
    double step = (1 - faster[first - 1]) / (faster[first] - faster[first - 1]);
    return removed[first - 1] + step * (removed[first] - removed[first - 1]);
}
