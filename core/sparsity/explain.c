/*
 * explain.c - why a pair is kept or removed, in a few words.
 *
 * Walks the instructions of the head's rule with a stack of reasons beside the mask's stack of
 * bits; a reason may be empty. Of `a + b` the side that keeps the pair is named, or both when
 * neither does; of `a & b` the side that removes it, or both.
 */
#include "core/sparsity/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_BYTES 256

struct explanation {
    const struct sparsity *sparsity;
    const struct mask_request *request;
    int query, key;
    size_t pair;
    int named; /* patterns are told apart by name */
    int depth;
    struct {
        int kept;
        char reason[REASON_BYTES];
    } stack[MOST_STACK];
};

static void explain_term(struct explanation *explanation, const struct term *term, int kept) {
    char *reason = explanation->stack[explanation->depth].reason;
    size_t used = 0;
    explanation->stack[explanation->depth++].kept = kept;
    reason[0] = '\0';
    if (explanation->named && term->pattern->speaks == (kept ? SPEAKS_OF_REMOVED : SPEAKS_OF_KEPT))
        return;
    if (!term->pattern->reason || explanation->named)
        used = (size_t)snprintf(reason, REASON_BYTES, "%s%s", term->pattern->name,
                                term->pattern->reason ? ": " : "");
    if (term->pattern->reason)
        term->pattern->reason(term, explanation->request, explanation->query, explanation->key,
                              kept, reason + used, REASON_BYTES - used);
}

static void append(char *reason, const char *text) {
    size_t used = strlen(reason), length = strlen(text);
    if (length > REASON_BYTES - 1 - used)
        length = REASON_BYTES - 1 - used;
    memcpy(reason + used, text, length);
    reason[used + length] = '\0';
}

static void explain_join(struct explanation *explanation, enum operation operation) {
    int deciding = operation == OPERATION_EITHER; /* a side with this bit decides alone */
    explanation->depth--;
    char *left = explanation->stack[explanation->depth - 1].reason;
    const char *right = explanation->stack[explanation->depth].reason;
    int right_kept = explanation->stack[explanation->depth].kept;
    int *kept = &explanation->stack[explanation->depth - 1].kept;
    if (*kept == deciding)
        return;
    if (right_kept == deciding) {
        *kept = deciding;
        left[0] = '\0';
        append(left, right);
        return;
    }
    if (left[0] && right[0])
        append(left, "; ");
    append(left, right);
}

static void visit(void *user, const struct instruction *instruction, const uint8_t *mask) {
    struct explanation *explanation = user;
    if (instruction->operation == OPERATION_TERM)
        explain_term(explanation, &explanation->sparsity->terms[instruction->term],
                     mask[explanation->pair] & KEPT);
    else
        explain_join(explanation, instruction->operation);
}

static int row_is_empty(const uint8_t *row, int tokens) {
    for (int j = 0; j < tokens; j++) {
        if (row[j] & KEPT)
            return 0;
    }
    return 1;
}

void sparsity_explain(const struct sparsity *sparsity, const struct mask_request *request,
                      int query, int key, char *text, int size) {
    if (size <= 0)
        return;
    text[0] = '\0';
    int tokens = request->tokens;
    if (query < 0 || query >= tokens || key < 0 || key >= tokens)
        return;
    const struct rule *rule = rule_for(sparsity, request->layer, request->head);
    if (!rule || rule->dense || rule->off) {
        snprintf(text, (size_t)size, "%s",
                 rule && rule->off ? "removed: the head is off" : "kept: dense");
        return;
    }
    uint8_t *mask = malloc((size_t)tokens * (size_t)tokens);
    if (!mask) {
        snprintf(text, (size_t)size, "not enough memory to say why");
        return;
    }
    struct explanation explanation = {.sparsity = sparsity,
                                      .request = request,
                                      .query = query,
                                      .key = key,
                                      .pair = (size_t)query * (size_t)tokens + (size_t)key,
                                      .named = rule->count > 1};
    rule_fill(sparsity, rule, request, mask, visit, &explanation);
    if (query == key && row_is_empty(mask + (size_t)query * (size_t)tokens, tokens))
        snprintf(text, (size_t)size, "kept: the row kept nothing else");
    else
        snprintf(text, (size_t)size, "%s: %s", explanation.stack[0].kept ? "kept" : "removed",
                 explanation.stack[0].reason);
    free(mask);
}
