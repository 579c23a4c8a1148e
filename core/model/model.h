/*
 * model.h - a sequence classifier from a Hugging Face directory.
 *
 *     struct model *model;
 *     model_open(&model, "models/minilm", &(struct model_options){.seed = 1}, &error);
 *     ... model->config, model->weights, model->tokenizer ...
 *     model_release(model);
 *
 * A model that was opened is read-only: its weights point into the mapped file where that is
 * float32, and any number of arms share it and what is packed of it (packed.h). Training works on a
 * copy (model_copy) that owns its weights.
 */
#ifndef SAWB_CORE_MODEL_MODEL_H
#define SAWB_CORE_MODEL_MODEL_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/base/file.h"
#include "core/model/weights.h"
#include "core/text/tokenizer.h"

struct model {
    struct model_config config;
    struct weights weights;
    struct tokenizer *tokenizer;
    cJSON *json;     /* config.json as it was read */
    char *directory; /* as it was opened; "" for a new model */
    /* What was not in the files, e.g. "new classifier head (seed 1)"; empty: nothing. */
    char note[256];
    uint64_t fingerprint; /* of all weights as they were opened, for telling models apart */
    struct file_map map;  /* the weights that are not in weights.block point into it */
    atomic_int references;
};

struct model_options {
    uint64_t seed; /* of a new head */
    int labels;    /* K of a new head; 0: as config.json says, which is 2 when it says nothing */
};

/*
 * Opens and checks config.json, model.safetensors and vocab.txt. The weights (F32, F16 or BF16, all
 * finite) may carry a sequence classifier's names, or an encoder's without "bert." or
 * "distilbert.", also with the older LayerNorm.gamma and beta; tensors of other heads are left
 * aside, and said in the note. A pooler or classifier that is missing is made anew from the seed;
 * any other missing weight is an error.
 */
int model_open(struct model **model, const char *directory, const struct model_options *options,
               struct sawb_error *error);

/* A new encoder with random weights (normal, 0.02; biases 0; norms 1), e.g. for training from
 * scratch. Takes over the tokenizer unless it fails. */
int model_create(struct model **model, const struct model_config *config,
                 struct tokenizer *tokenizer, uint64_t seed, struct sawb_error *error);

/* A copy that owns its weights and may be trained. Shares the tokenizer. */
int model_copy(struct model **copy, const struct model *source, struct sawb_error *error);

/* Any thread may retain and release. */
struct model *model_retain(struct model *model);
void model_release(struct model *model); /* NULL is fine */

/* The fingerprint of the weights as they are now: equal values, equal fingerprint, however they are
 * stored. */
uint64_t model_fingerprint(const struct model *model);

enum model_storage { STORE_F32, STORE_F16 };

/*
 * Writes config.json, model.safetensors, vocab.txt and tokenizer_config.json, each atomically;
 * `transformers` opens the folder as it is. The weights are written first, under a temporary name,
 * since that is what may fail (a full disk, a weight too large for float16), and put in their place
 * last.
 */
int model_save(const struct model *model, const char *directory, enum model_storage storage,
               struct sawb_error *error);

/* The position limit for a sentence, [CLS] and [SEP] included. */
int model_token_limit(const struct model *model);

#endif
