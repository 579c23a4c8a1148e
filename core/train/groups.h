/*
 * groups.h - the weights in groups, by their depth: which are frozen, and how fast the others
 * learn.
 *
 * There are L + 2 groups: 0 the embeddings with their norm, 1 + l the encoder layer l, L + 1 the
 * head (pooler and classifier). With a layer decay X the learning rate of a group is that of the
 * schedule times X^(L - l) for layer l, X^(L + 1) for the embeddings, 1 for the head, as if each
 * were the step's own rate: AdamW's decay, which multiplies the rate, shrinks with it (Howard,
 * Ruder 2018, arXiv 1801.06146; Clark et al. 2020, arXiv 2003.10555).
 *
 * A frozen group keeps its weights bit for bit: it has no gradient (and no part in the norm that is
 * clipped), no moments, no decay. Its dropout goes on as in the rest of the model. Where the groups
 * from the embeddings up to some layer are frozen, the backward pass ends above them.
 */
#ifndef SAWB_CORE_TRAIN_GROUPS_H
#define SAWB_CORE_TRAIN_GROUPS_H

#include "core/model/weights.h"

static inline int groups_count(const struct model_config *config) {
    return config->layers + 2;
}

static inline int groups_of(const struct model_config *config, const struct weight *weight) {
    return weight->is_head ? config->layers + 1 : weight->layer + 1;
}

/*
 * `freeze` := "" | part { ',' part }, part := "embeddings" | 'L' number [ '-' number ], layers from
 * 0. An error names the column. With `layers` 0 only the spelling is checked.
 */
int groups_check(const char *freeze, int layers, struct sawb_error *error);

/* rates [L+2]: what the learning rate of each group is multiplied with; 0: frozen. An error as
 * above, or when a rate would be 0 without being frozen. */
int groups_rates(double *rates, const struct model_config *config, const char *freeze, double decay,
                 struct sawb_error *error);

#endif
