/*
 * vocabulary.h - learning a WordPiece vocabulary from text.
 *
 * Pairs of pieces are merged, the most frequent first (ties: the pair first in byte order), inside
 * words as the basic tokenizer cuts them (BERT's uncased rules), until the vocabulary has the
 * wanted size or no pair is there twice. Source: Sennrich, Haddow, Birch 2016 (arXiv 1508.07909),
 * on pieces with the "##" of WordPiece. The order: [PAD] [UNK] [CLS] [SEP] [MASK], the single
 * characters, their "##" forms, the merged pieces as they came.
 *
 * A character is covered, at the start of a word and inside, when the text holds it at least twice;
 * if not all fit in, the most frequent are.
 */
#ifndef SAWB_CORE_TEXT_VOCABULARY_H
#define SAWB_CORE_TEXT_VOCABULARY_H

#include "core/base/error.h"
#include "core/text/dataset.h"

/*
 * Learns up to `size` pieces. *text: one piece a line, NUL-terminated, owned by the caller (free),
 * fit for tokenizer_from_vocabulary. `cancelled` may be NULL; it is asked now and then and ends the
 * work with an error when it returns non-zero. *text is NULL after an error.
 */
int vocabulary_learn(char **text, const struct dataset *dataset, int size,
                     int (*cancelled)(void *user), void *user, struct sawb_error *error);

#endif
