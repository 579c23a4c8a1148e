/*
 * replay_model.c - models of a session, as far as the session says what they are.
 */
#include "tui/app/replay_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* Of the folder, if it is there: only edited copies ask for it. */
static struct tokenizer *tokenizer_of(const char *directory, struct sawb_error *error) {
    static const char pieces[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
    struct tokenizer *tokenizer = NULL;
    if (tokenizer_open(&tokenizer, directory, NULL) == 0)
        return tokenizer;
    return tokenizer_from_vocabulary(&tokenizer, pieces, sizeof(pieces) - 1, "session", error) == 0
               ? tokenizer
               : NULL;
}

struct model *replay_model_make(const cJSON *json, struct sawb_error *error) {
    struct model *model = calloc(1, sizeof(*model));
    const char *directory = text_of(json, "directory"), *note = text_of(json, "note");
    const char *fingerprint = text_of(json, "fingerprint");
    const cJSON *config = cJSON_GetObjectItemCaseSensitive(json, "config");
    if (!model) {
        error_set(error, "session: out of memory for a model");
        return NULL;
    }
    atomic_init(&model->references, 1);
    model->directory = strdup(directory ? directory : "");
    model->json = cJSON_Duplicate(config, 1);
    model->fingerprint = fingerprint ? strtoull(fingerprint, NULL, 16) : 0;
    snprintf(model->note, sizeof(model->note), "%s", note ? note : "");
    model->tokenizer = directory ? tokenizer_of(directory, error) : NULL;
    if (!directory || !config || !model->directory || !model->json)
        error_set(error, "session: a model is not described");
    else if (model->tokenizer && model_config_read(&model->config, config, "session", error) == 0)
        return model;
    model_release(model);
    return NULL;
}

void replay_model_origin(const struct workbench *workbench, struct model *const opened[ARMS],
                         char *text, size_t size) {
    const struct run_history *run = &workbench->run;
    int changed = 0;
    for (int arm = 0; arm < ARMS; arm++)
        changed |= opened[arm]->fingerprint != workbench->arms[arm].model->fingerprint;
    int learning = run->running && !run->attached;
    if (learning)
        snprintf(text, size,
                 "live again, with %s as it is on disk%s: the weights of step %" PRId64
                 " are not in the session",
                 opened[ARM_A]->directory, changed ? ", changed since" : "", run->last.step);
    else
        snprintf(text, size, "%s",
                 changed ? "live again, with a model that has changed since"
                         : "live again from this state");
}
