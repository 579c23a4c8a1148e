/*
 * occlude.c - edited copies in one packed pass against a forward pass of each edited text alone.
 */
#include <stdio.h>

#include "tests/session/points.h"

#define TOLERANCE 1e-5 /* single precision, another order of sums */
#define TEXT "a warmly never dull film"

/* Words of TEXT with the tokens they consist of: warmly is warm ##ly. */
static const struct {
    int token, tokens;
    const char *masked, *dropped;
} words[] = {
    {1, 1, "[MASK] warmly never dull film", "warmly never dull film"},
    {2, 2, "a [MASK][MASK] never dull film", "a never dull film"},
    {4, 1, "a warmly [MASK] dull film", "a warmly dull film"},
    {5, 1, "a warmly never [MASK] film", "a warmly never film"},
    {6, 1, "a warmly never dull [MASK]", "a warmly never dull"},
};
#define WORDS ((int)(sizeof(words) / sizeof(words[0])))

/* Difference and probability at the labels of the original, worked out from two captures. */
static void expect_answer(const struct point *point, const struct capture *copy,
                          const struct capture *original) {
    int high = 1, low = 0, labels = original->labels;
    if (labels > 2) {
        high = original->label;
        low = high == 0 ? 1 : 0;
        for (int i = 0; i < labels; i++)
            if (i != high && original->logits[i] > original->logits[low])
                low = i;
    }
    double distance = 0;
    for (int i = 0; i < labels; i++)
        distance += fabs((double)copy->probabilities[i] - (double)original->probabilities[i]) / 2;
    const double *values = point->values;
    assert_near(values[COPY_DIFFERENCE], (double)(copy->logits[high] - copy->logits[low]),
                TOLERANCE);
    assert_near(values[COPY_DIFFERENCE_BEFORE],
                (double)(original->logits[high] - original->logits[low]), TOLERANCE);
    assert_near(values[COPY_KEPT], (double)copy->probabilities[original->label], TOLERANCE);
    assert_near(values[COPY_KEPT_BEFORE], (double)original->probabilities[original->label],
                TOLERANCE);
    assert_near(values[COPY_PROBABILITY], (double)copy->probabilities[copy->label], TOLERANCE);
    assert_near(values[COPY_DISTANCE], distance, TOLERANCE);
    assert_int_equal((int)values[COPY_LABEL], copy->label);
}

/* Every word, by both arms, both ways. */
static void check_words(const char *directory) {
    static const char *const specs[] = {"dense", "topk(0.5)"};
    struct points points;
    points_open(&points, directory);
    struct job_arm arms[] = {{points.model, specs[0], NULL}, {points.model, specs[1], NULL}};
    for (int by = CHANGE_DROP; by <= CHANGE_MASK; by++) {
        points_run_well(&points, job_occlude(arms, 2, TEXT, (enum text_change)by, UNIT_WORD, 1, 0,
                                             &points.error));
        assert_int_equal(points.count, 2 * WORDS);
        for (int i = 0; i < points.count; i++) {
            const struct point *point = &points.seen[i].data.point;
            int word = point->index, arm = points.seen[i].arm;
            assert_string_equal(point->series, SERIES_OCCLUDE);
            assert_int_equal(point->count, WORDS);
            assert_int_equal((int)point->x, words[word].token);
            assert_int_equal((int)point->values[COPY_TOKENS], words[word].tokens);
            struct capture *original = points_capture(&points, specs[arm], TEXT);
            struct capture *copy = points_capture(
                &points, specs[arm], by == CHANGE_MASK ? words[word].masked : words[word].dropped);
            expect_answer(point, copy, original);
            capture_free(copy);
            capture_free(original);
        }
    }
    points_close(&points);
}

static void test_words_of_two_labels(void **state) {
    (void)state;
    check_words(BERT);
}

static void test_words_of_three_labels(void **state) {
    (void)state;
    check_words(DISTILBERT);
}

static void test_tokens(void **state) {
    (void)state;
    struct points points;
    points_open(&points, BERT);
    struct job_arm arm = {points.model, "local(1)", NULL};
    points_run_well(&points,
                    job_occlude(&arm, 1, TEXT, CHANGE_MASK, UNIT_TOKEN, 1, 0, &points.error));
    assert_int_equal(points.count, 6); /* [CLS] and [SEP] stay */
    struct capture *original = points_capture(&points, "local(1)", TEXT);
    struct capture *copy = points_capture(&points, "local(1)", "a warm[MASK] never dull film");
    assert_int_equal((int)points.seen[2].data.point.x, 3);
    expect_answer(&points.seen[2].data.point, copy, original);
    capture_free(copy);
    capture_free(original);
    /* An empty sentence has nothing to take away. */
    points_run_well(&points,
                    job_occlude(&arm, 1, "", CHANGE_MASK, UNIT_TOKEN, 1, 0, &points.error));
    assert_int_equal(points.count, 0);
    points_close(&points);
}

/* More copies than fit into one pass are answered all the same. */
static void test_long_sentence(void **state) {
    (void)state;
    struct points points;
    char text[256] = "film";
    points_open(&points, BERT);
    for (int i = 1; i < 30; i++)
        strcat(text, i % 3 ? " story" : " dull");
    struct job_arm arm = {points.model, "dense", NULL};
    points_run_well(&points,
                    job_occlude(&arm, 1, text, CHANGE_DROP, UNIT_TOKEN, 1, 0, &points.error));
    assert_int_equal(points.count, 30);
    struct capture *original = points_capture(&points, "dense", text);
    struct capture *copy = points_capture(&points, "dense", text + strlen("film "));
    expect_answer(&points.seen[0].data.point, copy, original);
    for (int i = 0; i < 30; i++)
        assert_int_equal(points.seen[i].data.point.index, i);
    capture_free(copy);
    capture_free(original);
    points_close(&points);
}

static void test_copies(void **state) {
    (void)state;
    struct points points;
    points_open(&points, BERT);
    char word[16] = "bright";
    const struct text_edit two[] = {{CHANGE_DROP, 0, 1, NULL}, {CHANGE_REPLACE, 9, 14, word}};
    const struct text_edit one = {CHANGE_REPLACE, 9, 14, "always very"};
    const struct text_copy copies[] = {{two, 2}, {&one, 1}, {NULL, 0}};
    static const char *const texts[] = {"warmly bright dull film", "a warmly always very dull film",
                                        TEXT};
    struct job_arm arm = {points.model, "topk(0.4)", NULL};
    struct job *job = job_copies(&arm, 1, TEXT, copies, 3, 1, 0, &points.error);
    strcpy(word, "cold"); /* the job has its own */
    points_run_well(&points, job);
    assert_int_equal(points.count, 3);
    struct capture *original = points_capture(&points, "topk(0.4)", TEXT);
    for (int i = 0; i < 3; i++) {
        struct capture *copy = points_capture(&points, "topk(0.4)", texts[i]);
        assert_string_equal(points.seen[i].data.point.series, SERIES_COPIES);
        expect_answer(&points.seen[i].data.point, copy, original);
        capture_free(copy);
    }
    assert_near(points.seen[2].data.point.values[COPY_DISTANCE], 0, TOLERANCE);
    capture_free(original);
    points_close(&points);
}

static void test_errors(void **state) {
    (void)state;
    struct points points;
    points_open(&points, BERT);
    struct job_arm arm = {points.model, "dense", NULL}, bad = {points.model, "topk(2)", NULL};
    char text[256] = "film";
    for (int i = 1; i < 30; i++)
        strcat(text, " film");
    assert_null(job_occlude(&arm, 3, "film", CHANGE_MASK, UNIT_TOKEN, 1, 0, &points.error));
    assert_null(job_occlude(&bad, 1, "film", CHANGE_MASK, UNIT_TOKEN, 1, 0, &points.error));
    assert_null(job_occlude(&arm, 1, "film", CHANGE_REPLACE, UNIT_TOKEN, 1, 0, &points.error));
    points_run(&points, job_occlude(&arm, 1, "\xff", CHANGE_MASK, UNIT_TOKEN, 1, 0, &points.error));
    assert_int_equal(points.status, -1);
    assert_non_null(strstr(points.message, "UTF-8"));
    /* A copy that is longer than the model takes. */
    struct text_edit longer = {CHANGE_REPLACE, 0, 4, "film film"};
    struct text_copy copy = {&longer, 1};
    points_run(&points, job_copies(&arm, 1, text, &copy, 1, 1, 0, &points.error));
    assert_int_equal(points.status, -1);
    assert_non_null(strstr(points.message, "33 tokens"));
    points_close(&points);
}

/* A newer occlusion ends one that runs; a prediction is served in its midst. */
static void test_newest_wins(void **state) {
    (void)state;
    struct points points;
    char text[4096] = "film";
    points_open(&points, BERT);
    for (int i = 1; i < 30; i++)
        strcat(text, " dull");
    struct job_arm arms[] = {{points.model, "dense", NULL}, {points.model, "topk(0.5)", NULL}};
    int last = 0, ends = 0, predictions = 0;
    for (int i = 0; i < 20; i++) {
        last = worker_submit(
            points.worker, job_occlude(arms, 2, text, CHANGE_MASK, UNIT_TOKEN, 1, 0, &points.error),
            &points.error);
        assert_true(last > 0);
    }
    int answer = worker_submit(points.worker, job_predict(arms, 2, text, 1, 0, &points.error),
                               &points.error);
    for (int done = 0; !done || predictions < 2;) {
        struct event *event = queue_wait(points.events, POINTS_LIMIT_MS);
        assert_non_null(event);
        predictions += event->kind == EVENT_PREDICTION && event->job == answer;
        ends += event->kind == EVENT_DONE && event->job != answer;
        done |= points_take(&points, last, event);
    }
    assert_int_equal(points.status, 0);
    assert_int_equal(points.count, 2 * 30);
    assert_true(ends <= 20);
    points_close(&points);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_words_of_two_labels),
    cmocka_unit_test(test_words_of_three_labels),
    cmocka_unit_test(test_tokens),
    cmocka_unit_test(test_long_sentence),
    cmocka_unit_test(test_copies),
    cmocka_unit_test(test_errors),
    cmocka_unit_test(test_newest_wins),
};

TEST_GROUP(tests_session_occlude, tests);
