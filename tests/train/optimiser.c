/*
 * AdamW against a plain loop over all weights, bit for bit, and the norm for any number of threads.
 */
#include "core/train/optimiser.h"

#include <math.h>
#include <string.h>

#include "core/base/random.h"
#include "core/kernel/kernels.h"
#include "tests/train/fixture.h"

#define STEPS 120
#define SETTLES 50 /* between two looks at all rows; more than may be deferred */
#define IDS 7
#define DECAY 0.1
#define AVERAGE 0.75

/* Sizes that do not divide evenly; word embeddings of several chunks. */
static const struct model_config config = {.family = MODEL_BERT,
                                           .vocabulary = 5000,
                                           .hidden = 24,
                                           .layers = 2,
                                           .heads = 2,
                                           .feed_forward = 37,
                                           .positions = 19,
                                           .token_types = 2,
                                           .labels = 3};

struct plain {
    struct weights live, gradients, first, second, average;
};

static void plain_allocate(struct plain *plain) {
    struct weights *all[] = {&plain->live, &plain->gradients, &plain->first, &plain->second,
                             &plain->average};
    for (int i = 0; i < 5; i++)
        assert_done(weights_allocate(all[i], &config, &problem));
}

static void plain_free(struct plain *plain) {
    struct weights *all[] = {&plain->live, &plain->gradients, &plain->first, &plain->second,
                             &plain->average};
    for (int i = 0; i < 5; i++)
        weights_free(all[i], &config);
}

static float *values(struct weights *weights, int index, struct weight *weight) {
    weights_get(&config, weights, index, weight);
    return *weight->pointer;
}

static void fill(struct weights *weights, uint64_t seed) {
    for (int i = 0; i < weights_count(&config); i++) {
        struct weight weight;
        float *x = values(weights, i, &weight);
        for (size_t j = 0; j < weight.count; j++)
            x[j] = (float)random_normal(random_key(seed, 0, (uint64_t)i, 0), j);
    }
}

static void copy(struct weights *to, struct weights *from) {
    for (int i = 0; i < weights_count(&config); i++) {
        struct weight weight;
        float *source = values(from, i, &weight), *target = values(to, i, &weight);
        if (target) /* frozen weights have no gradient */
            memcpy(target, source, weight.count * sizeof(float));
    }
}

static int same(struct weights *a, struct weights *b) {
    for (int i = 0; i < weights_count(&config); i++) {
        struct weight weight;
        float *x = values(a, i, &weight), *y = values(b, i, &weight);
        if (x && memcmp(x, y, weight.count * sizeof(float)) != 0)
            return 0;
    }
    return 1;
}

static int contains(const int *ids, int id) {
    for (int i = 0; i < IDS; i++)
        if (ids[i] == id)
            return 1;
    return 0;
}

/* Some gradient everywhere, but in the word embeddings only in the rows of `ids`. */
static void random_gradients(struct weights *gradients, const int *ids, uint64_t step) {
    fill(gradients, 100 + step);
    for (int row = 0; row < config.vocabulary; row++)
        if (!contains(ids, row))
            memset(gradients->word_embeddings + (size_t)row * (size_t)config.hidden, 0,
                   (size_t)config.hidden * sizeof(float));
}

/* The update as PyTorch orders it, on every weight that is not frozen. */
static void plain_update(struct plain *plain, int t, double peak, const double *rates, float clip,
                         float average_share) {
    float root = (float)sqrt(1 - pow(0.999, t));
    for (int i = 0; i < weights_count(&config); i++) {
        struct weight weight;
        weights_get(&config, &plain->live, i, &weight);
        double rate = peak * rates[weight.is_head ? config.layers + 1 : weight.layer + 1];
        float size = (float)(rate / (1 - pow(0.9, t)));
        if (rate == 0)
            continue;
        float *g = values(&plain->gradients, i, &weight), *m = values(&plain->first, i, &weight);
        float *v = values(&plain->second, i, &weight), *a = values(&plain->average, i, &weight);
        float *w = values(&plain->live, i, &weight);
        for (size_t j = 0; j < weight.count; j++) {
            float gradient = g[j] * clip;
            if (weight.kind == WEIGHT_MATRIX)
                w[j] *= (float)(1 - rate * DECAY);
            m[j] += (float)(1 - 0.9) * (gradient - m[j]);
            v[j] *= 0.999f;
            v[j] += (float)(1 - 0.999) * gradient * gradient;
            w[j] += -size * m[j] / (sqrtf(v[j]) / root + 1e-8f);
            a[j] += average_share * (w[j] - a[j]);
        }
    }
}

static void ids_of_step(int ids[IDS], int step) {
    for (int i = 0; i < IDS; i++) /* rows of the last chunk, neighbours, a repeat, all change */
        ids[i] = i == 6 ? ids[0] : (step * 997 + (i < 3 ? i : i * 811)) % config.vocabulary;
    ids[5] = config.vocabulary - 1;
}

/* A row that a batch needs is up to date though others lag behind. */
static int same_row(const struct weights *a, const struct weights *b, int row) {
    size_t columns = (size_t)config.hidden, at = (size_t)row * columns;
    return memcmp(a->word_embeddings + at, b->word_embeddings + at, columns * sizeof(float)) == 0;
}

static void compare_with_plain(const double *rates, const struct kernels *kernels) {
    static const double ones[] = {1, 1, 1, 1};
    struct plain plain;
    struct weights live, average;
    struct optimiser *optimiser;
    struct compute compute = {.pool = pool_create(2, NULL), .kernels = kernels};
    plain_allocate(&plain);
    assert_done(weights_allocate(&live, &config, &problem));
    assert_done(weights_allocate(&average, &config, &problem));
    fill(&live, 1);
    copy(&average, &live);
    copy(&plain.live, &live);
    copy(&plain.average, &live);
    assert_done(
        optimiser_create(&optimiser, &config, &live, &average, DECAY, rates, &compute, &problem));
    for (int step = 1; step <= STEPS; step++) {
        int ids[IDS];
        ids_of_step(ids, step);
        random_gradients(&plain.gradients, ids, (uint64_t)step);
        copy(optimiser_gradients(optimiser), &plain.gradients);
        optimiser_touch(optimiser, ids, IDS);
        for (int i = 0; i < IDS; i++)
            assert_true(same_row(&live, &plain.live, ids[i]));
        double norm = optimiser_norm(optimiser), rate = 0.001 * step;
        optimiser_update(
            optimiser,
            &(struct optimiser_step){
                .step = step, .rate = rate, .norm = norm, .clip = 1, .average_decay = AVERAGE});
        plain_update(&plain, step, rate, rates ? rates : ones, (float)(1 / (norm + 1e-6)),
                     (float)(1 - AVERAGE));
        if (step % SETTLES != 0 && step != STEPS)
            continue;
        optimiser_settle(optimiser);
        assert_true(same(&live, &plain.live));
        assert_true(same(&average, &plain.average));
        assert_true(same(optimiser_first_moments(optimiser), &plain.first));
        assert_true(same(optimiser_second_moments(optimiser), &plain.second));
    }
    struct weights zero;
    assert_done(weights_allocate(&zero, &config, &problem));
    assert_true(same(optimiser_gradients(optimiser), &zero));
    weights_free(&zero, &config);
    optimiser_free(optimiser);
    weights_free(&live, &config);
    weights_free(&average, &config);
    plain_free(&plain);
    pool_free(compute.pool);
}

static void test_equals_the_dense_update_bit_for_bit(void **state) {
    (void)state;
    const struct kernels *kernels;
    for (int set = 0; (kernels = kernels_get(set)); set++)
        compare_with_plain(NULL, kernels);
}

static void test_groups_have_rates_of_their_own(void **state) {
    (void)state;
    compare_with_plain((const double[]){0.25, 0, 0.5, 1}, kernels_get(0));
    compare_with_plain((const double[]){0, 1, 0.3, 1}, kernels_get(0));
}

static double norm_with(int threads, const int *ids) {
    struct weights live;
    struct optimiser *optimiser;
    struct compute compute = {.pool = pool_create(threads, NULL), .kernels = kernels_get(0)};
    assert_done(weights_allocate(&live, &config, &problem));
    assert_done(optimiser_create(&optimiser, &config, &live, NULL, 0, NULL, &compute, &problem));
    random_gradients(optimiser_gradients(optimiser), ids, 9);
    optimiser_touch(optimiser, ids, IDS);
    double norm = optimiser_norm(optimiser);
    optimiser_free(optimiser);
    weights_free(&live, &config);
    pool_free(compute.pool);
    return norm;
}

static void test_norm_is_the_root_of_all_squares(void **state) {
    (void)state;
    int ids[IDS];
    ids_of_step(ids, 3);
    struct weights gradients;
    assert_done(weights_allocate(&gradients, &config, &problem));
    random_gradients(&gradients, ids, 9);
    double sum = 0;
    for (int i = 0; i < weights_count(&config); i++) {
        struct weight weight;
        float *g = values(&gradients, i, &weight);
        for (size_t j = 0; j < weight.count; j++)
            sum += (double)g[j] * (double)g[j];
    }
    weights_free(&gradients, &config);
    double one = norm_with(1, ids), two = norm_with(2, ids), three = norm_with(3, ids);
    assert_float_equal(one, sqrt(sum), 1e-9);
    assert_true(one == two && two == three);
}

static void test_clear_forgets_the_gradients(void **state) {
    (void)state;
    struct weights live, zero;
    struct optimiser *optimiser;
    struct compute compute = {.pool = pool_create(1, NULL), .kernels = kernels_get(0)};
    int ids[IDS];
    ids_of_step(ids, 1);
    assert_done(weights_allocate(&live, &config, &problem));
    assert_done(weights_allocate(&zero, &config, &problem));
    assert_done(
        optimiser_create(&optimiser, &config, &live, NULL, DECAY, NULL, &compute, &problem));
    random_gradients(optimiser_gradients(optimiser), ids, 9);
    optimiser_touch(optimiser, ids, IDS);
    optimiser_clear(optimiser);
    assert_true(same(optimiser_gradients(optimiser), &zero));
    assert_true(optimiser_norm(optimiser) == 0);
    optimiser_free(optimiser);
    weights_free(&live, &config);
    weights_free(&zero, &config);
    pool_free(compute.pool);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_equals_the_dense_update_bit_for_bit),
    cmocka_unit_test(test_groups_have_rates_of_their_own),
    cmocka_unit_test(test_norm_is_the_root_of_all_squares),
    cmocka_unit_test(test_clear_forgets_the_gradients),
};

TEST_GROUP(tests_train_optimiser, tests);
