/*
 * workbench.c - opening, changing and closing the workbench.
 */
#include "tui/app/workbench.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "tui/app/history.h"

#define EVENTS_CAPACITY 1024
#define DEFAULT_SPEC_A "dense"
#define DEFAULT_SPEC_B "aggressive_sparse"
#define FALLBACK_SPEC_B "topk(0.8)" /* where no presets were found */

/* ---- opening and closing --------------------------------------------------------------------- */

/* Loads the file over what is there, if it is there. Takes the path (and frees it). */
static int load_presets_if_any(struct presets *presets, char *path, struct sawb_error *error) {
    int status = 0;
    if (!path)
        return error_set(error, "presets: out of memory");
    if (file_exists(path))
        status = presets_load(presets, path, error);
    free(path);
    return status;
}

char *workbench_user_file(const char *name) {
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int given = config && *config;
    if (!given && !(home && *home))
        return NULL;
    char *folder = file_join(given ? config : home, given ? "sawb" : ".config/sawb");
    char *path = folder ? file_join(folder, name) : NULL;
    free(folder);
    return path;
}

static int open_presets(struct workbench *workbench, struct sawb_error *error) {
    workbench->presets = presets_create();
    if (!workbench->presets)
        return error_set(error, "presets: out of memory");
    const char *given = getenv("SAWB_SAMPLES");
    workbench->samples = workbench_samples(error);
    if (!workbench->samples && given && *given)
        return -1;
    if (workbench->samples &&
        load_presets_if_any(workbench->presets, file_join(workbench->samples, "presets.json"),
                            error) < 0)
        return -1;
    char *path = workbench_user_file("presets.json");
    return path ? load_presets_if_any(workbench->presets, path, error) : 0;
}

static int has_preset(const struct workbench *workbench, const char *name) {
    for (int i = 0; i < presets_count(workbench->presets); i++) {
        if (strcmp(presets_name(workbench->presets, i), name) == 0)
            return 1;
    }
    return 0;
}

static int default_specs(struct workbench *workbench, struct sawb_error *error) {
    const char *specs[ARMS] = {
        DEFAULT_SPEC_A,
        has_preset(workbench, DEFAULT_SPEC_B) ? DEFAULT_SPEC_B : FALLBACK_SPEC_B,
    };
    for (int arm = 0; arm < ARMS; arm++) {
        workbench->arms[arm].spec = strdup(specs[arm]);
        if (!workbench->arms[arm].spec)
            return error_set(error, "workbench: out of memory");
    }
    return 0;
}

int settings_in_color(const struct settings *settings, int terminal) {
    const char *none = getenv("NO_COLOR");
    if (settings->color != COLOR_AUTO)
        return settings->color == COLOR_ALWAYS;
    return terminal && !(none && *none);
}

int workbench_open(struct workbench *workbench, const struct settings *settings,
                   struct sawb_error *error) {
    memset(workbench, 0, sizeof(*workbench));
    workbench->settings = *settings;
    workbench->settings.model_directory = NULL;
    workbench->run.seconds_left = -1;
    runs_open(&workbench->runs);
    workbench->example = -1;
    panes_open(&workbench->panes);
    workbench->text = strdup("");
    if (settings->model_directory)
        workbench->model_directory = strdup(settings->model_directory);
    if (!workbench->text || (settings->model_directory && !workbench->model_directory)) {
        error_set(error, "workbench: out of memory");
        goto fail;
    }
    if (open_presets(workbench, error) < 0 || default_specs(workbench, error) < 0)
        goto fail;
    return 0;
fail:
    workbench_close(workbench);
    return -1;
}

int workbench_start(struct workbench *workbench, struct sawb_error *error) {
    if (workbench->worker)
        return 0;
    if (!workbench->compute.pool &&
        compute_open(&workbench->compute, workbench->settings.threads, error) < 0)
        return -1;
    if (compute_set_precision(&workbench->compute, workbench->settings.precision, error) < 0)
        return -1;
    workbench->compute.ranks = workbench->settings.ranks;
    if (!workbench->events) {
        workbench->events = queue_create(EVENTS_CAPACITY, error);
        if (!workbench->events)
            return -1;
    }
    workbench->worker = worker_create(&workbench->compute, workbench->events, error);
    return workbench->worker ? 0 : -1;
}

double workbench_now(const struct workbench *workbench) {
    return workbench->moment > 0 ? workbench->moment : clock_wall();
}

int workbench_model(struct workbench *workbench, const char *directory, struct model **model,
                    struct sawb_error *error) {
    struct model_options options = {.seed = workbench->settings.seed};
    if (workbench->replay)
        return replay_model(workbench->replay, directory, model, error);
    if (model_open(model, directory, &options, error) < 0)
        return -1;
    recorder_model(workbench, *model);
    return 0;
}

/* Opens `directory`, NULL: the model of samples. */
static int open_model(struct workbench *workbench, const char *directory, struct model **model,
                      struct sawb_error *error) {
    char *path = NULL;
    if (!directory) {
        if (!workbench->samples)
            return error_set(error,
                             "model: the samples of sawb were not found; name a model's folder "
                             "with -m, or the samples' in SAWB_SAMPLES");
        path = file_join(workbench->samples, "model");
        if (!path)
            return error_set(error, "model: out of memory");
    }
    int status = workbench_model(workbench, path ? path : directory, model, error);
    free(path);
    if (status == 0 && (*model)->note[0])
        workbench_message(workbench, MESSAGE_NOTE, "%s: %s", (*model)->directory, (*model)->note);
    return status;
}

/* An error when the specification names layers or heads that the model does not have. */
static int check_spec(const struct workbench *workbench, const char *spec,
                      const struct model *model, struct sawb_error *error) {
    struct sparsity *sparsity;
    if (sparsity_parse(&sparsity, spec, workbench->presets, error) < 0)
        return -1;
    int status =
        model ? sparsity_check(sparsity, model->config.layers, model->config.heads, error) : 0;
    sparsity_free(sparsity);
    return status;
}

int workbench_load(struct workbench *workbench, struct sawb_error *error) {
    struct model *model;
    if (workbench->arms[ARM_A].model && workbench->arms[ARM_B].model)
        return 0;
    if (workbench_start(workbench, error) < 0 ||
        open_model(workbench, workbench->model_directory, &model, error) < 0)
        return -1;
    for (int i = 0; i < ARMS; i++) {
        struct arm *arm = &workbench->arms[i];
        if (arm->model)
            continue;
        if (check_spec(workbench, arm->spec, model, error) < 0) {
            model_release(model);
            return -1;
        }
        arm->model = model_retain(model);
    }
    model_release(model);
    workbench_clamp(workbench);
    return 0;
}

int workbench_begin(struct workbench *workbench, const char *text, struct sawb_error *error) {
    char *example = NULL;
    int count;
    if (workbench_load(workbench, error) < 0)
        return -1;
    if (!text) {
        /* Without samples the workbench starts with an empty sentence. */
        example = workbench_sentence(workbench, 0, &count, NULL);
        workbench->example = example ? 0 : -1;
        text = example ? example : "";
    }
    workbench->automatic = 1;
    int status = workbench_set_text(workbench, text, error);
    free(example);
    return status;
}

void workbench_close(struct workbench *workbench) {
    attach_free(workbench->attached);
    worker_free(workbench->worker);
    queue_free(workbench->events, (void (*)(void *))event_free);
    for (int i = 0; i < ARMS; i++) {
        capture_free(workbench->arms[i].capture);
        free(workbench->arms[i].spec);
        model_release(workbench->arms[i].model);
    }
    history_clear(&workbench->run);
    runs_free(&workbench->runs);
    pinned_free(&workbench->pinned);
    pruning_clear(&workbench->pruning);
    undo_clear(&workbench->undo);
    console_clear(&workbench->console);
    scripting_clear(&workbench->scripting);
    prediction_free(&workbench->prediction);
    sweep_free(&workbench->sweep);
    timing_free(&workbench->timing);
    data_close(&workbench->data);
    attention_clear(&workbench->attention);
    heads_free(&workbench->heads);
    key_map_free(&workbench->keys);
    if (workbench->compute.pool)
        compute_close(&workbench->compute);
    presets_free(workbench->presets);
    free(workbench->model_directory);
    free(workbench->samples);
    free(workbench->picture);
    free(workbench->text);
    memset(workbench, 0, sizeof(*workbench));
}

/* ---- changes --------------------------------------------------------------------------------- */

static void await_answers(struct workbench *workbench, int job) {
    workbench->prediction_job = job;
    workbench->prediction_time = workbench_now(workbench);
    workbench->answers = 0;
}

int workbench_predict(struct workbench *workbench, struct sawb_error *error) {
    struct job_arm arms[ARMS];
    if (workbench_start(workbench, error) < 0 || workbench_load(workbench, error) < 0)
        return -1;
    if (worker_is_mute(workbench->worker)) {
        await_answers(workbench, worker_skip(workbench->worker));
        return 0;
    }
    for (int i = 0; i < ARMS; i++) {
        arms[i] =
            (struct job_arm){workbench->arms[i].model, workbench->arms[i].spec, workbench->presets};
    }
    struct job *job =
        job_predict(arms, ARMS, workbench->text, workbench->settings.seed, workbench->live, error);
    int number = job ? worker_submit(workbench->worker, job, error) : -1;
    if (number < 0)
        return -1;
    await_answers(workbench, number);
    return 0;
}

/* What follows every change: answers are old, and asked for again when that is wanted. */
static int ask_again(struct workbench *workbench, int arm, struct sawb_error *error) {
    pinned_live(workbench);
    for (int i = 0; i < ARMS; i++) {
        if (arm < 0 || arm == i)
            workbench->arms[i].stale = 1;
    }
    workbench->changed = 1;
    return workbench->automatic ? workbench_predict(workbench, error) : 0;
}

int workbench_set_text(struct workbench *workbench, const char *text, struct sawb_error *error) {
    char *copy = strdup(text);
    if (!copy)
        return error_set(error, "text: out of memory");
    free(workbench->text);
    workbench->text = copy;
    return ask_again(workbench, -1, error);
}

int workbench_set_spec(struct workbench *workbench, int arm, const char *spec,
                       struct sawb_error *error) {
    if (check_spec(workbench, spec, workbench->arms[arm].model, error) < 0)
        return -1;
    char *copy = strdup(spec);
    if (!copy)
        return error_set(error, "sparsity: out of memory");
    free(workbench->arms[arm].spec);
    workbench->arms[arm].spec = copy;
    return ask_again(workbench, arm, error);
}

static void change_model(struct arm *arm, struct model *model) {
    model_release(arm->model);
    arm->model = model_retain(model);
    /* An answer that fits is shown until the new one comes. */
    if (arm->capture && (arm->capture->layers != model->config.layers ||
                         arm->capture->heads != model->config.heads)) {
        capture_free(arm->capture);
        arm->capture = NULL;
    }
}

int workbench_set_model(struct workbench *workbench, int arm, const char *directory,
                        struct sawb_error *error) {
    struct model *model;
    if (open_model(workbench, directory, &model, error) < 0)
        return -1;
    for (int i = 0; i < ARMS; i++) {
        if ((arm < 0 || arm == i) &&
            check_spec(workbench, workbench->arms[i].spec, model, error) < 0) {
            model_release(model);
            return error_prefix(error, "pattern of %c", "AB"[i]);
        }
    }
    pinned_live(workbench);
    for (int i = 0; i < ARMS; i++) {
        if (arm < 0 || arm == i)
            change_model(&workbench->arms[i], model);
    }
    model_release(model);
    workbench_clamp(workbench);
    return ask_again(workbench, arm, error);
}

int workbench_swap(struct workbench *workbench, struct sawb_error *error) {
    pinned_live(workbench);
    struct arm arm = workbench->arms[ARM_A];
    workbench->arms[ARM_A] = workbench->arms[ARM_B];
    workbench->arms[ARM_B] = arm;
    workbench->changed = 1;
    /* Answers go with their arms, but one on its way would come to the wrong arm. */
    return workbench->automatic ? workbench_predict(workbench, error) : 0;
}

int workbench_restore(struct workbench *workbench, const char *text, char *const specs[ARMS],
                      struct model *const models[ARMS], struct sawb_error *error) {
    char *copies[ARMS + 1] = {strdup(specs[ARM_A]), strdup(specs[ARM_B]), strdup(text)};
    if (!copies[ARM_A] || !copies[ARM_B] || !copies[ARMS]) {
        for (int i = 0; i <= ARMS; i++)
            free(copies[i]);
        return error_set(error, "sawb: out of memory for the state before");
    }
    pinned_live(workbench);
    for (int i = 0; i < ARMS; i++) {
        if (models[i] && models[i] != workbench->arms[i].model)
            change_model(&workbench->arms[i], models[i]);
        free(workbench->arms[i].spec);
        workbench->arms[i].spec = copies[i];
    }
    free(workbench->text);
    workbench->text = copies[ARMS];
    workbench_clamp(workbench);
    return ask_again(workbench, -1, error);
}

int workbench_submit(struct workbench *workbench, struct job *job, struct sawb_error *error) {
    if (!job)
        return -1;
    if (workbench_start(workbench, error) < 0) {
        job->release(job);
        return -1;
    }
    const char *name = job->name; /* static; the job itself may be gone after the next line */
    int number = worker_submit(workbench->worker, job, error);
    if (number < 0)
        return -1;
    workbench->long_job = number;
    strncpy(workbench->progress, name, sizeof(workbench->progress) - 1);
    workbench->changed = 1;
    return number;
}

enum view workbench_view(const struct workbench *workbench) {
    return panes_view(&workbench->panes);
}

void workbench_show(struct workbench *workbench, enum view view) {
    panes_show(&workbench->panes, view);
    workbench->changed = 1;
}
