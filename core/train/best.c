/*
 * best.c - comparing evaluations, and the copy of the weights.
 */
#include "core/train/best.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void best_free(struct best *best) {
    model_release(best->model);
    *best = (struct best){0};
}

static void copy_weights(struct model *to, const struct model *from) {
    struct weights source =
        from->weights; /* weights_get hands out pointers that could be written */
    for (int i = 0; i < weights_count(&to->config); i++) {
        struct weight old, new;
        weights_get(&to->config, &to->weights, i, &old);
        weights_get(&from->config, &source, i, &new);
        memcpy(*old.pointer, *new.pointer, new.count * sizeof(float));
    }
}

int best_judge(struct best *best, const struct model *model, int64_t step, double accuracy,
               double loss, struct sawb_error *error) {
    if (best->model && best->judged == step)
        return 0;
    if (best->model &&
        !(accuracy > best->accuracy || (accuracy == best->accuracy && loss < best->loss))) {
        best->judged = step;
        best->stale++;
        return 0;
    }
    if (!best->model && model_copy(&best->model, model, error) < 0)
        return -1;
    copy_weights(best->model, model);
    best->step = best->judged = step;
    best->accuracy = accuracy;
    best->loss = loss;
    best->stale = 0;
    return 0;
}

void best_print(const struct best *best, char text[BEST_TEXT_BYTES]) {
    snprintf(text, BEST_TEXT_BYTES, "%" PRId64 " %.17g %.17g %" PRId64 " %d", best->step,
             best->accuracy, best->loss, best->judged, best->stale);
}

int best_parse(struct best *best, const char *text, const char *where, struct sawb_error *error) {
    struct best read = {0};
    int end = 0;
    int fields = sscanf(text, "%" SCNd64 " %lf %lf %" SCNd64 " %d%n", &read.step, &read.accuracy,
                        &read.loss, &read.judged, &read.stale, &end);
    if (fields != 5 || text[end] != '\0' || read.step < 0 || read.judged < read.step ||
        read.stale < 0)
        return error_set(error, "%s: \"%s\" does not describe a best evaluation", where, text);
    read.model = best->model;
    *best = read;
    return 0;
}
