/*
 * Schedules of patterns: their changes, what is wrong with others, and a run that follows one.
 */
#include "core/train/plan.h"

#include "tests/train/fixture.h"

static struct sparsity_plan *plan_of(const char *text) {
    struct sparsity_plan *plan;
    assert_done(sparsity_plan_parse(&plan, text, NULL, &problem));
    return plan;
}

struct expected {
    int64_t step;
    const char *pattern;
};

static void check_changes(const char *text, const struct expected *expected, int count) {
    struct sparsity_plan *plan = plan_of(text);
    int64_t step;
    assert_string_equal(sparsity_plan_text(plan), text);
    for (int i = 0; i < count; i++) {
        const char *pattern = sparsity_plan_change(plan, i, &step);
        assert_non_null(pattern);
        assert_string_equal(pattern, expected[i].pattern);
        assert_int_equal(step, expected[i].step);
        assert_ptr_equal(sparsity_plan_at(plan, step), pattern);
    }
    assert_null(sparsity_plan_change(plan, count, &step));
    assert_null(sparsity_plan_at(plan, expected[count - 1].step + 1));
    sparsity_plan_free(plan);
}

static void test_parts(void **state) {
    (void)state;
    check_changes("dense@0-500; topk(0.4)@500-1000; topk(0.8)@1000-",
                  (struct expected[]){{0, "dense"}, {500, "topk(0.4)"}, {1000, "topk(0.8)"}}, 3);
    check_changes("dense @ 0 - 7;local(2)@7-9", /* stays */
                  (struct expected[]){{0, "dense"}, {7, "local(2)"}}, 2);
    check_changes("topk(0.5); dense@L0@0-3; heads_off(0.1)@3-",
                  (struct expected[]){{0, "topk(0.5); dense@L0"}, {3, "heads_off(0.1)"}}, 2);
}

static void test_ramps(void **state) {
    (void)state;
    /* Three jumps over ten steps: round(3 s / 10) is 1 from 2 on, 2 from 5 on, 3 from 9 on. */
    check_changes("topk(0.1..0.13)@0-10; dense@10-20",
                  (struct expected[]){{0, "topk(0.1)"},
                                      {2, "topk(0.11)"},
                                      {5, "topk(0.12)"},
                                      {9, "topk(0.13)"},
                                      {10, "dense"}},
                  5);
    check_changes("local(4..2)@0-4",
                  (struct expected[]){{0, "local(4)"}, {1, "local(3)"}, {3, "local(2)"}}, 3);
    /* More jumps than steps: those of one step become one. */
    check_changes("topk(0..0.8)@0-2",
                  (struct expected[]){{0, "topk(0)"}, {1, "topk(0.4)"}, {2, "topk(0.8)"}}, 3);
    /* Two ramps of a part, a percentage, and a part that does not move. */
    check_changes("topk(10..12%)+local(1..3)@0-2",
                  (struct expected[]){{0, "topk(10%)+local(1)"},
                                      {1, "topk(11%)+local(2)"},
                                      {2, "topk(12%)+local(3)"}},
                  3);
    check_changes("topk(0.5..0.5)@0-9", (struct expected[]){{0, "topk(0.5)"}}, 1);
    /* 80 jumps of a hundredth. */
    struct sparsity_plan *plan = plan_of("topk(0..0.8)@0-1000");
    int64_t step;
    assert_string_equal(sparsity_plan_change(plan, 40, &step), "topk(0.4)");
    assert_int_equal(step, 494); /* the first s with 80 s / 1000 >= 39.5 */
    assert_string_equal(sparsity_plan_change(plan, 80, &step), "topk(0.8)");
    assert_null(sparsity_plan_change(plan, 81, &step));
    sparsity_plan_free(plan);
}

static void test_plans_that_cannot_be(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {"", "column 1: the steps are missing"},
        {"dense", "column 6: the steps are missing"},
        {"dense@L0", "column 9: the steps are missing"},
        {"dense@0-5; topk(0.8)", "column 21: the steps are missing"},
        {"dense@0-5;", "column 11: the steps are missing"},
        {"dense@5", "column 8: a part holds over a range of steps"},
        {"dense@5-", "column 7: the first part must begin at step 0"},
        {"dense@0-5 x", "column 11: the steps of a part end it"},
        {"dense@0-0", "column 9: a part must end after it begins"},
        {"dense@0-5;local(1)@6-", "column 20: this part must begin at step 5"},
        {"dense@0-;local(1)@6-", "column 19: only the last part"},
        {"dense@0-99999999999", "column 9: there are at most"},
        {"dense@0-5; topk(1.8)@5-", "column 17: share must be at least 0 and below 1"},
        {"dense@0-5; topk(0.2..1.8)@5-9", "column 22: share must be at least 0 and below 1"},
        {"topk(1.5..0.5)@0-9", "share must be at least 0 and below 1"},
        {"topk(0..0.8)@0-", "column 13: a ramp needs an end"},
        {"topk(0..)@0-5", "column"},
        {"@0-5", "column"},
        {"dense@0-5; tpok(0.8)@5-", "column 12: "},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct sparsity_plan *plan;
        struct sawb_error error = {""};
        assert_int_equal(sparsity_plan_parse(&plan, wrong[i].text, NULL, &error), -1);
        assert_null(plan);
        assert_message(error, "train: sparsity-schedule: ");
        assert_message(error, wrong[i].part);
    }
    struct sparsity_plan *plan = plan_of("dense@0-5; topk(0.8)@L5@5-");
    struct sawb_error error = {""};
    assert_int_equal(sparsity_plan_check(plan, 2, 2, &error), -1);
    assert_message(error, "train: sparsity-schedule: ");
    sparsity_plan_free(plan);
}

/* ---- a run ----------------------------------------------------------------------------------- */

#define PLAN "dense@0-2; topk(0.2..0.5)@2-6; local(1)@6-"

static struct train_options run_options(void) {
    struct train_options options = train_options_default();
    options.batch_size = 16;
    options.learning_rate = 5e-3;
    options.max_steps = 9;
    return options;
}

static struct trainer *following(struct bench *bench, const struct sparsity_plan *plan) {
    struct train_options options = run_options();
    struct trainer *trainer = bench_trainer(bench, &options);
    if (plan)
        assert_done(trainer_follow(trainer, plan, &problem));
    return trainer;
}

/* The same steps as a run whose pattern is changed by hand. */
static void test_a_run_follows_its_plan(void **state) {
    (void)state;
    static const char *const patterns[] = {"dense",      "dense",      "topk(0.2)",
                                           "topk(0.28)", "topk(0.35)", "topk(0.43)",
                                           "local(1)",   "local(1)",   "local(1)"};
    struct bench planned, steered;
    bench_open(&planned, 1, "topk(0.9)"); /* what the plan takes the place of */
    bench_open(&steered, 1, "dense");
    struct sparsity_plan *plan = plan_of(PLAN);
    struct trainer *one = following(&planned, plan), *two = following(&steered, NULL);
    assert_string_equal(sparsity_pattern(trainer_sparsity(one)), "dense");
    for (int i = 0; i < 9; i++) {
        struct step_report report, other;
        make_steps(one, 1, &report);
        const char *pattern = sparsity_pattern(trainer_sparsity(one));
        struct sparsity *same;
        assert_done(sparsity_parse(&same, pattern, NULL, &problem));
        assert_done(trainer_change_sparsity(two, same, &problem));
        make_steps(two, 1, &other);
        assert_true(report.loss == other.loss && report.realised == other.realised);
        assert_int_equal(trainer_pattern_is_new(one), i != 1 && i != 7 && i != 8);
        assert_string_equal(pattern, patterns[i]);
    }
    assert_true(same_weights(trainer_model(one), trainer_model(two)));
    trainer_free(one);
    trainer_free(two);
    sparsity_plan_free(plan);
    bench_close(&planned);
    bench_close(&steered);
}

static void test_resumed_at_every_step(void **state) {
    (void)state;
    struct bench whole;
    struct sparsity_plan *plan = plan_of(PLAN);
    bench_open(&whole, 1, "dense");
    struct trainer *unbroken = following(&whole, plan);
    make_steps(unbroken, 9, NULL);
    for (int at = 0; at < 9; at++) {
        char *folder = make_folder();
        struct bench first, second;
        bench_open(&first, 1, "dense");
        bench_open(&second, 1, "dense");
        struct trainer *broken = following(&first, plan), *resumed = following(&second, plan);
        make_steps(broken, at, NULL);
        assert_done(trainer_save(broken, folder, &problem));
        assert_done(trainer_resume(resumed, folder, &problem));
        make_steps(resumed, 9 - at, NULL);
        assert_true(same_weights(trainer_model(unbroken), trainer_model(resumed)));
        trainer_free(broken);
        trainer_free(resumed);
        bench_close(&first);
        bench_close(&second);
        remove_folder(folder);
    }
    trainer_free(unbroken);
    sparsity_plan_free(plan);
    bench_close(&whole);
}

static void test_other_plans_are_refused(void **state) {
    (void)state;
    char *folder = make_folder();
    struct bench bench;
    struct sawb_error error = {""};
    struct sparsity_plan *plan = plan_of(PLAN), *other = plan_of("dense@0-");
    bench_open(&bench, 1, "dense");
    struct trainer *trainer = following(&bench, plan);
    assert_done(trainer_save(trainer, folder, &problem));
    trainer_free(trainer);
    trainer = following(&bench, other);
    assert_int_equal(trainer_resume(trainer, folder, &error), -1);
    assert_message(error, "the saved run has sparsity-schedule " PLAN ", this one dense@0-");
    trainer_free(trainer);
    trainer = following(&bench, NULL);
    assert_int_equal(trainer_resume(trainer, folder, &error), -1);
    assert_message(error, "this one none");
    trainer_free(trainer);
    sparsity_plan_free(plan);
    sparsity_plan_free(other);
    bench_close(&bench);
    remove_folder(folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_parts),
    cmocka_unit_test(test_ramps),
    cmocka_unit_test(test_plans_that_cannot_be),
    cmocka_unit_test(test_a_run_follows_its_plan),
    cmocka_unit_test(test_resumed_at_every_step),
    cmocka_unit_test(test_other_plans_are_refused),
};

TEST_GROUP(tests_train_plan, tests);
