/*
 * edits.c - edited copies of a sentence.
 */
#include "core/inspect/edits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/config.h"
#include "core/model/encoder.h"
#include "core/text/words.h"

static int no_memory(struct sawb_error *error) {
    return error_set(error, "edit: out of memory");
}

/* ---- copies ---------------------------------------------------------------------------------- */

void edited_free(struct edited *copy) {
    free(copy->ids);
    free(copy->shown);
    *copy = (struct edited){0};
}

static int is_end(const struct encoding *encoding, int token) {
    return token == 0 || token == encoding->count - 1;
}

/* The last of the edits that covers the token, -1: none. */
static int edit_of(const struct encoding *encoding, int token, const struct text_edit *edits,
                   int count) {
    if (is_end(encoding, token))
        return -1;
    for (int i = count - 1; i >= 0; i--)
        if (encoding->offsets[token][0] < edits[i].end &&
            encoding->offsets[token][1] > edits[i].begin)
            return i;
    return -1;
}

/* Makes room for so many more. */
static int grow(struct edited *copy, int more, struct sawb_error *error) {
    size_t room = (size_t)copy->shown_count + (size_t)more;
    struct shown_token *shown = realloc(copy->shown, room * sizeof(*shown));
    if (!shown)
        return no_memory(error);
    copy->shown = shown;
    return 0;
}

static void show(struct edited *copy, int id, enum token_state state) {
    copy->shown[copy->shown_count++] = (struct shown_token){id, state};
    copy->count += state != TOKEN_DROPPED;
}

/* The tokens of a word; leaves room for `rest` more. */
static int show_word(struct edited *copy, const struct tokenizer *tokenizer, const char *word,
                     int limit, int rest, struct sawb_error *error) {
    struct encoding encoding;
    if (tokenizer_encode(tokenizer, word, strlen(word), limit, &encoding, error) < 0)
        return error_prefix(error, "edit");
    int status = grow(copy, encoding.count + rest, error);
    if (status == 0 && encoding.count <= 2)
        status = error_set(error, "edit: \"%s\" gives no tokens; write a word", word);
    for (int i = 1; status == 0 && i < encoding.count - 1; i++)
        show(copy, encoding.ids[i], TOKEN_NEW);
    encoding_free(&encoding);
    return status;
}

int edits_apply(const struct tokenizer *tokenizer, const struct encoding *original,
                const struct text_edit *edits, int count, int limit, struct edited *copy,
                struct sawb_error *error) {
    *copy = (struct edited){0};
    int mask = tokenizer_special(tokenizer, TOKEN_MASK), before = -1;
    mask = mask < 0 ? tokenizer_special(tokenizer, TOKEN_UNK) : mask;
    int status = grow(copy, original->count, error);
    for (int token = 0; token < original->count && status == 0; token++) {
        int edit = edit_of(original, token, edits, count), id = original->ids[token];
        if (edit < 0)
            show(copy, id, TOKEN_SAME);
        else if (edits[edit].change == CHANGE_DROP)
            show(copy, id, TOKEN_DROPPED);
        else if (edits[edit].change == CHANGE_MASK)
            show(copy, mask, TOKEN_MASKED);
        else if (edit != before)
            status = show_word(copy, tokenizer, edits[edit].word, limit, original->count, error);
        before = edit;
    }
    if (status == 0 && copy->count > limit)
        status = error_set(error, "edit: the copy has %d tokens; the model takes at most %d",
                           copy->count, limit);
    copy->ids = status == 0 ? malloc((size_t)copy->count * sizeof(*copy->ids)) : NULL;
    if (status == 0 && !copy->ids)
        status = no_memory(error);
    for (int i = 0, at = 0; status == 0 && i < copy->shown_count; i++)
        if (copy->shown[i].state != TOKEN_DROPPED)
            copy->ids[at++] = copy->shown[i].id;
    if (status < 0)
        edited_free(copy);
    return status;
}

/* ---- units ----------------------------------------------------------------------------------- */

/* Whether the token goes on with the word of the one before it. */
static int goes_on(const struct tokenizer *tokenizer, const struct encoding *encoding, int token) {
    const char *piece = tokenizer_piece(tokenizer, encoding->ids[token]);
    return !is_end(encoding, token) &&
           strncmp(piece, WORD_CONTINUATION, WORD_CONTINUATION_BYTES) == 0 &&
           piece[WORD_CONTINUATION_BYTES] != '\0';
}

int edits_unit(const struct tokenizer *tokenizer, const struct encoding *encoding, int token,
               enum edit_unit unit, int *first, int *last) {
    if (token <= 0 || token >= encoding->count - 1)
        return 0;
    *first = *last = token;
    if (unit == UNIT_TOKEN)
        return 1;
    while (*first > 1 && goes_on(tokenizer, encoding, *first))
        --*first;
    while (goes_on(tokenizer, encoding, *last + 1))
        ++*last;
    return 1;
}

int edits_units(const struct tokenizer *tokenizer, const struct encoding *encoding,
                enum edit_unit unit, int **firsts, int *count, struct sawb_error *error) {
    *count = 0;
    *firsts = malloc((size_t)encoding->count * sizeof(**firsts));
    if (!*firsts)
        return no_memory(error);
    int first, last;
    for (int token = 1; edits_unit(tokenizer, encoding, token, unit, &first, &last);
         token = last + 1)
        (*firsts)[(*count)++] = first;
    return 0;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* The largest but one: label `best` is not asked. */
static int second(const float *logits, int labels, int best) {
    int found = best == 0 ? 1 : 0;
    for (int i = found + 1; i < labels; i++)
        if (i != best && logits[i] > logits[found])
            found = i;
    return found;
}

void logit_pair(const float *logits, int labels, int *high, int *low) {
    *high = labels == 2 ? 1 : label_of(logits, labels);
    *low = labels == 2 ? 0 : labels > 2 ? second(logits, labels, *high) : -1;
}

double total_variation(const float *p, const float *q, int labels) {
    double sum = 0;
    for (int i = 0; i < labels; i++)
        sum += fabs((double)p[i] - (double)q[i]);
    return sum / 2;
}

struct copy_answer copy_answer_of(const float *logits, const float *original, int labels) {
    float here[MODEL_LABELS_MAX], there[MODEL_LABELS_MAX];
    int high, low, label = label_of(logits, labels);
    probabilities_of(logits, labels, here);
    probabilities_of(original, labels, there);
    logit_pair(original, labels, &high, &low);
    double below = low < 0 ? 0 : (double)logits[low];
    return (struct copy_answer){
        .label = label,
        .probability = (double)here[label],
        .kept = (double)here[label_of(original, labels)],
        .difference = (double)logits[high] - below,
        .distance = total_variation(here, there, labels),
    };
}
