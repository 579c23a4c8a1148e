/*
 * edit.h - changing a specification by hand: single pairs, and heads that are off.
 *
 * Every function takes a specification that parses and gives a new one, owned by the caller (free),
 * that parses and means the same but for what was changed; NULL with an error. What is changed
 * becomes part of the pattern language, so that it is saved, replayed and trained like any other
 * pattern:
 *
 *     topk(0.8)                                    drop 3.5 of head 1.2
 *     topk(0.8); topk(0.8) & without(3.5)@L1.H2    keep 4.1 there
 *     topk(0.8); topk(0.8) & without(3.5) + pairs(4.1)@L1.H2
 *
 * Editing a head again extends its lists; a head whose lists become empty loses its clause. Presets
 * keep their names where they can, and are written out where one of several clauses is changed.
 */
#ifndef SAWB_CORE_SPARSITY_EDIT_H
#define SAWB_CORE_SPARSITY_EDIT_H

#include "core/sparsity/sparsity.h"

#define EDIT_ALL (-1) /* as layer and head of an edit: every head of every layer */

enum cell_wish {
    CELL_FREE, /* the pattern decides: the pair is taken off the lists */
    CELL_KEEP, /* kept, whatever the pattern says */
    CELL_DROP  /* removed, whatever the pattern says */
};

struct cell_edit {
    int layer, head; /* EDIT_ALL, both: all heads that are not off */
    int query, key;  /* from 0 */
    enum cell_wish wish;
};

/* An error when the head is off: it has no pairs. */
char *sparsity_edit_cell(const char *spec, const struct presets *presets,
                         const struct cell_edit *edit, struct sawb_error *error);

/* What the lists of the head's pattern say of a pair; of several the last. */
enum cell_wish sparsity_cell_listed(const struct sparsity *sparsity, int layer, int head, int query,
                                    int key);

/* Takes every pair off the lists of the head, or of all heads (EDIT_ALL). */
char *sparsity_clear_cells(const char *spec, const struct presets *presets, int layer, int head,
                           struct sawb_error *error);

struct head_place {
    int layer, head; /* from 0 */
};

/* 1 when the head's output is zero. */
int sparsity_head_is_off(const struct sparsity *sparsity, int layer, int head);

/* The heads that are off, in ascending order: *places [*count], owned by the caller (free). */
int sparsity_heads_off(const struct sparsity *sparsity, struct head_place **places, int *count,
                       struct sawb_error *error);

/* Exactly these heads are off afterwards, written in this order in one last clause. */
char *sparsity_set_heads_off(const char *spec, const struct presets *presets,
                             const struct head_place *places, int count, struct sawb_error *error);

/* Switches one head off (1) or on (0). */
char *sparsity_edit_head(const char *spec, const struct presets *presets, struct head_place place,
                         int off, struct sawb_error *error);

#endif
