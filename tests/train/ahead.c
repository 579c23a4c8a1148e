/*
 * Batches of several runners: in order, whoever ran them, and to the same bits; asked for to the
 * end or not.
 */
#include "core/train/ahead.h"

#include "tests/allocations.h"
#include "tests/train/fixture.h"

#define BATCH 5
#define LABELS 2

struct asking {
    struct bench bench;
    struct mask_source mask;
    struct token_set set;
    struct encoder_options options;
    struct ahead *ahead;
};

static void open_asking(struct asking *asking, int threads) {
    struct bench *bench = &asking->bench;
    bench_open(bench, threads, "local(1)");
    asking->mask = sparsity_source(bench->sparsity);
    asking->options = (struct encoder_options){.mask = &asking->mask, .seed = 1};
    assert_done(token_set_create(&asking->set, bench->model->tokenizer, &bench->easy->dataset, NULL,
                                 EASY_ROWS, 32, bench->compute.pool, &problem));
    assert_done(ahead_create(&asking->ahead, bench->model, &asking->set, BATCH, &asking->options,
                             &bench->compute, &problem));
}

static void close_asking(struct asking *asking) {
    ahead_free(asking->ahead);
    token_set_free(&asking->set);
    bench_close(&asking->bench);
}

/* All logits, of the sentences from `first` on in batches `step` apart, and the pairs. */
static void ask_all(struct asking *asking, int first, int step, float logits[EASY_ROWS][LABELS],
                    uint64_t pairs[2]) {
    struct ahead_answers answers;
    struct sawb_error problem = {""};
    int status;
    while ((status = ahead_next(asking->ahead, &answers, &problem)) == 1) {
        int left = EASY_ROWS - first;
        assert_int_equal(answers.first, first);
        assert_int_equal(answers.count, left < BATCH ? left : BATCH);
        memcpy(logits[first], answers.logits, (size_t)answers.count * sizeof(*logits));
        pairs[0] += answers.kept;
        pairs[1] += answers.valid;
        first += step * BATCH;
    }
    assert_int_equal(status, 0);
    assert_true(first >= EASY_ROWS);
    assert_int_equal(ahead_next(asking->ahead, &answers, &problem), 0);
}

static void threads_do_not_matter(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 3, 9};
    static float logits[4][EASY_ROWS][LABELS];
    uint64_t pairs[4][2] = {{0}};
    for (int i = 0; i < 4; i++) {
        struct asking asking;
        open_asking(&asking, threads[i]);
        ask_all(&asking, 0, 1, logits[i], pairs[i]);
        close_asking(&asking);
        assert_memory_equal(logits[i], logits[0], sizeof(logits[0]));
        assert_memory_equal(pairs[i], pairs[0], sizeof(pairs[0]));
    }
    assert_true(pairs[0][0] > 0 && pairs[0][0] < pairs[0][1]);
}

static void shares_make_the_whole(void **state) {
    (void)state;
    static float whole[EASY_ROWS][LABELS], shared[EASY_ROWS][LABELS];
    uint64_t pairs[2][2] = {{0}};
    struct asking asking;
    open_asking(&asking, 2);
    ask_all(&asking, 0, 1, whole, pairs[0]);
    close_asking(&asking);
    for (int index = 0; index < 3; index++) {
        open_asking(&asking, 2);
        ahead_share(asking.ahead, index, 3);
        ask_all(&asking, index * BATCH, 3, shared, pairs[1]);
        close_asking(&asking);
    }
    assert_memory_equal(whole, shared, sizeof(whole));
    assert_memory_equal(pairs[0], pairs[1], sizeof(pairs[0]));
}

static void nobody_need_ask_to_the_end(void **state) {
    (void)state;
    for (int batches = 0; batches < 3; batches++) {
        struct asking asking;
        struct ahead_answers answers;
        open_asking(&asking, 2);
        for (int i = 0; i < batches; i++)
            assert_int_equal(ahead_next(asking.ahead, &answers, NULL), 1);
        close_asking(&asking);
    }
}

/* What comes before it is answered first, whichever runner was the fastest. */
static void an_error_comes_in_its_place(void **state) {
    (void)state;
    struct asking asking;
    struct ahead_answers answers;
    struct sawb_error error = {""};
    open_asking(&asking, 2);
    int place = 7 * BATCH + 2; /* sentence */
    asking.set.ids[asking.set.offsets[place]] = 1 << 20;
    for (int i = 0; i < 7; i++)
        assert_int_equal(ahead_next(asking.ahead, &answers, &error), 1);
    assert_int_equal(ahead_next(asking.ahead, &answers, &error), -1);
    assert_message(error, "batch from line 37 on: encoder: token ");
    assert_message(error, "has id 1048576");
    close_asking(&asking);
}

static void want_of_memory_is_an_error(void **state) {
    (void)state;
    struct asking asking;
    int status = -1;
    if (allocations() < 0)
        skip();
    open_asking(&asking, 2);
    for (long which = 1; status < 0; which++) {
        struct sawb_error error = {""};
        ahead_free(asking.ahead);
        refuse_allocation(which);
        status = ahead_create(&asking.ahead, asking.bench.model, &asking.set, BATCH,
                              &asking.options, &asking.bench.compute, &error);
        refuse_allocation(0);
        assert_true(status == 0 || (error.message[0] && !asking.ahead));
        assert_true(status < 0 || which > 20);
    }
    close_asking(&asking);
}

static void runners_suit_batches_and_memory(void **state) {
    (void)state;
    assert_int_equal(ahead_runners(1, 16 * 1000, 16, 400), 1);
    assert_int_equal(ahead_runners(2, 0, 16, 0), 1);
    assert_int_equal(ahead_runners(2, 16 * 15, 16, 400), 1);
    assert_int_equal(ahead_runners(2, 16 * 55, 16, 400), 2);
    assert_int_equal(ahead_runners(64, 16 * 55, 16, 400), 6);
    assert_int_equal(ahead_runners(64, 16 * 100000, 16, 400), 8);
    assert_int_equal(ahead_runners(64, 16 * 100000, 16, 16 * 512), 2);
    assert_int_equal(ahead_runners(64, 16 * 100000, 16, 1 << 20), 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(threads_do_not_matter),      cmocka_unit_test(shares_make_the_whole),
    cmocka_unit_test(nobody_need_ask_to_the_end), cmocka_unit_test(an_error_comes_in_its_place),
    cmocka_unit_test(want_of_memory_is_an_error), cmocka_unit_test(runners_suit_batches_and_memory),
};

TEST_GROUP(tests_train_ahead, tests);
