/*
 * replay.c - a session on a screen without a terminal, recorded, and looked at again.
 */
#include "tui/app/replay.h"

#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "tests/tui/command_fixture.h"
#include "tui/command/session.h"
#include "tui/screen/replay_bar.h"
#include "tui/screen/replay_door.h"
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

static void draw(struct session *session) {
    struct session_sight sight;
    session->screen->now = clock_wall();
    screen_draw(session->screen, session->grid);
    screen_sight(session->screen, ROWS, COLUMNS, &sight);
    recorder_follow(&session->desk.workbench, &sight, clock_wall());
}

static void session_open(struct session *session) {
    struct sawb_error error;
    struct workbench *workbench = &session->desk.workbench;
    desk_open(&session->desk, 0);
    session->path = temporary_path(&session->desk.folder, "s.sawb");
    workbench->settings.config = "none";
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

static void take(struct session *session) {
    struct event *event;
    while ((event = queue_pop(session->desk.workbench.events)))
        workbench_event(&session->desk.workbench, event);
}

/* Takes events and draws until answers are complete and no long job runs. */
static void settle(struct session *session) {
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

static void keys(struct session *session, const char *text) {
    for (; *text; text++) {
        session->screen->now = clock_wall();
        screen_key(session->screen, (unsigned char)*text);
        draw(session);
    }
}

static void key(struct session *session, int key) {
    screen_key(session->screen, key);
    draw(session);
}

/* Each %s stands for the temporary folder. */
static void line(struct session *session, const char *format) {
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
static void close_recording(struct session *session) {
    struct sawb_error error;
    draw(session);
    if (recorder_close(&session->desk.workbench, &error) < 0)
        fail_msg("%s", error.message);
}

static void session_close(struct session *session) {
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

static void again_open(struct again *again, const char *path) {
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

static void again_go(struct again *again, size_t position) {
    struct sawb_error error;
    if (replay_go(again->replay, position, &error) < 0)
        fail_msg("%s", error.message);
    screen_take_sight(again->screen, replay_sight(again->replay));
    again->screen->now = workbench_now(replay_workbench(again->replay));
    screen_draw(again->screen, again->grid);
}

static void again_close(struct again *again) {
    grid_free(again->grid);
    screen_free(again->screen);
    replay_free(again->replay);
}

static void assert_same_grids(const struct grid *live, const struct grid *grid, const char *when) {
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

static struct grid *copy_grid(const struct grid *grid) {
    struct grid *copy = grid_create(grid->rows, grid->columns, NULL);
    assert_non_null(copy);
    memcpy(copy->cells, grid->cells,
           (size_t)grid->rows * (size_t)grid->columns * sizeof(*grid->cells));
    return copy;
}

/* Everything a user does in a while, with a run in training. */
static void play_session(struct session *session) {
    settle(session);
    keys(session, " and fine");
    settle(session);
    key(session, KEYS_TAB);
    keys(session, "]2");
    settle(session);
    key(session, KEYS_RIGHT);
    key(session, KEYS_DOWN);
    line(session, "split right heads");
    line(session, "find entropy>0.1");
    line(session, "view metrics");
    line(session, "importance on");
    settle(session);
    line(session, "view prediction");
    line(session, "occlude mask");
    settle(session);
    settle(session);
    line(session, "edit mask 2");
    settle(session);
    line(session, "marker before training");
    line(session, "view training");
    line(session, "pin");
    line(session, "train %s/data.tsv --out %s/run --epochs 20 --batch-size 2 --eval-every 10");
    settle(session);
    line(session, "view heads");
    line(session, "sparsity a local(1)");
    settle(session);
    line(session, "swap");
    settle(session);
    line(session, "undo");
    settle(session);
    line(session, "only");
    line(session, "view attention");
    line(session, "mode next");
    settle(session);
    line(session, "help mode");
    key(session, KEYS_ESCAPE);
    settle(session);
}

static void test_same_screens(void **state) {
    (void)state;
    struct session session;
    struct again again;
    session_open(&session);
    play_session(&session);
    close_recording(&session);
    struct grid *live = copy_grid(session.grid);
    again_open(&again, session.path);
    assert_int_equal(replay_log(again.replay)->lost, 0);
    size_t count = replay_count(again.replay);
    again_go(&again, count);
    assert_int_equal(replay_corrections(again.replay), 0);
    assert_same_grids(live, again.grid, "the end");

    /* Every moment forward, then each tenth of them backward: the same pictures. */
    struct grid **grids = calloc(count + 1, sizeof(*grids));
    assert_non_null(grids);
    size_t stride = count / 60 + 1;
    for (size_t at = 1; at <= count; at += stride) {
        again_go(&again, at);
        grids[at] = copy_grid(again.grid);
    }
    again_go(&again, count);
    assert_same_grids(live, again.grid, "the end again");
    for (size_t at = count; at > 0; at--) {
        if (!grids[at])
            continue;
        again_go(&again, at);
        assert_same_grids(grids[at], again.grid, "back");
        grid_free(grids[at]);
    }
    again_go(&again, count);
    assert_same_grids(live, again.grid, "from the start to the end");
    free(grids);
    grid_free(live);
    again_close(&again);
    session_close(&session);
}

static void test_verify(void **state) {
    (void)state;
    struct session session;
    session_open(&session);
    settle(&session);
    keys(&session, " and fine");
    settle(&session);
    close_recording(&session);
    struct desk *desk = &session.desk;
    struct workbench shell;
    struct settings settings = {.threads = 1, .seed = 1};
    struct sawb_error error;
    struct replay *replay;
    assert_int_equal(workbench_open(&shell, &settings, &error), 0);
    assert_int_equal(replay_open(&replay, session.path, &settings, session_run_line, NULL, &error),
                     0);
    desk_forget(desk);
    assert_int_equal(session_verify(&shell, replay, 0, &desk->sink), COMMAND_DONE);
    assert_holds(desk_told(desk, TOLD_RESULTS), "predictions checked: no drift");
    assert_null(strstr(desk_told(desk, TOLD_RESULTS), "0 of"));

    char *script = session_script(replay), *table = session_tsv(replay);
    assert_holds(script, "text a warm film and fine\n");
    assert_holds(table, "\tprediction\tA\t");
    free(script);
    free(table);
    replay_free(replay);
    workbench_close(&shell);
    session_close(&session);
}

/* A model that is gone is told of once, however many answers were its. */
static void test_verify_without_model(void **state) {
    (void)state;
    struct session session;
    session_open(&session);
    line(&session, "train %s/data.tsv --out %s/run --max-steps 1");
    settle(&session);
    line(&session, "open " BERT " a");
    line(&session, "open %s/run b");
    settle(&session);
    for (int i = 0; i < 3; i++) {
        keys(&session, " fine");
        settle(&session);
    }
    close_recording(&session);
    struct desk *desk = &session.desk;
    char *weights = temporary_path(&desk->folder, "run/model.safetensors");
    assert_int_equal(unlink(weights), 0);
    free(weights);
    struct workbench shell;
    struct settings settings = {.threads = 1, .seed = 1, .json = 1};
    struct sawb_error error;
    struct replay *replay;
    assert_int_equal(workbench_open(&shell, &settings, &error), 0);
    assert_int_equal(replay_open(&replay, session.path, &settings, session_run_line, NULL, &error),
                     0);
    desk_forget(desk);
    assert_int_equal(session_verify(&shell, replay, 0, &desk->sink), COMMAND_DONE);
    assert_holds(desk_told(desk, TOLD_RESULTS), "\"models_missing\":1,");
    replay_free(replay);
    workbench_close(&shell);
    session_close(&session);
}

static void test_seek(void **state) {
    (void)state;
    struct session session;
    struct again again;
    struct sawb_error error;
    size_t position;
    session_open(&session);
    settle(&session);
    line(&session, "marker here");
    line(&session, "train %s/data.tsv --out %s/run --epochs 5 --batch-size 2");
    settle(&session);
    line(&session, "view sweep");
    close_recording(&session);
    again_open(&again, session.path);
    assert_int_equal(replay_find(again.replay, "step 4", &position, &error), 0);
    again_go(&again, position);
    assert_int_equal(replay_workbench(again.replay)->run.last.step, 4);
    assert_int_equal(replay_find(again.replay, "marker here", &position, &error), 0);
    again_go(&again, position);
    assert_null(replay_workbench(again.replay)->run.name);
    assert_int_equal(replay_find(again.replay, "/^view +sw/", &position, &error), 0);
    again_go(&again, position);
    assert_int_equal(workbench_view(replay_workbench(again.replay)), VIEW_SWEEP);
    assert_int_equal(replay_find(again.replay, "start", &position, &error), 0);
    assert_int_equal(position, 1);
    assert_int_equal(replay_find(again.replay, "100%", &position, &error), 0);
    assert_int_equal(position, replay_count(again.replay));
    assert_int_equal(replay_find(again.replay, "step 9999", &position, &error), -1);
    assert_int_equal(replay_find(again.replay, "/[/", &position, &error), -1);
    assert_int_equal(replay_find(again.replay, "marker there", &position, &error), -1);
    assert_int_equal(replay_find(again.replay, "1:xx", &position, &error), -1);
    again_close(&again);
    session_close(&session);
}

/* The bar's keys, and what a replay refuses. */
static void test_bar(void **state) {
    (void)state;
    struct session session;
    struct again again;
    session_open(&session);
    settle(&session);
    line(&session, "head 1");
    close_recording(&session);
    again_open(&again, session.path);
    again.screen->without_bar = 0;
    struct workbench *workbench = replay_workbench(again.replay);
    screen_key(again.screen, KEYS_END);
    replay_bar_follow(again.screen, 1);
    assert_int_equal(replay_position(again.replay), replay_count(again.replay));
    screen_draw(again.screen, again.grid);
    screen_key(again.screen, KEYS_LEFT);
    replay_bar_follow(again.screen, 1);
    assert_int_equal(replay_position(again.replay), replay_count(again.replay) - 1);
    screen_key(again.screen, KEYS_HOME);
    replay_bar_follow(again.screen, 1);
    screen_key(again.screen, ' ');
    assert_int_equal(replay_state(again.replay)->playing, 1);
    replay_bar_follow(again.screen, 2);
    replay_bar_follow(again.screen, 2 + replay_seconds(again.replay) + 1);
    assert_int_equal(replay_position(again.replay), replay_count(again.replay));
    assert_int_equal(replay_state(again.replay)->playing, 0);
    assert_int_equal(workbench->head, 1);
    screen_command(again.screen, "text something else");
    assert_holds(workbench->message, "go-live");
    assert_string_equal(workbench->text, "a warm film");
    screen_key(again.screen, KEYS_TAB);
    screen_key(again.screen, '[');
    assert_int_equal(workbench->head, 0);

    char *after = temporary_path(&session.desk.folder, "after.sawb");
    workbench->settings.session.file = after;
    screen_command(again.screen, "go-live");
    replay_bar_follow(again.screen, 3);
    assert_null(workbench->replay);
    assert_non_null(workbench->events);
    struct event *event = NULL;
    while (workbench->answers < ARMS && (event = queue_wait(workbench->events, PATIENCE_MS)))
        workbench_event(workbench, event);
    assert_int_equal(workbench->answers, ARMS);
    struct sawb_error error;
    assert_int_equal(recorder_close(workbench, &error), 0);
    workbench->settings.session.file = NULL;
    assert_int_equal(access(after, R_OK), 0); /* what came after is recorded too */
    free(after);
    again_close(&again);
    session_close(&session);
}

static void test_exports(void **state) {
    (void)state;
    struct session session;
    struct again again;
    struct sawb_error error;
    char *text;
    session_open(&session);
    settle(&session);
    line(&session, "head 1");
    settle(&session);
    close_recording(&session);
    again_open(&again, session.path);
    char *file = temporary_path(&session.desk.folder, "s.cast");
    if (replay_asciicast(again.replay, file, &error) < 0)
        fail_msg("%s", error.message);
    assert_int_equal(file_read(&text, NULL, file, &error), 0);
    assert_holds(text, "{\"version\": 3, \"term\": {\"cols\": 120, \"rows\": 40}");
    assert_holds(text, "\n[0.000, \"o\", \"\\u001b[?25l");
    assert_holds(text, "warm");
    free(text);
    free(file);
    again_close(&again);
    session_close(&session);
}

/* A damaged end, and a file that is only a begin. */
static void test_damaged(void **state) {
    (void)state;
    struct session session;
    struct sawb_error error;
    struct settings settings = {.threads = 1, .seed = 1};
    size_t size;
    char *bytes;
    session_open(&session);
    settle(&session);
    keys(&session, " and fine");
    settle(&session);
    close_recording(&session);
    assert_int_equal(file_read(&bytes, &size, session.path, &error), 0);
    char *path = temporary_path(&session.desk.folder, "d.sawb");
    for (size_t cut = 0; cut < size; cut += size / 97 + 1) {
        struct replay *replay;
        assert_int_equal(file_replace(path, bytes, cut, &error), 0);
        if (replay_open(&replay, path, &settings, session_run_line, NULL, &error) < 0)
            continue;
        if (replay_go(replay, replay_count(replay), &error) < 0)
            fail_msg("%s", error.message);
        replay_free(replay);
    }
    free(path);
    free(bytes);
    session_close(&session);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_same_screens),
    cmocka_unit_test(test_verify),
    cmocka_unit_test(test_verify_without_model),
    cmocka_unit_test(test_seek),
    cmocka_unit_test(test_bar),
    cmocka_unit_test(test_exports),
    cmocka_unit_test(test_damaged),
};

TEST_GROUP(tests_tui_replay, tests);
