/*
 * presets_json.h - all presets as one JSON object, and back: what a session keeps of them.
 */
#ifndef SAWB_CORE_SPARSITY_PRESETS_JSON_H
#define SAWB_CORE_SPARSITY_PRESETS_JSON_H

#include "core/base/json.h"
#include "core/sparsity/sparsity.h"

/* An object as in a file of presets, owned by the caller; NULL when out of memory. */
cJSON *presets_json(const struct presets *presets);

/* Reads such an object in the place of all that is there; after an error that stays as it was.
 * `where` stands for the file in errors. */
int presets_read(struct presets *presets, const cJSON *object, const char *where,
                 struct sawb_error *error);

#endif
