/*
 * attention.h - scaled dot-product attention of all heads of one layer.
 *
 * out = dropout(softmax(Q Kᵀ / √HS over the pairs that the mask keeps)) V, for each head of each
 * sentence. Source: Vaswani et al. 2017 (arXiv 1706.03762); computed by tiles of queries and keys
 * with a running softmax (Milakov, Gimelshein 2018, arXiv 1805.02867; Dao et al. 2022, arXiv
 * 2205.14135), so that neither scores nor probabilities [T,T] are stored. The backward pass works
 * them out again from the logarithms of the softmax' sums.
 *
 *     struct attention *attention;
 *     attention_create(&attention, &compute, &error);
 *     struct attention_batch batch = {.sentences = 1, .offsets = (int[]){0, n}, .heads = NH,
 *                                     .width = HS, .query = q, .key = k, .value = v, .out = y,
 *                                     .source = &source};
 *     attention_forward(attention, &batch, &error);
 *     attention_free(attention);
 *
 * Only what the mask keeps is computed. The structure of the mask picks the kernel
 * (attention_choose says which, for the user). Of each tile of ATTENTION_ROWS queries, those that
 * keep keys which follow one another are worked out four at a time, with their own keys alone;
 * other tiles have a list of keys, whole runs without a mask, others with ATTENTION_ROWS bits a
 * key, and queries that keep few keys of their own are worked out one by one. Where the scores say
 * what is kept, those are masked, and queries that keep few keys gather them. Lists of masks that
 * do not depend on scores are made once for each length and kept in `attention`. Results depend
 * neither on the number of threads nor on the rest of the batch.
 */
#ifndef SAWB_CORE_KERNEL_ATTENTION_H
#define SAWB_CORE_KERNEL_ATTENTION_H

#include <stddef.h>
#include <stdint.h>

#include "core/kernel/compute.h"
#include "core/kernel/kernels.h"
#include "core/kernel/mask.h"

struct attention;

#define ATTENTION_ROWS 16 /* queries of a tile */

/* What is written for a viewer, of one sentence (B = 1); either may be NULL. The probabilities are
 * the softmax of the scores that the mask keeps: the kernels have one that gives them. */
struct attention_capture {
    float *scores; /* [NH,T,T] before mask and softmax */
    uint8_t *mask; /* [NH,T,T] 1 kept, 0 removed */
};

/* The heads of one layer over B sentences, packed without padding: N tokens. */
struct attention_batch {
    int sentences;      /* B */
    const int *offsets; /* [B+1]; sentence b has tokens offsets[b] .. offsets[b+1]-1 */
    int heads, width;   /* NH, HS */
    const float *query, *key, *value; /* [N, NH HS] */
    float *out;                       /* [N, NH HS] */
    /* [N, NH] natural logarithm of the softmax' sum of each query: written by a forward pass that a
     * backward pass is to follow. NULL: none does. */
    float *log_sums;
    const struct mask_source *source; /* NULL: dense */
    int layer, first_sentence;        /* for the source's requests */
    uint64_t seed, step;
    struct dropout dropout; /* of the probabilities; threshold 0: none */
    uint32_t first;         /* of the dropout stream; the pairs are counted as [B][NH,T,T] */
    const struct attention_capture *capture; /* NULL: nothing is written but `out` */
    uint64_t *kept;                          /* [B,NH] pairs kept; NULL: not wanted */

    /* 0: each token asks. Else query and out are [B, queries, NH HS], the rows of a sentence
     * whatever they are; with a capture, which wants the scores of all tokens, query is [N, NH HS]
     * and only the first `queries` of them get their rows of out. Only where all heads are dense
     * (attention_all_dense), for a forward pass that no backward pass follows; `kept` is as if each
     * token had asked. */
    int queries;
};

/* `compute` is copied; its pool must outlive the attention. */
int attention_create(struct attention **attention, const struct compute *compute,
                     struct sawb_error *error);
void attention_free(struct attention *attention); /* NULL is fine */

/* Makes room for up to `heads` heads, those of all sentences of a batch together, of up to `tokens`
 * tokens. Both passes do so by themselves; asked for before, dense ones then allocate nothing. */
int attention_reserve(struct attention *attention, int heads, int tokens, int width,
                      struct sawb_error *error);

/* The work space of one thread in both passes over dense sentences of up to `tokens` tokens. */
size_t attention_bytes(int tokens, int width);

/* Whether the source is known to keep all pairs of the batch. */
int attention_all_dense(const struct attention_batch *batch);

/* Not from two threads at once. An error is a lack of memory. */
int attention_forward(struct attention *attention, const struct attention_batch *batch,
                      struct sawb_error *error);

/*
 * Writes the gradients of query, key and value from that of `out`, all [N, NH HS]. The batch is as
 * it was for attention_forward, with what that wrote.
 */
struct attention_gradients {
    const float *out;
    float *query, *key, *value;
};

int attention_backward(struct attention *attention, const struct attention_batch *batch,
                       const struct attention_gradients *gradients, struct sawb_error *error);

/* ---- which kernel ---------------------------------------------------------------------------- */

enum attention_kernel {
    ATTENTION_DENSE,     /* all pairs, in tiles with a running softmax */
    ATTENTION_BAND,      /* the keys near each tile of queries; time grows with n, not n² */
    ATTENTION_BLOCKS,    /* the keys that any query of a tile keeps, the rest masked */
    ATTENTION_ROW_LISTS, /* each query with a list of its keys, gathered one by one */
    ATTENTION_MIXED,     /* blocks, and lists for queries unlike their neighbours */
    ATTENTION_SELECTED,  /* the scores of all pairs to select, half of dense; then those kept */
    ATTENTION_BLOCK_SELECTED, /* blocks selected by their mean query and key; then as blocks */
    ATTENTION_OFF,            /* nothing is computed, the head's output is zero */
    ATTENTION_KERNELS
};

/* "dense", "band", "blocks", "rows", "blocks+rows", "select", "block select", "off". */
const char *attention_kernel_name(enum attention_kernel kernel);

struct attention_choice {
    enum attention_kernel kernel;
    int known;         /* 1: the numbers below are; 0: they depend on the scores */
    uint64_t kept;     /* pairs */
    uint64_t computed; /* pairs that are multiplied: at least `kept`; the rest is masked after */
};

/* What one head (request: layer, head, tokens, seed, step) takes. `source` NULL: dense. */
int attention_choose(struct attention *attention, const struct mask_source *source,
                     const struct mask_request *request, struct attention_choice *choice,
                     struct sawb_error *error);

#endif
