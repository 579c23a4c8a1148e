/*
 * session_text.c - a session as a table: a row for each number that a record tells.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/session/event.h"
#include "core/session/jobs.h"
#include "tui/command/handlers.h"
#include "tui/command/session.h"

/* What the rows of an event have in common. */
struct row {
    FILE *file;
    char head[96]; /* seconds, step and record, each with its tab */
    int arm;       /* -1: of none */
    const char *pattern, *text;
};

/* A field of TSV: tabs and line breaks become blanks. */
static void put_field(FILE *file, const char *text) {
    for (; text && *text; text++)
        fputc(*text == '\t' || *text == '\n' || *text == '\r' ? ' ' : *text, file);
}

static void put_text(const struct row *row, const char *what, const char *value) {
    fprintf(row->file, "%s%s\t%s\t%s\t", row->head,
            row->arm < 0    ? ""
            : row->arm == 1 ? "B"
                            : "A",
            what, value);
    put_field(row->file, row->pattern);
    fputc('\t', row->file);
    put_field(row->file, row->text);
    fputc('\n', row->file);
}

/* No value where there is no number. */
static void put_number(const struct row *row, const char *what, double value) {
    char text[32] = "";
    if (!isnan(value))
        snprintf(text, sizeof(text), "%.9g", value);
    put_text(row, what, text);
}

static void put_step(const struct row *row, const struct step_report *report) {
    put_number(row, "loss", report->loss);
    put_number(row, "learning rate", report->learning_rate);
    put_number(row, "gradient norm", report->gradient_norm);
    put_number(row, "tokens/s", report->tokens_per_second);
    put_number(row, "sparsity", report->realised);
}

static void put_evaluation(const struct row *row, const struct evaluation *evaluation) {
    put_number(row, "rows", evaluation->rows);
    put_number(row, "labelled", evaluation->labelled);
    put_number(row, "accuracy", evaluation->accuracy);
    put_number(row, "loss", evaluation->loss);
    put_number(row, "sparsity", evaluation->realised);
}

static void put_comparison(struct row *row, const struct comparison *comparison) {
    row->arm = 0;
    put_evaluation(row, &comparison->a);
    put_number(row, "only this right", comparison->a_only);
    row->arm = 1;
    put_evaluation(row, &comparison->b);
    put_number(row, "only this right", comparison->b_only);
    row->arm = -1;
    put_number(row, "p", comparison->mcnemar_p);
    put_number(row, "flips", comparison->flips);
}

/* What the values of a series are; those of others go by their numbers. */
static const struct {
    const char *series, *x;
    const char *values[POINT_VALUES];
} series[] = {
    {SERIES_SWEEP,
     "sparsity",
     {[SWEEP_TARGET] = "target",
      [SWEEP_ACCURACY] = "accuracy",
      [SWEEP_LOSS] = "loss",
      [SWEEP_MASS] = "mass kept",
      [SWEEP_AGREEMENT] = "agreement",
      [SWEEP_ROWS] = "rows",
      [SWEEP_LABELLED] = "labelled",
      [SWEEP_FAMILY] = "family"}},
    {SERIES_PRUNING,
     "heads off",
     {[PRUNE_ACCURACY] = "accuracy",
      [PRUNE_LOSS] = "loss",
      [PRUNE_LAYER] = "layer",
      [PRUNE_HEAD] = "head",
      [PRUNE_ROWS] = "rows"}},
    {SERIES_ABLATION,
     NULL,
     {[ABLATION_DIFFERENCE] = "logit difference",
      [ABLATION_BEFORE] = "logit difference before",
      [ABLATION_KEPT] = "probability",
      [ABLATION_KEPT_BEFORE] = "probability before"}},
    {SERIES_OCCLUDE,
     NULL,
     {[COPY_LABEL] = "label",
      [COPY_PROBABILITY] = "probability",
      [COPY_KEPT] = "probability kept",
      [COPY_KEPT_BEFORE] = "probability before",
      [COPY_DIFFERENCE] = "logit difference",
      [COPY_DIFFERENCE_BEFORE] = "logit difference before",
      [COPY_DISTANCE] = "distance",
      [COPY_TOKENS] = "tokens"}},
    {SERIES_TIMING,
     "sparsity",
     {[TIMING_TOKENS] = "tokens",
      [TIMING_FAMILY] = "family",
      [TIMING_TARGET] = "target",
      [TIMING_DENSE] = "dense ms",
      [TIMING_SPARSE] = "sparse ms",
      [TIMING_SPARSE_P10] = "sparse ms p10",
      [TIMING_SPARSE_P90] = "sparse ms p90",
      [TIMING_RATIO] = "ratio",
      [TIMING_RATIO_P10] = "ratio p10",
      [TIMING_RATIO_P90] = "ratio p90",
      [TIMING_SHARE] = "share of attention",
      [TIMING_ROUNDS] = "rounds"}},
};
#define KNOWN_SERIES (sizeof(series) / sizeof(series[0]))

/* Values that are 0 are not told of a series that is not known: it may have fewer of them. */
static void put_point(const struct row *row, const struct point *point) {
    char what[96];
    size_t known = 0;
    /* Copies say what occluded tokens say. */
    const char *name = strcmp(point->series, SERIES_COPIES) == 0 ? SERIES_OCCLUDE : point->series;
    while (known < KNOWN_SERIES && strcmp(series[known].series, name) != 0)
        known++;
    const char *x = known == KNOWN_SERIES ? "x" : series[known].x;
    snprintf(what, sizeof(what), "%s %d %s", point->series, point->index, x ? x : "");
    if (x)
        put_number(row, what, point->x);
    for (int i = 0; i < POINT_VALUES; i++) {
        const char *value = known == KNOWN_SERIES ? NULL : series[known].values[i];
        if (value)
            snprintf(what, sizeof(what), "%s %d %s", point->series, point->index, value);
        else if (known == KNOWN_SERIES && point->values[i] != 0)
            snprintf(what, sizeof(what), "%s %d value %d", point->series, point->index, i);
        else
            continue;
        put_number(row, what, point->values[i]);
    }
}

static void put_row(const struct row *row, const struct evaluation_row *evaluated) {
    char what[48];
    snprintf(what, sizeof(what), "row %d label", evaluated->row);
    put_number(row, what, evaluated->label);
    snprintf(what, sizeof(what), "row %d gold", evaluated->row);
    put_number(row, what, evaluated->gold < 0 ? NAN : evaluated->gold);
    snprintf(what, sizeof(what), "row %d loss", evaluated->row);
    put_number(row, what, (double)evaluated->loss);
}

static void put_event(struct row *row, const struct event *event) {
    char value[24];
    int of_arm =
        event->kind == EVENT_PREDICTION || event->kind == EVENT_ROW || event->kind == EVENT_POINT;
    row->arm = of_arm ? event->arm == 1 : -1;
    row->text = event->text;
    switch (event->kind) {
    case EVENT_PREDICTION:
        row->pattern = event->data.capture->spec;
        row->text = event->data.capture->text;
        put_number(row, event->data.capture->label_name,
                   (double)event->data.capture->probabilities[event->data.capture->label]);
        break;
    case EVENT_STEP:
        put_step(row, &event->data.report);
        break;
    case EVENT_EVALUATION:
        put_evaluation(row, &event->data.evaluation);
        break;
    case EVENT_COMPARISON:
        put_comparison(row, &event->data.comparison);
        break;
    case EVENT_DONE:
        put_number(row, "status", event->status);
        break;
    case EVENT_POINT:
        put_point(row, &event->data.point);
        break;
    case EVENT_BENCH:
        row->text = event->data.measurement.name;
        put_number(row, "n", event->data.measurement.n);
        put_number(row, "median ms", event->data.measurement.median_ms);
        break;
    case EVENT_DATA:
        put_number(row, "rows", event->data.read.rows);
        snprintf(value, sizeof(value), "%016" PRIx64, event->data.read.hash);
        put_text(row, "hash", value);
        break;
    case EVENT_ROW:
        put_row(row, &event->data.row);
        break;
    default:
        put_text(row, "", "");
        break;
    }
}

static void put_record(FILE *file, const struct replay *replay, size_t i) {
    static const char *const names[] = {[EVENT_NOTE] = "note",
                                        [EVENT_ERROR] = "error",
                                        [EVENT_PROGRESS] = "progress",
                                        [EVENT_STEP] = "step",
                                        [EVENT_EVALUATION] = "evaluation",
                                        [EVENT_ROW] = "row",
                                        [EVENT_BENCH] = "bench",
                                        [EVENT_COMPARISON] = "comparison",
                                        [EVENT_PREDICTION] = "prediction",
                                        [EVENT_POINT] = "point",
                                        [EVENT_DONE] = "done",
                                        [EVENT_DATA] = "data"};
    const struct log_record *record = &replay_log(replay)->records[i];
    struct event *event = replay_event(replay, i);
    struct row row = {.file = file, .arm = -1};
    char step[24] = "";
    if (record->stamp.step > 0)
        snprintf(step, sizeof(step), "%" PRId64, record->stamp.step);
    snprintf(row.head, sizeof(row.head), "%.3f\t%s\t%s\t", replay_time_of(replay, i), step,
             event ? names[event->kind] : log_type_name(record->type));
    if (event) {
        put_event(&row, event);
    } else {
        char *text = replay_text(replay, i);
        row.text = text;
        put_text(&row, "", "");
        free(text);
    }
    event_free(event);
}

char *session_tsv(const struct replay *replay) {
    const struct log_reader *log = replay_log(replay);
    char *made = NULL;
    size_t size;
    FILE *file = open_memstream(&made, &size);
    if (!file)
        return NULL;
    fprintf(file, "seconds\tstep\trecord\tarm\twhat\tvalue\tpattern\ttext\n");
    for (size_t i = 0; i < log->count; i++)
        if (log->records[i].type != LOG_ARRAYS && log->records[i].type != LOG_SIGHT)
            put_record(file, replay, i);
    int failed = ferror(file);
    failed |= fclose(file) != 0;
    if (failed) {
        free(made);
        return NULL;
    }
    return made;
}
