/*
 * recorder.c - what is written of a session, how much of it, and what becomes of it when the disk
 * does not want it.
 */
#include "tui/app/recorder.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "tests/inspect/attention_of.h"
#include "tests/temporary.h"
#include "tests/tui/fixture.h"
#include "tui/app/replay.h"
#include "tui/command/session.h"

#define HOUR_STEPS 18000
#define STEP_SECONDS 0.2
#define TOKENS 24
#define TRAIN_JOB 2

/* A workbench whose answers the test makes up. */
struct bed {
    struct temporary folder;
    struct workbench workbench;
    struct model model;
    char *path;
    uint64_t sequence;
    double now;
};

static void bed_open(struct bed *bed, uint64_t limit) {
    struct settings settings = {.threads = 1, .seed = 1};
    struct sawb_error error;
    memset(bed, 0, sizeof(*bed));
    temporary_make(&bed->folder);
    bed->path = temporary_path(&bed->folder, "s.sawb");
    struct workbench *workbench = &bed->workbench;
    assert_int_equal(workbench_open(workbench, &settings, &error), 0);
    atomic_init(&bed->model.references, 1);
    bed->model.config = (struct model_config){.vocabulary = 32,
                                              .hidden = 8,
                                              .layers = FIXTURE_LAYERS,
                                              .heads = FIXTURE_HEADS,
                                              .feed_forward = 16,
                                              .positions = 64,
                                              .token_types = 2,
                                              .labels = 2,
                                              .layer_norm_epsilon = 1e-12f,
                                              .label_names = {"NEGATIVE", "POSITIVE"}};
    bed->model.directory = fixture_copy("tests/no-such-model");
    bed->model.fingerprint = 0x123456789abcdef0;
    for (int arm = 0; arm < ARMS; arm++)
        workbench->arms[arm].model = model_retain(&bed->model);
    workbench->worker = worker_create_mute(&error);
    assert_non_null(workbench->worker);
    workbench->automatic = workbench->live = 1;
    assert_int_equal(workbench_predict(workbench, &error), 0);
    assert_int_equal(recorder_open(&workbench->recorder, bed->path, limit, &error), 0);
    recorder_begin(workbench);
    bed->now = clock_wall();
}

static void bed_close(struct bed *bed) {
    workbench_close(&bed->workbench);
    free(bed->model.directory);
    free(bed->path);
    temporary_remove(&bed->folder);
}

static struct event *make(struct bed *bed, enum event_kind kind, int job) {
    struct event *event = fixture_room(1, sizeof(*event));
    event->kind = kind;
    event->sequence = ++bed->sequence;
    event->time = bed->now;
    event->job = job;
    return event;
}

static void answer(struct bed *bed, int64_t step) {
    int job = bed->workbench.prediction_job;
    for (int arm = 0; arm < ARMS; arm++) {
        struct event *event = make(bed, EVENT_PREDICTION, job);
        event->arm = arm;
        event->step = step;
        event->data.capture = fixture_capture(TOKENS, arm ? "topk(0.8)" : "dense", arm ? 5 : TOKENS,
                                              arm ? 0.8 : 0, (float)(step % 100) / 100.0f);
        event->data.capture->training_step = (uint64_t)step;
        workbench_event(&bed->workbench, event);
    }
    workbench_event(&bed->workbench, make(bed, EVENT_DONE, job));
}

static void step(struct bed *bed, int64_t number) {
    struct event *event = make(bed, EVENT_STEP, TRAIN_JOB);
    event->step = number;
    event->data.report = (struct step_report){.step = number,
                                              .total_steps = HOUR_STEPS,
                                              .epoch = 0.1,
                                              .loss = 1.0 / (double)number,
                                              .learning_rate = 5e-5,
                                              .gradient_norm = 1.5,
                                              .tokens = 600,
                                              .tokens_per_second = 2310.5,
                                              .realised = 0.25};
    workbench_event(&bed->workbench, event);
}

static void begin_run(struct bed *bed) {
    struct sawb_error error;
    worker_skip(bed->workbench.worker);
    assert_int_equal(
        workbench_begin_run(&bed->workbench, TRAIN_JOB, &bed->model, "runs/first", &error), 0);
}

static double since(double begin) {
    return clock_seconds() - begin;
}

static void tell(const char *what, double value, const char *unit) {
    if (getenv("SAWB_MEASURE"))
        print_message("# %-32s %10.3f %s\n", what, value, unit);
}

/* The command that began the run is not here: the replay's run is begun as the test's was. */
static void run_line(struct workbench *workbench, const char *line, void *user) {
    struct sawb_error error;
    (void)user;
    assert_string_equal(line, "train");
    worker_skip(workbench->worker);
    assert_int_equal(
        workbench_begin_run(workbench, TRAIN_JOB, workbench->arms[0].model, "runs/first", &error),
        0);
}

/* With one answer, and the command that began a run. */
static void bed_open_training(struct bed *bed) {
    bed_open(bed, 0);
    answer(bed, 0);
    int entered = recorder_enter(&bed->workbench, "train", 0);
    begin_run(bed);
    recorder_leave(&bed->workbench, entered);
}

/*
 * An hour of training, every step of which is followed by two answers: under 50 MB, and any moment
 * is reached soon. Not measured in time here, as the machine may be busy: SAWB_MEASURE=1 tells.
 */
static void test_an_hour(void **state) {
    (void)state;
    struct bed bed;
    struct sawb_error error;
    struct stat file;
    bed_open_training(&bed);
    double begin = clock_seconds(), spent = 0;
    for (int64_t number = 1; number <= HOUR_STEPS; number++) {
        bed.now += STEP_SECONDS;
        double before = clock_seconds();
        step(&bed, number);
        spent += since(before);
        answer(&bed, number);
        recorder_follow(&bed.workbench, NULL, bed.now);
    }
    tell("making it", since(begin), "s");
    tell("a step taken and recorded", 1e6 * spent / HOUR_STEPS, "us");
    const struct capture *live = bed.workbench.arms[ARM_B].capture;
    assert_int_equal(recorder_close(&bed.workbench, &error), 0);
    assert_int_equal(stat(bed.path, &file), 0);
    tell("an hour takes", (double)file.st_size / 1e6, "MB");
    assert_true(file.st_size < 50000000);

    struct replay *replay;
    struct settings settings = {.threads = 1, .seed = 1};
    begin = clock_seconds();
    assert_int_equal(replay_open(&replay, bed.path, &settings, run_line, NULL, &error), 0);
    tell("opening", 1e3 * since(begin), "ms");
    const struct workbench *again = replay_workbench(replay);
    begin = clock_seconds();
    if (replay_go(replay, replay_count(replay), &error) < 0)
        fail_msg("%s", error.message);
    tell("to the end", 1e3 * since(begin), "ms");
    assert_int_equal(again->run.steps, HOUR_STEPS);
    assert_memory_equal(again->run.loss, bed.workbench.run.loss, HOUR_STEPS * sizeof(double));
    assert_memory_equal(again->run.time, bed.workbench.run.time, HOUR_STEPS * sizeof(double));
    const struct capture *shown = again->arms[ARM_B].capture;
    size_t pairs = FIXTURE_LAYERS * FIXTURE_HEADS * TOKENS * TOKENS;
    assert_memory_equal(shown->logits, live->logits, 2 * sizeof(float));
    assert_memory_equal(shown->scores, live->scores, pairs * sizeof(float));
    float *seen = attention_of(shown), *there = attention_of(live);
    assert_memory_equal(seen, there, pairs * sizeof(float));
    free(seen);
    free(there);
    assert_memory_equal(shown->mask, live->mask, pairs);
    assert_int_equal(replay_maps_step(replay, ARM_B), -1);

    struct replay_place place;
    begin = clock_seconds();
    assert_int_equal(replay_find(replay, "step 9000", &place, &error), 0);
    assert_int_equal(replay_go(replay, place.position, &error), 0);
    tell("back to the middle", 1e3 * since(begin), "ms");
    assert_int_equal(again->run.steps, 9000);
    begin = clock_seconds();
    assert_int_equal(replay_go(replay, replay_step(replay, -1), &error), 0);
    tell("a step back", 1e3 * since(begin), "ms");
    assert_int_equal(again->run.steps, 8999);
    assert_int_equal(again->arms[ARM_A].capture->training_step, 8999);
    /* The maps are those of an answer of the last seconds before. */
    int64_t maps = replay_maps_step(replay, ARM_A);
    assert_true(maps == -1 || (maps > 8900 && maps < 8999));
    replay_free(replay);
    bed_close(&bed);
}

/* Any number from 0 to 1, the same each time. */
static double noise(int64_t step, int what) {
    return random_uniform(random_key(1, RANDOM_INIT, (uint64_t)what, 0), (uint64_t)step);
}

/* A step of a tiny model: nothing of it is as round as its neighbours' but its number. */
static struct event *fast_step(struct bed *bed, int64_t number) {
    struct event *event = make(bed, EVENT_STEP, TRAIN_JOB);
    event->step = number;
    event->data.report =
        (struct step_report){.step = number,
                             .total_steps = 9000000,
                             .epoch = (double)number * 8 / 67349,
                             .loss = 0.3 + noise(number, 1),
                             .learning_rate = 1e-4 * (1 - (double)number / 9000000),
                             .gradient_norm = 1 + 3 * noise(number, 2),
                             .tokens = 60 + (int)(90 * noise(number, 3)),
                             .tokens_per_second = 6e4 + 9e3 * noise(number, 4),
                             .realised = 0.5 + 0.1 * noise(number, 5)};
    return event;
}

static off_t array_bytes(const struct log_reader *log) {
    off_t bytes = 0;
    for (size_t i = 0; i < log->count; i++)
        if (log->records[i].type == LOG_ARRAYS)
            bytes += LOG_RECORD_BYTES + (off_t)log->records[i].size;
    return bytes;
}

/* Seconds of training at so many steps a second, answered ten times in each: however fast, the
 * file grows as an hour of 50 MB may, and what is replayed is what was there. */
static void fast_run(int rate, int most) {
    enum { SECONDS = 20 };
    struct bed bed;
    struct sawb_error error;
    struct stat file;
    bed_open_training(&bed);
    double tokens = 0;
    for (int64_t number = 1; number <= SECONDS * rate; number++) {
        struct event *event = fast_step(&bed, number);
        bed.now += (0.5 + noise(number, 6)) / rate;
        event->time = bed.now;
        tokens += event->data.report.tokens;
        workbench_event(&bed.workbench, event);
        if (number % (rate / 10) == 0) {
            answer(&bed, number);
            recorder_follow(&bed.workbench, NULL, bed.now);
            usleep(1000); /* for the writer: an hour does not pass so fast */
        }
    }
    const struct run_history *run = &bed.workbench.run;
    assert_int_equal(recorder_close(&bed.workbench, &error), 0);
    assert_int_equal(stat(bed.path, &file), 0);
    tell("steps a second", rate, "");
    tell("taken in", (double)run->steps / SECONDS, "");
    assert_true(run->steps <= most * SECONDS && run->steps > 500 * SECONDS);
    assert_int_equal(run->last.step, SECONDS * rate);
    assert_true(run->tokens[run->steps - 1] == tokens); /* none of those that were joined is lost */

    struct replay *replay;
    struct settings settings = {.threads = 1, .seed = 1};
    struct replay_place place;
    size_t room = (size_t)run->steps * sizeof(double);
    assert_int_equal(replay_open(&replay, bed.path, &settings, run_line, NULL, &error), 0);
    assert_int_equal(replay_go(replay, replay_count(replay), &error), 0);
    /* Arrays give way to all else (RECORDER_RATE), so that the hour is as large as all else is. */
    double hour = (double)(file.st_size - array_bytes(replay_log(replay))) * 3600 / SECONDS;
    tell("an hour of it takes", hour / 1e6, "MB");
    assert_true(hour < 48e6);
    const struct run_history *again = &replay_workbench(replay)->run;
    assert_int_equal(again->steps, run->steps);
    assert_memory_equal(again->step, run->step, room);
    assert_memory_equal(again->epoch, run->epoch, room);
    assert_memory_equal(again->time, run->time, room);
    assert_memory_equal(again->loss, run->loss, room);
    assert_memory_equal(again->learning_rate, run->learning_rate, room);
    assert_memory_equal(again->gradient_norm, run->gradient_norm, room);
    assert_memory_equal(again->smooth_speed.values, run->smooth_speed.values, room);
    assert_memory_equal(again->realised, run->realised, room);
    assert_true(again->seconds_left == run->seconds_left);
    assert_true(again->tokens_per_second == run->tokens_per_second);
    /* In the middle of those that share a record. */
    for (int64_t wanted = 1001; wanted < 1010; wanted++) {
        char text[32];
        snprintf(text, sizeof(text), "step %d", (int)wanted);
        assert_int_equal(replay_find(replay, text, &place, &error), 0);
        assert_int_equal(replay_go(replay, place.position, &error), 0);
        int64_t step = again->last.step;
        assert_true(step >= wanted && step < wanted + 16);
        assert_int_equal(replay_go(replay, replay_step(replay, -1), &error), 0);
        assert_true(again->last.step < wanted);
        assert_int_equal(replay_go(replay, replay_step(replay, 1), &error), 0);
        assert_int_equal(again->last.step, step);
    }
    replay_free(replay);
    bed_close(&bed);
}

static void test_fast_runs(void **state) {
    (void)state;
    fast_run(550, 550); /* all of them */
    fast_run(3000, 600);
}

/* At the limit the recording ends with one message, and what is in the file can be read. */
static void test_limit(void **state) {
    (void)state;
    enum { LIMIT = 40000 };
    struct bed bed;
    struct sawb_error error;
    struct stat file;
    struct log_reader reader;
    int told = 0, arrays = 0;
    bed_open(&bed, LIMIT);
    for (int i = 0; i < 2000; i++) {
        recorder_text(&bed.workbench, i % 2 ? "one sentence" : "another sentence");
        recorder_done(&bed.workbench);
        if (i % 20 == 0)
            answer(&bed, 0);
        bed.now += 1;
        bed.workbench.message_kind = MESSAGE_NONE;
        recorder_follow(&bed.workbench, NULL, bed.now);
        told += bed.workbench.message_kind == MESSAGE_ERROR;
        assert_int_equal(workbench_predict(&bed.workbench, &error), 0);
        usleep(100); /* for the writer */
    }
    assert_int_equal(told, 1);
    assert_int_equal(recorder_close(&bed.workbench, &error), 0);
    assert_int_equal(stat(bed.path, &file), 0);
    assert_true(file.st_size <= LIMIT + 1000 && file.st_size > LIMIT / 2);
    assert_int_equal(log_reader_open(&reader, bed.path, &error), 0);
    assert_int_equal(reader.lost, 0);
    for (size_t i = 0; i < reader.count; i++)
        arrays += reader.records[i].type == LOG_ARRAYS;
    assert_true(arrays > 0);
    log_reader_close(&reader);
    bed_close(&bed);
}

/* The disk is full: one message, and all goes on. */
static void test_full_disk(void **state) {
    (void)state;
    struct bed bed;
    struct rlimit before, limit;
    int told = 0;
    bed_open(&bed, 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 4000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    for (int i = 0; i < 2000; i++) {
        recorder_text(&bed.workbench, i % 2 ? "one" : "another");
        recorder_done(&bed.workbench);
        bed.workbench.message_kind = MESSAGE_NONE;
        recorder_follow(&bed.workbench, NULL, clock_wall());
        told += bed.workbench.message_kind == MESSAGE_ERROR;
        if (told)
            usleep(0);
        else
            usleep(100);
    }
    assert_int_equal(told, 1);
    answer(&bed, 0);
    assert_int_equal(bed.workbench.answers, ARMS);
    assert_int_equal(recorder_close(&bed.workbench, NULL), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    bed_close(&bed);
}

/* Its own folder and name, and a folder that cannot be. */
static void test_own_file(void **state) {
    (void)state;
    struct temporary folder;
    struct sawb_error error;
    struct workbench workbench;
    struct settings settings = {.threads = 1, .seed = 1};
    const char *before = getenv("XDG_STATE_HOME");
    char *kept = before ? fixture_copy(before) : NULL;
    temporary_make(&folder);
    setenv("XDG_STATE_HOME", folder.path, 1);
    assert_int_equal(workbench_open(&workbench, &settings, &error), 0);
    assert_int_equal(recorder_open(&workbench.recorder, NULL, 0, &error), 0);
    assert_ptr_equal(strstr(recorder_path(workbench.recorder), folder.path),
                     recorder_path(workbench.recorder));
    assert_non_null(strstr(recorder_path(workbench.recorder), "/sawb/sessions/"));
    char *path = fixture_copy(recorder_path(workbench.recorder));
    assert_int_equal(recorder_close(&workbench, &error), 0);
    assert_int_equal(file_exists(path), 1);
    free(path);
    setenv("XDG_STATE_HOME", "/dev/null/no", 1);
    assert_int_equal(recorder_open(&workbench.recorder, NULL, 0, &error), -1);
    assert_null(workbench.recorder);
    assert_int_equal(recorder_close(&workbench, &error), 0);
    workbench_close(&workbench);
    if (kept)
        setenv("XDG_STATE_HOME", kept, 1);
    else
        unsetenv("XDG_STATE_HOME");
    free(kept);
    temporary_remove(&folder);
}

/* What a key costs: far below what one can feel, also on a busy machine. */
static void test_cost_of_a_key(void **state) {
    (void)state;
    struct bed bed;
    struct sawb_error error;
    char text[256] = "";
    bed_open(&bed, 0);
    answer(&bed, 0);
    double begin = clock_seconds();
    for (int i = 0; i < 2000; i++) {
        snprintf(text, sizeof(text), "a sentence of some length that grows %d", i);
        recorder_text(&bed.workbench, text);
        free(bed.workbench.text);
        bed.workbench.text = fixture_copy(text);
        recorder_done(&bed.workbench);
    }
    double seconds = since(begin) / 2000;
    tell("a key recorded", 1e6 * seconds, "us");
    assert_true(seconds < 1e-3);
    assert_int_equal(recorder_close(&bed.workbench, &error), 0);
    bed_close(&bed);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_an_hour),  cmocka_unit_test(test_fast_runs),
    cmocka_unit_test(test_limit),    cmocka_unit_test(test_full_disk),
    cmocka_unit_test(test_own_file), cmocka_unit_test(test_cost_of_a_key),
};

TEST_GROUP(tests_tui_recorder, tests);
