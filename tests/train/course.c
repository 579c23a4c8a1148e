/*
 * The course of a run, against the steps that a trainer makes.
 */
#include "core/train/course.h"

#include "core/base/random.h"
#include "tests/allocations.h"
#include "tests/train/fixture.h"

static struct train_options some_options(void) {
    struct train_options options = train_options_default();
    options.batch_size = 20;
    options.epochs = 2;
    return options;
}

/* The largest step of a run is what was foreseen, whether it ends within an epoch or not. */
static void compare_with_steps(int max_steps) {
    struct bench bench;
    bench_open(&bench, 1, "dense");
    struct train_options options = some_options();
    options.max_steps = max_steps;
    struct token_set set;
    assert_done(token_set_create(&set, bench.model->tokenizer, &bench.easy->dataset, NULL,
                                 EASY_ROWS, 128, bench.compute.pool, &problem));
    struct batch_most most;
    unsigned char seen[EASY_ROWS] = {0};
    assert_done(course_look(&most, seen, &set, &options, &problem));

    struct trainer *trainer = bench_trainer(&bench, &options);
    struct step_report report;
    struct sawb_error error;
    int tokens = 0, steps = 0, foreseen = 0;
    while (trainer_step(trainer, &report, &error) == 1) {
        tokens = report.tokens > tokens ? report.tokens : tokens;
        steps++;
    }
    for (int i = 0; i < EASY_ROWS; i++)
        foreseen += seen[i];
    assert_int_equal(steps, course_steps(EASY_ROWS, &options));
    assert_int_equal(most.tokens, tokens);
    assert_int_equal(most.sentences, 20);
    assert_int_equal(foreseen, steps * 20 < EASY_ROWS ? steps * 20 : EASY_ROWS);
    trainer_free(trainer);
    token_set_free(&set);
    bench_close(&bench);
}

static void test_largest_step_is_foreseen(void **state) {
    (void)state;
    compare_with_steps(0);
    compare_with_steps(3);
    compare_with_steps(11);
}

static void test_batches_of_a_list(void **state) {
    (void)state;
    size_t offsets[] = {0, 3, 13, 15, 20};
    struct token_set set = {.count = 4, .offsets = offsets};
    struct batch_most most = {0};
    batch_look(&most, &set, (int[]){0, 2, 1, 3}, 4, 3);
    assert_int_equal(most.sentences, 3);
    assert_int_equal(most.tokens, 15);
    assert_int_equal(most.longest, 10);
    batch_look(&most, &set, (int[]){3, 1}, 2, 1);
    assert_int_equal(most.sentences, 3);
    assert_int_equal(most.tokens, 15);
    most = (struct batch_most){0};
    batch_look(&most, &set, NULL, 4, 2); /* in order: 3 and 10, 2 and 5 */
    assert_int_equal(most.sentences, 2);
    assert_int_equal(most.tokens, 13);
}

/* After the first steps, in which a thread may set itself up. */
static void count_steps(const char *pattern, int threads, double word_swap) {
    struct bench bench;
    bench_open(&bench, threads, pattern);
    struct train_options options = some_options();
    options.epochs = 4;
    options.accumulate = 2;
    options.average = 0.9;
    options.word_dropout = 0.1;
    options.word_swap = word_swap;
    struct trainer *trainer = bench_trainer(&bench, &options);
    if (word_swap > 0)
        assert_done(trainer_teach(trainer, bench.source, &bench.easy->dataset, &problem));
    make_steps(trainer, 2, NULL);
    long before = allocations();
    make_steps(trainer, 12, NULL);
    assert_int_equal(allocations(), before);
    trainer_free(trainer);
    bench_close(&bench);
}

static void test_no_step_allocates(void **state) {
    (void)state;
    long before = allocations();
    int *volatile block = malloc(sizeof(*block));
    free(block);
    assert_true(before < 0 || allocations() == before + 1);
    count_steps("dense", 1, 0);
    count_steps("dense", 2, 0);
    count_steps("dense", 2, 0.3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_largest_step_is_foreseen),
    cmocka_unit_test(test_batches_of_a_list),
    cmocka_unit_test(test_no_step_allocates),
};

TEST_GROUP(tests_train_course, tests);
