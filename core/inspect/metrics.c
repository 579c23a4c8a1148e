/*
 * metrics.c - the table of metrics, and how a capture is measured.
 *
 * Every answer is measured before it is shown, so this must cost little beside the forward pass:
 * the loops over all pairs that take the longest are kernels (core/kernel/measure.c).
 */
#include "core/inspect/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/attention_kernels.h"
#include "core/kernel/kernels.h"
#include "core/kernel/scratch.h"

/* ---- of one head ----------------------------------------------------------------------------- */

static int row_kept(const struct metric_head *head, int query) {
    const uint8_t *mask = head->mask + (size_t)query * (size_t)head->tokens;
    int kept = 0;
    for (int key = 0; key < head->tokens; key++)
        kept += mask[key];
    return kept;
}

static double entropy_of(const struct metric_head *head) {
    double sum = 0.0;
    for (int query = 0; query < head->tokens; query++)
        sum += head->entropies[query];
    return sum / head->tokens;
}

/* Rows that allow one key have no entropy to be a share of. */
static double normalised_of(const struct metric_head *head) {
    double sum = 0.0;
    int rows = 0;
    for (int query = 0; query < head->tokens; query++) {
        int kept = row_kept(head, query);
        if (kept < 2)
            continue;
        sum += head->entropies[query] / log(kept);
        rows++;
    }
    return rows > 0 ? sum / rows : NAN;
}

static double distance_of(const struct metric_head *head) {
    double sum = 0.0;
    for (int query = 0; query < head->tokens; query++)
        sum += head->kernels->distance(head->attention + (size_t)query * (size_t)head->tokens,
                                       query, head->tokens);
    return sum / head->tokens;
}

static double share_of_piece(const struct metric_head *head, const char *piece) {
    double sum = 0.0;
    for (int key = 0; key < head->tokens; key++) {
        if (strcmp(head->pieces[key], piece) != 0)
            continue;
        for (int query = 0; query < head->tokens; query++)
            sum += (double)head->attention[(size_t)query * (size_t)head->tokens + (size_t)key];
    }
    return sum / head->tokens;
}

static double cls_of(const struct metric_head *head) {
    return share_of_piece(head, "[CLS]");
}

static double sep_of(const struct metric_head *head) {
    return share_of_piece(head, "[SEP]");
}

/* Mean weight on the key `offset` tokens away, over the queries that have one. */
static double share_at(const struct metric_head *head, int offset) {
    double sum = 0.0;
    int rows = 0;
    for (int query = 0; query < head->tokens; query++) {
        int key = query + offset;
        if (key < 0 || key >= head->tokens)
            continue;
        sum += (double)head->attention[(size_t)query * (size_t)head->tokens + (size_t)key];
        rows++;
    }
    return rows > 0 ? sum / rows : NAN;
}

static double self_of(const struct metric_head *head) {
    return share_at(head, 0);
}

static double previous_of(const struct metric_head *head) {
    return share_at(head, -1);
}

static double next_of(const struct metric_head *head) {
    return share_at(head, 1);
}

static double sparsity_of(const struct metric_head *head) {
    return sparsity_realised(head->mask, head->tokens);
}

static int block_is_empty(const struct metric_head *head, int row, int column) {
    int rows = head->tokens - row, columns = head->tokens - column;
    rows = rows < METRIC_BLOCK ? rows : METRIC_BLOCK;
    columns = columns < METRIC_BLOCK ? columns : METRIC_BLOCK;
    for (int i = 0; i < rows; i++) {
        const uint8_t *mask =
            head->mask + (size_t)(row + i) * (size_t)head->tokens + (size_t)column;
        for (int j = 0; j < columns; j++)
            if (mask[j])
                return 0;
    }
    return 1;
}

static double blocks_of(const struct metric_head *head) {
    int64_t empty = 0, all = 0;
    for (int row = 0; row < head->tokens; row += METRIC_BLOCK) {
        for (int column = 0; column < head->tokens; column += METRIC_BLOCK) {
            empty += block_is_empty(head, row, column);
            all++;
        }
    }
    return (double)empty / (double)all;
}

static double mass_of(const struct metric_head *head) {
    size_t tokens = (size_t)head->tokens;
    double sum = 0.0;
    for (size_t query = 0; query < tokens; query++) {
        const uint8_t *mask = head->mask + query * tokens;
        sum += memchr(mask, 0, tokens)
                   ? head->kernels->mass(head->dense + query * tokens, mask, head->tokens)
                   : 1.0;
    }
    return sum / head->tokens;
}

static double divergence_of(const struct metric_head *head) {
    size_t tokens = (size_t)head->tokens;
    double sum = 0.0;
    if (!head->other)
        return NAN;
    for (size_t query = 0; query < tokens; query++)
        sum += head->kernels->divergence(head->attention + query * tokens,
                                         head->other + query * tokens, head->tokens);
    return sum / head->tokens;
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct metric rows[METRICS] = {
    [METRIC_ENTROPY] = {"entropy", "entropy", "nats",
                        "mean over queries i of H_i = -sum_j A_ij ln A_ij, with 0 ln 0 = 0", 3, 0,
                        entropy_of},
    [METRIC_NORMALISED] = {"normalised", "H/ln k", "share",
                           "mean of H_i / ln(sum_j M_ij): entropy as a share of what the pattern "
                           "allows, to compare sparse with dense; queries that may see one key "
                           "only are left out",
                           3, 0, normalised_of},
    [METRIC_DISTANCE] = {"distance", "distance", "tokens", "mean over i of sum_j A_ij |i-j|", 2, 0,
                         distance_of},
    [METRIC_CLS] = {"cls", "[CLS]", "share", "mean over i of the weight on [CLS]", 3, 0, cls_of},
    [METRIC_SEP] = {"sep", "[SEP]", "share", "mean over i of the weight on [SEP]", 3, 0, sep_of},
    [METRIC_SELF] = {"self", "self", "share", "mean over i of A_ii", 3, 0, self_of},
    [METRIC_PREVIOUS] = {"previous", "previous", "share", "mean over i > 0 of A_i,i-1", 3, 0,
                         previous_of},
    [METRIC_NEXT] = {"next", "next", "share", "mean over i < n-1 of A_i,i+1", 3, 0, next_of},
    [METRIC_SPARSITY] = {"sparsity", "sparsity", "share",
                         "1 - sum M_ij / n^2: the share of pairs that the pattern has removed", 3,
                         0, sparsity_of},
    [METRIC_BLOCKS] = {"blocks", "blocks", "share",
                       "the share of blocks of 4 x 4 pairs that are empty, so that a block "
                       "kernel could skip them",
                       3, 0, blocks_of},
    [METRIC_MASS] = {"mass", "mass kept", "share",
                     "mean over i of sum_j M_ij D_ij, D the dense attention: the other arm's where "
                     "that is dense and has the same model, else the softmax of the scores",
                     3, 0, mass_of},
    [METRIC_DIVERGENCE] = {"divergence", "JSD", "nats",
                           "mean over i of the Jensen-Shannon divergence of A_i and B_i: "
                           "KL(A_i|m)/2 + KL(B_i|m)/2, m = (A_i+B_i)/2; at most ln 2 = 0.693",
                           3, 1, divergence_of},
    [METRIC_IMPORTANCE] = {"importance", "gradient", "",
                           "|dL/dx_h| of a gate x_h on the head's output at 1, which is |O_h . "
                           "dL/dO_h|, O_h the output: the loss of this sentence at the predicted "
                           "label unless another is given; Michel et al. 2019, arXiv 1905.10650. "
                           "`importance` computes it",
                           4, 0, NULL},
};

const struct metric *metric_get(int index) {
    return index >= 0 && index < METRICS ? &rows[index] : NULL;
}

int metric_find(const char *name, size_t length) {
    int found = -1;
    for (int i = 0; i < METRICS && length > 0; i++) {
        if (strncasecmp(rows[i].name, name, length) != 0)
            continue;
        if (rows[i].name[length] == '\0')
            return i;
        found = found == -1 ? i : -2;
    }
    return found < 0 ? -1 : found;
}

/* ---- a capture ------------------------------------------------------------------------------- */

int capture_head_off(const struct capture *capture, int layer, int head) {
    size_t tokens = (size_t)capture->encoding.count;
    return !memchr(capture_mask(capture, capture_head(capture, layer, head)), 1, tokens * tokens);
}

int captures_comparable(const struct capture *a, const struct capture *b) {
    if (a->layers != b->layers || a->heads != b->heads || a->encoding.count != b->encoding.count)
        return 0;
    for (int i = 0; i < a->encoding.count; i++)
        if (strcmp(a->pieces[i], b->pieces[i]) != 0)
            return 0;
    return 1;
}

static int is_dense(const struct capture *capture) {
    size_t pairs = capture_head(capture, capture->layers, 0);
    return capture->all_kept || !memchr(capture->mask, 0, pairs);
}

/* Captures that are comparable, or one. */
struct measuring {
    struct capture *const *captures;
    int count, same_model;
    int dense[2];            /* 1: all pairs of it are kept */
    double *values[2];       /* [L,NH,METRICS] of each */
    struct scratch *scratch; /* pieces of room_bytes */
};

/* What a head is measured in. */
struct room {
    float *attention[2]; /* [T,T] of each capture */
    float *dense;        /* [T,T] */
    double *entropies;   /* [T] */
};

/* Of whole vectors. */
static size_t padded_pairs(int tokens) {
    return ((size_t)tokens * (size_t)tokens + 15) / 16 * 16;
}

static size_t room_bytes(int tokens) {
    return 3 * padded_pairs(tokens) * sizeof(float) + (size_t)tokens * sizeof(double);
}

static struct room room_at(void *piece, int tokens) {
    float *maps = piece;
    size_t pairs = padded_pairs(tokens);
    return (struct room){
        {maps, maps + pairs}, maps + 2 * pairs, (double *)(void *)(maps + 3 * pairs)};
}

/* The attention without a pattern. */
static const float *dense_of(const struct measuring *work, const struct room *room, int which,
                             size_t at) {
    const struct capture *capture = work->captures[which];
    int tokens = capture->encoding.count;
    if (work->count == 2 && work->same_model && work->dense[1 - which])
        return room->attention[1 - which];
    if (!memchr(capture_mask(capture, at), 0, (size_t)tokens * (size_t)tokens))
        return room->attention[which];
    capture->kernels->attention->softmax(room->dense, capture->scores + at, NULL, tokens, tokens);
    return room->dense;
}

static void measure_rows(const struct metric_head *head, int off, int other_off,
                         const double *known, double *values) {
    for (int i = 0; i < METRICS; i++) {
        int of_mask = i == METRIC_SPARSITY || i == METRIC_BLOCKS || i == METRIC_MASS;
        if (!rows[i].of || (off && !of_mask) || (rows[i].both && other_off))
            values[i] = NAN;
        else if (rows[i].both && known)
            values[i] = known[i];
        else
            values[i] = rows[i].of(head);
    }
}

static void measure_head(void *user, int index) {
    const struct measuring *work = user;
    const struct capture *first = work->captures[0];
    int tokens = first->encoding.count, off[2] = {0, 0};
    int layer = index / first->heads, place = index % first->heads;
    size_t at = capture_head(first, layer, place), row = (size_t)index * METRICS;
    void *piece = scratch_take(work->scratch);
    struct room room = room_at(piece, tokens);
    for (int i = 0; i < work->count; i++) {
        off[i] = capture_head_off(work->captures[i], layer, place);
        capture_attention(work->captures[i], at, tokens, room.attention[i]);
    }
    for (int i = 0; i < work->count; i++) {
        const struct capture *capture = work->captures[i];
        struct metric_head head = {.kernels = capture->kernels->measure,
                                   .tokens = tokens,
                                   .attention = room.attention[i],
                                   .mask = capture_mask(capture, at),
                                   .pieces = capture->pieces,
                                   .entropies = room.entropies,
                                   .dense = dense_of(work, &room, i, at),
                                   .other = work->count == 2 ? room.attention[1 - i] : NULL};
        for (int query = 0; query < tokens; query++)
            room.entropies[query] =
                head.kernels->entropy(head.attention + (size_t)query * (size_t)tokens, tokens);
        measure_rows(&head, off[i], off[1 - i], i > 0 ? work->values[0] + row : NULL,
                     work->values[i] + row);
    }
    scratch_give(work->scratch, piece);
}

static int measure(struct measuring *work, struct pool *pool, struct sawb_error *error) {
    const struct capture *first = work->captures[0];
    int heads = first->layers * first->heads, failed = 0;
    for (int i = 0; i < work->count; i++) {
        work->dense[i] = is_dense(work->captures[i]);
        work->values[i] = malloc((size_t)heads * METRICS * sizeof(double));
        failed |= !work->values[i];
    }
    work->scratch = failed ? NULL
                           : scratch_create(pool ? pool_threads(pool) : 1,
                                            room_bytes(first->encoding.count), error);
    if (!work->scratch) {
        free(work->values[0]);
        free(work->values[1]);
        return error_set(error, "metrics: out of memory for %d heads", heads);
    }
    if (pool)
        pool_run(pool, heads, measure_head, work);
    for (int i = 0; !pool && i < heads; i++)
        measure_head(work, i);
    scratch_free(work->scratch);
    return 0;
}

int metrics_measure(struct capture *const *captures, int count, int same_model, struct pool *pool,
                    struct sawb_error *error) {
    int together = count == 2 && captures_comparable(captures[0], captures[1]) ? 2 : 1;
    double *measured[2] = {NULL, NULL};
    for (int i = 0; i < count; i += together) {
        struct measuring work = {
            .captures = captures + i, .count = together, .same_model = same_model};
        if (measure(&work, pool, error) < 0) {
            free(measured[0]);
            return -1;
        }
        memcpy(measured + i, work.values, (size_t)together * sizeof(*measured));
    }
    for (int i = 0; i < count; i++) {
        free(captures[i]->metrics);
        captures[i]->metrics = measured[i];
    }
    return 0;
}
