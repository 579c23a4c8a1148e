/*
 * mask.h - the state of the view MASK: which pairs a pattern keeps, as blocks and as shares of
 * every head, and pairs switched by hand.
 *
 * A pair switched by hand becomes part of the arm's specification (core/sparsity/edit.h): it is
 * saved, replayed and trained as every pattern is.
 */
#ifndef SAWB_TUI_APP_MASK_H
#define SAWB_TUI_APP_MASK_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/sparsity/blocks.h"

struct workbench;
struct figure;
struct capture;

enum mask_show {
    MASK_PAIRS,    /* of the head looked at, kept and removed */
    MASK_BLOCKS,   /* of it, full, partial and empty */
    MASK_SPARSITY, /* of every head: the share of pairs removed, ... */
    MASK_EMPTY,    /* ... of blocks that are empty, ... */
    MASK_MASS,     /* ... and of the dense attention that is kept */
    MASK_SHOWS
};

struct mask_state {
    enum mask_show show;
    int block;    /* size asked for, 0: the pattern's, or MASK_BLOCK */
    int edits_a;  /* 1: pairs and heads are switched in A, 0: in B */
    int first[2]; /* query and key where the visible part of the maps begins; the view keeps it */
};

/* Queries and keys of a block where the pattern has none: sentences are short. */
#define MASK_BLOCK 4

/* The arm whose pairs and heads are switched. */
int mask_arm(const struct workbench *workbench);

/* Size of the blocks of the head looked at, and what they are in the arm's answer (`kinds` as
 * block_layout takes it). All 0 without an answer. */
int mask_block_size(const struct workbench *workbench, int arm);
struct block_count mask_blocks(const struct workbench *workbench, int arm, int layer, int head,
                               uint8_t *kinds);

/* MASK_SPARSITY, MASK_EMPTY or MASK_MASS of a head, in [0, 1]; NaN without an answer. */
double mask_value(const struct workbench *workbench, int arm, int layer, int head,
                  enum mask_show show);

/* "sparsity", "empty blocks", "dense mass kept". */
const char *mask_show_name(enum mask_show show);

/* What the arm's pattern keeps of the head looked at, in words. */
void mask_words(const struct workbench *workbench, int arm, char *text, int size);

enum mask_switch {
    MASK_TOGGLE, /* back to what the pattern says where that is the other state */
    MASK_KEEP,
    MASK_DROP,
    MASK_FREE /* back to what the pattern says */
};
struct mask_change {
    enum mask_switch change;
    int arm, layer, head; /* layer -1: all heads of all layers */
    int query, key;
};

/*
 * Switches a pair of the arm by hand and asks for a new answer. The lists of the pattern grow only
 * where it does not say the same by itself for the sentence at hand. An error when the pair stays
 * as it is: a row keeps at least the token itself.
 */
int mask_switch(struct workbench *workbench, const struct mask_change *change,
                struct sawb_error *error);

/* Takes all pairs off the lists of a head, or of all (layer -1). */
int mask_clear(struct workbench *workbench, int arm, int layer, int head, struct sawb_error *error);

/* Saves the arm's pattern under a name in the user's presets. */
int mask_save(struct workbench *workbench, int arm, const char *name, struct sawb_error *error);

/* Masks and blocks of the head of both arms, and the three tables of heads. */
int mask_figure(const struct workbench *workbench, struct figure *figure, struct sawb_error *error);

#endif
