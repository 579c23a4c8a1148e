/*
 * edits.h - edited copies of a sentence: tokens dropped, masked or replaced, and what that does to
 * the answer.
 *
 *     struct text_edit edit = {.change = CHANGE_MASK, .begin = 12, .end = 16};
 *     edits_apply(tokenizer, &encoding, &edit, 1, 512, &copy, &error);
 *     ... copy.ids[0..copy.count) is the copy; copy.shown[0..copy.shown_count) tells it ...
 *     edited_free(&copy);
 *
 * An edit is a range of bytes of the text. Whichever tokens overlap it are changed, so that one
 * edit means the same to two models that cut the sentence into different pieces. The [CLS] and
 * [SEP] at the ends stand for no bytes and always stay.
 */
#ifndef SAWB_CORE_INSPECT_EDITS_H
#define SAWB_CORE_INSPECT_EDITS_H

#include <stddef.h>

#include "core/base/error.h"
#include "core/text/tokenizer.h"

enum text_change { CHANGE_DROP, CHANGE_MASK, CHANGE_REPLACE };

struct text_edit {
    enum text_change change;
    size_t begin, end; /* bytes of the text, the end not among them */
    const char *word;  /* of CHANGE_REPLACE, one or more words; borrowed */
};

enum token_state { TOKEN_SAME, TOKEN_DROPPED, TOKEN_MASKED, TOKEN_NEW };

struct shown_token {
    int id;
    enum token_state state;
};

struct edited {
    int count; /* T of the copy */
    int *ids;  /* [T] */
    int shown_count;
    struct shown_token *shown; /* [shown_count] the copy with the dropped tokens in their places */
};

/* What an edit, or a bar of an occlusion, covers. */
enum edit_unit { UNIT_TOKEN, UNIT_WORD };

/*
 * Applies the edits in order, later ones over earlier ones. Every masked token becomes one [MASK],
 * or [UNK] where the vocabulary has no [MASK]. The first token of a replaced range becomes the
 * word's tokens, its others go. -1 with an error when a word gives no tokens, when the copy would
 * have more than `limit` tokens, or when out of memory; the copy is empty then.
 */
int edits_apply(const struct tokenizer *tokenizer, const struct encoding *original,
                const struct text_edit *edits, int count, int limit, struct edited *copy,
                struct sawb_error *error);
void edited_free(struct edited *copy); /* and zeroed */

/*
 * The first and last token of the unit that `token` belongs to: itself, or its word (a token and
 * the pieces after it that go on with it). 0 for [CLS] and [SEP] at the ends and for an index
 * outside the sentence, which belong to none; otherwise 1.
 */
int edits_unit(const struct tokenizer *tokenizer, const struct encoding *encoding, int token,
               enum edit_unit unit, int *first, int *last);

/* Units of the sentence: their first tokens, ascending. *firsts [*count] is owned by the caller
 * (free). */
int edits_units(const struct tokenizer *tokenizer, const struct encoding *encoding,
                enum edit_unit unit, int **firsts, int *count, struct sawb_error *error);

/*
 * The two labels whose logits are compared: for two labels 1 and 0 (positive and negative), for
 * more the most probable and the second of these logits [K]; *low is -1 for a single label. The
 * logit difference is z_high - z_low.
 */
void logit_pair(const float *logits, int labels, int *high, int *low);

/* What a model says of a copy, against what it says of the original. */
struct copy_answer {
    int label;          /* of the copy; of equals the first */
    double probability; /* of that label */
    double kept;        /* probability of the original's label */
    double difference;  /* logit difference, at the labels of the original's pair */
    double distance;    /* total variation of the two distributions, 1/2 sum |p - q|, in [0, 1] */
};
struct copy_answer copy_answer_of(const float *logits, const float *original, int labels);

/* 1/2 sum |p - q| of two distributions [K] (Jain & Wallace 2019, arXiv 1902.10186). */
double total_variation(const float *p, const float *q, int labels);

#endif
