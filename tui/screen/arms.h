/*
 * arms.h - what the two arms answer: pattern, sparsity, label, probability, logits, difference.
 */
#ifndef SAWB_TUI_SCREEN_ARMS_H
#define SAWB_TUI_SCREEN_ARMS_H

#include "tui/screen/screen.h"

#define ARMS_CAPTION_ROWS 20 /* rows of the screen from which the arms have captions */

/* Draws from the area's first row on, as much as the screen's height allows. Returns the rows used.
 */
int arms_draw(struct screen *screen, struct area area);

#endif
