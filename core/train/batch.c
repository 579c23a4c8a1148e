/*
 * batch.c - tokenising a data set once, choosing rows of it, packing batches.
 */
#include "core/train/batch.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"

/* ---- tokenising ------------------------------------------------------------------------------ */

#define ROWS_PER_PART 256

/* A part of the rows: what one call of the pool's body encodes. */
struct part {
    int *ids;
    size_t used, capacity;
    int truncated, failed;
    struct sawb_error error;
};

struct tokenising {
    struct token_set *set;
    const struct tokenizer *tokenizer;
    const struct dataset *dataset;
    int limit;
    struct part *parts;
};

static int part_append(struct part *part, const struct encoding *encoding) {
    size_t count = (size_t)encoding->count;
    if (count > part->capacity - part->used) {
        size_t capacity = 2 * part->capacity + count + 4096;
        int *larger = realloc(part->ids, capacity * sizeof(*larger));
        if (!larger)
            return error_set(&part->error, "out of memory for %zu word pieces", capacity);
        part->ids = larger;
        part->capacity = capacity;
    }
    memcpy(part->ids + part->used, encoding->ids, count * sizeof(*part->ids));
    part->used += count;
    part->truncated += encoding->truncated;
    return 0;
}

static int encode_sentence(struct tokenising *work, struct part *part, int sentence) {
    struct token_set *set = work->set;
    const struct example *example = &work->dataset->examples[set->rows[sentence]];
    struct encoding encoding;
    if (tokenizer_encode(work->tokenizer, example->text, example->length, work->limit, &encoding,
                         &part->error) < 0)
        return error_prefix(&part->error, "%s: line %d", work->dataset->path, example->line);
    int status = part_append(part, &encoding);
    set->offsets[sentence + 1] = (size_t)encoding.count; /* a length until all are known */
    set->labels[sentence] = example->label;
    set->lines[sentence] = example->line;
    encoding_free(&encoding);
    return status;
}

static void encode_part(void *user, int index) {
    struct tokenising *work = user;
    struct part *part = &work->parts[index];
    int first = index * ROWS_PER_PART;
    int count = work->set->count - first < ROWS_PER_PART ? work->set->count - first : ROWS_PER_PART;
    for (int i = 0; i < count && !part->failed; i++)
        part->failed = encode_sentence(work, part, first + i) < 0;
}

/* Puts the parts' word pieces into one block, lengths become offsets. */
static int join_parts(struct token_set *set, const struct part *parts, int count,
                      struct sawb_error *error) {
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        if (parts[i].failed)
            return error_set(error, "%s", parts[i].error.message);
        total += parts[i].used;
        set->truncated += parts[i].truncated;
    }
    set->ids = malloc((total + 1) * sizeof(*set->ids));
    if (!set->ids)
        return error_set(error, "out of memory for %zu word pieces", total);
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        if (parts[i].used > 0)
            memcpy(set->ids + used, parts[i].ids, parts[i].used * sizeof(*set->ids));
        used += parts[i].used;
    }
    for (int i = 0; i < set->count; i++)
        set->offsets[i + 1] += set->offsets[i];
    return 0;
}

int token_set_create(struct token_set *set, const struct tokenizer *tokenizer,
                     const struct dataset *dataset, const int *rows, int count, int limit,
                     struct pool *pool, struct sawb_error *error) {
    *set = (struct token_set){.count = count};
    int part_count = (int)(((int64_t)count + ROWS_PER_PART - 1) / ROWS_PER_PART);
    size_t room = (size_t)count + 1;
    struct part *parts = calloc((size_t)part_count + 1, sizeof(*parts));
    set->offsets = calloc(room, sizeof(*set->offsets));
    set->labels = malloc(room * sizeof(*set->labels));
    set->lines = malloc(room * sizeof(*set->lines));
    set->rows = malloc(room * sizeof(*set->rows));
    int status = -1;
    if (!parts || !set->offsets || !set->labels || !set->lines || !set->rows) {
        error_set(error, "%s: out of memory for %d tokenised sentences", dataset->path, count);
    } else {
        for (int i = 0; i < count; i++)
            set->rows[i] = rows ? rows[i] : i;
        struct tokenising work = {set, tokenizer, dataset, limit, parts};
        pool_run(pool, part_count, encode_part, &work);
        status = join_parts(set, parts, part_count, error);
    }
    for (int i = 0; parts && i < part_count; i++)
        free(parts[i].ids);
    free(parts);
    if (status < 0)
        token_set_free(set);
    return status;
}

void token_set_free(struct token_set *set) {
    free(set->offsets);
    free(set->ids);
    free(set->labels);
    free(set->lines);
    free(set->rows);
    *set = (struct token_set){0};
}

uint64_t token_set_fingerprint(const struct token_set *set) {
    uint64_t print = random_mix((uint64_t)set->count + 1);
    for (int i = 0; i < set->count; i++) {
        print = random_mix(print ^ (uint64_t)(uint32_t)set->labels[i]);
        print = random_mix(print + (uint64_t)(uint32_t)set->lines[i]);
        for (size_t at = set->offsets[i]; at < set->offsets[i + 1]; at++)
            print = random_mix(print + (uint64_t)(uint32_t)set->ids[at] + 1);
    }
    return print;
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* A seeded permutation of 0..count-1, owned by the caller. */
static int *shuffled(int count, uint64_t seed, enum random_purpose purpose,
                     struct sawb_error *error) {
    int *order = malloc(((size_t)count + 1) * sizeof(*order));
    if (!order) {
        error_set(error, "out of memory for an order of %d rows", count);
        return NULL;
    }
    random_permutation(random_key(seed, purpose, 0, 0), order, count);
    return order;
}

static int ascending(const void *a, const void *b) {
    int left = *(const int *)a, right = *(const int *)b;
    return (left > right) - (left < right);
}

int choose_rows(int **rows, int *count, int total, double fraction, uint64_t seed,
                struct sawb_error *error) {
    *rows = shuffled(total, seed, RANDOM_FRACTION, error);
    if (!*rows)
        return -1;
    int wanted = (int)llround(fraction * total);
    *count = wanted < 1 ? (total > 0) : wanted > total ? total : wanted;
    qsort(*rows, (size_t)*count, sizeof(**rows), ascending);
    return 0;
}

int token_set_add_noise(struct token_set *set, double share, int classes, uint64_t seed,
                        struct sawb_error *error) {
    int changed = (int)llround(share * set->count);
    if (changed == 0)
        return 0;
    if (classes < 2)
        return error_set(error, "train: label noise needs at least two labels, the model has %d",
                         classes);
    int *order = shuffled(set->count, seed, RANDOM_LABEL_NOISE, error);
    if (!order)
        return -1;
    uint64_t key = random_key(seed, RANDOM_LABEL_NOISE, 1, 0);
    for (int i = 0; i < changed; i++) {
        int sentence = order[i];
        int distance = 1 + (int)(random_uniform(key, (uint64_t)sentence) * (classes - 1));
        set->labels[sentence] = (set->labels[sentence] + distance) % classes;
    }
    free(order);
    return 0;
}

/* ---- packing --------------------------------------------------------------------------------- */

static int descending(const void *a, const void *b) {
    return ascending(b, a);
}

/* N and Σ T² of the `sentences` longest. */
static int largest_batch(struct batch_room *room, const struct token_set *set, int sentences,
                         struct sawb_error *error) {
    int *lengths = malloc(((size_t)set->count + 1) * sizeof(*lengths));
    if (!lengths)
        return error_set(error, "out of memory for the lengths of %d sentences", set->count);
    for (int i = 0; i < set->count; i++)
        lengths[i] = token_set_length(set, i);
    qsort(lengths, (size_t)set->count, sizeof(*lengths), descending);
    int64_t sum = 0;
    for (int i = 0; i < sentences && i < set->count; i++) {
        sum += lengths[i];
        room->pairs += (size_t)lengths[i] * (size_t)lengths[i];
    }
    free(lengths);
    if (sum > INT_MAX)
        return error_set(
            error,
            "a batch of %d sentences may have %lld tokens, which is too many; choose a "
            "smaller batch size",
            sentences, (long long)sum);
    room->tokens = (int)sum;
    return 0;
}

int batch_room_create(struct batch_room *room, const struct token_set *set, int sentences,
                      struct sawb_error *error) {
    *room = (struct batch_room){0};
    if (largest_batch(room, set, sentences, error) < 0)
        return -1;
    room->offsets = calloc((size_t)sentences + 1, sizeof(*room->offsets));
    room->ids = malloc(((size_t)room->tokens + 1) * sizeof(*room->ids));
    room->labels = malloc(((size_t)sentences + 1) * sizeof(*room->labels));
    room->part = calloc((size_t)sentences + 1, sizeof(*room->part));
    if (!room->offsets || !room->ids || !room->labels || !room->part) {
        error_set(error, "out of memory for a batch of %d sentences, %d tokens", sentences,
                  room->tokens);
        batch_room_free(room);
        return -1;
    }
    room->batch = (struct encoder_batch){.offsets = room->offsets, .ids = room->ids};
    return 0;
}

void batch_room_free(struct batch_room *room) {
    free(room->offsets);
    free(room->ids);
    free(room->labels);
    free(room->part);
    *room = (struct batch_room){0};
}

static void look_at_batch(struct batch_most *most, const struct token_set *set, const int *chosen,
                          int first, int count) {
    int tokens = 0;
    for (int i = 0; i < count; i++) {
        int length = token_set_length(set, chosen ? chosen[first + i] : first + i);
        most->longest = length > most->longest ? length : most->longest;
        tokens += length;
    }
    most->sentences = count > most->sentences ? count : most->sentences;
    most->tokens = tokens > most->tokens ? tokens : most->tokens;
}

void batch_look(struct batch_most *most, const struct token_set *set, const int *chosen, int count,
                int batch) {
    for (int64_t first = 0; first < count; first += batch) {
        int64_t left = count - first;
        look_at_batch(most, set, chosen, (int)first, (int)(left < batch ? left : batch));
    }
}

void batch_pack(struct batch_room *room, const struct token_set *set, const int *chosen,
                int count) {
    for (int i = 0; i < count; i++) {
        int sentence = chosen[i], length = token_set_length(set, sentence);
        memcpy(room->ids + room->offsets[i], set->ids + set->offsets[sentence],
               (size_t)length * sizeof(*room->ids));
        room->offsets[i + 1] = room->offsets[i] + length;
        room->labels[i] = set->labels[sentence];
    }
    room->batch.sentences = count;
}
