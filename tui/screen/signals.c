/*
 * signals.c - the pipe between signal handlers and the loop. Signals belong to the process, hence
 * the statics.
 */
#include "tui/screen/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int watched[] = {SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGPIPE};
#define WATCHED (sizeof(watched) / sizeof(watched[0]))

static struct sigaction before[WATCHED];
static int ends[2] = {-1, -1};

static void on_signal(int number) {
    int kept = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t written = write(ends[1], &byte, 1); /* a full pipe holds enough of them */
    (void)written;
    errno = kept;
}

int signals_open(struct sawb_error *error) {
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return error_set(error, "cannot make a pipe for signals: %s", strerror(errno));
    for (size_t i = 0; i < WATCHED; i++) {
        struct sigaction action = {.sa_handler = watched[i] == SIGPIPE ? SIG_IGN : on_signal,
                                   .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        sigaction(watched[i], &action, &before[i]);
    }
    return 0;
}

void signals_close(void) {
    if (ends[0] < 0)
        return;
    for (size_t i = 0; i < WATCHED; i++)
        sigaction(watched[i], &before[i], NULL);
    close(ends[0]);
    close(ends[1]);
    ends[0] = ends[1] = -1;
}

int signals_descriptor(void) {
    return ends[0];
}

int signals_next(void) {
    unsigned char byte;
    return read(ends[0], &byte, 1) == 1 ? byte : 0;
}
