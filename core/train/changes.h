/*
 * changes.h - what is changed while a run is in progress, as a list that goes into its checkpoint.
 *
 * The list is JSON, in the order of the steps: [{"lr":1e-05,"step":420},{"sparsity":"topk(0.8)",
 * "step":500}]. A change holds from the step after the one it names.
 */
#ifndef SAWB_CORE_TRAIN_CHANGES_H
#define SAWB_CORE_TRAIN_CHANGES_H

#include <cJSON.h>
#include <stdint.h>

#include "core/sparsity/sparsity.h"

struct changes {
    cJSON *list;               /* NULL: nothing was changed */
    double rate;               /* peak learning rate in force; negative: as the run began */
    struct sparsity *sparsity; /* pattern in force, owned; NULL: as the run began */
};

struct changes changes_none(void);
void changes_free(struct changes *changes);

int changes_add_rate(struct changes *changes, int64_t step, double rate, struct sawb_error *error);

/* Takes the pattern over, also after an error. The one before it is freed. */
int changes_add_sparsity(struct changes *changes, int64_t step, struct sparsity *sparsity,
                         struct sawb_error *error);

/* The list as text, owned by the caller (free); *text NULL when nothing was changed. */
int changes_print(const struct changes *changes, char **text, struct sawb_error *error);

/* Fills *changes from such a text (NULL: none); `where` names it in errors, after which there is
 * nothing to free. */
int changes_parse(struct changes *changes, const char *text, const char *where,
                  struct sawb_error *error);

#endif
