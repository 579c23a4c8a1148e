/*
 * replay_find.c - what records say, and places in a session: by time, step, marker or text.
 */
#include <errno.h>
#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/session/record.h"
#include "tui/app/replay.h"
#include "tui/app/workbench.h"

char *replay_text(const struct replay *replay, size_t record) {
    static const char *const names[] = {"line", "text", "message", "name", "answer", "from"};
    const struct log_record *at = &replay_log(replay)->records[record];
    if (at->type == LOG_EVENT) {
        struct event_head head;
        if (record_event_head(at->body, at->size, &head) < 0 ||
            (head.kind != EVENT_NOTE && head.kind != EVENT_ERROR))
            return NULL;
        struct event *event = replay_event(replay, record);
        char *text = event ? event->text : NULL;
        if (event)
            event->text = NULL;
        event_free(event);
        return text;
    }
    if (at->type == LOG_MODEL || at->type == LOG_ARRAYS)
        return NULL;
    cJSON *object = json_parse((const char *)at->body, at->size, "session", NULL);
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(object, "kind");
    char *text = NULL;
    if (cJSON_IsNumber(kind) && kind->valueint == MESSAGE_COMMAND) {
        cJSON_Delete(object); /* the command itself comes after it */
        return NULL;
    }
    for (size_t i = 0; !text && i < sizeof(names) / sizeof(names[0]); i++) {
        const char *found =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, names[i]));
        text = found && *found ? strdup(found) : NULL;
    }
    cJSON_Delete(object);
    return text;
}

/* "90", "1:30", "1:02:03.5"; -1: no time. */
static double read_time(const char *text) {
    double seconds = 0;
    for (int part = 0; part < 3; part++) {
        char *end;
        if (*text < '0' || *text > '9')
            return -1;
        double number = strtod(text, &end);
        seconds = 60 * seconds + number;
        if (*end == '\0' && isfinite(seconds))
            return seconds;
        if (*end != ':')
            return -1;
        text = end + 1;
    }
    return -1;
}

static int find_step(const struct replay *replay, const char *text, size_t *position,
                     struct sawb_error *error) {
    const struct log_reader *log = replay_log(replay);
    char *end;
    errno = 0;
    long long step = strtoll(text, &end, 10);
    if (end == text || *end || errno || step < 1)
        return error_set(error, "seek step: must be a step of training, from 1, not \"%s\"", text);
    int64_t last = 0;
    for (size_t i = 0; i < log->count; i++) {
        if (log->records[i].type != LOG_EVENT)
            continue;
        last = log->records[i].stamp.step > last ? log->records[i].stamp.step : last;
        if (log->records[i].stamp.step >= step) {
            *position = i + 1;
            return 0;
        }
    }
    return error_set(error, "seek: step %lld is not in this session; its last one is %lld", step,
                     (long long)last);
}

static int find_marker(const struct replay *replay, const char *name, size_t *position,
                       struct sawb_error *error) {
    char found[128];
    double seconds;
    for (int i = 0; replay_marker(replay, i, &seconds, found, sizeof(found)); i++) {
        if (strcmp(found, name) != 0)
            continue;
        *position = replay_at(replay, seconds);
        return 0;
    }
    return error_set(error, "seek: there is no marker \"%s\"; `sessions show FILE` lists them",
                     name);
}

static int find_text(const struct replay *replay, const char *text, size_t *position,
                     struct sawb_error *error) {
    size_t length = strlen(text), count = replay_count(replay);
    if (length > 0 && text[length - 1] == '/')
        length--;
    char *pattern = strndup(text, length);
    regex_t expression;
    if (!pattern)
        return error_set(error, "seek: out of memory");
    int status = regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB | REG_ICASE);
    if (status != 0) {
        char why[128];
        regerror(status, &expression, why, sizeof(why));
        error_set(error, "seek: /%s/ is no regular expression: %s", pattern, why);
        free(pattern);
        return -1;
    }
    int found = 0;
    for (size_t i = 0; i < count && !found; i++) {
        size_t record = (replay_bound(replay) + i) % count;
        char *said = replay_text(replay, record);
        found = said && regexec(&expression, said, 0, NULL, 0) == 0;
        if (found)
            *position = record + 1;
        free(said);
    }
    regfree(&expression);
    if (!found)
        error_set(error, "seek: nothing in this session holds /%s/", pattern);
    free(pattern);
    return found ? 0 : -1;
}

/* "50%" of all; negative: no share. */
static double read_share(const char *text, double total) {
    size_t length = strlen(text);
    char *end;
    double share = strtod(text, &end);
    return end == text + length - 1 && share >= 0 && share <= 100 ? share / 100 * total : -1;
}

/* By so much from the moment that is shown; negative: no time. */
static double read_distance(const struct replay *replay, const char *text) {
    double now = replay_state(replay)->now, by = read_time(text + 1);
    double seconds = text[0] == '+' ? now + by : now - by;
    return by < 0 ? -1 : fmin(fmax(seconds, 0), replay_seconds(replay));
}

static int find_time(const struct replay *replay, const char *text, struct replay_place *place,
                     struct sawb_error *error) {
    size_t length = strlen(text);
    double total = replay_seconds(replay);
    double seconds = strcmp(text, "end") == 0                ? total
                     : text[0] == '+' || text[0] == '-'      ? read_distance(replay, text)
                     : length > 1 && text[length - 1] == '%' ? read_share(text, total)
                                                             : read_time(text);
    if (!(seconds >= 0))
        return error_set(error,
                         "seek: must be a time (90, 1:30, 1:02:03, +10, -10, 50%%), start, end, "
                         "step N, marker NAME or /regular expression/, not \"%s\"",
                         text);
    if (seconds > total)
        return error_set(error, "seek: %s is beyond the end of this session, which is at %d:%02d",
                         text, (int)total / 60, (int)total % 60);
    *place = (struct replay_place){replay_at(replay, seconds), seconds};
    return 0;
}

int replay_find(const struct replay *replay, const char *text, struct replay_place *place,
                struct sawb_error *error) {
    size_t position = 1;
    int status = 0;
    if (strncmp(text, "step ", 5) == 0)
        status = find_step(replay, text + 5 + strspn(text + 5, " "), &position, error);
    else if (strncmp(text, "marker ", 7) == 0)
        status = find_marker(replay, text + 7 + strspn(text + 7, " "), &position, error);
    else if (text[0] == '/' && text[1])
        status = find_text(replay, text + 1, &position, error);
    else if (strcmp(text, "start") != 0)
        return find_time(replay, text, place, error);
    if (status == 0)
        *place = replay_place_at(replay, position);
    return status;
}
