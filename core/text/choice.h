/*
 * choice.h - the word pieces of a large vocabulary that a text needs.
 *
 * Those that encoding the text uses most are kept (ties: the one with the lower id), and for each
 * of them its single characters, at the start of a word and inside ("##"), so that another text is
 * spelt with them too. The special tokens come first, then the kept in the order of the vocabulary.
 */
#ifndef SAWB_CORE_TEXT_CHOICE_H
#define SAWB_CORE_TEXT_CHOICE_H

#include "core/text/dataset.h"
#include "core/text/tokenizer.h"

/*
 * A tokenizer with up to `size` pieces of the source's, with its rules; fewer when the text needs
 * no more. `cancelled` may be NULL; it is asked now and then and ends the work with an error when
 * it returns non-zero. An error too when not even the special tokens and the characters fit.
 */
int choose_pieces(struct tokenizer **chosen, const struct tokenizer *source,
                  const struct dataset *dataset, int size, int (*cancelled)(void *user), void *user,
                  struct sawb_error *error);

#endif
