/*
 * sweep.h - what of a pattern varies in a sweep, and the whole numbers that come closest to a
 * share.
 */
#ifndef SAWB_CORE_SESSION_SWEEP_H
#define SAWB_CORE_SESSION_SWEEP_H

#include "core/session/worker.h"
#include "core/train/batch.h"

/* The pattern that the name of a family stands for, or `name` itself. */
const char *sweep_family_find(const char *name);

/* A number that may stand in the hole of a pattern: a share, or a whole number. */
/* Scores [tokens,tokens] that do not tie, for patterns that look at them, to be freed; NULL: no
 * memory. */
float *drawn_scores(int tokens, uint64_t seed);

struct sweep_search {
    const char *family;    /* pattern with a `?` that stands for a whole number; no preset in it */
    const double *targets; /* [count] */
    int count;
    const struct model_config *config;
    const struct token_set *set;
    uint64_t seed;
};

/*
 * For each target the whole number whose realised sparsity on the set is nearest, of equals the
 * smallest, into numbers [count]. Tries numbers up to the longest sentence at up to 32 lengths that
 * stand for all; patterns that look at scores see drawn ones. Breathes. 1: stopped, -1: an error.
 */
int sweep_numbers(const struct sweep_search *search, int *numbers, struct worker *worker,
                  struct sawb_error *error);

/* The same for sentences of so many tokens; the search needs no set. */
int sweep_numbers_at(const struct sweep_search *search, int tokens, int *numbers,
                     struct worker *worker, struct sawb_error *error);

/* Realised sparsity of a pattern on a sentence of so many tokens; the search needs config and seed.
 */
int sweep_realised_at(const struct sweep_search *search, const struct sparsity *sparsity,
                      int tokens, double *realised, struct sawb_error *error);

#endif
