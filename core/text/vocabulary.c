/*
 * vocabulary.c - learning a WordPiece vocabulary from text.
 *
 * Each different word is kept once, as the ids of its pieces, with how often it comes. For each
 * pair of neighbours we know how often it comes and the words it may be in, so that a merge visits
 * only those. A heap has the most frequent pair on top; its entries are brought up to date when
 * they are popped.
 */
#include "core/text/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "core/text/array.h"
#include "core/text/string_table.h"
#include "core/text/tokenizer.h"
#include "core/text/unicode.h"
#include "core/text/words.h"

#define FREQUENCY_MIN 2     /* of a character or a pair that is worth a piece */
#define CANCEL_INTERVAL 256 /* sentences read between two questions */

static const struct word_rules rules = {.lower_case = 1, .strip_accents = 1, .ideographs_apart = 1};
/* A word: `length` piece ids from pieces[begin] on. */
struct spelling {
    size_t begin;
    int length;
    long long frequency;
};

/* Two pieces side by side. */
struct pair {
    int left, right;
    long long frequency;
    long long queued; /* frequency of its entry in the heap that counts; 0: none */
    int *words;       /* where it may be, some more than once */
    size_t word_count, word_capacity;
};

struct heap_entry {
    long long frequency;
    int pair;
};

struct character {
    const char *text;
    size_t length;
    long long frequency;
    int inside; /* may stand inside a word: not punctuation, not an ideograph */
};

struct learner {
    int size;
    int (*cancelled)(void *user);
    void *user;
    struct sawb_error *error;

    struct string_table pieces; /* the vocabulary; ids are its lines from 0 */
    struct string_table words;
    struct spelling *spellings; /* [words] */
    size_t spellings_capacity;
    int *spelt; /* pieces of all words, one word after the other */
    size_t spelt_count, spelt_capacity;

    struct string_table pair_keys; /* (left, right) as bytes */
    struct pair *pairs;            /* [pair_keys] */
    size_t pairs_capacity;
    struct heap_entry *heap;
    size_t heap_count, heap_capacity;
};

static int out_of_memory(const struct learner *learner) {
    return error_set(learner->error, "out of memory for learning a vocabulary; free some memory");
}

static int check_cancelled(const struct learner *learner) {
    if (learner->cancelled && learner->cancelled(learner->user))
        return error_set(learner->error, "learning the vocabulary was stopped");
    return 0;
}

/* ---- words and characters -------------------------------------------------------------------- */

static int count_word(struct learner *learner, const struct word *word) {
    int known = learner->words.count;
    int id = string_table_add(&learner->words, word->text, word->length);
    if (id < 0)
        return out_of_memory(learner);
    if (id == known) {
        struct spelling *spellings = array_grow(learner->spellings, &learner->spellings_capacity,
                                                (size_t)known + 1, sizeof(*spellings));
        if (!spellings)
            return out_of_memory(learner);
        learner->spellings = spellings;
        spellings[id] = (struct spelling){0};
    }
    learner->spellings[id].frequency++;
    return 0;
}

static int count_words(struct learner *learner, const struct dataset *dataset) {
    struct word word;
    for (int i = 0; i < dataset->count; i++) {
        if (i % CANCEL_INTERVAL == 0 && check_cancelled(learner) < 0)
            return -1;
        const struct example *example = &dataset->examples[i];
        struct word_reader reader = {.text = example->text, .end = example->length, .rules = rules};
        while (words_next(&reader, &word))
            if (word.characters <= WORD_CHARACTERS_MAX && count_word(learner, &word) < 0)
                return -1;
    }
    return 0;
}

/* Bytes of the UTF-8 character text begins with. */
static size_t character_bytes(const char *text, size_t length, int32_t *code_point) {
    int used = unicode_decode(text, length, code_point);
    return used > 0 ? (size_t)used : 1;
}

/* Counts the characters of all words; *characters (free) has an element for each string of `known`.
 */
static int count_characters(const struct learner *learner, struct string_table *known,
                            struct character **characters) {
    size_t capacity = 0;
    for (int w = 0; w < learner->words.count; w++) {
        const char *text = string_table_text(&learner->words, w);
        size_t length = string_table_length(&learner->words, w), used;
        for (size_t at = 0; at < length; at += used) {
            int32_t code_point = 0;
            used = character_bytes(text + at, length - at, &code_point);
            int before = known->count;
            int id = string_table_add(known, text + at, used);
            struct character *grown =
                id < 0 ? NULL
                       : array_grow(*characters, &capacity, (size_t)known->count, sizeof(*grown));
            if (!grown)
                return out_of_memory(learner);
            *characters = grown;
            if (id == before)
                grown[id] = (struct character){.length = used,
                                               .inside = !unicode_is_punctuation(code_point) &&
                                                         !unicode_is_cjk(code_point)};
            grown[id].frequency += learner->spellings[w].frequency;
        }
    }
    for (int id = 0; id < known->count; id++)
        (*characters)[id].text = string_table_text(known, id);
    return 0;
}

static int by_spelling(const void *a, const void *b) {
    return strcmp(((const struct character *)a)->text, ((const struct character *)b)->text);
}

static int by_frequency(const void *a, const void *b) {
    const struct character *left = a, *right = b;
    if (left->frequency != right->frequency)
        return left->frequency > right->frequency ? -1 : 1;
    return by_spelling(a, b);
}

/* How many of the characters, ordered by frequency, become pieces. */
static int choose_characters(const struct learner *learner, const struct character *characters,
                             int count) {
    int room = learner->size - SPECIAL_TOKENS;
    int chosen = 0;
    for (; chosen < count && characters[chosen].frequency >= FREQUENCY_MIN; chosen++) {
        room -= 1 + characters[chosen].inside;
        if (room < 0)
            break;
    }
    return chosen;
}

static int add_piece(struct learner *learner, const char *prefix, const char *text, size_t length) {
    char piece[WORD_CONTINUATION_BYTES + WORD_BYTES_MAX];
    char *end = stpcpy(piece, prefix);
    memcpy(end, text, length);
    int id = string_table_add(&learner->pieces, piece, (size_t)(end - piece) + length);
    return id < 0 ? out_of_memory(learner) : id;
}

static int add_characters(struct learner *learner, struct character *characters, int count) {
    if (count > 0)
        qsort(characters, (size_t)count, sizeof(*characters), by_frequency);
    int chosen = choose_characters(learner, characters, count);
    if (chosen == 0)
        return error_set(learner->error, "the text is too little to learn a vocabulary from: no "
                                         "character is there twice, or the size is too small");
    qsort(characters, (size_t)chosen, sizeof(*characters), by_spelling);
    for (int i = 0; i < chosen; i++)
        if (add_piece(learner, "", characters[i].text, characters[i].length) < 0)
            return -1;
    for (int i = 0; i < chosen; i++)
        if (characters[i].inside &&
            add_piece(learner, WORD_CONTINUATION, characters[i].text, characters[i].length) < 0)
            return -1;
    return 0;
}

static int start_pieces(struct learner *learner) {
    for (int which = 0; which < SPECIAL_TOKENS; which++) {
        const char *spelling = special_token_spelling((enum special_token)which);
        if (add_piece(learner, "", spelling, strlen(spelling)) < 0)
            return -1;
    }
    struct string_table known = {0};
    struct character *characters = NULL;
    int status = count_characters(learner, &known, &characters);
    if (status == 0)
        status = add_characters(learner, characters, known.count);
    free(characters);
    string_table_free(&known);
    return status;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static const char *piece_text(const struct learner *learner, int id) {
    return string_table_text(&learner->pieces, id);
}

/* Whether entry `a` comes before `b`. */
static int comes_before(const struct learner *learner, const struct heap_entry *a,
                        const struct heap_entry *b) {
    if (a->frequency != b->frequency)
        return a->frequency > b->frequency;
    const struct pair *left = &learner->pairs[a->pair], *right = &learner->pairs[b->pair];
    int order = strcmp(piece_text(learner, left->left), piece_text(learner, right->left));
    if (order == 0)
        order = strcmp(piece_text(learner, left->right), piece_text(learner, right->right));
    return order < 0;
}

static void swap_entries(struct heap_entry *a, struct heap_entry *b) {
    struct heap_entry kept = *a;
    *a = *b;
    *b = kept;
}

static int heap_push(struct learner *learner, int pair) {
    struct heap_entry *heap =
        array_grow(learner->heap, &learner->heap_capacity, learner->heap_count + 1, sizeof(*heap));
    if (!heap)
        return out_of_memory(learner);
    learner->heap = heap;
    size_t at = learner->heap_count++;
    heap[at] = (struct heap_entry){learner->pairs[pair].frequency, pair};
    learner->pairs[pair].queued = learner->pairs[pair].frequency;
    for (; at > 0 && comes_before(learner, &heap[at], &heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap_entries(&heap[at], &heap[(at - 1) / 2]);
    return 0;
}

static struct heap_entry heap_pop(struct learner *learner) {
    struct heap_entry *heap = learner->heap;
    struct heap_entry top = heap[0];
    heap[0] = heap[--learner->heap_count];
    for (size_t at = 0, child; (child = 2 * at + 1) < learner->heap_count; at = child) {
        if (child + 1 < learner->heap_count &&
            comes_before(learner, &heap[child + 1], &heap[child]))
            child++;
        if (!comes_before(learner, &heap[child], &heap[at]))
            break;
        swap_entries(&heap[child], &heap[at]);
    }
    return top;
}

/* The pair's index, made when it is new; -1 when memory is out. */
static int find_pair(struct learner *learner, int left, int right) {
    int key[2] = {left, right};
    int known = learner->pair_keys.count;
    struct pair *pairs =
        array_grow(learner->pairs, &learner->pairs_capacity, (size_t)known + 1, sizeof(*pairs));
    if (!pairs)
        return out_of_memory(learner);
    learner->pairs = pairs;
    int index = string_table_add(&learner->pair_keys, (const char *)key, sizeof(key));
    if (index < 0)
        return out_of_memory(learner);
    if (index == known)
        pairs[index] = (struct pair){.left = left, .right = right};
    return index;
}

/* Adds the word's frequency to each of its pairs, `sign` times. Only pairs with the piece `fresh`
 * (all if it is -1) can be new in the word, and only those can rise in the heap. */
static int count_pairs(struct learner *learner, int word, int sign, int fresh) {
    const struct spelling *spelling = &learner->spellings[word];
    const int *spelt = learner->spelt + spelling->begin;
    for (int i = 0; i + 1 < spelling->length; i++) {
        int index = find_pair(learner, spelt[i], spelt[i + 1]);
        if (index < 0)
            return -1;
        struct pair *pair = &learner->pairs[index];
        pair->frequency += sign * spelling->frequency;
        if (sign < 0 || (fresh >= 0 && pair->left != fresh && pair->right != fresh))
            continue;
        int *words =
            array_grow(pair->words, &pair->word_capacity, pair->word_count + 1, sizeof(*words));
        if (!words)
            return out_of_memory(learner);
        pair->words = words;
        words[pair->word_count++] = word;
    }
    return 0;
}

/* Puts the word's pairs with `fresh` (all if -1) into the heap if they rose above what it knows. */
static int queue_pairs(struct learner *learner, int word, int fresh) {
    const struct spelling *spelling = &learner->spellings[word];
    const int *spelt = learner->spelt + spelling->begin;
    for (int i = 0; i + 1 < spelling->length; i++) {
        if (fresh >= 0 && spelt[i] != fresh && spelt[i + 1] != fresh)
            continue;
        int index = find_pair(learner, spelt[i], spelt[i + 1]);
        if (index < 0)
            return -1;
        const struct pair *pair = &learner->pairs[index];
        if (pair->frequency >= FREQUENCY_MIN && pair->frequency > pair->queued &&
            heap_push(learner, index) < 0)
            return -1;
    }
    return 0;
}

/* ---- spelling and merging -------------------------------------------------------------------- */

/* Spells a word in single characters. One with a character that is no piece stays empty: whatever
 * is merged, it will be [UNK]. */
static int spell_word(struct learner *learner, int word) {
    struct spelling *spelling = &learner->spellings[word];
    const char *text = string_table_text(&learner->words, word);
    size_t length = string_table_length(&learner->words, word);
    int *spelt = array_grow(learner->spelt, &learner->spelt_capacity, learner->spelt_count + length,
                            sizeof(*spelt));
    if (!spelt)
        return out_of_memory(learner);
    learner->spelt = spelt;
    spelling->begin = learner->spelt_count;
    int count = 0;
    size_t used;
    for (size_t at = 0; at < length; at += used) {
        int32_t code_point = 0;
        used = character_bytes(text + at, length - at, &code_point);
        char piece[WORD_CONTINUATION_BYTES + UNICODE_BYTES_MAX] = WORD_CONTINUATION;
        memcpy(piece + WORD_CONTINUATION_BYTES, text + at, used);
        size_t skipped = at == 0 ? WORD_CONTINUATION_BYTES : 0;
        int id = string_table_find(&learner->pieces, piece + skipped,
                                   WORD_CONTINUATION_BYTES - skipped + used);
        if (id < 0)
            return 0;
        spelt[spelling->begin + (size_t)count++] = id;
    }
    spelling->length = count;
    learner->spelt_count += (size_t)count;
    return 0;
}

static int start_pairs(struct learner *learner) {
    for (int word = 0; word < learner->words.count; word++)
        if (spell_word(learner, word) < 0 || count_pairs(learner, word, 1, -1) < 0)
            return -1;
    for (int word = 0; word < learner->words.count; word++)
        if (queue_pairs(learner, word, -1) < 0)
            return -1;
    return 0;
}

/* Writes `merged` for each left, right of the word. */
static void merge_in_word(struct learner *learner, int word, int left, int right, int merged) {
    struct spelling *spelling = &learner->spellings[word];
    int *spelt = learner->spelt + spelling->begin;
    int kept = 0;
    for (int i = 0; i < spelling->length; i++) {
        int matches = i + 1 < spelling->length && spelt[i] == left && spelt[i + 1] == right;
        spelt[kept++] = matches ? merged : spelt[i];
        i += matches;
    }
    spelling->length = kept;
}

static int contains(const struct learner *learner, int word, int left, int right) {
    const struct spelling *spelling = &learner->spellings[word];
    const int *spelt = learner->spelt + spelling->begin;
    for (int i = 0; i + 1 < spelling->length; i++)
        if (spelt[i] == left && spelt[i + 1] == right)
            return 1;
    return 0;
}

/* The piece that left and right make together. It may be there already, by another way. */
static int merged_piece(struct learner *learner, int left, int right) {
    char text[WORD_CONTINUATION_BYTES + WORD_BYTES_MAX];
    size_t left_length = string_table_length(&learner->pieces, left);
    size_t right_length = string_table_length(&learner->pieces, right) - WORD_CONTINUATION_BYTES;
    memcpy(text, piece_text(learner, left), left_length);
    memcpy(text + left_length, piece_text(learner, right) + WORD_CONTINUATION_BYTES, right_length);
    return add_piece(learner, "", text, left_length + right_length);
}

static int merge(struct learner *learner, int index) {
    struct pair merging = learner->pairs[index];
    /* The pair gives its list up: nothing is added to it while it is walked. */
    learner->pairs[index].words = NULL;
    learner->pairs[index].word_count = learner->pairs[index].word_capacity = 0;
    int merged = merged_piece(learner, merging.left, merging.right);
    int status = merged < 0 ? -1 : 0;
    for (size_t i = 0; status == 0 && i < merging.word_count; i++) {
        int word = merging.words[i];
        if (!contains(learner, word, merging.left, merging.right))
            continue;
        status = count_pairs(learner, word, -1, -1);
        merge_in_word(learner, word, merging.left, merging.right, merged);
        if (status == 0)
            status = count_pairs(learner, word, 1, merged);
    }
    for (size_t i = 0; status == 0 && i < merging.word_count; i++)
        status = queue_pairs(learner, merging.words[i], merged);
    free(merging.words);
    return status;
}

static int merge_until_full(struct learner *learner) {
    while (learner->pieces.count < learner->size && learner->heap_count > 0) {
        if (check_cancelled(learner) < 0)
            return -1;
        struct heap_entry top = heap_pop(learner);
        struct pair *pair = &learner->pairs[top.pair];
        if (top.frequency != pair->queued)
            continue; /* another entry speaks for this pair */
        pair->queued = 0;
        if (pair->frequency < FREQUENCY_MIN)
            continue;
        int status = pair->frequency < top.frequency ? heap_push(learner, top.pair)
                                                     : merge(learner, top.pair);
        if (status < 0)
            return -1;
    }
    return 0;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static char *join_pieces(const struct learner *learner) {
    const struct string_table *pieces = &learner->pieces;
    char *text = malloc(pieces->used + 1);
    if (!text)
        return NULL;
    /* The table keeps the pieces in order, each with a NUL behind it. */
    for (size_t i = 0; i < pieces->used; i++)
        text[i] = pieces->bytes[i] ? pieces->bytes[i] : '\n';
    text[pieces->used] = '\0';
    return text;
}

static void release(struct learner *learner) {
    for (int i = 0; i < learner->pair_keys.count; i++)
        free(learner->pairs[i].words);
    string_table_free(&learner->pieces);
    string_table_free(&learner->words);
    string_table_free(&learner->pair_keys);
    free(learner->spellings);
    free(learner->spelt);
    free(learner->pairs);
    free(learner->heap);
}

int vocabulary_learn(char **text, const struct dataset *dataset, int size,
                     int (*cancelled)(void *user), void *user, struct sawb_error *error) {
    *text = NULL;
    struct learner learner = {.size = size, .cancelled = cancelled, .user = user, .error = error};
    int status = -1;
    if (count_words(&learner, dataset) == 0 && start_pieces(&learner) == 0 &&
        start_pairs(&learner) == 0 && merge_until_full(&learner) == 0) {
        *text = join_pieces(&learner);
        status = *text ? 0 : out_of_memory(&learner);
    }
    release(&learner);
    return status;
}
