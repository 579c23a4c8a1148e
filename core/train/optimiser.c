/*
 * optimiser.c - AdamW over chunks of the weights.
 *
 * The weights are cut once into chunks of a fixed size. The pool shares the chunks, each of which
 * is read once for clipping, Adam, zeroing of the gradients and averaging; partial sums of the norm
 * are kept by chunk and added in order. So neither depends on the number of threads.
 *
 * Rows of the word embeddings that are not in the batch have a gradient of zero. Their steps are
 * deferred: made when a batch needs the row, or for all rows after DEFERRED_MOST steps, so that a
 * row passes through memory once for many steps. The steps are the same, one by one.
 */
#include "core/train/optimiser.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/kernels.h"
#include "core/kernel/profile.h"
#include "core/train/groups.h"

#define CHUNK_FLOATS ((size_t)32768)
#define CLIP_EPSILON 1e-6 /* of clip_grad_norm_ */

#define SUM_FLOATS ((size_t)16384) /* of rows that are summed over ranks at once */

#define DEFERRED_MOST 32 /* steps that rows of the word embeddings may lag behind */

/* What is known of a row of the word embeddings. */
enum { ROW_IN_BATCH = 1, ROW_HAS_MOMENTS = 2 };

/* One step of a group of weights: of matrices, which decay, and of the others. */
struct update {
    struct adam_update decaying, others;
    float average;
};

struct row_state {
    unsigned char flags; /* ROW_ */
    unsigned char done;  /* deferred steps that this row has made already */
};

struct chunk {
    float *weight, *gradient, *first, *second, *average; /* [count]; average may be NULL */
    size_t count;
    int group; /* groups.h */
    int decays;
    int row, rows; /* of the word embeddings; rows 0: another weight, updated whole in each step */
    double squares;
};

struct optimiser {
    struct model_config config;
    struct weights gradients, first, second;
    double weight_decay;
    double *rates;          /* [L+2] of the groups; 0: frozen, and then in no chunk */
    struct update *updates; /* [L+2] the present step of each group */
    struct pool *pool;
    const struct update_kernels *kernels;
    struct profile *profile;
    struct chunk *chunks;
    int chunk_count;
    struct chunk *word_chunks; /* those of the word embeddings, all but the last of equal size;
                                  NULL: frozen */
    int word_chunk_count;
    struct row_state *rows; /* [V] */
    int *touched;           /* [V] rows of the batch, each once */
    int touched_count;
    struct update deferred[DEFERRED_MOST]; /* the latest steps, which some rows have yet to make */
    int deferred_count;
};

/* ---- chunks ---------------------------------------------------------------------------------- */

/* Floats of one chunk: whole rows in the word embeddings. */
static size_t chunk_size(const struct weight *weight, int by_rows) {
    if (!by_rows)
        return CHUNK_FLOATS;
    size_t columns = (size_t)weight->columns;
    return columns < CHUNK_FLOATS ? CHUNK_FLOATS / columns * columns : columns;
}

/* Cuts weight `index` into chunks at `out` (NULL: only counts them). Returns how many. */
static int cut_weight(struct optimiser *optimiser, struct weights *live, struct weights *average,
                      int index, struct chunk *out) {
    const struct model_config *config = &optimiser->config;
    struct weight weight, gradient, first, second, averaged;
    weights_get(config, live, index, &weight);
    int group = groups_of(config, &weight);
    if (optimiser->rates[group] == 0)
        return 0;
    int by_rows = weight.pointer == &live->word_embeddings;
    size_t size = chunk_size(&weight, by_rows);
    int count = (int)((weight.count + size - 1) / size);
    if (!out)
        return count;
    weights_get(config, &optimiser->gradients, index, &gradient);
    weights_get(config, &optimiser->first, index, &first);
    weights_get(config, &optimiser->second, index, &second);
    if (average)
        weights_get(config, average, index, &averaged);
    for (int i = 0; i < count; i++) {
        size_t begin = (size_t)i * size;
        size_t length = weight.count - begin < size ? weight.count - begin : size;
        out[i] = (struct chunk){.weight = *weight.pointer + begin,
                                .gradient = *gradient.pointer + begin,
                                .first = *first.pointer + begin,
                                .second = *second.pointer + begin,
                                .average = average ? *averaged.pointer + begin : NULL,
                                .count = length,
                                .group = group,
                                .decays = weight.kind == WEIGHT_MATRIX};
        if (by_rows) {
            out[i].row = (int)(begin / (size_t)weight.columns);
            out[i].rows = (int)(length / (size_t)weight.columns);
        }
    }
    return count;
}

static int make_chunks(struct optimiser *optimiser, struct weights *live, struct weights *average,
                       struct sawb_error *error) {
    int weights = weights_count(&optimiser->config);
    for (int i = 0; i < weights; i++)
        optimiser->chunk_count += cut_weight(optimiser, live, average, i, NULL);
    optimiser->chunks = calloc((size_t)optimiser->chunk_count, sizeof(*optimiser->chunks));
    optimiser->rows = calloc((size_t)optimiser->config.vocabulary, sizeof(*optimiser->rows));
    optimiser->touched = calloc((size_t)optimiser->config.vocabulary, sizeof(*optimiser->touched));
    if (!optimiser->chunks || !optimiser->rows || !optimiser->touched)
        return error_set(error, "train: out of memory for the optimiser");
    int used = 0;
    for (int i = 0; i < weights; i++) {
        int first = used;
        used += cut_weight(optimiser, live, average, i, optimiser->chunks + used);
        if (used == first || optimiser->chunks[first].rows == 0)
            continue;
        optimiser->word_chunks = optimiser->chunks + first;
        optimiser->word_chunk_count = used - first;
    }
    return 0;
}

/* Copies the rates, and takes the gradients of frozen weights away. */
static int set_rates(struct optimiser *optimiser, const double *rates, struct sawb_error *error) {
    const struct model_config *config = &optimiser->config;
    size_t groups = (size_t)groups_count(config);
    optimiser->rates = calloc(groups, sizeof(*optimiser->rates));
    optimiser->updates = calloc(groups, sizeof(*optimiser->updates));
    if (!optimiser->rates || !optimiser->updates)
        return error_set(error, "train: out of memory for the optimiser");
    for (size_t group = 0; group < groups; group++)
        optimiser->rates[group] = rates ? rates[group] : 1;
    for (int i = 0; i < weights_count(config); i++) {
        struct weight gradient;
        weights_get(config, &optimiser->gradients, i, &gradient);
        if (optimiser->rates[groups_of(config, &gradient)] == 0)
            *gradient.pointer = NULL;
    }
    return 0;
}

int optimiser_create(struct optimiser **created, const struct model_config *config,
                     struct weights *live, struct weights *average, double weight_decay,
                     const double *rates, const struct compute *compute, struct sawb_error *error) {
    struct optimiser *optimiser = calloc(1, sizeof(*optimiser));
    *created = NULL;
    if (!optimiser)
        return error_set(error, "train: out of memory for the optimiser");
    optimiser->config = *config;
    optimiser->weight_decay = weight_decay;
    optimiser->pool = compute->pool;
    optimiser->kernels = compute->kernels->update;
    optimiser->profile = compute->profile;
    if (weights_allocate(&optimiser->gradients, config, error) < 0 ||
        weights_allocate(&optimiser->first, config, error) < 0 ||
        weights_allocate(&optimiser->second, config, error) < 0 ||
        set_rates(optimiser, rates, error) < 0 ||
        make_chunks(optimiser, live, average, error) < 0) {
        error_prefix(error, "gradients and moments");
        optimiser_free(optimiser);
        return -1;
    }
    *created = optimiser;
    return 0;
}

void optimiser_free(struct optimiser *optimiser) {
    if (!optimiser)
        return;
    weights_free(&optimiser->gradients, &optimiser->config);
    weights_free(&optimiser->first, &optimiser->config);
    weights_free(&optimiser->second, &optimiser->config);
    free(optimiser->rates);
    free(optimiser->updates);
    free(optimiser->chunks);
    free(optimiser->rows);
    free(optimiser->touched);
    free(optimiser);
}

struct weights *optimiser_gradients(struct optimiser *optimiser) {
    return &optimiser->gradients;
}

struct weights *optimiser_first_moments(struct optimiser *optimiser) {
    return &optimiser->first;
}

struct weights *optimiser_second_moments(struct optimiser *optimiser) {
    return &optimiser->second;
}

/* ---- the global norm ------------------------------------------------------------------------- */

static void chunk_squares(void *user, int index) {
    struct optimiser *optimiser = user;
    struct chunk *chunk = &optimiser->chunks[index];
    if (chunk->rows == 0) {
        chunk->squares = optimiser->kernels->squares(chunk->gradient, chunk->count);
        return;
    }
    size_t columns = chunk->count / (size_t)chunk->rows;
    chunk->squares = 0;
    for (int row = 0; row < chunk->rows; row++)
        if (optimiser->rows[chunk->row + row].flags & ROW_IN_BATCH)
            chunk->squares +=
                optimiser->kernels->squares(chunk->gradient + (size_t)row * columns, columns);
}

double optimiser_norm(struct optimiser *optimiser) {
    pool_run(optimiser->pool, optimiser->chunk_count, chunk_squares, optimiser);
    double sum = 0;
    for (int i = 0; i < optimiser->chunk_count; i++)
        sum += optimiser->chunks[i].squares;
    profile_lap(optimiser->profile, OPERATION_GRADIENT_NORM, 0, 0);
    return sqrt(sum);
}

/* ---- rows of the word embeddings ------------------------------------------------------------- */

/* Makes the deferred steps that row `row` of the chunk has not made, one after the other: all of
 * them fit in the nearest cache. */
static void catch_up(struct optimiser *optimiser, const struct chunk *chunk, int row) {
    struct row_state *state = &optimiser->rows[chunk->row + row];
    const struct update_kernels *kernels = optimiser->kernels;
    size_t columns = chunk->count / (size_t)chunk->rows, at = (size_t)row * columns;
    for (int i = state->done; i < optimiser->deferred_count; i++) {
        const struct update *update = &optimiser->deferred[i];
        const struct adam_update *adam = &update->decaying;
        if (state->flags & ROW_HAS_MOMENTS)
            kernels->adam_idle(chunk->weight + at, chunk->first + at, chunk->second + at, columns,
                               adam);
        else if (adam->keep != 1)
            kernels->scale(chunk->weight + at, columns, adam->keep);
        if (chunk->average)
            kernels->follow(chunk->average + at, chunk->weight + at, columns, update->average);
    }
    state->done = (unsigned char)optimiser->deferred_count;
}

static const struct chunk *chunk_of_row(const struct optimiser *optimiser, int row) {
    const struct chunk *chunk = optimiser->word_chunks;
    return &chunk[row / chunk->rows];
}

static void catch_up_touched(void *user, int index) {
    struct optimiser *optimiser = user;
    int row = optimiser->touched[index];
    const struct chunk *chunk = chunk_of_row(optimiser, row);
    catch_up(optimiser, chunk, row - chunk->row);
}

static void catch_up_chunk(void *user, int index) {
    struct optimiser *optimiser = user;
    const struct chunk *chunk = &optimiser->word_chunks[index];
    for (int row = 0; row < chunk->rows; row++)
        catch_up(optimiser, chunk, row);
}

void optimiser_settle(struct optimiser *optimiser) {
    if (optimiser->deferred_count == 0)
        return;
    pool_run(optimiser->pool, optimiser->word_chunk_count, catch_up_chunk, optimiser);
    optimiser->deferred_count = 0;
    for (int row = 0; row < optimiser->config.vocabulary; row++)
        optimiser->rows[row].done = 0;
}

void optimiser_touch(struct optimiser *optimiser, const int *ids, int count) {
    if (!optimiser->word_chunks)
        return;
    for (int i = 0; i < count; i++) {
        struct row_state *row = &optimiser->rows[ids[i]];
        if (!(row->flags & ROW_IN_BATCH))
            optimiser->touched[optimiser->touched_count++] = ids[i];
        row->flags |= ROW_IN_BATCH;
    }
    pool_run(optimiser->pool, optimiser->touched_count, catch_up_touched, optimiser);
    profile_lap(optimiser->profile, OPERATION_CATCH_UP, 0, 0);
}

/* ---- sums over ranks ------------------------------------------------------------------------- */

/* Weights lie one after the other in one block, so that a few long sums do for all of them. */
static void sum_whole(struct optimiser *optimiser, struct ranks *ranks) {
    const size_t padding = WEIGHT_ALIGNMENT / sizeof(float);
    const struct chunk *chunk = optimiser->chunks, *last = chunk + optimiser->chunk_count;
    while (chunk < last) {
        float *begin = chunk->gradient, *end = begin;
        for (; chunk < last && chunk->rows == 0 && chunk->gradient >= end &&
               (size_t)(chunk->gradient - end) < padding;
             chunk++)
            end = chunk->gradient + chunk->count;
        ranks_sum_floats(ranks, begin, (size_t)(end - begin));
        chunk += begin == end; /* of the word embeddings */
    }
}

static float *gradient_of_row(const struct optimiser *optimiser, int row) {
    size_t columns = (size_t)optimiser->config.hidden;
    return optimiser->gradients.word_embeddings + (size_t)row * columns;
}

/* The rows of the batch, brought together in pieces. */
static void sum_touched(struct optimiser *optimiser, struct ranks *ranks) {
    float together[SUM_FLOATS];
    size_t columns = (size_t)optimiser->config.hidden, bytes = columns * sizeof(float);
    int most = columns < SUM_FLOATS ? (int)(SUM_FLOATS / columns) : 1;
    for (int done = 0; done < optimiser->touched_count; done += most) {
        const int *rows = optimiser->touched + done;
        int left = optimiser->touched_count - done, count = left < most ? left : most;
        if (count == 1) {
            ranks_sum_floats(ranks, gradient_of_row(optimiser, rows[0]), columns);
            continue;
        }
        for (int i = 0; i < count; i++)
            memcpy(together + (size_t)i * columns, gradient_of_row(optimiser, rows[i]), bytes);
        ranks_sum_floats(ranks, together, (size_t)count * columns);
        for (int i = 0; i < count; i++)
            memcpy(gradient_of_row(optimiser, rows[i]), together + (size_t)i * columns, bytes);
    }
}

void optimiser_sum(struct optimiser *optimiser, struct ranks *ranks) {
    if (!ranks)
        return;
    sum_whole(optimiser, ranks);
    sum_touched(optimiser, ranks);
}

/* ---- the update ------------------------------------------------------------------------------ */

static void update_part(const struct optimiser *optimiser, const struct chunk *chunk, size_t at,
                        size_t count) {
    const struct update *update = &optimiser->updates[chunk->group];
    optimiser->kernels->adam(chunk->weight + at, chunk->gradient + at, chunk->first + at,
                             chunk->second + at, count,
                             chunk->decays ? &update->decaying : &update->others);
    if (chunk->average)
        optimiser->kernels->follow(chunk->average + at, chunk->weight + at, count, update->average);
}

static void update_chunk(void *user, int index) {
    const struct optimiser *optimiser = user;
    const struct chunk *chunk = &optimiser->chunks[index];
    if (chunk->rows == 0)
        update_part(optimiser, chunk, 0, chunk->count);
}

static void update_touched(void *user, int index) {
    const struct optimiser *optimiser = user;
    int row = optimiser->touched[index];
    const struct chunk *chunk = chunk_of_row(optimiser, row);
    size_t columns = chunk->count / (size_t)chunk->rows;
    update_part(optimiser, chunk, (size_t)(row - chunk->row) * columns, columns);
}

/* The rows of the batch have made the step just added to the deferred ones, and have moments. */
static void end_batch(struct optimiser *optimiser, int updated) {
    for (int i = 0; i < optimiser->touched_count; i++) {
        struct row_state *row = &optimiser->rows[optimiser->touched[i]];
        row->flags &= (unsigned char)~ROW_IN_BATCH;
        if (updated) {
            row->flags |= ROW_HAS_MOMENTS;
            row->done = (unsigned char)optimiser->deferred_count;
        }
    }
    optimiser->touched_count = 0;
}

/* Weight, gradient and moments, read and written. */
static double updated_bytes(const struct optimiser *optimiser) {
    double floats = (double)optimiser->touched_count * optimiser->config.hidden;
    for (int i = 0; i < optimiser->chunk_count; i++)
        if (optimiser->chunks[i].rows == 0)
            floats += (double)optimiser->chunks[i].count;
    return 8 * sizeof(float) * floats;
}

void optimiser_update(struct optimiser *optimiser, const struct optimiser_step *step) {
    double t = (double)step->step;
    double clip = step->clip > 0 ? fmin(1, step->clip / (step->norm + CLIP_EPSILON)) : 1;
    for (int group = 0; group < groups_count(&optimiser->config); group++) {
        double rate = step->rate * optimiser->rates[group];
        struct adam_update adam = {.clip = (float)clip,
                                   .keep = 1,
                                   .rate = (float)(rate / (1 - pow(ADAM_BETA_1, t))),
                                   .root = (float)sqrt(1 - pow(ADAM_BETA_2, t))};
        struct update *update = &optimiser->updates[group];
        *update = (struct update){adam, adam, (float)(1 - step->average_decay)};
        update->decaying.keep = (float)(1 - rate * optimiser->weight_decay);
    }
    pool_run(optimiser->pool, optimiser->chunk_count, update_chunk, optimiser);
    pool_run(optimiser->pool, optimiser->touched_count, update_touched, optimiser);
    profile_lap(optimiser->profile, OPERATION_UPDATE, 0, updated_bytes(optimiser));
    if (!optimiser->word_chunks)
        return;
    optimiser->deferred[optimiser->deferred_count] =
        optimiser->updates[optimiser->word_chunks->group];
    optimiser->deferred_count++;
    end_batch(optimiser, 1);
    if (optimiser->deferred_count == DEFERRED_MOST)
        optimiser_settle(optimiser);
    profile_lap(optimiser->profile, OPERATION_CATCH_UP, 0, 0);
}

static void chunk_clear(void *user, int index) {
    struct optimiser *optimiser = user;
    struct chunk *chunk = &optimiser->chunks[index];
    memset(chunk->gradient, 0, chunk->count * sizeof(*chunk->gradient));
}

void optimiser_clear(struct optimiser *optimiser) {
    pool_run(optimiser->pool, optimiser->chunk_count, chunk_clear, optimiser);
    end_batch(optimiser, 0);
}

void optimiser_moments_changed(struct optimiser *optimiser) {
    size_t columns = (size_t)optimiser->config.hidden;
    optimiser->deferred_count = 0;
    for (int row = 0; row < optimiser->config.vocabulary; row++) {
        const float *first = optimiser->first.word_embeddings + (size_t)row * columns;
        const float *second = optimiser->second.word_embeddings + (size_t)row * columns;
        int moves = 0;
        for (size_t i = 0; i < columns && !moves; i++)
            moves = first[i] != 0 || second[i] != 0;
        optimiser->rows[row] = (struct row_state){.flags = moves ? ROW_HAS_MOMENTS : 0};
    }
}
