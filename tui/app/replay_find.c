/*
 * replay_find.c - places in a session, by time, step, marker or text.
 */
#include <errno.h>
#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/replay.h"

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

int replay_find(const struct replay *replay, const char *text, size_t *position,
                struct sawb_error *error) {
    double total = replay_seconds(replay), now = replay_state(replay)->now, seconds = -1;
    size_t length = strlen(text);
    if (strcmp(text, "start") == 0)
        seconds = 0;
    else if (strcmp(text, "end") == 0)
        seconds = total;
    else if (strncmp(text, "step ", 5) == 0)
        return find_step(replay, text + 5 + strspn(text + 5, " "), position, error);
    else if (strncmp(text, "marker ", 7) == 0)
        return find_marker(replay, text + 7 + strspn(text + 7, " "), position, error);
    else if (text[0] == '/' && length > 1)
        return find_text(replay, text + 1, position, error);
    else if (text[0] == '+' || text[0] == '-')
        seconds = read_time(text + 1) < 0
                      ? -1
                      : fmax(now + (text[0] == '+' ? 1 : -1) * read_time(text + 1), 0);
    else if (length > 1 && text[length - 1] == '%') {
        char *end;
        double share = strtod(text, &end);
        seconds = end == text + length - 1 && share >= 0 && share <= 100 ? share / 100 * total : -1;
    } else
        seconds = read_time(text);
    if (!(seconds >= 0))
        return error_set(error,
                         "seek: must be a time (90, 1:30, 1:02:03, +10, -10, 50%%), start, end, "
                         "step N, marker NAME or /regular expression/, not \"%s\"",
                         text);
    *position = strcmp(text, "start") == 0 ? 1 : replay_at(replay, seconds);
    return 0;
}
