/*
 * command_bench_train.c - `bench train`: how fast a training step is, and where its time goes.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "viz/table.h"

#define STEPS_DEFAULT 60
#define BATCH_DEFAULT 32

struct bench_out {
    struct workbench *workbench;
    struct sink *sink;
    struct table *profile; /* NULL: none is wanted, or no memory */
    double seconds;        /* of a step, in the profile */
    double idle;
    int rows, status;
};

static void tell(struct bench_out *out, char *text) {
    if (sink_result_owned(out->sink, text) != COMMAND_DONE)
        out->status = COMMAND_FAILED;
}

static char *operation_json(const char *name, const struct point *point) {
    struct record record = record_begin();
    record_text(&record, "operation", name);
    record_number(&record, "ms", point->x);
    record_number(&record, "share", point->values[PROFILE_SHARE]);
    record_number(&record, "gflops", point->values[PROFILE_GFLOPS]);
    record_number(&record, "gigabytes", point->values[PROFILE_GIGABYTES]);
    record_number(&record, "idle", point->values[PROFILE_IDLE]);
    return record_print(&record);
}

static char *speed_json(const char *data, const struct point *point) {
    struct record record = record_begin();
    record_text(&record, "name", "train");
    record_text(&record, "data", data);
    record_number(&record, "steps", point->x);
    record_number(&record, "tokens", point->values[SPEED_TOKENS]);
    record_number(&record, "median_ms", point->values[SPEED_STEP_MS]);
    record_number(&record, "tokens_per_second", point->values[SPEED_MEAN]);
    record_number(&record, "median", point->values[SPEED_MEDIAN]);
    record_number(&record, "p10", point->values[SPEED_P10]);
    record_number(&record, "p90", point->values[SPEED_P90]);
    record_number(&record, "peak_mb", point->values[SPEED_PEAK_MB]);
    return record_print(&record);
}

static void add_rate(struct bench_out *out, double rate) {
    int failed = isnan(rate) ? table_add(out->profile, "-") : table_add(out->profile, "%.1f", rate);
    if (failed < 0)
        out->status = COMMAND_FAILED;
}

static void add_operation(struct bench_out *out, const char *name, double ms, double share,
                          double idle) {
    if (table_add(out->profile, "%s", name) < 0 || table_add(out->profile, "%.2f", ms) < 0 ||
        table_add(out->profile, "%.1f", 100 * share) < 0 ||
        table_add(out->profile, "%.1f", 100 * idle) < 0)
        out->status = COMMAND_FAILED;
}

static void read_operation(struct bench_out *out, const char *name, const struct point *point) {
    static const char *const titles[] = {"operation",  ">ms a step", ">share %",
                                         ">waiting %", ">GFLOP/s",   ">GB/s"};
    if (out->workbench->settings.json) {
        tell(out, operation_json(name, point));
        return;
    }
    command_keep(out->workbench, operation_json(name, point));
    if (!out->profile)
        out->profile = table_create(titles, sizeof(titles) / sizeof(titles[0]), NULL);
    if (!out->profile) {
        out->status = COMMAND_FAILED;
        return;
    }
    out->seconds += point->x;
    out->idle += point->x * point->values[PROFILE_IDLE];
    add_operation(out, name, point->x, point->values[PROFILE_SHARE], point->values[PROFILE_IDLE]);
    add_rate(out, point->values[PROFILE_GFLOPS]);
    add_rate(out, point->values[PROFILE_GIGABYTES]);
}

static void print_profile(struct bench_out *out) {
    if (!out->profile)
        return;
    add_operation(out, "all", out->seconds, 1, out->idle / out->seconds);
    add_rate(out, NAN);
    add_rate(out, NAN);
    tell(out, command_table(out->workbench, out->profile));
}

static void read_speed(struct bench_out *out, const char *data, const struct point *point) {
    if (out->workbench->settings.json) {
        tell(out, speed_json(data, point));
        return;
    }
    print_profile(out);
    command_keep(out->workbench, speed_json(data, point));
    sink_result(out->sink,
                "%.0f tokens/s (median of %.0f steps; %.0f to %.0f in eight of ten), %.1f ms and "
                "%.0f tokens a step, %.0f MB at most",
                point->values[SPEED_MEDIAN], point->x, point->values[SPEED_P10],
                point->values[SPEED_P90], point->values[SPEED_STEP_MS], point->values[SPEED_TOKENS],
                point->values[SPEED_PEAK_MB]);
}

static void read_point(void *user, const struct event *event) {
    struct bench_out *out = user;
    const struct point *point = &event->data.point;
    if (event->kind != EVENT_POINT)
        return;
    if (strcmp(point->series, SERIES_PROFILE) == 0)
        read_operation(out, event->text, point);
    else if (strcmp(point->series, SERIES_SPEED) == 0)
        read_speed(out, event->text, point);
}

int command_bench_train(struct workbench *workbench, const struct arguments *arguments,
                        struct sink *sink) {
    struct bench_out out = {.workbench = workbench, .sink = sink, .status = COMMAND_DONE};
    long steps = STEPS_DEFAULT, batch = BATCH_DEFAULT;
    struct job_arm arm;
    struct sawb_error error;
    if (arguments_int(arguments, "steps", 1, 1000000, &steps, &error) < 0 ||
        arguments_int(arguments, "batch-size", 1, 1000000, &batch, &error) < 0)
        return command_misuse(sink, &error);
    int status = command_arm(workbench, arguments, sink, &arm);
    if (status != COMMAND_DONE)
        return status;
    struct train_bench_options options = {.data = arguments_get(arguments, 1),
                                          .steps = (int)steps,
                                          .batch_size = (int)batch,
                                          .profile = arguments_option(arguments, "profile") != NULL,
                                          .seed = workbench->settings.seed};
    struct waiting waiting = {sink, NULL, read_point, &out};
    status = command_job(workbench, job_bench_train(&arm, &options, &error), &waiting, &error);
    model_release(arm.model);
    table_free(out.profile);
    return status == COMMAND_DONE ? out.status : status;
}
