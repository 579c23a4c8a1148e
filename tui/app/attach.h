/*
 * attach.h - a run of another process, watched and steered as if it were of this session: the lines
 * of its log become the events of a job.
 *
 * In a session that is looked at again (a replay) the same commands only begin and leave the run:
 * its events are in the record.
 */
#ifndef SAWB_TUI_APP_ATTACH_H
#define SAWB_TUI_APP_ATTACH_H

#include "core/session/event.h"
#include "core/session/run_feed.h"

struct workbench;
struct attachment;

/* What a run has met that neither goes on nor says how it ended. */
#define ATTACH_DEATH                                                                               \
    "its process was killed or has crashed; `train --resume` goes on from its last checkpoint"

/* Begins to watch the run of a folder, in the place of one that was watched before. `watch`: it
 * cannot be steered. It becomes workbench->run. */
int attach_begin(struct workbench *workbench, const char *directory, int watch,
                 struct sawb_error *error);

/* Leaves the run, which goes on, and keeps its curves. */
void attach_end(struct workbench *workbench);

/* For the end of the workbench; NULL is fine. */
void attach_free(struct attachment *attachment);

/* The next event of the run, for workbench_event; NULL: there is none now, and after the run has
 * ended none any more. Never waits. */
struct event *attach_next(struct workbench *workbench);

/* Takes in what has come, but no more than so many events; 1: more has come. */
int attach_follow(struct workbench *workbench, int most);

/* Asks the run in the words of the command `run`. */
int attach_ask(struct workbench *workbench, const char *words, struct sawb_error *error);

/* To be polled, and the seconds after which it is worth to look anyway; negative: nothing. */
int attach_descriptor(const struct workbench *workbench);
double attach_wait(const struct workbench *workbench);

#endif
