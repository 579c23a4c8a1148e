/*
 * record_arrays.c - scores, masks and metrics, packed and deflated.
 *
 * Body: varint sequence, u8 flags, varint layers, heads, tokens, string kernels, varint bytes
 * before the deflation, deflated bytes. Before it: of each head its ends (f32, not when exact),
 * then scores, mask bits, [metrics f64], [f32 [L,NH,T,T]] and [f32 [L,NH,T]] of older versions.
 * Numbers of several bytes are split into planes (all first bytes, then all second ones ...), which
 * deflate better.
 */
#include "core/session/record_arrays.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/inspect/metrics.h"
#include "core/kernel/kernels.h"
#include "core/session/record_bytes.h"

#define LEVELS 65535
#define DEFLATE_LEVEL 3 /* scores are noise but for their high bytes: more effort gains little */

enum { ARRAYS_EXACT = 1, ARRAYS_METRICS = 2 };
/* Of older versions; they follow from scores and mask. */
enum { ARRAYS_ATTENTION = 4, ARRAYS_LOG_SUMS = 8 };

struct arrays {
    uint64_t sequence;
    int exact, layers, heads, tokens;
    const struct kernels *kernels;
    float *scores;
    uint8_t *mask;
    double *metrics; /* NULL: none */
};

static size_t head_count(const struct arrays *arrays) {
    return (size_t)arrays->layers * (size_t)arrays->heads;
}

static size_t head_pairs(const struct arrays *arrays) {
    return (size_t)arrays->tokens * (size_t)arrays->tokens;
}

static const struct kernels *kernels_named(const char *name) {
    const struct kernels *set;
    for (int i = 0; (set = kernels_get(i)); i++)
        if (name && strcmp(set->name, name) == 0)
            return set;
    return kernels_get(0);
}

/* ---- copying --------------------------------------------------------------------------------- */

static void *copy(const void *data, size_t size) {
    void *made = malloc(size + 1);
    return made ? memcpy(made, data, size) : NULL;
}

struct arrays *arrays_copy(const struct capture *capture, uint64_t sequence, int exact) {
    if (!capture->scores || !capture->mask)
        return NULL;
    struct arrays *arrays = calloc(1, sizeof(*arrays));
    if (!arrays)
        return NULL;
    *arrays = (struct arrays){.sequence = sequence,
                              .exact = exact,
                              .layers = capture->layers,
                              .heads = capture->heads,
                              .tokens = capture->encoding.count,
                              .kernels = capture->kernels};
    size_t count = head_count(arrays) * head_pairs(arrays);
    for (size_t i = 0; i < count && !arrays->exact; i++)
        arrays->exact = !isfinite(capture->scores[i]);
    arrays->scores = copy(capture->scores, count * sizeof(float));
    arrays->mask = malloc(count + 1);
    int failed = count > ARRAYS_PAIRS_MOST || !arrays->scores || !arrays->mask;
    if (!failed)
        capture_masks(capture, arrays->mask);
    if (capture->metrics && !failed) {
        arrays->metrics = copy(capture->metrics, head_count(arrays) * METRICS * sizeof(double));
        failed |= !arrays->metrics;
    }
    if (!failed)
        return arrays;
    arrays_free(arrays);
    return NULL;
}

void arrays_free(struct arrays *arrays) {
    if (!arrays)
        return;
    free(arrays->scores);
    free(arrays->mask);
    free(arrays->metrics);
    free(arrays);
}

size_t arrays_bytes(const struct arrays *arrays) {
    return head_count(arrays) * head_pairs(arrays) * (sizeof(float) + 1);
}

/* ---- packing --------------------------------------------------------------------------------- */

/* [count] numbers of `size` bytes as `size` planes. */
static void put_planes(struct bytes *bytes, const unsigned char *numbers, size_t count,
                       size_t size) {
    unsigned char *plane = malloc(count + 1);
    if (!plane) {
        bytes->failed = 1;
        return;
    }
    for (size_t k = 0; k < size; k++) {
        for (size_t i = 0; i < count; i++)
            plane[i] = numbers[i * size + k];
        bytes_put(bytes, plane, count);
    }
    free(plane);
}

static void put_floats(struct bytes *bytes, const float *values, size_t count) {
    struct bytes plain = {0};
    for (size_t i = 0; i < count; i++)
        bytes_f32(&plain, values[i]);
    bytes->failed |= plain.failed;
    if (!plain.failed)
        put_planes(bytes, plain.data, count, 4);
    bytes_free(&plain);
}

/* Of all heads their ends, then the levels. */
static void put_levels(struct bytes *bytes, const struct arrays *arrays) {
    size_t pairs = head_pairs(arrays), heads = head_count(arrays);
    struct bytes levels = {0};
    for (size_t head = 0; head < heads; head++) {
        const float *scores = arrays->scores + head * pairs;
        float low = scores[0], high = scores[0];
        for (size_t i = 1; i < pairs; i++) {
            low = fminf(low, scores[i]);
            high = fmaxf(high, scores[i]);
        }
        bytes_f32(bytes, low);
        bytes_f32(bytes, high);
        double scale = high > low ? LEVELS / ((double)high - (double)low) : 0;
        for (size_t i = 0; i < pairs; i++) {
            unsigned level = (unsigned)lrint(((double)scores[i] - (double)low) * scale);
            unsigned char room[2] = {(unsigned char)level, (unsigned char)(level >> 8)};
            bytes_put(&levels, room, 2);
        }
    }
    bytes->failed |= levels.failed;
    if (!levels.failed)
        put_planes(bytes, levels.data, heads * pairs, 2);
    bytes_free(&levels);
}

static void put_mask(struct bytes *bytes, const uint8_t *mask, size_t count) {
    for (size_t i = 0; i < count; i += 8) {
        unsigned byte = 0;
        for (size_t k = 0; k < 8 && i + k < count; k++)
            byte |= (mask[i + k] ? 1u : 0u) << k;
        bytes_u8(bytes, byte);
    }
}

static void put_all(struct bytes *bytes, const struct arrays *arrays) {
    size_t count = head_count(arrays) * head_pairs(arrays);
    if (arrays->exact)
        put_floats(bytes, arrays->scores, count);
    else
        put_levels(bytes, arrays);
    put_mask(bytes, arrays->mask, count);
    for (size_t i = 0; arrays->metrics && i < head_count(arrays) * METRICS; i++)
        bytes_f64(bytes, arrays->metrics[i]);
}

void *arrays_pack(const struct arrays *arrays, size_t *size) {
    struct bytes plain = {0}, body = {0};
    put_all(&plain, arrays);
    bytes_varint(&body, arrays->sequence);
    bytes_u8(&body, (arrays->exact ? ARRAYS_EXACT : 0u) | (arrays->metrics ? ARRAYS_METRICS : 0u));
    bytes_signed(&body, arrays->layers);
    bytes_signed(&body, arrays->heads);
    bytes_signed(&body, arrays->tokens);
    bytes_string(&body, arrays->kernels->name);
    bytes_varint(&body, plain.size);
    uLongf room = compressBound((uLong)plain.size);
    unsigned char *packed = plain.failed ? NULL : malloc(room);
    if (packed && compress2(packed, &room, plain.data, (uLong)plain.size, DEFLATE_LEVEL) == Z_OK)
        bytes_put(&body, packed, room);
    else
        body.failed = 1;
    free(packed);
    bytes_free(&plain);
    if (body.failed)
        bytes_free(&body);
    *size = body.size;
    return body.data;
}

/* ---- unpacking ------------------------------------------------------------------------------- */

static int read_head(struct reading *reading, struct arrays_head *head, unsigned *flags) {
    head->sequence = reading_varint(reading);
    *flags = reading_u8(reading);
    head->exact = (*flags & ARRAYS_EXACT) != 0;
    head->layers = reading_int(reading, 1, 1 << 16);
    head->heads = reading_int(reading, 1, 1 << 16);
    head->tokens = reading_int(reading, 1, 1 << 16);
    return reading->failed ? -1 : 0;
}

int arrays_head(const unsigned char *body, size_t size, struct arrays_head *head) {
    struct reading reading = {body, size, 0, 0};
    unsigned flags;
    return read_head(&reading, head, &flags);
}

static void join_planes(const unsigned char *planes, size_t count, size_t size,
                        unsigned char *numbers) {
    for (size_t k = 0; k < size; k++)
        for (size_t i = 0; i < count; i++)
            numbers[i * size + k] = planes[k * count + i];
}

static float float_at(const unsigned char *planes, size_t count, size_t index) {
    uint32_t bits = 0;
    float value;
    for (size_t k = 0; k < 4; k++)
        bits |= (uint32_t)planes[k * count + index] << (8 * k);
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static void read_floats(struct reading *reading, float *values, size_t count) {
    const unsigned char *planes = reading_take(reading, 4 * count);
    for (size_t i = 0; planes && i < count; i++)
        values[i] = float_at(planes, count, i);
}

static void read_levels(struct reading *reading, float *scores, size_t heads, size_t pairs) {
    struct reading ends = *reading;
    reading_take(reading, heads * 8);
    const unsigned char *planes = reading_take(reading, 2 * heads * pairs);
    unsigned char *levels = planes ? malloc(2 * heads * pairs) : NULL;
    if (!levels) {
        reading->failed = 1;
        return;
    }
    join_planes(planes, heads * pairs, 2, levels);
    for (size_t head = 0; head < heads; head++) {
        double low = (double)reading_f32(&ends), high = (double)reading_f32(&ends);
        for (size_t i = head * pairs; i < (head + 1) * pairs; i++) {
            unsigned level = (unsigned)levels[2 * i] | (unsigned)levels[2 * i + 1] << 8;
            scores[i] = (float)(low + (high - low) * (level / (double)LEVELS));
        }
    }
    free(levels);
}

static void read_mask(struct reading *reading, uint8_t *mask, size_t count) {
    const unsigned char *bits = reading_take(reading, (count + 7) / 8);
    for (size_t i = 0; bits && i < count; i++)
        mask[i] = bits[i / 8] >> (i % 8) & 1;
}

/* The importance is left: other events bring it. */
static void read_metrics(struct reading *reading, double *metrics, size_t heads) {
    for (size_t i = 0; i < heads * METRICS; i++) {
        double value = reading_f64(reading);
        if (metrics && i % METRICS != METRIC_IMPORTANCE)
            metrics[i] = value;
    }
}

static unsigned char *inflate_all(struct reading *reading, size_t expected, size_t *size) {
    uint64_t plain = reading_varint(reading);
    size_t packed = reading->size - reading->at;
    const unsigned char *bytes = reading_take(reading, packed);
    if (!bytes || plain != expected)
        return NULL;
    unsigned char *room = malloc(expected + 1);
    uLongf length = (uLongf)expected;
    if (room && uncompress(room, &length, bytes, (uLong)packed) == Z_OK && length == expected) {
        *size = expected;
        return room;
    }
    free(room);
    return NULL;
}

int arrays_unpack(const unsigned char *body, size_t size, struct capture *capture,
                  struct sawb_error *error) {
    struct reading reading = {body, size, 0, 0};
    struct arrays_head head = {0};
    unsigned flags = 0;
    size_t tokens = (size_t)capture->encoding.count;
    size_t heads = (size_t)capture->layers * (size_t)capture->heads, pairs = tokens * tokens;
    int fits = read_head(&reading, &head, &flags) == 0 && head.layers == capture->layers &&
               head.heads == capture->heads && head.tokens == capture->encoding.count &&
               pairs <= ARRAYS_PAIRS_MOST && heads <= ARRAYS_PAIRS_MOST / pairs;
    if (!fits)
        return error_set(error, "session: arrays that do not belong to their prediction");
    char *name = reading_string(&reading);
    const struct kernels *kernels = kernels_named(name);
    free(name);
    size_t count = heads * pairs, plain_size = 0;
    size_t expected = (head.exact ? 4 * count : 2 * count + 8 * heads) + (count + 7) / 8 +
                      (flags & ARRAYS_METRICS ? heads * METRICS * 8 : 0) +
                      (flags & ARRAYS_ATTENTION ? 4 * count : 0) +
                      (flags & ARRAYS_LOG_SUMS ? 4 * heads * tokens : 0);
    unsigned char *plain = inflate_all(&reading, expected, &plain_size);
    float *scores = capture_memory(count * sizeof(*scores));
    uint8_t *mask = capture_memory(count);
    if (!plain || !scores || !mask) {
        free(plain);
        free(scores);
        free(mask);
        return error_set(error, "session: arrays that cannot be unpacked");
    }
    struct reading inner = {plain, plain_size, 0, 0};
    if (head.exact)
        read_floats(&inner, scores, count);
    else
        read_levels(&inner, scores, heads, pairs);
    read_mask(&inner, mask, count);
    if (flags & ARRAYS_METRICS)
        read_metrics(&inner, capture->metrics, heads);
    free(plain);
    free(capture->scores);
    free(capture->mask);
    capture->scores = scores;
    capture->kernels = kernels;
    capture->mask = mask;
    capture->all_kept = 0;
    return 0;
}
