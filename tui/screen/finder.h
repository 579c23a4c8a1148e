/*
 * finder.h - search over what can be done now: keys of the view, keys of every view, commands.
 */
#ifndef SAWB_TUI_SCREEN_FINDER_H
#define SAWB_TUI_SCREEN_FINDER_H

#include "tui/screen/screen.h"

/*
 * What fits `pattern` (see fuzzy.h), the best first: `text` is what to run, with a blank at its end
 * when it needs more words; `help` says what it does and on which key it is. Returns how many (0
 * also when out of memory); free with completions_free.
 */
int finder_search(const struct screen *screen, const char *pattern, struct completion **found);

#endif
