/*
 * Training: against PyTorch's AdamW, learning, the same weights for the same seed, errors.
 */
#include "core/train/trainer.h"

#include <float.h>
#include <math.h>

#include "core/model/safetensors.h"
#include "tests/train/fixture.h"

#define VECTORS "tests/model/vectors/adamw.safetensors"
#define VECTOR_ROWS "tests/model/vectors/adamw.tsv"
#define VECTOR_STEPS 10

/* ---- against PyTorch ------------------------------------------------------------------------- */

static float vector_value(const struct safetensors *file, const char *name, int index) {
    const struct tensor *tensor = safetensors_find(file, name);
    assert_non_null(tensor);
    assert_true((size_t)index < tensor->count);
    float value;
    memcpy(&value, tensor->data + (size_t)index * sizeof(value), sizeof(value));
    return value;
}

static void compare_final_weights(const struct safetensors *file, struct model *model) {
    for (int i = 0; i < weights_count(&model->config); i++) {
        struct weight weight;
        weights_get(&model->config, &model->weights, i, &weight);
        if (strstr(weight.name, "self.key.bias"))
            continue; /* its gradient is rounding noise, which Adam scales up */
        char name[WEIGHT_NAME_BYTES + 8];
        snprintf(name, sizeof(name), "final.%s", weight.name);
        for (size_t j = 0; j < weight.count; j++) {
            float expected = vector_value(file, name, (int)j), value = (*weight.pointer)[j];
            if (fabsf(value - expected) > 2e-5f)
                fail_msg("%s[%zu] is %g, PyTorch has %g", weight.name, j, (double)value,
                         (double)expected);
        }
    }
}

static void test_ten_steps_as_pytorch(void **state) {
    (void)state;
    struct bench bench;
    struct dataset dataset;
    struct safetensors file;
    struct trainer *trainer;
    bench_open(&bench, 2, "dense");
    assert_done(dataset_open(&dataset, VECTOR_ROWS, &problem));
    assert_done(safetensors_open(&file, VECTORS, &problem));
    struct train_options options = train_options_default();
    options.epochs = VECTOR_STEPS;
    options.batch_size = 6;
    options.learning_rate = 5e-3;
    options.warmup = 2;
    options.dropout = 0;
    assert_done(trainer_create(&trainer, bench.model, bench.sparsity, &dataset, &options,
                               &bench.compute, &problem));
    assert_int_equal(trainer_total_steps(trainer), VECTOR_STEPS);
    for (int i = 0; i < VECTOR_STEPS; i++) {
        struct step_report report;
        make_steps(trainer, 1, &report);
        assert_int_equal(report.step, i + 1);
        assert_float_equal(report.learning_rate, vector_value(&file, "learning_rates", i), 1e-9);
        assert_float_equal(report.loss, vector_value(&file, "losses", i), 1e-5);
        assert_float_equal(report.gradient_norm, vector_value(&file, "gradient_norms", i), 1e-4);
    }
    struct step_report report;
    assert_int_equal(trainer_step(trainer, &report, NULL), 0);
    compare_final_weights(&file, bench.model);
    trainer_free(trainer);
    safetensors_close(&file);
    dataset_free(&dataset);
    bench_close(&bench);
}

/* ---- learning -------------------------------------------------------------------------------- */

static struct train_options quick_options(void) {
    struct train_options options = train_options_default();
    options.batch_size = 16;
    options.learning_rate = 5e-3;
    options.epochs = 4;
    return options;
}

static void test_learns_under_a_pattern(void **state) {
    (void)state;
    struct bench bench;
    struct step_report report = {0};
    bench_open(&bench, 2, "topk(0.5)");
    struct train_options options = quick_options();
    options.epochs = 12;
    struct trainer *trainer = bench_trainer(&bench, &options);
    int steps = (int)trainer_total_steps(trainer);
    assert_int_equal(steps, 12 * 11);
    double first = 0, last = 0;
    for (int i = 0; i < steps; i++) {
        make_steps(trainer, 1, &report);
        first += i < 11 ? report.loss / 11 : 0;
        last += i >= steps - 11 ? report.loss / 11 : 0;
    }
    assert_true(first > 0.5);
    assert_true(last < 0.3);
    assert_true(report.realised > 0.4 && report.realised < 0.6);
    assert_true(report.tokens_per_second > 0);
    assert_float_equal(report.epoch, 12, 0);
    trainer_free(trainer);
    bench_close(&bench);
}

static void test_every_row_once_an_epoch(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench, 1, "dense");
    struct train_options options = quick_options();
    options.epochs = 1;
    options.batch_size = 50; /* the last batch has 18 */
    struct trainer *trainer = bench_trainer(&bench, &options);
    const double epochs[] = {50.0 / 168, 100.0 / 168, 150.0 / 168, 1};
    int tokens = 0;
    for (int i = 0; i < 4; i++) {
        struct step_report report;
        make_steps(trainer, 1, &report);
        assert_float_equal(report.epoch, epochs[i], 1e-12);
        assert_int_equal(report.total_steps, 4);
        tokens += report.tokens;
    }
    assert_int_equal(tokens, EASY_ROWS * 6 + EASY_ROWS / 3);
    trainer_free(trainer);
    bench_close(&bench);
}

static void test_length_of_a_run(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench, 1, "dense");
    struct train_options options = quick_options();
    options.max_steps = 3; /* the schedule ends there too */
    options.warmup = 1;
    struct trainer *trainer = bench_trainer(&bench, &options);
    struct step_report report;
    const double shares[] = {0, 1, 0.5};
    for (int i = 0; i < 3; i++) {
        make_steps(trainer, 1, &report);
        assert_float_equal(report.learning_rate, 5e-3 * shares[i], 1e-12);
    }
    assert_int_equal(trainer_step(trainer, &report, NULL), 0);
    trainer_free(trainer);

    options.max_steps = 100; /* beyond the epochs */
    options.fraction = 0.5;
    trainer = bench_trainer(&bench, &options);
    assert_int_equal(trainer_total_steps(trainer), 100);
    assert_int_equal(trainer_sentences(trainer), EASY_ROWS / 2);
    trainer_free(trainer);
    bench_close(&bench);
}

static void test_average_follows_the_weights(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench, 1, "dense");
    struct train_options options = quick_options();
    options.average = 0.9;
    options.warmup = 0;
    struct trainer *trainer = bench_trainer(&bench, &options);
    assert_true(trainer_model(trainer) != bench.model);
    assert_true(same_weights(trainer_model(trainer), bench.source));
    make_steps(trainer, 1, NULL);
    double share = 1 - 2.0 / 11; /* of the first update */
    double start = bench.source->weights.classifier_weight[3];
    double live = bench.model->weights.classifier_weight[3];
    assert_true(live != start);
    assert_float_equal(trainer_model(trainer)->weights.classifier_weight[3],
                       start + share * (live - start), 1e-7);
    trainer_free(trainer);

    options.average = 0;
    trainer = bench_trainer(&bench, &options);
    assert_ptr_equal(trainer_model(trainer), bench.model);
    trainer_free(trainer);
    bench_close(&bench);
}

/* ---- the same seed, the same weights --------------------------------------------------------- */

/* Everything random at once. */
static struct train_options random_options(void) {
    struct train_options options = quick_options();
    options.dropout = 0.1;
    options.word_dropout = 0.2;
    options.label_noise = 0.1;
    options.fraction = 0.8;
    options.seed = 42;
    return options;
}

static struct model *trained(int threads, const struct train_options *options) {
    struct bench bench;
    bench_open(&bench, threads, "random(0.5, step)");
    struct trainer *trainer = bench_trainer(&bench, options);
    make_steps(trainer, 12, NULL);
    trainer_free(trainer);
    struct model *model = model_retain(bench.model);
    bench_close(&bench);
    return model;
}

static void test_threads_do_not_matter(void **state) {
    (void)state;
    struct train_options options = random_options();
    struct model *one = trained(1, &options), *two = trained(2, &options);
    assert_true(same_weights(one, two));
    model_release(one);
    model_release(two);
}

static void test_each_random_option_matters(void **state) {
    (void)state;
    struct train_options options = random_options();
    struct model *base = trained(1, &options);
    for (int i = 0; i < 6; i++) {
        struct train_options changed = options;
        double *const fields[] = {&changed.dropout, &changed.word_dropout, &changed.label_noise,
                                  &changed.fraction, &changed.label_smoothing};
        if (i < 5)
            *fields[i] += 0.05;
        else
            changed.seed++;
        struct model *other = trained(1, &changed);
        assert_false(same_weights(base, other));
        model_release(other);
    }
    model_release(base);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void assert_refused(struct bench *bench, const struct train_options *options,
                           const char *part) {
    struct trainer *trainer;
    struct sawb_error error = {""};
    assert_int_equal(trainer_create(&trainer, bench->model, bench->sparsity, &bench->easy->dataset,
                                    options, &bench->compute, &error),
                     -1);
    assert_null(trainer);
    assert_message(error, part);
}

static void test_options_out_of_range(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench, 1, "dense");
    struct train_options options;
#define REFUSE(field, value, part)                                                                 \
    options = train_options_default();                                                             \
    options.field = value;                                                                         \
    assert_refused(&bench, &options, part)
    REFUSE(epochs, 0, "epochs is 0, it must be a whole number from 1");
    REFUSE(batch_size, 0, "batch-size is 0");
    REFUSE(batch_size, -3, "batch-size is -3");
    REFUSE(learning_rate, -1, "lr is -1, it must be at least 0");
    REFUSE(learning_rate, (double)NAN, "lr is nan");
    REFUSE(warmup, -0.1, "warmup");
    REFUSE(hold, 1.0, "hold");
    REFUSE(weight_decay, (double)INFINITY, "weight-decay is inf");
    REFUSE(dropout, 1, "dropout is 1, it must be below 1");
    REFUSE(clip, -1, "clip");
    REFUSE(fraction, 0, "fraction is 0, it must be above 0 and at most 1");
    REFUSE(fraction, 1.5, "fraction is 1.5");
    REFUSE(label_noise, 1.01, "label-noise");
    REFUSE(label_smoothing, 1, "label-smoothing is 1, it must be at least 0 and below 1");
    REFUSE(word_dropout, -0.5, "word-dropout");
    REFUSE(word_swap, 0.51, "word-swap is 0.51, it must be at least 0 and at most 0.5");
    REFUSE(average, 1, "average");
    REFUSE(accumulate, 0, "accumulate is 0, it must be a whole number from 1");
    REFUSE(layer_decay, 0, "layer-decay is 0, it must be above 0 and at most 1");
    REFUSE(layer_decay, 1.1, "layer-decay is 1.1");
    REFUSE(layer_decay, 1e-300, "layer-decay is 1e-300: the rates of the lowest");
    REFUSE(max_steps, -1, "max-steps");
    REFUSE(max_tokens, 2, "max-tokens is 2, it must be a whole number from 3");
#undef REFUSE
    bench_close(&bench);
}

static void test_data_that_cannot_be_trained_on(void **state) {
    (void)state;
    struct bench bench;
    struct train_options options = train_options_default();
    bench_open(&bench, 1, "dense");
    bench.easy->examples[7].label = 2;
    assert_refused(&bench, &options, "line 9");
    bench.easy->examples[7].label = -1;
    assert_refused(&bench, &options, "line 9");
    bench.easy->dataset.count = 0;
    assert_refused(&bench, &options, "easy.tsv: has no sentences");
    bench_close(&bench);
}

static void test_read_only_weights_and_foreign_patterns(void **state) {
    (void)state;
    struct bench bench;
    struct train_options options = train_options_default();
    bench_open(&bench, 1, "dense");
    struct model *copy = bench.model;
    bench.model = bench.source;
    assert_refused(&bench, &options, "read-only; train a copy");
    bench.model = copy;
    bench_close(&bench);

    bench_open(&bench, 1, "dense; local(1)@L7");
    assert_refused(&bench, &options, "7");
    bench_close(&bench);
}

/* The step fails, and the weights (beyond what the test did) and the step count stay. */
static void assert_step_fails(struct bench *bench, struct trainer *trainer, const char *part) {
    struct model *before;
    struct step_report report;
    struct sawb_error error = {""};
    trainer_model(trainer); /* brings all rows of the weights up to date */
    assert_done(model_copy(&before, bench->model, &problem));
    for (int attempt = 0; attempt < 2; attempt++) {
        assert_int_equal(trainer_step(trainer, &report, &error), -1);
        assert_message(error, part);
        assert_message(error, "step 3");
        assert_message(error, ", and 8 more");
    }
    assert_true(same_weights(bench->model, before));
    assert_int_equal(trainer_steps_done(trainer), 2);
    model_release(before);
}

static void test_loss_that_is_not_finite(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench, 2, "dense");
    struct train_options options = quick_options();
    struct trainer *trainer = bench_trainer(&bench, &options);
    make_steps(trainer, 2, NULL);
    float kept = bench.model->weights.classifier_bias[0];
    bench.model->weights.classifier_bias[0] = INFINITY;
    assert_step_fails(&bench, trainer, "loss is not finite");
    bench.model->weights.classifier_bias[0] = kept;
    make_steps(trainer, 1, NULL);
    trainer_free(trainer);
    bench_close(&bench);
}

static void scale_values(float *values, size_t count, float factor) {
    for (size_t i = 0; i < count; i++)
        values[i] *= factor;
}

static void test_gradient_that_is_not_finite(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench, 2, "dense");
    struct train_options options = quick_options();
    options.dropout = 0;
    struct trainer *trainer = bench_trainer(&bench, &options);
    make_steps(trainer, 2, NULL);
    /* The logits stay finite, the gradient of the pooler's weights does not. */
    struct model *model = bench.model, *kept;
    size_t width = (size_t)model->config.hidden, squared = width * width;
    struct layer_weights *last = &model->weights.layer[model->config.layers - 1];
    assert_done(model_copy(&kept, model, &problem));
    scale_values(model->weights.classifier_weight, width, 1e36f);
    scale_values(last->output_norm_weight, width, 1e4f);
    scale_values(last->output_norm_bias, width, 1e4f);
    scale_values(model->weights.pooler_weight, squared, 1e-4f);
    assert_step_fails(&bench, trainer, "gradient norm is not finite");
    const struct layer_weights *before = &kept->weights.layer[model->config.layers - 1];
    memcpy(model->weights.classifier_weight, kept->weights.classifier_weight,
           width * sizeof(float));
    memcpy(last->output_norm_weight, before->output_norm_weight, width * sizeof(float));
    memcpy(last->output_norm_bias, before->output_norm_bias, width * sizeof(float));
    memcpy(model->weights.pooler_weight, kept->weights.pooler_weight, squared * sizeof(float));
    struct step_report report;
    make_steps(trainer, 1, &report);
    assert_true(isfinite(report.gradient_norm)); /* nothing of the spoilt gradients was left */
    model_release(kept);
    trainer_free(trainer);
    bench_close(&bench);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_ten_steps_as_pytorch),
    cmocka_unit_test(test_learns_under_a_pattern),
    cmocka_unit_test(test_every_row_once_an_epoch),
    cmocka_unit_test(test_length_of_a_run),
    cmocka_unit_test(test_average_follows_the_weights),
    cmocka_unit_test(test_threads_do_not_matter),
    cmocka_unit_test(test_each_random_option_matters),
    cmocka_unit_test(test_options_out_of_range),
    cmocka_unit_test(test_data_that_cannot_be_trained_on),
    cmocka_unit_test(test_read_only_weights_and_foreign_patterns),
    cmocka_unit_test(test_loss_that_is_not_finite),
    cmocka_unit_test(test_gradient_that_is_not_finite),
};

TEST_GROUP(tests_train_trainer, tests);
