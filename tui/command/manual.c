/*
 * manual.c - the manual page, made from the tables.
 */
#include <limits.h>
#include <string.h>

#include "tui/command/handlers.h"
#include "tui/command/schema.h"
#include "tui/command/text.h"
#include "tui/screen/keys.h"

#define LINE_WIDTH 60 /* bytes of source after which the next blank breaks the line */

/* Plain text as roff: hyphens that can be copied, nothing taken for a request. Lines are broken at
 * the first blank after `width` bytes. */
static void print_roff(FILE *out, const char *text, int width) {
    static const struct {
        char plain;
        const char *roff;
    } escapes[] = {{'-', "\\-"},   {'\\', "\\e"},  {'\'', "\\(aq"},
                   {'`', "\\(ga"}, {'^', "\\(ha"}, {'~', "\\(ti"}};
    int column = 0;
    for (; *text; text++) {
        const char *escaped = NULL;
        for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
            if (*text == escapes[i].plain)
                escaped = escapes[i].roff;
        }
        if (*text == ' ' && column > width) {
            fputc('\n', out);
            column = 0;
            continue;
        }
        if (column == 0 && *text == '.')
            fputs("\\&", out);
        column += escaped ? (int)strlen(escaped) : 1;
        if (escaped)
            fputs(escaped, out);
        else
            fputc(*text, out);
    }
}

static void print_lines(FILE *out, const char *text) {
    print_roff(out, text, LINE_WIDTH);
    fputs("\n", out);
}

/* "tag" in bold, `rest` behind it, then the help as a hanging paragraph. */
static void print_entry(FILE *out, const char *tag, const char *rest, const char *help) {
    fputs(".TP\n\\fB", out);
    print_roff(out, tag, INT_MAX);
    fputs("\\fR", out);
    if (rest && *rest) {
        fputs(" ", out);
        print_roff(out, rest, INT_MAX);
    }
    fputs("\n", out);
    print_lines(out, help);
}

static void print_section(FILE *out, const char *title) {
    fprintf(out, ".SH %s\n", title);
}

static void print_options(FILE *out, const struct option_row *rows) {
    for (const struct option_row *row = rows; row && row->name; row++) {
        char tag[64] = "";
        if (row->letter)
            snprintf(tag, sizeof(tag), "-%c, --%s", row->letter, row->name);
        else
            snprintf(tag, sizeof(tag), "--%s", row->name);
        print_entry(out, tag, row->value, row->help);
    }
}

static void print_command(FILE *out, const struct command *command) {
    char rest[128], alias[32] = "";
    if (command->alias)
        snprintf(alias, sizeof(alias), "%s(short: %s)", command->usage[0] ? " " : "",
                 command->alias);
    snprintf(rest, sizeof(rest), "%s%s%s", command->options ? "[options] " : "", command->usage,
             alias);
    print_entry(out, command->name, rest, command->help);
    if (command->details) {
        fputs(".IP\n", out);
        print_lines(out, command->details);
    }
    if (command->options) {
        fputs(".RS\n", out);
        print_options(out, command->options);
        fputs(".RE\n", out);
    }
}

static void print_commands(FILE *out, unsigned where, unsigned not_where) {
    const struct command *command;
    for (int i = 0; (command = command_get(i)); i++) {
        if ((command->where & where) && !(command->where & not_where))
            print_command(out, command);
    }
}

static void print_synopsis(FILE *out) {
    static const char *const forms[] = {
        "[options] [SENTENCE]",
        "[options] COMMAND [arguments]",
        "[options] -c 'COMMAND; ...'",
    };
    print_section(out, "SYNOPSIS");
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        fputs(i > 0 ? ".br\n.B sawb\n" : ".B sawb\n", out);
        print_lines(out, forms[i]);
    }
    print_section(out, "DESCRIPTION");
    print_lines(out,
                "sawb is a workbench on the terminal for looking inside the attention of BERT "
                "and DistilBERT sentence classifiers. It shows what a dense encoder (arm A) and "
                "a sparse one (arm B) make of a sentence while it is typed, evaluates and "
                "compares them on data sets, and fine-tunes them with the pattern active.");
    fputs(".PP\n", out);
    print_lines(out,
                "Without a command it opens the workbench; ? there lists the keys. Without a "
                "terminal on standard output, or with --json, SENTENCE is predicted as by the "
                "command predict. SENTENCE may be several words; a first word that is exactly "
                "the name of a command is that command, and -- in front makes it a sentence. "
                "Results go to standard output, progress, notes and errors to standard error.");
}

static void print_language(FILE *out) {
    print_section(out, "SPARSITY SPECIFICATIONS");
    print_lines(out,
                "A pattern says which pairs of query and key are kept before the softmax. "
                "Patterns are joined with + (a pair is kept by either) and & (kept by both), "
                "restricted to layers and heads with @L2, @L2.H5 or @L0-3, and separated by ; "
                "where later ones win. A share s is what is removed: 0.8 or 80%. A preset may "
                "stand for a pattern: aggressive_sparse, or aggressive_sparse:local for another "
                "of its families. A row that would keep nothing keeps the token itself.");
    for (int i = 0; sparsity_pattern_name(i); i++)
        print_entry(out, sparsity_pattern_usage(i), NULL, sparsity_pattern_help(i));
}

static void print_rows(FILE *out, const char *title, const char *const rows[][2], size_t count) {
    print_section(out, title);
    for (size_t i = 0; i < count; i++)
        print_entry(out, rows[i][0], NULL, rows[i][1]);
}
#define PRINT_ROWS(out, title, rows) print_rows(out, title, rows, sizeof(rows) / sizeof(rows[0]))

static void print_json(FILE *out) {
    const struct schema *row;
    print_section(out, "JSON");
    print_lines(out,
                "With --json results are objects, one a line, with exactly these fields. [number] "
                "is an array of numbers; behind a ? a null may stand instead.");
    for (int i = 0; (row = schema_get(i)); i++) {
        char tag[96];
        snprintf(tag, sizeof(tag), "%s%s", row->command, row->when);
        print_entry(out, tag, NULL, row->fields);
    }
}

static void print_keys_of(FILE *out, enum focus focus, const char *title) {
    const struct key_binding *row;
    char name[KEYS_NAME_BYTES];
    fprintf(out, ".SS %s\n", title);
    for (int i = 0; (row = keys_get(i)); i++) {
        if (row->focus != focus || !row->note)
            continue;
        keys_binding_name(row, name, sizeof(name));
        print_entry(out, name, NULL, row->note);
    }
}

static void print_keys(FILE *out) {
    print_section(out, "KEYS");
    print_lines(out, "Those of single views are listed by the command keys, and by ? in the view.");
    print_keys_of(out, FOCUS_SENTENCE, "While the sentence is written");
    print_keys_of(out, FOCUS_MAP, "On the map");
    print_keys_of(out, FOCUS_PROMPT, "At the prompt");
    print_keys_of(out, FOCUS_TEXT, "In a text");
    print_keys_of(out, FOCUS_REPLAY, "While a session is replayed");
    print_keys_of(out, FOCUS_ANY, "Everywhere");
}

static const char *const exit_rows[][2] = {
    {"0", "done"},
    {"1", "something failed, which is said on standard error"},
    {"2", "wrong usage"},
    {"130, 143",
     "ended by Ctrl-C (SIGINT) or by SIGTERM: long work stopped between two steps, and a run "
     "in training saved its weights. A second one ends sawb at once."},
};

static const char *const file_rows[][2] = {
    {"samples",
     "what ships with sawb (the small model, presets.json, sentences.txt): beside the program "
     "or in ../share/sawb"},
    {"$XDG_CONFIG_HOME/sawb/presets.json",
     "your own presets, {\"name\": \"pattern\"}; read after those that ship with sawb, and "
     "winning. "
     "Without XDG_CONFIG_HOME it is ~/.config/sawb/presets.json."},
    {"$XDG_STATE_HOME/sawb/history", "the last 1000 lines typed in the console, readable by you "
                                     "alone. Without XDG_STATE_HOME it is "
                                     "~/.local/state/sawb/history."},
};

static const char *const environment_rows[][2] = {
    {"SAWB_SAMPLES", "the folder of samples to use instead"},
    {"PAGER", "what shows answers of the console that are longer than the screen; less -FRX"},
    {"NO_COLOR", "when set to anything, no colour is used unless --color=always is given"},
};

static const char *const example_rows[][2] = {
    {"sawb \"a gorgeous, witty, seductive movie\"", "open the workbench with a sentence"},
    {"sawb predict -s \"topk(0.8)\" --json - < lines.txt",
     "predict each line of a file, as it comes"},
    {"sawb eval dev.tsv -m runs/first -s aggressive_sparse", "accuracy under a pattern"},
    {"sawb train SST-2 --out runs/first --epochs 1 --batch-size 32 --lr 5e-5", "fine-tune"},
    {"sawb compare dense aggressive_sparse:local dev.tsv", "one model under two patterns"},
    {"sawb -c 'foreach s in presets; eval dev.tsv -s $s; assert accuracy > 0.7; end'",
     "a loop that ends at the first preset that is too bad"},
};

int command_manual(struct workbench *workbench, const struct arguments *arguments,
                   struct sink *sink) {
    struct text text;
    (void)workbench;
    (void)arguments;
    if (text_begin(&text) < 0)
        return command_no_memory(sink);
    FILE *out = text.stream;
    fprintf(out, ".TH SAWB 1 \"\" \"sawb %s\" \"User Commands\"\n", SAWB_VERSION);
    print_section(out, "NAME");
    fputs("sawb \\- look inside dense and sparse transformer attention\n", out);
    print_synopsis(out);
    print_section(out, "OPTIONS");
    print_lines(out, "Options may stand before and after a command.");
    print_options(out, command_common_options());
    print_options(out, command_program()->options);
    print_section(out, "COMMANDS");
    print_commands(out, COMMAND_SHELL, 0);
    print_section(out, "COMMANDS OF THE WORKBENCH");
    print_lines(
        out, "For the : prompt, and those that do not need a screen for scripts. Words are split "
             "at blanks; quotes and the backslash are as in a shell, but a quote counts only where "
             "a word begins. ; ends a command in scripts, which stop at the first command that "
             "fails and say its line.");
    print_commands(out, COMMAND_SCREEN | COMMAND_SCRIPT, COMMAND_SHELL);
    print_keys(out);
    print_language(out);
    print_json(out);
    PRINT_ROWS(out, "EXIT STATUS", exit_rows);
    PRINT_ROWS(out, "FILES", file_rows);
    PRINT_ROWS(out, "ENVIRONMENT", environment_rows);
    PRINT_ROWS(out, "EXAMPLES", example_rows);
    return sink_result_owned(sink, text_end(&text));
}
