/*
 * Distillation: the loss against finite differences and hand-made values, runs with a teacher.
 */
#include "core/train/teacher.h"

#include <math.h>

#include "core/base/random.h"
#include "tests/train/fixture.h"

#define SENTENCES 3
#define CLASSES 4
#define LOGITS (SENTENCES * CLASSES)

/* ---- the loss -------------------------------------------------------------------------------- */

static void random_logits(float logits[LOGITS], uint64_t seed) {
    for (int i = 0; i < LOGITS; i++)
        logits[i] = (float)(2 * random_normal(random_key(seed, 0, 0, 0), (uint64_t)i));
}

static double loss_of(const struct lesson *lesson, const float *student, float *gradients) {
    static const int labels[SENTENCES] = {2, 0, 3};
    float unwanted[LOGITS];
    float *into = gradients ? gradients : unwanted;
    double loss = cross_entropy(student, labels, SENTENCES, CLASSES, 0.1, into);
    return teacher_loss(lesson, student, loss, into);
}

static void test_finite_differences(void **state) {
    (void)state;
    static const double temperatures[] = {0.5, 1, 2, 8}, alphas[] = {0, 0.3, 1};
    const float h = 1.0f / 256;
    float student[LOGITS], teacher[LOGITS], gradients[LOGITS];
    random_logits(student, 1);
    random_logits(teacher, 2);
    for (int t = 0; t < 4; t++) {
        for (int a = 0; a < 3; a++) {
            struct lesson lesson = {teacher, SENTENCES, CLASSES, temperatures[t], alphas[a]};
            loss_of(&lesson, student, gradients);
            for (int i = 0; i < LOGITS; i++) {
                float kept = student[i], above = kept + h, below = kept - h;
                student[i] = above;
                double up = loss_of(&lesson, student, NULL);
                student[i] = below;
                double down = loss_of(&lesson, student, NULL);
                student[i] = kept;
                double slope = (up - down) / ((double)above - (double)below);
                if (fabs(slope - (double)gradients[i]) > 1e-4)
                    fail_msg("T %g, alpha %g: gradient %d is %g, the slope %g", temperatures[t],
                             alphas[a], i, (double)gradients[i], slope);
            }
        }
    }
}

static void test_by_hand(void **state) {
    (void)state;
    /* Two classes, T = 2: p = (3/4, 1/4) and q = (1/2, 1/2). */
    const float teacher[] = {2 * 1.0986123f, 0}, student[] = {1, 1};
    float gradients[] = {0.5f, -0.5f};
    struct lesson lesson = {teacher, 1, 2, 2, 0.25};
    double divergence = 0.75 * log(1.5) + 0.25 * log(0.5);
    assert_float_equal(teacher_loss(&lesson, student, 3, gradients),
                       0.75 * 3 + 0.25 * 4 * divergence, 1e-6);
    assert_float_equal(gradients[0], 0.75 * 0.5 + 0.25 * 2 * (0.5 - 0.75), 1e-6);
    assert_float_equal(gradients[1], 0.75 * -0.5 + 0.25 * 2 * (0.5 - 0.25), 1e-6);
    /* A teacher of the same opinion asks for nothing. */
    float none[] = {0, 0};
    lesson = (struct lesson){student, 1, 2, 3, 1};
    assert_float_equal(teacher_loss(&lesson, student, 7, none), 0, 1e-12);
    assert_true(none[0] == 0 && none[1] == 0);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static struct train_options run_options(void) {
    struct train_options options = train_options_default();
    options.batch_size = 16;
    options.learning_rate = 5e-3;
    options.max_steps = 10;
    options.word_dropout = 0.2;
    return options;
}

/* A model that has learned the easy data. */
static struct model *make_teacher(void) {
    struct bench bench;
    bench_open(&bench, 1, "dense");
    struct train_options options = run_options();
    options.max_steps = 60;
    struct trainer *trainer = bench_trainer(&bench, &options);
    make_steps(trainer, 60, NULL);
    trainer_free(trainer);
    struct model *model = model_retain(bench.model);
    bench_close(&bench);
    return model;
}

static struct trainer *taught(struct bench *bench, const struct train_options *options,
                              struct model *teacher) {
    struct trainer *trainer = bench_trainer(bench, options);
    assert_done(trainer_teach(trainer, teacher, &bench->easy->dataset, &problem));
    return trainer;
}

/* With wrong labels only, the teacher alone (alpha 1) still teaches what is right. */
static void test_a_student_learns_from_its_teacher(void **state) {
    (void)state;
    struct model *teacher = make_teacher();
    struct bench bench;
    bench_open(&bench, 2, "dense");
    for (int i = 0; i < EASY_ROWS; i++)
        bench.easy->examples[i].label = 0;
    struct train_options options = run_options();
    options.max_steps = 80;
    options.alpha = 1;
    options.dropout = 0;
    options.word_dropout = 0;
    struct trainer *trainer = taught(&bench, &options, teacher);
    struct step_report first, last;
    make_steps(trainer, 1, &first);
    make_steps(trainer, 79, &last);
    assert_true(first.loss > 0 && last.loss < first.loss / 4);
    trainer_free(trainer);
    bench_close(&bench);
    model_release(teacher);
}

static void resumes_alike_and_only_with_its_teacher(double word_swap) {
    char *folder = make_folder();
    struct model *teacher = make_teacher();
    struct train_options options = run_options();
    options.word_swap = word_swap;
    struct bench whole, first, second;
    bench_open(&whole, 2, "topk(0.5)");
    bench_open(&first, 1, "topk(0.5)");
    bench_open(&second, 2, "topk(0.5)");
    struct trainer *unbroken = taught(&whole, &options, teacher);
    struct trainer *broken = taught(&first, &options, teacher);
    struct trainer *resumed = taught(&second, &options, teacher);
    make_steps(unbroken, 10, NULL);
    make_steps(broken, 4, NULL);
    assert_done(trainer_save(broken, folder, &problem));
    assert_done(trainer_resume(resumed, folder, &problem));
    make_steps(resumed, 6, NULL);
    assert_true(same_weights(trainer_model(unbroken), trainer_model(resumed)));
    trainer_free(unbroken);
    trainer_free(broken);
    trainer_free(resumed);

    struct sawb_error error = {""};
    resumed = bench_trainer(&second, &options);
    assert_int_equal(trainer_resume(resumed, folder, &error), -1);
    assert_message(error, "this one none");
    trainer_free(resumed);
    options.temperature = 3;
    resumed = taught(&second, &options, teacher);
    assert_int_equal(trainer_resume(resumed, folder, &error), -1);
    assert_message(error, "temperature 2, this one 3");
    trainer_free(resumed);
    bench_close(&whole);
    bench_close(&first);
    bench_close(&second);
    model_release(teacher);
    remove_folder(folder);
}

static void test_resumes_alike_and_only_with_its_teacher(void **state) {
    (void)state;
    resumes_alike_and_only_with_its_teacher(0);
    resumes_alike_and_only_with_its_teacher(0.3);
}

/* A teacher with a vocabulary of its own says of each sentence what it says of it alone, in any
 * order, asked once or twice. */
static void test_a_teacher_with_another_vocabulary(void **state) {
    (void)state;
    static const char pieces[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nis\nfilm\ng\n##ood\n";
    struct tokenizer *tokenizer;
    struct model *model;
    struct model_config config = {.family = MODEL_BERT,
                                  .vocabulary = 10,
                                  .hidden = 8,
                                  .layers = 1,
                                  .heads = 2,
                                  .feed_forward = 8,
                                  .positions = 6, /* shorter than some sentences */
                                  .token_types = 2,
                                  .labels = 2};
    assert_done(tokenizer_from_vocabulary(&tokenizer, pieces, strlen(pieces), "own", &problem));
    assert_done(model_create(&model, &config, tokenizer, 1, &problem));
    struct bench bench;
    bench_open(&bench, 2, "dense");
    const struct dataset *dataset = &bench.easy->dataset;
    struct token_set set;
    assert_done(token_set_create(&set, bench.model->tokenizer, dataset, NULL, EASY_ROWS, 128,
                                 bench.compute.pool, &problem));
    struct teacher *teacher;
    assert_done(
        teacher_create(&teacher, model, bench.model, dataset, &set, &bench.compute, &problem));
    /* A full stop, and "good" in two pieces, make 7 tokens: 56 + 21 sentences, 7 of them with both.
     */
    assert_int_equal(teacher_truncated(teacher), 70);

    const int chosen[] = {EASY_ROWS - 1, 3, 12, 3, 0};
    float logits[5][2], alone[2];
    assert_done(teacher_logits(teacher, chosen, 5, logits[0], &problem));
    struct encoder *encoder;
    assert_done(encoder_create(&encoder, &config, ENCODER_INFERENCE, &bench.compute, &problem));
    for (int i = 0; i < 5; i++) {
        const struct example *example = &dataset->examples[chosen[i]];
        struct encoding encoding;
        assert_done(
            tokenizer_encode(tokenizer, example->text, example->length, 6, &encoding, &problem));
        int offsets[] = {0, encoding.count};
        struct encoder_batch batch = {1, offsets, encoding.ids};
        assert_done(encoder_forward(encoder, &model->weights, &batch, &(struct encoder_options){0},
                                    alone, &problem));
        assert_float_equal(logits[i][0], alone[0], 1e-6);
        assert_float_equal(logits[i][1], alone[1], 1e-6);
        encoding_free(&encoding);
    }
    assert_true(logits[1][0] == logits[3][0] && logits[1][0] != logits[0][0]);
    encoder_free(encoder);
    teacher_free(teacher);
    token_set_free(&set);
    bench_close(&bench);
    model_release(model);
}

static void test_a_teacher_of_other_labels(void **state) {
    (void)state;
    struct model *model;
    struct bench bench;
    struct sawb_error error = {""};
    struct train_options options = run_options();
    assert_done(
        model_open(&model, BERT_FOLDER, &(struct model_options){.seed = 1, .labels = 2}, &problem));
    model->config.labels = 3;
    bench_open(&bench, 1, "dense");
    struct trainer *trainer = bench_trainer(&bench, &options);
    assert_int_equal(trainer_teach(trainer, model, &bench.easy->dataset, &error), -1);
    assert_message(error, "has 3 labels, the model in training 2");
    make_steps(trainer, 1, NULL); /* goes on without */
    trainer_free(trainer);
    bench_close(&bench);
    model->config.labels = 2;
    model_release(model);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_finite_differences),
    cmocka_unit_test(test_by_hand),
    cmocka_unit_test(test_a_student_learns_from_its_teacher),
    cmocka_unit_test(test_resumes_alike_and_only_with_its_teacher),
    cmocka_unit_test(test_a_teacher_with_another_vocabulary),
    cmocka_unit_test(test_a_teacher_of_other_labels),
};

TEST_GROUP(tests_train_teacher, tests);
