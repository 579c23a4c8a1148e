/*
 * unicode.c - tests of core/text/unicode: decoding against the Unicode standard's own table of what
 * is well-formed (3-7), properties of single code points by hand.
 */
#include "core/text/unicode.h"

#include <string.h>

#include "tests/test.h"

static void test_decodes_first_and_last_of_each_length(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int bytes;
        int32_t code_point;
    } cases[] = {
        {"\x7f", 1, 0x7f},
        {"\xc2\x80", 2, 0x80},
        {"\xdf\xbf", 2, 0x7ff},
        {"\xe0\xa0\x80", 3, 0x800},
        {"\xed\x9f\xbf", 3, 0xd7ff},
        {"\xee\x80\x80", 3, 0xe000},
        {"\xef\xbf\xbf", 3, 0xffff},
        {"\xf0\x90\x80\x80", 4, 0x10000},
        {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int32_t code_point = -1;
        char back[UNICODE_BYTES_MAX];
        assert_int_equal(unicode_decode(cases[i].text, strlen(cases[i].text), &code_point),
                         cases[i].bytes);
        assert_int_equal(code_point, cases[i].code_point);
        assert_int_equal(unicode_encode(code_point, back), cases[i].bytes);
        assert_memory_equal(back, cases[i].text, (size_t)cases[i].bytes);
    }
    int32_t code_point = -1;
    assert_int_equal(unicode_decode("\0", 1, &code_point), 1);
    assert_int_equal(code_point, 0);
    assert_int_equal(unicode_decode("a", 0, &code_point), 0);
}

static void test_names_the_byte_that_is_not_utf8(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        const char *fault;
    } cases[] = {
        {"ab\x80", 3, "byte 2 (0x80)"},                  /* a trailing byte alone */
        {"a\xc3", 2, "byte 1 (0xc3)"},                   /* cut off */
        {"\xe4\xbd", 2, "byte 0 (0xe4)"},                /* cut off */
        {"\xf0\x9f\x98", 3, "byte 0 (0xf0)"},            /* cut off */
        {"\xc0\xaf", 2, "byte 0 (0xc0)"},                /* longer than need be */
        {"\xe0\x80\xaf", 3, "byte 0 (0xe0)"},            /* longer than need be */
        {"\xf0\x80\x80\xaf", 4, "byte 0 (0xf0)"},        /* longer than need be */
        {"\xed\xa0\x80", 3, "byte 0 (0xed)"},            /* half a surrogate pair */
        {"\xf4\x90\x80\x80", 4, "byte 0 (0xf4)"},        /* beyond U+10FFFF */
        {"\xff", 1, "byte 0 (0xff)"},                    /* never in UTF-8 */
        {"\xc3\xa9\xc3\xa9 x\xc3(", 8, "byte 6 (0xc3)"}, /* after some that are fine */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sawb_error error;
        assert_int_equal(unicode_validate(cases[i].text, cases[i].length, &error), -1);
        assert_non_null(strstr(error.message, cases[i].fault));
    }
    struct sawb_error error;
    assert_int_equal(unicode_validate("", 0, &error), 0);
    assert_int_equal(unicode_validate("a\0\xc3\xa9\xf0\x9f\x98\x80", 8, &error), 0);
}

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void check_all(const int32_t *code_points, size_t count, int (*question)(int32_t),
                      int answer) {
    for (size_t i = 0; i < count; i++)
        if (question(code_points[i]) != answer)
            fail_msg("U+%04X", (unsigned)code_points[i]);
}

static void test_classes(void **state) {
    (void)state;
    static const int32_t white[] = {' ', '\t', '\n', '\r', 0xa0, 0x2003, 0x2028, 0x2029, 0x3000};
    static const int32_t control[] = {0,    1,    0xb,    0xc,    0x1b,   0x7f,
                                      0x85, 0xad, 0x200b, 0x200d, 0xfeff, 0xe000};
    static const int32_t signs[] = {'!', '$', '+', '<',  '=',    '>',    '^',   '`',
                                    '|', '~', '_', 0xa1, 0x2014, 0x2026, 0x3002};
    static const int32_t ideographs[] = {0x3400,  0x4dbf,  0x4e00,  0x9fff,  0xf900,  0xfaff,
                                         0x20000, 0x2a6df, 0x2a700, 0x2b73f, 0x2b740, 0x2b81f,
                                         0x2b920, 0x2ceaf, 0x2f800, 0x2fa1f};
    static const int32_t letters[] = {'a',   'Z',    '0',     0xe9,   0x3042, 0x30ab,  0xac00,
                                      0x301, 0x20ac, 0x1f600, 0x33ff, 0x4dc0, 0x2b820, 0x2ceb0};
    int (*const questions[])(int32_t) = {unicode_is_whitespace, unicode_is_control,
                                         unicode_is_punctuation, unicode_is_cjk};
    for (size_t q = 0; q < LENGTH(questions); q++) {
        check_all(white, LENGTH(white), questions[q], q == 0);
        check_all(control, LENGTH(control), questions[q], q == 1);
        check_all(signs, LENGTH(signs), questions[q], q == 2);
        check_all(ideographs, LENGTH(ideographs), questions[q], q == 3);
        check_all(letters, LENGTH(letters), questions[q], 0);
    }
}

static void check_fold(int32_t code_point, int lower_case, int strip_accents, int count,
                       int32_t first, int32_t second) {
    int32_t folded[UNICODE_FOLD_MAX];
    assert_int_equal(unicode_fold(code_point, lower_case, strip_accents, folded), count);
    if (count > 0)
        assert_int_equal(folded[0], first);
    if (count > 1)
        assert_int_equal(folded[1], second);
}

static void test_folds(void **state) {
    (void)state;
    check_fold('A', 1, 1, 1, 'a', 0);
    check_fold('A', 0, 1, 1, 'A', 0);
    check_fold(0xc9, 1, 1, 1, 'e', 0); /* E with acute */
    check_fold(0xc9, 1, 0, 1, 0xe9, 0);
    check_fold(0xc9, 0, 1, 1, 'E', 0);
    check_fold(0xc9, 0, 0, 1, 0xc9, 0);
    check_fold(0x301, 1, 1, 0, 0, 0); /* the accent itself */
    check_fold(0x301, 1, 0, 1, 0x301, 0);
    check_fold(0x130, 1, 1, 1, 'i', 0); /* I with dot */
    check_fold(0x130, 1, 0, 2, 'i', 0x307);
    check_fold(0x1fa7, 1, 1, 1, 0x3c9, 0);       /* omega with three marks */
    check_fold(0xac00, 1, 1, 2, 0x1100, 0x1161); /* a hangul syllable */
    check_fold(0xdf, 1, 1, 1, 0xdf, 0);          /* sharp s */
    check_fold(0xfb01, 1, 1, 1, 0xfb01, 0);      /* the fi ligature is no canonical equivalent */
}

static void test_no_fold_overruns(void **state) {
    (void)state;
    for (int32_t code_point = 0; code_point < 0x110000; code_point++) {
        if (code_point >= 0xd800 && code_point < 0xe000)
            continue;
        int32_t folded[UNICODE_FOLD_MAX + 1];
        folded[UNICODE_FOLD_MAX] = -7;
        int count = unicode_fold(code_point, 1, 1, folded);
        assert_in_range(count, 0, UNICODE_FOLD_MAX);
        assert_int_equal(folded[UNICODE_FOLD_MAX], -7);
        char encoded[UNICODE_BYTES_MAX];
        for (int i = 0; i < count; i++)
            assert_in_range(unicode_encode(folded[i], encoded), 1, UNICODE_BYTES_MAX);
    }
}

static void test_widths(void **state) {
    (void)state;
    assert_int_equal(unicode_width('a'), 1);
    assert_int_equal(unicode_width(0xe9), 1);
    assert_int_equal(unicode_width(0x301), 0);
    assert_int_equal(unicode_width(0x4e00), 2);
    assert_int_equal(unicode_width(0x1f600), 2);
    assert_int_equal(unicode_width(0x200d), 0);
    assert_int_equal(unicode_width('\n'), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_decodes_first_and_last_of_each_length),
    cmocka_unit_test(test_names_the_byte_that_is_not_utf8),
    cmocka_unit_test(test_classes),
    cmocka_unit_test(test_folds),
    cmocka_unit_test(test_no_fold_overruns),
    cmocka_unit_test(test_widths),
};

TEST_GROUP(tests_text_unicode, tests);
