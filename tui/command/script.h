/*
 * script.h - commands one after the other, with variables and loops.
 *
 * A script is commands separated by line breaks, or by ';' outside of quotes, brackets and
 * comments. `foreach NAME in WORDS` … `end` repeats what stands between, once for each word:
 * WORDS may also be `presets`, `heads` or `layers`, numbers like 1..5, or `rows FILE [LIMIT]`.
 * $NAME and ${NAME} stand for a variable, not inside of '…' and not behind a backslash; its value
 * is never split into words again, but for foreach.
 */
#ifndef SAWB_TUI_COMMAND_SCRIPT_H
#define SAWB_TUI_COMMAND_SCRIPT_H

#include <stddef.h>

#include "tui/command/command.h"

struct statement {
    char *text;
    int line; /* from 1 */
    int end;  /* of a foreach: the index of its end; -1 */
};

struct script {
    struct statement *statements; /* [count] without comments and empty ones */
    int count, capacity;
};

/* Splits a text. A foreach without end, or an end without foreach, is an error, with `line` at its
 * place; otherwise `line` is 0. After an error there is nothing to free. */
int script_parse(struct script *script, const char *text, int *line, struct sawb_error *error);
void script_free(struct script *script);

/* How many loops of a text still wait for their end. */
int script_open_loops(const char *text);

/* The byte where the last command of a text begins. */
size_t script_last(const char *text);

/*
 * The line with the values of its variables in place of them: each value stays one word, or a part
 * of one, when the line is split. For a loop (`list`) one outside of quotes is split too. Of a line
 * of a COMMAND_RAW command the rest behind the first `before` words takes them as they are; 0: it
 * is no such line. Owned by the caller; NULL with an error (a name without value).
 */
char *script_expand(const struct workbench *workbench, const char *line, int list, int before,
                    struct sawb_error *error);

/*
 * What a loop goes over, made of the words behind `in`. Each turn sets the variable, and for
 * `rows` NAME.row and NAME.label, for `heads` NAME.layer and NAME.head. Commands that it needs a
 * model for say their errors through the sink.
 */
struct turn {
    char *value;
    char *more[2][2]; /* "row", "12": set as NAME.row */
};
struct turns {
    struct turn *turns; /* [count] */
    int count, capacity;
};
int script_turns(struct workbench *workbench, int count, char *const *words, struct turns *turns,
                 struct sawb_error *error);
void turns_free(struct turns *turns);

/* Whether an expression holds of a result, a JSON object: FIELD OP VALUE, with OP one of == != < <=
 * > >=. FIELD is a path such as sparsity.realised or logits.0; VALUE a number, a word, null, or
 * another field. 1, or 0 with an error that says what it is instead, or -1 when it means nothing.
 */
int script_holds(const char *expression, const char *result, struct sawb_error *error);

#endif
