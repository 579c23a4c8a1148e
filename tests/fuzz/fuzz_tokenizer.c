/*
 * fuzz_tokenizer.c - any vocabulary (up to the first 0xff) with any text (behind it).
 */
#include "core/text/tokenizer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode(const struct tokenizer *tokenizer, const char *text, size_t length) {
    struct encoding encoding;
    struct sawb_error error;
    if (tokenizer_encode(tokenizer, text, length, LIMIT, &encoding, &error) < 0)
        return;
    size_t before = 0;
    for (int t = 1; t + 1 < encoding.count; t++) {
        size_t begin = encoding.offsets[t][0], end = encoding.offsets[t][1];
        if (begin < before || begin >= end || end > length || encoding.ids[t] < 0 ||
            encoding.ids[t] >= tokenizer_size(tokenizer))
            __builtin_trap();
        before = begin;
    }
    if (encoding.count < 2 || encoding.count > LIMIT)
        __builtin_trap();
    encoding_free(&encoding);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char special[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
    const uint8_t *cut = size > 0 ? memchr(data, 0xff, size) : NULL;
    size_t pieces = cut ? (size_t)(cut - data) : size;
    const char *text = cut ? (const char *)cut + 1 : "";
    size_t length = cut ? size - pieces - 1 : 0;

    /* Most inputs would lack the special tokens and never get to the text. */
    char *vocabulary = malloc(sizeof(special) + pieces);
    if (!vocabulary)
        return 0;
    memcpy(vocabulary, special, sizeof(special) - 1);
    if (pieces > 0)
        memcpy(vocabulary + sizeof(special) - 1, data, pieces);
    struct tokenizer *tokenizer;
    struct sawb_error error;
    if (tokenizer_from_vocabulary(&tokenizer, vocabulary, sizeof(special) - 1 + pieces, "input",
                                  &error) == 0) {
        encode(tokenizer, text, length);
        tokenizer_free(tokenizer);
    }
    free(vocabulary);
    return 0;
}
