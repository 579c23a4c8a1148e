/*
 * frames.h - the panes of the screen: each view in its place, and the borders between them.
 */
#ifndef SAWB_TUI_SCREEN_FRAMES_H
#define SAWB_TUI_SCREEN_FRAMES_H

#include "tui/screen/screen.h"

/* 1 when only the pane that has the keys is shown: it is the only one, or zoomed, or an answer is
 * read that has no room in it. `rows` and `columns` are the room for panes. */
int frames_alone(const struct screen *screen, int rows, int columns);

/* Draws the panes and remembers where they stand. */
void frames_draw(struct screen *screen, struct area room);

/* Where the panes stand in so much room; as panes_place, but one that is alone has all of it. */
int frames_place(const struct screen *screen, int rows, int columns,
                 struct pane_place places[PANES_MOST]);

#endif
