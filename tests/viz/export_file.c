/*
 * export_file.c - tests of figures as files: endings, what stays after a failure, empty and large
 * figures in every format.
 */
#include "tests/viz/figures_fixture.h"

#include "core/base/file.h"
#include "tests/temporary.h"
#include "tests/viz/drawing.h"
#include "tests/viz/xml.h"

static void test_endings(void **state) {
    (void)state;
    struct sawb_error error;
    int count = 0;
    for (; export_format_get(count); count++) {
        char path[32];
        snprintf(path, sizeof(path), "some.dir/x%s", export_format_get(count)->ending);
        assert_ptr_equal(export_format_find(path, &error), export_format_get(count));
    }
    assert_int_equal(count, 7);
    assert_non_null(export_format_find("A.SVG", &error));
    static const char *const wrong[] = {"a", "", ".svg", "svg", "a.svgz", "a.svg/", "a.bmp"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_null(export_format_find(wrong[i], &error));
        assert_non_null(strstr(error.message, ".svg, .png, .tsv, .csv, .tex, .txt, .json"));
    }
    assert_null(export_format_get(-1));
}

static void test_files(void **state) {
    (void)state;
    struct temporary folder;
    struct figure figure = {0};
    struct sawb_error error;
    temporary_make(&folder);
    figure_of_all(&figure);
    for (int i = 0; export_format_get(i); i++) {
        char name[16], *data;
        size_t size;
        snprintf(name, sizeof(name), "x%s", export_format_get(i)->ending);
        char *path = temporary_path(&folder, name);
        assert_int_equal(figure_write(&figure, path, NULL, &error), 0);
        assert_int_equal(file_read(&data, &size, path, &error), 0);
        assert_true(size > 100);
        free(data);
        free(path);
    }
    /* A failure leaves what was there. */
    char *path = temporary_path(&folder, "x.png"), *before, *after;
    size_t size_before, size_after;
    struct export_options options = export_usual();
    options.scale = 1e6;
    assert_int_equal(file_read(&before, &size_before, path, &error), 0);
    assert_int_equal(figure_write(&figure, path, &options, &error), -1);
    assert_non_null(strstr(error.message, "--scale"));
    assert_int_equal(file_read(&after, &size_after, path, &error), 0);
    assert_int_equal(size_before, size_after);
    assert_memory_equal(before, after, size_before);
    assert_int_equal(temporary_entries(folder.path), 7);
    free(before);
    free(after);
    free(path);
    path = temporary_path(&folder, "none/x.svg");
    assert_int_equal(figure_write(&figure, path, NULL, &error), -1);
    free(path);
    figure_free(&figure);
    temporary_remove(&folder);
}

static void print_all(const struct figure *figure) {
    for (int i = 0; export_format_get(i); i++) {
        char name[16];
        size_t size;
        snprintf(name, sizeof(name), "a%s", export_format_get(i)->ending);
        char *data = figure_text_of(figure, name, &size);
        if (i == 0)
            assert_int_equal(xml_count(data, "title") + xml_count(data, "svg") >= 1, 1);
        free(data);
    }
}

/* Whatever a view comes up with, every format has an answer. */
static void test_odd_figures(void **state) {
    (void)state;
    static const double odd[] = {0, -1, 1, NAN, INFINITY, -INFINITY, 1e300, -1e300, 5e-324, 1e-9};
    static const char *const labels[] = {
        "", AWKWARD, "\xff\xfe", "a very long label that has to be cut since it has no end at all"};
    unsigned seed = 5;
    for (int round = 0; round < 60; round++) {
        struct figure figure = {0};
        if (round % 3)
            figure_facts_of(&figure, labels[round % 4]);
        int count = (int)(drawing_random(&seed) % 5);
        for (int i = 0; i < count; i++) {
            int rows = (int)(drawing_random(&seed) % 5), columns = (int)(drawing_random(&seed) % 4);
            const char *names[5];
            double x[5], y[5];
            for (int k = 0; k < 5; k++) {
                names[k] = labels[drawing_random(&seed) % 4];
                x[k] = odd[drawing_random(&seed) % 10];
                y[k] = odd[drawing_random(&seed) % 10];
            }
            struct panel *panel;
            switch (drawing_random(&seed) % 4) {
            case 0:
                panel = figure_matrix(&figure, names[0], rows, columns, NULL);
                for (int k = 0; k < rows * columns; k++) {
                    panel->values[k] = (float)odd[drawing_random(&seed) % 10];
                    panel->mask[k] = drawing_random(&seed) % 2;
                }
                panel->scale = drawing_random(&seed) % 2 ? PANEL_DIVERGING : PANEL_SEQUENTIAL;
                if (drawing_random(&seed) % 2)
                    figure_must(panel_row_labels(panel, names, NULL));
                break;
            case 1:
                panel = figure_series(&figure, names[0], names[1], names[2], NULL);
                for (int k = 0; k < columns; k++)
                    figure_must(panel_line(panel, names[k], x, y, rows, MEANING_TEXT, NULL));
                break;
            case 2:
                panel = figure_bars(&figure, names[0], rows, columns, names[1], NULL);
                for (int k = 0; k < rows * columns; k++)
                    panel->bars[k] = odd[drawing_random(&seed) % 10];
                break;
            default:
                panel = figure_table(&figure, names[0], rows, NULL);
                for (int k = 0; k < columns; k++) {
                    struct panel_column *column =
                        panel_column(panel, names[k], k % 2 ? COLUMN_TEXT : COLUMN_NUMBER, k, NULL);
                    for (int row = 0; row < rows; row++)
                        if (column->numbers)
                            column->numbers[row] = odd[drawing_random(&seed) % 10];
                        else
                            figure_must(panel_cell(panel, row, k, names[row], NULL));
                }
            }
        }
        print_all(&figure);
        figure_free(&figure);
    }
}

/* 512 tokens: every format in a few seconds, and the picture not larger than it has to be. */
static void test_large(void **state) {
    (void)state;
    enum { TOKENS = 512 };
    struct figure figure = {0};
    size_t size;
    struct panel *panel = figure_matrix(&figure, "A", TOKENS, TOKENS, NULL);
    assert_non_null(panel);
    for (int i = 0; i < TOKENS * TOKENS; i++) {
        int distance = abs(i / TOKENS - i % TOKENS);
        panel->mask[i] = distance < 64;
        panel->values[i] = distance < 64 ? 1.0f / (float)(1 + distance) : 0;
    }
    char *data = figure_text_of(&figure, "a.svg", &size);
    assert_true(size < 3000000);
    xml_count(data, "svg");
    free(data);
    data = figure_text_of(&figure, "a.png", &size);
    assert_true(size < 300000);
    free(data);
    figure_free(&figure);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_endings),
    cmocka_unit_test(test_files),
    cmocka_unit_test(test_odd_figures),
    cmocka_unit_test(test_large),
};

TEST_GROUP(tests_viz_export_file, tests);
