/*
 * shape.c - what a specification says of a head's mask before any score is known.
 */
#include "core/sparsity/internal.h"

#include <string.h>

#include "core/base/random.h"

static uint64_t mixed(uint64_t hash, uint64_t value) {
    return random_mix(hash ^ (value + 0x9e3779b97f4a7c15ULL));
}

static uint64_t mixed_text(uint64_t hash, const char *text) {
    for (; *text; text++)
        hash = mixed(hash, (unsigned char)*text);
    return hash;
}

static uint64_t mixed_term(uint64_t hash, const struct term *term,
                           const struct mask_request *request) {
    uint64_t share;
    memcpy(&share, &term->share, sizeof(share));
    hash = mixed(mixed_text(hash, term->pattern->name), share);
    for (int p = 0; p < MOST_PARAMETERS; p++)
        hash = mixed(hash, (uint64_t)term->whole[p]);
    hash = mixed(hash, (uint64_t)term->token_count);
    for (int t = 0; t < term->token_count; t++)
        hash = mixed(hash, (uint64_t)term->tokens[t]);
    if (!term->pattern->drawn)
        return hash;
    hash = mixed(mixed(hash, (uint64_t)request->layer), (uint64_t)request->head);
    hash = mixed(hash, request->seed);
    return term->redrawn ? mixed(hash, request->step) : hash;
}

/* Of all that the rule's masks depend on but the length. */
static uint64_t identity_of(const struct sparsity *sparsity, const struct rule *rule,
                            const struct mask_request *request) {
    uint64_t hash = 0;
    for (int i = 0; i < rule->count; i++) {
        const struct instruction *instruction = &sparsity->instructions[rule->first + i];
        hash = mixed(hash, (uint64_t)instruction->operation);
        if (instruction->operation == OPERATION_TERM)
            hash = mixed_term(hash, &sparsity->terms[instruction->term], request);
    }
    return hash;
}

/* The only term of a rule; NULL: there are several. */
static const struct term *only_term(const struct sparsity *sparsity, const struct rule *rule) {
    return rule->count == 1 ? &sparsity->terms[sparsity->instructions[rule->first].term] : NULL;
}

/* Patterns look at the scores of a query alone, but block_topk at those of a row of blocks. */
static int rows_at_once(const struct sparsity *sparsity, const struct rule *rule) {
    int multiple = 1;
    for (int i = 0; i < rule->count; i++) {
        const struct instruction *instruction = &sparsity->instructions[rule->first + i];
        if (instruction->operation != OPERATION_TERM)
            continue;
        const struct term *term = &sparsity->terms[instruction->term];
        if (term->pattern->fill_blocks)
            multiple =
                mask_multiple(multiple, term->whole[block_parameter(term->pattern)], MOST_WHOLE);
        if (multiple == 0)
            return 0;
    }
    return multiple;
}

static int chooses_blocks(const struct term *term, int tokens) {
    if (!term || !term->pattern->fill_blocks)
        return 0;
    int block = term->whole[block_parameter(term->pattern)];
    return block > 1 && (tokens - 1) / block < MOST_BLOCKS;
}

struct mask_shape sparsity_shape(const struct sparsity *sparsity,
                                 const struct mask_request *request) {
    const struct rule *rule = rule_for(sparsity, request->layer, request->head);
    struct mask_shape shape = {.form = MASK_FORM_DENSE};
    if (!rule || rule->dense)
        return shape;
    shape.form = MASK_FORM_OFF;
    if (rule->off)
        return shape;
    const struct term *term = only_term(sparsity, rule);
    shape.multiple = rows_at_once(sparsity, rule);
    if (chooses_blocks(term, request->tokens)) {
        shape.form = MASK_FORM_BLOCKS;
        shape.block = term->whole[block_parameter(term->pattern)];
    } else if (rule->needs_scores) {
        shape.form = MASK_FORM_SCORES;
    } else if (term && term->pattern->band) {
        shape.form = MASK_FORM_BAND;
        term->pattern->band(term, request->tokens, &shape.width, &shape.step);
        shape.identity = mixed(mixed(1, (uint64_t)shape.width), (uint64_t)shape.step);
    } else {
        shape.form = MASK_FORM_FIXED;
        shape.identity = identity_of(sparsity, rule, request);
    }
    return shape;
}

enum mask_kind sparsity_mask_blocks(const struct sparsity *sparsity,
                                    const struct mask_request *request, uint8_t *mask) {
    const struct rule *rule = rule_for(sparsity, request->layer, request->head);
    const struct term *term = only_term(sparsity, rule);
    memset(mask, 0, (size_t)request->rows * (size_t)request->tokens);
    term->pattern->fill_blocks(term, request, mask);
    return MASK_PATTERN;
}
