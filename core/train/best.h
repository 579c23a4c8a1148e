/*
 * best.h - the weights of the best evaluation so far, and how long it has been the best.
 *
 * Better is a higher accuracy, of equal ones a lower loss. An evaluation counts once for a step.
 */
#ifndef SAWB_CORE_TRAIN_BEST_H
#define SAWB_CORE_TRAIN_BEST_H

#include <stdint.h>

#include "core/model/model.h"

struct best {
    struct model *model; /* owned; NULL before an evaluation */
    int64_t step;        /* of the best */
    double accuracy, loss;
    int64_t judged; /* step of the newest evaluation */
    int stale;      /* evaluations since the best */
};

void best_free(struct best *best);

/* Takes an evaluation of `model` into account; its weights are copied when it is the best. */
int best_judge(struct best *best, const struct model *model, int64_t step, double accuracy,
               double loss, struct sawb_error *error);

#define BEST_TEXT_BYTES 160

/* All but the weights, as a text that reads back exactly. */
void best_print(const struct best *best, char text[BEST_TEXT_BYTES]);
int best_parse(struct best *best, const char *text, const char *where, struct sawb_error *error);

#endif
