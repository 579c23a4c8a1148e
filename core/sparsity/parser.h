/*
 * parser.h - what the files that read specifications share: the parser's state, what it builds, its
 * smallest steps.
 */
#ifndef SAWB_CORE_SPARSITY_PARSER_H
#define SAWB_CORE_SPARSITY_PARSER_H

#include "core/sparsity/internal.h"

/* What the parsers of a specification and of its presets write together. */
struct build {
    struct sparsity *sparsity;
    struct sawb_error *error;
    const struct presets *presets;
    int rule_capacity, instruction_capacity, term_capacity, token_capacity;
    size_t pattern_used, pattern_capacity;
    int depth;   /* of the stack, where the present rule stands */
    int nesting; /* parentheses and presets that are open */
};

struct parser {
    struct build *build;
    const char *origin; /* for messages: "sparsity", or the file and the preset */
    const char *text, *at;
    const char *copied; /* text before this has been written to the pattern */
    size_t blame;       /* byte of the user's own text where this preset's name stands */
    const struct preset *preset;
    const struct parser *outer; /* NULL: `text` is the user's own */
};

#define FAULT(parser, where, ...)                                                                  \
    specification_fault((parser)->build->error, (parser)->origin, (parser)->text,                  \
                        (size_t)((where) - (parser)->text), __VA_ARGS__)

/* ---- building (build.c) --------------------------------------------------------------------- */

/* NULL after a fault; a pointer holds until the next of its kind is added. `where` is pointed at.
 */
struct rule *add_rule(struct parser *parser, const char *where);
struct term *add_term(struct parser *parser, const struct pattern *pattern, const char *where);
int add_instruction(struct parser *parser, enum operation operation, int term);
int add_token(struct build *build, struct term *term, int token);

/* Appends to the specification with its presets written out. */
int write_pattern(struct build *build, const char *text, size_t length);

/* Appends what was read since the last time, up to `end`. */
int write_read(struct parser *parser, const char *end);

/* Byte of the user's own text to blame for what stands at `where`. */
size_t blamed_offset(const struct parser *parser, const char *where);

int build_no_memory(struct build *build);

/* ---- characters and arguments (arguments.c) ------------------------------------------------- */

int is_blank(char c);
void skip_blanks(struct parser *parser);

/* Takes the character after blanks if it is this one; 1 when it was. */
int accept_character(struct parser *parser, char c);

/* A whole number from 0 without a sign; `what` is how a fault calls it. */
int parse_index(struct parser *parser, const char *what, int *index);

/* The arguments of the term's pattern, in parentheses. Those of heads_off become rules. */
int parse_arguments(struct parser *parser, struct term *term);

#endif
