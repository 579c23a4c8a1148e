/*
 * session.h - recorded sessions as files: where they are, what they say, what they turn into.
 */
#ifndef SAWB_TUI_COMMAND_SESSION_H
#define SAWB_TUI_COMMAND_SESSION_H

#include "tui/app/replay.h"
#include "tui/command/command.h"

/* For replay_open: runs the line and forgets what it says; commands that write files or end sawb
 * are passed over. */
void session_run_line(struct workbench *workbench, const char *line, void *user);

/* The path of a session: as given, or in the folder of sessions. Owned by the caller; NULL with an
 * error that says where it was looked for. */
char *session_find(const char *name, struct sawb_error *error);

/* Predicts again what the session has recorded and says how far it is off, and which models and
 * data sets have changed. COMMAND_FAILED when a logit is off by more than `tolerance`. */
int session_verify(struct workbench *workbench, const struct replay *replay, double tolerance,
                   struct sink *sink);

/* The commands alone, as a script that comes to the same: what no script can run is a comment that
 * says why, and what came of it follows. Moves the replay. Owned by the caller, NULL with an error.
 */
char *session_script(struct replay *replay, struct sawb_error *error);

/* A row for each number that a record tells, and one for a record that tells none. Owned by the
 * caller, NULL when out of memory. */
char *session_tsv(const struct replay *replay);

/* How a replay is asked for. */
struct session_replay {
    const char *path;
    const char *to, *file; /* "asciicast" or "svg" and where to; NULL: on the screen */
    const char *at;        /* as replay_find has it; NULL: the end */
    int play;              /* on the screen: at once */
};

#endif
