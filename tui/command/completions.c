/*
 * completions.c - completion scripts for bash, zsh and fish, made from the tables.
 */
#include <stdlib.h>
#include <string.h>

#include "core/session/sweep.h"
#include "tui/command/arguments.h"
#include "tui/command/handlers.h"
#include "tui/command/text.h"

static int is_shell(const struct command *command) {
    return (command->where & COMMAND_SHELL) != 0;
}

/* Words of "a|b|c", each behind `before`. */
static void print_choices(FILE *out, const char *choices, const char *before) {
    for (const char *at = choices; at && *at;) {
        size_t size = strcspn(at, "|");
        fprintf(out, "%s%.*s", before, (int)size, at);
        at += size + (at[size] == '|');
    }
}

static void print_commands(FILE *out) {
    const struct command *command;
    for (int i = 0; (command = command_get(i)); i++) {
        if (is_shell(command))
            fprintf(out, " %s", command->name);
    }
}

/* Presets and patterns without their arguments. */
static void print_specifications(FILE *out, const struct presets *presets) {
    for (int i = 0; i < presets_count(presets); i++)
        fprintf(out, " %s", presets_name(presets, i));
    for (int i = 0; sparsity_pattern_name(i); i++) {
        if (strchr(sparsity_pattern_usage(i), '('))
            fprintf(out, " %s", sparsity_pattern_name(i));
    }
}

static void print_families(FILE *out) {
    for (int i = 0; sweep_family_name(i); i++)
        fprintf(out, " %s", sweep_family_name(i));
}

/* Names of the options with a value, each behind a blank. */
static void print_valued(FILE *out, const struct option_row *rows) {
    for (const struct option_row *row = rows; row && row->name; row++) {
        if (row->kind == ARGUMENT_NONE)
            continue;
        if (row->letter)
            fprintf(out, " -%c", row->letter);
        fprintf(out, " --%s", row->name);
    }
}

/* Words that can be listed: choices, patterns, commands, families; nothing for other kinds. */
static void print_words(FILE *out, enum argument_kind kind, const char *choices,
                        const struct presets *presets) {
    print_choices(out, choices, " ");
    if (kind == ARGUMENT_SPEC || kind == ARGUMENT_ARM)
        print_specifications(out, presets);
    else if (kind == ARGUMENT_COMMAND)
        print_commands(out);
    else if (kind == ARGUMENT_FAMILY)
        print_families(out);
}

static int has_words(enum argument_kind kind, const char *choices) {
    return choices || kind == ARGUMENT_SPEC || kind == ARGUMENT_ARM || kind == ARGUMENT_COMMAND ||
           kind == ARGUMENT_FAMILY;
}

static int has_files(enum argument_kind kind) {
    return kind == ARGUMENT_FILE || kind == ARGUMENT_ARM || kind == ARGUMENT_SESSION;
}

static const char *option_choices(const struct option_row *row) {
    return row->kind == ARGUMENT_CHOICE ? row->value : NULL;
}

/* Places of a command whose arguments are told apart; the last may stand for all behind it. */
static int places_of(const struct command *command) {
    return command->positionals[0].kind == ARGUMENT_NONE ? 0 : 1 + arguments_before_rest(command);
}

/* ---- bash ------------------------------------------------------------------------------------ */

static void bash_options(FILE *out, const struct option_row *rows) {
    for (const struct option_row *row = rows; row && row->name; row++) {
        if (row->letter)
            fprintf(out, " -%c", row->letter);
        fprintf(out, " --%s", row->name);
    }
}

/* Calls of the functions below for what completes this kind; ":" for what cannot be guessed. */
static void bash_value(FILE *out, enum argument_kind kind, const char *choices,
                       const struct presets *presets) {
    if (has_words(kind, choices)) {
        fprintf(out, "_sawb_%s \"", kind == ARGUMENT_FAMILY ? "list" : "words");
        print_words(out, kind, choices, presets);
        fputs("\"; ", out);
    }
    fputs(kind == ARGUMENT_SESSION     ? "_sawb_sessions"
          : has_files(kind)            ? "_sawb_files -f"
          : kind == ARGUMENT_DIRECTORY ? "_sawb_files -d"
                                       : ":",
          out);
}

static void bash_option_values(FILE *out, const char *command, const struct option_row *rows,
                               const struct presets *presets) {
    for (const struct option_row *row = rows; row && row->name; row++) {
        if (row->kind == ARGUMENT_NONE)
            continue;
        fprintf(out, "    %s:--%s", command, row->name);
        if (row->letter)
            fprintf(out, "|%s:-%c", command, row->letter);
        fputs(") ", out);
        bash_value(out, row->kind, option_choices(row), presets);
        fputs("; return ;;\n", out);
    }
}

static void bash_positionals(FILE *out, const struct command *command,
                             const struct presets *presets) {
    for (int place = 0; place < places_of(command); place++) {
        struct positional_row row = positional_at(command, place);
        int repeats = place + 1 == places_of(command) && command->maximum < 0;
        fprintf(out, repeats ? "    %s:*) " : "    %s:%d) ", command->name, place);
        bash_value(out, row.kind, row.choices, presets);
        fputs(" ;;\n", out);
    }
}

/*
 * Readline ends words at '=' and ':', which options and presets have inside: _sawb puts them
 * together again, and takes off what readline believes to be typed already. _sawb_place finds the
 * command and how many arguments stand before the word.
 */
static const char bash_head[] =
    "# bash completion for sawb, made by `sawb completions bash`\n"
    "_sawb() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local command= place=0 index=0 before=\n"
    "    COMPREPLY=()\n"
    "    if [[ $word == = || $previous == = ]]; then\n"
    "        [[ $word == = ]] && index=1 || index=2\n"
    "        word=${word#=} previous=${COMP_WORDS[COMP_CWORD-index]}\n"
    "    elif [[ $word == : || $previous == : ]]; then\n"
    "        [[ $word == : ]] && index=1 || index=2\n"
    "        before=${COMP_WORDS[COMP_CWORD-index]}: word=${word#:}\n"
    "        word=$before$word previous=${COMP_WORDS[COMP_CWORD-index-1]}\n"
    "    fi\n"
    "    _sawb_place $((COMP_CWORD - index))\n"
    "    _sawb_word\n"
    "    COMPREPLY=(\"${COMPREPLY[@]#\"$before\"}\")\n"
    "}\n"
    "_sawb_words() { COMPREPLY+=($(compgen -W \"$1\" -- \"$word\")); }\n"
    "_sawb_list() {\n"
    "    local done=${word%\"${word##*,}\"}\n"
    "    COMPREPLY+=($(compgen -P \"$done\" -W \"$1\" -- \"${word##*,}\"))\n"
    "}\n"
    "_sawb_files() {\n"
    "    local found\n"
    "    mapfile -t found < <(compgen \"$1\" -- \"$word\")\n"
    "    COMPREPLY+=(\"${found[@]}\")\n"
    "    compopt -o filenames\n"
    "}\n"
    "_sawb_sessions() {\n"
    "    _sawb_words \"$(command ls \"${XDG_STATE_HOME:-$HOME/.local/state}/sawb/sessions\" "
    "2>/dev/null)\"\n"
    "    _sawb_files -f\n"
    "}\n"
    "_sawb_place() {\n"
    "    local at values=\"";

static const char bash_walk[] = " \"\n"
                                "    for ((at = 1; at < $1; at++)); do\n"
                                "        case ${COMP_WORDS[at]} in\n"
                                "        =|:) ((at++)) ;;\n"
                                "        -*) if [[ $values == *\" ${COMP_WORDS[at]} \"* ]]; then\n"
                                "                [[ ${COMP_WORDS[at+1]} == = ]] && ((at++))\n"
                                "                ((at++))\n"
                                "            fi ;;\n"
                                "        *)  if [[ $command ]]; then\n"
                                "                ((place++))\n"
                                "                continue\n"
                                "            fi\n"
                                "            command=${COMP_WORDS[at]}\n"
                                "            case $command in\n";

static void print_bash(FILE *out, const struct presets *presets) {
    const struct command *command;
    fputs(bash_head, out);
    print_valued(out, command_common_options());
    print_valued(out, command_program()->options);
    fputs(bash_walk, out);
    for (int i = 0; (command = command_get(i)); i++) {
        if (!is_shell(command))
            continue;
        fprintf(out, "            %s) values+=\"", command->name);
        print_valued(out, command->options);
        fputs(" \" ;;\n", out);
    }
    fputs("            *) command=- ;;\n            esac ;;\n        esac\n    done\n}\n"
          "_sawb_word() {\n    case $command:$previous in\n",
          out);
    bash_option_values(out, "", command_program()->options, presets);
    for (int i = 0; (command = command_get(i)); i++)
        if (is_shell(command))
            bash_option_values(out, command->name, command->options, presets);
    bash_option_values(out, "*", command_common_options(), presets);
    fputs("    esac\n    if [[ $word == -* ]]; then\n        case $command in\n", out);
    for (int i = 0; (command = command_get(i)); i++) {
        if (!is_shell(command))
            continue;
        fprintf(out, "        %s) _sawb_words \"", command->name);
        bash_options(out, command->options);
        bash_options(out, command_common_options());
        fputs("\" ;;\n", out);
    }
    fputs("        *) _sawb_words \"", out);
    bash_options(out, command_common_options());
    bash_options(out, command_program()->options);
    fputs("\" ;;\n        esac\n        return\n    fi\n    case $command:$place in\n    :*) "
          "_sawb_words \"",
          out);
    print_commands(out);
    fputs("\" ;;\n", out);
    for (int i = 0; (command = command_get(i)); i++)
        if (is_shell(command))
            bash_positionals(out, command, presets);
    fputs("    esac\n}\ncomplete -F _sawb sawb\n", out);
}

/* ---- zsh ------------------------------------------------------------------------------------- */

/* Text inside of '…' and of _arguments' brackets. */
static void zsh_text(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr("[]:\\", *text))
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

/* Words as _arguments wants them: a colon inside of an action would end it. */
static void zsh_words(FILE *out, enum argument_kind kind, const char *choices,
                      const struct presets *presets) {
    char *words = NULL;
    size_t size = 0;
    FILE *text = open_memstream(&words, &size);
    if (!text)
        return;
    print_words(text, kind, choices, presets);
    if (fclose(text) == 0)
        zsh_text(out, words);
    free(words);
}

static void zsh_action(FILE *out, enum argument_kind kind, const char *choices,
                       const struct presets *presets) {
    const char *files = kind == ARGUMENT_SESSION     ? "_sawb_sessions"
                        : has_files(kind)            ? "_files"
                        : kind == ARGUMENT_DIRECTORY ? "_files -/"
                                                     : NULL;
    if (kind == ARGUMENT_FAMILY) {
        fputs("{_values -s , family", out);
        zsh_words(out, kind, choices, presets);
        fputs("}", out);
    } else if (has_words(kind, choices) && files) {
        fputs("{_sawb_either \"", out);
        zsh_words(out, kind, choices, presets);
        fprintf(out, "\" %s}", files);
    } else if (has_words(kind, choices)) {
        fputs("(", out);
        zsh_words(out, kind, choices, presets);
        fputs(")", out);
    } else {
        fputs(files ? files : " ", out);
    }
}

static void zsh_options(FILE *out, const struct option_row *rows, const struct presets *presets) {
    for (const struct option_row *row = rows; row && row->name; row++) {
        for (int letter = row->letter != 0; letter >= 0; letter--) {
            if (letter)
                fprintf(out, " \\\n            '-%c%s[", row->letter, row->value ? "+" : "");
            else
                fprintf(out, " \\\n            '--%s%s[", row->name, row->value ? "=" : "");
            zsh_text(out, row->help);
            fputs("]", out);
            if (row->value) {
                fputs(":", out);
                zsh_text(out, row->kind == ARGUMENT_CHOICE ? row->name : row->value);
                fputs(":", out);
                zsh_action(out, row->kind, option_choices(row), presets);
            }
            fputs("'", out);
        }
    }
}

static void zsh_positionals(FILE *out, const struct command *command,
                            const struct presets *presets) {
    for (int place = 0; place < places_of(command); place++) {
        struct positional_row row = positional_at(command, place);
        int repeats = place + 1 == places_of(command) && command->maximum < 0;
        fprintf(out, " \\\n            '%s:", repeats ? "*" : "");
        zsh_text(out, command->usage);
        fputs(":", out);
        zsh_action(out, row.kind, row.choices, presets);
        fputs("'", out);
    }
}

static void print_zsh(FILE *out, const struct presets *presets) {
    const struct command *command;
    fputs("#compdef sawb\n# zsh completion for sawb, made by `sawb completions zsh`\n"
          "_sawb_either() {\n"
          "    local -a offered=(${=1})\n"
          "    shift\n"
          "    _alternative 'words:word:compadd -a offered' \"files:file:$*\"\n"
          "}\n"
          "_sawb_sessions() {\n"
          "    local -a offered=(${XDG_STATE_HOME:-$HOME/.local/state}/sawb/sessions/*.sawb(N:t))\n"
          "    _alternative 'sessions:session:compadd -a offered' 'files:file:_files'\n"
          "}\n"
          "_sawb() {\n    local state line\n    _arguments -C",
          out);
    zsh_options(out, command_common_options(), presets);
    zsh_options(out, command_program()->options, presets);
    fputs(" \\\n            '1:command:->command' \\\n            '*::argument:->argument' && "
          "return\n"
          "    case $state in\n    command)\n        local -a commands=(",
          out);
    for (int i = 0; (command = command_get(i)); i++) {
        if (!is_shell(command))
            continue;
        fprintf(out, "\n            '%s:", command->name);
        zsh_text(out, command->help);
        fputs("'", out);
    }
    fputs(")\n        _describe command commands ;;\n    argument)\n        case $line[1] in\n",
          out);
    for (int i = 0; (command = command_get(i)); i++) {
        if (!is_shell(command))
            continue;
        fprintf(out, "        %s) _arguments", command->name);
        zsh_options(out, command->options, presets);
        zsh_options(out, command_common_options(), presets);
        zsh_positionals(out, command, presets);
        fputs(" ;;\n", out);
    }
    fputs("        esac ;;\n    esac\n}\n_sawb \"$@\"\n", out);
}

/* ---- fish ------------------------------------------------------------------------------------ */

static void fish_text(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void fish_value(FILE *out, enum argument_kind kind, const char *choices,
                       const struct presets *presets) {
    int words = has_words(kind, choices);
    fputs(has_files(kind) ? " -F" : " -f", out);
    if (words || kind == ARGUMENT_DIRECTORY || kind == ARGUMENT_SESSION) {
        fputs(" -a '", out);
        if (kind == ARGUMENT_FAMILY)
            fputs("(__sawb_list", out);
        if (kind == ARGUMENT_SESSION)
            fputs("(__sawb_sessions)", out);
        print_words(out, kind, choices, presets);
        if (kind == ARGUMENT_FAMILY)
            fputs(")", out);
        if (kind == ARGUMENT_DIRECTORY)
            fputs(" (__fish_complete_directories)", out);
        fputs("'", out);
    }
}

static void fish_options(FILE *out, const struct option_row *rows, const char *condition,
                         const struct presets *presets) {
    for (const struct option_row *row = rows; row && row->name; row++) {
        fputs("complete -c sawb", out);
        if (condition)
            fprintf(out, " -n '__fish_seen_subcommand_from %s'", condition);
        if (row->letter)
            fprintf(out, " -s %c", row->letter);
        fprintf(out, " -l %s", row->name);
        if (row->kind != ARGUMENT_NONE) {
            fputs(" -r", out);
            fish_value(out, row->kind, option_choices(row), presets);
        }
        fputs(" -d '", out);
        fish_text(out, row->help);
        fputs("'\n", out);
    }
}

static void fish_positionals(FILE *out, const struct command *command,
                             const struct presets *presets) {
    for (int place = 0; place < places_of(command); place++) {
        struct positional_row row = positional_at(command, place);
        int repeats = place + 1 == places_of(command) && command->maximum < 0;
        fprintf(out, "complete -c sawb -n '__sawb_at %s %d%s'", command->name, place,
                repeats ? " on" : "");
        fish_value(out, row.kind, row.choices, presets);
        fputs("\n", out);
    }
}

/* The words typed so far are walked through as the program does, over the values of options. */
static const char fish_walk[] = "    for word in (commandline -opc)[2..-1]\n"
                                "        if test -n \"$skip\"\n"
                                "            set skip\n"
                                "        else if string match -q -- '-*' $word\n"
                                "            contains -- $word $values; and set skip 1\n"
                                "        else if test -z \"$command\"\n"
                                "            set command $word\n"
                                "            switch $command\n";

static void print_fish(FILE *out, const struct presets *presets) {
    const struct command *command;
    fputs("# fish completion for sawb, made by `sawb completions fish`\n"
          "# Whether argument number $argv[2] of the command $argv[1] is typed; with a third word, "
          "that or a later one.\n"
          "function __sawb_at\n"
          "    set -l command\n    set -l skip\n    set -l place 0\n    set -l values",
          out);
    print_valued(out, command_common_options());
    print_valued(out, command_program()->options);
    fprintf(out, "\n%s", fish_walk);
    for (int i = 0; (command = command_get(i)); i++) {
        if (!is_shell(command) || !command->options)
            continue;
        fprintf(out, "                case %s\n                    set -a values", command->name);
        print_valued(out, command->options);
        fputc('\n', out);
    }
    fputs("            end\n        else\n            set place (math $place + 1)\n        end\n"
          "    end\n"
          "    test \"$command\" = $argv[1]; or return 1\n"
          "    test $place = $argv[2]; and return 0\n"
          "    test (count $argv) -gt 2 -a $place -ge $argv[2]\n"
          "end\n"
          "function __sawb_list\n"
          "    set -l done (string match -r -- '.*,' (commandline -ct | string replace -r "
          "'^--[a-z]+=' ''))\n"
          "    for word in $argv\n        echo $done$word\n    end\n"
          "end\n"
          "function __sawb_sessions\n"
          "    set -l state $XDG_STATE_HOME\n"
          "    test -n \"$state\"; or set state ~/.local/state\n"
          "    for file in $state/sawb/sessions/*.sawb\n        basename $file\n    end\n"
          "end\n"
          "complete -c sawb -f\n",
          out);
    fish_options(out, command_common_options(), NULL, presets);
    fish_options(out, command_program()->options, NULL, presets);
    for (int i = 0; (command = command_get(i)); i++) {
        if (!is_shell(command))
            continue;
        fprintf(out, "complete -c sawb -n __fish_use_subcommand -f -a %s -d '", command->name);
        fish_text(out, command->help);
        fputs("'\n", out);
        fish_options(out, command->options, command->name, presets);
        fish_positionals(out, command, presets);
    }
}

int command_completions(struct workbench *workbench, const struct arguments *arguments,
                        struct sink *sink) {
    const char *shell = arguments_get(arguments, 0);
    struct text text;
    if (text_begin(&text) < 0)
        return command_no_memory(sink);
    /* The choices of the table leave these three. */
    switch (shell[0]) {
    case 'b':
    case 'B':
        print_bash(text.stream, workbench->presets);
        break;
    case 'z':
    case 'Z':
        print_zsh(text.stream, workbench->presets);
        break;
    default:
        print_fish(text.stream, workbench->presets);
    }
    return sink_result_owned(sink, text_end(&text));
}
