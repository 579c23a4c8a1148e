/*
 * session_fixture.h - a session on a screen without a terminal, recorded, and what reads it again.
 */
#ifndef SAWB_TESTS_TUI_SESSION_FIXTURE_H
#define SAWB_TESTS_TUI_SESSION_FIXTURE_H

#include <unistd.h>

#include "core/base/clock.h"
#include "tests/tui/command_fixture.h"
#include "tui/app/replay.h"
#include "tui/command/session.h"
#include "tui/screen/screen.h"
#include "tui/screen/sight.h"

#define ROWS 40
#define COLUMNS 120
#define PATIENCE_MS 20000

/* A screen that is driven as the loop of tui/screen/screen.c drives it. */
struct session {
    struct desk desk;
    struct screen *screen;
    struct grid *grid;
    char *path;
};

static inline void draw(struct session *session) {
    struct session_sight sight;
    session->screen->now = clock_wall();
    screen_draw(session->screen, session->grid);
    screen_sight(session->screen, ROWS, COLUMNS, &sight);
    recorder_follow(&session->desk.workbench, &sight, clock_wall());
}

static inline void session_open_in(struct session *session, enum precision precision) {
    struct sawb_error error;
    struct workbench *workbench = &session->desk.workbench;
    desk_open(&session->desk, 0);
    session->path = temporary_path(&session->desk.folder, "s.sawb");
    workbench->settings.config = "none";
    workbench->settings.precision = precision;
    if (workbench_begin(workbench, "a warm film", &error) < 0 ||
        recorder_open(&workbench->recorder, session->path, 0, &error) < 0)
        fail_msg("%s", error.message);
    recorder_begin(workbench);
    assert_int_equal(screen_create(&session->screen, workbench, &glyphs_utf8, &error), 0);
    session->grid = grid_create(ROWS, COLUMNS, &error);
    assert_non_null(session->grid);
    screen_configure(session->screen);
    draw(session);
}

static inline void session_open(struct session *session) {
    session_open_in(session, PRECISION_F32);
}

static inline void take(struct session *session) {
    struct event *event;
    while ((event = queue_pop(session->desk.workbench.events)))
        workbench_event(&session->desk.workbench, event);
}

/* Takes events and draws until answers are complete and no long job runs. */
static inline void settle(struct session *session) {
    struct workbench *workbench = &session->desk.workbench;
    for (int i = 0; i < PATIENCE_MS; i++) {
        take(session);
        draw(session);
        if (workbench->answers >= ARMS && !workbench->long_job &&
            !workbench->prediction.occluding && !workbench->arms[0].stale)
            return;
        usleep(1000);
    }
    fail_msg("the worker took too long");
}

static inline void keys(struct session *session, const char *text) {
    for (; *text; text++) {
        session->screen->now = clock_wall();
        screen_key(session->screen, (unsigned char)*text);
        draw(session);
    }
}

static inline void key(struct session *session, int key) {
    screen_key(session->screen, key);
    draw(session);
}

/* Each %s stands for the temporary folder. */
static inline void line(struct session *session, const char *format) {
    char text[1024];
    size_t used = 0;
    for (const char *mark; (mark = strstr(format, "%s")); format = mark + 2)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%.*s%s", (int)(mark - format),
                                 format, session->desk.folder.path);
    snprintf(text + used, sizeof(text) - used, "%s", format);
    screen_command(session->screen, text);
    draw(session);
}

/* The end of the recording; the workbench lives on. */
static inline void close_recording(struct session *session) {
    struct sawb_error error;
    draw(session);
    if (recorder_close(&session->desk.workbench, &error) < 0)
        fail_msg("%s", error.message);
}

static inline void session_close(struct session *session) {
    grid_free(session->grid);
    screen_free(session->screen);
    free(session->path);
    desk_close(&session->desk);
}

/* ---- the replay ------------------------------------------------------------------------------ */

struct again {
    struct replay *replay;
    struct screen *screen;
    struct grid *grid;
};

static inline void again_open(struct again *again, const char *path) {
    struct settings settings = {.threads = 1, .seed = 1, .config = "none"};
    struct sawb_error error;
    if (replay_open(&again->replay, path, &settings, session_run_line, NULL, &error) < 0)
        fail_msg("%s", error.message);
    assert_int_equal(
        screen_create(&again->screen, replay_workbench(again->replay), &glyphs_utf8, &error), 0);
    again->screen->without_bar = 1;
    again->grid = grid_create(ROWS, COLUMNS, &error);
    assert_non_null(again->grid);
}

static inline void again_go(struct again *again, size_t position) {
    struct sawb_error error;
    if (replay_go(again->replay, position, &error) < 0)
        fail_msg("%s", error.message);
    screen_take_sight(again->screen, replay_sight(again->replay));
    again->screen->now = workbench_now(replay_workbench(again->replay));
    screen_draw(again->screen, again->grid);
}

static inline void again_close(struct again *again) {
    grid_free(again->grid);
    screen_free(again->screen);
    replay_free(again->replay);
}

static inline void assert_same_grids(const struct grid *live, const struct grid *grid,
                                     const char *when) {
    for (int row = 0; row < live->rows; row++) {
        for (int column = 0; column < live->columns; column++) {
            const struct cell *a = &live->cells[row * live->columns + column];
            const struct cell *b = &grid->cells[row * live->columns + column];
            if (strcmp(a->glyph, b->glyph) != 0 || a->meaning != b->meaning ||
                a->flags != b->flags) {
                char lines[2][COLUMNS * 4 + 1] = {"", ""};
                for (int i = 0; i < live->columns; i++) {
                    strcat(lines[0], live->cells[row * live->columns + i].glyph);
                    strcat(lines[1], grid->cells[row * live->columns + i].glyph);
                }
                fail_msg("%s: row %d column %d differs:\n%s\n%s", when, row, column, lines[0],
                         lines[1]);
            }
        }
    }
}

static inline struct grid *copy_grid(const struct grid *grid) {
    struct grid *copy = grid_create(grid->rows, grid->columns, NULL);
    assert_non_null(copy);
    memcpy(copy->cells, grid->cells,
           (size_t)grid->rows * (size_t)grid->columns * sizeof(*grid->cells));
    return copy;
}

/* A program of its own that reads the session. */
struct shell {
    struct workbench workbench;
    struct replay *replay;
};

static inline void shell_open(struct shell *shell, const struct session *session, int json) {
    struct settings settings = {.threads = 1, .seed = 1, .json = json};
    struct sawb_error error;
    assert_int_equal(workbench_open(&shell->workbench, &settings, &error), 0);
    assert_int_equal(
        replay_open(&shell->replay, session->path, &settings, session_run_line, NULL, &error), 0);
}

static inline void shell_close(struct shell *shell) {
    replay_free(shell->replay);
    workbench_close(&shell->workbench);
}

/* What it told is in the desk. */
static inline void shell_verify(struct shell *shell, struct session *session) {
    desk_forget(&session->desk);
    assert_int_equal(session_verify(&shell->workbench, shell->replay, 0, &session->desk.sink),
                     COMMAND_DONE);
}

static inline void verify_as(struct session *session, int json) {
    struct shell shell;
    shell_open(&shell, session, json);
    shell_verify(&shell, session);
    shell_close(&shell);
}

static inline void verify_again(struct session *session) {
    verify_as(session, 1);
}

#endif
