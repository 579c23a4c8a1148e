/*
 * interrupt.c - a flag and a pipe, set by the signal handler.
 */
#include "tui/app/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t caught; /* the signal, 0: none */
static volatile sig_atomic_t enduring;
static int ends[2] = {-1, -1}; /* of the pipe */

static void remember(int number) {
    if (caught && !(enduring && number == SIGINT))
        _exit(128 + number);
    caught = number;
    int saved = errno;
    /* A pipe that is full is readable already, which is all that is wanted. */
    ssize_t written = write(ends[1], "", 1);
    (void)written;
    errno = saved;
}

int interrupt_install(struct sawb_error *error) {
    struct sigaction action = {.sa_handler = remember};
    if (ends[0] < 0 && pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return error_set(error, "signals: %s", strerror(errno));
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGINT, &action, NULL) < 0 || sigaction(SIGTERM, &action, NULL) < 0 ||
        sigaction(SIGUSR1, &action, NULL) < 0)
        return error_set(error, "signals: %s", strerror(errno));
    return 0;
}

void interrupt_endure(int on) {
    enduring = on;
}

void interrupt_forget(void) {
    char bytes[64];
    caught = 0;
    while (ends[0] >= 0 && read(ends[0], bytes, sizeof(bytes)) > 0)
        continue;
}

int interrupt_signal(void) {
    return caught;
}

int interrupt_descriptor(void) {
    return ends[0];
}
