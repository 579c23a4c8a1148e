/*
 * run_state.c - what the logs of runs say in short.
 */
#include "core/session/run_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/session/run_line.h"
#include "core/session/run_log.h"

const char *run_state_name(enum run_state state) {
    static const char *const names[] = {
        [RUN_STARTING] = "starting", [RUN_RUNNING] = "running", [RUN_PAUSED] = "paused",
        [RUN_DONE] = "done",         [RUN_STOPPED] = "stopped", [RUN_FAILED] = "failed",
        [RUN_DIED] = "died",         [RUN_UNKNOWN] = "ended"};
    return names[state];
}

/* ---- one run --------------------------------------------------------------------------------- */

static void take_evaluation(struct run_summary *summary, const struct run_line *line) {
    summary->accuracy = line->evaluation.accuracy;
    if (isnan(line->evaluation.accuracy) || line->evaluation.accuracy <= summary->best)
        return;
    summary->best = line->evaluation.accuracy;
    summary->best_step = line->step;
}

/* 1: it is a line of a run. */
static int take_line(struct run_summary *summary, const struct run_line *line) {
    static const enum run_state ends[] = {RUN_FAILED, RUN_DONE, RUN_STOPPED};
    switch (line->kind) {
    case RUN_LINE_OTHER:
        return 0;
    case RUN_LINE_BEGUN:
        summary->state = RUN_RUNNING;
        summary->total = line->total;
        summary->pid = line->pid;
        break;
    case RUN_LINE_STEP:
        summary->loss = line->report.loss;
        break;
    case RUN_LINE_EVALUATION:
        take_evaluation(summary, line);
        break;
    case RUN_LINE_STEERED:
        if (line->done && line->steered == STEER_PAUSE)
            summary->state = RUN_PAUSED;
        if (line->done && line->steered == STEER_CONTINUE)
            summary->state = RUN_RUNNING;
        break;
    case RUN_LINE_ENDED:
        summary->state = ends[line->status + 1];
        break;
    case RUN_LINE_SPARSITY:
    case RUN_LINE_NOTE:
        break;
    }
    summary->step = line->step;
    return 1;
}

/* Steps are most of a log, and of them only the last one counts. */
static int is_plain_step(const char *text, size_t length) {
    static const char *const others[] = {"\"eval\"", "\"state\"", "\"steered\""};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (memmem(text, length, others[i], strlen(others[i])))
            return 0;
    return length > 8 && strncmp(text, "{\"step\":", 8) == 0 && text[8] >= '0' && text[8] <= '9' &&
           memmem(text, length, "\"loss\"", 6);
}

static int take_text(struct run_summary *summary, const char *text, size_t length, int *found) {
    struct run_line line;
    if (run_line_read(&line, text, length) < 0)
        return -1;
    *found |= take_line(summary, &line);
    run_line_free(&line);
    return 0;
}

/* All whole lines. -1 when out of memory. */
static int take_lines(struct run_summary *summary, const char *text, size_t size, int *found) {
    const char *step = NULL, *end;
    size_t step_length = 0;
    for (size_t used = 0; (end = memchr(text + used, '\n', size - used));) {
        const char *line = text + used;
        size_t length = (size_t)(end - line);
        used += length + 1;
        if (is_plain_step(line, length)) {
            step = line;
            step_length = length;
            continue;
        }
        if (step && take_text(summary, step, step_length, found) < 0)
            return -1;
        step = NULL;
        if (take_text(summary, line, length, found) < 0)
            return -1;
    }
    return step ? take_text(summary, step, step_length, found) : 0;
}

/* What the lock says beyond the lines. */
static void settle(struct run_summary *summary, int locked, int found) {
    int going = summary->state == RUN_RUNNING || summary->state == RUN_PAUSED;
    if (locked && !(found && going))
        summary->state = RUN_STARTING;
    else if (!locked && going)
        summary->state = RUN_DIED;
}

int run_summary_read(struct run_summary *summary, const char *directory, struct sawb_error *error) {
    char *path = file_join(directory, RUN_LOG_FILE), *text = NULL;
    struct stat status;
    size_t size = 0;
    int found = 0, descriptor = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    *summary = (struct run_summary){.directory = strdup(directory),
                                    .state = RUN_UNKNOWN,
                                    .loss = NAN,
                                    .accuracy = NAN,
                                    .best = -INFINITY};
    int result = -1;
    if (!path || !summary->directory) {
        error_set(error, "%s: out of memory", directory);
        goto end;
    }
    if (descriptor < 0 || fstat(descriptor, &status) < 0) {
        error_set(error, "%s: %s", path, strerror(errno));
        goto end;
    }
    /* The lock before the lines: a run that ends in between has then said so. */
    int locked = run_log_is_locked(descriptor);
    if (file_read(&text, &size, path, error) < 0)
        goto end;
    if (take_lines(summary, text, size, &found) < 0) {
        error_set(error, "%s: out of memory", path);
        goto end;
    }
    if (!found && !locked) {
        error_set(error, "%s: is not the log of a run", path);
        goto end;
    }
    settle(summary, locked, found);
    summary->best = isfinite(summary->best) ? summary->best : NAN;
    summary->time = (double)status.st_mtim.tv_sec + 1e-9 * (double)status.st_mtim.tv_nsec;
    result = 0;
end:
    if (result < 0)
        run_summary_free(summary);
    if (descriptor >= 0)
        close(descriptor);
    free(text);
    free(path);
    return result;
}

void run_summary_free(struct run_summary *summary) {
    free(summary->directory);
    summary->directory = NULL;
}

/* ---- those below a folder -------------------------------------------------------------------- */

struct search {
    struct run_summary *list;
    int count, capacity;
    struct sawb_error *error;
};

static int keep(struct search *search, const struct run_summary *summary) {
    if (search->count == search->capacity) {
        int larger = search->capacity ? 2 * search->capacity : 16;
        struct run_summary *grown = realloc(search->list, (size_t)larger * sizeof(*grown));
        if (!grown)
            return error_set(search->error, "runs: out of memory");
        search->list = grown;
        search->capacity = larger;
    }
    search->list[search->count++] = *summary;
    return 0;
}

static int look_into(struct search *search, const char *directory, int depth);

/* What is in a folder, but for links, which may lead round in a circle. */
static int look_below(struct search *search, const char *directory, DIR *stream, int depth) {
    struct dirent *entry;
    struct stat status;
    while ((entry = readdir(stream))) {
        if (entry->d_name[0] == '.' ||
            fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISDIR(status.st_mode))
            continue;
        char *path = strcmp(directory, ".") == 0 ? strdup(entry->d_name)
                                                 : file_join(directory, entry->d_name);
        if (!path)
            return error_set(search->error, "runs: out of memory");
        int result = look_into(search, path, depth + 1);
        free(path);
        if (result < 0)
            return -1;
    }
    return 0;
}

static int look_into(struct search *search, const char *directory, int depth) {
    struct run_summary summary;
    DIR *stream = opendir(directory);
    if (!stream)
        return depth == 0 ? error_set(search->error, "%s: %s", directory, strerror(errno)) : 0;
    int result = 0;
    if (faccessat(dirfd(stream), RUN_LOG_FILE, R_OK, 0) == 0 &&
        run_summary_read(&summary, directory, NULL) == 0) {
        result = keep(search, &summary);
        if (result < 0)
            run_summary_free(&summary);
    }
    if (result == 0 && depth < RUNS_DEPTH)
        result = look_below(search, directory, stream, depth);
    closedir(stream);
    return result;
}

static int newest_first(const void *left, const void *right) {
    const struct run_summary *a = left, *b = right;
    if (a->time != b->time)
        return a->time < b->time ? 1 : -1;
    return strcmp(a->directory, b->directory);
}

int run_list(struct run_summary **list, int *count, const char *directory,
             struct sawb_error *error) {
    struct search search = {.error = error};
    if (look_into(&search, directory, 0) < 0) {
        run_list_free(search.list, search.count);
        return -1;
    }
    if (search.count > 0)
        qsort(search.list, (size_t)search.count, sizeof(*search.list), newest_first);
    *list = search.list;
    *count = search.count;
    return 0;
}

void run_list_free(struct run_summary *list, int count) {
    for (int i = 0; i < count; i++)
        run_summary_free(&list[i]);
    free(list);
}
