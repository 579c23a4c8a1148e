/*
 * data_filter.c - the language that chooses rows: every term, their combinations, its faults.
 */
#include "tui/app/data_filter.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

static const char *const names[] = {"NEGATIVE", "POSITIVE", "neutral"};
#define NAMES 3

static struct row_answer answer(int label, float confidence, float share, float loss) {
    return (struct row_answer){label, confidence, share, loss};
}

#define NOT_ASKED answer(-1, NAN, NAN, NAN)

/* 0: both right. 1: only A right. 2: both wrong, a flip too. 3: no gold label. 4: not asked. */
static struct row_facts rows[5];

static int setup(void **state) {
    (void)state;
    rows[0] = (struct row_facts){
        "a warm film", 0, 3, 1, {answer(1, 0.9f, 0.9f, 0.1f), answer(1, 0.75f, 0.75f, 0.3f)}};
    rows[1] = (struct row_facts){"The long, long story of a Cafe",
                                 1,
                                 7,
                                 0,
                                 {answer(0, 0.95f, 0.95f, 0.05f), answer(1, 0.6f, 0.4f, 0.9f)}};
    rows[2] = (struct row_facts){
        "good/bad", 2, 1, 0, {answer(1, 0.55f, 0.45f, 0.8f), answer(2, 0.5f, 0.3f, 1.2f)}};
    rows[3] = (struct row_facts){
        "not good (at all)", 3, 4, -1, {answer(1, 0.7f, 0.7f, NAN), answer(1, 0.99f, 0.99f, NAN)}};
    rows[4] = (struct row_facts){"caf\xc3\xa9 \xe7\x8c\xab", 4, 2, 1, {NOT_ASKED, NOT_ASKED}};
    return 0;
}

/* The rows an expression holds for, as digits. */
static const char *chosen(const char *expression) {
    static char digits[16];
    struct sawb_error error = {""};
    struct filter *filter;
    int count = 0;
    if (filter_parse(&filter, expression, names, NAMES, &error) < 0)
        fail_msg("%s", error.message);
    for (int i = 0; i < 5; i++)
        if (filter_holds(filter, &rows[i]))
            digits[count++] = (char)('0' + i);
    digits[count] = '\0';
    filter_free(filter);
    return digits;
}

static void test_terms(void **state) {
    (void)state;
    static const struct {
        const char *expression, *rows;
    } cases[] = {
        {"", "01234"},          {"  ", "01234"},     {"flips", "12"},         {"FLIPS", "12"},
        {"wrong", "12"},        {"wrong a", "2"},    {"wrong b", "12"},       {"right", "0"},
        {"right a", "01"},      {"right b", "0"},    {"gold=positive", "04"}, {"gold=POS", "04"},
        {"gold=neg", "12"},     {"gold=1", "04"},    {"gold=none", "3"},      {"gold=-1", "3"},
        {"gold!=none", "0124"}, {"a=negative", "1"}, {"b=neutral", "2"},      {"b!=2", "013"},
        {"len>2", "013"},       {"len>=3", "013"},   {"len<=1", "2"},         {"len=7", "1"},
        {"len!=7", "0234"},     {"len > 2", "013"},  {"row<2", "01"},         {"conf<0.6", "2"},
        {"conf<=0.6", "2"}, /* 0.6f is a little above 0.6 */
        {"conf_a>0.9", "1"},    {"conf_b>0.9", "3"}, {"delta<-0.3", "1"},     {"delta>0.2", "3"},
        {"change>0.2", "13"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(chosen(cases[i].expression), cases[i].rows) != 0)
            fail_msg("%s: %s, not %s", cases[i].expression, chosen(cases[i].expression),
                     cases[i].rows);
}

static void test_text(void **state) {
    (void)state;
    static const struct {
        const char *expression, *rows;
    } cases[] = {
        {"good", "23"},        {"GOOD", ""},        {"the", "1"}, /* either case */
        {"The", "1"},          {"THE", ""},         {"\"not good\"", "3"},
        {"'not good'", "3"},   {"\"(at\"", "3"},    {"\"flips\"", ""},
        {"a", "01234"},                        /* the term needs a sign after it */
        {"/^the/", "1"},       {"/^the", "1"}, /* the last slash may be left out */
        {"/^The/", "1"},       {"/^THE/", ""},      {"/(long,? ?){2}/", "1"},
        {"/good\\/bad/", "2"}, {"/g..d$/", ""},     {"/b.d$/", "2"},
        {"\xe7\x8c\xab", "4"}, {"good /bad/", "2"}, {"long story", "1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(chosen(cases[i].expression), cases[i].rows) != 0)
            fail_msg("%s: %s, not %s", cases[i].expression, chosen(cases[i].expression),
                     cases[i].rows);
}

/* In a UTF-8 locale, as the program sets it. */
static void test_point_is_a_character(void **state) {
    (void)state;
    char *before = strdup(setlocale(LC_CTYPE, NULL));
    assert_non_null(before);
    int there = setlocale(LC_CTYPE, "C.UTF-8") != NULL;
    if (there) {
        assert_string_equal(chosen("/caf. /"), "4");
        assert_string_equal(chosen("/CAF\xc3\x89/"), "");
    }
    setlocale(LC_CTYPE, before);
    free(before);
    if (!there)
        skip();
}

static void test_combined(void **state) {
    (void)state;
    static const struct {
        const char *expression, *rows;
    } cases[] = {
        {"flips wrong a", "2"},         {"flips and wrong a", "2"},     {"flips len>2", "1"},
        {"flips or gold=none", "123"},  {"not flips", "034"},           {"not not flips", "12"},
        {"not (flips or len=2)", "03"}, {"flips or good len=4", "123"}, /* and binds tighter */
        {"(flips or good) len=4", "3"}, {"wrong b a=negative", "1"}, /* the a is a term of its own
                                                                      */
        {"wrong a=negative", "1"},      {"wrong a =negative", "1"},     {"(wrong a)", "2"},
        {"right b or wrong b", "012"},  {"not wrong a", "0134"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(chosen(cases[i].expression), cases[i].rows) != 0)
            fail_msg("%s: %s, not %s", cases[i].expression, chosen(cases[i].expression),
                     cases[i].rows);
}

/* Each fault is told with the column it is at. */
static void test_faults(void **state) {
    (void)state;
    static const struct {
        const char *expression, *column, *part;
    } cases[] = {
        {"flips len>x", "column 11", "a number is needed"},
        {"len>", "column 5", "a number is needed"},
        {"len>3x", "column 5", "a number is needed"},
        {"gold=great", "column 6", "the labels are NEGATIVE, POSITIVE, neutral, or none"},
        {"gold=n", "column 6", "no such label"}, /* NEGATIVE and neutral */
        {"gold<positive", "column 5", "labels are compared with = or !="},
        {"length>3", "column 1", "no such term"},
        {"(flips", "column 1", "never closed"},
        {"flips)", "column 6", "never opened"},
        {"flips or", "column 9", "a term is missing"},
        {"or flips", "column 1", "a term is missing"},
        {"not", "column 4", "a term is missing"},
        {"()", "column 2", "a term is missing"},
        {"\"good", "column 1", "never closed"},
        {"flips /", "column 7", "a regular expression is missing"},
        {"/a(/", "column 1", "nmatched"},
        {"/(a)\\1/", "column 1", "references back"},
        {"/((a{90}){90}){90}/", "column 1", "repetitions"},
        {"/a++++++++++++++++++++++++++++/", "column 1", "repetitions"},
        {"/a\?\?\?\?/", "column 1", "repetitions"},
        {"/([b]{40}+){60}/", "column 1", "repetitions"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sawb_error error = {""};
        struct filter *filter = (struct filter *)&error;
        assert_int_equal(filter_parse(&filter, cases[i].expression, names, NAMES, &error), -1);
        assert_null(filter);
        if (!strstr(error.message, cases[i].column) || !strstr(error.message, cases[i].part))
            fail_msg("%s: \"%s\"", cases[i].expression, error.message);
    }
}

static char *repeated(const char *text, int times) {
    char *long_text = calloc((size_t)times, strlen(text) + 1);
    assert_non_null(long_text);
    for (int i = 0; i < times; i++)
        strcat(long_text + (size_t)i * strlen(text), text);
    return long_text;
}

/* Neither depth nor length can use up the stack. */
static void test_limits(void **state) {
    (void)state;
    static const char *const parts[] = {"(", "not ", "a ", "a or "};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct sawb_error error = {""};
        struct filter *filter;
        char *text = repeated(parts[i], 5000);
        assert_int_equal(filter_parse(&filter, text, names, NAMES, &error), -1);
        assert_non_null(strstr(error.message, i < 2 ? "nested too deep" : "too many terms"));
        free(text);
    }
}

static void test_needs_answers(void **state) {
    (void)state;
    static const struct {
        const char *expression;
        int needs;
    } cases[] = {{"", 0},      {"good /x/", 0},       {"len>2 gold=1", 0},
                 {"flips", 1}, {"good or conf<1", 1}, {"not (row<3 a=1)", 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct filter *filter;
        assert_int_equal(filter_parse(&filter, cases[i].expression, names, NAMES, NULL), 0);
        assert_int_equal(filter_needs_answers(filter), cases[i].needs);
        filter_free(filter);
    }
}

static void test_table(void **state) {
    (void)state;
    const struct filter_term *term;
    int count = 0;
    for (; (term = filter_term_get(count)); count++) {
        assert_true(strspn(term->name, "abcdefghijklmnopqrstuvwxyz_") == strlen(term->name));
        assert_true(strlen(term->help) > 10);
        for (int other = 0; other < count; other++)
            assert_string_not_equal(term->name, filter_term_get(other)->name);
    }
    assert_true(count >= 10);
    assert_null(filter_term_get(-1));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(test_terms, setup),
    cmocka_unit_test_setup(test_text, setup),
    cmocka_unit_test_setup(test_combined, setup),
    cmocka_unit_test(test_faults),
    cmocka_unit_test(test_limits),
    cmocka_unit_test(test_needs_answers),
    cmocka_unit_test(test_table),
    cmocka_unit_test_setup(test_point_is_a_character, setup),
};

TEST_GROUP(tests_tui_data_filter, tests);
