/*
 * sweep.c - families of patterns with a hole, and what to put into it.
 */
#include "core/session/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/session/jobs.h"

#define LENGTHS_MOST 32 /* sentence lengths at which a whole number is tried */
#define ONE_BY_ONE 16   /* below, every number is tried; above, steps of a sixteenth */

static const struct {
    const char *name, *pattern;
} families[] = {
    {"topk", "topk(?)"},
    {"threshold", "threshold(?)"},
    {"block_topk", "block_topk(4, ?)"},
    {"random", "random(?)"},
    {"local", "local(?)"},
    {"block_local", "block_local(4, ?)"},
    {"dilated", "dilated(?, 2)"},
    {"strided", "strided(?)"},
    {"fixed", "fixed(?, 1)"},
    {"bigbird", "bigbird(4, 1, ?, 0)"},
    {"nm", "nm(?, 8)"},
};
#define FAMILIES ((int)(sizeof(families) / sizeof(families[0])))

const char *sweep_family_find(const char *name) {
    for (int i = 0; i < FAMILIES; i++)
        if (strcmp(families[i].name, name) == 0)
            return families[i].pattern;
    return name;
}

const char *sweep_family_name(int index) {
    return index >= 0 && index < FAMILIES ? families[index].name : NULL;
}

const char *sweep_family_pattern(int index) {
    return index >= 0 && index < FAMILIES ? families[index].pattern : NULL;
}

char *sweep_pattern(const char *family, double value, int whole) {
    char number[32], *pattern = NULL;
    const char *hole = strchr(family, '?');
    if (whole) {
        snprintf(number, sizeof(number), "%d", (int)value);
    } else {
        snprintf(number, sizeof(number), "%.4f", value);
        for (size_t last = strlen(number) - 1; number[last] == '0' && number[last - 1] != '.';)
            number[last--] = '\0';
    }
    if (!hole)
        return strdup(family);
    return asprintf(&pattern, "%.*s%s%s", (int)(hole - family), family, number, hole + 1) < 0
               ? NULL
               : pattern;
}

/* ---- whole numbers for targets --------------------------------------------------------------- */

static int no_memory(struct sawb_error *error) {
    return error_set(error, "sweep: out of memory");
}

/* Lengths of sentences and how many have each. */
struct lengths {
    int count, longest;
    int tokens[LENGTHS_MOST];
    double weight[LENGTHS_MOST];
};

static int by_length(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

/* Up to LENGTHS_MOST lengths that stand for all of them. */
static int find_lengths(const struct token_set *set, struct lengths *lengths,
                        struct sawb_error *error) {
    int *all = malloc((size_t)set->count * sizeof(*all));
    if (!all)
        return no_memory(error);
    for (int i = 0; i < set->count; i++)
        all[i] = token_set_length(set, i);
    qsort(all, (size_t)set->count, sizeof(*all), by_length);
    *lengths = (struct lengths){.longest = all[set->count - 1]};
    int groups = set->count < LENGTHS_MOST ? set->count : LENGTHS_MOST;
    for (int i = 0; i < groups; i++) {
        /* The middle of each of so many equal parts. */
        int tokens = all[(int)(((int64_t)2 * i + 1) * set->count / (2 * groups))];
        int last = lengths->count - 1;
        if (last >= 0 && lengths->tokens[last] == tokens) {
            lengths->weight[last]++;
            continue;
        }
        lengths->tokens[lengths->count] = tokens;
        lengths->weight[lengths->count++] = 1;
    }
    free(all);
    return 0;
}

float *drawn_scores(int tokens, uint64_t seed) {
    size_t pairs = (size_t)tokens * (size_t)tokens;
    float *scores = malloc(pairs * sizeof(*scores));
    uint64_t key = random_key(seed, RANDOM_PATTERN, 2, 0);
    for (size_t i = 0; scores && i < pairs; i++)
        scores[i] = (float)random_normal(key, i);
    return scores;
}

/* Realised sparsity at these lengths. `mask` and `scores` [longest, longest]. */
static double realised_at(const struct sweep_search *search, const struct sparsity *sparsity,
                          const struct lengths *lengths, uint8_t *mask, const float *scores) {
    const struct model_config *config = search->config;
    /* Heads differ only where the pattern names places. */
    int several = strpbrk(sparsity_pattern(sparsity), "@;") != NULL;
    int layers = several ? config->layers : 1, heads = several ? config->heads : 1;
    double kept = 0, valid = 0;
    for (int i = 0; i < lengths->count; i++) {
        size_t pairs = (size_t)lengths->tokens[i] * (size_t)lengths->tokens[i];
        for (int place = 0; place < layers * heads; place++) {
            struct mask_request request = {.layer = place / heads,
                                           .head = place % heads,
                                           .tokens = lengths->tokens[i],
                                           .scores = scores,
                                           .seed = search->seed};
            enum mask_kind kind = sparsity_mask(sparsity, &request, mask);
            size_t here = kind == MASK_DENSE ? pairs : 0;
            for (size_t p = 0; kind == MASK_PATTERN && p < pairs; p++)
                here += mask[p];
            kept += lengths->weight[i] * (double)here;
            valid += lengths->weight[i] * (double)pairs;
        }
    }
    return valid > 0 ? 1 - kept / valid : 0;
}

/* Realised sparsity with this number; NaN: it does not fit. -1 when out of memory. */
static int try_number(const struct sweep_search *search, int number, const struct lengths *lengths,
                      uint8_t *mask, const float *scores, double *realised) {
    struct sparsity *sparsity;
    char *pattern = sweep_pattern(search->family, number, 1);
    if (!pattern)
        return -1;
    *realised = (double)NAN;
    if (sparsity_parse(&sparsity, pattern, NULL, NULL) == 0) {
        *realised = realised_at(search, sparsity, lengths, mask, scores);
        sparsity_free(sparsity);
    }
    free(pattern);
    return 0;
}

/* The numbers at these lengths. */
static int search_numbers(const struct sweep_search *search, const struct lengths *lengths,
                          int *numbers, struct worker *worker, struct sawb_error *error) {
    size_t pairs = (size_t)lengths->longest * (size_t)lengths->longest;
    uint8_t *mask = malloc(pairs);
    float *scores = drawn_scores(lengths->longest, search->seed);
    double *nearest = malloc((size_t)search->count * sizeof(*nearest));
    int status = mask && scores && nearest ? 0 : no_memory(error), found = 0;
    for (int i = 0; status == 0 && i < search->count; i++)
        nearest[i] = INFINITY;
    for (int number = 0; status == 0 && number <= lengths->longest;
         number += number < ONE_BY_ONE ? 1 : number / ONE_BY_ONE) {
        double realised;
        if (try_number(search, number, lengths, mask, scores, &realised) < 0) {
            status = no_memory(error);
            break;
        }
        for (int i = 0; i < search->count && isfinite(realised); i++) {
            double away = fabs(realised - search->targets[i]);
            found = 1;
            if (away < nearest[i] - 1e-12) {
                nearest[i] = away;
                numbers[i] = number;
            }
        }
        status = worker_breathe(worker);
    }
    if (status == 0 && !found)
        status = error_set(error, "sweep: no whole number fits into \"%s\"", search->family);
    free(mask);
    free(scores);
    free(nearest);
    return status;
}

int sweep_numbers(const struct sweep_search *search, int *numbers, struct worker *worker,
                  struct sawb_error *error) {
    struct lengths lengths = {0};
    if (find_lengths(search->set, &lengths, error) < 0)
        return -1;
    return search_numbers(search, &lengths, numbers, worker, error);
}

int sweep_numbers_at(const struct sweep_search *search, int tokens, int *numbers,
                     struct worker *worker, struct sawb_error *error) {
    struct lengths lengths = {1, tokens, {tokens}, {1}};
    return search_numbers(search, &lengths, numbers, worker, error);
}

int sweep_realised_at(const struct sweep_search *search, const struct sparsity *sparsity,
                      int tokens, double *realised, struct sawb_error *error) {
    struct lengths lengths = {1, tokens, {tokens}, {1}};
    size_t pairs = (size_t)tokens * (size_t)tokens;
    uint8_t *mask = malloc(pairs);
    float *scores = drawn_scores(tokens, search->seed);
    int status = mask && scores ? 0 : no_memory(error);
    if (status == 0)
        *realised = realised_at(search, sparsity, &lengths, mask, scores);
    free(mask);
    free(scores);
    return status;
}
