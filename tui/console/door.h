/*
 * door.h - the readline door: commands typed one after the other.
 *
 * Only tui/console includes readline. What is read runs as a script (tui/command/script.h); where
 * standard input is no terminal, lines are read as they are, without readline.
 */
#ifndef SAWB_TUI_CONSOLE_DOOR_H
#define SAWB_TUI_CONSOLE_DOOR_H

#include "tui/command/command.h"

/* Reads and runs commands until the user leaves. Errors and progress go the way of `sink`; what is
 * printed is laid out for a terminal or, without one, for programs. The status of the last command.
 */
int door_open(struct workbench *workbench, struct sink *sink);

/* ---- parts of it, door_*.c ---- */

/* The history of earlier sessions, from $XDG_STATE_HOME/sawb/history; what goes wrong is said as a
 * note. Owned by the caller: door_history_free. */
struct door_history {
    char *path; /* NULL: nothing is kept */
};
void door_history_load(struct door_history *history, struct sink *sink);
/* Adds what was typed, as one line, also to the file. */
void door_history_add(struct door_history *history, const char *text);
void door_history_free(struct door_history *history);

/* Makes TAB complete with the commands of scripts. One door at a time. */
void door_complete_with(const struct workbench *workbench, int color);

/* The sink that prints: in colour, longer answers through the pager; whole after door_output_flush,
 * which frees what was held back. */
struct door_output {
    struct sink sink, *outer;
    struct workbench *workbench; /* whose session keeps what is printed */
    int on_terminal, color;
    char *held; /* results that are not printed yet; NULL: none */
    size_t held_size;
    int held_parts;
    int streams; /* parts of the answer were printed as they came */
    double held_since;
};
void door_output_open(struct door_output *output, struct sink *outer, struct workbench *workbench);
void door_output_flush(struct door_output *output);

/* Rows and columns of the terminal. */
void door_size(int *rows, int *columns);

#endif
