/*
 * command_script.c - let, foreach, end, assert, echo: what scripts have beside commands.
 */
#include <stdlib.h>
#include <string.h>

#include "tui/command/answer.h"
#include "tui/command/arguments.h"
#include "tui/command/handlers.h"
#include "tui/command/script.h"
#include "tui/command/serve.h"

static COMMAND_HANDLER(run_let) {
    const char *name = arguments_get(arguments, 0), *value = arguments_get(arguments, 2);
    struct sawb_error error;
    if (variable_name_length(name) != strlen(name) ||
        strcmp(arguments_get(arguments, 1), "=") != 0) {
        error_set(&error, "let: it is written `let NAME = WORDS`; NAME has letters, digits and _");
        return command_misuse(sink, &error);
    }
    if (scripting_set(&workbench->scripting, name, value ? value : "", &error) < 0)
        return command_fail(sink, &error);
    return COMMAND_DONE;
}

/* Loops are run by the script that holds them; who comes here has none. */
static COMMAND_HANDLER(run_loop_word) {
    struct sawb_error error;
    (void)workbench;
    error_set(&error, "%s: works only in a script or the console: foreach NAME in WORDS; ...; end",
              arguments->command->name);
    return command_misuse(sink, &error);
}

static COMMAND_HANDLER(run_assert) {
    const struct scripting *scripting = &workbench->scripting;
    struct sawb_error error;
    if (!scripting->result) {
        if (scripting->command)
            error_set(&error,
                      "assert: %s left no result to look at; `help json` lists the fields of "
                      "those that do, some only with --json",
                      scripting->command);
        else
            error_set(&error, "assert: no command has run yet whose result could be looked at");
        return command_misuse(sink, &error);
    }
    int holds = script_holds(arguments_get(arguments, 0), scripting->result, &error);
    return holds < 0 ? command_misuse(sink, &error)
           : holds   ? COMMAND_DONE
                     : command_fail(sink, &error);
}

static COMMAND_HANDLER(run_echo) {
    const char *text = arguments_get(arguments, 0);
    if (workbench->settings.json) {
        struct record record = record_begin();
        record_text(&record, "echo", text ? text : "");
        return sink_result_owned(sink, record_print(&record));
    }
    sink->result(sink, text ? text : "");
    return COMMAND_DONE;
}

static COMMAND_HANDLER(run_console) {
    struct sawb_error error;
    if (sink->console) {
        int status = command_settle(workbench, arguments, sink);
        return status == COMMAND_DONE ? sink->console(workbench, sink) : status;
    }
    error_set(&error, "console: it opens only in a shell: sawb console");
    return command_misuse(sink, &error);
}

static const struct option_row serve_options[] = {
    {"stdio", 0, ARGUMENT_NONE, NULL,
     "requests come on standard input, answers go to standard "
     "output (needed)"},
    {0},
};

#define HERE (COMMAND_SCRIPT | COMMAND_BARE | COMMAND_ASIDE | COMMAND_RAW)

const struct command commands_script[] = {
    {.name = "let",
     .usage = "NAME = WORDS",
     .positionals = {{ARGUMENT_TEXT, NULL}, {ARGUMENT_TEXT, "="}, {ARGUMENT_TEXT, NULL}},
     .minimum = 2,
     .maximum = -1,
     .help = "set a variable of the script to the rest of the line",
     .details = "$NAME and ${NAME} stand for it in later commands, not inside of '...' and not "
                "behind a backslash. The value stays one word, whatever blanks are in it; only "
                "foreach and commands that take the rest of the line see its words.",
     .where = HERE,
     .run = run_let},
    {.name = "foreach",
     .usage = "NAME in WORDS|presets|heads|layers|FROM..TO|rows FILE [LIMIT]",
     .positionals = {{ARGUMENT_TEXT, NULL},
                     {ARGUMENT_CHOICE, "in"},
                     {ARGUMENT_FILE, "presets|heads|layers|rows"}},
     .minimum = 3,
     .maximum = -1,
     .help = "repeat the commands up to its `end` once for each word, which is $NAME",
     .details =
         "presets are all names of patterns, heads all layer.head of the model (also "
         "${NAME.layer} and ${NAME.head}), layers their numbers; 1..5 are numbers, for seeds. rows "
         "are the sentences of a data set, the first LIMIT of them, with ${NAME.label} and "
         "${NAME.row}, from 0. Loops may stand inside of each other.",
     .where = HERE,
     .run = run_loop_word},
    {.name = "end",
     .usage = "",
     .help = "end of the commands that a foreach repeats",
     .where = COMMAND_SCRIPT | COMMAND_BARE | COMMAND_ASIDE,
     .run = run_loop_word},
    {.name = "assert",
     .usage = "FIELD OP VALUE",
     .positionals = {{ARGUMENT_TEXT, NULL}},
     .minimum = 1,
     .maximum = -1,
     .help = "fail unless the last result is so: assert accuracy >= 0.8",
     .details =
         "FIELD is one of the last object that the command before it answers with --json (which "
         "need not be given; `help json` lists them), with dots into what it holds: "
         "sparsity.realised, logits.0. OP is == != < <= > or >=. VALUE is a number, a word "
         "(label == POSITIVE), null, or another field (a.accuracy > b.accuracy); quotes make a "
         "text of it.",
     .where = HERE,
     .run = run_assert},
    {.name = "echo",
     .usage = "[TEXT]",
     .positionals = {{ARGUMENT_TEXT, NULL}},
     .minimum = 0,
     .maximum = -1,
     .help = "print the rest of the line",
     .where = HERE,
     .run = run_echo},
    {.name = "console",
     .usage = "",
     .help = "type commands one after the other, with completion (TAB) and a history",
     .details =
         "Reads commands as a script has them, until quit or Ctrl-D; a foreach is read up to its "
         "end, and what is pasted runs line by line. Ctrl-C ends the command that runs. Answers "
         "longer than the screen go through $PAGER (default: less -FRX). Without a terminal on "
         "standard output tables are TSV, and without one on standard input lines are read as they "
         "are. The history is kept in $XDG_STATE_HOME/sawb/history. What is typed and answered is "
         "recorded as a session of the screen is (`sawb --no-session console`: not).",
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_BARE,
     .run = run_console},
    {.name = "serve",
     .usage = "",
     .help = "answer requests of another program: one JSON object a line, one answer a line",
     .details =
         "A request is {\"id\": any, \"command\": \"predict 'a fine film'\"}, the command being as "
         "in a script, or {\"id\": any, \"argv\": [\"predict\", \"a fine film\"]}. Its answer is "
         "{\"id\", \"status\": 0, 1 or 2, \"results\": [what the command prints with --json], "
         "\"notes\": [texts], \"error\": text or null}. While it is worked on there may be lines "
         "{\"id\", \"progress\": text}. The workbench lasts from one request to the next. quit or "
         "the end of input ends it.",
     .options = serve_options,
     .where = COMMAND_SHELL | COMMAND_BARE,
     .run = command_serve},
    {0},
};
