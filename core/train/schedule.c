/*
 * schedule.c - what changes from step to step by a formula.
 */
#include "core/train/schedule.h"

#include <math.h>

struct schedule schedule_plan(double warmup, double hold, int64_t total) {
    int64_t steps = (int64_t)ceil(warmup < 1 ? warmup * (double)total : warmup);
    int64_t held = (int64_t)(hold * (double)total);
    return (struct schedule){steps, held > steps ? held : steps, total};
}

double schedule_rate(const struct schedule *schedule, double peak, int64_t step) {
    if (step < schedule->warmup)
        return peak * ((double)step / (double)schedule->warmup);
    if (step >= schedule->total)
        return 0;
    if (step < schedule->decay)
        return peak;
    return peak * ((double)(schedule->total - step) / (double)(schedule->total - schedule->decay));
}

double schedule_average(double decay, int64_t updates) {
    return fmin(decay, (1.0 + (double)updates) / (10.0 + (double)updates));
}
