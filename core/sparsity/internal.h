/*
 * internal.h - what the files of core/sparsity share: the table of patterns and the parsed form.
 *
 * A specification becomes a list of rules, each for a rectangle of layers and heads; the last rule
 * that holds a head decides. A rule's expression is a run of instructions for a stack machine whose
 * stack is the mask itself: bit 0 of a pair's byte is the top of the stack, bit 1 the one below,
 * and so on. So any expression is worked out in the n*n bytes of the mask, with no second one
 * beside it.
 *
 * A new pattern is one row in patterns.c and its fill function (and, to explain itself, a reason).
 */
#ifndef SAWB_CORE_SPARSITY_INTERNAL_H
#define SAWB_CORE_SPARSITY_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/kernel/largest.h"
#include "core/kernel/mask.h"
#include "core/sparsity/fault.h"
#include "core/sparsity/sparsity.h"

#define KEPT 1             /* bit 0: the pair is kept by the pattern being filled in */
#define MOST_STACK 8       /* bits of a mask's byte */
#define MOST_TERMS 1024    /* patterns and heads in one specification, presets written out */
#define MOST_NESTING 32    /* parentheses and presets inside each other */
#define MOST_WHOLE 1000000 /* of a whole number in a specification */
#define MOST_PARAMETERS 4
#define MOST_BLOCKS 4096   /* of a row that block_topk ranks together; longer rows go by groups */
#define NO_LIMIT INT32_MAX /* the high end of an unrestricted range */
#define TOKEN_SEP (-1)     /* the last token, whatever the length */

/* ---- patterns (patterns.c, scores.c) -------------------------------------------------------- */

enum parameter_kind {
    PARAMETER_NONE,
    PARAMETER_WHOLE,  /* a whole number of at least `least` */
    PARAMETER_SHARE,  /* a share removed */
    PARAMETER_WIDTH,  /* a whole number, or a share when it has a point or a per cent sign */
    PARAMETER_STEP,   /* the word step; may be left out */
    PARAMETER_TOKENS, /* one or more of cls, sep and indices */
    PARAMETER_PAIRS,  /* one or more query.key */
    PARAMETER_HEADS,  /* one or more layer.head */
};

struct parameter {
    const char *name;
    enum parameter_kind kind;
    int least;
    const char *at_most; /* name of a parameter of the same pattern that may not be exceeded */
};

struct pattern;

/* A pattern with its arguments. */
struct term {
    const struct pattern *pattern;
    int whole[MOST_PARAMETERS]; /* whole numbers, by the position of their parameter */
    double share;               /* -1 when none was given */
    int redrawn;                /* random: another draw each training step */
    int *tokens;                /* global: indices and TOKEN_SEP; pairs and without: query, key,
                                   query, key ...; owned */
    int token_count;
};

/* Beside other patterns, a list of pairs has something to say only of those on it. */
enum speaks { SPEAKS_ALWAYS, SPEAKS_OF_KEPT, SPEAKS_OF_REMOVED };

struct pattern {
    const char *name, *usage, *help;
    /* What a pattern with its arguments keeps: $0 to $3 stand for whole numbers, $s for the share,
     * $l for what is listed, $r for whether it is redrawn. words_of_share: when a share was given.
     */
    const char *words, *words_of_share;
    enum speaks speaks;
    struct parameter parameters[MOST_PARAMETERS];
    int needs_scores;
    int drawn; /* another for each head */
    /* Sets KEPT where the pattern keeps a pair of mask [rows,n], for the rows of the request, which
     * are given. KEPT comes in cleared; the other bits are not the pattern's. NULL: the pattern is
     * not one of pairs (heads_off). */
    void (*fill)(const struct term *term, const struct mask_request *request, uint8_t *mask);
    /* What of |i-j| <= width and |i-j| mod step = 0 the pattern is; NULL: none of them. */
    void (*band)(const struct term *term, int tokens, int *width, int *step);
    /* Which scores of each row the pattern keeps; NULL: it does not keep the largest. */
    struct largest (*largest)(const struct term *term, int tokens);
    /* As fill, for the blocks of a pattern that chooses them by their mean scores: tokens counts
     * blocks, scores are the means. NULL: the pattern does not. */
    void (*fill_blocks)(const struct term *term, const struct mask_request *request, uint8_t *mask);
    /* Says why (query, key) was kept or not, without "kept: " or "removed: ". NULL: the name does.
     */
    void (*reason)(const struct term *term, const struct mask_request *request, int query, int key,
                   int kept, char *text, size_t size);
};

/* NULL past the last. */
const struct pattern *pattern_at(int index);
const struct pattern *pattern_find(const char *name, size_t length);

/* Row i of the mask of a request, which may begin at a later row than 0. */
static inline uint8_t *mask_row(uint8_t *mask, const struct mask_request *request, int i) {
    return mask + (size_t)(i - request->row) * (size_t)request->tokens;
}

/* The rows that are asked for. */
#define FOR_ROWS(i, request) for (int i = (request)->row; i < (request)->row + (request)->rows; i++)

/* Position of the parameter that is the size of a block, -1: the pattern knows no blocks. */
int block_parameter(const struct pattern *pattern);

/* k(s) = max(1, ceil((1 - s) count - 1e-9)): how many of `count` stay when the share is removed. */
int kept_count(double share, int count);

struct largest largest_topk(const struct term *term, int tokens);
struct largest largest_nm(const struct term *term, int tokens);
struct largest largest_threshold(const struct term *term, int tokens);
void fill_largest(const struct term *term, const struct mask_request *request, uint8_t *mask);
void fill_blocks_topk(const struct term *term, const struct mask_request *request, uint8_t *mask);
void fill_block_topk(const struct term *term, const struct mask_request *request, uint8_t *mask);
void reason_topk(const struct term *term, const struct mask_request *request, int query, int key,
                 int kept, char *text, size_t size);
void reason_block_topk(const struct term *term, const struct mask_request *request, int query,
                       int key, int kept, char *text, size_t size);
void reason_threshold(const struct term *term, const struct mask_request *request, int query,
                      int key, int kept, char *text, size_t size);
void reason_nm(const struct term *term, const struct mask_request *request, int query, int key,
               int kept, char *text, size_t size);

/* ---- selection (select.c) ------------------------------------------------------------------- */

/* 1 for the largest; ties and NaN as in largest.h. */
int rank_of(const float *values, int count, int index);

/* Where a quantile is among rising numbers: so far between that at `below` and the next one. */
struct place {
    int below;
    double fraction;
};

struct place quantile_place(int count, double share);

/* The share-quantile with linear interpolation (Hyndman and Fan's type 7). NaN counts as -infinity.
 */
double quantile(const float *values, int count, double share);

/* ---- the parsed form (sparsity.c, parse.c) -------------------------------------------------- */

struct range {
    int low, high; /* both included */
};

enum operation { OPERATION_TERM, OPERATION_EITHER, OPERATION_BOTH };

struct instruction {
    enum operation operation;
    int term; /* of OPERATION_TERM: index into terms */
};

struct rule {
    struct range layers, heads;
    int off;   /* the heads' output is zero; no instructions */
    int dense; /* every pair is kept */
    int needs_scores;
    int first, count; /* its instructions */
    size_t offset;    /* of the byte in the text to point at when the place is not in a model */
};

struct sparsity {
    char *text;    /* as given */
    char *pattern; /* with presets written out */
    struct rule *rules;
    struct instruction *instructions;
    struct term *terms;
    int rule_count, instruction_count, term_count;
};

/* What is known of a head's mask before its scores are (shape.c). */
struct mask_shape sparsity_shape(const struct sparsity *sparsity,
                                 const struct mask_request *request);

/* As sparsity_mask, for the grid of blocks of a shape of MASK_FORM_BLOCKS. */
enum mask_kind sparsity_mask_blocks(const struct sparsity *sparsity,
                                    const struct mask_request *request, uint8_t *mask);

/* The rule that decides for this head; NULL: none does, the head is dense. */
const struct rule *rule_for(const struct sparsity *sparsity, int layer, int head);

/*
 * Works the expression of a rule that is not `off` out into mask [rows,n], 1 kept and 0 removed;
 * the request says which rows (none: all).
 * `visit`, which may be NULL, is called after each instruction, when bit 0 is its result.
 */
void rule_fill(const struct sparsity *sparsity, const struct rule *rule,
               const struct mask_request *request, uint8_t *mask,
               void (*visit)(void *user, const struct instruction *instruction,
                             const uint8_t *mask),
               void *user);

/* Parses the text of a preset as sparsity_parse does; faults name the file and the preset. */
struct preset;
int sparsity_parse_preset(const struct presets *presets, const struct preset *preset,
                          struct sawb_error *error);

/* ---- presets (presets.c) -------------------------------------------------------------------- */

struct preset {
    char *name;
    char *family;        /* NULL when the preset has none */
    char *label;         /* as presets_name gives it */
    char *specification; /* as it stands in the file */
    char *path;          /* of the file */
};

/* `family` NULL: the first of that name. NULL when there is none (also when `presets` is NULL). */
const struct preset *presets_find(const struct presets *presets, const char *name,
                                  size_t name_length, const char *family, size_t family_length);
const struct preset *presets_at(const struct presets *presets, int index);

/* ---- faults (fault.c) ----------------------------------------------------------------------- */

/* Bytes of the identifier ([A-Za-z_][A-Za-z0-9_-]*) at `text`; 0 when there is none. */
size_t identifier_length(const char *text);

/* "; did you mean NAME?" for the pattern or preset spelt most like `name`, else a list of what
 * there is. */
void suggest_name(const struct presets *presets, const char *name, size_t length, char *text,
                  size_t size);

#endif
