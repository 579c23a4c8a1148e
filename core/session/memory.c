/*
 * memory.c - what a training run of these options will take, from its files.
 */
#include <stdlib.h>

#include "core/session/job.h"

struct run_files {
    struct dataset training, checking; /* checking.count 0: none */
    struct model *teacher;             /* NULL: none */
};

static int open_files(struct run_files *files, const struct model *model,
                      const struct train_job_options *options, struct sawb_error *error) {
    char *path = training_file(options->data, error);
    int status = path ? dataset_open(&files->training, path, error) : -1;
    free(path);
    if (status < 0 || validation_file(&path, options->data, options->validation, error) < 0)
        return -1;
    if (path)
        status = dataset_open(&files->checking, path, error);
    free(path);
    if (status < 0 || !options->teacher[0])
        return status;
    struct model_options teacher = {.seed = options->train.seed, .labels = model->config.labels};
    return model_open(&files->teacher, options->teacher, &teacher, error);
}

int train_memory(struct memory_plan *plan, struct model *model,
                 const struct train_job_options *options, const struct compute *compute,
                 struct sawb_error *error) {
    struct run_files files = {.teacher = NULL};
    int status = open_files(&files, model, options, error);
    if (status == 0) {
        struct memory_question question = {
            .model = model,
            .training = &files.training,
            .checking = files.checking.count > 0 ? &files.checking : NULL,
            .options = &options->train,
            .teacher = files.teacher,
            .evaluation_batch = EVALUATION_BATCH,
            .keeps_best = options->keep_best || options->train.stop_after > 0,
            .compute = compute};
        status = memory_plan(plan, &question, error);
    }
    model_release(files.teacher);
    dataset_free(&files.training);
    dataset_free(&files.checking);
    return status;
}
