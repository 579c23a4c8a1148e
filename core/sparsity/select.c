/*
 * select.c - ranks and quantiles of a row.
 */
#include "core/sparsity/internal.h"

#include <math.h>

/* 1 when a ranks above b. Without branches, which would be taken at random. */
static int is_above(float a, float b) {
    return (a > b) | (!!isnan(b) & !isnan(a));
}

int rank_of(const float *values, int count, int index) {
    float value = values[index];
    int rank = 1;
    for (int j = 0; j < count; j++)
        rank += is_above(values[j], value) | ((j < index) & !is_above(value, values[j]));
    return rank;
}

/* The k-th largest value, k from 1; NaN counts as -infinity. */
static double largest(const float *values, int count, int k) {
    struct cut cut = cut_largest_portable(values, count, k);
    if (cut.missing > 0)
        return -INFINITY;
    float least = INFINITY;
    for (int j = 0; j < count; j++) {
        float value = values[j] >= cut.threshold ? values[j] : INFINITY;
        least = value < least ? value : least;
    }
    return (double)least;
}

struct place quantile_place(int count, double share) {
    double place = share * (count - 1);
    /* A place that is whole but for rounding (0.55 of 100 steps) is meant to be whole. */
    if (fabs(place - round(place)) < 1e-9)
        place = round(place);
    return (struct place){(int)place, place - (int)place};
}

double quantile(const float *values, int count, double share) {
    struct place place = quantile_place(count, share);
    double low = largest(values, count, count - place.below);
    if (place.fraction == 0 || isinf(low))
        return low;
    double high = largest(values, count, count - place.below - 1);
    return low + (high - low) * place.fraction;
}
