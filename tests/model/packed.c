/*
 * Weights packed once: the same logits, bit for bit, as products that pack as they go, in either
 * precision; and an opened model that stays what it was.
 */
#include "core/model/packed.h"

#include <math.h>
#include <string.h>

#include "core/model/encoder.h"
#include "core/model/model.h"
#include "tests/test.h"

static const char *const folders[] = {"tests/model/vectors/bert", "tests/model/vectors/distilbert"};

struct bed {
    struct compute compute;
    struct model *model;
    struct sawb_error error;
};

static void bed_open(struct bed *bed, const char *folder) {
    *bed = (struct bed){0};
    struct model_options options = {.seed = 1};
    if (compute_open(&bed->compute, 2, &bed->error) < 0 ||
        model_open(&bed->model, folder, &options, &bed->error) < 0)
        fail_msg("%s", bed->error.message);
}

static void bed_close(struct bed *bed) {
    model_release(bed->model);
    compute_close(&bed->compute);
}

static void logits_of(struct bed *bed, const struct weights *weights, float *logits) {
    struct encoder *encoder;
    int offsets[] = {0, 3, 9}, ids[] = {2, 7, 3, 2, 9, 11, 8, 6, 3};
    struct encoder_batch batch = {2, offsets, ids};
    struct encoder_options options = {.seed = 1};
    if (encoder_create(&encoder, &bed->model->config, ENCODER_INFERENCE, &bed->compute,
                       &bed->error) < 0 ||
        encoder_forward(encoder, weights, &batch, &options, logits, &bed->error) < 0)
        fail_msg("%s", bed->error.message);
    encoder_free(encoder);
}

static void check_logits(struct bed *bed, float *packed) {
    float unpacked[2 * MODEL_LABELS_MAX];
    struct weights changing = bed->model->weights;
    changing.packed = NULL;
    size_t bytes = 2 * (size_t)bed->model->config.labels * sizeof(float);
    logits_of(bed, &changing, unpacked);
    logits_of(bed, &bed->model->weights, packed);
    assert_memory_equal(unpacked, packed, bytes);
    logits_of(bed, &bed->model->weights, packed);
    assert_memory_equal(unpacked, packed, bytes);
}

static void test_logits(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bed bed;
        float exact[2 * MODEL_LABELS_MAX], rounded[2 * MODEL_LABELS_MAX];
        bed_open(&bed, folders[i]);
        check_logits(&bed, exact);
        if (compute_set_precision(&bed.compute, PRECISION_BF16, NULL) == 0) {
            check_logits(&bed, rounded);
            for (int k = 0; k < 2 * bed.model->config.labels; k++)
                assert_true(fabs(exact[k] - rounded[k]) < 0.05);
            compute_set_precision(&bed.compute, PRECISION_F32, NULL);
            check_logits(&bed, rounded);
            assert_memory_equal(exact, rounded,
                                2 * (size_t)bed.model->config.labels * sizeof(float));
        }
        bed_close(&bed);
    }
}

static void test_model_stays(void **state) {
    (void)state;
    struct bed bed;
    struct model *copy;
    float logits[2 * MODEL_LABELS_MAX];
    bed_open(&bed, folders[0]);
    assert_non_null(bed.model->weights.packed);
    logits_of(&bed, &bed.model->weights, logits);
    assert_true(model_fingerprint(bed.model) == bed.model->fingerprint);
    assert_int_equal(model_copy(&copy, bed.model, &bed.error), 0);
    assert_null(copy->weights.packed);
    assert_true(model_fingerprint(copy) == bed.model->fingerprint);
    model_release(copy);
    bed_close(&bed);
}

static void test_what_is_packed(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, folders[0]);
    const struct weights *packed = packed_get(bed.model->weights.packed, &bed.model->weights,
                                              &bed.model->config, &bed.compute);
    assert_non_null(packed);
    assert_null(packed->word_embeddings);
    assert_null(packed->layer[0].query_bias);
    assert_non_null(packed->layer[0].query_weight);
    assert_non_null(packed->layer[bed.model->config.layers - 1].output_weight);
    assert_non_null(packed->classifier_weight);
    assert_ptr_equal(packed, packed_get(bed.model->weights.packed, &bed.model->weights,
                                        &bed.model->config, &bed.compute));
    bed_close(&bed);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_logits),
    cmocka_unit_test(test_model_stays),
    cmocka_unit_test(test_what_is_packed),
};
TEST_GROUP(tests_model_packed, tests);
