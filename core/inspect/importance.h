/*
 * importance.h - how much the loss of a sentence hangs on each head.
 *
 * I_h = |∂L/∂ξ_h| at ξ = 1, for a gate ξ_h that multiplies the output of the head: |O_hᵀ ∂L/∂O_h|.
 * Michel et al. 2019 (arXiv 1905.10650) take the mean of this over sentences; a batch of one
 * sentence is needed for it, since a sum inside of the absolute value would let sentences cancel.
 */
#ifndef SAWB_CORE_INSPECT_IMPORTANCE_H
#define SAWB_CORE_INSPECT_IMPORTANCE_H

#include "core/kernel/compute.h"
#include "core/model/model.h"
#include "core/sparsity/sparsity.h"
#include "core/text/tokenizer.h"

enum importance_scale {
    IMPORTANCE_RAW,
    IMPORTANCE_LAYER, /* divided by the ℓ2 norm of its layer */
    IMPORTANCE_PAPER, /* then stretched over all heads so that the least is 0 and the largest 1 */
    IMPORTANCE_SCALES
};

/* "none", "layer", "paper"; NULL past the last. */
const char *importance_scale_name(int scale);

/*
 * Writes importance [L,NH] of the sentence's tokens: forward and backward, dropout off, under the
 * pattern. `label`: of the loss (cross-entropy); -1 takes the predicted one. An error when there is
 * no such label or not enough memory.
 */
int importance_measure(double *importance, const struct model *model,
                       const struct sparsity *sparsity, const struct encoding *encoding, int label,
                       uint64_t seed, const struct compute *compute, struct sawb_error *error);

/* Scales values [L,NH] in place. A layer of zeros stays so; NaN is passed over. */
void importance_rescale(double *values, int layers, int heads, enum importance_scale scale);

#endif
