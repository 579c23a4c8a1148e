/*
 * choice.c - the word pieces of a large vocabulary that a text needs.
 */
#include "core/text/choice.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/unicode.h"
#include "core/text/words.h"

#define CANCEL_INTERVAL 256 /* sentences read between two questions */

struct use {
    int id;
    int needed;      /* kept in any case: a special token or a single character */
    long long count; /* in the text */
};

static int is_special(const struct tokenizer *source, int id) {
    for (int which = 0; which < SPECIAL_TOKENS; which++)
        if (tokenizer_special(source, (enum special_token)which) == id)
            return 1;
    return 0;
}

/* ---- counting -------------------------------------------------------------------------------- */

static int count_pieces(struct use *uses, const struct tokenizer *source,
                        const struct dataset *dataset, int (*cancelled)(void *user), void *user,
                        struct sawb_error *error) {
    for (int i = 0; i < dataset->count; i++) {
        const struct example *example = &dataset->examples[i];
        struct encoding encoding;
        if (i % CANCEL_INTERVAL == 0 && cancelled && cancelled(user))
            return error_set(error, "choosing word pieces was stopped");
        if (tokenizer_encode(source, example->text, example->length, INT_MAX, &encoding, error) < 0)
            return error_prefix(error, "%s: line %d", dataset->path, example->line);
        for (int t = 0; t < encoding.count; t++)
            uses[encoding.ids[t]].count++;
        encoding_free(&encoding);
    }
    return 0;
}

/* ---- what is kept in any case ---------------------------------------------------------------- */

static void need(struct use *uses, const struct tokenizer *source, const char *piece) {
    int id = tokenizer_find(source, piece);
    if (id >= 0)
        uses[id].needed = 1;
}

/* Both forms of each character of a piece. */
static void need_characters(struct use *uses, const struct tokenizer *source, const char *piece) {
    size_t length = strlen(piece);
    int32_t code_point;
    for (int used; (used = unicode_decode(piece, length, &code_point)) > 0;
         piece += used, length -= (size_t)used) {
        char inside[WORD_CONTINUATION_BYTES + UNICODE_BYTES_MAX + 1];
        snprintf(inside, sizeof(inside), WORD_CONTINUATION "%.*s", used, piece);
        need(uses, source, inside);
        need(uses, source, inside + WORD_CONTINUATION_BYTES);
    }
}

/* Counts them. */
static int find_needed(struct use *uses, const struct tokenizer *source) {
    int total = tokenizer_size(source), count = 0;
    for (int which = 0; which < SPECIAL_TOKENS; which++)
        need(uses, source, special_token_spelling((enum special_token)which));
    for (int id = 0; id < total; id++)
        if (uses[id].count > 0 && !is_special(source, id))
            need_characters(uses, source, tokenizer_piece(source, id));
    for (int id = 0; id < total; id++)
        count += uses[id].needed;
    return count;
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* The needed first, then the most used; of those used alike the first of the vocabulary. */
static int by_use(const void *a, const void *b) {
    const struct use *left = a, *right = b;
    if (left->needed != right->needed)
        return right->needed - left->needed;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return left->id - right->id;
}

static int ascending(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

/* Writes up to `size` ids, the special tokens first; returns how many. Orders `uses` [V] anew. */
static int choose(int *ids, struct use *uses, const struct tokenizer *source, int size) {
    int count = 0, total = tokenizer_size(source);
    for (int which = 0; which < SPECIAL_TOKENS; which++)
        if (tokenizer_special(source, (enum special_token)which) >= 0)
            ids[count++] = tokenizer_special(source, (enum special_token)which);
    int specials = count;
    qsort(uses, (size_t)total, sizeof(*uses), by_use);
    for (int i = 0; i < total && (uses[i].needed || uses[i].count > 0) && count < size; i++)
        if (!is_special(source, uses[i].id))
            ids[count++] = uses[i].id;
    qsort(ids + specials, (size_t)(count - specials), sizeof(*ids), ascending);
    return count;
}

static int choose_counted(struct tokenizer **chosen, const struct tokenizer *source,
                          struct use *uses, int size, struct sawb_error *error) {
    int needed = find_needed(uses, source);
    if (size < needed)
        return error_set(error,
                         "a vocabulary of %d word pieces is too small: the special tokens and the "
                         "characters of the text are %d; choose a larger one",
                         size, needed);
    int *ids = malloc((size_t)size * sizeof(*ids));
    if (!ids)
        return error_set(error, "out of memory for a choice of %d word pieces; free some memory",
                         size);
    int status = tokenizer_select(chosen, source, ids, choose(ids, uses, source, size), error);
    free(ids);
    return status;
}

int choose_pieces(struct tokenizer **chosen, const struct tokenizer *source,
                  const struct dataset *dataset, int size, int (*cancelled)(void *user), void *user,
                  struct sawb_error *error) {
    int total = tokenizer_size(source);
    struct use *uses = calloc((size_t)total, sizeof(*uses));
    *chosen = NULL;
    if (!uses)
        return error_set(error, "out of memory to count %d word pieces; free some memory", total);
    for (int id = 0; id < total; id++)
        uses[id].id = id;
    int status = count_pieces(uses, source, dataset, cancelled, user, error);
    if (status == 0)
        status = choose_counted(chosen, source, uses, size, error);
    free(uses);
    return status;
}
