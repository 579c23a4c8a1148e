/*
 * plan.h - a schedule of patterns over the steps of a run, as on the command line.
 *
 *     sparsity_plan_parse(&plan, "dense@0-500; topk(0..0.8)@500-1500; topk(0.8)@1500-", ...);
 *
 * Grammar (blanks are free):
 *     plan := part { ';' part }
 *     part := specification '@' first '-' [ last ]
 *
 * A part holds for the steps after the first `first` up to and including step `last`: `topk(0.4)@
 * 500-1000` is used in steps 501 to 1000 (of the count from 1). The first part begins at 0, each
 * other where the one before ends, and without `last`, or when the run is longer, the last part
 * stays to the end. A specification (sparsity.h) may have several clauses: those without steps
 * belong to the part that follows, as in `topk(0.8); dense@L0@0-100`.
 *
 * `A..B` in the place of a number is a ramp: it begins at A and moves linearly, to be at B at the
 * end of the part and after it. It moves in n equal jumps, n being |B - A| in hundredths when
 * either number has a point and |B - A| otherwise (whole numbers stay whole), 100 at most: jump i
 * of a part of S steps comes once round(n s / S) = i, s steps after the part's begin. Several ramps
 * of one part jump together, as often as the one with the most jumps.
 */
#ifndef SAWB_CORE_TRAIN_PLAN_H
#define SAWB_CORE_TRAIN_PLAN_H

#include "core/sparsity/sparsity.h"

struct sparsity_plan;

/* An error points at the column. `presets` may be NULL and is not needed afterwards. */
int sparsity_plan_parse(struct sparsity_plan **plan, const char *text,
                        const struct presets *presets, struct sawb_error *error);
void sparsity_plan_free(struct sparsity_plan *plan); /* NULL is fine */

const char *sparsity_plan_text(const struct sparsity_plan *plan); /* as given */

/* Change `index` (from 0, which is at step 0) in the order of steps: *step gets the steps done
 * before it. Returns its pattern, presets written out; NULL past the last. */
const char *sparsity_plan_change(const struct sparsity_plan *plan, int index, int64_t *step);

/* The pattern that begins after exactly `step` steps, NULL: none does. */
const char *sparsity_plan_at(const struct sparsity_plan *plan, int64_t step);

/* As sparsity_check, of all patterns. */
int sparsity_plan_check(const struct sparsity_plan *plan, int layers, int heads,
                        struct sawb_error *error);

#endif
