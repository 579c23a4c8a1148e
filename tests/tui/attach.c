/*
 * attach.c - the log of another process's run as the run of the workbench.
 */
#include "tui/app/attach.h"

#include <math.h>

#include "core/base/file.h"
#include "core/session/run_log.h"
#include "tests/tui/command_fixture.h"

static void write_log(const struct desk *desk, const char *text) {
    struct sawb_error error;
    char *path = file_join(desk->folder.path, RUN_LOG_FILE);
    assert_int_equal(file_replace(path, text, strlen(text), &error), 0);
    free(path);
}

static void attach(struct desk *desk) {
    struct sawb_error error;
    if (attach_begin(&desk->workbench, desk->folder.path, 0, &error) < 0)
        fail_msg("%s", error.message);
    while (attach_follow(&desk->workbench, 2))
        ;
}

#define BEGUN "{\"step\":0,\"state\":\"running\",\"total\":9,\"pid\":7,\"time\":1000}\n"
#define STEPS                                                                                      \
    "{\"step\":1,\"epoch\":0.5,\"loss\":0.75,\"lr\":1e-5,\"grad_norm\":1,\"tokens\":100,"          \
    "\"tokens_per_second\":50}\n"                                                                  \
    "{\"step\":1,\"sparsity\":{\"spec\":\"topk(0.5)\",\"realised\":0.25}}\n"                       \
    "{\"step\":2,\"epoch\":1,\"loss\":0.5,\"lr\":1e-5,\"grad_norm\":1,\"tokens\":100,"             \
    "\"tokens_per_second\":50}\n"                                                                  \
    "{\"step\":2,\"eval\":{\"accuracy\":0.875,\"loss\":0.25}}\n"
#define PAUSED "{\"step\":2,\"steered\":\"pause\",\"done\":true,\"time\":1010}\n"

/* The curves are those of the log, and the end is told. */
static void test_history(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    write_log(&desk, BEGUN STEPS "{\"step\":2,\"state\":\"done\",\"error\":null,\"time\":1020}\n");
    attach(&desk);
    const struct run_history *run = &desk.workbench.run;
    assert_int_equal(run->steps, 2);
    assert_int_equal(run->total_steps, 9);
    assert_true(run->loss[0] == 0.75 && run->loss[1] == 0.5);
    assert_true(run->realised[0] == 0.25 && run->realised[1] == 0.25);
    assert_int_equal(run->evaluations, 1);
    assert_true(run->evaluation_accuracy[0] == 0.875);
    /* A step took two seconds, seven are left. */
    assert_true(fabs(run->seconds_left - 14) < 1e-6);
    assert_int_equal(run->attached, 1);
    assert_int_equal(run->running, 0);
    assert_string_equal(desk.workbench.progress, "");
    attach_end(&desk.workbench);
    assert_int_equal(run->attached, 0);
    assert_int_equal(run->steps, 2); /* they stay */
    desk_close(&desk);
}

/* One that died while it was paused. */
static void test_death(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    write_log(&desk, BEGUN STEPS PAUSED);
    attach(&desk);
    assert_int_equal(desk.workbench.run.running, 0);
    assert_int_equal(desk.workbench.message_kind, MESSAGE_ERROR);
    assert_non_null(strstr(desk.workbench.message, "died after step 2"));
    assert_null(attach_next(&desk.workbench)); /* told once */
    struct sawb_error error;
    assert_int_equal(attach_ask(&desk.workbench, "pause", &error), -1);
    desk_close(&desk);
}

/* While it goes on, line by line; another one that is attached to takes its place. */
static void test_growth(void **state) {
    (void)state;
    struct desk desk;
    struct run_log log;
    struct sawb_error error;
    desk_open(&desk, 0);
    write_log(&desk, BEGUN STEPS PAUSED);
    assert_int_equal(run_log_begin(&log, desk.folder.path, &error), 0);
    assert_int_equal(run_log_start(&log, 0, &error), 0);
    attach(&desk);
    assert_int_equal(desk.workbench.run.running, 1);
    assert_int_equal(desk.workbench.run.paused, 1);
    assert_int_equal(run_log_write(&log, run_log_steered(2, STEER_CONTINUE, 1), &error), 0);
    assert_int_equal(run_log_write(&log, run_log_note(2, "a word"), &error), 0);
    assert_int_equal(attach_follow(&desk.workbench, 10), 0);
    assert_int_equal(desk.workbench.run.paused, 0);
    assert_string_equal(desk.workbench.message, "a word");
    attach(&desk);
    assert_int_equal(desk.workbench.run.steps, 2);
    assert_int_equal(desk.workbench.run.running, 1);
    run_log_end(&log);
    desk_close(&desk);
}

/* `stop` ends long work of one's own before it asks the run. */
static void test_stop(void **state) {
    (void)state;
    struct desk desk;
    struct run_log log;
    struct sawb_error error;
    struct workbench *workbench = &desk.workbench;
    desk_open(&desk, 0);
    write_log(&desk, BEGUN STEPS);
    assert_int_equal(run_log_begin(&log, desk.folder.path, &error), 0);
    assert_int_equal(run_log_start(&log, 0, &error), 0);
    attach(&desk);
    assert_int_equal(desk_run(&desk, "bench kernel --sweep s --lengths 8 --seconds 60"),
                     COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "stop"), COMMAND_DONE);
    while (workbench->long_job)
        desk_take(&desk);
    assert_int_equal(workbench->timing.stopped, 1);
    assert_int_equal(workbench->run.running, 1);
    assert_int_equal(desk_run(&desk, "stop"), COMMAND_FAILED); /* the run cannot be asked */
    run_log_end(&log);
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_history),
    cmocka_unit_test(test_death),
    cmocka_unit_test(test_growth),
    cmocka_unit_test(test_stop),
};

TEST_GROUP(tests_tui_attach, tests);
