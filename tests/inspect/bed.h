/*
 * bed.h - the small models of tests/oracle/engine.py opened so that every id has a text.
 *
 * The vectors are about sentences of given ids, among them some that no text gives. So the models
 * are opened with another vocabulary, in which word piece i is spelt "w<i>".
 */
#ifndef SAWB_TESTS_INSPECT_BED_H
#define SAWB_TESTS_INSPECT_BED_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/inspect/capture.h"
#include "core/model/safetensors.h"
#include "tests/test.h"

#define VECTORS "tests/model/vectors"
#define PIECES 40

struct bed {
    char directory[64];
    struct compute compute;
    struct model *model;
    struct sawb_error error;
};

static inline char *inside(const struct bed *bed, const char *name) {
    char *path = file_join(bed->directory, name);
    assert_non_null(path);
    return path;
}

static inline void link_file(const struct bed *bed, const char *family, const char *name) {
    char here[PATH_MAX], target[PATH_MAX * 2];
    assert_non_null(getcwd(here, sizeof(here)));
    snprintf(target, sizeof(target), "%s/" VECTORS "/%s/%s", here, family, name);
    char *path = inside(bed, name);
    assert_int_equal(symlink(target, path), 0);
    free(path);
}

static inline void write_vocabulary(const struct bed *bed) {
    static const char *const special[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    char text[PIECES * 8] = "";
    size_t used = 0;
    for (int id = 0; id < PIECES; id++)
        used += (size_t)(id < 5 ? snprintf(text + used, sizeof(text) - used, "%s\n", special[id])
                                : snprintf(text + used, sizeof(text) - used, "w%d\n", id));
    char *path = inside(bed, "vocab.txt");
    assert_int_equal(file_replace(path, text, used, NULL), 0);
    free(path);
}

static inline void bed_open(struct bed *bed, const char *family) {
    memset(bed, 0, sizeof(*bed));
    const char *parent = getenv("TMPDIR");
    snprintf(bed->directory, sizeof(bed->directory), "%s/sawb-capture-XXXXXX",
             parent && strlen(parent) < 32 ? parent : "/tmp");
    assert_non_null(mkdtemp(bed->directory));
    link_file(bed, family, "config.json");
    link_file(bed, family, "model.safetensors");
    write_vocabulary(bed);
    assert_int_equal(compute_open(&bed->compute, 2, &bed->error), 0);
    struct model_options options = {.seed = 1};
    if (model_open(&bed->model, bed->directory, &options, &bed->error) < 0)
        fail_msg("%s", bed->error.message);
}

static inline void bed_close(struct bed *bed) {
    static const char *const names[] = {"config.json", "model.safetensors", "vocab.txt",
                                        "export.safetensors"};
    model_release(bed->model);
    compute_close(&bed->compute);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *path = inside(bed, names[i]);
        unlink(path);
        free(path);
    }
    assert_int_equal(rmdir(bed->directory), 0);
}

static inline struct sparsity *parse(const char *spec) {
    struct sparsity *sparsity;
    assert_int_equal(sparsity_parse(&sparsity, spec, NULL, NULL), 0);
    return sparsity;
}

static inline struct capture *capture_seeded(struct bed *bed, const char *spec, const char *text,
                                             uint64_t seed) {
    struct sparsity *sparsity = parse(spec);
    struct capture *capture = NULL;
    if (capture_run(&capture, bed->model, sparsity, text, seed, &bed->compute, &bed->error) < 0)
        fail_msg("%s", bed->error.message);
    sparsity_free(sparsity);
    return capture;
}

static inline struct capture *capture_text(struct bed *bed, const char *spec, const char *text) {
    return capture_seeded(bed, spec, text, 1);
}

static inline const struct tensor *vector(const struct safetensors *file, int sentence,
                                          const char *name) {
    char full[300];
    snprintf(full, sizeof(full), "s%d.%s", sentence, name);
    const struct tensor *tensor = safetensors_find(file, full);
    if (!tensor)
        fail_msg("no vector %s", full);
    return tensor;
}

static inline float *floats(const struct tensor *tensor) {
    float *values = malloc(tensor->count * sizeof(float));
    assert_non_null(values);
    assert_int_equal(tensor_to_float(tensor, values, NULL), 0);
    return values;
}

/* The text whose tokens are the vector's ids. */
static inline void text_of(const struct tensor *ids, char text[256]) {
    float *values = floats(ids);
    text[0] = '\0';
    for (size_t i = 1; i + 1 < ids->count; i++)
        snprintf(text + strlen(text), 256 - strlen(text), "w%d ", (int)values[i]);
    free(values);
}

#endif
