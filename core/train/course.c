/*
 * course.c - the sentences of a run, the order of epochs, and their largest batches.
 */
#include "core/train/course.h"

#include <stdlib.h>

#include "core/base/random.h"

int course_set(struct token_set *set, const struct model *model, const struct dataset *dataset,
               const struct train_options *options, struct pool *pool, struct sawb_error *error) {
    int limit = model_token_limit(model), count, *rows;
    if (options->max_tokens < limit)
        limit = options->max_tokens;
    if (choose_rows(&rows, &count, dataset->count, options->fraction, options->seed, error) < 0)
        return -1;
    int status = token_set_create(set, model->tokenizer, dataset, rows, count, limit, pool, error);
    free(rows);
    return status;
}

void course_order(int *order, int count, uint64_t seed, int64_t epoch) {
    random_permutation(random_key(seed, RANDOM_SHUFFLE, (uint64_t)epoch, 0), order, count);
}

int64_t course_steps_per_epoch(int count, const struct train_options *options) {
    int64_t sentences = (int64_t)options->batch_size * options->accumulate;
    return (count + sentences - 1) / sentences;
}

int64_t course_steps(int count, const struct train_options *options) {
    return options->max_steps > 0 ? options->max_steps
                                  : options->epochs * course_steps_per_epoch(count, options);
}

int course_look(struct batch_most *most, unsigned char *seen, const struct token_set *set,
                const struct train_options *options, struct sawb_error *error) {
    int *order = malloc(((size_t)set->count + 1) * sizeof(*order));
    *most = (struct batch_most){0};
    if (!order)
        return error_set(error, "train: out of memory for an order of %d sentences", set->count);
    int64_t each = (int64_t)options->batch_size * options->accumulate;
    int64_t steps = course_steps(set->count, options);
    int64_t in_epoch = course_steps_per_epoch(set->count, options);
    for (int64_t epoch = 0; epoch < COURSE_EPOCHS && steps > 0; epoch++, steps -= in_epoch) {
        int64_t taken = steps < in_epoch ? steps * each : set->count;
        int used = (int)(taken < set->count ? taken : set->count);
        course_order(order, set->count, options->seed, epoch);
        batch_look(most, set, order, used, options->batch_size);
        for (int i = 0; seen && i < used; i++)
            seen[order[i]] = 1;
    }
    free(order);
    return 0;
}
