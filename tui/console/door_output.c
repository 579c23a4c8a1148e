/*
 * door_output.c - what commands print: in colour on a terminal, longer answers through the pager.
 *
 * Results are held back for a moment, so that an answer that comes in parts is one for the pager.
 * What comes slower than that is printed as it comes: someone waits for it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "tui/app/workbench.h"
#include "tui/console/door.h"
#include "viz/ansi.h"

#define USUAL_PAGER "less -FRX"
#define NOT_FOUND 127 /* of a shell, when there is no such program */
#define HOLD_SECONDS 0.25
#define HOLD_MOST ((size_t)16 << 20) /* bytes */

void door_size(int *rows, int *columns) {
    struct winsize size;
    int known =
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0;
    *rows = known && size.ws_row > 0 ? size.ws_row : 24;
    *columns = known && size.ws_col > 0 ? size.ws_col : 80;
}

static int is_long(const char *text) {
    int rows, columns, lines = 0;
    door_size(&rows, &columns);
    for (; *text; text++)
        lines += *text == '\n';
    return lines >= rows;
}

/* 0, or -1 when there is no pager. */
static int page(const char *text) {
    const char *pager = getenv("PAGER");
    struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit, pipe_end;
    fflush(stdout);
    /* Ctrl-C belongs to the pager, and so does its wish to read no further. */
    sigaction(SIGPIPE, &ignore, &pipe_end);
    FILE *out = popen(pager && *pager ? pager : USUAL_PAGER, "w");
    int status = -1;
    if (out) {
        sigaction(SIGINT, &ignore, &interrupt);
        sigaction(SIGQUIT, &ignore, &quit);
        fputs(text, out);
        status = pclose(out);
        sigaction(SIGINT, &interrupt, NULL);
        sigaction(SIGQUIT, &quit, NULL);
    }
    sigaction(SIGPIPE, &pipe_end, NULL);
    return status < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND) ? -1 : 0;
}

static void clear_progress(struct sink *sink) {
    struct door_output *output = sink->user;
    output->outer->progress(output->outer, "");
}

/* Prints what is held: when it is all of an answer, or one part of it that is long, by the pager.
 */
static void print_held(struct door_output *output, int all) {
    char *text = output->held;
    if (!text)
        return;
    int whole = (all && !output->streams) || output->held_parts == 1;
    output->streams |= !all;
    output->held = NULL;
    output->held_size = 0;
    output->held_parts = 0;
    output->outer->progress(output->outer, ""); /* which may stand where the text begins */
    if (!whole || !is_long(text) || page(text) < 0) {
        fputs(text, stdout);
        fflush(stdout);
    }
    free(text);
}

void door_output_flush(struct door_output *output) {
    print_held(output, 1);
    output->streams = 0;
}

/* -1 when out of memory. */
static int hold(struct door_output *output, const char *text) {
    size_t length = strlen(text);
    char *grown = realloc(output->held, output->held_size + length + 2);
    if (!grown)
        return -1;
    stpcpy(stpcpy(grown + output->held_size, text), "\n");
    output->held = grown;
    output->held_size += length + 1;
    output->held_parts++;
    return 0;
}

/* What has waited long enough is printed before more comes: someone watches. */
static void flush_in_time(struct door_output *output) {
    if (output->held &&
        (output->held_size > HOLD_MOST || clock_seconds() - output->held_since > HOLD_SECONDS))
        print_held(output, 0);
}

/* The session keeps what was said, without colours. */
static void remember(struct door_output *output, enum console_kind kind, const char *text) {
    char *copy = output->workbench->recorder ? strdup(text) : NULL;
    if (!copy)
        return;
    ansi_strip(copy);
    console_add(&output->workbench->console, kind, copy);
    free(copy);
}

static void print_result(struct sink *sink, const char *text) {
    struct door_output *output = sink->user;
    clear_progress(sink);
    remember(output, CONSOLE_RESULT, text);
    if (!output->held)
        output->held_since = clock_seconds();
    if (!output->on_terminal || hold(output, text) < 0) {
        door_output_flush(output);
        fputs(text, stdout);
        fputc('\n', stdout);
        fflush(stdout);
    }
    flush_in_time(output);
}

static void pass_progress(struct sink *sink, const char *text) {
    struct door_output *output = sink->user;
    flush_in_time(output);
    output->outer->progress(output->outer, text);
}

static void print_message(struct sink *sink, const char *kind, const char *color,
                          const char *text) {
    struct door_output *output = sink->user;
    print_held(output, 1);
    int colored = output->color && isatty(STDERR_FILENO);
    clear_progress(sink);
    fprintf(stderr, "%s%s:%s %s\n", colored ? color : "", kind, colored ? "\033[0m" : "", text);
}

static void print_note(struct sink *sink, const char *text) {
    remember(sink->user, CONSOLE_NOTE, text);
    print_message(sink, "note", "\033[2m", text);
}

static void print_error(struct sink *sink, const char *text) {
    remember(sink->user, CONSOLE_ERROR, text);
    print_message(sink, "error", "\033[1;31m", text);
}

void door_output_open(struct door_output *output, struct sink *outer, struct workbench *workbench) {
    *output = (struct door_output){.outer = outer,
                                   .workbench = workbench,
                                   .on_terminal = isatty(STDOUT_FILENO),
                                   .color = settings_in_color(&workbench->settings, 1)};
    output->sink = (struct sink){.result = print_result,
                                 .progress = pass_progress,
                                 .note = print_note,
                                 .error = print_error,
                                 .wait = 1,
                                 .where = COMMAND_SCRIPT,
                                 .user = output};
}
