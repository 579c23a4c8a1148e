/*
 * script_expand.c - variables in a line, and the words a loop goes over.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/dataset.h"
#include "tui/command/arguments.h"
#include "tui/command/handlers.h"
#include "tui/command/script.h"
#include "tui/command/text.h"

#define NUMBERS_MOST 1000000

/* ---- variables in a line --------------------------------------------------------------------- */

/* The name behind the $ at `text`, and how many bytes stand for it; 0: a $ like any other. */
static size_t reference(const char *text, const char **name, size_t *length) {
    int braces = text[1] == '{';
    *name = text + 1 + braces;
    *length = variable_name_length(*name);
    if (*length == 0)
        return 0;
    if (!braces)
        return 1 + *length;
    if ((*name)[*length] == '.' && variable_name_length(*name + *length + 1) > 0)
        *length += 1 + variable_name_length(*name + *length + 1);
    return (*name)[*length] == '}' ? *length + 3 : 0;
}

/* The value with a backslash before each byte of `special`. */
static void put_escaped(FILE *out, const char *value, const char *special) {
    for (; *value; value++) {
        if (strchr(special, *value))
            fputc('\\', out);
        fputc(*value, out);
    }
}

struct expansion {
    const struct workbench *workbench;
    FILE *out;
    int plain;  /* 1: outside of quotes values stand as they are */
    int before; /* words in front of the rest of a raw line, 0: it is none */
    struct sawb_error *error;
};

/* Writes the value of the reference at `text`, or its $ when it is none. Returns the bytes read, 0
 * with an error. */
static size_t put_reference(const struct expansion *expansion, const char *text, int in_quotes,
                            int word_begins) {
    const char *name;
    size_t length, read = reference(text, &name, &length);
    if (read == 0) {
        fputc('$', expansion->out);
        return 1;
    }
    const char *value = scripting_get(&expansion->workbench->scripting, name, length);
    if (!value) {
        error_set(expansion->error,
                  "there is no variable %.*s; `let NAME = WORDS` makes one, and '$' in single "
                  "quotes is a $",
                  (int)length, name);
        return 0;
    }
    char after = text[read];
    if (in_quotes)
        put_escaped(expansion->out, value, "\"\\");
    else if (expansion->plain)
        fputs(value, expansion->out);
    else if (!*value && word_begins && (!after || strchr(" \t", after)))
        fputs("\"\"", expansion->out);
    else
        put_escaped(expansion->out, value, " \t\r\n\\'\"");
    return read;
}

/* The part in double quotes of `length` bytes. In a raw rest, of which it is only a part
 * (`literal`), quotes are characters like others, and so are those of a value. */
static int put_quoted(const struct expansion *expansion, const char *text, size_t length,
                      int literal) {
    for (size_t at = 0; at < length;) {
        if (text[at] == '\\' && text[at + 1] == '$') {
            fputc('$', expansion->out);
            at += 2;
        } else if (text[at] == '\\' && at + 2 < length) {
            fprintf(expansion->out, "%.2s", text + at);
            at += 2;
        } else if (text[at] == '$') {
            size_t read = put_reference(expansion, text + at, !literal, 0);
            if (read == 0)
                return -1;
            at += read;
        } else {
            fputc(text[at++], expansion->out);
        }
    }
    return 0;
}

/* Bytes of the quoted part, of the backslash with its character, or of the character at `text`. */
static size_t part_length(const char *text, size_t quoted) {
    return quoted ? quoted : text[0] == '\\' && text[1] ? 2 : 1;
}

static int put_line(const struct expansion *expansion, const char *line) {
    int may_quote = 1; /* here a word begins, or an option's value */
    int words = 0, in_word = 0;
    for (const char *at = line; *at;) {
        size_t quoted = may_quote ? quoted_length(at) : 0, length = part_length(at, quoted);
        int blank = strchr(" \t", *at) != NULL, begins = !blank && !in_word;
        words += begins;
        if (*at == '$') {
            length = put_reference(expansion, at, 0, begins);
            if (length == 0)
                return -1;
        } else if (quoted && *at == '"') {
            int all = words == expansion->before + 1 && !at[quoted + strspn(at + quoted, " \t")];
            if (put_quoted(expansion, at, quoted, expansion->before > 0 && !all) < 0)
                return -1;
        } else if (expansion->before > 0 && *at == '\\' && at[1] == '$') {
            /* A raw rest keeps its backslashes, but for one that takes a $ its meaning. */
            fputc('$', expansion->out);
        } else {
            fwrite(at, 1, length, expansion->out);
        }
        may_quote = blank || *at == '=';
        in_word = !blank;
        at += length;
    }
    return 0;
}

char *script_expand(const struct workbench *workbench, const char *line, int list, int before,
                    struct sawb_error *error) {
    struct text text;
    if (text_begin(&text) < 0) {
        error_set(error, "out of memory for a line");
        return NULL;
    }
    struct expansion expansion = {workbench, text.stream, list || before > 0, before, error};
    int status = put_line(&expansion, line);
    char *expanded = text_end(&text);
    if (status < 0) {
        free(expanded);
        return NULL;
    }
    if (!expanded)
        error_set(error, "out of memory for a line");
    return expanded;
}

/* ---- loops ----------------------------------------------------------------------------------- */

static int no_memory(struct sawb_error *error) {
    return error_set(error, "foreach: out of memory");
}

/* The new last turn, without its further variables; NULL when out of memory. */
static struct turn *add_turn(struct turns *turns, const char *value) {
    if (turns->count == turns->capacity) {
        int capacity = turns->capacity ? 2 * turns->capacity : 16;
        struct turn *grown = realloc(turns->turns, (size_t)capacity * sizeof(*turns->turns));
        if (!grown)
            return NULL;
        turns->turns = grown;
        turns->capacity = capacity;
    }
    struct turn turn = {.value = strdup(value)};
    if (!turn.value)
        return NULL;
    turns->turns[turns->count] = turn;
    return &turns->turns[turns->count++];
}

static int add_more(struct turn *turn, int index, const char *name, const char *value) {
    turn->more[index][0] = strdup(name);
    turn->more[index][1] = strdup(value);
    return turn->more[index][0] && turn->more[index][1] ? 0 : -1;
}

static int add_number(struct turns *turns, long number) {
    char text[32];
    snprintf(text, sizeof(text), "%ld", number);
    return add_turn(turns, text) ? 0 : -1;
}

/* "1..5" and "5..1", both ends included. 0: it is not written so. */
static int read_range(const char *word, long *from, long *to) {
    char *end;
    *from = strtol(word, &end, 10);
    if (end == word || strncmp(end, "..", 2) != 0)
        return 0;
    const char *second = end + 2;
    *to = strtol(second, &end, 10);
    return end != second && !*end;
}

static int add_word(struct turns *turns, const char *word, struct sawb_error *error) {
    long from, to;
    if (!read_range(word, &from, &to))
        return add_turn(turns, word) ? 0 : no_memory(error);
    if (from < -NUMBERS_MOST || from > NUMBERS_MOST || to < -NUMBERS_MOST || to > NUMBERS_MOST)
        return error_set(error, "foreach: %s goes beyond %d", word, NUMBERS_MOST);
    for (long number = from;; number += from <= to ? 1 : -1) {
        if (add_number(turns, number) < 0)
            return no_memory(error);
        if (number == to)
            return 0;
    }
}

static int add_presets(struct turns *turns, const struct presets *presets,
                       struct sawb_error *error) {
    for (int i = 0; i < presets_count(presets); i++) {
        if (!add_turn(turns, presets_name(presets, i)))
            return no_memory(error);
    }
    return 0;
}

static int add_layers(struct turns *turns, struct workbench *workbench, struct sawb_error *error) {
    if (workbench_load(workbench, error) < 0)
        return -1;
    for (int layer = 0; layer < workbench_layers(workbench); layer++) {
        if (add_number(turns, layer) < 0)
            return no_memory(error);
    }
    return 0;
}

static int add_heads(struct turns *turns, struct workbench *workbench, struct sawb_error *error) {
    if (workbench_load(workbench, error) < 0)
        return -1;
    int heads = workbench_heads(workbench);
    for (int place = 0; place < workbench_layers(workbench) * heads; place++) {
        char name[32], layer[16], head[16];
        snprintf(layer, sizeof(layer), "%d", place / heads);
        snprintf(head, sizeof(head), "%d", place % heads);
        snprintf(name, sizeof(name), "%s.%s", layer, head);
        struct turn *turn = add_turn(turns, name);
        if (!turn || add_more(turn, 0, "layer", layer) < 0 || add_more(turn, 1, "head", head) < 0)
            return no_memory(error);
    }
    return 0;
}

/* Labels are named as the model of arm A names them. */
static int add_row(struct turns *turns, const struct example *example, int row,
                   const struct model_config *config) {
    char number[16], label[MODEL_LABEL_BYTES] = "";
    snprintf(number, sizeof(number), "%d", row);
    if (example->label >= 0 && example->label < config->labels)
        snprintf(label, sizeof(label), "%s", config->label_names[example->label]);
    else if (example->label >= 0)
        snprintf(label, sizeof(label), "%d", example->label);
    struct turn *turn = add_turn(turns, example->text);
    return turn && add_more(turn, 0, "row", number) == 0 && add_more(turn, 1, "label", label) == 0
               ? 0
               : -1;
}

static int add_rows(struct turns *turns, struct workbench *workbench, int count, char *const *words,
                    struct sawb_error *error) {
    struct dataset dataset;
    char *end = NULL;
    long limit = count > 2 ? strtol(words[2], &end, 10) : INT_MAX;
    if (count < 2 || count > 3 || (end && (end == words[2] || *end)) || limit < 0)
        return error_set(error, "foreach: rows are written `rows FILE [LIMIT]`");
    if (workbench_load(workbench, error) < 0 || dataset_open(&dataset, words[1], error) < 0)
        return -1;
    int status = 0;
    for (int row = 0; row < dataset.count && row < limit && status == 0; row++)
        status = add_row(turns, &dataset.examples[row], row, &workbench->arms[ARM_A].model->config);
    dataset_free(&dataset);
    return status < 0 ? no_memory(error) : 0;
}

int script_turns(struct workbench *workbench, int count, char *const *words, struct turns *turns,
                 struct sawb_error *error) {
    const char *first = count > 0 ? words[0] : "";
    int status = 0;
    memset(turns, 0, sizeof(*turns));
    if (strcmp(first, "rows") == 0) {
        status = add_rows(turns, workbench, count, words, error);
    } else if (count == 1 && strcmp(first, "presets") == 0) {
        status = add_presets(turns, workbench->presets, error);
    } else if (count == 1 && strcmp(first, "layers") == 0) {
        status = add_layers(turns, workbench, error);
    } else if (count == 1 && strcmp(first, "heads") == 0) {
        status = add_heads(turns, workbench, error);
    } else {
        for (int i = 0; i < count && status == 0; i++)
            status = add_word(turns, words[i], error);
    }
    if (status < 0)
        turns_free(turns);
    return status;
}

void turns_free(struct turns *turns) {
    for (int i = 0; i < turns->count; i++) {
        free(turns->turns[i].value);
        for (int k = 0; k < 2; k++) {
            free(turns->turns[i].more[k][0]);
            free(turns->turns[i].more[k][1]);
        }
    }
    free(turns->turns);
    memset(turns, 0, sizeof(*turns));
}
