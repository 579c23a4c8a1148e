/*
 * Words replaced at random: neighbours against a plain search, what is swapped and how often, and a
 * teacher that reads what comes of it.
 */
#include "core/train/noise.h"

#include <math.h>

#include "core/base/random.h"
#include "core/train/course.h"
#include "core/train/teacher.h"
#include "tests/train/fixture.h"

#define WORDS 50
#define OTHERS 10 /* pieces that are no words */
#define NEAR 20   /* listed for each word */
#define WIDTH 6
#define ROWS 2000

static const char *const others[OTHERS] = {"[PAD]", "[UNK]",     "[CLS]", "[SEP]", "[MASK]",
                                           ".",     "[unused0]", "$",     "##s",   "##w1"};

/* The others, then w0, w1, ...; backwards: the other way round. */
static struct model *make_model(int backwards) {
    char text[OTHERS * 12 + WORDS * 5] = "";
    for (int i = 0; i < OTHERS + WORDS; i++) {
        int id = backwards ? OTHERS + WORDS - 1 - i : i;
        char word[12];
        snprintf(word, sizeof(word), "w%d", id - OTHERS);
        strcat(strcat(text, id < OTHERS ? others[id] : word), "\n");
    }
    struct model_config config = {.family = MODEL_BERT,
                                  .vocabulary = OTHERS + WORDS,
                                  .hidden = WIDTH,
                                  .layers = 1,
                                  .heads = 2,
                                  .feed_forward = 8,
                                  .positions = 16,
                                  .token_types = 2,
                                  .labels = 2};
    struct tokenizer *tokenizer;
    struct model *model;
    assert_done(tokenizer_from_vocabulary(&tokenizer, text, strlen(text), "made", &problem));
    assert_done(model_create(&model, &config, tokenizer, 1 + (uint64_t)backwards, &problem));
    return model;
}

struct swapping {
    struct compute compute;
    struct model *student, *teacher;
    int *pieces;
    struct word_swap *swap;
};

static void swapping_open(struct swapping *swapping) {
    *swapping = (struct swapping){.student = make_model(0), .teacher = make_model(1)};
    assert_done(compute_open(&swapping->compute, 2, &problem));
    float *words = swapping->teacher->weights.word_embeddings;
    /* Far from the origin: without its mean all would be near. */
    for (int i = 0; i < (OTHERS + WORDS) * WIDTH; i++)
        words[i] = 3 + (float)random_normal(7, (uint64_t)i);
    assert_done(
        teacher_find_pieces(&swapping->pieces, swapping->teacher, swapping->student, &problem));
    assert_done(word_swap_create(&swapping->swap, swapping->student->tokenizer, swapping->teacher,
                                 swapping->pieces, &swapping->compute, &problem));
}

static void swapping_close(struct swapping *swapping) {
    word_swap_free(swapping->swap);
    free(swapping->pieces);
    model_release(swapping->student);
    model_release(swapping->teacher);
    compute_close(&swapping->compute);
}

/* ---- neighbours ------------------------------------------------------------------------------ */

static double plain_cosine(const struct swapping *swapping, int a, int b) {
    const float *words = swapping->teacher->weights.word_embeddings;
    double dot = 0, left = 0, right = 0;
    for (int d = 0; d < WIDTH; d++) {
        double mean = 0;
        for (int id = OTHERS; id < OTHERS + WORDS; id++)
            mean += (double)words[swapping->pieces[id] * WIDTH + d] / WORDS;
        double x = (double)words[swapping->pieces[a] * WIDTH + d] - mean;
        double y = (double)words[swapping->pieces[b] * WIDTH + d] - mean;
        dot += x * y;
        left += x * x;
        right += y * y;
    }
    return dot / sqrt(left * right);
}

static int falling(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static void test_the_nearest_are_found(void **state) {
    (void)state;
    struct swapping swapping;
    swapping_open(&swapping);
    for (int id = 0; id < OTHERS + WORDS; id++) {
        const int *near;
        int count = word_swap_near(swapping.swap, id, &near), seen[OTHERS + WORDS] = {0};
        assert_int_equal(count, id < OTHERS ? 0 : NEAR);
        double cosines[WORDS];
        for (int other = 0; count > 0 && other < WORDS; other++)
            cosines[other] =
                other == id - OTHERS ? -2 : plain_cosine(&swapping, id, OTHERS + other);
        qsort(cosines, count > 0 ? WORDS : 0, sizeof(*cosines), falling);
        for (int i = 0; i < count; i++) {
            assert_true(near[i] >= OTHERS && near[i] != id && !seen[near[i]]++);
            assert_float_equal(plain_cosine(&swapping, id, near[i]), cosines[i], 1e-5);
        }
    }
    swapping_close(&swapping);
}

/* ---- a batch --------------------------------------------------------------------------------- */

#define LENGTH 10

/* The same sentence in each row. */
struct rows {
    struct token_set set;
    struct batch_room room;
    int ids[ROWS * LENGTH], labels[ROWS], rows[ROWS], order[ROWS];
    size_t offsets[ROWS + 1];
};

static const char *const sentence[LENGTH] = {"[CLS]", "w1",    "##s", "w3", "$",
                                             "w4",    "[UNK]", "w5",  ".",  "[SEP]"};
static const int may_change[LENGTH] = {0, 0, 0, 1, 0, 1, 0, 1, 0, 0};

static struct rows *make_rows(const struct tokenizer *tokenizer) {
    struct rows *rows = calloc(1, sizeof(*rows));
    assert_non_null(rows);
    for (int i = 0; i < ROWS; i++) {
        for (int t = 0; t < LENGTH; t++)
            rows->ids[i * LENGTH + t] = tokenizer_find(tokenizer, sentence[t]);
        rows->offsets[i + 1] = (size_t)(i + 1) * LENGTH;
        rows->rows[i] = rows->order[i] = i;
    }
    rows->set = (struct token_set){.count = ROWS,
                                   .offsets = rows->offsets,
                                   .ids = rows->ids,
                                   .labels = rows->labels,
                                   .rows = rows->rows};
    assert_done(batch_room_create(&rows->room, &rows->set, ROWS, &problem));
    return rows;
}

static void rows_free(struct rows *rows) {
    batch_room_free(&rows->room);
    free(rows);
}

/* The batch of the first `count` sentences of the order, in the room. */
static const int *swapped(struct rows *rows, const struct word_swap *swap, int count, uint64_t step,
                          double share) {
    struct noise noise = {&rows->room, &rows->set, rows->order, 5, step};
    batch_pack(&rows->room, &rows->set, rows->order, count);
    noise_swap(&noise, swap, share);
    return rows->room.ids;
}

static int is_near(const struct word_swap *swap, int id, int other) {
    const int *near;
    int count = word_swap_near(swap, id, &near);
    for (int i = 0; i < count; i++)
        if (near[i] == other)
            return 1;
    return 0;
}

static void test_a_share_of_whole_words(void **state) {
    (void)state;
    struct swapping swapping;
    swapping_open(&swapping);
    struct rows *rows = make_rows(swapping.student->tokenizer);
    const int *ids = swapped(rows, swapping.swap, ROWS, 1, 0.4);
    int changed = 0, near = 0, by_sentence[4] = {0};
    for (int i = 0; i < ROWS; i++) {
        int here = 0;
        for (int t = 0; t < LENGTH; t++) {
            int before = rows->ids[i * LENGTH + t], now = ids[i * LENGTH + t];
            if (now == before)
                continue;
            assert_true(may_change[t] && now >= OTHERS);
            near += is_near(swapping.swap, before, now);
            here++;
        }
        changed += here;
        by_sentence[here]++;
    }
    /* Of the fifth that may be any word one in 50 is the same again, and 20 of 50 are near. */
    double words = 3.0 * ROWS;
    assert_float_equal(changed / words, 0.4 * (1 - 0.2 / WORDS), 0.03);
    assert_float_equal((double)near / changed, 0.8 + 0.2 * NEAR / WORDS, 0.03);
    /* With the share s uniform in [0, 0.8]: E (1-s)³ and E s³; 0.216 and 0.064 were it always 0.4.
     */
    assert_float_equal((double)by_sentence[0] / ROWS, (1 - 0.0016) / 3.2, 0.03);
    assert_float_equal((double)by_sentence[3] / ROWS, 0.512 / 4, 0.03);
    rows_free(rows);
    swapping_close(&swapping);
}

static void test_draws_depend_on_step_and_row_alone(void **state) {
    (void)state;
    struct swapping swapping;
    swapping_open(&swapping);
    struct rows *rows = make_rows(swapping.student->tokenizer);
    size_t bytes = sizeof(rows->ids);
    int *first = malloc(bytes);
    assert_non_null(first);
    memcpy(first, swapped(rows, swapping.swap, ROWS, 1, 0.3), bytes);
    assert_true(memcmp(first, swapped(rows, swapping.swap, ROWS, 2, 0.3), bytes) != 0);
    assert_true(memcmp(first, swapped(rows, swapping.swap, ROWS, 1, 0.3), bytes) == 0);
    assert_true(memcmp(rows->ids, swapped(rows, swapping.swap, ROWS, 1, 0), bytes) == 0);
    for (int i = 0; i < 100; i++)
        rows->order[i] = ROWS - 1 - 7 * i;
    const int *ids = swapped(rows, swapping.swap, 100, 1, 0.3);
    for (int i = 0; i < 100; i++)
        assert_memory_equal(ids + i * LENGTH, first + rows->order[i] * LENGTH,
                            LENGTH * sizeof(*ids));
    free(first);
    rows_free(rows);
    swapping_close(&swapping);
}

/* ---- training -------------------------------------------------------------------------------- */

static struct train_options swap_options(void) {
    struct train_options options = train_options_default();
    options.batch_size = 16;
    options.accumulate = 2;
    options.learning_rate = 5e-3;
    options.max_steps = 4;
    options.dropout = 0;
    options.word_swap = 0.4;
    options.alpha = 0.7;
    return options;
}

/* Logits of one model, of a batch of ids that another one has as pieces. */
static void read_spelt(struct bench *bench, const struct model *model,
                       const struct tokenizer *tokenizer, const struct encoder_batch *batch,
                       float *logits) {
    struct encoder *encoder;
    int ids[1024], count = batch->offsets[batch->sentences];
    assert_true(count <= 1024);
    for (int t = 0; t < count; t++)
        ids[t] = tokenizer_find(model->tokenizer, tokenizer_piece(tokenizer, batch->ids[t]));
    struct encoder_batch own = {batch->sentences, batch->offsets, ids};
    assert_done(
        encoder_create(&encoder, &model->config, ENCODER_INFERENCE, &bench->compute, &problem));
    assert_done(encoder_forward(encoder, &model->weights, &own, &(struct encoder_options){0},
                                logits, &problem));
    encoder_free(encoder);
}

/* The loss of the first step is that of the student and the teacher on the swapped sentences. */
static void test_both_read_what_is_swapped(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench, 2, "dense");
    struct train_options options = swap_options();
    struct tokenizer *tokenizer = bench.model->tokenizer;
    struct model *teacher;
    assert_done(model_copy(&teacher, bench.source, &problem));
    for (int i = 0; i < teacher->config.labels * teacher->config.hidden; i++)
        teacher->weights.classifier_weight[i] *= -3;
    struct token_set set;
    struct batch_room room;
    int order[EASY_ROWS], *pieces;
    struct word_swap *swap;
    assert_done(token_set_create(&set, tokenizer, &bench.easy->dataset, NULL, EASY_ROWS, 128,
                                 bench.compute.pool, &problem));
    assert_done(batch_room_create(&room, &set, 16, &problem));
    assert_done(teacher_find_pieces(&pieces, teacher, bench.model, &problem));
    assert_done(word_swap_create(&swap, tokenizer, teacher, pieces, &bench.compute, &problem));
    course_order(order, EASY_ROWS, options.seed, 0);
    double expected = 0, unswapped = 0;
    for (int part = 0; part < 4; part++) {
        int chosen = part % 2 * 16;
        float student[16][2], taught[16][2], gradients[16][2];
        struct noise noise = {&room, &set, order + chosen, options.seed, 1};
        batch_pack(&room, &set, order + chosen, 16);
        if (part < 2)
            noise_swap(&noise, swap, options.word_swap);
        read_spelt(&bench, bench.model, tokenizer, &room.batch, student[0]);
        read_spelt(&bench, teacher, tokenizer, &room.batch, taught[0]);
        struct lesson lesson = {taught[0], 16, 2, options.temperature, options.alpha};
        double loss = cross_entropy(student[0], room.labels, 16, 2, 0, gradients[0]);
        *(part < 2 ? &expected : &unswapped) +=
            0.5 * teacher_loss(&lesson, student[0], loss, gradients[0]);
    }
    struct trainer *trainer = bench_trainer(&bench, &options);
    struct step_report report;
    assert_done(trainer_teach(trainer, teacher, &bench.easy->dataset, &problem));
    make_steps(trainer, 1, &report);
    assert_float_equal(report.loss, expected, 1e-5);
    assert_true(fabs(expected - unswapped) > 1e-3);
    trainer_free(trainer);
    word_swap_free(swap);
    free(pieces);
    batch_room_free(&room);
    token_set_free(&set);
    model_release(teacher);
    bench_close(&bench);
}

static void test_the_teacher_has_its_own_ids(void **state) {
    (void)state;
    struct swapping swapping;
    swapping_open(&swapping);
    struct bench bench = {.compute = swapping.compute};
    struct rows *rows = make_rows(swapping.student->tokenizer);
    struct batch_most most = {.sentences = 20, .tokens = 20 * LENGTH, .longest = LENGTH};
    struct teacher *teacher;
    float read[40][2], expected[40][2];
    assert_done(teacher_create_live(&teacher, swapping.teacher, swapping.student, &most,
                                    &swapping.compute, &problem));
    /* The second time more than it has made room for. */
    for (int count = 20; count <= 40; count += 20) {
        swapped(rows, swapping.swap, count, 3, 0.4);
        assert_done(teacher_read(teacher, &rows->room.batch, read[0], &problem));
        read_spelt(&bench, swapping.teacher, swapping.student->tokenizer, &rows->room.batch,
                   expected[0]);
        for (int i = 0; i < 2 * count; i++)
            assert_float_equal(read[i / 2][i % 2], expected[i / 2][i % 2], 1e-6);
    }
    teacher_free(teacher);
    rows_free(rows);
    swapping_close(&swapping);
}

static struct model *trained(int threads) {
    struct bench bench;
    bench_open(&bench, threads, "dense");
    struct train_options options = swap_options();
    options.word_dropout = 0.1;
    struct trainer *trainer = bench_trainer(&bench, &options);
    assert_done(trainer_teach(trainer, bench.source, &bench.easy->dataset, &problem));
    make_steps(trainer, 4, NULL);
    trainer_free(trainer);
    struct model *model = model_retain(bench.model);
    bench_close(&bench);
    return model;
}

static void test_threads_do_not_matter(void **state) {
    (void)state;
    struct model *one = trained(1), *two = trained(2);
    assert_true(same_weights(one, two));
    model_release(one);
    model_release(two);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void test_teachers_that_cannot_read_it(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench, 1, "dense");
    struct train_options options = swap_options();
    struct trainer *trainer = bench_trainer(&bench, &options);
    struct step_report report;
    struct sawb_error error = {""};
    assert_int_equal(trainer_step(trainer, &report, &error), -1);
    assert_message(error, "word-swap needs a teacher");
    assert_message(error, "--teacher DIR");

    struct model *foreign = make_model(0), *brief;
    assert_int_equal(trainer_teach(trainer, foreign, &bench.easy->dataset, &error), -1);
    assert_message(error, "does not have the word piece \"the\"");
    assert_message(error, "`sawb new --words-from");
    assert_done(model_copy(&brief, bench.source, &problem));
    brief->config.positions = 5;
    assert_int_equal(trainer_teach(trainer, brief, &bench.easy->dataset, &error), -1);
    assert_message(error, "reads at most 5 tokens, and a sentence has 7; take max-tokens 5");
    assert_int_equal(trainer_step(trainer, &report, &error), -1);
    assert_done(trainer_teach(trainer, bench.source, &bench.easy->dataset, &problem));
    make_steps(trainer, 1, NULL);
    trainer_free(trainer);
    brief->config.positions = bench.source->config.positions;
    model_release(brief);
    model_release(foreign);
    bench_close(&bench);
}

static void test_no_words_to_swap(void **state) {
    (void)state;
    static const char pieces[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n.\nword\n##s\n";
    struct swapping swapping;
    struct tokenizer *tokenizer;
    struct word_swap *swap;
    struct sawb_error error = {""};
    swapping_open(&swapping);
    assert_done(tokenizer_from_vocabulary(&tokenizer, pieces, strlen(pieces), "few", &problem));
    assert_int_equal(word_swap_create(&swap, tokenizer, swapping.teacher, swapping.pieces,
                                      &swapping.compute, &error),
                     -1);
    assert_message(error, "the vocabulary has 1");
    assert_null(swap);
    tokenizer_free(tokenizer);
    swapping_close(&swapping);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_the_nearest_are_found),
    cmocka_unit_test(test_a_share_of_whole_words),
    cmocka_unit_test(test_draws_depend_on_step_and_row_alone),
    cmocka_unit_test(test_both_read_what_is_swapped),
    cmocka_unit_test(test_the_teacher_has_its_own_ids),
    cmocka_unit_test(test_threads_do_not_matter),
    cmocka_unit_test(test_teachers_that_cannot_read_it),
    cmocka_unit_test(test_no_words_to_swap),
};

TEST_GROUP(tests_train_noise, tests);
