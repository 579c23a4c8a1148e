/*
 * largest.c - where a row is cut so that its k largest numbers are kept.
 *
 * The threshold is found by bisection over all floats in their order: a pass over the row counts
 * those at or above a candidate. The first two candidates lie on both sides of where the k-th would
 * be if the numbers were normally distributed. What is between the bounds is taken out of the row
 * as soon as it is little, so that the later passes, a dozen or so, are over a small part of it.
 *
 * Compiled once for each instruction set (set.h).
 */
#include "core/kernel/largest.h"

#include <limits.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "core/base/bits.h"
#include "core/kernel/lanes.h"
#include "core/kernel/marks.h"
#include "core/kernel/set.h"

#define SHORT 32 /* numbers are ranked against each other */
#define FEW 512  /* numbers between the bounds are taken out of the row */
#define EITHER_SIDE                                                                                \
    0.06f                /* of the guess, in standard deviations: at least so much is doubtful,    \
                          */
#define EITHER_ROOT 1.2f /* and so much over the root of how many numbers there are */

typedef int32_t integers __attribute__((vector_size(LANES * 4)));

#define PLACE_INFINITY 0x7f800000
#define PLACE_MINUS_INFINITY (-0x7f800001)

/* The float at a place in the order of all floats: for IEEE 754 its bits, with those of negative
 * numbers below the sign flipped. Place -1 is -0, which compares as +0. */
static float float_at(int32_t place) {
    return float_of_bits((uint32_t)(place < 0 ? place ^ INT32_MAX : place));
}

static int32_t place_of(float value) {
    int32_t bits = (int32_t)bits_of_float(value);
    return bits < 0 ? bits ^ INT32_MAX : bits;
}

INLINE integers lane_numbers(void) {
    integers numbers = {0};
    for (int lane = 0; lane < LANES; lane++)
        numbers[lane] = lane;
    return numbers;
}

/* ---- passes ---------------------------------------------------------------------------------- */

#if LANES == 16
INLINE unsigned at_least(vector x, float threshold) {
    return _mm512_cmp_ps_mask((__m512)x, _mm512_set1_ps(threshold), _CMP_GE_OQ);
}

/* The lanes of x whose bit is set go to `to`, one behind the other, where there is room for all.
 * Returns how many those are. */
INLINE int take_lanes(void *to, integers x, unsigned bits) {
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi32((__mmask16)bits, (__m512i)x));
    return __builtin_popcount(bits);
}
#else
/* Bit i: lane i is -1, not 0. */
INLINE unsigned bits_of(integers x) {
#if LANES == 8
    return (unsigned)_mm256_movemask_ps((__m256)x);
#else
    unsigned bits = 0;
    for (int lane = 0; lane < LANES; lane++)
        bits |= ((unsigned)x[lane] & 1) << lane;
    return bits;
#endif
}
#endif

#if LANES == 8
INLINE unsigned at_least(vector x, float threshold) {
    return bits_of((integers)(x >= all_of(threshold)));
}

/* See above; four lanes at a time, which a table brings to the front. */
INLINE int take_lanes(void *to, integers x, unsigned bits) {
    static const int32_t front[16][4] = {
        {0}, {0},    {1},    {0, 1},    {2},    {0, 2},    {1, 2},    {0, 1, 2},
        {3}, {0, 3}, {1, 3}, {0, 1, 3}, {2, 3}, {0, 2, 3}, {1, 2, 3}, {0, 1, 2, 3}};
    unsigned lower = bits & 15, upper = bits >> 4;
    int32_t *behind = (int32_t *)to + __builtin_popcount(lower);
    __m256i lanes = (__m256i)x;
    __m128i lower_front = _mm_loadu_si128((const __m128i *)(const void *)front[lower]);
    __m128i upper_front = _mm_loadu_si128((const __m128i *)(const void *)front[upper]);
    _mm_storeu_ps(to,
                  _mm_permutevar_ps(_mm_castsi128_ps(_mm256_castsi256_si128(lanes)), lower_front));
    _mm_storeu_ps(
        (float *)(void *)behind,
        _mm_permutevar_ps(_mm_castsi128_ps(_mm256_extracti128_si256(lanes, 1)), upper_front));
    return __builtin_popcount(bits);
}
#endif

static int count_at_least(const float *values, int count, float threshold) {
    int j = 0, total = 0;
#if LANES == 16
    for (; j + LANES <= count; j += LANES)
        total += __builtin_popcount(at_least(load(values + j), threshold));
#else
    integers found = {0};
    for (; j + LANES <= count; j += LANES)
        found -= (integers)(load(values + j) >= all_of(threshold));
    for (int lane = 0; lane < LANES; lane++)
        total += found[lane];
#endif
    for (; j < count; j++)
        total += values[j] >= threshold;
    return total;
}

/* What lies between two floats. */
struct between {
    int above; /* how many numbers are at or above the higher one */
    int taken; /* how many are in `few` */
    int count; /* of `few`, made up to whole vectors by what is no number */
    float few[FEW + 2 * LANES];
};

/* Takes the numbers in [low, high) out of a row; 0: those are too many. */
static int take_between(struct between *between, const float *values, int count, float low,
                        float high) {
    int taken = 0, above = 0, j = 0;
    float *few = between->few;
#if LANES >= 8
    for (; j + LANES <= count && taken <= FEW; j += LANES) {
        vector x = load(values + j);
        unsigned higher = at_least(x, high);
        above += __builtin_popcount(higher);
        taken += take_lanes(few + taken, (integers)x, at_least(x, low) & ~higher);
    }
#endif
    for (; j < count && taken <= FEW; j++) {
        int higher = values[j] >= high;
        few[taken] = values[j];
        above += higher;
        taken += (values[j] >= low) & !higher;
    }
    if (taken > FEW)
        return 0;
    between->taken = taken;
    while (taken % LANES)
        few[taken++] = NAN;
    between->above = above;
    between->count = taken;
    return 1;
}

/* How many are numbers, and between what two floats the `keep`-th largest may be expected. */
struct guess {
    int numbers;
    float low, high; /* not finite: nobody knows */
};

static struct guess look_at(const float *values, int count, int keep) {
    vector sums[2] = {0}, squares[2] = {0};
    float total = 0.0f, square = 0.0f;
    int j = 0;
    for (; j + 2 * LANES <= count; j += 2 * LANES)
        for (int v = 0; v < 2; v++) {
            vector x = load(values + j + v * LANES);
            sums[v] += x;
            squares[v] += x * x;
        }
    for (int lane = 0; lane < LANES; lane++) {
        total += sums[0][lane] + sums[1][lane];
        square += squares[0][lane] + squares[1][lane];
    }
    for (; j < count; j++) {
        total += values[j];
        square += values[j] * values[j];
    }
    float mean = total / (float)count, variance = square / (float)count - mean * mean;
    /* The quantile of the normal distribution, as that of the logistic one, scaled. */
    float odds = ((float)keep - 0.5f) / ((float)(count - keep) + 0.5f);
    float deviation = sqrtf(variance), value = mean - deviation * logf(odds) / 1.702f;
    float doubt = deviation * (EITHER_SIDE + EITHER_ROOT / sqrtf((float)count));
    return (struct guess){isfinite(total) ? count : count_at_least(values, count, -INFINITY),
                          value - doubt, value + doubt};
}

/* ---- the cut --------------------------------------------------------------------------------- */

/* The `keep`-th largest of the numbers is at a place in [low, high): `found` are at or above `low`,
 * and fewer than keep, `above`, at or above `high`. */
struct bounds {
    int64_t low, high;
    int found, above;
};

static void look_from(struct bounds *bounds, const float *values, int count, int keep, int before,
                      int64_t place) {
    int found = before + count_at_least(values, count, float_at((int32_t)place));
    if (found >= keep) {
        bounds->low = place;
        bounds->found = found;
    } else {
        bounds->high = place;
        bounds->above = found;
    }
}

static int is_open(const struct bounds *bounds, int keep) {
    return bounds->high - bounds->low > 1 && bounds->found > keep;
}

/* Where the guess has it; returns whether that is where it is. */
static int look_near(struct bounds *bounds, struct between *between, const float *values, int count,
                     int keep, const struct guess *guess) {
    if (!isfinite(guess->low) || !isfinite(guess->high) || guess->low >= guess->high ||
        !take_between(between, values, count, guess->low, guess->high))
        return 0;
    int found = between->above + between->taken;
    if (between->above < keep) {
        bounds->high = place_of(guess->high);
        bounds->above = between->above;
    } else {
        bounds->low = place_of(guess->high);
        bounds->found = between->above;
    }
    if (found >= keep && between->above < keep) {
        bounds->low = place_of(guess->low);
        bounds->found = found;
        return 1;
    }
    if (found < keep) {
        bounds->high = place_of(guess->low);
        bounds->above = found;
    }
    return 0;
}

/* Where to look next: where the number would be if those between the bounds were spread evenly, and
 * every other time at the middle of all floats between them, so that there is an end to it. */
static int64_t next_place(const struct bounds *bounds, int keep, int step) {
    float low = float_at((int32_t)bounds->low), high = float_at((int32_t)bounds->high);
    if (step % 2 == 0 && bounds->high <= PLACE_INFINITY && isfinite(high - low)) {
        float share =
            ((float)(bounds->found - keep) + 0.5f) / (float)(bounds->found - bounds->above);
        int64_t place = place_of(low + (high - low) * share);
        if (place > bounds->low && place < bounds->high)
            return place;
    }
    return bounds->low + (bounds->high - bounds->low) / 2;
}

static struct bounds close_in(const float *values, int count, int keep, const struct guess *guess) {
    struct between between;
    struct bounds bounds = {PLACE_MINUS_INFINITY, PLACE_INFINITY + (int64_t)1, guess->numbers, 0};
    int taken = look_near(&bounds, &between, values, count, keep, guess);
    for (int step = 0; is_open(&bounds, keep); step++) {
        if (!taken && bounds.found - bounds.above <= FEW)
            taken = take_between(&between, values, count, float_at((int32_t)bounds.low),
                                 float_at((int32_t)bounds.high));
        int64_t place = next_place(&bounds, keep, step);
        if (taken)
            look_from(&bounds, between.few, between.count, keep, between.above, place);
        else
            look_from(&bounds, values, count, keep, 0, place);
    }
    return bounds;
}

struct cut OF_SET(cut_largest)(const float *values, int count, int keep) {
    struct guess guess = look_at(values, count, keep);
    if (guess.numbers <= keep)
        return (struct cut){-INFINITY, INT_MAX, keep - guess.numbers};
    struct bounds bounds = close_in(values, count, keep, &guess);
    struct cut cut = {float_at((int32_t)bounds.low), INT_MAX, 0};
    if (bounds.found > keep) /* that number ties */
        cut.ties = keep - bounds.above;
    return cut;
}

/* ---- short rows ------------------------------------------------------------------------------ */

/* For each lane of the vector that begins at `base`, whether fewer than `keep` numbers come before
 * it: of equal ones the first does. */
#if LANES == 16
INLINE unsigned ranks_within(const float *row, int count, int base, int keep) {
    const __m512i one = _mm512_set1_epi32(1);
    __m512 x = _mm512_loadu_ps(row + base);
    __m512i rank = _mm512_setzero_si512();
    for (int j = 0; j < count; j++) {
        __m512 other = _mm512_set1_ps(row[j]);
        __mmask16 before = _mm512_cmp_ps_mask(other, x, _CMP_GT_OQ);
        if (j < base)
            before = _mm512_cmp_ps_mask(other, x, _CMP_GE_OQ);
        else if (j < base + LANES)
            before =
                _kor_mask16(before, _mm512_mask_cmp_ps_mask(_cvtu32_mask16(0xfffeu << (j - base)),
                                                            other, x, _CMP_EQ_OQ));
        rank = _mm512_mask_add_epi32(rank, before, rank, one);
    }
    return _mm512_cmplt_epi32_mask(rank, _mm512_set1_epi32(keep));
}
#else
INLINE unsigned ranks_within(const float *row, int count, int base, int keep) {
    const integers lane = lane_numbers();
    vector x = load(row + base);
    integers rank = {0};
#pragma GCC unroll 4
    for (int j = 0; j < base; j++)
        rank -= (integers)(all_of(row[j]) >= x);
#pragma GCC unroll 8
    for (int i = 0; i < LANES; i++) {
        vector other = all_of(row[base + i]);
        rank -= (integers)(other > x) | ((integers)(other == x) & (lane > i));
    }
#pragma GCC unroll 4
    for (int j = base + LANES; j < count; j++)
        rank -= (integers)(all_of(row[j]) > x);
    return bits_of(rank < keep);
}
#endif

/* By the rank of each: no branch depends on what the row holds. Not for NaN. */
static void mark_by_rank(const float *values, int count, int keep, uint8_t *marks) {
    float row[SHORT + LANES];
    int whole = count / LANES * LANES, base = 0;
    for (int j = 0; j < whole; j += LANES)
        store(row + j, load(values + j));
    for (int j = whole; j < whole + LANES; j++)
        row[j] = j < count ? values[j] : NAN;
    for (; base < whole; base += LANES)
        mark_lanes(marks + base, ranks_within(row, count, base, keep));
    if (base == count)
        return;
    unsigned kept = ranks_within(row, count, base, keep);
    for (int i = 0; base + i < count; i++)
        marks[base + i] |= kept >> i & 1;
}

static int has_only_numbers(const float *values, int count) {
    int others = 0;
    for (int j = 0; j < count; j++)
        others |= isnan(values[j]);
    return !others;
}

/* ---- marks ----------------------------------------------------------------------------------- */

static void mark_row(const float *values, int count, int keep, int ties, uint8_t *marks) {
    if (count <= SHORT && !ties && has_only_numbers(values, count)) {
        mark_by_rank(values, count, keep, marks);
        return;
    }
    struct cut cut = OF_SET(cut_largest)(values, count, keep);
    int j = 0;
    if (ties)
        cut.ties = INT_MAX;
    if (cut.ties < INT_MAX || cut.missing > 0) {
        for (; j < count; j++)
            marks[j] |= (uint8_t)cut_keeps(&cut, values[j]);
        return;
    }
#if LANES >= 8
    for (; j + LANES <= count; j += LANES)
        mark_lanes(marks + j, at_least(load(values + j), cut.threshold));
#endif
    for (; j < count; j++)
        marks[j] |= values[j] >= cut.threshold;
}

#if LANES == 16
/* The lanes of x before which fewer than `keep` come of the `of` in their part of the vector, a
 * power of two: each lane is compared with the one `k` further on in its part. Not for NaN. */
INLINE unsigned ranks_of_parts(vector values, int of, int keep) {
    const __m512 x = (__m512)values;
    const __m512i one = _mm512_set1_epi32(1), within = _mm512_set1_epi32(of - 1);
    const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i lane = _mm512_and_si512(lanes, within);
    const __m512i begin = _mm512_andnot_si512(within, lanes);
    __m512i rank = _mm512_setzero_si512();
    for (int k = 1; k < of; k++) {
        __m512i place = _mm512_and_si512(_mm512_add_epi32(lane, _mm512_set1_epi32(k)), within);
        __m512 other = _mm512_permutexvar_ps(_mm512_or_si512(begin, place), x);
        __mmask16 first = _mm512_cmplt_epi32_mask(place, lane);
        __mmask16 before = _kor_mask16(_mm512_cmp_ps_mask(other, x, _CMP_GT_OQ),
                                       _mm512_mask_cmp_ps_mask(first, other, x, _CMP_EQ_OQ));
        rank = _mm512_mask_add_epi32(rank, before, rank, one);
    }
    return _mm512_cmplt_epi32_mask(rank, _mm512_set1_epi32(keep));
}
#elif LANES == 8
INLINE unsigned ranks_of_parts(vector x, int of, int keep) {
    const integers lanes = lane_numbers(), lane = lanes & (of - 1), begin = lanes - lane;
    integers rank = {0};
    for (int k = 1; k < of; k++) {
        integers place = (lane + k) & (of - 1);
        vector other = (vector)_mm256_permutevar8x32_ps((__m256)x, (__m256i)(begin + place));
        rank -= (integers)(other > x) | ((integers)(other == x) & (place < lane));
    }
    return bits_of(rank < keep);
}
#endif

static void mark_parts(const float *values, int count, const struct largest *largest,
                       uint8_t *marks) {
    int begin = 0;
#if LANES >= 8
    if (LANES % largest->of == 0 && has_only_numbers(values, count))
        for (; begin + LANES <= count; begin += LANES)
            mark_lanes(marks + begin,
                       ranks_of_parts(load(values + begin), largest->of, largest->keep));
#endif
    for (; begin < count; begin += largest->of) {
        int part = largest->of < count - begin ? largest->of : count - begin;
        mark_row(values + begin, part, largest->keep, 0, marks + begin);
    }
}

void OF_SET(mark_largest)(const float *values, int count, const struct largest *largest,
                          uint8_t *marks) {
    if (largest->of > 0)
        mark_parts(values, count, largest, marks);
    else
        mark_row(values, count, largest->keep, largest->ties, marks);
}

int OF_SET(list_marked)(const uint8_t *marks, int count, int32_t *list) {
    int taken = 0, j = 0;
#if LANES >= 8
    integers places = lane_numbers();
    for (; j + LANES <= count; j += LANES, places += LANES)
        taken += take_lanes(list + taken, places, bits_of_lanes(marks + j));
#endif
    for (; j < count; j++) {
        list[taken] = j;
        taken += marks[j];
    }
    return taken;
}
