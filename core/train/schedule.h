/*
 * schedule.h - the learning rate of each step: linear warm-up, the peak, linear decay to 0.
 *
 * With W steps of warm-up, decay from step D >= W on and S steps in all, step t (from 0) has t / W
 * of the peak while t < W, all of it while t < D, and (S - t) / (S - D) afterwards. D = W is
 * transformers' get_linear_schedule_with_warmup; a later D is the trapezoid of Zhai et al. 2021
 * (arXiv 2106.04560). So with a warm-up the very first step has rate 0.
 */
#ifndef SAWB_CORE_TRAIN_SCHEDULE_H
#define SAWB_CORE_TRAIN_SCHEDULE_H

#include <stdint.h>

struct schedule {
    int64_t warmup, decay, total; /* W, D, S */
};

/* `warmup` below 1 is a share of `total`, rounded up; from 1 on it is the steps themselves. `hold`
 * (0 to 1) is the share of `total` after which the decay begins, where that is after the warm-up.
 */
struct schedule schedule_plan(double warmup, double hold, int64_t total);

/* The rate of step `step` (from 0). */
double schedule_rate(const struct schedule *schedule, double peak, int64_t step);

/* The decay of a moving average that has seen `updates` (from 1): `decay`, but less at first, so
 * that the weights of the start are soon forgotten: min(decay, (1 + updates) / (10 + updates)). */
double schedule_average(double decay, int64_t updates);

#endif
