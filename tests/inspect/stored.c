/*
 * stored.c - packing captures: what is exact, how far off the rest may be, and how much it takes.
 */
#include "core/inspect/stored.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/inspect/metrics.h"
#include "tests/inspect/attention_of.h"

#define BERT "tests/model/vectors/bert"

static struct capture *take(const char *spec, const char *text) {
    struct compute compute;
    struct sparsity *sparsity = NULL;
    struct model *model = NULL;
    struct capture *capture = NULL;
    struct sawb_error error;
    if (compute_open(&compute, 1, &error) < 0 ||
        sparsity_parse(&sparsity, spec, NULL, &error) < 0 ||
        model_open(&model, BERT, &(struct model_options){.seed = 1}, &error) < 0 ||
        capture_run(&capture, model, sparsity, text, 1, &compute, &error) < 0 ||
        metrics_measure(&capture, 1, 1, NULL, &error) < 0)
        fail_msg("%s", error.message);
    sparsity_free(sparsity);
    model_release(model);
    compute_close(&compute);
    return capture;
}

static void test_round_trip(void **state) {
    (void)state;
    static const char *const specs[] = {"dense", "topk(0.6)", "heads_off(0.1)"};
    for (size_t s = 0; s < sizeof(specs) / sizeof(specs[0]); s++) {
        struct sawb_error error;
        struct capture *from = take(specs[s], "the warm film was never dull");
        struct stored *stored = stored_pack(from, &error);
        assert_non_null(stored);
        struct capture *to = stored_unpack(stored, &error);
        assert_non_null(to);
        size_t tokens = (size_t)from->encoding.count;
        size_t heads = (size_t)from->layers * (size_t)from->heads, pairs = tokens * tokens;
        assert_string_equal(stored_text(stored), from->text);
        assert_string_equal(to->spec, from->spec);
        assert_string_equal(to->pattern, from->pattern);
        for (size_t i = 0; i < tokens; i++)
            assert_string_equal(to->pieces[i], from->pieces[i]);
        assert_memory_equal(to->encoding.ids, from->encoding.ids, tokens * sizeof(int));
        uint8_t *mask = mask_of(from);
        assert_memory_equal(to->mask, mask, heads * pairs);
        assert_memory_equal(to->logits, from->logits, (size_t)from->labels * sizeof(float));
        assert_memory_equal(to->metrics, from->metrics, heads * METRICS * sizeof(double));
        float *before = attention_of(from), *after = attention_of(to);
        for (size_t head = 0; head < heads; head++) {
            const float *scores = from->scores + head * pairs;
            double low = INFINITY, high = -INFINITY;
            for (size_t i = 0; i < pairs; i++) {
                low = fmin(low, (double)scores[i]);
                high = fmax(high, (double)scores[i]);
            }
            for (size_t i = 0; i < pairs; i++) {
                size_t at = head * pairs + i;
                assert_true(fabs((double)after[at] - (double)before[at]) <=
                            1.02 / 65535 * (high - low) + 1e-6);
                assert_true(fabs((double)to->scores[at] - (double)from->scores[at]) <=
                            0.51 / 65535 * (high - low) + 1e-6);
                assert_true(mask[at] || after[at] == 0);
            }
        }
        free(mask);
        free(before);
        free(after);
        /* Two bytes and a bit for each pair, next to the rest. */
        assert_true(stored_bytes(stored) >= heads * pairs * 2);
        assert_true(stored_bytes(stored) <= heads * pairs * 3 + 20000);
        capture_free(from);
        capture_free(to);
        stored_free(stored);
    }
    stored_free(NULL);
}

/* Scores that are no numbers do not spoil those that are. */
static void test_odd_scores(void **state) {
    (void)state;
    struct sawb_error error;
    struct capture *from = take("dense", "a song");
    size_t tokens = (size_t)from->encoding.count;
    from->scores[0] = -INFINITY;
    from->scores[1] = NAN;
    for (size_t i = tokens * tokens; i < 2 * tokens * tokens; i++)
        from->scores[i] = NAN; /* a whole head */
    struct stored *stored = stored_pack(from, &error);
    struct capture *to = stored_unpack(stored, &error);
    assert_true(isfinite(to->scores[0]) && isfinite(to->scores[1]));
    assert_true(fabs((double)to->scores[2] - (double)from->scores[2]) < 1e-3);
    assert_true(to->scores[tokens * tokens] == 0);
    capture_free(from);
    capture_free(to);
    stored_free(stored);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_round_trip),
    cmocka_unit_test(test_odd_scores),
};

TEST_GROUP(tests_inspect_stored, tests);
