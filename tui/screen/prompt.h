/*
 * prompt.h - the `:` prompt: one command, with the candidates for the word being written.
 */
#ifndef SAWB_TUI_SCREEN_PROMPT_H
#define SAWB_TUI_SCREEN_PROMPT_H

#include "tui/screen/screen.h"

/* Actions. */
void prompt_open(struct screen *screen, const char *text); /* with `text` already written */
/* A search over the commands and keys that are at hand, by a few letters. */
void prompt_find(struct screen *screen, const char *argument);
void prompt_accept(struct screen *screen, const char *argument);
void prompt_cancel(struct screen *screen, const char *argument);
/* First as far as all candidates agree, then one after the other ("back": the other way round). In
 * a search: the next candidate. */
void prompt_complete(struct screen *screen, const char *argument);

/* The line was edited: new candidates. */
void prompt_changed(struct screen *screen);
void prompt_forget(struct screen *screen); /* frees the candidates */

/* The prompt in the area's last row, the candidates above it. */
void prompt_draw(struct screen *screen, struct area area);

#endif
