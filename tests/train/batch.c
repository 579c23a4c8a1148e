/*
 * Tokenised data sets, chosen rows, changed labels, packed batches.
 */
#include "core/train/batch.h"

#include "tests/train/fixture.h"

struct setting {
    struct bench bench;
    struct token_set set;
};

static void set_up(struct setting *setting, int threads, int limit) {
    bench_open(&setting->bench, threads, "dense");
    const struct dataset *dataset = &setting->bench.easy->dataset;
    assert_done(token_set_create(&setting->set, setting->bench.model->tokenizer, dataset, NULL,
                                 dataset->count, limit, setting->bench.compute.pool, &problem));
}

static void tear_down(struct setting *setting) {
    token_set_free(&setting->set);
    bench_close(&setting->bench);
}

static void test_holds_what_the_tokenizer_gives(void **state) {
    (void)state;
    struct setting setting;
    set_up(&setting, 2, 32);
    const struct token_set *set = &setting.set;
    assert_int_equal(set->count, EASY_ROWS);
    assert_int_equal(set->truncated, 0);
    for (int i = 0; i < set->count; i++) {
        const struct example *example = &setting.bench.easy->examples[i];
        struct encoding encoding;
        assert_done(tokenizer_encode(setting.bench.model->tokenizer, example->text, example->length,
                                     32, &encoding, &problem));
        assert_int_equal(token_set_length(set, i), encoding.count);
        assert_memory_equal(set->ids + set->offsets[i], encoding.ids,
                            (size_t)encoding.count * sizeof(int));
        assert_int_equal(set->labels[i], example->label);
        assert_int_equal(set->lines[i], example->line);
        encoding_free(&encoding);
    }
    tear_down(&setting);
}

static void test_cuts_and_counts_long_sentences(void **state) {
    (void)state;
    struct setting setting;
    set_up(&setting, 1, 6); /* six fit "the film is warm", not the full stop of every third */
    assert_int_equal(setting.set.truncated, EASY_ROWS / 3);
    for (int i = 0; i < setting.set.count; i++)
        assert_int_equal(token_set_length(&setting.set, i), 6);
    tear_down(&setting);
}

static void test_broken_text_names_its_line(void **state) {
    (void)state;
    struct bench bench;
    bench_open(&bench, 2, "dense");
    bench.easy->texts[100][2] = (char)0xff;
    struct token_set set;
    struct sawb_error error;
    assert_int_equal(token_set_create(&set, bench.model->tokenizer, &bench.easy->dataset, NULL,
                                      EASY_ROWS, 32, bench.compute.pool, &error),
                     -1);
    assert_message(error, "easy.tsv: line 102");
    bench_close(&bench);
}

static void test_packs_without_padding(void **state) {
    (void)state;
    struct setting setting;
    set_up(&setting, 1, 32);
    struct batch_room room;
    int chosen[] = {3, 0, 167};
    assert_done(batch_room_create(&room, &setting.set, 3, &problem));
    assert_int_equal(room.tokens, 3 * 7);
    assert_int_equal(room.pairs, 3 * 49);
    batch_pack(&room, &setting.set, chosen, 3);
    assert_int_equal(room.batch.sentences, 3);
    const int offsets[] = {0, 7, 14, 20};
    assert_memory_equal(room.batch.offsets, offsets, sizeof(offsets));
    for (int i = 0; i < 3; i++) {
        assert_memory_equal(room.batch.ids + offsets[i],
                            setting.set.ids + setting.set.offsets[chosen[i]],
                            (size_t)(offsets[i + 1] - offsets[i]) * sizeof(int));
        assert_int_equal(room.labels[i], setting.set.labels[chosen[i]]);
    }
    batch_room_free(&room);
    tear_down(&setting);
}

static void test_fraction_is_seeded_and_nested(void **state) {
    (void)state;
    int *small, *large, *again, *other, counts[4];
    assert_done(choose_rows(&small, &counts[0], 1000, 0.1, 5, &problem));
    assert_done(choose_rows(&large, &counts[1], 1000, 0.25, 5, &problem));
    assert_done(choose_rows(&again, &counts[2], 1000, 0.1, 5, &problem));
    assert_done(choose_rows(&other, &counts[3], 1000, 0.1, 6, &problem));
    assert_int_equal(counts[0], 100);
    assert_int_equal(counts[1], 250);
    assert_memory_equal(small, again, 100 * sizeof(int));
    assert_true(memcmp(small, other, 100 * sizeof(int)) != 0);
    int at = 0;
    for (int i = 0; i < 100; i++) {
        while (at < 250 && large[at] < small[i])
            at++;
        assert_true(at < 250 && large[at] == small[i]);
        assert_true(i == 0 || small[i] > small[i - 1]);
    }
    free(small);
    free(large);
    free(again);
    free(other);
}

static void test_fraction_takes_one_row_at_least(void **state) {
    (void)state;
    int *rows, count;
    assert_done(choose_rows(&rows, &count, 10, 0.001, 1, &problem));
    assert_int_equal(count, 1);
    free(rows);
    assert_done(choose_rows(&rows, &count, 10, 1, 1, &problem));
    assert_int_equal(count, 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(rows[i], i);
    free(rows);
}

static void test_noise_changes_its_share_of_labels(void **state) {
    (void)state;
    struct setting setting;
    set_up(&setting, 1, 32);
    uint64_t before = token_set_fingerprint(&setting.set);
    assert_done(token_set_add_noise(&setting.set, 0.25, 2, 3, &problem));
    int changed = 0, first[EASY_ROWS];
    for (int i = 0; i < EASY_ROWS; i++) {
        changed += setting.set.labels[i] != setting.bench.easy->examples[i].label;
        assert_in_range(setting.set.labels[i], 0, 1);
    }
    assert_int_equal(changed, EASY_ROWS / 4);
    assert_true(token_set_fingerprint(&setting.set) != before);
    memcpy(first, setting.set.labels, sizeof(first));
    assert_done(
        token_set_add_noise(&setting.set, 0.25, 2, 3, &problem)); /* two labels: back again */
    assert_true(token_set_fingerprint(&setting.set) == before);
    assert_done(token_set_add_noise(&setting.set, 0.25, 2, 4, &problem));
    assert_true(memcmp(first, setting.set.labels, sizeof(first)) != 0);
    tear_down(&setting);
}

static void test_noise_takes_any_other_label(void **state) {
    (void)state;
    struct setting setting;
    set_up(&setting, 1, 32);
    int seen[5] = {0};
    for (int i = 0; i < EASY_ROWS; i++)
        setting.set.labels[i] = 2;
    assert_done(token_set_add_noise(&setting.set, 1, 5, 3, &problem));
    for (int i = 0; i < EASY_ROWS; i++)
        seen[setting.set.labels[i]]++;
    assert_int_equal(seen[2], 0);
    for (int label = 0; label < 5; label++)
        assert_true(label == 2 || seen[label] > EASY_ROWS / 8);
    tear_down(&setting);
}

static void test_noise_needs_two_labels(void **state) {
    (void)state;
    struct setting setting;
    struct sawb_error error;
    set_up(&setting, 1, 32);
    assert_int_equal(token_set_add_noise(&setting.set, 0.5, 1, 3, &error), -1);
    assert_message(error, "two labels");
    tear_down(&setting);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_holds_what_the_tokenizer_gives),
    cmocka_unit_test(test_cuts_and_counts_long_sentences),
    cmocka_unit_test(test_broken_text_names_its_line),
    cmocka_unit_test(test_packs_without_padding),
    cmocka_unit_test(test_fraction_is_seeded_and_nested),
    cmocka_unit_test(test_fraction_takes_one_row_at_least),
    cmocka_unit_test(test_noise_changes_its_share_of_labels),
    cmocka_unit_test(test_noise_takes_any_other_label),
    cmocka_unit_test(test_noise_needs_two_labels),
};

TEST_GROUP(tests_train_batch, tests);
