/*
 * relay.c - passing on.
 */
#include "tui/command/relay.h"

static void pass_result(struct sink *sink, const char *text) {
    struct sink *outer = relay_of(sink)->outer;
    outer->result(outer, text);
}

static void pass_progress(struct sink *sink, const char *text) {
    struct sink *outer = relay_of(sink)->outer;
    outer->progress(outer, text);
}

static void pass_note(struct sink *sink, const char *text) {
    struct sink *outer = relay_of(sink)->outer;
    outer->note(outer, text);
}

static void pass_error(struct sink *sink, const char *text) {
    struct sink *outer = relay_of(sink)->outer;
    outer->error(outer, text);
}

void relay_open(struct relay *relay, struct sink *outer) {
    *relay = (struct relay){.sink = *outer, .outer = outer};
    relay->sink.result = pass_result;
    relay->sink.progress = pass_progress;
    relay->sink.note = outer->note ? pass_note : NULL;
    relay->sink.error = pass_error;
    relay->sink.user = relay;
}

struct relay *relay_of(struct sink *sink) {
    return sink->user;
}
