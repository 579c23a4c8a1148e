/*
 * arguments.c - words, options, positionals.
 */
#include "tui/command/arguments.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- words ----------------------------------------------------------------------------------- */

static int is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

size_t quoted_length(const char *text) {
    char quote = text[0];
    if (quote != '\'' && quote != '"')
        return 0;
    for (size_t i = 1; text[i]; i++) {
        if (text[i] == quote)
            return i + 1;
        if (text[i] == '\\' && quote == '"' && text[i + 1])
            i++;
    }
    return 0;
}

char *word_escape(const char *text) {
    char *escaped = malloc(2 * strlen(text) + 1), *out = escaped;
    for (const char *at = text; escaped && *at; at++) {
        if (is_blank(*at) || strchr("\\'\"$", *at))
            *out++ = '\\';
        *out++ = *at;
    }
    if (escaped)
        *out = '\0';
    return escaped;
}

/* Copies what stands between the quotes of the `length` bytes at `text`. Returns the bytes written.
 */
static size_t unquote(const char *text, size_t length, char *out) {
    size_t written = 0;
    for (size_t i = 1; i + 1 < length; i++) {
        if (text[i] == '\\' && text[0] == '"' && (text[i + 1] == '"' || text[i + 1] == '\\'))
            i++;
        out[written++] = text[i];
    }
    return written;
}

/* Unquotes the word at line[begin] into out. Returns the byte after it. */
static size_t read_word(const char *line, size_t begin, char *out, int *open) {
    size_t at = begin, written = 0;
    *open = 0;
    while (line[at] && !is_blank(line[at])) {
        int may_quote = at == begin || line[at - 1] == '=';
        size_t quoted = may_quote ? quoted_length(line + at) : 0;
        if (quoted) {
            written += unquote(line + at, quoted, out + written);
            at += quoted;
        } else if (line[at] == '\\' && line[at + 1]) {
            out[written++] = line[at + 1];
            at += 2;
        } else {
            *open |= may_quote && (line[at] == '\'' || line[at] == '"');
            out[written++] = line[at++];
        }
    }
    out[written] = '\0';
    return at;
}

int words_split(struct words *words, const char *line, struct sawb_error *error) {
    size_t length = strlen(line), most = length / 2 + 1;
    memset(words, 0, sizeof(*words));
    words->texts = calloc(most + 1, sizeof(*words->texts));
    words->begins = calloc(most, sizeof(*words->begins));
    words->ends = calloc(most, sizeof(*words->ends));
    if (!words->texts || !words->begins || !words->ends)
        goto fail;
    for (size_t at = 0;;) {
        while (is_blank(line[at]))
            at++;
        if (!line[at])
            return 0;
        char *word = malloc(length - at + 1);
        if (!word)
            goto fail;
        size_t end = read_word(line, at, word, &words->open);
        words->begins[words->count] = at;
        words->ends[words->count] = end;
        words->texts[words->count++] = word;
        at = end;
    }
fail:
    words_free(words);
    return error_set(error, "out of memory for a line of %zu bytes", length);
}

void words_free(struct words *words) {
    for (int i = 0; i < words->count; i++)
        free(words->texts[i]);
    free(words->texts);
    free(words->begins);
    free(words->ends);
    memset(words, 0, sizeof(*words));
}

/* ---- options --------------------------------------------------------------------------------- */

int is_option_word(const char *word) {
    return word[0] == '-' && (word[1] == '-' || (word[1] >= 'a' && word[1] <= 'z') ||
                              (word[1] >= 'A' && word[1] <= 'Z'));
}

static const struct option_row *find_row(const struct option_row *rows, const char *word,
                                         const char **value) {
    for (const struct option_row *row = rows; row && row->name; row++) {
        *value = NULL;
        if (word[1] != '-') {
            if (!row->letter || row->letter != word[1])
                continue;
            if (word[2])
                *value = word + 2;
            return row;
        }
        size_t length = strlen(row->name);
        if (strncmp(word + 2, row->name, length) != 0)
            continue;
        if (word[2 + length] == '=')
            *value = word + 3 + length;
        if (*value || word[2 + length] == '\0')
            return row;
    }
    return NULL;
}

const struct option_row *option_find(const struct command *command, const char *word,
                                     const char **value) {
    const struct option_row *row = find_row(command->options, word, value);
    return row ? row : find_row(command_common_options(), word, value);
}

struct positional_row positional_at(const struct command *command, int place) {
    int last = arguments_before_rest(command);
    /* Whatever stands behind it, the rest of a raw line is its last argument. */
    int repeats = command->maximum < 0 || command->where & COMMAND_RAW;
    if (place > last && !repeats)
        return (struct positional_row){ARGUMENT_NONE, NULL};
    return command->positionals[place < last ? place : last];
}

int arguments_first(int count, char *const *words) {
    for (int i = 0; i < count; i++) {
        const char *value;
        if (strcmp(words[i], "--") == 0)
            return count;
        if (!is_option_word(words[i]))
            return i;
        const struct option_row *row = option_find(command_program(), words[i], &value);
        if (row && row->kind != ARGUMENT_NONE && !value)
            i++;
    }
    return count;
}

int choices_hold(const char *choices, const char *word) {
    size_t length = strlen(word);
    for (const char *at = choices; *at;) {
        size_t size = strcspn(at, "|");
        if (size == length && strncasecmp(at, word, size) == 0)
            return 1;
        at += size + (at[size] == '|');
    }
    return 0;
}

/* ---- parsing --------------------------------------------------------------------------------- */

static int usage_fault(const struct command *command, struct sawb_error *error, const char *fault) {
    return error_set(error, "%s: %s (usage: %s%s%s)", command->name, fault, command->name,
                     command->usage[0] ? " " : "", command->usage);
}

static int add_positional(struct arguments *arguments, const char *text, struct sawb_error *error) {
    char *copy = strdup(text);
    if (!copy)
        return error_set(error, "%s: out of memory", arguments->command->name);
    arguments->positionals[arguments->count++] = copy;
    return 0;
}

/* Takes the option at words[*at], which moves on to its last word. */
static int add_option(struct arguments *arguments, int count, char *const *words, int *at,
                      struct sawb_error *error) {
    const struct command *command = arguments->command;
    const char *word = words[*at], *value;
    const struct option_row *row = option_find(command, word, &value);
    if (!row)
        return error_set(error, "%s: unknown option \"%s\"; see %s --help", command->name, word,
                         command->name);
    if (row->kind == ARGUMENT_NONE) {
        if (value)
            return error_set(error, "%s: --%s takes no value", command->name, row->name);
        value = "";
    } else if (!value) {
        if (*at + 1 == count)
            return error_set(error, "%s: --%s needs a value: %s", command->name, row->name,
                             row->value);
        value = words[++*at];
    }
    if (row->kind == ARGUMENT_CHOICE && !choices_hold(row->value, value))
        return error_set(error, "%s: --%s must be one of %s, not \"%s\"", command->name, row->name,
                         row->value, value);
    struct given_option *given = &arguments->options[arguments->option_count];
    given->row = row;
    given->value = strdup(value);
    if (!given->value)
        return error_set(error, "%s: out of memory", command->name);
    arguments->option_count++;
    return 0;
}

static int check_positionals(const struct arguments *arguments, struct sawb_error *error) {
    const struct command *command = arguments->command;
    /* Whoever asks for help need not know how the command is used. */
    if (arguments_option(arguments, "help"))
        return 0;
    if (arguments->count < command->minimum)
        return usage_fault(command, error,
                           arguments->count == 0 ? "something is missing after it"
                                                 : "too few arguments");
    if (command->maximum >= 0 && arguments->count > command->maximum)
        return usage_fault(command, error, "too many arguments; one with blanks needs quotes");
    for (int i = 0; i < arguments->count && i < COMMAND_POSITIONALS; i++) {
        const struct positional_row *row = &command->positionals[i];
        if (row->kind == ARGUMENT_CHOICE && !choices_hold(row->choices, arguments->positionals[i]))
            return error_set(error, "%s: must be one of %s, not \"%s\"", command->name,
                             row->choices, arguments->positionals[i]);
    }
    return 0;
}

static int begin(struct arguments *arguments, const struct command *command, int count,
                 struct sawb_error *error) {
    memset(arguments, 0, sizeof(*arguments));
    arguments->command = command;
    arguments->positionals = calloc((size_t)count + 1, sizeof(*arguments->positionals));
    arguments->options = calloc((size_t)count + 1, sizeof(*arguments->options));
    if (arguments->positionals && arguments->options)
        return 0;
    arguments_free(arguments);
    return error_set(error, "%s: out of memory", command->name);
}

int arguments_parse(struct arguments *arguments, const struct command *command, int count,
                    char *const *words, struct sawb_error *error) {
    if (begin(arguments, command, count, error) < 0)
        return -1;
    int status = 0, only_positionals = 0;
    for (int i = 0; i < count && status == 0; i++) {
        if (!only_positionals && strcmp(words[i], "--") == 0)
            only_positionals = 1;
        else if (!only_positionals && is_option_word(words[i]))
            status = add_option(arguments, count, words, &i, error);
        else
            status = add_positional(arguments, words[i], error);
    }
    if (status == 0)
        status = check_positionals(arguments, error);
    if (status < 0)
        arguments_free(arguments);
    return status;
}

/* The rest as it stands, without blanks around it; quotes around all of it are taken off. */
static int add_rest(struct arguments *arguments, const char *rest, struct sawb_error *error) {
    while (is_blank(*rest))
        rest++;
    size_t length = strlen(rest);
    while (length > 0 && is_blank(rest[length - 1]))
        length--;
    if (length == 0)
        return 0;
    char *copy = strndup(rest, length);
    if (!copy)
        return error_set(error, "%s: out of memory", arguments->command->name);
    if (quoted_length(copy) == length)
        copy[unquote(rest, length, copy)] = '\0';
    arguments->positionals[arguments->count++] = copy;
    return 0;
}

int arguments_before_rest(const struct command *command) {
    int before = 0;
    while (before + 1 < COMMAND_POSITIONALS &&
           command->positionals[before + 1].kind != ARGUMENT_NONE)
        before++;
    return before;
}

int arguments_parse_raw(struct arguments *arguments, const struct command *command,
                        const char *rest, struct sawb_error *error) {
    struct words words;
    if (words_split(&words, rest, error) < 0)
        return -1;
    if (words.count == 1 &&
        (strcmp(words.texts[0], "--help") == 0 || strcmp(words.texts[0], "-h") == 0)) {
        int status = arguments_parse(arguments, command, words.count, words.texts, error);
        words_free(&words);
        return status;
    }
    int before = arguments_before_rest(command);
    int status = begin(arguments, command, COMMAND_POSITIONALS, error);
    if (status < 0) {
        words_free(&words);
        return -1;
    }
    for (int i = 0; i < before && i < words.count && status == 0; i++)
        status = add_positional(arguments, words.texts[i], error);
    if (status == 0 && words.count > before)
        status = add_rest(arguments, rest + (before > 0 ? words.ends[before - 1] : 0), error);
    words_free(&words);
    if (status == 0)
        status = check_positionals(arguments, error);
    if (status < 0)
        arguments_free(arguments);
    return status;
}

void arguments_free(struct arguments *arguments) {
    for (int i = 0; i < arguments->count; i++)
        free(arguments->positionals[i]);
    for (int i = 0; i < arguments->option_count; i++)
        free(arguments->options[i].value);
    free(arguments->positionals);
    free(arguments->options);
    memset(arguments, 0, sizeof(*arguments));
}

/* ---- asking ---------------------------------------------------------------------------------- */

int arguments_count(const struct arguments *arguments) {
    return arguments->count;
}

const char *arguments_get(const struct arguments *arguments, int index) {
    return index >= 0 && index < arguments->count ? arguments->positionals[index] : NULL;
}

char *arguments_join(const struct arguments *arguments, int first) {
    size_t size = 1;
    for (int i = first; i < arguments->count; i++)
        size += strlen(arguments->positionals[i]) + 1;
    char *text = calloc(size, 1), *at = text;
    for (int i = first; text && i < arguments->count; i++)
        at = stpcpy(stpcpy(at, i > first ? " " : ""), arguments->positionals[i]);
    return text;
}

const char *arguments_option(const struct arguments *arguments, const char *name) {
    /* The last one wins, so that an alias of the shell can be overruled. */
    for (int i = arguments->option_count - 1; i >= 0; i--) {
        if (strcmp(arguments->options[i].row->name, name) == 0)
            return arguments->options[i].value;
    }
    return NULL;
}

int arguments_int(const struct arguments *arguments, const char *name, long low, long high,
                  long *value, struct sawb_error *error) {
    const char *text = arguments_option(arguments, name);
    if (!text)
        return 0;
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (end == text || *end || errno || number < low || number > high) {
        if (high == LONG_MAX)
            return error_set(error, "%s: --%s must be a whole number from %ld, not \"%s\"",
                             arguments->command->name, name, low, text);
        return error_set(error, "%s: --%s must be a whole number from %ld to %ld, not \"%s\"",
                         arguments->command->name, name, low, high, text);
    }
    *value = number;
    return 0;
}

int arguments_double(const struct arguments *arguments, const char *name, double low, double high,
                     double *value, struct sawb_error *error) {
    const char *text = arguments_option(arguments, name);
    if (!text)
        return 0;
    char *end;
    double number = strtod(text, &end);
    /* Written so that NaN fails. */
    if (end == text || *end || !(number >= low && number <= high))
        return error_set(error, "%s: --%s must be a number from %g to %g, not \"%s\"",
                         arguments->command->name, name, low, high, text);
    *value = number;
    return 0;
}

int arguments_settings(const struct arguments *arguments, struct settings *settings,
                       struct sawb_error *error) {
    long threads = settings->threads, seed = (long)settings->seed;
    if (arguments_int(arguments, "threads", 0, 1024, &threads, error) < 0 ||
        arguments_int(arguments, "seed", 0, LONG_MAX, &seed, error) < 0)
        return -1;
    settings->threads = (int)threads;
    settings->seed = (uint64_t)seed;
    const char *model = arguments_option(arguments, "model");
    if (model)
        settings->model_directory = model;
    const char *precision = arguments_option(arguments, "precision");
    if (precision && precision_find(&settings->precision, precision) < 0)
        return error_set(error, "--precision: there is no \"%s\"", precision);
    const char *color = arguments_option(arguments, "color");
    if (color)
        settings->color = strcmp(color, "always") == 0  ? COLOR_ALWAYS
                          : strcmp(color, "never") == 0 ? COLOR_NEVER
                                                        : COLOR_AUTO;
    if (arguments_option(arguments, "config"))
        settings->config = arguments_option(arguments, "config");
    settings->json |= arguments_option(arguments, "json") != NULL;
    settings->ascii |= arguments_option(arguments, "ascii") != NULL;
    return 0;
}
