/*
 * blocks.h - a mask as blocks of b x b pairs, the unit that block-sparse kernels skip.
 *
 * A block is full when all its pairs are kept, empty when none is, partial otherwise; only empty
 * ones can be skipped (PyTorch FlexAttention, _convert_mask_to_block_mask). A block at the edge
 * counts the pairs that it has, so that a dense mask is full everywhere.
 */
#ifndef SAWB_CORE_SPARSITY_BLOCKS_H
#define SAWB_CORE_SPARSITY_BLOCKS_H

#include <stdint.h>

#include "core/sparsity/sparsity.h"

#define BLOCK_MOST 1024 /* b is from 1 to here */

enum block_kind { BLOCK_EMPTY, BLOCK_PARTIAL, BLOCK_FULL };

struct block_count {
    int rows; /* and columns: n/b, rounded up */
    int64_t full, partial, empty;
};

/* Rows of blocks of `size` that `tokens` have. */
int block_rows(int tokens, int size);

/* Counts the blocks of mask [n,n], and writes their kinds (enum block_kind) into kinds [rows, rows]
 * unless it is NULL. */
struct block_count block_layout(const uint8_t *mask, int tokens, int size, uint8_t *kinds);

/* Share of the blocks that is empty; 0 without any. */
double block_sparsity(const struct block_count *count);

/* The size that the head's pattern works in (block_local, bigbird, block_topk); of several the
 * first; 0: none. */
int sparsity_block(const struct sparsity *sparsity, int layer, int head);

#endif
