/*
 * Random numbers: reference values of SplitMix64, uniformity, independence of the order of drawing.
 */
#include <math.h>
#include <string.h>

#include "core/base/random.h"
#include "tests/test.h"

/* Published outputs of SplitMix64 seeded with 1234567: the state before output n is seed + n *
 * gamma. */
static void follows_splitmix64(void **state) {
    (void)state;
    static const uint64_t expected[] = {6457827717110365317ULL, 3203168211198807973ULL,
                                        9817491932198370423ULL, 4593380528125082431ULL,
                                        16408922859458223821ULL};
    for (uint64_t i = 0; i < 5; i++)
        assert_true(random_bits(1234567, i + 1) == expected[i]);
}

static void separates_streams(void **state) {
    (void)state;
    uint64_t keys[] = {
        random_key(1, RANDOM_INIT, 0, 0),    random_key(2, RANDOM_INIT, 0, 0),
        random_key(1, RANDOM_SHUFFLE, 0, 0), random_key(1, RANDOM_INIT, 1, 0),
        random_key(1, RANDOM_INIT, 0, 1),    random_key(0, 0, 0, 0),
        random_key(1, RANDOM_INIT, 1, 1),
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        for (size_t j = 0; j < i; j++)
            assert_true(keys[i] != keys[j]);
    }
    assert_true(random_key(1, RANDOM_INIT, 0, 0) == keys[0]);
}

/* Chi-square over 256 cells: 255 degrees of freedom, standard deviation 22.6; five of them are
 * allowed. */
static void is_uniform(void **state) {
    (void)state;
    enum { CELLS = 256, DRAWS = 256 * 400 };
    for (uint64_t seed = 0; seed < 5; seed++) {
        uint64_t key = random_key(seed, RANDOM_DROPOUT, 3, 4);
        int counts[CELLS] = {0};
        double sum = 0;
        for (uint64_t i = 0; i < DRAWS; i++) {
            double value = random_uniform(key, i);
            assert_true(value >= 0 && value < 1);
            counts[(int)(value * CELLS)]++;
            sum += value;
        }
        double expected = (double)DRAWS / CELLS, chi = 0;
        for (int i = 0; i < CELLS; i++)
            chi += (counts[i] - expected) * (counts[i] - expected) / expected;
        assert_true(chi > 255 - 5 * 22.6 && chi < 255 + 5 * 22.6);
        assert_true(fabs(sum / DRAWS - 0.5) < 5 * 0.2887 / sqrt(DRAWS));
    }
}

static void is_normal(void **state) {
    (void)state;
    enum { DRAWS = 100000 };
    double sum = 0, squares = 0, cubes = 0;
    int beyond_two = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        double value = random_normal(99, i);
        assert_true(isfinite(value));
        sum += value;
        squares += value * value;
        cubes += value * value * value;
        beyond_two += fabs(value) > 2;
    }
    double error = 5 / sqrt(DRAWS);
    assert_true(fabs(sum / DRAWS) < error);
    assert_true(fabs(squares / DRAWS - 1) < error * sqrt(2));
    assert_true(fabs(cubes / DRAWS) < error * sqrt(15));
    assert_true(fabs((double)beyond_two / DRAWS - 0.0455) < error * 0.21);
}

static void permutes(void **state) {
    (void)state;
    enum { COUNT = 1000 };
    int order[COUNT], again[COUNT], other[COUNT];
    char seen[COUNT] = {0};
    random_permutation(5, order, COUNT);
    random_permutation(5, again, COUNT);
    random_permutation(6, other, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_true(order[i] >= 0 && order[i] < COUNT && !seen[order[i]]);
        seen[order[i]] = 1;
    }
    assert_memory_equal(order, again, sizeof(order));
    assert_memory_not_equal(order, other, sizeof(order));
    random_permutation(5, order, 0);
    random_permutation(5, order, 1);
    assert_int_equal(order[0], 0);
}

/* All 24 orders of four things, each expected 500 times of 12000 (standard deviation 22). */
static void permutes_fairly(void **state) {
    (void)state;
    int counts[256] = {0};
    for (uint64_t draw = 0; draw < 12000; draw++) {
        int order[4];
        random_permutation(random_key(7, RANDOM_SHUFFLE, draw, 0), order, 4);
        counts[order[0] << 6 | order[1] << 4 | order[2] << 2 | order[3]]++;
    }
    int orders = 0;
    for (int i = 0; i < 256; i++) {
        orders += counts[i] > 0;
        assert_true(counts[i] == 0 || (counts[i] > 390 && counts[i] < 610));
    }
    assert_int_equal(orders, 24);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(follows_splitmix64), cmocka_unit_test(separates_streams),
    cmocka_unit_test(is_uniform),         cmocka_unit_test(is_normal),
    cmocka_unit_test(permutes),           cmocka_unit_test(permutes_fairly),
};
TEST_GROUP(tests_base_random, tests);
