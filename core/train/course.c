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

int course_visit(const struct token_set *set, const struct train_options *options,
                 void (*visit)(void *user, const struct course_batch *batch), void *user,
                 struct sawb_error *error) {
    int *order = malloc(((size_t)set->count + 1) * sizeof(*order));
    if (!order)
        return error_set(error, "train: out of memory for an order of %d sentences", set->count);
    int64_t each = (int64_t)options->batch_size * options->accumulate;
    int64_t steps = course_steps(set->count, options);
    int64_t in_epoch = course_steps_per_epoch(set->count, options);
    for (int64_t epoch = 0; epoch < COURSE_EPOCHS && epoch * in_epoch < steps; epoch++) {
        int64_t begin = epoch * in_epoch, taken = (steps - begin) * each;
        int used = (int)(taken < set->count ? taken : set->count);
        course_order(order, set->count, options->seed, epoch);
        for (int64_t first = 0; first < used; first += options->batch_size) {
            int64_t left = used - first;
            struct course_batch batch = {
                .step = begin + first / each,
                .chosen = order + first,
                .count = (int)(left < options->batch_size ? left : options->batch_size)};
            visit(user, &batch);
        }
    }
    free(order);
    return 0;
}

struct course_looking {
    const struct token_set *set;
    struct batch_most *most;
    unsigned char *seen;
};

static void look(void *user, const struct course_batch *batch) {
    const struct course_looking *looking = user;
    batch_look(looking->most, looking->set, batch->chosen, batch->count, batch->count);
    for (int i = 0; looking->seen && i < batch->count; i++)
        looking->seen[batch->chosen[i]] = 1;
}

int course_look(struct batch_most *most, unsigned char *seen, const struct token_set *set,
                const struct train_options *options, struct sawb_error *error) {
    struct course_looking looking = {set, most, seen};
    *most = (struct batch_most){0};
    return course_visit(set, options, look, &looking, error);
}
