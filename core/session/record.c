/*
 * record.c - events as bytes.
 */
#include "core/session/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/inspect/metrics.h"
#include "core/session/jobs.h"
#include "core/session/steer.h"

#define TOKENS_MOST 65536
#define SHAPE_MOST 100000 /* layers, heads and sizes beyond it are damage */

/* ---- predictions ----------------------------------------------------------------------------- */

int record_alike(const struct capture *earlier, const struct capture *capture) {
    const struct encoding *a = &earlier->encoding, *b = &capture->encoding;
    return earlier->layers == capture->layers && earlier->heads == capture->heads &&
           earlier->hidden == capture->hidden && earlier->labels == capture->labels &&
           earlier->seed == capture->seed && !earlier->metrics == !capture->metrics &&
           a->count == b->count && a->truncated == b->truncated &&
           memcmp(a->ids, b->ids, (size_t)a->count * sizeof(*a->ids)) == 0 &&
           strcmp(earlier->text, capture->text) == 0 && strcmp(earlier->spec, capture->spec) == 0 &&
           strcmp(earlier->pattern, capture->pattern) == 0;
}

static void put_sentence(struct bytes *bytes, const struct capture *capture) {
    bytes_string(bytes, capture->text);
    bytes_string(bytes, capture->spec);
    bytes_string(bytes, capture->pattern);
    bytes_f64(bytes, capture->target);
    bytes_varint(bytes, capture->seed);
    bytes_signed(bytes, capture->layers);
    bytes_signed(bytes, capture->heads);
    bytes_signed(bytes, capture->hidden);
    bytes_u8(bytes, capture->metrics != NULL);
    bytes_u8(bytes, capture->encoding.truncated != 0);
    bytes_signed(bytes, capture->encoding.count);
    for (int i = 0; i < capture->encoding.count; i++) {
        bytes_signed(bytes, capture->encoding.ids[i]);
        bytes_varint(bytes, capture->encoding.offsets[i][0]);
        bytes_varint(bytes, capture->encoding.offsets[i][1]);
        bytes_string(bytes, capture->pieces[i]);
    }
}

static void put_prediction(struct bytes *bytes, const struct capture *capture, uint64_t like,
                           uint64_t model) {
    bytes_varint(bytes, like);
    bytes_varint(bytes, model);
    bytes_signed(bytes, capture->labels);
    for (int i = 0; i < capture->labels; i++)
        bytes_f32(bytes, capture->logits[i]);
    for (int i = 0; i < capture->labels; i++)
        bytes_f32(bytes, capture->probabilities[i]);
    bytes_signed(bytes, capture->label);
    bytes_string(bytes, capture->label_name);
    bytes_f64(bytes, capture->realised);
    bytes_varint(bytes, capture->training_step);
    bytes_f64(bytes, capture->milliseconds);
    if (!like)
        put_sentence(bytes, capture);
}

static char *read_text(struct reading *reading) {
    char *text = reading_string(reading);
    if (!text)
        reading->failed = 1;
    return text;
}

static void read_tokens(struct reading *reading, struct capture *capture) {
    struct encoding *encoding = &capture->encoding;
    encoding->truncated = (int)reading_u8(reading);
    int count = reading_int(reading, 1, TOKENS_MOST);
    if (reading->failed || (size_t)count > reading->size) {
        reading->failed = 1;
        return;
    }
    size_t room = (size_t)count;
    encoding->ids = malloc(room * sizeof(*encoding->ids));
    encoding->offsets = malloc(room * sizeof(*encoding->offsets));
    capture->pieces = calloc(room, sizeof(*capture->pieces));
    encoding->count = capture->pieces ? count : 0;
    if (!encoding->ids || !encoding->offsets || !capture->pieces) {
        reading->failed = 1;
        return;
    }
    for (int i = 0; i < count && !reading->failed; i++) {
        encoding->ids[i] = reading_int(reading, 0, INT32_MAX);
        encoding->offsets[i][0] = (size_t)reading_varint(reading);
        encoding->offsets[i][1] = (size_t)reading_varint(reading);
        capture->pieces[i] = read_text(reading);
        reading->failed |= encoding->offsets[i][0] > encoding->offsets[i][1] ||
                           encoding->offsets[i][1] > strlen(capture->text);
    }
}

static void read_sentence(struct reading *reading, struct capture *capture) {
    capture->text = read_text(reading);
    capture->spec = read_text(reading);
    capture->pattern = read_text(reading);
    capture->target = reading_f64(reading);
    capture->seed = reading_varint(reading);
    capture->layers = reading_int(reading, 1, SHAPE_MOST);
    capture->heads = reading_int(reading, 1, SHAPE_MOST);
    capture->hidden = reading_int(reading, 0, SHAPE_MOST);
    unsigned measured = reading_u8(reading);
    if (reading->failed)
        return;
    read_tokens(reading, capture);
    size_t heads = (size_t)capture->layers * (size_t)capture->heads;
    if (measured && !reading->failed && heads <= SHAPE_MOST) {
        capture->metrics = malloc(heads * METRICS * sizeof(*capture->metrics));
        for (size_t i = 0; capture->metrics && i < heads * METRICS; i++)
            capture->metrics[i] = NAN;
    }
    reading->failed |= measured && !capture->metrics;
}

/* Past the parts that are this prediction's own. */
static void read_own(struct reading *reading, struct capture *capture) {
    capture->labels = reading_int(reading, 1, MODEL_LABELS_MAX);
    size_t labels = (size_t)capture->labels;
    capture->logits = malloc(labels * sizeof(float));
    capture->probabilities = malloc(labels * sizeof(float));
    if (!capture->logits || !capture->probabilities) {
        reading->failed = 1;
        return;
    }
    for (size_t i = 0; i < labels; i++)
        capture->logits[i] = reading_f32(reading);
    for (size_t i = 0; i < labels; i++)
        capture->probabilities[i] = reading_f32(reading);
    capture->label = reading_int(reading, 0, capture->labels - 1);
    char *name = reading_string(reading);
    if (name && strlen(name) < sizeof(capture->label_name))
        strcpy(capture->label_name, name);
    else
        reading->failed = 1;
    free(name);
    capture->realised = reading_f64(reading);
    capture->training_step = reading_varint(reading);
    capture->milliseconds = reading_f64(reading);
}

static int read_head(struct reading *reading, struct event_head *head) {
    *head = (struct event_head){.kind = (enum event_kind)reading_int(reading, 0, EVENT_DATA)};
    head->sequence = reading_varint(reading);
    head->job = reading_int(reading, 0, INT32_MAX);
    head->arm = reading_int(reading, INT32_MIN, INT32_MAX);
    if (head->kind == EVENT_PREDICTION) {
        head->like = reading_varint(reading);
        head->model = reading_varint(reading);
    }
    return reading->failed ? -1 : 0;
}

/* The sentence comes from the record of the prediction this one is like. */
static void read_alike(struct reading *reading, struct capture *capture, const unsigned char *like,
                       size_t size) {
    struct reading earlier = {like, size, 0, 0};
    struct event_head head;
    struct capture own = {0};
    if (!like || read_head(&earlier, &head) < 0 || head.kind != EVENT_PREDICTION || head.like) {
        reading->failed = 1;
        return;
    }
    read_own(&earlier, &own);
    if (!earlier.failed)
        read_sentence(&earlier, capture);
    reading->failed |= earlier.failed || own.labels != capture->labels;
    free(own.logits);
    free(own.probabilities);
}

static struct capture *read_prediction(struct reading *reading, const struct event_head *head,
                                       const unsigned char *like, size_t like_size) {
    struct capture *capture = calloc(1, sizeof(*capture));
    if (!capture) {
        reading->failed = 1;
        return NULL;
    }
    read_own(reading, capture);
    if (!reading->failed && head->like)
        read_alike(reading, capture, like, like_size);
    else if (!reading->failed)
        read_sentence(reading, capture);
    return capture;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void put_step(struct bytes *bytes, const struct step_report *report) {
    bytes_signed(bytes, report->step);
    bytes_signed(bytes, report->total_steps);
    bytes_signed(bytes, report->tokens);
    bytes_f64(bytes, report->epoch);
    bytes_f64(bytes, report->loss);
    bytes_f64(bytes, report->learning_rate);
    bytes_f64(bytes, report->gradient_norm);
    bytes_f64(bytes, report->tokens_per_second);
    bytes_f64(bytes, report->realised);
}

static void read_step(struct reading *reading, struct step_report *report) {
    report->step = reading_signed(reading);
    report->total_steps = reading_signed(reading);
    report->tokens = reading_int(reading, 0, INT32_MAX);
    report->epoch = reading_f64(reading);
    report->loss = reading_f64(reading);
    report->learning_rate = reading_f64(reading);
    report->gradient_norm = reading_f64(reading);
    report->tokens_per_second = reading_f64(reading);
    report->realised = reading_f64(reading);
}

static void put_evaluation(struct bytes *bytes, const struct evaluation *evaluation) {
    bytes_signed(bytes, evaluation->rows);
    bytes_signed(bytes, evaluation->labelled);
    bytes_signed(bytes, evaluation->correct);
    bytes_signed(bytes, evaluation->truncated);
    bytes_f64(bytes, evaluation->accuracy);
    bytes_f64(bytes, evaluation->loss);
    bytes_f64(bytes, evaluation->realised);
    bytes_varint(bytes, evaluation->kept);
    bytes_varint(bytes, evaluation->valid);
    bytes_f64(bytes, evaluation->seconds);
}

static void read_evaluation(struct reading *reading, struct evaluation *evaluation) {
    evaluation->rows = reading_int(reading, 0, INT32_MAX);
    evaluation->labelled = reading_int(reading, 0, INT32_MAX);
    evaluation->correct = reading_int(reading, 0, INT32_MAX);
    evaluation->truncated = reading_int(reading, 0, INT32_MAX);
    evaluation->accuracy = reading_f64(reading);
    evaluation->loss = reading_f64(reading);
    evaluation->realised = reading_f64(reading);
    evaluation->kept = reading_varint(reading);
    evaluation->valid = reading_varint(reading);
    evaluation->seconds = reading_f64(reading);
}

/* All logits there is room for, without the zeros at the end. */
static void put_row(struct bytes *bytes, const struct evaluation_row *row) {
    int labels = MODEL_LABELS_MAX;
    while (labels > 0 && row->logits[labels - 1] == 0)
        labels--;
    bytes_signed(bytes, row->row);
    bytes_signed(bytes, row->gold);
    bytes_signed(bytes, row->label);
    bytes_signed(bytes, labels);
    for (int i = 0; i < labels; i++)
        bytes_f32(bytes, row->logits[i]);
    bytes_f32(bytes, row->loss);
}

static void read_row(struct reading *reading, struct evaluation_row *row) {
    row->row = reading_int(reading, 0, INT32_MAX);
    row->gold = reading_int(reading, -1, MODEL_LABELS_MAX - 1);
    row->label = reading_int(reading, 0, MODEL_LABELS_MAX - 1);
    int labels = reading_int(reading, 0, MODEL_LABELS_MAX);
    for (int i = 0; i < labels; i++)
        row->logits[i] = reading_f32(reading);
    row->loss = reading_f32(reading);
}

static void put_comparison(struct bytes *bytes, const struct comparison *comparison) {
    put_evaluation(bytes, &comparison->a);
    put_evaluation(bytes, &comparison->b);
    bytes_signed(bytes, comparison->a_only);
    bytes_signed(bytes, comparison->b_only);
    bytes_f64(bytes, comparison->mcnemar_p);
    bytes_signed(bytes, comparison->flips);
    for (int i = 0; i < comparison->flips; i++)
        bytes_signed(bytes, comparison->flip_rows[i]);
}

static void read_comparison(struct reading *reading, struct comparison *comparison) {
    read_evaluation(reading, &comparison->a);
    read_evaluation(reading, &comparison->b);
    comparison->a_only = reading_int(reading, 0, INT32_MAX);
    comparison->b_only = reading_int(reading, 0, INT32_MAX);
    comparison->mcnemar_p = reading_f64(reading);
    int flips = reading_int(reading, 0, INT32_MAX);
    if (reading->failed || (size_t)flips > reading->size - reading->at) {
        reading->failed = 1;
        return;
    }
    if (flips > 0 && !(comparison->flip_rows = malloc((size_t)flips * sizeof(int)))) {
        reading->failed = 1;
        return;
    }
    comparison->flips = flips;
    for (int i = 0; i < flips; i++)
        comparison->flip_rows[i] = reading_int(reading, 0, INT32_MAX);
}

/* A name that is said of points must outlive them; and how many values go with it. */
static const struct series_row {
    const char *name;
    int values;
} series_rows[] = {{SERIES_IMPORTANCE, 8},
                   {SERIES_COPIES, 8},
                   {SERIES_OCCLUDE, 8},
                   {SERIES_ABLATION, 8},
                   {SERIES_PRUNING, 8},
                   {SERIES_SWEEP, 8},
                   {STEERING_SERIES, 8},
                   {SERIES_TIMING, POINT_VALUES},
                   {SERIES_LIVE_TIMING, POINT_VALUES},
                   {SERIES_SPEED, 8},
                   {SERIES_PROFILE, 8}};

static struct series_row series_find(const char *name) {
    for (size_t i = 0; name && i < sizeof(series_rows) / sizeof(series_rows[0]); i++)
        if (strcmp(series_rows[i].name, name) == 0)
            return series_rows[i];
    return (struct series_row){"", 8};
}

static void put_point(struct bytes *bytes, const struct point *point) {
    bytes_string(bytes, point->series);
    bytes_signed(bytes, point->index);
    bytes_signed(bytes, point->count);
    bytes_f64(bytes, point->x);
    for (int i = 0; i < series_find(point->series).values; i++)
        bytes_f64(bytes, point->values[i]);
}

static void read_point(struct reading *reading, struct point *point) {
    char *name = reading_string(reading);
    struct series_row series = series_find(name);
    point->series = series.name;
    free(name);
    point->index = reading_int(reading, -1, INT32_MAX);
    point->count = reading_int(reading, 0, INT32_MAX);
    point->x = reading_f64(reading);
    for (int i = 0; i < series.values; i++)
        point->values[i] = reading_f64(reading);
}

/* ---- events ---------------------------------------------------------------------------------- */

void record_event(struct bytes *bytes, const struct event *event, uint64_t like, uint64_t model) {
    bytes_signed(bytes, (int)event->kind);
    bytes_varint(bytes, event->sequence);
    bytes_signed(bytes, event->job);
    bytes_signed(bytes, event->arm);
    switch (event->kind) {
    case EVENT_PREDICTION:
        put_prediction(bytes, event->data.capture, like, model);
        return;
    case EVENT_STEP:
        put_step(bytes, &event->data.report);
        return;
    case EVENT_DONE:
        bytes_signed(bytes, event->status);
        return;
    case EVENT_NOTE:
    case EVENT_ERROR:
        break;
    case EVENT_PROGRESS:
        bytes_signed(bytes, event->data.progress.done);
        bytes_signed(bytes, event->data.progress.total);
        break;
    case EVENT_EVALUATION:
        put_evaluation(bytes, &event->data.evaluation);
        return;
    case EVENT_ROW:
        put_row(bytes, &event->data.row);
        break;
    case EVENT_COMPARISON:
        put_comparison(bytes, &event->data.comparison);
        return;
    case EVENT_BENCH: {
        const struct measurement *measurement = &event->data.measurement;
        bytes_signed(bytes, measurement->n);
        bytes_signed(bytes, measurement->runs);
        bytes_f64(bytes, measurement->median_ms);
        bytes_f64(bytes, measurement->p10_ms);
        bytes_f64(bytes, measurement->p90_ms);
        bytes_string(bytes, measurement->name);
        return;
    }
    case EVENT_POINT:
        put_point(bytes, &event->data.point);
        break;
    case EVENT_DATA:
        bytes_signed(bytes, event->data.read.bytes);
        bytes_varint(bytes, event->data.read.hash);
        bytes_signed(bytes, event->data.read.rows);
        break;
    }
    bytes_string(bytes, event->text);
}

int record_event_head(const unsigned char *body, size_t size, struct event_head *head) {
    struct reading reading = {body, size, 0, 0};
    return read_head(&reading, head);
}

/* Kinds that end with their text, which most of them need. */
static void read_end(struct reading *reading, struct event *event, int needed) {
    event->text = reading_string(reading);
    reading->failed |= needed && !event->text;
}

static void read_event(struct reading *reading, const struct event_head *head, struct event *event,
                       const unsigned char *like, size_t like_size) {
    switch (event->kind) {
    case EVENT_PREDICTION:
        event->data.capture = read_prediction(reading, head, like, like_size);
        break;
    case EVENT_STEP:
        read_step(reading, &event->data.report);
        break;
    case EVENT_DONE:
        event->status = reading_int(reading, -1, 1);
        break;
    case EVENT_NOTE:
    case EVENT_ERROR:
        read_end(reading, event, 1);
        break;
    case EVENT_PROGRESS:
        event->data.progress.done = reading_signed(reading);
        event->data.progress.total = reading_signed(reading);
        read_end(reading, event, 1);
        break;
    case EVENT_EVALUATION:
        read_evaluation(reading, &event->data.evaluation);
        break;
    case EVENT_ROW:
        read_row(reading, &event->data.row);
        read_end(reading, event, 1);
        break;
    case EVENT_COMPARISON:
        read_comparison(reading, &event->data.comparison);
        break;
    case EVENT_BENCH: {
        struct measurement *measurement = &event->data.measurement;
        measurement->n = reading_int(reading, 0, INT32_MAX);
        measurement->runs = reading_int(reading, 0, INT32_MAX);
        measurement->median_ms = reading_f64(reading);
        measurement->p10_ms = reading_f64(reading);
        measurement->p90_ms = reading_f64(reading);
        read_end(reading, event, 1);
        measurement->name = event->text; /* the event's own */
        break;
    }
    case EVENT_POINT:
        read_point(reading, &event->data.point);
        read_end(reading, event, 0);
        break;
    case EVENT_DATA:
        event->data.read.bytes = reading_signed(reading);
        event->data.read.hash = reading_varint(reading);
        event->data.read.rows = reading_int(reading, 0, INT32_MAX);
        read_end(reading, event, 1);
        break;
    }
}

struct event *record_event_read(const unsigned char *body, size_t size, double time, int64_t step,
                                const unsigned char *like, size_t like_size,
                                struct sawb_error *error) {
    struct reading reading = {body, size, 0, 0};
    struct event_head head;
    struct event *event = calloc(1, sizeof(*event));
    if (!event) {
        error_set(error, "session: out of memory for an event");
        return NULL;
    }
    event->kind = EVENT_NOTE; /* nothing to free in it yet */
    if (read_head(&reading, &head) == 0) {
        event->kind = head.kind;
        event->sequence = head.sequence;
        event->job = head.job;
        event->arm = head.arm;
        event->time = time;
        event->step = step;
        read_event(&reading, &head, event, like, like_size);
    }
    if (!reading.failed && reading.at == size)
        return event;
    event_free(event);
    error_set(error, "session: an event cannot be read");
    return NULL;
}
