/*
 * attention.h - what the attention view looks at: one head of both arms or the mean of several,
 * special tokens, words, direction, bins; and the maps that come of it.
 *
 * The order of the reductions is always the same: mean over heads, special tokens left out (and the
 * rest rescaled), words, transposition, bins, logarithm, difference B - A of what is drawn. So a
 * value of the third map is the difference of the two beside it. Formulas: core/inspect/reduce.h.
 *
 * The maps are made when something changed, not for every frame: attention_update is cheap when
 * nothing did.
 */
#ifndef SAWB_TUI_APP_ATTENTION_H
#define SAWB_TUI_APP_ATTENTION_H

#include <stddef.h>

#include "core/inspect/capture.h"
#include "core/inspect/reduce.h"

struct workbench;
struct figure;

enum map_mode { MAP_WEIGHT, MAP_SCORE, MAP_LOG, MAP_MODES };
enum attention_special { SPECIAL_SHOW, SPECIAL_HIDE, SPECIAL_RESCALE, SPECIAL_CHOICES };
enum attention_maps_shown { MAPS_ALL, MAPS_A, MAPS_B, MAPS_DIFFERENCE, MAPS_CHOICES };

/* Bins: a number of tokens, or what the room asks for. */
enum attention_zoom {
    ZOOM_FIT = -1, /* the whole map in sight */
    ZOOM_AUTO = 0 /* all columns in sight, in square bins; but less than two screens are scrolled */
};

#define ATTENTION_HEADS_BYTES 96
#define ATTENTION_LOG_FLOOR (-9.0f) /* of decimal logarithms of weights */

/* What the user chose: plain values, so that they can be kept and restored. All zero is where one
 * starts. */
struct attention_look {
    double threshold; /* weights below it are faint; 0: off */
    enum attention_special special;
    int words;     /* 1: pieces are merged into words */
    int transpose; /* 1: keys are rows */
    int row;       /* 1: the row view */
    enum reduce_bins bins;
    int zoom; /* cells of a bin, or an enum attention_zoom */
    enum attention_maps_shown maps;
    char heads[ATTENTION_HEADS_BYTES]; /* whose mean is shown ("all", "layer", "L2 0.1"); empty: the
                                          layer and head looked at */
};

/* One arm's map and what its rows and columns stand for. */
struct attention_side {
    int tokens;
    struct spans spans;         /* S, see core/inspect/reduce.h */
    int *span_of;               /* [T] */
    int longest_label;          /* columns, for heatmaps */
    char **labels;              /* [S] a piece or a word */
    struct attention_map map;   /* [S,S] without bins and logarithm */
    struct attention_map shown; /* [D,E] what is drawn, in bins */
    /* [D], [E] of the first span of each bin; borrowed from `labels` */
    const char **row_labels, **column_labels;
};

/* What the maps were made of; when it is another now, they are made anew. */
struct attention_source {
    const struct capture *captures[2];
    double milliseconds[2]; /* of the passes: tells a new capture at an old address */
    uint64_t steps[2];
    int prediction, answers;
    int layer, head;
    enum map_mode mode;
    enum attention_special special;
    int words, transpose;
    char heads[ATTENTION_HEADS_BYTES];
};

struct attention_maps {
    int made; /* 1: what follows holds as far as bins do not matter, 2: all of it */
    struct attention_source source;
    int *chosen; /* [heads] layer * NH + head of the heads whose mean it is */
    int heads;
    int comparable; /* both arms have the same tokens: there is a difference */
    struct attention_side sides[2];
    int bin_rows, bin_columns; /* cells of a bin, as drawn; 0: not drawn yet */
    enum reduce_bins bins;
    float low, high;                 /* of what both arms show */
    struct attention_map difference; /* [D,E] */
    float largest;                   /* of its absolute values */
};

struct attention {
    struct attention_look look;
    struct attention_maps maps;
};

/*
 * Makes the maps of the present look if they are not there, up to `map`. An error when there is
 * nothing to show, which says why: no answer yet, heads that are not there, all tokens hidden.
 */
int attention_update(struct workbench *workbench, struct sawb_error *error);
/* After attention_update: what is drawn with bins of so many rows and columns. */
int attention_bin(struct workbench *workbench, int rows, int columns, struct sawb_error *error);
void attention_clear(struct attention *attention);

/* Rows and columns of a bin for S of both, of which so many have room. */
void attention_bin_size(const struct attention_look *look, int spans, int visible_rows,
                        int visible_columns, int *rows, int *columns);

/* The cell of what is drawn that the cursor is in. */
void attention_cell(const struct workbench *workbench, int arm, int *row, int *column);
/* Moves the cursor by so many cells, as they are drawn. */
void attention_move(struct workbench *workbench, int rows, int columns);
/* The tokens that the cursor goes to in the cell (row, column), pulled into what is drawn. */
void attention_tokens(const struct workbench *workbench, int arm, int row, int column, int *query,
                      int *key);

/* What is drawn in the cursor's cell. */
struct attention_reading {
    const char *query[2], *key[2]; /* first and last label of the cell: the same in one of a pair */
    int queries, keys;             /* tokens on either side */
    int query_spans, key_spans;    /* tokens or words on either side */
    int kept;                      /* drawn as kept */
    double value;                  /* as drawn: a weight, a score or a logarithm, see the mode */
    long pairs, pairs_kept;        /* it was made of, over all heads */
    int single;                    /* 1: one pair of the head looked at; then also */
    double score, weight;          /* those of the model */
};
void attention_read(const struct workbench *workbench, int arm, struct attention_reading *reading);

/* Whose attention is shown: "layer 1  head 2", "mean of L2". */
void attention_place_text(const struct workbench *workbench, char *text, size_t size);
/* Every other reduction that is on, in few words, or `shortly` in fewer; empty: none. */
void attention_reductions_text(const struct workbench *workbench, int shortly, char *text,
                               size_t size);
const char *attention_mode_name(enum map_mode mode);

/*
 * The heads that a text names, of L layers of NH heads: "all", "layer" (the one looked at), "L2"
 * (a layer), "1.3" (a head), any of them separated by blanks. *chosen [returned], owned by the
 * caller, each head once and in order. -1 with an error.
 */
int attention_heads(const char *text, int layers, int heads, int layer, int **chosen,
                    struct sawb_error *error);

/* A, B and B - A as matrices with labels, without a terminal's bins unless they were chosen. */
int attention_figure(const struct workbench *workbench, struct figure *figure,
                     struct sawb_error *error);

#endif
