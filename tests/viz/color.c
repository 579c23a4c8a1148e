/*
 * color.c - tests of colours against values published with OKLab, and of the way there and back.
 */
#include "tests/test.h"

#include <math.h>

#include "viz/color.h"

static void check_lab(uint32_t rgb, double lightness, double a, double b) {
    struct oklab lab = color_oklab(rgb);
    assert_true(fabs(lab.lightness - lightness) < 1e-3);
    assert_true(fabs(lab.a - a) < 1e-3);
    assert_true(fabs(lab.b - b) < 1e-3);
}

/* As CSS Color 4 and its implementations give them. */
static void test_published_values(void **state) {
    (void)state;
    check_lab(0xffffff, 1, 0, 0);
    check_lab(0x000000, 0, 0, 0);
    check_lab(0xff0000, 0.6280, 0.2249, 0.1258);
    check_lab(0x00ff00, 0.8664, -0.2339, 0.1795);
    check_lab(0x0000ff, 0.4520, -0.0325, -0.3115);
    assert_int_equal(color_oklch(0.62796, 0.25768, 29.234), 0xff0000);
    assert_int_equal(color_oklch(0.45201, 0.31321, 264.052), 0x0000ff);
    assert_int_equal(color_oklch(1, 0, 0), 0xffffff);
    assert_int_equal(color_oklch(0, 0, 0), 0x000000);
}

/* What sRGB does not have becomes less colourful, not lighter or of another hue. */
static void test_gamut(void **state) {
    (void)state;
    for (int hue = 0; hue < 360; hue += 15)
        for (int step = 2; step < 10; step++) {
            struct oklab lab = color_oklab(color_oklch(step / 10.0, 0.5, hue));
            double found = atan2(lab.b, lab.a) * 180 / acos(-1);
            double turn = fabs(remainder(found - hue, 360));
            assert_true(fabs(lab.lightness - step / 10.0) < 0.012);
            assert_true(turn < 8 || hypot(lab.a, lab.b) < 0.03);
        }
}

static void test_there_and_back(void **state) {
    (void)state;
    for (uint32_t rgb = 0; rgb < 0x1000000; rgb += 0x1357) {
        struct oklab lab = color_oklab(rgb);
        uint32_t back =
            color_oklch(lab.lightness, hypot(lab.a, lab.b), atan2(lab.b, lab.a) * 180 / acos(-1));
        assert_int_equal(back, rgb);
        assert_int_equal(color_mix(rgb, 0x336699, 0), rgb);
        assert_int_equal(color_mix(0x336699, rgb, 1), rgb);
    }
}

static void test_contrast(void **state) {
    (void)state;
    assert_true(fabs(color_contrast(0xffffff, 0x000000) - 21) < 1e-9);
    assert_true(fabs(color_contrast(0x777777, 0xffffff) - 4.48) < 0.01);
    assert_true(fabs(color_distance(0x000000, 0xffffff) - 1) < 1e-3);
}

static void test_xterm(void **state) {
    (void)state;
    assert_int_equal(color_xterm(16), 0x000000);
    assert_int_equal(color_xterm(231), 0xffffff);
    assert_int_equal(color_xterm(208), 0xff8700);
    assert_int_equal(color_xterm(25), 0x005faf);
    assert_int_equal(color_xterm(232), 0x080808);
    assert_int_equal(color_xterm(255), 0xeeeeee);
    assert_int_equal(color_xterm(9), 0xff0000);
    assert_int_equal(color_xterm(-1), 0);
    assert_int_equal(color_xterm(256), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_published_values),
    cmocka_unit_test(test_gamut),
    cmocka_unit_test(test_there_and_back),
    cmocka_unit_test(test_contrast),
    cmocka_unit_test(test_xterm),
};

TEST_GROUP(tests_viz_color, tests);
