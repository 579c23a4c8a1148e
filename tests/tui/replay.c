/*
 * replay.c - a session on a screen without a terminal, recorded, and looked at again.
 */
#include "tui/app/replay.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "core/session/run_log.h"
#include "tests/tui/session_fixture.h"
#include "tui/app/attach.h"
#include "tui/screen/replay_bar.h"

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

/* What events and commands say stands in the console once, also when somebody looks at it; cleared
 * is cleared. */
static void test_console_lines(void **state) {
    (void)state;
    struct session session;
    struct again again;
    session_open(&session);
    settle(&session);
    line(&session, "log clear");
    line(&session, "eval %s/data.tsv");
    settle(&session);
    line(&session, "compare dense topk(0.8) %s/data.tsv");
    settle(&session);
    line(&session, "no command");
    line(&session, "log clear");
    line(&session, "eval %s/data.tsv");
    settle(&session);
    line(&session, "set");
    line(&session, "log back 2");
    line(&session, "train %s/data.tsv --out %s/run --max-steps 1");
    settle(&session);
    key(&session, KEYS_ESCAPE);
    key(&session, KEYS_TAB);
    line(&session, "view console");
    close_recording(&session);
    const struct console *live = &session.desk.workbench.console;
    again_open(&again, session.path);
    const struct console *console = &replay_workbench(again.replay)->console;
    for (int turn = 0; turn < 3; turn++) {
        again_go(&again, replay_count(again.replay));
        assert_int_equal(console->count, live->count);
        for (int i = 0; i < live->count; i++)
            assert_string_equal(console_get(console, i)->text, console_get(live, i)->text);
        if (turn == 0)
            assert_same_grids(session.grid, again.grid, "the console");
        screen_command(again.screen, "no such command"); /* who looks at it */
        if (turn == 1)
            again_go(&again, replay_count(again.replay) / 2);
    }
    again_close(&again);
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
    struct replay_place place;
    struct sawb_error error;
    assert_int_equal(replay_find(again.replay, "marker first", &place, &error), 0);
    again_go(&again, place.position);
    assert_string_equal(workbench->arms[ARM_A].spec, "mine");
    assert_arms(&again, "local(2)", "topk(80%)");
    again_close(&again);
    verify_again(&session);
    assert_holds(desk_told(desk, TOLD_RESULTS), "\"drifted\":0,");
    assert_null(strstr(desk_told(desk, TOLD_RESULTS), "\"checked\":0,\"in_training\""));
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
    struct replay_place place;
    again_go(&again, replay_count(again.replay));
    assert_same_runs(run, live);
    assert_int_equal(replay_corrections(again.replay), 0);
    assert_same_grids(session.grid, again.grid, "the end of the run");
    assert_int_equal(replay_find(again.replay, "marker paused", &place, &error), 0);
    again_go(&again, place.position);
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
    struct replay_place place;
    session_open(&session);
    settle(&session);
    line(&session, "marker here");
    line(&session, "train %s/data.tsv --out %s/run --epochs 5 --batch-size 2");
    settle(&session);
    line(&session, "view sweep");
    close_recording(&session);
    again_open(&again, session.path);
    assert_int_equal(replay_find(again.replay, "step 4", &place, &error), 0);
    again_go(&again, place.position);
    assert_int_equal(replay_workbench(again.replay)->run.last.step, 4);
    assert_int_equal(replay_find(again.replay, "marker here", &place, &error), 0);
    again_go(&again, place.position);
    assert_null(replay_workbench(again.replay)->run.name);
    assert_int_equal(replay_find(again.replay, "/^view +sw/", &place, &error), 0);
    again_go(&again, place.position);
    assert_int_equal(workbench_view(replay_workbench(again.replay)), VIEW_SWEEP);
    assert_int_equal(replay_find(again.replay, "start", &place, &error), 0);
    assert_int_equal(place.position, 1);
    assert_int_equal(replay_find(again.replay, "100%", &place, &error), 0);
    assert_int_equal(place.position, replay_count(again.replay));
    assert_int_equal(replay_find(again.replay, "step 9999", &place, &error), -1);
    assert_int_equal(replay_find(again.replay, "/[/", &place, &error), -1);
    assert_int_equal(replay_find(again.replay, "marker there", &place, &error), -1);
    assert_int_equal(replay_find(again.replay, "1:xx", &place, &error), -1);
    again_close(&again);
    session_close(&session);
}

static void follow_to(struct again *again, const char *text) {
    struct replay_place place;
    struct sawb_error error;
    if (replay_find(again->replay, text, &place, &error) < 0)
        fail_msg("%s", error.message);
    replay_want(again->replay, &place);
    assert_int_equal(replay_follow(again->replay, 0, &error), 1);
}

static void assert_now(const struct again *again, double seconds) {
    assert_true(fabs(replay_state(again->replay)->now - seconds) < 1e-6);
}

/* Where nothing happens for a while every moment can be gone to, and on from. */
static void test_seek_in_a_gap(void **state) {
    (void)state;
    struct session session;
    struct again again;
    struct sawb_error error;
    struct replay_place place;
    session_open(&session);
    settle(&session);
    line(&session, "head 1");
    draw(&session);
    double begun = clock_wall();
    recorder_follow(&session.desk.workbench, NULL, begun);
    usleep(900000);
    line(&session, "head 0");
    close_recording(&session);
    again_open(&again, session.path);
    const struct log_reader *log = replay_log(again.replay);
    size_t gap = 1;
    for (size_t i = 1; i < log->count; i++)
        if (replay_time_of(again.replay, i) - replay_time_of(again.replay, i - 1) >
            replay_time_of(again.replay, gap) - replay_time_of(again.replay, gap - 1))
            gap = i;
    double first = replay_time_of(again.replay, gap - 1), last = replay_time_of(again.replay, gap);
    char text[32];
    assert_true(last - first > 0.5);
    snprintf(text, sizeof(text), "%.6f", first + 0.2);
    follow_to(&again, text);
    double now = strtod(text, NULL);
    assert_now(&again, now);
    assert_int_equal(replay_position(again.replay), gap);
    follow_to(&again, "+0.1");
    assert_now(&again, now + 0.1);
    follow_to(&again, "+0.1");
    assert_now(&again, now + 0.2);
    follow_to(&again, "-0.3");
    assert_now(&again, now - 0.1);
    /* Playing goes on from there. */
    replay_play(again.replay, 1);
    replay_follow(again.replay, 10, &error);
    replay_follow(again.replay, 10.05, &error);
    assert_now(&again, now - 0.05);
    follow_to(&again, "+1000");
    assert_now(&again, replay_seconds(again.replay));
    assert_int_equal(replay_find(again.replay, "99:00", &place, &error), -1);
    assert_holds(error.message, "beyond the end");
    again_close(&again);
    session_close(&session);
}

/* A run's weights are not in the session: who goes on from its middle is told so. */
static void test_live_in_training(void **state) {
    (void)state;
    struct session session;
    struct again again;
    struct sawb_error error;
    struct replay_place place;
    session_open(&session);
    settle(&session);
    line(&session, "train %s/data.tsv --out %s/run --max-steps 6 --batch-size 2");
    settle(&session);
    close_recording(&session);
    again_open(&again, session.path);
    assert_int_equal(replay_find(again.replay, "step 3", &place, &error), 0);
    again_go(&again, place.position);
    struct workbench *workbench = replay_workbench(again.replay);
    workbench->settings.session.off = 1;
    assert_int_equal(replay_leave(again.replay, &error), 0);
    assert_holds(workbench->message, "the weights of step 3 are not in the session");
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
    /* A byte of the second record, the model: the file is named, and the damage. */
    struct replay *replay;
    struct log_reader log;
    assert_int_equal(log_reader_parse(&log, (unsigned char *)bytes, size, "s", &error), 0);
    bytes[(char *)log.records[1].body - bytes + 5] ^= 1;
    log_reader_close(&log);
    assert_int_equal(file_replace(path, bytes, size, &error), 0);
    assert_int_equal(replay_open(&replay, path, &settings, session_run_line, NULL, &error), -1);
    assert_holds(error.message, "d.sawb: ");
    assert_holds(error.message, "a record does not pass its check");
    free(path);
    free(bytes);
    session_close(&session);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_same_screens),
    cmocka_unit_test(test_console_lines),
    cmocka_unit_test(test_presets),
    cmocka_unit_test(test_attached),
    cmocka_unit_test(test_seek),
    cmocka_unit_test(test_seek_in_a_gap),
    cmocka_unit_test(test_live_in_training),
    cmocka_unit_test(test_bar),
    cmocka_unit_test(test_damaged),
};

TEST_GROUP(tests_tui_replay, tests);
