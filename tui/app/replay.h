/*
 * replay.h - a session looked at again: the workbench at any of its moments.
 *
 *     replay_open(&replay, "session.sawb", &settings, run, NULL, &error);
 *     replay_go(replay, replay_count(replay), &error);      everything is applied
 *     ... draw replay_workbench(replay) ...
 *     replay_free(replay);
 *
 * The records are fed to a workbench of its own, in their order and at their moments, with a worker
 * that runs nothing: answers come from the file. Forward it goes on from where it is; back it
 * starts anew and applies all records again, which is fast because answers that are followed by
 * others before anything looks at them are only counted, and arrays are unpacked for what is shown
 * alone.
 *
 * Models are those the session tells of, without their weights. An answer whose arrays were left
 * out shows those of the nearest answer to the same sentence under the same pattern
 * (replay_maps_step says of which step), or none.
 */
#ifndef SAWB_TUI_APP_REPLAY_H
#define SAWB_TUI_APP_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "core/session/log_reader.h"
#include "tui/app/recorder.h"

struct replay;
struct settings;
struct capture;
struct event;

/* Runs a recorded command line in the replay's workbench; what it says is in the file already. */
typedef void replay_run(struct workbench *workbench, const char *line, void *user);

/* Reads and checks the file, and goes to its beginning. `settings` is for what the file does not
 * say. */
int replay_open(struct replay **replay, const char *path, const struct settings *settings,
                replay_run *run, void *user, struct sawb_error *error);
void replay_free(struct replay *replay); /* NULL is fine */

struct workbench *replay_workbench(struct replay *replay);
const struct log_reader *replay_log(const struct replay *replay);
const char *replay_path(const struct replay *replay); /* of the file, absolute */

int replay_is_console(const struct replay *replay); /* 1: the session is one of a console */

/* Records in all, and how many are applied. */
size_t replay_count(const struct replay *replay);
size_t replay_position(const struct replay *replay);

/* Applies the first `position` records. What drawing has changed in between is put back, but for
 * what the user has chosen to look at (replay_touch), until the session itself changes that. */
int replay_go(struct replay *replay, size_t position, struct sawb_error *error);
void replay_touch(struct replay *replay);

/* Where it will be next (replay_want), or is: what several keys that come at once count from. */
size_t replay_bound(const struct replay *replay);

/* A moment: how many records have come by then, and when it is. Where nothing happens for a while
 * many moments have the same records. */
struct replay_place {
    size_t position; /* above 0 */
    double seconds;  /* since the beginning */
};

/* The moment of the last of the first `position` records. */
struct replay_place replay_place_at(const struct replay *replay, size_t position);

/* The position after the next record that one can see (step 1), or before the last one (-1), from
 * replay_bound. */
size_t replay_step(const struct replay *replay, int step);

/* Seconds since the beginning: of the position, and in all. */
double replay_time(const struct replay *replay);
double replay_seconds(const struct replay *replay);
double replay_time_of(const struct replay *replay, size_t record);
size_t replay_at(const struct replay *replay, double seconds); /* the position then */

/* Where a text points to: "90", "1:30", "1:02:03", "+10", "-10" (from what replay_state shows),
 * "50%", "start", "end", "step N", "marker NAME", "/regular expression/" (the next text it holds
 * for, round the end). A time beyond the end is an error, but for "+10", which ends there. */
int replay_find(const struct replay *replay, const char *text, struct replay_place *place,
                struct sawb_error *error);

/* What a record says in words, owned by the caller; NULL: nothing. */
char *replay_text(const struct replay *replay, size_t record);

/* Marker `index`, 0 past the last. */
int replay_marker(const struct replay *replay, int index, double *seconds, char *name, size_t size);

/* ---- playing ---- */

#define REPLAY_SPEED_LEAST 0.125
#define REPLAY_SPEED_MOST 64.0
struct replay_play {
    int playing;
    double speed;
    double now; /* seconds since the beginning, also between two records */
};
const struct replay_play *replay_state(const struct replay *replay);
void replay_play(struct replay *replay, int playing); /* from the start when it is at the end */
void replay_set_speed(struct replay *replay, double speed);

/* Asks for a moment, which replay_follow goes to: a command cannot replace the workbench it runs
 * in. */
void replay_want(struct replay *replay, const struct replay_place *place);
void replay_want_live(struct replay *replay);

/* Goes to what is wanted, and on by what has passed of the clock (seconds, of any origin). 1: the
 * workbench has changed. -1 with an error, then it stands still. */
int replay_follow(struct replay *replay, double clock, struct sawb_error *error);
/* Seconds until the next record is due; negative: none is. */
double replay_patience(const struct replay *replay);

/* ---- for the screen and the commands ---- */

/* What was in sight. */
const struct session_sight *replay_sight(const struct replay *replay);

/* The step of the maps of an arm when they are older than its answer (or of another answer), -1
 * when they belong to it, -2 when none are recorded. */
int64_t replay_maps_step(const struct replay *replay, int arm);

/* Sentences and patterns that did not come out as recorded and were set right. */
int replay_corrections(const struct replay *replay);

/* The model of a folder as the session opened it at this point, retained. */
int replay_model(struct replay *replay, const char *directory, struct model **model,
                 struct sawb_error *error);

/* The folder and the fingerprint of the model of a LOG_MODEL record (from 1); owned by the caller,
 * NULL: there is none. */
char *replay_model_directory(const struct replay *replay, uint64_t number, uint64_t *fingerprint);

/* The event of a record, owned by the caller; NULL: it is none, or damaged. */
struct event *replay_event(const struct replay *replay, size_t record);

/* Opens the models and starts a worker: from here on the workbench is live, recorded as
 * settings.session has it, and the replay only holds it. */
int replay_leave(struct replay *replay, struct sawb_error *error);

#endif
