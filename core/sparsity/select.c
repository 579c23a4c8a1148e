/*
 * select.c - the k largest of a row, exactly, in bounded time and without memory.
 *
 * The threshold is found by bisection over all floats in their order, with a count of the values at
 * or above a candidate in each step. A count is one pass without branches, which compilers turn
 * into vector code; some 15 passes do for scores, 32 for anything.
 */
#include "core/sparsity/internal.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* The float at a place in the order of all floats: for IEEE 754 its bits, with those of negative
 * numbers below the sign flipped. Place -1 is -0, which compares as +0. */
static float float_at(int32_t place) {
    int32_t bits = place < 0 ? place ^ INT32_MAX : place;
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

#define PLACE_INFINITY 0x7f800000
#define PLACE_MINUS_INFINITY (-0x7f800001)

static int count_at_least(const float *values, int count, float threshold) {
    int found = 0;
    for (int j = 0; j < count; j++)
        found += values[j] >= threshold;
    return found;
}

struct cut cut_largest(const float *values, int count, int keep) {
    int numbers = count_at_least(values, count, -INFINITY);
    if (numbers <= keep)
        return (struct cut){-INFINITY, INT_MAX, keep - numbers};
    int64_t low = PLACE_MINUS_INFINITY, high = PLACE_INFINITY + (int64_t)1;
    int found = numbers; /* at or above `low`; never fewer than keep */
    while (high - low > 1 && found > keep) {
        int64_t middle = low + (high - low) / 2;
        int at_least = count_at_least(values, count, float_at((int32_t)middle));
        if (at_least >= keep) {
            low = middle;
            found = at_least;
        } else {
            high = middle;
        }
    }
    struct cut cut = {float_at((int32_t)low), INT_MAX, 0};
    if (found > keep) {
        /* `low` is a value of the row that ties: past it there are fewer than are to be kept. */
        int above =
            high > PLACE_INFINITY ? 0 : count_at_least(values, count, float_at((int32_t)high));
        cut.ties = keep - above;
    }
    return cut;
}

int cut_keeps(struct cut *cut, float value) {
    if (value > cut->threshold)
        return 1;
    if (value == cut->threshold)
        return cut->ties > 0 && cut->ties--;
    return isnan(value) && cut->missing > 0 && cut->missing--;
}

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
    struct cut cut = cut_largest(values, count, k);
    if (cut.missing > 0)
        return -INFINITY;
    float least = INFINITY;
    for (int j = 0; j < count; j++) {
        float value = values[j] >= cut.threshold ? values[j] : INFINITY;
        least = value < least ? value : least;
    }
    return (double)least;
}

double quantile(const float *values, int count, double share) {
    double place = share * (count - 1);
    /* A place that is whole but for rounding (0.55 of 100 steps) is meant to be whole. */
    if (fabs(place - round(place)) < 1e-9)
        place = round(place);
    int below = (int)place;
    double fraction = place - below;
    double low = largest(values, count, count - below);
    if (fraction == 0 || isinf(low))
        return low;
    double high = largest(values, count, count - below - 1);
    return low + (high - low) * fraction;
}
