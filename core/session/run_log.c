/*
 * run_log.c - the lines of a run, and its file.
 */
#include "core/session/run_log.h"

#include <cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"

/* ---- lines ----------------------------------------------------------------------------------- */

static int add(cJSON *object, const char *key, double value) {
    return (isfinite(value) ? cJSON_AddNumberToObject(object, key, value)
                            : cJSON_AddNullToObject(object, key)) != NULL;
}

/* Prints and frees. */
static char *finish(cJSON *object, int complete) {
    char *text = object && complete ? json_print(object) : NULL;
    cJSON_Delete(object);
    return text;
}

char *run_log_step(const struct step_report *report) {
    cJSON *line = cJSON_CreateObject();
    int complete =
        line && add(line, "step", (double)report->step) && add(line, "epoch", report->epoch) &&
        add(line, "loss", report->loss) && add(line, "lr", report->learning_rate) &&
        add(line, "grad_norm", report->gradient_norm) && add(line, "tokens", report->tokens) &&
        add(line, "tokens_per_second", report->tokens_per_second);
    return finish(line, complete);
}

/* An object {"step", key: {}}; *inner is the one within, NULL when out of memory. */
static cJSON *nested(int64_t step, const char *key, cJSON **inner) {
    cJSON *line = cJSON_CreateObject();
    *inner = line && add(line, "step", (double)step) ? cJSON_AddObjectToObject(line, key) : NULL;
    return line;
}

char *run_log_evaluation(int64_t step, const struct evaluation *evaluation) {
    cJSON *values, *line = nested(step, "eval", &values);
    return finish(line, values && add(values, "accuracy", evaluation->accuracy) &&
                            add(values, "loss", evaluation->loss));
}

char *run_log_sparsity(int64_t step, const char *spec, double realised) {
    cJSON *values, *line = nested(step, "sparsity", &values);
    return finish(line, values && cJSON_AddStringToObject(values, "spec", spec) &&
                            add(values, "realised", realised));
}

char *run_log_rate(int64_t step, double rate) {
    cJSON *values, *line = nested(step, "change", &values);
    return finish(line, values && add(values, "lr", rate));
}

char *run_log_pattern(int64_t step, const char *spec) {
    cJSON *values, *line = nested(step, "change", &values);
    return finish(line, values && cJSON_AddStringToObject(values, "sparsity", spec));
}

/* ---- the file -------------------------------------------------------------------------------- */

int run_log_begin(struct run_log *log, const char *directory, struct sawb_error *error) {
    log->descriptor = -1;
    log->path = file_join(directory, RUN_LOG_FILE);
    return log->path ? 0 : error_set(error, "%s: out of memory", directory);
}

/* What follows a line that a crash has torn begins on its own line. */
static int ends_torn(int descriptor) {
    char last = '\n';
    off_t size = lseek(descriptor, 0, SEEK_END);
    return size > 0 && pread(descriptor, &last, 1, size - 1) == 1 && last != '\n';
}

static int write_all(const struct run_log *log, const char *bytes, size_t size,
                     struct sawb_error *error) {
    while (size > 0) {
        ssize_t done = write(log->descriptor, bytes, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return error_set(error, "%s: %s", log->path, strerror(errno));
        bytes += done;
        size -= (size_t)done;
    }
    return 0;
}

static int open_file(struct run_log *log, int fresh, struct sawb_error *error) {
    int flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | (fresh ? O_TRUNC : 0);
    log->descriptor = open(log->path, flags, 0666);
    if (log->descriptor < 0)
        return error_set(error, "%s: %s", log->path, strerror(errno));
    return ends_torn(log->descriptor) ? write_all(log, "\n", 1, error) : 0;
}

int run_log_write(struct run_log *log, char *line, int fresh, struct sawb_error *error) {
    size_t length = line ? strlen(line) : 0;
    char *whole = line ? realloc(line, length + 2) : NULL;
    if (!whole) {
        free(line);
        return error_set(error, "%s: out of memory for a line", log->path);
    }
    whole[length] = '\n';
    int status = log->descriptor >= 0 ? 0 : open_file(log, fresh, error);
    if (status == 0)
        status = write_all(log, whole, length + 1, error);
    free(whole);
    return status;
}

int run_log_copy(const struct run_log *log, const char *directory, struct sawb_error *error) {
    if (!file_exists(log->path))
        return 0;
    char *text, *path = file_join(directory, RUN_LOG_FILE);
    size_t size;
    int status = path ? file_read(&text, &size, log->path, error)
                      : error_set(error, "%s: out of memory", directory);
    if (status == 0) {
        status = file_replace(path, text, size, error);
        free(text);
    }
    free(path);
    return status;
}

void run_log_end(struct run_log *log) {
    if (log->descriptor >= 0)
        close(log->descriptor);
    free(log->path);
    *log = (struct run_log){.descriptor = -1};
}
