/*
 * parse.c - from the text of a specification to rules, by recursive descent (the grammar is in
 * sparsity.h).
 *
 * A preset is parsed in place by a parser of its own over the preset's text, which writes into the
 * same rules: as whole clauses where its name stands alone, else as one parenthesised expression.
 */
#include "core/sparsity/parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORIGIN_BYTES 300

/* ---- presets -------------------------------------------------------------------------------- */

static int parse_either(struct parser *parser);
static int parse_clauses(struct parser *parser);

static int fault_unknown(struct parser *parser, const char *name, size_t length) {
    char suggestion[300];
    suggest_name(parser->build->presets, name, length, suggestion, sizeof(suggestion));
    return FAULT(parser, name, "no pattern or preset is called \"%.*s\"%s",
                 (int)(length < 40 ? length : 40), name, suggestion);
}

static int fault_family(struct parser *parser, const struct preset *preset, const char *family,
                        size_t length) {
    char families[200];
    size_t used = 0;
    families[0] = '\0';
    const struct preset *other;
    for (int p = 0; (other = presets_at(parser->build->presets, p)) != NULL; p++) {
        if (other->family && strcmp(other->name, preset->name) == 0 && used < sizeof(families))
            used += (size_t)snprintf(families + used, sizeof(families) - used, "%s%s",
                                     used > 0 ? ", " : "", other->family);
    }
    if (used == 0)
        return FAULT(parser, family, "preset %s has no families", preset->name);
    return FAULT(parser, family, "preset %s has no family \"%.*s\"; it has %s", preset->name,
                 (int)(length < 40 ? length : 40), family, families);
}

/* Reads "name" or "name:family"; NULL after a fault. */
static const struct preset *read_preset(struct parser *parser) {
    const struct presets *presets = parser->build->presets;
    const char *name = parser->at;
    size_t length = identifier_length(name);
    const struct preset *preset = presets_find(presets, name, length, NULL, 0);
    if (!preset) {
        fault_unknown(parser, name, length);
        return NULL;
    }
    parser->at += length;
    const char *end = parser->at;
    if (!accept_character(parser, ':')) {
        parser->at = end;
        return preset;
    }
    skip_blanks(parser);
    const char *family = parser->at;
    size_t family_length = identifier_length(family);
    const struct preset *found =
        family_length > 0 ? presets_find(presets, name, length, family, family_length) : NULL;
    if (!found)
        fault_family(parser, preset, family, family_length);
    parser->at += family_length;
    return found;
}

/* The chain of presets from the one that refers to itself down to the reference. */
static int fault_cycle(struct parser *parser, const char *where, const struct preset *preset) {
    const struct parser *chain[MOST_NESTING];
    int length = 0;
    for (const struct parser *p = parser; p->outer && length < MOST_NESTING; p = p->outer) {
        chain[length++] = p;
        if (p->preset == preset)
            break;
    }
    char path[200];
    size_t used = 0;
    path[0] = '\0';
    while (length-- > 0 && used < sizeof(path))
        used += (size_t)snprintf(path + used, sizeof(path) - used, "%s -> ",
                                 chain[length]->preset->label);
    return FAULT(parser, where, "preset %s refers to itself (%s%s)", preset->label, path,
                 preset->label);
}

static int in_expression(const struct parser *parser, const char *begin, const char *end) {
    while (begin > parser->text && is_blank(begin[-1]))
        begin--;
    while (is_blank(*end))
        end++;
    return (begin > parser->text && (begin[-1] == '+' || begin[-1] == '&')) || *end == '+' ||
           *end == '&';
}

static void preset_origin(const struct preset *preset, char *origin) {
    snprintf(origin, ORIGIN_BYTES, "%s: preset \"%s\"", preset->path, preset->label);
}

/* Parses the text of the preset whose name stands at [begin, parser->at), as one expression or as
 * clauses. */
static int parse_preset(struct parser *parser, const struct preset *preset, const char *begin,
                        int as_clauses) {
    struct build *build = parser->build;
    char origin[ORIGIN_BYTES];
    for (const struct parser *p = parser; p->outer; p = p->outer) {
        if (p->preset == preset)
            return fault_cycle(parser, begin, preset);
    }
    if (build->nesting >= MOST_NESTING)
        return FAULT(parser, begin, "presets or parentheses nested more than %d deep",
                     MOST_NESTING);
    preset_origin(preset, origin);
    struct parser inner = {.build = build,
                           .origin = origin,
                           .text = preset->specification,
                           .at = preset->specification,
                           .copied = preset->specification,
                           .blame = blamed_offset(parser, begin),
                           .preset = preset,
                           .outer = parser};
    if (write_read(parser, begin) < 0)
        return -1;
    parser->copied = parser->at;
    size_t opening = build->pattern_used;
    int first = build->sparsity->instruction_count;
    build->nesting++;
    int status = as_clauses ? parse_clauses(&inner) : parse_either(&inner);
    build->nesting--;
    if (status < 0)
        return -1;
    skip_blanks(&inner);
    if (*inner.at == ';' || *inner.at == '@')
        return FAULT(parser, begin,
                     "preset %s has several clauses or a place, so it must be a clause of its own",
                     preset->label);
    if (*inner.at)
        return FAULT(&inner, inner.at, "a '+', '&', '@' or ';' is expected");
    if (write_read(&inner, inner.at) < 0)
        return -1;
    if (as_clauses || build->sparsity->instruction_count - first < 2 ||
        !in_expression(parser, begin, parser->at))
        return 0;
    if (write_pattern(build, "()", 2) < 0)
        return -1;
    char *pattern = build->sparsity->pattern;
    memmove(pattern + opening + 1, pattern + opening, build->pattern_used - opening - 2);
    pattern[opening] = '(';
    return 0;
}

/* ---- expressions ---------------------------------------------------------------------------- */

static int parse_parenthesised(struct parser *parser) {
    const char *begin = parser->at - 1;
    if (parser->build->nesting >= MOST_NESTING)
        return FAULT(parser, begin, "presets or parentheses nested more than %d deep",
                     MOST_NESTING);
    parser->build->nesting++;
    if (parse_either(parser) < 0)
        return -1;
    parser->build->nesting--;
    return accept_character(parser, ')')
               ? 0
               : FAULT(parser, parser->at, "a '+', '&' or ')' is expected");
}

static int parse_term(struct parser *parser) {
    if (accept_character(parser, '('))
        return parse_parenthesised(parser);
    const char *name = parser->at;
    size_t length = identifier_length(name);
    if (length == 0)
        return FAULT(parser, name, "a pattern or preset is expected, such as topk(0.8) or dense");
    const struct pattern *pattern = pattern_find(name, length);
    if (!pattern) {
        const struct preset *preset = read_preset(parser);
        return preset ? parse_preset(parser, preset, name, 0) : -1;
    }
    if (!pattern->fill)
        return FAULT(parser, name, "%s must be a clause of its own, set off by ';'", pattern->name);
    parser->at += length;
    struct term *term = add_term(parser, pattern, name);
    if (!term || parse_arguments(parser, term) < 0)
        return -1;
    return add_instruction(parser, OPERATION_TERM, parser->build->sparsity->term_count - 1);
}

static int parse_both(struct parser *parser) {
    if (parse_term(parser) < 0)
        return -1;
    while (accept_character(parser, '&')) {
        if (parse_term(parser) < 0 || add_instruction(parser, OPERATION_BOTH, 0) < 0)
            return -1;
    }
    return 0;
}

static int parse_either(struct parser *parser) {
    if (parse_both(parser) < 0)
        return -1;
    while (accept_character(parser, '+')) {
        if (parse_both(parser) < 0 || add_instruction(parser, OPERATION_EITHER, 0) < 0)
            return -1;
    }
    return 0;
}

/* ---- clauses -------------------------------------------------------------------------------- */

static int parse_range(struct parser *parser, const char *what, struct range *range) {
    const char *begin = parser->at;
    if (parse_index(parser, what, &range->low) < 0)
        return -1;
    range->high = range->low;
    if (accept_character(parser, '-') && parse_index(parser, what, &range->high) < 0)
        return -1;
    if (range->high < range->low)
        return FAULT(parser, begin, "a range goes up: %d-%d", range->high, range->low);
    return 0;
}

static int parse_place(struct parser *parser, struct rule *rule) {
    static const char form[] = "a place is written L2, L0-3 or L2.H5";
    if (!accept_character(parser, 'L'))
        return FAULT(parser, parser->at, "%s", form);
    if (parse_range(parser, "a layer's number", &rule->layers) < 0)
        return -1;
    if (!accept_character(parser, '.'))
        return 0;
    if (!accept_character(parser, 'H'))
        return FAULT(parser, parser->at, "%s", form);
    return parse_range(parser, "a head's number", &rule->heads);
}

/* Notes what is asked of a rule often: whether it is dense in the end, and whether it needs scores.
 */
static void finish_rule(const struct sparsity *sparsity, struct rule *rule) {
    int dense[MOST_STACK] = {0}, depth = 0;
    rule->count = sparsity->instruction_count - rule->first;
    for (int i = rule->first; i < sparsity->instruction_count; i++) {
        const struct instruction *instruction = &sparsity->instructions[i];
        if (instruction->operation == OPERATION_TERM) {
            const struct pattern *pattern = sparsity->terms[instruction->term].pattern;
            dense[depth++] = pattern == pattern_at(0);
            rule->needs_scores |= pattern->needs_scores;
            continue;
        }
        depth--;
        dense[depth - 1] = instruction->operation == OPERATION_EITHER
                               ? dense[depth - 1] || dense[depth]
                               : dense[depth - 1] && dense[depth];
    }
    rule->dense = dense[0];
    rule->needs_scores &= !rule->dense;
}

static int parse_off_clause(struct parser *parser, const struct pattern *pattern) {
    struct term term = {.pattern = pattern};
    parser->at += strlen(pattern->name);
    if (parse_arguments(parser, &term) < 0)
        return -1;
    skip_blanks(parser);
    if (*parser->at == '@')
        return FAULT(parser, parser->at, "%s names its heads itself and takes no place",
                     pattern->name);
    if (*parser->at == '+' || *parser->at == '&')
        return FAULT(parser, parser->at, "%s must be a clause of its own, set off by ';'",
                     pattern->name);
    return 0;
}

/* 1 when a preset's name stands here as a whole clause. */
static int preset_stands_alone(struct parser *parser) {
    struct parser ahead = *parser;
    size_t length = identifier_length(ahead.at);
    if (length == 0 || pattern_find(ahead.at, length))
        return 0;
    ahead.at += length;
    if (accept_character(&ahead, ':')) {
        skip_blanks(&ahead);
        ahead.at += identifier_length(ahead.at);
    }
    skip_blanks(&ahead);
    return *ahead.at == ';' || *ahead.at == '\0';
}

static int parse_clause(struct parser *parser) {
    skip_blanks(parser);
    const char *begin = parser->at;
    const struct pattern *pattern = pattern_find(begin, identifier_length(begin));
    if (pattern && !pattern->fill)
        return parse_off_clause(parser, pattern);
    if (preset_stands_alone(parser)) {
        const struct preset *preset = read_preset(parser);
        return preset ? parse_preset(parser, preset, begin, 1) : -1;
    }
    struct rule *rule = add_rule(parser, begin);
    parser->build->depth = 0;
    if (!rule || parse_either(parser) < 0)
        return -1;
    if (accept_character(parser, '@')) {
        skip_blanks(parser);
        rule->offset = blamed_offset(parser, parser->at);
        if (parse_place(parser, rule) < 0)
            return -1;
    }
    finish_rule(parser->build->sparsity, rule);
    return 0;
}

static int parse_clauses(struct parser *parser) {
    do {
        if (parse_clause(parser) < 0)
            return -1;
    } while (accept_character(parser, ';'));
    if (*parser->at)
        return FAULT(parser, parser->at, "a '+', '&', '@' or ';' is expected");
    return 0;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void trim_pattern(char *pattern) {
    size_t begin = 0, end = strlen(pattern);
    while (is_blank(pattern[begin]))
        begin++;
    while (end > begin && is_blank(pattern[end - 1]))
        end--;
    memmove(pattern, pattern + begin, end - begin);
    pattern[end - begin] = '\0';
}

static struct sparsity *sparsity_create(const char *text, struct build *build) {
    struct sparsity *sparsity = calloc(1, sizeof(*sparsity));
    build->sparsity = sparsity;
    if (sparsity)
        sparsity->text = strdup(text);
    if (sparsity && sparsity->text && write_pattern(build, "", 0) == 0)
        return sparsity;
    sparsity_free(sparsity);
    build_no_memory(build);
    return NULL;
}

int sparsity_parse(struct sparsity **sparsity, const char *text, const struct presets *presets,
                   struct sawb_error *error) {
    struct build build = {.error = error, .presets = presets};
    *sparsity = NULL;
    struct sparsity *parsed = sparsity_create(text, &build);
    if (!parsed)
        return -1;
    struct parser parser = {.build = &build,
                            .origin = "sparsity",
                            .text = parsed->text,
                            .at = parsed->text,
                            .copied = parsed->text};
    if (parse_clauses(&parser) < 0 || write_read(&parser, parser.at) < 0) {
        sparsity_free(parsed);
        return -1;
    }
    trim_pattern(parsed->pattern);
    *sparsity = parsed;
    return 0;
}

int sparsity_parse_preset(const struct presets *presets, const struct preset *preset,
                          struct sawb_error *error) {
    struct build build = {.error = error, .presets = presets};
    struct sparsity *parsed = sparsity_create(preset->label, &build);
    if (!parsed)
        return -1;
    struct parser parser = {.build = &build,
                            .origin = "sparsity",
                            .text = parsed->text,
                            .at = parsed->text + strlen(parsed->text),
                            .copied = parsed->text};
    int status = parse_preset(&parser, preset, parsed->text, 1);
    sparsity_free(parsed);
    return status;
}
