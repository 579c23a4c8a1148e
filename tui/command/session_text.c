/*
 * session_text.c - a session as a script, and as a table.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/session/event.h"
#include "tui/command/handlers.h"
#include "tui/command/session.h"

/* What a record of JSON says under this name, owned by the caller; NULL: nothing. */
static char *string_of(const struct log_record *record, const char *name) {
    cJSON *object = json_parse((const char *)record->body, record->size, "session", NULL);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    char *text = cJSON_IsString(item) ? strdup(item->valuestring) : NULL;
    cJSON_Delete(object);
    return text;
}

static int runs_in_scripts(const char *line) {
    char *word = strndup(line, strcspn(line, " \t"));
    const struct command *command = word ? command_find(word) : NULL;
    free(word);
    return command && (command->where & COMMAND_SCRIPT);
}

/* The sentence as it was when the next command came: not every letter that was typed. */
static void flush(FILE *file, char **text) {
    if (*text)
        fprintf(file, "text %s\n", *text);
    free(*text);
    *text = NULL;
}

static void begin(FILE *file, const struct log_record *record) {
    static const char *const names[] = {"a", "b"};
    char *text = string_of(record, "text");
    for (int i = 0; i < 2; i++) {
        char *spec = string_of(record, names[i]);
        if (spec)
            fprintf(file, "sparsity %s %s\n", names[i], spec);
        free(spec);
    }
    if (text && *text)
        fprintf(file, "text %s\n", text);
    free(text);
}

char *session_script(const struct replay *replay) {
    const struct log_reader *log = replay_log(replay);
    char *made = NULL, *text = NULL;
    size_t size;
    FILE *file = open_memstream(&made, &size);
    if (!file)
        return NULL;
    fprintf(file, "# the commands of a session; those that only the screen knows are comments\n");
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->records[i];
        if (record->type == LOG_BEGIN)
            begin(file, record);
        if (record->type == LOG_TEXT) {
            free(text);
            text = string_of(record, "text");
        }
        if (record->type != LOG_COMMAND)
            continue;
        flush(file, &text);
        char *line = string_of(record, "line");
        if (line)
            fprintf(file, "%s%s\n", runs_in_scripts(line) ? "" : "# ", line);
        free(line);
    }
    flush(file, &text);
    int failed = ferror(file);
    failed |= fclose(file) != 0;
    if (failed) {
        free(made);
        return NULL;
    }
    return made;
}

/* A field of TSV: tabs and line breaks become blanks. */
static void put_field(FILE *file, const char *text) {
    for (; text && *text; text++)
        fputc(*text == '\t' || *text == '\n' || *text == '\r' ? ' ' : *text, file);
}

static void put_event(FILE *file, const struct event *event) {
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
    fprintf(file, "%s\t", names[event->kind]);
    switch (event->kind) {
    case EVENT_PREDICTION:
        fprintf(file, "%c\t%s\t%.9g\t", "AB"[event->arm == 1], event -> data.capture->label_name,
                (double)event->data.capture->probabilities[event->data.capture->label]);
        put_field(file, event->data.capture->spec);
        fputc('\t', file);
        put_field(file, event->data.capture->text);
        break;
    case EVENT_STEP:
        fprintf(file, "\tloss\t%.9g\t\t", event->data.report.loss);
        break;
    case EVENT_EVALUATION:
        fprintf(file, "\taccuracy\t%.9g\t\t", event->data.evaluation.accuracy);
        break;
    case EVENT_DONE:
        fprintf(file, "\tstatus\t%d\t\t", event->status);
        break;
    case EVENT_POINT:
        fprintf(file, "%c\t%s %d\t%.9g\t\t", "AB"[event->arm == 1], event -> data.point.series,
                event->data.point.index, event->data.point.values[0]);
        break;
    case EVENT_DATA:
        fprintf(file, "\trows\t%d\t%016" PRIx64 "\t", event->data.read.rows, event->data.read.hash);
        put_field(file, event->text);
        break;
    case EVENT_ROW:
        fprintf(file, "%c\trow %d\t%d\t\t", "AB"[event->arm == 1], event -> data.row.row,
                event->data.row.label);
        put_field(file, event->text);
        break;
    default:
        fputs("\t\t\t\t", file);
        put_field(file, event->text);
        break;
    }
}

char *session_tsv(const struct replay *replay) {
    const struct log_reader *log = replay_log(replay);
    char *made = NULL;
    size_t size;
    FILE *file = open_memstream(&made, &size);
    if (!file)
        return NULL;
    fprintf(file, "seconds\tstep\trecord\tarm\twhat\tvalue\tpattern\ttext\n");
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->records[i];
        if (record->type == LOG_ARRAYS || record->type == LOG_SIGHT)
            continue;
        fprintf(file, "%.3f\t", replay_time_of(replay, i));
        if (record->stamp.step > 0)
            fprintf(file, "%lld", (long long)record->stamp.step);
        fputc('\t', file);
        struct event *event = replay_event(replay, i);
        if (event) {
            put_event(file, event);
        } else {
            char *text = replay_text(replay, i);
            fprintf(file, "%s\t\t\t\t\t", log_type_name(record->type));
            put_field(file, text);
            free(text);
        }
        event_free(event);
        fputc('\n', file);
    }
    int failed = ferror(file);
    failed |= fclose(file) != 0;
    if (failed) {
        free(made);
        return NULL;
    }
    return made;
}
