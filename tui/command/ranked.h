/*
 * ranked.h - this process as one of several that mpirun started for a run in training.
 *
 *     struct ranked ranked;
 *     sink = ranked_begin(&ranked, "train", sink);
 *     if (ranked_open(&ranked, &settings, &error) == 0) ... the command ...
 *     status = ranked_end(&ranked, status);
 *
 * Rank 0 speaks. The others say nothing but why they cannot begin, and why one of them ends
 * without the others knowing.
 */
#ifndef SAWB_TUI_COMMAND_RANKED_H
#define SAWB_TUI_COMMAND_RANKED_H

#include "tui/app/workbench.h"
#include "tui/command/command.h"

struct ranked {
    int asked; /* 1: there are other ranks */
    struct ranks *ranks;
    struct sink *sink, silent;
    struct sawb_error error; /* the last that was not said */
};

/* `command` NULL: none, which like all but `train` runs alone. Returns the sink to speak to,
 * borrowed. Nothing can fail yet. */
struct sink *ranked_begin(struct ranked *ranked, const char *command, struct sink *sink);

/* Meets the other ranks, and sets what of the settings depends on them. Without others nothing
 * happens. */
int ranked_open(struct ranked *ranked, struct settings *settings, struct sawb_error *error);

/* Takes leave of the others; `status` is the command's. Returns that of the process. Does not
 * return when this rank has failed alone: then all end. */
int ranked_end(struct ranked *ranked, int status);

#endif
