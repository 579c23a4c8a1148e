/*
 * tokenizer_json.c - the WordPiece vocabulary in a tokenizer.json.
 */
#include "core/text/tokenizer_json.h"

#include <stdlib.h>
#include <string.h>

#include "core/text/words.h"

static const cJSON *member(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static int check_string(const cJSON *object, const char *name, const char *key, const char *wanted,
                        const char *where, struct sawb_error *error) {
    const cJSON *item = member(object, key);
    if (cJSON_IsString(item) && strcmp(item->valuestring, wanted) == 0)
        return 0;
    return error_set(error, "%s: \"%s\" of the %s is \"%s\"; only BERT's \"%s\" is supported",
                     where, key, name, cJSON_IsString(item) ? item->valuestring : "(no text)",
                     wanted);
}

static int check_kind(const cJSON *json, const char *where, struct sawb_error *error) {
    const cJSON *model = member(json, "model");
    int characters = WORD_CHARACTERS_MAX;
    if (check_string(model, "model", "type", "WordPiece", where, error) < 0 ||
        check_string(model, "model", "unk_token", "[UNK]", where, error) < 0 ||
        check_string(model, "model", "continuing_subword_prefix", WORD_CONTINUATION, where, error) <
            0 ||
        check_string(member(json, "normalizer"), "normalizer", "type", "BertNormalizer", where,
                     error) < 0)
        return -1;
    return json_get_int(model, "max_input_chars_per_word", WORD_CHARACTERS_MAX, WORD_CHARACTERS_MAX,
                        0, &characters, where, error);
}

/* Puts each piece at its id. *bytes counts them with a byte each for the end of the line. */
static int order_pieces(const char **pieces, int count, const cJSON *vocabulary, size_t *bytes,
                        const char *where, struct sawb_error *error) {
    *bytes = 0;
    for (int id = 0; id < count; id++)
        pieces[id] = ""; /* not taken yet */
    for (const cJSON *item = vocabulary->child; item; item = item->next) {
        double id = cJSON_IsNumber(item) ? item->valuedouble : -1;
        if (!(id >= 0 && id < count) || id != (double)(int)id || pieces[(int)id][0])
            return error_set(error,
                             "%s: the id of \"%s\" is not a number of its own from 0 to %d; the "
                             "vocabulary must have no gaps",
                             where, item->string, count - 1);
        if (!item->string[0] || strpbrk(item->string, "\r\n"))
            return error_set(error, "%s: the word piece of id %d is empty or holds a line end",
                             where, (int)id);
        pieces[(int)id] = item->string;
        *bytes += strlen(item->string) + 1;
    }
    return 0;
}

static char *join_pieces(const char *const *pieces, int count, size_t bytes) {
    char *text = malloc(bytes + 1), *end = text;
    if (!text)
        return NULL;
    for (int id = 0; id < count; id++) {
        end = stpcpy(end, pieces[id]);
        *end++ = '\n';
    }
    *end = '\0';
    return text;
}

int tokenizer_json_vocabulary(char **text, const cJSON *json, const char *where,
                              struct sawb_error *error) {
    *text = NULL;
    if (check_kind(json, where, error) < 0)
        return -1;
    const cJSON *vocabulary = member(member(json, "model"), "vocab");
    int count = cJSON_IsObject(vocabulary) ? cJSON_GetArraySize(vocabulary) : 0;
    if (count == 0)
        return error_set(error, "%s: the model has no \"vocab\" of word pieces and their ids",
                         where);
    const char **pieces = malloc((size_t)count * sizeof(*pieces));
    size_t bytes;
    int status = -1;
    if (!pieces) {
        error_set(error, "%s: out of memory for %d word pieces", where, count);
    } else if (order_pieces(pieces, count, vocabulary, &bytes, where, error) == 0) {
        *text = join_pieces(pieces, count, bytes);
        status = *text ? 0 : error_set(error, "%s: out of memory for %d word pieces", where, count);
    }
    free(pieces);
    return status;
}
