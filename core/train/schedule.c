/*
 * schedule.c - what changes from step to step by a formula.
 */
#include "core/train/schedule.h"

#include <math.h>

int64_t schedule_warmup(double warmup, int64_t total) {
    return (int64_t)ceil(warmup < 1 ? warmup * (double)total : warmup);
}

double schedule_rate(double peak, int64_t step, int64_t warmup, int64_t total) {
    if (step < warmup)
        return peak * ((double)step / (double)warmup);
    if (step >= total)
        return 0;
    return peak * ((double)(total - step) / (double)(total - warmup));
}

double schedule_average(double decay, int64_t updates) {
    return fmin(decay, (1.0 + (double)updates) / (10.0 + (double)updates));
}
