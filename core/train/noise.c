/*
 * noise.c - words of a packed batch replaced at random.
 */
#include "core/train/noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/kernel/matmul.h"
#include "core/text/unicode.h"
#include "core/text/words.h"

/* Words that are mostly put in the place of another one are near to it, so that sentences stay such
 * as people write, which is what the teacher can judge; of so many, so that the same comes seldom.
 */
#define NEAR_WORDS 20

/* Of the swaps this share takes any word at all: the student meets each word of the vocabulary, and
 * learns from the teacher of those that the data never has. */
#define FAR_SHARE 0.2

#define SEARCH_WORDS 128 /* whose neighbours are sought at once */

enum kind { WORD, NO_WORD = -1, GOES_ON = -2 /* with a word */ };

struct word_swap {
    int vocabulary, count, near;
    int *words;   /* [count] ids, ascending */
    int *numbers; /* [V] of the words among them, and the kind of what is none */
    int *nearest; /* [count, near] ids, the nearest first */
};

/* ---- words ----------------------------------------------------------------------------------- */

/* "[CLS]" and "[unused7]" begin with a sign, too. */
static enum kind kind_of(const char *piece) {
    int32_t first = 0;
    if (strncmp(piece, WORD_CONTINUATION, WORD_CONTINUATION_BYTES) == 0)
        return GOES_ON;
    if (unicode_decode(piece, strlen(piece), &first) == 0 || unicode_is_punctuation(first))
        return NO_WORD;
    return WORD;
}

static int find_words(struct word_swap *swap, const struct tokenizer *tokenizer,
                      struct sawb_error *error) {
    int size = swap->vocabulary = tokenizer_size(tokenizer);
    swap->words = malloc((size_t)size * sizeof(*swap->words));
    swap->numbers = malloc((size_t)size * sizeof(*swap->numbers));
    if (!swap->words || !swap->numbers)
        return error_set(error, "train: out of memory for %d word pieces", size);
    for (int id = 0; id < size; id++) {
        enum kind kind = kind_of(tokenizer_piece(tokenizer, id));
        swap->numbers[id] = kind == WORD ? swap->count : (int)kind;
        if (kind == WORD)
            swap->words[swap->count++] = id;
    }
    if (swap->count < 2)
        return error_set(error,
                         "train: word-swap needs words to swap, and the vocabulary has %d; leave "
                         "it out",
                         swap->count);
    swap->near = swap->count - 1 < NEAR_WORDS ? swap->count - 1 : NEAR_WORDS;
    return 0;
}

/* ---- neighbours ------------------------------------------------------------------------------ */

/* Takes the mean from points [rows,width] and makes each 1 long (or leaves it 0). */
static void normalise(float *points, int rows, int width) {
    for (int column = 0; column < width; column++) {
        double sum = 0;
        for (int row = 0; row < rows; row++)
            sum += (double)points[(size_t)row * (size_t)width + (size_t)column];
        for (int row = 0; row < rows; row++)
            points[(size_t)row * (size_t)width + (size_t)column] -= (float)(sum / rows);
    }
    for (int row = 0; row < rows; row++) {
        float *point = points + (size_t)row * (size_t)width;
        double squares = 0;
        for (int column = 0; column < width; column++)
            squares += (double)point[column] * (double)point[column];
        for (int column = 0; column < width && squares > 0; column++)
            point[column] = (float)((double)point[column] / sqrt(squares));
    }
}

struct search {
    struct word_swap *swap;
    int first;      /* word of those whose neighbours are sought */
    float *cosines; /* [SEARCH_WORDS, count] */
};

/* Of one word. Those kept so far are in order; of equals the one with the lower id is nearer. */
static void search_word(void *user, int index) {
    const struct search *search = user;
    const struct word_swap *swap = search->swap;
    const float *cosines = search->cosines + (size_t)index * (size_t)swap->count;
    int self = search->first + index, kept = 0, numbers[NEAR_WORDS];
    for (int other = 0; other < swap->count; other++) {
        if (other == self || (kept == swap->near && !(cosines[other] > cosines[numbers[kept - 1]])))
            continue;
        int at = kept < swap->near ? kept++ : kept - 1;
        for (; at > 0 && cosines[other] > cosines[numbers[at - 1]]; at--)
            numbers[at] = numbers[at - 1];
        numbers[at] = other;
    }
    int *nearest = swap->nearest + (size_t)self * (size_t)swap->near;
    for (int i = 0; i < kept; i++)
        nearest[i] = swap->words[numbers[i]];
}

/* points [count,width] of length 1. */
static void search_all(struct search *search, const float *points, int width,
                       const struct compute *compute) {
    int count = search->swap->count;
    for (search->first = 0; search->first < count; search->first += SEARCH_WORDS) {
        int left = count - search->first, rows = left < SEARCH_WORDS ? left : SEARCH_WORDS;
        const struct matmul product = {.shape = MATMUL_FORWARD,
                                       .m = rows,
                                       .n = count,
                                       .k = width,
                                       .terms = 1,
                                       .a = {points + (size_t)search->first * (size_t)width},
                                       .b = {points},
                                       .y = search->cosines};
        matmul_run(compute, &product, 1);
        pool_run(compute->pool, rows, search_word, search);
    }
}

static int find_nearest(struct word_swap *swap, const struct model *teacher, const int *pieces,
                        const struct compute *compute, struct sawb_error *error) {
    int width = teacher->config.hidden;
    size_t count = (size_t)swap->count, wide = (size_t)width;
    struct compute exact = *compute; /* whatever the precision of the run */
    if (compute_set_precision(&exact, PRECISION_F32, error) < 0)
        return -1;
    struct search search = {.swap = swap,
                            .cosines = malloc(SEARCH_WORDS * count * sizeof(*search.cosines))};
    float *points = malloc(count * wide * sizeof(*points));
    swap->nearest = malloc(count * (size_t)swap->near * sizeof(*swap->nearest));
    int status = 0;
    if (search.cosines && points && swap->nearest) {
        for (size_t i = 0; i < count; i++)
            memcpy(points + i * wide,
                   teacher->weights.word_embeddings + (size_t)pieces[swap->words[i]] * wide,
                   wide * sizeof(*points));
        normalise(points, swap->count, width);
        search_all(&search, points, width, &exact);
    } else {
        status =
            error_set(error, "train: out of memory for the neighbours of %d words", swap->count);
    }
    free(search.cosines);
    free(points);
    return status;
}

int word_swap_create(struct word_swap **created, const struct tokenizer *tokenizer,
                     const struct model *teacher, const int *pieces, const struct compute *compute,
                     struct sawb_error *error) {
    *created = NULL;
    struct word_swap *swap = calloc(1, sizeof(*swap));
    if (!swap)
        return error_set(error, "train: out of memory for words to swap");
    if (find_words(swap, tokenizer, error) < 0 ||
        find_nearest(swap, teacher, pieces, compute, error) < 0) {
        word_swap_free(swap);
        return -1;
    }
    *created = swap;
    return 0;
}

void word_swap_free(struct word_swap *swap) {
    if (!swap)
        return;
    free(swap->words);
    free(swap->numbers);
    free(swap->nearest);
    free(swap);
}

size_t word_swap_bytes(const struct word_swap *swap) {
    return (size_t)swap->vocabulary * (sizeof(*swap->words) + sizeof(*swap->numbers)) +
           (size_t)swap->count * (size_t)swap->near * sizeof(*swap->nearest);
}

int word_swap_near(const struct word_swap *swap, int id, const int **near) {
    int number = swap->numbers[id];
    if (number < 0)
        return 0;
    *near = swap->nearest + (size_t)number * (size_t)swap->near;
    return swap->near;
}

/* ---- a batch --------------------------------------------------------------------------------- */

/* The word pieces of a sentence of the batch, and the key of what is drawn for it. */
static int *sentence(const struct noise *noise, int b, enum random_purpose purpose, int *length,
                     uint64_t *key) {
    const int *offsets = noise->room->batch.offsets;
    *length = offsets[b + 1] - offsets[b];
    *key =
        random_key(noise->seed, purpose, noise->step, (uint64_t)noise->set->rows[noise->chosen[b]]);
    return noise->room->ids + offsets[b];
}

void noise_drop(const struct noise *noise, const struct tokenizer *tokenizer, double share) {
    const int unknown = tokenizer_special(tokenizer, TOKEN_UNK);
    const int begin = tokenizer_special(tokenizer, TOKEN_CLS);
    const int end = tokenizer_special(tokenizer, TOKEN_SEP);
    for (int b = 0; b < noise->room->batch.sentences; b++) {
        uint64_t key;
        int length, *ids = sentence(noise, b, RANDOM_WORD_DROPOUT, &length, &key);
        for (int t = 0; t < length; t++)
            if (ids[t] != begin && ids[t] != end && random_uniform(key, (uint64_t)t) < share)
                ids[t] = unknown;
    }
}

/* What takes the place of a word; `draw` is the first of two counters. */
static int other_word(const struct word_swap *swap, int number, uint64_t key, uint64_t draw) {
    double place = random_uniform(key, draw + 1);
    if (random_uniform(key, draw) < FAR_SHARE)
        return swap->words[(int)(place * swap->count)];
    return swap->nearest[(size_t)number * (size_t)swap->near + (size_t)(place * swap->near)];
}

void noise_swap(const struct noise *noise, const struct word_swap *swap, double share) {
    for (int b = 0; b < noise->room->batch.sentences; b++) {
        uint64_t key;
        int length, *ids = sentence(noise, b, RANDOM_WORD_SWAP, &length, &key);
        /* From a sentence as it was written to one of which little is left: the student is shown
         * the teacher's opinion of what lies in between as well. */
        double own_share = 2 * share * random_uniform(key, 0);
        for (int t = 0; t + 1 < length; t++) {
            uint64_t draw = 1 + 3 * (uint64_t)t;
            int number = swap->numbers[ids[t]], is_whole = swap->numbers[ids[t + 1]] != GOES_ON;
            if (number >= 0 && is_whole && random_uniform(key, draw) < own_share)
                ids[t] = other_word(swap, number, key, draw + 1);
        }
    }
}
