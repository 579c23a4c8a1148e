/*
 * attention_text.c - what the attention view shows, in words, and heads named in words.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tui/app/workbench.h"

#define BLANKS " \t,"

const char *attention_mode_name(enum map_mode mode) {
    static const char *const names[MAP_MODES] = {
        [MAP_WEIGHT] = "weight", [MAP_SCORE] = "score", [MAP_LOG] = "log10 weight"};
    return names[mode];
}

/* ---- heads ----------------------------------------------------------------------------------- */

static int out_of_range(const char *what, long number, int count, struct sawb_error *error) {
    return error_set(error, "mean: there is no %s %ld; there are %d, numbered from 0", what, number,
                     count);
}

/* Marks what one word names. */
static int mark_word(const char *word, int layers, int heads, int layer, char *marks,
                     struct sawb_error *error) {
    int first = layer, past = layer + 1;
    const char *number = word + (*word == 'L' || *word == 'l');
    char *end;
    if (strcasecmp(word, "all") == 0) {
        first = 0;
        past = layers;
    } else if (strcasecmp(word, "layer") != 0) {
        long at = strtol(number, &end, 10), head;
        if (end == number || (*end && *end != '.') || (!*end && number == word))
            return error_set(error,
                             "mean: \"%s\" names no heads; say all, layer, a layer as L2, a head "
                             "as 2.1, several of them, or off",
                             word);
        if (at < 0 || at >= layers)
            return out_of_range("layer", at, layers, error);
        first = (int)at;
        past = first + 1;
        if (*end == '.') {
            const char *second = end + 1;
            head = strtol(second, &end, 10);
            if (end == second || *end)
                return error_set(error, "mean: \"%s\" is no head; one is named as 2.1", word);
            if (head < 0 || head >= heads)
                return out_of_range("head", head, heads, error);
            marks[first * heads + (int)head] = 1;
            return 0;
        }
    }
    for (int i = first * heads; i < past * heads; i++)
        marks[i] = 1;
    return 0;
}

int attention_heads(const char *text, int layers, int heads, int layer, int **chosen,
                    struct sawb_error *error) {
    size_t all = (size_t)layers * (size_t)heads;
    char *copy = strdup(text), *marks = calloc(all + 1, 1), *rest = NULL;
    int *list = malloc((all + 1) * sizeof(*list)), count = 0;
    *chosen = NULL;
    if (!copy || !marks || !list) {
        error_set(error, "mean: out of memory for %zu heads", all);
        goto fail;
    }
    for (char *word = strtok_r(copy, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest))
        if (mark_word(word, layers, heads, layer, marks, error) < 0)
            goto fail;
    for (int i = 0; i < (int)all; i++)
        if (marks[i])
            list[count++] = i;
    if (count == 0) {
        error_set(error, "mean: no heads are named; say all, layer, L2, 2.1 or off");
        goto fail;
    }
    free(copy);
    free(marks);
    *chosen = list;
    return count;
fail:
    free(copy);
    free(marks);
    free(list);
    return -1;
}

/* ---- titles ---------------------------------------------------------------------------------- */

void attention_place_text(const struct workbench *workbench, char *text, size_t size) {
    const char *heads = workbench->attention.look.heads;
    if (!heads[0])
        snprintf(text, size, "layer %d  head %d", workbench->layer, workbench->head);
    else if (strcasecmp(heads, "layer") == 0)
        snprintf(text, size, "layer %d  mean of its heads", workbench->layer);
    else
        snprintf(text, size, "mean of %s%s", heads, strcasecmp(heads, "all") == 0 ? " heads" : "");
}

static void add(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add(char *text, size_t size, const char *format, ...) {
    size_t used = strlen(text);
    if (used && used + 3 < size) {
        memcpy(text + used, ", ", 3);
        used += 2;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

void attention_reductions_text(const struct workbench *workbench, int shortly, char *text,
                               size_t size) {
    const struct attention_look *look = &workbench->attention.look;
    int rows = workbench->attention.maps.bin_rows, columns = workbench->attention.maps.bin_columns;
    int scores = workbench->mode == MAP_SCORE, rescaled = look->special == SPECIAL_RESCALE;
    text[0] = '\0';
    if (look->special != SPECIAL_SHOW && shortly)
        add(text, size, "no [CLS] [SEP]%s", scores || !rescaled ? "" : " (sum 1)");
    else if (look->special != SPECIAL_SHOW)
        add(text, size, "no [CLS] [SEP]%s",
            scores     ? ""
            : rescaled ? " (rescaled)"
                       : " (not rescaled)");
    if (look->words && shortly)
        add(text, size, "words");
    else if (look->words)
        add(text, size, "words (%s)", scores ? "mean of kept" : "sum of keys, mean of queries");
    if (look->transpose)
        add(text, size, shortly ? "key rows" : "keys as rows");
    if (rows > 1 || columns > 1)
        add(text, size, "%s %s%dx%d", look->bins == REDUCE_MAX ? "max" : "mean",
            shortly ? "" : "of ", rows, columns);
    if (look->threshold > 0 && !scores)
        add(text, size, shortly ? "<%g faint" : "below %g faint", look->threshold);
}
