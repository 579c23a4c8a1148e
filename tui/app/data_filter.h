/*
 * data_filter.h - the small language that chooses rows of a data set.
 *
 *     flips len>20            blanks: both hold
 *     wrong a or wrong b      either holds
 *     not (gold=positive)     not, parentheses
 *     /^the .*film/           POSIX extended regular expression in the text, to the next / or the
 * end good  "not good"        a part of the text
 *
 * Regular expressions and parts of the text take either case unless they hold a capital letter. The
 * terms are one table (filter_term_get), which help and completion read. A word that the table does
 * not know is a part of the text; one that it knows is meant literally in quotes.
 */
#ifndef SAWB_TUI_APP_DATA_FILTER_H
#define SAWB_TUI_APP_DATA_FILTER_H

#include "core/base/error.h"

/* What an arm says of a row. */
struct row_answer {
    int label;        /* -1: not asked yet */
    float confidence; /* probability of that label */
    float share;      /* probability of the label looked at: gold, without it A's */
    float loss;       /* cross-entropy in nats; NaN without a gold label */
};

struct row_facts {
    const char *text;             /* borrowed */
    int row;                      /* from 0, of the data set */
    int words;                    /* split at blanks */
    int gold;                     /* -1: none */
    struct row_answer answers[2]; /* A, B */
};

/* Numbers of a row; NaN as long as an answer is missing. */
double row_confidence(const struct row_facts *row); /* the lower one of A and B */
double row_delta(const struct row_facts *row);      /* share of B - share of A */

struct filter;

/*
 * `names` are the model's labels. -1 with an error that points at the column; *filter is NULL then.
 * An expression without a term holds for every row.
 */
int filter_parse(struct filter **filter, const char *expression, const char *const *names,
                 int name_count, struct sawb_error *error);
void filter_free(struct filter *filter); /* NULL is fine */

int filter_holds(const struct filter *filter, const struct row_facts *row);

/* 1 when what it chooses changes as answers come. */
int filter_needs_answers(const struct filter *filter);

enum filter_kind {
    FILTER_FLAG,  /* "flips" */
    FILTER_ARM,   /* "wrong", "wrong a", "wrong b" */
    FILTER_LABEL, /* "gold=positive", "a!=negative": name or number of a label, or none */
    FILTER_NUMBER /* "len>20"; < <= > >= = != */
};

struct filter_term {
    const char *name;
    enum filter_kind kind;
    int needs_answers; /* 1: changes as answers come */
    /* FLAG and ARM: 1 when it holds (arm -1: none was named); LABEL: the label, -1 none, -2 not
     * known; NUMBER: the number, NaN not known. */
    double (*value)(const struct row_facts *row, int arm);
    const char *help; /* one line */
};

/* Row `index` of the table, NULL past the last. */
const struct filter_term *filter_term_get(int index);

#endif
