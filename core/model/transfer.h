/*
 * transfer.h - word embeddings of a new encoder from those of another one.
 *
 * Each word piece gets the source's embedding of the same piece; what lies in the directions in
 * which these differ most (their first C principal components) is kept. Source: Pearson 1901, "On
 * lines and planes of closest fit to systems of points in space".
 */
#ifndef SAWB_CORE_MODEL_TRANSFER_H
#define SAWB_CORE_MODEL_TRANSFER_H

#include "core/model/model.h"

/* Replaces the word embeddings [V,C] of `model`, which owns its weights, by those of `source`,
 * scaled to a standard deviation of `deviation`. An error when the source is narrower than the
 * model, or without one of its word pieces. */
int transfer_words(struct model *model, const struct model *source, double deviation,
                   struct sawb_error *error);

/*
 * The first `count` principal axes of points [rows,width], whose mean is 0: axes [count,width],
 * orthonormal, ordered by the variance along them. By orthogonal iteration on the covariance
 * (Golub, Van Loan, "Matrix Computations", 8.2.4), begun at random but always alike.
 */
int principal_axes(const float *points, int rows, int width, int count, float *axes,
                   struct sawb_error *error);

#endif
