/*
 * command.h - the one table of commands.
 *
 * Keys, the `:` prompt, `sawb COMMAND`, `sawb -c` and scripts all run a row of this table; help,
 * completion, the manual page and the shells' completions are made from it.
 */
#ifndef SAWB_TUI_COMMAND_COMMAND_H
#define SAWB_TUI_COMMAND_COMMAND_H

#include <stddef.h>

#include "tui/app/workbench.h"

struct session_replay;

/*
 * Where a command's answers go. Results are for stdout, the others for stderr (or the message
 * line). Texts are whole lines, without the last line break.
 */
struct sink {
    void (*result)(struct sink *sink, const char *text);
    void (*progress)(struct sink *sink, const char *text); /* may be overwritten by the next one */
    void (*note)(struct sink *sink, const char *text);     /* worth knowing; NULL: not wanted */
    void (*error)(struct sink *sink, const char *text);
    int wait;       /* 1: long commands return when their job is done (shell, scripts); 0: at once
                       (screen) */
    unsigned where; /* what runs here, bits of enum command_where; 0: as `wait` has it */
    /* The readline door, of the program itself: returns when the user leaves it. NULL: none. */
    int (*console)(struct workbench *workbench, struct sink *sink);
    /* Opens the screen and runs the line there first; NULL: there is no terminal. */
    int (*screen)(struct workbench *workbench, const char *line, struct sink *sink);
    /* Opens a session on the screen, or draws it into a file (tui/command/session.h); NULL: not
     * here. */
    int (*replay)(struct workbench *workbench, const struct session_replay *asked,
                  struct sink *sink);
    void *user;
};

enum argument_kind {
    ARGUMENT_NONE,
    ARGUMENT_TEXT,
    ARGUMENT_SPEC,
    ARGUMENT_FILE,
    ARGUMENT_DIRECTORY,
    ARGUMENT_NUMBER,
    ARGUMENT_CHOICE,
    ARGUMENT_PRESET,
    ARGUMENT_COMMAND,
    ARGUMENT_HEAD,   /* layer.head */
    ARGUMENT_ROW,    /* number of a row of the open data set */
    ARGUMENT_ARM,    /* a pattern, a model's folder, or DIR=SPEC; or the file instead of two */
    ARGUMENT_FAMILY, /* names of families of patterns, with commas between */
    ARGUMENT_SESSION /* a file, or a name of `sessions list` */
};

/* A named option of a command: "--lr NUMBER". */
struct option_row {
    const char *name;        /* without the dashes */
    char letter;             /* short form, 0: none */
    enum argument_kind kind; /* ARGUMENT_NONE: a flag */
    const char *value;       /* shown in usage, e.g. "N"; for ARGUMENT_CHOICE "a|b|c" */
    const char *help;
};

#define COMMAND_POSITIONALS 4

struct positional_row {
    enum argument_kind kind;
    const char
        *choices; /* "a|b|c": checked for ARGUMENT_CHOICE, only offered for others; or NULL */
};

enum command_where {
    COMMAND_SHELL = 1,  /* sawb NAME ... */
    COMMAND_SCREEN = 2, /* keys and the `:` prompt */
    COMMAND_SCRIPT = 4, /* sawb -c and sawb run */
    COMMAND_BARE = 8,   /* needs no model: what it needs it opens by itself */
    COMMAND_RAW = 16,   /* the last positional is the rest of the line as it stands */
    COMMAND_ASIDE = 32  /* leaves the result of the command before it, for `assert` */
};

struct arguments; /* the parsed line: positionals and options */

enum { COMMAND_DONE = 0, COMMAND_FAILED = 1, COMMAND_USAGE = 2 };

struct command {
    const char *name, *alias;                               /* alias NULL: none */
    const char *usage;                                      /* positionals, e.g. "A B FILE" */
    struct positional_row positionals[COMMAND_POSITIONALS]; /* the last given one repeats */
    int minimum, maximum;                                   /* of positionals; maximum -1: any */
    const char *help;                                       /* one line */
    const char *details; /* for the manual: what else there is to know; NULL: nothing */
    const struct option_row *options; /* ends with a row without a name; NULL: none */
    unsigned where;                   /* bits of enum command_where */
    int (*run)(struct workbench *workbench, const struct arguments *arguments, struct sink *sink);
};

/* Row `index`, NULL past the last. */
const struct command *command_get(int index);
const struct command *command_find(const char *name); /* name or alias, exact; NULL: none */

/* sawb itself, as it is called without a command: its options and its sentence. Has no handler. */
const struct command *command_program(void);

/* The name of the command, of those that run in `where`, that `word` is a likely misspelling of;
 * NULL: none. */
const char *command_suggest(const char *word, unsigned where);

/* Options that every command takes (-m, -s, --json ...); ends with a row without a name. */
const struct option_row *command_common_options(void);

/*
 * Runs one line of the command language: words split at blanks, quotes '…' and "…" and \ as in a
 * shell, no expansion. A COMMAND_RAW command takes the rest of the line as it is. Everything that
 * goes wrong is said through sink->error. An empty line or a comment (#) does nothing.
 */
int command_run(struct workbench *workbench, const char *line, struct sink *sink);

/* Runs words that are split already (a shell's argv). The words of a COMMAND_RAW rest are joined.
 */
int command_run_words(struct workbench *workbench, int count, char *const *words,
                      struct sink *sink);

/*
 * Runs a script (tui/command/script.h): commands separated by line breaks or ';', with variables
 * and loops. Stops at the first that fails, at an interrupt and at `quit`. Nothing runs of a script
 * whose loops are not closed. `where` names the script in errors ("demo.sawb:3: ..."); NULL: not
 * said.
 */
int command_run_script(struct workbench *workbench, const char *script, const char *where,
                       struct sink *sink);

/*
 * Completions of the word before the end of `line`, for a door where commands of `where` (bits of
 * enum command_where) run: candidates with a short help each. `start` becomes the byte where the
 * completed word begins. Returns the number found (0 also when out of memory); free with
 * completions_free.
 */
struct completion {
    char *text;
    char *help; /* may be empty */
};
int command_complete(const struct workbench *workbench, unsigned where, const char *line,
                     size_t *start, struct completion **completions);
void completions_free(struct completion *completions, int count);

/* "usage: …", help and options of a command; a part of `command --help`. Owned by the caller
 * (free). */
char *command_usage(const struct command *command);

/* What `sawb --help` prints: all commands and options. Owned by the caller (free). */
char *command_overview(void);

/* For handlers. */
int arguments_count(const struct arguments *arguments);
const char *arguments_get(const struct arguments *arguments, int index); /* NULL past the last */
/* Those from `first` on with blanks between; owned by the caller, NULL when out of memory. */
char *arguments_join(const struct arguments *arguments, int first);
/* NULL: not given; "" for a flag. Common options count too. */
const char *arguments_option(const struct arguments *arguments, const char *name);
/* Numbers with range checks; keep *value when the option is absent. 0, or -1 with an error. */
int arguments_int(const struct arguments *arguments, const char *name, long low, long high,
                  long *value, struct sawb_error *error);
int arguments_double(const struct arguments *arguments, const char *name, double low, double high,
                     double *value, struct sawb_error *error);

#endif
