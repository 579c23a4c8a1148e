/*
 * The best evaluation: which it is, early stopping, and both in the checkpoint.
 */
#include "core/train/best.h"

#include <math.h>

#include "tests/train/fixture.h"

static struct train_options run_options(void) {
    struct train_options options = train_options_default();
    options.batch_size = 16;
    options.learning_rate = 5e-3;
    options.max_steps = 20;
    options.stop_after = 2;
    return options;
}

static void judge(struct trainer *trainer, double accuracy, double loss) {
    make_steps(trainer, 1, NULL);
    assert_done(trainer_judge(trainer, accuracy, loss, &problem));
}

static void test_better_is_more_accurate_then_lower_loss(void **state) {
    (void)state;
    struct bench bench;
    struct train_options options = run_options();
    bench_open(&bench, 1, "dense");
    struct trainer *trainer = bench_trainer(&bench, &options);
    const struct best *best = trainer_best(trainer);
    assert_null(best->model);
    judge(trainer, 0.5, 1.0);
    assert_int_equal(best->step, 1);
    judge(trainer, 0.5, 1.0); /* not better */
    assert_true(best->step == 1 && best->stale == 1);
    judge(trainer, 0.5, 0.9);
    assert_true(best->step == 3 && best->stale == 0);
    struct model *kept;
    assert_done(model_copy(&kept, trainer_model(trainer), &problem));
    judge(trainer, 0.4, 0.1);
    assert_true(best->step == 3 && best->stale == 1 && !trainer_is_stale(trainer));
    assert_done(trainer_judge(trainer, 0.4, 0.1, &problem)); /* the same step again */
    assert_int_equal(best->stale, 1);
    judge(trainer, 0.5, (double)NAN);
    assert_true(best->step == 3 && trainer_is_stale(trainer));
    assert_true(same_weights(best->model, kept));
    assert_false(same_weights(best->model, trainer_model(trainer)));
    judge(trainer, 0.6, 3.0);
    assert_true(best->step == 6 && !trainer_is_stale(trainer));
    model_release(kept);
    trainer_free(trainer);

    options.stop_after = 0;
    trainer = bench_trainer(&bench, &options);
    for (int i = 0; i < 5; i++)
        judge(trainer, 0.1, 1.0);
    assert_false(trainer_is_stale(trainer));
    trainer_free(trainer);
    bench_close(&bench);
}

static void test_is_part_of_the_checkpoint(void **state) {
    (void)state;
    char *folder = make_folder();
    struct train_options options = run_options();
    struct bench first, second;
    bench_open(&first, 1, "dense");
    bench_open(&second, 1, "dense");
    struct trainer *broken = bench_trainer(&first, &options);
    struct trainer *resumed = bench_trainer(&second, &options);
    assert_done(trainer_save(broken, folder, &problem)); /* before an evaluation */
    assert_done(trainer_resume(resumed, folder, &problem));
    assert_null(trainer_best(resumed)->model);
    judge(broken, 2.0 / 3, 1.0 / 7);
    judge(broken, 0.5, 1);
    assert_done(trainer_save(broken, folder, &problem));
    judge(resumed, 0.9, 0); /* whatever it did before */
    assert_done(trainer_resume(resumed, folder, &problem));
    const struct best *best = trainer_best(resumed);
    assert_true(best->step == 1 && best->judged == 2 && best->stale == 1);
    assert_true(best->accuracy == 2.0 / 3 && best->loss == 1.0 / 7);
    assert_true(same_weights(best->model, trainer_best(broken)->model));
    judge(resumed, 0.5, 1);
    assert_true(trainer_is_stale(resumed));
    trainer_free(broken);
    trainer_free(resumed);

    struct sawb_error error = {""};
    options.stop_after = 3;
    resumed = bench_trainer(&second, &options);
    assert_int_equal(trainer_resume(resumed, folder, &error), -1);
    assert_message(error, "the saved run has stop-after 2, this one 3");
    trainer_free(resumed);
    bench_close(&first);
    bench_close(&second);
    remove_folder(folder);
}

static void test_text(void **state) {
    (void)state;
    static const char *const wrong[] = {"",
                                        "1 0.5 1 2",
                                        "1 0.5 1 2 0 x",
                                        "-1 0.5 1 2 0",
                                        "3 0.5 1 2 0",
                                        "1 0.5 1 2 -1",
                                        "one 0.5 1 2 0"};
    struct best best = {0};
    struct sawb_error error;
    char text[BEST_TEXT_BYTES];
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(best_parse(&best, wrong[i], "state", &error), -1);
    assert_done(best_parse(&best, "7 0.10000000000000001 inf 9 2", "state", &problem));
    assert_true(best.step == 7 && best.accuracy == 0.1 && isinf(best.loss));
    best_print(&best, text);
    assert_string_equal(text, "7 0.10000000000000001 inf 9 2");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_better_is_more_accurate_then_lower_loss),
    cmocka_unit_test(test_is_part_of_the_checkpoint),
    cmocka_unit_test(test_text),
};

TEST_GROUP(tests_train_best, tests);
