/*
 * fixture.h - a workbench without files, threads or a model that computes: what the screen's tests
 * look at.
 *
 * Scores come from whole numbers and weights from a softmax over them, so that the pictures are the
 * same on every machine.
 */
#ifndef SAWB_TESTS_TUI_FIXTURE_H
#define SAWB_TESTS_TUI_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/kernels.h"
#include "tests/test.h"
#include "tui/screen/screen.h"

#define FIXTURE_LAYERS 3
#define FIXTURE_HEADS 4
#define FIXTURE_NOW 1000.0

static const char *const fixture_pieces[] = {
    "[CLS]", "a",     "qui",          "##et",         "and", "warm",
    "film",  "about", "caf\303\251s", "\347\214\253", ".",   "[SEP]"};
#define FIXTURE_TOKENS ((int)(sizeof(fixture_pieces) / sizeof(fixture_pieces[0])))

static inline void fixture_must(int done) {
    if (!done)
        fail_msg("out of memory in the fixture");
}

static inline char *fixture_copy(const char *text) {
    char *copy = strdup(text);
    fixture_must(copy != NULL);
    return copy;
}

static inline void *fixture_room(size_t count, size_t size) {
    void *room = calloc(count, size);
    fixture_must(room != NULL);
    return room;
}

/* One row of a head: scores, and which of them are kept (the `keep` largest). */
static inline void fixture_row(float *scores, uint8_t *mask, int row, int place, int tokens,
                               int keep) {
    for (int key = 0; key < tokens; key++)
        scores[key] = (float)((row * 7 + key * key * 5 + place * 11) % 23 - 9) / 4.0f;
    for (int key = 0; key < tokens; key++) {
        int rank = 0;
        for (int other = 0; other < tokens; other++)
            rank += scores[other] > scores[key] || (scores[other] == scores[key] && other < key);
        mask[key] = rank < keep;
    }
}

static inline struct capture *fixture_capture(int tokens, const char *spec, int keep, double target,
                                              float logit) {
    struct capture *capture = fixture_room(1, sizeof(*capture));
    size_t pairs = (size_t)(FIXTURE_LAYERS * FIXTURE_HEADS * tokens * tokens);
    capture->layers = FIXTURE_LAYERS;
    capture->heads = FIXTURE_HEADS;
    capture->labels = 2;
    capture->encoding.count = tokens;
    capture->text = fixture_copy("a quiet and warm film");
    capture->spec = fixture_copy(spec);
    capture->pattern = fixture_copy(spec);
    capture->pieces = fixture_room((size_t)tokens, sizeof(*capture->pieces));
    for (int i = 0; i < tokens; i++)
        capture->pieces[i] =
            fixture_copy(i == tokens - 1 ? "[SEP]" : fixture_pieces[i % (FIXTURE_TOKENS - 1)]);
    capture->encoding.ids = fixture_room((size_t)tokens, sizeof(int));
    capture->encoding.offsets = fixture_room((size_t)tokens, sizeof(*capture->encoding.offsets));
    capture->scores = fixture_room(pairs, sizeof(float));
    capture->kernels = kernels_get(0);
    capture->mask = fixture_room(pairs, 1);
    for (int place = 0; place < FIXTURE_LAYERS * FIXTURE_HEADS; place++) {
        for (int row = 0; row < tokens; row++) {
            size_t at = (size_t)((place * tokens + row) * tokens);
            fixture_row(capture->scores + at, capture->mask + at, row, place, tokens, keep);
        }
    }
    capture->logits = fixture_room(2, sizeof(float));
    capture->probabilities = fixture_room(2, sizeof(float));
    capture->logits[0] = -logit;
    capture->logits[1] = logit;
    capture->probabilities[1] = 1 / (1 + expf(-2 * logit));
    capture->probabilities[0] = 1 - capture->probabilities[1];
    capture->label = logit > 0;
    snprintf(capture->label_name, sizeof(capture->label_name), "%s",
             logit > 0 ? "POSITIVE" : "NEGATIVE");
    capture->target = target;
    capture->realised = 1 - (double)keep / tokens;
    capture->milliseconds = 1;
    return capture;
}

struct fixture {
    struct workbench workbench;
    struct model model;
    struct screen *screen;
};

static inline void fixture_arm(struct fixture *fixture, int index, const char *spec, int tokens,
                               int keep, double target, float logit) {
    struct arm *arm = &fixture->workbench.arms[index];
    capture_free(arm->capture);
    free(arm->spec);
    arm->model = &fixture->model;
    arm->spec = fixture_copy(spec);
    arm->capture = fixture_capture(tokens, spec, keep, target, logit);
}

/* The arms dense and topk(0.8) over `tokens` tokens, and a screen that shows them. */
static inline void fixture_open(struct fixture *fixture, int tokens, const struct glyphs *glyphs) {
    struct sawb_error error;
    memset(fixture, 0, sizeof(*fixture));
    struct workbench *workbench = &fixture->workbench;
    atomic_init(&fixture->model.references, 1); /* the fixture's own */
    fixture->model.config = (struct model_config){.layers = FIXTURE_LAYERS,
                                                  .heads = FIXTURE_HEADS,
                                                  .labels = 2,
                                                  .label_names = {"NEGATIVE", "POSITIVE"}};
    fixture->model.directory = fixture_copy("models/tiny/");
    fixture_arm(fixture, ARM_A, "dense", tokens, tokens, 0, 1.25f);
    fixture_arm(fixture, ARM_B, "topk(0.8)", tokens, (tokens + 4) / 5, 0.8, 0.5f);
    workbench->presets = presets_create();
    workbench->text = fixture_copy("a quiet and warm film about caf\303\251s \347\214\253.");
    workbench->run.seconds_left = -1;
    workbench->layer = 1;
    workbench->head = 2;
    workbench->query = 5;
    workbench->key = 2;
    workbench->prediction_job = 1;
    workbench->answers = ARMS;
    workbench->prediction_time = FIXTURE_NOW - 1;
    fixture_must(workbench->presets != NULL);
    if (screen_create(&fixture->screen, workbench, glyphs, &error) < 0)
        fail_msg("%s", error.message);
    fixture->screen->now = FIXTURE_NOW;
}

/* A run of `steps` steps whose loss falls, with an evaluation every third. `shift` moves its
 * curves, to tell runs apart. */
static inline void fixture_curves(struct run_history *run, const char *name, int steps, int total,
                                  double shift) {
    run->name = fixture_copy(name);
    run->running = 1;
    for (int i = 0; i < steps; i++) {
        struct step_report report = {.step = i + 1,
                                     .total_steps = total,
                                     .epoch = (double)(i + 1) / total,
                                     .loss =
                                         0.2 + shift + 0.5 / (1 + i / 20.0) + (i * 7 % 5) / 50.0,
                                     .learning_rate = 5e-5,
                                     .gradient_norm = 1.5,
                                     .tokens = 600,
                                     .tokens_per_second = 2310,
                                     .realised = 0.25};
        fixture_must(history_step(run, &report, FIXTURE_NOW) == 0);
        if ((i + 1) * 3 % steps >= 3)
            continue;
        struct evaluation evaluation = {.loss = 0.6 + shift - 0.1 * run->evaluations,
                                        .accuracy = 0.7 - shift + 0.05 * run->evaluations};
        fixture_must(history_evaluation(run, i + 1, &evaluation) == 0);
    }
    run->seconds_left = 200;
}

static inline void fixture_run(struct fixture *fixture, int steps, int total) {
    fixture_curves(&fixture->workbench.run, "runs/first", steps, total, 0);
}

static inline void fixture_close(struct fixture *fixture) {
    struct workbench *workbench = &fixture->workbench;
    screen_free(fixture->screen);
    attention_clear(&workbench->attention);
    undo_clear(&workbench->undo);
    console_clear(&workbench->console);
    for (int i = 0; i < ARMS; i++) {
        capture_free(workbench->arms[i].capture);
        free(workbench->arms[i].spec);
    }
    history_clear(&workbench->run);
    runs_free(&workbench->runs);
    pinned_free(&workbench->pinned);
    presets_free(workbench->presets);
    free(workbench->picture);
    free(workbench->text);
    free(fixture->model.directory);
}

#endif
