/*
 * color.h - colours by how they look: OKLab and OKLCh, contrast, and the colours of terminals.
 *
 * OKLab: B. Ottosson, "A perceptual color space for image processing", 2020. Equal distances in it
 * look about equally large; lightness 0 is black and 1 white. OKLCh is the same in polar form:
 * chroma (0 grey, about 0.3 the most that a screen shows) and hue in degrees.
 */
#ifndef SAWB_VIZ_COLOR_H
#define SAWB_VIZ_COLOR_H

#include <stdint.h>

struct oklab {
    double lightness, a, b;
};

/* Of an sRGB colour 0xRRGGBB. */
struct oklab color_oklab(uint32_t rgb);

/* The sRGB colour; a chroma that sRGB does not have at this lightness and hue is made smaller. */
uint32_t color_oklch(double lightness, double chroma, double hue);

/* In OKLab: 1 from black to white. */
double oklab_distance(struct oklab one, struct oklab other);
double color_distance(uint32_t one, uint32_t other);

/* Contrast of WCAG 2.1, 1 to 21, of text on a ground. */
double color_contrast(uint32_t one, uint32_t other);

/* `share` 0: one, 1: other; mixed in OKLab. */
uint32_t color_mix(uint32_t one, uint32_t other, double share);

/* RGB of an xterm-256 colour number: xterm's own values for 0 to 15, 0 when out of range. */
uint32_t color_xterm(int number);

#endif
