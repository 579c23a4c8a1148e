/*
 * palette.h - what a meaning looks like: xterm-256 colour numbers, and the same as RGB for
 * pictures.
 */
#ifndef SAWB_VIZ_PALETTE_H
#define SAWB_VIZ_PALETTE_H

#include <stdint.h>

#include "viz/grid.h"

struct look {
    int16_t foreground, background;     /* xterm-256 numbers, -1: the terminal's own */
    int16_t foreground_8, background_8; /* for terminals of 8 colours, -1: the terminal's own */
    uint8_t bold, underline, reverse, dim;
};

struct palette {
    const char *name;
    uint32_t page, ink; /* RGB of background and text in pictures */
    struct look looks[MEANING_COUNT];
};

/*
 * Palettes by index; NULL past the last: "dark" (the default, for dark terminals), "light", and
 * "none", which uses no colour but bold, underline, reverse and dim. The ramps have monotone
 * lightness, and what is told apart by hue (A and B, positive and negative) is so for colour-blind
 * readers too; a test computes both.
 */
const struct palette *palette_get(int index);
/* NULL when no palette has this name. */
const struct palette *palette_find(const char *name);

/* RGB (0xRRGGBB) of an xterm-256 colour number: xterm's own values for 0 to 15, 0 when out of
 * range. */
uint32_t palette_rgb(int colour);

#endif
