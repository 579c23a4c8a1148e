/*
 * recorder.h - the session as it happens, written to a file (core/session/log.h).
 *
 *     recorder_open(&workbench.recorder, NULL, 0, &error);   a file of its own name
 *     recorder_begin(&workbench);                            what the session starts from
 *     ... every command, edit and event passes the calls below ...
 *     recorder_close(&workbench);
 *
 * What the workbench holds is a function of what is recorded: the presets, command lines, edits of
 * the sentence and events, in the order in which they were taken, each with what the worker was at.
 * Beside that stands what only drawing decides (how far a list is scrolled) and what is said on the
 * message line, whenever it has changed: a record of the "sight".
 *
 * All calls but recorder_open do nothing for a workbench without a recorder. None waits for the
 * disk. A recording that fails ends with one message.
 *
 * Size. A step of training takes about 90 bytes, an answer without arrays about 80, its end 30: at
 * 5 steps a second, each followed by two answers, an hour is 5 MB. Of steps that come faster than
 * answers many share a record, in which one takes about 18 bytes, and more than STEP_GATE_RATE a
 * second are taken in together (step_gate.h). Arrays are stored of answers
 * that stood for RECORDER_SETTLED seconds, while a run learns every RECORDER_TRAINING seconds, and
 * only while all that is written stays below RECORDER_BURST + RECORDER_RATE a second (47 MB an
 * hour) and three quarters of the limit. Once a minute, at markers and at the end they are exact.
 * At the limit the recording ends.
 */
#ifndef SAWB_TUI_APP_RECORDER_H
#define SAWB_TUI_APP_RECORDER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

struct workbench;
struct recorder;
struct event;
struct model;
struct replay;

#define RECORDER_SETTLED 0.3
#define RECORDER_TRAINING 5.0
#define RECORDER_EXACT 60.0
#define RECORDER_BURST ((uint64_t)3 << 20)
#define RECORDER_RATE 12288 /* bytes a second */
#define RECORDER_LIMIT ((uint64_t)64 << 20)

/* What a view asks the worker for when it is drawn. */
enum wish { WISH_NONE, WISH_COPIES, WISH_OCCLUSION, WISH_EFFECTS };

/* What of the screen belongs to the sight: numbers that only the screen understands, and the answer
 * that is shown over the view (NULL: none). */
#define SIGHT_NUMBERS 32
struct session_sight {
    int rows, columns;
    int numbers[SIGHT_NUMBERS];
    const char *answer;
};

/* $XDG_STATE_HOME/sawb/sessions or ~/.local/state/sawb/sessions, owned by the caller; NULL without
 * a home. */
char *recorder_folder(void);

/* `path` NULL: a new file in recorder_folder, named by time and process. `limit`: bytes after which
 * the recording ends, 0: RECORDER_LIMIT. */
int recorder_open(struct recorder **recorder, const char *path, uint64_t limit,
                  struct sawb_error *error);
void recorder_begin(struct workbench *workbench);

/* Both, as workbench->settings.session has it; nothing when it is off or the workbench has a
 * recorder. The arms have models. */
int recorder_start(struct workbench *workbench, struct sawb_error *error);

/* The same for a workbench that was a replay until now: the new file begins with what it has
 * applied, and says where that came from. */
int recorder_continue(struct workbench *workbench, const struct replay *replay,
                      struct sawb_error *error);

/* Answers of this job, which is not one of the workbench's own, are of these models (NULL: there is
 * no second one). */
void recorder_asks(struct workbench *workbench, int job, const struct model *a,
                   const struct model *b);

/* Around a command line; `transparent`: one that runs others, which are recorded in its place.
 * Returns what recorder_leave wants. */
int recorder_enter(struct workbench *workbench, const char *line, int transparent);
void recorder_leave(struct workbench *workbench, int entered);

/* Before an event is taken: which are to be taken in its place (step_gate_pass). */
int recorder_pass(struct workbench *workbench, struct event *event, struct event *ready[2]);

/* Before the sentence is set to `text`, or an event is taken. */
void recorder_text(struct workbench *workbench, const char *text);
void recorder_event(struct workbench *workbench, const struct event *event);
/* After it, or after a wish. */
void recorder_done(struct workbench *workbench);

/* Before a view's wish is asked: 1 go on. In a replay only the one that was recorded goes on. */
int recorder_wish(struct workbench *workbench, enum wish wish);

/* A model was opened. */
void recorder_model(struct workbench *workbench, const struct model *model);

/* The presets have changed: names in command lines mean these from now on. */
void recorder_presets(struct workbench *workbench);

/* The user's settings have been read. */
void recorder_configured(struct workbench *workbench);
int recorder_marker(struct workbench *workbench, const char *name, struct sawb_error *error);

/* Once a turn: what the screen shows, and arrays that are due. */
void recorder_follow(struct workbench *workbench, const struct session_sight *sight, double now);
/* Seconds until arrays are due; negative: none wait. */
double recorder_patience(const struct workbench *workbench, double now);

const char *recorder_path(const struct recorder *recorder);

/* Stores the newest answers exactly, ends the file and leaves the workbench without a recorder. -1
 * when the file is not complete. */
int recorder_close(struct workbench *workbench, struct sawb_error *error);

/* ---- the parts of a sight that are the workbench's, shared with replay.c ---- */

struct sight_field {
    const char *name;
    size_t offset; /* of an int in struct workbench */
    int low, high; /* what may be read */
};
const struct sight_field *sight_field(int index); /* NULL past the last */
#define SIGHT_FIELDS_MOST 40

#endif
