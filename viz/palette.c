/*
 * palette.c - the definitions, and how looks follow from them.
 *
 * A ramp of weights is a path through OKLCh: lightness from the first to the last value in equal
 * steps, hue likewise, chroma over three values by a parabola. The path goes from the page's side
 * (dim blue on a dark page) over teal and green to yellow, or back from pale to deep blue on a
 * light page. Differences leave the page's own lightness in equal steps on both sides: orange for
 * A, blue for B, a pair that every common kind of colour blindness keeps apart; labels are green
 * and orchid for the same reason.
 */
#include "viz/palette.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "viz/color.h"

#define INKS MEANING_WEIGHT /* meanings before the ramps */

struct ink {
    double lightness, chroma, hue; /* lightness 0: the terminal's own */
    uint8_t bold, reverse, dim;
};

struct ramp {
    double lightness[2]; /* first, last */
    double chroma[3];    /* first, middle, last */
    double hue[2];       /* degrees, first, last */
};

struct palette_definition {
    const char *name, *help;
    uint32_t page, ink;
    double contrast;    /* of text to the page where there are 256 colours, at least */
    double selected[2]; /* lightness of the text under the cursor of a list, and of its ground */
    struct ink inks[INKS];
    struct ramp weight, difference_a, difference_b; /* differences: from the middle outwards */
};

#define ON_DARK_HUES .hue = {275, 100}

static const struct palette_definition definitions[] = {
    {.name = "dark",
     .help = "for a dark terminal (the default)",
     .page = 0x14161b,
     .ink = 0xd3d7de,
     .contrast = 4,
     .selected = {1, 0.40},
     .inks = {[MEANING_FAINT] = {0.62, 0.008, 260, 0, 0, 0},
              [MEANING_TITLE] = {0.95, 0, 0, 1, 0, 0},
              [MEANING_ACCENT_A] = {0.82, 0.15, 75, 0, 0, 0},
              [MEANING_ACCENT_B] = {0.74, 0.13, 245, 0, 0, 0},
              [MEANING_POSITIVE] = {0.80, 0.14, 145, 0, 0, 0},
              [MEANING_NEGATIVE] = {0.70, 0.15, 325, 0, 0, 0},
              [MEANING_ERROR] = {0.70, 0.17, 25, 1, 0, 0},
              [MEANING_NOTE] = {0.83, 0.06, 165, 0, 0, 0},
              [MEANING_KEY] = {0.95, 0, 0, 1, 0, 0},
              [MEANING_BLOCKED] = {0.54, 0.008, 260, 0, 0, 0}},
     .weight = {{0.38, 0.96}, {0.07, 0.15, 0.09}, ON_DARK_HUES},
     .difference_a = {{0.30, 0.84}, {0.02, 0.13, 0.15}, {50, 78}},
     .difference_b = {{0.30, 0.84}, {0.02, 0.13, 0.13}, {256, 225}}},
    {.name = "light",
     .help = "for a light terminal, and for paper",
     .page = 0xffffff,
     .ink = 0x23262b,
     .contrast = 4,
     .selected = {0.15, 0.90},
     .inks = {[MEANING_FAINT] = {0.54, 0.008, 260, 0, 0, 0},
              [MEANING_TITLE] = {0.15, 0, 0, 1, 0, 0},
              [MEANING_ACCENT_A] = {0.57, 0.14, 50, 0, 0, 0},
              [MEANING_ACCENT_B] = {0.48, 0.15, 255, 0, 0, 0},
              [MEANING_POSITIVE] = {0.50, 0.14, 145, 0, 0, 0},
              [MEANING_NEGATIVE] = {0.52, 0.20, 328, 0, 0, 0},
              [MEANING_ERROR] = {0.52, 0.20, 27, 1, 0, 0},
              [MEANING_NOTE] = {0.42, 0.07, 190, 0, 0, 0},
              [MEANING_KEY] = {0.15, 0, 0, 1, 0, 0},
              [MEANING_BLOCKED] = {0.66, 0.008, 260, 0, 0, 0}},
     .weight = {{0.90, 0.24}, {0.06, 0.16, 0.10}, {115, 275}},
     .difference_a = {{0.94, 0.42}, {0.01, 0.15, 0.11}, {75, 48}},
     .difference_b = {{0.94, 0.38}, {0.01, 0.13, 0.15}, {240, 262}}},
    {.name = "contrast",
     .help = "high contrast for a black terminal",
     .page = 0x000000,
     .ink = 0xffffff,
     .contrast = 7,
     .selected = {0, 0.95},
     .inks = {[MEANING_FAINT] = {0.82, 0, 0, 0, 0, 0},
              [MEANING_TITLE] = {1, 0, 0, 1, 0, 0},
              [MEANING_ACCENT_A] = {0.87, 0.18, 85, 1, 0, 0},
              [MEANING_ACCENT_B] = {0.82, 0.13, 225, 1, 0, 0},
              [MEANING_POSITIVE] = {0.88, 0.22, 145, 1, 0, 0},
              [MEANING_NEGATIVE] = {0.78, 0.20, 328, 1, 0, 0},
              [MEANING_ERROR] = {0.78, 0.16, 22, 1, 0, 0},
              [MEANING_NOTE] = {0.90, 0.06, 165, 0, 0, 0},
              [MEANING_KEY] = {1, 0, 0, 1, 0, 0},
              [MEANING_BLOCKED] = {0.66, 0, 0, 0, 0, 0}},
     .weight = {{0.42, 1}, {0.14, 0.17, 0.02}, ON_DARK_HUES},
     .difference_a = {{0.30, 0.90}, {0.03, 0.16, 0.18}, {50, 90}},
     .difference_b = {{0.30, 0.90}, {0.03, 0.16, 0.11}, {258, 215}}},
    {.name = "contrast-light",
     .help = "high contrast for a white terminal",
     .page = 0xffffff,
     .ink = 0x000000,
     .contrast = 7,
     .selected = {1, 0.2},
     .inks = {[MEANING_FAINT] = {0.40, 0, 0, 0, 0, 0},
              [MEANING_TITLE] = {0.01, 0, 0, 1, 0, 0},
              [MEANING_ACCENT_A] = {0.46, 0.13, 48, 1, 0, 0},
              [MEANING_ACCENT_B] = {0.36, 0.16, 262, 1, 0, 0},
              [MEANING_POSITIVE] = {0.40, 0.14, 145, 1, 0, 0},
              [MEANING_NEGATIVE] = {0.44, 0.22, 328, 1, 0, 0},
              [MEANING_ERROR] = {0.44, 0.18, 28, 1, 0, 0},
              [MEANING_NOTE] = {0.34, 0.07, 190, 0, 0, 0},
              [MEANING_KEY] = {0.01, 0, 0, 1, 0, 0},
              [MEANING_BLOCKED] = {0.54, 0, 0, 0, 0, 0}},
     .weight = {{0.87, 0.17}, {0.12, 0.18, 0.05}, {115, 275}},
     .difference_a = {{0.88, 0.32}, {0.04, 0.16, 0.09}, {80, 45}},
     .difference_b = {{0.88, 0.26}, {0.03, 0.15, 0.14}, {240, 265}}},
    {.name = "none",
     .help = "no colour: bold, underline, reverse and dim",
     .page = 0xffffff,
     .ink = 0x000000,
     .inks = {[MEANING_FAINT] = {0, 0, 0, 0, 0, 1},
              [MEANING_TITLE] = {0, 0, 0, 1, 0, 0},
              [MEANING_ACCENT_A] = {0, 0, 0, 1, 0, 0},
              [MEANING_POSITIVE] = {0, 0, 0, 1, 0, 0},
              [MEANING_ERROR] = {0, 0, 0, 1, 1, 0},
              [MEANING_KEY] = {0, 0, 0, 1, 0, 0},
              [MEANING_BLOCKED] = {0, 0, 0, 0, 0, 1},
              [MEANING_SELECTED] = {0, 0, 0, 0, 1, 0}},
     .weight = {{0.92, 0.15}, {0, 0, 0}, {0, 0}},
     .difference_a = {{0.60, 0.15}, {0, 0, 0}, {0, 0}},
     .difference_b = {{0.60, 0.97}, {0, 0, 0}, {0, 0}}},
};
#define DEFINITIONS ((int)(sizeof(definitions) / sizeof(definitions[0])))

const char *palette_name(int index) {
    return index >= 0 && index < DEFINITIONS ? definitions[index].name : NULL;
}

const char *palette_help(int index) {
    return index >= 0 && index < DEFINITIONS ? definitions[index].help : NULL;
}

int palette_find(const char *name) {
    for (int i = 0; i < DEFINITIONS; i++)
        if (strcasecmp(definitions[i].name, name) == 0)
            return i;
    return -1;
}

/* ---- ramps ----------------------------------------------------------------------------------- */

static uint32_t ramp_at(const struct ramp *ramp, double share) {
    share = share > 0 ? share < 1 ? share : 1 : 0; /* NaN: 0 */
    double first = (1 - share) * (1 - share), middle = 2 * share * (1 - share);
    /* The parabola through first, middle (at a half) and last. */
    double bend = 2 * ramp->chroma[1] - (ramp->chroma[0] + ramp->chroma[2]) / 2;
    double chroma = first * ramp->chroma[0] + middle * bend + share * share * ramp->chroma[2];
    return color_oklch(ramp->lightness[0] + (ramp->lightness[1] - ramp->lightness[0]) * share,
                       chroma > 0 ? chroma : 0,
                       ramp->hue[0] + (ramp->hue[1] - ramp->hue[0]) * share);
}

uint32_t palette_weight(const struct palette *palette, double share) {
    return ramp_at(&palette->definition->weight, share);
}

uint32_t palette_difference(const struct palette *palette, double share) {
    return share < 0 ? ramp_at(&palette->definition->difference_a, -share)
                     : ramp_at(&palette->definition->difference_b, share);
}

/* ---- looks ----------------------------------------------------------------------------------- */

#define HALF (RAMP_STEPS / 2)
#define BARE_STEPS 2   /* of the differences next to the middle: without a ground */
#define BARE_SHARE 0.6 /* where on the ramp the ink of the second of them is taken */

static int has_color(const struct palette_definition *definition) {
    return definition->weight.chroma[1] > 0;
}

static uint32_t readable_on(uint32_t ground) {
    return color_contrast(0xffffff, ground) > color_contrast(0x000000, ground) ? 0xffffff
                                                                               : 0x000000;
}

/* How far from the middle a step of the differences is: 0 (the two in the middle) to HALF - 1;
 * negative on the side of A. */
static int distance_of(int step) {
    return step < HALF ? step - (HALF - 1) : step - HALF;
}

static void make_differences(struct palette *palette) {
    struct look *looks = palette->looks + MEANING_DIFFERENCE;
    const int most = HALF - 1;
    for (int step = 0; step < RAMP_STEPS; step++) {
        int distance = distance_of(step), size = distance < 0 ? -distance : distance;
        double share = (double)distance / most;
        struct look *look = &looks[step];
        if (size >= BARE_STEPS) {
            look->background = palette_difference(palette, share);
            look->foreground = readable_on(look->background);
        } else if (size > 0) {
            look->foreground = palette_difference(palette, distance < 0 ? -BARE_SHARE : BARE_SHARE);
        } else {
            look->foreground = palette->looks[MEANING_BLOCKED].foreground;
        }
    }
}

void palette_make(struct palette *palette, int index) {
    const struct palette_definition *definition = &definitions[index];
    *palette = (struct palette){.name = definition->name,
                                .page = definition->page,
                                .ink = definition->ink,
                                .definition = definition};
    for (int meaning = 0; meaning < MEANING_COUNT; meaning++)
        palette->looks[meaning] = (struct look){COLOR_OWN, COLOR_OWN, 0, 0, 0, 0};
    for (int meaning = 0; meaning < INKS; meaning++) {
        const struct ink *ink = &definition->inks[meaning];
        struct look *look = &palette->looks[meaning];
        look->bold = ink->bold;
        look->reverse = ink->reverse;
        look->dim = ink->dim;
        if (ink->lightness > 0)
            look->foreground = color_oklch(ink->lightness, ink->chroma, ink->hue);
    }
    if (!has_color(definition))
        return;
    palette->looks[MEANING_SELECTED].foreground = color_oklch(definition->selected[0], 0, 0);
    palette->looks[MEANING_SELECTED].background = color_oklch(definition->selected[1], 0, 0);
    for (int step = 0; step < RAMP_STEPS; step++)
        palette->looks[MEANING_WEIGHT + step].foreground =
            palette_weight(palette, (double)step / (RAMP_STEPS - 1));
    make_differences(palette);
}

/* ---- terminals of few colours ---------------------------------------------------------------- */

#define DIRECT (1 << 24)
#define GREY 0.03           /* chroma below which a colour has no hue */
#define HUE_ROOM 60.0       /* degrees by which the nearest colour of 8 may differ in hue */
#define RAMP_HUE_ROOM 80.0  /* the same along a ramp of weights, where greys may be chosen too */
#define LEAST_CONTRAST 1.25 /* of what is drawn, to the page */
#define INK_CONTRAST 1.9    /* of text, to the page, where there are few colours */
#define LEAST_GROUND 0.3    /* distance to the page below which few colours have no ground */
#define HUE_SHARE 0.25      /* of hue and chroma in how unlike few colours are */
#define STEP_256 0.004      /* lightness that two steps of a ramp differ by at least */

/* A colour of the terminal. */
struct offer {
    int number;
    struct oklab lab;
    double contrast; /* to the page */
};

/* What may be chosen. */
struct choice {
    const struct offer *offers; /* [count] */
    int count;
    double contrast;      /* to the page, at least */
    int few;              /* 8 or 16 colours: only near hues, no greys */
    int direction;        /* of lightness along a ramp: 1, -1; 0: not in a ramp */
    double before, least; /* lightness chosen before, and the step from it */
};

static double chroma_of(struct oklab lab) {
    return hypot(lab.a, lab.b);
}

static double hue_difference(struct oklab one, struct oklab other) {
    double turn = fabs(atan2(one.b, one.a) - atan2(other.b, other.a)) * (180 / acos(-1));
    return turn > 180 ? 360 - turn : turn;
}

static int allowed(const struct choice *choice, struct oklab wanted, const struct offer *offer) {
    struct oklab lab = offer->lab;
    if (offer->contrast < choice->contrast)
        return 0;
    if (choice->direction && choice->direction * (lab.lightness - choice->before) < choice->least)
        return 0;
    if (!choice->few)
        return 1;
    if (choice->direction)
        return chroma_of(lab) < GREY || hue_difference(lab, wanted) <= RAMP_HUE_ROOM;
    return chroma_of(lab) >= GREY && hue_difference(lab, wanted) <= HUE_ROOM;
}

/* Few colours are far from all that is wanted: along a ramp, lightness says more than hue. */
static double unlikeness(const struct choice *choice, struct oklab wanted, struct oklab lab) {
    if (!choice->few || !choice->direction)
        return oklab_distance(wanted, lab);
    return fabs(wanted.lightness - lab.lightness) +
           HUE_SHARE * hypot(wanted.a - lab.a, wanted.b - lab.b);
}

/* -1: none is near enough, or it is a grey that few colours do not have. */
static int nearest(const struct choice *choice, uint32_t rgb) {
    struct oklab wanted = color_oklab(rgb);
    double least = INFINITY;
    int best = -1;
    if (choice->few && !choice->direction && chroma_of(wanted) < GREY)
        return -1;
    for (int i = 0; i < choice->count; i++) {
        const struct offer *offer = &choice->offers[i];
        double unlike = unlikeness(choice, wanted, offer->lab);
        if (unlike < least && allowed(choice, wanted, offer)) {
            least = unlike;
            best = offer->number;
        }
    }
    return best;
}

/* Black or white of 8 colours, or of the cube of 256. */
static int text_on(const struct choice *choice, int ground) {
    int white = readable_on(color_xterm(ground)) == 0xffffff;
    return choice->few ? white ? 7 : 0 : white ? 231 : 16;
}

static void reduce_weights(const struct palette *palette, struct choice choice,
                           struct terminal_look *looks) {
    double first = color_oklab(palette->looks[MEANING_WEIGHT].foreground).lightness;
    double last = color_oklab(palette->looks[MEANING_WEIGHT + RAMP_STEPS - 1].foreground).lightness;
    choice.direction = last > first ? 1 : -1;
    choice.before = choice.direction > 0 ? -1 : 2;
    choice.least = choice.few ? 0 : STEP_256;
    choice.contrast = LEAST_CONTRAST;
    for (int step = 0; step < RAMP_STEPS; step++) {
        int meaning = MEANING_WEIGHT + step;
        int found = nearest(&choice, palette->looks[meaning].foreground);
        if (found < 0)
            found = looks[meaning - 1].foreground;
        looks[meaning].foreground = found;
        choice.before = color_oklab(color_xterm(found)).lightness;
    }
}

/* Grounds of one side of the differences, from the middle (side -1: A, 1: B). */
static void reduce_side(const struct palette *palette, struct choice choice, int side,
                        struct terminal_look *looks) {
    choice.contrast = LEAST_CONTRAST;
    for (int size = BARE_STEPS; size < HALF; size++) {
        int step = side < 0 ? HALF - 1 - size : HALF + size;
        uint32_t ground = palette->looks[MEANING_DIFFERENCE + step].background;
        struct terminal_look *look = &looks[MEANING_DIFFERENCE + step];
        int found = nearest(&choice, ground);
        if (choice.few && color_distance(ground, palette->page) < LEAST_GROUND) {
            look->foreground = found;
            continue;
        }
        look->background = found;
        look->foreground = text_on(&choice, found);
    }
}

static int direct(uint32_t rgb) {
    return rgb == COLOR_OWN ? -1 : (int)rgb;
}

static void reduce_to(const struct palette *palette, struct choice choice,
                      struct terminal_look looks[MEANING_COUNT]) {
    for (int meaning = 0; meaning < MEANING_COUNT; meaning++) {
        const struct look *look = &palette->looks[meaning];
        if (look->foreground == COLOR_OWN)
            continue;
        int is_text = meaning < MEANING_BLOCKED;
        choice.contrast = choice.few ? INK_CONTRAST
                          : is_text  ? palette->definition->contrast
                                     : LEAST_CONTRAST;
        looks[meaning].foreground = nearest(&choice, look->foreground);
    }
    int few = choice.few;
    choice.contrast = LEAST_CONTRAST;
    looks[MEANING_SELECTED].background =
        few ? 4 : nearest(&choice, palette->looks[MEANING_SELECTED].background);
    looks[MEANING_SELECTED].foreground = text_on(&choice, looks[MEANING_SELECTED].background);
    reduce_weights(palette, choice, looks);
    reduce_side(palette, choice, -1, looks);
    reduce_side(palette, choice, 1, looks);
}

void palette_reduce(const struct palette *palette, int colors,
                    struct terminal_look looks[MEANING_COUNT]) {
    int few = colors < 256, first = few ? 0 : 16;
    struct offer offers[240];
    struct choice choice = {
        .offers = offers, .count = few ? colors < 16 ? 8 : 16 : 240, .few = few};
    for (int meaning = 0; meaning < MEANING_COUNT; meaning++) {
        const struct look *look = &palette->looks[meaning];
        looks[meaning] = colors >= DIRECT ? (struct terminal_look){direct(look->foreground),
                                                                   direct(look->background)}
                                          : (struct terminal_look){-1, -1};
    }
    if (colors < 8 || colors >= DIRECT || !has_color(palette->definition))
        return;
    for (int i = 0; i < choice.count; i++) {
        uint32_t rgb = color_xterm(first + i);
        offers[i] = (struct offer){first + i, color_oklab(rgb), color_contrast(rgb, palette->page)};
    }
    reduce_to(palette, choice, looks);
}
