/*
 * batch.h - a data set as word pieces, and batches packed without padding.
 *
 *     token_set_create(&set, tokenizer, dataset, rows, count, 128, pool, &error);
 *     batch_room_create(&room, &set, 32, &error);
 *     batch_pack(&room, &set, order, 32);
 *     ... room.batch, room.labels ...
 */
#ifndef SAWB_CORE_TRAIN_BATCH_H
#define SAWB_CORE_TRAIN_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/pool.h"
#include "core/model/encoder.h"
#include "core/text/dataset.h"
#include "core/text/tokenizer.h"

struct token_set {
    int count;       /* sentences */
    size_t *offsets; /* [count+1] where each begins in ids */
    int *ids;        /* word pieces of all, [CLS] and [SEP] among them */
    int *labels;     /* [count]; -1: none */
    int *lines;      /* [count] line in the file, from 1 */
    int *rows;       /* [count] row in the data set, from 0 */
    int truncated;   /* sentences that were cut to the limit */
};

/* Encodes `count` rows of the data set (`rows` NULL: the first `count`), at most `limit` tokens
 * each. The work is split over the pool. The result owns all it holds. */
int token_set_create(struct token_set *set, const struct tokenizer *tokenizer,
                     const struct dataset *dataset, const int *rows, int count, int limit,
                     struct pool *pool, struct sawb_error *error);
void token_set_free(struct token_set *set);

static inline int token_set_length(const struct token_set *set, int sentence) {
    return (int)(set->offsets[sentence + 1] - set->offsets[sentence]);
}

/* Of all word pieces, labels and lines: two sets that differ have different numbers, as far as 64
 * bits go. */
uint64_t token_set_fingerprint(const struct token_set *set);

/* Replaces the labels of round(share * count) sentences, chosen by the seed, each by one of the
 * other `classes` - 1, chosen by the seed. */
int token_set_add_noise(struct token_set *set, double share, int classes, uint64_t seed,
                        struct sawb_error *error);

/*
 * Chooses round(fraction * total), at least one, of the rows 0..total-1 by the seed, in ascending
 * order. A larger fraction holds the rows of a smaller one. *rows is owned by the caller (free).
 */
int choose_rows(int **rows, int *count, int total, double fraction, uint64_t seed,
                struct sawb_error *error);

/* Where batches are packed into; allocated once for the largest. */
struct batch_room {
    struct encoder_batch batch;
    int *offsets; /* [B+1] */
    int *ids;     /* [N] */
    int *labels;  /* [B] */
    int *part;    /* [B+1] offsets of a part of the batch (slice.h) */
    int tokens;   /* N of the largest batch, */
    size_t pairs; /* and its Σ T² */
};

/* Makes room for any `sentences` of the set. */
int batch_room_create(struct batch_room *room, const struct token_set *set, int sentences,
                      struct sawb_error *error);
void batch_room_free(struct batch_room *room);

/* What batches come to. Each number is that of the batch that has most of it. */
struct batch_most {
    int sentences, tokens; /* B, N */
    int longest;           /* T */
};

/* Looks at the batches of up to `batch` of the sentences chosen[0..count) (NULL: 0, 1, ...); *most
 * only grows. */
void batch_look(struct batch_most *most, const struct token_set *set, const int *chosen, int count,
                int batch);

/* Packs the sentences chosen[0..count) of the set one after the other. */
void batch_pack(struct batch_room *room, const struct token_set *set, const int *chosen, int count);

#endif
