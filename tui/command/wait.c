/*
 * wait.c - waiting for jobs, and for lines of a stream, until they come or the user has had enough.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "tui/app/interrupt.h"
#include "tui/command/handlers.h"

#define PROGRESS_SECONDS 0.1

/* Sleeps until `descriptor` can be read. With `interruptible` also until a signal has come. */
static void wait_readable(int descriptor, int interruptible) {
    struct pollfd polled[2] = {
        {.fd = descriptor, .events = POLLIN},
        {.fd = interruptible ? interrupt_descriptor() : -1, .events = POLLIN},
    };
    poll(polled, 2, -1);
}

void command_pass_on(struct sink *sink, const char *where, const struct event *event) {
    struct sawb_error error;
    switch (event->kind) {
    case EVENT_NOTE:
        sink_note(sink, "%s", event->text);
        break;
    case EVENT_ERROR:
        error_set(&error, "%s", event->text);
        if (where)
            error_prefix(&error, "%s", where);
        sink->error(sink, error.message);
        break;
    default:
        break;
    }
}

static void pass_on(const struct waiting *waiting, const struct event *event) {
    command_pass_on(waiting->sink, waiting->where, event);
    if (waiting->reader)
        waiting->reader(waiting->user, event);
}

int command_wait(struct workbench *workbench, int job, const struct waiting *waiting) {
    struct sink *sink = waiting->sink;
    double shown = 0;
    int stopping = 0;
    for (;;) {
        if (interrupt_signal() && !stopping) {
            stopping = 1;
            worker_stop(workbench->worker);
        }
        struct event *event = queue_pop(workbench->events);
        if (!event) {
            wait_readable(queue_descriptor(workbench->events), !stopping);
            continue;
        }
        int ours = event->job == job, done = ours && event->kind == EVENT_DONE;
        int status = done ? event->status : 0;
        if (ours)
            pass_on(waiting, event);
        workbench_event(workbench, event);
        if (done) {
            sink->progress(sink, "");
            return status == 0 ? COMMAND_DONE : COMMAND_FAILED;
        }
        if (workbench->progress[0] && clock_seconds() - shown > PROGRESS_SECONDS) {
            sink->progress(sink, workbench->progress);
            shown = clock_seconds();
        }
    }
}

int command_job(struct workbench *workbench, struct job *job, const struct waiting *waiting,
                struct sawb_error *error) {
    int number = workbench_submit(workbench, job, error);
    if (number < 0)
        return command_fail(waiting->sink, error);
    return waiting->sink->wait ? command_wait(workbench, number, waiting) : COMMAND_DONE;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Makes room behind what is there. */
static int line_room(struct line_reader *reader, struct sawb_error *error) {
    if (reader->begin > 0) {
        memmove(reader->bytes, reader->bytes + reader->begin, reader->used - reader->begin);
        reader->used -= reader->begin;
        reader->begin = 0;
    }
    if (reader->used + 1 < reader->capacity)
        return 0;
    size_t larger = reader->capacity ? reader->capacity * 2 : 4096;
    char *grown = reader->capacity <= SIZE_MAX / 2 ? realloc(reader->bytes, larger) : NULL;
    if (!grown)
        return error_set(error, "out of memory for a line of %zu bytes", reader->used);
    reader->bytes = grown;
    reader->capacity = larger;
    return 0;
}

static int give(struct line_reader *reader, size_t end, size_t next, char **line, size_t *length) {
    *line = reader->bytes + reader->begin;
    if (end > reader->begin && reader->bytes[end - 1] == '\r')
        end--;
    *length = end - reader->begin;
    reader->bytes[end] = '\0';
    reader->begin = next;
    return 1;
}

int line_read(struct line_reader *reader, char **line, size_t *length, struct sawb_error *error) {
    size_t looked = reader->begin;
    for (;;) {
        char *found = reader->used > looked
                          ? memchr(reader->bytes + looked, '\n', reader->used - looked)
                          : NULL;
        if (found) {
            size_t end = (size_t)(found - reader->bytes);
            return give(reader, end, end + 1, line, length);
        }
        if (reader->ended)
            return reader->used > reader->begin
                       ? give(reader, reader->used, reader->used, line, length)
                       : 0;
        if (line_room(reader, error) < 0)
            return -1;
        looked = reader->used;
        wait_readable(reader->descriptor, 1);
        if (interrupt_signal())
            return error_set(error, "interrupted");
        ssize_t got = read(reader->descriptor, reader->bytes + reader->used,
                           reader->capacity - reader->used - 1);
        if (got < 0 && errno != EINTR)
            return error_set(error, "standard input: %s", strerror(errno));
        if (got == 0)
            reader->ended = 1;
        reader->used += got > 0 ? (size_t)got : 0;
    }
}

void line_reader_free(struct line_reader *reader) {
    free(reader->bytes);
    memset(reader, 0, sizeof(*reader));
}
