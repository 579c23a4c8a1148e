/*
 * attention_layout.h - which keys the queries of a tile keep, in the form that kernels walk.
 *
 * A tile is ATTENTION_ROWS queries (the last one has fewer). Its keys come in runs: of consecutive
 * keys that all its queries keep, or with a word of bits a key, bit r for its r-th query. Keys that
 * none keeps are not there. Queries that keep few keys together with the others are taken out of
 * the runs ("listed") and have a list of their own keys.
 */
#ifndef SAWB_CORE_KERNEL_ATTENTION_LAYOUT_H
#define SAWB_CORE_KERNEL_ATTENTION_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "core/kernel/attention.h"

#define ATTENTION_GROUP 4 /* queries that are multiplied with the values at once */
#define ATTENTION_GROUPS (ATTENTION_ROWS / ATTENTION_GROUP)
#define ATTENTION_ALL (-1) /* for `bits` of a run */

struct attention_run {
    int32_t key, count;
    int32_t bits; /* index of the word of its first key; ATTENTION_ALL: all queries keep all */
};

struct attention_range {
    int32_t begin, end; /* keys, [begin, end) */
};

struct attention_tile {
    int first, rows; /* queries */
    int runs, keys;  /* keys: of all runs together */
    int end;         /* no key is needed from here on */
    const struct attention_run *run;
    const uint16_t *bits;
    /* Positions among the keys between which each group of queries keeps any: [begin, end). */
    struct {
        int32_t begin, end;
    } reach[ATTENTION_GROUPS];
    unsigned listed;     /* bit r: query r has a list */
    const int32_t *list; /* of each listed query in turn: how many keys, the keys rising */
    int words;           /* of bits */
    int listed_keys;     /* of all lists */
    uint64_t kept;       /* pairs */

    /* 1: each query keeps the keys of one range, and its group no less cheaply than by runs (those
     * are there as well). Queries that are not there have that of the last. */
    int ranges;
    struct attention_range range[ATTENTION_ROWS];
    const uint8_t *mask; /* [rows,T] of the keys of the ranges, whose scores are known; NULL: all */
};

/* Room to make one tile in, for n keys. Owned by whoever asked for the memory. */
struct attention_room {
    struct attention_run *run; /* [n+1] */
    uint16_t *bits;            /* [n] */
    uint16_t *words;           /* [n] */
    int32_t *list;             /* [ATTENTION_ROWS (n+2)] */
};

/* Bytes of a room, and the room within memory that is aligned to 64 bytes. */
size_t attention_room_bytes(int tokens);
struct attention_room attention_room_in(void *memory, int tokens);

/* The tile of queries [first, first + rows) that keep mask [rows, tokens]; it lives in the room. */
struct attention_tile attention_tile_of_mask(const struct attention_room *room, const uint8_t *mask,
                                             int tokens, int first, int rows);

/* The same for blocks of `block` x `block` pairs: kept [blocks,blocks] of all of them. */
struct attention_tile attention_tile_of_blocks(const struct attention_room *room,
                                               const uint8_t *kept, int tokens, int block,
                                               int first);

/* The tile of queries that all have a list, one behind the other as in a tile. */
struct attention_tile attention_tile_of_lists(const int32_t *lists, int tokens, int first,
                                              int rows);

/* The tile of queries that keep mask [rows,tokens], `counts` [rows] of each, and whose scores are
 * known; the mask is not copied. */
struct attention_tile attention_tile_masked(const uint8_t *mask, const int *counts, int tokens,
                                            int first, int rows);

/* All keys for any queries, without memory: `run` is filled in. */
struct attention_tile attention_tile_dense(struct attention_run *run, int tokens, int first,
                                           int rows);

/* ---- the tiles of a head --------------------------------------------------------------------- */

struct attention_layout;

/*
 * |i-j| <= width and |i-j| mod step = 0. With a step, tokens are counted in the order of i mod step
 * (attention_layout_order), in which the pattern is a band again. NULL: no memory.
 */
struct attention_layout *attention_layout_band(int tokens, int width, int step);

/* Empty, for all tiles to be added in order, and then to be closed. NULL: no memory. */
struct attention_layout *attention_layout_create(int tokens);
int attention_layout_add(struct attention_layout *layout, const struct attention_tile *tile);
void attention_layout_close(struct attention_layout *layout);
void attention_layout_free(struct attention_layout *layout); /* NULL is fine */

/* Of a closed layout. */
const struct attention_tile *attention_layout_tile(const struct attention_layout *layout,
                                                   int index);
/* [tokens] the token that stands at each place; NULL: in order. */
const int32_t *attention_layout_order(const struct attention_layout *layout);
size_t attention_layout_bytes(const struct attention_layout *layout);
struct attention_choice attention_layout_choice(const struct attention_layout *layout);

static inline int attention_tiles(int tokens) {
    return (tokens + ATTENTION_ROWS - 1) / ATTENTION_ROWS;
}

static inline int attention_tile_rows(int tokens, int first) {
    return tokens - first < ATTENTION_ROWS ? tokens - first : ATTENTION_ROWS;
}

#endif
