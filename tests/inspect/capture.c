/*
 * capture.c - captures and exports against the vectors of tests/oracle/engine.py (PyTorch).
 */
#include <math.h>

#include "core/base/version.h"
#include "core/model/encoder.h"
#include "core/model/weights.h"
#include "tests/inspect/attention_of.h"
#include "tests/inspect/bed.h"

/* float32 against float64 rounded to float32; the values are about 1. */
#define FORWARD_TOLERANCE 1e-5f

static void expect_close(const struct tensor *tensor, const float *values, float tolerance) {
    float *expected = floats(tensor);
    for (size_t i = 0; i < tensor->count; i++) {
        if (!(fabsf(values[i] - expected[i]) <= tolerance * fmaxf(1, fabsf(expected[i]))))
            fail_msg("%s[%zu] is %.9g, PyTorch has %.9g", tensor->name, i, (double)values[i],
                     (double)expected[i]);
    }
    free(expected);
}

static void expect_vectors(struct bed *bed, const struct safetensors *file, const char *spec,
                           int sentence) {
    char text[256];
    const struct tensor *ids = vector(file, sentence, "ids");
    text_of(ids, text);
    struct capture *capture = capture_text(bed, spec, text);
    assert_int_equal(capture->encoding.count, ids->count);
    expect_close(vector(file, sentence, "scores"), capture->scores, FORWARD_TOLERANCE);
    float *attention = attention_of(capture);
    expect_close(vector(file, sentence, "attention"), attention, FORWARD_TOLERANCE);
    free(attention);
    expect_close(vector(file, sentence, "logits"), capture->logits, FORWARD_TOLERANCE);
    const struct tensor *mask = vector(file, sentence, "mask");
    uint8_t *masks = mask_of(capture);
    assert_memory_equal(mask->data, masks, mask->size);
    free(masks);
    capture_free(capture);
}

static const char *const families[] = {"bert", "distilbert"};
static const struct {
    const char *name, *spec;
} patterns[] = {{"dense", "dense"}, {"local", "local(1)"}, {"topk", "topk(0.5)"}};

static void open_vectors(struct safetensors *file, const char *family, const char *pattern) {
    char path[128];
    snprintf(path, sizeof(path), VECTORS "/%s_%s.safetensors", family, pattern);
    assert_int_equal(safetensors_open(file, path, NULL), 0);
}

static void test_capture_is_what_pytorch_computes(void **state) {
    (void)state;
    for (int f = 0; f < 2; f++) {
        struct bed bed;
        bed_open(&bed, families[f]);
        for (int p = 0; p < 3; p++) {
            struct safetensors file;
            open_vectors(&file, families[f], patterns[p].name);
            for (int sentence = 0; sentence < 3; sentence++)
                expect_vectors(&bed, &file, patterns[p].spec, sentence);
            safetensors_close(&file);
        }
        bed_close(&bed);
    }
}

static void test_exported_gradients_are_what_pytorch_computes(void **state) {
    (void)state;
    for (int f = 0; f < 2; f++) {
        struct bed bed;
        bed_open(&bed, families[f]);
        char *path = inside(&bed, "export.safetensors"), text[256];
        for (int p = 0; p < 3; p++) {
            struct safetensors vectors, written;
            open_vectors(&vectors, families[f], patterns[p].name);
            text_of(vector(&vectors, 1, "ids"), text);
            float *label = floats(vector(&vectors, 1, "label"));
            struct capture *capture = capture_text(&bed, patterns[p].spec, text);
            struct sparsity *sparsity = parse(patterns[p].spec);
            assert_int_equal(capture_export(capture, bed.model, sparsity, (int)label[0], path,
                                            &bed.compute, &bed.error),
                             0);
            assert_int_equal(safetensors_open(&written, path, &bed.error), 0);
            int count = weights_count(&bed.model->config);
            assert_int_equal(written.count, count + 5);
            for (int i = 0; i < count; i++) {
                struct weight weight;
                char name[256];
                weights_get(&bed.model->config, NULL, i, &weight);
                snprintf(name, sizeof(name), "grad.%s", weight.name);
                const struct tensor *gradient = safetensors_find(&written, name);
                const struct tensor *expected = vector(&vectors, 1, name);
                assert_non_null(gradient);
                assert_int_equal(gradient->dimensions, expected->dimensions);
                for (int d = 0; d < gradient->dimensions; d++)
                    assert_int_equal(gradient->shape[d], expected->shape[d]);
                float *values = floats(gradient);
                expect_close(expected, values, 1e-5f);
                free(values);
            }
            safetensors_close(&written);
            safetensors_close(&vectors);
            sparsity_free(sparsity);
            capture_free(capture);
            free(label);
        }
        free(path);
        bed_close(&bed);
    }
}

/* What the header promises of every capture, for patterns of each kind. */
static void expect_consistent(const struct capture *capture, const char *spec) {
    int tokens = capture->encoding.count;
    size_t kept = 0, rows = (size_t)capture->layers * (size_t)capture->heads * (size_t)tokens;
    float *weights = attention_of(capture);
    for (size_t row = 0; row < rows; row++) {
        const float *attention = weights + row * (size_t)tokens;
        const uint8_t *mask = capture_mask(capture, row * (size_t)tokens);
        double sum = 0;
        size_t kept_here = 0;
        for (int key = 0; key < tokens; key++) {
            assert_true(mask[key] <= 1);
            if (!mask[key] && attention[key] != 0)
                fail_msg("%s: a removed pair has weight %g", spec, (double)attention[key]);
            sum += (double)attention[key];
            kept_here += mask[key];
        }
        double expected = kept_here > 0 ? 1 : 0;
        if (fabs(sum - expected) > 1e-5)
            fail_msg("%s: row %zu sums to %g", spec, row, sum);
        kept += kept_here;
    }
    free(weights);
    double realised = 1 - (double)kept / (double)(rows * (size_t)tokens);
    assert_true(fabs(capture->realised - realised) < 1e-12);

    double total = 0;
    for (int k = 0; k < capture->labels; k++) {
        assert_true(capture->logits[k] <= capture->logits[capture->label]);
        total += (double)capture->probabilities[k];
    }
    assert_true(fabs(total - 1) < 1e-6);
    assert_string_equal(capture->spec, spec);
}

static void test_capture_is_consistent(void **state) {
    (void)state;
    static const char *const specs[] = {
        "dense",          "topk(0.8)",   "local(1)",        "random(0.5)",
        "threshold(0.6)", "nm(2,4)",     "heads_off(0.1)",  "bigbird(2,1,1,1)",
        "dilated(4,2)",   "global(cls)", "topk(0.5)@L1.H0", "local(1)+global(sep)"};
    struct bed bed;
    bed_open(&bed, "bert");
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        struct capture *capture = capture_text(&bed, specs[i], "w5 w9 w12 unheard w39 w7");
        assert_int_equal(capture->encoding.count, 8);
        assert_string_equal(capture->text, "w5 w9 w12 unheard w39 w7");
        assert_string_equal(capture->pieces[0], "[CLS]");
        assert_string_equal(capture->pieces[3], "w12");
        assert_string_equal(capture->pieces[4], "[UNK]");
        assert_string_equal(capture->pieces[7], "[SEP]");
        assert_string_equal(capture->label_name, capture->label ? "POSITIVE" : "NEGATIVE");
        expect_consistent(capture, specs[i]);
        capture_free(capture);
    }
    bed_close(&bed);
}

static void test_targets_and_heads_off(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, "bert");
    struct capture *capture = capture_text(&bed, "topk(0.8)", "w5 w6 w7 w8 w9 w10 w11 w12");
    assert_true(fabs(capture->target - 0.8) < 1e-9);
    assert_true(fabs(capture->realised - 0.8) < 1e-9); /* 2 of 10 */
    capture_free(capture);
    capture = capture_text(&bed, "heads_off(0.1)", "w5");
    assert_true(capture->target < 0);
    assert_true(fabs(capture->realised - 0.25) < 1e-12); /* one of four heads */
    capture_free(capture);
    bed_close(&bed);
}

static void test_seed_draws_the_pattern(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, "bert");
    struct capture *captures[3];
    for (int i = 0; i < 3; i++)
        captures[i] = capture_seeded(&bed, "random(0.5)", "w5 w6 w7 w8 w9", i < 2 ? 1 : 2);
    size_t pairs = capture_head(captures[0], 2, 0);
    assert_memory_equal(captures[0]->mask, captures[1]->mask, pairs);
    assert_int_not_equal(memcmp(captures[0]->mask, captures[2]->mask, pairs), 0);
    assert_true(captures[1]->seed == 1 && captures[2]->seed == 2);
    for (int i = 0; i < 3; i++)
        capture_free(captures[i]);
    bed_close(&bed);
}

static void test_long_text_is_cut(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, "bert");
    char text[40 * 4] = "";
    for (int i = 0; i < 39; i++)
        strcat(text, "w5 ");
    struct capture *capture = capture_text(&bed, "dense", text);
    assert_int_equal(capture->encoding.truncated, 1);
    assert_int_equal(capture->encoding.count, 32);
    assert_string_equal(capture->text, text);
    expect_consistent(capture, "dense");
    capture_free(capture);

    capture = capture_text(&bed, "dense", ""); /* the other end */
    assert_int_equal(capture->encoding.truncated, 0);
    assert_int_equal(capture->encoding.count, 2);
    capture_free(capture);
    bed_close(&bed);
}

static void test_capture_errors(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, "bert");
    struct capture *capture;
    struct sparsity *sparsity = parse("dense"), *outside = parse("local(1)@L7");
    assert_int_equal(
        capture_run(&capture, bed.model, sparsity, "w5 \xff", 1, &bed.compute, &bed.error), -1);
    assert_null(capture);
    assert_int_equal(capture_run(&capture, bed.model, outside, "w5", 1, &bed.compute, &bed.error),
                     -1);
    assert_null(capture);
    sparsity_free(outside);
    sparsity_free(sparsity);
    capture_free(NULL);
    bed_close(&bed);
}

static void expect_tensor(const struct safetensors *file, const char *name, enum tensor_type type,
                          const void *data, int dimensions, const int64_t *shape) {
    const struct tensor *tensor = safetensors_find(file, name);
    assert_non_null(tensor);
    assert_int_equal(tensor->type, type);
    assert_int_equal(tensor->dimensions, dimensions);
    for (int d = 0; d < dimensions; d++)
        assert_int_equal(tensor->shape[d], shape[d]);
    assert_memory_equal(tensor->data, data, tensor->size);
}

static int contains(const struct safetensors *file, const char *text) {
    return memmem(file->map.data, file->map.size, text, strlen(text)) != NULL;
}

/* [L+1,T,C] of the capture's sentence, by an encoder of our own. */
static float *hidden_states_of(struct bed *bed, const struct capture *capture,
                               const struct sparsity *sparsity) {
    struct encoder *encoder;
    struct mask_source source = sparsity_source(sparsity);
    float *states = malloc((size_t)((capture->layers + 1) * capture->encoding.count) *
                           (size_t)capture->hidden * sizeof(*states));
    struct encoder_capture kept = {.hidden_states = states};
    struct encoder_options options = {.mask = &source, .seed = capture->seed, .capture = &kept};
    struct encoder_batch batch = {1, (int[]){0, capture->encoding.count}, capture->encoding.ids};
    float logits[MODEL_LABELS_MAX];
    assert_non_null(states);
    assert_int_equal(
        encoder_create(&encoder, &bed->model->config, ENCODER_TRAINING, &bed->compute, &bed->error),
        0);
    assert_int_equal(
        encoder_forward(encoder, &bed->model->weights, &batch, &options, logits, &bed->error), 0);
    assert_memory_equal(logits, capture->logits, (size_t)capture->labels * sizeof(*logits));
    encoder_free(encoder);
    return states;
}

static void test_export_reads_back(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, "bert");
    char *path = inside(&bed, "export.safetensors");
    struct capture *capture = capture_text(&bed, "topk(0.5)", "w5 w9 w30");
    struct sparsity *sparsity = parse("topk(0.5)");
    assert_int_equal(
        capture_export(capture, bed.model, sparsity, -1, path, &bed.compute, &bed.error), 0);
    struct safetensors file;
    assert_int_equal(safetensors_open(&file, path, &bed.error), 0);
    assert_int_equal(file.count, 5);
    const int64_t pairs[] = {2, 2, 5, 5}, states[] = {3, 5, 16}, labels[] = {2};
    expect_tensor(&file, "scores", TENSOR_F32, capture->scores, 4, pairs);
    float *attention = attention_of(capture);
    expect_tensor(&file, "attention", TENSOR_F32, attention, 4, pairs);
    free(attention);
    expect_tensor(&file, "mask", TENSOR_U8, capture->mask, 4, pairs);
    float *hidden_states = hidden_states_of(&bed, capture, sparsity);
    expect_tensor(&file, "hidden_states", TENSOR_F32, hidden_states, 3, states);
    free(hidden_states);
    expect_tensor(&file, "logits", TENSOR_F32, capture->logits, 1, labels);
    assert_true(contains(&file, "\"text\":\"w5 w9 w30\""));
    assert_true(contains(&file, "\"spec\":\"topk(0.5)\""));
    assert_true(contains(&file, "\"version\":\"" SAWB_VERSION "\""));
    assert_true(contains(&file, "\"model\":\"sawb-capture-")); /* the name, not the path */
    safetensors_close(&file);
    sparsity_free(sparsity);
    capture_free(capture);
    free(path);
    bed_close(&bed);
}

static void test_export_errors(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, "bert");
    struct capture *capture = capture_text(&bed, "dense", "w5");
    struct sparsity *sparsity = parse("dense");
    char *path = inside(&bed, "export.safetensors"), *nowhere = inside(&bed, "no/where");
    assert_int_equal(
        capture_export(capture, bed.model, sparsity, 2, path, &bed.compute, &bed.error), -1);
    assert_non_null(strstr(bed.error.message, "label 2"));
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(
        capture_export(capture, bed.model, sparsity, -1, nowhere, &bed.compute, &bed.error), -1);
    capture->layers++;
    assert_int_equal(
        capture_export(capture, bed.model, sparsity, -1, path, &bed.compute, &bed.error), -1);
    capture->layers--;
    free(nowhere);
    free(path);
    sparsity_free(sparsity);
    capture_free(capture);
    bed_close(&bed);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_capture_is_what_pytorch_computes),
    cmocka_unit_test(test_exported_gradients_are_what_pytorch_computes),
    cmocka_unit_test(test_capture_is_consistent),
    cmocka_unit_test(test_targets_and_heads_off),
    cmocka_unit_test(test_seed_draws_the_pattern),
    cmocka_unit_test(test_long_text_is_cut),
    cmocka_unit_test(test_capture_errors),
    cmocka_unit_test(test_export_reads_back),
    cmocka_unit_test(test_export_errors),
};

TEST_GROUP(tests_inspect_capture, tests);
