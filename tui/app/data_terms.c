/*
 * data_terms.c - the table of terms of a data set's filter.
 *
 * Adding a term: a row here and its function.
 */
#include "tui/app/data_filter.h"

#include <math.h>
#include <stddef.h>

enum { A, B };

double row_confidence(const struct row_facts *row) {
    if (row->answers[A].label < 0 || row->answers[B].label < 0)
        return NAN;
    return (double)fminf(row->answers[A].confidence, row->answers[B].confidence);
}

double row_delta(const struct row_facts *row) {
    if (row->answers[A].label < 0 || row->answers[B].label < 0)
        return NAN;
    return (double)(row->answers[B].share - row->answers[A].share);
}

static double flips(const struct row_facts *row, int arm) {
    (void)arm;
    int a = row->answers[A].label, b = row->answers[B].label;
    return a >= 0 && b >= 0 && a != b;
}

static int is_right(const struct row_facts *row, int arm) {
    return row->gold >= 0 && row->answers[arm].label == row->gold;
}

static int is_wrong(const struct row_facts *row, int arm) {
    return row->gold >= 0 && row->answers[arm].label >= 0 && row->answers[arm].label != row->gold;
}

static double wrong(const struct row_facts *row, int arm) {
    return arm < 0 ? is_wrong(row, A) || is_wrong(row, B) : is_wrong(row, arm);
}

static double right(const struct row_facts *row, int arm) {
    return arm < 0 ? is_right(row, A) && is_right(row, B) : is_right(row, arm);
}

static double gold(const struct row_facts *row, int arm) {
    (void)arm;
    return row->gold;
}

static double label_of(const struct row_facts *row, int arm) {
    return row->answers[arm].label >= 0 ? row->answers[arm].label : -2;
}

static double label_a(const struct row_facts *row, int arm) {
    (void)arm;
    return label_of(row, A);
}

static double label_b(const struct row_facts *row, int arm) {
    (void)arm;
    return label_of(row, B);
}

static double number_row(const struct row_facts *row, int arm) {
    (void)arm;
    return row->row;
}

static double number_len(const struct row_facts *row, int arm) {
    (void)arm;
    return row->words;
}

static double number_conf(const struct row_facts *row, int arm) {
    (void)arm;
    return row_confidence(row);
}

static double confidence_of(const struct row_facts *row, int arm) {
    return row->answers[arm].label >= 0 ? (double)row->answers[arm].confidence : NAN;
}

static double number_conf_a(const struct row_facts *row, int arm) {
    (void)arm;
    return confidence_of(row, A);
}

static double number_conf_b(const struct row_facts *row, int arm) {
    (void)arm;
    return confidence_of(row, B);
}

static double number_delta(const struct row_facts *row, int arm) {
    (void)arm;
    return row_delta(row);
}

static double number_change(const struct row_facts *row, int arm) {
    (void)arm;
    return fabs(row_delta(row));
}

static const struct filter_term terms[] = {
    {"flips", FILTER_FLAG, 1, flips, "A and B answer different labels"},
    {"wrong", FILTER_ARM, 1, wrong, "wrong a, wrong b, or either: not the gold label"},
    {"right", FILTER_ARM, 1, right, "right a, right b, or both: the gold label"},
    {"gold", FILTER_LABEL, 0, gold, "the gold label: its name, its number, or none"},
    {"a", FILTER_LABEL, 1, label_a, "what A answers"},
    {"b", FILTER_LABEL, 1, label_b, "what B answers"},
    {"len", FILTER_NUMBER, 0, number_len, "words of the text, split at blanks"},
    {"row", FILTER_NUMBER, 0, number_row, "number of the row, from 0"},
    {"conf", FILTER_NUMBER, 1, number_conf, "the lower confidence of A and B"},
    {"conf_a", FILTER_NUMBER, 1, number_conf_a, "probability that A gives its answer"},
    {"conf_b", FILTER_NUMBER, 1, number_conf_b, "probability that B gives its answer"},
    {"delta", FILTER_NUMBER, 1, number_delta,
     "probability of the gold label (without one, of A's answer): B's less A's"},
    {"change", FILTER_NUMBER, 1, number_change, "delta without its sign"},
};

const struct filter_term *filter_term_get(int index) {
    int count = (int)(sizeof(terms) / sizeof(terms[0]));
    return index >= 0 && index < count ? &terms[index] : NULL;
}
