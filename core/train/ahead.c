/*
 * ahead.c - runners, and the ring of batches between them and who asks.
 */
#include "core/train/ahead.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/base/thread.h"
#include "core/model/encoder.h"
#include "core/model/packed.h"

#define RUNNERS_MOST 8
#define TOKENS_MOST 16384 /* at work, each with its activations */
#define BATCHES_EACH 8    /* or the last ones would wait too long for one another */
#define PLACES_EACH 2     /* a batch at work and one that waits to be asked for */

/* Where a batch is answered. */
struct place {
    struct ahead_answers answers;
    float *logits; /* [B,K] */
    int status;    /* 0: at work or empty, 1: answered, -1: the error below */
    struct sawb_error error;
};

struct runner {
    struct ahead *ahead;
    struct compute own; /* of one among several; one alone works with the caller's */
    struct encoder *encoder;
    struct batch_room room;
    pthread_t thread;
};

/* Batches are counted among those that are this one's (ahead_share). */
struct ahead {
    const struct model *model;
    const struct token_set *set;
    struct encoder_options options;
    int batch;       /* B */
    int index, step; /* of its batches: the first, and how far apart they are */
    struct runner *runners;
    int made, started;    /* runners */
    struct place *places; /* [count] batch i is in place i mod count */
    int count;

    pthread_mutex_t mutex; /* of what follows, and of the places' status */
    pthread_cond_t answered, wanted;
    int taken; /* batches that some runner has */
    int given; /* that were asked for; the last of them is still looked at */
    int stop;
};

static int smaller(int a, int b) {
    return a < b ? a : b;
}

int ahead_runners(int threads, int sentences, int batch, int tokens) {
    int batches = (sentences + batch - 1) / batch;
    int most = smaller(threads, smaller(RUNNERS_MOST, batches / BATCHES_EACH));
    if (tokens > 0)
        most = smaller(most, TOKENS_MOST / tokens);
    return most > 1 ? most : 1;
}

/* ---- making ---------------------------------------------------------------------------------- */

static int open_runner(struct ahead *ahead, struct runner *runner, const struct batch_most *most,
                       int threads, const struct compute *compute, struct sawb_error *error) {
    runner->ahead = ahead;
    if (threads < pool_threads(compute->pool)) {
        if (compute_part(&runner->own, compute, threads, error) < 0)
            return -1;
        compute = &runner->own;
    }
    if (batch_room_create(&runner->room, ahead->set, ahead->batch, error) < 0 ||
        encoder_create(&runner->encoder, &ahead->model->config, ENCODER_INFERENCE, compute, error) <
            0)
        return -1;
    return most->tokens > 0 ? encoder_reserve(runner->encoder, most->tokens, most->sentences, error)
                            : 0;
}

static void close_runner(struct runner *runner) {
    encoder_free(runner->encoder);
    batch_room_free(&runner->room);
    compute_close(&runner->own);
}

static int open_all(struct ahead *ahead, const struct compute *compute, struct sawb_error *error) {
    int threads = pool_threads(compute->pool);
    size_t answers = (size_t)ahead->batch * (size_t)ahead->model->config.labels;
    struct batch_most most = {0};
    batch_look(&most, ahead->set, NULL, ahead->set->count, ahead->batch);
    int runners = ahead_runners(threads, ahead->set->count, ahead->batch, most.tokens);
    ahead->runners = calloc((size_t)runners, sizeof(*ahead->runners));
    ahead->places = calloc((size_t)runners * PLACES_EACH, sizeof(*ahead->places));
    if (!ahead->runners || !ahead->places)
        return error_set(error, "out of memory for %d batches at once", runners);
    ahead->count = runners * PLACES_EACH;
    for (int i = 0; i < ahead->count; i++) {
        ahead->places[i].logits = calloc(answers, sizeof(float));
        if (!ahead->places[i].logits)
            return error_set(error, "out of memory for batches of %d sentences", ahead->batch);
    }
    if (ahead->model->weights.packed) /* by all threads, before a runner would do it by its own */
        packed_get(ahead->model->weights.packed, &ahead->model->weights, &ahead->model->config,
                   compute);
    for (; ahead->made < runners; ahead->made++)
        if (open_runner(ahead, &ahead->runners[ahead->made], &most, threads / runners, compute,
                        error) < 0) {
            ahead->made++; /* what it has is given back */
            return -1;
        }
    return 0;
}

int ahead_create(struct ahead **created, const struct model *model, const struct token_set *set,
                 int batch, const struct encoder_options *options, const struct compute *compute,
                 struct sawb_error *error) {
    *created = NULL;
    struct ahead *ahead = calloc(1, sizeof(*ahead));
    if (!ahead)
        return error_set(error, "out of memory for batches");
    ahead->model = model;
    ahead->set = set;
    ahead->options = *options;
    ahead->batch = batch;
    ahead->step = 1;
    pthread_mutex_init(&ahead->mutex, NULL);
    pthread_cond_init(&ahead->answered, NULL);
    pthread_cond_init(&ahead->wanted, NULL);
    if (open_all(ahead, compute, error) < 0) {
        ahead_free(ahead);
        return -1;
    }
    *created = ahead;
    return 0;
}

void ahead_share(struct ahead *ahead, int index, int count) {
    ahead->index = index;
    ahead->step = count;
}

void ahead_free(struct ahead *ahead) {
    if (!ahead)
        return;
    pthread_mutex_lock(&ahead->mutex);
    ahead->stop = 1;
    pthread_cond_broadcast(&ahead->wanted);
    pthread_mutex_unlock(&ahead->mutex);
    for (int i = 0; i < ahead->started; i++)
        pthread_join(ahead->runners[i].thread, NULL);
    for (int i = 0; i < ahead->made; i++)
        close_runner(&ahead->runners[i]);
    for (int i = 0; i < ahead->count; i++)
        free(ahead->places[i].logits);
    pthread_cond_destroy(&ahead->wanted);
    pthread_cond_destroy(&ahead->answered);
    pthread_mutex_destroy(&ahead->mutex);
    free(ahead->places);
    free(ahead->runners);
    free(ahead);
}

/* ---- running --------------------------------------------------------------------------------- */

/* The first sentence of a batch; not below set->count: there is no such batch. */
static int64_t first_of(const struct ahead *ahead, int batch) {
    return ((int64_t)batch * ahead->step + ahead->index) * ahead->batch;
}

static int is_there(const struct ahead *ahead, int batch) {
    return first_of(ahead, batch) < ahead->set->count;
}

static int run_batch(struct runner *runner, int batch, struct place *place) {
    const struct ahead *ahead = runner->ahead;
    struct ahead_answers *answers = &place->answers;
    int first = (int)first_of(ahead, batch), left = ahead->set->count - first;
    *answers = (struct ahead_answers){.first = first, .logits = place->logits};
    answers->count = left < ahead->batch ? left : ahead->batch;
    batch_pack(&runner->room, ahead->set, ahead->set->rows + first, answers->count);
    if (encoder_forward(runner->encoder, &ahead->model->weights, &runner->room.batch,
                        &ahead->options, place->logits, &place->error) < 0)
        return error_prefix(&place->error, "batch from line %d on", ahead->set->lines[first]);
    encoder_pairs(runner->encoder, &answers->kept, &answers->valid);
    return 1;
}

/* A place is free again once the batch after the one it held was asked for. */
static void *run(void *user) {
    struct runner *runner = user;
    struct ahead *ahead = runner->ahead;
    pthread_mutex_lock(&ahead->mutex);
    while (!ahead->stop && is_there(ahead, ahead->taken)) {
        int free_until = (ahead->given > 0 ? ahead->given - 1 : 0) + ahead->count;
        if (ahead->taken >= free_until) {
            pthread_cond_wait(&ahead->wanted, &ahead->mutex);
            continue;
        }
        int batch = ahead->taken++;
        struct place *place = &ahead->places[batch % ahead->count];
        pthread_mutex_unlock(&ahead->mutex);
        int status = run_batch(runner, batch, place);
        pthread_mutex_lock(&ahead->mutex);
        place->status = status;
        pthread_cond_signal(&ahead->answered);
    }
    pthread_mutex_unlock(&ahead->mutex);
    return NULL;
}

/* One will do where the system refuses the others. */
static int start_all(struct ahead *ahead, struct sawb_error *error) {
    for (; ahead->started < ahead->made; ahead->started++) {
        struct runner *runner = &ahead->runners[ahead->started];
        if (thread_start(&runner->thread, run, runner, "evaluation", error) < 0)
            return ahead->started > 0 ? 0 : -1;
    }
    return 0;
}

/* Waits for what the runners make of the next batch. */
static struct place *wait_for_next(struct ahead *ahead) {
    pthread_mutex_lock(&ahead->mutex);
    if (ahead->given > 0)
        ahead->places[(ahead->given - 1) % ahead->count].status = 0;
    struct place *place = &ahead->places[ahead->given++ % ahead->count];
    pthread_cond_broadcast(&ahead->wanted);
    while (place->status == 0)
        pthread_cond_wait(&ahead->answered, &ahead->mutex);
    pthread_mutex_unlock(&ahead->mutex);
    return place;
}

/* One runner has nobody to run ahead of: it needs no thread. */
static struct place *run_next(struct ahead *ahead) {
    struct place *place = &ahead->places[0];
    place->status = run_batch(&ahead->runners[0], ahead->given++, place);
    return place;
}

int ahead_next(struct ahead *ahead, struct ahead_answers *answers, struct sawb_error *error) {
    if (!is_there(ahead, ahead->given))
        return 0;
    if (ahead->made > 1 && ahead->started == 0 && start_all(ahead, error) < 0)
        return -1;
    const struct place *place = ahead->made > 1 ? wait_for_next(ahead) : run_next(ahead);
    *answers = place->answers;
    if (place->status < 0 && error)
        *error = place->error;
    return place->status;
}
