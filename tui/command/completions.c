/*
 * completions.c - completion scripts for bash, zsh and fish, made from the tables.
 */
#include <string.h>

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

/* ---- bash ------------------------------------------------------------------------------------ */

static void bash_options(FILE *out, const struct option_row *rows) {
    for (const struct option_row *row = rows; row && row->name; row++) {
        if (row->letter)
            fprintf(out, " -%c", row->letter);
        fprintf(out, " --%s", row->name);
    }
}

/* What completes a value of this kind, as an assignment to COMPREPLY; nothing for what cannot be
 * guessed. */
static void bash_value(FILE *out, enum argument_kind kind, const char *choices,
                       const struct presets *presets) {
    if (choices) {
        fputs("COMPREPLY=($(compgen -W \"", out);
        print_choices(out, choices, " ");
        fputs("\" -- \"$word\"))", out);
    } else if (kind == ARGUMENT_SPEC) {
        fputs("COMPREPLY=($(compgen -W \"", out);
        print_specifications(out, presets);
        fputs("\" -- \"$word\"))", out);
    } else if (kind == ARGUMENT_COMMAND) {
        fputs("COMPREPLY=($(compgen -W \"", out);
        print_commands(out);
        fputs("\" -- \"$word\"))", out);
    } else if (kind == ARGUMENT_DIRECTORY) {
        fputs("compopt -o filenames; COMPREPLY=($(compgen -d -- \"$word\"))", out);
    } else if (kind == ARGUMENT_FILE) {
        fputs("compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\"))", out);
    } else {
        fputs("COMPREPLY=()", out);
    }
}

static void bash_option_values(FILE *out, const struct option_row *rows,
                               const struct presets *presets) {
    for (const struct option_row *row = rows; row && row->name; row++) {
        if (row->kind == ARGUMENT_NONE)
            continue;
        fputs("        ", out);
        if (row->letter)
            fprintf(out, "-%c|", row->letter);
        fprintf(out, "--%s) ", row->name);
        bash_value(out, row->kind, row->kind == ARGUMENT_CHOICE ? row->value : NULL, presets);
        fputs("; return ;;\n", out);
    }
}

static void print_bash(FILE *out, const struct presets *presets) {
    const struct command *command;
    /* Readline ends words at '=' and ':', which options and presets have inside: the outer function
     * puts them together again, and takes off what readline believes to be typed already. */
    fputs("# bash completion for sawb, made by `sawb completions bash`\n"
          "_sawb() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local command= index before=\n"
          "    if [[ $word == = || $previous == = ]]; then\n"
          "        [[ $word == = ]] && index=1 || index=2\n"
          "        word=${word#=} previous=${COMP_WORDS[COMP_CWORD-index]}\n"
          "    elif [[ $word == : || $previous == : ]]; then\n"
          "        [[ $word == : ]] && index=1 || index=2\n"
          "        before=${COMP_WORDS[COMP_CWORD-index]}: word=${word#:}\n"
          "        word=$before$word previous=${COMP_WORDS[COMP_CWORD-index-1]}\n"
          "    fi\n"
          "    _sawb_word\n"
          "    COMPREPLY=(\"${COMPREPLY[@]#\"$before\"}\")\n"
          "}\n"
          "_sawb_word() {\n"
          "    for ((index = 1; index < COMP_CWORD; index++)); do\n"
          "        case ${COMP_WORDS[index]} in\n        ",
          out);
    for (int i = 0, first = 1; (command = command_get(i)); i++) {
        if (is_shell(command))
            fprintf(out, "%s%s", first ? "" : "|", command->name);
        first &= !is_shell(command);
    }
    fputs(") command=${COMP_WORDS[index]}; break ;;\n"
          "        esac\n    done\n    case $previous in\n",
          out);
    bash_option_values(out, command_common_options(), presets);
    fputs("    esac\n    case $command:$previous in\n", out);
    for (int i = 0; (command = command_get(i)); i++) {
        for (const struct option_row *row = command->options; is_shell(command) && row && row->name;
             row++) {
            if (row->kind == ARGUMENT_NONE)
                continue;
            fprintf(out, "        %s:--%s) ", command->name, row->name);
            bash_value(out, row->kind, row->kind == ARGUMENT_CHOICE ? row->value : NULL, presets);
            fputs("; return ;;\n", out);
        }
    }
    fputs("    esac\n    if [[ $word == -* ]]; then\n        case $command in\n", out);
    for (int i = 0; (command = command_get(i)); i++) {
        if (!is_shell(command))
            continue;
        fprintf(out, "        %s) COMPREPLY=($(compgen -W \"", command->name);
        bash_options(out, command->options);
        bash_options(out, command_common_options());
        fputs("\" -- \"$word\")) ;;\n", out);
    }
    fputs("        *) COMPREPLY=($(compgen -W \"", out);
    bash_options(out, command_common_options());
    bash_options(out, command_program()->options);
    fputs("\" -- \"$word\")) ;;\n        esac\n        return\n    fi\n    case $command in\n",
          out);
    for (int i = 0; (command = command_get(i)); i++) {
        if (!is_shell(command))
            continue;
        fprintf(out, "        %s) ", command->name);
        bash_value(out, command->positionals[0].kind, command->positionals[0].choices, presets);
        fputs(" ;;\n", out);
    }
    fputs("        *) COMPREPLY=($(compgen -W \"", out);
    print_commands(out);
    fputs("\" -- \"$word\")) ;;\n    esac\n}\ncomplete -F _sawb sawb\n", out);
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

static void zsh_action(FILE *out, enum argument_kind kind, const char *choices,
                       const struct presets *presets) {
    if (choices) {
        fputs("(", out);
        print_choices(out, choices, " ");
        fputs(")", out);
    } else if (kind == ARGUMENT_SPEC) {
        /* A colon inside of an action would end it. */
        fputs("(", out);
        for (int i = 0; i < presets_count(presets); i++) {
            fputc(' ', out);
            zsh_text(out, presets_name(presets, i));
        }
        for (int i = 0; sparsity_pattern_name(i); i++) {
            if (strchr(sparsity_pattern_usage(i), '('))
                fprintf(out, " %s", sparsity_pattern_name(i));
        }
        fputs(")", out);
    } else if (kind == ARGUMENT_COMMAND) {
        fputs("(", out);
        print_commands(out);
        fputs(")", out);
    } else if (kind == ARGUMENT_DIRECTORY) {
        fputs("_files -/", out);
    } else if (kind == ARGUMENT_FILE) {
        fputs("_files", out);
    } else {
        fputs(" ", out);
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
                zsh_action(out, row->kind, row->kind == ARGUMENT_CHOICE ? row->value : NULL,
                           presets);
            }
            fputs("'", out);
        }
    }
}

static void zsh_positionals(FILE *out, const struct command *command,
                            const struct presets *presets) {
    for (int i = 0; i < COMMAND_POSITIONALS && command->positionals[i].kind != ARGUMENT_NONE; i++) {
        int last =
            i + 1 == COMMAND_POSITIONALS || command->positionals[i + 1].kind == ARGUMENT_NONE;
        fprintf(out, " \\\n            '%s:", last && command->maximum < 0 ? "*" : "");
        zsh_text(out, command->usage);
        fputs(":", out);
        zsh_action(out, command->positionals[i].kind, command->positionals[i].choices, presets);
        fputs("'", out);
    }
}

static void print_zsh(FILE *out, const struct presets *presets) {
    const struct command *command;
    fputs("#compdef sawb\n# zsh completion for sawb, made by `sawb completions zsh`\n"
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
    if (choices) {
        fputs(" -f -a '", out);
        print_choices(out, choices, " ");
        fputs("'", out);
    } else if (kind == ARGUMENT_SPEC) {
        fputs(" -f -a '", out);
        print_specifications(out, presets);
        fputs("'", out);
    } else if (kind == ARGUMENT_COMMAND) {
        fputs(" -f -a '", out);
        print_commands(out);
        fputs("'", out);
    } else if (kind == ARGUMENT_DIRECTORY) {
        fputs(" -f -a '(__fish_complete_directories)'", out);
    } else if (kind == ARGUMENT_FILE) {
        fputs(" -F", out);
    } else {
        fputs(" -f", out);
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
            fish_value(out, row->kind, row->kind == ARGUMENT_CHOICE ? row->value : NULL, presets);
        }
        fputs(" -d '", out);
        fish_text(out, row->help);
        fputs("'\n", out);
    }
}

static void print_fish(FILE *out, const struct presets *presets) {
    const struct command *command;
    fputs("# fish completion for sawb, made by `sawb completions fish`\ncomplete -c sawb -f\n",
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
        if (command->positionals[0].kind == ARGUMENT_NONE)
            continue;
        fprintf(out, "complete -c sawb -n '__fish_seen_subcommand_from %s'", command->name);
        fish_value(out, command->positionals[0].kind, command->positionals[0].choices, presets);
        fputs("\n", out);
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
