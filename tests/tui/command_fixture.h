/*
 * command_fixture.h - a workbench on the tiny classifier of tests/model/vectors/bert, with samples
 * of its own in a temporary folder, and a sink that keeps what it is told.
 */
#ifndef SAWB_TESTS_TUI_COMMAND_FIXTURE_H
#define SAWB_TESTS_TUI_COMMAND_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "tests/temporary.h"
#include "tests/test.h"
#include "tui/command/command.h"

#define BERT "tests/model/vectors/bert"
#define DISTILBERT "tests/model/vectors/distilbert"

enum { TOLD_RESULTS, TOLD_PROGRESS, TOLD_NOTES, TOLD_ERRORS, TOLD };

struct desk {
    struct temporary folder;
    struct workbench workbench;
    struct sink sink;
    char *told[TOLD]; /* lines, each with its line break */
};

static inline void desk_keep(struct desk *desk, int kind, const char *text) {
    size_t used = desk->told[kind] ? strlen(desk->told[kind]) : 0, length = strlen(text);
    char *grown = realloc(desk->told[kind], used + length + 2);
    assert_non_null(grown);
    memcpy(grown + used, text, length);
    memcpy(grown + used + length, "\n", 2);
    desk->told[kind] = grown;
}

static inline void desk_result(struct sink *sink, const char *text) {
    desk_keep(sink->user, TOLD_RESULTS, text);
}
static inline void desk_progress(struct sink *sink, const char *text) {
    desk_keep(sink->user, TOLD_PROGRESS, text);
}
static inline void desk_note(struct sink *sink, const char *text) {
    desk_keep(sink->user, TOLD_NOTES, text);
}
static inline void desk_error(struct sink *sink, const char *text) {
    desk_keep(sink->user, TOLD_ERRORS, text);
}

static inline void desk_write(const struct desk *desk, const char *name, const char *text) {
    char *path = temporary_path(&desk->folder, name);
    assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
    free(path);
}

/* `wait`: as from a shell (1) or on the screen (0). */
static inline void desk_open(struct desk *desk, int wait) {
    struct settings settings = {.model_directory = BERT, .threads = 1, .seed = 1};
    struct sawb_error error;
    memset(desk, 0, sizeof(*desk));
    temporary_make(&desk->folder);
    desk_write(desk, "presets.json",
               "{\"dense\": \"dense\","
               " \"aggressive_sparse\": {\"topk\": \"topk(80%)\", \"local\": \"local(80%)\"}}");
    desk_write(desk, "sentences.txt", "a warm film\n# not this\n\nthe dull story\nfine\n");
    desk_write(desk, "data.tsv",
               "sentence\tlabel\na fine film\t1\nthe dull story\t0\nbad\t0\nvery good !\t1\n");
    setenv("SAWB_SAMPLES", desk->folder.path, 1);
    setenv("XDG_CONFIG_HOME", desk->folder.path, 1);
    desk->sink = (struct sink){.result = desk_result,
                               .progress = desk_progress,
                               .note = desk_note,
                               .error = desk_error,
                               .wait = wait,
                               .user = desk};
    if (workbench_open(&desk->workbench, &settings, &error) < 0)
        fail_msg("%s", error.message);
}

static inline void desk_forget(struct desk *desk) {
    for (int i = 0; i < TOLD; i++) {
        free(desk->told[i]);
        desk->told[i] = NULL;
    }
}

static inline void desk_close(struct desk *desk) {
    workbench_close(&desk->workbench);
    desk_forget(desk);
    temporary_remove(&desk->folder);
    unsetenv("SAWB_SAMPLES");
    unsetenv("XDG_CONFIG_HOME");
}

/* Runs a line, in which %s stands for the temporary folder, after forgetting what was told before.
 */
static inline int desk_run(struct desk *desk, const char *format) {
    char line[1024];
    const char *mark = strstr(format, "%s");
    int before = mark ? (int)(mark - format) : (int)strlen(format);
    snprintf(line, sizeof(line), "%.*s%s%s", before, format, mark ? desk->folder.path : "",
             mark ? mark + 2 : "");
    desk_forget(desk);
    return command_run(&desk->workbench, line, &desk->sink);
}

static inline const char *desk_told(const struct desk *desk, int kind) {
    return desk->told[kind] ? desk->told[kind] : "";
}

static inline void assert_holds(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

/* A line that ends with this status and an error that says why. */
struct refused {
    const char *line, *says;
    int status;
};

static inline void desk_refuses(struct desk *desk, const struct refused *wrong, size_t count) {
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(desk_run(desk, wrong[i].line), wrong[i].status);
        assert_holds(desk_told(desk, TOLD_ERRORS), wrong[i].says);
    }
}

/* Takes the next event in, for which it waits. */
static inline void desk_take(struct desk *desk) {
    struct event *event = queue_wait(desk->workbench.events, 60000);
    if (!event)
        fail_msg("no event comes");
    workbench_event(&desk->workbench, event);
}

#endif
