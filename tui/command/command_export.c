/*
 * command_export.c - what the forward pass of a sentence shows, and gradients, as a file.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "tui/command/relay.h"

struct export_job {
    struct job job; /* first: a job is freed as what it is */
    struct model *model;
    struct sparsity *sparsity;
    char *text, *path;
    int label; /* of the gradients, -1: none */
    uint64_t seed;
};

static int export_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    const struct export_job *job = (const struct export_job *)base;
    const struct compute *compute = worker_compute(worker);
    struct capture *capture;
    if (capture_run(&capture, job->model, job->sparsity, job->text, job->seed, compute, error) < 0)
        return -1;
    int tokens = capture->encoding.count;
    if (capture->encoding.truncated)
        worker_note(worker, "the text is longer than %d tokens, its end was left out", tokens);
    int status =
        capture_export(capture, job->model, job->sparsity, job->label, job->path, compute, error);
    capture_free(capture);
    if (status == 0)
        worker_note(worker, "wrote %s: %d tokens", job->path, tokens);
    return status;
}

static void export_release(struct job *base) {
    struct export_job *job = (struct export_job *)base;
    sparsity_free(job->sparsity);
    model_release(job->model);
    free(job->text);
    free(job->path);
    free(job);
}

/* Retains the model; copies the rest. */
static struct job *export_create(const struct job_arm *arm, const char *text, const char *path,
                                 int label, uint64_t seed, struct sawb_error *error) {
    struct export_job *job = calloc(1, sizeof(*job));
    if (!job) {
        error_set(error, "export: out of memory");
        return NULL;
    }
    job->job = (struct job){.name = "export", .run = export_run, .release = export_release};
    job->model = model_retain(arm->model);
    job->label = label;
    job->seed = seed;
    job->text = strdup(text);
    job->path = strdup(path);
    const struct model_config *config = &arm->model->config;
    int status = job->text && job->path ? 0 : error_set(error, "export: out of memory");
    if (status == 0)
        status = sparsity_parse(&job->sparsity, arm->spec, arm->presets, error);
    if (status == 0)
        status = sparsity_check(job->sparsity, config->layers, config->heads, error);
    if (status == 0)
        return &job->job;
    export_release(&job->job);
    return NULL;
}

int command_export(struct workbench *workbench, const struct arguments *arguments,
                   struct sink *sink) {
    const char *path = arguments_get(arguments, 0), *text = arguments_option(arguments, "text");
    struct job_arm arm;
    struct sawb_error error;
    long label = -1;
    if (!text && workbench->text[0])
        text = workbench->text;
    if (!text)
        error_set(&error, "export: --text is missing: the sentence to look at");
    if (!text || arguments_int(arguments, "gradients", 0, INT_MAX, &label, &error) < 0)
        return command_misuse(sink, &error);
    int status = command_arm(workbench, arguments, sink, &arm);
    if (status != COMMAND_DONE)
        return status;
    if (label >= arm.model->config.labels) {
        error_set(&error, "export: --gradients is %ld, but the labels of %s are 0 to %d", label,
                  arm.model->directory, arm.model->config.labels - 1);
        model_release(arm.model);
        return command_misuse(sink, &error);
    }
    struct job *job = export_create(&arm, text, path, (int)label, workbench->settings.seed, &error);
    model_release(arm.model);
    struct waiting waiting = {.sink = sink};
    status = command_job(workbench, job, &waiting, &error);
    if (status == COMMAND_DONE && sink->wait) {
        struct relay relay;
        struct record record = record_begin();
        record_text(&record, "file", path);
        record_text(&record, "text", text);
        return sink_result_owned(command_objects(workbench, sink, &relay), record_print(&record));
    }
    return status;
}
