/*
 * build.c - the growing lists that parsers write into.
 */
#include "core/sparsity/parser.h"

#include <stdlib.h>
#include <string.h>

#define MOST_PATTERN (1u << 20) /* bytes of a specification with its presets written out */

int build_no_memory(struct build *build) {
    return error_set(build->error, "sparsity: not enough memory for the specification");
}

/* Makes room for one more element. */
static int reserve(struct build *build, void **elements, int count, int *capacity, size_t size) {
    if (count < *capacity)
        return 0;
    int wanted = *capacity > 0 ? 2 * *capacity : 4;
    void *larger = realloc(*elements, (size_t)wanted * size);
    if (!larger)
        return build_no_memory(build);
    *elements = larger;
    *capacity = wanted;
    return 0;
}

int write_pattern(struct build *build, const char *text, size_t length) {
    size_t needed = build->pattern_used + length + 1;
    if (needed > MOST_PATTERN)
        return error_set(build->error,
                         "sparsity: longer than %u bytes with its presets written "
                         "out; make it shorter",
                         MOST_PATTERN);
    if (needed > build->pattern_capacity) {
        char *larger = realloc(build->sparsity->pattern, 2 * needed);
        if (!larger)
            return build_no_memory(build);
        build->sparsity->pattern = larger;
        build->pattern_capacity = 2 * needed;
    }
    memcpy(build->sparsity->pattern + build->pattern_used, text, length);
    build->pattern_used += length;
    build->sparsity->pattern[build->pattern_used] = '\0';
    return 0;
}

int write_read(struct parser *parser, const char *end) {
    const char *begin = parser->copied;
    parser->copied = end;
    return write_pattern(parser->build, begin, (size_t)(end - begin));
}

size_t blamed_offset(const struct parser *parser, const char *where) {
    return parser->outer ? parser->blame : (size_t)(where - parser->text);
}

struct rule *add_rule(struct parser *parser, const char *where) {
    struct build *build = parser->build;
    struct sparsity *sparsity = build->sparsity;
    if (sparsity->rule_count >= MOST_TERMS) {
        FAULT(parser, where, "more than %d clauses and heads", MOST_TERMS);
        return NULL;
    }
    void *rules = sparsity->rules;
    if (reserve(build, &rules, sparsity->rule_count, &build->rule_capacity, sizeof(struct rule)) <
        0)
        return NULL;
    sparsity->rules = rules;
    struct rule *rule = &sparsity->rules[sparsity->rule_count++];
    *rule = (struct rule){.layers = {0, NO_LIMIT},
                          .heads = {0, NO_LIMIT},
                          .first = sparsity->instruction_count,
                          .offset = blamed_offset(parser, where)};
    return rule;
}

int add_instruction(struct parser *parser, enum operation operation, int term) {
    struct build *build = parser->build;
    struct sparsity *sparsity = build->sparsity;
    void *instructions = sparsity->instructions;
    if (reserve(build, &instructions, sparsity->instruction_count, &build->instruction_capacity,
                sizeof(struct instruction)) < 0)
        return -1;
    sparsity->instructions = instructions;
    sparsity->instructions[sparsity->instruction_count++] = (struct instruction){operation, term};
    build->depth += operation == OPERATION_TERM ? 1 : -1;
    return 0;
}

struct term *add_term(struct parser *parser, const struct pattern *pattern, const char *where) {
    struct build *build = parser->build;
    struct sparsity *sparsity = build->sparsity;
    if (sparsity->term_count >= MOST_TERMS) {
        FAULT(parser, where, "more than %d patterns in one specification", MOST_TERMS);
        return NULL;
    }
    if (build->depth >= MOST_STACK) {
        FAULT(parser, where, "nested too deeply; write the innermost expressions first");
        return NULL;
    }
    void *terms = sparsity->terms;
    if (reserve(build, &terms, sparsity->term_count, &build->term_capacity, sizeof(struct term)) <
        0)
        return NULL;
    sparsity->terms = terms;
    struct term *term = &sparsity->terms[sparsity->term_count++];
    *term = (struct term){.pattern = pattern, .share = -1};
    build->token_capacity = 0;
    return term;
}

int add_token(struct build *build, struct term *term, int token) {
    void *tokens = term->tokens;
    if (reserve(build, &tokens, term->token_count, &build->token_capacity, sizeof(int)) < 0)
        return -1;
    term->tokens = tokens;
    term->tokens[term->token_count++] = token;
    return 0;
}
