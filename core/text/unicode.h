/*
 * unicode.h - the Unicode questions the tokenizer asks, answered by utf8proc.
 */
#ifndef SAWB_CORE_TEXT_UNICODE_H
#define SAWB_CORE_TEXT_UNICODE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

#define UNICODE_BYTES_MAX 4 /* of one code point in UTF-8 */
#define UNICODE_FOLD_MAX 4  /* code points that unicode_fold makes of one, at most */

/* Decodes one code point at text[0..length). Returns its bytes, or 0 when it is not valid UTF-8 (or
 * when length is 0). */
int unicode_decode(const char *text, size_t length, int32_t *code_point);

/* Encodes into out (UNICODE_BYTES_MAX bytes at least). Returns the bytes written. */
int unicode_encode(int32_t code_point, char *out);

/* 0, or an error that names the byte of the first fault, counted from 0 as offsets are. */
int unicode_validate(const char *text, size_t length, struct sawb_error *error);

/*
 * As the tokenizer of `transformers` asks them. White space is tab, line feed, carriage return and
 * the separators (Zs, Zl, Zp); control is Cc, Cf and Co but for those three; punctuation is P* and
 * every ASCII sign that is neither letter nor digit ('$', '+', '^', ... too).
 */
int unicode_is_whitespace(int32_t code_point);
int unicode_is_control(int32_t code_point);
int unicode_is_punctuation(int32_t code_point);
int unicode_is_cjk(
    int32_t code_point); /* the blocks of ideographs BERT sets apart; not kana, not hangul */

/*
 * One code point without its accents (canonical decomposition, NFD, without non-spacing marks, Mn)
 * when `strip_accents`, and then in lower case when `lower_case`. Writes up to UNICODE_FOLD_MAX
 * code points, returns how many (0 when nothing is left of it). Being done one by one, it leaves
 * the order of the few spacing marks that NFD would sort as it is.
 */
int unicode_fold(int32_t code_point, int lower_case, int strip_accents, int32_t *out);

/* Terminal columns of one code point: 0, 1 or 2. */
int unicode_width(int32_t code_point);

#endif
