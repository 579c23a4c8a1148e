/*
 * Evaluation: row by row as one sentence at a time, and sums.
 */
#include "core/train/evaluate.h"

#include <math.h>

#include "core/model/encoder.h"
#include "tests/train/fixture.h"

static struct evaluator *open_evaluator(struct bench *bench, int batch) {
    struct evaluator *evaluator = NULL;
    assert_done(evaluator_create(&evaluator, bench->model, bench->sparsity, &bench->easy->dataset,
                                 batch, 1, &bench->compute, &problem));
    return evaluator;
}

/* The logits of one sentence alone. */
static void single_logits(struct bench *bench, const struct example *example, float logits[2]) {
    struct encoder *encoder;
    struct encoding encoding;
    struct mask_source mask = sparsity_source(bench->sparsity);
    assert_done(tokenizer_encode(bench->model->tokenizer, example->text, example->length, 32,
                                 &encoding, &problem));
    assert_done(encoder_create(&encoder, &bench->model->config, ENCODER_INFERENCE, &bench->compute,
                               &problem));
    const int offsets[] = {0, encoding.count};
    struct encoder_batch batch = {.sentences = 1, .offsets = offsets, .ids = encoding.ids};
    assert_done(encoder_forward(encoder, &bench->model->weights, &batch,
                                &(struct encoder_options){.mask = &mask, .seed = 1}, logits,
                                &problem));
    encoder_free(encoder);
    encoding_free(&encoding);
}

static void test_rows_in_order_as_one_by_one(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench, 2, "local(1)");
    struct evaluator *evaluator = open_evaluator(&bench, 25);
    const struct evaluation_row *rows;
    struct evaluation result;
    int count, next = 0, correct = 0, status;
    double loss = 0;
    while ((status = evaluator_step(evaluator, &rows, &count, NULL)) == 1) {
        assert_int_equal(count, next < 150 ? 25 : 18);
        for (int i = 0; i < count; i++, next++) {
            const struct example *example = &bench.easy->examples[next];
            float logits[2];
            single_logits(&bench, example, logits);
            assert_int_equal(rows[i].row, next);
            assert_int_equal(rows[i].gold, example->label);
            assert_float_equal(rows[i].logits[0], logits[0], 1e-5);
            assert_float_equal(rows[i].logits[1], logits[1], 1e-5);
            assert_int_equal(rows[i].label, logits[1] > logits[0]);
            double margin = logits[1 - example->label] - logits[example->label];
            assert_float_equal(rows[i].loss, log1p(exp(margin)), 1e-5);
            correct += rows[i].label == example->label;
            loss += rows[i].loss;
        }
    }
    assert_int_equal(status, 0);
    assert_int_equal(next, EASY_ROWS);
    evaluator_result(evaluator, &result);
    assert_int_equal(result.rows, EASY_ROWS);
    assert_int_equal(result.labelled, EASY_ROWS);
    assert_int_equal(result.correct, correct);
    assert_float_equal(result.accuracy, (double)correct / EASY_ROWS, 1e-12);
    assert_float_equal(result.loss, loss / EASY_ROWS, 1e-5);
    assert_true(result.seconds > 0);
    /* local(1) keeps 3n - 2 of n² pairs; two thirds have 6 tokens, one third 7. */
    double kept = 112 * 16 + 56 * 19, valid = 112 * 36 + 56 * 49;
    assert_float_equal(result.realised, 1 - kept / valid, 1e-12);
    assert_float_equal((double)result.kept / kept, (double)result.valid / valid, 1e-12);
    assert_true(result.valid > 0);
    evaluator_free(evaluator);
    bench_close(&bench);
}

static void test_rows_without_labels(void **state) {
    (void)state;
    struct bench bench;
    struct evaluation result;
    const struct evaluation_row *rows;
    int count;
    bench_open(&bench, 1, "dense");
    for (int i = 0; i < EASY_ROWS; i++)
        bench.easy->examples[i].label = i == 5 ? 1 : -1;
    struct evaluator *evaluator = open_evaluator(&bench, 1000);
    evaluator_result(evaluator, &result);
    assert_true(isnan(result.accuracy) && isnan(result.loss));
    assert_int_equal(evaluator_step(evaluator, &rows, &count, NULL), 1);
    assert_int_equal(count, EASY_ROWS);
    assert_int_equal(rows[4].gold, -1);
    assert_float_equal(rows[4].loss, 0, 0);
    evaluator_result(evaluator, &result);
    assert_int_equal(result.labelled, 1);
    assert_float_equal(result.loss, rows[5].loss, 1e-6);
    assert_float_equal(result.realised, 0, 0);
    evaluator_free(evaluator);
    bench_close(&bench);
}

static void test_no_rows(void **state) {
    (void)state;
    struct bench bench;
    struct evaluation result;
    const struct evaluation_row *rows;
    int count;
    bench_open(&bench, 1, "dense");
    bench.easy->dataset.count = 0;
    struct evaluator *evaluator = open_evaluator(&bench, 8);
    assert_int_equal(evaluator_step(evaluator, &rows, &count, NULL), 0);
    evaluator_result(evaluator, &result);
    assert_int_equal(result.rows, 0);
    assert_true(isnan(result.accuracy));
    evaluator_free(evaluator);
    bench_close(&bench);
}

static void test_arguments_out_of_range(void **state) {
    (void)state;
    struct bench bench;
    struct evaluator *evaluator;
    struct sawb_error error = {""};
    bench_open(&bench, 1, "dense");
    assert_int_equal(evaluator_create(&evaluator, bench.model, bench.sparsity, &bench.easy->dataset,
                                      0, 1, &bench.compute, &error),
                     -1);
    assert_message(error, "batch size is 0");
    bench.easy->examples[20].label = 2;
    assert_int_equal(evaluator_create(&evaluator, bench.model, bench.sparsity, &bench.easy->dataset,
                                      8, 1, &bench.compute, &error),
                     -1);
    assert_message(error, "easy.tsv: line 22: label 2");
    bench_close(&bench);
}

/* As ranks share it: every row once, in the batches of one evaluator alone. */
static void test_shared_rows(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench, 2, "local(1)");
    float losses[EASY_ROWS] = {0};
    const struct evaluation_row *rows;
    int count, seen = 0;
    struct evaluation result;
    struct evaluator *evaluator = open_evaluator(&bench, 25);
    while (evaluator_step(evaluator, &rows, &count, NULL) == 1)
        for (int i = 0; i < count; i++)
            losses[rows[i].row] = rows[i].loss;
    evaluator_free(evaluator);
    for (int rank = 0; rank < 3; rank++) {
        evaluator = open_evaluator(&bench, 25);
        evaluator_share(evaluator, rank, 3);
        while (evaluator_step(evaluator, &rows, &count, NULL) == 1)
            for (int i = 0; i < count; i++, seen++) {
                assert_int_equal(rows[i].row / 25 % 3, rank);
                assert_true(rows[i].loss == losses[rows[i].row]);
                losses[rows[i].row] = -1; /* not once more */
            }
        evaluator_result(evaluator, &result);
        assert_int_equal(result.rows, rank == 0 ? 68 : 50);
        evaluator_free(evaluator);
    }
    assert_int_equal(seen, EASY_ROWS);
    bench_close(&bench);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_rows_in_order_as_one_by_one),
    cmocka_unit_test(test_rows_without_labels),
    cmocka_unit_test(test_no_rows),
    cmocka_unit_test(test_shared_rows),
    cmocka_unit_test(test_arguments_out_of_range),
};

TEST_GROUP(tests_train_evaluate, tests);
