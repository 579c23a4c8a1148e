/*
 * What a specification says of masks before the scores are known, and masks asked for some rows at
 * a time.
 */
#include <string.h>

#include "core/kernel/attention_kernels.h"
#include "core/kernel/kernels.h"
#include "core/sparsity/internal.h"
#include "tests/sparsity/support.h"

#define TOKENS 45

static const char *const specifications[] = {
    "local(3)",
    "local(80%)",
    "dilated(9, 3)",
    "strided(5)",
    "fixed(8, 2)",
    "global(cls, sep, 40)",
    "pairs(0.0, 17.2, 44.3)",
    "without(0.0, 30.2)",
    "block_local(5, 3)",
    "bigbird(4, 1, 3, 1)",
    "topk(0.8)",
    "block_topk(8, 0.6)",
    "threshold(0.5)",
    "nm(2, 4)",
    "random(0.8)",
    "random(0.9, step)",
    "topk(0.5)&local(9)+global(sep)",
    "block_topk(4, 0.5)+block_topk(6, 0.5)",
    "pairs(3.3)",
};

static struct mask_shape shape_of(const char *text, int tokens, int head, uint64_t seed) {
    struct sparsity *sparsity = parsed(text, NULL);
    struct mask_source source = sparsity_source(sparsity);
    struct mask_request request = {.head = head, .tokens = tokens, .seed = seed};
    struct mask_shape shape = source.shape(source.user, &request);
    sparsity_free(sparsity);
    return shape;
}

static void rows_are_those_of_the_whole(void **state) {
    (void)state;
    float *scores = oracle_scores(TOKENS, 1);
    for (size_t s = 0; s < sizeof(specifications) / sizeof(specifications[0]); s++) {
        struct sparsity *sparsity = parsed(specifications[s], NULL);
        struct mask_request request = {.tokens = TOKENS, .scores = scores, .seed = 5, .step = 2};
        uint8_t *whole = filled(sparsity, &request), part[TOKENS * TOKENS];
        int multiple = shape_of(specifications[s], TOKENS, 0, 5).multiple;
        assert_true(multiple > 0 && multiple < TOKENS);
        for (request.row = 0; request.row < TOKENS; request.row += request.rows) {
            int left = TOKENS - request.row,
                wanted = multiple < 12 ? 12 / multiple * multiple : multiple;
            size_t begin = (size_t)request.row * TOKENS;
            request.rows = left < wanted ? left : wanted;
            request.scores = scores + begin;
            assert_int_equal(sparsity_mask(sparsity, &request, part), MASK_PATTERN);
            assert_memory_equal(part, whole + begin, (size_t)request.rows * TOKENS);
        }
        free(whole);
        sparsity_free(sparsity);
    }
    free(scores);
}

static void forms(void **state) {
    (void)state;
    assert_int_equal(shape_of("dense", 9, 0, 0).form, MASK_FORM_DENSE);
    assert_int_equal(shape_of("local(2)+dense", 9, 0, 0).form, MASK_FORM_DENSE);
    assert_int_equal(shape_of("heads_off(0.1)", 9, 1, 0).form, MASK_FORM_OFF);
    assert_int_equal(shape_of("topk(0.5)", 9, 0, 0).form, MASK_FORM_SCORES);
    assert_int_equal(shape_of("topk(0.5)+local(1)", 9, 0, 0).form, MASK_FORM_SCORES);
    assert_int_equal(shape_of("nm(2, 4)", 9, 0, 0).form, MASK_FORM_SCORES);
    assert_int_equal(shape_of("nm(2, 4)+local(1)", 9, 0, 0).form, MASK_FORM_SCORES);
    assert_int_equal(shape_of("block_topk(2, 0.5)", 9, 0, 0).form, MASK_FORM_BLOCKS);
    assert_int_equal(shape_of("block_topk(1, 0.5)", 9, 0, 0).form, MASK_FORM_SCORES);
    assert_int_equal(shape_of("block_topk(8, 0.5)+local(1)", 9, 0, 0).form, MASK_FORM_SCORES);
    assert_int_equal(shape_of("block_topk(8, 0.5)+local(1)", 9, 0, 0).multiple, 8);
    assert_int_equal(shape_of("block_topk(4, 0.5)+block_topk(6, 0.5)", 9, 0, 0).multiple, 12);
    assert_int_equal(shape_of("local(2)+global(cls)", 9, 0, 0).form, MASK_FORM_FIXED);
    struct mask_shape band = shape_of("dilated(9, 3)", 50, 0, 0);
    assert_int_equal(band.form, MASK_FORM_BAND);
    assert_int_equal(band.width, 9);
    assert_int_equal(band.step, 3);
    assert_int_equal(shape_of("local(7)", 50, 0, 0).step, 1);
    struct mask_shape blocks = shape_of("block_topk(16, 0.8)", 512, 0, 0);
    assert_int_equal(blocks.form, MASK_FORM_BLOCKS);
    assert_int_equal(blocks.block, 16);
}

/* Alike where the masks are, whatever object says so; different where they are not. */
static void identities(void **state) {
    (void)state;
    uint64_t strided = shape_of("strided(5)", 50, 0, 1).identity;
    assert_true(strided == shape_of("strided(5)", 50, 3, 2).identity);
    assert_true(strided != shape_of("strided(6)", 50, 0, 1).identity);
    assert_true(strided != shape_of("strided(5)+pairs(0.1)", 50, 0, 1).identity);
    assert_true(shape_of("pairs(0.1)", 9, 0, 0).identity !=
                shape_of("pairs(1.0)", 9, 0, 0).identity);
    assert_true(shape_of("strided(5)+fixed(8, 2)", 9, 0, 0).identity !=
                shape_of("strided(5)&fixed(8, 2)", 9, 0, 0).identity);
    uint64_t drawn = shape_of("random(0.5)", 50, 0, 1).identity;
    assert_true(drawn == shape_of("random(0.5)", 50, 0, 1).identity);
    assert_true(drawn != shape_of("random(0.5)", 50, 1, 1).identity);
    assert_true(drawn != shape_of("random(0.5)", 50, 0, 2).identity);
}

/* Chosen on the grid of means, the blocks are those chosen from the scores. */
static void blocks_by_their_means(void **state) {
    (void)state;
    enum { BLOCK = 8, BLOCKS = (TOKENS + BLOCK - 1) / BLOCK };
    struct sparsity *sparsity = parsed("block_topk(8, 0.6)", NULL);
    struct mask_source source = sparsity_source(sparsity);
    float *scores = oracle_scores(TOKENS, 0), means[BLOCKS * BLOCKS];
    for (int I = 0; I < BLOCKS; I++) {
        for (int J = 0; J < BLOCKS; J++) {
            double sum = 0;
            int count = 0;
            for (int i = I * BLOCK; i < (I + 1) * BLOCK && i < TOKENS; i++)
                for (int j = J * BLOCK; j < (J + 1) * BLOCK && j < TOKENS; j++, count++)
                    sum += (double)scores[i * TOKENS + j];
            means[I * BLOCKS + J] = (float)(sum / count);
        }
    }
    struct mask_request request = {.tokens = TOKENS, .scores = scores};
    uint8_t *mask = filled(sparsity, &request), grid[BLOCKS * BLOCKS];
    struct mask_request blocks = {.tokens = BLOCKS, .rows = BLOCKS, .scores = means};
    assert_int_equal(source.fill_blocks(source.user, &blocks, grid), MASK_PATTERN);
    for (int i = 0; i < TOKENS; i++)
        for (int j = 0; j < TOKENS; j++)
            assert_int_equal(mask[i * TOKENS + j], grid[i / BLOCK * BLOCKS + j / BLOCK]);
    free(mask);
    free(scores);
    sparsity_free(sparsity);
}

static int is_largest(const struct sparsity *sparsity, const float *row, int j) {
    const struct term *term = &sparsity->terms[0];
    if (strcmp(term->pattern->name, "threshold") == 0)
        return (double)row[j] >= quantile(row, TOKENS, term->share);
    if (strcmp(term->pattern->name, "topk") == 0)
        return rank_of(row, TOKENS, j) <= kept_count(term->share, TOKENS);
    int begin = j / term->whole[1] * term->whole[1], left = TOKENS - begin;
    int count = term->whole[1] < left ? term->whole[1] : left;
    return rank_of(row + begin, count, j - begin) <= term->whole[0];
}

/* By ranks and quantiles, with every instruction set, whether scores tie or not. */
static void largest_by_their_ranks(void **state) {
    (void)state;
    static const char *const texts[] = {"topk(0.8)",       "topk(0)",      "threshold(0.5)",
                                        "threshold(0.37)", "threshold(0)", "threshold(0.99)",
                                        "nm(2, 4)",        "nm(1, 3)",     "nm(7, 50)"};
    const struct kernels *kernels;
    for (size_t s = 0; s < sizeof(texts) / sizeof(texts[0]); s++) {
        struct sparsity *sparsity = parsed(texts[s], NULL);
        for (int ties = 0; ties < 2; ties++) {
            float *scores = oracle_scores(TOKENS, ties);
            struct mask_request request = {.tokens = TOKENS, .scores = scores};
            for (int set = -1; set < 0 || (kernels = kernels_get(set)); set++) {
                request.mark = set < 0 ? NULL : kernels->attention->mark;
                uint8_t *mask = filled(sparsity, &request);
                for (int p = 0; p < TOKENS * TOKENS; p++)
                    assert_int_equal(
                        mask[p], is_largest(sparsity, scores + p / TOKENS * TOKENS, p % TOKENS));
                free(mask);
            }
            free(scores);
        }
        sparsity_free(sparsity);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(largest_by_their_ranks),
    cmocka_unit_test(rows_are_those_of_the_whole),
    cmocka_unit_test(forms),
    cmocka_unit_test(identities),
    cmocka_unit_test(blocks_by_their_means),
};

TEST_GROUP(tests_sparsity_shape, tests);
