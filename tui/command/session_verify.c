/*
 * session_verify.c - predictions made again, and compared with what was recorded; models and data
 * sets looked at, whether they are what they were.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/session/event.h"
#include "core/session/record.h"
#include "core/text/dataset.h"
#include "tui/app/interrupt.h"
#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "tui/command/session.h"

#define FOUND_BYTES 1024

/* Things of one kind, and the names of the first ones. */
struct found {
    int count;
    char names[FOUND_BYTES];
};

struct opened {
    uint64_t number;     /* of the model's record */
    struct model *model; /* NULL: it is not there, or has changed */
};

struct verifying {
    struct workbench *workbench;
    const struct replay *replay;
    struct opened *opened; /* [opened_count] */
    int opened_count;
    struct compute compute; /* the workbench's, in the precision of the session */
    int refused;            /* 1: this CPU does not multiply in it; `refusal` says why */
    struct sawb_error refusal;
    int predictions, checked, in_training, without_model, without_precision, drifted;
    double tolerance;
    double first, largest;         /* drift of the logits */
    size_t first_at, largest_at;   /* records */
    struct found missing, changed; /* models */
    struct found data_missing, data_changed;
    int data; /* sets that were read */
};

/* Once, however often it was recorded. */
static void add_found(struct found *found, const char *name) {
    size_t used = strlen(found->names), length = strlen(name);
    for (const char *at = found->names; length > 0 && (at = strstr(at, name)); at += length)
        if ((at == found->names || at[-1] == ' ') && (at[length] == ',' || !at[length]))
            return;
    snprintf(found->names + used, sizeof(found->names) - used, "%s%s", used ? ", " : "", name);
    found->count++;
}

/* The model of that record, which is retained, if it is there and has the same weights. */
static struct model *open_model(struct verifying *verifying, uint64_t number) {
    uint64_t fingerprint;
    struct model *model;
    struct model_options options = {.seed = verifying->workbench->settings.seed};
    char *directory = replay_model_directory(verifying->replay, number, &fingerprint);
    if (!directory)
        return NULL;
    if (model_open(&model, directory, &options, NULL) < 0) {
        add_found(&verifying->missing, directory);
        model = NULL;
    } else if (model->fingerprint != fingerprint) {
        add_found(&verifying->changed, directory);
        model_release(model);
        model = NULL;
    }
    free(directory);
    return model;
}

/* The same, opened and told of once; borrowed. */
static int find_model(struct verifying *verifying, uint64_t number, const struct model **model,
                      struct sawb_error *error) {
    struct opened *opened = verifying->opened;
    int count = verifying->opened_count, i = 0;
    while (i < count && opened[i].number != number)
        i++;
    if (i == count) {
        opened = realloc(opened, ((size_t)count + 1) * sizeof(*opened));
        if (!opened)
            return error_set(error, "session: out of memory");
        opened[count] = (struct opened){number, open_model(verifying, number)};
        verifying->opened = opened;
        verifying->opened_count++;
    }
    *model = opened[i].model;
    return 0;
}

static void compare(struct verifying *verifying, size_t record, const struct capture *recorded,
                    const struct capture *again) {
    double drift = 0;
    for (int k = 0; k < recorded->labels; k++) {
        double difference = fabs((double)recorded->logits[k] - (double)again->logits[k]);
        drift = difference > drift || isnan(difference) ? difference : drift;
    }
    if (recorded->encoding.count != again->encoding.count || recorded->label != again->label)
        drift = INFINITY;
    verifying->checked++;
    if (drift <= verifying->tolerance)
        return;
    if (verifying->drifted++ == 0) {
        verifying->first = drift;
        verifying->first_at = record;
    }
    if (!(drift <= verifying->largest)) {
        verifying->largest = drift;
        verifying->largest_at = record;
    }
}

static int check(struct verifying *verifying, size_t record, const struct capture *recorded,
                 uint64_t number, struct sawb_error *error) {
    struct sparsity *sparsity;
    struct capture *again;
    const struct model *model = NULL;
    verifying->predictions++;
    if (recorded->training_step > 0) {
        verifying->in_training++;
        return 0;
    }
    if (verifying->refused) {
        verifying->without_precision++;
        return 0;
    }
    if (find_model(verifying, number, &model, error) < 0)
        return -1;
    if (!model) {
        verifying->without_model++;
        return 0;
    }
    if (sparsity_parse(&sparsity, recorded->pattern, NULL, error) < 0)
        return -1;
    int status = model->config.labels == recorded->labels
                     ? capture_run(&again, model, sparsity, recorded->text, recorded->seed,
                                   &verifying->compute, error)
                     : error_set(error, "the model has other labels");
    sparsity_free(sparsity);
    if (status < 0)
        return -1;
    compare(verifying, record, recorded, again);
    capture_free(again);
    return 0;
}

static char *time_of(const struct replay *replay, size_t record, char *text, size_t size) {
    int seconds = (int)replay_time_of(replay, record);
    snprintf(text, size, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    return text;
}

static int say_json(const struct verifying *verifying, struct sink *sink) {
    struct record record = record_begin();
    record_number(&record, "predictions", verifying->predictions);
    record_number(&record, "checked", verifying->checked);
    record_number(&record, "in_training", verifying->in_training);
    record_number(&record, "without_model", verifying->without_model);
    record_number(&record, "without_precision", verifying->without_precision);
    record_number(&record, "models_changed", verifying->changed.count);
    record_number(&record, "models_missing", verifying->missing.count);
    record_number(&record, "data", verifying->data);
    record_number(&record, "data_changed", verifying->data_changed.count);
    record_number(&record, "data_missing", verifying->data_missing.count);
    record_number(&record, "drifted", verifying->drifted);
    record_number(&record, "first_drift", verifying->first);
    record_number(&record, "largest_drift", verifying->largest);
    return sink_result_owned(sink, record_print(&record));
}

static void say_found(struct sink *sink, const char *what, const struct found *found) {
    if (found->count)
        sink_note(sink, "%s: %s", what, found->names);
}

static int say(const struct verifying *verifying, struct sink *sink) {
    char first[32], largest[32];
    if (verifying->workbench->settings.json)
        return say_json(verifying, sink);
    if (verifying->drifted)
        sink_result(sink,
                    "%d of %d checked predictions have drifted: first by %.3g at %s, largest by "
                    "%.3g at %s",
                    verifying->drifted, verifying->checked, verifying->first,
                    time_of(verifying->replay, verifying->first_at, first, sizeof(first)),
                    verifying->largest,
                    time_of(verifying->replay, verifying->largest_at, largest, sizeof(largest)));
    else
        sink_result(sink, "%d of %d predictions checked: %s", verifying->checked,
                    verifying->predictions,
                    verifying->tolerance > 0 ? "no drift beyond the tolerance" : "no drift");
    if (verifying->in_training)
        sink_note(sink, "%d are of a model in training, whose weights are not in the session",
                  verifying->in_training);
    if (verifying->without_model)
        sink_note(sink, "%d are of a model that is not there any more as it was",
                  verifying->without_model);
    if (verifying->without_precision)
        sink_note(sink, "%d cannot be computed again here: %s", verifying->without_precision,
                  verifying->refusal.message);
    say_found(sink, "model changed since", &verifying->changed);
    say_found(sink, "model not there", &verifying->missing);
    say_found(sink, "data changed since", &verifying->data_changed);
    say_found(sink, "data not there", &verifying->data_missing);
    return COMMAND_DONE;
}

/* The data set as it was read last before the end, or before the session wrote it itself. */
static int is_told_later(const struct replay *replay, size_t record, const char *path) {
    const struct log_reader *log = replay_log(replay);
    struct event_head head;
    for (size_t i = record + 1; i < log->count; i++) {
        const struct log_record *at = &log->records[i];
        if (at->type != LOG_EVENT || record_event_head(at->body, at->size, &head) < 0 ||
            head.kind != EVENT_DATA)
            continue;
        struct event *event = replay_event(replay, i);
        int same = event && strcmp(event->text, path) == 0;
        event_free(event);
        if (same)
            return 1;
    }
    return 0;
}

static void check_data(struct verifying *verifying, size_t record, const struct event *event) {
    char *bytes;
    size_t size;
    if (is_told_later(verifying->replay, record, event->text))
        return;
    verifying->data++;
    if (file_read(&bytes, &size, event->text, NULL) < 0) {
        add_found(&verifying->data_missing, event->text);
        return;
    }
    if ((int64_t)size != event->data.read.bytes ||
        dataset_hash(bytes, size) != event->data.read.hash)
        add_found(&verifying->data_changed, event->text);
    free(bytes);
}

/* Answers from this record on were computed in the precision that it says; f32 where it is from
 * before that was noted. */
static void take_precision(struct verifying *verifying, const struct log_record *record) {
    enum precision precision = PRECISION_F32;
    cJSON *object = json_parse((const char *)record->body, record->size, "session", NULL);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "precision"));
    int known = !name || precision_find(&precision, name) == 0;
    if (!known)
        error_set(&verifying->refusal, "precision: this version of sawb knows no \"%s\"", name);
    verifying->refused =
        !known || compute_set_precision(&verifying->compute, precision, &verifying->refusal) < 0;
    cJSON_Delete(object);
}

/* One record: a prediction, a data set, or nothing to be checked. */
static int check_record(struct verifying *verifying, size_t i, struct sawb_error *error) {
    const struct log_record *record = &replay_log(verifying->replay)->records[i];
    struct event_head head;
    if (record->type == LOG_BEGIN || record->type == LOG_LIVE)
        take_precision(verifying, record);
    if (record->type != LOG_EVENT || record_event_head(record->body, record->size, &head) < 0)
        return 0;
    int prediction = head.kind == EVENT_PREDICTION && head.model > 0;
    if (!prediction && head.kind != EVENT_DATA)
        return 0;
    struct event *event = replay_event(verifying->replay, i);
    if (!event)
        return error_set(error, "session: record %zu cannot be read", i + 1);
    int status = 0;
    if (prediction)
        status = check(verifying, i, event->data.capture, head.model, error);
    else
        check_data(verifying, i, event);
    event_free(event);
    return status;
}

int session_verify(struct workbench *workbench, const struct replay *replay, double tolerance,
                   struct sink *sink) {
    struct verifying verifying = {.workbench = workbench, .replay = replay, .tolerance = tolerance};
    const struct log_reader *log = replay_log(replay);
    struct sawb_error error;
    int status = workbench_start(workbench, &error);
    verifying.compute = workbench->compute;
    if (status == 0 && log->lost)
        sink_note(sink, "%s", log->problem);
    for (size_t i = 0; status == 0 && i < log->count && !interrupt_signal(); i++)
        status = check_record(&verifying, i, &error);
    for (int i = 0; i < verifying.opened_count; i++)
        model_release(verifying.opened[i].model);
    free(verifying.opened);
    if (status < 0)
        return command_fail(sink, &error);
    status = say(&verifying, sink);
    return status == COMMAND_DONE && verifying.drifted ? COMMAND_FAILED : status;
}
