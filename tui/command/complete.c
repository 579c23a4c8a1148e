/*
 * complete.c - what the word before the cursor could become.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/session/sweep.h"
#include "tui/command/arguments.h"

#define ROWS_OFFERED 200
#define SESSION_ENDING ".sawb"

struct found {
    struct completion *items;
    int count, capacity;
    int failed;
    unsigned where; /* whose commands are offered */
};

/* Adds prefix + text + suffix. */
static void add(struct found *found, const char *prefix, const char *text, size_t length,
                const char *suffix, const char *help) {
    if (found->count == found->capacity && !found->failed) {
        int capacity = found->capacity ? found->capacity * 2 : 16;
        struct completion *grown = realloc(found->items, (size_t)capacity * sizeof(*grown));
        found->failed = !grown;
        if (grown) {
            found->items = grown;
            found->capacity = capacity;
        }
    }
    if (found->failed)
        return;
    struct completion item = {NULL, strdup(help ? help : "")};
    size_t before = strlen(prefix), after = strlen(suffix);
    item.text = malloc(before + length + after + 1);
    if (!item.text || !item.help) {
        free(item.text);
        free(item.help);
        found->failed = 1;
        return;
    }
    memcpy(item.text, prefix, before);
    memcpy(item.text + before, text, length);
    memcpy(item.text + before + length, suffix, after + 1);
    found->items[found->count++] = item;
}

static int begins(const char *text, const char *word) {
    return strncmp(text, word, strlen(word)) == 0;
}

static void add_commands(struct found *found, unsigned where, const char *word) {
    const struct command *command;
    for (int i = 0; (command = command_get(i)); i++) {
        if ((command->where & where) && begins(command->name, word))
            add(found, "", command->name, strlen(command->name), "", command->help);
    }
}

static void add_choices(struct found *found, const char *choices, const char *word) {
    for (const char *at = choices; at && *at;) {
        size_t size = strcspn(at, "|"), length = strlen(word);
        if (length <= size && strncasecmp(at, word, length) == 0)
            add(found, "", at, size, "", "");
        at += size + (at[size] == '|');
    }
}

static void add_options(struct found *found, const struct option_row *rows, const char *word) {
    for (const struct option_row *row = rows; row && row->name; row++) {
        char name[64] = "--";
        strncat(name, row->name, sizeof(name) - 3);
        if (begins(name, word))
            add(found, "", name, strlen(name), "", row->help);
    }
}

static void add_presets(struct found *found, const struct presets *presets, const char *word) {
    for (int i = 0; i < presets_count(presets); i++) {
        const char *name = presets_name(presets, i);
        if (begins(name, word))
            add(found, "", name, strlen(name), "", presets_specification(presets, i));
    }
}

/* Pattern names open their bracket; `dense` has none. */
static void add_patterns(struct found *found, const char *word) {
    for (int i = 0; sparsity_pattern_name(i); i++) {
        const char *name = sparsity_pattern_name(i);
        int brackets = strchr(sparsity_pattern_usage(i), '(') != NULL;
        if (begins(name, word))
            add(found, "", name, strlen(name), brackets ? "(" : "", sparsity_pattern_help(i));
    }
}

/* Layer.head of every head; the help says nothing that the name does not. */
static void add_heads(struct found *found, const struct workbench *workbench, const char *word) {
    int heads = workbench_heads(workbench);
    for (int place = 0; place < workbench_layers(workbench) * heads; place++) {
        char name[32];
        snprintf(name, sizeof(name), "%d.%d", place / heads, place % heads);
        if (begins(name, word))
            add(found, "", name, strlen(name), "", "");
    }
}

/* The last of a list of families. */
static void add_families(struct found *found, const char *line, const char *word, size_t *start) {
    const char *comma = strrchr(word, ','), *last = comma ? comma + 1 : word;
    for (int i = 0; sweep_family_name(i); i++)
        if (begins(sweep_family_name(i), last))
            add(found, "", sweep_family_name(i), strlen(sweep_family_name(i)), "",
                sweep_family_pattern(i));
    if (comma)
        *start = strlen(line) - strlen(last);
}

/* Numbers of the rows of the open data set, with their sentences. */
static void add_rows(struct found *found, const struct data *data, const char *word) {
    int offered = 0;
    for (int row = 0; data->dataset && row < data->dataset->count && offered < ROWS_OFFERED;
         row++) {
        char name[16];
        snprintf(name, sizeof(name), "%d", row);
        if (!begins(name, word))
            continue;
        add(found, "", name, strlen(name), "", data->dataset->examples[row].text);
        offered++;
    }
}

/* "$NAME" for what is written with a $, with the value as help. */
static void add_variables(struct found *found, const struct scripting *scripting,
                          const char *word) {
    for (int i = 0; i < scripting->count; i++) {
        const struct variable *variable = &scripting->variables[i];
        int dotted = strchr(variable->name, '.') != NULL;
        const char *prefix = dotted ? "${" : "$", *suffix = dotted ? "}" : "";
        size_t written = strlen(prefix);
        if (begins(word, prefix) ? begins(variable->name, word + written) : begins(prefix, word))
            add(found, prefix, variable->name, strlen(variable->name), suffix, variable->value);
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

static void add_file(struct found *found, const char *folder, const char *name, int only_folders) {
    char *path = file_join(*folder ? folder : ".", name);
    char *shown = word_escape(name), *before = word_escape(folder);
    struct stat status;
    if (!path || !shown || !before) {
        found->failed = 1;
    } else if (stat(path, &status) == 0) {
        int is_folder = S_ISDIR(status.st_mode);
        if (is_folder || !only_folders)
            add(found, before, shown, strlen(shown), is_folder ? "/" : "", "");
    }
    free(path);
    free(shown);
    free(before);
}

static int by_text(const void *a, const void *b) {
    return strcmp(((const struct completion *)a)->text, ((const struct completion *)b)->text);
}

static void add_files(struct found *found, const char *word, int only_folders) {
    const char *slash = strrchr(word, '/'), *name = slash ? slash + 1 : word;
    char *folder = strndup(word, (size_t)(name - word));
    int first = found->count;
    DIR *directory = folder ? opendir(*folder ? folder : ".") : NULL;
    struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        int hidden = entry->d_name[0] == '.' && name[0] != '.';
        if (!hidden && begins(entry->d_name, name) && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0)
            add_file(found, folder, entry->d_name, only_folders);
    }
    if (directory)
        closedir(directory);
    if (found->count > first)
        qsort(found->items + first, (size_t)(found->count - first), sizeof(*found->items), by_text);
    free(folder);
}

/* Names in the folder of sessions, as `sessions list` has them. */
static void add_sessions(struct found *found, const char *word) {
    char *folder = recorder_folder();
    DIR *directory = folder ? opendir(folder) : NULL;
    int first = found->count;
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        if (begins(entry->d_name, word) && strstr(entry->d_name, SESSION_ENDING))
            add(found, "", entry->d_name, strlen(entry->d_name), "", "");
    if (directory)
        closedir(directory);
    if (found->count > first)
        qsort(found->items + first, (size_t)(found->count - first), sizeof(*found->items), by_text);
    free(folder);
}

/* ---- the line -------------------------------------------------------------------------------- */

/* Where the pattern or preset that is being written begins, in the text of a specification. */
static size_t term_begin(const char *text, size_t length) {
    size_t at = length;
    while (at > 0 && !strchr("+&; \t", text[at - 1]))
        at--;
    return at;
}

static void add_specification(struct found *found, const struct workbench *workbench,
                              const char *line, size_t *start) {
    size_t begin = *start + term_begin(line + *start, strlen(line + *start));
    const char *word = line + begin, *inside = strrchr(word, '(');
    *start = begin;
    if (begins(word, "heads_off(") && !strchr(word, ')')) {
        inside = strrchr(word, ',') ? strrchr(word, ',') : inside;
        *start = (size_t)(inside + 1 - line);
        add_heads(found, workbench, inside + 1);
        return;
    }
    if (strpbrk(word, "(@,"))
        return; /* numbers, which nobody can guess */
    add_presets(found, workbench->presets, word);
    /* `dense` is a preset too. */
    int count = found->count;
    add_patterns(found, word);
    for (int i = count; i < found->count; i++) {
        for (int k = 0; k < count; k++) {
            if (strcmp(found->items[i].text, found->items[k].text) != 0)
                continue;
            free(found->items[i].text);
            free(found->items[i].help);
            found->items[i--] = found->items[--found->count];
            break;
        }
    }
}

static void add_kind(struct found *found, const struct workbench *workbench,
                     enum argument_kind kind, const char *choices, const char *line,
                     const char *word, size_t *start) {
    add_choices(found, choices, word);
    switch (kind) {
    case ARGUMENT_SPEC:
        add_specification(found, workbench, line, start);
        break;
    case ARGUMENT_PRESET:
        add_presets(found, workbench->presets, word);
        break;
    case ARGUMENT_FILE:
        add_files(found, word, 0);
        break;
    case ARGUMENT_DIRECTORY:
        add_files(found, word, 1);
        break;
    case ARGUMENT_COMMAND:
        add_commands(found, found->where, word);
        break;
    case ARGUMENT_HEAD:
        add_heads(found, workbench, word);
        break;
    case ARGUMENT_ROW:
        add_rows(found, &workbench->data, word);
        break;
    case ARGUMENT_ARM:
        if (strchr(word, '='))
            *start = (size_t)(strrchr(line, '=') + 1 - line);
        else
            add_files(found, word, 0);
        add_specification(found, workbench, line, start);
        break;
    case ARGUMENT_FAMILY:
        add_families(found, line, word, start);
        break;
    case ARGUMENT_SESSION:
        add_sessions(found, word);
        add_files(found, word, 0);
        break;
    case ARGUMENT_NONE:
    case ARGUMENT_TEXT:
    case ARGUMENT_NUMBER:
    case ARGUMENT_CHOICE:
        break;
    }
}

/* Number of the positional that words[last] is or would be; *row becomes the option whose value it
 * is, if it is one. */
static int place_of_word(const struct command *command, const struct words *words, int last,
                         const struct option_row **row) {
    int place = 0;
    *row = NULL;
    for (int i = 1; i < last; i++) {
        const char *value;
        if (command->where & COMMAND_RAW || !is_option_word(words->texts[i])) {
            place++;
            continue;
        }
        const struct option_row *option = option_find(command, words->texts[i], &value);
        if (option && option->kind != ARGUMENT_NONE && !value && ++i == last)
            *row = option;
    }
    return place;
}

static void add_option_value(struct found *found, const struct workbench *workbench,
                             const struct option_row *row, const char *line, const char *word,
                             size_t *start) {
    add_kind(found, workbench, row->kind, row->kind == ARGUMENT_CHOICE ? row->value : NULL, line,
             word, start);
}

/* An option, or the value behind its "=". */
static void complete_option(struct found *found, const struct workbench *workbench,
                            const struct command *command, const char *line, const char *word,
                            size_t *start) {
    const char *value;
    const struct option_row *given = strchr(word, '=') ? option_find(command, word, &value) : NULL;
    if (given && value) {
        *start += (size_t)(strchr(line + *start, '=') + 1 - (line + *start));
        add_option_value(found, workbench, given, line, value, start);
        return;
    }
    add_options(found, command->options, word);
    add_options(found, command_common_options(), word);
}

/* The words of "foreach NAME in WORDS": what it goes over, presets, or rows of a file. */
static void complete_loop(struct found *found, const struct workbench *workbench,
                          const struct words *words, int place, const char *word) {
    const char *first = place > 2 ? words->texts[3] : "";
    if (place == 1)
        add_choices(found, "in", word);
    if (place == 2)
        add_choices(found, "presets|heads|layers|rows", word);
    if (place == 3 && strcmp(first, "rows") == 0)
        add_files(found, word, 0);
    else if (place >= 2 && !choices_hold("presets|heads|layers|rows", first))
        add_presets(found, workbench->presets, word);
}

static void complete_line(struct found *found, const struct workbench *workbench, const char *line,
                          size_t begin, size_t *start);

static void complete_arguments(struct found *found, const struct workbench *workbench,
                               const char *line, const struct words *words, int last,
                               const char *word, size_t *start) {
    const struct command *command = command_find(words->texts[0]);
    const struct option_row *row;
    if (!command)
        return;
    int place = place_of_word(command, words, last, &row), rest = arguments_before_rest(command);
    struct positional_row positional = positional_at(command, place);
    if (row) {
        add_option_value(found, workbench, row, line, word, start);
    } else if (word[0] == '-' && !(command->where & COMMAND_RAW)) {
        complete_option(found, workbench, command, line, word, start);
    } else if (strcmp(command->name, "foreach") == 0) {
        complete_loop(found, workbench, words, place, word);
    } else if (positional.kind == ARGUMENT_COMMAND && command->where & COMMAND_RAW &&
               (place > rest || !positional.choices)) {
        complete_line(found, workbench, line,
                      1 + rest < words->count ? words->begins[1 + rest] : strlen(line),
                      start); /* one of its own */
    } else if (positional.kind == ARGUMENT_COMMAND && positional.choices) {
        add_choices(found, positional.choices, word);
    } else if (place > 0 && strcmp(words->texts[last - 1], "sparsity") == 0 &&
               positional.kind == ARGUMENT_TEXT) {
        add_specification(found, workbench, line,
                          start); /* `run sparsity`, `attach DIR sparsity` */
    } else {
        add_kind(found, workbench, positional.kind, positional.choices, line, word, start);
    }
}

/* The word before the end of `line`, of a command that begins at byte `begin`. */
static void complete_line(struct found *found, const struct workbench *workbench, const char *line,
                          size_t begin, size_t *start) {
    struct words words;
    size_t length = strlen(line + begin), at = length;
    if (words_split(&words, line + begin, NULL) < 0)
        return;
    /* Behind a blank a new, empty word begins. */
    int inside = words.count > 0 && words.ends[words.count - 1] == length;
    int last = inside ? words.count - 1 : words.count;
    const char *word = inside ? words.texts[last] : "";
    if (inside)
        at = words.begins[last];
    if (last == 0)
        add_commands(found, found->where, word);
    else if (word[0] == '$' && found->where & COMMAND_SCRIPT)
        add_variables(found, &workbench->scripting, word);
    else
        complete_arguments(found, workbench, line + begin, &words, last, word, &at);
    words_free(&words);
    *start = begin + at;
}

int command_complete(const struct workbench *workbench, unsigned where, const char *line,
                     size_t *start, struct completion **completions) {
    struct found found = {.where = where};
    *completions = NULL;
    *start = strlen(line);
    complete_line(&found, workbench, line, 0, start);
    if (found.failed) {
        completions_free(found.items, found.count);
        return 0;
    }
    *completions = found.items;
    return found.count;
}

void completions_free(struct completion *completions, int count) {
    for (int i = 0; i < count; i++) {
        free(completions[i].text);
        free(completions[i].help);
    }
    free(completions);
}
