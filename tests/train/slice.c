/*
 * Cutting a batch over ranks: every sentence once, in order, in parts of like size, which the
 * encoder takes for parts of the whole.
 */
#include "core/train/slice.h"

#include <math.h>

#include "tests/train/fixture.h"

#define SENTENCES_MOST 64
#define LENGTH_MOST 40

/* A packed batch of given lengths; ids count up, labels are the sentence's number. */
struct packed {
    struct batch_room room;
    int offsets[SENTENCES_MOST + 1], part[SENTENCES_MOST + 1];
    int ids[SENTENCES_MOST * LENGTH_MOST], labels[SENTENCES_MOST];
};

static void pack(struct packed *packed, const int *lengths, int count) {
    *packed = (struct packed){
        .room = {.batch = {.sentences = count, .offsets = packed->offsets, .ids = packed->ids},
                 .offsets = packed->offsets,
                 .ids = packed->ids,
                 .labels = packed->labels,
                 .part = packed->part}};
    for (int b = 0; b < count; b++) {
        packed->offsets[b + 1] = packed->offsets[b] + lengths[b];
        packed->labels[b] = b;
    }
    for (int i = 0; i < packed->offsets[count]; i++)
        packed->ids[i] = i;
}

/* The parts are the batch, cut: nothing twice, nothing lost. Returns the tokens of the largest. */
static int check_parts(struct packed *packed, int ranks) {
    int sentence = 0, token = 0, largest = 0;
    size_t pairs = 0;
    for (int rank = 0; rank < ranks; rank++) {
        struct batch_slice slice;
        batch_slice(&slice, &packed->room, rank, ranks);
        assert_int_equal(slice.before.sentences, sentence);
        assert_int_equal(slice.before.tokens, token);
        assert_int_equal(slice.before.pairs, pairs);
        assert_int_equal(slice.batch.offsets[0], 0);
        int tokens = slice.batch.offsets[slice.batch.sentences];
        for (int b = 0; b < slice.batch.sentences; b++, sentence++) {
            int length = slice.batch.offsets[b + 1] - slice.batch.offsets[b];
            assert_int_equal(slice.labels[b], sentence);
            assert_int_equal(length, packed->offsets[sentence + 1] - packed->offsets[sentence]);
            pairs += (size_t)(length * length);
        }
        for (int i = 0; i < tokens; i++)
            assert_int_equal(slice.batch.ids[i], token++);
        largest = tokens > largest ? tokens : largest;
    }
    assert_int_equal(sentence, packed->room.batch.sentences);
    assert_int_equal(token, packed->offsets[sentence]);
    return largest;
}

static void test_every_sentence_once(void **state) {
    (void)state;
    static struct packed packed;
    unsigned draw = 1;
    for (int count = 1; count <= SENTENCES_MOST; count++) {
        int lengths[SENTENCES_MOST], longest = 0;
        for (int b = 0; b < count; b++) {
            draw = draw * 1103515245u + 12345u;
            lengths[b] = 1 + (int)(draw >> 16) % LENGTH_MOST;
            longest = lengths[b] > longest ? lengths[b] : longest;
        }
        pack(&packed, lengths, count);
        for (int ranks = 1; ranks <= 9; ranks++) {
            int largest = check_parts(&packed, ranks);
            /* Each cut is at most half a sentence away from where it should be. */
            assert_true(largest * ranks <= packed.offsets[count] + longest * ranks);
        }
    }
}

static void test_known_cuts(void **state) {
    (void)state;
    static struct packed packed;
    struct batch_slice slice;
    pack(&packed, (int[]){30, 4, 4, 4, 4, 4}, 6); /* 50 tokens: 25 lie nearest to 30 */
    batch_slice(&slice, &packed.room, 0, 2);
    assert_int_equal(slice.batch.sentences, 1);
    batch_slice(&slice, &packed.room, 1, 2);
    assert_int_equal(slice.batch.sentences, 5);
    assert_int_equal(slice.before.tokens, 30);
    assert_int_equal(slice.before.pairs, 900);
    pack(&packed, (int[]){6, 6, 6, 6}, 4);
    batch_slice(&slice, &packed.room, 1, 2);
    assert_int_equal(slice.before.sentences, 2);
}

static void test_fewer_sentences_than_ranks(void **state) {
    (void)state;
    static struct packed packed;
    int with = 0;
    pack(&packed, (int[]){5, 7}, 2);
    assert_true(check_parts(&packed, 4) >= 5);
    for (int rank = 0; rank < 4; rank++) {
        struct batch_slice slice;
        batch_slice(&slice, &packed.room, rank, 4);
        with += slice.batch.sentences > 0;
    }
    assert_int_equal(with, 2);
}

/* ---- through the encoder --------------------------------------------------------------------- */

#define PARTS 3
#define ROWS 12

/* Logits [ROWS,2] and the gradients of their sum, of the batch in `parts`, dropout on. */
static void pass_in_parts(struct bench *bench, struct batch_room *room, int parts, float *logits,
                          struct weights *gradients) {
    struct encoder *encoder;
    struct mask_source mask = sparsity_source(bench->sparsity);
    struct encoder_options options = {.mask = &mask,
                                      .seed = 3,
                                      .hidden_dropout = 0.2f,
                                      .attention_dropout = 0.3f,
                                      .classifier_dropout = 0.1f,
                                      .dropout_seed = 5,
                                      .dropout_step = 9};
    float ones[2 * ROWS];
    for (int i = 0; i < 2 * ROWS; i++)
        ones[i] = i % 2 ? -1.0f : 0.5f;
    assert_done(encoder_create(&encoder, &bench->model->config, ENCODER_TRAINING, &bench->compute,
                               &problem));
    for (int part = 0; part < parts; part++) {
        struct batch_slice slice;
        batch_slice(&slice, room, part, parts);
        options.before = slice.before;
        assert_true(slice.batch.sentences > 0);
        assert_done(encoder_forward(encoder, &bench->model->weights, &slice.batch, &options,
                                    logits + 2 * slice.before.sentences, &problem));
        assert_done(encoder_backward(encoder, &bench->model->weights, ones, gradients, &problem));
    }
    encoder_free(encoder);
}

static void assert_near(const float *a, const float *b, size_t count, const char *what) {
    for (size_t i = 0; i < count; i++)
        if (fabsf(a[i] - b[i]) > 1e-5f + 1e-4f * fabsf(a[i]))
            fail_msg("%s: %zu is %g in one, %g in parts", what, i, (double)a[i], (double)b[i]);
}

static void test_dropout_of_parts_is_that_of_the_whole(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench, 2, "random(0.3)");
    struct token_set set;
    struct batch_room room;
    int rows[ROWS];
    assert_done(token_set_create(&set, bench.model->tokenizer, &bench.easy->dataset, NULL,
                                 EASY_ROWS, 32, bench.compute.pool, &problem));
    assert_done(batch_room_create(&room, &set, ROWS, &problem));
    for (int i = 0; i < ROWS; i++)
        rows[i] = 7 * i;
    batch_pack(&room, &set, rows, ROWS);
    const struct model_config *config = &bench.model->config;
    struct weights gradients[2];
    float logits[2][2 * ROWS];
    for (int i = 0; i < 2; i++) {
        assert_done(weights_allocate(&gradients[i], config, &problem));
        pass_in_parts(&bench, &room, i ? PARTS : 1, logits[i], &gradients[i]);
    }
    assert_near(logits[0], logits[1], 2 * ROWS, "logits");
    for (int i = 0; i < weights_count(config); i++) {
        struct weight whole, parts;
        weights_get(config, &gradients[0], i, &whole);
        weights_get(config, &gradients[1], i, &parts);
        assert_near(*whole.pointer, *parts.pointer, whole.count, whole.name);
    }
    for (int i = 0; i < 2; i++)
        weights_free(&gradients[i], config);
    batch_room_free(&room);
    token_set_free(&set);
    bench_close(&bench);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_every_sentence_once),
    cmocka_unit_test(test_known_cuts),
    cmocka_unit_test(test_fewer_sentences_than_ranks),
    cmocka_unit_test(test_dropout_of_parts_is_that_of_the_whole),
};

TEST_GROUP(tests_train_slice, tests);
