/*
 * tokenizer.c - WordPiece as BERT's tokenizer does it.
 */
#include "core/text/tokenizer.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/text/array.h"
#include "core/text/string_table.h"
#include "core/text/tokenizer_json.h"
#include "core/text/unicode.h"
#include "core/text/words.h"

#define VOCABULARY_FILE "vocab.txt"
#define VOCABULARY_JSON_FILE "tokenizer.json"
#define SETTINGS_FILE "tokenizer_config.json"

struct tokenizer {
    atomic_int references;
    struct string_table pieces;
    int special[SPECIAL_TOKENS];
    struct word_rules rules;
    int strip_accents_given; /* not left to follow lower_case */
    int length_limit;        /* model_max_length of the settings; 0: not given */
};

static const struct {
    const char *spelling;
    const char *key; /* in tokenizer_config.json */
    int required;
} special_tokens[SPECIAL_TOKENS] = {
    [TOKEN_PAD] = {"[PAD]", "pad_token", 1},    [TOKEN_UNK] = {"[UNK]", "unk_token", 1},
    [TOKEN_CLS] = {"[CLS]", "cls_token", 1},    [TOKEN_SEP] = {"[SEP]", "sep_token", 1},
    [TOKEN_MASK] = {"[MASK]", "mask_token", 0},
};

static int out_of_memory(struct sawb_error *error, const char *where) {
    error_set(error, "%s: out of memory for the tokenizer; free some memory", where);
    return -1;
}

/* ---- the vocabulary -------------------------------------------------------------------------- */

static int add_piece(struct tokenizer *tokenizer, const char *piece, size_t length, int line,
                     const char *where, struct sawb_error *error) {
    if (memchr(piece, '\0', length))
        return error_set(error, "%s: line %d: holds a NUL byte; a word piece is plain text", where,
                         line);
    if (unicode_validate(piece, length, error) < 0)
        return error_prefix(error, "%s: line %d", where, line);
    int known = tokenizer->pieces.count;
    int id = string_table_add(&tokenizer->pieces, piece, length);
    if (id < 0)
        return out_of_memory(error, where);
    if (id < known)
        return error_set(
            error, "%s: line %d: \"%s\" is already there in line %d; each word piece stands once",
            where, line, string_table_text(&tokenizer->pieces, id), id + 1);
    return 0;
}

/* One piece a line, its id the number of the line from 0. Blank lines at the end are passed over.
 */
static int read_pieces(struct tokenizer *tokenizer, const char *text, size_t size,
                       const char *where, struct sawb_error *error) {
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        size--;
    if (size == 0)
        return error_set(error, "%s: is empty; a vocabulary holds one word piece a line", where);
    for (size_t begin = 0; begin <= size;) {
        const char *newline = memchr(text + begin, '\n', size - begin);
        size_t end = newline ? (size_t)(newline - text) : size;
        size_t length = end - begin;
        if (length > 0 && text[end - 1] == '\r')
            length--;
        if (add_piece(tokenizer, text + begin, length, tokenizer->pieces.count + 1, where, error) <
            0)
            return -1;
        begin = end + 1;
    }
    return 0;
}

static int find_special_tokens(struct tokenizer *tokenizer, const char *where,
                               struct sawb_error *error) {
    for (int which = 0; which < SPECIAL_TOKENS; which++) {
        const char *spelling = special_tokens[which].spelling;
        tokenizer->special[which] = tokenizer_find(tokenizer, spelling);
        if (tokenizer->special[which] < 0 && special_tokens[which].required)
            return error_set(error,
                             "%s: has no \"%s\" among its %d word pieces; a BERT vocabulary needs "
                             "[PAD], [UNK], [CLS] and [SEP]",
                             where, spelling, tokenizer->pieces.count);
    }
    return 0;
}

int tokenizer_from_vocabulary(struct tokenizer **tokenizer, const char *text, size_t size,
                              const char *where, struct sawb_error *error) {
    *tokenizer = NULL;
    struct tokenizer *made = calloc(1, sizeof(*made));
    if (!made)
        return out_of_memory(error, where);
    atomic_init(&made->references, 1);
    made->rules = (struct word_rules){.lower_case = 1, .strip_accents = 1, .ideographs_apart = 1};
    if (read_pieces(made, text, size, where, error) < 0 ||
        find_special_tokens(made, where, error) < 0) {
        tokenizer_free(made);
        return -1;
    }
    *tokenizer = made;
    return 0;
}

/* ---- settings -------------------------------------------------------------------------------- */

/* What a file calls the rules of struct word_rules. */
struct rule_keys {
    const char *lower_case, *strip_accents, *ideographs_apart;
};

/* *given says whether the key is there and not null; *value stays as it is otherwise. */
static int read_flag(const cJSON *settings, const char *key, int *value, int *given,
                     const char *where, struct sawb_error *error) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(settings, key);
    *given = item && !cJSON_IsNull(item);
    if (!*given)
        return 0;
    if (!cJSON_IsBool(item))
        return error_set(error, "%s: \"%s\" has to be true or false", where, key);
    *value = cJSON_IsTrue(item);
    return 0;
}

/* Accents follow lower case unless a file says otherwise. */
static int apply_rules(struct tokenizer *tokenizer, const cJSON *settings,
                       const struct rule_keys *keys, const char *where, struct sawb_error *error) {
    struct word_rules *rules = &tokenizer->rules;
    int given, strip_accents_given;
    if (read_flag(settings, keys->lower_case, &rules->lower_case, &given, where, error) < 0 ||
        read_flag(settings, keys->ideographs_apart, &rules->ideographs_apart, &given, where,
                  error) < 0 ||
        read_flag(settings, keys->strip_accents, &rules->strip_accents, &strip_accents_given, where,
                  error) < 0)
        return -1;
    tokenizer->strip_accents_given |= strip_accents_given;
    if (!tokenizer->strip_accents_given)
        rules->strip_accents = rules->lower_case;
    return 0;
}

/* The spelling of the special tokens is BERT's; a file that says otherwise is not understood. */
static int check_spellings(const cJSON *settings, const char *where, struct sawb_error *error) {
    for (int which = 0; which < SPECIAL_TOKENS; which++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(settings, special_tokens[which].key);
        if (cJSON_IsObject(item))
            item = cJSON_GetObjectItemCaseSensitive(item, "content");
        if (cJSON_IsString(item) && strcmp(item->valuestring, special_tokens[which].spelling) != 0)
            return error_set(error, "%s: \"%s\" is \"%s\"; only BERT's own \"%s\" is supported",
                             where, special_tokens[which].key, item->valuestring,
                             special_tokens[which].spelling);
    }
    return 0;
}

static int apply_settings(struct tokenizer *tokenizer, const cJSON *settings, const char *where,
                          struct sawb_error *error) {
    static const struct rule_keys keys = {"do_lower_case", "strip_accents",
                                          "tokenize_chinese_chars"};
    if (!cJSON_IsObject(settings))
        return error_set(error, "%s: has to hold one JSON object", where);
    if (apply_rules(tokenizer, settings, &keys, where, error) < 0 ||
        check_spellings(settings, where, error) < 0)
        return -1;
    const cJSON *limit = cJSON_GetObjectItemCaseSensitive(settings, "model_max_length");
    /* transformers writes 1e30 for "no limit". */
    if (cJSON_IsNumber(limit) && limit->valuedouble >= 1 && limit->valuedouble <= INT_MAX)
        tokenizer->length_limit = (int)limit->valuedouble;
    return 0;
}

static int read_settings(struct tokenizer *tokenizer, const char *directory,
                         struct sawb_error *error) {
    char *path = file_join(directory, SETTINGS_FILE);
    if (!path)
        return out_of_memory(error, directory);
    int status = 0;
    if (file_exists(path)) {
        cJSON *settings = json_parse_file(path, error);
        status = settings ? apply_settings(tokenizer, settings, path, error) : -1;
        cJSON_Delete(settings);
    }
    free(path);
    return status;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int open_text(struct tokenizer **tokenizer, const char *path, struct sawb_error *error) {
    char *text;
    size_t size;
    if (file_read(&text, &size, path, error) < 0)
        return -1;
    int status = tokenizer_from_vocabulary(tokenizer, text, size, path, error);
    free(text);
    return status;
}

static int open_json(struct tokenizer **tokenizer, const char *path, struct sawb_error *error) {
    static const struct rule_keys keys = {"lowercase", "strip_accents", "handle_chinese_chars"};
    cJSON *json = json_parse_file(path, error);
    if (!json)
        return -1;
    char *text = NULL;
    int status = tokenizer_json_vocabulary(&text, json, path, error);
    if (status == 0)
        status = tokenizer_from_vocabulary(tokenizer, text, strlen(text), path, error);
    if (status == 0)
        status = apply_rules(*tokenizer, cJSON_GetObjectItemCaseSensitive(json, "normalizer"),
                             &keys, path, error);
    free(text);
    cJSON_Delete(json);
    return status;
}

int tokenizer_open(struct tokenizer **tokenizer, const char *directory, struct sawb_error *error) {
    *tokenizer = NULL;
    struct tokenizer *made = NULL;
    char *text_path = file_join(directory, VOCABULARY_FILE);
    char *json_path = file_join(directory, VOCABULARY_JSON_FILE);
    int status;
    if (!text_path || !json_path)
        status = out_of_memory(error, directory);
    else if (!file_exists(text_path) && file_exists(json_path))
        status = open_json(&made, json_path, error);
    else
        status = open_text(&made, text_path, error);
    free(text_path);
    free(json_path);
    if (status == 0)
        status = read_settings(made, directory, error);
    if (status < 0) {
        tokenizer_free(made);
        return -1;
    }
    *tokenizer = made;
    return 0;
}

int tokenizer_select(struct tokenizer **tokenizer, const struct tokenizer *source, const int *ids,
                     int count, struct sawb_error *error) {
    static const char where[] = "a choice of word pieces";
    *tokenizer = NULL;
    struct tokenizer *made = calloc(1, sizeof(*made));
    if (!made)
        return out_of_memory(error, where);
    atomic_init(&made->references, 1);
    made->rules = source->rules;
    made->strip_accents_given = source->strip_accents_given;
    int status = 0;
    for (int i = 0; i < count && status == 0; i++) {
        const char *piece = tokenizer_piece(source, ids[i]);
        status = add_piece(made, piece, strlen(piece), i + 1, where, error);
    }
    if (status < 0 || find_special_tokens(made, where, error) < 0) {
        tokenizer_free(made);
        return -1;
    }
    *tokenizer = made;
    return 0;
}

/* ---- ownership and questions ----------------------------------------------------------------- */

struct tokenizer *tokenizer_retain(struct tokenizer *tokenizer) {
    atomic_fetch_add(&tokenizer->references, 1);
    return tokenizer;
}

void tokenizer_free(struct tokenizer *tokenizer) {
    if (!tokenizer || atomic_fetch_sub(&tokenizer->references, 1) > 1)
        return;
    string_table_free(&tokenizer->pieces);
    free(tokenizer);
}

int tokenizer_size(const struct tokenizer *tokenizer) {
    return tokenizer->pieces.count;
}

const char *tokenizer_piece(const struct tokenizer *tokenizer, int id) {
    if (id < 0 || id >= tokenizer->pieces.count)
        return special_tokens[TOKEN_UNK].spelling;
    return string_table_text(&tokenizer->pieces, id);
}

int tokenizer_find(const struct tokenizer *tokenizer, const char *piece) {
    return string_table_find(&tokenizer->pieces, piece, strlen(piece));
}

const char *special_token_spelling(enum special_token which) {
    return special_tokens[which].spelling;
}

int tokenizer_special(const struct tokenizer *tokenizer, enum special_token which) {
    return tokenizer->special[which];
}

/* ---- encoding -------------------------------------------------------------------------------- */

/* An encoding in the making: room for `limit` tokens, the last of them kept for [SEP]. */
struct encoder_state {
    const struct tokenizer *tokenizer;
    struct encoding *encoding;
    int limit;
    size_t ids_capacity, offsets_capacity;
};

static int append(struct encoder_state *state, int id, size_t begin, size_t end) {
    struct encoding *encoding = state->encoding;
    size_t needed = (size_t)encoding->count + 1;
    int *ids = array_grow(encoding->ids, &state->ids_capacity, needed, sizeof(*ids));
    if (!ids)
        return -1;
    encoding->ids = ids;
    size_t(*offsets)[2] =
        array_grow(encoding->offsets, &state->offsets_capacity, needed, sizeof(*offsets));
    if (!offsets)
        return -1;
    encoding->offsets = offsets;
    ids[encoding->count] = id;
    offsets[encoding->count][0] = begin;
    offsets[encoding->count][1] = end;
    encoding->count++;
    return 0;
}

/* A token of the text: left out, and said so, when only the place of [SEP] is left. */
static int append_token(struct encoder_state *state, int id, size_t begin, size_t end) {
    if (state->encoding->count < state->limit - 1)
        return append(state, id, begin, end);
    state->encoding->truncated = 1;
    return 0;
}

/* Greedy: the longest piece the rest of the word begins with, again and again. */
static int append_word(struct encoder_state *state, const struct word *word) {
    const struct string_table *pieces = &state->tokenizer->pieces;
    int ids[WORD_CHARACTERS_MAX];
    size_t begins[WORD_CHARACTERS_MAX], ends[WORD_CHARACTERS_MAX];
    int count = 0;
    size_t at = 0;
    int unknown = word->characters > WORD_CHARACTERS_MAX;
    while (!unknown && at < word->length) {
        size_t matched;
        int id = string_table_longest(pieces, at > 0 ? WORD_CONTINUATION : "", word->text + at,
                                      word->length - at, &matched);
        unknown = id < 0;
        if (unknown)
            break;
        ids[count] = id;
        begins[count] = word->begins[at];
        at += matched;
        ends[count++] = word->ends[at - 1];
    }
    if (unknown)
        return append_token(state, state->tokenizer->special[TOKEN_UNK], word->begin, word->end);
    for (int i = 0; i < count; i++)
        if (append_token(state, ids[i], begins[i], ends[i]) < 0)
            return -1;
    return 0;
}

/* The words of text[begin..end), until the encoding is full. */
static int append_words(struct encoder_state *state, const char *text, size_t begin, size_t end) {
    struct word_reader reader = {
        .text = text, .at = begin, .end = end, .rules = state->tokenizer->rules};
    struct word word;
    while (!state->encoding->truncated && words_next(&reader, &word))
        if (append_word(state, &word) < 0)
            return -1;
    return 0;
}

/* Which special token is spelt at text[0..length), or SPECIAL_TOKENS. */
static int special_at(const struct tokenizer *tokenizer, const char *text, size_t length) {
    int which = 0;
    for (; which < SPECIAL_TOKENS; which++) {
        size_t wanted = strlen(special_tokens[which].spelling);
        if (tokenizer->special[which] >= 0 && length >= wanted &&
            memcmp(text, special_tokens[which].spelling, wanted) == 0)
            break;
    }
    return which;
}

static int append_text(struct encoder_state *state, const char *text, size_t length) {
    const struct tokenizer *tokenizer = state->tokenizer;
    size_t begin = 0;
    for (size_t at = 0; at < length && !state->encoding->truncated;) {
        const char *bracket = memchr(text + at, '[', length - at);
        if (!bracket)
            break;
        at = (size_t)(bracket - text);
        int which = special_at(tokenizer, bracket, length - at);
        if (which == SPECIAL_TOKENS) {
            at++;
            continue;
        }
        size_t end = at + strlen(special_tokens[which].spelling);
        if (append_words(state, text, begin, at) < 0 ||
            append_token(state, tokenizer->special[which], at, end) < 0)
            return -1;
        at = begin = end;
    }
    return append_words(state, text, begin, length);
}

int tokenizer_encode(const struct tokenizer *tokenizer, const char *text, size_t length, int limit,
                     struct encoding *encoding, struct sawb_error *error) {
    *encoding = (struct encoding){0};
    if (limit < 2)
        return error_set(
            error, "a limit of %d tokens has no room for [CLS] and [SEP]; allow 2 or more", limit);
    if (unicode_validate(text, length, error) < 0)
        return -1;
    struct encoder_state state = {.tokenizer = tokenizer, .encoding = encoding, .limit = limit};
    if (append(&state, tokenizer->special[TOKEN_CLS], 0, 0) < 0 ||
        append_text(&state, text, length) < 0 ||
        append(&state, tokenizer->special[TOKEN_SEP], 0, 0) < 0) {
        encoding_free(encoding);
        return error_set(error, "out of memory for the tokens of %zu bytes of text", length);
    }
    return 0;
}

void encoding_free(struct encoding *encoding) {
    free(encoding->ids);
    free(encoding->offsets);
    *encoding = (struct encoding){0};
}

/* ---- saving ---------------------------------------------------------------------------------- */

static int save_pieces(const struct tokenizer *tokenizer, const char *path,
                       struct sawb_error *error) {
    struct file_writer writer;
    if (file_begin(&writer, path, error) < 0)
        return -1;
    for (int id = 0; id < tokenizer->pieces.count; id++) {
        if (file_write(&writer, string_table_text(&tokenizer->pieces, id),
                       string_table_length(&tokenizer->pieces, id), error) < 0 ||
            file_write(&writer, "\n", 1, error) < 0) {
            file_discard(&writer);
            return -1;
        }
    }
    return file_commit(&writer, error);
}

/*
 * The class of the tokenizer is left out on purpose: transformers then takes the one that belongs
 * to the model_type of config.json.
 */
static cJSON *describe_settings(const struct tokenizer *tokenizer) {
    cJSON *settings = cJSON_CreateObject();
    int complete =
        settings && cJSON_AddBoolToObject(settings, "do_lower_case", tokenizer->rules.lower_case) &&
        (tokenizer->strip_accents_given
             ? cJSON_AddBoolToObject(settings, "strip_accents", tokenizer->rules.strip_accents)
             : cJSON_AddNullToObject(settings, "strip_accents")) &&
        cJSON_AddBoolToObject(settings, "tokenize_chinese_chars",
                              tokenizer->rules.ideographs_apart) &&
        (tokenizer->length_limit == 0 ||
         cJSON_AddNumberToObject(settings, "model_max_length", tokenizer->length_limit));
    for (int which = 0; complete && which < SPECIAL_TOKENS; which++)
        if (tokenizer->special[which] >= 0)
            complete = cJSON_AddStringToObject(settings, special_tokens[which].key,
                                               special_tokens[which].spelling) != NULL;
    if (complete)
        return settings;
    cJSON_Delete(settings);
    return NULL;
}

static int save_settings(const struct tokenizer *tokenizer, const char *path,
                         struct sawb_error *error) {
    cJSON *settings = describe_settings(tokenizer);
    char *text = settings ? json_print(settings) : NULL;
    cJSON_Delete(settings);
    if (!text)
        return out_of_memory(error, path);
    int status = file_replace(path, text, strlen(text), error);
    free(text);
    return status;
}

int tokenizer_save(const struct tokenizer *tokenizer, const char *directory,
                   struct sawb_error *error) {
    char *vocabulary = file_join(directory, VOCABULARY_FILE);
    char *settings = file_join(directory, SETTINGS_FILE);
    int status = vocabulary && settings ? 0 : out_of_memory(error, directory);
    if (status == 0)
        status = save_settings(tokenizer, settings, error);
    if (status == 0)
        status = save_pieces(tokenizer, vocabulary, error);
    free(vocabulary);
    free(settings);
    return status;
}
