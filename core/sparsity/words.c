/*
 * words.c - what a head's pattern keeps, in plain words.
 *
 * Walks the instructions of the head's rule with a stack of texts. Of `a + b` both sides keep
 * pairs, "a; also b"; of `a & b` each takes from the other, "a; of these only b".
 */
#include <stdio.h>
#include <string.h>

#include "core/sparsity/internal.h"

#define WORDS_BYTES 512
#define LISTED_MOST 6 /* of a list, before its rest is counted */

struct words {
    char text[WORDS_BYTES];
    const struct term *term; /* the pattern it is all about, NULL: several */
};

/* Puts more behind what is there, cut at the end of the room. */
static void add(char *text, const char *more) {
    size_t used = strlen(text), length = strlen(more);
    if (length > WORDS_BYTES - 1 - used)
        length = WORDS_BYTES - 1 - used;
    memcpy(text + used, more, length);
    text[used + length] = '\0';
}

static void add_number(char *text, int number) {
    char digits[16];
    snprintf(digits, sizeof(digits), "%d", number);
    add(text, digits);
}

/* "[CLS], token 3", or "1.2, 3.4 and 5 more". */
static void add_listed(char *text, const struct term *term) {
    int step = term->pattern->parameters[0].kind == PARAMETER_PAIRS ? 2 : 1;
    int count = term->token_count / step;
    for (int i = 0; i < count && i < LISTED_MOST; i++) {
        int token = term->tokens[i * step];
        add(text, i > 0 ? ", " : "");
        if (step == 1)
            add(text, token == TOKEN_SEP ? "[SEP]" : token == 0 ? "[CLS]" : "token ");
        if (step == 2 || token > 0)
            add_number(text, token);
        if (step == 2) {
            add(text, ".");
            add_number(text, term->tokens[i * step + 1]);
        }
    }
    if (count > LISTED_MOST) {
        add(text, " and ");
        add_number(text, count - LISTED_MOST);
        add(text, " more");
    }
}

static void add_argument(char *text, const struct term *term, char which) {
    char share[32];
    switch (which) {
    case 's':
        snprintf(share, sizeof(share), "%.4g %%", 100 * term->share);
        add(text, share);
        break;
    case 'l':
        add_listed(text, term);
        break;
    case 'r':
        add(text, term->redrawn ? ", anew each step" : "");
        break;
    default:
        add_number(text, term->whole[which - '0']);
    }
}

static void describe_term(struct words *words, const struct term *term) {
    const struct pattern *pattern = term->pattern;
    const char *form =
        term->share >= 0 && pattern->words_of_share ? pattern->words_of_share : pattern->words;
    words->term = term;
    words->text[0] = '\0';
    for (; *form; form++) {
        char letter[2] = {*form, '\0'};
        if (*form == '$')
            add_argument(words->text, term, *++form);
        else
            add(words->text, letter);
    }
}

/* Joins the right side to the left one. */
static void describe_join(struct words *left, const struct words *right, enum operation operation) {
    int lists_removed = right->term && right->term->pattern->speaks == SPEAKS_OF_REMOVED;
    left->term = NULL;
    if (operation == OPERATION_BOTH && lists_removed) {
        add(left->text, "; without ");
        add_listed(left->text, right->term);
        return;
    }
    add(left->text, operation == OPERATION_EITHER ? "; also " : "; of these only ");
    add(left->text, right->text);
}

/* "layers 0-1: ", "this head: ", "layer 2, heads 0-3: "; nothing for a rule of all heads. */
static void add_place(char *text, const struct rule *rule) {
    int all_layers = rule->layers.low == 0 && rule->layers.high == NO_LIMIT;
    int all_heads = rule->heads.low == 0 && rule->heads.high == NO_LIMIT;
    int one_layer = rule->layers.low == rule->layers.high;
    int one_head = rule->heads.low == rule->heads.high;
    char place[96];
    if (all_layers && all_heads)
        return;
    if (one_layer && one_head) {
        add(text, "this head: ");
        return;
    }
    if (one_layer)
        snprintf(place, sizeof(place), "layer %d", rule->layers.low);
    else
        snprintf(place, sizeof(place), "layers %d-%d", rule->layers.low, rule->layers.high);
    add(text, place);
    if (!all_heads && one_head)
        snprintf(place, sizeof(place), ", head %d", rule->heads.low);
    else if (!all_heads)
        snprintf(place, sizeof(place), ", heads %d-%d", rule->heads.low, rule->heads.high);
    add(text, all_heads ? "" : place);
    add(text, ": ");
}

void sparsity_words(const struct sparsity *sparsity, int layer, int head, char *text, int size) {
    const struct rule *rule = rule_for(sparsity, layer, head);
    struct words stack[MOST_STACK] = {{"", NULL}};
    char place[WORDS_BYTES] = "";
    int depth = 0;
    if (size <= 0)
        return;
    if (!rule || rule->off) {
        snprintf(text, (size_t)size, "%s", rule ? "off: its output is zero" : "every pair");
        return;
    }
    for (int i = 0; i < rule->count; i++) {
        const struct instruction *instruction = &sparsity->instructions[rule->first + i];
        if (instruction->operation == OPERATION_TERM) {
            describe_term(&stack[depth++], &sparsity->terms[instruction->term]);
        } else {
            depth--;
            describe_join(&stack[depth - 1], &stack[depth], instruction->operation);
        }
    }
    add_place(place, rule);
    snprintf(text, (size_t)size, "%s%s", place, stack[0].text);
}
