/*
 * run_line.c - from a line of a run's log to what it says.
 */
#include "core/session/run_line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"

#define STEP_MOST 1e15

/* NaN when it is not there or null. */
static double number(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

/* A whole number from 0 to `most`; 0 when it is none. */
static int64_t count(const cJSON *object, const char *key, double most) {
    double value = number(object, key);
    return value >= 0 ? (int64_t)fmin(value, most) : 0;
}

/* Borrowed from the object; NULL: there is none. */
static const char *string(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* -1 when out of memory. */
static int take_text(struct run_line *line, const char *text) {
    line->text = text ? strdup(text) : NULL;
    return text && !line->text ? -1 : 0;
}

static void take_step(struct run_line *line, const cJSON *object) {
    line->kind = RUN_LINE_STEP;
    line->report = (struct step_report){.step = line->step,
                                        .epoch = number(object, "epoch"),
                                        .loss = number(object, "loss"),
                                        .learning_rate = number(object, "lr"),
                                        .gradient_norm = number(object, "grad_norm"),
                                        .tokens = (int)count(object, "tokens", 1e9),
                                        .tokens_per_second = number(object, "tokens_per_second"),
                                        .realised = NAN};
}

static int take_state(struct run_line *line, const cJSON *object, const char *state) {
    static const char *const states[] = {"failed", "done", "stopped"};
    if (strcmp(state, "running") == 0) {
        line->kind = RUN_LINE_BEGUN;
        line->total = count(object, "total", STEP_MOST);
        line->pid = count(object, "pid", STEP_MOST);
        return 0;
    }
    for (int status = -1; status <= 1; status++) {
        if (strcmp(states[status + 1], state) != 0)
            continue;
        line->kind = RUN_LINE_ENDED;
        line->status = status;
        return take_text(line, string(object, "error"));
    }
    return 0;
}

static void take_steered(struct run_line *line, const cJSON *object, const char *name) {
    for (int kind = 0; kind < STEERING_KINDS; kind++) {
        if (strcmp(steering_name((enum steering_kind)kind), name) != 0)
            continue;
        line->kind = RUN_LINE_STEERED;
        line->steered = (enum steering_kind)kind;
        line->done = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "done"));
    }
}

static int take_line(struct run_line *line, const cJSON *object) {
    const cJSON *evaluation = cJSON_GetObjectItemCaseSensitive(object, "eval");
    const cJSON *sparsity = cJSON_GetObjectItemCaseSensitive(object, "sparsity");
    const char *state = string(object, "state"), *steered = string(object, "steered");
    const char *note = string(object, "note");
    if (state)
        return take_state(line, object, state);
    if (steered) {
        take_steered(line, object, steered);
    } else if (note) {
        line->kind = RUN_LINE_NOTE;
        return take_text(line, note);
    } else if (evaluation) {
        line->kind = RUN_LINE_EVALUATION;
        line->evaluation.accuracy = number(evaluation, "accuracy");
        line->evaluation.loss = number(evaluation, "loss");
        line->evaluation.realised = NAN;
    } else if (sparsity) {
        line->kind = RUN_LINE_SPARSITY;
        line->realised = number(sparsity, "realised");
    } else if (cJSON_HasObjectItem(object, "loss")) {
        take_step(line, object);
    }
    return 0;
}

int run_line_read(struct run_line *line, const char *text, size_t length) {
    struct sawb_error error;
    cJSON *object = json_parse(text, length, "log", &error);
    double step = number(object, "step"), time = number(object, "time");
    *line = (struct run_line){.kind = RUN_LINE_OTHER, .time = time > 0 ? time : 0};
    int status = 0;
    if (cJSON_IsObject(object) && step >= 0 && step <= STEP_MOST) {
        line->step = (int64_t)step;
        status = take_line(line, object);
    }
    cJSON_Delete(object);
    return status;
}

void run_line_free(struct run_line *line) {
    free(line->text);
    line->text = NULL;
}
