/*
 * tokenizer.h - WordPiece as BERT's uncased (or cased) tokenizer does it.
 *
 *     struct tokenizer *tokenizer;
 *     struct encoding encoding;
 *     tokenizer_open(&tokenizer, "models/minilm", &error);
 *     tokenizer_encode(tokenizer, "a fine film", 11, 512, &encoding, &error);
 *     ... encoding.ids[0..count), first [CLS], last [SEP] ...
 *     encoding_free(&encoding);
 *     tokenizer_free(tokenizer);
 *
 * Source: Devlin et al. 2018 (arXiv 1810.04805) and its released tokenizer: Unicode clean-up, CJK
 * apart, lower-casing and accent stripping, punctuation apart, then greedy longest match of word
 * pieces.
 */
#ifndef SAWB_CORE_TEXT_TOKENIZER_H
#define SAWB_CORE_TEXT_TOKENIZER_H

#include <stddef.h>

#include "core/base/error.h"

struct tokenizer;

/* A tokenised sentence: T = count tokens, [CLS] and [SEP] among them. */
struct encoding {
    int count;
    int truncated;        /* 1 when the text was longer than the limit and its end was left out */
    int *ids;             /* [T] */
    size_t (*offsets)[2]; /* [T] first byte and one past the last, in the text given; 0,0 for [CLS],
                             [SEP] */
};

/*
 * Reads vocab.txt of a Hugging Face directory, and tokenizer_config.json beside it when there is
 * one (do_lower_case, strip_accents, tokenize_chinese_chars). Needs [PAD], [UNK], [CLS], [SEP];
 * says which is missing. The caller owns one reference to the tokenizer.
 *
 * A tokenizer never changes: any number of threads may use it.
 */
int tokenizer_open(struct tokenizer **tokenizer, const char *directory, struct sawb_error *error);

/* The same from a vocabulary in memory, one word piece a line, with BERT's uncased defaults. */
int tokenizer_from_vocabulary(struct tokenizer **tokenizer, const char *text, size_t size,
                              const char *where, struct sawb_error *error);

/* A tokenizer of the source's rules with only the pieces ids[0..count) of it, which it numbers 0,
 * 1,
 * ...; an error when one of them stands twice, or a special token that is needed is not there. */
int tokenizer_select(struct tokenizer **tokenizer, const struct tokenizer *source, const int *ids,
                     int count, struct sawb_error *error);

/* One reference more, for another owner; returns the tokenizer. Each owner calls tokenizer_free,
 * which gives one reference up (NULL is fine); the last one frees. Both may be called from any
 * thread. */
struct tokenizer *tokenizer_retain(struct tokenizer *tokenizer);
void tokenizer_free(struct tokenizer *tokenizer);

int tokenizer_size(const struct tokenizer *tokenizer); /* V of the vocabulary file */

/* The piece's spelling; borrowed until tokenizer_free. "[UNK]" for an id outside the vocabulary. */
const char *tokenizer_piece(const struct tokenizer *tokenizer, int id);

/* The id of an exact piece, or -1. */
int tokenizer_find(const struct tokenizer *tokenizer, const char *piece);

/* The special tokens, in the order in which a vocabulary of our own begins with them. */
enum special_token { TOKEN_PAD, TOKEN_UNK, TOKEN_CLS, TOKEN_SEP, TOKEN_MASK, SPECIAL_TOKENS };
const char *special_token_spelling(enum special_token which); /* "[PAD]", ... */
int tokenizer_special(const struct tokenizer *tokenizer, enum special_token which); /* -1: absent */

/*
 * Encodes `length` bytes of UTF-8 to at most `limit` tokens ([CLS] and [SEP] included; limit >= 2).
 * An empty text gives [CLS] [SEP]. NUL bytes and control characters are passed over. Invalid UTF-8
 * is an error that names the byte. A word of more than 100 characters, or one that the pieces
 * cannot spell, is one [UNK]. Special tokens spelt in the text ("[MASK]") are taken as such, as
 * transformers does. Free with encoding_free; after an error the encoding is empty and owns
 * nothing.
 */
int tokenizer_encode(const struct tokenizer *tokenizer, const char *text, size_t length, int limit,
                     struct encoding *encoding, struct sawb_error *error);
void encoding_free(struct encoding *encoding);

/* Writes vocab.txt and tokenizer_config.json into a directory that is there, so that others open it
 * too. */
int tokenizer_save(const struct tokenizer *tokenizer, const char *directory,
                   struct sawb_error *error);

#endif
