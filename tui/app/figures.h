/*
 * figures.h - what every figure of the workbench says of where it comes from.
 */
#ifndef SAWB_TUI_APP_FIGURES_H
#define SAWB_TUI_APP_FIGURES_H

#include "core/base/error.h"
#include "tui/app/workbench.h"
#include "viz/figure.h"

/*
 * Adds the facts that hold of all that both arms show: model (of both arms, or of each), the
 * patterns of A and B with presets written out, realised sparsities in % as far as there are
 * answers, training step, sentence, seed and the version of sawb. What is not known yet is left
 * out. 0, or -1 with an error when out of memory.
 */
int figure_facts(const struct workbench *workbench, struct figure *figure,
                 struct sawb_error *error);

/* The commands that the help view shows, as a table (tui/command/command_help.c). */
int help_figure(const struct workbench *workbench, struct figure *figure, struct sawb_error *error);

#endif
