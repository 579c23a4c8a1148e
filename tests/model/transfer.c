/*
 * Word embeddings from another encoder: principal axes against points made along known ones, and a
 * small vocabulary against embeddings worked out by hand.
 */
#include "core/model/transfer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "tests/train/fixture.h"

#define WIDTH 5
#define POINTS 4000

static float dot(const float *a, const float *b) {
    float sum = 0;
    for (int i = 0; i < WIDTH; i++)
        sum += a[i] * b[i];
    return sum;
}

static void test_axes_of_points_made_along_them(void **state) {
    (void)state;
    const float h = 0.70710678f;
    const float true_axes[3][WIDTH] = {{h, h, 0, 0, 0}, {0, 0, 0.6f, 0.8f, 0}, {0, 0, 0, 0, 1}};
    const double spread[3] = {9, 3, 1};
    float *points = calloc(POINTS * WIDTH, sizeof(*points)), axes[3][WIDTH];
    assert_non_null(points);
    uint64_t key = random_key(3, 0, 0, 0);
    for (uint64_t i = 0; i < POINTS; i++)
        for (int axis = 0; axis < 3; axis++)
            for (int d = 0; d < WIDTH; d++)
                points[i * WIDTH + (uint64_t)d] +=
                    (float)(spread[axis] * random_normal(key, 3 * i + (uint64_t)axis)) *
                    true_axes[axis][d];
    assert_done(principal_axes(points, POINTS, WIDTH, 3, axes[0], &problem));
    for (int a = 0; a < 3; a++) {
        assert_float_equal(fabsf(dot(axes[a], true_axes[a])), 1, 2e-3);
        for (int b = 0; b <= a; b++)
            assert_float_equal(dot(axes[a], axes[b]), a == b, 1e-5);
    }
    free(points);
}

/* The source's pieces have embeddings in two directions only. */
static struct model *make_model(const char *pieces, int vocabulary, int hidden) {
    struct tokenizer *tokenizer;
    struct model *model;
    struct model_config config = {.family = MODEL_BERT,
                                  .vocabulary = vocabulary,
                                  .hidden = hidden,
                                  .layers = 1,
                                  .heads = 1,
                                  .feed_forward = 4,
                                  .positions = 16,
                                  .token_types = 2,
                                  .labels = 2};
    assert_done(tokenizer_from_vocabulary(&tokenizer, pieces, strlen(pieces), "made", &problem));
    assert_done(model_create(&model, &config, tokenizer, 1, &problem));
    return model;
}

static float distance(const struct model *model, int a, int b) {
    int width = model->config.hidden;
    const float *x = model->weights.word_embeddings + a * width;
    const float *y = model->weights.word_embeddings + b * width;
    float sum = 0;
    for (int i = 0; i < width; i++)
        sum += (x[i] - y[i]) * (x[i] - y[i]);
    return sqrtf(sum);
}

static void test_pieces_keep_their_distances(void **state) {
    (void)state;
    static const char theirs[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngood\nbad\nfilm\n##s\n";
    static const char ours[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n##s\nbad\ngood\n";
    struct model *source = make_model(theirs, 9, 4), *model = make_model(ours, 8, 2);
    const float plane[9][2] = {{0, 0}, {1, 0},  {0, 1}, {1, 1}, {2, 0},
                               {5, 1}, {-4, 1}, {0, 3}, {0, -1}};
    for (int id = 0; id < 9; id++) {
        /* The plane, turned into four dimensions. */
        float *word = source->weights.word_embeddings + id * 4;
        word[0] = word[1] = plane[id][0] * 0.70710678f;
        word[2] = plane[id][1] * 0.6f;
        word[3] = plane[id][1] * 0.8f;
    }
    assert_done(transfer_words(model, source, 0.5, &problem));

    static const int same[8] = {0, 1, 2, 3, 4, 8, 6, 5}; /* there */
    float scale = distance(model, 6, 7) / 9;
    assert_true(scale > 0);
    for (int a = 0; a < 8; a++)
        for (int b = 0; b < a; b++)
            assert_float_equal(distance(model, a, b),
                               scale * hypotf(plane[same[a]][0] - plane[same[b]][0],
                                              plane[same[a]][1] - plane[same[b]][1]),
                               1e-4);
    double squares = 0;
    for (int i = 0; i < 16; i++)
        squares +=
            (double)model->weights.word_embeddings[i] * (double)model->weights.word_embeddings[i];
    assert_float_equal(sqrt(squares / 16), 0.5, 1e-5);

    struct sawb_error error = {""};
    assert_int_equal(transfer_words(source, model, 0.5, &error), -1);
    assert_non_null(
        strstr(error.message, "2 wide, it cannot give word embeddings to an encoder of 4"));
    struct model *narrow = make_model(theirs, 9, 1);
    assert_int_equal(transfer_words(narrow, model, 0.5, &error), -1);
    assert_message(error, "has no word piece \"film\"");
    model_release(narrow);
    model_release(source);
    model_release(model);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_axes_of_points_made_along_them),
    cmocka_unit_test(test_pieces_keep_their_distances),
};

TEST_GROUP(tests_model_transfer, tests);
