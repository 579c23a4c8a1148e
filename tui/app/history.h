/*
 * history.h - what a training run has told so far.
 */
#ifndef SAWB_TUI_APP_HISTORY_H
#define SAWB_TUI_APP_HISTORY_H

#include "tui/app/workbench.h"

/* 0, or -1 when out of memory: the point is then missing from the curves. `time`: seconds since
 * 1970. */
int history_step(struct run_history *run, const struct step_report *report, double time);
int history_evaluation(struct run_history *run, int64_t step, const struct evaluation *evaluation);

/* Everything freed and zero again. */
void history_clear(struct run_history *run);

#endif
