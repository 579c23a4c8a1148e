/*
 * runs.c - histories from events and logs, several runs, what of them is shown, the stored states
 * of pinned sentences, and the commands for all of it.
 */
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/session/run_log.h"
#include "tests/tui/command_fixture.h"
#include "viz/figure.h"

static struct run_history empty_run(void) {
    return (struct run_history){.seconds_left = -1, .smoothing = 0.5};
}

static void take(struct run_history *run, const char *line) {
    assert_int_equal(history_line(run, line, strlen(line)), 0);
}

static void take_step(struct run_history *run, int step, double loss) {
    char line[256];
    snprintf(line, sizeof(line),
             "{\"step\":%d,\"epoch\":%g,\"loss\":%.9g,\"lr\":1e-05,\"grad_norm\":2,\"tokens\":60,"
             "\"tokens_per_second\":120}",
             step, step / 10.0, loss);
    take(run, line);
}

/* ---- histories ------------------------------------------------------------------------------- */

static void test_lines_of_a_log(void **state) {
    (void)state;
    static const char *const odd[] = {"",
                                      "{",
                                      "[]",
                                      "7",
                                      "null",
                                      "{\"step\":\"x\",\"loss\":1}",
                                      "{\"loss\":1}",
                                      "{\"step\":-4,\"loss\":1}",
                                      "{\"step\":1e300,\"loss\":1}",
                                      "{\"step\":9}",
                                      "{\"step\":9,\"change\":{\"lr\":1}}",
                                      "{\"step\":9,\"sparsity\":{\"realised\":0.5}}",
                                      "\xff\xfe",
                                      "{\"step\":3,\"lo"};
    struct run_history run = empty_run();
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        take(&run, odd[i]);
    assert_int_equal(run.steps + run.evaluations, 0);
    take_step(&run, 1, 0.8);
    take(&run, "{\"step\":1,\"sparsity\":{\"spec\":\"topk(0.5)\",\"realised\":0.5}}");
    take_step(&run, 2, 0.6);
    take(&run, "{\"step\":2,\"eval\":{\"accuracy\":0.75,\"loss\":0.5}}");
    take(&run, "{\"step\":3,\"epoch\":0.3,\"loss\":null,\"lr\":1,\"grad_norm\":null,\"tokens\":60,"
               "\"tokens_per_second\":0}");
    assert_int_equal(run.steps, 3);
    assert_int_equal(run.evaluations, 1);
    assert_true(isnan(run.loss[2]) && run.loss[1] == 0.6);
    assert_true(run.realised[0] == 0.5 && run.realised[2] == 0.5);
    /* By the other axes: tokens add up; time is that of the steps, and not known of the last. */
    assert_true(run.tokens[0] == 60 && run.tokens[2] == 180);
    assert_true(run.time[0] == 0.5 && run.time[2] == 1);
    assert_true(run.evaluation_tokens[0] == 120 && run.evaluation_epoch[0] == 0.2);
    assert_ptr_equal(history_x(&run, AXIS_TIME), run.time);
    assert_ptr_equal(history_evaluation_x(&run, AXIS_EPOCH), run.evaluation_epoch);
    history_clear(&run);
}

/* m = β m + (1 - β) x over 1 - βᵗ, by hand: 4, then (0.5·2 + 0.5·1)/0.75 = 2, then a gap that the
 * average passes over, then (0.5·1.5 + 0.5·9)/0.875 = 6. */
static void test_smoothing(void **state) {
    (void)state;
    struct run_history run = empty_run();
    take_step(&run, 1, 4);
    take_step(&run, 2, 1);
    take(&run, "{\"step\":3,\"epoch\":0.3,\"loss\":null}");
    take_step(&run, 4, 9);
    assert_true(run.smooth_loss.values[0] == 4);
    assert_true(fabs(run.smooth_loss.values[1] - 2) < 1e-12);
    assert_true(isnan(run.smooth_loss.values[2]));
    assert_true(fabs(run.smooth_loss.values[3] - 6) < 1e-12);
    assert_true(fabs(run.smooth_norm.values[3] - 2) < 1e-12); /* of equal values: that value */
    history_smooth(&run, 0);
    for (int i = 0; i < 4; i++)
        assert_true(i == 2 || run.smooth_loss.values[i] == run.loss[i]);
    history_clear(&run);
}

/* A run that was broken off after its last checkpoint makes some steps a second time. */
static void test_resumed_steps_replace(void **state) {
    (void)state;
    struct run_history run = empty_run();
    for (int step = 1; step <= 600; step++)
        take_step(&run, step, step);
    take(&run, "{\"step\":400,\"eval\":{\"accuracy\":0.5,\"loss\":1}}");
    assert_int_equal(run.evaluations, 1);
    take(&run, "{\"step\":600,\"eval\":{\"accuracy\":0.9,\"loss\":1}}");
    take_step(&run, 401, -1);
    assert_int_equal(run.steps, 401);
    assert_int_equal(run.evaluations, 1);
    assert_true(run.loss[400] == -1 && run.tokens[400] == 401 * 60);
    /* As if the steps left out had never been. */
    double smooth = run.smooth_loss.values[400];
    history_smooth(&run, run.smoothing);
    assert_true(run.smooth_loss.values[400] == smooth);
    history_clear(&run);
}

static void test_best_evaluation(void **state) {
    (void)state;
    static const double values[][2] = {{0.7, 0.4}, {NAN, 0.1}, {0.9, 0.3}, {0.9, 0.2}, {0.8, 0.1}};
    struct run_history run = empty_run();
    assert_int_equal(history_best(&run), -1);
    for (int i = 0; i < 5; i++) {
        struct evaluation evaluation = {.accuracy = values[i][0], .loss = values[i][1]};
        assert_int_equal(history_evaluation(&run, i + 1, &evaluation), 0);
    }
    assert_int_equal(history_best(&run), 3);
    struct evaluation again = {.accuracy = 0.1, .loss = 1}; /* the same step once more */
    assert_int_equal(history_evaluation(&run, 5, &again), 0);
    assert_int_equal(run.evaluations, 5);
    history_clear(&run);
}

/* A pause is no time of the steps that are left. */
static void test_pause_and_time_left(void **state) {
    (void)state;
    struct run_history run = empty_run();
    struct step_report report = {.step = 1, .total_steps = 11, .tokens_per_second = 10};
    history_step(&run, &report, 100);
    report.step = 6;
    history_step(&run, &report, 105);
    assert_true(fabs(run.seconds_left - 5) < 1e-9);
    history_pause(&run, 1, 105);
    history_pause(&run, 1, 200);
    history_pause(&run, 0, 1105);
    report.step = 7;
    history_step(&run, &report, 1106);
    assert_true(fabs(run.seconds_left - 4) < 1e-9);
    history_clear(&run);
}

/* ---- runs of folders ------------------------------------------------------------------------- */

static char *write_log(struct desk *desk, const char *name, int steps, const char *rest) {
    char *directory = temporary_path(&desk->folder, name), line[256];
    struct sawb_error error;
    assert_int_equal(file_make_directory(directory, &error), 0);
    char *path = file_join(directory, RUN_LOG_FILE), *text = calloc((size_t)steps + 2, 256);
    assert_non_null(text);
    for (int step = 1, used = 0; step <= steps; step++) {
        snprintf(line, sizeof(line),
                 "{\"step\":%d,\"epoch\":%g,\"loss\":%g,\"lr\":1e-05,\"grad_norm\":2,\"tokens\":60,"
                 "\"tokens_per_second\":120}\n",
                 step, step / 100.0, 1.0 / step);
        used += sprintf(text + used, "%s", line);
    }
    strcat(text, rest);
    assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
    free(text);
    free(directory);
    return path;
}

static void append(const char *path, const char *text) {
    int descriptor = open(path, O_WRONLY | O_APPEND);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    close(descriptor);
}

/* A run of another program: overlaid, followed as it grows, its torn line left until it is whole.
 */
static void test_growing_log(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    char *path = write_log(&desk, "other", 50,
                           "{\"step\":50,\"eval\":{\"accuracy\":0.9,\"loss\":0.3}}\n{\"step\":51,");
    assert_int_equal(desk_run(&desk, "runs add %s/other/"), COMMAND_DONE);
    const struct run_history *run = runs_get(&desk.workbench, 0);
    assert_int_equal(run->steps, 50);
    assert_int_equal(run->evaluations, 1);
    assert_string_equal(run_title(run), "other");
    append(path, "\"epoch\":0.51,\"loss\":7}\n{\"step\":52,\"epoch\":0.52,\"loss\":8}\n{\"st");
    double now = clock_wall() + 10;
    runs_follow(&desk.workbench, now);
    assert_int_equal(run->steps, 52);
    assert_true(run->loss[50] == 7 && run->loss[51] == 8);
    append(path, "ep\":53,\"epoch\":0.53,\"loss\":9}\n");
    runs_follow(&desk.workbench, now + 0.5); /* too soon */
    assert_int_equal(run->steps, 52);
    assert_true(runs_patience(&desk.workbench, now + 0.5) > 0);
    runs_follow(&desk.workbench, now + 2);
    assert_int_equal(run->steps, 53);
    free(path);
    path = write_log(&desk, "other", 3, ""); /* begun anew: its steps replace the others */
    runs_follow(&desk.workbench, now + 4);
    assert_int_equal(run->steps, 3);
    unlink(path);
    runs_follow(&desk.workbench, now + 6);
    assert_int_equal(run->steps, 3);
    free(path);
    desk_close(&desk);
}

static void test_runs_command(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    assert_int_equal(desk_run(&desk, "runs"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_NOTES), "there are no runs yet");
    assert_int_equal(desk_run(&desk, "runs add %s"), COMMAND_FAILED);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "has no log.jsonl");
    assert_int_equal(desk_run(&desk, "runs add"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "step best"), COMMAND_FAILED);
    for (int i = 0; i < RUNS_MOST; i++) {
        char name[16], line[64];
        snprintf(name, sizeof(name), "run%d", i);
        free(write_log(&desk, name, 10 + i, ""));
        snprintf(line, sizeof(line), "runs add %%s/%s", name);
        assert_int_equal(desk_run(&desk, line), i < RUNS_MOST - 1 ? COMMAND_DONE : COMMAND_FAILED);
    }
    assert_holds(desk_told(&desk, TOLD_ERRORS), "8 runs are shown at once");
    assert_int_equal(desk_run(&desk, "runs add %s/run2"), COMMAND_FAILED);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "among the runs already");
    /* Each with its own line, which it keeps. */
    int looks = 0;
    for (int i = 0; i < RUNS_MOST - 1; i++)
        looks |= 1 << runs_get(&desk.workbench, i)->look;
    assert_int_equal(looks, (1 << (RUNS_MOST - 1)) - 1);
    assert_int_equal(desk_run(&desk, "runs remove run0 3"), COMMAND_DONE);
    assert_int_equal(runs_count(&desk.workbench), RUNS_MOST - 3);
    assert_string_equal(run_title(runs_get(&desk.workbench, 0)), "run1");
    assert_int_equal(runs_get(&desk.workbench, 0)->look, 1);
    assert_int_equal(desk_run(&desk, "runs remove nothing"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "runs"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "run6");
    desk.workbench.settings.json = 1;
    assert_int_equal(desk_run(&desk, "runs"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "{\"run\":1,\"name\":\"");
    assert_int_equal(desk_run(&desk, "runs clear"), COMMAND_DONE);
    assert_int_equal(runs_count(&desk.workbench), 0);
    desk_close(&desk);
}

/* ---- how they are shown ---------------------------------------------------------------------- */

static void check_range(const struct workbench *workbench, double from, double to) {
    double low, high;
    assert_true(runs_range(workbench, &low, &high));
    if (fabs(low - from) > 1e-9 || fabs(high - to) > 1e-9)
        fail_msg("%g..%g is shown, not %g..%g", low, high, from, to);
}

static void test_zoom_and_cursor(void **state) {
    (void)state;
    struct desk desk;
    double x;
    desk_open(&desk, 0);
    free(
        write_log(&desk, "long", 400, "{\"step\":400,\"eval\":{\"accuracy\":0.9,\"loss\":0.3}}\n"));
    assert_false(runs_range(&desk.workbench, &x, &x));
    assert_int_equal(desk_run(&desk, "zoom-x in"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "runs add %s/long"), COMMAND_DONE);
    const struct workbench *workbench = &desk.workbench;
    check_range(workbench, 0, 400);
    desk_run(&desk, "zoom-x in");
    check_range(workbench, 100, 300);
    desk_run(&desk, "zoom-x right");
    check_range(workbench, 150, 350);
    desk_run(&desk, "zoom-x right");
    desk_run(&desk, "zoom-x right");
    check_range(workbench, 200, 400); /* not beyond the end */
    desk_run(&desk, "zoom-x fit");
    check_range(workbench, 0, 400);

    assert_false(runs_cursor(workbench, &x));
    desk_run(&desk, "step 100");
    assert_true(runs_cursor(workbench, &x) && x == 100);
    desk_run(&desk, "zoom-x in"); /* the cursor keeps its place: a quarter from the left */
    check_range(workbench, 50, 250);
    desk_run(&desk, "step right"); /* by a hundredth of the 200 steps shown */
    assert_int_equal(workbench->runs.cursor, 102);
    desk_run(&desk, "step last"); /* what is shown goes along */
    check_range(workbench, 200, 400);
    desk_run(&desk, "step right");
    assert_int_equal(workbench->runs.cursor, 400);
    desk_run(&desk, "step first");
    assert_int_equal(workbench->runs.cursor, 0);
    assert_true(runs_cursor(workbench, &x) && x == 0);
    desk_run(&desk, "step best");
    assert_int_equal(workbench->runs.cursor, 400);
    for (int i = 0; i < 40; i++)
        desk_run(&desk, "zoom-x in");
    desk_run(&desk, "zoom-x out");
    for (int i = 0; i < 40; i++)
        desk_run(&desk, "zoom-x out");
    check_range(workbench, 0, 400);

    desk_run(&desk, "axis tokens");
    check_range(workbench, 0, 24000);
    assert_true(runs_cursor(workbench, &x) && x == 24000);
    assert_int_equal(runs_step_at(workbench, 6000.0 + 29), 100);
    assert_int_equal(runs_step_at(workbench, 6000.0 + 31), 101);
    assert_int_equal(runs_step_at(workbench, 10), 0);
    desk_run(&desk, "axis next");
    assert_int_equal(workbench->runs.axis, AXIS_TIME);
    desk_run(&desk, "axis epoch");
    check_range(workbench, 0, 4);
    desk_run(&desk, "step off");
    assert_false(runs_cursor(workbench, &x));
    desk_close(&desk);
}

static void test_words(void **state) {
    (void)state;
    static const struct {
        const char *line;
        int status;
    } lines[] = {{"curve accuracy", COMMAND_DONE},
                 {"curve banana", COMMAND_USAGE},
                 {"curve", COMMAND_USAGE},
                 {"smooth 0.5", COMMAND_DONE},
                 {"smooth 1", COMMAND_USAGE},
                 {"smooth nan", COMMAND_USAGE},
                 {"smooth -1", COMMAND_USAGE},
                 {"scale log", COMMAND_DONE},
                 {"scale up", COMMAND_USAGE},
                 {"axis mile", COMMAND_USAGE},
                 {"zoom-x", COMMAND_USAGE},
                 {"step x", COMMAND_FAILED},
                 {"unpin", COMMAND_FAILED},
                 {"unpin 1", COMMAND_USAGE},
                 {"scrub on", COMMAND_FAILED},
                 {"scrub off", COMMAND_DONE},
                 {"run pause", COMMAND_FAILED},
                 {"run rate 1", COMMAND_FAILED},
                 {"run pause now", COMMAND_USAGE},
                 {"run no-such-script", COMMAND_FAILED},
                 {"pins", COMMAND_DONE}};
    struct desk desk;
    desk_open(&desk, 0);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        int status = desk_run(&desk, lines[i].line);
        if (status != lines[i].status)
            fail_msg("%s: %d", lines[i].line, status);
    }
    assert_int_equal(desk.workbench.runs.curve, CURVE_ACCURACY);
    assert_int_equal(desk.workbench.runs.log_scale, 1);
    assert_true(desk.workbench.runs.smoothing == 0.5);
    for (int i = 0; i < CURVE_CHOICES; i++)
        desk_run(&desk, "curve next");
    assert_int_equal(desk.workbench.runs.curve, CURVE_ACCURACY);
    desk_run(&desk, "curve previous");
    assert_int_equal(desk.workbench.runs.curve, CURVE_LOSS);
    desk_run(&desk, "smooth next");
    assert_true(desk.workbench.runs.smoothing == 0.6);
    desk_run(&desk, "smooth off");
    assert_true(desk.workbench.runs.smoothing == 0);
    desk_close(&desk);
}

static void test_figure(void **state) {
    (void)state;
    struct desk desk;
    struct figure figure = {0};
    struct sawb_error error;
    desk_open(&desk, 0);
    assert_int_equal(training_figure(&desk.workbench, &figure, &error), -1);
    assert_non_null(strstr(error.message, "runs add"));
    figure_free(&figure);
    free(write_log(&desk, "one", 30, "{\"step\":30,\"eval\":{\"accuracy\":0.9,\"loss\":0.3}}\n"));
    free(write_log(&desk, "two", 20, ""));
    desk_run(&desk, "runs add %s/one");
    desk_run(&desk, "runs add %s/two");
    assert_int_equal(training_figure(&desk.workbench, &figure, &error), 0);
    assert_int_equal(figure.panel_count, 2);
    assert_string_equal(figure.panels[0].title, "loss smoothed 0.9");
    assert_int_equal(figure.panels[0].series_count, 5); /* raw and smooth of both, one validation */
    assert_int_equal(figure.panels[1].series_count, 1);
    assert_string_equal(figure.panels[1].series[0].name, "one validation");
    figure_free(&figure);
    desk_run(&desk, "curve all");
    assert_int_equal(training_figure(&desk.workbench, &figure, &error), 0);
    assert_int_equal(figure.panel_count, RUN_PANELS);
    figure_free(&figure);
    desk_close(&desk);
}

/* ---- the run of the session ------------------------------------------------------------------ */

static void live_desk(struct desk *desk) {
    struct sawb_error error;
    desk_open(desk, 0);
    desk->workbench.live = 1;
    if (workbench_begin(&desk->workbench, "a warm film", &error) < 0)
        fail_msg("%s", error.message);
}

/* Takes events until the condition holds. */
#define take_until(desk, condition)                                                                \
    do {                                                                                           \
        for (int turns = 0; !(condition); turns++) {                                               \
            desk_take(desk);                                                                       \
            assert_true(turns < 100000);                                                           \
        }                                                                                          \
    } while (0)

static void start(struct desk *desk, const char *name, const char *rest) {
    char line[1200];
    snprintf(line, sizeof(line),
             "train \"%s/data.tsv\" --validation \"%s/data.tsv\" --out \"%s/%s\" --batch-size 2 %s",
             desk->folder.path, desk->folder.path, desk->folder.path, name, rest);
    assert_int_equal(desk_run(desk, line), COMMAND_DONE);
}

/* Steering by command; the run goes aside when another begins, and a branch starts by itself. */
static void test_steering_by_command(void **state) {
    (void)state;
    struct desk desk;
    live_desk(&desk);
    struct workbench *workbench = &desk.workbench;
    start(&desk, "first", "--max-steps 1000000 --eval-every 1000000");
    take_until(&desk, workbench->run.steps > 0);
    assert_int_equal(desk_run(&desk, "run toggle"), COMMAND_DONE);
    take_until(&desk, workbench->run.paused);
    int steps = workbench->run.steps;
    assert_int_equal(desk_run(&desk, "run rate 200"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "run rate"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "run sparsity topk(7)"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "run sparsity topk(0.5)@L60"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "run branch"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "run branch %s/first"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "run branch %s/second banana"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "run evaluate"), COMMAND_DONE);
    take_until(&desk, workbench->run.evaluations == 1);
    assert_int_equal(desk_run(&desk, "run branch %s/second rate 1e-6"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "run branch %s/second"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "run branch %s/third sparsity topk(0.5)"), COMMAND_DONE);
    take_until(&desk, workbench->runs.branches[1].saved);
    assert_int_equal(desk_run(&desk, "runs"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "waits");
    assert_int_equal(workbench->run.steps, steps);
    assert_int_equal(desk_run(&desk, "run toggle"), COMMAND_DONE);
    take_until(&desk, workbench->run.steps > steps);
    assert_int_equal(desk_run(&desk, "run stop"), COMMAND_DONE);
    take_until(&desk, strcmp(run_title(&workbench->run), "second") == 0);
    assert_int_equal(workbench->run.steps, steps); /* from its log, up to where it branched off */
    take_until(&desk, workbench->run.steps > steps);
    assert_true(workbench->run.learning_rate[steps] < 1.1e-6);
    assert_int_equal(workbench->runs.count, 1);
    assert_string_equal(run_title(runs_get(workbench, 1)), "first");
    assert_true(workbench->run.look != runs_get(workbench, 1)->look);
    assert_int_equal(desk_run(&desk, "run stop"), COMMAND_DONE);
    take_until(&desk,
               strcmp(run_title(&workbench->run), "third") == 0 && workbench->run.steps > steps);
    assert_true(workbench->run.realised[steps] > 0.1);
    assert_int_equal(desk_run(&desk, "run STOP"), COMMAND_DONE); /* however it is spelled */
    take_until(&desk, !workbench->run.running);
    assert_int_equal(runs_count(workbench), 3);
    desk_close(&desk);
}

/* States are stored as the run learns, looked back at with the cursor, and left again. */
static void test_scrub(void **state) {
    (void)state;
    struct desk desk;
    live_desk(&desk);
    struct workbench *workbench = &desk.workbench;
    const struct pinned_sentence *pin = &workbench->pinned.sentences[0];
    assert_int_equal(desk_run(&desk, "pin a fine film"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_NOTES), "64 MB");
    assert_int_equal(desk_run(&desk, "pin a fine film"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "scrub on"), COMMAND_FAILED);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "nothing is stored");
    start(&desk, "first", "--max-steps 12 --eval-every 4 --lr 0.01 --warmup 0");
    take_until(&desk, !workbench->run.running);
    take_until(&desk, workbench->answers == ARMS);
    assert_int_equal(pin->count, 4);
    static const int64_t steps[] = {0, 4, 8, 12};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pin->states[i].step, steps[i]);
        assert_non_null(pin->states[i].arms[ARM_A]);
        assert_non_null(pin->states[i].arms[ARM_B]);
    }
    assert_int_equal(desk_run(&desk, "step 9"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "scrub toggle"), COMMAND_DONE);
    assert_int_equal(pinned_step(workbench), 8);
    assert_int_equal(workbench->runs.cursor, 8);
    assert_string_equal(workbench->text, "a fine film");
    take_until(&desk, workbench->answers == ARMS); /* live ones come and wait beside */
    const struct arm *arm = &workbench->arms[ARM_A];
    assert_int_equal(arm->capture->training_step, 8);
    assert_int_equal(arm->stale, 0);
    struct capture *stored = stored_unpack(pin->states[2].arms[ARM_A], &(struct sawb_error){{0}});
    assert_memory_equal(arm->capture->logits, stored->logits, 2 * sizeof(float));
    capture_free(stored);
    desk_run(&desk, "step left");
    desk_run(&desk, "step left");
    assert_int_equal(pinned_step(workbench), 0);
    assert_int_equal(arm->capture->training_step, 0);
    desk_run(&desk, "step left"); /* nothing before */
    assert_int_equal(pinned_step(workbench), 0);
    desk_run(&desk, "step last");
    assert_int_equal(pinned_step(workbench), 12);
    /* The last state is what the finished run answers, but for the rounding of the weights. */
    float last = arm->capture->logits[0];
    desk_run(&desk, "scrub off");
    assert_int_equal(pinned_step(workbench), -1);
    take_until(&desk, workbench->answers == ARMS && !arm->stale);
    assert_true(fabs((double)(arm->capture->logits[0] - last)) < 1e-5);
    /* A new sentence goes back to live ones. */
    desk_run(&desk, "scrub on");
    assert_int_equal(desk_run(&desk, "text very good"), COMMAND_DONE);
    assert_int_equal(pinned_step(workbench), -1);
    take_until(&desk, workbench->answers == ARMS);
    assert_string_equal(arm->capture->text, "very good");
    desk_run(&desk, "scrub on");
    assert_int_equal(desk_run(&desk, "swap"), COMMAND_DONE);
    assert_int_equal(pinned_step(workbench), -1);
    desk_run(&desk, "scrub on");
    assert_int_equal(desk_run(&desk, "unpin 1"), COMMAND_DONE);
    assert_int_equal(pinned_step(workbench), -1);
    assert_int_equal(workbench->pinned.bytes, 0);
    desk_run(&desk, "pin");
    desk_close(&desk);
}

/* A new pattern of B is stored from then on; a run from the start forgets the states of the one
 * before. */
static void test_patterns_of_stored_states(void **state) {
    (void)state;
    struct desk desk;
    live_desk(&desk);
    struct workbench *workbench = &desk.workbench;
    const struct pinned_sentence *pin = &workbench->pinned.sentences[0];
    desk_run(&desk, "pin");
    start(&desk, "first", "--max-steps 1000000 --eval-every 1000000");
    take_until(&desk, workbench->run.steps > 2 && pin->count == 1);
    assert_int_equal(desk_run(&desk, "sparsity b local(1)"), COMMAND_DONE);
    take_until(&desk, pin->count == 2 && pin->states[1].arms[ARM_B]);
    struct capture *stored = stored_unpack(pin->states[1].arms[ARM_B], &(struct sawb_error){{0}});
    assert_string_equal(stored->spec, "local(1)");
    capture_free(stored);
    desk_run(&desk, "run stop");
    take_until(&desk, !workbench->run.running);
    start(&desk, "second", "--max-steps 1000000 --eval-every 1000000");
    take_until(&desk, workbench->run.steps > 0);
    assert_int_equal(pin->count, 1);
    assert_int_equal(pin->states[0].step, 0);
    desk_run(&desk, "run stop");
    take_until(&desk, !workbench->run.running);
    desk_close(&desk);
}

/* What is stored stays below the bound; the first and the newest state stay. */
static void test_bound(void **state) {
    (void)state;
    struct desk desk;
    struct sawb_error error;
    struct capture *capture;
    struct sparsity *dense;
    live_desk(&desk);
    struct workbench *workbench = &desk.workbench;
    const struct pinned_sentence *pin = &workbench->pinned.sentences[0];
    desk_run(&desk, "pin a warm film");
    assert_int_equal(sparsity_parse(&dense, "dense", NULL, &error), 0);
    assert_int_equal(capture_run(&capture, workbench->arms[ARM_A].model, dense, "a warm film", 1,
                                 &workbench->compute, &error),
                     0);
    struct event event = {.kind = EVENT_PREDICTION};
    event.data.capture = capture;
    size_t one = 0;
    for (int step = 0; step < 1000; step++) {
        if (step == 1)
            one = workbench->pinned.bytes;
        /* As if each were large: fill the rest of the bound. */
        size_t pretended = step == 500 ? PINNED_BYTES - 100 * one : 0;
        workbench->pinned.bytes += pretended;
        event.step = step;
        pinned_take(workbench, &event);
        assert_true(workbench->pinned.bytes <= PINNED_BYTES);
        assert_int_equal(pin->states[0].step, 0);
        assert_int_equal(pin->states[pin->count - 1].step, step);
        for (int i = 1; i < pin->count; i++)
            assert_true(pin->states[i - 1].step < pin->states[i].step);
    }
    assert_true(workbench->pinned.thinned && pin->count < 200);
    event.step = 10; /* a run that was resumed earlier */
    pinned_take(workbench, &event);
    assert_int_equal(pin->states[pin->count - 1].step, 10);
    workbench->pinned.bytes = 0;
    capture_free(capture);
    sparsity_free(dense);
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_lines_of_a_log),
    cmocka_unit_test(test_smoothing),
    cmocka_unit_test(test_resumed_steps_replace),
    cmocka_unit_test(test_best_evaluation),
    cmocka_unit_test(test_pause_and_time_left),
    cmocka_unit_test(test_growing_log),
    cmocka_unit_test(test_runs_command),
    cmocka_unit_test(test_zoom_and_cursor),
    cmocka_unit_test(test_words),
    cmocka_unit_test(test_figure),
    cmocka_unit_test(test_steering_by_command),
    cmocka_unit_test(test_scrub),
    cmocka_unit_test(test_patterns_of_stored_states),
    cmocka_unit_test(test_bound),
};

TEST_GROUP(tests_tui_runs, tests);
