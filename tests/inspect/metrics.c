/*
 * metrics.c - the metrics of heads: by hand, against tests/oracle/metrics.py (PyTorch), and the
 * importance against finite differences of a gate.
 */
#include "core/inspect/metrics.h"

#include <math.h>

#include "core/inspect/importance.h"
#include "core/kernel/kernels.h"
#include "core/model/encoder.h"
#include "tests/inspect/bed.h"

#define TOLERANCE 2e-6 /* float32 attention of float32 weights against float64 */

static void expect_near(double value, double expected, double tolerance, const char *what) {
    if (isnan(expected) ? !isnan(value) : !(fabs(value - expected) <= tolerance))
        fail_msg("%s is %.9g, not %.9g", what, value, expected);
}

/* ---- by hand --------------------------------------------------------------------------------- */

static char *hand_pieces[] = {"[CLS]", "w", "[SEP]"};

#define LN_HALF (-0.693147181f)
#define LN_QUARTER (-1.386294361f)
#define NOTHING (-300.0f) /* whose weight is next to 0 */
#define HAND_SCORES                                                                                \
    { LN_HALF, LN_QUARTER, LN_QUARTER, NOTHING, 0, NOTHING, LN_HALF, NOTHING, LN_HALF }

/* One layer of one head over three tokens; nothing is owned but the metrics. */
static struct capture by_hand(float *scores, uint8_t *mask) {
    return (struct capture){.encoding = {.count = 3},
                            .pieces = hand_pieces,
                            .layers = 1,
                            .heads = 1,
                            .scores = scores,
                            .mask = mask,
                            .kernels = kernels_get(0)};
}

static void test_by_hand(void **state) {
    (void)state;
    float a[9] = HAND_SCORES, b[9] = {0};
    uint8_t all[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, diagonal[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    struct capture one = by_hand(a, all), two = by_hand(b, diagonal);
    struct capture *both[2] = {&one, &two};
    assert_int_equal(metrics_measure(both, 2, 1, NULL, NULL), 0);
    const double ln2 = log(2.0), ln3 = log(3.0);
    /* Rows of A: 1.5 ln 2, 0, ln 2. Divergence of rows 0 and 2, where B is one-hot:
     * ½ (p ln(p/m) + ...) + ½ ln(1/m), m = ¾ at the diagonal. */
    const double middle = 0.5 * (0.5 * log(0.5 / 0.75) + 0.5 * ln2) + 0.5 * log(1 / 0.75);
    const double expected_a[METRICS] = {
        [METRIC_ENTROPY] = 2.5 * ln2 / 3,
        [METRIC_NORMALISED] = 2.5 * ln2 / ln3 / 3,
        [METRIC_DISTANCE] = (0.25 + 0.5 + 1.0) / 3,
        [METRIC_CLS] = 1.0 / 3,
        [METRIC_SEP] = 0.75 / 3,
        [METRIC_SELF] = 2.0 / 3,
        [METRIC_PREVIOUS] = 0,
        [METRIC_NEXT] = 0.125,
        [METRIC_SPARSITY] = 0,
        [METRIC_BLOCKS] = 0,
        [METRIC_MASS] = 1,
        [METRIC_DIVERGENCE] = 2 * middle / 3,
        [METRIC_IMPORTANCE] = NAN,
    };
    const double expected_b[METRICS] = {
        [METRIC_ENTROPY] = 0,
        [METRIC_NORMALISED] = NAN,
        [METRIC_DISTANCE] = 0,
        [METRIC_CLS] = 1.0 / 3,
        [METRIC_SEP] = 1.0 / 3,
        [METRIC_SELF] = 1,
        [METRIC_PREVIOUS] = 0,
        [METRIC_NEXT] = 0,
        [METRIC_SPARSITY] = 2.0 / 3,
        [METRIC_BLOCKS] = 0,
        [METRIC_MASS] = 2.0 / 3, /* of A's diagonal */
        [METRIC_DIVERGENCE] = 2 * middle / 3,
        [METRIC_IMPORTANCE] = NAN,
    };
    for (int i = 0; i < METRICS; i++) {
        expect_near(capture_metric(&one, 0, 0, i), expected_a[i], 1e-7, metric_get(i)->name);
        expect_near(capture_metric(&two, 0, 0, i), expected_b[i], 1e-7, metric_get(i)->name);
    }
    /* Another model: the scores, all equal, say what a dense attention would be. */
    assert_int_equal(metrics_measure(both, 2, 0, NULL, NULL), 0);
    expect_near(capture_metric(&two, 0, 0, METRIC_MASS), 1.0 / 3, 1e-7, "mass");
    free(one.metrics);
    free(two.metrics);
}

static void test_heads_that_are_off_and_other_tokens(void **state) {
    (void)state;
    float a[9] = HAND_SCORES;
    uint8_t all[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, nothing[9] = {0};
    struct capture on = by_hand(a, all), off = by_hand(a, nothing);
    struct capture *both[2] = {&on, &off};
    assert_int_equal(metrics_measure(both, 2, 1, NULL, NULL), 0);
    assert_true(capture_head_off(&off, 0, 0));
    assert_false(capture_head_off(&on, 0, 0));
    for (int i = 0; i < METRICS; i++) {
        double expected = i == METRIC_SPARSITY || i == METRIC_BLOCKS ? 1
                          : i == METRIC_MASS                         ? 0
                                                                     : NAN;
        expect_near(capture_metric(&off, 0, 0, i), expected, 0, metric_get(i)->name);
    }
    assert_true(isnan(capture_metric(&on, 0, 0, METRIC_DIVERGENCE)));
    char *others[] = {"[CLS]", "v", "[SEP]"};
    struct capture other = by_hand(a, all);
    other.pieces = others;
    struct capture *apart[2] = {&on, &other};
    assert_int_equal(metrics_measure(apart, 2, 1, NULL, NULL), 0);
    assert_true(isnan(capture_metric(&on, 0, 0, METRIC_DIVERGENCE)));
    expect_near(capture_metric(&on, 0, 0, METRIC_MASS), 1, 1e-12, "mass");
    free(on.metrics);
    free(off.metrics);
    free(other.metrics);
    on.metrics = NULL;
    assert_true(isnan(capture_metric(&on, 0, 0, METRIC_ENTROPY)));
}

/* Five tokens: blocks of 4 x 4, 4 x 1, 1 x 4 and 1 x 1. */
static void test_blocks(void **state) {
    (void)state;
    char *pieces[] = {"[CLS]", "w", "w", "w", "[SEP]"};
    float scores[25] = {0};
    uint8_t mask[25] = {0};
    for (int i = 0; i < 5; i++)
        mask[i * 5 + i] = 1;
    struct capture capture = by_hand(scores, mask);
    struct capture *one = &capture;
    capture.encoding.count = 5;
    capture.pieces = pieces;
    assert_int_equal(metrics_measure(&one, 1, 0, NULL, NULL), 0);
    expect_near(capture_metric(&capture, 0, 0, METRIC_BLOCKS), 0.5, 0, "blocks");
    expect_near(capture_metric(&capture, 0, 0, METRIC_SPARSITY), 0.8, 1e-12, "sparsity");
    assert_true(isnan(capture_metric(&capture, 0, 0, METRIC_DIVERGENCE)));
    free(capture.metrics);
}

static void test_names(void **state) {
    (void)state;
    const struct metric *metric;
    int count = 0;
    for (; (metric = metric_get(count)); count++) {
        assert_int_equal(metric_find(metric->name, strlen(metric->name)), count);
        assert_true(metric->formula[0] != '\0');
    }
    assert_int_equal(count, METRICS);
    assert_int_equal(metric_find("ent", 3), METRIC_ENTROPY);
    assert_int_equal(metric_find("s", 1), -1); /* sep, self, sparsity */
    assert_int_equal(metric_find("Mass", 4), METRIC_MASS);
    assert_int_equal(metric_find("entropyx", 8), -1);
    assert_int_equal(metric_find("", 0), -1);
}

/* ---- PyTorch --------------------------------------------------------------------------------- */

struct line {
    char family[16], pattern[16], arm;
    int sentence, layer, head;
    double values[METRICS + 2]; /* the metrics, own_mass, given_importance */
};

/* The next line of the vectors; 0 at the end. */
static int read_line(FILE *file, struct line *line) {
    char text[1024], *at;
    int used;
    if (!fgets(text, sizeof(text), file))
        return 0;
    assert_int_equal(sscanf(text, "%15s %15s %d %c %d %d%n", line->family, line->pattern,
                            &line->sentence, &line->arm, &line->layer, &line->head, &used),
                     6);
    at = text + used;
    for (int i = 0; i < METRICS + 2; i++)
        line->values[i] = strtod(at, &at);
    return 1;
}

static const char *spec_of(const char *pattern) {
    return strcmp(pattern, "local") == 0  ? "local(1)"
           : strcmp(pattern, "topk") == 0 ? "topk(0.5)"
                                          : "dense";
}

/* Both arms of a sentence of the vectors, measured, with the importance of each. */
struct measured {
    struct capture *captures[2];
    double importance[2][2][8]; /* arm; at the predicted label, at the given one; head */
    double mass[2][8];          /* with the arm's own scores */
};

static void measure_sentence(struct bed *bed, const char *family, const char *pattern, int sentence,
                             struct measured *measured) {
    struct safetensors file;
    char path[128], text[256];
    snprintf(path, sizeof(path), VECTORS "/%s_dense.safetensors", family);
    assert_int_equal(safetensors_open(&file, path, NULL), 0);
    text_of(vector(&file, sentence, "ids"), text);
    float *label = floats(vector(&file, sentence, "label"));
    for (int arm = 0; arm < 2; arm++) {
        const char *spec = arm ? spec_of(pattern) : "dense";
        struct sparsity *sparsity = parse(spec);
        measured->captures[arm] = capture_text(bed, spec, text);
        struct capture *capture = measured->captures[arm];
        assert_int_equal(metrics_measure(&capture, 1, 1, bed->compute.pool, NULL), 0);
        for (int i = 0; i < capture->layers * capture->heads; i++)
            measured->mass[arm][i] = capture->metrics[i * METRICS + METRIC_MASS];
        for (int given = 0; given < 2; given++)
            assert_int_equal(importance_measure(measured->importance[arm][given], bed->model,
                                                sparsity, &capture->encoding,
                                                given ? (int)label[0] : -1, 1, &bed->compute,
                                                &bed->error),
                             0);
        sparsity_free(sparsity);
    }
    assert_int_equal(metrics_measure(measured->captures, 2, 1, bed->compute.pool, NULL), 0);
    free(label);
    safetensors_close(&file);
}

static void compare_line(const struct line *line, const struct measured *measured) {
    int arm = line->arm == 'B', index = line->layer * 2 + line->head;
    char what[120];
    for (int i = 0; i < METRICS + 2; i++) {
        double value = i == METRIC_IMPORTANCE ? measured->importance[arm][0][index]
                       : i == METRICS         ? measured->mass[arm][index]
                       : i == METRICS + 1
                           ? measured->importance[arm][1][index]
                           : capture_metric(measured->captures[arm], line->layer, line->head, i);
        snprintf(what, sizeof(what), "%s %s sentence %d %c %d.%d %s", line->family, line->pattern,
                 line->sentence, line->arm, line->layer, line->head,
                 i < METRICS    ? metric_get(i)->name
                 : i == METRICS ? "own mass"
                                : "given importance");
        expect_near(value, line->values[i], TOLERANCE, what);
    }
}

static void test_metrics_are_what_pytorch_computes(void **state) {
    (void)state;
    FILE *file = fopen("tests/inspect/vectors/metrics.tsv", "r");
    char titles[512], family[16] = "", place[64] = "";
    struct line line;
    struct bed bed;
    struct measured measured = {0};
    int lines = 0;
    assert_non_null(file);
    assert_non_null(fgets(titles, sizeof(titles), file));
    while (read_line(file, &line)) {
        char here[64];
        snprintf(here, sizeof(here), "%s %s %d", line.family, line.pattern, line.sentence);
        if (strcmp(here, place) != 0) {
            for (int arm = 0; arm < 2; arm++)
                capture_free(measured.captures[arm]);
            if (strcmp(family, line.family) != 0) {
                if (family[0])
                    bed_close(&bed);
                bed_open(&bed, line.family);
            }
            measure_sentence(&bed, line.family, line.pattern, line.sentence, &measured);
            snprintf(place, sizeof(place), "%s", here);
            snprintf(family, sizeof(family), "%s", line.family);
        }
        compare_line(&line, &measured);
        lines++;
    }
    assert_int_equal(lines, 2 * 3 * 3 * 2 * 4);
    for (int arm = 0; arm < 2; arm++)
        capture_free(measured.captures[arm]);
    bed_close(&bed);
    fclose(file);
}

/* ---- importance ------------------------------------------------------------------------------ */

/* The loss when one head's output is multiplied by `gate`, which is what scaling its columns of the
 * projection behind it does. */
static double gated_loss(struct bed *bed, const struct capture *capture, int layer, int head,
                         double gate, int label) {
    const struct model_config *config = &bed->model->config;
    int hidden = config->hidden, width = hidden / config->heads;
    float *projection = bed->model->weights.layer[layer].attention_output_weight;
    float *scaled = malloc((size_t)hidden * (size_t)hidden * sizeof(*scaled)), logits[8];
    assert_non_null(scaled);
    for (int i = 0; i < hidden * hidden; i++)
        scaled[i] = i % hidden / width == head ? (float)gate * projection[i] : projection[i];
    bed->model->weights.layer[layer].attention_output_weight = scaled;
    struct encoder *encoder;
    struct encoder_options options = {0};
    int offsets[2] = {0, capture->encoding.count};
    struct encoder_batch batch = {1, offsets, capture->encoding.ids};
    struct weights changed = bed->model->weights;
    changed.packed = NULL;
    assert_int_equal(
        encoder_create(&encoder, config, ENCODER_INFERENCE, &bed->compute, &bed->error), 0);
    assert_int_equal(encoder_forward(encoder, &changed, &batch, &options, logits, &bed->error), 0);
    encoder_free(encoder);
    bed->model->weights.layer[layer].attention_output_weight = projection;
    free(scaled);
    return cross_entropy(logits, &label, 1, config->labels, 0.0, NULL);
}

static void test_importance_is_the_slope_of_a_gate(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, "bert");
    struct capture *capture = capture_text(&bed, "dense", "w5 w9 w12 w30 w7");
    struct sparsity *sparsity = parse("dense");
    double importance[4];
    assert_int_equal(importance_measure(importance, bed.model, sparsity, &capture->encoding, 1, 1,
                                        &bed.compute, &bed.error),
                     0);
    for (int i = 0; i < 4; i++) {
        const double step = 0.02;
        double slope = (gated_loss(&bed, capture, i / 2, i % 2, 1 + step, 1) -
                        gated_loss(&bed, capture, i / 2, i % 2, 1 - step, 1)) /
                       (2 * step);
        assert_true(importance[i] > 1e-4);
        expect_near(importance[i], fabs(slope), 2e-3 * fabs(slope) + 2e-5, "slope");
    }
    sparsity_free(sparsity);
    capture_free(capture);
    bed_close(&bed);
}

static void test_importance_of_heads_off_and_errors(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, "bert");
    struct capture *capture = capture_text(&bed, "dense", "w5 w9");
    struct sparsity *off = parse("heads_off(0.1)"), *outside = parse("local(1)@L7");
    double importance[4];
    assert_int_equal(importance_measure(importance, bed.model, off, &capture->encoding, -1, 1,
                                        &bed.compute, &bed.error),
                     0);
    assert_true(importance[1] == 0 && importance[0] > 0);
    assert_int_equal(importance_measure(importance, bed.model, off, &capture->encoding, 2, 1,
                                        &bed.compute, &bed.error),
                     -1);
    assert_non_null(strstr(bed.error.message, "0 to 1, not 2"));
    assert_int_equal(importance_measure(importance, bed.model, outside, &capture->encoding, 0, 1,
                                        &bed.compute, &bed.error),
                     -1);
    sparsity_free(off);
    sparsity_free(outside);
    capture_free(capture);
    bed_close(&bed);
}

static void test_scales(void **state) {
    (void)state;
    double values[6] = {3, 4, 0, 0, 6, 8};
    importance_rescale(values, 3, 2, IMPORTANCE_RAW);
    assert_true(values[0] == 3);
    importance_rescale(values, 3, 2, IMPORTANCE_LAYER);
    const double by_layer[6] = {0.6, 0.8, 0, 0, 0.6, 0.8};
    for (int i = 0; i < 6; i++)
        expect_near(values[i], by_layer[i], 1e-12, "by layer");
    importance_rescale(values, 3, 2, IMPORTANCE_PAPER);
    const double paper[6] = {0.75, 1, 0, 0, 0.75, 1};
    for (int i = 0; i < 6; i++)
        expect_near(values[i], paper[i], 1e-12, "paper");
    assert_string_equal(importance_scale_name(IMPORTANCE_PAPER), "paper");
    assert_null(importance_scale_name(IMPORTANCE_SCALES));
}

/* A backward pass that leaves all weights out must not change what the others get. */
static void test_gates_beside_full_gradients(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed, "distilbert");
    struct capture *capture = capture_text(&bed, "dense", "w5 w9 w11");
    const struct model_config *config = &bed.model->config;
    struct encoder *encoder;
    struct weights gradients;
    double gates[4], importance[4];
    float logits[8], logit_gradients[8];
    int offsets[2] = {0, capture->encoding.count}, label = 0;
    struct encoder_options options = {.gate_gradients = gates};
    struct encoder_batch batch = {1, offsets, capture->encoding.ids};
    struct sparsity *sparsity = parse("dense");
    assert_int_equal(weights_allocate(&gradients, config, &bed.error), 0);
    assert_int_equal(encoder_create(&encoder, config, ENCODER_TRAINING, &bed.compute, &bed.error),
                     0);
    assert_int_equal(
        encoder_forward(encoder, &bed.model->weights, &batch, &options, logits, &bed.error), 0);
    cross_entropy(logits, &label, 1, config->labels, 0.0, logit_gradients);
    assert_int_equal(
        encoder_backward(encoder, &bed.model->weights, logit_gradients, &gradients, &bed.error), 0);
    assert_int_equal(importance_measure(importance, bed.model, sparsity, &capture->encoding, 0, 1,
                                        &bed.compute, &bed.error),
                     0);
    for (int i = 0; i < 4; i++)
        assert_true(fabs(gates[i]) == importance[i]);
    sparsity_free(sparsity);
    encoder_free(encoder);
    weights_free(&gradients, config);
    capture_free(capture);
    bed_close(&bed);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_by_hand),
    cmocka_unit_test(test_heads_that_are_off_and_other_tokens),
    cmocka_unit_test(test_blocks),
    cmocka_unit_test(test_names),
    cmocka_unit_test(test_metrics_are_what_pytorch_computes),
    cmocka_unit_test(test_importance_is_the_slope_of_a_gate),
    cmocka_unit_test(test_importance_of_heads_off_and_errors),
    cmocka_unit_test(test_scales),
    cmocka_unit_test(test_gates_beside_full_gradients),
};

TEST_GROUP(tests_inspect_metrics, tests);
