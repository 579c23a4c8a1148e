/*
 * figures.c - tests of what figures say of themselves, and of the commands save, show, palette and
 * ramp from a shell and from the screen.
 */
#include "tests/tui/command_fixture.h"

#include "tests/viz/xml.h"
#include "tui/app/figures.h"
#include "viz/palette.h"

static const char *fact(const struct figure *figure, const char *name) {
    for (int i = 0; i < figure->fact_count; i++)
        if (strcmp(figure->facts[i].name, name) == 0)
            return figure->facts[i].value;
    return "";
}

static char *read_file(const struct desk *desk, const char *name) {
    char *path = temporary_path(&desk->folder, name), *text = NULL;
    struct sawb_error error;
    if (file_read(&text, NULL, path, &error) < 0)
        fail_msg("%s", error.message);
    free(path);
    return text;
}

/* What commands offer is what there is. */
static void test_view_names(void **state) {
    (void)state;
    char names[256] = "";
    for (int view = 0; view_get(view); view++)
        stpcpy(stpcpy(names + strlen(names), view ? "|" : ""), view_get(view)->name);
    assert_string_equal(names, VIEW_NAMES);
}

/* A picture has colour when that is asked for behind the command too, but never on the screen. */
static void test_picture_colors(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    desk.workbench.settings.colors = 256;
    assert_int_equal(desk_run(&desk, "show attention --draw --text film --color always"), 0);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "\033[");
    assert_int_equal(desk_run(&desk, "show attention --draw --text film --color never"), 0);
    assert_null(strchr(desk_told(&desk, TOLD_RESULTS), '\033'));
    desk.workbench.settings.colors = 0;
    assert_int_equal(desk_run(&desk, "show attention --draw --text film --color always"), 0);
    assert_null(strchr(desk_told(&desk, TOLD_RESULTS), '\033'));
    desk_close(&desk);
}

/* What is known is said, nothing else. */
static void test_facts(void **state) {
    (void)state;
    struct desk desk;
    struct figure figure = {0};
    struct sawb_error error;
    desk_open(&desk, 1);
    assert_int_equal(figure_facts(&desk.workbench, &figure, &error), 0);
    assert_string_equal(fact(&figure, "model"), "");
    assert_string_equal(fact(&figure, "pattern A"), "dense");
    assert_string_equal(fact(&figure, "realised sparsity B"), "");
    assert_string_equal(fact(&figure, "seed"), "1");
    assert_string_equal(fact(&figure, "version"), "sawb " SAWB_VERSION);
    figure_free(&figure);
    assert_int_equal(desk_run(&desk, "show attention --text \"a fine film\" -s topk(0.5)"), 0);
    assert_int_equal(figure_facts(&desk.workbench, &figure, &error), 0);
    assert_string_equal(fact(&figure, "model"), BERT);
    assert_string_equal(fact(&figure, "pattern B"), "topk(0.5)");
    assert_string_equal(fact(&figure, "realised sparsity A"), "0.00 %");
    assert_true(strtod(fact(&figure, "realised sparsity B"), NULL) > 30);
    assert_string_equal(fact(&figure, "sentence"), "a fine film");
    figure_free(&figure);
    /* A later sentence is not what the present answers are to. */
    assert_int_equal(workbench_set_text(&desk.workbench, "another", &error), 0);
    assert_int_equal(figure_facts(&desk.workbench, &figure, &error), 0);
    assert_string_equal(fact(&figure, "sentence"), "a fine film");
    figure_free(&figure);
    assert_int_equal(workbench_set_model(&desk.workbench, ARM_B, DISTILBERT, &error), 0);
    assert_int_equal(figure_facts(&desk.workbench, &figure, &error), 0);
    assert_string_equal(fact(&figure, "model"), "");
    assert_string_equal(fact(&figure, "model A"), BERT);
    assert_string_equal(fact(&figure, "model B"), DISTILBERT);
    figure_free(&figure);
    desk_close(&desk);
}

static void test_show(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "show attention --text \"a fine film\" --layer 1 --head 1"),
                     COMMAND_DONE);
    const char *told = desk_told(&desk, TOLD_RESULTS);
    assert_holds(told, "layer 1  head 1");
    assert_holds(told, "\nsentence: a fine film\n");
    assert_holds(told, "\nquery \"[CLS]\" key \"[SEP]\": A 0.");
    assert_holds(told, ", difference ");
    assert_null(strstr(told, "\n\n\n"));
    /* Without a sentence: the first of samples. */
    desk_close(&desk);
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "show prediction --json"), COMMAND_DONE);
    told = desk_told(&desk, TOLD_RESULTS);
    assert_holds(told, "\"sentence\":\"a warm film\"");
    assert_int_equal(strcspn(told, "\n"), strlen(told) - 1);
    assert_int_equal(told[0], '{');
    desk_close(&desk);
}

static void test_save(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "save %s/a.svg attention --text \"a < b & c\" -s local(1)"),
                     COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_NOTES), "the view attention");
    char *svg = read_file(&desk, "a.svg");
    assert_int_equal(xml_count(svg, "svg"), 1);
    assert_holds(svg, "sentence: a &lt; b &amp; c");
    assert_holds(svg, "pattern B: local(1)");
    free(svg);
    assert_int_equal(desk_run(&desk, "save %s/a.tsv metrics"), COMMAND_DONE);
    char *table = read_file(&desk, "a.tsv");
    assert_holds(table, "# sentence: a < b & c\n");
    assert_holds(table, "\tentropy A\t");
    free(table);
    assert_int_equal(desk_run(&desk, "save %s/b.png heads --scale 2 --palette dark"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "save %s/b.tex prediction --json"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "\"view\":\"prediction\"");
    desk_close(&desk);
}

static void check_refused(struct desk *desk, const char *line, int status, const char *part) {
    assert_int_equal(desk_run(desk, line), status);
    assert_holds(desk_told(desk, TOLD_ERRORS), part);
}

static void test_refused(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    check_refused(&desk, "save %s/a.bmp", COMMAND_USAGE, ".svg, .png, .tsv, .csv, .tex, .txt");
    check_refused(&desk, "save", COMMAND_USAGE, "FILE");
    check_refused(&desk, "save %s/a.png heads --scale 0", COMMAND_USAGE, "--scale");
    check_refused(&desk, "save %s/a.svg heads --palette plaid", COMMAND_USAGE, "contrast");
    check_refused(&desk, "save %s/none/a.svg heads", COMMAND_FAILED, "none");
    check_refused(&desk, "show nothing", COMMAND_USAGE, "no view \"nothing\"");
    check_refused(&desk, "show console", COMMAND_FAILED, "no command was run yet");
    check_refused(&desk, "show attention --layer 99", COMMAND_USAGE, "--layer");
    check_refused(&desk, "show attention -s nonsense(", COMMAND_USAGE, "nonsense");
    check_refused(&desk, "show data", COMMAND_FAILED, "data");
    check_refused(&desk, "palette plaid", COMMAND_USAGE, "`palette` lists them");
    check_refused(&desk, "ramp none", COMMAND_USAGE, "digits");
    char *path = temporary_path(&desk.folder, "a.svg");
    assert_false(file_exists(path));
    free(path);
    desk_close(&desk);
}

static void test_palette(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    struct workbench *workbench = &desk.workbench;
    assert_int_equal(desk_run(&desk, "palette"), COMMAND_DONE);
    for (int i = 0; palette_name(i); i++)
        assert_holds(desk_told(&desk, TOLD_RESULTS), palette_name(i));
    assert_int_equal(desk_run(&desk, "palette light"), COMMAND_DONE);
    assert_int_equal(workbench->palette, 1 + palette_find("light"));
    assert_int_equal(desk_run(&desk, "palette"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "\nlight           *       ");
    assert_int_equal(desk_run(&desk, "palette auto"), COMMAND_DONE);
    assert_int_equal(workbench->palette, 0);
    /* Round and round through all of them. */
    int seen = 0, count = 0;
    while (palette_name(count))
        count++;
    for (int i = 0; i < count; i++) {
        assert_int_equal(desk_run(&desk, "palette next"), COMMAND_DONE);
        assert_in_range(workbench->palette, 1, count);
        seen |= 1 << workbench->palette;
    }
    assert_int_equal(seen, (1 << (count + 1)) - 2);
    assert_int_equal(desk_run(&desk, "ramp digits"), COMMAND_DONE);
    assert_int_equal(workbench->digit_ramp, 1);
    assert_int_equal(desk_run(&desk, "ramp next"), COMMAND_DONE);
    assert_int_equal(workbench->digit_ramp, 0);
    assert_int_equal(workbench->changed, 1);
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_view_names), cmocka_unit_test(test_picture_colors),
    cmocka_unit_test(test_facts),      cmocka_unit_test(test_show),
    cmocka_unit_test(test_save),       cmocka_unit_test(test_refused),
    cmocka_unit_test(test_palette),
};

TEST_GROUP(tests_tui_figures, tests);
