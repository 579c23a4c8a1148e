/*
 * tokenizer.c - tests of core/text/tokenizer against vectors of transformers' BertTokenizer
 * (tests/oracle/tokens.py), and of what it refuses.
 */
#include "core/text/tokenizer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/random.h"
#include "tests/temporary.h"
#include "tests/test.h"

#define VECTORS "tests/text/vectors/"
#define SPECIAL "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"

static struct tokenizer *from_text(const char *text) {
    struct tokenizer *tokenizer;
    struct sawb_error error = {"no message"};
    if (tokenizer_from_vocabulary(&tokenizer, text, strlen(text), "vocab", &error) < 0)
        fail_msg("%s", error.message);
    return tokenizer;
}

/* The vectors' vocabulary with BERT's defaults. */
static struct tokenizer *from_vectors(void) {
    char *text;
    struct sawb_error error = {"no message"};
    assert_int_equal(file_read(&text, NULL, VECTORS "vocab.txt", &error), 0);
    struct tokenizer *tokenizer = from_text(text);
    free(text);
    return tokenizer;
}

static void write_file(const struct temporary *folder, const char *name, const char *text) {
    struct sawb_error error = {"no message"};
    char *path = temporary_path(folder, name);
    if (file_replace(path, text, strlen(text), &error) < 0)
        fail_msg("%s", error.message);
    free(path);
}

static void check_file(const struct temporary *folder, const char *name, const char *expected) {
    struct sawb_error error = {"no message"};
    char *text, *path = temporary_path(folder, name);
    assert_int_equal(file_read(&text, NULL, path, &error), 0);
    assert_string_equal(text, expected);
    free(text);
    free(path);
}

static struct tokenizer *open_folder(const struct temporary *folder) {
    struct tokenizer *tokenizer;
    struct sawb_error error = {"no message"};
    if (tokenizer_open(&tokenizer, folder->path, &error) < 0)
        fail_msg("%s", error.message);
    return tokenizer;
}

static void check_folder_fault(const struct temporary *folder, const char *fault) {
    struct tokenizer *tokenizer;
    struct sawb_error error = {"no message"};
    assert_int_equal(tokenizer_open(&tokenizer, folder->path, &error), -1);
    assert_null(tokenizer);
    if (!strstr(error.message, fault))
        fail_msg("\"%s\" is not in \"%s\"", fault, error.message);
}

/* ---- vectors --------------------------------------------------------------------------------- */

static const cJSON *member(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    assert_non_null(item);
    return item;
}

/* The bytes a string of hexadecimal digits spells; freed by the caller. */
static char *from_hex(const char *hex, size_t *length) {
    *length = strlen(hex) / 2;
    char *bytes = malloc(*length + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < *length; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (char)strtol(digits, NULL, 16);
    }
    return bytes;
}

static void check_case(const struct tokenizer *tokenizer, const cJSON *test) {
    const char *note = member(test, "note")->valuestring;
    size_t length;
    char *text = from_hex(member(test, "text")->valuestring, &length);
    struct encoding encoding;
    struct sawb_error error = {"no message"};
    if (tokenizer_encode(tokenizer, text, length, member(test, "limit")->valueint, &encoding,
                         &error) < 0)
        fail_msg("%s: %s", note, error.message);
    const cJSON *ids = member(test, "ids"), *id = ids->child;
    const cJSON *offset = member(test, "offsets")->child;
    if (encoding.count != cJSON_GetArraySize(ids))
        fail_msg("%s: %d tokens instead of %d", note, encoding.count, cJSON_GetArraySize(ids));
    if (encoding.truncated != member(test, "truncated")->valueint)
        fail_msg("%s: truncated is %d", note, encoding.truncated);
    for (int t = 0; t < encoding.count; t++, id = id->next, offset = offset->next)
        if (encoding.ids[t] != id->valueint ||
            encoding.offsets[t][0] != (size_t)offset->child->valueint ||
            encoding.offsets[t][1] != (size_t)offset->child->next->valueint)
            fail_msg("%s: token %d is %d at %zu-%zu instead of %d at %d-%d", note, t,
                     encoding.ids[t], encoding.offsets[t][0], encoding.offsets[t][1], id->valueint,
                     offset->child->valueint, offset->child->next->valueint);
    encoding_free(&encoding);
    free(text);
}

/* Opens each group's tokenizer in a folder that `prepare` fills, and checks its cases. */
static void check_vectors(void (*prepare)(const struct temporary *folder, const char *vocabulary,
                                          const cJSON *settings)) {
    struct sawb_error error = {"no message"};
    char *vocabulary;
    assert_int_equal(file_read(&vocabulary, NULL, VECTORS "vocab.txt", &error), 0);
    cJSON *groups = json_parse_file(VECTORS "tokens.json", &error);
    assert_non_null(groups);
    int cases = 0;
    for (const cJSON *group = groups->child; group; group = group->next) {
        struct temporary folder;
        temporary_make(&folder);
        prepare(&folder, vocabulary, member(group, "settings"));
        struct tokenizer *tokenizer = open_folder(&folder);
        for (const cJSON *test = member(group, "cases")->child; test; test = test->next, cases++)
            check_case(tokenizer, test);
        tokenizer_free(tokenizer);
        temporary_remove(&folder);
    }
    assert_true(cases > 200);
    cJSON_Delete(groups);
    free(vocabulary);
}

static void write_json(const struct temporary *folder, const char *name, const cJSON *json) {
    char *text = json_print(json);
    assert_non_null(text);
    write_file(folder, name, text);
    free(text);
}

static void prepare_text(const struct temporary *folder, const char *vocabulary,
                         const cJSON *settings) {
    write_file(folder, "vocab.txt", vocabulary);
    write_json(folder, "tokenizer_config.json", settings);
}

static void test_agrees_with_transformers(void **state) {
    (void)state;
    check_vectors(prepare_text);
}

/* The model of a tokenizer.json with these pieces, the last first. */
static cJSON *describe_model(const char *vocabulary) {
    cJSON *model = cJSON_Parse("{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\","
                               "\"continuing_subword_prefix\":\"##\","
                               "\"max_input_chars_per_word\":100}");
    cJSON *pieces = cJSON_AddObjectToObject(model, "vocab");
    assert_non_null(pieces);
    char *text = strdup(vocabulary);
    int count = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        count++;
    for (int id = count - 1; id >= 0; id--) {
        text[strlen(text) - 1] = '\0';
        char *newline = strrchr(text, '\n');
        cJSON_AddNumberToObject(pieces, newline ? newline + 1 : text, id);
        if (newline)
            newline[1] = '\0';
    }
    free(text);
    return model;
}

/* Only a tokenizer.json, as newer versions of transformers save, with the settings in the
 * normaliser. */
static void prepare_json(const struct temporary *folder, const char *vocabulary,
                         const cJSON *settings) {
    static const char *const keys[][2] = {{"do_lower_case", "lowercase"},
                                          {"strip_accents", "strip_accents"},
                                          {"tokenize_chinese_chars", "handle_chinese_chars"}};
    cJSON *json = cJSON_CreateObject();
    cJSON_AddItemToObject(json, "model", describe_model(vocabulary));
    cJSON *normaliser = cJSON_AddObjectToObject(json, "normalizer");
    cJSON_AddStringToObject(normaliser, "type", "BertNormalizer");
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(settings, keys[i][0]);
        cJSON_AddItemToObject(normaliser, keys[i][1],
                              item ? cJSON_Duplicate(item, 1) : cJSON_CreateNull());
    }
    write_json(folder, "tokenizer.json", json);
    cJSON_Delete(json);
}

static void test_agrees_with_transformers_from_tokenizer_json(void **state) {
    (void)state;
    check_vectors(prepare_json);
}

/* ---- encoding -------------------------------------------------------------------------------- */

static void test_invalid_utf8_names_the_byte(void **state) {
    (void)state;
    struct tokenizer *tokenizer = from_text(SPECIAL "a\n");
    struct encoding encoding;
    struct sawb_error error;
    assert_int_equal(tokenizer_encode(tokenizer, "a a\xe9 a", 6, 8, &encoding, &error), -1);
    assert_non_null(strstr(error.message, "byte 3 (0xe9) is not valid UTF-8"));
    assert_null(encoding.ids);
    assert_null(encoding.offsets);
    /* Also behind the last token that has room. */
    assert_int_equal(tokenizer_encode(tokenizer, "a a a \xff", 7, 3, &encoding, &error), -1);
    tokenizer_free(tokenizer);
}

static void test_the_limit_needs_room_for_cls_and_sep(void **state) {
    (void)state;
    struct tokenizer *tokenizer = from_text(SPECIAL "a\n");
    struct encoding encoding;
    struct sawb_error error;
    for (int limit = -1; limit < 2; limit++) {
        assert_int_equal(tokenizer_encode(tokenizer, "a", 1, limit, &encoding, &error), -1);
        assert_non_null(strstr(error.message, "[CLS] and [SEP]"));
    }
    assert_int_equal(tokenizer_encode(tokenizer, NULL, 0, 2, &encoding, &error), 0);
    assert_int_equal(encoding.count, 2);
    assert_int_equal(encoding.truncated, 0);
    encoding_free(&encoding);
    tokenizer_free(tokenizer);
}

static void test_ten_thousand_words(void **state) {
    (void)state;
    struct tokenizer *tokenizer = from_vectors();
    struct encoding encoding;
    struct sawb_error error;
    char *text = malloc(50000);
    assert_non_null(text);
    for (int i = 0; i < 50000; i++)
        text[i] = "film "[i % 5];
    assert_int_equal(tokenizer_encode(tokenizer, text, 50000, INT_MAX, &encoding, &error), 0);
    assert_int_equal(encoding.count, 10002);
    assert_int_equal(encoding.truncated, 0);
    assert_int_equal(encoding.offsets[10000][0], 49995);
    assert_int_equal(encoding.offsets[10000][1], 49999);
    encoding_free(&encoding);
    assert_int_equal(tokenizer_encode(tokenizer, text, 50000, 512, &encoding, &error), 0);
    assert_int_equal(encoding.count, 512);
    assert_int_equal(encoding.truncated, 1);
    assert_int_equal(encoding.ids[511], tokenizer_special(tokenizer, TOKEN_SEP));
    encoding_free(&encoding);
    free(text);
    tokenizer_free(tokenizer);
}

/* Tokens come in order, lie within the text, are known, and begin and end where characters do. */
static void check_encoding(const struct tokenizer *tokenizer, const char *text, size_t length,
                           const struct encoding *encoding, int limit) {
    assert_in_range(encoding->count, 2, limit);
    assert_int_equal(encoding->ids[0], tokenizer_special(tokenizer, TOKEN_CLS));
    assert_int_equal(encoding->ids[encoding->count - 1], tokenizer_special(tokenizer, TOKEN_SEP));
    size_t before = 0;
    for (int t = 1; t + 1 < encoding->count; t++) {
        size_t begin = encoding->offsets[t][0], end = encoding->offsets[t][1];
        assert_in_range(encoding->ids[t], 0, tokenizer_size(tokenizer) - 1);
        assert_true(before <= begin && begin < end && end <= length);
        assert_true(((unsigned char)text[begin] & 0xc0) != 0x80);
        assert_true(end == length || ((unsigned char)text[end] & 0xc0) != 0x80);
        before = begin;
    }
}

static void test_mutated_texts(void **state) {
    (void)state;
    static const char seed[] =
        "The f\xc3\xa9\xcc\x81lm [MASK] is\xe2\x80\x8bn't \xed\x95\x9c\xe6\x88\x91 a "
        "\xf0\x9f\x98\x80## playing \xc4\xb0 [SEP]99";
    static const char *const parts[] = {"\0",           "[CLS]", " ",  "\xcc\x81",
                                        "\xed\x95\x9c", "\xff",  "##", "\xe6\x88\x91",
                                        "\xc2\xa0",     "[",     "s",  "\xc3"};
    struct tokenizer *tokenizer = from_vectors();
    int accepted = 0;
    for (uint64_t round = 0; round < 4000; round++) {
        uint64_t key = random_key(12, round, 0, 0);
        char text[256];
        size_t length = sizeof(seed) - 1;
        memcpy(text, seed, length);
        for (uint64_t change = 0; change < random_bits(key, 0) % 4; change++) {
            const char *part =
                parts[random_bits(key, 2 * change + 1) % (sizeof(parts) / sizeof(parts[0]))];
            size_t taken = part[0] ? strlen(part) : 1;
            size_t at = random_bits(key, 2 * change + 2) % length;
            memmove(text + at + taken, text + at, length - at);
            memcpy(text + at, part, taken);
            length += taken;
        }
        length -= random_bits(key, 50) % 2 ? 0 : random_bits(key, 51) % length;
        int limit = 2 + (int)(random_bits(key, 52) % 60);
        struct encoding encoding;
        struct sawb_error error;
        if (tokenizer_encode(tokenizer, text, length, limit, &encoding, &error) < 0) {
            assert_non_null(strstr(error.message, "is not valid UTF-8"));
            continue;
        }
        accepted++;
        check_encoding(tokenizer, text, length, &encoding, limit);
        encoding_free(&encoding);
    }
    assert_in_range(accepted, 1000, 3900);
    tokenizer_free(tokenizer);
}

/* ---- vocabularies ---------------------------------------------------------------------------- */

static void check_vocabulary_fault(const char *text, size_t size, const char *fault) {
    struct tokenizer *tokenizer;
    struct sawb_error error = {"no message"};
    assert_int_equal(tokenizer_from_vocabulary(&tokenizer, text, size, "v.txt", &error), -1);
    assert_null(tokenizer);
    if (!strstr(error.message, fault))
        fail_msg("\"%s\" is not in \"%s\"", fault, error.message);
}

static void test_faulty_vocabularies(void **state) {
    (void)state;
    static const struct {
        const char *text, *fault;
    } cases[] = {
        {"", "v.txt: is empty"},
        {"\n\r\n\n", "v.txt: is empty"},
        {"a\nb\n", "v.txt: has no \"[PAD]\" among its 2 word pieces"},
        {"[PAD]\n[CLS]\n[SEP]\n", "v.txt: has no \"[UNK]\""},
        {"[PAD]\n[UNK]\n[SEP]\n", "v.txt: has no \"[CLS]\""},
        {"[PAD]\n[UNK]\n[CLS]\n[sep]\n", "v.txt: has no \"[SEP]\""},
        {SPECIAL "a\nb\na\n", "v.txt: line 8: \"a\" is already there in line 6"},
        {SPECIAL "a\n\nb\n\nc\n", "v.txt: line 9: \"\" is already there in line 7"},
        {SPECIAL "a\nb\xff\n", "v.txt: line 7: byte 1 (0xff) is not valid UTF-8"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_vocabulary_fault(cases[i].text, strlen(cases[i].text), cases[i].fault);
    check_vocabulary_fault(SPECIAL "a\0b\n", strlen(SPECIAL) + 4, "v.txt: line 6: holds a NUL");
}

static void test_questions(void **state) {
    (void)state;
    struct tokenizer *tokenizer = from_text("[PAD]\r\n[UNK]\r\n[SEP]\r\n[CLS]\r\nfilm\r\n##s");
    assert_int_equal(tokenizer_size(tokenizer), 6);
    assert_string_equal(tokenizer_piece(tokenizer, 4), "film");
    assert_string_equal(tokenizer_piece(tokenizer, 5), "##s");
    assert_string_equal(tokenizer_piece(tokenizer, 6), "[UNK]");
    assert_string_equal(tokenizer_piece(tokenizer, -1), "[UNK]");
    assert_int_equal(tokenizer_find(tokenizer, "##s"), 5);
    assert_int_equal(tokenizer_find(tokenizer, "s"), -1);
    assert_int_equal(tokenizer_special(tokenizer, TOKEN_CLS), 3);
    assert_int_equal(tokenizer_special(tokenizer, TOKEN_SEP), 2);
    assert_int_equal(tokenizer_special(tokenizer, TOKEN_MASK), -1);
    tokenizer_free(tokenizer);
}

/* Where there is no [MASK], the text "[MASK]" is three words. */
static void test_without_mask(void **state) {
    (void)state;
    struct tokenizer *tokenizer = from_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[\n]\nmask\n");
    struct encoding encoding;
    struct sawb_error error;
    assert_int_equal(tokenizer_encode(tokenizer, "[MASK]", 6, 9, &encoding, &error), 0);
    static const int expected[] = {2, 4, 6, 5, 3};
    assert_int_equal(encoding.count, 5);
    assert_memory_equal(encoding.ids, expected, sizeof(expected));
    encoding_free(&encoding);
    tokenizer_free(tokenizer);
}

static void test_mutated_vocabularies(void **state) {
    (void)state;
    static const char seed[] = SPECIAL "a\n##b\n\xc3\xa9\nabc\n##\n";
    static const char bytes[] = "\0\n\r#[]abPADUNKCLSE\xc3\xa9\xff";
    int accepted = 0;
    for (uint64_t round = 0; round < 4000; round++) {
        uint64_t key = random_key(13, round, 0, 0);
        char text[sizeof(seed)];
        size_t length = sizeof(seed) - 1;
        memcpy(text, seed, sizeof(seed));
        uint64_t changes = 1 + random_bits(key, 0) % 3;
        for (uint64_t change = 1; change <= changes; change++)
            text[random_bits(key, 2 * change) % length] =
                bytes[random_bits(key, 2 * change + 1) % sizeof(bytes)];
        struct tokenizer *tokenizer;
        struct encoding encoding;
        struct sawb_error error = {""};
        if (tokenizer_from_vocabulary(&tokenizer, text, length, "v.txt", &error) < 0) {
            assert_true(strncmp(error.message, "v.txt: ", 7) == 0);
            continue;
        }
        accepted++;
        static const char sentence[] = "ABC \xc3\xa9"
                                       "b [MASK] [ab] #b";
        assert_int_equal(
            tokenizer_encode(tokenizer, sentence, sizeof(sentence) - 1, 40, &encoding, &error), 0);
        check_encoding(tokenizer, sentence, sizeof(sentence) - 1, &encoding, 40);
        encoding_free(&encoding);
        tokenizer_free(tokenizer);
    }
    assert_in_range(accepted, 200, 3800);
}

/* ---- folders --------------------------------------------------------------------------------- */

static void test_faulty_settings(void **state) {
    (void)state;
    static const struct {
        const char *settings, *fault;
    } cases[] = {
        {"{\"do_lower_case\": 1}",
         "tokenizer_config.json: \"do_lower_case\" has to be true or false"},
        {"{\"strip_accents\": \"no\"}", "\"strip_accents\" has to be true or false"},
        {"{\"tokenize_chinese_chars\": []}", "\"tokenize_chinese_chars\" has to be true or false"},
        {"{\"cls_token\": \"<s>\"}", "\"cls_token\" is \"<s>\"; only BERT's own \"[CLS]\""},
        {"{\"sep_token\": {\"content\": \"</s>\"}}", "\"sep_token\" is \"</s>\""},
        {"[]", "has to hold one JSON object"},
        {"{\"do_lower_case\": ", "tokenizer_config.json"},
    };
    struct temporary folder;
    temporary_make(&folder);
    check_folder_fault(&folder, "vocab.txt");
    write_file(&folder, "vocab.txt", SPECIAL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_file(&folder, "tokenizer_config.json", cases[i].settings);
        check_folder_fault(&folder, cases[i].fault);
    }
    temporary_remove(&folder);
}

static void test_faulty_tokenizer_json(void **state) {
    (void)state;
#define MODEL(vocabulary)                                                                          \
    "{\"normalizer\":{\"type\":\"BertNormalizer\"},\"model\":{\"type\":\"WordPiece\",\"unk_"       \
    "token\":"                                                                                     \
    "\"[UNK]\",\"continuing_subword_prefix\":\"##\"" vocabulary "}}"
    static const struct {
        const char *json, *fault;
    } cases[] = {
        {"{", "tokenizer.json: "},
        {"[1]", "\"type\" of the model is \"(no text)\""},
        {"{\"model\":{\"type\":\"BPE\"}}",
         "\"type\" of the model is \"BPE\"; only BERT's \"WordPiece\""},
        {MODEL(""), "the model has no \"vocab\""},
        {MODEL(",\"vocab\":[]"), "the model has no \"vocab\""},
        {MODEL(",\"vocab\":{}"), "the model has no \"vocab\""},
        {MODEL(",\"vocab\":{\"a\":0,\"b\":0}"),
         "the id of \"b\" is not a number of its own from 0 to 1"},
        {MODEL(",\"vocab\":{\"a\":0,\"b\":2}"), "the id of \"b\""},
        {MODEL(",\"vocab\":{\"a\":-1}"), "the id of \"a\""},
        {MODEL(",\"vocab\":{\"a\":0.5,\"b\":1}"), "the id of \"a\""},
        {MODEL(",\"vocab\":{\"a\":\"0\"}"), "the id of \"a\""},
        {MODEL(",\"vocab\":{\"a\\n\":0}"), "the word piece of id 0 is empty or holds a line end"},
        {MODEL(",\"vocab\":{\"\":0}"), "the word piece of id 0 is empty or holds a line end"},
        {MODEL(",\"vocab\":{\"a\":0}"), "has no \"[PAD]\""},
        {MODEL(",\"vocab\":{\"a\":0,\"a\":1}"), "\"a\" is already there"},
        {MODEL(",\"max_input_chars_per_word\":50"), "\"max_input_chars_per_word\""},
        {"{\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":"
         "\"##\"},"
         "\"normalizer\":{\"type\":\"NFC\"}}",
         "\"type\" of the normalizer is \"NFC\""},
        {"{\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":"
         "\"##\","
         "\"vocab\":{\"[UNK]\":0,\"[PAD]\":1,\"[SEP]\":2,\"[CLS]\":3}},"
         "\"normalizer\":{\"type\":\"BertNormalizer\",\"lowercase\":\"yes\"}}",
         "\"lowercase\" has to be true or false"},
    };
#undef MODEL
    struct temporary folder;
    temporary_make(&folder);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_file(&folder, "tokenizer.json", cases[i].json);
        check_folder_fault(&folder, cases[i].fault);
    }
    /* Where there is a vocab.txt, it is what counts. */
    write_file(&folder, "vocab.txt", SPECIAL);
    tokenizer_free(open_folder(&folder));
    temporary_remove(&folder);
}

static void check_settings_survive(const char *settings, const char *expected) {
    struct temporary from, to;
    struct sawb_error error = {"no message"};
    temporary_make(&from);
    temporary_make(&to);
    write_file(&from, "vocab.txt", "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n\xc3\xa9\r\n##x");
    write_file(&from, "tokenizer_config.json", settings);
    struct tokenizer *tokenizer = open_folder(&from);
    assert_int_equal(tokenizer_save(tokenizer, to.path, &error), 0);
    tokenizer_free(tokenizer);

    check_file(&to, "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n\xc3\xa9\n##x\n");
    check_file(&to, "tokenizer_config.json", expected);
    tokenizer = open_folder(&to);
    assert_int_equal(tokenizer_size(tokenizer), 6);
    tokenizer_free(tokenizer);
    temporary_remove(&from);
    temporary_remove(&to);
}

static void test_save(void **state) {
    (void)state;
#define NAMES                                                                                      \
    "\"pad_token\":\"[PAD]\",\"unk_token\":\"[UNK]\",\"cls_token\":\"[CLS]\",\"sep_token\":\"["    \
    "SEP]\"}"
    check_settings_survive("{}", "{\"do_lower_case\":true,\"strip_accents\":null,"
                                 "\"tokenize_chinese_chars\":true," NAMES);
    check_settings_survive(
        "{\"do_lower_case\":false,\"strip_accents\":true,\"tokenize_chinese_chars\":false,"
        "\"model_max_length\":128,\"tokenizer_class\":\"Other\"}",
        "{\"do_lower_case\":false,\"strip_accents\":true,"
        "\"tokenize_chinese_chars\":false,\"model_max_length\":128," NAMES);
    check_settings_survive("{\"model_max_length\":1e30,\"strip_accents\":null}",
                           "{\"do_lower_case\":true,\"strip_accents\":null,"
                           "\"tokenize_chinese_chars\":true," NAMES);
#undef NAMES
}

static void test_save_into_nowhere(void **state) {
    (void)state;
    struct tokenizer *tokenizer = from_text(SPECIAL);
    struct sawb_error error = {""};
    assert_int_equal(tokenizer_save(tokenizer, "tests/text/vectors/absent", &error), -1);
    assert_non_null(strstr(error.message, "absent"));
    tokenizer_free(tokenizer);
}

static void test_select(void **state) {
    (void)state;
    struct sawb_error error = {"no message"};
    struct tokenizer *source = from_text(SPECIAL "the\nfilm\n##s\n"), *chosen;
    static const int ids[] = {3, 2, 1, 0, 7, 6}, twice[] = {0, 1, 2, 3, 6, 6}, few[] = {0, 1, 3, 6};
    assert_int_equal(tokenizer_select(&chosen, source, ids, 6, &error), 0);
    assert_int_equal(tokenizer_size(chosen), 6);
    for (int i = 0; i < 6; i++)
        assert_string_equal(tokenizer_piece(chosen, i), tokenizer_piece(source, ids[i]));
    assert_int_equal(tokenizer_special(chosen, TOKEN_SEP), 0);
    assert_int_equal(tokenizer_special(chosen, TOKEN_MASK), -1);
    tokenizer_free(chosen);
    assert_int_equal(tokenizer_select(&chosen, source, twice, 6, &error), -1);
    assert_non_null(strstr(error.message, "\"film\" is already there"));
    assert_null(chosen);
    assert_int_equal(tokenizer_select(&chosen, source, few, 4, &error), -1);
    assert_non_null(strstr(error.message, "has no \"[CLS]\""));
    assert_null(chosen);
    tokenizer_free(source);
}

static void test_is_shared_until_the_last_owner_goes(void **state) {
    (void)state;
    struct tokenizer *first = from_text(SPECIAL "film\n");
    struct tokenizer *second = tokenizer_retain(first);
    assert_ptr_equal(first, second);
    tokenizer_free(first);
    assert_string_equal(tokenizer_piece(second, 5), "film");
    tokenizer_free(second);
    tokenizer_free(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_agrees_with_transformers),
    cmocka_unit_test(test_agrees_with_transformers_from_tokenizer_json),
    cmocka_unit_test(test_invalid_utf8_names_the_byte),
    cmocka_unit_test(test_the_limit_needs_room_for_cls_and_sep),
    cmocka_unit_test(test_ten_thousand_words),
    cmocka_unit_test(test_mutated_texts),
    cmocka_unit_test(test_faulty_vocabularies),
    cmocka_unit_test(test_questions),
    cmocka_unit_test(test_without_mask),
    cmocka_unit_test(test_mutated_vocabularies),
    cmocka_unit_test(test_faulty_settings),
    cmocka_unit_test(test_faulty_tokenizer_json),
    cmocka_unit_test(test_save),
    cmocka_unit_test(test_save_into_nowhere),
    cmocka_unit_test(test_select),
    cmocka_unit_test(test_is_shared_until_the_last_owner_goes),
};

TEST_GROUP(tests_text_tokenizer, tests);
