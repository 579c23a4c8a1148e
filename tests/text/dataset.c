/*
 * dataset.c - tests of core/text/dataset.
 */
#include "core/text/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/random.h"
#include "core/text/unicode.h"
#include "tests/temporary.h"
#include "tests/test.h"

static void parse(struct dataset *dataset, const char *text, const char *path) {
    struct sawb_error error = {"no message"};
    if (dataset_parse(dataset, text, strlen(text), path, &error) < 0)
        fail_msg("%s", error.message);
}

static void check(const struct dataset *dataset, int index, const char *text, int label, int line) {
    assert_in_range(index, 0, dataset->count - 1);
    const struct example *example = &dataset->examples[index];
    assert_string_equal(example->text, text);
    assert_int_equal(example->length, strlen(text));
    assert_int_equal(example->label, label);
    assert_int_equal(example->line, line);
}

static void check_fault(const char *text, size_t length, const char *path, const char *fault) {
    struct sawb_error error = {"no message"};
    struct dataset dataset;
    assert_int_equal(dataset_parse(&dataset, text, length, path, &error), -1);
    if (!strstr(error.message, fault))
        fail_msg("\"%s\" is not in \"%s\"", fault, error.message);
    assert_null(dataset.examples);
    assert_null(dataset.storage);
    assert_int_equal(dataset.count, 0);
}

static void test_tsv(void **state) {
    (void)state;
    struct dataset dataset;
    parse(&dataset,
          "sentence\tlabel\na warm \"film\t1\n  a \"cold\" one \t0\n\t1\n\xc3\xa9lan\t-1\nend\t12",
          "x.tsv");
    assert_int_equal(dataset.count, 5);
    assert_string_equal(dataset.path, "x.tsv");
    check(&dataset, 0, "a warm \"film", 1, 2);
    check(&dataset, 1, "  a \"cold\" one ", 0, 3);
    check(&dataset, 2, "", 1, 4);
    check(&dataset, 3, "\xc3\xa9lan", -1, 5);
    check(&dataset, 4, "end", 12, 6);
    dataset_free(&dataset);
    assert_null(dataset.examples);
}

static void test_tsv_columns_in_any_order_among_others(void **state) {
    (void)state;
    struct dataset dataset;
    parse(&dataset, "index\tlabel\tsentence\tnote\n7\t0\tfine\t\n8\t1\t\tx\n", "X.TSV");
    assert_int_equal(dataset.count, 2);
    check(&dataset, 0, "fine", 0, 2);
    check(&dataset, 1, "", 1, 3);
    dataset_free(&dataset);
}

static void test_crlf_byte_order_mark_and_blank_end(void **state) {
    (void)state;
    struct dataset dataset;
    parse(&dataset, "\xef\xbb\xbfsentence\tlabel\r\nfine\t1\r\ncold\t0\r\n\r\n\n", "x.tsv");
    assert_int_equal(dataset.count, 2);
    check(&dataset, 1, "cold", 0, 3);
    dataset_free(&dataset);
    parse(&dataset, "one\r\ntwo\rstill two\r\n", "x.txt");
    assert_int_equal(dataset.count, 2);
    check(&dataset, 0, "one", -1, 1);
    check(&dataset, 1, "two\rstill two", -1, 2);
    dataset_free(&dataset);
}

static void test_plain_lines_keep_blank_lines_between(void **state) {
    (void)state;
    struct dataset dataset;
    parse(&dataset, "\nfirst\tline\n\n\n last \n\n\n", "sentences");
    assert_int_equal(dataset.count, 5);
    check(&dataset, 0, "", -1, 1);
    check(&dataset, 1, "first\tline", -1, 2);
    check(&dataset, 2, "", -1, 3);
    check(&dataset, 4, " last ", -1, 5);
    dataset_free(&dataset);
}

static void test_json_lines(void **state) {
    (void)state;
    struct dataset dataset;
    parse(&dataset,
          "{\"sentence\": \"a \\\"fine\\\" \\u00e9lan \\ud83d\\ude00\\n\", \"label\": 1}\n"
          "{\"label\":0,\"text\":\"\",\"other\":[1,{\"sentence\":2}]}\r\n"
          "{\"text\":\"no\\\\u0000\",\"label\":null}\n"
          " {\"sentence\":\"1.0\",\"text\":\"x\",\"label\":2.0} ",
          "x.jsonl");
    assert_int_equal(dataset.count, 4);
    check(&dataset, 0, "a \"fine\" \xc3\xa9lan \xf0\x9f\x98\x80\n", 1, 1);
    check(&dataset, 1, "", 0, 2);
    check(&dataset, 2, "no\\u0000", -1, 3);
    check(&dataset, 3, "1.0", 2, 4);
    dataset_free(&dataset);
}

static void test_faults_name_their_line(void **state) {
    (void)state;
    static const struct {
        const char *text, *path, *fault;
    } cases[] = {
        {"", "x.tsv", "x.tsv: holds no sentence"},
        {"\n\r\n", "x.txt", "x.txt: holds no sentence"},
        {"\xef\xbb\xbf", "x.txt", "x.txt: holds no sentence"},
        {"sentence\tlabel\n", "x.tsv", "x.tsv: holds no sentence"},
        {"sentence\tlabels\nfine\t1\n", "x.tsv", "line 1: the header has no column \"label\""},
        {"fine\t1\n", "x.tsv", "line 1: the header has no column \"sentence\""},
        {"sentence\tlabel\tsentence\na\t1\tb\n", "x.tsv",
         "line 1: column \"sentence\" is there twice"},
        {"sentence\tlabel\nfine\t1\nfine\n", "x.tsv", "line 3: has 1 columns, the header has 2"},
        {"sentence\tlabel\nfine\t1\t\n", "x.tsv", "line 2: has 3 columns, the header has 2"},
        {"sentence\tlabel\n\nfine\t1\n", "x.tsv", "line 2: has 1 columns, the header has 2"},
        {"sentence\tlabel\nfine\tyes\n", "x.tsv", "line 2: label \"yes\" is not a whole number"},
        {"sentence\tlabel\nfine\t\n", "x.tsv", "line 2: label \"\" is not a whole number"},
        {"sentence\tlabel\nfine\t1.5\n", "x.tsv", "line 2: label \"1.5\" is not a whole number"},
        {"sentence\tlabel\nfine\t-2\n", "x.tsv", "line 2: label \"-2\" is not a whole number"},
        {"sentence\tlabel\nfine\t 1\n", "x.tsv", "line 2: label \" 1\" is not a whole number"},
        {"sentence\tlabel\nfine\t2147483648\n", "x.tsv",
         "line 2: label \"2147483648\" is not a whole number"},
        {"sentence\tlabel\nfine\t99999999999999999999999999999999\n", "x.tsv",
         "is not a whole number"},
        {"sentence\tlabel\nfi\xffne\t1\n", "x.tsv", "line 2: byte 2 (0xff) is not valid UTF-8"},
        {"one\ntwo\xc3\n", "x.txt", "line 2: byte 3 (0xc3) is not valid UTF-8"},
        {"{\"sentence\":\"a\"}\n{\"sentence\":}\n", "x.jsonl", "x.jsonl: line 2, column 13: "},
        {"{\"sentence\":\"a\"}\n\n{\"sentence\":\"a\"}\n", "x.jsonl", "line 2"},
        {"{\"sentence\":7}\n", "x.jsonl", "line 1: has to be an object with a string \"sentence\""},
        {"[\"sentence\"]\n", "x.jsonl", "line 1: has to be an object with a string \"sentence\""},
        {"{\"Sentence\":\"a\"}\n", "x.jsonl",
         "line 1: has to be an object with a string \"sentence\""},
        {"{\"sentence\":\"a\",\"label\":\"1\"}\n", "x.jsonl",
         "line 1: \"label\" is not a whole number"},
        {"{\"sentence\":\"a\",\"label\":0.5}\n", "x.jsonl",
         "line 1: \"label\" is not a whole number"},
        {"{\"sentence\":\"a\",\"label\":1e99}\n", "x.jsonl",
         "line 1: \"label\" is not a whole number"},
        {"{\"sentence\":\"a\\u0000b\"}\n", "x.jsonl", "line 1: holds \\u0000"},
        {"{\"sentence\":\"a\\ud800b\"}\n", "x.jsonl", "line 1"},
        {"{\"sentence\":\"a\\", "x.jsonl", "line 1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_fault(cases[i].text, strlen(cases[i].text), cases[i].path, cases[i].fault);
    check_fault("one\nt\0wo\n", 9, "x.txt", "line 2: byte 1 is NUL");
    check_fault("sentence\tlabel\na\0\t1\n", 20, "x.tsv", "line 2: byte 1 is NUL");
}

static void test_a_long_faulty_label_is_not_cut_inside_a_character(void **state) {
    (void)state;
    static const char start[] = "sentence\tlabel\nfine\ta";
    char text[256] = {0};
    memcpy(text, start, sizeof(start));
    for (size_t i = 0; i < 100; i++)
        text[sizeof(start) - 1 + i] = "\xc3\xa9"[i % 2];
    struct sawb_error error, validity;
    struct dataset dataset;
    assert_int_equal(dataset_parse(&dataset, text, strlen(text), "x.tsv", &error), -1);
    assert_int_equal(unicode_validate(error.message, strlen(error.message), &validity), 0);
}

static void test_check_labels(void **state) {
    (void)state;
    struct dataset dataset;
    struct sawb_error error;
    parse(&dataset, "sentence\tlabel\na\t0\nb\t2\n", "x.tsv");
    assert_int_equal(dataset_check_labels(&dataset, 3, &error), 0);
    assert_int_equal(dataset_check_labels(&dataset, 2, &error), -1);
    assert_string_equal(error.message,
                        "x.tsv: line 3: label 2 is out of range; the model knows 0 to 1");
    dataset_free(&dataset);
    parse(&dataset, "one\ntwo\n", "x.txt");
    assert_int_equal(dataset_check_labels(&dataset, 2, &error), -1);
    assert_string_equal(error.message, "x.txt: line 1: has no label");
    dataset_free(&dataset);
}

static void test_open(void **state) {
    (void)state;
    static const char text[] = "sentence\tlabel\nfine\t1\n";
    struct temporary folder;
    struct dataset dataset;
    struct sawb_error error = {"no message"};
    temporary_make(&folder);
    char *path = temporary_path(&folder, "small.tsv");
    assert_int_equal(file_replace(path, text, strlen(text), &error), 0);
    assert_int_equal(dataset_open(&dataset, path, &error), 0);
    assert_string_equal(dataset.path, path);
    check(&dataset, 0, "fine", 1, 2);
    dataset_free(&dataset);
    free(path);

    path = temporary_path(&folder, "absent.tsv");
    assert_int_equal(dataset_open(&dataset, path, &error), -1);
    assert_non_null(strstr(error.message, "absent.tsv"));
    assert_null(dataset.path);
    free(path);
    temporary_remove(&folder);
}

/* Whatever the bytes: either an error, or sentences that hold what the header promises. */
static void test_mutations(void **state) {
    (void)state;
    static const struct {
        const char *path, *text;
    } seeds[] = {
        {"x.tsv", "sentence\tlabel\r\na warm film\t1\ncold \xc3\xa9lan\t0\n\t-1\n"},
        {"x.jsonl",
         "{\"sentence\":\"a \\u00e9 \\ud83d\\ude00\",\"label\":1}\n{\"text\":\"b\",\"label\":0}\n"},
        {"x.txt", "one\r\n\ntwo \xf0\x9f\x98\x80\n"},
    };
    static const char bytes[] = "\0\t\n\r\"\\{}[]:,u0-19.e\xc3\xa9\xff ";
    int accepted = 0;
    for (uint64_t round = 0; round < 6000; round++) {
        uint64_t key = random_key(11, round, 0, 0);
        char text[256];
        const char *path = seeds[round % 3].path;
        size_t length = strlen(seeds[round % 3].text);
        memcpy(text, seeds[round % 3].text, length);
        uint64_t changes = 1 + random_bits(key, 0) % 4;
        for (uint64_t change = 1; change <= changes; change++)
            text[random_bits(key, 2 * change) % length] =
                bytes[random_bits(key, 2 * change + 1) % sizeof(bytes)];
        length -= random_bits(key, 99) % 3 ? 0 : random_bits(key, 100) % length;
        struct dataset dataset;
        struct sawb_error error = {""};
        if (dataset_parse(&dataset, text, length, path, &error) < 0) {
            assert_true(strncmp(error.message, path, strlen(path)) == 0);
            continue;
        }
        accepted++;
        assert_true(dataset.count >= 1);
        for (int i = 0; i < dataset.count; i++) {
            const struct example *example = &dataset.examples[i];
            assert_int_equal(strlen(example->text), example->length);
            assert_int_equal(unicode_validate(example->text, example->length, &error), 0);
            assert_true(example->label >= -1);
            assert_true(example->line > (i > 0 ? dataset.examples[i - 1].line : 0));
        }
        dataset_free(&dataset);
    }
    assert_in_range(accepted, 500, 5500);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_tsv),
    cmocka_unit_test(test_tsv_columns_in_any_order_among_others),
    cmocka_unit_test(test_crlf_byte_order_mark_and_blank_end),
    cmocka_unit_test(test_plain_lines_keep_blank_lines_between),
    cmocka_unit_test(test_json_lines),
    cmocka_unit_test(test_faults_name_their_line),
    cmocka_unit_test(test_a_long_faulty_label_is_not_cut_inside_a_character),
    cmocka_unit_test(test_check_labels),
    cmocka_unit_test(test_open),
    cmocka_unit_test(test_mutations),
};

TEST_GROUP(tests_text_dataset, tests);
