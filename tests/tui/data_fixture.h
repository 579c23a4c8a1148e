/*
 * data_fixture.h - a small data set whose answers are written by hand and come as events.
 */
#ifndef SAWB_TESTS_TUI_DATA_FIXTURE_H
#define SAWB_TESTS_TUI_DATA_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "tests/temporary.h"
#include "tests/test.h"
#include "tui/app/data.h"
#include "tui/app/workbench.h"

#define DATA_JOB 7

/* What each arm says of a row: the probability of label 1. */
struct told {
    const char *text;
    int gold;
    double a, b;
};

static const struct told data_told[] = {
    {"a warm and quiet film", 1, 0.9, 0.75},    /* 0: both right */
    {"the dull story never ends", 0, 0.1, 0.6}, /* 1: a flip, only A right */
    {"Bright faces, cold rooms", 1, 0.35, 0.7}, /* 2: a flip, only B right */
    {"two hours of rain", 0, 0.8, 0.9},         /* 3: both wrong */
    {"no label here", -1, 0.55, 0.35},          /* 4: a flip without a label */
    {"caf\303\251 \347\214\253\347\214\253 and a very long walk along the river in the evening "
     "light, which takes all the time it wants",
     1, 0.95, 0.97},                                         /* 5: wide characters, a long text */
    {"\330\241\331\204\330\247\331\205 good", 1, 0.5, 0.51}, /* 6: right to left */
    {"e\314\201te\314\201", 0, 0.15, 0.05},                  /* 7: combining marks */
};
enum { DATA_ROWS = sizeof(data_told) / sizeof(data_told[0]) };

static inline struct model_config data_config(void) {
    return (struct model_config){.labels = 2, .label_names = {"NEGATIVE", "POSITIVE"}};
}

/* Writes the set as JSON lines into the folder and opens it. */
static inline void data_fixture_open(struct data *data, const struct temporary *folder) {
    struct sawb_error error;
    const struct model_config config = data_config();
    char *path = temporary_path(folder, "rows.jsonl"), text[2048] = "";
    for (int i = 0; i < DATA_ROWS; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text),
                 "{\"sentence\": \"%s\", \"label\": %d}\n", data_told[i].text, data_told[i].gold);
    assert_int_equal(file_replace(path, text, strlen(text), &error), 0);
    if (data_open(data, path, &config, &error) < 0)
        fail_msg("%s", error.message);
    free(path);
}

static inline void data_fixture_begin(struct data *data, const char *spec_a, const char *spec_b,
                                      struct model *model) {
    struct sawb_error error;
    const struct job_arm arms[2] = {{.model = model, .spec = spec_a},
                                    {.model = model, .spec = spec_b}};
    assert_int_equal(data_begin(data, DATA_JOB, arms, 0, &error), 0);
}

/* Row `row` as `arm` answers it. */
static inline struct event data_fixture_event(int row, int arm, double time) {
    double one = arm ? data_told[row].b : data_told[row].a;
    int gold = data_told[row].gold;
    struct event event = {.kind = EVENT_ROW, .job = DATA_JOB, .arm = arm, .time = time};
    event.data.row = (struct evaluation_row){
        .row = row,
        .gold = gold,
        .label = one > 0.5,
        .logits = {0, (float)log(one / (1 - one))},
        .loss = gold < 0 ? 0 : (float)-log(gold ? one : 1 - one),
    };
    return event;
}

/* Rows first .. last - 1 by both arms, a second apart from `time` on. */
static inline void data_fixture_answer(struct data *data, int first, int last, double time) {
    for (int row = first; row < last; row++) {
        for (int arm = 0; arm < 2; arm++) {
            struct event event = data_fixture_event(row, arm, time + row);
            data_event(data, &event);
        }
    }
}

static inline void data_fixture_end(struct data *data, int status) {
    struct event end = {.kind = EVENT_COMPARISON, .job = DATA_JOB};
    end.data.comparison.a.realised = 0;
    end.data.comparison.b.realised = 0.793;
    data_event(data, &end);
    end = (struct event){.kind = EVENT_DONE, .job = DATA_JOB, .status = status};
    data_event(data, &end);
}

#endif
