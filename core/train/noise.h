/*
 * noise.h - words of a packed batch replaced at random.
 *
 *     word_swap_create(&swap, tokenizer, teacher, pieces, compute, &error);
 *     batch_pack(&room, &set, chosen, count);
 *     struct noise noise = {&room, &set, chosen, seed, step};
 *     noise_swap(&noise, swap, 0.1);
 *     ... the teacher reads the batch ...
 *     noise_drop(&noise, tokenizer, 0.1);
 *
 * What is drawn is a function of (seed, step, row of the data set, place in the sentence) alone.
 * [CLS] and [SEP] stay.
 */
#ifndef SAWB_CORE_TRAIN_NOISE_H
#define SAWB_CORE_TRAIN_NOISE_H

#include "core/kernel/compute.h"
#include "core/model/model.h"
#include "core/train/batch.h"

/* Of one step over the sentences chosen[0..batch.sentences) of the set, which are packed in `room`.
 */
struct noise {
    struct batch_room *room;
    const struct token_set *set;
    const int *chosen;
    uint64_t seed, step;
};

/* Replaces this share of the tokens by [UNK]. */
void noise_drop(const struct noise *noise, const struct tokenizer *tokenizer, double share);

/*
 * The words that may be swapped, each with the words whose embeddings are nearest to its own by the
 * cosine (the embeddings having mean 0). A word is a piece that begins with a letter or digit: no
 * special token, no sign, nothing that goes on with a word ("##").
 */
struct word_swap;

#define WORD_SWAP_SHARE_MAX 0.5 /* of noise_swap */

/* `teacher` gives the embeddings, pieces [V] says which of its rows is that of each piece of the
 * tokenizer's. An error when there are less than two words. */
int word_swap_create(struct word_swap **swap, const struct tokenizer *tokenizer,
                     const struct model *teacher, const int *pieces, const struct compute *compute,
                     struct sawb_error *error);
void word_swap_free(struct word_swap *swap);          /* NULL is fine */
size_t word_swap_bytes(const struct word_swap *swap); /* what it holds */

/* How many words are listed as near to the word `id`, and where (borrowed), the nearest first; 0:
 * it is no word. */
int word_swap_near(const struct word_swap *swap, int id, const int **near);

/* Replaces words that are whole, no "##" piece going on with them, by others: of each sentence a
 * share of its own, `share` on the average. */
void noise_swap(const struct noise *noise, const struct word_swap *swap, double share);

#endif
