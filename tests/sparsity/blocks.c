/*
 * Blocks of masks, counted by hand, and the size that a pattern works in.
 */
#include <string.h>

#include "core/sparsity/blocks.h"
#include "tests/sparsity/support.h"

/* 5 tokens in blocks of 2: the last block row and column have one token. */
static void counted_by_hand(void **state) {
    (void)state;
    static const uint8_t mask[25] = {1, 1, 0, 0, 1, /* */
                                     1, 1, 0, 1, 1, /* */
                                     0, 0, 0, 0, 0, /* */
                                     0, 0, 0, 0, 1, /* */
                                     1, 0, 0, 0, 1};
    static const uint8_t expected[9] = {BLOCK_FULL,    BLOCK_PARTIAL, BLOCK_FULL,
                                        BLOCK_EMPTY,   BLOCK_EMPTY,   BLOCK_PARTIAL,
                                        BLOCK_PARTIAL, BLOCK_EMPTY,   BLOCK_FULL};
    uint8_t kinds[9];
    struct block_count count = block_layout(mask, 5, 2, kinds);
    assert_memory_equal(kinds, expected, 9);
    assert_int_equal(count.rows, 3);
    assert_int_equal(count.full, 3);
    assert_int_equal(count.partial, 3);
    assert_int_equal(count.empty, 3);
    assert_true(block_sparsity(&count) == 3.0 / 9);
    count = block_layout(mask, 5, 1, NULL);
    assert_int_equal(count.full, 10);
    assert_int_equal(count.empty, 15);
    assert_int_equal(count.partial, 0);
    count = block_layout(mask, 5, BLOCK_MOST, NULL);
    assert_int_equal(count.partial, 1);
    assert_int_equal(count.rows, 1);
}

static void dense_masks_are_full(void **state) {
    (void)state;
    uint8_t mask[49];
    for (int size = 1; size < 9; size++) {
        memset(mask, 1, sizeof(mask));
        struct block_count count = block_layout(mask, 7, size, NULL);
        assert_int_equal(count.full, (int64_t)count.rows * count.rows);
        memset(mask, 0, sizeof(mask));
        count = block_layout(mask, 7, size, NULL);
        assert_true(block_sparsity(&count) == 1);
    }
    assert_int_equal(block_rows(0, 3), 0);
    struct block_count none = block_layout(mask, 0, 3, NULL);
    assert_true(block_sparsity(&none) == 0);
}

static void the_size_is_the_patterns(void **state) {
    (void)state;
    struct sparsity *sparsity =
        parsed("block_topk(3, 80%); topk(.8) + bigbird(4, 1, 1, 1)@L1; topk(0.5)@L2", NULL);
    assert_int_equal(sparsity_block(sparsity, 0, 0), 3);
    assert_int_equal(sparsity_block(sparsity, 1, 5), 4);
    assert_int_equal(sparsity_block(sparsity, 2, 0), 0);
    sparsity_free(sparsity);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(counted_by_hand),
    cmocka_unit_test(dense_masks_are_full),
    cmocka_unit_test(the_size_is_the_patterns),
};
TEST_GROUP(tests_sparsity_blocks, tests);
