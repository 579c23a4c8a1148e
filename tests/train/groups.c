/*
 * Freezing, layer-wise learning rates, and steps of several batches.
 */
#include "core/train/groups.h"

#include <math.h>

#include "tests/train/fixture.h"

/* ---- the list and the rates ------------------------------------------------------------------ */

static void test_rates_by_depth(void **state) {
    (void)state;
    const struct model_config config = {.layers = 4};
    double rates[6];
    const double expected[] = {0.03125, 0.0625, 0.125, 0.25, 0.5, 1};
    assert_int_equal(groups_count(&config), 6);
    assert_done(groups_rates(rates, &config, "", 0.5, &problem));
    for (int i = 0; i < 6; i++)
        assert_true(rates[i] == expected[i]);
    assert_done(groups_rates(rates, &config, " embeddings , L1-2", 0.5, &problem));
    for (int i = 0; i < 6; i++)
        assert_true(rates[i] == (i == 0 || i == 2 || i == 3 ? 0 : expected[i]));
    assert_done(groups_rates(rates, &config, "L3,L0", 1, &problem));
    for (int i = 0; i < 6; i++)
        assert_true(rates[i] == (i == 1 || i == 4 ? 0 : 1));
}

static void test_lists_that_cannot_be(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {"pooler", "column 1: \"embeddings\" or layers"},
        {"L0,classifier", "column 4: \"embeddings\" or layers"},
        {"embeddings L0", "column 12: a comma"},
        {"L", "column 2: a layer's number"},
        {"L1-", "column 4: a layer's number"},
        {"L2-1", "column 1: the layers run backwards"},
        {"L0,", "column 4"},
        {",", "column 1"},
        {"L0-4", "column 4: there is no layer 4, the model has L0-3"},
        {"L99999999999", "there is no layer"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct sawb_error error = {""};
        assert_int_equal(groups_check(wrong[i].text, 4, &error), -1);
        assert_message(error, wrong[i].part);
    }
    assert_done(groups_check("L0-4", 0, &problem));
}

/* ---- in training ----------------------------------------------------------------------------- */

static struct train_options plain_options(void) {
    struct train_options options = train_options_default();
    options.batch_size = 32;
    options.learning_rate = 1e-3;
    options.warmup = 0;
    options.clip = 0;
    options.max_steps = 4;
    return options;
}

/* The model after `steps` steps. */
static struct model *trained(const struct train_options *options, int steps,
                             struct step_report *report) {
    struct bench bench;
    bench_open(&bench, 2, "topk(0.5)");
    struct trainer *trainer = bench_trainer(&bench, options);
    make_steps(trainer, steps, report);
    trainer_free(trainer);
    struct model *model = model_retain(bench.model);
    bench_close(&bench);
    return model;
}

static struct model *untrained(void) {
    struct model *model;
    assert_done(model_open(&model, BERT_FOLDER, &(struct model_options){.seed = 1}, &problem));
    return model;
}

/* Frozen weights are those of the beginning, the others those of a run without freezing, as the
 * first step of both sees the same weights. */
static void check_frozen(const char *freeze) {
    struct train_options options = plain_options();
    struct model *start = untrained(), *free_run = trained(&options, 1, NULL);
    strcpy(options.freeze, freeze);
    struct model *first = trained(&options, 1, NULL), *last = trained(&options, 4, NULL);
    double rates[4];
    assert_done(groups_rates(rates, &start->config, freeze, 1, &problem));
    for (int i = 0; i < weights_count(&start->config); i++) {
        struct weight before, open, closed, end;
        weights_get(&start->config, &start->weights, i, &before);
        weights_get(&start->config, &free_run->weights, i, &open);
        weights_get(&start->config, &first->weights, i, &closed);
        weights_get(&start->config, &last->weights, i, &end);
        size_t bytes = before.count * sizeof(float);
        int frozen = rates[groups_of(&start->config, &before)] == 0;
        if (memcmp(*closed.pointer, frozen ? *before.pointer : *open.pointer, bytes) != 0)
            fail_msg("freeze %s: %s after a step", freeze, before.name);
        if ((memcmp(*end.pointer, *before.pointer, bytes) == 0) != frozen)
            fail_msg("freeze %s: %s at the end", freeze, before.name);
    }
    model_release(start);
    model_release(free_run);
    model_release(first);
    model_release(last);
}

static void test_frozen_weights_stay(void **state) {
    (void)state;
    static const char *const lists[] = {
        "embeddings", "L0", "L1", "embeddings,L0", "L0-1", "embeddings,L1", "embeddings,L0-1"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        check_frozen(lists[i]);
}

static void test_layers_that_are_not_there(void **state) {
    (void)state;
    struct bench bench;
    struct trainer *trainer;
    struct sawb_error error = {""};
    struct train_options options = plain_options();
    bench_open(&bench, 1, "dense");
    strcpy(options.freeze, "L0-2");
    assert_int_equal(trainer_create(&trainer, bench.model, bench.sparsity, &bench.easy->dataset,
                                    &options, &bench.compute, &error),
                     -1);
    assert_message(error, "there is no layer 2, the model has L0-1");
    bench_close(&bench);
}

/* How far a weight without decay went, against the same without layer decay. */
static double ratio(const float *decayed, const float *plain, const float *start) {
    return (double)(decayed[1] - start[1]) / (double)(plain[1] - start[1]);
}

static void test_deeper_layers_learn_slower(void **state) {
    (void)state;
    struct train_options options = plain_options();
    struct model *a = untrained(), *b = trained(&options, 1, NULL);
    options.layer_decay = 0.5;
    struct model *c = trained(&options, 1, NULL);
    const struct weights *start = &a->weights, *plain = &b->weights, *slow = &c->weights;
#define RATIO(field) ratio(slow->field, plain->field, start->field)
    assert_float_equal(RATIO(classifier_bias), 1, 1e-3);
    assert_float_equal(RATIO(pooler_bias), 1, 1e-3);
    assert_float_equal(RATIO(layer[1].output_bias), 0.5, 1e-3);
    assert_float_equal(RATIO(layer[0].output_bias), 0.25, 1e-3);
    assert_float_equal(RATIO(embedding_norm_bias), 0.125, 1e-3);
#undef RATIO
    model_release(a);
    model_release(b);
    model_release(c);
}

/* ---- several batches a step ------------------------------------------------------------------ */

static void compare_nearly(const struct model *a, const struct model *b, double most) {
    struct weights left = a->weights, right = b->weights;
    for (int i = 0; i < weights_count(&a->config); i++) {
        struct weight x, y;
        weights_get(&a->config, &left, i, &x);
        weights_get(&b->config, &right, i, &y);
        if (strstr(x.name, "self.key.bias"))
            continue; /* its gradient is rounding noise, which Adam scales up */
        for (size_t j = 0; j < x.count; j++)
            if (!(fabs((double)((*x.pointer)[j] - (*y.pointer)[j])) <= most))
                fail_msg("%s[%zu] is %g and %g", x.name, j, (double)(*x.pointer)[j],
                         (double)(*y.pointer)[j]);
    }
}

static void test_batches_add_up_to_a_large_one(void **state) {
    (void)state;
    struct train_options options = plain_options();
    struct step_report whole, parts;
    options.dropout = 0;
    options.word_dropout = 0.2;
    options.clip = 0.5;
    options.batch_size = 100; /* the second step of an epoch has 68 */
    struct model *one = trained(&options, 4, &whole);
    options.batch_size = 20; /* the fourth batch of the second step has 8 */
    options.accumulate = 5;
    struct model *five = trained(&options, 4, &parts);
    compare_nearly(one, five, 2e-6);
    assert_true(whole.step == parts.step && whole.total_steps == parts.total_steps);
    assert_true(whole.epoch == parts.epoch && whole.tokens == parts.tokens);
    assert_true(whole.learning_rate == parts.learning_rate);
    assert_float_equal(whole.loss, parts.loss, 1e-6);
    assert_float_equal(whole.gradient_norm, parts.gradient_norm, 1e-5);
    assert_float_equal(whole.realised, parts.realised, 1e-6);
    model_release(one);
    model_release(five);
}

/* Two batches of the same sentence: with one stream of dropout both would have the same loss. */
static double loss_of_two(int batch_size, int accumulate, double dropout) {
    struct bench bench;
    struct step_report report;
    bench_open(&bench, 1, "dense");
    for (int i = 1; i < EASY_ROWS; i++)
        bench.easy->examples[i] = bench.easy->examples[0];
    struct train_options options = plain_options();
    options.batch_size = batch_size;
    options.accumulate = accumulate;
    options.dropout = dropout;
    struct trainer *trainer = bench_trainer(&bench, &options);
    make_steps(trainer, 1, &report);
    trainer_free(trainer);
    bench_close(&bench);
    return report.loss;
}

static void test_dropout_is_drawn_for_each_batch(void **state) {
    (void)state;
    assert_float_equal(loss_of_two(1, 1, 0), loss_of_two(1, 2, 0), 1e-9);
    assert_true(fabs(loss_of_two(1, 1, 0.5) - loss_of_two(1, 2, 0.5)) > 1e-3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_rates_by_depth),
    cmocka_unit_test(test_lists_that_cannot_be),
    cmocka_unit_test(test_frozen_weights_stay),
    cmocka_unit_test(test_layers_that_are_not_there),
    cmocka_unit_test(test_deeper_layers_learn_slower),
    cmocka_unit_test(test_batches_add_up_to_a_large_one),
    cmocka_unit_test(test_dropout_is_drawn_for_each_batch),
};

TEST_GROUP(tests_train_groups, tests);
