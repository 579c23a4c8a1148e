/*
 * pruning.c - heads off: asked for, taken in, switched.
 */
#include "tui/app/pruning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/workbench.h"

#define FOLLOW_SECONDS 2.0 /* between two rounds that follow a model in training */

static void run_clear(struct pruning_run *run) {
    free(run->file);
    free(run->off);
    free(run->heads_off);
    free(run->accuracy);
    free(run->loss);
    free(run->removed);
    *run = (struct pruning_run){0};
}

void pruning_clear(struct pruning *pruning) {
    for (int arm = 0; arm < ARMS; arm++)
        free(pruning->effects[arm].change);
    run_clear(&pruning->run);
    *pruning = (struct pruning){0};
}

/* ---- what each head counts for --------------------------------------------------------------- */

static int is_new(const struct workbench *workbench, double now) {
    const struct pruning *pruning = &workbench->pruning;
    for (int arm = 0; arm < ARMS; arm++) {
        if (!workbench->arms[arm].capture || workbench->arms[arm].stale)
            return 0;
    }
    if (pruning->asked_for == workbench->prediction_job)
        return 0;
    /* While a run is followed there is a new answer all the time. */
    int follows = workbench->live && workbench->run.running;
    return !follows || now - pruning->asked_time >= FOLLOW_SECONDS;
}

void pruning_wish(struct workbench *workbench) {
    struct pruning *pruning = &workbench->pruning;
    struct job_arm arms[ARMS];
    struct sawb_error error;
    double now = workbench_now(workbench);
    if (!workbench->worker || !is_new(workbench, now) || !recorder_wish(workbench, WISH_EFFECTS))
        return;
    for (int arm = 0; arm < ARMS; arm++) {
        pruning->effects[arm].old = 1;
        arms[arm] = (struct job_arm){workbench->arms[arm].model, workbench->arms[arm].spec,
                                     workbench->presets};
    }
    pruning->asked_for = workbench->prediction_job;
    pruning->asked_time = now;
    struct job *job =
        job_ablate(arms, ARMS, workbench->text, workbench->settings.seed, workbench->live, &error);
    pruning->job = job ? worker_submit(workbench->worker, job, &error) : -1;
    if (pruning->job < 0)
        workbench_message(workbench, MESSAGE_ERROR, "%s", error.message);
    recorder_done(workbench);
}

/* Room for the heads of the arm's model; what was known of others is forgotten. */
static int effects_fit(struct workbench *workbench, int arm) {
    struct head_effects *effects = &workbench->pruning.effects[arm];
    const struct model_config *config = &workbench->arms[arm].model->config;
    if (effects->change && effects->layers == config->layers && effects->heads == config->heads)
        return 0;
    size_t count = (size_t)config->layers * (size_t)config->heads;
    double *change = malloc(count * sizeof(*change));
    if (!change) {
        workbench_message(workbench, MESSAGE_ERROR, "pruning: out of memory for %zu heads", count);
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        change[i] = NAN;
    free(effects->change);
    *effects =
        (struct head_effects){.layers = config->layers, .heads = config->heads, .change = change};
    return 0;
}

void pruning_take_effect(struct workbench *workbench, const struct event *event) {
    const struct point *point = &event->data.point;
    int arm = event->arm;
    if (event->job != workbench->pruning.job || arm < 0 || arm >= ARMS ||
        effects_fit(workbench, arm) < 0)
        return;
    struct head_effects *effects = &workbench->pruning.effects[arm];
    if (point->index < 0 || point->index >= effects->layers * effects->heads)
        return;
    effects->before = point->values[ABLATION_BEFORE];
    effects->change[point->index] =
        point->values[ABLATION_DIFFERENCE] - point->values[ABLATION_BEFORE];
    if (point->index == point->count - 1)
        effects->old = 0;
}

/* ---- switching ------------------------------------------------------------------------------- */

static int set_and_free(struct workbench *workbench, int arm, char *spec,
                        struct sawb_error *error) {
    int status = spec ? workbench_set_spec(workbench, arm, spec, error) : -1;
    free(spec);
    return status;
}

int pruning_is_off(const struct workbench *workbench, int arm, int layer, int head) {
    struct sparsity *sparsity;
    if (sparsity_parse(&sparsity, workbench->arms[arm].spec, workbench->presets, NULL) < 0)
        return 0;
    int off = sparsity_head_is_off(sparsity, layer, head);
    sparsity_free(sparsity);
    return off;
}

int pruning_switch(struct workbench *workbench, int arm, struct head_place place,
                   enum head_switch how, struct sawb_error *error) {
    int off = how == HEAD_TOGGLE ? !pruning_is_off(workbench, arm, place.layer, place.head)
                                 : how == HEAD_OFF;
    return set_and_free(
        workbench, arm,
        sparsity_edit_head(workbench->arms[arm].spec, workbench->presets, place, off, error),
        error);
}

int pruning_all_on(struct workbench *workbench, int arm, struct sawb_error *error) {
    return set_and_free(
        workbench, arm,
        sparsity_set_heads_off(workbench->arms[arm].spec, workbench->presets, NULL, 0, error),
        error);
}

/* ---- one after the other --------------------------------------------------------------------- */

static int heads_off_of(const struct workbench *workbench, int arm, struct head_place **places,
                        int *count, struct sawb_error *error) {
    struct sparsity *sparsity;
    if (sparsity_parse(&sparsity, workbench->arms[arm].spec, workbench->presets, error) < 0)
        return -1;
    int status = sparsity_heads_off(sparsity, places, count, error);
    sparsity_free(sparsity);
    return status;
}

int pruning_begin(struct workbench *workbench, int job, int arm, const char *file,
                  struct sawb_error *error) {
    struct pruning_run *run = &workbench->pruning.run;
    struct head_place *off;
    int count;
    if (heads_off_of(workbench, arm, &off, &count, error) < 0)
        return -1;
    char *copy = strdup(file);
    if (!copy) {
        free(off);
        return error_set(error, "prune: out of memory");
    }
    run_clear(run);
    *run = (struct pruning_run){
        .file = copy, .job = job, .running = 1, .arm = arm, .off = off, .off_count = count};
    workbench->changed = 1;
    return 0;
}

/* Makes room for one more point. -1 when out of memory. */
static int run_grow(struct pruning_run *run) {
    if (run->points < run->capacity)
        return 0;
    int capacity = run->capacity ? 2 * run->capacity : 32;
    double **columns[] = {&run->heads_off, &run->accuracy, &run->loss};
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        double *larger = realloc(*columns[i], (size_t)capacity * sizeof(double));
        if (!larger)
            return -1;
        *columns[i] = larger;
    }
    struct head_place *larger = realloc(run->removed, (size_t)capacity * sizeof(*larger));
    if (!larger)
        return -1;
    run->removed = larger;
    run->capacity = capacity;
    return 0;
}

void pruning_take_point(struct workbench *workbench, const struct event *event) {
    struct pruning_run *run = &workbench->pruning.run;
    const struct point *point = &event->data.point;
    if (event->job != run->job)
        return;
    if (run_grow(run) < 0) {
        workbench_message(workbench, MESSAGE_ERROR, "out of memory for the curve of pruning");
        return;
    }
    int at = run->points++;
    run->heads_off[at] = point->x;
    run->accuracy[at] = point->values[PRUNE_ACCURACY];
    run->loss[at] = point->values[PRUNE_LOSS];
    run->removed[at] =
        (struct head_place){(int)point->values[PRUNE_LAYER], (int)point->values[PRUNE_HEAD]};
    run->rows = (int)point->values[PRUNE_ROWS];
    run->count_all = point->count;
}

void pruning_take_end(struct workbench *workbench, const struct event *event) {
    struct pruning_run *run = &workbench->pruning.run;
    if (!run->running || event->job != run->job)
        return;
    run->running = 0;
    if (event->status == 0 && run->points > 0)
        workbench_message(workbench, MESSAGE_NOTE,
                          "%d heads removed: accuracy %.4f to %.4f (prune apply N)",
                          run->points - 1, run->accuracy[0], run->accuracy[run->points - 1]);
}

int pruning_apply(struct workbench *workbench, int arm, int count, struct sawb_error *error) {
    const struct pruning_run *run = &workbench->pruning.run;
    int removed = run->points > 0 ? run->points - 1 : 0;
    if (!run->file || removed == 0)
        return error_set(error, "prune: no head has been removed yet; `prune FILE` does that");
    if (count > removed)
        return error_set(error, "prune: only %d heads have been removed, not %d", removed, count);
    size_t all = (size_t)run->off_count + (size_t)count;
    struct head_place *places = malloc((all + 1) * sizeof(*places));
    if (!places)
        return error_set(error, "prune: out of memory");
    memcpy(places, run->off, (size_t)run->off_count * sizeof(*places));
    memcpy(places + run->off_count, run->removed + 1, (size_t)count * sizeof(*places));
    char *spec = sparsity_set_heads_off(workbench->arms[arm].spec, workbench->presets, places,
                                        (int)all, error);
    free(places);
    return set_and_free(workbench, arm, spec, error);
}
