/*
 * replay_model.h - a model of a session without its weights: nothing computes in a replay.
 */
#ifndef SAWB_TUI_APP_REPLAY_MODEL_H
#define SAWB_TUI_APP_REPLAY_MODEL_H

#include "core/base/json.h"
#include "tui/app/workbench.h"

/* Of the shape and the name that a LOG_MODEL record says; released by the caller. NULL with an
 * error when it says too little. */
struct model *replay_model_make(const cJSON *json, struct sawb_error *error);

/* Says in words what a workbench with these models goes on from, compared with the replay's. */
void replay_model_origin(const struct workbench *workbench, struct model *const opened[ARMS],
                         char *text, size_t size);

#endif
