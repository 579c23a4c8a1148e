/*
 * words.h - the words of a text as BERT's basic tokenizer cuts them, each with its place in the
 * text.
 *
 * Clean-up (U+0000, U+FFFD and control characters go, white space ends a word), ideographs apart,
 * accents stripped, lower case, punctuation apart: one code point after the other, nothing is
 * allocated.
 *
 *     struct word_reader reader = {text, 0, length, rules};
 *     struct word word;
 *     while (words_next(&reader, &word)) ...
 */
#ifndef SAWB_CORE_TEXT_WORDS_H
#define SAWB_CORE_TEXT_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "core/text/unicode.h"

/* A longer word is [UNK] as a whole, so its text beyond is of no use to anybody. */
#define WORD_CHARACTERS_MAX 100
#define WORD_BYTES_MAX (WORD_CHARACTERS_MAX * UNICODE_BYTES_MAX)

/* What a piece begins with that goes on with a word. */
#define WORD_CONTINUATION "##"
#define WORD_CONTINUATION_BYTES 2

struct word_rules {
    int lower_case;
    int strip_accents;
    int ideographs_apart;
};

struct word {
    int characters;            /* all of the word's, even if `text` holds only the first */
    size_t length;             /* bytes of `text` */
    char text[WORD_BYTES_MAX]; /* folded, not terminated */
    /* For every byte of `text`, where in the text read the character lies that it comes from. */
    size_t begins[WORD_BYTES_MAX], ends[WORD_BYTES_MAX];
    size_t begin, end; /* the whole word there */
};

struct word_reader {
    const char *text; /* valid UTF-8 */
    size_t at, end;   /* what is still to be read */
    struct word_rules rules;

    /* The code point read last, folded, of which `taken` are used up. */
    int32_t folded[UNICODE_FOLD_MAX];
    int count, taken;
    int apart; /* a word of its own */
    size_t source_begin;
};

/* 1 and the next word, or 0 at the end. */
int words_next(struct word_reader *reader, struct word *word);

#endif
