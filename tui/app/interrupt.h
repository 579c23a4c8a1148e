/*
 * interrupt.h - Ctrl-C and SIGTERM as a question that long work asks.
 *
 * Only the program itself installs it; without that, nothing is ever interrupted.
 */
#ifndef SAWB_TUI_APP_INTERRUPT_H
#define SAWB_TUI_APP_INTERRUPT_H

#include "core/base/error.h"

/* Catches SIGINT, SIGTERM and SIGUSR1 (which mpirun passes on): the first is remembered, the second
 * ends the program at once. */
int interrupt_install(struct sawb_error *error);

/* 1: from now on a second SIGINT does not end the program; for a door that goes on behind it. */
void interrupt_endure(int on);

/* As if no signal had come yet. */
void interrupt_forget(void);

/* The signal that came, 0: none. */
int interrupt_signal(void);

/* Readable once a signal has come; -1 when nothing is installed. For poll. */
int interrupt_descriptor(void);

#endif
