/*
 * steer.c - requests to a run in progress.
 */
#include "core/session/steer.h"

#include <stdlib.h>
#include <string.h>

struct steering *steering_create(enum steering_kind kind, const char *text,
                                 struct sawb_error *error) {
    struct steering *steering = calloc(1, sizeof(*steering));
    if (steering) {
        steering->kind = kind;
        steering->text = text ? strdup(text) : NULL;
    }
    if (steering && (steering->text || !text))
        return steering;
    free(steering);
    error_set(error, "run %s: out of memory", steering_name(kind));
    return NULL;
}

void steering_free(struct steering *steering) {
    if (!steering)
        return;
    sparsity_free(steering->sparsity);
    free(steering->text);
    free(steering);
}

const char *steering_name(enum steering_kind kind) {
    static const char *const names[STEERING_KINDS] = {[STEER_PAUSE] = "pause",
                                                      [STEER_CONTINUE] = "continue",
                                                      [STEER_CHECKPOINT] = "checkpoint",
                                                      [STEER_EVALUATE] = "evaluate",
                                                      [STEER_RATE] = "rate",
                                                      [STEER_SPARSITY] = "sparsity",
                                                      [STEER_BRANCH] = "branch",
                                                      [STEER_PIN] = "pin",
                                                      [STEER_UNPIN] = "unpin",
                                                      [STEER_PATTERN] = "pattern"};
    return names[kind];
}
