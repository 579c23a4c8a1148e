/*
 * sight.h - what of the screen a session remembers beside the workbench: where the keys go, the
 * cursor of the sentence, how far texts are scrolled, the answer that is shown.
 */
#ifndef SAWB_TUI_SCREEN_SIGHT_H
#define SAWB_TUI_SCREEN_SIGHT_H

#include "tui/screen/screen.h"

/* `answer` is borrowed from the screen. */
void screen_sight(const struct screen *screen, int rows, int columns, struct session_sight *sight);

/* The screen shows what was in sight, and the workbench's sentence. */
void screen_take_sight(struct screen *screen, const struct session_sight *sight);

#endif
