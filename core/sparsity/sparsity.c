/*
 * sparsity.c - a parsed specification at work: which rule decides, the mask it gives, why.
 */
#include "core/sparsity/internal.h"

#include <stdlib.h>
#include <string.h>

void sparsity_free(struct sparsity *sparsity) {
    if (!sparsity)
        return;
    for (int t = 0; t < sparsity->term_count; t++)
        free(sparsity->terms[t].tokens);
    free(sparsity->terms);
    free(sparsity->instructions);
    free(sparsity->rules);
    free(sparsity->pattern);
    free(sparsity->text);
    free(sparsity);
}

const char *sparsity_text(const struct sparsity *sparsity) {
    return sparsity->text;
}

const char *sparsity_pattern(const struct sparsity *sparsity) {
    return sparsity->pattern;
}

/* ---- rules ---------------------------------------------------------------------------------- */

static int range_holds(struct range range, int index) {
    return index >= range.low && index <= range.high;
}

const struct rule *rule_for(const struct sparsity *sparsity, int layer, int head) {
    for (int r = sparsity->rule_count - 1; r >= 0; r--) {
        const struct rule *rule = &sparsity->rules[r];
        if (range_holds(rule->layers, layer) && range_holds(rule->heads, head))
            return rule;
    }
    return NULL;
}

static int check_range(const struct sparsity *sparsity, const struct rule *rule, struct range range,
                       int count, const char *what, const char *letter, struct sawb_error *error) {
    int beyond = range.high == NO_LIMIT ? range.low : range.high;
    if (beyond < count)
        return 0;
    return specification_fault(error, "sparsity", sparsity->text, rule->offset,
                               "%s %d is not in the model, whose %ss are %s0 to %s%d", what, beyond,
                               what, letter, letter, count - 1);
}

int sparsity_check(const struct sparsity *sparsity, int layers, int heads,
                   struct sawb_error *error) {
    for (int r = 0; r < sparsity->rule_count; r++) {
        const struct rule *rule = &sparsity->rules[r];
        if (check_range(sparsity, rule, rule->layers, layers, "layer", "L", error) < 0 ||
            check_range(sparsity, rule, rule->heads, heads, "head", "H", error) < 0)
            return -1;
    }
    return 0;
}

int sparsity_head_is_dense(const struct sparsity *sparsity, int layer, int head) {
    const struct rule *rule = rule_for(sparsity, layer, head);
    return !rule || rule->dense;
}

/*
 * The rules' rectangles cut the heads into cells in which one rule decides. The lower corner of a
 * cell has as layer 0, the low end of a rule's layers or the index past its high end, and so for
 * the head.
 */
static int corner(struct range range, int which) {
    return which == 0 ? range.low : range.high == NO_LIMIT ? 0 : range.high + 1;
}

int sparsity_is_dense(const struct sparsity *sparsity) {
    const struct rule *rules = sparsity->rules;
    if (!sparsity_head_is_dense(sparsity, 0, 0))
        return 0;
    for (int a = 0; a < 2 * sparsity->rule_count; a++) {
        int layer = corner(rules[a / 2].layers, a % 2);
        if (!sparsity_head_is_dense(sparsity, layer, 0))
            return 0;
        for (int b = 0; b < 2 * sparsity->rule_count; b++) {
            int head = corner(rules[b / 2].heads, b % 2);
            if (!sparsity_head_is_dense(sparsity, layer, head) ||
                !sparsity_head_is_dense(sparsity, 0, head))
                return 0;
        }
    }
    return 1;
}

double sparsity_target(const struct sparsity *sparsity) {
    const struct rule *rule = &sparsity->rules[0];
    if (sparsity->rule_count != 1 || rule->count != 1 || rule->layers.low != 0 ||
        rule->layers.high != NO_LIMIT || rule->heads.low != 0 || rule->heads.high != NO_LIMIT)
        return -1;
    return rule->dense ? 0 : sparsity->terms[sparsity->instructions[rule->first].term].share;
}

int sparsity_needs_scores(const struct sparsity *sparsity, int layer, int head) {
    const struct rule *rule = rule_for(sparsity, layer, head);
    return rule && rule->needs_scores;
}

/* ---- masks ---------------------------------------------------------------------------------- */

static void push(uint8_t *mask, size_t pairs) {
    for (size_t p = 0; p < pairs; p++)
        mask[p] = (uint8_t)(mask[p] << 1);
}

/* Takes the top of the stack off and joins it to what was below. */
static void join(uint8_t *mask, size_t pairs, enum operation operation) {
    if (operation == OPERATION_EITHER) {
        for (size_t p = 0; p < pairs; p++)
            mask[p] = (uint8_t)(mask[p] >> 1 | (mask[p] & 1));
    } else {
        for (size_t p = 0; p < pairs; p++)
            mask[p] = (uint8_t)(mask[p] >> 1 & (0xfe | (mask[p] & 1)));
    }
}

static struct mask_request with_rows(const struct mask_request *request) {
    struct mask_request rows = *request;
    if (rows.rows <= 0) {
        rows.row = 0;
        rows.rows = rows.tokens;
    }
    return rows;
}

void rule_fill(const struct sparsity *sparsity, const struct rule *rule,
               const struct mask_request *request, uint8_t *mask,
               void (*visit)(void *user, const struct instruction *instruction,
                             const uint8_t *mask),
               void *user) {
    struct mask_request rows = with_rows(request);
    size_t pairs = (size_t)rows.rows * (size_t)rows.tokens;
    memset(mask, 0, pairs);
    for (int i = 0; i < rule->count; i++) {
        const struct instruction *instruction = &sparsity->instructions[rule->first + i];
        if (instruction->operation == OPERATION_TERM) {
            const struct term *term = &sparsity->terms[instruction->term];
            if (i > 0)
                push(mask, pairs);
            term->pattern->fill(term, &rows, mask);
        } else {
            join(mask, pairs, instruction->operation);
        }
        if (visit)
            visit(user, instruction, mask);
    }
}

enum mask_kind sparsity_mask(const struct sparsity *sparsity, const struct mask_request *request,
                             uint8_t *mask) {
    const struct rule *rule = rule_for(sparsity, request->layer, request->head);
    if (!rule || rule->dense)
        return MASK_DENSE;
    if (rule->off)
        return MASK_HEAD_OFF;
    if (request->tokens <= 0)
        return MASK_PATTERN;
    struct mask_request rows = with_rows(request);
    rule_fill(sparsity, rule, &rows, mask, NULL, NULL);
    size_t tokens = (size_t)rows.tokens, row = (size_t)rows.row;
    for (size_t i = 0; i < (size_t)rows.rows; i++) {
        if (!memchr(mask + i * tokens, KEPT, tokens))
            mask[i * tokens + row + i] = KEPT;
    }
    return MASK_PATTERN;
}

static int source_needs_scores(const void *user, int layer, int head) {
    return sparsity_needs_scores(user, layer, head);
}

static enum mask_kind source_fill(const void *user, const struct mask_request *request,
                                  uint8_t *mask) {
    return sparsity_mask(user, request, mask);
}

static struct mask_shape source_shape(const void *user, const struct mask_request *request) {
    return sparsity_shape(user, request);
}

static enum mask_kind source_fill_blocks(const void *user, const struct mask_request *request,
                                         uint8_t *mask) {
    return sparsity_mask_blocks(user, request, mask);
}

struct mask_source sparsity_source(const struct sparsity *sparsity) {
    return (struct mask_source){.needs_scores = source_needs_scores,
                                .fill = source_fill,
                                .user = sparsity,
                                .shape = source_shape,
                                .fill_blocks = source_fill_blocks};
}

double sparsity_realised(const uint8_t *mask, int tokens) {
    size_t pairs = (size_t)tokens * (size_t)tokens, kept = 0;
    for (size_t p = 0; p < pairs; p++)
        kept += mask[p];
    return pairs > 0 ? 1 - (double)kept / (double)pairs : 0;
}
