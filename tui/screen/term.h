/*
 * term.h - the terminal: the only part that knows curses.
 *
 * There is one terminal, hence no object: term_open takes it, term_close (also at exit, and in a
 * crash) gives it back as it was.
 */
#ifndef SAWB_TUI_SCREEN_TERM_H
#define SAWB_TUI_SCREEN_TERM_H

#include "viz/grid.h"
#include "viz/palette.h"

/* Takes the terminal on stdin and stdout: alternate screen, keys unbuffered. An error when there is
 * none or it cannot place text. `color`: 0 without colours. */
int term_open(int color, struct sawb_error *error);
void term_close(void); /* twice is fine */

/* Colours of the open terminal: 2^24 when they are RGB values, 0: none. */
int term_colors(void);

/* 1 when the locale can show UTF-8. May be asked before term_open. */
int term_is_utf8(void);

/* Present size; asks the system, so that it is right after SIGWINCH. */
void term_size(int *rows, int *columns);

/* Shows the grid, which has the terminal's size: only what differs from what is shown is sent. */
void term_draw(const struct grid *grid, const struct palette *palette);

/* Whether the terminal tells of the mouse (off at first) or keeps it for its own selection. Does
 * nothing when that is so already, or when it has none. */
void term_mouse(int on);

/* The next term_draw sends everything: something else has written to the terminal. */
void term_forget(void);

/* Gives the terminal back, stops the process as Ctrl-Z does, and takes it again. */
void term_suspend(void);

#endif
