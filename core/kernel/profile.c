/*
 * profile.c - laps between operations.
 */
#include "core/kernel/profile.h"

#include "core/base/clock.h"

static const char *const names[OPERATIONS] = {
    [OPERATION_BATCH] = "batch",
    [OPERATION_TEACHER] = "teacher",
    [OPERATION_CATCH_UP] = "AdamW, rows that lagged",
    [OPERATION_EMBEDDING] = "embeddings, norm, dropout",
    [OPERATION_FORWARD] = "products, forward",
    [OPERATION_FORWARD_ACTIVATION] = "product and GELU, forward",
    [OPERATION_ATTENTION] = "attention, forward",
    [OPERATION_NORM] = "residual, norm, dropout",
    [OPERATION_CLASSIFIER] = "classifier and loss",
    [OPERATION_NORM_BACKWARD] = "norm, dropout, bias, backward",
    [OPERATION_WEIGHT] = "products, weights' gradients",
    [OPERATION_INPUT] = "products, inputs' gradients",
    [OPERATION_ACTIVATION_BACKWARD] = "GELU and its bias, backward",
    [OPERATION_ATTENTION_BACKWARD] = "attention, backward",
    [OPERATION_COLUMN_SUMS] = "projections' biases, backward",
    [OPERATION_EMBEDDING_BACKWARD] = "embeddings, backward",
    [OPERATION_RANKS] = "sums over ranks",
    [OPERATION_GRADIENT_NORM] = "norm of the gradient",
    [OPERATION_UPDATE] = "clip and AdamW",
};

const char *operation_name(enum operation operation) {
    return names[operation];
}

void profile_begin(struct profile *profile, struct pool *pool) {
    profile->pool = pool;
    profile->times = pool_times(pool);
    profile->last = clock_seconds();
}

void profile_add(struct profile *profile, enum operation operation, double flops, double bytes) {
    struct profile_row *row = &profile->rows[operation];
    struct pool_times times = pool_times(profile->pool);
    double now = clock_seconds(), seconds = now - profile->last;
    row->seconds += seconds;
    row->idle += seconds * (pool_threads(profile->pool) - 1) -
                 (times.helped - profile->times.helped) + times.waited - profile->times.waited;
    row->flops += flops;
    row->bytes += bytes;
    row->laps++;
    profile->times = times;
    profile->last = now;
}
