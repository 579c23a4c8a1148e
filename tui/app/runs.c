/*
 * runs.c - the runs that are overlaid: those of the session, those of folders, and branches.
 */
#include "tui/app/runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/session/run_log.h"
#include "tui/app/workbench.h"

#define FOLLOW_SECONDS 1.0 /* between two looks at a log that may grow */
#define DEFAULT_SMOOTHING 0.9

void runs_open(struct runs *runs) {
    *runs = (struct runs){.smoothing = DEFAULT_SMOOTHING};
}

static void recipe_free(struct run_recipe *recipe) {
    free(recipe->data);
    free(recipe->validation);
    free(recipe->spec);
    *recipe = (struct run_recipe){0};
}

static void other_free(struct other_run *other) {
    history_clear(&other->history);
    free(other->log);
    *other = (struct other_run){0};
}

static void branch_free(struct run_branch *branch) {
    free(branch->out);
    free(branch->spec);
    *branch = (struct run_branch){0};
}

void runs_free(struct runs *runs) {
    for (int i = 0; i < runs->count; i++)
        other_free(&runs->others[i]);
    for (int i = 0; i < runs->branch_count; i++)
        branch_free(&runs->branches[i]);
    recipe_free(&runs->recipe);
    memset(runs, 0, sizeof(*runs));
}

/* ---- which there are ------------------------------------------------------------------------- */

int runs_count(const struct workbench *workbench) {
    return (workbench->run.name != NULL) + workbench->runs.count;
}

const struct run_history *runs_get(const struct workbench *workbench, int index) {
    int present = workbench->run.name != NULL;
    if (index < 0 || index >= runs_count(workbench))
        return NULL;
    return index < present ? &workbench->run : &workbench->runs.others[index - present].history;
}

const struct run_history *runs_lead(const struct workbench *workbench) {
    const struct run_history *run;
    for (int i = 0; (run = runs_get(workbench, i)); i++)
        if (run->steps > 0)
            return run;
    return NULL;
}

const char *run_title(const struct run_history *run) {
    const char *slash = run->name ? strrchr(run->name, '/') : NULL;
    return slash && slash[1] ? slash + 1 : run->name ? run->name : "";
}

/* The first line that no run is drawn with. */
static int free_look(const struct workbench *workbench) {
    const struct run_history *run;
    int used[RUNS_MOST] = {0};
    for (int i = 0; (run = runs_get(workbench, i)); i++)
        used[run->look % RUNS_MOST] = 1;
    for (int look = 0; look < RUNS_MOST; look++)
        if (!used[look])
            return look;
    return 0;
}

static void remove_other(struct runs *runs, int index) {
    other_free(&runs->others[index]);
    runs->count--;
    memmove(&runs->others[index], &runs->others[index + 1],
            (size_t)(runs->count - index) * sizeof(runs->others[0]));
    runs->others[runs->count] = (struct other_run){0};
}

static int find_name(const struct runs *runs, const char *name) {
    for (int i = 0; i < runs->count; i++)
        if (strcmp(runs->others[i].history.name, name) == 0)
            return i;
    return -1;
}

/* ---- logs ------------------------------------------------------------------------------------ */

/* Takes whole lines in and returns their bytes; the rest is a line that is being written. */
static size_t take_lines(struct run_history *run, const char *text, size_t size, int *failed) {
    size_t used = 0;
    const char *end;
    while ((end = memchr(text + used, '\n', size - used))) {
        size_t length = (size_t)(end - text) - used;
        if (history_line(run, text + used, length) < 0)
            *failed = 1;
        used += length + 1;
    }
    return used;
}

/* Reads the file from `offset` on. */
static int read_on(struct run_history *run, const char *path, int64_t *offset,
                   struct sawb_error *error) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC), failed = 0;
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) < 0) {
        error_set(error, "%s: %s", path, strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return -1;
    }
    /* A shorter file is a new run in the same folder: its first step replaces the old ones. */
    if (status.st_size < *offset)
        *offset = 0;
    size_t size = (size_t)(status.st_size - *offset);
    char *text = malloc(size + 1);
    ssize_t got = text ? pread(descriptor, text, size, *offset) : -1;
    if (got > 0)
        *offset += (int64_t)take_lines(run, text, (size_t)got, &failed);
    if (got < 0)
        error_set(error, "%s: %s", path, text ? strerror(errno) : "out of memory");
    free(text);
    close(descriptor);
    if (failed)
        return error_set(error, "%s: out of memory for the curves", path);
    return got < 0 ? -1 : 0;
}

static int open_other(struct other_run *other, const char *directory, double smoothing,
                      struct sawb_error *error) {
    *other = (struct other_run){.history = {.seconds_left = -1, .smoothing = smoothing}};
    other->history.name = strdup(directory);
    other->log = file_join(directory, RUN_LOG_FILE);
    if (!other->history.name || !other->log)
        return error_set(error, "runs: out of memory");
    if (!file_exists(other->log))
        return error_set(error,
                         "%s: has no " RUN_LOG_FILE "; runs trained by this version of sawb have",
                         directory);
    return read_on(&other->history, other->log, &other->offset, error);
}

int runs_add(struct workbench *workbench, const char *directory, struct sawb_error *error) {
    struct runs *runs = &workbench->runs;
    struct other_run other;
    size_t length = strlen(directory);
    char *name =
        strndup(directory, length > 1 && directory[length - 1] == '/' ? length - 1 : length);
    if (!name)
        return error_set(error, "runs: out of memory");
    int status = 0;
    if (find_name(runs, name) >= 0 || (workbench->run.name && !strcmp(workbench->run.name, name)))
        status = error_set(error, "%s: is among the runs already", name);
    else if (runs->count == RUNS_MOST - 1)
        status =
            error_set(error, "%d runs are shown at once; `runs remove NAME` makes room", RUNS_MOST);
    if (status == 0) {
        status = open_other(&other, name, runs->smoothing, error);
        if (status == 0) {
            other.history.look = free_look(workbench);
            runs->others[runs->count++] = other;
            workbench->changed = 1;
        } else {
            other_free(&other);
        }
    }
    free(name);
    return status;
}

int runs_remove(struct workbench *workbench, const char *name, struct sawb_error *error) {
    struct runs *runs = &workbench->runs;
    int present = workbench->run.name != NULL;
    char *end;
    long number = strtol(name, &end, 10);
    int index = *name && !*end ? (int)(number > RUNS_MOST ? RUNS_MOST : number) - 1 - present : -1;
    for (int i = 0; i < runs->count; i++) {
        const struct run_history *run = &runs->others[i].history;
        if (strcmp(run->name, name) == 0 || strcmp(run_title(run), name) == 0)
            index = i;
    }
    if (index < 0 || index >= runs->count)
        return error_set(error, "%s: is no run beside the one of this session; `runs` lists them",
                         name);
    remove_other(runs, index);
    workbench->changed = 1;
    return 0;
}

void runs_clear(struct workbench *workbench) {
    while (workbench->runs.count > 0)
        remove_other(&workbench->runs, workbench->runs.count - 1);
    workbench->changed = 1;
}

double runs_patience(const struct workbench *workbench, double now) {
    const struct runs *runs = &workbench->runs;
    for (int i = 0; i < runs->count; i++) {
        double wait = runs->looked + FOLLOW_SECONDS - now;
        if (runs->others[i].log)
            return wait > 0 ? wait : 0;
    }
    return -1;
}

void runs_follow(struct workbench *workbench, double now) {
    struct runs *runs = &workbench->runs;
    struct sawb_error error;
    if (now - runs->looked < FOLLOW_SECONDS && now >= runs->looked)
        return;
    runs->looked = now;
    for (int i = 0; i < runs->count; i++) {
        struct other_run *other = &runs->others[i];
        int64_t before = other->offset;
        if (!other->log)
            continue;
        /* A folder that has gone keeps the curves that were read. */
        (void)!read_on(&other->history, other->log, &other->offset, &error);
        workbench->changed |= other->offset != before;
    }
}

/* ---- the run of the session ------------------------------------------------------------------ */

void runs_put_away(struct workbench *workbench, const char *name) {
    struct runs *runs = &workbench->runs;
    struct run_history *run = &workbench->run;
    int same = find_name(runs, name);
    if (same >= 0)
        remove_other(runs, same);
    if (run->name && run->steps > 0 && strcmp(run->name, name) != 0) {
        if (runs->count == RUNS_MOST - 1)
            remove_other(runs, 0);
        model_release(run->model);
        run->model = NULL;
        run->running = run->paused = run->attached = run->job = 0;
        runs->others[runs->count++] = (struct other_run){.history = *run};
        memset(run, 0, sizeof(*run));
    }
    history_clear(run);
    run->look = free_look(workbench);
    run->smoothing = runs->smoothing;
}

int runs_resume(struct workbench *workbench, struct sawb_error *error) {
    struct run_history *run = &workbench->run;
    int64_t offset = 0;
    char *path = file_join(run->name, RUN_LOG_FILE);
    if (!path)
        return error_set(error, "runs: out of memory");
    int status = file_exists(path) ? read_on(run, path, &offset, error) : 0;
    free(path);
    return status;
}

/* ---- branches -------------------------------------------------------------------------------- */

int runs_keep_recipe(struct workbench *workbench, const struct train_job_options *options,
                     const char *spec, struct sawb_error *error) {
    struct run_recipe *recipe = &workbench->runs.recipe;
    recipe_free(recipe);
    recipe->options = *options;
    recipe->options.out = NULL;
    recipe->options.pins = NULL;
    recipe->options.pin_count = 0;
    recipe->options.resume = 1;
    recipe->data = strdup(options->data);
    recipe->validation = options->validation ? strdup(options->validation) : NULL;
    recipe->spec = strdup(spec);
    if (!recipe->data || !recipe->spec || (options->validation && !recipe->validation)) {
        recipe_free(recipe);
        return error_set(error, "train: out of memory");
    }
    recipe->options.data = recipe->data;
    recipe->options.validation = recipe->validation;
    return 0;
}

static int check_branch(const struct workbench *workbench, const char *out,
                        struct sawb_error *error) {
    const struct runs *runs = &workbench->runs;
    if (!runs->recipe.data)
        return error_set(error, "run branch: no run of this session is in progress");
    if (runs->branch_count == BRANCHES_MOST)
        return error_set(error, "run branch: %d branches wait already", BRANCHES_MOST);
    if (workbench->run.name && strcmp(workbench->run.name, out) == 0)
        return error_set(error, "run branch: %s is the folder of this run; name another", out);
    for (int i = 0; i < runs->branch_count; i++)
        if (strcmp(runs->branches[i].out, out) == 0)
            return error_set(error, "run branch: a branch waits in %s already", out);
    return 0;
}

int runs_branch(struct workbench *workbench, const char *out, enum steering_kind kind, double rate,
                const char *spec, struct sawb_error *error) {
    struct runs *runs = &workbench->runs;
    if (check_branch(workbench, out, error) < 0)
        return -1;
    struct run_branch branch = {
        .out = strdup(out), .changed = kind != STEERING_KINDS, .kind = kind, .rate = rate};
    branch.spec = spec ? strdup(spec) : NULL;
    if (!branch.out || (spec && !branch.spec)) {
        branch_free(&branch);
        return error_set(error, "run branch: out of memory");
    }
    if (worker_steer(workbench->worker, steering_create(STEER_BRANCH, out, error), error) < 0) {
        branch_free(&branch);
        return -1;
    }
    runs->branches[runs->branch_count++] = branch;
    return 0;
}

static struct run_branch take_branch(struct runs *runs, int index) {
    struct run_branch branch = runs->branches[index];
    runs->branch_count--;
    memmove(&runs->branches[index], &runs->branches[index + 1],
            (size_t)(runs->branch_count - index) * sizeof(branch));
    runs->branches[runs->branch_count] = (struct run_branch){0};
    return branch;
}

void runs_forget_branches(struct workbench *workbench) {
    struct runs *runs = &workbench->runs;
    while (runs->branch_count > 0) {
        struct run_branch branch = take_branch(runs, 0);
        branch_free(&branch);
    }
}

/* The request that a branch begins with. */
static struct steering *branch_change(const struct workbench *workbench,
                                      const struct run_branch *branch, struct sawb_error *error) {
    struct steering *steering = steering_create(branch->kind, NULL, error);
    if (!steering)
        return NULL;
    steering->number = branch->rate;
    if (!branch->spec ||
        sparsity_parse(&steering->sparsity, branch->spec, workbench->presets, error) == 0)
        return steering;
    steering_free(steering);
    return NULL;
}

static int start_branch(struct workbench *workbench, const struct run_branch *branch,
                        struct sawb_error *error) {
    const struct run_recipe *recipe = &workbench->runs.recipe;
    struct train_job_options options = recipe->options;
    struct job_arm arm = {workbench->run.model, recipe->spec, workbench->presets};
    struct model *model = model_retain(workbench->run.model);
    const char *pins[TRAIN_PINS];
    options.out = branch->out;
    pinned_options(workbench, &options, pins);
    int number = workbench_submit(workbench, job_train(&arm, &options, error), error);
    int status = number < 0 ? -1 : 0;
    /* The request is in the mailbox before the run has made a step, or the branch would begin
     * without its change. */
    if (status == 0 && branch->changed)
        status = worker_steer(workbench->worker, branch_change(workbench, branch, error), error);
    if (status == 0)
        status = workbench_begin_run(workbench, number, model, branch->out, error);
    if (status == 0)
        status = runs_resume(workbench, error);
    if (status < 0 && number > 0)
        worker_stop(workbench->worker);
    model_release(model);
    return status;
}

void runs_take_end(struct workbench *workbench) {
    struct runs *runs = &workbench->runs;
    struct sawb_error error;
    workbench->run.paused = 0;
    for (int i = runs->branch_count - 1; i >= 0; i--)
        if (!runs->branches[i].saved) {
            struct run_branch lost = take_branch(runs, i);
            branch_free(&lost);
        }
    if (runs->branch_count == 0 || workbench->quit || !workbench->run.model)
        return;
    struct run_branch branch = take_branch(runs, 0);
    if (start_branch(workbench, &branch, &error) < 0)
        workbench_message(workbench, MESSAGE_ERROR, "branch %s: %s", branch.out, error.message);
    branch_free(&branch);
}

void runs_take_steering(struct workbench *workbench, const struct event *event) {
    struct runs *runs = &workbench->runs;
    const struct point *point = &event->data.point;
    enum steering_kind kind = (enum steering_kind)point->values[0];
    int failed = point->values[1] < 0;
    if (event->job != workbench->run.job)
        return;
    if (kind == STEER_PAUSE || kind == STEER_CONTINUE)
        history_pause(&workbench->run, kind == STEER_PAUSE, event->time);
    for (int i = 0; kind == STEER_BRANCH && i < runs->branch_count; i++) {
        if (runs->branches[i].saved)
            continue;
        runs->branches[i].saved = !failed;
        if (failed) {
            struct run_branch lost = take_branch(runs, i);
            branch_free(&lost);
        }
        break; /* requests are answered in their order */
    }
}
