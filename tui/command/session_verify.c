/*
 * session_verify.c - what was recorded worked out again, and compared: predictions one by one, the
 * results of commands by running these. Models and data sets are looked at, whether they are what
 * they were.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/session/event.h"
#include "core/session/jobs.h"
#include "core/session/record.h"
#include "core/session/steer.h"
#include "core/text/dataset.h"
#include "tui/app/interrupt.h"
#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "tui/command/session.h"
#include "tui/command/session_again.h"

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

/* Results but for predictions. */
enum result { EVALUATIONS, COMPARISONS, ROWS, POINTS, STEPS, TIMES, RESULTS };
static const char *const result_names[RESULTS] = {"evaluations", "comparisons", "rows",
                                                  "points",      "steps",       "times"};

/* Why a result is not checked. */
enum reason { IN_TRAINING, MEASURED, STOPPED, BY_VIEW, NOT_AGAIN, REASONS };
static const char *const reasons[REASONS] = {
    [IN_TRAINING] = "of a model in training, whose weights are not in the session",
    [MEASURED] = "times that were measured",
    [STOPPED] = "of jobs that did not end",
    [BY_VIEW] = "asked for by a view, or by a command that is not run again",
    [NOT_AGAIN] = "of commands that cannot be run again as they were",
};

struct results {
    int recorded, checked, drifted;
    int left[REASONS];
};

struct verifying {
    struct workbench *workbench;
    const struct replay *replay;
    struct opened *opened; /* [opened_count] */
    int opened_count;
    struct compute compute;   /* the workbench's, in the precision of the session */
    struct settings settings; /* the same */
    int console;              /* 1: the session is one of a console */
    struct results results[RESULTS];
    struct found not_again; /* why commands could not be run */
    int refused;            /* 1: this CPU does not multiply in it; `refusal` says why */
    struct sawb_error refusal;
    int predictions, checked, in_training, without_model, without_precision, drifted;
    double tolerance;
    int all_drifted;               /* with results that are no predictions */
    double first, largest;         /* drift of the logits and numbers */
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

/* 1 when it is one. */
static int take_drift(struct verifying *verifying, size_t record, double drift) {
    if (drift <= verifying->tolerance)
        return 0;
    if (verifying->all_drifted++ == 0) {
        verifying->first = drift;
        verifying->first_at = record;
    }
    if (!(drift <= verifying->largest)) {
        verifying->largest = drift;
        verifying->largest_at = record;
    }
    return 1;
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
    verifying->drifted += take_drift(verifying, record, drift);
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

/* ---- results of commands --------------------------------------------------------------------- */

static enum result result_of(const struct event *event) {
    const char *series = event->kind == EVENT_POINT ? event->data.point.series : "";
    switch (event->kind) {
    case EVENT_EVALUATION:
        return EVALUATIONS;
    case EVENT_COMPARISON:
        return COMPARISONS;
    case EVENT_ROW:
        return ROWS;
    case EVENT_STEP:
        return STEPS;
    case EVENT_BENCH:
        return TIMES;
    case EVENT_POINT:
        return strcmp(series, STEERING_SERIES) == 0 ? RESULTS
               : strcmp(series, SERIES_TIMING) == 0 || strcmp(series, SERIES_LIVE_TIMING) == 0 ||
                       strcmp(series, SERIES_SPEED) == 0 || strcmp(series, SERIES_PROFILE) == 0
                   ? TIMES
                   : POINTS;
    default:
        return RESULTS;
    }
}

/* 1 when both tell the same thing, whatever they say of it. */
static int is_same_thing(const struct event *a, const struct event *b) {
    if (a->kind != b->kind || a->arm != b->arm)
        return 0;
    if (a->kind == EVENT_ROW)
        return a->data.row.row == b->data.row.row;
    return a->kind != EVENT_POINT || (a->data.point.index == b->data.point.index &&
                                      strcmp(a->data.point.series, b->data.point.series) == 0);
}

/* The larger, and NaN above all; two that are NaN are the same. */
static double larger_drift(double drift, double a, double b) {
    double difference = isnan(a) && isnan(b) ? 0 : fabs(a - b);
    return isnan(difference) || difference > drift ? difference : drift;
}

static double evaluation_drift(const struct evaluation *a, const struct evaluation *b) {
    double drift = a->rows == b->rows && a->labelled == b->labelled ? 0 : INFINITY;
    drift = larger_drift(drift, a->accuracy, b->accuracy);
    drift = larger_drift(drift, a->loss, b->loss);
    return larger_drift(drift, a->realised, b->realised);
}

static double comparison_drift(const struct comparison *a, const struct comparison *b) {
    double drift = a->a_only == b->a_only && a->b_only == b->b_only ? 0 : INFINITY;
    drift = fmax(drift, evaluation_drift(&a->a, &b->a));
    return fmax(drift, evaluation_drift(&a->b, &b->b));
}

static double row_drift(const struct evaluation_row *a, const struct evaluation_row *b) {
    double drift = a->gold == b->gold && a->label == b->label ? 0 : INFINITY;
    for (int i = 0; i < MODEL_LABELS_MAX; i++)
        drift = larger_drift(drift, (double)a->logits[i], (double)b->logits[i]);
    return drift;
}

static double drift_of(const struct event *recorded, const struct event *now) {
    double drift = 0;
    switch (recorded->kind) {
    case EVENT_EVALUATION:
        return evaluation_drift(&recorded->data.evaluation, &now->data.evaluation);
    case EVENT_COMPARISON:
        return comparison_drift(&recorded->data.comparison, &now->data.comparison);
    case EVENT_ROW:
        return row_drift(&recorded->data.row, &now->data.row);
    default:
        for (int i = 0; i < POINT_VALUES; i++)
            drift = larger_drift(drift, recorded->data.point.values[i], now->data.point.values[i]);
        return larger_drift(drift, recorded->data.point.x, now->data.point.x);
    }
}

/* The last event that tells the same thing, or of those the first behind `from`; NULL: none. */
static const struct event *find_told(const struct told *told, const struct event *like, int *from) {
    int point = like->kind == EVENT_POINT; /* is told again as it gets better */
    for (int i = 0; i < told->count; i++) {
        int at = point ? told->count - 1 - i : (*from + i) % told->count;
        if (!is_same_thing(told->events[at], like))
            continue;
        *from = at + 1;
        return told->events[at];
    }
    return NULL;
}

/* The results of one command against those of now; `now` NULL: they are not checked, for this
 * reason. */
static void take_results(struct verifying *verifying, size_t record, const struct told *then,
                         const struct told *now, enum reason reason) {
    int from = 0, ignored = 0;
    for (int i = 0; i < then->count; i++) {
        const struct event *event = then->events[i];
        enum result kind = result_of(event);
        if (kind == RESULTS ||
            (event->kind == EVENT_POINT && find_told(then, event, &ignored) != event))
            continue;
        struct results *results = &verifying->results[kind];
        const struct event *again = now ? find_told(now, event, &from) : NULL;
        results->recorded++;
        if (!again) {
            enum reason why = kind == TIMES ? MEASURED : kind == STEPS ? IN_TRAINING : reason;
            results->left[why]++;
            continue;
        }
        results->checked++;
        results->drifted += take_drift(verifying, record, drift_of(event, again));
    }
}

static int is_data_same(const struct told *then, const struct told *now) {
    for (int i = 0; i < then->count; i++) {
        const struct event *event = then->events[i];
        int found = event->kind != EVENT_DATA;
        for (int k = 0; k < now->count && !found; k++)
            found = now->events[k]->kind == EVENT_DATA &&
                    strcmp(now->events[k]->text, event->text) == 0 &&
                    now->events[k]->data.read.hash == event->data.read.hash;
        if (!found)
            return 0;
    }
    return 1;
}

static int count_kind(const struct told *told, enum event_kind kind, int status) {
    int count = 0;
    for (int i = 0; i < told->count; i++)
        count += told->events[i]->kind == kind && told->events[i]->status == status;
    return count;
}

static int is_run_again(const char *line) {
    static const char *const commands[] = {"eval", "compare", "rows", "sweep", "prune", "data"};
    size_t length = strcspn(line, " \t");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strlen(commands[i]) == length && strncasecmp(line, commands[i], length) == 0)
            return 1;
    return 0;
}

/* What the command told then is worked out again, if it can be. */
static void check_told(struct verifying *verifying, size_t record, const char *line, int training,
                       const struct told *then) {
    struct told now = {0};
    struct sawb_error why;
    enum reason reason = NOT_AGAIN;
    int able = 0;
    if (count_kind(then, EVENT_STEP, 0) > 0 || training)
        reason = IN_TRAINING;
    else if (!is_run_again(line))
        reason = BY_VIEW;
    else if (count_kind(then, EVENT_DONE, 0) == 0 || count_kind(then, EVENT_DONE, 1) > 0)
        reason = STOPPED;
    else if (verifying->refused)
        add_found(&verifying->not_again, verifying->refusal.message);
    else
        able = 1;
    if (able && session_again(verifying->replay, record, &verifying->settings, line,
                              verifying->console, &now, &why) < 0) {
        add_found(&verifying->not_again, why.message);
        able = 0;
    } else if (able && !is_data_same(then, &now)) {
        add_found(&verifying->not_again, "the data has changed");
        able = 0;
    }
    take_results(verifying, record, then, able ? &now : NULL, reason);
    told_free(&now);
}

/* Results of the jobs that a command began. */
static int check_jobs(struct verifying *verifying, size_t i, struct sawb_error *error) {
    const struct log_reader *log = replay_log(verifying->replay);
    const struct log_record *record = &log->records[i];
    struct told then;
    int first, last;
    session_jobs(log, i, verifying->console, &first, &last);
    if (first > last)
        return 0;
    if (session_told(log, i, first, last, &then, error) < 0)
        return -1;
    cJSON *object = json_parse((const char *)record->body, record->size, "session", NULL);
    const char *line = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "line"));
    check_told(verifying, i, line ? line : "", record->stamp.step > 0, &then);
    cJSON_Delete(object);
    told_free(&then);
    return 0;
}

/* 1 when the result belongs to a job that a command of the session began. */
static int is_of_command(const struct verifying *verifying, size_t i, int job) {
    const struct log_reader *log = replay_log(verifying->replay);
    int first, last;
    for (size_t k = i; k-- > 0;) {
        if (log->records[k].type != LOG_COMMAND)
            continue;
        session_jobs(log, k, verifying->console, &first, &last);
        if (job >= first)
            return job <= last;
    }
    return 0;
}

static int may_be_result(enum event_kind kind) {
    return kind == EVENT_EVALUATION || kind == EVENT_COMPARISON || kind == EVENT_ROW ||
           kind == EVENT_POINT || kind == EVENT_STEP || kind == EVENT_BENCH;
}

/* Results that no command asked for are only counted. */
static void count_others(struct verifying *verifying) {
    const struct log_reader *log = replay_log(verifying->replay);
    int job = -1, others = 0;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->records[i];
        struct event_head head;
        if (record->type == LOG_LIVE)
            job = -1;
        if (record->type != LOG_EVENT || record_event_head(record->body, record->size, &head) < 0 ||
            !may_be_result(head.kind))
            continue;
        if (head.job != job)
            others = !is_of_command(verifying, i, head.job);
        job = head.job;
        struct event *event = others ? replay_event(verifying->replay, i) : NULL;
        enum result kind = event ? result_of(event) : RESULTS;
        event_free(event);
        if (kind == RESULTS)
            continue;
        verifying->results[kind].recorded++;
        verifying->results[kind].left[kind == TIMES ? MEASURED : BY_VIEW]++;
    }
}

/* ---- telling --------------------------------------------------------------------------------- */

static char *time_of(const struct replay *replay, size_t record, char *text, size_t size) {
    int seconds = (int)replay_time_of(replay, record);
    snprintf(text, size, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    return text;
}

static cJSON *results_json(const struct results *results) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "recorded", results->recorded);
    cJSON_AddNumberToObject(object, "checked", results->checked);
    cJSON_AddNumberToObject(object, "drifted", results->drifted);
    return object;
}

/* Seconds since the beginning; NaN when nothing has drifted. */
static double moment_of(const struct verifying *verifying, size_t record) {
    return verifying->all_drifted ? replay_time_of(verifying->replay, record) : NAN;
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
    for (int kind = 0; kind < RESULTS; kind++)
        record_item(&record, result_names[kind], results_json(&verifying->results[kind]));
    record_number(&record, "drifted", verifying->all_drifted);
    record_number(&record, "first_drift", verifying->first);
    record_number(&record, "largest_drift", verifying->largest);
    record_number(&record, "first_drift_at", moment_of(verifying, verifying->first_at));
    record_number(&record, "largest_drift_at", moment_of(verifying, verifying->largest_at));
    return sink_result_owned(sink, record_print(&record));
}

static void say_found(struct sink *sink, const char *what, const struct found *found) {
    if (found->count)
        sink_note(sink, "%s: %s", what, found->names);
}

static void say_checked(struct sink *sink, const char *what, int recorded, int checked, int drifted,
                        const char *none) {
    if (drifted)
        sink_result(sink, "%d of %d checked %s have drifted", drifted, checked, what);
    else if (checked)
        sink_result(sink, "%d of %d %s checked: %s", checked, recorded, what, none);
    else
        sink_result(sink, "%d of %d %s checked", checked, recorded, what);
}

/* What was not checked, and why. */
static void say_left(const struct verifying *verifying, struct sink *sink) {
    for (int kind = 0; kind < RESULTS; kind++)
        for (int why = 0; why < REASONS; why++)
            if (verifying->results[kind].left[why])
                sink_note(sink, "%d %s are %s", verifying->results[kind].left[why],
                          result_names[kind], reasons[why]);
    say_found(sink, "not run again", &verifying->not_again);
}

static int say(const struct verifying *verifying, struct sink *sink) {
    char first[32], largest[32];
    if (verifying->workbench->settings.json)
        return say_json(verifying, sink);
    const char *none = verifying->tolerance > 0 ? "no drift beyond the tolerance" : "no drift";
    say_checked(sink, "predictions", verifying->predictions, verifying->checked, verifying->drifted,
                none);
    for (int kind = 0; kind < RESULTS; kind++) {
        const struct results *results = &verifying->results[kind];
        if (results->recorded)
            say_checked(sink, result_names[kind], results->recorded, results->checked,
                        results->drifted, none);
    }
    if (verifying->all_drifted) {
        sink_result(sink, "first by %.3g at %s, largest by %.3g at %s", verifying->first,
                    time_of(verifying->replay, verifying->first_at, first, sizeof(first)),
                    verifying->largest,
                    time_of(verifying->replay, verifying->largest_at, largest, sizeof(largest)));
        if (isfinite(verifying->largest))
            sink_note(sink,
                      "--tolerance %.1g would take that for none, as another processor's or "
                      "another version's rounding",
                      2 * verifying->largest);
    }
    say_left(verifying, sink);
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
    verifying->settings.precision = precision;
    cJSON_Delete(object);
}

/* One record: a prediction, a data set, or nothing to be checked. */
static int check_record(struct verifying *verifying, size_t i, struct sawb_error *error) {
    const struct log_record *record = &replay_log(verifying->replay)->records[i];
    struct event_head head;
    if (record->type == LOG_BEGIN || record->type == LOG_LIVE)
        take_precision(verifying, record);
    if (record->type == LOG_COMMAND)
        return check_jobs(verifying, i, error);
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
    struct verifying verifying = {.workbench = workbench,
                                  .replay = replay,
                                  .settings = workbench->settings,
                                  .console = replay_is_console(replay),
                                  .tolerance = tolerance};
    const struct log_reader *log = replay_log(replay);
    struct sawb_error error;
    int status = workbench_start(workbench, &error);
    verifying.compute = workbench->compute;
    if (status == 0 && log->lost)
        sink_note(sink, "%s", log->problem);
    for (size_t i = 0; status == 0 && i < log->count && !interrupt_signal(); i++)
        status = check_record(&verifying, i, &error);
    if (status == 0)
        count_others(&verifying);
    for (int i = 0; i < verifying.opened_count; i++)
        model_release(verifying.opened[i].model);
    free(verifying.opened);
    if (status < 0)
        return command_fail(sink, &error);
    status = say(&verifying, sink);
    return status == COMMAND_DONE && verifying.all_drifted ? COMMAND_FAILED : status;
}
