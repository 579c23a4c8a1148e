/*
 * replay_door.c - the screen over a session, and pictures of it.
 */
#include "tui/screen/replay_door.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tui/command/handlers.h"
#include "tui/screen/screen.h"
#include "tui/screen/sight.h"
#include "viz/exporter.h"

#define ROWS 24
#define COLUMNS 80

/* The screen at the position, as it was. */
static int write_picture(struct replay *replay, const char *file, struct sawb_error *error) {
    struct workbench *workbench = replay_workbench(replay);
    const struct glyphs *glyphs = workbench->settings.ascii ? &glyphs_ascii : &glyphs_utf8;
    const struct session_sight *sight = replay_sight(replay);
    int rows = sight->rows > 0 ? sight->rows : ROWS;
    int columns = sight->columns > 0 ? sight->columns : COLUMNS;
    struct palette palette;
    struct screen *screen;
    if (screen_create(&screen, workbench, glyphs, error) < 0)
        return -1;
    struct grid *grid = grid_create(rows, columns, error);
    int status = -1;
    if (grid) {
        screen_take_sight(screen, sight);
        screen->without_bar = 1;
        screen->now = workbench_now(workbench);
        palette_make(&palette, workbench->palette > 0 ? workbench->palette - 1 : 0);
        screen_draw(screen, grid);
        status = grid_write(grid, &palette, 1, file, error);
    }
    grid_free(grid);
    screen_free(screen);
    return status;
}

static int on_screen(struct replay *replay, struct sink *sink) {
    struct sawb_error error;
    if (!isatty(STDOUT_FILENO)) {
        error_set(&error, "replay: it opens only on a terminal; --verify checks a session, --to "
                          "script|tsv|asciicast|svg OUT writes it");
        return command_misuse(sink, &error);
    }
    if (replay_log(replay)->lost)
        workbench_message(replay_workbench(replay), MESSAGE_NOTE, "%s",
                          replay_log(replay)->problem);
    int status = screen_run(replay_workbench(replay), &error) < 0 ? command_fail(sink, &error)
                                                                  : COMMAND_DONE;
    if (recorder_close(replay_workbench(replay), &error) < 0) /* of what came after go-live */
        sink_note(sink, "%s", error.message);
    return status;
}

int replay_door(struct workbench *workbench, const struct session_replay *asked,
                struct sink *sink) {
    struct sawb_error error;
    struct replay *replay;
    struct replay_place place;
    int cast = asked->to && strcmp(asked->to, "asciicast") == 0;
    if (asked->to && !asked->file) {
        error_set(&error, "replay: --to %s needs a file: sawb replay FILE OUT --to %s", asked->to,
                  asked->to);
        return command_misuse(sink, &error);
    }
    if (replay_open(&replay, asked->path, &workbench->settings, session_run_line, NULL, &error) < 0)
        return command_fail(sink, &error);
    place = replay_place_at(replay, asked->to && !cast ? replay_count(replay) : 1);
    int status = asked->at ? replay_find(replay, asked->at, &place, &error) : 0;
    if (status == 0) {
        replay_want(replay, &place);
        status = replay_follow(replay, 0, &error) < 0 ? -1 : 0;
    }
    if (status < 0) {
        replay_free(replay);
        return command_fail(sink, &error);
    }
    if (asked->to && replay_log(replay)->lost)
        sink_note(sink, "%s: %s", asked->path, replay_log(replay)->problem);
    if (asked->play)
        replay_play(replay, 1);
    if (!asked->to)
        status = on_screen(replay, sink);
    else if ((cast ? replay_asciicast(replay, asked->file, &error)
                   : write_picture(replay, asked->file, &error)) < 0)
        status = command_fail(sink, &error);
    replay_free(replay);
    return status;
}
