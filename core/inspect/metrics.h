/*
 * metrics.h - the numbers of an attention head: one table, a row each.
 *
 * The view, sorting, searching, the command `metrics`, CSV and help all read it. Adding a metric: a
 * row in metrics.c, a name here, a test.
 *
 *     metrics_measure(captures, 2, 1, &compute, &error);
 *     value = capture_metric(captures[0], layer, head, METRIC_ENTROPY);
 *
 * Notation of the formulas: A the attention [T,T] of the head, A_ij of query i and key j; M the
 * mask; n valid tokens, over whose queries the mean is taken; B the other arm's attention. What is
 * not defined is NaN: everything but sparsity and mass of a head that is off, for instance.
 */
#ifndef SAWB_CORE_INSPECT_METRICS_H
#define SAWB_CORE_INSPECT_METRICS_H

#include "core/inspect/capture.h"

struct measure_kernels; /* core/kernel/kernels.h */

enum metric_index {
    METRIC_ENTROPY,
    METRIC_NORMALISED,
    METRIC_DISTANCE,
    METRIC_CLS,
    METRIC_SEP,
    METRIC_SELF,
    METRIC_PREVIOUS,
    METRIC_NEXT,
    METRIC_SPARSITY,
    METRIC_BLOCKS,
    METRIC_MASS,
    METRIC_DIVERGENCE,
    METRIC_IMPORTANCE,
    METRICS
};

/* Queries and keys of a block that METRIC_BLOCKS looks at: sentences are short. */
#define METRIC_BLOCK 4

/* One head of a capture, as the functions of the table see it. */
struct metric_head {
    const struct measure_kernels *kernels;
    int tokens;              /* T */
    const float *attention;  /* [T,T] */
    const uint8_t *mask;     /* [T,T] */
    char *const *pieces;     /* [T] spelling of each token */
    const double *entropies; /* [T] of each row, in nats */
    const float *dense;      /* [T,T] the attention without a pattern */
    const float *other;      /* [T,T] the other arm's attention; NULL: there is none, or it is of
                                other tokens */
};

struct metric {
    const char *name;    /* in commands and files */
    const char *title;   /* of a column */
    const char *unit;    /* "nats", "tokens", "share", "" */
    const char *formula; /* for help: what is computed, and the source where there is one */
    int decimals;
    int both;                                     /* 1: one value for both arms */
    double (*of)(const struct metric_head *head); /* NULL: worked out elsewhere */
};

/* Row `index`, NULL past the last. */
const struct metric *metric_get(int index);

/* The metric of this name, or of which it is the only beginning; -1: none. */
int metric_find(const char *name, size_t length);

/*
 * Measures 1 or 2 captures of the same sentence: fills their `metrics`. Those that compare them are
 * NaN when the tokens or the shapes differ. `same_model`: an attention that is dense in one is what
 * the other's pattern has taken from; otherwise that is the softmax of its own scores. The
 * importance is NaN: see importance.h. Heads are shared out to the pool (NULL: none). -1 with an
 * error when out of memory; then no capture has metrics.
 */
int metrics_measure(struct capture *const *captures, int count, int same_model, struct pool *pool,
                    struct sawb_error *error);

/* NaN when the capture is not measured. */
static inline double capture_metric(const struct capture *capture, int layer, int head,
                                    int metric) {
    if (!capture->metrics)
        return __builtin_nan("");
    return capture->metrics[(layer * capture->heads + head) * METRICS + metric];
}

/* 1 when nothing is left of the head: no pair is kept. */
int capture_head_off(const struct capture *capture, int layer, int head);

/* 1 when both have the same tokens, layers and heads. */
int captures_comparable(const struct capture *a, const struct capture *b);

#endif
