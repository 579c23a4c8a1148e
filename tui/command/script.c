/*
 * script.c - commands of a text one after the other, and loops.
 */
#include "tui/command/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "tui/app/interrupt.h"
#include "tui/command/arguments.h"
#include "tui/command/handlers.h"
#include "tui/command/relay.h"

#define SCRIPT_DEPTH 8
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* some editors begin a file with it */

/* ---- splitting ------------------------------------------------------------------------------- */

/* Bytes of the first command of a script: up to a line break, or a ';' outside of quotes and
 * brackets. */
static size_t command_length(const char *script) {
    size_t at = strspn(script, " \t\r");
    int depth = 0;
    if (script[at] == '#')
        return strcspn(script, "\n");
    while (script[at] && script[at] != '\n') {
        int word_begins = at == 0 || strchr(" \t=", script[at - 1]) != NULL;
        size_t quoted = word_begins ? quoted_length(script + at) : 0;
        if (quoted && !memchr(script + at, '\n', quoted)) {
            at += quoted;
            continue;
        }
        depth += script[at] == '(';
        depth -= script[at] == ')' && depth > 0;
        if (script[at] == ';' && depth == 0)
            break;
        at++;
    }
    return at;
}

static int first_word_is(const char *text, const char *word) {
    size_t length = strlen(word);
    return strncmp(text, word, length) == 0 && (!text[length] || strchr(" \t\r", text[length]));
}

/* Adds `length` bytes without the blanks around them; an empty statement and a comment are none. */
static int add_statement(struct script *script, const char *text, size_t length, int line) {
    while (length > 0 && strchr(" \t\r", *text)) {
        text++;
        length--;
    }
    while (length > 0 && strchr(" \t\r", text[length - 1]))
        length--;
    if (length == 0 || *text == '#')
        return 0;
    if (script->count == script->capacity) {
        int capacity = script->capacity ? 2 * script->capacity : 32;
        struct statement *grown =
            realloc(script->statements, (size_t)capacity * sizeof(*script->statements));
        if (!grown)
            return -1;
        script->statements = grown;
        script->capacity = capacity;
    }
    struct statement statement = {strndup(text, length), line, -1};
    if (!statement.text)
        return -1;
    script->statements[script->count++] = statement;
    return 0;
}

static int split(struct script *script, const char *text, struct sawb_error *error) {
    int line = 1;
    memset(script, 0, sizeof(*script));
    while (*text) {
        size_t length = command_length(text);
        if (add_statement(script, text, length, line) < 0) {
            script_free(script);
            return error_set(error, "out of memory for a script");
        }
        text += length;
        if (*text)
            line += *text++ == '\n';
    }
    return 0;
}

/* Finds the end of each loop. Returns the number of those that have none; -1: statement *fault is
 * an end too many. */
static int match_loops(struct script *script, int *fault) {
    int open = 0;
    for (int i = 0; i < script->count; i++) {
        if (first_word_is(script->statements[i].text, "foreach")) {
            *fault = i;
            open++;
        } else if (first_word_is(script->statements[i].text, "end")) {
            int begin = i;
            while (begin >= 0 && (!first_word_is(script->statements[begin].text, "foreach") ||
                                  script->statements[begin].end >= 0))
                begin--;
            if (begin < 0) {
                *fault = i;
                return -1;
            }
            script->statements[begin].end = i;
            open--;
        }
    }
    /* Of loops without end the last one is what was meant to be closed first. */
    for (int i = 0; i < script->count && open > 0; i++) {
        if (first_word_is(script->statements[i].text, "foreach") && script->statements[i].end < 0)
            *fault = i;
    }
    return open;
}

int script_parse(struct script *script, const char *text, int *line, struct sawb_error *error) {
    int fault = 0;
    *line = 0;
    if (split(script, text, error) < 0)
        return -1;
    int open = match_loops(script, &fault);
    if (open == 0)
        return 0;
    *line = script->statements[fault].line;
    script_free(script);
    return error_set(error, open < 0
                                ? "end: there is no foreach before it that it could close"
                                : "foreach: it is never closed; put `end` behind its commands");
}

void script_free(struct script *script) {
    for (int i = 0; i < script->count; i++)
        free(script->statements[i].text);
    free(script->statements);
    memset(script, 0, sizeof(*script));
}

int script_open_loops(const char *text) {
    struct script script;
    int fault = 0;
    if (split(&script, text, NULL) < 0)
        return 0;
    int open = match_loops(&script, &fault);
    script_free(&script);
    return open > 0 ? open : 0;
}

size_t script_last(const char *text) {
    size_t begin = 0;
    for (;;) {
        size_t length = command_length(text + begin);
        if (!text[begin + length])
            return begin;
        begin += length + 1;
    }
}

/* ---- running --------------------------------------------------------------------------------- */

struct running {
    struct workbench *workbench;
    const struct script *script;
    const char *where; /* NULL: not said */
    int line;          /* of the command that runs */
    int errors;        /* said so far */
    struct relay relay;
};

/* Says where the script stands before what went wrong. */
static void say_place(struct sink *sink, const char *text) {
    struct relay *relay = relay_of(sink);
    struct running *running = relay->user;
    running->errors++;
    char *placed = NULL;
    if (running->where && asprintf(&placed, "%s:%d: %s", running->where, running->line, text) < 0)
        placed = NULL;
    relay->outer->error(relay->outer, placed ? placed : text);
    free(placed);
}

static int run_range(struct running *running, int first, int last);

static int set_turn(struct running *running, const char *name, const struct turn *turn,
                    struct sawb_error *error) {
    struct scripting *scripting = &running->workbench->scripting;
    if (scripting_set(scripting, name, turn->value, error) < 0)
        return -1;
    for (int i = 0; i < 2 && turn->more[i][0]; i++) {
        char *part;
        if (asprintf(&part, "%s.%s", name, turn->more[i][0]) < 0)
            return error_set(error, "foreach: out of memory");
        int status = scripting_set(scripting, part, turn->more[i][1], error);
        free(part);
        if (status < 0)
            return -1;
    }
    return 0;
}

/* "foreach NAME in WORDS", its words; -1 when it is not written so. */
static int read_loop(const struct running *running, const char *text, struct words *words,
                     struct sawb_error *error) {
    char *line = script_expand(running->workbench, text, 1, 0, error);
    if (!line)
        return -1;
    int status = words_split(words, line, error);
    free(line);
    if (status < 0)
        return -1;
    const char *name = words->count > 1 ? words->texts[1] : "";
    if (words->count >= 3 && strcmp(words->texts[2], "in") == 0 && *name &&
        variable_name_length(name) == strlen(name))
        return 0;
    words_free(words);
    return error_set(error, "foreach: it is written `foreach NAME in WORDS`; NAME has letters, "
                            "digits and _");
}

static int run_loop(struct running *running, int index) {
    const struct statement *begin = &running->script->statements[index];
    struct words words;
    struct turns turns;
    struct sawb_error error;
    running->line = begin->line;
    if (read_loop(running, begin->text, &words, &error) < 0)
        return command_misuse(&running->relay.sink, &error);
    int status = COMMAND_DONE;
    if (script_turns(running->workbench, words.count - 3, words.texts + 3, &turns, &error) < 0) {
        words_free(&words);
        return command_fail(&running->relay.sink, &error);
    }
    for (int i = 0; i < turns.count && status == COMMAND_DONE && !running->workbench->quit; i++) {
        if (set_turn(running, words.texts[1], &turns.turns[i], &error) < 0)
            status = command_fail(&running->relay.sink, &error);
        else
            status = run_range(running, index + 1, begin->end);
    }
    turns_free(&turns);
    words_free(&words);
    return status;
}

static int run_statement(struct running *running, const struct statement *statement) {
    struct sink *sink = &running->relay.sink;
    struct sawb_error error;
    char name[64];
    size_t length = strcspn(statement->text, " \t\r");
    running->line = statement->line;
    snprintf(name, sizeof(name), "%.*s", length < sizeof(name) ? (int)length : 0, statement->text);
    const struct command *command = command_find(name);
    int before = command && command->where & COMMAND_RAW ? 1 + arguments_before_rest(command) : 0;
    char *line = script_expand(running->workbench, statement->text, 0, before, &error);
    if (!line)
        return command_misuse(sink, &error);
    int errors = running->errors, status = command_run(running->workbench, line, sink);
    free(line);
    if (interrupt_signal() && running->errors == errors) {
        sink->error(sink, "interrupted");
        return COMMAND_FAILED;
    }
    return status;
}

static int run_range(struct running *running, int first, int last) {
    int status = COMMAND_DONE;
    for (int i = first; i < last && status == COMMAND_DONE && !running->workbench->quit; i++) {
        const struct statement *statement = &running->script->statements[i];
        if (statement->end >= 0) {
            status = run_loop(running, i);
            i = statement->end;
        } else {
            status = run_statement(running, statement);
        }
    }
    return status;
}

int command_run_script(struct workbench *workbench, const char *text, const char *where,
                       struct sink *sink) {
    struct script script;
    struct running running = {.workbench = workbench, .script = &script, .where = where};
    struct sawb_error error;
    if (strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
        text += strlen(BYTE_ORDER_MARK);
    relay_open(&running.relay, sink);
    running.relay.sink.error = say_place;
    running.relay.user = &running;
    if (script_parse(&script, text, &running.line, &error) < 0)
        return running.line > 0 ? command_misuse(&running.relay.sink, &error)
                                : command_fail(sink, &error);
    int status = run_range(&running, 0, script.count);
    script_free(&script);
    return status;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* All of standard input; owned by the caller, NULL with an error. */
static char *read_input(struct sawb_error *error) {
    struct line_reader reader = {.descriptor = STDIN_FILENO};
    char *line, *text = NULL;
    size_t length, used = 0;
    int found;
    while ((found = line_read(&reader, &line, &length, error)) == 1) {
        char *grown = realloc(text, used + length + 2);
        if (!grown) {
            found = error_set(error, "out of memory for a script");
            break;
        }
        text = grown;
        memcpy(text + used, line, length);
        memcpy(text + used + length, "\n", 2);
        used += length + 1;
    }
    line_reader_free(&reader);
    if (found == 0)
        return text ? text : strdup("");
    free(text);
    return NULL;
}

int command_run_file(struct workbench *workbench, const struct arguments *arguments,
                     struct sink *sink) {
    const char *path = arguments_get(arguments, 0);
    int input = strcmp(path, "-") == 0;
    const char *where = input ? "standard input" : path;
    struct sawb_error error;
    char *script = NULL;
    if (workbench->script_depth == SCRIPT_DEPTH) {
        error_set(&error, "%s: scripts run each other more than %d deep", where, SCRIPT_DEPTH);
        return command_fail(sink, &error);
    }
    if (input)
        script = read_input(&error);
    else if (file_read(&script, NULL, path, &error) < 0)
        script = NULL;
    if (!script)
        return command_fail(sink, &error);
    int status = command_settle(workbench, arguments, sink);
    workbench->script_depth++;
    if (status == COMMAND_DONE)
        status = command_run_script(workbench, script, where, sink);
    workbench->script_depth--;
    free(script);
    return status;
}
