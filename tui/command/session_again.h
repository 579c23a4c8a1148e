/*
 * session_again.h - results of a session worked out once more.
 *
 *     session_jobs(log, record, console, &first, &last);          the jobs that a command began
 *     session_told(log, record, first, last, &recorded, &error);  what they told then
 *     session_again(replay, record, &settings, line, console, &now, &error);   and tell now
 */
#ifndef SAWB_TUI_COMMAND_SESSION_AGAIN_H
#define SAWB_TUI_COMMAND_SESSION_AGAIN_H

#include "core/session/event.h"
#include "tui/app/replay.h"
#include "tui/app/workbench.h"

/* Events in their order, owned. */
struct told {
    struct event **events; /* [count] */
    int count, capacity;
};
void told_free(struct told *told);

/* The numbers of the jobs that the command of a record began; none: *last is below *first.
 * `console`: the session is one of a console. */
void session_jobs(const struct log_reader *log, size_t command, int console, int *first, int *last);

/* What these jobs told from record `from` on, but for predictions and how far they were. */
int session_told(const struct log_reader *log, size_t from, int first, int last, struct told *told,
                 struct sawb_error *error);

/* Opens the session anew, goes live before the record and runs the line there. `told` is what its
 * jobs told. -1 with the reason when it cannot be run as it was. */
int session_again(const struct replay *session, size_t record, const struct settings *settings,
                  const char *line, int console, struct told *told, struct sawb_error *error);

#endif
