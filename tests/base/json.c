/*
 * JSON: places of faults, checked numbers, and printing that reads back to the same values.
 */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/random.h"
#include "tests/test.h"

static cJSON *parse(const char *text) {
    struct sawb_error error;
    cJSON *json = json_parse(text, strlen(text), "text", &error);
    assert_non_null(json);
    return json;
}

static void says_where_a_fault_lies(void **state) {
    (void)state;
    static const struct {
        const char *text, *place;
    } cases[] = {
        {"{\"a\": 1,\n \"b\": tru}", "text: line 2, column 7"},
        {"{\"a\": 1} x", "text: line 1, column 10"},
        {"[1,\n2,\n\n  }", "text: line 4, column 3"},
        {"{\"\xc3\xa9\xc3\xa9\": ?}", "text: line 1, column 8"}, /* characters, not bytes */
        {"", "text: is empty"},
        {"[1, 2", "text: line 1, column"},
        {"\"abc", "text: line 1, column"},
        {"nul", "text: line 1, column 1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sawb_error error;
        assert_null(json_parse(cases[i].text, strlen(cases[i].text), "text", &error));
        if (!strstr(error.message, cases[i].place))
            fail_msg("%s: %s", cases[i].place, error.message);
    }
}

static void refuses_a_zero_byte(void **state) {
    (void)state;
    struct sawb_error error;
    assert_null(json_parse("{}\n\0", 4, "text", &error));
    assert_non_null(strstr(error.message, "line 2, column 1"));
}

static void refuses_deep_nesting(void **state) {
    (void)state;
    struct sawb_error error;
    size_t depth = 100000;
    char *text = malloc(depth);
    assert_non_null(text);
    memset(text, '[', depth);
    assert_null(json_parse(text, depth, "text", &error));
    assert_non_null(strstr(error.message, "nested deeper"));
    free(text);
}

/* Each beginning of a document is refused, or is one by itself. */
static void survives_every_truncation(void **state) {
    (void)state;
    static const char text[] =
        "{\"a\": [1.5e3, -2, \"\\u00e9\\n\"], \"b\": {\"c\": null, \"d\": true}}";
    for (size_t size = 0; size < sizeof(text) - 1; size++) {
        struct sawb_error error;
        assert_null(json_parse(text, size, "text", &error));
        assert_true(strlen(error.message) > 0);
    }
}

static void checks_numbers(void **state) {
    (void)state;
    struct sawb_error error;
    cJSON *json =
        parse("{\"n\": 7, \"half\": 0.5, \"text\": \"7\", \"none\": null, \"huge\": 1e40}");
    int number = 3;
    float value = 0.25f;
    assert_int_equal(json_get_int(json, "n", 1, 7, 1, &number, "c.json", &error), 0);
    assert_int_equal(number, 7);
    assert_int_equal(json_get_int(json, "absent", 1, 7, 0, &number, "c.json", &error), 0);
    assert_int_equal(json_get_int(json, "none", 1, 7, 0, &number, "c.json", &error), 0);
    assert_int_equal(number, 7);
    assert_int_equal(json_get_int(json, "absent", 1, 7, 1, &number, "c.json", &error), -1);
    assert_string_equal(error.message, "c.json: the key \"absent\" is missing; add it");
    assert_int_equal(json_get_int(json, "n", 8, 9, 1, &number, "c.json", &error), -1);
    assert_non_null(strstr(error.message, "from 8 to 9"));
    assert_int_equal(json_get_int(json, "half", 0, 9, 1, &number, "c.json", &error), -1);
    assert_int_equal(json_get_int(json, "text", 0, 9, 1, &number, "c.json", &error), -1);
    assert_non_null(strstr(error.message, "not a number"));
    assert_int_equal(json_get_int(json, "huge", 0, 9, 1, &number, "c.json", &error), -1);
    assert_int_equal(number, 7);

    assert_int_equal(json_get_float(json, "half", 0, 1, 1, &value, "c.json", &error), 0);
    assert_true(value == 0.5f);
    assert_int_equal(json_get_float(json, "n", 0, 1, 1, &value, "c.json", &error), -1);
    assert_int_equal(json_get_float(json, "huge", 0, 1e300, 1, &value, "c.json", &error), -1);
    assert_int_equal(json_get_float(json, "absent", 0, 1, 0, &value, "c.json", &error), 0);
    assert_true(value == 0.5f);
    cJSON_Delete(json);

    json = parse("[1]");
    assert_int_equal(json_get_int(json, "n", 0, 9, 0, &number, "c.json", &error), -1);
    cJSON_Delete(json);
}

static char *print_float(float value) {
    cJSON *json = json_float(value);
    char *text = json_print(json);
    cJSON_Delete(json);
    assert_non_null(text);
    return text;
}

static void prints_floats_shortly(void **state) {
    (void)state;
    static const struct {
        float value;
        const char *text;
    } cases[] = {
        {0.1f, "0.1"},
        {1.0f, "1"},
        {-2.5f, "-2.5"},
        {1e-12f, "1e-12"},
        {16777216.f, "16777216"},
        {FLT_MAX, "3.4028235e+38"},
        {-0.0f, "-0.0"},
        {NAN, "null"},
        {INFINITY, "null"},
        {0x1p-149f, "1e-45"},
        {0.30000001f, "0.3"},
        {1.0f / 3, "0.33333334"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = print_float(cases[i].value);
        assert_string_equal(text, cases[i].text);
        free(text);
    }
}

/* Random bit patterns. */
static void floats_read_back(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        uint32_t bits = (uint32_t)random_bits(11, i);
        float value, back;
        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        char *text = print_float(value);
        back = strtof(text, NULL);
        assert_memory_equal(&back, &value, sizeof(value));
        free(text);
    }
}

static void doubles_read_back(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t bits = random_bits(12, i);
        double value;
        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        cJSON *json = cJSON_CreateNumber(value);
        char *text = json_print(json);
        assert_true(strtod(text, NULL) == value);
        free(text);
        cJSON_Delete(json);
    }
}

static void prints_structures(void **state) {
    (void)state;
    static const char text[] =
        "{\"a\":[1,2.5,-3],\"b\":{},\"c\":[],\"d\":[true,false,null],\"e\":\"\\\"\\\\\\n\\u0001\"}";
    cJSON *json = parse(text);
    char *printed = json_print(json);
    assert_string_equal(printed, text);
    free(printed);
    cJSON_Delete(json);
    assert_null(json_print(NULL));
}

static void prints_only_valid_utf8(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\xac", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\xac\""},
        {"a\xff"
         "b",
         "\"a\xef\xbf\xbd"
         "b\""},
        {"\xc3", "\"\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* a surrogate */
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* overlong */
        {"\x7f", "\"\\u007f\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cJSON *json = cJSON_CreateString(cases[i][0]);
        char *text = json_print(json);
        assert_string_equal(text, cases[i][1]);
        free(text);
        cJSON_Delete(json);
    }
}

static void makes_arrays(void **state) {
    (void)state;
    static const float floats[] = {0.1f, NAN, 3};
    static const int ints[] = {-1, 2147483647};
    cJSON *arrays[] = {json_float_array(floats, 3), json_int_array(ints, 2),
                       json_float_array(floats, 0), json_int_array(ints, 0)};
    static const char *const expected[] = {"[0.1,null,3]", "[-1,2147483647]", "[]", "[]"};
    for (int i = 0; i < 4; i++) {
        char *text = json_print(arrays[i]);
        assert_string_equal(text, expected[i]);
        free(text);
        cJSON_Delete(arrays[i]);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(says_where_a_fault_lies),
    cmocka_unit_test(refuses_a_zero_byte),
    cmocka_unit_test(refuses_deep_nesting),
    cmocka_unit_test(survives_every_truncation),
    cmocka_unit_test(checks_numbers),
    cmocka_unit_test(prints_floats_shortly),
    cmocka_unit_test(floats_read_back),
    cmocka_unit_test(doubles_read_back),
    cmocka_unit_test(prints_structures),
    cmocka_unit_test(prints_only_valid_utf8),
    cmocka_unit_test(makes_arrays),
};
TEST_GROUP(tests_base_json, tests);
