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
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
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

/* Seconds since 1970, in thousandths. */
static int add_time(cJSON *object) {
    return add(object, "time", round(clock_wall() * 1e3) / 1e3);
}

char *run_log_begun(int64_t step, int64_t total, enum precision precision) {
    cJSON *line = cJSON_CreateObject();
    int complete = line && add(line, "step", (double)step) &&
                   cJSON_AddStringToObject(line, "state", "running") &&
                   add(line, "total", (double)total) && add(line, "pid", (double)getpid()) &&
                   cJSON_AddStringToObject(line, "precision", precision_name(precision)) &&
                   add_time(line);
    return finish(line, complete);
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

char *run_log_steered(int64_t step, enum steering_kind kind, int done) {
    cJSON *line = cJSON_CreateObject();
    int complete = line && add(line, "step", (double)step) &&
                   cJSON_AddStringToObject(line, "steered", steering_name(kind)) &&
                   cJSON_AddBoolToObject(line, "done", done) && add_time(line);
    return finish(line, complete);
}

char *run_log_note(int64_t step, const char *text) {
    cJSON *line = cJSON_CreateObject();
    int complete =
        line && add(line, "step", (double)step) && cJSON_AddStringToObject(line, "note", text);
    return finish(line, complete);
}

char *run_log_ended(int64_t step, int status, const char *problem) {
    const char *state = status < 0 ? "failed" : status > 0 ? "stopped" : "done";
    cJSON *line = cJSON_CreateObject();
    int complete = line && add(line, "step", (double)step) &&
                   cJSON_AddStringToObject(line, "state", state) &&
                   (problem ? cJSON_AddStringToObject(line, "error", problem)
                            : cJSON_AddNullToObject(line, "error")) &&
                   add_time(line);
    return finish(line, complete);
}

/* ---- the file -------------------------------------------------------------------------------- */

/* All of the file. Of the open file, not of the process: a process that looks at its own run, or
 * closes another descriptor of the file, does not disturb it. */
static struct flock whole_file(void) {
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

int run_log_is_locked(int descriptor) {
    struct flock lock = whole_file();
    return fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* 0 also where there is nothing to lock, or the file system knows no locks. */
static int take_lock(const struct run_log *log, struct sawb_error *error) {
    struct flock lock = whole_file();
    if (log->descriptor < 0 || fcntl(log->descriptor, F_OFD_SETLK, &lock) == 0 ||
        (errno != EAGAIN && errno != EACCES))
        return 0;
    size_t folder = strlen(log->path) - strlen("/" RUN_LOG_FILE);
    return error_set(error,
                     "%.*s: another run is in progress there; choose another folder, or `sawb "
                     "attach` to that run",
                     (int)folder, log->path);
}

int run_log_begin(struct run_log *log, const char *directory, struct sawb_error *error) {
    *log = (struct run_log){.path = file_join(directory, RUN_LOG_FILE), .descriptor = -1};
    if (!log->path)
        return error_set(error, "%s: out of memory", directory);
    log->descriptor = open(log->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (take_lock(log, error) == 0)
        return 0;
    close(log->descriptor);
    log->descriptor = -1;
    return -1;
}

static int write_all(struct run_log *log, const char *bytes, size_t size,
                     struct sawb_error *error) {
    while (size > 0) {
        ssize_t done = write(log->descriptor, bytes, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return error_set(error, "%s: %s", log->path, strerror(errno));
        bytes += done;
        size -= (size_t)done;
        log->size += done;
    }
    return 0;
}

int run_log_start(struct run_log *log, int fresh, struct sawb_error *error) {
    char last = '\n';
    if (log->descriptor < 0)
        log->descriptor = open(log->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log->descriptor < 0 || (fresh && ftruncate(log->descriptor, 0) < 0))
        return error_set(error, "%s: %s", log->path, strerror(errno));
    log->started = 1;
    log->size = lseek(log->descriptor, 0, SEEK_END);
    /* What follows a line that a crash has torn begins on its own line. */
    if (log->size > 0 && pread(log->descriptor, &last, 1, log->size - 1) == 1 && last != '\n')
        return write_all(log, "\n", 1, error);
    return 0;
}

int run_log_write(struct run_log *log, char *line, struct sawb_error *error) {
    size_t length = line ? strlen(line) : 0;
    char *whole = line ? realloc(line, length + 2) : NULL;
    if (!whole) {
        free(line);
        return error_set(error, "%s: out of memory for a line", log->path);
    }
    memcpy(whole + length, "\n", 2);
    int status = write_all(log, whole, length + 1, error);
    free(whole);
    return status;
}

/* The lines so far and the one that ends them; NULL with an error. */
static char *stopped_text(const struct run_log *log, int64_t step, size_t *size,
                          struct sawb_error *error) {
    char *text, *ending = run_log_ended(step, 1, NULL);
    if (!ending || file_read(&text, size, log->path, error) < 0) {
        if (!ending)
            error_set(error, "%s: out of memory", log->path);
        free(ending);
        return NULL;
    }
    size_t length = strlen(ending);
    char *whole = realloc(text, *size + length + 1);
    if (whole) {
        memcpy(whole + *size, ending, length);
        whole[*size + length] = '\n';
        *size += length + 1;
    } else {
        free(text);
        error_set(error, "%s: out of memory", log->path);
    }
    free(ending);
    return whole;
}

int run_log_copy(const struct run_log *log, const char *directory, int64_t step,
                 struct sawb_error *error) {
    if (!file_exists(log->path))
        return 0;
    size_t size;
    int status = -1;
    char *path = file_join(directory, RUN_LOG_FILE);
    char *text = path ? stopped_text(log, step, &size, error) : NULL;
    if (!path)
        error_set(error, "%s: out of memory", directory);
    if (text)
        status = file_replace(path, text, size, error);
    free(text);
    free(path);
    return status;
}

void run_log_end(struct run_log *log) {
    struct stat status;
    if (log->path && log->descriptor >= 0) {
        if (!log->started && fstat(log->descriptor, &status) == 0 && status.st_size == 0)
            unlink(log->path);
        close(log->descriptor);
    }
    free(log->path);
    *log = (struct run_log){.descriptor = -1};
}
