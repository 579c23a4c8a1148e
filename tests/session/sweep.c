/*
 * sweep.c - every point of a sweep against one capture a row: another path, one sentence at a time.
 */
#include <stdio.h>

#include "core/base/file.h"
#include "core/session/sweep.h"
#include "tests/inspect/attention_of.h"
#include "tests/session/points.h"
#include "tests/temporary.h"

#define TOLERANCE 1e-5

static const struct {
    const char *text;
    int label;
} rows[] = {{"a fine film", 1},
            {"the dull story was slow and cold .", 0},
            {"bad", 0},
            {"very warm , always bright !", 1},
            {"the ending feels slow but the actor is good", 1},
            {"an actor never feels dull", -1},
            {"not good", 0},
            {"a cold joke", 0}};
#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

struct bed {
    struct points points;
    struct temporary folder;
    char *path;
};

static void bed_open(struct bed *bed, int labelled) {
    char text[2048] = "sentence\tlabel\n";
    points_open(&bed->points, BERT);
    temporary_make(&bed->folder);
    bed->path = temporary_path(&bed->folder, labelled ? "data.tsv" : "data.txt");
    text[labelled ? strlen(text) : 0] = '\0';
    for (int i = 0; i < ROWS; i++) {
        char line[256];
        if (labelled && rows[i].label < 0)
            continue;
        snprintf(line, sizeof(line), labelled ? "%s\t%d\n" : "%s\n", rows[i].text, rows[i].label);
        strcat(text, line);
    }
    assert_int_equal(file_replace(bed->path, text, strlen(text), NULL), 0);
}

static void bed_close(struct bed *bed) {
    points_close(&bed->points);
    free(bed->path);
    temporary_remove(&bed->folder);
}

static struct sweep_options options_of(const struct bed *bed, const char *family) {
    return (struct sweep_options){.path = bed->path,
                                  .families = {family},
                                  .family_count = 1,
                                  .targets = {0, 0.5, 0.8},
                                  .target_count = 3,
                                  .rows = 1000,
                                  .seed = 1};
}

static struct job *sweep(struct bed *bed, const struct sweep_options *options) {
    struct job_arm arm = {bed->points.model, "topk(0.9)", NULL}; /* does not count */
    return job_sweep(&arm, options, &bed->points.error);
}

/* The newest point of that index, NULL: none. */
static const struct event *point_of(const struct bed *bed, int index) {
    for (int i = bed->points.count - 1; i >= 0; i--)
        if (bed->points.seen[i].data.point.index == index)
            return &bed->points.seen[i];
    return NULL;
}

struct expected {
    double accuracy, loss, mass, agreement, realised;
};

static struct expected measure(struct bed *bed, const char *spec, int labelled) {
    struct expected sum = {0};
    double kept = 0, valid = 0;
    int counted = 0, marked = 0;
    for (int i = 0; i < ROWS; i++) {
        if (labelled && rows[i].label < 0)
            continue;
        struct capture *dense = points_capture(&bed->points, "dense", rows[i].text);
        struct capture *capture = points_capture(&bed->points, spec, rows[i].text);
        size_t tokens = (size_t)dense->encoding.count;
        size_t places = (size_t)(dense->layers * dense->heads), count = places * tokens * tokens;
        float *attention = attention_of(dense);
        uint8_t *mask = mask_of(capture);
        double mass = 0;
        for (size_t p = 0; p < count; p++) {
            kept += mask[p];
            mass += mask[p] ? (double)attention[p] : 0;
        }
        free(attention);
        free(mask);
        valid += (double)count;
        sum.mass += mass / (double)(places * tokens);
        sum.agreement += capture->label == dense->label;
        counted++;
        if (labelled) {
            marked++;
            sum.accuracy += capture->label == rows[i].label;
            sum.loss -= log((double)capture->probabilities[rows[i].label]);
        }
        capture_free(capture);
        capture_free(dense);
    }
    return (struct expected){sum.accuracy / marked, sum.loss / marked, sum.mass / counted,
                             sum.agreement / counted, 1 - kept / valid};
}

static void expect_point(struct bed *bed, int index, int labelled) {
    const struct event *event = point_of(bed, index);
    assert_non_null(event);
    const double *values = event->data.point.values;
    struct expected expected = measure(bed, event->text, labelled);
    assert_near(event->data.point.x, expected.realised, 1e-12);
    assert_near(values[SWEEP_MASS], expected.mass, TOLERANCE);
    assert_near(values[SWEEP_AGREEMENT], expected.agreement, 1e-12);
    assert_int_equal((int)values[SWEEP_ROWS], labelled ? ROWS - 1 : ROWS);
    assert_int_equal((int)values[SWEEP_LABELLED], labelled ? ROWS - 1 : 0);
    if (labelled) {
        assert_near(values[SWEEP_ACCURACY], expected.accuracy, 1e-12);
        assert_near(values[SWEEP_LOSS], expected.loss, TOLERANCE);
    } else {
        assert_true(isnan(values[SWEEP_ACCURACY]) && isnan(values[SWEEP_LOSS]));
    }
}

/* Families of shares, of whole numbers, and one of one's own. */
static void test_points(void **state) {
    (void)state;
    static const char *const families[] = {
        "topk",    "threshold", "block_topk",          "random",      "local",  "block_local",
        "strided", "nm",        "topk(?)+global(cls)", "local(?)@L1", "bigbird"};
    struct bed bed;
    bed_open(&bed, 1);
    for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
        struct sweep_options options = options_of(&bed, families[f]);
        points_run_well(&bed.points, sweep(&bed, &options));
        for (int index = -1; index < 3; index++)
            expect_point(&bed, index, 1);
        assert_null(point_of(&bed, 3));
        assert_near(point_of(&bed, -1)->data.point.values[SWEEP_MASS], 1, 1e-12);
        assert_near(point_of(&bed, 2)->data.point.values[SWEEP_TARGET], 0.8, 1e-12);
    }
    bed_close(&bed);
}

static void test_patterns(void **state) {
    (void)state;
    static const struct {
        const char *family;
        double value;
        int whole;
        const char *pattern;
    } cases[] = {{"topk(?)", 0, 0, "topk(0.0)"},
                 {"local(?)", 0, 0, "local(0.0)"}, /* a share, no width */
                 {"topk(?)", 0.95, 0, "topk(0.95)"},
                 {"block_topk(4, ?)", 1.0 / 3, 0, "block_topk(4, 0.3333)"},
                 {"strided(?)", 12, 1, "strided(12)"},
                 {"dense", 3, 1, "dense"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *pattern = sweep_pattern(cases[i].family, cases[i].value, cases[i].whole);
        assert_string_equal(pattern, cases[i].pattern);
        free(pattern);
    }
    assert_string_equal(sweep_family_name(0), "topk");
    for (int i = 0; sweep_family_name(i); i++)
        assert_non_null(strchr(sweep_family_pattern(i), '?'));
    assert_null(sweep_family_pattern(-1));
}

/* The whole number whose realised sparsity is nearest, found by trying all of them. */
static void test_whole_numbers(void **state) {
    (void)state;
    static const char *const families[] = {"strided", "dilated", "block_local", "fixed"};
    static const int least[] = {1, 0, 0, 1};
    struct bed bed;
    bed_open(&bed, 1);
    for (int f = 0; f < 4; f++) {
        struct sweep_options options = options_of(&bed, families[f]);
        points_run_well(&bed.points, sweep(&bed, &options));
        for (int index = 0; index < 3; index++) {
            double chosen = fabs(point_of(&bed, index)->data.point.x - options.targets[index]);
            for (int number = least[f]; number < 12; number++) {
                char *pattern = NULL;
                for (int i = 0; sweep_family_name(i); i++)
                    if (strcmp(sweep_family_name(i), families[f]) == 0)
                        pattern = sweep_pattern(sweep_family_pattern(i), number, 1);
                double away = fabs(measure(&bed, pattern, 1).realised - options.targets[index]);
                if (away < chosen - 1e-12)
                    fail_msg("%s is nearer to %g than %s", pattern, options.targets[index],
                             point_of(&bed, index)->text);
                free(pattern);
            }
        }
    }
    bed_close(&bed);
}

static void test_without_labels(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 0);
    struct sweep_options options = options_of(&bed, "topk");
    points_run_well(&bed.points, sweep(&bed, &options));
    for (int index = -1; index < 3; index++)
        expect_point(&bed, index, 0);
    /* A sample of fewer rows, two families. */
    options.rows = 5;
    options.families[options.family_count++] = "random";
    points_run_well(&bed.points, sweep(&bed, &options));
    for (int index = 0; index < 6; index++) {
        const struct point *point = &point_of(&bed, index)->data.point;
        assert_int_equal((int)point->values[SWEEP_ROWS], 5);
        assert_int_equal((int)point->values[SWEEP_FAMILY], index / 3);
        assert_int_equal(point->count, 6);
    }
    bed_close(&bed);
}

static void test_errors(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 1);
    struct sweep_options options = options_of(&bed, "heads_off");
    assert_null(sweep(&bed, &options));
    assert_non_null(strstr(bed.points.error.message, "block_topk(8, ?)"));
    options = options_of(&bed, "topk(?, 3, 4)");
    assert_null(sweep(&bed, &options));
    options = options_of(&bed, "topk(?)@L7");
    assert_null(sweep(&bed, &options));
    options = options_of(&bed, "topk");
    options.targets[1] = 1;
    assert_null(sweep(&bed, &options));
    options = options_of(&bed, "topk");
    options.rows = 0;
    assert_null(sweep(&bed, &options));
    options = options_of(&bed, "topk");
    options.path = "no/such.tsv";
    points_run(&bed.points, sweep(&bed, &options));
    assert_int_equal(bed.points.status, -1);
    assert_non_null(strstr(bed.points.message, "no/such.tsv"));
    bed_close(&bed);
}

/* A stopped sweep has told whole curves of the rows so far. */
static void test_stop(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, 1);
    char *text = malloc(1 << 20), *path = temporary_path(&bed.folder, "long.txt");
    text[0] = '\0';
    size_t used = 0;
    for (int i = 0; i < 20000; i++)
        used += (size_t)sprintf(text + used, "%s\n", rows[i % ROWS].text);
    assert_int_equal(file_replace(path, text, used, NULL), 0);
    struct sweep_options options = options_of(&bed, "topk");
    options.path = path;
    options.rows = 20000;
    int number = worker_submit(bed.points.worker, sweep(&bed, &options), &bed.points.error);
    assert_true(number > 0);
    for (int done = 0; !done;) {
        struct event *event = queue_wait(bed.points.events, POINTS_LIMIT_MS);
        assert_non_null(event);
        done = points_take(&bed.points, number, event);
        if (bed.points.count == 8)
            worker_stop(bed.points.worker);
    }
    assert_int_equal(bed.points.status, 1);
    for (int index = -1; index < 3; index++) {
        double told = point_of(&bed, index)->data.point.values[SWEEP_ROWS];
        assert_true(told > 0 && told < 20000);
    }
    free(text);
    free(path);
    bed_close(&bed);
}

/* What a pattern removes is counted on scores that differ, or those with a threshold keep all. */
static void test_realised(void **state) {
    (void)state;
    static const char *const texts[] = {"topk(0.75)", "threshold(0.75)", "nm(1, 4)"};
    struct sweep_search search = {.seed = 1};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sparsity *sparsity;
        double realised = 0;
        assert_int_equal(sparsity_parse(&sparsity, texts[i], NULL, NULL), 0);
        assert_int_equal(sweep_realised_at(&search, sparsity, 32, &realised, NULL), 0);
        assert_float_equal(realised, 0.75, 1e-9);
        sparsity_free(sparsity);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_realised),       cmocka_unit_test(test_points),
    cmocka_unit_test(test_patterns),       cmocka_unit_test(test_whole_numbers),
    cmocka_unit_test(test_without_labels), cmocka_unit_test(test_errors),
    cmocka_unit_test(test_stop),
};

TEST_GROUP(tests_session_sweep, tests);
