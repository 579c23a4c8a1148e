/*
 * color.c - OKLab (the matrices are those of the paper), contrast, xterm's colours.
 */
#include "viz/color.h"

#include <math.h>

#define CHROMA_HALVINGS 20 /* of the search for the largest chroma that fits */
#define GAMUT_ROOM 1e-4    /* linear light that rounding to bytes hides */

static double to_linear(unsigned byte) {
    double value = byte / 255.0;
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static unsigned to_byte(double linear) {
    linear = linear < 0 ? 0 : linear > 1 ? 1 : linear;
    double value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;
    return (unsigned)(value * 255 + 0.5);
}

struct oklab color_oklab(uint32_t rgb) {
    double red = to_linear(rgb >> 16 & 255), green = to_linear(rgb >> 8 & 255),
           blue = to_linear(rgb & 255);
    double l = cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
    double m = cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
    double s = cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
    return (struct oklab){0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
                          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
                          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

static void linear_of(struct oklab lab, double linear[3]) {
    double l = lab.lightness + 0.3963377774 * lab.a + 0.2158037573 * lab.b;
    double m = lab.lightness - 0.1055613458 * lab.a - 0.0638541728 * lab.b;
    double s = lab.lightness - 0.0894841775 * lab.a - 1.2914855480 * lab.b;
    l = l * l * l;
    m = m * m * m;
    s = s * s * s;
    linear[0] = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
    linear[1] = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
    linear[2] = -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s;
}

static int fits(struct oklab lab) {
    double linear[3];
    linear_of(lab, linear);
    for (int i = 0; i < 3; i++)
        if (!(linear[i] >= -GAMUT_ROOM && linear[i] <= 1 + GAMUT_ROOM))
            return 0;
    return 1;
}

static uint32_t rgb_of(struct oklab lab) {
    double linear[3];
    linear_of(lab, linear);
    return to_byte(linear[0]) << 16 | to_byte(linear[1]) << 8 | to_byte(linear[2]);
}

static struct oklab from_polar(double lightness, double chroma, double hue) {
    double angle = hue * (acos(-1) / 180);
    return (struct oklab){lightness, chroma * cos(angle), chroma * sin(angle)};
}

uint32_t color_oklch(double lightness, double chroma, double hue) {
    double low = 0, high = chroma;
    if (fits(from_polar(lightness, chroma, hue)))
        return rgb_of(from_polar(lightness, chroma, hue));
    for (int i = 0; i < CHROMA_HALVINGS; i++) {
        double middle = (low + high) / 2;
        if (fits(from_polar(lightness, middle, hue)))
            low = middle;
        else
            high = middle;
    }
    return rgb_of(from_polar(lightness, low, hue));
}

double oklab_distance(struct oklab p, struct oklab q) {
    return sqrt((p.lightness - q.lightness) * (p.lightness - q.lightness) +
                (p.a - q.a) * (p.a - q.a) + (p.b - q.b) * (p.b - q.b));
}

double color_distance(uint32_t one, uint32_t other) {
    return oklab_distance(color_oklab(one), color_oklab(other));
}

static double luminance(uint32_t rgb) {
    return 0.2126 * to_linear(rgb >> 16 & 255) + 0.7152 * to_linear(rgb >> 8 & 255) +
           0.0722 * to_linear(rgb & 255);
}

double color_contrast(uint32_t one, uint32_t other) {
    double p = luminance(one) + 0.05, q = luminance(other) + 0.05;
    return p > q ? p / q : q / p;
}

uint32_t color_mix(uint32_t one, uint32_t other, double share) {
    struct oklab p = color_oklab(one), q = color_oklab(other);
    return rgb_of((struct oklab){p.lightness + (q.lightness - p.lightness) * share,
                                 p.a + (q.a - p.a) * share, p.b + (q.b - p.b) * share});
}

uint32_t color_xterm(int number) {
    static const uint32_t system[16] = {
        0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
        0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
    };
    static const uint32_t cube[6] = {0, 95, 135, 175, 215, 255};
    if (number < 0 || number > 255)
        return 0;
    if (number < 16)
        return system[number];
    if (number >= 232)
        return (uint32_t)(8 + 10 * (number - 232)) * 0x010101;
    int index = number - 16;
    return cube[index / 36] << 16 | cube[index / 6 % 6] << 8 | cube[index % 6];
}
