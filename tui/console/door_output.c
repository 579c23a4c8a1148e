/*
 * door_output.c - what commands print: in colour on a terminal, longer texts through the pager.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tui/console/door.h"

#define USUAL_PAGER "less -FRX"
#define NOT_FOUND 127 /* of a shell, when there is no such program */

void door_size(int *rows, int *columns) {
    struct winsize size;
    int known =
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0;
    *rows = known && size.ws_row > 0 ? size.ws_row : 24;
    *columns = known && size.ws_col > 0 ? size.ws_col : 80;
}

static int is_long(const char *text) {
    int rows, columns, lines = 1;
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
        fputc('\n', out);
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

static void print_result(struct sink *sink, const char *text) {
    const struct door_output *output = sink->user;
    clear_progress(sink);
    if (output->on_terminal && is_long(text) && page(text) == 0)
        return;
    fputs(text, stdout);
    fputc('\n', stdout);
    fflush(stdout);
}

static void pass_progress(struct sink *sink, const char *text) {
    struct door_output *output = sink->user;
    output->outer->progress(output->outer, text);
}

static void print_message(struct sink *sink, const char *kind, const char *color,
                          const char *text) {
    const struct door_output *output = sink->user;
    int colored = output->color && isatty(STDERR_FILENO);
    clear_progress(sink);
    fprintf(stderr, "%s%s:%s %s\n", colored ? color : "", kind, colored ? "\033[0m" : "", text);
}

static void print_note(struct sink *sink, const char *text) {
    print_message(sink, "note", "\033[2m", text);
}

static void print_error(struct sink *sink, const char *text) {
    print_message(sink, "error", "\033[1;31m", text);
}

static int wants_color(const struct settings *settings) {
    const char *none = getenv("NO_COLOR");
    if (settings->color != COLOR_AUTO)
        return settings->color == COLOR_ALWAYS;
    return !(none && *none);
}

void door_output_open(struct door_output *output, struct sink *outer,
                      const struct settings *settings) {
    output->outer = outer;
    output->on_terminal = isatty(STDOUT_FILENO);
    output->color = wants_color(settings);
    output->sink = (struct sink){.result = print_result,
                                 .progress = pass_progress,
                                 .note = print_note,
                                 .error = print_error,
                                 .wait = 1,
                                 .where = COMMAND_SCRIPT,
                                 .user = output};
}
