/*
 * palette.c - tests of the looks in RGB and of what terminals of 256, 16 and 8 colours make of
 * them: the lightness of the ramps (CIELAB, from sRGB, white D65), and what is told apart by hue
 * under simulated colour blindness (the matrices of Machado, Oliveira and Fernandes 2009, "A
 * Physiologically-based Model for Simulation of Color Vision Deficiency", severity 1.0, on linear
 * RGB).
 */
#include "tests/viz/drawing.h"

#include <math.h>

#include "viz/color.h"
#include "viz/palette.h"

struct lab {
    double l, a, b;
};

static const double sight[4][3][3] = {
    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
    {{0.152286, 1.052583, -0.204868},
     {0.114503, 0.786281, 0.099216},
     {-0.003882, -0.048116, 1.051998}},
    {{0.367322, 0.860646, -0.227968},
     {0.280085, 0.672501, 0.047413},
     {-0.011820, 0.042940, 0.968881}},
    {{1.255528, -0.076749, -0.178779},
     {-0.078411, 0.930809, 0.147602},
     {0.004733, 0.691367, 0.303900}},
};
static const char *const sight_names[4] = {"common", "protanopia", "deuteranopia", "tritanopia"};

static double linear(unsigned byte) {
    double value = byte / 255.0;
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static double lab_curve(double t) {
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

static struct lab lab_of(uint32_t rgb, int kind) {
    double in[3] = {linear(rgb >> 16 & 255), linear(rgb >> 8 & 255), linear(rgb & 255)}, seen[3];
    for (int i = 0; i < 3; i++) {
        seen[i] = 0;
        for (int j = 0; j < 3; j++)
            seen[i] += sight[kind][i][j] * in[j];
        seen[i] = fmin(fmax(seen[i], 0), 1);
    }
    double x = 0.4124564 * seen[0] + 0.3575761 * seen[1] + 0.1804375 * seen[2];
    double y = 0.2126729 * seen[0] + 0.7151522 * seen[1] + 0.0721750 * seen[2];
    double z = 0.0193339 * seen[0] + 0.1191920 * seen[1] + 0.9503041 * seen[2];
    double fx = lab_curve(x / 0.95047), fy = lab_curve(y), fz = lab_curve(z / 1.08883);
    return (struct lab){116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)};
}

static double distance(uint32_t one, uint32_t other, int kind) {
    struct lab p = lab_of(one, kind), q = lab_of(other, kind);
    return sqrt((p.l - q.l) * (p.l - q.l) + (p.a - q.a) * (p.a - q.a) + (p.b - q.b) * (p.b - q.b));
}

static double lightness(uint32_t rgb) {
    return lab_of(rgb, 0).l;
}

/* A palette as a terminal of so many colours shows it, in RGB again. */
struct shown {
    const char *name;
    int colors;
    uint32_t page, foreground[MEANING_COUNT], background[MEANING_COUNT];
};

static uint32_t rgb_of(int number, int colors, uint32_t own) {
    return number < 0 ? own : colors > 256 ? (uint32_t)number : color_xterm(number);
}

static void show(struct shown *shown, int index, int colors) {
    struct palette palette;
    struct terminal_look looks[MEANING_COUNT];
    palette_make(&palette, index);
    palette_reduce(&palette, colors, looks);
    *shown = (struct shown){palette.name, colors, palette.page, {0}, {0}};
    for (int i = 0; i < MEANING_COUNT; i++) {
        shown->foreground[i] = rgb_of(looks[i].foreground, colors, palette.ink);
        shown->background[i] = rgb_of(looks[i].background, colors, palette.page);
    }
}

static const int color_counts[] = {1 << 24, 256, 16, 8};
#define COUNTS (sizeof(color_counts) / sizeof(color_counts[0]))

/* Calls `check` for every palette that has colours, on every terminal. */
static void for_each_shown(void (*check)(const struct shown *shown)) {
    struct shown shown;
    for (int i = 0; palette_name(i); i++) {
        if (strcmp(palette_name(i), "none") == 0)
            continue;
        for (size_t k = 0; k < COUNTS; k++) {
            show(&shown, i, color_counts[k]);
            check(&shown);
        }
    }
}

static void test_lookup(void **state) {
    (void)state;
    assert_string_equal(palette_name(0), "dark");
    for (int i = 0; palette_name(i); i++) {
        assert_int_equal(palette_find(palette_name(i)), i);
        assert_true(strlen(palette_help(i)) > 5);
    }
    assert_true(palette_find("LIGHT") > 0);
    assert_true(palette_find("contrast") > 0);
    assert_true(palette_find("none") > 0);
    assert_int_equal(palette_find("plaid"), -1);
    assert_null(palette_name(-1));
    assert_null(palette_name(1000));
    assert_null(palette_help(1000));
}

/* The oracle itself: white is 100, middle grey about 53.6; common sight changes nothing. */
static void test_oracle(void **state) {
    (void)state;
    assert_true(fabs(lightness(0xffffff) - 100) < 0.01);
    assert_true(fabs(lightness(0x808080) - 53.59) < 0.05);
    assert_true(distance(0xff0000, 0x00ff00, 0) > 150);
    assert_true(distance(0xa06000, 0x708000, 2) < 25); /* the classical confusion */
}

static void check_weights(const struct shown *shown) {
    const uint32_t *ramp = shown->foreground + MEANING_WEIGHT;
    double direction = lightness(ramp[RAMP_STEPS - 1]) > lightness(ramp[0]) ? 1 : -1;
    /* More weight is further from the page. */
    assert_true((lightness(shown->page) < 50) == (direction > 0));
    double low = shown->colors > 256 ? 2 : shown->colors == 256 ? 0.3 : -1;
    double high = shown->colors > 256 ? 7 : shown->colors == 256 ? 15 : 60;
    for (int kind = 0; kind < 4; kind++)
        for (int k = 1; k < RAMP_STEPS; k++) {
            double step = (lab_of(ramp[k], kind).l - lab_of(ramp[k - 1], kind).l) * direction;
            /* Simulated sight shifts lightness a little; few colours can only not turn back. */
            double least = kind && shown->colors > 256 ? 0.8 : kind ? -4 : low;
            if (kind && shown->colors < 256)
                continue;
            if (!(step >= least && step <= high * (kind ? 1.6 : 1)))
                fail_msg("%s, %d colours, %s: step %d of the weights is %.1f", shown->name,
                         shown->colors, sight_names[kind], k, step);
        }
    double range = direction * (lightness(ramp[RAMP_STEPS - 1]) - lightness(ramp[0]));
    if (range < (shown->colors < 256 ? 45 : 58))
        fail_msg("%s, %d colours: the weights span %.1f", shown->name, shown->colors, range);
}

static void test_weights_are_ordered(void **state) {
    (void)state;
    for_each_shown(check_weights);
}

/* Equal steps look equal: no step of a ramp is more than this many times another. */
#define EVEN 1.9

static void check_even(const char *name, const char *what, const uint32_t *colors, int count) {
    double least = INFINITY, most = 0;
    for (int k = 1; k < count; k++) {
        double step = color_distance(colors[k], colors[k - 1]);
        least = fmin(least, step);
        most = fmax(most, step);
    }
    if (most > EVEN * least)
        fail_msg("%s: steps of the %s are from %.3f to %.3f", name, what, least, most);
}

static void test_ramps_are_even(void **state) {
    (void)state;
    for (int i = 0; palette_name(i); i++) {
        struct palette palette;
        uint32_t colors[3][11];
        palette_make(&palette, i);
        for (int k = 0; k <= 10; k++) {
            colors[0][k] = palette_weight(&palette, k / 10.0);
            colors[1][k] = palette_difference(&palette, -k / 10.0 - 1e-9);
            colors[2][k] = palette_difference(&palette, k / 10.0);
        }
        check_even(palette.name, "weights", colors[0], 11);
        check_even(palette.name, "differences of A", colors[1], 11);
        check_even(palette.name, "differences of B", colors[2], 11);
        assert_int_equal(palette_weight(&palette, NAN), palette_weight(&palette, 0));
        assert_int_equal(palette_weight(&palette, 7), palette_weight(&palette, 1));
        assert_int_equal(palette_weight(&palette, -7), palette_weight(&palette, 0));
    }
}

static void check_differences(const struct shown *shown) {
    const uint32_t *grounds = shown->background + MEANING_DIFFERENCE;
    double page = lightness(shown->page);
    int half = RAMP_STEPS / 2;
    for (int k = 1; k < half; k++) {
        double a = fabs(lightness(grounds[half - 1 - k]) - page);
        double a_before = fabs(lightness(grounds[half - k]) - page);
        double b = fabs(lightness(grounds[half + k]) - page);
        double b_before = fabs(lightness(grounds[half + k - 1]) - page);
        if (shown->colors >= 256) {
            if (!(a >= a_before && b >= b_before) ||
                (k > 2 && shown->colors > 256 && !(a > a_before && b > b_before)))
                fail_msg("%s, %d colours: differences turn back at %d", shown->name, shown->colors,
                         k);
        }
    }
    assert_int_equal(grounds[half], shown->page);
    assert_int_equal(grounds[half - 1], shown->page);
}

static void test_differences_are_ordered(void **state) {
    (void)state;
    for_each_shown(check_differences);
}

static void check_apart(const struct shown *shown, const char *what, uint32_t one, uint32_t other,
                        double least) {
    for (int kind = 0; kind < 4; kind++)
        if (distance(one, other, kind) < least)
            fail_msg("%s, %d colours, %s: %s are %.1f apart, less than %.0f (%06x %06x)",
                     shown->name, shown->colors, sight_names[kind], what,
                     distance(one, other, kind), least, one, other);
}

static void check_told_apart(const struct shown *shown) {
    const uint32_t *ink = shown->foreground, *ground = shown->background + MEANING_DIFFERENCE;
    int few = shown->colors < 256, half = RAMP_STEPS / 2;
    check_apart(shown, "A and B", ink[MEANING_ACCENT_A], ink[MEANING_ACCENT_B], few ? 30 : 38);
    check_apart(shown, "positive and negative", ink[MEANING_POSITIVE], ink[MEANING_NEGATIVE],
                few ? 20 : 24);
    for (int k = 1; k < half; k++) {
        uint32_t a = ground[half - 1 - k], b = ground[half + k];
        if (a == shown->page || b == shown->page) {
            a = ink[MEANING_DIFFERENCE + half - 1 - k];
            b = ink[MEANING_DIFFERENCE + half + k];
        }
        check_apart(shown, "the sides of the differences", a, b, k < 3 ? 18 : 28);
    }
    /* A weight of nearly nothing, a pair that the mask removes, and no pair at all. */
    check_apart(shown, "blocked and the page", ink[MEANING_BLOCKED], shown->page, 20);
    check_apart(shown, "tiny and the page", ink[MEANING_WEIGHT], shown->page, 7);
}

static void test_told_apart(void **state) {
    (void)state;
    for_each_shown(check_told_apart);
}

/* The contrast of WCAG 2 between text and what it stands on. */
static double contrast(uint32_t one, uint32_t other) {
    double y[2];
    uint32_t colours[2] = {one, other};
    for (int i = 0; i < 2; i++)
        y[i] = 0.2126 * linear(colours[i] >> 16 & 255) + 0.7152 * linear(colours[i] >> 8 & 255) +
               0.0722 * linear(colours[i] & 255) + 0.05;
    return y[0] > y[1] ? y[0] / y[1] : y[1] / y[0];
}

static void check_readable(const struct shown *shown) {
    int high = strncmp(shown->name, "contrast", 8) == 0, few = shown->colors < 256;
    for (int meaning = 0; meaning < MEANING_COUNT; meaning++) {
        uint32_t ground = shown->background[meaning];
        int is_quiet = meaning == MEANING_BLOCKED || meaning >= MEANING_WEIGHT;
        double least = ground != shown->page ? 3.5 : is_quiet ? 1.15 : few ? 1.9 : high ? 7 : 4;
        if (contrast(shown->foreground[meaning], ground) < least)
            fail_msg("%s, %d colours: meaning %d has a contrast of %.2f", shown->name,
                     shown->colors, meaning, contrast(shown->foreground[meaning], ground));
    }
}

static void test_readable(void **state) {
    (void)state;
    for_each_shown(check_readable);
}

static void test_numbers_in_range(void **state) {
    (void)state;
    static const int counts[] = {0, 1, 2, 7, 8, 16, 88, 256, 32767};
    for (int i = 0; palette_name(i); i++)
        for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
            struct palette palette;
            struct terminal_look looks[MEANING_COUNT];
            palette_make(&palette, i);
            palette_reduce(&palette, counts[k], looks);
            int is_none = strcmp(palette.name, "none") == 0, count = counts[k];
            int most = is_none || count < 8 ? 0 : count > 256 ? 256 : count;
            for (int meaning = 0; meaning < MEANING_COUNT; meaning++) {
                assert_in_range(looks[meaning].foreground + 1, 0, most);
                assert_in_range(looks[meaning].background + 1, 0, most);
            }
        }
}

/* Whoever sees no colour sees text in four ways at least. */
static void test_none_has_attributes(void **state) {
    (void)state;
    struct palette palette;
    palette_make(&palette, palette_find("none"));
    for (int meaning = 0; meaning < MEANING_COUNT; meaning++) {
        assert_int_equal(palette.looks[meaning].foreground, COLOR_OWN);
        assert_int_equal(palette.looks[meaning].background, COLOR_OWN);
    }
    assert_int_equal(palette.looks[MEANING_SELECTED].reverse, 1);
    assert_int_equal(palette.looks[MEANING_ACCENT_A].bold, 1);
    assert_int_equal(palette.looks[MEANING_ACCENT_B].bold, 0);
    assert_int_equal(palette.looks[MEANING_BLOCKED].dim, 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_lookup),
    cmocka_unit_test(test_oracle),
    cmocka_unit_test(test_weights_are_ordered),
    cmocka_unit_test(test_ramps_are_even),
    cmocka_unit_test(test_differences_are_ordered),
    cmocka_unit_test(test_told_apart),
    cmocka_unit_test(test_readable),
    cmocka_unit_test(test_numbers_in_range),
    cmocka_unit_test(test_none_has_attributes),
};

TEST_GROUP(tests_viz_palette, tests);
