/*
 * event.c - who owns what in an event.
 */
#include "core/session/event.h"

#include <stdlib.h>

void event_clear(struct event *event) {
    free(event->text);
    event->text = NULL;
    if (event->kind == EVENT_PREDICTION) {
        capture_free(event->data.capture);
        event->data.capture = NULL;
    } else if (event->kind == EVENT_COMPARISON) {
        free(event->data.comparison.flip_rows);
        event->data.comparison.flip_rows = NULL;
    }
}

void event_free(struct event *event) {
    if (!event)
        return;
    event_clear(event);
    free(event);
}
