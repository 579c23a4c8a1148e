/*
 * export_formats.c - tests of figures as TSV, CSV, TeX, lines and JSON: expected texts written by
 * hand, and for TeX the balance of what it opens.
 */
#include "tests/viz/figures_fixture.h"

#include <cJSON.h>

#include "tests/golden.h"
#include "viz/export_formats.h"

static void check_begins(const char *text, const char *expected) {
    if (strncmp(text, expected, strlen(expected)) != 0)
        fail_msg("expected:\n%s\nfound:\n%.*s", expected, (int)strlen(expected) + 80, text);
}

static void check_holds(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

/* The text of a figure that `make` fills, freed after `check`. */
static void with_text(void (*make)(struct figure *), const char *name,
                      void (*check)(const char *)) {
    struct figure figure = {0};
    size_t size;
    make(&figure);
    char *text = figure_text_of(&figure, name, &size);
    assert_int_equal(strlen(text), size);
    check(text);
    free(text);
    figure_free(&figure);
}

static void check_tsv_maps(const char *text) {
    check_begins(text, "# title: layer 1 head 2\n"
                       "# pattern B: topk(80%)\n"
                       "# sentence: a fine film of 90 %\n"
                       "panel\trow\tcolumn\trow_name\tcolumn_name\tvalue\tstate\n"
                       "A dense\t0\t0\t[CLS]\t[CLS]\t0.5\tkept\n"
                       "A dense\t0\t1\t[CLS]\tfine\t0.25\tkept\n");
    check_holds(text, "\nA dense\t2\t1\t##ly\tfine\t\tabsent\n");
    check_holds(text, "\nB topk(80%)\t0\t1\t[CLS]\tfine\t0\tblocked\n");
    check_holds(text, "\nB - A\t0\t0\t[CLS]\t[CLS]\t0.5\tkept\n");
}

static void check_tsv_curves(const char *text) {
    check_holds(text, "\nloss\t0\t1\trun 1\t10\t0.5\t\nloss\t0\t2\trun 1\t20\t\t\n");
    check_holds(text, "\nloss\t1\t3\trun 2\t30\t0.6\t\n");
}

static void check_tsv_bars(const char *text) {
    check_holds(text, "\nchange\t0\t1\tfine\tB\t-0.25\t\nchange\t1\t0\tfilm\tA\t1\t\n"
                      "change\t1\t1\tfilm\tB\t\t\n");
}

static void check_tsv_table(const char *text) {
    check_holds(text, "\nhead\tentropy, A\n0.1\t0.3333333333333333\n"
                      "a & <b> \"c\" {d} 50% $_^~\\# |\xc3\xa9\xe7\x8c\xab\t\n\t-12\n");
}

/* A table keeps its columns only where it is alone. */
static void check_tsv_all(const char *text) {
    check_holds(text, "\nmetrics\t0\t1\t\tentropy, A\t0.3333333333333333\t\n");
}

static void test_tsv(void **state) {
    (void)state;
    with_text(figure_of_maps, "a.tsv", check_tsv_maps);
    with_text(figure_of_curves, "a.tsv", check_tsv_curves);
    with_text(figure_of_bars, "a.tsv", check_tsv_bars);
    with_text(figure_of_table, "a.tsv", check_tsv_table);
    with_text(figure_of_all, "a.tsv", check_tsv_all);
}

/* RFC 4180: no comments, CRLF, quotes where they are needed and doubled within. */
static void check_csv(const char *text) {
    assert_string_equal(text, "head,\"entropy, A\"\r\n0.1,0.3333333333333333\r\n"
                              "\"a & <b> \"\"c\"\" {d} 50% $_^~\\#\t|\xc3\xa9\xe7\x8c\xab\",\r\n"
                              ",-12\r\n");
}

static void test_csv(void **state) {
    (void)state;
    with_text(figure_of_table, "a.csv", check_csv);
}

/* Numbers read back as what they were, in no more digits than that takes. */
static void test_numbers(void **state) {
    (void)state;
    char text[EXPORT_NUMBER_BYTES];
    uint32_t bits = 12345;
    assert_string_equal(export_float(text, 0.1f), "0.1");
    assert_string_equal(export_double(text, 0.1), "0.1");
    assert_string_equal(export_double(text, 1e300), "1e+300");
    for (int i = 0; i < 20000; i++) {
        float value;
        bits = bits * 1664525u + 1013904223u;
        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        assert_true(strtof(export_float(text, value), NULL) == value);
        assert_true(strtod(export_double(text, (double)value / 3), NULL) == (double)value / 3);
    }
}

static void check_lines(const char *text) {
    check_begins(text, "layer 1 head 2\npattern B: topk(80%)\nsentence: a fine film of 90 %\n\n"
                       "A dense (weight), B topk(80%) (weight), B - A (weight):\n"
                       "query \"[CLS]\" key \"[CLS]\": A 0.5, B 1, difference 0.5\n"
                       "query \"[CLS]\" key \"fine\": A 0.25, B blocked, difference -0.25\n");
    check_holds(text, "\nquery \"##ly\" key \"fine\": A absent, B blocked, difference absent\n");
}

static void check_other_lines(const char *text) {
    check_holds(text, "\nloss:\nrun 1 step 0: loss 0.9\nrun 1 step 10: loss 0.5\n"
                      "run 1 step 30: loss 0.125\nrun 2 step 0: loss 0.3\n");
    check_holds(text, "\nchange:\nfine: A 0.5, B -0.25 logit\nfilm: A 1, B none logit\n"
                      ".: A 0, B 2 logit\n");
    check_holds(text, "\nmetrics:\nhead ");
    check_holds(text, "0.33\n");
    assert_null(strchr(text, '\t'));
}

static void test_lines(void **state) {
    (void)state;
    with_text(figure_of_maps, "a.txt", check_lines);
    with_text(figure_of_all, "a.txt", check_other_lines);
}

static void check_json(const char *text) {
    cJSON *root = cJSON_Parse(text);
    assert_non_null(root);
    assert_string_equal(cJSON_GetObjectItem(root, "title")->valuestring, "layer 1 head 2");
    const cJSON *facts = cJSON_GetObjectItem(root, "facts");
    assert_string_equal(cJSON_GetObjectItem(facts, "sentence")->valuestring,
                        "a fine film\nof 90 %");
    const cJSON *panels = cJSON_GetObjectItem(root, "panels");
    assert_int_equal(cJSON_GetArraySize(panels), 6);
    const cJSON *map = cJSON_GetArrayItem(panels, 0), *row;
    row = cJSON_GetArrayItem(cJSON_GetObjectItem(map, "values"), 2);
    assert_true(cJSON_IsNull(cJSON_GetArrayItem(row, 1)));
    assert_true(cJSON_GetArrayItem(row, 2)->valuedouble == 1);
    row = cJSON_GetArrayItem(cJSON_GetObjectItem(cJSON_GetArrayItem(panels, 1), "kept"), 0);
    assert_int_equal(cJSON_GetArrayItem(row, 0)->valueint, 1);
    assert_int_equal(cJSON_GetArrayItem(row, 1)->valueint, 0);
    const cJSON *table = cJSON_GetObjectItem(cJSON_GetArrayItem(panels, 5), "columns");
    const cJSON *heads = cJSON_GetObjectItem(cJSON_GetArrayItem(table, 0), "values");
    assert_string_equal(cJSON_GetArrayItem(heads, 1)->valuestring, AWKWARD);
    assert_int_equal(strcspn(text, "\n"), strlen(text) - 1);
    cJSON_Delete(root);
}

static void test_json(void **state) {
    (void)state;
    with_text(figure_of_all, "a.json", check_json);
}

/* Braces that are not escaped balance, \begin and \end match, comments are whole lines, and nothing
 * that TeX reserves stands bare in a table. */
static void check_tex(const char *text) {
    int depth = 0, environments = 0, comment = 0;
    for (const char *at = text; *at; at++) {
        if (*at == '\n')
            comment = 0;
        if (comment)
            continue;
        if (*at == '%') {
            assert_true(at == text || at[-1] == '\n');
            comment = 1;
        } else if (*at == '\\') {
            environments += strncmp(at, "\\begin{", 7) == 0;
            environments -= strncmp(at, "\\end{", 5) == 0;
            at++;
        } else if (*at == '{') {
            depth++;
        } else if (*at == '}') {
            assert_true(--depth >= 0);
        }
        assert_true((unsigned char)*at >= ' ' || *at == '\n');
    }
    assert_int_equal(depth, 0);
    assert_int_equal(environments, 0);
    check_holds(text, "% sentence: a fine film of 90 %\n");
}

static void check_tex_table(const char *text) {
    check_tex(text);
    check_holds(text,
                "\\begin{tabular}{@{}lr@{}}\n\\toprule\nhead & entropy, A \\\\\n\\midrule\n"
                "0.1 & $0.33$ \\\\\n"
                "a \\& \\textless{}b\\textgreater{} \\textquotedbl{}c\\textquotedbl{} \\{d\\} "
                "50\\% \\$\\_\\textasciicircum{}\\textasciitilde{}\\textbackslash{}\\# "
                "\\textbar{}\xc3\xa9\xe7\x8c\xab &  \\\\\n"
                " & $-12.00$ \\\\\n\\bottomrule\n");
}

static void check_tex_maps(const char *text) {
    check_tex(text);
    check_holds(text, "xticklabels={{[CLS]},{fine},{\\#\\#ly}}");
    check_holds(text, "matrix plot*, mesh/cols=3");
    check_holds(text, "\n0 0 0.5\n1 0 0.25\n");
    check_holds(text, "\\fill[gray] (axis cs:1,0) circle");
    check_holds(text, "point meta min=-0.5, point meta max=0.5");
}

static void test_tex(void **state) {
    (void)state;
    with_text(figure_of_table, "a.tex", check_tex_table);
    with_text(figure_of_maps, "a.tex", check_tex_maps);
    with_text(figure_of_all, "a.tex", check_tex);
}

static void check_golden_tex(const char *text) {
    assert_int_equal(golden_check("tests/viz/golden/figure.tex", text), 0);
}

static void test_golden(void **state) {
    (void)state;
    with_text(figure_of_all, "a.tex", check_golden_tex);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_tsv),    cmocka_unit_test(test_csv),  cmocka_unit_test(test_numbers),
    cmocka_unit_test(test_lines),  cmocka_unit_test(test_json), cmocka_unit_test(test_tex),
    cmocka_unit_test(test_golden),
};

TEST_GROUP(tests_viz_export_formats, tests);
