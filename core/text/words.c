/*
 * words.c - the words of a text as BERT's basic tokenizer cuts them.
 */
#include "core/text/words.h"

#define REPLACEMENT_CHARACTER 0xfffd

static int is_dropped(int32_t code_point) {
    return code_point == REPLACEMENT_CHARACTER || unicode_is_control(code_point);
}

/* Goes on to the next folded code point that is not used up. 0 at the end of the text. */
static int find_next(struct word_reader *reader) {
    while (reader->taken == reader->count) {
        if (reader->at >= reader->end)
            return 0;
        int32_t code_point = 0;
        int used = unicode_decode(reader->text + reader->at, reader->end - reader->at, &code_point);
        reader->source_begin = reader->at;
        reader->at += used > 0 ? (size_t)used : 1;
        reader->taken = reader->count = 0;
        if (used == 0 || is_dropped(code_point))
            continue;
        reader->apart = reader->rules.ideographs_apart && unicode_is_cjk(code_point);
        reader->count = unicode_fold(code_point, reader->rules.lower_case,
                                     reader->rules.strip_accents, reader->folded);
    }
    return 1;
}

/* Moves the folded code point at hand to the word. */
static void take(struct word_reader *reader, struct word *word) {
    int32_t code_point = reader->folded[reader->taken++];
    if (word->characters == 0)
        word->begin = reader->source_begin;
    word->end = reader->at;
    if (word->characters++ >= WORD_CHARACTERS_MAX)
        return;
    size_t past = word->length + (size_t)unicode_encode(code_point, word->text + word->length);
    for (; word->length < past; word->length++) {
        word->begins[word->length] = reader->source_begin;
        word->ends[word->length] = reader->at;
    }
}

int words_next(struct word_reader *reader, struct word *word) {
    word->characters = 0;
    word->length = 0;
    while (find_next(reader)) {
        int32_t code_point = reader->folded[reader->taken];
        if (unicode_is_whitespace(code_point)) {
            reader->taken++;
            if (word->characters > 0)
                return 1;
        } else if (reader->apart || unicode_is_punctuation(code_point)) {
            if (word->characters == 0)
                take(reader, word);
            return 1;
        } else {
            take(reader, word);
        }
    }
    return word->characters > 0;
}
