/*
 * sparsity.h - the pattern language: from a specification to keep masks.
 *
 *     struct sparsity *sparsity;
 *     sparsity_parse(&sparsity, "topk(0.8)+global(cls); dense@L0", presets, &error);
 *     kind = sparsity_mask(sparsity, &request, mask);
 *
 * Grammar (blanks are free):
 *     specification := clause { ';' clause }          later clauses win; a head in none is dense
 *     clause        := either [ '@' place ] | heads_off '(' l.h { ',' l.h } ')'
 *     either        := both { '+' both }              a pair is kept by either side
 *     both          := term { '&' term }              a pair is kept by both sides; binds tighter
 *     term          := pattern [ '(' arguments ')' ] | preset [ ':' family ] | '(' either ')'
 *     place         := 'L' range [ '.H' range ]       range := number [ '-' number ], from 0
 *
 * A share `s` says how much is removed: a number in [0, 1), or a percentage ("80%") below 100.
 * Where a width may be a share too, as in `local`, a number with a point or a per cent sign is a
 * share, and any other a width: local(1) is a width of 1, local(0.8) and local(80%) a share.
 * `local(80%)` takes, for each length, the width whose realised sparsity is nearest to the share;
 * of two equally near, the wider.
 *
 * `heads_off` is a clause of its own and touches only the heads it lists.
 *
 * A preset that stands for one expression may be used wherever a pattern may, as if in parentheses.
 * One of several clauses, or with a place, can only be a clause of its own; its clauses then stand
 * in its stead.
 *
 * Two things are decided for the whole expression of a head: a row that keeps nothing keeps the
 * token itself, and padding never counts (a mask has the valid tokens only). Patterns, with k(s) =
 * max(1, ceil((1 - s) n - 1e-9)), i the query, j the key, n the tokens, I and J their blocks of b:
 *     dense               every pair
 *     local(w)            |i-j| <= w
 *     dilated(w, r)       |i-j| <= w and |i-j| mod r = 0
 *     strided(l)          |i-j| < l or |i-j| mod l = 0
 *     fixed(l, c)         i and j in one window of l, or j among the last c of any window
 *     global(t, ...)      i or j is one of the tokens: cls (0), sep (n-1), an index (if below n)
 *     pairs(q.k, ...)     exactly the pairs listed, by the indices of query and key from 0; those
 *                         beyond the sentence do not count
 *     without(q.k, ...)   every pair but those listed
 *     block_local(b, k)   |I-J| <= k/2, rounded down
 *     bigbird(b, g, w, r) |I-J| <= w/2, rounded down, or I < g, or J < g, or J one of r blocks
 *                         drawn for block row I out of all (some may be kept anyway)
 *     topk(s)             the k(s) largest scores of the row, ties to the lower j
 *     block_topk(b, s)    the largest blocks of each block row by mean score, k(s) of the number
 *                         of block columns, ties to the lower J; blocks at the edge count the pairs
 *                         they have, means are rounded to single precision, and rows of more than
 *                         4096 blocks are ranked in groups of 4096
 *     threshold(s)        scores at or above the row's s-quantile, linearly interpolated; a rank
 *                         that is whole within 1e-9 is taken as whole
 *     nm(N, M)            the N largest scores of each M consecutive keys, ties to the lower j
 *     random(s[, step])   k(s) keys of each row, every choice equally likely; with step drawn anew
 *                         for each request->step
 *
 * Draws depend on (seed, layer, head, row or block row) and, where asked for, the step: not on
 * threads or order. A score that is not a number ranks below all others.
 */
#ifndef SAWB_CORE_SPARSITY_SPARSITY_H
#define SAWB_CORE_SPARSITY_SPARSITY_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/kernel/mask.h"

struct sparsity;
struct presets;

/*
 * Presets: {"name": "specification" | {"family": "specification", ...}}; a name without a family
 * takes the object's first. A key "//" is a comment. presets_load reads a file over what is there:
 * a preset of the same name is replaced whole, families and all. Presets may use one another; an
 * error names the file and the preset, and leaves the presets as they were.
 */
struct presets *presets_create(void);
int presets_load(struct presets *presets, const char *path, struct sawb_error *error);

/*
 * Saves a specification, with its presets written out, under a name in the file at `path` (made
 * with its folder when it is not there; what else stands in it stays) and loads the file, so that
 * the name can be used at once. An error when the name is no name or that of a pattern, or when the
 * file is not one of presets; then it stays as it was.
 */
int presets_save(struct presets *presets, const char *path, const char *name,
                 const char *specification, struct sawb_error *error);
void presets_free(struct presets *presets);
int presets_count(const struct presets *presets);
/* "name" for the first family of a preset, "name:family" for the others; borrowed. */
const char *presets_name(const struct presets *presets, int index);
const char *presets_specification(const struct presets *presets, int index);

/*
 * Parses. A fault is an error of three lines: what is wrong, the text, a caret under the column:
 *
 *     sparsity: column 6: share must be at least 0 and below 1, not 1.8
 *       topk(1.8)
 *            ^
 *
 * In a preset's own text, "FILE: preset "NAME"" stands in the place of "sparsity". Columns count
 * characters. `presets` may be NULL. The caller owns *sparsity, which is NULL after a fault.
 */
int sparsity_parse(struct sparsity **sparsity, const char *text, const struct presets *presets,
                   struct sawb_error *error);
void sparsity_free(struct sparsity *sparsity);

/* An error (with column) when a place or a head in heads_off lies outside the model's L and NH. */
int sparsity_check(const struct sparsity *sparsity, int layers, int heads,
                   struct sawb_error *error);

const char *sparsity_text(const struct sparsity *sparsity);    /* as given */
const char *sparsity_pattern(const struct sparsity *sparsity); /* with presets written out */

/* The share asked for when the specification is a single unrestricted pattern with a share (dense:
 * 0); otherwise -1. */
double sparsity_target(const struct sparsity *sparsity);

/* 1 when the head keeps every pair whatever the length: sparsity_mask then gives MASK_DENSE. */
int sparsity_head_is_dense(const struct sparsity *sparsity, int layer, int head);

/* 1 when that holds of every head of every layer. */
int sparsity_is_dense(const struct sparsity *sparsity);

/* 1 when this head's pattern looks at the scores. */
int sparsity_needs_scores(const struct sparsity *sparsity, int layer, int head);

/*
 * Writes mask [rows,n] (1 kept, 0 removed) of the rows asked for (all n when none are), for any n
 * whose mask fits into memory; of block_topk only whole rows of blocks may be asked for.
 * Thread-safe; allocates nothing and uses at most 20 KB of stack.
 */
enum mask_kind sparsity_mask(const struct sparsity *sparsity, const struct mask_request *request,
                             uint8_t *mask);

/* The same two functions as the encoder takes them; `sparsity` is borrowed. */
struct mask_source sparsity_source(const struct sparsity *sparsity);

/*
 * Why a pair is kept or not, for the reader of a map, e.g. "kept: rank 1 of 2" for topk, "removed:
 * |i-j| = 5 > 2" for local, "kept: the row kept nothing else" for a diagonal. Writes a
 * NUL-terminated text of at most `size` bytes; an empty one for a pair outside the sentence. Works
 * out the head's mask again.
 */
void sparsity_explain(const struct sparsity *sparsity, const struct mask_request *request,
                      int query, int key, char *text, int size);

/*
 * What the head's pattern keeps, in plain words: "every pair", "the largest scores of each row, 80
 * % removed; without 3.5". What only some heads do begins with where: "layers 0-1: ...", "this
 * head:
 * ...". Writes a NUL-terminated text of at most `size` bytes.
 */
void sparsity_words(const struct sparsity *sparsity, int layer, int head, char *text, int size);

/* Names and one-line descriptions of all patterns, for completion and help; NULL past the last. */
const char *sparsity_pattern_name(int index);
const char *sparsity_pattern_usage(int index);
const char *sparsity_pattern_help(int index);

/* Realised sparsity: 1 - kept / (n*n) of a mask; a dense head gives 0. */
double sparsity_realised(const uint8_t *mask, int tokens);

#endif
