/*
 * optimiser.c - AdamW over chunks of the weights.
 *
 * The weights are cut once into chunks of a fixed size. The pool shares the chunks, each of which
 * is read once for clipping, Adam, zeroing of the gradients and averaging; partial sums of the norm
 * are kept by chunk and added in order. So neither depends on the number of threads.
 */
#include "core/train/optimiser.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_FLOATS ((size_t)32768)
#define BETA_1 0.9
#define BETA_2 0.999
#define EPSILON 1e-8
#define CLIP_EPSILON 1e-6 /* of clip_grad_norm_ */
#define LANES 16          /* partial sums of a norm, so that the compiler may use vectors */

/* What is known of a row of the word embeddings. */
enum { ROW_IN_BATCH = 1, ROW_HAS_MOMENTS = 2 };

struct chunk {
    float *weight, *gradient, *first, *second, *average; /* [count]; average may be NULL */
    size_t count;
    int decays;
    int row, rows; /* of the word embeddings; rows 0: another weight, always updated whole */
    double squares;
};

struct optimiser {
    struct model_config config;
    struct weights gradients, first, second;
    double weight_decay;
    struct pool *pool;
    struct chunk *chunks;
    int chunk_count;
    unsigned char *rows; /* [V] ROW_ flags */
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
    optimiser->rows = calloc((size_t)optimiser->config.vocabulary, 1);
    if (!optimiser->chunks || !optimiser->rows)
        return error_set(error, "train: out of memory for the optimiser");
    int used = 0;
    for (int i = 0; i < weights; i++)
        used += cut_weight(optimiser, live, average, i, optimiser->chunks + used);
    return 0;
}

int optimiser_create(struct optimiser **created, const struct model_config *config,
                     struct weights *live, struct weights *average, double weight_decay,
                     struct pool *pool, struct sawb_error *error) {
    struct optimiser *optimiser = calloc(1, sizeof(*optimiser));
    *created = NULL;
    if (!optimiser)
        return error_set(error, "train: out of memory for the optimiser");
    optimiser->config = *config;
    optimiser->weight_decay = weight_decay;
    optimiser->pool = pool;
    if (weights_allocate(&optimiser->gradients, config, error) < 0 ||
        weights_allocate(&optimiser->first, config, error) < 0 ||
        weights_allocate(&optimiser->second, config, error) < 0 ||
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
    free(optimiser->chunks);
    free(optimiser->rows);
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

void optimiser_touch(struct optimiser *optimiser, const int *ids, int count) {
    for (int i = 0; i < count; i++)
        optimiser->rows[ids[i]] |= ROW_IN_BATCH;
}

/* ---- runs of rows ---------------------------------------------------------------------------- */

/*
 * The stretches of a chunk whose floats are treated alike: all of it, or consecutive rows of the
 * word embeddings with the same flags. Returns 0 past the last; *at is to begin with 0.
 */
static int next_stretch(const struct optimiser *optimiser, const struct chunk *chunk, size_t *at,
                        size_t *length, int *flags) {
    if (*at >= chunk->count)
        return 0;
    *length = chunk->count - *at;
    *flags = ROW_IN_BATCH | ROW_HAS_MOMENTS;
    if (chunk->rows == 0)
        return 1;
    size_t columns = chunk->count / (size_t)chunk->rows;
    int row = (int)(*at / columns), end = row + 1;
    const unsigned char *rows = optimiser->rows + chunk->row;
    while (end < chunk->rows && rows[end] == rows[row])
        end++;
    *length = (size_t)(end - row) * columns;
    *flags = rows[row];
    return 1;
}

/* ---- the global norm ------------------------------------------------------------------------- */

static double sum_of_squares(const float *x, size_t count) {
    double lanes[LANES] = {0};
    size_t whole = count / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (int lane = 0; lane < LANES; lane++)
            lanes[lane] += (double)x[i + (size_t)lane] * (double)x[i + (size_t)lane];
    double sum = 0;
    for (size_t i = whole; i < count; i++)
        sum += (double)x[i] * (double)x[i];
    for (int lane = 0; lane < LANES; lane++)
        sum += lanes[lane];
    return sum;
}

static void chunk_squares(void *user, int index) {
    struct optimiser *optimiser = user;
    struct chunk *chunk = &optimiser->chunks[index];
    double sum = 0;
    size_t length;
    int flags;
    for (size_t at = 0; next_stretch(optimiser, chunk, &at, &length, &flags); at += length)
        if (flags & ROW_IN_BATCH)
            sum += sum_of_squares(chunk->gradient + at, length);
    chunk->squares = sum;
}

double optimiser_norm(struct optimiser *optimiser) {
    pool_run(optimiser->pool, optimiser->chunk_count, chunk_squares, optimiser);
    double sum = 0;
    for (int i = 0; i < optimiser->chunk_count; i++)
        sum += optimiser->chunks[i].squares;
    return sqrt(sum);
}

/* ---- the update ------------------------------------------------------------------------------ */

/* The numbers of one step, rounded to float where PyTorch rounds its scalars. */
struct update {
    struct optimiser *optimiser;
    float clip;
    float keep; /* 1 - rate * decay */
    float rate; /* rate / (1 - β1ᵗ) */
    float root; /* √(1 - β2ᵗ) */
    float average;
};

static void adam(float *restrict weight, float *restrict gradient, float *restrict first,
                 float *restrict second, size_t count, const struct update *update, float keep) {
    const float lerp = (float)(1 - BETA_1), decay = (float)BETA_2, fresh = (float)(1 - BETA_2);
    const float clip = update->clip, rate = -update->rate, root = update->root;
    for (size_t i = 0; i < count; i++) {
        float g = gradient[i] * clip;
        float m = first[i] + lerp * (g - first[i]);
        float v = second[i] * decay + fresh * g * g;
        weight[i] = weight[i] * keep + rate * m / (sqrtf(v) / root + (float)EPSILON);
        first[i] = m;
        second[i] = v;
        gradient[i] = 0;
    }
}

static void scale(float *weight, size_t count, float factor) {
    for (size_t i = 0; i < count; i++)
        weight[i] *= factor;
}

static void follow(float *restrict average, const float *restrict weight, size_t count,
                   float share) {
    for (size_t i = 0; i < count; i++)
        average[i] += share * (weight[i] - average[i]);
}

static void chunk_update(void *user, int index) {
    const struct update *update = user;
    struct chunk *chunk = &update->optimiser->chunks[index];
    float keep = chunk->decays ? update->keep : 1;
    size_t length;
    int flags;
    for (size_t at = 0; next_stretch(update->optimiser, chunk, &at, &length, &flags);
         at += length) {
        if (flags)
            adam(chunk->weight + at, chunk->gradient + at, chunk->first + at, chunk->second + at,
                 length, update, keep);
        else if (keep != 1)
            scale(chunk->weight + at, length, keep);
    }
    if (chunk->average)
        follow(chunk->average, chunk->weight, chunk->count, update->average);
}

/* Rows of the batch have moments from now on. */
static void end_batch(struct optimiser *optimiser, int updated) {
    for (int row = 0; row < optimiser->config.vocabulary; row++) {
        if (updated && (optimiser->rows[row] & ROW_IN_BATCH))
            optimiser->rows[row] |= ROW_HAS_MOMENTS;
        optimiser->rows[row] &= (unsigned char)~ROW_IN_BATCH;
    }
}

void optimiser_update(struct optimiser *optimiser, const struct optimiser_step *step) {
    double t = (double)step->step;
    double clip = step->clip > 0 ? fmin(1, step->clip / (step->norm + CLIP_EPSILON)) : 1;
    struct update update = {.optimiser = optimiser,
                            .clip = (float)clip,
                            .keep = (float)(1 - step->rate * optimiser->weight_decay),
                            .rate = (float)(step->rate / (1 - pow(BETA_1, t))),
                            .root = (float)sqrt(1 - pow(BETA_2, t)),
                            .average = (float)(1 - step->average_decay)};
    pool_run(optimiser->pool, optimiser->chunk_count, chunk_update, &update);
    end_batch(optimiser, 1);
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
    for (int row = 0; row < optimiser->config.vocabulary; row++) {
        const float *first = optimiser->first.word_embeddings + (size_t)row * columns;
        const float *second = optimiser->second.word_embeddings + (size_t)row * columns;
        int moves = 0;
        for (size_t i = 0; i < columns && !moves; i++)
            moves = first[i] != 0 || second[i] != 0;
        optimiser->rows[row] = moves ? ROW_HAS_MOMENTS : 0;
    }
}
