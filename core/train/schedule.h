/*
 * schedule.h - the learning rate of each step: linear warm-up, then linear decay to 0.
 *
 * As transformers' get_linear_schedule_with_warmup: with W steps of warm-up and S in all, step t
 * (from 0) has t / W of the peak while t < W and (S - t) / (S - W) afterwards. So with a warm-up
 * the very first step has rate 0.
 */
#ifndef SAWB_CORE_TRAIN_SCHEDULE_H
#define SAWB_CORE_TRAIN_SCHEDULE_H

#include <stdint.h>

/* Steps of warm-up: `warmup` below 1 is a share of `total`, rounded up; from 1 on it is the steps
 * themselves. */
int64_t schedule_warmup(double warmup, int64_t total);

/* The rate of step `step` (from 0). */
double schedule_rate(double peak, int64_t step, int64_t warmup, int64_t total);

/* The decay of a moving average that has seen `updates` (from 1): `decay`, but less at first, so
 * that the weights of the start are soon forgotten: min(decay, (1 + updates) / (10 + updates)). */
double schedule_average(double decay, int64_t updates);

#endif
