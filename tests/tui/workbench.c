/*
 * workbench.c - the workbench's state under changes and events.
 */
#include "tui/app/workbench.h"

#include <math.h>
#include <unistd.h>

#include "tests/tui/command_fixture.h"
#include "tui/app/format.h"
#include "tui/app/history.h"

/* Takes events until the job has ended; a minute at most. Returns its status. */
static int drain(struct workbench *workbench, int job) {
    for (int i = 0; i < 6000; i++) {
        struct event *event = queue_wait(workbench->events, 10);
        if (!event)
            continue;
        int ended = event->kind == EVENT_DONE && event->job == job, status = event->status;
        workbench_event(workbench, event);
        if (ended)
            return status;
    }
    fail_msg("job %d did not end", job);
    return -1;
}

static struct event *event_of(enum event_kind kind, int job) {
    struct event *event = calloc(1, sizeof(*event));
    assert_non_null(event);
    event->kind = kind;
    event->job = job;
    return event;
}

static void begin(struct desk *desk) {
    struct sawb_error error;
    desk_open(desk, 0);
    if (workbench_begin(&desk->workbench, NULL, &error) < 0)
        fail_msg("%s", error.message);
}

/* ---- opening --------------------------------------------------------------------------------- */

static void test_first_answer(void **state) {
    (void)state;
    struct desk desk;
    begin(&desk);
    struct workbench *workbench = &desk.workbench;
    assert_string_equal(workbench->text, "a warm film");
    assert_true(workbench->arms[ARM_A].stale && workbench->arms[ARM_B].stale);
    assert_int_equal(workbench_tokens(workbench), 0);
    assert_int_equal(drain(workbench, workbench->prediction_job), 0);
    for (int arm = 0; arm < ARMS; arm++) {
        assert_int_equal(workbench->arms[arm].stale, 0);
        assert_string_equal(workbench->arms[arm].capture->text, "a warm film");
        assert_string_equal(workbench->arms[arm].capture->spec, workbench->arms[arm].spec);
    }
    assert_string_equal(workbench->arms[ARM_A].spec, "dense");
    assert_string_equal(workbench->arms[ARM_B].spec, "aggressive_sparse");
    assert_int_equal(workbench->answers, ARMS);
    assert_int_equal(workbench_tokens(workbench), 5);
    assert_int_equal(workbench_layers(workbench), 2);
    assert_int_equal(workbench_heads(workbench), 2);
    desk_close(&desk);
}

static void test_samples(void **state) {
    (void)state;
    struct desk desk;
    struct settings settings = {.seed = 1};
    struct sawb_error error;
    struct workbench workbench;
    desk_open(&desk, 0);
    char *samples = workbench_samples(&error);
    assert_string_equal(samples, desk.folder.path);
    free(samples);
    setenv("SAWB_SAMPLES", "/nowhere", 1);
    assert_null(workbench_samples(&error));
    assert_holds(error.message, "SAWB_SAMPLES");
    assert_int_equal(workbench_open(&workbench, &settings, &error), -1);
    setenv("SAWB_SAMPLES", desk.folder.path, 1);
    desk_write(&desk, "presets.json", "{\"dense\": \"topk(\"}");
    assert_int_equal(workbench_open(&workbench, &settings, &error), -1);
    assert_holds(error.message, "presets.json");
    desk_close(&desk);
}

/* The user's presets win over those that ship; without any, B still has a sparse pattern. */
static void test_presets(void **state) {
    (void)state;
    struct desk desk;
    struct settings settings = {.model_directory = BERT, .seed = 1};
    struct workbench workbench;
    struct sawb_error error;
    desk_open(&desk, 0);
    char *folder = temporary_path(&desk.folder, "sawb");
    assert_int_equal(file_make_directory(folder, NULL), 0);
    free(folder);
    desk_write(&desk, "sawb/presets.json",
               "{\"mine\": \"local(1)\", \"aggressive_sparse\": \"local(2)\"}");
    assert_int_equal(workbench_open(&workbench, &settings, &error), 0);
    int mine = 0, changed = 0;
    for (int i = 0; i < presets_count(workbench.presets); i++) {
        const char *name = presets_name(workbench.presets, i);
        const char *spec = presets_specification(workbench.presets, i);
        mine |= strcmp(name, "mine") == 0 && strcmp(spec, "local(1)") == 0;
        changed |= strcmp(name, "aggressive_sparse") == 0 && strcmp(spec, "local(2)") == 0;
    }
    assert_true(mine && changed);
    workbench_close(&workbench);

    desk_write(&desk, "sawb/presets.json", "{}");
    desk_write(&desk, "presets.json", "{\"dense\": \"dense\"}");
    assert_int_equal(workbench_open(&workbench, &settings, &error), 0);
    assert_string_equal(workbench.arms[ARM_B].spec, "topk(0.8)");
    workbench_close(&workbench);
    desk_close(&desk);
}

static void test_sentences(void **state) {
    (void)state;
    static const struct {
        int index;
        const char *text;
    } rows[] = {{0, "a warm film"}, {1, "the dull story"}, {2, "fine"},
                {3, "a warm film"}, {-1, "fine"},          {-4, "fine"}};
    struct desk desk;
    struct sawb_error error;
    int count;
    desk_open(&desk, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *sentence = workbench_sentence(&desk.workbench, rows[i].index, &count, &error);
        assert_string_equal(sentence, rows[i].text);
        assert_int_equal(count, 3);
        free(sentence);
    }
    desk_write(&desk, "sentences.txt", "\n# nothing\n");
    assert_null(workbench_sentence(&desk.workbench, 0, &count, &error));
    assert_holds(error.message, "no sentence");
    desk_close(&desk);
}

/* ---- changes --------------------------------------------------------------------------------- */

static void test_wrong_changes_change_nothing(void **state) {
    (void)state;
    struct desk desk;
    struct sawb_error error;
    begin(&desk);
    struct workbench *workbench = &desk.workbench;
    assert_int_equal(drain(workbench, workbench->prediction_job), 0);
    int job = workbench->prediction_job;
    assert_int_equal(workbench_set_spec(workbench, ARM_B, "topk(2)", &error), -1);
    assert_int_equal(workbench_set_spec(workbench, ARM_B, "dense@L2", &error), -1);
    assert_int_equal(workbench_set_model(workbench, -1, "/nowhere", &error), -1);
    assert_string_equal(workbench->arms[ARM_B].spec, "aggressive_sparse");
    assert_string_equal(workbench->arms[ARM_B].model->directory, BERT);
    assert_int_equal(workbench->arms[ARM_B].stale, 0);
    assert_int_equal(workbench->prediction_job, job);

    assert_int_equal(workbench_set_spec(workbench, ARM_B, "local(1)", &error), 0);
    assert_int_equal(workbench->arms[ARM_A].stale, 0);
    assert_int_equal(workbench->arms[ARM_B].stale, 1);
    assert_true(workbench->prediction_job > job);
    assert_int_equal(drain(workbench, workbench->prediction_job), 0);
    assert_string_equal(workbench->arms[ARM_B].capture->spec, "local(1)");
    desk_close(&desk);
}

/* A sentence that cannot be read is an error that does not take the last answer away. */
static void test_failed_answer(void **state) {
    (void)state;
    struct desk desk;
    struct sawb_error error;
    begin(&desk);
    struct workbench *workbench = &desk.workbench;
    assert_int_equal(drain(workbench, workbench->prediction_job), 0);
    assert_int_equal(workbench_set_text(workbench, "bad \xff", &error), 0);
    assert_int_equal(drain(workbench, workbench->prediction_job), -1);
    assert_int_equal(workbench->message_kind, MESSAGE_ERROR);
    assert_int_equal(workbench->arms[ARM_A].stale, 1);
    assert_non_null(workbench->arms[ARM_A].capture);
    assert_int_equal(workbench->answers, ARMS); /* nothing more is to be waited for */
    desk_close(&desk);
}

static void test_late_answers_are_dropped(void **state) {
    (void)state;
    struct desk desk;
    begin(&desk);
    struct workbench *workbench = &desk.workbench;
    assert_int_equal(drain(workbench, workbench->prediction_job), 0);
    struct capture *shown = workbench->arms[ARM_B].capture;
    struct event *event = event_of(EVENT_PREDICTION, workbench->prediction_job - 1);
    event->arm = ARM_B;
    event->data.capture = calloc(1, sizeof(struct capture));
    workbench_event(workbench, event);
    assert_ptr_equal(workbench->arms[ARM_B].capture, shown);
    desk_close(&desk);
}

static void test_cursor_is_kept_inside(void **state) {
    (void)state;
    struct desk desk;
    struct sawb_error error;
    begin(&desk);
    struct workbench *workbench = &desk.workbench;
    assert_int_equal(drain(workbench, workbench->prediction_job), 0);
    workbench->query = workbench->key = 99;
    workbench->layer = workbench->head = 99;
    workbench_clamp(workbench);
    assert_int_equal(workbench->query, 4);
    assert_int_equal(workbench->key, 4);
    assert_int_equal(workbench->layer, 1);
    assert_int_equal(workbench->head, 1);
    assert_int_equal(workbench_set_text(workbench, "", &error), 0);
    assert_int_equal(drain(workbench, workbench->prediction_job), 0);
    assert_int_equal(workbench->query, 1);
    desk_close(&desk);
}

static void test_explain(void **state) {
    (void)state;
    struct desk desk;
    struct sawb_error error;
    char text[128];
    begin(&desk);
    struct workbench *workbench = &desk.workbench;
    workbench_explain(workbench, ARM_B, 0, 0, text, sizeof(text));
    assert_string_equal(text, ""); /* no answer yet */
    assert_int_equal(workbench_set_spec(workbench, ARM_B, "local(1)", &error), 0);
    assert_int_equal(drain(workbench, workbench->prediction_job), 0);
    const struct capture *capture = workbench->arms[ARM_B].capture;
    const uint8_t *mask = capture->mask + capture_head(capture, 0, 0);
    for (int query = 0; query < 5; query++) {
        for (int key = 0; key < 5; key++) {
            workbench_explain(workbench, ARM_B, query, key, text, sizeof(text));
            assert_int_equal(strncmp(text, mask[query * 5 + key] ? "kept" : "removed", 4), 0);
        }
    }
    workbench_explain(workbench, ARM_B, 5, 0, text, sizeof(text));
    assert_string_equal(text, "");
    desk_close(&desk);
}

static void test_messages(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    struct workbench *workbench = &desk.workbench;
    workbench_message(workbench, MESSAGE_NOTE, "note %d", 1);
    assert_string_equal(workbench->message, "note 1");
    workbench_message(workbench, MESSAGE_ERROR, "error");
    workbench_message(workbench, MESSAGE_NOTE, "note 2");
    assert_string_equal(workbench->message, "error");
    workbench_message(workbench, MESSAGE_COMMAND, "view help");
    assert_string_equal(workbench->message, "view help");
    workbench_message(workbench, MESSAGE_NONE, "%s", "");
    assert_int_equal(workbench->message_kind, MESSAGE_NONE);
    desk_close(&desk);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static void test_history(void **state) {
    (void)state;
    struct run_history run = {0};
    struct step_report report = {.total_steps = 2000, .tokens_per_second = 1000};
    for (int i = 1; i <= 1000; i++) {
        report.step = 100 + i; /* resumed after step 100 */
        report.loss = 1.0 / i;
        assert_int_equal(history_step(&run, &report, 50 + 0.5 * i), 0);
    }
    assert_int_equal(run.steps, 1000);
    assert_true(run.step[999] == 1100 && run.loss[0] == 1 && run.loss[999] == 0.001);
    assert_int_equal(run.first_step, 101);
    assert_true(fabs(run.seconds_left - 450) < 1e-6); /* 900 steps at half a second */
    assert_true(fabs(run.tokens_per_second - 1000) < 1e-6);
    struct evaluation evaluation = {.accuracy = 0.75, .loss = 0.5};
    assert_int_equal(history_evaluation(&run, 500, &evaluation), 0);
    assert_true(run.evaluation_step[0] == 500 && run.evaluation_accuracy[0] == 0.75);
    history_clear(&run);
    assert_int_equal(run.steps, 0);
    assert_true(run.seconds_left < 0);
    history_clear(&run);
}

static void write_run_data(const struct desk *desk) {
    char *folder = temporary_path(&desk->folder, "data"), text[4096] = "sentence\tlabel\n";
    assert_int_equal(file_make_directory(folder, NULL), 0);
    free(folder);
    for (int i = 0; i < 32; i++)
        strcat(text, i % 2 ? "the fine warm film\t1\n" : "a dull bad story\t0\n");
    desk_write(desk, "data/train.tsv", text);
    desk_write(desk, "data/dev.tsv", text);
}

/* At the end of a run from the screen the arms have its checkpoint. */
static void test_live_run(void **state) {
    (void)state;
    struct desk desk;
    begin(&desk);
    struct workbench *workbench = &desk.workbench;
    write_run_data(&desk);
    workbench->live = 1;
    char line[1024];
    snprintf(line, sizeof(line), "train %s/data --out %s/run --epochs 30 --batch-size 4 --lr 1e-3",
             desk.folder.path, desk.folder.path);
    assert_int_equal(command_run(workbench, line, &desk.sink), COMMAND_DONE);
    assert_true(workbench->long_job > 0);
    assert_int_equal(workbench->run.running, 1);
    /* A second one is refused while the first runs. */
    assert_int_equal(command_run(workbench, line, &desk.sink), COMMAND_FAILED);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "under way");

    for (int i = 0; i < 6000 && workbench->run.running; i++) {
        struct event *event = queue_wait(workbench->events, 10);
        if (!event)
            continue;
        workbench_event(workbench, event);
        if (workbench->run.running && workbench->run.steps > 0)
            assert_true(workbench->progress[0] != 0);
    }
    assert_int_equal(workbench->run.running, 0);
    assert_int_equal(workbench->run.steps, 240);
    assert_true(workbench->run.evaluations > 0);
    assert_int_equal(workbench->long_job, 0);
    assert_string_equal(workbench->progress, "");
    char *out = temporary_path(&desk.folder, "run");
    for (int arm = 0; arm < ARMS; arm++)
        assert_string_equal(workbench->arms[arm].model->directory, out);
    free(out);
    assert_int_equal(drain(workbench, workbench->prediction_job), 0);
    assert_int_equal(workbench->arms[ARM_A].stale, 0);
    desk_close(&desk);
}

/* A step of a run asks for new answers: not before the last ones are there, nor too often. */
static void test_following(void **state) {
    (void)state;
    struct desk desk;
    begin(&desk);
    struct workbench *workbench = &desk.workbench;
    assert_int_equal(drain(workbench, workbench->prediction_job), 0);
    assert_int_equal(workbench_begin_run(workbench, 99, workbench->arms[ARM_A].model, "x", NULL),
                     0);
    static const struct {
        int live, answers;
        double later; /* seconds after the last answer was asked for */
        int job, asks;
    } rows[] = {{0, ARMS, 1, 99, 0},
                {1, 1, 1, 99, 0},
                {1, ARMS, 0.01, 99, 0},
                {1, ARMS, 1, 98, 0},
                {1, ARMS, 1, 99, 1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int before = workbench->prediction_job;
        workbench->live = rows[i].live;
        workbench->answers = rows[i].answers;
        struct event *event = event_of(EVENT_STEP, rows[i].job);
        event->data.report = (struct step_report){.step = (int64_t)i + 1, .total_steps = 1234};
        event->time = workbench->prediction_time + rows[i].later;
        workbench_event(workbench, event);
        assert_int_equal(workbench->prediction_job > before, rows[i].asks);
    }
    assert_holds(workbench->progress, "train 5/1,234");
    assert_int_equal(drain(workbench, workbench->prediction_job), 0);
    desk_close(&desk);
}

/* `stop` ends a run between two steps, with its weights saved; so does closing. */
static void test_stop_and_close(void **state) {
    (void)state;
    struct desk desk;
    begin(&desk);
    struct workbench *workbench = &desk.workbench;
    write_run_data(&desk);
    char line[1024];
    snprintf(line, sizeof(line), "train %s/data --out %s/run --epochs 100000 --batch-size 4",
             desk.folder.path, desk.folder.path);
    assert_int_equal(command_run(workbench, line, &desk.sink), COMMAND_DONE);
    int job = workbench->long_job;
    while (workbench->run.steps < 3)
        desk_take(&desk);
    assert_int_equal(command_run(workbench, "stop", &desk.sink), COMMAND_DONE);
    assert_int_equal(drain(workbench, job), 1);
    char *weights = temporary_path(&desk.folder, "run/model.safetensors");
    assert_true(file_exists(weights));
    assert_int_equal(unlink(weights), 0);

    assert_int_equal(command_run(workbench, line, &desk.sink), COMMAND_DONE);
    while (workbench->run.steps < 3)
        desk_take(&desk);
    workbench_close(workbench);
    assert_true(file_exists(weights));
    free(weights);
    desk_close(&desk);
}

static void test_format(void **state) {
    (void)state;
    static const struct {
        int64_t count;
        const char *text;
    } counts[] = {{0, "0"},          {7, "7"},          {999, "999"},
                  {1000, "1,000"},   {67349, "67,349"}, {1234567, "1,234,567"},
                  {-1234, "-1,234"}, {-123, "-123"}};
    static const struct {
        double seconds;
        const char *text;
    } times[] = {{0, "0 s"},           {8.4, "8 s"}, {89, "89 s"}, {240, "4 min"},
                 {7500, "2 h 05 min"}, {-1, ""},     {NAN, ""},    {INFINITY, ""}};
    char text[FORMAT_BYTES];
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        assert_string_equal(format_count(text, counts[i].count), counts[i].text);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        assert_string_equal(format_duration(text, times[i].seconds), times[i].text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_first_answer),
    cmocka_unit_test(test_samples),
    cmocka_unit_test(test_presets),
    cmocka_unit_test(test_sentences),
    cmocka_unit_test(test_wrong_changes_change_nothing),
    cmocka_unit_test(test_failed_answer),
    cmocka_unit_test(test_late_answers_are_dropped),
    cmocka_unit_test(test_cursor_is_kept_inside),
    cmocka_unit_test(test_explain),
    cmocka_unit_test(test_messages),
    cmocka_unit_test(test_history),
    cmocka_unit_test(test_live_run),
    cmocka_unit_test(test_following),
    cmocka_unit_test(test_stop_and_close),
    cmocka_unit_test(test_format),
};
TEST_GROUP(tests_tui_workbench, tests);
