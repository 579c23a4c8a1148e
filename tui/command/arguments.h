/*
 * arguments.h - from a line to words, and from words to positionals and options of a command.
 */
#ifndef SAWB_TUI_COMMAND_ARGUMENTS_H
#define SAWB_TUI_COMMAND_ARGUMENTS_H

#include <stddef.h>

#include "tui/command/command.h"

/* Words of a line, unquoted, and where each begins and ends in it. */
struct words {
    int count;
    char **texts;          /* [count], then NULL */
    size_t *begins, *ends; /* [count] bytes of the line, quotes included */
    int open;              /* the last word's quote was not closed */
};

/*
 * Splits at blanks and line breaks. '…' and "…" keep blanks, a backslash keeps the character after
 * it (not inside of '…'). A quote counts only where a word or an option's value begins, so that
 * "it's" needs none; one that is never closed is an ordinary character, and `open` is set when it
 * was the last word's. 0, or -1 when out of memory.
 */
int words_split(struct words *words, const char *line, struct sawb_error *error);
void words_free(struct words *words);

/* The text as one word of a line, with a backslash before what would end it, quote it or be a
 * variable; owned by the caller, NULL when out of memory. */
char *word_escape(const char *text);

/* The byte after the quoted part that begins at text[0], or 0 when text[0] is no quote or it is
 * never closed. */
size_t quoted_length(const char *text);

struct given_option {
    const struct option_row *row;
    char *value; /* "" for a flag */
};

struct arguments {
    const struct command *command;
    int count;
    char **positionals; /* [count] */
    int option_count;
    struct given_option *options; /* [option_count], as they stood */
};

/* Parses the words after the command's name and checks counts and choices. -1 with an error that is
 * a fault of usage; nothing needs to be freed then. */
int arguments_parse(struct arguments *arguments, const struct command *command, int count,
                    char *const *words, struct sawb_error *error);

/* The same for a COMMAND_RAW command and the line after its name. */
int arguments_parse_raw(struct arguments *arguments, const struct command *command,
                        const char *rest, struct sawb_error *error);
/* Positionals in front of the rest of a COMMAND_RAW command's line. */
int arguments_before_rest(const struct command *command);
void arguments_free(struct arguments *arguments);

/*
 * The option that `word` names ("--lr", "--lr=1e-4", "-m", "-mDIR"), among the command's and the
 * common ones. *value points behind "=" or the letter when it is given in the same word, otherwise
 * NULL. NULL: there is none.
 */
const struct option_row *option_find(const struct command *command, const char *word,
                                     const char **value);

/* What stands at a place of a command's line, from 0; ARGUMENT_NONE behind its last argument. */
struct positional_row positional_at(const struct command *command, int place);

/* Index of the first word that is neither an option of the program nor the value of one; `count`
 * when there is none. */
int arguments_first(int count, char *const *words);

/* 1 for "--…" and "-x…"; "-", "-1" and "- x" are positionals. */
int is_option_word(const char *word);

/* Whether `word` is one of "a|b|c", in either case. */
int choices_hold(const char *choices, const char *word);

/* Common options that change settings (all but -s and -h); -m points into `arguments`. */
int arguments_settings(const struct arguments *arguments, struct settings *settings,
                       struct sawb_error *error);

#endif
