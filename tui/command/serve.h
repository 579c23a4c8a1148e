/*
 * serve.h - commands as JSON: requests of another program, a line each, and their answers.
 *
 *     {"id": 7, "command": "predict 'a fine film'"}
 *     {"id":7,"status":0,"results":[{"text":"a fine film",...}],"notes":[],"error":null}
 */
#ifndef SAWB_TUI_COMMAND_SERVE_H
#define SAWB_TUI_COMMAND_SERVE_H

#include <stddef.h>

#include "tui/command/handlers.h"

/* Runs the request in `line` and says its answer, and before it any progress, as results of the
 * sink. What is no request is answered with status 2. */
void serve_request(struct workbench *workbench, const char *line, size_t length, struct sink *sink);

/* Standard input for whoever reads commands from it: the descriptor to read, while commands that
 * read standard input themselves find it empty. -1 with an error. */
int serve_take_input(struct sawb_error *error);

COMMAND_HANDLER(command_serve);

#endif
