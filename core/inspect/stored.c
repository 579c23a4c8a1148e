/*
 * stored.c - packing captures.
 */
#include "core/inspect/stored.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/inspect/metrics.h"

#define LEVELS 65535

struct stored {
    struct capture *rest; /* everything but scores, mask and hidden states */
    uint16_t *scores;     /* [L,NH,T,T] of LEVELS between the head's ends */
    float (*ends)[2];     /* [L,NH] least and greatest score */
    uint8_t *mask;        /* [L,NH,T,T] bits */
    size_t bytes;
};

static size_t head_count(const struct capture *capture) {
    return (size_t)capture->layers * (size_t)capture->heads;
}

static size_t head_pairs(const struct capture *capture) {
    return (size_t)capture->encoding.count * (size_t)capture->encoding.count;
}

/* ---- what is copied as it is ----------------------------------------------------------------- */

/* NULL for NULL; *failed when out of memory. */
static void *copy(const void *data, size_t size, size_t *bytes, int *failed) {
    void *made = data ? malloc(size > 0 ? size : 1) : NULL;
    if (made)
        memcpy(made, data, size);
    else if (data)
        *failed = 1;
    *bytes += made ? size : 0;
    return made;
}

static char *copy_string(const char *text, size_t *bytes, int *failed) {
    return copy(text, text ? strlen(text) + 1 : 0, bytes, failed);
}

/* A capture without its maps; adds to *bytes what it takes. */
static struct capture *copy_rest(const struct capture *from, size_t *bytes) {
    struct capture *to = malloc(sizeof(*to));
    if (!to)
        return NULL;
    size_t tokens = (size_t)from->encoding.count, labels = (size_t)from->labels;
    int failed = 0;
    *to = *from;
    to->scores = NULL;
    to->mask = NULL;
    to->all_kept = 0;
    to->text = copy_string(from->text, bytes, &failed);
    to->spec = copy_string(from->spec, bytes, &failed);
    to->pattern = copy_string(from->pattern, bytes, &failed);
    to->encoding.ids = copy(from->encoding.ids, tokens * sizeof(*to->encoding.ids), bytes, &failed);
    to->encoding.offsets =
        copy(from->encoding.offsets, tokens * sizeof(*to->encoding.offsets), bytes, &failed);
    to->logits = copy(from->logits, labels * sizeof(float), bytes, &failed);
    to->probabilities = copy(from->probabilities, labels * sizeof(float), bytes, &failed);
    to->metrics = copy(from->metrics, head_count(from) * METRICS * sizeof(double), bytes, &failed);
    to->pieces = calloc(tokens > 0 ? tokens : 1, sizeof(*to->pieces));
    for (size_t i = 0; to->pieces && i < tokens; i++)
        to->pieces[i] = copy_string(from->pieces[i], bytes, &failed);
    *bytes += sizeof(*to) + tokens * sizeof(*to->pieces);
    if (to->pieces && !failed)
        return to;
    capture_free(to);
    return NULL;
}

/* ---- maps ------------------------------------------------------------------------------------ */

/* The finite scores of a head lie between *low and *high. */
static void find_ends(const float *scores, size_t pairs, float ends[2]) {
    ends[0] = INFINITY;
    ends[1] = -INFINITY;
    for (size_t i = 0; i < pairs; i++) {
        if (!isfinite(scores[i]))
            continue;
        ends[0] = fminf(ends[0], scores[i]);
        ends[1] = fmaxf(ends[1], scores[i]);
    }
    if (!(ends[0] <= ends[1]))
        ends[0] = ends[1] = 0;
}

static uint16_t level(double share) {
    return (uint16_t)lround(fmin(fmax(share, 0), 1) * LEVELS);
}

static void pack_maps(struct stored *stored, const struct capture *capture) {
    size_t pairs = head_pairs(capture);
    for (size_t head = 0; head < head_count(capture); head++) {
        const float *scores = capture->scores + head * pairs;
        const uint8_t *mask = capture_mask(capture, head * pairs);
        float *ends = stored->ends[head];
        find_ends(scores, pairs, ends);
        double range = (double)ends[1] - (double)ends[0];
        for (size_t i = 0; i < pairs; i++) {
            size_t at = head * pairs + i;
            double above = (double)scores[i] - (double)ends[0];
            stored->scores[at] = range > 0 ? level(above / range) : 0;
            if (mask[i])
                stored->mask[at / 8] |= (uint8_t)(1u << (at % 8));
        }
    }
}

static void unpack_maps(const struct stored *stored, struct capture *capture) {
    size_t pairs = head_pairs(capture);
    for (size_t head = 0; head < head_count(capture); head++) {
        const float *ends = stored->ends[head];
        double range = (double)ends[1] - (double)ends[0];
        for (size_t i = 0; i < pairs; i++) {
            size_t at = head * pairs + i;
            capture->scores[at] =
                (float)((double)ends[0] + range * (stored->scores[at] / (double)LEVELS));
            capture->mask[at] = stored->mask[at / 8] >> (at % 8) & 1;
        }
    }
}

/* ---- */

struct stored *stored_pack(const struct capture *capture, struct sawb_error *error) {
    struct stored *stored = calloc(1, sizeof(*stored));
    size_t heads = head_count(capture), pairs = heads * head_pairs(capture);
    if (stored) {
        stored->bytes = sizeof(*stored) + pairs * sizeof(uint16_t) + (pairs + 7) / 8 +
                        heads * sizeof(*stored->ends);
        stored->rest = copy_rest(capture, &stored->bytes);
        stored->scores = malloc((pairs + 1) * sizeof(uint16_t));
        stored->ends = malloc((heads + 1) * sizeof(*stored->ends));
        stored->mask = calloc(pairs / 8 + 1, 1);
    }
    if (!stored || !stored->rest || !stored->scores || !stored->ends || !stored->mask) {
        stored_free(stored);
        error_set(error, "capture: out of memory for keeping one of %d tokens",
                  capture->encoding.count);
        return NULL;
    }
    pack_maps(stored, capture);
    return stored;
}

struct capture *stored_unpack(const struct stored *stored, struct sawb_error *error) {
    size_t bytes = 0, pairs = head_count(stored->rest) * head_pairs(stored->rest);
    struct capture *capture = copy_rest(stored->rest, &bytes);
    if (capture) {
        capture->scores = capture_memory((pairs + 1) * sizeof(float));
        capture->mask = capture_memory(pairs + 1);
    }
    if (!capture || !capture->scores || !capture->mask) {
        capture_free(capture);
        error_set(error, "capture: out of memory for %d tokens", stored->rest->encoding.count);
        return NULL;
    }
    unpack_maps(stored, capture);
    return capture;
}

size_t stored_bytes(const struct stored *stored) {
    return stored->bytes;
}

const char *stored_text(const struct stored *stored) {
    return stored->rest->text;
}

void stored_free(struct stored *stored) {
    if (!stored)
        return;
    capture_free(stored->rest);
    free(stored->scores);
    free(stored->ends);
    free(stored->mask);
    free(stored);
}
