/*
 * replay_sight.h - records of what was in sight (recorder.h), applied by a replay.
 */
#ifndef SAWB_TUI_APP_REPLAY_SIGHT_H
#define SAWB_TUI_APP_REPLAY_SIGHT_H

#include "core/base/json.h"
#include "tui/app/console.h"
#include "tui/app/recorder.h"

/* Returns how many sentences and patterns were other ones and are now as recorded. `*answer` is
 * what sight->answer points to, owned by the caller. Lines of the console go to `console`. */
int sight_apply(struct workbench *workbench, const cJSON *object, struct session_sight *sight,
                char **answer, struct console *console);

/* The workbench shows the lines of this console, and no others. */
void sight_console(struct workbench *workbench, const struct console *console);

/* The presets become those that the record holds, if it does: not all of them can be read by every
 * sawb, and then they stay those of this machine. */
void sight_presets(struct workbench *workbench, const cJSON *object);

/* The field in the workbench. */
int *sight_number(struct workbench *workbench, const struct sight_field *field);

#endif
