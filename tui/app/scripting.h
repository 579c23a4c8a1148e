/*
 * scripting.h - what a script or a console remembers: its variables, and the last result as JSON.
 */
#ifndef SAWB_TUI_APP_SCRIPTING_H
#define SAWB_TUI_APP_SCRIPTING_H

#include <stddef.h>

#include "core/base/error.h"

struct variable {
    char *name, *value;
};

struct scripting {
    struct variable *variables; /* [count] in the order they were made */
    int count, capacity;
    const char *command; /* whose result it is, a name of the table; NULL: none yet */
    char *result;        /* a JSON object; NULL: that command left none */
};

/* Bytes of the name at the start of `text`: a letter or _, then letters, digits and _; 0: none. */
size_t variable_name_length(const char *text);

/* Makes or replaces a variable. */
int scripting_set(struct scripting *scripting, const char *name, const char *value,
                  struct sawb_error *error);

/* The value of the name of `length` bytes, NULL: there is none. */
const char *scripting_get(const struct scripting *scripting, const char *name, size_t length);

/* Before a command runs: the result of the one before is forgotten. */
void scripting_begin(struct scripting *scripting, const char *command);

/* Keeps the object in place of the one before. Takes the text over; NULL (out of memory) leaves no
 * result. */
void scripting_keep(struct scripting *scripting, char *json);

void scripting_clear(struct scripting *scripting);

#endif
