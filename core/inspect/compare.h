/*
 * compare.h - two arms on the same rows: who is right, who alone, and whether that is chance.
 *
 * A is arm 0, B arm 1. b counts the labelled rows that only A has right, c those that only B has
 * right. McNemar's test asks whether b and c could come from a fair coin; the exact one sums
 * binomial terms instead of approximating them (McNemar 1947, doi:10.1007/BF02295996).
 */
#ifndef SAWB_CORE_INSPECT_COMPARE_H
#define SAWB_CORE_INSPECT_COMPARE_H

#include "core/base/error.h"
#include "core/text/dataset.h"
#include "core/train/evaluate.h"

/* Sums over rows that both arms have answered. Begins as zeros. */
struct tally {
    int rows, labelled;
    int correct[2]; /* of the labelled, by arm */
    int only[2];    /* b, c */
    int flips;      /* rows whose label differs, labelled or not */
    double loss[2]; /* sum of the cross-entropies (nats) of the labelled */
};

/* `gold` -1: the row has no label, and the losses do not count. */
void tally_add(struct tally *tally, int gold, const int labels[2], const float losses[2]);

/* Means over the labelled rows; NaN without any. */
double tally_accuracy(const struct tally *tally, int arm);
double tally_loss(const struct tally *tally, int arm);

/* Exact, two-sided: min(1, 2 Pr[Bin(b+c, 1/2) <= min(b,c)]). */
double mcnemar_exact(int b, int c);

/* What two arms say of a data set. */
struct comparison {
    struct evaluation a, b;
    int a_only, b_only; /* b, c */
    double mcnemar_p;
    int flips;
    int *flip_rows; /* [flips], from 0; NULL when there are none. Owned (free) */
};

/*
 * Fills all of it but the evaluations from what each arm says of each row: labels [rows], -1 where
 * it was not asked. Rows that one arm was not asked about do not count. -1 with an error when out
 * of memory.
 */
int comparison_count(struct comparison *comparison, const struct dataset *dataset,
                     const int *labels_a, const int *labels_b, struct sawb_error *error);

#endif
