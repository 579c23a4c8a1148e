/*
 * relay.h - a sink that passes everything on to another one, until a part of it is replaced.
 *
 *     struct relay relay;
 *     relay_open(&relay, sink);
 *     relay.sink.error = with_line_number;
 */
#ifndef SAWB_TUI_COMMAND_RELAY_H
#define SAWB_TUI_COMMAND_RELAY_H

#include "tui/command/command.h"

struct relay {
    struct sink sink;
    struct sink *outer;
    void *user; /* of the replaced parts */
};

void relay_open(struct relay *relay, struct sink *outer);

/* The relay whose sink this is. */
struct relay *relay_of(struct sink *sink);

#endif
