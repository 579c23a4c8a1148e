/*
 * export_raster.c - tests of pixels: coverage of shapes against areas known beforehand, and PNG
 * read back by a reader of its own (chunks, CRCs bit by bit, filters) on top of zlib's inflate.
 */
#include "tests/viz/figures_fixture.h"

#include <stdint.h>
#include <zlib.h>

#include "viz/export_font.h"
#include "viz/export_raster.h"
#include "viz/figure_draw.h"

static uint32_t pixel(const struct raster *raster, int x, int y) {
    const uint8_t *rgb = raster->rgb + ((size_t)y * (size_t)raster->width + (size_t)x) * 3;
    return (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
}

/* How much black there is on white, in pixels. */
static double black(const struct raster *raster) {
    double sum = 0;
    for (int i = 0; i < raster->width * raster->height; i++)
        sum += 1 - raster->rgb[3 * i] / 255.0;
    return sum;
}

static double black_of(struct drawing *drawing, double scale) {
    struct raster raster;
    struct sawb_error error;
    if (drawing_raster(drawing, scale, &raster, &error) < 0)
        fail_msg("%s", error.message);
    double sum = black(&raster);
    raster_free(&raster);
    drawing_free(drawing);
    return sum;
}

static void check_near(double found, double expected, double room) {
    if (!(fabs(found - expected) <= room))
        fail_msg("%g is not within %g of %g", found, room, expected);
}

/* Rectangles end at whole pixels: three that touch cover what one does, with no seam. */
static void test_rectangles(void **state) {
    (void)state;
    struct drawing drawing = drawing_begin(40, 10, 0xffffff);
    struct raster raster;
    drawing_rectangle(&drawing, 1.3, 2, 10.4, 4, 0);
    drawing_rectangle(&drawing, 11.7, 2, 10.4, 4, 0);
    drawing_rectangle(&drawing, 22.1, 2, 10.4, 4, 0);
    drawing_rectangle(&drawing, 35, 0, 0.01, 1, 0); /* at least a pixel */
    drawing_rectangle(&drawing, -50, -50, 20, 20, 0);
    drawing_rectangle(&drawing, 38, 8, 1e9, 1e9, 0xff0000);
    assert_int_equal(drawing_raster(&drawing, 1, &raster, NULL), 0);
    for (int x = 1; x < 32; x++)
        assert_int_equal(pixel(&raster, x, 3), 0);
    assert_int_equal(pixel(&raster, 0, 3), 0xffffff);
    assert_int_equal(pixel(&raster, 35, 0), 0);
    assert_int_equal(pixel(&raster, 39, 9), 0xff0000);
    assert_int_equal(pixel(&raster, 0, 0), 0xffffff);
    raster_free(&raster);
    drawing_free(&drawing);
}

static void test_coverage(void **state) {
    (void)state;
    const double pi = acos(-1);
    struct drawing drawing = drawing_begin(60, 60, 0xffffff);
    drawing_dot(&drawing, 30.3, 29.6, 20, 0);
    check_near(black_of(&drawing, 1), pi * 100, 2);
    drawing = drawing_begin(60, 60, 0xffffff);
    drawing_segment(&drawing, 10, 15, 50, 45, 4, 0); /* 50 long, with round ends */
    check_near(black_of(&drawing, 2), 4 * (50 * 4 + pi * 4), 8);
    drawing = drawing_begin(60, 60, 0xffffff);
    drawing_segment(&drawing, 10.2, 15, 50.2, 45, 0.5, 0); /* thin, not thick */
    check_near(black_of(&drawing, 1), 50 * 0.5, 4);
    drawing = drawing_begin(60, 60, 0xffffff);
    drawing_polygon(&drawing, (const double[]){10, 10, 50, 10, 30, 50}, 3, 0);
    check_near(black_of(&drawing, 1), 800, 3);
    drawing = drawing_begin(60, 60, 0xffffff);
    drawing_polygon(&drawing, (const double[]){30, 50, 50, 10, 10, 10}, 3, 0); /* the other way */
    check_near(black_of(&drawing, 1), 800, 3);
}

/* Joints and crossings are no darker than the line; gaps and dashes are empty. */
static void test_lines(void **state) {
    (void)state;
    const double line[] = {5, 10, 25, 10, 45, 10},
                 gap[] = {5, 10, 20, 10, NAN, NAN, 30, 10, 45, 10};
    struct drawing drawing = drawing_begin(50, 20, 0xffffff);
    struct raster raster;
    drawing_line(&drawing, line, 3, 1, 0, 0);
    assert_int_equal(drawing_raster(&drawing, 1, &raster, NULL), 0);
    assert_int_equal(pixel(&raster, 15, 10), pixel(&raster, 25, 10));
    raster_free(&raster);
    drawing_free(&drawing);
    drawing = drawing_begin(50, 20, 0xffffff);
    drawing_line(&drawing, gap, 5, 2, 0, 0);
    assert_int_equal(drawing_raster(&drawing, 1, &raster, NULL), 0);
    assert_int_equal(pixel(&raster, 15, 10), 0);
    assert_int_equal(pixel(&raster, 25, 10), 0xffffff);
    assert_int_equal(pixel(&raster, 35, 10), 0);
    raster_free(&raster);
    drawing_free(&drawing);
    drawing = drawing_begin(50, 20, 0xffffff);
    drawing_line(&drawing, line, 3, 1, 5, 0); /* half of 40, and round ends */
    check_near(black_of(&drawing, 4), 16 * (20 + 4 * acos(-1) / 4), 24);
}

static double black_of_text(const char *text, const struct lettering *lettering, double scale) {
    struct drawing drawing = drawing_begin(100, 100, 0xffffff);
    drawing_text(&drawing, 50, 50, lettering, text);
    return black_of(&drawing, scale);
}

/* Letters turn about their anchor, and bold ones are darker. */
static void test_text(void **state) {
    (void)state;
    struct lettering plain = {.size = 20}, turned = {.size = 20, .angle = 90},
                     bold = {.size = 20, .bold = 1};
    double ink = black_of_text("Film", &plain, 1);
    assert_true(ink > 50);
    check_near(black_of_text("Film", &turned, 1), ink, ink * 0.05);
    assert_true(black_of_text("Film", &bold, 1) > 1.2 * ink);
    check_near(black_of_text("Film", &plain, 2), 4 * ink, 0.6 * ink);
    assert_true(black_of_text("", &plain, 1) == 0);
    /* The anchor: nothing stands on the wrong side of it. */
    for (int anchor = ANCHOR_START; anchor <= ANCHOR_END; anchor++) {
        struct drawing drawing = drawing_begin(100, 100, 0xffffff);
        struct lettering lettering = {.size = 20, .anchor = (enum anchor)anchor};
        struct raster raster;
        double left = 0, right = 0;
        drawing_text(&drawing, 50, 50, &lettering, "oxo");
        assert_int_equal(drawing_raster(&drawing, 1, &raster, NULL), 0);
        for (int y = 0; y < 100; y++)
            for (int x = 0; x < 100; x++)
                *(x < 50 ? &left : &right) += 255 - raster.rgb[3 * (y * 100 + x)];
        assert_true(anchor == ANCHOR_START ? left < right * 0.05
                    : anchor == ANCHOR_END ? right < left * 0.05
                                           : fabs(left - right) < 0.1 * left);
        raster_free(&raster);
        drawing_free(&drawing);
    }
}

/* Every character leaves ink, those that are not drawn a box with their code. */
static void test_letters(void **state) {
    (void)state;
    struct lettering lettering = {.size = 20};
    char text[8];
    double boxes[3];
    for (int code = '!'; code < 0x250; code++) {
        if (code >= 0x7f && code <= 0xa0)
            continue;
        int length = code < 0x80 ? 1 : 2;
        text[0] = (char)(code < 0x80 ? code : 0xc0 | code >> 6);
        text[1] = (char)(0x80 | (code & 0x3f));
        text[length] = '\0';
        if (!(black_of_text(text, &lettering, 1) > 2))
            fail_msg("U+%04X leaves no ink", (unsigned)code);
        double width = font_trace(NULL, text, 0);
        assert_true(width > 0.15 && width < 1.2);
    }
    assert_true(font_trace(NULL, "", 0) == 0);
    assert_true(black_of_text(" ", &lettering, 1) == 0);
    boxes[0] = black_of_text("\xe7\x8c\xab", &lettering, 1);
    boxes[1] = black_of_text("\xe7\x8b\x97", &lettering, 1);
    boxes[2] = black_of_text("\xf0\x9f\x98\x80", &lettering, 1);
    assert_true(boxes[0] != boxes[1] && boxes[1] != boxes[2]);
    /* Composed and decomposed are the same; the dot of i makes way. */
    assert_true(black_of_text("\xc3\xa9", &lettering, 1) ==
                black_of_text("e\xcc\x81", &lettering, 1));
    assert_true(black_of_text("\xc3\xae", &lettering, 1) ==
                black_of_text("i\xcc\x82", &lettering, 1));
    assert_true(black_of_text("\xc3\xa9", &lettering, 1) > black_of_text("e", &lettering, 1) + 3);
    /* Bytes that are no characters are question marks. */
    assert_true(black_of_text("\xff", &lettering, 1) == black_of_text("?", &lettering, 1));
    /* In a grid a character takes its columns, whatever it is. */
    assert_true(fabs(font_trace(NULL, "iW\xe7\x8c\xab.", 0.5) - 2.5) < 1e-9);
}

/* ---- PNG ------------------------------------------------------------------------------------- */

static uint32_t number_at(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t check_of(const uint8_t *bytes, size_t count) {
    uint32_t check = 0xffffffff;
    for (size_t i = 0; i < count; i++) {
        check ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            check = check & 1 ? check >> 1 ^ 0xedb88320 : check >> 1;
    }
    return ~check;
}

struct picture {
    struct raster raster;
    char texts[1024]; /* keyword=text; of the iTXt chunks */
    uint32_t density;
};

static void read_pixels(struct picture *picture, const uint8_t *data, size_t size) {
    size_t bytes = (size_t)picture->raster.width * 3;
    uLongf length = (uLongf)((bytes + 1) * (size_t)picture->raster.height);
    uint8_t *rows = malloc(length);
    assert_non_null(rows);
    assert_int_equal(uncompress(rows, &length, data, (uLong)size), Z_OK);
    assert_int_equal(length, (bytes + 1) * (size_t)picture->raster.height);
    picture->raster.rgb = calloc(bytes, (size_t)picture->raster.height);
    assert_non_null(picture->raster.rgb);
    for (int y = 0; y < picture->raster.height; y++) {
        const uint8_t *row = rows + (size_t)y * (bytes + 1);
        uint8_t *here = picture->raster.rgb + (size_t)y * bytes;
        assert_int_equal(row[0], 2); /* up */
        for (size_t i = 0; i < bytes; i++)
            here[i] = (uint8_t)(row[1 + i] + (y > 0 ? here[i - bytes] : 0));
    }
    free(rows);
}

static void read_png(struct picture *picture, const char *data, size_t size) {
    const uint8_t *at = (const uint8_t *)data + 8, *end = (const uint8_t *)data + size;
    char last[5] = "";
    memset(picture, 0, sizeof(*picture));
    assert_memory_equal(data, "\x89PNG\r\n\x1a\n", 8);
    while (at < end) {
        uint32_t length = number_at(at);
        const uint8_t *body = at + 8;
        assert_true(length < size && body + length + 4 <= end);
        assert_int_equal(check_of(at + 4, length + 4), number_at(body + length));
        memcpy(last, at + 4, 4);
        if (strcmp(last, "IHDR") == 0) {
            picture->raster.width = (int)number_at(body);
            picture->raster.height = (int)number_at(body + 4);
            assert_memory_equal(body + 8, "\x08\x02\0\0\0", 5);
        } else if (strcmp(last, "pHYs") == 0) {
            picture->density = number_at(body);
        } else if (strcmp(last, "iTXt") == 0) {
            size_t keyword = strlen((const char *)body), used = strlen(picture->texts);
            assert_memory_equal(body + keyword, "\0\0\0\0\0", 5);
            snprintf(picture->texts + used, sizeof(picture->texts) - used, "%s=%.*s;", body,
                     (int)(length - keyword - 5), body + keyword + 5);
        } else if (strcmp(last, "IDAT") == 0) {
            read_pixels(picture, body, length);
        }
        at = body + length + 4;
    }
    assert_ptr_equal(at, end);
    assert_string_equal(last, "IEND");
}

static void test_png(void **state) {
    (void)state;
    struct figure figure = {0};
    struct palette palette;
    struct picture picture;
    char *data;
    size_t size;
    figure_of_all(&figure);
    for (int scale = 1; scale <= 2; scale++) {
        struct export_options options = export_usual();
        struct raster raster;
        options.scale = scale;
        palette_make(&palette, options.palette);
        assert_int_equal(
            figure_print(&figure, export_format_find("a.png", NULL), &options, &data, &size, NULL),
            0);
        read_png(&picture, data, size);
        struct drawing drawing = figure_draw(&figure, &palette);
        assert_int_equal(drawing_raster(&drawing, scale, &raster, NULL), 0);
        assert_int_equal(picture.raster.width, raster.width);
        assert_int_equal(picture.raster.height, raster.height);
        assert_memory_equal(picture.raster.rgb, raster.rgb,
                            (size_t)raster.width * (size_t)raster.height * 3);
        assert_string_equal(picture.texts, "Title=layer 1 head 2;sawb pattern B=topk(80%);"
                                           "sawb sentence=a fine film\nof 90 %;");
        assert_true(abs((int)picture.density - 3780 * scale) <= scale);
        raster_free(&raster);
        raster_free(&picture.raster);
        drawing_free(&drawing);
        free(data);
    }
    figure_free(&figure);
}

static void test_size(void **state) {
    (void)state;
    struct drawing drawing = drawing_begin(1000, 1000, 0);
    struct raster raster;
    struct sawb_error error;
    assert_int_equal(drawing_raster(&drawing, 10.01, &raster, &error), -1);
    assert_non_null(strstr(error.message, "too large"));
    assert_int_equal(drawing_raster(&drawing, 1e300, &raster, &error), -1);
    assert_int_equal(drawing_raster(&drawing, 0, &raster, &error), -1);
    drawing.failed = 1;
    assert_int_equal(drawing_raster(&drawing, 0.01, &raster, &error), -1);
    assert_non_null(strstr(error.message, "memory"));
    drawing_free(&drawing);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_rectangles), cmocka_unit_test(test_coverage),
    cmocka_unit_test(test_lines),      cmocka_unit_test(test_text),
    cmocka_unit_test(test_letters),    cmocka_unit_test(test_png),
    cmocka_unit_test(test_size),
};

TEST_GROUP(tests_viz_export_raster, tests);
