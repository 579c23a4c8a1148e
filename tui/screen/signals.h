/*
 * signals.h - signals as bytes in a pipe, so that the loop meets them where it waits anyway.
 */
#ifndef SAWB_TUI_SCREEN_SIGNALS_H
#define SAWB_TUI_SCREEN_SIGNALS_H

#include "core/base/error.h"

/* SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGTSTP and SIGCONT go into the pipe from now on; SIGPIPE is
 * ignored. */
int signals_open(struct sawb_error *error);
void signals_close(void); /* what was before is in force again */

int signals_descriptor(void); /* readable while one waits */
int signals_next(void);       /* the number of the oldest, 0 when there is none */

#endif
