/*
 * steer.c - requests to a run in progress.
 */
#include "core/session/steer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static int read_rate(double *rate, const char *word, struct sawb_error *error) {
    char *end;
    *rate = strtod(word, &end);
    if (end != word && !*end && *rate >= 0 && *rate <= STEER_RATE_MOST)
        return 0;
    return error_set(error, "run rate: a number from 0 to %d is wanted, not \"%s\"",
                     STEER_RATE_MOST, word);
}

static int read_pattern(struct sparsity **sparsity, const char *spec, const struct presets *presets,
                        int layers, int heads, struct sawb_error *error) {
    if (sparsity_parse(sparsity, spec, presets, error) < 0)
        return -1;
    if (layers == 0 || sparsity_check(*sparsity, layers, heads, error) == 0)
        return 0;
    sparsity_free(*sparsity);
    *sparsity = NULL;
    return -1;
}

/* The kind that the first word names, STEERING_KINDS: none that can be asked for so. */
static enum steering_kind kind_of(const char *word, size_t length) {
    static const enum steering_kind kinds[] = {STEER_PAUSE,    STEER_CONTINUE, STEER_CHECKPOINT,
                                               STEER_EVALUATE, STEER_RATE,     STEER_SPARSITY};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *name = steering_name(kinds[i]);
        if (strlen(name) == length && strncasecmp(name, word, length) == 0)
            return kinds[i];
    }
    return STEERING_KINDS;
}

struct steering *steering_read(const char *text, const struct presets *presets, int layers,
                               int heads, struct sawb_error *error) {
    size_t length = strcspn(text, " \t");
    const char *rest = text + length + strspn(text + length, " \t");
    enum steering_kind kind = kind_of(text, length);
    int takes = kind == STEER_RATE || kind == STEER_SPARSITY, status = 0;
    if (kind == STEERING_KINDS || (!takes && *rest)) {
        error_set(error, "run: cannot follow \"%.200s\"", text);
        return NULL;
    }
    struct steering *steering = steering_create(kind, NULL, error);
    if (!steering)
        return NULL;
    if (kind == STEER_RATE)
        status = read_rate(&steering->number, rest, error);
    else if (kind == STEER_SPARSITY)
        status = read_pattern(&steering->sparsity, rest, presets, layers, heads, error);
    if (status == 0)
        return steering;
    steering_free(steering);
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
