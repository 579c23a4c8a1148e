/*
 * figure_axis.c - where ticks stand, and how numbers are written.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "viz/export_font.h"
#include "viz/figure_panel.h"

#define DECIMALS_MOST 8
#define MINUS "\xe2\x88\x92"

/* The smallest of 1, 2, 5 times a power of ten that is not below. */
static double nice_above(double step) {
    double power = pow(10, floor(log10(step)));
    static const double factors[] = {1, 2, 5};
    for (int i = 0; i < 3; i++)
        if (factors[i] * power >= step * (1 - 1e-9))
            return factors[i] * power;
    return 10 * power;
}

struct axis axis_make(double low, double high, int most, int outwards) {
    if (!isfinite(low) || !isfinite(high) || fabs(low) > 1e300 || fabs(high) > 1e300)
        low = high = 0;
    if (!(high - low > 1e-12 * fmax(fabs(low), fabs(high))) || !(high - low > 1e-300)) {
        double around = low != 0 ? fabs(low) / 10 : 1;
        low -= around;
        high += around;
    }
    double step = nice_above((high - low) / most);
    double first = ceil(low / step - 1e-6), last = floor(high / step + 1e-6);
    if (outwards) {
        first = floor(low / step + 1e-6);
        last = ceil(high / step - 1e-6);
        low = fmin(low, first * step);
        high = fmax(high, last * step);
    }
    struct axis axis = {.low = low, .high = high};
    double decimals = -floor(log10(step) + 1e-9);
    axis.decimals = decimals < 0 ? 0 : decimals > DECIMALS_MOST ? DECIMALS_MOST : (int)decimals;
    for (double tick = first; tick <= last && axis.count < TICKS_MOST; tick++)
        axis.ticks[axis.count++] = tick * step;
    return axis;
}

double axis_share(const struct axis *axis, double value) {
    return (value - axis->low) / (axis->high - axis->low);
}

char *axis_number(char out[NUMBER_BYTES], const struct axis *axis, double value) {
    double size = fmax(fabs(axis->low), fabs(axis->high)), magnitude = fabs(value);
    char number[NUMBER_BYTES - sizeof(MINUS)];
    if (size >= 1e7 || (size > 0 && size < 1e-4))
        snprintf(number, sizeof(number), "%.3g", magnitude);
    else
        snprintf(number, sizeof(number), "%.*f", axis->decimals, magnitude);
    int is_zero = strspn(number, "0.") == strlen(number);
    snprintf(out, NUMBER_BYTES, "%s%s", value < 0 && !is_zero ? MINUS : "", number);
    return out;
}

double axis_width(const struct axis *axis, double size) {
    double widest = 0;
    for (int i = 0; i < axis->count; i++) {
        char number[NUMBER_BYTES];
        widest = fmax(widest, text_width(axis_number(number, axis, axis->ticks[i]), size));
    }
    return widest;
}
