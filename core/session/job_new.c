/*
 * job_new.c - a new encoder for training from scratch, as a job.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/transfer.h"
#include "core/session/job.h"
#include "core/text/choice.h"
#include "core/text/vocabulary.h"

#define WORD_DEVIATION 0.05 /* of embeddings from elsewhere, about that of a trained BERT */

struct new_job {
    struct job job;
    struct new_job_options options; /* its strings are those below */
    char *data, *out, *words_from;
};

struct new_job_options new_job_options_default(void) {
    return (struct new_job_options){.family = MODEL_BERT,
                                    .vocabulary = 8000,
                                    .hidden = 128,
                                    .layers = 4,
                                    .heads = 4,
                                    .feed_forward = 512,
                                    .positions = 128,
                                    .labels = 2,
                                    .dropout = 0.1,
                                    .seed = 1};
}

static int check_options(const struct new_job_options *options, struct sawb_error *error) {
    const struct {
        const char *name;
        int value, low, high;
    } sizes[] = {{"vocabulary", options->vocabulary, 6, 1000000},
                 {"hidden", options->hidden, 1, 65536},
                 {"layers", options->layers, 1, 1000},
                 {"heads", options->heads, 1, 1000},
                 {"feed-forward", options->feed_forward, 1, 1000000},
                 {"positions", options->positions, 3, 65536},
                 {"labels", options->labels, 2, MODEL_LABELS_MAX}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if (sizes[i].value < sizes[i].low || sizes[i].value > sizes[i].high)
            return error_set(error, "new: %s is %d, it must be from %d to %d", sizes[i].name,
                             sizes[i].value, sizes[i].low, sizes[i].high);
    }
    if (options->hidden % options->heads != 0)
        return error_set(error, "new: hidden %d cannot be split into %d heads of the same width",
                         options->hidden, options->heads);
    if (!(options->dropout >= 0 && options->dropout < 1))
        return error_set(error, "new: dropout is %g, it must be at least 0 and below 1",
                         options->dropout);
    return 0;
}

static struct model_config config_of(const struct new_job_options *options, int vocabulary) {
    float dropout = (float)options->dropout;
    struct model_config config = {.family = options->family,
                                  .activation = ACTIVATION_GELU,
                                  .vocabulary = vocabulary,
                                  .hidden = options->hidden,
                                  .layers = options->layers,
                                  .heads = options->heads,
                                  .feed_forward = options->feed_forward,
                                  .positions = options->positions,
                                  .token_types = options->family == MODEL_BERT ? 2 : 0,
                                  .labels = options->labels,
                                  .layer_norm_epsilon = 1e-12f,
                                  .hidden_dropout = dropout,
                                  .attention_dropout = dropout,
                                  .classifier_dropout = dropout};
    for (int k = 0; k < config.labels; k++)
        snprintf(config.label_names[k], MODEL_LABEL_BYTES, "LABEL_%d", k);
    if (config.labels == 2) {
        strcpy(config.label_names[0], "NEGATIVE");
        strcpy(config.label_names[1], "POSITIVE");
    }
    return config;
}

static int breathe(void *user) {
    return worker_breathe(user);
}

/* Word pieces of the data: those of the source that it needs, or learned where that is NULL. */
static int find_pieces(struct tokenizer **tokenizer, const struct model *source,
                       const struct dataset *dataset, int size, struct worker *worker,
                       struct sawb_error *error) {
    if (source) {
        worker_note(worker, "choosing %d word pieces of %s for %d rows of %s", size,
                    source->directory, dataset->count, dataset->path);
        return choose_pieces(tokenizer, source->tokenizer, dataset, size, breathe, worker, error);
    }
    worker_note(worker, "learning a vocabulary of %d word pieces from %d rows of %s", size,
                dataset->count, dataset->path);
    char *text;
    if (vocabulary_learn(&text, dataset, size, breathe, worker, error) < 0)
        return -1;
    int status = tokenizer_from_vocabulary(tokenizer, text, strlen(text), dataset->path, error);
    free(text);
    return status;
}

/* 0 with *tokenizer, 1 stopped, -1 error. */
static int make_tokenizer(const struct new_job *job, const struct model *source,
                          struct worker *worker, struct tokenizer **tokenizer,
                          struct sawb_error *error) {
    struct dataset dataset;
    char *path = training_file(job->data, error);
    int status = path ? dataset_open(&dataset, path, error) : -1;
    free(path);
    if (status < 0)
        return -1;
    tell_data(worker, &dataset);
    status = file_make_directory(job->out, error);
    if (status == 0)
        status = find_pieces(tokenizer, source, &dataset, job->options.vocabulary, worker, error);
    dataset_free(&dataset);
    return status < 0 && worker_breathe(worker) ? 1 : status;
}

/* The model that word pieces and their embeddings come from, NULL: none. */
static int open_source(struct model **source, const struct new_job *job, struct sawb_error *error) {
    const struct model_options options = {.seed = job->options.seed};
    *source = NULL;
    if (!job->words_from || model_open(source, job->words_from, &options, error) == 0)
        return 0;
    return error_prefix(error, "new: words-from");
}

/* 0 saved, 1 stopped, -1 error. */
static int make_model(const struct new_job *job, const struct model *source, struct worker *worker,
                      struct sawb_error *error) {
    struct tokenizer *tokenizer;
    int status = make_tokenizer(job, source, worker, &tokenizer, error);
    if (status != 0)
        return status;

    struct model_config config = config_of(&job->options, tokenizer_size(tokenizer));
    struct model *model;
    if (model_create(&model, &config, tokenizer, job->options.seed, error) < 0) {
        tokenizer_free(tokenizer);
        return -1;
    }
    if (source)
        status = transfer_words(model, source, WORD_DEVIATION, error);
    if (status == 0)
        status = model_save(model, job->out, STORE_F32, error);
    if (status == 0)
        worker_note(worker, "made %s: %zu weights, %d word pieces", job->out,
                    weights_total(&config), config.vocabulary);
    model_release(model);
    return status;
}

static int new_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    const struct new_job *job = (const struct new_job *)base;
    struct model *source;
    if (open_source(&source, job, error) < 0)
        return -1;
    int status = make_model(job, source, worker, error);
    model_release(source);
    return status;
}

static void new_release(struct job *base) {
    struct new_job *job = (struct new_job *)base;
    free(job->data);
    free(job->out);
    free(job->words_from);
    free(job);
}

struct job *job_new(const struct new_job_options *options, struct sawb_error *error) {
    if (check_options(options, error) < 0)
        return NULL;
    struct new_job *job = calloc(1, sizeof(*job));
    if (!job) {
        error_set(error, "new: out of memory");
        return NULL;
    }
    job->job = (struct job){.name = "new", .run = new_run, .release = new_release};
    job->options = *options;
    if (copy_text(&job->data, options->data, error) < 0 ||
        copy_text(&job->out, options->out, error) < 0 ||
        (options->words_from && copy_text(&job->words_from, options->words_from, error) < 0)) {
        new_release(&job->job);
        return NULL;
    }
    job->options.data = job->data;
    job->options.out = job->out;
    return &job->job;
}
