/*
 * fixture.h - what the tests of training share: the tiny models of tests/model/vectors, a data set
 * that is easy to learn, and comparisons of weights.
 */
#ifndef SAWB_TESTS_TRAIN_FIXTURE_H
#define SAWB_TESTS_TRAIN_FIXTURE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/train/trainer.h"
#include "tests/test.h"

#define BERT_FOLDER "tests/model/vectors/bert"
#define EASY_ROWS 168
#define EASY_BYTES 64

/* A call that fills `problem` when it fails, whose message is then shown. */
#define assert_done(call)                                                                          \
    do {                                                                                           \
        struct sawb_error problem = {""};                                                          \
        if ((call) != 0)                                                                           \
            fail_msg("%s: %s", #call, problem.message);                                            \
    } while (0)

#define assert_message(error, part)                                                                \
    do {                                                                                           \
        if (!strstr((error).message, part))                                                        \
            fail_msg("\"%s\" does not hold \"%s\"", (error).message, part);                        \
    } while (0)

/* Sentences like "the film is warm": the adjective decides the label. */
struct easy_data {
    struct dataset dataset;
    struct example examples[EASY_ROWS];
    char texts[EASY_ROWS][EASY_BYTES];
    char path[16];
};

static inline void make_easy_data(struct easy_data *data) {
    static const char *const nouns[] = {"film", "story", "scene", "actor",
                                        "song", "joke",  "ending"};
    static const char *const verbs[] = {"is", "was", "feels"};
    static const char *const adjectives[] = {"cold", "warm", "slow", "bright",
                                             "dull", "good", "bad",  "fine"};
    for (int i = 0; i < EASY_ROWS; i++) {
        int adjective = i % 8, noun = i / 8 % 7, verb = i / 56;
        snprintf(data->texts[i], EASY_BYTES, "the %s %s %s%s", nouns[noun], verbs[verb],
                 adjectives[adjective], i % 3 == 0 ? " ." : "");
        data->examples[i] = (struct example){.text = data->texts[i],
                                             .length = strlen(data->texts[i]),
                                             .label = adjective % 2,
                                             .line = i + 2};
    }
    snprintf(data->path, sizeof(data->path), "easy.tsv");
    data->dataset =
        (struct dataset){.count = EASY_ROWS, .examples = data->examples, .path = data->path};
}

/* What a training test needs; `model` is a copy that may be trained. */
struct bench {
    struct compute compute;
    struct sparsity *sparsity;
    struct model *source, *model;
    struct easy_data *easy;
};

static inline void bench_open(struct bench *bench, int threads, const char *pattern) {
    *bench = (struct bench){0};
    assert_done(compute_open(&bench->compute, threads, &problem));
    assert_done(sparsity_parse(&bench->sparsity, pattern, NULL, &problem));
    assert_done(
        model_open(&bench->source, BERT_FOLDER, &(struct model_options){.seed = 1}, &problem));
    assert_done(model_copy(&bench->model, bench->source, &problem));
    bench->easy = malloc(sizeof(*bench->easy));
    assert_non_null(bench->easy);
    make_easy_data(bench->easy);
}

static inline void bench_close(struct bench *bench) {
    free(bench->easy);
    model_release(bench->model);
    model_release(bench->source);
    sparsity_free(bench->sparsity);
    compute_close(&bench->compute);
}

static inline struct trainer *bench_trainer(struct bench *bench,
                                            const struct train_options *options) {
    struct trainer *trainer = NULL;
    assert_done(trainer_create(&trainer, bench->model, bench->sparsity, &bench->easy->dataset,
                               options, &bench->compute, &problem));
    return trainer;
}

/* Makes `count` steps; *last (may be NULL) gets the last report. */
static inline void make_steps(struct trainer *trainer, int count, struct step_report *last) {
    for (int i = 0; i < count; i++) {
        struct step_report report;
        struct sawb_error error = {""};
        int status = trainer_step(trainer, &report, &error);
        if (status != 1)
            fail_msg("step %d gave %d: %s", i + 1, status, error.message);
        if (last)
            *last = report;
    }
}

/* Bit for bit. */
static inline int same_weights(const struct model *a, const struct model *b) {
    struct weights left = a->weights, right = b->weights;
    for (int i = 0; i < weights_count(&a->config); i++) {
        struct weight x, y;
        weights_get(&a->config, &left, i, &x);
        weights_get(&b->config, &right, i, &y);
        if (memcmp(*x.pointer, *y.pointer, x.count * sizeof(float)) != 0)
            return 0;
    }
    return 1;
}

static inline int remove_entry(const char *path, const struct stat *status, int flag,
                               struct FTW *walk) {
    (void)status;
    (void)flag;
    (void)walk;
    return remove(path);
}

/* A new folder under $TMPDIR or /tmp, owned by the caller, who ends with remove_folder. */
static inline char *make_folder(void) {
    const char *base = getenv("TMPDIR");
    char *path = file_join(base && *base ? base : "/tmp", "sawb-train-XXXXXX");
    assert_non_null(path);
    assert_non_null(mkdtemp(path));
    return path;
}

static inline void remove_folder(char *path) {
    nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(path);
}

#endif
