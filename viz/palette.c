/*
 * palette.c - the looks. Rows: foreground, background (xterm-256), the same for 8 colours, then
 * bold, underline, reverse, dim.
 *
 * Weights go from grey over blue, teal and green to yellow, in the order of lightness; differences
 * from orange (A) over the page's own colour to blue (B); labels are green and orchid: pairs that
 * every common kind of colour blindness keeps apart. Text on a coloured background is black or
 * white, whichever reads better.
 */
#include "viz/palette.h"

#include <string.h>

#define PLAIN -1, -1, -1, -1

static const struct palette dark =
    {
        .name = "dark",
        .page = 0x14161b,
        .ink = 0xd3d7de,
        .looks =
            {
                [MEANING_TEXT] = {-1, -1, -1, -1, 0, 0, 0, 0},
                [MEANING_FAINT] = {244, -1, -1, -1, 0, 0, 0, 0},
                [MEANING_TITLE] = {255, -1, 7, -1, 1, 0, 0, 0},
                [MEANING_ACCENT_A] = {214, -1, 3, -1, 0, 0, 0, 0},
                [MEANING_ACCENT_B] = {75, -1, 6, -1, 0, 0, 0, 0},
                [MEANING_POSITIVE] = {114, -1, 2, -1, 0, 0, 0, 0},
                [MEANING_NEGATIVE] = {176, -1, 5, -1, 0, 0, 0, 0},
                [MEANING_ERROR] = {203, -1, 1, -1, 1, 0, 0, 0},
                [MEANING_NOTE] = {151, -1, 6, -1, 0, 0, 0, 0},
                [MEANING_KEY] = {255, -1, 7, -1, 1, 0, 0, 0},
                [MEANING_BLOCKED] = {242, -1, -1, -1, 0, 0, 0, 0},
                [MEANING_SELECTED] = {231, 239, 7, 4, 0, 0, 0, 0},
                [MEANING_WEIGHT + 0] = {238, -1, 4, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 1] = {239, -1, 4, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 2] = {24, -1, 4, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 3] = {25, -1, 4, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 4] = {26, -1, 2, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 5] = {32, -1, 2, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 6] = {37, -1, 2, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 7] = {72, -1, 6, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 8] = {42, -1, 6, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 9] = {78, -1, 6, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 10] = {113, -1, 3, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 11] = {149, -1, 3, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 12] = {185, -1, 3, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 13] = {221, -1, 7, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 14] = {227, -1, 7, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 15] = {230, -1, 7, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 0] = {16, 214, 0, 3, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 1] = {16, 208, 0, 3, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 2] = {16, 172, 0, 3, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 3] = {16, 166, 3, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 4] = {231, 130, 3, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 5] = {231, 94, 3, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 6] = {137, -1, 3, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 7] = {240, -1, -1, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 8] = {240, -1, -1, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 9] = {67, -1, 6, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 10] = {231, 25, 6, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 11] = {231, 26, 6, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 12] = {16, 32, 6, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 13] = {16, 33, 0, 6, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 14] = {16, 39, 0, 6, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 15] = {16, 45, 0, 6, 0, 0, 0, 0},
            },
};

static const struct palette light =
    {
        .name = "light",
        .page = 0xfcfcfa,
        .ink = 0x23262b,
        .looks =
            {
                [MEANING_TEXT] = {-1, -1, -1, -1, 0, 0, 0, 0},
                [MEANING_FAINT] = {243, -1, -1, -1, 0, 0, 0, 0},
                [MEANING_TITLE] = {16, -1, 0, -1, 1, 0, 0, 0},
                [MEANING_ACCENT_A] = {130, -1, 1, -1, 0, 0, 0, 0},
                [MEANING_ACCENT_B] = {25, -1, 4, -1, 0, 0, 0, 0},
                [MEANING_POSITIVE] = {28, -1, 2, -1, 0, 0, 0, 0},
                [MEANING_NEGATIVE] = {127, -1, 5, -1, 0, 0, 0, 0},
                [MEANING_ERROR] = {160, -1, 1, -1, 1, 0, 0, 0},
                [MEANING_NOTE] = {23, -1, 4, -1, 0, 0, 0, 0},
                [MEANING_KEY] = {16, -1, 0, -1, 1, 0, 0, 0},
                [MEANING_BLOCKED] = {247, -1, -1, -1, 0, 0, 0, 0},
                [MEANING_SELECTED] = {16, 253, 7, 4, 0, 0, 0, 0},
                [MEANING_WEIGHT + 0] = {253, -1, 6, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 1] = {185, -1, 6, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 2] = {149, -1, 6, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 3] = {113, -1, 6, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 4] = {42, -1, 5, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 5] = {72, -1, 5, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 6] = {37, -1, 5, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 7] = {32, -1, 5, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 8] = {26, -1, 4, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 9] = {25, -1, 4, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 10] = {24, -1, 4, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 11] = {55, -1, 4, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 12] = {54, -1, 4, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 13] = {18, -1, 0, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 14] = {17, -1, 0, -1, 0, 0, 0, 0},
                [MEANING_WEIGHT + 15] = {16, -1, 0, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 0] = {231, 94, 7, 1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 1] = {231, 130, 7, 1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 2] = {16, 166, 7, 1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 3] = {16, 172, 1, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 4] = {16, 208, 1, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 5] = {16, 215, 1, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 6] = {137, -1, 1, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 7] = {250, -1, -1, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 8] = {250, -1, -1, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 9] = {67, -1, 4, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 10] = {16, 75, 4, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 11] = {16, 33, 4, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 12] = {16, 32, 4, -1, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 13] = {231, 26, 7, 4, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 14] = {231, 25, 7, 4, 0, 0, 0, 0},
                [MEANING_DIFFERENCE + 15] = {231, 18, 7, 4, 0, 0, 0, 0},
            },
};

static const struct palette colourless = {
    .name = "none",
    .page = 0x14161b,
    .ink = 0xd3d7de,
    .looks =
        {
            [MEANING_TEXT] = {PLAIN, 0, 0, 0, 0},
            [MEANING_FAINT] = {PLAIN, 0, 0, 0, 1},
            [MEANING_TITLE] = {PLAIN, 1, 0, 0, 0},
            [MEANING_ACCENT_A] = {PLAIN, 1, 0, 0, 0},
            [MEANING_ACCENT_B] = {PLAIN, 0, 0, 0, 0},
            [MEANING_POSITIVE] = {PLAIN, 1, 0, 0, 0},
            [MEANING_NEGATIVE] = {PLAIN, 0, 0, 0, 0},
            [MEANING_ERROR] = {PLAIN, 1, 0, 1, 0},
            [MEANING_NOTE] = {PLAIN, 0, 0, 0, 0},
            [MEANING_KEY] = {PLAIN, 1, 0, 0, 0},
            [MEANING_BLOCKED] = {PLAIN, 0, 0, 0, 1},
            [MEANING_SELECTED] = {PLAIN, 0, 0, 1, 0},
            [MEANING_WEIGHT... MEANING_WEIGHT + RAMP_STEPS - 1] = {PLAIN, 0, 0, 0, 0},
            [MEANING_DIFFERENCE... MEANING_DIFFERENCE + RAMP_STEPS - 1] = {PLAIN, 0, 0, 0, 0},
        },
};

static const struct palette *const palettes[] = {&dark, &light, &colourless};
#define PALETTES ((int)(sizeof(palettes) / sizeof(palettes[0])))

const struct palette *palette_get(int index) {
    return index >= 0 && index < PALETTES ? palettes[index] : NULL;
}

const struct palette *palette_find(const char *name) {
    for (int i = 0; i < PALETTES; i++)
        if (strcmp(palettes[i]->name, name) == 0)
            return palettes[i];
    return NULL;
}

uint32_t palette_rgb(int colour) {
    static const uint32_t system[16] = {
        0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
        0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
    };
    static const uint32_t cube[6] = {0, 95, 135, 175, 215, 255};
    if (colour < 0 || colour > 255)
        return 0;
    if (colour < 16)
        return system[colour];
    if (colour >= 232)
        return (uint32_t)(8 + 10 * (colour - 232)) * 0x010101;
    int index = colour - 16;
    return cube[index / 36] << 16 | cube[index / 6 % 6] << 8 | cube[index % 6];
}
