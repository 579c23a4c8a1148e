/*
 * scores.c - the patterns that look at the scores before the softmax: topk, block_topk, threshold,
 * nm.
 */
#include "core/sparsity/internal.h"

#include <math.h>
#include <stdio.h>

int kept_count(double share, int count) {
    int kept = (int)ceil((1 - share) * count - 1e-9);
    return kept < 1 ? 1 : kept > count ? count : kept;
}

static const float *score_row(const struct mask_request *request, int row) {
    return request->scores + (size_t)(row - request->row) * (size_t)request->tokens;
}

static void mark_rows(const struct mask_request *request, const struct largest *largest,
                      uint8_t *mask) {
    mark_largest *mark = request->mark ? request->mark : mark_largest_portable;
    FOR_ROWS(i, request) {
        mark(score_row(request, i), request->tokens, largest, mask_row(mask, request, i));
    }
}

void fill_largest(const struct term *term, const struct mask_request *request, uint8_t *mask) {
    struct largest largest = term->pattern->largest(term, request->tokens);
    mark_rows(request, &largest, mask);
}

static const char *is_or_are(int count) {
    return count == 1 ? "is" : "are";
}

/* ---- topk(s): Explicit Sparse Transformer, arXiv 1912.11637 --------------------------------- */

struct largest largest_topk(const struct term *term, int tokens) {
    return (struct largest){.keep = kept_count(term->share, tokens)};
}

void reason_topk(const struct term *term, const struct mask_request *request, int query, int key,
                 int kept, char *text, size_t size) {
    int rank = rank_of(score_row(request, query), request->tokens, key);
    int keep = kept_count(term->share, request->tokens);
    if (kept)
        snprintf(text, size, "rank %d of %d", rank, keep);
    else
        snprintf(text, size, "rank %d, %d %s kept", rank, keep, is_or_are(keep));
}

/* ---- nm(N, M): 2:4 and the like, on scores; after arXiv 2104.08378 -------------------------- */

static int smaller(int a, int b) {
    return a < b ? a : b;
}

struct largest largest_nm(const struct term *term, int tokens) {
    (void)tokens;
    return (struct largest){.keep = term->whole[0], .of = term->whole[1]};
}

void reason_nm(const struct term *term, const struct mask_request *request, int query, int key,
               int kept, char *text, size_t size) {
    int group = term->whole[1];
    int begin = key / group * group;
    int count = smaller(group, request->tokens - begin);
    int keep = smaller(term->whole[0], count);
    int rank = rank_of(score_row(request, query) + begin, count, key - begin);
    if (kept)
        snprintf(text, size, "rank %d of %d among keys %d-%d", rank, keep, begin,
                 begin + count - 1);
    else
        snprintf(text, size, "rank %d among keys %d-%d, %d %s kept", rank, begin, begin + count - 1,
                 keep, is_or_are(keep));
}

/* ---- threshold(s) --------------------------------------------------------------------------- */

/* Between two scores there is none, so that those at or above a quantile are those that the one at
 * its place, or the next above it, comes with. */
struct largest largest_threshold(const struct term *term, int tokens) {
    struct place place = quantile_place(tokens, term->share);
    return (struct largest){.keep = tokens - place.below - (place.fraction > 0), .ties = 1};
}

void reason_threshold(const struct term *term, const struct mask_request *request, int query,
                      int key, int kept, char *text, size_t size) {
    const float *scores = score_row(request, query);
    snprintf(text, size, "score %.3f %s %.3f, the row's %g %% quantile", (double)scores[key],
             kept ? ">=" : "<", quantile(scores, request->tokens, term->share), term->share * 100);
}

/* ---- block_topk(b, s) ----------------------------------------------------------------------- */

/* Mean score of the existing pairs of block (query_block, key_block), rounded to single precision.
 */
static float block_mean(const struct mask_request *request, int block, int query_block,
                        int key_block) {
    int tokens = request->tokens;
    int row_end = smaller(block, tokens - query_block * block) + query_block * block;
    int column_end = smaller(block, tokens - key_block * block) + key_block * block;
    double sum = 0;
    for (int i = query_block * block; i < row_end; i++) {
        const float *scores = score_row(request, i);
        for (int j = key_block * block; j < column_end; j++)
            sum += (double)scores[j];
    }
    double pairs = (double)(row_end - query_block * block) * (column_end - key_block * block);
    return (float)(sum / pairs);
}

/* A group of key blocks that are ranked together; their means are held on the stack. */
struct block_group {
    int first, count, keep;
    float means[MOST_BLOCKS];
};

static void block_group_read(struct block_group *group, const struct term *term,
                             const struct mask_request *request, int query_block, int first) {
    int block = term->whole[0];
    int blocks = 1 + (request->tokens - 1) / block;
    group->first = first;
    group->count = smaller(MOST_BLOCKS, blocks - first);
    group->keep = kept_count(term->share, group->count);
    for (int J = 0; J < group->count; J++)
        group->means[J] = block_mean(request, block, query_block, first + J);
}

static void keep_block(uint8_t *mask, const struct mask_request *request, int block,
                       int query_block, int key_block) {
    int tokens = request->tokens;
    int rows = smaller(block, tokens - query_block * block);
    int columns = smaller(block, tokens - key_block * block);
    uint8_t *corner = mask_row(mask, request, query_block * block) + (size_t)(key_block * block);
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++)
            corner[(size_t)i * (size_t)tokens + (size_t)j] |= KEPT;
    }
}

void fill_blocks_topk(const struct term *term, const struct mask_request *request, uint8_t *mask) {
    struct largest largest = largest_topk(term, request->tokens);
    mark_rows(request, &largest, mask);
}

void fill_block_topk(const struct term *term, const struct mask_request *request, uint8_t *mask) {
    int tokens = request->tokens, block = term->whole[0];
    int blocks = 1 + (tokens - 1) / block, end = 1 + (request->row + request->rows - 1) / block;
    for (int I = request->row / block; I < end; I++) {
        for (int first = 0; first < blocks; first += MOST_BLOCKS) {
            struct block_group group;
            block_group_read(&group, term, request, I, first);
            struct cut cut = cut_largest_portable(group.means, group.count, group.keep);
            for (int J = 0; J < group.count; J++) {
                if (cut_keeps(&cut, group.means[J]))
                    keep_block(mask, request, block, I, first + J);
            }
        }
    }
}

void reason_block_topk(const struct term *term, const struct mask_request *request, int query,
                       int key, int kept, char *text, size_t size) {
    int block = term->whole[0];
    int key_block = key / block;
    struct block_group group;
    block_group_read(&group, term, request, query / block, key_block / MOST_BLOCKS * MOST_BLOCKS);
    int rank = rank_of(group.means, group.count, key_block - group.first);
    if (kept)
        snprintf(text, size, "key block %d is rank %d of %d", key_block, rank, group.keep);
    else
        snprintf(text, size, "key block %d is rank %d, %d %s kept", key_block, rank, group.keep,
                 is_or_are(group.keep));
}
