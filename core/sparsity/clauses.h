/*
 * clauses.h - a specification taken apart for editing: its clauses, and an expression as what it
 * was plus the pairs listed by hand.
 *
 * All texts are parts of specifications that parse, so the errors left are those of memory.
 */
#ifndef SAWB_CORE_SPARSITY_CLAUSES_H
#define SAWB_CORE_SPARSITY_CLAUSES_H

#include "core/sparsity/internal.h"

struct clause {
    char *text;              /* without blanks at its ends */
    struct sparsity *parsed; /* of it alone */
};

struct clauses {
    const struct presets *presets;
    struct clause *items;
    int count, capacity;
};

/* Splits; an error as of sparsity_parse when the specification does not parse. */
int clauses_read(struct clauses *clauses, const char *spec, const struct presets *presets,
                 struct sawb_error *error);
void clauses_free(struct clauses *clauses);

/* The clauses as one specification, "dense" for none, owned by the caller. An error when it has
 * become more than can be parsed. */
char *clauses_write(const struct clauses *clauses, struct sawb_error *error);

int clauses_insert(struct clauses *clauses, int index, const char *text, size_t length,
                   struct sawb_error *error);
int clauses_replace(struct clauses *clauses, int index, const char *text, struct sawb_error *error);
void clauses_remove(struct clauses *clauses, int index);

/* Puts the clauses a preset stands for in its place. */
int clauses_expand(struct clauses *clauses, int index, struct sawb_error *error);

/* Index of the clause that decides for this head, -1: none does. */
int clauses_deciding(const struct clauses *clauses, int layer, int head);

/* 1 for heads_off(...). */
int clause_is_off(const struct clause *clause);
/* 1 for one expression with or without a place: what an edit can be written into. A preset that
 * stands for several clauses, or for one with a place, is not. */
int clause_is_plain(const struct clause *clause);
/* 1 when its place is this head alone. */
int clause_is_of_head(const struct clause *clause, int layer, int head);
/* 1 for a plain clause without a place. */
int clause_is_general(const struct clause *clause);

/* Of a plain clause: the text before the place, owned by the caller, and the place itself, without
 * the '@'; NULL: none. */
char *clause_expression(const struct clause *clause, const char **place, struct sawb_error *error);

/* Query and key, one pair after the other, ascending. */
struct pair_list {
    int *numbers; /* [2 * count] */
    int count;
};

/* base & without(dropped) + pairs(kept) */
struct form {
    char *base;
    int dense; /* the base keeps every pair */
    struct pair_list dropped, kept;
};

int form_read(struct form *form, const char *expression, const struct presets *presets,
              struct sawb_error *error);
void form_free(struct form *form);
/* Owned by the caller. */
char *form_write(const struct form *form, struct sawb_error *error);

int pair_list_add(struct pair_list *list, int query, int key, struct sawb_error *error);
int pair_list_remove(struct pair_list *list, int query, int key); /* 1 when it was there */

#endif
