/*
 * replay.c - a session on a screen without a terminal, recorded, and looked at again.
 */
#include "tui/app/replay.h"

#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/session/run_log.h"
#include "tests/tui/command_fixture.h"
#include "tui/app/attach.h"
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

static void session_open_in(struct session *session, enum precision precision) {
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

static void session_open(struct session *session) {
    session_open_in(session, PRECISION_F32);
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

/* A program of its own that reads the session. */
struct shell {
    struct workbench workbench;
    struct replay *replay;
};

static void shell_open(struct shell *shell, const struct session *session, int json) {
    struct settings settings = {.threads = 1, .seed = 1, .json = json};
    struct sawb_error error;
    assert_int_equal(workbench_open(&shell->workbench, &settings, &error), 0);
    assert_int_equal(
        replay_open(&shell->replay, session->path, &settings, session_run_line, NULL, &error), 0);
}

static void shell_close(struct shell *shell) {
    replay_free(shell->replay);
    workbench_close(&shell->workbench);
}

/* What it told is in the desk. */
static void shell_verify(struct shell *shell, struct session *session) {
    desk_forget(&session->desk);
    assert_int_equal(session_verify(&shell->workbench, shell->replay, 0, &session->desk.sink),
                     COMMAND_DONE);
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
    struct shell shell;
    shell_open(&shell, &session, 0);
    shell_verify(&shell, &session);
    assert_holds(desk_told(desk, TOLD_RESULTS), "predictions checked: no drift");
    assert_null(strstr(desk_told(desk, TOLD_RESULTS), "0 of"));

    char *script = session_script(shell.replay), *table = session_tsv(shell.replay);
    assert_holds(script, "text a warm film and fine\n");
    assert_holds(table, "\tprediction\tA\t");
    free(script);
    free(table);
    shell_close(&shell);
    session_close(&session);
}

static void verify_as(struct session *session, int json) {
    struct shell shell;
    shell_open(&shell, session, json);
    shell_verify(&shell, session);
    shell_close(&shell);
}

static void verify_again(struct session *session) {
    verify_as(session, 1);
}

/* A session is verified in the precision it was recorded in, not that of the verifying shell. */
static void test_verify_precision(void **state) {
    (void)state;
    struct session session;
    struct compute compute;
    assert_int_equal(compute_open(&compute, 1, NULL), 0);
    int able = compute_set_precision(&compute, PRECISION_BF16, NULL) == 0;
    compute_close(&compute);
    if (!able)
        skip();
    session_open_in(&session, PRECISION_BF16);
    settle(&session);
    close_recording(&session);
    verify_again(&session);
    assert_holds(desk_told(&session.desk, TOLD_RESULTS), "\"checked\":2,");
    assert_holds(desk_told(&session.desk, TOLD_RESULTS), "\"without_precision\":0,");

    /* Where it cannot be multiplied. */
    setenv("SAWB_CPU", "portable", 1);
    verify_again(&session);
    unsetenv("SAWB_CPU");
    assert_holds(desk_told(&session.desk, TOLD_RESULTS), "\"checked\":0,");
    assert_holds(desk_told(&session.desk, TOLD_RESULTS), "\"without_precision\":2,");
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
    verify_again(&session);
    assert_holds(desk_told(desk, TOLD_RESULTS), "\"models_missing\":1,");
    session_close(&session);
}

/* A data set that was written anew since the session read it, or is gone, is told of. */
static void test_verify_data(void **state) {
    (void)state;
    struct session session;
    session_open(&session);
    settle(&session);
    line(&session, "train %s/data.tsv --out %s/run --max-steps 1");
    settle(&session);
    close_recording(&session);
    struct desk *desk = &session.desk;
    verify_as(&session, 0);
    assert_null(strstr(desk_told(desk, TOLD_NOTES), "data"));

    char *data = temporary_path(&desk->folder, "data.tsv"), changed[1024], missing[1024];
    snprintf(changed, sizeof(changed), "data changed since: %s\n", data);
    snprintf(missing, sizeof(missing), "data not there: %s\n", data);
    desk_write(desk, "data.tsv", /* as many bytes */
               "sentence\tlabel\na fine film\t0\nthe dull story\t0\nbad\t0\nvery good !\t1\n");
    verify_as(&session, 0);
    assert_holds(desk_told(desk, TOLD_NOTES), changed);
    verify_again(&session);
    assert_holds(desk_told(desk, TOLD_RESULTS), "\"data\":1,\"data_changed\":1,");
    assert_int_equal(unlink(data), 0);
    verify_as(&session, 0);
    assert_holds(desk_told(desk, TOLD_NOTES), missing);
    free(data);
    session_close(&session);
}

static void assert_arms(struct again *again, const char *a, const char *b) {
    const char *const patterns[ARMS] = {a, b};
    const struct workbench *workbench = replay_workbench(again->replay);
    for (int arm = 0; arm < ARMS; arm++) {
        struct sparsity *sparsity;
        struct sawb_error error;
        if (sparsity_parse(&sparsity, workbench->arms[arm].spec, workbench->presets, &error) < 0)
            fail_msg("%s", error.message);
        assert_string_equal(sparsity_pattern(sparsity), patterns[arm]);
        sparsity_free(sparsity);
    }
}

/* Names mean what they meant in the session, at each of its moments, where the files of presets
 * are gone or say something else. */
static void test_presets(void **state) {
    (void)state;
    struct session session;
    struct again again;
    session_open(&session);
    settle(&session);
    line(&session, "sparsity a local(2)");
    line(&session, "preset-save mine a");
    line(&session, "preset a mine");
    settle(&session);
    line(&session, "marker first");
    line(&session, "sparsity a local(1)");
    line(&session, "preset-save mine a");
    line(&session, "preset a mine");
    settle(&session);
    close_recording(&session);
    struct desk *desk = &session.desk;
    char *file = temporary_path(&desk->folder, "sawb/presets.json");
    assert_int_equal(unlink(file), 0);
    free(file);
    desk_write(desk, "presets.json", "{\"aggressive_sparse\": \"strided(3)\"}");

    again_open(&again, session.path);
    struct workbench *workbench = replay_workbench(again.replay);
    assert_arms(&again, "dense", "topk(80%)");
    again_go(&again, replay_count(again.replay));
    assert_string_equal(workbench->arms[ARM_A].spec, "mine");
    assert_string_equal(workbench->arms[ARM_B].spec, "aggressive_sparse");
    assert_arms(&again, "local(1)", "topk(80%)");
    assert_int_equal(replay_corrections(again.replay), 0);
    size_t position;
    struct sawb_error error;
    assert_int_equal(replay_find(again.replay, "marker first", &position, &error), 0);
    again_go(&again, position);
    assert_string_equal(workbench->arms[ARM_A].spec, "mine");
    assert_arms(&again, "local(2)", "topk(80%)");
    again_close(&again);
    verify_again(&session);
    assert_holds(desk_told(desk, TOLD_RESULTS), "\"drifted\":0,");
    assert_null(strstr(desk_told(desk, TOLD_RESULTS), "\"checked\":0,"));
    session_close(&session);
}

/* ---- a run of another process ---------------------------------------------------------------- */

static void tell(struct run_log *log, char *text) {
    struct sawb_error error;
    if (run_log_write(log, text, &error) < 0)
        fail_msg("%s", error.message);
}

static void tell_step(struct run_log *log, int64_t step) {
    struct step_report report = {.step = step,
                                 .total_steps = 40,
                                 .epoch = (double)step / 10,
                                 .loss = (float)(1.0 / (double)step),
                                 .learning_rate = 1e-5,
                                 .gradient_norm = 2,
                                 .tokens = 100,
                                 .tokens_per_second = 50};
    tell(log, run_log_step(&report));
}

static void follow_run(struct session *session) {
    while (attach_follow(&session->desk.workbench, 2))
        ;
    draw(session);
}

static void assert_same_runs(const struct run_history *run, const struct run_history *live) {
    assert_int_equal(run->steps, live->steps);
    assert_int_equal(run->total_steps, live->total_steps);
    assert_int_equal(run->evaluations, live->evaluations);
    assert_int_equal(run->running, live->running);
    assert_int_equal(run->paused, live->paused);
    assert_int_equal(run->attached, live->attached);
    assert_string_equal(run->name, live->name);
    assert_memory_equal(run->loss, live->loss, (size_t)live->steps * sizeof(*live->loss));
    assert_memory_equal(run->realised, live->realised,
                        (size_t)live->steps * sizeof(*live->realised));
    assert_memory_equal(run->evaluation_accuracy, live->evaluation_accuracy,
                        (size_t)live->evaluations * sizeof(*live->evaluation_accuracy));
}

/* The curves of a run that was attached to, whose folder is gone when it is looked at again. */
static void test_attached(void **state) {
    (void)state;
    struct session session;
    struct again again;
    struct run_log log;
    struct sawb_error error;
    session_open(&session);
    settle(&session);
    char *folder = temporary_path(&session.desk.folder, "watched");
    assert_int_equal(file_make_directory(folder, &error), 0);
    assert_int_equal(run_log_begin(&log, folder, &error), 0);
    assert_int_equal(run_log_start(&log, 1, &error), 0);
    tell(&log, run_log_begun(0, 40, PRECISION_F32));
    for (int step = 1; step <= 20; step++)
        tell_step(&log, step);
    line(&session, "attach %s/watched");
    follow_run(&session);
    tell(&log, run_log_evaluation(20, &(struct evaluation){.accuracy = 0.875, .loss = 0.25}));
    tell(&log, run_log_sparsity(20, "topk(0.5)", 0.25));
    tell(&log, run_log_steered(20, STEER_PAUSE, 1));
    follow_run(&session);
    assert_int_equal(session.desk.workbench.run.paused, 1);
    line(&session, "marker paused");
    tell(&log, run_log_steered(20, STEER_CONTINUE, 1));
    for (int step = 21; step <= 40; step++)
        tell_step(&log, step);
    tell(&log, run_log_ended(40, 0, NULL));
    follow_run(&session);
    close_recording(&session);
    const struct run_history *live = &session.desk.workbench.run;
    assert_int_equal(live->steps, 40);
    run_log_end(&log);
    char *file = file_join(folder, RUN_LOG_FILE);
    assert_int_equal(unlink(file), 0);
    free(file);
    free(folder);

    again_open(&again, session.path);
    const struct run_history *run = &replay_workbench(again.replay)->run;
    size_t position;
    again_go(&again, replay_count(again.replay));
    assert_same_runs(run, live);
    assert_int_equal(replay_corrections(again.replay), 0);
    assert_same_grids(session.grid, again.grid, "the end of the run");
    assert_int_equal(replay_find(again.replay, "marker paused", &position, &error), 0);
    again_go(&again, position);
    assert_int_equal(run->steps, 20);
    assert_int_equal(run->paused, 1);
    assert_int_equal(run->attached, 1);
    again_close(&again);
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
    /* Keys that come faster than they are followed each go one step. */
    for (int i = 0; i < 3; i++)
        screen_key(again.screen, KEYS_LEFT);
    replay_bar_follow(again.screen, 1);
    size_t back = replay_position(again.replay);
    screen_key(again.screen, KEYS_END);
    replay_bar_follow(again.screen, 1);
    for (int i = 0; i < 4; i++) {
        screen_key(again.screen, KEYS_LEFT);
        replay_bar_follow(again.screen, 1);
    }
    assert_int_equal(replay_position(again.replay), back);
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
    cmocka_unit_test(test_verify_precision),
    cmocka_unit_test(test_verify_without_model),
    cmocka_unit_test(test_verify_data),
    cmocka_unit_test(test_presets),
    cmocka_unit_test(test_attached),
    cmocka_unit_test(test_seek),
    cmocka_unit_test(test_bar),
    cmocka_unit_test(test_exports),
    cmocka_unit_test(test_damaged),
};

TEST_GROUP(tests_tui_replay, tests);
