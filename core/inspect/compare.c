/*
 * compare.c - counting where two arms differ, and McNemar's exact test.
 */
#include "core/inspect/compare.h"

#include <math.h>
#include <stdlib.h>

#define LN_2 0.69314718055994530942

void tally_add(struct tally *tally, int gold, const int labels[2], const float losses[2]) {
    tally->rows++;
    tally->flips += labels[0] != labels[1];
    if (gold < 0)
        return;
    tally->labelled++;
    for (int arm = 0; arm < 2; arm++) {
        int right = labels[arm] == gold;
        tally->correct[arm] += right;
        tally->only[arm] += right && labels[1 - arm] != gold;
        tally->loss[arm] += (double)losses[arm];
    }
}

double tally_accuracy(const struct tally *tally, int arm) {
    return tally->labelled > 0 ? (double)tally->correct[arm] / tally->labelled : NAN;
}

double tally_loss(const struct tally *tally, int arm) {
    return tally->labelled > 0 ? tally->loss[arm] / tally->labelled : NAN;
}

double mcnemar_exact(int b, int c) {
    double trials = (double)b + (double)c;
    double fewest = b < c ? b : c;
    int unused;
    double largest_term = exp(lgamma_r(trials + 1, &unused) - lgamma_r(fewest + 1, &unused) -
                              lgamma_r(trials - fewest + 1, &unused) - trials * LN_2);
    /* Pr[X = k - 1] = Pr[X = k] · k / (n - k + 1): summed from the largest term down to what no
     * longer counts. */
    double sum = 0, term = largest_term;
    for (double k = fewest; k >= 0 && term > sum * 1e-18; k--) {
        sum += term;
        term *= k / (trials - k + 1);
    }
    return fmin(1, 2 * sum);
}

int comparison_count(struct comparison *comparison, const struct dataset *dataset,
                     const int *labels_a, const int *labels_b, struct sawb_error *error) {
    static const float no_losses[2];
    struct tally tally = {0};
    comparison->flip_rows = malloc((size_t)dataset->count * sizeof(int));
    if (!comparison->flip_rows)
        return error_set(error, "compare: out of memory for %d rows", dataset->count);
    for (int row = 0; row < dataset->count; row++) {
        const int labels[2] = {labels_a[row], labels_b[row]};
        if (labels[0] < 0 || labels[1] < 0)
            continue;
        if (labels[0] != labels[1])
            comparison->flip_rows[tally.flips] = row;
        tally_add(&tally, dataset->examples[row].label, labels, no_losses);
    }
    comparison->flips = tally.flips;
    comparison->a_only = tally.only[0];
    comparison->b_only = tally.only[1];
    comparison->mcnemar_p = mcnemar_exact(comparison->a_only, comparison->b_only);
    return 0;
}
