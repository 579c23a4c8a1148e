/*
 * occlusion.h - the bars of the view PREDICTION.
 */
#ifndef SAWB_TUI_SCREEN_OCCLUSION_H
#define SAWB_TUI_SCREEN_OCCLUSION_H

#include "tui/screen/screen.h"

#define OCCLUSION_LEAST 4 /* rows: a title, a head and some bars */

/* A title, then a row for each token, as many as there is room for around the cursor. */
void occlusion_draw(const struct screen *screen, struct area area);

/* The token in this row of the area, -1: none. */
int occlusion_token(const struct screen *screen, struct area area, int row);

#endif
