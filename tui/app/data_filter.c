/*
 * data_filter.c - expressions made of the terms of data_terms.c.
 */
#include "tui/app/data_filter.h"

#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/sparsity/fault.h"
#include "core/text/unicode.h"

#define MOST_NESTING 64
#define MOST_NODES 2000
#define MOST_SIGNS 3    /* of repetition, one right after the other */
#define MOST_PARTS 2000 /* of a regular expression: more would take too much memory */

enum { A, B };

/* ---- expressions ----------------------------------------------------------------------------- */

enum node_kind { NODE_ALL, NODE_AND, NODE_OR, NODE_NOT, NODE_TERM, NODE_PART, NODE_REGEX };

enum comparison_sign { LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, NOT_EQUAL };

struct filter {
    enum node_kind kind;
    struct filter *left, *right; /* of AND, OR; NOT has only left */
    const struct filter_term *term;
    int arm; /* of a FILTER_ARM, -1: none was named */
    enum comparison_sign sign;
    double number; /* that is compared with; a label's number */
    char *part;    /* of the text */
    int any_case;  /* of the part */
    regex_t regex;
};

void filter_free(struct filter *filter) {
    if (!filter)
        return;
    filter_free(filter->left);
    filter_free(filter->right);
    if (filter->kind == NODE_REGEX)
        regfree(&filter->regex);
    free(filter->part);
    free(filter);
}

static int compares(double value, enum comparison_sign sign, double number) {
    switch (sign) {
    case LESS:
        return value < number;
    case LESS_EQUAL:
        return value <= number;
    case GREATER:
        return value > number;
    case GREATER_EQUAL:
        return value >= number;
    case EQUAL:
        return value == number;
    case NOT_EQUAL:
        return value != number && !isnan(value);
    }
    return 0;
}

static int term_holds(const struct filter *filter, const struct row_facts *row) {
    double value = filter->term->value(row, filter->arm);
    if (filter->term->kind == FILTER_FLAG || filter->term->kind == FILTER_ARM)
        return value != 0;
    if (filter->term->kind == FILTER_LABEL && value < -1)
        return 0;
    return compares(value, filter->sign, filter->number);
}

int filter_holds(const struct filter *filter, const struct row_facts *row) {
    switch (filter->kind) {
    case NODE_ALL:
        return 1;
    case NODE_AND:
        return filter_holds(filter->left, row) && filter_holds(filter->right, row);
    case NODE_OR:
        return filter_holds(filter->left, row) || filter_holds(filter->right, row);
    case NODE_NOT:
        return !filter_holds(filter->left, row);
    case NODE_TERM:
        return term_holds(filter, row);
    case NODE_PART:
        return (filter->any_case ? strcasestr(row->text, filter->part)
                                 : strstr(row->text, filter->part)) != NULL;
    case NODE_REGEX:
        return regexec(&filter->regex, row->text, 0, NULL, 0) == 0;
    }
    return 0;
}

int filter_needs_answers(const struct filter *filter) {
    if (filter->kind == NODE_TERM)
        return filter->term->needs_answers;
    return (filter->left && filter_needs_answers(filter->left)) ||
           (filter->right && filter_needs_answers(filter->right));
}

/* Whether it looks into the text, which takes longest. */
static int reads_text(const struct filter *filter) {
    return filter->kind == NODE_PART || filter->kind == NODE_REGEX ||
           (filter->left && reads_text(filter->left)) ||
           (filter->right && reads_text(filter->right));
}

/* ---- parsing --------------------------------------------------------------------------------- */

struct parser {
    const char *text;
    size_t at;
    const char *const *names;
    int name_count, depth, nodes;
    struct sawb_error *error;
};

static struct filter *fault(struct parser *parser, size_t at, const char *what) {
    specification_fault(parser->error, "filter", parser->text, at, "%s", what);
    return NULL;
}

static struct filter *new_node(struct parser *parser, enum node_kind kind) {
    if (parser->nodes++ == MOST_NODES)
        return fault(parser, parser->at, "there are too many terms");
    struct filter *filter = calloc(1, sizeof(*filter));
    if (!filter)
        error_set(parser->error, "filter: out of memory");
    else
        filter->kind = kind;
    return filter;
}

/* Takes both over, also when it fails. */
static struct filter *join(struct parser *parser, enum node_kind kind, struct filter *left,
                           struct filter *right) {
    struct filter *filter = left && right ? new_node(parser, kind) : NULL;
    if (!filter) {
        filter_free(left);
        filter_free(right);
        return NULL;
    }
    /* The order of the two makes no difference but to how long it takes. */
    int swap = reads_text(left) && !reads_text(right);
    filter->left = swap ? right : left;
    filter->right = swap ? left : right;
    return filter;
}

static char skip_blanks(struct parser *parser) {
    parser->at += strspn(parser->text + parser->at, " \t\r\n");
    return parser->text[parser->at];
}

/* Bytes of the word at `at`: up to a blank or a parenthesis. */
static size_t word_length(const struct parser *parser, size_t at) {
    return strcspn(parser->text + at, " \t\r\n()");
}

static size_t name_length(const struct parser *parser, size_t at) {
    return strspn(parser->text + at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
}

static int word_is(const struct parser *parser, size_t at, size_t length, const char *word) {
    return strlen(word) == length && strncasecmp(parser->text + at, word, length) == 0;
}

/* Takes the word when it stands next. */
static int take_word(struct parser *parser, const char *word) {
    skip_blanks(parser);
    if (!word_is(parser, parser->at, word_length(parser, parser->at), word))
        return 0;
    parser->at += strlen(word);
    return 1;
}

static int holds_capital(const char *text) {
    size_t length = strlen(text);
    int32_t code_point, folded[UNICODE_FOLD_MAX];
    for (size_t at = 0; at < length;) {
        int bytes = unicode_decode(text + at, length - at, &code_point);
        if (bytes > 0 && unicode_fold(code_point, 1, 0, folded) == 1 && folded[0] != code_point)
            return 1;
        at += bytes > 0 ? (size_t)bytes : 1;
    }
    return 0;
}

/* The expression's bytes [begin, end) as a text, in which a backslash before `mark` goes. */
static char *copy_quoted(struct parser *parser, size_t begin, size_t end, char mark) {
    char *copy = malloc(end - begin + 1), *out = copy;
    if (!copy) {
        error_set(parser->error, "filter: out of memory");
        return NULL;
    }
    for (size_t at = begin; at < end; at++) {
        if (parser->text[at] == '\\' && at + 1 < end && parser->text[at + 1] == mark)
            at++;
        *out++ = parser->text[at];
    }
    *out = '\0';
    return copy;
}

/* The byte of the `mark` that ends what begins at `at`, or of the end of the expression. */
static size_t find_mark(const struct parser *parser, size_t at, char mark) {
    for (; parser->text[at] && parser->text[at] != mark; at++)
        if (parser->text[at] == '\\' && parser->text[at + 1])
            at++;
    return at;
}

static struct filter *part_of_text(struct parser *parser, char *part) {
    struct filter *filter = part ? new_node(parser, NODE_PART) : NULL;
    if (!filter) {
        free(part);
        return NULL;
    }
    filter->part = part;
    filter->any_case = !holds_capital(part);
    return filter;
}

static struct filter *parse_quoted(struct parser *parser) {
    char quote = parser->text[parser->at];
    size_t begin = parser->at + 1, end = find_mark(parser, begin, quote);
    if (!parser->text[end])
        return fault(parser, parser->at, "this quote is never closed");
    parser->at = end + 1;
    return part_of_text(parser, copy_quoted(parser, begin, end, quote));
}

/* Bytes of a bracket expression, "[^]a[:digit:]]", or of what there is of it. */
static size_t bracket_length(const char *text) {
    size_t at = 1;
    at += text[at] == '^';
    at += text[at] == ']';
    while (text[at] && text[at] != ']') {
        const char *class_end =
            text[at] == '[' && text[at + 1] == ':' ? strstr(text + at, ":]") : NULL;
        at = class_end ? (size_t)(class_end - text) + 2 : at + 1;
    }
    return at + (text[at] == ']');
}

/* How often the signs of repetition at *at let what stands before them be copied. */
static double count_copies(const char **at) {
    double copies = 1;
    for (int signs = 1; **at && strchr("*+?{", **at); (*at)++, signs++) {
        if (signs > MOST_SIGNS)
            return INFINITY;
        if (**at == '+')
            copies *= 2;
        if (**at != '{')
            continue;
        double most = 1;
        while (*++*at && **at != '}') {
            char *end;
            long number = strtol(*at, &end, 10);
            most = (double)number > most ? (double)number : most;
            if (end > *at)
                *at = end - 1;
        }
        copies *= most + 1;
        if (!**at)
            break;
    }
    return copies;
}

/*
 * Parts of the regular expression from *at to the end or the parenthesis that closes it, with all
 * repetitions written out, which is how the C library compiles them: "(a{9}){9}" is more than
 * eighty.
 */
static double count_parts(const char **at, int depth) {
    double parts = 0;
    if (depth == MOST_NESTING)
        return INFINITY;
    while (**at && (**at != ')' || depth == 0)) {
        double part = 1;
        if (**at == '(') {
            ++*at;
            part += count_parts(at, depth + 1);
            *at += **at == ')';
        } else if (**at == '[') {
            *at += bracket_length(*at);
        } else {
            *at += **at == '\\' && (*at)[1] ? 2 : 1;
        }
        parts += part * count_copies(at);
    }
    return parts;
}

/* What an expression may not hold for its matching to stay fast and small; NULL: nothing. */
static const char *regex_burden(const char *pattern) {
    const char *at = pattern;
    for (const char *slash = strchr(pattern, '\\'); slash && slash[1];
         slash = strchr(slash + 2, '\\'))
        if (slash[1] >= '1' && slash[1] <= '9')
            return "references back (\\1) are not taken";
    return count_parts(&at, 0) > MOST_PARTS ? "this has too many parts, or repetitions of them"
                                            : NULL;
}

static struct filter *parse_regex(struct parser *parser) {
    char reason[160];
    size_t slash = parser->at, end = find_mark(parser, slash + 1, '/');
    if (end == slash + 1)
        return fault(parser, slash, "a regular expression is missing after the slash");
    char *pattern = copy_quoted(parser, slash + 1, end, '/');
    if (!pattern)
        return NULL;
    parser->at = end + (parser->text[end] == '/');
    const char *burden = regex_burden(pattern);
    struct filter *filter = burden ? fault(parser, slash, burden) : new_node(parser, NODE_PART);
    if (filter) {
        int flags = REG_EXTENDED | REG_NOSUB | (holds_capital(pattern) ? 0 : REG_ICASE);
        int status = regcomp(&filter->regex, pattern, flags);
        if (status == 0) {
            filter->kind = NODE_REGEX;
        } else {
            regerror(status, &filter->regex, reason, sizeof(reason));
            filter_free(filter);
            filter = fault(parser, slash, reason);
        }
    }
    free(pattern);
    return filter;
}

/* A comparison sign at `at`: its bytes, 0 when there is none. */
static size_t find_sign(const struct parser *parser, size_t at, enum comparison_sign *sign) {
    static const struct {
        const char *text;
        enum comparison_sign sign;
    } signs[] = {{"<=", LESS_EQUAL}, {">=", GREATER_EQUAL}, {"!=", NOT_EQUAL}, {"==", EQUAL},
                 {"<", LESS},        {">", GREATER},        {"=", EQUAL}};
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        size_t length = strlen(signs[i].text);
        if (strncmp(parser->text + at, signs[i].text, length) != 0)
            continue;
        *sign = signs[i].sign;
        return length;
    }
    return 0;
}

static int read_number(struct parser *parser, size_t length, double *number) {
    char *end;
    *number = strtod(parser->text + parser->at, &end);
    if (length > 0 && end == parser->text + parser->at + length && isfinite(*number))
        return 0;
    fault(parser, parser->at, "a number is needed here");
    return -1;
}

/* The label of that name (the beginning is enough when only one begins so) or number; -1: none. */
static int read_label(struct parser *parser, size_t length, double *number) {
    const char *word = parser->text + parser->at;
    char list[200] = "";
    int found = -2;
    for (int i = 0; i < parser->name_count; i++) {
        const char *name = parser->names[i];
        size_t used = strlen(list);
        if (word_is(parser, parser->at, length, name)) {
            *number = i;
            return 0;
        }
        if (length > 0 && strncasecmp(name, word, length) == 0)
            found = found == -2 ? i : -3;
        if (used + strlen(name) + 3 < sizeof(list))
            strcat(strcat(list, i > 0 ? ", " : ""), name);
    }
    char *end;
    long value = strtol(word, &end, 10);
    if (found < 0 && length > 0 && end == word + length && value >= -1 &&
        value < parser->name_count)
        found = (int)value;
    if (found < -1 && word_is(parser, parser->at, length, "none"))
        found = -1;
    if (found < -1) {
        specification_fault(parser->error, "filter", parser->text, parser->at,
                            "there is no such label; the labels are %s, or none", list);
        return -1;
    }
    *number = found;
    return 0;
}

/* After the name of a term that compares: its sign and what it compares with. */
static struct filter *parse_comparison(struct parser *parser, const struct filter_term *term) {
    struct filter *filter = new_node(parser, NODE_TERM);
    if (!filter)
        return NULL;
    filter->term = term;
    size_t sign_at = parser->at;
    parser->at += find_sign(parser, parser->at, &filter->sign);
    skip_blanks(parser);
    size_t length = word_length(parser, parser->at);
    int status = term->kind == FILTER_NUMBER ? read_number(parser, length, &filter->number)
                                             : read_label(parser, length, &filter->number);
    if (status == 0 && term->kind == FILTER_LABEL && filter->sign < EQUAL) {
        fault(parser, sign_at, "labels are compared with = or !=");
        status = -1;
    }
    if (status < 0) {
        filter_free(filter);
        return NULL;
    }
    parser->at += length;
    return filter;
}

/* After "wrong" or "right": an arm, if one is named. */
static int take_arm(struct parser *parser) {
    size_t before = parser->at;
    enum comparison_sign sign;
    for (int arm = A; arm <= B; arm++) {
        if (!take_word(parser, arm == A ? "a" : "b"))
            continue;
        /* In "wrong a =negative" the a begins a term of its own. */
        size_t after = parser->at;
        skip_blanks(parser);
        int is_term = find_sign(parser, parser->at, &sign) > 0;
        parser->at = is_term ? before : after;
        return is_term ? -1 : arm;
    }
    parser->at = before;
    return -1;
}

/* A word of the table, or a part of the text. */
static struct filter *parse_word(struct parser *parser) {
    size_t begin = parser->at, length = word_length(parser, begin);
    size_t name = name_length(parser, begin);
    const struct filter_term *term = NULL;
    enum comparison_sign sign;
    for (int i = 0; (term = filter_term_get(i)); i++)
        if (word_is(parser, begin, name, term->name))
            break;
    if (term && (term->kind == FILTER_LABEL || term->kind == FILTER_NUMBER)) {
        parser->at += name;
        skip_blanks(parser);
        if (find_sign(parser, parser->at, &sign))
            return parse_comparison(parser, term);
        parser->at = begin;
    } else if (term && name == length) {
        struct filter *filter = new_node(parser, NODE_TERM);
        if (!filter)
            return NULL;
        parser->at += name;
        filter->term = term;
        filter->arm = term->kind == FILTER_ARM ? take_arm(parser) : -1;
        return filter;
    }
    if (!term && name > 0 && find_sign(parser, begin + name, &sign))
        return fault(parser, begin,
                     "there is no such term; `filter` lists them, and a text "
                     "that looks like one needs quotes");
    parser->at = begin + length;
    return part_of_text(parser, copy_quoted(parser, begin, begin + length, '\0'));
}

static struct filter *parse_either(struct parser *parser);

static struct filter *parse_one(struct parser *parser) {
    char first = skip_blanks(parser);
    size_t begin = parser->at;
    struct filter *filter = NULL;
    if (parser->depth == MOST_NESTING)
        return fault(parser, begin, "this is nested too deep");
    parser->depth++;
    if (take_word(parser, "not")) {
        struct filter *inner = parse_one(parser);
        filter = inner ? new_node(parser, NODE_NOT) : NULL;
        if (filter)
            filter->left = inner;
        else
            filter_free(inner);
    } else if (first == '(') {
        parser->at++;
        filter = parse_either(parser);
        if (filter && skip_blanks(parser) != ')') {
            filter_free(filter);
            filter = fault(parser, begin, "this parenthesis is never closed");
        }
        parser->at += filter != NULL;
    } else if (first == '/') {
        filter = parse_regex(parser);
    } else if (first == '"' || first == '\'') {
        filter = parse_quoted(parser);
    } else if (!first || first == ')' || take_word(parser, "or") || take_word(parser, "and")) {
        fault(parser, begin, "a term is missing here");
    } else {
        filter = parse_word(parser);
    }
    parser->depth--;
    return filter;
}

/* Whether another term follows without "or". */
static int goes_on(struct parser *parser) {
    char next = skip_blanks(parser);
    return next && next != ')' &&
           !word_is(parser, parser->at, word_length(parser, parser->at), "or");
}

static struct filter *parse_all(struct parser *parser) {
    struct filter *filter = parse_one(parser);
    while (filter && goes_on(parser)) {
        take_word(parser, "and");
        filter = join(parser, NODE_AND, filter, parse_one(parser));
    }
    return filter;
}

static struct filter *parse_either(struct parser *parser) {
    struct filter *filter = parse_all(parser);
    while (filter && take_word(parser, "or"))
        filter = join(parser, NODE_OR, filter, parse_all(parser));
    return filter;
}

int filter_parse(struct filter **parsed, const char *expression, const char *const *names,
                 int name_count, struct sawb_error *error) {
    struct parser parser = {
        .text = expression, .names = names, .name_count = name_count, .error = error};
    *parsed = skip_blanks(&parser) ? parse_either(&parser) : new_node(&parser, NODE_ALL);
    if (*parsed && skip_blanks(&parser)) {
        fault(&parser, parser.at, "this parenthesis was never opened");
        filter_free(*parsed);
        *parsed = NULL;
    }
    return *parsed ? 0 : -1;
}
