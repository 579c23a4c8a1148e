/*
 * Saving and resuming: bit for bit the run that was never broken off; what does not fit is refused.
 */
#include "core/train/checkpoint.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/train/changes.h"
#include "core/train/schedule.h"
#include "tests/train/fixture.h"

#define STEPS 10
#define PATTERN "random(0.5, step)"

static struct train_options run_options(void) {
    struct train_options options = train_options_default();
    options.batch_size = 12;
    options.accumulate = 2;
    options.layer_decay = 0.9;
    strcpy(options.freeze, "L0");
    options.learning_rate = 5e-3;
    options.epochs = 2; /* of six steps: the break and the end lie in different epochs */
    options.dropout = 0.1;
    options.word_dropout = 0.2;
    options.label_noise = 0.1;
    options.label_smoothing = 0.1;
    options.fraction = 0.8;
    options.average = 0.9;
    options.seed = 7;
    return options;
}

static void test_resumed_run_equals_the_unbroken_one(void **state) {
    (void)state;
    char *folder = make_folder();
    struct train_options options = run_options();
    struct bench whole, first, second;
    struct step_report expected, report;
    bench_open(&whole, 2, PATTERN);
    bench_open(&first, 1, PATTERN);
    bench_open(&second, 2, PATTERN);
    struct trainer *unbroken = bench_trainer(&whole, &options);
    make_steps(unbroken, STEPS, &expected);

    struct trainer *broken = bench_trainer(&first, &options);
    make_steps(broken, 4, NULL);
    assert_done(trainer_save(broken, folder, &problem));
    trainer_free(broken);

    struct trainer *resumed = bench_trainer(&second, &options);
    make_steps(resumed, 2, NULL); /* whatever it did before */
    assert_done(trainer_resume(resumed, folder, &problem));
    assert_int_equal(trainer_steps_done(resumed), 4);
    make_steps(resumed, STEPS - 4, &report);
    trainer_model(unbroken); /* brings all rows of the weights up to date */
    trainer_model(resumed);
    assert_true(same_weights(whole.model, second.model));
    assert_true(same_weights(trainer_model(unbroken), trainer_model(resumed)));
    assert_false(same_weights(trainer_model(resumed), second.model));
    assert_true(report.loss == expected.loss && report.step == STEPS);
    assert_true(report.gradient_norm == expected.gradient_norm);

    trainer_free(unbroken);
    trainer_free(resumed);
    bench_close(&whole);
    bench_close(&first);
    bench_close(&second);
    remove_folder(folder);
}

static struct sparsity *pattern_of(const char *text) {
    struct sparsity *sparsity;
    assert_done(sparsity_parse(&sparsity, text, NULL, &problem));
    return sparsity;
}

/* What is changed on the way is part of the checkpoint: the resumed run is the steered one. */
static void test_steered_run_resumes_alike(void **state) {
    (void)state;
    char *folder = make_folder();
    struct train_options options = run_options();
    struct bench whole, first, second;
    struct step_report expected, report;
    bench_open(&whole, 1, PATTERN);
    bench_open(&first, 1, PATTERN);
    bench_open(&second, 1, PATTERN);
    struct trainer *unbroken = bench_trainer(&whole, &options);
    struct trainer *broken = bench_trainer(&first, &options);
    struct trainer *both[] = {unbroken, broken};
    for (int i = 0; i < 2; i++) {
        make_steps(both[i], 2, NULL);
        assert_done(trainer_change_rate(both[i], 1e-3 / 3, &problem));
        assert_done(trainer_change_rate(both[i], 1e-3 / 7, &problem));
        make_steps(both[i], 1, &report);
        assert_done(trainer_change_sparsity(both[i], pattern_of("topk(0.5)"), &problem));
    }
    /* From the step of the change on, by the schedule, whose warm-up is over. */
    struct schedule schedule = schedule_plan(options.warmup, options.hold, report.total_steps);
    assert_true(fabs(report.learning_rate / schedule_rate(&schedule, 1e-3 / 7, 2) - 1) < 1e-12);
    make_steps(broken, 1, NULL);
    assert_done(trainer_save(broken, folder, &problem));
    make_steps(unbroken, STEPS - 3, &expected);

    struct trainer *resumed = bench_trainer(&second, &options);
    assert_done(trainer_resume(resumed, folder, &problem));
    assert_true(trainer_rate(resumed) == 1e-3 / 7);
    assert_string_equal(sparsity_pattern(trainer_sparsity(resumed)), "topk(0.5)");
    make_steps(resumed, STEPS - 4, &report);
    assert_true(same_weights(trainer_model(unbroken), trainer_model(resumed)));
    assert_true(report.loss == expected.loss && report.learning_rate == expected.learning_rate);

    trainer_free(unbroken);
    trainer_free(broken);
    trainer_free(resumed);
    bench_close(&whole);
    bench_close(&first);
    bench_close(&second);
    remove_folder(folder);
}

static void test_changes_that_cannot_be(void **state) {
    (void)state;
    struct train_options options = run_options();
    struct bench bench;
    struct sawb_error error;
    bench_open(&bench, 1, PATTERN);
    struct trainer *trainer = bench_trainer(&bench, &options);
    assert_int_equal(trainer_change_rate(trainer, -1, &error), -1);
    assert_int_equal(trainer_change_rate(trainer, NAN, &error), -1);
    assert_int_equal(trainer_change_rate(trainer, 1e6, &error), -1);
    assert_int_equal(trainer_change_sparsity(trainer, pattern_of("topk(0.5)@L40"), &error), -1);
    assert_true(trainer_rate(trainer) == options.learning_rate);
    assert_ptr_equal(trainer_sparsity(trainer), bench.sparsity);
    trainer_free(trainer);
    bench_close(&bench);
}

/* Lists of changes from a file that somebody has edited. */
static void test_changes_as_text(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",    "[",     "[{}]", "[{\"lr\":-1}]", "[{\"lr\":\"x\"}]", "[{\"sparsity\":\"topk(7)\"}]",
        "[1]", "[null]"};
    struct changes changes;
    struct sawb_error error;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(changes_parse(&changes, wrong[i], "state", &error), -1);
    assert_done(changes_parse(&changes, NULL, "state", &problem));
    assert_true(!changes.list && changes.rate < 0 && !changes.sparsity);
    const char *text = "[{\"lr\":0.5,\"step\":2},{\"sparsity\":\"local(1)\",\"step\":3},"
                       "{\"sparsity\":\"local(2)\",\"step\":4}]";
    char *again;
    assert_done(changes_parse(&changes, text, "state", &problem));
    assert_true(changes.rate == 0.5);
    assert_string_equal(sparsity_pattern(changes.sparsity), "local(2)");
    assert_done(changes_print(&changes, &again, &problem));
    assert_string_equal(again, text);
    free(again);
    changes_free(&changes);
}

static void test_saved_model_is_the_one_to_look_at(void **state) {
    (void)state;
    char *folder = make_folder();
    struct train_options options = run_options();
    struct bench bench;
    struct model *saved;
    bench_open(&bench, 1, PATTERN);
    struct trainer *trainer = bench_trainer(&bench, &options);
    make_steps(trainer, 3, NULL);
    assert_done(trainer_save(trainer, folder, &problem));
    assert_done(model_open(&saved, folder, &(struct model_options){0}, &problem));
    assert_true(same_weights(saved, trainer_model(trainer)));
    model_release(saved);
    trainer_free(trainer);
    bench_close(&bench);
    remove_folder(folder);
}

/* A trainer with the changed options does not take the checkpoint, and stays as it was. */
static void assert_not_resumed(struct bench *bench, const struct train_options *options,
                               const char *folder, const char *part) {
    struct sawb_error error = {""};
    struct trainer *trainer = bench_trainer(bench, options);
    assert_int_equal(trainer_resume(trainer, folder, &error), -1);
    assert_message(error, part);
    assert_int_equal(trainer_steps_done(trainer), 0);
    assert_true(same_weights(bench->model, bench->source));
    trainer_free(trainer);
}

static void test_other_runs_are_refused(void **state) {
    (void)state;
    char *folder = make_folder();
    struct train_options options = run_options(), other = options;
    struct bench bench;
    bench_open(&bench, 1, PATTERN);
    struct trainer *trainer = bench_trainer(&bench, &options);
    assert_done(trainer_save(trainer, folder, &problem));
    trainer_free(trainer);

    other.batch_size = 8;
    assert_not_resumed(&bench, &other, folder, "the saved run has batch-size 12, this one 8");
    other = options;
    other.accumulate = 1;
    assert_not_resumed(&bench, &other, folder, "accumulate 2, this one 1");
    other = options;
    other.layer_decay = 1;
    assert_not_resumed(&bench, &other, folder, "layer-decay 0.9");
    other = options;
    strcpy(other.freeze, "L1");
    assert_not_resumed(&bench, &other, folder, "freeze \"L0\", this one \"L1\"");
    other = options;
    other.learning_rate = 4e-3;
    assert_not_resumed(&bench, &other, folder, "lr 0.005");
    other = options;
    other.average = 0;
    assert_not_resumed(&bench, &other, folder, "average");
    bench.compute.precision = PRECISION_BF16; /* whatever this CPU can */
    assert_not_resumed(&bench, &options, folder, "precision f32, this one bf16");
    bench.compute.precision = PRECISION_F32;
    for (int i = 0; i < 20; i++)
        bench.easy->texts[i][0] = 'a'; /* "ahe", which is no word */
    assert_not_resumed(&bench, &options, folder, "the saved run has data 134 sentences");
    bench_close(&bench);

    bench_open(&bench, 1, "topk(0.5)");
    assert_not_resumed(&bench, &options, folder, "sparsity " PATTERN ", this one topk(0.5)");
    assert_not_resumed(&bench, &options, "tests/model/vectors/bert", "cannot resume");
    bench_close(&bench);
    remove_folder(folder);
}

/* As if this had never been written. */
static void unsay(char *text, size_t size, const char *quoted) {
    char *name = memmem(text, size, quoted, strlen(quoted));
    assert_non_null(name);
    name[1] = 'X';
}

/* Checkpoints did not always say in which precision a run was made, it is taken as f32, nor that no
 * words were swapped. */
static void test_old_state_says_less(void **state) {
    (void)state;
    char *folder = make_folder(), *text;
    size_t size;
    struct train_options options = run_options();
    struct bench bench;
    bench_open(&bench, 1, PATTERN);
    struct trainer *trainer = bench_trainer(&bench, &options);
    make_steps(trainer, 2, NULL);
    assert_done(trainer_save(trainer, folder, &problem));
    char *path = file_join(folder, "trainer_state.safetensors");
    assert_done(file_read(&text, &size, path, &problem));
    unsay(text, size, "\"precision\"");
    unsay(text, size, "\"word-swap\"");
    assert_done(file_replace(path, text, size, &problem));
    assert_done(trainer_resume(trainer, folder, &problem));
    assert_int_equal(trainer_steps_done(trainer), 2);
    trainer_free(trainer);
    bench_close(&bench);

    bench_open(&bench, 1, PATTERN);
    bench.compute.precision = PRECISION_BF16;
    assert_not_resumed(&bench, &options, folder, "precision f32 (as it says none), this one bf16");
    bench.compute.precision = PRECISION_F32;
    options.word_swap = 0.1;
    assert_not_resumed(&bench, &options, folder, "word-swap 0 (as it says none), this one 0.1");
    bench_close(&bench);
    free(text);
    free(path);
    remove_folder(folder);
}

/* The state file with one byte of its header changed, or cut short. */
static void test_broken_state_is_refused(void **state) {
    (void)state;
    char *folder = make_folder(), *text;
    size_t size;
    struct train_options options = run_options();
    struct bench bench;
    bench_open(&bench, 1, PATTERN);
    struct trainer *trainer = bench_trainer(&bench, &options);
    assert_done(trainer_save(trainer, folder, &problem));
    trainer_free(trainer);
    char *path = file_join(folder, "trainer_state.safetensors");
    assert_done(file_read(&text, &size, path, &problem));

    assert_done(file_replace(path, text, size / 2, &problem));
    assert_not_resumed(&bench, &options, folder, "trainer_state.safetensors");
    char *name = memmem(text, size, "second_moment.bert.pooler.dense.bias", 36);
    assert_non_null(name);
    name[0] = 'S';
    assert_done(file_replace(path, text, size, &problem));
    assert_not_resumed(&bench, &options, folder,
                       "\"second_moment.bert.pooler.dense.bias\" is missing");
    name[0] = 's';
    char *format = memmem(text, size, "sawb trainer state 1", 20);
    assert_non_null(format);
    format[19] = '9';
    assert_done(file_replace(path, text, size, &problem));
    assert_not_resumed(&bench, &options, folder, "is not a \"sawb trainer state 1\"");

    free(text);
    free(path);
    bench_close(&bench);
    remove_folder(folder);
}

static void test_folder_that_cannot_be_written(void **state) {
    (void)state;
    char *folder = make_folder();
    struct train_options options = run_options();
    struct sawb_error error = {""};
    struct bench bench;
    bench_open(&bench, 1, PATTERN);
    struct trainer *trainer = bench_trainer(&bench, &options);
    char *file = file_join(folder, "file"), *below = file_join(file, "run");
    assert_done(file_replace(file, "x", 1, &problem));
    assert_int_equal(trainer_save(trainer, below, &error), -1);
    assert_message(error, "file");
    free(file);
    free(below);
    trainer_free(trainer);
    bench_close(&bench);
    remove_folder(folder);
}

/* As on a full disk: no file may grow beyond a few bytes. */
static void test_full_disk_keeps_the_old_checkpoint(void **state) {
    (void)state;
    char *folder = make_folder();
    struct train_options options = run_options();
    struct sawb_error error = {""};
    struct bench bench;
    struct rlimit kept, small;
    bench_open(&bench, 1, PATTERN);
    struct trainer *trainer = bench_trainer(&bench, &options);
    make_steps(trainer, 2, NULL);
    assert_done(trainer_save(trainer, folder, &problem));
    make_steps(trainer, 1, NULL);

    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
    small = kept;
    small.rlim_cur = 1000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int status = trainer_save(trainer, folder, &error);
    setrlimit(RLIMIT_FSIZE, &kept);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, -1);
    assert_message(error, "trainer_state.safetensors");

    assert_done(trainer_resume(trainer, folder, &problem));
    assert_int_equal(trainer_steps_done(trainer), 2);
    struct model *saved;
    assert_done(model_open(&saved, folder, &(struct model_options){0}, &problem));
    assert_true(same_weights(saved, trainer_model(trainer)));
    model_release(saved);
    trainer_free(trainer);
    bench_close(&bench);
    remove_folder(folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_resumed_run_equals_the_unbroken_one),
    cmocka_unit_test(test_steered_run_resumes_alike),
    cmocka_unit_test(test_changes_that_cannot_be),
    cmocka_unit_test(test_changes_as_text),
    cmocka_unit_test(test_saved_model_is_the_one_to_look_at),
    cmocka_unit_test(test_other_runs_are_refused),
    cmocka_unit_test(test_old_state_says_less),
    cmocka_unit_test(test_broken_state_is_refused),
    cmocka_unit_test(test_folder_that_cannot_be_written),
    cmocka_unit_test(test_full_disk_keeps_the_old_checkpoint),
};

TEST_GROUP(tests_train_checkpoint, tests);
