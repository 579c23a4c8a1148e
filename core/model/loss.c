/*
 * loss.c - probabilities and cross-entropy of logits, in double precision.
 */
#include "core/model/encoder.h"

#include <math.h>

/* log Σ exp(logits), with the largest taken out so that nothing overflows. */
static double log_sum(const float *logits, int classes) {
    double largest = logits[0];
    for (int k = 1; k < classes; k++)
        largest = logits[k] > largest ? logits[k] : largest;
    double total = exp(logits[0] - largest);
    for (int k = 1; k < classes; k++)
        total += exp(logits[k] - largest);
    return largest + log(total);
}

int label_of(const float *logits, int classes) {
    int best = 0;
    for (int k = 1; k < classes; k++)
        if (logits[k] > logits[best])
            best = k;
    return best;
}

void probabilities_of(const float *logits, int classes, float *probabilities) {
    double normaliser = log_sum(logits, classes);
    for (int k = 0; k < classes; k++)
        probabilities[k] = (float)exp(logits[k] - normaliser);
}

double cross_entropy(const float *logits, const int *labels, int sentences, int classes,
                     double smoothing, float *gradients) {
    double loss = 0.0;
    for (int b = 0; b < sentences; b++) {
        const float *row = logits + (long)b * classes;
        double normaliser = log_sum(row, classes);
        for (int k = 0; k < classes; k++) {
            double wanted = smoothing / classes + (k == labels[b] ? 1.0 - smoothing : 0.0);
            loss -= wanted == 0.0 ? 0.0 : wanted * (row[k] - normaliser);
            if (gradients)
                gradients[(long)b * classes + k] =
                    (float)((exp(row[k] - normaliser) - wanted) / sentences);
        }
    }
    return loss / sentences;
}
