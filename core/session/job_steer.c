/*
 * job_steer.c - what a run is asked to do between two steps, and the sentences it keeps watch over.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ranks.h"
#include "core/inspect/metrics.h"
#include "core/session/job_train.h"

/* ---- pinned sentences ------------------------------------------------------------------------ */

int pins_keep(struct pins *pins, const struct job_arm *arm, const struct train_job_options *options,
              struct sawb_error *error) {
    pins->captured = -1;
    if (options->pin_count < 0 || options->pin_count > TRAIN_PINS)
        return error_set(error, "train: %d pinned sentences; a run takes at most %d",
                         options->pin_count, TRAIN_PINS);
    for (int i = 0; i < options->pin_count; i++) {
        if (copy_text(&pins->texts[i], options->pins[i], error) < 0)
            return -1;
        pins->count++;
    }
    for (int i = 0; i < TRAIN_PATTERNS; i++)
        if (options->patterns[i] &&
            sparsity_parse(&pins->patterns[i], options->patterns[i], arm->presets, error) < 0)
            return -1;
    return 0;
}

void pins_free(struct pins *pins) {
    for (int i = 0; i < pins->count; i++)
        free(pins->texts[i]);
    for (int i = 0; i < TRAIN_PATTERNS; i++)
        sparsity_free(pins->patterns[i]);
    *pins = (struct pins){0};
}

/* Captures of a sentence under each pattern; those that fit no head of this model stay NULL. */
static int capture_patterns(struct train_job *job, struct worker *worker, const char *text,
                            struct capture *captures[TRAIN_PATTERNS], struct sawb_error *error) {
    const struct compute *compute = worker_compute(worker);
    const struct model *model = trainer_model(job->trainer);
    struct capture *made[TRAIN_PATTERNS];
    struct sawb_error unfit;
    int count = 0;
    for (int i = 0; i < TRAIN_PATTERNS; i++) {
        const struct sparsity *pattern = job->pins.patterns[i];
        if (!pattern ||
            sparsity_check(pattern, model->config.layers, model->config.heads, &unfit) < 0)
            continue;
        if (capture_run(&captures[i], model, pattern, text, job->options.train.seed, compute,
                        error) < 0)
            return -1;
        captures[i]->training_step = (uint64_t)job->step;
        made[count++] = captures[i];
    }
    return count > 0 ? metrics_measure(made, count, 1, compute->pool, error) : 0;
}

static void capture_pin(struct train_job *job, struct worker *worker, const char *text) {
    struct capture *captures[TRAIN_PATTERNS] = {NULL};
    struct sawb_error error;
    if (capture_patterns(job, worker, text, captures, &error) < 0)
        worker_note(worker, "pinned sentence: %s", error.message);
    for (int i = 0; i < TRAIN_PATTERNS; i++) {
        struct event event = {.kind = EVENT_PREDICTION, .arm = i, .step = job->step};
        event.data.capture = captures[i];
        if (captures[i])
            worker_emit(worker, event);
    }
}

void train_capture_pins(struct train_job *job, struct worker *worker) {
    if (job->pins.captured == job->step || !train_is_first(job))
        return;
    for (int i = 0; i < job->pins.count; i++)
        capture_pin(job, worker, job->pins.texts[i]);
    job->pins.captured = job->step;
}

static int find_pin(const struct pins *pins, const char *text) {
    for (int i = 0; i < pins->count; i++)
        if (strcmp(pins->texts[i], text) == 0)
            return i;
    return -1;
}

/* Takes the request's text over. */
static int add_pin(struct train_job *job, struct worker *worker, struct steering *request) {
    struct pins *pins = &job->pins;
    if (find_pin(pins, request->text) >= 0)
        return 0;
    if (pins->count == TRAIN_PINS) {
        worker_note(worker, "pin: a run takes at most %d pinned sentences", TRAIN_PINS);
        return -1;
    }
    pins->texts[pins->count++] = request->text;
    request->text = NULL;
    capture_pin(job, worker, pins->texts[pins->count - 1]);
    return 0;
}

static void remove_pin(struct pins *pins, const char *text) {
    int place = find_pin(pins, text);
    if (place < 0)
        return;
    free(pins->texts[place]);
    pins->texts[place] = pins->texts[--pins->count];
    pins->texts[pins->count] = NULL;
}

/* Takes the request's pattern over. The captures so far are those of the pattern before. */
static void watch_pattern(struct train_job *job, struct worker *worker, struct steering *request) {
    struct sparsity **pattern = &job->pins.patterns[request->arm];
    sparsity_free(*pattern);
    *pattern = request->sparsity;
    request->sparsity = NULL;
    job->pins.captured = -1;
    train_capture_pins(job, worker);
}

/* ---- requests -------------------------------------------------------------------------------- */

static int save_now(struct train_job *job, struct worker *worker) {
    struct sawb_error error;
    if (!train_is_first(job))
        return 0;
    if (trainer_save(job->trainer, job->out, &error) < 0) {
        worker_note(worker, "run checkpoint: %s", error.message);
        return -1;
    }
    worker_note(worker, "checkpoint of step %" PRId64 " written to %s", job->step, job->out);
    return 0;
}

static int change_rate(struct train_job *job, struct worker *worker, double rate) {
    struct sawb_error error;
    double before = trainer_rate(job->trainer);
    if (trainer_change_rate(job->trainer, rate, &error) < 0) {
        worker_note(worker, "run rate: %s", error.message);
        return -1;
    }
    train_log(job, worker, run_log_rate(job->step, rate));
    worker_note(worker, "peak learning rate %g from step %" PRId64 " on, before %g", rate,
                job->step + 1, before);
    return 0;
}

/* Takes the request's pattern over. */
static int change_pattern(struct train_job *job, struct worker *worker, struct steering *request) {
    struct sawb_error error;
    struct sparsity *sparsity = request->sparsity;
    request->sparsity = NULL;
    if (trainer_change_sparsity(job->trainer, sparsity, &error) < 0) {
        worker_note(worker, "run sparsity: %s", error.message);
        return -1;
    }
    const char *spec = sparsity_text(trainer_sparsity(job->trainer));
    train_log(job, worker, run_log_pattern(job->step, spec));
    worker_note(worker, "pattern %s from step %" PRId64 " on", spec, job->step + 1);
    return 0;
}

static int save_branch(struct train_job *job, struct worker *worker, const char *directory) {
    struct sawb_error error;
    if (!train_is_first(job))
        return 0;
    int status = strcmp(directory, job->out) == 0
                     ? error_set(&error, "%s is the folder of this run; name another", directory)
                     : trainer_save(job->trainer, directory, &error);
    if (status == 0)
        status = run_log_copy(&job->log, directory, job->step, &error);
    if (status < 0) {
        worker_note(worker, "run branch: %s", error.message);
        return -1;
    }
    worker_note(worker,
                "step %" PRId64 " is saved in %s; the run from there starts when this one ends",
                job->step, directory);
    return 0;
}

static int pause_run(struct train_job *job, struct worker *worker, int paused) {
    if (job->paused == paused) {
        worker_note(worker, "the run %s already", paused ? "is paused" : "goes on");
        return 0;
    }
    job->paused = paused;
    if (paused)
        worker_note(worker, "paused after step %" PRId64 "; `run continue` goes on", job->step);
    else
        worker_note(worker, "the run goes on with step %" PRId64, job->step + 1);
    return 0;
}

/* *done: 0 followed, -1 not (which was told). Returns 0 go on, 1 stop, -1 error of the run. */
static int follow(struct train_job *job, struct worker *worker, struct steering *request, int *done,
                  struct sawb_error *error) {
    *done = 0;
    switch (request->kind) {
    case STEER_PAUSE:
    case STEER_CONTINUE:
        *done = pause_run(job, worker, request->kind == STEER_PAUSE);
        break;
    case STEER_CHECKPOINT:
        *done = save_now(job, worker);
        break;
    case STEER_EVALUATE:
        if (job->checking.count == 0)
            worker_note(worker, "run evaluate: this run has no validation set");
        *done = job->checking.count == 0 ? -1 : 0;
        return train_evaluate(job, worker, error);
    case STEER_RATE:
        *done = change_rate(job, worker, request->number);
        break;
    case STEER_SPARSITY:
        *done = change_pattern(job, worker, request);
        break;
    case STEER_BRANCH:
        *done = save_branch(job, worker, request->text);
        break;
    case STEER_PIN:
        *done = add_pin(job, worker, request);
        break;
    case STEER_UNPIN:
        remove_pin(&job->pins, request->text);
        break;
    case STEER_PATTERN:
        watch_pattern(job, worker, request);
        break;
    case STEERING_KINDS:
        break;
    }
    return 0;
}

static int answer(struct train_job *job, struct worker *worker, struct steering *request,
                  struct sawb_error *error) {
    struct event event = {.kind = EVENT_POINT, .step = job->step};
    int done, status = follow(job, worker, request, &done, error);
    event.data.point = (struct point){.series = STEERING_SERIES,
                                      .x = (double)job->step,
                                      .values = {(double)request->kind, done, request->number}};
    worker_emit(worker, event);
    return status;
}

/* ---- ranks ----------------------------------------------------------------------------------- */

/* A request on its way from rank 0 to the others; two texts follow. */
struct letter {
    int kind; /* enum steering_kind, -1: none waits */
    int arm;
    double number;
    int text_size, pattern_size; /* with their ends; 0: none */
};

static int size_of(const char *text) {
    return text ? (int)strlen(text) + 1 : 0;
}

/* The text of rank 0 as a copy, NULL for none. */
static int share_text(char **copy, const char *text, int size, struct ranks *ranks,
                      struct sawb_error *error) {
    *copy = size > 0 ? malloc((size_t)size) : NULL;
    int status = size > 0 && !*copy ? error_set(error, "train: out of memory for a request") : 0;
    if (ranks_agree(ranks, status, error) < 0)
        return -1;
    if (size > 0 && text)
        memcpy(*copy, text, (size_t)size);
    if (size > 0)
        ranks_share(ranks, *copy, size);
    return 0;
}

/* What has arrived, as a request of this rank's own. */
static int read_letter(struct steering **request, const struct letter *letter, const char *text,
                       const char *pattern, struct sawb_error *error) {
    *request = steering_create((enum steering_kind)letter->kind, text, error);
    if (!*request)
        return -1;
    (*request)->arm = letter->arm;
    (*request)->number = letter->number;
    return pattern ? sparsity_parse(&(*request)->sparsity, pattern, NULL, error) : 0;
}

/* The oldest request of rank 0, for every rank; NULL: none waits. On an error there is none. */
static int share_request(struct steering **request, struct ranks *ranks, struct sawb_error *error) {
    const struct steering *asked = *request;
    const char *pattern = asked && asked->sparsity ? sparsity_pattern(asked->sparsity) : NULL;
    struct letter letter = {.kind = -1};
    if (asked)
        letter = (struct letter){(int)asked->kind, asked->arm, asked->number, size_of(asked->text),
                                 size_of(pattern)};
    ranks_share(ranks, &letter, sizeof(letter));
    if (letter.kind < 0)
        return 0;
    char *texts[2] = {NULL};
    int status = share_text(&texts[0], asked ? asked->text : NULL, letter.text_size, ranks, error);
    if (status == 0)
        status = share_text(&texts[1], pattern, letter.pattern_size, ranks, error);
    if (status == 0) {
        status = asked ? 0 : read_letter(request, &letter, texts[0], texts[1], error);
        status = ranks_agree(ranks, status, error);
    }
    free(texts[0]);
    free(texts[1]);
    if (status == 0)
        return 0;
    steering_free(*request);
    *request = NULL;
    return -1;
}

/* All that wait. 0 go on, 1 stop, -1 error. */
static int follow_requests(struct train_job *job, struct worker *worker, struct sawb_error *error) {
    struct ranks *ranks = job->ranks;
    for (;;) {
        struct steering *request = worker_steering(worker);
        if (ranks && share_request(&request, ranks, error) < 0)
            return -1;
        if (!request)
            return 0;
        int status = answer(job, worker, request, error);
        steering_free(request);
        if (status != 0)
            return status;
    }
}

int train_obey(struct train_job *job, struct worker *worker, struct sawb_error *error) {
    for (;;) {
        if (ranks_stop(job->ranks, worker_breathe(worker)))
            return 1;
        int status = follow_requests(job, worker, error);
        if (status != 0 || !job->paused)
            return status;
        if (train_is_first(job))
            worker_rest(worker);
        ranks_meet(job->ranks);
    }
}
