/*
 * blocks.c - counting the blocks of a mask.
 */
#include "core/sparsity/blocks.h"

#include <string.h>

#include "core/sparsity/internal.h"

int block_rows(int tokens, int size) {
    return tokens > 0 ? 1 + (tokens - 1) / size : 0;
}

/* Pairs of mask [n,n] kept in [top, bottom) x [left, right). */
static int64_t kept_in(const uint8_t *mask, int tokens, int top, int bottom, int left, int right) {
    int64_t kept = 0;
    for (int i = top; i < bottom; i++) {
        const uint8_t *row = mask + (size_t)i * (size_t)tokens;
        for (int j = left; j < right; j++)
            kept += row[j] & KEPT;
    }
    return kept;
}

struct block_count block_layout(const uint8_t *mask, int tokens, int size, uint8_t *kinds) {
    struct block_count count = {.rows = block_rows(tokens, size)};
    for (int I = 0; I < count.rows; I++) {
        int top = I * size, bottom = top + size < tokens ? top + size : tokens;
        for (int J = 0; J < count.rows; J++) {
            int left = J * size, right = left + size < tokens ? left + size : tokens;
            int64_t kept = kept_in(mask, tokens, top, bottom, left, right);
            int64_t all = (int64_t)(bottom - top) * (right - left);
            enum block_kind kind = kept == all ? BLOCK_FULL : kept ? BLOCK_PARTIAL : BLOCK_EMPTY;
            count.full += kind == BLOCK_FULL;
            count.partial += kind == BLOCK_PARTIAL;
            count.empty += kind == BLOCK_EMPTY;
            if (kinds)
                kinds[(size_t)I * (size_t)count.rows + (size_t)J] = (uint8_t)kind;
        }
    }
    return count;
}

double block_sparsity(const struct block_count *count) {
    int64_t all = count->full + count->partial + count->empty;
    return all > 0 ? (double)count->empty / (double)all : 0;
}

int block_parameter(const struct pattern *pattern) {
    for (int p = 0; p < MOST_PARAMETERS; p++) {
        if (pattern->parameters[p].name && strcmp(pattern->parameters[p].name, "b") == 0)
            return p;
    }
    return -1;
}

int sparsity_block(const struct sparsity *sparsity, int layer, int head) {
    const struct rule *rule = rule_for(sparsity, layer, head);
    for (int i = 0; rule && i < rule->count; i++) {
        const struct instruction *instruction = &sparsity->instructions[rule->first + i];
        if (instruction->operation != OPERATION_TERM)
            continue;
        const struct term *term = &sparsity->terms[instruction->term];
        int parameter = block_parameter(term->pattern);
        if (parameter >= 0)
            return term->whole[parameter];
    }
    return 0;
}
