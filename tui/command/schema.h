/*
 * schema.h - what commands answer with --json, a row for each kind of object.
 *
 * The manual page and `help json` print these rows; tests hold the real answers against them. In a
 * row `name: kind` is a field, all of which an object has, in this order and no others; a kind is
 * text, number, any, [kind] for an array or {fields}, with ? behind it where null may stand
 * instead.
 */
#ifndef SAWB_TUI_COMMAND_SCHEMA_H
#define SAWB_TUI_COMMAND_SCHEMA_H

struct schema {
    const char *command;
    const char *when; /* which of its answers; "": all */
    const char *fields;
};

/* Row `index`, NULL past the last. */
const struct schema *schema_get(int index);

#endif
