/*
 * palette.c - tests of the looks: the lightness of the ramps (CIELAB, from sRGB, white D65), and
 * what is told apart by hue under simulated colour blindness (the matrices of Machado, Oliveira and
 * Fernandes 2009, "A Physiologically-based Model for Simulation of Color Vision Deficiency",
 * severity 1.0, on linear RGB).
 */
#include "tests/viz/drawing.h"

#include <math.h>

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

static double lightness(int colour) {
    return lab_of(palette_rgb(colour), 0).l;
}

/* The palettes that have colours. */
static const struct palette *coloured(int index) {
    const struct palette *palette = palette_get(index);
    return palette && strcmp(palette->name, "none") != 0 ? palette : NULL;
}

static void test_lookup(void **state) {
    (void)state;
    assert_string_equal(palette_get(0)->name, "dark");
    for (int i = 0; palette_get(i); i++)
        assert_ptr_equal(palette_find(palette_get(i)->name), palette_get(i));
    assert_non_null(palette_find("light"));
    assert_non_null(palette_find("none"));
    assert_null(palette_find("plaid"));
    assert_null(palette_get(-1));
    assert_null(palette_get(1000));
}

static void test_rgb(void **state) {
    (void)state;
    assert_int_equal(palette_rgb(16), 0x000000);
    assert_int_equal(palette_rgb(231), 0xffffff);
    assert_int_equal(palette_rgb(208), 0xff8700);
    assert_int_equal(palette_rgb(25), 0x005faf);
    assert_int_equal(palette_rgb(232), 0x080808);
    assert_int_equal(palette_rgb(255), 0xeeeeee);
    assert_int_equal(palette_rgb(9), 0xff0000);
    assert_int_equal(palette_rgb(-1), 0);
    assert_int_equal(palette_rgb(256), 0);
    /* The oracle itself: white is 100, middle grey about 53.6. */
    assert_true(fabs(lightness(231) - 100) < 0.01);
    assert_true(fabs(lab_of(0x808080, 0).l - 53.59) < 0.05);
}

static void test_weights_are_ordered(void **state) {
    (void)state;
    for (int i = 0; coloured(i); i++) {
        const struct look *ramp = coloured(i)->looks + MEANING_WEIGHT;
        double direction =
            lightness(ramp[RAMP_STEPS - 1].foreground) > lightness(ramp[0].foreground) ? 1 : -1;
        /* More weight is further from the page. */
        assert_true((lab_of(coloured(i)->page, 0).l < 50) == (direction > 0));
        for (int k = 1; k < RAMP_STEPS; k++) {
            double step =
                (lightness(ramp[k].foreground) - lightness(ramp[k - 1].foreground)) * direction;
            if (!(step > 0.4 && step < 12.5))
                fail_msg("%s: step %d of the weights is %.1f", coloured(i)->name, k, step);
            double step_8 =
                (lightness(ramp[k].foreground_8) - lightness(ramp[k - 1].foreground_8)) * direction;
            assert_true(step_8 >= 0);
        }
        assert_true(direction * (lightness(ramp[RAMP_STEPS - 1].foreground) -
                                 lightness(ramp[0].foreground)) >
                    60);
    }
}

/* What the ground of a step of the differences looks like: its background, or the page's. */
static uint32_t ground(const struct palette *palette, int step) {
    int colour = palette->looks[MEANING_DIFFERENCE + step].background;
    return colour >= 0 ? palette_rgb(colour) : palette->page;
}

static void test_differences_are_ordered(void **state) {
    (void)state;
    for (int i = 0; coloured(i); i++) {
        const struct palette *palette = coloured(i);
        double page = lab_of(palette->page, 0).l;
        int half = RAMP_STEPS / 2;
        for (int k = 1; k < half; k++) {
            double a = fabs(lab_of(ground(palette, half - 1 - k), 0).l - page);
            double a_before = fabs(lab_of(ground(palette, half - k), 0).l - page);
            double b = fabs(lab_of(ground(palette, half + k), 0).l - page);
            double b_before = fabs(lab_of(ground(palette, half + k - 1), 0).l - page);
            assert_true(a >= a_before && b >= b_before);
            assert_true(k < 3 || (a > a_before && b > b_before));
        }
        assert_int_equal(palette->looks[MEANING_DIFFERENCE + half].background, -1);
        assert_int_equal(palette->looks[MEANING_DIFFERENCE + half - 1].background, -1);
    }
}

static void check_apart(const struct palette *palette, const char *what, uint32_t one,
                        uint32_t other, double least) {
    for (int kind = 0; kind < 4; kind++)
        if (distance(one, other, kind) < least)
            fail_msg("%s, %s: %s are %.1f apart, less than %.0f", palette->name, sight_names[kind],
                     what, distance(one, other, kind), least);
}

static uint32_t ink(const struct palette *palette, int meaning) {
    return palette_rgb(palette->looks[meaning].foreground);
}

static void test_told_apart(void **state) {
    (void)state;
    for (int i = 0; coloured(i); i++) {
        const struct palette *palette = coloured(i);
        check_apart(palette, "A and B", ink(palette, MEANING_ACCENT_A),
                    ink(palette, MEANING_ACCENT_B), 40);
        check_apart(palette, "positive and negative", ink(palette, MEANING_POSITIVE),
                    ink(palette, MEANING_NEGATIVE), 25);
        for (int k = 2; k < RAMP_STEPS / 2; k++)
            check_apart(palette, "the sides of the differences",
                        ground(palette, RAMP_STEPS / 2 - 1 - k),
                        ground(palette, RAMP_STEPS / 2 + k), 30);
    }
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

static void test_readable(void **state) {
    (void)state;
    for (int i = 0; coloured(i); i++) {
        const struct palette *palette = coloured(i);
        for (int meaning = 0; meaning < MEANING_COUNT; meaning++) {
            const struct look *look = &palette->looks[meaning];
            uint32_t text = look->foreground >= 0 ? palette_rgb(look->foreground) : palette->ink;
            uint32_t back = look->background >= 0 ? palette_rgb(look->background) : palette->page;
            int is_quiet = meaning == MEANING_BLOCKED || meaning >= MEANING_WEIGHT;
            double least = meaning >= MEANING_DIFFERENCE && look->background >= 0 ? 3.5
                           : is_quiet                                             ? 1.25
                                                                                  : 4;
            if (contrast(text, back) < least)
                fail_msg("%s: meaning %d has a contrast of %.2f", palette->name, meaning,
                         contrast(text, back));
        }
    }
}

static void test_numbers_in_range(void **state) {
    (void)state;
    for (int i = 0; palette_get(i); i++)
        for (int meaning = 0; meaning < MEANING_COUNT; meaning++) {
            const struct look *look = &palette_get(i)->looks[meaning];
            int is_none = !coloured(i);
            assert_in_range(look->foreground + 1, 0, is_none ? 0 : 256);
            assert_in_range(look->background + 1, 0, is_none ? 0 : 256);
            assert_in_range(look->foreground_8 + 1, 0, is_none ? 0 : 8);
            assert_in_range(look->background_8 + 1, 0, is_none ? 0 : 8);
        }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_lookup),
    cmocka_unit_test(test_rgb),
    cmocka_unit_test(test_weights_are_ordered),
    cmocka_unit_test(test_differences_are_ordered),
    cmocka_unit_test(test_told_apart),
    cmocka_unit_test(test_readable),
    cmocka_unit_test(test_numbers_in_range),
};

TEST_GROUP(tests_viz_palette, tests);
