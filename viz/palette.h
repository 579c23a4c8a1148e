/*
 * palette.h - what a meaning looks like, in RGB, and the nearest to it that a terminal can show.
 *
 *     struct palette palette;
 *     palette_make(&palette, palette_find("light"));
 *     struct terminal_look looks[MEANING_COUNT];
 *     palette_reduce(&palette, 256, looks);
 *
 * A palette is defined once, by a few numbers in OKLCh (viz/color.h); ramps, the 256, 16 and 8
 * colours of terminals and the colours of pictures are computed from these. Ramps have a lightness
 * that rises or falls in even steps, and what is told apart by hue (A and B, positive and negative)
 * is so for colour-blind readers too; a test simulates them.
 */
#ifndef SAWB_VIZ_PALETTE_H
#define SAWB_VIZ_PALETTE_H

#include <stdint.h>

#include "viz/grid.h"

#define COLOR_OWN UINT32_MAX /* no colour: the terminal's own */

struct look {
    uint32_t foreground, background; /* RGB or COLOR_OWN */
    uint8_t bold, underline, reverse, dim;
};

struct palette_definition;

struct palette {
    const char *name;
    uint32_t page, ink; /* RGB of background and text in pictures */
    struct look looks[MEANING_COUNT];
    const struct palette_definition *definition;
};

/* Names and a line of help by index, NULL past the last: "dark" comes first, "none" uses no colour
 * but bold, underline, reverse and dim. */
const char *palette_name(int index);
const char *palette_help(int index);
/* -1 when no palette has this name. */
int palette_find(const char *name);
void palette_make(struct palette *palette, int index);

/* The ramps without steps, for pictures: of weights 0 (small) to 1, of differences -1 (A) to 1 (B).
 */
uint32_t palette_weight(const struct palette *palette, double share);
uint32_t palette_difference(const struct palette *palette, double share);

/* Colour numbers of a terminal, -1: its own. */
struct terminal_look {
    int foreground, background;
};

/*
 * For a terminal of so many colours: RGB values from 2^24 on, otherwise the nearest of 256, 16 or 8
 * (in OKLab; of 256 the first 16 are left out, since themes change them), so that ramps never turn
 * back, the two sides of the differences differ, and text is read on its ground. Fewer than 8
 * colours: none.
 */
void palette_reduce(const struct palette *palette, int colors,
                    struct terminal_look looks[MEANING_COUNT]);

#endif
