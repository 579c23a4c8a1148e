/*
 * replay_door.h - `sawb replay FILE`: on the screen, or drawn into a file.
 */
#ifndef SAWB_TUI_SCREEN_REPLAY_DOOR_H
#define SAWB_TUI_SCREEN_REPLAY_DOOR_H

#include "tui/command/session.h"

/* Opens the session; `workbench` is for its settings only. For struct sink. */
int replay_door(struct workbench *workbench, const struct session_replay *asked, struct sink *sink);

/*
 * The session from `position` on as an asciicast (version 3: a line of JSON, then a line for each
 * frame with its interval, "o" and the text that draws it), drawn at the size it was recorded at.
 */
int replay_asciicast(struct replay *replay, const char *file, struct sawb_error *error);

#endif
