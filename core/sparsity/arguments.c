/*
 * arguments.c - the small parts of a specification: characters, numbers, a pattern's arguments.
 */
#include "core/sparsity/parser.h"

#include <stdio.h>
#include <string.h>

#define MOST_DIGITS 15 /* so that a number is read exactly */

/* ---- characters and numbers ----------------------------------------------------------------- */

int is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int is_digit(char c) {
    return c >= '0' && c <= '9';
}

void skip_blanks(struct parser *parser) {
    while (is_blank(*parser->at))
        parser->at++;
}

int accept_character(struct parser *parser, char c) {
    skip_blanks(parser);
    if (*parser->at != c)
        return 0;
    parser->at++;
    return 1;
}

static int accept_word(struct parser *parser, const char *word) {
    skip_blanks(parser);
    size_t length = identifier_length(parser->at);
    if (length != strlen(word) || memcmp(parser->at, word, length) != 0)
        return 0;
    parser->at += length;
    return 1;
}

/* A whole number from 0 without a sign, as places and heads have. */
int parse_index(struct parser *parser, const char *what, int *index) {
    skip_blanks(parser);
    const char *begin = parser->at;
    int value = 0;
    for (; is_digit(*parser->at); parser->at++) {
        value = 10 * value + (*parser->at - '0');
        if (value > MOST_WHOLE)
            return FAULT(parser, begin, "%s may not be larger than %d", what, MOST_WHOLE);
    }
    if (parser->at == begin)
        return FAULT(parser, begin, "%s is expected", what);
    *index = value;
    return 0;
}

struct number {
    double value;
    int has_point, has_percent;
    const char *begin;
    int length; /* as written, for messages */
};

static int parse_number(struct parser *parser, const char *what, struct number *number) {
    skip_blanks(parser);
    const char *at = parser->at;
    *number = (struct number){.begin = at};
    double digits = 0, scale = 1;
    int count = 0, significant = 0, negative = *at == '-';
    for (at += negative; is_digit(*at) || (*at == '.' && !number->has_point); at++) {
        if (*at == '.') {
            number->has_point = 1;
            continue;
        }
        digits = 10 * digits + (*at - '0');
        scale *= number->has_point ? 10 : 1;
        count++;
        significant += digits > 0 || number->has_point;
    }
    if (count == 0)
        return FAULT(parser, parser->at, "%s is expected", what);
    if (significant > MOST_DIGITS)
        return FAULT(parser, parser->at, "a number of more than %d digits", MOST_DIGITS);
    parser->at = at;
    skip_blanks(parser);
    if (*parser->at == '%') {
        number->has_percent = 1;
        scale *= 100;
        at = ++parser->at;
    }
    parser->at = at;
    number->value = (negative ? -digits : digits) / scale;
    number->length = (int)(at - number->begin);
    return 0;
}

/* ---- arguments ------------------------------------------------------------------------------ */

/* A number as written, as far as it fits into a message. */
static int shown(const struct number *number) {
    return number->length < 24 ? number->length : 24;
}

static int take_whole(struct parser *parser, const struct parameter *parameter,
                      const struct number *number, int *whole) {
    if (number->has_point || number->has_percent || number->value < parameter->least ||
        number->value > MOST_WHOLE)
        return FAULT(parser, number->begin, "%s must be a whole number from %d to %d, not %.*s",
                     parameter->name, parameter->least, MOST_WHOLE, shown(number), number->begin);
    *whole = (int)number->value;
    return 0;
}

static int take_share(struct parser *parser, const struct number *number, const char *hint,
                      double *share) {
    if (!(number->value >= 0 && number->value < 1))
        return FAULT(parser, number->begin, "share must be at least 0 and below 1, not %.*s%s",
                     shown(number), number->begin, hint);
    *share = number->value;
    return 0;
}

static int parse_numeric(struct parser *parser, const struct parameter *parameter, int index,
                         struct term *term) {
    char what[64];
    struct number number;
    snprintf(what, sizeof(what), "%s, %s", parameter->name,
             parameter->kind == PARAMETER_SHARE   ? "a share such as 0.8 or 80%,"
             : parameter->kind == PARAMETER_WIDTH ? "a width such as 3 or a share such as 80%,"
                                                  : "a whole number,");
    if (parse_number(parser, what, &number) < 0)
        return -1;
    int plain = !number.has_point && !number.has_percent;
    if (parameter->kind == PARAMETER_WHOLE || (parameter->kind == PARAMETER_WIDTH && plain))
        return take_whole(parser, parameter, &number, &term->whole[index]);
    const char *hint = "";
    if (parameter->kind == PARAMETER_WIDTH)
        hint = "; a width is a whole number, without a point";
    else if (plain && number.value > 1 && number.value < 100)
        hint = "; a percentage has a % after it";
    return take_share(parser, &number, hint, &term->share);
}

static int parse_token(struct parser *parser, struct term *term) {
    int token = 0;
    if (accept_word(parser, "sep"))
        token = TOKEN_SEP;
    else if (!accept_word(parser, "cls") &&
             parse_index(parser, "cls, sep or a token's index", &token) < 0)
        return -1;
    return add_token(parser->build, term, token);
}

/* Two whole numbers with a point between them. `names` are how faults call them, `form` tells how
 * both are written. */
static int parse_point(struct parser *parser, const char *const names[2], const char *form,
                       int numbers[2]) {
    skip_blanks(parser);
    const char *begin = parser->at;
    if (parse_index(parser, names[0], &numbers[0]) < 0)
        return -1;
    if (*parser->at != '.')
        return FAULT(parser, begin, "%s", form);
    parser->at++;
    return parse_index(parser, names[1], &numbers[1]);
}

static int parse_pair(struct parser *parser, struct term *term) {
    static const char *const names[2] = {"a query's index", "a key's index"};
    int pair[2];
    if (parse_point(parser, names, "a pair is written query.key, as in pairs(0.3, 2.1)", pair) < 0)
        return -1;
    return add_token(parser->build, term, pair[0]) < 0 ? -1
                                                       : add_token(parser->build, term, pair[1]);
}

/* Each head becomes a rule of its own. */
static int parse_off_head(struct parser *parser) {
    static const char *const names[2] = {"a layer's number", "a head's number"};
    int place[2];
    skip_blanks(parser);
    const char *begin = parser->at;
    if (parse_point(parser, names, "a head is written layer.head, as in heads_off(0.3, 2.1)",
                    place) < 0)
        return -1;
    struct rule *rule = add_rule(parser, begin);
    if (!rule)
        return -1;
    rule->off = 1;
    rule->layers = (struct range){place[0], place[0]};
    rule->heads = (struct range){place[1], place[1]};
    return 0;
}

static int parse_argument(struct parser *parser, struct term *term, int index) {
    const struct parameter *parameter = &term->pattern->parameters[index];
    switch (parameter->kind) {
    case PARAMETER_TOKENS:
        return parse_token(parser, term);
    case PARAMETER_PAIRS:
        return parse_pair(parser, term);
    case PARAMETER_HEADS:
        return parse_off_head(parser);
    case PARAMETER_STEP:
        skip_blanks(parser);
        if (!accept_word(parser, "step"))
            return FAULT(parser, parser->at, "only the word step may follow here: %s",
                         term->pattern->usage);
        term->redrawn = 1;
        return 0;
    default:
        return parse_numeric(parser, parameter, index, term);
    }
}

static int check_bounds(struct parser *parser, const struct term *term,
                        const char *const places[MOST_PARAMETERS]) {
    const struct parameter *parameters = term->pattern->parameters;
    for (int p = 0; p < MOST_PARAMETERS; p++) {
        for (int q = 0; parameters[p].at_most && q < MOST_PARAMETERS; q++) {
            if (parameters[q].name && strcmp(parameters[q].name, parameters[p].at_most) == 0 &&
                term->whole[p] > term->whole[q])
                return FAULT(parser, places[p], "%s may not be larger than %s: %d > %d",
                             parameters[p].name, parameters[q].name, term->whole[p],
                             term->whole[q]);
        }
    }
    return 0;
}

static enum parameter_kind parameter_kind_at(const struct pattern *pattern, int index) {
    return index < MOST_PARAMETERS ? pattern->parameters[index].kind : PARAMETER_NONE;
}

int parse_arguments(struct parser *parser, struct term *term) {
    const struct pattern *pattern = term->pattern;
    const char *places[MOST_PARAMETERS] = {NULL};
    int open = accept_character(parser, '(');
    if (parameter_kind_at(pattern, 0) == PARAMETER_NONE)
        return open ? FAULT(parser, parser->at - 1, "%s takes no arguments", pattern->name) : 0;
    if (!open)
        return FAULT(parser, parser->at, "%s needs its arguments in parentheses: %s", pattern->name,
                     pattern->usage);
    int given = 0, listed = 0;
    do {
        enum parameter_kind kind = parameter_kind_at(pattern, given);
        skip_blanks(parser);
        if (kind == PARAMETER_NONE)
            return FAULT(parser, parser->at, "an argument too many: %s", pattern->usage);
        places[given] = parser->at;
        if (parse_argument(parser, term, given) < 0)
            return -1;
        if (kind == PARAMETER_TOKENS || kind == PARAMETER_PAIRS || kind == PARAMETER_HEADS)
            listed = 1;
        else
            given++;
    } while (accept_character(parser, ','));
    enum parameter_kind next = parameter_kind_at(pattern, given + listed);
    if (*parser->at != ')')
        return FAULT(parser, parser->at, "%s is expected: %s",
                     next == PARAMETER_NONE ? "a ')'" : "a ',' or ')'", pattern->usage);
    if (next != PARAMETER_NONE && next != PARAMETER_STEP)
        return FAULT(parser, parser->at, "an argument is missing: %s", pattern->usage);
    parser->at++;
    return check_bounds(parser, term, places);
}
