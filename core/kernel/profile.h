/*
 * profile.h - where the time of a training step goes, by operation.
 *
 *     struct profile profile = {0};
 *     profile_begin(&profile, compute.pool);
 *     ... work ...  profile_lap(&profile, OPERATION_NORM, 0, bytes);
 *     ... work ...  profile_lap(&profile, OPERATION_FORWARD, flops, 0);
 *
 * A lap gives the time since the one before to an operation, so that no moment is counted twice or
 * left out. All operations are loops that the pool shares, called one after the other by one
 * thread: a lap costs one look at the clock. A profile that is NULL costs a comparison.
 */
#ifndef SAWB_CORE_KERNEL_PROFILE_H
#define SAWB_CORE_KERNEL_PROFILE_H

#include <stdint.h>

#include "core/base/pool.h"

enum operation {
    OPERATION_BATCH, /* rows chosen and packed */
    OPERATION_TEACHER,
    OPERATION_CATCH_UP,
    OPERATION_EMBEDDING,
    OPERATION_FORWARD,
    OPERATION_FORWARD_ACTIVATION,
    OPERATION_ATTENTION,
    OPERATION_NORM,
    OPERATION_CLASSIFIER, /* both ways, with the loss */
    OPERATION_NORM_BACKWARD,
    OPERATION_WEIGHT,
    OPERATION_INPUT,
    OPERATION_ACTIVATION_BACKWARD,
    OPERATION_ATTENTION_BACKWARD,
    OPERATION_COLUMN_SUMS,
    OPERATION_EMBEDDING_BACKWARD,
    OPERATION_RANKS,
    OPERATION_GRADIENT_NORM,
    OPERATION_UPDATE,
    OPERATIONS
};

/* What each is called in a table, e.g. "products, forward". */
const char *operation_name(enum operation operation);

struct profile_row {
    double seconds;
    double idle; /* of all threads together, for want of work */
    double flops, bytes;
    int64_t laps;
};

struct profile {
    struct pool *pool;
    double last;
    struct pool_times times; /* at `last` */
    struct profile_row rows[OPERATIONS];
};

/* The time from here on is given away by laps. The rows go on counting. */
void profile_begin(struct profile *profile, struct pool *pool);

/* flops, bytes: what was computed, and what had to be read and written at least; 0: not known. */
void profile_add(struct profile *profile, enum operation operation, double flops, double bytes);

static inline void profile_lap(struct profile *profile, enum operation operation, double flops,
                               double bytes) {
    if (profile)
        profile_add(profile, operation, flops, bytes);
}

#endif
