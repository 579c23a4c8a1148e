/*
 * replay_bar.h - the line under a screen that looks at a session again, and its keys.
 */
#ifndef SAWB_TUI_SCREEN_REPLAY_BAR_H
#define SAWB_TUI_SCREEN_REPLAY_BAR_H

#include "tui/screen/screen.h"

/* Rows that it takes from so many; 0 without a replay. */
int replay_bar_rows(const struct screen *screen, int rows);

/* Position, markers and time in the last row. */
void replay_bar_draw(struct screen *screen, struct area area);
/* 1: keys are the bar's (FOCUS_REPLAY) before they are the view's. */
int replay_bar_has_keys(const struct screen *screen);

/* 1: the key was the bar's. Tab gives the keys to the views, and back. */
int replay_bar_key(struct screen *screen, int key);

/* 0 for a command line that would change what a replay shows, after saying so. */
int replay_bar_allows(struct screen *screen, const char *line);

/* Follows the clock, see replay_follow; draws anew what has changed. */
void replay_bar_follow(struct screen *screen, double clock);

#endif
